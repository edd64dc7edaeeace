//! A load that turns most of a table away is a mistake at the source more often than the truth.

use super::load::State;
use super::options::Options;
use super::quarantine::Reason;
use super::report::Report;
use crate::error::{Error, ErrorKind, Result};

/// Rows that a table may lose to the quarantine before it is too much: a few bad rows in a small table are no sign.
const FEW_LOST: u64 = 10;

/// One in so many rows may be lost.
const LOST_SHARE: u64 = 5;

/// Refuses a load that rejects much of a table that was good before; says so of one that was never good.
///
/// Rows of the future do not count: a load as of an earlier day has them by its nature.
pub(super) fn losses(report: &mut Report, before: Option<&State>, options: &Options) -> Result<()> {
    let too_many = |lost: u64, rows: u64| lost >= FEW_LOST && lost.saturating_mul(LOST_SHARE) > rows;
    for table in &report.tables {
        let reasons = table.census.rejected.iter().filter(|(reason, _)| **reason != Reason::FutureDate);
        let lost = reasons.clone().map(|(_, rows)| rows).sum::<u64>();
        if !too_many(lost, table.source_rows) {
            continue;
        }
        let most = reasons.max_by_key(|(_, rows)| **rows).map_or("", |(reason, _)| reason.code());
        let then = before.and_then(|state| state.tables.get(&table.table));
        let was_good = then.is_some_and(|b| b.facts > 0 && !too_many(b.rows.saturating_sub(b.facts), b.rows));
        if was_good && !options.accept_losses {
            return Err(Error::new(
                ErrorKind::SourceData,
                format!("the load was refused because {lost} of {} rows were rejected", table.source_rows),
            )
            .context("table", table.table)
            .context("source table", &table.source_name)
            .context("most of them", most)
            .hint(
                "nothing was changed; look at the source and its mapping, or load all the same with --accept-losses \
                 (etl.accept_losses)",
            ));
        }
        report.warnings.push(format!(
            "{lost} of {} rows of {} were rejected, most of them for {most}: look at the source and its mapping",
            table.source_rows, table.table
        ));
    }
    Ok(())
}
