//! Shrunken seasonality, for histories of one to three years: what one or two Januaries say about January is mostly
//! chance, so each season is drawn towards none, by as much as the series itself says.
//!
//! Miller & Williams (2003) shrink the factors of a classical decomposition (James & Stein 1961). Here the same is done
//! in one piece by a structural model (Harvey 1989): a level that wanders, a slope, and one effect a season, drawn from
//! a normal distribution around zero. How much each varies is not estimated but averaged over: every point of a small
//! grid counts by its marginal likelihood (empirical Bayes, Robinson 1991; Hoeting, Madigan, Raftery & Volinsky 1999),
//! which short series need more than long ones.

use super::season::{Composition, Seasonality};
use super::{Model, Parts, in_unit, unit};

/// How fast the level follows the series, as the weight that exponential smoothing would give to the newest value.
const FOLLOWING: [f64; 5] = [0.01, 0.1, 0.25, 0.5, 0.85];

/// The variance of the seasonal effects, over that of a change from one value to the next.
const SEASONS: [f64; 4] = [0.0, 0.2, 1.0, 5.0];

/// The variance of the slope a step, likewise, in a series of three years or more; less in shorter ones, where a slope
/// that the seasons mimic is more likely than a real one.
const SLOPES: [f64; 2] = [0.0, 0.05];

/// Three years.
const LONG: f64 = 36.0;

/// How much of the slope is left after each step of a forecast (Gardner & `McKenzie` 1985).
const DAMPING: f64 = 0.95;

/// An error of more standard deviations than this moves the states as if it were one of so many (Huber 1964) …
const STRANGE: f64 = 3.0;

/// … once the standard deviation has been learnt from so many values.
const SETTLED: usize = 8;

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

/// One model, or the average of several.
struct Average {
    /// Level, slope and seasonal effects after each value.
    states: Vec<f64>,
    /// The logarithm of the marginal likelihood.
    evidence: f64,
    /// The variance of the forecast error a step.
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
        let positive = y.iter().all(|&value| value > 0.0);
        let logs: Vec<f64> = if positive { y.iter().map(|value| value.ln()).collect() } else { Vec::new() };
        // The density of a value is that of its logarithm over the value.
        let jacobian: f64 = logs.iter().skip(1).sum();
        let both = [y, &logs[..]];
        let mut averages = average(if positive { &both } else { &both[..1] }, period, skipped)?.into_iter();
        let plain = averages.next()?;
        let log = averages.next().filter(|log| log.evidence - jacobian > plain.evidence);
        let logarithmic = log.is_some();
        let Average { states, variances, .. } = log.unwrap_or(plain);
        Some(Self { unit, logarithmic, skipped, states, period, variances })
    }

    /// The seasons as they are known at the end, for another model to take off; `None` without.
    pub(crate) fn season(&self) -> Option<Seasonality> {
        let effects = &self.state(usize::MAX)[2..];
        let index = |&effect: &f64| if self.logarithmic { effect.clamp(-30.0, 30.0).exp() } else { effect * self.unit };
        let indices = effects.iter().map(index).collect();
        let composition = if self.logarithmic { Composition::Multiplicative } else { Composition::Additive };
        (self.period > 1).then_some(Seasonality { composition, indices })
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

/// Each series' states averaged over the grid. The filter's covariances are the same for all series, so several cost
/// little more than one.
fn average(series: &[&[f64]], period: usize, skipped: usize) -> Option<Vec<Average>> {
    let mut all = Vec::with_capacity(FOLLOWING.len() * SEASONS.len() * SLOPES.len());
    let seasons = if period > 1 { &SEASONS[..] } else { &SEASONS[..1] };
    let trust = (series[0].len() as f64 / LONG).min(1.0).powi(2);
    for alpha in FOLLOWING {
        let level = alpha * alpha / (1.0 - alpha);
        for season in seasons {
            for slope in SLOPES {
                let variances =
                    Variances { level, slope: slope * trust * (1.0 + level), season: season * (1.0 + level) };
                all.push(filter(series, period, skipped, variances));
            }
        }
    }
    let averages = (0..series.len()).map(|i| {
        let best = all.iter().map(|one| one[i].evidence).fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = all.iter().map(|one| (one[i].evidence - best).exp()).collect();
        let total: f64 = weights.iter().sum();
        let evidence = best + (total / all.len() as f64).ln();
        let mut mean = Average { states: vec![0.0; all[0][i].states.len()], evidence, variances: vec![0.0; HORIZON] };
        for (one, weight) in all.iter().map(|one| &one[i]).zip(&weights) {
            let weight = weight / total;
            // What weighs nothing is not worth its additions.
            if weight > 1e-9 {
                mean.states.iter_mut().zip(&one.states).for_each(|(mean, state)| *mean += weight * state);
                mean.variances.iter_mut().zip(&one.variances).for_each(|(mean, variance)| *mean += weight * variance);
            }
        }
        // How far the forecasts of the grid's points are apart belongs to the uncertainty of their mean.
        let centre = ahead(&mean.states, period, skipped + series[0].len());
        for (one, weight) in all.iter().map(|one| &one[i]).zip(&weights).filter(|(_, weight)| **weight > 1e-4 * total) {
            let forecast = ahead(&one.states, period, skipped + series[0].len());
            for (variance, (one, centre)) in mean.variances.iter_mut().zip(forecast.iter().zip(&centre)) {
                *variance += weight / total * (one - centre) * (one - centre);
            }
        }
        let sound = mean.states.iter().chain(&mean.variances).all(|value| value.is_finite()) && evidence.is_finite();
        sound.then_some(mean)
    });
    averages.collect()
}

/// The forecasts after the last of some states, in the model's own scale.
fn ahead(states: &[f64], period: usize, end: usize) -> [f64; HORIZON] {
    let state = &states[states.len() - 2 - period..];
    let (mut damping, mut power) = (0.0, 1.0);
    std::array::from_fn(|step| {
        power *= DAMPING;
        damping += power;
        state[0] + damping * state[1] + state[2 + (end + step) % period]
    })
}

fn filter(series: &[&[f64]], period: usize, skipped: usize, variances: Variances) -> Vec<Average> {
    // A width that is known to the compiler lets it unroll the loops.
    match if variances.season > 0.0 { 2 + period } else { 2 } {
        2 => filter_of(2, series, period, skipped, variances),
        14 => filter_of(14, series, period, skipped, variances),
        width => filter_of(width, series, period, skipped, variances),
    }
}

/// The Kalman filter (Harvey 1989, section 3.2) from a level of which nothing is known.
#[allow(clippy::inline_always, reason = "the callers' widths must reach the loops")]
#[inline(always)]
fn filter_of(width: usize, series: &[&[f64]], period: usize, skipped: usize, variances: Variances) -> Vec<Average> {
    let n = series[0].len();
    let seasonal = width > 2;
    let mut filtered: Vec<Average> = series
        .iter()
        .map(|_| Average { states: vec![0.0; n * (2 + period)], evidence: 0.0, variances: vec![] })
        .collect();
    let mut squares = vec![0.0; series.len()];
    let mut logs = 0.0;
    let mut covariance = vec![0.0; width * width];
    // The first value is level and season and noise: a level without prior takes what they leave.
    covariance[0] = 1.0 + variances.season;
    covariance[width + 1] = variances.slope;
    if seasonal {
        let month = 2 + skipped % period;
        (2..width).for_each(|i| covariance[i * width + i] = variances.season);
        covariance[month] = -variances.season;
        covariance[month * width] = -variances.season;
    }
    for (one, y) in filtered.iter_mut().zip(series) {
        one.states[0] = y[0];
    }
    let mut product = vec![0.0; width];
    for t in 1..n {
        for i in 0..width {
            covariance[i] += covariance[width + i];
        }
        for i in 0..width {
            covariance[i * width] += covariance[i * width + 1];
        }
        covariance[0] += variances.level;
        product.copy_from_slice(&covariance[..width]);
        let month = 2 + (skipped + t) % period;
        let mut variance = 1.0 + product[0];
        if seasonal {
            let row = &covariance[month * width..][..width];
            product.iter_mut().zip(row).for_each(|(sum, other)| *sum += other);
            variance = 1.0 + product[0] + product[month];
        }
        logs += variance.ln();
        for ((one, y), squares) in filtered.iter_mut().zip(series).zip(&mut squares) {
            let (before, after) = one.states[(t - 1) * (2 + period)..].split_at_mut(2 + period);
            let season = if seasonal { before[month] } else { 0.0 };
            let error = y[t] - before[0] - before[1] - season;
            let limit =
                if t < SETTLED { f64::INFINITY } else { STRANGE * (*squares * variance / (t as f64 - 1.0)).sqrt() };
            // A single spike is not the new level; as it happened, it still counts for the noise.
            let kept = error.clamp(-limit, limit);
            *squares += kept * error / variance;
            let error = kept;
            let gain = error / variance;
            for i in 0..width {
                after[i] = before[i] + gain * product[i];
            }
            after[0] += before[1];
        }
        let per_variance = 1.0 / variance;
        for (row, &left) in covariance.chunks_exact_mut(width).zip(&product) {
            let left = left * per_variance;
            row.iter_mut().zip(&product).for_each(|(cell, right)| *cell -= left * right);
        }
    }
    let spreads = spreads(width, &covariance, period, skipped + n);
    let freedom = n as f64 - 1.0;
    for ((one, y), squares) in filtered.iter_mut().zip(series).zip(squares) {
        // The noise integrated out (Jeffreys' prior); a floor keeps a series without noise finite.
        let size = y.iter().map(|value| value * value).sum::<f64>();
        let squares = squares.max(1e-18 * size).max(f64::MIN_POSITIVE * 1e8);
        one.evidence = -0.5 * (freedom * squares.ln() + logs);
        // The variance of Student's t, which the forecast has when the noise is not known; below two degrees of freedom it has
        // none, and the scale must do.
        let noise = squares / if freedom > 2.0 { freedom - 2.0 } else { freedom };
        let ahead = (1_u32..).map(f64::from).zip(&spreads);
        one.variances = ahead.map(|(step, spread)| noise * (1.0 + spread + variances.level * step)).collect();
    }
    filtered
}

/// How uncertain the states leave each step ahead.
fn spreads(width: usize, covariance: &[f64], period: usize, end: usize) -> Vec<f64> {
    let (mut damping, mut power) = (0.0, 1.0);
    let spread = |step: usize| {
        power *= DAMPING;
        damping += power;
        let at = |i: usize, j: usize| covariance[i * width + j];
        let mut spread = at(0, 0) + 2.0 * damping * at(0, 1) + damping * damping * at(1, 1);
        if width > 2 {
            let month = 2 + (end + step) % period;
            spread += at(month, month) + 2.0 * (at(0, month) + damping * at(1, month));
        }
        spread.max(0.0)
    };
    (0..HORIZON).map(spread).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};

    /// The filter against the same model written down as one normal distribution, with the level's prior flat:
    /// generalised least squares (Robinson 1991).
    #[test]
    fn the_filter_is_best_linear_unbiased_prediction() {
        let y = [12.0, 9.0, 14.0, 20.0, 13.5, 10.0, 16.0, 23.0, 15.0, 12.5, 17.0, 22.0, 17.0];
        let (n, period, horizon) = (y.len(), 4, 5);
        let variances = Variances { level: 0.3, slope: 0.05, season: 2.0 };
        let filtered = &filter(&[&y], period, 0, variances)[0];

        // What two months have in common, the level's start apart. A slope counts damped past the end.
        let slope_at = |t: usize| {
            let past = (1..=t.saturating_sub(n - 1)).map(|step| DAMPING.powi(step as i32)).sum::<f64>();
            t.min(n - 1) as f64 + past
        };
        let common = |s: usize, t: usize| {
            variances.level * s.min(t) as f64
                + variances.slope * slope_at(s) * slope_at(t)
                + if s % period == t % period { variances.season } else { 0.0 }
        };
        let covariance = DMatrix::from_fn(n, n, |s, t| common(s, t) + f64::from(u8::from(s == t)));
        let inverse = covariance.clone().try_inverse().unwrap();
        let (values, ones) = (DVector::from_row_slice(&y), DVector::from_element(n, 1.0));
        let weight = ones.dot(&(&inverse * &ones));
        let mean = ones.dot(&(&inverse * &values)) / weight;
        let rest = &inverse * (&values - &ones * mean);
        let squares = rest.dot(&(&values - &ones * mean));
        let evidence = -0.5 * ((n as f64 - 1.0) * squares.ln() + covariance.determinant().ln() + weight.ln());
        assert!((filtered.evidence - evidence).abs() < 1e-9, "{} not {evidence}", filtered.evidence);

        let state = &filtered.states[(n - 1) * (2 + period)..];
        let mut damping = 0.0;
        for step in 0..horizon {
            damping += DAMPING.powi(step as i32 + 1);
            let ours = state[0] + damping * state[1] + state[2 + (n + step) % period];
            let with = DVector::from_fn(n, |t, _| common(n + step, t));
            let theirs = mean + with.dot(&rest);
            assert!((ours - theirs).abs() < 1e-9, "step {step}: {ours}, not {theirs}");
            let left = 1.0 - ones.dot(&(&inverse * &with));
            let spread = common(n + step, n + step) - with.dot(&(&inverse * &with)) + left * left / weight;
            let variance = squares / (n as f64 - 3.0) * (1.0 + spread);
            let ours = filtered.variances[step];
            assert!((ours / variance - 1.0).abs() < 1e-9, "variance of step {step}: {ours}, not {variance}");
        }
    }

    #[test]
    fn one_spike_hardly_moves_the_forecast() {
        let calm: Vec<f64> = (0..30).map(|t| 100.0 + f64::from(t * 7 % 5)).collect();
        let mut spiked = calm.clone();
        spiked[24] = 2_000.0;
        let ahead = |values: &[f64]| {
            let mut out = [0.0; 3];
            Shrunken::fit(values, 12).unwrap().forecast_from(30, &mut out);
            out
        };
        for (calm, spiked) in ahead(&calm).into_iter().zip(ahead(&spiked)) {
            assert!((spiked / calm - 1.0).abs() < 0.1, "{spiked} beside {calm}");
        }
    }
}
