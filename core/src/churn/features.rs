//! What was known of each donor on an earlier day: the columns that scores and models read, from days of gifts.

use super::days_between;
use super::{Repeat, ScoreOptions, score};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorGifts, GiftDays, Month, Opportunities, Rupiah, epoch_day};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::ops::Range;

/// Days of gifts, by donor.
pub(super) struct Log<'a> {
    gifts: &'a GiftDays,
    days: Vec<i32>,
    /// The rows of each donor.
    donors: Vec<Range<usize>>,
}

/// What was known of the donors who had given by a day.
pub(super) struct AsOf {
    /// Which donors of the log.
    pub(super) who: Vec<u32>,
    pub(super) gifts: DonorGifts,
    pub(super) repeat: Repeat,
}

impl<'a> Log<'a> {
    pub(super) fn new(gifts: &'a GiftDays) -> Result<Self> {
        let n = gifts.donor.len();
        if gifts.day.len() != n || gifts.total.len() != n {
            return Err(Error::new(ErrorKind::InvalidInput, "the columns of days of gifts differ in length"));
        }
        let key = |row: usize| (gifts.donor[row], gifts.day[row]);
        if let Some(row) = (1..n).find(|&row| key(row) <= key(row - 1)) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "days of gifts must be ascending by donor and day, each once",
            )
            .context("row", row));
        }
        let mut donors = Vec::new();
        let mut start = 0;
        for row in 1..=n {
            if row == n || gifts.donor[row] != gifts.donor[start] {
                donors.push(start..row);
                start = row;
            }
        }
        Ok(Self { gifts, days: gifts.day.iter().map(|&day| epoch_day(day)).collect(), donors })
    }

    pub(super) fn donors(&self) -> usize {
        self.donors.len()
    }

    /// The rows of a donor up to a day.
    fn until(&self, donor: usize, day: i32) -> Range<usize> {
        let rows = self.donors[donor].clone();
        let known = self.days[rows.clone()].partition_point(|&d| d <= day);
        rows.start..rows.start + known
    }

    /// Everything known on a day, and nothing of what came later.
    pub(super) fn as_of(&self, day: Date, recent_months: u8) -> AsOf {
        let today = epoch_day(day);
        let since = epoch_day(day.saturating_sub(jiff::Span::new().months(i64::from(recent_months))));
        let mut found = AsOf { who: Vec::new(), gifts: DonorGifts::default(), repeat: Repeat::default() };
        for donor in 0..self.donors.len() {
            let rows = self.until(donor, today);
            if rows.is_empty() {
                continue;
            }
            let (first, last) = (rows.start, rows.end - 1);
            found.who.push(donor as u32);
            found.gifts.donor.push(self.gifts.donor[first]);
            found.gifts.count.push(rows.len() as u32);
            found.gifts.total.push(Rupiah::ZERO);
            found.gifts.first.push(self.gifts.day[first]);
            found.gifts.last.push(self.gifts.day[last]);
            found.gifts.recent.push(self.days[rows.clone()].iter().filter(|&&d| d >= since).count() as u32);
            found.repeat.frequency.push((rows.len() - 1) as f64);
            found.repeat.recency.push(f64::from(self.days[last] - self.days[first]));
            found.repeat.age.push(f64::from(today - self.days[first]));
        }
        found
    }

    /// Opportunities of the donors who had given by a day, in the order of [`Log::as_of`].
    pub(super) fn opportunities(&self, day: Date, months: u16) -> Repeat {
        let today = epoch_day(day);
        let this_month = Month::of(day);
        let mut found = Repeat::default();
        for donor in 0..self.donors.len() {
            let rows = self.until(donor, today);
            let periods: BTreeSet<i32> = self.gifts.day[rows]
                .iter()
                .map(|gift| {
                    (this_month.since(Month::of(*gift)) - i32::from(gift.day() > day.day())) / i32::from(months)
                })
                .collect();
            let (Some(last), Some(first)) = (periods.first(), periods.last()) else { continue };
            found.frequency.push((periods.len() - 1) as f64);
            found.recency.push(f64::from(first - last));
            found.age.push(f64::from(*first));
        }
        found
    }

    /// Whether each of `who` gave nothing after a day, up to another.
    pub(super) fn left(&self, who: &[u32], after: Date, until: Date) -> Vec<bool> {
        let (after, until) = (epoch_day(after), epoch_day(until));
        who.iter()
            .map(|&donor| self.until(donor as usize, after).end == self.until(donor as usize, until).end)
            .collect()
    }

    /// The first day of all.
    pub(super) fn first_day(&self) -> Option<Date> {
        self.gifts.day.iter().min().copied()
    }
}

impl AsOf {
    /// The rule score of each, 0 to 100.
    pub(super) fn scores(&self, day: Date, options: &ScoreOptions) -> Result<Vec<f64>> {
        Ok(score(&self.gifts, day, options)?.score.iter().map(|&score| f64::from(score)).collect())
    }

    /// ln(1 + days since the last gift) of each.
    pub(super) fn silence(&self, day: Date) -> Vec<f64> {
        self.gifts.last.iter().map(|&last| f64::from(days_between(last, day)).ln_1p()).collect()
    }
}

impl From<&Opportunities> for Repeat {
    fn from(periods: &Opportunities) -> Self {
        let column = |counts: &[u32]| counts.iter().map(|&count| f64::from(count)).collect();
        Self { frequency: column(&periods.frequency), recency: column(&periods.recency), age: column(&periods.age) }
    }
}
