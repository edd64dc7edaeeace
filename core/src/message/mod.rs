//! Room message.
