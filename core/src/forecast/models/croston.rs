//! Intermittent series: gifts that come in some months only.

use super::ses::Ses;
use super::{Model, Parts, in_unit, level_only, root_mean_square, unit};

/// Which estimator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CrostonKind {
    /// Size over interval, both weights 0.1 (Croston 1972).
    Classic,
    /// Size over interval, both weights estimated in 0.1..0.3.
    Optimised,
    /// Size over interval, weights 0.1, times 0.95 against its bias (Syntetos & Boylan 2005).
    SyntetosBoylan,
    /// Size times the chance of a gift, which sinks while none comes (Teunter, Syntetos & Babai 2011).
    Tsb {
        /// The weight of the newest size, 0..1.
        size: f64,
        /// The weight of the newest month in the chance, 0..1.
        chance: f64,
    },
}

/// The expected value of a month: the smoothed size of a gift over the smoothed interval between gifts, or times the
/// smoothed chance of one. Negative values are no gifts; they end an interval.
#[derive(Clone, Debug)]
pub(crate) struct Croston {
    /// After 1, 2, … values.
    rates: Vec<f64>,
    sd: f64,
}

impl Croston {
    /// From one value on; a series without gifts keeps its last value.
    pub(crate) fn fit(values: &[f64], kind: CrostonKind) -> Option<Self> {
        let unit = unit(values);
        let y = in_unit(values, unit);
        let mut rates = rates(&y, kind);
        let errors = y.iter().skip(1).zip(&rates).map(|(value, rate)| value - rate);
        let sd = root_mean_square(errors, y.len() as f64 - 1.0) * unit;
        for rate in &mut rates {
            *rate *= unit;
        }
        (!rates.is_empty()).then_some(Self { rates, sd })
    }
}

/// The rate after each value; before the first gift the only thing known is that none has come.
fn rates(y: &[f64], kind: CrostonKind) -> Vec<f64> {
    let mut sizes = Vec::new();
    let (mut intervals, mut last) = (Vec::new(), 0);
    for (t, &value) in (1_u32..).zip(y) {
        if value > 0.0 {
            sizes.push(value);
        }
        if value.abs() > 0.0 {
            intervals.push(f64::from(t - last));
            last = t;
        }
    }
    let smoothed = match kind {
        CrostonKind::Optimised => Ses::fit_within(&sizes, 0.1, 0.3).zip(Ses::fit_within(&intervals, 0.1, 0.3)),
        CrostonKind::Classic | CrostonKind::SyntetosBoylan => Ses::with(&sizes, 0.1).zip(Ses::with(&intervals, 0.1)),
        CrostonKind::Tsb { size, chance } => {
            let there: Vec<f64> = y.iter().map(|value| f64::from(u8::from(value.abs() > 0.0))).collect();
            Ses::with(&sizes, size).zip(Ses::with(&there, chance))
        }
    };
    let Some((sizes, others)) = smoothed else {
        return y.to_vec();
    };
    let (mut gifts, mut ends) = (0, 0);
    let rate = |(t, &value): (usize, &f64)| {
        gifts += usize::from(value > 0.0);
        ends += usize::from(value.abs() > 0.0);
        if gifts == 0 {
            return 0.0;
        }
        let size = sizes.levels()[gifts - 1];
        match kind {
            CrostonKind::Classic | CrostonKind::Optimised => size / others.levels()[ends - 1],
            CrostonKind::SyntetosBoylan => 0.95 * size / others.levels()[ends - 1],
            CrostonKind::Tsb { .. } => size * others.levels()[t],
        }
    };
    y.iter().enumerate().map(rate).collect()
}

impl Model for Croston {
    fn forecast_from(&self, origin: usize, out: &mut [f64]) {
        out.fill(self.rates[origin.clamp(1, self.rates.len()) - 1]);
    }

    fn first_origin(&self) -> usize {
        1
    }

    /// The same at every step: the rate moves little beside the values, which are mostly 0.
    fn sigma(&self, out: &mut [f64]) {
        out.fill(self.sd);
    }

    fn parts(&self, horizon: usize) -> Vec<Parts> {
        level_only(self.rates[self.rates.len() - 1], horizon)
    }
}
