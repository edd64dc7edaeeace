//! Pareto/NBD: gifts come at a rate of the donor's own, and the donor leaves at a rate of the donor's own, gift or not
//! (Schmittlein, Morrison & Colombo 1987). Parameters r, α (gifts: Gamma) and s, β (leaving: Gamma).
//!
//! The likelihood's hypergeometric functions are integrals over the time of leaving. Those are taken by quadrature here:
//! the sum keeps its digits where differences of hypergeometric functions lose theirs (x 221, `t_x` near T), and the
//! derivatives by the parameters cost next to nothing.

use super::repeat::{Cells, Rising};
use crate::stats::{gauss, gauss8};

/// ∫ (α + τ)^−p (β + τ)^−q dτ from `from` to `to`, over (α + from)^−p (β + from)^−(q − 1), and its moments.
#[derive(Clone, Copy, Debug, Default)]
struct Integral {
    value: f64,
    /// Weighted by −ln((α + τ)/(α + from)).
    ln_alpha: f64,
    /// Weighted by −ln((β + τ)/(β + from)).
    ln_beta: f64,
    /// Weighted by 1/(α + τ).
    over_alpha: f64,
    /// Weighted by 1/(β + τ).
    over_beta: f64,
}

impl Integral {
    fn new([alpha, p]: [f64; 2], [beta, q]: [f64; 2], from: f64, to: f64) -> Self {
        let mut found = Self::default();
        // By the logarithm of the smaller base: the other factor is then smooth, whatever the parameters are.
        let base = alpha.min(beta) + from;
        let length = ((to - from) / base).ln_1p();
        let panel = (8.0 / (p + q)).min(1.5);
        let panels = (length / panel).ceil().max(1.0);
        let width = length / panels;
        let mut add = |w: f64, weight: f64| {
            // Plain exp and ln: what they lose near w = 0 is the last digit of an exponent, and they are twice as fast.
            let passed = base * (w.exp() - 1.0);
            let (ln_alpha, ln_beta) = if alpha <= beta {
                (w, ((beta + from + passed) / (beta + from)).ln())
            } else {
                (((alpha + from + passed) / (alpha + from)).ln(), w)
            };
            // dτ = (base + passed) dw, over the (β + from) that the scale leaves.
            let share = weight * (base + passed) / (beta + from) * (-p * ln_alpha - q * ln_beta).exp();
            found.value += share;
            found.ln_alpha -= share * ln_alpha;
            found.ln_beta -= share * ln_beta;
            found.over_alpha += share / (alpha + from + passed);
            found.over_beta += share / (beta + from + passed);
            found.value
        };
        if panels < 1.5 && (p + q) * length <= 4.0 {
            gauss8(0.0, length, |w, weight| {
                add(w, weight);
            });
            return found;
        }
        let mut total = 0.0;
        for i in 0..panels as u64 {
            let (before, start) = (total, width * i as f64);
            gauss(start, start + width, |w, weight| total = add(w, weight));
            // The integrand falls from here on.
            if total - before < 1e-18 * total {
                break;
            }
        }
        found
    }
}

/// Log likelihood of all donors, and its gradient by the parameters.
pub(super) fn log_likelihood(&[r, alpha, s, beta]: &[f64; 4], cells: &Cells) -> (f64, [f64; 4]) {
    let most = cells.x.last().map_or(0, |&x| x as usize);
    let rates = Rising::new(r, most);
    let (ln_alpha, ln_beta) = (alpha.ln(), beta.ln());
    let (mut sum, mut gradient) = (0.0, [0.0; 4]);
    for (x, t_x, t, count) in cells.iter() {
        let (ln_at, ln_bt) = ((alpha + t_x).ln(), (beta + t_x).ln());
        let gone = Integral::new([alpha, r + x], [beta, s + 1.0], t_x, t);
        let (fall_a, fall_b) = (((t - t_x) / (alpha + t_x)).ln_1p(), ((t - t_x) / (beta + t_x)).ln_1p());
        let alive = (-(r + x) * fall_a - s * fall_b).exp();
        let total = alive + s * gone.value;
        let (left, here) = (s / total, alive / total);
        let k = x as usize;
        let level = -(r + x) * ln_at - s * ln_bt + total.ln();
        sum += count * (rates.ln[k] + r * ln_alpha + s * ln_beta + level);
        gradient[0] += count * (rates.slope[k] + ln_alpha - ln_at - here * fall_a + left * gone.ln_alpha);
        gradient[1] += count * (r / alpha - (r + x) * (here / (alpha + t) + left * gone.over_alpha));
        gradient[2] += count * (ln_beta - ln_bt - here * fall_b + left * gone.ln_beta + gone.value / total);
        gradient[3] += count * (s / beta - here * s / (beta + t) - left * (s + 1.0) * gone.over_beta);
    }
    (sum, gradient)
}

/// P(alive): the donor has not left by now.
pub(super) fn p_alive(&[r, alpha, s, beta]: &[f64; 4], x: f64, t_x: f64, t: f64) -> f64 {
    let gone = Integral::new([alpha, r + x], [beta, s + 1.0], t_x, t);
    let alive = (-(r + x) * ((t - t_x) / (alpha + t_x)).ln_1p() - s * ((t - t_x) / (beta + t_x)).ln_1p()).exp();
    alive / (alive + s * gone.value)
}

/// P(at least one gift within `h`) of a donor who is alive: the time of the next gift, before that of leaving.
pub(super) fn p_active(&[r, alpha, s, beta]: &[f64; 4], x: f64, t: f64, h: f64) -> f64 {
    // ∫ (r + x) (α + T + τ)^−(r+x+1) (β + T + τ)^−s dτ, scaled to one at τ = 0; the integral's scale has the roles of the
    // two bases the other way round.
    let next = Integral::new([beta + t, s], [alpha + t, r + x + 1.0], 0.0, h);
    ((r + x) * next.value).min(1.0)
}

/// Expected gifts within `h` of a donor who is alive (Fader & Hardie 2005, equation 41).
pub(super) fn expected(&[r, alpha, s, beta]: &[f64; 4], x: f64, t: f64, h: f64) -> f64 {
    let fall = (h / (beta + t)).ln_1p();
    let power = (1.0 - s) * fall;
    // (e^power − 1)/(1 − s), smooth at s = 1.
    let factor = if power.abs() < 1e-12 { fall } else { power.exp_m1() / (1.0 - s) };
    (r + x) / (alpha + t) * (beta + t) * factor
}

/// Expected gifts from now on for ever of a donor who is alive, each discounted by e^(−`discount`·t) (Fader, Hardie & Lee
/// 2005b, DERT): (r + x)/(α + T) ∫ e^(−discount·t) ((β + T)/(β + T + t))^s dt, over ln(1 + t/(β + T)).
pub(super) fn discounted(&[r, alpha, s, beta]: &[f64; 4], x: f64, t: f64, discount: f64) -> f64 {
    const PANEL: f64 = 1.0;
    let base = beta + t;
    let end = (40.0 / (discount * base)).ln_1p();
    let panels = (end / PANEL).ceil();
    let mut sum = 0.0;
    for i in 0..panels as u32 {
        let from = end * f64::from(i) / panels;
        gauss(from, from + end / panels, |w, weight| {
            sum += weight * ((1.0 - s) * w - discount * base * w.exp_m1()).exp();
        });
    }
    (r + x) / (alpha + t) * base * sum
}
