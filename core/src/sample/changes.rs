//! What happens to the rows after the sample was taken.

use super::cell::{Form, Row, sql_table, write_cell};
use super::donations;
use super::plan::Sample;
use super::rng::{Rng, Stream};
use crate::model::Table;
use std::collections::BTreeSet;

/// Changes of donations as SQL, and how many rows they touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleChanges {
    /// To be run in order, after [`SESSION`](super::SESSION).
    pub statements: Vec<String>,
    /// Donations whose amount changes, together with `updated_at`, ascending.
    pub updated: Vec<u64>,
    /// How many donations are added.
    pub inserted: u64,
    /// Donations deleted, ascending. Lines of the cash book that named one name none afterwards, by the database's
    /// `ON DELETE SET NULL` and without a change of their `updated_at` (where the foreign keys are there).
    pub deleted: Vec<u64>,
}

impl Sample {
    /// Changes `n` donations (fewer when there are too few): a tenth are deleted, a tenth as many added, the others
    /// get Rp 1.000 more and a new modification time. All is stamped an hour after the sample's end, and another
    /// hour later for each `round`: the caller counts rounds up. Keys that an earlier round deleted may be met again;
    /// they then change nothing, so compare counts with the database's own.
    pub fn changes(&self, round: u32, n: u64) -> SampleChanges {
        let last = self.last_donation();
        let n = n.min(last / 2);
        let mut rng = Rng::keyed(self.options.seed, Stream::Change, u64::from(round), 0);
        let mut chosen = BTreeSet::new();
        while (chosen.len() as u64) < n {
            chosen.insert(1 + rng.below(last));
        }
        let (deleted, updated): (Vec<u64>, Vec<u64>) = chosen.into_iter().partition(|_| rng.chance(0.1));
        let stamp = self.window.taken_at() + 3_600 * (i64::from(round) + 1);
        let mut changes = SampleChanges { inserted: n / 10, updated, deleted, ..SampleChanges::default() };
        let list = |keys: &[u64]| keys.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        for keys in changes.updated.chunks(1_000) {
            changes.statements.push(format!(
                "UPDATE donasi SET jumlah = jumlah + 1000, updated_at = FROM_UNIXTIME({stamp}) WHERE id_donasi IN ({})",
                list(keys)
            ));
        }
        for keys in changes.deleted.chunks(1_000) {
            // Foreign keys must be at work for ON DELETE SET NULL.
            changes.statements.push("SET FOREIGN_KEY_CHECKS = 1".into());
            changes.statements.push(format!("DELETE FROM donasi WHERE id_donasi IN ({})", list(keys)));
            changes.statements.push("SET FOREIGN_KEY_CHECKS = 0".into());
        }
        let month = self.window.months.len() - 1;
        for index in 0..changes.inserted {
            // The charity box's numbers of the running month go on; those of rounds do not meet.
            let number = u64::MAX - (u64::from(round) << 32) - index;
            let mut gift = donations::without_donor(self.options.seed, &self.window, month, number);
            gift.entered = stamp;
            changes.statements.push(insert(&gift.row(0, &self.window)));
        }
        changes
    }
}

/// An `INSERT` that leaves the key to the database.
fn insert(row: &Row) -> String {
    let target = sql_table(Table::Donations);
    let mut text = format!("INSERT INTO {} ({}) VALUES (", target.name, target.columns[1..].join(","));
    for (i, cell) in row[1..].iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        write_cell(&mut text, cell, Form::Sql);
    }
    text.push(')');
    text
}
