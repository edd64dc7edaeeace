//! What may happen to a message, for every kind of outbox: the shelves below only keep rows.

use super::Outbox;
use super::cause::Cause;
use super::decision::{Decision, Pruned, Retention, Whom};
use super::draft::{Draft, Put};
use super::entry::{BatchProgress, Counts, Entry, Filter, MessageId, Stage};
use super::halt::{Breaker, Halt, HaltKind, Lane};
use super::lease::{Ask, Leased, Next, Outcome, Reclaimed, Ticket};
use super::options::after;
use super::record::{CLASSES, Record, is_reply, micros, minds_the_hour, rewound};
use super::shelf::{Shelf, Shelves, Trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Number;
use crate::transport::{Envelope, Picture, State, StatusChange};
use jiff::{SignedDuration, Timestamp};

/// Drafts put in one transaction: large enough that its flush to the disk does not matter, small enough that a reply
/// beside it waits for milliseconds only.
const CHUNK: usize = 1000;
/// Messages looked at and left (expired, or their person's turn not come) in one lease, so that a transaction stays short.
const LOOKS: usize = 200;
/// A clock that is back by less went back by no one's hand: writers told their times one after another. What lies ahead
/// by so little is waited out.
const STEADY: SignedDuration = SignedDuration::from_mins(1);
/// Messages rewound at a time.
const REWOUND: usize = 5000;
/// Messages taken back in one transaction.
const TAKEN_BACK: usize = 500;

impl<S: Shelves> Outbox for S {
    fn put(&self, drafts: &mut dyn Iterator<Item = Draft>, now: Timestamp) -> Result<Put> {
        let now = micros(now);
        let mut put = Put::default();
        let mut chunk = Vec::new();
        loop {
            // Drafts are made outside the transaction: that may take long.
            chunk.clear();
            let mut wrong = None;
            for draft in (&mut *drafts).take(CHUNK) {
                if let Err(error) = draft.validate() {
                    wrong = Some(error);
                    break;
                }
                chunk.push(draft);
            }
            if !chunk.is_empty() {
                self.write(|shelf| {
                    advance(shelf, now)?;
                    for draft in &chunk {
                        if is_barred(shelf, &draft.to, draft.solicited.then_some(now))? {
                            put.opted_out += 1;
                        } else if shelf.insert(draft, now)? {
                            put.added += 1;
                        } else {
                            put.present += 1;
                        }
                    }
                    Ok(())
                })?;
            }
            match wrong {
                Some(error) => return Err(error),
                None if chunk.len() < CHUNK => return Ok(put),
                None => {}
            }
        }
    }

    fn rewind(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        self.write(|shelf| rewind(shelf, micros(now)))
    }

    fn trip(&self, lane: &str, breaker: &Breaker, reason: &str, now: Timestamp) -> Result<Option<Halt>> {
        self.write(|shelf| trip(shelf, lane, breaker, reason, micros(now)))
    }

    fn put_picture(&self, batch: &str, picture: &Picture, now: Timestamp) -> Result<()> {
        self.write(|shelf| shelf.put_picture(batch, picture, micros(now)))
    }

    fn lease(&self, ask: &Ask, now: Timestamp) -> Result<Next> {
        self.write(|shelf| lease(shelf, ask, micros(now)))
    }

    fn mark_sending(&self, ticket: &Ticket, now: Timestamp) -> Result<bool> {
        self.write(|shelf| mark_sending(shelf, ticket, micros(now)))
    }

    fn settle(&self, ticket: &Ticket, outcome: &Outcome, now: Timestamp) -> Result<Stage> {
        self.write(|shelf| settle(shelf, ticket, outcome, micros(now)))
    }

    fn reclaim(&self, holder: Option<&str>, now: Timestamp) -> Result<Reclaimed> {
        let now = micros(now);
        let mut taken = Reclaimed::default();
        loop {
            let some = self.write(|shelf| take_back(shelf, holder, now, &mut taken))?;
            if some < TAKEN_BACK {
                return Ok(taken);
            }
        }
    }

    fn status(&self, change: &StatusChange, now: Timestamp) -> Result<bool> {
        self.write(|shelf| status(shelf, change, micros(now)))
    }

    fn halt(&self, lane: &str, halt: &Halt) -> Result<()> {
        self.write(|shelf| {
            advance(shelf, micros(halt.since))?;
            set_halt(shelf, lane, halt)
        })
    }

    fn resume(&self, lane: &str, kind: Option<HaltKind>) -> Result<bool> {
        self.write(|shelf| {
            let halts = shelf.halts()?;
            let halted = halts.iter().any(|(name, halt)| name == lane && kind.is_none_or(|kind| halt.kind == kind));
            if halted {
                shelf.set_halt(lane, None)?;
            }
            // A person who lets it go on knows better; a probe's word is tried with one message.
            if kind.is_none() {
                shelf.set_trouble(lane, Trouble::default())?;
            }
            Ok(halted)
        })
    }

    fn transfer(&self, lane: &str, to: &str) -> Result<u64> {
        if lane == to || to.trim().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "messages move from one lane to another")
                .context("lane", lane)
                .hint("name the lane of the gateway that is served now, such as fonnte or cloud"));
        }
        let filter = Filter { lane: Some(lane.to_owned()), limit: CHUNK as u32, ..Filter::stage(Stage::Queued) };
        let mut moved = 0;
        loop {
            let some = self.write(|shelf| {
                let records = shelf.list(&filter)?;
                records.iter().try_for_each(|record| shelf.set_lane(record.id(), to)).map(|()| records.len())
            })?;
            moved += some as u64;
            if some < CHUNK {
                return Ok(moved);
            }
        }
    }

    fn lanes(&self) -> Result<Vec<Lane>> {
        self.read(|shelf| shelf.lanes())
    }

    fn opt_out(&self, number: &Number, now: Timestamp) -> Result<u64> {
        let now = micros(now);
        self.write(|shelf| {
            advance(shelf, now)?;
            shelf.set_opt_out(number, Some(now))?;
            let mut purged = 0;
            for mut record in shelf.of(&Whom::Number(number.clone()))? {
                if matches!(record.entry.stage, Stage::Queued | Stage::Leased) {
                    record.die(Cause::OptedOut, "opted out", now);
                    shelf.save(&record)?;
                    purged += 1;
                }
            }
            Ok(purged)
        })
    }

    fn opt_in(&self, number: &Number) -> Result<bool> {
        self.write(|shelf| {
            let was = shelf.opted_out(number)?.is_some();
            shelf.set_opt_out(number, None)?;
            Ok(was)
        })
    }

    fn opted_out(&self, number: &Number) -> Result<Option<Timestamp>> {
        self.read(|shelf| shelf.opted_out(number))
    }

    fn opt_outs(&self, limit: u32) -> Result<Vec<(Number, Timestamp)>> {
        self.read(|shelf| shelf.opt_outs(limit))
    }

    fn list(&self, filter: &Filter) -> Result<Vec<Entry>> {
        Ok(self.read(|shelf| shelf.list(filter))?.into_iter().map(|record| record.entry).collect())
    }

    fn find(&self, key: &str) -> Result<Option<Entry>> {
        Ok(self.read(|shelf| shelf.by_key(key))?.map(|record| record.entry))
    }

    fn text(&self, id: MessageId) -> Result<Option<String>> {
        let content = self.read(|shelf| shelf.content(id.0))?;
        Ok(content.map(|content| content.text).filter(|text| !text.is_empty()))
    }

    fn counts(&self, batch: Option<&str>) -> Result<Counts> {
        self.read(|shelf| shelf.counts(batch))
    }

    fn batches(&self, limit: u32) -> Result<Vec<BatchProgress>> {
        self.read(|shelf| shelf.batches(limit))
    }

    fn decide(&self, id: MessageId, decision: Decision, now: Timestamp) -> Result<Entry> {
        self.write(|shelf| decide(shelf, id, decision, micros(now)))
    }

    fn erase(&self, whom: &Whom, now: Timestamp) -> Result<u64> {
        let now = micros(now);
        let erased = self.write(|shelf| {
            let records = shelf.of(whom)?;
            let count = records.len() as u64;
            for mut record in records {
                if let Some(number) = &record.entry.to {
                    shelf.forget_person_gate(number)?;
                }
                // What is being sent keeps its lease, so that its answer finds it; what is unknown can not be retried.
                if matches!(record.entry.stage, Stage::Queued | Stage::Leased | Stage::Unknown) {
                    record.die(Cause::Erased, "erased", now);
                    shelf.save(&record)?;
                }
                record.sever(true);
                shelf.sever(&record)?;
            }
            if let Whom::Number(number) = whom {
                shelf.forget_person_gate(number)?;
            }
            Ok(count)
        })?;
        self.tidy()?;
        Ok(erased)
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned> {
        let pruned = self.write(|shelf| shelf.prune(retention))?;
        self.tidy()?;
        Ok(pruned)
    }
}

/// Whether a person has opted out. An answer to what the person wrote, put at `solicited`, is held back only by an opt-out
/// that came later.
fn is_barred(shelf: &mut dyn Shelf, to: &Number, solicited: Option<Timestamp>) -> Result<bool> {
    Ok(shelf.opted_out(to)?.is_some_and(|since| solicited.is_none_or(|put| put < since)))
}

/// The halt that keeps a lane from sending. Lanes have gateways of their own, so what is wrong with one lane's
/// configuration says nothing of another's.
fn halt_of(shelf: &mut dyn Shelf, lane: &str) -> Result<Option<Halt>> {
    Ok(shelf.halts()?.into_iter().find(|(name, _)| name == lane).map(|(_, halt)| halt))
}

fn set_halt(shelf: &mut dyn Shelf, lane: &str, halt: &Halt) -> Result<()> {
    let mut halt = Halt { since: micros(halt.since), probe_at: halt.probe_at.map(micros), ..halt.clone() };
    if let Some((_, old)) = shelf.halts()?.into_iter().find(|(name, _)| name == lane) {
        if old.kind.firmness() > halt.kind.firmness() {
            return Ok(());
        }
        // It has lasted since then.
        if old.kind == halt.kind {
            halt.since = old.since;
        }
    }
    shelf.set_halt(lane, Some(&halt))
}

/// Remembers the latest time.
fn advance(shelf: &mut dyn Shelf, now: Timestamp) -> Result<()> {
    if shelf.seen()?.is_none_or(|seen| seen < now) {
        shelf.set_seen(now)?;
    }
    Ok(())
}

fn rewind(shelf: &mut dyn Shelf, now: Timestamp) -> Result<Option<Timestamp>> {
    let Some(seen) = shelf.seen()?.filter(|seen| now < *seen) else {
        // Written once in a while only: nobody waits for it, and each writing is a flush.
        if shelf.seen()?.is_none_or(|seen| now.duration_since(seen) > STEADY) {
            shelf.set_seen(now)?;
        }
        return Ok(None);
    };
    let back = seen.duration_since(now);
    if back <= STEADY {
        return Ok(None);
    }
    loop {
        let records = shelf.changed_after(now, REWOUND)?;
        for mut record in records.iter().cloned() {
            record.rewind(back, now);
            shelf.save(&record)?;
        }
        if records.len() < REWOUND {
            break;
        }
    }
    shelf.rewind(back, now)?;
    for (lane, mut halt) in shelf.halts()? {
        halt.since = halt.since.min(now);
        halt.probe_at = halt.probe_at.map(|at| rewound(at, back, now));
        shelf.set_halt(&lane, Some(&halt))?;
        let trouble = shelf.trouble(&lane)?;
        shelf.set_trouble(&lane, Trouble { since: trouble.since.map(|since| since.min(now)), ..trouble })?;
    }
    shelf.set_seen(now)?;
    Ok(Some(seen))
}

fn trip(shelf: &mut dyn Shelf, lane: &str, breaker: &Breaker, reason: &str, now: Timestamp) -> Result<Option<Halt>> {
    let trouble = shelf.trouble(lane)?;
    if trouble.failures < breaker.failures {
        return Ok(None);
    }
    let since = trouble.since.unwrap_or(now).min(now);
    let probe_at = Some(micros(breaker.probe_at(since, now, breaker.longest)));
    let halt = Halt { kind: HaltKind::Gateway, reason: reason.to_owned(), since, probe_at };
    set_halt(shelf, lane, &halt)?;
    Ok(Some(halt))
}

/// Counts failures in a row; whatever the gateway answers with sense ends them.
fn count_trouble(shelf: &mut dyn Shelf, lane: &str, outcome: &Outcome, now: Timestamp) -> Result<()> {
    let trouble = shelf.trouble(lane)?;
    match outcome {
        Outcome::Again { .. } | Outcome::Unknown(_) | Outcome::Dead(Cause::Exhausted, _) => {
            let since = Some(trouble.since.unwrap_or(now));
            shelf.set_trouble(lane, Trouble { failures: trouble.failures.saturating_add(1), since })
        }
        _ if trouble == Trouble::default() => Ok(()),
        _ => shelf.set_trouble(lane, Trouble::default()),
    }
}

fn take_back(shelf: &mut dyn Shelf, holder: Option<&str>, now: Timestamp, taken: &mut Reclaimed) -> Result<usize> {
    let held = shelf.held(holder, now, TAKEN_BACK)?;
    for record in &held {
        let mut record = record.clone();
        let before = record.entry.stage;
        record.take_back(now);
        taken.add(before, record.entry.stage);
        shelf.save(&record)?;
    }
    Ok(held.len())
}

fn lease(shelf: &mut dyn Shelf, ask: &Ask, now: Timestamp) -> Result<Next> {
    take_back(shelf, None, now, &mut Reclaimed::default())?;
    if let Some(halt) = halt_of(shelf, &ask.lane)? {
        return Ok(Next::Halted { lane: ask.lane.clone(), halt });
    }
    let gates = shelf.gates(&ask.lane)?;
    let mut looks = 0;
    for class in 0..CLASSES {
        if opens(class, ask, gates) > now {
            continue;
        }
        while let Some(record) = shelf.first_due(&ask.lane, class, now)? {
            looks += 1;
            if looks > LOOKS {
                return Ok(Next::Wait(Some(now)));
            }
            if let Some(leased) = try_lease(shelf, record, ask, now)? {
                return Ok(Next::Message(Box::new(leased)));
            }
        }
    }
    let mut next = shelf.next_hold_end()?;
    for class in 0..CLASSES {
        if let Some(due) = shelf.soonest(&ask.lane, class)? {
            let at = due.max(opens(class, ask, gates));
            next = Some(next.map_or(at, |next| next.min(at)));
        }
    }
    Ok(Next::Wait(next))
}

/// When the messages of a class may go out at the earliest.
fn opens(class: u8, ask: &Ask, gates: super::shelf::Gates) -> Timestamp {
    let gate = if is_reply(class) { gates.reply } else { gates.other };
    match ask.quiet_until {
        Some(quiet) if minds_the_hour(class) => gate.max(micros(quiet)),
        _ => gate,
    }
}

/// Leases a message that is due, or moves it out of the way.
fn try_lease(shelf: &mut dyn Shelf, mut record: Record, ask: &Ask, now: Timestamp) -> Result<Option<Leased>> {
    let Some(to) = record.entry.to.clone() else {
        record.die(Cause::Erased, "erased", now);
        shelf.save(&record)?;
        return Ok(None);
    };
    if record.expires.is_some_and(|expires| expires <= now) {
        record.die(Cause::Expired, "expired", now);
        shelf.save(&record)?;
        return Ok(None);
    }
    if let Some(until) = shelf.person_gate(&to)?.filter(|until| *until > now) {
        // Marked as changed: the time is reckoned from the clock and was not named by anybody.
        (record.entry.due, record.entry.changed) = (until, now);
        shelf.save(&record)?;
        return Ok(None);
    }
    let Some(content) = shelf.content(record.id())? else {
        return Err(Error::new(ErrorKind::Internal, "a message of the outbox has no text").context("id", record.id()));
    };
    advance(shelf, now)?;
    record.lease(&ask.holder, ask.token, micros(after(now, ask.hold)), now);
    shelf.save(&record)?;
    if !ask.recipient_gap.is_zero() {
        shelf.set_person_gate(&to, micros(after(now, ask.recipient_gap)))?;
    }
    if !(ask.reply_gap.is_zero() && ask.gap.is_zero()) {
        let gates = shelf.gates(&ask.lane)?;
        let reply = gates.reply.max(micros(after(now, ask.reply_gap)));
        let other = if is_reply(record.class) { reply } else { micros(after(now, ask.gap)) };
        shelf.set_gates(&ask.lane, super::shelf::Gates { reply, other: gates.other.max(other) })?;
    }
    Ok(Some(Leased {
        ticket: Ticket { id: record.entry.id, holder: ask.holder.clone(), token: ask.token },
        envelope: Envelope {
            key: record.entry.key.clone(),
            to,
            text: content.text,
            picture: content.picture,
            reply_to: content.reply_to,
            template: content.template,
        },
        priority: record.entry.priority,
        attempts: record.entry.attempts,
    }))
}

fn mark_sending(shelf: &mut dyn Shelf, ticket: &Ticket, now: Timestamp) -> Result<bool> {
    let Some(mut record) = shelf.load(ticket.id.0)? else { return Ok(false) };
    if record.entry.stage != Stage::Leased || !record.is_held_by(ticket) {
        return Ok(false);
    }
    let barred = match &record.entry.to {
        Some(to) => is_barred(shelf, to, record.solicited.then_some(record.entry.created))?,
        None => true,
    };
    let halted = !barred && halt_of(shelf, &record.entry.lane)?.is_some();
    if barred {
        record.die(Cause::OptedOut, "opted out", now);
    } else if halted {
        record.take_back(now);
    } else {
        record.send(now);
    }
    shelf.save(&record)?;
    Ok(record.entry.stage == Stage::Sending)
}

fn settle(shelf: &mut dyn Shelf, ticket: &Ticket, outcome: &Outcome, now: Timestamp) -> Result<Stage> {
    let record = shelf.load(ticket.id.0)?.filter(|record| record.is_held_by(ticket));
    let Some(mut record) = record.filter(|r| matches!(r.entry.stage, Stage::Sending | Stage::Unknown)) else {
        return Err(Error::new(ErrorKind::NotFound, "the message is not being sent under this lease")
            .context("id", ticket.id)
            .hint("it was decided on meanwhile; what the gateway did stands in its own log"));
    };
    record.settle(outcome, now);
    advance(shelf, now)?;
    count_trouble(shelf, &record.entry.lane, outcome, now)?;
    if let Outcome::Halted(halt) = outcome {
        set_halt(shelf, &record.entry.lane, halt)?;
    }
    // A person erased while the message was on its way.
    if record.entry.to.is_none() && matches!(record.entry.stage, Stage::Queued | Stage::Unknown) {
        record.die(Cause::Erased, "erased", now);
    }
    if let Outcome::Accepted(Some(id)) = outcome {
        follow_orphans(shelf, &mut record, id)?;
    }
    shelf.save(&record)?;
    Ok(record.entry.stage)
}

/// Applies the statuses that came sooner than the answer that names the message.
fn follow_orphans(shelf: &mut dyn Shelf, record: &mut Record, name: &str) -> Result<()> {
    let mut changes = shelf.take_orphans(name)?;
    let linked: Vec<String> = changes.iter().filter_map(|change| change.state_id.clone()).collect();
    for name in linked {
        changes.extend(shelf.take_orphans(&name)?);
    }
    for change in changes {
        record.follow(&change);
    }
    Ok(())
}

fn status(shelf: &mut dyn Shelf, change: &StatusChange, now: Timestamp) -> Result<bool> {
    for name in [&change.id, &change.state_id].into_iter().flatten() {
        let Some(mut record) = shelf.by_receipt(name)? else { continue };
        record.follow(change);
        if let Some(state_id) = &change.state_id {
            follow_orphans(shelf, &mut record, state_id)?;
        }
        shelf.save(&record)?;
        return Ok(true);
    }
    if change.id.is_some() || change.state_id.is_some() {
        shelf.keep_orphan(change, now)?;
    }
    Ok(false)
}

fn decide(shelf: &mut dyn Shelf, id: MessageId, decision: Decision, now: Timestamp) -> Result<Entry> {
    let Some(mut record) = shelf.load(id.0)? else {
        return Err(Error::new(ErrorKind::NotFound, "there is no such message in the outbox").context("id", id));
    };
    let stage = record.entry.stage;
    let given_up = stage == Stage::Accepted && record.entry.delivery == Some(State::Failed);
    let fits = match decision {
        Decision::Retry => matches!(stage, Stage::Unknown | Stage::Dead) || given_up,
        Decision::Sent | Decision::NotSent => stage == Stage::Unknown,
        Decision::Discard => matches!(stage, Stage::Queued | Stage::Leased | Stage::Unknown | Stage::Dead),
    };
    let refuse =
        |message: String, hint: &str| Err(Error::new(ErrorKind::InvalidInput, message).context("id", id).hint(hint));
    if !fits {
        return refuse(
            format!("a message that is {} does not take the decision {}", stage.code(), decision.code()),
            "retry fits unknown, dead and given up; sent and not_sent fit unknown; discard fits queued, unknown and dead",
        );
    }
    advance(shelf, now)?;
    match decision {
        Decision::Retry => {
            let Some(to) = &record.entry.to else {
                return refuse("its person was severed from the message".into(), "it cannot be sent any more");
            };
            if shelf.opted_out(to)?.is_some() {
                return refuse("the person has opted out".into(), "it cannot be sent before they opt in again");
            }
            record.entry.attempts = 0;
            record.entry.delivery = None;
            record.entry.gateway_id = None;
            record.state_id = None;
            record.expires = None;
            record.queue(now, Some((Cause::Retried, "an administrator sends it again")), now);
        }
        Decision::Sent => record.accept(None, now),
        Decision::NotSent => record.die(Cause::NotSent, "an administrator settled it as not sent", now),
        Decision::Discard => record.die(Cause::Discarded, "an administrator discarded it", now),
    }
    shelf.save(&record)?;
    Ok(record.entry)
}
