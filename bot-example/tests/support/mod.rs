//! Running the real program.

#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, clippy::panic, reason = "tests meet files, clock and sockets")]
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its own part")]

pub mod server;
pub mod stand_in;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, in a folder, with nothing of the tester's own environment.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dermawan-bot"));
    for name in [
        "DERMAWAN_DATABASE_URL",
        "DERMAWAN_DATABASE_PASSWORD",
        "DERMAWAN_WEBHOOK_TOKEN",
        "DERMAWAN_WEBHOOK_SECRET",
        "DERMAWAN_FONNTE_TOKEN",
        "DERMAWAN_CLOUD_TOKEN",
        "DERMAWAN_CLOUD_APP_SECRET",
        "DERMAWAN_CLOUD_VERIFY_TOKEN",
        "DERMAWAN_ADMIN_TOKEN",
        "RUST_LOG",
        "NO_COLOR",
    ] {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard output of a run that must go well.
pub fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// A run that must end with exit code 1.
pub fn fail(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}{}", text(&output.stdout), text(&output.stderr));
    output
}

/// Standard output for an input.
pub fn pipe(command: &mut Command, input: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    text(&output.stdout)
}
