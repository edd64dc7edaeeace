//! How fresh and how large the analytics are.

use crate::model::Table;
use jiff::civil::Date;
use serde::Serialize;

/// Freshness and size of what the answers are made from. The queue of outgoing messages is the outbox's to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The date that the facts are as of; `None` while nothing has been loaded.
    pub as_of: Option<Date>,
    /// The rows of each table.
    pub tables: Vec<TableRows>,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Donors' wishes to be erased that were confirmed and are not done.
    pub erasures: u64,
    /// Since when the oldest of them waits.
    pub erasures_since: Option<Date>,
}

/// A table and its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TableRows {
    /// The table.
    pub table: Table,
    /// How many rows.
    pub rows: u64,
}
