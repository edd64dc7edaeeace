//! Webhooks of both gateways: the usual ones, mutated ones and noise, signed rightly and wrongly.

use super::{Dice, Outcome, PIECES, mutated, number_text, sound};
use dermawan::bot::Sender;
use dermawan::transport::cloud::{Cloud, CloudOptions};
use dermawan::transport::fonnte::{Fonnte, FonnteOptions};
use dermawan::transport::{Event, Hook, HookError, Secret, Transport};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::sync::LazyLock;

const SECRET: &str = "fuzz-secret";
const DEVICE: &str = "6281100000000";
const ID: &str = "106540352242922";

static FONNTE: LazyLock<Option<Fonnte>> = LazyLock::new(|| {
    let options = FonnteOptions {
        token: Secret::new("token"),
        device: DEVICE.into(),
        webhook_secret: Secret::new(SECRET),
        ..FonnteOptions::default()
    };
    Fonnte::new(options).ok()
});
static CLOUD: LazyLock<Option<Cloud>> = LazyLock::new(|| {
    let options = CloudOptions {
        phone_number_id: ID.into(),
        token: Secret::new("token"),
        app_secret: Secret::new(SECRET),
        ..CloudOptions::default()
    };
    Cloud::new(options).ok()
});

/// A value of any kind, often the usual one.
fn value(usual: Value, dice: &mut Dice) -> Value {
    match dice.below(16) {
        0 => Value::Null,
        1 => json!(dice.next()),
        2 => json!(dice.next().cast_signed()),
        3 => json!(dice.unit() * 1e300),
        4 => json!([usual, []]),
        5 => json!({ "id": usual }),
        6 => json!((0..dice.below(8)).map(|_| dice.pick(PIECES)).collect::<String>()),
        7 => json!(number_text(dice)),
        8 => json!(dice.one_in(2)),
        _ => usual,
    }
}

fn object(fields: &[(&str, Value)], dice: &mut Dice) -> Value {
    let mut all = Map::new();
    for (name, usual) in fields {
        if !dice.one_in(12) {
            let value = value(usual.clone(), dice);
            all.insert((*name).to_owned(), value);
        }
    }
    Value::Object(all)
}

fn fonnte_body(dice: &mut Dice) -> Value {
    let mut body = if dice.one_in(3) {
        let fields = [
            ("id", json!("80367170")),
            ("stateid", json!("3EB0")),
            ("status", json!(dice.pick(&["sent", "expired", "connect", "disconnect"]))),
            ("state", json!(dice.pick(&["delivered", "read", "0"]))),
            ("reason", json!("logged out")),
            ("timestamp", json!("1767225600")),
        ];
        object(&fields, dice)
    } else {
        let fields = [
            ("sender", json!(number_text(dice))),
            ("pengirim", json!("6281234567890")),
            ("message", json!("INFO")),
            ("pesan", json!("INFO")),
            ("text", json!("non-button message")),
            ("member", json!("")),
            ("name", json!("Budi")),
            ("timestamp", json!(1_767_225_600)),
            ("inboxid", json!("5401")),
            ("isgroup", json!(false)),
        ];
        object(&fields, dice)
    };
    // Mostly the right secret and device, since otherwise nothing behind the door would be met.
    if !dice.one_in(10) {
        body["secret"] = json!(SECRET);
    }
    if !dice.one_in(10) {
        body["device"] = json!(DEVICE);
    }
    body
}

fn cloud_body(dice: &mut Dice) -> Value {
    let kind = dice.pick(&["text", "image", "button", "interactive", "reaction", "system", "x"]);
    let message = [
        ("id", json!("wamid.X")),
        ("from", json!(number_text(dice))),
        ("timestamp", json!("1767225600")),
        ("type", json!(kind)),
        ("text", json!({ "body": "INFO" })),
        ("image", json!({ "caption": "INFO" })),
        ("button", json!({ "text": "INFO" })),
        ("interactive", json!({ "button_reply": { "title": "INFO" } })),
    ];
    let status = [("id", json!("wamid.Y")), ("status", json!(dice.pick(&["sent", "read", "failed"])))];
    let parts = [
        ("metadata", json!({ "phone_number_id": ID, "display_phone_number": DEVICE })),
        ("contacts", json!([{ "wa_id": "6281234567890", "profile": { "name": "Budi" } }])),
        ("messages", json!([object(&message, dice)])),
        ("statuses", json!([object(&status, dice)])),
    ];
    let parts = object(&parts, dice);
    let change = object(&[("value", parts)], dice);
    let entry = object(&[("changes", json!([change]))], dice);
    object(&[("entry", json!([entry]))], dice)
}

fn signature(body: &[u8]) -> Result<String, String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).map_err(|error| error.to_string())?;
    mac.update(body);
    let tag = mac.finalize().into_bytes();
    Ok(tag.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

fn check(gateway: &dyn Transport, hook: &Hook<'_>) -> Result<Result<Vec<Event>, HookError>, String> {
    let found = gateway.parse(hook);
    for event in found.iter().flatten() {
        let Event::Message(message) = event else { continue };
        if message.key.is_empty() {
            return Err("a message without a key".to_owned());
        }
        if let Sender::Person(number) = &message.sender {
            sound(number)?;
        }
        if format!("{message:?}").contains("Budi") {
            return Err("a message prints its sender's name".to_owned());
        }
    }
    if gateway.parse(hook) != found {
        return Err("another answer the second time".to_owned());
    }
    Ok(found)
}

/// Bodies of both gateways: usual ones with odd values, mutated ones and plain noise.
pub(super) fn hooks(dice: &mut Dice) -> Outcome {
    let fonnte = dice.one_in(2);
    let usual = if fonnte { fonnte_body(dice) } else { cloud_body(dice) }.to_string();
    let body = match dice.below(8) {
        0 => (0..dice.below(80)).map(|_| dice.next() as u8).collect(),
        1 => (0..dice.below(200)).map(|_| dice.pick(b"[]{}\":,\\0123e.-ntu \n")).collect(),
        2..5 => mutated(&usual, dice),
        _ => usual.into_bytes(),
    };
    if fonnte {
        let gateway = FONNTE.as_ref().ok_or("no gateway")?;
        let found = check(gateway, &Hook { body: &body, headers: &[] })?;
        let knows = String::from_utf8_lossy(&body).contains("secret");
        if found.is_ok_and(|events| !events.is_empty()) && !knows {
            return Err("a body without the secret is taken".to_owned());
        }
        return Ok(());
    }
    let gateway = CLOUD.as_ref().ok_or("no gateway")?;
    let right = signature(&body)?;
    let given =
        if dice.one_in(6) { String::from_utf8_lossy(&mutated(&right, dice)).into_owned() } else { right.clone() };
    let found = check(gateway, &Hook { body: &body, headers: &[("x-hub-signature-256", &given)] })?;
    // Hexadecimal digits may be large or small.
    let same = given.eq_ignore_ascii_case(&right);
    if !same && found != Err(HookError::Forged) {
        return Err(format!("a wrong signature is taken: {given:?}"));
    }
    Ok(())
}
