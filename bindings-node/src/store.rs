//! The analytics file.

use crate::door::{Job, later};
use dermawan::{Error, ErrorKind};
use duckdb::Connection;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

/// Opens or creates a DuckDB file and resolves to the one text that a query gives, such as `SELECT version()`.
#[napi(ts_return_type = "Promise<string>")]
pub(crate) fn probe(path: String, sql: String) -> AsyncTask<Job<String>> {
    later(move || {
        Connection::open(&path).and_then(|connection| connection.query_row(&sql, [], |row| row.get(0))).map_err(
            |cause| {
                Error::new(ErrorKind::Io, "the analytics file does not answer").context("file", &path).caused_by(cause)
            },
        )
    })
}
