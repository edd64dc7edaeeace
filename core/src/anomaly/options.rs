//! When something is strange.

use crate::calendar::hijri::Overrides;
use crate::error::{Error, ErrorKind, Result};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Five years: what is older says nothing about today's prices.
const LONGEST_REACH: usize = 60;

/// Which months to test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Months {
    /// The last whole month.
    #[default]
    Last,
    /// Every whole month: by the rule those that have enough earlier ones, by the robust method all of them, each judged
    /// by all others.
    Every,
}

/// How months are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every month by all others, of all categories together, on the logarithms of the amounts: the contaminated model
    /// of Box & Tiao (1968) with moderated scales (Smyth 2004), after trend, season, Ramadan and level shifts have been
    /// taken out where the history shows them. Holds a stated false-alarm level of 0.05 within a fifth from four months
    /// on, for several categories whose noise is normal, mildly skewed (gamma with shape 4) or mildly heavy-tailed
    /// (Student's t with 5 degrees of freedom); see [`ExpenseOptions::false_alarm`] for other shapes.
    #[default]
    Robust,
    /// The rule of the existing application, put right: z by mean and sample standard deviation of the months before.
    Zscore,
}

/// When a category's month is strange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpenseOptions {
    /// How months are judged.
    pub method: Method,
    /// Which months to test; the last whole one by default.
    pub months: Months,
    /// How often an ordinary month may be called strange, above 0 and at most 0.5; for the robust method. Few months
    /// cannot tell how heavy the tails are: of a stated 0.05 exponential noise makes up to 1.7 times as many, Laplace and
    /// Student's t with 3 degrees of freedom up to 1.4 times, very wide normal noise (0.6 on the logarithm) at four months
    /// 1.5 times, and one normal category alone at four months 0.6 times. A level of 0.01 is not held: normal noise makes
    /// a half as many or less up to thirteen months, Student's t with 5 degrees of freedom up to 1.6 times as many.
    /// `None`, the default, asks no chance but what a month is: strange when it is something else than noise with a
    /// probability above 0.35 at four months, rising to 0.5 at thirteen, which finds the most for its false alarms (0.1 to
    /// 0.8 %).
    pub false_alarm: Option<f64>,
    /// Strange months whose p-value is below this share of the false-alarm level are HIGH; a quarter by default. Where no
    /// level is asked for it is a share of 0.045 at four months, then of 0.2 / (n + 1), at most 0.026 and at least 0.012
    /// (from sixteen months on).
    pub high_share: f64,
    /// A month that differs by less than this share from what was expected is never strange, however steady the
    /// category is; 0.1 by default. For the robust method.
    pub smallest_change: f64,
    /// Months that the robust method looks back at most, the tested ones included, at most 60; 60 by default.
    pub reach: usize,
    /// First days of Hijri months that were announced otherwise than calculated; none by default.
    pub hijri: Overrides,
    /// Earlier months that the baseline needs, at least 2; 3 by default, the fewest that the rule's own example has.
    pub min_history: usize,
    /// Earlier months that the rule's baseline holds at most, no fewer than `min_history`; 12 by default: each month of
    /// the year once, and prices of last year no longer.
    pub window: usize,
    /// Standard deviations from the mean past which a month is strange by the rule; 2 by default. Its expected range
    /// reaches as far.
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
            method: Method::default(),
            months: Months::default(),
            false_alarm: None,
            high_share: 0.25,
            smallest_change: 0.1,
            reach: LONGEST_REACH,
            hijri: Overrides::default(),
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
        if self.false_alarm.is_some_and(|level| !(level > 0.0 && level <= 0.5)) {
            return wrong("false_alarm must be above 0 and at most 0.5");
        }
        if !(self.high_share > 0.0 && self.high_share <= 1.0) {
            return wrong("high_share must be above 0 and at most 1");
        }
        if !(self.smallest_change >= 0.0 && self.smallest_change.is_finite()) {
            return wrong("smallest_change must be 0 or more");
        }
        if self.reach <= self.min_history || self.reach > LONGEST_REACH {
            return wrong("reach must be above min_history and at most 60");
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
