//! The days of the sample: its months, and which days of them lie in a season of giving.

use super::SampleOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Month;
use icu_calendar::cal::Hijri;
use jiff::civil::{Date, date};

/// Days since 1970-01-01.
pub(super) type Day = i32;

const EPOCH: Date = date(1970, 1, 1);

pub(super) fn day_of(date: Date) -> Day {
    (date.duration_since(EPOCH).as_hours() / 24) as Day
}

pub(super) fn date_of(day: Day) -> Date {
    EPOCH.saturating_add(jiff::Span::new().days(day))
}

/// Local time (UTC+7, Western Indonesia, without summer time since 1964) on a day as seconds since 1970 UTC.
pub(super) const fn instant(day: Day, second_of_day: i64) -> i64 {
    day as i64 * 86_400 + second_of_day - 7 * 3_600
}

/// What giving is like on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Season {
    Plain,
    /// 1 to 7 Shawwal: Idul Fitri and after.
    Eid,
    /// 1 to 10 Muharram, which ends with the orphans' day.
    Muharram,
    /// 1 to 20 Ramadan.
    Ramadan,
    /// From 21 Ramadan on.
    LastTen,
}

impl Season {
    /// How much more likely a gift is than on a plain day. Chosen so that a month full of Ramadan has about three
    /// times the gifts of another, as large Indonesian charities report.
    const fn weight(self) -> f64 {
        match self {
            Self::Plain => 1.0,
            Self::Eid => 1.8,
            Self::Muharram => 2.2,
            Self::Ramadan => 2.4,
            Self::LastTen => 4.0,
        }
    }
}

/// A month of the sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) month: Month,
    pub(super) first: Day,
    /// The last day, or the sample's last day in the running month.
    pub(super) last: Day,
    /// The mean weight of its days: 1 in a plain month.
    pub(super) peak: f64,
}

impl Span {
    pub(super) const fn days(&self) -> u64 {
        (self.last - self.first + 1) as u64
    }
}

/// All months of the sample, the running one last.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) months: Vec<Span>,
    pub(super) last: Day,
    seasons: Vec<Season>,
    /// First and last day of each Ramadan that touches the window.
    pub(super) ramadans: Vec<(Day, Day)>,
}

impl Window {
    pub(super) fn new(options: &SampleOptions) -> Result<Self> {
        let running = Month::of(options.as_of);
        let first = running - i32::from(options.months);
        let (start, last) = (day_of(first.first_day()), day_of(options.as_of));
        let seasons = (start..=last).map(season).collect::<Result<Vec<_>>>()?;
        let months = first
            .through(running)
            .map(|month| {
                let span = (day_of(month.first_day()), day_of(month.last_day()).min(last));
                let days = &seasons[(span.0 - start) as usize..=(span.1 - start) as usize];
                let peak = days.iter().map(|season| season.weight()).sum::<f64>() / days.len() as f64;
                Span { month, first: span.0, last: span.1, peak }
            })
            .collect();
        let mut ramadans: Vec<(Day, Day)> = Vec::new();
        for (day, season) in (start..).zip(&seasons) {
            if *season >= Season::Ramadan {
                match ramadans.last_mut() {
                    Some((_, end)) if *end + 1 == day => *end = day,
                    _ => ramadans.push((day, day)),
                }
            }
        }
        Ok(Self { months, last, seasons, ramadans })
    }

    pub(super) fn first(&self) -> Day {
        self.months[0].first
    }

    pub(super) fn season(&self, day: Day) -> Season {
        usize::try_from(day - self.first()).ok().and_then(|i| self.seasons.get(i)).copied().unwrap_or(Season::Plain)
    }

    /// The moment the sample is taken: 20:00 on its last day.
    pub(super) const fn taken_at(&self) -> i64 {
        instant(self.last, 20 * 3_600)
    }
}

/// The season of a day by the Umm al-Qura calendar.
fn season(day: Day) -> Result<Season> {
    let civil = date_of(day);
    let hijri = icu_calendar::Date::try_new_iso(i32::from(civil.year()), civil.month() as u8, civil.day() as u8)
        .map_err(|cause| Error::new(ErrorKind::Internal, "a day has no Hijri date").caused_by(cause.to_string()))?
        .to_calendar(Hijri::new_umm_al_qura());
    Ok(match (hijri.month().ordinal, hijri.day_of_month().0) {
        (9, 21..) => Season::LastTen,
        (9, _) => Season::Ramadan,
        (10, ..=7) => Season::Eid,
        (1, ..=10) => Season::Muharram,
        _ => Season::Plain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_seasons_of_known_years() {
        // Umm al-Qura: 1 Ramadan 1446 = 2025-03-01, Idul Fitri = 2025-03-30, 10 Muharram 1447 = 2025-07-05.
        for (day, wanted) in [
            (date(2025, 2, 28), Season::Plain),
            (date(2025, 3, 1), Season::Ramadan),
            (date(2025, 3, 29), Season::LastTen),
            (date(2025, 3, 30), Season::Eid),
            (date(2025, 7, 5), Season::Muharram),
            (date(2025, 7, 6), Season::Plain),
        ] {
            assert_eq!(season(day_of(day)).unwrap(), wanted, "{day}");
        }
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for day in [-1, 0, 11_016, 20_473] {
            assert_eq!(day_of(date_of(day)), day);
        }
        assert_eq!(date_of(20_473), date(2026, 1, 20));
        let window = Window::new(&SampleOptions::default()).unwrap();
        assert_eq!(window.months.len(), 49);
        assert_eq!(window.ramadans.len(), 4);
        assert_eq!(window.months[48].days(), 20);
    }
}
