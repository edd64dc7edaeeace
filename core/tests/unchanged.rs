//! Tables that the server says have not changed are not read again, and those that did are, whatever changed them.

#![cfg(all(feature = "mysql", feature = "duckdb"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests use files, time and servers")]

use dermawan::Table;
use dermawan::etl::{self, Reading, Report};
use dermawan::sample::{SESSION, Sample, SampleOptions};
use dermawan::source::mysql::{MySqlOptions, MySqlSource};
use dermawan::source::{Mapping, Selection, Source, Totals};
use dermawan::store::{DuckDbOptions, DuckDbStore, Store};
use dermawan_testbed::{MariaDb, Schema};
use jiff::civil::{Date, date};
use mysql::prelude::Queryable;
use std::time::Duration;

/// Longer than a stamp must have been there.
const SETTLED: Duration = Duration::from_secs(5);

struct Charity {
    url: String,
    connection: mysql::Conn,
    store: DuckDbStore,
    as_of: Date,
}

impl Charity {
    /// A made-up charity on a server, loaded once.
    fn new(name: &str) -> Self {
        let server = MariaDb::shared().unwrap();
        server.create_database(name).unwrap();
        server.create_schema(name, Schema::Current).unwrap();
        let mut connection = server.connection(Some(name)).unwrap();
        let options =
            SampleOptions { donors: 60, contacts: 30, donations: 900, expenses: 1_000, ..SampleOptions::demo() };
        let sample = Sample::new(options).unwrap();
        let tables = Table::ALL.into_iter().flat_map(|table| sample.statements(table).collect::<Vec<_>>());
        for statement in SESSION.into_iter().map(str::to_owned).chain(tables) {
            connection.query_drop(statement).unwrap();
        }
        let store = DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap();
        Self { url: server.url(name, "root", ""), connection, store, as_of: sample.options().as_of }
    }

    fn load_into(&self, store: &dyn Store, mapping: Mapping, mode: etl::Mode) -> Report {
        let mut source = MySqlSource::new(MySqlOptions::from_url(&self.url).unwrap(), mapping).unwrap();
        let options = etl::Options { mode, full_every_days: 0, ..etl::Options::default() };
        let (load, before) = (store.begin().unwrap(), store.state().unwrap());
        let run = etl::Run { source: "mysql".into(), before, options: &options, as_of: self.as_of };
        etl::run(&run, &mut *source.snapshot().unwrap(), load, &mut |_| Ok(())).unwrap()
    }

    fn load(&self) -> Report {
        self.load_into(&self.store, Mapping::default(), etl::Mode::Auto)
    }

    fn run(&mut self, statement: &str) {
        self.connection.query_drop(statement).unwrap_or_else(|cause| panic!("{statement}: {cause}"));
    }

    /// That the store holds what a fresh load of everything would.
    fn equals_a_fresh_load(&self) {
        let fresh = DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap();
        self.load_into(&fresh, Mapping::default(), etl::Mode::Full);
        for table in Table::ALL.iter().map(|table| table.name()).chain(["quarantine", "donor_stats", "cash_months"]) {
            let sql = format!("SELECT count(*), coalesce(bit_xor(hash(t)), 0)::UBIGINT FROM {table} t");
            let of = |store: &DuckDbStore| -> (i64, u64) {
                let connection = store.connection().unwrap();
                connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
            };
            assert_eq!(of(&self.store), of(&fresh), "{table}");
        }
    }
}

/// The tables of a load that were looked at.
fn read(report: &Report) -> Vec<Table> {
    report.tables.iter().filter(|table| table.reading != Reading::Unchanged).map(|table| table.table).collect()
}

#[test]
fn what_has_not_changed_is_not_read() {
    let mut charity = Charity::new("unchanged");
    // Stamps of the last seconds are no proof: a commit of the same second could follow.
    let first = charity.load();
    let at_once = charity.load();
    assert_eq!(read(&at_once).len(), at_once.tables.len(), "\n{at_once}");
    std::thread::sleep(SETTLED);
    charity.load();
    let quiet = charity.load();
    assert_eq!(read(&quiet), [], "\n{quiet}");
    assert!(quiet.balances() && quiet.changes().is_empty(), "\n{quiet}");
    assert_eq!(quiet.source_rows(), first.source_rows());
    assert!(quiet.rows_read() < 50, "only what was rejected is looked at again\n{quiet}");
    charity.equals_a_fresh_load();

    // By hand, without moving updated_at.
    charity.run("UPDATE donasi SET jumlah = jumlah + 1000 WHERE id_donasi = 5");
    let report = charity.load();
    assert_eq!(read(&report), [Table::Donations], "\n{report}");
    assert_eq!(report.changes().updated, 1, "\n{report}");
    charity.equals_a_fresh_load();

    // A deletion, and what the foreign keys do by themselves in another table.
    charity.run("SET foreign_key_checks = 1");
    charity.run("DELETE FROM donasi WHERE id_donasi IN (SELECT id_donasi FROM transaksi_kas WHERE id_donasi IS NOT NULL) LIMIT 1");
    let report = charity.load();
    assert_eq!(read(&report), [Table::Donations, Table::CashEntries], "\n{report}");
    assert_eq!(report.changes().deleted, 1, "\n{report}");
    charity.equals_a_fresh_load();

    // A change that is open while a load runs is in the next one.
    std::thread::sleep(SETTLED);
    charity.load();
    charity.run("START TRANSACTION");
    charity.run("UPDATE anak SET nama = 'Baru' LIMIT 1");
    charity.run("UPDATE donasi SET jumlah = jumlah + 7 WHERE id_donasi = 9");
    assert_eq!(read(&charity.load()), []);
    charity.run("COMMIT");
    let report = charity.load();
    assert_eq!(read(&report), [Table::Children, Table::Donations], "\n{report}");
    assert_eq!(report.changes().updated, 1, "\n{report}");
    charity.equals_a_fresh_load();
}

#[test]
fn what_changed_by_other_ways_is_read() {
    let mut charity = Charity::new("unchanged_ways");
    std::thread::sleep(SETTLED);
    charity.load();
    assert_eq!(read(&charity.load()), []);

    // Rows that the file lost on its own account come back.
    charity.store.connection().unwrap().execute_batch("DELETE FROM donors WHERE donor_id = 3").unwrap();
    let mended = charity.load();
    assert_eq!((mended.changes().inserted, mended.balances()), (1, true), "\n{mended}");
    charity.equals_a_fresh_load();

    // A donor who goes takes his contacts along, and his donations lose him.
    charity.run("SET foreign_key_checks = 1");
    charity.run("DELETE FROM donatur WHERE id_donatur IN (1, 2, 5)");
    let cascade = charity.load();
    assert_eq!(read(&cascade), [Table::Donors, Table::Contacts, Table::Donations], "\n{cascade}");
    charity.equals_a_fresh_load();

    // A table without a modification time.
    charity.run("UPDATE kategori_transaksi SET nama_kategori = 'Renamed' WHERE id_kategori = 2");
    let renamed = charity.load();
    assert!(read(&renamed).contains(&Table::Categories), "\n{renamed}");
    assert_eq!(renamed.changes().updated, 1, "\n{renamed}");
    charity.equals_a_fresh_load();

    // Another engine, and a view, have no stamp that could be believed.
    std::thread::sleep(SETTLED);
    charity.load();
    assert_eq!(read(&charity.load()), []);
    for statements in [
        &["ALTER TABLE anak ENGINE = MyISAM"][..],
        &["RENAME TABLE anak TO anak_base", "CREATE VIEW anak AS SELECT * FROM anak_base"],
    ] {
        for statement in statements {
            charity.run(statement);
        }
        for _ in 0..2 {
            let report = charity.load();
            assert_eq!(read(&report), [Table::Children], "{statements:?}\n{report}");
        }
        charity.equals_a_fresh_load();
    }
}

#[test]
fn another_reading_of_the_same_rows_is_a_change() {
    let charity = Charity::new("another_reading");
    std::thread::sleep(SETTLED);
    charity.load();
    assert_eq!(read(&charity.load()), []);
    let other = Mapping::from_toml("[donations.columns]\npayment_method = false\n");
    let report = charity.load_into(&charity.store, other.unwrap(), etl::Mode::Auto);
    assert!(report.full && read(&report).contains(&Table::Donations), "\n{report}");
}

/// Rows that were bad for a passing reason are looked at every day, in a table that nobody touches too.
#[test]
fn a_later_day_is_noticed_in_an_unchanged_table() {
    let mut charity = Charity::new("unchanged_future");
    charity.run("DELETE FROM transaksi_kas");
    charity.run("DELETE FROM donasi");
    charity.run(
        "INSERT INTO donasi (id_donasi, type_donasi, id_donatur, jumlah, tanggal_catat, status_pembayaran, updated_at)
         VALUES (1, 'DONATUR_TETAP', 1, 50000, '2026-03-01', 'success', '2026-01-01')",
    );
    std::thread::sleep(SETTLED);
    charity.as_of = date(2026, 2, 1);
    charity.load();
    let early = charity.load();
    assert_eq!(read(&early), []);
    let donations = |report: &Report| report.tables.iter().find(|t| t.table == Table::Donations).unwrap().clone();
    assert_eq!((donations(&early).rows_read, donations(&early).census.facts), (1, 0), "\n{early}");
    charity.as_of = date(2026, 3, 2);
    let late = charity.load();
    assert_eq!(read(&late), []);
    assert_eq!((donations(&late).changes.inserted, donations(&late).census.facts), (1, 1), "\n{late}");
    assert!(late.balances(), "\n{late}");
    charity.equals_a_fresh_load();
}

/// What somebody changes in the database without moving `updated_at`.
#[test]
fn what_was_changed_by_hand_is_noticed() {
    let mut charity = Charity::new("by_hand");
    charity.run("SET sql_mode = ''");
    charity.load();
    for (statement, updated) in [
        ("UPDATE donasi SET tanggal_catat = '2025-03-04' WHERE id_donasi = 7", 1),
        // Two gifts that change places leave every plain sum as it was.
        (
            "UPDATE donasi a JOIN donasi b ON (a.id_donasi, b.id_donasi) IN ((11, 12), (12, 11))
             SET a.tanggal_catat = IF(a.id_donasi = 11, '2024-01-02', '2024-05-06')",
            2,
        ),
        (
            "UPDATE donasi a JOIN donasi b ON (a.id_donasi, b.id_donasi) IN ((11, 12), (12, 11))
             SET a.tanggal_catat = b.tanggal_catat",
            2,
        ),
        ("UPDATE transaksi_kas SET tanggal = '2025-03-04' WHERE id_transaksi = 9", 1),
        ("UPDATE transaksi_kas SET id_kategori = IF(id_kategori = 2, 3, 2) WHERE id_transaksi = 9", 1),
        ("UPDATE donatur SET nama = 'Nama Lain', no_hp = '081211110000' WHERE id_donatur = 4", 1),
        ("UPDATE anak SET tanggal_keluar = '2025-08-01', status_anak = 'keluar' WHERE id_anak = 3", 1),
        ("UPDATE kas SET nama_kas = 'Kas Lain' LIMIT 1", 1),
        ("UPDATE donatur_whatsapp SET whatsapp_number = '6281299990001' WHERE is_verified = 1 ORDER BY id LIMIT 1", 1),
    ] {
        // The columns that the server moves by itself are left where they are.
        let kept = statement
            .replacen(" SET ", " SET updated_at = updated_at, ", 1)
            .replace("SET updated_at = updated_at, a.", "SET a.updated_at = a.updated_at, a.");
        charity.run(&kept);
        let report = charity.load();
        assert!(!report.full, "{report}");
        assert_eq!(report.changes().updated, updated, "{statement}\n{report}");
        charity.equals_a_fresh_load();
    }
    let connection = charity.store.connection().unwrap();
    let new: i64 = connection
        .query_row("SELECT count(*) FROM contacts WHERE number = '6281299990001' AND verified", [], |row| row.get(0))
        .unwrap();
    assert_eq!(new, 1, "the number of a verified contact");
}

/// A table too large to be compared whole is compared by sums, but for contacts; and once a week everything is read.
#[test]
fn what_sums_do_not_show_is_right_again_within_a_week() {
    let mut charity = Charity::new("weekly");
    let load = |charity: &Charity, day: Date| {
        let mut source = MySqlSource::new(MySqlOptions::from_url(&charity.url).unwrap(), Mapping::default()).unwrap();
        let options = etl::Options { compare_whole_below: 5, ..etl::Options::default() };
        let (load, before) = (charity.store.begin().unwrap(), charity.store.state().unwrap());
        let run = etl::Run { source: "mysql".into(), before, options: &options, as_of: day };
        etl::run(&run, &mut *source.snapshot().unwrap(), load, &mut |_| Ok(())).unwrap()
    };
    let name = |charity: &Charity| -> String {
        let connection = charity.store.connection().unwrap();
        connection.query_row("SELECT name FROM donors WHERE donor_id = 4", [], |row| row.get(0)).unwrap()
    };
    let first = charity.as_of;
    assert!(load(&charity, first).full);
    charity.run("UPDATE donatur SET nama = 'Nama Lain', updated_at = updated_at WHERE id_donatur = 4");
    charity.run(
        "UPDATE donatur_whatsapp SET whatsapp_number = '6281299990001', updated_at = updated_at ORDER BY id LIMIT 1",
    );
    let second = load(&charity, first.tomorrow().unwrap());
    let of = |report: &Report, table: Table| report.tables.iter().find(|t| t.table == table).unwrap().clone();
    assert_eq!(of(&second, Table::Donors).reading, Reading::Changed, "{second}");
    assert_eq!(of(&second, Table::Contacts).changes.updated, 1, "{second}");
    assert_ne!(name(&charity), "Nama Lain", "sums do not show a name");
    let sixth = load(&charity, first.checked_add(jiff::Span::new().days(6)).unwrap());
    assert!(!sixth.full, "{sixth}");
    let week = load(&charity, first.checked_add(jiff::Span::new().days(7)).unwrap());
    assert!(week.full && week.warnings.is_empty(), "{week}");
    assert_eq!(name(&charity), "Nama Lain");
    assert!(!load(&charity, first.checked_add(jiff::Span::new().days(8)).unwrap()).full, "a week from there");
}

/// What the server sums is what the rows sum to, whatever stands in the cells.
#[test]
fn the_server_sums_marks_as_the_rows_do() {
    let mut charity = Charity::new("marks");
    for statement in [
        "SET sql_mode = 'ALLOW_INVALID_DATES'",
        "SET foreign_key_checks = 0",
        "ALTER TABLE donasi MODIFY tanggal_catat DATE NULL",
        // A copy has no foreign keys.
        "CREATE TABLE kas_lain LIKE transaksi_kas",
        "INSERT INTO kas_lain SELECT * FROM transaksi_kas",
        "DROP TABLE transaksi_kas",
        "RENAME TABLE kas_lain TO transaksi_kas",
        "ALTER TABLE transaksi_kas MODIFY tanggal DATE NULL, MODIFY id_kategori BIGINT NULL",
        "UPDATE donasi SET tanggal_catat = '0000-00-00' WHERE id_donasi = 1",
        "UPDATE donasi SET tanggal_catat = '2024-02-00' WHERE id_donasi = 2",
        "UPDATE donasi SET tanggal_catat = '2024-00-10' WHERE id_donasi = 3",
        "UPDATE donasi SET tanggal_catat = '2023-02-29' WHERE id_donasi = 4",
        "UPDATE donasi SET tanggal_catat = '2024-02-29' WHERE id_donasi = 5",
        "UPDATE donasi SET tanggal_catat = NULL, status_pembayaran = NULL WHERE id_donasi = 6",
        "UPDATE donasi SET tanggal_catat = '0999-12-31' WHERE id_donasi = 7",
        "UPDATE donasi SET tanggal_catat = '9999-12-31' WHERE id_donasi = 8",
        "UPDATE donasi SET tanggal_catat = '1000-01-01' WHERE id_donasi = 9",
        "UPDATE donasi SET tanggal_catat = '2024-04-31' WHERE id_donasi = 10",
        "UPDATE transaksi_kas SET tanggal = '0000-00-00' WHERE id_transaksi = 1",
        "UPDATE transaksi_kas SET id_kategori = NULL WHERE id_transaksi = 2",
        "UPDATE transaksi_kas SET id_kategori = -3 WHERE id_transaksi = 3",
        "UPDATE transaksi_kas SET id_kategori = 9223372036854775807 WHERE id_transaksi = 4",
    ] {
        charity.run(statement);
    }
    let alike = |charity: &Charity, zone: &str| {
        let server = MySqlOptions { time_zone: zone.into(), ..MySqlOptions::from_url(&charity.url).unwrap() };
        let mut source = MySqlSource::new(server, Mapping::default()).unwrap();
        let mut snapshot = source.snapshot().unwrap();
        for table in Table::ALL {
            let (mut whole, mut ranges) = (Totals::default(), std::collections::BTreeMap::new());
            snapshot
                .read(table, &Selection::All, &mut |batch| {
                    whole.add(&Totals::of(table, &batch.rows));
                    Totals::of_ranges(table, &batch.rows, 100, &mut ranges);
                    Ok(())
                })
                .unwrap();
            assert_eq!(snapshot.totals(table).unwrap(), whole, "{table} {zone}");
            let summed = snapshot.totals_by_range(table, 100).unwrap();
            assert_eq!(summed, ranges.into_iter().collect::<Vec<_>>(), "{table} {zone}");
        }
    };
    alike(&charity, "Asia/Jakarta");
    // What is rejected counts too: nothing is read a second time.
    charity.load();
    charity.run("UPDATE donasi SET jumlah = jumlah + 1, updated_at = NOW() WHERE id_donasi = 300");
    let report = charity.load();
    assert!(report.tables.iter().all(|table| table.ranges_reread == 0), "{report}");
    charity.equals_a_fresh_load();

    charity.run("ALTER TABLE donasi MODIFY tanggal_catat DATETIME NULL");
    alike(&charity, "Asia/Jakarta");
    charity.run("UPDATE donasi SET tanggal_catat = NULL WHERE YEAR(tanggal_catat) NOT BETWEEN 1971 AND 2030 OR DAY(LAST_DAY(tanggal_catat)) IS NULL");
    charity.run("UPDATE donasi SET tanggal_catat = NULL WHERE id_donasi < 20");
    charity.run("ALTER TABLE donasi MODIFY tanggal_catat TIMESTAMP NULL");
    charity.run("UPDATE donasi SET tanggal_catat = '2024-06-30 17:00:00' WHERE id_donasi = 30");
    alike(&charity, "Asia/Jakarta");
    alike(&charity, "Europe/Berlin");
}

/// Two states of the rules in one file would be a mixture that nobody notices.
#[test]
fn another_mapping_zone_or_column_reads_everything_anew() {
    let mut charity = Charity::new("rules_changed");
    charity.run("ALTER TABLE donasi ADD COLUMN jumlah_bersih DECIMAL(15,2), ADD COLUMN catatan_lain VARCHAR(20)");
    charity.run("UPDATE donasi SET jumlah_bersih = jumlah + 1000, updated_at = updated_at");
    charity.run("ALTER TABLE donasi DROP COLUMN payment_method");
    let load = |charity: &Charity, mapping: &str, zone: &str| {
        let server = MySqlOptions { time_zone: zone.into(), ..MySqlOptions::from_url(&charity.url).unwrap() };
        let mut source = MySqlSource::new(server, Mapping::from_toml(mapping).unwrap()).unwrap();
        let options = etl::Options::default();
        let (load, before) = (charity.store.begin().unwrap(), charity.store.state().unwrap());
        let run = etl::Run { source: "mysql".into(), before, options: &options, as_of: charity.as_of };
        etl::run(&run, &mut *source.snapshot().unwrap(), load, &mut |_| Ok(())).unwrap()
    };
    let total = |charity: &Charity| -> i64 {
        let connection = charity.store.connection().unwrap();
        connection.query_row("SELECT sum(amount)::BIGINT FROM donations", [], |row| row.get(0)).unwrap()
    };
    let count = |charity: &Charity| -> i64 {
        let connection = charity.store.connection().unwrap();
        connection.query_row("SELECT count(*) FROM donations", [], |row| row.get(0)).unwrap()
    };
    let (jakarta, net) = ("Asia/Jakarta", "[donations.columns]\namount = \"jumlah_bersih\"");
    let first = load(&charity, "", jakarta);
    assert!(first.full && first.warnings.iter().all(|warning| !warning.contains("anew")), "nothing was before");
    let before = total(&charity);
    assert!(!load(&charity, "", jakarta).full);

    let corrected = load(&charity, net, jakarta);
    assert!(corrected.full && corrected.warnings.iter().any(|warning| warning.contains("anew")), "{corrected}");
    assert_eq!(total(&charity), before + 1000 * count(&charity));
    assert!(!load(&charity, net, jakarta).full);

    let moved = load(&charity, net, "Asia/Jayapura");
    assert!(moved.full && moved.warnings.iter().any(|warning| warning.contains("time zone")), "{moved}");
    assert!(!load(&charity, net, "Asia/Jayapura").full);

    charity.run("ALTER TABLE donasi ADD COLUMN payment_method VARCHAR(20) DEFAULT 'qris'");
    let later = load(&charity, net, "Asia/Jayapura");
    assert!(later.full, "{later}");
    let filled: i64 = {
        let connection = charity.store.connection().unwrap();
        let sql = "SELECT count(*) FROM donations WHERE payment_method = 'qris'";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(filled, count(&charity));
}
