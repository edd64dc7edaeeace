//! `serve`: the bot on the air, until it is told to stop.

use crate::arguments::Arguments;
use crate::config::Config;
use crate::server;
use dermawan::Result;
use dermawan::outbox::{Outbox, Sqlite};
use std::process::ExitCode;
use std::sync::Arc;

/// Opens everything, checks it, and serves.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let config = Config::load(arguments.config.as_deref())?;
    server::check(&config)?;
    let analytics = super::open_or_create(&config)?;
    let outbox: Arc<dyn Outbox> = Arc::new(Sqlite::open(config.outbox_path())?);
    server::run(config, analytics, outbox)?;
    Ok(ExitCode::SUCCESS)
}
