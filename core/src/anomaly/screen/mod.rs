//! Single lines of the cash book: which of them an auditor would look at first, each with its evidence.
//!
//! Nothing here accuses anybody: a finding says what is unusual, and how much. Findings of one line add up to one score,
//! and lines that a person has looked at ("this is fine") stay silent.

mod audit;
mod finding;
mod options;
mod outlier;
mod pieces;
mod repeated;
mod text;

pub use audit::{Benford, Conformity, Gap, RoundAmounts, benford, sequence_gaps};
pub use finding::{Evidence, Finding, Screening, Suspect};
pub use options::ScreenOptions;

use super::Why;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{CashBook, Direction, EntryId};
use jiff::civil::Date;
use jiff::civil::Weekday;
use std::collections::{BTreeMap, BTreeSet};

/// Screens the expenses of the cash book.
///
/// `accepted` are lines that somebody has looked at and found in order; they still count for what is usual.
///
/// # Errors
///
/// `invalid_input` when an option is out of its range, the columns differ in length, two lines have the same number, or a
/// line is dated after `as_of`.
pub fn screen(
    lines: &CashBook,
    accepted: &BTreeSet<EntryId>,
    as_of: Date,
    options: &ScreenOptions,
) -> Result<Screening> {
    let mut text =
        |rows: &[usize]| Ok(rows.iter().map(|&row| lines.text.get(row).cloned().unwrap_or_default()).collect());
    screen_with(lines, &mut text, accepted, as_of, options)
}

/// The same, where texts are asked for only of lines that may be duplicates.
pub(crate) fn screen_with(
    lines: &CashBook,
    texts: &mut dyn FnMut(&[usize]) -> Result<Vec<String>>,
    accepted: &BTreeSet<EntryId>,
    as_of: Date,
    options: &ScreenOptions,
) -> Result<Screening> {
    options.validate()?;
    check(lines)?;
    if let Some(row) = lines.date.iter().position(|&date| date > as_of) {
        return Err(Error::new(ErrorKind::InvalidInput, "a line of the cash book is after the as-of date")
            .context("entry", lines.entry[row]));
    }
    let mut found = Found { lines, accepted, options, counts: BTreeMap::new(), findings: Vec::new() };
    let expenses: Vec<u32> =
        (0..lines.len()).filter(|&row| lines.direction[row] == Direction::Expense).map(|row| row as u32).collect();
    let categories = outlier::by_category(lines, &expenses);
    let too_little_history = outlier::screen(&categories, &mut found);
    repeated::duplicates(&expenses, texts, &mut found)?;
    let told = repeated::splits(&expenses, &mut found);
    pieces::screen(&expenses, &told, texts, &mut found)?;
    days(&categories, &mut found);
    let (counts, mut findings) = (found.counts, found.findings);
    finding::rank(&mut findings);
    findings.truncate(options.most);
    let mut notes = Vec::new();
    if options.limits.is_empty() {
        notes.push(Why {
            id: "Pembayaran yang dipecah tidak diperiksa: batas persetujuan belum ditetapkan (`limits`).".into(),
            en: "Split payments were not looked for: no approval limit is set (`limits`).".into(),
        });
    }
    Ok(Screening {
        notes,
        tested: expenses.len(),
        suspects: finding::suspects(&findings),
        findings,
        counts,
        too_little_history,
        round_amounts: audit::round_amounts(lines, &categories),
        benford: audit::by_category(lines, &categories),
        gaps: sequence_gaps(&lines.entry, options.most),
    })
}

fn check(lines: &CashBook) -> Result<()> {
    let n = lines.len();
    let optional = |len: usize| len == n || len == 0;
    if [lines.direction.len(), lines.category.len(), lines.amount.len(), lines.date.len()] == [n; 4]
        && optional(lines.entered.len())
        && optional(lines.text.len())
        && u32::try_from(n).is_ok()
    {
        return none_twice(&lines.entry);
    }
    Err(Error::new(ErrorKind::InvalidInput, "the columns of the cash book differ in length"))
}

/// A finding names its line, and what is accepted is accepted by name.
fn none_twice(entries: &[EntryId]) -> Result<()> {
    // As it comes from the database.
    if entries.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    let mut sorted = entries.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::new(ErrorKind::InvalidInput, "two lines of the cash book have the same number")
            .context("entry", pair[0])
            .hint("give every line a number of its own")),
        None => Ok(()),
    }
}

/// Findings as they come.
struct Found<'a> {
    lines: &'a CashBook,
    accepted: &'a BTreeSet<EntryId>,
    options: &'a ScreenOptions,
    counts: BTreeMap<String, usize>,
    findings: Vec<Finding>,
}

impl Found<'_> {
    /// Keeps a finding, unless its line was accepted or is too old; when there are far too many, the weak ones go.
    fn add(&mut self, row: usize, score: f64, evidence: Evidence) {
        let (entry, date) = (self.lines.entry[row], self.lines.date[row]);
        if self.options.since.is_some_and(|since| date < since) || self.accepted.contains(&entry) {
            return;
        }
        *self.counts.entry(evidence.name().to_owned()).or_default() += 1;
        let why = evidence.why(self.lines.amount[row]);
        let (category, amount) = (self.lines.category[row], self.lines.amount[row]);
        self.findings.push(Finding { entry, category, date, amount, score, evidence, why });
        if self.findings.len() > 64 * self.options.most.max(1_000) {
            finding::rank(&mut self.findings);
            self.findings.truncate(self.options.most.max(1_000));
        }
    }
}

/// Lines dated on a weekend where that is rare, lines entered long after their date or before it, and expenses of nothing
/// or less.
fn days(categories: &[outlier::Group], found: &mut Found<'_>) {
    let weekend = |date: Date| matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    for group in categories {
        let rows = || group.rows.iter().map(|&row| row as usize);
        let there = rows().filter(|&row| weekend(found.lines.date[row])).count();
        let share = there as f64 / group.rows.len() as f64;
        if group.rows.len() >= found.options.min_history && share <= found.options.weekend_share {
            let odd: Vec<usize> = rows().filter(|&row| weekend(found.lines.date[row])).collect();
            for row in odd {
                found.add(row, 0.3, Evidence::Weekend { share });
            }
        }
    }
    for group in categories {
        for &row in &group.rows {
            let row = row as usize;
            if found.lines.amount[row].sen() <= 0 {
                found.add(row, 0.6, Evidence::NotPositive);
            }
        }
    }
    if found.lines.entered.is_empty() {
        return;
    }
    for group in categories {
        for &row in &group.rows {
            let row = row as usize;
            let Some(entered) = found.lines.entered[row] else { continue };
            let days = crate::model::epoch_day(entered) - crate::model::epoch_day(found.lines.date[row]);
            if days > i32::from(found.options.backdated_days) {
                let late = f64::from(days) / f64::from(found.options.backdated_days);
                found.add(row, 1.0 - 0.7 / late, Evidence::Backdated { days: days as u32 });
            } else if days < 0 {
                // A day ahead may be a clock or a payment of tomorrow; a month ahead is neither.
                let ahead = (f64::from(-days) / f64::from(found.options.backdated_days)).min(1.0);
                found.add(row, 0.2 + 0.6 * ahead, Evidence::Predated { days: days.unsigned_abs() });
            }
        }
    }
}

#[cfg(test)]
mod tests;
