//! Each reason for the quarantine, the rows that must not be in it, and loads that are refused.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what helps a test may panic")]

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use dermawan::etl::{self, Options, Reason, Report};
use dermawan::source::frame::FrameSource;
use dermawan::source::{Mapping, RawBatch, Selection, Snapshot, Source, TableInfo, Totals};
use dermawan::store::{DuckDbOptions, DuckDbStore, MemoryStore, Store};
use dermawan::{DonorId, ErrorKind, Month, Result, Rupiah, Table};
use jiff::civil::{Date, date};
use std::sync::Arc;

const TODAY: Date = date(2026, 1, 31);

/// A table of texts, as a CSV would give it.
fn table(header: &str, rows: &[&str]) -> RecordBatch {
    let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.split('|').collect()).collect();
    RecordBatch::try_from_iter(header.split('|').enumerate().map(|(i, name)| {
        let column: StringArray =
            cells.iter().map(|row| Some(row[i].trim()).filter(|cell| !cell.is_empty() && *cell != "NULL")).collect();
        (name.trim().to_owned(), Arc::new(column) as ArrayRef)
    }))
    .unwrap()
}

fn source(tables: &[(Table, RecordBatch)]) -> FrameSource {
    let mut source = FrameSource::new(Mapping::default(), "Asia/Jakarta").unwrap();
    for (name, rows) in tables {
        source.insert(*name, vec![rows.clone()]).unwrap();
    }
    source
}

fn load(store: &dyn Store, source: &mut dyn Source, options: &Options) -> Result<Report> {
    let load = store.begin()?;
    let run = etl::Run { source: source.label(), before: store.state()?, options, as_of: TODAY };
    etl::run(&run, &mut *source.snapshot()?, load, &mut |_| Ok(()))
}

fn donors() -> (Table, RecordBatch) {
    (Table::Donors, table("id | name", &["1 | Pak Budi", "2 | Bu Siti"]))
}

const GIFT: &str = "id | donor_id | amount | date | status | order_id";

#[test]
fn every_reason() {
    let gifts = table(
        GIFT,
        &[
            "1 | 1 | 500000.00 | 2026-01-15 | NULL | NULL",
            "NULL | 1 | 1 | 2026-01-15 | NULL | NULL",
            "1 | 2 | 700000 | 2026-01-15 | NULL | NULL",
            "3 | 1 | 1000 | 2024-02-00 | NULL | NULL",
            "4 | 1 | 1000 | 0000-00-00 | NULL | NULL",
            "5 | 1 | 1000 | 0024-03-01 | NULL | NULL",
            "6 | 1 | 1000 | 2026-02-01 | NULL | NULL",
            "7 | 1 | NULL | 2026-01-15 | NULL | NULL",
            "8 | 1 | 10.0050 | 2026-01-15 | NULL | NULL",
            "9 | 1 | -1 | 2026-01-15 | NULL | NULL",
            "10 | 1 | 0 | 2026-01-15 | NULL | NULL",
            "11 | 1 | 100000000000.01 | 2026-01-15 | NULL | NULL",
            "12 | 99 | 250000 | 2026-01-16 | NULL | NULL",
            "13 | 1 | 99999999999999999999999 | 2026-01-15 | NULL | NULL",
            "14 | NULL | 300000 | 2026-01-31 | pending | NULL",
            "15 | 2 | 400000 | 2026-01-31 | pending | ORDER-15",
            "16 | 1 | 250.000 | 2026-01-15 | NULL | NULL",
        ],
    );
    let lines = table(
        "id | account_id | category_id | direction | amount | date",
        &[
            "1 | 1 | 1 | KELUAR | 1000 | 2026-01-15",
            "2 | 1 | 1 | NULL | 1000 | 2026-01-15",
            "3 | 1 | 9 | keluar | 0 | 2026-01-15",
            "4 | 1 | 1 | SIDEWAYS | 1000 | 2026-01-15",
        ],
    );
    let contacts = table(
        "id | donor_id | number | verified",
        &["1 | 1 | 0812-3456-7890 | 1", "2 | 8 | 081234567891 | 1", "3 | 2 | not a number | 1"],
    );
    let tables = [
        donors(),
        (Table::Categories, table("id | name", &["1 | Konsumsi"])),
        (Table::Donations, gifts),
        (Table::CashEntries, lines),
        (Table::Contacts, contacts),
    ];
    for store in [&MemoryStore::new() as &dyn Store, &DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap()] {
        // The second time nothing is new, and the quarantine is the same.
        for _ in 0..2 {
            let report = load(store, &mut source(&tables), &Options::default()).unwrap();
            assert!(report.balances(), "{report}");
            let view = store.view().unwrap();
            let found: Vec<_> = view
                .quarantine(99)
                .unwrap()
                .into_iter()
                .map(|row| (row.table, row.key, row.reason, row.kept, row.value))
                .collect();
            let text = |value: &str| Some(value.to_owned());
            let mut expected = vec![
                (Table::CashEntries, Some(2), Reason::UnknownDirection, false, None),
                (Table::CashEntries, Some(3), Reason::UnknownCategory, true, text("9")),
                (Table::CashEntries, Some(4), Reason::UnknownDirection, false, text("SIDEWAYS")),
                (Table::Contacts, Some(2), Reason::UnknownDonor, false, text("8")),
                (Table::Contacts, Some(3), Reason::InvalidNumber, false, text("not a number")),
                (Table::Donations, None, Reason::MissingKey, false, None),
                (Table::Donations, Some(1), Reason::DuplicateKey, false, text("1")),
                (Table::Donations, Some(3), Reason::ImpossibleDate, false, text("2024-02-00")),
                (Table::Donations, Some(4), Reason::ImpossibleDate, false, text("0000-00-00")),
                (Table::Donations, Some(5), Reason::DateTooEarly, false, text("0024-03-01")),
                (Table::Donations, Some(6), Reason::FutureDate, false, text("2026-02-01")),
                (Table::Donations, Some(7), Reason::ImpossibleAmount, false, None),
                (Table::Donations, Some(8), Reason::FractionOfSen, false, text("10.0050")),
                (Table::Donations, Some(9), Reason::AmountNotPositive, false, text("-1.00")),
                (Table::Donations, Some(10), Reason::AmountNotPositive, false, text("0.00")),
                (Table::Donations, Some(11), Reason::AbsurdAmount, false, text("100000000000.01")),
                (Table::Donations, Some(12), Reason::UnknownDonor, true, text("99")),
                (Table::Donations, Some(13), Reason::ImpossibleAmount, false, text("99999999999999999999999")),
                (Table::Donations, Some(16), Reason::AmbiguousAmount, false, text("250.000")),
            ];
            let mut found = found;
            found.sort_by_key(|row| (row.0, row.1, row.2));
            expected.sort_by_key(|row| (row.0, row.1, row.2));
            assert_eq!(found, expected);

            // The orphan counts in the month, not for a donor; the order that was not paid counts nowhere.
            let months = view.donations_by_month(TODAY).unwrap();
            let january: Month = "2026-01".parse().unwrap();
            assert_eq!((months.len(), months[0].month, months[0].count), (1, january, 3));
            assert_eq!(months[0].total, Rupiah::new(500_000 + 250_000 + 300_000));
            assert_eq!(view.donor(DonorId(1), TODAY).unwrap().unwrap().count, 1);
            assert_eq!(view.donor(DonorId(2), TODAY).unwrap().unwrap().count, 0);
        }
    }
}

#[test]
fn a_missing_status_column_means_received() {
    let gifts = table("id | donor_id | amount | date | order_id", &["1 | 1 | 5 | 2026-01-01 | ORDER-1"]);
    let store = MemoryStore::new();
    let report = load(&store, &mut source(&[donors(), (Table::Donations, gifts)]), &Options::default()).unwrap();
    assert_eq!(store.view().unwrap().donor(DonorId(1), TODAY).unwrap().unwrap().count, 1);
    let donations = report.tables.iter().find(|table| table.table == Table::Donations).unwrap();
    assert!(donations.missing_columns.contains(&"status".to_owned()), "{:?}", donations.missing_columns);
}

#[test]
fn changed_rules_read_everything_anew() {
    let gifts = table(GIFT, &["1 | 1 | 5 | 2026-01-01 | lunas | NULL"]);
    let tables = [donors(), (Table::Donations, gifts)];
    let store = MemoryStore::new();
    load(&store, &mut source(&tables), &Options::default()).unwrap();
    assert_eq!(store.view().unwrap().donor(DonorId(1), TODAY).unwrap().unwrap().count, 0);
    let mut rules = Options::default();
    rules.received.received.push("Lunas".into());
    let report = load(&store, &mut source(&tables), &rules).unwrap();
    assert!(report.full);
    assert_eq!(store.view().unwrap().donor(DonorId(1), TODAY).unwrap().unwrap().count, 1);
    assert!(!load(&store, &mut source(&tables), &rules).unwrap().full);
}

/// A source that counts wrong, or loses rows on the way.
struct Lying {
    honest: FrameSource,
    lie: fn(Table, &mut Totals),
    lose: Option<Table>,
}

struct LyingSnapshot<'a> {
    honest: Box<dyn Snapshot + 'a>,
    lie: fn(Table, &mut Totals),
    lose: Option<Table>,
}

impl Source for Lying {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        let (lie, lose) = (self.lie, self.lose);
        Ok(Box::new(LyingSnapshot { honest: self.honest.snapshot()?, lie, lose }))
    }

    fn label(&self) -> String {
        self.honest.label()
    }
}

impl Snapshot for LyingSnapshot<'_> {
    fn tables(&self) -> &[TableInfo] {
        self.honest.tables()
    }

    fn taken_at(&self) -> Option<i64> {
        None
    }

    fn totals(&mut self, table: Table) -> Result<Totals> {
        let mut totals = self.honest.totals(table)?;
        (self.lie)(table, &mut totals);
        Ok(totals)
    }

    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>> {
        self.honest.totals_by_range(table, width)
    }

    fn read(
        &mut self,
        table: Table,
        selection: &Selection,
        sink: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<()> {
        let lose = self.lose == Some(table);
        self.honest.read(table, selection, &mut |mut batch| {
            if lose {
                batch.rows = batch.rows.slice(0, batch.rows.num_rows() - 1);
            }
            sink(batch)
        })
    }
}

#[test]
fn a_load_that_would_not_equal_its_source_is_refused() {
    let rows = ["1 | 1 | 500.25 | 2026-01-15 | NULL | NULL", "5000 | 1 | 1000 | 2026-01-16 | NULL | NULL"];
    let tables = [donors(), (Table::Donations, table(GIFT, &rows))];
    let store = DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap();
    load(&store, &mut source(&tables), &Options::default()).unwrap();

    #[allow(clippy::type_complexity, reason = "a table of cases")]
    let lies: [(fn(Table, &mut Totals), Option<Table>, &str); 4] = [
        (|t, totals| totals.rows += u64::from(t == Table::Donations), None, "rows: 3 in the source, 2 in the store"),
        (
            |t, totals| totals.amount += i128::from(t == Table::Donations),
            None,
            "sum of amounts in sen: 150026 in the source, 150025",
        ),
        (|t, totals| totals.keys -= i128::from(t == Table::Donations), None, "sum of keys: 5000 in the source, 5001"),
        (|_, _| (), Some(Table::Donations), "first keys that differ: 4608 to 5119"),
    ];
    for (lie, lose, told) in lies {
        for mode in [etl::Mode::Full, etl::Mode::Auto] {
            let mut lying = Lying { honest: source(&tables), lie, lose };
            let error = load(&store, &mut lying, &Options { mode, ..Options::default() }).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Reconciliation);
            let text = error.to_string();
            assert!(text.contains(told) && text.contains("table: donations"), "{text}");
            assert!(text.contains("nothing was changed"), "{text}");
            assert_eq!(store.state().unwrap().unwrap().run, 1, "the refused load left a trace");
            assert_eq!(store.view().unwrap().donor(DonorId(1), TODAY).unwrap().unwrap().count, 2);
        }
    }
}

#[test]
fn the_report_can_be_read_back() {
    let gifts = table(GIFT, &["1 | 1 | 5 | 2026-01-01 | NULL | NULL", "2 | 1 | -5 | 2026-01-01 | NULL | NULL"]);
    let report =
        load(&MemoryStore::new(), &mut source(&[donors(), (Table::Donations, gifts)]), &Options::default()).unwrap();
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    insta::assert_snapshot!(report);
}

/// A renamed status or another format of amounts must not empty the reports overnight.
#[test]
fn a_load_that_loses_much_of_a_good_table_is_refused() {
    let gifts = |bad: usize, rows: usize| {
        let line = |i: usize| {
            let amount = if i < bad { "250.000" } else { "250000" };
            format!("{} | 1 | {amount} | 2026-01-15 | NULL | NULL", i + 1)
        };
        let lines: Vec<String> = (0..rows).map(line).collect();
        (Table::Donations, table(GIFT, &lines.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let accept = Options { accept_losses: true, ..Options::default() };
    for store in [&MemoryStore::new() as &dyn Store, &DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap()] {
        let count = || store.view().unwrap().donor(DonorId(1), TODAY).unwrap().unwrap().count;
        let next = |bad, rows, options: &Options| load(store, &mut source(&[donors(), gifts(bad, rows)]), options);
        assert!(next(0, 45, &Options::default()).unwrap().warnings.is_empty());
        // A fifth, and nine of few, are no alarm.
        assert!(next(9, 45, &Options::default()).unwrap().warnings.is_empty());
        assert!(next(9, 12, &Options::default()).unwrap().warnings.is_empty());
        assert!(next(0, 45, &Options::default()).is_ok());
        for full in [etl::Mode::Auto, etl::Mode::Full] {
            let error = next(10, 45, &Options { mode: full, ..Options::default() }).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SourceData);
            for part in ["10 of 45 rows", "donations", "ambiguous_amount", "--accept-losses", "nothing was changed"] {
                assert!(error.to_string().contains(part), "{part}: {error}");
            }
            assert_eq!(count(), 45, "readers keep what they have");
        }
        let report = next(10, 45, &accept).unwrap();
        assert!(!report.full, "to accept losses is no other rule");
        assert!(report.warnings[0].contains("10 of 45 rows of donations"), "{report}");
        assert_eq!(count(), 35);
        // What was bad before is told, and does not stand in the way of the rest.
        assert_eq!(next(11, 46, &Options::default()).unwrap().warnings.len(), 1);
        assert!(next(0, 46, &Options::default()).unwrap().warnings.is_empty());
    }
    let first = load(&MemoryStore::new(), &mut source(&[donors(), gifts(12, 20)]), &Options::default()).unwrap();
    assert!(first.warnings[0].contains("12 of 20"), "{first}");
}

/// Keys fill the whole of BIGINT UNSIGNED: both ways of summing them in the store agree with the source's.
#[test]
fn the_largest_keys_are_summed_exactly() {
    let last = u64::MAX;
    let rows = [1, 2, i64::MAX as u64, i64::MAX as u64 + 1, last - 1, last].map(|key| format!("{key} | Pak Budi"));
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    for store in [&DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap() as &dyn Store, &MemoryStore::new()] {
        for count in [rows.len(), rows.len() - 1] {
            let gifts = table(GIFT, &[&format!("{last} | {last} | 1000 | 2026-01-16 | NULL | NULL")]);
            let mut source = source(&[(Table::Donors, table("id | name", &rows[..count])), (Table::Donations, gifts)]);
            let report = load(store, &mut source, &Options::default()).unwrap();
            assert!(report.balances());
            assert_eq!(store.view().unwrap().donor(DonorId(last), TODAY).unwrap().is_some(), count == rows.len());
        }
    }
}
