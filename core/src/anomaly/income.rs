//! Money that comes in: months of donations, and single gifts of a donor.

use super::months::expenses;
use super::why::{Others, Why};
use super::{ExpectedRange, ExpenseOptions, Kind, Severity};
use crate::calendar::hijri::MonthFeatures;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{CategoryId, CategoryMonth, DonorId, Month, MonthTotal, Rupiah};
use crate::stats::student_t;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// On which side of what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// More.
    Above,
    /// Less.
    Below,
}

impl From<Kind> for Side {
    fn from(kind: Kind) -> Self {
        if kind == Kind::Overspending { Self::Above } else { Self::Below }
    }
}

/// A month that brought strangely much or little.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncomeAnomaly {
    /// The month.
    pub month: Month,
    /// What it brought.
    pub amount: Rupiah,
    /// What was expected.
    pub expected: Rupiah,
    /// What would have been nothing strange.
    pub expected_range: ExpectedRange,
    /// How probable a month as far out is by chance alone; `None` by the rule.
    pub p_value: Option<f64>,
    /// More or less than expected.
    pub side: Side,
    /// How strange.
    pub severity: Severity,
    /// How many months it was compared with.
    pub history: usize,
    /// A sentence that says why.
    pub why: Why,
}

/// What was found about months of income.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IncomeReport {
    /// Strange months, the severest first.
    pub anomalies: Vec<IncomeAnomaly>,
    /// Months above what was expected that hold much of Ramadan, where no earlier Ramadan shows what it brings: not
    /// comparable, and not strange.
    pub ramadan: Vec<Month>,
    /// How many months were tested.
    pub tested: usize,
    /// Earlier months there, where they are too few to test anything.
    pub too_little_history: Option<usize>,
    /// Months from which the level is another one, with the new level over the old one.
    pub shifts: Vec<(Month, f64)>,
}

/// Tests monthly income as [`expenses`] tests a category, with one difference: giving peaks in Ramadan, so that a month
/// that is mostly Ramadan (or the one of its last ten days) is not called strange for bringing much before the history
/// holds another one to learn from.
///
/// # Errors
///
/// `invalid_input` when an option is out of its range.
pub fn income(months: &[MonthTotal], as_of: Date, options: &ExpenseOptions) -> Result<IncomeReport> {
    let row = |row: &MonthTotal| CategoryMonth {
        category: CategoryId(0),
        month: row.month,
        total: row.total,
        count: row.count,
    };
    let rows: Vec<CategoryMonth> = months.iter().map(row).collect();
    let found = expenses(&rows, as_of, options)?;
    let fasting = |month: Month| {
        let features = MonthFeatures::of(month, &options.hijri);
        features.ramadan >= 10 || features.ramadan_last10 >= 5
    };
    let first = months.iter().map(|row| row.month).min();
    let known_before = |month: Month| first.is_some_and(|first| first.through(month - 6).any(fasting));
    let mut report = IncomeReport {
        tested: found.tested,
        too_little_history: found.too_little_history.first().map(|short| short.there),
        shifts: found.shifts.iter().map(|shift| (shift.month, shift.factor)).collect(),
        ..IncomeReport::default()
    };
    for anomaly in found.anomalies {
        let side = Side::from(anomaly.kind);
        if side == Side::Above && fasting(anomaly.month) && !known_before(anomaly.month) {
            report.ramadan.push(anomaly.month);
            continue;
        }
        report.anomalies.push(IncomeAnomaly {
            month: anomaly.month,
            amount: anomaly.amount,
            expected: anomaly.expected,
            expected_range: anomaly.expected_range,
            p_value: anomaly.p_value,
            side,
            severity: anomaly.severity,
            history: anomaly.history,
            why: anomaly.why,
        });
    }
    report.ramadan.sort_unstable();
    Ok(report)
}

/// Received gifts, all columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gifts {
    /// Who gave.
    pub donor: Vec<DonorId>,
    /// How much.
    pub amount: Vec<Rupiah>,
    /// When.
    pub date: Vec<Date>,
}

/// When a gift is unusual for its donor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GiftOptions {
    /// Test gifts from this date on only; `None`, the default, tests each donor's last gift.
    pub since: Option<Date>,
    /// Other gifts that a donor needs, at least 2; 3 by default.
    pub min_history: usize,
    /// How often an ordinary gift may be called unusual; 0.001 by default, as a charity receives thousands.
    pub false_alarm: f64,
}

impl Default for GiftOptions {
    fn default() -> Self {
        Self { since: None, min_history: 3, false_alarm: 0.001 }
    }
}

/// A gift that is unusual for its donor: worth a word of thanks, or a look for a zero too many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnusualGift {
    /// Who gave.
    pub donor: DonorId,
    /// When.
    pub date: Date,
    /// How much.
    pub amount: Rupiah,
    /// The median of the donor's other gifts.
    pub usual: Rupiah,
    /// More or less than that.
    pub side: Side,
    /// How probable a gift as far out is by chance alone.
    pub p_value: f64,
    /// How many other gifts there are.
    pub others: usize,
    /// A sentence that says why.
    pub why: Why,
}

/// The freedom that the donors' common scale counts for beside a donor's own (Smyth 2004).
const COMMON_FREEDOM: f64 = 6.0;
/// No scale below this is believed: a donor who always gives the same may give half as much again.
const SMALLEST_SCALE: f64 = 0.15;

/// Tests gifts against the other gifts of their donor, on the logarithm, with scales moderated over all donors. One pass
/// after sorting.
///
/// # Errors
///
/// `invalid_input` when an option is out of its range, the columns differ in length, or a gift is after `as_of`.
pub fn gifts(gifts: &Gifts, as_of: Date, options: &GiftOptions) -> Result<Vec<UnusualGift>> {
    let wrong = |why: &str| Err(Error::new(ErrorKind::InvalidInput, why));
    if options.min_history < 2 {
        return wrong("min_history must be at least 2: one value has no spread");
    }
    if !(options.false_alarm > 0.0 && options.false_alarm <= 0.5) {
        return wrong("false_alarm must be above 0 and at most 0.5");
    }
    if [gifts.amount.len(), gifts.date.len()] != [gifts.donor.len(); 2] {
        return wrong("the columns of the gifts differ in length");
    }
    if gifts.date.iter().any(|&date| date > as_of) {
        return wrong("a gift is after the as-of date");
    }
    let mut donors = BTreeMap::<DonorId, Vec<usize>>::new();
    for (row, &donor) in gifts.donor.iter().enumerate().filter(|&(row, _)| gifts.amount[row] > Rupiah::ZERO) {
        donors.entry(donor).or_default().push(row);
    }
    donors.retain(|_, rows| rows.len() > options.min_history);
    let log = |row: usize| gifts.amount[row].to_f64().ln();
    let spread = |rows: &[usize], left_out: usize| {
        let mut others: Vec<f64> = rows.iter().filter(|&&row| row != left_out).map(|&row| log(row)).collect();
        let centre = super::robust::median(&mut others);
        let mut away: Vec<f64> = others.iter().map(|x| (x - centre).abs()).collect();
        (centre, 1.4826 * super::robust::median(&mut away))
    };
    let mut common: Vec<f64> = donors.values().map(|rows| spread(rows, usize::MAX).1).collect();
    let common = super::robust::median(&mut common).max(SMALLEST_SCALE);
    let mut found = Vec::new();
    for (donor, rows) in donors {
        let newest = rows.iter().copied().max_by_key(|&row| (gifts.date[row], row));
        let tested = rows
            .iter()
            .copied()
            .filter(|&row| options.since.map_or(Some(row) == newest, |since| gifts.date[row] >= since));
        let others = rows.len() - 1;
        let own_freedom = (others - 1) as f64;
        let freedom = own_freedom + COMMON_FREEDOM;
        for row in tested {
            let (centre, own) = spread(&rows, row);
            let square = (own_freedom * own * own + COMMON_FREEDOM * common * common) / freedom;
            let scale = square.sqrt().max(SMALLEST_SCALE) * (1.0 + 1.57 / others as f64).sqrt();
            let t = (log(row) - centre) / scale;
            let p_value = crate::stats::student_t_outside(t.abs(), freedom);
            if student_t(1.0 - 0.5 * options.false_alarm, freedom).is_none_or(|bound| t.abs() <= bound) {
                continue;
            }
            let (amount, usual) = (gifts.amount[row], centre.exp());
            found.push(UnusualGift {
                donor,
                date: gifts.date[row],
                amount,
                usual: Rupiah::from_f64(usual),
                side: if t > 0.0 { Side::Above } else { Side::Below },
                p_value,
                others,
                why: Why::unexpected(amount.to_f64(), usual, Some(p_value), Others::Gifts(others)),
            });
        }
    }
    found.sort_by(|a, b| a.p_value.total_cmp(&b.p_value).then(a.donor.cmp(&b.donor)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn months(amounts: &[i64], last: &str) -> Vec<MonthTotal> {
        let last: Month = last.parse().unwrap();
        let month = |i: usize| last - (amounts.len() - 1 - i) as i32;
        let row = |(i, &amount): (usize, &i64)| MonthTotal { month: month(i), total: Rupiah::new(amount), count: 1 };
        amounts.iter().enumerate().map(row).collect()
    }

    #[test]
    fn a_first_ramadan_is_not_strange_and_a_second_is_expected() {
        // Ramadan 1446 is March 2025.
        let amounts = [10_000_000, 11_000_000, 9_500_000, 10_400_000, 9_900_000, 31_000_000];
        let report = income(&months(&amounts, "2025-03"), date(2025, 4, 2), &ExpenseOptions::default()).unwrap();
        assert_eq!((report.anomalies.len(), report.ramadan.len(), report.tested), (0, 1, 1), "{report:?}");
        // The same in July is strange, and so is a month that brings next to nothing.
        let july = income(&months(&amounts, "2025-07"), date(2025, 8, 2), &ExpenseOptions::default()).unwrap();
        assert_eq!((july.anomalies[0].side, july.ramadan.len()), (Side::Above, 0));
        let low = [10_000_000, 11_000_000, 9_500_000, 10_400_000, 9_900_000, 900_000];
        let low = income(&months(&low, "2025-03"), date(2025, 4, 2), &ExpenseOptions::default()).unwrap();
        assert_eq!((low.anomalies[0].side, low.anomalies[0].severity), (Side::Below, Severity::High));
        let short = income(&months(&amounts[..2], "2025-03"), date(2025, 4, 2), &ExpenseOptions::default()).unwrap();
        assert_eq!((short.too_little_history, short.tested), (Some(1), 0));
    }

    #[test]
    fn a_zero_too_many_is_found() {
        let mut all = Gifts::default();
        let mut add = |donor: u64, rupiah: i64, month: i8| {
            all.donor.push(DonorId(donor));
            all.amount.push(Rupiah::new(rupiah));
            all.date.push(date(2025, month, 5));
        };
        for donor in 1..=20 {
            for month in 1..=8 {
                add(donor, 100_000 * (1 + (donor as i64 + i64::from(month)) % 2), month);
            }
        }
        add(7, 3_000_000, 9);
        add(8, 200_000, 9);
        let found = gifts(&all, date(2025, 10, 1), &GiftOptions::default()).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].donor, found[0].side, found[0].others), (DonorId(7), Side::Above, 8));
        assert!(found[0].p_value < 0.001 && found[0].why.en.contains("other gifts"));
        all.date.pop();
        assert!(gifts(&all, date(2025, 10, 1), &GiftOptions::default()).is_err());
        assert!(
            gifts(&Gifts::default(), date(2025, 10, 1), &GiftOptions { min_history: 1, ..GiftOptions::default() })
                .is_err()
        );
    }
}
