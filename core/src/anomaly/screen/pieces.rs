//! A payment in pieces that are not all just under a limit, or not all of one category.

use super::repeated::{PIECES, SPLITS_BY_CHANCE, by_chance, span_of};
use super::text::{plain, similarity};
use super::{Evidence, Found};
use crate::error::Result;
use crate::model::{EntryId, Rupiah, epoch_day};
use std::collections::{BTreeMap, BTreeSet};

/// Lines whose texts are read at most for each limit, the latest first.
const MOST_LINES: usize = 20_000;
/// Pieces below this share of the limit are not looked at: small payments are what a cash book is made of.
const SMALLEST: i64 = 5;
/// How alike the texts must be at least: amounts say less here than where all pieces are just under the limit.
const ALIKE: f64 = 0.85;

struct Piece {
    day: i32,
    row: u32,
    text: String,
}

/// Adds payments below a limit, a fifth of it or more, that follow one another within a few days, whose texts say the same,
/// and that together reach it, where lines of that text do not lie so near by chance. What was `told` already is left out.
pub(super) fn screen(
    rows: &[u32],
    told: &BTreeSet<(Rupiah, u32)>,
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
        let texts: Vec<String> = texts(&asked)?.iter().map(|text| plain(text)).collect();
        let span = span_of(chosen.iter().map(|&(day, _)| day));
        let mut usual = BTreeMap::<String, usize>::new();
        for text in &texts {
            *usual.entry(words(text)).or_default() += 1;
        }
        let mut report = |group: &[Piece]| {
            let alike = usual.get(&words(&group[0].text)).copied().unwrap_or(0).max(group.len());
            let chance = by_chance(group.len(), alike, options.split_days, span);
            if alike as f64 * chance <= SPLITS_BY_CHANCE
                && !group.iter().all(|piece| told.contains(&(limit, piece.row)))
            {
                report(group, limit, found);
            }
        };
        let mut open: Vec<Vec<Piece>> = Vec::new();
        for (&(day, row), text) in chosen.iter().zip(&texts) {
            if text.is_empty() {
                continue;
            }
            let near = |group: &Vec<Piece>| {
                group.last().is_some_and(|last| i64::from(day) - i64::from(last.day) <= i64::from(options.split_days))
            };
            for done in open.extract_if(.., |group| !near(group)) {
                report(&done);
            }
            let piece = Piece { day, row, text: text.clone() };
            match open.iter_mut().find(|group| similarity(&group[0].text, &piece.text) >= ALIKE) {
                Some(group) => group.push(piece),
                None => open.push(vec![piece]),
            }
        }
        for done in open {
            report(&done);
        }
    }
    Ok(())
}

/// A text without its numbers, which differ from one purchase to the next.
fn words(text: &str) -> String {
    text.split(|c: char| c.is_ascii_digit() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn report(group: &[Piece], limit: Rupiah, found: &mut Found<'_>) {
    let lines = found.lines;
    let amount = |piece: &Piece| lines.amount[piece.row as usize];
    let total: Rupiah = group.iter().map(amount).sum();
    if !PIECES.contains(&group.len()) || total < limit {
        return;
    }
    let entries: Vec<EntryId> = group.iter().map(|piece| lines.entry[piece.row as usize]).collect();
    let score = 0.6 - 0.05 * (group.len() - 2) as f64;
    for piece in group {
        found.add(piece.row as usize, score, Evidence::Split { limit, entries: entries.clone(), total });
    }
}
