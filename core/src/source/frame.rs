//! Tables from the host program: Arrow batches of pandas, polars, DuckDB or any other library.

use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::cell::BatchBuilder;
use crate::source::layout::Layout;
use crate::source::{Mapping, RawBatch, Selection, Snapshot, Source, TableInfo, Totals};
use arrow::array::RecordBatch;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Rows converted at a time, whatever the size of the host's batches.
const BATCH_ROWS: usize = 32_768;

/// Tables that the host program holds in memory.
///
/// Columns are found by their mapped or their canonical name. Integers of any width, decimals, text, dictionaries, dates
/// and timestamps of any unit are read; a float is the shortest decimal that reads back as it, so 0.1 is ten sen. A
/// timestamp with a zone is an instant; one without is what the organisation's clock showed.
///
/// ```
/// use arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray};
/// use dermawan::source::{Mapping, Selection, Source, frame::FrameSource};
/// use dermawan::Table;
/// use std::sync::Arc;
/// let gifts = RecordBatch::try_from_iter([
///     ("id", Arc::new(Int64Array::from(vec![1, 2])) as _),
///     ("donor_id", Arc::new(Int64Array::from(vec![Some(7), None])) as _),
///     ("jumlah", Arc::new(Float64Array::from(vec![500_000.0, 0.1])) as _),
///     ("date", Arc::new(StringArray::from(vec!["2026-01-15", "2026-01-16"])) as _),
/// ])?;
/// let mapping = Mapping::from_toml("donors = false")?; // gifts only
/// let mut source = FrameSource::new(mapping, "Asia/Jakarta")?;
/// source.insert(Table::Donations, vec![gifts])?;
/// let totals = source.snapshot()?.totals(Table::Donations)?;
/// assert_eq!((totals.rows, totals.amount), (2, 50_000_010));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameSource {
    mapping: Mapping,
    zone: TimeZone,
    tables: BTreeMap<Table, (Layout, Vec<RecordBatch>)>,
}

impl FrameSource {
    /// A source without tables. `time_zone` is the organisation's, an IANA name.
    ///
    /// # Errors
    /// `configuration` when the mapping or the time zone is not valid.
    pub fn new(mapping: Mapping, time_zone: &str) -> Result<Self> {
        mapping.validate()?;
        Ok(Self { mapping, zone: super::zone(time_zone)?, tables: BTreeMap::new() })
    }

    /// Adds a table, in place of one given before. The batches share one schema.
    ///
    /// # Errors
    /// `invalid_input` for batches of different schemas or none at all, `missing_column` when one that a source must
    /// have is not there.
    pub fn insert(&mut self, table: Table, batches: Vec<RecordBatch>) -> Result<()> {
        let wrong = |why: &str| Error::new(ErrorKind::InvalidInput, why).context("table", table);
        let Some(first) = batches.first() else {
            return Err(wrong("a table needs at least one batch, which may be empty"));
        };
        let schema = first.schema();
        if batches.iter().any(|batch| batch.schema().fields() != schema.fields()) {
            return Err(wrong("the batches of a table have different columns"));
        }
        let layout = Layout::find(table, &self.mapping, &schema, table.name())?;
        self.tables.insert(table, (layout, batches));
        Ok(())
    }
}

impl Source for FrameSource {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        if let Some(table) = Table::ALL
            .into_iter()
            .find(|&table| self.mapping.table(table).required() && !self.tables.contains_key(&table))
        {
            return Err(Error::new(ErrorKind::MissingTable, "a table that the mapping requires was not given")
                .context("table", table)
                .hint(format!("insert it, or set {table}.required = false in the mapping")));
        }
        let info = |(table, (layout, batches)): (&Table, &(Layout, Vec<RecordBatch>))| {
            layout.info(table.name(), Some(batches.iter().map(|batch| batch.num_rows() as u64).sum()))
        };
        let infos = self.tables.iter().map(info).collect();
        Ok(Box::new(FrameSnapshot { source: self, infos }))
    }

    fn label(&self) -> String {
        "data frames".into()
    }
}

struct FrameSnapshot<'a> {
    source: &'a FrameSource,
    infos: Vec<TableInfo>,
}

impl Snapshot for FrameSnapshot<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.infos
    }

    fn taken_at(&self) -> Option<i64> {
        None
    }

    fn rules(&self) -> String {
        crate::source::reading_rules(&self.source.mapping, &self.source.zone)
    }

    fn totals(&mut self, table: Table) -> Result<Totals> {
        let mut totals = Totals::default();
        self.read(table, &Selection::All, &mut |batch| {
            totals.add(&Totals::of(table, &batch.rows));
            Ok(())
        })?;
        Ok(totals)
    }

    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>> {
        super::check_width(width)?;
        let mut ranges = BTreeMap::new();
        self.read(table, &Selection::All, &mut |batch| {
            Totals::of_ranges(table, &batch.rows, width, &mut ranges);
            Ok(())
        })?;
        Ok(ranges.into_iter().collect())
    }

    fn read(&mut self, table: Table, _: &Selection, sink: &mut dyn FnMut(RawBatch) -> Result<()>) -> Result<()> {
        let Some((layout, batches)) = self.source.tables.get(&table) else {
            return Err(super::no_such_table(table));
        };
        let mut builder = BatchBuilder::new(table, self.source.zone.clone(), BATCH_ROWS);
        builder.set_format(self.source.mapping.table(table).number_format());
        for batch in batches {
            for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
                let part = batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start));
                layout.fill(&part, &mut builder)?;
                sink(builder.finish()?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Fault;
    use crate::source::FaultKind::{self, DamagedText, FractionOfSen, ImpossibleDate, ImpossibleNumber};
    use arrow::array::{
        Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Decimal256Array, DictionaryArray, Float64Array,
        Int32Array, LargeStringArray, StringArray, StringViewArray, TimestampMillisecondArray,
        TimestampNanosecondArray, UInt64Array,
    };
    use arrow::datatypes::{Date32Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt64Type, i256};
    use std::sync::Arc;

    fn read(columns: Vec<(&str, ArrayRef)>) -> RawBatch {
        let rows = columns[0].1.len();
        let mut all: Vec<(&str, ArrayRef)> = columns;
        for (name, array) in [
            ("id_donasi", Arc::new(UInt64Array::from_iter_values(0..rows as u64)) as ArrayRef),
            ("id_donatur", Arc::new(UInt64Array::new_null(rows))),
            ("amount", Arc::new(Int32Array::from(vec![1; rows]))),
            ("tanggal_catat", Arc::new(Date32Array::from(vec![0; rows]))),
        ] {
            if !all.iter().any(|column| column.0 == name) {
                all.push((name, array));
            }
        }
        let mapping = Mapping::from_toml("[donations.columns]\npayment_method = false").unwrap();
        let mut source = FrameSource::new(mapping, "Asia/Jakarta").unwrap();
        source.insert(Table::Donations, vec![RecordBatch::try_from_iter(all).unwrap()]).unwrap();
        source.insert(Table::Donors, vec![donors()]).unwrap();
        let mut batches = Vec::new();
        let mut snapshot = source.snapshot().unwrap();
        snapshot
            .read(Table::Donations, &Selection::All, &mut |batch| {
                batches.push(batch);
                Ok(())
            })
            .unwrap();
        batches.remove(0)
    }

    fn donors() -> RecordBatch {
        RecordBatch::try_from_iter([
            ("ID", Arc::new(StringArray::from(vec!["7"])) as ArrayRef),
            ("nama", Arc::new(StringArray::from(vec!["JosÃ©"]))),
        ])
        .unwrap()
    }

    fn faults(batch: &RawBatch) -> Vec<(usize, &str, FaultKind)> {
        batch.faults.iter().map(|fault: &Fault| (fault.row, fault.column, fault.kind)).collect()
    }

    #[test]
    fn amounts_of_every_type_are_the_same_sen() {
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(vec![Some(15_000), None])),
            Arc::new(Float64Array::from(vec![15_000.0, f64::NAN])),
            Arc::new(Decimal128Array::from(vec![Some(15_000_000), None]).with_precision_and_scale(12, 3).unwrap()),
            Arc::new(
                Decimal256Array::from(vec![Some(i256::from(1_500_000)), None]).with_precision_and_scale(50, 2).unwrap(),
            ),
            Arc::new(StringArray::from(vec![Some("15000.00"), Some("")])),
            Arc::new(LargeStringArray::from(vec![Some("15000"), None])),
            Arc::new(StringViewArray::from(vec![Some("1.5e4"), None])),
            Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("15000.0"), None])),
        ];
        for array in arrays {
            let kind = array.data_type().clone();
            let batch = read(vec![("amount", array)]);
            let amounts = batch.rows.column_by_name("amount").unwrap().as_primitive::<Int64Type>();
            assert_eq!((amounts.value(0), amounts.is_null(1)), (1_500_000, true), "{kind}");
            assert_eq!(faults(&batch), [], "{kind}");
        }
    }

    #[test]
    fn a_time_with_a_zone_is_an_instant_and_one_without_is_the_wall_clock() {
        let utc = 1_709_226_000_000; // 2024-02-29 17:00 UTC, midnight of 1 March in Jakarta
        let zoned = TimestampMillisecondArray::from(vec![utc]).with_timezone("+00:00");
        let naive = TimestampNanosecondArray::from(vec![utc * 1_000_000]);
        let batch = read(vec![
            ("tanggal_catat", Arc::new(zoned.clone())),
            ("created_at", Arc::new(zoned)),
            ("updated_at", Arc::new(naive.clone())),
        ]);
        let dates = batch.rows.column_by_name("date").unwrap().as_primitive::<Date32Type>();
        assert_eq!(dates.value(0), 19_783); // 2024-03-01
        let at =
            |name: &str| batch.rows.column_by_name(name).unwrap().as_primitive::<TimestampMicrosecondType>().value(0);
        assert_eq!(at("created_at"), utc * 1000);
        assert_eq!(at("updated_at"), (utc - 7 * 3_600_000) * 1000);
        let wall = read(vec![("tanggal_catat", Arc::new(naive))]);
        assert_eq!(wall.rows.column_by_name("date").unwrap().as_primitive::<Date32Type>().value(0), 19_782);
    }

    #[test]
    fn faulty_cells_are_null_and_reported_in_order() {
        let batch = read(vec![
            ("amount", Arc::new(Float64Array::from(vec![1.005, 1e30, 5.0]))),
            ("tanggal_catat", Arc::new(StringArray::from(vec!["2024-02-30", "2024-02-29", "0000-00-00"]))),
            ("id_donatur", Arc::new(Float64Array::from(vec![7.0, 7.5, -1.0]))),
            ("payment_method", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
            ("order_id", Arc::new(StringArray::from(vec!["ÃÃ©", "????", "x"]))),
        ]);
        assert_eq!(
            faults(&batch),
            [
                (0, "order_id", DamagedText),
                (0, "amount", FractionOfSen),
                (0, "date", ImpossibleDate),
                (1, "order_id", DamagedText),
                (1, "donor_id", ImpossibleNumber),
                (1, "amount", ImpossibleNumber),
                (2, "donor_id", ImpossibleNumber),
                (2, "date", ImpossibleDate),
            ]
        );
        assert_eq!(batch.faults[1].value, "1.005");
        // left out on purpose, although the frame has it
        assert_eq!(batch.rows.column_by_name("payment_method").unwrap().null_count(), 3);
        assert_eq!(batch.rows.column_by_name("donor_id").unwrap().as_primitive::<UInt64Type>().value(0), 7);
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut source = FrameSource::new(Mapping::default(), "Asia/Jakarta").unwrap();
        source.insert(Table::Donors, vec![donors()]).unwrap();
        assert_eq!(source.snapshot().err().unwrap().kind(), ErrorKind::MissingTable);
        let error = source.insert(Table::Donations, vec![donors()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingColumn);
        assert!(error.to_string().contains("donations.columns.donor_id"), "{error}");
        assert_eq!(source.insert(Table::Donations, Vec::new()).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(FrameSource::new(Mapping::default(), "Mars").unwrap_err().kind(), ErrorKind::Configuration);
    }
}
