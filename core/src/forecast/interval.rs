//! How far a forecast may be off: intervals from the errors that the forecasts of the past months would have had.
//!
//! Conformal prediction (Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World; for series and multi-step
//! horizons: Stankevičiūtė, Alaa & van der Schaar 2021) takes quantiles of past errors as the interval. Errors are put on
//! one scale by their size at each horizon, so that all horizons tell about the shape of the tails. Where history is
//! short, the structural model's own formula, which knows what is not known of its coefficients, is blended in.

use crate::stats::student_t;

/// Past forecasts were made with coefficients that had seen their answers, and the world changes: the real errors are
/// larger. By how much, was found by holding out the ends of the training part of the M3 competition's monthly series, and
/// on simulated series with and without a season.
const OPTIMISM: f64 = 1.08;
/// And by so much more for each coefficient that was taken from the values, in units of one over the months seen.
const OPTIMISM_A_COEFFICIENT: f64 = 1.5;
/// And by so much more, times the share of the months that are missing: their neighbours look too smooth.
const OPTIMISM_OF_GAPS: f64 = 0.4;
/// In the first year there is no season that could be taken from the values: by this, and so much more in units of one over the
/// square of the months.
const FIRST_YEAR: (f64, f64) = (1.236, 11.4);
const YEAR: usize = 12;
/// The formula of the structural model counts as so many errors.
const PRIOR_WEIGHT: f64 = 10.0;
/// The combination errs a little less than the structural model alone.
const PRIOR_SHARE: f64 = 0.95;
/// The tails of a t distribution count as so many errors.
const TAIL_WEIGHT: f64 = 300.0;
/// Its degrees of freedom: one for so many months, within bounds.
const MONTHS_A_DEGREE: f64 = 14.0;
const DEGREES: (f64, f64) = (5.0, 200.0);

/// The variance of the median of normal numbers, in units of that of their mean: π/2.
const VARIANCE_OF_MEDIAN: f64 = std::f64::consts::FRAC_PI_2;

/// The shape of the tails is told by the errors of so many steps ahead, a year, however many are asked for: a month's
/// interval does not hang on what else is asked for.
pub(super) const SHAPE_STEPS: usize = 12;

/// Errors of past forecasts, by steps ahead.
#[derive(Clone, Debug)]
pub(super) struct Past {
    /// `errors[h]`: those of h + 1 steps ahead, oldest first.
    pub(super) errors: Vec<Vec<f64>>,
}

/// What the intervals must know of the series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The months from the first to the last.
    pub(super) n: usize,
    /// Those that are not missing.
    pub(super) known: usize,
    /// How many coefficients were taken from them.
    pub(super) coefficients: f64,
}

impl Seen {
    /// By what factor real errors are larger than those of the past forecasts.
    fn optimism(self) -> f64 {
        let n = self.n as f64;
        if self.n < YEAR {
            return FIRST_YEAR.0 + FIRST_YEAR.1 / (n * n);
        }
        let known = self.known as f64;
        OPTIMISM + OPTIMISM_A_COEFFICIENT * self.coefficients / known + OPTIMISM_OF_GAPS * (1.0 - known / n)
    }
}

/// The standard deviations of the error at each step ahead, and the multiples that the bounds lie away.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    pub(super) sd: Vec<f64>,
    scores: Vec<f64>,
    n: usize,
}

impl Spread {
    /// From past errors and the model's own standard deviations.
    pub(super) fn new(past: &Past, own: &[f64], seen: Seen) -> Self {
        let raw = blended(past, own, 1.0);
        let sd = blended(past, own, seen.optimism());
        let mut scores = Vec::with_capacity(past.errors.iter().take(SHAPE_STEPS).map(Vec::len).sum());
        for (errors, sd) in past.errors.iter().zip(&raw).take(SHAPE_STEPS).filter(|(_, sd)| **sd > 0.0) {
            let per_sd = 1.0 / sd;
            scores.extend(errors.iter().map(|e| (e * per_sd).abs()));
        }
        Self { sd, scores, n: seen.n }
    }

    /// Adds what is not known of a level that is the middle of so many months.
    pub(super) fn add_level_of(&mut self, months: usize) {
        let of_level = self.sd.first().map_or(0.0, |sd| sd * sd * VARIANCE_OF_MEDIAN / months.max(1) as f64);
        for sd in &mut self.sd {
            *sd = (*sd * *sd + of_level).sqrt();
        }
    }

    /// How many standard deviations to go to each side, so that a share of the future months lies between.
    pub(super) fn multiple(&self, level: f64) -> f64 {
        let freedom = (self.n as f64 / MONTHS_A_DEGREE).clamp(DEGREES.0, DEGREES.1);
        let model = student_t(0.5 + level / 2.0, freedom).unwrap_or(2.0);
        let m = self.scores.len() as f64;
        if self.scores.is_empty() {
            return model;
        }
        let place = (level * (m + 1.0)).min(m) - 1.0;
        let below = place.floor().max(0.0) as usize;
        // The two scores around the quantile: no need to sort the others.
        let mut scores = self.scores.clone();
        let (_, &mut lower, higher) = scores.select_nth_unstable_by(below, f64::total_cmp);
        let upper = higher.iter().copied().reduce(f64::min).unwrap_or(lower);
        let empirical = lower + (upper - lower) * (place - below as f64).max(0.0);
        (m * empirical + TAIL_WEIGHT * model) / (m + TAIL_WEIGHT)
    }
}

/// The standard deviation at each step ahead: past errors, inflated, with the model's own formula.
fn blended(past: &Past, own: &[f64], inflation: f64) -> Vec<f64> {
    let mut longest = 0.0_f64;
    own.iter()
        .enumerate()
        .map(|(h, own)| {
            let errors = past.errors.get(h).map_or(&[][..], Vec::as_slice);
            let mean = errors.iter().map(|e| e * e).sum::<f64>() / errors.len().max(1) as f64;
            // Errors of neighbouring origins share most of their months.
            let count = errors.len() as f64 / (1.0 + h as f64).sqrt();
            let prior = PRIOR_WEIGHT * (PRIOR_SHARE * own).powi(2);
            let variance = (count * mean * inflation * inflation + prior) / (count + PRIOR_WEIGHT);
            // What is farther ahead is not known better.
            longest = longest.max(variance.max(0.0).sqrt());
            longest
        })
        .collect()
}
