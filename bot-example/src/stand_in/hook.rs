//! Webhooks: posted late, several times, and again until they are answered with 200.

use super::state::Desk;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// One attempt.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Post {
    /// What it was about: message, status or device.
    pub(super) about: &'static str,
    /// The HTTP status that came back; none when nothing did.
    pub(super) answered: Option<u16>,
    /// The attempt, from 1.
    pub(super) attempt: u32,
}

/// A message that somebody typed, with the fields that the gateway sends.
pub(super) fn message(desk: &Desk, from: &str, text: &str, name: &str, inboxid: u64) -> Value {
    json!({
        "quick": false, "device": desk.options.device, "pesan": text, "pengirim": from, "member": "", "message": text,
        "text": "non-button message", "sender": from, "name": name, "location": "", "url": "", "type": "text",
        "extension": "", "filename": "", "pollname": "", "choices": [], "inboxid": inboxid,
        "isgroup": from.ends_with("@g.us"), "isforwarded": false,
        "timestamp": jiff::Timestamp::now().as_second(), "senderlid": "",
    })
}

/// Posts what a message goes through: the first status names the message, later ones their own identity alone.
pub(super) fn statuses(desk: &Arc<Desk>, id: u64, device: &str) {
    let state_id = format!("3EB0{id:X}");
    let first = json!({"device": device, "id": id.to_string(), "stateid": state_id, "status": "sent", "state": "sent"});
    let desk = Arc::clone(desk);
    tokio::spawn(async move {
        deliver(&desk, "status", first).await;
        deliver(&desk, "status", json!({"stateid": state_id, "state": "delivered"})).await;
        deliver(&desk, "status", json!({"stateid": state_id, "state": "read"})).await;
    });
}

/// Tells that the device was connected or disconnected.
pub(super) fn device(desk: &Arc<Desk>, connected: bool) {
    let (status, reason) = if connected { ("connect", "") } else { ("disconnect", "logged out") };
    let timestamp = jiff::Timestamp::now().as_second();
    let body = json!({"device": desk.options.device, "status": status, "timestamp": timestamp, "reason": reason});
    post(desk, "device", body);
}

/// Posts a body in the background, with all its copies.
pub(super) fn post(desk: &Arc<Desk>, about: &'static str, body: Value) {
    let desk = Arc::clone(desk);
    tokio::spawn(async move { deliver(&desk, about, body).await });
}

/// Posts a body with all its copies, and waits until the last one was answered or given up.
async fn deliver(desk: &Arc<Desk>, about: &'static str, mut body: Value) {
    let Some(url) = desk.lock().webhook.clone() else { return };
    if let (Some(secret), None) = (&desk.options.secret, body.get("secret")) {
        body["secret"] = json!(secret);
    }
    let (copies, late) = {
        let state = desk.lock();
        (state.settings.copies, Duration::from_millis(state.settings.hook_delay_ms))
    };
    tokio::time::sleep(late).await;
    let body: Arc<[u8]> = body.to_string().into_bytes().into();
    let posts: Vec<_> = (0..copies)
        .map(|_| tokio::spawn(until_taken(Arc::clone(desk), url.clone(), about, Arc::clone(&body))))
        .collect();
    for post in posts {
        // A copy that ended badly has been noted like any other.
        let _ = post.await;
    }
}

async fn until_taken(desk: Arc<Desk>, url: String, about: &'static str, body: Arc<[u8]>) {
    for attempt in 1..=desk.options.retries + 1 {
        if attempt > 1 {
            tokio::time::sleep(desk.options.retry_every).await;
        }
        let (agent, to, bytes) = (desk.agent.clone(), url.clone(), Arc::clone(&body));
        let answered = tokio::task::spawn_blocking(move || {
            let sent = agent.post(to).header("content-type", "application/json").send(&bytes[..]);
            sent.ok().map(|answer| answer.status().as_u16())
        });
        let answered = answered.await.ok().flatten();
        desk.lock().posted(Post { about, answered, attempt });
        // Nothing but exactly 200 counts.
        if answered == Some(200) {
            return;
        }
    }
}
