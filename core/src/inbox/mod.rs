//! What came in and is not answered yet?
//!
//! A webhook may be answered "200" only when what it brought can no longer be lost; this room is where that is kept.
//! Many webhooks share one transaction ([`Inbox::commit`]), because the disk's flush and not the insert is what costs. A
//! message that is delivered again is known by its key and kept once. When its answer is settled, its text is erased:
//! what donors wrote is not needed any more.
//!
//! Conversations ([`Session`]) rest here too, so that settling a message and remembering what was said are one step.
//!
//! ```
//! use dermawan::bot::{Sender, Session};
//! use dermawan::inbox::{Inbox, Kept, Outcome, Step};
//! use dermawan::transport::{Event, Inbound};
//!
//! let mut inbox = Inbox::in_memory()?;
//! let message = Inbound {
//!     key: "k1".into(),
//!     windowed: false,
//!     sender: Sender::read("6281234567890"),
//!     lid: None,
//!     device: None,
//!     text: "INFO".into(),
//!     name: String::new(),
//!     written: None,
//!     id: None,
//! };
//! let now = jiff::Timestamp::UNIX_EPOCH;
//! let keep = || Step::Keep { event: Event::Message(message.clone()), now };
//! assert_eq!(inbox.commit(&[keep(), keep()])?, [Kept::New, Kept::Known]);
//! let letter = inbox.pending(0, 10)?.remove(0);
//! let session = letter.from.map(|number| (number, Session { hinted: true, ..Session::default() }));
//! inbox.commit(&[Step::Settle { seq: letter.seq, outcome: Outcome::Answered, session, now }])?;
//! assert!(inbox.pending(0, 10)?.is_empty());
//! # Ok::<(), dermawan::Error>(())
//! ```

mod sqlite;

pub use sqlite::Inbox;

use crate::bot::Session;
use crate::model::Number;
use crate::transport::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long two deliveries with a key that rests on no identity and no time count as one, in milliseconds: 90 s. A
/// gateway that got no answer delivers again after a minute, and waits some seconds for the answer first; people who
/// ask the same twice within it get one reply, which says the same.
pub const WINDOW_MS: i64 = 90_000;

/// One thing to write; many make one transaction.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Keep what came in.
    Keep {
        /// It.
        event: Event,
        /// When it came.
        now: Timestamp,
    },
    /// What was kept has been dealt with: its text is erased.
    Settle {
        /// Which one.
        seq: i64,
        /// What became of it.
        outcome: Outcome,
        /// With whom the conversation is, and how it is to be remembered; `None` leaves it as it is. A hidden identity
        /// has none of its own, only that of the number which it was proved to stand for.
        session: Option<(Number, Session)>,
        /// When.
        now: Timestamp,
    },
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// It is kept (or settled) now.
    New,
    /// It was there already (or was settled already): nothing changed.
    Known,
    /// It is nothing to be answered: a group's, a broadcast's, or that of a sender without number and hidden identity.
    Ignored,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its reply is in the outbox, or what it tells was noted.
    Answered,
    /// It asks for no reply.
    Silent,
    /// It could not be answered, however often it was tried.
    Failed,
}

impl Outcome {
    /// A stable lower-case name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Silent => "silent",
            Self::Failed => "failed",
        }
    }
}

/// Something kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Letter {
    /// Its place in the order of arrival.
    pub seq: i64,
    /// Its key, unique for good: what its reply's key is made of.
    pub key: String,
    /// What came. Of a message, the chosen name and the device are not kept.
    pub event: Event,
    /// The sender, of a message; `None` for one with a hidden identity only, which is no number.
    pub from: Option<Number>,
    /// When it came.
    pub received: Timestamp,
}
