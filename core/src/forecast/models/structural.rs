//! A local level with regression on the months of the year, on drift and on regressors, all shrunk: the structural
//! model (Harvey 1989, Forecasting, Structural Time Series Models and the Kalman Filter), its season shrunk as by
//! Miller & Williams (2003, International Journal of Forecasting 19), its variances averaged over, not picked (Hoeting,
//! Madigan, Raftery & Volinsky 1999, Statistical Science 14).
//!
//! y(t) = level(t) + x(t)'β + ε(t), level(t+1) = level(t) + η(t), β ~ normal around zero. Given the ratio of the
//! variances of η and ε, the Kalman filter turns y and every column of x into uncorrelated one-step errors, and β is a
//! ridge regression between them. A small grid of variances is weighted by its marginal likelihood, which is the sum of
//! the scores of all one-step forecasts, each made from the months before (Dawid 1984, Journal of the Royal Statistical
//! Society A 147): so a season or a regressor has weight only where it has forecast better.

use super::{Model, Parts};

/// Ratios of the variance of the level's steps to that of the months' noise: from a nearly fixed mean to a random walk.
const STEPS: [f64; 9] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0];
/// Prior variances of a month-of-the-year effect, in units of the variance of a month's surprise.
const SEASONS: [f64; 8] = [0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
/// The same for a full effect of a regressor that may not matter.
const REGRESSORS: [f64; 4] = [0.0, 6.0, 1.0, 36.0];
/// The same for an effect that the caller says is there.
const GIVEN: f64 = 36.0;
/// Regressors are tried on combinations whose evidence lies no farther than this below the best of the round before:
/// first, and when it is known what they do.
const PROMISING: [f64; 2] = [12.0, 7.0];
/// And on every so many of the others, because a strong effect makes a season look like noise.
const SAMPLED: usize = 4;
/// Prior variance of the drift a month, in units of the variance of the level's steps.
const DRIFT: f64 = 0.01;
/// The level's steps count at least so much when the drift's prior is set.
const LEAST_STEP: f64 = 0.02;
/// Added to a variance, so that a constant series has one; the values are scaled to about 1 before.
const TINY: f64 = 1e-9;
/// Two equal Januaries are no proof that there is no noise: a season leaves this share of the variance at first, which counts
/// as so many months.
const NOISE: f64 = 0.5;
const DOUBT: f64 = 1.0;
/// Combinations that weigh less are left out.
const NEGLIGIBLE: f64 = 0.002;

/// Logarithmic prior of the ratio q: around 1, wide.
fn prior_of_step(q: f64) -> f64 {
    -0.5 * (q.ln() / 2.0).powi(2)
}

/// Logarithmic prior of a season's variance: around 1, wide, and as much again for no season as for the middle.
fn prior_of_season(variance: f64) -> f64 {
    if variance > 0.0 { -0.5 * (variance.ln() / 2.0).powi(2) } else { 0.0 }
}

/// Logarithmic prior of a regressor's variance: as probable to matter as not.
fn prior_of_regressors(variance: f64) -> f64 {
    if variance > 0.0 { -((REGRESSORS.len() - 1) as f64).ln() } else { 0.0 }
}

/// What a fit is told beside the values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Design<'a> {
    /// Months of the year (12), or 1 without a season.
    pub(crate) period: usize,
    /// Columns of regressors from the first value on, where possible beyond the last; 1 is a full effect.
    pub(crate) columns: &'a [Vec<f64>],
    /// How many of them, from the first, the caller says matter; of the others the model finds out.
    pub(crate) given: usize,
}

/// One choice of variances, fitted.
#[derive(Clone, Debug)]
struct Part {
    weight: f64,
    /// Index into the filters.
    filter: usize,
    /// Whether the regressors that may matter are in it.
    regressed: bool,
    beta: Vec<f64>,
    /// Lower triangle of the Cholesky factor of X'X + D⁻¹ over the active columns.
    factor: Vec<f64>,
    active: Vec<usize>,
    /// Their prior variances.
    priors: Vec<f64>,
    /// Variance of noise and step together.
    variance: f64,
}

/// The filter of one ratio of variances, after the last value; variances are in units of noise and step together.
#[derive(Clone, Debug)]
struct Filter {
    noise: f64,
    step: f64,
    /// Predicted level of every column, y last.
    level: Vec<f64>,
    /// Its variance.
    spread: f64,
    log_spread: f64,
    /// Products of the one-step errors of all columns, lower triangle.
    gram: Vec<f64>,
}

/// The fitted model.
#[derive(Clone, Debug)]
pub(crate) struct Structural {
    n: usize,
    seasons: usize,
    parts: Vec<Part>,
    filters: Vec<Filter>,
    /// β averaged: months of the year, drift a month, regressors.
    beta: Vec<f64>,
    /// The level known after 0..=n values, averaged, without what β explains.
    levels: Vec<f64>,
    first: usize,
    columns: Vec<Vec<f64>>,
    evidence: f64,
}

impl Structural {
    /// Fits the model to values of a size around one; a value that is not finite is a missing month. `None` without any
    /// value.
    pub(crate) fn fit(y: &[f64], design: &Design<'_>) -> Option<Self> {
        let n = y.len();
        let first = y.iter().position(|value| value.is_finite())?;
        let seen = y.iter().filter(|value| value.is_finite()).count();
        // Below a year, no month to come has been seen.
        let seasons = if design.period > 1 && n >= design.period { design.period } else { 0 };
        // Only where a month came a second time can it coincide.
        let doubt = if seasons > 0 && n > seasons { DOUBT } else { 0.0 };
        let width = seasons + 1 + design.columns.len();
        let free = design.columns.len() > design.given;
        let filters: Vec<Filter> = STEPS.iter().map(|&q| Filter::run(y, first, q, seasons, design.columns)).collect();
        let mut candidates: Vec<(f64, Part)> = Vec::new();
        // Evidence of each combination in the first two rounds.
        let mut rounds = [(); 2].map(|()| vec![f64::NEG_INFINITY; filters.len() * SEASONS.len()]);
        for (round, regressor) in REGRESSORS.into_iter().enumerate() {
            if regressor > 0.0 && !free {
                break;
            }
            let best = rounds.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
            for (place, (filter, season)) in
                (0..filters.len()).flat_map(|filter| SEASONS.map(|season| (filter, season))).enumerate()
            {
                let promising = match round {
                    0 => true,
                    1 => place % SAMPLED == 0 || rounds[0][place] > best - PROMISING[0],
                    _ => rounds.iter().any(|round| round[place] > best - PROMISING[1]),
                };
                if !promising || (season > 0.0 && seasons == 0) {
                    continue;
                }
                let prior = |j: usize| match j {
                    j if j < seasons => season,
                    j if j == seasons => DRIFT * filters[filter].step.max(LEAST_STEP),
                    j if j <= seasons + design.given => GIVEN,
                    _ => regressor,
                };
                let (evidence, part) =
                    regress(&filters[filter].gram, width, prior, seen, filters[filter].log_spread, doubt);
                let evidence =
                    evidence + prior_of_step(STEPS[filter]) + prior_of_season(season) + prior_of_regressors(regressor);
                if let Some(evidences) = rounds.get_mut(round) {
                    evidences[place] = evidence;
                }
                candidates.push((evidence, Part { filter, regressed: regressor > 0.0, ..part }));
            }
        }
        let best = candidates.iter().map(|(evidence, _)| *evidence).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = candidates.iter().map(|(evidence, _)| (evidence - best).exp()).sum();
        let mut parts: Vec<Part> = candidates
            .into_iter()
            .map(|(evidence, part)| Part { weight: (evidence - best).exp() / total, ..part })
            .filter(|part| part.weight > NEGLIGIBLE)
            .collect();
        let kept: f64 = parts.iter().map(|part| part.weight).sum();
        for part in &mut parts {
            part.weight /= kept;
        }
        let mut fitted = Self {
            n,
            seasons,
            beta: average(parts.iter(), width).1,
            parts,
            filters,
            levels: vec![0.0; n + 1],
            first,
            columns: design.columns.to_vec(),
            evidence: best + total.ln(),
        };
        for filter in 0..fitted.filters.len() {
            let (weight, beta) = average(fitted.parts.iter().filter(|part| part.filter == filter), width);
            if weight > 0.0 {
                fitted.follow(y, filter, weight, &beta);
            }
        }
        fitted.levels.iter().all(|level| level.is_finite()).then_some(fitted)
    }

    /// Adds the levels by one filter and its own β to the average. Before the first value: the first.
    fn follow(&mut self, y: &[f64], filter: usize, weight: f64, beta: &[f64]) {
        let Filter { noise, step, .. } = self.filters[filter];
        let mut x = vec![0.0; beta.len()];
        let mut rest = |t: usize| {
            fill(&mut x, t, self.seasons, &self.columns);
            y[t] - x.iter().zip(beta).map(|(x, beta)| x * beta).sum::<f64>()
        };
        let mut level = rest(self.first);
        let mut spread = noise;
        for (t, sum) in self.levels.iter_mut().enumerate() {
            if t > self.first + 1 {
                spread += step;
                if y[t - 1].is_finite() {
                    let gain = spread / (spread + noise);
                    level += gain * (rest(t - 1) - level);
                    spread *= 1.0 - gain;
                }
            }
            *sum += weight * level;
        }
    }

    /// What the season and the drift add in month `t`.
    fn routine(&self, t: usize) -> f64 {
        let season = if self.seasons > 0 { self.beta[t % self.seasons] } else { 0.0 };
        season + self.beta[self.seasons] * t as f64
    }

    /// What the regressors explain of month `t`, for a row of their values.
    pub(crate) fn effect(&self, row: impl Iterator<Item = f64>) -> f64 {
        self.coefficients().iter().zip(row).map(|(beta, x)| beta * x).sum()
    }

    /// Effects of the months of the year by index from the first month, summing to zero; empty below a year.
    pub(crate) fn season(&self) -> Vec<f64> {
        let effects = &self.beta[..self.seasons];
        let mean = effects.iter().sum::<f64>() / self.seasons.max(1) as f64;
        effects.iter().map(|effect| effect - mean).collect()
    }

    /// Which share of the variance of the first month ahead is what is not known of the level and of β: it stays in the months
    /// after it.
    pub(crate) fn lasting(&self) -> f64 {
        let mut x = vec![0.0; self.beta.len()];
        fill(&mut x, self.n, self.seasons, &self.columns);
        let of = |part: &Part| {
            let filter = &self.filters[part.filter];
            let lasts = filter.spread + quadratic(part, |j| x[j] - filter.level[j]);
            part.weight * lasts / (lasts + filter.noise)
        };
        self.parts.iter().map(of).sum()
    }

    /// How many coefficients the values determine, as far as the prior does not: the trace of (X'X + D⁻¹)⁻¹X'X (Moody 1992).
    pub(crate) fn freedom(&self) -> f64 {
        let of = |part: &Part| {
            let k = part.active.len();
            let left: f64 = part
                .priors
                .iter()
                .enumerate()
                .map(|(j, prior)| {
                    // The j-th column of the factor's inverse, squared, is the j-th variance.
                    let mut column = vec![0.0; k];
                    for i in j..k {
                        let dot: f64 = (j..i).map(|m| part.factor[i * k + m] * column[m]).sum();
                        column[i] = (f64::from(u8::from(i == j)) - dot) / part.factor[i * k + i];
                    }
                    column.iter().map(|value| value * value).sum::<f64>() / prior
                })
                .sum();
            part.weight * (k as f64 - left)
        };
        self.parts.iter().map(of).sum()
    }

    /// The coefficients of the regressors.
    pub(crate) fn coefficients(&self) -> &[f64] {
        &self.beta[self.seasons + 1..]
    }

    /// The probability that the regressors that may matter do, by the one-step forecasts so far.
    pub(crate) fn relevance(&self) -> f64 {
        self.parts.iter().filter(|part| part.regressed).map(|part| part.weight).sum()
    }

    /// Logarithm of the marginal likelihood of the average; comparable between designs of the same values.
    pub(crate) fn evidence(&self) -> f64 {
        self.evidence
    }
}

impl Filter {
    fn run(y: &[f64], first: usize, q: f64, seasons: usize, columns: &[Vec<f64>]) -> Self {
        let (noise, step) = (1.0 / (1.0 + q), q / (1.0 + q));
        let last = seasons + 1 + columns.len();
        let width = last + 1;
        let mut filter = Self {
            noise,
            step,
            level: vec![0.0; width],
            spread: noise + step,
            log_spread: 0.0,
            gram: vec![0.0; width * width],
        };
        let mut x = vec![0.0; width];
        for (t, &value) in y.iter().enumerate().skip(first) {
            if !value.is_finite() {
                filter.spread += step;
                continue;
            }
            fill(&mut x[..last], t, seasons, columns);
            x[last] = value;
            if t == first {
                filter.level.copy_from_slice(&x);
                continue;
            }
            let total = filter.spread + noise;
            let (gain, scale) = (filter.spread / total, 1.0 / total.sqrt());
            filter.log_spread += total.ln();
            for (x, level) in x.iter_mut().zip(&mut filter.level) {
                let error = *x - *level;
                *level += gain * error;
                *x = error * scale;
            }
            for (i, row) in filter.gram.chunks_exact_mut(width).enumerate() {
                let xi = x[i];
                for (sum, xj) in row[..=i].iter_mut().zip(&x) {
                    *sum += xi * xj;
                }
            }
            filter.spread = filter.spread * noise / total + step;
        }
        filter
    }
}

/// The forecasts are those without regressors: their effects come on top.
impl Model for Structural {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        let origin = origin.clamp(1, self.n);
        let level = self.levels[origin];
        for (ahead, out) in out.iter_mut().enumerate() {
            *out = level + self.routine(origin + ahead);
        }
    }

    fn first_origin(&self) -> usize {
        1
    }

    /// Noise, the level's steps, what is not known of β (the regressors' included), and of the variances.
    fn sigma(&self, out: &mut [f64]) {
        let last = self.beta.len();
        let mut x = vec![0.0; last];
        for (ahead, out) in out.iter_mut().enumerate() {
            fill(&mut x, self.n + ahead, self.seasons, &self.columns);
            let expect = |level: f64, beta: &[f64]| level + x.iter().zip(beta).map(|(x, beta)| x * beta).sum::<f64>();
            let mean = expect(self.levels[self.n], &self.beta);
            *out = self
                .parts
                .iter()
                .map(|part| {
                    let filter = &self.filters[part.filter];
                    let known: f64 = part.beta.iter().zip(&filter.level).map(|(beta, level)| beta * level).sum();
                    let value = expect(filter.level[last] - known, &part.beta);
                    let own = filter.spread + filter.noise + ahead as f64 * filter.step;
                    let of_beta = quadratic(part, |j| x[j] - filter.level[j]);
                    part.weight * (part.variance * (own + of_beta) + (value - mean).powi(2))
                })
                .sum::<f64>()
                .sqrt();
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let season = self.season();
        let drift = self.beta[self.seasons];
        let mean = self.beta[..self.seasons].iter().sum::<f64>() / self.seasons.max(1) as f64;
        let level = self.levels[self.n] + mean + drift * (self.n as f64 - 1.0);
        (0..horizon)
            .map(|ahead| Parts {
                level,
                trend: drift * (ahead + 1) as f64,
                season: if season.is_empty() { 0.0 } else { season[(self.n + ahead) % season.len()] },
            })
            .collect()
    }
}

/// The row of month `t`: months of the year, drift, regressors.
fn fill(row: &mut [f64], t: usize, seasons: usize, columns: &[Vec<f64>]) {
    row[..seasons].fill(0.0);
    if seasons > 0 {
        row[t % seasons] = 1.0;
    }
    row[seasons] = t as f64;
    for (x, column) in row[seasons + 1..].iter_mut().zip(columns) {
        *x = column.get(t).copied().unwrap_or(0.0);
    }
}

/// β averaged over choices, and their weight together.
fn average<'a>(parts: impl Iterator<Item = &'a Part>, columns: usize) -> (f64, Vec<f64>) {
    let mut weight = 0.0;
    let mut beta = vec![0.0; columns];
    for part in parts {
        weight += part.weight;
        beta.iter_mut().zip(&part.beta).for_each(|(sum, beta)| *sum += part.weight * beta);
    }
    if weight > 0.0 {
        for beta in &mut beta {
            *beta /= weight;
        }
    }
    (weight, beta)
}

/// The ridge regression of the last column of a Gram matrix on the others, with the log marginal likelihood.
fn regress(
    gram: &[f64],
    columns: usize,
    prior: impl Fn(usize) -> f64,
    seen: usize,
    log_spread: f64,
    doubt: f64,
) -> (f64, Part) {
    let width = columns + 1;
    let active: Vec<usize> = (0..columns).filter(|&j| prior(j) > 0.0).collect();
    let k = active.len();
    let mut factor = vec![0.0; k * k];
    let mut determinant = 1.0_f64;
    let mut log_determinant = 0.0;
    let mut solved = vec![0.0; k];
    let mut squares = gram[columns * width + columns];
    for i in 0..k {
        let (done, current) = factor.split_at_mut(i * k);
        for j in 0..=i {
            let other = if j == i { &current[..j] } else { &done[j * k..j * k + j] };
            let dot: f64 = current[..j].iter().zip(other).map(|(a, b)| a * b).sum();
            let value = gram[active[i] * width + active[j]] - dot;
            if j == i {
                let variance = prior(active[i]);
                let diagonal = (value + 1.0 / variance).max(f64::MIN_POSITIVE).sqrt();
                current[i] = diagonal;
                determinant *= diagonal * diagonal * variance;
                // One logarithm for many columns, long before the product could leave the range.
                if !(1e-100..1e100).contains(&determinant) {
                    log_determinant += determinant.ln();
                    determinant = 1.0;
                }
            } else {
                current[j] = value / done[j * k + j];
            }
        }
        let dot: f64 = current[..i].iter().zip(&solved).map(|(a, b)| a * b).sum();
        solved[i] = (gram[columns * width + active[i]] - dot) / current[i];
        squares -= solved[i] * solved[i];
    }
    for i in (0..k).rev() {
        let dot: f64 = (i + 1..k).map(|j| factor[j * k + i] * solved[j]).sum();
        solved[i] = (solved[i] - dot) / factor[i * k + i];
    }
    let mut beta = vec![0.0; columns];
    active.iter().zip(&solved).for_each(|(&j, &value)| beta[j] = value);
    let degrees = seen.saturating_sub(1).max(1) as f64;
    // How large the noise is without any coefficient.
    let plain = gram[columns * width + columns] / degrees;
    let variance = (squares.max(0.0) + doubt * NOISE * plain) / (degrees + doubt) + TINY;
    log_determinant += determinant.ln();
    let evidence = -0.5 * ((degrees + 1.0 + doubt) * variance.ln() + log_spread + log_determinant);
    (
        evidence,
        Part {
            weight: 0.0,
            filter: 0,
            regressed: false,
            beta,
            factor,
            priors: active.iter().map(|&j| prior(j)).collect(),
            active,
            variance,
        },
    )
}

/// z'(X'X + D⁻¹)⁻¹z of the active columns.
fn quadratic(part: &Part, z: impl Fn(usize) -> f64) -> f64 {
    let k = part.active.len();
    let mut solved = vec![0.0; k];
    for i in 0..k {
        let dot: f64 = part.factor[i * k..i * k + i].iter().zip(&solved).map(|(a, b)| a * b).sum();
        solved[i] = (z(part.active[i]) - dot) / part.factor[i * k + i];
    }
    solved.iter().map(|value| value * value).sum()
}
