//! One step after another, out of the door.

use super::cause::Cause;
use super::halt::{Breaker, Halt, HaltKind};
use super::jitter::mix;
use super::lease::{Ask, Leased, Next, Outcome, Reclaimed};
use super::options::{Options, after};
use super::{Outbox, Stage};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Accepted, DeviceChange, SendError, Transport};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A place in the life of a message, told to the observer of a step: a test kills the process there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Point {
    /// It was leased, durably.
    Leased,
    /// It is about to be marked as being sent.
    BeforeSending,
    /// It is marked as being sent, durably; no byte has gone out.
    MarkedSending,
    /// The gateway has answered, or its patience has ended.
    Answered,
    /// What became of it is about to be written down.
    BeforeSettled,
    /// What became of it is written down, durably.
    Settled,
}

impl Point {
    /// Every one, in the order in which they come.
    pub const ALL: &'static [Self] =
        &[Self::Leased, Self::BeforeSending, Self::MarkedSending, Self::Answered, Self::BeforeSettled, Self::Settled];
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// A message was handed over; what became of it. The next step may follow at once.
    Sent {
        /// Its key.
        key: String,
        /// Its stage now.
        stage: Stage,
        /// `accepted`, or the failure's code ([`SendError::code`]).
        answer: &'static str,
        /// Why it was not accepted; fit for a log.
        reason: Option<String>,
    },
    /// A message in hand was not sent after all: its person opted out, it was discarded, or the lease was lost.
    Withheld {
        /// Its key.
        key: String,
    },
    /// Nothing to do before this time, unless a message is put in; `None`: the lane is empty.
    Idle {
        /// When to look again.
        until: Option<Timestamp>,
    },
    /// The lane waits.
    Paused {
        /// The lane whose halt it is: the worker's own, or another one that stopped all.
        lane: String,
        /// Why, and until when (`probe_at`).
        halt: Halt,
    },
    /// The clock went back: what had been reckoned from it is reckoned anew. The next step may follow at once.
    Rewound {
        /// The time that it had shown.
        seen: Timestamp,
    },
    /// The gateway was asked how the line is, and the lane goes on.
    Resumed {
        /// What it had waited for.
        kind: HaltKind,
    },
}

/// Serves one lane with one gateway. It holds no state but its settings: whatever must be remembered is in the outbox.
#[derive(Clone, Debug)]
pub struct Worker {
    lane: String,
    holder: String,
    options: Options,
    zone: TimeZone,
}

impl Worker {
    /// A worker. `holder` names it: two that run at the same time must not share a name. `zone` is the one of the quiet
    /// hours.
    ///
    /// Errors: `configuration` for an impossible option, `invalid_input` for an empty name.
    pub fn new(lane: impl Into<String>, holder: impl Into<String>, options: Options, zone: TimeZone) -> Result<Self> {
        options.validate()?;
        let (lane, holder) = (lane.into(), holder.into());
        if lane.trim().is_empty() || holder.trim().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "a worker needs the name of its lane and one of its own"));
        }
        Ok(Self { lane, holder, options, zone })
    }

    /// The lane that it serves.
    pub fn lane(&self) -> &str {
        &self.lane
    }

    /// To be called once before the first step, when no other worker of this name can be alive: takes back what a dead
    /// one of the same name held. What others hold runs out by itself.
    pub fn start(&self, outbox: &dyn Outbox, now: Timestamp) -> Result<Reclaimed> {
        outbox.reclaim(Some(&self.holder), now)
    }

    /// To be called after the last step: what it still holds is queued again.
    pub fn stop(&self, outbox: &dyn Outbox, now: Timestamp) -> Result<Reclaimed> {
        outbox.reclaim(Some(&self.holder), now)
    }

    /// Takes one step: at most one message goes out. Blocks while the gateway does.
    ///
    /// `seed` must be another one at each step, from the host's randomness: the lease's number comes from it, and all
    /// chance. `observe` is told each point that is reached; `&mut |_| {}` where nobody wants to know. When this fails
    /// after a message was handed over, that message is unknown once the lease has run out.
    pub fn step(
        &self,
        outbox: &dyn Outbox,
        transport: &dyn Transport,
        now: Timestamp,
        seed: u64,
        observe: &mut dyn FnMut(Point),
    ) -> Result<Step> {
        if let Some(seen) = outbox.rewind(now)? {
            return Ok(Step::Rewound { seen });
        }
        let leased = match outbox.lease(&self.ask(now, seed), now)? {
            Next::Message(leased) => *leased,
            Next::Wait(until) => return Ok(Step::Idle { until }),
            Next::Halted { lane, halt } => return self.wait(outbox, transport, lane, halt, now),
        };
        observe(Point::Leased);
        self.send(outbox, transport, leased, now, seed, observe)
    }

    fn send(
        &self,
        outbox: &dyn Outbox,
        transport: &dyn Transport,
        mut leased: Leased,
        now: Timestamp,
        seed: u64,
        observe: &mut dyn FnMut(Point),
    ) -> Result<Step> {
        if !transport.capabilities().pictures {
            leased.envelope.picture = None;
        }
        let key = leased.envelope.key.clone();
        observe(Point::BeforeSending);
        if !outbox.mark_sending(&leased.ticket, now)? {
            return Ok(Step::Withheld { key });
        }
        observe(Point::MarkedSending);
        let answer = transport.send(&leased.envelope);
        observe(Point::Answered);
        observe(Point::BeforeSettled);
        let stage = self.settle(outbox, &leased, &answer, now, seed)?;
        observe(Point::Settled);
        let (answer, reason) = match &answer {
            Ok(_) => ("accepted", None),
            Err(error) => (error.code(), Some(error.reason().to_owned())),
        };
        Ok(Step::Sent { key, stage, answer, reason })
    }

    /// Leases the next message, for a host that sends by itself: then [`Outbox::mark_sending`], the host's own sending if
    /// that says so, and [`Worker::settle`]. `seed` as for [`Worker::step`].
    pub fn lease(&self, outbox: &dyn Outbox, now: Timestamp, seed: u64) -> Result<Next> {
        outbox.rewind(now)?;
        outbox.lease(&self.ask(now, seed), now)
    }

    /// Writes down what a gateway answered to a message that was marked as being sent, and answers with its stage: what is
    /// tried again is tried after a backoff, and a lane that has to wait is halted.
    pub fn settle(
        &self,
        outbox: &dyn Outbox,
        leased: &Leased,
        answer: &Result<Accepted, SendError>,
        now: Timestamp,
        seed: u64,
    ) -> Result<Stage> {
        let stage = outbox.settle(&leased.ticket, &self.judge(answer, leased, now, seed), now)?;
        if let Err(error @ (SendError::Retry { .. } | SendError::Unknown(_))) = answer {
            outbox.trip(&self.lane, &self.breaker(), error.reason(), now)?;
        }
        Ok(stage)
    }

    /// After a message that failed, the next one is risked later and later, as a failing one may be unknown.
    fn breaker(&self) -> Breaker {
        let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
        Breaker {
            failures: self.options.breaker_failures,
            first: seconds(self.options.device_probe_seconds),
            longest: seconds(self.options.backoff_limit_seconds),
        }
    }

    /// A word from the gateway about the device: halts the lane, or lets it go on if the device was what it waited for.
    /// Whether anything changed.
    pub fn device(&self, outbox: &dyn Outbox, change: &DeviceChange, now: Timestamp) -> Result<bool> {
        if change.connected {
            return outbox.resume(&self.lane, Some(HaltKind::Device));
        }
        outbox.halt(&self.lane, &self.halt(HaltKind::Device, &change.reason, now))?;
        Ok(true)
    }

    fn ask(&self, now: Timestamp, seed: u64) -> Ask {
        let options = &self.options;
        Ask {
            lane: self.lane.clone(),
            holder: self.holder.clone(),
            token: mix(seed, 0),
            hold: SignedDuration::from_secs(options.hold_seconds.into()),
            quiet_until: options.quiet_hours.and_then(|quiet| quiet.until(now, &self.zone)),
            reply_gap: options.reply_gap.draw(mix(seed, 1)),
            gap: options.gap.draw(mix(seed, 2)),
            recipient_gap: SignedDuration::from_millis(options.recipient_gap_ms as i64),
        }
    }

    /// What an answer means for the message.
    fn judge(&self, answer: &Result<Accepted, SendError>, leased: &Leased, now: Timestamp, seed: u64) -> Outcome {
        let error = match answer {
            Ok(accepted) => return Outcome::Accepted(accepted.id.clone()),
            Err(error) => error,
        };
        match error {
            SendError::Retry { after: wait, reason } => {
                let attempts = leased.attempts + 1;
                if attempts >= self.options.attempts {
                    return Outcome::Dead(Cause::Exhausted, format!("given up after {attempts} attempts: {reason}"));
                }
                let least = SignedDuration::try_from(*wait).unwrap_or(SignedDuration::MAX);
                let jitter = self.options.backoff(leased.attempts, mix(seed, 3));
                Outcome::Again { due: after(now, least.max(jitter)), reason: reason.clone() }
            }
            // Whether the attempt before met the same is not known; a message that failed for anything else twice is rare.
            SendError::RetryOnce { reason, .. } if leased.attempts > 0 => {
                Outcome::Dead(Cause::Content, format!("given up after one more attempt: {reason}"))
            }
            SendError::RetryOnce { after: wait, reason } => {
                let least = SignedDuration::try_from(*wait).unwrap_or(SignedDuration::MAX);
                Outcome::Again { due: after(now, least), reason: reason.clone() }
            }
            SendError::Pause(pause, reason) => Outcome::Halted(self.halt((*pause).into(), reason, now)),
            SendError::Stop(reason) => Outcome::Halted(self.halt(HaltKind::Stop, reason, now)),
            SendError::Unknown(reason) => Outcome::Unknown(reason.clone()),
            SendError::Recipient(reason) => Outcome::Dead(Cause::Recipient, format!("recipient: {reason}")),
            SendError::Content(reason) => Outcome::Dead(Cause::Content, format!("content: {reason}")),
        }
    }

    fn halt(&self, kind: HaltKind, reason: &str, now: Timestamp) -> Halt {
        let seconds = match kind {
            HaltKind::Device | HaltKind::Gateway => self.options.device_probe_seconds,
            HaltKind::Quota => self.options.quota_probe_seconds,
            HaltKind::Spam => self.options.spam_pause_seconds,
            HaltKind::Stop => self.options.stop_probe_seconds,
            HaltKind::Command => return Halt { kind, reason: reason.to_owned(), since: now, probe_at: None },
        };
        let probe_at = Some(after(now, SignedDuration::from_secs(seconds.into())));
        Halt { kind, reason: reason.to_owned(), since: now, probe_at }
    }

    /// Asks the gateway how the line is, when it is time and the halt is the worker's own.
    fn wait(
        &self,
        outbox: &dyn Outbox,
        transport: &dyn Transport,
        lane: String,
        halt: Halt,
        now: Timestamp,
    ) -> Result<Step> {
        if halt.probe_at.is_none_or(|at| at > now) {
            return Ok(Step::Paused { lane, halt });
        }
        let cured = transport.health().is_ok_and(|health| match halt.kind {
            HaltKind::Device | HaltKind::Spam => health.connected,
            HaltKind::Quota => health.quota.is_none_or(|left| left > 0),
            // It answers: whether it takes messages again, the next one shows.
            HaltKind::Stop | HaltKind::Gateway => true,
            HaltKind::Command => false,
        });
        if cured && outbox.resume(&lane, Some(halt.kind))? {
            return Ok(Step::Resumed { kind: halt.kind });
        }
        let probe_at = if halt.kind == HaltKind::Gateway {
            let longest = SignedDuration::from_secs(self.options.breaker_probe_seconds.into());
            Some(self.breaker().probe_at(halt.since, now, longest))
        } else {
            self.halt(halt.kind, &halt.reason, now).probe_at
        };
        let halt = Halt { probe_at, ..halt };
        outbox.halt(&lane, &halt)?;
        Ok(Step::Paused { lane, halt })
    }
}
