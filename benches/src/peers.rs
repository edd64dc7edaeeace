//! The other contestants: the same work in other libraries, as commands to run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python that has `peers/requirements.txt` installed: the environment variable `DERMAWAN_PEERS_PYTHON`, else the
/// one of the virtual environment `~/.cache/dermawan/venv-peers`; `None` when neither is there.
#[expect(clippy::disallowed_methods, reason = "a bench reads its environment")]
pub fn python() -> Option<PathBuf> {
    let named = std::env::var("DERMAWAN_PEERS_PYTHON").ok().map(PathBuf::from);
    let usual = std::env::var("HOME").ok().map(|home| Path::new(&home).join(".cache/dermawan/venv-peers/bin/python"));
    named.or(usual).filter(|path| path.exists())
}

/// connectorx reads the database at `url` (`mysql://user:password@host:port/database`), DuckDB makes tables of it in
/// `file`, which must not exist.
pub fn connectorx(python: &Path, url: &str, file: &Path) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/etl_connectorx.py");
    let mut command = Command::new(python);
    command.arg(script).arg(url).arg(file);
    command
}

/// lifetimes fits and predicts: `files` are those of CDNOW, of the donors of 1995, and of a million donors.
pub fn lifetimes(python: &Path, files: [&Path; 3], rounds: usize) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/churn_lifetimes.py");
    let mut command = Command::new(python);
    command.arg(script).args(files).arg(rounds.to_string());
    command
}

/// statsforecast fits and forecasts the series of a file, `most` of them at most.
pub fn statsforecast(python: &Path, series: &Path, most: usize) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/forecast_m3.py");
    let mut command = Command::new(python);
    command.arg(script).arg(series).arg(most.to_string()).env("OMP_NUM_THREADS", "1");
    command
}
