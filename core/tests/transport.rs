//! Transports without a gateway behind them, put through the contract.
#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]

use dermawan::bot::Number;
use dermawan::transport::contract::{Broken, Case, Written, check};
use dermawan::transport::{Clock, Console, DryRun, Envelope, Fault, Memory, Pause, SendError, Throttle, Transport};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn number() -> Number {
    Number::parse("081234567889").unwrap()
}

fn plain_case(transport: &dyn Transport, debug: String) -> Case<'_> {
    Case {
        transport,
        debug,
        secrets: Vec::new(),
        to: number(),
        messages: vec![
            Written::body(r#"{"id":"1","from":"081234567889","text":"INFO saya","name":"Budi","written":1767225600}"#),
            Written::body(r#"{"id":"2","from":"081234567889","text":"INFO saya"}"#),
        ],
        statuses: vec![Written::body(r#"{"id":"1","state":"read"}"#)],
        forged: vec![Written::body("{}"), Written::body(r#"{"id":"1","state":"sung"}"#)],
        broken: Vec::new(),
        accepted: None,
    }
}

fn faults(memory: &Memory) -> Vec<Broken<'_>> {
    let refuse =
        |error: SendError| -> Box<dyn Fn() + '_> { Box::new(move || memory.plan(Fault::Refuse(error.clone()))) };
    vec![
        ("retry", refuse(SendError::Retry { after: Duration::from_secs(1), reason: "later".into() })),
        ("stop", refuse(SendError::Stop("stop".into()))),
        ("recipient", refuse(SendError::Recipient("nobody".into()))),
        ("content", refuse(SendError::Content("no".into()))),
        ("pause_spam", refuse(SendError::Pause(Pause::Spam, "too fast".into()))),
        ("unknown", Box::new(|| memory.plan(Fault::LoseAnswer))),
        ("pause_quota", Box::new(|| memory.set_quota(Some(0)))),
        (
            "pause_device",
            Box::new(|| {
                memory.set_quota(None);
                memory.connect(false);
            }),
        ),
    ]
}

#[test]
fn memory_keeps_the_contract() {
    let memory = Memory::new();
    let mut case = plain_case(&memory, format!("{memory:?}"));
    case.broken = faults(&memory);
    case.accepted = Some(Box::new(|| memory.accepted().len()));
    check(&case);
    assert!(!memory.health().unwrap().connected);
    assert_eq!(memory.asked(), memory.accepted().len() + 7 + 1, "seven refused by faults, one empty");
}

#[test]
fn console_keeps_the_contract_and_masks_numbers() {
    let console = Console::new(Vec::new());
    check(&plain_case(&console, format!("{console:?}")));
    let odd = Envelope::text("kunci\u{1b}[2J", number(), "satu\n\u{1b}[31mdua");
    console.send(&odd).unwrap();
    let written = String::from_utf8(console.into_inner()).unwrap();
    assert!(written.contains("→ 62812****89 [laporan:2026-08:17]\n    Assalamu'alaikum"));
    assert!(!written.contains("81234567889") && !written.contains('\u{1b}'), "{written}");
}

/// A place that takes nothing.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_console_that_cannot_write_stops() {
    let error = Console::new(Full).send(&Envelope::text("a", number(), "Halo")).unwrap_err();
    assert_eq!(error.code(), "stop");
}

/// A clock that only waiting moves, in milliseconds.
#[derive(Debug, Default)]
struct Still(AtomicU64);

impl Clock for &Still {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn wait(&self, time: Duration) {
        self.0.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
    }
}

#[test]
fn throttle_keeps_the_contract() {
    let clock = Still::default();
    let second = Duration::from_secs(1);
    let throttle = Throttle::new(Memory::new(), &clock, second, second, 1).unwrap();
    let mut case = plain_case(&throttle, format!("{throttle:?}"));
    case.broken = faults(throttle.inner());
    case.accepted = Some(Box::new(|| throttle.inner().accepted().len()));
    check(&case);
    assert_eq!((&clock).now(), second * (throttle.inner().asked() as u32 - 1));
}

#[test]
fn dry_run_keeps_the_contract_and_sends_to_none_but_some() {
    let dry = DryRun::new(Memory::new());
    check(&plain_case(&dry, format!("{dry:?}")));
    assert_eq!((dry.inner().asked(), dry.held()), (0, 3));
    let some = DryRun::letting_through(Memory::new(), [number()]);
    some.send(&Envelope::text("a", number(), "Halo")).unwrap();
    some.send(&Envelope::text("b", Number::parse("081234567888").unwrap(), "Halo")).unwrap();
    let through: Vec<String> = some.inner().accepted().into_iter().map(|envelope| envelope.key).collect();
    assert_eq!((through, some.held()), (vec!["a".to_owned()], 1));
}

proptest! {
    #[test]
    fn no_plain_hook_panics(body in ".{0,200}", text in any::<String>()) {
        let hook = |body: &str| Memory::new().parse(&dermawan::transport::Hook { body: body.as_bytes(), headers: &[] });
        let _ = hook(&body);
        let body = serde_json::json!({"id": text, "from": text, "text": text, "written": text.len()}).to_string();
        prop_assert!(hook(&body).is_ok());
    }
}
