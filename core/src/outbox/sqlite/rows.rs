//! Between rows and records.

use super::super::cause::Cause;
use super::super::draft::{Priority, Resend};
use super::super::entry::{Entry, MessageId, Stage};
use super::super::halt::{Halt, HaltKind};
use super::super::record::Record;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Number};
use crate::sqlite::trouble;
use crate::transport::State;
use jiff::Timestamp;
use rusqlite::Row;

/// The columns that [`record`] reads, in its order.
pub(super) const COLUMNS: &str = "id, key, lane, class, kind, priority, recipient, donor, batch, solicited, resend, \
    created, expires, stage, due, changed, attempts, resent, holder, token, hold_until, gateway_id, state_id, delivery, \
    reason, cause";

/// For a value that this library does not write.
fn damaged(column: &'static str) -> Error {
    Error::new(ErrorKind::StoreDamaged, "the outbox file holds a value that does not belong there")
        .context("column", column)
        .hint("put the last backup in its place")
}

pub(super) fn time(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| damaged("time"))
}

pub(super) fn number(digits: &str) -> Result<Number> {
    Number::parse(&format!("+{digits}")).map_err(|_| damaged("recipient"))
}

pub(super) const fn state_number(state: State) -> i64 {
    match state {
        State::Pending => 0,
        State::Failed => 1,
        State::Sent => 2,
        State::Delivered => 3,
        State::Read => 4,
    }
}

pub(super) fn state(number: i64) -> Result<State> {
    const STATES: [State; 5] = [State::Pending, State::Failed, State::Sent, State::Delivered, State::Read];
    STATES.into_iter().find(|state| state_number(*state) == number).ok_or_else(|| damaged("delivery"))
}

fn cell<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T> {
    row.get(index).map_err(trouble)
}

pub(super) fn stage(number: i64) -> Result<Stage> {
    Stage::from_number(number).ok_or_else(|| damaged("stage"))
}

/// Reads [`COLUMNS`].
pub(super) fn record(row: &Row<'_>) -> Result<Record> {
    let optional_time = |index| cell::<Option<i64>>(row, index)?.map(time).transpose();
    let recipient = cell::<Option<String>>(row, 6)?;
    // Kept in international form without a plus sign; with one it is read as what it is.
    let to = recipient.map(|digits| number(&digits)).transpose()?;
    let holder: Option<String> = cell(row, 18)?;
    let token: Option<i64> = cell(row, 19)?;
    let entry = Entry {
        id: MessageId(cell::<i64>(row, 0)?.cast_unsigned()),
        key: cell(row, 1)?,
        lane: cell(row, 2)?,
        priority: Priority::from_number(cell(row, 5)?).ok_or_else(|| damaged("priority"))?,
        kind: cell(row, 4)?,
        to,
        donor: cell::<Option<i64>>(row, 7)?.map(|donor| DonorId(donor.cast_unsigned())),
        batch: cell(row, 8)?,
        stage: stage(cell(row, 13)?)?,
        delivery: cell::<Option<i64>>(row, 23)?.map(state).transpose()?,
        cause: cell::<Option<i64>>(row, 25)?
            .map(|number| Cause::from_number(number).ok_or_else(|| damaged("cause")))
            .transpose()?,
        reason: cell(row, 24)?,
        attempts: cell(row, 16)?,
        resent: cell(row, 17)?,
        resend: Resend::from_number(cell(row, 10)?).ok_or_else(|| damaged("resend"))?,
        created: time(cell(row, 11)?)?,
        due: time(cell(row, 14)?)?,
        changed: time(cell(row, 15)?)?,
        gateway_id: cell(row, 21)?,
    };
    Ok(Record {
        entry,
        class: cell(row, 3)?,
        solicited: cell(row, 9)?,
        expires: optional_time(12)?,
        held: holder.zip(token.map(i64::cast_unsigned)),
        hold_until: optional_time(20)?,
        state_id: cell(row, 22)?,
    })
}

/// Reads lane, kind, reason, since and `probe_at`.
pub(super) fn halt(row: &Row<'_>) -> Result<(String, Halt)> {
    let halt = Halt {
        kind: HaltKind::from_number(cell(row, 1)?).ok_or_else(|| damaged("halt"))?,
        reason: cell(row, 2)?,
        since: time(cell(row, 3)?)?,
        probe_at: cell::<Option<i64>>(row, 4)?.map(time).transpose()?,
    };
    Ok((cell(row, 0)?, halt))
}
