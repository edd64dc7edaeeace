//! `serve`: the bot on the air, until it is told to stop.

use crate::arguments::{Arguments, Serve};
use crate::clock::Clock;
use crate::config::Config;
use crate::server;
use dermawan::outbox::{Outbox, Sqlite};
use dermawan::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
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
    keep_apart(&*outbox, &config.outbox_path(), options.clock.is_some())?;
    let register = Box::new(super::open_register(&config)?);
    server::run(config, analytics, outbox, register, clock)?;
    Ok(ExitCode::SUCCESS)
}

/// Keeps trials on another time from the real work: a report that was put under another day's key, or a run noted for a
/// month to come, would not be made when its time is there. A trial's outbox has a mark beside it.
fn keep_apart(outbox: &dyn Outbox, path: &Path, trial: bool) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".trial");
    let mark = PathBuf::from(name);
    let refuse = |message: &str, hint: String| {
        Err(Error::new(ErrorKind::Configuration, message).context("file", path.display()).hint(hint))
    };
    let own = "its own outbox.path, server.inbox and store.path in a configuration of its own (--config)";
    match (trial, mark.exists()) {
        (true, true) | (false, false) => Ok(()),
        (true, false) if outbox.counts(None)?.total() > 0 => refuse(
            "--clock is for trials, and this outbox has served at the real time",
            format!("give the trial {own}"),
        ),
        (true, false) => std::fs::write(&mark, "made by serve --clock\n").map_err(|cause| {
            Error::new(ErrorKind::Io, "the mark of a trial cannot be written")
                .context("file", mark.display())
                .caused_by(cause)
        }),
        (false, true) => refuse(
            "this outbox was used with --clock, and what it holds is of another time",
            format!(
                "give the real bot {own}; or, if all of it was a trial, delete the outbox, the inbox and {}",
                mark.display()
            ),
        ),
    }
}
