//! Greetings that wait for an administrator's word.

use crate::model::DonorId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far a greeting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CareState {
    /// The program proposes it.
    Drafted,
    /// An administrator wants it sent.
    Approved,
    /// An administrator does not.
    Rejected,
    /// It was handed to the outbox.
    Sent,
}

impl CareState {
    /// A stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Sent => "sent",
        }
    }

    /// The state that a greeting must be in to come into this one.
    pub(super) const fn before(self) -> Option<Self> {
        match self {
            Self::Drafted => None,
            Self::Approved | Self::Rejected => Some(Self::Drafted),
            Self::Sent => Some(Self::Approved),
        }
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn named(name: &str) -> Self {
        match name {
            "approved" => Self::Approved,
            "rejected" => Self::Rejected,
            "sent" => Self::Sent,
            _ => Self::Drafted,
        }
    }
}

/// A greeting to a donor. Its text is made when it goes out, from the template of that day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Greeting {
    /// Its number, which an administrator names.
    pub id: u64,
    /// To whom.
    pub donor: DonorId,
    /// How far it is.
    pub state: CareState,
    /// When it was drafted.
    pub drafted: Timestamp,
    /// When it came into its state.
    pub since: Timestamp,
}
