//! Churn, segments and lifetime value of every donor of an analytics file, in a process of its own.
//!
//! ```text
//! race-analyses FILE AS_OF
//! ```
//!
//! The time is that of a program that opens the file and analyses. The answer is checked against sums that plain SQL
//! makes of the donations themselves.

use dermawan::store::{DuckDbOptions, DuckDbStore};
use dermawan::{Analytics, Settings};
use dermawan_benches::measure;
use dermawan_benches::race::{self, Answer};
use jiff::civil::Date;
use std::error::Error;
use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
#[expect(clippy::print_stdout, reason = "a command's answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, as_of] = arguments.as_slice() else { return Err("usage: race-analyses FILE AS_OF".into()) };
    let as_of: Date = as_of.parse()?;

    let start = Instant::now();
    let analytics = Analytics::open(file, Settings::default())?;
    let found = analytics.donor_analyses(as_of)?;
    let cost = measure::since(start);
    drop(analytics);

    let donors = found.scores.len();
    let total: i128 = found.values.total_value.iter().map(|total| i128::from(total.sen())).sum();
    let gifts: i128 = found.values.total_donations.iter().map(|&count| i128::from(count)).sum();
    let store = DuckDbStore::open(file, &DuckDbOptions::default())?;
    let truth = store.connection()?.query_row(
        &format!(
            "SELECT count(DISTINCT donor_id), count(*), (sum(amount) * 100)::HUGEINT FROM donations
             WHERE received AND donor_id IS NOT NULL AND date <= DATE '{as_of}'"
        ),
        [],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i128>(2)?)),
    )?;
    let counts = found.segments.counts;
    let segmented = counts.champions + counts.loyal + counts.at_risk + counts.new + counts.one_time;
    if (donors as i64, gifts as i64, total) != truth || segmented != donors as u64 || found.values.len() != donors {
        return Err(
            format!("the analyses do not add up to the donations: {donors}, {gifts}, {total} of {truth:?}").into()
        );
    }
    let answer =
        Answer::from([("donors".to_owned(), donors as i128), ("gifts".to_owned(), gifts), ("total".to_owned(), total)]);
    println!("{}", race::report(cost, donors as u64, &answer));
    Ok(())
}
