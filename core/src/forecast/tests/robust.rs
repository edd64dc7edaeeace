//! The combination on series that are not smooth: payments that recur, single large months, levels that move.

use crate::forecast::*;
use crate::stats::Rng;

fn first() -> Month {
    "2015-01".parse().unwrap()
}

fn forecast(values: &[f64], horizon: u16) -> Forecast {
    fit(&MonthlySeries { first: first(), values: values.to_vec() }, &Options::default()).unwrap().predict(horizon)
}

/// Mean absolute error of the months to come, and the share of them inside the interval of 80 %, over made series.
fn judged(n: usize, ahead: usize, method: Method, make: impl Fn(&mut dyn FnMut() -> f64, usize) -> f64) -> (f64, f64) {
    let (mut sum, mut inside, mut count) = (0.0, 0.0, 0.0);
    for seed in 0..40 {
        let mut random = Rng::new(seed);
        let mut noise = || random.normal();
        let values: Vec<f64> = (0..n + ahead).map(|t| make(&mut noise, t)).collect();
        let options = Options { method, level: 0.8, hijri: method == Method::Auto, ..Options::default() };
        let series = MonthlySeries { first: first(), values: values[..n].to_vec() };
        for (point, value) in fit(&series, &options).unwrap().predict(ahead as u16).points.iter().zip(&values[n..]) {
            sum += (value - point.value).abs();
            inside += f64::from(u8::from(point.lower <= *value && *value <= point.upper));
            count += 1.0;
        }
    }
    (sum / count, inside / count)
}

/// A fee each July, nothing else: it is no spike, and is expected again with an interval.
#[test]
fn a_payment_once_a_year_is_expected_again() {
    for n in [24, 36, 48, 60] {
        let fee =
            |noise: &mut dyn FnMut() -> f64, t: usize| if t % 12 == 6 { 10e6 * (0.1 * noise()).exp() } else { 0.0 };
        let (ours, inside) = judged(n, 12, Method::Auto, fee);
        let (nothing, _) = judged(n, 12, Method::Naive, fee);
        assert!(ours < 0.6 * nothing && inside >= 0.8, "{n}: {ours} of {nothing}, {inside}");
        let mut random = Rng::new(n as u64);
        let values: Vec<f64> = (0..n).map(|t| fee(&mut || random.normal(), t)).collect();
        let july = &forecast(&values, 12).points[(6 + 120 - n) % 12];
        assert!(july.value > 5e6 && july.upper > 9e6 && july.upper > july.lower, "{n}: {july:?}");
    }
}

/// The same numbers in the same two months of each of two, three, four and eight years.
#[test]
fn two_months_a_year_are_expected_again() {
    for years in [2, 3, 4, 8] {
        let values = [0.0, 0.0, 0.0, 50.0, 60.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0].repeat(years);
        let found = forecast(&values, 12);
        assert!(!found.notes.contains(&Note::Spikes));
        let (april, may) = (found.points[3], found.points[4]);
        assert!((25.0..70.0).contains(&april.value) && (30.0..80.0).contains(&may.value), "{years}: {april:?} {may:?}");
        assert!(found.points[8].value < 10.0, "{years}: {:?}", found.points[8]);
    }
}

/// A payment each quarter: no spike, and not worse by much than the same month of the year before.
#[test]
fn a_payment_each_quarter_is_expected_again() {
    for n in [24, 36, 48] {
        let fee = |noise: &mut dyn FnMut() -> f64, t: usize| if t % 3 == 2 { 5e6 * (0.1 * noise()).exp() } else { 0.0 };
        let (ours, _) = judged(n, 12, Method::Auto, fee);
        let (naive, _) = judged(n, 12, Method::SeasonalNaive, fee);
        let mut random = Rng::new(n as u64);
        let values: Vec<f64> = (0..n).map(|t| fee(&mut || random.normal(), t)).collect();
        assert!(!forecast(&values, 1).notes.contains(&Note::Spikes));
        assert!(ours < 2.6 * naive, "{n}: {ours} {naive}");
    }
}

/// One gift five times the usual in the last month, or in the one before.
#[test]
fn a_large_month_at_the_end_is_not_the_new_level() {
    for n in [24, 37, 60, 120] {
        for back in [1, 2] {
            let calm = |noise: &mut dyn FnMut() -> f64, _: usize| 100.0 * (0.1 * noise()).exp();
            let large =
                |noise: &mut dyn FnMut() -> f64, t: usize| calm(noise, t) * if t + back == n { 5.0 } else { 1.0 };
            let (usual, _) = judged(n, 6, Method::Auto, calm);
            let (ours, inside) = judged(n, 6, Method::Auto, large);
            assert!(ours < 1.7 * usual && inside > 0.65, "{n}, {back} back: {ours}, usually {usual}, {inside}");
        }
    }
}

/// Twice as much since three months: followed, because the months after the first confirmed it.
#[test]
fn a_new_level_that_the_next_months_confirm_is_followed() {
    for n in [24, 37, 60] {
        let moved = |noise: &mut dyn FnMut() -> f64, t: usize| {
            100.0 * (0.1 * noise()).exp() * if t + 3 >= n { 1.8 } else { 1.0 }
        };
        let (ours, _) = judged(n, 1, Method::Auto, moved);
        assert!(ours < 45.0, "{n}: {ours}");
    }
}

/// Level 10, a last month of 200 that fell on Idul Fitri: one month shows nothing of the calendar.
#[test]
fn one_large_month_in_ramadan_is_not_the_calendar() {
    let mut random = Rng::new(7);
    // Ends in June 2018, the month of Idul Fitri.
    let mut values: Vec<f64> = (0..42).map(|_| 10.0 + 0.3 * random.normal()).collect();
    values[41] = 200.0;
    let found = forecast(&values, 12);
    assert!(found.parts.iter().all(|parts| parts.hijri.abs() <= 0.0), "{:?}", found.hijri);
    assert!(found.points.iter().all(|point| (8.5..13.0).contains(&point.value)), "{:?}", found.points);
    assert!(found.notes.contains(&Note::Spikes));
}

/// Series with heavy tails or rare large months, without Ramadan, of 18 to 24 months: rarely given one.
#[test]
fn heavy_tails_are_not_the_calendar() {
    for n in [18, 24] {
        let mut given = 0;
        for seed in 0..60 {
            let mut random = Rng::new(seed);
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    let usual = 100.0 * (0.15 * random.normal()).exp();
                    if random.unit() < 0.04 { 6.0 * usual } else { usual }
                })
                .collect();
            given += u32::from(forecast(&values, 1).hijri.is_some_and(|found| found.ramadan.abs() > 0.0));
        }
        assert!(given <= 3, "{n}: {given} of 60");
    }
}

/// A line, exact and with a thousandth of noise, has no spikes.
#[test]
fn a_line_has_no_spikes() {
    let line: Vec<f64> = (1..=60).map(|t| 100.0 * f64::from(t)).collect();
    assert!(!forecast(&line, 3).notes.contains(&Note::Spikes));
    for seed in 0..30 {
        let mut random = Rng::new(seed);
        let noisy: Vec<f64> =
            (0..60).map(|t| (100.0 + 10.0 * f64::from(t)) * (1.0 + 0.001 * random.normal())).collect();
        assert!(!forecast(&noisy, 1).notes.contains(&Note::Spikes), "{seed}");
    }
}

/// An exact line goes on; one with noise of two months' slope is forecast at most a third worse than by the line itself.
#[test]
fn a_trend_goes_on() {
    let line: Vec<f64> = (1..=60).map(|t| 10.0 * f64::from(t)).collect();
    for (point, value) in forecast(&line, 3).points.iter().zip([610.0, 620.0, 630.0]) {
        assert!((point.value - value).abs() < 1.0, "{point:?}");
    }
    for n in [24, 36, 72] {
        let rising = |noise: &mut dyn FnMut() -> f64, t: usize| 100.0 + 5.0 * t as f64 + 10.0 * noise();
        let (ours, inside) = judged(n, 6, Method::Auto, rising);
        let (line, _) = judged(n, 6, Method::Ols, rising);
        assert!(ours < 1.4 * line && inside > 0.75, "{n}: {ours} {line} {inside}");
    }
}

/// A season of a quarter up and down, seen once and a half: the models that know it weigh more.
#[test]
fn a_season_seen_once_and_a_half_is_used() {
    for n in [18, 23, 24] {
        let season = |t: usize| 0.35 * ((t * 5 % 12) as f64 / 5.5 - 1.0);
        let made = |noise: &mut dyn FnMut() -> f64, t: usize| 100.0 * (season(t) + 0.08 * noise()).exp();
        let (ours, _) = judged(n, 6, Method::Auto, made);
        let (naive, _) = judged(n, 6, Method::SeasonalNaive, made);
        let (structural, _) = judged(n, 6, Method::Structural, made);
        assert!(ours < 1.15 * naive && ours < 1.15 * structural, "{n}: {ours} {naive} {structural}");
    }
    // The one with the season outweighs one that needs two years for it.
    let values: Vec<f64> = (0..20).map(|t| 100.0 + if t % 12 < 3 { 50.0 } else { f64::from(t % 5) }).collect();
    let found = forecast(&values, 1);
    let weight =
        |method| found.models.iter().filter(|share| share.method == method).map(|share| share.weight).sum::<f64>();
    assert!(weight(Method::AdjustedTheta) > 1.2 * weight(Method::DynamicTheta), "{:?}", found.models);
}

/// Three equal months are no certainty; two years of them are taken for one.
#[test]
fn few_equal_months_are_not_certain() {
    let short = forecast(&[5e6; 3], 3);
    assert!(short.notes.contains(&Note::Constant));
    for point in &short.points {
        assert!((point.value - 5e6).abs() < 1e-6 && point.lower < 4.5e6 && point.upper > 5.5e6, "{point:?}");
    }
    let width = |n: usize| {
        let point = forecast(&vec![5e6; n], 1).points[0];
        point.upper - point.lower
    };
    assert!(width(3) > width(6) && width(6) > width(12) && width(12) > width(23) && width(23) > width(24));
    assert!(width(24).abs() <= 0.0 && forecast(&[0.0; 3], 1).points[0].upper.abs() <= 0.0);
}

/// `ols` and `moving_average` say that they do not use what they are given, and not that they held it.
#[test]
fn what_a_method_does_not_use_is_noted() {
    let values: Vec<f64> = (0..12).map(|t| 100.0 + f64::from(t % 3)).collect();
    let series = MonthlySeries { first: first(), values };
    let regressor = Regressor { name: "price".into(), first: first(), values: vec![1.0; 12] };
    let event = Event { name: "gala".into(), months: vec![first() + 3] };
    for method in [Method::Ols, Method::MovingAverage, Method::Auto] {
        for given in [
            Options { regressors: vec![regressor.clone()], method, ..Options::default() },
            Options { events: vec![event.clone()], method, ..Options::default() },
        ] {
            let notes = fit(&series, &given).unwrap().predict(2).notes;
            let simple = method != Method::Auto;
            assert_eq!(notes.contains(&Note::RegressorsUnused), simple, "{method:?}");
            assert_eq!(notes.contains(&Note::RegressorHeld), !simple && given.events.is_empty(), "{method:?}");
        }
    }
}

/// Twelve years of one level and three months of another: the forecast is of the new one, and says so.
#[test]
fn a_long_history_does_not_hold_a_new_level_back() {
    let n = 150;
    let moved =
        |noise: &mut dyn FnMut() -> f64, t: usize| 100.0 * (0.1 * noise()).exp() * if t + 3 >= n { 1.8 } else { 1.0 };
    let (ours, inside) = judged(n, 6, Method::Auto, |noise, t| moved(noise, t));
    let (smoothed, _) = judged(n, 6, Method::Ses, |noise, t| moved(noise, t));
    assert!(ours < 1.15 * smoothed && inside > 0.6, "{ours} {smoothed} {inside}");
    let mut random = Rng::new(3);
    let sharp: Vec<f64> = (0..60).map(|t| (100.0 + 3.0 * random.normal()) * if t >= 56 { 1.8 } else { 1.0 }).collect();
    let found = forecast(&sharp, 1);
    assert!(found.notes.contains(&Note::NewLevel) && (170.0..190.0).contains(&found.points[0].value), "{found:?}");
    // A walk is none.
    let mut level = 200.0;
    let walk: Vec<f64> = (0..60)
        .map(|_| {
            level += 8.0 * random.normal();
            level
        })
        .collect();
    assert!(!forecast(&walk, 1).notes.contains(&Note::NewLevel));
}

/// The 80 % interval of months that are nothing but noise holds them at every length, in the second year too, when each
/// month of the year has come twice at most and a season seems to fit by chance; likewise with a true season, and with
/// months missing.
#[test]
fn intervals_hold_at_every_length() {
    for n in [12, 13, 14, 16, 18, 20, 24, 36] {
        let (_, inside) = judged(n, 3, Method::Auto, |noise, _| 100.0 * (0.08 * noise()).exp());
        assert!((0.7..0.93).contains(&inside), "{n}: {inside}");
    }
    for (n, every) in [(18, 997), (24, 997), (36, 997), (36, 10)] {
        let (mut inside, mut count) = (0, 0);
        for seed in 0..60 {
            let mut random = Rng::new(seed);
            let mut month = |t: usize| {
                let season = (std::f64::consts::TAU * (t + seed as usize) as f64 / 12.0).sin();
                100.0 * (0.3 * season + 0.1 * random.normal()).exp()
            };
            let values: Vec<f64> = (0..n + 3).map(&mut month).collect();
            let missing = (0..n as i32).filter(|t| (t * 7 + seed as i32) % every == 1).map(|t| first() + t).collect();
            let options = Options { missing, level: 0.8, ..Options::default() };
            let series = MonthlySeries { first: first(), values: values[..n].to_vec() };
            for (point, value) in fit(&series, &options).unwrap().predict(3).points.iter().zip(&values[n..]) {
                inside += i32::from(point.lower <= *value && *value <= point.upper);
                count += 1;
            }
        }
        assert!((count * 7..count * 10).contains(&(inside * 10)), "{n} with a season, {every}: {inside} of {count}");
    }
}

/// One month that is five times too large, at the end of a short history, is no new level.
#[test]
fn one_odd_month_at_the_end_of_a_short_history() {
    for n in [7, 8, 11, 12, 13, 18, 23, 24] {
        let mut random = Rng::new(n as u64);
        let mut values: Vec<f64> = (0..n).map(|_| 100.0 * (0.08 * random.normal()).exp()).collect();
        values[n - 1] *= 5.0;
        let found = forecast(&values, 3);
        assert!(found.notes.contains(&Note::Spikes), "{n}: {:?}", found.notes);
        assert!(found.points.iter().all(|point| point.value < 170.0), "{n}: {:?}", found.points);
    }
}

/// Years of nothing and then one payment: it may have been the only one.
#[test]
fn one_payment_after_empty_years_is_no_trend() {
    for n in [6, 12, 18, 24, 36, 48] {
        let mut values = vec![0.0; n];
        values[n - 1] = 100.0;
        let found = forecast(&values, 3);
        for point in &found.points {
            assert!(point.value < 50.0 && point.lower <= 0.0 && point.upper >= point.value, "{n}: {point:?}");
        }
        assert!(found.models.iter().any(|share| share.method == Method::CrostonSba), "{n}: {:?}", found.models);
    }
}
