//! What an answer means: the table of the gateway's failures, without a network.

use super::super::Accepted;
use super::super::failure::{Pause, SendError};
use super::super::words::fit_for_a_log;
use serde_json::{Map, Value};
use std::time::Duration;

/// How long to wait before an address that the gateway could not fetch is tried again: its own caches last a minute.
const UNREACHABLE: Duration = Duration::from_mins(1);
/// How long to wait after a refusal that says nothing we know: long enough for a person to see it before the last try.
const UNKNOWN_REASON: Duration = Duration::from_mins(5);
/// How long to wait when told that we are too many.
const TOO_MANY: Duration = Duration::from_mins(1);

/// What is done about a reason.
#[derive(Clone, Copy)]
enum Then {
    Stop,
    Pause(Pause),
    Recipient,
    Content,
    RetryOnce(Duration),
}

/// The documented and observed reasons, in lower case.
const REASONS: &[(&str, Then)] = &[
    ("token invalid", Then::Stop),
    ("invalid token", Then::Stop),
    ("unknown token", Then::Stop),
    ("devices must belong to an account", Then::Stop),
    ("request invalid on disconnected device", Then::Pause(Pause::Device)),
    ("insufficient quota", Then::Pause(Pause::Quota)),
    ("target invalid", Then::Recipient),
    ("target input invalid", Then::Recipient),
    ("input invalid", Then::Content),
    ("invalid/empty body value", Then::Content),
    ("message cannot empty", Then::Content),
    ("json format invalid", Then::Content),
    ("url invalid", Then::Content),
    ("file format not supported", Then::Content),
    ("file size must under 4mb", Then::Content),
    ("url unreachable", Then::RetryOnce(UNREACHABLE)),
];

/// Reads the answer to `/send`: HTTP status and body. The gateway answers 200 to nearly everything, spells keys in any
/// case and writes `true` as a word or a text, so nothing is taken for granted.
///
/// - an object that says true: accepted, with or without an identity;
/// - an object that says false: refused, by its reason. A reason that nobody knows is tried again later: nothing was
///   queued, but no rule says for whom it holds;
/// - 413 (too large) and 429 (too many) with a body that says nothing: by its code. The gateway itself knows neither; a
///   server in front of it refuses so before it passes anything on;
/// - anything else (HTML, nothing, a redirect, 404, 5xx, an object that says neither): it may have been queued. When an
///   address is simply wrong, the first messages are unknown, and then the line is halted for failures in a row.
///
/// Errors: what the answer means, without anything of the request in it.
pub fn read_answer(status: u16, body: &[u8]) -> Result<Accepted, SendError> {
    let Some(answer) = read_object(body) else { return Err(unreadable(status)) };
    match said(&answer) {
        // A proxy in between may pass on a body of the gateway under a code of its own; what a 5xx says is in doubt.
        _ if status >= 500 => Err(unreadable(status)),
        Some(true) if status < 300 => {
            Ok(Accepted { id: identities(find(&answer, "id")).next(), quota: remaining(&answer) })
        }
        Some(false) => Err(refused(&answer)),
        _ => Err(unreadable(status)),
    }
}

/// An answer that is a JSON object.
pub(super) fn read_object(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// What `status` says.
pub(super) fn said(answer: &Map<String, Value>) -> Option<bool> {
    match find(answer, "status")? {
        Value::Bool(said) => Some(*said),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::Number(number) => match number.as_u64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A value by its key in any case; the exact spelling goes first.
pub(super) fn find<'a>(answer: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    answer.get(key).or_else(|| answer.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value))
}

/// The identities in a value: one or a list, numbers or texts. What no identity looks like is passed over.
pub(super) fn identities(value: Option<&Value>) -> impl Iterator<Item = String> + '_ {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter().filter_map(|one| {
        let text = match one {
            Value::Number(number) if !number.is_f64() => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            _ => return None,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        (!text.is_empty() && text.len() <= 100 && text.chars().all(plain) && text != "0").then_some(text)
    })
}

/// What is left of the quota: the smallest number named.
fn remaining(answer: &Map<String, Value>) -> Option<u64> {
    let Value::Object(devices) = find(answer, "quota")? else { return None };
    let left = |device: &Value| count(find(device.as_object()?, "remaining")?);
    devices.values().filter_map(left).min()
}

/// A count, as a number or as text.
pub(super) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// What a refusal means, by its reason.
pub(super) fn refused(answer: &Map<String, Value>) -> SendError {
    let reason = ["reason", "detail", "message"].iter().find_map(|key| find(answer, key)?.as_str());
    let reason = reason.unwrap_or_default().trim().to_ascii_lowercase();
    let reason = reason.trim_end_matches(['.', '!']);
    match REASONS.iter().find(|(known, _)| *known == reason) {
        Some(&(known, then)) => {
            let reason = known.to_owned();
            match then {
                Then::Stop => SendError::Stop(reason),
                Then::Pause(pause) => SendError::Pause(pause, reason),
                Then::Recipient => SendError::Recipient(reason),
                Then::Content => SendError::Content(reason),
                Then::RetryOnce(after) => SendError::RetryOnce { after, reason },
            }
        }
        None => SendError::Retry {
            after: UNKNOWN_REASON,
            reason: format!("refused for a reason that is not known: {}", fit_for_a_log(reason)),
        },
    }
}

/// What an answer without a readable word means, by its code.
fn unreadable(status: u16) -> SendError {
    match status {
        413 => SendError::Content("HTTP 413: the message is too large".into()),
        429 => SendError::Retry { after: TOO_MANY, reason: "HTTP 429: too many requests".into() },
        _ => SendError::Unknown(format!("HTTP {status} with an answer that says nothing")),
    }
}
