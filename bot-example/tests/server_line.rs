//! What the gateway tells of messages and of itself, through the whole server and the stand-in: statuses, a device that
//! goes and comes back, a quota that runs out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::outbox::{Cause, Entry, Filter, HaltKind, Outbox, Sqlite, Stage};
use dermawan::transport::State;
use serde_json::json;
use std::collections::BTreeMap;
use support::server::{BUDI, DEVICE, QUIET, SECRET, Server, configure_for, open_outbox};
use support::stand_in::StandIn;
use support::{program, succeed};
use tempfile::TempDir;

const NOW: &str = "2026-02-01T08:00:00+07:00";
const REPORT: &str = "alerts = false\nbrief = false\nreport = true\nreport_test = false\n";

fn charity(schedule: &str, arguments: &[&str]) -> (TempDir, StandIn) {
    let folder = tempfile::tempdir().unwrap();
    let gateway = StandIn::start(folder.path(), arguments);
    configure_for(folder.path(), &gateway.address.to_string(), schedule);
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", "2026-02-01"]));
    (folder, gateway)
}

fn only(outbox: &Sqlite) -> Entry {
    let mut all = outbox.list(&Filter::default()).unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn halt(outbox: &Sqlite) -> Option<HaltKind> {
    outbox.lanes().unwrap().into_iter().find_map(|lane| lane.halt).map(|halt| halt.kind)
}

/// Each number that was written to, and how often.
fn counted(gateway: &StandIn) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for taken in gateway.taken() {
        *counts.entry(taken.to).or_default() += 1;
    }
    counts
}

#[test]
fn statuses_move_messages() {
    let (folder, gateway) = charity(QUIET, &["--statuses"]);
    let server = Server::at(folder.path(), NOW);
    gateway.tell(&server);
    gateway.say(BUDI, "REKENING", NOW);
    let outbox = open_outbox(folder.path());
    server.until("it is read", || outbox.counts(None).unwrap().delivered == 1);
    server.until("it is read", || only(&outbox).delivery == Some(State::Read));
    assert_eq!(server.metric("dermawan_webhook_events_total{outcome=\"kept\"}"), 4, "the word and three statuses");
    server.stop();

    // One that the gateway took over and gave up, as it says of another day; twice, and late.
    let (folder, gateway) = charity(QUIET, &[]);
    let server = Server::at(folder.path(), NOW);
    gateway.tell(&server);
    gateway.say(BUDI, "REKENING", NOW);
    let outbox = open_outbox(folder.path());
    server.until("it is accepted", || outbox.counts(None).unwrap().accepted == 1);
    let id = only(&outbox).gateway_id.unwrap();
    let status = |word: &str, secret: &str| {
        json!({"device": DEVICE, "id": id, "stateid": "3EB0", "status": word, "secret": secret}).to_string()
    };
    assert_eq!(server.hook(&status("expired", "rahasia-lain-yang-salah")), 401);
    server.settle();
    assert_eq!(only(&outbox).delivery, None, "forged");
    for _ in 0..2 {
        assert_eq!(server.hook(&status("expired", SECRET)), 200);
    }
    server.settle();
    let entry = only(&outbox);
    assert_eq!(
        (entry.stage, entry.delivery, entry.cause),
        (Stage::Accepted, Some(State::Failed), Some(Cause::Undelivered))
    );
    assert_eq!(entry.reason.as_deref(), Some("expired"));
    // It arrived after all, and that stays.
    let later = json!({"stateid": "3EB0", "state": "delivered", "secret": SECRET}).to_string();
    assert_eq!(server.hook(&later), 200);
    assert_eq!(server.hook(&status("pending", SECRET)), 200);
    server.settle();
    let entry = only(&outbox);
    assert_eq!((entry.delivery, entry.cause, entry.reason), (Some(State::Delivered), None, None));
    server.stop();
}

#[test]
fn a_disconnected_device_pauses_and_a_connected_one_resumes() {
    let (folder, gateway) = charity(QUIET, &[]);
    let server = Server::at(folder.path(), NOW);
    gateway.tell(&server);
    let outbox = open_outbox(folder.path());
    gateway.set(&json!({"connected": false}));
    server.until("the line waits", || halt(&outbox) == Some(HaltKind::Device));
    gateway.say(BUDI, "REKENING", NOW);
    server.settle();
    server.until("it is queued", || outbox.counts(None).unwrap().queued == 1);
    // It waits over a restart, too.
    server.kill();
    let server = Server::at(folder.path(), NOW);
    gateway.tell(&server);
    server.looked();
    assert_eq!((outbox.counts(None).unwrap().queued, gateway.taken().len()), (1, 0));
    gateway.set(&json!({"connected": true}));
    gateway.wait_for(1);
    server.quiet(folder.path());
    assert_eq!(halt(&outbox), None);
    server.stop();
}

#[test]
fn a_disconnect_in_the_middle_of_a_batch_is_one_pause() {
    let (folder, gateway) = charity(REPORT, &["--disconnect-after", "20"]);
    let server = Server::at(folder.path(), NOW);
    gateway.tell(&server);
    let donors = server.logged("reports are queued")["added"].as_u64().unwrap() as usize;
    let outbox = open_outbox(folder.path());
    server.until("the line waits", || halt(&outbox) == Some(HaltKind::Device));
    assert_eq!(gateway.taken().len(), 20);
    assert_eq!(outbox.counts(None).unwrap().dead, 0);
    gateway.set(&json!({"connected": true}));
    gateway.wait_for(donors);
    server.quiet(folder.path());
    server.stop();
    assert!(counted(&gateway).values().all(|times| *times == 1));
    assert_eq!((gateway.taken().len(), outbox.counts(None).unwrap().accepted), (donors, donors as u64));
}

#[test]
fn a_quota_that_runs_out_stops_the_batch_until_it_is_topped_up() {
    let (folder, gateway) = charity(REPORT, &["--quota", "15"]);
    let file = folder.path().join("dermawan.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("recipient_gap_ms", "quota_probe_seconds = 1\nrecipient_gap_ms")).unwrap();
    let server = Server::at(folder.path(), NOW);
    let donors = server.logged("reports are queued")["added"].as_u64().unwrap() as usize;
    let outbox = open_outbox(folder.path());
    server.until("the line waits", || halt(&outbox) == Some(HaltKind::Quota));
    // Asked again and again, and still none.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!((gateway.taken().len(), outbox.counts(None).unwrap().queued), (15, donors as u64 - 15));
    server.kill();
    let server = Server::at(folder.path(), NOW);
    server.looked();
    assert_eq!(gateway.taken().len(), 15);
    gateway.set(&json!({"quota": 100_000}));
    gateway.wait_for(donors);
    server.quiet(folder.path());
    server.stop();
    assert!(counted(&gateway).values().all(|times| *times == 1));
    assert_eq!(outbox.counts(None).unwrap().accepted, donors as u64);
}
