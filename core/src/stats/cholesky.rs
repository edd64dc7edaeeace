//! Small systems of linear equations.

/// Solves `matrix`·x = `right` for a symmetric positive definite matrix (row by row; only its lower triangle is read)
/// by Cholesky's decomposition (Golub & Van Loan 2013, section 4.2), leaving x in `right`. False, with `right` in an
/// unknown state, where the matrix is not positive definite.
pub(crate) fn solve(matrix: &mut [f64], right: &mut [f64]) -> bool {
    let n = right.len();
    for j in 0..n {
        let (done, rest) = matrix.split_at_mut(j * n + n);
        let row = &mut done[j * n..];
        let pivot = row[j] - row[..j].iter().map(|x| x * x).sum::<f64>();
        // Below this share of its diagonal a pivot is rounding.
        if pivot.is_nan() || pivot <= row[j].abs() * 1e-14 {
            return false;
        }
        row[j] = pivot.sqrt();
        for below in rest.chunks_exact_mut(n) {
            let product: f64 = below[..j].iter().zip(&row[..j]).map(|(a, b)| a * b).sum();
            below[j] = (below[j] - product) / row[j];
        }
    }
    for i in 0..n {
        let known: f64 = matrix[i * n..][..i].iter().zip(&right[..]).map(|(a, x)| a * x).sum();
        right[i] = (right[i] - known) / matrix[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| matrix[k * n + i] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i * n + i];
    }
    right.iter().all(|x| x.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golub & Van Loan 2013, example of section 4.2: the factor of [[2, −2], [−2, 5]] is [[√2, 0], [−√2, √3]].
    #[test]
    fn solves_and_refuses() {
        let (mut matrix, mut right) = ([2.0, -2.0, -2.0, 5.0], [2.0, 4.0]);
        assert!(solve(&mut matrix, &mut right));
        assert!((right[0] - 3.0_f64).abs() < 1e-12 && (right[1] - 2.0_f64).abs() < 1e-12, "{right:?}");
        assert!((matrix[2] + 2.0_f64.sqrt()).abs() < 1e-12 && (matrix[3] - 3.0_f64.sqrt()).abs() < 1e-12);
        assert!(!solve(&mut [1.0, 2.0, 2.0, 4.0], &mut [1.0, 1.0]), "singular");
        assert!(!solve(&mut [f64::NAN; 4], &mut [1.0, 1.0]));
    }
}
