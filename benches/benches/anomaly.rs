//! Strange months, found side by side with the peers on the same simulated charities; ten million lines screened.
#![allow(clippy::disallowed_methods, reason = "benches measure what is outside")]

use dermawan::anomaly::{ExpenseOptions, Method, Months, expenses};
use dermawan::sample::{MonthNoise, MonthOptions, SampleMonths};
use dermawan::store::{DuckDbOptions, DuckDbStore};
use dermawan::{Analytics, Settings};
use dermawan_benches::{peers, results};
use jiff::civil::date;
use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Found, odd, false alarms, ordinary.
type Counts = [u64; 4];

/// Seeds that no threshold was chosen on.
const FIRST_SEED: u64 = 1_000_000;

fn main() -> Outcome<()> {
    let charities: u64 = results::asked("DERMAWAN_BENCH_CHARITIES", 400)?;
    let lines: u64 = results::asked("DERMAWAN_BENCH_LINES", 10_000_000)?;
    let mut body = months(charities)?;
    body.push_str(&levels(charities)?);
    body.push_str(&screening(lines)?);
    Ok(results::publish("anomaly", "Anomalies", &body)?)
}

fn every(method: Method) -> ExpenseOptions {
    ExpenseOptions { method, months: Months::Every, ..ExpenseOptions::default() }
}

fn count(samples: &[SampleMonths], options: &ExpenseOptions) -> Outcome<Counts> {
    let mut counts = Counts::default();
    for sample in samples {
        let report = expenses(&sample.rows, date(2026, 1, 1), options)?;
        let found: HashSet<_> = report.anomalies.iter().map(|found| (found.category, found.month)).collect();
        for (row, &odd) in sample.rows.iter().zip(&sample.odd) {
            let found = u64::from(found.contains(&(row.category, row.month)));
            let place = if odd { 0 } else { 2 };
            counts[place] += found;
            counts[place + 1] += 1;
        }
    }
    Ok(counts)
}

fn samples(charities: u64, options: &MonthOptions) -> Vec<SampleMonths> {
    (FIRST_SEED..FIRST_SEED + charities).map(|seed| SampleMonths::new(seed, options)).collect()
}

/// F1 among all months; F1 as it would be were every second month odd; false-positive rate.
fn figures([found, odd, alarms, ordinary]: Counts) -> String {
    let (recall, rate) = (found as f64 / odd as f64, alarms as f64 / ordinary as f64);
    let f1 = 2.0 * found as f64 / (found + alarms + odd) as f64;
    format!("{f1:.2} / {:.2} / {rate:.4}", 2.0 * recall / (1.0 + recall + rate))
}

fn months(charities: u64) -> Outcome<String> {
    let scenarios: Vec<(String, MonthOptions)> = [4, 5, 6, 7, 13, 24, 36]
        .into_iter()
        .map(|months| (format!("{months} months"), MonthOptions { months, ..MonthOptions::default() }))
        .chain([(
            "36 months, trend and season".into(),
            MonthOptions { months: 36, moving: true, ..MonthOptions::default() },
        )])
        .collect();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("months.csv");
    let mut csv = String::from("scenario,charity,category,amount,odd\n");
    let mut ours = Vec::new();
    for (name, options) in &scenarios {
        let samples = samples(charities, options);
        for (charity, sample) in samples.iter().enumerate() {
            for (row, &odd) in sample.rows.iter().zip(&sample.odd) {
                writeln!(csv, "\"{name}\",{charity},{},{},{}", row.category, row.total.to_f64(), u8::from(odd))?;
            }
        }
        let start = Instant::now();
        let counts = count(&samples, &every(Method::Robust))?;
        ours.push((counts, start.elapsed().as_secs_f64() / charities as f64));
    }
    std::fs::write(&file, csv)?;
    let mut theirs: BTreeMap<String, BTreeMap<String, Counts>> = BTreeMap::new();
    if let Some(python) = peers::python() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/anomaly_months.py");
        let output = Command::new(python).arg(script).arg(&file).output()?;
        if output.status.success() {
            theirs = serde_json::from_slice(&output.stdout)?;
        }
    }
    let mut body = format!(
        "Four categories, noise .18 on the logarithm, 8 % anomalies (×1.6–3.5 or ÷1.8–4), {charities} charities a row that \
         nothing was tuned on; every month judged. F1 / F1 at one odd month in two / false-positive rate:\n\n\
         | | Dermawan | existing rule, z > 2 | PyOD's MAD > 3.5 | S-H-ESD | log median, pooled scale > 3 | ms a charity |\n\
         |---|---|---|---|---|---|---|\n"
    );
    for ((name, _), (counts, seconds)) in scenarios.iter().zip(ours) {
        let peer = |who: &str| theirs.get(name).and_then(|by| by.get(who)).map_or("not run".into(), |&c| figures(c));
        writeln!(
            body,
            "| {name} | {} | {} | {} | {} | {} | {:.1} |",
            figures(counts),
            peer("existing"),
            peer("pyod"),
            peer("s_h_esd"),
            peer("log_pooled"),
            1_000.0 * seconds
        )?;
    }
    Ok(body)
}

fn levels(charities: u64) -> Outcome<String> {
    let mut body = String::from(
        "\nFalse alarms on clean histories as a multiple of the stated level:\n\n\
         | noise | level | 4 months | 7 | 10 | 13 | 16 | 24 | 36 |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for shape in [
        MonthNoise::Normal,
        MonthNoise::Skewed,
        MonthNoise::Heavy,
        MonthNoise::Exponential,
        MonthNoise::Laplace,
        MonthNoise::VeryHeavy,
    ] {
        for level in [0.01, 0.05] {
            write!(body, "| {shape:?} | {level} |")?;
            for months in [4, 7, 10, 13, 16, 24, 36] {
                let clean = MonthOptions { months, shape, contamination: 0.0, ..MonthOptions::default() };
                let options =
                    ExpenseOptions { false_alarm: Some(level), smallest_change: 0.0, ..every(Method::Robust) };
                let counts = count(&samples(charities * 8 / months as u64 + 1, &clean), &options)?;
                write!(body, " {:.2} |", counts[2] as f64 / counts[3] as f64 / level)?;
            }
            body.push('\n');
        }
    }
    Ok(body)
}

/// Lines of the cash book made by the engine itself; the analytics file is thrown away afterwards.
fn screening(lines: u64) -> Outcome<String> {
    let folder = tempfile::tempdir()?;
    let options = DuckDbOptions { memory_limit_mb: 2_048, ..DuckDbOptions::default() };
    let store = DuckDbStore::open(folder.path().join("lines.duckdb"), &options)?;
    store.connection()?.execute_batch(&format!(
        "INSERT INTO cash_entries (entry_id, account_id, category_id, direction, amount, date, description, created_at)
         SELECT i + 1, 1, 1 + hash(i) % 40, CASE WHEN hash(i + 7) % 4 = 0 THEN 'income' ELSE 'expense' END,
                (exp(10 + 5 * ((hash(i + 1) % 1000003) / 1000003.0 + (hash(i + 2) % 1000003) / 1000003.0
                 + (hash(i + 3) % 1000003) / 1000003.0) / 1.5))::DECIMAL(15, 2),
                DATE '2019-01-01' + (i * 2500 // {lines})::INTEGER, 'Pembayaran ' || i,
                TIMESTAMP '2019-01-01 03:00:00' + INTERVAL 1 DAY * (i * 2500 // {lines})
         FROM range({lines}) t(i)"
    ))?;
    let analytics = Analytics::new(store, Settings::default())?;
    let start = Instant::now();
    let screening = analytics.screen(date(2026, 1, 1))?;
    let seconds = start.elapsed().as_secs_f64();
    let peak = dermawan_benches::measure::since(start).peak_memory / 1_000_000;
    Ok(format!(
        "\n{lines} lines of the cash book screened from DuckDB in {seconds:.2} s ({} expenses tested, {} findings, peak \
         memory {peak} MB).\n",
        screening.tested,
        screening.counts.values().sum::<usize>()
    ))
}
