//! Sums that keep what rounding would lose.

/// The sum with Neumaier's compensation (Neumaier 1974): its error does not grow with the number of terms.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    total + lost
}

/// The arithmetic mean; `None` without values.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    let &first = values.first()?;
    // Exact for equal values, which a division after rounding need not be.
    Some(first + sum(values.iter().map(|value| value - first)) / values.len() as f64)
}

/// The sample standard deviation (divisor n − 1) by the two-pass algorithm with the mean's own error taken out (Chan
/// et al. 1983); `None` below two values. Equal values give exactly zero.
pub(crate) fn sample_sd(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let (n, centre) = (values.len() as f64, mean(values)?);
    let drift = sum(values.iter().map(|value| value - centre));
    let squares = sum(values.iter().map(|value| (value - centre) * (value - centre)));
    Some(((squares - drift * drift / n).max(0.0) / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sum_keeps_what_a_plain_one_loses() {
        assert!((sum([1.0, 1e100, 1.0, -1e100]) - 2.0).abs() < f64::EPSILON);
        assert!(sum([0.1; 10]).to_bits() == 1.0_f64.to_bits());
        assert!(sum([]).to_bits() == 0.0_f64.to_bits());
    }

    /// NIST `StRD`, univariate summary statistics, `NumAcc3`: mean 1000000.2 and standard deviation 0.1 are certified.
    #[test]
    fn numacc3_of_nist() {
        let values: Vec<f64> = std::iter::once(1_000_000.2)
            .chain((0..1000).map(|i| if i % 2 == 0 { 1_000_000.1 } else { 1_000_000.3 }))
            .collect();
        assert!((mean(&values).unwrap() - 1_000_000.2).abs() < 1e-9);
        assert!((sample_sd(&values).unwrap() - 0.1).abs() < 1e-10);
    }

    #[test]
    fn too_few_values_have_no_spread() {
        assert_eq!((mean(&[]), sample_sd(&[]), sample_sd(&[1.0])), (None, None, None));
        assert_eq!((mean(&[0.1; 3]), sample_sd(&[0.1; 3])), (Some(0.1), Some(0.0)));
    }

    proptest! {
        #[test]
        fn spread_follows_shift_and_scale(
            values in proptest::collection::vec(-1e6..1e6_f64, 2..40), shift in -1e6..1e6_f64, scale in 0.01..100.0_f64,
        ) {
            let sd = sample_sd(&values).unwrap();
            let moved: Vec<f64> = values.iter().map(|value| value * scale + shift).collect();
            prop_assert!((sample_sd(&moved).unwrap() - sd * scale).abs() <= 1e-9 * (1.0 + sd * scale));
        }
    }
}
