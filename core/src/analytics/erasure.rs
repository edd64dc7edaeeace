//! What is done with a donor's wish to be erased.

use super::Analytics;
use super::care::contact_number;
use super::conversation::Owed;
use crate::error::Result;
use crate::message::Message;
use crate::model::{DonorId, Number};
use crate::register::{Erasure, ErasureState, Register};
use crate::store::View;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The wishes that were confirmed and are not done.
pub(super) fn open(register: &dyn Register) -> Result<Vec<Erasure>> {
    let mut wishes = register.erasures()?;
    wishes.retain(|wish| wish.state() == ErasureState::Confirmed);
    Ok(wishes)
}

impl Analytics {
    /// The message that says that an erasure is done, to each number that it will sever: those proved here and those that
    /// the source's tables name for the donor. Nothing is changed; a host that keeps these messages before it
    /// [completes](Analytics::complete_erasure) the erasure loses none, for afterwards the numbers are known nowhere.
    ///
    /// # Errors
    ///
    /// Those of [`Register::erase`].
    pub fn erasure_notices(&self, register: &dyn Register, erasure: u64) -> Result<Vec<Owed>> {
        let mut numbers: BTreeSet<Number> = register.severed_by(erasure)?.into_iter().collect();
        numbers.extend(self.named_numbers(register, erasure)?);
        let text = self.templates.render(&Message::Erased)?;
        let owed = |(n, to): (usize, Number)| {
            // Who opted out asked for it all the same.
            Owed { key: format!("hapus:{erasure}:{n}"), to, text: text.clone(), solicited: true, expires: None }
        };
        Ok(numbers.into_iter().enumerate().map(owed).collect())
    }

    /// Severs the donor in the register and returns the [notices](Analytics::erasure_notices). The wish must be confirmed;
    /// the identity in the source's own tables is the administrators' to erase.
    ///
    /// # Errors
    ///
    /// Those of [`Register::erase`].
    pub fn complete_erasure(&self, register: &dyn Register, erasure: u64, now: Timestamp) -> Result<Vec<Owed>> {
        let notices = self.erasure_notices(register, erasure)?;
        register.erase(erasure, &self.named_numbers(register, erasure)?, now)?;
        Ok(notices)
    }

    /// The numbers that the source's tables name for the donor of a wish.
    fn named_numbers(&self, register: &dyn Register, erasure: u64) -> Result<Vec<Number>> {
        let wish = register.erasures()?.into_iter().find(|wish| wish.id == erasure);
        let Some(donor) = wish.and_then(|wish| wish.donor) else { return Ok(Vec::new()) };
        named_for(&*self.store.view()?, register, donor)
    }
}

/// The numbers that the source's tables name for a donor, but for those that were proved to be another's.
pub(super) fn named_for(view: &dyn View, register: &dyn Register, donor: DonorId) -> Result<Vec<Number>> {
    let contacts = view.verified_contacts(Some(donor))?;
    let mut numbers: Vec<Number> = contacts.iter().filter_map(|(_, number)| contact_number(number)).collect();
    let standings = register.standings(&numbers)?;
    let mut is_theirs = standings.iter().map(|s| s.verified.as_ref().is_none_or(|proved| proved.donor == donor));
    numbers.retain(|_| is_theirs.next().unwrap_or(false));
    Ok(numbers)
}
