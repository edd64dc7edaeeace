//! Single transactions against the other transactions of their category.

use super::{ExpectedRange, Kind, TooLittleHistory, TransactionOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{CashEntries, CategoryId, EntryId, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// 10¹⁵ sen: more than `DECIMAL(15,2)` can hold. Below it a hundred million squares still sum exactly in an `i128`.
const LARGEST_SEN: u64 = 1_000_000_000_000_000;

/// A transaction far from its category's others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnusualTransaction {
    /// The line of the cash book.
    pub entry: EntryId,
    /// Its category.
    pub category: CategoryId,
    /// Its date.
    pub date: Date,
    /// Its amount.
    pub amount: Rupiah,
    /// The others' average ± as many standard deviations as are not yet unusual.
    pub expected_range: ExpectedRange,
    /// z = (amount − mean) / sd. `None` when all others are equal: then the share of their average decided.
    pub deviation: Option<f64>,
    /// More or less than the others.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The others' average in rupiah.
    pub mean: f64,
    /// The others' sample standard deviation in rupiah.
    pub sd: f64,
    /// How many others there are.
    pub others: usize,
}

/// What was found, and what could not be tested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TransactionReport {
    /// Unusual transactions: those without spread first, then the largest |z|, then by line.
    pub unusual: Vec<UnusualTransaction>,
    /// How many transactions were tested.
    pub tested: usize,
    /// Categories with too few transactions, ascending.
    pub too_little_history: Vec<TooLittleHistory>,
}

/// Tests every transaction against the others of its category, in two passes over the columns.
///
/// The others' mean and spread come from the category's sums with the tested amount taken out. Sums are whole numbers of
/// sen and exact, so that taking out a huge amount leaves no rounding error behind.
///
/// # Errors
///
/// `invalid_input` when an option is out of its range, the columns differ in length, an amount is larger than 10¹³
/// rupiah, or a date is after `as_of`.
pub fn transactions(entries: &CashEntries, as_of: Date, options: &TransactionOptions) -> Result<TransactionReport> {
    options.validate()?;
    check(entries, as_of)?;
    let mut sums = HashMap::<CategoryId, Sums>::new();
    for (&category, &amount) in entries.category.iter().zip(&entries.amount) {
        let added = sums.entry(category).or_default().add(amount.sen().into());
        added.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "the amounts of a category are too many to sum"))?;
    }
    let mut report = TransactionReport::default();
    for row in 0..entries.len() {
        let (category, date) = (entries.category[row], entries.date[row]);
        let others = sums.get(&category).map_or(0, |sums| sums.n - 1) as usize;
        if others < options.min_history || options.since.is_some_and(|since| date < since) {
            continue;
        }
        report.tested += 1;
        let amount = entries.amount[row];
        let Some(baseline) = sums.get(&category).map(|sums| sums.without(amount.sen().into())) else { continue };
        let (unusual, deviation) = baseline.judge(amount, options);
        if !unusual {
            continue;
        }
        report.unusual.push(UnusualTransaction {
            entry: entries.entry[row],
            category,
            date,
            amount,
            expected_range: ExpectedRange::around(baseline.mean, options.threshold * baseline.sd),
            deviation,
            kind: if amount.to_f64() > baseline.mean { Kind::Overspending } else { Kind::Underspending },
            mean: baseline.mean,
            sd: baseline.sd,
            others,
        });
    }
    report.too_little_history = sums
        .iter()
        .map(|(&category, sums)| (category, sums.n as usize - 1))
        .filter(|&(_, others)| others < options.min_history)
        .map(|(category, there)| TooLittleHistory { category, there, needed: options.min_history })
        .collect();
    report.too_little_history.sort_unstable_by_key(|category| category.category);
    report.unusual.sort_by(|a, b| {
        let size = |unusual: &UnusualTransaction| unusual.deviation.map_or(f64::INFINITY, f64::abs);
        size(b).total_cmp(&size(a)).then(a.entry.cmp(&b.entry))
    });
    Ok(report)
}

fn check(entries: &CashEntries, as_of: Date) -> Result<()> {
    let n = entries.len();
    if [entries.category.len(), entries.amount.len(), entries.date.len()] != [n; 3] {
        return Err(Error::new(ErrorKind::InvalidInput, "the columns of the cash book differ in length"));
    }
    for row in 0..n {
        let why = if entries.amount[row].sen().unsigned_abs() > LARGEST_SEN {
            "an amount is larger than the cash book can hold"
        } else if entries.date[row] > as_of {
            "a transaction is after the as-of date"
        } else {
            continue;
        };
        return Err(Error::new(ErrorKind::InvalidInput, why).context("entry", entries.entry[row]));
    }
    Ok(())
}

/// Count, sum and sum of squares of a category, in sen.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    n: i128,
    sum: i128,
    squares: i128,
}

/// The others of a category.
#[derive(Clone, Copy, Debug)]
struct Baseline {
    mean: f64,
    sd: f64,
}

impl Sums {
    fn add(&mut self, sen: i128) -> Option<()> {
        self.n += 1;
        self.sum += sen;
        self.squares = self.squares.checked_add(sen * sen)?;
        Some(())
    }

    /// Mean and sample standard deviation, in rupiah, of what remains when one amount is taken out; at least two must
    /// remain.
    fn without(&self, sen: i128) -> Baseline {
        let (n, sum, squares) = (self.n - 1, self.sum - sen, self.squares - sen * sen);
        // Σx² − (Σx)²/n, with Σx = quotient·n + rest: exact but for rest²/n, which the last step divides.
        let (quotient, rest) = (sum.div_euclid(n), sum.rem_euclid(n));
        let whole = squares - quotient * (quotient * n + 2 * rest);
        let around = match whole.checked_mul(n) {
            Some(scaled) => (scaled - rest * rest).max(0) as f64 / n as f64,
            // So large that a `f64` no longer sees the rest.
            None => whole as f64,
        };
        let mean = (quotient as f64 + rest as f64 / n as f64) / 100.0;
        Baseline { mean, sd: (around / (n - 1) as f64).sqrt() / 100.0 }
    }
}

impl Baseline {
    /// Whether the amount is unusual, and its z; there is none when the others are all equal.
    fn judge(&self, amount: Rupiah, options: &TransactionOptions) -> (bool, Option<f64>) {
        let difference = amount.to_f64() - self.mean;
        if self.sd > 0.0 {
            let z = difference / self.sd;
            (z.abs() > options.threshold, Some(z))
        } else {
            (difference.abs() > options.no_spread * self.mean.abs(), None)
        }
    }
}
