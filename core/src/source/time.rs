//! Dates and instants: from fields, texts and counts to days and microseconds since 1970.

use crate::source::cell::Cell;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use std::fmt;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// How a time without an offset is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    #[cfg_attr(not(feature = "mysql"), allow(dead_code, reason = "only a database says so of a column"))]
    /// In UTC, as MySQL's TIMESTAMP in a session at `+00:00`.
    Utc,
    /// On the organisation's wall, as MySQL's DATETIME.
    Civil,
}

/// What became of a date or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment<T> {
    /// There was none.
    Nothing,
    /// It is this one.
    At(T),
    /// No calendar has it.
    Impossible,
}

/// A date, perhaps with a time, as its source wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) year: i32,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) micro: u32,
    /// Seconds east of UTC, where the text says so.
    pub(crate) offset: Option<i32>,
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        if (self.hour, self.minute, self.second, self.micro) != (0, 0, 0, 0) {
            write!(f, " {:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        }
        if self.micro != 0 { write!(f, ".{:06}", self.micro) } else { Ok(()) }
    }
}

impl Fields {
    fn is_zero(&self) -> bool {
        (self.year, self.month, self.day) == (0, 0, 0)
    }

    /// Days since 1970-01-01; `None` for a date that the calendar does not have.
    #[inline]
    fn days(&self) -> Option<i32> {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let longest = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        if !(1..=9999).contains(&self.year) || !(1..=longest).contains(&self.day) {
            return None;
        }
        // days of the civil calendar, with years that begin in March (Hinnant 2013)
        let year = self.year - i32::from(self.month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((i32::from(self.month) + 9) % 12) + 2) / 5 + i32::from(self.day) - 1;
        Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
    }

    /// Microseconds since 1970-01-01 00:00 on the clock that wrote it.
    #[inline]
    fn naive(&self) -> Option<i64> {
        if self.hour > 23 || self.minute > 59 || self.second > 60 || self.micro > 999_999 {
            return None;
        }
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        Some(i64::from(self.days()?) * MICROS_PER_DAY + seconds * 1_000_000 + i64::from(self.micro))
    }

    /// Microseconds since 1970 UTC.
    fn instant(&self, clock: Clock, zone: &TimeZone) -> Option<i64> {
        match self.offset {
            Some(seconds) => Some(self.naive()? - i64::from(seconds) * 1_000_000),
            None => to_instant(self.naive()?, clock, zone),
        }
    }
}

/// The instant of a time on a clock. In a night that sets the clock, a time that comes twice is taken as the first of
/// the two, and one that never comes as the time that far after midnight.
fn to_instant(naive: i64, clock: Clock, zone: &TimeZone) -> Option<i64> {
    match clock {
        Clock::Utc => Some(naive),
        Clock::Civil => {
            let day = date_of(i32::try_from(naive.div_euclid(MICROS_PER_DAY)).ok()?)?;
            let nanos = naive.rem_euclid(MICROS_PER_DAY) * 1000;
            let time = Time::midnight().checked_add(jiff::SignedDuration::from_nanos(nanos)).ok()?;
            let at = zone.to_ambiguous_timestamp(DateTime::from_parts(day, time)).compatible().ok()?;
            Some(at.as_microsecond())
        }
    }
}

/// The civil date of an instant.
fn day_of(micros: i64, zone: &TimeZone) -> Option<i32> {
    let offset = zone.to_offset(Timestamp::from_microsecond(micros).ok()?);
    let local = micros.checked_add(i64::from(offset.seconds()) * 1_000_000)?;
    i32::try_from(local.div_euclid(MICROS_PER_DAY)).ok()
}

fn date_of(days: i32) -> Option<Date> {
    jiff::civil::date(1970, 1, 1).checked_add(jiff::SignedDuration::from_hours(i64::from(days) * 24)).ok()
}

fn at<T>(value: Option<T>) -> Moment<T> {
    value.map_or(Moment::Impossible, Moment::At)
}

/// A civil date, as days since 1970-01-01.
#[inline]
pub(crate) fn day(cell: Cell<'_>, clock: Clock, zone: &TimeZone) -> Moment<i32> {
    let of_fields = |fields: &Fields, dated: bool| {
        // a plain date, and a time on the organisation's wall, are that date already
        let civil = dated || (clock == Clock::Civil && fields.offset.is_none());
        at(if civil { fields.days() } else { fields.instant(clock, zone).and_then(|micros| day_of(micros, zone)) })
    };
    match cell {
        Cell::Null => Moment::Nothing,
        Cell::Fields(fields) => of_fields(fields, false),
        Cell::Text(bytes) if bytes.trim_ascii().is_empty() => Moment::Nothing,
        Cell::Text(bytes) => match parse(bytes.trim_ascii()) {
            Some((fields, timed)) => of_fields(&fields, !timed),
            None => Moment::Impossible,
        },
        Cell::Days(days) => at(i32::try_from(days).ok().filter(|&days| date_of(days).is_some())),
        Cell::Instant(micros) => at(day_of(micros, zone)),
        Cell::Naive(micros) if clock == Clock::Utc => at(day_of(micros, zone)),
        Cell::Naive(micros) => at(i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()),
        // a column of dates in which all are missing arrives as floats
        Cell::Double(value) if value.is_nan() => Moment::Nothing,
        _ => Moment::Impossible,
    }
}

/// An instant, as microseconds since 1970-01-01 UTC. A zero date is how MySQL of old wrote "never", and is none.
#[inline]
pub(crate) fn instant(cell: Cell<'_>, clock: Clock, zone: &TimeZone) -> Moment<i64> {
    let of_fields = |fields: &Fields| {
        if fields.is_zero() { Moment::Nothing } else { at(fields.instant(clock, zone)) }
    };
    match cell {
        Cell::Null => Moment::Nothing,
        Cell::Fields(fields) => of_fields(fields),
        Cell::Text(bytes) if bytes.trim_ascii().is_empty() => Moment::Nothing,
        Cell::Text(bytes) => parse(bytes.trim_ascii()).map_or(Moment::Impossible, |(fields, _)| of_fields(&fields)),
        Cell::Days(days) => at(days.checked_mul(MICROS_PER_DAY).and_then(|naive| to_instant(naive, clock, zone))),
        Cell::Instant(micros) => Moment::At(micros),
        Cell::Naive(micros) => at(to_instant(micros, clock, zone)),
        Cell::Double(value) if value.is_nan() => Moment::Nothing,
        _ => Moment::Impossible,
    }
}

/// Reads `YYYY-MM-DD`, perhaps with ` HH:MM[:SS[.ffffff]]` (also with `T`) and `Z` or `±HH:MM`; whether there was a time.
fn parse(text: &[u8]) -> Option<(Fields, bool)> {
    let number = |digits: &[u8]| -> Option<u32> {
        let valid = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        valid.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    };
    let two = |text: &[u8], at: usize| -> Option<u8> { number(text.get(at..at + 2)?).map(|value| value as u8) };
    let (date, rest) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let year = number(&date[..4])? as i32;
    let mut fields = Fields { year, month: two(date, 5)?, day: two(date, 8)?, ..Fields::default() };
    if rest.is_empty() {
        return Some((fields, false));
    }
    if !matches!(rest[0], b' ' | b'T' | b't') || rest.get(3) != Some(&b':') {
        return None;
    }
    fields.hour = two(rest, 1)?;
    fields.minute = two(rest, 4)?;
    let mut rest = &rest[6..];
    if let [b':', more @ ..] = rest {
        fields.second = two(more, 0)?;
        rest = &more[2..];
        if let [b'.', more @ ..] = rest {
            let digits = more.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let kept = digits.min(6);
            fields.micro = number(&more[..kept])? * 10_u32.pow(6 - kept as u32);
            rest = &more[digits..];
        }
    }
    fields.offset = match rest.trim_ascii_start() {
        [] => None,
        b"Z" | b"z" | b"UTC" => Some(0),
        [sign @ (b'+' | b'-'), offset @ ..] => {
            let minutes = match offset.len() {
                2 => 0,
                4 => two(offset, 2)?,
                5 if offset[2] == b':' => two(offset, 3)?,
                _ => return None,
            };
            let seconds = i32::from(two(offset, 0)?) * 3600 + i32::from(minutes) * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return None,
    };
    Some((fields, true))
}

/// A count of days as a date.
pub(crate) fn days_text(days: i64) -> String {
    i32::try_from(days).ok().and_then(date_of).map_or_else(|| format!("day {days}"), |date| date.to_string())
}

/// A count of microseconds as a date and time.
pub(crate) fn micros_text(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| format!("microsecond {micros}"), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn jakarta() -> TimeZone {
        TimeZone::get("Asia/Jakarta").unwrap()
    }

    fn days(year: i16, month: i8, day: i8) -> i32 {
        let since = date(1970, 1, 1).until(date(year, month, day)).unwrap();
        since.get_days()
    }

    fn day_text(text: &str, clock: Clock) -> Moment<i32> {
        day(Cell::Text(text.as_bytes()), clock, &jakarta())
    }

    #[test]
    fn the_first_of_march_in_jakarta_is_not_the_last_of_february() {
        let leap = Moment::At(days(2024, 3, 1));
        assert_eq!(day_text("2024-02-29 17:00:00", Clock::Utc), leap);
        assert_eq!(day_text("2024-02-29 16:59:59", Clock::Utc), Moment::At(days(2024, 2, 29)));
        assert_eq!(day_text("2024-03-01 00:00:00", Clock::Civil), leap);
        assert_eq!(day_text("2024-02-29T17:00:00Z", Clock::Civil), leap);
        assert_eq!(day_text("2024-03-01T01:30+08:00", Clock::Utc), leap);
        // a plain date is that date, whatever the clock
        assert_eq!(day_text("2024-03-01", Clock::Utc), leap);
    }

    #[test]
    fn impossible_dates_are_told_apart_from_none() {
        for text in
            ["0000-00-00", "2024-02-00", "2023-02-29", "2024-13-01", "2024-1-1", "01/02/2024", "x", "2024-01-01x"]
        {
            assert_eq!(day_text(text, Clock::Civil), Moment::Impossible, "{text}");
        }
        assert_eq!(day_text(" ", Clock::Civil), Moment::Nothing);
        let of = |text: &str| instant(Cell::Text(text.as_bytes()), Clock::Utc, &jakarta());
        assert_eq!(of("0000-00-00 00:00:00"), Moment::Nothing);
        assert_eq!(of("2024-00-00 00:00:00"), Moment::Impossible);
        assert_eq!(of("2024-01-01 24:00:00"), Moment::Impossible);
    }

    #[test]
    fn instants_keep_microseconds() {
        let of = |text: &str, clock| instant(Cell::Text(text.as_bytes()), clock, &jakarta());
        assert_eq!(of("1970-01-01 00:00:01.5", Clock::Utc), Moment::At(1_500_000));
        assert_eq!(of("1970-01-01 07:00:00.000001", Clock::Civil), Moment::At(1));
        assert_eq!(of("1970-01-01T07:00:00.1234567+0700", Clock::Utc), Moment::At(123_456));
    }

    #[test]
    fn a_clock_that_is_set_back_gives_the_first_of_two() {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        let at = instant(Cell::Text(b"2024-10-27 02:30:00"), Clock::Civil, &zone);
        assert_eq!(at, instant(Cell::Text(b"2024-10-27T00:30:00Z"), Clock::Civil, &zone));
    }

    proptest! {
        #[test]
        fn every_date_counts_as_the_calendar_counts(expected in -719_162_i32..=2_932_896) {
            let date = date(1970, 1, 1).checked_add(jiff::SignedDuration::from_hours(i64::from(expected) * 24)).unwrap();
            let fields = Fields {
                year: date.year().into(), month: date.month() as u8, day: date.day() as u8, ..Fields::default()
            };
            prop_assert_eq!(fields.days(), Some(expected));
            prop_assert_eq!(date_of(expected), Some(date));
            prop_assert_eq!(day_text(&fields.to_string(), Clock::Civil), Moment::At(expected));
        }

        #[test]
        fn fields_are_a_date_just_when_jiff_says_so(year in 1_i32..=9999, month in 0_u8..14, day in 0_u8..33) {
            let fields = Fields { year, month, day, ..Fields::default() };
            prop_assert_eq!(fields.days().is_some(), Date::new(year as i16, month as i8, day as i8).is_ok());
        }

        #[test]
        fn civil_time_and_instant_are_inverse(micros in -2_000_000_000_000_000_i64..4_000_000_000_000_000) {
            let zone = jakarta();
            let local = zone.to_datetime(Timestamp::from_microsecond(micros).unwrap());
            let text = local.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
            prop_assume!(!zone.to_ambiguous_timestamp(local).is_ambiguous());
            prop_assert_eq!(instant(Cell::Text(text.as_bytes()), Clock::Civil, &zone), Moment::At(micros));
            prop_assert_eq!(day(Cell::Instant(micros), Clock::Utc, &zone), day_text(&text, Clock::Civil));
        }

        #[test]
        fn nothing_panics(text in any::<Vec<u8>>()) {
            let _ = (day(Cell::Text(&text), Clock::Utc, &jakarta()), instant(Cell::Text(&text), Clock::Civil, &jakarta()));
        }
    }
}
