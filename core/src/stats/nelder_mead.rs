//! The minimum of a function of a few variables, without its derivatives.

/// How long [`nelder_mead`] searches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// It stops when the standard deviation of the function over the simplex falls below this.
    pub(crate) tolerance: f64,
    /// It stops after this many moves of the simplex.
    pub(crate) moves: usize,
}

/// The simplex search of Nelder & Mead (1965) inside a box, with coefficients that adapt to the number of variables
/// (Gao & Han 2012). Points that leave the box are put onto its face, and the first simplex is `start` with each
/// variable in turn made larger by a twentieth (a zero becomes 0.0001), as statsforecast does: exponential smoothing
/// has flat likelihoods, and only the same search ends at the same point of a flat one. So two habits of it are kept:
/// the first corner stays where it is when the others shrink towards the best, and when the moves run out, the last one
/// is not looked at.
///
/// Returns the best value and leaves its point in `start`. A value that is not a number counts as infinite.
pub(crate) fn nelder_mead(
    start: &mut [f64],
    lower: &[f64],
    upper: &[f64],
    patience: Patience,
    mut value_at: impl FnMut(&[f64]) -> f64,
) -> f64 {
    let n = start.len();
    let dimensions = n as f64;
    let (expand, contract, shrink) = (1.0 + 2.0 / dimensions, 0.75 - 1.0 / (2.0 * dimensions), 1.0 - 1.0 / dimensions);
    let mut value_at = |x: &[f64]| {
        let value = value_at(x);
        if value.is_nan() { f64::INFINITY } else { value }
    };
    into_box(start, lower, upper);
    let mut simplex: Vec<f64> = Vec::with_capacity((n + 1) * n);
    for corner in 0..=n {
        simplex.extend_from_slice(start);
        if corner < n {
            let moved = if start[corner].abs() > 0.0 { start[corner] * 1.05 } else { 1e-4 };
            simplex[corner * n + corner] = moved.max(lower[corner]).min(upper[corner]);
        }
    }
    let mut values: Vec<f64> = simplex.chunks_exact(n).map(&mut value_at).collect();
    let (mut centre, mut reflected, mut other) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut best = 0;
    for _ in 0..patience.moves {
        let (next_to_worst, worst);
        [best, next_to_worst, worst] = ranks(&values);
        if spread(&values) < patience.tolerance {
            break;
        }
        centre.fill(0.0);
        for (corner, point) in simplex.chunks_exact(n).enumerate() {
            if corner != worst {
                centre.iter_mut().zip(point).for_each(|(centre, x)| *centre += x);
            }
        }
        for centre in &mut centre {
            *centre /= dimensions;
        }
        let towards = |target: &mut [f64], step: f64, point: &[f64]| {
            for i in 0..n {
                target[i] = (centre[i] + step * (point[i] - centre[i])).max(lower[i]).min(upper[i]);
            }
        };
        towards(&mut reflected, -1.0, &simplex[worst * n..][..n]);
        let at_reflected = value_at(&reflected);
        let accepted = if values[best] <= at_reflected && at_reflected < values[next_to_worst] {
            Some((&reflected, at_reflected))
        } else if at_reflected < values[best] {
            towards(&mut other, expand, &reflected);
            let at_expanded = value_at(&other);
            Some(if at_expanded < at_reflected { (&other, at_expanded) } else { (&reflected, at_reflected) })
        } else if at_reflected < values[worst] {
            towards(&mut other, contract, &reflected);
            let at_contracted = value_at(&other);
            (at_contracted <= at_reflected).then_some((&other, at_contracted))
        } else {
            towards(&mut other, -contract, &reflected);
            let at_contracted = value_at(&other);
            (at_contracted < values[worst]).then_some((&other, at_contracted))
        };
        if let Some((point, value)) = accepted {
            simplex[worst * n..][..n].copy_from_slice(point);
            values[worst] = value;
            continue;
        }
        other.copy_from_slice(&simplex[best * n..][..n]);
        for (corner, point) in simplex.chunks_exact_mut(n).enumerate().skip(1) {
            point.iter_mut().zip(&other).for_each(|(x, best)| *x = best + shrink * (*x - best));
            into_box(point, lower, upper);
            values[corner] = value_at(point);
        }
    }
    start.copy_from_slice(&simplex[best * n..][..n]);
    values[best]
}

fn into_box(x: &mut [f64], lower: &[f64], upper: &[f64]) {
    for ((x, &lower), &upper) in x.iter_mut().zip(lower).zip(upper) {
        *x = x.max(lower).min(upper);
    }
}

/// The population standard deviation; infinite while a corner is.
fn spread(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if !mean.is_finite() {
        return f64::INFINITY;
    }
    (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n).sqrt()
}

/// The places of the best, the next to worst and the worst value.
fn ranks(values: &[f64]) -> [usize; 3] {
    let (mut best, mut worst, mut next) = (0, 0, usize::MAX);
    for i in 1..values.len() {
        if values[i] < values[best] {
            best = i;
        }
        if values[i] >= values[worst] {
            next = worst;
            worst = i;
        } else if next == usize::MAX || values[i] >= values[next] {
            next = i;
        }
    }
    [best, if next == usize::MAX { worst } else { next }, worst]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: Patience = Patience { tolerance: 1e-12, moves: 5_000 };

    /// Rosenbrock (1960): a curved valley, minimum 0 at (1, 1).
    #[test]
    fn finds_the_end_of_rosenbrocks_valley() {
        let mut x = [-1.2, 1.0];
        let value = nelder_mead(&mut x, &[-9.0; 2], &[9.0; 2], PATIENT, |x| {
            (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2)
        });
        assert!(value < 1e-9 && (x[0] - 1.0_f64).abs() < 1e-3 && (x[1] - 1.0_f64).abs() < 1e-3, "{x:?} {value}");
    }

    #[test]
    fn stays_in_the_box_and_bears_what_is_no_number() {
        let mut x = [0.5, 0.5];
        let value = nelder_mead(&mut x, &[0.2, 0.0], &[1.0, 1.0], PATIENT, |x| {
            assert!((0.2..=1.0).contains(&x[0]) && (0.0..=1.0).contains(&x[1]));
            if x[1] > 0.9 { f64::NAN } else { x[0] + (x[1] - 0.4).powi(2) }
        });
        assert!((value - 0.2).abs() < 1e-6, "{x:?} {value}");
    }
}
