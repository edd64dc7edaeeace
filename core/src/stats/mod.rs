//! Room stats.
