//! One load: a copy of the facts that takes their place at the end.

use super::cells::{Named, Row, rows};
use super::{Facts, Turn};
use crate::error::Result;
use crate::etl::{Census, Changes, Load, Quarantined, Reason, Scope, State};
use crate::model::Table;
use crate::source::{Marked, Totals, marked_columns, summed_columns};
use arrow::array::RecordBatch;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

pub(super) struct MemoryLoad<'a> {
    turn: Turn<'a>,
    facts: Facts,
    stage: BTreeMap<Table, (BTreeMap<u64, Row>, Vec<Quarantined>)>,
}

impl<'a> MemoryLoad<'a> {
    pub(super) fn begin(turn: Turn<'a>) -> Self {
        let facts = (*turn.0.facts()).clone();
        Self { turn, facts, stage: BTreeMap::new() }
    }

    /// What each row adds, with its key, from the clean table and from the quarantine.
    fn contributions(&self, table: Table) -> impl Iterator<Item = (u64, Totals)> {
        let (amount, reference, mark_column) = summed_columns(table);
        let (date, category) = marked_columns(table);
        let clean = self.facts.rows(table).map(move |(&key, row)| {
            let row = Named(table, row);
            let totals = Totals {
                rows: 1,
                keys: i128::from(key),
                amount: amount.and_then(|c| row.amount(c)).map_or(0, |a| i128::from(a.sen())),
                references: reference.and_then(|c| row.key(c)).map_or(0, i128::from),
                marks: Marked {
                    key: Some(key),
                    status: mark_column.and_then(|c| row.text(c)),
                    flag: mark_column.is_some_and(|c| row.flag(c)),
                    day: date.and_then(|c| row.day(c)),
                    category: category.and_then(|c| row.key(c)),
                }
                .sum(table),
            };
            (key, totals)
        });
        let kept_apart = self.facts.quarantine.iter().filter(move |row| row.table == table).map(|row| {
            let key = if row.kept { 0 } else { row.key.unwrap_or(0) };
            let totals = Totals {
                rows: u64::from(!row.kept),
                keys: i128::from(key),
                amount: row.amount,
                references: i128::from(row.reference),
                marks: i128::from(row.mark),
            };
            (key, totals)
        });
        clean.chain(kept_apart)
    }
}

impl Load for MemoryLoad<'_> {
    fn clear(&mut self, table: Table) -> Result<()> {
        self.facts.tables.remove(&table);
        self.facts.quarantine.retain(|row| row.table != table);
        Ok(())
    }

    fn append(&mut self, table: Table, batches: &mut dyn Iterator<Item = RecordBatch>) -> Result<()> {
        let clean = self.facts.tables.entry(table).or_default();
        for batch in batches {
            clean.extend(rows(table, &batch)?);
        }
        Ok(())
    }

    fn summarise(&mut self, _: Table, _: Date) -> Result<()> {
        // Sums are made when they are asked for.
        Ok(())
    }

    fn quarantine(&mut self, rows: &[Quarantined]) -> Result<()> {
        self.facts.quarantine.extend_from_slice(rows);
        Ok(())
    }

    fn stage(&mut self, table: Table, batch: &RecordBatch, quarantined: &[Quarantined]) -> Result<()> {
        let (staged, apart) = self.stage.entry(table).or_default();
        staged.extend(rows(table, batch)?);
        apart.extend_from_slice(quarantined);
        Ok(())
    }

    fn merge(&mut self, table: Table, scope: &Scope) -> Result<Changes> {
        let (staged, apart) = self.stage.remove(&table).unwrap_or_default();
        let in_scope = |key: u64| match scope {
            Scope::Staged => false,
            Scope::Ranges(ranges) => ranges.iter().any(|&(first, last)| (first..=last).contains(&key)),
            Scope::All => true,
        };
        let rejected: BTreeSet<u64> = apart.iter().filter(|row| !row.kept).filter_map(|row| row.key).collect();
        self.facts.quarantine.retain(|row| {
            let replaced = row.key.map_or(*scope == Scope::All, |key| {
                in_scope(key) || staged.contains_key(&key) || rejected.contains(&key)
            });
            row.table != table || !replaced
        });
        self.facts.quarantine.extend(apart);
        let clean = self.facts.tables.entry(table).or_default();
        let before = clean.len();
        clean.retain(|key, _| staged.contains_key(key) || !(in_scope(*key) || rejected.contains(key)));
        let mut changes = Changes { deleted: (before - clean.len()) as u64, ..Changes::default() };
        for (key, row) in staged {
            match clean.insert(key, Arc::clone(&row)) {
                None => changes.inserted += 1,
                Some(old) if old != row => changes.updated += 1,
                Some(_) => {}
            }
        }
        Ok(changes)
    }

    fn keys(&mut self, table: Table) -> Result<Vec<u64>> {
        Ok(self.facts.rows(table).map(|(&key, _)| key).collect())
    }

    fn revisit(&mut self, table: Table) -> Result<Vec<u64>> {
        let passing = |row: &&Quarantined| {
            let relinked = row.reason == Reason::UnknownDonor && row.kept;
            row.table == table && Reason::PASSING.contains(&row.reason) && !relinked
        };
        let keys: BTreeSet<u64> = self.facts.quarantine.iter().filter(passing).filter_map(|row| row.key).collect();
        Ok(keys.into_iter().collect())
    }

    fn relink_donors(&mut self) -> Result<u64> {
        let donors: BTreeSet<u64> = self.facts.rows(Table::Donors).map(|(&key, _)| key).collect();
        let Some(place) = super::cells::place(Table::Donations, "donor_id") else { return Ok(0) };
        let mut changed = 0;
        let donations = self.facts.tables.entry(Table::Donations).or_default();
        let mut set = |key: u64, cell: super::cells::Cell| {
            if let Some(row) = donations.get_mut(&key) {
                let mut cells = row.to_vec();
                cells[place] = cell;
                *row = cells.into();
            }
        };
        self.facts.quarantine.retain(|row| {
            let back = row.table == Table::Donations
                && row.reason == Reason::UnknownDonor
                && row.kept
                && donors.contains(&row.reference);
            if let (true, Some(key)) = (back, row.key) {
                set(key, super::cells::Cell::Key(row.reference));
                changed += 1;
            }
            !back
        });
        let orphans: Vec<(u64, u64)> = self
            .facts
            .rows(Table::Donations)
            .filter_map(|(&key, row)| Named(Table::Donations, row).key("donor_id").map(|donor| (key, donor)))
            .filter(|(_, donor)| !donors.contains(donor))
            .collect();
        let donations = self.facts.tables.entry(Table::Donations).or_default();
        for (key, donor) in orphans {
            if let Some(row) = donations.get_mut(&key) {
                let mut cells = row.to_vec();
                cells[place] = super::cells::Cell::Null;
                *row = cells.into();
            }
            self.facts.quarantine.push(Quarantined {
                table: Table::Donations,
                key: Some(key),
                reason: Reason::UnknownDonor,
                kept: true,
                column: "donor_id".into(),
                value: Some(donor.to_string()),
                amount: 0,
                reference: donor,
                mark: 0,
            });
            changed += 1;
        }
        Ok(changed)
    }

    fn totals(&mut self, table: Table) -> Result<Totals> {
        let mut sum = Totals::default();
        self.contributions(table).for_each(|(_, totals)| sum.add(&totals));
        Ok(sum)
    }

    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>> {
        let mut ranges: BTreeMap<u64, Totals> = BTreeMap::new();
        self.contributions(table).for_each(|(key, totals)| ranges.entry(key / width).or_default().add(&totals));
        Ok(ranges.into_iter().filter(|(_, totals)| *totals != Totals::default()).collect())
    }

    fn census(&mut self, table: Table) -> Result<Census> {
        let mut census = Census { facts: self.facts.rows(table).count() as u64, ..Census::default() };
        for row in self.facts.quarantine.iter().filter(|row| row.table == table) {
            let part = if row.kept { &mut census.remarks } else { &mut census.rejected };
            *part.entry(row.reason).or_default() += 1;
        }
        Ok(census)
    }

    fn commit(mut self: Box<Self>, state: &State) -> Result<()> {
        self.facts.state = Some(state.clone());
        let mut facts = std::mem::take(&mut self.facts);
        let mut current = self.turn.0.facts.write().unwrap_or_else(PoisonError::into_inner);
        // What people said while the load ran.
        facts.accepted.clone_from(&current.accepted);
        facts.accepted_months.clone_from(&current.accepted_months);
        *current = Arc::new(facts);
        drop(current);
        Ok(())
    }
}
