//! A lane that waits.

use super::entry::Counts;
use super::options::after;
use super::record::code_enum;
use crate::transport::Pause;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

code_enum! {
    /// Why a lane waits.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum HaltKind {
        /// The device is disconnected.
        Device = 0 "device",
        /// The quota is used up.
        Quota = 1 "quota",
        /// The gateway, or WhatsApp, finds us too fast or unwelcome.
        Spam = 2 "spam",
        /// The configuration is wrong: nothing goes out until it is mended.
        Stop = 3 "stop",
        /// An administrator said so; only an administrator lets it go on.
        Command = 4 "command",
        /// The gateway failed several times in a row: it cannot be reached, or its answers say nothing.
        Gateway = 5 "gateway",
    }
}

impl From<Pause> for HaltKind {
    fn from(pause: Pause) -> Self {
        match pause {
            Pause::Device => Self::Device,
            Pause::Quota => Self::Quota,
            Pause::Spam => Self::Spam,
        }
    }
}

impl HaltKind {
    /// How firm it is: a firmer halt is not replaced by a looser one.
    pub(super) const fn firmness(self) -> u8 {
        match self {
            Self::Device | Self::Quota | Self::Spam | Self::Gateway => 0,
            Self::Stop => 1,
            Self::Command => 2,
        }
    }
}

/// That a lane waits, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// Why.
    pub kind: HaltKind,
    /// Why, in the gateway's words or ours; fit for a log.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When the gateway is to be asked how the line is; `None`: only an event or a command lets it go on.
    pub probe_at: Option<Timestamp>,
}

/// When failures in a row halt a lane, and how its gateway is asked then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// So many failures in a row.
    pub failures: u32,
    /// The gateway is asked after this long at first; later after as long again as the trouble has lasted.
    pub first: SignedDuration,
    /// And after this long at most.
    pub longest: SignedDuration,
}

impl Breaker {
    /// When to ask again, in a trouble that has lasted since then.
    pub(super) fn probe_at(&self, since: Timestamp, now: Timestamp, longest: SignedDuration) -> Timestamp {
        after(now, now.duration_since(since).max(self.first).min(longest.max(self.first)))
    }
}

/// A lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// Why it waits, if it does.
    pub halt: Option<Halt>,
    /// Its messages.
    pub counts: Counts,
}
