//! How to forecast.

use crate::calendar::hijri::Overrides;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Month;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A forecasting method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// The average of several models that err in different places; which ones, depends on how many months there are and
    /// how many of them are empty, and from 13 months on those weigh more that would have forecast the past months better.
    /// Needs 3 months.
    #[default]
    Auto,
    /// The least-squares line through all months. Needs 3. In the combination: the line of the seasonally adjusted series,
    /// deviations from it fading.
    Ols,
    /// The average of the last [`Options::window`] months, or of all when there are fewer. Needs 1.
    MovingAverage,
    /// The average of all months. Needs 1.
    Average,
    /// The last month. Needs 1.
    Naive,
    /// The same month of the last year. Needs 12.
    SeasonalNaive,
    /// The last month, and the average change a month so far. Needs 2.
    Drift,
    /// Simple exponential smoothing (Brown 1959), its weight estimated. Needs 2.
    Ses,
    /// Exponential smoothing with error, trend and season chosen by Akaike's corrected criterion (Hyndman, Koehler, Snyder & Grose 2002).
    Ets,
    /// All its forms, averaged by Akaike weights (Burnham & Anderson 2002; Kolassa 2011). Needs 5.
    EtsAverage,
    /// A damped trend (Gardner & `McKenzie` 1985) of the seasonally adjusted series.
    DampedTrend,
    /// The Theta method (Assimakopoulos & Nikolopoulos 2000). Needs 4.
    Theta,
    /// The Theta method with the structural model's season, on logarithms where these fit. Needs 4.
    AdjustedTheta,
    /// The dynamic optimised Theta model (Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler 2016). Needs 4.
    #[serde(rename = "dynamic_optimised_theta")]
    DynamicTheta,
    /// A local level with a shrunken season, a drift and regressors (Harvey 1989; Miller & Williams 2003). Needs 1.
    Structural,
    /// Deviations from a line that fade (an autoregression of order 1), seasonally adjusted. Needs 3.
    Reversion,
    /// Croston's method for series with many zeros (Croston 1972).
    Croston,
    /// The same without its bias (Syntetos & Boylan 2005).
    CrostonSba,
    /// The same where gifts may stop (Teunter, Syntetos & Babai 2011).
    Tsb,
}

impl Method {
    /// Whether the method works on the series itself, as published, and not on what the structural model leaves of it.
    pub(super) const fn is_published(self) -> bool {
        !matches!(self, Self::Auto | Self::Structural | Self::DampedTrend | Self::AdjustedTheta | Self::Reversion)
    }

    /// The name in options and tables, such as `seasonal_naive`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ols => "ols",
            Self::MovingAverage => "moving_average",
            Self::Average => "average",
            Self::Naive => "naive",
            Self::SeasonalNaive => "seasonal_naive",
            Self::Drift => "drift",
            Self::Ses => "ses",
            Self::Ets => "ets",
            Self::EtsAverage => "ets_average",
            Self::DampedTrend => "damped_trend",
            Self::Theta => "theta",
            Self::AdjustedTheta => "adjusted_theta",
            Self::DynamicTheta => "dynamic_optimised_theta",
            Self::Structural => "structural",
            Self::Reversion => "reversion",
            Self::Croston => "croston",
            Self::CrostonSba => "croston_sba",
            Self::Tsb => "tsb",
        }
    }
}

/// Something known of each month beside the series, such as a price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regressor {
    /// What to call it in the explanation.
    pub name: String,
    /// The month of the first value.
    pub first: Month,
    /// One value a month, in any unit; it must cover the series. Where it ends before the months ahead do, its last value
    /// is held, and a note says so ([`Note::RegressorHeld`](super::Note::RegressorHeld)).
    pub values: Vec<f64>,
}

impl Regressor {
    /// The value of a month.
    pub(super) fn at(&self, month: Month) -> Option<f64> {
        let place = month.since(self.first);
        usize::try_from(place).ok().and_then(|place| self.values.get(place)).copied()
    }

    /// The value of a month, the last one after the end; zero before the first and without any.
    pub(super) fn held(&self, month: Month) -> f64 {
        let last = self.values.last().filter(|_| month.since(self.first) >= 0);
        self.at(month).or_else(|| last.copied()).unwrap_or(0.0)
    }

    /// Its largest size, by which it is divided; 1 for a column of zeros.
    pub(super) fn size(&self) -> f64 {
        let largest = self.values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if largest > 0.0 { largest } else { 1.0 }
    }
}

/// Something that happened, or will happen, in certain months and in no other, such as a campaign or a flood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What to call it in the explanation.
    pub name: String,
    /// Its months, past or to come. Its effect is learned from the past ones.
    pub months: Vec<Month>,
}

/// How to forecast a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The method; [`Method::Auto`] by default.
    pub method: Method,
    /// The share of future months that an interval should hold, above 0 and below 1. The default 0.95 is the custom of
    /// the field.
    pub level: f64,
    /// Points and bounds stop at zero. It has no effect on a series that has a negative month, such as net flows.
    /// On by default: gifts and expenses are never negative.
    pub non_negative: bool,
    /// Months that a moving average looks back on, at least 1. The default 6 is half a year: long enough to even out
    /// one odd month, short enough to follow prices.
    pub window: usize,
    /// Whether to look for what Ramadan, Idul Fitri, Idul Adha, Muharram and Ashura do, and to use it where it has
    /// forecast better; on by default. `ols` and `moving_average` never do. A single model then sees the series less the
    /// calendar's effect, which is added again; the textbook's numbers of that model are those with `false`.
    pub hijri: bool,
    /// First days of Hijri months that were announced otherwise than Umm al-Qura has them.
    pub hijri_overrides: Overrides,
    /// What else is known of each month.
    pub regressors: Vec<Regressor>,
    /// What happened, or will happen, in single months.
    pub events: Vec<Event>,
    /// Months of the series whose value is not known, whatever stands there: they are left open, not taken for zero.
    pub missing: Vec<Month>,
    /// The date the series was made; months that were not over then are left out. None by default: all months are whole.
    pub as_of: Option<Date>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Method::default(),
            level: 0.95,
            non_negative: true,
            window: 6,
            hijri: true,
            hijri_overrides: Overrides::default(),
            regressors: Vec::new(),
            events: Vec::new(),
            missing: Vec::new(),
            as_of: None,
        }
    }
}

impl Options {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::new(ErrorKind::InvalidInput, "level must lie between 0 and 1")
                .context("level", self.level)
                .hint("write 0.95 for intervals that hold 95 of 100 months"));
        }
        if self.window == 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "window must be at least one month"));
        }
        for regressor in &self.regressors {
            if regressor.values.iter().any(|value| !value.is_finite()) {
                return Err(Error::new(ErrorKind::InvalidInput, "a regressor has a value that is not a finite number")
                    .context("regressor", &regressor.name));
            }
        }
        Ok(())
    }
}
