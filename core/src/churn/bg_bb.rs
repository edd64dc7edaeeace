//! BG/BB: at each opportunity (a year, say) a donor who is alive gives with a probability of the donor's own, and may
//! leave before the next (Fader, Hardie & Shang 2010). Parameters α, β (giving: Beta) and γ, δ (leaving: Beta).

use super::repeat::{Cells, Rising};
use crate::stats::ln_hyp2f1;

/// Rising factorials of everything that the Beta functions are made of.
struct Tables {
    give: Rising,
    keep: Rising,
    either: Rising,
    stay: Rising,
    fate: Rising,
    ln_gamma: f64,
}

impl Tables {
    fn new(&[alpha, beta, gamma, delta]: &[f64; 4], most: usize) -> Self {
        Self {
            give: Rising::new(alpha, most),
            keep: Rising::new(beta, most),
            either: Rising::new(alpha + beta, most),
            stay: Rising::new(delta, most),
            fate: Rising::new(gamma + delta, most),
            ln_gamma: gamma.ln(),
        }
    }

    /// ln of the probability of giving as seen over `m` opportunities.
    fn giving(&self, x: usize, m: usize) -> f64 {
        self.give.ln[x] + self.keep.ln[m - x] - self.either.ln[m]
    }

    /// ln P(alive at opportunity `m`).
    fn staying(&self, m: usize) -> f64 {
        self.stay.ln[m] - self.fate.ln[m]
    }

    /// ln P(leaving right after opportunity `m`).
    fn leaving(&self, m: usize) -> f64 {
        self.ln_gamma + self.stay.ln[m] - self.fate.ln[m + 1]
    }

    /// ln likelihood of a donor; the weight of each fate is handed to `each` as (opportunities lived, left, share).
    fn fates(&self, x: usize, t_x: usize, n: usize, mut each: impl FnMut(usize, bool, f64)) -> f64 {
        let alive = self.giving(x, n) + self.staying(n);
        let gone = |m: usize| self.giving(x, m) + self.leaving(m);
        let mut highest = alive;
        for m in t_x..n {
            highest = highest.max(gone(m));
        }
        let mut total = (alive - highest).exp();
        for m in t_x..n {
            total += (gone(m) - highest).exp();
        }
        each(n, false, (alive - highest).exp() / total);
        for m in t_x..n {
            each(m, true, (gone(m) - highest).exp() / total);
        }
        highest + total.ln()
    }
}

/// Log likelihood of all donors, and its gradient by the parameters.
pub(super) fn log_likelihood(parameters: &[f64; 4], cells: &Cells) -> (f64, [f64; 4]) {
    let most = cells.t.iter().fold(0.0_f64, |most, &t| most.max(t)) as usize;
    let tables = Tables::new(parameters, most + 1);
    let (mut sum, mut gradient) = (0.0, [0.0; 4]);
    for (x, t_x, n, count) in cells.iter() {
        let (x, t_x, n) = (x as usize, t_x as usize, n as usize);
        let mut by = [0.0; 4];
        let ln = tables.fates(x, t_x, n, |m, left, share| {
            by[0] += share * (tables.give.slope[x] - tables.either.slope[m]);
            by[1] += share * (tables.keep.slope[m - x] - tables.either.slope[m]);
            let fate = tables.fate.slope[m + usize::from(left)];
            by[2] += share * (if left { parameters[2].recip() } else { 0.0 } - fate);
            by[3] += share * (tables.stay.slope[m] - fate);
        });
        sum += count * ln;
        for (total, by) in gradient.iter_mut().zip(by) {
            *total += count * by;
        }
    }
    (sum, gradient)
}

/// A donor seen over n opportunities, ready for questions about those to come.
pub(super) struct Donor {
    tables: Tables,
    x: usize,
    n: usize,
    /// ln likelihood.
    ln: f64,
    /// α + x over α + β + x …: kept for the closed forms.
    parameters: [f64; 4],
}

impl Donor {
    /// `ahead`: the furthest opportunity that will be asked for.
    pub(super) fn new(parameters: &[f64; 4], x: f64, t_x: f64, n: f64, ahead: usize) -> Self {
        let (x, t_x, n) = (x as usize, t_x as usize, n as usize);
        let tables = Tables::new(parameters, n + ahead + 2);
        let ln = tables.fates(x, t_x, n, |_, _, _| ());
        Self { tables, x, n, ln, parameters: *parameters }
    }

    /// P(alive at the `m`-th opportunity from now): 0 the last one seen, 1 the next.
    pub(super) fn p_alive(&self, m: usize) -> f64 {
        (self.tables.giving(self.x, self.n) + self.tables.staying(self.n + m) - self.ln).exp()
    }

    /// P(at least one gift at the next `h` opportunities): the first of them at each.
    pub(super) fn p_active(&self, h: usize) -> f64 {
        let first =
            |j: usize| (self.tables.giving(self.x + 1, self.n + j) + self.tables.staying(self.n + j) - self.ln).exp();
        (1..=h).map(first).sum::<f64>().min(1.0)
    }

    /// Expected gifts at the next `h` opportunities (Fader, Hardie & Shang 2010, equation 14, as the sum it closes).
    pub(super) fn expected(&self, h: usize) -> f64 {
        (1..=h).map(|j| self.chance() * self.p_alive(j)).sum()
    }

    /// Expected gifts from now on for ever, the j-th opportunity's worth 1/(1 + d)^j (equation 16, DERT).
    pub(super) fn discounted(&self, d: f64) -> f64 {
        let [_, _, gamma, delta] = self.parameters;
        let n = self.n as f64;
        let sum = ln_hyp2f1(1.0, delta + n + 1.0, gamma + delta + n + 1.0, (1.0 + d).recip());
        self.chance() * self.p_alive(1) * (sum - d.ln_1p()).exp()
    }

    /// P(giving at an opportunity | alive through all seen).
    fn chance(&self) -> f64 {
        let [alpha, beta, _, _] = self.parameters;
        (alpha + self.x as f64) / (alpha + beta + self.n as f64)
    }
}
