//! Models of repeat giving: speed against lifetimes, from the file, and calibration of small charities whose truth is known.
//!
//! lifetimes and this library must agree on every parameter before their times are compared.
#![allow(clippy::disallowed_methods, reason = "benches measure what is outside")]

use dermawan::churn::{Ahead, Estimate, FitOptions, Fitted, Model, Repeat, evaluate, fit, simulate};
use dermawan::store::{DuckDbOptions, DuckDbStore, Store};
use dermawan_benches::{measure, peers, results, town};
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One task: what it is called, our best time, and the answer that a peer must give too.
struct Task {
    name: &'static str,
    seconds: f64,
    answer: Vec<f64>,
}

fn main() -> Result<()> {
    let rounds = results::asked("DERMAWAN_BENCH_ROUNDS", 3)?.max(1);
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/testdata/churn");
    let (cdnow, donations) = (data.join("cdnow_cbs_2357.csv"), data.join("donations_1995_cohort.csv"));
    let (million, file) = million()?;
    let mut body = race(rounds, &cdnow, &donations, &file, &million)?;
    body.push_str(&from_file(rounds)?);
    body.push_str(&calibration(results::asked("DERMAWAN_BENCH_DRAWS", 200)?)?);
    results::publish("churn", "Models of repeat giving", &body)?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Vec<f64>>> {
    let text = std::fs::read_to_string(path)?;
    let row = |line: &str| line.split(',').map(str::parse).collect::<std::result::Result<Vec<f64>, _>>();
    Ok(text.lines().skip(1).map(row).collect::<std::result::Result<_, _>>()?)
}

fn repeat(rows: &[Vec<f64>]) -> Repeat {
    let column = |i: usize| rows.iter().map(|row| row[i]).collect();
    Repeat { frequency: column(0), recency: column(1), age: column(2) }
}

/// A million donors in whole weeks, and the file that the peer reads them from.
fn million() -> Result<(Repeat, PathBuf)> {
    let mut drawn = simulate(Model::BgNbd, [0.8, 9.0, 0.8, 2.5], 1_000_000, (1.0, 300.0), 1.0, 7).repeat;
    for row in 0..drawn.len() {
        drawn.age[row] = drawn.age[row].ceil();
        drawn.recency[row] = drawn.recency[row].ceil().min(drawn.age[row]);
    }
    let mut text = String::from("x,t_x,t\n");
    for row in 0..drawn.len() {
        writeln!(text, "{},{},{}", drawn.frequency[row], drawn.recency[row], drawn.age[row])?;
    }
    let path = results::cache()?.join("churn-million.csv");
    std::fs::write(&path, text)?;
    Ok((drawn, path))
}

fn timed<T>(rounds: usize, mut work: impl FnMut() -> Result<T>) -> Result<(f64, T)> {
    let mut best = f64::INFINITY;
    let mut result = None;
    for _ in 0..rounds {
        let start = Instant::now();
        result = Some(work()?);
        best = best.min(start.elapsed().as_secs_f64());
    }
    result.map(|result| (best, result)).ok_or_else(|| "no round".into())
}

fn race(rounds: usize, cdnow: &Path, donations: &Path, file: &Path, million: &Repeat) -> Result<String> {
    let weeks = repeat(&read(cdnow)?);
    let mut cohort = Repeat::default();
    for row in read(donations)? {
        for _ in 0..row[3] as u32 {
            cohort.frequency.push(row[0]);
            cohort.recency.push(row[1]);
            cohort.age.push(row[2]);
        }
    }
    let ml = |model| FitOptions { model, estimate: Estimate::Ml, ..FitOptions::default() };
    let mut tasks = Vec::new();
    let mut large: Option<Fitted> = None;
    for (name, model, data, rounds) in [
        ("fit BG/NBD", Model::BgNbd, &weeks, 5 * rounds),
        ("fit MBG/NBD", Model::MbgNbd, &weeks, 5 * rounds),
        ("fit Pareto/NBD", Model::ParetoNbd, &weeks, 5 * rounds),
        ("fit BG/BB", Model::BgBb, &cohort, 5 * rounds),
        ("fit BG/NBD, 1,000,000 donors", Model::BgNbd, million, rounds),
    ] {
        let (seconds, fitted) = timed(rounds, || Ok(fit(data, &ml(model))?))?;
        tasks.push(Task { name, seconds, answer: fitted.parameters.to_vec() });
        large = Some(fitted);
    }
    let large = large.ok_or("nothing was fitted")?;
    let (seconds, grouped) = timed(rounds, || Ok(million.group(false)?))?;
    let distinct = grouped.distinct();
    let (active, chances) = timed(5 * rounds, || Ok(large.p_no_gift_of(&grouped, 52.0)?))?;
    let sum: f64 = chances.iter().map(|p| 1.0 - p).sum();
    tasks.push(Task { name: "P(active), 1,000,000 donors", seconds: active, answer: vec![sum] });

    let mut body = String::from("| | Dermawan, s | lifetimes 0.11.3, s | ratio |\n|---|---|---|---|\n");
    let Some(python) = peers::python() else {
        return Err("no Python with the peers: run it through make bench".into());
    };
    let (text, _) = measure::run(&mut peers::lifetimes(&python, [cdnow, donations, file], rounds))?;
    let said: Vec<Value> = text
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()?;
    for Task { name, seconds, answer } in &tasks {
        let other =
            said.iter().find(|value| value["task"] == *name).ok_or_else(|| format!("lifetimes did not do: {name}"))?;
        let theirs = other["seconds"].as_f64().ok_or("no time")?;
        for (ours, value) in answer.iter().zip(other["answer"].as_array().ok_or("no answer")?) {
            let value = value.as_f64().ok_or("no number")?;
            if (ours / value - 1.0).abs() > 2e-3 {
                return Err(format!("{name}: we say {ours}, lifetimes says {value}").into());
            }
        }
        writeln!(body, "| {name} | {seconds:.4} | {theirs:.4} | {:.0} |", theirs / seconds)?;
    }
    writeln!(
        body,
        "\nOur fits group equal (x, t_x, T) themselves; of the million donors that takes {seconds:.3} s of the fit and leaves \
         {distinct} distinct rows, for which P(active) was timed. lifetimes has no P(active): its P(alive) and the exact \
         formula around it stand in.\n"
    )?;
    Ok(body)
}

/// BG/BB with yearly opportunities over the gifts of an analytics file.
fn from_file(rounds: usize) -> Result<String> {
    let options = town::sized(results::asked("DERMAWAN_BENCH_CHURN_DONORS", 1_250_000)?);
    let as_of = options.as_of;
    let store = DuckDbStore::open(town::file_of(options)?, &DuckDbOptions::default())?;
    let gifts: i64 = store.connection()?.query_row(
        "SELECT count(*) FROM donations WHERE received AND donor_id IS NOT NULL",
        [],
        |row| row.get(0),
    )?;
    let mut body = String::from("| from the file | gifts | donors | distinct | seconds |\n|---|---|---|---|---|\n");
    for (name, months) in [("BG/BB, yearly", 12), ("BG/BB, quarterly", 3), ("BG/BB, monthly", 1)] {
        let (seconds, fitted) = timed(rounds, || {
            let periods = store.view()?.opportunities(as_of, months)?;
            Ok(fit(&Repeat::from(&periods), &FitOptions { model: Model::BgBb, ..FitOptions::default() })?)
        })?;
        writeln!(body, "| {name} | {gifts} | {} | {} | {seconds:.2} |", fitted.donors, fitted.distinct)?;
    }
    let (seconds, fitted) = timed(rounds, || {
        let giving = store.view()?.repeat_giving(as_of, &[])?;
        let day = |date: jiff::civil::Date, to: jiff::civil::Date| {
            to.since(date).map_or(0.0, |span| f64::from(span.get_days()))
        };
        let repeat = Repeat {
            frequency: giving.days.iter().map(|&days| f64::from(days) - 1.0).collect(),
            recency: giving.first.iter().zip(&giving.last).map(|(&first, &last)| day(first, last)).collect(),
            age: giving.first.iter().map(|&first| day(first, as_of)).collect(),
        };
        Ok(fit(&repeat, &FitOptions::default())?)
    })?;
    writeln!(body, "| MBG/NBD, days | {gifts} | {} | {} | {seconds:.2} |\n", fitted.donors, fitted.distinct)?;
    Ok(body)
}

/// What fits of small charities say, against what was drawn.
fn calibration(draws: u64) -> Result<String> {
    let mut body = String::from(
        "| drawn from | donors | draws | failed fits | calibration slope | bias | AUC | 80 % interval holds the true chance |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (model, parameters, ages, horizon) in [
        (Model::BgNbd, [0.8, 60.0, 0.8, 2.5], (30.0, 1500.0), 180.0),
        (Model::MbgNbd, [0.8, 60.0, 0.8, 2.5], (30.0, 1500.0), 180.0),
        (Model::ParetoNbd, [0.8, 60.0, 0.7, 300.0], (30.0, 1500.0), 180.0),
        (Model::BgBb, [1.2, 0.75, 0.66, 2.78], (1.0, 8.0), 1.0),
    ] {
        let truth = Fitted::known(model, parameters)?;
        for donors in [50, 200, 2000] {
            let (mut p, mut left, mut failed, mut inside) = (Vec::new(), Vec::new(), 0, 0_u64);
            for seed in 0..draws {
                let charity = simulate(model, parameters, donors, ages, horizon, seed);
                let Ok(fitted) = fit(&charity.repeat, &FitOptions { model, ..FitOptions::default() }) else {
                    failed += 1;
                    continue;
                };
                let said = fitted.predict(&charity.repeat, &Ahead { horizon, ..Ahead::default() })?;
                for (row, chance) in truth.p_no_gift(&charity.repeat, horizon)?.into_iter().enumerate() {
                    inside += u64::from(said.p_no_gift_low[row] <= chance && chance <= said.p_no_gift_high[row]);
                }
                p.extend(said.p_no_gift);
                left.extend(charity.left());
            }
            let found = evaluate(&p, &left, 0.1)?;
            writeln!(
                body,
                "| {model:?} | {donors} | {draws} | {failed} | {:.3} | {:+.4} | {:.3} | {:.3} |",
                found.calibration_slope.unwrap_or(f64::NAN),
                found.bias,
                found.auc,
                inside as f64 / p.len() as f64,
            )?;
        }
    }
    Ok(body)
}
