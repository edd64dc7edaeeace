//! Whose server is started.

use std::path::Path;

/// Names a `mysqld` of MySQL (8.0 or later) that is started in place of MariaDB.
pub const MYSQLD: &str = "DERMAWAN_MYSQLD";

/// Whose server it is: they are started otherwise, and a few things can be asked of one of them only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brand {
    /// MariaDB, the default.
    MariaDb,
    /// MySQL, where [`MYSQLD`] names its program.
    MySql,
}

impl Brand {
    /// The arguments that the other brand does not know.
    pub(crate) fn arguments(self, large: bool, tls: bool) -> Vec<String> {
        let log = if large { 256 } else { 16 };
        match self {
            Self::MariaDb => vec![format!("--innodb-log-file-size={log}M")],
            // It makes certificates of its own unless it is told to do without.
            Self::MySql if !tls => [Self::MySql.arguments(large, true), vec!["--tls-version=".to_owned()]].concat(),
            Self::MySql => vec![
                format!("--innodb-redo-log-capacity={log}M"),
                "--mysqlx=OFF".to_owned(),
                // The folder of the installation need not be there.
                "--secure-file-priv=NULL".to_owned(),
            ],
        }
    }
}

/// The program, and whose it is.
#[allow(clippy::disallowed_methods, reason = "which server is tested is a matter of the environment")]
pub(crate) fn find_server() -> (String, Brand) {
    if let Some(mysqld) = std::env::var(MYSQLD).ok().filter(|path| !path.is_empty()) {
        return (mysqld, Brand::MySql);
    }
    let there = ["/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd", "/usr/sbin/mysqld"];
    let found = there.into_iter().find(|path| Path::new(path).exists()).unwrap_or("mariadbd");
    (found.to_owned(), Brand::MariaDb)
}
