//! `serve`: the bot on the air, until it is told to stop.

use crate::arguments::{Arguments, Serve};
use crate::clock::Clock;
use crate::config::Config;
use crate::server;
use dermawan::outbox::{Outbox, Sqlite};
use dermawan::register::{Key, SqliteRegister};
use dermawan::{Error, ErrorKind, Result};
use std::process::ExitCode;
use std::sync::Arc;

/// Opens everything, checks it, and serves.
pub(crate) fn run(arguments: &Arguments, options: &Serve) -> Result<ExitCode> {
    let config = Config::load(arguments.config.as_deref())?;
    server::check(&config)?;
    let clock = match options.clock {
        Some(time) => server::pretend(&config, time)?,
        None => Clock::default(),
    };
    let analytics = super::open_or_create(&config)?;
    let outbox: Arc<dyn Outbox> = Arc::new(Sqlite::open(config.outbox_path())?);
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| Error::new(ErrorKind::Io, "the system has no secure randomness"))?;
    // Used when the file is new; afterwards its own counts.
    let rules = analytics.settings().register;
    let register = Box::new(SqliteRegister::open(config.outbox_path(), rules, &Key::new(key))?);
    server::run(config, analytics, outbox, register, clock)?;
    Ok(ExitCode::SUCCESS)
}
