//! Where a forecast month may end up: what its interval says, for every chance, and how months hang together.

use super::adjustment::Scale;
use super::{Fitted, Model, SETTLED};
use statrs::distribution::{ContinuousCDF, Normal};

/// Bounds are looked up for so many standard deviations, in steps of [`STEP`]; beyond lies one draw in a million.
const FARTHEST: usize = 50;
const STEP: f64 = 0.1;
/// Before anything is known, half of an error stays in the next month's forecast, which counts as so many past origins.
const PERSISTENCE: f64 = 0.5;
const PERSISTENCE_WEIGHT: f64 = 10.0;

/// The distributions of the months ahead.
#[derive(Clone, Debug)]
pub(super) struct Chances {
    /// The points, in the unit of the series.
    centre: Vec<f64>,
    /// Standard deviations on the working scale, never falling.
    pub(super) sd: Vec<f64>,
    log: bool,
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
        let centre = self.centre[ahead];
        let value = if self.log { centre * distance.min(50.0).exp() } else { centre + distance * self.unit };
        value.max(self.floor)
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
            Chances { centre: centre.clone(), sd, log: false, unit: 1.0, floor, multiples, persistence: PERSISTENCE }
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
                let (log, unit) = (adjustment.scale == Scale::Log, adjustment.unit);
                let persistence = self.persistence(horizon);
                Chances { centre, sd, log, unit, floor, multiples, persistence }
            }
        }
    }

    /// How much of an error is left a month later: the slope of the errors of h + 1 steps on those of h steps, from the
    /// same past origins, pulled towards [`PERSISTENCE`].
    fn persistence(&self, horizon: usize) -> f64 {
        let Model::Ensemble(ensemble) = &self.model else { return PERSISTENCE };
        let n = self.values.len();
        let effects = ensemble.effects(n + horizon.max(1));
        let adjustment = &ensemble.adjustments[0];
        let (mut products, mut squares, mut origins) = (0.0, 0.0, 0.0);
        let mut out = vec![0.0; horizon];
        for origin in ensemble.first_origin().max(n / SETTLED)..n {
            let steps = horizon.min(n - origin);
            ensemble.combined(origin, &effects, self.floor(), &mut out[..steps]);
            let mut before = f64::NAN;
            for (h, &expected) in out[..steps].iter().enumerate() {
                let error = adjustment.distance(self.values[origin + h], expected);
                if error.is_finite() && before.is_finite() {
                    products += before * error;
                    squares += before * before;
                    origins += f64::from(u8::from(h == 1));
                }
                before = error;
            }
        }
        let seen = if squares > 0.0 { (products / squares).clamp(0.0, 1.0) } else { PERSISTENCE };
        (origins * seen + PERSISTENCE_WEIGHT * PERSISTENCE) / (origins + PERSISTENCE_WEIGHT)
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
            Model::Ensemble(ensemble) => {
                let effects = ensemble.effects(n + 1);
                let first = ensemble.first_origin().max(n / SETTLED);
                let mut out = [0.0];
                (0..n)
                    .map(|origin| {
                        if origin < first {
                            return f64::NAN;
                        }
                        ensemble.combined(origin, &effects, self.floor(), &mut out);
                        out[0]
                    })
                    .collect()
            }
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
