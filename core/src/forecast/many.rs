//! Forecasts of parts that add up to the forecast of their sum.

use super::{Fitted, Forecast, Options, Point, fit};
use crate::error::{Error, ErrorKind, Result};
use crate::model::MonthlySeries;
use crate::stats::{LARGEST, Shrunken, parallel};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A series with a name, such as a category's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// What the errors and the result call it.
    pub name: String,
    /// Its whole months.
    pub series: MonthlySeries,
}

/// How parts and total are brought together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconciliation {
    /// The total is the sum of the parts' forecasts.
    BottomUp,
    /// Parts and total give way by how far their forecasts were off so far: minimum trace (Wickramasuriya,
    /// Athanasopoulos & Hyndman 2019, Journal of the American Statistical Association 114) with the shrunken covariance
    /// of one-step errors (Schäfer & Strimmer 2005). The default: it uses what the total knows as well.
    #[default]
    MinTrace,
    /// The total stays as it is, and the parts are scaled to it, their bounds with them: top-down by forecast proportions (Athanasopoulos,
    /// Ahmed & Hyndman 2009, International Journal of Forecasting 25).
    TopDown,
}

/// Parts and their total. In every month the values of the parts add up to the total's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconciled {
    /// The total.
    pub total: Forecast,
    /// The parts, in the order given.
    pub parts: Vec<NamedForecast>,
    /// How far the correlations of the errors were pulled towards zero, 0 to 1; `None` but for the minimum trace.
    pub shrinkage: Option<f64>,
}

/// A part's forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedForecast {
    /// Its name.
    pub name: String,
    /// Its forecast; what reconciliation added is in the remainder of its [`Parts`](super::Parts), and the bounds moved
    /// with the value. The minimum trace narrows them too: by what part and total learn of each other.
    pub forecast: Forecast,
}

/// Forecasts `horizon` months of each part and of their sum, so that they add up.
///
/// All series end with the same month; a part that begins later counts as zero before. `total` is the total's own series
/// where more is known of it than of the parts, such as years before the first category was written down; without it,
/// the sum of the parts. Where no part may be below zero ([`Options::non_negative`]), parts that reconciliation would
/// take below it become zero and the others are scaled to the total.
///
/// With the feature `rayon` the series are fitted on all cores, with the same result.
///
/// # Errors
///
/// Those of [`fit`], with the part named; `invalid_input` without a part, when two parts have the same name or two series
/// end with different months, or when the sum leaves the range of numbers.
pub fn many(
    parts: &[Named],
    total: Option<&MonthlySeries>,
    horizon: u16,
    how: Reconciliation,
    options: &Options,
) -> Result<Reconciled> {
    let mut names = BTreeSet::new();
    if let Some(twice) = parts.iter().find(|part| !names.insert(&part.name)) {
        return Err(Error::new(ErrorKind::InvalidInput, "two series have the same name").context("series", &twice.name));
    }
    together(parts, total, horizon, how, options).map(|together| together.reconciled)
}

/// Parts and total, with the total's own model.
pub(super) struct Together {
    pub(super) total: Fitted,
    pub(super) reconciled: Reconciled,
}

pub(super) fn together(
    parts: &[Named],
    total: Option<&MonthlySeries>,
    horizon: u16,
    how: Reconciliation,
    options: &Options,
) -> Result<Together> {
    let sum = sum_of(parts)?;
    if let Some(total) = total
        && (total.values.is_empty() || total.last() != sum.last())
    {
        return Err(Error::new(ErrorKind::InvalidInput, "the total ends with another month than its parts")
            .hint("fill months without an entry with 0 up to the last whole month"));
    }
    // One part is its own total.
    let alone = parts.len() == 1 && total.is_none();
    let fitted = parallel::map(parts, |part| {
        // A part that begins later has no such month to leave open.
        let missing = options.missing.iter().copied().filter(|&month| month >= part.series.first).collect();
        let own = Options { missing, ..options.clone() };
        let fitted = fit(&part.series, &own).map_err(|error| error.context("series", &part.name))?;
        let ahead = fitted.predict(horizon);
        let errors = if how == Reconciliation::MinTrace && !alone { errors(&fitted) } else { Vec::new() };
        Ok((fitted, ahead, errors))
    });
    let fitted = fitted.into_iter().collect::<Result<Vec<_>>>()?;
    let fitted_total = match fitted.first() {
        Some((fitted, ..)) if alone => fitted.clone(),
        _ => fit(total.unwrap_or(&sum), options).map_err(|error| error.context("series", "total"))?,
    };
    let mut total = fitted_total.predict(horizon);
    let whole = fitted.iter().all(|(part, ..)| part.never_below_zero);
    let floor = if whole { 0.0 } else { f64::NEG_INFINITY };
    let covariance = (how == Reconciliation::MinTrace && !alone).then(|| {
        let errors: Vec<Vec<f64>> =
            std::iter::once(errors(&fitted_total)).chain(fitted.iter().map(|(.., errors)| errors.clone())).collect();
        Shrunken::new(&errors)
    });
    let minimum = covariance.as_ref().and_then(MinimumTrace::new);
    let gives = match how {
        Reconciliation::BottomUp => None,
        Reconciliation::MinTrace => minimum.as_ref().map(|minimum| minimum.gives.clone()),
        // What scaling to the total leaves open is shared equally.
        Reconciliation::TopDown => Some(vec![1.0 / parts.len() as f64; parts.len()]),
    };
    let narrower = |place: usize| minimum.as_ref().map_or(1.0, |minimum| minimum.narrower[place]);
    let mut forecasts: Vec<Forecast> = fitted.into_iter().map(|(_, ahead, _)| ahead).collect();
    for ahead in 0..total.points.len() {
        // Parts of equal certainty before and after: their bounds are scaled with them.
        let mut scaled = false;
        let mut values: Vec<f64> = forecasts.iter().map(|part| part.points[ahead].value).collect();
        let expected = total.points[ahead].value;
        let before: f64 = values.iter().sum();
        if how == Reconciliation::TopDown && whole && before > 0.0 && expected >= 0.0 {
            for value in &mut values {
                *value *= expected / before;
            }
            scaled = true;
        } else if let Some(gives) = &gives {
            for (value, give) in values.iter_mut().zip(gives) {
                *value += give * (expected - before);
            }
        }
        if whole {
            let sum: f64 = values.iter().sum::<f64>().max(0.0);
            for value in &mut values {
                *value = value.max(0.0);
            }
            let positive: f64 = values.iter().sum();
            if positive > 0.0 {
                for value in &mut values {
                    *value *= sum / positive;
                }
            }
        }
        for (place, (forecast, &value)) in forecasts.iter_mut().zip(&values).enumerate() {
            if scaled {
                scale_bounds(&mut forecast.points[ahead], expected / before);
            }
            move_to(forecast, ahead, value, narrower(place + 1), floor);
        }
        move_to(&mut total, ahead, values.iter().sum(), narrower(0), floor);
    }
    let named = parts.iter().zip(forecasts);
    let reconciled = Reconciled {
        total,
        parts: named.map(|(part, forecast)| NamedForecast { name: part.name.clone(), forecast }).collect(),
        shrinkage: covariance.filter(|_| minimum.is_some()).map(|covariance| covariance.lambda),
    };
    Ok(Together { total: fitted_total, reconciled })
}

fn sum_of(parts: &[Named]) -> Result<MonthlySeries> {
    let first = parts.iter().filter(|part| !part.series.values.is_empty()).map(|part| part.series.first).min();
    let (Some(first), Some(one)) = (first, parts.first()) else {
        return Err(Error::new(ErrorKind::InvalidInput, "there is no series to forecast")
            .hint("give at least one series with a month"));
    };
    let last = one.series.last();
    let mut values = vec![0.0; usize::try_from(last.since(first)).unwrap_or(0) + 1];
    for part in parts {
        if part.series.last() != last || part.series.values.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "the series end with different months")
                .context("series", &part.name)
                .hint("fill months without an entry with 0 up to the last whole month"));
        }
        let start = part.series.first.since(first) as usize;
        for (sum, value) in values[start..].iter_mut().zip(&part.series.values) {
            *sum += value;
        }
    }
    if parts.iter().all(|part| part.series.values.iter().all(|value| value.is_finite() && value.abs() <= LARGEST))
        && values.iter().any(|sum| sum.abs() > LARGEST)
    {
        return Err(Error::new(ErrorKind::InvalidInput, "the sum of the series leaves the range of numbers"));
    }
    // A part with a bad value is named when it is fitted.
    values.iter_mut().filter(|sum| !sum.is_finite()).for_each(|sum| *sum = 0.0);
    Ok(MonthlySeries { first, values })
}

/// One-step errors in the unit of the series.
fn errors(fitted: &Fitted) -> Vec<f64> {
    fitted.one_steps().into_iter().map(|(value, expected)| value - expected).collect()
}

/// What reconciling by the minimum trace does. With the constraint c = (1, −1, …, −1) and the errors' covariance W, the
/// reconciled values are ŷ − W·c·(c'W·c)⁻¹·c'ŷ, and their errors' variances those of W − W·c·(c'W·c)⁻¹·c'W.
struct MinimumTrace {
    /// How much of the gap between total and sum each part takes over.
    gives: Vec<f64>,
    /// By which factor the standard deviation falls, the total's first.
    narrower: Vec<f64>,
}

impl MinimumTrace {
    /// Equal shares, the total's included, where no error was ever made.
    fn new(covariance: &Shrunken) -> Option<Self> {
        let k = covariance.variances.len();
        let constraint: Vec<f64> = (0..k).map(|i| if i == 0 { 1.0 } else { -1.0 }).collect();
        let product = covariance.times(&constraint);
        let variance: f64 = product.iter().zip(&constraint).map(|(p, c)| p * c).sum();
        let scale: f64 = covariance.variances.iter().sum();
        if !variance.is_finite() {
            return None;
        }
        if variance <= scale * 1e-12 {
            return Some(Self { gives: vec![1.0 / k as f64; k - 1], narrower: vec![1.0; k] });
        }
        let narrower = product.iter().zip(&covariance.variances).map(|(p, own)| {
            let share = if *own > 0.0 { p * p / (own * variance) } else { 0.0 };
            (1.0 - share).clamp(0.0, 1.0).sqrt()
        });
        Some(Self { narrower: narrower.collect(), gives: product[1..].iter().map(|p| -p / variance).collect() })
    }
}

/// Makes the distances of the bounds larger or smaller by a factor.
fn scale_bounds(point: &mut Point, factor: f64) {
    point.lower = point.value - factor * (point.value - point.lower);
    point.upper = point.value + factor * (point.upper - point.value);
}

/// Puts a point elsewhere, its bounds with it, their distances times `narrower`.
fn move_to(forecast: &mut Forecast, ahead: usize, value: f64, narrower: f64, floor: f64) {
    let point = &mut forecast.points[ahead];
    let shift = value - point.value;
    if shift.abs() <= 0.0 && narrower >= 1.0 {
        return;
    }
    point.lower = (value - narrower * (point.value - point.lower)).max(floor).min(value);
    point.upper = (value + narrower * (point.upper - point.value)).max(value);
    point.value = value;
    if let Some(parts) = forecast.parts.get_mut(ahead) {
        parts.remainder += shift;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Method;
    use super::*;
    use proptest::prelude::*;

    fn named(name: &str, values: Vec<f64>) -> Named {
        let end: crate::Month = "2026-01".parse().unwrap();
        Named { name: name.into(), series: MonthlySeries { first: end - (values.len() as i32 - 1), values } }
    }

    /// Uncorrelated errors of variance 1 (total), 1 and 2: λ = 1, W·c = (1, −1, −2), c'Wc = 4. A gap of 4 makes the
    /// total fall by 1 and the parts rise by 1 and 2.
    #[test]
    fn the_least_certain_gives_way_most() {
        let r = 2.0_f64.sqrt();
        let errors = [vec![1.0, 1.0, -1.0, -1.0], vec![1.0, -1.0, 1.0, -1.0], vec![r, -r, -r, r]];
        let found = MinimumTrace::new(&Shrunken::new(&errors)).unwrap();
        let close = |found: &[f64], expected: &[f64]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} {expected:?}");
        };
        close(&found.gives, &[0.25, 0.5]);
        // Variances 1 − 1/4, 1 − 1/4 and 2 − 4/4.
        close(&found.narrower, &[0.75_f64.sqrt(), 0.75_f64.sqrt(), 0.5_f64.sqrt()]);
        let certain = MinimumTrace::new(&Shrunken::new(&[vec![0.0; 5], vec![0.0; 5]])).unwrap();
        assert_eq!((certain.gives, certain.narrower), (vec![0.5], vec![1.0, 1.0]));
    }

    #[test]
    fn two_parts_of_one_name_are_refused() {
        let parts = [named("zakat", vec![1.0, 2.0, 3.0]), named("zakat", vec![9.0, 5.0, 4.0])];
        let error = many(&parts, None, 1, Reconciliation::BottomUp, &Options::default()).unwrap_err();
        assert!(error.code() == "invalid_input" && error.to_string().contains("zakat"), "{error}");
    }

    #[test]
    fn bottom_up_keeps_the_parts() {
        let parts = [named("zakat", vec![1.0, 2.0, 3.0, 4.0]), named("box", vec![9.0, 5.0, 4.0])];
        let options = Options { method: Method::Ols, ..Options::default() };
        let found = many(&parts, None, 1, Reconciliation::BottomUp, &options).unwrap();
        // Lines by hand: 1, 2, 3, 4 goes on with 5; 9, 5, 4 has mean 6 and slope −2.5, so 1 comes next.
        let values: Vec<f64> = found.parts.iter().map(|part| part.forecast.points[0].value).collect();
        assert!((values[0] - 5.0).abs() < 1e-9 && (values[1] - 1.0).abs() < 1e-9, "{values:?}");
        assert!((found.total.points[0].value - 6.0).abs() < 1e-9 && found.shrinkage.is_none());
    }

    #[test]
    fn the_total_keeps_what_only_it_knows() {
        // The parts were written down for four months; the total for three years, with a season that only it can show.
        let year = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0];
        let total = named("total", year.repeat(3)).series;
        let parts = [named("a", vec![0.5; 4]), named("b", vec![0.5; 4])];
        assert_eq!(many(&parts, None, 3, Reconciliation::TopDown, &Options::default()).unwrap().total.n, 4);
        let found = many(&parts, Some(&total), 3, Reconciliation::TopDown, &Options::default()).unwrap();
        assert_eq!(found.total.n, 36);
        // Scaled to the total, and equal as the parts are.
        for (ahead, point) in found.total.points.iter().enumerate() {
            for part in &found.parts {
                assert!((part.forecast.points[ahead].value - point.value / 2.0).abs() < 1e-9);
            }
        }
        // The year begins anew with 1 after 12, as no series of four months could know.
        assert!(found.total.points[0].value < 6.0, "{:?}", found.total.points);
        let late = MonthlySeries { first: total.first + 1, ..total };
        let error = many(&parts, Some(&late), 3, Reconciliation::TopDown, &Options::default()).unwrap_err();
        assert_eq!(error.code(), "invalid_input");
    }

    /// The averages are 3 and 3, and the total's is 12: each part twice as large, and its interval twice as wide.
    #[test]
    fn scaled_parts_have_scaled_bounds() {
        let parts = [named("a", vec![2.0, 3.0, 3.0, 4.0]), named("b", vec![4.0, 3.0, 3.0, 2.0])];
        let total = named("total", vec![12.0; 4]).series;
        let options = Options { method: Method::MovingAverage, non_negative: true, ..Options::default() };
        let found = many(&parts, Some(&total), 1, Reconciliation::TopDown, &options).unwrap();
        for (part, scaled) in parts.iter().zip(&found.parts) {
            let own = fit(&part.series, &options).unwrap().predict(1).points[0];
            let scaled = scaled.forecast.points[0];
            for (a, b) in [(own.value, scaled.value), (own.lower, scaled.lower), (own.upper, scaled.upper)] {
                assert!((2.0 * a - b).abs() < 1e-9, "{own:?} {scaled:?}");
            }
        }
    }

    #[test]
    fn all_cores_and_one_agree() {
        let mut random = crate::stats::Rng::new(3);
        let parts: Vec<Named> = (0..12)
            .map(|i| named(&i.to_string(), (0..30 + i).map(|_| (14.0 + 0.3 * random.normal()).exp()).collect()))
            .collect();
        let run = || many(&parts, None, 6, Reconciliation::MinTrace, &Options::default()).unwrap();
        let found = run();
        #[cfg(feature = "rayon")]
        {
            let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool(1).install(run), found);
            assert_eq!(pool(4).install(run), found);
        }
        // And by hand, one after the other, before they are brought together.
        let apart = many(&parts, None, 6, Reconciliation::BottomUp, &Options::default()).unwrap();
        for (part, found) in parts.iter().zip(apart.parts) {
            assert_eq!(fit(&part.series, &Options::default()).unwrap().predict(6).points, found.forecast.points);
        }
    }

    #[test]
    fn what_cannot_add_up() {
        let run = |parts: &[Named]| many(parts, None, 3, Reconciliation::MinTrace, &Options::default()).unwrap_err();
        assert_eq!(run(&[]).code(), "invalid_input");
        let mut late = named("late", vec![1.0; 6]);
        late.series.first = late.series.first + 1;
        assert!(run(&[named("a", vec![1.0; 6]), late]).to_string().contains("late"));
        assert!(run(&[named("a", vec![1.0; 6]), named("odd", vec![f64::NAN; 6])]).to_string().contains("odd"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn parts_add_up(
            values in proptest::collection::vec(proptest::collection::vec(prop_oneof![Just(0.0), 0.0..1e9_f64], 3..30), 1..5),
            how in 0..3_usize, line: bool,
        ) {
            let name = |i: usize| format!("part {i}");
            let parts: Vec<Named> = values.into_iter().enumerate().map(|(i, values)| named(&name(i), values)).collect();
            let how = [Reconciliation::BottomUp, Reconciliation::MinTrace, Reconciliation::TopDown][how];
            let method = if line { Method::Ols } else { Method::Auto };
            let found = many(&parts, None, 4, how, &Options { method, ..Options::default() }).unwrap();
            for (ahead, total) in found.total.points.iter().enumerate() {
                let sum: f64 = found.parts.iter().map(|part| part.forecast.points[ahead].value).sum();
                prop_assert!((sum - total.value).abs() <= 1e-9 * sum.abs().max(1.0));
                for part in &found.parts {
                    let point = part.forecast.points[ahead];
                    prop_assert!(point.value >= 0.0 && point.lower <= point.value && point.value <= point.upper);
                    prop_assert!(point.lower >= 0.0 && point.upper.is_finite());
                }
            }
        }
    }
}
