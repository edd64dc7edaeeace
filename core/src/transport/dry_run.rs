//! Everything but sending.

use super::{Accepted, Capabilities, Envelope, Event, Health, Hook, HookError, SendError, Transport};
use crate::model::Number;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Accepts every envelope and hands none to the gateway, but those to the numbers let through: the test mode, in which
/// only administrators hear anything. Webhooks and health are the gateway's own.
pub struct DryRun<T> {
    inner: T,
    through: BTreeSet<Number>,
    held: AtomicU64,
}

impl<T: Transport> DryRun<T> {
    /// Hands nothing to the gateway.
    pub fn new(inner: T) -> Self {
        Self::letting_through(inner, [])
    }

    /// Hands to the gateway what is for these numbers, and nothing else.
    pub fn letting_through(inner: T, numbers: impl IntoIterator<Item = Number>) -> Self {
        Self { inner, through: numbers.into_iter().collect(), held: AtomicU64::new(0) }
    }

    /// How many envelopes were held back.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// The gateway itself.
    pub fn inner(&self) -> &T {
        &self.inner
    }
}

impl<T: Transport> Transport for DryRun<T> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        if self.through.contains(&envelope.to) {
            return self.inner.send(envelope);
        }
        if envelope.text.trim().is_empty() {
            return Err(SendError::Content("the message is empty".into()));
        }
        let held = self.held.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Accepted { id: Some(format!("dry-run-{held}")), quota: None })
    }

    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        self.inner.parse(hook)
    }

    fn health(&self) -> Result<Health, SendError> {
        self.inner.health()
    }
}

impl<T: fmt::Debug> fmt::Debug for DryRun<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DryRun({:?}, {} let through)", self.inner, self.through.len())
    }
}
