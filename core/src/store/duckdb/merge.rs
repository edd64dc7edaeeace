//! Staged rows against the rows that are there, in sets.

use super::trouble::trouble;
use crate::error::Result;
use crate::etl::{Changes, Scope, facts};
use crate::model::Table;
use ::duckdb::{Connection, params};
use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use std::sync::Arc;

const DOING: &str = "merging changed rows";

pub(super) fn stage(table: Table) -> String {
    format!("stage_{table}")
}

pub(super) fn stage_quarantine(table: Table) -> String {
    format!("stage_quarantine_{table}")
}

pub(super) fn create_stage(connection: &Connection, table: Table) -> Result<()> {
    let (stage, quarantine) = (stage(table), stage_quarantine(table));
    connection
        .execute_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE {stage} AS SELECT * FROM {table} LIMIT 0;
             CREATE OR REPLACE TEMP TABLE {quarantine} AS SELECT * FROM quarantine LIMIT 0;"
        ))
        .map_err(trouble(DOING))
}

/// Applies the stage of a table; see [`crate::etl::Load::merge`].
pub(super) fn merge(connection: &Connection, table: Table, scope: &Scope) -> Result<Changes> {
    let doing = trouble(DOING);
    let run = |sql: &str| connection.execute(sql, []).map_err(&doing);
    let count = |sql: &str| -> Result<u64> {
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| n as u64).map_err(&doing)
    };
    let (key, stage, stage_quarantine) = (facts::key(table), stage(table), stage_quarantine(table));
    let columns: Vec<&str> = facts::columns(table).iter().map(|column| column.name).collect();
    let list = columns.join(", ");
    let differs: Vec<String> = columns[1..].iter().map(|c| format!("s.{c} IS DISTINCT FROM f.{c}")).collect();

    run(&format!(
        "CREATE OR REPLACE TEMP TABLE changed AS
         SELECT s.*, f.{key} IS NOT NULL AS existed FROM {stage} s LEFT JOIN {table} f ON f.{key} = s.{key}
         WHERE f.{key} IS NULL OR {}",
        differs.join(" OR ")
    ))?;

    let staged_keys = format!(
        "SELECT {key} AS k FROM {stage} UNION ALL
         SELECT source_key FROM {stage_quarantine} WHERE NOT kept AND source_key IS NOT NULL"
    );
    let unstaged = format!("f.{key} NOT IN (SELECT {key} FROM {stage})");
    let gone = match scope {
        Scope::Staged => format!(
            "SELECT f.{key} AS k FROM {table} f
             WHERE f.{key} IN (SELECT source_key FROM {stage_quarantine} WHERE NOT kept) AND {unstaged}"
        ),
        Scope::Ranges(ranges) => {
            let width = scope_ranges(connection, ranges)?;
            format!(
                "SELECT DISTINCT f.{key} AS k FROM {table} f
                 JOIN scope_ranges r ON f.{key} // {width} = r.part AND f.{key} >= r.first_key AND f.{key} <= r.last_key
                 WHERE {unstaged}"
            )
        }
        Scope::All => format!("SELECT f.{key} AS k FROM {table} f WHERE {unstaged}"),
    };
    run(&format!("CREATE OR REPLACE TEMP TABLE gone AS {gone}"))?;

    touch(connection, table)?;
    let inserted = count("SELECT count(*) FROM changed WHERE NOT existed")?;
    let updated = count("SELECT count(*) FROM changed WHERE existed")?;
    let deleted = count("SELECT count(*) FROM gone")?;
    if updated + deleted > 0 {
        run(&format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM changed WHERE existed UNION ALL SELECT k FROM gone)"
        ))?;
    }
    if inserted + updated > 0 {
        run(&format!("INSERT INTO {table} ({list}) SELECT {list} FROM changed"))?;
    }

    let in_scope = match scope {
        Scope::Staged => format!("source_key IN ({staged_keys})"),
        Scope::Ranges(_) => format!(
            "(source_key IN ({staged_keys}) OR EXISTS (SELECT 1 FROM scope_ranges r
              WHERE quarantine.source_key >= r.first_key AND quarantine.source_key <= r.last_key))"
        ),
        Scope::All => "true".into(),
    };
    connection
        .execute(&format!("DELETE FROM quarantine WHERE table_name = ? AND {in_scope}"), params![table.name()])
        .map_err(&doing)?;
    run(&format!("INSERT INTO quarantine SELECT * FROM {stage_quarantine}"))?;
    connection
        .execute_batch(&format!(
            "DROP TABLE changed; DROP TABLE gone; DROP TABLE {stage}; DROP TABLE {stage_quarantine};"
        ))
        .map_err(&doing)?;
    Ok(Changes { inserted, updated, deleted })
}

/// Parts that ranges are cut into at most.
const PARTS: u64 = 20_000;

/// Puts the ranges into a table, each once for every part of the keys that it meets, and returns the width of a part: two
/// tables are joined by equal parts in a fraction of the time that a join by `>=` and `<=` alone takes.
fn scope_ranges(connection: &Connection, ranges: &[(u64, u64)]) -> Result<u64> {
    let doing = trouble(DOING);
    let mut width = 512;
    let parts =
        |width: u64| ranges.iter().map(move |range| (range.1.max(range.0) / width - range.0 / width).saturating_add(1));
    while parts(width).fold(0, u64::saturating_add) > PARTS.max(2 * ranges.len() as u64) {
        width *= 2;
    }
    connection
        .execute_batch("CREATE OR REPLACE TEMP TABLE scope_ranges (part UBIGINT, first_key UBIGINT, last_key UBIGINT)")
        .map_err(&doing)?;
    let rows: Vec<(u64, u64, u64)> = ranges
        .iter()
        .flat_map(|&(first, last)| (first / width..=last / width).map(move |part| (part, first, last)))
        .collect();
    let column = |of: fn(&(u64, u64, u64)) -> u64| {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<UInt64Array>()) as ArrayRef
    };
    let columns = [("part", column(|r| r.0)), ("first_key", column(|r| r.1)), ("last_key", column(|r| r.2))];
    let batch = RecordBatch::try_from_iter(columns).map_err(|cause| {
        crate::error::Error::new(crate::error::ErrorKind::Internal, "columns could not be built").caused_by(cause)
    })?;
    let mut appender = connection.appender_to_catalog_and_db("scope_ranges", "temp", "main").map_err(&doing)?;
    appender.append_record_batch(batch).map_err(&doing)?;
    appender.flush().map_err(&doing)?;
    Ok(width)
}

/// Notes the donors whose sums are no longer right, and by how much those of months and categories move: what the new
/// rows add less what the old ones did.
fn touch(connection: &Connection, table: Table) -> Result<()> {
    let both = |columns: &str| {
        format!(
            "SELECT {columns}, 1 AS sign FROM changed UNION ALL
             SELECT {columns}, -1 FROM {table} f
             WHERE f.{key} IN (SELECT {key} FROM changed WHERE existed UNION ALL SELECT k FROM gone)",
            key = facts::key(table)
        )
    };
    let sql = match table {
        Table::Donations => format!(
            "CREATE OR REPLACE TEMP TABLE moved AS {};
             INSERT INTO touched_donors SELECT DISTINCT donor_id FROM moved WHERE donor_id IS NOT NULL;
             INSERT INTO touched_donation_months
                 SELECT date_trunc('month', date)::DATE AS month, sum(sign * amount), sum(sign)
                 FROM moved WHERE received GROUP BY month;
             DROP TABLE moved;",
            both("donor_id, date, amount, received")
        ),
        Table::CashEntries => format!(
            "INSERT INTO touched_cash_months
                 SELECT category_id, date_trunc('month', date)::DATE AS month, direction, sum(sign * amount), sum(sign)
                 FROM ({}) GROUP BY ALL;",
            both("category_id, date, direction, amount")
        ),
        _ => return Ok(()),
    };
    connection.execute_batch(&sql).map_err(trouble(DOING))
}

/// See [`crate::etl::Load::relink_donors`].
pub(super) fn relink_donors(connection: &Connection) -> Result<u64> {
    let doing = trouble("relinking donations to donors");
    connection
        .execute_batch(
            "CREATE OR REPLACE TEMP TABLE orphaned AS
                 SELECT donation_id, donor_id, date_trunc('month', date)::DATE AS month FROM donations
                 WHERE donor_id IS NOT NULL AND donor_id NOT IN (SELECT donor_id FROM donors);
             CREATE OR REPLACE TEMP TABLE returned AS
                 SELECT q.source_key AS donation_id, q.reference AS donor_id FROM quarantine q
                 WHERE q.table_name = 'donations' AND q.reason = 'unknown_donor' AND q.kept
                   AND q.reference IN (SELECT donor_id FROM donors);",
        )
        .map_err(&doing)?;
    let count: i64 = connection
        .query_row("SELECT (SELECT count(*) FROM orphaned) + (SELECT count(*) FROM returned)", [], |row| row.get(0))
        .map_err(&doing)?;
    connection
        .execute_batch(
            "INSERT INTO quarantine
                 SELECT 'donations', donation_id, 'unknown_donor', true, 'donor_id', donor_id::VARCHAR, 0, donor_id, 0
                 FROM orphaned;
             UPDATE donations SET donor_id = NULL WHERE donation_id IN (SELECT donation_id FROM orphaned);
             UPDATE donations SET donor_id = r.donor_id FROM returned r WHERE donations.donation_id = r.donation_id;
             DELETE FROM quarantine WHERE table_name = 'donations' AND reason = 'unknown_donor' AND kept
                 AND source_key IN (SELECT donation_id FROM returned);
             INSERT INTO touched_donors SELECT donor_id FROM orphaned UNION SELECT donor_id FROM returned;
             DROP TABLE orphaned; DROP TABLE returned;",
        )
        .map_err(&doing)?;
    Ok(count as u64)
}
