//! Room sample.
