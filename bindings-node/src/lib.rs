//! Node window of Dermawan: convert, call, map the error. The package around it is `index.js`.
#![allow(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "napi decides what it hands over and what it takes"
)]
#![allow(unreachable_pub, reason = "napi exports public methods only")]

mod analyses;
mod analytics;
mod anomaly;
mod chart;
mod churn;
mod door;
mod forecast;
mod inbox;
mod outbox;
mod register;
mod schedule;
mod transport;

use napi_derive::napi;

/// The version of the library.
#[napi]
pub(crate) fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
