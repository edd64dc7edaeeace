//! What a screening of the cash book reads, and what people said about its findings.

use super::rows;
use super::trouble::trouble;
use crate::error::Result;
use crate::model::{AcceptedMonth, CashBook, CategoryId, Direction, DonationId, EntryId, Month, Rupiah, civil_day};
use crate::store::Bookings;
use ::duckdb::{Connection, params};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type, UInt64Type};
use jiff::civil::Date;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Keys that one query asks for at most.
const CHUNK: usize = 10_000;
/// The day number of a line without a time of entry.
const UNKNOWN: i32 = i32::MIN;

/// Made when a file is opened, so that files of earlier versions have it too; no load touches it.
pub(super) const ACCEPTED: &str = "
CREATE TABLE IF NOT EXISTS accepted_entries (entry_id UBIGINT);
COMMENT ON TABLE accepted_entries IS 'Lines of the cash book that somebody looked at and found in order';
COMMENT ON COLUMN accepted_entries.entry_id IS 'The line of the cash book';
CREATE TABLE IF NOT EXISTS accepted_months (category_id UBIGINT, month DATE, amount DECIMAL(18, 2));
COMMENT ON TABLE accepted_months IS 'Months that somebody looked at and found in order';
COMMENT ON COLUMN accepted_months.category_id IS 'The expense category; NULL for the donations of all donors';
COMMENT ON COLUMN accepted_months.month IS 'The first day of the month';
COMMENT ON COLUMN accepted_months.amount IS 'What it came to; another sum is looked at again';";

pub(super) fn cash_book(connection: &Connection, to: Date) -> Result<CashBook> {
    let sql = format!(
        "SELECT entry_id, coalesce(category_id, 0), (amount * 100)::BIGINT, date,
                coalesce((created_at::DATE - DATE '1970-01-01')::INTEGER, {UNKNOWN}), (direction = 'expense')::INTEGER
         FROM cash_entries WHERE direction IS NOT NULL AND date <= $1::DATE"
    );
    let mut book = CashBook::default();
    rows::batches(connection, "reading the cash book", &sql, params![to.to_string()], |batch| {
        book.entry.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| EntryId(id)));
        book.category.extend(rows::values::<UInt64Type>(batch, 1)?.iter().map(|&id| CategoryId(id)));
        book.amount.extend(rows::values::<Int64Type>(batch, 2)?.iter().map(|&sen| Rupiah::from_sen(sen)));
        book.date.extend(rows::values::<Date32Type>(batch, 3)?.iter().map(|&day| civil_day(day)));
        let entered = rows::values::<Int32Type>(batch, 4)?;
        book.entered.extend(entered.iter().map(|&day| (day != UNKNOWN).then(|| civil_day(day))));
        let expense = rows::values::<Int32Type>(batch, 5)?;
        book.direction.extend(expense.iter().map(|&e| if e == 1 { Direction::Expense } else { Direction::Income }));
        Ok(())
    })?;
    Ok(book)
}

pub(super) fn entry_texts(connection: &Connection, entries: &[EntryId]) -> Result<Vec<String>> {
    let mut texts: HashMap<u64, String> = HashMap::with_capacity(entries.len());
    for chunk in entries.chunks(CHUNK) {
        // Numbers only, so that they may stand in the text of the query.
        let list: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let sql = format!("SELECT entry_id, description FROM cash_entries WHERE entry_id IN ({})", list.join(", "));
        rows::batches(connection, "looking up texts of the cash book", &sql, [], |batch| {
            let ids = rows::values::<UInt64Type>(batch, 0)?;
            texts.extend(ids.iter().copied().zip(rows::texts(batch, 1)?.map(str::to_owned)));
            Ok(())
        })?;
    }
    Ok(entries.iter().map(|entry| texts.get(&entry.0).cloned().unwrap_or_default()).collect())
}

pub(super) fn bookings(connection: &Connection, to: Date, limit: usize) -> Result<Bookings> {
    let gifts = format!("(SELECT donation_id, amount FROM donations WHERE received AND date <= DATE '{to}')");
    let lines = format!(
        "(SELECT entry_id, donation_id, amount FROM cash_entries
          WHERE direction = 'income' AND donation_id IS NOT NULL AND date <= DATE '{to}')"
    );
    let doing = trouble("comparing gifts with the cash book");
    let count = format!(
        "SELECT count(*)::BIGINT, count(*) FILTER (donation_id IN (SELECT donation_id FROM {lines}))::BIGINT FROM {gifts}"
    );
    let (received, booked): (i64, i64) =
        connection.query_row(&count, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&doing)?;
    let keys = |sql: &str| -> Result<Vec<u64>> {
        let mut keys = Vec::new();
        rows::batches(connection, "comparing gifts with the cash book", sql, [], |batch| {
            keys.extend_from_slice(rows::values::<UInt64Type>(batch, 0)?);
            Ok(())
        })?;
        Ok(keys)
    };
    let without_entry = keys(&format!(
        "SELECT donation_id FROM {gifts} g ANTI JOIN {lines} l USING (donation_id) ORDER BY donation_id LIMIT {limit}"
    ))?;
    let without_donation = keys(&format!(
        "SELECT entry_id FROM {lines} l ANTI JOIN {gifts} g USING (donation_id) ORDER BY entry_id LIMIT {limit}"
    ))?;
    let other_amount = keys(&format!(
        "SELECT l.entry_id FROM {lines} l JOIN {gifts} g USING (donation_id) WHERE l.amount <> g.amount
         ORDER BY l.entry_id LIMIT {limit}"
    ))?;
    Ok(Bookings {
        booked: booked as u64,
        received: received as u64,
        without_entry: without_entry.into_iter().map(DonationId).collect(),
        without_donation: without_donation.into_iter().map(EntryId).collect(),
        other_amount: other_amount.into_iter().map(EntryId).collect(),
    })
}

pub(super) fn accepted(connection: &Connection) -> Result<Vec<EntryId>> {
    let mut entries = Vec::new();
    let sql = "SELECT DISTINCT entry_id FROM accepted_entries ORDER BY entry_id";
    rows::batches(connection, "reading what was accepted", sql, [], |batch| {
        entries.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| EntryId(id)));
        Ok(())
    })?;
    Ok(entries)
}

pub(super) fn accept(connection: &Connection, entries: &[EntryId], accepted: bool) -> Result<()> {
    let doing = trouble("remembering what was accepted");
    for chunk in entries.chunks(CHUNK) {
        let list: Vec<String> = chunk.iter().map(|entry| format!("({entry})")).collect();
        let list = list.join(", ");
        let sql = if accepted {
            format!(
                "INSERT INTO accepted_entries SELECT v.id FROM (VALUES {list}) v(id) WHERE v.id NOT IN (SELECT entry_id FROM accepted_entries)"
            )
        } else {
            format!("DELETE FROM accepted_entries WHERE entry_id IN (SELECT v.id FROM (VALUES {list}) v(id))")
        };
        connection.execute_batch(&sql).map_err(&doing)?;
    }
    Ok(())
}

pub(super) fn accepted_months(connection: &Connection) -> Result<Vec<AcceptedMonth>> {
    let mut months = Vec::new();
    let sql = "SELECT coalesce(category_id, 0), (category_id IS NULL)::INTEGER, month, (amount * 100)::BIGINT
               FROM accepted_months ORDER BY category_id NULLS FIRST, month";
    rows::batches(connection, "reading what was accepted", sql, [], |batch| {
        let (category, donations) = (rows::values::<UInt64Type>(batch, 0)?, rows::values::<Int32Type>(batch, 1)?);
        let (month, sen) = (rows::values::<Date32Type>(batch, 2)?, rows::values::<Int64Type>(batch, 3)?);
        months.extend((0..batch.num_rows()).map(|row| AcceptedMonth {
            category: (donations[row] == 0).then_some(CategoryId(category[row])),
            month: Month::of(civil_day(month[row])),
            amount: Rupiah::from_sen(sen[row]),
        }));
        Ok(())
    })?;
    Ok(months)
}

pub(super) fn accept_months(connection: &Connection, months: &[AcceptedMonth], accepted: bool) -> Result<()> {
    let mut statements = String::from("BEGIN; ");
    for AcceptedMonth { category, month, amount } in months {
        // Numbers and dates only, so that they may stand in the text.
        let category = category.map_or_else(|| "NULL".into(), |category| category.to_string());
        let (day, sen) = (month.first_day(), amount.sen());
        let _ = write!(
            statements,
            "DELETE FROM accepted_months WHERE category_id IS NOT DISTINCT FROM {category} AND month = DATE '{day}'; "
        );
        if accepted {
            let sum = format!("({sen}::DECIMAL(38, 2) / 100)::DECIMAL(18, 2)");
            let _ = write!(statements, "INSERT INTO accepted_months VALUES ({category}, DATE '{day}', {sum}); ");
        }
    }
    statements.push_str("COMMIT");
    connection.execute_batch(&statements).map_err(|cause| {
        let _ = connection.execute_batch("ROLLBACK");
        trouble("remembering what was accepted")(cause)
    })
}
