//! The gateway's client against the stand-in, over a real connection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::bot::Number;
use dermawan::transport::contract::{Broken, Case, Written, check, pixel};
use dermawan::transport::fonnte::{Fonnte, FonnteOptions};
use dermawan::transport::{Envelope, Event, Hook, Secret, SendError, State, Transport};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use support::program;

const TOKEN: &str = "t0ken-of-the-device";
const SECRET: &str = "rahasia-gawai";
const PATIENCE: Duration = Duration::from_mins(1);

/// A stand-in, ended with the value.
struct Gateway {
    child: Child,
    address: String,
}

impl Gateway {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = program(folder)
            .args(["stand-in", "--listen", "127.0.0.1:0", "--token", TOKEN, "--secret", SECRET])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect(&line).to_owned();
        Self { child, address }
    }

    fn client(&self) -> Fonnte {
        Fonnte::new(FonnteOptions {
            base_url: self.address.clone(),
            token: Secret::new(TOKEN),
            device: "0811-0000-0000".into(),
            webhook_secret: Secret::new(SECRET),
            connect_timeout: 5,
            timeout: 5,
            ..FonnteOptions::default()
        })
        .unwrap()
    }

    /// One request; the status and the body.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address.strip_prefix("http://").unwrap()).unwrap();
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn control(&self, path: &str, body: &Value) {
        let (status, answer) = self.ask("POST", path, &[("content-type", "application/json")], &body.to_string());
        assert!(status == 200 || status == 204, "{status} {answer}");
    }

    fn fault(&self, fault: &Value) {
        self.control("/control/faults", &json!({"fault": fault}));
    }

    fn accepted(&self) -> Vec<Value> {
        let (_, body) = self.ask("GET", "/control/accepted", &[], "");
        body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number() -> Number {
    Number::parse("081234567889").unwrap()
}

#[allow(clippy::needless_pass_by_value, reason = "shorter where it is called")]
fn hook(fields: Value) -> Written {
    let mut body = json!({"device": "6281100000000", "secret": SECRET});
    for (key, value) in fields.as_object().unwrap() {
        body[key] = value.clone();
    }
    Written::body(body.to_string())
}

#[test]
fn fonnte_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(folder.path(), &[]);
    let client = gateway.client();
    let gateway = &gateway;
    let reason = |code: &'static str, reason: &'static str| -> (&'static str, Box<dyn Fn() + '_>) {
        (code, Box::new(move || gateway.fault(&json!({"kind": "reason", "reason": reason}))))
    };
    let broken: Vec<Broken<'_>> = vec![
        reason("stop", "token invalid"),
        reason("stop", "devices must belong to an account"),
        reason("recipient", "target invalid"),
        reason("content", "input invalid"),
        reason("retry_once", "url unreachable"),
        reason("retry", "6281234567889 Assalamu baris kedua t0ken-of-the-device"),
        ("unknown", Box::new(|| gateway.fault(&json!({"kind": "reset_before"})))),
        ("unknown", Box::new(|| gateway.fault(&json!({"kind": "reset_after"})))),
        ("unknown", Box::new(|| gateway.fault(&json!({"kind": "html", "status": 502})))),
        ("unknown", Box::new(|| gateway.fault(&json!({"kind": "html", "status": 502, "accept": true})))),
        ("unknown", Box::new(|| gateway.fault(&json!({"kind": "empty", "accept": true})))),
        ("unknown", Box::new(|| gateway.fault(&json!({"kind": "delay", "ms": 6500})))),
        ("pause_quota", Box::new(|| gateway.control("/control/state", &json!({"quota": 0})))),
        ("pause_device", Box::new(|| gateway.control("/control/state", &json!({"quota": 9, "connected": false})))),
    ];
    let case = Case {
        transport: &client,
        debug: format!("{client:?}"),
        secrets: vec![TOKEN.into(), SECRET.into()],
        to: number(),
        messages: vec![
            hook(json!({"sender": "6281234567889", "message": "INFO saya", "timestamp": 1_767_225_600})),
            hook(json!({"sender": "6281234567889", "message": "INFO saya", "timestamp": 1_767_225_601})),
            hook(json!({"pengirim": "6281234567889", "pesan": "INFO saya", "inboxid": 4})),
        ],
        statuses: vec![
            hook(json!({"id": "1", "stateid": "S", "status": "sent"})),
            hook(json!({"stateid": "S", "state": "read"})),
        ],
        forged: vec![
            hook(json!({"sender": "6281234567889", "message": "INFO", "secret": "x"})),
            hook(json!({"sender": "6281234567889", "message": "INFO", "secret": null})),
            hook(json!({"sender": "6281234567889", "message": "INFO", "device": "6281100000001"})),
        ],
        broken,
        accepted: Some(Box::new(|| gateway.accepted().len())),
    };
    check(&case);
    let health = client.health().unwrap();
    assert_eq!((health.connected, health.quota), (false, Some(9)));
    assert_eq!(health.detail, "plan reguler, until 18 November 2029");
}

#[test]
fn what_arrives_is_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("accepted.jsonl");
    let gateway = Gateway::start(folder.path(), &["--accepted", "accepted.jsonl", "--ids", "string", "--quota", "5"]);
    let client = gateway.client();
    let text = "a=1&b=2 + 50% *é* 🙏\n\"kutip\" \u{1F44D}; {name}|x";
    let plain = Envelope { reply_to: Some("77".into()), ..Envelope::text("k1", number(), text) };
    let sent = client.send(&plain).unwrap();
    assert_eq!((sent.id.as_deref(), sent.quota), (Some("144000000"), Some(4)));
    let mut picture = pixel();
    // Larger than a packet, and holding what could be taken for a boundary.
    picture.bytes.extend(b"\r\n--dermawan-part-0\r\n".repeat(20_000));
    let size = picture.bytes.len();
    client.send(&Envelope { picture: Some(picture), ..Envelope::text("k2", number(), text) }).unwrap();
    let foreign = Number::parse("+65 8123 4567").unwrap();
    client.send(&Envelope::text("k3", foreign, "Halo")).unwrap();

    let accepted = gateway.accepted();
    assert_eq!(accepted.len(), 3);
    assert_eq!((&accepted[0]["message"], &accepted[0]["target"]), (&json!(text), &json!("6281234567889")));
    assert_eq!(accepted[0]["inboxid"], "77");
    assert_eq!(accepted[1]["message"], text);
    assert_eq!(accepted[1]["file"], json!({"name": "laporan.png", "media_type": "image/png", "bytes": size}));
    assert_eq!(accepted[2]["target"], "6581234567", "a foreign number is not rewritten");
    let logged: Vec<Value> =
        std::fs::read_to_string(log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(logged, accepted);
}

#[test]
fn lost_before_is_retried_and_lost_after_is_unknown() {
    let envelope = Envelope::text("k", number(), "Halo");
    let client = |address: String| {
        Fonnte::new(FonnteOptions {
            base_url: address,
            token: Secret::new(TOKEN),
            timeout: 3,
            ..FonnteOptions::default()
        })
        .unwrap()
    };
    // Nobody listens.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client(format!("http://{closed}")).send(&envelope).unwrap_err();
    assert!(matches!(&error, SendError::Retry { .. }), "{error}");
    // No such name.
    let error = client("https://nowhere.invalid".into()).send(&envelope).unwrap_err();
    assert!(matches!(&error, SendError::Retry { .. }), "{error}");
    // Somebody listens and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = client(format!("http://{}", silent.local_addr().unwrap())).send(&envelope).unwrap_err();
    assert!(matches!(&error, SendError::Unknown(_)), "{error}");
    // Somebody answers something else than HTTP, or half an answer.
    for half in ["hello\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status\":tr"] {
        let odd = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = odd.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = odd.accept().unwrap();
            let mut seen = [0; 4096];
            let _ = stream.read(&mut seen).unwrap();
            stream.write_all(half.as_bytes()).unwrap();
        });
        let error = client(format!("http://{address}")).send(&envelope).unwrap_err();
        assert!(matches!(&error, SendError::Unknown(_)), "{error}");
        server.join().unwrap();
    }
}

#[test]
fn the_device_leaves_in_the_middle_of_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(folder.path(), &["--disconnect-after", "3"]);
    let client = gateway.client();
    let outcomes: Vec<String> = (0..5)
        .map(|i| match client.send(&Envelope::text(format!("k{i}"), number(), "Halo")) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.code().to_owned(),
        })
        .collect();
    assert_eq!(outcomes, ["accepted", "accepted", "accepted", "pause_device", "pause_device"]);
    gateway.control("/control/state", &json!({"connected": true, "quota": 1}));
    client.send(&Envelope::text("k5", number(), "Halo")).unwrap();
    assert_eq!(client.send(&Envelope::text("k6", number(), "Halo")).unwrap_err().code(), "pause_quota");
}

#[test]
fn numbers_are_validated_five_hundred_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(folder.path(), &[]);
    let numbers: Vec<Number> = (0..1_201).map(|i| Number::parse(&format!("62812{i:07}")).unwrap()).collect();
    let answer = gateway.client().validate(&numbers).unwrap();
    // The stand-in takes those that end in 000 for absent.
    let (absent, present): (Vec<Number>, Vec<Number>) =
        numbers.into_iter().partition(|number| number.as_str().ends_with("000"));
    assert_eq!((answer.registered, answer.not_registered), (present, absent));
    assert!(answer.unanswered.is_empty());
}

#[test]
fn the_gateway_refuses_as_observed() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(folder.path(), &[]);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let send = |headers: &[(&str, &str)], body: &str| gateway.ask("POST", "/send", headers, body);
    let key = ("authorization", TOKEN);
    let says = |answer: (u16, String), reason: &str| {
        assert_eq!(answer.0, 200, "refusals are HTTP 200 too");
        let body: Value = serde_json::from_str(&answer.1).unwrap();
        assert_eq!(body, json!({"reason": reason, "status": false}));
    };
    says(send(&[form], "target=628123456789&message=a"), "token invalid");
    says(send(&[form, ("authorization", "Bearer x")], "target=628123456789&message=a"), "unknown token");
    says(send(&[("content-type", "application/json"), key], "{}"), "JSON format invalid");
    says(send(&[form, key], "message=a"), "target input invalid");
    says(send(&[form, key], "target=628123456789%40s.whatsapp.net&message=a"), "target invalid");
    says(send(&[form, key], "target=628123456789"), "message cannot empty");
    says(send(&[form, key], "target=628123456789&message=a&inboxid=x"), "input invalid");
    let (_, body) = send(&[form, key], "target=08123456789|Budi,08123456788&message=a");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["target"], json!(["628123456789", "628123456788"]));
    let id = body["id"][0].to_string();
    let post = |path: &str, body: &str| gateway.ask("POST", path, &[form, key], body).1;
    let deleted: Value = serde_json::from_str(&post("/delete-message", &format!("id={id}"))).unwrap();
    assert_eq!(deleted, json!({"detail": format!("message {id} successfully deleted"), "status": true}));
    assert!(post("/delete-message", &format!("id={id}")).contains("false"), "once only");
    assert!(post("/reset-message", &format!("id={id}&delay=5")).contains("true"));
    assert!(post("/reset-message", "id=1&delay=5").contains("false"));
    assert_eq!(gateway.ask("POST", "/nowhere", &[form, key], "").0, 404);
}

/// A webhook's receiver that answers with these statuses in turn, the last one for good, and tells what came.
fn receiver(statuses: &'static [u16]) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhook", listener.local_addr().unwrap());
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for (turn, stream) in listener.incoming().enumerate() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let status = statuses[turn.min(statuses.len() - 1)];
            let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            if sender.send(body).is_err() {
                break;
            }
        }
    });
    (url, received)
}

#[test]
fn webhooks_come_again_until_taken_and_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (url, received) = receiver(&[500, 204, 200]);
    let gateway = Gateway::start(folder.path(), &["--webhook", &url, "--retry-every", "20"]);
    let say = |more: Value| {
        let mut body = json!({"from": "6281234567889", "text": "INFO", "name": "Budi"});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        gateway.control("/control/say", &body);
    };
    say(json!({}));
    let bodies: Vec<Vec<u8>> = (0..3).map(|_| received.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "neither 500 nor 204 is 200");
    let client = gateway.client();
    let parse = |body: &[u8]| client.parse(&Hook { body, headers: &[] });
    let events = parse(&bodies[0]).unwrap();
    let [Event::Message(message)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((message.text.as_str(), message.windowed), ("INFO", false));
    assert_eq!(message.sender, dermawan::bot::Sender::Person(number()));

    // Forged: another secret, none, another device.
    for fields in [json!({"secret": "x"}), json!({"secret": null}), json!({"device": "6281100000009"})] {
        say(json!({"fields": fields}));
        parse(&received.recv_timeout(PATIENCE).unwrap()).unwrap_err();
    }
    // Twice the same, late.
    gateway.control("/control/state", &json!({"copies": 2, "hook_delay_ms": 50}));
    say(json!({"inbox": true}));
    let keys: Vec<String> = (0..2)
        .map(|_| match parse(&received.recv_timeout(PATIENCE).unwrap()).unwrap().pop() {
            Some(Event::Message(message)) => message.key,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(keys, ["fonnte:1", "fonnte:1"]);

    // What becomes of a message, and of the device.
    gateway.control("/control/state", &json!({"copies": 1, "hook_delay_ms": 0, "statuses": true}));
    let sent = client.send(&Envelope::text("k", number(), "Halo")).unwrap();
    let changes: Vec<_> = (0..3)
        .map(|_| match parse(&received.recv_timeout(PATIENCE).unwrap()).unwrap().pop() {
            Some(Event::Status(change)) => change,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(changes[0].id, sent.id);
    assert!(changes[1].id.is_none() && changes[1].state_id == changes[0].state_id);
    let states: Vec<State> = changes.iter().map(|change| change.state).collect();
    assert_eq!(states, [State::Sent, State::Delivered, State::Read]);
    gateway.control("/control/state", &json!({"connected": false}));
    let events = parse(&received.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert!(matches!(&events[..], [Event::Device(change)] if !change.connected && change.reason == "logged out"));
}

#[test]
fn the_telephone_works_without_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let (url, received) = receiver(&[200]);
    let gateway = Gateway::start(folder.path(), &["--webhook", &url]);
    let (status, page) = gateway.ask("GET", "/?as=0812-3456-7889", &[], "");
    assert!(status == 200 && page.contains("value=\"6281234567889\"") && page.contains("Belum ada pesan"));
    assert!(!page.contains("http://") && !page.contains("https://"), "no address from elsewhere");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let (status, _) = gateway.ask("POST", "/phone/say", &form, "as=6281234567889&text=INFO+%3Cb%3E");
    assert_eq!(status, 303);
    let body: Value = serde_json::from_slice(&received.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!((&body["sender"], &body["message"]), (&json!("6281234567889"), &json!("INFO <b>")));
    let look = || gateway.ask("GET", "/?as=6281234567889&looks=9", &[], "").1;
    let waiting = look();
    assert!(waiting.contains("INFO &lt;b&gt;") && waiting.contains("<noscript><meta http-equiv=\"refresh\""));
    gateway.client().send(&Envelope::text("k", number(), "Halo *Pak Budi*")).unwrap();
    let answered = look();
    assert!(answered.contains("<strong>Pak Budi</strong>") && !answered.contains("http-equiv"), "{answered}");
    let (_, other) = gateway.ask("GET", "/phone/chat?as=081234567000", &[], "");
    assert!(!other.contains("Pak Budi"), "another telephone sees nothing");
}

#[test]
fn it_stays_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let output = support::fail(program(folder.path()).args(["stand-in", "--listen", "0.0.0.0:0"]));
    assert!(support::text(&output.stderr).contains("--anywhere"));
}
