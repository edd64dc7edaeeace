//! Fonnte: a WhatsApp account linked as a device of a gateway.
//!
//! Such gateways are against WhatsApp's terms, and a number may be banned. What this room knows about the gateway comes
//! from its documentation and from what clients observed; where both are silent an option decides.
//!
//! - Forms are sent, parts only with a picture: JSON is refused.
//! - A refusal is HTTP 200 too: [`read_answer`] is the table of what each means.
//! - There is no key that would make sending twice harmless. What is lost before the first byte of the request's body
//!   went out is tried again; what is lost later is [`SendError::Unknown`] for good.

mod answer;
mod hook;
mod options;

pub use answer::read_answer;
pub use options::FonnteOptions;

use super::http::{FilePart, Line, Lost, Reply, form, multipart};
use super::words::fit_for_a_log;
use super::{Accepted, Answer, Capabilities, Envelope, Event, Health, Hook, HookError, SendError, Transport};
use crate::error::Result;
use crate::model::Number;
use serde::Serialize;
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

/// The longest text that the gateway takes, in characters.
const LONGEST_TEXT: usize = 60_000;
/// The largest file, in bytes: "must under 4MB".
const LARGEST_FILE: usize = 4 * 1024 * 1024 - 1;
/// The most numbers that `/validate` takes at once.
const NUMBERS_AT_ONCE: usize = 500;
/// How long to wait after a request that did not go out, before the backoff of whoever tries again.
const AGAIN: Duration = Duration::from_secs(5);

/// The gateway Fonnte.
pub struct Fonnte {
    options: FonnteOptions,
    own: Option<Number>,
    line: Line,
}

impl Fonnte {
    /// A gateway by its options; nothing is asked yet.
    ///
    /// Errors: `configuration`, as [`FonnteOptions::validate`].
    pub fn new(options: FonnteOptions) -> Result<Self> {
        options.validate()?;
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let line = Line::new(
            &options.base_url,
            options.token.reveal().to_owned(),
            seconds(options.connect_timeout),
            seconds(options.timeout),
        );
        Ok(Self { own: options.own_number(), line, options })
    }

    /// Asks which numbers are on WhatsApp; the answer keeps the order of the question. Asked 500 at a time, so a failure
    /// midway loses the answers before it.
    ///
    /// Errors: as [`Transport::health`].
    pub fn validate(&self, numbers: &[Number]) -> Result<Registered, SendError> {
        let mut answer = Registered::default();
        for some in numbers.chunks(NUMBERS_AT_ONCE) {
            let target = some.iter().map(Number::as_str).collect::<Vec<_>>().join(",");
            let body = form(&[("target", &target), ("countryCode", &self.options.country_code)]);
            let object = self.ask("validate", &body)?;
            let named = |key: &str| -> HashSet<Number> {
                let list = answer::find(&object, key).and_then(|list| list.as_array());
                let text = |value: &serde_json::Value| match value {
                    serde_json::Value::String(text) => Some(text.clone()),
                    serde_json::Value::Number(number) => Some(number.to_string()),
                    _ => None,
                };
                // Absent lists are empty ones; the gateway writes null for them.
                list.into_iter().flatten().filter_map(text).filter_map(|text| Number::parse(&text).ok()).collect()
            };
            let (registered, not_registered) = (named("registered"), named("not_registered"));
            for number in some {
                if registered.contains(number) {
                    answer.registered.push(number.clone());
                } else if not_registered.contains(number) {
                    answer.not_registered.push(number.clone());
                } else {
                    answer.unanswered.push(number.clone());
                }
            }
        }
        Ok(answer)
    }

    /// A question that changes nothing, so that losing it is harmless.
    fn ask(&self, path: &str, body: &[u8]) -> Result<serde_json::Map<String, serde_json::Value>, SendError> {
        let reply = self.line.post(path, FORM, body).map_err(|lost| match lost {
            Lost::Before(reason) | Lost::After(reason) => SendError::Retry { after: AGAIN, reason: reason.to_owned() },
        })?;
        let harmless = |error: SendError| match error {
            SendError::Unknown(reason) => SendError::Retry { after: AGAIN, reason },
            other => other,
        };
        let object = answer::read_object(&reply.body);
        match object {
            Some(object) if reply.status < 300 && answer::said(&object) == Some(true) => Ok(object),
            _ => match read_answer(reply.status, &reply.body) {
                Err(error) => Err(harmless(error)),
                Ok(_) => Err(SendError::Retry { after: AGAIN, reason: "the answer cannot be read".into() }),
            },
        }
    }

    /// What cannot go out, whoever it is for.
    fn check(&self, envelope: &Envelope) -> Result<(), SendError> {
        let refuse = |reason: &str| Err(SendError::Content(reason.to_owned()));
        if envelope.text.trim().is_empty() {
            return refuse("the message is empty");
        }
        if envelope.text.chars().count() > LONGEST_TEXT {
            return refuse("the message is longer than 60,000 characters");
        }
        match &envelope.picture {
            Some(_) if !self.options.pictures => refuse("pictures are switched off for this gateway"),
            Some(picture) if picture.bytes.is_empty() => refuse("the picture is empty"),
            Some(picture) if picture.bytes.len() > LARGEST_FILE => refuse("the picture is larger than 4 MB"),
            Some(picture) if !picture.is_known() => refuse("the picture is neither PNG nor JPEG"),
            _ => Ok(()),
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Which numbers are on WhatsApp.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Registered {
    /// They are.
    pub registered: Vec<Number>,
    /// They are not.
    pub not_registered: Vec<Number>,
    /// The gateway said nothing about them.
    pub unanswered: Vec<Number>,
}

/// What [`Fonnte::validate`] said, in flat values: for hosts of other languages.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Checked {
    /// The gateway said which.
    Known(Registered),
    /// It did not.
    Failed(Answer),
}

impl From<Result<Registered, SendError>> for Checked {
    fn from(answer: Result<Registered, SendError>) -> Self {
        answer.map_or_else(|error| Self::Failed(error.into()), Self::Known)
    }
}

impl Transport for Fonnte {
    fn name(&self) -> &'static str {
        "fonnte"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            pictures: self.options.pictures,
            longest_text: LONGEST_TEXT,
            statuses: true,
            idempotent: false,
            window: None,
        }
    }

    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        self.check(envelope)?;
        let word = |yes: bool| if yes { "true" } else { "false" };
        let mut fields = vec![
            ("target", envelope.to.as_str()),
            ("message", envelope.text.as_str()),
            ("countryCode", self.options.country_code.as_str()),
            ("connectOnly", word(self.options.connect_only)),
            ("typing", word(self.options.typing)),
        ];
        // Only the paid Inbox has such identities, and only they can be quoted.
        if let Some(id) = envelope.reply_to.as_deref().filter(|id| id.parse::<u64>().is_ok_and(|id| id > 0)) {
            fields.push(("inboxid", id));
        }
        let (content_type, body) = match &envelope.picture {
            None => (FORM.to_owned(), form(&fields)),
            Some(picture) => {
                let name = super::http::file_name(&picture.name);
                fields.push(("filename", &name));
                let file = FilePart {
                    field: "file",
                    name: &picture.name,
                    media_type: &picture.media_type,
                    bytes: &picture.bytes,
                };
                multipart(&fields, &file)
            }
        };
        match self.line.post("send", &content_type, &body) {
            Ok(Reply { status, body }) => read_answer(status, &body),
            Err(Lost::Before(reason)) => Err(SendError::Retry { after: AGAIN, reason: reason.to_owned() }),
            Err(Lost::After(reason)) => Err(SendError::Unknown(reason.to_owned())),
        }
    }

    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        hook::parse(&self.options, self.own.as_ref(), hook)
    }

    fn health(&self) -> Result<Health, SendError> {
        let object = self.ask("device", b"")?;
        let text = |key: &str| answer::find(&object, key).and_then(|value| value.as_str()).unwrap_or_default();
        let expires: String =
            text("expired").chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').take(30).collect();
        // The words of a date hold no number that could be a telephone's.
        let expires = if expires.split(' ').any(|word| word.len() > 9) { String::new() } else { expires };
        let package = fit_for_a_log(text("package"));
        Ok(Health {
            connected: matches!(text("device_status").to_ascii_lowercase().as_str(), "connect" | "connected"),
            quota: answer::find(&object, "quota").and_then(answer::count),
            detail: if expires.is_empty() {
                format!("plan {package}")
            } else {
                format!("plan {package}, until {expires}")
            },
        })
    }
}

impl fmt::Debug for Fonnte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonnte")
            .field("base_url", &self.options.base_url)
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}
