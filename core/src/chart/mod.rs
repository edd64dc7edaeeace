//! How to show it: findings become pictures in one style, values in and SVG text (or, with the feature `chart`, PNG
//! bytes) out.
//!
//! A picture is 480 wide, so that it can be read on a telephone without turning it. Colours are those of Okabe & Ito
//! (2008), which people with any kind of colour vision can tell apart, and no colour stands alone: shapes, dashes or words
//! say the same. Every picture carries a title and a description for those who hear it. Texts are escaped, numbers are
//! finite whatever comes in, and the same values give the same bytes on every machine.
//!
//! ```
//! use dermawan::chart::{self, Chart, ForecastChart, Options};
//! use dermawan::{MonthlySeries, forecast};
//! let history = MonthlySeries { first: "2025-10".parse()?, values: vec![5.6e6, 6.1e6, 5.9e6, 6.4e6] };
//! let forecast = forecast::fit(&history, &forecast::Options::default())?.predict(3);
//! let picture = Chart::Forecast(ForecastChart::new(history, forecast));
//! let svg = chart::svg(&picture, &Options::default())?;
//! assert!(svg.starts_with("<svg ") && svg.contains("<title>Perkiraan donasi per bulan</title>"));
//! # Ok::<(), dermawan::Error>(())
//! ```

mod anomalies;
mod axis;
mod canvas;
mod cash_flow;
mod cohorts;
mod forecast;
mod options;
mod plot;
#[cfg(feature = "chart")]
mod png;
mod words;

pub use anomalies::{AnomalyChart, StrangeMonth};
pub use cash_flow::CashFlowChart;
pub use cohorts::CohortChart;
pub use forecast::ForecastChart;
pub use options::Options;
#[cfg(feature = "chart")]
pub use png::png;
pub use words::percent;

use crate::error::Result;
use serde::{Deserialize, Serialize};

/// What to show. In JSON an object with `kind`: `forecast`, `cash_flow`, `cohorts` or `anomalies`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "one is drawn at a time; a box would be in every caller's way")]
pub enum Chart {
    /// Months that were, and months to come.
    Forecast(ForecastChart),
    /// The balance to come, and the chance that it does not suffice.
    CashFlow(CashFlowChart),
    /// How many of the donors who began in a year still give.
    Cohorts(CohortChart),
    /// Months, and those among them that are strange.
    Anomalies(AnomalyChart),
}

/// The picture as SVG, one element without a prologue, so that it can stand in a page or in a file.
///
/// # Errors
///
/// Those of [`Options::validate`]. Values never fail: what is no number is left out, and without any value the picture
/// says that there is nothing to show.
pub fn svg(chart: &Chart, options: &Options) -> Result<String> {
    options.validate()?;
    Ok(match chart {
        Chart::Forecast(chart) => forecast::draw(chart, options),
        Chart::CashFlow(chart) => cash_flow::draw(chart, options),
        Chart::Cohorts(chart) => cohorts::draw(chart, options),
        Chart::Anomalies(chart) => anomalies::draw(chart, options),
    })
}

/// The same in words: the picture's title and its description, for whoever cannot see it.
///
/// # Errors
///
/// Those of [`Options::validate`].
pub fn description(chart: &Chart, options: &Options) -> Result<(String, String)> {
    options.validate()?;
    Ok(match chart {
        Chart::Forecast(chart) => forecast::words(chart, options),
        Chart::CashFlow(chart) => cash_flow::words(chart, options),
        Chart::Cohorts(chart) => cohorts::words(chart, options),
        Chart::Anomalies(chart) => anomalies::words(chart, options),
    })
}

#[cfg(test)]
mod tests;
