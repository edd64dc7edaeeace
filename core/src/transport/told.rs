//! What gateways say, in flat values: for hosts that send by themselves, and for those of other languages.

use super::failure::{Pause, SendError};
use super::{Accepted, Event, Health, Hook, HookError, Transport};
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a gateway answered, to a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// `accepted`, or the failure's code ([`SendError::code`]).
    pub outcome: String,
    /// The gateway's identity of the message, where it was accepted.
    pub id: Option<String>,
    /// What is left of the quota, where the answer says so.
    pub quota: Option<u64>,
    /// Of a `retry` or `retry_once`: how long to wait at least, in seconds.
    pub after: Option<f64>,
    /// Why it was not accepted; fit for a log.
    pub reason: Option<String>,
}

impl From<SendError> for Answer {
    fn from(error: SendError) -> Self {
        let after = match &error {
            SendError::Retry { after, .. } | SendError::RetryOnce { after, .. } => Some(after.as_secs_f64()),
            _ => None,
        };
        let (outcome, reason) = (error.code().to_owned(), Some(error.reason().to_owned()));
        Self { outcome, after, reason, ..Self::default() }
    }
}

impl From<Result<Accepted, SendError>> for Answer {
    fn from(answer: Result<Accepted, SendError>) -> Self {
        answer.map_or_else(Self::from, |Accepted { id, quota }| Self {
            outcome: "accepted".into(),
            id,
            quota,
            ..Self::default()
        })
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
            "retry" | "retry_once" => {
                let after = Duration::try_from_secs_f64(after.unwrap_or(0.0)).map_err(|_| {
                    Error::new(ErrorKind::InvalidInput, "`after` of an answer must be a number of seconds, 0 or more")
                })?;
                if outcome == "retry" {
                    SendError::Retry { after, reason }
                } else {
                    SendError::RetryOnce { after, reason }
                }
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
                    "accepted, retry, retry_once, pause_device, pause_quota, pause_spam, stop, recipient, content or unknown",
                ));
            }
        }))
    }
}

/// What a webhook holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// What happened; empty when it is refused.
    pub events: Vec<Event>,
    /// Why it is not acted on.
    pub refused: Option<HookError>,
}

impl Reading {
    /// Has a gateway read a webhook. The names of `headers` may be in any case.
    pub fn of(transport: &dyn Transport, body: &[u8], headers: &BTreeMap<String, String>) -> Self {
        let lower: Vec<(String, &str)> =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str())).collect();
        let headers: Vec<(&str, &str)> = lower.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        match transport.parse(&Hook { body, headers: &headers }) {
            Ok(events) => Self { events, refused: None },
            Err(refused) => Self { events: Vec::new(), refused: Some(refused) },
        }
    }
}

/// How the line is, or why that is not known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Pulse {
    /// The gateway said how.
    Known(Health),
    /// It did not.
    Failed(Answer),
}

impl Pulse {
    /// Asks a gateway.
    pub fn of(transport: &dyn Transport) -> Self {
        transport.health().map_or_else(|error| Self::Failed(error.into()), Self::Known)
    }
}

/// A length of time as seconds.
#[allow(clippy::ref_option, reason = "serde decides what it hands over")]
pub(super) fn seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64()).serialize(serializer)
}
