//! How many rows each month has, and the streams of rows that follow from it.

use super::cash::{self, ACCOUNTS, CATEGORIES, Entry};
use super::cell::Row;
use super::donations::{self, Gift};
use super::options::SampleOptions;
use super::people::People;
use super::truth::{Lapsed, Planted, PlantedAnomaly, SampleTruth, Trap};
use super::window::Window;
use super::{names, tables};
use crate::error::Result;
use crate::model::{CategoryId, DonorId, EntryId, MonthTotal, Rupiah, Table};
use std::collections::BTreeMap;

/// The donor that no row of the donor table has.
const UNKNOWN_DONOR: u64 = 999_999_999_999;

/// The traps among donations, in the order in which the months meet them. The last is the gift of a donor above 2⁶³.
const DONATION_TRAPS: [Trap; 10] = [
    Trap::UnknownDonor,
    Trap::NegativeAmount,
    Trap::ZeroDate,
    Trap::AbsurdAmount,
    Trap::UnknownDonor,
    Trap::FutureDate,
    Trap::ImpossibleDate,
    Trap::InvalidKind,
    Trap::NoUpdatedAt,
    Trap::UnknownDonor,
];

/// The share of donations that donors give; the rest comes from charity boxes and institutions.
const FROM_DONORS: f64 = 0.93;

/// A planned sample. Cheap to keep: it holds a few numbers a month.
#[derive(Clone, Debug)]
pub struct Sample {
    pub(super) options: SampleOptions,
    pub(super) window: Window,
    people: People,
    months: Vec<MonthPlan>,
    /// What the expenses of a month come to together, about.
    budgets: Vec<Rupiah>,
    pub(super) balances: [Rupiah; ACCOUNTS.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct MonthPlan {
    first_donation: u64,
    donations: u64,
    boxes: u64,
    /// At most so many donations have a line in the cash book.
    incomes: u64,
    expenses: u64,
}

impl Sample {
    /// Plans a sample. This makes the donations once or twice to count them: about a second for a million.
    pub fn new(options: SampleOptions) -> Result<Self> {
        options.validate()?;
        let window = Window::new(&options)?;
        let (people, given) = settle(&options, &window);
        let mut sample = Self {
            months: vec![MonthPlan::default(); window.months.len()],
            budgets: Vec::new(),
            balances: [Rupiah::ZERO; ACCOUNTS.len()],
            options,
            window,
            people,
        };
        sample.number(&given);
        sample.balance();
        Ok(sample)
    }

    /// The options it was planned with.
    pub const fn options(&self) -> &SampleOptions {
        &self.options
    }

    /// Gives every month its donations and lines of the cash book.
    fn number(&mut self, given: &[u64]) {
        let boxes = self.options.donations - given.iter().sum::<u64>();
        let weight = |month: usize| self.window.months[month].peak * self.window.months[month].days() as f64;
        let total: f64 = (0..given.len()).map(weight).sum();
        let days: u64 = self.window.months.iter().map(super::window::Span::days).sum();
        let (mut seen, mut passed, mut id) = (0.0, 0, 1);
        let part = |whole: u64, share: f64| (whole as f64 * share) as u64;
        for (month, &donors) in given.iter().enumerate() {
            let (before, since) = (seen, passed);
            seen += weight(month);
            passed += self.window.months[month].days();
            let last = month + 1 == given.len();
            let until = if last { boxes } else { part(boxes, seen / total) };
            let plan = &mut self.months[month];
            plan.boxes = until - part(boxes, before / total);
            plan.donations = donors + plan.boxes + planted_in(&self.options, &self.window, month).count() as u64;
            plan.first_donation = id;
            plan.expenses = self.options.expenses * passed / days - self.options.expenses * since / days;
            id += plan.donations;
        }
        let all = u128::from(id - 1);
        for plan in &mut self.months {
            plan.incomes = self.options.income_entries.map_or(plan.donations, |entries| {
                let share = |donations: u64| (u128::from(entries) * u128::from(donations) / all) as u64;
                share(plan.first_donation - 1 + plan.donations) - share(plan.first_donation - 1)
            });
        }
    }

    /// Fits the expenses to the income, and the balances to both.
    fn balance(&mut self) {
        let months = self.window.months.len();
        let mut income = vec![Rupiah::ZERO; months];
        let mut net = [Rupiah::ZERO; ACCOUNTS.len()];
        for (month, sum) in income.iter_mut().enumerate() {
            for entry in self.incomes(month) {
                *sum += entry.amount;
                net[entry.account] += entry.amount;
            }
        }
        // Expenses do not follow the seasons: they are nine tenths of the mean income of the year around a month.
        self.budgets = (0..months)
            .map(|month| {
                let around = month.min(months - 2).saturating_sub(6)..(month + 6).min(months - 1);
                let mean = income[around.clone()].iter().copied().sum::<Rupiah>().to_f64() / around.len() as f64;
                let span = &self.window.months[month];
                Rupiah::from_f64(mean * 0.9 * span.days() as f64 / f64::from(span.month.days()))
            })
            .collect();
        for month in 0..months {
            for entry in self.expenses(month) {
                net[entry.account] = net[entry.account] - entry.amount;
            }
        }
        // What was there before the first row of the cash book is whatever keeps the account above zero.
        self.balances = net.map(|net| net.max(Rupiah::ZERO) + Rupiah::new(25_000_000));
    }

    /// The donations of a month with their keys, in the order in which they were made.
    pub(super) fn gifts(&self, month: usize) -> impl Iterator<Item = (u64, Gift)> + use<> {
        let (seed, window, plan) = (self.options.seed, &self.window, &self.months[month]);
        let mut gifts = donations::of_donors(&self.people, seed, window, month);
        gifts.extend((0..plan.boxes).map(|index| donations::without_donor(seed, window, month, index)));
        for (index, trap, donor) in planted_in(&self.options, window, month) {
            gifts.push(Gift::planted(trap, donor, window, month, index));
        }
        gifts.sort_by(Gift::by_entry);
        (plan.first_donation..).zip(gifts)
    }

    /// The lines that donations of a month have in the cash book: so many of those received, spread evenly.
    fn incomes(&self, month: usize) -> Vec<Entry> {
        let received: Vec<(u64, Gift)> =
            self.gifts(month).filter(|(_, gift)| gift.received && gift.trap.is_none()).collect();
        let (all, wanted) = (received.len() as u64, self.months[month].incomes.min(received.len() as u64));
        let chosen = (0..all).zip(&received).filter(|(i, _)| (i + 1) * wanted / all > i * wanted / all);
        chosen.map(|(_, (id, gift))| cash::income(*id, gift, &self.window)).collect()
    }

    fn cost(&self, month: usize, category: u64) -> cash::Cost {
        cash::cost(self.options.seed, &self.window, month, category, self.budgets[month])
    }

    fn expenses(&self, month: usize) -> Vec<Entry> {
        let lines = self.months[month].expenses;
        let mut entries = Vec::new();
        if lines > 0 {
            for category in 2..=CATEGORIES.len() as u64 {
                let (cost, lines) = (self.cost(month, category), cash::lines_of(category, lines));
                entries.extend(cash::expenses(self.options.seed, &self.window, month, category, cost, lines));
            }
        }
        entries
    }

    /// The cash book's lines of a month in the order in which they were made.
    fn entries(&self, month: usize) -> Vec<Entry> {
        let mut entries = self.incomes(month);
        entries.extend(self.expenses(month));
        if self.options.traps && month == self.window.months.len() / 2 {
            entries.push(cash::planted(&self.window, month));
        }
        entries.sort_by_key(|entry| entry.entered);
        entries
    }

    /// Every line of the cash book with its key and month.
    fn cash_book(&self) -> impl Iterator<Item = (u64, usize, Entry)> + '_ {
        let entries = (0..self.window.months.len())
            .flat_map(|month| self.entries(month).into_iter().map(move |entry| (month, entry)));
        (1..).zip(entries).map(|(id, (month, entry))| (id, month, entry))
    }

    /// The rows of a table, ascending by key, made while they are read.
    pub(super) fn rows(&self, table: Table) -> Box<dyn Iterator<Item = Row> + '_> {
        match table {
            Table::Categories => Box::new(tables::categories()),
            Table::Accounts => Box::new(tables::accounts(self)),
            Table::Donors => Box::new(tables::donors(self)),
            Table::Children => Box::new(tables::children(self)),
            Table::Contacts => Box::new(tables::contacts(self)),
            Table::Donations => Box::new(
                (0..self.window.months.len())
                    .flat_map(|month| self.gifts(month))
                    .map(|(id, gift)| gift.row(id, &self.window)),
            ),
            Table::CashEntries => Box::new(self.cash_book().map(|(id, _, entry)| entry.row(id))),
        }
    }

    /// The key of the last donation.
    pub(super) fn last_donation(&self) -> u64 {
        self.months.last().map_or(0, |plan| plan.first_donation + plan.donations - 1)
    }

    /// The day a donor registered, in days since 1970.
    pub(super) fn joined(&self, donor: u64) -> i32 {
        self.people.joined(&self.window, donor)
    }

    /// The registered WhatsApp number of a donor; Pak Budi is donor 1.
    pub fn whatsapp_number(donor: DonorId) -> String {
        names::whatsapp_number(donor.0)
    }

    /// The donors who stopped giving, at least four months before the end.
    pub fn lapsed(&self) -> impl Iterator<Item = Lapsed> + '_ {
        (1..=self.options.donors).filter_map(|donor| {
            let last = self.people.person(&self.window, donor).stopped?;
            Some(Lapsed { donor: DonorId(donor), last_month: self.window.months[last].month })
        })
    }

    /// Counts the whole sample: makes every donation and every line of the cash book once.
    pub fn truth(&self) -> Result<SampleTruth> {
        let mut truth = SampleTruth { balance: self.balances.iter().copied().sum(), ..SampleTruth::default() };
        for table in [Table::Categories, Table::Accounts, Table::Donors, Table::Children, Table::Contacts] {
            truth.rows.insert(table, self.rows(table).count() as u64);
        }
        truth.rows.insert(Table::Donations, self.last_donation());
        truth.children_in_care = u64::from(self.options.children);
        truth.planted = tables::planted(self);
        // A gift counts for the month of its date, which is the month it was made for.
        for (month, span) in self.window.months.iter().enumerate() {
            let mut received = MonthTotal { month: span.month, total: Rupiah::ZERO, count: 0 };
            for (id, gift) in self.gifts(month) {
                truth.without_donor += u64::from(gift.donor.is_none());
                if let Some(trap) = gift.trap {
                    truth.planted.push(Planted { table: Table::Donations, key: id, trap });
                }
                if gift.trap.is_some_and(|trap| trap.is_rejected() && trap != Trap::UnknownDonor) {
                    continue;
                }
                if gift.received {
                    received.total += gift.amount;
                    received.count += 1;
                } else {
                    truth.not_received.total += gift.amount;
                    truth.not_received.count += 1;
                }
            }
            if received.count > 0 {
                truth.received.push(received);
            }
        }
        self.count_cash(&mut truth);
        truth.planted.sort_unstable();
        Ok(truth)
    }

    fn count_cash(&self, truth: &mut SampleTruth) {
        let (mut lines, mut odd) = (0, BTreeMap::new());
        for (id, month, entry) in self.cash_book() {
            lines = id;
            if let Some(trap) = entry.trap {
                truth.planted.push(Planted { table: Table::CashEntries, key: id, trap });
            }
            if entry.odd {
                odd.insert((month, entry.category), EntryId(id));
            }
        }
        truth.rows.insert(Table::CashEntries, lines);
        for (category, before, _) in cash::ANOMALIES {
            let Some(month) = (self.window.months.len() - 1).checked_sub(before) else { continue };
            if self.options.expenses > 0 {
                let cost = self.cost(month, category);
                truth.anomalies.push(PlantedAnomaly {
                    category: CategoryId(category),
                    name: CATEGORIES[category as usize - 1].name,
                    month: self.window.months[month].month,
                    usual: cost.usual,
                    actual: cost.actual,
                    entry: odd.get(&(month, category)).copied(),
                });
            }
        }
    }
}

/// Finds how busy the donors must be for the wanted number of donations, and counts what they then give each month.
fn settle(options: &SampleOptions, window: &Window) -> (People, Vec<u64>) {
    // A few thousand donors tell the mean well enough; the boxes take up the difference.
    let step = options.donors.div_ceil(8_000);
    let mut wanted = options.donations as f64 * FROM_DONORS;
    loop {
        let (mut low, mut high) = (0.0, 2.0);
        for _ in 0..24 {
            let middle = f64::midpoint(low, high);
            if People::new(options, middle).estimate(window, step) as f64 <= wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        let people = People::new(options, low);
        let given: Vec<u64> = (0..window.months.len())
            .map(|month| {
                let mut gifts = 0;
                for donor in 1..=people.joined_by(window, window.months[month].last) {
                    people.gives(window, month, donor, &mut |_, _| gifts += 1);
                }
                gifts
            })
            .collect();
        // At intensity 0 only Pak Budi gives, and his twelve gifts are allowed by `validate`.
        if given.iter().sum::<u64>() <= options.donations || low == 0.0 {
            return (people, given);
        }
        wanted *= 0.9;
    }
}

/// The planted donations of a month: number, trap, donor. Those of donors with difficult names have no trap.
fn planted_in<'a>(
    options: &'a SampleOptions,
    window: &'a Window,
    month: usize,
) -> impl Iterator<Item = (u64, Option<Trap>, Option<u64>)> + 'a {
    let difficult = tables::difficult_donors(options).map(|(donor, _)| (None, Some(donor)));
    let bad = DONATION_TRAPS.into_iter().map(|trap| {
        let donor = if trap == Trap::UnknownDonor { UNKNOWN_DONOR } else { 1 + options.donors / 2 };
        // Never the first donor, whose gifts are known.
        (Some(trap), (donor != 1).then_some(donor))
    });
    let all = bad.chain(difficult).filter(|_| options.traps);
    // Three months apart or nearer, from the sixth month on, all before the running month.
    let room = window.months.len() - 7;
    (0..).zip(all).filter(move |(i, _)| 6 + *i as usize * 3 % room == month).map(|(i, (trap, donor))| (i, trap, donor))
}
