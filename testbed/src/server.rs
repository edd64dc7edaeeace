//! Starting, asking and stopping a server.

use crate::brand::{Brand, find_server};
use crate::template::{copy_folder, make_certificates, prepare};
use crate::{Error, Result, Schema};
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Runs the server until it ends by itself or the pipe on standard input is closed, whichever comes first; in the second
/// case it removes the folder, which is the first argument. It ends with the server, so that a failed start is noticed at
/// once.
const WATCH: &str = r#"
folder=$1; shift
exec 3<&0
"$@" </dev/null >"$folder/log" 2>&1 3<&- &
server=$!
{ cat >/dev/null; kill -9 $server; } <&3 >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait $server
[ $? -eq 137 ] && rm -rf "$folder"
"#;

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// InnoDB's buffer pool in MiB (default 64; a bench over a million rows wants 512).
    pub buffer_pool_mib: u32,
    /// Offer TLS with a certificate that [`MariaDb::ca_file`] has signed (default no; takes openssl and some time).
    pub tls: bool,
    /// Further arguments of the server, such as `--lower-case-table-names=1`.
    pub arguments: Vec<String>,
    /// How long to wait until it answers (default 60 s, for machines that do much else).
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { buffer_pool_mib: 64, tls: false, arguments: Vec::new(), patience: Duration::from_mins(1) }
    }
}

/// A running server: MariaDB, or MySQL where [`Brand`] says so.
pub struct MariaDb {
    brand: Brand,
    root: Mutex<Conn>,
    port: u16,
    pipe: Option<ChildStdin>,
    process: Child,
    folder: TempDir,
}

impl MariaDb {
    /// Starts a server with the default [`Options`].
    ///
    /// # Errors
    /// When it is not installed or does not come up; the error holds the end of its log.
    pub fn start() -> Result<Self> {
        Self::start_with(&Options::default())
    }

    /// Starts a server. Its own time zone is `+07:00`, so that a client that forgets to set one is found out.
    ///
    /// # Errors
    /// When it is not installed or does not come up; the error holds the end of its log.
    pub fn start_with(options: &Options) -> Result<Self> {
        let (binary, brand) = find_server();
        let template = prepare(&binary, brand)?;
        let folder = tempfile::Builder::new()
            .prefix("dermawan-db-")
            .tempdir()
            .map_err(|e| Error::new("making a temporary folder", e))?;
        let data = folder.path().join("data");
        copy_folder(&template.join("data"), &data).map_err(|e| Error::new("copying the template", e))?;
        if options.tls {
            make_certificates(folder.path())?;
        }
        // Another process can take the port between this look and the server's own bind; then another is tried.
        let mut failure = None;
        for _ in 0..3 {
            let port = free_port()?;
            match launch((&binary, brand), folder.path(), port, options) {
                Ok((process, pipe, root)) => {
                    return Ok(Self { brand, root: Mutex::new(root), port, pipe: Some(pipe), process, folder });
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| Error::new("starting the server", "no attempt was made")))
    }

    /// Whose server it is.
    pub fn brand(&self) -> Brand {
        self.brand
    }

    /// The server that the tests of one process share; started by the first caller.
    ///
    /// # Errors
    /// As [`MariaDb::start`].
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<MariaDb>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(|error| Error::new("the shared server", error))
    }

    /// The unix socket.
    pub fn socket(&self) -> PathBuf {
        socket_in(self.folder.path())
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that signed the server's, when started with TLS.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A URL over TCP. The password is written in percent-encoding.
    pub fn url(&self, database: &str, user: &str, password: &str) -> String {
        let encode = |text: &str| -> String {
            text.bytes()
                .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
                .collect()
        };
        format!("mysql://{}:{}@127.0.0.1:{}/{}", encode(user), encode(password), self.port, encode(database))
    }

    /// A new connection of root over the unix socket, for statements that need a session of their own.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn connection(&self, database: Option<&str>) -> Result<Conn> {
        let mut connection = connect(self.folder.path()).map_err(|e| Error::new("connecting", e))?;
        if let Some(database) = database {
            connection.query_drop(format!("USE `{database}`")).map_err(|e| Error::new("choosing the database", e))?;
        }
        Ok(connection)
    }

    /// Runs one statement as root, and throws away its rows.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn execute(&self, sql: &str) -> Result<()> {
        self.root().query_drop(sql).map_err(|e| Error::new("executing", e))
    }

    /// Runs statements in order, in one session.
    ///
    /// # Errors
    /// At the first one that the server refuses.
    pub fn execute_script<'a>(&self, statements: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let mut root = self.root();
        for sql in statements {
            root.query_drop(sql).map_err(|e| Error::new("executing", e))?;
        }
        Ok(())
    }

    /// The first column of the first row of a query, as text.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn value(&self, sql: &str) -> Result<Option<String>> {
        self.root().query_first(sql).map_err(|e| Error::new("asking", e))
    }

    /// Creates an empty database, in place of one of that name.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_database(&self, name: &str) -> Result<()> {
        let (drop, create) =
            (format!("DROP DATABASE IF EXISTS `{name}`"), format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4"));
        self.execute_script([drop.as_str(), create.as_str()])
    }

    /// Creates the operational tables in a database.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_schema(&self, database: &str, schema: Schema) -> Result<()> {
        let mut connection = self.connection(Some(database))?;
        for statement in schema.statements() {
            connection.query_drop(statement).map_err(|e| Error::new("creating the schema", e))?;
        }
        Ok(())
    }

    /// Creates a user who may log in from this machine and has the rights given, such as `SELECT ON panti.*`.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_user(&self, user: &str, password: &str, rights: &[&str]) -> Result<()> {
        for host in ["localhost", "127.0.0.1"] {
            let who = format!("'{user}'@'{host}'");
            self.execute(&format!("DROP USER IF EXISTS {who}"))?;
            self.execute(&format!("CREATE USER {who} IDENTIFIED BY '{}'", password.replace('\'', "''")))?;
            for right in rights {
                self.execute(&format!("GRANT {right} TO {who}"))?;
            }
        }
        Ok(())
    }

    /// How many statements clients have sent since the start.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn query_count(&self) -> Result<u64> {
        let row: Option<(String, u64)> =
            self.root().query_first("SHOW GLOBAL STATUS LIKE 'Questions'").map_err(|e| Error::new("counting", e))?;
        row.map(|(_, count)| count).ok_or_else(|| Error::new("counting", "no such counter"))
    }

    fn root(&self) -> MutexGuard<'_, Conn> {
        self.root.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // the end of the pipe is the watcher's sign; the data is thrown away, so nothing needs an orderly shutdown
        drop(self.pipe.take());
        let _ = self.process.wait();
    }
}

fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|e| Error::new("finding a free port", e))
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join("s")
}

fn connect(folder: &Path) -> mysql::Result<Conn> {
    Conn::new(OptsBuilder::new().socket(Some(socket_in(folder).to_string_lossy())).user(Some("root")))
}

#[allow(clippy::disallowed_methods, reason = "patience is measured")]
fn launch(
    (binary, brand): (&str, Brand),
    folder: &Path,
    port: u16,
    options: &Options,
) -> Result<(Child, ChildStdin, Conn)> {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut command = Command::new("sh");
    command.args(["-c", WATCH, "watch"]).arg(folder).arg(binary);
    command.args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--skip-name-resolve"]);
    command.args(["--default-time-zone=+07:00", "--character-set-server=utf8mb4", "--max-connections=500"]);
    // speed over durability: the folder does not outlive the process
    command.args(["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--skip-log-bin"]);
    command.args(["--innodb-doublewrite=0", "--performance-schema=OFF", "--innodb-buffer-pool-load-at-startup=OFF"]);
    command.args(["--innodb-buffer-pool-dump-at-shutdown=OFF", "--innodb-fast-shutdown=2", "--key-buffer-size=1M"]);
    command.args(brand.arguments(options.buffer_pool_mib >= 256, options.tls));
    command.arg(format!("--innodb-buffer-pool-size={}M", options.buffer_pool_mib));
    command.arg(format!("--port={port}")).arg(format!("--datadir={}", path("data")));
    command.arg(format!("--socket={}", path("s"))).arg(format!("--pid-file={}", path("pid")));
    command.arg(format!("--tmpdir={}", folder.display()));
    if options.tls {
        command.arg(format!("--ssl-ca={}", path("ca.pem"))).arg(format!("--ssl-cert={}", path("server.pem")));
        command.arg(format!("--ssl-key={}", path("server-key.pem")));
    }
    command.args(&options.arguments);
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| Error::new("starting the server", e))?;
    let Some(pipe) = process.stdin.take() else {
        return Err(Error::new("starting the server", "no pipe to its watcher"));
    };
    let begin = Instant::now();
    let failure = loop {
        match connect(folder) {
            Ok(mut root) => {
                // without name resolution a TCP client is 127.0.0.1 and not localhost
                for sql in [
                    "CREATE USER IF NOT EXISTS root@'127.0.0.1'",
                    "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION",
                ] {
                    root.query_drop(sql).map_err(|e| Error::new("preparing the server", e))?;
                }
                return Ok((process, pipe, root));
            }
            Err(error) if begin.elapsed() > options.patience => break error.to_string(),
            Err(_) => {}
        }
        if let Ok(Some(status)) = process.try_wait() {
            break format!("it ended with {status}");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    drop(pipe);
    let _ = process.wait();
    let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    let tail: Vec<&str> = log.lines().rev().take(12).collect();
    Err(Error::new(
        "starting the server",
        format!("{failure}\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n")),
    ))
}
