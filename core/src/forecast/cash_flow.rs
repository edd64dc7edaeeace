//! Income, expense and the balance carried forward.

use super::{Fitted, Method, Options, Point, fit};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Month, MonthlySeries, Rupiah};
use serde::{Deserialize, Serialize};

/// How to forecast the cash flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CashFlowOptions {
    /// Months ahead, at least 1; 3 by default, the time in which an administrator can still act.
    pub horizon: u16,
    /// How income is forecast; by default the least-squares line, a month's own value each month.
    pub income_method: Method,
    /// How expense is forecast; by default the moving average of monthly totals. Expenses follow the number of children
    /// more than the calendar, and a line through few months overshoots.
    pub expense_method: Method,
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
}

impl Default for CashFlowOptions {
    fn default() -> Self {
        let (income_method, expense_method) = (Method::Ols, Method::MovingAverage);
        let window = Options::default().window;
        Self { horizon: 3, income_method, expense_method, window, seed: 1, draws: 2_000, shortfall_limit: 0.2 }
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
        self.series(Method::Ols).validate()
    }

    fn series(&self, method: Method) -> Options {
        Options { method, window: self.window, ..Options::default() }
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
    let (income, expense) = fit_both(income, expense, options)?;
    carried(&income.predict(options.horizon).points, &expense.predict(options.horizon).points, balance)
}

/// Both series fitted, if they end with the same month.
pub(super) fn fit_both(
    income: &MonthlySeries,
    expense: &MonthlySeries,
    options: &CashFlowOptions,
) -> Result<(Fitted, Fitted)> {
    options.validate()?;
    let fitted = |series, method, name| {
        fit(series, &options.series(method)).map_err(|error: Error| error.context("series", name))
    };
    let both = (fitted(income, options.income_method, "income")?, fitted(expense, options.expense_method, "expense")?);
    if income.last() != expense.last() {
        return Err(Error::new(ErrorKind::InvalidInput, "income and expense end with different months")
            .context("income", income.last())
            .context("expense", expense.last())
            .hint("fill months without an entry with 0 up to the last whole month"));
    }
    Ok(both)
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

/// What the running month has brought so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoFar {
    /// Income of the running month up to now.
    pub income: Rupiah,
    /// Expense of the running month up to now.
    pub expense: Rupiah,
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
