//! The logistic line: chances from a score.

/// Chance = 1 / (1 + e^−(intercept + slope · x)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Logistic {
    pub(crate) intercept: f64,
    pub(crate) slope: f64,
}

impl Logistic {
    /// Fits by Newton's steps (Hosmer & Lemeshow 2000). A weak ridge on the slope of the standardised x keeps the
    /// line finite where x parts the outcomes completely; `None` without both outcomes or without any spread of x.
    pub(crate) fn fit(x: &[f64], outcome: &[bool]) -> Option<Self> {
        let n = x.len() as f64;
        let yes = outcome.iter().filter(|&&y| y).count();
        if x.len() != outcome.len() || yes == 0 || yes == outcome.len() {
            return None;
        }
        let (centre, sd) = (super::mean(x)?, super::sample_sd(x)?);
        if !(sd > 0.0 && sd.is_finite()) {
            return None;
        }
        let share = yes as f64 / n;
        let (mut intercept, mut slope) = ((share / (1.0 - share)).ln(), 0.0);
        for _ in 0..50 {
            let (mut g, mut h) = ([0.0; 2], [0.0; 3]);
            for (&x, &y) in x.iter().zip(outcome) {
                let x = (x - centre) / sd;
                let p = (1.0 + (-(intercept + slope * x)).exp()).recip();
                let (left, weight) = (f64::from(u8::from(y)) - p, p * (1.0 - p));
                g[0] += left;
                g[1] += left * x;
                h[0] += weight;
                h[1] += weight * x;
                h[2] += weight * x * x;
            }
            g[1] -= RIDGE * slope;
            h[2] += RIDGE;
            let room = h[0] * h[2] - h[1] * h[1];
            if room <= 1e-300 {
                break;
            }
            let step = [(h[2] * g[0] - h[1] * g[1]) / room, (h[0] * g[1] - h[1] * g[0]) / room];
            let scale = 1.0 / (step[0].abs().max(step[1].abs()) / 4.0).max(1.0);
            intercept += scale * step[0];
            slope += scale * step[1];
            if step[0].abs() + step[1].abs() < 1e-10 {
                break;
            }
        }
        let slope = slope / sd;
        Some(Self { intercept: intercept - slope * centre, slope })
    }

    /// The chance at `x`.
    pub(crate) fn chance(self, x: f64) -> f64 {
        (1.0 + (-(self.intercept + self.slope * x)).exp()).recip()
    }
}

/// Strength of the ridge: a prior of standard deviation 30 on the standardised slope.
const RIDGE: f64 = 0.001;

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours of study and passing (Wikipedia, "Logistic regression"): intercept −4.0777, slope 1.5046.
    #[test]
    fn hours_of_study() {
        let hours = [
            0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0, 4.25, 4.5, 4.75, 5.0, 5.5,
        ];
        let passed = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1].map(|y| y == 1);
        let line = Logistic::fit(&hours, &passed).unwrap();
        // The ridge costs a little of the slope.
        assert!((line.slope - 1.5046).abs() < 0.002 && (line.intercept + 4.0777).abs() < 0.005, "{line:?}");
        assert!((line.chance(2.0) - 0.2556).abs() < 1e-3);
    }

    #[test]
    fn a_clean_cut_stays_finite_and_no_spread_has_no_line() {
        let line = Logistic::fit(&[0.0, 1.0, 2.0, 3.0], &[false, false, true, true]).unwrap();
        assert!(line.slope.is_finite() && line.slope > 1.0 && (line.chance(1.5) - 0.5).abs() < 1e-6, "{line:?}");
        assert_eq!(Logistic::fit(&[1.0; 4], &[false, false, true, true]), None);
        assert_eq!(Logistic::fit(&[1.0, 2.0], &[true, true]), None);
    }
}
