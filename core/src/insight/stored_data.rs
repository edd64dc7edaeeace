//! What is stored about a person, in the few facts that the law gives them a right to.

use crate::model::Number;
use jiff::civil::Date;

/// What is stored about a donor.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredData {
    /// The name, as stored.
    pub name: String,
    /// The numbers known to be the donor's; they are shown masked.
    pub numbers: Vec<Number>,
    /// Gifts received.
    pub gifts: u64,
    /// The first gift.
    pub first: Option<Date>,
    /// The last gift.
    pub last: Option<Date>,
    /// The last word on consent.
    pub consent: Option<ConsentNote>,
    /// Wants no messages, since then.
    pub opted_out: Option<Date>,
    /// How many uses of the data are noted.
    pub uses: u64,
}

/// A note of consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentNote {
    /// Given, or withdrawn.
    pub given: bool,
    /// When.
    pub on: Date,
    /// Which text.
    pub version: String,
}
