//! Churn, segments and lifetime value of a million donors, from the analytics file.
#![allow(clippy::disallowed_methods, reason = "benches measure what is outside")]

use dermawan_benches::race::Run;
use dermawan_benches::{race, results, town};
use std::error::Error;
use std::fmt::Write as _;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let file = town::file()?;
    let as_of = town::options()?.as_of.to_string();
    let mut best: Vec<Run> = Vec::new();
    for _ in 0..results::asked("DERMAWAN_BENCH_ROUNDS", 3)?.max(1) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_race-analyses"));
        let run = Run::of("Dermawan", command.arg(&file).arg(&as_of))?;
        race::keep_best(&mut best, vec![run]);
    }
    let run = best.first().ok_or("nothing ran")?;
    let (donors, gifts) = (run.answer["donors"], run.answer["gifts"]);
    let mut body = String::from(
        "| churn, segments and lifetime value | donors | gifts | seconds | peak memory |\n|---|---|---|---|---|\n",
    );
    let (seconds, megabytes) = (run.time.as_secs_f64(), run.peak_memory / 1_000_000);
    writeln!(body, "| Dermawan, the file opened included | {donors} | {gifts} | {seconds:.2} | {megabytes} MB |")?;
    writeln!(body, "| the existing application, churn alone | 20000 | 165000 | 21.9 | |")?;
    body.push_str("\nThe existing application's figure was measured on its own code, on another day.\n");
    results::publish("analyses", "Donor analyses", &body)?;
    Ok(())
}
