//! Where the server is, and how to talk to it.

use crate::error::{Error, ErrorKind, Result};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// A secret: given in, never given out by `Debug` or by serialising it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "(hidden)" })
    }
}

/// Whether the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Never.
    Off,
    /// When the server can, except to this very machine. Without a `ca_file` the certificate is not checked (most
    /// servers sign their own): this hinders listeners, not impostors.
    #[default]
    Preferred,
    /// Always, and the certificate is checked: by `ca_file`, or by the public authorities.
    Required,
}

/// Where the server is, and how to talk to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MySqlOptions {
    /// Name or address of the server (default `127.0.0.1`).
    pub host: String,
    /// TCP port (default 3306, the registered one).
    pub port: u16,
    /// A unix socket, used in place of host and port.
    pub socket: Option<PathBuf>,
    /// The user; `SELECT` on the tables is all it needs (default `root`, as Laravel's).
    pub user: String,
    /// The password (default none). Left out when the options are serialised.
    #[serde(skip_serializing)]
    pub password: Password,
    /// The database.
    pub database: String,
    /// Whether the connection is encrypted (default: when the server can).
    pub tls: Tls,
    /// Certificates, as PEM, of the authorities to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Encrypt without checking the server's certificate (default no).
    pub skip_verify: bool,
    /// Seconds to wait for a connection (default 10: a server that needs longer is down).
    pub connect_timeout: u32,
    /// Seconds to wait for the server's next answer (default 600: sums over the largest tables take seconds, and a dead
    /// network should end a nightly run before the day begins).
    pub read_timeout: u32,
    /// IANA time zone of the organisation (default `Asia/Jakarta`): in it DATETIME columns are meant, and the instants of
    /// TIMESTAMP columns become dates.
    pub time_zone: String,
    /// Rows in a batch (default 32,768: a few megabytes, which a processor's cache half holds, and enough rows for the
    /// cost of a batch to vanish).
    pub batch_rows: usize,
}

impl Default for MySqlOptions {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 3306,
            socket: None,
            user: "root".into(),
            password: Password::default(),
            database: String::new(),
            tls: Tls::default(),
            ca_file: None,
            skip_verify: false,
            connect_timeout: 10,
            read_timeout: 600,
            time_zone: "Asia/Jakarta".into(),
            batch_rows: 32_768,
        }
    }
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("source: {message}"))
}

impl MySqlOptions {
    /// Reads `mysql://user:password@host:port/database?option=value&…` (also `mariadb://`). User, password and database
    /// are percent-encoded; the options are `socket`, `tls`, `ca_file`, `skip_verify`, `connect_timeout`,
    /// `read_timeout`, `time_zone` and `batch_rows`.
    ///
    /// ```
    /// use dermawan::source::mysql::{MySqlOptions, Tls};
    /// let options = MySqlOptions::from_url("mysql://reader:s%40cret@db.example.org/panti?tls=required")?;
    /// assert_eq!((options.host.as_str(), options.port, options.tls), ("db.example.org", 3306, Tls::Required));
    /// assert!(!format!("{options:?}").contains("cret"));
    /// # Ok::<(), dermawan::Error>(())
    /// ```
    ///
    /// # Errors
    /// `configuration`; the URL itself is never in the error.
    pub fn from_url(url: &str) -> Result<Self> {
        let form = || wrong("the URL is not of the form mysql://user:password@host:port/database");
        let rest = url.strip_prefix("mysql://").or_else(|| url.strip_prefix("mariadb://")).ok_or_else(form)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let mut options = Self { database: decode(database)?, ..Self::default() };
        let address = match authority.rsplit_once('@') {
            Some((login, address)) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                options.user = decode(user)?;
                options.password = Password(decode(password)?);
                address
            }
            None => authority,
        };
        let (host, port) = match address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or_else(form)?)),
            None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
        };
        if !host.is_empty() {
            options.host = decode(host)?;
        }
        if let Some(port) = port {
            options.port = port.parse().map_err(|_| wrong("the URL's port is not a number from 1 to 65535"))?;
        }
        for (key, value) in
            query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
        {
            options.set(key, decode(value)?)?;
        }
        options.validate()?;
        Ok(options)
    }

    fn set(&mut self, key: &str, value: String) -> Result<()> {
        fn number<T: std::str::FromStr>(key: &str, value: &str) -> Result<T> {
            value.parse().map_err(|_| wrong(&format!("the URL's {key} is not a number in range")))
        }
        match key {
            "socket" => self.socket = Some(value.into()),
            "ca_file" => self.ca_file = Some(value.into()),
            "time_zone" => self.time_zone = value,
            "connect_timeout" => self.connect_timeout = number(key, &value)?,
            "read_timeout" => self.read_timeout = number(key, &value)?,
            "batch_rows" => self.batch_rows = number(key, &value)?,
            "skip_verify" => {
                self.skip_verify =
                    value.parse().map_err(|_| wrong("the URL's skip_verify is neither true nor false"))?;
            }
            "tls" => {
                self.tls = match value.as_str() {
                    "off" => Tls::Off,
                    "preferred" => Tls::Preferred,
                    "required" => Tls::Required,
                    _ => return Err(wrong("the URL's tls is none of off, preferred, required")),
                }
            }
            _ => {
                return Err(wrong("the URL has an option that is not known").hint(
                    "the options are socket, tls, ca_file, skip_verify, connect_timeout, read_timeout, time_zone, batch_rows",
                ));
            }
        }
        Ok(())
    }

    /// Checks every value.
    ///
    /// # Errors
    /// `configuration`, with the option that is wrong.
    pub fn validate(&self) -> Result<()> {
        if self.database.is_empty() {
            return Err(wrong("database is empty").hint("name the database of the charity's application"));
        }
        if self.host.is_empty() && self.socket.is_none() {
            return Err(wrong("host is empty"));
        }
        if self.user.is_empty() {
            return Err(wrong("user is empty"));
        }
        if self.port == 0 {
            return Err(wrong("port must be from 1 to 65535"));
        }
        if self.connect_timeout == 0 || self.read_timeout == 0 {
            return Err(wrong("connect_timeout and read_timeout must be at least one second"));
        }
        if !(1..=1_000_000).contains(&self.batch_rows) {
            return Err(wrong("batch_rows must be from 1 to 1,000,000"));
        }
        if self.tls == Tls::Off && (self.ca_file.is_some() || self.skip_verify) {
            return Err(wrong("ca_file and skip_verify mean nothing with tls = \"off\""));
        }
        if self.skip_verify && self.ca_file.is_some() {
            return Err(wrong("ca_file and skip_verify exclude one another"));
        }
        self.zone().map(|_| ())
    }

    /// The time zone, from the database compiled in or the system's.
    pub(super) fn zone(&self) -> Result<TimeZone> {
        crate::source::zone(&self.time_zone)
    }

    pub(super) fn is_local(&self) -> bool {
        let host = self.host.as_str();
        self.socket.is_some() || host == "localhost" || host == "::1" || host.starts_with("127.")
    }
}

fn decode(text: &str) -> Result<String> {
    let broken = || wrong("the URL has a % that is not followed by two hexadecimal digits of UTF-8 text");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16)).ok_or_else(broken);
            (digit()? * 16 + digit()?) as u8
        } else {
            byte
        });
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_whole() {
        let url = "mariadb://pem%62aca:p%40ss%2Fw%3Ard@[::1]:3307/pan%20ti?tls=required&ca_file=/a/b.pem&batch_rows=9\
                   &time_zone=Asia/Makassar&connect_timeout=3&socket=/run/s";
        let options = MySqlOptions::from_url(url).unwrap();
        assert_eq!((options.user.as_str(), options.password.reveal()), ("pembaca", Some("p@ss/w:rd")));
        assert_eq!((options.host.as_str(), options.port, options.database.as_str()), ("::1", 3307, "pan ti"));
        assert_eq!((options.tls, options.batch_rows, options.connect_timeout), (Tls::Required, 9, 3));
        assert_eq!(options.time_zone, "Asia/Makassar");
        assert_eq!(options.socket, Some("/run/s".into()));
        let short = MySqlOptions::from_url("mysql://db/panti").unwrap();
        assert_eq!((short.user.as_str(), short.host.as_str()), ("root", "db"));
    }

    #[test]
    fn bad_urls_are_refused_without_repeating_them() {
        for url in [
            "postgres://u:hunter2@h/d",
            "mysql://u:hunter2@h/",
            "mysql://u:hunter2@h:99999/d",
            "mysql://u:hunter2%4@h/d",
            "mysql://u:hunter2@h/d?tls=maybe",
            "mysql://u:hunter2@h/d?hunter2=1",
            "mysql://u:hunter2@h/d?batch_rows=0",
            "mysql://u:hunter2@h/d?time_zone=Mars/Olympus",
            "mysql://u:hunter2@[::1/d",
            "mysql://u:hunter2@h/d?tls=off&skip_verify=true",
        ] {
            let error = MySqlOptions::from_url(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_password_is_neither_shown_nor_written() {
        let options: MySqlOptions = serde_json::from_str(r#"{"password": "hunter2", "database": "panti"}"#).unwrap();
        assert_eq!(options.password.reveal(), Some("hunter2"));
        assert!(!format!("{options:?}").contains("hunter2"));
        assert!(!serde_json::to_string(&options).unwrap().contains("hunter2"));
        assert!(serde_json::from_str::<MySqlOptions>(r#"{"pasword": "x"}"#).is_err());
    }
}
