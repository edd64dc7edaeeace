//! Where results go, and what sizes are asked for.

use std::fmt::Write as _;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::str::FromStr;

/// The number in the environment variable `name`, or `default` without one.
///
/// # Errors
///
/// When the variable holds something else.
#[expect(clippy::disallowed_methods, reason = "a bench reads its environment")]
pub fn asked<T: FromStr>(name: &str, default: T) -> Result<T> {
    match std::env::var(name) {
        Ok(text) => text.replace('_', "").parse().map_err(|_| Error::other(format!("{name} is not a number: {text}"))),
        Err(_) => Ok(default),
    }
}

/// The folder that keeps made-up data from one bench to the next: `~/.cache/dermawan/bench`, or what
/// `DERMAWAN_BENCH_CACHE` names. It is made when it is not there.
///
/// # Errors
///
/// When neither is known, or the folder cannot be made.
#[expect(clippy::disallowed_methods, reason = "a bench reads its environment and keeps files")]
pub fn cache() -> Result<PathBuf> {
    let named = std::env::var("DERMAWAN_BENCH_CACHE").ok().map(PathBuf::from);
    let usual = std::env::var("HOME").ok().map(|home| PathBuf::from(home).join(".cache/dermawan/bench"));
    let folder = named.or(usual).ok_or_else(|| Error::other("neither HOME nor DERMAWAN_BENCH_CACHE is set"))?;
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Prints a bench's Markdown and writes it to `bench-results/<name>.md`, below a line about the machine.
///
/// # Errors
///
/// When the file cannot be written.
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench's answer")]
pub fn publish(name: &str, title: &str, body: &str) -> Result<()> {
    let mut text = format!("### {title}\n\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}\n\n{}", machine(), body.trim_end());
    println!("\n{text}");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../bench-results");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{name}.md")), text)
}

/// Processors, and how busy they were: a load average well above the bench's own two or so says that the figures are
/// noisy, and that only ratios count.
#[expect(clippy::disallowed_methods, reason = "a bench describes its machine")]
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let load = load.as_deref().and_then(|text| text.split(' ').next()).unwrap_or("unknown");
    format!("{cores} cores, load average {load} at the end.")
}
