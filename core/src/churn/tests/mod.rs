mod charities;
mod references;
mod values;

use super::*;
use crate::model::{DonorId, Language, Rupiah};
use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

const AS_OF: Date = date(2026, 1, 31);

/// A donor for each of (gifts, days since the last, gifts of late).
fn donors(rows: &[(u32, i64, u32)]) -> DonorGifts {
    let last = |days: i64| AS_OF.checked_sub(days.days()).unwrap();
    DonorGifts {
        donor: (1..=rows.len() as u64).map(DonorId).collect(),
        count: rows.iter().map(|row| row.0).collect(),
        total: rows.iter().map(|row| Rupiah::new(500_000) * i64::from(row.0)).collect(),
        first: rows.iter().map(|row| last(row.1 + i64::from(row.0) - 1)).collect(),
        last: rows.iter().map(|row| last(row.1)).collect(),
        recent: rows.iter().map(|row| row.2).collect(),
    }
}

fn scores(rows: &[(u32, i64, u32)]) -> Scores {
    score(&donors(rows), AS_OF, &ScoreOptions::default()).unwrap()
}

#[test]
fn twelve_gifts_and_95_days_of_silence() {
    let row = scores(&[(12, 95, 0)]).row(0).unwrap();
    assert_eq!((row.score, row.level), (70, Level::Medium));
    let words = |language| row.reasons().map(|factor| factor.words(language)).collect::<Vec<_>>();
    assert_eq!(words(Language::En), ["95 days since the last gift", "no gift in the last 3 months"]);
    assert_eq!(words(Language::Id), ["95 hari sejak donasi terakhir", "tidak ada donasi dalam 3 bulan terakhir"]);
    assert_eq!(row.factors.map(Factor::points), [40, 0, 30]);
    let json = serde_json::to_value(row).unwrap();
    assert_eq!(json["level"], "MEDIUM");
    assert_eq!(json["factors"][0], serde_json::json!({"factor": "days_since_last", "days": 95, "points": 40}));
}

#[test]
fn thresholds_on_both_sides() {
    let days: Vec<_> = [0, 30, 31, 60, 61, 90, 91].iter().map(|&days| (6, days, 2)).collect();
    assert_eq!(scores(&days).score, [0, 0, 15, 15, 30, 30, 40]);
    let ever: Vec<_> = [1, 2, 3, 5, 6].iter().map(|&gifts| (gifts, 0, 1)).collect();
    assert_eq!(scores(&ever).ever_points, [30, 20, 10, 10, 0]);
    let recent: Vec<_> = [0, 1, 2, 3].iter().map(|&recent| (6, 0, recent)).collect();
    assert_eq!(scores(&recent).score, [30, 15, 0, 0]);
    assert_eq!(scores(&[(1, 400, 0)]).score, [100]);

    // 70, 75, 45, 50: below and on the thresholds of the levels
    let levels = scores(&[(6, 91, 0), (2, 91, 1), (6, 61, 1), (2, 61, 2)]);
    assert_eq!(levels.score, [70, 75, 45, 50]);
    assert_eq!(levels.level, [Level::Medium, Level::High, Level::Low, Level::Medium]);
    assert_eq!(levels.ranked(50), [1, 0, 3]);
}

#[test]
fn words_for_one_and_many() {
    let recent = |gifts, months| Factor::GiftsRecent { gifts, months, points: 15 };
    for (factor, id, en) in [
        (Factor::DaysSinceLast { days: 1, points: 0 }, "1 hari sejak donasi terakhir", "1 day since the last gift"),
        (Factor::GiftsEver { gifts: 1, points: 30 }, "1 kali berdonasi sejak awal", "1 gift ever"),
        (Factor::GiftsEver { gifts: 2, points: 20 }, "2 kali berdonasi sejak awal", "2 gifts ever"),
        (recent(1, 3), "1 kali berdonasi dalam 3 bulan terakhir", "1 gift in the last 3 months"),
        (recent(0, 1), "tidak ada donasi dalam 1 bulan terakhir", "no gift in the last 1 month"),
    ] {
        assert_eq!((factor.words(Language::Id).as_str(), factor.words(Language::En).as_str()), (id, en));
    }
}

#[test]
fn segments_on_both_sides_of_each_threshold() {
    use Segment::{AtRisk, Champions, Loyal, New, OneTime};
    let rows = [
        ((6, 60), Champions),
        ((6, 61), Loyal),
        ((5, 60), Loyal),
        ((3, 90), Loyal),
        ((6, 91), AtRisk),
        ((3, 91), AtRisk),
        ((2, 91), AtRisk),
        ((2, 90), OneTime),
        ((2, 5), OneTime),
        ((1, 30), New),
        ((1, 31), OneTime),
        ((1, 900), OneTime),
    ];
    let input: Vec<_> = rows.iter().map(|&((gifts, days), _)| (gifts, days, 0)).collect();
    let result = segments(&donors(&input), 7, AS_OF, &SegmentOptions::default()).unwrap();
    assert_eq!(result.segment, rows.map(|(_, segment)| segment));
    let counts = SegmentCounts { champions: 1, loyal: 3, at_risk: 3, new: 1, one_time: 4, never_gave: 7 };
    assert_eq!(result.counts, counts);
}

/// The donor of the INFO message: Rp 6.000.000 in 12 gifts, average Rp 500.000, active 12 months.
#[test]
fn the_value_of_pak_budi() {
    let mut gifts = donors(&[(12, 16, 3)]);
    gifts.first[0] = date(2025, 2, 15);
    assert_eq!(gifts.last[0], date(2026, 1, 15));
    let value = lifetime_value(&gifts, AS_OF).unwrap().row(0).unwrap();
    assert_eq!((value.total_value, value.average_donation), (Rupiah::new(6_000_000), Rupiah::new(500_000)));
    assert_eq!((value.months_active, value.monthly_value), (12, Rupiah::new(500_000)));
    assert!((value.donation_frequency - 1.0).abs() < f64::EPSILON);
    gifts.last[0] = date(2026, 1, 14);
    assert_eq!(lifetime_value(&gifts, AS_OF).unwrap().months_active, [11]);
    gifts.first[0] = gifts.last[0];
    assert_eq!(lifetime_value(&gifts, AS_OF).unwrap().months_active, [1]);
}

#[test]
fn columns_that_contradict_themselves() {
    let good = donors(&[(3, 10, 1), (2, 40, 1)]);
    let broken: [fn(&mut DonorGifts); 5] = [
        |gifts| gifts.last[1] = date(2026, 2, 1),
        |gifts| gifts.first[1] = date(2026, 1, 30),
        |gifts| gifts.count[1] = 0,
        |gifts| gifts.recent[1] = 3,
        |gifts| gifts.total.truncate(1),
    ];
    for break_it in broken {
        let mut gifts = good.clone();
        break_it(&mut gifts);
        assert_eq!(score(&gifts, AS_OF, &ScoreOptions::default()).unwrap_err().code(), "invalid_input");
        assert_eq!(segments(&gifts, 0, AS_OF, &SegmentOptions::default()).unwrap_err().code(), "invalid_input");
        assert_eq!(lifetime_value(&gifts, AS_OF).unwrap_err().code(), "invalid_input");
    }
    assert!(score(&DonorGifts::default(), AS_OF, &ScoreOptions::default()).unwrap().is_empty());
}

#[test]
fn options_out_of_order() {
    let broken: [fn(&mut ScoreOptions); 6] = [
        |options| options.days_since_last.reverse(),
        |options| options.gifts_ever[0].points = 20,
        |options| options.gifts_recent.swap(0, 1),
        |options| options.days_since_last[0].points = 41,
        |options| options.medium = 76,
        |options| options.recent_months = 0,
    ];
    for break_it in broken {
        let mut options = ScoreOptions::default();
        break_it(&mut options);
        assert_eq!(options.validate().unwrap_err().code(), "invalid_input", "{options:?}");
    }
    for options in [
        SegmentOptions { loyal_gifts: 7, ..SegmentOptions::default() },
        SegmentOptions { at_risk_gifts: 1, ..SegmentOptions::default() },
        SegmentOptions { champion_days: 91, ..SegmentOptions::default() },
    ] {
        assert_eq!(options.validate().unwrap_err().code(), "invalid_input", "{options:?}");
    }
    let options: ScoreOptions = serde_json::from_str(r#"{"high": 80}"#).unwrap();
    assert_eq!(options, ScoreOptions { high: 80, ..ScoreOptions::default() });
}

fn any_donors() -> impl Strategy<Value = DonorGifts> {
    proptest::collection::vec((1u32..40, 0i64..2000, 0u32..6), 0..60).prop_map(|mut rows| {
        for row in &mut rows {
            row.2 = row.2.min(row.0);
        }
        donors(&rows)
    })
}

proptest! {
    #[test]
    fn scores_stay_in_range_and_are_their_factors(gifts in any_donors()) {
        let scores = score(&gifts, AS_OF, &ScoreOptions::default()).unwrap();
        prop_assert_eq!(scores.len(), gifts.len());
        for row in 0..scores.len() {
            let one = scores.row(row).unwrap();
            prop_assert!(one.score <= 100);
            prop_assert_eq!(one.factors.map(Factor::points).iter().sum::<u8>(), one.score);
            prop_assert_eq!(one.reasons().map(Factor::points).sum::<u8>(), one.score);
        }
        prop_assert!(scores.row(scores.len()).is_none());
    }

    /// A longer silence never lowers a score, another gift never raises it.
    #[test]
    fn scores_are_monotone(gifts in 1u32..12, days in 0i64..200, recent in 0u32..4) {
        let recent = recent.min(gifts);
        let score = scores(&[(gifts, days, recent), (gifts, days + 1, recent), (gifts + 1, days, recent + 1)]).score;
        prop_assert!(score[1] >= score[0] && score[2] <= score[0]);
    }

    #[test]
    fn segments_part_the_donors(gifts in any_donors(), never_gave in 0u64..1000) {
        let SegmentCounts { champions, loyal, at_risk, new, one_time, never_gave: reported } =
            segments(&gifts, never_gave, AS_OF, &SegmentOptions::default()).unwrap().counts;
        prop_assert_eq!(champions + loyal + at_risk + new + one_time, gifts.len() as u64);
        prop_assert_eq!(reported, never_gave);
    }

    #[test]
    fn values_keep_the_total(gifts in any_donors()) {
        let values = lifetime_value(&gifts, AS_OF).unwrap();
        for row in 0..values.len() {
            let value = values.row(row).unwrap();
            let months = i64::from(value.months_active);
            prop_assert!((value.monthly_value * months - value.total_value).sen().abs() <= months);
            prop_assert!(value.donation_frequency.is_finite() && value.donation_frequency > 0.0);
        }
    }
}
