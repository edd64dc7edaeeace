//! What people decide.

use crate::model::{DonorId, Number};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an administrator decides on one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Send it again: an unknown or dead one, or one that the gateway gave up.
    Retry,
    /// It went out: an unknown one is accepted.
    Sent,
    /// It did not go out and is not wanted any more: an unknown one is dead.
    NotSent,
    /// It is not wanted: a queued, leased or unknown one is dead, and a dead one waits for nobody any more.
    Discard,
}

impl Decision {
    /// A stable lower-case name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Sent => "sent",
            Self::NotSent => "not_sent",
            Self::Discard => "discard",
        }
    }
}

/// Who is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Everything to this number.
    Number(Number),
    /// Everything to this donor.
    Donor(DonorId),
}

/// How long what is over is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Number, donor and text of messages that were over before this time are severed. Their keys stay, so that they
    /// are never put twice.
    pub persons_before: Timestamp,
    /// Number, donor and text of messages that are unknown since before this time are severed: they stay listed and can
    /// be settled, and no longer be sent again. None is, when it is `None`. To be earlier than `persons_before`, for
    /// somebody may still decide on them.
    #[serde(default)]
    pub unknown_before: Option<Timestamp>,
    /// Messages that were over before this time are removed with their keys; nothing is, when it is `None`. To be older
    /// than any batch that could be put again.
    pub messages_before: Option<Timestamp>,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Messages severed from their persons.
    pub severed: u64,
    /// Messages removed.
    pub removed: u64,
}
