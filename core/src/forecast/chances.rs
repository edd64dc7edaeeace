//! Where a forecast month may end up: what its interval says, for every chance, and how months hang together.

use super::adjustment::{Scale, shifted};
use super::hindsight::PERSISTENCE;
use super::{Fitted, Model};
use statrs::distribution::{ContinuousCDF, Normal};

/// Bounds are looked up for so many standard deviations, in steps of [`STEP`]; beyond lies one draw in a million.
const FARTHEST: usize = 50;
const STEP: f64 = 0.1;

/// The distributions of the months ahead.
#[derive(Clone, Debug)]
pub(super) struct Chances {
    /// The points, in the unit of the series.
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
}

fn normal_level(score: f64) -> f64 {
    2.0 * Normal::standard().cdf(score) - 1.0
}

impl Fitted {
    /// The distributions of `horizon` months ahead, and the points are those of [`Fitted::predict`].
    pub(super) fn chances(&self, centre: Vec<f64>) -> Chances {
        let horizon = centre.len();
        let scores = (0..=FARTHEST).map(|i| i as f64 * STEP);
        let floor = self.floor();
        let plain = |reach: Vec<f64>| {
            // The score whose normal interval has the level of the options.
            let score = Normal::standard().inverse_cdf(0.5 + self.options.level / 2.0).max(1e-3);
            let mut sd: Vec<f64> = reach.into_iter().map(|reach| reach / score).collect();
            never_falling(&mut sd);
            let multiples = (0..=FARTHEST).map(|i| i as f64 * STEP).collect();
            let (scale, persistence) = (Scale::Level, PERSISTENCE);
            Chances { centre: centre.clone(), sd, scale, unit: 1.0, floor, multiples, persistence }
        };
        match &self.model {
            Model::Ols(trend) => plain((1..=horizon).map(|ahead| trend.step(ahead as i32).reach).collect()),
            Model::MovingAverage(average) => plain(vec![average.step().reach; horizon]),
            Model::Ensemble(ensemble) => {
                let hindsight = self.hindsight(ensemble, horizon);
                let mut multiples: Vec<f64> =
                    scores.map(|score| hindsight.spread.multiple(normal_level(score).min(1.0 - 1e-9))).collect();
                multiples[0] = 0.0;
                never_falling(&mut multiples);
                let mut sd = hindsight.spread.sd;
                never_falling(&mut sd);
                let adjustment = &ensemble.adjustments[0];
                let (scale, unit, persistence) = (adjustment.scale, adjustment.unit, hindsight.persistence);
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
