//! Processes killed with SIGKILL at each labelled point of the life of a message, against the stand-in over HTTP, and a
//! batch of ten thousand with everything that can go wrong: what the stand-in's log says it took over is compared with what
//! the outbox says. Nothing is lost, nothing is sent twice, whatever is ambiguous is listed.
//!
//! The workers are this test program, started again as processes of their own, with the gateway's real client.
//! `DERMAWAN_KILLS` sets the number of kills (default 96, for a test among others), and the batch is run when it is asked
//! for:
//!
//! ```text
//! DERMAWAN_KILLS=4000 cargo nextest run --workspace -E 'binary(kill)'
//! cargo nextest run --workspace --run-ignored only -E 'binary(kill) & test(ten_thousand)'
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "starts processes and runs a clock for them")]

mod support;

use dermawan::Number;
use dermawan::outbox::{Cause, Draft, Filter, Gap, Options, Outbox, Point, Sqlite, Stage, Step, Worker};
use dermawan::transport::Secret;
use dermawan::transport::fonnte::{Fonnte, FonnteOptions};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::server::{DEVICE, request};
use support::stand_in::StandIn;

const LANE: &str = "fonnte";
const BATCH: &str = "laporan:2026-08";
/// The workers' clock runs so much faster than the wall's, so that waits of seconds are waits of milliseconds.
const SPEED: i64 = 1000;
/// Longer than any test: an answer held back so long never comes.
const NEVER_MS: u64 = 3_600_000;

fn clock(start: Timestamp) -> Timestamp {
    start + SignedDuration::from_micros(Timestamp::now().duration_since(start).as_micros() as i64 * SPEED)
}

/// The worker of a process. Takes its orders from the environment.
#[test]
#[ignore = "started by the other tests, as a process of its own"]
fn child() {
    let Ok(file) = std::env::var("OUTBOX_FILE") else { return };
    let order = |name: &str| std::env::var(format!("OUTBOX_{name}")).unwrap();
    let outbox = Sqlite::open(file).unwrap();
    let start: Timestamp = order("START").parse().unwrap();
    let (wanted, mut left) = (order("POINT"), order("NTH").parse::<u32>().unwrap());
    let gateway = Fonnte::new(FonnteOptions {
        base_url: format!("http://{}", order("GATEWAY")),
        token: Secret::new("token-fonnte"),
        device: DEVICE.into(),
        ..FonnteOptions::default()
    })
    .unwrap();
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
        let mut observe = |point: Point| {
            left -= u32::from(format!("{point:?}") == wanted);
            if left == 0 {
                println!("\nhere");
                std::io::stdout().flush().unwrap();
                loop {
                    std::thread::park();
                }
            }
        };
        match worker.step(&outbox, &gateway, clock(start), seed, &mut observe) {
            Ok(Step::Idle { until: None }) => break,
            Ok(Step::Idle { .. } | Step::Paused { .. }) => std::thread::sleep(Duration::from_millis(2)),
            Ok(_) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

struct Orders<'a> {
    file: &'a Path,
    gateway: SocketAddr,
    start: Timestamp,
    holder: &'a str,
}

impl Orders<'_> {
    fn spawn(&self, point: &str, nth: usize) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child", "--nocapture", "--test-threads=1"])
            .env("OUTBOX_FILE", self.file)
            .env("OUTBOX_GATEWAY", self.gateway.to_string())
            .env("OUTBOX_START", self.start.to_string())
            .env("OUTBOX_HOLDER", self.holder)
            .env("OUTBOX_POINT", point)
            .env("OUTBOX_NTH", nth.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Kills a worker at a point of its own making.
    fn kill_inside(&self, point: &str, nth: usize) {
        let mut child = self.spawn(point, nth);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "here"), "no message was left to be killed at");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Kills a worker while the stand-in has its request: before it took the message over, or behind that.
    fn kill_outside(&self, point: &str, nth: usize) {
        let (kind, count) = if point == "Written" { ("delay", "asked") } else { ("late", "accepted") };
        let goal = state(self.gateway, count) + nth as u64;
        let plan = json!({"fault": {"kind": kind, "ms": NEVER_MS}, "after": nth - 1});
        let headers = [("Content-Type", "application/json")];
        assert_eq!(request(self.gateway, "POST", "/control/faults", &headers, &plan.to_string()).unwrap().0, 204);
        let mut child = self.spawn("never", 1);
        while state(self.gateway, count) < goal {
            assert!(child.try_wait().unwrap().is_none(), "no message was left to be killed at");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn run_to_the_end(&self) {
        let child = self.spawn("never", 1);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", support::text(&output.stdout));
    }
}

/// A count of the stand-in's.
fn state(gateway: SocketAddr, count: &str) -> u64 {
    let (_, body) = request(gateway, "GET", "/control/state", &[], "").unwrap();
    serde_json::from_str::<Value>(&body).unwrap()[count].as_u64().unwrap()
}

fn number(i: usize) -> Number {
    Number::parse(&format!("62812{i:08}")).unwrap()
}

fn report(i: usize) -> Draft {
    Draft::batch(format!("{BATCH}:{i}"), LANE, BATCH, number(i), "Halo")
}

/// Every message with its stage, its cause, and how often the stand-in's log has it.
fn outcome(outbox: &Sqlite, log: &Path) -> BTreeMap<String, (Stage, Option<Cause>, usize)> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for line in std::fs::read_to_string(log).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        *taken.entry(line["target"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let mut found = BTreeMap::new();
    let mut filter = Filter { limit: 5000, ..Filter::default() };
    loop {
        let page = outbox.list(&filter).unwrap();
        let Some(last) = page.last() else { break };
        filter.after = Some(last.id);
        for entry in page {
            let times = taken.remove(entry.to.unwrap().as_str()).unwrap_or(0);
            found.insert(entry.key, (entry.stage, entry.cause, times));
        }
    }
    assert!(taken.is_empty(), "the stand-in took over what was never put in");
    found
}

/// `Written`: the request lies at the gateway, which has not taken it over. `Taken`: it has, and its answer is on the way.
const POINTS: [&str; 8] =
    ["Leased", "BeforeSending", "MarkedSending", "Written", "Taken", "Answered", "BeforeSettled", "Settled"];

#[test]
fn killed_at_each_point_nothing_is_lost_or_sent_twice() {
    let kills: usize = std::env::var("DERMAWAN_KILLS").map_or(96, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = (folder.path().join("outbox.sqlite"), folder.path().join("accepted.jsonl"));
    let gateway = StandIn::start(folder.path(), &["--quota", "10000000", "--accepted", log.to_str().unwrap()]);
    let outbox = Sqlite::open(&file).unwrap();
    let start = Timestamp::now();
    let messages = kills * 2 + 24;
    assert_eq!(outbox.put(&mut (0..messages).map(report), start).unwrap().added, messages as u64);
    let orders = Orders { file: &file, gateway: gateway.address, start, holder: "w" };
    for i in 0..kills {
        // The first, second or third message of a process that has begun afresh.
        let (point, nth) = (POINTS[i % 8], 1 + i / 8 % 3);
        match point {
            "Written" | "Taken" => orders.kill_outside(point, nth),
            _ => orders.kill_inside(point, nth),
        }
    }
    orders.run_to_the_end();
    let found = outcome(&outbox, &log);
    assert_eq!(found.len(), messages, "lost");
    let killed = |points: &[&str]| (0..kills).filter(|i| points.contains(&POINTS[i % 8])).count();
    let count =
        |stage: Stage, times: usize| found.values().filter(|found| (found.0, found.2) == (stage, times)).count();
    // Killed behind the mark and before the gateway took it over: unknown, and not sent. Later: unknown, and sent once.
    assert_eq!(count(Stage::Unknown, 0), killed(&["MarkedSending", "Written"]));
    assert_eq!(count(Stage::Unknown, 1), killed(&["Taken", "Answered", "BeforeSettled"]));
    assert_eq!(count(Stage::Accepted, 1), messages - killed(&POINTS[2..7]), "every other one exactly once");
    let causes = found.values().filter(|found| found.1 == Some(Cause::Interrupted)).count();
    assert_eq!(causes, killed(&POINTS[2..7]), "and listed as interrupted");
    println!("{kills} kills, {messages} messages, {causes} unknown");
}

#[test]
#[ignore = "takes minutes; see above"]
fn a_batch_of_ten_thousand_reaches_every_donor_once_or_is_listed() {
    const MESSAGES: usize = 10_000;
    const RESTARTS: u64 = 15;
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = (folder.path().join("outbox.sqlite"), folder.path().join("accepted.jsonl"));
    // Two requests in a hundred meet a reset, a page, nothing at all, or a device that is gone.
    let chaos = ["--chaos", "0.02", "--seed", "7", "--quota", "1500", "--accepted", log.to_str().unwrap()];
    let gateway = StandIn::start(folder.path(), &chaos);
    let outbox = Sqlite::open(&file).unwrap();
    let start = Timestamp::now();
    outbox.put(&mut (0..MESSAGES).map(report), start).unwrap();
    let over = AtomicBool::new(false);
    let (disconnects, topped_up) = std::thread::scope(|scope| {
        let trouble = scope.spawn(|| {
            let (mut disconnects, mut topped_up) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1500));
                gateway.set(&json!({"connected": false}));
                std::thread::sleep(Duration::from_millis(150));
                gateway.set(&json!({"connected": true}));
                disconnects += 1;
                let (_, body) = request(gateway.address, "GET", "/control/state", &[], "").unwrap();
                if serde_json::from_str::<Value>(&body).unwrap()["settings"]["quota"] == 0 {
                    gateway.set(&json!({"quota": 1500}));
                    topped_up += 1;
                }
            }
            (disconnects, topped_up)
        });
        let work = |holder: &'static str, wait: u64| {
            let orders = Orders { file: &file, gateway: gateway.address, start, holder };
            scope.spawn(move || {
                for round in 0..RESTARTS {
                    let mut child = orders.spawn("never", 1);
                    std::thread::sleep(Duration::from_millis(wait + round * 37));
                    child.kill().unwrap();
                    child.wait().unwrap();
                }
                orders.run_to_the_end();
            })
        };
        for worker in [work("one", 700), work("two", 600)] {
            worker.join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
        trouble.join().unwrap()
    });
    // Put once more, as a scheduler that was restarted does: nothing is added.
    assert_eq!(outbox.put(&mut (0..MESSAGES).map(report), start).unwrap().present, MESSAGES as u64);
    let found = outcome(&outbox, &log);
    assert_eq!(found.len(), MESSAGES);
    let mut unknown = [0, 0];
    for (key, (stage, cause, times)) in &found {
        match stage {
            Stage::Accepted => assert_eq!(*times, 1, "{key}"),
            Stage::Unknown => {
                assert!(*times <= 1 && cause.is_some(), "{key}: {times}");
                unknown[*times] += 1;
            }
            _ => panic!("{key} is {}", stage.code()),
        }
    }
    assert!(unknown[0] > 0 && unknown[1] > 0 && disconnects > 2 && topped_up > 2, "nothing went wrong");
    println!(
        "{MESSAGES} donors, two workers, {} kills, {disconnects} disconnects, {topped_up} quota stops: {} once, \
         {} listed as unknown ({} of them taken over)",
        RESTARTS * 2,
        MESSAGES - unknown[0] - unknown[1],
        unknown[0] + unknown[1],
        unknown[1]
    );
}
