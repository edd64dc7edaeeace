//! Gamma-Gamma: what a gift is worth, with few gifts drawn towards what all donors give (Fader, Hardie & Lee 2005b; Fader
//! & Hardie 2013). Gifts of a donor vary by a Gamma with shape p; donors' scales vary by a Gamma with q and γ.

use super::fit::{Convergence, Estimate, data_share, is_weak};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::{LARGEST, minimise};
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};
use std::collections::BTreeMap;

/// What donors gave a gift, one row a donor, both columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spending {
    /// How many gifts the mean is of; rows with 0 are left out of a fit, and get the mean of all in a prediction.
    pub gifts: Vec<f64>,
    /// Their mean value, above zero where there are gifts.
    pub mean: Vec<f64>,
}

/// How Gamma-Gamma is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpendingOptions {
    /// With or without the prior; with it by default.
    pub estimate: Estimate,
    /// The standard deviation of the normal prior on the logarithms of p, q − 1 and γ; 1 by default. Centres: p 2, q 3,
    /// and γ so that the mean of all is that of the data.
    pub prior_spread: f64,
    /// Fewest donors; 10 by default, three a parameter.
    pub min_donors: u32,
}

impl Default for SpendingOptions {
    fn default() -> Self {
        Self { estimate: Estimate::Map, prior_spread: 1.0, min_donors: 10 }
    }
}

/// A fitted Gamma-Gamma model. q is above 1, so that the mean of all donors exists.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedSpending {
    /// p, q and γ; γ in the unit of the money.
    pub parameters: [f64; 3],
    /// Their standard errors.
    pub standard_errors: [f64; 3],
    /// The share of what is known of p, q − 1 and γ that the data tell, the rest being the prior; 1 without one.
    #[serde(default)]
    pub information: [f64; 3],
    /// Parameters of which the prior tells more than the data.
    #[serde(default)]
    pub weak: [bool; 3],
    /// The log likelihood.
    pub log_likelihood: f64,
    /// Donors with a gift.
    pub donors: u64,
    /// How the search ended.
    pub convergence: Convergence,
}

/// Log likelihood, and its gradient by p, q and γ, of rows (gifts, mean, donors).
fn log_likelihood(&[p, q, gamma]: &[f64; 3], rows: &[[f64; 3]]) -> (f64, [f64; 3]) {
    let (ln_q, slope_q, ln_gamma_money) = (ln_gamma(q), digamma(q), gamma.ln());
    let (mut sum, mut gradient) = (0.0, [0.0; 3]);
    for &[x, m, count] in rows {
        let (px, total) = (p * x, gamma + m * x);
        let ln_total = total.ln();
        let ln_all = (m * x).ln();
        sum += count
            * (ln_gamma(px + q) - ln_gamma(px) - ln_q + q * (ln_gamma_money - ln_total) + px * (ln_all - ln_total)
                - m.ln());
        let both = digamma(px + q);
        gradient[0] += count * x * (both - digamma(px) + ln_all - ln_total);
        gradient[1] += count * (both - slope_q + ln_gamma_money - ln_total);
        gradient[2] += count * (q / gamma - (px + q) / total);
    }
    (sum, gradient)
}

/// Fits what a gift is worth.
///
/// # Errors
///
/// `invalid_input` for columns that contradict themselves or options out of range, `not_enough_history` for too few
/// donors and when the likelihood has no maximum within reach.
pub fn fit_spending(spending: &Spending, options: &SpendingOptions) -> Result<FittedSpending> {
    if !(0.05..=10.0).contains(&options.prior_spread) || options.min_donors < 2 {
        let why = "prior_spread must be 0.05 to 10, and min_donors at least 2";
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    check(spending)?;
    let mut distinct: BTreeMap<[u64; 2], f64> = BTreeMap::new();
    for (&x, &m) in spending.gifts.iter().zip(&spending.mean).filter(|(x, _)| **x > 0.0) {
        *distinct.entry([x.to_bits(), m.to_bits()]).or_default() += 1.0;
    }
    let n: f64 = distinct.values().sum();
    if n < f64::from(options.min_donors) {
        return Err(Error::new(ErrorKind::NotEnoughHistory, "too few donors to tell what a gift is worth")
            .context("donors", n)
            .context("needed", options.min_donors));
    }
    let mean = distinct.iter().map(|(key, count)| f64::from_bits(key[1]) * count / n).sum::<f64>();
    // In units of the mean gift, so that steps do not depend on the currency.
    let rows: Vec<[f64; 3]> =
        distinct.iter().map(|(key, &count)| [f64::from_bits(key[0]), f64::from_bits(key[1]) / mean, count]).collect();
    let weight = match options.estimate {
        Estimate::Map => (options.prior_spread * options.prior_spread * n).recip(),
        Estimate::Ml => 0.0,
    };
    let at = |v: &[f64; 3]| [2.0 * v[0].exp(), 1.0 + 2.0 * v[1].exp(), v[2].exp()];
    let found = minimise([0.0; 3], 12.0, 1e-8, 200, None, |v| {
        let parameters = at(v);
        let (ln, slopes) = log_likelihood(&parameters, &rows);
        let scale = [parameters[0], parameters[1] - 1.0, parameters[2]];
        let prior = 0.5 * weight * v.iter().map(|v| v * v).sum::<f64>();
        (prior - ln / n, std::array::from_fn(|i| weight * v[i] - scale[i] * slopes[i] / n))
    });
    let (Some(inverse), true) = (found.curvature.try_inverse(), found.converged) else {
        return Err(Error::new(
            ErrorKind::NotEnoughHistory,
            "the likelihood of gift values has no maximum within reach",
        )
        .context("donors", n)
        .hint("fit with the prior (estimate: map)"));
    };
    let [p, q, gamma] = at(&found.at);
    let information = std::array::from_fn(|i| match options.estimate {
        Estimate::Map => data_share(inverse[(i, i)] / n, options.prior_spread),
        Estimate::Ml => 1.0,
    });
    let error = |i: usize, scale: f64| scale * (inverse[(i, i)].max(0.0) / n).sqrt();
    let bends = found.curvature.symmetric_eigenvalues();
    Ok(FittedSpending {
        parameters: [p, q, gamma * mean],
        standard_errors: [error(0, p), error(1, q - 1.0), error(2, gamma * mean)],
        information,
        weak: information.map(is_weak),
        // A density of money: in units of the mean it is larger by the mean.
        log_likelihood: log_likelihood(&[p, q, gamma], &rows).0 - n * mean.ln(),
        donors: n as u64,
        convergence: Convergence { steps: found.steps, gradient: found.gradient, condition: bends.max() / bends.min() },
    })
}

impl FittedSpending {
    /// The expected value of a donor's next gifts, one a row: the donor's own mean drawn towards that of all (Fader & Hardie
    /// 2013, equation 5).
    ///
    /// # Errors
    ///
    /// `invalid_input` for columns that contradict themselves.
    pub fn predict(&self, spending: &Spending) -> Result<Vec<f64>> {
        check(spending)?;
        Ok(spending.gifts.iter().zip(&spending.mean).map(|(&x, &m)| self.expected(x, m)).collect())
    }

    /// The mean gift of all donors, those who are yet to come included.
    pub fn mean(&self) -> f64 {
        self.expected(0.0, 0.0)
    }

    pub(super) fn expected(&self, x: f64, m: f64) -> f64 {
        let [p, q, gamma] = self.parameters;
        p * (gamma + m * x) / (p * x + q - 1.0)
    }
}

fn check(spending: &Spending) -> Result<()> {
    if spending.gifts.len() != spending.mean.len() {
        return Err(Error::new(ErrorKind::InvalidInput, "the columns gifts and mean differ in length"));
    }
    let wrong = spending.gifts.iter().zip(&spending.mean).position(|(&x, &m)| {
        let counted = (0.0..=1e9).contains(&x) && (0.0..=LARGEST).contains(&m);
        !counted || (x > 0.0 && m <= 0.0)
    });
    match wrong {
        None => Ok(()),
        Some(row) => {
            Err(Error::new(ErrorKind::InvalidInput, "gifts must be counts, and their mean above zero")
                .context("row", row))
        }
    }
}
