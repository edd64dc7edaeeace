//! Scales: amounts to heights, months to places.

use crate::model::Month;
use jiff::civil::Date;

/// More than all money that an amount can hold; values beyond are drawn here.
const FARTHEST: f64 = 1e17;

/// From amounts to heights, with ticks at 1, 2 or 5 times a power of ten. Zero is always on it.
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
    top: f64,
    bottom: f64,
}

impl Scale {
    /// A scale over values, of which those that are no numbers are passed over.
    pub(super) fn over(values: impl IntoIterator<Item = f64>, most_ticks: usize) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            low = low.min(value.max(-FARTHEST));
            high = high.max(value.min(FARTHEST));
        }
        let step = step(high - low, most_ticks.max(2));
        // A whole number of steps on either side.
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self { low, high: if high > low { high } else { low + step }, step, top: 0.0, bottom: 1.0 }
    }

    /// The same between two heights.
    pub(super) fn between(self, top: f64, bottom: f64) -> Self {
        Self { top, bottom, ..self }
    }

    /// The height of a value; the end of the scale for what lies beyond.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        self.bottom - share * (self.bottom - self.top)
    }

    pub(super) fn ticks(&self) -> Vec<f64> {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).map(|i| self.low + self.step * i as f64).collect()
    }
}

/// The smallest 1-2-5 step, one rupiah at least, that covers a range in at most so many steps. One more may be needed,
/// because both ends move outward to a whole step.
fn step(range: f64, most: usize) -> f64 {
    let mut power = 1.0;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            let step = factor * power;
            if step * most as f64 >= range {
                return step;
            }
        }
        power *= 10.0;
    }
}

/// From months to places, one slot a month.
pub(super) struct Months {
    first: Month,
    count: usize,
    left: f64,
    right: f64,
}

impl Months {
    pub(super) fn new(first: Month, count: usize, left: f64, right: f64) -> Self {
        Self { first, count: count.max(1), left, right }
    }

    pub(super) fn slot(&self) -> f64 {
        (self.right - self.left) / self.count as f64
    }

    /// The middle of a month's slot.
    pub(super) fn at(&self, month: Month) -> f64 {
        self.left + (f64::from(month.since(self.first)) + 0.5) * self.slot()
    }

    /// Where a day begins, inside the axis.
    pub(super) fn day(&self, day: Date) -> f64 {
        let month = Month::of(day);
        let share = f64::from(day.day() - 1) / f64::from(month.days());
        let place = self.left + (f64::from(month.since(self.first)) + share) * self.slot();
        place.clamp(self.left, self.right)
    }

    pub(super) fn last(&self) -> Month {
        self.first + (self.count as i32 - 1)
    }

    /// The months that are labelled, so far apart that labels of that width do not touch: every one, or those that a
    /// year divides into.
    pub(super) fn labelled(&self, width: f64) -> Vec<Month> {
        let apart = [1, 2, 3, 6, 12, 24, 60, 120];
        let step = apart.into_iter().find(|&step| f64::from(step) * self.slot() >= width).unwrap_or(240);
        let place = |month: Month| i32::from(month.year()) * 12 + i32::from(month.number()) - 1;
        self.first.through(self.last()).filter(|&month| place(month) % step == 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_one_two_or_five() {
        let ticks = |values: &[f64]| Scale::over(values.iter().copied(), 5).ticks();
        assert_eq!(ticks(&[9.4e6]), [0.0, 2e6, 4e6, 6e6, 8e6, 10e6]);
        assert_eq!(ticks(&[-3e6, 11e6]), [-5e6, 0.0, 5e6, 10e6, 15e6]);
        assert_eq!(ticks(&[]), [0.0, 1.0]);
        assert_eq!(ticks(&[f64::NAN, 4.0, f64::INFINITY]), [0.0, 1.0, 2.0, 3.0, 4.0]);
    }

    proptest! {
        #[test]
        fn every_value_lies_on_the_sheet(values in prop::collection::vec(any::<f64>(), 0..9), most in 0_usize..12) {
            let scale = Scale::over(values.iter().copied(), most).between(10.0, 200.0);
            let ticks = scale.ticks();
            prop_assert!((2..=most.max(2) + 2).contains(&ticks.len()), "{ticks:?}");
            prop_assert!(ticks.contains(&0.0), "{ticks:?}");
            for value in values.into_iter().filter(|value| value.is_finite()).chain(ticks) {
                prop_assert!((10.0..=200.0).contains(&scale.at(value)));
            }
        }
    }
}
