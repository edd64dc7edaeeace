//! How well the methods would have forecast: rolling origins (Tashman 2000, International Journal of Forecasting 16).

use super::{Method, Options, fit};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Month, MonthlySeries};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Months of the year, the lag of the naive forecast that errors are measured against.
const LAG: usize = 12;
/// The fewest months before the first origin: what the combination needs.
const FEWEST: usize = 3;

/// Which forecasts to make over again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BacktestOptions {
    /// The methods to compare; by default the combination, the rule of the existing application, and the naive ones.
    pub methods: Vec<Method>,
    /// Months ahead, at least 1; 3 by default, the time in which an administrator can still act.
    pub horizon: u16,
    /// How many origins, counted back from the last one possible; 12 by default, a whole year of them.
    pub origins: usize,
    /// Months from one origin to the next, at least 1; 1 by default.
    pub step: usize,
    /// How to forecast otherwise. Its method, level and `as_of` are not used.
    pub forecast: Options,
}

impl Default for BacktestOptions {
    fn default() -> Self {
        Self {
            methods: vec![Method::Auto, Method::Ols, Method::MovingAverage, Method::Naive, Method::SeasonalNaive],
            horizon: 3,
            origins: 12,
            step: 1,
            forecast: Options::default(),
        }
    }
}

/// How one method did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The method.
    pub method: Method,
    /// Forecasts that were compared: origins times months ahead.
    pub forecasts: usize,
    /// Origins at which the method could not be used.
    pub failures: usize,
    /// Mean of 200·|error| / (|value| + |forecast|), in percent, 0 to 200 (Makridakis 1993); 0 where both are 0.
    pub smape: f64,
    /// Mean absolute error in units of that of the naive forecast before the origin (Hyndman & Koehler 2006): the month a
    /// year before, or the month before where there is less than 13 months. Below 1 is better than naive. `None` where
    /// the naive forecast had no error anywhere.
    pub mase: Option<f64>,
    /// Share of values inside the 80 % interval.
    pub coverage_80: f64,
    /// Share of values inside the 95 % interval.
    pub coverage_95: f64,
    /// Mean scaled interval score of the 95 % interval (Gneiting & Raftery 2007; M4 competition), in the unit of
    /// [`Self::mase`]: width, and 40 times what a value lies outside. Smaller is better.
    pub msis_95: Option<f64>,
}

/// Methods side by side on the same months.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// The first month that was forecast from the first origin.
    pub first: Month,
    /// The last month that was forecast.
    pub last: Month,
    /// Origins.
    pub origins: usize,
    /// Months ahead.
    pub horizon: u16,
    /// One row a method, in the order asked for.
    pub scores: Vec<Scores>,
}

impl Backtest {
    /// The method with the least scaled error (without one: the least sMAPE) among those that never failed.
    pub fn best(&self) -> Option<Method> {
        let error = |scores: &Scores| scores.mase.unwrap_or(scores.smape);
        self.scores
            .iter()
            .filter(|scores| scores.failures == 0 && scores.forecasts > 0)
            .min_by(|a, b| error(a).total_cmp(&error(b)))
            .map(|scores| scores.method)
    }
}

/// The table, one line a method.
impl fmt::Display for Backtest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<24} {:>8} {:>7} {:>9} {:>9} {:>8} {:>9}",
            "method", "sMAPE", "MASE", "80 % in", "95 % in", "MSIS 95", "failures"
        )?;
        for row in &self.scores {
            let number = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.3}"));
            writeln!(
                f,
                "{:<24} {:>8.2} {:>7} {:>9.2} {:>9.2} {:>8} {:>9}",
                row.method.name(),
                row.smape,
                number(row.mase),
                row.coverage_80,
                row.coverage_95,
                number(row.msis_95),
                row.failures
            )?;
        }
        Ok(())
    }
}

/// Makes the forecasts of past months over again, each from the months before it alone, and compares them with what came.
///
/// # Errors
///
/// `invalid_input` for options out of their range or a value that is not a finite number; `not_enough_history` below
/// three months and the horizon.
pub fn backtest(series: &MonthlySeries, options: &BacktestOptions) -> Result<Backtest> {
    if options.horizon == 0 || options.step == 0 || options.origins == 0 {
        return Err(Error::new(ErrorKind::InvalidInput, "horizon, step and origins must be at least 1"));
    }
    options.forecast.validate()?;
    super::check(series)?;
    let n = series.values.len();
    let horizon = usize::from(options.horizon);
    let last =
        n.checked_sub(horizon).filter(|&last| last >= FEWEST).ok_or_else(|| super::too_short(FEWEST + horizon, n))?;
    let origins: Vec<usize> = (0..options.origins)
        .map_while(|back| last.checked_sub(back * options.step))
        .take_while(|&at| at >= FEWEST)
        .collect();
    let mut scores: Vec<(Tally, Method)> = options.methods.iter().map(|&method| (Tally::default(), method)).collect();
    for &origin in origins.iter().rev() {
        let before = MonthlySeries { first: series.first, values: series.values[..origin].to_vec() };
        let scale = naive_error(&before.values);
        let missing = |month: &&Month| month.since(series.first) < origin as i32;
        let known: Vec<Month> = options.forecast.missing.iter().filter(missing).copied().collect();
        for (tally, method) in &mut scores {
            let how = Options {
                method: *method,
                as_of: None,
                level: 0.95,
                missing: known.clone(),
                ..options.forecast.clone()
            };
            let Ok(fitted) = fit(&before, &how) else {
                tally.failures += 1;
                continue;
            };
            let wide = fitted.predict(options.horizon).points;
            let narrow = fitted.predict_at(options.horizon, 0.8).points;
            for (ahead, ((wide, narrow), &value)) in (0..).zip(wide.iter().zip(&narrow).zip(&series.values[origin..])) {
                if options.forecast.missing.contains(&(series.first + origin as i32 + ahead)) {
                    continue;
                }
                tally.add(value, wide, (narrow.lower, narrow.upper), scale);
            }
        }
    }
    let earliest = origins.last().copied().unwrap_or(last);
    Ok(Backtest {
        first: series.first + earliest as i32,
        last: series.first + (last + horizon - 1) as i32,
        origins: origins.len(),
        horizon: options.horizon,
        scores: scores.into_iter().map(|(tally, method)| tally.scores(method)).collect(),
    })
}

/// Mean absolute error of the naive forecast: of the month a year before, or of the month before below 13 months.
fn naive_error(values: &[f64]) -> f64 {
    let lag = if values.len() > LAG { LAG } else { 1 };
    let errors = values.iter().skip(lag).zip(values).map(|(now, then)| (now - then).abs());
    errors.sum::<f64>() / values.len().saturating_sub(lag).max(1) as f64
}

/// Sums of one method.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    forecasts: usize,
    failures: usize,
    percent: f64,
    scaled: usize,
    error: f64,
    interval: f64,
    inside_80: usize,
    inside_95: usize,
}

impl Tally {
    fn add(&mut self, value: f64, wide: &super::Point, narrow: (f64, f64), scale: f64) {
        let error = (value - wide.value).abs();
        let size = value.abs() + wide.value.abs();
        self.forecasts += 1;
        self.percent += if size > 0.0 { 200.0 * error / size } else { 0.0 };
        self.inside_80 += usize::from(value >= narrow.0 && value <= narrow.1);
        self.inside_95 += usize::from(value >= wide.lower && value <= wide.upper);
        if scale > 0.0 {
            let outside = (wide.lower - value).max(0.0) + (value - wide.upper).max(0.0);
            self.scaled += 1;
            self.error += error / scale;
            self.interval += (wide.upper - wide.lower + 40.0 * outside) / scale;
        }
    }

    fn scores(self, method: Method) -> Scores {
        let share = |count: usize| count as f64 / self.forecasts.max(1) as f64;
        let scaled = |sum: f64| (self.scaled > 0).then(|| sum / self.scaled as f64);
        Scores {
            method,
            forecasts: self.forecasts,
            failures: self.failures,
            smape: self.percent / self.forecasts.max(1) as f64,
            mase: scaled(self.error),
            coverage_80: share(self.inside_80),
            coverage_95: share(self.inside_95),
            msis_95: scaled(self.interval),
        }
    }
}
