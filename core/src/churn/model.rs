//! The models of repeat giving behind one face.

use super::repeat::Cells;
use super::{bg_bb, bg_nbd, mbg_nbd, pareto_nbd};
use serde::{Deserialize, Serialize};

/// A model of repeat giving. All have four parameters; see [`Model::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// BG/NBD (Fader, Hardie & Lee 2005): may leave after each repeat gift.
    BgNbd,
    /// MBG/NBD (Batislam, Denizel & Filiztekin 2007): may leave after the first gift too. The default for days: most
    /// donors of a charity give once, and BG/NBD has all of them stay.
    MbgNbd,
    /// Pareto/NBD (Schmittlein, Morrison & Colombo 1987): may leave at any time.
    ParetoNbd,
    /// BG/BB (Fader, Hardie & Shang 2010): time is counted in opportunities.
    BgBb,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd, Self::BgBb];

    /// The parameters' names, in the order of their values.
    pub const fn names(self) -> [&'static str; 4] {
        match self {
            Self::BgNbd | Self::MbgNbd => ["r", "alpha", "a", "b"],
            Self::ParetoNbd => ["r", "alpha", "s", "beta"],
            Self::BgBb => ["alpha", "beta", "gamma", "delta"],
        }
    }

    /// Whether time is counted in opportunities, whole numbers, and not measured.
    pub const fn counts_opportunities(self) -> bool {
        matches!(self, Self::BgBb)
    }

    pub(super) fn log_likelihood(self, parameters: &[f64; 4], cells: &Cells) -> (f64, [f64; 4]) {
        match self {
            Self::BgNbd => bg_nbd::log_likelihood(parameters, cells),
            Self::MbgNbd => mbg_nbd::log_likelihood(parameters, cells),
            Self::ParetoNbd => pareto_nbd::log_likelihood(parameters, cells),
            Self::BgBb => bg_bb::log_likelihood(parameters, cells),
        }
    }

    /// P(alive now). For BG/BB: that the donor did not leave right after the last opportunity seen.
    pub(super) fn p_alive(self, parameters: &[f64; 4], [x, t_x, t]: [f64; 3]) -> f64 {
        match self {
            Self::BgNbd => bg_nbd::p_alive(parameters, x, t_x, t),
            Self::MbgNbd => mbg_nbd::p_alive(parameters, x, t_x, t),
            Self::ParetoNbd => pareto_nbd::p_alive(parameters, x, t_x, t),
            Self::BgBb => bg_bb::Donor::new(parameters, x, t_x, t, 1).p_alive(1),
        }
    }

    /// P(at least one gift within `h`).
    pub(super) fn p_active(self, parameters: &[f64; 4], [x, t_x, t]: [f64; 3], h: f64) -> f64 {
        match self {
            Self::BgNbd => bg_nbd::p_alive(parameters, x, t_x, t) * bg_nbd::state(parameters, x, t).p_active(h),
            Self::MbgNbd => mbg_nbd::p_alive(parameters, x, t_x, t) * mbg_nbd::state(parameters, x, t).p_active(h),
            Self::ParetoNbd => pareto_nbd::p_alive(parameters, x, t_x, t) * pareto_nbd::p_active(parameters, x, t, h),
            Self::BgBb => bg_bb::Donor::new(parameters, x, t_x, t, h as usize).p_active(h as usize),
        }
    }

    /// Expected gifts within `h`.
    pub(super) fn expected(self, parameters: &[f64; 4], [x, t_x, t]: [f64; 3], h: f64) -> f64 {
        match self {
            Self::BgNbd => bg_nbd::p_alive(parameters, x, t_x, t) * bg_nbd::state(parameters, x, t).expected(h),
            Self::MbgNbd => mbg_nbd::p_alive(parameters, x, t_x, t) * mbg_nbd::state(parameters, x, t).expected(h),
            Self::ParetoNbd => pareto_nbd::p_alive(parameters, x, t_x, t) * pareto_nbd::expected(parameters, x, t, h),
            Self::BgBb => bg_bb::Donor::new(parameters, x, t_x, t, h as usize).expected(h as usize),
        }
    }

    /// Expected gifts for ever, discounted by `rate` a unit of time: continuously, for BG/BB by opportunity.
    pub(super) fn discounted(self, parameters: &[f64; 4], [x, t_x, t]: [f64; 3], rate: f64) -> f64 {
        match self {
            Self::BgNbd => bg_nbd::p_alive(parameters, x, t_x, t) * bg_nbd::state(parameters, x, t).discounted(rate),
            Self::MbgNbd => mbg_nbd::p_alive(parameters, x, t_x, t) * mbg_nbd::state(parameters, x, t).discounted(rate),
            Self::ParetoNbd => {
                pareto_nbd::p_alive(parameters, x, t_x, t) * pareto_nbd::discounted(parameters, x, t, rate)
            }
            Self::BgBb => bg_bb::Donor::new(parameters, x, t_x, t, 1).discounted(rate),
        }
    }
}
