//! What goes out.

use crate::model::Number;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One message to one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The sender's own key of the message, unique for good; gateways that know keys deliver it once.
    pub key: String,
    /// To whom.
    pub to: Number,
    /// The text, with WhatsApp's formatting.
    pub text: String,
    /// A picture that the text stands under.
    pub picture: Option<Picture>,
    /// The gateway's identity of the message that this one answers, where it gave one.
    pub reply_to: Option<String>,
    /// For gateways that allow free text only for a while after a person's last message: the name of the approved
    /// template to use instead of the text, with its values. To be set when
    /// [`Capabilities::needs_template`](super::Capabilities::needs_template) says so; others send the text.
    pub template: Option<(String, Vec<String>)>,
}

impl Envelope {
    /// A plain text.
    pub fn text(key: impl Into<String>, to: Number, text: impl Into<String>) -> Self {
        Self { key: key.into(), to, text: text.into(), picture: None, reply_to: None, template: None }
    }
}

/// Numbers are masked and texts left out.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("key", &self.key)
            .field("to", &self.to)
            .field("characters", &self.text.chars().count())
            .field("picture", &self.picture.is_some())
            .finish_non_exhaustive()
    }
}

/// A picture.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// What it is called, such as `laporan-2026-08.png`.
    pub name: String,
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// It is of a kind that WhatsApp shows, by its name of the kind and by its first bytes.
    pub fn is_known(&self) -> bool {
        match self.media_type.as_str() {
            "image/png" => self.bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            "image/jpeg" => self.bytes.starts_with(b"\xff\xd8\xff"),
            _ => false,
        }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}, {}, {} bytes)", self.name, self.media_type, self.bytes.len())
    }
}

/// The gateway has taken the message over. Not: it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The gateway's identity of the message, which its statuses will name; `None` when it gave none.
    pub id: Option<String>,
    /// What is left of the quota, where the answer says so.
    pub quota: Option<u64>,
}
