//! Months and dates in words.

use crate::model::{Language, Month};
use jiff::civil::Date;

const SHORT_ID: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
const SHORT_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONG_ID: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];
const LONG_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn name(names: &[&'static str; 12], month: i8) -> &'static str {
    // A month's number is 1 to 12 by its type; the remainder keeps the look-up total all the same.
    names[(month as usize + 11) % 12]
}

/// The short form: `Agu 2026`, `Aug 2026`.
pub fn month_short(month: Month, language: Language) -> String {
    let names = if language == Language::Id { &SHORT_ID } else { &SHORT_EN };
    format!("{} {}", name(names, month.number()), month.year())
}

/// The long form: `Agustus 2026`, `August 2026`.
pub fn month_long(month: Month, language: Language) -> String {
    let names = if language == Language::Id { &LONG_ID } else { &LONG_EN };
    format!("{} {}", name(names, month.number()), month.year())
}

/// A date: `15 Jan 2026` in either language, with its short month.
///
/// ```
/// use dermawan::{Language, message};
/// let day = jiff::civil::date(2026, 5, 1);
/// assert_eq!(message::date(day, Language::Id), "1 Mei 2026");
/// assert_eq!(message::date(day, Language::En), "1 May 2026");
/// ```
pub fn date(day: Date, language: Language) -> String {
    let names = if language == Language::Id { &SHORT_ID } else { &SHORT_EN };
    format!("{} {} {}", day.day(), name(names, day.month()), day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_months_in_two_languages() {
        let months: Vec<Month> = (1..=12).map(|n| Month::new(2026, n).unwrap()).collect();
        let say = |f: fn(Month, Language) -> String, language| {
            months.iter().map(|&m| f(m, language).replace(" 2026", "")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(say(month_short, Language::Id), "Jan Feb Mar Apr Mei Jun Jul Agu Sep Okt Nov Des");
        assert_eq!(say(month_short, Language::En), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec");
        let long = say(month_long, Language::Id);
        assert_eq!(long, "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember");
        assert!(say(month_long, Language::En).starts_with("January February March"));
    }
}
