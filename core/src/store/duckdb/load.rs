//! One load: one DuckDB transaction.

use super::trouble::trouble;
use super::{Turn, derive, merge, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::etl::{Census, Changes, Load, Quarantined, Reason, Scope, State, facts};
use crate::model::Table;
use crate::source::mark::{CATEGORIES, CATEGORY_PLACES, DAYS_TO_1970, WEIGHTS};
use crate::source::{Sums, Totals, summed_columns};
use ::duckdb::{Connection, params};
use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::UInt64Type;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) struct DuckDbLoad<'a> {
    connection: Option<Connection>,
    turn: Turn<'a>,
    /// What is to be summed anew at the end.
    moved: derive::Moved,
    /// Tables whose stage exists already.
    staged: Vec<Table>,
}

const DOING: &str = "loading";

/// Rows handed to DuckDB together. Each flush is a query; more rows at once take more memory.
const ROWS_A_FLUSH: usize = 98_304;

/// Megabytes that DuckDB may use while rows stream into a file. They are written once and not read again before the
/// sums, so more would only keep written pages.
const STREAMING_MEMORY_MB: u32 = 144;

impl<'a> DuckDbLoad<'a> {
    pub(super) fn begin(turn: Turn<'a>) -> Result<Self> {
        let connection = turn.0.connection()?;
        connection.execute_batch("BEGIN").map_err(trouble("beginning a load"))?;
        derive::prepare(&connection)?;
        Ok(Self { connection: Some(connection), turn, moved: derive::Moved::default(), staged: Vec::new() })
    }

    fn sql(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| Error::new(ErrorKind::Internal, "the load is over"))
    }

    fn run(&self, sql: &str) -> Result<usize> {
        self.sql()?.execute(sql, []).map_err(trouble(DOING))
    }

    fn append_to(&self, table: &str, catalog: &str, batches: &mut dyn Iterator<Item = RecordBatch>) -> Result<()> {
        let doing = trouble("putting rows into the analytics");
        let mut appender = self.sql()?.appender_to_catalog_and_db(table, catalog, "main").map_err(&doing)?;
        let mut waiting = 0;
        for batch in batches {
            waiting += batch.num_rows();
            appender.append_record_batch(batch).map_err(&doing)?;
            if waiting >= ROWS_A_FLUSH {
                appender.flush().map_err(&doing)?;
                waiting = 0;
            }
        }
        appender.flush().map_err(&doing)
    }

    /// Sets what DuckDB may use while rows stream into it, and what it may use otherwise.
    ///
    /// With one thread a flush is done by the thread that asks for it; with more, that thread waits by spinning, on a core
    /// that the source could use (a tenth of a load's processor time on two cores).
    fn pace(&self, streaming: bool) -> Result<()> {
        let options = &self.turn.0.options;
        let threads = match (streaming, options.threads) {
            (true, _) => "SET threads = 1".to_owned(),
            (false, 0) => "RESET threads".to_owned(),
            (false, threads) => format!("SET threads = {threads}"),
        };
        let megabytes = options.memory_limit_mb;
        let megabytes = if streaming { megabytes.min(STREAMING_MEMORY_MB) } else { megabytes };
        self.sql()?.execute_batch(&threads).map_err(trouble(DOING))?;
        // In memory the rows themselves count, so there the limit is left alone.
        if self.turn.0.path.is_some() {
            self.sql()?.execute_batch(&format!("SET memory_limit = '{megabytes}MB'")).map_err(trouble(DOING))?;
        }
        Ok(())
    }

    fn catalog(&self) -> Result<String> {
        self.sql()?.query_row("SELECT current_database()", [], |row| row.get(0)).map_err(trouble(DOING))
    }

    /// Adds the totals of both parts of a table, clean and in quarantine, by ranges of `width` keys. Two plain sums take half
    /// the time of one over both.
    fn sums(&self, table: Table, width: Option<u64>, wanted: Sums) -> Result<BTreeMap<u64, Totals>> {
        let doing = trouble("summing what was loaded");
        let mut sums: BTreeMap<u64, Totals> = BTreeMap::new();
        for part in contributions(table, wanted) {
            let (range, group) = match width {
                Some(width) => (format!("({} // {width})::UBIGINT", part.key), "GROUP BY 1"),
                None => ("0::UBIGINT".into(), ""),
            };
            let sql = format!("SELECT {range}, {} FROM {} {group}", part.sums, part.from);
            let mut statement = self.sql()?.prepare(&sql).map_err(&doing)?;
            let found = statement
                .query_map([], |row| {
                    let totals = Totals {
                        rows: row.get::<_, i64>(1)? as u64,
                        keys: row.get(2)?,
                        amount: row.get(3)?,
                        references: row.get(4)?,
                        marks: row.get(5)?,
                    };
                    Ok((row.get::<_, u64>(0)?, totals))
                })
                .map_err(&doing)?;
            for row in found {
                let (range, totals) = row.map_err(&doing)?;
                sums.entry(range).or_default().add(&totals);
            }
        }
        Ok(sums)
    }
}

/// A part of a table's totals, as SQL: rows, keys, amounts, references, marks.
struct Part {
    from: String,
    key: String,
    sums: String,
}

/// What a table's clean rows add to its totals, and what its rows in quarantine do.
fn contributions(table: Table, wanted: Sums) -> [Part; 2] {
    let whole = |sum: String| format!("coalesce({sum}, 0)::HUGEINT");
    let key = facts::key(table);
    let (amount, reference, mark) = summed_columns(table);
    // A third of the time that a full load is summed in.
    let all = wanted == Sums::All;
    let amount = amount.map_or("0::HUGEINT".into(), |c| whole(format!("sum({c}) * 100")));
    let reference = reference.filter(|_| all).map_or("0::HUGEINT".into(), |c| whole(format!("sum({c})")));
    // As in `source::Marked`.
    let weight = format!("({key} % {WEIGHTS} + 1)::BIGINT");
    let days = format!("CASE WHEN date >= DATE '1000-01-01' THEN date - DATE '1970-01-01' + {DAYS_TO_1970} ELSE 0 END");
    let mark = match (table, mark) {
        _ if !all => "0::HUGEINT".into(),
        (Table::Contacts, Some(c)) => format!("(count(*) FILTER ({c}))::HUGEINT"),
        (Table::Donations, Some(c)) => {
            whole(format!("sum((coalesce(ascii({c}) * 1000 + strlen({c}), 0) + {days}) * {weight})"))
        }
        (Table::CashEntries, _) => whole(format!(
            "sum((({days})::BIGINT * {CATEGORY_PLACES} + coalesce(category_id % {CATEGORIES}, 0)::BIGINT) * {weight})"
        )),
        _ => "0::HUGEINT".into(),
    };
    [
        Part {
            from: table.name().into(),
            key: key.into(),
            // DuckDB sums BIGINT in half the time of UBIGINT, and keys beyond it are rare.
            sums: format!(
                "count(*), {} + {}, {amount}, {reference}, {mark}",
                whole(format!("sum(TRY_CAST({key} AS BIGINT))")),
                whole(format!("sum({key}) FILTER ({key} > {})", i64::MAX))
            ),
        },
        Part {
            from: format!("quarantine WHERE table_name = '{table}'"),
            key: "coalesce(source_key, 0)".into(),
            sums: format!(
                "count(*) FILTER (NOT kept), {}, {}, {}, {}",
                whole("sum(source_key) FILTER (NOT kept)".into()),
                whole("sum(amount_sen)".into()),
                whole("sum(reference)".into()),
                whole("sum(mark)".into())
            ),
        },
    ]
}

impl Load for DuckDbLoad<'_> {
    fn clear(&mut self, table: Table) -> Result<()> {
        if !self.moved.all {
            self.moved.all = true;
            self.pace(true)?;
        }
        self.run(&format!("DELETE FROM {table}"))?;
        self.sql()?
            .execute("DELETE FROM quarantine WHERE table_name = ?", params![table.name()])
            .map_err(trouble(DOING))?;
        Ok(())
    }

    fn append(&mut self, table: Table, batches: &mut dyn Iterator<Item = RecordBatch>) -> Result<()> {
        self.append_to(table.name(), &self.catalog()?, batches)
    }

    fn summarise(&mut self, table: Table, as_of: Date) -> Result<()> {
        derive::table(self.sql()?, table, as_of)
    }

    fn quarantine(&mut self, rows: &[Quarantined]) -> Result<()> {
        self.append_to("quarantine", &self.catalog()?, &mut std::iter::once(quarantine_batch(rows)?))
    }

    fn stage(&mut self, table: Table, rows: &RecordBatch, quarantined: &[Quarantined]) -> Result<()> {
        if !self.staged.contains(&table) {
            merge::create_stage(self.sql()?, table)?;
            self.staged.push(table);
        }
        if rows.num_rows() > 0 {
            self.append_to(&merge::stage(table), "temp", &mut std::iter::once(rows.clone()))?;
        }
        if !quarantined.is_empty() {
            let batch = quarantine_batch(quarantined)?;
            self.append_to(&merge::stage_quarantine(table), "temp", &mut std::iter::once(batch))?;
        }
        Ok(())
    }

    fn merge(&mut self, table: Table, scope: &Scope) -> Result<Changes> {
        if !self.staged.contains(&table) {
            merge::create_stage(self.sql()?, table)?;
        }
        self.staged.retain(|staged| *staged != table);
        let changes = merge::merge(self.sql()?, table, scope)?;
        self.moved.contacts |= table == Table::Contacts && changes != Changes::default();
        Ok(changes)
    }

    fn keys(&mut self, table: Table) -> Result<Vec<u64>> {
        let mut keys = Vec::new();
        let key = facts::key(table);
        rows::batches(
            self.sql()?,
            "reading keys",
            &format!("SELECT {key} FROM {table} ORDER BY {key}"),
            [],
            |batch| {
                keys.extend_from_slice(rows::values::<UInt64Type>(batch, 0)?);
                Ok(())
            },
        )?;
        Ok(keys)
    }

    fn revisit(&mut self, table: Table) -> Result<Vec<u64>> {
        let reasons: Vec<String> = Reason::PASSING.iter().map(|reason| format!("'{reason}'")).collect();
        let sql = format!(
            "SELECT DISTINCT source_key FROM quarantine WHERE table_name = ? AND source_key IS NOT NULL
             AND reason IN ({}) AND NOT (reason = 'unknown_donor' AND kept) ORDER BY 1",
            reasons.join(", ")
        );
        let mut keys = Vec::new();
        rows::batches(self.sql()?, "reading the quarantine", &sql, params![table.name()], |batch| {
            keys.extend_from_slice(rows::values::<UInt64Type>(batch, 0)?);
            Ok(())
        })?;
        Ok(keys)
    }

    fn relink_donors(&mut self) -> Result<u64> {
        merge::relink_donors(self.sql()?)
    }

    fn totals(&mut self, table: Table) -> Result<Totals> {
        Ok(self.sums(table, None, Sums::All)?.remove(&0).unwrap_or_default())
    }

    fn essential_totals(&mut self, table: Table) -> Result<Totals> {
        Ok(self.sums(table, None, Sums::Essential)?.remove(&0).unwrap_or_default())
    }

    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>> {
        Ok(self
            .sums(table, Some(width), Sums::All)?
            .into_iter()
            .filter(|(_, totals)| *totals != Totals::default())
            .collect())
    }

    fn census(&mut self, table: Table) -> Result<Census> {
        let doing = trouble("counting what was loaded");
        let connection = self.sql()?;
        let facts: i64 =
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).map_err(&doing)?;
        let mut census = Census { facts: facts as u64, ..Census::default() };
        let mut statement = connection
            .prepare("SELECT reason, kept, count(*) FROM quarantine WHERE table_name = ? GROUP BY ALL ORDER BY ALL")
            .map_err(&doing)?;
        let found = statement
            .query_map(params![table.name()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, i64>(2)?))
            })
            .map_err(&doing)?;
        for row in found {
            let (reason, kept, count) = row.map_err(&doing)?;
            let Some(reason) = Reason::named(&reason) else { continue };
            let part = if kept { &mut census.remarks } else { &mut census.rejected };
            part.insert(reason, count as u64);
        }
        Ok(census)
    }

    fn commit(mut self: Box<Self>, state: &State) -> Result<()> {
        let doing = trouble("ending the load");
        self.pace(false)?;
        derive::update(self.sql()?, state, self.moved)?;
        self.turn.0.check_disk(self.turn.0.options.reserve_bytes / 2)?;
        let Some(connection) = self.connection.take() else { return Ok(()) };
        let store = self.turn.0;
        store.guarded(&connection, || {
            connection.execute_batch("COMMIT").map_err(&doing)?;
            derive::forget(&connection)
        })?;
        // What is committed is in the log already; a checkpoint that has to wait for a reader, or for room for the spare
        // copy, is made up for later. Only one that failed for want of room leaves DuckDB unusable, and must be told.
        let checkpoint =
            || connection.execute_batch("CHECKPOINT").map_err(trouble("writing the load from the log into the file"));
        match store.guarded(&connection, checkpoint) {
            Err(error) if connection.execute_batch("SELECT 1").is_err() => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for DuckDbLoad<'_> {
    fn drop(&mut self) {
        let pace = self.pace(false);
        if let Some(connection) = self.connection.take() {
            // Limits that could not be raised again only make later queries slower.
            drop(pace);
            // Dropping the connection would end the transaction too; this frees its memory at once.
            let _ = connection.execute_batch("ROLLBACK");
        }
    }
}

fn quarantine_batch(rows: &[Quarantined]) -> Result<RecordBatch> {
    let trouble = |cause: arrow::error::ArrowError| {
        Error::new(ErrorKind::Internal, "columns could not be built").caused_by(cause)
    };
    let texts =
        |of: fn(&Quarantined) -> Option<&str>| Arc::new(rows.iter().map(of).collect::<StringArray>()) as ArrayRef;
    let amounts = rows.iter().map(|row| row.amount).collect::<Vec<_>>();
    RecordBatch::try_from_iter([
        ("table_name", texts(|row| Some(row.table.name()))),
        ("source_key", Arc::new(rows.iter().map(|row| row.key).collect::<UInt64Array>()) as ArrayRef),
        ("reason", texts(|row| Some(row.reason.code()))),
        ("kept", Arc::new(rows.iter().map(|row| Some(row.kept)).collect::<BooleanArray>())),
        ("column_name", texts(|row| Some(&row.column))),
        ("value", texts(|row| row.value.as_deref())),
        ("amount_sen", Arc::new(Decimal128Array::from(amounts).with_precision_and_scale(38, 0).map_err(trouble)?)),
        ("reference", Arc::new(rows.iter().map(|row| Some(row.reference)).collect::<UInt64Array>())),
        ("mark", Arc::new(rows.iter().map(|row| Some(row.mark)).collect::<Int64Array>())),
    ])
    .map_err(trouble)
}
