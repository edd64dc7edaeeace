//! The rule score: 0 (stays) to 100 (gone), from the last gift, the number of gifts, and the gifts of late.

use super::{CountBand, ScoreOptions, check, days_between};
use crate::error::Result;
use crate::model::{DonorGifts, DonorId, Language};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How likely a donor is to leave, in three steps. Ordered: `Low` is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Below the medium threshold.
    Low,
    /// From the medium threshold on.
    Medium,
    /// From the high threshold on.
    High,
}

/// The scores of many donors, one row a donor in the order of the input, all columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// The score, 0 to 100.
    pub score: Vec<u8>,
    /// Its level.
    pub level: Vec<Level>,
    /// Days since the last gift.
    pub days_since_last: Vec<u32>,
    /// Points for them.
    pub days_points: Vec<u8>,
    /// Gifts ever.
    pub gifts_ever: Vec<u32>,
    /// Points for them.
    pub ever_points: Vec<u8>,
    /// Gifts in the last calendar months.
    pub gifts_recent: Vec<u32>,
    /// Points for them.
    pub recent_points: Vec<u8>,
    /// How many calendar months are recent.
    pub recent_months: u8,
}

/// One donor's score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The donor.
    pub donor: DonorId,
    /// The score, 0 to 100.
    pub score: u8,
    /// Its level.
    pub level: Level,
    /// What it is the sum of, in the order of the rule.
    pub factors: [Factor; 3],
}

impl Score {
    /// The factors that raise the score, most points first.
    pub fn reasons(&self) -> impl Iterator<Item = Factor> + use<> {
        let mut factors = self.factors;
        factors.sort_by_key(|factor| std::cmp::Reverse(factor.points()));
        factors.into_iter().filter(|factor| factor.points() > 0)
    }
}

/// One part of a score, with its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "factor", rename_all = "snake_case")]
pub enum Factor {
    /// How long ago the last gift was.
    DaysSinceLast {
        /// Days.
        days: u32,
        /// Points.
        points: u8,
    },
    /// How many gifts there were ever.
    GiftsEver {
        /// Gifts.
        gifts: u32,
        /// Points.
        points: u8,
    },
    /// How many gifts there were in the last calendar months.
    GiftsRecent {
        /// Gifts.
        gifts: u32,
        /// In so many months.
        months: u8,
        /// Points.
        points: u8,
    },
}

impl Factor {
    /// Its points.
    pub const fn points(self) -> u8 {
        match self {
            Self::DaysSinceLast { points, .. } | Self::GiftsEver { points, .. } | Self::GiftsRecent { points, .. } => {
                points
            }
        }
    }

    /// The fact in words, such as "95 days since the last gift".
    pub fn words(self, language: Language) -> String {
        let plural = |n: u32| if n == 1 { "" } else { "s" };
        match (self, language) {
            (Self::DaysSinceLast { days, .. }, Language::Id) => format!("{days} hari sejak donasi terakhir"),
            (Self::DaysSinceLast { days, .. }, Language::En) => {
                format!("{days} day{} since the last gift", plural(days))
            }
            (Self::GiftsEver { gifts, .. }, Language::Id) => format!("{gifts} kali berdonasi sejak awal"),
            (Self::GiftsEver { gifts, .. }, Language::En) => format!("{gifts} gift{} ever", plural(gifts)),
            (Self::GiftsRecent { gifts: 0, months, .. }, Language::Id) => {
                format!("tidak ada donasi dalam {months} bulan terakhir")
            }
            (Self::GiftsRecent { gifts: 0, months, .. }, Language::En) => {
                format!("no gift in the last {months} month{}", plural(months.into()))
            }
            (Self::GiftsRecent { gifts, months, .. }, Language::Id) => {
                format!("{gifts} kali berdonasi dalam {months} bulan terakhir")
            }
            (Self::GiftsRecent { gifts, months, .. }, Language::En) => {
                format!("{gifts} gift{} in the last {months} month{}", plural(gifts), plural(months.into()))
            }
        }
    }
}

impl Scores {
    /// How many donors.
    pub fn len(&self) -> usize {
        self.donor.len()
    }

    /// `true` without donors.
    pub fn is_empty(&self) -> bool {
        self.donor.is_empty()
    }

    /// One row with its factors; `None` past the end.
    pub fn row(&self, row: usize) -> Option<Score> {
        Some(Score {
            donor: *self.donor.get(row)?,
            score: *self.score.get(row)?,
            level: *self.level.get(row)?,
            factors: [
                Factor::DaysSinceLast { days: *self.days_since_last.get(row)?, points: *self.days_points.get(row)? },
                Factor::GiftsEver { gifts: *self.gifts_ever.get(row)?, points: *self.ever_points.get(row)? },
                Factor::GiftsRecent {
                    gifts: *self.gifts_recent.get(row)?,
                    months: self.recent_months,
                    points: *self.recent_points.get(row)?,
                },
            ],
        })
    }

    /// The rows whose score is at least `score`: highest first, then longest silent, then by donor.
    pub fn ranked(&self, score: u8) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.len()).filter(|&row| self.score[row] >= score).collect();
        rows.sort_unstable_by_key(|&row| {
            (std::cmp::Reverse((self.score[row], self.days_since_last[row])), self.donor[row])
        });
        rows
    }
}

/// Scores every donor of the columns, in one pass and without an allocation per donor.
///
/// `gifts.recent` must count the gifts of the last [`ScoreOptions::recent_months`] calendar months before `as_of`.
///
/// # Errors
///
/// `invalid_input` when an option is out of its range, or when the columns contradict themselves or `as_of`.
pub fn score(gifts: &DonorGifts, as_of: Date, options: &ScoreOptions) -> Result<Scores> {
    options.validate()?;
    check(gifts, as_of)?;
    let count_points =
        |gifts: u32, bands: &[CountBand]| bands.iter().find(|band| gifts <= band.at_most).map_or(0, |band| band.points);
    let days_since_last: Vec<u32> = gifts.last.iter().map(|&last| days_between(last, as_of)).collect();
    let days_points: Vec<u8> = days_since_last
        .iter()
        .map(|&days| options.days_since_last.iter().find(|band| days > band.more_than).map_or(0, |band| band.points))
        .collect();
    let ever_points: Vec<u8> = gifts.count.iter().map(|&gifts| count_points(gifts, &options.gifts_ever)).collect();
    let recent_points: Vec<u8> = gifts.recent.iter().map(|&gifts| count_points(gifts, &options.gifts_recent)).collect();
    // At most 100, by `validate`.
    let score: Vec<u8> = (0..gifts.len()).map(|row| days_points[row] + ever_points[row] + recent_points[row]).collect();
    let level = |score: &u8| match *score {
        score if score >= options.high => Level::High,
        score if score >= options.medium => Level::Medium,
        _ => Level::Low,
    };
    Ok(Scores {
        donor: gifts.donor.clone(),
        level: score.iter().map(level).collect(),
        score,
        days_since_last,
        days_points,
        gifts_ever: gifts.count.clone(),
        ever_points,
        gifts_recent: gifts.recent.clone(),
        recent_points,
        recent_months: options.recent_months,
    })
}
