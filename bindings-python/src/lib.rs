//! Python window of Dermawan: convert, call, map the error. The package around it is in `python/dermawan`.
#![allow(missing_docs, reason = "pyo3's macros write undocumented items; the functions themselves are documented")]
#![allow(clippy::needless_pass_by_value, reason = "pyo3 decides what it hands over")]
#![allow(clippy::needless_lifetimes, clippy::elidable_lifetime_names, reason = "pyo3's macros need the name")]

mod analyses;
mod analytics;
mod anomaly;
mod chart;
mod churn;
mod columns;
mod door;
mod forecast;
mod inbox;
mod outbox;
mod register;
mod schedule;
mod transport;

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
    use crate::anomaly::{Stream, benford, generalised_esd, income_anomalies, screen, sequence_gaps, unusual_gifts};
    #[pymodule_export]
    use crate::chart::{chart_png, chart_svg};
    #[pymodule_export]
    use crate::churn::{
        churn_backtest, churn_evaluate, churn_fit, churn_outlook, churn_predict, fit_spending, predict_spending,
        recommend, recommend_by_rule, retention, rfm, standings,
    };
    #[pymodule_export]
    use crate::columns::Columns;
    #[pymodule_export]
    use crate::forecast::{
        cash_flow_ahead, forecast_many, next_gift, next_gifts, simulate_cash_flow, simulate_cash_flow_by_category,
    };

    #[pymodule_export]
    use crate::inbox::Inbox;
    #[pymodule_export]
    use crate::outbox::{Outbox, Worker};
    #[pymodule_export]
    use crate::register::Register;
    #[pymodule_export]
    use crate::schedule::{Runs, due, missed_report};
    #[pymodule_export]
    use crate::transport::{Transport, cloud_answer, cloud_challenge, fonnte_answer, parse_number, read_sender};

    /// The version of the library.
    #[pyo3::pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
