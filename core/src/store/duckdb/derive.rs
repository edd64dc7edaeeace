//! What is summed ahead: by donor, by month, by category.

use super::trouble::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::etl::State;
use crate::model::{Month, Table};
use ::duckdb::{Connection, OptionalExt, params};
use jiff::civil::Date;

const DOING: &str = "summing ahead";

/// Makes room for notes about what changed.
pub(super) fn prepare(connection: &Connection) -> Result<()> {
    connection
        .execute_batch(
            "CREATE OR REPLACE TEMP TABLE touched_donors (donor_id UBIGINT);
             CREATE OR REPLACE TEMP TABLE touched_donation_months (month DATE, amount DECIMAL(38, 2), n BIGINT);
             CREATE OR REPLACE TEMP TABLE touched_cash_months (
                 category_id UBIGINT, month DATE, direction VARCHAR, amount DECIMAL(38, 2), n BIGINT);",
        )
        .map_err(trouble(DOING))
}

/// Forgets those notes.
pub(super) fn forget(connection: &Connection) -> Result<()> {
    connection
        .execute_batch(
            "DROP TABLE IF EXISTS touched_donors; DROP TABLE IF EXISTS touched_donation_months;
             DROP TABLE IF EXISTS touched_cash_months;",
        )
        .map_err(trouble(DOING))
}

/// What a load changed beyond the notes of [`prepare`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    /// Everything was read anew.
    pub(super) all: bool,
    /// Contacts came, went or changed.
    pub(super) contacts: bool,
}

/// Brings the sums up to date and records the state.
pub(super) fn update(connection: &Connection, state: &State, moved: Moved) -> Result<()> {
    let before: Option<Date> = connection
        .query_row("SELECT as_of::VARCHAR FROM load_state", [], |row| row.get::<_, String>(0))
        .optional()
        .map_err(trouble(DOING))?
        .and_then(|text| text.parse().ok());
    // `this_month` and `this_year` of every donor end with the month of the load.
    let new_month = before.is_none_or(|before| Month::of(before) != Month::of(state.as_of));
    if !moved.all {
        donors(connection, state.as_of, new_month)?;
        move_months(connection)?;
        if moved.contacts {
            numbers(connection)?;
        }
    }
    record(connection, state)
}

/// Everything that is summed ahead of a table that has been read anew.
pub(super) fn table(connection: &Connection, table: Table, as_of: Date) -> Result<()> {
    match table {
        Table::Donations => {
            donors(connection, as_of, true)?;
            months(connection, table)
        }
        Table::CashEntries => months(connection, table),
        Table::Contacts => numbers(connection),
        Table::Categories | Table::Accounts | Table::Donors | Table::Children => Ok(()),
    }
}

fn donors(connection: &Connection, as_of: Date, all: bool) -> Result<()> {
    let month = Month::of(as_of).first_day();
    let year = jiff::civil::date(as_of.year(), 1, 1);
    let touched = if all { "true" } else { "donor_id IN (SELECT donor_id FROM touched_donors)" };
    connection
        .execute_batch(&format!(
            "DELETE FROM donor_stats WHERE {touched};
             INSERT INTO donor_stats
                 SELECT donor_id, sum(amount), count(*), round(sum(amount) / count(*), 2), min(date), max(date),
                        coalesce(sum(amount) FILTER (date >= DATE '{month}'), 0),
                        coalesce(sum(amount) FILTER (date >= DATE '{year}'), 0)
                 FROM donations WHERE received AND donor_id IS NOT NULL AND {touched}
                 GROUP BY donor_id ORDER BY donor_id;"
        ))
        .map_err(trouble(DOING))
}

fn months(connection: &Connection, table: Table) -> Result<()> {
    let sql = if table == Table::Donations {
        "DELETE FROM donation_months;
         INSERT INTO donation_months
             SELECT date_trunc('month', date)::DATE AS month, sum(amount), count(*)
             FROM donations WHERE received GROUP BY month ORDER BY month;"
    } else {
        "DELETE FROM cash_months;
         INSERT INTO cash_months
             SELECT category_id, date_trunc('month', date)::DATE AS month, direction, sum(amount), count(*)
             FROM cash_entries GROUP BY ALL ORDER BY ALL;"
    };
    connection.execute_batch(sql).map_err(trouble(DOING))
}

/// Moves the sums of months by what changed. They are exact decimals, so that moving gives what summing anew would.
/// The two tables have a few thousand rows and are written anew.
fn move_months(connection: &Connection) -> Result<()> {
    let noted = |notes: &str| -> Result<bool> {
        connection.query_row(&format!("SELECT count(*) > 0 FROM {notes}"), [], |row| row.get(0)).map_err(trouble(DOING))
    };
    if noted("touched_donation_months")? {
        connection
            .execute_batch(
                "CREATE OR REPLACE TEMP TABLE moved AS
                     SELECT month, sum(amount) AS amount, sum(n)::UBIGINT AS n FROM (
                         SELECT month, total_donation::DECIMAL(38, 2) AS amount, donation_count::BIGINT AS n
                         FROM donation_months UNION ALL SELECT * FROM touched_donation_months)
                     GROUP BY month HAVING sum(n) <> 0;
                 DELETE FROM donation_months;
                 INSERT INTO donation_months SELECT * FROM moved ORDER BY month;
                 DROP TABLE moved;",
            )
            .map_err(trouble(DOING))?;
    }
    if noted("touched_cash_months")? {
        connection
            .execute_batch(
                "CREATE OR REPLACE TEMP TABLE moved AS
                     SELECT category_id, month, direction, sum(amount) AS amount, sum(n)::UBIGINT AS n FROM (
                         SELECT category_id, month, direction, total::DECIMAL(38, 2) AS amount, entry_count::BIGINT AS n
                         FROM cash_months UNION ALL SELECT * FROM touched_cash_months)
                     GROUP BY category_id, month, direction HAVING sum(n) <> 0;
                 DELETE FROM cash_months;
                 INSERT INTO cash_months SELECT * FROM moved ORDER BY ALL;
                 DROP TABLE moved;",
            )
            .map_err(trouble(DOING))?;
    }
    Ok(())
}

/// Sorted by number, so that a look-up reads the one part of the table that can hold it. Of contacts that share a
/// number, a verified one counts before the others, then the older.
fn numbers(connection: &Connection) -> Result<()> {
    connection
        .execute_batch(
            "DELETE FROM contact_numbers;
             INSERT INTO contact_numbers
                 SELECT number::UBIGINT AS key,
                        arg_min(donor_id, (NOT coalesce(verified, false), contact_id)),
                        bool_or(coalesce(verified, false))
                 FROM contacts GROUP BY key ORDER BY key;",
        )
        .map_err(trouble(DOING))
}

fn record(connection: &Connection, state: &State) -> Result<()> {
    let doing = trouble("recording the load");
    let json = serde_json::to_string(state)
        .map_err(|cause| Error::new(ErrorKind::Internal, "the state could not be written as JSON").caused_by(cause))?;
    connection.execute_batch("DELETE FROM load_state; DELETE FROM freshness;").map_err(&doing)?;
    connection
        .execute(
            "INSERT INTO load_state VALUES (?, ?::DATE, ?, ?)",
            params![state.run, state.as_of.to_string(), state.source, json],
        )
        .map_err(&doing)?;
    for table in Table::ALL {
        let Some(fresh) = state.tables.get(&table) else { continue };
        connection
            .execute(
                "INSERT INTO freshness VALUES (?, ?::DATE, ?, ?, make_timestamp(?::BIGINT), make_timestamp(?::BIGINT))",
                params![
                    table.name(),
                    state.as_of.to_string(),
                    fresh.rows,
                    fresh.facts,
                    fresh.taken_at,
                    fresh.watermark
                ],
            )
            .map_err(&doing)?;
    }
    Ok(())
}
