//! A model of the series without its season, which is put on its forecasts again.

use super::season::Seasonality;
use super::{Model, Parts};

/// A seasonally adjusted model. With the seasons of [`super::Shrunken::season`], models that know no season, or only a
/// classical one, gain most: on two years of history a tenth of the error and more.
#[derive(Clone, Debug)]
pub(crate) struct Adjusted<M> {
    model: M,
    season: Seasonality,
    n: usize,
}

impl<M: Model> Adjusted<M> {
    /// Takes the season off the values and fits the rest. `None` where the rest cannot be fitted, or is not finite.
    pub(crate) fn fit(values: &[f64], season: Seasonality, fit: impl FnOnce(&[f64]) -> Option<M>) -> Option<Self> {
        let rest: Vec<f64> = values.iter().enumerate().map(|(t, &value)| season.take_off(value, t)).collect();
        let sound = rest.iter().all(|value| value.abs() <= 1e100);
        let model = if sound { fit(&rest)? } else { return None };
        Some(Self { model, season, n: values.len() })
    }
}

impl<M: Model> Model for Adjusted<M> {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        self.model.forecast_from(origin, out);
        let origin = origin.clamp(self.first_origin().min(self.n), self.n);
        for (step, out) in out.iter_mut().enumerate() {
            *out = self.season.put_on(*out, origin + step);
        }
    }

    fn first_origin(&self) -> usize {
        self.model.first_origin()
    }

    fn sigma(&self, out: &mut [f64]) {
        self.model.sigma(out);
        for (step, out) in out.iter_mut().enumerate() {
            *out *= self.season.stretch(self.n + step);
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let with_season = |(step, part): (usize, Parts)| {
            let base = part.level + part.trend + part.season;
            Parts { season: part.season + self.season.put_on(base, self.n + step) - base, ..part }
        };
        self.model.parts(horizon).into_iter().enumerate().map(with_season).collect()
    }
}
