//! What every transport must do, as checks that any transport can be put through.
//!
//! [`check`] sends, reads hooks and asks for health, and panics with what it found, so it belongs in tests.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "the checks of a test suite")]

use super::{Envelope, Event, Hook, Picture, SendError, Transport};
use crate::model::Number;

/// A text that must never come out of an error or of `Debug`.
const TEXT: &str = "Assalamu'alaikum *Pak Budi*, 100% & 2+2=4; baris\nkedua \"kutip\" 🙏";

/// The headers and the body of a webhook.
#[derive(Clone, Debug)]
pub struct Written {
    /// The headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Written {
    /// A body without headers.
    pub fn body(body: impl Into<Vec<u8>>) -> Self {
        Self { headers: Vec::new(), body: body.into() }
    }

    fn parse(&self, transport: &dyn Transport) -> Result<Vec<Event>, super::HookError> {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        transport.parse(&Hook { body: &self.body, headers: &headers })
    }
}

/// A fault: the code of the failure that is expected, and what brings it about for the next envelope. What the fault
/// changed for good is undone by the next one, or does not matter.
pub type Broken<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// A transport, and what is to be known about it.
pub struct Case<'a> {
    /// The transport.
    pub transport: &'a dyn Transport,
    /// How `Debug` shows it.
    pub debug: String,
    /// What must never be shown.
    pub secrets: Vec<String>,
    /// Whom it reaches.
    pub to: Number,
    /// Hooks of messages that are accepted.
    pub messages: Vec<Written>,
    /// Hooks of statuses that are accepted.
    pub statuses: Vec<Written>,
    /// Hooks that are refused: another secret, none, another device.
    pub forged: Vec<Written>,
    /// Faults, and what they are called.
    pub broken: Vec<Broken<'a>>,
    /// How many messages the gateway says it accepted, where it can be asked: nothing that failed with another code than
    /// `unknown` may be among them.
    pub accepted: Option<Box<dyn Fn() -> usize + 'a>>,
}

/// A picture of one pixel.
pub fn pixel() -> Picture {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";
    Picture { name: "laporan.png".into(), media_type: "image/png".into(), bytes: PNG.to_vec() }
}

/// Puts a transport through the contract.
pub fn check(case: &Case<'_>) {
    named(case);
    accepts(case);
    refuses_what_cannot_go(case);
    faults_have_their_meaning(case);
    reads_hooks(case);
    reads_any_bytes(case);
    healthy(case);
}

fn secret_free(case: &Case<'_>, shown: &str) {
    for secret in &case.secrets {
        assert!(!shown.contains(secret.as_str()), "a secret is shown: {}", shown.replace(secret.as_str(), "…"));
    }
    assert!(!shown.contains(case.to.as_str()), "a number is shown");
    assert!(!shown.contains("Assalamu") && !shown.contains("kedua"), "a text is shown");
}

fn refused(case: &Case<'_>, envelope: &Envelope, what: &str) -> SendError {
    let error = case.transport.send(envelope).expect_err(what);
    secret_free(case, &format!("{error} {error:?}"));
    assert!(!error.reason().is_empty() && error.reason().len() < 200, "{what}: {error}");
    error
}

fn accepted(case: &Case<'_>) -> Option<usize> {
    case.accepted.as_ref().map(|count| count())
}

fn named(case: &Case<'_>) {
    let name = case.transport.name();
    assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
    assert_eq!(case.transport.capabilities(), case.transport.capabilities());
    secret_free(case, &case.debug);
}

fn accepts(case: &Case<'_>) {
    let before = accepted(case);
    let first = Envelope::text("laporan:2026-08:17", case.to.clone(), TEXT);
    secret_free(case, &format!("{first:?}"));
    let one = case.transport.send(&first).unwrap();
    let two = case.transport.send(&Envelope::text("laporan:2026-08:18", case.to.clone(), "Halo")).unwrap();
    assert!(one.id.is_some() && two.id.is_some(), "statuses need an identity");
    assert_ne!(one.id, two.id);
    secret_free(case, &format!("{one:?}"));
    let picture = Envelope { picture: Some(pixel()), ..Envelope::text("gambar:1", case.to.clone(), TEXT) };
    if case.transport.capabilities().pictures {
        case.transport.send(&picture).unwrap();
    } else {
        assert_eq!(refused(case, &picture, "a picture").code(), "content");
    }
    if let (Some(before), Some(after)) = (before, accepted(case)) {
        assert_eq!(after - before, 2 + usize::from(case.transport.capabilities().pictures));
    }
}

fn refuses_what_cannot_go(case: &Case<'_>) {
    let before = accepted(case);
    let empty = Envelope::text("kosong", case.to.clone(), " \n");
    assert_eq!(refused(case, &empty, "an empty text").code(), "content");
    let longest = case.transport.capabilities().longest_text;
    if longest < 1_000_000 {
        let long = Envelope::text("panjang", case.to.clone(), "é".repeat(longest + 1));
        assert_eq!(refused(case, &long, "a long text").code(), "content");
        let fits = Envelope::text("pas", case.to.clone(), "é".repeat(longest));
        case.transport.send(&fits).expect("the longest text fits");
    }
    if let (Some(before), Some(after)) = (before, accepted(case)) {
        assert_eq!(after - before, usize::from(longest < 1_000_000));
    }
}

fn faults_have_their_meaning(case: &Case<'_>) {
    for (code, arrange) in &case.broken {
        let before = accepted(case);
        arrange();
        let error = refused(case, &Envelope::text("rusak", case.to.clone(), TEXT), code);
        assert_eq!(error.code(), *code, "{error}");
        if let (Some(before), Some(after)) = (before, accepted(case)) {
            let most = usize::from(error.code() == "unknown");
            assert!(after - before <= most, "{code}: refused, and accepted all the same");
        }
    }
}

fn reads_hooks(case: &Case<'_>) {
    let mut keys = Vec::new();
    for hook in &case.messages {
        let events = hook.parse(case.transport).unwrap();
        let [Event::Message(message)] = events.as_slice() else { panic!("one message, not {events:?}") };
        assert_eq!(hook.parse(case.transport).unwrap(), events, "read again it is the same");
        let shown = format!("{events:?}");
        assert!(message.text.is_empty() || !shown.contains(&message.text), "a text is shown");
        secret_free(case, &shown);
        keys.push(message.key.clone());
    }
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all, "two messages have one key");
    for hook in &case.statuses {
        let events = hook.parse(case.transport).unwrap();
        assert!(!events.is_empty() && events.iter().all(|event| matches!(event, Event::Status(_))), "{events:?}");
        secret_free(case, &format!("{events:?}"));
    }
    for hook in &case.forged {
        let error = hook.parse(case.transport).expect_err("a forged hook is refused");
        secret_free(case, &error.to_string());
    }
}

/// Bytes of every kind, and good hooks with bytes changed, cut off and doubled.
fn reads_any_bytes(case: &Case<'_>) {
    let mut state = 7_u64;
    let mut draw = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for size in 0..200 {
        let body: Vec<u8> = (0..size).map(|_| draw() as u8).collect();
        let _ = Written::body(body).parse(case.transport);
    }
    for hook in case.messages.iter().chain(&case.statuses) {
        for _ in 0..500 {
            let mut odd = hook.clone();
            let at = draw() % odd.body.len().max(1);
            match draw() % 4 {
                0 => odd.body.truncate(at),
                1 => odd.body[at] = draw() as u8,
                2 => odd.body.insert(at, b"\"{}[]:,\\0\xff"[draw() % 10]),
                _ => odd.headers.clear(),
            }
            let _ = odd.parse(case.transport);
        }
    }
}

fn healthy(case: &Case<'_>) {
    let health = case.transport.health().unwrap();
    secret_free(case, &format!("{health:?}"));
}
