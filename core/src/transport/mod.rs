//! Out of the door: a message goes to a gateway, and what the gateway says comes back.
//!
//! [`Transport`] is small on purpose. A gateway sends one envelope at a time, reads its own webhooks (purely: bytes in,
//! events out) and says how it is. Pace, retries and what became of a message are the [`outbox`](crate::outbox)'s.
//!
//! What a failure means for the message, and for those behind it, is in [`SendError`]: the outbox obeys it without
//! knowing the gateway.

#[cfg(feature = "testkit")]
pub mod contract;

mod console;
mod dry_run;
mod envelope;
mod event;
mod failure;
mod memory;
mod plain;
mod throttle;
mod told;

#[cfg(feature = "fonnte")]
mod http;
#[cfg(feature = "fonnte")]
mod secret;
#[cfg(feature = "fonnte")]
mod words;

#[cfg(feature = "fonnte")]
pub mod cloud;
#[cfg(feature = "fonnte")]
pub mod fonnte;

pub use console::Console;
pub use dry_run::DryRun;
pub use envelope::{Accepted, Envelope, Picture};
pub use event::{DeviceChange, Event, Hook, HookError, Inbound, State, StatusChange};
pub use failure::{Pause, SendError};
pub use memory::{Fault, Memory};
#[cfg(feature = "fonnte")]
pub use secret::Secret;
pub use throttle::{Clock, Throttle};
pub use told::{Answer, Pulse, Reading};

use crate::error::Result;
use serde::Serialize;
use std::sync::Arc;

/// A gateway.
pub trait Transport: Send + Sync {
    /// Its name in lower case, such as `fonnte`: for logs and for the outbox's lanes.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Hands one envelope over. Blocks until the gateway has answered or its patience ends.
    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError>;

    /// Reads a webhook. Pure: nothing is sent or remembered, and a forged one is refused ([`HookError`]). A hook may
    /// hold several events, or none that matters.
    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError>;

    /// Asks the gateway how the line is. Not to be asked often.
    fn health(&self) -> Result<Health, SendError>;
}

/// A gateway that several hold is one still, so that wrappers go around shared ones.
impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        (**self).send(envelope)
    }

    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        (**self).parse(hook)
    }

    fn health(&self) -> Result<Health, SendError> {
        (**self).health()
    }
}

/// What a gateway can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Pictures go along with a text.
    pub pictures: bool,
    /// The longest text, in characters.
    pub longest_text: usize,
    /// It tells later whether a message was delivered and read.
    pub statuses: bool,
    /// The same key sent twice is delivered once. Where it is false, a lost answer stays ambiguous for good.
    pub idempotent: bool,
    /// Free text reaches a person only for this long after their last message; afterwards a template must be used.
    #[serde(serialize_with = "told::seconds")]
    pub window: Option<std::time::Duration>,
}

impl Capabilities {
    /// Whether a person who last wrote at `last_heard` can now be reached by a template only. Never where there is no
    /// window; always where they have not written.
    pub fn needs_template(&self, last_heard: Option<jiff::Timestamp>, now: jiff::Timestamp) -> bool {
        let Some(window) = self.window else { return false };
        // A message of a clock ahead of ours counts as one of now.
        let ago = |heard: jiff::Timestamp| u64::try_from(now.as_second() - heard.as_second()).unwrap_or(0);
        last_heard.is_none_or(|heard| ago(heard) >= window.as_secs())
    }
}

/// How the line is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The device is connected to WhatsApp.
    pub connected: bool,
    /// Messages left in the quota; `None` where the gateway has none or does not say.
    pub quota: Option<u64>,
    /// What the line is called and when it expires, in the gateway's words; never a number or a token.
    pub detail: String,
}
