//! The clock, read here and nowhere else.

use dermawan::{Organisation, Result};
use jiff::Timestamp;
use jiff::civil::Date;

/// Now, in microseconds since 1970-01-01 UTC.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// Today where the organisation is.
pub(crate) fn today(organisation: &Organisation) -> Result<Date> {
    Ok(organisation.zone()?.to_datetime(Timestamp::now()).date())
}
