//! The plan.

use crate::error::{Error, ErrorKind, Result};
use jiff::civil::{Time, Weekday, time};
use serde::{Deserialize, Serialize};

/// When what is done, in the organisation's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each switches something of its own on")]
pub struct Options {
    /// The nightly load: 01:00, when nobody types.
    pub load_at: Time,
    /// Minutes between further loads; 0 for none, the default. Thanks within the hour need 45 or less.
    pub load_every_minutes: u16,
    /// Send the monthly report: off, until somebody has read one in test mode.
    pub report: bool,
    /// The report goes to the administrators only: on, see `report`.
    pub report_test: bool,
    /// Its day of the month: 1; 28 at most, so that every month has it.
    pub report_day: i8,
    /// Its hour: 08:00.
    pub report_at: Time,
    /// Send the picture of the donations along with the report, where the gateway can: off, for it takes a gateway's paid
    /// plan.
    pub report_picture: bool,
    /// Send the administrators a weekly brief: on.
    pub brief: bool,
    /// Its day: Monday.
    pub brief_day: Day,
    /// Its hour: 07:00.
    pub brief_at: Time,
    /// Tell the administrators of anomalies and shortfalls, once each: on.
    pub alerts: bool,
    /// When: 07:00, behind the night's load and before the day's work.
    pub alerts_at: Time,
    /// Draft greetings to donors at risk every week and tell the administrators that they wait: off, the organisation
    /// decides. None goes out without an administrator's word.
    pub greetings: bool,
    /// The day of the drafts: Monday.
    pub greetings_day: Day,
    /// Their hour: 07:30, behind the brief.
    pub greetings_at: Time,
    /// So many new drafts a week at most: 10, about what somebody reads with care.
    pub greetings_most: u16,
    /// Thank for new gifts: off, the organisation decides.
    pub thanks: bool,
    /// Minutes between looks for new gifts: 15.
    pub thanks_every_minutes: u16,
    /// After so many failures of a run the administrators are told: 5. It is tried on once an hour until its day is over.
    pub attempts: u32,
    /// Minutes until a failed run is tried again, doubled each time up to an hour: 5, so five attempts span over an hour.
    /// A run that waits for facts is tried again after so many.
    pub retry_minutes: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            load_at: time(1, 0, 0, 0),
            load_every_minutes: 0,
            report: false,
            report_test: true,
            report_day: 1,
            report_at: time(8, 0, 0, 0),
            report_picture: false,
            brief: true,
            brief_day: Day::Monday,
            brief_at: time(7, 0, 0, 0),
            alerts: true,
            alerts_at: time(7, 0, 0, 0),
            greetings: false,
            greetings_day: Day::Monday,
            greetings_at: time(7, 30, 0, 0),
            greetings_most: 10,
            thanks: false,
            thanks_every_minutes: 15,
            attempts: 5,
            retry_minutes: 5,
        }
    }
}

impl Options {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::new(ErrorKind::Configuration, text));
        if !(1..=28).contains(&self.report_day) {
            return wrong("schedule.report_day must be 1 to 28, so that every month has it");
        }
        if self.thanks && !(1..=45).contains(&self.load_every_minutes) {
            return wrong("schedule.thanks needs schedule.load_every_minutes of 1 to 45, to thank within the hour");
        }
        if !(1..=1000).contains(&self.greetings_most) {
            return wrong("schedule.greetings_most must be 1 to 1,000");
        }
        if !(1..=60).contains(&self.thanks_every_minutes) {
            return wrong("schedule.thanks_every_minutes must be 1 to 60");
        }
        if self.load_every_minutes > 24 * 60 {
            return wrong("schedule.load_every_minutes must be 1440 at most");
        }
        if !(1..=20).contains(&self.attempts) {
            return wrong("schedule.attempts must be 1 to 20");
        }
        if self.retry_minutes == 0 {
            return wrong("schedule.retry_minutes must be at least 1");
        }
        Ok(())
    }
}

/// A day of the week, as configurations write it (`monday`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    pub(super) const fn weekday(self) -> Weekday {
        match self {
            Self::Monday => Weekday::Monday,
            Self::Tuesday => Weekday::Tuesday,
            Self::Wednesday => Weekday::Wednesday,
            Self::Thursday => Weekday::Thursday,
            Self::Friday => Weekday::Friday,
            Self::Saturday => Weekday::Saturday,
            Self::Sunday => Weekday::Sunday,
        }
    }
}
