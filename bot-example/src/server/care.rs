//! Thanks and greetings. Nothing goes to a donor at risk without an administrator's word.

use super::House;
use dermawan::Result;
use dermawan::message::Message;
use dermawan::outbox::{Decision, Priority, Stage};
use dermawan::register::{CareState, Greeting};
use jiff::{Timestamp, ToSpan};

/// Thanks and greetings that could not go out for so long are not wanted any more, in days.
const THANKS_DAYS: i64 = 7;
const GREETING_DAYS: i64 = 14;

impl House {
    /// Thanks for gifts that nobody was thanked for. The note comes behind the outbox: cut off between, the same key is put
    /// again and is there already.
    pub(super) fn thanks(&self, now: Timestamp) -> Result<()> {
        let owed = self.analytics.thanks_owed(&*self.register, self.today(now))?;
        for thanks in &owed {
            let mut draft = thanks.message.clone().draft(self.lane(), Priority::Thanks, "terima_kasih");
            draft.key = self.key(&draft.key);
            draft.donor = Some(thanks.donor);
            draft.expires = now.checked_add((THANKS_DAYS * 24).hours()).ok();
            self.outbox.put(&mut std::iter::once(draft), now)?;
            // Nobody was thanked in a dry run: it is owed still.
            if !self.is_dry_run() {
                self.analytics.note_thanks(&*self.register, thanks, now)?;
            }
        }
        if !owed.is_empty() {
            tracing::info!(count = owed.len(), "thanks are queued");
            self.owed.notify_one();
        }
        Ok(())
    }

    /// Greetings that an administrator approved: those that went out are noted, the others are put into the outbox.
    pub(super) fn greetings(&self, now: Timestamp) -> Result<()> {
        let approved = self.register.greetings(Some(CareState::Approved))?;
        let mut waits = false;
        for greeting in &approved {
            waits |= !self.follow(greeting, now)?;
        }
        if !waits {
            return Ok(());
        }
        self.withdraw(now)?;
        let mut added = 0;
        for (greeting, message) in self.analytics.greetings_owed(&*self.register, self.today(now))? {
            let mut draft = message.draft(self.lane(), Priority::Care, "salam");
            draft.key = self.key(&draft.key);
            draft.donor = Some(greeting.donor);
            draft.expires = now.checked_add((GREETING_DAYS * 24).hours()).ok();
            added += self.outbox.put(&mut std::iter::once(draft), now)?.added;
        }
        if added > 0 {
            tracing::info!(count = added, "greetings are queued");
            self.owed.notify_one();
        }
        Ok(())
    }

    /// Follows an approved greeting into the outbox: it is sent when the gateway has taken it, and withdrawn when it will
    /// not go out. `false` when it is not in the outbox yet.
    fn follow(&self, greeting: &Greeting, now: Timestamp) -> Result<bool> {
        let Some(entry) = self.outbox.find(&self.key(&format!("salam:{}", greeting.id)))? else { return Ok(false) };
        let to = match entry.stage {
            Stage::Accepted => CareState::Sent,
            Stage::Dead => CareState::Withdrawn,
            _ => return Ok(true),
        };
        // Nobody was greeted in a dry run: it is owed still.
        if !self.is_dry_run() {
            self.register.settle(&[greeting.id], to, now)?;
        }
        Ok(true)
    }

    /// Takes back what is not wanted any more, also where it waits in the outbox.
    fn withdraw(&self, now: Timestamp) -> Result<()> {
        let old = self.analytics.withdraw_greetings(&*self.register, self.today(now), now)?;
        for greeting in &old {
            if let Some(entry) = self.outbox.find(&self.key(&format!("salam:{}", greeting.id)))?
                && matches!(entry.stage, Stage::Queued | Stage::Leased)
            {
                self.outbox.decide(entry.id, Decision::Discard, now)?;
            }
        }
        if !old.is_empty() {
            tracing::info!(count = old.len(), "greetings are not wanted any more");
        }
        Ok(())
    }

    /// Drafts for donors at risk, and a word to the administrators that they wait. Nothing goes out to a donor here.
    pub(super) fn draft_greetings(&self, period: &str, now: Timestamp) -> Result<()> {
        self.withdraw(now)?;
        let most = usize::from(self.plan.greetings_most);
        let list = self.analytics.draft_greetings_up_to(&*self.register, self.today(now), now, most)?;
        tracing::info!(waiting = list.total, "greetings wait for a decision");
        if list.total == 0 {
            return Ok(());
        }
        let text = self.analytics.templates().render(&Message::Greetings(&list))?;
        self.tell_administrators(&format!("sapaan:{period}"), "sapaan", &text, now).map(drop)
    }
}
