//! Views for an audit: round amounts, first digits, missing numbers. They describe a category or the book, not a line.

use super::outlier::Group;
use crate::model::{CashBook, CategoryId, EntryId, Rupiah};
use serde::{Deserialize, Serialize};

/// Fewer amounts than this say nothing about first digits: the test alarms on 92 % of honest samples of 100.
const BENFORD_FROM: usize = 1_000;
/// Where more than this share of amounts are multiples of 50,000 rupiah, they are chosen and not counted.
const ROUNDED: f64 = 0.2;
/// Decades between the hundredth parts at either end (Kossovsky 2014, "Benford's Law", order of magnitude) from which
/// first digits follow the law at all. Normal logarithms as wide (standard deviation 0.84) deviate from it by 0.01, which
/// is acceptable still; amounts made up evenly between nothing and a limit span 1.95; the amounts of one honest category with a standard deviation of 0.4 span 0.8 decades, and never do.
const DECADES: f64 = 1.7;
/// The tail left out at either end of that span.
const TAIL: f64 = 0.01;

/// How many of a category's amounts are round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoundAmounts {
    /// The category.
    pub category: CategoryId,
    /// Its expenses.
    pub lines: usize,
    /// The share of multiples of 50,000 rupiah.
    pub fifty_thousands: f64,
    /// The share of multiples of 1,000,000 rupiah.
    pub millions: f64,
}

/// How well first digits follow Benford's law, by the mean absolute deviation (Nigrini 2012, "Benford's Law", table 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conformity {
    /// At most 0.006.
    Close,
    /// At most 0.012.
    Acceptable,
    /// At most 0.015.
    Marginal,
    /// More.
    None,
}

/// First digits against Benford's law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Benford {
    /// The law says nothing about these amounts.
    NotApplicable {
        /// Amounts above zero.
        amounts: usize,
        /// The share of multiples of 50,000 rupiah.
        rounded: f64,
    },
    /// It does.
    Applicable {
        /// Amounts above zero.
        amounts: usize,
        /// The share of each first digit, 1 to 9.
        shares: [f64; 9],
        /// Mean absolute deviation from the law.
        deviation: f64,
        /// What that means.
        conformity: Conformity,
    },
}

/// Numbers that are missing between two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The line before.
    pub after: EntryId,
    /// The line behind.
    pub before: EntryId,
    /// How many numbers are missing.
    pub missing: u64,
}

/// First digits of amounts above zero. Applicable from 1,000 amounts on that span 1.7 decades or more (99th over first
/// percentile), unless more than a fifth of them are multiples of 50,000 rupiah.
pub fn benford(amounts: impl IntoIterator<Item = Rupiah>) -> Benford {
    let (mut digits, mut round) = ([0_usize; 9], 0);
    // By decade and first digit, in order of size: near enough for a span, and no sorting.
    let mut sizes = [0_usize; 9 * 20];
    for amount in amounts {
        let Ok(mut sen) = u64::try_from(amount.sen()) else { continue };
        if sen == 0 {
            continue;
        }
        round += usize::from(sen.is_multiple_of(5_000_000));
        let mut decade = 0;
        while sen >= 10 {
            sen /= 10;
            decade += 1;
        }
        digits[sen as usize - 1] += 1;
        sizes[9 * decade + sen as usize - 1] += 1;
    }
    let amounts: usize = digits.iter().sum();
    let rounded = round as f64 / amounts.max(1) as f64;
    if amounts < BENFORD_FROM || rounded > ROUNDED || decades(&sizes, amounts) < DECADES {
        return Benford::NotApplicable { amounts, rounded };
    }
    let shares = digits.map(|count| count as f64 / amounts as f64);
    let law = |digit: usize| (1.0 + 1.0 / (digit + 1) as f64).log10();
    let deviation = shares.iter().enumerate().map(|(digit, share)| (share - law(digit)).abs()).sum::<f64>() / 9.0;
    let conformity = match deviation {
        d if d <= 0.006 => Conformity::Close,
        d if d <= 0.012 => Conformity::Acceptable,
        d if d <= 0.015 => Conformity::Marginal,
        _ => Conformity::None,
    };
    Benford::Applicable { amounts, shares, deviation, conformity }
}

/// Decades between the first and the 99th percentile of amounts counted by decade and first digit.
fn decades(sizes: &[usize], amounts: usize) -> f64 {
    let quantile = |part: f64| {
        let mut left = part * amounts as f64;
        for (size, &count) in sizes.iter().enumerate() {
            if count > 0 && left <= count as f64 {
                let (decade, digit) = ((size / 9) as f64, (size % 9 + 1) as f64);
                return decade + (digit + left / count as f64).log10();
            }
            left -= count as f64;
        }
        0.0
    };
    quantile(1.0 - TAIL) - quantile(TAIL)
}

pub(super) fn by_category(lines: &CashBook, groups: &[Group]) -> Vec<(CategoryId, Benford)> {
    let of = |group: &Group| benford(group.rows.iter().map(|&row| lines.amount[row as usize]));
    groups.iter().map(|group| (group.category, of(group))).collect()
}

pub(super) fn round_amounts(lines: &CashBook, groups: &[Group]) -> Vec<RoundAmounts> {
    let of = |group: &Group| {
        let share = |unit: i64| {
            let round = group.rows.iter().filter(|&&row| lines.amount[row as usize].sen() % unit == 0).count();
            round as f64 / group.rows.len() as f64
        };
        RoundAmounts {
            category: group.category,
            lines: group.rows.len(),
            fifty_thousands: share(5_000_000),
            millions: share(100_000_000),
        }
    };
    groups.iter().map(of).collect()
}

/// Numbers missing between the smallest and the largest, the widest gaps first, at most `most`. The source numbers its
/// lines one by one; a missing number is a line that was deleted, or never finished.
pub fn sequence_gaps(entries: &[EntryId], most: usize) -> Vec<Gap> {
    let mut sorted;
    let entries = if entries.is_sorted() {
        entries
    } else {
        sorted = entries.to_vec();
        sorted.sort_unstable();
        &sorted
    };
    let mut gaps: Vec<Gap> = entries
        .windows(2)
        .filter(|pair| pair[1].0 > pair[0].0.saturating_add(1))
        .map(|pair| Gap { after: pair[0], before: pair[1], missing: pair[1].0 - pair[0].0 - 1 })
        .collect();
    gaps.sort_by(|a, b| b.missing.cmp(&a.missing).then(a.after.cmp(&b.after)));
    gaps.truncate(most);
    gaps
}
