//! Dermawan's part in the ETL race: loads a database into an analytics file, new or loaded before.
//!
//! ```text
//! race-dermawan URL FILE AS_OF
//! ```
//!
//! The time is that of a program that opens the file, loads, and closes it: snapshot, validation, quarantine,
//! reconciliation and the sums ahead are all in it. Counts and sums are then read from the file with plain SQL.

use dermawan::etl::facts;
use dermawan::source::mysql::{MySqlOptions, MySqlSource};
use dermawan::source::{Mapping, Totals, summed_columns};
use dermawan::store::{DuckDbOptions, DuckDbStore};
use dermawan::{Analytics, Settings, Table};
use dermawan_benches::{measure, race};
use jiff::civil::Date;
use std::error::Error;
use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, file, as_of] = arguments.as_slice() else { return Err("usage: race-dermawan URL FILE AS_OF".into()) };
    let as_of: Date = as_of.parse()?;

    let start = Instant::now();
    let analytics = Analytics::open(file, Settings::default())?;
    let mut source = MySqlSource::new(MySqlOptions::from_url(url)?, Mapping::default())?;
    let report = analytics.load(&mut source, as_of, &mut |_| Ok(()))?;
    drop(analytics);
    let cost = measure::since(start);
    eprintln!("{report}");

    let store = DuckDbStore::open(file, &DuckDbOptions::default())?;
    let connection = store.connection()?;
    let mut answer = Vec::new();
    for table in Table::ALL {
        let (amount, reference, _) = summed_columns(table);
        let sum = |column: Option<&str>| column.map_or("0::HUGEINT".to_owned(), |c| format!("sum({c})::HUGEINT"));
        let sen = amount.map(|column| format!("({column} * 100)::HUGEINT"));
        let (key, amount, reference) = (sum(Some(facts::key(table))), sum(sen.as_deref()), sum(reference));
        let totals = connection.query_row(
            &format!("SELECT count(*), {key}, coalesce({amount}, 0), coalesce({reference}, 0) FROM {table}"),
            [],
            |row| {
                let rows: i64 = row.get(0)?;
                Ok(Totals {
                    rows: rows.unsigned_abs(),
                    keys: row.get(1)?,
                    amount: row.get(2)?,
                    references: row.get(3)?,
                    marks: 0,
                })
            },
        )?;
        answer.push((table, totals));
    }
    println!("{}", race::report(cost, report.source_rows(), &race::answer(answer)));
    Ok(())
}
