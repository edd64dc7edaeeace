//! The robust detector: several series of monthly values judged together, every month by all others.

mod adjust;
mod noise;
mod odd;
mod predict;

pub use adjust::Structure;

use crate::calendar::hijri::Overrides;
use crate::model::Month;
pub(super) use predict::median;

use adjust::{Adjusted, adjust, ramadan_share};
use predict::Model;

/// One series of positive values, a month each.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// The month of the first value.
    pub(super) first: Month,
    /// Logarithms; `None` where there is nothing to judge or to learn from.
    pub(super) logs: Vec<Option<f64>>,
    /// The months to judge, ascending.
    pub(super) judged: Vec<usize>,
}

/// From where on a month is strange.
#[derive(Clone, Copy, Debug)]
pub(super) enum Threshold {
    /// By its chance: noise alone is as far out more rarely than this.
    Chance(f64),
    /// By what it is: something else than noise with more than this probability.
    Odd(f64),
}

/// What is said about one month.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    /// Which of the series.
    pub(super) series: usize,
    /// Which of its months.
    pub(super) month: usize,
    /// How probable a value as far out is, by noise alone.
    pub(super) p_value: f64,
    /// Median and the ends of what would not have been strange, as amounts.
    pub(super) expected: [f64; 3],
}

/// A level shift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    /// Which of the series.
    pub(super) series: usize,
    /// The first month of the new level.
    pub(super) month: Month,
    /// The new level over the old one.
    pub(super) factor: f64,
}

/// What was found in all series.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    /// Months past their threshold.
    pub(super) strange: Vec<Verdict>,
    /// Level shifts.
    pub(super) shifts: Vec<Shift>,
    /// The structure of each series.
    pub(super) structures: Vec<Structure>,
}

/// Judges months. `threshold(n)` is that of a series of n months.
pub(super) fn judge(histories: &[History], threshold: impl Fn(usize) -> Threshold, overrides: &Overrides) -> Findings {
    let mut findings = Findings::default();
    let mut adjusted: Vec<Adjusted> = Vec::with_capacity(histories.len());
    let mut places: Vec<Vec<usize>> = Vec::with_capacity(histories.len());
    for (series, history) in histories.iter().enumerate() {
        let place: Vec<usize> = (0..history.logs.len()).filter(|&i| history.logs[i].is_some()).collect();
        let values: Vec<f64> = history.logs.iter().copied().flatten().collect();
        // With gaps there is no telling a season from what is missing.
        let found = if place.len() == history.logs.len() {
            adjust(&values, history.first, &ramadan_share(history.first, values.len(), overrides))
        } else {
            Adjusted::flat(&values)
        };
        for &(month, step) in &found.shifts {
            findings.shifts.push(Shift { series, month, factor: step.exp() });
        }
        findings.structures.push(found.structure);
        adjusted.push(found);
        places.push(place);
    }
    let values: Vec<Vec<f64>> = adjusted.iter().map(|adjusted| adjusted.values.clone()).collect();
    let model = Model::new(&values);
    for (series, history) in histories.iter().enumerate() {
        let chosen: Vec<usize> =
            history.judged.iter().filter_map(|month| places[series].binary_search(month).ok()).collect();
        let threshold = threshold(values[series].len());
        for (&at, tail) in chosen.iter().zip(model.tails(series, &chosen)) {
            let p_value = tail.p_value();
            let strange = match threshold {
                Threshold::Chance(level) => p_value < level,
                Threshold::Odd(probability) => tail.odd > probability,
            };
            if strange {
                let ends = match threshold {
                    Threshold::Chance(level) => model.quantiles(series, at, level),
                    Threshold::Odd(probability) => model.ordinary(series, at, probability),
                };
                let expected = ends.map(|end| adjusted[series].restore(at, end).exp());
                let month = places[series][at];
                findings.strange.push(Verdict { series, month, p_value, expected });
            }
        }
    }
    findings
}
