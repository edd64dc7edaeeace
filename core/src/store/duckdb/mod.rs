//! The store in a DuckDB file, or in DuckDB's memory.
//!
//! The file can be opened by any DuckDB of the same or a newer version while no Dermawan process holds it; its tables
//! and columns carry comments. A file has one process at a time: beside it lies a small `.lock` file that tells.
#![allow(clippy::disallowed_methods, reason = "this room keeps the analytics file")]

mod audit;
mod derive;
mod giving;
mod load;
mod merge;
mod open;
mod rows;
mod schema;
#[cfg(unix)]
mod spare;
mod trouble;
mod view;

pub use open::DuckDbOptions;

use super::{Store, View};
use crate::error::{Error, ErrorKind, Result};
use crate::etl::{Load, State};
use crate::model::{AcceptedMonth, EntryId};
use ::duckdb::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use trouble::trouble;

/// Facts in DuckDB.
pub struct DuckDbStore {
    /// Only cloned from: a connection is not shared between threads.
    base: Mutex<Connection>,
    /// Connections that earlier views gave back.
    idle: Mutex<Vec<Connection>>,
    loading: Mutex<bool>,
    load_done: Condvar,
    path: Option<PathBuf>,
    options: DuckDbOptions,
    /// `None` in memory. Held while something runs that may checkpoint.
    #[cfg(unix)]
    spare: Mutex<Option<spare::Spare>>,
    /// Held while the store lives, so that no second store opens the same file, in this process or another.
    _lock: Option<std::fs::File>,
}

impl DuckDbStore {
    /// Opens or creates a file.
    ///
    /// # Errors
    ///
    /// `store_locked` when another process or another store of this one holds the file, `store_newer` when a newer
    /// version of this library wrote it, `store_damaged` when it is not a sound DuckDB file, `io` when its folder
    /// cannot be written, `configuration` for options that do not fit.
    pub fn open(path: impl AsRef<Path>, options: &DuckDbOptions) -> Result<Self> {
        open::file(path.as_ref(), options)
    }

    /// A store in memory, gone when it is dropped.
    pub fn in_memory(options: &DuckDbOptions) -> Result<Self> {
        open::memory(options)
    }

    /// The file; `None` in memory.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// A further connection to the same database, for a data scientist's own SQL. What it writes is not checked, nor is
    /// the file guarded against a process that is killed while such SQL makes DuckDB write a checkpoint.
    pub fn connection(&self) -> Result<Connection> {
        lock(&self.base).try_clone().map_err(trouble("opening another connection to the analytics"))
    }

    /// Carries out what may end in a checkpoint, after a copy of what a killed checkpoint would tear.
    #[cfg(unix)]
    fn guarded<T>(&self, connection: &Connection, may_checkpoint: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut spare = lock(&self.spare);
        if let Some(spare) = &mut *spare {
            spare.save(connection)?;
        }
        may_checkpoint()
    }

    /// Where a file that is open cannot be read beside DuckDB, there is no copy.
    #[cfg(not(unix))]
    fn guarded<T>(&self, _: &Connection, may_checkpoint: impl FnOnce() -> Result<T>) -> Result<T> {
        may_checkpoint()
    }

    fn idle_connection(&self) -> Result<Connection> {
        match lock(&self.idle).pop() {
            Some(connection) => Ok(connection),
            None => self.connection(),
        }
    }

    /// Refuses to go on when the disk is nearly full: DuckDB can be damaged by a full disk at a checkpoint.
    fn check_disk(&self, needed: u64) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let free = fs4::available_space(folder).map_err(|cause| {
            Error::new(ErrorKind::Io, "the free room on the disk could not be read")
                .context("folder", folder.display())
                .caused_by(cause)
        })?;
        if free >= needed {
            return Ok(());
        }
        Err(Error::new(ErrorKind::DiskFull, "there is too little room on the disk for a load")
            .context("folder", folder.display())
            .context("free bytes", free)
            .context("needed bytes", needed)
            .hint("free some room, or put the analytics file on another disk; nothing was changed"))
    }
}

impl Store for DuckDbStore {
    fn state(&self) -> Result<Option<State>> {
        self.view()?.state()
    }

    fn begin(&self) -> Result<Box<dyn Load + '_>> {
        let size = self.path.as_ref().and_then(|path| std::fs::metadata(path).ok()).map_or(0, |meta| meta.len());
        // A full load writes the whole file again beside the old one.
        self.check_disk(self.options.reserve_bytes.saturating_add(size))?;
        let mut loading = lock(&self.loading);
        while *loading {
            loading = self.load_done.wait(loading).unwrap_or_else(PoisonError::into_inner);
        }
        *loading = true;
        drop(loading);
        let turn = Turn(self);
        Ok(Box::new(load::DuckDbLoad::begin(turn)?))
    }

    fn view(&self) -> Result<Box<dyn View + '_>> {
        Ok(Box::new(view::DuckDbView::begin(self)?))
    }

    fn accept(&self, entries: &[EntryId], accepted: bool) -> Result<()> {
        let connection = self.connection()?;
        self.guarded(&connection, || audit::accept(&connection, entries, accepted))
    }

    fn accept_months(&self, months: &[AcceptedMonth], accepted: bool) -> Result<()> {
        let connection = self.connection()?;
        self.guarded(&connection, || audit::accept_months(&connection, months, accepted))
    }
}

#[cfg(unix)]
impl Drop for DuckDbStore {
    fn drop(&mut self) {
        let Some(mut spare) = lock(&self.spare).take() else { return };
        let base = lock(&self.base);
        // Closing the last connection checkpoints too. Without a copy it is no worse off than DuckDB alone.
        let _ = spare.save(&base);
        let own = lock(&self.idle).len() as i64 + 1;
        let count = "SELECT count FROM duckdb_connection_count()";
        let all = base.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap_or(i64::MAX);
        spare.close(all > own);
    }
}

/// The right to load; given back when dropped.
struct Turn<'a>(&'a DuckDbStore);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.0.loading) = false;
        self.0.load_done.notify_one();
    }
}

/// A panic while a lock is held leaves these values sound: they are replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
