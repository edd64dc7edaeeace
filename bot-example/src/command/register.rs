//! `register`: whose numbers are known, and what donors want done with their data.
//!
//! Works on the register's own file, beside a running server or without one. Numbers are masked.

use crate::arguments::{Arguments, Register as What};
use crate::config::Config;
use crate::screen::{Screen, json};
use crate::server::{self, Erased};
use crate::table::Table;
use dermawan::inbox::Inbox;
use dermawan::outbox::{Outbox, Sqlite};
use dermawan::register::{ErasureState, Register, SqliteRegister, Verified};
use dermawan::{DonorId, Error, ErrorKind, Number, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Does one thing with the configured register, which must be there: a question makes no file.
pub(crate) fn run(arguments: &Arguments, what: &What) -> Result<ExitCode> {
    let config = Config::load(arguments.config.as_deref())?;
    let path = config.outbox_path();
    if !path.is_file() {
        return Err(Error::new(ErrorKind::NotFound, "there is no register yet")
            .context("file", path.display())
            .hint("`dermawan-bot serve` makes it; or name the configuration with --config"));
    }
    let register = super::open_register(&config)?;
    let mut screen = Screen::stdout();
    let now = Timestamp::from_microsecond(crate::clock::now()).unwrap_or_default();
    match what {
        What::List { donor, limit, json } => list(&register, donor.map(DonorId), *limit, *json, &mut screen)?,
        What::Verify { number, donor, replace } => {
            let (number, donor) = (Number::parse(number)?, DonorId(*donor));
            check_donor(&config, arguments, donor)?;
            verify(&register, &number, donor, *replace, now)?;
            screen.line(format_args!("{} is donor {donor}'s now", number.masked()))?;
        }
        What::OptOut { number } => {
            let number = Number::parse(number)?;
            register.opt_out(&number, true, now)?;
            let purged = Sqlite::open(&path)?.opt_out(&number, now)?;
            let masked = number.masked();
            screen.line(format_args!("{masked} is sent nothing more; messages taken out: {purged}"))?;
        }
        What::Erasures { open, json } => erasures(&register, *open, *json, &mut screen)?,
        What::Erase { id } => {
            let erased = erase(&config, &register, *id, now)?;
            screen.line(format_args!(
                "request {id} is done; numbers severed: {}, messages severed: {}",
                erased.numbers, erased.messages
            ))?;
            screen.line("the donor's name and number in the charity's own tables are still to be erased there")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(
    register: &SqliteRegister,
    donor: Option<DonorId>,
    limit: usize,
    as_json: bool,
    screen: &mut Screen,
) -> Result<()> {
    let mut found = donor.map_or_else(|| register.everyone(), |donor| register.numbers(donor))?;
    let all = found.len();
    found.truncate(limit);
    let rows = found.into_iter().map(|verified| {
        let out = register.standing(&verified.number)?.opted_out;
        Ok((verified, out))
    });
    let rows: Vec<(Verified, Option<Timestamp>)> = rows.collect::<Result<_>>()?;
    if as_json {
        let shape = |(verified, out): &(Verified, Option<Timestamp>)| {
            let Verified { number, donor, at, how } = verified;
            json!({"number": number.masked(), "donor": donor.0, "at": at, "how": how, "opted_out": out})
        };
        return screen.line(json(&rows.iter().map(shape).collect::<Vec<Value>>())?);
    }
    if rows.is_empty() {
        return screen.line("no number is proved to be anybody's here");
    }
    let mut table = Table::new(&["number", ">donor", "since", "how", "opted out"]);
    for (verified, out) in &rows {
        let how = serde_json::to_value(verified.how).ok().and_then(|how| how.as_str().map(str::to_owned));
        table.row([
            verified.number.masked(),
            verified.donor.to_string(),
            verified.at.to_string(),
            how.unwrap_or_default(),
            out.map_or_else(|| "-".to_owned(), |at| at.to_string()),
        ]);
    }
    screen.line(table)?;
    if all > rows.len() { screen.line(format_args!("{} more: raise --limit", all - rows.len())) } else { Ok(()) }
}

/// A slip of the keyboard would tell one donor about another: the donor must be there.
fn check_donor(config: &Config, arguments: &Arguments, donor: DonorId) -> Result<()> {
    // The server, which holds the analytics file, is asked where there is one.
    if let Some(answer) = server::ask(&config.store_path(), "GET", &format!("/api/donor/{donor}")) {
        return answer.map(|_| ());
    }
    let analytics = super::open(config)?;
    match analytics.donor(donor, config.as_of(arguments.as_of)?)? {
        Some(_) => Ok(()),
        None => Err(Error::new(ErrorKind::NotFound, "there is no such donor")
            .context("donor", donor)
            .hint("look the donor up in the charity's own application; load the facts first if the donor is new")),
    }
}

fn verify(register: &SqliteRegister, number: &Number, donor: DonorId, replace: bool, now: Timestamp) -> Result<()> {
    let before = register.standing(number)?.verified.map(|verified| verified.donor);
    if let Some(other) = before
        && other != donor
        && !replace
    {
        return Err(Error::new(ErrorKind::InvalidInput, "the number was proved to be another donor's")
            .context("donor", other)
            .hint("say --replace if it is this donor's now"));
    }
    register.verify(number, donor, now)
}

fn erasures(register: &SqliteRegister, open: bool, as_json: bool, screen: &mut Screen) -> Result<()> {
    let mut found = register.erasures()?;
    found.retain(|wish| !open || wish.state() == ErasureState::Confirmed);
    let named = |state| serde_json::to_value(state).ok().and_then(|name| name.as_str().map(str::to_owned));
    if as_json {
        let shape = found.iter().map(|wish| {
            let mut shape = json!(wish);
            shape["state"] = json!(wish.state());
            shape
        });
        return screen.line(json(&shape.collect::<Vec<Value>>())?);
    }
    if found.is_empty() {
        return screen.line("no such requests for erasure");
    }
    let mut table = Table::new(&[">id", "state", ">donor", "requested", "confirmed", "done"]);
    let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    for wish in &found {
        table.row([
            wish.id.to_string(),
            named(wish.state()).unwrap_or_default(),
            wish.donor.map_or_else(|| "-".to_owned(), |donor| donor.to_string()),
            wish.requested.to_string(),
            time(wish.confirmed),
            time(wish.done),
        ]);
    }
    screen.line(table)
}

/// Carries out a wish: by the server, where one runs and holds the analytics file, else here. The charity's own tables name
/// numbers, too, so the analytics file is needed.
fn erase(config: &Config, register: &SqliteRegister, id: u64, now: Timestamp) -> Result<Erased> {
    if let Some(answer) = server::ask(&config.store_path(), "POST", &format!("/api/erasure/{id}")) {
        return answer.and_then(|text| {
            serde_json::from_str(&text)
                .map_err(|cause| Error::new(ErrorKind::Internal, "the server's answer cannot be read").caused_by(cause))
        });
    }
    let analytics = super::open(config)?;
    let outbox = Sqlite::open(config.outbox_path())?;
    let mut inbox = if config.inbox_path().is_file() { Some(Inbox::open(config.inbox_path())?) } else { None };
    let mut conversations = |number: &Number| inbox.as_mut().map_or(Ok(()), |inbox| inbox.erase(number).map(drop));
    let lane = config.transport().kind.lane();
    server::erase(&analytics, register, &outbox, lane, id, now, &mut conversations)
}
