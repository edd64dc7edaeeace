//! How an error is shown, and which exit code it is.

use dermawan::{Error, ErrorKind};
use std::error::Error as _;
use std::io::{self, Write};
use std::process::ExitCode;

/// An error's message with its context, without the hint.
pub(crate) fn message(error: &Error) -> String {
    let whole = error.to_string();
    match error.advice().and_then(|hint| whole.strip_suffix(hint)?.strip_suffix("; ")) {
        Some(message) => message.to_owned(),
        None => whole,
    }
}

/// The operating system's words for what went wrong. Other causes stay inside: they could hold what is not to be shown.
fn cause(error: &Error) -> Option<&io::Error> {
    error.source()?.downcast_ref::<io::Error>()
}

/// Writes an error to standard error, one line each for kind, message, cause and hint.
pub(crate) fn report(error: &Error) -> ExitCode {
    // The reader of our output has seen enough (`| head`): no fault of anyone.
    if cause(error).is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let mut text = format!("error: {}\n  {}\n", error.code(), message(error));
    if let Some(cause) = cause(error) {
        text = format!("{text}  cause: {cause}\n");
    }
    if let Some(hint) = error.advice() {
        text = format!("{text}  hint: {hint}\n");
    }
    // Where standard error is closed there is nobody to tell.
    let _ = io::stderr().write_all(text.as_bytes());
    ExitCode::FAILURE
}

/// The error of output that cannot be written.
pub(crate) fn unwritten(cause: io::Error) -> Error {
    Error::new(ErrorKind::Io, "the output cannot be written").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_and_hint_are_apart() {
        let error = Error::new(ErrorKind::Io, "no file").context("file", "a; b");
        assert_eq!(message(&error), "no file (file: a; b)");
        assert_eq!(message(&error.hint("look again")), "no file (file: a; b)");
    }
}
