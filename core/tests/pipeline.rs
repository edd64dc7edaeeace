//! The whole way on a real MariaDB: tables become a DuckDB file, and the file becomes what a donor reads.

#![cfg(all(feature = "mysql", feature = "duckdb"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests use files, time and child processes")]

use dermawan::bot::Session;
use dermawan::etl::{self, Reason, Report};
use dermawan::sample::{SESSION, Sample, SampleOptions, SampleSource, Trap};
use dermawan::source::Mapping;
use dermawan::source::mysql::{MySqlOptions, MySqlSource};
use dermawan::store::{DuckDbOptions, DuckDbStore, MemoryStore, Store};
use dermawan::{Analytics, Direction, DonorId, ErrorKind, Settings, Table};
use dermawan_testbed::{MariaDb, Schema};
use jiff::civil::{Date, date};
use mysql::prelude::Queryable;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn database(name: &str) -> (&'static MariaDb, mysql::Conn) {
    let server = MariaDb::shared().unwrap();
    server.create_database(name).unwrap();
    server.create_schema(name, Schema::Current).unwrap();
    let mut connection = server.connection(Some(name)).unwrap();
    for statement in SESSION {
        connection.query_drop(statement).unwrap();
    }
    (server, connection)
}

fn fill(connection: &mut mysql::Conn, sample: &Sample) {
    for table in Table::ALL {
        for statement in sample.statements(table) {
            connection.query_drop(statement).unwrap();
        }
    }
}

fn source(url: &str) -> MySqlSource {
    MySqlSource::new(MySqlOptions::from_url(url).unwrap(), Mapping::default()).unwrap()
}

fn url(server: &MariaDb, name: &str) -> String {
    server.url(name, "root", "")
}

fn load(store: &dyn Store, url: &str, as_of: Date, full: bool) -> dermawan::Result<Report> {
    let mut source = source(url);
    let options =
        etl::Options { mode: if full { etl::Mode::Full } else { etl::Mode::Auto }, ..etl::Options::default() };
    let load = store.begin()?;
    let run = etl::Run { source: "mysql".into(), before: store.state()?, options: &options, as_of };
    etl::run(&run, &mut *dermawan::source::Source::snapshot(&mut source)?, load, &mut |_| Ok(()))
}

fn sample() -> Sample {
    Sample::new(SampleOptions { donors: 150, contacts: 60, donations: 2_500, expenses: 1_000, ..SampleOptions::demo() })
        .unwrap()
}

/// One number for everything in the analytics file but the state of the loads, whatever the order of rows.
fn fingerprint(store: &DuckDbStore) -> Vec<(String, i64, u64)> {
    let connection = store.connection().unwrap();
    let mut tables: Vec<&str> = Table::ALL.iter().map(|table| table.name()).collect();
    tables.extend(["quarantine", "donor_stats", "donation_months", "cash_months"]);
    tables
        .into_iter()
        .map(|table| {
            let sql = format!("SELECT count(*), coalesce(bit_xor(hash(t)), 0)::UBIGINT FROM {table} t");
            connection.query_row(&sql, [], |row| Ok((table.to_owned(), row.get(0)?, row.get(1)?))).unwrap()
        })
        .collect()
}

#[test]
fn a_database_and_its_sample_become_the_same_facts() {
    let (server, mut connection) = database("same_facts");
    let sample = sample();
    fill(&mut connection, &sample);
    let truth = sample.truth().unwrap();
    let as_of = sample.options().as_of;
    let folder = tempfile::tempdir().unwrap();
    let duck = DuckDbStore::open(folder.path().join("a.duckdb"), &DuckDbOptions::default()).unwrap();
    let report = load(&duck, &url(server, "same_facts"), as_of, false).unwrap();
    assert!(report.full && report.balances(), "{report}");

    let memory = MemoryStore::new();
    let run = etl::Run { source: "sample".into(), before: None, options: &etl::Options::default(), as_of };
    let mut rows = SampleSource::new(sample.clone());
    let snapshot = &mut *dermawan::source::Source::snapshot(&mut rows).unwrap();
    let other = etl::run(&run, snapshot, memory.begin().unwrap(), &mut |_| Ok(())).unwrap();
    for (a, b) in report.tables.iter().zip(&other.tables) {
        assert_eq!((a.table, a.source_rows, &a.census), (b.table, b.source_rows, &b.census));
    }

    let (a, b) = (duck.view().unwrap(), memory.view().unwrap());
    assert_eq!(a.donations_by_month(as_of).unwrap(), truth.received);
    assert_eq!(a.donations_by_month(as_of).unwrap(), b.donations_by_month(as_of).unwrap());
    assert_eq!(a.donor_gifts(as_of, 3).unwrap(), b.donor_gifts(as_of, 3).unwrap());
    for direction in [Direction::Income, Direction::Expense] {
        assert_eq!(a.cash_by_month(direction, as_of).unwrap(), b.cash_by_month(direction, as_of).unwrap());
        assert_eq!(
            a.cash_entries(direction, Date::MIN, as_of).unwrap(),
            b.cash_entries(direction, Date::MIN, as_of).unwrap()
        );
    }
    assert_eq!(a.children_in_care(as_of).unwrap(), truth.children_in_care);
    assert_eq!(a.cash_balance().unwrap(), Some(truth.balance));
    assert_eq!(a.categories().unwrap(), b.categories().unwrap());

    // Every planted row that should be refused is in quarantine under its key, and nothing else is; the gifts of donors
    // who are not there are kept with a remark.
    let planted = |orphans: bool| {
        let rows = truth.planted.iter().filter(|row| row.trap.is_rejected());
        let mut rows: Vec<(Table, u64)> =
            rows.filter(|row| (row.trap == Trap::UnknownDonor) == orphans).map(|row| (row.table, row.key)).collect();
        rows.sort_unstable();
        rows
    };
    let quarantine = a.quarantine(usize::MAX).unwrap();
    let found = |orphans: bool| {
        let rows = quarantine.iter().filter(|row| (row.reason == Reason::UnknownDonor) == orphans);
        let mut rows: Vec<(Table, u64)> =
            rows.filter(|row| row.kept == orphans).map(|row| (row.table, row.key.unwrap())).collect();
        rows.sort_unstable();
        rows
    };
    assert!(!planted(true).is_empty() && planted(false).len() > 4);
    assert_eq!((found(true), found(false)), (planted(true), planted(false)));
}

#[test]
fn changes_between_runs_are_followed() {
    let (server, mut connection) = database("changes");
    let sample = sample();
    fill(&mut connection, &sample);
    let (url, as_of) = (url(server, "changes"), sample.options().as_of);
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| DuckDbStore::open(folder.path().join(name), &DuckDbOptions::default()).unwrap();
    let store = open("followed.duckdb");
    load(&store, &url, as_of, false).unwrap();

    let by_hand: [&[&str]; 5] = [
        // moves updated_at, as the application does
        &[],
        // without moving it: an amount, a status, a donor
        &[
            "UPDATE donasi SET jumlah = jumlah + 12345.67 WHERE id_donasi IN (100, 1800)",
            "UPDATE donasi SET status_pembayaran = 'failed' WHERE id_donasi BETWEEN 500 AND 505",
            "UPDATE donasi SET id_donatur = 2 WHERE id_donasi = 700",
        ],
        // rows that the application never made, with an old modification time or none
        &[
            "INSERT INTO donasi (type_donasi, id_donatur, jumlah, tanggal_catat, updated_at) VALUES ('DONATUR_TETAP', 1, 75000.50, '2020-05-05', NULL)",
            "INSERT INTO donasi (type_donasi, id_donatur, jumlah, tanggal_catat, updated_at) VALUES ('DONATUR_TETAP', 1, 75000.50, '2020-05-05', '2019-01-01')",
            "UPDATE kategori_transaksi SET nama_kategori = 'Renamed' WHERE id_kategori = 2",
            "UPDATE kas SET saldo = saldo - 1000.01 LIMIT 1",
        ],
        // deletions, with what the foreign keys do by themselves
        &[
            "SET foreign_key_checks = 1",
            "DELETE FROM donatur WHERE id_donatur IN (5, 6)",
            "DELETE FROM donasi WHERE id_donasi IN (17, 901)",
            "DELETE FROM transaksi_kas WHERE id_transaksi = 33",
            "DELETE FROM anak LIMIT 1",
        ],
        // a donor deleted behind the database's back leaves donations that name nobody, and one comes back
        &["SET foreign_key_checks = 0", "DELETE FROM donatur WHERE id_donatur = 9"],
    ];
    for (round, statements) in by_hand.iter().enumerate() {
        let mut expected = sample.changes(round as u32, 40).statements;
        expected.extend(statements.iter().map(ToString::to_string));
        for statement in &expected {
            connection.query_drop(statement).unwrap_or_else(|cause| panic!("{statement}: {cause}"));
        }
        let report = load(&store, &url, as_of, false).unwrap();
        assert!(!report.full && report.balances(), "round {round}\n{report}");
        assert!(!report.changes().is_empty(), "round {round}\n{report}");
        let read = report.rows_read();
        assert!(read < report.source_rows() * 3, "round {round} read {read} rows\n{report}");

        let fresh = open(&format!("fresh{round}.duckdb"));
        load(&fresh, &url, as_of, true).unwrap();
        assert_eq!(fingerprint(&store), fingerprint(&fresh), "round {round}\n{report}");

        let again = load(&store, &url, as_of, false).unwrap();
        assert!(again.changes().is_empty(), "round {round}: nothing changed, yet\n{again}");
        assert_eq!(fingerprint(&store), fingerprint(&fresh), "round {round}, again");
    }
    let orphans = store.view().unwrap().quarantine(usize::MAX).unwrap();
    assert!(orphans.iter().any(|row| row.reason == Reason::UnknownDonor && row.reference == 9));
}

#[test]
fn a_later_day_takes_future_rows_out_of_quarantine() {
    let (server, mut connection) = database("future");
    connection
        .query_drop("INSERT INTO donatur (id_donatur, nama, updated_at) VALUES (1, 'Pak Budi', '2026-01-01')")
        .unwrap();
    connection
        .query_drop(
            "INSERT INTO donasi (type_donasi, id_donatur, jumlah, tanggal_catat, updated_at) VALUES
             ('DONATUR_TETAP', 1, 100000, '2026-01-10', '2026-01-10'), ('DONATUR_TETAP', 1, 200000, '2026-01-20', '2026-01-01')",
        )
        .unwrap();
    let store = MemoryStore::new();
    let url = url(server, "future");
    let total =
        |store: &MemoryStore, day| store.view().unwrap().donor(DonorId(1), day).unwrap().unwrap().total.rounded();
    load(&store, &url, date(2026, 1, 12), false).unwrap();
    assert_eq!(total(&store, date(2026, 1, 12)), 100_000);
    assert_eq!(store.view().unwrap().quarantine(9).unwrap()[0].reason, Reason::FutureDate);
    load(&store, &url, date(2026, 1, 21), false).unwrap();
    assert_eq!(total(&store, date(2026, 1, 21)), 300_000);
    assert!(store.view().unwrap().quarantine(9).unwrap().is_empty());
}

#[test]
fn loads_succeed_while_the_application_writes() {
    let (server, mut connection) = database("busy");
    let sample = sample();
    fill(&mut connection, &sample);
    let (url, as_of) = (url(server, "busy"), sample.options().as_of);
    let store = DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                connection.query_drop("START TRANSACTION").unwrap();
                for _ in 0..5 {
                    round += 1;
                    connection
                        .query_drop(format!(
                            "INSERT INTO donasi (type_donasi, id_donatur, jumlah, tanggal_catat, updated_at) VALUES ('DONATUR_TETAP', {}, {}.25, '2024-03-0{}', NOW())",
                            1 + round % 90, 1000 + round, 1 + round % 9
                        ))
                        .unwrap();
                    connection.query_drop(format!("DELETE FROM donasi WHERE id_donasi = {}", round * 2)).unwrap();
                }
                connection.query_drop("COMMIT").unwrap();
            }
        });
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 0..12 {
                let report = load(&store, &url, as_of, round == 6).unwrap();
                assert!(report.balances(), "{report}");
            }
        }));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        outcome.unwrap();
    });
    // Once it is quiet, the next load agrees with one from nothing.
    load(&store, &url, as_of, false).unwrap();
    let fresh = DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap();
    load(&fresh, &url, as_of, true).unwrap();
    assert_eq!(fingerprint(&store), fingerprint(&fresh));
}

/// The other side of the test below: loads until it is killed.
#[test]
#[ignore = "run by killed_at_any_moment_the_next_run_completes as a process of its own"]
fn child_that_loads() {
    let Ok(path) = std::env::var("DERMAWAN_TEST_FILE") else { return };
    let url = std::env::var("DERMAWAN_TEST_URL").unwrap();
    let store = DuckDbStore::open(path, &DuckDbOptions::default()).unwrap();
    println!("loading");
    for round in 0.. {
        load(&store, &url, date(2026, 11, 1), round % 2 == 0).unwrap();
    }
}

#[test]
fn killed_at_any_moment_the_next_run_completes() {
    let (server, mut connection) = database("killed");
    let sample = sample();
    fill(&mut connection, &sample);
    let url = url(server, "killed");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let open = || {
        DuckDbStore::open(&path, &DuckDbOptions::default()).unwrap_or_else(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            panic!("{error}: {cause:?}")
        })
    };
    load(&open(), &url, date(2026, 11, 1), false).unwrap();
    let good = fingerprint(&open());
    let mut runs = 1;
    for kill in 0..25 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_loads", "--exact", "--ignored", "--nocapture"])
            .env("DERMAWAN_TEST_FILE", &path)
            .env("DERMAWAN_TEST_URL", &url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From its first line on it is loading; the pause walks through the parts of a load.
        wait_for_line(&mut child, "loading");
        std::thread::sleep(Duration::from_millis(kill * 37 % 700));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = open();
        assert_eq!(fingerprint(&store), good, "after kill {kill}");
        let run = store.state().unwrap().unwrap().run;
        assert!(run >= runs, "load {runs} was committed and is gone after kill {kill}");
        runs = run;
        let report = load(&store, &url, date(2026, 11, 1), false).unwrap();
        assert!(report.changes().is_empty(), "{report}");
        runs += 1;
    }
    assert!(runs > 30, "the child never finished a load, so its kills prove little: {runs}");
}

fn wait_for_line(child: &mut std::process::Child, line: &str) {
    use std::io::{BufRead, BufReader};
    let output = child.stdout.take().unwrap();
    assert!(BufReader::new(output).lines().any(|text| text.unwrap().contains(line)), "the child did not start");
}

#[test]
fn two_hundred_readers_during_a_load() {
    let (server, mut connection) = database("readers");
    let sample = sample();
    fill(&mut connection, &sample);
    let (url, as_of) = (url(server, "readers"), sample.options().as_of);
    let folder = tempfile::tempdir().unwrap();
    let store = DuckDbStore::open(folder.path().join("a.duckdb"), &DuckDbOptions::default()).unwrap();
    load(&store, &url, as_of, false).unwrap();
    let budi = || {
        let view = store.view().unwrap();
        let donor = view.donor(DonorId(1), as_of).unwrap().unwrap();
        let months: i64 = view.donations_by_month(as_of).unwrap().iter().map(|m| m.total.sen()).sum();
        (view.state().unwrap().unwrap().run, donor.total.sen(), months)
    };
    let before = budi();
    for statement in [
        "UPDATE donasi SET jumlah = jumlah + 1000, updated_at = NOW() WHERE id_donatur = 1",
        "UPDATE donasi SET jumlah = jumlah + 500, updated_at = NOW() WHERE id_donatur = 2",
    ] {
        connection.query_drop(statement).unwrap();
    }
    let seen = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..200)
            .map(|i| {
                scope.spawn(move || {
                    std::thread::sleep(Duration::from_millis(i * 3));
                    budi()
                })
            })
            .collect();
        load(&store, &url, as_of, true).unwrap();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });
    let after = budi();
    assert_ne!(before.1, after.1);
    assert!(seen.iter().all(|state| *state == before || *state == after), "a reader saw a state that never was");
}

/// The facts of the messages, as rows of the charity's own tables.
fn message_facts(connection: &mut mysql::Conn) {
    let mut run = |sql: String| connection.query_drop(&sql).unwrap_or_else(|cause| panic!("{sql}: {cause}"));
    run("INSERT INTO donatur (id_donatur, nama, updated_at) VALUES (1, 'Pak Budi', '2025-01-01')".into());
    run("INSERT INTO donatur_whatsapp (id_donatur, whatsapp_number, is_verified) VALUES (1, '0812-3456-7890', 1)"
        .into());
    run("INSERT INTO kas (nama_kas, saldo, updated_at) VALUES ('Kas Utama', 0, '2026-01-31')".into());
    run("INSERT INTO kategori_transaksi (id_kategori, nama_kategori) VALUES (1, 'Konsumsi'), (2, 'Pendidikan'), (3, 'Kesehatan')".into());
    run(format!(
        "INSERT INTO anak (nama, status_anak, tanggal_masuk) VALUES {}",
        vec!["('-', 'YATIM', '2020-01-01')"; 25].join(", ")
    ));
    for i in 0..12 {
        let (year, month) = if i < 11 { (2025, i + 2) } else { (2026, 1) };
        run(format!(
            "INSERT INTO donasi (type_donasi, id_donatur, jumlah, tanggal_catat, updated_at) VALUES ('DONATUR_TETAP', 1, 500000, '{year}-{month:02}-15', '2026-01-15')"
        ));
    }
    // The charity box brings each month to the line that the forecast goes on with: 5.4, 5.6, 5.8, 6.0 million.
    for month in 2..=12 {
        let total = 3_600_000 + (month - 1) * 200_000 - 500_000;
        run(format!(
            "INSERT INTO donasi (type_donasi, sumber_non_donatur, jumlah, tanggal_catat, updated_at) VALUES ('NON_DONATUR', 'KOTAK_AMAL', {total}, '2025-{month:02}-20', '2026-01-15')"
        ));
    }
    run("INSERT INTO donasi (type_donasi, sumber_non_donatur, jumlah, tanggal_catat, updated_at) VALUES ('NON_DONATUR', 'KOTAK_AMAL', 5500000, '2026-01-20', '2026-01-20')".into());
    // A gift that never arrived does not count anywhere.
    run("INSERT INTO donasi (order_id, type_donasi, id_donatur, jumlah, status_pembayaran, tanggal_catat, updated_at) VALUES ('ORDER-9', 'DONATUR_TETAP', 1, 9000000, 'pending', '2026-01-20', '2026-01-20')".into());
    for month in ["2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01"] {
        for (category, amount) in [(1, 3_000_000), (2, 1_500_000), (3, 1_000_000)] {
            run(format!(
                "INSERT INTO transaksi_kas (id_kas, id_kategori, jenis_transaksi, nominal, tanggal, updated_at) VALUES (1, {category}, 'KELUAR', {amount}, '{month}-10', '2026-01-10')"
            ));
        }
    }
}

#[test]
fn from_mysql_to_whatsapp_text() {
    let (server, mut connection) = database("words");
    message_facts(&mut connection);
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.cash_flow.horizon = 2;
    let analytics = Analytics::open(folder.path().join("a.duckdb"), settings).unwrap();
    let as_of = date(2026, 1, 31);
    analytics.load(&mut source(&url(server, "words")), as_of, &mut |_| Ok(())).unwrap();
    let expected = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/messages").join(name);
        std::fs::read_to_string(path).unwrap().strip_suffix('\n').unwrap().to_owned()
    };
    let reply = |text: &str, as_of| {
        let answer = analytics.reply("6281234567890", text, as_of, Session::default()).unwrap();
        assert!(answer.error.is_none(), "{:?}", answer.error);
        answer.reply.unwrap()
    };
    assert_eq!(reply("info", as_of), expected("info.txt"));
    assert_eq!(reply("Saldo?", as_of), expected("saldo.txt"));
    // January is known as a whole once it was loaded behind its end.
    analytics.load(&mut source(&url(server, "words")), date(2026, 2, 3), &mut |_| Ok(())).unwrap();
    assert_eq!(reply("minta laporan dong", date(2026, 2, 3)), expected("laporan_bulanan.txt"));
    assert_eq!(analytics.thank_you(DonorId(1), as_of).unwrap().unwrap(), expected("terima_kasih.txt"));
    // The calendar year holds one gift of his twelve.
    let year = "📊 Total Tahun Ini: Rp ";
    assert_eq!(
        reply("dampak", as_of),
        expected("dampak.txt").replace(&format!("{year}6.000.000"), &format!("{year}500.000"))
    );
}

#[test]
fn what_the_store_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let options = DuckDbOptions::default();
    let kind = |outcome: dermawan::Result<DuckDbStore>| outcome.err().map(|error| (error.kind(), error.to_string()));

    let store = DuckDbStore::open(&path, &options).unwrap();
    let (locked, text) = kind(DuckDbStore::open(&path, &options)).unwrap();
    assert_eq!(locked, ErrorKind::StoreLocked);
    assert!(text.contains("a.duckdb") && text.contains("stop that process"), "{text}");
    store.connection().unwrap().execute_batch("INSERT INTO schema_info VALUES (99)").unwrap();
    drop(store);
    assert_eq!(kind(DuckDbStore::open(&path, &options)).unwrap().0, ErrorKind::StoreNewer);

    let text_file = folder.path().join("b.duckdb");
    std::fs::write(&text_file, "this is no database at all").unwrap();
    assert_eq!(kind(DuckDbStore::open(&text_file, &options)).unwrap().0, ErrorKind::StoreDamaged);

    // A file that lost its end and had its head overwritten.
    let torn = folder.path().join("c.duckdb");
    drop(DuckDbStore::open(&torn, &options).unwrap());
    let mut bytes = std::fs::read(&torn).unwrap();
    bytes.truncate(bytes.len() / 2);
    bytes[4096..8192].fill(0xAB);
    bytes[8192..12288].fill(0xCD);
    std::fs::write(&torn, bytes).unwrap();
    let log = folder.path().join("c.duckdb.wal");
    std::fs::write(&log, "a log beside it").unwrap();
    let (damaged, text) = kind(DuckDbStore::open(&torn, &options)).unwrap();
    assert_eq!(damaged, ErrorKind::StoreDamaged, "{text}");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "a log beside it", "the log was not put back");

    let nowhere = folder.path().join("no/such/folder/d.duckdb");
    assert_eq!(kind(DuckDbStore::open(nowhere, &options)).unwrap().0, ErrorKind::Io);

    let full = DuckDbOptions { reserve_bytes: u64::MAX, ..options.clone() };
    let store = DuckDbStore::open(folder.path().join("e.duckdb"), &full).unwrap();
    let error = store.begin().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::DiskFull);
    assert!(error.to_string().contains("nothing was changed"), "{error}");

    let tiny = DuckDbOptions { memory_limit_mb: 1, ..options };
    assert_eq!(kind(DuckDbStore::in_memory(&tiny)).unwrap().0, ErrorKind::Configuration);
}

#[test]
fn an_unreadable_log_costs_no_more_than_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let sample = sample();
    let as_of = sample.options().as_of;
    let store = DuckDbStore::open(&path, &DuckDbOptions::default()).unwrap();
    let rules = etl::Options::default();
    let run = etl::Run { source: "sample".into(), before: None, options: &rules, as_of };
    let mut rows = SampleSource::new(sample);
    let snapshot = &mut *dermawan::source::Source::snapshot(&mut rows).unwrap();
    etl::run(&run, snapshot, store.begin().unwrap(), &mut |_| Ok(())).unwrap();
    let good = fingerprint(&store);
    // A log with an entry in it, as a killed process leaves it, and then broken.
    store
        .connection()
        .unwrap()
        .execute_batch("CREATE TABLE note (text VARCHAR); INSERT INTO note VALUES ('x')")
        .unwrap();
    let log = folder.path().join("a.duckdb.wal");
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xEE);
    let copy = folder.path().join("copy.duckdb");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::write(folder.path().join("copy.duckdb.wal"), bytes).unwrap();
    drop(store);
    let store = DuckDbStore::open(&copy, &DuckDbOptions::default()).unwrap();
    assert!(folder.path().join("copy.duckdb.wal.damaged").exists(), "the log was readable after all");
    assert_eq!(fingerprint(&store), good);
    assert_eq!(store.state().unwrap().unwrap().run, 1);
}

/// A disk that really is full: a small file system of its own, where the tests may mount one.
#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=32m", "tmpfs"])
        .arg(&disk)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        eprintln!("not root, or no tmpfs: the full disk was not tried");
        return;
    }
    let outcome = std::panic::catch_unwind(|| {
        let options = DuckDbOptions { reserve_bytes: 0, ..DuckDbOptions::default() };
        let path = disk.join("a.duckdb");
        let load_sample = |store: &DuckDbStore, sample: Sample| {
            let rules = etl::Options { mode: etl::Mode::Full, ..etl::Options::default() };
            let as_of = sample.options().as_of;
            let run = etl::Run { source: "sample".into(), before: store.state()?, options: &rules, as_of };
            let mut source = SampleSource::new(sample);
            etl::run(&run, &mut *dermawan::source::Source::snapshot(&mut source)?, store.begin()?, &mut |_| Ok(()))
        };
        let small = SampleOptions { donors: 50, contacts: 20, donations: 500, expenses: 0, ..SampleOptions::demo() };
        let store = DuckDbStore::open(&path, &options).unwrap();
        load_sample(&store, Sample::new(small.clone()).unwrap()).unwrap();
        let good = fingerprint(&store);
        // A ballast takes what is left but some kilobytes.
        let ballast = disk.join("ballast");
        let mut room = 32 << 20;
        while std::fs::write(&ballast, vec![1u8; room]).is_err() {
            room -= 128 << 10;
        }
        let large = SampleOptions { donors: 2_000, donations: 60_000, ..SampleOptions::demo() };
        let error = load_sample(&store, Sample::new(large).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DiskFull, "{error:?}");
        drop(store);
        let store = DuckDbStore::open(&path, &options).unwrap();
        assert_eq!(fingerprint(&store), good);
    });
    let _ = Command::new("umount").arg(&disk).status();
    outcome.unwrap();
}
