//! What the gateway tells us: messages, statuses, and how the device is.

use super::super::words::fit_for_a_log;
use super::super::{DeviceChange, Event, Hook, HookError, Inbound, State, StatusChange};
use super::FonnteOptions;
use super::answer::{find, identities, read_object};
use crate::model::{Number, Sender};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The largest body that is read; a message of 60,000 characters and its name fit.
const LARGEST_BODY: usize = 64 * 1024;
/// A time of more seconds than this (in the year 5138) is one in milliseconds.
const MILLISECONDS: i64 = 100_000_000_000;

/// What stands in `text` or `message` when nobody wrote it.
const NO_BUTTON: &str = "non-button message";
const NO_TEXT: &str = "non-text message";

/// Reads a webhook; see [`Transport::parse`](super::super::Transport::parse).
///
/// The secret is compared in constant time before anything else is looked at. A message must name our device; a status
/// or a device event that names none (later ones carry two fields only) is taken on the secret alone.
pub(super) fn parse(options: &FonnteOptions, own: Option<&Number>, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
    if hook.body.len() > LARGEST_BODY {
        return Err(HookError::Malformed);
    }
    let fields = Fields(read_object(hook.body).ok_or(HookError::Malformed)?);
    let message = fields.has("sender") || fields.has("pengirim");
    if !options.webhook_secret.is_empty() && (message || !options.statuses_without_secret) {
        let given = fields.text(&options.secret_field);
        if !options.webhook_secret.matches(&given) {
            return Err(HookError::Forged);
        }
    }
    let device = fields.text("device");
    let device = match Sender::read(&device) {
        Sender::Person(number) => Some(number),
        _ => None,
    };
    if own.is_some() && device.as_ref() != own && (message || fields.has("device")) {
        return Err(HookError::OtherDevice);
    }
    if message {
        // Twice the same sender, and a member in a group only: what says otherwise was not written by the gateway, and
        // the half that would be believed is the forger's choice.
        let (one, other) = (fields.text("sender"), fields.text("pengirim"));
        let differ = fields.has("sender") && fields.has("pengirim") && one.trim() != other.trim();
        let group = fields.yes("isgroup") || Sender::read(one.trim()) == Sender::Group;
        if (differ && Sender::read(&one) != Sender::read(&other)) || (fields.has("member") && !group) {
            return Err(HookError::Malformed);
        }
        return Ok(vec![Event::Message(read_message(options, device, &fields))]);
    }
    let statuses = read_statuses(&fields);
    if !statuses.is_empty() {
        return Ok(statuses);
    }
    Ok(read_device(&fields).into_iter().collect())
}

/// The fields of a body, each of which may be missing, a number or a text.
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&self, key: &str) -> String {
        match find(&self.0, key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(yes)) => yes.to_string(),
            _ => String::new(),
        }
    }

    /// The first of two spellings of the same that says something.
    fn either(&self, key: &str, other: &str) -> String {
        let text = self.text(key);
        if text.trim().is_empty() { self.text(other) } else { text }
    }

    fn has(&self, key: &str) -> bool {
        !self.text(key).trim().is_empty()
    }

    fn yes(&self, key: &str) -> bool {
        matches!(self.text(key).to_ascii_lowercase().as_str(), "true" | "1")
    }

    fn time(&self, key: &str) -> Option<Timestamp> {
        let number: i64 = self.text(key).trim().parse().ok().filter(|&number| number > 0)?;
        if number > MILLISECONDS {
            Timestamp::from_millisecond(number).ok()
        } else {
            Timestamp::from_second(number).ok()
        }
    }
}

fn read_message(options: &FonnteOptions, device: Option<Number>, fields: &Fields) -> Inbound {
    let name = fields.either("sender", "pengirim");
    let sender = if fields.yes("isgroup") { Sender::Group } else { Sender::read(&name) };
    let hidden = |text: String| text.trim().to_ascii_lowercase().ends_with("@lid").then(|| text.trim().to_owned());
    let typed = fields.either("message", "pesan");
    let button = fields.text("text");
    let text = match typed.as_str() {
        NO_TEXT => String::new(),
        "" if button != NO_BUTTON && button != NO_TEXT => button.clone(),
        _ => typed.clone(),
    };
    let id = identities(find(&fields.0, "inboxid")).next().filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
    let written = fields.time("timestamp");
    let key = if let Some(id) = &id {
        format!("fonnte:{id}")
    } else {
        let time = written.map_or(String::new(), |time| time.as_second().to_string());
        let device = device.as_ref().map_or("", Number::as_str);
        // As the gateway writes them: two spellings of one sender do not occur in two deliveries of one message.
        let parts = [device, name.trim(), &fields.text("member"), &time, &typed, &fields.text("url"), &button];
        format!("fonnte:{}", options.webhook_secret.digest(&parts.map(str::as_bytes)))
    };
    Inbound {
        windowed: id.is_none() && written.is_none(),
        key,
        lid: hidden(fields.text("senderlid")).or_else(|| hidden(name)),
        sender,
        device,
        text,
        name: fields.text("name"),
        written,
        id,
    }
}

/// What became of messages: `state` is the later word where both are there.
fn read_statuses(fields: &Fields) -> Vec<Event> {
    let word = |key: &str| fields.text(key).trim().to_ascii_lowercase();
    let state = match word("state").as_str() {
        "sent" => Some(State::Sent),
        "delivered" => Some(State::Delivered),
        "read" | "played" => Some(State::Read),
        _ => match word("status").as_str() {
            "sent" => Some(State::Sent),
            "pending" | "waiting" | "processing" => Some(State::Pending),
            "invalid" | "expired" | "url unreachable" => Some(State::Failed),
            _ => None,
        },
    };
    let Some(state) = state else { return Vec::new() };
    let state_id = identities(find(&fields.0, "stateid")).next();
    let reason = (state == State::Failed).then(|| fit_for_a_log(&word("status")));
    let change = |id: Option<String>| {
        Event::Status(StatusChange { id, state_id: state_id.clone(), state, reason: reason.clone() })
    };
    let mut changes: Vec<Event> = identities(find(&fields.0, "id")).map(|id| change(Some(id))).collect();
    if changes.is_empty() && state_id.is_some() {
        changes.push(change(None));
    }
    changes
}

fn read_device(fields: &Fields) -> Option<Event> {
    let connected = match fields.text("status").trim().to_ascii_lowercase().as_str() {
        "connect" | "connected" => true,
        "disconnect" | "disconnected" => false,
        _ => return None,
    };
    let reason = fields.text("reason");
    let reason = if reason.trim().is_empty() { String::new() } else { fit_for_a_log(&reason) };
    Some(Event::Device(DeviceChange { connected, reason }))
}
