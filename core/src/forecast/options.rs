//! How to forecast.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// A forecasting method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The least-squares line through all months. Needs 3.
    #[default]
    Ols,
    /// The average of the last [`Options::window`] months, or of all when there are fewer. Needs 1.
    MovingAverage,
}

/// How to forecast a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The method; [`Method::Ols`] by default.
    pub method: Method,
    /// The share of future months that an interval should hold, above 0 and below 1. The default 0.95 is the custom of
    /// the field.
    pub level: f64,
    /// Points and bounds stop at zero. It has no effect on a series that has a negative month, such as net flows.
    /// On by default: gifts and expenses are never negative.
    pub non_negative: bool,
    /// Months that a moving average looks back on, at least 1. The default 6 is half a year: long enough to even out
    /// one odd month, short enough to follow prices.
    pub window: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { method: Method::default(), level: 0.95, non_negative: true, window: 6 }
    }
}

impl Options {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::new(ErrorKind::InvalidInput, "level must lie between 0 and 1")
                .context("level", self.level)
                .hint("write 0.95 for intervals that hold 95 of 100 months"));
        }
        if self.window == 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "window must be at least one month"));
        }
        Ok(())
    }
}
