//! What rows of the register's tables mean.

use super::{CareState, Erasure, Greeting, How, Verified};
use crate::error::Result;
use crate::model::{DonationId, DonorId, Number, ReceivedGift};
use crate::sqlite::trouble;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row};

/// All rows of a query.
pub(super) fn rows<T>(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(trouble)?;
    let found = statement.query_map(values, read).and_then(Iterator::collect);
    found.map_err(trouble)
}

pub(super) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    time(row.get(column)?, column)
}

pub(super) fn maybe_instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|micros| time(micros, column)).transpose()
}

pub(super) fn time(micros: i64, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

pub(super) fn donor(row: &Row<'_>, column: usize) -> rusqlite::Result<DonorId> {
    row.get::<_, i64>(column).map(|id| DonorId(id.cast_unsigned()))
}

pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<Number> {
    let text: String = row.get(column)?;
    // The digits are left out of the error.
    Number::parse(&format!("+{text}")).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, 0))
}

pub(super) fn verified(row: &Row<'_>) -> rusqlite::Result<Verified> {
    let how: String = row.get(3)?;
    Ok(Verified { number: number(row, 0)?, donor: donor(row, 1)?, at: instant(row, 2)?, how: How::named(&how) })
}

pub(super) fn erasure(row: &Row<'_>) -> rusqlite::Result<Erasure> {
    Ok(Erasure {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        donor: row.get::<_, Option<i64>>(1)?.map(|id| DonorId(id.cast_unsigned())),
        requested: instant(row, 2)?,
        confirmed: maybe_instant(row, 3)?,
        done: maybe_instant(row, 4)?,
    })
}

pub(super) const ERASURE: &str = "SELECT id, donor, requested, confirmed, done FROM erasures";

pub(super) fn greeting(row: &Row<'_>) -> rusqlite::Result<Greeting> {
    let state: String = row.get(2)?;
    Ok(Greeting {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        donor: donor(row, 1)?,
        state: CareState::named(&state),
        drafted: instant(row, 3)?,
        since: instant(row, 4)?,
    })
}

pub(super) const GREETING: &str = "SELECT id, donor, state, drafted, since FROM greetings";

/// A gift that was thanked for; its donor is known to whoever asks.
pub(super) fn thanked(row: &Row<'_>) -> rusqlite::Result<ReceivedGift> {
    let (donation, day): (i64, String) = (row.get(0)?, row.get(2)?);
    let date: Date = day.parse().map_err(|_| rusqlite::Error::IntegralValueOutOfRange(2, 0))?;
    Ok(ReceivedGift { donation: DonationId(donation.cast_unsigned()), donor: donor(row, 1)?, date })
}
