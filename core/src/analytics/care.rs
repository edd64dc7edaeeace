//! Who is to be written to: everyone for the monthly report, thanks for new gifts, greetings that were approved.

use super::Analytics;
use super::conversation::{Owed, note};
use super::desk::Desk;
use super::known::stale;
use crate::error::Result;
use crate::insight::{self, CareOutcome, GreetingList, Proposed};
use crate::message::Message;
use crate::model::{DonationId, DonorId, Number, ReceivedGift};
use crate::register::{CareState, Greeting, Purpose, Register};
use crate::store::View;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Days within which a gift counts as given again; as the charity asks for it.
const AGAIN_DAYS: u16 = 60;

/// Days for which an approval holds: a greeting that could not go out for so long is not the one that was approved.
const APPROVED_DAYS: i64 = 14;

/// Thanks that are owed, and the gifts that they are for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwedThanks {
    /// The message.
    pub message: Owed,
    /// The donor.
    pub donor: DonorId,
    /// To be noted with [`Analytics::note_thanks`] once the message is in the outbox.
    pub gifts: Vec<ReceivedGift>,
}

impl Analytics {
    /// The donors who may be written to, with one number each, ascending by donor: verified here or in the source's
    /// tables, not opted out and not erased. A number that was proved here counts before the source's. Who opted out with
    /// one of several numbers is written to on none, until a later word for messages came from any of them.
    pub fn recipients(&self, register: &dyn Register) -> Result<Vec<(DonorId, Number)>> {
        recipients(&*self.store.view()?, register, None)
    }

    /// Whose number it is: proved here, or verified in the source's tables and neither it nor the donor erased.
    pub fn donor_of(&self, register: &dyn Register, number: &Number) -> Result<Option<DonorId>> {
        let standing = register.standing(number)?;
        if let Some(verified) = standing.verified {
            return Ok(Some(verified.donor));
        }
        let contact = self.store.view()?.contact(number.as_str())?;
        let donor =
            contact.filter(|contact| contact.verified && standing.erased.is_none()).map(|contact| contact.donor);
        let Some(donor) = donor else { return Ok(None) };
        Ok(if register.erased(&[donor])?.is_empty() { Some(donor) } else { None })
    }

    /// Thanks for received gifts that nobody has been thanked for, one message a donor; none unless
    /// [`Settings::thanks`](super::Settings::thanks) says so. Made again before they are noted, they have the same keys.
    ///
    /// A gift that was thanked for and is gone was corrected: it stands for one gift of the same donor, of about the same
    /// day, that came in its place under another identity, and that one is not thanked for.
    pub fn thanks_owed(&self, register: &dyn Register, as_of: Date) -> Result<Vec<OwedThanks>> {
        let options = &self.settings.thanks;
        if !options.enabled {
            return Ok(Vec::new());
        }
        let view = self.store.view()?;
        // Nobody is thanked late: the gifts of a load that is days old are not new.
        if stale(&*view, as_of)?.is_some() {
            return Ok(Vec::new());
        }
        let days = jiff::Span::new().days(i64::from(options.days));
        let since = as_of.saturating_sub(days);
        let known = view.received_gifts(since.saturating_sub(days).saturating_sub(days), as_of)?;
        let all: Vec<DonationId> = known.iter().map(|gift| gift.donation).collect();
        let unthanked: BTreeSet<DonationId> = register.unthanked(&all)?.into_iter().collect();
        let mut gifts: Vec<ReceivedGift> =
            known.iter().filter(|gift| unthanked.contains(&gift.donation)).copied().collect();
        let givers: BTreeSet<DonorId> = gifts.iter().filter(|gift| gift.date >= since).map(|gift| gift.donor).collect();
        let givers: Vec<DonorId> = givers.into_iter().collect();
        let there: BTreeSet<DonationId> = all.into_iter().collect();
        for old in register.thanks(&givers, since.saturating_sub(days))? {
            if there.contains(&old.donation) {
                continue;
            }
            let apart = |gift: &ReceivedGift| gift.date.since(old.date).map_or(i32::MAX, |span| span.get_days().abs());
            // What is typed in again has a later identity.
            let is_near = |gift: &ReceivedGift| {
                gift.donor == old.donor && gift.donation > old.donation && apart(gift) <= i32::from(options.days)
            };
            let near = gifts.iter().enumerate().filter(|(_, gift)| is_near(gift));
            if let Some((place, _)) = near.min_by_key(|(_, gift)| (apart(gift), gift.donation)) {
                gifts.remove(place);
            }
        }
        gifts.retain(|gift| gift.date >= since);
        let due = insight::thanks(&gifts, as_of, options);
        let donors: BTreeSet<DonorId> = due.iter().map(|thanks| thanks.donor).collect();
        let numbers: BTreeMap<DonorId, Number> = recipients(&*view, register, Some(&donors))?.into_iter().collect();
        let mut owed = Vec::new();
        for thanks in due {
            let Some(to) = numbers.get(&thanks.donor) else { continue };
            let Some(text) = self.thank_you(thanks.donor, as_of)? else { continue };
            let message = Owed { key: thanks.key(), to: to.clone(), text, solicited: false, expires: None };
            let is_thanked = |gift: &&ReceivedGift| thanks.gifts.contains(&gift.donation);
            let gifts = gifts.iter().filter(is_thanked).copied().collect();
            owed.push(OwedThanks { message, donor: thanks.donor, gifts });
        }
        Ok(owed)
    }

    /// Notes that thanks are in the outbox: their gifts are never thanked for again.
    pub fn note_thanks(&self, register: &dyn Register, thanks: &OwedThanks, now: Timestamp) -> Result<()> {
        register.thanked(&thanks.gifts, now)?;
        note(register, thanks.donor, Purpose::Thanks, now)
    }

    /// Drafts greetings for the donors at risk, the one to call first at the top. At most
    /// [`Settings::risk_list`](super::Settings::risk_list) wait at a time: a list that somebody reads, not one that grows.
    pub fn draft_greetings(&self, register: &dyn Register, as_of: Date, now: Timestamp) -> Result<GreetingList> {
        self.draft_in(&self.desk(as_of)?, register, now, usize::MAX)
    }

    /// The same, of `most` new greetings at most: what the organisation can care for at a time.
    pub fn draft_greetings_up_to(
        &self,
        register: &dyn Register,
        as_of: Date,
        now: Timestamp,
        most: usize,
    ) -> Result<GreetingList> {
        self.draft_in(&self.desk(as_of)?, register, now, most)
    }

    pub(super) fn draft_in(
        &self,
        desk: &Desk<'_>,
        register: &dyn Register,
        now: Timestamp,
        most: usize,
    ) -> Result<GreetingList> {
        let waiting = register.greetings(Some(CareState::Drafted))?.len();
        let mut room = self.settings.risk_list.saturating_sub(waiting).min(most);
        // Whom old facts call silent may have given since.
        if room > 0 && desk.stale.is_none() {
            let at_risk = desk.donors_at_risk()?;
            let wanted = at_risk.iter().copied().collect();
            let reachable: BTreeSet<DonorId> =
                recipients(&*desk.view, register, Some(&wanted))?.into_iter().map(|(donor, _)| donor).collect();
            for donor in at_risk.into_iter().filter(|donor| reachable.contains(donor)) {
                for greeting in register.draft(&[donor], now)? {
                    note(register, greeting.donor, Purpose::Care, now)?;
                    room -= 1;
                }
                if room == 0 {
                    break;
                }
            }
        }
        let drafts = register.greetings(Some(CareState::Drafted))?;
        let shown = &drafts[..drafts.len().min(Message::LONGEST_LIST)];
        let donors: Vec<DonorId> = shown.iter().map(|greeting| greeting.donor).collect();
        let names = desk.view.donor_names(&donors)?;
        Ok(GreetingList {
            greetings: shown.iter().map(|greeting| greeting.id).zip(names).collect(),
            total: drafts.len() as u64,
        })
    }

    /// Takes back the greetings that are not wanted any more: drafts and approved ones whose donor has given since they were
    /// drafted, and approved ones that nobody sent within 14 days. Returns them.
    pub fn withdraw_greetings(&self, register: &dyn Register, as_of: Date, now: Timestamp) -> Result<Vec<Greeting>> {
        let mut open = register.greetings(Some(CareState::Drafted))?;
        open.extend(register.greetings(Some(CareState::Approved))?);
        let stays = self.still_wanted(&open, as_of)?;
        let old: Vec<u64> = open.iter().filter(|g| !stays.contains(&g.id)).map(|g| g.id).collect();
        if old.is_empty() { Ok(Vec::new()) } else { register.settle(&old, CareState::Withdrawn, now) }
    }

    /// Of open greetings, those whose donor has not given since and whose approval holds.
    fn still_wanted(&self, open: &[Greeting], as_of: Date) -> Result<BTreeSet<u64>> {
        let zone = self.settings.organisation.zone()?;
        let day = |at: Timestamp| zone.to_datetime(at).date();
        let Some(first) = open.iter().map(|greeting| day(greeting.drafted)).min() else { return Ok(BTreeSet::new()) };
        let mut last: BTreeMap<DonorId, Date> = BTreeMap::new();
        for gift in self.store.view()?.received_gifts(first, as_of)? {
            let known = last.entry(gift.donor).or_insert(gift.date);
            *known = gift.date.max(*known);
        }
        let oldest = as_of.saturating_sub(jiff::Span::new().days(APPROVED_DAYS));
        let is_wanted = |greeting: &&Greeting| {
            let gave = last.get(&greeting.donor).is_some_and(|&gift| gift >= day(greeting.drafted));
            !gave && (greeting.state != CareState::Approved || day(greeting.since) >= oldest)
        };
        Ok(open.iter().filter(is_wanted).map(|greeting| greeting.id).collect())
    }

    /// The approved greetings, as messages. Left out, and still approved, are those whose donor may not be written to now,
    /// and all of them while the facts are old: the donor may have given since. Left out are also those that
    /// [`withdraw_greetings`](Analytics::withdraw_greetings) takes back. One that went out is to be noted with
    /// [`Register::settle`] as sent.
    pub fn greetings_owed(&self, register: &dyn Register, as_of: Date) -> Result<Vec<(Greeting, Owed)>> {
        let view = self.store.view()?;
        let mut approved = register.greetings(Some(CareState::Approved))?;
        if approved.is_empty() || stale(&*view, as_of)?.is_some() {
            return Ok(Vec::new());
        }
        let wanted = self.still_wanted(&approved, as_of)?;
        approved.retain(|greeting| wanted.contains(&greeting.id));
        let donors: BTreeSet<DonorId> = approved.iter().map(|greeting| greeting.donor).collect();
        let numbers: BTreeMap<DonorId, Number> = recipients(&*view, register, Some(&donors))?.into_iter().collect();
        let mut owed = Vec::new();
        for greeting in approved {
            let (Some(to), Some(record)) = (numbers.get(&greeting.donor), view.donor(greeting.donor, as_of)?) else {
                continue;
            };
            let text = self.templates.render(&Message::Salam { name: &record.name })?;
            let key = format!("salam:{}", greeting.id);
            owed.push((greeting, Owed { key, to: to.clone(), text, solicited: false, expires: None }));
        }
        Ok(owed)
    }

    /// What came of greetings: who gave again within 60 days, of those greeted and of those proposed and not greeted, both
    /// counted from the day on which that was decided. Those withdrawn are in neither: most gave before it was.
    pub fn care_outcome(&self, register: &dyn Register, as_of: Date) -> Result<CareOutcome> {
        let zone = self.settings.organisation.zone()?;
        let day = |at: Timestamp| zone.to_datetime(at).date();
        let mut greetings = register.greetings(None)?;
        greetings.retain(|greeting| greeting.state != CareState::Withdrawn);
        let first = greetings.iter().map(|greeting| day(greeting.drafted)).min().unwrap_or(as_of);
        let mut gifts: BTreeMap<DonorId, BTreeSet<Date>> = BTreeMap::new();
        if !greetings.is_empty() {
            for gift in self.store.view()?.received_gifts(first, as_of)? {
                gifts.entry(gift.donor).or_default().insert(gift.date);
            }
        }
        let proposed: Vec<Proposed> = greetings
            .iter()
            .map(|greeting| {
                let greeted = greeting.state == CareState::Sent;
                let since = day(greeting.since);
                let later = gifts.get(&greeting.donor).and_then(|days| days.iter().find(|&&gift| gift > since));
                Proposed { donor: greeting.donor, since, greeted, next_gift: later.copied() }
            })
            .collect();
        Ok(insight::care_outcome(&proposed, as_of, AGAIN_DAYS))
    }
}

/// One number a donor, of all donors or of some.
fn recipients(
    view: &dyn View,
    register: &dyn Register,
    only: Option<&BTreeSet<DonorId>>,
) -> Result<Vec<(DonorId, Number)>> {
    let is_wanted = |donor: &DonorId| only.is_none_or(|only| only.contains(donor));
    let everyone = register.everyone()?;
    let proved: BTreeSet<&Number> = everyone.iter().map(|verified| &verified.number).collect();
    // Those proved here come first.
    let here = everyone.iter().map(|verified| (verified.donor, verified.number.clone()));
    // Of a number that was proved here to be somebody's, what the source says does not count.
    let contacts = view.verified_contacts(None)?;
    let there = contacts
        .iter()
        .filter_map(|(donor, number)| Some((*donor, contact_number(number)?)))
        .filter(|(_, number)| !proved.contains(number));
    let (donors, numbers): (Vec<DonorId>, Vec<Number>) =
        here.chain(there).filter(|(donor, _)| is_wanted(donor)).unzip();
    let standings = register.standings(&numbers)?;
    // The last word of a person, whichever of their numbers it came from: when they wanted no messages, and messages again.
    let mut words: BTreeMap<DonorId, (Option<Timestamp>, Option<Timestamp>)> = BTreeMap::new();
    for (donor, standing) in donors.iter().zip(&standings) {
        let (out, again) = words.entry(*donor).or_default();
        (*out, *again) = ((*out).max(standing.opted_out), (*again).max(standing.opted_in));
    }
    let wants_none = |donor: &DonorId| words.get(donor).is_some_and(|(out, again)| out.is_some() && out >= again);
    let erased = register.erased(&donors)?;
    let mut found: BTreeMap<DonorId, Number> = BTreeMap::new();
    for ((donor, number), standing) in donors.into_iter().zip(numbers).zip(standings) {
        // An erasure holds until the number is proved anew.
        let is_barred = standing.opted_out.is_some() || standing.erased.is_some();
        if !is_barred && !wants_none(&donor) && !erased.contains(&donor) {
            found.entry(donor).or_insert(number);
        }
    }
    Ok(found.into_iter().collect())
}

/// A number as the source's tables keep it: digits in the normal form. What is not one can be written to by nobody.
pub(super) fn contact_number(digits: &str) -> Option<Number> {
    Number::parse(&format!("+{digits}")).ok()
}
