//! Where the search for first states begins (Hyndman, Koehler, Snyder & Grose 2002, section 3.1).

use super::super::season::{Composition, Seasonality};
use super::form::{Form, Season, Trend};
use crate::stats::solve;

/// First guesses of level, trend and the seasons of the first period (empty without season); `None` where a
/// multiplicative season does not fit the series.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) level: f64,
    pub(super) trend: f64,
    pub(super) season: Vec<f64>,
}

impl Start {
    pub(super) fn of(y: &[f64], period: usize, form: Form) -> Option<Self> {
        let n = y.len();
        let (season, adjusted) = match form.season {
            Season::None => (Vec::new(), y.to_vec()),
            Season::Additive | Season::Multiplicative => seasons(y, period, form.season)?,
        };
        let period = if season.is_empty() { 1 } else { period };
        let first = &adjusted[..n.min((2 * period).max(10))];
        let length = first.len() as f64;
        let mean = first.iter().sum::<f64>() / length;
        if form.trend == Trend::None {
            return Some(Self { level: mean, trend: 0.0, season });
        }
        let middle = f64::midpoint(length, 1.0);
        let products: f64 = (1..).map(f64::from).zip(first).map(|(t, value)| (t - middle) * (value - mean)).sum();
        let squares = length * (length * length - 1.0) / 12.0;
        let mut trend = if squares > 0.0 { products / squares } else { 0.0 };
        let mut level = mean - trend * middle;
        // A multiplicative error is a share of level + trend, which must not be zero.
        if (level + trend).abs() < 1e-8 {
            level *= 1.0 + 1e-3;
            trend *= 1.0 - 1e-3;
        }
        Some(Self { level, trend, season })
    }
}

/// The seasons of the first period, and the seasonally adjusted series.
fn seasons(y: &[f64], period: usize, season: Season) -> Option<(Vec<f64>, Vec<f64>)> {
    let n = y.len();
    let multiplicative = season == Season::Multiplicative;
    if period < 2 || n < 4 || (multiplicative && y.iter().any(|&value| value <= 0.0)) {
        return None;
    }
    let deviations: Vec<f64> = if n < 3 * period {
        let (intercept, slope) = wave_and_line(y, period)?;
        let line = (1..).map(f64::from).map(|t| intercept + slope * t);
        y.iter().zip(line).map(|(value, line)| if multiplicative { value / line } else { value - line }).collect()
    } else {
        let composition = if multiplicative { Composition::Multiplicative } else { Composition::Additive };
        let classical = Seasonality::classical(y, period, composition)?;
        (0..n).map(|t| classical.at(t)).collect()
    };
    let mut first = deviations[..period].to_vec();
    if multiplicative {
        first[1..].iter_mut().for_each(|index| *index = index.max(1e-2));
        let sum: f64 = first[1..].iter().sum();
        if sum > period as f64 {
            let padded = sum + 1e-2 * (period as f64 - 1.0);
            first[1..].iter_mut().for_each(|index| *index /= padded);
        }
    }
    let total = if multiplicative { period as f64 } else { 0.0 };
    first[0] = total - first[1..].iter().sum::<f64>();
    let adjust = |(value, season): (&f64, f64)| if multiplicative { value / season.max(1e-2) } else { value - season };
    let adjusted = y.iter().zip(deviations).map(adjust).collect();
    first.iter().all(|index| index.is_finite()).then_some((first, adjusted))
}

/// Intercept and slope of a line and one wave a period, fitted together: below three periods there is too little for a
/// decomposition.
fn wave_and_line(y: &[f64], period: usize) -> Option<(f64, f64)> {
    let middle = f64::midpoint(y.len() as f64, 1.0);
    let (mut products, mut right) = ([0.0; 16], [0.0; 4]);
    for (t, value) in (1..).map(f64::from).zip(y) {
        let (sin, cos) = (std::f64::consts::TAU * t / period as f64).sin_cos();
        // Centred time keeps the equations well conditioned.
        let row = [1.0, t - middle, cos, sin];
        for i in 0..4 {
            for j in 0..4 {
                products[i * 4 + j] += row[i] * row[j];
            }
            right[i] += row[i] * value;
        }
    }
    solve(&mut products, &mut right).then(|| (right[0] - right[1] * middle, right[1]))
}
