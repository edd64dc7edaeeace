//! A donor's next gift: when, how much, and how probable, for donors who give in a rhythm.

use super::payday::Payday;
use crate::calendar::hijri::{DHU_AL_HIJJA, HijriDate, Overrides, RAMADAN, SHAWWAL};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Month, Rupiah};
use crate::stats::parallel;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How to look for a rhythm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NextGiftOptions {
    /// Turns of the rhythm that must have been seen, at least 1; 2 by default: gifts in three months of a monthly donor,
    /// in three Ramadans of a yearly one. One interval alone is no rhythm.
    pub turns: usize,
    /// The share of turns that brought a gift, above 0 and at most 1, from which on there is a rhythm; 0.6 by default, so
    /// that a monthly donor may miss two months in five.
    pub regularity: f64,
    /// The probability, from 0 to below 1, that a donor stops for good between two turns; 0.05 by default, by which half
    /// of the monthly donors stay longer than a year.
    pub stop: f64,
    /// First days of Hijri months that were announced otherwise than Umm al-Qura has them.
    pub hijri_overrides: Overrides,
}

impl Default for NextGiftOptions {
    fn default() -> Self {
        Self { turns: 2, regularity: 0.6, stop: 0.05, hijri_overrides: Overrides::default() }
    }
}

impl NextGiftOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::new(ErrorKind::InvalidInput, what.to_owned()));
        if self.turns == 0 {
            return wrong("turns must be at least 1");
        }
        if !(self.regularity > 0.0 && self.regularity <= 1.0) {
            return wrong("regularity must lie above 0 and at most at 1");
        }
        if !(0.0..1.0).contains(&self.stop) {
            return wrong("stop must lie between 0 and 1");
        }
        Ok(())
    }
}

/// How often a donor gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// Every month.
    Monthly,
    /// Every two months.
    TwoMonthly,
    /// Every three months.
    Quarterly,
    /// Every four months.
    FourMonthly,
    /// Twice a year.
    HalfYearly,
    /// Once a year, in the same civil month or one beside it.
    Yearly,
    /// Once a year in Ramadan.
    Ramadan,
    /// Once a year around Idul Fitri, three days before it to ten after.
    IdulFitri,
    /// Once a year around Idul Adha, likewise.
    IdulAdha,
}

/// Why nothing is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRhythm {
    /// Too few gifts to tell.
    TooFew,
    /// The gifts follow no rhythm.
    Irregular,
    /// There was a rhythm, but so many turns brought nothing that the next one brings a gift with a probability below
    /// one in a hundred.
    Lapsed,
}

/// What is expected of a donor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum NextGift {
    /// A gift in a month.
    Expected {
        /// The rhythm.
        rhythm: Rhythm,
        /// The month of the next turn, the as-of date's or a later one; for Ramadan the civil month in which it begins,
        /// for a feast that of its day.
        month: Month,
        /// The middle of the last six giving months' sums (the lower of two).
        amount: Rupiah,
        /// The smallest of them.
        lowest: Rupiah,
        /// The largest of them.
        highest: Rupiah,
        /// The probability of a gift at that turn, 0 to 1.
        probability: f64,
        /// Turns since the last gift that brought nothing.
        missed: u32,
    },
    /// Nothing.
    None {
        /// Why.
        reason: NoRhythm,
    },
}

/// The giving months that amounts are judged by.
const AMOUNTS: usize = 6;
/// Gifts in Ramadan, or around a feast, must be so large a share of all, for that to be the rhythm.
const IN_SEASON: f64 = 0.75;
/// The times of the Hijri year that donors keep to. Gifts on a civil date move by eleven days a year against it, so three
/// of them do not lie within the two weeks of a feast.
const SEASONS: [Season; 3] = [
    Season { rhythm: Rhythm::Ramadan, month: RAMADAN, day: 1, before: 0, after: 29 },
    Season { rhythm: Rhythm::IdulFitri, month: SHAWWAL, day: 1, before: 3, after: 10 },
    Season { rhythm: Rhythm::IdulAdha, month: DHU_AL_HIJJA, day: 10, before: 3, after: 10 },
];
/// A turn of which less than this is left without a gift is missed.
const OVER: f64 = 0.05;
/// A next gift less probable than this is not announced.
const LAPSED: f64 = 0.01;
/// The rhythms of civil months, with the months of a turn and how far a gift may lie from it.
const RHYTHMS: [(Rhythm, i32, i32); 6] = [
    (Rhythm::Monthly, 1, 0),
    (Rhythm::TwoMonthly, 2, 0),
    (Rhythm::Quarterly, 3, 1),
    (Rhythm::FourMonthly, 4, 1),
    (Rhythm::HalfYearly, 6, 1),
    (Rhythm::Yearly, 12, 1),
];

/// Predicts a donor's next gift from the dates and amounts of the gifts so far, ascending by date; gifts after `as_of`
/// are not looked at.
///
/// The probability is that of a donor who gives at each turn with a chance (learned from the turns so far, by Laplace's
/// rule of succession) until he stops for good: the beta-geometric/beta-binomial model (Fader, Hardie & Shang 2010,
/// Marketing Science 29), with fixed chances for one donor. Who keeps to a day of the month and gives each or every second
/// month has missed a turn when that day, and what it usually slips by, is over; while it passes, the probability falls.
///
/// # Errors
///
/// `invalid_input` when dates and amounts are of different lengths or not in order, an amount is negative, or an option is
/// out of its range.
pub fn next_gift(dates: &[Date], amounts: &[Rupiah], as_of: Date, options: &NextGiftOptions) -> Result<NextGift> {
    options.validate()?;
    if dates.len() != amounts.len() || dates.windows(2).any(|pair| pair[0] > pair[1]) {
        return Err(Error::new(ErrorKind::InvalidInput, "gifts need one amount a date, in order of dates"));
    }
    none_negative(amounts)?;
    Ok(next(dates, amounts, as_of, options))
}

/// The same for many donors at once: the gifts of donor `i` are those from `starts[i]` to `starts[i + 1]` (the end for
/// the last), each donor's ascending by date. One answer a donor. With the feature `rayon` on all cores, with the same
/// answers.
///
/// # Errors
///
/// Those of [`next_gift`], and `invalid_input` when `starts` is not ascending or reaches past the gifts.
pub fn next_gifts(
    starts: &[usize],
    dates: &[Date],
    amounts: &[Rupiah],
    as_of: Date,
    options: &NextGiftOptions,
) -> Result<Vec<NextGift>> {
    options.validate()?;
    if dates.len() != amounts.len() {
        return Err(Error::new(ErrorKind::InvalidInput, "gifts need one amount a date"));
    }
    none_negative(amounts)?;
    let ends = starts.iter().skip(1).copied().chain([dates.len()]);
    let of_donor = |&(start, end): &(usize, usize)| {
        let range = start..end;
        match (dates.get(range.clone()), amounts.get(range)) {
            (Some(dates), Some(amounts)) if dates.windows(2).all(|pair| pair[0] <= pair[1]) => {
                Ok(next(dates, amounts, as_of, options))
            }
            _ => Err(Error::new(ErrorKind::InvalidInput, "the gifts of a donor are not in order")
                .context("start", start)
                .hint("sort the gifts by donor and date, and the starts ascending")),
        }
    };
    let ranges: Vec<(usize, usize)> = starts.iter().copied().zip(ends).collect();
    parallel::map(&ranges, of_donor).into_iter().collect()
}

fn none_negative(amounts: &[Rupiah]) -> Result<()> {
    match amounts.iter().position(|&amount| amount < Rupiah::ZERO) {
        Some(at) => Err(Error::new(ErrorKind::InvalidInput, "a gift is negative")
            .context("position", at)
            .hint("leave out what was paid back, or subtract it from its gift")),
        None => Ok(()),
    }
}

fn next(dates: &[Date], amounts: &[Rupiah], as_of: Date, options: &NextGiftOptions) -> NextGift {
    let known = dates.partition_point(|&date| date <= as_of);
    let (dates, amounts) = (&dates[..known], &amounts[..known]);
    let payday = Payday::of(dates);
    let mut months: Vec<(Month, Rupiah)> = Vec::new();
    for (&date, &amount) in dates.iter().zip(amounts) {
        let turn = payday.turn_of(date);
        match months.last_mut() {
            Some((month, sum)) if *month == turn => *sum += amount,
            _ => months.push((turn, amount)),
        }
    }
    if months.len() <= options.turns {
        return NextGift::None { reason: NoRhythm::TooFew };
    }
    let in_season = || SEASONS.iter().find_map(|season| season.turn(dates, as_of, options));
    let found = in_season().or_else(|| in_months(&months, &payday, as_of, options));
    let Some(Turn { rhythm, month, share, missed, left }) = found else {
        return NextGift::None { reason: NoRhythm::Irregular };
    };
    let gives = share * still_giving(share, options.stop, missed) * (1.0 - options.stop);
    // Part of the turn is over and brought nothing.
    let probability = gives * left / (1.0 - gives * (1.0 - left));
    if probability < LAPSED {
        return NextGift::None { reason: NoRhythm::Lapsed };
    }
    let mut late: Vec<Rupiah> = months.iter().rev().take(AMOUNTS).map(|&(_, sum)| sum).collect();
    late.sort();
    NextGift::Expected {
        rhythm,
        month,
        amount: late[(late.len() - 1) / 2],
        lowest: late[0],
        highest: late[late.len() - 1],
        probability,
        missed,
    }
}

/// The next turn of a rhythm.
struct Turn {
    rhythm: Rhythm,
    month: Month,
    /// The chance of a gift at a turn.
    share: f64,
    missed: u32,
    /// The share of the turn's gifts that would still be to come.
    left: f64,
}

/// The probability that a donor who missed so many turns has not stopped.
fn still_giving(share: f64, stop: f64, missed: u32) -> f64 {
    let (mut alive, mut stopped) = (1.0, 0.0);
    for _ in 0..missed.min(10_000) {
        stopped += alive * stop;
        alive *= (1.0 - stop) * (1.0 - share);
    }
    alive / (alive + stopped).max(f64::MIN_POSITIVE)
}

fn laplace(hits: usize, turns: usize) -> f64 {
    (hits as f64 + 1.0) / (turns as f64 + 2.0)
}

/// The rhythm of civil months that the gaps between giving months lie closest to; the shortest of equals.
fn in_months(months: &[(Month, Rupiah)], payday: &Payday, as_of: Date, options: &NextGiftOptions) -> Option<Turn> {
    let gaps: Vec<i32> = months.windows(2).map(|pair| pair[1].0.since(pair[0].0)).collect();
    let last = months.last()?.0;
    let follows = |&(rhythm, period, slack): &(Rhythm, i32, i32)| {
        // A gap of several periods is one gift after turns without; any other gap is against the rhythm.
        let turns_of = |gap: i32| ((gap + period / 2) / period).max(1);
        let apart = |gap: i32| (gap - turns_of(gap) * period).abs();
        let turns = gaps.iter().map(|&gap| turns_of(gap) as usize).sum::<usize>();
        let hits = gaps.iter().filter(|&&gap| apart(gap) <= slack).count();
        if hits < options.turns || (hits as f64) < options.regularity * turns as f64 {
            return None;
        }
        // A turn is missed once its month, and the slack after it, are over; where there is no slack, once the donor's day
        // is.
        let now = payday.turn_of(as_of);
        let since = now.since(last);
        let mut missed = ((since - 1 - slack).max(0) / period) as u32;
        let mut next = last + (missed as i32 + 1) * period;
        let mut left = 1.0;
        if slack == 0 && next == now {
            left = payday.left(as_of);
            if left < OVER {
                (missed, next, left) = (missed + 1, next + period, 1.0);
            }
        }
        let month = payday.month_of(next).max(Month::of(as_of));
        let turn = Turn { rhythm, month, share: laplace(hits, turns), missed, left };
        Some((gaps.iter().map(|&gap| apart(gap)).sum::<i32>(), turn))
    };
    RHYTHMS.iter().filter_map(follows).min_by_key(|&(apart, _)| apart).map(|(_, turn)| turn)
}

/// A time of the Hijri year: a day, and so many days before and after it.
struct Season {
    rhythm: Rhythm,
    month: u8,
    day: u8,
    before: u8,
    after: u8,
}

impl Season {
    /// Gifts that come at this time, year after year by the Hijri calendar.
    fn turn(&self, dates: &[Date], as_of: Date, options: &NextGiftOptions) -> Option<Turn> {
        // Who gives at such a time gives seldom; a donor of many gifts is not looked up in the calendar.
        let years_apart = dates.last()?.since(*dates.first()?).ok()?.get_days() / 354;
        if dates.len() as i32 > 4 * (years_apart + 2) {
            return None;
        }
        let overrides = &options.hijri_overrides;
        let mut years: Vec<i16> = dates.iter().filter_map(|&date| self.year_of(date, overrides)).collect();
        if (years.len() as f64) < IN_SEASON * dates.len() as f64 {
            return None;
        }
        years.dedup();
        let (first, last) = (*years.first()?, *years.last()?);
        let (hits, turns) = (years.len() - 1, (last - first) as usize);
        if hits < options.turns || (hits as f64) < options.regularity * turns as f64 {
            return None;
        }
        let today = HijriDate::with(as_of, overrides);
        // This year's, unless it is over or has brought its gift.
        let over = (today.month, today.day) > (self.month, self.day + self.after) || last == today.year;
        let next = today.year + i16::from(over);
        let missed = u32::try_from(next - last - 1).unwrap_or(0);
        let month = self.civil_month(next, as_of, today, overrides)?;
        Some(Turn { rhythm: self.rhythm, month, share: laplace(hits, turns), missed, left: 1.0 })
    }

    /// The Hijri year in whose season a date lies.
    fn year_of(&self, date: Date, overrides: &Overrides) -> Option<i16> {
        // Counted from the first day of the season on, no month's length is needed.
        let shifted = HijriDate::with(date.checked_add(i64::from(self.before).days()).ok()?, overrides);
        let days = shifted.day.checked_sub(self.day)?;
        (shifted.month == self.month && days <= self.before + self.after).then_some(shifted.year)
    }

    /// The civil month of the season's day in a Hijri year that is this one or the next; the as-of date's where that is
    /// past.
    fn civil_month(&self, year: i16, as_of: Date, today: HijriDate, overrides: &Overrides) -> Option<Month> {
        let months = i64::from(year - today.year) * 12 + i64::from(self.month) - i64::from(today.month);
        // Hijri months have 29.53 days on average, so the middle of the wanted one is met for certain.
        let middle = (months as f64 * 29.530_59).round() as i64 + 15 - i64::from(today.day);
        let found = as_of.checked_add(middle.days()).ok()?;
        let hijri = HijriDate::with(found, overrides);
        let day = found.checked_add((i64::from(self.day) - i64::from(hijri.day)).days()).ok()?;
        Some(Month::of(day).max(Month::of(as_of)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::hijri::FirstDay;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn ask(dates: &[Date], as_of: Date) -> NextGift {
        let amounts: Vec<Rupiah> = (1..=dates.len() as i64).map(|i| Rupiah::new(i * 100_000)).collect();
        next_gift(dates, &amounts, as_of, &NextGiftOptions::default()).unwrap()
    }

    fn expected(gift: NextGift) -> (Rhythm, String, u32, f64) {
        match gift {
            NextGift::Expected { rhythm, month, missed, probability, .. } => {
                (rhythm, month.to_string(), missed, probability)
            }
            NextGift::None { reason } => panic!("{reason:?}"),
        }
    }

    #[test]
    fn a_monthly_donor() {
        let dates: Vec<Date> = (1..=9).map(|month| date(2025, month, 5)).collect();
        let (rhythm, month, missed, probability) = expected(ask(&dates, date(2025, 9, 20)));
        assert_eq!((rhythm, month.as_str(), missed), (Rhythm::Monthly, "2025-10", 0));
        // Eight turns, eight gifts: 9/10 by Laplace, and 0.95 that he has not stopped since.
        assert!((probability - 0.9 * 0.95).abs() < 1e-12, "{probability}");
        // In December, October and November are missed: alive (0.95·0.1)² = 0.009025 against 0.05 + 0.095·0.05 stopped. The
        // 3rd is two days, one standard deviation, before the 5th: Φ(1) = 0.841345 of the gifts are still to come.
        let (_, month, missed, late) = expected(ask(&dates, date(2025, 12, 3)));
        assert_eq!((month.as_str(), missed), ("2025-12", 2));
        let alive = 0.009_025 / (0.009_025 + 0.05 + 0.004_75);
        let gives = 0.9 * 0.95 * alive;
        assert!((late - gives * 0.841_344_746 / (1.0 - gives * 0.158_655_254)).abs() < 1e-9, "{late}");
        let NextGift::Expected { amount, lowest, highest, .. } = ask(&dates, date(2025, 9, 20)) else { panic!() };
        assert_eq!([lowest, amount, highest], [400_000, 600_000, 900_000].map(Rupiah::new));
    }

    /// Who always gives on the 5th, and did not in September, is expected in October on the 20th of September, after a turn
    /// without.
    #[test]
    fn a_payday_that_is_over_is_missed() {
        let dates: Vec<Date> = (1..=8).map(|month| date(2025, month, 5)).collect();
        let (_, month, missed, early) = expected(ask(&dates, date(2025, 9, 1)));
        assert_eq!((month.as_str(), missed), ("2025-09", 0));
        let (_, month, missed, _) = expected(ask(&dates, date(2025, 9, 6)));
        assert_eq!((month.as_str(), missed), ("2025-09", 0));
        let (_, month, missed, late) = expected(ask(&dates, date(2025, 9, 20)));
        assert_eq!((month.as_str(), missed), ("2025-10", 1));
        assert!(late < 0.7 * early, "{late} {early}");
        // Who keeps to no day may give on any other.
        let dates: Vec<Date> =
            [3, 21, 12, 28, 8, 17, 25, 1].into_iter().zip(1..).map(|(d, m)| date(2025, m, d)).collect();
        let (_, month, missed, _) = expected(ask(&dates, date(2025, 9, 20)));
        assert_eq!((month.as_str(), missed), ("2025-09", 0));
    }

    /// A day at the end of the month slips into the next one; it is one gift a month all the same.
    #[test]
    fn a_payday_around_the_end_of_the_month() {
        let dates = [
            date(2025, 1, 31),
            date(2025, 3, 1),
            date(2025, 3, 31),
            date(2025, 4, 30),
            date(2025, 5, 30),
            date(2025, 7, 1),
            date(2025, 7, 31),
        ];
        let (rhythm, month, missed, probability) = expected(ask(&dates, date(2025, 8, 20)));
        assert_eq!((rhythm, month.as_str(), missed), (Rhythm::Monthly, "2025-08", 0));
        // Six turns, six gifts.
        assert!((probability - 7.0 / 8.0 * 0.95).abs() < 0.01, "{probability}");
    }

    #[test]
    fn seldom_but_in_time() {
        let quarterly: Vec<Date> =
            [(2024, 1), (2024, 4), (2024, 7), (2024, 10), (2025, 1)].map(|(y, m)| date(y, m, 9)).into();
        let (rhythm, month, ..) = expected(ask(&quarterly, date(2025, 2, 1)));
        assert_eq!((rhythm, month.as_str()), (Rhythm::Quarterly, "2025-04"));
        let yearly: Vec<Date> = (2021..=2025).map(|year| date(year, 12, 20)).collect();
        let (rhythm, month, ..) = expected(ask(&yearly, date(2026, 2, 1)));
        assert_eq!((rhythm, month.as_str()), (Rhythm::Yearly, "2026-12"));
    }

    #[test]
    fn every_rhythm_by_its_own_name() {
        for &(rhythm, period, _) in &RHYTHMS {
            let first = Month::of(date(2021, 2, 1));
            let dates: Vec<Date> = (0..6).map(|i| (first + i * period).first_day().saturating_add(8.days())).collect();
            let last = Month::of(dates[5]);
            let (found, month, missed, _) = expected(ask(&dates, last.first_day().saturating_add(20.days())));
            assert_eq!((found, month, missed), (rhythm, (last + period).to_string(), 0), "every {period} months");
        }
    }

    #[test]
    fn who_has_long_stopped_is_not_expected() {
        let dates: Vec<Date> = (1..=9).map(|month| date(2015, month, 5)).collect();
        assert_eq!(ask(&dates, date(2025, 9, 20)), NextGift::None { reason: NoRhythm::Lapsed });
        let paid_back = [Rupiah::new(5), Rupiah::new(-5)];
        let error = next_gift(&dates[..2], &paid_back, date(2025, 1, 1), &NextGiftOptions::default()).unwrap_err();
        assert!(error.to_string().contains("negative"), "{error}");
    }

    /// Ramadan began on 13 April 2021, 2 April 2022, 23 March 2023, 11 March 2024 and 1 March 2025, and begins on
    /// 18 February 2026 (Umm al-Qura).
    #[test]
    fn a_donor_of_ramadan() {
        let dates = [date(2022, 4, 20), date(2023, 4, 10), date(2024, 3, 30), date(2025, 3, 20)];
        let (rhythm, month, missed, _) = expected(ask(&dates, date(2025, 6, 1)));
        assert_eq!((rhythm, month.as_str(), missed), (Rhythm::Ramadan, "2026-02", 0));
        let (_, month, missed, _) = expected(ask(&dates[..3], date(2025, 6, 1)));
        assert_eq!((month.as_str(), missed), ("2026-02", 1));
    }

    /// Idul Fitri was on 2 May 2022, 21 April 2023 and 10 April 2024, and is on 30 March 2025 and 20 March 2026; Idul Adha
    /// on 9 July 2022, 28 June 2023, 16 June 2024, 6 June 2025 and 27 May 2026 (Umm al-Qura).
    #[test]
    fn donors_of_the_feasts() {
        let fitri = [date(2022, 5, 3), date(2023, 4, 20), date(2024, 4, 14), date(2025, 3, 30)];
        let (rhythm, month, missed, _) = expected(ask(&fitri[..3], date(2025, 1, 10)));
        assert_eq!((rhythm, month.as_str(), missed), (Rhythm::IdulFitri, "2025-03", 0));
        let (rhythm, month, missed, _) = expected(ask(&fitri, date(2025, 6, 1)));
        assert_eq!((rhythm, month.as_str(), missed), (Rhythm::IdulFitri, "2026-03", 0));
        let (_, month, missed, _) = expected(ask(&fitri[..3], date(2025, 6, 1)));
        assert_eq!((month.as_str(), missed), ("2026-03", 1));
        let adha = [date(2022, 7, 8), date(2023, 6, 28), date(2024, 6, 20)];
        let (rhythm, month, ..) = expected(ask(&adha, date(2025, 2, 1)));
        assert_eq!((rhythm, month.as_str()), (Rhythm::IdulAdha, "2025-06"));
        // A civil date that happened to lie near the feast once is a yearly rhythm.
        let may: Vec<Date> = (2022..=2025).map(|year| date(year, 5, 5)).collect();
        let (rhythm, month, ..) = expected(ask(&may, date(2025, 8, 1)));
        assert_eq!((rhythm, month.as_str()), (Rhythm::Yearly, "2026-05"));
    }

    /// 1 Ramadan 1443 was announced for 3 April 2022 in Indonesia, a day after Umm al-Qura's.
    #[test]
    fn ramadan_as_it_was_announced() {
        let announced = |year, first_day| FirstDay { year, month: RAMADAN, first_day };
        let days = [announced(1443, date(2022, 4, 3)), announced(1447, date(2026, 2, 19))];
        let options = NextGiftOptions { hijri_overrides: Overrides::new(days).unwrap(), ..NextGiftOptions::default() };
        let ask = |dates: &[Date], as_of| next_gift(dates, &[Rupiah::new(1); 4], as_of, &options).unwrap();
        // The first gift came on the last day of Sha'ban, so three Ramadans are left of four gifts: still the rhythm.
        let dates = [date(2022, 4, 2), date(2023, 4, 10), date(2024, 3, 30), date(2025, 3, 20)];
        let (rhythm, month, _, probability) = expected(ask(&dates, date(2025, 6, 1)));
        assert_eq!((rhythm, month.as_str()), (Rhythm::Ramadan, "2026-02"));
        // Two turns of two by Laplace, 3/4; three of three by Umm al-Qura, 4/5.
        assert!((probability - 0.75 * 0.95).abs() < 1e-12, "{probability}");
    }

    #[test]
    fn no_rhythm() {
        let reason = |dates: &[Date]| match ask(dates, date(2026, 1, 1)) {
            NextGift::None { reason } => reason,
            found @ NextGift::Expected { .. } => panic!("{found:?}"),
        };
        assert_eq!(reason(&[]), NoRhythm::TooFew);
        assert_eq!(reason(&[date(2025, 1, 1), date(2025, 1, 9), date(2025, 1, 20)]), NoRhythm::TooFew);
        let irregular = [(2020, 1), (2020, 9), (2022, 3), (2024, 8), (2025, 2)].map(|(y, m)| date(y, m, 1));
        assert_eq!(reason(&irregular), NoRhythm::Irregular);
        let (options, late) = (NextGiftOptions::default(), [date(2025, 2, 1), date(2025, 1, 1)]);
        assert_eq!(next_gift(&late, &[Rupiah::ZERO; 2], late[0], &options).unwrap_err().code(), "invalid_input");
        assert_eq!(
            next_gifts(&[0, 5], &late, &[Rupiah::ZERO; 2], late[0], &options).unwrap_err().code(),
            "invalid_input"
        );
    }

    proptest! {
        #[test]
        fn no_dates_break_it(mut days in proptest::collection::vec(0i64..9_000, 0..40), today in 0i64..12_000) {
            days.sort_unstable();
            let day = |days: i64| date(2000, 1, 1).saturating_add(days.days());
            let dates: Vec<Date> = days.into_iter().map(day).collect();
            if let NextGift::Expected { month, probability, lowest, amount, highest, .. } = ask(&dates, day(today)) {
                prop_assert!(month >= Month::of(day(today)));
                prop_assert!((0.0..=1.0).contains(&probability));
                prop_assert!(lowest <= amount && amount <= highest);
            }
        }
    }
}
