//! A spare copy of the blocks that a checkpoint rewrites in place.
//!
//! DuckDB keeps its catalogue in metadata blocks of 256 KiB, and a checkpoint fills the free parts of a block that the
//! current header still refers to. A process killed within that write leaves a block whose checksum is wrong, and a file
//! that no DuckDB opens. So the blocks are copied beside the file (`.spare`) before whatever may checkpoint, and a torn
//! one is put back before the file is opened. The copy counts only while the file's headers are those it was made under:
//! until then no checkpoint has ended, the log is whole, and no block was given to anything else.

use super::trouble::trouble;
use crate::error::{Error, ErrorKind, Result};
use ::duckdb::Connection;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Three headers of 4 KiB: the file's own, and the two that checkpoints write in turn.
const HEAD: usize = 12_288;
/// A block with its checksum, in bytes: DuckDB's default, which this room does not change.
const BLOCK: usize = 262_144;

/// What keeps the copy of one open file.
pub(super) struct Spare {
    path: PathBuf,
    /// Open for as long as DuckDB has the file open: closing any handle on it would give up DuckDB's own lock.
    file: File,
    /// The headers of the last copy.
    headers: Vec<u8>,
}

impl Spare {
    /// For a file that DuckDB has opened.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(failed(path))?;
        Ok(Self { path: path.to_owned(), file, headers: Vec::new() })
    }

    /// Copies what the next checkpoint may tear, unless it is copied already. No checkpoint may be running.
    pub(super) fn save(&mut self, connection: &Connection) -> Result<()> {
        let failed = failed(&self.path);
        let mut copy = vec![0; HEAD];
        self.file.read_exact_at(&mut copy, 0).map_err(&failed)?;
        if self.headers == copy {
            return Ok(());
        }
        let mut block = vec![0; BLOCK];
        for id in metadata_blocks(connection)? {
            // A block that was never written, or is not sound, is none that the headers refer to.
            if self.file.read_exact_at(&mut block, offset(id)).is_ok() && sound(&block) {
                copy.extend_from_slice(&id.to_le_bytes());
                copy.extend_from_slice(&block);
            }
        }
        let unfinished = beside(&self.path, ".spare.new");
        let write = || {
            let mut target = File::create(&unfinished)?;
            // Statistics of columns are among what is copied: whoever may not read the file may not read them.
            target.set_permissions(self.file.metadata()?.permissions())?;
            target.write_all(&copy)?;
            target.sync_all()?;
            std::fs::rename(&unfinished, beside(&self.path, ".spare"))
        };
        write().map_err(|cause| {
            // Half a copy is of no use, and on a full disk in the way.
            let _ = std::fs::remove_file(&unfinished);
            failed(cause)
        })?;
        copy.truncate(HEAD);
        self.headers = copy;
        Ok(())
    }

    /// Ends the copying. `shared` tells that somebody else still has the database open through this process.
    pub(super) fn close(self, shared: bool) {
        if shared {
            // A handle left open costs nothing; one that is closed would cost the others their lock.
            std::mem::forget(self.file);
        }
    }
}

/// Puts torn blocks of a file back, while nobody has it open, and answers how many there were. A copy without its file
/// is that of a file of the past, and is removed.
pub(super) fn mend(path: &Path) -> Result<usize> {
    let failed = failed(path);
    let spare = beside(path, ".spare");
    if std::fs::metadata(path).map_or(0, |meta| meta.len()) == 0 {
        return match std::fs::remove_file(&spare) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(failed(cause)),
            _ => Ok(0),
        };
    }
    let Ok(copy) = std::fs::read(spare) else { return Ok(0) };
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else { return Ok(0) };
    let mut headers = vec![0; HEAD];
    if file.read_exact_at(&mut headers, 0).is_err() || !copy.starts_with(&headers) {
        return Ok(0);
    }
    let mut mended = 0;
    let mut now = vec![0; BLOCK];
    for part in copy[HEAD..].chunks_exact(8 + BLOCK) {
        let (id, block) = part.split_at(8);
        let at = offset(id.iter().rev().fold(0, |id, &byte| id << 8 | u64::from(byte)));
        let torn = file.read_exact_at(&mut now, at).is_err() || !sound(&now);
        if torn && sound(block) {
            file.write_all_at(block, at).map_err(&failed)?;
            mended += 1;
        }
    }
    if mended > 0 {
        file.sync_all().map_err(&failed)?;
    }
    Ok(mended)
}

fn metadata_blocks(connection: &Connection) -> Result<Vec<u64>> {
    let doing = trouble("listing the metadata blocks of the analytics file");
    let mut statement = connection.prepare("SELECT block_id FROM pragma_metadata_info()").map_err(&doing)?;
    let ids = statement.query_map([], |row| row.get::<_, i64>(0)).map_err(&doing)?;
    ids.map(|id| id.map(i64::cast_unsigned)).collect::<Result<_, _>>().map_err(&doing)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |cause| {
        let kind = match cause.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
            _ => ErrorKind::Io,
        };
        Error::new(kind, "the spare copy of the analytics file's metadata cannot be kept")
            .context("file", path.display())
            .hint("free some room, and give the right to write beside the file; the last good load is still there")
            .caused_by(cause)
    }
}

/// Whether a block carries the checksum that DuckDB writes before its contents.
fn sound(block: &[u8]) -> bool {
    let (words, _) = block.as_chunks::<8>();
    let Some((stored, rest)) = words.split_first() else { return false };
    let sum = rest.iter().fold(5381, |sum, word| sum ^ u64::from_le_bytes(*word).wrapping_mul(0xBF58_476D_1CE4_E5B9));
    sum == u64::from_le_bytes(*stored)
}

fn offset(block: u64) -> u64 {
    (HEAD as u64).saturating_add(block.saturating_mul(BLOCK as u64))
}
