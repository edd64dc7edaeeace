//! Room forecast.
