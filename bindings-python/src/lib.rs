//! Python window of Dermawan: convert, call, map the error. The package around it is in `python/dermawan`.
#![allow(missing_docs, reason = "pyo3's macros write undocumented items; the functions themselves are documented")]
#![allow(clippy::needless_pass_by_value, reason = "pyo3 decides what it hands over")]

mod analyses;
mod analytics;
mod anomaly;
mod chart;
mod churn;
mod columns;
mod door;
mod forecast;

#[pyo3::pymodule]
mod _dermawan {
    #[pymodule_export]
    use crate::analyses::{
        cash_flow, churn_score, expense_anomalies, explain_forecast, forecast, forecast_backtest, lifetime_value,
        segments, unusual_transactions,
    };
    #[pymodule_export]
    use crate::analytics::Analytics;
    #[pymodule_export]
    use crate::anomaly::{Stream, generalised_esd, income_anomalies, screen, unusual_gifts};
    #[pymodule_export]
    use crate::chart::{chart_png, chart_svg};
    #[pymodule_export]
    use crate::churn::{churn_backtest, churn_evaluate, churn_fit, churn_predict, retention, rfm, standings};
    #[pymodule_export]
    use crate::columns::Columns;
    #[pymodule_export]
    use crate::forecast::{forecast_many, next_gift, simulate_cash_flow};

    /// The version of the library.
    #[pyo3::pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
