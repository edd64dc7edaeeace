//! The files that the server lives on: its own while it runs, and watched.
//!
//! `SQLite` lets several processes write, which the command line needs. Two servers would each send what they hold in
//! mind, so a server takes a lock beside each file first. And a file that is removed, or gets another in its place, stays
//! open: everything would seem to be kept, and be gone at the end. So each is looked at before anything is acknowledged.

use dermawan::{Error, ErrorKind, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of a trial of the disk: more than a page of `SQLite`, for less may find room where no message does.
const PROBE: usize = 65_536;

/// Which file a path leads to.
#[cfg(unix)]
type Identity = (u64, u64);
/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
type Identity = ();

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|_| ())
}

struct Held {
    path: PathBuf,
    identity: Option<Identity>,
    _lock: File,
}

/// The files, locked for as long as this lives.
pub(super) struct Files {
    held: Vec<Held>,
    /// Whether one is not where it was, as of the last look.
    gone: AtomicBool,
    /// Whether the last writing failed.
    failing: AtomicBool,
}

impl Files {
    /// Takes files that are open already for this server alone.
    ///
    /// # Errors
    ///
    /// `store_locked` when another server has one of them, naming it; `io`.
    pub(super) fn hold(paths: &[PathBuf]) -> Result<Self> {
        let mut held: Vec<Held> = Vec::with_capacity(paths.len());
        for path in paths {
            let identity = identity(path);
            // One file may be both.
            if held.iter().any(|other| other.path == *path || (identity.is_some() && other.identity == identity)) {
                continue;
            }
            held.push(Held { path: path.clone(), identity, _lock: lock(path)? });
        }
        Ok(Self { held, gone: AtomicBool::new(false), failing: AtomicBool::new(false) })
    }

    /// Whether every file is where it was opened. Tells the log when that changes.
    pub(super) fn are_there(&self) -> bool {
        let missing = self.held.iter().find(|held| identity(&held.path) != held.identity);
        let was_gone = self.gone.swap(missing.is_some(), Ordering::Relaxed);
        match missing {
            Some(held) if !was_gone => tracing::error!(
                file = %held.path.display(),
                "a file of the server was removed or replaced: nothing is taken and nothing is sent; put it back with \
                 its -wal, or start the server again to go on with what is there now"
            ),
            None if was_gone => tracing::warn!("the files of the server are back"),
            _ => {}
        }
        missing.is_none()
    }

    /// Notes how a writing ended.
    pub(super) fn note(&self, written: bool) {
        self.failing.store(!written, Ordering::Relaxed);
    }

    /// Writes as much as a few messages beside each file, durably, and takes it away again: whether the disk takes anything.
    pub(super) fn try_writing(&self) -> std::io::Result<()> {
        for held in &self.held {
            let mut name = held.path.clone().into_os_string();
            name.push(".probe");
            let path = PathBuf::from(name);
            let written = File::create(&path).and_then(|mut file| {
                file.write_all(&vec![0; PROBE])?;
                file.sync_all()
            });
            // Half of it is in the way on a full disk.
            let removed = std::fs::remove_file(&path);
            written.and(removed)?;
        }
        Ok(())
    }

    /// Whether the last writing failed.
    pub(super) fn are_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }
}

/// The lock of a file, beside the file that the path leads to in the end: a link to it is no second file.
fn lock(path: &Path) -> Result<File> {
    let mut name = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push(".lock");
    let io = |cause: std::io::Error| {
        Error::new(ErrorKind::Io, "the lock beside a file of the server cannot be made")
            .context("file", path.display())
            .hint("give the right to write into its folder")
            .caused_by(cause)
    };
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let lock = options.open(PathBuf::from(name)).map_err(io)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::new(ErrorKind::StoreLocked, "another server works with this file")
            .context("file", path.display())
            .hint("end it first: two would send a message twice; or give this one an outbox.path and a server.inbox of its own")),
        Err(TryLockError::Error(cause)) => Err(io(cause)),
    }
}
