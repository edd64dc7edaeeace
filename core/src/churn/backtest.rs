//! Which way of telling who will not give again was right in the past of this charity.
//!
//! On each of several earlier days, every method sees the gifts up to that day and nothing else, and says how likely each
//! donor is to give nothing within the horizon. What then happened is known. The rule score and the silence are turned
//! into probabilities by a logistic line over an earlier day whose outcome was known on that day.

use super::evaluate::{auc, evaluate, log_loss, ranked};
use super::features::{AsOf, Log};
use super::{Evaluation, FitOptions, Model, ScoreOptions, fit, within};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{GiftDays, Language};
use crate::stats::{Logistic, Rng, parallel};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A way of telling who will not give again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The rule score.
    Rule,
    /// Days since the last gift, and nothing else.
    Recency,
    /// The same chance for all: the share that gave nothing before.
    BaseRate,
    /// BG/NBD over days.
    BgNbd,
    /// MBG/NBD over days.
    MbgNbd,
    /// Pareto/NBD over days.
    ParetoNbd,
    /// BG/BB, an opportunity a month.
    BgBbMonthly,
    /// BG/BB, an opportunity a quarter.
    BgBbQuarterly,
    /// BG/BB, an opportunity a year.
    BgBbYearly,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Rule,
        Self::Recency,
        Self::BaseRate,
        Self::BgNbd,
        Self::MbgNbd,
        Self::ParetoNbd,
        Self::BgBbMonthly,
        Self::BgBbQuarterly,
        Self::BgBbYearly,
    ];

    /// The model behind it, and the length of its opportunities in months, where it counts those; `None` for a baseline.
    pub const fn model(self) -> Option<(Model, Option<u16>)> {
        match self {
            Self::Rule | Self::Recency | Self::BaseRate => None,
            Self::BgNbd => Some((Model::BgNbd, None)),
            Self::MbgNbd => Some((Model::MbgNbd, None)),
            Self::ParetoNbd => Some((Model::ParetoNbd, None)),
            Self::BgBbMonthly => Some((Model::BgBb, Some(1))),
            Self::BgBbQuarterly => Some((Model::BgBb, Some(3))),
            Self::BgBbYearly => Some((Model::BgBb, Some(12))),
        }
    }

    /// The horizon in the unit of its model: days, or opportunities, of which it may be a part. [`outlook`](super::outlook) says
    /// what a part of one is.
    pub fn horizon(self, days: u16) -> f64 {
        match self.model() {
            Some((_, Some(months))) => f64::from(days) / (within::MONTH * f64::from(months)),
            _ => f64::from(days),
        }
    }
}

/// How the past is gone through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BacktestOptions {
    /// Days in which a donor who gives nothing counts as gone; 365 by default, a year with a Ramadan in it. `Analytics` takes
    /// that of the outlook.
    pub horizon_days: u16,
    /// Most earlier days to stand on; 4 by default. There are fewer where the history is short.
    pub origins: u8,
    /// Days from one to the next; 91 by default, a quarter, so that all seasons are met.
    pub step_days: u16,
    /// What to compare; all by default. The rule is always among them.
    pub methods: Vec<Method>,
    /// The share of donors that could be called, for the lift; 0.1 by default.
    pub capacity: f64,
    /// Resamples of donors for the intervals; 200 by default.
    pub resamples: u16,
    /// The level of the intervals; 0.9 by default.
    pub level: f64,
    /// What the resampling starts from; 1 by default.
    pub seed: u64,
    /// Fewest donors known on a day; 30 by default, as for a fit.
    pub min_donors: u32,
    /// The rule.
    pub score: ScoreOptions,
}

impl Default for BacktestOptions {
    fn default() -> Self {
        Self {
            horizon_days: 365,
            origins: 4,
            step_days: 91,
            methods: Method::ALL.to_vec(),
            capacity: 0.1,
            resamples: 200,
            level: 0.9,
            seed: 1,
            min_donors: 30,
            score: ScoreOptions::default(),
        }
    }
}

impl BacktestOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        self.score.validate()?;
        let wrong = |why| Err(Error::new(ErrorKind::InvalidInput, why));
        if !(7..=3650).contains(&self.horizon_days) {
            return wrong("horizon_days must be 7 to 3650");
        }
        if !(1..=60).contains(&self.origins) || self.step_days == 0 {
            return wrong("origins must be 1 to 60, and step_days at least 1");
        }
        if !(0.0..=1.0).contains(&self.capacity) || self.capacity == 0.0 {
            return wrong("capacity must be a share above 0, at most 1");
        }
        if !(0.5..=0.99).contains(&self.level) || !(20..=10_000).contains(&self.resamples) {
            return wrong("level must be 0.5 to 0.99, and resamples 20 to 10,000");
        }
        if self.min_donors < 2 {
            return wrong("min_donors must be at least 2");
        }
        Ok(())
    }
}

/// A difference with its bootstrap interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The difference itself.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How one method did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The method.
    pub method: Method,
    /// Its figures over all days.
    pub evaluation: Evaluation,
    /// Its log loss less the rule's: below zero it is the better one.
    pub log_loss_vs_rule: Difference,
    /// Its AUC less the rule's: above zero it is the better one.
    pub auc_vs_rule: Difference,
}

/// One of the days stood on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The day.
    pub day: Date,
    /// Donors who had given by then.
    pub donors: u64,
    /// Of those, who gave nothing within the horizon.
    pub left: u64,
}

/// Why a method was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A model was better than the rule by more than chance explains.
    Better,
    /// No model was better than the rule by more than chance explains.
    NotBetter,
    /// There is too little past to tell.
    TooLittleHistory,
}

/// What a backtest found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backtest {
    /// The days stood on, earliest first.
    pub origins: Vec<Origin>,
    /// Each method's figures; those that could not be fitted are in `failed`.
    pub outcomes: Vec<Outcome>,
    /// Methods that could not be fitted on one of the days, with the reason.
    pub failed: Vec<(Method, String)>,
    /// The method to use from now on.
    pub chosen: Method,
    /// Why.
    pub reason: Reason,
}

impl Backtest {
    /// The figures of a method.
    pub fn outcome(&self, method: Method) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.method == method)
    }

    /// The choice in words.
    pub fn words(&self, language: Language) -> String {
        let loss = |method| self.outcome(method).map_or(0.0, |outcome| outcome.evaluation.log_loss);
        let (chosen, rule) = (loss(self.chosen), loss(Method::Rule));
        let name = format!("{:?}", self.chosen);
        match (self.reason, language) {
            (Reason::Better, Language::Id) => {
                format!("{name} dipilih: kesalahannya {chosen:.3}, skor aturan {rule:.3}")
            }
            (Reason::Better, Language::En) => {
                format!("{name} chosen: its log loss was {chosen:.3}, the rule's {rule:.3}")
            }
            (Reason::NotBetter, Language::Id) => "skor aturan tetap dipakai: tidak ada model yang lebih baik".into(),
            (Reason::NotBetter, Language::En) => "the rule is kept: no model was better".into(),
            (Reason::TooLittleHistory, Language::Id) => {
                "skor aturan tetap dipakai: riwayat masih terlalu pendek".into()
            }
            (Reason::TooLittleHistory, Language::En) => "the rule is kept: there is too little history".into(),
        }
    }
}

/// Predictions of one method, over all days.
struct Column {
    method: Method,
    p: Vec<f64>,
}

/// Tries every method on the past. `gifts` are the days of gifts up to `as_of`, of all donors or of a sample of them.
///
/// # Errors
///
/// `invalid_input` for columns that are not ascending or options out of range; `not_enough_history` when there is no day
/// with a known outcome, enough donors before it, and an earlier outcome for the rule to learn from.
pub fn backtest(gifts: &GiftDays, as_of: Date, options: &BacktestOptions) -> Result<Backtest> {
    options.validate()?;
    let log = Log::new(gifts)?;
    let back = |day: Date, days: u16| day.saturating_sub(jiff::Span::new().days(i64::from(days)));
    let mut methods = options.methods.clone();
    methods.push(Method::Rule);
    methods.sort_unstable();
    methods.dedup();
    let mut columns: Vec<Column> = methods.iter().map(|&method| Column { method, p: Vec::new() }).collect();
    let (mut origins, mut failed): (Vec<Origin>, Vec<(Method, String)>) = (Vec::new(), Vec::new());
    let (mut who, mut left) = (Vec::new(), Vec::new());
    for i in (0..options.origins).rev() {
        let day = back(back(as_of, options.horizon_days), options.step_days.saturating_mul(u16::from(i)));
        let learn = back(day, options.horizon_days);
        if log.first_day().is_none_or(|first| first > learn) {
            continue;
        }
        let (now, before) =
            (log.as_of(day, options.score.recent_months), log.as_of(learn, options.score.recent_months));
        if now.who.len() < options.min_donors as usize || before.who.len() < options.min_donors as usize {
            continue;
        }
        let known = log.left(&before.who, learn, day);
        let outcome = log.left(&now.who, day, back_to(day, options.horizon_days));
        origins.push(Origin {
            day,
            donors: now.who.len() as u64,
            left: outcome.iter().filter(|&&left| left).count() as u64,
        });
        let here = Here { log: &log, day, now: &now, learn, before: &before, known: &known, options };
        // Each fit by itself, on all cores.
        for (column, predicted) in columns.iter_mut().zip(parallel::map(&methods, |&method| here.predict(method))) {
            match predicted {
                Ok(p) => column.p.extend(p),
                Err(error) if error.kind() == ErrorKind::NotEnoughHistory => {
                    failed.push((column.method, error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        who.extend_from_slice(&now.who);
        left.extend(outcome);
    }
    if origins.is_empty() {
        return Err(Error::new(ErrorKind::NotEnoughHistory, "there is too little past for a backtest")
            .context("donors", log.donors())
            .context("horizon_days", options.horizon_days)
            .hint("two horizons of history are needed, with 30 donors at their beginning; use the rule score"));
    }
    failed.sort_by_key(|(method, _)| *method);
    failed.dedup_by_key(|(method, _)| *method);
    columns.retain(|column| column.p.len() == left.len());
    let outcomes = compare(&columns, &who, log.donors(), &left, options)?;
    let best = outcomes
        .iter()
        .filter(|outcome| outcome.method.model().is_some())
        .filter(|outcome| outcome.log_loss_vs_rule.high < 0.0 && outcome.auc_vs_rule.high >= 0.0)
        .min_by(|a, b| a.evaluation.log_loss.total_cmp(&b.evaluation.log_loss));
    let (chosen, reason) = best.map_or((Method::Rule, Reason::NotBetter), |outcome| (outcome.method, Reason::Better));
    Ok(Backtest { origins, outcomes, failed, chosen, reason })
}

fn back_to(day: Date, days: u16) -> Date {
    day.saturating_add(jiff::Span::new().days(i64::from(days)))
}

/// One of the days stood on, with what was known on it.
struct Here<'a> {
    log: &'a Log<'a>,
    day: Date,
    now: &'a AsOf,
    learn: Date,
    before: &'a AsOf,
    known: &'a [bool],
    options: &'a BacktestOptions,
}

impl Here<'_> {
    fn predict(&self, method: Method) -> Result<Vec<f64>> {
        let (now, before, score) = (self.now, self.before, &self.options.score);
        if let Some((model, months)) = method.model() {
            let fit_options = FitOptions { model, min_donors: self.options.min_donors, ..FitOptions::default() };
            let horizon = method.horizon(self.options.horizon_days);
            let Some(months) = months else {
                return fit(&now.repeat, &fit_options)?.p_no_gift(&now.repeat, horizon);
            };
            let periods = self.log.opportunities(self.day, months);
            let fitted = fit(&periods, &fit_options)?;
            let further = within::further_gifts(&now.gifts.count, &now.gifts.first, &periods, months, self.day)?;
            return within::p_no_gift(&fitted, &periods, &further, horizon);
        }
        Ok(match method {
            Method::Rule => self.learned(&before.scores(self.learn, score)?, &now.scores(self.day, score)?),
            Method::Recency => self.learned(&before.silence(self.learn), &now.silence(self.day)),
            _ => vec![self.base_rate(); now.who.len()],
        })
    }

    /// The share that gave nothing before, drawn a little to a half so that it is never certain.
    fn base_rate(&self) -> f64 {
        let left = self.known.iter().filter(|&&left| left).count() as f64;
        (left + 0.5) / (self.known.len() as f64 + 1.0)
    }

    fn learned(&self, before: &[f64], now: &[f64]) -> Vec<f64> {
        let line = Logistic::fit(before, self.known);
        now.iter().map(|&x| line.map_or_else(|| self.base_rate(), |line| line.chance(x))).collect()
    }
}

/// Figures of each column, and differences to the rule over resamples of donors: a donor is drawn with all of his rows, and
/// with the same number of them for every method.
fn compare(
    columns: &[Column],
    who: &[u32],
    donors: usize,
    left: &[bool],
    options: &BacktestOptions,
) -> Result<Vec<Outcome>> {
    let orders: Vec<Vec<u32>> = columns.iter().map(|column| ranked(&column.p)).collect();
    let losses: Vec<Vec<f64>> =
        columns.iter().map(|column| column.p.iter().zip(left).map(|(&p, &left)| log_loss(p, left)).collect()).collect();
    let rule = columns.iter().position(|column| column.method == Method::Rule).unwrap_or(0);
    let mut random = Rng::new(options.seed);
    let mut draws: Vec<[Vec<f64>; 2]> = vec![[Vec::new(), Vec::new()]; columns.len()];
    for _ in 0..options.resamples {
        let mut times = vec![0.0_f64; donors];
        for _ in 0..donors {
            times[random.below(donors as u64) as usize] += 1.0;
        }
        let weight = |row: usize| times[who[row] as usize];
        let total: f64 = (0..who.len()).map(weight).sum();
        let figures: Vec<[f64; 2]> = (0..columns.len())
            .map(|i| {
                let loss: f64 = losses[i].iter().enumerate().map(|(row, loss)| loss * weight(row)).sum();
                [loss / total.max(1.0), auc(&orders[i], &columns[i].p, left, weight)]
            })
            .collect();
        for (i, figure) in figures.iter().enumerate() {
            for k in 0..2 {
                draws[i][k].push(figure[k] - figures[rule][k]);
            }
        }
    }
    let evaluations: Vec<Evaluation> =
        columns.iter().map(|column| evaluate(&column.p, left, options.capacity)).collect::<Result<_>>()?;
    let ends = |draws: &mut Vec<f64>| {
        draws.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| draws[((draws.len() - 1) as f64 * share).round() as usize];
        (at(0.5 - 0.5 * options.level), at(0.5 + 0.5 * options.level))
    };
    let outcomes = columns.iter().zip(&evaluations).zip(&mut draws).map(|((column, evaluation), draws)| {
        let difference = |value: f64, draws: &mut Vec<f64>| {
            let (low, high) = ends(draws);
            Difference { value, low, high }
        };
        let [loss_draws, auc_draws] = draws;
        Outcome {
            method: column.method,
            evaluation: evaluation.clone(),
            log_loss_vs_rule: difference(evaluation.log_loss - evaluations[rule].log_loss, loss_draws),
            auc_vs_rule: difference(evaluation.auc - evaluations[rule].auc, auc_draws),
        }
    });
    Ok(outcomes.collect())
}
