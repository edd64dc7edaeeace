//! What is to be expected of each donor, in chances, rupiah and words.
//!
//! The chance of no gift comes from a model; what a gift is worth from Gamma-Gamma; the words from the donor's own
//! rhythm. Donors who give in Ramadan only are asked about Ramadans: in Shawwal they have not missed one.
//!
//! All columns speak of gifts and of the horizon, whatever the model counts. BG/BB tells in which months, quarters or years a
//! donor gives; how many gifts each of those holds is learned beside it and multiplied in. A horizon that is no whole number of
//! periods lies between those around it: expected gifts in proportion to time, the chance as it is with gifts that are
//! spread evenly over a period. So a yearly model can be asked about 30 days; what it cannot know is when in the year a donor
//! gives, and the backtest, over the same horizon, is there to say whether that matters.

use super::gamma_gamma::{FittedSpending, Spending, SpendingOptions, fit_spending};
use super::season::in_seasons;
use super::{Ahead, FitOptions, Fitted, Level, Method, Repeat, days_between, fit, within};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Opportunities, RepeatGiving, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How outlooks are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutlookOptions {
    /// Days in which a donor who gives nothing counts as gone; 365 by default, a year with a Ramadan in it. `Analytics` goes by
    /// it in the backtest too.
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

    pub(super) fn ahead(&self, horizon: f64, units_per_year: f64) -> Ahead {
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
    /// Ramadans, ascending, from before the first gift to a year past the horizon; empty to know of none.
    pub seasons: &'a [(Date, Date)],
}

/// What is to be expected of each donor, one row a donor in the order of the input, all columns of one length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlooks {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// P(no gift within the horizon). 1 of a Ramadan giver when no Ramadan lies within it; see `next_season`.
    pub p_no_gift: Vec<f64>,
    /// The lower end of its interval.
    pub p_no_gift_low: Vec<f64>,
    /// The upper end.
    pub p_no_gift_high: Vec<f64>,
    /// The chance in three steps; of Ramadan givers that of giving nothing in the next Ramadan, where the horizon ends before.
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
    /// P(no gift) times the expected value, by which [`recommend`](super::recommend) ranks: the more, the more a call may move.
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
    /// From when on a Ramadan giver is expected: the first day of the next Ramadan, or the as-of date in one that goes on and has
    /// had no gift of this donor. `None` for others.
    pub next_season: Vec<Option<Date>>,
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
        /// From when on the donor is expected again, where that is known.
        next: Option<Date>,
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
            (Self::Season { gave, missed, next }, Id) => {
                let missed = if missed == 0 { "belum ada yang terlewat".into() } else { format!("{missed} terlewat") };
                let next = next.map_or_else(String::new, |day| {
                    format!("; diharapkan lagi mulai {}-{}-{}", day.day(), day.month(), day.year())
                });
                format!("donatur Ramadan: {gave} Ramadan, {missed}{next}")
            }
            (Self::Season { gave, missed, next }, En) => {
                let missed = if missed == 0 { "none".into() } else { missed.to_string() };
                let next = next.map_or_else(String::new, |day| format!("; expected again from {day}"));
                format!("gives in Ramadan: {gave} Ramadan{}, {missed} missed since{next}", plural(gave))
            }
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

    /// Refuses columns of different lengths, as a caller from outside may give.
    pub(super) fn check(&self) -> Result<()> {
        let n = self.len();
        let numbers = [
            &self.p_no_gift,
            &self.p_no_gift_low,
            &self.p_no_gift_high,
            &self.p_alive,
            &self.expected_gifts,
            &self.overdue,
        ];
        let money = [&self.gift_value, &self.expected_value, &self.lifetime_value, &self.value_at_risk];
        let counts = [&self.days, &self.silent_days, &self.usual_days, &self.seasons, &self.seasons_missed];
        let equal = numbers.iter().all(|column| column.len() == n)
            && money.iter().all(|column| column.len() == n)
            && counts.iter().all(|column| column.len() == n)
            && [self.level.len(), self.seasonal.len(), self.next_season.len()] == [n; 3];
        if equal {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidInput, "the columns of outlooks differ in length").context("donors", n))
    }

    /// Why the outlook of a row is what it is; `None` past the end.
    pub fn sign(&self, row: usize) -> Option<Sign> {
        let silent_days = *self.silent_days.get(row)?;
        Some(if *self.seasonal.get(row)? {
            Sign::Season {
                gave: *self.seasons.get(row)?,
                missed: *self.seasons_missed.get(row)?,
                next: *self.next_season.get(row)?,
            }
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
    let horizon = method.horizon(options.horizon_days);
    let predict = |horizon: f64| fitted.predict(&repeat, &options.ahead(horizon, per_year));
    let mut said = match months {
        None => predict(horizon)?,
        Some(months) => {
            let further = within::further_gifts(&giving.days, &giving.first, &repeat, months, as_of)?;
            within::predict(&further, horizon, predict)?
        }
    };
    let seasonal: Vec<bool> = (0..giving.len())
        .map(|row| {
            let share = f64::from(giving.season_days[row]) / f64::from(giving.days[row]);
            giving.seasons[row] >= 2 && share >= options.season_share && !known.seasons.is_empty()
        })
        .collect();
    let seasons = in_seasons(known, &seasonal, as_of, options, &mut said)?;

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
            if seasonal[row] { f64::from(seasons.missed[row]) } else { f64::from(silent_days[row]) / f64::from(usual) }
        })
        .collect();
    let level = |(row, &p): (usize, &f64)| {
        let p = seasons.chance[row].unwrap_or(p);
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
        level: said.p_no_gift.iter().enumerate().map(level).collect(),
        expected_value: rupiah(&|row| said.expected_gifts[row] * values[row]),
        lifetime_value: rupiah(&|row| said.discounted_gifts[row] * values[row]),
        value_at_risk: rupiah(&|row| said.p_no_gift[row] * said.expected_gifts[row] * values[row]),
        gift_value: rupiah(&|row| values[row]),
        days: giving.days.clone(),
        silent_days,
        usual_days,
        overdue,
        seasonal,
        seasons: giving.seasons.clone(),
        seasons_missed: seasons.missed,
        next_season: seasons.next,
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

/// The rhythm of the donor in the middle of those who have one; 30 days where nobody has.
fn middle_of(usual_days: &[u32]) -> u32 {
    let mut known: Vec<u32> = usual_days.iter().copied().filter(|&days| days > 0).collect();
    if known.is_empty() {
        return 30;
    }
    let middle = known.len() / 2;
    *known.select_nth_unstable(middle).1
}
