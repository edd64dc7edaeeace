//! The cash book of one month, as rows.

use super::cell::{Cell, Row};
use super::donations::Gift;
use super::rng::{Rng, Stream};
use super::truth::Trap;
use super::window::{Day, Span, Window, instant};
use crate::model::Rupiah;

/// A cash category with its share of the expenses in thousandths, its share of the lines in per cent, and what lines
/// are called.
pub(super) struct Category {
    pub(super) name: &'static str,
    money: u64,
    lines: u64,
    texts: &'static [&'static str],
}

const fn category(name: &'static str, money: u64, lines: u64, texts: &'static [&'static str]) -> Category {
    Category { name, money, lines, texts }
}

/// The categories, by key from 1; the first takes the income.
pub(super) const CATEGORIES: &[Category] = &[
    category("Donasi", 0, 0, &["Penerimaan donasi"]),
    category("Konsumsi", 380, 34, &["Beras", "Sayur dan lauk", "Minyak dan bumbu", "Gas LPG", "Susu dan telur"]),
    category("Pendidikan", 210, 12, &["SPP sekolah", "Buku dan alat tulis", "Seragam", "Uang saku"]),
    category("Kesehatan", 70, 12, &["Obat", "Pemeriksaan klinik", "Vitamin"]),
    category("Operasional", 110, 18, &["Transportasi", "Alat kebersihan", "Alat tulis kantor", "Internet"]),
    category("Gaji Pengasuh", 130, 6, &["Honor pengasuh", "Honor guru ngaji"]),
    category("Listrik dan Air", 40, 6, &["Token listrik", "Air PDAM"]),
    category("Pakaian", 30, 6, &["Pakaian anak", "Sepatu dan tas"]),
    category("Lain-lain", 30, 6, &["Keperluan lain"]),
];

pub(super) const ACCOUNTS: [&str; 3] = ["Kas Tunai", "Bank Syariah Indonesia", "Bank Jatim"];

/// Category by key, whole months before the running one, and how many times the usual is spent. The first lies in the
/// last whole month, where an administrator looks first.
pub(super) const ANOMALIES: [(u64, usize, f64); 4] = [(2, 1, 1.8), (4, 9, 2.6), (5, 15, 0.25), (7, 21, 2.4)];

/// One line of the cash book.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) account: usize,
    pub(super) category: u64,
    pub(super) donation: Option<u64>,
    pub(super) amount: Rupiah,
    pub(super) day: Day,
    pub(super) entered: i64,
    pub(super) text: &'static str,
    pub(super) trap: Option<Trap>,
    /// The line that makes a planted anomaly.
    pub(super) odd: bool,
}

impl Entry {
    pub(super) const fn is_income(&self) -> bool {
        self.category == 1
    }

    pub(super) fn row(&self, id: u64) -> Row {
        let direction = match (self.trap, self.is_income()) {
            (Some(Trap::InvalidDirection), _) => "",
            (_, true) => "MASUK",
            (_, false) => "KELUAR",
        };
        vec![
            Cell::Key(id),
            Cell::Key(self.account as u64 + 1),
            Cell::Key(self.category),
            self.donation.map_or(Cell::Null, Cell::Key),
            Cell::text(direction),
            Cell::Amount(self.amount),
            Cell::Day(self.day),
            Cell::text(self.text),
            Cell::Instant(self.entered),
            Cell::Instant(self.entered),
        ]
    }
}

/// The line of a donation received.
pub(super) fn income(id: u64, gift: &Gift, window: &Window) -> Entry {
    let account = if gift.online { 1 } else { [0, 0, 1, 2][(id % 4) as usize] };
    Entry {
        account,
        category: 1,
        donation: Some(id),
        amount: gift.amount,
        day: gift.day,
        entered: (gift.entered + 600).min(window.taken_at()),
        text: CATEGORIES[0].texts[0],
        trap: None,
        odd: false,
    }
}

/// What a category costs in a month: the usual, and what is really spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) usual: Rupiah,
    pub(super) actual: Rupiah,
}

/// `budget` is what all categories together cost about.
pub(super) fn cost(seed: u64, window: &Window, month: usize, category: u64, budget: Rupiah) -> Cost {
    let mut rng = Rng::keyed(seed, Stream::CategoryMonth, month as u64, category);
    let share = CATEGORIES[category as usize - 1].money as f64 / 1_000.0;
    // Prices and appetites differ by 7 % from month to month; the kitchen costs a little more in seasons of giving.
    let season = if category == 2 { 1.0 + 0.03 * (window.months[month].peak - 1.0) } else { 1.0 };
    let rupiah = budget.to_f64() * share * season * (1.0 + 0.07 * rng.normal().clamp(-2.0, 2.0));
    let usual = thousands(rupiah);
    let factor = anomaly(window, month, category).unwrap_or(1.0);
    Cost { usual, actual: thousands(usual.to_f64() * factor) }
}

fn anomaly(window: &Window, month: usize, category: u64) -> Option<f64> {
    let before = window.months.len() - 1 - month;
    ANOMALIES.iter().find(|&&(c, months, _)| c == category && months == before).map(|&(_, _, factor)| factor)
}

/// Whole thousands, at least one.
fn thousands(rupiah: f64) -> Rupiah {
    Rupiah::new(((rupiah / 1_000.0) as i64).max(1) * 1_000)
}

/// The expenses of a category in a month, in so many lines that add up to its cost; one more where an anomaly makes it
/// dear.
pub(super) fn expenses(seed: u64, window: &Window, month: usize, category: u64, cost: Cost, lines: u64) -> Vec<Entry> {
    let span = &window.months[month];
    let mut rng = Rng::keyed(seed, Stream::Expense, month as u64, category);
    let regular = cost.usual.min(cost.actual);
    let texts = CATEGORIES[category as usize - 1].texts;
    // A line of zero is no line: a category of Rp 3.000 has at most 3.
    let lines = lines.min(regular.sen() as u64 / 100_000);
    let weights: Vec<u64> = (0..lines).map(|_| 600 + rng.below(800)).collect();
    let sum: u64 = weights.iter().sum();
    let (mut seen, mut spent) = (0, Rupiah::ZERO);
    let mut entries: Vec<Entry> = weights
        .iter()
        .map(|weight| {
            seen += weight;
            // In steps of Rp 500; the last takes what is left.
            let share = (i128::from(regular.sen()) * i128::from(seen) / i128::from(sum)) as i64;
            let until = if seen == sum { regular } else { Rupiah::from_sen(share / 50_000 * 50_000) };
            let amount = until - spent;
            spent = until;
            expense(span, window, category, amount, rng.pick(texts), &mut rng)
        })
        .collect();
    if cost.actual > cost.usual {
        let mut odd = expense(span, window, category, cost.actual - cost.usual, "Pengeluaran mendadak", &mut rng);
        odd.odd = true;
        entries.push(odd);
    }
    entries.retain(|entry| entry.amount > Rupiah::ZERO);
    entries
}

fn expense(span: &Span, window: &Window, category: u64, amount: Rupiah, text: &'static str, rng: &mut Rng) -> Entry {
    let day = span.first + rng.below(span.days()) as Day;
    // Small things are paid in cash.
    let account = if amount < Rupiah::new(1_000_000) { 0 } else { rng.pick(&[1, 1, 2]) };
    let entered = instant(day + rng.between(0, 1) as Day, rng.between(8 * 3_600, 16 * 3_600)).min(window.taken_at());
    Entry { account, category, donation: None, amount, day, entered, text, trap: None, odd: false }
}

/// A line whose direction the database refused to keep.
pub(super) fn planted(window: &Window, month: usize) -> Entry {
    let day = window.months[month].first;
    Entry {
        account: 0,
        category: 9,
        donation: None,
        amount: Rupiah::new(75_000),
        day,
        entered: instant(day, 9 * 3_600),
        text: "Koreksi",
        trap: Some(Trap::InvalidDirection),
        odd: false,
    }
}

/// How many of `lines` fall to a category.
pub(super) fn lines_of(category: u64, lines: u64) -> u64 {
    let before: u64 = CATEGORIES[..category as usize - 1].iter().map(|c| c.lines).sum();
    let until = before + CATEGORIES[category as usize - 1].lines;
    lines * until / 100 - lines * before / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        assert_eq!(CATEGORIES.iter().map(|c| c.money).sum::<u64>(), 1_000);
        for lines in [0, 20, 33, 101] {
            assert_eq!((1..=CATEGORIES.len() as u64).map(|c| lines_of(c, lines)).sum::<u64>(), lines);
        }
    }

    #[test]
    fn lines_add_up_to_the_cost() {
        let window = Window::new(&super::super::SampleOptions::default()).unwrap();
        for (month, category) in [(47, 2), (47, 3), (33, 5), (0, 8)] {
            let cost = cost(3, &window, month, category, Rupiah::new(20_000_000));
            let entries = expenses(3, &window, month, category, cost, 7);
            assert_eq!(entries.iter().map(|entry| entry.amount).sum::<Rupiah>(), cost.actual);
            assert_eq!(entries.iter().any(|entry| entry.odd), cost.actual > cost.usual);
            assert_eq!(cost.actual == cost.usual, ![(47, 2), (33, 5)].contains(&(month, category)));
        }
    }
}
