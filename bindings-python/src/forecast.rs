//! Cash flow with chances, parts that add up, and a donor's next gift.

use crate::door::{Day, Said, answer, options, read};
use dermawan::forecast::{CashFlowOptions, Named, NextGiftOptions, Options, Reconciliation, SoFar};
use dermawan::{MonthlySeries, Rupiah};
use jiff::civil::Date;
use pyo3::prelude::*;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Forecasts income and expense, carries `balance` forward, and says how probable it is that money runs out. With
/// `so_far`, `{"income": …, "expense": …}` of the running month, the first month is the one after it.
#[pyfunction]
#[pyo3(signature = (income: "dict", expense: "dict", balance: "int | float | str | None"=None, so_far: "dict | None"=None, options: "dict | None"=None) -> "dict")]
pub(crate) fn simulate_cash_flow<'py>(
    income: Any<'_, 'py>,
    expense: Any<'_, 'py>,
    balance: Option<Any<'_, 'py>>,
    so_far: Option<Any<'_, 'py>>,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = income.py();
    let (income, expense): (MonthlySeries, MonthlySeries) = (read("income", income)?, read("expense", expense)?);
    let balance = balance.map_or(Ok(Rupiah::ZERO), |balance| read("balance", balance))?;
    let so_far: Option<SoFar> = so_far.map(|so_far| read("so_far", so_far)).transpose()?;
    let options: CashFlowOptions = self::options(options)?;
    answer(py, || dermawan::forecast::simulate_cash_flow(&income, &expense, balance, so_far, &options))
}

/// The same by category: `income` and `expense` are lists of `{"name": "zakat", "series": {…}}`, each is forecast, and in
/// every month they add up to the totals.
#[pyfunction]
#[pyo3(signature = (income: "list[dict]", expense: "list[dict]", balance: "int | float | str | None"=None, so_far: "dict | None"=None, options: "dict | None"=None) -> "dict")]
pub(crate) fn simulate_cash_flow_by_category<'py>(
    income: Any<'_, 'py>,
    expense: Any<'_, 'py>,
    balance: Option<Any<'_, 'py>>,
    so_far: Option<Any<'_, 'py>>,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = income.py();
    let (income, expense): (Vec<Named>, Vec<Named>) = (read("income", income)?, read("expense", expense)?);
    let balance = balance.map_or(Ok(Rupiah::ZERO), |balance| read("balance", balance))?;
    let so_far: Option<SoFar> = so_far.map(|so_far| read("so_far", so_far)).transpose()?;
    let options: CashFlowOptions = self::options(options)?;
    answer(py, || dermawan::forecast::simulate_cash_flow_by_category(&income, &expense, balance, so_far, &options))
}

/// The months after the running one, from today's `balance` on; `so_far` is what the running month has brought,
/// `{"income": …, "expense": …}`.
#[pyfunction]
#[pyo3(signature = (income: "dict", expense: "dict", balance: "int | float | str | None"=None, so_far: "dict | None"=None, options: "dict | None"=None) -> "list[dict]")]
pub(crate) fn cash_flow_ahead<'py>(
    income: Any<'_, 'py>,
    expense: Any<'_, 'py>,
    balance: Option<Any<'_, 'py>>,
    so_far: Option<Any<'_, 'py>>,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = income.py();
    let (income, expense): (MonthlySeries, MonthlySeries) = (read("income", income)?, read("expense", expense)?);
    let balance = balance.map_or(Ok(Rupiah::ZERO), |balance| read("balance", balance))?;
    let so_far: SoFar = self::options(so_far)?;
    let options: CashFlowOptions = self::options(options)?;
    answer(py, || dermawan::forecast::cash_flow_ahead(&income, &expense, balance, so_far, &options))
}

/// Forecasts parts, `[{"name": "zakat", "series": {…}}, …]`, and their total, so that they add up. `how` is `min_trace`
/// (the default), `bottom_up` or `top_down`; `total` is the total's own series where more is known of it.
#[pyfunction]
#[pyo3(signature = (parts: "list[dict]", total: "dict | None"=None, horizon=3, how: "str | None"=None, options: "dict | None"=None) -> "dict")]
pub(crate) fn forecast_many<'py>(
    parts: Any<'_, 'py>,
    total: Option<Any<'_, 'py>>,
    horizon: u16,
    how: Option<Any<'_, 'py>>,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = parts.py();
    let (parts, options): (Vec<Named>, Options) = (read("parts", parts)?, self::options(options)?);
    let total: Option<MonthlySeries> = total.map(|total| read("total", total)).transpose()?;
    let how = how.map_or(Ok(Reconciliation::default()), |how| read("how", how))?;
    answer(py, || dermawan::forecast::many(&parts, total.as_ref(), horizon, how, &options))
}

/// A donor's next gift, from the dates and amounts of the gifts so far.
#[pyfunction]
#[pyo3(signature = (dates: "list", amounts: "list", as_of, options: "dict | None"=None) -> "dict")]
pub(crate) fn next_gift<'py>(
    dates: Any<'_, 'py>,
    amounts: Any<'_, 'py>,
    as_of: Day,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = dates.py();
    let (dates, amounts): (Vec<Date>, Vec<Rupiah>) = (read("dates", dates)?, read("amounts", amounts)?);
    let options: NextGiftOptions = self::options(options)?;
    answer(py, || dermawan::forecast::next_gift(&dates, &amounts, as_of.0, &options))
}

/// The same for many donors at once: the gifts of donor `i` are those from `starts[i]` to `starts[i + 1]`, the end for
/// the last. One answer a donor.
#[pyfunction]
#[pyo3(signature = (starts: "list[int]", dates: "list", amounts: "list", as_of, options: "dict | None"=None) -> "list[dict]")]
pub(crate) fn next_gifts<'py>(
    starts: Any<'_, 'py>,
    dates: Any<'_, 'py>,
    amounts: Any<'_, 'py>,
    as_of: Day,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = dates.py();
    let starts: Vec<usize> = read("starts", starts)?;
    let (dates, amounts): (Vec<Date>, Vec<Rupiah>) = (read("dates", dates)?, read("amounts", amounts)?);
    let options: NextGiftOptions = self::options(options)?;
    answer(py, || dermawan::forecast::next_gifts(&starts, &dates, &amounts, as_of.0, &options))
}
