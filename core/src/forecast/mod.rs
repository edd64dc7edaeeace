//! What comes next: forecasts of monthly series, with intervals, and of the cash balance.
//!
//! [`fit`] turns a series into a [`Fitted`] model, and only a fitted one can [`Fitted::predict`]:
//!
//! ```
//! use dermawan::{MonthlySeries, forecast};
//! let donations = MonthlySeries { first: "2025-11".parse()?, values: vec![5_600_000.0, 5_800_000.0, 6_000_000.0] };
//! let forecast = forecast::fit(&donations, &forecast::Options::default())?.predict(2);
//! assert_eq!(forecast.points[0].month, "2026-02".parse()?);
//! assert!((forecast.points[1].value - 6_400_000.0).abs() < 1e-6);
//! # Ok::<(), dermawan::Error>(())
//! ```
//!
//! A series is one of whole months ([`MonthlySeries::of_totals`] leaves the running month out), so the first forecast
//! month is the one that is still running, and its forecast is for the whole of it.
//!
//! A new method is one file with a type that has a value and an error for each step ahead, and one arm in `Model`.

mod cash_flow;
mod models;
mod moving_average;
mod ols;
mod options;
mod outcome;

pub use cash_flow::{CashFlowMonth, CashFlowOptions, SoFar, cash_flow, cash_flow_ahead};
pub use options::{Method, Options};
pub use outcome::{Forecast, Note, Point};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Month, MonthlySeries};
use crate::stats;

/// A model that has seen a series and can predict what comes after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    model: Model,
    options: Options,
    last: Month,
    n: usize,
    never_below_zero: bool,
    notes: Vec<Note>,
}

#[derive(Clone, Debug, PartialEq)]
enum Model {
    Ols(ols::Trend),
    MovingAverage(moving_average::Level),
}

/// One step ahead: the expected value, and how far the interval reaches to each side.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    value: f64,
    reach: f64,
}

/// Fits the method of the options to a series of whole months.
///
/// # Errors
///
/// `not_enough_history` when the series is shorter than the method needs (least squares: 3 months, moving average: 1);
/// `invalid_input` when it holds a value that is not a number, is infinite or is larger than 10¹⁰⁰, or when an option
/// is out of its range.
pub fn fit(series: &MonthlySeries, options: &Options) -> Result<Fitted> {
    options.validate()?;
    check(series)?;
    let values = series.values.as_slice();
    let model = match options.method {
        Method::Ols => Model::Ols(ols::Trend::fit(values, options.level)?),
        Method::MovingAverage => Model::MovingAverage(moving_average::Level::fit(values, options)?),
    };
    let negative = values.iter().any(|&value| value < 0.0);
    let mut notes = Vec::new();
    if values.iter().all(|&value| (value - values[0]).abs() <= 0.0) {
        notes.push(Note::Constant);
    }
    if options.non_negative && negative {
        notes.push(Note::MayBeNegative);
    }
    if let Model::MovingAverage(level) = &model
        && level.n < 2
    {
        notes.push(Note::NoInterval);
    }
    Ok(Fitted {
        model,
        options: options.clone(),
        last: series.last(),
        n: values.len(),
        never_below_zero: options.non_negative && !negative,
        notes,
    })
}

impl Fitted {
    /// Predicts the `horizon` months that follow the series, each with its own value and interval. Months past the year
    /// 9999 are left out.
    pub fn predict(&self, horizon: u16) -> Forecast {
        let mut notes = self.notes.clone();
        let mut cut = false;
        let points = (1..=i32::from(horizon))
            .map(|ahead| (ahead, self.last + ahead))
            .take_while(|&(ahead, month)| month.since(self.last) == ahead)
            .map(|(ahead, month)| {
                let Step { value, reach } = match &self.model {
                    Model::Ols(trend) => trend.step(ahead),
                    Model::MovingAverage(level) => level.step(),
                };
                let floor = if self.never_below_zero { 0.0 } else { f64::NEG_INFINITY };
                cut |= value < floor;
                let [value, lower, upper] = [value, value - reach, value + reach].map(|bound| bound.max(floor));
                Point { month, value, lower, upper }
            })
            .collect();
        if cut {
            notes.push(Note::CutAtZero);
        }
        let (r_squared, standard_error, line) = match &self.model {
            Model::Ols(trend) => (trend.r_squared(), trend.standard_error(), Some(trend.line())),
            Model::MovingAverage(level) => (level.r_squared(), level.sd, None),
        };
        Forecast {
            method: self.options.method,
            level: self.options.level,
            n: self.n,
            points,
            r_squared,
            standard_error,
            slope: line.map(|(slope, _)| slope),
            intercept: line.map(|(_, intercept)| intercept),
            notes,
        }
    }
}

/// Every value must be a number that can be squared and summed.
fn check(series: &MonthlySeries) -> Result<()> {
    for (month, value) in series.iter() {
        if !value.is_finite() || value.abs() > stats::LARGEST {
            let what = if value.is_nan() { "is not a number" } else { "is infinite or absurdly large" };
            return Err(Error::new(ErrorKind::InvalidInput, format!("a value of the series {what}"))
                .context("month", month)
                .hint("give one finite number a month; a month without gifts is 0"));
        }
    }
    Ok(())
}

/// The error for a series that is too short for a method.
fn too_short(needed: usize, there: usize) -> Error {
    let months = |n: usize| if n == 1 { "1 whole month".into() } else { format!("{n} whole months") };
    Error::new(ErrorKind::NotEnoughHistory, format!("the forecast needs {}, {there} are there", months(needed)))
        .hint("wait until another month is over, or give a longer series")
}

#[cfg(test)]
mod tests;
