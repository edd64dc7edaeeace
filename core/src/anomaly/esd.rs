//! Several outliers at once in one sample (generalised ESD).

use crate::error::{Error, ErrorKind, Result};
use crate::stats::{mean, sample_sd, student_t};
use serde::{Deserialize, Serialize};

/// One step of the test: the value farthest from the mean of those not yet taken out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EsdStep {
    /// Place of the value in the sample.
    pub index: usize,
    /// Its distance from the mean in sample standard deviations.
    pub statistic: f64,
    /// What the distance has to exceed.
    pub critical: f64,
}

/// The outcome of [`generalised_esd`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Esd {
    /// Places of the outliers, the farthest first.
    pub outliers: Vec<usize>,
    /// All steps, for the table that Rosner prints.
    pub steps: Vec<EsdStep>,
}

/// Rosner's generalised extreme studentised deviate test (1983, "Percentage points for a generalized ESD many-outlier
/// procedure", Technometrics 25): up to `most` outliers among about normal values, with `level` the chance of finding any
/// where there is none. An outlier that hides behind a larger one is found. Good from 25 values on, fair from 15.
///
/// ```
/// use dermawan::anomaly::generalised_esd;
/// let values: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 11)).chain([60.0, 61.0]).collect();
/// assert_eq!(generalised_esd(&values, 5, 0.05)?.outliers, [31, 30]);
/// # Ok::<(), dermawan::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_input` for a level outside of 0 to 0.5, values that are not finite or beyond ±10¹⁰⁰, and fewer than two values
/// more than `most`.
pub fn generalised_esd(values: &[f64], most: usize, level: f64) -> Result<Esd> {
    let wrong = |why: &str| Err(Error::new(ErrorKind::InvalidInput, why));
    if !(level > 0.0 && level <= 0.5) {
        return wrong("level must be above 0 and at most 0.5");
    }
    if values.iter().any(|value| value.is_nan() || value.abs() > crate::stats::LARGEST) {
        return wrong("the values must be finite");
    }
    if values.len() < most.saturating_add(2) {
        return wrong("there must be at least two values more than outliers that are looked for");
    }
    let mut left: Vec<usize> = (0..values.len()).collect();
    let mut esd = Esd::default();
    let mut last = 0;
    for step in 1..=most {
        let sample: Vec<f64> = left.iter().map(|&i| values[i]).collect();
        let (Some(centre), Some(sd)) = (mean(&sample), sample_sd(&sample)) else { break };
        if sd <= 0.0 {
            break;
        }
        let n = left.len() as f64;
        let Some(t) = student_t(1.0 - level / (2.0 * n), n - 2.0) else { break };
        let critical = (n - 1.0) * t / ((n - 2.0 + t * t) * n).sqrt();
        let mut farthest = 0;
        for place in 1..left.len() {
            if (values[left[place]] - centre).abs() > (values[left[farthest]] - centre).abs() {
                farthest = place;
            }
        }
        let index = left.remove(farthest);
        let statistic = (values[index] - centre).abs() / sd;
        if statistic > critical {
            last = step;
        }
        esd.steps.push(EsdStep { index, statistic, critical });
    }
    esd.outliers = esd.steps[..last].iter().map(|step| step.index).collect();
    Ok(esd)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosner's example (1983, table 1), with the statistics and critical values of the NIST/SEMATECH handbook, 1.3.5.17.3,
    /// which cuts them after the third decimal.
    #[test]
    fn rosner() {
        let values = [
            -0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69,
            1.70, 1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37,
            2.40, 2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42,
            6.01,
        ];
        let esd = generalised_esd(&values, 10, 0.05).unwrap();
        assert_eq!(esd.outliers, [53, 52, 51]);
        let expected = [
            (3.118, 3.158),
            (2.942, 3.151),
            (3.179, 3.143),
            (2.810, 3.136),
            (2.815, 3.128),
            (2.848, 3.120),
            (2.279, 3.111),
            (2.310, 3.103),
            (2.101, 3.094),
            (2.067, 3.085),
        ];
        for (step, (statistic, critical)) in esd.steps.iter().zip(expected) {
            assert!((step.statistic - statistic).abs() < 1.1e-3, "{step:?}");
            assert!((step.critical - critical).abs() < 1.1e-3, "{step:?}");
        }
    }

    #[test]
    fn refuses_and_survives() {
        for (values, most, level) in [
            (&[1.0, f64::NAN, 3.0, 4.0][..], 1, 0.05),
            (&[1.0, 2.0], 1, 0.05),
            (&[1.0, 2.0, 3.0], 1, 0.0),
            (&[1.0, 2.0, 3.0], usize::MAX, 0.05),
        ] {
            assert_eq!(generalised_esd(values, most, level).unwrap_err().code(), "invalid_input");
        }
        assert!(generalised_esd(&[5.0; 9], 3, 0.05).unwrap().outliers.is_empty());
    }
}
