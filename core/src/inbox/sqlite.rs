//! The inbox in a file.

use super::{Kept, Letter, Outcome, Step, WINDOW_MS};
use crate::bot::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Number, Sender};
use crate::sqlite::{self, trouble};
use crate::transport::{DeviceChange, Event, Inbound, State, StatusChange};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::borrow::Cow;
use std::path::Path;

const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE letter (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        sender TEXT,
        lid TEXT,
        body TEXT NOT NULL,
        gateway_id TEXT,
        state_id TEXT,
        written INTEGER,
        received INTEGER NOT NULL,
        settled INTEGER,
        outcome TEXT
    ) STRICT;
    CREATE INDEX letter_pending ON letter (seq) WHERE outcome IS NULL;
    CREATE INDEX letter_settled ON letter (settled) WHERE settled IS NOT NULL;
    CREATE TABLE conversation (
        number TEXT PRIMARY KEY,
        session TEXT NOT NULL,
        touched INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE INDEX letter_sender ON letter (sender, written, received) WHERE sender IS NOT NULL;
",
];

/// What came in, in a `SQLite` file: one writes, others may read meanwhile.
pub struct Inbox {
    connection: Connection,
}

impl Inbox {
    /// Opens or makes the file.
    ///
    /// # Errors
    ///
    /// `store_newer` for a file of a newer version, `store_locked`, `store_damaged`, `disk_full`, `io`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { connection: sqlite::open(Some(path.as_ref()), "inbox", MIGRATIONS)? })
    }

    /// An inbox that is gone when it is dropped.
    pub fn in_memory() -> Result<Self> {
        Ok(Self { connection: sqlite::open(None, "inbox", MIGRATIONS)? })
    }

    /// Writes all steps in one transaction and says what each did. When it returns, they survive a power cut; when it
    /// fails, none of them happened.
    pub fn commit(&mut self, steps: &[Step]) -> Result<Vec<Kept>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(trouble)?;
        let mut outcomes = Vec::with_capacity(steps.len());
        for step in steps {
            outcomes.push(match step {
                Step::Keep { event, now } => keep(&transaction, event, *now)?,
                Step::Settle { seq, outcome, session, now } => {
                    settle(&transaction, *seq, *outcome, session.as_ref(), *now)?
                }
            });
        }
        transaction.commit().map_err(trouble)?;
        Ok(outcomes)
    }

    /// What is not settled, in the order of arrival, behind `after`; at most `limit`.
    pub fn pending(&self, after: i64, limit: usize) -> Result<Vec<Letter>> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT seq, key, kind, sender, lid, body, gateway_id, state_id, written, received
                 FROM letter WHERE outcome IS NULL AND seq > ?1 ORDER BY seq LIMIT ?2",
            )
            .map_err(trouble)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![after, limit]).map_err(trouble)?;
        let mut letters = Vec::new();
        while let Some(row) = rows.next().map_err(trouble)? {
            letters.push(letter(row)?);
        }
        Ok(letters)
    }

    /// How many are not settled.
    pub fn backlog(&self) -> Result<u64> {
        let count = self
            .connection
            .prepare_cached("SELECT count(*) FROM letter WHERE outcome IS NULL")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
            .map_err(trouble)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// The conversation with a number. One of another version counts as new.
    pub fn session(&self, number: &Number) -> Result<Session> {
        let text: Option<String> = self
            .connection
            .prepare_cached("SELECT session FROM conversation WHERE number = ?1")
            .and_then(|mut statement| statement.query_row([number.as_str()], |row| row.get(0)).optional())
            .map_err(trouble)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// When a number last wrote: when it was written, where the gateway says so, else when it came. `None` when nothing of
    /// it is kept.
    pub fn heard(&self, number: &Number) -> Result<Option<Timestamp>> {
        let at: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(coalesce(written, received)) FROM letter WHERE sender = ?1")
            .and_then(|mut statement| statement.query_row([number.as_str()], |row| row.get(0)))
            .map_err(trouble)?;
        Ok(at.and_then(|at| Timestamp::from_millisecond(at).ok()))
    }

    /// Forgets what was settled before `before`, and conversations that rest since then. Returns how many messages. What
    /// is forgotten can no longer be told from a new delivery, so keep it longer than any gateway tries again.
    pub fn prune(&mut self, before: Timestamp) -> Result<u64> {
        let before = before.as_millisecond();
        let count = self.connection.execute("DELETE FROM letter WHERE settled < ?1", [before]).map_err(trouble)? as u64;
        self.connection.execute("DELETE FROM conversation WHERE touched < ?1", [before]).map_err(trouble)?;
        Ok(count)
    }

    /// Forgets a person: everything that came from a number, and the conversation.
    pub fn erase(&mut self, number: &Number) -> Result<u64> {
        let number = number.as_str();
        let count = self.connection.execute("DELETE FROM letter WHERE sender = ?1", [number]).map_err(trouble)? as u64;
        self.connection.execute("DELETE FROM conversation WHERE number = ?1", [number]).map_err(trouble)?;
        Ok(count)
    }
}

/// The columns that the kinds of events share.
struct Columns<'a> {
    key: String,
    kind: &'static str,
    sender: Option<&'a str>,
    lid: Option<&'a str>,
    body: Cow<'a, str>,
    gateway_id: Option<&'a str>,
    state_id: Option<&'a str>,
    written: Option<i64>,
}

fn keep(transaction: &Transaction<'_>, event: &Event, now: Timestamp) -> Result<Kept> {
    let now = now.as_millisecond();
    let columns = match event {
        Event::Message(Inbound { key, windowed, sender, lid, text, written, id, .. })
            if matches!(sender, Sender::Person(_)) || (*sender == Sender::Unknown && lid.is_some()) =>
        {
            if *windowed && is_repeated(transaction, key, now)? {
                return Ok(Kept::Known);
            }
            Columns {
                key: if *windowed { moment(key, now) } else { key.clone() },
                kind: "message",
                // A hidden identity is kept apart from numbers, so that it is never read as one.
                sender: match sender {
                    Sender::Person(number) => Some(number.as_str()),
                    _ => None,
                },
                lid: lid.as_deref(),
                body: text.into(),
                gateway_id: id.as_deref(),
                state_id: None,
                written: written.map(Timestamp::as_millisecond),
            }
        }
        Event::Message(_) => return Ok(Kept::Ignored),
        Event::Status(StatusChange { id, state_id, state, reason }) => {
            let part = |id: &Option<String>| id.clone().unwrap_or_default();
            Columns {
                key: format!("status:{}:{}:{}", part(id), part(state_id), state.code()),
                kind: "status",
                sender: None,
                lid: None,
                body: reason
                    .as_ref()
                    .map_or_else(|| state.code().into(), |reason| format!("{}\n{reason}", state.code()).into()),
                gateway_id: id.as_deref(),
                state_id: state_id.as_deref(),
                written: None,
            }
        }
        Event::Device(DeviceChange { connected, reason }) => {
            // Nothing tells one change from the next but the order in which they come.
            Columns {
                key: format!("device:{now}:{connected}"),
                kind: if *connected { "connected" } else { "disconnected" },
                sender: None,
                lid: None,
                body: reason.into(),
                gateway_id: None,
                state_id: None,
                written: None,
            }
        }
    };
    let count = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO letter (key, kind, sender, lid, body, gateway_id, state_id, written, received)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                columns.key,
                columns.kind,
                columns.sender,
                columns.lid,
                columns.body,
                columns.gateway_id,
                columns.state_id,
                columns.written,
                now,
            ])
        })
        .map_err(trouble)?;
    Ok(if count == 0 { Kept::Known } else { Kept::New })
}

/// A windowed key with its time, in a form whose order is that of the times.
fn moment(key: &str, now: i64) -> String {
    format!("{key}@{:015}", now.max(0))
}

/// Whether the same windowed key came shortly before; or after, for a clock that was set back.
fn is_repeated(transaction: &Transaction<'_>, key: &str, now: i64) -> Result<bool> {
    transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM letter WHERE key BETWEEN ?1 AND ?2)")
        .and_then(|mut statement| {
            let span = params![moment(key, now - WINDOW_MS), moment(key, now + WINDOW_MS)];
            statement.query_row(span, |row| row.get(0))
        })
        .map_err(trouble)
}

fn settle(
    transaction: &Transaction<'_>,
    seq: i64,
    outcome: Outcome,
    session: Option<&(Number, Session)>,
    now: Timestamp,
) -> Result<Kept> {
    let now = now.as_millisecond();
    let settled = transaction
        .prepare_cached(
            "UPDATE letter SET outcome = ?2, settled = ?3, body = '', lid = NULL WHERE seq = ?1 AND outcome IS NULL",
        )
        .and_then(|mut statement| statement.execute(params![seq, outcome.code(), now]))
        .map_err(trouble)?;
    if settled == 0 {
        return Ok(Kept::Known);
    }
    if let Some((number, session)) = session {
        let session = serde_json::to_string(session)
            .map_err(|cause| Error::new(ErrorKind::Internal, "a conversation cannot be written").caused_by(cause))?;
        transaction
            .prepare_cached(
                "INSERT INTO conversation VALUES (?1, ?2, ?3)
                 ON CONFLICT (number) DO UPDATE SET session = excluded.session, touched = excluded.touched",
            )
            .and_then(|mut statement| statement.execute(params![number.as_str(), session, now]))
            .map_err(trouble)?;
    }
    Ok(Kept::New)
}

fn letter(row: &Row<'_>) -> Result<Letter> {
    read(row).map_err(trouble)?.ok_or_else(|| {
        Error::new(ErrorKind::StoreDamaged, "the inbox holds something that this version does not know")
            .hint("use the version that wrote it, or set the file aside")
    })
}

/// `None` for a kind that is not known.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Letter>> {
    let (kind, body): (String, String) = (row.get(2)?, row.get(5)?);
    // Stored as a country code and the rest, so read as a gateway's name and not as a person's writing.
    let sender = row.get::<_, Option<String>>(3)?.map(|digits| Sender::read(&digits));
    let from = match &sender {
        Some(Sender::Person(number)) => Some(number.clone()),
        _ => None,
    };
    let key: String = row.get(1)?;
    let event = match (kind.as_str(), sender) {
        ("message", sender) => Event::Message(Inbound {
            key: key.clone(),
            windowed: false,
            sender: sender.unwrap_or(Sender::Unknown),
            lid: row.get(4)?,
            device: None,
            text: body,
            name: String::new(),
            written: row.get::<_, Option<i64>>(8)?.and_then(|written| Timestamp::from_millisecond(written).ok()),
            id: row.get(6)?,
        }),
        ("status", _) => {
            let states = [State::Pending, State::Failed, State::Sent, State::Delivered, State::Read];
            let (code, reason) = match body.split_once('\n') {
                Some((code, reason)) => (code, Some(reason.to_owned())),
                None => (body.as_str(), None),
            };
            let Some(state) = states.into_iter().find(|state| state.code() == code) else { return Ok(None) };
            Event::Status(StatusChange { id: row.get(6)?, state_id: row.get(7)?, state, reason })
        }
        ("connected" | "disconnected", _) => {
            Event::Device(DeviceChange { connected: kind == "connected", reason: body })
        }
        _ => return Ok(None),
    };
    let received = Timestamp::from_millisecond(row.get(9)?).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Some(Letter { seq: row.get(0)?, key, event, from, received }))
}

#[cfg(test)]
mod tests;
