//! What a fitted model says of each donor: will there be another gift, how many, with what certainty.

use super::fit::check_parameters;
use super::repeat::Cells;
use super::{Fitted, Grouped, Model, Repeat, bg_nbd, dropout, mbg_nbd};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::{normal_quantile, student_t};
use serde::{Deserialize, Serialize};

/// How far ahead a model looks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ahead {
    /// The horizon h, in the model's unit of time (opportunities for BG/BB); 365 by default: a year of days.
    pub horizon: f64,
    /// The level of the interval around P(no gift); 0.8 by default: nine in ten are on the safe side.
    pub level: f64,
    /// What a year takes off the value of a later gift; 0.1 by default, about what money costs.
    pub yearly_discount: f64,
    /// Units of time in a year; 365.25 by default.
    pub units_per_year: f64,
}

impl Default for Ahead {
    fn default() -> Self {
        Self { horizon: 365.0, level: 0.8, yearly_discount: 0.1, units_per_year: 365.25 }
    }
}

impl Ahead {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |why| Err(Error::new(ErrorKind::InvalidInput, why));
        if !(self.horizon > 0.0 && self.horizon <= 1e6) {
            return wrong("horizon must be above 0 and at most 1e6");
        }
        if !(0.5..=0.999).contains(&self.level) {
            return wrong("level must be 0.5 to 0.999");
        }
        if !(0.001..=10.0).contains(&self.yearly_discount) {
            return wrong("yearly_discount must be 0.001 to 10");
        }
        if !(0.01..=1e6).contains(&self.units_per_year) {
            return wrong("units_per_year must be 0.01 to 1e6");
        }
        Ok(())
    }
}

/// What a model says of each donor, one row a donor in the order of the input, all columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predictions {
    /// P(no gift within the horizon): the churn number.
    pub p_no_gift: Vec<f64>,
    /// The lower end of its interval: how far the parameters' uncertainty lets it be smaller.
    pub p_no_gift_low: Vec<f64>,
    /// The upper end.
    pub p_no_gift_high: Vec<f64>,
    /// P(alive): that the donor has not left for good. 1 − P(alive) is no churn score.
    pub p_alive: Vec<f64>,
    /// Expected gifts within the horizon.
    pub expected_gifts: Vec<f64>,
    /// Expected gifts from now on for ever, later ones worth less: times the value of a gift, the lifetime value to come.
    pub discounted_gifts: Vec<f64>,
}

impl Predictions {
    /// How many donors.
    pub fn len(&self) -> usize {
        self.p_no_gift.len()
    }

    /// `true` without donors.
    pub fn is_empty(&self) -> bool {
        self.p_no_gift.is_empty()
    }
}

/// Probabilities nearer to 0 or 1 than this have no logit that a slope could be taken of.
const NEAREST: f64 = 1e-12;

impl Fitted {
    /// Everything the model says of each donor. Equal rows are worked out once.
    ///
    /// The interval is by the delta method on the logit of P(no gift), over the covariance of the logarithms of the
    /// parameters (Oehlert 1992): that of the probability, not of what one donor will do. The covariance itself is estimated, and
    /// with few donors the prior pulls; so the quantile is Student's, with a degree of freedom for six donors and three at least.
    /// In simulated charities of 30 to 300 donors an interval of 80 % then held the true chance of 79 % to 88 % of donors, model by
    /// model; of 69 % at worst, where donors are far more alike than the prior takes them to be.
    ///
    /// # Errors
    ///
    /// `invalid_input` for columns that contradict themselves, `ahead` out of range, or parameters that no fit gives.
    pub fn predict(&self, repeat: &Repeat, ahead: &Ahead) -> Result<Predictions> {
        ahead.validate()?;
        check_parameters(self.model, self.parameters)?;
        self.check_horizon(ahead.horizon)?;
        let cells = repeat.cells(self.model.counts_opportunities())?;
        let mut per_cell: [Vec<f64>; 6] = Default::default();
        let yearly = ahead.yearly_discount;
        // Continuous in time, by opportunity for BG/BB.
        let rate = if self.model.counts_opportunities() {
            (yearly.ln_1p() / ahead.units_per_year).exp_m1()
        } else {
            yearly.ln_1p() / ahead.units_per_year
        };
        let spread = self.spread(ahead.level);
        for (x, t_x, t, _) in cells.iter() {
            let row = [x, t_x, t];
            let active = self.model.p_active(&self.parameters, row, ahead.horizon).clamp(0.0, 1.0);
            let (low, high) = self.interval(row, ahead.horizon, active, spread);
            let values = [
                1.0 - active,
                low,
                high,
                self.model.p_alive(&self.parameters, row),
                self.model.expected(&self.parameters, row, ahead.horizon),
            ];
            for (column, value) in per_cell.iter_mut().zip(values) {
                column.push(value);
            }
        }
        per_cell[5] = self.discounted_of(&cells, rate);
        if per_cell.iter().flatten().any(|value| !value.is_finite()) {
            return Err(Error::new(ErrorKind::InvalidInput, "the parameters are too extreme to predict with")
                .context("model", format_args!("{:?}", self.model))
                .hint("fit with the prior (estimate: map)"));
        }
        let [p_no_gift, p_no_gift_low, p_no_gift_high, p_alive, expected_gifts, discounted_gifts] =
            per_cell.map(|column| cells.spread(&column));
        Ok(Predictions { p_no_gift, p_no_gift_low, p_no_gift_high, p_alive, expected_gifts, discounted_gifts })
    }

    /// P(no gift within `horizon`) of each donor, without the rest.
    ///
    /// # Errors
    ///
    /// As [`Fitted::predict`].
    pub fn p_no_gift(&self, repeat: &Repeat, horizon: f64) -> Result<Vec<f64>> {
        self.p_no_gift_of(&repeat.group(self.model.counts_opportunities())?, horizon)
    }

    /// The same of rows that were grouped before, for more than one question about them.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a horizon out of range, and for BG/BB of rows that were not checked to be whole.
    pub fn p_no_gift_of(&self, grouped: &Grouped, horizon: f64) -> Result<Vec<f64>> {
        Ahead { horizon, ..Ahead::default() }.validate()?;
        self.check_horizon(horizon)?;
        if self.model.counts_opportunities() && !grouped.whole {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "BG/BB counts opportunities: group the rows as whole numbers",
            ));
        }
        let cells = &grouped.cells;
        let of_cell: Vec<f64> = cells
            .iter()
            .map(|(x, t_x, t, _)| 1.0 - self.model.p_active(&self.parameters, [x, t_x, t], horizon).clamp(0.0, 1.0))
            .collect();
        Ok(cells.spread(&of_cell))
    }

    fn discounted_of(&self, cells: &Cells, rate: f64) -> Vec<f64> {
        let state = |i: usize| match self.model {
            Model::BgNbd => bg_nbd::state(&self.parameters, cells.x[i], cells.t[i]),
            _ => mbg_nbd::state(&self.parameters, cells.x[i], cells.t[i]),
        };
        if !matches!(self.model, Model::BgNbd | Model::MbgNbd) {
            return cells
                .iter()
                .map(|(x, t_x, t, _)| self.model.discounted(&self.parameters, [x, t_x, t], rate))
                .collect();
        }
        let mut found = Vec::with_capacity(cells.len());
        // Cells are in order of x, which is the shape.
        for run in cells.x.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
            let at = found.len();
            let states: Vec<dropout::State> = (at..at + run.len()).map(state).collect();
            found.extend(dropout::discounted_of(&states, rate));
        }
        for (i, value) in found.iter_mut().enumerate() {
            *value *= self.model.p_alive(&self.parameters, [cells.x[i], cells.t_x[i], cells.t[i]]);
        }
        found
    }

    fn check_horizon(&self, horizon: f64) -> Result<()> {
        if self.model.counts_opportunities() && (horizon.fract() != 0.0 || horizon > 10_000.0) {
            return Err(Error::new(ErrorKind::InvalidInput, "BG/BB looks whole opportunities ahead, at most 10,000")
                .context("horizon", horizon));
        }
        Ok(())
    }

    /// Standard errors on either side of an interval; of known parameters those of a normal distribution.
    fn spread(&self, level: f64) -> f64 {
        const DONORS_A_DEGREE: f64 = 6.0;
        const FEWEST: f64 = 3.0;
        let p = 0.5 + 0.5 * level;
        let freedom = (self.donors as f64 / DONORS_A_DEGREE).max(FEWEST);
        let known = self.donors == 0;
        (!known).then(|| student_t(p, freedom)).flatten().unwrap_or_else(|| normal_quantile(p))
    }

    fn interval(&self, row: [f64; 3], horizon: f64, active: f64, spread: f64) -> (f64, f64) {
        const STEP: f64 = 1e-4;
        let p = (1.0 - active).clamp(NEAREST, 1.0 - NEAREST);
        let logit = |active: f64| {
            let p = (1.0 - active).clamp(NEAREST, 1.0 - NEAREST);
            (p / (1.0 - p)).ln()
        };
        let slopes: [f64; 4] = std::array::from_fn(|i| {
            let at = |step: f64| {
                let mut moved = self.parameters;
                moved[i] *= f64::exp(step);
                logit(self.model.p_active(&moved, row, horizon))
            };
            (at(STEP) - at(-STEP)) / (2.0 * STEP)
        });
        let variance: f64 = (0..4)
            .flat_map(|i| (0..4).map(move |j| (i, j)))
            .map(|(i, j)| slopes[i] * self.covariance[i][j] * slopes[j])
            .sum();
        let (middle, width) = ((p / (1.0 - p)).ln(), spread * variance.max(0.0).sqrt());
        let back = |logit: f64| (1.0 + (-logit).exp()).recip();
        (back(middle - width).min(1.0 - active), back(middle + width).max(1.0 - active))
    }
}
