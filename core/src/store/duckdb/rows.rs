//! Query results as columns of plain values.

use super::trouble::trouble;
use crate::error::{Error, ErrorKind, Result};
use ::duckdb::{Connection, Params};
use arrow::array::{Array, ArrowPrimitiveType, AsArray, RecordBatch};

/// Runs a query and hands over its result batch by batch.
pub(super) fn batches<P: Params>(
    connection: &Connection,
    doing: &'static str,
    sql: &str,
    params: P,
    mut take: impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    // Planned anew each time, here and everywhere in this room: DuckDB plans with the statistics of the moment (it packs
    // sorted columns into as few bits as their minimum and maximum allow), and a plan kept across a load returns wrong
    // numbers without an error. The contract suite has a case.
    let mut statement = connection.prepare(sql).map_err(trouble(doing))?;
    for batch in statement.query_arrow(params).map_err(trouble(doing))? {
        take(&batch)?;
    }
    Ok(())
}

/// A column of a batch without its NULLs' places: NULL reads as the type's zero.
pub(super) fn values<T: ArrowPrimitiveType>(batch: &RecordBatch, column: usize) -> Result<&[T::Native]> {
    batch
        .column(column)
        .as_primitive_opt::<T>()
        .map(|array| array.values().as_ref())
        .ok_or_else(|| unexpected(batch, column))
}

/// A column of texts; NULL reads as empty.
pub(super) fn texts(batch: &RecordBatch, column: usize) -> Result<impl Iterator<Item = &str>> {
    let array = batch.column(column).as_string_opt::<i32>().ok_or_else(|| unexpected(batch, column))?;
    Ok((0..array.len()).map(|row| if array.is_null(row) { "" } else { array.value(row) }))
}

fn unexpected(batch: &RecordBatch, column: usize) -> Error {
    Error::new(ErrorKind::Internal, "a query answered with another type than it should")
        .context("column", batch.schema_ref().field(column))
}
