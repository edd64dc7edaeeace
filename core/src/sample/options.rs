//! How large the sample is.

use crate::error::{Error, ErrorKind, Result};
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// How large the sample is, when it ends, and whether bad rows are planted in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleOptions {
    /// The same seed gives the same rows, on every platform (default 1).
    pub seed: u64,
    /// The day the sample ends; the month it lies in is the running one (default 2026-01-20, the month of the
    /// library's example messages).
    pub as_of: Date,
    /// Whole months before the running one, 12 to 600 (default 48: four years have four Ramadans in three or four
    /// different civil months).
    pub months: u16,
    /// Donors, 1 to 10,000,000 (default 400). The first is Pak Budi with 12 monthly gifts of Rp 500.000.
    pub donors: u64,
    /// Donations, exactly, before the rows that `traps` adds (default 8,500). At least 12; what the donors do not give
    /// comes from charity boxes and institutions.
    pub donations: u64,
    /// Registered WhatsApp numbers, at most one a donor, at least one (default 200).
    pub contacts: u64,
    /// Expenses in the cash book: none, or at least 20 a month so that every category has one (default 2,000).
    pub expenses: u64,
    /// Donations that have a line in the cash book (default: each that was received); no more than are received.
    pub income_entries: Option<u64>,
    /// Children in care (default 25, the number of the example messages).
    pub children: u32,
    /// Plant bad rows: see [`Trap`](super::Trap) (default yes).
    pub traps: bool,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            as_of: date(2026, 1, 20),
            months: 48,
            donors: 400,
            donations: 8_500,
            contacts: 200,
            expenses: 2_000,
            income_entries: None,
            children: 25,
            traps: true,
        }
    }
}

impl SampleOptions {
    /// What `demo` shows: the defaults.
    pub fn demo() -> Self {
        Self::default()
    }

    /// The whole schema for benches, with so many donations (at least 1,200): a donor for every 10, a registered
    /// number for every second donor, and 3 lines of the cash book for every 10 donations. No bad rows, since the
    /// libraries that the benches race against stop at them.
    pub fn bench(donations: u64) -> Self {
        let donors = (donations / 10).max(1);
        let expenses = (donations / 50).max(960);
        Self {
            donors,
            donations,
            contacts: (donors / 2).max(1),
            expenses,
            income_entries: Some((donations * 3 / 10).saturating_sub(expenses)),
            traps: false,
            ..Self::default()
        }
    }

    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |key: &str, allowed: &str| {
            Err(Error::new(ErrorKind::InvalidInput, format!("sample.{key} is outside what is allowed"))
                .hint(format!("allowed is {allowed}")))
        };
        if !(date(1990, 1, 1)..=date(2060, 12, 31)).contains(&self.as_of) {
            return wrong("as_of", "1990-01-01 to 2060-12-31");
        }
        if !(12..=600).contains(&self.months) {
            return wrong("months", "12 to 600");
        }
        // TIMESTAMP columns of MySQL begin in 1970; donors may have registered two years before the first gift.
        if i32::from(self.as_of.year()) - i32::from(self.months) / 12 < 1974 {
            return wrong("months", "a sample that begins in 1974 or later");
        }
        if !(1..=10_000_000).contains(&self.donors) {
            return wrong("donors", "1 to 10,000,000");
        }
        if !(12..=1_000_000_000).contains(&self.donations) {
            return wrong("donations", "12 to 1,000,000,000");
        }
        if !(1..=self.donors).contains(&self.contacts) {
            return wrong("contacts", "1 to the number of donors");
        }
        if self.expenses != 0 && self.expenses < 20 * u64::from(self.months) {
            return wrong("expenses", "0, or at least 20 a month");
        }
        if self.income_entries.is_some_and(|entries| entries > self.donations) {
            return wrong("income_entries", "at most the number of donations");
        }
        if self.children > 100_000 {
            return wrong("children", "at most 100,000");
        }
        Ok(())
    }
}
