//! How careful the register is.

use crate::error::{Error, ErrorKind, Result};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How careful the register is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How long a code counts, in minutes; 10: long enough to find another telephone.
    pub code_minutes: u16,
    /// Wrong codes that end one; 5.
    pub attempts: u16,
    /// Codes within 24 hours, counted for who asks and, when somebody else asks, for the number asked for; 3. With 5
    /// attempts that leaves a guesser 15 of a million a day.
    pub requests: u16,
    /// The number of the consent's text, which an organisation raises when it changes what is agreed to; 1. A mark of the
    /// text itself is added to it.
    pub consent_version: u16,
    /// A donor is greeted again after so many days at the earliest; 180, half a year.
    pub greeting_days: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { code_minutes: 10, attempts: 5, requests: 3, consent_version: 1, greeting_days: 180 }
    }
}

impl Options {
    /// Checks every number; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        for (key, value, most) in [
            ("code_minutes", self.code_minutes, 60),
            ("attempts", self.attempts, 10),
            ("requests", self.requests, 20),
            ("greeting_days", self.greeting_days, 3650),
        ] {
            if !(1..=most).contains(&value) {
                return Err(Error::new(ErrorKind::Configuration, format!("register.{key} must be 1 to {most}")));
            }
        }
        Ok(())
    }

    /// How long a code counts.
    pub(super) fn life(&self) -> SignedDuration {
        SignedDuration::from_mins(self.code_minutes.into())
    }

    /// How long a greeting keeps another away.
    pub(super) fn pause(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.greeting_days))
    }
}

/// Over which requests are counted.
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);
