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
    /// It went out.
    Sent,
    /// It is not wanted any more: the donor gave again, nobody sent it in time, or it did not go out.
    Withdrawn,
}

impl CareState {
    /// A stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Sent => "sent",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The states that a greeting may be in to come into this one.
    pub(super) const fn before(self) -> &'static [Self] {
        match self {
            Self::Drafted => &[],
            Self::Approved | Self::Rejected => &[Self::Drafted],
            Self::Sent => &[Self::Approved],
            Self::Withdrawn => &[Self::Drafted, Self::Approved],
        }
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn named(name: &str) -> Self {
        match name {
            "approved" => Self::Approved,
            "rejected" => Self::Rejected,
            "sent" => Self::Sent,
            "withdrawn" => Self::Withdrawn,
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
