//! A message as it is put in.

use super::record::code_enum;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Number};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest key, in bytes.
const LONGEST_KEY: usize = 200;
/// The longest text, in bytes: above what any gateway takes (60,000 characters), so that only nonsense is refused here.
const LONGEST_TEXT: usize = 262_144;

code_enum! {
    /// Who goes first. A reply overtakes a batch.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Priority {
        /// An answer to somebody who waits for it.
        Reply = 0 "reply",
        /// A word to an administrator.
        Alert = 1 "alert",
        /// Thanks for a gift.
        Thanks = 2 "thanks",
        /// A greeting to a donor at risk.
        Care = 3 "care",
        /// One of many.
        Batch = 4 "batch",
    }
}

code_enum! {
    /// Whether a message may be sent again by itself when nobody knows if it went out.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Resend {
        /// Never: at most once.
        Never = 0 "never",
        /// Once: a person who asked and hears nothing is worse off than one who hears it twice.
        Once = 1 "once",
    }
}

/// A message to put in.
///
/// Deserialised, only `key`, `lane`, `to` and `text` are needed; what else is left out is as [`Draft::reply`],
/// [`Draft::batch`] or [`Draft::single`] has it, by `priority` (that of a batch, where it is left out).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Given")]
pub struct Draft {
    /// What it is, unique for good, such as `laporan:2026-08:17` (kind, period, donor): a message with this key exists at
    /// most once. It is shown in lists and logs, so no name and no number belongs into it. 1 to 200 bytes.
    pub key: String,
    /// The line that it goes out on: the name of a gateway or device. Lanes wait, halt and pace apart.
    pub lane: String,
    /// Who goes first.
    pub priority: Priority,
    /// What sort of message it is, such as `laporan`, for lists.
    pub kind: String,
    /// To whom.
    pub to: Number,
    /// The donor, where it is one.
    pub donor: Option<DonorId>,
    /// The batch that it belongs to, such as `laporan:2026-08`.
    pub batch: Option<String>,
    /// The text, with WhatsApp's formatting.
    pub text: String,
    /// The batch's picture goes along ([`Outbox::put_picture`](super::Outbox::put_picture)).
    pub picture: bool,
    /// The gateway's identity of the message that this one answers.
    pub reply_to: Option<String>,
    /// The approved template and its values, for gateways that need one.
    pub template: Option<(String, Vec<String>)>,
    /// Not to be sent before this time.
    pub not_before: Option<Timestamp>,
    /// Not to be sent from this time on: a forecast of last month is worse than none.
    pub expires: Option<Timestamp>,
    /// Quiet hours do not hold it back.
    pub any_hour: bool,
    /// It answers what the person wrote. An opt-out from before it was put does not hold it back: who writes BERHENTI is
    /// told that it worked.
    pub solicited: bool,
    /// Whether it may be sent again by itself.
    pub resend: Resend,
}

impl Draft {
    /// An answer to somebody who wrote: first in the lane, at any hour, tried once more when it is unknown whether it went
    /// out.
    pub fn reply(key: impl Into<String>, lane: impl Into<String>, to: Number, text: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            lane: lane.into(),
            priority: Priority::Reply,
            kind: "reply".into(),
            to,
            donor: None,
            batch: None,
            text: text.into(),
            picture: false,
            reply_to: None,
            template: None,
            not_before: None,
            expires: None,
            any_hour: true,
            solicited: true,
            resend: Resend::Once,
        }
    }

    /// One of many: last in the lane, outside quiet hours, at most once. Its kind is the batch's name up to the first
    /// colon.
    pub fn batch(
        key: impl Into<String>,
        lane: impl Into<String>,
        batch: impl Into<String>,
        to: Number,
        text: impl Into<String>,
    ) -> Self {
        let batch = batch.into();
        Self {
            priority: Priority::Batch,
            kind: batch.split(':').next().unwrap_or_default().to_owned(),
            batch: Some(batch),
            any_hour: false,
            solicited: false,
            resend: Resend::Never,
            ..Self::reply(key, lane, to, text)
        }
    }

    /// A single message of our own accord (thanks, a greeting, an alert): outside quiet hours, at most once.
    pub fn single(
        key: impl Into<String>,
        lane: impl Into<String>,
        priority: Priority,
        kind: impl Into<String>,
        to: Number,
        text: impl Into<String>,
    ) -> Self {
        Self {
            priority,
            kind: kind.into(),
            any_hour: false,
            solicited: false,
            resend: Resend::Never,
            ..Self::reply(key, lane, to, text)
        }
    }

    /// Checks every value; names the one that is wrong and the key, never the text or the number.
    pub fn validate(&self) -> Result<()> {
        let wrong = |what: &str| {
            let key: String = self.key.chars().take(LONGEST_KEY).collect();
            Err(Error::new(ErrorKind::InvalidInput, format!("a message cannot be put into the outbox: {what}"))
                .context("key", key)
                .hint("put it again with that mended; what was put before stays and is not put twice"))
        };
        if self.key.is_empty() || self.key.len() > LONGEST_KEY {
            return wrong("its key must have 1 to 200 bytes");
        }
        if self.lane.trim().is_empty() {
            return wrong("it names no lane");
        }
        if self.text.trim().is_empty() {
            return wrong("its text is empty");
        }
        if self.text.len() > LONGEST_TEXT {
            return wrong("its text is longer than 262,144 bytes");
        }
        if self.picture && self.batch.is_none() {
            return wrong("a picture belongs to a batch, and it names none");
        }
        if let (Some(from), Some(until)) = (self.not_before, self.expires)
            && until <= from
        {
            return wrong("it expires before it may be sent");
        }
        Ok(())
    }
}

/// A draft as it is given: what is left out follows from its priority.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    key: String,
    lane: String,
    to: Number,
    text: String,
    priority: Option<Priority>,
    kind: Option<String>,
    donor: Option<DonorId>,
    batch: Option<String>,
    #[serde(default)]
    picture: bool,
    reply_to: Option<String>,
    template: Option<(String, Vec<String>)>,
    not_before: Option<Timestamp>,
    expires: Option<Timestamp>,
    any_hour: Option<bool>,
    solicited: Option<bool>,
    resend: Option<Resend>,
}

impl From<Given> for Draft {
    fn from(given: Given) -> Self {
        let Given { key, lane, to, text, .. } = given;
        let usual = match (given.priority.unwrap_or(Priority::Batch), given.batch) {
            (Priority::Reply, batch) => Self { batch, ..Self::reply(key, lane, to, text) },
            (Priority::Batch, Some(batch)) => Self::batch(key, lane, batch, to, text),
            (priority, batch) => Self { batch, ..Self::single(key, lane, priority, priority.code(), to, text) },
        };
        Self {
            kind: given.kind.unwrap_or(usual.kind),
            donor: given.donor,
            picture: given.picture,
            reply_to: given.reply_to,
            template: given.template,
            not_before: given.not_before,
            expires: given.expires,
            any_hour: given.any_hour.unwrap_or(usual.any_hour),
            solicited: given.solicited.unwrap_or(usual.solicited),
            resend: given.resend.unwrap_or(usual.resend),
            ..usual
        }
    }
}

/// Numbers are masked and texts left out.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("key", &self.key)
            .field("lane", &self.lane)
            .field("priority", &self.priority)
            .field("to", &self.to)
            .field("characters", &self.text.chars().count())
            .finish_non_exhaustive()
    }
}

/// What became of drafts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Put {
    /// New messages.
    pub added: u64,
    /// Those whose key was there already.
    pub present: u64,
    /// Those whose number has opted out: not put.
    pub opted_out: u64,
}
