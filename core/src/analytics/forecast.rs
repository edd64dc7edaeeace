//! What comes next, from the store.

use super::Analytics;
use crate::error::{Error, ErrorKind, Result};
use crate::forecast::{self, CashFlow, CashFlowMonth, Forecast, Named, NextGift, Reconciled, Reconciliation, SoFar};
use crate::model::{CategoryId, CategoryMonth, Direction, DonorId, Month, MonthTotal, MonthlySeries, Rupiah};
use crate::store::View;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::PoisonError;

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

/// What is expected of every donor who has given; both columns have one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NextGifts {
    /// The donor, ascending.
    pub donor: Vec<DonorId>,
    /// The next gift, or why none is predicted.
    pub next: Vec<NextGift>,
}

impl Analytics {
    /// Forecasts the monthly donations; the first month is the running one.
    ///
    /// # Errors
    ///
    /// `not_enough_history` below three whole months.
    pub fn donation_forecast(&self, as_of: Date, horizon: u16) -> Result<DonationForecast> {
        let (view, as_of) = self.facts(as_of)?;
        let months = view.donations_by_month(as_of)?;
        let history = whole_months(&months, as_of).ok_or_else(no_history)?;
        let forecast = forecast::fit(&history, &self.settings.forecast)?.predict(horizon);
        Ok(DonationForecast { history, forecast, so_far: total_of(&months, Month::of(as_of)) })
    }

    /// Forecasts every category of the cash book in one direction, from the running month on, so that they add up to
    /// their total. Months without an entry are zeros.
    ///
    /// # Errors
    ///
    /// `not_enough_history` without a whole month in the cash book, or below what the settings' method needs.
    pub fn category_forecasts(&self, direction: Direction, as_of: Date, horizon: u16) -> Result<Reconciled> {
        let (view, as_of) = self.facts(as_of)?;
        let rows = view.cash_by_month(direction, as_of)?;
        let categories = by_category(&rows, &view.categories()?, as_of);
        if categories.is_empty() {
            return Err(Error::new(ErrorKind::NotEnoughHistory, "there is no whole month in the cash book yet")
                .hint("load the cash book, or wait for the end of the month"));
        }
        forecast::many(&categories, None, horizon, Reconciliation::MinTrace, &self.settings.forecast)
    }

    /// The next gift of every donor who has given so far, ascending by donor.
    ///
    /// # Errors
    ///
    /// Those of the store and of [`forecast::NextGiftOptions::validate`].
    pub fn next_gifts(&self, as_of: Date) -> Result<NextGifts> {
        let (view, as_of) = self.facts(as_of)?;
        let days = view.gift_days(as_of, 1)?;
        let starts: Vec<usize> = (0..days.len()).filter(|&i| i == 0 || days.donor[i] != days.donor[i - 1]).collect();
        let next = forecast::next_gifts(&starts, &days.day, &days.total, as_of, &self.settings.next_gift)?;
        Ok(NextGifts { donor: starts.into_iter().map(|start| days.donor[start]).collect(), next })
    }

    /// Forecasts the months after the running one, with the balance carried forward from today's.
    ///
    /// # Errors
    ///
    /// `not_enough_history` below three whole months of donations.
    pub fn cash_flow(&self, as_of: Date) -> Result<Vec<CashFlowMonth>> {
        Ok(self.cash_flow_chances(as_of)?.months.into_iter().map(|month| month.expected).collect())
    }

    /// The same with the expenses of each category, and with the probability that money runs out, month by month.
    ///
    /// # Errors
    ///
    /// Those of [`Analytics::cash_flow`].
    pub fn cash_flow_chances(&self, as_of: Date) -> Result<CashFlow> {
        let (view, as_of) = self.facts(as_of)?;
        self.cash_flow_in(&*view, as_of)
    }

    pub(super) fn cash_flow_in(&self, view: &dyn View, as_of: Date) -> Result<CashFlow> {
        let run = view.state()?.map(|state| state.run);
        let known = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((of, day, flow)) = known
            && (of, day) == (run, as_of)
        {
            return Ok(flow);
        }
        let flow = self.cash_flow_anew(view, as_of)?;
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some((run, as_of, flow.clone()));
        Ok(flow)
    }

    fn cash_flow_anew(&self, view: &dyn View, as_of: Date) -> Result<CashFlow> {
        let donations = view.donations_by_month(as_of)?;
        let cash = view.cash_by_month(Direction::Expense, as_of)?;
        let running = Month::of(as_of);
        let income = whole_months(&donations, as_of).ok_or_else(no_history)?;
        let mut expense = by_category(&cash, &view.categories()?, as_of);
        if expense.is_empty() {
            // Without any entry in the cash book, nothing is known to be spent.
            let series = MonthlySeries { first: income.first, values: vec![0.0; income.values.len()] };
            expense.push(Named { name: String::new(), series });
        }
        let so_far = SoFar {
            income: total_of(&donations, running),
            expense: cash.iter().filter(|row| row.month == running).map(|row| row.total).sum(),
        };
        let balance = view.cash_balance()?.unwrap_or_default();
        let income = [Named { name: "donations".to_owned(), series: income }];
        let options = &self.settings.cash_flow;
        forecast::simulate_cash_flow_by_category(&income, &expense, balance, Some(so_far), options)
    }
}

/// Whole months that each category's series has, where the cash book goes back so far: what every method can start from.
/// Nothing was booked in those before a category's first entry, and that is known.
const MONTHS_AT_LEAST: i32 = 3;

/// One series for each category with an entry in a whole month, ascending by its identity. Two categories of one name
/// stay two.
fn by_category(rows: &[CategoryMonth], names: &[(CategoryId, String)], as_of: Date) -> Vec<Named> {
    let mut totals = BTreeMap::<CategoryId, Vec<(Month, Rupiah)>>::new();
    for row in rows {
        totals.entry(row.category).or_default().push((row.month, row.total));
    }
    let name = |id| names.iter().find(|(known, _)| *known == id).map_or_else(String::new, |(_, name)| name.clone());
    let start = rows.iter().map(|row| row.month).min().map(|books| books.max(Month::of(as_of) - MONTHS_AT_LEAST));
    let named = |(id, mut totals): (CategoryId, Vec<(Month, Rupiah)>)| {
        let mut series = MonthlySeries::of_totals(totals.iter().copied(), as_of)?;
        if let Some(start) = start.filter(|&start| start < series.first) {
            totals.push((start, Rupiah::ZERO));
            series = MonthlySeries::of_totals(totals, as_of)?;
        }
        Some(Named { name: name(id), series })
    };
    totals.into_iter().filter_map(named).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_that_began_last_month_does_not_take_the_others_away() {
        let as_of: Date = "2026-01-10".parse().unwrap();
        let row = |category: u64, month: Month, rupiah: i64| CategoryMonth {
            category: CategoryId(category),
            month,
            total: Rupiah::new(rupiah),
            count: 1,
        };
        let end = Month::of(as_of) - 1;
        let mut rows: Vec<CategoryMonth> = (0..36).map(|i| row(1, end - i, 5_000_000 + 1_000 * i64::from(i))).collect();
        rows.extend([row(2, end, 700_000), row(3, end - 1, 400_000), row(3, end, 300_000), row(4, end + 1, 1)]);
        let names: Vec<_> = (1..=4).map(|id| (CategoryId(id), format!("k{id}"))).collect();

        let series = by_category(&rows, &names, as_of);
        let values = |i: usize| series[i].series.values.clone();
        assert_eq!(series.len(), 3, "the running month alone is no history");
        assert_eq!((values(0).len(), values(1), values(2)), (36, vec![0.0, 0.0, 7e5], vec![0.0, 4e5, 3e5]));

        let income = MonthlySeries { first: end - 35, values: (0..36).map(|i| 6e6 + 1e4 * f64::from(i % 5)).collect() };
        let income = [Named { name: "donations".into(), series: income }];
        let options = forecast::CashFlowOptions::default();
        let flow = forecast::simulate_cash_flow_by_category(&income, &series, Rupiah::ZERO, None, &options).unwrap();
        assert_eq!(flow.expense.len(), 3);
        assert!(flow.expense[0].forecast.points[0].value > 4e6);
        assert!((0.0..=7e5).contains(&flow.expense[1].forecast.points[0].value));

        // Books that are younger than that say so themselves.
        let young = by_category(&[row(1, end, 5), row(2, end, 7)], &names, as_of);
        assert!(young.iter().all(|named| named.series.values.len() == 1));
    }
}
