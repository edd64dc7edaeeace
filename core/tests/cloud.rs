//! The Cloud API's client against a small fake of the platform, over a real connection.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "what helps a test may panic")]

use dermawan::bot::{Number, Sender};
use dermawan::transport::cloud::{Cloud, CloudOptions, read_answer};
use dermawan::transport::contract::{Case, Written, check, pixel};
use dermawan::transport::{Envelope, Event, Secret, SendError, State, Transport};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

const TOKEN: &str = "EAAtokenOfTheApp";
const APP_SECRET: &str = "app-s3cret";

/// What the fake was sent: method and path, authorization, content type, body.
type Seen = (String, String, String, Vec<u8>);

/// A planned answer; none is a connection that is closed without one.
type Planned = Option<(u16, String)>;

#[derive(Default)]
struct Platform {
    seen: Mutex<Vec<Seen>>,
    planned: Mutex<VecDeque<Planned>>,
    messages: Mutex<usize>,
}

impl Platform {
    /// Serves on a free port for as long as the test runs.
    fn start() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let platform = Arc::new(Self::default());
        let serving = Arc::clone(&platform);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.unwrap());
                let (mut first, mut key, mut kind, mut length) = (String::new(), String::new(), String::new(), 0);
                reader.read_line(&mut first).unwrap();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                        break;
                    }
                    let (name, value) = line.split_once(':').unwrap();
                    match name.to_ascii_lowercase().as_str() {
                        "authorization" => value.trim().clone_into(&mut key),
                        "content-type" => value.trim().clone_into(&mut kind),
                        "content-length" => length = value.trim().parse().unwrap(),
                        _ => {}
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let asked = first.rsplit_once(' ').unwrap().0.to_owned();
                let answer = serving.answer(&asked);
                serving.seen.lock().unwrap().push((asked, key, kind, body));
                if let Some((status, body)) = answer {
                    let head =
                        format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                    reader.get_mut().write_all((head + &body).as_bytes()).unwrap();
                }
            }
        });
        (platform, address)
    }

    fn answer(&self, asked: &str) -> Planned {
        if asked.starts_with("POST /v25.0/123/messages") {
            if let Some(planned) = self.planned.lock().unwrap().pop_front() {
                return planned;
            }
            let mut messages = self.messages.lock().unwrap();
            *messages += 1;
            return Some((200, json!({"messages": [{"id": format!("wamid.{messages}=")}]}).to_string()));
        }
        if asked == "POST /v25.0/123/media" {
            return Some((200, r#"{"id":"4490709327384033"}"#.into()));
        }
        if asked == "GET /v25.0/123?fields=status,quality_rating" {
            return Some((200, r#"{"status":"CONNECTED","quality_rating":"GREEN","id":"123"}"#.into()));
        }
        Some((404, "<html></html>".into()))
    }

    fn plan(&self, code: u64, status: u16) {
        let body = json!({"error": {"code": code, "message": "to 6281234567889: Assalamu kedua EAAtokenOfTheApp"}});
        self.planned.lock().unwrap().push_back(Some((status, body.to_string())));
    }
}

fn options(address: &str) -> CloudOptions {
    CloudOptions {
        base_url: address.to_owned(),
        phone_number_id: "123".into(),
        token: Secret::new(TOKEN),
        app_secret: Secret::new(APP_SECRET),
        verify_token: Secret::new("pilihan-kami"),
        ..CloudOptions::default()
    }
}

fn number() -> Number {
    Number::parse("081234567889").unwrap()
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

fn signed(secret: &str, body: &Value) -> Written {
    let body = body.to_string().into_bytes();
    Written { headers: vec![("x-hub-signature-256", sign(secret, &body))], body }
}

fn hook(phone: &str, more: &Value) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "6281100000000", "phone_number_id": phone},
        "contacts": [{"profile": {"name": "Budi"}, "wa_id": "6281234567889"}],
    });
    for (key, item) in more.as_object().unwrap() {
        value[key] = item.clone();
    }
    json!({"object": "whatsapp_business_account", "entry": [{"id": "0", "changes": [{"field": "messages", "value": value}]}]})
}

fn typed(id: &str, text: &str) -> Value {
    json!({"messages": [{"from": "6281234567889", "id": id, "timestamp": "1767225600", "type": "text", "text": {"body": text}}]})
}

fn parse(cloud: &Cloud, written: &Written) -> Result<Vec<Event>, dermawan::transport::HookError> {
    let headers: Vec<(&str, &str)> = written.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    cloud.parse(&dermawan::transport::Hook { body: &written.body, headers: &headers })
}

#[test]
fn every_answer_has_its_meaning() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../testdata/cloud/answers.json")).unwrap();
    for case in cases {
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let body = if case["body"].is_null() { "<html></html>".to_owned() } else { case["body"].to_string() };
        match read_answer(status, body.as_bytes()) {
            Ok(accepted) => {
                assert_eq!((json!("accepted"), json!(accepted.id)), (case["outcome"].clone(), case["id"].clone()));
            }
            Err(error) => {
                assert_eq!(case["outcome"], error.code(), "{case} {error}");
                if let SendError::Retry { after, .. } = &error {
                    assert_eq!(case["after"], after.as_secs(), "{case}");
                }
                assert!(!error.to_string().contains("6281234567889"));
            }
        }
    }
}

#[test]
fn cloud_keeps_the_contract() {
    let (platform, address) = Platform::start();
    let cloud = Cloud::new(options(&address)).unwrap();
    let platform = &platform;
    let error = |outcome: &'static str, code: u64, status: u16| -> (&'static str, Box<dyn Fn() + '_>) {
        (outcome, Box::new(move || platform.plan(code, status)))
    };
    let sent = |status: &str| json!({"statuses": [{"id": "wamid.1=", "status": status, "timestamp": "1767225600", "recipient_id": "6281234567889"}]});
    let mut unsigned = signed(APP_SECRET, &hook("123", &typed("wamid.A", "INFO")));
    unsigned.headers.clear();
    let mut changed = signed(APP_SECRET, &hook("123", &typed("wamid.A", "INFO")));
    changed.body.push(b' ');
    let case = Case {
        transport: &cloud,
        debug: format!("{cloud:?} {:?} {}", options(&address), serde_json::to_string(&options(&address)).unwrap()),
        secrets: vec![TOKEN.into(), APP_SECRET.into(), "pilihan-kami".into()],
        to: number(),
        messages: vec![
            signed(APP_SECRET, &hook("123", &typed("wamid.A", "INFO saya"))),
            signed(APP_SECRET, &hook("123", &typed("wamid.B", "INFO saya"))),
        ],
        statuses: ["sent", "delivered", "read", "failed"]
            .map(|status| signed(APP_SECRET, &hook("123", &sent(status))))
            .into(),
        forged: vec![
            unsigned,
            changed,
            signed("another", &hook("123", &typed("wamid.A", "INFO"))),
            signed(APP_SECRET, &hook("124", &typed("wamid.A", "INFO"))),
            Written { headers: vec![("x-hub-signature-256", "sha256=".into())], body: b"{}".to_vec() },
        ],
        broken: vec![
            error("stop", 190, 401),
            error("pause_spam", 131_048, 400),
            error("pause_spam", 368, 403),
            error("recipient", 131_026, 400),
            error("content", 131_047, 400),
            error("content", 100, 400),
            error("retry", 130_429, 429),
            error("retry", 131_056, 400),
            error("unknown", 131_000, 500),
            ("unknown", Box::new(|| platform.planned.lock().unwrap().push_back(None))),
        ],
        accepted: Some(Box::new(|| *platform.messages.lock().unwrap())),
    };
    check(&case);
    let health = cloud.health().unwrap();
    assert_eq!((health.connected, health.detail.as_str()), (true, "quality green"));
}

#[test]
fn the_platform_is_sent_what_it_documents() {
    let (platform, address) = Platform::start();
    let cloud = Cloud::new(options(&address)).unwrap();
    let reply = Envelope { reply_to: Some("wamid.A".into()), ..Envelope::text("k", number(), "Halo *Pak*") };
    cloud.send(&reply).unwrap();
    let values = vec!["Budi".to_owned(), "Rp 500.000".to_owned()];
    cloud
        .send(&Envelope { template: Some(("laporan_bulanan".into(), values)), ..Envelope::text("k", number(), "") })
        .unwrap();
    cloud.send(&Envelope { picture: Some(pixel()), ..Envelope::text("k", number(), "Laporan") }).unwrap();
    let seen = platform.seen.lock().unwrap();
    assert!(seen.iter().all(|(_, key, ..)| *key == format!("Bearer {TOKEN}")));
    let body = |i: usize| -> Value { serde_json::from_slice(&seen[i].3).unwrap() };
    assert_eq!(
        body(0),
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "6281234567889", "type": "text",
            "context": {"message_id": "wamid.A"}, "text": {"preview_url": false, "body": "Halo *Pak*"}})
    );
    assert_eq!(
        body(1)["template"],
        json!({"name": "laporan_bulanan", "language": {"code": "id"}, "components": [{"type": "body", "parameters": [
            {"type": "text", "text": "Budi"}, {"type": "text", "text": "Rp 500.000"}]}]})
    );
    assert_eq!(seen[2].0, "POST /v25.0/123/media");
    assert!(seen[2].2.starts_with("multipart/form-data; boundary="));
    assert!(seen[2].3.windows(pixel().bytes.len()).any(|window| window == pixel().bytes));
    assert_eq!(body(3)["image"], json!({"id": "4490709327384033", "caption": "Laporan"}));
    let long = Envelope { picture: Some(pixel()), ..Envelope::text("k", number(), "a".repeat(1025)) };
    assert_eq!(cloud.send(&long).unwrap_err().code(), "content");
}

#[test]
fn a_hook_may_hold_much() {
    let cloud = Cloud::new(options("http://127.0.0.1:1")).unwrap();
    let message = |kind: &str, more: Value| {
        let mut message =
            json!({"from": "6281234567889", "id": format!("wamid.{kind}"), "timestamp": "1767225600", "type": kind});
        message[kind] = more;
        message
    };
    let mut foreign = message("text", json!({"body": "hi"}));
    foreign["from"] = json!("819012345678");
    foreign["id"] = json!("wamid.jp");
    let mut hidden = message("text", json!({"body": "hi"}));
    hidden["from"] = json!("ID.13491208655302741918");
    hidden["id"] = json!("wamid.hidden");
    let all = json!({"messages": [
        message("text", json!({"body": "INFO"})),
        message("button", json!({"text": "LAPORAN", "payload": "x"})),
        message("interactive", json!({"type": "button_reply", "button_reply": {"id": "1", "title": "SALDO"}})),
        message("image", json!({"id": "1", "caption": "bukti"})),
        message("audio", json!({"id": "1"})),
        message("reaction", json!({"emoji": "x"})),
        foreign,
        hidden,
    ], "statuses": [{"id": "wamid.1", "status": "failed", "errors": [{"code": 131_026}]}]});
    let events = parse(&cloud, &signed(APP_SECRET, &hook("123", &all))).unwrap();
    let said: Vec<(String, bool)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Message(message) => Some((message.text.clone(), matches!(message.sender, Sender::Person(_)))),
            _ => None,
        })
        .collect();
    let expected =
        [("INFO", true), ("LAPORAN", true), ("SALDO", true), ("bukti", true), ("", true), ("hi", true), ("hi", false)];
    assert_eq!(said, expected.map(|(text, person)| (text.to_owned(), person)));
    let Event::Message(first) = &events[0] else { panic!() };
    assert_eq!((first.name.as_str(), first.key.as_str(), first.windowed), ("Budi", "cloud:wamid.text", false));
    assert_eq!(first.written, Some(Timestamp::from_second(1_767_225_600).unwrap()));
    assert_eq!(first.device.as_ref().map(Number::as_str), Some("6281100000000"));
    let Event::Message(foreign) = &events[5] else { panic!() };
    assert_eq!(foreign.sender, Sender::Person(Number::parse("+819012345678").unwrap()), "Japan, not Indonesia");
    assert!(matches!(events.last(), Some(Event::Status(change)) if change.state == State::Failed
        && change.reason.as_deref() == Some("error 131026")));
}

#[test]
fn the_signature_is_the_known_one() {
    // HMAC-SHA256 of "test" under "secret", as published in another library's documentation.
    let cloud =
        Cloud::new(CloudOptions { app_secret: Secret::new("secret"), ..options("http://127.0.0.1:1") }).unwrap();
    let known = "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914";
    let written = Written { headers: vec![("x-hub-signature-256", known.into())], body: b"test".to_vec() };
    assert_eq!(parse(&cloud, &written), Err(dermawan::transport::HookError::Malformed), "signed, but no JSON");
    let written = Written { body: b"tes".to_vec(), ..written };
    assert_eq!(parse(&cloud, &written), Err(dermawan::transport::HookError::Forged));
}

#[test]
fn a_webhook_is_set_up_by_a_challenge() {
    let cloud = Cloud::new(options("http://127.0.0.1:1")).unwrap();
    assert_eq!(cloud.challenge("subscribe", "pilihan-kami", "1158201444"), Some("1158201444"));
    assert_eq!(cloud.challenge("subscribe", "pilihan", "1158201444"), None);
    assert_eq!(cloud.challenge("unsubscribe", "pilihan-kami", "1158201444"), None);
    assert_eq!(cloud.challenge("subscribe", "pilihan-kami", "<script>"), None);
    let unset = Cloud::new(CloudOptions { verify_token: Secret::default(), ..options("http://127.0.0.1:1") }).unwrap();
    assert_eq!(unset.challenge("subscribe", "", "1"), None);
}

#[test]
fn a_template_is_needed_a_day_after_the_last_word() {
    let cloud = Cloud::new(options("http://127.0.0.1:1")).unwrap();
    let needs = |heard: Option<i64>, now: i64| {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        cloud.capabilities().needs_template(heard.map(at), at(now))
    };
    assert!(needs(None, 100_000));
    assert!(!needs(Some(100_000), 100_000 + 86_399));
    assert!(needs(Some(100_000), 100_000 + 86_400));
    assert!(!needs(Some(100_500), 100_000), "a clock ahead of ours");
}

#[test]
fn options_are_checked() {
    let fine = options("https://graph.facebook.com");
    for wrong in [
        CloudOptions { phone_number_id: String::new(), ..fine.clone() },
        CloudOptions { phone_number_id: "../1".into(), ..fine.clone() },
        CloudOptions { version: "25".into(), ..fine.clone() },
        CloudOptions { token: Secret::default(), ..fine.clone() },
        CloudOptions { app_secret: Secret::default(), ..fine.clone() },
        CloudOptions { base_url: "http://graph.facebook.com".into(), ..fine.clone() },
        CloudOptions { timeout: 0, ..fine },
    ] {
        assert_eq!(Cloud::new(wrong).unwrap_err().code(), "configuration");
    }
}

proptest! {
    #[test]
    fn no_signed_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..400), status in 100..600_u16) {
        let cloud = Cloud::new(options("http://127.0.0.1:1")).unwrap();
        let written = Written { headers: vec![("x-hub-signature-256", sign(APP_SECRET, &body))], body };
        let _ = parse(&cloud, &written);
        let _ = read_answer(status, &written.body);
    }

    #[test]
    fn no_signature_makes_it_panic(signature in ".{0,80}", hex in "sha256=[0-9a-fé]{0,66}") {
        let cloud = Cloud::new(options("http://127.0.0.1:1")).unwrap();
        for value in [signature, hex] {
            let written = Written { headers: vec![("x-hub-signature-256", value)], body: b"{}".to_vec() };
            prop_assert!(parse(&cloud, &written).is_err());
        }
    }

    #[test]
    fn no_shape_makes_it_panic(
        from in any::<String>(), kind in "[a-z]{0,8}", text in any::<String>(), time in any::<i64>(), index in any::<bool>(),
    ) {
        let cloud = Cloud::new(options("http://127.0.0.1:1")).unwrap();
        let mut message = json!({"from": from, "id": text, "timestamp": time.to_string(), "type": kind});
        message[&kind] = if index { json!({"body": text, "caption": text}) } else { json!([text]) };
        let body = hook("123", &json!({"messages": [message], "statuses": [message, text], "contacts": text}));
        prop_assert!(parse(&cloud, &signed(APP_SECRET, &body)).is_ok());
    }
}
