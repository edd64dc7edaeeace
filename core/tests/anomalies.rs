//! Simulated charities: what is found, and how often an ordinary month is called strange.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use dermawan::anomaly::{ExpenseOptions, ExpenseReport, Kind, Months, Severity, expenses};
use dermawan::calendar::hijri::{MonthFeatures, Overrides};
use dermawan::sample::{MonthNoise, MonthOptions, SampleMonths};
use dermawan::{CategoryId, CategoryMonth, Month, Rupiah};
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::HashSet;

/// Counts over simulated charities, every month judged.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    found: usize,
    odd: usize,
    false_alarms: usize,
    ordinary: usize,
}

impl Counts {
    fn f1(self) -> f64 {
        2.0 * self.found as f64 / (self.found + self.false_alarms + self.odd) as f64
    }

    fn rate(self) -> f64 {
        self.false_alarms as f64 / self.ordinary as f64
    }
}

fn count(seeds: std::ops::Range<u64>, simulated: &MonthOptions, options: &ExpenseOptions) -> Counts {
    let mut counts = Counts::default();
    for seed in seeds {
        let sample = SampleMonths::new(seed, simulated);
        let report = expenses(&sample.rows, date(2026, 1, 1), options).unwrap();
        let found: HashSet<_> = report.anomalies.iter().map(|found| (found.category, found.month)).collect();
        for (row, &odd) in sample.rows.iter().zip(&sample.odd) {
            let found = usize::from(found.contains(&(row.category, row.month)));
            if odd {
                (counts.odd, counts.found) = (counts.odd + 1, counts.found + found);
            } else {
                (counts.ordinary, counts.false_alarms) = (counts.ordinary + 1, counts.false_alarms + found);
            }
        }
    }
    counts
}

fn every() -> ExpenseOptions {
    ExpenseOptions { months: Months::Every, ..ExpenseOptions::default() }
}

/// Bounds are what `benches/anomaly` counts on more charities, loosened by two standard errors of so few.
#[test]
fn finds_anomalies_without_crying_wolf() {
    for (months, charities, least, most) in [
        (4, 250, 0.77, 0.012),
        (5, 200, 0.80, 0.01),
        (7, 200, 0.84, 0.008),
        (13, 100, 0.86, 0.0055),
        (36, 40, 0.89, 0.005),
    ] {
        let counts = count(0..charities, &MonthOptions { months, ..MonthOptions::default() }, &every());
        assert!(counts.f1() > least && counts.rate() < most, "{months} months: {} {counts:?}", counts.f1());
    }
    let moving = MonthOptions { months: 36, moving: true, ..MonthOptions::default() };
    let counts = count(0..40, &moving, &every());
    assert!(counts.f1() > 0.81 && counts.rate() < 0.006, "{} {counts:?}", counts.f1());
}

/// The rule cannot hold its rate: it alarms on one month in eight of clean histories of four months.
#[test]
fn holds_its_false_alarm_level() {
    for (shape, months) in [
        (MonthNoise::Normal, 13),
        (MonthNoise::Normal, 36),
        (MonthNoise::Skewed, 7),
        (MonthNoise::Skewed, 36),
        (MonthNoise::Heavy, 7),
        (MonthNoise::Heavy, 10),
        (MonthNoise::Heavy, 16),
        (MonthNoise::Heavy, 36),
    ] {
        let clean = MonthOptions { months, shape, contamination: 0.0, ..MonthOptions::default() };
        let options = ExpenseOptions { false_alarm: Some(0.05), smallest_change: 0.0, ..every() };
        let rate = count(0..(1_500 / months) as u64, &clean, &options).rate();
        // A fifth of the level, and two standard errors of 6,000 months.
        assert!((rate - 0.05).abs() < 0.01 + 0.0056, "{shape:?}, {months} months: {rate}");
    }
}

/// One category with `logs` up to December 2025.
fn category(id: u64, amounts: &[f64]) -> Vec<CategoryMonth> {
    let last = Month::of(date(2025, 12, 1));
    let row = |(i, amount): (usize, &f64)| CategoryMonth {
        category: CategoryId(id),
        month: last - (amounts.len() - 1 - i) as i32,
        total: Rupiah::from_f64(*amount),
        count: 1,
    };
    amounts.iter().enumerate().map(row).collect()
}

/// Ten per cent up and down around 1,000,000, the same every time.
fn wobble(n: usize) -> Vec<f64> {
    (0..n).map(|i| 1e6 * (1.0 + 0.1 * ((i * 7 % 11) as f64 - 5.0) / 5.0)).collect()
}

fn months_of(report: &ExpenseReport) -> Vec<String> {
    report.anomalies.iter().map(|found| found.month.to_string()).collect()
}

#[test]
fn konsumsi_by_default() {
    let rows = category(1, &[3_000_000.0, 3_200_000.0, 3_100_000.0, 5_500_000.0]);
    let report = expenses(&rows, date(2026, 1, 3), &ExpenseOptions::default()).unwrap();
    let found = &report.anomalies[0];
    assert_eq!((found.kind, found.severity, found.history), (Kind::Overspending, Severity::High, 3), "{found:?}");
    // What the rule would have said, to the last bit.
    assert_eq!(
        (found.deviation, found.mean.to_bits(), found.sd.to_bits()),
        (Some(24.0), 3.1e6_f64.to_bits(), 1e5_f64.to_bits())
    );
    assert!((2.9e6..3.3e6).contains(&found.expected.to_f64()), "{found:?}");
    assert!(found.expected_range.min < found.expected && found.expected < found.expected_range.max);
    assert!(found.expected_range.max < found.amount && found.p_value.unwrap() < 0.01);
    assert!(found.why.en.contains("above what was expected") && found.why.id.contains("di atas"));
}

#[test]
fn several_anomalies_do_not_hide_one_another() {
    let mut amounts = wobble(20);
    for (i, factor) in [(3, 2.5), (9, 2.6), (10, 2.4), (15, 0.3)] {
        amounts[i] *= factor;
    }
    let report = expenses(&category(1, &amounts), date(2026, 1, 3), &every()).unwrap();
    let mut found = months_of(&report);
    found.sort();
    assert_eq!(found, ["2024-08", "2025-02", "2025-03", "2025-08"]);
    assert!(report.shifts.is_empty());
}

#[test]
fn a_level_shift_is_not_a_row_of_spikes() {
    let mut amounts = wobble(24);
    amounts[16..].iter_mut().for_each(|amount| *amount *= 1.8);
    amounts[20] *= 2.5;
    let report = expenses(&category(1, &amounts), date(2026, 1, 3), &every()).unwrap();
    assert_eq!((months_of(&report), report.shifts.len()), (vec!["2025-09".to_owned()], 1));
    let shift = report.shifts[0];
    assert!(shift.month.to_string() == "2025-05" && (1.6..2.0).contains(&shift.factor), "{shift:?}");
}

#[test]
fn zeros_negatives_and_equal_months() {
    let judge =
        |amounts: &[f64]| expenses(&category(1, amounts), date(2026, 1, 3), &ExpenseOptions::default()).unwrap();
    // Equal months: a little more is nothing, half as much again is something, and there is no z.
    assert!(judge(&[5e5; 12]).anomalies.is_empty());
    let mut rent = [5e5; 12];
    rent[11] = 5.2e5;
    assert!(judge(&rent).anomalies.is_empty());
    rent[11] = 7.5e5;
    let found = &judge(&rent).anomalies[0];
    assert_eq!((found.deviation, found.kind), (None, Kind::Overspending));
    // An empty month, and one with more refunds than expenses, among full ones.
    for silent in [0.0, -4e5] {
        let mut amounts = wobble(12);
        amounts[11] = silent;
        let report = judge(&amounts);
        assert_eq!((report.anomalies[0].kind, report.anomalies[0].severity), (Kind::Underspending, Severity::High));
    }
    // Paid now and then: an empty month is ordinary, and a payment is compared with payments.
    let mut gaps = [0.0; 18];
    for i in (0..18).step_by(3) {
        gaps[i] = 9e5 + 1e4 * i as f64;
    }
    assert!(judge(&gaps).anomalies.is_empty());
    gaps[17] = 4e6;
    assert_eq!(judge(&gaps).anomalies[0].history, 6);
    // Nothing but zeros, or two payments ever, is too little to say anything.
    for few in [[0.0; 12], [0.0, 7e5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8e5]] {
        let report = judge(&few);
        assert_eq!((report.tested, report.too_little_history.len(), report.anomalies.len()), (0, 1, 0));
    }
}

#[test]
fn a_season_and_ramadan_are_expected() {
    // Twice as much every December; three times as much in Ramadan, which moves.
    let last = Month::of(date(2025, 12, 1));
    let mut amounts = wobble(36);
    for (i, amount) in amounts.iter_mut().enumerate() {
        let month = last - (35 - i) as i32;
        let fasting = MonthFeatures::of(month, &Overrides::default()).ramadan;
        *amount *= 3f64.powf(f64::from(fasting) / 30.0) * if month.number() == 12 { 2.0 } else { 1.0 };
    }
    let report = expenses(&category(1, &amounts), date(2026, 1, 3), &every()).unwrap();
    let december = |text: &String| text.ends_with("-12");
    assert!(months_of(&report).iter().all(|text| !december(text)), "{report:?}");
    amounts[30] *= 3.0;
    let odd = expenses(&category(1, &amounts), date(2026, 1, 3), &every()).unwrap();
    assert!(months_of(&odd).contains(&"2025-07".to_owned()), "{odd:?}");
}

proptest! {
    #[test]
    fn nothing_breaks_it(
        rows in proptest::collection::vec((0u64..4, 0i32..40, prop_oneof![Just(0i64), -1_000_000_000_000_000i64..=1_000_000_000_000_000, 1i64..=100]), 0..80),
    ) {
        let first = Month::of(date(2022, 9, 1));
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(category, month, sen)| CategoryMonth {
                category: CategoryId(category), month: first + month, total: Rupiah::from_sen(sen), count: 1,
            })
            .collect();
        for months in [Months::Last, Months::Every] {
            let report = expenses(&rows, date(2026, 1, 3), &ExpenseOptions { months, ..every() }).unwrap();
            prop_assert!(report.anomalies.len() <= report.tested);
            for found in &report.anomalies {
                prop_assert!(found.mean.is_finite() && found.sd.is_finite());
                prop_assert!(found.p_value.is_some_and(|p| (0.0..=1.0).contains(&p)));
                prop_assert!(found.expected_range.min <= found.expected_range.max);
                prop_assert!(!found.why.id.contains("NaN") && !found.why.en.contains("inf"));
            }
        }
    }
}
