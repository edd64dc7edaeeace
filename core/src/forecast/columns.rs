//! What the calendar and the caller know of each month: the columns of the regressors.

use super::options::{Event, Options, Regressor};
use crate::calendar::hijri::{MonthFeatures, Overrides};
use crate::model::Month;

/// A full period in days, by which the days of a month are divided: the effect of a column is that of the whole period.
const RAMADAN_DAYS: f64 = 30.0;
const LAST_TEN_DAYS: f64 = 10.0;
const FITRI_DAYS: f64 = 7.0;
const ADHA_DAYS: f64 = 4.0;
const MUHARRAM_DAYS: f64 = 30.0;

/// Which Hijri periods a model looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Periods {
    /// None.
    None,
    /// Ramadan, its last ten days, the week of Idul Fitri.
    Ramadan,
    /// These, and Idul Adha, Muharram and Ashura.
    All,
}

impl Periods {
    /// How many columns.
    pub(super) const fn count(self) -> usize {
        match self {
            Self::None => 0,
            Self::Ramadan => 3,
            Self::All => 6,
        }
    }
}

/// The values of all columns for a run of months: events, regressors of the caller, Hijri periods, in this order.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    first: Month,
    events: Vec<Event>,
    regressors: Vec<Regressor>,
    overrides: Overrides,
    periods: Periods,
    values: Vec<Vec<f64>>,
}

impl Columns {
    /// The columns of `months` months from `first` on.
    pub(super) fn new(first: Month, months: usize, options: &Options) -> Self {
        let mut columns = Self {
            first,
            events: options.events.clone(),
            regressors: options.regressors.clone(),
            overrides: options.hijri_overrides.clone(),
            periods: if options.hijri { Periods::All } else { Periods::None },
            values: Vec::new(),
        };
        columns.values = vec![Vec::with_capacity(months); columns.given() + columns.periods.count()];
        columns.extend(months);
        columns
    }

    /// Makes all columns at least so long.
    pub(super) fn extend(&mut self, months: usize) {
        let there = self.values.first().map_or(months, Vec::len);
        for t in there..months {
            let month = self.first + t as i32;
            let row: Vec<f64> = self.row(month).collect();
            for (column, value) in self.values.iter_mut().zip(row) {
                column.push(value);
            }
        }
    }

    fn row(&self, month: Month) -> impl Iterator<Item = f64> {
        let events = self.events.iter().map(move |event| f64::from(u8::from(event.months.contains(&month))));
        let regressors = self.regressors.iter().map(move |regressor| regressor.held(month) / regressor.size());
        let hijri = match self.periods {
            Periods::None => [0.0; 6],
            _ => hijri(month, &self.overrides),
        };
        events.chain(regressors).chain(hijri.into_iter().take(self.periods.count()))
    }

    /// How many months are there; without any column as many as one likes.
    pub(super) fn months(&self) -> usize {
        self.values.first().map_or(usize::MAX, Vec::len)
    }

    /// Whether nothing is known of any month.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many columns are the caller's own.
    pub(super) fn given(&self) -> usize {
        self.events.len() + self.regressors.len()
    }

    /// The columns of a model that looks at these periods.
    pub(super) fn with(&self, periods: Periods) -> &[Vec<f64>] {
        &self.values[..self.values.len().min(self.given() + periods.count())]
    }

    /// Whether the Hijri calendar is looked at.
    pub(super) fn has_hijri(&self) -> bool {
        self.periods != Periods::None
    }
}

/// Shares of the Hijri periods that lie in a month; a whole period is 1.
fn hijri(month: Month, overrides: &Overrides) -> [f64; 6] {
    let features = MonthFeatures::of(month, overrides);
    [
        f64::from(features.ramadan) / RAMADAN_DAYS,
        f64::from(features.ramadan_last10) / LAST_TEN_DAYS,
        f64::from(features.shawwal1_7) / FITRI_DAYS,
        f64::from(features.eidadha) / ADHA_DAYS,
        f64::from(features.muharram) / MUHARRAM_DAYS,
        f64::from(features.ashura),
    ]
}
