//! Income, expense and the balance carried forward.

use super::{Method, Options, fit};
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
}

impl Default for CashFlowOptions {
    fn default() -> Self {
        let (income_method, expense_method) = (Method::Ols, Method::MovingAverage);
        Self { horizon: 3, income_method, expense_method, window: Options::default().window }
    }
}

impl CashFlowOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        if self.horizon == 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "horizon must be at least one month"));
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
    options.validate()?;
    let predict = |series, method, name| -> Result<_> {
        let fitted = fit(series, &options.series(method)).map_err(|error| error.context("series", name))?;
        Ok(fitted.predict(options.horizon).points)
    };
    let income_points = predict(income, options.income_method, "income")?;
    let expense_points = predict(expense, options.expense_method, "expense")?;
    if income.last() != expense.last() {
        return Err(Error::new(ErrorKind::InvalidInput, "income and expense end with different months")
            .context("income", income.last())
            .context("expense", expense.last())
            .hint("fill months without an entry with 0 up to the last whole month"));
    }
    let mut balance = balance;
    income_points
        .iter()
        .zip(&expense_points)
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
    let mut months = cash_flow(income, expense, Rupiah::ZERO, &with_running)?;
    let running = months.remove(0);
    let to_come = |expected: Rupiah, came: Rupiah| (expected - came).max(Rupiah::ZERO);
    let opening =
        balance + to_come(running.predicted_income, so_far.income) - to_come(running.predicted_expense, so_far.expense);
    for month in &mut months {
        month.predicted_balance = opening + (month.predicted_balance - running.predicted_balance);
    }
    Ok(months)
}

/// Whole rupiah; `None` outside ±10¹⁵, far beyond any charity and well inside the range of money.
fn money(rupiah: f64) -> Option<Rupiah> {
    (rupiah.abs() <= 1e15).then(|| Rupiah::new(rupiah.round() as i64))
}
