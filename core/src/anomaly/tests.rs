use super::*;
use crate::model::{CashEntries, CategoryMonth, EntryId, Month};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const AS_OF: Date = date(2026, 2, 3);

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// One category's months up to January 2026, in rupiah; `None` has no row.
fn months(category: u64, rupiah: &[Option<i64>]) -> Vec<CategoryMonth> {
    let first = month("2026-01") - (rupiah.len() as i32 - 1);
    let row = |(i, amount): (i32, &Option<i64>)| {
        amount.map(|amount| CategoryMonth {
            category: CategoryId(category),
            month: first + i,
            total: Rupiah::new(amount),
            count: 1,
        })
    };
    (0..).zip(rupiah).filter_map(row).collect()
}

fn every(amounts: &[i64]) -> Vec<CategoryMonth> {
    months(1, &amounts.iter().copied().map(Some).collect::<Vec<_>>())
}

fn rule() -> ExpenseOptions {
    ExpenseOptions { method: Method::Zscore, ..ExpenseOptions::default() }
}

fn report(rows: &[CategoryMonth]) -> ExpenseReport {
    expenses(rows, AS_OF, &rule()).unwrap()
}

/// Amounts of one category, all on one day.
fn entries(rupiah: &[i64]) -> CashEntries {
    CashEntries {
        entry: (1..=rupiah.len() as u64).map(EntryId).collect(),
        category: vec![CategoryId(1); rupiah.len()],
        amount: rupiah.iter().map(|&amount| Rupiah::new(amount)).collect(),
        date: vec![date(2026, 1, 10); rupiah.len()],
    }
}

fn unusual(entries: &CashEntries) -> TransactionReport {
    transactions(entries, AS_OF, &TransactionOptions::default()).unwrap()
}

#[test]
fn konsumsi() {
    let report = report(&every(&[3_000_000, 3_200_000, 3_100_000, 5_500_000]));
    let found = &report.anomalies[0];
    assert_eq!((found.deviation, found.kind, found.severity), (Some(24.0), Kind::Overspending, Severity::High));
    assert_eq!((found.mean.to_bits(), found.sd.to_bits()), (3_100_000_f64.to_bits(), 100_000_f64.to_bits()));
    let expected = ExpectedRange { min: Rupiah::new(2_900_000), max: Rupiah::new(3_300_000) };
    assert_eq!((found.month, found.history, found.expected_range), (month("2026-01"), 3, expected));
    assert_eq!((report.anomalies.len(), report.tested), (1, 1));
    let json = serde_json::to_value(found).unwrap();
    assert_eq!((json["type"].as_str(), json["severity"].as_str()), (Some("OVERSPENDING"), Some("HIGH")));
}

/// Mean 3,100,000 and sd 100,000: two and three standard deviations are not yet past the thresholds.
#[test]
fn thresholds_on_both_sides() {
    for (amount, expected) in [
        (3_300_000, None),
        (3_300_001, Some((Severity::Medium, Kind::Overspending))),
        (3_400_000, Some((Severity::Medium, Kind::Overspending))),
        (3_400_001, Some((Severity::High, Kind::Overspending))),
        (2_900_000, None),
        (2_899_999, Some((Severity::Medium, Kind::Underspending))),
        (0, Some((Severity::High, Kind::Underspending))),
    ] {
        let found = report(&every(&[3_000_000, 3_200_000, 3_100_000, amount])).anomalies;
        assert_eq!(found.first().map(|found| (found.severity, found.kind)), expected, "{amount}");
    }
}

#[test]
fn absent_months_are_zeros_and_the_running_month_is_left_out() {
    // The last whole month has no row: nothing was spent.
    let silent = report(&months(1, &[Some(3_000_000), Some(3_200_000), Some(3_100_000), None]));
    assert_eq!((silent.anomalies[0].amount, silent.anomalies[0].kind), (Rupiah::ZERO, Kind::Underspending));
    // A gap enters the baseline: 3, 0, 3 has mean 2 and sd √3, so 3 is no anomaly, and 6 is one (z = 2.31).
    let gap = |last| report(&months(1, &[Some(3), None, Some(3), Some(last)])).anomalies;
    assert!(gap(3).is_empty());
    assert!((gap(6)[0].deviation.unwrap() - 4.0 / 3.0_f64.sqrt()).abs() < 1e-12);
    // The running month does not count, however strange it is.
    let mut rows = every(&[3_000_000, 3_200_000, 3_100_000, 3_000_000]);
    rows.push(CategoryMonth { month: month("2026-02"), total: Rupiah::new(90_000_000), ..rows[0] });
    assert!(report(&rows).anomalies.is_empty());
}

#[test]
fn a_baseline_without_spread() {
    let last = |amounts: &[i64]| report(&every(amounts)).anomalies.first().cloned();
    assert_eq!(last(&[500, 500, 500, 500]), None);
    assert_eq!(last(&[500, 500, 500, 750]), None);
    let medium = last(&[500, 500, 500, 751]).unwrap();
    assert_eq!((medium.deviation, medium.severity, medium.kind), (None, Severity::Medium, Kind::Overspending));
    assert_eq!(last(&[500, 500, 500, 1001]).unwrap().severity, Severity::High);
    assert_eq!(last(&[500, 500, 500, 249]).unwrap().kind, Kind::Underspending);
    // Long nothing, then something: there is no scale.
    let mut amounts = [0; 14];
    (amounts[0], amounts[13]) = (9_000, 7);
    let revived = last(&amounts).unwrap();
    assert_eq!((revived.deviation, revived.severity, revived.history), (None, Severity::Medium, 12));
    assert!(serde_json::to_value(revived).unwrap()["deviation"].is_null());
}

#[test]
fn too_little_history_is_an_answer() {
    let mut rows = months(9, &[Some(1), Some(2), Some(9_000)]);
    rows.extend(every(&[5]));
    let report = report(&rows);
    assert_eq!((report.anomalies.len(), report.tested), (0, 0));
    let short = |category, there| TooLittleHistory { category: CategoryId(category), there, needed: 3 };
    assert_eq!(report.too_little_history, [short(1, 0), short(9, 2)]);
}

#[test]
fn every_month_is_tested_against_earlier_ones_only() {
    let options = ExpenseOptions { months: Months::Every, window: 4, ..rule() };
    let mut rows = every(&[100, 102, 98, 100, 300, 101, 99, 100, 100]);
    rows.extend(months(2, &[Some(50), Some(52), Some(48), Some(20)]));
    let report = expenses(&rows, AS_OF, &options).unwrap();
    assert_eq!(report.tested, 6 + 1);
    let found: Vec<_> = report.anomalies.iter().map(|found| (found.category.0, found.month)).collect();
    // z = 200 / √(8/3) comes before z = −15; after the spike the spread is too wide for an ordinary month.
    assert_eq!(found, [(1, month("2025-09")), (2, month("2026-01"))]);
    assert!(report.anomalies.iter().all(|found| found.history <= 4));
}

#[test]
fn a_transaction_does_not_hide_in_its_own_baseline() {
    // With the last inside, |z| could reach only 5/√6 = 2.04.
    let report = unusual(&entries(&[100, 110, 90, 105, 95, 2000]));
    assert_eq!((report.unusual.len(), report.tested), (1, 6));
    let found = report.unusual[0];
    // The others have mean 100 and sd √(250/4).
    assert_eq!((found.entry, found.others, found.kind), (EntryId(6), 5, Kind::Overspending));
    assert!((found.deviation.unwrap() - 1900.0 / 62.5_f64.sqrt()).abs() < 1e-9);
    assert!((found.mean - 100.0).abs() < 1e-12 && (found.sd - 62.5_f64.sqrt()).abs() < 1e-12);
    assert_eq!(found.expected_range.max, Rupiah::from_f64(100.0 + 3.0 * 62.5_f64.sqrt()));
}

#[test]
fn a_huge_amount_leaves_no_rounding_error_behind() {
    // The spread of the others, one sen here and there, is 10¹⁵ times smaller than the amount taken out.
    let mut all = entries(&[100_000; 7]);
    all.amount[0] = Rupiah::from_sen(10_000_001);
    all.amount[1] = Rupiah::from_sen(9_999_999);
    all.amount[6] = Rupiah::from_sen(1_000_000_000_000_000);
    let found = unusual(&all).unusual[0];
    assert_eq!(found.entry, EntryId(7));
    assert!((found.sd * 100.0 - (2.0_f64 / 5.0).sqrt()).abs() < 1e-12, "{}", found.sd);
}

#[test]
fn transactions_without_spread_or_history() {
    let report = unusual(&entries(&[500, 500, 500, 500, 500, 500, 800]));
    assert_eq!((report.unusual.len(), report.unusual[0].deviation), (1, None));
    assert!(unusual(&entries(&[500, 500, 500, 500, 500, 500, 750])).unusual.is_empty());
    assert!(unusual(&entries(&[500; 9])).unusual.is_empty());
    let few = unusual(&entries(&[1, 2, 3, 4, 9_000]));
    assert_eq!((few.tested, few.too_little_history[0].there, few.too_little_history[0].needed), (0, 4, 5));
    assert_eq!(unusual(&CashEntries::default()), TransactionReport::default());
}

#[test]
fn earlier_transactions_count_but_are_not_reported() {
    let mut all = entries(&[100, 110, 90, 105, 95, 2000]);
    let options = TransactionOptions { since: Some(date(2026, 1, 11)), ..TransactionOptions::default() };
    assert_eq!(transactions(&all, AS_OF, &options).unwrap().tested, 0);
    all.date[5] = date(2026, 1, 11);
    assert_eq!(transactions(&all, AS_OF, &options).unwrap().unusual.len(), 1);
}

#[test]
fn wrong_columns_and_options() {
    let broken: [fn(&mut CashEntries); 3] = [
        |all| all.date[0] = date(2026, 2, 4),
        |all| all.amount[0] = Rupiah::from_sen(1_000_000_000_000_001),
        |all| all.category.truncate(1),
    ];
    for break_it in broken {
        let mut all = entries(&[1, 2, 3]);
        break_it(&mut all);
        let error = transactions(&all, AS_OF, &TransactionOptions::default()).unwrap_err();
        assert_eq!(error.code(), "invalid_input");
    }
    let defaults = ExpenseOptions::default;
    for options in [
        ExpenseOptions { min_history: 1, ..defaults() },
        ExpenseOptions { window: 2, ..defaults() },
        ExpenseOptions { high: 1.9, ..defaults() },
        ExpenseOptions { medium: f64::NAN, ..defaults() },
        ExpenseOptions { no_spread_high: f64::INFINITY, ..defaults() },
    ] {
        assert_eq!(expenses(&[], AS_OF, &options).unwrap_err().code(), "invalid_input", "{options:?}");
    }
    for options in [
        TransactionOptions { threshold: 0.0, ..TransactionOptions::default() },
        TransactionOptions { min_history: 1, ..TransactionOptions::default() },
    ] {
        assert_eq!(options.validate().unwrap_err().code(), "invalid_input", "{options:?}");
    }
}

proptest! {
    #[test]
    fn months_never_break_it(
        rows in proptest::collection::vec((0u64..3, -2400i32..4, any::<i64>()), 0..80), all: bool,
    ) {
        let rows: Vec<_> = rows.into_iter().map(|(category, offset, sen)| CategoryMonth {
            category: CategoryId(category), month: month("2026-01") + offset, total: Rupiah::from_sen(sen), count: 1,
        }).collect();
        let months = if all { Months::Every } else { Months::Last };
        let report = expenses(&rows, AS_OF, &ExpenseOptions { months, ..rule() }).unwrap();
        for found in &report.anomalies {
            prop_assert!(found.mean.is_finite() && found.sd.is_finite());
            prop_assert!(found.deviation.is_none_or(|z| z.is_finite() && z.abs() > 2.0));
            prop_assert!(found.month < month("2026-02") && found.history >= 3 && found.history <= 12);
        }
        prop_assert!(report.anomalies.windows(2).all(|pair| pair[0].severity >= pair[1].severity));
    }

    /// The sums with one taken out agree with the plain mean and deviation of the others.
    #[test]
    fn taking_one_out_equals_leaving_it_out(
        sen in proptest::collection::vec(-100_000_000i64..10_000_000_000, 6..40),
    ) {
        let mut all = entries(&vec![0; sen.len()]);
        all.amount = sen.iter().map(|&sen| Rupiah::from_sen(sen)).collect();
        let options = TransactionOptions { threshold: 1e-9, ..TransactionOptions::default() };
        for found in transactions(&all, AS_OF, &options).unwrap().unusual {
            let others: Vec<f64> = (all.entry.iter().zip(&all.amount))
                .filter(|&(&entry, _)| entry != found.entry)
                .map(|(_, amount)| amount.to_f64())
                .collect();
            let (mean, sd) = (crate::stats::mean(&others).unwrap(), crate::stats::sample_sd(&others).unwrap());
            prop_assert!((found.mean - mean).abs() <= 1e-9 * mean.abs().max(1.0));
            prop_assert!((found.sd - sd).abs() <= 1e-9 * sd.max(1.0));
        }
    }

    #[test]
    fn transactions_never_break_it(
        rows in proptest::collection::vec((0u64..3, prop_oneof![Just(0i64), -1_000_000_000_000_000i64..=1_000_000_000_000_000]), 0..60),
    ) {
        let mut all = entries(&vec![0; rows.len()]);
        all.category = rows.iter().map(|row| CategoryId(row.0)).collect();
        all.amount = rows.iter().map(|row| Rupiah::from_sen(row.1)).collect();
        let report = unusual(&all);
        prop_assert!(report.unusual.len() <= report.tested && report.tested <= all.len());
        for found in &report.unusual {
            prop_assert!(found.mean.is_finite() && found.sd.is_finite());
            prop_assert!(found.deviation.is_none_or(|z| z.is_finite() && z.abs() > 3.0));
        }
    }
}

/// Who is found at some factor is found at every larger one, in constant histories (rent, salaries) as in noisy ones.
#[test]
fn a_grosser_error_is_found_as_well() {
    let strange = |others: &[Vec<i64>], n: usize, at: usize, noise: f64, factor: f64| {
        let amount = |i: usize| {
            let usual = 1e6 * (noise * (((i * 7_919 + 13) % 101) as f64 / 50.0 - 1.0)).exp();
            (if i == at { usual * factor } else { usual }).round() as i64
        };
        let mut rows = every(&(0..n).map(amount).collect::<Vec<_>>());
        for (id, other) in (2..).zip(others) {
            rows.extend(months(id, &other.iter().copied().map(Some).collect::<Vec<_>>()));
        }
        let options = ExpenseOptions { months: Months::Every, ..ExpenseOptions::default() };
        let report = expenses(&rows, AS_OF, &options).unwrap();
        let found = month("2026-01") - (n - 1 - at) as i32;
        report.anomalies.iter().any(|a| a.category == CategoryId(1) && a.month == found && a.severity == Severity::High)
    };
    for n in [4, 5, 7, 8, 12, 13, 24, 25, 36, 60] {
        for at in [n - 1, n / 2] {
            for noise in [0.0, 0.001, 0.1] {
                for factor in [10.0, 100.0, 1e3, 1e4, 1e6, 1e9, 1e-2, 1e-4] {
                    assert!(strange(&[], n, at, noise, factor), "{n} months, month {at}, noise {noise}, x {factor}");
                }
            }
            let constant = vec![vec![2_000_000; n]; 3];
            for factor in [2.0, 100.0, 1e4] {
                assert!(
                    strange(&constant, n, at, 0.0, factor),
                    "four categories of {n} months, month {at}, x {factor}"
                );
            }
        }
    }
}

/// Ordinary noise of one category, the same for the same seed: sums of twelve uniform numbers, standard deviation `sd`.
fn noisy(seed: u64, n: usize, sd: f64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..n).map(|_| 3e6 * (sd * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)).exp()).collect()
}

fn judged(amounts: &[f64], months: Months) -> ExpenseReport {
    let rows = every(&amounts.iter().map(|amount| amount.round() as i64).collect::<Vec<_>>());
    expenses(&rows, AS_OF, &ExpenseOptions { months, ..ExpenseOptions::default() }).unwrap()
}

/// Up to four odd months in a row, and then an ordinary one again: no new level, and the ordinary month stays ordinary.
#[test]
fn spikes_that_are_over_are_no_new_level() {
    for sd in [0.1, 0.18] {
        for spikes in 1..=4 {
            let (mut called, mut claimed) = (0, 0);
            for seed in 0..40 {
                let mut amounts = noisy(seed + 1, 24, sd);
                amounts[23 - spikes..23].iter_mut().for_each(|amount| *amount *= 3.0);
                let report = judged(&amounts, Months::Last);
                called += report.anomalies.len();
                claimed += report.shifts.len();
            }
            assert!(called <= 2 && claimed <= 1, "sd {sd}, {spikes} spikes: {called} called, {claimed} shifts of 40");
        }
    }
}

/// The month before a new level is ordinary; a level that has lasted is found from its first month on.
#[test]
fn a_new_level_begins_where_it_begins() {
    for lasted in 1..=8 {
        let (mut before, mut right, mut claimed) = (0, 0, 0);
        for seed in 0..40 {
            let mut amounts = noisy(seed + 101, 24, 0.1);
            amounts[24 - lasted..].iter_mut().for_each(|amount| *amount *= 2.0);
            let report = judged(&amounts, Months::Every);
            let first = month("2026-01") - (lasted as i32 - 1);
            before += usize::from(report.anomalies.iter().any(|found| found.month < first));
            claimed += usize::from(!report.shifts.is_empty());
            right += usize::from(report.shifts.len() == 1 && report.shifts[0].month == first);
        }
        assert!(before <= 4, "{lasted} months: {before} of 40 with an ordinary month called strange");
        let wrong = claimed - right;
        assert!(wrong <= 3 && (lasted < 4 || right >= 36), "{lasted} months: {right} right, {wrong} wrong of 40");
    }
}

#[test]
fn two_new_levels_are_found() {
    let mut right = 0;
    for seed in 0..40 {
        let mut amounts = noisy(seed + 201, 24, 0.1);
        amounts[8..].iter_mut().for_each(|amount| *amount *= 2.0);
        amounts[16..].iter_mut().for_each(|amount| *amount *= 1.8);
        let shifts = judged(&amounts, Months::Every).shifts;
        let first = month("2026-01") - 23;
        right += usize::from(shifts.len() == 2 && shifts[0].month == first + 8 && shifts[1].month == first + 16);
    }
    assert!(right >= 34, "{right} of 40");
}
