//! Covariances of a few dozen errors, pulled towards no correlation.

/// Second moments around zero of several series of errors, their correlations multiplied by 1 − `lambda`.
#[derive(Clone, Debug)]
pub(crate) struct Shrunken {
    /// How far correlations are pulled towards zero, 0 to 1.
    pub(crate) lambda: f64,
    /// The variances, which stay as they are.
    pub(crate) variances: Vec<f64>,
    /// Errors over their standard deviation, row by row of the months that all series have.
    rows: Vec<Vec<f64>>,
}

impl Shrunken {
    /// From series of errors that end with the same month; an error that is not finite is missing. With fewer than three
    /// months that all series have, every correlation is zero.
    ///
    /// Schäfer & Strimmer 2005 (Statistical Applications in Genetics and Molecular Biology 4), their target D: the
    /// shrinkage is the sum of the variances of the correlations over the sum of their squares. Errors of forecasts are
    /// taken as having mean zero, as in Wickramasuriya, Athanasopoulos & Hyndman 2019.
    pub(crate) fn new(errors: &[Vec<f64>]) -> Self {
        let months = errors.iter().map(Vec::len).min().unwrap_or(0);
        let tail = |series: usize, month: usize| errors[series][errors[series].len() - months + month];
        let common: Vec<usize> =
            (0..months).filter(|&month| (0..errors.len()).all(|series| tail(series, month).is_finite())).collect();
        let enough = common.len() >= 3;
        let variance = |series: usize| {
            let of = |values: &mut dyn Iterator<Item = f64>| {
                let (sum, count) =
                    values.filter(|error| error.is_finite()).fold((0.0, 0.0), |(s, n), e| (s + e * e, n + 1.0));
                if count > 0.0 { sum / count } else { 0.0 }
            };
            if enough {
                of(&mut common.iter().map(|&month| tail(series, month)))
            } else {
                of(&mut errors[series].iter().copied())
            }
        };
        let variances: Vec<f64> = (0..errors.len()).map(variance).collect();
        if !enough {
            return Self { lambda: 1.0, variances, rows: Vec::new() };
        }
        let scaled = |series: usize, month: usize| {
            let sd = variances[series].sqrt();
            if sd > 0.0 { tail(series, month) / sd } else { 0.0 }
        };
        let rows: Vec<Vec<f64>> =
            common.iter().map(|&month| (0..errors.len()).map(|series| scaled(series, month)).collect()).collect();
        let n = rows.len() as f64;
        let (mut doubt, mut squares) = (0.0, 0.0);
        for i in 0..errors.len() {
            for j in 0..i {
                let mean = rows.iter().map(|row| row[i] * row[j]).sum::<f64>() / n;
                doubt += rows.iter().map(|row| (row[i] * row[j] - mean).powi(2)).sum::<f64>() / (n * (n - 1.0));
                squares += mean * mean;
            }
        }
        let lambda = if squares > 0.0 { (doubt / squares).clamp(0.0, 1.0) } else { 1.0 };
        Self { lambda, variances, rows }
    }

    /// The shrunken correlation of two different series.
    #[cfg(test)]
    pub(crate) fn correlation(&self, i: usize, j: usize) -> f64 {
        let mean = self.rows.iter().map(|row| row[i] * row[j]).sum::<f64>() / self.rows.len().max(1) as f64;
        ((1.0 - self.lambda) * mean).clamp(-1.0, 1.0)
    }

    /// The shrunken covariance matrix times a vector.
    pub(crate) fn times(&self, vector: &[f64]) -> Vec<f64> {
        let k = self.variances.len();
        let sd: Vec<f64> = self.variances.iter().map(|variance| variance.sqrt()).collect();
        // With Z the scaled errors and D the standard deviations: D·(λ·I + (1 − λ)·Z'Z/n)·D·v.
        let mut product = vec![0.0; k];
        for row in &self.rows {
            let along: f64 = (0..k).map(|i| row[i] * sd[i] * vector[i]).sum::<f64>() / self.rows.len() as f64;
            for i in 0..k {
                product[i] += (1.0 - self.lambda) * sd[i] * row[i] * along;
            }
        }
        for i in 0..k {
            product[i] += self.lambda * self.variances[i] * vector[i];
        }
        product
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: x = (1, −1, 1, −1), y = (1, −1, −1, 3). Variances 1 and 3; products over √3: (1, 1, −1, −3)/√3, mean
    /// −1/(2√3); squared deviations sum to (12 − 4·¼)/3 = 11/3, so the variance of r is 11/36, r² = 1/12: λ = 1.
    /// With y = (1, −1, 1, −3): variance 3, products (1, 1, 1, 3)/√3, mean 3/(2√3), r² = 3/4, deviations
    /// (12 − 9)/3 = 1, variance of r 1/12, λ = 1/9.
    #[test]
    fn by_hand() {
        let x = vec![1.0, -1.0, 1.0, -1.0];
        assert!((Shrunken::new(&[x.clone(), vec![1.0, -1.0, -1.0, 3.0]]).lambda - 1.0).abs() < 1e-12);
        let both = Shrunken::new(&[x, vec![f64::NAN, 1.0, -1.0, 1.0, -3.0]]);
        assert!((both.lambda - 1.0 / 9.0).abs() < 1e-12, "{both:?}");
        let r = 8.0 / 9.0 * 0.75_f64.sqrt();
        assert!((both.correlation(0, 1) - r).abs() < 1e-12);
        let product = both.times(&[1.0, -1.0]);
        let covariance = r * 3.0_f64.sqrt();
        assert!((product[0] - (1.0 - covariance)).abs() < 1e-12 && (product[1] - (covariance - 3.0)).abs() < 1e-12);
    }
}
