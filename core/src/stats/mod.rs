//! Private numerics: only what the analyses use, each with its source.

mod cholesky;
mod golden;
mod hypergeometric;
mod line;
mod logistic;
mod minimise;
mod nelder_mead;
pub(crate) mod parallel;
mod quadrature;
mod quantile;
mod random;
mod shrinkage;
mod sum;

pub(crate) use cholesky::solve;
pub(crate) use golden::golden_section;
pub(crate) use hypergeometric::{Hyp2f1, ln_hyp2f1};
pub(crate) use line::Line;
pub(crate) use logistic::Logistic;
pub(crate) use minimise::minimise;
pub(crate) use nelder_mead::{Patience, nelder_mead};
pub(crate) use quadrature::{gauss, gauss8};
pub(crate) use quantile::{normal_quantile, student_t, student_t_outside};
pub(crate) use random::Rng;
pub(crate) use shrinkage::Shrunken;
pub(crate) use sum::{mean, sample_sd, sum};

/// Values larger than this are refused by the analyses: their squares, and sums of squares over any series that fits
/// into memory, stay inside the range of `f64`.
pub(crate) const LARGEST: f64 = 1e100;
