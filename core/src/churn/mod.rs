//! Who is leaving, what donors are worth, and whom to call.
//!
//! - **The rule**: [`score`], [`segments`] and [`lifetime_value`] read the donors' sums as columns
//!   ([`DonorGifts`]: received gifts up to a date), walk them once, and answer in columns of the same order. Donors who
//!   never gave are not in the columns and have no score.
//! - **The models**: [`fit`] a [`Model`] to [`Repeat`] giving (x, `t_x`, T), and ask the [`Fitted`] one for
//!   [`Predictions`]; [`fit_spending`] for what a gift is worth. The churn number is P(no gift within the horizon), never
//!   1 − P(alive). [`outlook`] brings both together for every donor, with the words for it, and [`recommend`] ranks whom
//!   to call first.
//! - **The judge**: [`backtest`] tries rule, baselines and models on the charity's own past, and may say: keep the rule.
//! - **The sector's tables**: [`rfm`], [`retention`], [`standings`] (LYBUNT, SYBUNT).
//!
//! ```
//! use dermawan::{DonorGifts, DonorId, Language, Rupiah, churn};
//! use jiff::civil::date;
//! let gifts = DonorGifts {
//!     donor: vec![DonorId(1)],
//!     count: vec![12],
//!     total: vec![Rupiah::new(6_000_000)],
//!     first: vec![date(2024, 11, 3)],
//!     last: vec![date(2025, 10, 28)],
//!     recent: vec![0],
//! };
//! let scores = churn::score(&gifts, date(2026, 1, 31), &churn::ScoreOptions::default())?;
//! assert_eq!((scores.score[0], scores.level[0]), (70, churn::Level::Medium));
//! let reasons: Vec<String> = scores.row(0).unwrap().reasons().map(|factor| factor.words(Language::En)).collect();
//! assert_eq!(reasons, ["95 days since the last gift", "no gift in the last 3 months"]);
//! # Ok::<(), dermawan::Error>(())
//! ```

mod backtest;
mod batch;
mod bg_bb;
mod bg_nbd;
mod dropout;
mod evaluate;
mod features;
mod fit;
mod gamma_gamma;
mod mbg_nbd;
mod model;
mod options;
mod outlook;
mod pareto_nbd;
mod predict;
mod recommend;
mod repeat;
mod retention;
mod rfm;
mod score;
mod season;
mod segment;
#[cfg(any(test, feature = "testkit"))]
mod simulate;
mod value;
mod within;

pub use backtest::{Backtest, BacktestOptions, Difference, Method, Origin, Outcome, Reason, backtest};
pub use evaluate::{CalibrationBin, Evaluation, evaluate};
pub use fit::{Convergence, Estimate, FitOptions, Fitted, fit};
pub use gamma_gamma::{FittedSpending, Spending, SpendingOptions, fit_spending};
pub use model::Model;
pub use outlook::{Known, OutlookOptions, Outlooks, Sign, outlook};
pub use predict::{Ahead, Predictions};
pub use recommend::{Call, RecommendOptions, recommend, recommend_by_rule};
pub use repeat::{Grouped, Repeat};
pub use retention::{Cohort, CountRetention, Retention, Standing, Standings, YearRetention, retention, standings};
pub use rfm::{Rfm, RfmSegment, rfm};

pub use options::{CountBand, DaysBand, ScoreOptions, SegmentOptions};
pub use score::{Factor, Level, Score, Scores, score};
pub use segment::{Segment, SegmentCounts, Segments, segments};
#[cfg(any(test, feature = "testkit"))]
pub use simulate::{Simulated, simulate, simulate_days};
pub use value::{LifetimeValue, LifetimeValues, lifetime_value};

use crate::error::{Error, ErrorKind, Result};
use crate::model::DonorGifts;
use jiff::civil::Date;

/// Refuses columns that no store gives out: of unequal lengths, donors without a gift, dates in the wrong order or
/// after the as-of date.
fn check(gifts: &DonorGifts, as_of: Date) -> Result<()> {
    let n = gifts.donor.len();
    if [gifts.count.len(), gifts.total.len(), gifts.first.len(), gifts.last.len(), gifts.recent.len()] != [n; 5] {
        return Err(Error::new(ErrorKind::InvalidInput, "the columns of gifts differ in length"));
    }
    for row in 0..n {
        let why = if gifts.count[row] == 0 {
            "a donor without a gift has no place among those who gave"
        } else if gifts.recent[row] > gifts.count[row] {
            "a donor has more recent gifts than gifts"
        } else if gifts.first[row] > gifts.last[row] {
            "a donor's last gift is before the first"
        } else if gifts.last[row] > as_of {
            "a donor's last gift is after the as-of date"
        } else {
            continue;
        };
        return Err(Error::new(ErrorKind::InvalidInput, why)
            .context("donor", gifts.donor[row])
            .context("as_of", as_of)
            .hint("sum the received gifts up to the as-of date, and no later ones"));
    }
    Ok(())
}

/// Whole days from one date to a later one.
fn days_between(from: Date, to: Date) -> u32 {
    u32::try_from(to.duration_since(from).as_hours() / 24).unwrap_or(0)
}

#[cfg(test)]
mod tests;
