//! What is compared and never read back.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Number};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The secret of a register: 32 bytes from the host's secure randomness. A file keeps the first that it is given.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of secret, random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key of as many bytes as there happen to be.
    ///
    /// Errors: `invalid_input` unless they are 32.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(Self).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "the key of a register has 32 bytes")
                .hint("make it of the system's secure randomness, once for each file")
        })
    }

    #[cfg(feature = "sqlite")]
    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256 of parts. Each part is led by its length, so that no two lists of parts are the same bytes.
    pub(super) fn seal(&self, parts: &[&str]) -> Vec<u8> {
        // The block of SHA-256 is longer than the key, which HMAC pads; a key of any length fits.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return Vec::new() };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().to_vec()
    }

    /// What stands for a donor where the donor is not to be read.
    pub(super) fn seal_donor(&self, donor: DonorId) -> Vec<u8> {
        self.seal(&["donor", &donor.0.to_string()])
    }

    /// The mark of a number: the first 64 bits of its seal, in hexadecimal digits.
    pub(super) fn mark(&self, number: &Number) -> String {
        let seal = self.seal(&["mark", number.as_str()]);
        seal.iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// Whether a seal is that of the parts, in the same time for every answer.
    pub(super) fn is_seal(&self, seal: &[u8], parts: &[&str]) -> bool {
        let expected = self.seal(parts);
        expected.len() == seal.len() && expected.iter().zip(seal).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}
