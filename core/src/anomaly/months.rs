//! Monthly sums: which month of which category is strange.

use super::robust::{self, Findings, History, Structure, Threshold};
use super::why::{Others, Why};
use super::zscore;
use super::{ExpectedRange, ExpenseOptions, Kind, Method, Months, Severity, TooLittleHistory};
use crate::error::Result;
use crate::model::{CategoryId, CategoryMonth, Month, Rupiah};
use crate::stats::{mean, sample_sd};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The share of months without expenses from which a category is one that is paid now and then: its empty months are
/// then ordinary, and say nothing about the others.
const NOW_AND_THEN: f64 = 0.25;
/// An empty or negative month among full ones counts as this share of the median: strange, but finite.
const EMPTY: f64 = 0.05;

/// A month in which a category cost strangely much or little.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpenseAnomaly {
    /// The category.
    pub category: CategoryId,
    /// The month.
    pub month: Month,
    /// What it cost.
    pub amount: Rupiah,
    /// What was expected: the baseline's mean by the rule, the median of what the model predicts by the robust method.
    pub expected: Rupiah,
    /// What would have been nothing strange: by the rule the mean ± as many standard deviations as are not yet strange.
    pub expected_range: ExpectedRange,
    /// How probable a month as far out is by chance alone, on either side. `None` by the rule, which does not know.
    pub p_value: Option<f64>,
    /// z = (amount − mean) / sd. `None` when all months of the baseline are equal: then there is no spread to divide by.
    /// By the robust method it is evidence only, and not what decided.
    pub deviation: Option<f64>,
    /// More or less than expected.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// How strange.
    pub severity: Severity,
    /// The baseline's mean in rupiah. By the rule the baseline is the months before, by the robust method all others.
    pub mean: f64,
    /// The baseline's sample standard deviation in rupiah.
    pub sd: f64,
    /// How many months the baseline holds.
    pub history: usize,
    /// A sentence that says why.
    pub why: Why,
}

/// A category whose monthly sums are on another level from some month on. Its months are judged on their own level. A
/// category has two at most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelShift {
    /// The category.
    pub category: CategoryId,
    /// The first month of the new level, which has lasted for four months at least that fit it.
    pub month: Month,
    /// The new level over the one before.
    pub factor: f64,
}

/// What was found, and what could not be tested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExpenseReport {
    /// Strange months: the severest first; among them the least probable (by the rule those without spread, then the
    /// largest |z|), then the latest.
    pub anomalies: Vec<ExpenseAnomaly>,
    /// How many months of categories were tested.
    pub tested: usize,
    /// Categories whose last whole month has too few earlier months, ascending.
    pub too_little_history: Vec<TooLittleHistory>,
    /// Level shifts, by category. Empty by the rule, which cannot tell them from anomalies.
    pub shifts: Vec<LevelShift>,
}

/// A category's gapless months up to the last whole one.
#[derive(Clone, Debug)]
pub(super) struct Category {
    pub(super) id: CategoryId,
    pub(super) first: Month,
    pub(super) amounts: Vec<Rupiah>,
}

/// Tests the monthly expenses of each category.
///
/// Rows may come in any order; those of one category and month are added. A category begins with its first row; from
/// there to the last whole month as of `as_of` a month without a row is a zero. Rows of the running month, or later
/// ones, are left out.
///
/// By the robust method a month is judged by all other months of its category, on the logarithm, with a scale that the
/// categories share in part. Where a quarter of a category's months or more are empty, its empty months are ordinary and
/// only the others are compared.
///
/// By the rule a month is judged by those before it. Where the months of a baseline are all equal, a month that differs
/// is judged by its share of their mean ([`ExpenseOptions::no_spread_medium`]); where they are all zero, any expense is
/// MEDIUM, as there is no scale at all.
///
/// # Errors
///
/// `invalid_input` when an option is out of its range.
pub fn expenses(rows: &[CategoryMonth], as_of: Date, options: &ExpenseOptions) -> Result<ExpenseReport> {
    options.validate()?;
    let mut report = ExpenseReport::default();
    let mut enough = Vec::new();
    for category in gapless(rows, as_of) {
        let there = category.amounts.len() - 1;
        if there < options.min_history {
            let needed = options.min_history;
            report.too_little_history.push(TooLittleHistory { category: category.id, there, needed });
        } else {
            enough.push(category);
        }
    }
    match options.method {
        Method::Zscore => zscore::judge_all(&enough, options, &mut report),
        Method::Robust => {
            judge_all(&enough, options, &mut report);
            report.too_little_history.sort_unstable_by_key(|short| short.category);
        }
    }
    report.anomalies.sort_by(|a, b| {
        let size = |anomaly: &ExpenseAnomaly| anomaly.deviation.map_or(f64::INFINITY, f64::abs);
        let chance = |anomaly: &ExpenseAnomaly| anomaly.p_value.unwrap_or(0.0);
        (b.severity.cmp(&a.severity))
            .then(chance(a).total_cmp(&chance(b)))
            .then(size(b).total_cmp(&size(a)))
            .then_with(|| (Reverse(a.month), a.category).cmp(&(Reverse(b.month), b.category)))
    });
    Ok(report)
}

fn gapless(rows: &[CategoryMonth], as_of: Date) -> Vec<Category> {
    let last = Month::of(as_of) - 1;
    let mut categories = BTreeMap::<CategoryId, BTreeMap<Month, Rupiah>>::new();
    for row in rows.iter().filter(|row| row.month.is_complete(as_of)) {
        *categories.entry(row.category).or_default().entry(row.month).or_default() += row.total;
    }
    let category = |(id, months): (CategoryId, BTreeMap<Month, Rupiah>)| {
        let (&first, _) = months.first_key_value()?;
        let amounts = first.through(last).map(|month| months.get(&month).copied().unwrap_or_default()).collect();
        Some(Category { id, first, amounts })
    };
    categories.into_iter().filter_map(category).collect()
}

/// The robust method over categories that all have enough months.
fn judge_all(categories: &[Category], options: &ExpenseOptions, report: &mut ExpenseReport) {
    let mut histories = Vec::with_capacity(categories.len());
    let mut judged: Vec<Category> = Vec::with_capacity(categories.len());
    for category in categories {
        let skip = category.amounts.len().saturating_sub(options.reach);
        let recent = Category {
            id: category.id,
            first: category.first + skip as i32,
            amounts: category.amounts[skip..].to_vec(),
        };
        let history = history(&recent, options.months);
        let there = history.logs.iter().flatten().count().saturating_sub(1);
        if there < options.min_history {
            let needed = options.min_history;
            report.too_little_history.push(TooLittleHistory { category: category.id, there, needed });
            continue;
        }
        report.tested += history.judged.len();
        histories.push(history);
        judged.push(recent);
    }
    let chance = |n: usize, level: f64| Threshold::Chance(level * calibration(n));
    let threshold =
        |n: usize| options.false_alarm.map_or_else(|| Threshold::Odd(default_odd(n)), |level| chance(n, level));
    // A common scale is learned from fifty categories as well as from more.
    for (histories, judged) in histories.chunks(50).zip(judged.chunks(50)) {
        let Findings { strange, shifts, structures } = robust::judge(histories, threshold, &options.hijri);
        report.shifts.extend(shifts.into_iter().map(|shift| LevelShift {
            category: judged[shift.series].id,
            month: shift.month,
            factor: shift.factor,
        }));
        for verdict in strange {
            let (category, history) = (&judged[verdict.series], &histories[verdict.series]);
            let anomaly = anomaly(category, history, &verdict, structures[verdict.series], options);
            report.anomalies.extend(anomaly);
        }
    }
}

/// F1 is largest at half of the largest F1 (Lipton, Elkan & Naryanaswamy 2014, "Optimal thresholding of classifiers to
/// maximize F1 measure", ECML PKDD): 0.35 to 0.4 with few months. With thirteen or more a half costs hardly any F1 and
/// spares a third of the false alarms.
fn default_odd(months: usize) -> f64 {
    (0.35 + 0.15 / 9.0 * (months as f64 - 4.0)).clamp(0.35, 0.5)
}

/// What a stated level is multiplied by. Few months cannot tell heavy tails from normal ones, so the p-value is a little too
/// large for the one and too small for the other; on made-up clean histories of both kinds this puts the level between
/// them: 1.03 at four months, falling to 0.95 at thirteen.
fn calibration(months: usize) -> f64 {
    (1.03 - 0.08 / 9.0 * (months as f64 - 4.0)).clamp(0.95, 1.03)
}

/// The chance that HIGH is a share of where none is asked for: 4.5 % at four months, where a category has hardly anything
/// to compare with and 1 % would never come; 2.6 % at five and six, 1.2 % from sixteen on.
fn default_level(months: usize) -> f64 {
    if months <= 4 { 0.045 } else { (0.2 / (months + 1) as f64).clamp(0.012, 0.026) }
}

fn history(category: &Category, months: Months) -> History {
    let amounts: Vec<f64> = category.amounts.iter().map(|amount| amount.to_f64()).collect();
    let mut full: Vec<f64> = amounts.iter().copied().filter(|&amount| amount > 0.0).collect();
    let now_and_then = (amounts.len() - full.len()) as f64 >= NOW_AND_THEN * amounts.len() as f64;
    let floor = EMPTY * robust::median(&mut full);
    let log =
        |&amount: &f64| if now_and_then { (amount > 0.0).then(|| amount.ln()) } else { Some(amount.max(floor).ln()) };
    let logs: Vec<Option<f64>> = amounts.iter().map(log).collect();
    let newest = logs.len() - 1;
    let oldest = if months == Months::Last { newest } else { 0 };
    let judged = (oldest..=newest).filter(|&month| logs[month].is_some()).collect();
    History { first: category.first, logs, judged }
}

fn anomaly(
    category: &Category,
    history: &History,
    verdict: &robust::Verdict,
    structure: Structure,
    options: &ExpenseOptions,
) -> Option<ExpenseAnomaly> {
    let amount = category.amounts[verdict.month];
    let [expected, low, high] = verdict.expected;
    if (amount.to_f64() / expected - 1.0).abs() < options.smallest_change {
        return None;
    }
    let others: Vec<f64> = (0..category.amounts.len())
        .filter(|&month| month != verdict.month && history.logs[month].is_some())
        .map(|month| category.amounts[month].to_f64())
        .collect();
    let (mean, sd) = (mean(&others)?, sample_sd(&others)?);
    let high_level = options.false_alarm.unwrap_or_else(|| default_level(others.len() + 1));
    Some(ExpenseAnomaly {
        category: category.id,
        month: category.first + verdict.month as i32,
        amount,
        expected: Rupiah::from_f64(expected),
        expected_range: ExpectedRange { min: Rupiah::from_f64(low), max: Rupiah::from_f64(high) },
        p_value: Some(verdict.p_value),
        deviation: (sd > 0.0).then(|| (amount.to_f64() - mean) / sd),
        kind: if amount.to_f64() > expected { Kind::Overspending } else { Kind::Underspending },
        severity: if verdict.p_value < options.high_share * high_level { Severity::High } else { Severity::Medium },
        mean,
        sd,
        history: others.len(),
        why: Why::unexpected(amount.to_f64(), expected, Some(verdict.p_value), Others::Months(others.len()))
            .with(structure),
    })
}
