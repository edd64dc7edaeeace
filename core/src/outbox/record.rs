//! A message's row, and how it moves on: the transitions are here, once, for every kind of outbox.

use super::cause::Cause;
use super::draft::{Draft, Priority, Resend};
use super::entry::{Entry, MessageId, Stage};
use super::lease::{Outcome, Ticket};
use super::options::after;
use crate::model::{DonorId, Number};
use crate::transport::{Picture, State, StatusChange};
use jiff::{SignedDuration, Timestamp};

/// An enum that is kept as a number and shown as a word: both are stable.
macro_rules! code_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal $word:literal),* $(,)? }) => {
        $(#[$meta])*
        pub enum $name { $($(#[$doc])* $variant),* }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// A stable lower-case name.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            pub(in crate::outbox) const fn number(self) -> i64 {
                match self { $(Self::$variant => $number),* }
            }

            #[allow(dead_code, reason = "read back from a file only")]
            pub(in crate::outbox) const fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(super) use code_enum;

/// How long a message whose fate is unknown waits before the one more time that it may be sent.
const RESEND_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// The longest reason kept, in characters.
const LONGEST_REASON: usize = 200;

/// To the microsecond, as it is kept.
pub(super) fn micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// A time that was reckoned on a clock `back` ahead of the one that shows `now`; what has come stays.
pub(super) fn rewound(time: Timestamp, back: SignedDuration, now: Timestamp) -> Timestamp {
    if time <= now { time } else { time.checked_sub(back).unwrap_or(now).max(now) }
}

fn short(reason: &str) -> String {
    reason.chars().take(LONGEST_REASON).collect()
}

/// Which queue of its lane a message waits in: they are looked at in order. Within a priority, those that do not mind the
/// hour come first.
pub(super) const fn class_of(priority: Priority, any_hour: bool) -> u8 {
    priority.number() as u8 * 2 + if any_hour { 0 } else { 1 }
}

/// The number of classes.
pub(super) const CLASSES: u8 = 10;

/// Whether messages of a class mind the hour.
pub(super) const fn minds_the_hour(class: u8) -> bool {
    class % 2 == 1
}

/// Whether a class is of replies.
pub(super) const fn is_reply(class: u8) -> bool {
    class / 2 == Priority::Reply.number() as u8
}

/// A row without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) entry: Entry,
    pub(super) class: u8,
    pub(super) solicited: bool,
    pub(super) expires: Option<Timestamp>,
    /// Who holds it, with the lease's number; kept while the answer of that lease would be believed.
    pub(super) held: Option<(String, u64)>,
    /// When it was held too long.
    pub(super) hold_until: Option<Timestamp>,
    pub(super) state_id: Option<String>,
}

/// What is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) reply_to: Option<String>,
    pub(super) template: Option<(String, Vec<String>)>,
    pub(super) picture: Option<Picture>,
}

impl Record {
    /// A new message.
    pub(super) fn new(id: u64, draft: &Draft, now: Timestamp) -> Self {
        let entry = Entry {
            id: MessageId(id),
            key: draft.key.clone(),
            lane: draft.lane.clone(),
            priority: draft.priority,
            kind: draft.kind.clone(),
            to: Some(draft.to.clone()),
            donor: draft.donor,
            batch: draft.batch.clone(),
            stage: Stage::Queued,
            delivery: None,
            cause: None,
            reason: None,
            attempts: 0,
            resent: false,
            resend: draft.resend,
            created: now,
            due: draft.not_before.map_or(now, |time| micros(time).max(now)),
            changed: now,
            gateway_id: None,
        };
        Self {
            entry,
            class: class_of(draft.priority, draft.any_hour),
            solicited: draft.solicited,
            expires: draft.expires.map(micros),
            held: None,
            hold_until: None,
            state_id: None,
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.entry.id.0
    }

    fn move_to(&mut self, stage: Stage, now: Timestamp) {
        self.entry.stage = stage;
        self.entry.changed = now;
    }

    pub(super) fn lease(&mut self, holder: &str, token: u64, until: Timestamp, now: Timestamp) {
        self.held = Some((holder.to_owned(), token));
        self.hold_until = Some(until);
        self.move_to(Stage::Leased, now);
    }

    pub(super) fn is_held_by(&self, ticket: &Ticket) -> bool {
        self.held.as_ref().is_some_and(|(holder, token)| *holder == ticket.holder && *token == ticket.token)
    }

    pub(super) fn send(&mut self, now: Timestamp) {
        self.move_to(Stage::Sending, now);
    }

    /// Waits again, nothing having gone out.
    pub(super) fn queue(&mut self, due: Timestamp, why: Option<(Cause, &str)>, now: Timestamp) {
        self.let_go();
        self.entry.due = micros(due);
        if let Some((cause, reason)) = why {
            self.explain(cause, reason);
        }
        self.move_to(Stage::Queued, now);
    }

    pub(super) fn die(&mut self, cause: Cause, reason: &str, now: Timestamp) {
        self.let_go();
        self.explain(cause, reason);
        self.move_to(Stage::Dead, now);
    }

    /// Nobody knows whether it went out. The lease's number stays: should its answer still come, it is believed.
    pub(super) fn doubt(&mut self, cause: Cause, reason: &str, now: Timestamp) {
        if self.entry.resend == Resend::Once && !self.entry.resent {
            self.entry.resent = true;
            return self.queue(after(now, RESEND_AFTER), Some((cause, reason)), now);
        }
        self.hold_until = None;
        self.explain(cause, reason);
        self.move_to(Stage::Unknown, now);
    }

    pub(super) fn accept(&mut self, gateway_id: Option<&str>, now: Timestamp) {
        self.let_go();
        self.entry.gateway_id = gateway_id.map(ToOwned::to_owned);
        (self.entry.cause, self.entry.reason) = (None, None);
        self.move_to(Stage::Accepted, now);
    }

    pub(super) fn settle(&mut self, outcome: &Outcome, now: Timestamp) {
        match outcome {
            Outcome::Accepted(id) => self.accept(id.as_deref(), now),
            Outcome::Again { due, reason } => {
                self.entry.attempts = self.entry.attempts.saturating_add(1);
                self.queue(*due, Some((Cause::Refused, reason)), now);
            }
            Outcome::Halted(halt) => self.queue(now, Some((Cause::Halted, &halt.reason)), now),
            Outcome::Unknown(reason) => self.doubt(Cause::Unclear, reason, now),
            Outcome::Dead(cause, reason) => self.die(*cause, reason, now),
        }
    }

    /// Takes it back from its holder.
    pub(super) fn take_back(&mut self, now: Timestamp) {
        match self.entry.stage {
            Stage::Leased => self.queue(self.entry.due, None, now),
            Stage::Sending => self.doubt(Cause::Interrupted, "interrupted while it was being sent", now),
            _ => {}
        }
    }

    /// Follows a clock that went back to `now`. A time that somebody named for a new message stays; what was reckoned
    /// from the clock (a backoff, a lease's end) is reckoned anew.
    pub(super) fn rewind(&mut self, back: SignedDuration, now: Timestamp) {
        let entry = &mut self.entry;
        let is_new = entry.changed == entry.created && entry.cause.is_none();
        let is_named = is_new && entry.due != entry.created;
        if !is_named {
            entry.due = rewound(entry.due, back, now);
        }
        entry.changed = now;
        self.hold_until = self.hold_until.map(|until| rewound(until, back, now));
    }

    /// A status, which never goes back.
    pub(super) fn follow(&mut self, change: &StatusChange) {
        let before = self.entry.delivery;
        self.entry.delivery = before.max(Some(change.state));
        if self.entry.delivery != before && self.entry.stage == Stage::Accepted {
            (self.entry.cause, self.entry.reason) = (None, None);
            if change.state == State::Failed {
                self.explain(Cause::Undelivered, change.reason.as_deref().unwrap_or("the gateway gave it up"));
            }
        }
        if let Some(state_id) = &change.state_id {
            self.state_id = Some(state_id.clone());
        }
    }

    fn explain(&mut self, cause: Cause, reason: &str) {
        self.entry.cause = Some(cause);
        self.entry.reason = Some(short(reason));
    }

    /// Severs the person: the key goes too, where it names the donor.
    pub(super) fn sever(&mut self, key: bool) {
        self.entry.to = None;
        self.entry.donor = None;
        if key {
            self.entry.key = format!("erased:{}", self.entry.id);
        }
    }

    fn let_go(&mut self) {
        self.held = None;
        self.hold_until = None;
    }
}

/// For a donor's number kept in a signed column.
#[allow(dead_code, reason = "without a file there are no columns")]
pub(super) const fn donor_number(donor: DonorId) -> i64 {
    donor.0.cast_signed()
}

/// Whether a message is to a person.
pub(super) fn is_to(record: &Record, number: &Number) -> bool {
    record.entry.to.as_ref() == Some(number)
}
