//! When something is strange.

use crate::error::{Error, ErrorKind, Result};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Which months to test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Months {
    /// The last whole month.
    #[default]
    Last,
    /// Every whole month that has enough earlier ones.
    Every,
}

/// When a category's month is strange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpenseOptions {
    /// Which months to test; the last whole one by default.
    pub months: Months,
    /// Earlier months that the baseline needs, at least 2; 3 by default, the fewest that the rule's own example has.
    pub min_history: usize,
    /// Earlier months that the baseline holds at most, no fewer than `min_history`; 12 by default: each month of the
    /// year once, and prices of last year no longer.
    pub window: usize,
    /// Standard deviations from the mean past which a month is strange; 2 by default. The expected range reaches as far.
    pub medium: f64,
    /// Standard deviations past which it is very strange, no fewer than `medium`; 3 by default.
    pub high: f64,
    /// Where all months of the baseline are equal there is no standard deviation to measure by: then a month that
    /// differs by more than this share of the mean is strange; 0.5 by default, half as much again.
    pub no_spread_medium: f64,
    /// And past this share very strange, no less than `no_spread_medium`; 1 by default, double.
    pub no_spread_high: f64,
}

impl Default for ExpenseOptions {
    fn default() -> Self {
        Self {
            months: Months::default(),
            min_history: 3,
            window: 12,
            medium: 2.0,
            high: 3.0,
            no_spread_medium: 0.5,
            no_spread_high: 1.0,
        }
    }
}

impl ExpenseOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        history(self.min_history)?;
        if self.window < self.min_history {
            return wrong("window must not be below min_history");
        }
        for (medium, high, why) in [
            (self.medium, self.high, "medium must be above zero and high no lower"),
            (
                self.no_spread_medium,
                self.no_spread_high,
                "no_spread_medium must be above zero and no_spread_high no lower",
            ),
        ] {
            if !(medium > 0.0 && medium.is_finite() && high >= medium && high.is_finite()) {
                return wrong(why);
            }
        }
        Ok(())
    }
}

/// When a single transaction is unusual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransactionOptions {
    /// Standard deviations from the category's average past which a transaction is unusual; 3 by default.
    pub threshold: f64,
    /// Other transactions that the category needs, at least 2; 5 by default. For ordinary (normal) amounts a threshold
    /// of 3 is passed by chance by 5 in 100 with five others, by 2 in 100 with ten, by 0.6 in 100 with thirty.
    pub min_history: usize,
    /// Where all other transactions are equal: the share of the average that one may differ by; 0.5 by default.
    pub no_spread: f64,
    /// Report transactions from this date on only; earlier ones still count for the averages. `None`, the default,
    /// reports all.
    pub since: Option<Date>,
}

impl Default for TransactionOptions {
    fn default() -> Self {
        Self { threshold: 3.0, min_history: 5, no_spread: 0.5, since: None }
    }
}

impl TransactionOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        history(self.min_history)?;
        for (value, why) in
            [(self.threshold, "threshold must be above zero"), (self.no_spread, "no_spread must be above zero")]
        {
            if !(value > 0.0 && value.is_finite()) {
                return wrong(why);
            }
        }
        Ok(())
    }
}

fn history(min_history: usize) -> Result<()> {
    if min_history < 2 { wrong("min_history must be at least 2: one value has no spread") } else { Ok(()) }
}

fn wrong(why: &str) -> Result<()> {
    Err(Error::new(ErrorKind::InvalidInput, why))
}
