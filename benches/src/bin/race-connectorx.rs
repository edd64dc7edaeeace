//! Times the ETL race's peer alone on a database, to know a machine before the race.
//!
//! ```text
//! race-connectorx URL [ROUNDS]
//! ```
#![allow(clippy::disallowed_methods, reason = "benches measure what is outside")]

use dermawan_benches::{peers, race};
use std::error::Error;

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (url, rounds) = match arguments.as_slice() {
        [url] => (url, 1),
        [url, rounds] => (url, rounds.parse()?),
        _ => return Err("usage: race-connectorx URL [ROUNDS]".into()),
    };
    let python = peers::python().ok_or("no Python with benches/peers/requirements.txt; set DERMAWAN_PEERS_PYTHON")?;
    let folder = tempfile::tempdir()?;
    let mut round = 0;
    let mut connectorx = || {
        round += 1;
        peers::connectorx(&python, url, &folder.path().join(format!("{round}.duckdb")))
    };
    let runs = race::race(rounds, &mut [("connectorx 0.4.6 → DuckDB", &mut connectorx)])?;
    println!("{}", race::table(&runs));
    Ok(())
}
