//! Tokens and secrets.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use std::fmt;

/// A token or secret: given in, compared in constant time, and never given out by `Debug` or by serialising it.
///
/// ```
/// use dermawan::transport::Secret;
/// let secret = Secret::new("rahasia");
/// assert!(secret.matches("rahasia") && !secret.matches("rahasi") && !secret.matches(""));
/// assert_eq!(format!("{secret:?}"), "(hidden)");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// None was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a text is the secret. Takes the same time wherever the two differ. An empty secret matches nothing.
    pub fn matches(&self, given: &str) -> bool {
        // The codes of both under one key are compared, so that not even the length can be measured.
        !self.is_empty() && verify(b"comparison", self.0.as_bytes(), &code(b"comparison", &[given.as_bytes()]))
    }

    /// Whether `tag` is the HMAC-SHA256 of `message` under this secret, in constant time.
    pub(super) fn signed(&self, message: &[u8], tag: &[u8]) -> bool {
        !self.is_empty() && verify(self.0.as_bytes(), message, tag)
    }

    /// A short name of some values, 128 bits in hexadecimal, which nobody without the secret can trace back to them.
    pub(super) fn digest(&self, values: &[&[u8]]) -> String {
        let code = code(self.0.as_bytes(), values);
        code[..16].iter().fold(String::with_capacity(32), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// The text itself, for the one header it belongs into.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "(hidden)" })
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // Keys of any length are taken: longer ones than a block are hashed first. The error has no way to happen.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
}

/// The code of a list of values; of several, each is preceded by its length, so that no two lists are one text.
fn code(key: &[u8], values: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    for value in values {
        if values.len() > 1 {
            mac.update(&(value.len() as u64).to_le_bytes());
        }
        mac.update(value);
    }
    mac.finalize().into_bytes().into()
}

fn verify(key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    let mut mac = keyed(key);
    mac.update(message);
    mac.verify_slice(tag).is_ok()
}
