//! Strange expenses, as an administrator reads them.

use crate::model::{Month, Rupiah};
use jiff::civil::Date;
use serde::Serialize;

/// Which side of the expected range an amount lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnomalyDirection {
    /// Above it.
    Overspending,
    /// Below it.
    Underspending,
}

/// How far outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Outside.
    Medium,
    /// Far outside.
    High,
}

/// A category's month outside its expected range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Anomaly {
    /// The category's name as stored, to be cleaned before it enters a message.
    pub category: String,
    /// The month.
    pub month: Month,
    /// What was spent.
    pub amount: Rupiah,
    /// From where to where was expected.
    pub expected: (Rupiah, Rupiah),
    /// Above or below.
    pub direction: AnomalyDirection,
    /// How far.
    pub severity: Severity,
}

/// A category whose level changed and stayed: not an anomaly any more, but worth knowing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewLevel {
    /// The category's name as stored, to be cleaned before it enters a message.
    pub category: String,
    /// The first month of the new level.
    pub month: Month,
    /// The change as a share of the old level: 0.5 for half as much again, −0.25 for a quarter less.
    pub change: f64,
}

/// A single expense far from its category's usual amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnusualEntry {
    /// The category's name as stored, to be cleaned before it enters a message.
    pub category: String,
    /// Its date.
    pub date: Date,
    /// Its amount.
    pub amount: Rupiah,
}

/// What is strange, in the order it should be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnomalyList {
    /// Months of categories.
    pub categories: Vec<Anomaly>,
    /// Single expenses.
    pub entries: Vec<UnusualEntry>,
    /// Categories on a new level; they do not count as anomalies.
    pub levels: Vec<NewLevel>,
}

impl AnomalyList {
    /// `true` when nothing is strange.
    pub fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.entries.is_empty()
    }

    /// How many there are of both kinds.
    pub fn len(&self) -> usize {
        self.categories.len() + self.entries.len()
    }
}
