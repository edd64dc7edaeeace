//! What did not go out, and what that means.

use std::fmt;
use std::time::Duration;

/// Why an envelope was not accepted. `reason` is the gateway's own word or ours, fit for a log: never a number, a token
/// or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// Nothing was queued at the gateway: the same envelope may be sent again, no sooner than `after`.
    Retry {
        /// How long to wait at least.
        after: Duration,
        /// Why.
        reason: String,
    },
    /// Nothing was queued: the same envelope may be sent once more, no sooner than `after`, and not again after that.
    RetryOnce {
        /// How long to wait at least.
        after: Duration,
        /// Why.
        reason: String,
    },
    /// Nothing was queued, and nothing will be while this lasts: the whole lane waits.
    Pause(Pause, String),
    /// The configuration is wrong (the token, say): everything stops until a person mends it.
    Stop(String),
    /// This recipient cannot be reached, ever.
    Recipient(String),
    /// This message cannot be sent, to anyone.
    Content(String),
    /// It may have been queued or not. Sending it again might send it twice.
    Unknown(String),
}

/// Why a lane waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pause {
    /// The device is disconnected.
    Device,
    /// The quota is used up.
    Quota,
    /// The gateway, or WhatsApp, finds us too fast or unwelcome.
    Spam,
}

impl Pause {
    /// A stable lower-case name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Quota => "quota",
            Self::Spam => "spam",
        }
    }
}

impl SendError {
    /// A stable lower-case name of the kind.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::RetryOnce { .. } => "retry_once",
            Self::Pause(Pause::Device, _) => "pause_device",
            Self::Pause(Pause::Quota, _) => "pause_quota",
            Self::Pause(Pause::Spam, _) => "pause_spam",
            Self::Stop(_) => "stop",
            Self::Recipient(_) => "recipient",
            Self::Content(_) => "content",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Why, in the gateway's words or ours.
    pub fn reason(&self) -> &str {
        match self {
            Self::Retry { reason, .. }
            | Self::RetryOnce { reason, .. }
            | Self::Pause(_, reason)
            | Self::Stop(reason)
            | Self::Recipient(reason)
            | Self::Content(reason)
            | Self::Unknown(reason) => reason,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.reason())
    }
}

impl std::error::Error for SendError {}
