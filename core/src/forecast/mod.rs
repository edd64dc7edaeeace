//! What comes next: forecasts of monthly series, with intervals, and of the cash balance.
//!
//! [`fit`] turns a series into a [`Fitted`] model, and only a fitted one can [`Fitted::predict`]:
//!
//! ```
//! use dermawan::{MonthlySeries, forecast};
//! let donations = MonthlySeries { first: "2025-11".parse()?, values: vec![5_600_000.0, 5_800_000.0, 6_000_000.0] };
//! let line = forecast::Options { method: forecast::Method::Ols, ..forecast::Options::default() };
//! let forecast = forecast::fit(&donations, &line)?.predict(2);
//! assert_eq!(forecast.points[0].month, "2026-02".parse()?);
//! assert!((forecast.points[1].value - 6_400_000.0).abs() < 1e-6);
//! # Ok::<(), dermawan::Error>(())
//! ```
//!
//! A series is one of whole months ([`MonthlySeries::of_totals`] leaves the running month out), so the first forecast
//! month is the one that is still running, and its forecast is for the whole of it.
//!
//! A new model is one file in `models/` with a type that implements its trait `Model`, an arm in `ensemble::Any`, and a
//! line in `members_of` that says which method uses it.

mod adjustment;
mod backtest;
mod cash_flow;
mod chances;
mod columns;
mod ensemble;
mod held_out;
mod hindsight;
mod interval;
mod many;
mod models;
mod moving_average;
mod next_gift;
mod ols;
mod options;
mod outcome;
mod payday;
mod simulation;
mod spikes;

pub use backtest::{Backtest, BacktestOptions, Scores, backtest};
pub use cash_flow::{CashFlowMonth, CashFlowOptions, FlowOptions, SoFar, cash_flow, cash_flow_ahead};
pub use many::{Named, NamedForecast, Reconciled, Reconciliation, many};
pub use next_gift::{NextGift, NextGiftOptions, NoRhythm, Rhythm, next_gift, next_gifts};
pub use options::{Event, Method, Options, Regressor};
pub use outcome::{Forecast, HijriEffect, Note, Parts, Point, Share};
pub use simulation::{CashFlow, SimulatedMonth, simulate_cash_flow, simulate_cash_flow_by_category};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Month, MonthlySeries};
use crate::stats;
use columns::Columns;
use ensemble::Ensemble;
use hindsight::Hindsight;

/// Months ahead that the calendar is looked up for when a model is fitted; more are looked up when they are asked for.
const AHEAD: usize = 24;
/// Below so many months no month of the year has been seen twice.
const TWO_YEARS: usize = 24;
/// What is not known of a series whose few months are all equal, as a standard deviation in shares of a month; it fades to
/// nothing over two years. A twentieth: prices and children's numbers move by that within a year.
const UNPROVEN: f64 = 0.05;
/// The fewest months that the combination works with.
const FEWEST: usize = 3;

/// A model that has seen a series and can predict what comes after it.
#[derive(Clone, Debug)]
pub struct Fitted {
    model: Model,
    options: Options,
    last: Month,
    values: Vec<f64>,
    /// The months on the newest level, where it moved.
    new_level: Option<usize>,
    never_below_zero: bool,
    notes: Vec<Note>,
}

#[derive(Clone, Debug)]
enum Model {
    Ols(ols::Trend),
    MovingAverage(moving_average::Level),
    Ensemble(Box<Ensemble>),
}

/// One step ahead: the expected value, and how far the interval reaches to each side.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    value: f64,
    reach: f64,
}

/// Fits the method of the options to a series of whole months.
///
/// Months that the options call missing, and months that were not over on their `as_of`, are left out; the notes of the
/// forecast say so.
///
/// # Errors
///
/// `not_enough_history` when the series is shorter than the method needs (see [`Method`]; the combination: 3 months with
/// a value); `invalid_input` when it holds a value that is not a number, is infinite or is larger than 10¹⁰⁰, or when an
/// option is out of its range.
pub fn fit(series: &MonthlySeries, options: &Options) -> Result<Fitted> {
    options.validate()?;
    let (mut values, mut notes) = known(series, options)?;
    let known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let negative = known.iter().any(|&value| value < 0.0);
    if known.iter().all(|&value| (value - known[0]).abs() <= 0.0) {
        notes.push(Note::Constant);
    }
    let simple = matches!(options.method, Method::Ols | Method::MovingAverage);
    if simple && !(options.regressors.is_empty() && options.events.is_empty()) {
        notes.push(Note::RegressorsUnused);
    }
    if options.non_negative && negative {
        notes.push(Note::MayBeNegative);
    }
    let open = known.len() < values.len();
    let mut new_level = None;
    let model = match options.method {
        Method::Ols | Method::MovingAverage if open => {
            return Err(Error::new(ErrorKind::InvalidInput, "this method cannot leave missing months open")
                .hint("use the method `auto`, or give every month a value"));
        }
        Method::Ols => Model::Ols(ols::Trend::fit(&values, options.level)?),
        Method::MovingAverage => {
            let level = moving_average::Level::fit(&values, options)?;
            if level.n < 2 {
                notes.push(Note::NoInterval);
            }
            Model::MovingAverage(level)
        }
        method => {
            if known.len() < FEWEST {
                return Err(too_short(FEWEST, known.len()));
            }
            for regressor in &options.regressors {
                if (0..values.len()).any(|t| regressor.at(series.first + t as i32).is_none()) {
                    return Err(Error::new(ErrorKind::InvalidInput, "a regressor does not cover the series")
                        .context("regressor", &regressor.name)
                        .hint("give it one value for each month of the series and, best, of the months ahead"));
                }
            }
            let columns = Columns::new(series.first, values.len() + AHEAD, options);
            let ensemble = Ensemble::fit(&values, method, columns.clone()).or_else(|| {
                notes.push(Note::FellBack);
                Ensemble::fit(&values, Method::Auto, columns)
            });
            let mut ensemble = ensemble.ok_or_else(|| too_short(FEWEST, known.len()))?;
            if method == Method::Auto
                && let Some((brought, months)) = ensemble.adjustments[0].on_the_new_level(&values)
                && (negative || brought.iter().all(|&value| value >= 0.0))
                && let Some(again) = Ensemble::fit(&brought, method, ensemble.columns.clone())
            {
                (values, ensemble, new_level) = (brought, again, Some(months));
                notes.push(Note::NewLevel);
            }
            if method == Method::Auto && values.len() < TWO_YEARS {
                notes.push(Note::ShortHistory);
            }
            if !ensemble.adjustments[0].spikes.is_empty() {
                notes.push(Note::Spikes);
            }
            Model::Ensemble(Box::new(ensemble))
        }
    };
    Ok(Fitted {
        model,
        options: options.clone(),
        last: series.first + (values.len() as i32 - 1),
        values,
        new_level,
        never_below_zero: options.non_negative && !negative,
        notes,
    })
}

/// The values of the months that were over, missing ones not a number, and what was left out.
fn known(series: &MonthlySeries, options: &Options) -> Result<(Vec<f64>, Vec<Note>)> {
    let mut notes = Vec::new();
    let mut values = series.values.clone();
    if let Some(as_of) = options.as_of {
        let whole = usize::try_from(Month::of(as_of).since(series.first)).unwrap_or(0);
        if values.len() > whole {
            values.truncate(whole);
            notes.push(Note::RunningMonth);
        }
    }
    for &month in &options.missing {
        let place = usize::try_from(month.since(series.first)).ok();
        let value = place.and_then(|place| values.get_mut(place)).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "a month that is called missing is not one of the series")
                .context("month", month)
        })?;
        *value = 0.0;
    }
    check(&MonthlySeries { first: series.first, values: values.clone() })?;
    for month in &options.missing {
        values[month.since(series.first) as usize] = f64::NAN;
    }
    while values.last().is_some_and(|value| value.is_nan()) {
        values.pop();
    }
    if !options.missing.is_empty() {
        notes.push(Note::Missing);
    }
    if values.is_empty() {
        return Err(too_short(FEWEST, 0));
    }
    Ok((values, notes))
}

impl Fitted {
    /// Predicts the `horizon` months that follow the series, each with its own value and interval. Months past the year
    /// 9999 are left out.
    pub fn predict(&self, horizon: u16) -> Forecast {
        self.predict_at(horizon, self.options.level)
    }

    /// The same with intervals of another level than the options'; the combination moves one outside 0.01 to 0.9999 to the
    /// nearer end.
    pub fn predict_at(&self, horizon: u16, level: f64) -> Forecast {
        let level = match self.model {
            Model::Ensemble(_) if level.is_finite() => level.clamp(0.01, 0.9999),
            Model::Ols(_) | Model::MovingAverage(_) if level > 0.0 && level < 1.0 => level,
            _ => self.options.level,
        };
        let mut notes = self.notes.clone();
        let months: Vec<Month> = (1..=i32::from(horizon))
            .map(|ahead| (ahead, self.last + ahead))
            .take_while(|&(ahead, month)| month.since(self.last) == ahead)
            .map(|(_, month)| month)
            .collect();
        let used = matches!(self.model, Model::Ensemble(_));
        if used
            && months.last().is_some_and(|&last| self.options.regressors.iter().any(|given| given.at(last).is_none()))
        {
            notes.push(Note::RegressorHeld);
        }
        let floor = self.floor();
        let mut outcome = match &self.model {
            Model::Ols(trend) => self.line(&trend.at(level), months.len()),
            Model::MovingAverage(average) => Self::average(&average.at(level), months.len()),
            Model::Ensemble(ensemble) => self.combination(ensemble, months.len(), level),
        };
        let mut cut = false;
        for (point, parts) in outcome.bounds.iter_mut().zip(&mut outcome.parts) {
            cut |= point[0] < floor;
            *point = point.map(|bound| bound.max(floor));
            let made_of = parts.level + parts.trend + parts.season + parts.hijri + parts.events;
            let limited = point[0] - made_of;
            cut |= limited > point[0].abs() * 1e-6;
            parts.limited_to(point[0]);
        }
        if cut {
            notes.push(Note::CutAtZero);
        }
        let points = months.into_iter().zip(outcome.bounds);
        Forecast {
            method: self.options.method,
            level,
            n: self.values.len(),
            points: points.map(|(month, [value, lower, upper])| Point { month, value, lower, upper }).collect(),
            r_squared: outcome.r_squared,
            standard_error: outcome.standard_error,
            slope: outcome.line.map(|(slope, _)| slope),
            intercept: outcome.line.map(|(_, intercept)| intercept),
            parts: outcome.parts,
            models: outcome.models,
            hijri: outcome.hijri,
            notes,
        }
    }

    fn floor(&self) -> f64 {
        if self.never_below_zero { 0.0 } else { f64::NEG_INFINITY }
    }

    /// How far a month may lie from a history of equal months: few of them do not show that it stays so.
    fn reach_of_constant(&self, value: f64, level: f64) -> f64 {
        let seen = self.values.iter().filter(|value| value.is_finite()).count() as f64;
        let doubt = UNPROVEN * (1.0 - seen / TWO_YEARS as f64).max(0.0);
        doubt * value.abs() * stats::student_t(0.5 + level / 2.0, (seen - 1.0).max(1.0)).unwrap_or(2.0)
    }

    fn line(&self, trend: &ols::Trend, horizon: usize) -> Outcome {
        let (slope, intercept) = trend.line();
        let level = intercept + slope * (self.values.len() as f64 - 1.0);
        Outcome {
            bounds: (1..=horizon).map(|ahead| symmetric(trend.step(ahead as i32))).collect(),
            parts: (1..=horizon)
                .map(|ahead| Parts { level, trend: slope * ahead as f64, ..Parts::default() })
                .collect(),
            r_squared: trend.r_squared(),
            standard_error: trend.standard_error(),
            line: Some((slope, intercept)),
            models: vec![Share::of(Method::Ols)],
            hijri: None,
        }
    }

    fn average(average: &moving_average::Level, horizon: usize) -> Outcome {
        let step = average.step();
        Outcome {
            bounds: vec![symmetric(step); horizon],
            parts: vec![Parts { level: step.value, ..Parts::default() }; horizon],
            r_squared: average.r_squared(),
            standard_error: average.sd,
            line: None,
            models: vec![Share::of(Method::MovingAverage)],
            hijri: None,
        }
    }

    fn combination(&self, ensemble: &Ensemble, horizon: usize, level: f64) -> Outcome {
        if self.notes.contains(&Note::Constant) {
            let value = self.values.iter().copied().find(|value| value.is_finite()).unwrap_or(0.0);
            let reach = self.reach_of_constant(value, level);
            return Outcome {
                bounds: vec![[value, value - reach, value + reach]; horizon],
                parts: vec![Parts { level: value, ..Parts::default() }; horizon],
                r_squared: 1.0,
                standard_error: 0.0,
                line: None,
                models: ensemble.shares(),
                hijri: self.options.hijri.then(|| ensemble.hijri()),
            };
        }
        let Hindsight { effects, spread, one_step, .. } = self.hindsight(ensemble, horizon);
        let multiple = spread.multiple(level);
        let mut values = vec![0.0; horizon];
        ensemble.combined(self.values.len(), &effects, self.floor(), &mut values);
        let adjustment = &ensemble.adjustments[0];
        let bounds = values.iter().zip(&spread.sd).map(|(&value, sd)| {
            let [lower, upper] = adjustment.around(value, multiple * sd);
            [value, lower.min(value), upper.max(value)]
        });
        let squares: f64 = one_step.iter().map(|(value, expected)| (value - expected).powi(2)).sum();
        let mean = one_step.iter().map(|(value, _)| value).sum::<f64>() / one_step.len().max(1) as f64;
        let total: f64 = one_step.iter().map(|(value, _)| (value - mean).powi(2)).sum();
        Outcome {
            bounds: bounds.collect(),
            parts: ensemble.parts(&effects, horizon),
            r_squared: if total > 0.0 { (1.0 - squares / total).clamp(0.0, 1.0) } else { 1.0 },
            standard_error: (squares / one_step.len().max(1) as f64).sqrt(),
            line: None,
            models: ensemble.shares(),
            hijri: self.options.hijri.then(|| ensemble.hijri()),
        }
    }
}

/// What a model says, before the months are put to it.
struct Outcome {
    /// Value, lower and upper bound.
    bounds: Vec<[f64; 3]>,
    parts: Vec<Parts>,
    r_squared: f64,
    standard_error: f64,
    line: Option<(f64, f64)>,
    models: Vec<Share>,
    hijri: Option<HijriEffect>,
}

fn symmetric(step: Step) -> [f64; 3] {
    [step.value, step.value - step.reach, step.value + step.reach]
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
