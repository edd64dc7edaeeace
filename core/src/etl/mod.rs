//! Rows become facts.

use crate::model::Table;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a store remembers of its last good load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The date the facts are as of.
    pub as_of: Date,
}

/// A row in quarantine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its table.
    pub table: Table,
}

/// One load: a transaction of the store.
pub trait Load {}
