//! Troubles in streams, found side by side with simple charts on the same made-up values; seeds that nothing was tuned on.
#![allow(clippy::disallowed_methods, reason = "benches measure what is outside")]

use dermawan::anomaly::{Stream, StreamOptions};
use dermawan_benches::noise::Noise;
use dermawan_benches::results;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Seeds that no number was chosen on.
const FIRST_SEED: u64 = 1_000_000;
/// Values of a stream, and the place of the trouble.
const LENGTH: usize = 4_000;
const AT: usize = 2_500;
/// Values after the trouble begins within which it counts as found, and after which an alarm is a false one again.
const SOON: usize = 200;
/// How far a chart's statistic may stand out, in standard deviations: one in ten thousand if the values were normal.
const STANDS_OUT: f64 = 3.89;

/// A family of streams: name, the values by place, their noise and the value before; whether there is a trouble.
type Family = (&'static str, fn(usize, &mut Noise, f64) -> f64, bool);

fn day(i: usize) -> f64 {
    100.0 + 40.0 * (std::f64::consts::TAU * i as f64 / 24.0).sin()
}

fn week(i: usize) -> f64 {
    if (i / 24) % 7 < 5 { day(i) } else { 120.0 + 15.0 / 40.0 * (day(i) - 100.0) }
}

fn half_hours(i: usize) -> f64 {
    let weekday = if (i / 48) % 7 < 5 { 1.0 } else { 0.8 };
    15_000.0 + 8_000.0 * (std::f64::consts::TAU * i as f64 / 48.0 - 2.0).sin() * weekday
}

fn at(i: usize, size: f64) -> f64 {
    if i == AT { size } else { 0.0 }
}

fn from(i: usize, size: f64) -> f64 {
    if i >= AT { size } else { 0.0 }
}

const FAMILIES: [Family; 20] = [
    ("flat, a spike of 8 sd", |i, noise, _| 3.0 * noise.normal() + at(i, 24.0), true),
    ("day, a spike of 8 sd", |i, noise, _| day(i) + 3.0 * noise.normal() + at(i, 24.0), true),
    ("week, a spike of 8 sd", |i, noise, _| week(i) + 3.0 * noise.normal() + at(i, 24.0), true),
    ("flat, 3 sd more for good", |i, noise, _| 3.0 * noise.normal() + from(i, 9.0), true),
    ("day, 3.3 sd more for good", |i, noise, _| day(i) + 3.0 * noise.normal() + from(i, 10.0), true),
    ("week, 6.7 sd more for good", |i, noise, _| week(i) + 3.0 * noise.normal() + from(i, 20.0), true),
    ("flat, drift of 1/60 sd a step", |i, noise, _| 3.0 * noise.normal() + 0.05 * i.saturating_sub(AT) as f64, true),
    ("flat, four times the noise", |i, noise, _| noise.normal() * if i < AT { 1.0 } else { 4.0 }, true),
    ("flat, stands still", |i, noise, _| if i < AT { noise.normal() } else { 0.0 }, true),
    ("never changed, then another", |i, _, _| 5.0 + from(i, 1.0), true),
    (
        "half-hours, a day of 40 % less",
        |i, noise, _| (half_hours(i) + 700.0 * noise.normal()) * if (AT..AT + 48).contains(&i) { 0.6 } else { 1.0 },
        true,
    ),
    ("day, moved by 3 hours", |i, noise, _| day(if i < AT { i } else { i + 3 }) + 3.0 * noise.normal(), true),
    ("white noise", |_, noise, _| noise.normal(), false),
    ("week", |i, noise, _| week(i) + 3.0 * noise.normal(), false),
    ("heavy tails (t, 3 degrees)", |_, noise, _| noise.heavy(), false),
    ("log-normal, sd 1", |_, noise, _| noise.normal().exp(), false),
    ("autocorrelation .8", |_, noise, last| 0.8 * last + noise.normal(), false),
    ("random walk", |_, noise, last| last + noise.normal(), false),
    ("every fiftieth is not zero", |i, noise, _| if i % 50 == 0 { 10.0 + noise.normal() } else { 0.0 }, false),
    (
        "one in a hundred is not zero",
        |_, noise, _| if noise.share() < 0.01 { 10.0 + noise.normal() } else { 0.0 },
        false,
    ),
];

fn values(family: &Family, seed: u64) -> Vec<f64> {
    let mut noise = Noise(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..50 {
        noise.share();
    }
    let mut last = 0.0;
    let mut next = |i| {
        last = family.1(i, &mut noise, last);
        last
    };
    (0..LENGTH).map(&mut next).collect()
}

fn ours(values: &[f64]) -> Outcome<Vec<usize>> {
    let mut stream = Stream::new(StreamOptions::default())?;
    let mut alarms = Vec::new();
    for (i, &value) in values.iter().enumerate() {
        if stream.push(value)?.alarm {
            alarms.push(i);
        }
    }
    Ok(alarms)
}

/// Alarms of a chart, one in a hundred values at most, as ours are.
fn apart(strange: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut alarms: Vec<usize> = Vec::new();
    for i in 150..LENGTH {
        if strange(i) && alarms.last().is_none_or(|&last| i - last >= 100) {
            alarms.push(i);
        }
    }
    alarms
}

/// The z score against the last 200 values.
fn rolling(values: &[f64]) -> Vec<usize> {
    let mut window: VecDeque<f64> = VecDeque::new();
    let mut strange = Vec::new();
    for &value in values {
        let n = window.len() as f64;
        let mean = window.iter().sum::<f64>() / n;
        let deviation = (window.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        strange.push((value - mean).abs() > STANDS_OUT * deviation);
        window.push_back(value);
        if window.len() > 200 {
            window.pop_front();
        }
    }
    apart(|i| strange[i])
}

/// Roberts' chart of an exponentially weighted mean (λ = 0.2) against mean and deviation of the last 1,000 values or so.
fn ewma(values: &[f64]) -> Vec<usize> {
    let (mut fast, mut mean, mut square, mut strange) = (values[0], values[0], 0.0, Vec::new());
    for (i, &value) in values.iter().enumerate() {
        fast += 0.2 * (value - fast);
        strange.push((fast - mean).abs() > STANDS_OUT * f64::sqrt(square * 0.2 / 1.8));
        let follow = (1.0 / (i + 1) as f64).max(1e-3);
        square += follow * ((value - mean).powi(2) - square);
        mean += follow * (value - mean);
    }
    apart(|i| strange[i])
}

/// Found, the delays of what was found, false alarms, values that could have raised one.
#[derive(Default)]
struct Score(u64, Vec<usize>, u64, u64);

impl Score {
    fn take(&mut self, alarms: &[usize], trouble: bool) {
        if let Some(&found) = alarms.iter().find(|i| trouble && (AT..AT + SOON).contains(i)) {
            self.0 += 1;
            self.1.push(found - AT);
        }
        self.2 += alarms.iter().filter(|&&i| !trouble || i < AT).count() as u64;
        self.3 += if trouble { AT } else { LENGTH } as u64;
    }

    fn said(&mut self, streams: u64, trouble: bool) -> String {
        let rate = 10_000.0 * self.2 as f64 / self.3 as f64;
        self.1.sort_unstable();
        match self.1.get(self.1.len() / 2) {
            Some(delay) => format!("{:.0} % after {delay}, {rate:.1}", 100.0 * self.0 as f64 / streams as f64),
            None if trouble => format!("0 %, {rate:.1}"),
            None => format!("{rate:.1}"),
        }
    }
}

fn main() -> Outcome<()> {
    let streams: u64 = results::asked("DERMAWAN_BENCH_STREAMS", 100)?;
    let mut body = format!(
        "{streams} streams a row of {LENGTH} values, default options, a trouble at {AT}. Share found within {SOON} values and \
         median delay; false alarms in 10,000 values before it (stated: 1):\n\n\
         | | Dermawan | rolling z | EWMA chart |\n|---|---|---|---|\n"
    );
    let (mut seconds, mut pushed) = (0.0, 0);
    for family in &FAMILIES {
        let mut scores = [Score::default(), Score::default(), Score::default()];
        for seed in FIRST_SEED..FIRST_SEED + streams {
            let values = values(family, seed);
            let start = Instant::now();
            let found = ours(&values)?;
            seconds += start.elapsed().as_secs_f64();
            pushed += values.len();
            for (score, alarms) in scores.iter_mut().zip([found, rolling(&values), ewma(&values)]) {
                score.take(&alarms, family.2);
            }
        }
        let [ours, rolling, ewma] = scores.each_mut().map(|score| score.said(streams, family.2));
        writeln!(body, "| {} | {ours} | {rolling} | {ewma} |", family.0)?;
    }
    writeln!(body, "\n{:.1} µs a value.", 1e6 * seconds / pushed as f64)?;
    Ok(results::publish("stream", "Streams", &body)?)
}
