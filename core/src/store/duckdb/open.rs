//! Opening: options, lock, checks, migrations.

use super::trouble::{damaged, locked, trouble};
use super::{DuckDbStore, schema};
use crate::error::{Error, ErrorKind, Result};
use ::duckdb::{Config, Connection};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};

/// How much DuckDB may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DuckDbOptions {
    /// Memory that DuckDB may use, in megabytes. 1024 hold the sums of a million donors; what does not fit is spilled
    /// to `temp_directory`.
    pub memory_limit_mb: u32,
    /// Threads that DuckDB may use; 0 leaves it as many as there are cores.
    pub threads: u16,
    /// Where to spill; by default a folder beside the file, made when needed.
    pub temp_directory: Option<PathBuf>,
    /// Room that must be left on the disk beyond the file's own size before a load begins, in bytes: 64 MB by default,
    /// because a full disk can damage a DuckDB file.
    pub reserve_bytes: u64,
}

impl Default for DuckDbOptions {
    fn default() -> Self {
        Self { memory_limit_mb: 1024, threads: 0, temp_directory: None, reserve_bytes: 64 << 20 }
    }
}

impl DuckDbOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        if self.memory_limit_mb < 64 {
            return Err(Error::new(ErrorKind::Configuration, "store.memory_limit_mb is below 64")
                .hint("DuckDB needs at least 64 MB; 1024 is the default"));
        }
        Ok(())
    }

    fn config(&self) -> Result<Config> {
        self.validate()?;
        let build = || {
            // Nothing is fetched or loaded behind the user's back.
            let mut config = Config::default()
                .with("autoinstall_known_extensions", "false")?
                .with("autoload_known_extensions", "false")?
                .max_memory(&format!("{}MB", self.memory_limit_mb))?;
            if self.threads > 0 {
                config = config.threads(i64::from(self.threads))?;
            }
            if let Some(folder) = &self.temp_directory {
                config = config.with("temp_directory", folder.to_string_lossy())?;
            }
            Ok(config)
        };
        build().map_err(trouble("setting up DuckDB"))
    }
}

pub(super) fn memory(options: &DuckDbOptions) -> Result<DuckDbStore> {
    let connection =
        Connection::open_in_memory_with_flags(options.config()?).map_err(trouble("opening a database in memory"))?;
    finish(connection, None, None, options)
}

pub(super) fn file(path: &Path, options: &DuckDbOptions) -> Result<DuckDbStore> {
    let config = options.config()?;
    // The lock comes first. Closing any handle on the file itself would give up DuckDB's own lock on it, so the file
    // may be looked at only while nobody of this process has it open.
    let lock = take_lock(path)?;
    let is_new = !path.exists();
    check_header(path)?;
    #[cfg(unix)]
    super::spare::mend(path)?;
    let doing = trouble("opening the analytics file");
    let connection = match Connection::open_with_flags(path, config) {
        Ok(connection) => connection,
        Err(cause) => {
            let error = doing(cause);
            if error.kind() != ErrorKind::StoreDamaged || !move_log(path, ".wal", ".wal.damaged") {
                return Err(named(path, error));
            }
            Connection::open_with_flags(path, options.config()?).map_err(|cause| {
                // It was not the log: the file itself is damaged, and whoever looks into it needs both as they were.
                move_log(path, ".wal.damaged", ".wal");
                named(path, doing(cause))
            })?
        }
    };
    if is_new {
        make_private(path);
    }
    finish(connection, Some(path.to_owned()), Some(lock), options).map_err(|error| named(path, error))
}

/// Renames DuckDB's log; `false` where there is none. A log that a killed process left unreadable costs the loads since
/// the last checkpoint, one at most: the file holds the one before, and the next run completes from there. The log stays
/// beside the file as `.wal.damaged`.
fn move_log(path: &Path, from: &str, to: &str) -> bool {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    std::fs::rename(beside(from), beside(to)).is_ok()
}

fn named(path: &Path, error: Error) -> Error {
    error.context("file", path.display())
}

/// A new file is its owner's alone: it holds who gave what. One that is there keeps the rights that it was given.
fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // By its name: a handle of ours that is closed would give up DuckDB's lock. Where this fails, `doctor` says so.
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn take_lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let io = |cause: std::io::Error| {
        Error::new(ErrorKind::Io, "the analytics file's folder cannot be written")
            .context("file", path.display())
            .hint("make the folder, or give the right to write into it")
            .caused_by(cause)
    };
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let lock = options.open(PathBuf::from(name)).map_err(io)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(named(path, locked())),
        Err(TryLockError::Error(cause)) => Err(io(cause)),
    }
}

/// A DuckDB file carries `DUCK` behind an eight-byte checksum. An empty or absent file becomes a new one.
fn check_header(path: &Path) -> Result<()> {
    let mut head = [0u8; 12];
    match File::open(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(Error::new(ErrorKind::Io, "the analytics file cannot be read")
            .context("file", path.display())
            .caused_by(cause)),
        Ok(mut file) => match file.metadata().map(|meta| meta.len()) {
            Ok(0) => Ok(()),
            _ => match file.read_exact(&mut head) {
                Ok(()) if &head[8..] == b"DUCK" => Ok(()),
                _ => Err(named(path, damaged())),
            },
        },
    }
}

fn finish(
    connection: Connection,
    path: Option<PathBuf>,
    lock: Option<File>,
    options: &DuckDbOptions,
) -> Result<DuckDbStore> {
    #[cfg(unix)]
    let spare = match &path {
        Some(path) => {
            let mut spare = super::spare::Spare::of(path)?;
            // What was loaded can be read on a full disk too; the next load is refused there, by this or by its own look.
            let _ = spare.save(&connection);
            Some(spare)
        }
        None => None,
    };
    schema::migrate(&connection)?;
    Ok(DuckDbStore {
        base: Mutex::new(connection),
        idle: Mutex::new(Vec::new()),
        loading: Mutex::new(false),
        load_done: Condvar::new(),
        path,
        options: options.clone(),
        #[cfg(unix)]
        spare: Mutex::new(spare),
        _lock: lock,
    })
}
