//! Cells of any source become cells of the canonical raw schema.
//!
//! A source hands over each cell as a [`Cell`], typed as far as the source knows; [`BatchBuilder`] turns it into what
//! the column wants and notes a [`Fault`] where that is impossible. So a date in a CSV file and one in MySQL's binary
//! protocol meet the same rules.

use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::number::{self, Parsed};
use crate::source::text::{self, Verdict};
use crate::source::time::{self, Clock, Moment};
use crate::source::{ColumnType, Fault, FaultKind, NumberFormat, RawBatch, columns, raw_schema, summed_columns};
use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Int32Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder, UInt64Builder,
};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::sync::Arc;

#[cfg(feature = "mysql")]
/// A batch is also full at this many bytes of text, long before Arrow's 32-bit offsets run out.
const MAX_TEXT_BYTES: usize = 32 << 20;

/// One cell as the source has it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Null,
    /// Text, or anything written as text.
    Text(&'a [u8]),
    Int(i64),
    UInt(u64),
    Double(f64),
    Single(f32),
    /// An unscaled value and its number of decimals.
    Decimal(i128, i8),
    Bool(bool),
    #[cfg_attr(not(feature = "mysql"), allow(dead_code, reason = "only a database hands over fields"))]
    /// A date or a date with time, as its fields; they need not be a date that any calendar has.
    Fields(&'a time::Fields),
    /// Days since 1970-01-01.
    Days(i64),
    /// Microseconds since 1970-01-01 UTC.
    Instant(i64),
    /// Microseconds since 1970-01-01 00:00 on the column's clock.
    Naive(i64),
    /// Something that no column wants, such as a list.
    Other,
}

/// The rows of one batch, being filled.
pub(crate) struct BatchBuilder {
    table: Table,
    zone: TimeZone,
    columns: Vec<Column>,
    faults: Vec<Fault>,
    text_bytes: usize,
}

struct Column {
    name: &'static str,
    /// How a time without an offset is meant.
    clock: Clock,
    /// Texts that people wrote are repaired; codes are compared, and stay as they are.
    written: bool,
    /// Texts that are no value: an ENUM is empty where a value was not one of its own, and a CSV file has no other NULL.
    nulls: Vec<Box<[u8]>>,
    /// Text of this column is a number that a machine wrote.
    typed: bool,
    /// How people wrote amounts.
    format: Option<NumberFormat>,
    cells: Cells,
}

enum Cells {
    Key(UInt64Builder),
    Amount(Int64Builder),
    Date(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
    Text(StringBuilder),
    Integer(Int32Builder),
    Flag(BooleanBuilder),
}

impl BatchBuilder {
    /// A builder with room for `capacity` rows; times without an offset are civil times of `zone`.
    pub(crate) fn new(table: Table, zone: TimeZone, capacity: usize) -> Self {
        let (_, _, marked) = summed_columns(table);
        let column = |&(name, content, _): &(&'static str, ColumnType, bool)| Column {
            name,
            clock: Clock::Civil,
            written: Some(name) != marked,
            nulls: Vec::new(),
            typed: false,
            format: None,
            cells: Cells::new(content, capacity),
        };
        let columns = columns(table).iter().map(column).collect();
        Self { table, zone, columns, faults: Vec::new(), text_bytes: 0 }
    }

    #[cfg(feature = "mysql")]
    /// Sets how times without an offset are meant in a column.
    pub(crate) fn set_clock(&mut self, column: usize, clock: Clock) {
        self.columns[column].clock = clock;
    }

    #[cfg(any(feature = "mysql", feature = "files"))]
    /// Sets the texts of a column that are NULL.
    pub(crate) fn set_nulls(&mut self, column: usize, texts: &[&str]) {
        self.columns[column].nulls = texts.iter().map(|text| text.as_bytes().into()).collect();
    }

    /// Sets how amounts are written where they are text.
    pub(crate) fn set_format(&mut self, format: Option<NumberFormat>) {
        self.columns.iter_mut().for_each(|column| column.format = format);
    }

    /// Says that numbers of a column are no less numbers for coming as text: `250.000` is one of three decimals.
    pub(crate) fn set_typed(&mut self, column: usize) {
        self.columns[column].typed = true;
    }

    #[cfg(feature = "mysql")]
    /// Whether the batch, with `rows` rows of at most `capacity` in it, should be handed over.
    pub(crate) fn is_full(&self, rows: usize, capacity: usize) -> bool {
        rows >= capacity || self.text_bytes >= MAX_TEXT_BYTES
    }

    /// Adds a cell to a column; `row` is its place in the batch, for the fault.
    #[inline]
    pub(crate) fn push(&mut self, column: usize, row: usize, cell: Cell<'_>) {
        if matches!(cell, Cell::Null) {
            return self.columns[column].cells.push_nulls(1);
        }
        let column = &mut self.columns[column];
        let fault = column.push(cell, &self.zone, &mut self.text_bytes);
        if let Some(kind) = fault {
            self.faults.push(Fault { row, column: column.name, kind, value: display(cell) });
        }
    }

    /// Adds `rows` NULLs to a column that the source lacks.
    pub(crate) fn push_nulls(&mut self, column: usize, rows: usize) {
        self.columns[column].cells.push_nulls(rows);
    }

    /// Hands over the rows so far and begins an empty batch.
    pub(crate) fn finish(&mut self) -> Result<RawBatch> {
        self.text_bytes = 0;
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(|column| column.cells.finish()).collect();
        let rows = RecordBatch::try_new(raw_schema(self.table), arrays).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the columns of a batch do not fit")
                .context("table", self.table)
                .caused_by(cause)
        })?;
        let mut faults = std::mem::take(&mut self.faults);
        // columns may have been filled one after the other
        faults.sort_by_key(|fault| fault.row);
        Ok(RawBatch { table: self.table, rows, faults })
    }
}

impl Cells {
    fn new(content: ColumnType, capacity: usize) -> Self {
        match content {
            ColumnType::Key => Self::Key(UInt64Builder::with_capacity(capacity)),
            ColumnType::Amount => Self::Amount(Int64Builder::with_capacity(capacity)),
            ColumnType::Date => Self::Date(Date32Builder::with_capacity(capacity)),
            ColumnType::Instant => Self::Instant(TimestampMicrosecondBuilder::with_capacity(capacity)),
            ColumnType::Text => Self::Text(StringBuilder::with_capacity(capacity, capacity * 8)),
            ColumnType::Integer => Self::Integer(Int32Builder::with_capacity(capacity)),
            ColumnType::Flag => Self::Flag(BooleanBuilder::with_capacity(capacity)),
        }
    }

    #[inline]
    fn push_nulls(&mut self, rows: usize) {
        match self {
            Self::Key(cells) => cells.append_nulls(rows),
            Self::Amount(cells) => cells.append_nulls(rows),
            Self::Date(cells) => cells.append_nulls(rows),
            Self::Instant(cells) => cells.append_nulls(rows),
            Self::Text(cells) => cells.append_nulls(rows),
            Self::Integer(cells) => cells.append_nulls(rows),
            Self::Flag(cells) => cells.append_nulls(rows),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Key(cells) => Arc::new(cells.finish()),
            Self::Amount(cells) => Arc::new(cells.finish()),
            Self::Date(cells) => Arc::new(cells.finish()),
            Self::Instant(cells) => Arc::new(cells.finish()),
            Self::Text(cells) => Arc::new(cells.finish()),
            Self::Integer(cells) => Arc::new(cells.finish()),
            Self::Flag(cells) => Arc::new(cells.finish()),
        }
    }
}

/// A number's parse result as a cell and perhaps a fault.
fn numeric<T>(parsed: Parsed<T>) -> (Option<T>, Option<FaultKind>) {
    match parsed {
        Parsed::Nothing => (None, None),
        Parsed::Exact(value) => (Some(value), None),
        Parsed::Cut(value) => (Some(value), Some(FaultKind::FractionOfSen)),
        Parsed::Wrong => (None, Some(FaultKind::ImpossibleNumber)),
    }
}

/// A moment's parse result in the same form.
fn temporal<T>(moment: Moment<T>) -> (Option<T>, Option<FaultKind>) {
    match moment {
        Moment::Nothing => (None, None),
        Moment::At(value) => (Some(value), None),
        Moment::Impossible => (None, Some(FaultKind::ImpossibleDate)),
    }
}

impl Column {
    #[inline]
    fn push(&mut self, cell: Cell<'_>, zone: &TimeZone, text_bytes: &mut usize) -> Option<FaultKind> {
        let cell = match cell {
            Cell::Text(text) if self.nulls.iter().any(|null| **null == *text) => Cell::Null,
            cell => cell,
        };
        match &mut self.cells {
            Cells::Key(cells) => {
                let (value, fault) = numeric(number::key(cell));
                cells.append_option(value);
                fault
            }
            Cells::Amount(cells) => {
                let (value, fault) = match cell {
                    Cell::Text(text) if !self.typed => match number::written_sen(text, self.format) {
                        Some(parsed) => numeric(parsed),
                        None => (None, Some(FaultKind::AmbiguousNumber)),
                    },
                    cell => numeric(number::sen(cell)),
                };
                cells.append_option(value);
                fault
            }
            Cells::Integer(cells) => {
                let (value, fault) = numeric(number::whole(cell).and_then(|value| i32::try_from(value).ok()));
                cells.append_option(value);
                fault
            }
            Cells::Flag(cells) => {
                let (value, fault) = numeric(number::flag(cell));
                cells.append_option(value);
                fault
            }
            Cells::Date(cells) => {
                let (value, fault) = temporal(time::day(cell, self.clock, zone));
                cells.append_option(value);
                fault
            }
            Cells::Instant(cells) => {
                let (value, fault) = temporal(time::instant(cell, self.clock, zone));
                cells.append_option(value);
                fault
            }
            Cells::Text(cells) => {
                let bytes: Cow<'_, [u8]> = match cell {
                    Cell::Null => {
                        cells.append_null();
                        return None;
                    }
                    Cell::Text(bytes) => Cow::Borrowed(bytes),
                    other => Cow::Owned(display(other).into_bytes()),
                };
                *text_bytes += bytes.len();
                match text::examine(&bytes, self.written) {
                    Verdict::Sound(text) => {
                        cells.append_value(text);
                        None
                    }
                    Verdict::Repaired(text) => {
                        cells.append_value(text);
                        Some(FaultKind::RepairedText)
                    }
                    Verdict::Damaged(text) => {
                        cells.append_value(text);
                        Some(FaultKind::DamagedText)
                    }
                }
            }
        }
    }
}

/// A cell as the text that the quarantine keeps.
fn display(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Cell::Int(value) => value.to_string(),
        Cell::UInt(value) => value.to_string(),
        Cell::Double(value) => value.to_string(),
        Cell::Single(value) => value.to_string(),
        Cell::Decimal(value, scale) => number::decimal_text(value, scale),
        Cell::Bool(value) => value.to_string(),
        Cell::Fields(fields) => fields.to_string(),
        Cell::Days(days) => time::days_text(days),
        Cell::Instant(micros) | Cell::Naive(micros) => time::micros_text(micros),
        Cell::Other => "(no plain value)".into(),
    }
}
