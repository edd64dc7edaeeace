//! Exponential smoothing state space models (Hyndman, Koehler, Snyder & Grose 2002; Hyndman, Koehler, Ord & Snyder
//! 2008).

mod auto;
mod filter;
mod form;
mod gauss_newton;
mod simplex;
mod start;

pub(crate) use auto::EtsAverage;
pub(crate) use form::{Error, Form, Season};

use super::{Model, Parts, in_unit, unit};

/// How parameters are searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// The simplex search of statsforecast, with its start, bounds and patience: the same numbers.
    Simplex,
    /// Levenberg's and Marquardt's least squares over all parameters: up to ten times faster, and mostly more likely.
    GaussNewton,
    /// The same with trends that turn slowly and fewer steps: less likely, and better forecasts.
    Calm,
}

/// Parameters of a form, as a search leaves them.
#[derive(Clone, Debug)]
struct Estimate {
    form: Form,
    alpha: f64,
    /// The weight of the error in the trend (0 without).
    beta: f64,
    gamma: f64,
    /// 1 undamped.
    phi: f64,
    level: f64,
    trend: f64,
    /// The season of each month of the first period; empty without.
    season: Vec<f64>,
    /// Minus twice the log-likelihood, without its constant.
    deviance: f64,
}

impl Estimate {
    /// Parameters that were estimated, the variance included.
    fn parameters(&self) -> usize {
        self.form.weights() + self.form.states(self.season.len()) + 1
    }

    fn aicc(&self, n: usize) -> f64 {
        let (k, n) = (self.parameters() as f64, n as f64);
        if n - k - 1.0 > 0.0 { self.deviance + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0) } else { f64::INFINITY }
    }
}

/// A fitted exponential smoothing model.
#[derive(Clone, Debug)]
pub(crate) struct Ets {
    estimate: Estimate,
    unit: f64,
    /// After 0, 1, 2, … values.
    levels: Vec<f64>,
    trends: Vec<f64>,
    /// The season of month t as it was known a period before, for every month up to a period after the end; empty
    /// without.
    seasons: Vec<f64>,
    /// The variance of the one-step errors (relative ones where the error is multiplicative).
    variance: f64,
}

impl Ets {
    /// Fits a form. `None` where there are not two values more than parameters, for seasons below one period and a
    /// month, and for multiplicative forms of values that are not positive.
    pub(crate) fn fit(values: &[f64], period: usize, form: Form, search: Search) -> Option<Self> {
        let unit = unit(values);
        let y = in_unit(values, unit);
        let estimate = estimate(&y, period, form, search)?;
        Self::of(estimate, &y, unit)
    }

    /// The form with the least `AICc` among those that the series allows (Hyndman et al. 2008, section 2.8.2), searched
    /// for with [`Search::Calm`]. Trends are damped.
    pub(crate) fn auto(values: &[f64], period: usize) -> Option<Self> {
        let unit = unit(values);
        let y = in_unit(values, unit);
        let best = auto::estimates(&y, period).into_iter().next()?;
        Self::of(best, &y, unit)
    }

    /// Its form.
    pub(crate) const fn form(&self) -> Form {
        self.estimate.form
    }

    fn of(estimate: Estimate, y: &[f64], unit: f64) -> Option<Self> {
        let n = y.len();
        let freedom = n.checked_sub(estimate.parameters() + 1).filter(|&freedom| freedom > 0)?;
        let multiplicative = estimate.form.season == Season::Multiplicative;
        let mut levels = vec![estimate.level];
        let mut trends = vec![estimate.trend];
        let mut seasons = estimate.season.clone();
        let (mut level, mut trend, mut squares) = (estimate.level, estimate.trend, 0.0);
        for (t, &value) in y.iter().enumerate() {
            let grown = estimate.phi * trend;
            let base = level + grown;
            let (expected, surprise, next) = match seasons.get(t) {
                None => (base, value - base, 0.0),
                Some(season) if multiplicative => (base * season, value / season - base, value / base - season),
                Some(season) => (base + season, value - base - season, value - base - season),
            };
            let error = value - expected;
            let error = if estimate.form.error == Error::Multiplicative { error / expected } else { error };
            squares += error * error;
            level = base + estimate.alpha * surprise;
            trend = grown + estimate.beta * surprise;
            levels.push(level);
            trends.push(trend);
            if let Some(&season) = seasons.get(t) {
                seasons.push(season + estimate.gamma * next);
            }
        }
        let variance = squares / freedom as f64;
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        let sound = finite(&levels) && finite(&trends) && finite(&seasons) && variance.is_finite();
        sound.then_some(Self { estimate, unit, levels, trends, seasons, variance })
    }

    /// φ + φ² + … + φʰ for h = 1, 2, …
    fn dampings(&self) -> impl Iterator<Item = f64> + use<> {
        let phi = self.estimate.phi;
        let mut power = 1.0;
        let mut sum = 0.0;
        std::iter::repeat_with(move || {
            power *= phi;
            sum += power;
            sum
        })
    }

    fn period(&self) -> usize {
        self.estimate.season.len()
    }
}

fn estimate(y: &[f64], period: usize, form: Form, search: Search) -> Option<Estimate> {
    let seasonal = form.season != Season::None;
    let positive = y.iter().all(|&value| value > 0.0);
    let multiplicative = form.error == Error::Multiplicative || form.season == Season::Multiplicative;
    let period = if seasonal { period } else { 1 };
    let needed = form.weights() + form.states(period) + 3;
    if y.len() < needed || (seasonal && (period < 2 || y.len() <= period)) || (multiplicative && !positive) {
        return None;
    }
    let start = start::Start::of(y, period, form)?;
    match search {
        Search::Simplex => simplex::search(y, form, &start),
        Search::GaussNewton | Search::Calm => gauss_newton::search(y, form, &start, search),
    }
}

impl Model for Ets {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        let origin = origin.min(self.levels.len() - 1);
        let (level, trend) = (self.levels[origin], self.trends[origin]);
        let seasons = self.seasons.get(origin..origin + self.period()).unwrap_or_default();
        let multiplicative = self.estimate.form.season == Season::Multiplicative;
        for ((step, out), damping) in out.iter_mut().enumerate().zip(self.dampings()) {
            let base = level + damping * trend;
            let season = if seasons.is_empty() { None } else { seasons.get(step % seasons.len()) };
            *out = self.unit
                * match season {
                    None => base,
                    Some(season) if multiplicative => base * season,
                    Some(season) => base + season,
                };
        }
    }

    fn first_origin(&self) -> usize {
        self.period().max(1)
    }

    /// Exact for additive errors (Hyndman et al. 2008, table 6.1); for multiplicative ones the recursion of their
    /// section 6.3, with their approximation of a multiplicative season.
    fn sigma(&self, out: &mut [f64]) {
        let Estimate { alpha, beta, gamma, phi, .. } = self.estimate;
        let (period, variance) = (self.period(), self.variance);
        let relative = self.estimate.form.error == Error::Multiplicative;
        let multiplicative = self.estimate.form.season == Season::Multiplicative;
        let n = self.levels.len() - 1;
        let mut forecasts = vec![0.0; out.len()];
        self.forecast_from(n, &mut forecasts);
        let mut thetas: Vec<f64> = Vec::with_capacity(out.len());
        let mut weights: Vec<f64> = Vec::with_capacity(out.len());
        let (mut sum, mut growth, mut power) = (0.0, 0.0, 1.0);
        for (step, out) in out.iter_mut().enumerate() {
            let season = if period == 0 { 1.0 } else { self.seasons[n + step % period] };
            let mean = forecasts[step] / self.unit;
            let error = if relative {
                // With a multiplicative season the recursion runs on the seasonless part.
                let mean = if multiplicative { mean / season } else { mean };
                let shocks: f64 =
                    weights.iter().zip(thetas.iter().rev()).map(|(weight, theta)| weight * weight * theta).sum();
                let theta = mean * mean + variance * shocks;
                thetas.push(theta);
                let years = step.checked_div(period).unwrap_or(0);
                let drift = if multiplicative { (1.0 + gamma * gamma * variance).powi(years as i32) } else { 1.0 };
                let spread = (1.0 + variance) * theta * drift - mean * mean;
                if multiplicative { spread * season * season } else { spread }
            } else {
                variance * (1.0 + sum)
            };
            let error = self.unit * error.max(0.0).sqrt();
            *out = if error.is_finite() { error } else { f64::MAX.sqrt() };
            power *= phi;
            growth += power;
            let again = period > 0 && !multiplicative && (step + 1) % period == 0;
            let weight = alpha + beta * growth + if again { gamma } else { 0.0 };
            weights.push(weight);
            sum += weight * weight;
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let n = self.levels.len() - 1;
        let mut forecasts = vec![0.0; horizon];
        self.forecast_from(n, &mut forecasts);
        let level = self.levels[n] * self.unit;
        let part = |(value, damping): (f64, f64)| {
            let trend = damping * self.trends[n] * self.unit;
            Parts { level, trend, season: value - level - trend }
        };
        forecasts.into_iter().zip(self.dampings()).map(part).collect()
    }

    fn aicc(&self) -> Option<f64> {
        let n = self.levels.len() - 1;
        // The density of a value in the series' unit is smaller by the unit.
        let aicc = self.estimate.aicc(n) + 2.0 * n as f64 * self.unit.ln();
        aicc.is_finite().then_some(aicc)
    }
}

impl Ets {
    /// The log-likelihood without its constant, for comparison with published software.
    pub(crate) fn log_likelihood(&self) -> f64 {
        -0.5 * self.estimate.deviance
    }
}
