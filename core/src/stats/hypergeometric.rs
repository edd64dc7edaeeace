//! Gauss's hypergeometric function.

/// Beyond this argument the series at zero is left for steps towards one.
const SERIES_TO: f64 = 0.7;
/// A series stops when what is left cannot change the sum.
const NEGLIGIBLE: f64 = 1e-17;
/// More terms than any series here needs: each shrinks by `SERIES_TO` or a half in the long run.
const MOST_TERMS: u32 = 2_000_000;
/// Sums are brought back to one when they pass this, and the logarithm is kept apart.
const LARGE: f64 = 1e200;

/// ln ₂F₁(a, b; c; z) for `a`, `b` ≥ 0, `c` > 0 and 0 ≤ `z` < 1; NaN outside. The function itself leaves the range of
/// `f64` for a donor of some hundred gifts.
///
/// Up to 0.7 by its series (Abramowitz & Stegun 1964, 15.1.1), whose terms are all positive. Closer to one by Taylor
/// steps along the differential equation (15.5.1), each half of the way to one: no case, such as a whole `c − a − b`,
/// needs a formula of its own, and nothing cancels.
pub(crate) fn ln_hyp2f1(a: f64, b: f64, c: f64, z: f64) -> f64 {
    Hyp2f1::new(a, b, c).ln(z)
}

/// The same function at many arguments: asked in ascending order, each is a short step from the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hyp2f1 {
    a: f64,
    b: f64,
    c: f64,
    /// Where the last question beyond the series ended.
    reached: Option<Reached>,
}

/// Value and slope at a point, both to be multiplied by e^`scale`.
#[derive(Clone, Copy, Debug)]
struct Reached {
    at: f64,
    value: f64,
    slope: f64,
    scale: f64,
}

impl Hyp2f1 {
    pub(crate) const fn new(a: f64, b: f64, c: f64) -> Self {
        Self { a, b, c, reached: None }
    }

    /// As [`ln_hyp2f1`].
    pub(crate) fn ln(&mut self, z: f64) -> f64 {
        let Self { a, b, c, .. } = *self;
        if !(a >= 0.0 && b >= 0.0 && c > 0.0 && (0.0..1.0).contains(&z)) {
            return f64::NAN;
        }
        // Beyond c / (a + b + 1) every Taylor coefficient is a sum of positive numbers; before, a large c would make it a
        // small difference of large ones.
        let start = SERIES_TO.max(c / (a + b + 1.0));
        if z <= start {
            let (value, scale) = series(a, b, c, z);
            return value.ln() + scale;
        }
        let mut here = self.reached.filter(|reached| reached.at <= z).unwrap_or_else(|| {
            let (value, scale) = series(a, b, c, start);
            let (slope, slope_scale) = series(a + 1.0, b + 1.0, c + 1.0, start);
            Reached { at: start, value, slope: a * b / c * slope * (slope_scale - scale).exp(), scale }
        });
        while here.at < z {
            let next = (here.at + 0.5 * (1.0 - here.at)).min(z);
            // The difference of two numbers so close is exact; a step that is rounded would lose digits near one.
            let (value, slope, moved) = taylor([a, b, c], here.at, next - here.at, here.value, here.slope);
            here = Reached { at: next, value, slope, scale: here.scale + moved };
        }
        self.reached = Some(here);
        here.value.ln() + here.scale
    }
}

/// The sum at `z`, and the logarithm of what it is to be multiplied by.
fn series(a: f64, b: f64, c: f64, z: f64) -> (f64, f64) {
    let (mut term, mut sum, mut scale) = (1.0, 1.0, 0.0);
    for k in 0..MOST_TERMS {
        let k = f64::from(k);
        let ratio = (a + k) * (b + k) / ((c + k) * (k + 1.0)) * z;
        term *= ratio;
        sum += term;
        if sum > LARGE {
            scale += sum.ln();
            term /= sum;
            sum = 1.0;
        }
        if term <= NEGLIGIBLE * sum {
            // No later ratio is above `most`: each of the quotients goes to one without turning back. So what is left is
            // below a geometric series, also where the ratios go to a `z` near one.
            let quotient = |over: f64, under: f64| ((over + k) / (under + k)).max(1.0);
            let most = z * (quotient(a, c) * quotient(b, 1.0)).min(quotient(a, 1.0) * quotient(b, c));
            if term * most <= NEGLIGIBLE * sum * (1.0 - most) {
                break;
            }
        }
    }
    (sum, scale)
}

/// Value and slope at `at + step`, from those at `at`, and the logarithm of what both are to be multiplied by.
fn taylor([a, b, c]: [f64; 3], at: f64, step: f64, value: f64, slope: f64) -> (f64, f64, f64) {
    let room = at * (1.0 - at);
    // Terms are coefficient × step^n, so that none runs out of range.
    let (mut before, mut term) = (value, slope * step);
    let (mut sum, mut slopes, mut scale) = (value + term, term, 0.0);
    for n in 0..MOST_TERMS {
        let n = f64::from(n);
        let next = step
            * (step * (n + a) * (n + b) * before - (n + 1.0) * ((1.0 - 2.0 * at) * n + c - (a + b + 1.0) * at) * term)
            / (room * (n + 2.0) * (n + 1.0));
        (before, term) = (term, next);
        sum += next;
        slopes += (n + 2.0) * next;
        if slopes > LARGE {
            scale += slopes.ln();
            let shrink = slopes.recip();
            (before, term, sum, slopes) = (before * shrink, term * shrink, sum * shrink, 1.0);
        }
        if (n + 2.0) * term.abs() <= NEGLIGIBLE * slopes.abs() && term.abs() <= NEGLIGIBLE * sum && term <= before {
            break;
        }
    }
    (sum, slopes / step, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 values by mpmath 1.3 with 40 digits (own computation, licence of the project); see `testdata/churn/README.md`.
    #[test]
    fn agrees_with_40_digits() {
        let text = include_str!("../../testdata/churn/ref_hyp2f1_mpmath.csv");
        let mut worst = 0.0_f64;
        for line in text.lines().skip(1) {
            let v: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            let ln = ln_hyp2f1(v[0], v[1], v[2], v[3]);
            let ours = ln.exp();
            if v[4].is_infinite() {
                // Outside the range of `f64` in the reference too: there only the logarithm is finite.
                assert!(ln.is_finite() && ln > 709.0, "{line}: {ln}");
                continue;
            }
            let error = (ours / v[4] - 1.0).abs();
            assert!(error < 1e-11, "{line}: {ours}, off by {error:e}");
            worst = worst.max(error);
        }
        assert_eq!(text.lines().count(), 301);
        assert!(worst > 0.0);
    }

    #[allow(clippy::unreadable_literal, clippy::excessive_precision, reason = "the digits as mpmath prints them")]
    const LARGE_PARAMETERS: [([f64; 4], f64); 4] = [
        ([304.0, 10254.0, 10304.0, 0.938], 827.23734925330073),
        ([0.5, 10000.0, 10049.0, 0.99], 2.1064428742581745),
        ([551.0, 10501.0, 10550.0, 0.97], 1884.480251548813),
        ([2.5, 60.5, 110.0, 0.9995], 2.0447105535921482),
    ];

    /// A donor of BG/BB by the month, 0.8 % less worth each: the series is asked far out, where its ratios are close to
    /// one. With `a` = 1 and `c` = `b` + 1 it is b Σ zⁿ/(b + n).
    #[test]
    fn a_series_far_out_ends() {
        let (b, z) = (60.5_f64, 0.992_f64);
        let mut truth = 0.0;
        for n in (0..20_000).rev() {
            let n = f64::from(n);
            truth += b * (n * z.ln()).exp() / (b + n);
        }
        let (sum, scale) = series(1.0, b, b + 1.0, z);
        assert!(((sum.ln() + scale) / truth.ln() - 1.0).abs() < 1e-13);
        assert!((ln_hyp2f1(1.0, b, b + 1.0, z) / truth.ln() - 1.0).abs() < 1e-13);
    }

    /// Many small steps end where few large ones do, and whoever goes back is answered too.
    #[test]
    fn a_path_agrees_with_single_questions() {
        for (a, b, c) in [(1.5, 1.6, 2.5), (13.8, 15.5, 16.3), (301.0, 302.0, 305.0), (2.5, 60.5, 50.0)] {
            let mut path = Hyp2f1::new(a, b, c);
            let points = (0..400).map(|i| -(-f64::from(i) * 0.06).exp_m1());
            for z in points.chain([0.999, 0.2, 0.8]) {
                let (ours, truth) = (path.ln(z), ln_hyp2f1(a, b, c, z));
                assert!((ours - truth).abs() < 1e-12 * (1.0 + truth), "{a} {b} {c} {z}: {ours}, not {truth}");
            }
        }
    }

    #[test]
    fn closed_forms() {
        for z in [0.0, 1e-9, 0.3, 0.7, 0.9, 0.999_999] {
            let near = |ln: f64, truth: f64| assert!((ln - truth).abs() < 1e-12 * (1.0 + truth), "{z}: {ln} {truth}");
            // (1 − z)^−a, far outside the range of `f64` too, and −ln(1 − z)/z with a whole c − a − b.
            near(ln_hyp2f1(2.5, 1.25, 1.25, z), -2.5 * (-z).ln_1p());
            near(ln_hyp2f1(5000.0, 7.0, 7.0, z), -5000.0 * (-z).ln_1p());
            if z > 0.0 {
                near(ln_hyp2f1(1.0, 1.0, 2.0, z), (-(-z).ln_1p() / z).ln());
            }
        }
        assert!(ln_hyp2f1(0.0, 3.0, 2.0, 0.99).abs() < 1e-15);
        // mpmath 1.3 with 60 digits: large third parameters.
        for ([a, b, c, z], truth) in LARGE_PARAMETERS {
            let ln = ln_hyp2f1(a, b, c, z);
            assert!((ln / truth - 1.0).abs() < 1e-11, "{a} {b} {c} {z}: {ln}");
        }
        for (c, z) in [(0.0, 0.5), (1.0, 1.0), (1.0, -0.1), (1.0, f64::NAN)] {
            assert!(ln_hyp2f1(1.0, 1.0, c, z).is_nan());
        }
    }
}
