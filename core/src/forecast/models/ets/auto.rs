//! The choice of a form.

use super::form::{Error, Form, Season, Trend};
use super::{Estimate, Search, estimate};

/// The form with the least AICc (Hyndman et al. 2008, section 2.8.2), searched for season first: the season, then error and trend
/// with it, which is a third of the fits that trying every form takes.
pub(super) fn best(y: &[f64], period: usize) -> Option<Estimate> {
    let n = y.len();
    let mut best: Option<Estimate> = None;
    let mut consider = |error, trend, season| {
        let found = estimate(y, period, Form { error, trend, season }, Search::GaussNewton)?;
        let better = best.as_ref().is_none_or(|best| found.aicc(n) < best.aicc(n));
        if better && found.aicc(n).is_finite() {
            best = Some(found);
        }
        Some(())
    };
    let positive = y.iter().all(|&value| value > 0.0);
    let errors: &[Error] = if positive { &[Error::Additive, Error::Multiplicative] } else { &[Error::Additive] };
    for &error in errors {
        for trend in [Trend::None, Trend::Additive, Trend::Damped] {
            for season in [Season::None, Season::Additive, Season::Multiplicative] {
                if error == Error::Multiplicative || season != Season::Multiplicative {
                    consider(error, trend, season);
                }
            }
        }
    }
    best
}
