//! Payments that belong together: the same one twice, or one in pieces.

use super::text::{plain, similarity};
use super::{Evidence, Found};
use crate::error::Result;
use crate::model::{CashBook, EntryId, Rupiah, epoch_day};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Pairs whose texts are compared at most, the least probable first.
const MOST_PAIRS: usize = 20_000;

/// Lines behind one that are compared with it at most.
const MOST_BEHIND: usize = 8;
/// How alike texts must be where the category or the amount is not the same.
const SURELY_ALIKE: f64 = 0.9;
/// So many pieces at least and at most: more within days are a wage list or a routine, not one payment in pieces.
pub(super) const PIECES: RangeInclusive<usize> = 2..=6;
/// Payments in pieces are told where so many of them, or fewer, are expected among honest lines that are as much alike.
pub(super) const SPLITS_BY_CHANCE: f64 = 0.5;
/// Sen that the amount of a line typed in twice may differ by.
const SLIP: i64 = 100;

/// A line packed so that lines sort by amount, category and date.
fn packed(lines: &CashBook, row: u32) -> (i64, u64, i32, u32) {
    let at = row as usize;
    (lines.amount[at].sen(), lines.category[at].0, epoch_day(lines.date[at]), row)
}

/// Two lines that may be one.
struct Pair {
    /// How probable a line as near is by chance.
    chance: f64,
    first: u32,
    second: u32,
    /// How alike the texts must be; where surely, they must be there, too.
    alike: f64,
}

/// The least probable pairs, not more than can be looked at.
#[derive(Default)]
struct Pairs(Vec<Pair>);

impl Pairs {
    fn add(&mut self, pair: Pair) {
        self.0.push(pair);
        if self.0.len() >= 8 * MOST_PAIRS {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.0.sort_by(|a, b| a.chance.total_cmp(&b.chance).then((a.second, a.first).cmp(&(b.second, b.first))));
        self.0.truncate(MOST_PAIRS);
    }
}

/// Adds duplicates: the same amount within a few days, where that amount does not recur so often anyway, and with texts
/// that are alike; of the same category, or with texts that are surely alike of another one or a rupiah apart.
pub(super) fn duplicates(
    rows: &[u32],
    texts: &mut dyn FnMut(&[usize]) -> Result<Vec<String>>,
    found: &mut Found<'_>,
) -> Result<()> {
    let lines = found.lines;
    let mut keys: Vec<_> =
        rows.iter().filter(|&&row| lines.amount[row as usize].sen() > 0).map(|&row| packed(lines, row)).collect();
    keys.sort_unstable();
    let days = |a: i32, b: i32| i64::from(b) - i64::from(a);
    let reach = i64::from(found.options.duplicate_days);
    let span = {
        let first = keys.iter().map(|key| key.2).min().unwrap_or(0);
        let last = keys.iter().map(|key| key.2).max().unwrap_or(0);
        days(first, last).max(30) as f64
    };
    let window = f64::from(2 * found.options.duplicate_days + 1);
    let by_chance = |lines: usize| 1.0 - (-((lines - 1) as f64) * window / span).exp();
    let (mut same, mut near) = (Pairs::default(), Pairs::default());
    let mut place = 0;
    for run in keys.chunk_by(|a, b| a.0 == b.0) {
        for run in run.chunk_by(|a, b| a.1 == b.1) {
            let chance = by_chance(run.len());
            // Two lines are their own best witnesses; more of them are judged by how often the amount recurs.
            if run.len() < 2 || (run.len() > 2 && chance > found.options.duplicate_chance) {
                continue;
            }
            for (i, key) in run.iter().enumerate() {
                let behind = run[i + 1..].iter().take(MOST_BEHIND).take_while(|other| days(key.2, other.2) <= reach);
                for other in behind {
                    same.add(Pair { chance, first: key.3, second: other.3, alike: found.options.similar_text });
                }
            }
        }
        // Together with the amounts up to a rupiah higher.
        let end = place + run.len();
        let higher = keys[end..].iter().take(MOST_BEHIND).take_while(|key| key.0 - run[0].0 <= SLIP).count();
        let slips = &keys[place..end + higher];
        place = end;
        let chance = by_chance(slips.len());
        // A handful at most: otherwise chance alone makes more such pairs than mistakes do.
        if slips.len() < 2 || slips.len() > MOST_BEHIND || chance > found.options.duplicate_chance.max(by_chance(2)) {
            continue;
        }
        for (i, key) in slips.iter().enumerate().take(run.len()) {
            for other in &slips[i + 1..] {
                let differs = (key.1 == other.1) != (key.0 == other.0);
                if differs && days(key.2, other.2).abs() <= reach {
                    let (first, second) =
                        if (key.2, key.3) <= (other.2, other.3) { (key, other) } else { (other, key) };
                    near.add(Pair { chance, first: first.3, second: second.3, alike: SURELY_ALIKE });
                }
            }
        }
    }
    for mut pairs in [same, near] {
        pairs.cut();
        compare(&pairs.0, texts, found)?;
    }
    Ok(())
}

/// Adds those whose texts are alike: of each line the earlier one that is most so.
fn compare(
    pairs: &[Pair],
    texts: &mut dyn FnMut(&[usize]) -> Result<Vec<String>>,
    found: &mut Found<'_>,
) -> Result<()> {
    let lines = found.lines;
    let asked: Vec<usize> = pairs.iter().flat_map(|pair| [pair.first as usize, pair.second as usize]).collect();
    let texts = texts(&asked)?;
    let mut best = BTreeMap::<u32, (f64, Evidence)>::new();
    for (place, pair) in pairs.iter().enumerate() {
        let text = |at: usize| texts.get(at).map(|text| plain(text)).unwrap_or_default();
        let (a, b) = (text(2 * place), text(2 * place + 1));
        let known = !a.is_empty() && !b.is_empty();
        let similarity = if known { similarity(&a, &b) } else { 1.0 };
        if similarity < pair.alike || (!known && pair.alike >= SURELY_ALIKE) {
            continue;
        }
        let (first, second) = (pair.first as usize, pair.second as usize);
        let days = epoch_day(lines.date[second]).abs_diff(epoch_day(lines.date[first]));
        let near = 1.0 - f64::from(days) / (2.0 * f64::from(found.options.duplicate_days.max(1)));
        let score = 0.95 * near * similarity * (1.0 - pair.chance) * if known { 1.0 } else { 0.7 };
        if best.get(&pair.second).is_none_or(|known| score > known.0) {
            best.insert(pair.second, (score, Evidence::Duplicate { of: lines.entry[first], days, similarity }));
        }
    }
    for (second, (score, evidence)) in best {
        found.add(second as usize, score, evidence);
    }
    Ok(())
}

/// Adds payments of a category, each below a limit but above half of it, that follow one another within a few days and
/// together are above it, where that is no chance: the category seldom has payments as near to the limit. Returns the
/// lines by limit.
pub(super) fn splits(rows: &[u32], found: &mut Found<'_>) -> BTreeSet<(Rupiah, u32)> {
    let lines = found.lines;
    let mut told = BTreeSet::new();
    let day = |row: u32| epoch_day(lines.date[row as usize]);
    let span = span_of(rows.iter().map(|&row| day(row)));
    for limit in found.options.limits.clone() {
        let below = |row: u32| {
            let amount = lines.amount[row as usize];
            amount < limit && 2 * amount.sen() > limit.sen()
        };
        let mut keys: Vec<_> =
            rows.iter().filter(|&&row| below(row)).map(|&row| (lines.category[row as usize], day(row), row)).collect();
        keys.sort_unstable();
        let near = i64::from(found.options.split_days);
        let together = |a: &(_, i32, u32), b: &(_, i32, u32)| a.0 == b.0 && i64::from(b.1) - i64::from(a.1) <= near;
        for category in keys.chunk_by(|a, b| a.0 == b.0) {
            let mut amounts: Vec<Rupiah> = category.iter().map(|key| lines.amount[key.2 as usize]).collect();
            amounts.sort_unstable();
            for run in category.chunk_by(together).filter(|run| PIECES.contains(&run.len())) {
                let smallest = run.iter().map(|key| lines.amount[key.2 as usize]).min().unwrap_or(limit);
                let as_near = amounts.len() - amounts.partition_point(|&amount| amount < smallest);
                let chance = by_chance(run.len(), as_near, found.options.split_days, span);
                if as_near as f64 * chance > SPLITS_BY_CHANCE {
                    continue;
                }
                let total: Rupiah = run.iter().map(|key| lines.amount[key.2 as usize]).sum();
                let entries: Vec<EntryId> = run.iter().map(|key| lines.entry[key.2 as usize]).collect();
                // The nearer to the limit, and the less by chance.
                let average = total.to_f64() / run.len() as f64 / limit.to_f64();
                let score = (0.3 + 0.6 * (2.0 * average - 1.0)).clamp(0.0, 0.9) * (1.0 - chance);
                for key in run {
                    let evidence = Evidence::Split { limit, entries: entries.clone(), total };
                    found.add(key.2 as usize, score, evidence);
                    told.insert((limit, key.2));
                }
            }
        }
    }
    told
}

/// The days from the first line to the last, a month at least.
pub(super) fn span_of(days: impl Iterator<Item = i32> + Clone) -> f64 {
    let (first, last) = (days.clone().min().unwrap_or(0), days.max().unwrap_or(0));
    (f64::from(last) - f64::from(first)).max(30.0)
}

/// How probable it is that `pieces` lines, of `alike` in `span` days, follow one another within `near` days by chance: each
/// after the first has one of the others as near (Poisson).
pub(super) fn by_chance(pieces: usize, alike: usize, near: u16, span: f64) -> f64 {
    let others = alike.saturating_sub(pieces) as f64 + 0.5;
    let neighbour = 1.0 - (-others * (2.0 * f64::from(near) + 1.0) / span).exp();
    neighbour.powf(pieces as f64 - 1.0)
}
