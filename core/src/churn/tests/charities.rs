//! Outlooks, calls and backtests of small made-up charities.

use crate::calendar::hijri::{Overrides, RAMADAN};
use crate::churn::*;
use crate::model::{DonorId, GiftDays, Language, RepeatGiving, Rupiah};
use jiff::ToSpan;
use jiff::civil::date;
use std::collections::BTreeSet;

/// Shawwal 1446: Idul Fitri was on 31 March.
const SHAWWAL: Date = date(2025, 4, 20);

pub(super) fn ramadans() -> Vec<(Date, Date)> {
    crate::calendar::spans(RAMADAN, 2, date(2015, 1, 1), date(2029, 12, 31), &Overrides::default())
}

/// What a store would sum of a log.
pub(super) fn giving(log: &GiftDays, as_of: Date) -> RepeatGiving {
    let seasons = ramadans();
    let mut found = RepeatGiving::default();
    for donor in log.donor.iter().copied().collect::<BTreeSet<_>>() {
        let rows: Vec<usize> = (0..log.len()).filter(|&row| log.donor[row] == donor && log.day[row] <= as_of).collect();
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else { continue };
        let of = |row: &usize| seasons.iter().position(|(a, z)| (*a..=*z).contains(&log.day[*row]));
        found.donor.push(donor);
        found.days.push(rows.len() as u32);
        found.first.push(log.day[first]);
        found.last.push(log.day[last]);
        found.total.push(rows.iter().map(|&row| log.total[row]).sum());
        found.season_days.push(rows.iter().filter_map(of).count() as u32);
        found.seasons.push(rows.iter().filter_map(of).collect::<BTreeSet<_>>().len() as u32);
    }
    found
}

pub(super) fn add(log: &mut GiftDays, donor: u64, days: &[Date]) {
    for &day in days {
        log.donor.push(DonorId(donor));
        log.day.push(day);
        log.total.push(Rupiah::new(250_000));
    }
}

/// 300 donors of MBG/NBD; donor 1001 gives every 30 days and has been silent for 95; 1002 gives in every Ramadan, 1003
/// and 1004 did until 2022, 1005 gave once.
fn charity() -> GiftDays {
    let mut log = simulate_days(Model::MbgNbd, [0.8, 60.0, 0.8, 2.5], 300, (date(2021, 1, 1), SHAWWAL), 3);
    let monthly: Vec<Date> = (0..12).rev().map(|i| SHAWWAL.checked_sub((95 + 30 * i).days()).unwrap()).collect();
    add(&mut log, 1001, &monthly);
    let in_ramadan = |years: std::ops::RangeInclusive<i16>| -> Vec<Date> {
        let all = ramadans();
        all.iter()
            .filter(|(first, _)| years.contains(&first.year()))
            .map(|(first, _)| first.tomorrow().unwrap())
            .collect()
    };
    add(&mut log, 1002, &in_ramadan(2019..=2025));
    add(&mut log, 1003, &in_ramadan(2019..=2022));
    add(&mut log, 1004, &in_ramadan(2018..=2022));
    add(&mut log, 1005, &[date(2025, 4, 1)]);
    log
}

fn outlooks(as_of: Date, options: &OutlookOptions) -> Outlooks {
    let (log, seasons) = (charity(), ramadans());
    let giving = giving(&log, as_of);
    outlook(Known { giving: &giving, opportunities: None, seasons: &seasons }, Method::MbgNbd, as_of, options).unwrap()
}

fn row(outlooks: &Outlooks, donor: u64) -> usize {
    outlooks.donor.iter().position(|id| id.0 == donor).unwrap()
}

#[test]
fn a_ramadan_giver_is_not_lost_in_shawwal() {
    let found = outlooks(SHAWWAL, &OutlookOptions::default());
    let (faithful, gone) = (row(&found, 1002), row(&found, 1003));
    assert!(found.seasonal[faithful] && found.seasonal[gone]);
    assert_eq!((found.seasons_missed[faithful], found.seasons_missed[gone]), (0, 3));
    assert!(found.p_no_gift[faithful] < 0.3, "{}", found.p_no_gift[faithful]);
    assert!(found.p_no_gift[gone] > 0.6, "{}", found.p_no_gift[gone]);
    // Only the next quarter is asked about, in which there is no Ramadan: nothing comes, and yet nobody is lost.
    let quarter = outlooks(SHAWWAL, &OutlookOptions { horizon_days: 90, ..OutlookOptions::default() });
    assert_eq!((quarter.p_no_gift[faithful], quarter.p_no_gift_low[faithful]), (1.0, 1.0));
    assert_eq!((quarter.expected_gifts[faithful], quarter.expected_value[faithful]), (0.0, Rupiah::ZERO));
    assert!((quarter.p_alive[faithful] - found.p_alive[faithful]).abs() < 1e-12);
    assert_eq!(quarter.lifetime_value[faithful], found.lifetime_value[faithful]);
    for found in [&found, &quarter] {
        assert_eq!(found.level[faithful], Level::Low);
        assert_eq!(found.next_season[faithful], Some(date(2026, 2, 18)));
        let all = RecommendOptions { min_p_no_gift: 0.0, capacity: 1000, ..RecommendOptions::default() };
        assert!(recommend(found, &all).unwrap().iter().all(|call| call.donor.0 != 1002));
    }
    let sign = quarter.sign(faithful).unwrap();
    let words = "gives in Ramadan: 7 Ramadans, none missed since; expected again from 2026-02-18";
    assert_eq!(sign.words(Language::En), words);
    // The next Ramadan passes without a gift: now he has missed one, and the chance that he stays away has grown.
    let later = outlooks(date(2026, 4, 20), &OutlookOptions::default());
    let faithful = row(&later, 1002);
    assert_eq!(later.seasons_missed[faithful], 1);
    assert!(later.p_no_gift[faithful] > found.p_no_gift[row(&found, 1002)] + 0.1);
    let words = later.sign(faithful).unwrap().words(Language::Id);
    assert_eq!(words, "donatur Ramadan: 7 Ramadan, 1 terlewat; diharapkan lagi mulai 8-2-2027");
}

/// Silent for more than a year, and worth a call: they missed one Ramadan.
#[test]
fn ramadan_givers_who_missed_one_are_called() {
    let (mut log, all) = (charity(), ramadans());
    for donor in 0..10 {
        let days: Vec<Date> = all
            .iter()
            .filter(|(first, _)| (2021..=2025).contains(&first.year()))
            .map(|(first, _)| first.checked_add((3 * donor).days()).unwrap())
            .collect();
        add(&mut log, 2000 + donor as u64, &days);
    }
    let called = |as_of: Date, options: &RecommendOptions| -> Vec<u64> {
        let giving = giving(&log, as_of);
        let known = Known { giving: &giving, opportunities: None, seasons: &all };
        let found = outlook(known, Method::MbgNbd, as_of, &OutlookOptions::default()).unwrap();
        let options = RecommendOptions { capacity: 1000, ..options.clone() };
        recommend(&found, &options).unwrap().iter().map(|call| call.donor.0).filter(|id| *id >= 2000).collect()
    };
    let usual = RecommendOptions::default();
    // Ramadan 1447 ended in March 2026; before and in it nobody has missed one.
    assert!(called(date(2026, 2, 1), &usual).is_empty() && called(date(2026, 3, 10), &usual).is_empty());
    let mut after = called(date(2026, 4, 10), &usual);
    after.sort_unstable();
    assert_eq!(after, (2000..2010).collect::<Vec<u64>>());
    assert!(called(date(2026, 4, 10), &RecommendOptions { max_missed_seasons: 0, ..usual.clone() }).is_empty());
    // A second one missed is as a second year of silence.
    assert!(called(date(2027, 4, 10), &usual).is_empty());
    assert_eq!(called(date(2027, 4, 10), &RecommendOptions { max_missed_seasons: 2, ..usual }).len(), 10);
}

/// Seasons that end before the horizon would say that no Ramadan is to come.
#[test]
fn seasons_reach_past_the_horizon() {
    let (log, all) = (charity(), ramadans());
    let giving = giving(&log, SHAWWAL);
    let ask = |seasons: &[(Date, Date)]| {
        let known = Known { giving: &giving, opportunities: None, seasons };
        outlook(known, Method::MbgNbd, SHAWWAL, &OutlookOptions::default()).map(|_| ()).map_err(|error| error.code())
    };
    let until = |year| &all[..all.iter().filter(|(first, _)| first.year() <= year).count()];
    assert_eq!(ask(until(2025)), Err("invalid_input"));
    assert_eq!(ask(until(2026)), Ok(()));
}

#[test]
fn own_rhythm_against_own_gap() {
    let found = outlooks(SHAWWAL, &OutlookOptions::default());
    let late = row(&found, 1001);
    let sign = found.sign(late).unwrap();
    assert_eq!(sign, Sign::Rhythm { usual_days: 30, silent_days: 95 });
    assert_eq!(sign.words(Language::En), "usually gives every 30 days; 95 days since the last gift");
    assert_eq!(sign.words(Language::Id), "biasanya berdonasi setiap 30 hari; 95 hari sejak donasi terakhir");
    assert!((found.overdue[late] - 95.0 / 30.0).abs() < 1e-12);
    let single = row(&found, 1005);
    assert_eq!(found.sign(single).unwrap().words(Language::En), "gave once, 19 days ago");
    assert_eq!(found.sign(found.len()), None);
    for row in 0..found.len() {
        let [low, p, high] = [found.p_no_gift_low[row], found.p_no_gift[row], found.p_no_gift_high[row]];
        assert!(0.0 <= low && low <= p && p <= high && high <= 1.0, "{low} {p} {high}");
        assert!(found.lifetime_value[row] >= Rupiah::ZERO && found.expected_value[row] >= Rupiah::ZERO);
        assert!(found.gift_value[row] > Rupiah::new(10_000), "{:?}", found.gift_value[row]);
    }
    // The charity's gifts are worth about 110,000 (rounded up to the next 25,000); hers are 250,000 each.
    assert!((100_000.0..125_000.0).contains(&found.spending.unwrap().mean()), "{:?}", found.spending);
    assert!(found.gift_value[late] > Rupiah::new(200_000) && found.gift_value[late] < Rupiah::new(250_000));
}

#[test]
fn calls_are_few_and_ranked_by_what_they_may_save() {
    let found = outlooks(SHAWWAL, &OutlookOptions::default());
    let calls = recommend(&found, &RecommendOptions::default()).unwrap();
    assert_eq!(calls.len(), 20);
    assert!(calls.windows(2).all(|pair| pair[0].value_at_risk >= pair[1].value_at_risk));
    assert!(calls.iter().all(|call| found.overdue[call.row] >= 1.0 && found.silent_days[call.row] <= 365));
    assert!(calls.iter().any(|call| call.donor.0 == 1001), "{calls:?}");
    // Not those who are lost: what a call may move falls to nothing as the chance of no gift rises to 1.
    let lost = calls.iter().filter(|call| call.p_no_gift >= 0.9).count();
    assert!(lost <= 4, "{lost} of 20: {:?}", calls.iter().map(|call| call.p_no_gift).collect::<Vec<_>>());
    for row in 0..found.len() {
        let moved = found.p_no_gift[row] * found.expected_value[row].to_f64();
        assert!((found.value_at_risk[row].to_f64() - moved).abs() <= 0.01, "{row}");
    }
    let fewer = recommend(&found, &RecommendOptions { capacity: 5, ..RecommendOptions::default() }).unwrap();
    assert_eq!(fewer, calls[..5]);
    assert_eq!(
        recommend(&found, &RecommendOptions { capacity: 0, ..RecommendOptions::default() }).unwrap_err().code(),
        "invalid_input"
    );

    let gifts = DonorGifts {
        donor: vec![DonorId(1), DonorId(2), DonorId(3)],
        count: vec![12, 12, 1],
        total: vec![Rupiah::new(1_200_000), Rupiah::new(2_400_000), Rupiah::new(90_000)],
        first: vec![date(2024, 2, 3), date(2024, 2, 3), date(2024, 8, 3)],
        last: vec![date(2025, 1, 15), date(2025, 1, 15), date(2024, 8, 3)],
        recent: vec![0; 3],
    };
    let scores = score(&gifts, SHAWWAL, &ScoreOptions::default()).unwrap();
    let values = lifetime_value(&gifts, SHAWWAL).unwrap();
    let by_rule = recommend_by_rule(&scores, &values, &RecommendOptions::default()).unwrap();
    // The single gift of 2024 has a score of 100: the last to call.
    assert_eq!(by_rule.iter().map(|call| call.donor.0).collect::<Vec<_>>(), [2_u64, 1, 3]);
    let mut ragged = found;
    ragged.overdue.pop();
    assert_eq!(recommend(&ragged, &RecommendOptions::default()).unwrap_err().code(), "invalid_input");
}

#[test]
fn what_cannot_be_asked() {
    let (log, seasons) = (charity(), ramadans());
    let giving = giving(&log, SHAWWAL);
    let ask = |method, giving: &RepeatGiving, as_of| {
        outlook(Known { giving, opportunities: None, seasons: &seasons }, method, as_of, &OutlookOptions::default())
            .map(|_| ())
            .map_err(|error| error.code())
    };
    assert_eq!(ask(Method::Rule, &giving, SHAWWAL), Err("invalid_input"));
    assert_eq!(ask(Method::BgBbYearly, &giving, SHAWWAL), Err("invalid_input"), "no opportunities given");
    assert_eq!(ask(Method::MbgNbd, &giving, date(2024, 1, 1)), Err("invalid_input"), "gifts after the as-of date");
    let few = RepeatGiving {
        donor: giving.donor[..9].to_vec(),
        days: giving.days[..9].to_vec(),
        first: giving.first[..9].to_vec(),
        last: giving.last[..9].to_vec(),
        total: giving.total[..9].to_vec(),
        season_days: giving.season_days[..9].to_vec(),
        seasons: giving.seasons[..9].to_vec(),
    };
    assert_eq!(ask(Method::MbgNbd, &few, SHAWWAL), Err("not_enough_history"));

    let one = |x: f64, t_x: f64, t: f64| Repeat { frequency: vec![x], recency: vec![t_x], age: vec![t] };
    let known = Fitted::known(Model::BgBb, [1.2, 0.75, 0.66, 2.78]).unwrap();
    let code = |repeat: &Repeat, horizon| known.p_no_gift(repeat, horizon).map_err(|error| error.code());
    assert!(code(&one(1.0, 2.0, 3.0), 1.0).is_ok());
    for (repeat, horizon) in [
        (one(1.0, 2.0, 3.0), 1.5),
        (one(1.0, 2.5, 3.0), 1.0),
        (one(3.0, 2.0, 3.0), 1.0),
        (one(1.0, 4.0, 3.0), 1.0),
        (one(0.0, 1.0, 3.0), 1.0),
        (one(1.0, 0.0, 3.0), 1.0),
        (one(0.5, 1.0, 3.0), 1.0),
        (one(f64::NAN, 1.0, 3.0), 1.0),
        (one(1.0, 1.0, f64::INFINITY), 1.0),
    ] {
        assert_eq!(code(&repeat, horizon), Err("invalid_input"), "{repeat:?} {horizon}");
    }
    for parameters in [[0.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, 1.0], [1.0, 1.0, f64::NAN, 1.0]] {
        assert_eq!(Fitted::known(Model::BgNbd, parameters).unwrap_err().code(), "invalid_input");
    }
}

/// What the data tell of a parameter grows with them; without any time to give in there is nothing to tell.
#[test]
fn the_prior_is_told_from_the_data() {
    for model in Model::ALL {
        let (parameters, ages) = if model == Model::BgBb {
            ([1.2, 0.75, 0.66, 2.78], (1.0, 8.0))
        } else {
            (
                [
                    0.8,
                    60.0,
                    if model == Model::ParetoNbd { 0.7 } else { 0.8 },
                    if model == Model::ParetoNbd { 300.0 } else { 2.5 },
                ],
                (30.0, 1500.0),
            )
        };
        let options = FitOptions { model, ..FitOptions::default() };
        let of = |donors| fit(&simulate(model, parameters, donors, ages, 1.0, 9).repeat, &options).unwrap();
        let (few, many) = (of(30), of(3000));
        for i in 0..4 {
            assert!(
                few.information[i] < many.information[i] && many.information[i] > 0.9,
                "{model:?} {i}: {few:?} {many:?}"
            );
            assert_eq!(few.weak[i], few.information[i] < 0.5);
            // 1 less posterior over prior variance.
            assert!((few.information[i] - (1.0 - few.covariance[i][i]).max(0.0)).abs() < 1e-12);
        }
        assert_eq!(many.weak, [false; 4]);
        let none = Repeat { frequency: vec![0.0; 40], recency: vec![0.0; 40], age: vec![0.0; 40] };
        assert_eq!(fit(&none, &options).unwrap_err().code(), "not_enough_history", "{model:?}");
        let ml = FitOptions { estimate: Estimate::Ml, ..options };
        let certain = fit(&simulate(model, parameters, 3000, ages, 1.0, 9).repeat, &ml).unwrap();
        assert_eq!((certain.information, certain.weak), ([1.0; 4], [false; 4]));
    }
    let known = Fitted::known(Model::BgNbd, [0.8, 60.0, 0.8, 2.5]).unwrap();
    assert_eq!((known.information, known.weak), ([0.0; 4], [false; 4]));
}

/// Donors who are all alike tell maximum likelihood nothing; the prior holds, and the failure is said.
#[test]
fn a_likelihood_without_a_maximum() {
    let alike = Repeat { frequency: vec![0.0; 40], recency: vec![0.0; 40], age: vec![300.0; 40] };
    for model in [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd] {
        let ml = FitOptions { model, estimate: Estimate::Ml, ..FitOptions::default() };
        assert_eq!(fit(&alike, &ml).unwrap_err().code(), "not_enough_history", "{model:?}");
        let map = fit(&alike, &FitOptions { model, ..FitOptions::default() }).unwrap();
        // Forty equal donors tell one number at most.
        let (known, weak) = (map.information.iter().sum::<f64>(), map.weak.iter().filter(|&&weak| weak).count());
        assert!((0.05..1.5).contains(&known) && weak >= 3, "{model:?}: {:?}", map.information);
        let said = map.predict(&alike, &Ahead::default()).unwrap();
        assert!(said.p_no_gift[0] > 0.5 && said.p_no_gift[0] < 1.0, "{model:?}: {said:?}");
    }
    let extreme = Repeat {
        frequency: vec![221.0, 254.0, 500.0, 0.0, 100.0],
        recency: vec![103.428_57, 97.142_86, 364.0, 0.0, 200.0],
        age: vec![103.571_43, 97.285_71, 365.0, 1e6, 200.0],
    };
    for model in [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd] {
        for parameters in [[0.5, 6.0, 0.9, 1.6], [1e-3, 1e-2, 1e-3, 1e-2], [50.0, 1e4, 50.0, 1e4], [1.0, 5.0, 1.0, 5.0]]
        {
            let known = Fitted::known(model, parameters).unwrap();
            let said = known.predict(&extreme, &Ahead::default()).unwrap();
            assert!(
                known.log_likelihoods(&extreme).unwrap().iter().all(|ln| ln.is_finite()),
                "{model:?} {parameters:?}"
            );
            assert!(said.p_alive.iter().chain(&said.p_no_gift).all(|p| (0.0..=1.0).contains(p)), "{model:?}: {said:?}");
        }
    }
}

#[test]
fn a_backtest_sees_nothing_that_came_later() {
    let as_of = date(2024, 12, 31);
    let later = date(2026, 6, 30);
    let log = simulate_days(Model::MbgNbd, [0.8, 60.0, 0.8, 2.5], 250, (date(2021, 1, 1), later), 8);
    let known: Vec<usize> = (0..log.len()).filter(|&row| log.day[row] <= as_of).collect();
    let before = GiftDays {
        donor: known.iter().map(|&row| log.donor[row]).collect(),
        day: known.iter().map(|&row| log.day[row]).collect(),
        total: known.iter().map(|&row| log.total[row]).collect(),
    };
    let options = BacktestOptions { resamples: 40, ..BacktestOptions::default() };
    let (now, hindsight) = (backtest(&before, as_of, &options).unwrap(), backtest(&log, as_of, &options).unwrap());
    assert_eq!(now.origins, hindsight.origins);
    for (a, b) in now.outcomes.iter().zip(&hindsight.outcomes) {
        assert_eq!((a.method, &a.evaluation), (b.method, &b.evaluation));
    }
    assert_eq!(now.origins.last().unwrap().day, date(2024, 1, 1));
}

#[test]
fn the_better_method_is_chosen_and_the_rule_is_kept_otherwise() {
    let as_of = date(2025, 12, 31);
    let log = simulate_days(Model::MbgNbd, [0.8, 60.0, 0.8, 2.5], 1500, (date(2020, 1, 1), as_of), 5);
    let found = backtest(&log, as_of, &BacktestOptions { resamples: 60, ..BacktestOptions::default() }).unwrap();
    let rule = found.outcome(Method::Rule).unwrap();
    let chosen = found.outcome(found.chosen).unwrap();
    assert_eq!(found.reason, Reason::Better, "{found:?}");
    assert!(chosen.evaluation.log_loss < rule.evaluation.log_loss && chosen.evaluation.auc > rule.evaluation.auc);
    assert!(chosen.log_loss_vs_rule.high < 0.0 && rule.log_loss_vs_rule.value.abs() < 1e-15);
    let slope = found.outcome(Method::MbgNbd).unwrap().evaluation.calibration_slope.unwrap();
    assert!((0.85..1.15).contains(&slope), "{slope}");
    assert!(found.failed.is_empty(), "{:?}", found.failed);
    // BG/NBD has everyone with one gift stay: worse than the model that the donors were drawn from.
    let loss = |method| found.outcome(method).unwrap().evaluation.log_loss;
    assert!(loss(Method::MbgNbd) < loss(Method::BaseRate) && loss(Method::MbgNbd) <= loss(Method::BgNbd) + 1e-3);

    // Whether these give again was thrown by a coin each year: nothing can know better than the rule.
    let mut coins = GiftDays::default();
    let mut rng = crate::stats::Rng::new(4);
    for donor in 1..=300 {
        for year in 2019..=2025 {
            if year == 2019 || rng.below(2) == 0 {
                add(&mut coins, donor, &[date(year, 1, 1).checked_add((rng.below(330) as i64).days()).unwrap()]);
            }
        }
    }
    let found = backtest(&coins, as_of, &BacktestOptions { resamples: 60, ..BacktestOptions::default() }).unwrap();
    assert_eq!((found.chosen, found.reason), (Method::Rule, Reason::NotBetter), "{found:?}");
    assert_eq!(found.words(Language::En), "the rule is kept: no model was better");

    let short = backtest(&log, date(2020, 6, 1), &BacktestOptions::default()).unwrap_err();
    assert_eq!(short.code(), "not_enough_history");
    let mut wrong = log.clone();
    wrong.day.swap(0, 1);
    wrong.donor[1] = wrong.donor[0];
    assert!(backtest(&wrong, as_of, &BacktestOptions::default()).is_err());
}
