//! How many gifts a period with a gift holds. BG/BB tells in which periods a donor gives, and never how often in one.
//!
//! The gifts of an active period beyond its first are Poisson with a rate of the donor's own, and rates vary over donors by
//! a Gamma (the NBD of Ehrenberg 1959), so that a donor of one period is drawn towards all. Gifts lie evenly over a period:
//! that tells what a part of one is worth, for a horizon that is no whole number of periods.

use super::{Fitted, Predictions, Repeat, days_between};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::minimise;
use jiff::civil::Date;
use statrs::function::gamma::{digamma, ln_gamma};
use std::collections::BTreeMap;

/// Days in a month, on average.
pub(super) const MONTH: f64 = 30.4375;

/// The standard deviation of the prior on the logarithms of shape and mean, as that of the models' parameters.
const PRIOR_SPREAD: f64 = 1.0;

/// Exposures are told apart by this part of a period in the fit, so that equal donors are counted once.
const GRAIN: f64 = 64.0;

/// Expected gifts of each donor in a period with a gift, beyond the first of them. `days` and `first` are the days with a gift
/// and the first of those; `periods` the same donors in periods of `months`.
///
/// # Errors
///
/// `invalid_input` for fewer days than periods with a gift, `not_enough_history` when the likelihood has no maximum.
pub(super) fn further_gifts(
    days: &[u32],
    first: &[Date],
    periods: &Repeat,
    months: u16,
    as_of: Date,
) -> Result<Vec<f64>> {
    let length = MONTH * f64::from(months);
    let mut seen = Vec::with_capacity(days.len());
    for (row, &days) in days.iter().enumerate() {
        let further = f64::from(days) - 1.0 - periods.frequency[row];
        if further < 0.0 {
            return Err(Error::new(ErrorKind::InvalidInput, "a donor has more periods with a gift than days with one")
                .context("row", row));
        }
        // The first period counts from the first gift on.
        let since = f64::from(days_between(first[row], as_of)) / length - periods.age[row];
        seen.push((further, periods.frequency[row] + since.clamp(0.0, 1.0)));
    }
    let [shape, mean] = fit(&seen)?;
    Ok(seen.iter().map(|(further, over)| mean * (shape + further) / (shape + mean * over)).collect())
}

/// Shape and mean of the Gamma, with a weak prior: shape 1, mean that of all donors together.
fn fit(seen: &[(f64, f64)]) -> Result<[f64; 2]> {
    let mut cells: BTreeMap<(u64, u64), f64> = BTreeMap::new();
    let (mut gifts, mut periods) = (0.5, 0.5);
    for &(further, over) in seen {
        *cells.entry((further as u64, (over * GRAIN).round() as u64)).or_default() += 1.0;
        gifts += further;
        periods += over;
    }
    let rows: Vec<[f64; 3]> =
        cells.into_iter().map(|((further, over), count)| [further as f64, over as f64 / GRAIN, count]).collect();
    let n = seen.len().max(1) as f64;
    let centre = gifts / periods;
    let weight = (PRIOR_SPREAD * PRIOR_SPREAD * n).recip();
    let found = minimise([0.0; 2], 12.0, 1e-8, 200, None, |v| {
        let (shape, mean) = (v[0].exp(), centre * v[1].exp());
        let (mut ln, mut slopes) = (0.0, [0.0; 2]);
        for &[x, over, count] in &rows {
            let total = shape + mean * over;
            ln += count
                * (ln_gamma(shape + x) - ln_gamma(shape) + shape * (shape / total).ln() + x * (mean / total).ln());
            slopes[0] +=
                count * (digamma(shape + x) - digamma(shape) + (shape / total).ln() + 1.0 - (shape + x) / total);
            slopes[1] += count * (x / mean - over * (shape + x) / total);
        }
        let prior = 0.5 * weight * (v[0] * v[0] + v[1] * v[1]);
        (prior - ln / n, [weight * v[0] - shape * slopes[0] / n, weight * v[1] - mean * slopes[1] / n])
    });
    if !found.converged {
        return Err(Error::new(ErrorKind::NotEnoughHistory, "how many gifts a period holds could not be fitted")
            .context("donors", seen.len())
            .hint("use a model in days"));
    }
    Ok([found.at[0].exp(), centre * found.at[1].exp()])
}

/// The share of the chance of an active period that falls into its first part `part`: of 1 + Poisson(`further`) gifts, evenly
/// spread, one at least.
pub(super) fn share(part: f64, further: f64) -> f64 {
    1.0 - (1.0 - part) * (-further * part).exp()
}

/// P(no gift) over a horizon in periods that need not be whole: between the whole numbers around it.
pub(super) fn p_no_gift(fitted: &Fitted, periods: &Repeat, further: &[f64], horizon: f64) -> Result<Vec<f64>> {
    let grouped = periods.group(true)?;
    let (whole, part) = (horizon.floor(), horizon.fract());
    let before = if whole > 0.0 { fitted.p_no_gift_of(&grouped, whole)? } else { vec![1.0; periods.len()] };
    if part <= 0.0 {
        return Ok(before);
    }
    let after = fitted.p_no_gift_of(&grouped, whole + 1.0)?;
    let between = |((before, after), &further): ((&f64, &f64), &f64)| before + share(part, further) * (after - before);
    Ok(before.iter().zip(&after).zip(further).map(between).collect())
}

/// Everything that BG/BB says over a horizon in periods that need not be whole, in gifts and not in periods. `predict` asks
/// the model for a whole number of periods.
pub(super) fn predict(
    further: &[f64],
    horizon: f64,
    predict: impl Fn(f64) -> Result<Predictions>,
) -> Result<Predictions> {
    let (whole, part) = (horizon.floor(), horizon.fract());
    // Of no time at all nothing comes; the rest is asked of a whole period.
    let between_two = part > 0.0 || whole <= 0.0;
    let mut said = predict(if between_two { whole + 1.0 } else { whole })?;
    let before = if between_two && whole > 0.0 { Some(predict(whole)?) } else { None };
    for (row, &further) in further.iter().enumerate() {
        if between_two {
            let weight = share(part, further);
            let between = |after: &mut f64, before: f64, weight: f64| *after = before + weight * (*after - before);
            let of =
                |column: fn(&Predictions) -> &Vec<f64>, none: f64| before.as_ref().map_or(none, |b| column(b)[row]);
            between(&mut said.p_no_gift[row], of(|b| &b.p_no_gift, 1.0), weight);
            between(&mut said.p_no_gift_low[row], of(|b| &b.p_no_gift_low, 1.0), weight);
            between(&mut said.p_no_gift_high[row], of(|b| &b.p_no_gift_high, 1.0), weight);
            between(&mut said.expected_gifts[row], of(|b| &b.expected_gifts, 0.0), part);
        }
        said.expected_gifts[row] *= 1.0 + further;
        said.discounted_gifts[row] *= 1.0 + further;
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Rng;

    /// Rates drawn from a known Gamma are found again, a donor of one period is drawn towards all, and one of many is not.
    #[test]
    fn rates_are_found_again() {
        let mut rng = Rng::new(5);
        let (shape, mean) = (0.7, 4.0);
        let seen: Vec<(f64, f64)> = (0..4000)
            .map(|_| {
                let (rate, over) = (rng.gamma(shape) * mean / shape, 0.25 + 5.0 * rng.unit());
                let (mut at, mut count) = (rng.exponential(), 0.0);
                while at < rate * over {
                    at += rng.exponential();
                    count += 1.0;
                }
                (count, over)
            })
            .collect();
        let [found_shape, found_mean] = fit(&seen).unwrap();
        assert!(
            (found_shape / shape - 1.0).abs() < 0.1 && (found_mean / mean - 1.0).abs() < 0.08,
            "{found_shape} {found_mean}"
        );
        assert!(fit(&[(0.0, 1.0); 30]).unwrap()[1] < 0.02);
    }

    #[test]
    fn a_part_of_a_period() {
        // One gift a period, evenly spread, lies in a third of it with a chance of a third.
        assert!((share(1.0 / 3.0, 0.0) - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!((share(0.0, 7.0), share(1.0, 7.0)), (0.0, 1.0));
        for further in [0.0, 0.5, 11.0] {
            for part in [0.01, 0.3, 0.9] {
                // More likely than in a share of the time, and never likelier than gifts are expected.
                assert!((part - 1e-15..=part * (1.0 + further) + 1e-15).contains(&share(part, further)));
            }
        }
    }
}
