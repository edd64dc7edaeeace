//! Lifetime value: what a donor has given, for how long, and how much a month.

use super::check;
use crate::error::Result;
use crate::model::{DonorGifts, DonorId, Month, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The lifetime value of many donors, one row a donor in the order of the input, all columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LifetimeValues {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// Sum of the gifts.
    pub total_value: Vec<Rupiah>,
    /// Gifts.
    pub total_donations: Vec<u32>,
    /// Value of a gift, to the nearest sen.
    pub average_donation: Vec<Rupiah>,
    /// Whole months from the first gift to the last, plus 1; see [`LifetimeValue::months_active`].
    pub months_active: Vec<u32>,
    /// Value of an active month, to the nearest sen.
    pub monthly_value: Vec<Rupiah>,
    /// Gifts in an active month.
    pub donation_frequency: Vec<f64>,
    /// Date of the first gift.
    pub first_donation: Vec<Date>,
    /// Date of the last gift.
    pub last_donation: Vec<Date>,
}

/// One donor's lifetime value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LifetimeValue {
    /// The donor.
    pub donor: DonorId,
    /// Sum of the gifts.
    pub total_value: Rupiah,
    /// Gifts.
    pub total_donations: u32,
    /// Value of a gift, to the nearest sen.
    pub average_donation: Rupiah,
    /// Whole months from the first gift to the last, plus 1. A month is whole when the last gift's day of the month has
    /// reached the first's: 2025-02-15 to 2026-01-15 is 11 months and counts 12, to 2026-01-14 it counts 11. A single
    /// gift counts 1.
    pub months_active: u32,
    /// Value of an active month, to the nearest sen.
    pub monthly_value: Rupiah,
    /// Gifts in an active month.
    pub donation_frequency: f64,
    /// Date of the first gift.
    pub first_donation: Date,
    /// Date of the last gift.
    pub last_donation: Date,
}

impl LifetimeValues {
    /// How many donors.
    pub fn len(&self) -> usize {
        self.donor.len()
    }

    /// `true` without donors.
    pub fn is_empty(&self) -> bool {
        self.donor.is_empty()
    }

    /// One row; `None` past the end.
    pub fn row(&self, row: usize) -> Option<LifetimeValue> {
        Some(LifetimeValue {
            donor: *self.donor.get(row)?,
            total_value: *self.total_value.get(row)?,
            total_donations: *self.total_donations.get(row)?,
            average_donation: *self.average_donation.get(row)?,
            months_active: *self.months_active.get(row)?,
            monthly_value: *self.monthly_value.get(row)?,
            donation_frequency: *self.donation_frequency.get(row)?,
            first_donation: *self.first_donation.get(row)?,
            last_donation: *self.last_donation.get(row)?,
        })
    }
}

/// The lifetime value of every donor of the columns.
///
/// # Errors
///
/// `invalid_input` when the columns contradict themselves or `as_of`.
pub fn lifetime_value(gifts: &DonorGifts, as_of: Date) -> Result<LifetimeValues> {
    check(gifts, as_of)?;
    let months_active: Vec<u32> =
        gifts.first.iter().zip(&gifts.last).map(|(&first, &last)| whole_months(first, last) + 1).collect();
    let shares = |parts: &[u32]| -> Vec<Rupiah> {
        gifts.total.iter().zip(parts).map(|(&total, &parts)| share(total, parts)).collect()
    };
    Ok(LifetimeValues {
        donor: gifts.donor.clone(),
        total_value: gifts.total.clone(),
        total_donations: gifts.count.clone(),
        average_donation: shares(&gifts.count),
        monthly_value: shares(&months_active),
        donation_frequency: gifts
            .count
            .iter()
            .zip(&months_active)
            .map(|(&count, &months)| f64::from(count) / f64::from(months))
            .collect(),
        months_active,
        first_donation: gifts.first.clone(),
        last_donation: gifts.last.clone(),
    })
}

/// Whole months from one date to a later one. The end of a shorter month does not complete a month begun on a later
/// day: 31 January to 28 February is none.
fn whole_months(first: Date, last: Date) -> u32 {
    let months = Month::of(last).since(Month::of(first)) - i32::from(last.day() < first.day());
    u32::try_from(months).unwrap_or(0)
}

/// One of `parts` equal parts, to the nearest sen, halves away from zero. `parts` is above zero.
fn share(total: Rupiah, parts: u32) -> Rupiah {
    let (sen, parts) = (i128::from(total.sen()), i128::from(parts.max(1)));
    let half = if sen < 0 { -parts } else { parts };
    Rupiah::from_sen(((2 * sen + half) / (2 * parts)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Unit;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn shares_are_rounded_half_away_from_zero() {
        for (sen, parts, expected) in [(100, 3, 33), (200, 3, 67), (5, 2, 3), (-5, 2, -3), (-100, 3, -33), (0, 7, 0)] {
            assert_eq!(share(Rupiah::from_sen(sen), parts), Rupiah::from_sen(expected), "{sen}/{parts}");
        }
        assert_eq!(share(Rupiah::MAX, 1), Rupiah::MAX);
    }

    proptest! {
        /// The same months as jiff counts, days of the month that both months have.
        #[test]
        fn whole_months_are_jiffs(
            year in 1950i16..2050, month in 1i8..=12, day in 1i8..=31, days in 0i32..20_000,
        ) {
            prop_assume!(day <= date(year, month, 1).days_in_month());
            let first = date(year, month, day);
            let last = first.checked_add(jiff::Span::new().days(days)).unwrap();
            let span = first.until((Unit::Month, last)).unwrap();
            prop_assert_eq!(whole_months(first, last), span.get_months() as u32, "{} to {}", first, last);
        }
    }
}
