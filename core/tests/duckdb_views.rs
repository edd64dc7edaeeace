//! What a view of the DuckDB store answers from sums made ahead is what plain SQL finds in the facts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::{DuckDbOptions, DuckDbStore, Store};
use dermawan::{Direction, DonorId, Month, Rupiah, etl};
use jiff::civil::{Date, date};

fn loaded() -> (DuckDbStore, Date) {
    let store = DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap();
    let sample = Sample::new(SampleOptions::demo()).unwrap();
    let as_of = sample.options().as_of;
    let options = etl::Options::default();
    let run = etl::Run { source: "sample".into(), before: None, options: &options, as_of };
    let mut source = SampleSource::new(sample);
    let mut snapshot = dermawan::source::Source::snapshot(&mut source).unwrap();
    let load = store.begin().unwrap();
    etl::run(&run, &mut *snapshot, load, &mut |_| Ok(())).unwrap();
    (store, as_of)
}

/// Days before, within and at the end of a month, the day of the load and the day after; the first has no gift yet.
const DAYS: [Date; 8] = [
    date(2020, 1, 1),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2025, 12, 1),
    date(2025, 12, 31),
    date(2026, 1, 19),
    date(2026, 1, 20),
    date(2026, 3, 5),
];

#[test]
fn months_end_with_the_day_asked_for() {
    let (store, _) = loaded();
    let (connection, view) = (store.connection().unwrap(), store.view().unwrap());
    for day in DAYS {
        let mut query = connection
            .prepare(&format!(
                "SELECT year(date)::INTEGER, month(date)::INTEGER, (sum(amount) * 100)::BIGINT, count(*) FROM donations
                 WHERE received AND date <= DATE '{day}' GROUP BY ALL ORDER BY ALL"
            ))
            .unwrap();
        let wanted: Vec<(i32, i32, i64, i64)> = query
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let found: Vec<_> = view
            .donations_by_month(day)
            .unwrap()
            .iter()
            .map(|row| {
                (row.month.year().into(), row.month.first_day().month().into(), row.total.sen(), row.count as i64)
            })
            .collect();
        assert_eq!(found, wanted, "{day}");
        assert_eq!(found.is_empty(), day == DAYS[0], "{day}");
    }
}

#[test]
fn the_cash_book_ends_with_the_day_asked_for() {
    let (store, _) = loaded();
    let (connection, view) = (store.connection().unwrap(), store.view().unwrap());
    for day in DAYS {
        for (direction, word) in [(Direction::Expense, "expense"), (Direction::Income, "income")] {
            let wanted: (i64, i64, i64) = connection
                .query_row(
                    &format!(
                        "SELECT count(DISTINCT (category_id, date_trunc('month', date))), count(*),
                                coalesce(sum(amount) * 100, 0)::BIGINT
                         FROM cash_entries WHERE direction = '{word}' AND date <= DATE '{day}'"
                    ),
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .unwrap();
            let rows = view.cash_by_month(direction, day).unwrap();
            let total: Rupiah = rows.iter().map(|row| row.total).sum();
            let found = (rows.len() as i64, rows.iter().map(|row| row.count as i64).sum(), total.sen());
            assert_eq!(found, wanted, "{word} {day}");
            assert!(rows.windows(2).all(|pair| (pair[0].category, pair[0].month) < (pair[1].category, pair[1].month)));
            assert!(rows.iter().all(|row| row.month <= Month::of(day)), "{word} {day}");
        }
    }
}

#[test]
fn every_number_is_found_and_no_other() {
    let (store, _) = loaded();
    let (connection, view) = (store.connection().unwrap(), store.view().unwrap());
    let mut query = connection
        .prepare(
            "SELECT number, donor_id, coalesce(verified, false) FROM contacts
             QUALIFY row_number() OVER (PARTITION BY number ORDER BY coalesce(verified, false) DESC, contact_id) = 1",
        )
        .unwrap();
    let wanted: Vec<(String, u64, bool)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect();
    assert!(wanted.len() > 150 && wanted.iter().any(|row| row.2) && wanted.iter().any(|row| !row.2));
    for (number, donor, verified) in wanted {
        let contact = view.contact(&number).unwrap().unwrap();
        assert_eq!((contact.donor, contact.verified), (DonorId(donor), verified));
    }
    for number in ["628999999999999", "", "0", "x' OR true --"] {
        assert_eq!(view.contact(number).unwrap(), None, "{number}");
    }
}

#[test]
fn every_column_of_tables_and_views_has_a_comment() {
    let store = DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap();
    let connection = store.connection().unwrap();
    let mut query = connection
        .prepare(
            "SELECT table_name || '.' || column_name FROM duckdb_columns()
             WHERE NOT internal AND coalesce(trim(comment), '') = '' ORDER BY ALL",
        )
        .unwrap();
    let bare: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(bare.is_empty(), "{bare:?}");
    let count: i64 =
        connection.query_row("SELECT count(*) FROM duckdb_columns() WHERE NOT internal", [], |row| row.get(0)).unwrap();
    assert!(count > 100, "{count}");
}
