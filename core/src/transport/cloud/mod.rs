//! The `WhatsApp` Cloud API: the official way, for an organisation with a verified business account.
//!
//! Free text reaches a person only for 24 hours after they last wrote; afterwards an approved template must go. This room
//! has no clock, so whoever fills the envelope decides, by [`Capabilities::needs_template`]: with
//! [`Envelope::template`] the template goes, without it the text. A text outside the window is refused as
//! [`SendError::Content`] (code 131047), at once or by a status later.

mod answer;
mod hook;
mod options;

pub use answer::read_answer;
pub use options::CloudOptions;

use super::http::{FilePart, Line, Lost, Reply, multipart};
use super::words::fit_for_a_log;
use super::{Accepted, Capabilities, Envelope, Event, Health, Hook, HookError, Picture, SendError, Transport};
use crate::error::Result;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// The longest text, in characters.
const LONGEST_TEXT: usize = 4096;
/// The longest text under a picture, in characters.
const LONGEST_CAPTION: usize = 1024;
/// The largest picture, in bytes.
const LARGEST_PICTURE: usize = 5 * 1024 * 1024;
/// How long after a person's last message free text reaches them.
const WINDOW: Duration = Duration::from_hours(24);
/// How long to wait after a request that did not go out, before the backoff of whoever tries again.
const AGAIN: Duration = Duration::from_secs(5);

/// The `WhatsApp` Cloud API.
pub struct Cloud {
    options: CloudOptions,
    line: Line,
}

impl Cloud {
    /// A gateway by its options; nothing is asked yet.
    ///
    /// Errors: `configuration`, as [`CloudOptions::validate`].
    pub fn new(options: CloudOptions) -> Result<Self> {
        options.validate()?;
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let base = format!("{}/{}", options.base_url.trim_end_matches('/'), options.version);
        let authorization = format!("Bearer {}", options.token.reveal());
        let line = Line::new(&base, authorization, seconds(options.connect_timeout), seconds(options.timeout));
        Ok(Self { options, line })
    }

    /// The answer to the platform's question when a webhook is set up (`GET` with `hub.mode`, `hub.verify_token` and
    /// `hub.challenge`): the challenge, to be given back as plain text, or nothing when the question is not for us.
    pub fn challenge<'a>(&self, mode: &str, token: &str, challenge: &'a str) -> Option<&'a str> {
        let known = mode == "subscribe" && self.options.verify_token.matches(token);
        let plain = challenge.len() <= 200 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (known && plain).then_some(challenge)
    }

    /// What cannot go out, whoever it is for.
    fn check(envelope: &Envelope) -> Result<(), SendError> {
        let refuse = |reason: &str| Err(SendError::Content(reason.to_owned()));
        let length = envelope.text.chars().count();
        match (&envelope.template, &envelope.picture) {
            (None, _) if envelope.text.trim().is_empty() => refuse("the message is empty"),
            (None, _) if length > LONGEST_TEXT => refuse("the message is longer than 4,096 characters"),
            (None, Some(_)) if length > LONGEST_CAPTION => refuse("a picture's text is longer than 1,024 characters"),
            (_, Some(picture)) if picture.bytes.is_empty() => refuse("the picture is empty"),
            (_, Some(picture)) if picture.bytes.len() > LARGEST_PICTURE => refuse("the picture is larger than 5 MB"),
            (_, Some(picture)) if !picture.is_known() => refuse("the picture is neither PNG nor JPEG"),
            (Some((name, _)), _) if name.is_empty() => refuse("the template has no name"),
            _ => Ok(()),
        }
    }

    /// Uploads a picture and gives its identity. Nothing reaches anyone by it, so losing the answer is harmless.
    fn upload(&self, picture: &Picture) -> Result<String, SendError> {
        let Picture { name, media_type, bytes } = picture;
        let file = FilePart { field: "file", name, media_type, bytes };
        let (content_type, body) = multipart(&[("messaging_product", "whatsapp"), ("type", media_type)], &file);
        let again = |reason: String| SendError::Retry { after: AGAIN, reason };
        let reply = self.line.post(&format!("{}/media", self.options.phone_number_id), &content_type, &body);
        let Reply { status, body } = reply.map_err(|lost| match lost {
            Lost::Before(reason) | Lost::After(reason) => again(reason.to_owned()),
        })?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        match (status, answer["id"].as_str()) {
            (200..=299, Some(id)) if !id.is_empty() => Ok(id.to_owned()),
            _ => Err(match read_answer(status, &body) {
                Err(SendError::Unknown(reason)) => again(reason),
                Err(error) => error,
                Ok(_) => again("the answer to the upload cannot be read".into()),
            }),
        }
    }

    /// The message as the platform wants it.
    fn message(&self, envelope: &Envelope, media: Option<&str>) -> Value {
        let mut message = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": envelope.to.as_str(),
        });
        if let Some(id) = &envelope.reply_to {
            message["context"] = json!({"message_id": id});
        }
        let (kind, content) = match (&envelope.template, media) {
            (Some((name, values)), media) => {
                let mut components = Vec::new();
                if let Some(id) = media {
                    let image = json!({"type": "image", "image": {"id": id}});
                    components.push(json!({"type": "header", "parameters": [image]}));
                }
                if !values.is_empty() {
                    let values: Vec<Value> = values.iter().map(|text| json!({"type": "text", "text": text})).collect();
                    components.push(json!({"type": "body", "parameters": values}));
                }
                let language = json!({"code": self.options.template_language});
                ("template", json!({"name": name, "language": language, "components": components}))
            }
            (None, Some(id)) => ("image", json!({"id": id, "caption": envelope.text})),
            (None, None) => ("text", json!({"preview_url": false, "body": envelope.text})),
        };
        message["type"] = json!(kind);
        message[kind] = content;
        message
    }
}

impl Transport for Cloud {
    fn name(&self) -> &'static str {
        "cloud"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            pictures: true,
            longest_text: LONGEST_TEXT,
            statuses: true,
            idempotent: false,
            window: Some(WINDOW),
        }
    }

    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        Self::check(envelope)?;
        let media = envelope.picture.as_ref().map(|picture| self.upload(picture)).transpose()?;
        let body = self.message(envelope, media.as_deref()).to_string();
        let path = format!("{}/messages", self.options.phone_number_id);
        match self.line.post(&path, "application/json", body.as_bytes()) {
            Ok(Reply { status, body }) => read_answer(status, &body),
            Err(Lost::Before(reason)) => Err(SendError::Retry { after: AGAIN, reason: reason.to_owned() }),
            Err(Lost::After(reason)) => Err(SendError::Unknown(reason.to_owned())),
        }
    }

    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        hook::parse(&self.options, hook)
    }

    fn health(&self) -> Result<Health, SendError> {
        let again = |reason: String| SendError::Retry { after: AGAIN, reason };
        let path = format!("{}?fields=status,quality_rating", self.options.phone_number_id);
        let Reply { status, body } = self.line.ask(&path).map_err(|lost| match lost {
            Lost::Before(reason) | Lost::After(reason) => again(reason.to_owned()),
        })?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if !(200..300).contains(&status) || answer["id"].as_str().is_none() {
            return Err(match read_answer(status, &body) {
                Err(SendError::Unknown(reason)) => again(reason),
                Err(error) => error,
                Ok(_) => again("the answer cannot be read".into()),
            });
        }
        let quality = answer["quality_rating"].as_str().unwrap_or("unknown");
        // Absent where the token may not see it; the answer itself says that the number is there.
        let connected = answer["status"].as_str().is_none_or(|status| status.eq_ignore_ascii_case("connected"));
        Ok(Health { connected, quota: None, detail: format!("quality {}", fit_for_a_log(quality)) })
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").field("base_url", &self.options.base_url).finish_non_exhaustive()
    }
}
