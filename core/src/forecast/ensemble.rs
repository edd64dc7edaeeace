//! The combination: models that err in different places, their forecasts averaged (Bates & Granger 1969, Operational
//! Research Quarterly 20; Timmermann 2006, Handbook of Economic Forecasting 1).

use super::adjustment::{Adjustment, Effect, PERIOD, Scale};
use super::columns::{Columns, Periods};
use super::models::{
    Average, Croston, CrostonKind, Drift, Ets, EtsAverage, EtsForm, EtsSearch, Model, Naive, Reversion, SeasonalNaive,
    Ses, Structural, Theta, ThetaKind,
};
use super::options::Method;
use super::outcome::{HijriEffect, Parts, Share};

/// For each adjustment, the regressors' effects on its scale, month by month.
pub(super) type Effects = Vec<Vec<Effect>>;

/// What a member's numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// The series without the regressors' effects, in its own unit.
    Clean,
    /// The scale of an adjustment, the season in it.
    Plain,
    /// The scale of an adjustment, without the season.
    Deseasoned,
}

/// One model of the combination.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) method: Method,
    pub(super) weight: f64,
    base: Base,
    /// Index of the adjustment it rests on.
    adjustment: usize,
    model: Any,
}

/// Any of the models.
#[derive(Clone, Debug)]
enum Any {
    Structural(Box<Structural>),
    Theta(Box<Theta>),
    Ets(Box<Ets>),
    EtsAverage(Box<EtsAverage>),
    Ses(Ses),
    Reversion(Reversion),
    Naive(Naive),
    SeasonalNaive(SeasonalNaive),
    Drift(Drift),
    Average(Average),
    Croston(Croston),
}

impl Any {
    fn model(&self) -> &dyn Model {
        match self {
            Self::Structural(model) => &**model,
            Self::Theta(model) => &**model,
            Self::Ets(model) => &**model,
            Self::EtsAverage(model) => &**model,
            Self::Ses(model) => model,
            Self::Reversion(model) => model,
            Self::Naive(model) => model,
            Self::SeasonalNaive(model) => model,
            Self::Drift(model) => model,
            Self::Average(model) => model,
            Self::Croston(model) => model,
        }
    }

    /// The letters of the exponential smoothing model that was chosen among all its forms.
    fn form(&self) -> Option<String> {
        match self {
            Self::Ets(model) => Some(model.form().letters()),
            _ => None,
        }
    }
}

/// Models fitted to one series, and what was taken off it before.
#[derive(Clone, Debug)]
pub(super) struct Ensemble {
    pub(super) members: Vec<Member>,
    /// The dominant one first.
    pub(super) adjustments: Vec<Adjustment>,
    pub(super) columns: Columns,
    n: usize,
    /// No member of several is believed beyond ± this.
    ceiling: f64,
}

/// A member that sees more than so many times the largest value so far has taken a leap for a trend: on logarithms a
/// single month that is hundreds of times too large, at the end, sends it past any sum of money. The others have a say.
const LARGEST_GROWTH: f64 = 4.0;

/// Weights of the newest size and chance of Teunter, Syntetos & Babai's method.
const TSB_WEIGHT: f64 = 0.2;
/// Months from which on models of the seasonally adjusted series take part: before, most of the season rests on single months,
/// and what is left of them looks too calm.
const FULL: usize = 18;
/// Months from which on weights are learned.
const LEARNED: usize = 13;
/// Months from which on models with several parameters take part.
const SOME: usize = 10;
/// Past origins count for the weights from this share of the months on (one in three), and up to so many steps ahead.
const UNSETTLED: usize = 3;
const STEPS: usize = 6;
/// The power of the inverse error that a weight goes with when there are many origins; half of it with [`ORIGINS`].
const POWER: f64 = 4.0;
const ORIGINS: f64 = 20.0;
/// An error below this share of the mean month is none.
const LEAST_ERROR: f64 = 1e-6;

/// The models that the combination averages, by the months there are. Which ones, and how fast weights may leave
/// [`share`], was found by holding out the end of the training part of the M3 competition's monthly series.
fn combination(months: usize) -> &'static [Method] {
    match months {
        ..SOME => &[Method::Structural, Method::Ses, Method::EtsAverage],
        SOME..FULL => &[Method::Structural, Method::DynamicTheta, Method::EtsAverage],
        _ => &[
            Method::Structural,
            Method::AdjustedTheta,
            Method::DynamicTheta,
            Method::EtsAverage,
            Method::DampedTrend,
            Method::Reversion,
            Method::Ols,
        ],
    }
}

/// The same for a series of which more than half of the months are empty: a trend or an estimated level would follow each single
/// payment. Croston's and Teunter, Syntetos & Babai's methods know how rare they are, the structural model in which months.
const INTERMITTENT: &[Method] = &[Method::Structural, Method::CrostonSba, Method::Tsb, Method::Average];

/// The weight of a model before anything is learned of the series; the others have 1.
fn share(method: Method, months: usize) -> f64 {
    match method {
        // About a year: it alone knows a little of the season.
        Method::Structural if (SOME..FULL).contains(&months) => 2.0,
        // A line that goes on for good is seldom right, and then by much.
        Method::Ols => 0.3,
        _ => 1.0,
    }
}

impl Ensemble {
    /// Fits the combination, or one method of it. A value that is not finite is a missing month. `None` where the method
    /// cannot be used on the series.
    pub(super) fn fit(values: &[f64], method: Method, columns: Columns) -> Option<Self> {
        let n = values.len();
        let seen = || values.iter().filter(|value| value.is_finite());
        let size = seen().map(|value| value.abs()).sum::<f64>() / seen().count().max(1) as f64;
        let unit = if size > 0.0 { size } else { 1.0 };
        let empty = seen().filter(|value| value.abs() <= 0.0).count();
        let ceiling = LARGEST_GROWTH * seen().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        if method.is_published() && columns.is_empty() && values.iter().all(|value| value.is_finite()) {
            let adjustments = vec![Adjustment::none(values, unit)];
            let mut ensemble = Self { members: Vec::new(), adjustments, columns, n, ceiling };
            ensemble.members = ensemble.members_of(method, true);
            return (!ensemble.members.is_empty()).then_some(ensemble);
        }
        let fit = |scale, periods: &[Periods]| Adjustment::fit(values, scale, unit, &columns, periods);
        let mut adjustments: Vec<Adjustment> =
            [Scale::Log, Scale::Level].into_iter().filter_map(|scale| fit(scale, &[Periods::None])).collect();
        adjustments.sort_by(|a, b| b.evidence().total_cmp(&a.evidence()));
        let leading = adjustments.first_mut()?;
        if columns.has_hijri()
            && let Some(found) = fit(leading.scale, &[Periods::Ramadan, Periods::All])
        {
            leading.relevance = found.relevance;
            if found.matters() && found.evidence() > leading.evidence() {
                *leading = found;
                let periods = leading.periods;
                // What the better scale finds in the calendar, the other is told.
                for other in adjustments.iter_mut().skip(1) {
                    *other = fit(other.scale, &[periods])?;
                }
            }
        }
        let mut ensemble = Self { members: Vec::new(), adjustments, columns, n, ceiling };
        let methods = match method {
            Method::Auto if 2 * empty > seen().count() => INTERMITTENT,
            Method::Auto => combination(n),
            ref method => std::slice::from_ref(method),
        };
        let alone = method != Method::Auto;
        ensemble.members = methods.iter().flat_map(|&method| ensemble.members_of(method, alone)).collect();
        if !alone {
            for member in &mut ensemble.members {
                member.weight *= share(member.method, n);
            }
            if n >= LEARNED {
                ensemble.reweigh(values);
            }
        }
        let total: f64 = ensemble.members.iter().map(|member| member.weight).sum();
        ensemble.members.iter_mut().for_each(|member| member.weight /= total);
        (!ensemble.members.is_empty()).then_some(ensemble)
    }

    /// Weighs the members by how far off their forecasts of the past months would have been: by the mean absolute error to a
    /// power that grows with the past origins, so that few of them leave the weights as they are (inverse errors: Bates &
    /// Granger 1969; shrinkage towards fixed weights: Stock & Watson 2004, Journal of Forecasting 23).
    fn reweigh(&mut self, values: &[f64]) {
        let n = values.len();
        let first = self.first_origin().max(n / UNSETTLED);
        let effects = self.effects(n);
        let floor = if values.iter().any(|&value| value < 0.0) { f64::NEG_INFINITY } else { 0.0 };
        let mut out = [0.0; STEPS];
        let errors: Vec<f64> = self
            .members
            .iter()
            .map(|member| {
                let (mut sum, mut count) = (0.0, 0.0);
                for origin in first..n {
                    let out = &mut out[..STEPS.min(n - origin)];
                    self.forecast(member, origin, &effects, out);
                    for (t, value) in (origin..).zip(out) {
                        let error = (values[t] - self.sensible(*value, floor)).abs();
                        if error.is_finite() && !self.adjustments[0].is_spike(t) {
                            sum += error;
                            count += 1.0;
                        }
                    }
                }
                sum / f64::max(count, 1.0)
            })
            .collect();
        let origins = n.saturating_sub(first) as f64;
        let power = POWER * origins / (origins + ORIGINS);
        let least = LEAST_ERROR * self.adjustments[0].unit;
        let best = errors.iter().copied().fold(f64::INFINITY, f64::min);
        for (member, error) in self.members.iter_mut().zip(errors) {
            member.weight *= ((best + least) / (error + least)).powf(power);
        }
    }

    /// What a member of several is believed.
    fn sensible(&self, value: f64, floor: f64) -> f64 {
        value.clamp(-self.ceiling, self.ceiling).max(floor)
    }

    /// One method fitted: a member, or one on each scale; none where the method cannot be used. A published method that
    /// stands `alone` sees the spikes, as published.
    fn members_of(&self, method: Method, alone: bool) -> Vec<Member> {
        let adjustment = &self.adjustments[0];
        if method == Method::Structural {
            let lead = self.adjustments.get(1).map_or(1.0, |other| {
                // The weight of the better scale by the odds of the two.
                1.0 / (1.0 + (other.evidence() - adjustment.evidence()).exp())
            });
            let member = |(index, adjustment): (usize, &Adjustment)| {
                Some(Member {
                    method,
                    weight: if index == 0 { lead } else { 1.0 - lead },
                    base: Base::Plain,
                    adjustment: index,
                    model: Any::Structural(Box::new(adjustment.structural.clone()?)),
                })
            };
            return self.adjustments.iter().enumerate().filter_map(member).collect();
        }
        let clean = || if alone { adjustment.with_spikes() } else { adjustment.clean() };
        let theta = |kind| Theta::fit(&clean(), PERIOD, kind).map(Box::new).map(Any::Theta);
        let croston = |kind| Croston::fit(&clean(), kind).map(Any::Croston);
        let deseasoned =
            matches!(method, Method::DampedTrend | Method::Reversion | Method::AdjustedTheta | Method::Ols);
        let model = match method {
            Method::Naive => Naive::fit(&clean()).map(Any::Naive),
            Method::SeasonalNaive => SeasonalNaive::fit(&clean(), PERIOD).map(Any::SeasonalNaive),
            Method::Drift => Drift::fit(&clean()).map(Any::Drift),
            Method::Average => Average::fit(&clean()).map(Any::Average),
            Method::Ses => Ses::fit(&clean()).map(Any::Ses),
            Method::Ets => Ets::auto(&clean(), PERIOD).map(Box::new).map(Any::Ets),
            Method::EtsAverage => EtsAverage::fit(&clean(), PERIOD).map(Box::new).map(Any::EtsAverage),
            Method::Theta => theta(ThetaKind::Standard),
            Method::DynamicTheta => theta(ThetaKind::DynamicOptimised),
            Method::AdjustedTheta => {
                Theta::fit_with(&adjustment.deseasoned(), ThetaKind::Standard, None).map(Box::new).map(Any::Theta)
            }
            Method::DampedTrend => EtsForm::of("AAdN")
                .and_then(|form| Ets::fit(&adjustment.deseasoned(), 1, form, EtsSearch::GaussNewton))
                .map(Box::new)
                .map(Any::Ets),
            Method::Reversion => Reversion::fit(&adjustment.deseasoned()).map(Any::Reversion),
            Method::Croston => croston(CrostonKind::Classic),
            Method::CrostonSba => croston(CrostonKind::SyntetosBoylan),
            Method::Tsb => croston(CrostonKind::Tsb { size: TSB_WEIGHT, chance: TSB_WEIGHT }),
            Method::Ols => Reversion::fit_onward(&adjustment.deseasoned(), 1.0).map(Any::Reversion),
            Method::Auto | Method::MovingAverage | Method::Structural => None,
        };
        let base = if deseasoned { Base::Deseasoned } else { Base::Clean };
        model.map(|model| Member { method, weight: 1.0, base, adjustment: 0, model }).into_iter().collect()
    }

    /// The regressors' effects on each scale for `months` months from the first of the series on.
    pub(super) fn effects(&self, months: usize) -> Effects {
        let mut columns = std::borrow::Cow::Borrowed(&self.columns);
        if columns.months() < months {
            columns.to_mut().extend(months);
        }
        let of = |adjustment: &Adjustment| (0..months).map(|t| adjustment.effect(&columns, t)).collect();
        self.adjustments.iter().map(of).collect()
    }

    /// One member's forecast from an origin in the unit of the series, the effects in it.
    fn forecast(&self, member: &Member, origin: usize, effects: &Effects, out: &mut [f64]) {
        member.model.model().forecast_from(origin, out);
        let adjustment = &self.adjustments[member.adjustment];
        let effects = &effects[member.adjustment];
        for (ahead, out) in out.iter_mut().enumerate() {
            let t = origin + ahead;
            let effect = effects[t].sum();
            *out = match member.base {
                Base::Clean => adjustment.with_effect(*out, effect),
                Base::Plain => adjustment.back(*out + effect),
                Base::Deseasoned => adjustment.back(*out + adjustment.season_at(t) + effect),
            };
        }
    }

    /// The combined forecast from an origin, in the unit of the series; no member's below the floor.
    pub(super) fn combined(&self, origin: usize, effects: &Effects, floor: f64, out: &mut [f64]) {
        if let [member] = &self.members[..] {
            self.forecast(member, origin, effects, out);
            for value in out {
                *value = member.weight * value.max(floor);
            }
            return;
        }
        out.fill(0.0);
        let mut one = vec![0.0; out.len()];
        for member in &self.members {
            self.forecast(member, origin, effects, &mut one);
            for (sum, value) in out.iter_mut().zip(&one) {
                *sum += member.weight * self.sensible(*value, floor);
            }
        }
    }

    /// What the combined forecast from the end is made of, in the unit of the series, without the remainder.
    pub(super) fn parts(&self, effects: &Effects, horizon: usize) -> Vec<Parts> {
        let mut sum = vec![Parts::default(); horizon];
        for member in &self.members {
            let adjustment = &self.adjustments[member.adjustment];
            let weight = member.weight;
            for (ahead, (own, sum)) in member.model.model().parts(horizon).into_iter().zip(&mut sum).enumerate() {
                let t = self.n + ahead;
                let Effect { given, hijri } = effects[member.adjustment][t];
                let steps = match member.base {
                    Base::Clean => {
                        let value = own.level + own.trend + own.season;
                        let with_hijri = adjustment.with_effect(value, hijri);
                        let with_given = adjustment.with_effect(with_hijri, given);
                        [own.level, own.trend, own.season, with_hijri - value, with_given - with_hijri]
                    }
                    Base::Plain | Base::Deseasoned => {
                        let season =
                            own.season + if member.base == Base::Deseasoned { adjustment.season_at(t) } else { 0.0 };
                        let mut before = adjustment.back(own.level);
                        let mut at = own.level;
                        let mut steps = [before, 0.0, 0.0, 0.0, 0.0];
                        for (step, share) in steps[1..].iter_mut().zip([own.trend, season, hijri, given]) {
                            at += share;
                            let now = adjustment.back(at);
                            *step = now - before;
                            before = now;
                        }
                        steps
                    }
                };
                let [level, trend, season, hijri, events] = steps.map(|step| weight * step);
                sum.level += level;
                sum.trend += trend;
                sum.season += season;
                sum.hijri += hijri;
                sum.events += events;
            }
        }
        sum
    }

    /// The first origin from which every member can forecast.
    pub(super) fn first_origin(&self) -> usize {
        self.members.iter().map(|member| member.model.model().first_origin()).max().unwrap_or(1).max(1)
    }

    /// The models and their weights; a model on two scales is one.
    pub(super) fn shares(&self) -> Vec<Share> {
        let mut shares: Vec<Share> = Vec::new();
        for member in &self.members {
            match shares.iter_mut().find(|share| share.method == member.method) {
                Some(share) => share.weight += member.weight,
                None => {
                    shares.push(Share { weight: member.weight, form: member.model.form(), ..Share::of(member.method) });
                }
            }
        }
        shares
    }

    /// What was found about the Hijri calendar on the dominant scale.
    pub(super) fn hijri(&self) -> HijriEffect {
        self.adjustments[0].hijri(&self.columns)
    }

    /// How many coefficients the structural model on the dominant scale takes from the values.
    pub(super) fn coefficients(&self) -> f64 {
        self.adjustments[0].structural.as_ref().map_or(0.0, Structural::freedom)
    }

    /// Which share of the next month's error stays in the months after it, by the structural model; `None` without one.
    pub(super) fn lasting(&self) -> Option<f64> {
        self.adjustments[0].structural.as_ref().map(Structural::lasting)
    }

    /// The standard deviation of the error on the dominant scale: by the structural model there, else by the method that
    /// stands alone.
    pub(super) fn sigma(&self, out: &mut [f64]) {
        let adjustment = &self.adjustments[0];
        if let Some(structural) = &adjustment.structural {
            structural.sigma(out);
        } else if let Some(member) = self.members.first() {
            member.model.model().sigma(out);
            for sd in out {
                *sd /= adjustment.unit;
            }
        }
    }
}
