//! What is strange: months in which a category cost, or the donors gave, more or less than they used to; single lines
//! of the cash book; values of a stream.
//!
//! What is tested never enters its own baseline. With it inside, n values allow no larger z than (n − 1)/√n, so that a
//! threshold of 3 could not fire before the eleventh month.
//!
//! ```
//! use dermawan::{CategoryId, CategoryMonth, Rupiah, anomaly};
//! use jiff::civil::date;
//! let konsumsi: Vec<_> = ["2025-10", "2025-11", "2025-12", "2026-01"]
//!     .into_iter()
//!     .zip([3_000_000, 3_200_000, 3_100_000, 5_500_000])
//!     .map(|(month, rupiah)| {
//!         Ok(CategoryMonth { category: CategoryId(1), month: month.parse()?, total: Rupiah::new(rupiah), count: 1 })
//!     })
//!     .collect::<dermawan::Result<_>>()?;
//! let report = anomaly::expenses(&konsumsi, date(2026, 2, 3), &anomaly::ExpenseOptions::default())?;
//! let found = &report.anomalies[0];
//! assert_eq!((found.deviation, found.kind), (Some(24.0), anomaly::Kind::Overspending));
//! assert_eq!(found.severity, anomaly::Severity::High);
//! # Ok::<(), dermawan::Error>(())
//! ```

mod esd;
mod income;
mod months;
mod options;
mod robust;
mod screen;
mod stream;
mod transaction;
mod why;
mod zscore;

pub use esd::{Esd, EsdStep, generalised_esd};
pub use income::{GiftOptions, Gifts, IncomeAnomaly, IncomeReport, Side, UnusualGift, gifts, income};
pub use months::{ExpenseAnomaly, ExpenseReport, LevelShift, expenses};
pub use options::{ExpenseOptions, Method, Months, TransactionOptions};
pub use robust::Structure;
pub use screen::{
    Benford, Conformity, Evidence, Finding, Gap, RoundAmounts, ScreenOptions, Screening, Suspect, benford, screen,
    sequence_gaps,
};
pub use stream::{Stream, StreamOptions, StreamPoint};
pub use transaction::{TransactionReport, UnusualTransaction, transactions};
pub use why::Why;

pub(crate) use screen::screen_with;

use crate::model::{CategoryId, Rupiah};
use serde::{Deserialize, Serialize};

/// On which side of what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// More than expected.
    Overspending,
    /// Less than expected.
    Underspending,
}

/// How strange. Ordered: `Medium` is the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Past the medium threshold.
    Medium,
    /// Past the high threshold.
    High,
}

/// What would have been nothing strange, to the nearest sen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedRange {
    /// Lower end; it may be below zero where the spread is large.
    pub min: Rupiah,
    /// Upper end.
    pub max: Rupiah,
}

impl ExpectedRange {
    fn around(mean: f64, reach: f64) -> Self {
        Self { min: Rupiah::from_f64(mean - reach), max: Rupiah::from_f64(mean + reach) }
    }
}

/// A category that could not be tested, and why: an answer of its own, not "nothing strange".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TooLittleHistory {
    /// The category.
    pub category: CategoryId,
    /// What the baseline would have held: months, or other transactions.
    pub there: usize,
    /// What it needs to hold.
    pub needed: usize,
}

#[cfg(test)]
mod tests;
