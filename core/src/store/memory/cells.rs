//! Rows of cells.

use crate::error::{Error, ErrorKind, Result};
use crate::etl::facts;
use crate::model::{Rupiah, Table};
use crate::source::ColumnType;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, TimestampMicrosecondType, UInt64Type};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Key(u64),
    Amount(i64),
    Day(i32),
    Instant(i64),
    Text(Arc<str>),
    Integer(i32),
    Flag(bool),
}

/// The cells of a row, in the order of [`facts::columns`].
pub(super) type Row = Arc<[Cell]>;

/// Where a column stands.
pub(super) fn place(table: Table, name: &str) -> Option<usize> {
    facts::columns(table).iter().position(|column| column.name == name)
}

/// One cell of a row by name, read as what it is.
pub(super) struct Named<'a>(pub(super) Table, pub(super) &'a Row);

impl<'a> Named<'a> {
    fn cell(&self, name: &str) -> &'a Cell {
        place(self.0, name).and_then(|i| self.1.get(i)).unwrap_or(&Cell::Null)
    }

    pub(super) fn key(&self, name: &str) -> Option<u64> {
        if let Cell::Key(key) = self.cell(name) { Some(*key) } else { None }
    }

    pub(super) fn amount(&self, name: &str) -> Option<Rupiah> {
        if let Cell::Amount(sen) = self.cell(name) { Some(Rupiah::from_sen(*sen)) } else { None }
    }

    pub(super) fn day(&self, name: &str) -> Option<i32> {
        if let Cell::Day(day) = self.cell(name) { Some(*day) } else { None }
    }

    pub(super) fn instant(&self, name: &str) -> Option<i64> {
        if let Cell::Instant(micros) = self.cell(name) { Some(*micros) } else { None }
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        if let Cell::Text(text) = self.cell(name) { Some(text) } else { None }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        *self.cell(name) == Cell::Flag(true)
    }
}

/// The rows of a batch of clean columns, each with its key. Rows without a key are not clean and are left out.
pub(super) fn rows(table: Table, batch: &RecordBatch) -> Result<Vec<(u64, Row)>> {
    let columns = facts::columns(table);
    if batch.num_columns() != columns.len() {
        return Err(
            Error::new(ErrorKind::Internal, "a batch does not have the clean table's columns").context("table", table)
        );
    }
    let mut found = Vec::with_capacity(batch.num_rows());
    for index in 0..batch.num_rows() {
        let row: Row = (0..columns.len()).map(|i| cell(batch, i, index, columns[i].content)).collect();
        if let Some(Cell::Key(key)) = row.first() {
            found.push((*key, Arc::clone(&row)));
        }
    }
    Ok(found)
}

fn cell(batch: &RecordBatch, column: usize, row: usize, content: ColumnType) -> Cell {
    let array = batch.column(column);
    if array.is_null(row) {
        return Cell::Null;
    }
    match content {
        ColumnType::Key => Cell::Key(array.as_primitive::<UInt64Type>().value(row)),
        ColumnType::Amount => Cell::Amount(array.as_primitive::<Decimal128Type>().value(row) as i64),
        ColumnType::Date => Cell::Day(array.as_primitive::<Date32Type>().value(row)),
        ColumnType::Instant => Cell::Instant(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        ColumnType::Text => Cell::Text(array.as_string::<i32>().value(row).into()),
        ColumnType::Integer => Cell::Integer(array.as_primitive::<Int32Type>().value(row)),
        ColumnType::Flag => Cell::Flag(array.as_boolean().value(row)),
    }
}
