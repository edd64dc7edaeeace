//! Charities with a known truth: donors drawn from a model, their past as columns, and what they did next.

use super::{Model, Repeat};
use crate::model::{DonorId, GiftDays, Rupiah, civil_day, epoch_day};
use crate::stats::Rng;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A charity drawn from a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simulated {
    /// The past of each donor.
    pub repeat: Repeat,
    /// Gifts within the horizon that followed.
    pub future: Vec<u32>,
    /// The horizon.
    pub horizon: f64,
}

impl Simulated {
    /// Whether each donor gave nothing within the horizon.
    pub fn left(&self) -> Vec<bool> {
        self.future.iter().map(|&gifts| gifts == 0).collect()
    }
}

/// Draws `donors` donors from a model with known parameters, who first gave `ages.0` to `ages.1` ago, evenly spread.
pub fn simulate(
    model: Model,
    parameters: [f64; 4],
    donors: u32,
    ages: (f64, f64),
    horizon: f64,
    seed: u64,
) -> Simulated {
    let mut rng = Rng::new(seed);
    let mut found = Simulated { horizon, ..Simulated::default() };
    for _ in 0..donors {
        let mut age = ages.0 + (ages.1 - ages.0) * rng.unit();
        if model.counts_opportunities() {
            age = age.round();
        }
        let gifts = history(model, parameters, age + horizon, &mut rng);
        let past = gifts.iter().filter(|&&at| at <= age);
        found.repeat.frequency.push(past.clone().count() as f64);
        found.repeat.recency.push(past.fold(0.0, |_, &at| at));
        found.repeat.age.push(age);
        found.future.push(gifts.iter().filter(|&&at| at > age).count() as u32);
    }
    found
}

/// Draws the days of gifts of `donors` donors from a model in days, who first gave between two days. Gifts are multiples of
/// 25,000 rupiah, about 100,000 on average, larger with some donors than with others.
pub fn simulate_days(
    model: Model,
    parameters: [f64; 4],
    donors: u32,
    (since, until): (Date, Date),
    seed: u64,
) -> GiftDays {
    let mut rng = Rng::new(seed);
    let (since, until) = (epoch_day(since), epoch_day(until));
    let mut found = GiftDays::default();
    for donor in 1..=donors {
        let first = since + rng.below((until - since + 1).unsigned_abs().into()) as i32;
        let usual = 100_000.0 * rng.gamma(3.0) / 3.0;
        let mut days: BTreeMap<i32, Rupiah> = BTreeMap::new();
        let later = history(model, parameters, f64::from(until - first), &mut rng);
        for at in std::iter::once(0.0).chain(later) {
            let steps = (usual * rng.gamma(4.0) / 4.0 / 25_000.0).ceil();
            *days.entry(first + at as i32).or_default() += Rupiah::new(25_000) * (steps as i64).max(1);
        }
        for (day, total) in days {
            found.donor.push(DonorId(donor.into()));
            found.day.push(civil_day(day));
            found.total.push(total);
        }
    }
    found
}

/// Times of the gifts after the first one, up to an end.
fn history(model: Model, [p, q, u, v]: [f64; 4], end: f64, rng: &mut Rng) -> Vec<f64> {
    let mut gifts = Vec::new();
    match model {
        Model::BgBb => {
            let (give, leave) = (rng.beta(p, q), rng.beta(u, v));
            for at in 1..=end as u32 {
                if rng.unit() < leave {
                    break;
                }
                if rng.unit() < give {
                    gifts.push(f64::from(at));
                }
            }
        }
        Model::ParetoNbd => {
            let rate = rng.gamma(p) / q;
            let gone = rng.exponential() * v / rng.gamma(u);
            let mut at = rng.exponential() / rate;
            while at <= end.min(gone) {
                gifts.push(at);
                at += rng.exponential() / rate;
            }
        }
        Model::BgNbd | Model::MbgNbd => {
            let (rate, leave) = (rng.gamma(p) / q, rng.beta(u, v));
            if model == Model::MbgNbd && rng.unit() < leave {
                return gifts;
            }
            let mut at = rng.exponential() / rate;
            while at <= end {
                gifts.push(at);
                if rng.unit() < leave {
                    break;
                }
                at += rng.exponential() / rate;
            }
        }
    }
    gifts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::churn::{Ahead, FitOptions, evaluate, fit};

    /// Model, parameters, ages, horizon.
    type Truth = (Model, [f64; 4], (f64, f64), f64);

    /// Half a year of days ahead, or an opportunity, in charities like those that the library is for.
    const TRUTHS: [Truth; 4] = [
        (Model::BgNbd, [0.8, 60.0, 0.8, 2.5], (30.0, 1500.0), 180.0),
        (Model::MbgNbd, [0.8, 60.0, 0.8, 2.5], (30.0, 1500.0), 180.0),
        (Model::ParetoNbd, [0.8, 60.0, 0.7, 300.0], (30.0, 1500.0), 180.0),
        (Model::BgBb, [1.2, 0.75, 0.66, 2.78], (1.0, 8.0), 1.0),
    ];

    /// Fits of small charities never fail, and what they say is calibrated.
    #[test]
    fn small_charities_are_calibrated() {
        for (model, parameters, ages, horizon) in TRUTHS {
            for (donors, draws) in [(50, 60), (200, 15), (2000, 2)] {
                let (mut p, mut left) = (Vec::new(), Vec::new());
                let mut inside = 0.0;
                for seed in 0..draws {
                    let charity = simulate(model, parameters, donors, ages, horizon, 1000 + seed);
                    let fitted = fit(&charity.repeat, &FitOptions { model, ..FitOptions::default() }).unwrap();
                    let ahead = Ahead { horizon, ..Ahead::default() };
                    let said = fitted.predict(&charity.repeat, &ahead).unwrap();
                    let truth = crate::churn::Fitted::known(model, parameters).unwrap();
                    let true_p = truth.p_no_gift(&charity.repeat, horizon).unwrap();
                    inside += true_p
                        .iter()
                        .zip(said.p_no_gift_low.iter().zip(&said.p_no_gift_high))
                        .filter(|(p, (low, high))| *low <= *p && *p <= *high)
                        .count() as f64
                        / f64::from(donors)
                        / draws as f64;
                    p.extend(said.p_no_gift);
                    left.extend(charity.left());
                }
                let found = evaluate(&p, &left, 0.1).unwrap();
                let slope = found.calibration_slope.unwrap();
                let figures = format!("{model:?}, {donors} donors: slope {slope:.3}, bias {:+.3}", found.bias);
                // Three thousand rows leave a standard error of .04; the bench makes 200 draws of each.
                assert!((0.82..1.18).contains(&slope) && found.bias.abs() < 0.03, "{figures}");
                // Of few draws one parameter's luck is all.
                assert!(draws < 50 || (0.7..0.95).contains(&inside), "{figures}: the 80 % interval holds {inside:.2}");
            }
        }
    }
}
