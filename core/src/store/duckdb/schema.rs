//! The tables and views of the analytics file, their comments, and the way from one version to the next.

use super::trouble::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::etl::facts::{self, AMOUNT_PRECISION, FactColumn};
use crate::model::Table;
use crate::source::ColumnType;
use ::duckdb::Connection;
use std::fmt::Write;

/// Version of the schema that this code writes.
pub(super) const VERSION: i32 = 1;

/// Brings a new or older file up to this version, in one transaction.
pub(super) fn migrate(connection: &Connection) -> Result<()> {
    let doing = trouble("checking the schema of the analytics file");
    let known: bool = connection
        .query_row(
            "SELECT count(*) > 0 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'main' AND table_name = 'schema_info'",
            [],
            |row| row.get(0),
        )
        .map_err(&doing)?;
    let version: i32 = if known {
        connection.query_row("SELECT max(version) FROM schema_info", [], |row| row.get(0)).map_err(&doing)?
    } else {
        0
    };
    if version > VERSION {
        return Err(Error::new(ErrorKind::StoreNewer, "the analytics file was written by a newer version of Dermawan")
            .context("schema of the file", version)
            .context("schema of this version", VERSION)
            .hint("update Dermawan, or move the file away and load again"));
    }
    // One entry for each step; a later version appends its own.
    let steps: [fn() -> String; VERSION as usize] = [first];
    for (step, number) in steps.iter().zip(1..).skip(version as usize) {
        let sql = format!("BEGIN; {} INSERT INTO schema_info VALUES ({number}); COMMIT;", step());
        if let Err(cause) = connection.execute_batch(&sql) {
            // The transaction is over either way; the first error is the one to tell.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(trouble("creating the schema of the analytics file")(cause));
        }
    }
    connection.execute_batch(super::audit::ACCEPTED).map_err(&doing)?;
    Ok(())
}

/// The SQL type of a column.
fn sql_type(content: ColumnType) -> String {
    match content {
        ColumnType::Key => "UBIGINT".into(),
        ColumnType::Amount => format!("DECIMAL({}, {})", AMOUNT_PRECISION.0, AMOUNT_PRECISION.1),
        ColumnType::Date => "DATE".into(),
        ColumnType::Instant => "TIMESTAMP".into(),
        ColumnType::Text => "VARCHAR".into(),
        ColumnType::Integer => "INTEGER".into(),
        ColumnType::Flag => "BOOLEAN".into(),
    }
}

/// Naming the compression spares DuckDB the trial of every other one, a fifth of the time that a load takes.
fn compression(column: &FactColumn) -> &'static str {
    match (column.content, column.few_values) {
        (ColumnType::Text, true) => "dictionary",
        (ColumnType::Text, false) => "fsst",
        _ => "bitpacking",
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn first() -> String {
    let mut sql = String::from("CREATE TABLE schema_info (version INTEGER);");
    for table in Table::ALL {
        let columns: Vec<String> = facts::columns(table)
            .iter()
            .map(|c| format!("{} {} USING COMPRESSION {}", c.name, sql_type(c.content), compression(c)))
            .collect();
        let _ = write!(sql, "CREATE TABLE {table} ({});", columns.join(", "));
        let _ = write!(sql, "COMMENT ON TABLE {table} IS {};", quoted(facts::comment(table)));
        for column in facts::columns(table) {
            let _ = write!(sql, "COMMENT ON COLUMN {table}.{} IS {};", column.name, quoted(column.comment));
        }
    }
    sql.push_str(DERIVED);
    for (table, comment, columns) in COMMENTS {
        let kind = if VIEWS.contains(table) { "VIEW" } else { "TABLE" };
        let _ = write!(sql, "COMMENT ON {kind} {table} IS {};", quoted(comment));
        for (column, comment) in *columns {
            let _ = write!(sql, "COMMENT ON COLUMN {table}.{column} IS {};", quoted(comment));
        }
    }
    sql
}

const DERIVED: &str = "
CREATE TABLE quarantine (
    table_name VARCHAR, source_key UBIGINT, reason VARCHAR, kept BOOLEAN, column_name VARCHAR, value VARCHAR,
    amount_sen DECIMAL(38, 0), reference UBIGINT, mark BIGINT);
CREATE TABLE load_state (run UBIGINT, as_of DATE, source VARCHAR, state VARCHAR);
CREATE TABLE freshness (
    table_name VARCHAR, as_of DATE, source_rows UBIGINT, clean_rows UBIGINT, taken_at TIMESTAMP, watermark TIMESTAMP);
CREATE TABLE donor_stats (
    donor_id UBIGINT, total_donation DECIMAL(18, 2), donation_count UINTEGER, avg_donation DECIMAL(18, 2),
    first_donation_date DATE, last_donation_date DATE, this_month DECIMAL(18, 2), this_year DECIMAL(18, 2));
CREATE TABLE contact_numbers (number UBIGINT, donor_id UBIGINT, verified BOOLEAN);
CREATE TABLE donation_months (month DATE, total_donation DECIMAL(18, 2), donation_count UBIGINT);
CREATE TABLE cash_months (
    category_id UBIGINT, month DATE, direction VARCHAR, total DECIMAL(18, 2), entry_count UBIGINT);
CREATE VIEW monthly_donations AS
    SELECT m.month, coalesce(d.total_donation, 0)::DECIMAL(18, 2) AS total_donation,
           coalesce(d.donation_count, 0)::UBIGINT AS donation_count
    FROM (SELECT unnest(generate_series(min(month)::TIMESTAMP, max(month)::TIMESTAMP, INTERVAL 1 MONTH))::DATE AS month
          FROM donation_months) m
    LEFT JOIN donation_months d ON d.month = m.month
    ORDER BY m.month;
CREATE VIEW monthly_expenses AS
    SELECT m.month, m.category_id, c.name AS category, coalesce(e.total, 0)::DECIMAL(18, 2) AS total_expense,
           coalesce(e.entry_count, 0)::UBIGINT AS entry_count
    FROM (SELECT s.category_id, unnest(generate_series(s.since::TIMESTAMP, l.until::TIMESTAMP, INTERVAL 1 MONTH))::DATE AS month
          FROM (SELECT category_id, min(month) AS since FROM cash_months WHERE direction = 'expense' GROUP BY category_id) s
          CROSS JOIN (SELECT max(month) AS until FROM cash_months WHERE direction = 'expense') l) m
    LEFT JOIN cash_months e
           ON e.category_id IS NOT DISTINCT FROM m.category_id AND e.month = m.month AND e.direction = 'expense'
    LEFT JOIN categories c ON c.category_id = m.category_id
    ORDER BY m.month, m.category_id;
CREATE VIEW monthly_cash AS
    SELECT month, coalesce(sum(total) FILTER (direction = 'income'), 0)::DECIMAL(18, 2) AS total_income,
           coalesce(sum(total) FILTER (direction = 'expense'), 0)::DECIMAL(18, 2) AS total_expense
    FROM cash_months GROUP BY month ORDER BY month;
";

const VIEWS: &[&str] = &["monthly_donations", "monthly_expenses", "monthly_cash"];

type Comments = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const COMMENTS: &[Comments] = &[
    ("schema_info", "Version of the tables in this file", &[("version", "Version, ascending; the highest one holds")]),
    (
        "quarantine",
        "Rows of the source that are not in the clean tables, and remarks on rows that are (kept)",
        &[
            ("table_name", "Table of the row"),
            ("source_key", "Key of the row in the source"),
            ("reason", "Why, such as unknown_donor or future_date"),
            ("kept", "The row is in the clean table all the same"),
            ("column_name", "The column at fault"),
            ("value", "The value at fault"),
            ("amount_sen", "What the row adds to the source's sum of amounts, in sen"),
            ("reference", "What the row adds to the source's sum of references"),
            ("mark", "What the row adds to the source's sum of marks of statuses"),
        ],
    ),
    (
        "load_state",
        "The last good load",
        &[
            ("run", "Number of the load"),
            ("as_of", "The day of the load"),
            ("source", "What was loaded from; no user, no password"),
            ("state", "What the next load continues from, as JSON"),
        ],
    ),
    (
        "freshness",
        "How fresh each table is",
        &[
            ("table_name", "The table"),
            ("as_of", "The day of its last load"),
            ("source_rows", "Rows in the source"),
            ("clean_rows", "Rows in the clean table"),
            ("taken_at", "The source's clock at the snapshot, UTC"),
            ("watermark", "The newest modification seen, UTC"),
        ],
    ),
    (
        "donor_stats",
        "Received gifts of every donor who gave",
        &[
            ("donor_id", "The donor"),
            ("total_donation", "Sum in rupiah"),
            ("donation_count", "Number of gifts"),
            ("avg_donation", "Average gift in rupiah"),
            ("first_donation_date", "Date of the first gift"),
            ("last_donation_date", "Date of the last gift"),
            ("this_month", "Sum of the calendar month of the load"),
            ("this_year", "Sum of the calendar year of the load"),
        ],
    ),
    (
        "contact_numbers",
        "Whose a WhatsApp number is, in the order of numbers, so that one is found without reading all",
        &[
            ("number", "The number in its normal form, as a number"),
            ("donor_id", "The donor; a verified contact goes first"),
            ("verified", "The contact has been verified"),
        ],
    ),
    (
        "donation_months",
        "Received donations by month; months without one are absent",
        &[
            ("month", "First day of the month"),
            ("total_donation", "Sum in rupiah"),
            ("donation_count", "Number of gifts"),
        ],
    ),
    (
        "cash_months",
        "The cash book by category, month and direction; what has no entry is absent",
        &[
            ("category_id", "The category; NULL for entries without one"),
            ("month", "First day of the month"),
            ("direction", "income or expense"),
            ("total", "Sum in rupiah"),
            ("entry_count", "Number of entries"),
        ],
    ),
    (
        "monthly_donations",
        "Received donations by month, without gaps; the last month may be running",
        &[
            ("month", "First day of the month"),
            ("total_donation", "Sum in rupiah"),
            ("donation_count", "Number of gifts"),
        ],
    ),
    (
        "monthly_expenses",
        "Expenses by month and category, without gaps from a category's first on",
        &[
            ("month", "First day of the month"),
            ("category_id", "The category; NULL for entries without one"),
            ("category", "Name of the category"),
            ("total_expense", "Sum in rupiah"),
            ("entry_count", "Number of entries"),
        ],
    ),
    (
        "monthly_cash",
        "Income and expenses of the cash book by month",
        &[
            ("month", "First day of the month"),
            ("total_income", "Sum of the income in rupiah"),
            ("total_expense", "Sum of the expenses in rupiah"),
        ],
    ),
];
