//! The one door of every call: read the arguments, release the interpreter, work, write the answer, map the error.
//!
//! Values cross as JSON text, which both sides read and write at native speed; `dermawan.plain` knows what Python
//! has beside JSON: dates, exact decimals, and the columns of data frames.

use dermawan::{Error, ErrorKind, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::{type_hint_identifier, type_hint_union};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Runs `work` with the interpreter released, so that other Python threads go on, and raises its error as the typed
/// exception of its kind.
pub(crate) fn call<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    py.detach(work).map_err(|error| raise(py, &error))
}

/// An answer of dicts and lists.
pub(crate) type Said<'py> = PyResult<Bound<'py, PyAny>>;

/// The same, with an answer of dicts and lists.
pub(crate) fn answer<T: Serialize>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<Bound<'_, PyAny>> {
    let text = call(py, || text_of(&work()?))?;
    py.import("json")?.call_method1("loads", (text,))
}

/// A value as JSON text.
pub(crate) fn text_of(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|cause| Error::new(ErrorKind::Internal, "the answer cannot be written").caused_by(cause))
}

/// Reads an argument of dicts, lists, dates, columns …
pub(crate) fn read<T: DeserializeOwned>(what: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
    let py = value.py();
    let text: String = py.import("dermawan.plain")?.call_method1("dumps", (what, value))?.extract()?;
    serde_json::from_str(&text).map_err(|cause| raise(py, &Error::unreadable(ErrorKind::InvalidInput, what, &cause)))
}

/// Reads options, all of them left out where there are none.
pub(crate) fn options<T: DeserializeOwned + Default>(value: Option<&Bound<'_, PyAny>>) -> PyResult<T> {
    value.map_or_else(|| Ok(T::default()), |value| read("options", value))
}

/// Reads options that may also come as text of their own form.
pub(crate) fn options_or_text<T: DeserializeOwned + Default>(
    what: &str,
    value: Option<&Bound<'_, PyAny>>,
    parse: fn(&str) -> Result<T>,
) -> PyResult<T> {
    let Some(value) = value else { return Ok(T::default()) };
    match value.extract::<String>() {
        Ok(text) => parse(&text).map_err(|error| raise(value.py(), &error)),
        Err(_) => read(what, value),
    }
}

/// Whether options of a source, a dict or a URL, name a time zone of their own.
pub(crate) fn names_zone(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match value.extract::<String>() {
        Ok(url) => Ok(url.contains("time_zone=")),
        Err(_) => value.contains("time_zone"),
    }
}

/// A civil date: a `datetime.date`, or text such as `2026-01-31`.
pub(crate) struct Day(pub(crate) Date);

impl<'py> FromPyObject<'_, 'py> for Day {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr =
        type_hint_union!(type_hint_identifier!("datetime", "date"), type_hint_identifier!("builtins", "str"));

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let text = if value.hasattr("isoformat")? { value.call_method0("isoformat")? } else { value.to_owned() };
        let text: String = text.extract()?;
        text.parse().map(Self).map_err(|cause: jiff::Error| {
            let error = Error::new(ErrorKind::InvalidInput, "this is not a date").hint("write it as 2026-01-31");
            raise(value.py(), &error.caused_by(cause))
        })
    }
}

/// A moment: a `datetime.datetime` with a time zone, or text such as `2026-01-31T08:00:00+07:00`.
pub(crate) struct Moment(pub(crate) Timestamp);

impl<'py> FromPyObject<'_, 'py> for Moment {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr =
        type_hint_union!(type_hint_identifier!("datetime", "datetime"), type_hint_identifier!("builtins", "str"));

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let text = if value.hasattr("isoformat")? { value.call_method0("isoformat")? } else { value.to_owned() };
        let text: String = text.extract()?;
        text.parse().map(Self).map_err(|_: jiff::Error| {
            let error = Error::new(ErrorKind::InvalidInput, "this is not a moment");
            raise(value.py(), &error.hint("give a datetime with its time zone, or text such as 2026-01-31T01:00:00Z"))
        })
    }
}

/// An argument of dicts, lists, dates and so on, read as it comes in.
pub(crate) struct Given<T>(pub(crate) T);

impl<'py, T: DeserializeOwned> FromPyObject<'_, 'py> for Given<T> {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        read("the argument", &value).map(Self)
    }
}

/// Options, all of them left out where there are none.
pub(crate) fn or_default<T: Default>(given: Option<Given<T>>) -> T {
    given.map(|given| given.0).unwrap_or_default()
}

/// A time zone by its IANA name.
pub(crate) fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        Error::new(ErrorKind::InvalidInput, "this is not a known time zone").hint("write it as Asia/Jakarta")
    })
}

/// The exception that `dermawan.errors` keeps for this kind of error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let exception = py
        .import("dermawan.errors")
        .and_then(|errors| errors.getattr("from_code"))
        .and_then(|from_code| from_code.call1((error.code(), error.to_string(), error.advice())));
    match exception {
        Ok(exception) => PyErr::from_value(exception),
        Err(broken) => broken,
    }
}
