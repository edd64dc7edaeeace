//! Private numerics: only what the analyses use, each with its source.

mod line;
mod quantile;
mod sum;

pub(crate) use line::Line;
pub(crate) use quantile::{student_t, student_t_outside};
pub(crate) use sum::{mean, sample_sd, sum};

/// Values larger than this are refused by the analyses: their squares, and sums of squares over any series that fits
/// into memory, stay inside the range of `f64`.
pub(crate) const LARGEST: f64 = 1e100;
