//! A straight line through points.

use super::{mean, sum};

/// The least-squares line through points (Draper & Smith 1998).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    /// How many points.
    pub(crate) n: usize,
    /// The value at x = 0.
    pub(crate) intercept: f64,
    /// The change for a step of one.
    pub(crate) slope: f64,
    /// The share of the variance around the mean that the line explains, 0 to 1; 1 when all values are equal, as the
    /// line then goes through every point.
    pub(crate) r_squared: f64,
    /// The residual standard deviation, divisor n − 2.
    pub(crate) standard_error: f64,
    mean_x: f64,
    mean_y: f64,
    squares_x: f64,
}

impl Line {
    /// Fits the line; `None` below three points (two leave no residual), at unequal lengths, or when all x are equal.
    pub(crate) fn fit(x: &[f64], y: &[f64]) -> Option<Self> {
        let n = x.len();
        if n < 3 || y.len() != n {
            return None;
        }
        let (mean_x, mean_y) = (mean(x)?, mean(y)?);
        let squares_x = sum(x.iter().map(|x| (x - mean_x) * (x - mean_x)));
        if squares_x <= 0.0 {
            return None;
        }
        let products = sum(x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)));
        let slope = products / squares_x;
        let squares_y = sum(y.iter().map(|y| (y - mean_y) * (y - mean_y)));
        // Residuals from the centred line: the intercept of a far-away origin would cost digits.
        let residual = |(x, y): (&f64, &f64)| (y - mean_y) - slope * (x - mean_x);
        let squares_left = sum(x.iter().zip(y).map(residual).map(|residual| residual * residual));
        let r_squared = if squares_y > 0.0 { (1.0 - squares_left / squares_y).clamp(0.0, 1.0) } else { 1.0 };
        let standard_error = (squares_left / (n as f64 - 2.0)).sqrt();
        let intercept = mean_y - slope * mean_x;
        Some(Self { n, intercept, slope, r_squared, standard_error, mean_x, mean_y, squares_x })
    }

    /// The line's value at `x`.
    pub(crate) fn at(&self, x: f64) -> f64 {
        self.mean_y + self.slope * (x - self.mean_x)
    }

    /// The standard error of one new observation at `x`: s·√(1 + 1/n + (x − x̄)²/Sxx) (Draper & Smith 1998).
    pub(crate) fn prediction_error(&self, x: f64) -> f64 {
        let distance = x - self.mean_x;
        self.standard_error * (1.0 + 1.0 / self.n as f64 + distance * distance / self.squares_x).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// NIST `StRD`, linear regression, Norris: 36 observations from the calibration of ozone monitors.
    const NORRIS: [(f64, f64); 36] = [
        (0.2, 0.1),
        (337.4, 338.8),
        (118.2, 118.1),
        (884.6, 888.0),
        (10.1, 9.2),
        (226.5, 228.1),
        (666.3, 668.5),
        (996.3, 998.5),
        (448.6, 449.1),
        (777.0, 778.9),
        (558.2, 559.2),
        (0.4, 0.3),
        (0.6, 0.1),
        (775.5, 778.1),
        (666.9, 668.8),
        (338.0, 339.3),
        (447.5, 448.9),
        (11.6, 10.8),
        (556.0, 557.7),
        (228.1, 228.3),
        (995.8, 998.0),
        (887.6, 888.8),
        (120.2, 119.6),
        (0.3, 0.3),
        (0.3, 0.6),
        (556.8, 557.6),
        (339.1, 339.3),
        (887.2, 888.0),
        (999.0, 998.5),
        (779.0, 778.9),
        (11.1, 10.2),
        (118.3, 117.6),
        (229.2, 228.9),
        (669.1, 668.4),
        (448.9, 449.2),
        (0.5, 0.2),
    ];

    #[test]
    fn norris_of_nist() {
        let (x, y): (Vec<f64>, Vec<f64>) = NORRIS.into_iter().unzip();
        let line = Line::fit(&x, &y).unwrap();
        for (name, ours, certified) in [
            ("intercept", line.intercept, -0.262_323_073_774_029),
            ("slope", line.slope, 1.002_116_818_020_45),
            ("standard error", line.standard_error, 0.884_796_396_144_373),
            ("R²", line.r_squared, 0.999_993_745_883_712),
        ] {
            assert!((ours / certified - 1.0_f64).abs() < 1e-12, "{name}: {ours}, certified {certified}");
        }
    }

    #[test]
    fn what_has_no_line() {
        assert_eq!(Line::fit(&[0.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(Line::fit(&[1.0; 3], &[1.0, 2.0, 3.0]), None);
        assert_eq!(Line::fit(&[1.0, 2.0, 3.0], &[1.0, 2.0]), None);
    }

    proptest! {
        #[test]
        fn follows_shift_and_scale(
            y in proptest::collection::vec(-1e3..1e3_f64, 3..60), shift in -1e3..1e3_f64, scale in 0.1..10.0_f64,
        ) {
            let x: Vec<f64> = (0..y.len()).map(|i| i as f64).collect();
            let line = Line::fit(&x, &y).unwrap();
            let moved: Vec<f64> = y.iter().map(|y| y * scale + shift).collect();
            let other = Line::fit(&x, &moved).unwrap();
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
            prop_assert!(near(other.slope, line.slope * scale));
            prop_assert!(near(other.intercept, line.intercept * scale + shift));
            prop_assert!(near(other.standard_error, line.standard_error * scale));
            prop_assert!(near(other.prediction_error(70.0), line.prediction_error(70.0) * scale));
            if line.standard_error > 1e-3 {
                prop_assert!((other.r_squared - line.r_squared).abs() < 1e-8);
            }
        }
    }
}
