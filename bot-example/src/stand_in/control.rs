//! The tests' side of the stand-in: faults, settings, what was accepted, and messages as if from a telephone.

use super::fault::Plan;
use super::hook;
use super::state::{Desk, Ids, Line, is_address};
use axum::extract::{Json, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `GET /control/state`: the settings, the faults that wait, and counts.
pub(super) async fn state(State(desk): State<Arc<Desk>>) -> Json<Value> {
    let state = desk.lock();
    Json(json!({
        "settings": state.settings, "faults": state.faults.waiting(), "asked": state.asked,
        "accepted": state.accepted.len(), "deleted": state.deleted.len(), "posts": state.posts.len(),
    }))
}

/// What can be changed; what is left out stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Change {
    connected: Option<bool>,
    quota: Option<u64>,
    ids: Option<Ids>,
    statuses: Option<bool>,
    copies: Option<u32>,
    hook_delay_ms: Option<u64>,
    delay_ms: Option<u64>,
    disconnect_after: Option<u64>,
    /// Where webhooks are posted from now on: for a bot whose port the system chose.
    webhook: Option<String>,
}

/// `POST /control/state`: changes settings; a device that connects or disconnects is told by webhook.
pub(super) async fn change(State(desk): State<Arc<Desk>>, Json(change): Json<Change>) -> Response {
    if change.copies.is_some_and(|copies| !(1..=100).contains(&copies)) {
        return (StatusCode::BAD_REQUEST, "copies: 1 to 100").into_response();
    }
    if change.webhook.as_deref().is_some_and(|url| !is_address(url)) {
        return (StatusCode::BAD_REQUEST, "webhook: an address with http:// or https://").into_response();
    }
    let turned = {
        let mut state = desk.lock();
        state.webhook = change.webhook.or_else(|| state.webhook.take());
        let settings = &mut state.settings;
        let turned = change.connected.filter(|connected| *connected != settings.connected);
        settings.connected = change.connected.unwrap_or(settings.connected);
        settings.quota = change.quota.unwrap_or(settings.quota);
        settings.ids = change.ids.unwrap_or(settings.ids);
        settings.statuses = change.statuses.unwrap_or(settings.statuses);
        settings.copies = change.copies.unwrap_or(settings.copies);
        settings.hook_delay_ms = change.hook_delay_ms.unwrap_or(settings.hook_delay_ms);
        settings.delay_ms = change.delay_ms.unwrap_or(settings.delay_ms);
        settings.disconnect_after = change.disconnect_after.or(settings.disconnect_after);
        turned
    };
    if let Some(connected) = turned {
        hook::device(&desk, connected);
    }
    state(State(desk)).await.into_response()
}

/// `POST /control/faults`: plans a fault.
pub(super) async fn plan(State(desk): State<Arc<Desk>>, Json(plan): Json<Plan>) -> StatusCode {
    desk.plan(plan);
    StatusCode::NO_CONTENT
}

/// `DELETE /control/faults`: from here on everything goes well.
pub(super) async fn clear(State(desk): State<Arc<Desk>>) -> StatusCode {
    desk.lock().faults.clear();
    StatusCode::NO_CONTENT
}

fn lines<T: serde::Serialize>(values: &[T]) -> Response {
    let text: String =
        values.iter().filter_map(|value| serde_json::to_string(value).ok()).map(|line| line + "\n").collect();
    ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response()
}

/// `GET /control/accepted`: every message taken over, a JSON line each.
pub(super) async fn accepted(State(desk): State<Arc<Desk>>) -> Response {
    lines(&desk.lock().accepted)
}

/// `GET /control/hooks`: every attempt to post a webhook, a JSON line each.
pub(super) async fn hooks(State(desk): State<Arc<Desk>>) -> Response {
    lines(&desk.lock().posts)
}

/// A message as if typed on a telephone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    from: String,
    text: String,
    #[serde(default)]
    name: String,
    /// Gives the message an identity, as the paid Inbox does.
    #[serde(default)]
    inbox: bool,
    /// Fields to put in place of the usual ones; a null leaves one out. For forged and odd webhooks.
    #[serde(default)]
    fields: Map<String, Value>,
}

/// `POST /control/say`: posts a message's webhook.
pub(super) async fn say(State(desk): State<Arc<Desk>>, Json(say): Json<Say>) -> StatusCode {
    let inbox = {
        let mut state = desk.lock();
        state.said(Line {
            number: say.from.clone(),
            ours: true,
            text: say.text.clone(),
            at: jiff::Timestamp::now().as_millisecond(),
            picture: None,
        });
        state.next_inbox += u64::from(say.inbox);
        if say.inbox { state.next_inbox } else { 0 }
    };
    let mut body = hook::message(&desk, &say.from, &say.text, &say.name, inbox);
    for (field, value) in say.fields {
        body[field] = value;
    }
    hook::post(&desk, "message", body);
    StatusCode::NO_CONTENT
}
