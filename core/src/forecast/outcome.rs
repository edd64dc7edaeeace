//! What a forecast says.

use super::Method;
use crate::model::{Language, Month};
use serde::{Deserialize, Serialize};

/// One month to come. Values are in the unit of the series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The month.
    pub month: Month,
    /// The expected value of the whole month: the middle of what may come, which makes the least error month by month.
    /// Of skewed months the mean is larger; sums of money want means, and [`cash_flow`](super::cash_flow()) makes them
    /// (Kolassa 2020, International Journal of Forecasting 36).
    pub value: f64,
    /// The interval's lower bound.
    pub lower: f64,
    /// The interval's upper bound.
    pub upper: f64,
}

/// What one month's value is made of, in the unit of the series; the six add up to it. For `ols` and `moving_average`
/// only level and trend are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// Where the series stands at its end, without season and calendar.
    pub level: f64,
    /// How far the trend goes from there.
    pub trend: f64,
    /// What the month of the year adds.
    pub season: f64,
    /// What Ramadan, Idul Fitri, Idul Adha, Muharram and Ashura add.
    pub hijri: f64,
    /// What events and the caller's regressors add.
    pub events: f64,
    /// The rest: what bringing parts and their total together added ([`many`](super::many())). What a limit cut off,
    /// zero or the growth that is believed at most, is taken from the part that went beyond it.
    pub remainder: f64,
}

impl Parts {
    /// Makes the sum `value`: takes what limits added to it from the parts that caused that, the largest of the other sign
    /// first, none past zero, and the rest from the level.
    pub(super) fn limited_to(&mut self, value: f64) {
        let mut left = value - (self.level + self.trend + self.season + self.hijri + self.events);
        let mut others = [&mut self.trend, &mut self.season, &mut self.hijri, &mut self.events];
        others.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
        for part in others {
            if *part * left < 0.0 {
                let taken = if left > 0.0 { left.min(-*part) } else { left.max(-*part) };
                *part += taken;
                left -= taken;
            }
        }
        self.level = value - (self.trend + self.season + self.hijri + self.events);
    }
}

/// One model's share in the forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The model.
    pub method: Method,
    /// Its weight; all weights add up to 1.
    pub weight: f64,
    /// Of `ets`: the form that was chosen, its error, trend and season as letters such as `AAdN` (Hyndman, Koehler,
    /// Snyder & Grose 2002).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
}

impl Share {
    pub(super) const fn of(method: Method) -> Self {
        Self { method, weight: 1.0, form: None }
    }
}

/// What the Hijri calendar does to a series, as far as it was found out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HijriEffect {
    /// The probability, by the one-step forecasts so far, that the calendar matters; below 0.5 it is not used and the
    /// other fields are 0.
    pub relevance: f64,
    /// What a whole Ramadan adds to a month, its last ten days included: as a share of the month (0.5: half as much
    /// again), or in the mean size of the series' months where the series has zeros or negative months.
    pub ramadan: f64,
    /// What the week of Idul Fitri adds, likewise.
    pub idul_fitri: f64,
}

/// Months to come, and how the method arrived at them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The method.
    pub method: Method,
    /// The share of future months that the intervals should hold.
    pub level: f64,
    /// Months in the series.
    pub n: usize,
    /// The months to come, ascending.
    pub points: Vec<Point>,
    /// The share of the variance of the months looked at that the method explains, 0 to 1. It is 1 for a constant
    /// series, which every method here meets exactly, and otherwise 0 for a moving average, which explains no change.
    pub r_squared: f64,
    /// The residual standard deviation in the unit of the series: divisor n − 2 for a line, n − 1 for an average, 0
    /// where one month leaves no residual.
    pub standard_error: f64,
    /// Change a month, of a method that has one.
    pub slope: Option<f64>,
    /// Value at index 0, the first month of the series, of a method that has a slope.
    pub intercept: Option<f64>,
    /// What each point is made of, one entry a point.
    pub parts: Vec<Parts>,
    /// The models that the forecast is the average of.
    pub models: Vec<Share>,
    /// What was found about the Hijri calendar; `None` where it was not looked at.
    pub hijri: Option<HijriEffect>,
    /// What the reader should know.
    pub notes: Vec<Note>,
}

impl Forecast {
    /// R² as a percentage, 0 to 100: what the messages and the HTTP routes call confidence. It says how much the line
    /// explains of the past, not how probable the forecast is; for that read the intervals.
    pub fn confidence(&self) -> f64 {
        self.r_squared * 100.0
    }
}

/// What the reader of a forecast should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// All months are equal: R² is 1 by definition, and the intervals have no width, but for that of the combination below
    /// 24 months, where so few do not show that it stays so.
    Constant,
    /// A predicted value was below zero and is given as zero.
    CutAtZero,
    /// The series has negative months, so the forecast does not stop at zero.
    MayBeNegative,
    /// One month alone says nothing about spread: the bounds equal the value.
    NoInterval,
    /// Fewer than 24 months: little is known of the year's pattern. Below 13 the combination leaves out the models that need a
    /// season estimated before them; below 10 it is the structural model with simple smoothing.
    ShortHistory,
    /// Single months lay far off and came back; they were set aside.
    Spikes,
    /// Months whose value is not known were left open.
    Missing,
    /// Months that were not over yet were left out.
    RunningMonth,
    /// The method asked for cannot be used on this series; the combination was used.
    FellBack,
    /// A regressor of the caller ends before the months ahead do: its last value was held.
    RegressorHeld,
    /// The level moved in one step within the last year and stayed: the months before were brought to the new one.
    NewLevel,
    /// The method knows neither events nor regressors: those of the caller were not used.
    RegressorsUnused,
}

impl Note {
    /// The note as a sentence.
    pub const fn words(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Constant, Language::Id) => "Semua bulan bernilai sama.",
            (Self::Constant, Language::En) => "All months have the same value.",
            (Self::CutAtZero, Language::Id) => "Prediksi di bawah nol ditulis sebagai nol.",
            (Self::CutAtZero, Language::En) => "A prediction below zero is written as zero.",
            (Self::MayBeNegative, Language::Id) => "Ada bulan bernilai negatif, jadi prediksi boleh di bawah nol.",
            (Self::MayBeNegative, Language::En) => "Some months are negative, so the prediction may be below zero.",
            (Self::NoInterval, Language::Id) => "Baru satu bulan, rentang prediksi belum dapat dihitung.",
            (Self::NoInterval, Language::En) => "There is only one month, too few for an interval.",
            (Self::ShortHistory, Language::Id) => {
                "Riwayat kurang dari dua tahun, jadi pola tahunan baru sedikit diketahui."
            }
            (Self::ShortHistory, Language::En) => {
                "There are less than two years of history, so little is known of the year's pattern."
            }
            (Self::Spikes, Language::Id) => "Ada bulan yang sangat menyimpang; bulan itu tidak ikut dihitung.",
            (Self::Spikes, Language::En) => "Some single months lay far off; they were set aside.",
            (Self::Missing, Language::Id) => "Ada bulan tanpa data; bulan itu dibiarkan kosong, bukan nol.",
            (Self::Missing, Language::En) => "Some months have no data; they were left open, not taken for zero.",
            (Self::RunningMonth, Language::Id) => "Bulan yang belum selesai tidak ikut dihitung.",
            (Self::RunningMonth, Language::En) => "A month that was not over yet was left out.",
            (Self::FellBack, Language::Id) => {
                "Metode yang diminta tidak cocok untuk data ini, jadi dipakai gabungan model."
            }
            (Self::FellBack, Language::En) => {
                "The method asked for does not fit this series, so the combination was used."
            }
            (Self::NewLevel, Language::Id) => {
                "Nilainya pindah ke tingkat baru dalam setahun terakhir; bulan-bulan sebelumnya disesuaikan ke tingkat itu."
            }
            (Self::NewLevel, Language::En) => {
                "The series moved to a new level within the last year; the months before were brought to it."
            }
            (Self::RegressorsUnused, Language::Id) => {
                "Metode ini tidak mengenal peristiwa atau data pendamping; keduanya tidak dipakai."
            }
            (Self::RegressorsUnused, Language::En) => {
                "This method knows neither events nor regressors; they were not used."
            }
            (Self::RegressorHeld, Language::Id) => {
                "Data pendamping berakhir sebelum bulan yang diprediksi; nilai terakhirnya dipakai terus."
            }
            (Self::RegressorHeld, Language::En) => {
                "A regressor ends before the months that are predicted; its last value was held."
            }
        }
    }
}
