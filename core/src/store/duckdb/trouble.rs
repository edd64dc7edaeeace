//! DuckDB's errors in our words.

use crate::error::{Error, ErrorKind};

/// Maps an error of DuckDB that came up while `doing` something.
pub(super) fn trouble(doing: &'static str) -> impl Fn(::duckdb::Error) -> Error {
    move |cause| classify(doing, cause)
}

/// DuckDB's C interface gives no codes, so its own fixed phrases are all there is to tell these cases by. They are
/// looked at here and nowhere else.
fn classify(doing: &'static str, cause: ::duckdb::Error) -> Error {
    let text = cause.to_string();
    let has = |phrase: &str| text.contains(phrase);
    let error = if has("Could not set lock on file") || has("Conflicting lock") {
        locked()
    } else if has("No space left on device") || has("Could not write all bytes") || has("Disk quota exceeded") {
        Error::new(ErrorKind::DiskFull, "the disk is full")
            .hint("free some room, open the file again and load again; the last good load is still there")
    } else if has("Out of Memory Error") {
        Error::new(ErrorKind::Internal, "the analytics need more memory than they may use")
            .hint("raise store.memory_limit, or set store.temp_directory so that DuckDB can spill to disk")
    } else if has("not a valid DuckDB database file") || has("Corrupt") || has("checksum") {
        damaged()
    } else if has("newer version of DuckDB") || has("older version of DuckDB") || has("storage version") {
        Error::new(ErrorKind::StoreNewer, "the analytics file was written by another version of DuckDB")
            .hint("update Dermawan, or delete the file and load again")
    } else if has("INTERRUPT") || has("Interrupted") {
        Error::new(ErrorKind::Interrupted, "the query was interrupted")
    } else {
        Error::new(ErrorKind::Internal, "DuckDB refused")
    };
    error.context("while", doing).caused_by(cause)
}

pub(super) fn locked() -> Error {
    Error::new(ErrorKind::StoreLocked, "the analytics file is in use by another process")
        .hint("stop that process (a running load, server or DuckDB shell), or open a copy of the file")
}

pub(super) fn damaged() -> Error {
    Error::new(ErrorKind::StoreDamaged, "the analytics file is damaged or is not a DuckDB file")
        .hint("move it away and load again: everything in it can be rebuilt from the source")
}
