//! The one door of every call: release the interpreter, work, map the error.

use dermawan::{Error, Result};
use pyo3::prelude::*;

/// Runs `work` with the interpreter released, so that other Python threads go on, and raises its error as the typed
/// exception of its kind.
pub(crate) fn call<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    py.detach(work).map_err(|error| raise(py, &error))
}

/// The exception that `dermawan.errors` keeps for this kind of error.
fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let exception = py
        .import("dermawan.errors")
        .and_then(|errors| errors.getattr("from_code"))
        .and_then(|from_code| from_code.call1((error.code(), error.to_string(), error.advice())));
    match exception {
        Ok(exception) => PyErr::from_value(exception),
        Err(broken) => broken,
    }
}
