//! The empty data folder, made once and copied for each server, and the certificates for TLS.

use crate::{Brand, Error, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder with an initialised `data` folder; made by the first process that needs it, the others wait.
pub(crate) fn prepare(server: &str, brand: Brand) -> Result<PathBuf> {
    let version = run(Command::new(server).arg("--version"))?;
    let cache = cache_folder()?;
    fs::create_dir_all(&cache).map_err(|e| Error::new("making the cache folder", e))?;
    let folder = cache.join(format!("template-{:016x}", fingerprint(&version)));
    let lock = File::create(cache.join("lock")).map_err(|e| Error::new("opening the template's lock", e))?;
    lock.lock().map_err(|e| Error::new("locking the template", e))?;
    if !folder.exists() {
        // a process that died here leaves an unfinished folder, which is never taken for a finished one
        let unfinished = cache.join("unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir_all(&unfinished).map_err(|e| Error::new("making the template", e))?;
        let data = format!("--datadir={}", unfinished.join("data").display());
        match brand {
            Brand::MariaDb => run(Command::new("mariadb-install-db")
                .args(["--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db"])
                .args(["--innodb-log-file-size=4M", &data]))?,
            Brand::MySql => run(Command::new(server).args([
                "--no-defaults",
                "--user=root",
                "--initialize-insecure",
                "--secure-file-priv=NULL",
                &data,
            ]))?,
        };
        fs::rename(&unfinished, &folder).map_err(|e| Error::new("finishing the template", e))?;
    }
    Ok(folder)
}

/// A cache beside the binaries of this build, so that `cargo clean` removes it.
#[allow(clippy::disallowed_methods, reason = "a test server needs a folder, and nobody passes one")]
fn cache_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().map_err(|e| Error::new("finding the own program", e))?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    Ok(target.map_or_else(std::env::temp_dir, Path::to_path_buf).join("dermawan-testbed"))
}

fn fingerprint(text: &str) -> u64 {
    // FNV-1a; only to tell one server version from the next
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Makes a certificate authority (`ca.pem`) and a server certificate for localhost and 127.0.0.1 in the folder.
pub(crate) fn make_certificates(folder: &Path) -> Result<()> {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    fs::write(
        folder.join("server.ext"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n",
    )
    .map_err(|e| Error::new("writing the certificate's extensions", e))?;
    let openssl = || {
        let mut command = Command::new("openssl");
        command.current_dir(folder);
        command
    };
    run(openssl().args(["req", "-x509", "-days", "2", "-subj", "/CN=Testbed CA"]).args(key).args([
        "-keyout",
        "ca-key.pem",
        "-out",
        "ca.pem",
    ]))?;
    run(openssl().args(["req", "-subj", "/CN=localhost"]).args(key).args([
        "-keyout",
        "server-key.pem",
        "-out",
        "server.csr",
    ]))?;
    let sign = "x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile server.ext \
                -out server.pem";
    run(openssl().args(sign.split(' ')))?;
    Ok(())
}

/// Runs a program to its end; its output, or an error with what it complained about.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| Error::new(&format!("{name} cannot be run (Debian: mariadb-server, openssl)"), e))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::new(&name, String::from_utf8_lossy(&output.stderr)))
}
