//! The gateway's own endpoints.
#![allow(clippy::result_large_err, reason = "a refusal is the answer itself")]

use super::fault::Fault;
use super::hook;
use super::state::{Attached, Desk, Ids};
use super::wire::Cut;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use dermawan::bot::Number;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The largest file: it "must under 4MB".
const LARGEST_FILE: usize = 4 * 1024 * 1024;
const LONGEST_TEXT: usize = 60_000;
const LARGEST_FORM: usize = 16 * 1024 * 1024;
/// `/validate` takes so many numbers.
const NUMBERS_AT_ONCE: usize = 500;

/// The fields of a request.
struct Form {
    fields: BTreeMap<String, String>,
    file: Option<Attached>,
}

impl Form {
    fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// A field that is true or false, in any of the ways that clients write it.
    fn yes(&self, name: &str, usual: bool) -> bool {
        match self.text(name).to_ascii_lowercase().as_str() {
            "" => usual,
            word => matches!(word, "true" | "1"),
        }
    }
}

fn refuse(reason: &str) -> Response {
    Json(json!({"reason": reason, "status": false})).into_response()
}

fn page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, Html(format!("<html><body><h1>{status}</h1></body></html>"))).into_response()
}

/// Anything that is not the gateway's.
pub(super) async fn not_found() -> Response {
    page(404)
}

/// Why a token does not open.
fn locked(desk: &Desk, headers: &HeaderMap) -> Option<Response> {
    let given = headers.get(header::AUTHORIZATION).and_then(|token| token.to_str().ok()).unwrap_or_default();
    (given != desk.options.token).then(|| refuse(if given.is_empty() { "token invalid" } else { "unknown token" }))
}

/// Reads a form or a form of parts. JSON is refused, as clients observed.
async fn read(request: Request<Body>) -> Result<Form, Response> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if content_type.starts_with("multipart/form-data") {
        return read_parts(request).await.ok_or_else(|| refuse("input invalid"));
    }
    if content_type.starts_with("application/json") {
        return Err(refuse("JSON format invalid"));
    }
    let body: Bytes =
        to_bytes(request.into_body(), LARGEST_FORM).await.map_err(|_| refuse("invalid/empty body value"))?;
    Ok(Form { fields: pairs(&body), file: None })
}

/// `name=value` pairs, percent-decoded; the last of a name counts.
pub(super) fn pairs(body: &[u8]) -> BTreeMap<String, String> {
    let pair = |part: &[u8]| {
        let at = part.iter().position(|&byte| byte == b'=').unwrap_or(part.len());
        (decode(&part[..at]), decode(part.get(at + 1..).unwrap_or_default()))
    };
    body.split(|&byte| byte == b'&').filter(|part| !part.is_empty()).map(pair).collect()
}

fn decode(text: &[u8]) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        match (text[i], digit(text.get(i + 1)), digit(text.get(i + 2))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                i += 2;
            }
            (b'+', ..) => bytes.push(b' '),
            (byte, ..) => bytes.push(byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn read_parts(request: Request<Body>) -> Option<Form> {
    let mut parts = Multipart::from_request(request, &()).await.ok()?;
    let mut form = Form { fields: BTreeMap::new(), file: None };
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.name()?.to_owned();
        if name == "file" {
            let file_name = part.file_name().unwrap_or_default().to_owned();
            let media_type = part.content_type().unwrap_or_default().to_owned();
            let content = part.bytes().await.ok()?.to_vec();
            form.file = Some(Attached { name: file_name, media_type, bytes: content.len(), content });
        } else {
            form.fields.insert(name, part.text().await.ok()?);
        }
    }
    Some(form)
}

/// A target as it is dialled: `08…|Name|variable` loses its variables, a leading zero becomes the country code.
fn dialled(target: &str, country: &str) -> Option<String> {
    let number = target.split('|').next().unwrap_or_default().trim();
    if let Some(group) = number.strip_suffix("@g.us") {
        let known = !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        return known.then(|| number.to_owned());
    }
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = match (number.strip_prefix('0'), country) {
        (_, "0") | (None, _) => number.to_owned(),
        (Some(rest), "") => format!("62{rest}"),
        (Some(rest), code) => format!("{code}{rest}"),
    };
    (8..=15).contains(&number.len()).then_some(number)
}

/// What must hold before a message is queued.
fn check(desk: &Desk, form: &Form) -> Result<Vec<String>, Response> {
    let country = form.text("countryCode");
    if form.text("target").trim().is_empty() {
        return Err(refuse("target input invalid"));
    }
    let targets: Option<Vec<String>> = form.text("target").split(',').map(|target| dialled(target, country)).collect();
    let Some(targets) = targets else { return Err(refuse("target invalid")) };
    if form.text("message").is_empty() && form.file.is_none() {
        return Err(refuse("message cannot empty"));
    }
    if form.text("message").chars().count() > LONGEST_TEXT {
        return Err(refuse("input invalid"));
    }
    if let Some(file) = &form.file {
        if file.bytes >= LARGEST_FILE {
            return Err(refuse("file size must under 4MB"));
        }
        if !["image/png", "image/jpeg", "application/pdf"].contains(&file.media_type.as_str()) {
            return Err(refuse("file format not supported"));
        }
    }
    let inbox = form.text("inboxid");
    if !inbox.is_empty() && inbox.parse::<u64>().is_err() {
        return Err(refuse("input invalid"));
    }
    let state = desk.lock();
    if !state.settings.connected && form.yes("connectOnly", true) {
        return Err(refuse("request invalid on disconnected device"));
    }
    if state.settings.quota < targets.len() as u64 {
        return Err(refuse("insufficient quota"));
    }
    Ok(targets)
}

/// `POST /send`.
pub(super) async fn send(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request<Body>,
) -> Response {
    if let Some(refused) = locked(&desk, request.headers()) {
        return refused;
    }
    let form = match read(request).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let delay = desk.lock().settings.delay_ms;
    tokio::time::sleep(Duration::from_millis(delay)).await;
    let fault = desk.next_fault();
    match &fault {
        Some(Fault::Reason { reason }) => return refuse(reason),
        Some(Fault::Delay { ms }) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Some(Fault::ResetBefore) => {
            cut.cut();
            return StatusCode::OK.into_response();
        }
        Some(Fault::Html { status, accept: false }) => return page(*status),
        Some(Fault::Empty { accept: false }) => return StatusCode::OK.into_response(),
        Some(Fault::Disconnect) => {
            desk.lock().settings.connected = false;
            hook::device(&desk, false);
        }
        _ => {}
    }
    let answer = queue(&desk, form).await;
    match fault {
        Some(Fault::Late { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(Fault::ResetAfter) => cut.cut(),
        Some(Fault::Html { status, .. }) => return page(status),
        Some(Fault::Empty { .. }) => return StatusCode::OK.into_response(),
        _ => {}
    }
    answer
}

/// Checks a message and takes it over; writing the log waits for the disk, so it is done where waiting is allowed.
async fn queue(desk: &Arc<Desk>, form: Form) -> Response {
    let working = Arc::clone(desk);
    let queued = tokio::task::spawn_blocking(move || {
        let targets = check(&working, &form)?;
        let inboxid = form.fields.get("inboxid").cloned();
        let mut state = working.lock();
        let was_connected = state.settings.connected;
        let mut ids = Vec::new();
        for target in &targets {
            let file = form.file.clone();
            match state.accept(target.clone(), form.text("message").to_owned(), file, inboxid.clone()) {
                Ok(id) => ids.push(id),
                // Nothing is said to be accepted that the log does not hold.
                Err(_) => return Err(page(500)),
            }
        }
        Ok((ids, targets, state.settings.clone(), was_connected))
    });
    let (ids, targets, settings, was_connected) = match queued.await {
        Ok(Ok(queued)) => queued,
        Ok(Err(refused)) => return refused,
        Err(_) => return page(500),
    };
    if settings.statuses && was_connected {
        for id in &ids {
            hook::statuses(desk, *id, &desk.options.device);
        }
    }
    if was_connected && !settings.connected {
        hook::device(desk, false);
    }
    let used = ids.len();
    let named: Vec<Value> = ids
        .iter()
        .map(|id| match settings.ids {
            Ids::Integer => json!(id),
            Ids::String => json!(id.to_string()),
        })
        .collect();
    let quota = json!({
        "details": "deduced from total quota", "quota": settings.quota + used as u64, "remaining": settings.quota,
        "used": used,
    });
    Json(json!({
        "detail": "success! message in queue", "id": named, "process": "pending",
        "quota": {desk.options.device.clone(): quota}, "requestid": 389_000_000 + ids.first().copied().unwrap_or(0),
        "status": true, "target": targets,
    }))
    .into_response()
}

/// `POST /device`.
pub(super) async fn device(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    if let Some(refused) = locked(&desk, &headers) {
        return refused;
    }
    let state = desk.lock();
    let status = if state.settings.connected { "connect" } else { "disconnect" };
    Json(json!({
        "device": desk.options.device, "device_status": status, "expired": "18 November 2029",
        "messages": state.accepted.len(), "name": "Stand-in", "package": "Reguler",
        "quota": state.settings.quota.to_string(), "status": true,
    }))
    .into_response()
}

/// `POST /validate`: Indonesian mobile numbers and foreign ones are on WhatsApp, but those that end in 000.
pub(super) async fn validate(State(desk): State<Arc<Desk>>, request: Request<Body>) -> Response {
    if let Some(refused) = locked(&desk, request.headers()) {
        return refused;
    }
    let form = match read(request).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let targets: Vec<&str> = form.text("target").split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
    if targets.is_empty() || targets.len() > NUMBERS_AT_ONCE {
        return refuse("target input invalid");
    }
    let country = form.text("countryCode");
    let (mut registered, mut others) = (Vec::new(), Vec::new());
    for target in targets {
        match dialled(target, country).filter(|number| Number::parse(number).is_ok()) {
            Some(number) if !number.ends_with("000") => registered.push(number),
            _ => others.push(target.to_owned()),
        }
    }
    Json(json!({"status": true, "registered": registered, "not_registered": others})).into_response()
}

/// `POST /delete-message`.
pub(super) async fn delete_message(State(desk): State<Arc<Desk>>, request: Request<Body>) -> Response {
    if let Some(refused) = locked(&desk, request.headers()) {
        return refused;
    }
    let form = match read(request).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let mut state = desk.lock();
    match form.text("id").parse::<u64>() {
        Ok(id) if state.accepted.iter().any(|one| one.id == id) && !state.deleted.contains(&id) => {
            state.deleted.push(id);
            Json(json!({"detail": format!("message {id} successfully deleted"), "status": true})).into_response()
        }
        _ => refuse("input invalid"),
    }
}

/// `POST /reset-message`.
pub(super) async fn reset_message(State(desk): State<Arc<Desk>>, request: Request<Body>) -> Response {
    if let Some(refused) = locked(&desk, request.headers()) {
        return refused;
    }
    let form = match read(request).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let known = form.text("id").parse::<u64>().is_ok_and(|id| desk.lock().accepted.iter().any(|one| one.id == id));
    let when = !form.text("delay").is_empty() || form.text("schedule").parse::<i64>().is_ok();
    if known && when {
        return Json(json!({"detail": "success! message will be sent on scheduled time", "status": true}))
            .into_response();
    }
    refuse("input invalid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_dialled_as_the_gateway_does() {
        assert_eq!(dialled("081234567890|Budi|x", "").as_deref(), Some("6281234567890"));
        assert_eq!(dialled("081234567890", "60").as_deref(), Some("6081234567890"));
        assert_eq!(dialled("6581234567", "0").as_deref(), Some("6581234567"));
        assert_eq!(dialled("120363025246125486@g.us", "0").as_deref(), Some("120363025246125486@g.us"));
        for bad in ["", "x", "6281234567890@s.whatsapp.net", "+6281234567890", "12"] {
            assert_eq!(dialled(bad, "62"), None, "{bad}");
        }
    }

    #[test]
    fn forms_are_read() {
        let form = pairs(b"message=a%26b+c%0A%C3%A9%2&target=62&empty");
        assert_eq!(form["message"], "a&b c\né%2");
        assert_eq!((form["target"].as_str(), form["empty"].as_str()), ("62", ""));
    }
}
