//! The server's files: one server's alone, missed when they go, and honest about a disk that takes nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::outbox::Outbox;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use support::server::{ADMIN, BUDI, Gateway, PATH, QUIET, SECRET, Server, configure, message, open_outbox};
use support::{program, succeed, text};
use tempfile::TempDir;

fn charity(gateway: &Gateway) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), gateway, QUIET);
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", "2026-02-01"]));
    folder
}

/// Puts something else into a configuration.
fn change(folder: &TempDir, from: &str, to: &str) {
    let file = folder.path().join("dermawan.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

/// The command that serves, with the secrets.
fn serve(folder: &Path) -> Command {
    let mut command = program(folder);
    command.arg("serve");
    with_secrets(&mut command);
    command
}

fn with_secrets(command: &mut Command) {
    command
        .env("DERMAWAN_WEBHOOK_TOKEN", PATH)
        .env("DERMAWAN_WEBHOOK_SECRET", SECRET)
        .env("DERMAWAN_FONNTE_TOKEN", "token-fonnte")
        .env("DERMAWAN_ADMIN_TOKEN", ADMIN);
}

#[test]
fn a_second_server_on_the_same_outbox_or_inbox_does_not_start() {
    let gateway = Gateway::start();
    let first = charity(&gateway);
    let server = Server::start(first.path());
    let shared = |name: &str| first.path().join(name).display().to_string();
    let outbox = format!("[outbox]\npath = \"{}\"\n[outbox.pace]", shared("dermawan-outbox.sqlite"));
    let inbox = format!("[server]\ninbox = \"{}\"\n", shared("dermawan-inbox.sqlite"));
    for (from, to, file) in
        [("[outbox.pace]", outbox, "dermawan-outbox.sqlite"), ("[server]\n", inbox, "dermawan-inbox.sqlite")]
    {
        let second = charity(&gateway);
        change(&second, from, &to);
        let output = support::fail(&mut serve(second.path()));
        let error = text(&output.stderr);
        assert!(error.contains("another server works with this file") && error.contains(&shared(file)), "{error}");
        // Through a link it is the same file.
        let link = second.path().join("link.sqlite");
        std::os::unix::fs::symlink(shared(file), &link).unwrap();
        change(&second, &shared(file), &link.display().to_string());
        let error = text(&support::fail(&mut serve(second.path())).stderr);
        assert!(error.contains("another server works with this file"), "{error}");
    }
    // The command line works beside the server, and a killed one leaves no lock behind.
    succeed(program(first.path()).args(["outbox", "list"]));
    assert_eq!(server.hook(&message(BUDI, "REKENING", 1)), 200);
    gateway.wait_for(1);
    server.kill();
    let second = charity(&gateway);
    change(
        &second,
        "[outbox.pace]",
        &format!("[outbox]\npath = \"{}\"\n[outbox.pace]", shared("dermawan-outbox.sqlite")),
    );
    let server = Server::start(second.path());
    server.looked();
    server.stop();
    assert_eq!(gateway.accepted().len(), 1);
}

#[test]
fn a_file_that_is_removed_or_replaced_stops_the_server_and_not_the_words() {
    let gateway = Gateway::start();
    let folder = charity(&gateway);
    let server = Server::start(folder.path());
    let ready = || server.ask("GET", "/readyz", &[], "");
    assert_eq!(ready(), (200, "ready\n".into()));
    for (n, name) in [(10, "dermawan-outbox.sqlite"), (20, "dermawan-inbox.sqlite")] {
        let (path, aside) = (folder.path().join(name), folder.path().join("aside"));
        std::fs::rename(&path, &aside).unwrap();
        assert_eq!(server.hook(&message(BUDI, "REKENING", n)), 503, "removed");
        assert_eq!(ready(), (503, "a file was removed or replaced\n".into()));
        std::fs::copy(&aside, &path).unwrap();
        assert_eq!(server.hook(&message(BUDI, "REKENING", n)), 503, "another in its place");
        assert_eq!(ready().0, 503);
        let log = server.log.lock().unwrap().clone();
        assert!(log.contains("was removed or replaced") && log.contains(name), "{log}");
        // The gateway delivers again once it is back.
        std::fs::rename(&aside, &path).unwrap();
        assert_eq!(ready().0, 200);
        let before = gateway.accepted().len();
        assert_eq!(server.hook(&message(BUDI, "REKENING", n)), 200);
        gateway.wait_for(before + 1);
    }
    server.quiet(folder.path());
    // What was queued in a file that is gone does not go out of it.
    let path = folder.path().join("dermawan-outbox.sqlite");
    std::fs::remove_file(&path).unwrap();
    let sent = gateway.accepted().len();
    assert_eq!(server.hook(&message(BUDI, "REKENING", 30)), 503);
    let (code, _) = server.stop();
    assert_eq!((code, gateway.accepted().len()), (Some(0), sent));
}

#[test]
fn readiness_follows_what_can_be_written() {
    let gateway = Gateway::start();
    let folder = charity(&gateway);
    // A file may not grow past a limit: to a program that is what a full disk is.
    let mut command = Command::new("sh");
    command.current_dir(folder.path()).args(["-c", "trap '' XFSZ; echo $$ >pid; exec \"$0\" serve"]);
    command.arg(program(folder.path()).get_program());
    with_secrets(&mut command);
    let server = Server::spawn(command);
    server.looked();
    let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    let limit = |bytes: &str| {
        let set = Command::new("prlimit").args(["--pid", pid.trim(), &format!("--fsize={bytes}:unlimited")]).status();
        assert!(set.unwrap().success());
    };
    let ready = || server.ask("GET", "/readyz", &[], "");
    assert_eq!(ready(), (200, "ready\n".into()));
    limit("512");
    assert_eq!(server.hook(&message(BUDI, "REKENING", 1)), 500);
    assert_eq!(ready(), (503, "a file cannot be written\n".into()));
    assert_eq!(ready().0, 503, "and it stays so");
    limit("unlimited");
    assert_eq!(ready(), (200, "ready\n".into()));
    assert_eq!(server.hook(&message(BUDI, "REKENING", 1)), 200);
    gateway.wait_for(1);
    // A line that waits is told of, and keeps nobody out.
    succeed(program(folder.path()).args(["outbox", "pause"]));
    assert_eq!(ready(), (200, "ready\nthe line fonnte waits: command\n".into()));
    server.stop();
}

#[test]
fn what_lets_strangers_in_is_refused_or_told() {
    let gateway = Gateway::start();
    let folder = charity(&gateway);
    change(&folder, &format!("device = \"{}\"\n", support::server::DEVICE), "");
    // In public: not at all without the device.
    change(&folder, "127.0.0.1:0", "0.0.0.0:0");
    let error = text(&support::fail(&mut serve(folder.path())).stderr);
    assert!(error.contains("transport.fonnte.device is not set"), "{error}");
    // The real gateway, behind a proxy on this machine: it starts and says so; nothing is owed, so nobody is asked.
    change(&folder, "0.0.0.0:0", "localhost:0");
    change(&folder, &format!("http://{}", gateway.address), "https://api.fonnte.invalid");
    let mut command = program(folder.path());
    command.arg("serve").env("DERMAWAN_FONNTE_TOKEN", "token-fonnte");
    let server = Server::spawn(command);
    let weak = ["DERMAWAN_WEBHOOK_TOKEN is not set", "DERMAWAN_WEBHOOK_SECRET is not set", "fonnte.device is not set"];
    let log = server.log.lock().unwrap().clone();
    assert!(weak.iter().all(|what| log.contains(what)), "{log}");
    server.stop();
    let doctor = |more: &[&str]| {
        let mut command = program(folder.path());
        text(&command.arg("doctor").args(more).env("DERMAWAN_FONNTE_TOKEN", "token-fonnte").output().unwrap().stdout)
    };
    let shown = doctor(&[]);
    assert!(weak.iter().all(|what| shown.contains(what)) && !shown.contains("device  "), "{shown}");
    let shown = doctor(&["--online"]);
    assert!(shown.contains("FAIL  device"), "{shown}");
    let shown = text(&program(folder.path()).arg("doctor").output().unwrap().stdout);
    assert!(shown.contains("FAIL  gateway") && shown.contains("there is no token"), "{shown}");
    // Files that others may read, a line that waits.
    let wide = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("dermawan-inbox.sqlite"), wide.clone()).unwrap();
    std::fs::set_permissions(folder.path().join("dermawan.duckdb"), wide).unwrap();
    succeed(program(folder.path()).args(["outbox", "pause", "--lane", "fonnte"]));
    let shown = doctor(&[]);
    for what in
        ["dermawan-inbox.sqlite can be read by others (mode 644)", "dermawan.duckdb can be read", "the line waits"]
    {
        assert!(shown.contains(what), "{what} in {shown}");
    }
    assert!(!shown.contains("dermawan-outbox.sqlite can"), "{shown}");
}

#[test]
fn a_trial_on_another_time_keeps_off_the_real_outbox() {
    let gateway = Gateway::start();
    let folder = charity(&gateway);
    let server = Server::start(folder.path());
    assert_eq!(server.hook(&message(BUDI, "REKENING", 1)), 200);
    gateway.wait_for(1);
    server.stop();
    let trial = |folder: &Path| serve(folder).args(["--clock", "2026-12-01T08:00:00+07:00"]).output().unwrap();
    let refused = trial(folder.path());
    let error = text(&refused.stderr);
    assert!(
        !refused.status.success() && error.contains("--clock is for trials") && error.contains("--config"),
        "{error}"
    );
    // With files of its own it runs, and runs again; the real bot keeps off those.
    let other = charity(&gateway);
    for _ in 0..2 {
        let server = Server::at(other.path(), "2026-02-01T08:00:00+07:00");
        server.quiet(other.path());
        server.stop();
    }
    let refused = serve(other.path()).output().unwrap();
    let error = text(&refused.stderr);
    assert!(!refused.status.success() && error.contains("used with --clock") && error.contains(".trial"), "{error}");
}

#[test]
fn files_are_for_their_owner_alone() {
    let gateway = Gateway::start();
    let folder = charity(&gateway);
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    let sqlite = ["dermawan-outbox.sqlite", "dermawan-inbox.sqlite"];
    assert_eq!(mode("dermawan.duckdb"), 0o600);
    let server = Server::start(folder.path());
    assert_eq!(server.hook(&message(BUDI, "REKENING", 1)), 200);
    gateway.wait_for(1);
    for name in sqlite {
        for ending in ["", "-wal", "-shm", ".lock"] {
            assert_eq!(mode(&format!("{name}{ending}")), 0o600, "{name}{ending}");
        }
    }
    for name in ["dermawan.duckdb.lock", "dermawan.duckdb.spare", "dermawan.duckdb.server"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    // The gateway has it; the note of that may be a moment behind.
    let outbox = open_outbox(folder.path());
    server.until("it is accepted", || outbox.counts(None).unwrap().accepted == 1);
    drop(outbox);
    server.kill();
    // Of an older version, or made wider by hand; the analytics file may be shared on purpose.
    let widen = |name: &str| {
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    };
    for name in sqlite {
        widen(name);
        widen(&format!("{name}-wal"));
    }
    widen("dermawan.duckdb");
    let server = Server::start(folder.path());
    for name in sqlite {
        assert_eq!((mode(name), mode(&format!("{name}-wal"))), (0o600, 0o600), "{name}");
    }
    assert_eq!(mode("dermawan.duckdb"), 0o644);
    assert_eq!(open_outbox(folder.path()).counts(None).unwrap().accepted, 1);
    server.stop();
}
