//! Free text only for a while after a person's last word: what comes later goes by an approved template.
//!
//! A message may wait in the outbox for hours, so the rule is asked when it goes out and not when it is put in.

use dermawan::inbox::Inbox;
use dermawan::transport::{Accepted, Capabilities, Envelope, Event, Health, Hook, HookError, SendError, Transport};
use dermawan::{Error, ErrorKind, Result};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Templates by the kind of message: the word before the first colon of its key, such as `laporan`.
pub(crate) type Templates = BTreeMap<String, Template>;

/// The longest value of a template, in characters: what the platform takes for a whole template's text.
const LONGEST_VALUE: usize = 1024;
/// The longest text that goes under a picture, in characters.
const LONGEST_CAPTION: usize = 1024;
/// How long to wait when the file that says who wrote when cannot be read.
const AGAIN: Duration = Duration::from_secs(30);

/// A template that the platform has approved, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// Its name.
    name: String,
    /// What stands for `{{1}}`, `{{2}}` and so on (default nothing: the template's own words say it all).
    #[serde(default)]
    values: Vec<Value>,
    /// The message's picture stands above it (default no): the template must have a picture in its head.
    #[serde(default)]
    picture: bool,
}

/// A value of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Value {
    /// The organisation's name.
    Organisation,
    /// The message's own text in one line, for a value may hold no line break.
    Text,
}

impl Template {
    /// Checks the name.
    pub(crate) fn validate(&self, kind: &str) -> Result<()> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if self.name.is_empty() || !self.name.bytes().all(plain) {
            return Err(Error::new(ErrorKind::Configuration, "a template has no usable name")
                .context("option", format!("transport.templates.{kind}.name"))
                .hint("use the name that the platform approved: small letters, digits and _"));
        }
        Ok(())
    }

    /// Fills the envelope.
    fn fill(&self, envelope: &mut Envelope, organisation: &str) -> Result<(), SendError> {
        let values = self.values.iter().map(|value| match value {
            Value::Organisation => one_line(organisation),
            Value::Text => one_line(&envelope.text),
        });
        let values: Vec<String> = values.collect();
        if values.iter().any(|value| value.chars().count() > LONGEST_VALUE) {
            return Err(SendError::Content("the message is too long for a template".into()));
        }
        envelope.template = Some((self.name.clone(), values));
        if !self.picture {
            envelope.picture = None;
        }
        Ok(())
    }
}

/// A text as a template's value: no line break or tab, and no run of spaces, which the platform refuses.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A gateway that is handed text or template, whichever it takes now.
pub(super) struct Window<T> {
    inner: Arc<T>,
    /// Knows when somebody last wrote.
    inbox: Mutex<Inbox>,
    templates: Templates,
    organisation: String,
}

impl<T: Transport> Window<T> {
    pub(super) fn new(inner: Arc<T>, inbox: Inbox, templates: Templates, organisation: String) -> Self {
        Self { inner, inbox: Mutex::new(inbox), templates, organisation }
    }

    /// The envelope as it may go out at a time.
    fn fit(&self, envelope: &Envelope, now: Timestamp) -> Result<Envelope, SendError> {
        let heard = super::lock(&self.inbox).heard(&envelope.to);
        let heard = heard.map_err(|error| SendError::Retry {
            after: AGAIN,
            reason: format!("when the person last wrote cannot be read ({})", error.code()),
        })?;
        let mut envelope = envelope.clone();
        if !self.inner.capabilities().needs_template(heard, now) {
            envelope.template = None;
            // The words matter more than the picture.
            if envelope.text.chars().count() > LONGEST_CAPTION {
                envelope.picture = None;
            }
            return Ok(envelope);
        }
        if envelope.template.is_some() {
            return Ok(envelope);
        }
        let kind = envelope.key.split(':').next().unwrap_or_default().to_owned();
        let Some(template) = self.templates.get(&kind) else {
            return Err(SendError::Content(format!(
                "the person has not written for a day, and transport.templates has none for {kind}"
            )));
        };
        template.fill(&mut envelope, &self.organisation)?;
        Ok(envelope)
    }
}

impl<T: Transport> Transport for Window<T> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        self.inner.send(&self.fit(envelope, Timestamp::now())?)
    }
    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        self.inner.parse(hook)
    }
    fn health(&self) -> Result<Health, SendError> {
        self.inner.health()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dermawan::inbox::Step;
    use dermawan::transport::{Inbound, Memory, Picture};
    use dermawan::{Number, Sender};

    /// A gateway with a window of a day.
    struct Daily(Memory);

    impl Transport for Daily {
        fn name(&self) -> &'static str {
            "daily"
        }
        fn capabilities(&self) -> Capabilities {
            Capabilities { window: Some(Duration::from_hours(24)), ..self.0.capabilities() }
        }
        fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
            self.0.send(envelope)
        }
        fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
            self.0.parse(hook)
        }
        fn health(&self) -> Result<Health, SendError> {
            self.0.health()
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn budi() -> Number {
        Number::parse("081234567890").unwrap()
    }

    /// Budi wrote at noon of the first.
    fn window() -> Window<Daily> {
        let mut inbox = Inbox::in_memory().unwrap();
        let inbound = Inbound {
            key: "k".into(),
            windowed: false,
            sender: Sender::Person(budi()),
            lid: None,
            device: None,
            text: "INFO".into(),
            name: String::new(),
            written: Some(at("2026-09-01T12:00:00Z")),
            id: None,
        };
        // Delivered late: what counts is when it was written.
        inbox.commit(&[Step::Keep { event: Event::Message(inbound), now: at("2026-09-01T15:00:00Z") }]).unwrap();
        let laporan =
            Template { name: "laporan_bulanan".into(), values: vec![Value::Organisation, Value::Text], picture: false };
        let templates = Templates::from([("laporan".to_owned(), laporan)]);
        Window::new(Arc::new(Daily(Memory::default())), inbox, templates, "Panti  Kita".into())
    }

    #[test]
    fn free_text_for_a_day_and_then_the_template_of_its_kind() {
        let window = window();
        let picture = Picture { name: "a.png".into(), media_type: "image/png".into(), bytes: vec![1] };
        let mut report = Envelope::text("laporan:2026-08:17", budi(), "Halo *Pak Budi*!\n\n  Rp 5.000\tlagi\r\nSalam");
        report.picture = Some(picture.clone());
        let soon = window.fit(&report, at("2026-09-02T11:59:59Z")).unwrap();
        assert_eq!(soon, report);
        let long = Envelope { text: "a".repeat(1025), ..report.clone() };
        assert_eq!(
            window.fit(&long, at("2026-09-02T11:59:59Z")).unwrap().picture,
            None,
            "no picture takes such a text"
        );
        let late = window.fit(&report, at("2026-09-02T12:00:00Z")).unwrap();
        let values = vec!["Panti Kita".to_owned(), "Halo *Pak Budi*! · Rp 5.000 lagi · Salam".to_owned()];
        assert_eq!(late.template, Some(("laporan_bulanan".to_owned(), values)));
        assert_eq!(late.picture, None, "the template has no place for it");
    }

    #[test]
    fn what_has_no_template_is_refused_and_a_stranger_always_needs_one() {
        let window = window();
        let stranger = Number::parse("081299999999").unwrap();
        let now = at("2026-09-01T12:00:01Z");
        assert!(
            window.fit(&Envelope::text("laporan:2026-08:9", stranger.clone(), "a"), now).unwrap().template.is_some()
        );
        let refused = window.fit(&Envelope::text("salam:4", stranger.clone(), "a"), now).unwrap_err();
        assert!(matches!(&refused, SendError::Content(reason) if reason.ends_with("none for salam")), "{refused}");
        let long = window.fit(&Envelope::text("laporan:2026-08:9", stranger.clone(), "a".repeat(1025)), now);
        assert!(matches!(long, Err(SendError::Content(_))));
        let own = Envelope { template: Some(("lain".into(), Vec::new())), ..Envelope::text("x:1", stranger, "a") };
        assert_eq!(window.fit(&own, now).unwrap(), own, "who put it in chose one");
        let own = Envelope { to: budi(), ..own };
        assert_eq!(window.fit(&own, now).unwrap().template, None, "not needed yet");
    }

    #[test]
    fn names_are_checked() {
        let named = |name: &str| Template { name: name.into(), values: Vec::new(), picture: false };
        named("laporan_bulanan_2").validate("laporan").unwrap();
        for wrong in ["", "Laporan", "laporan bulanan"] {
            let error = named(wrong).validate("laporan").unwrap_err().to_string();
            assert!(error.contains("transport.templates.laporan.name"), "{error}");
        }
    }
}
