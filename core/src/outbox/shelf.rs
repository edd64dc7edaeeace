//! What an outbox must be able to keep and find; the rules above it are the same for all.

use super::decision::{Pruned, Retention, Whom};
use super::draft::Draft;
use super::entry::{BatchProgress, Counts, Filter};
use super::halt::{Halt, Lane};
use super::record::{Content, Record};
use crate::error::Result;
use crate::model::Number;
use crate::transport::{Picture, StatusChange};
use jiff::{SignedDuration, Timestamp};

/// When a lane may go on, after what went out last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gates {
    pub(super) reply: Timestamp,
    pub(super) other: Timestamp,
}

impl Default for Gates {
    fn default() -> Self {
        Self { reply: Timestamp::MIN, other: Timestamp::MIN }
    }
}

/// The failures of a lane since its gateway last did what it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) failures: u32,
    /// When the first of them was.
    pub(super) since: Option<Timestamp>,
}

/// Rows, inside one transaction.
pub(super) trait Shelf {
    /// Adds a message; `false` when its key is there.
    fn insert(&mut self, draft: &Draft, now: Timestamp) -> Result<bool>;
    fn put_picture(&mut self, batch: &str, picture: &Picture, now: Timestamp) -> Result<()>;
    fn load(&mut self, id: u64) -> Result<Option<Record>>;
    fn by_key(&mut self, key: &str) -> Result<Option<Record>>;
    fn content(&mut self, id: u64) -> Result<Option<Content>>;
    /// Writes what moves: stage, times, holder, attempts, statuses.
    fn save(&mut self, record: &Record) -> Result<()>;
    /// Moves a message to another lane.
    fn set_lane(&mut self, id: u64, lane: &str) -> Result<()>;
    /// Writes the record's key and person, and removes its content.
    fn sever(&mut self, record: &Record) -> Result<()>;
    /// The queued message of a lane and class that is due first, if it is due by now.
    fn first_due(&mut self, lane: &str, class: u8, now: Timestamp) -> Result<Option<Record>>;
    /// When the first queued message of a lane and class is due.
    fn soonest(&mut self, lane: &str, class: u8) -> Result<Option<Timestamp>>;
    /// What a holder holds, or what was held too long; `limit` at most, in order of identities.
    fn held(&mut self, holder: Option<&str>, now: Timestamp, limit: usize) -> Result<Vec<Record>>;
    /// When the next message will have been held too long.
    fn next_hold_end(&mut self) -> Result<Option<Timestamp>>;
    /// The message that a gateway's name stands for.
    fn by_receipt(&mut self, name: &str) -> Result<Option<Record>>;
    fn keep_orphan(&mut self, change: &StatusChange, now: Timestamp) -> Result<()>;
    /// Takes out the statuses that came before their message was known by this name.
    fn take_orphans(&mut self, name: &str) -> Result<Vec<StatusChange>>;
    /// Every halted lane, in order of names.
    fn halts(&mut self) -> Result<Vec<(String, Halt)>>;
    fn set_halt(&mut self, lane: &str, halt: Option<&Halt>) -> Result<()>;
    fn gates(&mut self, lane: &str) -> Result<Gates>;
    fn set_gates(&mut self, lane: &str, gates: Gates) -> Result<()>;
    fn trouble(&mut self, lane: &str) -> Result<Trouble>;
    fn set_trouble(&mut self, lane: &str, trouble: Trouble) -> Result<()>;
    /// The latest time that was told.
    fn seen(&mut self) -> Result<Option<Timestamp>>;
    fn set_seen(&mut self, now: Timestamp) -> Result<()>;
    /// Messages queued or held that changed after a time; `limit` at most.
    fn changed_after(&mut self, time: Timestamp, limit: usize) -> Result<Vec<Record>>;
    /// Brings gates and opt-outs that lie after `now` down by `back`, to `now` at the least.
    fn rewind(&mut self, back: SignedDuration, now: Timestamp) -> Result<()>;
    /// When the next message to a person may go out.
    fn person_gate(&mut self, number: &Number) -> Result<Option<Timestamp>>;
    fn set_person_gate(&mut self, number: &Number, until: Timestamp) -> Result<()>;
    fn opted_out(&mut self, number: &Number) -> Result<Option<Timestamp>>;
    /// The newest first; of the same time, in order of numbers.
    fn opt_outs(&mut self, limit: u32) -> Result<Vec<(Number, Timestamp)>>;
    /// Notes or forgets an opt-out.
    fn set_opt_out(&mut self, number: &Number, since: Option<Timestamp>) -> Result<()>;
    /// Every message to somebody.
    fn of(&mut self, whom: &Whom) -> Result<Vec<Record>>;
    fn list(&mut self, filter: &Filter) -> Result<Vec<Record>>;
    fn counts(&mut self, batch: Option<&str>) -> Result<Counts>;
    fn batches(&mut self, limit: u32) -> Result<Vec<BatchProgress>>;
    fn lanes(&mut self) -> Result<Vec<Lane>>;
    fn forget_person_gate(&mut self, number: &Number) -> Result<()>;
    fn prune(&mut self, retention: &Retention) -> Result<Pruned>;
}

/// A place with shelves.
pub(super) trait Shelves: Send + Sync {
    /// Runs a transaction: all of it, or none when it fails.
    fn write<R>(&self, work: impl FnOnce(&mut dyn Shelf) -> Result<R>) -> Result<R>;
    /// Removes what the disk still holds of rows that are gone, as far as nobody is reading them.
    fn tidy(&self) -> Result<()>;
    /// Reads one state.
    fn read<R>(&self, work: impl FnOnce(&mut dyn Shelf) -> Result<R>) -> Result<R>;
}
