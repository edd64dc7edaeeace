//! The minimum of a function of one variable.

/// Golden-section search (Kiefer 1953) for the minimum of `value_at` in `lower..upper`, to within `precision`; it stops
/// early where the function is flat. Returns the place.
pub(crate) fn golden_section(lower: f64, upper: f64, precision: f64, mut value_at: impl FnMut(f64) -> f64) -> f64 {
    let ratio = 2.0 / (5.0_f64.sqrt() + 1.0);
    let (mut a, mut b) = (lower, upper);
    let (mut left, mut right) = (b - (b - a) * ratio, a + (b - a) * ratio);
    let (mut at_left, mut at_right) = (value_at(left), value_at(right));
    while (b - a).abs() >= precision {
        if at_left < at_right {
            (b, right, at_right) = (right, left, at_left);
            left = b - (b - a) * ratio;
            at_left = value_at(left);
        } else if at_right < at_left {
            (a, left, at_left) = (left, right, at_right);
            right = a + (b - a) * ratio;
            at_right = value_at(right);
        } else {
            break;
        }
    }
    f64::midpoint(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_minimum_inside_and_at_the_edge() {
        assert!((golden_section(0.0, 1.0, 1e-9, |x| (x - 0.3) * (x - 0.3)) - 0.3).abs() < 1e-8);
        assert!((golden_section(0.0, 1.0, 1e-9, |x| x) - 0.0).abs() < 1e-8);
        assert!((0.0..=1.0).contains(&golden_section(0.0, 1.0, 1e-9, |_| f64::NAN)));
    }
}
