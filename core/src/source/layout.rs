//! Arrow batches of any shape become batches of the canonical raw schema.
//!
//! Data frames and files share this: columns are found by their mapped or canonical name, and read leniently.

use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::cell::{BatchBuilder, Cell};
use crate::source::{Mapping, TableInfo, columns};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::Int64Type;
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Float32Type, Float64Type, Schema,
    TimeUnit, TimestampMicrosecondType, UInt64Type,
};

/// Where the columns of a table stand in a schema.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    table: Table,
    /// In the order of the canonical columns.
    places: Vec<Option<usize>>,
}

impl Layout {
    /// Finds the columns: by the mapped name, else by the canonical name, in any case of letters. A column that the mapping
    /// leaves out is not looked for.
    ///
    /// # Errors
    /// `missing_column` for one that a source must have.
    pub(crate) fn find(table: Table, mapping: &Mapping, schema: &Schema, source_name: &str) -> Result<Self> {
        let mut places = Vec::new();
        for (&(canonical, _, required), name) in columns(table).iter().zip(mapping.table(table).columns()) {
            let called = |name: &str| {
                let is = |field: &str| field.trim().eq_ignore_ascii_case(name);
                let fields = schema.fields().iter().enumerate().filter(move |(_, field)| is(field.name()));
                fields.map(|(place, _)| place).collect::<Vec<_>>()
            };
            let places_of = |name: &str| {
                let found = called(name);
                if found.is_empty() { called(canonical) } else { found }
            };
            let found = name.map(places_of).unwrap_or_default();
            if found.len() > 1 {
                return Err(Error::new(ErrorKind::SourceData, "a table has two columns of one name")
                    .context("table", source_name)
                    .context("column", schema.field(found[1]).name().trim())
                    .hint("which of them is meant nobody can know: take one away, or give it another name"));
            }
            let place = found.first().copied();
            if place.is_none() && (required || mapping.table(table).names_column(canonical)) {
                let there: Vec<&str> = schema.fields().iter().map(|field| field.name().trim()).collect();
                return Err(Error::new(
                    ErrorKind::MissingColumn,
                    format!("there is no column for {table}.{canonical}"),
                )
                .context("table", source_name)
                .context("column", name.unwrap_or_default())
                .hint(format!(
                    "name the column {canonical}, or map it as {table}.columns.{canonical}; there are {}",
                    there.join(", ")
                )));
            }
            places.push(place);
        }
        Ok(Self { table, places })
    }

    /// What is to be said of the table.
    pub(crate) fn info(&self, source_name: &str, rows: Option<u64>) -> TableInfo {
        let missing = columns(self.table).iter().zip(&self.places).filter(|(_, place)| place.is_none());
        TableInfo {
            table: self.table,
            source_name: source_name.into(),
            missing: missing.map(|(column, _)| column.0).collect(),
            unique_key: false,
            // rows cannot be selected, so there is nothing to select them by
            has_updated_at: false,
            estimated_rows: rows,
        }
    }

    /// The places of the columns that are read, ascending.
    #[cfg(feature = "files")]
    pub(crate) fn used(&self) -> Vec<usize> {
        let mut used: Vec<usize> = self.places.iter().copied().flatten().collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    /// The same columns where only those of [`Layout::used`] are left.
    #[cfg(feature = "files")]
    pub(crate) fn projected(&self) -> Self {
        let used = self.used();
        let places = self.places.iter().map(|place| place.and_then(|place| used.binary_search(&place).ok())).collect();
        Self { table: self.table, places }
    }

    /// Fills an empty builder with the rows of a batch, column by column.
    pub(crate) fn fill(&self, batch: &RecordBatch, builder: &mut BatchBuilder) -> Result<()> {
        for (column, place) in self.places.iter().enumerate() {
            match place {
                Some(place) => fill_column(batch.column(*place), column, builder).map_err(|cause| {
                    Error::new(ErrorKind::SourceData, "a column's type cannot be read")
                        .context("table", self.table)
                        .context("column", columns(self.table)[column].0)
                        .caused_by(cause)
                })?,
                None => builder.push_nulls(column, batch.num_rows()),
            }
        }
        Ok(())
    }
}

/// Pushes every cell of an array, which is first brought to one of a few types if it is of another.
fn fill_column(array: &ArrayRef, column: usize, builder: &mut BatchBuilder) -> arrow::error::Result<()> {
    macro_rules! push {
        ($array:expr, $cell:expr) => {{
            let array = $array;
            let cell = $cell;
            for row in 0..array.len() {
                builder.push(column, row, if array.is_null(row) { Cell::Null } else { cell(array.value(row)) });
            }
            Ok(())
        }};
    }
    let through = |wanted: DataType, builder: &mut BatchBuilder| fill_column(&cast(array, &wanted)?, column, builder);
    match array.data_type() {
        DataType::Null => {
            builder.push_nulls(column, array.len());
            Ok(())
        }
        DataType::Boolean => push!(array.as_boolean(), Cell::Bool),
        DataType::Int64 => push!(array.as_primitive::<Int64Type>(), Cell::Int),
        DataType::Int8 | DataType::Int16 | DataType::Int32 => through(DataType::Int64, builder),
        DataType::UInt64 => push!(array.as_primitive::<UInt64Type>(), Cell::UInt),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => through(DataType::UInt64, builder),
        DataType::Float64 => push!(array.as_primitive::<Float64Type>(), Cell::Double),
        DataType::Float32 => push!(array.as_primitive::<Float32Type>(), Cell::Single),
        DataType::Float16 => through(DataType::Float32, builder),
        DataType::Decimal32(_, scale) => {
            push!(array.as_primitive::<Decimal32Type>(), |value| Cell::Decimal(i128::from(value), *scale))
        }
        DataType::Decimal64(_, scale) => {
            push!(array.as_primitive::<Decimal64Type>(), |value| Cell::Decimal(i128::from(value), *scale))
        }
        DataType::Decimal128(_, scale) => {
            push!(array.as_primitive::<Decimal128Type>(), |value| Cell::Decimal(value, *scale))
        }
        // as text it keeps every digit, and what does not fit is a fault of the cell, not of the column
        DataType::Decimal256(_, _) => {
            builder.set_typed(column);
            through(DataType::Utf8, builder)
        }
        DataType::Utf8 => push!(array.as_string::<i32>(), |text| Cell::Text(str::as_bytes(text))),
        DataType::LargeUtf8 => push!(array.as_string::<i64>(), |text| Cell::Text(str::as_bytes(text))),
        DataType::Utf8View => push!(array.as_string_view(), |text| Cell::Text(str::as_bytes(text))),
        DataType::Binary => push!(array.as_binary::<i32>(), Cell::Text),
        DataType::LargeBinary => push!(array.as_binary::<i64>(), Cell::Text),
        DataType::BinaryView => push!(array.as_binary_view(), Cell::Text),
        DataType::FixedSizeBinary(_) => push!(array.as_fixed_size_binary(), Cell::Text),
        DataType::Dictionary(_, values) => through((**values).clone(), builder),
        DataType::RunEndEncoded(_, values) => through(values.data_type().clone(), builder),
        DataType::Date32 => push!(array.as_primitive::<Date32Type>(), |days| Cell::Days(i64::from(days))),
        DataType::Date64 => {
            push!(array.as_primitive::<Date64Type>(), |millis| Cell::Naive(i64::saturating_mul(millis, 1000)))
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            push!(array.as_primitive::<TimestampMicrosecondType>(), Cell::Naive)
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            push!(array.as_primitive::<TimestampMicrosecondType>(), Cell::Instant)
        }
        DataType::Timestamp(_, zone) => through(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()), builder),
        _ => {
            for row in 0..array.len() {
                builder.push(column, row, if array.is_null(row) { Cell::Null } else { Cell::Other });
            }
            Ok(())
        }
    }
}
