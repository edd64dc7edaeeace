//! `etl`: the charity's tables become facts in the analytics file.

use crate::arguments::{Arguments, Etl};
use crate::bars::Bars;
use crate::config::Config;
use crate::interrupt;
use crate::screen::{Screen, json};
use dermawan::etl::{self, Mode};
use dermawan::sample::SampleOptions;
use dermawan::source::Source;
use dermawan::{Error, ErrorKind, Result};
use serde::Serialize;
use std::process::ExitCode;

/// Loads, and prints the report; with `--json` an error is JSON on standard output too.
pub(crate) fn run(arguments: &Arguments, options: &Etl) -> Result<ExitCode> {
    let outcome = load(arguments, options);
    if let (Err(error), true) = (&outcome, options.json) {
        Screen::stdout().line(json(&Failed { error })?)?;
    }
    outcome
}

#[derive(Serialize)]
struct Failed<'a> {
    error: &'a Error,
}

fn load(arguments: &Arguments, options: &Etl) -> Result<ExitCode> {
    let config = Config::load(arguments.config.as_deref())?;
    let as_of = config.as_of(arguments.as_of)?;
    let mut source: Box<dyn Source> = if options.sample {
        let usual = SampleOptions::demo();
        Box::new(super::sample(usual.seed, usual.donors, as_of)?)
    } else {
        config.source()?.ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "no source is configured")
                .hint("add [database] or [files] to dermawan.toml, or try `dermawan-bot etl --sample`")
        })?
    };
    interrupt::listen()?;
    let analytics = match super::open_or_create(&config) {
        Ok(analytics) => analytics,
        // A sample would replace what a server serves, and losses are nothing to be accepted from afar.
        Err(error) if error.kind() == ErrorKind::StoreLocked && !options.sample && !options.accept_losses => {
            let path = format!("/api/etl?full={}", options.full);
            let Some(answer) = crate::server::ask(&config.store_path(), "POST", &path) else { return Err(error) };
            let report: etl::Report = serde_json::from_str(&answer?)
                .map_err(|cause| Error::unreadable(ErrorKind::Io, "the server's answer", &cause))?;
            return show(&report, options);
        }
        Err(error) => return Err(error),
    };
    let rules = &analytics.settings().etl;
    let rules = etl::Options {
        mode: if options.full { Mode::Full } else { rules.mode },
        accept_losses: options.accept_losses || rules.accept_losses,
        ..rules.clone()
    };
    tracing::info!(source = source.label(), %as_of, "load begins");
    let mut bars = Bars::new();
    let report = analytics.load_with(&mut *source, &rules, as_of, &mut |progress| bars.show(progress))?;
    tracing::info!(run = report.run, rows = report.rows_read(), rejected = report.rejected(), "load done");
    show(&report, options)
}

fn show(report: &etl::Report, options: &Etl) -> Result<ExitCode> {
    let mut screen = Screen::stdout();
    if options.json {
        screen.line(json(report)?)?;
    } else {
        screen.line(report.to_string().trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
