//! What the gateway brings: checked, kept on the disk, then answered.
//!
//! The answer says nothing but its status: 200 when it is kept (or needs nothing), 404 for another path, 401 forged, 403 for
//! another device, 400 unreadable, 413 too large, 503 too many or a file of ours is gone, 500 when it cannot be kept: for
//! then the gateway's retry is wanted.

use super::House;
use super::intake::Unwritten;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use dermawan::Sender;
use dermawan::bot::Command;
use dermawan::inbox::{Kept, Step};
use dermawan::transport::{Event, Hook, HookError, Inbound};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

/// A word for no more messages counts when it is so old, in seconds: a gateway that was cut off for a day.
const OLDEST_STOP: i64 = 24 * 60 * 60;

/// `POST /webhook/{token}`.
pub(super) async fn with_path(
    State(house): State<Arc<House>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    if !house.secrets.path.matches(&token) {
        house.counters.lost.add(1);
        return StatusCode::NOT_FOUND;
    }
    receive(&house, &headers, body).await
}

/// `POST /webhook`: on this machine only, while no path is configured.
pub(super) async fn without_path(State(house): State<Arc<House>>, headers: HeaderMap, body: Body) -> StatusCode {
    if !house.secrets.path.is_empty() {
        house.counters.lost.add(1);
        return StatusCode::NOT_FOUND;
    }
    receive(&house, &headers, body).await
}

/// What the Cloud API asks when its webhook is set up.
#[derive(Deserialize)]
pub(super) struct Challenge {
    #[serde(rename = "hub.mode", default)]
    mode: String,
    #[serde(rename = "hub.verify_token", default)]
    token: String,
    #[serde(rename = "hub.challenge", default)]
    challenge: String,
}

/// `GET /webhook/{token}`.
pub(super) async fn challenge_with_path(
    State(house): State<Arc<House>>,
    Path(token): Path<String>,
    Query(asked): Query<Challenge>,
) -> Result<String, StatusCode> {
    if !house.secrets.path.matches(&token) {
        house.counters.lost.add(1);
        return Err(StatusCode::NOT_FOUND);
    }
    meet(&house, &asked)
}

/// `GET /webhook`: on this machine only, while no path is configured.
pub(super) async fn challenge_without_path(
    State(house): State<Arc<House>>,
    Query(asked): Query<Challenge>,
) -> Result<String, StatusCode> {
    if !house.secrets.path.is_empty() {
        house.counters.lost.add(1);
        return Err(StatusCode::NOT_FOUND);
    }
    meet(&house, &asked)
}

/// The challenge itself for who knows the token; 405 where the gateway never asks.
fn meet(house: &House, asked: &Challenge) -> Result<String, StatusCode> {
    let Some(cloud) = &house.cloud else { return Err(StatusCode::METHOD_NOT_ALLOWED) };
    match cloud.challenge(&asked.mode, &asked.token, &asked.challenge) {
        Some(challenge) => {
            tracing::info!("the platform has set up the webhook");
            Ok(challenge.to_owned())
        }
        None => Err(refuse(house, HookError::Forged)),
    }
}

async fn receive(house: &House, headers: &HeaderMap, body: Body) -> StatusCode {
    let Ok(body) = to_bytes(body, house.config.transport().kind.largest_webhook()).await else {
        house.counters.malformed.add(1);
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    let headers: Vec<(&str, &str)> =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let events = match house.transport.parse(&Hook { body: &body, headers: &headers }) {
        Ok(events) => events,
        Err(error) => return refuse(house, error),
    };
    // Behind the check, so that a flood of forged ones does not keep the gateway's out.
    if !house.limits().admit(house.uptime_ms()) {
        house.counters.refused.add(1);
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    if !house.files.are_there() {
        house.counters.unwritten.add(events.len() as u64);
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let now = house.now();
    for event in events {
        if let Event::Message(message) = &event
            && !is_wanted(house, message, now)
        {
            continue;
        }
        match house.intake.keep(Step::Keep { event, now }).await {
            Ok(Kept::New) => house.counters.kept.add(1),
            Ok(Kept::Known) => house.counters.known.add(1),
            Ok(Kept::Ignored) => house.counters.ignored.add(1),
            Err(Unwritten) => return StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
    StatusCode::OK
}

fn refuse(house: &House, error: HookError) -> StatusCode {
    let (counter, status) = match error {
        HookError::Forged => (&house.counters.forged, StatusCode::UNAUTHORIZED),
        HookError::OtherDevice => (&house.counters.other_device, StatusCode::FORBIDDEN),
        _ => (&house.counters.malformed, StatusCode::BAD_REQUEST),
    };
    counter.add(1);
    tracing::warn!(reason = %error, "a webhook is refused");
    status
}

/// Whether a message is acted on. What is not is counted and answered 200: delivering it again would change nothing.
fn is_wanted(house: &House, message: &Inbound, now: Timestamp) -> bool {
    // A hidden identity may prove what number it stands for; its own digits are none.
    let sender = match (&message.sender, &message.lid) {
        (Sender::Person(number), _) if message.device.as_ref() != Some(number) => number.as_str(),
        (Sender::Unknown, Some(lid)) => lid.as_str(),
        _ => {
            house.counters.ignored.add(1);
            return false;
        }
    };
    // Whoever wants to hear no more is heard, however much they wrote and also when the word was held up for a day: it can
    // only lessen what is sent. Later than that it is as likely to be an old webhook that somebody repeats.
    let stops = || Command::parse(&message.text, false) == Some(Command::Stop);
    let age = message.written.map_or(0, |written| now.as_second() - written.as_second());
    if age > i64::from(house.options.oldest_minutes) * 60 {
        if stops() {
            if age <= OLDEST_STOP {
                return true;
            }
            tracing::warn!("a word for no more messages is days old and is not acted on");
        }
        house.counters.old.add(1);
        return false;
    }
    if !house.limits().admit_sender(sender, house.uptime_ms()) && !stops() {
        house.counters.flooded.add(1);
        return false;
    }
    true
}
