//! What sums and chances need of a combination: the mean instead of the middle, and how far forecasts really were off.
//!
//! A point forecast that is good month by month lies in the middle of what may come, and of skewed months the middle lies
//! below the mean; a sum of middles is then too small (Kolassa 2020, International Journal of Forecasting 36, "Why the
//! 'best' point forecast depends on the error or accuracy measure"). And an interval that holds its share of months of
//! any kind of series is too wide for a calm one, by which too many months look at risk. Both are learned here from the
//! past of the series itself: the mean from what came and what was expected, the width from forecasts of models that had
//! not seen the month.

use super::adjustment::Scale;
use super::ensemble::Ensemble;
use super::hindsight::Hindsight;
use super::{Fitted, Forecast, Model, Note, fit};
use crate::model::MonthlySeries;
use crate::stats::parallel;

/// At most so many origins, the last ones, are fitted anew: four years, enough to know a width to a tenth.
const ORIGINS: usize = 48;
/// None before this month, nor before half of the series is over: a model has seen too little to be compared.
const FIRST: usize = 8;
const SETTLED: usize = 2;
/// "As wide as the interval says" counts as so many origins.
const WIDTH_WEIGHT: f64 = 4.0;
/// "What came is what was expected" counts as so many months.
const MEAN_WEIGHT: f64 = 6.0;
/// A mean lies so far from the middle at most, by a factor.
const FARTHEST_MEAN: f64 = 3.0;
/// The mean size of a normal number of variance 1.
const SIZE_OF_NORMAL: f64 = 0.797_884_560_802_865_4;
/// Levels at which an interval's shape is looked at: the middles of ten equal slices.
const SLICES: u8 = 10;

impl Fitted {
    /// By how much the mean of what may come lies above the forecast: what came in all past months over what was
    /// expected of them, pulled towards 1. 1 for the rules, which are means, and for series with negative months.
    pub(super) fn mean_factor(&self) -> f64 {
        let Some(ensemble) = self.varying().filter(|_| self.never_below_zero) else { return 1.0 };
        let past = self.hindsight(ensemble, 1).one_step;
        let (came, expected) = past.iter().fold((0.0, 0.0), |(a, b), (value, expected)| (a + value, b + expected));
        let prior = MEAN_WEIGHT * came / past.len().max(1) as f64;
        let factor = (came + prior) / (expected + prior);
        if factor.is_finite() { factor.clamp(1.0 / FARTHEST_MEAN, FARTHEST_MEAN) } else { 1.0 }
    }

    /// By how much the real errors of `horizon` months ahead were larger than the intervals' shape says: those of models
    /// fitted to the months before each of the last origins alone, pulled towards 1.
    pub(super) fn width_factor(&self, horizon: usize) -> f64 {
        let n = self.values.len();
        let from = (n / SETTLED).max(FIRST).max(n.saturating_sub(ORIGINS));
        let origins: Vec<usize> = (from..n).collect();
        let sizes: Vec<f64> = parallel::map(&origins, |&origin| self.size_of_errors(origin, horizon))
            .into_iter()
            .flatten()
            .filter(|size| size.is_finite())
            .collect();
        (sizes.iter().sum::<f64>() + WIDTH_WEIGHT) / (sizes.len() as f64 + WIDTH_WEIGHT)
    }

    /// The mean size of the errors from one origin on, in units of the size that the intervals' shape says.
    fn size_of_errors(&self, origin: usize, horizon: usize) -> Option<f64> {
        let first = self.last - (self.values.len() as i32 - 1);
        let seen = &self.values[..origin];
        // A series that ends with an open month would be forecast from another origin.
        seen.last().filter(|value| value.is_finite())?;
        let missing = (0..).zip(seen).filter(|(_, value)| !value.is_finite()).map(|(t, _)| first + t).collect();
        let values = seen.iter().map(|value| if value.is_finite() { *value } else { 0.0 }).collect();
        let options = super::Options { missing, as_of: None, ..self.options.clone() };
        let then = fit(&MonthlySeries { first, values }, &options).ok()?;
        let ensemble = then.varying()?;
        let steps = horizon.min(self.values.len() - origin);
        let Hindsight { effects, spread, .. } = then.hindsight(ensemble, steps);
        let shape = mean_size(|level| spread.multiple(level));
        let mut expected = vec![0.0; steps];
        ensemble.combined(origin, &effects, then.floor(), &mut expected);
        let adjustment = &ensemble.adjustments[0];
        let sizes = (0..steps).map(|ahead| {
            let error = adjustment.distance(self.values[origin + ahead], expected[ahead]);
            error.abs() / (spread.sd[ahead] * shape)
        });
        let (sum, count) =
            sizes.filter(|size| size.is_finite()).fold((0.0, 0.0), |(sum, count), size| (sum + size, count + 1.0));
        (count > 0.0).then_some(sum / count)
    }

    /// The combination of a series that is not the same in all months.
    fn varying(&self) -> Option<&Ensemble> {
        match &self.model {
            Model::Ensemble(ensemble) if !self.notes.contains(&Note::Constant) => Some(ensemble),
            _ => None,
        }
    }
}

/// The mean distance of a bound over all levels.
pub(super) fn mean_size(multiple: impl Fn(f64) -> f64) -> f64 {
    let slices = f64::from(SLICES);
    (0..SLICES).map(|slice| multiple((f64::from(slice) + 0.5) / slices)).sum::<f64>() / slices
}

/// The middle of what may come, of which the mean and the mean size of the errors on the scale are known; by the normal
/// distribution there.
pub(super) fn middle(mean: f64, size: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Level => mean,
        Scale::Log => mean * (-(size / SIZE_OF_NORMAL).powi(2) / 2.0).exp().max(1.0 / FARTHEST_MEAN),
    }
}

/// A forecast times a factor, its parts with it; the bounds, which are no sums, stay.
pub(super) fn times(forecast: &mut Forecast, factor: f64) {
    for point in &mut forecast.points {
        point.value *= factor;
        point.lower = point.lower.min(point.value);
        point.upper = point.upper.max(point.value);
    }
    for parts in &mut forecast.parts {
        let all = [
            &mut parts.level,
            &mut parts.trend,
            &mut parts.season,
            &mut parts.hijri,
            &mut parts.events,
            &mut parts.remainder,
        ];
        for part in all {
            *part *= factor;
        }
    }
}
