//! What is owed: messages wait here, durably, until a gateway has taken them over.
//!
//! The life of a message is a [`Stage`]:
//!
//! ```text
//! put ─► queued ─► leased ─► sending ─► accepted (then sent, delivered, read: its statuses)
//!          ▲          │         ├─────► queued again, later   nothing reached the gateway
//!          └──────────┘         ├─────► unknown               it may have been queued there: a person decides
//!        lease ran out          └─────► dead, with a reason
//! ```
//!
//! `sending` is on the disk before the first byte goes out. A message whose process died after that is `unknown` and is
//! never sent again by itself, except that an answer to somebody's word ([`Resend::Once`]) is tried once more. So:
//! nothing queued is lost, nothing is sent twice by default, and what is ambiguous is listed.
//!
//! A [`Worker`] takes one step at a time: it leases a message, marks it, hands it to a
//! [`Transport`](crate::transport::Transport) and writes down what became of it. Any number of workers, in any number of
//! processes, may work on one file. [`Outbox`] is implemented by `Sqlite` (feature `sqlite`) and [`Memory`]; the rules
//! are in one place and the two only keep rows, and [`contract`] (feature `testkit`) is the suite that both pass.
//!
//! ```
//! use dermawan::bot::Number;
//! use dermawan::outbox::{Draft, Memory, Outbox, Stage};
//!
//! let outbox = Memory::default();
//! let now = "2026-09-01T01:00:00Z".parse().unwrap();
//! let to = Number::parse("0812-3456-7890")?;
//! let draft = || Draft::batch("laporan:2026-08:17", "fonnte", "laporan:2026-08", to.clone(), "Halo *Pak Budi*! 🙏");
//! assert_eq!(outbox.put(&mut [draft()].into_iter(), now)?.added, 1);
//! // The same key again is the same message: a batch that was interrupted is simply put once more.
//! assert_eq!(outbox.put(&mut [draft()].into_iter(), now)?.present, 1);
//! assert_eq!(outbox.find("laporan:2026-08:17")?.map(|entry| entry.stage), Some(Stage::Queued));
//! # Ok::<(), dermawan::Error>(())
//! ```

mod cause;
#[cfg(feature = "testkit")]
pub mod contract;
mod decision;
mod draft;
mod entry;
mod halt;
mod jitter;
mod lease;
mod memory;
mod options;
mod record;
mod rules;
mod shelf;
#[cfg(feature = "sqlite")]
mod sqlite;
mod worker;

pub use cause::Cause;
pub use decision::{Decision, Pruned, Retention, Whom};
pub use draft::{Draft, Priority, Put, Resend};
pub use entry::{BatchProgress, Counts, Entry, Filter, MessageId, Stage};
pub use halt::{Breaker, Halt, HaltKind, Lane};
pub use lease::{Ask, Leased, Next, Outcome, Reclaimed, Ticket};
pub use memory::Memory;
pub use options::{Gap, Options, QuietHours};
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
pub use worker::{Point, Step, Worker};

use crate::error::Result;
use crate::model::Number;
use crate::transport::{Picture, StatusChange};
use jiff::Timestamp;

/// Where messages wait. Every method is one transaction: it has happened in full when it returns, and not at all when it
/// fails or the process dies in it. ([`put`](Outbox::put) is one transaction for each thousand drafts.)
///
/// Times are arguments. They are kept to the microsecond.
pub trait Outbox: Send + Sync {
    /// Puts messages in. A key that is already there is counted as present and changes nothing, whatever has become of
    /// that message; a number that has opted out is refused, unless the message answers it
    /// ([`Draft::solicited`]).
    ///
    /// Drafts are taken from the iterator as they are needed. When one is wrong (`invalid_input`, naming its key), those
    /// put before it stay, and putting all of them again is safe.
    fn put(&self, drafts: &mut dyn Iterator<Item = Draft>, now: Timestamp) -> Result<Put>;

    /// Keeps the picture of a batch, once for all its messages; another one of the same batch takes its place. The
    /// messages that go out with it say so ([`Draft::picture`]).
    fn put_picture(&self, batch: &str, picture: &Picture, now: Timestamp) -> Result<()>;

    /// Tells the time before a lease. When it lies more than a minute before the latest that was told, the clock went back:
    /// then paces, backoffs, leases and probes that were reckoned from the old clock are reckoned from this one, so that
    /// nothing waits for a time that was never due, and the latest time is answered. A time that a draft named
    /// ([`Draft::not_before`]) stays.
    fn rewind(&self, now: Timestamp) -> Result<Option<Timestamp>>;

    /// Halts a lane whose gateway failed so often in a row ([`HaltKind::Gateway`]), after a failure was settled; the halt,
    /// if there is one. Failures are outcomes [`Outcome::Again`] and [`Outcome::Unknown`]; any other ends their row. When a
    /// probe lets the lane go on, one more failure halts it again.
    fn trip(&self, lane: &str, breaker: &Breaker, reason: &str, now: Timestamp) -> Result<Option<Halt>>;

    /// Leases the most urgent message that may go out now, and takes back what others held too long.
    fn lease(&self, ask: &Ask, now: Timestamp) -> Result<Next>;

    /// Marks a leased message as being sent: to be called before its first byte goes out. `false`: it must not be sent,
    /// because the lease was lost, the lane was halted, the person opted out, or it was discarded meanwhile.
    fn mark_sending(&self, ticket: &Ticket, now: Timestamp) -> Result<bool>;

    /// Writes down what became of a message that was being sent, and answers with its new stage. A late answer, after the
    /// message was taken for unknown, is believed. `not_found` when another hand has decided on it since.
    fn settle(&self, ticket: &Ticket, outcome: &Outcome, now: Timestamp) -> Result<Stage>;

    /// Takes back what a holder held (all of it: to be called when that holder is known to be dead or idle, at a start or
    /// a stop), or without a holder what was held too long. Leased messages are queued again; those being sent become
    /// unknown, or are tried once more where their [`Resend`] allows it.
    fn reclaim(&self, holder: Option<&str>, now: Timestamp) -> Result<Reclaimed>;

    /// Follows what the gateway tells about an accepted message. `false`: no such message is known (yet): it is kept and
    /// applied when the answer that names the message comes. A status never goes back.
    fn status(&self, change: &StatusChange, now: Timestamp) -> Result<bool>;

    /// Halts a lane. A halt by command is only replaced by another one; a stop only by a stop or a command.
    fn halt(&self, lane: &str, halt: &Halt) -> Result<()>;

    /// Lets a lane go on, whatever halted it, or only if `kind` did. Whether it was so halted.
    fn resume(&self, lane: &str, kind: Option<HaltKind>) -> Result<bool>;

    /// Moves what is queued in one lane to another: after a change of the gateway, nobody serves the old one. How many
    /// messages that were. Errors: `invalid_input` when the two are the same, or the other has no name.
    fn transfer(&self, lane: &str, to: &str) -> Result<u64>;

    /// Every lane with messages or a halt, in order of their names.
    fn lanes(&self) -> Result<Vec<Lane>>;

    /// Notes that a number wants no messages, and takes out what waits for it. How many messages that were.
    fn opt_out(&self, number: &Number, now: Timestamp) -> Result<u64>;

    /// Notes that a number wants messages again. Whether it had opted out.
    fn opt_in(&self, number: &Number) -> Result<bool>;

    /// Since when a number wants no messages.
    fn opted_out(&self, number: &Number) -> Result<Option<Timestamp>>;

    /// The numbers that want no messages and since when, the newest first, `limit` of them.
    fn opt_outs(&self, limit: u32) -> Result<Vec<(Number, Timestamp)>>;

    /// The messages that a filter lets through, oldest first. Never their texts.
    fn list(&self, filter: &Filter) -> Result<Vec<Entry>>;

    /// One message by its key.
    fn find(&self, key: &str) -> Result<Option<Entry>>;

    /// The text of a message; `None` when it is not there or its text was severed.
    fn text(&self, id: MessageId) -> Result<Option<String>>;

    /// How many messages are in each stage, of one batch or of all.
    fn counts(&self, batch: Option<&str>) -> Result<Counts>;

    /// How far each batch is, the newest first, `limit` of them.
    fn batches(&self, limit: u32) -> Result<Vec<BatchProgress>>;

    /// Does what an administrator decided on one message.
    ///
    /// Errors: `not_found`; `invalid_input` when the message is in a stage that the decision does not fit.
    fn decide(&self, id: MessageId, decision: Decision, now: Timestamp) -> Result<Entry>;

    /// Severs a person from the messages: number, donor, text, quotation and key are gone, what waits is dead. How many
    /// messages that were. An opt-out of the number stays: the wish not to be written to outlives the data.
    fn erase(&self, whom: &Whom, now: Timestamp) -> Result<u64>;

    /// Severs the persons from old messages and removes the oldest. Only what is over (accepted or dead) is touched.
    fn prune(&self, retention: &Retention) -> Result<Pruned>;
}
