//! What comes next, from the store.

use super::Analytics;
use crate::error::{Error, ErrorKind, Result};
use crate::forecast::{self, CashFlow, CashFlowMonth, Forecast, SoFar};
use crate::model::{Direction, Month, MonthTotal, MonthlySeries, Rupiah};
use crate::store::View;
use jiff::civil::Date;
use serde::Serialize;

/// The forecast of donations, with what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DonationForecast {
    /// Whole months up to the last one; months without a gift are zeros.
    pub history: MonthlySeries,
    /// The forecast; its first point is the running month, whole.
    pub forecast: Forecast,
    /// What the running month has brought up to the as-of date.
    pub so_far: Rupiah,
}

impl Analytics {
    /// Forecasts the monthly donations; the first month is the running one.
    ///
    /// # Errors
    ///
    /// `not_enough_history` below three whole months.
    pub fn donation_forecast(&self, as_of: Date, horizon: u16) -> Result<DonationForecast> {
        let months = self.store.view()?.donations_by_month(as_of)?;
        let history = whole_months(&months, as_of).ok_or_else(no_history)?;
        let forecast = forecast::fit(&history, &self.settings.forecast)?.predict(horizon);
        Ok(DonationForecast { history, forecast, so_far: total_of(&months, Month::of(as_of)) })
    }

    /// Forecasts the months after the running one, with the balance carried forward from today's.
    ///
    /// # Errors
    ///
    /// `not_enough_history` below three whole months of donations.
    pub fn cash_flow(&self, as_of: Date) -> Result<Vec<CashFlowMonth>> {
        self.cash_flow_in(&*self.store.view()?, as_of)
    }

    /// The same with the probability that money runs out, month by month.
    ///
    /// # Errors
    ///
    /// Those of [`Analytics::cash_flow`].
    pub fn cash_flow_chances(&self, as_of: Date) -> Result<CashFlow> {
        let Flows { income, expense, balance, so_far } = flows(&*self.store.view()?, as_of)?;
        forecast::simulate_cash_flow(&income, &expense, balance, Some(so_far), &self.settings.cash_flow)
    }

    pub(super) fn cash_flow_in(&self, view: &dyn View, as_of: Date) -> Result<Vec<CashFlowMonth>> {
        let Flows { income, expense, balance, so_far } = flows(view, as_of)?;
        forecast::cash_flow_ahead(&income, &expense, balance, so_far, &self.settings.cash_flow)
    }
}

/// What the cash flow is forecast from.
struct Flows {
    income: MonthlySeries,
    expense: MonthlySeries,
    balance: Rupiah,
    so_far: SoFar,
}

fn flows(view: &dyn View, as_of: Date) -> Result<Flows> {
    let donations = view.donations_by_month(as_of)?;
    let cash = view.cash_by_month(Direction::Expense, as_of)?;
    let running = Month::of(as_of);
    let income = whole_months(&donations, as_of).ok_or_else(no_history)?;
    let expense = MonthlySeries::of_totals(cash.iter().map(|row| (row.month, row.total)), as_of)
        // Without any entry in the cash book, nothing is known to be spent.
        .unwrap_or_else(|| MonthlySeries { first: income.first, values: vec![0.0; income.values.len()] });
    let so_far = SoFar {
        income: total_of(&donations, running),
        expense: cash.iter().filter(|row| row.month == running).map(|row| row.total).sum(),
    };
    Ok(Flows { income, expense, balance: view.cash_balance()?.unwrap_or_default(), so_far })
}

fn whole_months(months: &[MonthTotal], as_of: Date) -> Option<MonthlySeries> {
    MonthlySeries::of_totals(months.iter().map(|row| (row.month, row.total)), as_of)
}

fn total_of(months: &[MonthTotal], month: Month) -> Rupiah {
    months.iter().filter(|row| row.month == month).map(|row| row.total).sum()
}

fn no_history() -> Error {
    Error::new(ErrorKind::NotEnoughHistory, "there is no whole month of donations yet")
        .hint("load donations, or wait for the end of the month")
}
