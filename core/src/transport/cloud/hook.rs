//! What the platform tells us: messages and statuses, signed.

use super::super::{Event, Hook, HookError, Inbound, State, StatusChange};
use super::CloudOptions;
use crate::model::{Number, Sender};
use jiff::Timestamp;
use serde_json::Value;

/// The largest body that is read: many messages come in one after an interruption.
const LARGEST_BODY: usize = 3 * 1024 * 1024;
/// The header of the signature, in lower case.
const SIGNATURE: &str = "x-hub-signature-256";

/// Reads a webhook; see [`Transport::parse`](super::super::Transport::parse). The signature is compared, in constant
/// time and over the bytes as they came, before anything is looked at.
pub(super) fn parse(options: &CloudOptions, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
    if hook.body.len() > LARGEST_BODY {
        return Err(HookError::Malformed);
    }
    let signature = hook.headers.iter().find(|(name, _)| *name == SIGNATURE).map(|(_, value)| *value);
    let tag = signature.and_then(|text| text.strip_prefix("sha256=")).and_then(bytes).ok_or(HookError::Forged)?;
    if !options.app_secret.signed(hook.body, &tag) {
        return Err(HookError::Forged);
    }
    let body: Value = serde_json::from_slice(hook.body).map_err(|_| HookError::Malformed)?;
    if !body.is_object() {
        return Err(HookError::Malformed);
    }
    let mut events = Vec::new();
    let (mut ours, mut others) = (0, 0);
    for change in list(&body["entry"]).flat_map(|entry| list(&entry["changes"])) {
        let value = &change["value"];
        match value["metadata"]["phone_number_id"].as_str() {
            Some(id) if id == options.phone_number_id => ours += 1,
            // What concerns the account and no number is none of ours to answer.
            None => continue,
            Some(_) => {
                others += 1;
                continue;
            }
        }
        events.extend(list(&value["messages"]).filter_map(|message| read_message(value, message)).map(Event::Message));
        events.extend(list(&value["statuses"]).filter_map(read_status).map(Event::Status));
    }
    if ours == 0 && others > 0 {
        return Err(HookError::OtherDevice);
    }
    Ok(events)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The bytes of a hexadecimal text.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| Some((digit(pair[0])? * 16 + digit(*pair.get(1)?)?) as u8);
    hex.as_bytes().chunks(2).map(pair).collect()
}

fn read_message(value: &Value, message: &Value) -> Option<Inbound> {
    let id = message["id"].as_str().filter(|id| !id.is_empty() && id.len() <= 300)?;
    let text = match message["type"].as_str()? {
        "text" => message["text"]["body"].as_str(),
        "button" => message["button"]["text"].as_str(),
        "interactive" => message["interactive"]["button_reply"]["title"]
            .as_str()
            .or_else(|| message["interactive"]["list_reply"]["title"].as_str()),
        // A heart on a message, or a changed number, is no question.
        "reaction" | "system" | "unsupported" => return None,
        kind => message[kind]["caption"].as_str(),
    };
    let from = message["from"].as_str().unwrap_or_default();
    // Digits with the country code; identities that hide the number have letters.
    let sender = match Sender::read(&format!("+{from}")) {
        _ if message["group_id"].is_string() => Sender::Group,
        Sender::Person(number) if from.bytes().all(|byte| byte.is_ascii_digit()) => Sender::Person(number),
        _ => Sender::Unknown,
    };
    let name = list(&value["contacts"])
        .find(|contact| contact["wa_id"] == message["from"])
        .and_then(|contact| contact["profile"]["name"].as_str());
    Some(Inbound {
        key: format!("cloud:{id}"),
        windowed: false,
        sender,
        lid: None,
        device: value["metadata"]["display_phone_number"]
            .as_str()
            .and_then(|text| Number::parse(&format!("+{}", text.trim_start_matches('+'))).ok()),
        text: text.unwrap_or_default().to_owned(),
        name: name.unwrap_or_default().to_owned(),
        written: time(&message["timestamp"]),
        id: Some(id.to_owned()),
    })
}

fn time(value: &Value) -> Option<Timestamp> {
    let second = value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_i64())?;
    Timestamp::from_second(second).ok()
}

fn read_status(status: &Value) -> Option<StatusChange> {
    let state = match status["status"].as_str()? {
        "sent" => State::Sent,
        "delivered" => State::Delivered,
        "read" | "played" => State::Read,
        "failed" => State::Failed,
        _ => return None,
    };
    let id = status["id"].as_str().filter(|id| !id.is_empty() && id.len() <= 300)?;
    let reason = (state == State::Failed).then(|| match status["errors"][0]["code"].as_u64() {
        // The platform's own number of the fault; its words may quote the message.
        Some(code) => format!("error {code}"),
        None => "no reason given".to_owned(),
    });
    Some(StatusChange { id: Some(id.to_owned()), state_id: None, state, reason })
}
