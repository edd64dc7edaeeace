//! The server's errors as the library's, by their codes.

use crate::error::{Error, ErrorKind};
use mysql::DriverError;

/// What was going on when an error came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Connecting,
    Asking,
    Reading,
}

/// The library's error for one of the server or the driver. The server's own text can hold values of rows or the
/// user's name, so only its code is kept.
pub(super) fn error(cause: mysql::Error, phase: Phase) -> Error {
    match cause {
        mysql::Error::MySqlError(refusal) => {
            of_code(refusal.code).context("code", refusal.code).context("state", refusal.state)
        }
        mysql::Error::DriverError(DriverError::TlsNotSupported) => {
            Error::new(ErrorKind::SourceUnavailable, "the server does not offer an encrypted connection")
                .hint("set up TLS on the server, or set tls = \"preferred\"")
        }
        mysql::Error::DriverError(
            DriverError::UnknownAuthPlugin(_)
            | DriverError::OldMysqlPasswordDisabled
            | DriverError::CleartextPluginDisabled,
        ) => Error::new(ErrorKind::AccessDenied, "the server wants a way of logging in that is not supported")
            .hint("let the user log in with mysql_native_password, caching_sha2_password or ed25519"),
        mysql::Error::TlsError(cause) => untrusted(cause),
        // the handshake is made at the first byte, so that its errors come as errors of writing or reading
        cause if is_handshake(&cause) => untrusted(cause),
        mysql::Error::FromValueError(_) | mysql::Error::FromRowError(_) => {
            Error::new(ErrorKind::SourceData, "the server's answer is not of the expected form")
        }
        other if phase == Phase::Connecting => {
            Error::new(ErrorKind::SourceUnavailable, "the database server cannot be reached")
                .hint("check host, port or socket, that the server runs, and that no firewall is between")
                .caused_by(other)
        }
        other => {
            Error::new(ErrorKind::ConnectionLost, "the connection to the database broke").hint(LOST).caused_by(other)
        }
    }
}

fn is_handshake(cause: &mysql::Error) -> bool {
    let io = match cause {
        mysql::Error::IoError(io) => Some(io),
        mysql::Error::CodecError(codec) => std::error::Error::source(codec).and_then(|io| io.downcast_ref()),
        _ => None,
    };
    io.and_then(std::io::Error::get_ref).is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

fn untrusted(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::SourceUnavailable, "the encrypted connection could not be made")
        .hint("check ca_file, and that the certificate is for this host name")
        .caused_by(cause)
}

const LOST: &str = "nothing was changed; run it again";

fn of_code(code: u16) -> Error {
    match code {
        // ACCESS_DENIED, its variants for a host, a locked account, an expired or missing password, a socket login
        1045 | 1130 | 1251 | 1524 | 1698 | 1820 | 1862 | 3118 | 3955 | 4151 => {
            Error::new(ErrorKind::AccessDenied, "the database refused the user or the password")
                .hint("check user and password, and from which hosts the user may log in")
        }
        1044 => Error::new(ErrorKind::AccessDenied, "the user has no right to the database")
            .hint("as administrator run GRANT SELECT on the database's tables TO the user"),
        // on a table, a column, a routine or a global right
        1142 | 1143 | 1227 | 1370 => Error::new(ErrorKind::AccessDenied, "the user lacks a right")
            .hint("as administrator run GRANT SELECT on the database's tables TO the user"),
        1356 => Error::new(ErrorKind::AccessDenied, "a view refers to tables that are not there or not allowed")
            .hint("check the view's definition and its definer's rights"),
        1049 => {
            Error::new(ErrorKind::Configuration, "the server has no such database").hint("check the database's name")
        }
        1051 | 1146 => Error::new(ErrorKind::MissingTable, "a table is gone").hint("check the mapping"),
        1054 => Error::new(ErrorKind::MissingColumn, "a column is gone").hint("check the mapping"),
        // too many connections, of all or of the user; the server is shutting down
        1040 | 1203 | 1226 => Error::new(ErrorKind::SourceUnavailable, "the server has no connection to spare")
            .hint("try again later, or raise max_connections"),
        // shutdown, interrupted, time limits, killed, idle too long
        1053 | 1152..=1161 | 1317 | 1927 | 1969 | 3024 | 4031 => {
            Error::new(ErrorKind::ConnectionLost, "the server ended the connection or the query").hint(LOST)
        }
        // the table was altered after the snapshot began
        1412 => Error::new(ErrorKind::ConnectionLost, "a table's definition changed while it was read").hint(LOST),
        _ => Error::new(ErrorKind::SourceData, "the database refused a query"),
    }
}
