//! MariaDB → DuckDB over the whole schema: Dermawan against connectorx, the first load, then loads after changes.
#![allow(clippy::disallowed_methods, reason = "a bench makes files and removes them")]

use dermawan::Table;
use dermawan::sample::{SESSION, Sample, SampleOptions};
use dermawan_benches::race::{self, Run};
use dermawan_benches::{peers, results};
use dermawan_testbed::{MariaDb, Options, Schema};
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const DATABASE: &str = "panti";

/// Rows that change between two loads.
const CHANGES: u64 = 1_000;

/// After so long the server's stamps of the last change are believed.
const SETTLED: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let donations: u64 = results::asked("DERMAWAN_BENCH_DONATIONS", 1_000_000)?;
    let rounds: usize = results::asked("DERMAWAN_BENCH_ROUNDS", 3)?;
    let sample = Sample::new(SampleOptions::bench(donations))?;
    let options = Options { buffer_pool_mib: 1_024, patience: Duration::from_mins(3), ..Options::default() };
    let server = MariaDb::start_with(&options)?;
    let folder = tempfile::tempdir()?;
    fill(&server, &sample, folder.path())?;
    let url = server.url(DATABASE, "root", "");
    let load = |file: &Path| ours(&url, file, &sample);

    let mut body = first_load(&url, rounds, folder.path(), &load)?;
    body.push_str(&next_loads(&server, rounds, folder.path(), &sample, &load)?);
    results::publish("etl", &format!("MariaDB → DuckDB, whole schema, {donations} donations"), &body)?;
    Ok(())
}

/// Dermawan as a contestant.
fn ours(url: &str, file: &Path, sample: &Sample) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_race-dermawan"));
    command.arg(url).arg(file).arg(sample.options().as_of.to_string());
    command
}

/// Puts the sample into the server.
fn fill(server: &MariaDb, sample: &Sample, folder: &Path) -> Result<(), Box<dyn Error>> {
    server.create_database(DATABASE)?;
    server.create_schema(DATABASE, Schema::Current)?;
    for table in Table::ALL {
        let file = folder.join("rows.tsv");
        sample.write_tsv(table, File::create(&file)?)?;
        let path = file.to_str().ok_or("the folder's name is not UTF-8")?;
        let usual = format!("USE {DATABASE}");
        let read = Sample::load_data(table, path, false);
        server.execute_script(std::iter::once(usual.as_str()).chain(SESSION).chain([read.as_str()]))?;
        std::fs::remove_file(file)?;
    }
    Ok(())
}

/// The name of a file that is not there: what an earlier round left is removed, so that the disk does not fill.
fn fresh(folder: &Path, name: &str) -> PathBuf {
    for ending in ["", ".lock", ".wal"] {
        let _ = std::fs::remove_file(folder.join(format!("{name}{ending}")));
    }
    folder.join(name)
}

/// The race of the first load: each contestant makes a new file every round.
fn first_load(
    url: &str,
    rounds: usize,
    folder: &Path,
    load: &dyn Fn(&Path) -> Command,
) -> Result<String, Box<dyn Error>> {
    let mut ours = || load(&fresh(folder, "ours.duckdb"));
    let Some(python) = peers::python() else {
        let runs = race::race(rounds, &mut [("Dermawan", &mut ours)])?;
        return Ok(format!("{}\nWithout connectorx: `make setup-peers` installs it.\n", race::table(&runs)));
    };
    let mut connectorx = || peers::connectorx(&python, url, &fresh(folder, "theirs.duckdb"));
    let runs = race::race(
        rounds,
        &mut [("Dermawan", &mut ours), ("connectorx 0.4.6 → DuckDB 1.5.6, copies only", &mut connectorx)],
    )?;
    Ok(race::table(&runs))
}

/// Loads again into one file: after changes, and after none.
fn next_loads(
    server: &MariaDb,
    rounds: usize,
    folder: &Path,
    sample: &Sample,
    load: &dyn Fn(&Path) -> Command,
) -> Result<String, Box<dyn Error>> {
    let mut best: Vec<Run> = Vec::new();
    for round in 0..rounds.max(1) {
        let file = fresh(folder, "again.duckdb");
        let first = Run::of("first load", &mut load(&file))?;
        let changes = sample.changes(u32::try_from(round)?, CHANGES);
        let usual = format!("USE {DATABASE}");
        let statements = changes.statements.iter().map(String::as_str);
        server.execute_script(std::iter::once(usual.as_str()).chain(SESSION).chain(statements))?;
        let changed = Run::of("1,000 rows changed", &mut load(&file))?;
        // The server's stamps are of the last seconds, which is no proof that nothing follows.
        let at_once = Run::of("nothing changed, a moment later", &mut load(&file))?;
        std::thread::sleep(SETTLED);
        Run::of("the load that believes the stamps", &mut load(&file))?;
        let unchanged = Run::of("nothing changed", &mut load(&file))?;
        // What a load after changes leaves must be what a first load would find.
        let anew = fresh(folder, "anew.duckdb");
        race::agree(&[
            changed.clone(),
            at_once.clone(),
            unchanged.clone(),
            Run::of("a first load", &mut load(&anew))?,
        ])?;
        race::keep_best(&mut best, vec![first, changed, at_once, unchanged]);
    }
    let mut text =
        String::from("\n| Dermawan, the same file | seconds | of the first load | peak memory |\n|---|---|---|---|\n");
    let first = best.first().map_or(1.0, |run| run.time.as_secs_f64());
    for run in &best {
        let (seconds, megabytes) = (run.time.as_secs_f64(), run.peak_memory / 1_000_000);
        writeln!(text, "| {} | {seconds:.2} | 1/{:.1} | {megabytes} MB |", run.name, first / seconds.max(1e-9))?;
    }
    Ok(text)
}
