//! The choice of a form, and the average over forms where the choice is open.

use super::form::{Error, Form, Season, Trend};
use super::{Estimate, Ets, Model, Parts, Search, estimate, in_unit, unit};

/// Forms that weigh less than this do not change a forecast.
const LIGHT: f64 = 0.01;

/// The estimates of all forms that a series allows, the one with the least `AICc` first. An undamped trend is not among
/// them: its forecasts go too far (Gardner & `McKenzie` 1985), on M3 as elsewhere.
pub(super) fn estimates(y: &[f64], period: usize) -> Vec<Estimate> {
    let mut all = Vec::new();
    for error in [Error::Additive, Error::Multiplicative] {
        for trend in [Trend::None, Trend::Damped] {
            for season in [Season::None, Season::Additive, Season::Multiplicative] {
                if error == Error::Multiplicative || season != Season::Multiplicative {
                    all.extend(estimate(y, period, Form { error, trend, season }, Search::Calm));
                }
            }
        }
    }
    all.retain(|one| one.aicc(y.len()).is_finite());
    all.sort_by(|one, other| one.aicc(y.len()).total_cmp(&other.aicc(y.len())));
    all
}

/// The average of all forms that a series allows, each with its Akaike weight exp(−ΔAICc/2) (Kolassa 2011): a choice
/// among forms that are nearly as good as one another is a toss.
#[derive(Clone, Debug)]
pub(crate) struct EtsAverage {
    /// Forms with their weights, which add up to 1; the heaviest first.
    members: Vec<(f64, Ets)>,
}

impl EtsAverage {
    /// From five values on.
    pub(crate) fn fit(values: &[f64], period: usize) -> Option<Self> {
        let unit = unit(values);
        let y = in_unit(values, unit);
        let estimates = estimates(&y, period);
        let least = estimates.first()?.aicc(y.len());
        let weight = |one: &Estimate| (0.5 * (least - one.aicc(y.len()))).exp();
        let heavy = estimates.into_iter().map(|one| (weight(&one), one)).filter(|(weight, _)| *weight >= LIGHT);
        let mut members: Vec<(f64, Ets)> =
            heavy.filter_map(|(weight, one)| Some((weight, Ets::of(one, &y, unit)?))).collect();
        let total: f64 = members.iter().map(|(weight, _)| weight).sum();
        for (weight, _) in &mut members {
            *weight /= total;
        }
        (!members.is_empty()).then_some(Self { members })
    }

    /// The weighted mean of something that each member says of each step.
    fn mean(&self, out: &mut [f64], of: impl Fn(&Ets, &mut [f64])) {
        let mut one = vec![0.0; out.len()];
        out.fill(0.0);
        for (weight, member) in &self.members {
            of(member, &mut one);
            out.iter_mut().zip(&one).for_each(|(out, one)| *out += weight * one);
        }
    }
}

impl Model for EtsAverage {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        self.mean(out, |member, out| member.forecast_from(origin, out));
    }

    fn first_origin(&self) -> usize {
        self.members.iter().map(|(_, member)| member.first_origin()).max().unwrap_or(1)
    }

    /// The members' mean.
    fn sigma(&self, out: &mut [f64]) {
        self.mean(out, Model::sigma);
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let mut mean = vec![Parts::default(); horizon];
        for (weight, member) in &self.members {
            for (mean, part) in mean.iter_mut().zip(member.parts(horizon)) {
                mean.level += weight * part.level;
                mean.trend += weight * part.trend;
                mean.season += weight * part.season;
            }
        }
        mean
    }

    /// The least of the members'.
    fn aicc(&self) -> Option<f64> {
        self.members[0].1.aicc()
    }
}
