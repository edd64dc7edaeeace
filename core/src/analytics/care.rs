//! Who is to be written to: everyone for the monthly report, thanks for new gifts, greetings that were approved.

use super::Analytics;
use super::conversation::{Owed, note};
use super::desk::Desk;
use super::known::stale;
use crate::error::Result;
use crate::insight::{self, CareOutcome, GreetingList, Proposed};
use crate::message::Message;
use crate::model::{DonationId, DonorId, Number};
use crate::register::{CareState, Greeting, Purpose, Register};
use crate::store::View;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Days within which a gift counts as given again; as the charity asks for it.
const AGAIN_DAYS: u16 = 60;

/// Thanks that are owed, and the gifts that they are for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwedThanks {
    /// The message.
    pub message: Owed,
    /// The donor.
    pub donor: DonorId,
    /// To be noted with [`Analytics::note_thanks`] once the message is in the outbox.
    pub gifts: Vec<DonationId>,
}

impl Analytics {
    /// The donors who may be written to, with one number each, ascending by donor: verified here or in the source's
    /// tables, not opted out and not erased. A number that was proved here counts before the source's.
    pub fn recipients(&self, register: &dyn Register) -> Result<Vec<(DonorId, Number)>> {
        recipients(&*self.store.view()?, register, None)
    }

    /// Thanks for received gifts that nobody has been thanked for, one message a donor; none unless
    /// [`Settings::thanks`](super::Settings::thanks) says so. Made again before they are noted, they have the same keys.
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
        let since = as_of.saturating_sub(jiff::Span::new().days(i64::from(options.days)));
        let mut gifts = view.received_gifts(since, as_of)?;
        let all: Vec<DonationId> = gifts.iter().map(|gift| gift.donation).collect();
        let unthanked: BTreeSet<DonationId> = register.unthanked(&all)?.into_iter().collect();
        gifts.retain(|gift| unthanked.contains(&gift.donation));
        let due = insight::thanks(&gifts, as_of, options);
        let donors: BTreeSet<DonorId> = due.iter().map(|thanks| thanks.donor).collect();
        let numbers: BTreeMap<DonorId, Number> = recipients(&*view, register, Some(&donors))?.into_iter().collect();
        let mut owed = Vec::new();
        for thanks in due {
            let Some(to) = numbers.get(&thanks.donor) else { continue };
            let Some(text) = self.thank_you(thanks.donor, as_of)? else { continue };
            let message = Owed { key: thanks.key(), to: to.clone(), text, solicited: false };
            owed.push(OwedThanks { message, donor: thanks.donor, gifts: thanks.gifts });
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

    /// The approved greetings, as messages. One whose donor may not be written to any more is left out and stays approved.
    /// Each is to be noted with [`Register::settle`] as sent once it is in the outbox.
    pub fn greetings_owed(&self, register: &dyn Register, as_of: Date) -> Result<Vec<(Greeting, Owed)>> {
        let view = self.store.view()?;
        let approved = register.greetings(Some(CareState::Approved))?;
        let donors: BTreeSet<DonorId> = approved.iter().map(|greeting| greeting.donor).collect();
        let numbers: BTreeMap<DonorId, Number> = recipients(&*view, register, Some(&donors))?.into_iter().collect();
        let mut owed = Vec::new();
        for greeting in approved {
            let (Some(to), Some(record)) = (numbers.get(&greeting.donor), view.donor(greeting.donor, as_of)?) else {
                continue;
            };
            let text = self.templates.render(&Message::Salam { name: &record.name })?;
            let key = format!("salam:{}", greeting.id);
            owed.push((greeting, Owed { key, to: to.clone(), text, solicited: false }));
        }
        Ok(owed)
    }

    /// What came of greetings: who gave again within 60 days, of those greeted and of those proposed and not greeted.
    pub fn care_outcome(&self, register: &dyn Register, as_of: Date) -> Result<CareOutcome> {
        let zone = self.settings.organisation.zone()?;
        let day = |at: Timestamp| zone.to_datetime(at).date();
        let greetings = register.greetings(None)?;
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
                let since = day(if greeted { greeting.since } else { greeting.drafted });
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
    // The source keeps numbers in the normal form; what is not one can be written to by nobody. Of a number that was proved
    // here to be somebody's, what the source says does not count.
    let contacts = view.verified_contacts()?;
    let there = contacts
        .iter()
        .filter_map(|(donor, number)| Some((*donor, Number::parse(&format!("+{number}")).ok()?)))
        .filter(|(_, number)| !proved.contains(number));
    let (donors, numbers): (Vec<DonorId>, Vec<Number>) =
        here.chain(there).filter(|(donor, _)| is_wanted(donor)).unzip();
    let standings = register.standings(&numbers)?;
    let mut found: BTreeMap<DonorId, Number> = BTreeMap::new();
    for ((donor, number), standing) in donors.into_iter().zip(numbers).zip(standings) {
        // An erasure holds until the number is proved anew.
        if standing.opted_out.is_none() && standing.erased.is_none() {
            found.entry(donor).or_insert(number);
        }
    }
    Ok(found.into_iter().collect())
}
