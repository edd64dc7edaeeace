//! `doctor`: looks at everything the other commands need, and says what to mend.

use crate::arguments::{Arguments, Doctor};
use crate::clock;
use crate::config::Config;
use crate::failure::message;
use crate::screen::{Screen, json};
use crate::server;
use dermawan::outbox::{Outbox, Sqlite};
use dermawan::register::{ErasureState, Register};
use dermawan::source::{Selection, Snapshot, Source};
use dermawan::{Error, Result};
use serde::Serialize;
use std::path::Path;
use std::process::ExitCode;

/// Clocks that differ by more than this put gifts of midnight on different days.
const CLOCK_SECONDS: i64 = 60;

/// Facts older than this surprise whoever asks: a nightly load was missed.
const STALE_DAYS: i64 = 2;

/// A clock before this is not set (2025-01-01); certificates fail and everything is "future".
const SANE_SECONDS: i64 = 1_735_689_600;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// One line of the examination.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, check: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { check, status: Status::Ok, detail: detail.into(), remedy: None });
    }

    fn warn(&mut self, check: &'static str, detail: impl Into<String>, remedy: &str) {
        self.0.push(Finding { check, status: Status::Warn, detail: detail.into(), remedy: Some(remedy.into()) });
    }

    fn fail(&mut self, check: &'static str, error: &Error) {
        let remedy = error.advice().map(Into::into);
        let detail = format!("{}: {}", error.code(), message(error));
        self.0.push(Finding { check, status: Status::Fail, detail, remedy });
    }
}

/// Examines, and ends with 1 when something is broken.
pub(crate) fn run(arguments: &Arguments, options: &Doctor) -> Result<ExitCode> {
    let mut findings = Findings::default();
    match Config::load(arguments.config.as_deref()) {
        Ok(config) => examine(&mut findings, &config, options.online),
        Err(error) => findings.fail("configuration", &error),
    }
    let mut screen = Screen::stdout();
    if options.json {
        screen.line(json(&findings.0)?)?;
    } else {
        for finding in &findings.0 {
            let status = match finding.status {
                Status::Ok => "ok  ",
                Status::Warn => "warn",
                Status::Fail => "FAIL",
            };
            let remedy = finding.remedy.as_ref().map_or_else(String::new, |remedy| format!(" → {remedy}"));
            screen.line(format_args!("{status}  {:<15}{}{remedy}", finding.check, finding.detail))?;
        }
    }
    let broken = findings.0.iter().any(|finding| finding.status == Status::Fail);
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn examine(findings: &mut Findings, config: &Config, online: bool) {
    match config.file() {
        Some(file) => findings.ok("configuration", file.display().to_string()),
        None => findings.warn("configuration", "no file, defaults only", "copy dermawan.example.toml to dermawan.toml"),
    }
    clock(findings, config);
    wording(findings, config);
    source(findings, config);
    store(findings, config);
    gateway(findings, config, online);
    rights(findings, config);
    outbox(findings, config);
    erasures(findings, config);
}

/// Whether `serve` would start, and what it would warn of.
fn gateway(findings: &mut Findings, config: &Config, online: bool) {
    let weak = server::check(config).and_then(|()| server::weak_points(config));
    match weak {
        Err(error) => return findings.fail("gateway", &error),
        Ok(weak) if weak.is_empty() => {
            let detail = format!("{}, its secrets are in order", config.transport().kind.lane());
            findings.ok("gateway", detail);
        }
        Ok(weak) => weak.into_iter().for_each(|(what, remedy)| findings.warn("gateway", what, remedy)),
    }
    if !online {
        return;
    }
    match server::health(config) {
        Err(error) => findings.fail("device", &error),
        Ok(health) if !health.connected => findings.warn(
            "device",
            format!("is not connected to WhatsApp ({})", health.detail),
            "connect it at the gateway's page of devices; messages wait until then",
        ),
        Ok(health) => {
            let quota = health.quota.map_or_else(String::new, |quota| format!(", {quota} messages left"));
            findings.ok("device", format!("connected{quota} {}", health.detail).trim_end().to_owned());
        }
    }
}

/// What others on this machine may read. Looked at before the files are opened, which mends two of them.
fn rights(findings: &mut Findings, config: &Config) {
    #[cfg(unix)]
    for (path, remedy) in [
        (config.outbox_path(), "chmod 600 it; the next start of the server does it, too"),
        (config.inbox_path(), "chmod 600 it; the next start of the server does it, too"),
        (config.store_path(), "chmod 600 it, unless it is shared on purpose; and its .wal, if there is one"),
    ] {
        use std::os::unix::fs::PermissionsExt;
        for ending in ["", "-wal", "-shm", ".wal", ".spare"] {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            let mode = std::fs::metadata(&name).map_or(0, |file| file.permissions().mode() & 0o777);
            if mode & 0o077 != 0 {
                let detail = format!("{} can be read by others (mode {mode:o})", Path::new(&name).display());
                findings.warn("file rights", detail, remedy);
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (findings, config);
}

/// Donors who wait to be erased.
fn erasures(findings: &mut Findings, config: &Config) {
    if !config.outbox_path().is_file() {
        return;
    }
    match super::open_register(config).and_then(|register| register.erasures()) {
        Ok(wishes) => {
            let open = wishes.iter().filter(|wish| wish.state() == ErasureState::Confirmed);
            let Some(oldest) = open.clone().filter_map(|wish| wish.confirmed).min() else {
                return findings.ok("erasures", "none waits");
            };
            let detail = format!("{} wait, the oldest since {oldest}", open.count());
            findings.warn(
                "erasures",
                detail,
                "`dermawan-bot register erasures --open` lists them, `register erase` does it",
            );
        }
        Err(error) => findings.fail("erasures", &error),
    }
}

fn outbox(findings: &mut Findings, config: &Config) {
    let path = config.outbox_path();
    if !path.is_file() {
        return findings.ok("outbox", format!("{} is not there yet; `serve` makes it", path.display()));
    }
    let lanes = Sqlite::open(&path).and_then(|outbox| outbox.lanes());
    let lanes = match lanes {
        Ok(lanes) => lanes,
        Err(error) => return findings.fail("outbox", &error),
    };
    if lanes.is_empty() {
        findings.ok("outbox", "empty");
    }
    for lane in lanes {
        let counts = &lane.counts;
        let detail = format!(
            "{}: {} waiting, {} accepted, {} unknown, {} dead",
            lane.name, counts.queued, counts.accepted, counts.unknown, counts.dead
        );
        match &lane.halt {
            Some(halt) => findings.warn(
                "outbox",
                format!("{detail}; the line waits since {}: {}", halt.since, halt.reason),
                "mend its cause; `dermawan-bot outbox resume` lets it go on at once",
            ),
            None if counts.unknown > 0 => {
                findings.warn("outbox", detail, "settle what is unknown: `dermawan-bot outbox list --unknown`");
            }
            None => findings.ok("outbox", detail),
        }
    }
}

fn clock(findings: &mut Findings, config: &Config) {
    let organisation = config.settings().organisation;
    match clock::today(&organisation) {
        Ok(_) if clock::now() < SANE_SECONDS * 1_000_000 => {
            findings.warn("clock", "the clock of this machine is in the past", "set it, best by NTP");
        }
        Ok(today) => findings.ok("clock", format!("it is {today} in {}", organisation.time_zone)),
        Err(error) => findings.fail("clock", &error),
    }
}

fn wording(findings: &mut Findings, config: &Config) {
    let organisation = config.settings().organisation;
    match (super::templates(config, &organisation), config.templates_folder()) {
        (Ok(_), Some(folder)) => findings.ok("templates", format!("own wording in {}", folder.display())),
        (Ok(_), None) => findings.ok("templates", "the library's own"),
        (Err(error), _) => findings.fail("templates", &error),
    }
    match organisation.administrators.len() {
        0 => findings.warn(
            "administrators",
            "none: nobody can ask RISIKO, ANOMALI or STATUS",
            "list their numbers in organisation.administrators",
        ),
        1 => findings.ok("administrators", "1 number"),
        n => findings.ok("administrators", format!("{n} numbers")),
    }
}

fn source(findings: &mut Findings, config: &Config) {
    let database = config.database();
    if let Ok(Some(database)) = &database {
        match database.server_version() {
            Ok(version) => findings.ok("database", format!("{}, version {version}", database.label())),
            Err(error) => return findings.fail("database", &error),
        }
    }
    let source = match database.and_then(|_| config.source()) {
        Ok(Some(source)) => source,
        Ok(None) => {
            let remedy = "add [database] or [files] to load the charity's own tables";
            return findings.warn("source", "none is configured", remedy);
        }
        Err(error) => return findings.fail("source", &error),
    };
    tables(findings, source);
}

fn tables(findings: &mut Findings, mut source: Box<dyn Source>) {
    let mut snapshot = match source.snapshot() {
        Ok(snapshot) => snapshot,
        Err(error) => return findings.fail("tables", &error),
    };
    for info in snapshot.tables().to_vec() {
        let rows = info.estimated_rows.map_or_else(String::new, |rows| format!(", about {rows} rows"));
        let mut detail = format!("{} ({}){rows}", info.source_name, info.table);
        if !info.missing.is_empty() {
            detail += ", without ";
            detail += &info.missing.join(", ");
        }
        // A question that finds no row shows whether every column may be read.
        match snapshot.read(info.table, &Selection::Keys(vec![(0, 0)]), &mut |_| Ok(())) {
            Ok(()) => findings.ok("table", detail),
            Err(error) => findings.fail("table", &error),
        }
    }
    for remark in snapshot.remarks() {
        findings.warn("table", remark.clone(), "see the loading of data in the README");
    }
    for table in dermawan::Table::ALL {
        if snapshot.tables().iter().all(|info| info.table != table) {
            let remedy = format!("if the charity has it, map it: [mapping] {table} = \"its name\"");
            findings.warn("table", format!("{table} is not in the source; its answers stay empty"), &remedy);
        }
    }
    skew(findings, &*snapshot);
}

fn skew(findings: &mut Findings, snapshot: &dyn Snapshot) {
    let Some(taken_at) = snapshot.taken_at() else { return };
    let seconds = (taken_at - clock::now()) / 1_000_000;
    if seconds.abs() > CLOCK_SECONDS {
        let detail = format!("the database's clock differs from this machine's by {seconds} s");
        findings.warn("database clock", detail, "set both clocks by NTP");
    } else {
        findings.ok("database clock", "agrees with this machine's");
    }
}

fn store(findings: &mut Findings, config: &Config) {
    let path = config.store_path();
    disk(findings, config, &path);
    if !path.is_file() {
        let detail = format!("{} is not there yet", path.display());
        return findings.warn("analytics", detail, "load it with `dermawan-bot etl`");
    }
    let state = super::open(config).and_then(|analytics| analytics.state());
    match state {
        Err(error) if error.kind() == dermawan::ErrorKind::StoreLocked => {
            match server::ask(&path, "GET", "/api/status") {
                Some(Ok(answer)) => findings.ok("analytics", format!("the server holds it and says {answer}")),
                Some(Err(error)) => findings.fail("analytics", &error),
                None => findings.fail("analytics", &error),
            }
        }
        Err(error) => findings.fail("analytics", &error),
        Ok(None) => findings.warn("analytics", "the file is empty", "load it with `dermawan-bot etl`"),
        Ok(Some(state)) => {
            let facts: u64 = state.tables.values().map(|fresh| fresh.facts).sum();
            let detail = format!("{}: load {} as of {}, {facts} rows", path.display(), state.run, state.as_of);
            let age = clock::today(&config.settings().organisation)
                .map_or(0, |today| today.duration_since(state.as_of).as_hours() / 24);
            if age > STALE_DAYS {
                findings.warn("analytics", format!("{detail}, {age} days old"), "run `dermawan-bot etl` every night");
            } else {
                findings.ok("analytics", detail);
            }
        }
    }
}

fn disk(findings: &mut Findings, config: &Config, path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A full load writes the file once more beside itself.
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    let needed = config.store_options().reserve_bytes.saturating_add(size);
    match fs4::available_space(folder) {
        Ok(free) if free < needed => findings.warn(
            "disk",
            format!("{} MB free, a load needs {} MB", free >> 20, needed >> 20),
            "free some room, or put store.path on another disk",
        ),
        Ok(free) => findings.ok("disk", format!("{} MB free beside the analytics file", free >> 20)),
        Err(cause) => findings.fail(
            "disk",
            &Error::new(dermawan::ErrorKind::Io, format!("the folder of the analytics file cannot be used: {cause}"))
                .context("folder", folder.display())
                .hint("make the folder, or change store.path"),
        ),
    }
}
