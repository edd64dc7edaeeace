//! Plain text for a terminal: headings, indentation, and no colours where nobody looks.

use crate::failure::unwritten;
use dermawan::Result;
use std::fmt::Display;
use std::io::{IsTerminal, StdoutLock, Write, stdout};
use unicode_width::UnicodeWidthStr;

/// Standard output.
pub(crate) struct Screen {
    out: StdoutLock<'static>,
    styled: bool,
}

impl Screen {
    /// Standard output; styled only where it is a terminal and `NO_COLOR` is not set.
    pub(crate) fn stdout() -> Self {
        let styled = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { out: stdout().lock(), styled }
    }

    /// Text as it is, with a line end.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<()> {
        writeln!(self.out, "{text}").and_then(|()| self.out.flush()).map_err(unwritten)
    }

    /// Text of one or more lines, each so many columns in.
    pub(crate) fn indented(&mut self, columns: usize, text: &str) -> Result<()> {
        for line in text.lines() {
            let line = format!("{:columns$}{line}", "");
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// A heading, underlined.
    pub(crate) fn heading(&mut self, text: &str) -> Result<()> {
        let rule = "─".repeat(text.width());
        if self.styled {
            self.line(format_args!("\n\x1b[1m{text}\x1b[0m\n{rule}"))
        } else {
            self.line(format_args!("\n{text}\n{rule}"))
        }
    }
}

/// A value as JSON, indented by two.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|cause| {
        dermawan::Error::new(dermawan::ErrorKind::Internal, "the answer cannot be written as JSON").caused_by(cause)
    })
}
