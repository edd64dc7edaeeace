//! A message in a worker's hand.

use super::cause::Cause;
use super::draft::Priority;
use super::entry::{MessageId, Stage};
use super::halt::Halt;
use crate::transport::Envelope;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What a worker asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The lane that it serves.
    pub lane: String,
    /// Its name, to take back what it held when it is known to be dead.
    pub holder: String,
    /// A number that no other lease of this holder has, from the host's randomness.
    pub token: u64,
    /// How long it may hold the message: longer than the gateway's patience.
    pub hold: SignedDuration,
    /// The end of the quiet hours, while they last: until then only messages for any hour are leased.
    pub quiet_until: Option<Timestamp>,
    /// How long the lane's next reply waits after this message.
    pub reply_gap: SignedDuration,
    /// How long everything else in the lane waits after this message, unless it is a reply.
    pub gap: SignedDuration,
    /// How long the same person's next message waits after this one.
    pub recipient_gap: SignedDuration,
}

/// Proof of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The message.
    pub id: MessageId,
    /// Who holds it.
    pub holder: String,
    /// The lease's own number. Serialised as text: it has 64 bits, and the numbers of some languages have fewer.
    #[serde(with = "as_text")]
    pub token: u64,
}

/// A number as text.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde decides what it hands over")]
    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("the number of a lease is not one"))
    }
}

/// A message leased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leased {
    /// Proof of the lease.
    pub ticket: Ticket,
    /// What to send.
    pub envelope: Envelope,
    /// Its priority.
    pub priority: Priority,
    /// How often the gateway could not take it so far.
    pub attempts: u32,
}

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// This message.
    Message(Box<Leased>),
    /// Nothing now; `Some`: look again at that time. A message may be put in sooner.
    Wait(Option<Timestamp>),
    /// The lane waits.
    Halted {
        /// The lane.
        lane: String,
        /// Why.
        halt: Halt,
    },
}

/// What became of a message that was being sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The gateway has taken it over, under this identity where it gave one.
    Accepted(Option<String>),
    /// Nothing reached the gateway: again at `due`. Counts as an attempt.
    Again {
        /// When.
        due: Timestamp,
        /// Why.
        reason: String,
    },
    /// Nothing reached the gateway, and nothing will for now: queued again, and the lane halted. No attempt is counted.
    Halted(Halt),
    /// It may have been queued at the gateway or not.
    Unknown(String),
    /// It will never go out: why, and in which words.
    Dead(Cause, String),
}

/// What was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reclaimed {
    /// Leased: queued again, for nothing had gone out.
    pub queued: u64,
    /// Being sent: unknown now.
    pub unknown: u64,
    /// Being sent: queued for the one more time that they may be sent.
    pub again: u64,
}

impl Reclaimed {
    pub(super) fn add(&mut self, before: Stage, after: Stage) {
        match (before, after) {
            (Stage::Leased, _) => self.queued += 1,
            (_, Stage::Queued) => self.again += 1,
            _ => self.unknown += 1,
        }
    }
}
