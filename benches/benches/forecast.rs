//! Forecasts of monthly series: accuracy, coverage and speed beside statsforecast, and what the Hijri calendar is worth.
#![allow(clippy::disallowed_methods, reason = "benches measure what is outside")]

use dermawan::calendar::hijri::{MonthFeatures, Overrides};
use dermawan::forecast::{Method, Options, fit};
use dermawan::{Month, MonthlySeries};
use dermawan_benches::noise::Noise;
use dermawan_benches::{peers, results};
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Case {
    first: Month,
    train: Vec<f64>,
    test: Vec<f64>,
}

/// Means over all series and months.
#[derive(Default)]
struct Scores {
    smape: f64,
    mase: f64,
    inside_80: f64,
    inside_95: f64,
    msis: f64,
    negative: usize,
    failures: usize,
    seconds: f64,
}

fn main() -> Result<()> {
    let most = results::asked("DERMAWAN_BENCH_SERIES", 714)?;
    let path = data("m3_monthly.csv");
    let mut cases = read(&path)?;
    cases.truncate(most);
    // The constants of the intervals are chosen so: the end of each training part is held out, and the test part not seen.
    let held_out = results::asked("DERMAWAN_BENCH_HELD_OUT", 0)?;
    if held_out > 0 {
        return hold_out(cases, held_out);
    }
    let python = peers::python().ok_or("the peers are not installed: run `make setup-peers`")?;
    let answer = peers::statsforecast(&python, &path, most).output()?;
    if !answer.status.success() {
        return Err(String::from_utf8_lossy(&answer.stderr).into_owned().into());
    }
    let peer: Value = serde_json::from_slice(&answer.stdout)?;
    let mut body = whole(&cases, &peer)?;
    body.push_str(&short(&cases, &peer)?);
    body.push_str(&speed(&cases, &peer)?);
    body.push_str(&ramadan()?);
    results::publish("forecast", "Forecasts of monthly series", &body)?;
    Ok(())
}

/// Our own scores with the last values of the training parts in place of the test parts, and of the last values of simulated
/// series, calm and with a season, whole and with months missing.
fn hold_out(mut cases: Vec<Case>, count: usize) -> Result<()> {
    for case in &mut cases {
        let end = case.train.len().checked_sub(count).filter(|end| *end > 24).ok_or("so many cannot be held out")?;
        case.test = case.train.split_off(end);
    }
    let mut out = std::io::stdout().lock();
    let mut say = |name: &str, cases: &[Case], length: usize, horizon: usize, missing: u64| {
        let s = scores_with_gaps(cases, &auto(true), length, horizon, missing);
        let Scores { smape, mase, inside_80, inside_95, msis, .. } = s;
        let what = if length == 0 { "whole".to_owned() } else { format!("last {length}") };
        let gaps = if missing == 0 { String::new() } else { format!(", {missing} % missing") };
        writeln!(
            out,
            "{name:>6}, {what:>7}, {horizon:>2} ahead{gaps}: sMAPE {smape:5.2} MASE {mase:.3} 80 % {inside_80:.3} 95 % {inside_95:.3} MSIS {msis:.2}"
        )
    };
    for (length, horizon) in [(0, count), (60, count)] {
        say("M3", &cases, length, horizon, 0)?;
    }
    for (name, cases) in [("M3", &cases), ("calm", &simulated(0.0, 0.08)), ("season", &simulated(0.3, 0.1))] {
        for length in [3, 4, 6, 8, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 26, 30, 36, 48] {
            say(name, cases, length, 3, 0)?;
        }
        for (length, missing) in [(24, 10), (24, 25), (36, 10), (36, 25), (48, 10), (48, 25)] {
            say(name, cases, length, 3, missing)?;
        }
    }
    Ok(())
}

/// Four years and a quarter of months around 100, `swing` and `noise` on the logarithm, each series from another month of the
/// year on.
fn simulated(swing: f64, noise: f64) -> Vec<Case> {
    let mut random = Noise(1);
    (0..300)
        .map(|series| {
            let mut months: Vec<f64> = (series..series + 51)
                .map(|t| {
                    let season = (std::f64::consts::TAU * f64::from(t) / 12.0).sin();
                    100.0 * (swing * season + noise * random.normal()).exp()
                })
                .collect();
            let test = months.split_off(48);
            Case { first: Month::of(jiff::civil::date(2015, 1, 1)) + series % 12, train: months, test }
        })
        .collect()
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn read(path: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(path)?;
    let numbers = |text: &str| text.split(' ').map(str::parse).collect::<std::result::Result<Vec<f64>, _>>();
    let case = |line: &str| -> Result<Case> {
        let fields: Vec<&str> = line.split(';').collect();
        let [_, first, train, test] = fields.as_slice() else { return Err(format!("not a series: {line}").into()) };
        Ok(Case { first: first.parse()?, train: numbers(train)?, test: numbers(test)? })
    };
    text.lines().filter(|line| !line.starts_with('#')).map(case).collect()
}

/// Forecasts every series from its last `length` values (0: all) and compares.
fn scores(cases: &[Case], options: &Options, length: usize, horizon: usize) -> Scores {
    scores_with_gaps(cases, options, length, horizon, 0)
}

/// The same with so many of a hundred months called missing.
fn scores_with_gaps(cases: &[Case], options: &Options, length: usize, horizon: usize, missing: u64) -> Scores {
    let mut random = Noise(2);
    let mut sum = Scores::default();
    let mut count = 0.0;
    for Case { first, train, test } in cases {
        let start = if length == 0 { 0 } else { train.len().saturating_sub(length) };
        let scale = train.iter().skip(12).zip(train).map(|(now, then)| (now - then).abs()).sum::<f64>()
            / (train.len() - 12) as f64;
        let series = MonthlySeries { first: *first + start as i32, values: train[start..].to_vec() };
        let mut options = options.clone();
        if missing > 0 {
            let months = (0..series.values.len() as i32).filter(|_| 100.0 * random.share() < missing as f64);
            options.missing = months.map(|t| series.first + t).collect();
        }
        let clock = Instant::now();
        let fitted = fit(&series, &options);
        let forecast = fitted.as_ref().map(|fitted| fitted.predict(horizon as u16));
        sum.seconds += clock.elapsed().as_secs_f64();
        let (Ok(fitted), Ok(forecast)) = (&fitted, forecast) else {
            sum.failures += 1;
            continue;
        };
        let narrow = fitted.predict_at(horizon as u16, 0.8);
        if forecast.points.iter().any(|point| point.lower < 0.0) && series.values.iter().all(|&value| value > 0.0) {
            sum.negative += 1;
        }
        for ((point, narrow), &value) in forecast.points.iter().zip(&narrow.points).zip(test) {
            let error = (value - point.value).abs();
            let size = value.abs() + point.value.abs();
            let outside = (point.lower - value).max(0.0) + (value - point.upper).max(0.0);
            count += 1.0;
            sum.smape += if size > 0.0 { 200.0 * error / size } else { 0.0 };
            sum.mase += error / scale;
            sum.inside_80 += f64::from(u8::from(value >= narrow.lower && value <= narrow.upper));
            sum.inside_95 += f64::from(u8::from(value >= point.lower && value <= point.upper));
            sum.msis += (point.upper - point.lower + 40.0 * outside) / scale;
        }
    }
    for total in [&mut sum.smape, &mut sum.mase, &mut sum.inside_80, &mut sum.inside_95, &mut sum.msis] {
        *total /= count;
    }
    sum
}

fn auto(hijri: bool) -> Options {
    Options { hijri, ..Options::default() }
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or(f64::NAN)
}

fn whole(cases: &[Case], peer: &Value) -> Result<String> {
    let mut table = format!(
        "M3, {} monthly series, 18 months ahead:\n\n| | sMAPE | MASE | 80 % covers | 95 % covers | MSIS 95 | series with a bound below 0 | series/s, one core |\n|---|---|---|---|---|---|---|---|\n",
        cases.len()
    );
    for (name, hijri) in [("Dermawan `auto`", true), ("Dermawan `auto`, `hijri = false`", false)] {
        let s = scores(cases, &auto(hijri), 0, 18);
        writeln!(
            table,
            "| {name} | {:.2} | {:.3} | {:.3} | {:.3} | {:.2} | {} | {:.0} |",
            s.smape,
            s.mase,
            s.inside_80,
            s.inside_95,
            s.msis,
            s.negative,
            cases.len() as f64 / s.seconds
        )?;
    }
    for (name, title) in [
        ("ets", "statsforecast AutoETS"),
        ("dynamic_optimised_theta", "statsforecast DynamicOptimizedTheta"),
        ("theta", "statsforecast Theta"),
        ("seasonal_naive", "statsforecast SeasonalNaive"),
    ] {
        let p = &peer["lengths"]["0"][name];
        writeln!(
            table,
            "| {title} | {:.2} | {:.3} | {:.3} | {:.3} | {:.2} | {:.0} | {:.0} |",
            number(p, "smape"),
            number(p, "mase"),
            number(p, "coverage_80"),
            number(p, "coverage_95"),
            number(p, "msis_95"),
            number(p, "negative") * cases.len() as f64,
            cases.len() as f64 / number(p, "seconds")
        )?;
    }
    Ok(table)
}

fn short(cases: &[Case], peer: &Value) -> Result<String> {
    let mut table = String::from(
        "\nThe last values of the same series alone, 3 months ahead, MASE (scaled by the whole series) / coverage of the 80 % interval:\n\n| values | Dermawan `auto` | SES | Theta | DOTM | AutoETS |\n|---|---|---|---|---|---|\n",
    );
    for length in [3_usize, 6, 12, 24, 36] {
        let ours = scores(cases, &auto(true), length, 3);
        write!(table, "| {length} | {:.3} / {:.2}", ours.mase, ours.inside_80)?;
        if ours.failures > 0 {
            write!(table, " ({} failed)", ours.failures)?;
        }
        for name in ["ses", "theta", "dynamic_optimised_theta", "ets"] {
            let p = &peer["lengths"][length.to_string()][name];
            match (p["mase"].as_f64(), p["coverage_80"].as_f64()) {
                _ if p.is_null() => write!(table, " | not run")?,
                (Some(mase), Some(inside)) => write!(table, " | {mase:.3} / {inside:.2}")?,
                (Some(mase), None) => write!(table, " | {mase:.3} / none")?,
                (None, _) => write!(table, " | fails")?,
            }
        }
        table.push_str(" |\n");
    }
    Ok(table)
}

fn speed(cases: &[Case], peer: &Value) -> Result<String> {
    let mut table = String::from(
        "\nSpeed, series a second on one core, fit and forecast with intervals:\n\n| ours | | theirs | | times |\n|---|---|---|---|---|\n",
    );
    for (method, theirs, title) in [
        (Method::Auto, "ets", "AutoETS"),
        (Method::Theta, "theta", "Theta"),
        (Method::Ols, "theta", "Theta"),
        (Method::DynamicTheta, "dynamic_optimised_theta", "DynamicOptimizedTheta"),
        (Method::Ets, "ets", "AutoETS"),
    ] {
        let options = Options { method, hijri: method == Method::Auto, ..Options::default() };
        let ours = cases.len() as f64 / scores(cases, &options, 0, 18).seconds;
        let theirs = cases.len() as f64 / number(&peer["lengths"]["0"][theirs], "seconds");
        writeln!(table, "| `{}` | {ours:.0} | {title} | {theirs:.0} | {:.0} |", method.name(), ours / theirs)?;
    }
    Ok(table)
}

/// Months ahead from each of 28 origins a quarter apart, before the pandemic, and all origins since January 2013.
fn ramadan() -> Result<String> {
    let text = std::fs::read_to_string(data("malaysia_new_blood_donors.csv"))?;
    let mut months: Vec<(Month, f64)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (month, value) = line.split_once(',').ok_or("not a month and a value")?;
        months.push((month.parse()?, value.parse()?));
    }
    let values: Vec<f64> = months.iter().map(|(_, value)| *value).collect();
    let place = |text: &str| -> Result<usize> { Ok(text.parse::<Month>()?.since(months[0].0) as usize) };
    let last = values.len() - 3;
    let spans = [
        ("28 quarterly origins 2013 to 2019", place("2013-01")?, place("2019-12")?, 3),
        ("every month from July 2022 on", place("2022-07")?, last, 1),
        ("every month from January 2022 on, the recovery after the pandemic in it", place("2022-01")?, last, 1),
        ("every month from January 2013 on, the pandemic in it", place("2013-01")?, last, 1),
    ];
    let mut table = String::from(
        "\nFirst-time blood donors of seven Malaysian states, 3 months ahead, MASE of the months touched by Ramadan or Idul Fitri:\n\n| origins | method | without the calendar | with it | change | other months, without → with |\n|---|---|---|---|---|---|\n",
    );
    for (title, from, to, step) in spans {
        for method in [Method::Auto, Method::Ets, Method::DynamicTheta] {
            let mut errors = [[(0.0, 0); 2]; 2];
            for origin in (from..=to.min(last)).step_by(step) {
                let before = &values[..origin];
                let scale = before[12..].iter().zip(before).map(|(now, then)| (now - then).abs()).sum::<f64>()
                    / (origin - 12) as f64;
                for hijri in [false, true] {
                    let series = MonthlySeries { first: months[0].0, values: before.to_vec() };
                    let forecast = fit(&series, &Options { method, hijri, ..Options::default() })?.predict(3);
                    for (point, value) in forecast.points.iter().zip(&values[origin..]) {
                        let features = MonthFeatures::of(point.month, &Overrides::default());
                        let touched = features.ramadan > 0 || features.shawwal1_7 > 0;
                        let sum = &mut errors[usize::from(hijri)][usize::from(touched)];
                        sum.0 += (value - point.value).abs() / scale;
                        sum.1 += 1;
                    }
                }
            }
            let mean = |hijri: usize, touched: usize| errors[hijri][touched].0 / f64::from(errors[hijri][touched].1);
            writeln!(
                table,
                "| {title} | `{}` | {:.3} | {:.3} | {:+.0} % | {:.3} → {:.3} |",
                method.name(),
                mean(0, 1),
                mean(1, 1),
                100.0 * (mean(1, 1) / mean(0, 1) - 1.0),
                mean(0, 0),
                mean(1, 0)
            )?;
        }
    }
    Ok(table)
}
