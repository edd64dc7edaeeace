//! The sample as a source of rows, without a database.

use super::cell::{Cell, Row, sql_table};
use super::plan::Sample;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::{
    ColumnType, Fault, FaultKind, Marked, RawBatch, Selection, Snapshot, Source, TableInfo, Totals, columns,
    marked_columns, raw_schema, summed_columns,
};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt64Array,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows a batch.
const BATCH: usize = 16_384;

/// A [`Source`] of a sample's rows: the same as a database filled by [`Sample::statements`] hands over.
#[derive(Clone, Debug)]
pub struct SampleSource {
    sample: Sample,
}

impl SampleSource {
    /// A source of this sample.
    pub const fn new(sample: Sample) -> Self {
        Self { sample }
    }

    /// The sample.
    pub const fn sample(&self) -> &Sample {
        &self.sample
    }
}

impl Source for SampleSource {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        let options = &self.sample.options;
        let info = |table: Table| TableInfo {
            table,
            source_name: sql_table(table).name.to_owned(),
            missing: Vec::new(),
            unique_key: true,
            has_updated_at: table != Table::Categories,
            estimated_rows: match table {
                Table::Donors => Some(options.donors),
                Table::Contacts => Some(options.contacts),
                Table::Donations => Some(self.sample.last_donation()),
                _ => None,
            },
        };
        Ok(Box::new(SampleSnapshot { sample: &self.sample, tables: Table::ALL.map(info).to_vec() }))
    }

    fn label(&self) -> String {
        format!("sample (seed {})", self.sample.options.seed)
    }
}

struct SampleSnapshot<'a> {
    sample: &'a Sample,
    tables: Vec<TableInfo>,
}

impl SampleSnapshot<'_> {
    /// The rows in canonical columns.
    fn rows(&self, table: Table) -> impl Iterator<Item = Row> + '_ {
        let private = sql_table(table).private;
        self.sample.rows(table).map(move |mut row| {
            if let Some(column) = private {
                row.remove(column);
            }
            row
        })
    }
}

impl Snapshot for SampleSnapshot<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    fn taken_at(&self) -> Option<i64> {
        Some(self.sample.window.taken_at() * 1_000_000)
    }

    fn totals(&mut self, table: Table) -> Result<Totals> {
        let sums = Sums::of(table);
        let mut totals = Totals::default();
        self.rows(table).for_each(|row| sums.add(&mut totals, &row));
        Ok(totals)
    }

    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>> {
        if width == 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "a range of keys must be at least 1 wide"));
        }
        let sums = Sums::of(table);
        let mut ranges: BTreeMap<u64, Totals> = BTreeMap::new();
        for row in self.rows(table) {
            sums.add(ranges.entry(key(&row).unwrap_or(0) / width).or_default(), &row);
        }
        Ok(ranges.into_iter().collect())
    }

    fn read(
        &mut self,
        table: Table,
        selection: &Selection,
        sink: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<()> {
        let updated = columns(table).iter().position(|&(name, ..)| name == "updated_at");
        let mut rows = self.rows(table).filter(|row| match selection {
            Selection::All => true,
            Selection::ChangedSince(since) => match updated.map(|column| &row[column]) {
                Some(Cell::Instant(seconds)) => seconds * 1_000_000 >= *since,
                _ => true,
            },
            Selection::Keys(ranges) => {
                key(row).is_some_and(|key| ranges.iter().any(|&(low, high)| (low..=high).contains(&key)))
            }
        });
        loop {
            let batch: Vec<Row> = rows.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            sink(raw_batch(table, &batch)?)?;
        }
    }
}

fn key(row: &Row) -> Option<u64> {
    match row.first() {
        Some(Cell::Key(key)) => Some(*key),
        _ => None,
    }
}

/// The canonical columns that a table's totals sum, by position.
struct Sums {
    amount: Option<usize>,
    reference: Option<usize>,
    mark: Option<usize>,
    date: Option<usize>,
    category: Option<usize>,
    table: Table,
}

impl Sums {
    fn of(table: Table) -> Self {
        let at = |wanted: Option<&str>| wanted.and_then(|name| columns(table).iter().position(|&(n, ..)| n == name));
        let (amount, reference, mark) = summed_columns(table);
        let (date, category) = marked_columns(table);
        Self {
            amount: at(amount),
            reference: at(reference),
            mark: at(mark),
            date: at(date),
            category: at(category),
            table,
        }
    }

    fn add(&self, totals: &mut Totals, row: &Row) {
        totals.rows += 1;
        totals.keys += i128::from(key(row).unwrap_or(0));
        if let Some(Cell::Amount(amount)) = self.amount.map(|column| &row[column]) {
            totals.amount += i128::from(amount.sen());
        }
        if let Some(Cell::Key(reference)) = self.reference.map(|column| &row[column]) {
            totals.references += i128::from(*reference);
        }
        let cell = |place: Option<usize>| place.map(|column| &row[column]);
        totals.marks += Marked {
            key: key(row),
            status: match cell(self.mark) {
                Some(Cell::Text(status)) => Some(status),
                _ => None,
            },
            flag: matches!(cell(self.mark), Some(Cell::Flag(flag)) if *flag != 0),
            day: match cell(self.date) {
                Some(Cell::Day(day)) => Some(*day),
                _ => None,
            },
            category: match cell(self.category) {
                Some(Cell::Key(category)) => Some(*category),
                _ => None,
            },
        }
        .sum(self.table);
    }
}

fn raw_batch(table: Table, rows: &[Row]) -> Result<RawBatch> {
    let mut faults = Vec::new();
    for (row, cells) in rows.iter().enumerate() {
        for (cell, &(column, ..)) in cells.iter().zip(columns(table)) {
            let (kind, value) = match cell {
                Cell::ImpossibleDate(text) => (FaultKind::ImpossibleDate, *text),
                Cell::Mojibake { stored, .. } => (FaultKind::RepairedText, *stored),
                Cell::Damaged(text) => (FaultKind::DamagedText, *text),
                _ => continue,
            };
            faults.push(Fault { row, column, kind, value: value.to_owned() });
        }
    }
    let arrays = columns(table).iter().enumerate().map(|(i, &(_, content, _))| array(rows, i, content)).collect();
    let rows = RecordBatch::try_new(raw_schema(table), arrays)
        .map_err(|cause| Error::new(ErrorKind::Internal, "sample rows do not fit their schema").caused_by(cause))?;
    Ok(RawBatch { table, rows, faults })
}

/// One column of all rows; a cell that does not belong there is NULL.
fn array(rows: &[Row], column: usize, content: ColumnType) -> ArrayRef {
    let cells = rows.iter().map(|row| &row[column]);
    match content {
        ColumnType::Key => {
            Arc::new(cells.map(|c| if let Cell::Key(n) = c { Some(*n) } else { None }).collect::<UInt64Array>())
        }
        ColumnType::Amount => {
            Arc::new(cells.map(|c| if let Cell::Amount(n) = c { Some(n.sen()) } else { None }).collect::<Int64Array>())
        }
        ColumnType::Date => {
            Arc::new(cells.map(|c| if let Cell::Day(n) = c { Some(*n) } else { None }).collect::<Date32Array>())
        }
        ColumnType::Instant => Arc::new(
            cells
                .map(|c| if let Cell::Instant(n) = c { Some(n * 1_000_000) } else { None })
                .collect::<TimestampMicrosecondArray>(),
        ),
        ColumnType::Integer => {
            Arc::new(cells.map(|c| if let Cell::Integer(n) = c { Some(*n) } else { None }).collect::<Int32Array>())
        }
        ColumnType::Flag => {
            Arc::new(cells.map(|c| if let Cell::Flag(n) = c { Some(*n != 0) } else { None }).collect::<BooleanArray>())
        }
        ColumnType::Text => Arc::new(
            cells
                .map(|c| match c {
                    Cell::Text(text) => Some(text.as_ref()),
                    Cell::Mojibake { meant, .. } => Some(*meant),
                    Cell::Damaged(text) => Some(*text),
                    _ => None,
                })
                .collect::<StringArray>(),
        ),
    }
}
