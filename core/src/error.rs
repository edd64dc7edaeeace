//! One error type for every room.
//!
//! An [`Error`] says what was being done, what kind of trouble it met, what the reader can do about it, and carries its
//! cause. Secrets, phone numbers and message texts never enter one: whoever raises an error names tables, columns,
//! files and row keys only.

use serde::{Serialize, Serializer};
use std::fmt;

/// The result of every fallible function of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of trouble it is. New kinds may be added; match with a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or option is outside what is allowed.
    InvalidInput,
    /// The configuration does not fit (unknown key, missing value, impossible rule).
    Configuration,
    /// The series or the donor has too little history for the method asked for.
    NotEnoughHistory,
    /// The thing asked for is not there.
    NotFound,
    /// The source could not be reached.
    SourceUnavailable,
    /// The source refused the user or the password, or a right is missing.
    AccessDenied,
    /// A table that the mapping requires is not in the source.
    MissingTable,
    /// A column that the mapping requires is not in the source.
    MissingColumn,
    /// The source's data or answer cannot be read.
    SourceData,
    /// The connection to the source broke while rows were being read.
    ConnectionLost,
    /// Counts or sums in the store differ from the source's; the load was refused.
    Reconciliation,
    /// Another process holds the analytics file.
    StoreLocked,
    /// The analytics file was written by a newer version.
    StoreNewer,
    /// The analytics file is damaged or is not one.
    StoreDamaged,
    /// There is too little room on the disk.
    DiskFull,
    /// A file or folder could not be read or written.
    Io,
    /// A message template does not parse, or names an unknown variable.
    Template,
    /// The caller asked to stop.
    Interrupted,
    /// A fault of this library; please report it.
    Internal,
}

impl ErrorKind {
    /// A stable lower-case name, the same in Rust, Python and Node, such as `not_enough_history`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Configuration => "configuration",
            Self::NotEnoughHistory => "not_enough_history",
            Self::NotFound => "not_found",
            Self::SourceUnavailable => "source_unavailable",
            Self::AccessDenied => "access_denied",
            Self::MissingTable => "missing_table",
            Self::MissingColumn => "missing_column",
            Self::SourceData => "source_data",
            Self::ConnectionLost => "connection_lost",
            Self::Reconciliation => "reconciliation",
            Self::StoreLocked => "store_locked",
            Self::StoreNewer => "store_newer",
            Self::StoreDamaged => "store_damaged",
            Self::DiskFull => "disk_full",
            Self::Io => "io",
            Self::Template => "template",
            Self::Interrupted => "interrupted",
            Self::Internal => "internal",
        }
    }
}

/// What went wrong, during what, and what to do about it.
///
/// ```
/// use dermawan::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::NotEnoughHistory, "a forecast needs 3 months, 2 are there")
///     .hint("wait for another whole month, or give a longer series")
///     .context("series", "donations");
/// assert_eq!(error.code(), "not_enough_history");
/// assert_eq!(
///     error.to_string(),
///     "a forecast needs 3 months, 2 are there (series: donations); \
///      wait for another whole month, or give a longer series"
/// );
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A new error of a kind, with what was being done and what met it.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), hint: None, context: Vec::new(), source: None }))
    }

    /// The error for a value of another shape than what is wanted, from the words of the parser that met it. Parsers
    /// like to quote the value, which may be a secret or a number; the quotation is left out, names of fields are not.
    ///
    /// ```
    /// use dermawan::{Error, ErrorKind, bot::Session};
    /// let cause = serde_json::from_str::<Session>(r#"{"hinted": "6281234567890"}"#).unwrap_err();
    /// let error = Error::unreadable(ErrorKind::InvalidInput, "session", &cause);
    /// assert_eq!(error.to_string(), "session cannot be read: invalid type: string, expected a boolean at line 1 column 26");
    /// ```
    pub fn unreadable(kind: ErrorKind, what: &str, cause: &impl fmt::Display) -> Self {
        let text = cause.to_string();
        let text = text.trim();
        let invalid = ["invalid type: ", "invalid value: "].iter().find_map(|head| {
            // The wish comes last: what is quoted may hold the same words.
            let (found, wish) = text.strip_prefix(head)?.rsplit_once(", expected ")?;
            let sort = found.split(['`', '"']).next().unwrap_or_default().trim_end();
            Some(format!("{head}{sort}, expected {wish}"))
        });
        let text = invalid.unwrap_or_else(|| match (text.find('"'), text.rfind('"')) {
            (Some(from), Some(to)) => format!("{}…{}", &text[..from], &text[to + 1..]),
            _ => text.to_owned(),
        });
        Self::new(kind, format!("{what} cannot be read: {text}"))
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds a named fact, such as the table or the file. Never a secret, a phone number or a message.
    #[must_use]
    pub fn context(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Adds the cause. Its text is reachable by `source()` only, and is not printed by `Display`.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The kind's stable name, such as `store_locked`.
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// What the reader can do about it, if that is known.
    pub fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for (i, (key, value)) in self.0.context.iter().enumerate() {
            write!(f, "{}{key}: {value}", if i == 0 { " (" } else { ", " })?;
        }
        if !self.0.context.is_empty() {
            f.write_str(")")?;
        }
        match &self.0.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.code())
    }
}

/// As an object of `code`, `message` and `hint`.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            code: &'a str,
            message: String,
            hint: Option<&'a str>,
        }
        Fields { code: self.code(), message: self.to_string(), hint: self.advice() }.serialize(serializer)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| {
            let source: &(dyn std::error::Error + 'static) = &**source;
            source
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parser_quotes_is_left_out() {
        let text = |cause: &str| Error::unreadable(ErrorKind::Configuration, "settings", &cause).to_string();
        assert_eq!(
            text("invalid type: integer `6281234567890`, expected a string"),
            "settings cannot be read: invalid type: integer, expected a string"
        );
        assert_eq!(
            text(r#"invalid value: string "a, expected b", expected u16 at line 3 column 4"#),
            "settings cannot be read: invalid value: string, expected u16 at line 3 column 4"
        );
        assert_eq!(text(r#"no date in "62812": no year"#), "settings cannot be read: no date in …: no year");
        assert_eq!(
            text("unknown field `nme`, expected `name`"),
            "settings cannot be read: unknown field `nme`, expected `name`"
        );
    }

    #[test]
    fn as_json() {
        let error = Error::new(ErrorKind::NotFound, "no donor").hint("look again");
        let json = serde_json::to_string(&error).unwrap();
        assert_eq!(json, r#"{"code":"not_found","message":"no donor; look again","hint":"look again"}"#);
    }
}
