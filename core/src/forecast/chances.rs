//! Where a forecast month may end up: what its interval says, for every chance, and how months hang together.

use super::adjustment::{Scale, shifted};
use super::held_out::{mean_size, middle};
use super::hindsight::{Hindsight, PERSISTENCE};
use super::{Fitted, Model};
use crate::stats::student_t;
use statrs::distribution::{ContinuousCDF, Normal};

/// Bounds are looked up for so many standard deviations, in steps of [`STEP`]; beyond lies one draw in a million.
const FARTHEST: usize = 50;
const STEP: f64 = 0.1;

/// The distributions of the months ahead.
#[derive(Clone, Debug)]
pub(super) struct Chances {
    /// The middles, in the unit of the series.
    centre: Vec<f64>,
    /// Standard deviations on the working scale, never falling.
    pub(super) sd: Vec<f64>,
    scale: Scale,
    unit: f64,
    floor: f64,
    /// How many standard deviations the bound of an interval lies away whose level is that of a normal interval of
    /// 0, 0.1, 0.2… standard deviations.
    multiples: Vec<f64>,
    /// The share of an error's variance that stays in the errors of the following months.
    pub(super) persistence: f64,
}

impl Chances {
    /// The value of a month at a normal score: at 1.96 the upper bound of the 95% interval. It rises with the score.
    pub(super) fn at(&self, ahead: usize, score: f64) -> f64 {
        let place = (score.abs() / STEP).min(FARTHEST as f64);
        let below = (place as usize).min(FARTHEST - 1);
        let multiple =
            self.multiples[below] + (self.multiples[below + 1] - self.multiples[below]) * (place - below as f64);
        let distance = multiple.copysign(score) * self.sd[ahead];
        shifted(self.centre[ahead], distance, self.scale, self.unit).max(self.floor)
    }

    /// Without the first months.
    pub(super) fn after(mut self, months: usize) -> Self {
        self.centre.drain(..months.min(self.centre.len()));
        self.sd.drain(..months.min(self.sd.len()));
        self
    }
}

/// How far the quantile of t lies for each score of a normal number: what is not known of the standard deviation makes
/// the tails long, and the middle hardly wider.
fn student_multiples(freedom: f64) -> Vec<f64> {
    let of = |score: f64| student_t(normal_share(score), freedom.max(1.0)).unwrap_or(score);
    let mut multiples: Vec<f64> = (0..=FARTHEST).map(|i| of(i as f64 * STEP)).collect();
    multiples[0] = 0.0;
    never_falling(&mut multiples);
    multiples
}

/// The share of normal numbers below a score, kept off 1.
fn normal_share(score: f64) -> f64 {
    Normal::standard().cdf(score).min(1.0 - 0.5e-9)
}

impl Fitted {
    /// The distributions of the months ahead whose means are `mean`.
    ///
    /// Those of `ols` and `moving_average` are the t distributions of their intervals. Those of the combination have the
    /// intervals' shape, its width by [`Fitted::width_factor`].
    pub(super) fn chances(&self, mean: &[f64]) -> Chances {
        let horizon = mean.len();
        let floor = self.floor();
        let plain = |mut sd: Vec<f64>, freedom: f64| {
            never_falling(&mut sd);
            let multiples = student_multiples(freedom);
            let (scale, persistence) = (Scale::Level, PERSISTENCE);
            Chances { centre: mean.to_vec(), sd, scale, unit: 1.0, floor, multiples, persistence }
        };
        match &self.model {
            Model::Ols(trend) => plain((1..=horizon).map(|ahead| trend.error(ahead as i32)).collect(), trend.freedom()),
            Model::MovingAverage(average) => plain(vec![average.error(); horizon], average.n as f64 - 1.0),
            Model::Ensemble(ensemble) => {
                let Hindsight { spread, persistence, .. } = self.hindsight(ensemble, horizon);
                let score = |i: usize| 2.0 * normal_share(i as f64 * STEP) - 1.0;
                let mut multiples: Vec<f64> = (0..=FARTHEST).map(|i| spread.multiple(score(i))).collect();
                multiples[0] = 0.0;
                never_falling(&mut multiples);
                let width = self.width_factor(horizon);
                let mut sd: Vec<f64> = spread.sd.iter().map(|sd| sd * width).collect();
                never_falling(&mut sd);
                let size = mean_size(|level| spread.multiple(level));
                let adjustment = &ensemble.adjustments[0];
                let (scale, unit) = (adjustment.scale, adjustment.unit);
                let centre = mean.iter().zip(&sd).map(|(&mean, sd)| middle(mean, sd * size, scale)).collect();
                Chances { centre, sd, scale, unit, floor, multiples, persistence }
            }
        }
    }

    /// Each month's value and what would have been expected of it a month before; not a number where nothing would. For
    /// a line: what it says of the month now.
    pub(super) fn one_steps(&self) -> Vec<(f64, f64)> {
        let n = self.values.len();
        let expected: Vec<f64> = match &self.model {
            Model::Ols(trend) => {
                let (slope, intercept) = trend.line();
                (0..n).map(|t| intercept + slope * t as f64).collect()
            }
            Model::MovingAverage(_) => (0..n)
                .map(|t| {
                    let seen = &self.values[t.saturating_sub(self.options.window)..t];
                    if seen.is_empty() { f64::NAN } else { seen.iter().sum::<f64>() / seen.len() as f64 }
                })
                .collect(),
            Model::Ensemble(ensemble) => self.expected(ensemble),
        };
        self.values.iter().copied().zip(expected).collect()
    }
}

fn never_falling(values: &mut [f64]) {
    let mut largest = 0.0_f64;
    for value in values {
        largest = if value.is_finite() { largest.max(*value) } else { largest };
        *value = largest;
    }
}
