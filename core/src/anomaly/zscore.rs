//! The rule: a category's month against the mean and the sample standard deviation of the months before it.

use super::{ExpectedRange, ExpenseOptions, Kind, Months, Severity, TooLittleHistory};
use crate::error::Result;
use crate::model::{CategoryId, CategoryMonth, Month, Rupiah};
use crate::stats::{mean, sample_sd};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A month in which a category cost strangely much or little.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpenseAnomaly {
    /// The category.
    pub category: CategoryId,
    /// The month.
    pub month: Month,
    /// What it cost.
    pub amount: Rupiah,
    /// The baseline's mean ± as many standard deviations as are not yet strange.
    pub expected_range: ExpectedRange,
    /// z = (amount − mean) / sd. `None` when all months of the baseline are equal: then there is no spread to divide by,
    /// and the share of the mean decided.
    pub deviation: Option<f64>,
    /// More or less than expected.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// How strange.
    pub severity: Severity,
    /// The baseline's mean in rupiah.
    pub mean: f64,
    /// The baseline's sample standard deviation in rupiah.
    pub sd: f64,
    /// How many months the baseline holds.
    pub history: usize,
}

/// What was found, and what could not be tested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExpenseReport {
    /// Strange months: the severest first; among them those without spread, then the largest |z|, then the latest.
    pub anomalies: Vec<ExpenseAnomaly>,
    /// How many months of categories were tested.
    pub tested: usize,
    /// Categories whose last whole month has too few earlier months, ascending.
    pub too_little_history: Vec<TooLittleHistory>,
}

/// Tests the monthly expenses of each category, each month against the months before it.
///
/// Rows may come in any order; those of one category and month are added. A category begins with its first row; from
/// there to the last whole month as of `as_of` a month without a row is a zero. Rows of the running month, or later
/// ones, are left out.
///
/// Where the months of a baseline are all equal, a month that differs is judged by its share of their mean
/// ([`ExpenseOptions::no_spread_medium`]); where they are all zero, any expense is MEDIUM, as there is no scale at all.
///
/// # Errors
///
/// `invalid_input` when an option is out of its range.
pub fn expenses(rows: &[CategoryMonth], as_of: Date, options: &ExpenseOptions) -> Result<ExpenseReport> {
    options.validate()?;
    let last = Month::of(as_of) - 1;
    let mut categories = BTreeMap::<CategoryId, BTreeMap<Month, Rupiah>>::new();
    for row in rows.iter().filter(|row| row.month.is_complete(as_of)) {
        *categories.entry(row.category).or_default().entry(row.month).or_default() += row.total;
    }
    let mut report = ExpenseReport::default();
    for (category, months) in categories {
        let Some((&first, _)) = months.first_key_value() else { continue };
        let amounts: Vec<Rupiah> =
            first.through(last).map(|month| months.get(&month).copied().unwrap_or_default()).collect();
        let newest = amounts.len() - 1;
        if newest < options.min_history {
            let too_little = TooLittleHistory { category, there: newest, needed: options.min_history };
            report.too_little_history.push(too_little);
            continue;
        }
        let oldest = if options.months == Months::Last { newest } else { options.min_history };
        report.tested += newest + 1 - oldest;
        let test = |tested: usize| {
            let baseline = &amounts[tested.saturating_sub(options.window)..tested];
            judge(category, first + tested as i32, amounts[tested], baseline, options)
        };
        report.anomalies.extend((oldest..=newest).filter_map(test));
    }
    report.anomalies.sort_by(|a, b| {
        let size = |anomaly: &ExpenseAnomaly| anomaly.deviation.map_or(f64::INFINITY, f64::abs);
        (b.severity.cmp(&a.severity))
            .then(size(b).total_cmp(&size(a)))
            .then_with(|| (Reverse(a.month), a.category).cmp(&(Reverse(b.month), b.category)))
    });
    Ok(report)
}

fn judge(
    category: CategoryId,
    month: Month,
    amount: Rupiah,
    baseline: &[Rupiah],
    options: &ExpenseOptions,
) -> Option<ExpenseAnomaly> {
    let values: Vec<f64> = baseline.iter().map(|amount| amount.to_f64()).collect();
    let (mean, sd) = (mean(&values)?, sample_sd(&values)?);
    let difference = amount.to_f64() - mean;
    let severity = |size: f64, medium, high| match size {
        size if size > high => Some(Severity::High),
        size if size > medium => Some(Severity::Medium),
        _ => None,
    };
    let (deviation, severity) = if sd > 0.0 {
        let z = difference / sd;
        (Some(z), severity(z.abs(), options.medium, options.high)?)
    } else if amount == *baseline.first()? {
        return None;
    } else if mean.abs() > 0.0 {
        (None, severity((difference / mean).abs(), options.no_spread_medium, options.no_spread_high)?)
    } else {
        (None, Severity::Medium)
    };
    Some(ExpenseAnomaly {
        category,
        month,
        amount,
        expected_range: ExpectedRange::around(mean, options.medium * sd),
        deviation,
        kind: if difference > 0.0 { Kind::Overspending } else { Kind::Underspending },
        severity,
        mean,
        sd,
        history: values.len(),
    })
}
