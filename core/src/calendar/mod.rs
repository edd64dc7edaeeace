//! Room calendar.
