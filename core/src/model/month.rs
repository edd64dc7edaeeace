//! Civil months with arithmetic.

use crate::error::{Error, ErrorKind, Result};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A civil month of a civil year, between January 1 and December 9999.
///
/// ```
/// use dermawan::Month;
/// let january: Month = "2026-01".parse()?;
/// assert_eq!((january + 13).to_string(), "2027-02");
/// assert_eq!(january - 1, "2025-12".parse()?);
/// assert_eq!((january + 13).since(january), 13);
/// assert_eq!(january.last_day().to_string(), "2026-01-31");
/// # Ok::<(), dermawan::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Months since January of year 0.
    index: i32,
}

impl Month {
    const FIRST: i32 = 12;
    const LAST: i32 = 9999 * 12 + 11;

    /// The month of a year (1 to 9999) and a number from 1 to 12.
    pub fn new(year: i16, month: i8) -> Result<Self> {
        if (1..=9999).contains(&year) && (1..=12).contains(&month) {
            Ok(Self { index: i32::from(year) * 12 + i32::from(month) - 1 })
        } else {
            Err(Error::new(ErrorKind::InvalidInput, format!("year {year}, month {month} is not a month"))
                .hint("years are 1 to 9999, months 1 to 12"))
        }
    }

    /// The month that a date lies in; dates before year 1 count as its January.
    pub fn of(date: Date) -> Self {
        Self::clamped(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    const fn clamped(index: i32) -> Self {
        let index = if index < Self::FIRST {
            Self::FIRST
        } else if index > Self::LAST {
            Self::LAST
        } else {
            index
        };
        Self { index }
    }

    /// The year.
    pub const fn year(self) -> i16 {
        (self.index / 12) as i16
    }

    /// The number of the month, 1 to 12.
    pub const fn number(self) -> i8 {
        (self.index % 12) as i8 + 1
    }

    /// The first day.
    pub fn first_day(self) -> Date {
        jiff::civil::date(self.year(), self.number(), 1)
    }

    /// The last day.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// How many days it has.
    pub fn days(self) -> u8 {
        self.first_day().days_in_month() as u8
    }

    /// How many months it comes after `earlier`; negative when it comes before.
    pub const fn since(self, earlier: Self) -> i32 {
        self.index - earlier.index
    }

    /// The months from this one to `last`, both included; none when `last` comes before.
    pub fn through(self, last: Self) -> impl DoubleEndedIterator<Item = Self> + Clone {
        (self.index..=last.index).map(|index| Self { index })
    }

    /// `true` when the month is over on `as_of`. The month that `as_of` lies in is still running, on its last day too:
    /// a gift may come in the evening.
    pub fn is_complete(self, as_of: Date) -> bool {
        self < Self::of(as_of)
    }
}

/// Later by so many months; stops at the ends of the range.
impl std::ops::Add<i32> for Month {
    type Output = Self;
    fn add(self, months: i32) -> Self {
        Self::clamped(self.index.saturating_add(months))
    }
}

/// Earlier by so many months; stops at the ends of the range.
impl std::ops::Sub<i32> for Month {
    type Output = Self;
    fn sub(self, months: i32) -> Self {
        Self::clamped(self.index.saturating_sub(months))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong =
            || Error::new(ErrorKind::InvalidInput, "this is not a month").hint("write year and month, such as 2026-01");
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let digits =
            |part: &str, lengths: &[usize]| lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        // Published series without dates are counted from the year 1; two digits could be any century's.
        if !digits(year, &[1, 3, 4]) || !digits(month, &[2]) {
            return Err(wrong());
        }
        Self::new(year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?)
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn a_month_is_complete_when_the_next_has_begun() {
        let february = Month::of(date(2024, 2, 10));
        assert!(!february.is_complete(date(2024, 2, 29)));
        assert!(february.is_complete(date(2024, 3, 1)));
        assert_eq!(february.days(), 29);
    }

    #[test]
    fn early_years_need_no_zeros() {
        for text in ["1-01", "0001-01"] {
            assert_eq!(text.parse::<Month>().unwrap().to_string(), "0001-01");
        }
        assert_eq!("622-07".parse::<Month>().unwrap().to_string(), "0622-07");
    }

    #[test]
    fn refuses_what_is_no_month() {
        for text in ["2026", "2026-13", "2026-00", "0000-01", "26-01", "2026-1", "+026-01", "2026-01-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn arithmetic_holds(year in 1i16..=9999, number in 1i8..=12, step in -5000i32..5000) {
            let month = Month::new(year, number).unwrap();
            prop_assert_eq!((month.year(), month.number()), (year, number));
            prop_assert_eq!(month.to_string().parse::<Month>().unwrap(), month);
            prop_assert_eq!(Month::of(month.first_day()), month);
            prop_assert_eq!(Month::of(month.last_day()), month);
            let moved = month + step;
            if moved.first_day().year() > 1 && moved.year() < 9999 {
                prop_assert_eq!(moved.since(month), step);
                prop_assert_eq!(moved - step, month);
            }
        }

        #[test]
        fn ranges_have_the_length_they_should(start in 1000i32..60_000, length in 0i32..100) {
            let first = Month::clamped(start);
            prop_assert_eq!(first.through(first + length).count() as i32, length + 1);
            prop_assert_eq!((first + 1).through(first).count(), 0);
        }
    }
}
