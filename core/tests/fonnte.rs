//! What the gateway says, by vectors: answers and webhooks, each with what it means. No network.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "what helps a test may panic")]

use dermawan::bot::{Number, Sender};
use dermawan::transport::fonnte::{Fonnte, FonnteOptions, read_answer};
use dermawan::transport::{Event, Hook, Inbound, Secret, SendError, State, Transport};
use proptest::prelude::*;
use serde_json::{Value, json};

fn gateway() -> Fonnte {
    Fonnte::new(FonnteOptions {
        token: Secret::new("T0ken-of-the-device"),
        device: "0811-0000-0000".into(),
        webhook_secret: Secret::new("rahasia"),
        ..FonnteOptions::default()
    })
    .unwrap()
}

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_answer_has_its_meaning() {
    for case in cases(include_str!("../testdata/fonnte/answers.json")) {
        let what = &case["what"];
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        match read_answer(status, case["body"].as_str().unwrap().as_bytes()) {
            Ok(accepted) => {
                assert_eq!(case["outcome"], "accepted", "{what}");
                assert_eq!(json!(accepted.id), case["id"], "{what}");
                assert_eq!(json!(accepted.quota), case["quota"], "{what}");
            }
            Err(error) => {
                assert_eq!(case["outcome"], error.code(), "{what}: {error}");
                if let Some(reason) = case["reason"].as_str() {
                    assert_eq!(error.reason(), reason, "{what}");
                }
                let after = match &error {
                    SendError::Retry { after, .. } | SendError::RetryOnce { after, .. } => json!(after.as_secs()),
                    _ => Value::Null,
                };
                assert_eq!(after, case["after"], "{what}");
            }
        }
    }
}

fn parse(body: &Value) -> Result<Vec<Event>, dermawan::transport::HookError> {
    let body = serde_json::to_vec(body).unwrap();
    gateway().parse(&Hook { body: &body, headers: &[("content-type", "application/json")] })
}

fn message(body: &Value) -> Inbound {
    match parse(body).unwrap().pop().unwrap() {
        Event::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_webhook_has_its_meaning() {
    for case in cases(include_str!("../testdata/fonnte/hooks.json")) {
        let what = &case["what"];
        let events = match parse(&case["body"]) {
            Ok(events) => events,
            Err(refused) => {
                assert_eq!(case["refused"], format!("{refused:?}"), "{what}");
                continue;
            }
        };
        assert_eq!(case["refused"], Value::Null, "{what}");
        let found = match events.as_slice() {
            [] => json!({"event": "none"}),
            [Event::Message(message)] => json!({
                "event": "message",
                "sender": match &message.sender {
                    Sender::Person(number) => format!("person {}", number.as_str()),
                    other => format!("{other:?}").to_lowercase(),
                },
                "text": message.text,
                "written": message.written.map(jiff::Timestamp::as_second),
                "lid": message.lid,
                "id": message.id,
                "windowed": message.windowed,
            }),
            [Event::Status(change)] => json!({
                "event": "status", "id": change.id, "state_id": change.state_id, "state": change.state.code(),
            }),
            [Event::Device(change)] => {
                json!({"event": "device", "connected": change.connected, "reason": change.reason})
            }
            other => panic!("{what}: {other:?}"),
        };
        for (key, value) in found.as_object().unwrap() {
            assert_eq!(*value, case[key], "{what}: {key}");
        }
        if let (Some(key), [Event::Message(message)]) = (case["key"].as_str(), events.as_slice()) {
            assert_eq!(message.key, key, "{what}");
        }
    }
}

#[test]
fn keys_tell_messages_apart_and_deliveries_not() {
    let body = json!({"device": "6281100000000", "sender": "6281234567890", "message": "INFO",
        "timestamp": 1_767_225_600, "member": "", "secret": "rahasia"});
    let first = message(&body);
    let mut again = body.clone();
    again["isforwarded"] = json!(false);
    again["device"] = json!("081100000000");
    again["timestamp"] = json!("1767225600");
    assert_eq!(message(&again).key, first.key, "spelled differently, the same message");
    for (field, value) in [
        ("sender", json!("6281234567891")),
        ("message", json!("INFO ")),
        ("timestamp", json!(1_767_225_601)),
        ("inboxid", json!(5)),
        ("url", json!("https://example.org/a.png")),
    ] {
        let mut other = body.clone();
        other[field] = value;
        assert_ne!(message(&other).key, first.key, "{field}");
    }
    let member = |number: &str| {
        let mut group = body.clone();
        (group["isgroup"], group["member"]) = (json!(true), json!(number));
        message(&group).key
    };
    assert_ne!(member("6281234567891"), member("6281234567892"), "member");
    assert!(!first.key.contains("81234567890") && !first.key.contains("INFO"));
    assert!(!format!("{first:?}").contains("81234567890"));
}

#[test]
fn statuses_without_the_secret_only_where_allowed() {
    let lenient = Fonnte::new(FonnteOptions {
        token: Secret::new("T"),
        webhook_secret: Secret::new("rahasia"),
        statuses_without_secret: true,
        ..FonnteOptions::default()
    })
    .unwrap();
    let parse = |body: &[u8]| lenient.parse(&Hook { body, headers: &[] });
    let events = parse(br#"{"stateid":"S1","state":"read"}"#).unwrap();
    assert!(matches!(&events[..], [Event::Status(change)] if change.state == State::Read));
    assert!(parse(br#"{"sender":"6281234567890","message":"INFO"}"#).is_err(), "a message always needs it");
}

#[test]
fn a_body_too_large_is_not_read() {
    let mut body = br#"{"secret":"rahasia","device":"6281100000000","sender":"6281234567890","message":""#.to_vec();
    body.resize(65_535, b'a');
    body.extend(b"\"}");
    assert!(gateway().parse(&Hook { body: &body, headers: &[] }).is_err());
}

#[test]
fn options_are_checked_and_hide_their_secrets() {
    let fine = FonnteOptions { token: Secret::new("s3cret-token"), ..FonnteOptions::default() };
    let wrong = [
        FonnteOptions { token: Secret::default(), ..fine.clone() },
        FonnteOptions { token: Secret::new("a\r\nx: y"), ..fine.clone() },
        FonnteOptions { base_url: "http://api.fonnte.com".into(), ..fine.clone() },
        FonnteOptions { device: "halo".into(), ..fine.clone() },
        FonnteOptions { secret_field: String::new(), ..fine.clone() },
        FonnteOptions { country_code: "+62".into(), ..fine.clone() },
        FonnteOptions { timeout: 0, ..fine.clone() },
    ];
    for options in wrong {
        let error = Fonnte::new(options).unwrap_err();
        assert_eq!(error.code(), "configuration");
        assert!(!error.to_string().contains("s3cret") && error.advice().is_some(), "{error}");
    }
    let shown = format!("{fine:?} {:?} {}", Fonnte::new(fine.clone()).unwrap(), serde_json::to_string(&fine).unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
    let read: FonnteOptions = serde_json::from_str(r#"{"token": "a", "typing": true}"#).unwrap();
    assert!(read.typing && read.token == Secret::new("a"));
    serde_json::from_str::<FonnteOptions>(r#"{"tokn": "a"}"#).unwrap_err();
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9@:.gclidus]{0,24}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..512), status in 100..600_u16) {
        let _ = gateway().parse(&Hook { body: &body, headers: &[] });
        let _ = read_answer(status, &body);
    }

    #[test]
    fn no_fields_make_it_panic(
        fields in prop::collection::btree_map(
            prop_oneof![
                Just("sender"), Just("pengirim"), Just("message"), Just("pesan"), Just("text"), Just("device"),
                Just("id"), Just("inboxid"), Just("stateid"), Just("state"), Just("status"), Just("timestamp"),
                Just("senderlid"), Just("isgroup"), Just("reason"), Just("quota"), Just("name"), Just("Status"),
            ],
            any_json(),
            0..12,
        ),
        status in 100..600_u16,
    ) {
        let mut body = json!(fields);
        body["secret"] = json!("rahasia");
        if let Ok(events) = parse(&body) {
            for event in &events {
                // Read twice, it is the same: nothing is remembered, and keys do not vary.
                prop_assert!(parse(&body).unwrap().contains(event));
                let shown = format!("{event:?}");
                if let Event::Message(Inbound { sender: Sender::Person(number), .. }) = event {
                    prop_assert!(!shown.contains(number.as_str()));
                }
            }
        }
        let _ = read_answer(status, &serde_json::to_vec(&body).unwrap());
    }

    #[test]
    fn no_reason_brings_a_number_or_a_text_along(head in "[a-z ]{0,12}", number in "628[0-9]{8,10}", text in "[A-Z][a-z]{3,8} [0-9]{3,9}") {
        let body = json!({"status": false, "reason": format!("{head}{number} {text}")});
        let error = read_answer(200, &serde_json::to_vec(&body).unwrap()).unwrap_err();
        prop_assert!(!error.to_string().contains(&number) && !error.to_string().contains(&text));
        prop_assert!(Number::parse(&number).is_ok() || number.len() < 11);
    }
}
