//! Logs go to standard error; no personal data and no secrets are put into them.

use dermawan::{Error, ErrorKind, Result};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

/// Starts logging what the filter lets through: the option's, else that of `RUST_LOG`, else warnings. A server logs what it
/// does, too, and in lines of JSON.
pub(crate) fn start(option: Option<&str>, server: bool) -> Result<()> {
    let filter = option
        .map(str::to_owned)
        .or_else(|| std::env::var("RUST_LOG").ok())
        .unwrap_or_else(|| if server { "info" } else { "warn" }.into());
    let filter = EnvFilter::try_new(filter).map_err(|cause| {
        Error::new(ErrorKind::InvalidInput, "the log filter cannot be read")
            .hint("write a level such as info, or dermawan_bot=debug")
            .caused_by(cause)
    })?;
    if server {
        tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(stderr).init();
        return Ok(());
    }
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(stderr().is_terminal()).init();
    Ok(())
}
