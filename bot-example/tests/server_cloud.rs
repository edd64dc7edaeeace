//! The server on the WhatsApp Cloud API: the real program, a Graph API over HTTP, signed webhooks over HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::Number;
use dermawan::outbox::{Draft, Outbox, Sqlite, Stage};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::server::{ADMIN, BUDI, PATH, QUIET, Server, read_request};
use support::{fail, program, succeed, text};
use tempfile::TempDir;

const APP_SECRET: &str = "rahasia-aplikasi-0001";
const VERIFY: &str = "pilihan-kami-0000001";
const SITI: &str = "6281234567891";

/// A Graph API that takes every message and remembers it.
struct Graph {
    address: SocketAddr,
    /// Head (in lower case) and body of each request.
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Graph {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, shared) = (stream.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || {
                    while let Some((head, body)) = read_request(&mut stream) {
                        let n = {
                            let mut seen = shared.lock().unwrap();
                            seen.push((head, serde_json::from_str(&body).unwrap_or_default()));
                            seen.len()
                        };
                        let answer =
                            json!({"messaging_product": "whatsapp", "messages": [{"id": format!("wamid.{n}=")}]});
                        let answer = answer.to_string();
                        let head = format!(
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                            answer.len()
                        );
                        if stream.write_all((head + &answer).as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, seen }
    }

    fn wait_for(&self, count: usize) -> Vec<(String, Value)> {
        eventually(|| self.seen.lock().unwrap().len() >= count);
        self.seen.lock().unwrap().clone()
    }
}

/// Waits for what must come.
fn eventually(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_mins(2), "it does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn charity() -> (TempDir, Graph) {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Graph::start());
    let text = format!(
        "[organisation]\nname = \"Panti Kita\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         [transport]\nkind = \"cloud\"\n[transport.cloud]\nbase_url = \"http://{}\"\nphone_number_id = \"123\"\n\
         [transport.templates.laporan]\nname = \"laporan_bulanan\"\nvalues = [\"organisation\", \"text\"]\n\
         [outbox.pace]\ngap = {{ min_ms = 0, max_ms = 0 }}\nreply_gap = {{ min_ms = 0, max_ms = 0 }}\nrecipient_gap_ms = 0\n\
         quiet_hours = {{ from = \"00:00\", to = \"00:00\" }}\n[schedule]\n{QUIET}",
        graph.address
    );
    std::fs::write(folder.path().join("dermawan.toml"), text).unwrap();
    succeed(program(folder.path()).args(["etl", "--sample"]));
    (folder, graph)
}

fn command(folder: &Path, without: &str) -> std::process::Command {
    let mut command = program(folder);
    command.arg("serve");
    for (name, value) in [
        ("DERMAWAN_WEBHOOK_TOKEN", PATH),
        ("DERMAWAN_ADMIN_TOKEN", ADMIN),
        ("DERMAWAN_CLOUD_TOKEN", "EAAtoken"),
        ("DERMAWAN_CLOUD_APP_SECRET", APP_SECRET),
        ("DERMAWAN_CLOUD_VERIFY_TOKEN", VERIFY),
    ] {
        if name != without {
            command.env(name, value);
        }
    }
    command
}

fn sign(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

fn value(phone: &str, more: &Value) -> String {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "6281100000099", "phone_number_id": phone},
    });
    for (key, item) in more.as_object().unwrap() {
        value[key] = item.clone();
    }
    json!({"object": "whatsapp_business_account", "entry": [{"id": "0", "changes": [{"field": "messages", "value": value}]}]})
        .to_string()
}

fn typed(from: &str, id: &str, text: &str, at: i64) -> Value {
    json!({"messages": [{"from": from, "id": id, "timestamp": at.to_string(), "type": "text", "text": {"body": text}}]})
}

fn post(server: &Server, secret: &str, body: &str) -> u16 {
    let path = format!("/webhook/{PATH}");
    server.ask("POST", &path, &[("X-Hub-Signature-256", &sign(secret, body))], body).0
}

#[test]
fn a_question_is_answered_over_the_platform_and_its_statuses_are_kept() {
    let (folder, graph) = charity();
    let server = Server::spawn(command(folder.path(), ""));
    let now = Timestamp::now().as_second();
    let asked = value("123", &typed(BUDI, "wamid.A", "INFO", now));
    // The same delivered three times is one question.
    for _ in 0..3 {
        assert_eq!(post(&server, APP_SECRET, &asked), 200);
    }
    let seen = graph.wait_for(1);
    assert!(seen[0].0.starts_with("post /v25.0/123/messages"), "{}", seen[0].0);
    assert!(seen[0].0.contains("authorization: bearer eaatoken"), "the head is in lower case here");
    assert_eq!((&seen[0].1["to"], &seen[0].1["type"]), (&json!(BUDI), &json!("text")));
    assert_eq!(seen[0].1["context"]["message_id"], "wamid.A");
    assert!(seen[0].1["text"]["body"].as_str().unwrap().contains("Rp 6.000.000"));
    let outbox = Sqlite::open(folder.path().join("dermawan-outbox.sqlite")).unwrap();
    let delivery =
        || outbox.find("balas:cloud:wamid.A").unwrap().unwrap().delivery.map(dermawan::transport::State::code);
    for status in ["delivered", "read", "sent"] {
        let told = json!({"statuses": [{"id": "wamid.1=", "status": status, "recipient_id": BUDI}]});
        assert_eq!(post(&server, APP_SECRET, &value("123", &told)), 200);
    }
    eventually(|| delivery() == Some("read"));
    server.settle();
    assert_eq!(delivery(), Some("read"), "a late word does not set it back");
    assert_eq!(graph.seen.lock().unwrap().len(), 1);
    // Many messages come in one body after an interruption: more than a linked device would ever send.
    let mut many = typed(SITI, "wamid.B", "REKENING", now);
    for n in 0..600 {
        let old = typed(SITI, &format!("wamid.old.{n}"), &"x".repeat(100), now - 7200);
        many["messages"].as_array_mut().unwrap().push(old["messages"][0].clone());
    }
    let many = value("123", &many);
    assert!(many.len() > 64 * 1024);
    assert_eq!(post(&server, APP_SECRET, &many), 200);
    assert_eq!(graph.wait_for(2)[1].1["to"], json!(SITI));
    let (code, log) = server.stop();
    assert_eq!(code, Some(0));
    for secret in [APP_SECRET, VERIFY, "EAAtoken", BUDI, SITI] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn the_webhook_is_set_up_by_a_challenge_and_forged_ones_change_nothing() {
    let (folder, graph) = charity();
    let server = Server::spawn(command(folder.path(), ""));
    let ask = |path: &str, mode: &str, token: &str, challenge: &str| {
        let query = format!("hub.mode={mode}&hub.verify_token={token}&hub.challenge={challenge}");
        server.ask("GET", &format!("/webhook/{path}?{query}"), &[], "")
    };
    assert_eq!(ask(PATH, "subscribe", VERIFY, "1158201444"), (200, "1158201444".to_owned()));
    assert_eq!(ask(PATH, "subscribe", "another", "1158201444").0, 401);
    assert_eq!(ask(PATH, "unsubscribe", VERIFY, "1158201444").0, 401);
    assert_eq!(ask(PATH, "subscribe", VERIFY, "%3Cscript%3E").0, 401);
    assert_eq!(ask("another", "subscribe", VERIFY, "1158201444").0, 404);
    assert_eq!(server.ask("GET", &format!("/webhook/{PATH}"), &[], "").0, 401);
    let now = Timestamp::now().as_second();
    let asked = value("123", &typed(BUDI, "wamid.A", "INFO", now));
    assert_eq!(post(&server, "another secret", &asked), 401);
    assert_eq!(server.ask("POST", &format!("/webhook/{PATH}"), &[], &asked).0, 401);
    assert_eq!(
        server.ask("POST", "/webhook/another", &[("X-Hub-Signature-256", &sign(APP_SECRET, &asked))], &asked).0,
        404
    );
    assert_eq!(post(&server, APP_SECRET, &value("124", &typed(BUDI, "wamid.A", "INFO", now))), 403);
    assert_eq!(post(&server, APP_SECRET, &value("123", &typed(BUDI, "wamid.C", "INFO", now - 7200))), 200);
    // A hidden identity of the platform is no number.
    assert_eq!(post(&server, APP_SECRET, &value("123", &typed(&format!("ID.{BUDI}"), "wamid.D", "INFO", now))), 200);
    assert_eq!(post(&server, APP_SECRET, "no JSON"), 400);
    server.settle();
    let (code, log) = server.stop();
    assert_eq!((code, graph.seen.lock().unwrap().len()), (Some(0), 0), "{log}");
    assert!(!log.contains(VERIFY) && !log.contains(PATH) && !log.contains(BUDI), "{log}");
}

#[test]
fn a_day_after_the_last_word_a_template_goes_or_nothing() {
    let (folder, graph) = charity();
    let outbox = Sqlite::open(folder.path().join("dermawan-outbox.sqlite")).unwrap();
    let server = Server::spawn(command(folder.path(), ""));
    let now = Timestamp::now();
    let asked = value("123", &typed(BUDI, "wamid.A", "REKENING", now.as_second()));
    assert_eq!(post(&server, APP_SECRET, &asked), 200);
    graph.wait_for(1);
    let number = |text: &str| Number::parse(text).unwrap();
    let report = |n: u64, to: &str| {
        Draft::batch(
            format!("laporan:2026-08:{n}"),
            "cloud",
            "laporan:2026-08",
            number(to),
            "Halo\n\nRp 5.000 diterima",
        )
    };
    let greeting = Draft::batch("salam:7", "cloud", "salam:2026-09", number(SITI), "Salam");
    outbox.put(&mut [report(1, BUDI), report(2, SITI), greeting].into_iter(), now).unwrap();
    let stage = |key: &str| outbox.find(key).unwrap().unwrap().stage;
    eventually(|| stage("salam:7") == Stage::Dead && stage("laporan:2026-08:2") == Stage::Accepted);
    eventually(|| stage("laporan:2026-08:1") == Stage::Accepted);
    let seen = graph.wait_for(3);
    let to = |to: &str, kind: &str| {
        let found = seen.iter().find(|(_, body)| body["to"] == to && body["type"] == kind);
        found.unwrap_or_else(|| panic!("{kind} to {to} in {seen:?}")).1.clone()
    };
    assert!(seen.iter().any(|(_, body)| body["text"]["body"] == "Halo\n\nRp 5.000 diterima" && body["to"] == BUDI));
    assert_eq!(
        to(SITI, "template")["template"],
        json!({"name": "laporan_bulanan", "language": {"code": "id"}, "components": [{"type": "body", "parameters": [
            {"type": "text", "text": "Panti Kita"}, {"type": "text", "text": "Halo · Rp 5.000 diterima"}]}]})
    );
    assert_eq!(seen.len(), 3, "the greeting has no template, so it is not sent");
    let dead = outbox.find("salam:7").unwrap().unwrap();
    assert!(dead.reason.unwrap().contains("none for salam"));
}

#[test]
fn it_does_not_start_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = "[transport]\nkind = \"cloud\"\n[transport.cloud]\nphone_number_id = \"123\"\n";
    std::fs::write(folder.path().join("dermawan.toml"), configuration).unwrap();
    for name in ["DERMAWAN_CLOUD_TOKEN", "DERMAWAN_CLOUD_APP_SECRET", "DERMAWAN_CLOUD_VERIFY_TOKEN"] {
        let shown = text(&fail(&mut command(folder.path(), name)).stderr);
        assert!(shown.contains(&format!("{name} is not set")) && !shown.contains("EAAtoken"), "{shown}");
    }
    let short = text(&fail(command(folder.path(), "").env("DERMAWAN_CLOUD_APP_SECRET", "short")).stderr);
    assert!(short.contains("DERMAWAN_CLOUD_APP_SECRET is too short"), "{short}");
    // What a public address needs: its webhooks are signed, so no secret in their bodies.
    let public = format!("[server]\nlisten = \"0.0.0.0:0\"\n{configuration}");
    std::fs::write(folder.path().join("dermawan.toml"), public).unwrap();
    let shown = text(&fail(&mut command(folder.path(), "DERMAWAN_WEBHOOK_TOKEN")).stderr);
    assert!(shown.contains("DERMAWAN_WEBHOOK_TOKEN is not set"), "{shown}");
    assert!(!folder.path().join("dermawan-inbox.sqlite").exists(), "checked before anything is opened");
}
