//! Quantiles.

use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};

/// The quantile of Student's t with `freedom` > 0 degrees of freedom at `p` in 0.5..1: that number which a fraction `p`
/// of the distribution lies below. `None` outside.
///
/// One and two degrees of freedom have closed forms; otherwise the approximation of Hill (1970, Communications of the ACM
/// 13, algorithm 396) is sharpened by Newton steps on the library's distribution function. The library's own search for
/// a quantile takes longer than most forecasts and does not end with a billion degrees of freedom.
pub(crate) fn student_t(p: f64, freedom: f64) -> Option<f64> {
    if !(0.5..1.0).contains(&p) {
        return None;
    }
    if (freedom - 1.0).abs() < f64::EPSILON {
        return Some(((p - 0.5) * std::f64::consts::PI).tan());
    }
    if (freedom - 2.0).abs() < f64::EPSILON {
        return Some((2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt());
    }
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    if freedom >= NORMAL {
        return Some(normal_quantile(p));
    }
    let mut quantile = if freedom < 1.0 { distribution.inverse_cdf(p) } else { hill(p, freedom) };
    for _ in 0..NEWTON {
        let step = (distribution.cdf(quantile) - p) / distribution.pdf(quantile);
        if !step.is_finite() {
            break;
        }
        quantile -= step;
        // The error of the next step is about the square of this one.
        if step.abs() <= 1e-7 * quantile.abs() {
            break;
        }
    }
    quantile.is_finite().then_some(quantile)
}

/// From so many degrees of freedom on the normal distribution has the same digits.
const NORMAL: f64 = 1e9;
/// Newton steps at most; two are the rule.
const NEWTON: usize = 8;

/// Hill's approximation of the quantile at `p` in 0.5..1, from one degree of freedom on.
fn hill(p: f64, n: f64) -> f64 {
    let tails = 2.0 * (1.0 - p);
    let a = 1.0 / (n - 0.5);
    let b = 48.0 / (a * a);
    let mut c = ((20_700.0 * a / b - 98.0) * a - 16.0) * a + 96.36;
    let d = ((94.5 / (b + c) - 3.0) / b + 1.0) * (a * std::f64::consts::FRAC_PI_2).sqrt() * n;
    let mut y = (d * tails).powf(2.0 / n);
    if y > 0.05 + a {
        let x = normal_quantile(tails / 2.0);
        y = x * x;
        if n < 5.0 {
            c += 0.3 * (n - 4.5) * (x + 0.6);
        }
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x;
        y = (a * y * y).exp_m1();
    } else {
        y = ((1.0 / (((n + 6.0) / (n * y) - 0.089 * d - 0.822) * (n + 2.0) * 3.0) + 0.5 / (n + 4.0)) * y - 1.0)
            * (n + 1.0)
            / (n + 2.0)
            + 1.0 / y;
    }
    (n * y).sqrt()
}

/// The quantile of the standard normal distribution at `p` in (0, 1).
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// The probability that Student's t with `freedom` > 0 degrees of freedom lies outside ±`t`; 1 where `freedom` is none.
pub(crate) fn student_t_outside(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(1.0, |distribution| 2.0 * distribution.cdf(-t.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_of_the_tables() {
        for (p, expected) in [(0.5, 0.0), (0.9, 1.281_551_565_544_6), (0.975, 1.959_963_984_540_05)] {
            assert!((normal_quantile(p) - expected).abs() < 1e-12, "{p}");
        }
    }

    /// Reference: scipy 1.17.1, `scipy.stats.t.ppf(p, freedom)`.
    #[test]
    #[allow(clippy::unreadable_literal, clippy::excessive_precision, reason = "the digits as scipy prints them")]
    fn agrees_with_scipy() {
        for (p, freedom, expected) in [
            (0.6, 1.0, 0.32491969623290634),
            (0.6, 2.0, 0.2886751345948128),
            (0.6, 3.0, 0.2766706623326898),
            (0.6, 4.0, 0.2707222947075976),
            (0.6, 7.0, 0.2631668613520229),
            (0.6, 10.0, 0.2601848294920803),
            (0.6, 22.0, 0.25643203434447076),
            (0.6, 58.0, 0.2545123353939502),
            (0.6, 198.0, 0.25368778872016007),
            (0.9, 1.0, 3.0776835371752544),
            (0.9, 2.0, 1.8856180831641272),
            (0.9, 3.0, 1.637744353696209),
            (0.9, 4.0, 1.533206274058944),
            (0.9, 7.0, 1.4149239276505086),
            (0.9, 10.0, 1.372183641110336),
            (0.9, 22.0, 1.321236741613362),
            (0.9, 58.0, 1.2963188904044196),
            (0.9, 198.0, 1.2858418415765887),
            (0.975, 1.0, 12.706204736174694),
            (0.975, 2.0, 4.302652729749462),
            (0.975, 3.0, 3.1824463052837078),
            (0.975, 4.0, 2.7764451051977934),
            (0.975, 7.0, 2.364624251592784),
            (0.975, 10.0, 2.228138851986274),
            (0.975, 22.0, 2.0738730679040254),
            (0.975, 58.0, 2.0017174841452356),
            (0.975, 198.0, 1.9720174778363146),
            (0.995, 1.0, 63.656741162871526),
            (0.995, 2.0, 9.924843200918287),
            (0.995, 3.0, 5.840909309733355),
            (0.995, 4.0, 4.604094871349992),
            (0.995, 7.0, 3.4994832973504924),
            (0.995, 10.0, 3.16927267261695),
            (0.995, 22.0, 2.8187560606001423),
            (0.995, 58.0, 2.6632869535376584),
            (0.995, 198.0, 2.6008872779905103),
            (0.9995, 1.0, 636.6192487687897),
            (0.9995, 2.0, 31.599054576445365),
            (0.9995, 3.0, 12.923978636687961),
            (0.9995, 4.0, 8.610301581379522),
            (0.9995, 7.0, 5.407882520861828),
            (0.9995, 10.0, 4.586893858702708),
            (0.9995, 22.0, 3.792130671698437),
            (0.9995, 58.0, 3.4663287949310466),
            (0.9995, 198.0, 3.340340277454741),
        ] {
            let quantile = student_t(p, freedom).unwrap();
            assert!(
                (quantile / expected - 1.0_f64).abs() < 1e-10,
                "p {p}, freedom {freedom}: {quantile}, not {expected}"
            );
        }
    }

    #[test]
    fn many_degrees_of_freedom_are_normal() {
        for freedom in [1e6, 1e8, 1e9, 1e300] {
            let quantile = student_t(0.975, freedom).unwrap();
            assert!((quantile - normal_quantile(0.975)).abs() < 4.0 / freedom + 1e-9, "{freedom}: {quantile}");
        }
    }

    #[test]
    fn a_quantile_is_where_the_distribution_says_so() {
        for freedom in [0.7, 1.3, 2.5, 3.0, 4.49, 5.0, 8.2, 31.0, 1_234.5] {
            let distribution = StudentsT::new(0.0, 1.0, freedom).unwrap();
            for p in [0.51, 0.6, 0.75, 0.9, 0.99, 0.9999, 0.999_999] {
                let quantile = student_t(p, freedom).unwrap();
                assert!((distribution.cdf(quantile) - p).abs() < 1e-10, "p {p}, freedom {freedom}: {quantile}");
            }
        }
    }

    #[test]
    fn refuses_what_is_outside() {
        for (p, freedom) in [(0.4, 3.0), (1.0, 3.0), (f64::NAN, 3.0), (0.9, 0.0), (0.9, f64::NAN)] {
            assert_eq!(student_t(p, freedom), None);
        }
        assert!(student_t(0.5, 5.0).unwrap().abs() < 1e-12);
    }
}
