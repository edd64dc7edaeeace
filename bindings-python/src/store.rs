//! The analytics file.

use crate::door::call;
use dermawan::{Error, ErrorKind};
use duckdb::Connection;
use pyo3::prelude::*;

/// Opens or creates a DuckDB file and returns the one text that a query gives, such as `SELECT version()`.
#[pyfunction]
pub(crate) fn probe(py: Python<'_>, path: &str, sql: &str) -> PyResult<String> {
    call(py, || {
        Connection::open(path).and_then(|connection| connection.query_row(sql, [], |row| row.get(0))).map_err(|cause| {
            Error::new(ErrorKind::Io, "the analytics file does not answer").context("file", path).caused_by(cause)
        })
    })
}
