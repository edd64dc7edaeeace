//! Simple exponential smoothing (Brown 1959; Gardner 1985).

use super::{Model, Parts, in_unit, level_only, root_mean_square, unit};
use crate::stats::golden_section;

/// A level that follows the series, starting at its first value, with the smoothing weight of the least squared
/// one-step errors in 0.01..0.99 (statsforecast's `SimpleExponentialSmoothingOptimized`).
#[derive(Clone, Debug)]
pub(crate) struct Ses {
    /// The level after 1, 2, … values.
    levels: Vec<f64>,
    alpha: f64,
    sd: f64,
}

impl Ses {
    /// From one value on.
    pub(crate) fn fit(values: &[f64]) -> Option<Self> {
        Self::fit_within(values, 0.01, 0.99)
    }

    /// With the weight between two bounds of 0..1.
    pub(super) fn fit_within(values: &[f64], lower: f64, upper: f64) -> Option<Self> {
        let unit = unit(values);
        let scaled = in_unit(values, unit);
        let alpha = golden_section(lower, upper, 1e-9, |alpha| squared_errors(&scaled, alpha));
        Self::of(&scaled, unit, alpha)
    }

    /// With a given weight of 0..1.
    pub(super) fn with(values: &[f64], alpha: f64) -> Option<Self> {
        let unit = unit(values);
        Self::of(&in_unit(values, unit), unit, alpha)
    }

    fn of(scaled: &[f64], unit: f64, alpha: f64) -> Option<Self> {
        let mut level = *scaled.first()?;
        let levels: Vec<f64> = scaled
            .iter()
            .map(|value| {
                level += alpha * (value - level);
                level * unit
            })
            .collect();
        let errors = scaled[1..].iter().zip(&levels).map(|(value, level)| value - level / unit);
        let sd = root_mean_square(errors, scaled.len() as f64 - 2.0) * unit;
        Some(Self { levels, alpha, sd })
    }

    /// The level after the last value.
    pub(super) fn level(&self) -> f64 {
        self.levels[self.levels.len() - 1]
    }

    /// The level after each value.
    pub(super) fn levels(&self) -> &[f64] {
        &self.levels
    }
}

fn squared_errors(values: &[f64], alpha: f64) -> f64 {
    let mut level = values.first().copied().unwrap_or_default();
    let mut squares = 0.0;
    for value in values {
        let error = value - level;
        squares += error * error;
        level += alpha * error;
    }
    squares
}

impl Model for Ses {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        out.fill(self.levels[origin.clamp(1, self.levels.len()) - 1]);
    }

    fn first_origin(&self) -> usize {
        1
    }

    /// σ·√(1 + (h − 1)·α²) (Hyndman et al. 2008, table 6.1).
    fn sigma(&self, out: &mut [f64]) {
        for (step, out) in out.iter_mut().enumerate() {
            *out = self.sd * (1.0 + step as f64 * self.alpha * self.alpha).sqrt();
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        level_only(self.level(), horizon)
    }
}
