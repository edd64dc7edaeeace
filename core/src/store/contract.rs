//! What every store must do, as checks that any store can be put through.
//!
//! [`check`] loads small made-up charities into a store, changes them, loads again, and compares every answer with one
//! computed here from the rows themselves, by the plainest means. It panics with the difference, so it belongs in tests.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "the checks of a test suite")]
#![allow(clippy::inconsistent_digit_grouping, reason = "amounts in sen: rupiah, and two digits")]

mod giving;

use super::{DonorRecord, Store, View};
use crate::error::{Error, ErrorKind, Result};
use crate::etl::{self, Options, Reason, Report};
use crate::model::{
    CategoryId, CategoryMonth, Direction, DonorGifts, DonorId, EntryId, Month, MonthTotal, Rupiah, Table, civil_day,
    epoch_day,
};
use crate::source::frame::FrameSource;
use crate::source::{Mapping, RawBatch, Selection, Snapshot, Source, TableInfo, Totals, raw_schema};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array,
    new_null_array,
};
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// A gift of a made-up charity.
#[derive(Clone, Debug)]
struct Gift {
    donor: Option<u64>,
    sen: i64,
    status: &'static str,
    order: bool,
    day: i32,
    moved: i64,
}

/// A line of its cash book.
#[derive(Clone, Debug)]
struct Line {
    category: u64,
    sen: i64,
    expense: bool,
    day: i32,
    moved: i64,
}

/// A made-up charity.
#[derive(Clone, Debug, Default)]
struct World {
    donors: BTreeMap<u64, String>,
    gifts: BTreeMap<u64, Gift>,
    lines: BTreeMap<u64, Line>,
    /// Days of entering and leaving.
    children: BTreeMap<u64, (i32, Option<i32>)>,
    /// Donor, number, verified.
    contacts: BTreeMap<u64, (u64, String, bool)>,
    balance: Vec<i64>,
    /// Grows with every change, as a modification time does.
    clock: i64,
}

/// `SplitMix64` (Steele, Lea & Flood 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

impl World {
    fn new(chance: &mut Chance) -> Self {
        let mut world = Self { clock: 1_700_000_000_000_000, ..Self::default() };
        for donor in 1..=20 {
            world.donors.insert(donor, format!("Donatur {donor}"));
            world.contacts.insert(donor, (donor, format!("62812{donor:07}"), donor % 3 != 0));
        }
        for _ in 0..200 {
            world.add_gift(chance);
            world.add_line(chance);
        }
        for child in 1..=9 {
            let entered = epoch_day(TODAY) - 900 + child as i32;
            world.children.insert(child, (entered, (child % 4 == 0).then_some(epoch_day(TODAY) - 30 * child as i32)));
        }
        world.balance = vec![123_456_78, 1_000_000_00];
        world
    }

    fn next(rows: &BTreeMap<u64, impl Sized>) -> u64 {
        // Keys far apart too, and past the signed range.
        rows.keys().next_back().map_or(1, |last| if *last == 150 { 1 << 63 } else { last + 1 })
    }

    fn add_gift(&mut self, chance: &mut Chance) {
        self.clock += 60_000_000;
        let donor = match chance.below(12) {
            0 => None,
            // Now and then a donor who is not there.
            1 => Some(900 + chance.below(3)),
            _ => Some(1 + chance.below(20)),
        };
        let status = ["pending", "success", "PAID", "failed", "expired"][chance.below(5) as usize];
        let sen = match chance.below(40) {
            0 => -5_000_00,
            1 => 0,
            _ => (1 + chance.below(400)) as i64 * 5_000_00 + chance.below(100) as i64,
        };
        // Some lie in the future.
        let day = epoch_day(TODAY) + 3 - chance.below(800) as i32;
        let gift = Gift { donor, sen, status, order: chance.below(2) == 0, day, moved: self.clock };
        self.gifts.insert(Self::next(&self.gifts), gift);
    }

    fn add_line(&mut self, chance: &mut Chance) {
        self.clock += 60_000_000;
        let line = Line {
            category: 1 + chance.below(4),
            sen: (1 + chance.below(900)) as i64 * 1_000_00,
            expense: chance.below(3) > 0,
            day: epoch_day(TODAY) - chance.below(700) as i32,
            moved: self.clock,
        };
        self.lines.insert(Self::next(&self.lines), line);
    }

    /// Changes as they happen in life: some move the modification time, some do not, some delete.
    fn change(&mut self, chance: &mut Chance) {
        for _ in 0..chance.below(12) {
            self.add_gift(chance);
            self.add_line(chance);
        }
        let keys: Vec<u64> = self.gifts.keys().copied().collect();
        for _ in 0..6 {
            let key = keys[chance.below(keys.len() as u64) as usize];
            self.clock += 60_000_000;
            let Some(gift) = self.gifts.get_mut(&key) else { continue };
            match chance.below(4) {
                0 => {
                    self.gifts.remove(&key);
                }
                1 => (gift.sen, gift.moved) = (gift.sen.abs() + 7, self.clock),
                // By hand, without moving the time: only the sums can tell.
                2 => gift.sen += 11_00,
                _ => gift.donor = None,
            }
        }
        if chance.below(2) == 0 {
            let keys: Vec<u64> = self.lines.keys().copied().collect();
            self.lines.remove(&keys[chance.below(keys.len() as u64) as usize]);
        }
        self.balance[0] += 500_00;
    }

    fn source(&self, timed: bool) -> Selecting {
        let zone = "Asia/Jakarta";
        let mut source = FrameSource::new(Mapping::default(), zone).unwrap();
        let texts = |list: Vec<Option<String>>| Arc::new(StringArray::from(list)) as ArrayRef;
        let keys = |list: Vec<u64>| Arc::new(UInt64Array::from(list)) as ArrayRef;
        let days = |list: Vec<Option<i32>>| Arc::new(Date32Array::from(list)) as ArrayRef;
        let sen = |list: Vec<i64>| Arc::new(Int64Array::from(list)) as ArrayRef;
        let times = |list: Vec<i64>| Arc::new(TimestampMicrosecondArray::from(list)) as ArrayRef;
        let mut put = |table: Table, mut columns: Vec<(&str, ArrayRef)>| {
            if !timed {
                columns.retain(|(name, _)| *name != "updated_at");
            }
            source.insert(table, vec![raw_batch(table, &columns, timed)]).unwrap();
        };
        let moved = |n: usize| times(vec![self.clock; n]);
        put(
            Table::Categories,
            vec![
                ("id", keys((1..=4).collect())),
                ("name", texts((1..=4).map(|id| Some(format!("Kategori {id}"))).collect())),
            ],
        );
        put(
            Table::Accounts,
            vec![
                ("id", keys((1..=self.balance.len() as u64).collect())),
                ("balance", sen(self.balance.clone())),
                ("updated_at", moved(self.balance.len())),
            ],
        );
        put(
            Table::Donors,
            vec![
                ("id", keys(self.donors.keys().copied().collect())),
                ("name", texts(self.donors.values().cloned().map(Some).collect())),
                ("updated_at", times(vec![1_700_000_000_000_000; self.donors.len()])),
            ],
        );
        put(
            Table::Children,
            vec![
                ("id", keys(self.children.keys().copied().collect())),
                ("entered_on", days(self.children.values().map(|c| Some(c.0)).collect())),
                ("left_on", days(self.children.values().map(|c| c.1).collect())),
            ],
        );
        put(
            Table::Contacts,
            vec![
                ("id", keys(self.contacts.keys().copied().collect())),
                ("donor_id", keys(self.contacts.values().map(|c| c.0).collect())),
                ("number", texts(self.contacts.values().map(|c| Some(c.1.clone())).collect())),
                ("verified", Arc::new(self.contacts.values().map(|c| Some(c.2)).collect::<BooleanArray>())),
            ],
        );
        put(
            Table::Donations,
            vec![
                ("id", keys(self.gifts.keys().copied().collect())),
                ("order_id", texts(self.gifts.iter().map(|(id, g)| g.order.then(|| format!("ORDER-{id}"))).collect())),
                ("donor_id", Arc::new(self.gifts.values().map(|g| g.donor).collect::<UInt64Array>())),
                ("amount", sen(self.gifts.values().map(|g| g.sen).collect())),
                ("status", texts(self.gifts.values().map(|g| Some(g.status.to_owned())).collect())),
                ("date", days(self.gifts.values().map(|g| Some(g.day)).collect())),
                ("updated_at", times(self.gifts.values().map(|g| g.moved).collect())),
            ],
        );
        let word = |l: &Line| Some(if l.expense { "KELUAR" } else { "MASUK" }.to_owned());
        put(
            Table::CashEntries,
            vec![
                ("id", keys(self.lines.keys().copied().collect())),
                ("account_id", keys(vec![1; self.lines.len()])),
                ("category_id", keys(self.lines.values().map(|l| l.category).collect())),
                ("direction", texts(self.lines.values().map(word).collect())),
                ("amount", sen(self.lines.values().map(|l| l.sen).collect())),
                ("date", days(self.lines.values().map(|l| Some(l.day)).collect())),
                ("updated_at", times(self.lines.values().map(|l| l.moved).collect())),
            ],
        );
        Selecting(source)
    }

    /// Gifts that the rules accept as of a day.
    fn received(&self, as_of: Date) -> impl Iterator<Item = &Gift> {
        let (today, loaded) = (epoch_day(as_of), epoch_day(TODAY));
        self.gifts.values().filter(move |g| {
            let paid = matches!(g.status, "success" | "PAID") || (g.status == "pending" && !g.order);
            paid && g.sen > 0 && g.day <= today.min(loaded)
        })
    }

    fn donor_of(&self, gift: &Gift) -> Option<u64> {
        gift.donor.filter(|donor| self.donors.contains_key(donor))
    }
}

/// A frame that hands over only what is asked for, as a database does.
struct Selecting(FrameSource);

struct SelectingSnapshot<'a>(Box<dyn Snapshot + 'a>, Vec<TableInfo>);

impl Source for Selecting {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        let frames = self.0.snapshot()?;
        let mut tables = frames.tables().to_vec();
        for table in &mut tables {
            table.has_updated_at = !table.missing.contains(&"updated_at");
        }
        Ok(Box::new(SelectingSnapshot(frames, tables)))
    }

    fn label(&self) -> String {
        self.0.label()
    }
}

impl Snapshot for SelectingSnapshot<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.1
    }

    fn taken_at(&self) -> Option<i64> {
        self.0.taken_at()
    }

    fn totals(&mut self, table: Table) -> Result<Totals> {
        self.0.totals(table)
    }

    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>> {
        self.0.totals_by_range(table, width)
    }

    fn read(
        &mut self,
        table: Table,
        selection: &Selection,
        sink: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<()> {
        use arrow::array::{Array, AsArray};
        use arrow::datatypes::{TimestampMicrosecondType, UInt64Type};
        self.0.read(table, &Selection::All, &mut |batch| {
            let rows = &batch.rows;
            let keys = rows["id"].as_primitive::<UInt64Type>();
            let moved = rows.column_by_name("updated_at").map(AsArray::as_primitive::<TimestampMicrosecondType>);
            let wanted: BooleanArray = (0..rows.num_rows())
                .map(|row| {
                    Some(match selection {
                        Selection::All => true,
                        Selection::ChangedSince(since) => {
                            moved.is_none_or(|m| m.is_null(row) || m.value(row) >= *since)
                        }
                        Selection::Keys(ranges) => {
                            ranges.iter().any(|&(first, last)| (first..=last).contains(&keys.value(row)))
                        }
                    })
                })
                .collect();
            // These charities have no faulty cells, whose rows would have to be counted anew.
            assert!(batch.faults.is_empty());
            let rows = arrow::compute::filter_record_batch(rows, &wanted).unwrap();
            if rows.num_rows() == 0 { Ok(()) } else { sink(RawBatch { rows, ..batch }) }
        })
    }
}

fn raw_batch(table: Table, columns: &[(&str, ArrayRef)], timed: bool) -> RecordBatch {
    let rows = columns[0].1.len();
    let schema = raw_schema(table);
    let kept: Vec<_> = schema.fields().iter().filter(|f| timed || f.name() != "updated_at").collect();
    let arrays = kept.iter().map(|field| {
        let given = columns.iter().find(|(name, _)| *name == field.name());
        let array = given.map_or_else(|| new_null_array(field.data_type(), rows), |(_, array)| Arc::clone(array));
        // Amounts are given in sen; a frame takes them as decimals.
        let array = if matches!(field.name().as_str(), "amount" | "balance") { decimal(&array) } else { array };
        (field.name().clone(), array)
    });
    RecordBatch::try_from_iter_with_nullable(arrays.map(|(name, array)| (name, array, true))).unwrap()
}

fn decimal(sen: &ArrayRef) -> ArrayRef {
    use arrow::array::AsArray;
    let sen = sen.as_primitive::<arrow::datatypes::Int64Type>();
    let decimals: arrow::array::Decimal128Array = sen.unary(i128::from);
    Arc::new(decimals.with_precision_and_scale(18, 2).unwrap())
}

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
    for (donor, number, verified) in world.contacts.values() {
        let contact = view.contact(number).unwrap();
        let expected = world.donors.contains_key(donor).then_some((DonorId(*donor), *verified));
        assert_eq!(contact.map(|c| (c.donor, c.verified)), expected, "{what}: contact of donor {donor}");
    }
    assert_eq!(view.contact("628999").unwrap(), None, "{what}: a number that is not there");
    giving::compare(view, world, as_of, what);
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
