//! A large analytics file, made once and kept: what the benches of analyses and replies read.

use crate::results::{asked, cache};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::{DuckDbOptions, DuckDbStore};
use dermawan::{Analytics, Rupiah, Settings, Table, etl};
use std::error::Error;
use std::path::PathBuf;

/// Counted up when the rows of the same [`SampleOptions`] become others, so that kept files are made anew.
const MADE_BY: u32 = 1;

/// The sample: a million donors who gave eight million gifts together, unless `DERMAWAN_BENCH_DONORS` says otherwise.
///
/// # Errors
///
/// When the variable holds something else than a number.
pub fn options() -> std::io::Result<SampleOptions> {
    Ok(sized(asked("DERMAWAN_BENCH_DONORS", 1_000_000)?))
}

/// A sample with so many donors who gave eight gifts each, on average.
pub fn sized(givers: u64) -> SampleOptions {
    // 16 of 100 donors of a sample never gave; 7 of 100 donations come from charity boxes and 3 were never paid.
    let (donors, donations) = (givers * 120 / 100, givers * 890 / 100);
    SampleOptions { donors, contacts: (donors / 2).max(1), ..SampleOptions::bench(donations) }
}

/// The analytics file of [`options`], loaded through the library itself when it is not there yet (about a minute for
/// a million donors).
///
/// # Errors
///
/// When it cannot be made, or is not what it should be.
pub fn file() -> Result<PathBuf, Box<dyn Error>> {
    file_of(options()?)
}

/// The analytics file of a sample.
///
/// # Errors
///
/// As [`file`].
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a bench keeps files and says why it takes long")]
pub fn file_of(options: SampleOptions) -> Result<PathBuf, Box<dyn Error>> {
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("town-{version}-{MADE_BY}-{}-{}", options.donors, options.donations);
    let path = cache()?.join(format!("{name}.duckdb"));
    if path.exists() {
        return Ok(path);
    }
    eprintln!("making {} (once)", path.display());
    let unfinished = cache()?.join(format!("{name}.part"));
    let _ = std::fs::remove_file(&unfinished);
    let as_of = options.as_of;
    let wanted = options.donations;
    let memory = DuckDbOptions { memory_limit_mb: 512, ..DuckDbOptions::default() };
    let analytics = Analytics::new(DuckDbStore::open(&unfinished, &memory)?, Settings::default())?;
    // What a million donors gave lies in few accounts; the usual bound of an amount is an orphanage's.
    let rules = etl::Options { max_amount: Rupiah::new(1_000_000_000_000_000), ..etl::Options::default() };
    let report = analytics.load_with(&mut SampleSource::new(Sample::new(options)?), &rules, as_of, &mut |_| Ok(()))?;
    drop(analytics);
    let loaded = report.tables.iter().find(|table| table.table == Table::Donations).map(|table| table.census.facts);
    if loaded != Some(wanted) || report.rejected() > 0 {
        return Err(format!("the sample did not load whole:\n{report}").into());
    }
    std::fs::rename(&unfinished, &path)?;
    Ok(path)
}
