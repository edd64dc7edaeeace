//! How files are read.

use crate::error::{Error, ErrorKind, Result};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// How files are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilesOptions {
    /// What stands between the cells of a CSV file (default: whichever of comma, semicolon, tab and bar the header has
    /// most of; Indonesian spreadsheets write semicolons).
    pub delimiter: Option<char>,
    /// IANA time zone of the organisation (default `Asia/Jakarta`): times without an offset are its wall clock's.
    pub time_zone: String,
    /// Cells of a CSV file that hold no value (default: empty, the `\N` of MySQL's dumps, and the `NULL` that phpMyAdmin and
    /// `mysql --batch` write), compared exactly, in quotes or without. Not so in Parquet, which has a NULL of its own.
    pub nulls: Vec<String>,
    /// Rows in a batch (default 32,768, as for databases).
    pub batch_rows: usize,
}

impl Default for FilesOptions {
    fn default() -> Self {
        let nulls = ["", "\\N", "NULL"].map(String::from).to_vec();
        Self { delimiter: None, time_zone: "Asia/Jakarta".into(), nulls, batch_rows: 32_768 }
    }
}

impl FilesOptions {
    /// Checks every value, and gives the time zone.
    ///
    /// # Errors
    /// `configuration`, with the option that is wrong.
    pub fn validate(&self) -> Result<TimeZone> {
        let wrong = |message: &str| Err(Error::new(ErrorKind::Configuration, format!("source: {message}")));
        if self.delimiter.is_some_and(|delimiter| !delimiter.is_ascii() || matches!(delimiter, '"' | '\n' | '\r')) {
            return wrong("delimiter must be one ASCII character, no quote and no line break");
        }
        if !(1..=1_000_000).contains(&self.batch_rows) {
            return wrong("batch_rows must be from 1 to 1,000,000");
        }
        crate::source::zone(&self.time_zone)
    }
}
