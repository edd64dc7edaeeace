//! What a forecast says.

use super::Method;
use crate::model::{Language, Month};
use serde::{Deserialize, Serialize};

/// One month to come. Values are in the unit of the series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The month.
    pub month: Month,
    /// The expected value of the whole month.
    pub value: f64,
    /// The interval's lower bound.
    pub lower: f64,
    /// The interval's upper bound.
    pub upper: f64,
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
    /// All months are equal: the intervals have no width, and R² is 1 by definition.
    Constant,
    /// A predicted value was below zero and is given as zero.
    CutAtZero,
    /// The series has negative months, so the forecast does not stop at zero.
    MayBeNegative,
    /// One month alone says nothing about spread: the bounds equal the value.
    NoInterval,
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
        }
    }
}
