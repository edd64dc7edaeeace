//! The day of the month that a donor keeps to: what a turn of the month is, and how much of one is left.

use crate::model::Month;
use jiff::ToSpan;
use jiff::civil::Date;
use statrs::distribution::{ContinuousCDF, Normal};

/// The mean length of a month, and the day around which its turns are cut.
const MONTH: f64 = 30.436_875;
const MIDDLE: f64 = 15.0;
/// A donor keeps to a day of the month when the mean resultant length of the days on the circle is at least so long: a normal
/// spread of about a week.
const KEPT: f64 = 0.4;
/// A day is kept to within two days at best: weekends and holidays move it.
const LEAST_SPREAD: f64 = 2.0;

/// The day of the month that a donor keeps to, such as the day after the salary.
pub(super) struct Payday {
    /// So many days later, gifts lie around the middle of a month: those of the 31st and of the 1st in one turn.
    shift: i64,
    /// The days of the month so shifted; none where the donor keeps to no day.
    days: Vec<f64>,
    /// How far they lie apart, as a standard deviation in days.
    spread: f64,
}

impl Payday {
    /// By the mean direction of the days on the circle of a month (Mardia & Jupp 2000, Directional Statistics).
    pub(super) fn of(dates: &[Date]) -> Self {
        let angle = |date: &Date| std::f64::consts::TAU * f64::from(date.day()) / MONTH;
        let (cos, sin) = dates.iter().fold((0.0, 0.0), |(cos, sin), date| {
            let angle = angle(date);
            (cos + angle.cos(), sin + angle.sin())
        });
        let concentration = cos.hypot(sin) / dates.len().max(1) as f64;
        if concentration < KEPT {
            return Self { shift: 0, days: Vec::new(), spread: 0.0 };
        }
        let day = sin.atan2(cos).rem_euclid(std::f64::consts::TAU) / std::f64::consts::TAU * MONTH;
        let mut payday = Self { shift: (MIDDLE - day).round() as i64, days: Vec::new(), spread: 0.0 };
        payday.days = dates.iter().map(|&date| payday.day_of(date)).collect();
        let count = payday.days.len() as f64;
        let mean = payday.days.iter().sum::<f64>() / count;
        let variance = payday.days.iter().map(|day| (day - mean).powi(2)).sum::<f64>() / count;
        payday.spread = variance.sqrt().max(LEAST_SPREAD);
        payday
    }

    fn shifted(&self, date: Date) -> Date {
        date.saturating_add(self.shift.days())
    }

    /// The turn of the month that a date belongs to.
    pub(super) fn turn_of(&self, date: Date) -> Month {
        Month::of(self.shifted(date))
    }

    fn day_of(&self, date: Date) -> f64 {
        f64::from(self.shifted(date).day())
    }

    /// The civil month in which a turn's day lies.
    pub(super) fn month_of(&self, turn: Month) -> Month {
        Month::of(turn.first_day().saturating_add((MIDDLE as i64 - 1 - self.shift).days()))
    }

    /// The share of a turn's gifts that come after a date of the turn, by a normal kernel around the days so far.
    pub(super) fn left(&self, date: Date) -> f64 {
        if self.days.is_empty() {
            return 1.0;
        }
        let (today, normal) = (self.day_of(date), Normal::standard());
        let later = self.days.iter().map(|day| normal.cdf((day - today) / self.spread)).sum::<f64>();
        later / self.days.len() as f64
    }
}
