//! The single models: each looks at a whole series once and can then be asked to forecast from any point of it.
//!
//! Every model works on any finite series of values up to 10¹⁰⁰ without a panic, a NaN or an infinity; where it cannot
//! be used (too short, or a multiplicative form on values that are not positive) `fit` returns `None`.

#![cfg_attr(
    not(test),
    allow(
        dead_code,
        unused_imports,
        reason = "the reference search and its criteria serve the tests against published software"
    )
)]

mod croston;
mod ets;
mod naive;
mod reversion;
mod season;
mod ses;
mod structural;
mod theta;

pub(crate) use croston::{Croston, CrostonKind};
pub(crate) use ets::{Ets, EtsAverage, Form as EtsForm, Search as EtsSearch};
pub(crate) use naive::{Average, Drift, Naive, SeasonalNaive};
pub(crate) use reversion::Reversion;
pub(crate) use ses::Ses;
pub(crate) use structural::{Design, Structural};
pub(crate) use theta::{Theta, ThetaKind};

/// A model fitted to a series, that can be asked to forecast from any point of it.
pub(crate) trait Model {
    /// Forecasts for steps 1..=`out.len()` made at `origin`: with `values[..origin]` seen and the parameters of the
    /// whole series. `origin` = n is the real forecast; origins go from [`Model::first_origin`] to n, and one outside
    /// is moved to the nearer end.
    fn forecast_from(&self, origin: usize, out: &mut [f64]);

    /// The first origin that the model can forecast from.
    fn first_origin(&self) -> usize;

    /// The standard deviation of the forecast error at steps 1..=`out.len()` from the end, by the model's own formula;
    /// zero where the series leaves no residual.
    fn sigma(&self, out: &mut [f64]);

    /// What each step of the forecast from the end is made of.
    fn parts(&self, horizon: usize) -> Vec<Parts>;

    /// Akaike's criterion corrected for small samples (Hurvich & Tsai 1989), where the model has a likelihood.
    fn aicc(&self) -> Option<f64> {
        None
    }
}

/// The additive contributions to one step of a forecast, in the unit of the series; they add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Parts {
    /// Where the series stands at its end.
    pub(crate) level: f64,
    /// How far the trend goes from there.
    pub(crate) trend: f64,
    /// What the month of the year adds.
    pub(crate) season: f64,
}

/// A power of two that brings values of extreme magnitude near one, so that squares and sums of squares stay inside the
/// range of `f64`; 1 for everyday magnitudes, which are left as they are.
fn unit(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if largest > 0.0 && !(1e-3..=1e12).contains(&largest) { largest.log2().floor().exp2() } else { 1.0 }
}

/// The values in a [`unit`], without copying where it is 1.
fn in_unit(values: &[f64], unit: f64) -> std::borrow::Cow<'_, [f64]> {
    if (unit - 1.0).abs() > 0.0 { values.iter().map(|value| value / unit).collect() } else { values.into() }
}

/// The root of the mean square with divisor `freedom`; zero without freedom.
fn root_mean_square(errors: impl Iterator<Item = f64>, freedom: f64) -> f64 {
    if freedom > 0.0 { (errors.map(|error| error * error).sum::<f64>() / freedom).sqrt() } else { 0.0 }
}

/// Parts of a forecast that is one level at every step.
fn level_only(level: f64, horizon: usize) -> Vec<Parts> {
    vec![Parts { level, ..Parts::default() }; horizon]
}

#[cfg(test)]
mod tests;
