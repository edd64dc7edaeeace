//! BG/NBD: gifts come at a rate of the donor's own until, after one of them, the donor leaves (Fader, Hardie & Lee 2005a,
//! "Counting your customers the easy way"). Parameters r, α (rates: Gamma) and a, b (leaving: Beta). Nobody leaves
//! before the first repeat gift, so 1 − P(alive) is no churn score.

use super::dropout;
use super::repeat::{Cells, Rising, Shifted};

/// Log likelihood of all donors, and its gradient by the parameters.
pub(super) fn log_likelihood(&[r, alpha, a, b]: &[f64; 4], cells: &Cells) -> (f64, [f64; 4]) {
    let most = cells.x.last().map_or(0, |&x| x as usize);
    let (rates, stays, all) = (Rising::new(r, most), Rising::new(b, most), Rising::new(a + b, most));
    let (ln_alpha, ln_a) = (alpha.ln(), a.ln());
    let (mut recency, mut leaving) = (Shifted::new(alpha), Shifted::new(b - 1.0));
    let (mut sum, mut gradient) = (0.0, [0.0; 4]);
    for (x, t_x, t, count) in cells.iter() {
        let k = x as usize;
        let ln_t = (alpha + t).ln();
        let alive = -(r + x) * ln_t;
        let mut level = alive;
        let (mut log_mean, mut rate_mean, mut by_a, mut by_b) = (ln_t, (alpha + t).recip(), 0.0, 0.0);
        if k > 0 {
            let (ln_t_x, by_t_x) = recency.at(t_x);
            let (ln_leaving, by_leaving) = leaving.at(x);
            let gone = ln_a - ln_leaving - (r + x) * ln_t_x;
            // The share of those who left, without overflow.
            let odds = (gone - alive).min(700.0).exp();
            let left = odds / (1.0 + odds);
            level = if gone > alive { gone + odds.recip().ln_1p() } else { alive + odds.ln_1p() };
            log_mean += left * (ln_t_x - ln_t);
            rate_mean += left * (by_t_x - rate_mean);
            by_a = left / a;
            by_b = -left * by_leaving;
        }
        sum += count * (rates.ln[k] + r * ln_alpha + stays.ln[k] - all.ln[k] + level);
        gradient[0] += count * (rates.slope[k] + ln_alpha - log_mean);
        gradient[1] += count * (r / alpha - (r + x) * rate_mean);
        gradient[2] += count * (by_a - all.slope[k]);
        gradient[3] += count * (by_b + stays.slope[k] - all.slope[k]);
    }
    (sum, gradient)
}

/// P(alive): the donor has not left after the last gift.
pub(super) fn p_alive(&[r, alpha, a, b]: &[f64; 4], x: f64, t_x: f64, t: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    (1.0 + a / (b + x - 1.0) * ((r + x) * ((alpha + t) / (alpha + t_x)).ln()).exp()).recip()
}

/// What is left of the donor's rate and constancy while alive.
pub(super) fn state(&[r, alpha, a, b]: &[f64; 4], x: f64, t: f64) -> dropout::State {
    dropout::State { shape: r + x, rate: alpha + t, leave: a, stay: b + x }
}
