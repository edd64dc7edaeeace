//! Amounts far from those of their category, on the logarithm.

use super::{Evidence, Found};
use crate::anomaly::TooLittleHistory;
use crate::model::{CashBook, CategoryId, Rupiah};
use std::collections::HashMap;

/// Half the width of the middle half of a normal distribution, in standard deviations.
const QUARTILE: f64 = 0.674_489_750_196_081_7;
/// No spread below this is believed: amounts that differ by a factor of e^(4 · 0.1) = 1.5 are not outliers.
const SMALLEST_SPREAD: f64 = 0.1;

/// A larger share of a category than this, beyond on one side, is another kind of payment.
const KIND: f64 = 0.05;

/// The lines of a category.
pub(super) struct Group {
    pub(super) category: CategoryId,
    pub(super) rows: Vec<u32>,
}

/// The rows of each category, ascending.
pub(super) fn by_category(lines: &CashBook, rows: &[u32]) -> Vec<Group> {
    let mut places = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    // Lines of one category often follow one another; the map is asked only where the category changes.
    let mut last: Option<(CategoryId, usize)> = None;
    for &row in rows {
        let category = lines.category[row as usize];
        let place = match last {
            Some((known, place)) if known == category => place,
            _ => *places.entry(category).or_insert_with(|| {
                groups.push(Group { category, rows: Vec::new() });
                groups.len() - 1
            }),
        };
        last = Some((category, place));
        groups[place].rows.push(row);
    }
    groups.sort_by_key(|group| group.category);
    groups
}

/// Median and the two half-widths of the middle half, in standard deviations: amounts lean to one side even on the
/// logarithm, so that each side has its own scale (double MAD).
struct Usual {
    median: f64,
    below: f64,
    above: f64,
}

impl Usual {
    fn of(sen: &mut [i64]) -> Self {
        let n = sen.len();
        let mut at = |part: f64| {
            let place = ((n - 1) as f64 * part).round() as usize;
            (*sen.select_nth_unstable(place).1 as f64).max(1.0).ln()
        };
        let (low, median, high) = (at(0.25), at(0.5), at(0.75));
        let half = 0.5 * (high - low);
        // A side that is narrow by chance borrows from the other.
        let side = |width: f64| (0.75 * width + 0.25 * half) / QUARTILE;
        Self { median, below: side(median - low).max(SMALLEST_SPREAD), above: side(high - median).max(SMALLEST_SPREAD) }
    }
}

/// Adds outliers; returns the categories with too few lines.
pub(super) fn screen(groups: &[Group], found: &mut Found<'_>) -> Vec<TooLittleHistory> {
    let mut short = Vec::new();
    for group in groups {
        let positive = |row: &&u32| found.lines.amount[**row as usize].sen() > 0;
        let rows: Vec<u32> = group.rows.iter().filter(positive).copied().collect();
        if rows.len() < found.options.min_history {
            let (there, needed) = (rows.len(), found.options.min_history);
            short.push(TooLittleHistory { category: group.category, there, needed });
            continue;
        }
        judge(&rows, found);
    }
    short
}

/// Adds the outliers of one kind of payment. Where so many lie beyond on one side that they are a kind of their own, such
/// as rent among small purchases, they are judged among themselves.
fn judge(rows: &[u32], found: &mut Found<'_>) {
    let mut sen: Vec<i64> = rows.iter().map(|&row| found.lines.amount[row as usize].sen()).collect();
    let usual = Usual::of(&mut sen);
    let threshold = found.options.outlier;
    // Comparing amounts spares the logarithm of ordinary ones.
    let low = ((usual.median - threshold * usual.below).exp()) as i64;
    let high = ((usual.median + threshold * usual.above).exp().min(9e18)) as i64;
    let (mut below, mut above) = (Vec::new(), Vec::new());
    for &row in rows {
        match found.lines.amount[row as usize].sen() {
            sen if sen < low => below.push(row),
            sen if sen > high => above.push(row),
            _ => {}
        }
    }
    for side in [below, above] {
        if side.len() >= found.options.min_history && side.len() as f64 > KIND * rows.len() as f64 {
            judge(&side, found);
            continue;
        }
        for row in side {
            let away = (found.lines.amount[row as usize].sen() as f64).ln() - usual.median;
            let deviation = away / if away > 0.0 { usual.above } else { usual.below };
            let size = deviation.abs() / threshold;
            // Too much matters more than too little.
            let score = (1.0 - 0.5 / size) * if away > 0.0 { 1.0 } else { 0.5 };
            let usual = Rupiah::from_f64(usual.median.exp() / 100.0);
            found.add(row as usize, score, Evidence::Outlier { usual, deviation });
        }
    }
}
