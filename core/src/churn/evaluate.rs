//! How good predictions of "no gift" were, once the outcome is known.

use crate::error::{Error, ErrorKind, Result};
use crate::stats::Logistic;
use serde::{Deserialize, Serialize};

/// How good a column of probabilities was. All rows count alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Predictions with a known outcome.
    pub rows: u64,
    /// The share that did not give.
    pub base_rate: f64,
    /// Area under the ROC curve: the chance that a donor who left was ranked above one who stayed, ties a half (Hanley &
    /// `McNeil` 1982). 0.5 when all outcomes are equal.
    pub auc: f64,
    /// Mean of −ln of the probability given to what happened.
    pub log_loss: f64,
    /// Mean squared difference between probability and outcome (Brier 1950).
    pub brier: f64,
    /// Slope of the outcome's logit on the prediction's: 1 is calibrated, below 1 too sure of itself (Cox 1958). `None`
    /// when outcomes or predictions are all equal.
    pub calibration_slope: Option<f64>,
    /// Mean prediction less base rate.
    pub bias: f64,
    /// Predictions in tenths, those without a row left out.
    pub calibration: Vec<CalibrationBin>,
    /// The share that left among the rows ranked first, over the base rate; as many rows as the capacity allows. 1 is as
    /// good as chance.
    pub lift: f64,
}

/// A tenth of the range of probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationBin {
    /// Mean prediction.
    pub predicted: f64,
    /// The share that left.
    pub observed: f64,
    /// Rows.
    pub rows: u64,
}

/// Log loss and calibration count no probability nearer to 0 or 1 than this.
const NEAREST: f64 = 1e-6;

/// The loss of one prediction.
pub(super) fn log_loss(p: f64, left: bool) -> f64 {
    let p = p.clamp(NEAREST, 1.0 - NEAREST);
    -(if left { p } else { 1.0 - p }).ln()
}

/// Measures probabilities of "no gift" against what happened (`true`: there was none). `capacity` is the share of donors
/// that could be called, for [`Evaluation::lift`].
///
/// # Errors
///
/// `invalid_input` for columns of unequal lengths or none, probabilities outside 0 to 1, or a capacity outside of that.
pub fn evaluate(p_no_gift: &[f64], left: &[bool], capacity: f64) -> Result<Evaluation> {
    let n = p_no_gift.len();
    let wrong = if n == 0 || left.len() != n {
        Some("predictions and outcomes must be of one length, and not empty")
    } else if p_no_gift.iter().any(|p| !(0.0..=1.0).contains(p)) {
        Some("predictions must be probabilities from 0 to 1")
    } else if !(0.0..=1.0).contains(&capacity) || capacity == 0.0 {
        Some("capacity must be a share above 0, at most 1")
    } else {
        None
    };
    if let Some(why) = wrong {
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    let rows = n as f64;
    let lost = left.iter().filter(|&&y| y).count() as f64;
    let base_rate = lost / rows;
    let pairs = || p_no_gift.iter().copied().zip(left.iter().copied());
    let as_number = |y: bool| f64::from(u8::from(y));
    let logits: Vec<f64> =
        p_no_gift.iter().map(|p| p.clamp(NEAREST, 1.0 - NEAREST)).map(|p| (p / (1.0 - p)).ln()).collect();
    let mut bins = [CalibrationBin::default(); 10];
    for (p, y) in pairs() {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        bin.predicted += p;
        bin.observed += as_number(y);
        bin.rows += 1;
    }
    let mut calibration: Vec<CalibrationBin> = bins.into_iter().filter(|bin| bin.rows > 0).collect();
    for bin in &mut calibration {
        bin.predicted /= bin.rows as f64;
        bin.observed /= bin.rows as f64;
    }
    let order = ranked(p_no_gift);
    let called = ((rows * capacity).ceil() as usize).clamp(1, n);
    let found = order.iter().take(called).filter(|&&row| left[row as usize]).count() as f64 / called as f64;
    Ok(Evaluation {
        rows: n as u64,
        base_rate,
        auc: auc(&order, p_no_gift, left, |_| 1.0),
        log_loss: pairs().map(|(p, y)| log_loss(p, y)).sum::<f64>() / rows,
        brier: pairs().map(|(p, y)| (p - as_number(y)).powi(2)).sum::<f64>() / rows,
        calibration_slope: Logistic::fit(&logits, left).map(|line| line.slope),
        bias: p_no_gift.iter().sum::<f64>() / rows - base_rate,
        calibration,
        lift: if base_rate > 0.0 { found / base_rate } else { 1.0 },
    })
}

/// Rows in order of falling prediction.
pub(super) fn ranked(p: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..p.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| p[b as usize].total_cmp(&p[a as usize]).then(a.cmp(&b)));
    order
}

/// The weighted area under the curve, over rows in order of falling prediction.
pub(super) fn auc(order: &[u32], p: &[f64], left: &[bool], weight: impl Fn(usize) -> f64) -> f64 {
    let (mut lost, mut kept, mut area) = (0.0, 0.0, 0.0);
    let mut at = 0;
    while at < order.len() {
        let tie = p[order[at] as usize];
        let (mut tied_lost, mut tied_kept) = (0.0, 0.0);
        while at < order.len() && p[order[at] as usize].total_cmp(&tie).is_eq() {
            let row = order[at] as usize;
            *(if left[row] { &mut tied_lost } else { &mut tied_kept }) += weight(row);
            at += 1;
        }
        area += tied_kept * (lost + 0.5 * tied_lost);
        lost += tied_lost;
        kept += tied_kept;
    }
    if lost > 0.0 && kept > 0.0 { area / (lost * kept) } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand.
    #[test]
    fn known_figures() {
        let p = [0.1, 0.4, 0.35, 0.8, 0.8, 0.65, 0.2, 0.9];
        let y = [false, false, true, true, false, true, false, true];
        let found = evaluate(&p, &y, 0.25).unwrap();
        // Pairs by hand: 16 in all; .35 beats 2, .8 beats 3 and ties 1, .65 beats 3, .9 beats 4.
        assert!((found.auc - 12.5 / 16.0).abs() < 1e-15, "{found:?}");
        let loss: f64 = -[0.9_f64, 0.6, 0.35, 0.8, 0.2, 0.65, 0.8, 0.9].iter().map(|p| p.ln()).sum::<f64>() / 8.0;
        assert!((found.log_loss - loss).abs() < 1e-12);
        let brier = (0.01 + 0.16 + 0.4225 + 0.04 + 0.64 + 0.1225 + 0.04 + 0.01) / 8.0;
        assert!((found.brier - brier).abs() < 1e-12);
        // The two ranked first: .9 (left) and a tie at .8, the earlier row first (left).
        assert!((found.lift - 2.0).abs() < 1e-12 && (found.bias - (4.2 / 8.0 - 0.5)).abs() < 1e-12);
        assert_eq!(found.calibration.iter().map(|bin| bin.rows).sum::<u64>(), 8);
    }

    #[test]
    fn one_outcome_only() {
        let found = evaluate(&[0.2, 0.9], &[false, false], 1.0).unwrap();
        assert_eq!((found.auc, found.lift, found.calibration_slope), (0.5, 1.0, None));
        for (p, y, capacity) in [(&[0.5][..], &[][..], 0.1), (&[1.5], &[true], 0.1), (&[0.5], &[true], 0.0)] {
            assert_eq!(evaluate(p, y, capacity).unwrap_err().code(), "invalid_input");
        }
    }
}
