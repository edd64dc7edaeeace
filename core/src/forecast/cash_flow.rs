//! Income, expense and the balance carried forward.

use super::chances::Chances;
use super::held_out::times;
use super::many::{Together, together};
use super::{Event, Fitted, Forecast, Method, Named, NamedForecast, Options, Point, Reconciliation, Regressor, fit};
use crate::calendar::hijri::Overrides;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Month, MonthlySeries, Rupiah};
use serde::{Deserialize, Serialize};

/// Whole months from which on a method that was not asked for is the combination; on simulated months with and without a
/// season its chances are nearer to what comes true than the line's. In the first year the rule of the existing
/// application stays, with which it is compared.
const ENOUGH: usize = 13;

/// How to forecast the cash flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CashFlowOptions {
    /// Months ahead, at least 1; 3 by default, the time in which an administrator can still act.
    pub horizon: u16,
    /// How income is forecast. Left out (the default): the least-squares line through the monthly totals, a month's own
    /// value each month, and from 13 whole months on the combination ([`Method::Auto`]). `ols` is the line always.
    pub income_method: Option<Method>,
    /// How expense is forecast. Left out (the default): the moving average of monthly totals, for expenses follow the
    /// number of children more than the calendar, and a line through few months overshoots; from 13 whole months on the
    /// combination. `moving_average` is the average always.
    pub expense_method: Option<Method>,
    /// Months that a moving average looks back on, at least 1; 6 by default.
    pub window: usize,
    /// What the draws of [`simulate_cash_flow`](super::simulate_cash_flow) start from: the same seed gives the same
    /// answer. 1 by default, as good as any.
    pub seed: u64,
    /// How many futures are drawn, 100 to 100,000. With the default 2,000 a probability of 0.2 is known to ±0.018 (95 of
    /// 100 times), which is closer than the forecasts themselves are.
    pub draws: u32,
    /// The probability of a balance below zero, above 0 and below 1, from which on a month is at risk. The default 0.2
    /// is one month in five: rarer, and administrators would be warned more often in vain than they can bear.
    pub shortfall_limit: f64,
    /// First days of Hijri months that were announced otherwise than Umm al-Qura has them; none by default. Only the
    /// combination looks at the calendar.
    pub hijri_overrides: Overrides,
    /// What else is known of income; nothing by default.
    pub income: FlowOptions,
    /// What else is known of expense; nothing by default.
    pub expense: FlowOptions,
}

/// What is known of income or expense beside the monthly totals, as in [`Options`]. By category it holds for every one.
/// Where anything is given, a method that was not asked for is the combination at any length, for the rules see nothing
/// but totals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowOptions {
    /// Whether the combination looks for what Ramadan and the feasts do; on by default.
    pub hijri: bool,
    /// What else is known of each month.
    pub regressors: Vec<Regressor>,
    /// What happened, or will happen, in single months.
    pub events: Vec<Event>,
    /// Months of the series whose value is not known, whatever stands there: they are left open, not taken for zero.
    pub missing: Vec<Month>,
}

impl Default for FlowOptions {
    fn default() -> Self {
        Self { hijri: true, regressors: Vec::new(), events: Vec::new(), missing: Vec::new() }
    }
}

impl FlowOptions {
    const fn is_plain(&self) -> bool {
        self.regressors.is_empty() && self.events.is_empty() && self.missing.is_empty()
    }
}

impl Default for CashFlowOptions {
    fn default() -> Self {
        Self {
            horizon: 3,
            income_method: None,
            expense_method: None,
            window: Options::default().window,
            seed: 1,
            draws: 2_000,
            shortfall_limit: 0.2,
            hijri_overrides: Overrides::default(),
            income: FlowOptions::default(),
            expense: FlowOptions::default(),
        }
    }
}

impl CashFlowOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        if self.horizon == 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "horizon must be at least one month"));
        }
        if !(100..=100_000).contains(&self.draws) {
            return Err(Error::new(ErrorKind::InvalidInput, "draws must lie between 100 and 100000")
                .context("draws", self.draws));
        }
        if !(self.shortfall_limit > 0.0 && self.shortfall_limit < 1.0) {
            return Err(Error::new(ErrorKind::InvalidInput, "shortfall_limit must lie between 0 and 1")
                .context("shortfall_limit", self.shortfall_limit)
                .hint("write 0.2 to be warned from a chance of one in five on"));
        }
        self.series(Method::Ols, &self.income).validate()?;
        self.series(Method::Ols, &self.expense).validate()
    }

    fn series(&self, method: Method, known: &FlowOptions) -> Options {
        let FlowOptions { hijri, regressors, events, missing } = known.clone();
        let hijri_overrides = self.hijri_overrides.clone();
        Options {
            method,
            window: self.window,
            hijri,
            hijri_overrides,
            regressors,
            events,
            missing,
            ..Options::default()
        }
    }

    fn income(&self, months: usize) -> Options {
        let rule = if months < ENOUGH && self.income.is_plain() { Method::Ols } else { Method::Auto };
        self.series(self.income_method.unwrap_or(rule), &self.income)
    }

    fn expense(&self, months: usize) -> Options {
        let rule = if months < ENOUGH && self.expense.is_plain() { Method::MovingAverage } else { Method::Auto };
        self.series(self.expense_method.unwrap_or(rule), &self.expense)
    }
}

/// One month of the cash flow to come. Income and expense are whole rupiah, and each balance is exactly the one before
/// it plus income minus expense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashFlowMonth {
    /// The month.
    pub month: Month,
    /// Expected income.
    pub predicted_income: Rupiah,
    /// Expected expense.
    pub predicted_expense: Rupiah,
    /// Balance at the end of the month; negative when money will be missing.
    pub predicted_balance: Rupiah,
}

/// Forecasts income and expense from their monthly totals and carries the current balance forward.
///
/// Both series end with the last whole month, so the first month forecast is the running one, whole. `balance` is what
/// is there before that month.
///
/// Amounts are means, for a balance adds them up. [`predict`](super::Fitted::predict) gives the middle of what may come,
/// which for skewed months is less; here it is multiplied by what came in the past over what was expected. The rules
/// `ols` and `moving_average` are means as they are.
///
/// # Errors
///
/// Those of [`fit`](super::fit), with the series named; `invalid_input` when the series do not end with the same month,
/// or when an amount leaves the range of money.
pub fn cash_flow(
    income: &MonthlySeries,
    expense: &MonthlySeries,
    balance: Rupiah,
    options: &CashFlowOptions,
) -> Result<Vec<CashFlowMonth>> {
    let (income, expense) = both(Whole::One(income), Whole::One(expense), options.horizon, options)?;
    carried(&income.ahead.points, &expense.ahead.points, balance)
}

/// Income or expense as it is given.
#[derive(Clone, Copy)]
pub(super) enum Whole<'a> {
    One(&'a MonthlySeries),
    /// By category.
    Parts(&'a [Named]),
}

impl Whole<'_> {
    /// What an error calls it: of several series, the error names one itself.
    const fn what(self) -> &'static str {
        match self {
            Self::One(_) => "series",
            Self::Parts(_) => "flow",
        }
    }
}

/// Income or expense, and what is expected of it: means, for they are added up.
pub(super) struct Side {
    pub(super) fitted: Fitted,
    pub(super) ahead: Forecast,
    /// The categories, which add up to it; none where none were given.
    pub(super) parts: Vec<NamedForecast>,
    /// Months at the end of the series that were not known, and are forecast for the sake of those after them.
    open: usize,
}

impl Side {
    fn new(whole: Whole<'_>, horizon: u16, how: impl Fn(usize) -> Options) -> Result<Self> {
        let (fitted, mut ahead, mut parts) = match whole {
            Whole::One(series) => {
                let options = how(series.values.len());
                let steps = horizon.saturating_add(open_months(series.last(), &options));
                let fitted = fit(series, &options)?;
                let ahead = fitted.predict(steps);
                (fitted, ahead, Vec::new())
            }
            Whole::Parts(parts) => {
                let first =
                    parts.iter().filter(|part| !part.series.values.is_empty()).map(|part| part.series.first).min();
                let months = parts.iter().map(|part| part.series.values.len()).max().unwrap_or(0);
                let options = how(months);
                // A rule's points stay what they are; and rules are linear, so over the same months the parts add up to
                // them.
                let (reconciliation, padded) = match (options.method, first) {
                    (Method::Ols | Method::MovingAverage, Some(first)) => {
                        (Reconciliation::TopDown, parts.iter().map(|part| since(part, first)).collect())
                    }
                    _ => (Reconciliation::MinTrace, parts.to_vec()),
                };
                let last = parts.first().map(|part| part.series.last());
                let steps = horizon.saturating_add(last.map_or(0, |last| open_months(last, &options)));
                let Together { total, reconciled } = together(&padded, None, steps, reconciliation, &options)?;
                (total, reconciled.total, reconciled.parts)
            }
        };
        let factor = fitted.mean_factor();
        let open = ahead.points.len().saturating_sub(usize::from(horizon));
        for forecast in std::iter::once(&mut ahead).chain(parts.iter_mut().map(|part| &mut part.forecast)) {
            times(forecast, factor);
            forecast.points.drain(..open);
            forecast.parts.drain(..open.min(forecast.parts.len()));
        }
        Ok(Self { fitted, ahead, parts, open })
    }

    /// The distributions of the months ahead.
    pub(super) fn chances(&self) -> Chances {
        let means = || self.ahead.points.iter().map(|point| point.value);
        let open = means().take(1).cycle().take(self.open);
        self.fitted.chances(&open.chain(means()).collect::<Vec<_>>()).after(self.open)
    }

    /// One-step errors relative to what was expected, the last month of the series first; not a number where nothing is
    /// known.
    pub(super) fn errors_backwards(&self) -> Vec<f64> {
        let error = |(value, expected): (f64, f64)| (value - expected) / expected.abs();
        std::iter::repeat_n(f64::NAN, self.open).chain(self.fitted.one_steps().into_iter().rev().map(error)).collect()
    }
}

/// How many months before the end of a series are called missing, without a gap.
fn open_months(last: Month, options: &Options) -> u16 {
    (0..u16::MAX).take_while(|&back| options.missing.contains(&(last - i32::from(back)))).count() as u16
}

/// A part from a month on, zero before its own first.
fn since(part: &Named, first: Month) -> Named {
    let before = if part.series.values.is_empty() { 0 } else { part.series.first.since(first).max(0) };
    let mut values = vec![0.0; before as usize];
    values.extend(&part.series.values);
    Named { name: part.name.clone(), series: MonthlySeries { first: part.series.first - before, values } }
}

/// Both sides, if they end with the same month.
pub(super) fn both(
    income: Whole<'_>,
    expense: Whole<'_>,
    horizon: u16,
    options: &CashFlowOptions,
) -> Result<(Side, Side)> {
    options.validate()?;
    let last = |whole: Whole<'_>| match whole {
        Whole::One(series) => Some(series.last()),
        // That all end with the same month, is looked at when they are added up.
        Whole::Parts(parts) => parts.first().map(|part| part.series.last()),
    };
    let sides = (
        Side::new(income, horizon, |months| options.income(months))
            .map_err(|error: Error| error.context(income.what(), "income"))?,
        Side::new(expense, horizon, |months| options.expense(months))
            .map_err(|error: Error| error.context(expense.what(), "expense"))?,
    );
    if let (Some(income), Some(expense)) = (last(income), last(expense))
        && income != expense
    {
        return Err(Error::new(ErrorKind::InvalidInput, "income and expense end with different months")
            .context("income", income)
            .context("expense", expense)
            .hint("fill months without an entry with 0 up to the last whole month"));
    }
    Ok(sides)
}

/// Points in whole rupiah, and the balance carried through them.
pub(super) fn carried(
    income_points: &[Point],
    expense_points: &[Point],
    balance: Rupiah,
) -> Result<Vec<CashFlowMonth>> {
    let mut balance = balance;
    income_points
        .iter()
        .zip(expense_points)
        .map(|(income, expense)| {
            let out_of_range = || {
                Error::new(ErrorKind::InvalidInput, "the cash flow leaves the range of money")
                    .context("month", income.month)
            };
            let (predicted_income, predicted_expense) =
                money(income.value).zip(money(expense.value)).ok_or_else(out_of_range)?;
            balance = balance
                .checked_add(predicted_income)
                .and_then(|sum| sum.checked_add(-predicted_expense))
                .ok_or_else(out_of_range)?;
            Ok(CashFlowMonth { month: income.month, predicted_income, predicted_expense, predicted_balance: balance })
        })
        .collect()
}

/// What the running month has brought so far; neither is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoFar {
    /// Income of the running month up to now.
    pub income: Rupiah,
    /// Expense of the running month up to now.
    pub expense: Rupiah,
}

impl SoFar {
    /// More than nothing came: what was paid back would otherwise count as still to come.
    pub(super) fn validate(self) -> Result<()> {
        for (flow, sum) in [("income", self.income), ("expense", self.expense)] {
            if sum < Rupiah::ZERO {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "what the running month has brought so far is negative",
                )
                .context("flow", flow)
                .hint("give 0 where more was paid back than came in"));
            }
        }
        Ok(())
    }
}

/// The months after the running one, starting from today's balance.
///
/// `balance` is what is there today, so the running month still adds what is expected of it and has not come yet; what
/// came beyond the expectation is in the balance already. As [`cash_flow`] otherwise; the result has
/// [`CashFlowOptions::horizon`] months.
///
/// # Errors
///
/// Those of [`cash_flow`].
pub fn cash_flow_ahead(
    income: &MonthlySeries,
    expense: &MonthlySeries,
    balance: Rupiah,
    so_far: SoFar,
    options: &CashFlowOptions,
) -> Result<Vec<CashFlowMonth>> {
    options.validate()?;
    so_far.validate()?;
    let with_running = CashFlowOptions { horizon: options.horizon.saturating_add(1), ..options.clone() };
    let months = cash_flow(income, expense, Rupiah::ZERO, &with_running)?;
    Ok(after_running(months, balance, so_far))
}

/// Leaves out the first month, the running one, but for what is still to come of it; `months` start from zero.
pub(super) fn after_running(mut months: Vec<CashFlowMonth>, balance: Rupiah, so_far: SoFar) -> Vec<CashFlowMonth> {
    if months.is_empty() {
        return months;
    }
    let running = months.remove(0);
    let to_come = |expected: Rupiah, came: Rupiah| (expected - came).max(Rupiah::ZERO);
    let opening =
        balance + to_come(running.predicted_income, so_far.income) - to_come(running.predicted_expense, so_far.expense);
    for month in &mut months {
        month.predicted_balance = opening + (month.predicted_balance - running.predicted_balance);
    }
    months
}

/// Whole rupiah; `None` outside ±10¹⁵, far beyond any charity and well inside the range of money.
fn money(rupiah: f64) -> Option<Rupiah> {
    (rupiah.abs() <= 1e15).then(|| Rupiah::new(rupiah.round() as i64))
}
