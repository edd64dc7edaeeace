//! What comes in.

use crate::model::{Number, Sender};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A webhook as it arrived.
#[derive(Clone, Copy)]
pub struct Hook<'a> {
    /// The body.
    pub body: &'a [u8],
    /// The headers, names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
}

impl fmt::Debug for Hook<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hook({} bytes)", self.body.len())
    }
}

/// Why a webhook is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HookError {
    /// The secret or the signature is missing or wrong: answer 401 and count it.
    Forged,
    /// It is for another device: answer 403.
    OtherDevice,
    /// It cannot be read: answer 400. Asking for a retry would bring the same again.
    Malformed,
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forged => "the secret or the signature is wrong",
            Self::OtherDevice => "it is for another device",
            Self::Malformed => "it cannot be read",
        })
    }
}

impl std::error::Error for HookError {}

/// Something that happened, as a gateway tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Somebody wrote.
    Message(Inbound),
    /// A message of ours moved on.
    Status(StatusChange),
    /// The device was connected or disconnected.
    Device(DeviceChange),
}

/// A message that came in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// What tells it from every other one: equal for two deliveries of the same message. From the gateway's identity
    /// where there is one, else a hash; see [`Inbound::windowed`].
    pub key: String,
    /// The key rests on no identity and no time: it only tells apart within a short while ("INFO" twice in a day is two
    /// questions, twice in the same minute is a repeated delivery).
    pub windowed: bool,
    /// Who wrote.
    pub sender: Sender,
    /// The identity under which WhatsApp hides the number (`…@lid`), where the gateway names it. Never a phone number.
    pub lid: Option<String>,
    /// Our own number that it was sent to.
    pub device: Option<Number>,
    /// The text; empty for a picture or a voice message without words.
    pub text: String,
    /// The name that the sender chose. Not to be believed.
    pub name: String,
    /// When it was written, as the gateway says.
    pub written: Option<Timestamp>,
    /// The gateway's identity of the message, to quote it in the reply.
    pub id: Option<String>,
}

/// Numbers are masked, names and texts left out.
impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("key", &self.key)
            .field("sender", &self.sender)
            .field("characters", &self.text.chars().count())
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

/// A message of ours moved on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// The identity that [`Accepted`](super::Accepted) gave.
    pub id: Option<String>,
    /// Another identity that later events use alone; keep the link when both come.
    pub state_id: Option<String>,
    /// What became of it.
    pub state: State,
    /// Why it failed, where the gateway says so; fit for a log.
    pub reason: Option<String>,
}

/// What became of a message that a gateway accepted, in the order in which it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// It waits at the gateway.
    Pending,
    /// The gateway gave up: expired, invalid, unreachable.
    Failed,
    /// It left the gateway.
    Sent,
    /// It is on the person's telephone.
    Delivered,
    /// It was read.
    Read,
}

impl State {
    /// A stable lower-case name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

/// The device was connected or disconnected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceChange {
    /// It is connected now.
    pub connected: bool,
    /// Why, in the gateway's words; fit for a log.
    pub reason: String,
}
