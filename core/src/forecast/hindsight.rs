//! What the forecasts of the past months would have been.

use super::Fitted;
use super::ensemble::{Effects, Ensemble};
use super::interval::{Past, SHAPE_STEPS, Seen, Spread};

/// Past forecasts are looked at from this share of the months on (one in four): before, a model has seen too little.
const SETTLED: usize = 4;
/// Where no model says so, half of an error stays in the next month's forecast; what is known before counts as so many past
/// origins.
pub(super) const PERSISTENCE: f64 = 0.5;
const PERSISTENCE_WEIGHT: f64 = 10.0;

/// What the past forecasts of a combination would have been, and how far off.
pub(super) struct Hindsight {
    pub(super) effects: Effects,
    pub(super) spread: Spread,
    /// One-step forecasts and values, in the unit of the series; spikes are left out.
    pub(super) one_step: Vec<(f64, f64)>,
    /// How much of an error is left a month later: the slope of the errors of h + 1 steps on those of h steps, from the
    /// same past origins, pulled towards what the structural model says.
    pub(super) persistence: f64,
}

impl Fitted {
    /// Forecasts of up to `steps` months from every past origin that is looked at, oldest first.
    fn replay(&self, ensemble: &Ensemble, effects: &Effects, steps: usize, mut each: impl FnMut(usize, &[f64])) {
        let n = self.values.len();
        let mut out = vec![0.0; steps];
        for origin in ensemble.first_origin().max(n / SETTLED)..n {
            let out = &mut out[..steps.min(n - origin)];
            ensemble.combined(origin, effects, self.floor(), out);
            each(origin, out);
        }
    }

    pub(super) fn hindsight(&self, ensemble: &Ensemble, horizon: usize) -> Hindsight {
        let n = self.values.len();
        let steps = horizon.max(SHAPE_STEPS);
        let effects = ensemble.effects(n + steps);
        let adjustment = &ensemble.adjustments[0];
        let mut past = Past { errors: (0..steps).map(|_| Vec::with_capacity(n)).collect() };
        let mut one_step = Vec::with_capacity(n);
        let (mut products, mut squares, mut origins) = (0.0, 0.0, 0.0);
        self.replay(ensemble, &effects, steps, |origin, out| {
            let mut before = f64::NAN;
            for (h, &expected) in out.iter().enumerate() {
                let value = self.values[origin + h];
                let error = adjustment.distance(value, expected);
                if h < SHAPE_STEPS && error.is_finite() && before.is_finite() {
                    products += before * error;
                    squares += before * before;
                    origins += f64::from(u8::from(h == 1));
                }
                before = error;
                if error.is_finite() && !adjustment.is_spike(origin + h) {
                    past.errors[h].push(error);
                    if h == 0 {
                        one_step.push((value, expected));
                    }
                }
            }
        });
        let mut own = vec![0.0; steps];
        ensemble.sigma(&mut own);
        let known = self.values.iter().filter(|value| value.is_finite()).count();
        let mut spread = Spread::new(&past, &own, Seen { n, known, coefficients: ensemble.coefficients() });
        spread.sd.truncate(horizon);
        if let Some(months) = self.new_level {
            spread.add_level_of(months);
        }
        let before = ensemble.lasting().unwrap_or(PERSISTENCE);
        let seen = if squares > 0.0 { (products / squares).clamp(0.0, 1.0) } else { before };
        let persistence = (origins * seen + PERSISTENCE_WEIGHT * before) / (origins + PERSISTENCE_WEIGHT);
        Hindsight { effects, spread, one_step, persistence }
    }

    /// What would have been expected of each month a month before; not a number where nothing would.
    pub(super) fn expected(&self, ensemble: &Ensemble) -> Vec<f64> {
        let mut expected = vec![f64::NAN; self.values.len()];
        let effects = ensemble.effects(self.values.len() + 1);
        self.replay(ensemble, &effects, 1, |origin, out| expected[origin] = out[0]);
        expected
    }
}
