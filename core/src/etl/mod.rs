//! Rows become facts: extract, validate, transform, load, reconcile, in one transaction.
//!
//! [`run()`] takes a [`Snapshot`](crate::source::Snapshot) and what a store offers for loading ([`Load`]). Every row of
//! the source ends either in its clean table or in the quarantine with a reason; the [`Report`] counts both, and the
//! load is refused where counts or sums differ from those that the source computed in the same snapshot.
//!
//! The first load reads everything. Later ones read the rows modified since (with an overlap) and those without a
//! modification time, and then compare counts and sums again: what was deleted, or changed without moving
//! `updated_at`, shows itself there and is looked for in ranges of keys, so that only those ranges are read again.
//! What changes no sum (a text of a large table, two amounts that changed places) is right again with the next full load,
//! which comes by itself every [`Options::full_every_days`]; small tables and contacts are compared row by row.

pub mod facts;
mod keys;
mod load;
mod losses;
mod options;
mod quarantine;
mod report;
mod run;
mod validate;

pub use load::{Census, Changes, Freshness, Load, Scope, State};
pub use options::{Mode, Options, ReceivedRule};
pub use quarantine::{Quarantined, Reason};
pub use report::{Progress, Reading, Report, Step, TableReport};
pub use run::{Run, run};
