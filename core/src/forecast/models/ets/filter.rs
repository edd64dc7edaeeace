//! One pass of an exponential smoothing model over a series, for several sets of parameters at once.
//!
//! Each value waits for the state before it, so a processor is mostly idle in a single pass; passes side by side cost
//! hardly more than one.

use super::Form;
use super::form::{Error, Season, Trend};

/// A divisor closer to zero than this is not divided by (as the reference software has it).
const TINY: f64 = 1e-10;

/// The smoothing weights and first states of `L` passes. `beta` is the weight of the trend's own error, `phi` 1
/// undamped.
#[derive(Clone, Debug)]
pub(super) struct Lanes<const L: usize> {
    pub(super) alpha: [f64; L],
    pub(super) beta: [f64; L],
    pub(super) gamma: [f64; L],
    pub(super) phi: [f64; L],
    pub(super) level: [f64; L],
    pub(super) trend: [f64; L],
    /// The season of each month of the first period; overwritten by those of the last.
    pub(super) season: Vec<[f64; L]>,
}

/// What passes leave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit<const L: usize> {
    /// The sum of squared errors (relative ones where the error is multiplicative).
    pub(super) squares: [f64; L],
    /// The sum of the logarithms of the one-step forecasts' sizes; 0 where the error is additive.
    pub(super) logs: [f64; L],
}

impl<const L: usize> Lanes<L> {
    pub(super) fn new(period: usize) -> Self {
        let zero = [0.0; L];
        let season = vec![zero; period];
        Self { alpha: zero, beta: zero, gamma: zero, phi: [1.0; L], level: zero, trend: zero, season }
    }

    /// Passes over `y`; `errors`, if not empty, takes the one-step errors.
    pub(super) fn pass(&mut self, form: Form, y: &[f64], errors: &mut [[f64; L]]) -> Fit<L> {
        use {Error as E, Season as S};
        let with_trend = form.trend != Trend::None;
        match (form.error, with_trend, form.season) {
            (E::Additive, false, S::None) => self.run::<false, false, 0>(y, errors),
            (E::Additive, true, S::None) => self.run::<false, true, 0>(y, errors),
            (E::Additive, false, S::Additive) => self.run::<false, false, 1>(y, errors),
            (E::Additive, true, S::Additive) => self.run::<false, true, 1>(y, errors),
            (E::Additive, _, S::Multiplicative) => self.run::<false, true, 2>(y, errors),
            (E::Multiplicative, false, S::None) => self.run::<true, false, 0>(y, errors),
            (E::Multiplicative, true, S::None) => self.run::<true, true, 0>(y, errors),
            (E::Multiplicative, false, S::Additive) => self.run::<true, false, 1>(y, errors),
            (E::Multiplicative, true, S::Additive) => self.run::<true, true, 1>(y, errors),
            (E::Multiplicative, false, S::Multiplicative) => self.run::<true, false, 2>(y, errors),
            (E::Multiplicative, true, S::Multiplicative) => self.run::<true, true, 2>(y, errors),
        }
    }

    fn run<const MULTIPLICATIVE: bool, const TREND: bool, const SEASON: u8>(
        &mut self,
        y: &[f64],
        errors: &mut [[f64; L]],
    ) -> Fit<L> {
        let (alpha, beta, gamma, phi) = (self.alpha, self.beta, self.gamma, self.phi);
        let (mut level, mut trend) = (self.level, self.trend);
        let (mut squares, mut logs, mut product) = ([0.0; L], [0.0; L], [1.0; L]);
        let period = self.season.len();
        let mut month = 0;
        for (t, &value) in y.iter().enumerate() {
            let mut kept = [0.0; L];
            let none = &mut [0.0; L];
            let season = if SEASON > 0 { &mut self.season[month] } else { none };
            for i in 0..L {
                let grown = if TREND { phi[i] * trend[i] } else { 0.0 };
                let base = if TREND { level[i] + grown } else { level[i] };
                let expected = match SEASON {
                    1 => base + season[i],
                    2 => base * season[i],
                    _ => base,
                };
                let error = if MULTIPLICATIVE {
                    let divisor = if expected.abs() < TINY { expected + TINY } else { expected };
                    product[i] *= if expected.abs() > 0.0 { expected.abs() } else { 1e-8 };
                    (value - expected) / divisor
                } else {
                    value - expected
                };
                let surprise = match SEASON {
                    2 => (if season[i].abs() < TINY { 1e10 } else { value / season[i] }) - base,
                    _ => value - expected,
                };
                match SEASON {
                    1 => season[i] += gamma[i] * surprise,
                    2 => {
                        let ratio = if base.abs() < TINY { 1e10 } else { value / base };
                        season[i] += gamma[i] * (ratio - season[i]);
                    }
                    _ => {}
                }
                level[i] = base + alpha[i] * surprise;
                if TREND {
                    trend[i] = grown + beta[i] * surprise;
                }
                squares[i] += error * error;
                kept[i] = error;
            }
            if let Some(errors) = errors.get_mut(t) {
                *errors = kept;
            }
            if SEASON > 0 {
                month += 1;
                if month == period {
                    month = 0;
                }
            }
            // One logarithm for eight values: their product stays inside the range of f64.
            if MULTIPLICATIVE && t % 8 == 7 {
                take_logs(&mut logs, &mut product);
            }
        }
        if MULTIPLICATIVE {
            take_logs(&mut logs, &mut product);
        }
        (self.level, self.trend) = (level, trend);
        Fit { squares, logs }
    }
}

fn take_logs<const L: usize>(logs: &mut [f64; L], product: &mut [f64; L]) {
    for i in 0..L {
        logs[i] += product[i].ln();
        product[i] = 1.0;
    }
}

impl<const L: usize> Fit<L> {
    /// Minus twice the log-likelihood of one lane, without its constant (Hyndman et al. 2008, equation 5.3); infinite
    /// where it is no number.
    pub(super) fn deviance(&self, lane: usize, n: usize) -> f64 {
        let squares = self.squares[lane];
        let size = if squares > 0.0 { squares.ln() } else { (squares + 1e-8).ln() };
        let deviance = n as f64 * size + 2.0 * self.logs[lane];
        if deviance.is_finite() { deviance.max(-1e10) } else { f64::INFINITY }
    }
}
