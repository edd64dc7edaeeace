//! Counts and sums, computed by the server in one pass.
//!
//! On MariaDB a million rows cost about 0.1 s to walk and 0.05 s for each sum. So nothing is cast or scaled in a row
//! that can be scaled in the sum: `SUM(amount)` is multiplied afterwards, and guards against values that do not fit
//! stand only where the column's type lets them be.

use super::{Plan, SourceColumn, quote};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::cell::Cell;
use crate::source::mark::{CATEGORIES, CATEGORY_PLACES, WEIGHTS};
use crate::source::number::{self, Parsed};
use crate::source::{Sums, Totals, marked_columns, summed_columns};
use mysql::prelude::Queryable;
use mysql::{Conn, Row, Value};
use std::ops::RangeInclusive;

/// The sums to ask for, as SQL: keys, amounts, references, marks.
pub(super) struct Expressions {
    sums: String,
    key: String,
    /// Keys below zero are no keys, and in no range.
    signed: bool,
}

/// The expressions for a table; `None` when the server would add otherwise than we read.
pub(super) fn expressions(plan: &Plan, wanted: Sums) -> Result<Option<Expressions>> {
    let key = plan.key()?;
    let (amount, reference) = match (summed_columns(plan.table), wanted) {
        ((amount, reference, _), Sums::All) => (amount, reference),
        ((amount, ..), Sums::Essential) => (amount, None),
    };
    let marks = match wanted {
        Sums::All => sum_of_marks(plan)?,
        Sums::Essential => Some("0".into()),
    };
    let of =
        |name: Option<&str>, sum: fn(&SourceColumn) -> Option<String>| match name.and_then(|name| plan.column(name)) {
            Some(column) => sum(column),
            None => Some("0".into()),
        };
    let sums = [whole_number(key), of(amount, sum_of_amounts), of(reference, whole_number), marks];
    let sums: Option<Vec<String>> = sums.into_iter().collect();
    Ok(sums.map(|sums| Expressions {
        sums: format!("COUNT(*), {}", sums.join(", ")),
        key: quote(&key.name),
        signed: !key.unsigned,
    }))
}

fn is_integer(column: &SourceColumn) -> bool {
    matches!(column.kind.as_str(), "bigint" | "int" | "mediumint" | "smallint" | "tinyint")
}

fn whole_number(column: &SourceColumn) -> Option<String> {
    let name = quote(&column.name);
    is_integer(column).then(|| {
        if column.unsigned { format!("SUM({name})") } else { format!("SUM(CASE WHEN {name} >= 0 THEN {name} END)") }
    })
}

fn sum_of_amounts(column: &SourceColumn) -> Option<String> {
    let name = quote(&column.name);
    let guarded = |value: &str| {
        format!("SUM(CASE WHEN {value} BETWEEN -92233720368547758.08 AND 92233720368547758.07 THEN {value} END)")
    };
    match column.kind.as_str() {
        "bigint" => Some(guarded(&name)),
        _ if is_integer(column) => Some(format!("SUM({name})")),
        "decimal" => {
            let value = if column.scale > 2 { format!("TRUNCATE({name}, 2)") } else { name };
            // 16 digits before the point are the most that always fit into an i64 of sen
            Some(if column.precision.saturating_sub(column.scale) > 16 {
                guarded(&value)
            } else {
                format!("SUM({value})")
            })
        }
        _ => None,
    }
}

/// [`crate::source::Marked`] in SQL; `None` where a column is of a type that only we read.
fn sum_of_marks(plan: &Plan) -> Result<Option<String>> {
    let (_, _, marked) = summed_columns(plan.table);
    let (date, category) = marked_columns(plan.table);
    let part = |name: Option<&str>, of: fn(&SourceColumn) -> Option<String>| {
        name.and_then(|name| plan.column(name)).map_or_else(|| Some("0".into()), of)
    };
    let (Some(status), Some(category)) = (part(marked, status), part(category, category_of)) else { return Ok(None) };
    let Some(day) = date.and_then(|name| plan.column(name)).map_or_else(|| Some("0".into()), |d| day(d, plan.offset))
    else {
        return Ok(None);
    };
    let key = plan.key()?;
    let name = quote(&key.name);
    let key = if key.unsigned { name } else { format!("GREATEST({name}, 0)") };
    let weight = format!("(COALESCE({key} MOD {WEIGHTS}, 0) + 1)");
    Ok(Some(match plan.table {
        Table::Donations => format!("SUM(({status} + {day}) * {weight})"),
        Table::CashEntries => format!("SUM(({day} * {CATEGORY_PLACES} + {category}) * {weight})"),
        _ => format!("SUM({status})"),
    }))
}

fn status(column: &SourceColumn) -> Option<String> {
    let name = quote(&column.name);
    match column.kind.as_str() {
        "enum" | "varchar" | "char" | "tinytext" | "text" | "mediumtext" | "longtext" => {
            let text = if column.utf8 { name } else { format!("CONVERT({name} USING utf8mb4)") };
            Some(format!("COALESCE(ASCII({text}) * 1000 + LENGTH({text}), 0)"))
        }
        _ if is_integer(column) => Some(format!("COALESCE({name} <> 0, 0)")),
        _ => None,
    }
}

fn category_of(column: &SourceColumn) -> Option<String> {
    let name = quote(&column.name);
    let name = if column.unsigned { name } else { format!("GREATEST({name}, 0)") };
    is_integer(column).then(|| format!("COALESCE({name} MOD {CATEGORIES}, 0)"))
}

/// The number of a day; 0 for one that no calendar has. Such days stand in tables of servers that were told to allow them.
fn day(column: &SourceColumn, offset: Option<i32>) -> Option<String> {
    let name = quote(&column.name);
    let name = match (column.kind.as_str(), offset) {
        ("date" | "datetime", _) => name,
        // The session's zone is UTC.
        ("timestamp", Some(seconds)) => format!("({name} + INTERVAL {seconds} SECOND)"),
        _ => return None,
    };
    Some(format!(
        "CASE WHEN {name} >= '1000-01-01' AND (DAY({name}) BETWEEN 1 AND 28 OR DAY({name}) <= DAY(LAST_DAY({name}))) \
         THEN COALESCE(TO_DAYS({name}), 0) ELSE 0 END"
    ))
}

/// Totals over the whole table. The outer error is the connection's, the inner one the answer's.
pub(super) fn whole(conn: &mut Conn, plan: &Plan, expressions: &Expressions) -> mysql::Result<Result<Totals>> {
    let query = format!("SELECT {} FROM {}", expressions.sums, quote(&plan.source_name));
    let row: Option<Row> = conn.query_first(query)?;
    Ok(row.map_or_else(|| Ok(Totals::default()), |row| totals(&row, 0)))
}

/// Totals by ranges of keys. Where keys can be looked up and lie close together, each range is asked for by itself,
/// which spares the server the temporary table that grouping takes (half the time).
pub(super) fn by_range(
    conn: &mut Conn,
    plan: &Plan,
    expressions: &Expressions,
    width: u64,
) -> mysql::Result<Result<Vec<(u64, Totals)>>> {
    let Expressions { sums, key, signed } = expressions;
    let table = quote(&plan.source_name);
    let at_least = if *signed { format!(" WHERE {key} >= 0") } else { String::new() };
    if plan.key_is_indexed {
        let ends: Option<(Option<u64>, Option<u64>)> =
            conn.query_first(format!("SELECT MIN({key}), MAX({key}) FROM {table}{at_least}"))?;
        let Some((Some(first), Some(last))) = ends else { return Ok(Ok(Vec::new())) };
        let (first, last) = (first / width, last / width);
        if last - first < plan.estimated_rows / 256 + 8 {
            return each_range(conn, plan, expressions, width, first..=last);
        }
    }
    let rows: Vec<Row> =
        conn.query(format!("SELECT {key} DIV {width} AS part, {sums} FROM {table}{at_least} GROUP BY part"))?;
    let read = |row: &Row| Ok((u64::try_from(number(row, 0)?).map_err(|_| unreadable())?, totals(row, 1)?));
    let mut ranges: Result<Vec<(u64, Totals)>> = rows.iter().map(read).collect();
    if let Ok(ranges) = &mut ranges {
        ranges.sort_unstable_by_key(|range| range.0);
    }
    Ok(ranges)
}

/// Totals of each of some ranges, one query each, empty ranges left out.
pub(super) fn each_range(
    conn: &mut Conn,
    plan: &Plan,
    expressions: &Expressions,
    width: u64,
    ranges: RangeInclusive<u64>,
) -> mysql::Result<Result<Vec<(u64, Totals)>>> {
    let Expressions { sums, key, .. } = expressions;
    let query = conn.prep(format!("SELECT {sums} FROM {} WHERE {key} BETWEEN ? AND ?", quote(&plan.source_name)))?;
    let mut found = Vec::new();
    for range in ranges {
        let from = range.saturating_mul(width);
        let row: Option<Row> = conn.exec_first(&query, (from, from.saturating_add(width - 1)))?;
        match row.map(|row| totals(&row, 0)) {
            Some(Ok(totals)) if totals.rows > 0 => found.push((range, totals)),
            Some(Err(error)) => return Ok(Err(error)),
            _ => {}
        }
    }
    Ok(Ok(found))
}

fn totals(row: &Row, first: usize) -> Result<Totals> {
    Ok(Totals {
        rows: u64::try_from(number(row, first)?).map_err(|_| unreadable())?,
        keys: number(row, first + 1)?,
        amount: scaled(row, first + 2, 2)?,
        references: number(row, first + 3)?,
        marks: number(row, first + 4)?,
    })
}

fn number(row: &Row, at: usize) -> Result<i128> {
    scaled(row, at, 0)
}

/// A sum times 10^`decimals`; NULL, the sum of nothing, is zero.
fn scaled(row: &Row, at: usize, decimals: u32) -> Result<i128> {
    let cell = match row.as_ref(at) {
        None | Some(Value::NULL) => return Ok(0),
        Some(value) => super::cell(value),
    };
    match number::scaled(cell, decimals) {
        Parsed::Exact(sum) => Ok(sum),
        Parsed::Nothing if matches!(cell, Cell::Null) => Ok(0),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> Error {
    Error::new(ErrorKind::SourceData, "a sum that the server computed is not a whole number")
}
