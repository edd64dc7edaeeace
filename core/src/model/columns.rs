//! What the analyses read: sums and series, in columns where there are many rows.

use super::{CategoryId, DonorId, EntryId, Month, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Which way money of the cash book moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Money in (`MASUK`).
    Income,
    /// Money out (`KELUAR`).
    Expense,
}

/// The received gifts of every donor who gave, summed, as of a date: one row a donor, all columns of one length, in
/// ascending order of `donor`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DonorGifts {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// Gifts ever.
    pub count: Vec<u32>,
    /// Their sum.
    pub total: Vec<Rupiah>,
    /// Date of the first gift.
    pub first: Vec<Date>,
    /// Date of the last gift.
    pub last: Vec<Date>,
    /// Gifts of the last calendar months: on or after the same day of the month so many months before the as-of date.
    /// How many months is the caller's choice when the columns are asked for (three for the churn score).
    pub recent: Vec<u32>,
}

impl DonorGifts {
    /// How many donors.
    pub fn len(&self) -> usize {
        self.donor.len()
    }

    /// `true` without donors.
    pub fn is_empty(&self) -> bool {
        self.donor.is_empty()
    }
}

/// A month's total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthTotal {
    /// The month.
    pub month: Month,
    /// The sum.
    pub total: Rupiah,
    /// How many rows it sums.
    pub count: u64,
}

/// A category's total in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryMonth {
    /// The category.
    pub category: CategoryId,
    /// The month.
    pub month: Month,
    /// The sum.
    pub total: Rupiah,
    /// How many rows it sums.
    pub count: u64,
}

/// A month that somebody looked at and found in order. It stays so while its sum stays the same. A finding of months may
/// be given for it: what else it says is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AcceptedMonth {
    /// The expense category; `None` for the donations of all donors.
    #[serde(default)]
    pub category: Option<CategoryId>,
    /// The month.
    pub month: Month,
    /// What it came to.
    pub amount: Rupiah,
}

/// Lines of the cash book, all columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CashEntries {
    /// The line.
    pub entry: Vec<EntryId>,
    /// Its category.
    pub category: Vec<CategoryId>,
    /// Its amount.
    pub amount: Vec<Rupiah>,
    /// Its date.
    pub date: Vec<Date>,
}

impl CashEntries {
    /// How many lines.
    pub fn len(&self) -> usize {
        self.entry.len()
    }

    /// `true` without lines.
    pub fn is_empty(&self) -> bool {
        self.entry.is_empty()
    }
}

/// Both directions of the cash book in columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CashBook {
    /// The line.
    pub entry: Vec<EntryId>,
    /// Money in or out.
    pub direction: Vec<Direction>,
    /// Its category.
    pub category: Vec<CategoryId>,
    /// Its amount.
    pub amount: Vec<Rupiah>,
    /// The day it counts for.
    pub date: Vec<Date>,
    /// The day (in UTC) it was typed in, where that is known; may be empty.
    #[serde(default)]
    pub entered: Vec<Option<Date>>,
    /// Its text; may be empty.
    #[serde(default)]
    pub text: Vec<String>,
}

impl CashBook {
    /// How many lines.
    pub fn len(&self) -> usize {
        self.entry.len()
    }

    /// `true` without lines.
    pub fn is_empty(&self) -> bool {
        self.entry.is_empty()
    }
}

/// A gapless series of whole months: `values[i]` belongs to `first + i`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthlySeries {
    /// The month of the first value.
    pub first: Month,
    /// One value a month, in rupiah where it is money.
    pub values: Vec<f64>,
}

impl MonthlySeries {
    /// Sums by month become a gapless series that ends with the last whole month as of `as_of`. A month without a row
    /// is a zero; months before the first row are unknown and not part of the series; the running month is left out.
    /// `totals` may come in any order and may name a month more than once. `None` when no whole month is left.
    pub fn of_totals(totals: impl IntoIterator<Item = (Month, Rupiah)>, as_of: Date) -> Option<Self> {
        let end = Month::of(as_of) - 1;
        let mut sums = std::collections::BTreeMap::<Month, Rupiah>::new();
        for (month, total) in totals {
            *sums.entry(month).or_default() += total;
        }
        let first = *sums.keys().next()?;
        if first > end {
            return None;
        }
        let values = first.through(end).map(|month| sums.get(&month).map_or(0.0, |total| total.to_f64())).collect();
        Some(Self { first, values })
    }

    /// The last month.
    pub fn last(&self) -> Month {
        self.first + (self.values.len() as i32 - 1).max(0)
    }

    /// Each month with its value.
    pub fn iter(&self) -> impl Iterator<Item = (Month, f64)> + '_ {
        (0..).map(|i| self.first + i).zip(self.values.iter().copied())
    }

    /// The last `months` months; the whole series when it is not longer.
    #[must_use]
    pub fn tail(&self, months: usize) -> Self {
        let skip = self.values.len().saturating_sub(months);
        Self { first: self.first + skip as i32, values: self.values[skip..].to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn gaps_are_zeros_and_the_running_month_is_left_out() {
        let totals = [
            (month("2026-03"), Rupiah::new(3)),
            (month("2025-12"), Rupiah::new(1)),
            (month("2026-03"), Rupiah::new(4)),
            (month("2026-04"), Rupiah::new(9)),
        ];
        let series = MonthlySeries::of_totals(totals, date(2026, 4, 30)).unwrap();
        assert_eq!((series.first, series.values.as_slice()), (month("2025-12"), [1.0, 0.0, 0.0, 7.0].as_slice()));
        assert_eq!(series.last(), month("2026-03"));
        let whole = MonthlySeries::of_totals(totals, date(2026, 5, 1)).unwrap();
        assert_eq!(whole.last(), month("2026-04"));
        assert_eq!(series.tail(2).first, month("2026-02"));
        assert!(MonthlySeries::of_totals(totals, date(2025, 12, 31)).is_none());
    }
}
