//! A payment in pieces that are not all just under a limit, or not all of one category.

use super::text::{plain, similarity};
use super::{Evidence, Found};
use crate::error::Result;
use crate::model::{CategoryId, EntryId, Rupiah, epoch_day};

/// Lines whose texts are read at most for each limit, the latest first.
const MOST_LINES: usize = 20_000;
/// Pieces below this share of the limit are not looked at: small payments are what a cash book is made of.
const SMALLEST: i64 = 5;
/// How alike the texts must be at least: amounts say less here than where all pieces are just under the limit.
const ALIKE: f64 = 0.85;

struct Piece {
    day: i32,
    category: CategoryId,
    row: u32,
    text: String,
}

/// Adds payments below a limit, a fifth of it or more, that follow one another within a few days, whose texts say the same,
/// and that together reach it. Those of one category that are all above half of it are left to the stricter search,
/// which does not ask for texts.
pub(super) fn screen(
    rows: &[u32],
    texts: &mut dyn FnMut(&[usize]) -> Result<Vec<String>>,
    found: &mut Found<'_>,
) -> Result<()> {
    let (lines, options) = (found.lines, found.options);
    for &limit in &options.limits {
        let mut chosen: Vec<(i32, u32)> = rows
            .iter()
            .filter(|&&row| {
                let amount = lines.amount[row as usize];
                let since = options.since.is_none_or(|since| lines.date[row as usize] >= since);
                since && amount < limit && amount.sen() >= limit.sen() / SMALLEST
            })
            .map(|&row| (epoch_day(lines.date[row as usize]), row))
            .collect();
        chosen.sort_unstable();
        let skip = chosen.len().saturating_sub(MOST_LINES);
        let chosen = &chosen[skip..];
        let asked: Vec<usize> = chosen.iter().map(|&(_, row)| row as usize).collect();
        let texts = texts(&asked)?;
        let mut open: Vec<Vec<Piece>> = Vec::new();
        for (&(day, row), text) in chosen.iter().zip(&texts) {
            let text = plain(text);
            if text.is_empty() {
                continue;
            }
            let near = |group: &Vec<Piece>| {
                group.last().is_some_and(|last| i64::from(day) - i64::from(last.day) <= i64::from(options.split_days))
            };
            for done in open.extract_if(.., |group| !near(group)) {
                report(&done, limit, found);
            }
            let piece = Piece { day, category: lines.category[row as usize], row, text };
            match open.iter_mut().find(|group| similarity(&group[0].text, &piece.text) >= ALIKE) {
                Some(group) => group.push(piece),
                None => open.push(vec![piece]),
            }
        }
        for done in open {
            report(&done, limit, found);
        }
    }
    Ok(())
}

fn report(group: &[Piece], limit: Rupiah, found: &mut Found<'_>) {
    let lines = found.lines;
    let amount = |piece: &Piece| lines.amount[piece.row as usize];
    let total: Rupiah = group.iter().map(amount).sum();
    let strict = group.iter().all(|piece| piece.category == group[0].category && 2 * amount(piece).sen() > limit.sen());
    // Many alike within days are a wage list or a routine, not one payment in pieces.
    if !(2..=6).contains(&group.len()) || total < limit || strict {
        return;
    }
    let entries: Vec<EntryId> = group.iter().map(|piece| lines.entry[piece.row as usize]).collect();
    let score = 0.6 - 0.05 * (group.len() - 2) as f64;
    for piece in group {
        found.add(piece.row as usize, score, Evidence::Split { limit, entries: entries.clone(), total });
    }
}
