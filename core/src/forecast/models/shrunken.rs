//! Shrunken seasonality, for histories of one to three years: what one or two Januaries say about January is mostly chance, so
//! each season is drawn towards none, by as much as the series itself says.
//!
//! Miller & Williams (2003) shrink the factors of a classical decomposition (James & Stein 1961). Here the same is done in one
//! piece by a structural model (Harvey 1989): a level that wanders, a slope, and one effect a season, drawn from a normal distribution
//! around zero. How much each varies is not estimated but averaged over: every point of a small grid counts by its
//! marginal likelihood (empirical Bayes, Robinson 1991; Hoeting, Madigan, Raftery & Volinsky 1999), which short series need
//! more than long ones.

use super::{Model, Parts, in_unit, unit};

/// How fast the level follows the series, as the weight that exponential smoothing would give to the newest value.
const FOLLOWING: [f64; 5] = [0.01, 0.1, 0.25, 0.5, 0.85];

/// The variance of the seasonal effects, over that of a change from one value to the next.
const SEASONS: [f64; 4] = [0.0, 0.2, 1.0, 5.0];

/// The variance of the slope a step, likewise.
const SLOPES: [f64; 2] = [0.0, 0.003];

/// How much of the slope is left after each step of a forecast (Gardner & McKenzie 1985).
const DAMPING: f64 = 0.9;

/// Values further back than this do not bear on a slope that is the same throughout.
const MEMORY: usize = 72;

/// A fitted structural model with shrunken seasons.
#[derive(Clone, Debug)]
pub(crate) struct Shrunken {
    unit: f64,
    /// Whether the model is one of logarithms: the seasons multiply.
    logarithmic: bool,
    /// How many values there are before those that are looked at.
    skipped: usize,
    /// Level, slope and seasonal effects after 1, 2, … of these values, averaged over the grid; one row each.
    states: Vec<f64>,
    period: usize,
    /// The variance of the forecast error a step, for the first steps of the longest horizon.
    variances: Vec<f64>,
}

/// One filtered model: its states after each value, how likely it is, and its variance a step.
struct Filtered {
    states: Vec<f64>,
    log_likelihood: f64,
    variances: Vec<f64>,
}

/// Variances relative to that of the noise.
#[derive(Clone, Copy, Debug)]
struct Variances {
    level: f64,
    slope: f64,
    season: f64,
}

/// The longest horizon with a variance of its own.
const HORIZON: usize = 36;

impl Shrunken {
    /// From three values on. `period` 1: without seasons.
    pub(crate) fn fit(values: &[f64], period: usize) -> Option<Self> {
        let n = values.len();
        if n < 3 || period == 0 {
            return None;
        }
        let unit = unit(values);
        let skipped = n.saturating_sub(MEMORY);
        let y = &in_unit(values, unit)[skipped..];
        let (plain, evidence) = average(y, period, skipped)?;
        let (mut states, mut variances, mut logarithmic) = (plain.states, plain.variances, false);
        if y.iter().all(|&value| value > 0.0) {
            let logs: Vec<f64> = y.iter().map(|value| value.ln()).collect();
            // The density of a value is that of its logarithm over the value.
            let jacobian: f64 = logs.iter().skip(1).sum();
            if let Some((log, log_evidence)) = average(&logs, period, skipped)
                && log_evidence - jacobian > evidence
            {
                (states, variances, logarithmic) = (log.states, log.variances, true);
            }
        }
        Some(Self { unit, logarithmic, skipped, states, period, variances })
    }

    fn width(&self) -> usize {
        2 + self.period
    }

    fn length(&self) -> usize {
        self.states.len() / self.width()
    }

    /// Level, slope and seasons after `origin` values of the whole series.
    fn state(&self, origin: usize) -> &[f64] {
        let seen = origin.saturating_sub(self.skipped).clamp(1, self.length());
        &self.states[(seen - 1) * self.width()..][..self.width()]
    }

    /// Level with slope, and with season, for a step (1, 2, …) from an origin, in the model's own scale.
    fn sums(&self, state: &[f64], origin: usize, damping: f64, step: usize) -> (f64, f64) {
        let base = state[0] + damping * state[1];
        (base, base + state[2 + (origin + step - 1) % self.period])
    }

    fn out(&self, value: f64) -> f64 {
        if self.logarithmic { self.unit * value.min(600.0).exp() } else { self.unit * value }
    }
}

/// The states averaged over the grid, and the evidence for the whole of it.
fn average(y: &[f64], period: usize, skipped: usize) -> Option<(Filtered, f64)> {
    let mut all = Vec::with_capacity(FOLLOWING.len() * SEASONS.len() * SLOPES.len());
    let seasons = if period > 1 { &SEASONS[..] } else { &SEASONS[..1] };
    for alpha in FOLLOWING {
        let level = alpha * alpha / (1.0 - alpha);
        for season in seasons {
            for slope in SLOPES {
                let variances = Variances { level, slope: slope * (1.0 + level), season: season * (1.0 + level) };
                all.extend(filter(y, period, skipped, variances));
            }
        }
    }
    let best = all.iter().map(|one| one.log_likelihood).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = all.iter().map(|one| (one.log_likelihood - best).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mut mean = Filtered { states: vec![], log_likelihood: best, variances: vec![0.0; HORIZON] };
    for (one, weight) in all.iter().zip(&weights) {
        let weight = weight / total;
        mean.states.resize(one.states.len(), 0.0);
        mean.states.iter_mut().zip(&one.states).for_each(|(mean, state)| *mean += weight * state);
        mean.variances.iter_mut().zip(&one.variances).for_each(|(mean, variance)| *mean += weight * variance);
    }
    let sound = !all.is_empty() && mean.states.iter().chain(&mean.variances).all(|value| value.is_finite());
    sound.then(|| (mean, best + (total / all.len() as f64).ln()))
}

/// The Kalman filter (Harvey 1989, section 3.2) from a level of which nothing is known.
fn filter(y: &[f64], period: usize, skipped: usize, variances: Variances) -> Option<Filtered> {
    let n = y.len();
    let seasonal = variances.season > 0.0;
    let width = if seasonal { 2 + period } else { 2 };
    let mut states = vec![0.0; n * (2 + period)];
    let mut state = vec![0.0; width];
    let mut covariance = vec![0.0; width * width];
    covariance[width + 1] = variances.slope;
    for i in 2..width {
        covariance[i * width + i] = variances.season;
    }
    let mut product = vec![0.0; width];
    let (mut squares, mut logs) = (0.0, 0.0);
    for (t, &value) in y.iter().enumerate() {
        let month = seasonal.then_some(2 + (skipped + t) % period);
        if t == 0 {
            // The first value is level and season and noise: a level without prior takes what they leave.
            state[0] = value;
            covariance[0] = 1.0 + variances.season;
            if let Some(month) = month {
                covariance[month] = -variances.season;
                covariance[month * width] = -variances.season;
            }
        } else {
            state[0] += state[1];
            for i in 0..width {
                covariance[i] += covariance[width + i];
            }
            for i in 0..width {
                covariance[i * width] += covariance[i * width + 1];
            }
            covariance[0] += variances.level;
            let mut error = value - state[0];
            product.copy_from_slice(&covariance[..width]);
            if let Some(month) = month {
                error -= state[month];
                product.iter_mut().zip(&covariance[month * width..][..width]).for_each(|(sum, other)| *sum += other);
            }
            let variance = 1.0 + product[0] + month.map_or(0.0, |month| product[month]);
            squares += error * error / variance;
            logs += variance.ln();
            let gain = error / variance;
            state.iter_mut().zip(&product).for_each(|(state, product)| *state += gain * product);
            for (row, &left) in covariance.chunks_exact_mut(width).zip(&product) {
                let left = left / variance;
                row.iter_mut().zip(&product).for_each(|(cell, right)| *cell -= left * right);
            }
        }
        states[t * (2 + period)..][..width].copy_from_slice(&state);
    }
    // The noise integrated out (Jeffreys' prior); a floor keeps a series without noise finite.
    let freedom = n as f64 - 1.0;
    let size = y.iter().map(|value| value * value).sum::<f64>();
    let squares = squares.max(1e-18 * size).max(f64::MIN_POSITIVE * 1e8);
    let log_likelihood = -0.5 * (freedom * squares.ln() + logs);
    let noise = squares / freedom;
    let mut damping = 0.0;
    let mut power = 1.0;
    let ahead = (0..HORIZON).map(|step| {
        power *= DAMPING;
        damping += power;
        let mut load = vec![0.0; width];
        load[0] = 1.0;
        load[1] = damping;
        if seasonal {
            load[2 + (skipped + n + step) % period] += 1.0;
        }
        let spread: f64 = covariance
            .chunks_exact(width)
            .zip(&load)
            .map(|(row, left)| left * row.iter().zip(&load).map(|(cell, right)| cell * right).sum::<f64>())
            .sum();
        noise * (1.0 + spread.max(0.0) + variances.level * (step + 1) as f64)
    });
    let variances = ahead.collect();
    log_likelihood.is_finite().then_some(Filtered { states, log_likelihood, variances })
}

impl Model for Shrunken {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        let origin = origin.clamp(self.skipped + 1, self.skipped + self.length());
        let state = self.state(origin);
        let (mut damping, mut power) = (0.0, 1.0);
        for (step, out) in (1..).zip(out) {
            power *= DAMPING;
            damping += power;
            *out = self.out(self.sums(state, origin, damping, step).1);
        }
    }

    fn first_origin(&self) -> usize {
        self.skipped + 2
    }

    fn sigma(&self, out: &mut [f64]) {
        let mut forecasts = vec![0.0; out.len()];
        self.forecast_from(self.skipped + self.length(), &mut forecasts);
        for (step, (out, forecast)) in out.iter_mut().zip(forecasts).enumerate() {
            let variance = self.variances[step.min(HORIZON - 1)] * (step + 1).max(HORIZON) as f64 / HORIZON as f64;
            // A small error of a logarithm is one relative to the value.
            *out = variance.sqrt() * if self.logarithmic { forecast } else { self.unit };
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let origin = self.skipped + self.length();
        let state = self.state(origin);
        let level = self.out(state[0]);
        let (mut damping, mut power) = (0.0, 1.0);
        let part = |step: usize| {
            power *= DAMPING;
            damping += power;
            let (base, full) = self.sums(state, origin, damping, step);
            let (base, full) = (self.out(base), self.out(full));
            Parts { level, trend: base - level, season: full - base }
        };
        (1..=horizon).map(part).collect()
    }
}
