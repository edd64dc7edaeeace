//! Payments that belong together: the same one twice, or one in pieces.

use super::{Evidence, Found};
use crate::error::Result;
use crate::model::{CashBook, EntryId, Rupiah, epoch_day};

/// Pairs whose texts are compared at most, the least probable first.
const MOST_PAIRS: usize = 20_000;

/// A line packed so that lines sort by category, amount and date.
fn packed(lines: &CashBook, row: u32) -> (u64, i64, i32, u32) {
    let at = row as usize;
    (lines.category[at].0, lines.amount[at].sen(), epoch_day(lines.date[at]), row)
}

/// Adds duplicates: the same category and amount within a few days, where that amount does not recur so often anyway,
/// and with texts that are alike.
pub(super) fn duplicates(
    rows: &[u32],
    texts: &mut dyn FnMut(&[usize]) -> Result<Vec<String>>,
    found: &mut Found<'_>,
) -> Result<()> {
    let lines = found.lines;
    let mut keys: Vec<_> = rows.iter().map(|&row| packed(lines, row)).collect();
    keys.sort_unstable();
    let days = |a: i32, b: i32| i64::from(b) - i64::from(a);
    let span = {
        let first = keys.iter().map(|key| key.2).min().unwrap_or(0);
        let last = keys.iter().map(|key| key.2).max().unwrap_or(0);
        days(first, last).max(30) as f64
    };
    let window = f64::from(2 * found.options.duplicate_days + 1);
    let mut pairs: Vec<(f64, u32, u32)> = Vec::new();
    for run in keys.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let chance = 1.0 - (-((run.len() - 1) as f64) * window / span).exp();
        // Two lines are their own best witnesses; more of them are judged by how often the amount recurs.
        if run.len() < 2 || run[0].1 <= 0 || (run.len() > 2 && chance > found.options.duplicate_chance) {
            continue;
        }
        for pair in run.windows(2) {
            if days(pair[0].2, pair[1].2) <= i64::from(found.options.duplicate_days) {
                pairs.push((chance, pair[0].3, pair[1].3));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    pairs.truncate(MOST_PAIRS);
    let asked: Vec<usize> = pairs.iter().flat_map(|pair| [pair.1 as usize, pair.2 as usize]).collect();
    let texts = texts(&asked)?;
    for (place, (chance, first, second)) in pairs.into_iter().enumerate() {
        let plain = |at: usize| texts.get(at).map(|text| text.trim().to_lowercase()).unwrap_or_default();
        let (a, b) = (plain(2 * place), plain(2 * place + 1));
        let known = !a.is_empty() && !b.is_empty();
        let similarity = if known { strsim::jaro_winkler(&a, &b) } else { 1.0 };
        if similarity < found.options.similar_text {
            continue;
        }
        let (first, second) = (first as usize, second as usize);
        let days = (epoch_day(lines.date[second]) - epoch_day(lines.date[first])) as u32;
        let near = 1.0 - f64::from(days) / (2.0 * f64::from(found.options.duplicate_days.max(1)));
        let score = 0.95 * near * similarity * (1.0 - chance) * if known { 1.0 } else { 0.7 };
        found.add(second, score, Evidence::Duplicate { of: lines.entry[first], days, similarity });
    }
    Ok(())
}

/// Adds payments of a category, each below a limit but above half of it, that follow one another within a few days and
/// together are above it.
pub(super) fn splits(rows: &[u32], found: &mut Found<'_>) {
    let lines = found.lines;
    for limit in found.options.limits.clone() {
        let below = |row: u32| {
            let amount = lines.amount[row as usize];
            amount < limit && 2 * amount.sen() > limit.sen()
        };
        let mut keys: Vec<_> = rows
            .iter()
            .filter(|&&row| below(row))
            .map(|&row| (lines.category[row as usize], epoch_day(lines.date[row as usize]), row))
            .collect();
        keys.sort_unstable();
        let near = i64::from(found.options.split_days);
        let together = |a: &(_, i32, u32), b: &(_, i32, u32)| a.0 == b.0 && i64::from(b.1) - i64::from(a.1) <= near;
        for run in keys.chunk_by(together) {
            if run.len() < 2 {
                continue;
            }
            let total: Rupiah = run.iter().map(|key| lines.amount[key.2 as usize]).sum();
            let entries: Vec<EntryId> = run.iter().map(|key| lines.entry[key.2 as usize]).collect();
            // The nearer to the limit, the less by chance.
            let average = total.to_f64() / run.len() as f64 / limit.to_f64();
            for key in run {
                let evidence = Evidence::Split { limit, entries: entries.clone(), total };
                found.add(key.2 as usize, (0.3 + 0.6 * (2.0 * average - 1.0)).clamp(0.0, 0.9), evidence);
            }
        }
    }
}
