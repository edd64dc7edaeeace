//! `outbox`: what is owed, what is in doubt, and what an administrator decides on it.
//!
//! Works on the file itself, beside a running server or without one. Numbers are masked; a text is shown on demand only.

use crate::arguments::{Arguments, Listed, Outbox as What, Went, Which};
use crate::config::Config;
use crate::screen::{Screen, json};
use crate::table::Table;
use dermawan::outbox::{Cause, Decision, Entry, Filter, Halt, HaltKind, MessageId, Outbox, Sqlite, Stage};
use dermawan::{Error, ErrorKind, Number, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Messages read at once.
const AT_ONCE: u32 = 1000;

/// Does one thing with the configured outbox, which must be there: a question makes no file.
pub(crate) fn run(arguments: &Arguments, what: &What) -> Result<ExitCode> {
    let config = Config::load(arguments.config.as_deref())?;
    let path = config.outbox_path();
    if !path.is_file() {
        return Err(Error::new(ErrorKind::NotFound, "there is no outbox yet")
            .context("file", path.display())
            .hint("`dermawan-bot serve` makes it; or name the configuration with --config"));
    }
    let outbox = Sqlite::open(path)?;
    let mut screen = Screen::stdout();
    let now = Timestamp::from_microsecond(crate::clock::now()).unwrap_or_default();
    match what {
        What::Retry(which) => decide(&outbox, which, Decision::Retry, now, &mut screen)?,
        What::Discard(which) => decide(&outbox, which, Decision::Discard, now, &mut screen)?,
        What::Settle { which, went: Went::Sent } => decide(&outbox, which, Decision::Sent, now, &mut screen)?,
        What::Settle { which, went: Went::NotSent } => decide(&outbox, which, Decision::NotSent, now, &mut screen)?,
        What::List(listed) => list(&outbox, listed, &mut screen)?,
        What::Show { id, text, json } => show(&outbox, *id, *text, *json, &mut screen)?,
        What::Move { from, to } => {
            let moved = outbox.transfer(from, to)?;
            screen.line(format_args!("{moved} messages moved from {from} to {to}"))?;
        }
        What::Batches { limit, json } => batches(&outbox, *limit, *json, &mut screen)?,
        What::Optouts { number: None, limit, json } => opt_outs(&outbox, *limit, *json, &mut screen)?,
        What::Optouts { number: Some(number), .. } => {
            let line = match outbox.opted_out(&Number::parse(number)?)? {
                Some(since) => format!("wants no messages since {since}"),
                None => "has not opted out".to_owned(),
            };
            screen.line(line)?;
        }
        What::Pause { lane } => {
            let halt = Halt { kind: HaltKind::Command, reason: "paused by command".into(), since: now, probe_at: None };
            for lane in lanes(&outbox, lane.as_deref())? {
                outbox.halt(&lane, &halt)?;
                screen.line(format_args!("{lane}: paused"))?;
            }
        }
        What::Resume { lane } => {
            for lane in lanes(&outbox, lane.as_deref())? {
                let said = if outbox.resume(&lane, None)? { "goes on" } else { "was not halted" };
                screen.line(format_args!("{lane}: {said}"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Decides on one message, or on every one of a stage. Of many, those that nobody may decide on so (their person opted out,
/// say) are left and counted; what a person wished or an administrator discarded is never sent again in a heap.
fn decide(outbox: &Sqlite, which: &Which, decision: Decision, now: Timestamp, screen: &mut Screen) -> Result<()> {
    if let Some(id) = which.id {
        let entry = outbox.decide(MessageId(id), decision, now)?;
        return screen.line(format_args!("message {id} is {} now", entry.stage.code()));
    }
    let stage = match (which.stage, decision) {
        (Some(stage), _) => stage,
        (None, Decision::Sent | Decision::NotSent) => Stage::Unknown,
        (None, _) => {
            return Err(Error::new(ErrorKind::InvalidInput, "many messages need a stage")
                .hint("add --stage unknown, --stage dead or --stage queued; `outbox list` shows what is in them"));
        }
    };
    let (mut done, mut left) = (0_u64, 0_u64);
    let mut after = None;
    loop {
        let filter = Filter { batch: which.batch.clone(), after, limit: AT_ONCE, ..Filter::stage(stage) };
        let entries = outbox.list(&filter)?;
        let Some(last) = entries.last() else { break };
        after = Some(last.id);
        for entry in &entries {
            if decision == Decision::Retry && entry.cause.is_some_and(Cause::is_settled) {
                left += 1;
                continue;
            }
            match outbox.decide(entry.id, decision, now) {
                Ok(_) => done += 1,
                // It changed meanwhile, or may not be.
                Err(error) if error.kind() == ErrorKind::InvalidInput => left += 1,
                Err(error) => return Err(error),
            }
        }
    }
    screen.line(format_args!("{done} messages decided on, {left} left as they are"))
}

/// The lane that was named, or every one there is.
fn lanes(outbox: &Sqlite, named: Option<&str>) -> Result<Vec<String>> {
    if let Some(name) = named {
        return Ok(vec![name.to_owned()]);
    }
    let all: Vec<String> = outbox.lanes()?.into_iter().map(|lane| lane.name).collect();
    if all.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, "the outbox has no lane yet").hint("name one: --lane fonnte"));
    }
    Ok(all)
}

fn list(outbox: &Sqlite, listed: &Listed, screen: &mut Screen) -> Result<()> {
    let filter = Filter {
        stage: if listed.unknown { Some(Stage::Unknown) } else { listed.stage },
        kind: listed.kind.clone(),
        batch: listed.batch.clone(),
        after: listed.after.map(MessageId),
        limit: listed.limit,
        ..Filter::default()
    };
    let found = outbox.list(&filter)?;
    if listed.json {
        return screen.line(json(&found.iter().map(shape).collect::<Vec<_>>())?);
    }
    if found.is_empty() {
        return screen.line("no such messages");
    }
    let mut table = Table::new(&[">id", "stage", "delivery", "kind", "batch", "to", "changed", "cause", "reason"]);
    for entry in &found {
        table.row([
            entry.id.to_string(),
            entry.stage.code().into(),
            entry.delivery.map_or("-", |state| state.code()).into(),
            entry.kind.clone(),
            entry.batch.clone().unwrap_or_else(|| "-".into()),
            entry.to.as_ref().map_or_else(|| "-".into(), Number::masked),
            entry.changed.to_string(),
            entry.cause.map_or("-", Cause::code).into(),
            entry.reason.clone().unwrap_or_default(),
        ]);
    }
    screen.line(table)
}

fn show(outbox: &Sqlite, id: u64, text: bool, as_json: bool, screen: &mut Screen) -> Result<()> {
    let before = id.checked_sub(1).map(MessageId);
    let found = outbox.list(&Filter { after: before, limit: 1, ..Filter::default() })?;
    let entry = found.first().filter(|entry| entry.id == MessageId(id)).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "there is no such message")
            .context("id", id)
            .hint("`dermawan-bot outbox list` shows which there are")
    })?;
    let mut shape = shape(entry);
    if text {
        shape["text"] = json!(outbox.text(entry.id)?);
    }
    if as_json {
        return screen.line(json(&shape)?);
    }
    for (name, value) in shape.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) if name == "text" => {
                screen.line("text:").and_then(|()| screen.indented(4, text))?;
            }
            Value::String(text) => screen.line(format_args!("{name}: {text}"))?,
            other => screen.line(format_args!("{name}: {other}"))?,
        }
    }
    Ok(())
}

fn opt_outs(outbox: &Sqlite, limit: u32, as_json: bool, screen: &mut Screen) -> Result<()> {
    let found = outbox.opt_outs(limit)?;
    if as_json {
        let shape = |(number, since): &(Number, Timestamp)| json!({"number": number.masked(), "since": since});
        return screen.line(json(&found.iter().map(shape).collect::<Vec<_>>())?);
    }
    if found.is_empty() {
        return screen.line("nobody has opted out");
    }
    let mut table = Table::new(&["number", "since"]);
    for (number, since) in &found {
        table.row([number.masked(), since.to_string()]);
    }
    screen.line(table)
}

fn batches(outbox: &Sqlite, limit: u32, as_json: bool, screen: &mut Screen) -> Result<()> {
    let found = outbox.batches(limit)?;
    if as_json {
        return screen.line(json(&found)?);
    }
    if found.is_empty() {
        return screen.line("no batches");
    }
    let mut table =
        Table::new(&["batch", "since", ">waiting", ">on the way", ">accepted", ">delivered", ">unknown", ">dead"]);
    for batch in &found {
        let counts = &batch.counts;
        let numbers = [
            counts.queued,
            counts.leased + counts.sending,
            counts.accepted,
            counts.delivered,
            counts.unknown,
            counts.dead,
        ];
        let names = [batch.batch.clone(), batch.since.to_string()];
        table.row(names.into_iter().chain(numbers.map(|n| n.to_string())));
    }
    screen.line(table)
}

/// A message as JSON; its number masked, its text left out.
fn shape(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "key": entry.key,
        "lane": entry.lane,
        "kind": entry.kind,
        "to": entry.to.as_ref().map(Number::masked),
        "donor": entry.donor.map(|donor| donor.0),
        "batch": entry.batch,
        "stage": entry.stage.code(),
        "delivery": entry.delivery.map(dermawan::transport::State::code),
        "cause": entry.cause,
        "reason": entry.reason,
        "attempts": entry.attempts,
        "created": entry.created,
        "due": entry.due,
        "changed": entry.changed,
        "gateway_id": entry.gateway_id,
    })
}
