//! What did not go out, and what that means.

use super::Accepted;
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize, Serializer};
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

/// What a gateway answered, in one flat value: for hosts that send by themselves, and for those of other languages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// `accepted`, or the failure's code ([`SendError::code`]).
    pub outcome: String,
    /// The gateway's identity of the message, where it was accepted.
    pub id: Option<String>,
    /// What is left of the quota, where the answer says so.
    pub quota: Option<u64>,
    /// Of a `retry`: how long to wait at least, in seconds.
    pub after: Option<f64>,
    /// Why it was not accepted; fit for a log.
    pub reason: Option<String>,
}

impl From<Result<Accepted, SendError>> for Answer {
    fn from(answer: Result<Accepted, SendError>) -> Self {
        match answer {
            Ok(Accepted { id, quota }) => Self { outcome: "accepted".into(), id, quota, ..Self::default() },
            Err(error) => {
                let after = if let SendError::Retry { after, .. } = &error { Some(after.as_secs_f64()) } else { None };
                let (outcome, reason) = (error.code().to_owned(), Some(error.reason().to_owned()));
                Self { outcome, after, reason, ..Self::default() }
            }
        }
    }
}

impl TryFrom<Answer> for Result<Accepted, SendError> {
    type Error = Error;

    /// Errors: `invalid_input` for an outcome that is none of the codes, or a wait that is no time.
    fn try_from(answer: Answer) -> Result<Self> {
        let Answer { outcome, id, quota, after, reason } = answer;
        let reason = reason.unwrap_or_default();
        Ok(Err(match outcome.as_str() {
            "accepted" => return Ok(Ok(Accepted { id, quota })),
            "retry" => {
                let after = Duration::try_from_secs_f64(after.unwrap_or(0.0)).map_err(|_| {
                    Error::new(ErrorKind::InvalidInput, "`after` of an answer must be a number of seconds, 0 or more")
                })?;
                SendError::Retry { after, reason }
            }
            "pause_device" => SendError::Pause(Pause::Device, reason),
            "pause_quota" => SendError::Pause(Pause::Quota, reason),
            "pause_spam" => SendError::Pause(Pause::Spam, reason),
            "stop" => SendError::Stop(reason),
            "recipient" => SendError::Recipient(reason),
            "content" => SendError::Content(reason),
            "unknown" => SendError::Unknown(reason),
            _ => {
                let error = Error::new(ErrorKind::InvalidInput, "an answer has an outcome that there is not");
                return Err(error.hint(
                    "accepted, retry, pause_device, pause_quota, pause_spam, stop, recipient, content or unknown",
                ));
            }
        }))
    }
}

/// A length of time as seconds.
pub(super) fn seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64()).serialize(serializer)
}
