//! Forecasts of parts that add up to the forecast of their sum.

use super::{Fitted, Forecast, Options, fit};
use crate::error::{Error, ErrorKind, Result};
use crate::model::MonthlySeries;
use crate::stats::{LARGEST, Shrunken};
use serde::{Deserialize, Serialize};

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
}

/// Parts and their total. In every month the values of the parts add up to the total's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconciled {
    /// The total.
    pub total: Forecast,
    /// The parts, in the order given.
    pub parts: Vec<NamedForecast>,
    /// How far the correlations of the errors were pulled towards zero, 0 to 1; `None` for bottom-up.
    pub shrinkage: Option<f64>,
}

/// A part's forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedForecast {
    /// Its name.
    pub name: String,
    /// Its forecast; what reconciliation added is in the remainder of its [`Parts`](super::Parts), and the bounds moved
    /// in proportion.
    pub forecast: Forecast,
}

/// Forecasts `horizon` months of each part and of their sum, so that they add up.
///
/// All series end with the same month; a part that begins later counts as zero before. Where no part may be below zero
/// ([`Options::non_negative`]), parts that reconciliation would take below it become zero and the others are scaled to
/// the total.
///
/// # Errors
///
/// Those of [`fit`], with the part named; `invalid_input` without a part, when two end with different months, or when
/// the sum leaves the range of numbers.
pub fn many(parts: &[Named], horizon: u16, how: Reconciliation, options: &Options) -> Result<Reconciled> {
    let total_series = sum_of(parts)?;
    let fitted = parts
        .iter()
        .map(|part| fit(&part.series, options).map_err(|error| error.context("series", &part.name)))
        .collect::<Result<Vec<Fitted>>>()?;
    let fitted_total = fit(&total_series, options).map_err(|error| error.context("series", "total"))?;
    let mut total = fitted_total.predict(horizon);
    let mut forecasts: Vec<Forecast> = fitted.iter().map(|part| part.predict(horizon)).collect();
    let covariance = (how == Reconciliation::MinTrace).then(|| {
        let errors: Vec<Vec<f64>> = std::iter::once(&fitted_total).chain(&fitted).map(errors).collect();
        Shrunken::new(&errors)
    });
    let gives = covariance.as_ref().and_then(shares);
    let whole = fitted.iter().all(|part| part.never_below_zero);
    for ahead in 0..total.points.len() {
        let mut values: Vec<f64> = forecasts.iter().map(|part| part.points[ahead].value).collect();
        let gap = total.points[ahead].value - values.iter().sum::<f64>();
        if let Some(gives) = &gives {
            for (value, give) in values.iter_mut().zip(gives) {
                *value += give * gap;
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
        for (forecast, &value) in forecasts.iter_mut().zip(&values) {
            move_to(forecast, ahead, value);
        }
        move_to(&mut total, ahead, values.iter().sum());
    }
    let named = parts.iter().zip(forecasts);
    Ok(Reconciled {
        total,
        parts: named.map(|(part, forecast)| NamedForecast { name: part.name.clone(), forecast }).collect(),
        shrinkage: covariance.filter(|_| gives.is_some()).map(|covariance| covariance.lambda),
    })
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

/// How much of the gap between total and sum each part takes over. With the constraint c = (1, −1, …, −1), the
/// reconciled values are ŷ − W·c·(c'W·c)⁻¹·c'ŷ. Equal shares, the total's included, where no error was ever made.
fn shares(covariance: &Shrunken) -> Option<Vec<f64>> {
    let k = covariance.variances.len();
    let constraint: Vec<f64> = (0..k).map(|i| if i == 0 { 1.0 } else { -1.0 }).collect();
    let product = covariance.times(&constraint);
    let variance: f64 = product.iter().zip(&constraint).map(|(p, c)| p * c).sum();
    let scale: f64 = covariance.variances.iter().sum();
    if !variance.is_finite() {
        return None;
    }
    if variance <= scale * 1e-12 {
        return Some(vec![1.0 / k as f64; k - 1]);
    }
    Some(product[1..].iter().map(|p| -p / variance).collect())
}

/// Puts a point elsewhere: in proportion, or by a shift where there is no proportion.
fn move_to(forecast: &mut Forecast, ahead: usize, value: f64) {
    let point = &mut forecast.points[ahead];
    let shift = value - point.value;
    let ratio = value / point.value;
    if point.lower >= 0.0 && ratio.is_finite() && value >= 0.0 {
        point.lower *= ratio;
        point.upper *= ratio;
    } else {
        point.lower += shift;
        point.upper += shift;
    }
    point.value = value;
    point.lower = point.lower.min(value);
    point.upper = point.upper.max(value);
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
        let shares = shares(&Shrunken::new(&errors)).unwrap();
        assert!((shares[0] - 0.25).abs() < 1e-12 && (shares[1] - 0.5).abs() < 1e-12, "{shares:?}");
        assert_eq!(super::shares(&Shrunken::new(&[vec![0.0; 5], vec![0.0; 5]])), Some(vec![0.5]));
    }

    #[test]
    fn bottom_up_keeps_the_parts() {
        let parts = [named("zakat", vec![1.0, 2.0, 3.0, 4.0]), named("box", vec![9.0, 5.0, 4.0])];
        let options = Options { method: Method::Ols, ..Options::default() };
        let found = many(&parts, 1, Reconciliation::BottomUp, &options).unwrap();
        // Lines by hand: 1, 2, 3, 4 goes on with 5; 9, 5, 4 has mean 6 and slope −2.5, so 1 comes next.
        let values: Vec<f64> = found.parts.iter().map(|part| part.forecast.points[0].value).collect();
        assert!((values[0] - 5.0).abs() < 1e-9 && (values[1] - 1.0).abs() < 1e-9, "{values:?}");
        assert!((found.total.points[0].value - 6.0).abs() < 1e-9 && found.shrinkage.is_none());
    }

    #[test]
    fn what_cannot_add_up() {
        let run = |parts: &[Named]| many(parts, 3, Reconciliation::MinTrace, &Options::default()).unwrap_err();
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
            line: bool,
        ) {
            let parts: Vec<Named> = values.into_iter().map(|values| named("part", values)).collect();
            let method = if line { Method::Ols } else { Method::Auto };
            let found = many(&parts, 4, Reconciliation::MinTrace, &Options { method, ..Options::default() }).unwrap();
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
