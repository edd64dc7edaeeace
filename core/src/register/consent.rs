//! What the law asks to be remembered.

use crate::model::{DonorId, Number};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A note of consent, or of its withdrawal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Whose.
    pub number: Number,
    /// Which text: its version.
    pub version: String,
    /// When.
    pub at: Timestamp,
    /// Through what, such as `whatsapp`.
    pub channel: String,
    /// Given, or withdrawn.
    pub given: bool,
}

impl Consent {
    /// The name of a text's version: the organisation's number of it, and the first eight hexadecimal digits of the text's
    /// SHA-256, so that two texts never share a version.
    pub fn version_of(number: u16, text: &str) -> String {
        let digest = Sha256::digest(text.as_bytes());
        let mark = digest.iter().take(4).fold(0_u32, |mark, byte| (mark << 8) | u32::from(*byte));
        format!("{number}-{mark:08x}")
    }
}

/// A wish to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// Its number.
    pub id: u64,
    /// Who; `None` once it is done.
    pub donor: Option<DonorId>,
    /// When it was said.
    pub requested: Timestamp,
    /// When it was confirmed.
    pub confirmed: Option<Timestamp>,
    /// When it was done.
    pub done: Option<Timestamp>,
}

impl Erasure {
    /// How far it is.
    pub fn state(&self) -> ErasureState {
        match (self.confirmed, self.done) {
            (_, Some(_)) => ErasureState::Done,
            (Some(_), None) => ErasureState::Confirmed,
            (None, None) => ErasureState::Requested,
        }
    }
}

/// How far a wish to be erased is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// Said, not confirmed yet.
    Requested,
    /// Confirmed; the administrators have to act.
    Confirmed,
    /// Done.
    Done,
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a donor's data were used for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Purpose { $($(#[$doc])* $name,)* }

        impl Purpose {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// A stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The purpose of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|purpose| purpose.name() == name)
            }
        }
    };
}

purposes! {
    /// A question of the donor's was answered from them.
    Answer = "answer",
    /// The donor was told what is stored.
    Access = "access",
    /// A number was proved.
    Verification = "verification",
    /// A monthly report was sent.
    Report = "report",
    /// A gift was thanked for.
    Thanks = "thanks",
    /// A greeting was drafted or sent.
    Care = "care",
    /// Erasure was asked for.
    Erasure = "erasure",
}

/// A use of somebody's data, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processing {
    /// Whose data.
    pub donor: DonorId,
    /// What for.
    pub purpose: Purpose,
    /// When.
    pub at: Timestamp,
}
