//! Donors whom someone might call.

use crate::model::Rupiah;
use jiff::civil::Date;
use serde::Serialize;

/// How likely a donor is to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// Unlikely.
    Low,
    /// Worth a look.
    Medium,
    /// Worth a call.
    High,
}

/// One reason of a score, with its figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskReason {
    /// Days since the last gift.
    DaysSinceLast(u32),
    /// Gifts ever, when they are few.
    GiftsEver(u32),
    /// Gifts in the last calendar months.
    RecentGifts {
        /// How many gifts.
        gifts: u32,
        /// In how many months.
        months: u8,
    },
    /// The donor's own rhythm, which the silence is longer than.
    UsualDays(u32),
    /// One gift so far.
    SingleGift,
    /// A donor who gives in Ramadan only.
    Ramadans {
        /// Ramadans with a gift.
        gave: u32,
        /// Ramadans passed since the last of them.
        missed: u32,
        /// From when on the donor is expected again, where that is known.
        next: Option<Date>,
    },
}

/// What a call may move, by which donors are ranked when a model tells of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stake {
    /// P(no gift) times the expected value.
    pub value: Rupiah,
    /// The interval around the chance of no gift.
    pub chance: (f64, f64),
}

/// A donor at risk; for administrators only.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DonorAtRisk {
    /// The name as stored, to be cleaned before it enters a message.
    pub name: String,
    /// Score, 0 to 100.
    pub score: f64,
    /// Its level.
    pub level: RiskLevel,
    /// Days since the last gift.
    pub days_since_last: u32,
    /// Why.
    pub reasons: Vec<RiskReason>,
    /// What orders the list; `None` by the rule, which the score orders.
    pub stake: Option<Stake>,
}

/// The donors at risk, the one to call first at the top.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RiskList {
    /// The first of them.
    pub donors: Vec<DonorAtRisk>,
    /// How many there are in all.
    pub total: u64,
}

impl RiskList {
    /// Ranks donors by score, then by days since the last gift, then by name, and keeps the first `limit`.
    pub fn ranked(mut donors: Vec<DonorAtRisk>, limit: usize) -> Self {
        let total = donors.len() as u64;
        donors.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| b.days_since_last.cmp(&a.days_since_last))
                .then_with(|| a.name.cmp(&b.name))
        });
        donors.truncate(limit);
        Self { donors, total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_by_score_then_silence_then_name() {
        let donor = |name: &str, score, days_since_last| DonorAtRisk {
            name: name.into(),
            score,
            level: RiskLevel::High,
            days_since_last,
            reasons: Vec::new(),
            stake: None,
        };
        let donors = vec![donor("C", 70.0, 9), donor("B", 70.0, 9), donor("A", 70.0, 95), donor("D", 100.0, 1)];
        let list = RiskList::ranked(donors, 3);
        assert_eq!(list.donors.iter().map(|d| d.name.as_str()).collect::<String>(), "DAB");
        assert_eq!(list.total, 4);
    }
}
