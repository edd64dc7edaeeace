//! The back door for the command line of the same user: the analytics file has one process, so while the server holds
//! it, `analyse`, `doctor` and `etl` ask the server.
//!
//! Beside the analytics file lies `<file>.server`, readable by its owner only, with the address and a token that is made
//! anew at each start. Who can read it can read the analytics file, too.

use dermawan::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A full load of a large charity takes minutes.
const PATIENCE: Duration = Duration::from_hours(1);

#[derive(Serialize, Deserialize)]
struct Note {
    address: SocketAddr,
    token: String,
}

fn beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".server");
    name.into()
}

/// The note, which is taken away when this is dropped.
pub(super) struct Door(PathBuf);

impl Door {
    /// Leaves the note and returns its token.
    pub(super) fn open(store: &Path, listen: SocketAddr) -> Result<(Self, String)> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::new(ErrorKind::Io, "the system gives no random numbers"))?;
        let token = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let ip = match listen.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let note = Note { address: SocketAddr::new(ip, listen.port()), token };
        let path = beside(store);
        let unwritten = |cause: std::io::Error| {
            Error::new(ErrorKind::Io, "the note for the command line cannot be written")
                .context("file", path.display())
                .caused_by(cause)
        };
        // A killed server leaves its note, perhaps with other rights than ours.
        let _ = std::fs::remove_file(&path);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let text = serde_json::to_vec(&note).unwrap_or_default();
        options.open(&path).and_then(|mut file| file.write_all(&text)).map_err(unwritten)?;
        Ok((Self(path), note.token))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// An error as a route gives it.
#[derive(Deserialize)]
struct Trouble {
    message: String,
    hint: Option<String>,
}

/// Asks the server that holds the analytics file. `None` when no server left its note, or it is not there any more.
pub(crate) fn ask(store: &Path, method: &'static str, path: &str) -> Option<Result<String>> {
    let note: Note = serde_json::from_slice(&std::fs::read(beside(store)).ok()?).ok()?;
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build().into();
    let address = format!("http://{}{path}", note.address);
    let bearer = format!("Bearer {}", note.token);
    let answer = match method {
        "POST" => agent.post(&address).header("Authorization", &bearer).send_empty(),
        _ => agent.get(&address).header("Authorization", &bearer).call(),
    };
    let mut answer = answer.ok()?;
    let status = answer.status();
    let Ok(text) = answer.body_mut().with_config().limit(u64::MAX).read_to_string() else {
        return Some(Err(Error::new(ErrorKind::Io, "the server's answer broke off").hint("ask again")));
    };
    if status.is_success() {
        return Some(Ok(text));
    }
    let Ok(trouble) = serde_json::from_str::<Trouble>(&text) else {
        return Some(Err(Error::new(ErrorKind::Io, format!("the server answered with status {}", status.as_u16()))));
    };
    let hint = trouble.hint.unwrap_or_default();
    let message =
        trouble.message.strip_suffix(&hint).and_then(|text| text.strip_suffix("; ")).unwrap_or(&trouble.message);
    let error = Error::new(ErrorKind::InvalidInput, format!("the server that holds the file says: {message}"));
    Some(Err(if hint.is_empty() { error } else { error.hint(hint) }))
}
