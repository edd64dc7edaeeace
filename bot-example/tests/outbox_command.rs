//! `dermawan-bot outbox`: the real program over a real file.

#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files")]

mod support;

use dermawan::Number;
use dermawan::outbox::{Ask, Draft, Next, Outbox, Sqlite, Stage};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::path::Path;
use support::{fail, program, succeed, text};

const BUDI: &str = "6281234567890";
const TEXT: &str = "Halo Pak Budi";

fn run(folder: &Path, arguments: &[&str]) -> String {
    succeed(program(folder).arg("outbox").args(arguments))
}

fn parsed(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&run(folder, arguments)).unwrap()
}

/// An outbox with two messages of one batch.
fn owed(folder: &Path) -> Sqlite {
    let outbox = Sqlite::open(folder.join("dermawan-outbox.sqlite")).unwrap();
    let now = "2026-09-01T03:00:00Z".parse().unwrap();
    let drafts = |n: u64| {
        let to = Number::parse(&format!("628123456789{n}")).unwrap();
        Draft::batch(format!("laporan:2026-08:{n}"), "fonnte", "laporan:2026-08", to, TEXT)
    };
    assert_eq!(outbox.put(&mut (0..2).map(drafts), now).unwrap().added, 2);
    outbox
}

fn stage(outbox: &Sqlite, n: u64) -> Stage {
    outbox.find(&format!("laporan:2026-08:{n}")).unwrap().unwrap().stage
}

#[test]
fn messages_are_listed_masked_and_decided_on() {
    let folder = tempfile::tempdir().unwrap();
    // Open all the while, as a server's would be.
    let outbox = owed(folder.path());
    let listed = run(folder.path(), &["list"]);
    assert!(listed.contains("62812****90") && listed.contains("queued"), "{listed}");
    assert!(!listed.contains(BUDI) && !listed.contains(TEXT), "{listed}");
    assert_eq!(run(folder.path(), &["list", "--unknown"]).trim(), "no such messages");
    let all = parsed(folder.path(), &["list", "--json", "--batch", "laporan:2026-08", "--stage", "queued"]);
    assert_eq!(all.as_array().unwrap().len(), 2);
    let id = all[0]["id"].to_string();
    assert!(!run(folder.path(), &["show", &id]).contains(TEXT));
    assert!(run(folder.path(), &["show", &id, "--text"]).contains(TEXT));

    run(folder.path(), &["discard", &id]);
    assert_eq!((stage(&outbox, 0), stage(&outbox, 1)), (Stage::Dead, Stage::Queued));
    run(folder.path(), &["retry", &id]);
    assert_eq!(stage(&outbox, 0), Stage::Queued);
    let batches = parsed(folder.path(), &["batches", "--json"]);
    assert_eq!(batches[0]["counts"]["queued"], 2);
    assert!(run(folder.path(), &["optouts", BUDI]).contains("has not opted out"));
    outbox.opt_out(&Number::parse(BUDI).unwrap(), "2026-09-01T03:00:00Z".parse().unwrap()).unwrap();
    assert!(run(folder.path(), &["optouts", BUDI]).contains("since 2026-09-01"));
}

#[test]
fn what_waits_goes_along_to_another_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = owed(folder.path());
    assert!(run(folder.path(), &["move", "--from", "fonnte", "--to", "cloud"]).contains("2 messages moved"));
    let entry = outbox.find("laporan:2026-08:0").unwrap().unwrap();
    assert_eq!((entry.lane.as_str(), entry.stage), ("cloud", Stage::Queued));
    assert!(run(folder.path(), &["move", "--from", "fonnte", "--to", "cloud"]).contains("0 messages moved"));
}

#[test]
fn what_is_in_doubt_is_settled_and_a_lane_is_paused() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = owed(folder.path());
    let now: Timestamp = "2026-09-01T03:00:00Z".parse().unwrap();
    run(folder.path(), &["pause"]);
    assert!(outbox.lanes().unwrap()[0].halt.is_some());
    run(folder.path(), &["resume", "--lane", "fonnte"]);
    assert!(outbox.lanes().unwrap()[0].halt.is_none());
    // A worker that dies while it sends.
    let ask = Ask {
        lane: "fonnte".into(),
        holder: "dead".into(),
        token: 1,
        hold: SignedDuration::from_secs(60),
        quiet_until: None,
        reply_gap: SignedDuration::ZERO,
        gap: SignedDuration::ZERO,
        recipient_gap: SignedDuration::ZERO,
    };
    let doubted = || {
        let Next::Message(leased) = outbox.lease(&ask, now).unwrap() else { unreachable!("a message is due") };
        assert!(outbox.mark_sending(&leased.ticket, now).unwrap());
        outbox.reclaim(Some("dead"), now).unwrap();
        leased.ticket.id.to_string()
    };
    let (first, second) = (doubted(), doubted());
    let unknown = parsed(folder.path(), &["list", "--unknown", "--json"]);
    assert_eq!(unknown.as_array().unwrap().len(), 2);
    run(folder.path(), &["settle", &first, "sent"]);
    run(folder.path(), &["settle", &second, "not-sent"]);
    let stages: Vec<_> =
        [&first, &second].map(|id| parsed(folder.path(), &["show", id, "--json"])["stage"].clone()).into();
    assert_eq!(stages, ["accepted", "dead"]);
    let refused = fail(program(folder.path()).args(["outbox", "settle", &first, "sent"]));
    assert!(text(&refused.stderr).contains("invalid_input"), "{}", text(&refused.stderr));
}

#[test]
fn many_are_decided_on_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = owed(folder.path());
    let now: Timestamp = "2026-09-01T03:00:00Z".parse().unwrap();
    let drafts = (10..2510).map(|n| {
        let to = Number::parse(&format!("62812345{n:05}")).unwrap();
        Draft::batch(format!("lain:{n}"), "fonnte", "lain", to, TEXT)
    });
    outbox.put(&mut { drafts }, now).unwrap();
    let of = |batch: &str| outbox.counts(Some(batch)).unwrap();
    let refused = fail(program(folder.path()).args(["outbox", "discard", "--batch", "lain"]));
    assert!(text(&refused.stderr).contains("--stage"), "{}", text(&refused.stderr));
    for wrong in [&["retry"][..], &["retry", "1", "--all"], &["retry", "--all", "--batch", "lain"]] {
        let output = program(folder.path()).arg("outbox").args(wrong).output().unwrap();
        assert!(!output.status.success(), "{wrong:?}");
    }
    assert_eq!(of("lain").queued, 2500, "nothing was done");
    // More than are read at once; another batch is not touched.
    let said = run(folder.path(), &["discard", "--batch", "lain", "--stage", "queued"]);
    assert!(said.starts_with("2500 messages decided on, 0 left"), "{said}");
    assert_eq!((of("lain").dead, of("laporan:2026-08").queued), (2500, 2));
    // What was discarded is not sent again in a heap, but one by one it may be.
    let said = run(folder.path(), &["retry", "--all", "--stage", "dead"]);
    assert!(said.starts_with("0 messages decided on, 2500 left"), "{said}");
    assert_eq!(of("lain").dead, 2500);
    // What is in doubt, of a batch.
    let ask = Ask {
        lane: "fonnte".into(),
        holder: "dead".into(),
        token: 1,
        hold: SignedDuration::from_secs(60),
        quiet_until: None,
        reply_gap: SignedDuration::ZERO,
        gap: SignedDuration::ZERO,
        recipient_gap: SignedDuration::ZERO,
    };
    let doubt = || {
        let Next::Message(leased) = outbox.lease(&ask, now).unwrap() else { unreachable!("a message is due") };
        assert!(outbox.mark_sending(&leased.ticket, now).unwrap());
        outbox.reclaim(Some("dead"), now).unwrap();
    };
    doubt();
    doubt();
    assert_eq!(of("laporan:2026-08").unknown, 2);
    outbox.opt_out(&Number::parse(BUDI).unwrap(), now).unwrap();
    let said = run(folder.path(), &["retry", "--batch", "laporan:2026-08", "--stage", "unknown"]);
    assert!(said.starts_with("1 messages decided on, 1 left"), "who opted out stays: {said}");
    assert_eq!((of("laporan:2026-08").queued, of("laporan:2026-08").unknown), (1, 1));
    let said = run(folder.path(), &["settle", "--all", "not-sent"]);
    assert!(said.starts_with("1 messages decided on"), "{said}");
    assert_eq!((of("laporan:2026-08").queued, of("laporan:2026-08").unknown), (1, 0));
}

#[test]
fn what_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let missing = fail(program(folder.path()).args(["outbox", "list"]));
    assert!(text(&missing.stderr).contains("not_found"), "{}", text(&missing.stderr));
    assert!(!folder.path().join("dermawan-outbox.sqlite").exists());
    owed(folder.path());
    for arguments in [["show", "99"], ["retry", "99"], ["discard", "99"]] {
        let missing = fail(program(folder.path()).arg("outbox").args(arguments));
        assert!(text(&missing.stderr).contains("not_found"), "{}", text(&missing.stderr));
    }
}
