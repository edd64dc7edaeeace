//! What the loading needs of a store.

use super::quarantine::{Quarantined, Reason};
use crate::error::Result;
use crate::model::Table;
use crate::source::Totals;
use arrow::array::RecordBatch;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One load: a transaction. Nothing of it is seen by a reader before [`Load::commit`], and nothing of it remains when
/// it is dropped without.
///
/// Rows enter on two ways: [`Load::append`] puts them straight into an emptied table; [`Load::stage`] collects them, and
/// [`Load::merge`] compares them with what is there.
pub trait Load: Send {
    /// Empties a clean table and its quarantine.
    fn clear(&mut self, table: Table) -> Result<()>;

    /// Adds clean rows (columns as in [`super::facts::schema`]) whose keys are not in the table. The batches are asked
    /// for one by one, so that they need not be in memory together.
    fn append(&mut self, table: Table, batches: &mut dyn Iterator<Item = RecordBatch>) -> Result<()>;

    /// Called when a cleared table has all its rows, in the order of [`Table::ALL`]: what is summed ahead of it may be
    /// summed now, while the source still sends the next table.
    fn summarise(&mut self, table: Table, as_of: Date) -> Result<()>;

    /// Adds rows to the quarantine that belong to rows given to [`Load::append`].
    fn quarantine(&mut self, rows: &[Quarantined]) -> Result<()>;

    /// Collects clean rows and quarantined ones to be merged.
    fn stage(&mut self, table: Table, rows: &RecordBatch, quarantined: &[Quarantined]) -> Result<()>;

    /// Makes the staged rows the truth within `scope` and forgets the stage: new keys are inserted, differing rows
    /// replaced, and rows of the scope that were not staged are deleted.
    fn merge(&mut self, table: Table, scope: &Scope) -> Result<Changes>;

    /// The keys of a clean table, ascending.
    fn keys(&mut self, table: Table) -> Result<Vec<u64>>;

    /// Keys of rows that are in quarantine for a reason that may have passed ([`Reason::PASSING`]), ascending; without
    /// the donations that [`Load::relink_donors`] takes care of.
    fn revisit(&mut self, table: Table) -> Result<Vec<u64>>;

    /// Gives donations and the donors that came or went since back to each other: a donation whose donor is gone loses
    /// him and gets a remark, one whose donor has come gets him back. Returns how many donations changed.
    fn relink_donors(&mut self) -> Result<u64>;

    /// Counts and sums over the table and its quarantine, to compare with the source's.
    fn totals(&mut self, table: Table) -> Result<Totals>;

    /// The same where [`Sums::Essential`] are enough; the others may be zero.
    ///
    /// [`Sums::Essential`]: crate::source::Sums::Essential
    fn essential_totals(&mut self, table: Table) -> Result<Totals> {
        self.totals(table)
    }

    /// The same for each range of `width` keys, ascending, empty ranges left out.
    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>>;

    /// Counts the clean rows and the quarantine of a table.
    fn census(&mut self, table: Table) -> Result<Census>;

    /// Brings everything that is summed ahead up to date, records the state, and makes all of it visible at once.
    fn commit(self: Box<Self>, state: &State) -> Result<()>;
}

/// How far a merge may delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing is deleted.
    Staged,
    /// Rows whose key lies in a range, both ends included, and was not staged are deleted.
    Ranges(Vec<(u64, u64)>),
    /// Every row that was not staged is deleted.
    All,
}

/// What a merge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Rows that were not there.
    pub inserted: u64,
    /// Rows that differ from before.
    pub updated: u64,
    /// Rows that are gone.
    pub deleted: u64,
}

impl Changes {
    /// `true` without any change.
    pub const fn is_empty(&self) -> bool {
        self.inserted == 0 && self.updated == 0 && self.deleted == 0
    }

    /// Adds another merge's changes.
    pub fn add(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.deleted += other.deleted;
    }
}

/// How many rows of a table are where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// Rows in the clean table.
    pub facts: u64,
    /// Rows in quarantine only, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// Remarks on rows that are in the clean table, by reason.
    pub remarks: BTreeMap<Reason, u64>,
}

/// What a store remembers of its last good load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Number of the load, from 1.
    pub run: u64,
    /// The day of the load in the organisation's zone.
    pub as_of: Date,
    /// What was loaded from, such as `mysql:panti`.
    pub source: String,
    /// A number that changes when the rules of the load do; then everything is read anew.
    pub rules: String,
    /// The day on which everything was last read anew; `None` in a file of an earlier version.
    #[serde(default)]
    pub full_on: Option<Date>,
    /// One entry for each table that the source has.
    pub tables: BTreeMap<Table, Freshness>,
}

/// How fresh a table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// Rows in the source.
    pub rows: u64,
    /// Rows in the clean table.
    pub facts: u64,
    /// The source's clock at the snapshot, microseconds since 1970 UTC.
    pub taken_at: Option<i64>,
    /// The newest modification seen, microseconds since 1970 UTC.
    pub watermark: Option<i64>,
    /// The source's version of the table ([`crate::source::Snapshot::version`]), where it knew one.
    #[serde(default)]
    pub version: Option<u64>,
}
