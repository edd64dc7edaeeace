//! The average of the last months: what a month costs, when nothing says that it changes.

use super::{Options, Step, too_short};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::{mean, sample_sd, student_t};

/// A level that months vary around.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Level {
    /// Months averaged.
    pub(super) n: usize,
    mean: f64,
    /// Sample standard deviation of the months averaged; 0 for one.
    pub(super) sd: f64,
    /// s·t(n−1)·√(1 + 1/n): the prediction interval of one more observation (Hahn & Meeker 1991).
    reach: f64,
}

impl Level {
    pub(super) fn fit(values: &[f64], options: &Options) -> Result<Self> {
        let window = &values[values.len().saturating_sub(options.window)..];
        let mean = mean(window).ok_or_else(|| too_short(1, 0))?;
        let n = window.len();
        let Some(sd) = sample_sd(window) else {
            return Ok(Self { n, mean, sd: 0.0, reach: 0.0 });
        };
        let quantile = student_t(0.5 + options.level / 2.0, n as f64 - 1.0).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "no interval of this level can be computed")
                .context("level", options.level)
                .hint("use a level such as 0.95")
        })?;
        Ok(Self { n, mean, sd, reach: quantile * sd * (1.0 + 1.0 / n as f64).sqrt() })
    }

    /// The same average with intervals of another level; its own where there is no such quantile.
    pub(super) fn at(&self, level: f64) -> Self {
        let quantile = student_t(0.5 + level / 2.0, self.n as f64 - 1.0);
        Self { reach: quantile.map_or(self.reach, |quantile| quantile * self.error()), ..self.clone() }
    }

    /// s·√(1 + 1/n): what the quantiles of t with n − 1 degrees of freedom are multiplied by.
    pub(super) fn error(&self) -> f64 {
        self.sd * (1.0 + 1.0 / self.n as f64).sqrt()
    }

    /// Any month ahead.
    pub(super) const fn step(&self) -> Step {
        Step { value: self.mean, reach: self.reach }
    }

    /// An average explains nothing but a constant.
    pub(super) fn r_squared(&self) -> f64 {
        if self.sd > 0.0 { 0.0 } else { 1.0 }
    }
}
