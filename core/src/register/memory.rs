//! A register in memory, for tests and for trying the bot.

use super::options::DAY;
use super::{
    Begun, CareState, Claim, Claimant, Code, Confirmed, Consent, Erasure, Greeting, How, Key, Lid, Options, Processing,
    Register, Standing, Verified,
};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonationId, DonorId, Number, ReceivedGift};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A register that is gone with its process.
#[derive(Debug)]
pub struct MemoryRegister {
    options: Options,
    key: Key,
    book: Mutex<Book>,
}

/// A code that is out.
#[derive(Debug)]
struct Pending {
    number: Number,
    donor: DonorId,
    seal: Vec<u8>,
    expires: Timestamp,
    wrong: u16,
}

#[derive(Debug, Default)]
struct Book {
    verified: BTreeMap<Number, Verified>,
    lids: BTreeMap<Lid, Number>,
    pending: BTreeMap<Claimant, Pending>,
    requests: BTreeMap<String, Vec<Timestamp>>,
    /// By sealed number, as the next three.
    opted_out: BTreeMap<Vec<u8>, Timestamp>,
    opted_in: BTreeMap<Vec<u8>, Timestamp>,
    consents: BTreeMap<Vec<u8>, Vec<Consent>>,
    erased: BTreeMap<Vec<u8>, Timestamp>,
    /// Sealed.
    erased_donors: BTreeSet<Vec<u8>>,
    texts: BTreeMap<String, String>,
    erasures: Vec<(Erasure, Option<Number>)>,
    processing: Vec<Processing>,
    greetings: Vec<Greeting>,
    /// Of whom, until the donor is erased.
    thanked: BTreeMap<DonationId, Option<ReceivedGift>>,
}

impl MemoryRegister {
    /// An empty register.
    ///
    /// Errors: those of [`Options::validate`].
    pub fn new(options: Options, key: Key) -> Result<Self> {
        options.validate()?;
        Ok(Self { options, key, book: Mutex::default() })
    }

    /// Nothing in a method can stop halfway, so what a panic elsewhere left behind is whole.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sealed(&self, number: &Number) -> Vec<u8> {
        self.key.seal(&["number", number.as_str()])
    }

    fn note(&self, book: &mut Book, verified: &Verified) {
        book.erased.remove(&self.sealed(&verified.number));
        book.erased_donors.remove(&self.key.seal_donor(verified.donor));
        book.verified.insert(verified.number.clone(), verified.clone());
    }
}

impl Register for MemoryRegister {
    fn standing(&self, number: &Number) -> Result<Standing> {
        let (book, sealed) = (self.book(), self.sealed(number));
        Ok(Standing {
            verified: book.verified.get(number).cloned(),
            opted_out: book.opted_out.get(&sealed).copied(),
            opted_in: book.opted_in.get(&sealed).copied(),
            erased: book.erased.get(&sealed).copied(),
        })
    }

    fn standings(&self, numbers: &[Number]) -> Result<Vec<Standing>> {
        numbers.iter().map(|number| self.standing(number)).collect()
    }

    fn mark(&self, number: &Number) -> String {
        self.key.mark(number)
    }

    fn numbers(&self, donor: DonorId) -> Result<Vec<Verified>> {
        Ok(self.book().verified.values().filter(|verified| verified.donor == donor).cloned().collect())
    }

    fn everyone(&self) -> Result<Vec<Verified>> {
        Ok(self.book().verified.values().cloned().collect())
    }

    fn number_of(&self, lid: &Lid) -> Result<Option<Number>> {
        Ok(self.book().lids.get(lid).cloned())
    }

    fn begin(&self, claim: &Claim, code: &Code, now: Timestamp) -> Result<Begun> {
        let mut book = self.book();
        let keys = claim.counted_by();
        for key in &keys {
            let recent = |at: &&Timestamp| now.duration_since(**at) < DAY;
            let count = book.requests.get(key).map_or(0, |list| list.iter().filter(recent).count());
            if count >= usize::from(self.options.requests) {
                return Ok(Begun::TooMany);
            }
        }
        for key in keys {
            book.requests.entry(key).or_default().push(now);
        }
        let pending = Pending {
            number: claim.number.clone(),
            donor: claim.donor.unwrap_or(DonorId(0)),
            seal: self.key.seal(&[claim.sealed_with(), &claim.by.key(), code.as_str()]),
            expires: now + self.options.life(),
            wrong: 0,
        };
        book.pending.insert(claim.by.clone(), pending);
        Ok(Begun::Send)
    }

    fn confirm(&self, by: &Claimant, code: &Code, now: Timestamp) -> Result<Confirmed> {
        let mut book = self.book();
        let attempts = self.options.attempts;
        let Some(pending) = book.pending.get_mut(by) else { return Ok(Confirmed::NoneOut) };
        if now >= pending.expires || pending.wrong >= attempts {
            return Ok(Confirmed::Expired);
        }
        if !self.key.is_seal(&pending.seal, &["code", &by.key(), code.as_str()]) {
            pending.wrong += 1;
            return Ok(Confirmed::Wrong { left: attempts - pending.wrong });
        }
        let (number, donor) = (pending.number.clone(), pending.donor);
        book.pending.remove(by);
        let mut verified = Verified { number, donor, at: now, how: How::Code };
        self.note(&mut book, &verified);
        match by {
            Claimant::Lid(lid) => {
                book.lids.insert(lid.clone(), verified.number.clone());
            }
            Claimant::Number(own) if *own != verified.number => {
                verified = Verified { number: own.clone(), how: How::OtherNumber, ..verified };
                self.note(&mut book, &verified);
            }
            Claimant::Number(_) => {}
        }
        Ok(Confirmed::Yes(verified))
    }

    fn verify(&self, number: &Number, donor: DonorId, now: Timestamp) -> Result<()> {
        let verified = Verified { number: number.clone(), donor, at: now, how: How::Administrator };
        self.note(&mut self.book(), &verified);
        Ok(())
    }

    fn consent(&self, consent: &Consent, text: &str) -> Result<()> {
        let mut book = self.book();
        let known = book.texts.entry(consent.version.clone()).or_insert_with(|| text.to_owned());
        if known != text {
            return Err(other_text(&consent.version));
        }
        let sealed = self.sealed(&consent.number);
        book.consents.entry(sealed).or_default().push(consent.clone());
        Ok(())
    }

    fn consents(&self, number: &Number) -> Result<Vec<Consent>> {
        Ok(self.book().consents.get(&self.sealed(number)).cloned().unwrap_or_default())
    }

    fn consent_text(&self, version: &str) -> Result<Option<String>> {
        Ok(self.book().texts.get(version).cloned())
    }

    fn opt_out(&self, number: &Number, out: bool, at: Timestamp) -> Result<bool> {
        let mut book = self.book();
        let sealed = self.sealed(number);
        if !out {
            let last = book.opted_in.entry(sealed.clone()).or_insert(at);
            *last = at.max(*last);
            return Ok(book.opted_out.remove(&sealed).is_some());
        }
        let before = book.opted_out.get(&sealed).copied();
        book.opted_out.insert(sealed, before.map_or(at, |before| at.max(before)));
        Ok(before.is_none())
    }

    fn request_erasure(&self, donor: DonorId, number: &Number, now: Timestamp) -> Result<Erasure> {
        let mut book = self.book();
        if let Some((open, of)) = book.erasures.iter_mut().find(|(erasure, _)| erasure.donor == Some(donor)) {
            *of = Some(number.clone());
            return Ok(open.clone());
        }
        let id = book.erasures.len() as u64 + 1;
        let erasure = Erasure { id, donor: Some(donor), requested: now, confirmed: None, done: None };
        book.erasures.push((erasure.clone(), Some(number.clone())));
        Ok(erasure)
    }

    fn confirm_erasure(&self, number: &Number, now: Timestamp) -> Result<Option<Erasure>> {
        let mut book = self.book();
        let found = book.erasures.iter_mut().find(|(_, of)| of.as_ref() == Some(number));
        Ok(found.map(|(erasure, _)| {
            erasure.confirmed.get_or_insert(now);
            erasure.clone()
        }))
    }

    fn severed_by(&self, erasure: u64) -> Result<Vec<Number>> {
        let book = self.book();
        let found = book.erasures.iter().find(|(wish, _)| wish.id == erasure && wish.confirmed.is_some());
        let Some((Erasure { donor: Some(donor), .. }, asked)) = found else { return Err(no_erasure(erasure)) };
        let mut numbers: BTreeSet<Number> = asked.iter().cloned().collect();
        numbers.extend(book.verified.values().filter(|v| v.donor == *donor).map(|v| v.number.clone()));
        Ok(numbers.into_iter().collect())
    }

    fn erase(&self, erasure: u64, named: &[Number], now: Timestamp) -> Result<Vec<Number>> {
        let mut book = self.book();
        let found = book.erasures.iter_mut().find(|(wish, _)| wish.id == erasure && wish.confirmed.is_some());
        let Some((wish, number)) = found else { return Err(no_erasure(erasure)) };
        let Some(donor) = wish.donor.take() else { return Err(no_erasure(erasure)) };
        wish.done = Some(now);
        let mut numbers: BTreeSet<Number> = number.take().into_iter().chain(named.iter().cloned()).collect();
        numbers.extend(book.verified.values().filter(|v| v.donor == donor).map(|v| v.number.clone()));
        for number in &numbers {
            book.erased.insert(self.sealed(number), now);
            book.verified.remove(number);
        }
        book.erased_donors.insert(self.key.seal_donor(donor));
        book.lids.retain(|_, number| !numbers.contains(number));
        book.pending.retain(|_, pending| pending.donor != donor && !numbers.contains(&pending.number));
        book.requests.retain(|key, _| !numbers.iter().any(|number| key.ends_with(&format!(":{}", number.as_str()))));
        book.processing.retain(|note| note.donor != donor);
        book.greetings.retain(|greeting| greeting.donor != donor);
        for gift in book.thanked.values_mut() {
            *gift = gift.filter(|gift| gift.donor != donor);
        }
        Ok(numbers.into_iter().collect())
    }

    fn erased(&self, donors: &[DonorId]) -> Result<BTreeSet<DonorId>> {
        let book = self.book();
        let is_erased = |donor: &DonorId| book.erased_donors.contains(&self.key.seal_donor(*donor));
        Ok(donors.iter().copied().filter(is_erased).collect())
    }

    fn erasures(&self) -> Result<Vec<Erasure>> {
        Ok(self.book().erasures.iter().map(|(erasure, _)| erasure.clone()).collect())
    }

    fn processed(&self, processing: &Processing) -> Result<()> {
        self.book().processing.push(processing.clone());
        Ok(())
    }

    fn processing(&self, donor: DonorId) -> Result<Vec<Processing>> {
        Ok(self.book().processing.iter().filter(|note| note.donor == donor).cloned().collect())
    }

    fn draft(&self, donors: &[DonorId], now: Timestamp) -> Result<Vec<Greeting>> {
        let mut book = self.book();
        let mut drafted = Vec::new();
        for &donor in donors {
            let keeps_away = |greeting: &Greeting| {
                let open = matches!(greeting.state, CareState::Drafted | CareState::Approved);
                greeting.donor == donor && (open || now.duration_since(greeting.drafted) < self.options.pause())
            };
            if book.greetings.iter().any(keeps_away) {
                continue;
            }
            let id = book.greetings.last().map_or(1, |greeting| greeting.id + 1);
            let greeting = Greeting { id, donor, state: CareState::Drafted, drafted: now, since: now };
            book.greetings.push(greeting.clone());
            drafted.push(greeting);
        }
        Ok(drafted)
    }

    fn greetings(&self, state: Option<CareState>) -> Result<Vec<Greeting>> {
        let book = self.book();
        Ok(book.greetings.iter().filter(|g| state.is_none_or(|state| g.state == state)).cloned().collect())
    }

    fn settle(&self, greetings: &[u64], to: CareState, now: Timestamp) -> Result<Vec<Greeting>> {
        let mut book = self.book();
        let wanted: BTreeSet<u64> = greetings.iter().copied().collect();
        let movable = |greeting: &&mut Greeting| wanted.contains(&greeting.id) && to.before().contains(&greeting.state);
        let moved = book.greetings.iter_mut().filter(movable).map(|greeting| {
            (greeting.state, greeting.since) = (to, now);
            greeting.clone()
        });
        Ok(moved.collect())
    }

    fn unthanked(&self, gifts: &[DonationId]) -> Result<Vec<DonationId>> {
        let book = self.book();
        Ok(gifts.iter().copied().filter(|gift| !book.thanked.contains_key(gift)).collect())
    }

    fn thanked(&self, gifts: &[ReceivedGift], _now: Timestamp) -> Result<()> {
        let mut book = self.book();
        for gift in gifts {
            book.thanked.entry(gift.donation).or_insert(Some(*gift));
        }
        Ok(())
    }

    fn thanks(&self, donors: &[DonorId], since: Date) -> Result<Vec<ReceivedGift>> {
        let book = self.book();
        let is_asked_for = |gift: &&ReceivedGift| donors.contains(&gift.donor) && gift.date >= since;
        Ok(book.thanked.values().flatten().filter(is_asked_for).copied().collect())
    }

    fn prune(&self, before: Timestamp, now: Timestamp) -> Result<u64> {
        let mut book = self.book();
        book.pending.retain(|_, pending| pending.expires > now);
        for list in book.requests.values_mut() {
            list.retain(|at| now.duration_since(*at) < DAY);
        }
        book.requests.retain(|_, list| !list.is_empty());
        let all = book.processing.len();
        book.processing.retain(|note| note.at >= before);
        Ok((all - book.processing.len()) as u64)
    }
}

pub(super) fn other_text(version: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "this version of the consent is known with another text")
        .context("version", version)
        .hint("give the new text a new version")
}

pub(super) fn no_erasure(id: u64) -> Error {
    Error::new(ErrorKind::NotFound, "there is no confirmed wish to be erased of this number")
        .context("erasure", id)
        .hint("list the wishes; the donor confirms one with YA")
}
