//! The contract over both outboxes, and that they agree whatever is done to them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "writes a file that is no outbox")]

use dermawan::bot::Number;
use dermawan::outbox::{
    Ask, Cause, Counts, Decision, Draft, Entry, Filter, Halt, HaltKind, Memory, MessageId, Next, Outbox, Outcome,
    Sqlite, Ticket, Whom, contract,
};
use dermawan::transport::{State, StatusChange};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

#[test]
fn memory_keeps_the_contract() {
    contract::check(&|| Box::new(Memory::default()));
}

#[test]
fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let next = std::cell::Cell::new(0);
    contract::check(&|| {
        next.set(next.get() + 1);
        Box::new(Sqlite::open(folder.path().join(format!("{}.sqlite", next.get()))).unwrap())
    });
}

#[test]
fn a_file_keeps_what_was_put_and_refuses_a_newer_version() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outbox.sqlite");
    let number = Number::parse("0812-3456-7890").unwrap();
    let draft = Draft::reply("balasan:1", "a", number, "Halo");
    let now = Timestamp::from_second(1_790_000_000).unwrap();
    Sqlite::open(&file).unwrap().put(&mut [draft].into_iter(), now).unwrap();
    let again = Sqlite::open(&file).unwrap();
    let text = again.text(MessageId(1)).unwrap();
    assert_eq!(text.as_deref(), Some("Halo"));
    std::fs::write(folder.path().join("none"), b"this is no database, and it is long enough to be looked at").unwrap();
    assert_eq!(Sqlite::open(folder.path().join("none")).unwrap_err().code(), "store_damaged");
}

/// What may be done to an outbox.
#[derive(Clone, Debug)]
enum Deed {
    Put(u8, bool),
    Lease(bool),
    Mark(u8),
    Settle(u8, u8),
    Reclaim(bool),
    Status(u8, u8),
    Halt(u8),
    Resume,
    OptOut(u8),
    OptIn(u8),
    Decide(u8, u8),
    Erase(u8),
    Prune,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (0..20_u8, any::<bool>()).prop_map(|(i, reply)| Deed::Put(i, reply)),
        8 => any::<bool>().prop_map(Deed::Lease),
        8 => any::<u8>().prop_map(Deed::Mark),
        8 => (any::<u8>(), any::<u8>()).prop_map(|(which, how)| Deed::Settle(which, how)),
        1 => any::<bool>().prop_map(Deed::Reclaim),
        3 => (0..6_u8, any::<u8>()).prop_map(|(id, state)| Deed::Status(id, state)),
        1 => any::<u8>().prop_map(Deed::Halt),
        2 => Just(Deed::Resume),
        1 => (0..8_u8).prop_map(Deed::OptOut),
        1 => (0..8_u8).prop_map(Deed::OptIn),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(which, how)| Deed::Decide(which, how)),
        1 => (0..8_u8).prop_map(Deed::Erase),
        1 => Just(Deed::Prune),
    ]
}

/// One outbox, with what its worker has in hand.
struct Hand<'a> {
    outbox: &'a dyn Outbox,
    tickets: Vec<Ticket>,
}

fn number(i: u8) -> Number {
    Number::parse(&format!("08120000{:04}", i % 8)).unwrap()
}

fn pick<T>(list: &[T], which: u8) -> Option<&T> {
    (!list.is_empty()).then(|| &list[usize::from(which) % list.len()])
}

impl Hand<'_> {
    /// Does it, and says what came of it.
    fn act(&mut self, deed: &Deed, turn: u64, now: Timestamp) -> String {
        let outbox = self.outbox;
        let kinds = HaltKind::ALL;
        match *deed {
            Deed::Put(i, reply) => {
                let draft = if reply {
                    Draft::reply(format!("balasan:{i}"), "a", number(i), "Halo")
                } else {
                    Draft::batch(format!("laporan:{i}"), "a", "laporan", number(i), "Halo")
                };
                format!("{:?}", outbox.put(&mut [draft].into_iter(), now))
            }
            Deed::Lease(paced) => {
                let gap = SignedDuration::from_secs(if paced { 4 } else { 0 });
                let ask = Ask {
                    lane: "a".into(),
                    holder: "w".into(),
                    token: turn,
                    hold: SignedDuration::from_secs(30),
                    quiet_until: paced.then(|| now + SignedDuration::from_secs(7)),
                    reply_gap: gap / 2,
                    gap,
                    recipient_gap: gap * 2,
                };
                let next = outbox.lease(&ask, now);
                if let Ok(Next::Message(leased)) = &next {
                    self.tickets.push(leased.ticket.clone());
                }
                format!("{next:?}")
            }
            Deed::Mark(which) => {
                format!("{:?}", pick(&self.tickets, which).map(|ticket| outbox.mark_sending(ticket, now)))
            }
            Deed::Settle(which, how) => {
                let outcome = match how % 5 {
                    0 => Outcome::Accepted(Some(format!("g{}", how % 6))),
                    1 => Outcome::Again { due: now + SignedDuration::from_secs(3), reason: "later".into() },
                    2 => Outcome::Unknown("reset".into()),
                    3 => Outcome::Dead(Cause::Recipient, "no".into()),
                    _ => Outcome::Halted(Halt {
                        kind: HaltKind::Device,
                        reason: "off".into(),
                        since: now,
                        probe_at: Some(now),
                    }),
                };
                format!("{:?}", pick(&self.tickets, which).map(|ticket| outbox.settle(ticket, &outcome, now)))
            }
            Deed::Reclaim(all) => format!("{:?}", outbox.reclaim(all.then_some("w"), now)),
            Deed::Status(id, state) => {
                let states = [State::Pending, State::Failed, State::Sent, State::Delivered, State::Read];
                let change = StatusChange {
                    id: (state % 3 != 0).then(|| format!("g{id}")),
                    state_id: (state % 3 != 1).then(|| format!("s{id}")),
                    state: states[usize::from(state) % 5],
                    reason: (state % 5 == 1).then(|| "expired".into()),
                };
                format!("{:?}", outbox.status(&change, now))
            }
            Deed::Halt(kind) => {
                let kind = kinds[usize::from(kind) % kinds.len()];
                format!("{:?}", outbox.halt("a", &Halt { kind, reason: "r".into(), since: now, probe_at: None }))
            }
            Deed::Resume => format!("{:?}", outbox.resume("a", None)),
            Deed::OptOut(i) => format!("{:?}", outbox.opt_out(&number(i), now)),
            Deed::OptIn(i) => format!("{:?}", outbox.opt_in(&number(i))),
            Deed::Decide(which, how) => {
                let entries = outbox.list(&Filter::default()).unwrap();
                let how = [Decision::Retry, Decision::Sent, Decision::NotSent, Decision::Discard][usize::from(how) % 4];
                format!("{:?}", pick(&entries, which).map(|entry| outbox.decide(entry.id, how, now)))
            }
            Deed::Erase(i) => format!("{:?}", outbox.erase(&Whom::Number(number(i)), now)),
            Deed::Prune => {
                let before = now - SignedDuration::from_secs(40);
                let retention = dermawan::outbox::Retention {
                    persons_before: before,
                    unknown_before: Some(before),
                    messages_before: None,
                };
                format!("{:?}", outbox.prune(&retention))
            }
        }
    }

    fn state(&self) -> (Vec<Entry>, Counts, String) {
        let entries = self.outbox.list(&Filter::default()).unwrap();
        let lanes = format!("{:?} {:?}", self.outbox.lanes().unwrap(), self.outbox.batches(9).unwrap());
        (entries, self.outbox.counts(None).unwrap(), lanes)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn both_outboxes_agree(deeds in prop::collection::vec((deed(), 0..6_i64), 1..120)) {
        let folder = tempfile::tempdir().unwrap();
        let (memory, sqlite) = (Memory::default(), Sqlite::open(folder.path().join("outbox.sqlite")).unwrap());
        let mut hands = [Hand { outbox: &memory, tickets: vec![] }, Hand { outbox: &sqlite, tickets: vec![] }];
        let mut now = Timestamp::from_second(1_790_000_000).unwrap();
        for (turn, (deed, wait)) in deeds.iter().enumerate() {
            now += SignedDuration::from_secs(*wait);
            let [one, other] = hands.each_mut().map(|hand| hand.act(deed, turn as u64, now));
            prop_assert_eq!(one, other, "{:?}", deed);
            let [one, other] = hands.each_ref().map(Hand::state);
            prop_assert_eq!(one, other, "after {:?}", deed);
        }
    }
}
