//! A gateway that only remembers, with faults on demand: for tests.

use super::{Accepted, Capabilities, Envelope, Event, Health, Hook, HookError, Pause, SendError, Transport, plain};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What happens to an envelope instead of being accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not accepted.
    Refuse(SendError),
    /// It is accepted, and the answer is lost: the sender sees [`SendError::Unknown`].
    LoseAnswer,
}

/// A gateway that keeps what it accepted. Like the real ones it knows no keys: the same envelope twice is kept twice.
#[derive(Default)]
pub struct Memory {
    state: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    accepted: Vec<Envelope>,
    asked: usize,
    faults: VecDeque<Option<Fault>>,
    disconnected: bool,
    quota: Option<u64>,
}

impl Memory {
    /// A gateway that accepts everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it accepted, in order.
    pub fn accepted(&self) -> Vec<Envelope> {
        self.lock().accepted.clone()
    }

    /// How many envelopes were handed to it, accepted or not.
    pub fn asked(&self) -> usize {
        self.lock().asked
    }

    /// The next envelope meets this; later ones the faults planned after it, one each.
    pub fn plan(&self, fault: Fault) {
        self.lock().faults.push_back(Some(fault));
    }

    /// The next `count` envelopes without a plan are treated as usual, before faults that are planned afterwards.
    pub fn let_through(&self, count: usize) {
        self.lock().faults.extend(std::iter::repeat_n(None, count));
    }

    /// The device is connected or not; while it is not, everything is refused with [`Pause::Device`].
    pub fn connect(&self, connected: bool) {
        self.lock().disconnected = !connected;
    }

    /// So many messages are left; at none, everything is refused with [`Pause::Quota`]. `None` is without end.
    pub fn set_quota(&self, left: Option<u64>) {
        self.lock().quota = left;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing is half done under this lock, so a panic elsewhere spoils nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn accept(&mut self, envelope: &Envelope) -> Accepted {
        self.accepted.push(envelope.clone());
        self.quota = self.quota.map(|left| left.saturating_sub(1));
        Accepted { id: Some(format!("memory-{}", self.accepted.len())), quota: self.quota }
    }
}

impl Transport for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { pictures: true, longest_text: usize::MAX, statuses: true, idempotent: false, window: None }
    }

    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        let mut kept = self.lock();
        kept.asked += 1;
        if let Some(Some(fault)) = kept.faults.pop_front() {
            return Err(match fault {
                Fault::Refuse(error) => error,
                Fault::LoseAnswer => {
                    kept.accept(envelope);
                    SendError::Unknown("the answer was lost".into())
                }
            });
        }
        if kept.disconnected {
            return Err(SendError::Pause(Pause::Device, "the device is disconnected".into()));
        }
        if kept.quota == Some(0) {
            return Err(SendError::Pause(Pause::Quota, "the quota is used up".into()));
        }
        if envelope.text.trim().is_empty() {
            return Err(SendError::Content("the message is empty".into()));
        }
        Ok(kept.accept(envelope))
    }

    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        plain::parse(hook)
    }

    fn health(&self) -> Result<Health, SendError> {
        let kept = self.lock();
        Ok(Health { connected: !kept.disconnected, quota: kept.quota, detail: "memory".into() })
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} accepted)", self.lock().accepted.len())
    }
}
