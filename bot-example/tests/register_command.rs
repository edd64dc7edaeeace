//! `dermawan-bot register`: the real program over a real file, beside a running server and without one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::Number;
use dermawan::outbox::{Filter, Outbox, Sqlite};
use serde_json::Value;
use std::path::Path;
use support::server::{BUDI, Gateway, QUIET, Server, configure, message};
use support::{fail, program, succeed, text};
use tempfile::TempDir;

const NEW: &str = "0857-0000-0009";
const NEW_DIGITS: &str = "6285700000009";

fn run(folder: &Path, arguments: &[&str]) -> String {
    succeed(program(folder).arg("register").args(arguments))
}

fn parsed(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&run(folder, arguments)).unwrap()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    text(&fail(program(folder).arg("register").args(arguments)).stderr)
}

fn charity() -> (TempDir, Gateway) {
    let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
    configure(folder.path(), &gateway, QUIET);
    succeed(program(folder.path()).args(["etl", "--sample"]));
    (folder, gateway)
}

#[test]
fn an_administrator_vouches_for_a_number_beside_a_running_server() {
    let (folder, gateway) = charity();
    let folder = folder.path();
    assert!(refused(folder, &["list"]).contains("not_found"));
    assert!(!folder.join("dermawan-outbox.sqlite").exists(), "a question makes no file");
    let server = Server::start(folder);
    assert!(run(folder, &["list"]).contains("no number"));
    // Unknown before, and told nothing; known at once afterwards.
    assert_eq!(server.hook(&message(NEW_DIGITS, "INFO", 1)), 200);
    assert!(!gateway.wait_for(1)[0].1.contains("Rp"));
    let said = run(folder, &["verify", NEW, "--donor", "1"]);
    assert!(said.contains("62857****09") && !said.contains(NEW_DIGITS), "{said}");
    assert_eq!(server.hook(&message(NEW_DIGITS, "INFO", 2)), 200);
    assert!(gateway.wait_for(2)[1].1.contains("Rp"), "{:?}", gateway.accepted());
    let unknown = refused(folder, &["verify", NEW, "--donor", "999999"]);
    assert!(unknown.contains("no such donor"), "{unknown}");
    let taken = refused(folder, &["verify", NEW, "--donor", "2"]);
    assert!(taken.contains("another donor's") && taken.contains("--replace") && !taken.contains("857"), "{taken}");
    assert!(refused(folder, &["verify", "12", "--donor", "2"]).contains("invalid_input"));
    server.stop();
    // Without a server, too.
    let unknown = refused(folder, &["verify", NEW, "--donor", "999999"]);
    assert!(unknown.contains("no such donor"), "{unknown}");
    run(folder, &["verify", NEW, "--donor", "2", "--replace"]);
    run(folder, &["verify", NEW, "--donor", "2"]);
    let listed = parsed(folder, &["list", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let first = &listed[0];
    assert_eq!((&first["number"], &first["donor"]), (&Value::from("62857****09"), &Value::from(2)));
    assert_eq!((&first["how"], &first["opted_out"]), (&Value::from("administrator"), &Value::Null));
    assert!(run(folder, &["list", "--donor", "1"]).contains("no number"));
    let table = run(folder, &["list", "--donor", "2"]);
    assert!(table.contains("administrator") && !table.contains(NEW_DIGITS), "{table}");
}

#[test]
fn an_opt_out_is_noted_and_listed() {
    let (folder, gateway) = charity();
    let folder = folder.path();
    let server = Server::start(folder);
    run(folder, &["verify", BUDI, "--donor", "1"]);
    let said = run(folder, &["opt-out", BUDI]);
    assert!(said.contains("62812****90") && !said.contains(BUDI), "{said}");
    assert!(parsed(folder, &["list", "--json"])[0]["opted_out"].is_string());
    let outbox = |arguments: &[&str]| succeed(program(folder).args(["outbox", "optouts"]).args(arguments));
    assert!(outbox(&[]).contains("62812****90") && !outbox(&[]).contains(BUDI));
    let all: Value = serde_json::from_str(&outbox(&["--json"])).unwrap();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["number"]), (1, &Value::from("62812****90")));
    assert!(outbox(&[BUDI]).contains("wants no messages since"));
    // The person's own word lifts it.
    assert_eq!(server.hook(&message(BUDI, "MULAI", 1)), 200);
    gateway.wait_for(1);
    server.settle();
    assert!(outbox(&[]).contains("nobody has opted out"));
    server.stop();
}

#[test]
fn a_request_for_erasure_is_carried_out_beside_a_running_server() {
    let (folder, gateway) = charity();
    let folder = folder.path();
    let server = Server::start(folder);
    run(folder, &["verify", NEW, "--donor", "1"]);
    assert!(run(folder, &["erasures"]).contains("no such requests"));
    // Budi writes, wants no more messages, and wants to be erased.
    for (n, word) in ["INFO", "BERHENTI", "HAPUS DATA"].into_iter().enumerate() {
        assert_eq!(server.hook(&message(BUDI, word, n as u64 + 1)), 200);
        server.settle();
    }
    let waiting = parsed(folder, &["erasures", "--json"]);
    assert_eq!(waiting[0]["state"], "requested", "{waiting}");
    let id = waiting[0]["id"].to_string();
    assert!(refused(folder, &["erase", &id]).contains("no confirmed wish"), "not confirmed yet");
    assert!(run(folder, &["erasures", "--open"]).contains("no such requests"));
    assert_eq!(server.hook(&message(BUDI, "ya", 9)), 200);
    server.settle();
    // Three answers, the confirmation, and the notice to the administrator.
    gateway.wait_for(5);
    let donor = parsed(folder, &["erasures", "--json", "--open"])[0]["donor"].clone();
    assert!(donor.is_u64());
    let outbox = Sqlite::open(folder.join("dermawan-outbox.sqlite")).unwrap();
    let to_budi = || {
        let all = outbox.list(&Filter { limit: 1000, ..Filter::default() }).unwrap();
        all.into_iter().filter(|entry| entry.to == Some(Number::parse(BUDI).unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(to_budi().len(), 4);
    let said = run(folder, &["erase", &id]);
    assert!(said.contains("is done") && said.contains("own tables") && !said.contains(BUDI), "{said}");
    // Told once, in spite of the opt-out; what was sent before is severed from the person.
    let sent = gateway.wait_for(6);
    assert!(sent[5..].iter().any(|(to, _)| to == BUDI), "{sent:?}");
    let left = to_budi();
    assert!(left.iter().all(|entry| entry.key.starts_with("hapus:")), "{left:?}");
    assert_eq!(parsed(folder, &["erasures", "--json"])[0]["state"], "done");
    assert!(refused(folder, &["erase", &id]).contains("no confirmed wish"), "once");
    // The source still names him; here he is a stranger.
    assert_eq!(server.hook(&message(BUDI, "INFO", 20)), 200);
    server.settle();
    let before = sent.len();
    let told = gateway.wait_for(before + 1);
    assert!(told[before..].iter().all(|(_, text)| !text.contains("Rp")), "{told:?}");
    server.stop();
}
