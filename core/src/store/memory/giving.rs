//! Who gave when, from the rows.

use super::view::MemoryView;
use crate::model::{DonorId, GiftDays, Month, Opportunities, RepeatGiving, Rupiah, YearlyGiving, civil_day, epoch_day};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

impl MemoryView {
    /// Each donor's days with what was given on them.
    fn days(&self, as_of: Date) -> BTreeMap<DonorId, BTreeMap<i32, Rupiah>> {
        let mut donors: BTreeMap<DonorId, BTreeMap<i32, Rupiah>> = BTreeMap::new();
        for gift in self.received(as_of) {
            if let Some(donor) = gift.donor {
                *donors.entry(donor).or_default().entry(gift.day).or_default() += gift.amount;
            }
        }
        donors
    }

    pub(super) fn repeat_giving_of(&self, as_of: Date, seasons: &[(Date, Date)]) -> RepeatGiving {
        let seasons: Vec<(i32, i32)> =
            seasons.iter().map(|&(first, last)| (epoch_day(first), epoch_day(last))).collect();
        let mut found = RepeatGiving::default();
        for (donor, days) in self.days(as_of) {
            let (Some((&first, _)), Some((&last, _))) = (days.first_key_value(), days.last_key_value()) else {
                continue;
            };
            let of_days: Vec<usize> = days
                .keys()
                .filter_map(|day| seasons.iter().position(|&(first, last)| (first..=last).contains(day)))
                .collect();
            found.donor.push(donor);
            found.days.push(days.len() as u32);
            found.first.push(civil_day(first));
            found.last.push(civil_day(last));
            found.total.push(days.values().copied().sum());
            found.season_days.push(of_days.len() as u32);
            found.seasons.push(of_days.into_iter().collect::<BTreeSet<_>>().len() as u32);
        }
        found
    }

    pub(super) fn opportunities_of(&self, as_of: Date, months: u16) -> Opportunities {
        let period = |day: i32| {
            let date = civil_day(day);
            let back = Month::of(as_of).since(Month::of(date)) - i32::from(date.day() > as_of.day());
            (back / i32::from(months.max(1))) as u32
        };
        let mut found = Opportunities::default();
        for (donor, days) in self.days(as_of) {
            let periods: BTreeSet<u32> = days.keys().map(|&day| period(day)).collect();
            let (Some(last), Some(first)) = (periods.first(), periods.last()) else { continue };
            found.donor.push(donor);
            found.frequency.push(periods.len() as u32 - 1);
            found.recency.push(first - last);
            found.age.push(*first);
        }
        found
    }

    pub(super) fn gift_days_of(&self, as_of: Date, one_in: u32) -> GiftDays {
        let mut found = GiftDays::default();
        for (donor, days) in self.days(as_of) {
            if donor.0 % u64::from(one_in.max(1)) == 0 {
                for (day, total) in days {
                    found.donor.push(donor);
                    found.day.push(civil_day(day));
                    found.total.push(total);
                }
            }
        }
        found
    }

    pub(super) fn yearly_giving_of(&self, as_of: Date) -> YearlyGiving {
        let mut years: BTreeMap<(DonorId, i16), (u32, Rupiah)> = BTreeMap::new();
        for gift in self.received(as_of) {
            if let Some(donor) = gift.donor {
                let (count, total) = years.entry((donor, civil_day(gift.day).year())).or_default();
                *count += 1;
                *total += gift.amount;
            }
        }
        let mut found = YearlyGiving::default();
        for ((donor, year), (count, total)) in years {
            found.donor.push(donor);
            found.year.push(year);
            found.count.push(count);
            found.total.push(total);
        }
        found
    }
}
