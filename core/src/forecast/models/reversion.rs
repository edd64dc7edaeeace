//! A line that goes on at half its slope, and deviations from it that fade.

use super::{Model, Parts, root_mean_square};
use crate::stats::Line;

/// The largest share of a deviation that is left a month later: a random walk has 1, and would never come back.
const SLOWEST: f64 = 0.99;
/// How much of the past slope goes on, as in the Theta method (Assimakopoulos & Nikolopoulos 2000).
const SLOPE: f64 = 0.5;

/// An autoregression of order 1 (Box & Jenkins 1970) around a least-squares line. It returns where smoothing stays, and so
/// errs in other places: what a combination needs (Bates & Granger 1969, Operational Research Quarterly 20).
#[derive(Clone, Debug)]
pub(crate) struct Reversion {
    line: (f64, f64),
    deviations: Vec<f64>,
    persistence: f64,
    /// How much of the slope goes on.
    onward: f64,
    sd: f64,
}

impl Reversion {
    /// From three values on; the line goes on at half its slope.
    pub(crate) fn fit(values: &[f64]) -> Option<Self> {
        Self::fit_onward(values, SLOPE)
    }

    /// The same with another share of the slope that goes on, up to 1 for all of it.
    pub(crate) fn fit_onward(values: &[f64], onward: f64) -> Option<Self> {
        if values.len() < 3 {
            return None;
        }
        let index: Vec<f64> = (0..values.len()).map(|t| t as f64).collect();
        let line = Line::fit(&index, values)?;
        let deviations: Vec<f64> = values.iter().zip(&index).map(|(value, &t)| value - line.at(t)).collect();
        let pairs = || deviations[1..].iter().zip(&deviations);
        let squares: f64 = pairs().map(|(_, then)| then * then).sum();
        let products: f64 = pairs().map(|(now, then)| now * then).sum();
        let persistence = if squares > 0.0 { (products / squares).clamp(0.0, SLOWEST) } else { 0.0 };
        let sd = root_mean_square(pairs().map(|(now, then)| now - persistence * then), values.len() as f64 - 2.0);
        let sound = persistence.is_finite() && sd.is_finite();
        sound.then_some(Self { line: (line.intercept, line.slope), deviations, persistence, onward, sd })
    }
}

impl Model for Reversion {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        let last = origin.clamp(1, self.deviations.len()) - 1;
        let (intercept, slope) = self.line;
        let level = intercept + slope * last as f64;
        let mut deviation = self.deviations[last];
        for (ahead, out) in (1..).zip(out) {
            deviation *= self.persistence;
            *out = level + self.onward * slope * f64::from(ahead) + deviation;
        }
    }

    fn first_origin(&self) -> usize {
        1
    }

    fn sigma(&self, out: &mut [f64]) {
        let mut variance = 0.0;
        let mut power = 1.0;
        for out in out {
            variance += power;
            power *= self.persistence * self.persistence;
            *out = self.sd * variance.sqrt();
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let last = self.deviations.len() - 1;
        let (intercept, slope) = self.line;
        let level = intercept + slope * last as f64 + self.deviations[last];
        let mut fading = self.deviations[last];
        (1..=horizon)
            .map(|ahead| {
                fading *= self.persistence;
                Parts { level, trend: self.onward * slope * ahead as f64 + fading - self.deviations[last], season: 0.0 }
            })
            .collect()
    }
}
