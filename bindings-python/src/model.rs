//! Money and months.

use crate::door::call;
use dermawan::{Error, ErrorKind, Month, Rupiah};
use jiff::civil::Date;
use pyo3::prelude::*;

/// An amount in its plain decimal form, exact: `rupiah("6000000")` is `6000000.00`.
#[pyfunction]
pub(crate) fn rupiah(py: Python<'_>, amount: &str) -> PyResult<String> {
    call(py, || Ok(amount.parse::<Rupiah>()?.to_string()))
}

/// Whether a civil month (`2026-01`) is over on a date (`2026-02-01`), so that it may enter a forecast.
#[pyfunction]
pub(crate) fn is_whole_month(py: Python<'_>, month: &str, as_of: &str) -> PyResult<bool> {
    call(py, || {
        let as_of: Date = as_of.parse().map_err(|cause: jiff::Error| {
            Error::new(ErrorKind::InvalidInput, "as_of is not a date").hint("write it as 2026-01-31").caused_by(cause)
        })?;
        Ok(month.parse::<Month>()?.is_complete(as_of))
    })
}
