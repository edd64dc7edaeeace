//! The webhooks of transports that have no gateway behind them: our own words, for tests and for trying.

use super::{DeviceChange, Event, Hook, HookError, Inbound, State, StatusChange};
use crate::model::Sender;
use jiff::Timestamp;
use serde::Deserialize;

/// One event, as JSON: `{"id": "1", "from": "0812…", "text": "INFO", "name": "Budi", "written": 1767225600}` is a message,
/// `{"id": "1", "state": "read"}` a status, `{"connected": false, "reason": "…"}` the device.
#[derive(Deserialize)]
#[serde(untagged)]
enum Plain {
    Message {
        id: String,
        from: String,
        text: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        written: Option<i64>,
    },
    Status {
        id: String,
        state: String,
    },
    Device {
        connected: bool,
        #[serde(default)]
        reason: String,
    },
}

/// Reads one such event.
pub(super) fn parse(hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
    let event = match serde_json::from_slice(hook.body).map_err(|_| HookError::Malformed)? {
        Plain::Message { id, from, text, name, written } => Event::Message(Inbound {
            key: format!("plain:{id}"),
            windowed: false,
            sender: Sender::read(&from),
            lid: None,
            device: None,
            text,
            name,
            written: written.and_then(|second| Timestamp::from_second(second).ok()),
            id: Some(id),
        }),
        Plain::Status { id, state } => {
            let states = [State::Pending, State::Failed, State::Sent, State::Delivered, State::Read];
            let state = states.into_iter().find(|known| known.code() == state).ok_or(HookError::Malformed)?;
            Event::Status(StatusChange { id: Some(id), state_id: None, state, reason: None })
        }
        Plain::Device { connected, reason } => Event::Device(DeviceChange { connected, reason }),
    };
    Ok(vec![event])
}
