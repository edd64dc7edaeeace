//! Whom to thank and whom to greet, and what came of greetings.

use crate::model::{DonationId, DonorId, ReceivedGift};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Greetings that wait for an administrator, the first of them with names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GreetingList {
    /// Number and donor's name as stored.
    pub greetings: Vec<(u64, String)>,
    /// How many wait.
    pub total: u64,
}

/// When gifts are thanked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThanksOptions {
    /// Whether they are at all; off until the organisation says so.
    pub enabled: bool,
    /// Gifts older than so many days are never thanked for; 7: what is typed in a week late is still welcome, and a table
    /// that is loaded for the first time thanks nobody for last year.
    pub days: u16,
}

impl Default for ThanksOptions {
    fn default() -> Self {
        Self { enabled: false, days: 7 }
    }
}

/// One message of thanks, for all gifts of a donor that wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thanks {
    /// To whom.
    pub donor: DonorId,
    /// For which gifts, ascending.
    pub gifts: Vec<DonationId>,
}

impl Thanks {
    /// The message's key: that of the lowest gift. Made again before the gifts were noted as thanked, it is the same.
    pub fn key(&self) -> String {
        format!("terima_kasih:{}", self.gifts.first().map_or(0, |gift| gift.0))
    }
}

/// Who is to be thanked, ascending by donor: one message a donor, however many of their gifts came. `unthanked` are
/// received gifts that nobody has been thanked for; those after today or older than the options say are left out.
pub fn thanks(unthanked: &[ReceivedGift], today: Date, options: &ThanksOptions) -> Vec<Thanks> {
    if !options.enabled {
        return Vec::new();
    }
    let since = today.saturating_sub(jiff::Span::new().days(i64::from(options.days)));
    let mut donors: BTreeMap<DonorId, Vec<DonationId>> = BTreeMap::new();
    for gift in unthanked.iter().filter(|gift| (since..=today).contains(&gift.date)) {
        donors.entry(gift.donor).or_default().push(gift.donation);
    }
    let sorted = |mut gifts: Vec<DonationId>| {
        gifts.sort_unstable();
        gifts.dedup();
        gifts
    };
    donors.into_iter().map(|(donor, gifts)| Thanks { donor, gifts: sorted(gifts) }).collect()
}

/// A share of donors, with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Donors who gave again.
    pub gave: u64,
    /// Donors in all.
    pub of: u64,
    /// Their share; `None` without donors.
    pub share: Option<f64>,
    /// Its 95 % interval (Wilson 1927); `None` without donors.
    pub interval: Option<(f64, f64)>,
}

impl Share {
    /// A share with Wilson's score interval.
    ///
    /// ```
    /// let share = dermawan::insight::Share::of(10, 50);
    /// let (low, high) = share.interval.unwrap();
    /// assert_eq!(share.share, Some(0.2));
    /// assert!((low - 0.1124).abs() < 1e-4 && (high - 0.3304).abs() < 1e-4);
    /// ```
    pub fn of(gave: u64, of: u64) -> Self {
        if of == 0 {
            return Self { gave, of, share: None, interval: None };
        }
        // The 97.5 % point of the normal distribution.
        let z = 1.959_963_984_540_054_f64;
        let (n, p) = (of as f64, gave as f64 / of as f64);
        let spread = z / n.mul_add(1.0, z * z) * (n * p).mul_add(1.0 - p, z * z / 4.0).sqrt();
        let middle = n.mul_add(p, z * z / 2.0) / (n + z * z);
        Self { gave, of, share: Some(p), interval: Some(((middle - spread).max(0.0), (middle + spread).min(1.0))) }
    }
}

/// Someone proposed for a greeting, and when they gave next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The donor.
    pub donor: DonorId,
    /// From when it counts: the greeting's day, or for those not greeted the day it was proposed.
    pub since: Date,
    /// Whether the greeting went out.
    pub greeted: bool,
    /// The first gift after that day, if there was one.
    pub next_gift: Option<Date>,
}

/// What came of greetings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CareOutcome {
    /// Donors who were greeted.
    pub greeted: Share,
    /// Donors who were proposed and not greeted. They are no random control: an administrator chose whom to greet, so a
    /// difference between the shares is not proved to come from the greeting.
    pub not_greeted: Share,
    /// Proposals whose time is not over yet; they are in neither share.
    pub waiting: u64,
    /// Within so many days a gift counts.
    pub days: u16,
}

/// Who gave again within so many days (60 in the messages), of those greeted and those not. A proposal counts once its
/// days are over, whether a gift came early or not: counting the early ones at once would flatter both shares.
pub fn care_outcome(proposed: &[Proposed], today: Date, days: u16) -> CareOutcome {
    let mut counts = [[0_u64; 2]; 2];
    let mut waiting = 0;
    for proposal in proposed {
        let end = proposal.since.saturating_add(jiff::Span::new().days(i64::from(days)));
        if end > today {
            waiting += 1;
            continue;
        }
        let gave = proposal.next_gift.is_some_and(|gift| proposal.since < gift && gift <= end);
        let [of, gave_again] = &mut counts[usize::from(proposal.greeted)];
        *of += 1;
        *gave_again += u64::from(gave);
    }
    let share = |[of, gave]: [u64; 2]| Share::of(gave, of);
    CareOutcome { greeted: share(counts[1]), not_greeted: share(counts[0]), waiting, days }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn gift(donation: u64, donor: u64, date: Date) -> ReceivedGift {
        ReceivedGift { donation: DonationId(donation), donor: DonorId(donor), date }
    }

    #[test]
    fn one_message_a_donor_and_none_for_old_gifts() {
        let today = date(2026, 3, 10);
        let gifts = [
            gift(9, 1, today),
            gift(4, 1, date(2026, 3, 9)),
            gift(5, 2, date(2026, 3, 3)),
            gift(6, 3, date(2026, 3, 2)),
            gift(7, 4, date(2026, 3, 11)),
        ];
        assert_eq!(thanks(&gifts, today, &ThanksOptions::default()), [], "off by default");
        let due = thanks(&gifts, today, &ThanksOptions { enabled: true, ..ThanksOptions::default() });
        let keys: Vec<String> = due.iter().map(Thanks::key).collect();
        assert_eq!(keys, ["terima_kasih:4", "terima_kasih:5"]);
        assert_eq!(due[0].gifts, [DonationId(4), DonationId(9)]);
    }

    #[test]
    fn outcomes_count_when_their_days_are_over() {
        let row = |since, greeted, next_gift| Proposed { donor: DonorId(1), since, greeted, next_gift };
        let start = date(2026, 1, 1);
        let rows = [
            row(start, true, Some(date(2026, 3, 2))), // the 60th day
            row(start, true, Some(date(2026, 3, 3))), // the 61st
            row(start, true, Some(start)),            // the same day: the greeting did not bring it
            row(start, false, None),
            row(date(2026, 2, 1), true, Some(date(2026, 2, 2))), // early, but not over
        ];
        let outcome = care_outcome(&rows, date(2026, 3, 5), 60);
        assert_eq!((outcome.greeted.gave, outcome.greeted.of), (1, 3));
        assert_eq!((outcome.not_greeted.gave, outcome.not_greeted.of, outcome.waiting), (0, 1, 1));
        assert!(outcome.not_greeted.interval.unwrap().0.abs() < 1e-12);
        assert_eq!(care_outcome(&[], start, 60).greeted.share, None);
    }
}
