//! Ctrl-C: the first one asks the load to end in good order, a second one ends the program at once.

use dermawan::{Error, ErrorKind, Result};
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// The exit code of a program ended by an interrupt, by the custom of shells: 128 plus the signal's number.
const INTERRUPTED: i32 = 130;

/// Begins to listen.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
    })
    .map_err(|cause| Error::new(ErrorKind::Internal, "Ctrl-C cannot be listened to").caused_by(cause))
}

/// The error that ends the load, once Ctrl-C was pressed.
pub(crate) fn check() -> Result<()> {
    if ASKED.load(Ordering::Relaxed) {
        return Err(Error::new(ErrorKind::Interrupted, "the load was stopped; nothing was changed")
            .hint("run it again when you like: the last good load is still there"));
    }
    Ok(())
}
