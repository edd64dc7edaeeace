//! Spans of days of a Hijri month, year after year.

use super::hijri::{HijriDate, Overrides};
use jiff::ToSpan;
use jiff::civil::Date;

/// First and last day of every month of the Hijri number `month` (1 to 12) that touches the days from `from` to `to`,
/// ascending, each `longer` days longer than the month: Ramadan with the two days of Idul Fitri is
/// `spans(RAMADAN, 2, …)`.
///
/// ```
/// use dermawan::calendar::{hijri::{Overrides, RAMADAN}, spans};
/// use jiff::civil::date;
/// let ramadans = spans(RAMADAN, 0, date(2025, 6, 1), date(2026, 12, 31), &Overrides::default());
/// assert_eq!(ramadans, [(date(2026, 2, 18), date(2026, 3, 19))]);
/// ```
pub fn spans(month: u8, longer: u8, from: Date, to: Date, overrides: &Overrides) -> Vec<(Date, Date)> {
    let mut found = Vec::new();
    let reach = from.saturating_sub((i64::from(longer)).days());
    let mut first = reach.saturating_sub((i64::from(HijriDate::with(reach, overrides).day) - 1).days());
    while first <= to && first < Date::MAX {
        let here = HijriDate::with(first, overrides);
        let mut next = first.saturating_add(28.days());
        while next < Date::MAX && HijriDate::with(next, overrides).month == here.month {
            next = next.saturating_add(1.day());
        }
        let last = next.saturating_add((i64::from(longer) - 1).days());
        if here.month == month && last >= from {
            found.push((first, last));
        }
        first = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::hijri::RAMADAN;
    use jiff::civil::date;

    /// Ramadan by Umm al-Qura: the first days that van Gent, "The Umm al-Qura Calendar of Saudi Arabia", tabulates.
    #[test]
    fn ramadans_of_ten_years() {
        let found = spans(RAMADAN, 2, date(2017, 1, 1), date(2026, 12, 31), &Overrides::default());
        let firsts: Vec<Date> = found.iter().map(|span| span.0).collect();
        let known = [
            date(2017, 5, 27),
            date(2018, 5, 16),
            date(2019, 5, 6),
            date(2020, 4, 24),
            date(2021, 4, 13),
            date(2022, 4, 2),
            date(2023, 3, 23),
            date(2024, 3, 11),
            date(2025, 3, 1),
            date(2026, 2, 18),
        ];
        assert_eq!(firsts, known);
        assert_eq!(found[9].1, date(2026, 3, 21));
        // Touched at either end.
        let edges = spans(RAMADAN, 2, date(2026, 3, 21), date(2027, 2, 8), &Overrides::default());
        assert_eq!(edges.len(), 2);
        assert!(spans(RAMADAN, 2, date(2026, 3, 22), date(2027, 2, 7), &Overrides::default()).is_empty());
    }
}
