//! Integrals of smooth functions.

#[allow(clippy::excessive_precision, reason = "the digits of the table")]
/// Positive nodes and weights of the Gauss-Legendre rule with 16 points on [−1, 1] (Abramowitz & Stegun 1964, table 25.4).
const RULE: [(f64, f64); 8] = [
    (0.095_012_509_837_637_440_2, 0.189_450_610_455_068_496_3),
    (0.281_603_550_779_258_913_2, 0.182_603_415_044_923_588_9),
    (0.458_016_777_657_227_386_3, 0.169_156_519_395_002_538_2),
    (0.617_876_244_402_643_748_4, 0.149_595_988_816_576_732_1),
    (0.755_404_408_355_003_033_9, 0.124_628_971_255_533_872_1),
    (0.865_631_202_387_831_743_9, 0.095_158_511_682_492_784_8),
    (0.944_575_023_073_232_576_1, 0.062_253_523_938_647_892_9),
    (0.989_400_934_991_649_932_6, 0.027_152_459_411_754_094_9),
];

#[allow(clippy::excessive_precision, reason = "the digits of the table")]
/// The same with 8 points.
const SHORT_RULE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_804_9, 0.362_683_783_378_361_983_0),
    (0.525_532_409_916_328_985_8, 0.313_706_645_877_887_287_3),
    (0.796_666_477_413_626_739_6, 0.222_381_034_453_374_470_5),
    (0.960_289_856_497_536_231_7, 0.101_228_536_290_376_259_2),
];

/// Adds up `f(point, weight)` over the points of the 8-point rule on [`from`, `to`].
pub(crate) fn gauss8(from: f64, to: f64, mut f: impl FnMut(f64, f64)) {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    for (node, weight) in SHORT_RULE {
        f(middle - half * node, half * weight);
        f(middle + half * node, half * weight);
    }
}

/// Adds up `f(point, weight)` over the points of the 16-point Gauss-Legendre rule on [`from`, `to`].
pub(crate) fn gauss(from: f64, to: f64, mut f: impl FnMut(f64, f64)) {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    for (node, weight) in RULE {
        f(middle - half * node, half * weight);
        f(middle + half * node, half * weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrates_polynomials_and_exponentials() {
        let integral = |from, to, f: &dyn Fn(f64) -> f64| {
            let mut sum = 0.0;
            gauss(from, to, |x, w| sum += w * f(x));
            sum
        };
        let mut short = 0.0;
        gauss8(0.0, 4.0, |x, w| short += w * (-x).exp());
        assert!((short - (1.0 - (-4.0_f64).exp())).abs() < 1e-12, "{short}");
        // Exact up to degree 31.
        assert!((integral(0.0, 1.0, &|x| 32.0 * x.powi(31)) - 1.0).abs() < 1e-14);
        assert!((integral(-1.0, 3.0, &|_| 1.0) - 4.0).abs() < 1e-14);
        assert!((integral(0.0, 8.0, &|x| (-x).exp()) - (1.0 - (-8.0_f64).exp())).abs() < 1e-14);
    }
}
