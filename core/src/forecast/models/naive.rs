//! The benchmarks: last value, last season, last value with drift, average (Hyndman & Athanasopoulos 2021, section
//! 5.2).

use super::{Model, Parts, in_unit, level_only, root_mean_square, unit};

/// Every step is the last value.
#[derive(Clone, Debug)]
pub(crate) struct Naive {
    values: Vec<f64>,
    sd: f64,
}

impl Naive {
    /// From one value on.
    pub(crate) fn fit(values: &[f64]) -> Option<Self> {
        let unit = unit(values);
        let scaled = in_unit(values, unit);
        let sd = root_mean_square(scaled.windows(2).map(|pair| pair[1] - pair[0]), values.len() as f64 - 1.0) * unit;
        (!values.is_empty()).then(|| Self { values: values.into(), sd })
    }
}

impl Model for Naive {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        out.fill(self.values[origin.clamp(1, self.values.len()) - 1]);
    }

    fn first_origin(&self) -> usize {
        1
    }

    fn sigma(&self, out: &mut [f64]) {
        for (h, out) in (1..).zip(out) {
            *out = self.sd * f64::from(h).sqrt();
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        level_only(self.values[self.values.len() - 1], horizon)
    }
}

/// Every step is the value of the same season one period ago.
#[derive(Clone, Debug)]
pub(crate) struct SeasonalNaive {
    values: Vec<f64>,
    period: usize,
    sd: f64,
}

impl SeasonalNaive {
    /// From one full period on; none without seasons.
    pub(crate) fn fit(values: &[f64], period: usize) -> Option<Self> {
        if period < 2 || values.len() < period {
            return None;
        }
        let unit = unit(values);
        let scaled = in_unit(values, unit);
        let changes = scaled[period..].iter().zip(&scaled[..]).map(|(now, then)| now - then);
        let sd = root_mean_square(changes, (values.len() - period) as f64) * unit;
        Some(Self { values: values.into(), period, sd })
    }
}

impl Model for SeasonalNaive {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        let last = &self.values[..origin.clamp(self.period, self.values.len())];
        let season = &last[last.len() - self.period..];
        for (out, value) in out.iter_mut().zip(season.iter().cycle()) {
            *out = *value;
        }
    }

    fn first_origin(&self) -> usize {
        self.period
    }

    fn sigma(&self, out: &mut [f64]) {
        for (step, out) in out.iter_mut().enumerate() {
            *out = self.sd * ((step / self.period + 1) as f64).sqrt();
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let season = &self.values[self.values.len() - self.period..];
        let level = season.iter().map(|value| value / self.period as f64).sum();
        (0..horizon).map(|step| Parts { level, trend: 0.0, season: season[step % self.period] - level }).collect()
    }
}

/// The last value and the average change a step.
#[derive(Clone, Debug)]
pub(crate) struct Drift {
    values: Vec<f64>,
    sd: f64,
}

impl Drift {
    /// From two values on.
    pub(crate) fn fit(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n < 2 {
            return None;
        }
        let unit = unit(values);
        let scaled = in_unit(values, unit);
        let slope = (scaled[n - 1] - scaled[0]) / (n as f64 - 1.0);
        let left = scaled.windows(2).map(|pair| pair[1] - pair[0] - slope);
        let sd = root_mean_square(left, n as f64 - 2.0) * unit;
        Some(Self { values: values.into(), sd })
    }

    /// The average change up to `origin`.
    fn slope(&self, origin: usize) -> f64 {
        (self.values[origin - 1] - self.values[0]) / (origin as f64 - 1.0)
    }
}

impl Model for Drift {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        let origin = origin.clamp(2, self.values.len());
        let (last, slope) = (self.values[origin - 1], self.slope(origin));
        for (h, out) in (1..).zip(out) {
            *out = last + f64::from(h) * slope;
        }
    }

    fn first_origin(&self) -> usize {
        2
    }

    fn sigma(&self, out: &mut [f64]) {
        let n = self.values.len() as f64;
        for (h, out) in (1..).map(f64::from).zip(out) {
            *out = self.sd * (h * (1.0 + h / (n - 1.0))).sqrt();
        }
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        let n = self.values.len();
        let (level, slope) = (self.values[n - 1], self.slope(n));
        (1..=horizon).map(|h| Parts { level, trend: h as f64 * slope, season: 0.0 }).collect()
    }
}

/// Every step is the average of all values.
#[derive(Clone, Debug)]
pub(crate) struct Average {
    /// The average of the first 1, 2, … values.
    means: Vec<f64>,
    sd: f64,
}

impl Average {
    /// From one value on.
    pub(crate) fn fit(values: &[f64]) -> Option<Self> {
        let unit = unit(values);
        let scaled = in_unit(values, unit);
        let mut mean = 0.0;
        let means: Vec<f64> = (1..)
            .map(f64::from)
            .zip(&scaled[..])
            .map(|(n, value)| {
                mean += (value - mean) / n;
                mean * unit
            })
            .collect();
        let n = values.len() as f64;
        let sd = root_mean_square(scaled.iter().map(|value| value - mean), n - 1.0) * unit;
        (!means.is_empty()).then_some(Self { means, sd })
    }
}

impl Model for Average {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        out.fill(self.means[origin.clamp(1, self.means.len()) - 1]);
    }

    fn first_origin(&self) -> usize {
        1
    }

    fn sigma(&self, out: &mut [f64]) {
        out.fill(self.sd * (1.0 + 1.0 / self.means.len() as f64).sqrt());
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        level_only(self.means[self.means.len() - 1], horizon)
    }
}
