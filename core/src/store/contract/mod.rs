//! What every store must do, as checks that any store can be put through.
//!
//! [`check`] loads small made-up charities into a store, changes them, loads again, and compares every answer with one
//! computed here from the rows themselves, by the plainest means. It panics with the difference, so it belongs in tests.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "the checks of a test suite")]
#![allow(clippy::inconsistent_digit_grouping, reason = "amounts in sen: rupiah, and two digits")]

mod giving;
mod world;

use self::world::{Chance, Gift, World};
use super::{DonorRecord, Store, View};
use crate::error::{Error, ErrorKind, Result};
use crate::etl::{self, Options, Reason, Report};
use crate::model::{
    CategoryId, CategoryMonth, Direction, DonationId, DonorGifts, DonorId, EntryId, Month, MonthTotal, ReceivedGift,
    Rupiah, Table, civil_day, epoch_day,
};
use crate::source::Source;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;

/// Puts a store through the contract. `make` gives a new, empty store at each call.
pub fn check(make: &dyn Fn() -> Box<dyn Store>) {
    empty_store(&*make());
    for seed in 0..8 {
        loads_follow_the_source(&*make(), seed);
    }
    a_dropped_load_leaves_nothing(&*make());
    a_view_keeps_its_state(&*make());
    readers_see_one_state(&*make());
    an_earlier_date_sees_less(&*make());
    donors_come_and_go(&*make());
}

const TODAY: Date = date(2026, 3, 17);

fn load(store: &dyn Store, source: &mut dyn Source, as_of: Date) -> Result<Report> {
    let load = store.begin()?;
    let run = etl::Run { source: source.label(), before: store.state()?, options: &Options::default(), as_of };
    etl::run(&run, &mut *source.snapshot()?, load, &mut |_| Ok(()))
}

/// Every answer of a view, compared with the charity's own rows.
fn compare(view: &dyn View, world: &World, as_of: Date, what: &str) {
    let mut months: BTreeMap<Month, (i64, u64)> = BTreeMap::new();
    let mut donors: BTreeMap<u64, Vec<&Gift>> = BTreeMap::new();
    for gift in world.received(as_of) {
        let (total, count) = months.entry(Month::of(civil_day(gift.day))).or_default();
        *total += gift.sen;
        *count += 1;
        if let Some(donor) = world.donor_of(gift) {
            donors.entry(donor).or_default().push(gift);
        }
    }
    let months: Vec<MonthTotal> = months
        .into_iter()
        .map(|(month, (total, count))| MonthTotal { month, total: Rupiah::from_sen(total), count })
        .collect();
    assert_eq!(view.donations_by_month(as_of).unwrap(), months, "{what}: months");

    let since = epoch_day(as_of.saturating_sub(jiff::Span::new().months(3)));
    let mut gifts = DonorGifts::default();
    for (&donor, list) in &donors {
        gifts.donor.push(DonorId(donor));
        gifts.count.push(list.len() as u32);
        gifts.total.push(Rupiah::from_sen(list.iter().map(|g| g.sen).sum()));
        gifts.first.push(civil_day(list.iter().map(|g| g.day).min().unwrap()));
        gifts.last.push(civil_day(list.iter().map(|g| g.day).max().unwrap()));
        gifts.recent.push(list.iter().filter(|g| g.day >= since).count() as u32);
    }
    assert_eq!(view.donor_gifts(as_of, 3).unwrap(), gifts, "{what}: gifts of all donors");
    let never = world.donors.keys().filter(|donor| !donors.contains_key(donor)).count() as u64;
    assert_eq!(view.donors_without_gift(as_of).unwrap(), never, "{what}: donors without a gift");

    for (&id, name) in &world.donors {
        let list = donors.get(&id).cloned().unwrap_or_default();
        let sum = |holds: &dyn Fn(Date) -> bool| {
            list.iter().filter(|g| holds(civil_day(g.day))).map(|g| Rupiah::from_sen(g.sen)).sum()
        };
        let expected = DonorRecord {
            id: DonorId(id),
            name: name.clone(),
            count: list.len() as u64,
            total: sum(&|_| true),
            first: list.iter().map(|g| civil_day(g.day)).min(),
            last: list.iter().map(|g| civil_day(g.day)).max(),
            this_month: sum(&|day| Month::of(day) == Month::of(as_of)),
            this_year: sum(&|day| day.year() == as_of.year()),
        };
        assert_eq!(view.donor(DonorId(id), as_of).unwrap(), Some(expected), "{what}: donor {id}");
    }
    assert_eq!(view.donor(DonorId(77_777), as_of).unwrap(), None, "{what}: a donor who is not there");
    let asked = [DonorId(3), DonorId(77_777), DonorId(1)];
    let names = asked.map(|id| world.donors.get(&id.0).cloned().unwrap_or_default());
    assert_eq!(view.donor_names(&asked).unwrap(), names, "{what}: names in the order asked for");

    for direction in [Direction::Income, Direction::Expense] {
        let lines = || {
            world
                .lines
                .iter()
                .filter(|(_, l)| l.expense == (direction == Direction::Expense) && l.day <= epoch_day(as_of))
        };
        let mut sums: BTreeMap<(u64, Month), (i64, u64)> = BTreeMap::new();
        for (_, line) in lines() {
            let (total, count) = sums.entry((line.category, Month::of(civil_day(line.day)))).or_default();
            *total += line.sen;
            *count += 1;
        }
        let sums: Vec<CategoryMonth> = sums
            .into_iter()
            .map(|((category, month), (total, count))| CategoryMonth {
                category: CategoryId(category),
                month,
                total: Rupiah::from_sen(total),
                count,
            })
            .collect();
        assert_eq!(view.cash_by_month(direction, as_of).unwrap(), sums, "{what}: {direction:?} by month");
        let entries = view.cash_entries(direction, Date::MIN, as_of).unwrap();
        assert_eq!(entries.entry, lines().map(|(&id, _)| EntryId(id)).collect::<Vec<_>>(), "{what}: lines");
        let amounts: Vec<Rupiah> = lines().map(|(_, l)| Rupiah::from_sen(l.sen)).collect();
        assert_eq!(entries.amount, amounts, "{what}: amounts of lines");
        assert_eq!(entries.date, lines().map(|(_, l)| civil_day(l.day)).collect::<Vec<_>>(), "{what}: days of lines");
    }
    assert_eq!(view.cash_balance().unwrap(), Some(Rupiah::from_sen(world.balance.iter().sum())), "{what}: balance");
    let today = epoch_day(as_of);
    let in_care =
        world.children.values().filter(|(entered, left)| *entered <= today && left.is_none_or(|l| l > today)).count();
    assert_eq!(view.children_in_care(as_of).unwrap(), in_care as u64, "{what}: children");
    compare_people(view, world, as_of, what);
    giving::compare(view, world, as_of, what);
}

/// Numbers, and gifts by donor.
fn compare_people(view: &dyn View, world: &World, as_of: Date, what: &str) {
    for (donor, number, verified) in world.contacts.values() {
        let contact = view.contact(number).unwrap();
        let expected = world.donors.contains_key(donor).then_some((DonorId(*donor), *verified));
        assert_eq!(contact.map(|c| (c.donor, c.verified)), expected, "{what}: contact of donor {donor}");
    }
    assert_eq!(view.contact("628999").unwrap(), None, "{what}: a number that is not there");
    let known = |(donor, _, verified): &&(u64, String, bool)| *verified && world.donors.contains_key(donor);
    let mut verified: Vec<(DonorId, String)> =
        world.contacts.values().filter(known).map(|(donor, number, _)| (DonorId(*donor), number.clone())).collect();
    verified.sort();
    assert_eq!(view.verified_contacts(None).unwrap(), verified, "{what}: verified numbers");
    for (donor, _) in verified.iter().take(3) {
        let own: Vec<_> = verified.iter().filter(|(of, _)| of == donor).cloned().collect();
        assert_eq!(view.verified_contacts(Some(*donor)).unwrap(), own, "{what}: those of {donor}");
    }
    let from = as_of.saturating_sub(jiff::Span::new().days(40));
    let recent = world.gifts.iter().filter(|(_, gift)| world.received(as_of).any(|other| std::ptr::eq(*gift, other)));
    let recent: Vec<ReceivedGift> = recent
        .filter(|(_, gift)| gift.day >= epoch_day(from))
        .filter_map(|(&id, gift)| {
            let donor = DonorId(world.donor_of(gift)?);
            Some(ReceivedGift { donation: DonationId(id), donor, date: civil_day(gift.day) })
        })
        .collect();
    assert_eq!(view.received_gifts(from, as_of).unwrap(), recent, "{what}: recent gifts");
}

fn empty_store(store: &dyn Store) {
    let view = store.view().unwrap();
    assert_eq!(store.state().unwrap(), None);
    assert_eq!(view.donor_gifts(TODAY, 3).unwrap(), DonorGifts::default());
    assert_eq!(view.donor(DonorId(1), TODAY).unwrap(), None);
    assert_eq!(view.cash_balance().unwrap(), None);
    assert!(view.donations_by_month(TODAY).unwrap().is_empty());
    assert!(view.categories().unwrap().is_empty());
    assert!(view.quarantine(10).unwrap().is_empty());
}

/// Loads, changes the source, loads again: the store follows, and a second run over an unchanged source does nothing.
fn loads_follow_the_source(store: &dyn Store, seed: u64) {
    let mut chance = Chance(seed);
    let mut world = World::new(&mut chance);
    let timed = !seed.is_multiple_of(3);
    for round in 0..4 {
        let what = format!("seed {seed}, round {round}");
        let report = load(store, &mut world.source(timed), TODAY).unwrap();
        assert_eq!(report.full, round == 0, "{what}");
        assert!(report.balances(), "{what}:\n{report}");
        compare(&*store.view().unwrap(), &world, TODAY, &what);

        let again = load(store, &mut world.source(timed), TODAY).unwrap();
        assert!(again.changes().is_empty(), "{what}: nothing changed, yet\n{again}");
        compare(&*store.view().unwrap(), &world, TODAY, &what);
        assert_eq!(store.state().unwrap().unwrap().run, again.run);

        let bad = world.gifts.iter().filter(|(_, g)| g.sen <= 0 || g.day > epoch_day(TODAY)).count() as u64;
        let orphans = world
            .gifts
            .values()
            .filter(|g| g.sen > 0 && g.day <= epoch_day(TODAY) && g.donor.is_some() && world.donor_of(g).is_none())
            .count() as u64;
        let census = &again.tables.iter().find(|t| t.table == Table::Donations).unwrap().census;
        assert_eq!(census.rejected.values().sum::<u64>(), bad, "{what}: rejected");
        assert_eq!(census.remarks.get(&Reason::UnknownDonor).copied().unwrap_or(0), orphans, "{what}: orphans");
        let rows = store.view().unwrap().quarantine(usize::MAX).unwrap();
        assert_eq!(rows.len() as u64, bad + orphans, "{what}: quarantine");
        assert_eq!(store.view().unwrap().quarantine(2).unwrap(), rows[..rows.len().min(2)], "{what}: a limited list");

        world.change(&mut chance);
    }
}

/// A load that fails halfway, or is dropped, changes nothing, and the next one completes.
fn a_dropped_load_leaves_nothing(store: &dyn Store) {
    let mut chance = Chance(77);
    let mut world = World::new(&mut chance);
    load(store, &mut world.source(true), TODAY).unwrap();
    let before = world.clone();
    world.change(&mut chance);
    for stop_at in 1..6 {
        let transaction = store.begin().unwrap();
        let options = Options { mode: etl::Mode::Full, ..Options::default() };
        let run =
            etl::Run { source: "data frames".into(), before: store.state().unwrap(), options: &options, as_of: TODAY };
        let mut source = world.source(true);
        let mut calls = 0;
        let stopped = etl::run(&run, &mut *source.snapshot().unwrap(), transaction, &mut |_| {
            calls += 1;
            if calls == stop_at * 3 { Err(Error::new(ErrorKind::Interrupted, "stopped by the test")) } else { Ok(()) }
        });
        assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Interrupted);
        compare(&*store.view().unwrap(), &before, TODAY, "after a load that was stopped");
    }
    load(store, &mut world.source(true), TODAY).unwrap();
    compare(&*store.view().unwrap(), &world, TODAY, "after the next load");
}

/// What a view shows does not change while it lives.
fn a_view_keeps_its_state(store: &dyn Store) {
    let mut chance = Chance(5);
    let mut world = World::new(&mut chance);
    load(store, &mut world.source(true), TODAY).unwrap();
    let (old_world, old_view) = (world.clone(), store.view().unwrap());
    let old_run = old_view.state().unwrap().unwrap().run;
    world.change(&mut chance);
    load(store, &mut world.source(true), TODAY).unwrap();
    compare(&*old_view, &old_world, TODAY, "an old view");
    assert_eq!(old_view.state().unwrap().unwrap().run, old_run);
    compare(&*store.view().unwrap(), &world, TODAY, "a new view");
}

/// 200 readers while loads go on: each sees one of the states that were committed, whole.
fn readers_see_one_state(store: &dyn Store) {
    let mut chance = Chance(9);
    let mut worlds = vec![World::new(&mut chance)];
    load(store, &mut worlds[0].source(true), TODAY).unwrap();
    for _ in 0..3 {
        let mut next = worlds[worlds.len() - 1].clone();
        next.change(&mut chance);
        worlds.push(next);
    }
    let worlds = &worlds;
    std::thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(move || {
                let view = store.view().unwrap();
                let run = view.state().unwrap().unwrap().run;
                compare(&*view, &worlds[run as usize - 1], TODAY, &format!("a reader of load {run}"));
            });
        }
        for world in &worlds[1..] {
            load(store, &mut world.source(true), TODAY).unwrap();
        }
    });
}

/// As of an earlier date, later gifts are not there; as of a later one, months have passed.
fn an_earlier_date_sees_less(store: &dyn Store) {
    let world = World::new(&mut Chance(3));
    load(store, &mut world.source(true), TODAY).unwrap();
    let view = store.view().unwrap();
    for as_of in [date(2025, 7, 1), date(2025, 12, 31), date(2026, 3, 31), date(2026, 4, 1), date(2027, 1, 1)] {
        compare(&*view, &world, as_of, &format!("as of {as_of}"));
    }
}

/// A donor deleted without the application's help leaves donations behind, and finds them again when he returns.
fn donors_come_and_go(store: &dyn Store) {
    let mut world = World::new(&mut Chance(21));
    load(store, &mut world.source(true), TODAY).unwrap();
    let gone = world.donors.remove(&4).unwrap();
    let report = load(store, &mut world.source(true), TODAY).unwrap();
    assert!(report.relinked_donations > 0, "{report}");
    compare(&*store.view().unwrap(), &world, TODAY, "a donor has gone");
    world.donors.insert(4, gone);
    let report = load(store, &mut world.source(true), TODAY).unwrap();
    assert!(report.relinked_donations > 0);
    compare(&*store.view().unwrap(), &world, TODAY, "the donor is back");
}
