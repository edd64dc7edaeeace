//! A real MariaDB in a temporary folder, for Dermawan's tests and benches.
//!
//! [`MariaDb::start`] gives a server of its own on a unix socket and a free port of 127.0.0.1. It is gone, with its
//! folder, when the value is dropped, and also when the process that started it dies in any other way: a small shell
//! waits for the end of a pipe that only this process holds open.
//!
//! With `DERMAWAN_MYSQLD=/usr/sbin/mysqld` it is MySQL: the same tests then ask the same questions of the other server.
//!
//! ```no_run
//! use dermawan_testbed::{MariaDb, Schema};
//! let server = MariaDb::start()?;
//! server.create_database("panti")?;
//! server.create_schema("panti", Schema::Current)?;
//! server.execute("INSERT INTO panti.donatur (nama) VALUES ('Pak Budi')")?;
//! let url = server.url("panti", "root", "");
//! # Ok::<(), dermawan_testbed::Error>(())
//! ```
#![allow(clippy::disallowed_methods, reason = "keeps a database server in a folder")]

mod brand;
mod schema;
mod server;
mod template;

pub use brand::{Brand, MYSQLD};
pub use schema::{Schema, numbers};
pub use server::{MariaDb, Options};

/// Why a server could not be started or refused a statement.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(doing: &str, cause: impl std::fmt::Display) -> Self {
        Self(format!("{doing}: {cause}"))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// The result of every fallible function here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
