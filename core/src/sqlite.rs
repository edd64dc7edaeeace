//! The file that the outbox and the register share, private to them.
//!
//! `SQLite` and not the analytics file, because several processes may hold it: the server writes while the command line
//! lists and settles.
#![allow(clippy::disallowed_methods, reason = "the file's rights are looked at before SQLite opens it")]

use crate::error::{Error, ErrorKind, Result};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// How long a statement waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(10);

/// Opens a file, or memory without a path, and brings one room's tables to their newest form.
///
/// `migrations` are run in order, each once, in one transaction with the note that it ran: the notes are kept a room
/// apart, so that two rooms may share a file.
///
/// Errors: `store_newer` for a file of a newer version, `store_locked`, `store_damaged`, `disk_full`, `io`.
pub(crate) fn open(path: Option<&Path>, room: &'static str, migrations: &[&str]) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let named = |error: Error| match path {
        Some(path) => error.context("file", path.display()),
        None => error,
    };
    if let Some(path) = path {
        make_private(path).map_err(named)?;
    }
    let opened = match path {
        Some(path) => Connection::open_with_flags(path, flags),
        None => Connection::open_in_memory(),
    };
    let mut connection = opened.map_err(trouble).map_err(named)?;
    prepare(&mut connection, room, migrations).map_err(named)?;
    Ok(connection)
}

/// Numbers, texts and the register's key are for the file's owner alone: a new file is made so, `SQLite` gives its log the
/// same rights, and one that others may read is mended. What is not ours to mend stays as it is.
#[cfg(unix)]
fn make_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => return Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(cause) => {
            return Err(Error::new(ErrorKind::Io, "the outbox file cannot be made")
                .hint("check its folder and the rights on it")
                .caused_by(cause));
        }
    }
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        if let Ok(file) = std::fs::metadata(&name)
            && file.is_file()
            && file.permissions().mode() & 0o077 != 0
        {
            let _ = std::fs::set_permissions(&name, std::fs::Permissions::from_mode(file.permissions().mode() & 0o700));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> Result<()> {
    Ok(())
}

fn prepare(connection: &mut Connection, room: &'static str, migrations: &[&str]) -> Result<()> {
    connection.busy_timeout(BUSY).map_err(trouble)?;
    // WAL: readers and one writer do not wait for one another. FULL: what was committed survives a power cut, which
    // the rule "durable before the first byte goes out" rests on.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")
        .map_err(trouble)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(trouble)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS room_version (room TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT",
        )
        .map_err(trouble)?;
    let version: i64 = transaction
        .query_row("SELECT coalesce(max(version), 0) FROM room_version WHERE room = ?1", [room], |row| row.get(0))
        .map_err(trouble)?;
    let version = usize::try_from(version).unwrap_or_default();
    if version > migrations.len() {
        return Err(Error::new(
            ErrorKind::StoreNewer,
            format!("the tables of the {room} were written by a newer version"),
        )
        .context("version", version)
        .hint("use the newer version of the program, or another file"));
    }
    for sql in &migrations[version..] {
        transaction.execute_batch(sql).map_err(trouble)?;
    }
    transaction
        .execute(
            "INSERT INTO room_version VALUES (?1, ?2) ON CONFLICT (room) DO UPDATE SET version = excluded.version",
            (room, migrations.len() as i64),
        )
        .map_err(trouble)?;
    transaction.commit().map_err(trouble)
}

/// What `SQLite` says, without the values of a statement: they may be a number or a text.
pub(crate) fn trouble(cause: rusqlite::Error) -> Error {
    let code = match &cause {
        rusqlite::Error::SqliteFailure(error, _) => Some(error.code),
        _ => None,
    };
    let (kind, message, hint) = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::StoreLocked, "another process holds the outbox file", "try again in a moment")
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (
            ErrorKind::StoreDamaged,
            "the outbox file is damaged or is not one",
            "put the last backup in its place; `sqlite3 file .recover` may save the rest",
        ),
        Some(ErrorCode::DiskFull) => {
            (ErrorKind::DiskFull, "the disk of the outbox file is full", "make room, then try again")
        }
        Some(
            ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure,
        ) => (ErrorKind::Io, "the outbox file cannot be read or written", "check its folder and the rights on it"),
        _ => (ErrorKind::Internal, "the outbox file refused a statement", "please report it"),
    };
    Error::new(kind, message).hint(hint).caused_by(cause)
}
