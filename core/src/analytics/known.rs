//! Until when the facts are known.
//!
//! A month after the last load is not a month without gifts: nothing is known of it. So no analysis looks further than the
//! day of the load, whatever day it is asked for; and what is old is said to be old, and nobody is written to because of it.

use super::Analytics;
use crate::bot::{Answer, Command};
use crate::error::Result;
use crate::message;
use crate::model::Language;
use crate::store::View;
use jiff::civil::Date;

/// Days that facts may be behind before messages say so: a night's load may fail once.
const FRESH_DAYS: i32 = 2;

impl Analytics {
    /// The day that analyses of `as_of` are made for: that day, or the day of the last load where it is earlier.
    pub fn known_until(&self, as_of: Date) -> Result<Date> {
        until(&*self.store.view()?, as_of)
    }

    /// The day at which the facts end, where that is more than two days before `as_of`: then greetings are not drafted, gifts
    /// not thanked for and nothing is alerted of, and messages name the day.
    pub fn stale_since(&self, as_of: Date) -> Result<Option<Date>> {
        stale(&*self.store.view()?, as_of)
    }

    /// The facts, and the day that analyses of `as_of` are made for.
    pub(super) fn facts(&self, as_of: Date) -> Result<(Box<dyn View + '_>, Date)> {
        let view = self.store.view()?;
        let as_of = until(&*view, as_of)?;
        Ok((view, as_of))
    }

    /// Says in an answer made of facts at which day they end, where that is long ago.
    pub(super) fn say_age(&self, answer: &mut Answer, stale: Option<Date>) {
        let (Some(day), Some(reply), Some(command)) = (stale, answer.reply.as_mut(), answer.command) else { return };
        let of_facts = matches!(
            command,
            Command::Info
                | Command::Impact
                | Command::Report
                | Command::Outlook
                | Command::Brief
                | Command::Risk
                | Command::Anomalies
                | Command::Forecast
        );
        if of_facts && answer.error.is_none() {
            let language = self.settings.organisation.language;
            let day = message::date(day, language);
            let line = match language {
                Language::Id => format!("\n\n_Data sampai {day}_"),
                Language::En => format!("\n\n_Data up to {day}_"),
            };
            reply.push_str(&line);
        }
    }
}

/// `as_of`, or the day of the last load where it is earlier.
pub(super) fn until(view: &dyn View, as_of: Date) -> Result<Date> {
    Ok(view.state()?.map_or(as_of, |state| state.as_of.min(as_of)))
}

/// The day of the last load, where it is more than two days before `as_of`.
pub(super) fn stale(view: &dyn View, as_of: Date) -> Result<Option<Date>> {
    Ok(view.state()?.map(|state| state.as_of).filter(|&day| is_long_ago(day, as_of)))
}

/// Both: the day that analyses of `as_of` are made for, and [`stale`].
pub(super) fn until_and_stale(view: &dyn View, as_of: Date) -> Result<(Date, Option<Date>)> {
    let loaded = view.state()?.map(|state| state.as_of);
    Ok((loaded.map_or(as_of, |day| day.min(as_of)), loaded.filter(|&day| is_long_ago(day, as_of))))
}

fn is_long_ago(day: Date, as_of: Date) -> bool {
    (as_of - day).get_days() > FRESH_DAYS
}
