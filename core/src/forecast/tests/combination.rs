//! The combination: against the truth of made series, and what it says of itself.

use crate::calendar::hijri::{MonthFeatures, Overrides};
use crate::forecast::*;

/// Deterministic noise of about unit size.
fn noise(t: usize) -> f64 {
    let mix = (t as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x1234_5678_9ABC_DEF1);
    let mix = (mix ^ (mix >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mix ^ (mix >> 32)) as f64 / u64::MAX as f64 - 0.5) * 3.4
}

fn first() -> Month {
    "2018-01".parse().unwrap()
}

/// Gifts of a charity: a slow rise, a full Ramadan brings `ramadan` times as much.
fn gifts(months: usize, ramadan: f64, spread: f64) -> MonthlySeries {
    let value = |t: usize| {
        let days = MonthFeatures::of(first() + t as i32, &Overrides::default()).ramadan;
        10e6 * (1.0 + 0.004 * t as f64) * ramadan.powf(f64::from(days) / 30.0) * (spread * noise(t)).exp()
    };
    MonthlySeries { first: first(), values: (0..months).map(value).collect() }
}

fn errors(series: &MonthlySeries, options: &Options, from: usize) -> f64 {
    let mut sum = 0.0;
    for origin in from..series.values.len() {
        let before = MonthlySeries { first: series.first, values: series.values[..origin].to_vec() };
        let forecast = fit(&before, options).unwrap().predict(1);
        sum += (forecast.points[0].value / series.values[origin]).ln().abs();
    }
    sum / (series.values.len() - from) as f64
}

#[test]
fn ramadan_is_found_and_makes_the_forecast_better() {
    let series = gifts(84, 2.5, 0.06);
    let off = Options { hijri: false, ..Options::default() };
    let with = errors(&series, &Options::default(), 48);
    let without = errors(&series, &off, 48);
    assert!(with < 0.6 * without, "{with} {without}");
    let forecast = fit(&series, &Options::default()).unwrap().predict(12);
    let hijri = forecast.hijri.unwrap();
    assert!(hijri.relevance > 0.99 && (hijri.ramadan - 1.5).abs() < 0.4, "{hijri:?}");
    for (point, parts) in forecast.points.iter().zip(&forecast.parts) {
        let days = f64::from(MonthFeatures::of(point.month, &Overrides::default()).ramadan);
        let share = parts.hijri / (point.value - parts.hijri);
        assert!((share - (2.5_f64.powf(days / 30.0) - 1.0)).abs() < 0.4, "{point:?} {parts:?}");
    }
}

#[test]
fn a_series_without_ramadan_is_not_given_one() {
    let forecast = fit(&gifts(84, 1.0, 0.1), &Options::default()).unwrap().predict(12);
    assert!(forecast.parts.iter().all(|parts| parts.hijri == 0.0), "{:?}", forecast.hijri);
}

#[test]
fn missing_months_are_left_open_not_taken_for_zero() {
    let whole = gifts(60, 1.0, 0.05);
    let lost: Vec<Month> = [20, 21, 22, 40].map(|t| first() + t).to_vec();
    let mut holed = whole.clone();
    for month in &lost {
        holed.values[month.since(first()) as usize] = f64::NAN;
    }
    let options = Options { missing: lost, ..Options::default() };
    let with = fit(&holed, &options).unwrap().predict(3);
    let without = fit(&whole, &Options::default()).unwrap().predict(3);
    assert!(with.notes.contains(&Note::Missing));
    for (a, b) in with.points.iter().zip(&without.points) {
        assert!((a.value / b.value - 1.0).abs() < 0.05, "{a:?} {b:?}");
    }
    assert_eq!(fit(&holed, &Options::default()).unwrap_err().code(), "invalid_input");
    let far = Options { missing: vec!["2030-01".parse().unwrap()], ..Options::default() };
    assert_eq!(fit(&whole, &far).unwrap_err().code(), "invalid_input");
    assert_eq!(fit(&holed, &Options { method: Method::Ols, ..options }).unwrap_err().code(), "invalid_input");
}

#[test]
fn a_month_that_is_not_over_is_left_out() {
    let mut series = gifts(37, 1.0, 0.05);
    series.values[36] = 1e5;
    let as_of = (first() + 36).first_day();
    let forecast = fit(&series, &Options { as_of: Some(as_of), ..Options::default() }).unwrap().predict(1);
    assert!(forecast.notes.contains(&Note::RunningMonth));
    assert_eq!((forecast.n, forecast.points[0].month), (36, first() + 36));
    assert!(forecast.points[0].value > 8e6);
}

#[test]
fn a_single_spike_hardly_moves_the_forecast() {
    let calm = gifts(48, 1.0, 0.05);
    let mut spiked = calm.clone();
    spiked.values[30] *= 12.0;
    let expected = fit(&calm, &Options::default()).unwrap().predict(3);
    let forecast = fit(&spiked, &Options::default()).unwrap().predict(3);
    assert!(forecast.notes.contains(&Note::Spikes));
    for (a, b) in forecast.points.iter().zip(&expected.points) {
        assert!((a.value / b.value - 1.0).abs() < 0.06, "{a:?} {b:?}");
        assert!(a.upper - a.lower < 2.0 * (b.upper - b.lower));
    }
}

/// One expense of 900 million in a category of two million a month, in the last month: no more a forecast of trillions.
#[test]
fn a_leap_at_the_end_is_no_trend() {
    for months in [4, 7, 12, 20, 36, 60] {
        let mut series = gifts(months, 1.0, 0.05);
        let largest = series.values[months - 1] * 450.0;
        series.values[months - 1] = largest;
        let forecast = fit(&series, &Options::default()).unwrap().predict(12);
        for point in &forecast.points {
            assert!(point.value.is_finite() && point.value <= 4.0 * largest, "{months}: {point:?}");
            assert!(
                point.lower >= 0.0 && point.lower <= point.value && point.value <= point.upper,
                "{months}: {point:?}"
            );
        }
    }
}

#[test]
fn a_level_that_moved_is_followed() {
    let mut series = gifts(60, 1.0, 0.05);
    for value in &mut series.values[40..] {
        *value *= 2.0;
    }
    let forecast = fit(&series, &Options::default()).unwrap().predict(1);
    let now = series.values[57..].iter().sum::<f64>() / 3.0;
    assert!(!forecast.notes.contains(&Note::Spikes));
    assert!((forecast.points[0].value / now - 1.0).abs() < 0.15, "{:?} {now}", forecast.points[0]);
}

#[test]
fn an_event_is_learned_and_comes_again() {
    let mut series = gifts(60, 1.0, 0.04);
    let held = [13, 29, 44, 62];
    for &t in &held[..3] {
        series.values[t as usize] *= 1.8;
    }
    let event = Event { name: "gala".into(), months: held.map(|t| first() + t).to_vec() };
    let forecast = fit(&series, &Options { events: vec![event], ..Options::default() }).unwrap().predict(4);
    let share = |at: usize| forecast.parts[at].events / (forecast.points[at].value - forecast.parts[at].events);
    assert!((share(2) - 0.8).abs() < 0.2, "{:?}", forecast.parts);
    assert!(share(0).abs() < 1e-9);
}

#[test]
fn a_regressor_must_cover_the_series_and_is_used() {
    let price = |t: usize| if t % 7 < 3 { 1.0_f64 } else { 3.0 };
    let mut series = gifts(60, 1.0, 0.03);
    for (t, value) in series.values.iter_mut().enumerate() {
        *value *= (0.3 * price(t)).exp();
    }
    let regressor =
        |months: usize| Regressor { name: "price".into(), first: first(), values: (0..months).map(price).collect() };
    let with = Options { regressors: vec![regressor(63)], ..Options::default() };
    let short = Options { regressors: vec![regressor(50)], ..Options::default() };
    assert_eq!(fit(&series, &short).unwrap_err().code(), "invalid_input");
    assert!(errors(&series, &Options { regressors: vec![regressor(63)], ..Options::default() }, 48) < 0.06);
    assert!(errors(&series, &Options::default(), 48) > 0.12);
    assert_eq!(fit(&series, &with).unwrap().predict(3).points.len(), 3);
}

#[test]
fn short_series_say_so() {
    let forecast = fit(&gifts(5, 1.0, 0.05), &Options::default()).unwrap().predict(3);
    assert!(forecast.notes.contains(&Note::ShortHistory));
    let names: Vec<&str> = forecast.models.iter().map(|share| share.method.name()).collect();
    assert!(names.contains(&"structural") && !names.contains(&"reversion"), "{names:?}");
    let weights: f64 = forecast.models.iter().map(|share| share.weight).sum();
    assert!((weights - 1.0).abs() < 1e-12);
    let fallen = fit(&gifts(5, 1.0, 0.05), &Options { method: Method::SeasonalNaive, ..Options::default() }).unwrap();
    assert!(fallen.predict(1).notes.contains(&Note::FellBack));
}

/// Zeros, as of a charity whose gifts come in some months only.
#[test]
fn many_zeros_stay_above_zero() {
    let values = (0..36).map(|t| if t % 5 == 0 { 3e6 * (1.0 + 0.2 * noise(t)) } else { 0.0 }).collect();
    let forecast = fit(&MonthlySeries { first: first(), values }, &Options::default()).unwrap().predict(12);
    assert!(forecast.points.iter().all(|point| point.lower >= 0.0 && point.value >= 0.0 && point.upper < 2e7));
}

#[test]
fn a_backtest_compares_methods_on_the_same_months() {
    let series = gifts(60, 2.5, 0.06);
    let options = BacktestOptions { origins: 12, ..BacktestOptions::default() };
    let test = backtest(&series, &options).unwrap();
    assert_eq!((test.origins, test.first, test.last), (12, first() + 46, first() + 59));
    assert_eq!(test.best(), Some(Method::Auto));
    assert!(test.scores.iter().all(|scores| scores.forecasts == 36 && scores.failures == 0));
    // The naive forecast a year back, by hand.
    let naive = test.scores.iter().find(|scores| scores.method == Method::SeasonalNaive).unwrap();
    let plain = Options { hijri: false, ..Options::default() };
    let by_hand =
        backtest(&series, &BacktestOptions { methods: vec![Method::SeasonalNaive], forecast: plain, ..options });
    let mut sum = 0.0;
    for origin in 46..58 {
        let v = &series.values;
        let scale = (12..origin).map(|t| (v[t] - v[t - 12]).abs()).sum::<f64>() / (origin - 12) as f64;
        sum += (0..3).map(|h| (v[origin + h] - v[origin + h - 12]).abs() / scale).sum::<f64>();
    }
    let mase = by_hand.unwrap().scores[0].mase.unwrap();
    assert!((mase - sum / 36.0).abs() < 1e-9, "{mase} {}", sum / 36.0);
    assert!(naive.mase.is_some());
    assert!(test.to_string().lines().count() == 6 && test.to_string().contains("seasonal_naive"));
    assert_eq!(backtest(&gifts(4, 1.0, 0.1), &BacktestOptions::default()).unwrap_err().code(), "not_enough_history");
}

#[test]
fn a_regressor_that_ends_early_is_held() {
    // 48 months at 100, from the 25th on at 200, when a second building was opened: the regressor says so.
    let noise = |t: usize| ((t * 37) % 11) as f64 - 5.0;
    let open = |t: usize| f64::from(u8::from(t >= 24));
    let series =
        MonthlySeries { first: first(), values: (0..48).map(|t| 100.0 + 100.0 * open(t) + noise(t)).collect() };
    let regressor =
        |months: usize| Regressor { name: "building".into(), first: first(), values: (0..months).map(open).collect() };
    let ahead = |months| {
        let options = Options { regressors: vec![regressor(months)], ..Options::default() };
        fit(&series, &options).unwrap().predict(6)
    };
    let (held, given) = (ahead(48), ahead(54));
    assert_eq!(held.points, given.points);
    assert!(held.points[0].value > 170.0, "{:?}", held.points[0]);
    assert!(held.notes.contains(&Note::RegressorHeld) && !given.notes.contains(&Note::RegressorHeld));
    let short = Options { regressors: vec![regressor(47)], ..Options::default() };
    assert_eq!(fit(&series, &short).unwrap_err().code(), "invalid_input");
}

/// Quantiles of t by the tables: t(0.9, 8) = 1.3968 and t(0.975, 8) = 2.3060; with the five residuals of an average of
/// six, t(0.9, 5) = 1.4759 and t(0.975, 5) = 2.5706.
#[test]
fn every_method_has_intervals_of_the_level_asked_for() {
    let values = [5.0, 7.0, 6.0, 9.0, 8.0, 8.0, 11.0, 9.0, 12.0, 11.0];
    let first = "2025-01".parse().unwrap();
    let series = MonthlySeries { first, values: values.to_vec() };
    for (method, narrow, wide) in [(Method::Ols, 1.3968, 2.3060), (Method::MovingAverage, 1.4759, 2.5706)] {
        let fitted = fit(&series, &Options { method, non_negative: false, ..Options::default() }).unwrap();
        let reach = |level: f64| {
            let forecast = fitted.predict_at(1, level);
            assert_eq!(forecast.level.to_bits(), level.to_bits());
            forecast.points[0].upper - forecast.points[0].value
        };
        assert!((reach(0.8) / reach(0.95) - narrow / wide).abs() < 1e-4, "{}", method.name());
        // Ten years of noise around a level: the 80 % interval holds fewer months than the 95 % one.
        let mut random = stats::Rng::new(11);
        let noise = MonthlySeries { first, values: (0..120).map(|_| 100.0 + 10.0 * random.normal()).collect() };
        let options = BacktestOptions { methods: vec![method], horizon: 1, origins: 100, ..BacktestOptions::default() };
        let scores = backtest(&noise, &options).unwrap().scores[0];
        assert!(scores.coverage_80 < 0.9 && scores.coverage_95 > 0.9, "{scores:?}");
    }
}

/// The interval of a month is the same, however many months are asked for.
#[test]
fn an_interval_does_not_hang_on_the_horizon() {
    for months in [5, 14, 30, 84] {
        let series = gifts(months, 1.8, 0.2);
        for method in super::ALL {
            let Ok(fitted) = fit(&series, &Options { method, ..Options::default() }) else { continue };
            let long = fitted.predict(30).points;
            for horizon in [1, 2, 6, 12, 18] {
                for (short, long) in fitted.predict(horizon).points.iter().zip(&long) {
                    for (short, long) in
                        [(short.value, long.value), (short.lower, long.lower), (short.upper, long.upper)]
                    {
                        let apart = (short - long).abs();
                        assert!(apart <= 1e-9 * long.abs(), "{} of {months}: {short} {long}", method.name());
                    }
                }
            }
        }
    }
}
