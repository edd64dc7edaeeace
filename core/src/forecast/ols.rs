//! Ordinary least squares on the index 0..n−1 of the months (Draper & Smith 1998, Applied Regression Analysis, 3rd
//! edition).

use super::{Step, too_short};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::{Line, student_t};

/// Two months determine a line without residual; a third is the first to show how far months lie from it.
const NEEDED: usize = 3;

/// A line over months.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trend {
    line: Line,
    /// Quantile of t with n − 2 degrees of freedom.
    quantile: f64,
}

impl Trend {
    pub(super) fn fit(values: &[f64], level: f64) -> Result<Self> {
        if values.len() < NEEDED {
            return Err(too_short(NEEDED, values.len()));
        }
        let index: Vec<f64> = (0..values.len()).map(|i| i as f64).collect();
        let line = Line::fit(&index, values);
        let quantile = student_t(0.5 + level / 2.0, values.len() as f64 - 2.0);
        line.zip(quantile).map(|(line, quantile)| Self { line, quantile }).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "no interval of this level can be computed")
                .context("level", level)
                .hint("use a level such as 0.95")
        })
    }

    /// The same line with intervals of another level; its own where there is no such quantile.
    pub(super) fn at(&self, level: f64) -> Self {
        let quantile = student_t(0.5 + level / 2.0, self.freedom()).unwrap_or(self.quantile);
        Self { quantile, ..self.clone() }
    }

    /// The value `ahead` months after the last, and the reach of its prediction interval.
    pub(super) fn step(&self, ahead: i32) -> Step {
        let index = self.line.n as f64 - 1.0 + f64::from(ahead);
        Step { value: self.line.at(index), reach: self.quantile * self.line.prediction_error(index) }
    }

    /// What the quantiles of t with n − 2 degrees of freedom are multiplied by, `ahead` months after the last.
    pub(super) fn error(&self, ahead: i32) -> f64 {
        self.line.prediction_error(self.line.n as f64 - 1.0 + f64::from(ahead))
    }

    /// Degrees of freedom of its residuals.
    pub(super) const fn freedom(&self) -> f64 {
        self.line.n as f64 - 2.0
    }

    pub(super) const fn r_squared(&self) -> f64 {
        self.line.r_squared
    }

    pub(super) const fn standard_error(&self) -> f64 {
        self.line.standard_error
    }

    /// Slope and intercept.
    pub(super) const fn line(&self) -> (f64, f64) {
        (self.line.slope, self.line.intercept)
    }
}
