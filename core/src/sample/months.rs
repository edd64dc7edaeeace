//! Monthly histories of a few categories with known anomalies, for tests and benches of detectors.

use super::rng::Rng;
use crate::model::{CategoryId, CategoryMonth, Month, Rupiah};
use std::f64::consts::TAU;

/// How the noise of the logarithms is distributed; all have mean zero and variance one before they are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthNoise {
    /// Normal.
    Normal,
    /// Gamma with shape 4: skewness 1.
    Skewed,
    /// Student's t with 5 degrees of freedom.
    Heavy,
    /// Exponential: skewness 2.
    Exponential,
    /// Laplace: an excess kurtosis of 3.
    Laplace,
    /// Student's t with 3 degrees of freedom: no kurtosis at all.
    VeryHeavy,
}

/// What to simulate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonthOptions {
    /// Categories; 4 by default.
    pub categories: usize,
    /// Months of each.
    pub months: usize,
    /// Standard deviation of the logarithms' noise; 0.18 by default.
    pub noise: f64,
    /// Its shape.
    pub shape: MonthNoise,
    /// Share of months that are anomalies: times 1.6 to 3.5, or divided by 1.8 to 4, each half of the time; 0.08 by
    /// default.
    pub contamination: f64,
    /// Whether there is a trend (−1.5 to 1.5 % a month) and a season (a wave with an amplitude of 0.15 to 0.35 in
    /// logarithm, and months of their own with a standard deviation of 0.05), other ones for each category.
    pub moving: bool,
}

impl Default for MonthOptions {
    fn default() -> Self {
        Self { categories: 4, months: 12, noise: 0.18, shape: MonthNoise::Normal, contamination: 0.08, moving: false }
    }
}

/// A simulated charity's months, with the truth.
#[derive(Clone, Debug)]
pub struct SampleMonths {
    /// Rows as a store would give them, up to December 2025.
    pub rows: Vec<CategoryMonth>,
    /// Whether a row is an anomaly.
    pub odd: Vec<bool>,
}

impl SampleMonths {
    /// Simulates one charity.
    pub fn new(seed: u64, options: &MonthOptions) -> Self {
        let mut rng = Rng::plain(seed);
        let last = Month::of(jiff::civil::date(2025, 12, 1));
        let first = last - (options.months as i32 - 1);
        let (mut rows, mut odd) = (Vec::new(), Vec::new());
        for category in 0..options.categories {
            let base = 15.5 + 2.0 * (rng.unit() - 0.5);
            let (slope, amplitude, phase) = (0.03 * (rng.unit() - 0.5), 0.15 + 0.2 * rng.unit(), TAU * rng.unit());
            let own: [f64; 12] = std::array::from_fn(|_| 0.05 * gauss(&mut rng));
            for i in 0..options.months {
                let month = first + i as i32;
                let mut log = base + options.noise * noise(&mut rng, options.shape);
                if options.moving {
                    let number = month.number() as usize - 1;
                    log += slope * i as f64 + amplitude * (TAU * number as f64 / 12.0 + phase).sin() + own[number];
                }
                let strange = rng.chance(options.contamination);
                if strange {
                    log += if rng.chance(0.5) { (1.6 + 1.9 * rng.unit()).ln() } else { -(1.8 + 2.2 * rng.unit()).ln() };
                }
                let total = Rupiah::from_f64(log.exp());
                rows.push(CategoryMonth { category: CategoryId(category as u64 + 1), month, total, count: 1 });
                odd.push(strange);
            }
        }
        Self { rows, odd }
    }
}

/// Normal, by Box & Muller (1958); the sum of twelve that the rest of the sample uses has no tails to test with.
fn gauss(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.unit()).ln()).sqrt() * (TAU * rng.unit()).cos()
}

fn chi_square(rng: &mut Rng, freedom: u8) -> f64 {
    (0..freedom).map(|_| gauss(rng).powi(2)).sum()
}

fn noise(rng: &mut Rng, shape: MonthNoise) -> f64 {
    match shape {
        MonthNoise::Normal => gauss(rng),
        MonthNoise::Skewed => (chi_square(rng, 8) - 8.0) / 4.0,
        MonthNoise::Heavy => gauss(rng) / (chi_square(rng, 5) / 5.0).sqrt() * 0.6_f64.sqrt(),
        MonthNoise::Exponential => chi_square(rng, 2) / 2.0 - 1.0,
        MonthNoise::Laplace => (chi_square(rng, 2) - chi_square(rng, 2)) / 8.0_f64.sqrt(),
        MonthNoise::VeryHeavy => gauss(rng) / chi_square(rng, 3).sqrt(),
    }
}
