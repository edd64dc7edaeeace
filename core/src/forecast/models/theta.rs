//! The Theta method (Assimakopoulos & Nikolopoulos 2000) as a state space model: standard, optimised, dynamic and
//! dynamic optimised (Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler 2016).

use super::season::Seasonality;
use super::{Model, Parts, in_unit, root_mean_square, unit};
use crate::stats::{Patience, nelder_mead};

/// Which of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThetaKind {
    /// θ = 2, one line through the whole series.
    Standard,
    /// θ ≥ 1 estimated, one line through the whole series.
    Optimised,
    /// θ = 2, the line through what has been seen so far.
    Dynamic,
    /// θ ≥ 1 estimated, the line through what has been seen so far.
    DynamicOptimised,
}

impl ThetaKind {
    fn dynamic(self) -> bool {
        matches!(self, Self::Dynamic | Self::DynamicOptimised)
    }
}

/// A fitted Theta model of the seasonally adjusted series.
#[derive(Clone, Debug)]
pub(crate) struct Theta {
    kind: ThetaKind,
    unit: f64,
    alpha: f64,
    /// θ, how far the line is turned.
    turn: f64,
    /// The smoothed level after 1, 2, … values.
    levels: Vec<f64>,
    lines: Lines,
    season: Option<Seasonality>,
    sd: f64,
}

/// The regression lines A + B·t of the series seen so far, which depend on no parameter: one entry for each value when
/// dynamic, a single one otherwise.
#[derive(Clone, Debug)]
struct Lines {
    intercepts: Vec<f64>,
    slopes: Vec<f64>,
    means: Vec<f64>,
}

impl Theta {
    /// From four values on. Seasonally adjusts first where the season is significant ([`Seasonality::if_significant`]).
    pub(crate) fn fit(values: &[f64], period: usize, kind: ThetaKind) -> Option<Self> {
        let unit = unit(values);
        let mut y = in_unit(values, unit).into_owned();
        let season = Seasonality::if_significant(&y, period);
        Self::adjusted(&mut y, unit, kind, season)
    }

    /// Of a series with a season that is known (`None`: without one).
    pub(crate) fn fit_with(values: &[f64], kind: ThetaKind, season: Option<Seasonality>) -> Option<Self> {
        let unit = unit(values);
        let mut y = in_unit(values, unit).into_owned();
        let season = season.map(|season| season.per(unit));
        Self::adjusted(&mut y, unit, kind, season)
    }

    fn adjusted(y: &mut [f64], unit: f64, kind: ThetaKind, season: Option<Seasonality>) -> Option<Self> {
        let n = y.len();
        if n < 4 {
            return None;
        }
        if let Some(season) = &season {
            y.iter_mut().enumerate().for_each(|(t, value)| *value = season.take_off(*value, t));
        }
        let lines = if kind.dynamic() { Lines::so_far(y) } else { Lines::through(y) };
        let size = y.iter().map(|value| value.abs()).sum::<f64>() / n as f64;
        let optimised = matches!(kind, ThetaKind::Optimised | ThetaKind::DynamicOptimised);
        let mut parameters = [y[0] / 2.0, 0.5, 2.0];
        let free = if optimised { 3 } else { 2 };
        // The criterion has the unit of the series. A fixed tolerance, which published software uses, asks too much of
        // large values and too little of small ones.
        let tolerance = 1e-4 * if size > 1e4 { size / 1e4 } else { (size / 1e3).min(1.0) };
        nelder_mead(
            &mut parameters[..free],
            &[f64::NEG_INFINITY, 0.1, 1.0][..free],
            &[f64::INFINITY, 0.99, 1e10][..free],
            Patience { tolerance, moves: 1_000 },
            |x| squared_errors(y, &lines, x[0], x[1], x.get(2).copied().unwrap_or(2.0)) / size.max(1e-10),
        );
        let [start, alpha, theta] = parameters;
        let mut level = start;
        let levels: Vec<f64> = y
            .iter()
            .map(|value| {
                level += alpha * (value - level);
                level
            })
            .collect();
        let mut fitted = Self { kind, unit, alpha, turn: theta, levels, lines, season, sd: 0.0 };
        let mut decay = 1.0 - alpha;
        let errors = (1..n).map(|t| {
            let error = y[t] - fitted.levels[t - 1] - fitted.pull(t, decay);
            decay *= 1.0 - alpha;
            error
        });
        let freedom = n as f64 - 1.0 - free as f64;
        fitted.sd = root_mean_square(errors.skip(2), if n > 6 { freedom - 2.0 } else { n as f64 - 3.0 });
        fitted.levels.iter().all(|level| level.is_finite()).then_some(fitted)
    }

    /// What the lines add to the level at place `t`, with `decay` = (1 − α)ᵗ.
    fn pull(&self, t: usize, decay: f64) -> f64 {
        let (intercept, slope) = self.lines.after(t);
        let turned = (1.0 - decay * (1.0 - self.alpha)) / self.alpha;
        (1.0 - 1.0 / self.turn) * (intercept * decay + slope * turned)
    }

    /// Seasonless forecasts in the model's unit.
    fn adjusted_from(&self, origin: usize, out: &mut [f64]) {
        let (mut intercept, mut slope) = self.lines.after(origin);
        let mut level = self.levels[origin - 1];
        let keep = 1.0 - self.alpha;
        let mut decay = keep.powi(origin as i32);
        let (weight, per_alpha) = (1.0 - 1.0 / self.turn, 1.0 / self.alpha);
        // What the line adds to the level; a forecast that comes true moves the level by α of it.
        let mut pull = |intercept: f64, slope: f64| {
            let next = decay * keep;
            let pull = weight * (intercept * decay + slope * (1.0 - next) * per_alpha);
            decay = next;
            pull
        };
        if !self.kind.dynamic() {
            for out in out {
                let pull = pull(intercept, slope);
                *out = level + pull;
                level += self.alpha * pull;
            }
            return;
        }
        let mut mean = self.lines.means[origin - 1];
        for (step, out) in out.iter_mut().enumerate() {
            let pull = pull(intercept, slope);
            *out = level + pull;
            level += self.alpha * pull;
            (intercept, slope, mean) = next_line((origin + step) as f64, slope, mean, *out);
        }
    }
}

impl Lines {
    /// The least-squares line through all of a series.
    fn through(y: &[f64]) -> Self {
        let n = y.len() as f64;
        let mean = y.iter().sum::<f64>() / n;
        let weighted = (1..).map(f64::from).zip(y).map(|(t, value)| t * (value - mean)).sum::<f64>() / n;
        let slope = 12.0 * weighted / (n * n - 1.0);
        Self { intercepts: vec![mean - (n + 1.0) * slope / 2.0], slopes: vec![slope], means: vec![] }
    }

    /// The lines through the first 1, 2, … values.
    fn so_far(y: &[f64]) -> Self {
        let (mut intercept, mut slope, mut mean) = (y[0], 0.0, y[0]);
        let mut lines = Self { intercepts: vec![intercept], slopes: vec![slope], means: vec![mean] };
        for (i, &value) in y.iter().enumerate().skip(1) {
            (intercept, slope, mean) = next_line(i as f64, slope, mean, value);
            lines.intercepts.push(intercept);
            lines.slopes.push(slope);
            lines.means.push(mean);
        }
        lines
    }

    /// Intercept and slope when `seen` values have been seen.
    #[inline]
    fn after(&self, seen: usize) -> (f64, f64) {
        let place = (seen - 1).min(self.intercepts.len() - 1);
        (self.intercepts[place], self.slopes[place])
    }
}

/// The line with one more value, the `i`-th when counted from zero: intercept, slope, mean.
#[inline]
fn next_line(i: f64, slope: f64, mean: f64, value: f64) -> (f64, f64, f64) {
    let slope = ((i - 1.0) * slope + 6.0 * (value - mean) / (i + 1.0)) / (i + 2.0);
    let mean = (i * mean + value) / (i + 1.0);
    (mean - slope * (i + 2.0) / 2.0, slope, mean)
}

/// The squared one-step errors from the fourth value on.
fn squared_errors(y: &[f64], lines: &Lines, start: f64, alpha: f64, theta: f64) -> f64 {
    let keep = 1.0 - alpha;
    let weight = 1.0 - 1.0 / theta;
    let per_alpha = 1.0 / alpha;
    let mut level = alpha * y[0] + keep * start;
    let mut decay = keep;
    let mut squares = 0.0;
    let mut step = |t: usize, value: f64, intercept: f64, slope: f64| {
        let next = decay * keep;
        let error = value - level - weight * (intercept * decay + slope * (1.0 - next) * per_alpha);
        level = alpha * value + keep * level;
        decay = next;
        if t > 2 {
            squares += error * error;
        }
    };
    if let ([intercept], [slope]) = (&lines.intercepts[..], &lines.slopes[..]) {
        for (t, &value) in y.iter().enumerate().skip(1) {
            step(t, value, *intercept, *slope);
        }
    } else {
        let line = lines.intercepts.iter().zip(&lines.slopes);
        for ((t, &value), (&intercept, &slope)) in y.iter().enumerate().skip(1).zip(line) {
            step(t, value, intercept, slope);
        }
    }
    squares
}

impl Model for Theta {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        let origin = origin.clamp(1, self.levels.len());
        self.adjusted_from(origin, out);
        if let Some(season) = &self.season {
            season.put_on_all(out, origin);
        }
        for out in out {
            *out *= self.unit;
        }
    }

    fn first_origin(&self) -> usize {
        3
    }

    /// That of simple exponential smoothing with drift, σ·√(1 + (h − 1)·α²), to which the standard model is equal
    /// (Hyndman & Billah 2003), times the seasonal index.
    fn sigma(&self, out: &mut [f64]) {
        let n = self.levels.len();
        for (step, out) in out.iter_mut().enumerate() {
            let stretch = self.season.as_ref().map_or(1.0, |season| season.stretch(n + step));
            *out = self.unit * self.sd * stretch * (1.0 + step as f64 * self.alpha * self.alpha).sqrt();
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let n = self.levels.len();
        let mut adjusted = vec![0.0; horizon];
        self.adjusted_from(n, &mut adjusted);
        let mut full = vec![0.0; horizon];
        self.forecast_from(n, &mut full);
        let level = adjusted.first().copied().unwrap_or_default() * self.unit;
        let parts = |(adjusted, full): (f64, f64)| {
            let adjusted = adjusted * self.unit;
            Parts { level, trend: adjusted - level, season: full - adjusted }
        };
        adjusted.into_iter().zip(full).map(parts).collect()
    }
}
