//! Room bot.
