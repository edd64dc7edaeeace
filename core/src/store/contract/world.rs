//! A made-up charity in plain rows, which changes between loads, and the source that shows it.

use super::TODAY;
use crate::error::Result;
use crate::model::{Table, epoch_day};
use crate::source::frame::FrameSource;
use crate::source::{Mapping, RawBatch, Selection, Snapshot, Source, TableInfo, Totals, raw_schema};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array,
    new_null_array,
};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A gift of a made-up charity.
#[derive(Clone, Debug)]
pub(super) struct Gift {
    pub(super) donor: Option<u64>,
    pub(super) sen: i64,
    pub(super) status: &'static str,
    pub(super) order: bool,
    pub(super) day: i32,
    pub(super) moved: i64,
}

/// A line of its cash book.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) category: u64,
    pub(super) sen: i64,
    pub(super) expense: bool,
    pub(super) day: i32,
    pub(super) moved: i64,
}

/// A made-up charity.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) donors: BTreeMap<u64, String>,
    pub(super) gifts: BTreeMap<u64, Gift>,
    pub(super) lines: BTreeMap<u64, Line>,
    /// Days of entering and leaving.
    pub(super) children: BTreeMap<u64, (i32, Option<i32>)>,
    /// Donor, number, verified.
    pub(super) contacts: BTreeMap<u64, (u64, String, bool)>,
    pub(super) balance: Vec<i64>,
    /// Grows with every change, as a modification time does.
    pub(super) clock: i64,
}

/// `SplitMix64` (Steele, Lea & Flood 2014).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

impl World {
    pub(super) fn new(chance: &mut Chance) -> Self {
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

    pub(super) fn next(rows: &BTreeMap<u64, impl Sized>) -> u64 {
        // Keys far apart too, and past the signed range.
        rows.keys().next_back().map_or(1, |last| if *last == 150 { 1 << 63 } else { last + 1 })
    }

    pub(super) fn add_gift(&mut self, chance: &mut Chance) {
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

    pub(super) fn add_line(&mut self, chance: &mut Chance) {
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
    pub(super) fn change(&mut self, chance: &mut Chance) {
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

    pub(super) fn source(&self, timed: bool) -> Selecting {
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
    pub(super) fn received(&self, as_of: Date) -> impl Iterator<Item = &Gift> {
        let (today, loaded) = (epoch_day(as_of), epoch_day(TODAY));
        self.gifts.values().filter(move |g| {
            let paid = matches!(g.status, "success" | "PAID") || (g.status == "pending" && !g.order);
            paid && g.sen > 0 && g.day <= today.min(loaded)
        })
    }

    pub(super) fn donor_of(&self, gift: &Gift) -> Option<u64> {
        gift.donor.filter(|donor| self.donors.contains_key(donor))
    }
}

/// A frame that hands over only what is asked for, as a database does.
pub(super) struct Selecting(FrameSource);

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
