//! The analyses on values, without a store. Amounts are rupiah, months `2026-01`, and options those of the settings.

use crate::columns::Columns;
use crate::door::{Day, Said, answer, call, options, read};
use dermawan::forecast::{BacktestOptions, CashFlowOptions, Options};
use dermawan::{CashEntries, CategoryMonth, DonorGifts, Language, MonthlySeries, Rupiah, anomaly, churn, message};
use pyo3::prelude::*;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Forecasts `horizon` months after a series of whole months, `{"first": "2025-11", "values": [5600000, …]}`: points with
/// intervals, R², standard error, and notes.
#[pyfunction]
#[pyo3(signature = (series: "dict", horizon=3, options: "dict | None"=None) -> "dict")]
pub(crate) fn forecast<'py>(series: Any<'_, 'py>, horizon: u16, options: Option<Any<'_, 'py>>) -> Said<'py> {
    let py = series.py();
    let (series, options): (MonthlySeries, Options) = (read("series", series)?, self::options(options)?);
    answer(py, || Ok(dermawan::forecast::fit(&series, &options)?.predict(horizon)))
}

/// How well the methods would have forecast the last months of a series, side by side.
#[pyfunction]
#[pyo3(signature = (series: "dict", options: "dict | None"=None) -> "dict")]
pub(crate) fn forecast_backtest<'py>(series: Any<'_, 'py>, options: Option<Any<'_, 'py>>) -> Said<'py> {
    let py = series.py();
    let (series, options): (MonthlySeries, BacktestOptions) = (read("series", series)?, self::options(options)?);
    answer(py, || dermawan::forecast::backtest(&series, &options))
}

/// What the first month of a forecast is made of, in one sentence of `language`: `id`, the default, or `en`.
#[pyfunction]
#[pyo3(signature = (series: "dict", horizon=3, options: "dict | None"=None, language: "str | None"=None) -> "str")]
pub(crate) fn explain_forecast<'py>(
    series: Any<'_, 'py>,
    horizon: u16,
    options: Option<Any<'_, 'py>>,
    language: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = series.py();
    let (series, options): (MonthlySeries, Options) = (read("series", series)?, self::options(options)?);
    let language = language.map_or(Ok(Language::default()), |language| read("language", language))?;
    answer(py, || Ok(message::explain(&dermawan::forecast::fit(&series, &options)?.predict(horizon), language)))
}

/// Forecasts income and expense, two series that end with the same month, and carries `balance` forward.
#[pyfunction]
#[pyo3(signature = (income: "dict", expense: "dict", balance: "int | float | str | None"=None, options: "dict | None"=None) -> "list[dict]")]
pub(crate) fn cash_flow<'py>(
    income: Any<'_, 'py>,
    expense: Any<'_, 'py>,
    balance: Option<Any<'_, 'py>>,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = income.py();
    let (income, expense): (MonthlySeries, MonthlySeries) = (read("income", income)?, read("expense", expense)?);
    let balance = balance.map_or(Ok(Rupiah::ZERO), |balance| read("balance", balance))?;
    let options: CashFlowOptions = self::options(options)?;
    answer(py, || dermawan::forecast::cash_flow(&income, &expense, balance, &options))
}

/// Scores every donor from 0 (stays) to 100 (gone). `gifts` are columns of donors who gave: `donor`, `count`, `total`,
/// `first`, `last`, `recent` (gifts of the last three calendar months).
#[pyfunction]
#[pyo3(signature = (gifts: "dict", as_of, options: "dict | None"=None))]
pub(crate) fn churn_score(gifts: Any<'_, '_>, as_of: Day, options: Option<Any<'_, '_>>) -> PyResult<Columns> {
    let py = gifts.py();
    let (gifts, options): (DonorGifts, churn::ScoreOptions) = (read("gifts", gifts)?, self::options(options)?);
    call(py, || Columns::scores(churn::score(&gifts, as_of.0, &options)?))
}

/// Sorts every donor into a segment; `never_gave` donors are not in the columns and are only counted.
#[pyfunction]
#[pyo3(signature = (gifts: "dict", as_of, never_gave=0, options: "dict | None"=None))]
pub(crate) fn segments(
    gifts: Any<'_, '_>,
    as_of: Day,
    never_gave: u64,
    options: Option<Any<'_, '_>>,
) -> PyResult<Columns> {
    let py = gifts.py();
    let (gifts, options): (DonorGifts, churn::SegmentOptions) = (read("gifts", gifts)?, self::options(options)?);
    call(py, || Columns::segments(churn::segments(&gifts, never_gave, as_of.0, &options)?))
}

/// The lifetime value of every donor of the columns.
#[pyfunction]
#[pyo3(signature = (gifts: "dict", as_of))]
pub(crate) fn lifetime_value(gifts: Any<'_, '_>, as_of: Day) -> PyResult<Columns> {
    let py = gifts.py();
    let gifts: DonorGifts = read("gifts", gifts)?;
    call(py, || Columns::lifetime_values(churn::lifetime_value(&gifts, as_of.0)?))
}

/// Months of categories outside their expected range. Rows are `{"category": 1, "month": "2026-01", "total": …, "count": …}`.
#[pyfunction]
#[pyo3(signature = (rows: "list[dict]", as_of, options: "dict | None"=None) -> "dict")]
pub(crate) fn expense_anomalies<'py>(rows: Any<'_, 'py>, as_of: Day, options: Option<Any<'_, 'py>>) -> Said<'py> {
    let py = rows.py();
    let (rows, options): (Vec<CategoryMonth>, anomaly::ExpenseOptions) = (read("rows", rows)?, self::options(options)?);
    answer(py, || anomaly::expenses(&rows, as_of.0, &options))
}

/// Single entries far from the others of their category. `entries` are columns: `entry`, `category`, `amount`, `date`.
#[pyfunction]
#[pyo3(signature = (entries: "dict", as_of, options: "dict | None"=None) -> "dict")]
pub(crate) fn unusual_transactions<'py>(entries: Any<'_, 'py>, as_of: Day, options: Option<Any<'_, 'py>>) -> Said<'py> {
    let py = entries.py();
    let entries: CashEntries = read("entries", entries)?;
    let options: anomaly::TransactionOptions = self::options(options)?;
    answer(py, || anomaly::transactions(&entries, as_of.0, &options))
}
