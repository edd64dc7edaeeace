//! Whom to call first.
//!
//! What a call changes is not known without an experiment, and those most likely to leave are not those whom a call keeps
//! (Ascarza 2018). So the ranking asks for the least: that a call moves the odds of giving by the same factor for everyone. Then
//! the chance of a gift, 1 − p, rises by p (1 − p) times the logarithm of that factor (the slope of the logistic curve), and
//! what is won is in proportion to p (1 − p) times the value given, if any is: P(no gift) times the expected value. It is
//! nothing for a donor who is lost, nothing for one who gives anyway, and most for one who is still there and about to
//! lapse.

use super::{Level, LifetimeValues, Outlooks, Scores, Sign, days_between};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Rupiah};
use serde::{Deserialize, Serialize};

/// Who is worth a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecommendOptions {
    /// How many calls there is time for; 20 by default, a week's.
    pub capacity: u32,
    /// Only donors who are silent for longer than their rhythm times this; 1 by default: nobody is called who is in time.
    pub min_overdue: f64,
    /// Nobody who has been silent for longer; 365 days by default: after a year it is not a donor kept but one won anew.
    /// Ramadan givers are silent for almost a year as a rule; for them `max_missed_seasons` stands instead.
    pub max_silent_days: u32,
    /// No Ramadan giver who has missed more Ramadans than this; 1 by default, a year too.
    pub max_missed_seasons: u32,
    /// Only donors with at least this chance of no gift; 0.25 by default.
    pub min_p_no_gift: f64,
}

impl Default for RecommendOptions {
    fn default() -> Self {
        Self { capacity: 20, min_overdue: 1.0, max_silent_days: 365, max_missed_seasons: 1, min_p_no_gift: 0.25 }
    }
}

impl RecommendOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |why| Err(Error::new(ErrorKind::InvalidInput, why));
        if self.capacity == 0 {
            return wrong("capacity must be at least 1");
        }
        if !(0.0..=1000.0).contains(&self.min_overdue) {
            return wrong("min_overdue must be 0 to 1000");
        }
        if !(0.0..=1.0).contains(&self.min_p_no_gift) {
            return wrong("min_p_no_gift must be a chance from 0 to 1");
        }
        Ok(())
    }
}

/// One call to make.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Whom.
    pub donor: DonorId,
    /// The donor's row in the outlooks.
    pub row: usize,
    /// P(no gift) times the expected value: what a call may move.
    pub value_at_risk: Rupiah,
    /// P(no gift within the horizon).
    pub p_no_gift: f64,
    /// The chance in three steps.
    pub level: Level,
    /// Why.
    pub sign: Sign,
}

/// Ranks the donors worth a call by the value at risk, P(no gift) times the expected value, and keeps as many as there is time
/// for; then by the chance of no gift, then by donor. Who is expected to give nothing within the horizon is not called: a
/// Ramadan giver when the horizon ends before the next Ramadan.
///
/// # Errors
///
/// `invalid_input` for options out of range, or columns that differ in length.
pub fn recommend(outlooks: &Outlooks, options: &RecommendOptions) -> Result<Vec<Call>> {
    options.validate()?;
    outlooks.check()?;
    let in_reach = |row: usize| {
        if outlooks.seasonal[row] {
            outlooks.seasons_missed[row] <= options.max_missed_seasons
        } else {
            outlooks.silent_days[row] <= options.max_silent_days
        }
    };
    let mut rows: Vec<usize> = (0..outlooks.len())
        .filter(|&row| {
            outlooks.overdue[row] >= options.min_overdue
                && in_reach(row)
                && outlooks.p_no_gift[row] >= options.min_p_no_gift
                && outlooks.value_at_risk[row] > Rupiah::ZERO
        })
        .collect();
    rows.sort_unstable_by(|&a, &b| {
        let larger = |column: &[Rupiah]| column[b].cmp(&column[a]);
        larger(&outlooks.value_at_risk)
            .then(outlooks.p_no_gift[b].total_cmp(&outlooks.p_no_gift[a]))
            .then(outlooks.donor[a].cmp(&outlooks.donor[b]))
    });
    rows.truncate(options.capacity as usize);
    let call = |row: usize| {
        Some(Call {
            donor: outlooks.donor[row],
            row,
            value_at_risk: outlooks.value_at_risk[row],
            p_no_gift: outlooks.p_no_gift[row],
            level: outlooks.level[row],
            sign: outlooks.sign(row)?,
        })
    };
    Ok(rows.into_iter().filter_map(call).collect())
}

/// A score of 100 stands for this chance of no gift: nobody is certain to stay away.
const SUREST: f64 = 0.95;

/// The same by the rule, where no model is better or the past is too short for one: the score in hundredths stands in for
/// the chance p, and p (1 − p) times what the donor gave in an active year for the value at risk; of a score above 95 as of 95.
///
/// # Errors
///
/// `invalid_input` for options out of range, or columns of different donors.
pub fn recommend_by_rule(scores: &Scores, values: &LifetimeValues, options: &RecommendOptions) -> Result<Vec<Call>> {
    options.validate()?;
    if scores.donor != values.donor {
        return Err(Error::new(ErrorKind::InvalidInput, "scores and lifetime values are of different donors"));
    }
    let mut calls: Vec<Call> = Vec::new();
    for row in 0..scores.len() {
        let (silent_days, gifts) = (scores.days_since_last[row], scores.gifts_ever[row]);
        let span = f64::from(days_between(values.first_donation[row], values.last_donation[row]));
        let usual_days = (span / f64::from(gifts.max(2) - 1)).round().max(1.0) as u32;
        let sign = if gifts < 2 { Sign::Single { silent_days } } else { Sign::Rhythm { usual_days, silent_days } };
        let p_no_gift = f64::from(scores.score[row]) / 100.0;
        let late = gifts < 2 || f64::from(silent_days) >= options.min_overdue * f64::from(usual_days);
        if late && silent_days <= options.max_silent_days && p_no_gift >= options.min_p_no_gift {
            let year = values.monthly_value[row].to_f64() * 12.0;
            let chance = p_no_gift.min(SUREST);
            let value_at_risk = Rupiah::from_sen((year * chance * (1.0 - chance) * 100.0).round() as i64);
            calls.push(Call {
                donor: scores.donor[row],
                row,
                value_at_risk,
                p_no_gift,
                level: scores.level[row],
                sign,
            });
        }
    }
    calls.sort_unstable_by(|a, b| {
        b.value_at_risk.cmp(&a.value_at_risk).then(b.p_no_gift.total_cmp(&a.p_no_gift)).then(a.donor.cmp(&b.donor))
    });
    calls.truncate(options.capacity as usize);
    Ok(calls)
}
