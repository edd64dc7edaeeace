//! A charity that does not exist, at any size: seeded rows of the orphanage's own schema, bad ones included, and the
//! truth about them.
//!
//! [`Sample::new`] plans a sample from [`SampleOptions`]; every row is a function of the seed and its place, so that
//! the rows are made one month at a time, in the order in which a real system would have made them, and a hundred
//! million of them need no more memory than a month. They leave in three forms:
//!
//! - [`SampleSource`] is a [`Source`](crate::source::Source): the whole library runs on it without a database;
//! - [`Sample::statements`] are `INSERT`s for MySQL and MariaDB, [`Sample::write_tsv`] files for `LOAD DATA`, the
//!   fastest way to fill a large database;
//! - [`Sample::changes`] is what a day at the office does to the rows afterwards.
//!
//! [`Sample::truth`] counts while rows are made: what was received, which rows are bad, where the anomalies are.
//!
//! ```
//! use dermawan::Table;
//! use dermawan::sample::{Sample, SampleOptions};
//!
//! let sample = Sample::new(SampleOptions::demo())?;
//! let truth = sample.truth()?;
//! assert_eq!(truth.children_in_care, 25);
//! assert!(truth.rows[&Table::Donations] >= 8_500);
//! # Ok::<(), dermawan::Error>(())
//! ```

mod cash;
mod cell;
mod changes;
mod donations;
mod months;
mod names;
mod options;
mod people;
mod plan;
mod rng;
mod source;
mod sql;
mod tables;
mod truth;
mod window;

pub use changes::SampleChanges;
pub use months::{MonthNoise, MonthOptions, SampleMonths};
pub use options::SampleOptions;
pub use plan::Sample;
pub use source::SampleSource;
pub use sql::SESSION;
pub use truth::{CountAndSum, Lapsed, Planted, PlantedAnomaly, SampleTruth, Trap};

#[cfg(test)]
mod tests;
