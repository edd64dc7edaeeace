//! Donor analytics for charities, in one embeddable library.

mod analytics;
mod error;
mod model;

pub mod anomaly;
pub mod bot;
pub mod calendar;
pub mod churn;
pub mod etl;
pub mod forecast;
pub mod insight;
pub mod message;
pub mod source;
pub mod store;

#[cfg(feature = "testkit")]
pub mod sample;

mod stats;

pub use analytics::{Analytics, DonationForecast, DonorAnalyses, Settings};
pub use error::{Error, ErrorKind, Result};
pub use model::*;
