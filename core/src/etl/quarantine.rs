//! Rows that are not as they should be, with the reason.

use crate::model::Table;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a row is in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The row has no key.
    MissingKey,
    /// Another row of the table has the same key; the first one is kept.
    DuplicateKey,
    /// The date is missing or no calendar has it.
    ImpossibleDate,
    /// The date lies before the earliest one accepted.
    DateTooEarly,
    /// The date lies after the day of the load.
    FutureDate,
    /// The amount is missing or not a number.
    ImpossibleAmount,
    /// The amount is text like `250.000`, which could be two amounts; `number_format` in the mapping says which.
    AmbiguousAmount,
    /// A cell that should be a number is not, or is out of range; the row is kept without it.
    ImpossibleNumber,
    /// The amount has more than two decimals.
    FractionOfSen,
    /// The amount is below zero, or zero for a gift.
    AmountNotPositive,
    /// The amount is above the largest one accepted.
    AbsurdAmount,
    /// The row names a donor who is not there. A donation is kept without its donor and counts in the totals.
    UnknownDonor,
    /// The row names a category that is not there; it is kept.
    UnknownCategory,
    /// The line of the cash book says neither that money comes in nor that it goes out.
    UnknownDirection,
    /// The WhatsApp number is not one.
    InvalidNumber,
    /// A text lost characters before it reached the source; it is kept as it is.
    DamagedText,
}

impl Reason {
    /// Reasons that other rows or the passing of time may take away; such rows are read again at every load.
    pub const PASSING: [Self; 3] = [Self::FutureDate, Self::UnknownDonor, Self::UnknownCategory];

    /// The stable name, such as `unknown_donor`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MissingKey => "missing_key",
            Self::DuplicateKey => "duplicate_key",
            Self::ImpossibleDate => "impossible_date",
            Self::DateTooEarly => "date_too_early",
            Self::FutureDate => "future_date",
            Self::ImpossibleAmount => "impossible_amount",
            Self::AmbiguousAmount => "ambiguous_amount",
            Self::ImpossibleNumber => "impossible_number",
            Self::FractionOfSen => "fraction_of_sen",
            Self::AmountNotPositive => "amount_not_positive",
            Self::AbsurdAmount => "absurd_amount",
            Self::UnknownDonor => "unknown_donor",
            Self::UnknownCategory => "unknown_category",
            Self::UnknownDirection => "unknown_direction",
            Self::InvalidNumber => "invalid_number",
            Self::DamagedText => "damaged_text",
        }
    }

    /// All reasons.
    pub const ALL: [Self; 16] = [
        Self::MissingKey,
        Self::DuplicateKey,
        Self::ImpossibleDate,
        Self::DateTooEarly,
        Self::FutureDate,
        Self::ImpossibleAmount,
        Self::AmbiguousAmount,
        Self::ImpossibleNumber,
        Self::FractionOfSen,
        Self::AmountNotPositive,
        Self::AbsurdAmount,
        Self::UnknownDonor,
        Self::UnknownCategory,
        Self::UnknownDirection,
        Self::InvalidNumber,
        Self::DamagedText,
    ];

    /// The reason of this name.
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A row in quarantine, or a remark on a row that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its table.
    pub table: Table,
    /// Its key in the source, if it has one.
    pub key: Option<u64>,
    /// Why.
    pub reason: Reason,
    /// The row is in the clean table all the same, without what is wrong with it.
    pub kept: bool,
    /// The canonical column at fault.
    pub column: String,
    /// The value at fault, as text. It may be personal: for administrators only, never for logs.
    pub value: Option<String>,
    /// What the row adds to the source's sum of amounts, in sen; zero for a kept row.
    pub amount: i128,
    /// What it adds to the sum of references and is not in the clean row.
    pub reference: u64,
    /// What it adds to the sum of marks; zero for a kept row.
    pub mark: i64,
}
