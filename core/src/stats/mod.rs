//! Private numerics: only what the analyses use, each with its source.

mod cholesky;
mod golden;
mod line;
mod nelder_mead;
mod quantile;
mod random;
mod shrinkage;
mod sum;

pub(crate) use cholesky::solve;
pub(crate) use golden::golden_section;
pub(crate) use line::Line;
pub(crate) use nelder_mead::{Patience, nelder_mead};
pub(crate) use quantile::student_t;
pub(crate) use random::Random;
pub(crate) use shrinkage::Shrunken;
pub(crate) use sum::{mean, sample_sd, sum};

/// Values larger than this are refused by the analyses: their squares, and sums of squares over any series that fits
/// into memory, stay inside the range of `f64`.
pub(crate) const LARGEST: f64 = 1e100;
