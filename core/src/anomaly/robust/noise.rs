//! Shapes that the month-to-month noise of a category may have, as tables of density and distribution.

/// Half the width of the tables, in units of the scale. Beyond it densities fall like the fifth power, as those of the
/// heaviest shape do: were they flat, noise would explain the grossest error better than a smaller one.
const REACH: f64 = 30.0;
/// Distance of two nodes; linear interpolation is then right to half a per cent five scales out.
const STEP: f64 = 0.04;
const NODES: usize = 1_501;
/// The upper quartile of the standard normal distribution.
const QUARTILE: f64 = 0.674_489_750_196_081_7;

/// A distribution around zero whose central half is as wide as that of the normal distribution with the same scale.
#[derive(Clone, Debug)]
pub(super) struct Noise {
    density: Vec<f64>,
    below: Vec<f64>,
    /// How probable the shape is before any month has been seen.
    pub(super) prior: f64,
}

/// Student's t with 4 degrees of freedom: its upper quartile.
const T4_QUARTILE: f64 = 0.740_697_084_11;

impl Noise {
    /// The shapes: mostly normal, else heavy-tailed (Student's t with 4 degrees of freedom), else leaning to one side
    /// (two-piece, Fernández & Steel 1998). Half of the probability is on the normal shape: it is the usual one of sums
    /// on the log scale, and the others are for the data to ask for.
    pub(super) fn shapes() -> Vec<Self> {
        [
            (false, 1.0, 0.5),
            (true, 1.0, 0.2),
            (false, 1.3, 0.1),
            (false, 1.0 / 1.3, 0.1),
            (true, 1.25, 0.05),
            (true, 0.8, 0.05),
        ]
        .map(|(heavy, skew, prior)| Self::new(heavy, skew, prior))
        .to_vec()
    }

    fn new(heavy: bool, skew: f64, prior: f64) -> Self {
        let density = |z: f64| {
            let z = if z > 0.0 { z / skew } else { z * skew };
            if heavy {
                let t = z * T4_QUARTILE / QUARTILE;
                (1.0 + t * t / 4.0).powf(-2.5)
            } else {
                (-0.5 * z * z).exp()
            }
        };
        let mut density: Vec<f64> = (0..NODES).map(|i| density(i as f64 * STEP - REACH)).collect();
        let mut below = Vec::with_capacity(NODES);
        let (mut sum, mut before) = (0.0, density[0]);
        for &value in &density {
            sum += 0.5 * STEP * (value + before);
            before = value;
            below.push(sum);
        }
        for value in density.iter_mut().chain(&mut below) {
            *value /= sum;
        }
        Self { density, below, prior }
    }

    /// Density and distribution function at `z`.
    #[inline]
    pub(super) fn at(&self, z: f64) -> (f64, f64) {
        let place = ((z + REACH) * (1.0 / STEP)).clamp(0.0, (NODES - 1) as f64 - 1e-6);
        let (node, part) = (place as usize, place.fract());
        let between = |table: &[f64]| table[node] + part * (table[node + 1] - table[node]);
        let density = between(&self.density);
        let beyond = if z.abs() > REACH { (REACH / z.abs()).powi(5) } else { 1.0 };
        (density * beyond, between(&self.below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: scipy 1.17.1, `norm` and `t(4)`; the two-piece shapes by their definition.
    #[test]
    fn tables_are_the_distributions() {
        let shapes = Noise::shapes();
        for (shape, z, density, below) in [
            (0, 0.0, 0.398_942_3, 0.5),
            (0, -2.5, 0.017_528_3, 0.006_209_7),
            (1, 0.674_489_75, 0.0, 0.75),
            (1, 3.0, 0.0, 0.984_89),
        ] {
            let (ours, ours_below) = shapes[shape].at(z);
            assert!((ours_below - below).abs() < 2e-4, "{shape} {z}: {ours_below}");
            assert!(density <= 0.0 || (ours / density - 1.0_f64).abs() < 0.06, "{shape} {z}: {ours}");
        }
        // Fernández & Steel: P(Z > 0) = skew² / (1 + skew²).
        assert!((1.0 - shapes[2].at(0.0).1 - 1.69 / 2.69).abs() < 1e-3);
        assert!((shapes.iter().map(|shape| shape.prior).sum::<f64>() - 1.0).abs() < 1e-12);
        for z in [-1e9, 1e9] {
            assert!(shapes.iter().all(|shape| shape.at(z).0.is_finite() && shape.at(z).0 <= shape.at(z / 2.0).0));
        }
    }
}
