//! Minima of smooth functions of a few variables.

use nalgebra::{SMatrix, SVector};

/// No step moves a variable further than this; the variables here are logarithms.
const LONGEST_STEP: f64 = 2.0;

/// Where a search ended.
#[derive(Clone, Debug)]
pub(crate) struct Minimum<const N: usize> {
    /// The point.
    pub(crate) at: [f64; N],
    /// The largest component of the gradient there.
    pub(crate) gradient: f64,
    /// Steps taken.
    pub(crate) steps: u32,
    /// The second derivatives there, by central differences of the gradient.
    pub(crate) curvature: SMatrix<f64, N, N>,
    /// Whether the gradient is below the tolerance and the curvature positive.
    pub(crate) converged: bool,
}

/// Minimises `f`, which answers with a value and its gradient: quasi-Newton steps (BFGS; Nocedal & Wright 2006,
/// algorithm 6.1, with backtracking), then Newton steps on the curvature that is wanted in the end anyway.
///
/// A value that is not finite counts as a wall. Variables stay within `edge` of zero. `guess` is one of the inverse of the
/// second derivatives, from a smaller problem of the kind.
pub(crate) fn minimise<const N: usize>(
    start: [f64; N],
    edge: f64,
    tolerance: f64,
    most_steps: u32,
    guess: Option<SMatrix<f64, N, N>>,
    mut f: impl FnMut(&[f64; N]) -> (f64, [f64; N]),
) -> Minimum<N> {
    let mut at = SVector::<f64, N>::from(start);
    let (mut value, gradient) = f(&start);
    let mut gradient = SVector::<f64, N>::from(gradient);
    let mut inverse = guess.unwrap_or_else(|| SMatrix::<f64, N, N>::identity() / gradient.norm().max(1.0));
    let mut steps = 0;
    // Quasi-Newton to where Newton's own steps are safe.
    while steps < most_steps && gradient.amax() > tolerance.sqrt() {
        let mut direction = -(inverse * gradient);
        if direction.dot(&gradient) >= 0.0 {
            inverse = SMatrix::identity() / gradient.norm().max(1.0);
            direction = -(inverse * gradient);
        }
        let Some((next, next_value, next_gradient)) = shorten(at, value, &gradient, direction, edge, &mut f) else {
            break;
        };
        steps += 1;
        let (moved, change) = (next - at, next_gradient - gradient);
        let along = moved.dot(&change);
        if along > 1e-14 * moved.norm() * change.norm() {
            if steps == 1 && guess.is_none() {
                // Scale of the first guess (Nocedal & Wright 2006, 6.20).
                inverse = SMatrix::identity() * (along / change.dot(&change));
            }
            let rho = 1.0 / along;
            let left = SMatrix::<f64, N, N>::identity() - rho * moved * change.transpose();
            inverse = left * inverse * left.transpose() + rho * moved * moved.transpose();
        }
        (at, value, gradient) = (next, next_value, next_gradient);
    }
    let mut curvature = second_derivatives(at, &mut f);
    // To the last digits, as long as they get better.
    for _ in 0..6 {
        if gradient.amax() <= 1e-4 * tolerance {
            break;
        }
        let Some(factor) = curvature.cholesky() else { break };
        let step = -factor.solve(&gradient);
        let whole = (at + step).map(|x| x.clamp(-edge, edge));
        let (next_value, next_gradient) = f(&whole.into());
        let next_gradient = SVector::<f64, N>::from(next_gradient);
        steps += 1;
        // This close, the gradient tells progress better than the value, whose last digits are rounding.
        if next_value < value + 1e-9 * (1.0 + value.abs()) && next_gradient.amax() < gradient.amax() {
            (at, value, gradient) = (whole, next_value, next_gradient);
        } else if gradient.amax() <= tolerance {
            break;
        } else {
            let Some(next) = shorten(at, value, &gradient, step, edge, &mut f) else { break };
            (at, value, gradient) = next;
        }
        if step.amax() > 1e-5 {
            curvature = second_derivatives(at, &mut f);
        }
    }
    let inside = at.amax() < edge - 0.5;
    let converged = value.is_finite() && inside && gradient.amax() <= tolerance && curvature.cholesky().is_some();
    Minimum { at: at.into(), gradient: gradient.amax(), steps, curvature, converged }
}

/// A point with its value and gradient.
type Point<const N: usize> = (SVector<f64, N>, f64, SVector<f64, N>);

/// The first point on the way, halving from the whole step, that is enough lower (Armijo 1966).
fn shorten<const N: usize>(
    at: SVector<f64, N>,
    value: f64,
    gradient: &SVector<f64, N>,
    direction: SVector<f64, N>,
    edge: f64,
    f: &mut impl FnMut(&[f64; N]) -> (f64, [f64; N]),
) -> Option<Point<N>> {
    let mut scale = (LONGEST_STEP / direction.amax()).min(1.0);
    // Sums over many donors have rounding of their own; so near the minimum a step may seem to go up by as much.
    let noise = 1e-14 * value.abs();
    for _ in 0..40 {
        let next = (at + scale * direction).map(|x| x.clamp(-edge, edge));
        let (next_value, next_gradient) = f(&next.into());
        let next_gradient = SVector::<f64, N>::from(next_gradient);
        let finite = next_value.is_finite() && next_gradient.iter().all(|x| x.is_finite());
        if finite && next_value <= value + 1e-4 * scale * direction.dot(gradient) + noise {
            return (next != at).then_some((next, next_value, next_gradient));
        }
        scale *= 0.5;
    }
    None
}

/// Central differences of the gradient, symmetrised.
fn second_derivatives<const N: usize>(
    at: SVector<f64, N>,
    f: &mut impl FnMut(&[f64; N]) -> (f64, [f64; N]),
) -> SMatrix<f64, N, N> {
    const STEP: f64 = 1e-4;
    let mut found = SMatrix::<f64, N, N>::zeros();
    for i in 0..N {
        let (mut up, mut down) = (at, at);
        up[i] += STEP;
        down[i] -= STEP;
        let (up, down) = (SVector::from(f(&up.into()).1), SVector::from(f(&down.into()).1));
        found.set_column(i, &((up - down) / (2.0 * STEP)));
    }
    0.5 * (found + found.transpose())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The valley of Rosenbrock (1960): minimum zero at (1, 1), second derivatives 802, −400, 200.
    #[test]
    fn rosenbrock() {
        let valley = |v: &[f64; 2]| {
            let [x, y] = *v;
            let value = (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
            (value, [-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)])
        };
        let found = minimise([-1.2, 1.0], 10.0, 1e-8, 200, None, valley);
        assert!(found.converged, "{found:?}");
        assert!((found.at[0] - 1.0).abs() < 1e-6 && (found.at[1] - 1.0).abs() < 1e-6);
        assert!((found.curvature[(0, 0)] - 802.0).abs() < 1e-2 && (found.curvature[(0, 1)] + 400.0).abs() < 1e-2);
    }

    #[test]
    fn a_slope_without_a_minimum_has_not_converged() {
        let slope = |v: &[f64; 1]| ((-v[0]).exp(), [-(-v[0]).exp()]);
        assert!(!minimise([0.0], 12.0, 1e-8, 200, None, slope).converged);
        let saddle = |v: &[f64; 2]| (v[0] * v[0] - v[1] * v[1], [2.0 * v[0], -2.0 * v[1]]);
        assert!(!minimise([1.0, 0.0], 12.0, 1e-8, 200, None, saddle).converged);
    }
}
