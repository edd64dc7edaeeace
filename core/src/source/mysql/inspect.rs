//! What the database has: tables, columns, keys.

use super::failure::{Phase, error};
use super::{Plan, SourceColumn, quote};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::time::Clock;
use crate::source::{Mapping, TableInfo, TableMapping, columns};
use jiff::tz::TimeZone;
use mysql::Conn;
use mysql::prelude::Queryable;
use std::collections::HashMap;

/// A table as `information_schema` tells of it.
#[derive(Default)]
struct Found {
    name: String,
    is_view: bool,
    /// `None` for a view.
    engine: Option<String>,
    estimated_rows: Option<u64>,
    columns: Vec<FoundColumn>,
    /// Columns that are a unique index by themselves.
    unique: Vec<String>,
}

struct FoundColumn {
    name: String,
    kind: String,
    nullable: bool,
    unsigned: bool,
    precision: Option<u32>,
    scale: Option<u32>,
    charset: Option<String>,
}

/// Looks at the database and plans how to read each table that is there.
pub(super) fn inspect(
    conn: &mut Conn,
    mapping: &Mapping,
    database: &str,
    zone: &TimeZone,
) -> Result<(Vec<TableInfo>, Vec<Plan>, Vec<String>)> {
    let found = look(conn).map_err(|cause| error(cause, Phase::Asking))?;
    let (mut infos, mut plans) = (Vec::new(), Vec::new());
    let (mut remarks, mut troubles) = (Vec::new(), Vec::new());
    for table in Table::ALL {
        let names = mapping.table(table);
        let Some(name) = names.name() else { continue };
        match find(&found, name) {
            Some(there) => {
                match plan(table, names, there, super::fixed_offset(zone)) {
                    Ok((info, plan)) => {
                        infos.push(info);
                        plans.push(plan);
                    }
                    Err(error) => troubles.push(error),
                }
                remarks.extend(there.engine.as_deref().filter(|engine| !has_transactions(engine)).map(|engine| {
                    format!(
                        "{name} is kept by {engine}, which has no transactions: rows written during a load may be in it \
                         by half (ALTER TABLE {name} ENGINE = InnoDB)"
                    )
                }));
            }
            None => match absent(conn, table, name, names.required(), database) {
                Ok(()) => {}
                Err(error) if is_of_a_table(&error) => troubles.push(error),
                Err(error) => return Err(error),
            },
        }
    }
    together(troubles).map_or(Ok((infos, plans, remarks)), Err)
}

/// Engines whose tables a snapshot sees as they were at one moment.
fn has_transactions(engine: &str) -> bool {
    ["innodb", "rocksdb", "tokudb"].iter().any(|known| engine.eq_ignore_ascii_case(known))
}

/// What is wrong with one table says nothing about the next.
fn is_of_a_table(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::MissingTable)
}

/// Everything that is wrong, so that it can be mended at once. The first kind stands for all.
fn together(mut troubles: Vec<Error>) -> Option<Error> {
    if troubles.len() < 2 {
        return troubles.pop();
    }
    let mut all = Error::new(troubles[0].kind(), format!("{} tables cannot be read", troubles.len()));
    for trouble in &troubles {
        all = all.context("one", trouble);
    }
    Some(all.hint("mend each of them, then run `dermawan-bot doctor`"))
}

/// The table of this name; on servers that ignore the case of table names, the one whose name differs in case only.
fn find<'a>(found: &'a HashMap<String, Found>, name: &str) -> Option<&'a Found> {
    found.get(name).or_else(|| found.values().find(|there| there.name.eq_ignore_ascii_case(name)))
}

/// A table that cannot be seen may be missing, or only hidden from this user: an error unless it is optional and missing.
fn absent(conn: &mut Conn, table: Table, name: &str, required: bool, database: &str) -> Result<()> {
    match conn.query_drop(format!("SELECT 1 FROM {} LIMIT 0", quote(name))) {
        Err(mysql::Error::MySqlError(refusal)) if matches!(refusal.code, 1044 | 1142) => {
            let what = format!("GRANT SELECT ON {}.{}", quote(database), quote(name));
            let or = if required { String::new() } else { format!(", or set {table} = false in the mapping") };
            Err(Error::new(ErrorKind::AccessDenied, "the user may not read a table, or it does not exist")
                .context("table", name)
                .hint(format!("as administrator run {what} TO the user{or}")))
        }
        Err(mysql::Error::MySqlError(refusal)) if refusal.code == 1146 && !required => Ok(()),
        Err(mysql::Error::MySqlError(refusal)) if refusal.code == 1146 => {
            Err(Error::new(ErrorKind::MissingTable, format!("the database has no table for {table}"))
                .context("table", name)
                .hint(format!("name the table in the mapping as {table}.table")))
        }
        Err(cause) => Err(error(cause, Phase::Asking).context("table", name)),
        Ok(()) => Err(Error::new(ErrorKind::AccessDenied, "the user may not see the columns of a table")
            .context("table", name)
            .hint("grant SELECT on the table to the user")),
    }
}

fn plan(table: Table, names: &TableMapping, there: &Found, offset: Option<i32>) -> Result<(TableInfo, Plan)> {
    let mut missing = Vec::new();
    let mut sources = Vec::new();
    for (&(canonical, _, required), name) in columns(table).iter().zip(names.columns()) {
        let column = name.and_then(|name| there.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)));
        if column.is_none() {
            if required || names.names_column(canonical) {
                let all: Vec<&str> = there.columns.iter().map(|column| column.name.as_str()).collect();
                return Err(Error::new(
                    ErrorKind::MissingColumn,
                    format!("the table has no column for {table}.{canonical}"),
                )
                .context("table", &there.name)
                .context("column", name.unwrap_or_default())
                .hint(format!(
                    "name the column in the mapping as {table}.columns.{canonical}; those that the user may see are {}",
                    all.join(", ")
                )));
            }
            missing.push(canonical);
        }
        sources.push(column.map(FoundColumn::source));
    }
    if let Some(key) = sources.first().and_then(Option::as_ref).filter(|key| !may_be_whole(&key.kind)) {
        return Err(Error::new(ErrorKind::SourceData, "the key of a table is not a whole number")
            .context("table", &there.name)
            .context("column", &key.name)
            .context("type", &key.kind)
            .hint(format!(
                "map {table}.columns.id to a column of whole numbers, or leave the table out with {table} = false"
            )));
    }
    let key = sources.first().and_then(Option::as_ref).map_or("", |column| column.name.as_str());
    let unique = there.unique.iter().any(|name| name.eq_ignore_ascii_case(key))
        && there.columns.iter().any(|column| column.name.eq_ignore_ascii_case(key) && !column.nullable);
    let changed = columns(table).iter().position(|column| column.0 == "updated_at").and_then(|at| sources[at].as_ref());
    let info = TableInfo {
        table,
        source_name: there.name.clone(),
        missing,
        unique_key: unique && !there.is_view,
        has_updated_at: changed.is_some_and(|column| matches!(column.kind.as_str(), "timestamp" | "datetime")),
        estimated_rows: there.estimated_rows,
    };
    Ok((
        info,
        Plan {
            table,
            source_name: there.name.clone(),
            columns: sources,
            key_is_indexed: unique && !there.is_view,
            offset,
            format: names.number_format(),
            estimated_rows: there.estimated_rows.unwrap_or(0),
        },
    ))
}

/// Keys are numbers here; a UUID or a name is none. (A view may show a whole number as a decimal or a float.)
fn may_be_whole(kind: &str) -> bool {
    matches!(kind, "bigint" | "int" | "mediumint" | "smallint" | "tinyint" | "decimal" | "double" | "float" | "year")
}

impl FoundColumn {
    fn source(&self) -> SourceColumn {
        SourceColumn {
            name: self.name.clone(),
            kind: self.kind.clone(),
            unsigned: self.unsigned,
            precision: self.precision.unwrap_or(0),
            scale: self.scale.unwrap_or(0),
            utf8: self.charset.as_deref().is_none_or(|charset| charset.starts_with("utf8") || charset == "ascii"),
            clock: if self.kind == "timestamp" { Clock::Utc } else { Clock::Civil },
        }
    }
}

/// Reads `information_schema` of the chosen database. Columns are taken by place: their names differ in case between
/// servers.
fn look(conn: &mut Conn) -> mysql::Result<HashMap<String, Found>> {
    type ColumnRow = (String, String, String, String, String, Option<u32>, Option<u32>, Option<String>);
    let mut found: HashMap<String, Found> = HashMap::new();
    let tables: Vec<(String, String, Option<String>, Option<u64>)> = conn.query(
        "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = DATABASE()",
    )?;
    for (name, kind, engine, rows) in tables {
        let is_view = !kind.eq_ignore_ascii_case("BASE TABLE");
        let entry = Found {
            name: name.clone(),
            is_view,
            engine: engine.filter(|_| !is_view),
            estimated_rows: rows.filter(|_| !is_view),
            ..Found::default()
        };
        found.insert(name, entry);
    }
    let rows: Vec<ColumnRow> = conn.query(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, NUMERIC_PRECISION, NUMERIC_SCALE, \
         CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
         ORDER BY TABLE_NAME, ORDINAL_POSITION",
    )?;
    for (table, name, kind, whole, nullable, precision, scale, charset) in rows {
        let Some(there) = found.get_mut(&table) else { continue };
        there.columns.push(FoundColumn {
            name,
            kind: kind.to_ascii_lowercase(),
            nullable: nullable.eq_ignore_ascii_case("YES"),
            unsigned: whole.to_ascii_lowercase().contains("unsigned"),
            precision,
            scale,
            charset,
        });
    }
    let indexes: Vec<(String, String, Option<String>, Option<u64>)> = conn.query(
        "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS \
         WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME",
    )?;
    for group in indexes.chunk_by(|a, b| (&a.0, &a.1) == (&b.0, &b.1)) {
        // an index of one whole column; one over an expression has no column
        if let ([(table, _, Some(column), None)], Some(there)) = (group, found.get_mut(&group[0].0)) {
            debug_assert_eq!(*table, there.name);
            there.unique.push(column.clone());
        }
    }
    Ok(found)
}
