//! Numbers, hidden identities, and the proof that they are somebody's.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Number};
use jiff::Timestamp;
use std::fmt;

/// A hidden identity of WhatsApp (`…@lid`). Its digits are no telephone number and are never taken for one; it does not
/// print itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lid(String);

impl Lid {
    /// Reads `123456789012345@lid`, also with a device (`123456789012345:7@lid`).
    ///
    /// Errors: `invalid_input` for anything else; the text itself is not repeated.
    pub fn parse(text: &str) -> Result<Self> {
        let read = || {
            let (digits, domain) = text.trim().rsplit_once('@')?;
            let digits = digits.split_once(':').map_or(digits, |(digits, _)| digits);
            let plain = (1..=32).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            (domain.eq_ignore_ascii_case("lid") && plain).then(|| Self(digits.to_owned()))
        };
        read().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "this is not a hidden identity (…@lid)"))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Lid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lid(…)")
    }
}

/// A code of six digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// From random bits of the host; all codes are equally likely but for one part in 10 million million.
    ///
    /// ```
    /// use dermawan::register::Code;
    /// assert_eq!(Code::of(1_000_042).as_str(), "000042");
    /// ```
    pub fn of(random: u64) -> Self {
        Self(format!("{:06}", random % 1_000_000))
    }

    /// The code that a text says: exactly six digits stand together or in two groups of three (`123 456`), once, and no
    /// other digit is in it.
    pub fn read(text: &str) -> Option<Self> {
        let mut groups = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().any(char::is_numeric));
        let code = match (groups.next()?, groups.next()) {
            (code, None) if code.len() == 6 => code.to_owned(),
            (first, Some(second)) if first.len() == 3 && second.len() == 3 => format!("{first}{second}"),
            _ => return None,
        };
        (groups.next().is_none() && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(Self(code))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Who asks for a proof or says a code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claimant {
    /// A number.
    Number(Number),
    /// A hidden identity.
    Lid(Lid),
}

impl Claimant {
    /// As it is kept; the two kinds cannot be mistaken for one another.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Number(number) => format!("number:{}", number.as_str()),
            Self::Lid(lid) => format!("lid:{}", lid.as_str()),
        }
    }
}

/// That a number on file is somebody's who says so. The code must be sent to `number` and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The number on file.
    pub number: Number,
    /// Whose it is according to the file; `None` for a number that is not on file. Such a claim is counted, expires and is
    /// answered like any other and no code is right, so that nobody learns from it who is a donor.
    pub donor: Option<DonorId>,
    /// Who says so.
    pub by: Claimant,
}

impl Claim {
    /// What a code is sealed with: [`Register::confirm`](super::Register::confirm) asks for `code`, so that what was sealed
    /// with another word is right for no code.
    pub(super) const fn sealed_with(&self) -> &'static str {
        if self.donor.is_some() { "code" } else { "none" }
    }

    /// What the requests are counted by.
    pub(super) fn counted_by(&self) -> Vec<String> {
        let own = self.by == Claimant::Number(self.number.clone());
        let by = format!("by:{}", self.by.key());
        // A stranger's requests must not keep the owner of a number from asking for their own.
        if own { vec![by] } else { vec![by, format!("for:{}", self.number.as_str())] }
    }
}

/// What came of asking for a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Send it.
    Send,
    /// Too many within a day: send nothing.
    TooMany,
}

/// What came of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// It is right: the number is the donor's.
    Yes(Verified),
    /// It is wrong, and so many more may be tried.
    Wrong {
        /// Attempts left; at 0 the code is dead.
        left: u16,
    },
    /// It came too late, or after too many wrong ones.
    Expired,
    /// No code is out.
    NoneOut,
}

/// How a number was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By a code sent to it.
    Code,
    /// By a code sent to another number of the donor.
    OtherNumber,
    /// The administrator's application vouched for it.
    Administrator,
}

impl How {
    /// As it is kept.
    #[cfg(feature = "sqlite")]
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::OtherNumber => "other_number",
            Self::Administrator => "administrator",
        }
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn named(name: &str) -> Self {
        match name {
            "code" => Self::Code,
            "other_number" => Self::OtherNumber,
            _ => Self::Administrator,
        }
    }
}

/// A number that was proved to be a donor's.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// The number.
    pub number: Number,
    /// Whose it is.
    pub donor: DonorId,
    /// When it was proved.
    pub at: Timestamp,
    /// How.
    pub how: How,
}

/// What is known of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// Proved here to be a donor's.
    pub verified: Option<Verified>,
    /// Wants no messages, since then.
    pub opted_out: Option<Timestamp>,
    /// Asked for messages again, last then; a later wish for none is in `opted_out`.
    pub opted_in: Option<Timestamp>,
    /// Was erased then and has not been proved since: what the source's tables say of it does not count.
    pub erased: Option<Timestamp>,
}
