//! When a line of the cash book is worth a look.

use crate::error::{Error, ErrorKind, Result};
use crate::model::Rupiah;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// When a line of the cash book is worth a look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScreenOptions {
    /// Report lines from this date on only; earlier ones still count for what is usual. `None`, the default, reports all.
    pub since: Option<Date>,
    /// Lines that a category needs before one of them can be an outlier, at least 5; 8 by default.
    pub min_history: usize,
    /// Robust standard deviations of the logarithm past which an amount is an outlier; 4 by default: one ordinary line in
    /// 16,000 for normal logarithms, and one in a few hundred for heavy tails.
    pub outlier: f64,
    /// Days within which the same amount in the same category may be a duplicate; 3 by default.
    pub duplicate_days: u16,
    /// Amounts that recur so often that a neighbour as near is more probable than this are no duplicates; 0.05 by default.
    pub duplicate_chance: f64,
    /// How alike the texts of duplicates must be, 0 to 1 (Jaro & Winkler); 0.75 by default. Lines without a text are
    /// alike.
    pub similar_text: f64,
    /// Limits from which a payment needs somebody's approval. None by default: splits are then not looked for.
    pub limits: Vec<Rupiah>,
    /// Days within which payments just under a limit belong together; 2 by default.
    pub split_days: u16,
    /// Lines dated on Saturday or Sunday are worth a look where they are at most this share of a category; 0.02 by default.
    pub weekend_share: f64,
    /// Lines typed in more than so many days after their date are worth a look; 31 by default: the books of a month are
    /// closed by then.
    pub backdated_days: u16,
    /// How many findings are kept, the highest scores first; 1,000 by default. All are counted.
    pub most: usize,
}

impl Default for ScreenOptions {
    fn default() -> Self {
        Self {
            since: None,
            min_history: 8,
            outlier: 4.0,
            duplicate_days: 3,
            duplicate_chance: 0.05,
            similar_text: 0.75,
            limits: Vec::new(),
            split_days: 2,
            weekend_share: 0.02,
            backdated_days: 31,
            most: 1_000,
        }
    }
}

impl ScreenOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        for (right, why) in [
            (self.min_history >= 5, "min_history must be at least 5: quartiles need as many"),
            (self.outlier > 0.0 && self.outlier.is_finite(), "outlier must be above zero"),
            (share(self.duplicate_chance), "duplicate_chance must be 0 to 1"),
            (share(self.similar_text), "similar_text must be 0 to 1"),
            (share(self.weekend_share), "weekend_share must be 0 to 1"),
            (self.backdated_days > 0, "backdated_days must be above zero"),
            (self.most > 0, "most must be above zero"),
            (self.limits.iter().all(|&limit| limit > Rupiah::ZERO), "limits must be above zero"),
        ] {
            if !right {
                return Err(Error::new(ErrorKind::InvalidInput, why));
            }
        }
        Ok(())
    }
}
