//! The thresholds of the rules.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// Points for a long silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaysBand {
    /// The band holds donors whose last gift is more than so many days ago.
    pub more_than: u32,
    /// Its points.
    pub points: u8,
}

/// Points for few gifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountBand {
    /// The band holds donors with so many gifts or fewer.
    pub at_most: u32,
    /// Its points.
    pub points: u8,
}

/// The rule score's thresholds. In each list the first band that fits gives its points, none gives 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoreOptions {
    /// Days since the last gift, longest first. Default: more than 90 days 40, 60 days 30, 30 days 15: one, two and
    /// three months of silence of a monthly giver.
    pub days_since_last: Vec<DaysBand>,
    /// Gifts ever, fewest first. Default: 1 gift 30, 2 gifts 20, up to 5 gifts 10: a habit forms with the sixth.
    pub gifts_ever: Vec<CountBand>,
    /// Gifts in the last calendar months, fewest first. Default: none 30, 1 gift 15.
    pub gifts_recent: Vec<CountBand>,
    /// How many calendar months are recent, 1 to 120; 3 by default. The column `recent` must have been counted with the
    /// same number.
    pub recent_months: u8,
    /// The level is HIGH from this score on; 75 by default.
    pub high: u8,
    /// The level is MEDIUM from this score on; 50 by default.
    pub medium: u8,
}

impl Default for ScoreOptions {
    fn default() -> Self {
        let days = |more_than, points| DaysBand { more_than, points };
        let gifts = |at_most, points| CountBand { at_most, points };
        Self {
            days_since_last: vec![days(90, 40), days(60, 30), days(30, 15)],
            gifts_ever: vec![gifts(1, 30), gifts(2, 20), gifts(5, 10)],
            gifts_recent: vec![gifts(0, 30), gifts(1, 15)],
            recent_months: 3,
            high: 75,
            medium: 50,
        }
    }
}

impl ScoreOptions {
    /// Checks every value; names the one that is wrong. Bands must be in order, with points that fall from each to the
    /// next, and the highest of the three lists must not sum to more than 100.
    pub fn validate(&self) -> Result<()> {
        let days =
            self.days_since_last.windows(2).all(|w| w[0].more_than > w[1].more_than && w[0].points > w[1].points);
        if !days {
            return wrong("days_since_last must begin with the longest silence, and its points must fall");
        }
        for (list, name) in [(&self.gifts_ever, "gifts_ever"), (&self.gifts_recent, "gifts_recent")] {
            if !list.windows(2).all(|w| w[0].at_most < w[1].at_most && w[0].points > w[1].points) {
                return wrong(&format!("{name} must begin with the fewest gifts, and its points must fall"));
            }
        }
        let highest = [
            self.days_since_last.first().map(|band| band.points),
            self.gifts_ever.first().map(|band| band.points),
            self.gifts_recent.first().map(|band| band.points),
        ];
        if highest.into_iter().flatten().map(u32::from).sum::<u32>() > 100 {
            return wrong("the points must not sum to more than 100");
        }
        if !(1..=120).contains(&self.recent_months) {
            return wrong("recent_months must be 1 to 120");
        }
        if self.medium > self.high || self.high > 100 {
            return wrong("medium must not be above high, nor high above 100");
        }
        Ok(())
    }
}

/// The segments' thresholds. The first segment that fits is the donor's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SegmentOptions {
    /// Champions gave at least so often; 6 by default.
    pub champion_gifts: u32,
    /// Champions gave at most so many days ago; 60 by default.
    pub champion_days: u32,
    /// The loyal gave at least so often; 3 by default.
    pub loyal_gifts: u32,
    /// The loyal gave at most so many days ago; 90 by default.
    pub loyal_days: u32,
    /// Those at risk gave at least so often; 2 by default.
    pub at_risk_gifts: u32,
    /// Those at risk gave more than so many days ago; 90 by default.
    pub at_risk_days: u32,
    /// The new gave once, at most so many days ago; 30 by default.
    pub new_days: u32,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self {
            champion_gifts: 6,
            champion_days: 60,
            loyal_gifts: 3,
            loyal_days: 90,
            at_risk_gifts: 2,
            at_risk_days: 90,
            new_days: 30,
        }
    }
}

impl SegmentOptions {
    /// Checks every value; names the one that is wrong. A more valued segment must ask for more gifts, and for no
    /// longer silence.
    pub fn validate(&self) -> Result<()> {
        if !(self.champion_gifts >= self.loyal_gifts
            && self.loyal_gifts >= self.at_risk_gifts
            && self.at_risk_gifts >= 2)
        {
            return wrong("champion_gifts, loyal_gifts and at_risk_gifts must fall, and the last be at least 2");
        }
        if !(self.champion_days <= self.loyal_days && self.loyal_days <= self.at_risk_days) {
            return wrong("champion_days, loyal_days and at_risk_days must rise");
        }
        Ok(())
    }
}

fn wrong(why: &str) -> Result<()> {
    Err(Error::new(ErrorKind::InvalidInput, why))
}
