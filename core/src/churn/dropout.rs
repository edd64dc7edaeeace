//! What BG/NBD and MBG/NBD have in common: the future of a donor who is alive now, gives at a Gamma rate, and leaves after
//! each gift with a Beta probability.

use crate::stats::{gauss, ln_hyp2f1};

/// A donor who is alive: rate ~ Gamma(`shape`, `rate`), probability of leaving after a gift ~ Beta(`leave`, `stay`).
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) shape: f64,
    pub(super) rate: f64,
    pub(super) leave: f64,
    pub(super) stay: f64,
}

impl State {
    /// P(at least one gift within `h`), exact: whether the donor leaves afterwards does not matter.
    pub(super) fn p_active(self, h: f64) -> f64 {
        -(-self.shape * (h / self.rate).ln_1p()).exp_m1()
    }

    /// Expected gifts within `h` (Fader, Hardie & Lee 2005a, equation 10).
    pub(super) fn expected(self, h: f64) -> f64 {
        // The formula divides by a − 1; the expectation itself is smooth there: from values on both sides (Richardson).
        const NEAR: f64 = 4e-3;
        if (self.leave - 1.0).abs() < NEAR {
            let pair = |d: f64| 0.5 * (self.at_leave(1.0 - d, h) + self.at_leave(1.0 + d, h));
            return (4.0 * pair(NEAR) - pair(2.0 * NEAR)) / 3.0;
        }
        self.at_leave(self.leave, h)
    }

    fn at_leave(self, a: f64, h: f64) -> f64 {
        let (b, c) = (self.stay, a + self.stay - 1.0);
        let z = h / (self.rate + h);
        let shrunk = self.shape * (-z).ln_1p();
        let f = |a: f64, b: f64, c: f64| (shrunk + ln_hyp2f1(a, b, c, z)).exp();
        // c F(A, b; c) by the contiguous functions of c + 1 and c + 2, which exist at c ≤ 0 too.
        let scaled = if c > 0.5 {
            c * f(self.shape, b, c)
        } else {
            c * f(self.shape, b, c + 1.0)
                + self.shape * b * z / (c + 1.0) * f(self.shape + 1.0, b + 1.0, c + 2.0)
        };
        ((c - scaled) / (a - 1.0)).max(0.0)
    }

    /// Expected gifts from now on for ever, each discounted by e^(−`discount`·t): the integral of the expected rate
    /// (shape/rate) (1 − z)^(shape+1) ₂F₁(shape + 1, b; a + b; z), z = t/(rate + t), over ln(1 + t/rate).
    pub(super) fn discounted(self, discount: f64) -> f64 {
        const PANEL: f64 = 1.5;
        let end = (40.0 / (discount * self.rate)).ln_1p();
        let panels = (end / PANEL).ceil();
        let mut sum = 0.0;
        for i in 0..panels as u32 {
            let from = end * f64::from(i) / panels;
            gauss(from, from + end / panels, |w, weight| {
                let z = -(-w).exp_m1();
                let ln = ln_hyp2f1(self.shape + 1.0, self.stay, self.leave + self.stay, z);
                sum += weight * (ln - self.shape * w - discount * self.rate * w.exp_m1()).exp();
            });
        }
        self.shape * sum
    }
}
