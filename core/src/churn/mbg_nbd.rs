//! MBG/NBD: as BG/NBD, but a donor may leave right after the first gift too (Batislam, Denizel & Filiztekin 2007; Hoppe &
//! Wagner 2007). Parameters r, α, a, b as there.

use super::dropout;
use super::repeat::{Cells, Rising, Shifted};

/// Log likelihood of all donors, and its gradient by the parameters.
pub(super) fn log_likelihood(&[r, alpha, a, b]: &[f64; 4], cells: &Cells) -> (f64, [f64; 4]) {
    let most = cells.x.last().map_or(0, |&x| x as usize);
    let (rates, stays, all) = (Rising::new(r, most), Rising::new(b, most), Rising::new(a + b, most + 1));
    let (ln_alpha, ln_a) = (alpha.ln(), a.ln());
    let (mut recency, mut staying) = (Shifted::new(alpha), Shifted::new(b));
    let (mut sum, mut gradient) = (0.0, [0.0; 4]);
    for (x, t_x, t, count) in cells.iter() {
        let k = x as usize;
        let (ln_t_x, by_t_x) = recency.at(t_x);
        let (ln_staying, by_staying) = staying.at(x);
        let ln_t = (alpha + t).ln();
        let alive = ln_staying - (r + x) * ln_t;
        let gone = ln_a - (r + x) * ln_t_x;
        let odds = (gone - alive).min(700.0).exp();
        let left = odds / (1.0 + odds);
        let level = if gone > alive { gone + odds.recip().ln_1p() } else { alive + odds.ln_1p() };
        let log_mean = ln_t + left * (ln_t_x - ln_t);
        let rate_mean = (1.0 - left) / (alpha + t) + left * by_t_x;
        sum += count * (rates.ln[k] + r * ln_alpha + stays.ln[k] - all.ln[k + 1] + level);
        gradient[0] += count * (rates.slope[k] + ln_alpha - log_mean);
        gradient[1] += count * (r / alpha - (r + x) * rate_mean);
        gradient[2] += count * (left / a - all.slope[k + 1]);
        gradient[3] += count * ((1.0 - left) * by_staying + stays.slope[k] - all.slope[k + 1]);
    }
    (sum, gradient)
}

/// P(alive): the donor has not left after the last gift, be it the first.
pub(super) fn p_alive(&[r, alpha, a, b]: &[f64; 4], x: f64, t_x: f64, t: f64) -> f64 {
    (1.0 + a / (b + x) * ((r + x) * ((alpha + t) / (alpha + t_x)).ln()).exp()).recip()
}

/// What is left of the donor's rate and constancy while alive.
pub(super) fn state(&[r, alpha, a, b]: &[f64; 4], x: f64, t: f64) -> dropout::State {
    dropout::State { shape: r + x, rate: alpha + t, leave: a, stay: b + x + 1.0 }
}
