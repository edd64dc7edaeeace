//! What a worker makes of a gateway's answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use dermawan::bot::Number;
use dermawan::outbox::{Draft, HaltKind, Memory, Options, Outbox, Point, Stage, Step, Worker};
use dermawan::transport::{
    Accepted, Capabilities, DeviceChange, Envelope, Event, Health, Hook, HookError, Pause, SendError, Transport,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

/// A gateway that gives the answers it was told to give, then accepts.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<SendError>>,
    sent: Mutex<Vec<String>>,
    connected: Mutex<bool>,
}

impl Transport for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { pictures: false, longest_text: 60_000, statuses: true, idempotent: false, window: None }
    }

    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        self.sent.lock().unwrap().push(envelope.key.clone());
        match self.answers.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => Ok(Accepted { id: Some("g".into()), quota: None }),
        }
    }

    fn parse(&self, _: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        Ok(Vec::new())
    }

    fn health(&self) -> Result<Health, SendError> {
        let connected = *self.connected.lock().unwrap();
        Ok(Health { connected, quota: Some(u64::from(connected)), detail: String::new() })
    }
}

/// Nine in the morning in Jakarta, and so many seconds.
fn at(second: i64) -> Timestamp {
    "2026-09-01T02:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

struct Bench {
    outbox: Memory,
    gateway: Script,
    worker: Worker,
}

impl Bench {
    fn new(answers: impl IntoIterator<Item = SendError>) -> Self {
        let outbox = Memory::default();
        let number = Number::parse("0812-3456-7890").unwrap();
        let draft = Draft::batch("laporan:2026-08:1", "a", "laporan:2026-08", number, "Halo");
        outbox.put(&mut [draft].into_iter(), at(0)).unwrap();
        let gateway = Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() };
        let zone = jiff::tz::TimeZone::get("Asia/Jakarta").unwrap();
        Self { outbox, gateway, worker: Worker::new("a", "w", Options::default(), zone).unwrap() }
    }

    fn step(&self, second: i64) -> Step {
        self.worker.step(&self.outbox, &self.gateway, at(second), second as u64, &mut |_| {}).unwrap()
    }

    fn stage(&self) -> Stage {
        self.outbox.find("laporan:2026-08:1").unwrap().unwrap().stage
    }
}

fn retry() -> SendError {
    SendError::Retry { after: Duration::from_mins(2), reason: "busy".into() }
}

#[test]
fn a_message_passes_every_point_in_order() {
    let bench = Bench::new([]);
    let mut points = Vec::new();
    let step = bench.worker.step(&bench.outbox, &bench.gateway, at(0), 7, &mut |point| points.push(point)).unwrap();
    assert!(matches!(step, Step::Sent { stage: Stage::Accepted, answer: "accepted", reason: None, .. }));
    assert_eq!(points, Point::ALL);
    assert_eq!(bench.step(60), Step::Idle { until: None });
}

#[test]
fn a_busy_gateway_is_given_its_time_and_given_up_in_the_end() {
    let bench = Bench::new((0..20).map(|_| retry()));
    let (mut second, mut sent) = (0, 0);
    while bench.stage() == Stage::Queued {
        match bench.step(second) {
            Step::Sent { answer, .. } => {
                assert_eq!(answer, "retry");
                sent += 1;
            }
            Step::Idle { until: Some(until) } => {
                let wait = until.duration_since(at(second)).as_secs();
                assert!((1..=3600).contains(&wait), "{wait}");
                if sent > 0 && wait > 20 {
                    assert!(wait >= 119, "no sooner than the gateway said");
                }
                second = until.duration_since(at(0)).as_secs() + 1;
            }
            // From the third failure on the lane waits too, until the gateway answers.
            Step::Paused { halt, .. } if sent >= 3 && halt.kind == HaltKind::Gateway => {
                second = halt.probe_at.unwrap().duration_since(at(0)).as_secs() + 1;
            }
            Step::Resumed { kind: HaltKind::Gateway } => second += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((sent, bench.stage()), (8, Stage::Dead));
}

#[test]
fn a_disconnected_device_halts_the_lane_until_it_is_back() {
    let bench = Bench::new([SendError::Pause(Pause::Device, "disconnected".into())]);
    assert!(matches!(bench.step(0), Step::Sent { stage: Stage::Queued, answer: "pause_device", .. }));
    assert!(matches!(bench.step(59), Step::Paused { .. }));
    assert!(
        matches!(bench.step(60), Step::Paused { halt, .. } if halt.probe_at == Some(at(120)) && halt.since == at(0))
    );
    *bench.gateway.connected.lock().unwrap() = true;
    assert!(matches!(bench.step(119), Step::Paused { .. }), "not asked before it is time");
    assert_eq!(bench.step(120), Step::Resumed { kind: HaltKind::Device });
    assert!(matches!(bench.step(121), Step::Sent { stage: Stage::Accepted, .. }));
    assert_eq!(bench.gateway.sent.lock().unwrap().len(), 2);

    let change = |connected| DeviceChange { connected, reason: "phone".into() };
    assert!(bench.worker.device(&bench.outbox, &change(false), at(130)).unwrap());
    assert!(matches!(bench.step(131), Step::Paused { .. }));
    assert!(bench.worker.device(&bench.outbox, &change(true), at(132)).unwrap());
    assert_eq!(bench.step(133), Step::Idle { until: None });
}

#[test]
fn quota_and_a_wrong_token_wait_for_their_own_cure() {
    let bench =
        Bench::new([SendError::Pause(Pause::Quota, "insufficient quota".into()), SendError::Stop("token".into())]);
    bench.step(0);
    assert!(matches!(bench.step(3600), Step::Paused { .. }), "the quota is still zero");
    *bench.gateway.connected.lock().unwrap() = true;
    assert_eq!(bench.step(7200), Step::Resumed { kind: HaltKind::Quota });
    assert!(matches!(bench.step(7201), Step::Sent { stage: Stage::Queued, answer: "stop", .. }));
    // Another lane has a gateway of its own.
    let zone = jiff::tz::TimeZone::UTC;
    let other = Worker::new("b", "x", Options::default(), zone).unwrap();
    let step = other.step(&bench.outbox, &bench.gateway, at(7810), 1, &mut |_| {}).unwrap();
    assert_eq!(step, Step::Idle { until: None });
    assert_eq!(bench.step(7811), Step::Resumed { kind: HaltKind::Stop });
}

#[test]
fn the_recipient_or_the_text_is_dead_and_the_unknown_stays() {
    for (error, stage) in [
        (SendError::Recipient("target invalid".into()), Stage::Dead),
        (SendError::Content("input invalid".into()), Stage::Dead),
        (SendError::Unknown("reset".into()), Stage::Unknown),
    ] {
        let bench = Bench::new([error]);
        assert!(matches!(bench.step(0), Step::Sent { stage: found, .. } if found == stage));
        assert_eq!(bench.step(86_400 * 2), Step::Idle { until: None }, "never again by itself");
        assert_eq!(bench.stage(), stage);
    }
}

#[test]
fn an_opt_out_while_the_message_is_in_hand_holds_it_back() {
    let bench = Bench::new([]);
    let number = Number::parse("0812-3456-7890").unwrap();
    let mut opt_out = |point| {
        if point == Point::BeforeSending {
            bench.outbox.opt_out(&number, at(0)).unwrap();
        }
    };
    let step = bench.worker.step(&bench.outbox, &bench.gateway, at(0), 1, &mut opt_out).unwrap();
    assert!(matches!(step, Step::Withheld { .. }));
    assert!(bench.gateway.sent.lock().unwrap().is_empty());
}

#[test]
fn batches_are_paced_at_random_and_rest_at_night() {
    let bench = Bench::new([]);
    let numbers = (0..200).map(|i| Number::parse(&format!("08120000{i:04}")).unwrap());
    let mut drafts =
        numbers.enumerate().map(|(i, to)| Draft::batch(format!("laporan:{i}"), "a", "laporan", to, "Halo"));
    bench.outbox.put(&mut drafts, at(0)).unwrap();
    let (mut now, mut sent, mut waits) = (at(0), Vec::new(), Vec::new());
    for seed in 0..402 {
        match bench.worker.step(&bench.outbox, &bench.gateway, now, seed, &mut |_| {}).unwrap() {
            Step::Sent { .. } => sent.push(now),
            Step::Idle { until: Some(until) } => now = until,
            Step::Idle { until: None } => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sent.len(), 201);
    waits.extend(sent.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_millis()));
    assert!(waits.iter().all(|ms| (5000..=10_000).contains(ms)));
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 100, "no clockwork");

    let night: Timestamp = "2026-09-01T15:00:00Z".parse().unwrap();
    let number = Number::parse("0812-9999-9999").unwrap();
    let draft = Draft::batch("laporan:malam", "a", "laporan", number, "Halo");
    bench.outbox.put(&mut [draft].into_iter(), night).unwrap();
    let step = bench.worker.step(&bench.outbox, &bench.gateway, night, 1, &mut |_| {}).unwrap();
    assert_eq!(step, Step::Idle { until: Some("2026-09-01T23:00:00Z".parse().unwrap()) });
}
