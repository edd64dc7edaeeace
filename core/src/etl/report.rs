//! What a load did, for a person and for a program.

use super::load::{Census, Changes};
use crate::model::Table;
use crate::source::Totals;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a table was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Every row, into an emptied table.
    Full,
    /// The rows modified since the last load, and the ranges where counts or sums differed.
    Changed,
    /// Every row, compared with what was there, because the table has no modification time or is small, or because privacy hangs on it.
    Compared,
    /// None but those whose fault may have passed: the source says that nothing has changed since the last load.
    Unchanged,
}

/// What happened to one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    /// The table.
    pub table: Table,
    /// Its name in the source.
    pub source_name: String,
    /// How it was read.
    pub reading: Reading,
    /// Rows in the source, as the source counts them.
    pub source_rows: u64,
    /// Rows read in this run; a row that was read twice counts twice.
    pub rows_read: u64,
    /// Where the rows are: `source_rows` equals `facts` plus all rejected ones.
    pub census: Census,
    /// What changed in the clean table.
    pub changes: Changes,
    /// Cells whose text was repaired.
    pub repaired_cells: u64,
    /// Canonical columns that the source lacks.
    pub missing_columns: Vec<String>,
    /// Ranges of keys that were read again because counts or sums differed.
    pub ranges_reread: u64,
}

/// What a load did. `Display` is a table for a person, serde gives the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Number of the load.
    pub run: u64,
    /// The day of the load.
    pub as_of: Date,
    /// What was loaded from.
    pub source: String,
    /// Everything was read anew.
    pub full: bool,
    /// One entry for each table of the source, in the order of loading.
    pub tables: Vec<TableReport>,
    /// Donations that lost or regained their donor because donors came or went.
    pub relinked_donations: u64,
    /// What the administrator should know.
    pub warnings: Vec<String>,
}

impl Report {
    /// Rows in the source, all tables.
    pub fn source_rows(&self) -> u64 {
        self.tables.iter().map(|table| table.source_rows).sum()
    }

    /// Rows read, all tables.
    pub fn rows_read(&self) -> u64 {
        self.tables.iter().map(|table| table.rows_read).sum()
    }

    /// Clean rows, all tables.
    pub fn facts(&self) -> u64 {
        self.tables.iter().map(|table| table.census.facts).sum()
    }

    /// Rejected rows, all tables.
    pub fn rejected(&self) -> u64 {
        self.tables.iter().map(|table| table.census.rejected.values().sum::<u64>()).sum()
    }

    /// What changed, all tables.
    pub fn changes(&self) -> Changes {
        let mut all = Changes::default();
        self.tables.iter().for_each(|table| all.add(table.changes));
        all
    }

    /// Every row of the source is either a clean row or a rejected one.
    pub fn balances(&self) -> bool {
        self.tables.iter().all(|t| t.source_rows == t.census.facts + t.census.rejected.values().sum::<u64>())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.full { "full" } else { "incremental" };
        writeln!(f, "Load {} of {} as of {} ({kind})", self.run, self.source, self.as_of)?;
        writeln!(
            f,
            "{:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}{:>9}",
            "table", "source", "read", "clean", "rejected", "new", "changed", "deleted"
        )?;
        for table in &self.tables {
            writeln!(
                f,
                "{:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}{:>9}",
                table.table.name(),
                table.source_rows,
                table.rows_read,
                table.census.facts,
                table.census.rejected.values().sum::<u64>(),
                table.changes.inserted,
                table.changes.updated,
                table.changes.deleted,
            )?;
        }
        let changes = self.changes();
        writeln!(
            f,
            "{:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}{:>9}",
            "all",
            self.source_rows(),
            self.rows_read(),
            self.facts(),
            self.rejected(),
            changes.inserted,
            changes.updated,
            changes.deleted,
        )?;
        let verdict = if self.balances() { "every row is accounted for" } else { "ROWS ARE MISSING" };
        writeln!(f, "counts and sums equal the source's; {verdict}")?;
        for table in &self.tables {
            for (reason, count) in &table.census.rejected {
                writeln!(f, "  rejected  {:<14}{reason:<22}{count:>8}", table.table.name())?;
            }
            for (reason, count) in &table.census.remarks {
                writeln!(f, "  remark    {:<14}{reason:<22}{count:>8}  (row kept)", table.table.name())?;
            }
            if table.repaired_cells > 0 {
                let name = table.table.name();
                writeln!(f, "  repaired  {name:<14}{:<22}{:>8}", "latin1 inside utf8", table.repaired_cells)?;
            }
            if !table.missing_columns.is_empty() {
                let columns = table.missing_columns.join(", ");
                writeln!(f, "  note      {:<14}the source has no {columns}", table.table.name())?;
            }
            if table.ranges_reread > 0 {
                let ranges = table.ranges_reread;
                writeln!(f, "  note      {:<14}{ranges} ranges differed and were read again", table.table.name())?;
            }
        }
        if self.relinked_donations > 0 {
            writeln!(f, "  note      donations     {} lost or regained their donor", self.relinked_donations)?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning   {warning}")?;
        }
        Ok(())
    }
}

/// How far a load has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Rows of the table read so far.
    pub rows: u64,
    /// Rows expected, if known.
    pub expected: Option<u64>,
}

/// What a load is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reading a table.
    Reading(Table),
    /// A table has been read to its end.
    Read(Table),
    /// Comparing counts and sums with the source's.
    Reconciling,
    /// Summing ahead and making it visible.
    Committing,
    /// Done.
    Done,
}

/// Where counts and sums of a table part; empty where they agree.
pub(super) fn differences(source: &Totals, store: &Totals) -> Vec<String> {
    let mut list = Vec::new();
    let mut compare = |what: &str, source: i128, store: i128| {
        if source != store {
            list.push(format!("{what} {source} in the source, {store} in the store"));
        }
    };
    compare("rows:", i128::from(source.rows), i128::from(store.rows));
    compare("sum of keys:", source.keys, store.keys);
    compare("sum of amounts in sen:", source.amount, store.amount);
    list
}
