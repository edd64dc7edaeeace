//! Raw rows become clean rows, remarks and rejects: column by column, without a look at any other row but its key.

use super::facts;
use super::keys::{KeySet, Seen};
use super::options::Options;
use super::quarantine::{Quarantined, Reason};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Number, Table, epoch_day};
use crate::source::{Fault, FaultKind, Marked, RawBatch, marked_columns, raw_schema, summed_columns};
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray, UInt64Array, UInt64Builder,
};
use arrow::compute::{filter_record_batch, max};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one batch becomes.
#[derive(Debug)]
pub(super) struct Clean {
    pub(super) rows: RecordBatch,
    pub(super) quarantined: Vec<Quarantined>,
    pub(super) repaired: u64,
    pub(super) read: u64,
    pub(super) newest: Option<i64>,
}

/// What rows are judged by.
pub(super) struct Validator<'a> {
    pub(super) options: &'a Options,
    pub(super) as_of: Date,
    pub(super) donors: Option<KeySet>,
    pub(super) categories: Option<KeySet>,
}

impl Validator<'_> {
    /// Judges a batch. `seen` is given where the source does not rule out that a key comes twice.
    pub(super) fn clean(&self, batch: &RawBatch, seen: Option<&mut Seen>) -> Result<Clean> {
        let raw = Raw::of(batch)?;
        let mut notes = Notes::new(batch, &raw);
        notes.faults(&batch.faults);
        check_keys(&raw, seen, &mut notes);
        let rows = match batch.table {
            Table::Donations => self.donations(&raw, &mut notes)?,
            Table::CashEntries => self.cash_entries(&raw, &mut notes)?,
            Table::Contacts => self.contacts(&raw, &mut notes)?,
            Table::Accounts => {
                notes.reject_where(raw.amount("balance")?, "balance", |balance| {
                    (balance.unsigned_abs() > self.options.max_amount.sen().unsigned_abs())
                        .then_some(Reason::AbsurdAmount)
                });
                raw.facts(batch.table, &BTreeMap::new())?
            }
            Table::Categories | Table::Donors | Table::Children => raw.facts(batch.table, &BTreeMap::new())?,
        };
        notes.finish(rows, raw.newest())
    }

    fn dates(&self, raw: &Raw<'_>, notes: &mut Notes<'_>) -> Result<()> {
        let dates = raw.column::<Date32Array>("date")?;
        let (earliest, today) = (epoch_day(self.options.earliest_date), epoch_day(self.as_of));
        for row in 0..dates.len() {
            if dates.is_null(row) {
                notes.reject(row, Reason::ImpossibleDate, "date");
            } else if dates.value(row) < earliest {
                notes.reject(row, Reason::DateTooEarly, "date");
            } else if dates.value(row) > today {
                notes.reject(row, Reason::FutureDate, "date");
            }
        }
        Ok(())
    }

    fn amounts(&self, raw: &Raw<'_>, smallest: i64, notes: &mut Notes<'_>) -> Result<()> {
        let largest = self.options.max_amount.sen();
        let amounts = raw.amount("amount")?;
        if amounts.null_count() > 0 {
            for row in (0..amounts.len()).filter(|&row| amounts.is_null(row)) {
                notes.reject(row, Reason::ImpossibleAmount, "amount");
            }
        }
        notes.reject_where(amounts, "amount", |amount| {
            if amount < smallest {
                Some(Reason::AmountNotPositive)
            } else {
                (amount > largest).then_some(Reason::AbsurdAmount)
            }
        });
        Ok(())
    }

    fn donations(&self, raw: &Raw<'_>, notes: &mut Notes<'_>) -> Result<RecordBatch> {
        self.dates(raw, notes)?;
        self.amounts(raw, 1, notes)?;
        let donors = raw.column::<UInt64Array>("donor_id")?;
        let mut derived: BTreeMap<&'static str, ArrayRef> = BTreeMap::new();
        if let Some(known) = &self.donors {
            let unknown = |row: &usize| donors.is_valid(*row) && !known.contains(donors.value(*row));
            let orphans: Vec<usize> = (0..donors.len()).filter(unknown).collect();
            if !orphans.is_empty() {
                let mut kept = UInt64Builder::with_capacity(donors.len());
                let mut next = orphans.iter().peekable();
                for row in 0..donors.len() {
                    let orphan = next.next_if_eq(&&row).is_some();
                    kept.append_option((!orphan && donors.is_valid(row)).then(|| donors.value(row)));
                }
                for &row in &orphans {
                    notes.keep(row, Reason::UnknownDonor, "donor_id", donors.value(row));
                }
                derived.insert("donor_id", Arc::new(kept.finish()));
            }
        }
        let (status, order) = (raw.column::<StringArray>("status")?, raw.column::<StringArray>("order_id")?);
        // Consecutive rows mostly share their status; the rule runs once a run of equal ones.
        let mut last: Option<(Option<&str>, bool, bool)> = None;
        let received: BooleanArray = (0..status.len())
            .map(|row| {
                let text = status.is_valid(row).then(|| status.value(row));
                let order = order.is_valid(row).then(|| order.value(row));
                let ordered = order.is_some_and(|o| !o.trim().is_empty());
                if let Some((text_before, ordered_before, holds)) = last
                    && text_before == text
                    && ordered_before == ordered
                {
                    return Some(holds);
                }
                let holds = self.options.received.holds(text, order);
                last = Some((text, ordered, holds));
                Some(holds)
            })
            .collect();
        derived.insert("received", Arc::new(received));
        raw.facts(Table::Donations, &derived)
    }

    fn cash_entries(&self, raw: &Raw<'_>, notes: &mut Notes<'_>) -> Result<RecordBatch> {
        self.dates(raw, notes)?;
        self.amounts(raw, 0, notes)?;
        let direction = raw.column::<StringArray>("direction")?;
        let listed = |words: &[String], word: &str| words.iter().any(|w| w.eq_ignore_ascii_case(word.trim()));
        let mut canonical = StringBuilder::with_capacity(direction.len(), direction.len() * 7);
        for row in 0..direction.len() {
            let word = if direction.is_valid(row) { direction.value(row) } else { "" };
            if listed(&self.options.expense_words, word) {
                canonical.append_value("expense");
            } else if listed(&self.options.income_words, word) {
                canonical.append_value("income");
            } else {
                canonical.append_null();
                notes.reject(row, Reason::UnknownDirection, "direction");
            }
        }
        let categories = raw.column::<UInt64Array>("category_id")?;
        if let Some(known) = &self.categories {
            for row in 0..categories.len() {
                if categories.is_valid(row) && !known.contains(categories.value(row)) {
                    notes.keep(row, Reason::UnknownCategory, "category_id", 0);
                }
            }
        }
        let derived: BTreeMap<_, ArrayRef> = BTreeMap::from([("direction", Arc::new(canonical.finish()) as ArrayRef)]);
        raw.facts(Table::CashEntries, &derived)
    }

    fn contacts(&self, raw: &Raw<'_>, notes: &mut Notes<'_>) -> Result<RecordBatch> {
        let donors = raw.column::<UInt64Array>("donor_id")?;
        let numbers = raw.column::<StringArray>("number")?;
        let mut normal = StringBuilder::with_capacity(numbers.len(), numbers.len() * 14);
        for row in 0..numbers.len() {
            let known = match &self.donors {
                Some(known) => donors.is_valid(row) && known.contains(donors.value(row)),
                None => donors.is_valid(row),
            };
            if !known {
                notes.reject(row, Reason::UnknownDonor, "donor_id");
            }
            if let Some(number) = numbers.is_valid(row).then(|| Number::parse(numbers.value(row)).ok()).flatten() {
                normal.append_value(number.as_str());
            } else {
                normal.append_null();
                notes.reject(row, Reason::InvalidNumber, "number");
            }
        }
        let derived: BTreeMap<_, ArrayRef> = BTreeMap::from([("number", Arc::new(normal.finish()) as ArrayRef)]);
        raw.facts(Table::Contacts, &derived)
    }
}

/// Keys are there, and each once.
fn check_keys(raw: &Raw<'_>, seen: Option<&mut Seen>, notes: &mut Notes<'_>) {
    if raw.keys.null_count() > 0 {
        for row in (0..raw.keys.len()).filter(|&row| raw.keys.is_null(row)) {
            notes.reject(row, Reason::MissingKey, "id");
        }
    }
    if let Some(seen) = seen {
        for row in 0..raw.keys.len() {
            if raw.keys.is_valid(row) && !seen.insert(raw.keys.value(row)) {
                notes.reject(row, Reason::DuplicateKey, "id");
            }
        }
    }
}

/// A raw batch by the names of its columns.
struct Raw<'a> {
    rows: &'a RecordBatch,
    keys: &'a UInt64Array,
}

impl<'a> Raw<'a> {
    fn of(batch: &'a RawBatch) -> Result<Self> {
        if batch.rows.schema().fields() != raw_schema(batch.table).fields() {
            return Err(Error::new(ErrorKind::SourceData, "a batch does not have the canonical raw columns")
                .context("table", batch.table)
                .hint("build it with source::raw_schema"));
        }
        let mut raw = Self { rows: &batch.rows, keys: &NO_KEYS };
        raw.keys = raw.column("id")?;
        Ok(raw)
    }

    fn column<T: 'static>(&self, name: &str) -> Result<&'a T> {
        self.rows
            .column_by_name(name)
            .and_then(|column| column.as_any().downcast_ref::<T>())
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a raw column is missing").context("column", name))
    }

    fn amount(&self, name: &str) -> Result<&'a Int64Array> {
        self.column(name)
    }

    fn newest(&self) -> Option<i64> {
        self.column::<TimestampMicrosecondArray>("updated_at").ok().and_then(max)
    }

    /// The clean table's columns: derived ones as given, amounts as decimals, the rest as they are.
    fn facts(&self, table: Table, derived: &BTreeMap<&'static str, ArrayRef>) -> Result<RecordBatch> {
        let columns = facts::columns(table)
            .iter()
            .map(|fact| {
                if let Some(column) = derived.get(fact.name) {
                    return Ok(Arc::clone(column));
                }
                let column = self.rows.column_by_name(fact.raw).ok_or_else(|| {
                    Error::new(ErrorKind::Internal, "a raw column is missing").context("column", fact.raw)
                })?;
                if fact.content == crate::source::ColumnType::Amount {
                    let sen = self.amount(fact.raw)?;
                    let (precision, scale) = facts::AMOUNT_PRECISION;
                    // Amounts past the stored precision are rejected above; here they only must not stop the batch.
                    let decimals: Decimal128Array = sen.unary(i128::from);
                    return Ok(Arc::new(decimals.with_precision_and_scale(precision, scale).map_err(arrow_trouble)?)
                        as ArrayRef);
                }
                Ok(Arc::clone(column))
            })
            .collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(facts::schema(table), columns).map_err(arrow_trouble)
    }
}

static NO_KEYS: std::sync::LazyLock<UInt64Array> = std::sync::LazyLock::new(|| UInt64Array::from(Vec::<u64>::new()));

fn arrow_trouble(cause: arrow::error::ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "columns could not be built").caused_by(cause)
}

/// Rejects and remarks of one batch, at most one reject a row: the first.
struct Notes<'a> {
    batch: &'a RawBatch,
    keys: &'a UInt64Array,
    rejected: BTreeMap<usize, (Reason, &'static str)>,
    remarks: Vec<(usize, Reason, &'static str, u64)>,
    repaired: u64,
}

impl<'a> Notes<'a> {
    fn new(batch: &'a RawBatch, raw: &Raw<'a>) -> Self {
        Self { batch, keys: raw.keys, rejected: BTreeMap::new(), remarks: Vec::new(), repaired: 0 }
    }

    fn reject(&mut self, row: usize, reason: Reason, column: &'static str) {
        self.rejected.entry(row).or_insert((reason, column));
    }

    fn reject_where(&mut self, amounts: &Int64Array, column: &'static str, judge: impl Fn(i64) -> Option<Reason>) {
        for row in 0..amounts.len() {
            if amounts.is_valid(row)
                && let Some(reason) = judge(amounts.value(row))
            {
                self.reject(row, reason, column);
            }
        }
    }

    fn keep(&mut self, row: usize, reason: Reason, column: &'static str, reference: u64) {
        self.remarks.push((row, reason, column, reference));
    }

    fn faults(&mut self, faults: &[Fault]) {
        for fault in faults {
            match (fault.kind, fault.column) {
                (FaultKind::ImpossibleDate, "date") => self.reject(fault.row, Reason::ImpossibleDate, "date"),
                (FaultKind::ImpossibleDate, column) => self.keep(fault.row, Reason::ImpossibleDate, column, 0),
                (FaultKind::ImpossibleNumber, "id") => self.reject(fault.row, Reason::MissingKey, "id"),
                (FaultKind::ImpossibleNumber, column @ ("amount" | "balance")) => {
                    self.reject(fault.row, Reason::ImpossibleAmount, column);
                }
                (FaultKind::ImpossibleNumber, column) => self.keep(fault.row, Reason::ImpossibleNumber, column, 0),
                (FaultKind::AmbiguousNumber, column) => self.reject(fault.row, Reason::AmbiguousAmount, column),
                (FaultKind::FractionOfSen, column) => self.reject(fault.row, Reason::FractionOfSen, column),
                (FaultKind::RepairedText, _) => self.repaired += 1,
                (FaultKind::DamagedText, column) => self.keep(fault.row, Reason::DamagedText, column, 0),
            }
        }
    }

    fn finish(self, rows: RecordBatch, newest: Option<i64>) -> Result<Clean> {
        let (amount, reference, mark_column) = summed_columns(self.batch.table);
        let key = |row: usize| self.keys.is_valid(row).then(|| self.keys.value(row));
        let mut quarantined = Vec::with_capacity(self.rejected.len() + self.remarks.len());
        for (&row, &(reason, column)) in &self.rejected {
            quarantined.push(Quarantined {
                table: self.batch.table,
                key: key(row),
                reason,
                kept: false,
                column: column.into(),
                value: self.text(row, column),
                amount: amount.map_or(0, |name| self.sen(row, name)),
                reference: reference.map_or(0, |name| self.number(row, name)),
                mark: self.mark(row, mark_column),
            });
        }
        for &(row, reason, column, reference) in &self.remarks {
            if !self.rejected.contains_key(&row) {
                quarantined.push(Quarantined {
                    table: self.batch.table,
                    key: key(row),
                    reason,
                    kept: true,
                    column: column.into(),
                    value: self.text(row, column),
                    amount: 0,
                    reference,
                    mark: 0,
                });
            }
        }
        let read = rows.num_rows() as u64;
        let rows = if self.rejected.is_empty() {
            rows
        } else {
            let keep: BooleanArray = (0..rows.num_rows()).map(|row| Some(!self.rejected.contains_key(&row))).collect();
            filter_record_batch(&rows, &keep).map_err(arrow_trouble)?
        };
        Ok(Clean { rows, quarantined, repaired: self.repaired, read, newest })
    }

    fn fault(&self, row: usize, column: &str) -> Option<&Fault> {
        let first = self.batch.faults.partition_point(|fault| fault.row < row);
        self.batch.faults[first..].iter().take_while(|f| f.row == row).find(|fault| fault.column == column)
    }

    /// The cell as text: of a fault as the source had it, else as it was read.
    fn text(&self, row: usize, column: &str) -> Option<String> {
        if let Some(fault) = self.fault(row, column) {
            return Some(fault.value.clone());
        }
        let cells = self.batch.rows.column_by_name(column)?;
        if cells.is_null(row) {
            return None;
        }
        if let Some(sen) = cells.as_any().downcast_ref::<Int64Array>() {
            return Some(crate::model::Rupiah::from_sen(sen.value(row)).to_string());
        }
        arrow::util::display::array_value_to_string(cells, row).ok()
    }

    /// What the row adds to the source's sum of amounts. A cell that is no amount adds nothing there either.
    fn sen(&self, row: usize, column: &str) -> i128 {
        match self.batch.rows.column_by_name(column).and_then(|c| c.as_any().downcast_ref::<Int64Array>()) {
            Some(cells) if cells.is_valid(row) => i128::from(cells.value(row)),
            _ => 0,
        }
    }

    fn number(&self, row: usize, column: &str) -> u64 {
        match self.batch.rows.column_by_name(column).and_then(|c| c.as_any().downcast_ref::<UInt64Array>()) {
            Some(cells) if cells.is_valid(row) => cells.value(row),
            _ => 0,
        }
    }

    /// What the row adds to the source's sum of marks.
    fn mark(&self, row: usize, status: Option<&str>) -> i64 {
        fn column<'a, A: Array + 'static>(rows: &'a RecordBatch, name: Option<&str>, row: usize) -> Option<&'a A> {
            rows.column_by_name(name?)?.as_any().downcast_ref::<A>().filter(|cells| cells.is_valid(row))
        }
        let rows = &self.batch.rows;
        let (date, category) = marked_columns(self.batch.table);
        let marked = Marked {
            key: self.keys.is_valid(row).then(|| self.keys.value(row)),
            status: column::<StringArray>(rows, status, row).map(|cells| cells.value(row)),
            flag: column::<BooleanArray>(rows, status, row).is_some_and(|cells| cells.value(row)),
            day: column::<Date32Array>(rows, date, row).map(|cells| cells.value(row)),
            category: column::<UInt64Array>(rows, category, row).map(|cells| cells.value(row)),
        };
        marked.sum(self.batch.table) as i64
    }
}
