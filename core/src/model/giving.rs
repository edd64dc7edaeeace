//! Who gave when, in columns: what the models of churn read.

use super::{DonationId, DonorId, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A received gift of a known donor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceivedGift {
    /// The gift.
    pub donation: DonationId,
    /// Whose.
    pub donor: DonorId,
    /// When it was given.
    pub date: Date,
}

/// The received gifts of every donor who gave, as of a date: one row a donor, all columns of one length, in ascending
/// order of `donor`. Gifts of one day count as one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatGiving {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// Days with a gift.
    pub days: Vec<u32>,
    /// The first of them.
    pub first: Vec<Date>,
    /// The last.
    pub last: Vec<Date>,
    /// Sum of the gifts.
    pub total: Vec<Rupiah>,
    /// How many of the days lie in a season (Ramadan, say).
    pub season_days: Vec<u32>,
    /// In how many different seasons the donor gave.
    pub seasons: Vec<u32>,
}

impl RepeatGiving {
    /// How many donors.
    pub fn len(&self) -> usize {
        self.donor.len()
    }

    /// `true` without donors.
    pub fn is_empty(&self) -> bool {
        self.donor.is_empty()
    }
}

/// Periods of some whole months that end with the as-of date, and who gave in which: one row a donor who gave, all
/// columns of one length, in ascending order of `donor`.
///
/// The last period ends with the as-of date, the one before a period earlier, and so on back to the donor's first gift:
/// none is unfinished.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opportunities {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// x: periods with a gift, after that of the first gift.
    pub frequency: Vec<u32>,
    /// `t_x`: periods from that of the first gift to that of the last.
    pub recency: Vec<u32>,
    /// n: periods from that of the first gift to the last one.
    pub age: Vec<u32>,
}

impl Opportunities {
    /// How many donors.
    pub fn len(&self) -> usize {
        self.donor.len()
    }

    /// `true` without donors.
    pub fn is_empty(&self) -> bool {
        self.donor.is_empty()
    }
}

/// Every day on which a donor gave, in ascending order of donor and day; all columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GiftDays {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// The day.
    pub day: Vec<Date>,
    /// Sum of the donor's gifts on it.
    pub total: Vec<Rupiah>,
}

impl GiftDays {
    /// How many days, of all donors together.
    pub fn len(&self) -> usize {
        self.donor.len()
    }

    /// `true` without any.
    pub fn is_empty(&self) -> bool {
        self.donor.is_empty()
    }
}

/// What each donor gave in each civil year, in ascending order of donor and year; years without a gift are absent. All
/// columns have one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearlyGiving {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// The civil year.
    pub year: Vec<i16>,
    /// Gifts in it.
    pub count: Vec<u32>,
    /// Their sum.
    pub total: Vec<Rupiah>,
}

impl YearlyGiving {
    /// How many rows: donors times years with a gift.
    pub fn len(&self) -> usize {
        self.donor.len()
    }

    /// `true` without any.
    pub fn is_empty(&self) -> bool {
        self.donor.is_empty()
    }
}
