//! Room churn.
