//! One number for those cells of a row that a person may change by hand without moving its modification time.
//!
//! The source's database computes it, so does the store, and so does every source that has only rows: exactly the same
//! number, whatever is in the cells. A cell that could not be read (`0000-00-00`, a category below zero) adds nothing.

use crate::model::Table;

/// Day 1 is 1 January of the year 1 (as `TO_DAYS` of MySQL counts, but for the year 0): the number of 1970-01-01.
pub(crate) const DAYS_TO_1970: i32 = 719_528;

/// Days before 1000-01-01 add nothing: that is where MySQL's calendar begins. The number of that day.
const FIRST_DAY: i32 = 365_243;

/// Rows weigh by their key, so that two that swap their cells do not cancel each other out: from 1 to this prime.
pub(crate) const WEIGHTS: u64 = 1021;

/// Categories count modulo this prime, so that no key is too large for the sum.
pub(crate) const CATEGORIES: u64 = 65_521;

/// What a day of a row with a category is multiplied with, so that day and category have places of their own.
pub(crate) const CATEGORY_PLACES: u64 = 65_536;

/// A number that changes when a status does, and that SQL computes as `ASCII(s) * 1000 + LENGTH(s)`: the first byte
/// times a thousand plus the length in bytes.
pub fn mark(status: &str) -> i128 {
    i128::from(status.bytes().next().unwrap_or(0)) * 1000 + status.len() as i128
}

/// The columns of date and category that a row's mark looks at, where its table has them. That of the status or the
/// verification is among [`super::summed_columns`].
pub const fn marked_columns(table: Table) -> (Option<&'static str>, Option<&'static str>) {
    match table {
        Table::Donations => (Some("date"), None),
        Table::CashEntries => (Some("date"), Some("category_id")),
        _ => (None, None),
    }
}

/// The cells of a row that its mark looks at; what a table does not have is left at its default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marked<'a> {
    /// The row's key.
    pub key: Option<u64>,
    /// Status of a donation.
    pub status: Option<&'a str>,
    /// Verification of a contact.
    pub flag: bool,
    /// Date of a donation or cash entry, in days since 1970-01-01.
    pub day: Option<i32>,
    /// Category of a cash entry.
    pub category: Option<u64>,
}

impl Marked<'_> {
    /// What the row adds to the marks of its table.
    ///
    /// ```
    /// use dermawan::{Table, source::Marked};
    /// let gift = Marked { key: Some(4), status: Some("success"), day: Some(20_000), ..Marked::default() };
    /// let moved = Marked { day: Some(20_001), ..gift };
    /// assert_ne!(gift.sum(Table::Donations), moved.sum(Table::Donations));
    /// ```
    pub fn sum(&self, table: Table) -> i128 {
        let status = self.status.map_or(0, mark);
        let days = self.day.map_or(0, |day| day.saturating_add(DAYS_TO_1970));
        let days = if days < FIRST_DAY { 0 } else { i128::from(days) };
        let weight = i128::from(self.key.unwrap_or(0) % WEIGHTS + 1);
        match table {
            Table::Donations => (status + days) * weight,
            Table::CashEntries => {
                let category = self.category.unwrap_or(0) % CATEGORIES;
                (days * i128::from(CATEGORY_PLACES) + i128::from(category)) * weight
            }
            _ => status + i128::from(self.flag),
        }
    }
}
