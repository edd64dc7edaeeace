//! Processes killed with SIGKILL at each labelled point of the life of a message, against a gateway that remembers what it
//! took over: nothing is lost, nothing is sent twice, whatever is ambiguous is listed.
//!
//! The workers are this test program, started again as processes of their own. `DERMAWAN_KILLS` sets the number of kills.
#![allow(clippy::disallowed_methods, reason = "starts processes and runs a clock for them")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "outbox/gateway.rs"]
mod gateway;

use dermawan::bot::Number;
use dermawan::outbox::{Draft, Filter, Gap, Options, Outbox, Point, Sqlite, Stage, Step, Worker};
use gateway::{Faults, Gateway, Line, Place};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LANE: &str = "fonnte";
/// The processes' clock runs so much faster than the wall's, so that waits of seconds are waits of milliseconds.
const SPEED: i64 = 1000;

fn clock(start: Timestamp) -> Timestamp {
    start + SignedDuration::from_micros(Timestamp::now().duration_since(start).as_micros() as i64 * SPEED)
}

/// The worker of a process. Takes its orders from the environment.
#[test]
#[ignore = "started by the other tests, as a process of its own"]
fn child() {
    let order = |name: &str| std::env::var(format!("OUTBOX_{name}")).unwrap();
    let outbox = Sqlite::open(order("FILE")).unwrap();
    let start: Timestamp = order("START").parse().unwrap();
    let place = Place { name: order("POINT"), left: order("NTH").parse::<u32>().unwrap().into() };
    let line = Line { address: order("GATEWAY"), place };
    let none = Gap { min_ms: 0, max_ms: 0 };
    let options = Options {
        gap: none,
        reply_gap: none,
        recipient_gap_ms: 0,
        quiet_hours: None,
        hold_seconds: 86_400,
        device_probe_seconds: 20,
        quota_probe_seconds: 30,
        attempts: 1000,
        ..Options::default()
    };
    let worker = Worker::new(LANE, order("HOLDER"), options, jiff::tz::TimeZone::UTC).unwrap();
    worker.start(&outbox, clock(start)).unwrap();
    for turn in 0_u64.. {
        let seed = u64::from(std::process::id()) << 32 | turn;
        let mut observe = |point: Point| line.place.reached(&format!("{point:?}"));
        match worker.step(&outbox, &line, clock(start), seed, &mut observe) {
            Ok(Step::Idle { until: None }) => break,
            Ok(Step::Idle { .. } | Step::Paused { .. }) => std::thread::sleep(Duration::from_millis(2)),
            Ok(_) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

struct Orders<'a> {
    file: &'a Path,
    gateway: &'a Gateway,
    start: Timestamp,
    holder: &'a str,
}

impl Orders<'_> {
    fn spawn(&self, point: &str, nth: usize) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child", "--nocapture", "--test-threads=1"])
            .env("OUTBOX_FILE", self.file)
            .env("OUTBOX_GATEWAY", self.gateway.address())
            .env("OUTBOX_START", self.start.to_string())
            .env("OUTBOX_HOLDER", self.holder)
            .env("OUTBOX_POINT", point)
            .env("OUTBOX_NTH", nth.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap()
    }

    /// Runs a worker until it says that it has reached the point, and kills it there. `false`: it ended before.
    fn kill_at(&self, point: &str, nth: usize) -> bool {
        let mut child = self.spawn(point, nth);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let found = loop {
            line.clear();
            if out.read_line(&mut line).unwrap() == 0 {
                break false;
            }
            if line.trim_end() == format!("at:{point}") {
                break true;
            }
        };
        if found {
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        assert!(found || status.success(), "the worker failed by itself: {status}");
        found
    }

    fn run_to_the_end(&self) {
        assert!(!self.kill_at("never", 1));
    }
}

fn number(i: usize) -> Number {
    Number::parse(&format!("62812{i:08}")).unwrap()
}

fn kills() -> usize {
    std::env::var("DERMAWAN_KILLS").map_or(280, |text| text.parse().unwrap())
}

/// Every message with its stage and how often the gateway took it over.
fn outcome(outbox: &Sqlite, gateway: Gateway) -> BTreeMap<String, (Stage, usize)> {
    let taken = gateway.stop();
    let mut found = BTreeMap::new();
    let mut filter = Filter { limit: 5000, ..Filter::default() };
    loop {
        let page = outbox.list(&filter).unwrap();
        let Some(last) = page.last() else { break };
        filter.after = Some(last.id);
        for entry in page {
            let times = taken.get(&entry.key).copied().unwrap_or(0);
            found.insert(entry.key, (entry.stage, times));
        }
    }
    assert!(taken.keys().all(|key| found.contains_key(key)), "the gateway took over what was never put in");
    found
}

const POINTS: [&str; 7] =
    ["Leased", "BeforeSending", "MarkedSending", "Written", "Answered", "BeforeSettled", "Settled"];

fn labelled(draft: impl Fn(usize) -> Draft, kills: usize) -> BTreeMap<String, (Stage, usize)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outbox.sqlite");
    let outbox = Sqlite::open(&file).unwrap();
    let start = Timestamp::now();
    let messages = kills * 4 + 20;
    assert_eq!(outbox.put(&mut (0..messages).map(draft), start).unwrap().added, messages as u64);
    let gateway = Gateway::start(Faults::None);
    let orders = Orders { file: &file, gateway: &gateway, start, holder: "w" };
    for i in 0..kills {
        assert!(orders.kill_at(POINTS[i % 7], 1 + i / 7 % 3), "no message was left to be killed at");
    }
    orders.run_to_the_end();
    let found = outcome(&outbox, gateway);
    assert_eq!(found.len(), messages, "lost");
    found
}

#[test]
fn killed_at_each_point_nothing_is_lost_or_sent_twice() {
    let kills = kills();
    let batch = |i| Draft::batch(format!("laporan:2026-08:{i}"), LANE, "laporan:2026-08", number(i), "Halo");
    let found = labelled(batch, kills);
    let count = |wanted: (Stage, usize)| found.values().filter(|&&outcome| outcome == wanted).count();
    let killed = |points: &[&str]| (0..kills).filter(|i| points.contains(&POINTS[i % 7])).count();
    // Killed after the mark and before the first byte: unknown, and not sent. Later: unknown, and sent once.
    assert_eq!(count((Stage::Unknown, 0)), killed(&["MarkedSending"]));
    assert_eq!(count((Stage::Unknown, 1)), killed(&["Written", "Answered", "BeforeSettled"]));
    assert_eq!(count((Stage::Accepted, 1)), found.len() - killed(&POINTS[2..6]), "every other one exactly once");
}

#[test]
fn killed_replies_are_tried_once_more_and_no_more() {
    let kills = kills() / 4;
    let found = labelled(|i| Draft::reply(format!("balasan:{i}"), LANE, number(i), "Halo"), kills);
    for (key, (stage, times)) in &found {
        match stage {
            Stage::Accepted => assert!((1..=2).contains(times), "{key}: {times}"),
            Stage::Unknown => assert!(*times <= 2, "{key}: {times}"),
            _ => panic!("{key} is {}", stage.code()),
        }
    }
    let twice = found.values().filter(|(_, times)| *times == 2).count();
    assert!(twice > 0, "a reply killed after it was written is sent again");
}

#[test]
fn killed_at_any_moment_nothing_is_lost_or_sent_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outbox.sqlite");
    let outbox = Sqlite::open(&file).unwrap();
    let (start, kills) = (Timestamp::now(), kills() / 2);
    let messages = kills * 30;
    let draft = |i| Draft::batch(format!("laporan:2026-08:{i}"), LANE, "laporan:2026-08", number(i), "Halo");
    outbox.put(&mut (0..messages).map(draft), start).unwrap();
    let gateway = Gateway::start(Faults::None);
    let orders = Orders { file: &file, gateway: &gateway, start, holder: "w" };
    let mut killed = 0;
    for i in 0..kills {
        let mut child = orders.spawn("never", 1);
        // A chance of its own in each round, without a random generator.
        std::thread::sleep(Duration::from_micros(20_000 + (i as u64 * 7919) % 60_000));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
    }
    orders.run_to_the_end();
    let found = outcome(&outbox, gateway);
    assert_eq!(found.len(), messages, "lost");
    assert!(killed > 0);
    let mut unknown = 0;
    for (key, (stage, times)) in &found {
        match stage {
            Stage::Accepted => assert_eq!(*times, 1, "{key}"),
            Stage::Unknown => {
                unknown += 1;
                assert!(*times <= 1, "{key}");
            }
            _ => panic!("{key} is {}", stage.code()),
        }
    }
    assert!(unknown <= killed, "{unknown} unknown after {killed} kills");
    println!("{killed} kills, {unknown} unknown");
}

#[test]
fn a_batch_of_ten_thousand_with_faults_restarts_and_two_workers() {
    const MESSAGES: usize = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outbox.sqlite");
    let outbox = Sqlite::open(&file).unwrap();
    let start = Timestamp::now();
    let draft = |i| Draft::batch(format!("laporan:2026-08:{i}"), LANE, "laporan:2026-08", number(i), "Halo");
    outbox.put(&mut (0..MESSAGES).map(draft), start).unwrap();
    let gateway = Gateway::start(Faults::All);
    let restarts = std::thread::scope(|scope| {
        let work = |holder: &'static str, wait: u64| {
            let orders = Orders { file: &file, gateway: &gateway, start, holder };
            scope.spawn(move || {
                for round in 0..10 {
                    let mut child = orders.spawn("never", 1);
                    std::thread::sleep(Duration::from_millis(wait + round * 37));
                    child.kill().unwrap();
                    child.wait().unwrap();
                }
                orders.run_to_the_end();
                10
            })
        };
        let workers = [work("one", 300), work("two", 250)];
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<usize>()
    });
    // Put once more, as a scheduler that was restarted does: nothing is added.
    assert_eq!(outbox.put(&mut (0..MESSAGES).map(draft), start).unwrap().present, MESSAGES as u64);
    let counts = outbox.counts(Some("laporan:2026-08")).unwrap();
    assert!(counts.is_over(), "{counts:?}");
    assert!(outbox.lanes().unwrap().iter().all(|lane| lane.halt.is_none()));
    let faults = gateway.faults();
    let found = outcome(&outbox, gateway);
    assert_eq!(found.len(), MESSAGES);
    let mut unknown = 0;
    for (key, (stage, times)) in &found {
        match stage {
            Stage::Accepted => assert_eq!(*times, 1, "{key}"),
            Stage::Unknown => {
                unknown += 1;
                assert!(*times <= 1, "{key}");
            }
            _ => panic!("{key} is {}", stage.code()),
        }
    }
    assert!(faults.lost <= unknown && unknown <= faults.lost + restarts, "{unknown} unknown, {faults:?}");
    assert!(faults.lost > 100 && faults.paused > 20 && faults.retried > 100, "{faults:?}");
    println!("{unknown} unknown of {MESSAGES}, {restarts} restarts, {faults:?}");
}
