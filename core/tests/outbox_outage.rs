//! A clock that goes back, and a gateway that is away for hours: nothing is silenced, nothing is burnt.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test that reads the disk")]

use dermawan::bot::Number;
use dermawan::outbox::{
    Cause, Draft, Filter, Halt, HaltKind, Memory, Options, Outbox, Priority, Sqlite, Stage, Step, Worker,
};
use dermawan::transport::{Accepted, Capabilities, Envelope, Event, Health, Hook, HookError, SendError, Transport};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::sync::Mutex;
use std::time::Duration;

/// How a gateway is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Up,
    /// No connection at all.
    Refused,
    /// Whatever is asked is answered by a proxy.
    Html,
    /// Only what is sent is.
    HtmlForMessages,
}

struct Gateway {
    state: Mutex<State>,
    tried: Mutex<u32>,
}

impl Gateway {
    fn new() -> Self {
        Self { state: Mutex::new(State::Up), tried: Mutex::new(0) }
    }

    fn is(&self, state: State) {
        *self.state.lock().unwrap() = state;
    }

    fn refused() -> SendError {
        SendError::Retry { after: Duration::ZERO, reason: "the gateway cannot be reached".into() }
    }
}

impl Transport for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { pictures: false, longest_text: 60_000, statuses: true, idempotent: false, window: None }
    }

    fn send(&self, _: &Envelope) -> Result<Accepted, SendError> {
        *self.tried.lock().unwrap() += 1;
        match *self.state.lock().unwrap() {
            State::Up => Ok(Accepted { id: None, quota: None }),
            State::Refused => Err(Self::refused()),
            State::Html | State::HtmlForMessages => Err(SendError::Unknown("HTTP 502".into())),
        }
    }

    fn parse(&self, _: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        Ok(Vec::new())
    }

    fn health(&self) -> Result<Health, SendError> {
        match *self.state.lock().unwrap() {
            State::Up | State::HtmlForMessages => Ok(Health { connected: true, quota: None, detail: String::new() }),
            State::Refused => Err(Self::refused()),
            State::Html => Err(SendError::Unknown("HTTP 502".into())),
        }
    }
}

fn start() -> Timestamp {
    "2026-09-01T02:00:00Z".parse().unwrap()
}

fn worker() -> Worker {
    // No quiet hours: the outages are longer than a day's rest.
    let options = Options { quiet_hours: None, ..Options::default() };
    Worker::new("gateway", "test", options, TimeZone::UTC).unwrap()
}

/// Steps from one time to another as a host does, sleeping five seconds at most; the steps that tell something.
fn run(outbox: &dyn Outbox, gateway: &Gateway, from: Timestamp, to: Timestamp) -> Vec<Step> {
    let (worker, mut now, mut seed, mut told) = (worker(), from, from.as_microsecond().cast_unsigned(), Vec::new());
    while now < to {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let step = worker.step(outbox, gateway, now, seed, &mut |_| {}).unwrap();
        let wait = match &step {
            Step::Idle { until } => {
                let most = now + SignedDuration::from_secs(5);
                until.map_or(most, |until| until.min(most)).duration_since(now).max(SignedDuration::from_millis(1))
            }
            Step::Paused { .. } => SignedDuration::from_secs(5),
            _ => SignedDuration::from_millis(20),
        };
        if !matches!(step, Step::Idle { .. }) {
            told.push(step);
        }
        now += wait;
    }
    told
}

fn number(n: u64) -> Number {
    Number::parse(&format!("62812{:08}", 10_000_000 + n)).unwrap()
}

fn batch(count: u64) -> impl Iterator<Item = Draft> {
    (0..count).map(|n| Draft::batch(format!("laporan:2026-08:{n}"), "gateway", "laporan:2026-08", number(n), "Halo"))
}

fn both(test: impl Fn(&dyn Outbox)) {
    test(&Memory::default());
    let folder = tempfile::tempdir().unwrap();
    test(&Sqlite::open(folder.path().join("outbox.sqlite")).unwrap());
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn rewinds(steps: &[Step]) -> usize {
    steps.iter().filter(|step| matches!(step, Step::Rewound { .. })).count()
}

#[test]
fn a_clock_that_goes_back_silences_nobody() {
    for back in [hours(1), hours(24 * 7), hours(24 * 400)] {
        both(|outbox| {
            let gateway = Gateway::new();
            let ahead = start() + back;
            outbox.put(&mut batch(3), ahead).unwrap();
            assert_eq!(rewinds(&run(outbox, &gateway, ahead, ahead + SignedDuration::from_mins(2))), 0);
            assert_eq!(outbox.counts(None).unwrap().accepted, 3);
            // The same person again, and a batch that was put by the old clock.
            outbox
                .put(&mut (3..6).map(|n| Draft::batch(format!("b:{n}"), "gateway", "b", number(n), "Halo")), ahead)
                .unwrap();
            let reply = Draft::reply("reply:1", "gateway", number(0), "Halo");
            outbox.put(&mut [reply].into_iter(), start()).unwrap();
            let steps = run(outbox, &gateway, start(), start() + SignedDuration::from_secs(5));
            assert_eq!(rewinds(&steps), 1, "told once");
            assert_eq!(outbox.find("reply:1").unwrap().unwrap().stage, Stage::Accepted, "the reply goes out at once");
            let steps =
                run(outbox, &gateway, start() + SignedDuration::from_secs(5), start() + SignedDuration::from_mins(2));
            assert_eq!(rewinds(&steps), 0);
            assert_eq!(outbox.counts(None).unwrap().accepted, 7, "all of it goes out within its pace");
        });
    }
}

#[test]
fn a_named_time_stays_when_the_clock_goes_back() {
    both(|outbox| {
        let gateway = Gateway::new();
        let (ahead, named) = (start() + hours(24), start() + hours(30));
        let draft = Draft { not_before: Some(named), ..Draft::reply("r", "gateway", number(1), "Halo") };
        outbox.put(&mut [draft].into_iter(), ahead).unwrap();
        let steps = run(outbox, &gateway, start(), start() + hours(1));
        assert_eq!(rewinds(&steps), 1);
        let entry = outbox.find("r").unwrap().unwrap();
        assert_eq!((entry.stage, entry.due), (Stage::Queued, named));
    });
}

#[test]
fn leases_backoffs_and_probes_follow_the_clock_back() {
    both(|outbox| {
        let (gateway, worker) = (Gateway::new(), worker());
        let ahead = start() + hours(24 * 7);
        let put = |key: &str, n| {
            outbox.put(&mut [Draft::reply(key, "gateway", number(n), "Halo")].into_iter(), ahead).unwrap();
        };
        // One whose backoff was reckoned ahead, and one that a process held when it died.
        put("tried", 1);
        gateway.is(State::Refused);
        let step = worker.step(outbox, &gateway, ahead, 1, &mut |_| {}).unwrap();
        assert!(matches!(step, Step::Sent { stage: Stage::Queued, .. }), "{step:?}");
        put("held", 2);
        let other = Worker::new("gateway", "dead", Options::default(), TimeZone::UTC).unwrap();
        let next = other.lease(outbox, ahead + SignedDuration::from_secs(10), 2).unwrap();
        assert!(matches!(next, dermawan::outbox::Next::Message(_)), "{next:?}");
        let probe_at = Some(ahead + SignedDuration::from_mins(1));
        let halt = Halt { kind: HaltKind::Device, reason: "disconnected".into(), since: ahead, probe_at };
        outbox.halt("gateway", &halt).unwrap();
        gateway.is(State::Up);
        let steps = run(outbox, &gateway, start(), start() + SignedDuration::from_mins(10));
        assert_eq!(rewinds(&steps), 1);
        assert!(steps.contains(&Step::Resumed { kind: HaltKind::Device }), "it is asked: {steps:?}");
        let counts = outbox.counts(None).unwrap();
        assert_eq!((counts.accepted, counts.total()), (2, 2), "{counts:?}");
    });
}

#[test]
fn a_clock_that_trembles_moves_nothing() {
    both(|outbox| {
        outbox.put(&mut batch(1), start()).unwrap();
        assert_eq!(outbox.rewind(start() - SignedDuration::from_secs(30)).unwrap(), None);
        assert_eq!(outbox.rewind(start() + hours(1)).unwrap(), None, "forward is no matter");
        assert_eq!(outbox.rewind(start()).unwrap(), Some(start() + hours(1)));
        assert_eq!(outbox.rewind(start()).unwrap(), None, "told once");
    });
}

#[test]
fn after_six_hours_without_a_connection_everything_is_still_there() {
    both(|outbox| {
        let gateway = Gateway::new();
        outbox.put(&mut batch(170), start()).unwrap();
        gateway.is(State::Refused);
        let back = start() + hours(6);
        run(outbox, &gateway, start(), back);
        let counts = outbox.counts(None).unwrap();
        assert_eq!((counts.queued, counts.dead, counts.unknown), (170, 0, 0), "{counts:?}");
        let lane = outbox.lanes().unwrap().remove(0);
        assert_eq!(lane.halt.map(|halt| halt.kind), Some(HaltKind::Gateway));
        let worn = outbox.list(&Filter { limit: 1000, ..Filter::default() }).unwrap();
        assert!(worn.iter().all(|entry| entry.attempts <= 3) && worn.iter().map(|e| e.attempts).sum::<u32>() == 3);
        assert_eq!(*gateway.tried.lock().unwrap(), 3, "nothing is tried while the line is away");
        gateway.is(State::Up);
        let steps = run(outbox, &gateway, back, back + hours(1));
        assert!(steps.contains(&Step::Resumed { kind: HaltKind::Gateway }), "by itself");
        assert_eq!(outbox.counts(None).unwrap().accepted, 170);
    });
}

#[test]
fn an_outage_of_two_hours_leaves_three_messages_unknown() {
    both(|outbox| {
        let gateway = Gateway::new();
        outbox.put(&mut batch(170), start()).unwrap();
        gateway.is(State::Html);
        let back = start() + hours(2);
        run(outbox, &gateway, start(), back);
        assert_eq!(outbox.counts(None).unwrap().unknown, 3);
        gateway.is(State::Up);
        run(outbox, &gateway, back, back + hours(1));
        let counts = outbox.counts(None).unwrap();
        assert_eq!((counts.accepted, counts.unknown, counts.dead), (167, 3, 0));
    });
}

#[test]
fn a_gateway_that_is_well_and_takes_nothing_is_tried_more_and_more_rarely() {
    both(|outbox| {
        let gateway = Gateway::new();
        outbox.put(&mut batch(170), start()).unwrap();
        gateway.is(State::HtmlForMessages);
        let back = start() + hours(2);
        run(outbox, &gateway, start(), back);
        // Three, then one after each wait of 1, 1, 2, 4, … minutes.
        let unknown = outbox.counts(None).unwrap().unknown;
        assert!((4..=11).contains(&unknown), "{unknown}");
        gateway.is(State::Up);
        run(outbox, &gateway, back, back + hours(3));
        assert_eq!(outbox.counts(None).unwrap().accepted, 170 - unknown);
        // The next accident is a new one: two failures halt nothing.
        let single = |key: &str, n| Draft::single(key, "gateway", Priority::Thanks, "x", number(n), "Halo");
        let later = back + hours(4);
        outbox.put(&mut [single("a", 1), single("b", 2)].into_iter(), later).unwrap();
        gateway.is(State::HtmlForMessages);
        run(outbox, &gateway, later, later + SignedDuration::from_mins(5));
        assert_eq!(outbox.find("b").unwrap().unwrap().cause, Some(Cause::Unclear));
        assert!(outbox.lanes().unwrap().iter().all(|lane| lane.halt.is_none()));
    });
}

#[test]
fn what_is_erased_or_pruned_is_not_on_the_disk_while_the_file_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.sqlite");
    let outbox = Sqlite::open(&path).unwrap();
    let on_disk = |words: &str| {
        ["", "-wal"].iter().any(|end| {
            let bytes = std::fs::read(folder.path().join(format!("outbox.sqlite{end}"))).unwrap_or_default();
            bytes.windows(words.len()).any(|window| window == words.as_bytes())
        })
    };
    let reply = |key: &str, n, text: &str| Draft::reply(key, "gateway", number(n), text);
    let (erased, pruned) = ("Terima kasih Pak Hilang", "Terima kasih Bu Lama");
    outbox.put(&mut [reply("a", 1, erased), reply("b", 2, pruned)].into_iter(), start()).unwrap();
    assert!(on_disk(erased) && on_disk(pruned) && on_disk(number(1).as_str()), "it is looked for in the right place");
    outbox.erase(&dermawan::outbox::Whom::Number(number(1)), start()).unwrap();
    assert!(!on_disk(erased) && !on_disk(number(1).as_str()) && on_disk(pruned));
    run(&outbox, &Gateway::new(), start(), start() + SignedDuration::from_mins(1));
    let retention =
        dermawan::outbox::Retention { persons_before: start() + hours(1), unknown_before: None, messages_before: None };
    assert_eq!(outbox.prune(&retention).unwrap().severed, 1);
    assert!(!on_disk(pruned) && !on_disk(number(2).as_str()));
}
