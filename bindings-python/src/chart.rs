//! Pictures of findings. A picture is a dict with `kind`: `forecast`, `cash_flow`, `cohorts` or `anomalies`.

use crate::door::{call, options, read};
use dermawan::chart::{self, Chart, Options};
use pyo3::prelude::*;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// A picture as SVG text. The findings that the analyses answer with may be given as they are:
/// `{"kind": "forecast", "history": series, "forecast": forecast(series)}`, `{"kind": "cash_flow", "cash_flow": …}`,
/// `{"kind": "cohorts", "cohorts": retention(…)["cohorts"]}`, `{"kind": "anomalies", "name": …, "history": …, "anomalies": […]}`.
#[pyfunction]
#[pyo3(signature = (picture: "dict", options: "dict | None"=None) -> "str")]
pub(crate) fn chart_svg(picture: Any<'_, '_>, options: Option<Any<'_, '_>>) -> PyResult<String> {
    let (drawn, options): (Chart, Options) = (read("picture", picture)?, self::options(options)?);
    call(picture.py(), || chart::svg(&drawn, &options))
}

/// The same picture as PNG.
#[pyfunction]
#[pyo3(signature = (picture: "dict", options: "dict | None"=None) -> "bytes")]
pub(crate) fn chart_png(
    picture: Any<'_, '_>,
    options: Option<Any<'_, '_>>,
) -> PyResult<std::borrow::Cow<'static, [u8]>> {
    let (drawn, options): (Chart, Options) = (read("picture", picture)?, self::options(options)?);
    call(picture.py(), || chart::png(&drawn, &options).map(Into::into))
}
