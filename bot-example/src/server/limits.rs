//! How much may come in: of one sender and in all. In memory and bounded; a restart forgets.

use std::collections::HashMap;

/// The most senders that are remembered. Those beyond share one measure, so that a flood of made-up senders costs no memory.
const SENDERS: usize = 10_000;

/// Looking through all of them takes a moment in which nobody else is admitted: so often at most, in milliseconds.
const SWEEP_MS: u64 = 1000;

/// A vessel that fills steadily and is emptied by what comes in.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: u64,
}

impl Bucket {
    /// Takes one out if one is left. `now` in milliseconds of a clock that never goes back.
    fn take(&mut self, capacity: f64, per_ms: f64, now: u64) -> bool {
        self.left = (self.left + now.saturating_sub(self.at) as f64 * per_ms).min(capacity);
        self.at = self.at.max(now);
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

/// The measures.
pub(super) struct Limits {
    per_minute: f64,
    per_second: f64,
    all: Bucket,
    others: Bucket,
    senders: HashMap<String, Bucket>,
    /// When those who were quiet were last forgotten.
    swept: u64,
}

impl Limits {
    pub(super) fn new(messages_per_minute: u32, webhooks_per_second: u32) -> Self {
        let (per_minute, per_second) = (f64::from(messages_per_minute), f64::from(webhooks_per_second));
        Self {
            per_minute,
            per_second,
            all: Bucket { left: per_second, at: 0 },
            others: Bucket { left: per_minute, at: 0 },
            senders: HashMap::new(),
            swept: 0,
        }
    }

    /// Whether another webhook may come in.
    pub(super) fn admit(&mut self, now: u64) -> bool {
        self.all.take(self.per_second, self.per_second / 1000.0, now)
    }

    /// Whether a sender's message may be acted on.
    pub(super) fn admit_sender(&mut self, sender: &str, now: u64) -> bool {
        let (capacity, rate) = (self.per_minute, self.per_minute / 60_000.0);
        if let Some(bucket) = self.senders.get_mut(sender) {
            return bucket.take(capacity, rate, now);
        }
        if self.senders.len() >= SENDERS && now.saturating_sub(self.swept) >= SWEEP_MS {
            self.swept = now;
            // Who was quiet for a minute is full again, as if new.
            self.senders.retain(|_, bucket| now.saturating_sub(bucket.at) < 60_000);
        }
        if self.senders.len() >= SENDERS {
            // A busy hour of many people: strangers share what ten thousand senders' worth would be.
            let share = SENDERS as f64;
            return self.others.take(capacity * share, rate * share, now);
        }
        let mut bucket = Bucket { left: capacity, at: now };
        let admitted = bucket.take(capacity, rate, now);
        self.senders.insert(sender.to_owned(), bucket);
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_a_burst_and_regains_it() {
        let mut limits = Limits::new(3, 100);
        assert_eq!((0..5).filter(|_| limits.admit_sender("a", 0)).count(), 3);
        assert!(limits.admit_sender("b", 0), "another is not held back");
        assert!(!limits.admit_sender("a", 19_000));
        assert!(limits.admit_sender("a", 20_001));
        assert!(!limits.admit_sender("a", 20_002));
        assert!(!limits.admit_sender("a", 5), "a clock that goes back gives nothing");
    }

    #[test]
    fn all_together_are_limited() {
        let mut limits = Limits::new(1, 10);
        assert_eq!((0..50).filter(|_| limits.admit(0)).count(), 10);
        assert_eq!((0..50).filter(|_| limits.admit(500)).count(), 5);
    }

    #[test]
    fn made_up_senders_cost_no_memory_and_lock_nobody_out() {
        let mut limits = Limits::new(2, 10);
        for n in 0..SENDERS * 3 {
            limits.admit_sender(&n.to_string(), 1);
        }
        assert_eq!(limits.senders.len(), SENDERS);
        assert!(!limits.admit_sender("0", 1) || !limits.admit_sender("0", 1), "whoever is remembered stays measured");
        assert!(limits.admit_sender("new", 61_002));
        assert_eq!(limits.senders.len(), 1);
    }
}
