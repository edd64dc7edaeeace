//! The clock, read here and nowhere else.

use dermawan::{Organisation, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// Now, in microseconds since 1970-01-01 UTC.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// Today where the organisation is.
pub(crate) fn today(organisation: &Organisation) -> Result<Date> {
    Ok(organisation.zone()?.to_datetime(Timestamp::now()).date())
}

/// The server's clock: the system's, or for a trial one that began at another hour and runs on at the same pace.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    ahead: SignedDuration,
}

impl Clock {
    /// It is `time` now.
    pub(crate) fn beginning(time: Timestamp) -> Self {
        Self { ahead: time.duration_since(Timestamp::now()) }
    }

    /// Now.
    pub(crate) fn now(self) -> Timestamp {
        let system = Timestamp::now();
        system.checked_add(self.ahead).unwrap_or(system)
    }
}
