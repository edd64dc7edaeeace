//! A gateway that writes what would go out, for trying the bot without one.

use super::{Accepted, Capabilities, Envelope, Event, Health, Hook, HookError, SendError, Transport, plain};
use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Writes each message to a given place: the number masked, the text indented.
pub struct Console<W> {
    out: Mutex<(W, u64)>,
}

impl<W: Write + Send> Console<W> {
    /// A gateway that writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out: Mutex::new((out, 0)) }
    }

    /// What it wrote to.
    pub fn into_inner(self) -> W {
        self.out.into_inner().unwrap_or_else(PoisonError::into_inner).0
    }
}

fn write(out: &mut impl Write, envelope: &Envelope) -> io::Result<()> {
    // One call, so that lines of several writers do not mix.
    let mut text = format!("→ {} [{}]\n", envelope.to, envelope.key.escape_debug());
    for line in envelope.text.lines() {
        // What moves a terminal's cursor is not shown.
        text.extend("    ".chars().chain(line.chars().filter(|c| !c.is_control())).chain(['\n']));
    }
    if let Some(picture) = &envelope.picture {
        let about = format!("    ({} bytes of {})\n", picture.bytes.len(), picture.media_type.escape_debug());
        text.push_str(&about);
    }
    out.write_all(text.as_bytes())?;
    out.flush()
}

impl<W: Write + Send> Transport for Console<W> {
    fn name(&self) -> &'static str {
        "console"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { pictures: true, longest_text: usize::MAX, statuses: false, idempotent: false, window: None }
    }

    /// Writes one message. A message half written is not owed again, so a place that cannot be written to stops
    /// everything.
    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        if envelope.text.trim().is_empty() {
            return Err(SendError::Content("the message is empty".into()));
        }
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut out.0, envelope).map_err(|_| SendError::Stop("the output cannot be written".into()))?;
        out.1 += 1;
        Ok(Accepted { id: Some(format!("console-{}", out.1)), quota: None })
    }

    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        plain::parse(hook)
    }

    fn health(&self) -> Result<Health, SendError> {
        Ok(Health { connected: true, quota: None, detail: "console".into() })
    }
}

impl<W> fmt::Debug for Console<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}
