//! What can go wrong at the gateway, planned or by chance.

use serde::{Deserialize, Serialize};

/// One thing that goes wrong with a request to `/send`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// The request is refused with a reason.
    Reason {
        /// The gateway's words.
        reason: String,
    },
    /// The answer takes so long; what it says is as usual.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The message is accepted, and its answer takes so long.
    Late {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection is cut, and nothing was accepted.
    ResetBefore,
    /// The message is accepted, and the connection is cut before the answer.
    ResetAfter,
    /// A page instead of an answer.
    Html {
        /// The HTTP status.
        status: u16,
        /// Whether the message was accepted all the same.
        #[serde(default)]
        accept: bool,
    },
    /// An empty answer under HTTP 200.
    Empty {
        /// Whether the message was accepted all the same.
        #[serde(default)]
        accept: bool,
    },
    /// The device is disconnected from here on.
    Disconnect,
}

/// A fault that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// What goes wrong.
    pub(crate) fault: Fault,
    /// So many requests go well before.
    #[serde(default)]
    pub(crate) after: u64,
    /// So many requests meet it.
    #[serde(default = "once")]
    pub(crate) times: u64,
}

fn once() -> u64 {
    1
}

/// The plans, and chance.
#[derive(Debug, Default)]
pub(super) struct Faults {
    plans: Vec<Plan>,
    /// Of a million requests, so many meet a fault by chance.
    rate: u64,
    draws: u64,
}

impl Faults {
    pub(super) fn new(chaos: f64, seed: u64) -> Self {
        Self { plans: Vec::new(), rate: (chaos.clamp(0.0, 1.0) * 1e6) as u64, draws: seed }
    }

    pub(super) fn add(&mut self, plan: Plan) {
        self.plans.push(plan);
    }

    pub(super) fn clear(&mut self) {
        self.plans.clear();
        self.rate = 0;
    }

    pub(super) fn waiting(&self) -> &[Plan] {
        &self.plans
    }

    /// What the next request meets: the first plan whose turn it is, else chance.
    pub(super) fn next(&mut self) -> Option<Fault> {
        for plan in self.plans.iter_mut().filter(|plan| plan.times > 0) {
            if plan.after > 0 {
                plan.after -= 1;
                continue;
            }
            plan.times -= 1;
            let fault = plan.fault.clone();
            self.plans.retain(|plan| plan.times > 0);
            return Some(fault);
        }
        (self.draw() % 1_000_000 < self.rate).then(|| match self.draw() % 5 {
            0 => Fault::ResetBefore,
            1 => Fault::ResetAfter,
            2 => Fault::Html { status: 502, accept: self.draw().is_multiple_of(2) },
            3 => Fault::Empty { accept: self.draw().is_multiple_of(2) },
            _ => Fault::Reason { reason: "request invalid on disconnected device".into() },
        })
    }

    /// The next of a row of numbers (`SplitMix64`; Steele, Lea and Flood 2014).
    fn draw(&mut self) -> u64 {
        self.draws = self.draws.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.draws ^ (self.draws >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_take_turns() {
        let mut faults = Faults::new(0.0, 1);
        faults.add(Plan { fault: Fault::ResetAfter, after: 2, times: 2 });
        let met: Vec<bool> = (0..6).map(|_| faults.next().is_some()).collect();
        assert_eq!(met, [false, false, true, true, false, false]);
        assert!(faults.waiting().is_empty());
    }

    #[test]
    fn chance_keeps_its_rate() {
        let mut faults = Faults::new(0.1, 3);
        let met = (0..10_000).filter(|_| faults.next().is_some()).count();
        assert!((800..1200).contains(&met), "{met}");
        faults.clear();
        assert!((0..1000).all(|_| faults.next().is_none()));
    }
}
