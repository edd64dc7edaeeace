//! What is to be expected of each donor, in chances, rupiah and words.
//!
//! The chance of no gift comes from a model; what a gift is worth from Gamma-Gamma; the words from the donor's own
//! rhythm. Donors who give in Ramadan only are asked about Ramadans: in Shawwal they have not missed one.

use super::gamma_gamma::{FittedSpending, Spending, SpendingOptions, fit_spending};
use super::{Ahead, FitOptions, Fitted, Level, Method, Model, Predictions, Repeat, days_between, fit};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Opportunities, RepeatGiving, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How outlooks are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutlookOptions {
    /// Days in which a donor who gives nothing counts as gone; 365 by default, a year with a Ramadan in it.
    pub horizon_days: u16,
    /// The level of the interval around the chance; 0.8 by default.
    pub level: f64,
    /// What a year takes off the value of a later gift; 0.1 by default.
    pub yearly_discount: f64,
    /// The level is HIGH from this chance of no gift on; 0.75 by default, as 75 points of the rule.
    pub high: f64,
    /// The level is MEDIUM from this chance on; 0.5 by default.
    pub medium: f64,
    /// A donor of two Ramadans or more is a Ramadan giver when at least this share of the days of gifts lies in them; 0.8 by
    /// default, so that one gift out of season in five is forgiven.
    pub season_share: f64,
    /// Fewest donors for a fit; 30 by default.
    pub min_donors: u32,
}

impl Default for OutlookOptions {
    fn default() -> Self {
        Self {
            horizon_days: 365,
            level: 0.8,
            yearly_discount: 0.1,
            high: 0.75,
            medium: 0.5,
            season_share: 0.8,
            min_donors: 30,
        }
    }
}

impl OutlookOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        self.ahead(1.0, 1.0).validate()?;
        let wrong = |why| Err(Error::new(ErrorKind::InvalidInput, why));
        if !(7..=3650).contains(&self.horizon_days) {
            return wrong("horizon_days must be 7 to 3650");
        }
        if !(0.0..=1.0).contains(&self.medium) || !(self.medium..=1.0).contains(&self.high) {
            return wrong("medium and high must be chances, and medium not above high");
        }
        if !(0.5..=1.0).contains(&self.season_share) || self.min_donors < 2 {
            return wrong("season_share must be 0.5 to 1, and min_donors at least 2");
        }
        Ok(())
    }

    fn ahead(&self, horizon: f64, units_per_year: f64) -> Ahead {
        Ahead { horizon, level: self.level, yearly_discount: self.yearly_discount, units_per_year }
    }
}

/// What outlooks are made from.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Days of gifts of every donor; `seasons` and `season_days` counted over the seasons below.
    pub giving: &'a RepeatGiving,
    /// Periods with a gift, in the same order of donors; for methods that count opportunities.
    pub opportunities: Option<&'a Opportunities>,
    /// Ramadans, ascending, from before the first gift to a horizon after the as-of date; empty to know of none.
    pub seasons: &'a [(Date, Date)],
}

/// What is to be expected of each donor, one row a donor in the order of the input, all columns of one length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlooks {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// P(no gift within the horizon).
    pub p_no_gift: Vec<f64>,
    /// The lower end of its interval.
    pub p_no_gift_low: Vec<f64>,
    /// The upper end.
    pub p_no_gift_high: Vec<f64>,
    /// The chance in three steps.
    pub level: Vec<Level>,
    /// P(alive): that the donor has not left for good.
    pub p_alive: Vec<f64>,
    /// Expected gifts within the horizon.
    pub expected_gifts: Vec<f64>,
    /// What a gift of this donor is worth: the donor's own mean, drawn towards that of all where gifts are few.
    pub gift_value: Vec<Rupiah>,
    /// Expected gifts within the horizon times their value.
    pub expected_value: Vec<Rupiah>,
    /// Expected value of everything still to come, later gifts discounted.
    pub lifetime_value: Vec<Rupiah>,
    /// P(no gift) times what the donor would give within the horizon if still there: what a call may save.
    pub value_at_risk: Vec<Rupiah>,
    /// Days with a gift.
    pub days: Vec<u32>,
    /// Days since the last gift.
    pub silent_days: Vec<u32>,
    /// The donor's own rhythm: days from one gift to the next, on average; 0 after a single gift.
    pub usual_days: Vec<u32>,
    /// The silence over the donor's own rhythm, or over that of the donor in the middle after a single gift; above 1 is
    /// later than usual. For Ramadan givers Ramadans missed.
    pub overdue: Vec<f64>,
    /// Whether the donor gives in Ramadan only.
    pub seasonal: Vec<bool>,
    /// Ramadans in which the donor gave.
    pub seasons: Vec<u32>,
    /// Ramadans that have passed since the donor last gave.
    pub seasons_missed: Vec<u32>,
    /// The method.
    pub method: Method,
    /// The horizon.
    pub horizon_days: u16,
    /// The fitted model.
    pub fitted: Fitted,
    /// The fitted value of gifts; `None` when there are too few donors: each donor's own mean stands then.
    pub spending: Option<FittedSpending>,
}

/// Why a donor's outlook is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sign", rename_all = "snake_case")]
pub enum Sign {
    /// The donor's own rhythm against the silence.
    Rhythm {
        /// Usual days between gifts.
        usual_days: u32,
        /// Days since the last.
        silent_days: u32,
    },
    /// There was one gift so far.
    Single {
        /// Days since then.
        silent_days: u32,
    },
    /// The donor gives in Ramadan.
    Season {
        /// Ramadans with a gift.
        gave: u32,
        /// Ramadans passed since the last of them.
        missed: u32,
    },
}

impl Sign {
    /// The fact in words, such as "usually gives every 30 days; 95 days since the last gift".
    pub fn words(self, language: crate::model::Language) -> String {
        use crate::model::Language::{En, Id};
        let plural = |n: u32| if n == 1 { "" } else { "s" };
        match (self, language) {
            (Self::Rhythm { usual_days, silent_days }, Id) => {
                format!("biasanya berdonasi setiap {usual_days} hari; {silent_days} hari sejak donasi terakhir")
            }
            (Self::Rhythm { usual_days, silent_days }, En) => format!(
                "usually gives every {usual_days} day{}; {silent_days} day{} since the last gift",
                plural(usual_days),
                plural(silent_days)
            ),
            (Self::Single { silent_days }, Id) => format!("baru sekali berdonasi, {silent_days} hari yang lalu"),
            (Self::Single { silent_days }, En) => format!("gave once, {silent_days} day{} ago", plural(silent_days)),
            (Self::Season { gave, missed: 0 }, Id) => {
                format!("donatur Ramadan: {gave} Ramadan, belum ada yang terlewat")
            }
            (Self::Season { gave, missed: 0 }, En) => format!("gives in Ramadan: {gave} Ramadans, none missed since"),
            (Self::Season { gave, missed }, Id) => format!("donatur Ramadan: {gave} Ramadan, {missed} terlewat"),
            (Self::Season { gave, missed }, En) => format!("gives in Ramadan: {gave} Ramadans, {missed} missed since"),
        }
    }
}

impl Outlooks {
    /// How many donors.
    pub fn len(&self) -> usize {
        self.donor.len()
    }

    /// `true` without donors.
    pub fn is_empty(&self) -> bool {
        self.donor.is_empty()
    }

    /// Why the outlook of a row is what it is; `None` past the end.
    pub fn sign(&self, row: usize) -> Option<Sign> {
        let silent_days = *self.silent_days.get(row)?;
        Some(if *self.seasonal.get(row)? {
            Sign::Season { gave: *self.seasons.get(row)?, missed: *self.seasons_missed.get(row)? }
        } else if *self.days.get(row)? < 2 {
            Sign::Single { silent_days }
        } else {
            Sign::Rhythm { usual_days: *self.usual_days.get(row)?, silent_days }
        })
    }
}

/// Makes the outlook of every donor: fits the method's model and the value of gifts, and asks both about each donor.
///
/// # Errors
///
/// `invalid_input` for a method that is no model (the rule's answer is [`score`](super::score)), opportunities that are
/// missing or of other donors, columns that contradict themselves, or options out of range; `not_enough_history` for too
/// few donors.
pub fn outlook(known: Known<'_>, method: Method, as_of: Date, options: &OutlookOptions) -> Result<Outlooks> {
    options.validate()?;
    let giving = known.giving;
    check(giving, as_of)?;
    let invalid = |why: &str| Error::new(ErrorKind::InvalidInput, why);
    let (model, months) =
        method.model().ok_or_else(|| invalid("this method is no model of donors").hint("use the rule score"))?;
    let repeat = match (months, known.opportunities) {
        (None, _) => in_days(giving, as_of),
        (Some(_), Some(periods)) if periods.donor == giving.donor => Repeat::from(periods),
        (Some(_), _) => return Err(invalid("the method needs the opportunities of the same donors")),
    };
    let fitted = fit(&repeat, &FitOptions { model, min_donors: options.min_donors, ..FitOptions::default() })?;
    let per_year = months.map_or(365.25, |months| 12.0 / f64::from(months));
    let ahead = options.ahead(method.horizon(options.horizon_days), per_year);
    let mut said = fitted.predict(&repeat, &ahead)?;
    let seasonal: Vec<bool> = (0..giving.len())
        .map(|row| {
            let share = f64::from(giving.season_days[row]) / f64::from(giving.days[row]);
            giving.seasons[row] >= 2 && share >= options.season_share && !known.seasons.is_empty()
        })
        .collect();
    let seasons_missed = in_seasons(known, &seasonal, as_of, options, &mut said)?;

    let count = |column: &[u32]| column.iter().map(|&n| f64::from(n)).collect::<Vec<f64>>();
    let mean: Vec<f64> =
        giving.total.iter().zip(&giving.days).map(|(total, &days)| total.to_f64() / f64::from(days)).collect();
    let spending_input = Spending { gifts: count(&giving.days), mean };
    let spending = match fit_spending(&spending_input, &SpendingOptions::default()) {
        Ok(fitted) => Some(fitted),
        Err(error) if error.kind() == ErrorKind::NotEnoughHistory => None,
        Err(error) => return Err(error),
    };
    let values = match &spending {
        Some(fitted) => fitted.predict(&spending_input)?,
        None => spending_input.mean,
    };
    let rupiah = |each: &dyn Fn(usize) -> f64| -> Vec<Rupiah> {
        (0..giving.len()).map(|row| Rupiah::from_sen((each(row) * 100.0).round() as i64)).collect()
    };
    let silent_days: Vec<u32> = giving.last.iter().map(|&last| days_between(last, as_of)).collect();
    let usual_days: Vec<u32> = (0..giving.len())
        .map(|row| {
            let span = f64::from(days_between(giving.first[row], giving.last[row]));
            if giving.days[row] < 2 { 0 } else { (span / f64::from(giving.days[row] - 1)).round().max(1.0) as u32 }
        })
        .collect();
    let middle = middle_of(&usual_days);
    let overdue = (0..giving.len())
        .map(|row| {
            let usual = if usual_days[row] == 0 { middle } else { usual_days[row] };
            if seasonal[row] { f64::from(seasons_missed[row]) } else { f64::from(silent_days[row]) / f64::from(usual) }
        })
        .collect();
    let level = |&p: &f64| {
        if p >= options.high {
            Level::High
        } else if p >= options.medium {
            Level::Medium
        } else {
            Level::Low
        }
    };
    Ok(Outlooks {
        donor: giving.donor.clone(),
        level: said.p_no_gift.iter().map(level).collect(),
        expected_value: rupiah(&|row| said.expected_gifts[row] * values[row]),
        lifetime_value: rupiah(&|row| said.discounted_gifts[row] * values[row]),
        value_at_risk: rupiah(&|row| {
            said.p_no_gift[row] * values[row] * said.expected_gifts[row] / said.p_alive[row].max(1e-12)
        }),
        gift_value: rupiah(&|row| values[row]),
        days: giving.days.clone(),
        silent_days,
        usual_days,
        overdue,
        seasonal,
        seasons: giving.seasons.clone(),
        seasons_missed,
        method,
        horizon_days: options.horizon_days,
        fitted,
        spending,
        p_no_gift: said.p_no_gift,
        p_no_gift_low: said.p_no_gift_low,
        p_no_gift_high: said.p_no_gift_high,
        p_alive: said.p_alive,
        expected_gifts: said.expected_gifts,
    })
}

fn check(giving: &RepeatGiving, as_of: Date) -> Result<()> {
    let n = giving.len();
    let lengths = [giving.days.len(), giving.first.len(), giving.last.len(), giving.total.len()];
    if lengths != [n; 4] || [giving.season_days.len(), giving.seasons.len()] != [n; 2] {
        return Err(Error::new(ErrorKind::InvalidInput, "the columns of giving differ in length"));
    }
    let wrong = (0..n).find(|&row| {
        let days = giving.days[row];
        let span = giving.first[row] <= giving.last[row] && giving.last[row] <= as_of;
        let counts = days > 0 && giving.season_days[row] <= days && giving.seasons[row] <= giving.season_days[row];
        !span || !counts || (days == 1) != (giving.first[row] == giving.last[row]) || giving.total[row] <= Rupiah::ZERO
    });
    wrong.map_or(Ok(()), |row| {
        Err(Error::new(ErrorKind::InvalidInput, "a donor's days of gifts contradict one another or the as-of date")
            .context("donor", giving.donor[row])
            .context("as_of", as_of))
    })
}

/// x, `t_x` and T in days.
pub(super) fn in_days(giving: &RepeatGiving, as_of: Date) -> Repeat {
    let span = |from: &Date, to: Date| f64::from(days_between(*from, to));
    Repeat {
        frequency: giving.days.iter().map(|&days| f64::from(days) - 1.0).collect(),
        recency: giving.first.iter().zip(&giving.last).map(|(first, &last)| span(first, last)).collect(),
        age: giving.first.iter().map(|first| span(first, as_of)).collect(),
    }
}

/// Asks about Ramadans instead of days where the donor gives in Ramadan only: a BG/BB of its own over those donors. Answers
/// with the Ramadans that passed since each donor last gave.
fn in_seasons(
    known: Known<'_>,
    seasonal: &[bool],
    as_of: Date,
    options: &OutlookOptions,
    said: &mut Predictions,
) -> Result<Vec<u32>> {
    let (giving, seasons) = (known.giving, known.seasons);
    if seasons.windows(2).any(|pair| pair[0].1 >= pair[1].0) || seasons.iter().any(|(first, last)| first > last) {
        return Err(Error::new(ErrorKind::InvalidInput, "seasons must be ascending and not overlap"));
    }
    let passed = seasons.partition_point(|(_, last)| *last < as_of);
    let mut missed = vec![0; giving.len()];
    // Donor's row, and whether the season that is going on has had its gift.
    let (mut rows, mut repeat): (Vec<(usize, bool)>, Repeat) = Default::default();
    for row in 0..giving.len() {
        // The season of the first gift, or the next one; that of the last gift, or the one before; both counted from 1.
        let first = seasons.partition_point(|(_, last)| *last < giving.first[row]) + 1;
        let last = seasons.partition_point(|(first, _)| *first <= giving.last[row]);
        missed[row] = passed.saturating_sub(last) as u32;
        if seasonal[row] {
            let recency = last.saturating_sub(first) as f64;
            let frequency = (f64::from(giving.seasons[row]) - 1.0).min(recency);
            if frequency < 1.0 {
                continue;
            }
            rows.push((row, last > passed));
            repeat.frequency.push(frequency);
            repeat.recency.push(recency);
            repeat.age.push(recency + f64::from(missed[row]));
        }
    }
    if rows.is_empty() {
        return Ok(missed);
    }
    let fit_options = FitOptions { model: Model::BgBb, min_donors: 2, ..FitOptions::default() };
    let fitted = if rows.len() > 1 {
        fit(&repeat, &fit_options)?
    } else {
        // Nothing but the prior.
        Fitted::known(Model::BgBb, FitOptions::centres(Model::BgBb, &repeat))?
    };
    let until = as_of.saturating_add(jiff::Span::new().days(i64::from(options.horizon_days)));
    // A season that is going on is an opportunity only for those who have not given in it.
    for served in [false, true] {
        let next = seasons.len().min(passed + usize::from(served));
        let ahead = seasons[next..].iter().filter(|(first, _)| *first <= until).count().max(1);
        // Ramadans are 354 days apart.
        let found = fitted.predict(&repeat, &options.ahead(ahead as f64, 365.25 / 354.37))?;
        for (i, &(row, _)) in rows.iter().enumerate().filter(|(_, (_, has))| *has == served) {
            let a_season = f64::from(giving.days[row]) / f64::from(giving.seasons[row]);
            said.p_no_gift[row] = found.p_no_gift[i];
            said.p_no_gift_low[row] = found.p_no_gift_low[i];
            said.p_no_gift_high[row] = found.p_no_gift_high[i];
            said.p_alive[row] = found.p_alive[i];
            said.expected_gifts[row] = found.expected_gifts[i] * a_season;
            said.discounted_gifts[row] = found.discounted_gifts[i] * a_season;
        }
    }
    Ok(missed)
}

/// The rhythm of the donor in the middle of those who have one; 30 days where nobody has.
fn middle_of(usual_days: &[u32]) -> u32 {
    let mut known: Vec<u32> = usual_days.iter().copied().filter(|&days| days > 0).collect();
    if known.is_empty() {
        return 30;
    }
    let middle = known.len() / 2;
    *known.select_nth_unstable(middle).1
}
