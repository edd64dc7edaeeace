//! The Hijri calendar by Umm al-Qura, with first days that an authority announced otherwise.
//!
//! Umm al-Qura is the calculated civil calendar of Saudi Arabia. Indonesia's Ministry of Religious Affairs announces
//! the first day of a month after the sighting (*sidang isbat*), which now and then is a day away: [`Overrides`] holds
//! such days.

use crate::error::{Error, ErrorKind, Result};
use crate::model::Month;
use icu_calendar::cal::Hijri;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Number of the month of fasting.
pub const RAMADAN: u8 = 9;
/// Number of the month that Idul Fitri opens.
pub const SHAWWAL: u8 = 10;
/// Number of the month of the pilgrimage and of Idul Adha.
pub const DHU_AL_HIJJA: u8 = 12;
/// Number of the first month.
pub const MUHARRAM: u8 = 1;

/// Where the published Umm al-Qura tables, as the reference of days per civil month until 2030 has them (and the Python
/// package hijridate 2.6 whole), differ from ICU's: first days of Hijri months. After 2030 ICU's stand.
const PUBLISHED: [(i16, u8, Date); 7] = [
    (1451, 4, date(2029, 8, 11)),
    (1451, 7, date(2029, 11, 7)),
    (1451, 11, date(2030, 3, 5)),
    (1452, 1, date(2030, 5, 3)),
    (1452, 2, date(2030, 6, 2)),
    (1452, 5, date(2030, 8, 30)),
    (1452, 8, date(2030, 11, 26)),
];

/// So many days of a Hijri month follow one another whatever was announced: 29 less the largest shifts of two first days.
const SAFE_DAYS: u8 = 25;

/// The most days that an announced first day may lie away from Umm al-Qura's. Sightings differ by one; two is slack.
const LARGEST_SHIFT: i64 = 2;

/// A date of the Hijri calendar.
///
/// ```
/// use dermawan::calendar::hijri::HijriDate;
/// let eid = HijriDate::of(jiff::civil::date(2026, 3, 20));
/// assert_eq!((eid.year, eid.month, eid.day), (1447, 10, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HijriDate {
    /// Year after the Hijra; zero and below before it.
    pub year: i16,
    /// Month, 1 (Muharram) to 12 (Dhu al-Hijja).
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
}

impl HijriDate {
    /// The date by Umm al-Qura; outside of 1300 to 1600 AH by the tabular calendar.
    pub fn of(date: Date) -> Self {
        Self::with(date, &Overrides::default())
    }

    /// The date, where announced first days go before Umm al-Qura's. A month is as long as the first days leave it.
    pub fn with(date: Date, overrides: &Overrides) -> Self {
        let (calculated, length) = Self::calculated(date);
        if overrides.0.is_empty() && !(1451..=1453).contains(&calculated.year) {
            return calculated;
        }
        let in_month = |year, month, calculated: Date| {
            let published = || PUBLISHED.iter().find(|&&(y, m, _)| (y, m) == (year, month)).map(|&(_, _, first)| first);
            let start = overrides.0.get(&(year, month)).copied().or_else(published).unwrap_or(calculated);
            let day = days_between(start, date) + 1;
            (day > 0).then_some(Self { year, month, day: day as u8 })
        };
        // A first day is at most two days away from the calculated: the date lies in this month or in a neighbour.
        let Self { year, month, day } = calculated;
        let first = moved(date, 1 - i64::from(day));
        let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        in_month(next_year, next_month, moved(first, i64::from(length)))
            .or_else(|| in_month(year, month, first))
            .or_else(|| {
                let last_day = moved(first, -1);
                let (last, _) = Self::calculated(last_day);
                in_month(last.year, last.month, moved(last_day, 1 - i64::from(last.day)))
            })
            .unwrap_or(calculated)
    }

    /// The date as ICU has it, and how many days its month has there.
    fn calculated(date: Date) -> (Self, u8) {
        let hijri = icu_calendar::Date::try_new_gregorian(date.year().into(), date.month() as u8, date.day() as u8)
            .map(|civil| civil.to_calendar(Hijri::new_umm_al_qura()));
        match hijri {
            Ok(hijri) => {
                let (year, month) = (hijri.year().extended_year() as i16, hijri.month().ordinal);
                (Self { year, month, day: hijri.day_of_month().0 }, hijri.days_in_month())
            }
            // Every civil date lies inside the calendar's range; this arm only spares a panic.
            Err(_) => (Self { year: 0, month: 1, day: 1 }, 30),
        }
    }
}

fn moved(date: Date, days: i64) -> Date {
    date.saturating_add(days.days())
}

fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// An announced first day of a Hijri month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstDay {
    /// Hijri year.
    pub year: i16,
    /// Hijri month, 1 to 12.
    pub month: u8,
    /// The civil date of its first day.
    pub first_day: Date,
}

/// First days of Hijri months that were announced otherwise than Umm al-Qura has them. Empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<FirstDay>", into = "Vec<FirstDay>")]
pub struct Overrides(BTreeMap<(i16, u8), Date>);

impl Overrides {
    /// Checks and keeps the announced days.
    ///
    /// # Errors
    ///
    /// `invalid_input` when a month is named twice, or when a first day is more than two days away from Umm al-Qura's:
    /// that is a slip of the pen, not a sighting.
    pub fn new(days: impl IntoIterator<Item = FirstDay>) -> Result<Self> {
        let mut table = BTreeMap::new();
        for FirstDay { year, month, first_day } in days {
            let wrong = |why: &str| {
                Err(Error::new(ErrorKind::InvalidInput, format!("the announced first day of a Hijri month {why}"))
                    .context("hijri_month", format_args!("{year}-{month:02}"))
                    .context("first_day", first_day))
            };
            let target = HijriDate { year, month, day: 1 };
            if !(-LARGEST_SHIFT..=LARGEST_SHIFT).any(|days| HijriDate::of(moved(first_day, days)) == target) {
                return wrong("is more than two days away from Umm al-Qura");
            }
            if table.insert((year, month), first_day).is_some() {
                return wrong("is given twice");
            }
        }
        Ok(Self(table))
    }
}

impl TryFrom<Vec<FirstDay>> for Overrides {
    type Error = Error;
    fn try_from(days: Vec<FirstDay>) -> Result<Self> {
        Self::new(days)
    }
}

impl From<Overrides> for Vec<FirstDay> {
    fn from(overrides: Overrides) -> Self {
        overrides.0.into_iter().map(|((year, month), first_day)| FirstDay { year, month, first_day }).collect()
    }
}

/// How many days of each Hijri period lie in a civil month.
///
/// ```
/// use dermawan::calendar::hijri::{MonthFeatures, Overrides};
/// let march = MonthFeatures::of("2026-03".parse()?, &Overrides::default());
/// assert_eq!((march.ramadan, march.ramadan_last10, march.shawwal1_7), (19, 10, 7));
/// # Ok::<(), dermawan::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthFeatures {
    /// The civil month.
    pub month: Month,
    /// Days of Ramadan.
    pub ramadan: u8,
    /// Days of Ramadan from its 21st on: nine or ten, when alms are given most.
    pub ramadan_last10: u8,
    /// Days of 1 to 7 Shawwal, the week of Idul Fitri.
    pub shawwal1_7: u8,
    /// Days of Dhu al-Hijja.
    pub dhulhijja: u8,
    /// Days of 10 to 13 Dhu al-Hijja: Idul Adha and the three days after.
    pub eidadha: u8,
    /// Days of Muharram.
    pub muharram: u8,
    /// 1 when the 10th of Muharram (Ashura, in Indonesia the orphans' day) lies in the month.
    pub ashura: u8,
}

impl MonthFeatures {
    /// Counts the days of a civil month.
    pub fn of(month: Month, overrides: &Overrides) -> Self {
        let mut features = Self {
            month,
            ramadan: 0,
            ramadan_last10: 0,
            shawwal1_7: 0,
            dhulhijja: 0,
            eidadha: 0,
            muharram: 0,
            ashura: 0,
        };
        let mut hijri = HijriDate { year: 0, month: 0, day: 0 };
        for offset in 0..i64::from(month.days()) {
            // A Hijri month has 29 or 30 days, or a few fewer or more where its first days were announced: until its 25th,
            // the next day is the next date.
            if (1..SAFE_DAYS).contains(&hijri.day) {
                hijri.day += 1;
            } else {
                hijri = HijriDate::with(moved(features.month.first_day(), offset), overrides);
            }
            let HijriDate { month, day, .. } = hijri;
            features.ramadan += u8::from(month == RAMADAN);
            features.ramadan_last10 += u8::from(month == RAMADAN && day >= 21);
            features.shawwal1_7 += u8::from(month == SHAWWAL && day <= 7);
            features.dhulhijja += u8::from(month == DHU_AL_HIJJA);
            features.eidadha += u8::from(month == DHU_AL_HIJJA && (10..=13).contains(&day));
            features.muharram += u8::from(month == MUHARRAM);
            features.ashura += u8::from(month == MUHARRAM && day == 10);
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn announced(year: i16, month: u8, first_day: Date) -> Overrides {
        Overrides::new([FirstDay { year, month, first_day }]).unwrap()
    }

    #[test]
    fn every_month_from_2000_to_2030() {
        let table = include_str!("../../testdata/hijri_month_features_2000_2030.csv");
        let mut months = 0;
        for line in table.lines().skip(1) {
            let (month, days) = line.split_once(',').unwrap();
            let days: Vec<u8> = days.split(',').map(|days| days.parse().unwrap()).collect();
            let f = MonthFeatures::of(month.parse().unwrap(), &Overrides::default());
            let ours = [f.ramadan, f.ramadan_last10, f.shawwal1_7, f.dhulhijja, f.eidadha, f.muharram, f.ashura];
            assert_eq!(ours.as_slice(), days, "{month}");
            months += 1;
        }
        assert_eq!(months, 372);
    }

    /// Ramadan 1445: Umm al-Qura 11 March 2024, Indonesia 12 March.
    #[test]
    fn an_announced_day_goes_before_the_calculated() {
        let overrides = announced(1445, 9, date(2024, 3, 12));
        let on = |day| HijriDate::with(date(2024, 3, day), &overrides);
        assert_eq!(HijriDate::of(date(2024, 3, 11)), HijriDate { year: 1445, month: 9, day: 1 });
        assert_eq!(on(11), HijriDate { year: 1445, month: 8, day: 30 });
        assert_eq!(on(12), HijriDate { year: 1445, month: 9, day: 1 });
        assert_eq!(MonthFeatures::of("2024-03".parse().unwrap(), &overrides).ramadan, 20);

        let earlier = announced(1445, 9, date(2024, 3, 10));
        assert_eq!(HijriDate::with(date(2024, 3, 10), &earlier), HijriDate { year: 1445, month: 9, day: 1 });
        assert_eq!(HijriDate::with(date(2024, 3, 9), &earlier).month, 8);
    }

    #[test]
    fn an_announced_day_far_away_or_twice_is_refused() {
        let day = |day| FirstDay { year: 1445, month: 9, first_day: date(2024, 3, day) };
        for wrong in [vec![day(14)], vec![day(11), day(12)], vec![FirstDay { month: 13, ..day(11) }]] {
            assert_eq!(Overrides::new(wrong).unwrap_err().code(), "invalid_input");
        }
        let json = r#"[{"year":1445,"month":9,"first_day":"2024-03-12"}]"#;
        let overrides: Overrides = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&overrides).unwrap(), json);
    }

    proptest! {
        #[test]
        fn days_follow_one_another(start in 0i64..150_000, shift in -2i64..=2) {
            let day = moved(date(1700, 1, 1), start);
            let hijri = HijriDate::of(day);
            let first = moved(day, 1 - i64::from(hijri.day));
            let overrides = announced(hijri.year, hijri.month, moved(first, shift));
            let mut before = HijriDate::with(moved(first, -35), &overrides);
            for offset in -34..70 {
                let now = HijriDate::with(moved(first, offset), &overrides);
                prop_assert!(now > before && now.day <= 32);
                prop_assert!(now.day == 1 || now.day == before.day + 1);
                before = now;
            }
        }

        #[test]
        fn no_date_is_outside(year in -9999i16..=9999, month in 1i8..=12, day in 1i8..=28) {
            let hijri = HijriDate::of(date(year, month, day));
            prop_assert!((1..=12).contains(&hijri.month) && (1..=30).contains(&hijri.day));
        }
    }
}
