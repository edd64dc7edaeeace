//! Donor analytics for charities, in one embeddable library: a charity's operational tables become facts, facts become
//! findings, and findings become the messages that donors and administrators read.
//!
//! The rooms, in the order that data walks through them:
//!
//! | room | its question |
//! |---|---|
//! | [`source`] | where do rows come from? |
//! | [`etl`] | which rows are facts? |
//! | [`store`] | where do facts rest? |
//! | [`forecast`], [`churn`], [`anomaly`] | what comes next, who is leaving, what is strange? |
//! | [`insight`] | what does it mean? |
//! | [`message`] | how is it said? |
//! | [`chart`] | how is it shown? |
//! | [`register`] | who may hear from us? |
//! | [`bot`] | what was asked? |
//! | [`transport`] | how does it go out? |
//! | `inbox` | what came in and is not answered yet? |
//! | [`outbox`] | what is owed? |
//! | [`schedule`] | what is to be done now? |
//!
//! [`Analytics`] is the handle over all of them. Every analysis also runs on plain values, without a store. The library
//! has no clock, randomness, printing or async runtime: the day and the seed are arguments.
//!
//! Features: `duckdb` (default; links the prebuilt library named by `DUCKDB_LIB_DIR`), `bundled` (compiles DuckDB
//! instead), `mysql`, `files` (CSV and Parquet), `sqlite` (outbox, register, inbox and runs in a file), `fonnte` (gateways
//! over HTTP: Fonnte and the WhatsApp Cloud API), `chart` (PNG beside SVG), `rayon` (many series on all cores), `testkit`
//! (sample data and the contract suites of stores, outboxes, registers and transports).

mod error;
mod model;

pub mod calendar;
pub mod source;

pub mod etl;
pub mod store;

pub mod anomaly;
pub mod churn;
pub mod forecast;
mod stats;

pub mod bot;
pub mod chart;
pub mod insight;
pub mod message;
pub mod register;

#[cfg(feature = "sqlite")]
pub mod inbox;
pub mod outbox;
pub mod schedule;
pub mod transport;

#[cfg(feature = "sqlite")]
mod sqlite;

mod analytics;

#[cfg(feature = "testkit")]
pub mod sample;

/// The README's example, compiled and run with the documentation's others.
#[cfg(all(doctest, feature = "testkit"))]
#[doc = include_str!("../../README.md")]
struct Readme;

pub use analytics::{
    Analytics, Deed, DonationForecast, DonorAnalyses, NextGifts, Owed, OwedThanks, OwnedTurn, Settings, Spoken, Turn,
};
pub use error::{Error, ErrorKind, Result};
pub use model::*;
