//! Who gave when: the columns that the models of churn read.

use super::world::{Gift, World};
use crate::model::{DonorId, GiftDays, Opportunities, RepeatGiving, Rupiah, YearlyGiving, civil_day, epoch_day};
use crate::store::View;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use std::collections::{BTreeMap, BTreeSet};

/// Two Ramadans, and a span of one day.
const SEASONS: [(Date, Date); 3] = [
    (date(2025, 3, 1), date(2025, 3, 29)),
    (date(2025, 9, 30), date(2025, 9, 30)),
    (date(2026, 2, 18), date(2026, 3, 19)),
];

/// Every answer about giving, compared with the charity's own rows.
pub(super) fn compare(view: &dyn View, world: &World, as_of: Date, what: &str) {
    let mut donors: BTreeMap<u64, Vec<&Gift>> = BTreeMap::new();
    for gift in world.received(as_of) {
        if let Some(donor) = world.donor_of(gift) {
            donors.entry(donor).or_default().push(gift);
        }
    }
    let days_of = |gifts: &[&Gift]| -> BTreeSet<Date> { gifts.iter().map(|gift| civil_day(gift.day)).collect() };
    let sum = |gifts: &mut dyn Iterator<Item = &&Gift>| Rupiah::from_sen(gifts.map(|gift| gift.sen).sum());

    let (mut repeat, mut days, mut years) = (RepeatGiving::default(), GiftDays::default(), YearlyGiving::default());
    for (&donor, gifts) in &donors {
        let dates = days_of(gifts);
        let season_of = |day: &Date| SEASONS.iter().position(|(first, last)| first <= day && day <= last);
        repeat.donor.push(DonorId(donor));
        repeat.days.push(dates.len() as u32);
        repeat.first.push(*dates.first().unwrap());
        repeat.last.push(*dates.last().unwrap());
        repeat.total.push(sum(&mut gifts.iter()));
        repeat.season_days.push(dates.iter().filter_map(season_of).count() as u32);
        repeat.seasons.push(dates.iter().filter_map(season_of).collect::<BTreeSet<_>>().len() as u32);
        for day in &dates {
            days.donor.push(DonorId(donor));
            days.day.push(*day);
            days.total.push(sum(&mut gifts.iter().filter(|gift| gift.day == epoch_day(*day))));
        }
        for year in dates.iter().map(|day| day.year()).collect::<BTreeSet<_>>() {
            let of_year = || gifts.iter().filter(move |gift| civil_day(gift.day).year() == year);
            years.donor.push(DonorId(donor));
            years.year.push(year);
            years.count.push(of_year().count() as u32);
            years.total.push(sum(&mut of_year()));
        }
    }
    assert_eq!(view.repeat_giving(as_of, &SEASONS).unwrap(), repeat, "{what}: repeat giving");
    let (mut plain, none) = (repeat, vec![0; donors.len()]);
    (plain.season_days, plain.seasons) = (none.clone(), none);
    assert_eq!(view.repeat_giving(as_of, &[]).unwrap(), plain, "{what}: repeat giving without seasons");
    assert_eq!(view.gift_days(as_of, 1).unwrap(), days, "{what}: days of gifts");
    let third = view.gift_days(as_of, 3).unwrap();
    let wanted: Vec<usize> = (0..days.len()).filter(|&row| days.donor[row].0.is_multiple_of(3)).collect();
    assert_eq!(third.day, wanted.iter().map(|&row| days.day[row]).collect::<Vec<_>>(), "{what}: days of a third");
    assert_eq!(view.yearly_giving(as_of).unwrap(), years, "{what}: years");

    for months in [1, 3, 12] {
        let mut expected = Opportunities::default();
        for (&donor, gifts) in &donors {
            // By walking back from the as-of date, a period at a time.
            let periods: BTreeSet<u32> = days_of(gifts)
                .iter()
                .map(|day| {
                    (0..10_000)
                        .find(|k: &u32| *day > as_of.saturating_sub((i64::from(*k + 1) * months).months()))
                        .unwrap()
                })
                .collect();
            expected.donor.push(DonorId(donor));
            expected.frequency.push(periods.len() as u32 - 1);
            expected.recency.push(periods.last().unwrap() - periods.first().unwrap());
            expected.age.push(*periods.last().unwrap());
        }
        let found = view.opportunities(as_of, months as u16).unwrap();
        assert_eq!(found, expected, "{what}: periods of {months} months");
    }
}
