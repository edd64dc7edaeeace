//! Civil dates as day numbers, the form that columns keep them in.

use jiff::civil::{Date, date};

/// Days since 1970-01-01; negative before.
pub(crate) fn epoch_day(day: Date) -> i32 {
    // Howard Hinnant, "chrono-compatible low-level date algorithms" (2013): years begin in March, eras have 400 of them.
    let (year, month) = (i32::from(day.year()), i32::from(day.month()));
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(day.day()) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a day number; days past the year 9999 or before -9999 stop there.
pub(crate) fn civil_day(days: i32) -> Date {
    let days = days.clamp(-4_371_587, 2_932_896) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    date(year as i16, month as i8, day as i8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        for (day, number) in [
            (date(1970, 1, 1), 0),
            (date(1969, 12, 31), -1),
            (date(2000, 2, 29), 11_016),
            (date(2026, 1, 15), 20_468),
            (date(-9999, 1, 1), -4_371_587),
            (date(9999, 12, 31), 2_932_896),
        ] {
            assert_eq!((epoch_day(day), civil_day(number)), (number, day));
        }
        assert_eq!(civil_day(i32::MAX), date(9999, 12, 31));
        assert_eq!(civil_day(i32::MIN), date(-9999, 1, 1));
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(days in -4_371_587i32..=2_932_896) {
            let day = civil_day(days);
            prop_assert_eq!(epoch_day(day), days);
            prop_assert_eq!(date(1970, 1, 1).until(day).unwrap().get_days(), days);
        }
    }
}
