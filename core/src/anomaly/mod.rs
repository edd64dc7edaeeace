//! Room anomaly.
