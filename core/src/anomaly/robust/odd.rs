//! How far an odd month lies from what it would have been.

use std::f64::consts::PI;

/// The middle of how far an odd month is away: a factor of e^0.9, two and a half; of a noisy category five scales, as
/// nothing nearer would be called odd.
const USUAL: f64 = 0.9;
const USUAL_SCALES: f64 = 5.0;
/// Standard deviation of the logarithm of that distance: nine of ten between a factor of one and a half and one of eight.
const SPREAD: f64 = 0.5;
/// The share of odd months of which so much can be said.
const USUALLY: f64 = 0.8;
/// The others lie anywhere: about a factor of e^0.6 or three and a half scales away, without an end to either side.
const ANYWHERE: f64 = 0.6;
const ANYWHERE_SCALES: f64 = 3.5;
/// The table of the usual part: distances in units of their middle.
const STEP: f64 = 0.02;
const NODES: usize = 401;

/// The distribution of an odd month's distance, on the logarithm: on either side alike, next to nothing near zero,
/// log-normal where odd months usually are, with tails that fall like one over the square.
#[derive(Clone, Debug)]
pub(super) struct Odd {
    usual: Vec<f64>,
}

impl Odd {
    pub(super) fn new() -> Self {
        let density = |node: usize| {
            let u = node as f64 * STEP;
            if node == 0 {
                return 0.0;
            }
            let z = u.ln() / SPREAD;
            0.5 * (-0.5 * z * z).exp() / (u * SPREAD * (2.0 * PI).sqrt())
        };
        Self { usual: (0..NODES).map(density).collect() }
    }

    /// The density at a distance, in a category with this scale.
    #[inline]
    pub(super) fn at(&self, distance: f64, scale: f64) -> f64 {
        let middle = USUAL.max(USUAL_SCALES * scale);
        let place = distance.abs() / (middle * STEP);
        let usual = if place < (NODES - 1) as f64 {
            let node = place as usize;
            (self.usual[node] + place.fract() * (self.usual[node + 1] - self.usual[node])) / middle
        } else {
            0.0
        };
        let reach = ANYWHERE.max(ANYWHERE_SCALES * scale);
        let square = (distance / reach).powi(2);
        let anywhere = 2.0 / (PI * reach) * square / ((1.0 + square) * (1.0 + square));
        USUALLY * usual + (1.0 - USUALLY) * anywhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_density_with_next_to_nothing_near_zero() {
        let odd = Odd::new();
        for scale in [0.02, 0.18, 0.5] {
            let step = 0.001;
            let sum: f64 = (-400_000..400_000).map(|i| odd.at((f64::from(i) + 0.5) * step, scale) * step).sum();
            // One over the square leaves a little beyond ± 400.
            assert!((sum - 1.0).abs() < 0.003, "{scale}: {sum}");
            assert!(odd.at(0.02, scale) < 0.01 && odd.at(0.9, scale) > odd.at(0.2, scale));
            assert!((odd.at(0.7, scale) - odd.at(-0.7, scale)).abs() < 1e-12);
        }
        assert!(odd.at(1e9, 0.02) >= 0.0 && odd.at(-1e9, 0.02).is_finite());
    }
}
