//! A message as it is listed.

use super::cause::Cause;
use super::draft::{Priority, Resend};
use super::record::code_enum;
use crate::model::{DonorId, Number};
use crate::transport::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A message's identity in its outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub u64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

code_enum! {
    /// How far a message is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Stage {
        /// It waits.
        Queued = 0 "queued",
        /// A worker has it in hand; nothing has gone out.
        Leased = 1 "leased",
        /// A worker is sending it, or died while it did.
        Sending = 2 "sending",
        /// The gateway has taken it over.
        Accepted = 3 "accepted",
        /// It may have gone out or not. A person decides.
        Unknown = 4 "unknown",
        /// It will not go out; its reason says why.
        Dead = 5 "dead",
    }
}

/// A message as it is listed: everything but its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its identity in this outbox.
    pub id: MessageId,
    /// Its key; `erased:…` after an erasure.
    pub key: String,
    /// The lane.
    pub lane: String,
    /// Its priority.
    pub priority: Priority,
    /// What sort of message it is.
    pub kind: String,
    /// To whom, unless severed. Prints itself masked, and is masked when serialised: lists are shown and logged.
    #[serde(serialize_with = "masked")]
    pub to: Option<Number>,
    /// The donor, where it is one.
    pub donor: Option<DonorId>,
    /// Its batch.
    pub batch: Option<String>,
    /// How far it is.
    pub stage: Stage,
    /// What the gateway told after it was accepted.
    pub delivery: Option<State>,
    /// Why it waits again, is unknown or dead, or was not delivered; stable.
    pub cause: Option<Cause>,
    /// The same in the gateway's words or ours, fit for a log.
    pub reason: Option<String>,
    /// How often the gateway could not take it.
    pub attempts: u32,
    /// Whether it was sent again by itself ([`Resend::Once`]).
    pub resent: bool,
    /// Whether it may be sent again by itself.
    pub resend: Resend,
    /// When it was put in.
    pub created: Timestamp,
    /// When it may go out.
    pub due: Timestamp,
    /// When its stage last changed.
    pub changed: Timestamp,
    /// The gateway's identity.
    pub gateway_id: Option<String>,
}

#[allow(clippy::ref_option, reason = "serde decides what it hands over")]
fn masked<S: Serializer>(to: &Option<Number>, serializer: S) -> Result<S::Ok, S::Error> {
    to.as_ref().map(Number::masked).serialize(serializer)
}

/// Which messages to list. The default is all, a hundred at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Only this stage.
    pub stage: Option<Stage>,
    /// Only this state at the gateway.
    pub delivery: Option<State>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this batch.
    pub batch: Option<String>,
    /// Only this lane.
    pub lane: Option<String>,
    /// Only this donor.
    pub donor: Option<DonorId>,
    /// Only what waits for a person's decision: unknown, or dead for a reason that is not settled ([`Cause::is_settled`]).
    pub undecided: bool,
    /// Only those after this one, to turn the page.
    pub after: Option<MessageId>,
    /// So many at most.
    pub limit: u32,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            stage: None,
            delivery: None,
            kind: None,
            batch: None,
            lane: None,
            donor: None,
            undecided: false,
            after: None,
            limit: 100,
        }
    }
}

impl Filter {
    /// The messages of one stage.
    pub fn stage(stage: Stage) -> Self {
        Self { stage: Some(stage), ..Self::default() }
    }

    /// What waits for a person's decision.
    pub fn undecided() -> Self {
        Self { undecided: true, ..Self::default() }
    }

    /// The messages of one batch.
    pub fn batch(batch: impl Into<String>) -> Self {
        Self { batch: Some(batch.into()), ..Self::default() }
    }
}

impl Entry {
    /// Whether it waits for a person's decision, as [`Filter::undecided`] has it.
    pub fn is_undecided(&self) -> bool {
        let settled = || self.cause.is_some_and(Cause::is_settled);
        self.stage == Stage::Unknown || (self.stage == Stage::Dead && !settled())
    }
}

/// How many messages there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Waiting.
    pub queued: u64,
    /// In a worker's hand.
    pub leased: u64,
    /// Being sent.
    pub sending: u64,
    /// Taken over by the gateway.
    pub accepted: u64,
    /// Of the accepted: on the person's telephone, or read.
    pub delivered: u64,
    /// Of the accepted: the gateway gave up.
    pub failed: u64,
    /// Ambiguous.
    pub unknown: u64,
    /// Will not go out.
    pub dead: u64,
}

impl Counts {
    /// All messages.
    pub const fn total(&self) -> u64 {
        self.queued + self.leased + self.sending + self.accepted + self.unknown + self.dead
    }

    /// Nothing waits or is on its way: what is left is accepted, ambiguous or dead.
    pub const fn is_over(&self) -> bool {
        self.queued + self.leased + self.sending == 0
    }

    pub(super) fn add(&mut self, stage: Stage, delivery: Option<State>, n: u64) {
        match stage {
            Stage::Queued => self.queued += n,
            Stage::Leased => self.leased += n,
            Stage::Sending => self.sending += n,
            Stage::Accepted => self.accepted += n,
            Stage::Unknown => self.unknown += n,
            Stage::Dead => self.dead += n,
        }
        if stage == Stage::Accepted {
            match delivery {
                Some(State::Delivered | State::Read) => self.delivered += n,
                Some(State::Failed) => self.failed += n,
                _ => {}
            }
        }
    }
}

/// How far a batch is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchProgress {
    /// The batch.
    pub batch: String,
    /// When its first message was put in.
    pub since: Timestamp,
    /// Its messages.
    pub counts: Counts,
}
