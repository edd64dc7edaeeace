//! The monthly report on days when something is missing, through the whole server on a clock of the test's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::outbox::{Filter, Outbox};
use dermawan::register::{Key, Options, Register, SqliteRegister};
use dermawan::schedule::{Job, RunState, Runs};
use dermawan::{DonorId, Number};
use support::server::{BUDI, Server, configure_for, open_outbox};
use support::stand_in::{StandIn, Taken};
use support::{program, succeed};
use tempfile::TempDir;

const ADMINISTRATOR: &str = "6281100000001";
const REPORT: &str = "brief = false\nalerts = false\nreport = true\nreport_test = false\n";

fn load(folder: &TempDir, day: &str) {
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", day]));
}

/// A folder with the facts of the sample as of a day, and the stand-in.
fn charity(day: &str, schedule: &str) -> (TempDir, StandIn) {
    let folder = tempfile::tempdir().unwrap();
    let gateway = StandIn::start(folder.path(), &["--quota", "100000"]);
    configure_for(folder.path(), &gateway.address.to_string(), schedule);
    load(&folder, day);
    (folder, gateway)
}

/// What the gateway takes while the server runs at a time, until all that is due is done.
fn run_at(folder: &TempDir, gateway: &StandIn, time: &str) -> Vec<Taken> {
    let before = gateway.taken().len();
    let server = Server::at(folder.path(), time);
    server.quiet(folder.path());
    server.stop();
    gateway.taken().split_off(before)
}

fn reports(taken: &[Taken]) -> usize {
    taken.iter().filter(|taken| taken.text.starts_with("Halo *")).count()
}

/// The administrators' own, as texts.
fn told(taken: &[Taken]) -> Vec<&str> {
    taken.iter().filter(|taken| taken.to == ADMINISTRATOR).map(|taken| taken.text.as_str()).collect()
}

#[test]
fn a_report_waits_all_day_for_its_facts() {
    let (folder, gateway) = charity("2026-01-20", REPORT);
    // Looked at again and again, and nothing is used up by it.
    for time in ["08:01", "08:07", "08:13", "08:19", "08:25", "08:31", "09:31"] {
        let taken = run_at(&folder, &gateway, &format!("2026-02-01T{time}:00+07:00"));
        let first = usize::from(time == "08:01");
        assert_eq!((reports(&taken), told(&taken).len()), (0, first), "{time}: {taken:?}");
        assert!(told(&taken).iter().all(|text| text.contains("Januari 2026 menunggu data")), "{taken:?}");
    }
    load(&folder, "2026-02-01");
    let taken = run_at(&folder, &gateway, "2026-02-01T11:00:00+07:00");
    assert!(reports(&taken) > 50, "{}", taken.len());
    assert_eq!(run_at(&folder, &gateway, "2026-02-01T11:06:00+07:00"), []);
    assert_eq!(run_at(&folder, &gateway, "2026-02-02T08:06:00+07:00"), [], "nothing was missed");
}

#[test]
fn a_report_whose_facts_never_came_is_missed_and_may_be_ordered() {
    let (folder, gateway) = charity("2026-01-20", REPORT);
    run_at(&folder, &gateway, "2026-02-01T08:01:00+07:00");
    let taken = run_at(&folder, &gateway, "2026-02-02T08:01:00+07:00");
    let text = told(&taken).join("\n");
    assert!(text.contains("belum terkirim karena tidak dapat dibuat") && text.contains("KIRIM LAPORAN"), "{text}");
    assert_eq!(run_at(&folder, &gateway, "2026-02-03T08:01:00+07:00"), [], "once");

    // It is ordered, and counts as sent.
    load(&folder, "2026-02-03");
    let server = Server::at(folder.path(), "2026-02-03T09:00:00+07:00");
    gateway.tell(&server);
    let before = gateway.taken().len();
    gateway.say(ADMINISTRATOR, "KIRIM LAPORAN", "2026-02-03T09:00:01+07:00");
    gateway.wait_for(before + 1);
    gateway.say(ADMINISTRATOR, "ya", "2026-02-03T09:00:05+07:00");
    gateway.wait_for(before + 50);
    server.quiet(folder.path());
    server.stop();
    assert!(reports(&gateway.taken()) > 50);
    let past = Runs::open(folder.path().join("dermawan-inbox.sqlite")).unwrap().past().unwrap();
    let report = past.iter().find(|run| run.job == Job::Report).unwrap();
    assert_eq!((report.period.as_str(), report.state), ("2026-01", RunState::Done));
}

#[test]
fn an_ordered_report_minds_the_test_mode() {
    // Nothing is configured: the report is off, and in test mode.
    let (folder, gateway) = charity("2026-02-01", "brief = false\nalerts = false\n");
    let server = Server::at(folder.path(), "2026-02-05T10:00:00+07:00");
    gateway.tell(&server);
    for said in 0..2 {
        gateway.say(ADMINISTRATOR, "KIRIM LAPORAN", &format!("2026-02-05T10:0{said}:01+07:00"));
        gateway.wait_for(said * 3 + 1);
        gateway.say(ADMINISTRATOR, "ya", &format!("2026-02-05T10:0{said}:05+07:00"));
        gateway.wait_for(said * 3 + 3);
        server.quiet(folder.path());
    }
    server.stop();
    let taken = gateway.taken();
    assert_eq!(told(&taken).len(), taken.len(), "{taken:?}");
    assert_eq!(told(&taken).iter().filter(|text| text.contains("Mode uji")).count(), 2, "as often as it is ordered");
    let queued = open_outbox(folder.path()).list(&Filter::default()).unwrap();
    assert!(!queued.iter().any(|entry| entry.key.starts_with("laporan:")), "no donor's key is spent");
}

#[test]
fn a_night_without_the_database_does_not_cost_the_day() {
    let (folder, _gateway) = charity(
        "2026-01-31",
        "brief = false\nalerts = false\nattempts = 2\n[database]\nport = 9\nuser = \"nobody\"\ndatabase = \"nothing\"\n",
    );
    let failures = |time: &str| {
        let server = Server::at(folder.path(), time);
        server.until("the schedule is looked at", || server.metric("dermawan_schedule_looks_total") > 0);
        let failed = server.metric("dermawan_jobs_total{outcome=\"failed\"}");
        server.stop();
        failed
    };
    assert_eq!(failures("2026-02-01T01:00:00+07:00"), 1);
    assert_eq!(failures("2026-02-01T01:04:00+07:00"), 0, "five minutes");
    assert_eq!(failures("2026-02-01T01:06:00+07:00"), 1);
    let outbox = open_outbox(folder.path());
    let gagal = || outbox.list(&Filter { kind: Some("gagal".into()), ..Filter::default() }).unwrap().len();
    assert_eq!(gagal(), 1, "somebody should know");
    assert_eq!(failures("2026-02-01T01:36:00+07:00"), 0, "hourly from now on");
    assert_eq!(failures("2026-02-01T02:08:00+07:00"), 1);
    assert_eq!(failures("2026-02-01T20:08:00+07:00"), 1);
    assert_eq!(gagal(), 1, "once");
}

#[test]
fn a_wish_to_be_erased_is_not_forgotten() {
    let (folder, gateway) = charity("2026-01-20", "brief = false\nload_at = \"23:00\"\n");
    Server::at(folder.path(), "2026-01-20T06:00:00+07:00").stop();
    let at = |text: &str| text.parse().unwrap();
    let file = folder.path().join("dermawan-outbox.sqlite");
    let register = SqliteRegister::open(&file, Options::default(), &Key::new([0; 32])).unwrap();
    let budi = Number::parse(BUDI).unwrap();
    register.request_erasure(DonorId(1), &budi, at("2026-01-19T03:00:00Z")).unwrap();
    register.confirm_erasure(&budi, at("2026-01-19T03:01:00Z")).unwrap().unwrap();
    let reminded = |time: &str| {
        let taken = run_at(&folder, &gateway, time);
        told(&taken).iter().filter(|text| text.contains("PENGHAPUSAN DATA") && text.contains("menunggu")).count()
    };
    assert_eq!(reminded("2026-01-20T08:00:00+07:00"), 0, "a day is no delay");
    assert_eq!(reminded("2026-01-21T11:00:00+07:00"), 1);
    assert_eq!(reminded("2026-01-21T12:00:00+07:00"), 0, "once a day");
    assert_eq!(reminded("2026-01-22T08:00:00+07:00"), 1);
    let doctor = program(folder.path()).args(["doctor"]).output().unwrap();
    assert!(support::text(&doctor.stdout).contains("1 wait, the oldest since 2026-01-19T03:01:00Z"), "{doctor:?}");

    // Done by the running server, which holds the facts.
    let server = Server::at(folder.path(), "2026-01-22T09:00:00+07:00");
    let before = gateway.taken().len();
    let done = succeed(program(folder.path()).args(["register", "erase", "1"]));
    assert!(done.contains("request 1 is done; numbers severed: 1"), "{done}");
    gateway.wait_for(before + 1);
    server.quiet(folder.path());
    server.stop();
    let taken = gateway.taken().split_off(before);
    assert_eq!((taken.len(), taken[0].to.as_str()), (1, BUDI));
    assert_eq!(reminded("2026-01-23T08:00:00+07:00"), 0);
}
