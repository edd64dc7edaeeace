//! The rule: a category's month against the mean and the sample standard deviation of the months before it.

use super::months::{Category, ExpenseAnomaly, ExpenseReport};
use super::why::{Others, Why};
use super::{ExpectedRange, ExpenseOptions, Kind, Months, Severity};
use crate::model::{CategoryId, Month, Rupiah};
use crate::stats::{mean, sample_sd};

/// Tests categories that all have enough history.
pub(super) fn judge_all(categories: &[Category], options: &ExpenseOptions, report: &mut ExpenseReport) {
    for Category { id, first, amounts } in categories {
        let newest = amounts.len() - 1;
        let oldest = if options.months == Months::Last { newest } else { options.min_history };
        report.tested += newest + 1 - oldest;
        let test = |tested: usize| {
            let baseline = &amounts[tested.saturating_sub(options.window)..tested];
            judge(*id, *first + tested as i32, amounts[tested], baseline, options)
        };
        report.anomalies.extend((oldest..=newest).filter_map(test));
    }
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
        expected: Rupiah::from_f64(mean),
        expected_range: ExpectedRange::around(mean, options.medium * sd),
        p_value: None,
        deviation,
        kind: if difference > 0.0 { Kind::Overspending } else { Kind::Underspending },
        severity,
        mean,
        sd,
        history: values.len(),
        why: Why::unexpected(amount.to_f64(), mean, None, Others::Months(values.len())),
    })
}
