//! Strange months, gifts, lines and values, without a store. Every answer is a dict.

use crate::door::{Day, Given, Said, answer, options, raise, read};
use dermawan::anomaly::{self, ExpenseOptions, GiftOptions, Gifts, ScreenOptions, StreamOptions};
use dermawan::{CashBook, EntryId, MonthTotal, Rupiah};
use pyo3::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;
/// Months of donations outside their expected range. Rows are `{"month": "2026-01", "total": …, "count": …}`.
#[pyfunction]
#[pyo3(signature = (months: "list[dict]", as_of, options: "dict | None"=None) -> "dict")]
pub(crate) fn income_anomalies<'py>(months: Any<'_, 'py>, as_of: Day, options: Option<Any<'_, 'py>>) -> Said<'py> {
    let py = months.py();
    let (months, options): (Vec<MonthTotal>, ExpenseOptions) = (read("months", months)?, self::options(options)?);
    answer(py, || anomaly::income(&months, as_of.0, &options))
}

/// Gifts that are unusual for their donor. `gifts` are columns `donor`, `amount`, `date`.
#[pyfunction]
#[pyo3(signature = (gifts: "dict", as_of, options: "dict | None"=None) -> "list[dict]")]
pub(crate) fn unusual_gifts<'py>(gifts: Any<'_, 'py>, as_of: Day, options: Option<Any<'_, 'py>>) -> Said<'py> {
    let py = gifts.py();
    let (gifts, options): (Gifts, GiftOptions) = (read("gifts", gifts)?, self::options(options)?);
    answer(py, || anomaly::gifts(&gifts, as_of.0, &options))
}

/// Screens the expenses of a cash book: lines worth a look, each with its evidence. `lines` are columns `entry`,
/// `direction` (`income` or `expense`), `category`, `amount`, `date`, and where known `entered` and `text`; `accepted` are
/// lines that were found in order and stay silent.
#[pyfunction]
#[pyo3(signature = (lines: "dict", as_of, accepted: "list[int] | None"=None, options: "dict | None"=None) -> "dict")]
pub(crate) fn screen<'py>(
    lines: Any<'_, 'py>,
    as_of: Day,
    accepted: Option<Any<'_, 'py>>,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = lines.py();
    let (lines, options): (CashBook, ScreenOptions) = (read("lines", lines)?, self::options(options)?);
    let accepted: BTreeSet<EntryId> = accepted.map_or_else(|| Ok(BTreeSet::new()), |value| read("accepted", value))?;
    answer(py, || anomaly::screen(&lines, &accepted, as_of.0, &options))
}

/// Rosner's generalised ESD test: up to `most` outliers among about normal values. `level` is the chance of finding any
/// where there is none.
#[pyfunction]
#[pyo3(signature = (values: "list[float]", most, level=0.05) -> "dict")]
pub(crate) fn generalised_esd<'py>(values: Any<'_, 'py>, most: usize, level: f64) -> Said<'py> {
    let py = values.py();
    let values: Vec<f64> = read("values", values)?;
    answer(py, || anomaly::generalised_esd(&values, most, level))
}

/// First digits of amounts against Benford's law; from 1,000 amounts on, and not where many are rounded.
#[pyfunction]
#[pyo3(signature = (amounts: "list") -> "dict")]
pub(crate) fn benford<'py>(py: Python<'py>, amounts: Given<Vec<Rupiah>>) -> Said<'py> {
    answer(py, || Ok(anomaly::benford(amounts.0)))
}

/// Numbers that are missing in a sequence, the widest `most` gaps.
#[pyfunction]
#[pyo3(signature = (entries: "list[int]", most=10) -> "list[dict]")]
pub(crate) fn sequence_gaps<'py>(py: Python<'py>, entries: Given<Vec<EntryId>>, most: usize) -> Said<'py> {
    answer(py, || Ok(anomaly::sequence_gaps(&entries.0, most)))
}

/// Watches values that come one at a time, every hour or every day. Its memory does not grow with them.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Stream(Mutex<anomaly::Stream>);

#[pymethods]
impl Stream {
    /// Begins to watch.
    #[new]
    #[pyo3(signature = (options: "dict | None"=None))]
    fn new(py: Python<'_>, options: Option<Any<'_, '_>>) -> PyResult<Self> {
        let options: StreamOptions = self::options(options)?;
        let stream = anomaly::Stream::new(options).map_err(|error| raise(py, &error))?;
        Ok(Self(Mutex::new(stream)))
    }

    /// Takes the next value, None or NaN if it is missing: a dict with `expected`, `p_value`, `score` (0 to 1) and `alarm`.
    #[pyo3(signature = (value) -> "dict")]
    fn update<'py>(&self, py: Python<'py>, value: Option<f64>) -> Said<'py> {
        answer(py, || self.0.lock().unwrap_or_else(PoisonError::into_inner).push(value.unwrap_or(f64::NAN)))
    }
}
