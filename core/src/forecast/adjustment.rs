//! The series without what the calendar, the season and single events did to it: what the other models see.

use super::columns::{Columns, Periods};
use super::models::{Design, Structural};
use super::outcome::HijriEffect;
use super::spikes::{distances, moved, recurs, spikes};

/// Months of the year.
pub(super) const PERIOD: usize = 12;
/// Below so many months the calendar is left alone: one Ramadan cannot have been seen against a month without.
const HIJRI_NEEDS: usize = 8;
/// The Hijri calendar is used when the one-step forecasts say with this probability that it matters.
const HIJRI_ENOUGH: f64 = 0.8;
/// A series of which more than one month in so many is empty is one of payments that recur.
const EMPTY: usize = 3;
/// Below so many months logarithms are believed less, by [`DISTRUST`] in the logarithm of their odds for each month.
const SHORT: usize = 36;
const DISTRUST: f64 = 0.5;

/// Beyond this power of e an upper bound says nothing any more.
const LARGEST_EXPONENT: f64 = 50.0;

/// The scale that a model works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Logarithms: effects multiply, and no forecast is below zero.
    Log,
    /// The values in units of their mean size: effects add.
    Level,
}

/// A value in the unit of the series, moved by a distance on a scale.
pub(super) fn shifted(value: f64, distance: f64, scale: Scale, unit: f64) -> f64 {
    match scale {
        Scale::Log => value * distance.min(LARGEST_EXPONENT).exp(),
        Scale::Level => value + distance * unit,
    }
}

/// What regressors do to one month, on a scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Effect {
    /// Events and the caller's regressors.
    pub(super) given: f64,
    /// The Hijri calendar.
    pub(super) hijri: f64,
}

impl Effect {
    pub(super) const fn sum(self) -> f64 {
        self.given + self.hijri
    }
}

/// The series on one scale, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Adjustment {
    pub(super) scale: Scale,
    pub(super) unit: f64,
    /// `None` where nothing was taken off.
    pub(super) structural: Option<Structural>,
    /// Which Hijri periods were found to matter.
    pub(super) periods: Periods,
    /// On the scale, without the regressors' effects, gaps and spikes filled.
    pub(super) plain: Vec<f64>,
    season: Vec<f64>,
    /// Months that stood out and came back, and their values on the scale without the regressors' effects.
    pub(super) spikes: Vec<(usize, f64)>,
    /// The probability that they do.
    pub(super) relevance: f64,
    /// Logarithm of the marginal likelihood of the values in their unit.
    evidence: f64,
}

impl Adjustment {
    /// Takes a series apart; a value that is not finite is a missing month. `None` without a value, or for logarithms of
    /// values that are not positive.
    pub(super) fn fit(values: &[f64], scale: Scale, unit: f64, columns: &Columns, periods: &[Periods]) -> Option<Self> {
        let mut y: Vec<f64> = values.iter().map(|&value| to_scale(value, scale, unit)).collect();
        if scale == Scale::Log && values.iter().any(|&value| value <= 0.0) {
            return None;
        }
        let given = columns.given();
        let design = |periods: Periods| Design { period: PERIOD, columns: columns.with(periods), given };
        let (periods, mut structural) = periods
            .iter()
            .filter(|&&periods| periods == Periods::None || y.len() >= HIJRI_NEEDS)
            .filter_map(|&periods| Some((periods, Structural::fit(&y, &design(periods))?)))
            .max_by(|(_, a), (_, b)| a.evidence().total_cmp(&b.evidence()))?;
        let mut relevance = structural.relevance();
        // Before spikes are set aside: evidence of fewer months cannot be compared.
        let evidence = structural.evidence();
        let jacobian = if scale == Scale::Log { -y.iter().filter(|value| value.is_finite()).sum::<f64>() } else { 0.0 };
        let rest = |structural: &Structural, y: &[f64]| -> Vec<f64> {
            let season = structural.season();
            (0..y.len())
                .map(|t| y[t] - structural.effect(row(columns, periods, t)) - season.get(t % PERIOD).unwrap_or(&0.0))
                .collect()
        };
        if relevance >= HIJRI_ENOUGH
            && let Some(t) = most_telling(&structural, columns, periods, &rest(&structural, &y))
        {
            let mut without = y.clone();
            without[t.saturating_sub(1)..(t + 2).min(y.len())].fill(f64::NAN);
            let others = Structural::fit(&without, &design(periods)).map_or(0.0, |fitted| fitted.relevance());
            relevance = relevance.min(others);
            // Where most months are empty, a payment in the same month of each year is no matter of the Hijri calendar.
            let empty = values.iter().filter(|value| value.abs() <= 0.0).count();
            if EMPTY * empty > y.len() && recurs(&distances(&y), t) {
                relevance = 0.0;
            }
        }
        let seasoned: Vec<f64> = (0..y.len()).map(|t| y[t] - structural.effect(row(columns, periods, t))).collect();
        let found = spikes(&rest(&structural, &y), &seasoned);
        let spikes: Vec<(usize, f64)> = found.iter().map(|spike| (spike.t, y[spike.t])).collect();
        if !found.is_empty() {
            for spike in found {
                y[spike.t] = spike.excess.map_or(f64::NAN, |excess| y[spike.t] - excess);
            }
            structural = Structural::fit(&y, &design(periods))?;
        }
        let season = structural.season();
        let effect = |t: usize| structural.effect(row(columns, periods, t));
        let spikes = spikes.into_iter().map(|(t, value)| (t, value - effect(t))).collect();
        let mut plain = rest(&structural, &y);
        fill_gaps(&mut plain);
        for (t, value) in plain.iter_mut().enumerate() {
            *value += season.get(t % PERIOD).unwrap_or(&0.0);
        }
        let structural = Some(structural);
        Some(Self { scale, unit, structural, periods, plain, season, spikes, relevance, evidence: evidence + jacobian })
    }

    /// Whether the Hijri calendar matters by enough.
    pub(super) fn matters(&self) -> bool {
        self.relevance >= HIJRI_ENOUGH
    }

    /// The series as it is: for a published method that stands alone, without calendar, events or gaps.
    pub(super) fn none(values: &[f64], unit: f64) -> Self {
        Self {
            scale: Scale::Level,
            unit,
            structural: None,
            periods: Periods::None,
            plain: values.iter().map(|value| value / unit).collect(),
            season: Vec::new(),
            spikes: Vec::new(),
            relevance: 0.0,
            evidence: 0.0,
        }
    }

    /// What was found about the Hijri calendar.
    pub(super) fn hijri(&self, columns: &Columns) -> HijriEffect {
        let relevance = self.relevance;
        if self.periods == Periods::None {
            return HijriEffect { relevance, ramadan: 0.0, idul_fitri: 0.0 };
        }
        let Some(structural) = &self.structural else {
            return HijriEffect { relevance, ramadan: 0.0, idul_fitri: 0.0 };
        };
        let beta = &structural.coefficients()[columns.given()..];
        let share = |effect: f64| if self.scale == Scale::Log { effect.exp_m1() } else { effect };
        // Ramadan's own column and that of its last ten days.
        HijriEffect { relevance, ramadan: share(beta[0] + beta[1]), idul_fitri: share(beta[2]) }
    }

    /// On the scale, without the season too.
    pub(super) fn deseasoned(&self) -> Vec<f64> {
        self.plain.iter().enumerate().map(|(t, value)| value - self.season_at(t)).collect()
    }

    /// In the unit of the series, without the regressors' effects, gaps and spikes filled.
    pub(super) fn clean(&self) -> Vec<f64> {
        self.plain.iter().map(|&value| self.back(value)).collect()
    }

    /// The same with the spikes in it: what a method sees that stands alone.
    pub(super) fn with_spikes(&self) -> Vec<f64> {
        let mut values = self.clean();
        for &(t, value) in &self.spikes {
            values[t] = self.back(value);
        }
        values
    }

    /// The series as if it had stood on its newest level all along, where that moved within the last year, and the months on
    /// it.
    pub(super) fn on_the_new_level(&self, values: &[f64]) -> Option<(Vec<f64>, usize)> {
        let moved = moved(&self.deseasoned(), &self.plain)?;
        let bring = |(t, &value): (usize, &f64)| {
            if t < moved.from { shifted(value, moved.by, self.scale, self.unit) } else { value }
        };
        Some((values.iter().enumerate().map(bring).collect(), values.len() - moved.from))
    }

    /// Whether month `t` was set aside.
    pub(super) fn is_spike(&self, t: usize) -> bool {
        self.spikes.iter().any(|&(spike, _)| spike == t)
    }

    pub(super) fn season_at(&self, t: usize) -> f64 {
        self.season.get(t % PERIOD).copied().unwrap_or(0.0)
    }

    /// The regressors' effects in month `t`, on the scale.
    pub(super) fn effect(&self, columns: &Columns, t: usize) -> Effect {
        let given = columns.given();
        let Some(structural) = &self.structural else { return Effect::default() };
        let mut products = row(columns, self.periods, t).zip(structural.coefficients()).map(|(x, beta)| x * beta);
        Effect { given: products.by_ref().take(given).sum(), hijri: products.sum() }
    }

    /// How far a value lies from an expected one, on the scale; not a number where the scale has no such value.
    pub(super) fn distance(&self, value: f64, expected: f64) -> f64 {
        match self.scale {
            Scale::Log => (value / expected).ln(),
            Scale::Level => (value - expected) / self.unit,
        }
    }

    /// Bounds at a distance on the scale around a value in the unit of the series.
    pub(super) fn around(&self, value: f64, distance: f64) -> [f64; 2] {
        [-distance, distance].map(|distance| shifted(value, distance, self.scale, self.unit))
    }

    /// From the scale to the unit of the series.
    pub(super) fn back(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Log => value.min(LARGEST_EXPONENT).exp() * self.unit,
            Scale::Level => value * self.unit,
        }
    }

    /// A value in the unit of the series, with an effect on the scale.
    pub(super) fn with_effect(&self, value: f64, effect: f64) -> f64 {
        shifted(value, effect, self.scale, self.unit)
    }

    /// Logarithm of the marginal likelihood of the values themselves and the prior of the scale, to compare the scales by.
    pub(super) fn evidence(&self) -> f64 {
        // In validation on short series the level scale forecast better, whatever the likelihood said.
        let short =
            if self.scale == Scale::Log { SHORT.saturating_sub(self.plain.len()) as f64 * DISTRUST } else { 0.0 };
        self.evidence - short
    }
}

fn to_scale(value: f64, scale: Scale, unit: f64) -> f64 {
    match scale {
        Scale::Log => (value / unit).ln(),
        Scale::Level => value / unit,
    }
}

fn row(columns: &Columns, periods: Periods, t: usize) -> impl Iterator<Item = f64> + '_ {
    columns.with(periods).iter().map(move |column| column.get(t).copied().unwrap_or(0.0))
}

/// The month that speaks most for the Hijri calendar: where it lies farthest off in the direction that the calendar says.
/// `rest` is without the calendar's effect. `None` without Hijri columns.
fn most_telling(structural: &Structural, columns: &Columns, periods: Periods, rest: &[f64]) -> Option<usize> {
    let given = columns.given();
    let effects: Vec<f64> = (0..rest.len())
        .map(|t| row(columns, periods, t).zip(structural.coefficients()).skip(given).map(|(x, beta)| x * beta).sum())
        .collect();
    let with: Vec<f64> = rest.iter().zip(&effects).map(|(rest, effect)| rest + effect).collect();
    let telling = distances(&with).into_iter().zip(&effects).map(|(distance, effect)| distance * effect);
    let (t, most) = (0..).zip(telling).filter(|(_, told)| told.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (most > 0.0).then_some(t)
}

/// Straight lines over gaps; the nearest value at the ends.
fn fill_gaps(values: &mut [f64]) {
    let known: Vec<usize> = (0..values.len()).filter(|&t| values[t].is_finite()).collect();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else { return };
    let (at_first, at_last) = (values[first], values[last]);
    values[..first].fill(at_first);
    values[last + 1..].fill(at_last);
    for pair in known.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (from, step) = (values[a], (values[b] - values[a]) / (b - a) as f64);
        for (between, value) in (1..).zip(&mut values[a + 1..b]) {
            *value = from + step * f64::from(between);
        }
    }
}
