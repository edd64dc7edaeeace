//! The search of statsforecast: the same start, bounds, moves and patience, hence the same numbers.

use super::Estimate;
use super::filter::Lanes;
use super::form::{Form, Season, Trend};
use super::start::Start;
use crate::stats::{Patience, nelder_mead};

/// Bounds of the smoothing weights, and of the damping (Hyndman & Athanasopoulos 2021, section 8.6).
const WEIGHT: [f64; 2] = [1e-4, 0.9999];
const DAMPING: [f64; 2] = [0.8, 0.98];

pub(super) fn search(y: &[f64], form: Form, start: &Start) -> Option<Estimate> {
    let period = start.season.len().max(1);
    let [low, high] = WEIGHT;
    let alpha = low + 0.2 * (high - low) / period as f64;
    let (mut x, mut lower, mut upper) = (vec![alpha], vec![low], vec![high]);
    if form.trend != Trend::None {
        // The first guess of alpha bounds beta for good. So it is in the reference, and it keeps trends calm.
        let top = high.min(alpha);
        x.push(low + 0.1 * (top - low));
        lower.push(low);
        upper.push(top);
    }
    if form.season != Season::None {
        let top = high.min(1.0 - alpha);
        x.push(low + 0.05 * (top - low));
        lower.push(low);
        upper.push(top);
    }
    if form.trend == Trend::Damped {
        x.push(DAMPING[0] + 0.99 * (DAMPING[1] - DAMPING[0]));
        lower.push(DAMPING[0]);
        upper.push(DAMPING[1]);
    }
    x.push(start.level);
    if form.trend != Trend::None {
        x.push(start.trend);
    }
    x.extend(start.season.iter().skip(1).rev());
    lower.resize(x.len(), f64::NEG_INFINITY);
    upper.resize(x.len(), f64::INFINITY);
    let mut lanes = Lanes::<1>::new(start.season.len());
    let patience = Patience { tolerance: 1e-4, moves: 1_000 };
    let deviance = nelder_mead(&mut x, &lower, &upper, patience, |x| {
        if unpack(x, form, &mut lanes) { lanes.pass(form, y, &mut []).deviance(0, y.len()) } else { f64::INFINITY }
    });
    unpack(&x, form, &mut lanes);
    let season = lanes.season.iter().map(|&[season]| season).collect();
    let Lanes { alpha: [alpha], beta: [beta], gamma: [gamma], phi: [phi], level: [level], trend: [trend], .. } = lanes;
    deviance.is_finite().then_some(Estimate { form, alpha, beta, gamma, phi, level, trend, season, deviance })
}

/// Puts a point of the search into the filter; false where a multiplicative season is negative.
fn unpack(x: &[f64], form: Form, lanes: &mut Lanes<1>) -> bool {
    let mut rest = x.iter().copied();
    let mut next = || rest.next().unwrap_or_default();
    lanes.alpha = [next()];
    lanes.beta = [if form.trend == Trend::None { 0.0 } else { next() }];
    lanes.gamma = [if form.season == Season::None { 0.0 } else { next() }];
    lanes.phi = [if form.trend == Trend::Damped { next() } else { 1.0 }];
    lanes.level = [next()];
    lanes.trend = [if form.trend == Trend::None { 0.0 } else { next() }];
    let Some((first, others)) = lanes.season.split_first_mut() else {
        return true;
    };
    let mut sum = 0.0;
    for (season, value) in others.iter_mut().rev().zip(rest) {
        *season = [value];
        sum += value;
    }
    let total = if form.season == Season::Multiplicative { others.len() as f64 + 1.0 } else { 0.0 };
    *first = [total - sum];
    form.season != Season::Multiplicative || lanes.season.iter().all(|&[season]| season >= 0.0)
}
