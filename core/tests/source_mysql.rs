//! The MySQL source against a real server.

#![cfg(feature = "mysql")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what helps a test may panic")]

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Date32Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use dermawan::source::mysql::{MySqlOptions, MySqlSource, Password, Tls};
use dermawan::source::{Fault, FaultKind, Mapping, RawBatch, Selection, Snapshot, Source, Sums, Totals, raw_schema};
use dermawan::{Error, ErrorKind, Result, Table};
use dermawan_testbed::{Brand, MariaDb, Options, Schema, numbers};
use std::collections::BTreeMap;

const SECRET: &str = "s3cr3t-p@ss'word";

fn panti(schema: Schema) -> (&'static MariaDb, String) {
    use std::sync::atomic::{AtomicU32, Ordering};
    // each test has a database of its own, also where tests share a process
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = MariaDb::shared().unwrap();
    let name = format!("panti_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server.create_database(&name).unwrap();
    server.create_schema(&name, schema).unwrap();
    (server, name)
}

fn fill(server: &MariaDb, database: &str, statements: &[&str]) {
    use ::mysql::prelude::Queryable;
    let mut connection = server.connection(Some(database)).unwrap();
    connection.query_drop("SET sql_mode = '', time_zone = '+00:00', foreign_key_checks = 0").unwrap();
    for statement in statements {
        connection.query_drop(statement).unwrap();
    }
}

fn root(server: &MariaDb, database: &str) -> MySqlOptions {
    MySqlOptions::from_url(&server.url(database, "root", "")).unwrap()
}

fn source(server: &MariaDb, database: &str) -> MySqlSource {
    MySqlSource::new(root(server, database), Mapping::default()).unwrap()
}

fn read(snapshot: &mut dyn Snapshot, table: Table, selection: &Selection) -> (RecordBatch, Vec<Fault>) {
    let (mut batches, mut faults, mut rows) = (Vec::new(), Vec::new(), 0);
    snapshot
        .read(table, selection, &mut |batch: RawBatch| {
            assert_eq!(batch.rows.schema(), raw_schema(table));
            faults.extend(batch.faults.into_iter().map(|fault| Fault { row: fault.row + rows, ..fault }));
            rows += batch.rows.num_rows();
            batches.push(batch.rows);
            Ok(())
        })
        .unwrap();
    (concat_batches(&raw_schema(table), &batches).unwrap(), faults)
}

fn read_all(server: &MariaDb, database: &str, table: Table) -> (RecordBatch, Vec<Fault>) {
    let mut source = source(server, database);
    let mut snapshot = source.snapshot().unwrap();
    read(&mut *snapshot, table, &Selection::All)
}

fn keys(rows: &RecordBatch) -> Vec<u64> {
    rows.column(0).as_primitive::<UInt64Type>().values().to_vec()
}

fn texts<'a>(rows: &'a RecordBatch, column: &str) -> Vec<Option<&'a str>> {
    rows.column_by_name(column).unwrap().as_string::<i32>().iter().collect()
}

fn amounts(rows: &RecordBatch, column: &str) -> Vec<Option<i64>> {
    rows.column_by_name(column).unwrap().as_primitive::<Int64Type>().iter().collect()
}

fn dates(rows: &RecordBatch, column: &str) -> Vec<Option<i32>> {
    rows.column_by_name(column).unwrap().as_primitive::<Date32Type>().iter().collect()
}

fn instants(rows: &RecordBatch, column: &str) -> Vec<Option<i64>> {
    rows.column_by_name(column).unwrap().as_primitive::<TimestampMicrosecondType>().iter().collect()
}

fn kinds(faults: &[Fault]) -> Vec<(usize, &str, FaultKind, &str)> {
    faults.iter().map(|fault| (fault.row, fault.column, fault.kind, fault.value.as_str())).collect()
}

/// The error, after a look that neither it nor its causes hold a password.
fn failure<T>(result: Result<T>) -> Error {
    let error = result.err().expect("an error");
    let mut whole = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        whole = format!("{whole} {inner} {inner:?}");
        cause = inner.source();
    }
    assert!(!whole.contains("s3cr3t"), "{whole}");
    error
}

const GIFTS: &str = "INSERT INTO donasi (id_donasi, order_id, type_donasi, id_donatur, sumber_non_donatur, bulan, \
    tahun, jumlah, status_pembayaran, payment_method, payment_channel, tanggal_catat, created_at, updated_at) VALUES
    (1, NULL, 'DONATUR_TETAP', 7, NULL, 1, 2026, 500000.00, 'pending', NULL, NULL, '2026-01-15', '2026-01-15 01:02:03', NULL),
    (2, 'ORD-2', 'DONATUR_TETAP', 7, NULL, NULL, NULL, 0.05, 'PAID', 'qris', 'gopay', '2026-02-01', NULL, NULL),
    (18446744073709551614, NULL, 'NON_DONATUR', NULL, 'KOTAK_AMAL', -1, 0, 9999999999999.99, '', NULL, NULL, \
     '2024-02-29', '2024-02-29 17:00:00', '2026-03-01 00:00:00')";
const LARGEST: u64 = u64::MAX - 1;

#[test]
fn rows_come_exactly_as_they_are() {
    let (server, database) = panti(Schema::Current);
    fill(server, &database, &[GIFTS]);
    let (rows, faults) = read_all(server, &database, Table::Donations);
    assert_eq!(faults, []);
    assert_eq!(keys(&rows), [1, 2, LARGEST]);
    assert_eq!(amounts(&rows, "amount"), [Some(50_000_000), Some(5), Some(999_999_999_999_999)]);
    assert_eq!(texts(&rows, "order_id"), [None, Some("ORD-2"), None]);
    assert_eq!(texts(&rows, "kind"), [Some("DONATUR_TETAP"), Some("DONATUR_TETAP"), Some("NON_DONATUR")]);
    // an empty varchar is what it is; only an enum's '' is none
    assert_eq!(texts(&rows, "status"), [Some("pending"), Some("PAID"), Some("")]);
    assert_eq!(dates(&rows, "date"), [Some(20_468), Some(20_485), Some(19_782)]);
    assert_eq!(instants(&rows, "created_at"), [Some(1_768_438_923_000_000), None, Some(1_709_226_000_000_000)]);
    let months = rows.column_by_name("for_month").unwrap().as_primitive::<Int32Type>();
    assert_eq!(months.iter().collect::<Vec<_>>(), [Some(1), None, Some(-1)]);
    let donors = rows.column_by_name("donor_id").unwrap().as_primitive::<UInt64Type>();
    assert_eq!(donors.iter().collect::<Vec<_>>(), [Some(7), Some(7), None]);
}

#[test]
fn the_snapshot_tells_what_is_there() {
    let (server, database) = panti(Schema::Current);
    let mut source = source(server, &database);
    let snapshot = source.snapshot().unwrap();
    assert_eq!(snapshot.tables().iter().map(|info| info.table).collect::<Vec<_>>(), Table::ALL);
    for info in snapshot.tables() {
        assert!(info.unique_key && info.missing.is_empty(), "{info:?}");
        assert_eq!(info.has_updated_at, info.table != Table::Categories);
    }
    let now: i64 = server.value("SELECT UNIX_TIMESTAMP()").unwrap().unwrap().parse().unwrap();
    assert!((snapshot.taken_at().unwrap() / 1_000_000 - now).abs() <= 5);
    drop(snapshot);
    assert_eq!(source.label(), format!("MySQL database {database} at 127.0.0.1:{}", server.port()));
}

#[test]
fn impossible_dates_are_null_and_reported() {
    let (server, database) = panti(Schema::Current);
    let children = "INSERT INTO anak (nama, status_anak, tanggal_masuk, tanggal_keluar, created_at, updated_at) VALUES
        ('x', 'AKTIF', '0000-00-00', NULL, '0000-00-00 00:00:00', NULL),
        ('y', 'KELUAR', '2024-02-00', '2024-02-29', NULL, NULL)";
    fill(server, &database, &["SET sql_mode = 'ALLOW_INVALID_DATES'", children]);
    let (rows, faults) = read_all(server, &database, Table::Children);
    assert_eq!(dates(&rows, "entered_on"), [None, None]);
    assert_eq!(dates(&rows, "left_on"), [None, Some(19_782)]);
    assert_eq!(instants(&rows, "created_at"), [None, None]);
    let impossible = FaultKind::ImpossibleDate;
    let expected = [(0, "entered_on", impossible, "0000-00-00"), (1, "entered_on", impossible, "2024-02-00")];
    assert_eq!(kinds(&faults), expected);
}

#[test]
fn text_is_repaired_where_certain_and_reported() {
    let (server, database) = panti(Schema::Current);
    let donors = "INSERT INTO donatur (nama, alamat) VALUES ('Pak Budi 🙏', 'Jl. Café'), ('JosÃ©', 'apa kabar??'),
        ('Siti ????', NULL), (CONVERT(CAST(CONVERT('Müller' USING utf8mb4) AS BINARY) USING latin1), '')";
    let old = "CREATE TABLE lama (id INT UNSIGNED PRIMARY KEY, nama VARCHAR(50) CHARACTER SET latin1)";
    fill(server, &database, &[donors, old, "INSERT INTO lama VALUES (1, 'Café')"]);
    let (rows, faults) = read_all(server, &database, Table::Donors);
    assert_eq!(texts(&rows, "name"), [Some("Pak Budi 🙏"), Some("José"), Some("Siti ????"), Some("Müller")]);
    assert_eq!(texts(&rows, "address"), [Some("Jl. Café"), Some("apa kabar??"), None, Some("")]);
    let expected = [
        (1, "name", FaultKind::RepairedText, "JosÃ©"),
        (2, "name", FaultKind::DamagedText, "Siti ????"),
        (3, "name", FaultKind::RepairedText, "MÃ¼ller"),
    ];
    assert_eq!(kinds(&faults), expected);

    let mapping = "donations = false\n[donors]\ntable = \"lama\"\ncolumns = { id = \"id\" }";
    let mut source = MySqlSource::new(root(server, &database), Mapping::from_toml(mapping).unwrap()).unwrap();
    let mut snapshot = source.snapshot().unwrap();
    let (rows, faults) = read(&mut *snapshot, Table::Donors, &Selection::All);
    assert_eq!((texts(&rows, "name"), faults), (vec![Some("Café")], vec![]));
}

#[test]
fn odd_types_are_read_and_summed_alike() {
    let (server, database) = panti(Schema::Current);
    fill(
        server,
        &database,
        &[
            "DROP TABLE donatur_whatsapp",
            "CREATE TABLE donatur_whatsapp (id BIGINT PRIMARY KEY, id_donatur BIGINT NULL, whatsapp_number TEXT, is_verified INT)",
            "INSERT INTO donatur_whatsapp (id, id_donatur, whatsapp_number, is_verified)
             VALUES (1, 5, '62811', 2), (2, -5, '62812', 0), (-3, NULL, '62813', 1)",
            "ALTER TABLE transaksi_kas MODIFY nominal DECIMAL(30,4) NOT NULL, MODIFY tanggal DATETIME NOT NULL,
             MODIFY updated_at DATETIME(6) NULL, MODIFY jenis_transaksi ENUM('MASUK','KELUAR') NULL",
            "INSERT INTO transaksi_kas (id_kas, id_kategori, id_donasi, jenis_transaksi, nominal, tanggal, updated_at)
             VALUES (1, 1, 9, 'KELUAR', 10.0050, '2026-01-31 23:30:00', '2026-01-31 23:30:00.5'),
             (1, 1, NULL, 'tidak', 99999999999999999999999999.0000, '2026-02-01', NULL),
             (1, 1, NULL, NULL, -10.0090, '2026-02-01', NULL)",
            "ALTER TABLE kas MODIFY saldo DOUBLE",
            "INSERT INTO kas (nama_kas, saldo) VALUES ('a', 0.1), ('b', 12.345), ('c', NULL)",
            "ALTER TABLE donasi MODIFY tanggal_catat TIMESTAMP NULL, MODIFY jumlah BIGINT NOT NULL,
             MODIFY status_pembayaran VARCHAR(50) CHARACTER SET latin1 NULL",
            "INSERT INTO donasi (type_donasi, jumlah, status_pembayaran, tanggal_catat) VALUES
             ('NON_DONATUR', 9223372036854775807, 'é', '2024-02-29 17:00:00'),
             ('NON_DONATUR', -5, NULL, '2024-02-29 16:59:59')",
        ],
    );
    let number = FaultKind::ImpossibleNumber;
    let (contacts, faults) = read_all(server, &database, Table::Contacts);
    // the server walks the primary key: -3 comes first
    let flags = contacts.column_by_name("verified").unwrap().as_boolean();
    assert_eq!(flags.iter().collect::<Vec<_>>(), [Some(true), Some(true), Some(false)]);
    assert_eq!(kinds(&faults), [(0, "id", number, "-3"), (2, "donor_id", number, "-5")]);

    let (entries, faults) = read_all(server, &database, Table::CashEntries);
    assert_eq!(amounts(&entries, "amount"), [Some(1000), None, Some(-1000)]);
    // a DATETIME's date is its date part
    assert_eq!(dates(&entries, "date"), [Some(20_484), Some(20_485), Some(20_485)]);
    assert_eq!(texts(&entries, "direction"), [Some("KELUAR"), None, None]);
    assert_eq!(instants(&entries, "updated_at"), [Some(1_769_877_000_500_000), None, None]);
    let expected = [
        (0, "amount", FaultKind::FractionOfSen, "10.0050"),
        (1, "amount", number, "99999999999999999999999999.0000"),
        (2, "amount", FaultKind::FractionOfSen, "-10.0090"),
    ];
    assert_eq!(kinds(&faults), expected);

    let (accounts, faults) = read_all(server, &database, Table::Accounts);
    assert_eq!(amounts(&accounts, "balance"), [Some(10), Some(1234), None]);
    assert_eq!(kinds(&faults), [(1, "balance", FaultKind::FractionOfSen, "12.345")]);

    // a TIMESTAMP of 1 March 00:00 in Jakarta is on 1 March, not on 29 February
    let (gifts, _) = read_all(server, &database, Table::Donations);
    assert_eq!(dates(&gifts, "date"), [Some(19_783), Some(19_782)]);
    assert_eq!(amounts(&gifts, "amount"), [None, Some(-500)]);
    check_totals(server, &database);
}

/// The server's totals are those of the rows we read, whole and by ranges.
fn check_totals(server: &MariaDb, database: &str) {
    const WIDTHS: [u64; 3] = [1, 7, 1_000_000];
    let mut source = source(server, database);
    let mut snapshot = source.snapshot().unwrap();
    for table in Table::ALL {
        let mut whole = Totals::default();
        let mut ranges = WIDTHS.map(|width| (width, BTreeMap::new()));
        snapshot
            .read(table, &Selection::All, &mut |batch| {
                whole.add(&Totals::of(table, &batch.rows));
                for (width, ranges) in &mut ranges {
                    Totals::of_ranges(table, &batch.rows, *width, ranges);
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(snapshot.totals(table).unwrap(), whole, "{table}");
        for (width, ranges) in ranges {
            let expected: Vec<(u64, Totals)> = ranges.into_iter().collect();
            assert_eq!(snapshot.totals_by_range(table, width).unwrap(), expected, "{table} by {width}");
        }
    }
    assert_eq!(failure(snapshot.totals_by_range(Table::Donors, 0)).kind(), ErrorKind::InvalidInput);
}

#[test]
fn totals_are_those_of_the_rows() {
    let (server, database) = panti(Schema::Current);
    check_totals(server, &database);
    fill(
        server,
        &database,
        &[
            GIFTS,
            &format!(
                "INSERT INTO donasi (id_donasi, type_donasi, id_donatur, jumlah, status_pembayaran, tanggal_catat)
             SELECT seq * 3 + 10, 1 + seq % 2, IF(seq % 5, seq % 90 + 1, NULL), seq * 17.31 - 400,
             ELT(1 + seq % 3, 'pending', 'success', 'kedaluwarsa ✗'), '2026-01-01' FROM {}",
                numbers(5000)
            ),
            &format!(
                "INSERT INTO transaksi_kas (id_kas, id_kategori, id_donasi, jenis_transaksi, nominal, tanggal)
             SELECT 1, 1, IF(seq % 2, seq, NULL), 1 + seq % 2, seq, '2026-01-01' FROM {}",
                numbers(50)
            ),
            "INSERT INTO kas (nama_kas, saldo) VALUES ('Kas', 1234567.89), ('Bank', -5)",
            "INSERT INTO donatur_whatsapp (id_donatur, whatsapp_number, is_verified)
             VALUES (4, '62811', 2), (5, '62812', 0)",
            "INSERT INTO kategori_transaksi (nama_kategori) VALUES ('DONASI'), ('OPERASIONAL')",
        ],
    );
    let mut source = source(server, &database);
    let totals = source.snapshot().unwrap().totals(Table::Donations).unwrap();
    assert_eq!(totals.rows, 5003);
    let amount = 1731 * 5000 * 5001 / 2 - 40_000 * 5000 + 50_000_000 + 5 + 999_999_999_999_999_i128;
    assert_eq!(totals.amount, amount);
    check_totals(server, &database);
}

#[test]
fn rows_are_selected_by_change_and_by_key() {
    let (server, database) = panti(Schema::Current);
    fill(
        server,
        &database,
        &[
            "INSERT INTO donatur (id_donatur, nama, updated_at) VALUES (1, 'a', '2026-01-01 00:00:00'),
             (2, 'b', '2026-01-01 00:00:01'), (3, 'c', NULL), (4, 'd', '0000-00-00 00:00:00'),
             (5, 'e', '2025-12-31 23:59:59')",
            "INSERT INTO kategori_transaksi (nama_kategori) VALUES ('DONASI')",
            "INSERT INTO kas (nama_kas) VALUES ('a')",
            "ALTER TABLE kas MODIFY updated_at DATETIME NULL",
            "UPDATE kas SET updated_at = '2026-01-01 07:00:00'",
        ],
    );
    let mut source = source(server, &database);
    let mut snapshot = source.snapshot().unwrap();
    let mut of = |table, selection| keys(&read(&mut *snapshot, table, &selection).0);
    let none: [u64; 0] = [];
    let since = 1_767_225_600_000_000; // 2026-01-01 00:00 UTC
    assert_eq!(of(Table::Donors, Selection::ChangedSince(since)), [1, 2, 3, 4]);
    assert_eq!(of(Table::Donors, Selection::ChangedSince(since + 1_000_000)), [2, 3, 4]);
    assert_eq!(of(Table::Categories, Selection::ChangedSince(since)), [1]);
    // 07:00 on the wall of Jakarta is that instant; a wall clock is asked two hours earlier
    assert_eq!(of(Table::Accounts, Selection::ChangedSince(since + 7_199_000_000)), [1]);
    assert_eq!(of(Table::Accounts, Selection::ChangedSince(since + 7_201_000_000)), none);
    assert_eq!(of(Table::Donors, Selection::Keys(vec![(2, 3), (5, u64::MAX)])), [2, 3, 5]);
    assert_eq!(of(Table::Donors, Selection::Keys(Vec::new())), none);
    let many = (0..1000).map(|key| (key * 2, key * 2)).collect();
    assert_eq!(of(Table::Donors, Selection::Keys(many)), [2, 4]);
}

#[test]
fn batches_are_bounded_and_a_sink_can_stop() {
    let (server, database) = panti(Schema::Current);
    let donors = &format!(
        "INSERT INTO donatur (nama, alamat)
        SELECT seq, IF(seq % 500 = 0, REPEAT('x', 60000), NULL) FROM {}",
        numbers(2500)
    );
    fill(server, &database, &[donors]);
    let options = MySqlOptions { batch_rows: 1000, ..root(server, &database) };
    let mut source = MySqlSource::new(options, Mapping::default()).unwrap();
    let sizes = |snapshot: &mut dyn Snapshot| {
        let mut sizes = Vec::new();
        let mut count = |batch: RawBatch| {
            sizes.push(batch.rows.num_rows());
            Ok(())
        };
        snapshot.read(Table::Donors, &Selection::All, &mut count).unwrap();
        sizes
    };
    let mut snapshot = source.snapshot().unwrap();
    assert_eq!(sizes(&mut *snapshot), [1000, 1000, 500]);
    let mut stop = |_| Err(Error::new(ErrorKind::Interrupted, "enough"));
    assert_eq!(failure(snapshot.read(Table::Donors, &Selection::All, &mut stop)).kind(), ErrorKind::Interrupted);
    // the snapshot can still be used
    assert_eq!(snapshot.totals(Table::Donors).unwrap().rows, 2500);
    drop(snapshot);
    // much text in few rows makes a batch full, too
    fill(server, &database, &["UPDATE donatur SET alamat = REPEAT('x', 60000)"]);
    let sizes = sizes(&mut *source.snapshot().unwrap());
    assert_eq!(sizes.iter().sum::<usize>(), 2500);
    assert!(sizes.iter().all(|&rows| rows < 600), "{sizes:?}");
}

#[test]
fn a_writer_between_the_tables_is_not_seen() {
    let (server, database) = panti(Schema::Current);
    fill(server, &database, &[GIFTS, "INSERT INTO donatur (id_donatur, nama) VALUES (7, 'Budi')"]);
    let mut source = source(server, &database);
    let mut snapshot = source.snapshot().unwrap();
    assert_eq!(keys(&read(&mut *snapshot, Table::Donors, &Selection::All).0), [7]);
    fill(
        server,
        &database,
        &[
            "INSERT INTO donatur (id_donatur, nama) VALUES (8, 'Siti')",
            "UPDATE donasi SET jumlah = 1",
            "DELETE FROM donasi WHERE id_donasi = 2",
        ],
    );
    // the donations, looked at only now, are those of before
    assert_eq!(snapshot.totals(Table::Donations).unwrap().rows, 3);
    let (rows, _) = read(&mut *snapshot, Table::Donations, &Selection::All);
    assert_eq!((keys(&rows), amounts(&rows, "amount")[0]), (vec![1, 2, LARGEST], Some(50_000_000)));
    assert_eq!(keys(&read(&mut *snapshot, Table::Donors, &Selection::All).0), [7]);
    drop(snapshot);
    let mut snapshot = source.snapshot().unwrap();
    assert_eq!(snapshot.totals(Table::Donations).unwrap().amount, 200);
    assert_eq!(keys(&read(&mut *snapshot, Table::Donors, &Selection::All).0), [7, 8]);
}

#[test]
fn installations_differ() {
    let later = ["order_id", "status", "payment_method", "payment_channel"];
    let forms = [(Schema::Old, &later[..], true), (Schema::Text, &[], true), (Schema::View, &[], false)];
    for (schema, missing, unique) in forms {
        let (server, database) = panti(schema);
        let insert = "INSERT INTO donasi (id_donasi, type_donasi, jumlah, tanggal_catat)
            VALUES (3, 'NON_DONATUR', 12.5, '2026-01-01')";
        fill(server, &database, &[insert]);
        let mut source = source(server, &database);
        let mut snapshot = source.snapshot().unwrap();
        let about = snapshot.tables().iter().find(|info| info.table == Table::Donations).unwrap();
        assert_eq!((about.missing.as_slice(), about.unique_key), (missing, unique), "{schema:?}");
        let (rows, faults) = read(&mut *snapshot, Table::Donations, &Selection::All);
        assert_eq!((keys(&rows), amounts(&rows, "amount"), faults), (vec![3], vec![Some(1250)], vec![]), "{schema:?}");
        assert_eq!(texts(&rows, "kind"), [Some("NON_DONATUR")]);
        assert_eq!(texts(&rows, "status"), [(schema != Schema::Old).then_some("pending")]);
        drop(snapshot);
        check_totals(server, &database);
    }
}

#[test]
fn socket_and_tls_carry_the_same_rows() {
    let server = MariaDb::start_with(&Options { tls: true, ..Options::default() }).unwrap();
    server.create_database("panti").unwrap();
    server.create_schema("panti", Schema::Current).unwrap();
    fill(&server, "panti", &[GIFTS]);
    server.create_user("aman", SECRET, &["SELECT ON panti.*"]).unwrap();
    server.execute("ALTER USER 'aman'@'127.0.0.1' REQUIRE SSL").unwrap();
    let base = MySqlOptions::from_url(&server.url("panti", "aman", SECRET)).unwrap();
    let rows = |options: MySqlOptions| {
        let mut source = MySqlSource::new(options, Mapping::default())?;
        let mut snapshot = source.snapshot()?;
        Ok(keys(&read(&mut *snapshot, Table::Donations, &Selection::All).0))
    };
    let expected = vec![1, 2, LARGEST];
    let required = MySqlOptions { tls: Tls::Required, ca_file: Some(server.ca_file()), ..base.clone() };
    assert_eq!(rows(required.clone()).unwrap(), expected);
    assert_eq!(rows(MySqlOptions { ca_file: None, skip_verify: true, ..required.clone() }).unwrap(), expected);
    // the user may not come unencrypted, so the two before were encrypted
    let open = failure(rows(MySqlOptions { tls: Tls::Off, ..base.clone() }));
    assert_eq!(open.kind(), ErrorKind::AccessDenied);
    // nobody public has signed the certificate
    let unknown = failure(rows(MySqlOptions { ca_file: None, ..required.clone() }));
    assert_eq!(unknown.kind(), ErrorKind::SourceUnavailable);
    assert!(unknown.advice().unwrap().contains("ca_file"), "{unknown}");
    let gone = failure(rows(MySqlOptions { ca_file: Some("/no/such/file.pem".into()), ..required }));
    assert_eq!(gone.kind(), ErrorKind::Configuration);
    // a socket needs no encryption
    assert_eq!(rows(MySqlOptions { socket: Some(server.socket()), ..base }).unwrap(), expected);

    // and a server without TLS is not enough for the one who requires it
    let (plain, database) = panti(Schema::Current);
    let wanted = MySqlOptions { tls: Tls::Required, skip_verify: true, ..root(plain, &database) };
    assert_eq!(failure(rows(wanted)).kind(), ErrorKind::SourceUnavailable);
}

#[test]
fn refusals_say_which_and_what_to_do() {
    let (server, database) = panti(Schema::Current);
    let user = format!("u_{database}");
    let snapshot = |options: &MySqlOptions, mapping: &str| {
        let mut source = MySqlSource::new(options.clone(), Mapping::from_toml(mapping)?)?;
        source.snapshot().map(|snapshot| snapshot.tables().len())
    };
    server.create_user(&user, SECRET, &[&format!("SELECT ON `{database}`.donasi")]).unwrap();
    let options = MySqlOptions::from_url(&server.url(&database, &user, SECRET)).unwrap();
    let source = MySqlSource::new(options.clone(), Mapping::default()).unwrap();
    assert!(!format!("{options:?} {source:?} {}", source.label()).contains("s3cr3t"));

    let wrong = MySqlOptions { password: Password::new("s3cr3t-but-wrong"), ..options.clone() };
    assert_eq!(failure(snapshot(&wrong, "")).kind(), ErrorKind::AccessDenied);
    let nowhere = MySqlOptions { port: 1, connect_timeout: 1, ..options.clone() };
    assert_eq!(failure(snapshot(&nowhere, "")).kind(), ErrorKind::SourceUnavailable);
    let no_socket = MySqlOptions { socket: Some("/no/such/socket".into()), ..options.clone() };
    assert_eq!(failure(snapshot(&no_socket, "")).kind(), ErrorKind::SourceUnavailable);
    assert_eq!(failure(snapshot(&root(server, "tidak_ada"), "")).kind(), ErrorKind::Configuration);

    // a right to one table only: every other one is named, with the right to grant
    let denied = failure(snapshot(&options, ""));
    assert_eq!(denied.kind(), ErrorKind::AccessDenied);
    assert!(denied.to_string().contains(&format!("GRANT SELECT ON `{database}`.`kategori_transaksi`")), "{denied}");
    for table in ["kas", "donatur", "anak", "donatur_whatsapp", "transaksi_kas"] {
        assert!(denied.to_string().contains(&format!("GRANT SELECT ON `{database}`.`{table}`")), "{denied}");
    }
    let only = "categories = false\naccounts = false\nchildren = false\ncontacts = false\ncash_entries = false\n\
                donors = false";
    assert_eq!(snapshot(&options, only).unwrap(), 1);

    // SELECT on the database is enough for everything
    server.create_user(&user, SECRET, &[&format!("SELECT ON `{database}`.*")]).unwrap();
    assert_eq!(snapshot(&options, "").unwrap(), 7);
    let missing = failure(snapshot(&options, "donors = \"penyumbang\""));
    assert_eq!(missing.kind(), ErrorKind::MissingTable);
    assert!(missing.to_string().contains("penyumbang") && missing.to_string().contains("donors.table"), "{missing}");
    assert_eq!(snapshot(&options, "children = \"tidak_ada\"").unwrap(), 6);
    let column = failure(snapshot(&options, "[donations.columns]\namount = \"nilai\""));
    assert_eq!(column.kind(), ErrorKind::MissingColumn);
    for part in ["nilai", "donations.columns.amount", "jumlah, "] {
        assert!(column.to_string().contains(part), "{column}");
    }
    let injected = failure(snapshot(&options, "donors = \"donatur`; DROP TABLE donasi; -- x\""));
    assert_eq!(injected.kind(), ErrorKind::MissingTable);
    assert_eq!(snapshot(&options, "").unwrap(), 7);
}

#[test]
fn a_killed_connection_is_a_lost_one() {
    let (server, database) = panti(Schema::Current);
    let donors = format!("INSERT INTO donatur (nama) SELECT REPEAT('x', 100) FROM {}", numbers(200_000));
    fill(server, &database, &[&donors]);
    let user = format!("k_{database}");
    server.create_user(&user, SECRET, &[&format!("SELECT ON `{database}`.*")]).unwrap();
    let connections = || {
        let ids = "SELECT GROUP_CONCAT(id ORDER BY id) FROM information_schema.processlist WHERE user";
        let ids = server.value(&format!("{ids} = '{user}'")).unwrap().expect("the reader's connections");
        ids.split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    let kill = || {
        for id in connections() {
            // one of an earlier snapshot may end by itself at this moment
            let _ = server.execute(&format!("KILL {id}"));
        }
    };
    let options = MySqlOptions::from_url(&server.url(&database, &user, SECRET)).unwrap();
    let mut source = MySqlSource::new(MySqlOptions { batch_rows: 1000, ..options }, Mapping::default()).unwrap();
    // while rows are on their way
    let mut snapshot = source.snapshot().unwrap();
    let mut batches = 0;
    let lost = failure(snapshot.read(Table::Donors, &Selection::All, &mut |_| {
        batches += 1;
        if batches == 1 {
            kill();
        }
        Ok(())
    }));
    assert_eq!(lost.kind(), ErrorKind::ConnectionLost);
    assert!((1..200).contains(&batches), "{batches}");
    drop(snapshot);
    // and between two tables
    let mut snapshot = source.snapshot().unwrap();
    kill();
    assert_eq!(failure(snapshot.totals(Table::Donors)).kind(), ErrorKind::ConnectionLost);
    drop(snapshot);
    // MySQL shows the counter that lets two connections agree to administrators only, so there is no second one
    if server.brand() == Brand::MySql {
        return;
    }
    // the connection that only sums is not missed, whether it is lost before it begins or on its way
    for expected in [Sums::All, Sums::Essential] {
        let mut snapshot = source.snapshot().unwrap();
        let second = connections().pop().unwrap();
        if expected == Sums::All {
            server.execute(&format!("KILL {second}")).unwrap();
            snapshot.expect(&Table::ALL, expected, Some(512));
        } else {
            snapshot.expect(&Table::ALL, expected, None);
            let _ = server.execute(&format!("KILL {second}"));
        }
        assert_eq!(snapshot.essential_totals(Table::Donors).unwrap().rows, 200_000);
        assert_eq!(snapshot.totals(Table::Donors).unwrap().rows, 200_000);
    }
}

#[test]
fn totals_that_are_expected_are_those_asked_for() {
    let (server, database) = panti(Schema::Current);
    let gifts = numbers(3000);
    fill(
        server,
        &database,
        &[
            &format!("INSERT INTO donatur (nama) SELECT REPEAT('x', 10) FROM {gifts}"),
            &format!(
                "INSERT INTO donasi (type_donasi, id_donatur, jumlah, status_pembayaran, tanggal_catat) SELECT 'DONATUR_TETAP', seq, \
             seq + 0.25, IF(seq MOD 3, 'success', 'pending'), '2026-01-01' FROM {gifts}"
            ),
            "DELETE FROM donasi WHERE id_donasi BETWEEN 600 AND 1200",
        ],
    );
    let mut mine = source(server, &database);
    for width in [None, Some(7), Some(512)] {
        for sums in [Sums::Essential, Sums::All] {
            let mut plain = mine.clone();
            let mut plain = plain.snapshot().unwrap();
            let mut snapshot = mine.snapshot().unwrap();
            snapshot.expect(&Table::ALL, sums, width);
            for table in [Table::Donations, Table::Donors, Table::CashEntries] {
                let whole = plain.totals(table).unwrap();
                let essential = snapshot.essential_totals(table).unwrap();
                assert_eq!((essential.rows, essential.keys, essential.amount), (whole.rows, whole.keys, whole.amount));
                assert_eq!(snapshot.totals(table).unwrap(), whole, "{table} {width:?}");
                let width = width.unwrap_or(512);
                assert_eq!(
                    snapshot.totals_by_range(table, width).unwrap(),
                    plain.totals_by_range(table, width).unwrap()
                );
                assert_eq!(snapshot.totals_by_range(table, 100).unwrap(), plain.totals_by_range(table, 100).unwrap());
            }
        }
    }
}
