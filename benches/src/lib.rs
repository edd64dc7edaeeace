//! Races of Dermawan against its peers, side by side in one run.
//!
//! The rule of every race is in [`race`]: a contestant that gives another answer than the others is not timed but
//! refused. Each runs in a process of its own, so that peak memory is its own too ([`measure`]). The races themselves
//! are in `benches/`, the processes that run in them in `src/bin/`; `make bench` runs all and writes a table of each
//! to `bench-results/` ([`results`]).
#![allow(clippy::disallowed_methods, reason = "benches measure what is outside")]

pub mod measure;
pub mod noise;
pub mod peers;
pub mod race;
pub mod results;
pub mod town;
