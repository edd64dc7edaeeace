//! Rows come in: MySQL and MariaDB, files, and data frames of the host program, all through one door.
//!
//! A [`Source`] opens a [`Snapshot`]: one consistent view of all its tables. The snapshot yields Arrow record batches
//! in the canonical raw schema of each table ([`raw_schema`]), whatever the source's own names and types are, together
//! with the cells that could not be represented ([`Fault`]). Nothing is judged here; that is `etl`'s question.

use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use arrow::array::{
    Array, ArrayAccessor, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

mod cell;
#[cfg(feature = "files")]
pub mod files;
pub mod frame;
mod layout;
mod mapping;
pub(crate) mod mark;
#[cfg(feature = "mysql")]
pub mod mysql;
mod number;
mod text;
mod time;

pub use mapping::{Mapping, NumberFormat, TableMapping};
pub use mark::{Marked, mark, marked_columns};

/// A place where a charity's rows come from.
pub trait Source {
    /// Opens one consistent view of all tables. Nothing that is written to the source later is seen through it.
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>>;

    /// What a log may call this source: its kind and database or folder, never a user or a password.
    fn label(&self) -> String;
}

/// One consistent view of a source's tables.
pub trait Snapshot {
    /// What is there: one entry for each table that the source has.
    fn tables(&self) -> &[TableInfo];

    /// The source's clock when the snapshot was taken: microseconds since 1970-01-01 UTC. `None` for a source without
    /// a clock of its own.
    fn taken_at(&self) -> Option<i64>;

    /// A number that every change of a table makes another, where the source knows one without looking at the rows: what
    /// equals the number of an earlier snapshot has not changed since. `None` where it does not know.
    fn version(&self, _table: Table) -> Option<u64> {
        None
    }

    /// What of the source's configuration decides how its rows are read (the mapping, the time zone), as text: a load
    /// after which it is another one reads everything anew. Empty for a source without any.
    fn rules(&self) -> String {
        String::new()
    }

    /// What an administrator should know of how the tables are read; a load has it among its warnings.
    fn remarks(&self) -> &[String] {
        &[]
    }

    /// Says that totals of these tables will be asked for, which sums of them, and whether perhaps those of ranges of
    /// `width` keys too: a source that can compute while it sends rows may begin.
    fn expect(&mut self, _tables: &[Table], _sums: Sums, _width: Option<u64>) {}

    /// Counts and sums over the whole table as the source itself computes them, to reconcile a load with.
    fn totals(&mut self, table: Table) -> Result<Totals>;

    /// The same where [`Sums::Essential`] are enough; the others may be zero.
    fn essential_totals(&mut self, table: Table) -> Result<Totals> {
        self.totals(table)
    }

    /// The same for each range of `width` key values: pairs of `key / width` and the range's totals, ascending,
    /// ranges without rows left out.
    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>>;

    /// Streams the selected rows in batches of bounded size. A source that cannot select may hand over more rows than
    /// asked for, never fewer. An error of `sink` ends the reading and is returned.
    fn read(&mut self, table: Table, selection: &Selection, sink: &mut dyn FnMut(RawBatch) -> Result<()>)
    -> Result<()>;
}

/// What a source has of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    /// Which table.
    pub table: Table,
    /// Its name in the source.
    pub source_name: String,
    /// Canonical columns that the source lacks; they are read as NULL.
    pub missing: Vec<&'static str>,
    /// The source guarantees that keys are unique and not NULL.
    pub unique_key: bool,
    /// There is a modification time to select changed rows by.
    pub has_updated_at: bool,
    /// The rows expected, if that is known cheaply; for progress bars only.
    pub estimated_rows: Option<u64>,
}

/// FNV-1a (Fowler, Noll & Vo) over texts: another number for another text, for all that chance can do.
pub(crate) fn fingerprint(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Which rows to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All.
    All,
    /// Those modified at or after an instant (microseconds since 1970 UTC), and those without a modification time.
    ChangedSince(i64),
    /// Those whose key lies in one of the ranges, both ends included.
    Keys(Vec<(u64, u64)>),
}

/// Rows of one table in its canonical raw schema, and the cells that could not be represented in it.
#[derive(Clone, Debug)]
pub struct RawBatch {
    /// The table.
    pub table: Table,
    /// The rows; columns exactly as in [`raw_schema`]. A faulty cell is NULL here.
    pub rows: RecordBatch,
    /// The cells that are not what their column wants, in ascending order of row.
    pub faults: Vec<Fault>,
}

/// A cell that could not be represented, or that was repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Row in the batch.
    pub row: usize,
    /// Canonical column.
    pub column: &'static str,
    /// What is wrong with it.
    pub kind: FaultKind,
    /// The cell as text; it is kept in the quarantine and never logged.
    pub value: String,
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// `0000-00-00`, or a date that no calendar has, such as `2024-02-00`.
    ImpossibleDate,
    /// Not a number where one is wanted, or one outside the column's range.
    ImpossibleNumber,
    /// An amount with more than two decimals; the cell holds it cut to whole sen.
    FractionOfSen,
    /// UTF-8 that had been read as latin1 and encoded again; the cell holds the repaired text.
    RepairedText,
    /// An amount as text with three digits behind its only dot, such as `250.000`: whether that is a quarter of a million or
    /// two hundred and fifty nobody can know. The mapping's `number_format` of the table says which.
    AmbiguousNumber,
    /// Text that lost characters before it reached us (`????`, replacement characters); the cell holds it as it is.
    DamagedText,
}

/// Which sums of [`Totals`] are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// Rows, keys and amounts: what a load must agree in.
    Essential,
    /// References and marks too, in which changes show that moved no modification time.
    All,
}

/// Counts and sums over rows of a table. What a table does not have is zero; NULL cells add nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows.
    pub rows: u64,
    /// Sum of the keys.
    pub keys: i128,
    /// Sum of the amounts in sen, each cut to whole sen.
    pub amount: i128,
    /// Sum of the references that a source may set to NULL by itself: the donor of a donation or contact, the donation
    /// of a cash entry.
    pub references: i128,
    /// Sum of what [`Marked`] gives for a row: in it shows a change of a donation's status or date, of a cash entry's date
    /// or category, of a contact's verification.
    pub marks: i128,
}

impl Totals {
    /// The totals of rows in the canonical raw schema of a table.
    ///
    /// ```
    /// use dermawan::{Table, source::{Totals, raw_schema}};
    /// use arrow::array::RecordBatch;
    /// let none = RecordBatch::new_empty(raw_schema(Table::Donations));
    /// assert_eq!(Totals::of(Table::Donations, &none), Totals::default());
    /// ```
    pub fn of(table: Table, rows: &RecordBatch) -> Self {
        let (mut totals, summed) = (Self::default(), Summed::of(table, rows));
        (0..rows.num_rows()).for_each(|row| summed.add(&mut totals, row));
        totals
    }

    /// Adds each row's totals to those of its range of `width` key values; rows without a key are in no range.
    pub fn of_ranges(table: Table, rows: &RecordBatch, width: u64, ranges: &mut BTreeMap<u64, Self>) {
        let summed = Summed::of(table, rows);
        for row in 0..rows.num_rows() {
            if let Some(key) = summed.key(row) {
                summed.add(ranges.entry(key / width.max(1)).or_default(), row);
            }
        }
    }

    /// Adds another table part's totals.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.keys += other.keys;
        self.amount += other.amount;
        self.references += other.references;
        self.marks += other.marks;
    }
}

/// The columns of raw rows that [`Totals`] sums; one that is not of its canonical type adds nothing.
struct Summed<'a> {
    table: Table,
    key: Option<&'a UInt64Array>,
    amount: Option<&'a Int64Array>,
    reference: Option<&'a UInt64Array>,
    status: Option<&'a StringArray>,
    flag: Option<&'a BooleanArray>,
    date: Option<&'a Date32Array>,
    category: Option<&'a UInt64Array>,
}

impl<'a> Summed<'a> {
    fn of(table: Table, rows: &'a RecordBatch) -> Self {
        fn column<'a, A: Array + 'static>(rows: &'a RecordBatch, name: Option<&str>) -> Option<&'a A> {
            rows.column_by_name(name?)?.as_any().downcast_ref()
        }
        let (amount, reference, mark) = summed_columns(table);
        let (date, category) = marked_columns(table);
        Self {
            table,
            key: column(rows, Some(columns(table)[0].0)),
            amount: column(rows, amount),
            reference: column(rows, reference),
            status: column(rows, mark),
            flag: column(rows, mark),
            date: column(rows, date),
            category: column(rows, category),
        }
    }

    fn key(&self, row: usize) -> Option<u64> {
        cell(self.key, row)
    }

    fn add(&self, totals: &mut Totals, row: usize) {
        totals.rows += 1;
        totals.keys += self.key(row).map_or(0, i128::from);
        totals.amount += cell(self.amount, row).map_or(0, i128::from);
        totals.references += cell(self.reference, row).map_or(0, i128::from);
        totals.marks += Marked {
            key: self.key(row),
            status: cell(self.status, row),
            flag: cell(self.flag, row).unwrap_or(false),
            day: cell(self.date, row),
            category: cell(self.category, row),
        }
        .sum(self.table);
    }
}

fn cell<A: ArrayAccessor>(array: Option<A>, row: usize) -> Option<A::Item> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}

/// The text of [`Snapshot::rules`] for a source that reads by a mapping and a time zone.
pub(crate) fn reading_rules(mapping: &Mapping, zone: &TimeZone) -> String {
    format!("{} {}", serde_json::to_string(mapping).unwrap_or_default(), zone.iana_name().unwrap_or_default())
}

/// The organisation's time zone, from the database compiled in or the system's.
pub(crate) fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|cause| {
        Error::new(ErrorKind::Configuration, "source: time_zone is not a known time zone")
            .context("time_zone", name)
            .hint("use an IANA name such as Asia/Jakarta, Asia/Makassar or Asia/Jayapura")
            .caused_by(cause)
    })
}

/// A range of keys has a width.
pub(crate) fn check_width(width: u64) -> Result<()> {
    if width > 0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, "the width of a range of keys must be at least one"))
}

/// The error of asking a snapshot for a table that it does not list.
pub(crate) fn no_such_table(table: Table) -> Error {
    Error::new(ErrorKind::MissingTable, "the source has no such table")
        .context("table", table)
        .hint("ask for the tables that the snapshot lists")
}

/// What a canonical column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// An identity: `UInt64`.
    Key,
    /// Money in sen: `Int64`.
    Amount,
    /// A civil date in the organisation's zone: `Date32`.
    Date,
    /// An instant: microseconds since 1970-01-01 UTC.
    Instant,
    /// Text: `Utf8`.
    Text,
    /// A small whole number: `Int32`.
    Integer,
    /// A flag: `Boolean`.
    Flag,
}

impl ColumnType {
    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Key => DataType::UInt64,
            Self::Amount => DataType::Int64,
            Self::Date => DataType::Date32,
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int32,
            Self::Flag => DataType::Boolean,
        }
    }
}

/// The canonical columns of a table: name, content, and whether a source must have it. The first is the key.
pub const fn columns(table: Table) -> &'static [(&'static str, ColumnType, bool)] {
    use ColumnType::{Amount, Date, Flag, Instant, Integer, Key, Text};
    match table {
        Table::Categories => &[("id", Key, true), ("name", Text, true)],
        Table::Accounts => &[
            ("id", Key, true),
            ("name", Text, false),
            ("balance", Amount, true),
            ("created_at", Instant, false),
            ("updated_at", Instant, false),
        ],
        Table::Donors => &[
            ("id", Key, true),
            ("user_id", Key, false),
            ("name", Text, true),
            ("email", Text, false),
            ("phone", Text, false),
            ("address", Text, false),
            ("description", Text, false),
            ("created_at", Instant, false),
            ("updated_at", Instant, false),
        ],
        // No name: a child's name has no place in analytics.
        Table::Children => &[
            ("id", Key, true),
            ("status", Text, false),
            ("entered_on", Date, false),
            ("left_on", Date, false),
            ("created_at", Instant, false),
            ("updated_at", Instant, false),
        ],
        Table::Contacts => &[
            ("id", Key, true),
            ("donor_id", Key, true),
            ("number", Text, true),
            ("verified", Flag, false),
            ("verified_at", Instant, false),
            ("created_at", Instant, false),
            ("updated_at", Instant, false),
        ],
        Table::Donations => &[
            ("id", Key, true),
            ("order_id", Text, false),
            ("kind", Text, false),
            ("donor_id", Key, true),
            ("non_donor_source", Text, false),
            ("for_month", Integer, false),
            ("for_year", Integer, false),
            ("amount", Amount, true),
            ("status", Text, false),
            ("payment_method", Text, false),
            ("payment_channel", Text, false),
            ("date", Date, true),
            ("created_at", Instant, false),
            ("updated_at", Instant, false),
        ],
        Table::CashEntries => &[
            ("id", Key, true),
            ("account_id", Key, true),
            ("category_id", Key, true),
            ("donation_id", Key, false),
            ("direction", Text, true),
            ("amount", Amount, true),
            ("date", Date, true),
            ("description", Text, false),
            ("created_at", Instant, false),
            ("updated_at", Instant, false),
        ],
    }
}

/// The columns that [`Totals`] sums: amount, reference and mark of a table, where it has them.
pub const fn summed_columns(table: Table) -> (Option<&'static str>, Option<&'static str>, Option<&'static str>) {
    match table {
        Table::Accounts => (Some("balance"), None, None),
        Table::Contacts => (None, Some("donor_id"), Some("verified")),
        Table::Donations => (Some("amount"), Some("donor_id"), Some("status")),
        // A clean direction is a word of ours, so a mark of the source's word could not be compared with it.
        Table::CashEntries => (Some("amount"), Some("donation_id"), None),
        Table::Categories | Table::Donors | Table::Children => (None, None, None),
    }
}

/// The Arrow schema of a table's raw rows; every column may be NULL.
pub fn raw_schema(table: Table) -> SchemaRef {
    static SCHEMAS: LazyLock<Vec<SchemaRef>> = LazyLock::new(|| {
        let schema = |table| {
            let fields: Vec<Field> =
                columns(table).iter().map(|&(name, content, _)| Field::new(name, content.data_type(), true)).collect();
            Arc::new(Schema::new(fields))
        };
        Table::ALL.into_iter().map(schema).collect()
    });
    Arc::clone(&SCHEMAS[table as usize])
}
