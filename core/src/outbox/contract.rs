//! What every outbox must do, as checks that any outbox can be put through. They panic with the difference, so they belong
//! in tests.

#![allow(clippy::panic, clippy::unwrap_used, reason = "the checks of a test suite")]

use super::{
    Ask, Cause, Decision, Draft, Filter, Halt, HaltKind, Leased, MessageId, Next, Outbox, Outcome, Priority, Reclaimed,
    Retention, Stage, Ticket, Whom,
};
use crate::error::ErrorKind;
use crate::model::{DonorId, Number};
use crate::transport::{Picture, State, StatusChange};
use jiff::{SignedDuration, Timestamp};

/// Puts an outbox through the contract. `make` gives a new, empty one at each call.
pub fn check(make: &dyn Fn() -> Box<dyn Outbox>) {
    a_key_is_put_once(&*make());
    the_life_of_a_message(&*make());
    an_interrupted_message_is_unknown(&*make());
    a_reply_is_tried_once_more(&*make());
    a_late_answer_is_believed(&*make());
    replies_overtake_and_paces_hold(&*make());
    quiet_hours_hold_back_what_minds(&*make());
    halts_and_their_firmness(&*make());
    opting_out(&*make());
    statuses_never_go_back(&*make());
    decisions(&*make());
    erasure_and_retention(&*make());
    pictures_go_with_their_batch(&*make());
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn number(i: u64) -> Number {
    Number::parse(&format!("0812{i:08}")).unwrap()
}

fn batch(i: u64) -> Draft {
    let key = format!("laporan:2026-08:{i}");
    Draft { donor: Some(DonorId(i)), ..Draft::batch(key, "a", "laporan:2026-08", number(i), "Halo") }
}

fn reply(i: u64) -> Draft {
    Draft::reply(format!("balasan:{i}"), "a", number(i), "Halo")
}

fn put(outbox: &dyn Outbox, draft: Draft, second: i64) {
    assert_eq!(outbox.put(&mut [draft].into_iter(), at(second)).unwrap().added, 1);
}

fn ask(token: u64) -> Ask {
    Ask {
        lane: "a".into(),
        holder: "w".into(),
        token,
        hold: SignedDuration::from_secs(60),
        quiet_until: None,
        reply_gap: SignedDuration::ZERO,
        gap: SignedDuration::ZERO,
        recipient_gap: SignedDuration::ZERO,
    }
}

fn lease(outbox: &dyn Outbox, ask: &Ask, second: i64) -> Leased {
    match outbox.lease(ask, at(second)).unwrap() {
        Next::Message(leased) => *leased,
        other => panic!("no message: {other:?}"),
    }
}

fn sending(outbox: &dyn Outbox, token: u64, second: i64) -> Ticket {
    let leased = lease(outbox, &ask(token), second);
    assert!(outbox.mark_sending(&leased.ticket, at(second)).unwrap());
    leased.ticket
}

fn stage(outbox: &dyn Outbox, key: &str) -> Stage {
    outbox.find(key).unwrap().unwrap().stage
}

fn waits(outbox: &dyn Outbox, ask: &Ask, second: i64) -> Option<i64> {
    match outbox.lease(ask, at(second)).unwrap() {
        Next::Wait(until) => until.map(|until| until.as_second() - 1_790_000_000),
        other => panic!("it does not wait: {other:?}"),
    }
}

fn a_key_is_put_once(outbox: &dyn Outbox) {
    let put = outbox.put(&mut (0..2500).map(batch), at(0)).unwrap();
    assert_eq!((put.added, put.present, put.opted_out), (2500, 0, 0));
    let put = outbox.put(&mut (2400..2600).map(batch), at(1)).unwrap();
    assert_eq!((put.added, put.present), (100, 100));
    let counts = outbox.counts(Some("laporan:2026-08")).unwrap();
    assert_eq!((counts.queued, counts.total()), (2600, 2600));
    assert_eq!(outbox.counts(Some("laporan:2026-09")).unwrap().total(), 0);
    assert_eq!(outbox.batches(5).unwrap()[0].since, at(0));

    let wrong = Draft { text: "  ".into(), ..batch(3001) };
    let error = outbox.put(&mut [batch(3000), wrong, batch(3002)].into_iter(), at(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("laporan:2026-08:3001"));
    assert_eq!(stage(outbox, "laporan:2026-08:3000"), Stage::Queued, "those before it stay");
    assert!(outbox.find("laporan:2026-08:3002").unwrap().is_none());

    let page = outbox.list(&Filter { limit: 3, after: Some(MessageId(1)), ..Filter::default() }).unwrap();
    assert_eq!(page.iter().map(|entry| entry.id.0).collect::<Vec<_>>(), [2, 3, 4]);
    let one = outbox.list(&Filter { donor: Some(DonorId(7)), ..Filter::default() }).unwrap();
    assert_eq!(one.iter().map(|entry| &*entry.key).collect::<Vec<_>>(), ["laporan:2026-08:7"]);
}

fn the_life_of_a_message(outbox: &dyn Outbox) {
    put(outbox, batch(1), 0);
    let leased = lease(outbox, &ask(1), 1);
    assert_eq!((&*leased.envelope.text, leased.envelope.to.clone()), ("Halo", number(1)));
    assert_eq!(stage(outbox, "laporan:2026-08:1"), Stage::Leased);
    assert_eq!(waits(outbox, &ask(2), 2), Some(61), "nobody else gets it while it is held");
    let forged = Ticket { token: 99, ..leased.ticket.clone() };
    assert!(!outbox.mark_sending(&forged, at(2)).unwrap());
    assert!(outbox.mark_sending(&leased.ticket, at(2)).unwrap());
    assert!(!outbox.mark_sending(&leased.ticket, at(2)).unwrap(), "twice");
    let again = Outcome::Again { due: at(10), reason: "busy".into() };
    assert_eq!(outbox.settle(&leased.ticket, &again, at(3)).unwrap(), Stage::Queued);
    assert_eq!(outbox.settle(&leased.ticket, &again, at(3)).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(waits(outbox, &ask(3), 9), Some(10));
    let ticket = sending(outbox, 4, 10);
    assert_eq!(outbox.settle(&ticket, &Outcome::Accepted(Some("g1".into())), at(11)).unwrap(), Stage::Accepted);
    assert_eq!(waits(outbox, &ask(5), 1000), None);
    let entry = outbox.find("laporan:2026-08:1").unwrap().unwrap();
    assert_eq!((entry.attempts, entry.gateway_id.as_deref(), entry.changed), (1, Some("g1"), at(11)));
    put(outbox, batch(2), 12);
    let ticket = sending(outbox, 6, 12);
    assert_eq!(
        outbox.settle(&ticket, &Outcome::Dead(Cause::Recipient, "no such number".into()), at(12)).unwrap(),
        Stage::Dead
    );
    let late = Draft { expires: Some(at(20)), not_before: Some(at(15)), ..batch(3) };
    put(outbox, late, 13);
    assert_eq!(waits(outbox, &ask(7), 14), Some(15));
    assert_eq!(waits(outbox, &ask(7), 20), None, "expired");
    let cause = |key: &str| outbox.find(key).unwrap().unwrap().cause;
    assert_eq!(cause("laporan:2026-08:1"), None);
    assert_eq!(cause("laporan:2026-08:2"), Some(Cause::Recipient));
    assert_eq!(cause("laporan:2026-08:3"), Some(Cause::Expired));
}

fn an_interrupted_message_is_unknown(outbox: &dyn Outbox) {
    put(outbox, batch(1), 0);
    put(outbox, batch(2), 0);
    let ticket = sending(outbox, 1, 1);
    let leased = lease(outbox, &ask(2), 1);
    assert_eq!(outbox.reclaim(None, at(30)).unwrap(), Reclaimed::default(), "held, and not too long");
    assert_eq!(outbox.reclaim(Some("other"), at(30)).unwrap(), Reclaimed::default());
    let taken = outbox.reclaim(Some("w"), at(30)).unwrap();
    assert_eq!(taken, Reclaimed { queued: 1, unknown: 1, again: 0 });
    assert!(!outbox.mark_sending(&leased.ticket, at(31)).unwrap(), "the lease is lost");
    let unknown = outbox.list(&Filter::stage(Stage::Unknown)).unwrap();
    assert_eq!(unknown.iter().map(|entry| entry.id).collect::<Vec<_>>(), [ticket.id]);
    // What was held too long is taken back by the next lease.
    let ticket = sending(outbox, 3, 40);
    assert_eq!(ticket.id, leased.ticket.id);
    assert_eq!(waits(outbox, &ask(4), 100), None);
    assert_eq!(outbox.counts(None).unwrap().unknown, 2);
}

fn a_reply_is_tried_once_more(outbox: &dyn Outbox) {
    put(outbox, reply(1), 0);
    let ticket = sending(outbox, 1, 1);
    assert_eq!(outbox.settle(&ticket, &Outcome::Unknown("reset".into()), at(2)).unwrap(), Stage::Queued);
    let due = waits(outbox, &ask(2), 2).unwrap();
    let ticket = sending(outbox, 3, due);
    assert_eq!(outbox.settle(&ticket, &Outcome::Unknown("reset".into()), at(due)).unwrap(), Stage::Unknown);
    put(outbox, batch(2), 20);
    let ticket = sending(outbox, 4, 20);
    assert_eq!(outbox.settle(&ticket, &Outcome::Unknown("reset".into()), at(21)).unwrap(), Stage::Unknown);
}

fn a_late_answer_is_believed(outbox: &dyn Outbox) {
    put(outbox, batch(1), 0);
    let ticket = sending(outbox, 1, 0);
    assert_eq!(outbox.reclaim(None, at(60)).unwrap().unknown, 1);
    assert_eq!(outbox.settle(&ticket, &Outcome::Accepted(None), at(61)).unwrap(), Stage::Accepted);
    put(outbox, batch(2), 70);
    let ticket = sending(outbox, 2, 70);
    outbox.reclaim(None, at(130)).unwrap();
    outbox.decide(ticket.id, Decision::NotSent, at(131)).unwrap();
    let late = outbox.settle(&ticket, &Outcome::Accepted(None), at(132));
    assert_eq!(late.unwrap_err().kind(), ErrorKind::NotFound, "an administrator has decided");
}

fn replies_overtake_and_paces_hold(outbox: &dyn Outbox) {
    put(outbox, batch(1), 0);
    put(outbox, batch(2), 0);
    put(outbox, Draft::single("peringatan:1", "a", Priority::Alert, "peringatan", number(3), "Kas"), 1);
    put(outbox, reply(4), 2);
    put(outbox, Draft { key: "balasan:5".into(), ..reply(4) }, 2);
    put(outbox, Draft { lane: "b".into(), ..reply(6) }, 0);
    let paced = |token| Ask {
        reply_gap: SignedDuration::from_secs(1),
        gap: SignedDuration::from_secs(5),
        recipient_gap: SignedDuration::from_secs(3),
        ..ask(token)
    };
    let key = |second| lease(outbox, &paced(second as u64), second).envelope.key;
    assert_eq!(key(10), "balasan:4");
    assert_eq!(waits(outbox, &paced(0), 10), Some(11));
    assert_eq!(key(11), "peringatan:1", "the same person's next reply waits, another message does not");
    assert_eq!(waits(outbox, &paced(0), 12), Some(13));
    assert_eq!(key(13), "balasan:5");
    assert_eq!(waits(outbox, &paced(0), 15), Some(16));
    assert_eq!(key(16), "laporan:2026-08:1");
    assert_eq!(key(21), "laporan:2026-08:2");
}

fn quiet_hours_hold_back_what_minds(outbox: &dyn Outbox) {
    put(outbox, batch(1), 0);
    let quiet = Ask { quiet_until: Some(at(100)), ..ask(1) };
    assert_eq!(waits(outbox, &quiet, 1), Some(100));
    put(outbox, reply(2), 2);
    assert_eq!(lease(outbox, &quiet, 3).envelope.key, "balasan:2");
    put(outbox, Draft { any_hour: true, ..batch(3) }, 4);
    assert_eq!(lease(outbox, &Ask { token: 2, ..quiet }, 5).envelope.key, "laporan:2026-08:3");
    assert_eq!(lease(outbox, &ask(3), 6).envelope.key, "laporan:2026-08:1");
}

fn halt(kind: HaltKind, second: i64) -> Halt {
    Halt { kind, reason: kind.code().into(), since: at(second), probe_at: Some(at(second + 10)) }
}

fn halts_and_their_firmness(outbox: &dyn Outbox) {
    let halted = |lane: &str| match outbox.lease(&Ask { lane: lane.into(), ..ask(9) }, at(50)).unwrap() {
        Next::Halted { lane, halt } => Some((lane, halt.kind)),
        _ => None,
    };
    put(outbox, batch(1), 0);
    let ticket = sending(outbox, 1, 1);
    let stopped = Outcome::Halted(halt(HaltKind::Device, 2));
    assert_eq!(outbox.settle(&ticket, &stopped, at(2)).unwrap(), Stage::Queued);
    assert_eq!(halted("a"), Some(("a".into(), HaltKind::Device)));
    assert_eq!(halted("b"), None, "lanes wait apart");
    assert_eq!(outbox.find("laporan:2026-08:1").unwrap().unwrap().attempts, 0, "no attempt of the message");
    outbox.halt("a", &halt(HaltKind::Device, 5)).unwrap();
    let lane = outbox.lanes().unwrap().into_iter().find(|lane| lane.name == "a").unwrap();
    assert_eq!((lane.counts.queued, lane.halt.unwrap().since), (1, at(2)), "it has lasted since then");
    assert!(!outbox.resume("a", Some(HaltKind::Quota)).unwrap());
    assert!(outbox.resume("a", Some(HaltKind::Device)).unwrap());

    let leased = lease(outbox, &ask(2), 6);
    outbox.halt("a", &halt(HaltKind::Command, 7)).unwrap();
    assert!(!outbox.mark_sending(&leased.ticket, at(8)).unwrap(), "halted while it was in hand");
    assert_eq!(stage(outbox, "laporan:2026-08:1"), Stage::Queued);
    outbox.halt("a", &halt(HaltKind::Device, 9)).unwrap();
    assert!(!outbox.resume("a", Some(HaltKind::Device)).unwrap(), "a command is firmer");
    assert!(outbox.resume("a", None).unwrap());
    assert!(!outbox.resume("a", None).unwrap());
    outbox.halt("a", &halt(HaltKind::Stop, 10)).unwrap();
    assert_eq!(halted("a"), Some(("a".into(), HaltKind::Stop)));
    assert_eq!(halted("b"), None, "another gateway's configuration may be right");

    // The gateway is another one now: what waits goes with it, in its order, and what is over stays.
    assert_eq!(outbox.transfer("a", "b").unwrap(), 1);
    assert_eq!(outbox.find("laporan:2026-08:1").unwrap().unwrap().lane, "b");
    let leased = lease(outbox, &Ask { lane: "b".into(), ..ask(3) }, 11);
    assert_eq!(leased.envelope.key, "laporan:2026-08:1");
    assert_eq!(outbox.transfer("a", "b").unwrap(), 0);
    assert_eq!(outbox.transfer("b", "a").unwrap(), 0, "it is in hand");
    for (from, to) in [("a", "a"), ("a", " ")] {
        assert_eq!(outbox.transfer(from, to).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

fn opting_out(outbox: &dyn Outbox) {
    put(outbox, batch(1), 0);
    put(outbox, Draft { key: "kedua".into(), ..batch(1) }, 0);
    put(outbox, batch(2), 0);
    let leased = lease(outbox, &ask(1), 1);
    assert_eq!(outbox.opt_out(&number(1), at(2)).unwrap(), 2, "what waits and what is in hand");
    assert!(!outbox.mark_sending(&leased.ticket, at(3)).unwrap());
    assert_eq!(stage(outbox, "kedua"), Stage::Dead);
    assert_eq!(outbox.opted_out(&number(1)).unwrap(), Some(at(2)));
    let put_again = outbox.put(&mut [Draft { key: "lagi".into(), ..batch(1) }].into_iter(), at(3)).unwrap();
    assert_eq!((put_again.added, put_again.opted_out), (0, 1));
    put(outbox, reply(1), 3);
    let told = lease(outbox, &ask(2), 3);
    assert_eq!(told.envelope.key, "balasan:1", "who opts out is told so");
    assert!(outbox.mark_sending(&told.ticket, at(3)).unwrap());
    let entry = outbox.find("kedua").unwrap().unwrap();
    assert_eq!(outbox.decide(entry.id, Decision::Retry, at(4)).unwrap_err().kind(), ErrorKind::InvalidInput);
    outbox.opt_out(&number(5), at(3)).unwrap();
    outbox.opt_out(&number(4), at(3)).unwrap();
    let all = [(number(4), at(3)), (number(5), at(3)), (number(1), at(2))];
    assert_eq!(outbox.opt_outs(9).unwrap(), all, "the newest first");
    assert_eq!(outbox.opt_outs(2).unwrap(), all[..2]);
    assert!(outbox.opt_in(&number(1)).unwrap());
    assert_eq!(outbox.opt_outs(9).unwrap(), all[..2]);
    assert!(!outbox.opt_in(&number(1)).unwrap());
    assert_eq!(outbox.decide(entry.id, Decision::Retry, at(5)).unwrap().stage, Stage::Queued);
}

fn statuses_never_go_back(outbox: &dyn Outbox) {
    let change = |id: Option<&str>, state_id: Option<&str>, state| StatusChange {
        id: id.map(Into::into),
        state_id: state_id.map(Into::into),
        state,
        reason: (state == State::Failed).then(|| "invalid".into()),
    };
    let delivery = |key: &str| outbox.find(key).unwrap().unwrap().delivery;
    put(outbox, batch(1), 0);
    let ticket = sending(outbox, 1, 0);
    // They come before the answer does: the link, then a state that names only the other identity.
    assert!(!outbox.status(&change(None, Some("s1"), State::Delivered), at(1)).unwrap());
    assert!(!outbox.status(&change(Some("g1"), Some("s1"), State::Sent), at(1)).unwrap());
    outbox.settle(&ticket, &Outcome::Accepted(Some("g1".into())), at(2)).unwrap();
    assert_eq!(delivery("laporan:2026-08:1"), Some(State::Delivered));
    assert!(outbox.status(&change(None, Some("s1"), State::Read), at(3)).unwrap());
    assert!(outbox.status(&change(Some("g1"), None, State::Sent), at(4)).unwrap());
    assert_eq!(delivery("laporan:2026-08:1"), Some(State::Read));
    assert_eq!(outbox.counts(None).unwrap().delivered, 1);
    assert!(!outbox.status(&change(Some("stranger"), None, State::Read), at(5)).unwrap());

    put(outbox, batch(2), 6);
    let ticket = sending(outbox, 2, 6);
    outbox.settle(&ticket, &Outcome::Accepted(Some("g2".into())), at(7)).unwrap();
    assert!(outbox.status(&change(Some("g2"), None, State::Failed), at(8)).unwrap());
    let failed = outbox.list(&Filter { delivery: Some(State::Failed), ..Filter::default() }).unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].cause, failed[0].reason.as_deref()), (Some(Cause::Undelivered), Some("invalid")));
    assert_eq!(outbox.decide(failed[0].id, Decision::Retry, at(9)).unwrap().delivery, None);
}

fn decisions(outbox: &dyn Outbox) {
    let unknown = |i: u64| {
        put(outbox, batch(i), 0);
        let ticket = sending(outbox, i, 0);
        outbox.settle(&ticket, &Outcome::Unknown("reset".into()), at(0)).unwrap();
        ticket.id
    };
    let ids: Vec<MessageId> = (1..=4).map(unknown).collect();
    for (&id, (decision, stage)) in ids.iter().zip([
        (Decision::Sent, Stage::Accepted),
        (Decision::NotSent, Stage::Dead),
        (Decision::Discard, Stage::Dead),
        (Decision::Retry, Stage::Queued),
    ]) {
        assert_eq!(outbox.decide(id, decision, at(1)).unwrap().stage, stage);
    }
    let causes: Vec<_> = outbox.list(&Filter::default()).unwrap().into_iter().map(|entry| entry.cause).collect();
    assert_eq!(causes, [None, Some(Cause::NotSent), Some(Cause::Discarded), Some(Cause::Retried)]);
    assert_eq!(outbox.decide(ids[0], Decision::Sent, at(2)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(outbox.decide(ids[0], Decision::Discard, at(2)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(outbox.decide(MessageId(999), Decision::Sent, at(2)).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(outbox.decide(ids[3], Decision::Discard, at(3)).unwrap().stage, Stage::Dead);
    let wait = |outbox: &dyn Outbox| outbox.list(&Filter::undecided()).unwrap().iter().map(|entry| entry.id).collect();
    let waiting: Vec<MessageId> = wait(outbox);
    assert_eq!(waiting, [], "what was decided waits for nobody");
    let fifth = unknown(5);
    put(outbox, batch(6), 3);
    let refused = sending(outbox, 6, 3);
    outbox.settle(&refused, &Outcome::Dead(Cause::Recipient, "invalid".into()), at(3)).unwrap();
    let waiting: Vec<MessageId> = wait(outbox);
    assert_eq!(waiting, [fifth, refused.id]);
    let rest = outbox.list(&Filter { after: Some(fifth), ..Filter::undecided() }).unwrap();
    assert!(rest.len() == 1 && rest[0].id == refused.id && rest[0].is_undecided());
    // What died by itself is put away by the same word.
    let away = outbox.decide(ids[1], Decision::Discard, at(4)).unwrap();
    assert_eq!((away.stage, away.reason.as_deref()), (Stage::Dead, Some("an administrator discarded it")));
}

fn erasure_and_retention(outbox: &dyn Outbox) {
    put(outbox, batch(1), 0);
    put(outbox, batch(2), 0);
    let going = sending(outbox, 1, 0);
    assert_eq!(going.id, MessageId(1));
    assert_eq!(outbox.erase(&Whom::Donor(DonorId(1)), at(1)).unwrap(), 1);
    assert_eq!(outbox.erase(&Whom::Number(number(2)), at(1)).unwrap(), 1);
    assert_eq!(outbox.erase(&Whom::Number(number(2)), at(1)).unwrap(), 0);
    assert!(outbox.find("laporan:2026-08:1").unwrap().is_none(), "the key names the donor");
    for entry in outbox.list(&Filter::default()).unwrap() {
        assert_eq!((entry.to, entry.donor, outbox.text(entry.id).unwrap()), (None, None, None));
    }
    let second = outbox.find("erased:2").unwrap().unwrap();
    assert_eq!(second.stage, Stage::Dead);
    assert_eq!(outbox.decide(second.id, Decision::Retry, at(2)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(outbox.settle(&going, &Outcome::Accepted(None), at(2)).unwrap(), Stage::Accepted);

    put(outbox, batch(3), 10);
    put(outbox, batch(4), 10);
    let ticket = sending(outbox, 2, 10);
    outbox.settle(&ticket, &Outcome::Accepted(None), at(11)).unwrap();
    let keep = Retention { persons_before: at(20), unknown_before: None, messages_before: None };
    assert_eq!(outbox.prune(&keep).unwrap().severed, 1, "what waits is not touched");
    assert_eq!(outbox.text(ticket.id).unwrap(), None);
    assert_eq!(outbox.text(MessageId(ticket.id.0 + 1)).unwrap().as_deref(), Some("Halo"));
    assert_eq!(outbox.put(&mut [batch(3)].into_iter(), at(21)).unwrap().present, 1, "its key stays");
    let remove = Retention { messages_before: Some(at(20)), ..keep };
    assert_eq!(outbox.prune(&remove).unwrap().removed, 3);
    assert_eq!(outbox.counts(None).unwrap().total(), 1);

    // Unknown ones wait longer for a decision, and not for ever.
    let ticket = sending(outbox, 3, 30);
    outbox.settle(&ticket, &Outcome::Unknown("lost".into()), at(31)).unwrap();
    assert_eq!(outbox.prune(&Retention { persons_before: at(40), ..keep }).unwrap().severed, 0);
    let longer = |before| Retention { persons_before: at(40), unknown_before: Some(at(before)), messages_before: None };
    assert_eq!(outbox.prune(&longer(31)).unwrap().severed, 0);
    assert_eq!(outbox.prune(&longer(32)).unwrap().severed, 1);
    assert_eq!(outbox.prune(&longer(32)).unwrap().severed, 0);
    let listed = outbox.list(&Filter::stage(Stage::Unknown)).unwrap();
    assert_eq!(listed.iter().map(|entry| (entry.id, entry.to.clone())).collect::<Vec<_>>(), [(ticket.id, None)]);
    assert_eq!(outbox.text(ticket.id).unwrap(), None);
    assert!(outbox.decide(ticket.id, Decision::Retry, at(41)).is_err());
    assert_eq!(outbox.decide(ticket.id, Decision::NotSent, at(41)).unwrap().stage, Stage::Dead);
}

fn pictures_go_with_their_batch(outbox: &dyn Outbox) {
    let picture = Picture { name: "laporan.png".into(), media_type: "image/png".into(), bytes: vec![1, 2, 3] };
    outbox.put_picture("laporan:2026-08", &picture, at(0)).unwrap();
    put(outbox, Draft { picture: true, ..batch(1) }, 0);
    put(outbox, batch(2), 0);
    put(outbox, Draft { template: Some(("laporan".into(), vec!["Budi".into()])), ..batch(3) }, 0);
    assert_eq!(lease(outbox, &ask(1), 1).envelope.picture, Some(picture));
    assert_eq!(lease(outbox, &ask(2), 1).envelope.picture, None);
    assert_eq!(lease(outbox, &ask(3), 1).envelope.template, Some(("laporan".into(), vec!["Budi".into()])));
}
