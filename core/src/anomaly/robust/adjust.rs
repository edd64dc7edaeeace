//! What a category does by itself: drifting, stepping, following the year or Ramadan.
//!
//! Every structure that is fitted to a flat history costs some of its power, so each has to earn its place: it must
//! predict left-out months better, by a likelihood with heavy tails so that the anomalies looked for do not decide, and
//! by more than a margin. A season is looked for from 25 months on.

use super::predict::{median, pooled_scale};
use crate::calendar::hijri::{MonthFeatures, Overrides};
use crate::model::Month;
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Months from which a season is looked for: two years and a month.
const SEASON_FROM: usize = 25;
/// Months from which a trend is looked for.
const TREND_FROM: usize = 12;
/// Months from which a level shift is looked for: four on either side.
const SHIFT_FROM: usize = 8;
/// Months that a level must have lasted: fewer are spikes that follow one another.
const SHIFT_LASTS: usize = 4;
/// Months after which the newest one may have left its level without the shift being doubted: before, spikes that follow
/// one another and are over explain the same with less.
const SHIFT_HOLDS: usize = 7;
/// A month further from its level than so many scales does not speak for it.
const FITS: f64 = 3.0;

/// Square of the smallest scale by which structures are compared: what is less than one per cent earns nothing.
const EQUAL: f64 = 1e-4;

/// What was taken out of a category's history before its months were judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// A steady drift, in per cent a month; `None` when there is none to see.
    pub trend: Option<f64>,
    /// Whether months of the year differ.
    pub season: bool,
    /// What a whole month of Ramadan adds, in per cent; `None` when it adds nothing to be seen.
    pub ramadan: Option<f64>,
    /// From this month on the level is another one; the latest where there are two.
    pub shift: Option<Month>,
}

/// A history without its structure.
pub(super) struct Adjusted {
    /// Values that differ by noise only.
    pub(super) values: Vec<f64>,
    /// What the structure predicts for each month, its own value left out.
    predicted: Vec<f64>,
    /// How much wider than the noise a value lies around its prediction.
    stretch: Vec<f64>,
    pub(super) structure: Structure,
    /// The level shifts, the earlier first: first month of the new level, and the size in logarithm.
    pub(super) shifts: Vec<(Month, f64)>,
}

impl Adjusted {
    /// A history that has no structure, or none that could be seen.
    pub(super) fn flat(values: &[f64]) -> Self {
        Self {
            values: values.to_vec(),
            predicted: vec![0.0; values.len()],
            stretch: vec![1.0; values.len()],
            structure: Structure::default(),
            shifts: Vec::new(),
        }
    }

    /// From a value without structure back to the value that the month would have.
    pub(super) fn restore(&self, month: usize, value: f64) -> f64 {
        self.predicted[month] + value * self.stretch[month]
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Season {
    None,
    /// One wave a year.
    Wave,
    /// A wave and one twice as fast.
    Waves,
    /// Every month of the year its own, drawn towards none.
    Months,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Drift {
    None,
    Trend,
    Shift(usize),
    /// Two level shifts, the earlier first.
    Shifts(usize, usize),
}

impl Drift {
    /// The first months of new levels.
    fn onsets(self) -> Vec<usize> {
        match self {
            Self::None | Self::Trend => Vec::new(),
            Self::Shift(at) => vec![at],
            Self::Shifts(first, second) => vec![first, second],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Plan {
    season: Season,
    drift: Drift,
    ramadan: bool,
}

impl Plan {
    const FLAT: Self = Self { season: Season::None, drift: Drift::None, ramadan: false };

    /// How much better (log likelihood of left-out months) a plan must be than none; chosen on simulated histories so
    /// that a flat one loses less than a hundredth of its F1. A shift may lie anywhere. From 25 months on many
    /// plans compete, and the best of them is the better by chance alone.
    fn margin(self, n: usize) -> f64 {
        if self == Self::FLAT {
            return 0.0;
        }
        let many = if n < SEASON_FROM { 0.0 } else { 1.0 };
        let season = match self.season {
            Season::None => 0.0,
            Season::Wave => 1.8,
            Season::Waves => 2.4,
            Season::Months => 3.0,
        };
        let drift = match self.drift {
            Drift::None => 0.0,
            Drift::Trend => {
                if n < SEASON_FROM {
                    2.5
                } else {
                    1.5
                }
            }
            Drift::Shift(_) => 3.0 + (n as f64).ln(),
            Drift::Shifts(..) => 2.0 * (3.0 + (n as f64).ln()),
        };
        let ramadan = if n < SEASON_FROM { 3.0 } else { 2.0 };
        many + season + drift + if self.ramadan { ramadan } else { 0.0 }
    }
}

/// Days of Ramadan of each month, as shares of thirty.
pub(super) fn ramadan_share(first: Month, months: usize, overrides: &Overrides) -> Vec<f64> {
    (0..months as i32).map(|i| f64::from(MonthFeatures::of(first + i, overrides).ramadan) / 30.0).collect()
}

/// Takes the structure out of a history; `ramadan` holds a month's share of Ramadan.
pub(super) fn adjust(values: &[f64], first: Month, ramadan: &[f64]) -> Adjusted {
    let n = values.len();
    if n < SHIFT_FROM {
        return Adjusted::flat(values);
    }
    let history = History { values, first, ramadan };
    let Some(flat) = history.fit(Plan::FLAT) else { return Adjusted::flat(values) };
    let (mut best, mut gain) = (flat, 0.0);
    let seasons: &[Season] =
        if n >= SEASON_FROM { &[Season::None, Season::Wave, Season::Waves, Season::Months] } else { &[Season::None] };
    let drifts: &[Drift] = if n >= TREND_FROM { &[Drift::None, Drift::Trend] } else { &[Drift::None] };
    // Two Ramadans at least: one cannot be told from an anomaly.
    let fasting = |share: &f64| *share > 0.3;
    let fasts = (ramadan.iter().position(fasting).zip(ramadan.iter().rposition(fasting)))
        .is_some_and(|(first, last)| last - first >= 10);
    let baseline = best.score;
    let mut consider = |plan: Plan| {
        if let Some(fit) = history.fit(plan) {
            let better = fit.score - baseline - plan.margin(n);
            if better > gain {
                (best, gain) = (fit, better);
            }
        }
    };
    for &season in seasons {
        for &drift in drifts {
            for ramadan in [false, true] {
                if !ramadan || fasts {
                    consider(Plan { season, drift, ramadan });
                }
            }
        }
    }
    for &season in if n >= SEASON_FROM { &[Season::None, Season::Wave][..] } else { &[Season::None] } {
        if let Some(shift) = history.shifted(season) {
            let better = shift.score - baseline - shift.plan.margin(n);
            if better > gain {
                (best, gain) = (shift, better);
            }
        }
    }
    best.adjusted(&history)
}

struct History<'a> {
    values: &'a [f64],
    first: Month,
    ramadan: &'a [f64],
}

struct Fit {
    plan: Plan,
    /// Log likelihood of the left-out months.
    score: f64,
    /// Residuals with the month itself left out.
    left_out: Vec<f64>,
    stretch: Vec<f64>,
    coefficients: DVector<f64>,
}

impl History<'_> {
    fn columns(&self, plan: Plan) -> (DMatrix<f64>, usize) {
        let n = self.values.len();
        let mut columns: Vec<Vec<f64>> = vec![vec![1.0; n]];
        match plan.drift {
            Drift::None => {}
            Drift::Trend => columns.push((0..n).map(|i| i as f64 - 0.5 * (n - 1) as f64).collect()),
            Drift::Shift(_) | Drift::Shifts(..) => {
                for at in plan.drift.onsets() {
                    columns.push((0..n).map(|i| f64::from(u8::from(i >= at))).collect());
                }
            }
        }
        if plan.ramadan {
            columns.push(self.ramadan.to_vec());
        }
        let month = |i: usize| f64::from((self.first + i as i32).number() - 1);
        let waves = match plan.season {
            Season::None | Season::Months => 0,
            Season::Wave => 1,
            Season::Waves => 2,
        };
        for wave in 1..=waves {
            let angle = |i| TAU * f64::from(wave) * month(i) / 12.0;
            columns.push((0..n).map(|i| angle(i).sin()).collect());
            columns.push((0..n).map(|i| angle(i).cos()).collect());
        }
        let free = columns.len();
        if plan.season == Season::Months {
            columns.extend((0..12).map(|m| (0..n).map(|i| f64::from(u8::from(month(i) as usize == m))).collect()));
        }
        (DMatrix::from_fn(n, columns.len(), |row, column| columns[column][row]), free)
    }

    /// The best plan with one shift or two; each must be told from odd months that follow one another.
    fn shifted(&self, season: Season) -> Option<Fit> {
        let n = self.values.len();
        let at = |drift| self.fit(Plan { season, drift, ramadan: false });
        let better = |a: &Fit, b: &Fit| (a.score - a.plan.margin(n)).total_cmp(&(b.score - b.plan.margin(n)));
        let range = |from: usize, to: usize| from..(to + 1).max(from);
        let single: Vec<Fit> = range(SHIFT_LASTS, n - SHIFT_LASTS).filter_map(|i| at(Drift::Shift(i))).collect();
        // The second shift is looked for beside the best first one, and then the first anew beside the second.
        let mut double = None;
        if let Some(Drift::Shift(mut first)) = single.iter().max_by(|a, b| better(a, b)).map(|fit| fit.plan.drift)
            && n >= 3 * SHIFT_LASTS
        {
            for _ in 0..2 {
                let beside = |i: usize| i.abs_diff(first) >= SHIFT_LASTS;
                let pairs = range(SHIFT_LASTS, n - SHIFT_LASTS).filter(|&i| beside(i)).filter_map(|i| {
                    at(Drift::Shifts(i.min(first), i.max(first))).filter(|fit| fit.holds(self)).map(|fit| (i, fit))
                });
                let Some((second, fit)) = pairs.max_by(|a, b| better(&a.1, &b.1)) else { break };
                double = Some(fit);
                first = second;
            }
        }
        single.into_iter().filter(|fit| fit.holds(self)).chain(double).max_by(better)
    }

    /// Weighted least squares, the weights by Huber's and then by Tukey's function of the residuals (Holland & Welsch
    /// 1977); months of the year are drawn towards zero a little, as if two fifths of a month
    /// of none had been seen.
    fn fit(&self, plan: Plan) -> Option<Fit> {
        let (x, free) = self.columns(plan);
        let (n, p) = x.shape();
        if n < free + 4 {
            return None;
        }
        let y = DVector::from_column_slice(self.values);
        let mut weights = vec![1.0; n];
        let mut solved = None;
        for round in 0..14 {
            let mut weighted = x.clone();
            for (i, mut row) in weighted.row_iter_mut().enumerate() {
                row *= weights[i];
            }
            let mut normal = weighted.transpose() * &x;
            for column in free..p {
                normal[(column, column)] += 0.4;
            }
            for column in 0..p {
                normal[(column, column)] += 1e-9;
            }
            let inverse = normal.cholesky()?.inverse();
            let coefficients = &inverse * (weighted.transpose() * &y);
            let residuals: Vec<f64> = (&y - &x * &coefficients).iter().copied().collect();
            // Around zero too, and not only around their median: after the first, unweighted round a gross error has
            // moved the level of a constant history, and all its other months have the same residual.
            let around_zero = 1.5 * median(&mut residuals.iter().map(|r| r.abs()).collect::<Vec<_>>());
            let scale = (pooled_scale(std::slice::from_ref(&residuals)) * (n as f64 / (n - free) as f64).sqrt())
                .max(if round < 5 { around_zero } else { 0.0 })
                .max(1e-4);
            for (weight, residual) in weights.iter_mut().zip(&residuals) {
                let u = (residual / scale).abs();
                *weight = if round < 5 { (1.5 / u).min(1.0) } else { (1.0 - (u / 5.0).powi(2)).max(0.0).powi(2) };
            }
            solved = Some((inverse, coefficients, residuals));
        }
        let (inverse, coefficients, residuals) = solved?;
        let (mut left_out, mut stretch) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (i, residual) in residuals.iter().enumerate() {
            let row = x.row(i);
            let lever = (row * &inverse * row.transpose())[(0, 0)];
            let rest = 1.0 - weights[i] * lever;
            if rest < 0.1 {
                return None;
            }
            left_out.push(residual / rest);
            // The model of the noise has a level of its own, whose uncertainty is not to be counted twice.
            stretch.push(((1.0 + lever / rest) / (1.0 + 1.0 / (n - 1) as f64)).sqrt().max(1.0));
        }
        let score = score(&left_out);
        Some(Fit { plan, score, left_out, stretch, coefficients })
    }
}

impl Fit {
    /// Whether its shifts are shifts: each level has months enough that fit it, and those at its edges do, so that no
    /// ordinary month passes for the first of a new level, and no return to the old level for its last.
    fn holds(&self, history: &History<'_>) -> bool {
        let (x, _) = history.columns(self.plan);
        let fitted = x * &self.coefficients;
        let residuals: Vec<f64> = history.values.iter().zip(fitted.iter()).map(|(value, fit)| value - fit).collect();
        let n = residuals.len();
        let scale = (1.5 * median(&mut residuals.iter().map(|r| r.abs()).collect::<Vec<_>>())).max(EQUAL.sqrt());
        let onsets = self.plan.drift.onsets();
        let mut ends = onsets.clone();
        ends.push(n);
        let mut from = 0;
        for &to in &ends {
            if residuals[from..to].iter().filter(|r| r.abs() <= FITS * scale).count() < SHIFT_LASTS {
                return false;
            }
            from = to;
        }
        // Residuals are taken from the own level; the step leads to the other one.
        let own = |i: usize, other: f64| residuals[i].abs() <= (residuals[i] - other).abs();
        onsets.iter().enumerate().all(|(k, &at)| {
            let step = self.coefficients.get(k + 1).copied().unwrap_or(0.0);
            let before = if k == 0 { 0 } else { onsets[k - 1] };
            let end = ends[k + 1];
            own(at, -step)
                && own(at - 1, step)
                && (at - before >= SHIFT_HOLDS || own(before, step))
                && (end - at >= SHIFT_HOLDS || own(end - 1, -step))
        })
    }

    fn adjusted(self, history: &History<'_>) -> Adjusted {
        if self.plan.season == Season::None && self.plan.drift == Drift::None && !self.plan.ramadan {
            return Adjusted::flat(history.values);
        }
        let per_cent = |log: f64| 100.0 * log.exp_m1();
        let slope = self.coefficients.get(1).copied().unwrap_or(0.0);
        let onsets = self.plan.drift.onsets().into_iter().map(|at| history.first + at as i32);
        let shifts: Vec<(Month, f64)> = onsets.zip(self.coefficients.iter().skip(1).copied()).collect();
        let mut structure = Structure { shift: shifts.last().map(|shift| shift.0), ..Structure::default() };
        if self.plan.drift == Drift::Trend {
            structure.trend = Some(per_cent(slope));
        }
        structure.season = self.plan.season != Season::None;
        if self.plan.ramadan {
            let column = if self.plan.drift == Drift::None { 1 } else { 2 };
            structure.ramadan = self.coefficients.get(column).map(|&log| per_cent(log));
        }
        Adjusted {
            predicted: history.values.iter().zip(&self.left_out).map(|(value, left)| value - left).collect(),
            values: self.left_out.iter().zip(&self.stretch).map(|(left, stretch)| left / stretch).collect(),
            stretch: self.stretch,
            structure,
            shifts,
        }
    }
}

/// The log likelihood of residuals under Student's t with 4 degrees of freedom, at the scale that makes it largest.
fn score(residuals: &[f64]) -> f64 {
    let n = residuals.len() as f64;
    let mut square = (1.5 * median(&mut residuals.iter().map(|r| r.abs()).collect::<Vec<_>>())).powi(2).max(EQUAL);
    for _ in 0..30 {
        let mean = residuals.iter().map(|r| 5.0 * r * r / (4.0 + r * r / square)).sum::<f64>() / n;
        square = mean.max(EQUAL);
    }
    residuals.iter().map(|r| -2.5 * (r * r / (4.0 * square)).ln_1p()).sum::<f64>() - 0.5 * n * square.ln()
}
