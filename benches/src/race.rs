//! Contestants, their answers, and the table of a race.

use crate::measure::Cost;
use dermawan::Table;
use dermawan::source::{Totals, summed_columns};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Error, Result};
use std::process::Command;
use std::time::Duration;

/// What a contestant reports about a load or an analysis: named counts and exact sums, such as `donations.rows`.
/// Sums are in sen, so that they are whole.
pub type Answer = BTreeMap<String, i128>;

/// One contestant's run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Who ran.
    pub name: String,
    /// What came out.
    pub answer: Answer,
    /// The time of the work itself, as the contestant measured it: without the start of an interpreter.
    pub time: Duration,
    /// The process's peak memory in bytes.
    pub peak_memory: u64,
    /// Rows worked on.
    pub rows: u64,
}

impl Run {
    /// Runs a contestant in a process of its own. It prints one line of JSON at its end:
    /// `{"seconds": 1.5, "rows": 1000, "peak_rss_bytes": 4096, "answer": {"donations.rows": 1000, ...}}`. The peak is
    /// that of its work, before it sums up the answer; where it gives none, that of the whole process. Numbers of
    /// `answer` may be strings where they are large.
    ///
    /// # Errors
    ///
    /// When the process fails or prints something else.
    pub fn of(name: &str, command: &mut Command) -> Result<Self> {
        let (text, cost) = crate::measure::run(command)?;
        let wrong = || Error::other(format!("{name} did not print a result"));
        let line = text.lines().rev().find(|line| line.starts_with('{')).ok_or_else(wrong)?;
        let report: Value = serde_json::from_str(line)?;
        let seconds = report["seconds"].as_f64().filter(|seconds| *seconds >= 0.0).ok_or_else(wrong)?;
        let answer = report["answer"].as_object().ok_or_else(wrong)?;
        let number = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.to_string().parse().ok(),
        };
        Ok(Self {
            name: name.to_owned(),
            answer: answer
                .iter()
                .map(|(key, value)| number(value).map(|number| (key.clone(), number)))
                .collect::<Option<_>>()
                .ok_or_else(wrong)?,
            time: Duration::from_secs_f64(seconds),
            peak_memory: report["peak_rss_bytes"].as_u64().filter(|&peak| peak > 0).unwrap_or(cost.peak_memory),
            rows: report["rows"].as_u64().ok_or_else(wrong)?,
        })
    }

    /// Rows a second.
    pub fn speed(&self) -> f64 {
        self.rows as f64 / self.time.as_secs_f64().max(1e-9)
    }
}

/// What a contestant written in Rust prints for [`Run::of`]. The cost is that of its work ([`crate::measure::since`]);
/// the answer may be summed up afterwards.
pub fn report(cost: Cost, rows: u64, answer: &Answer) -> String {
    // Sums may be larger than a JSON number that every reader keeps exact.
    let answer: BTreeMap<&str, String> =
        answer.iter().map(|(key, number)| (key.as_str(), number.to_string())).collect();
    let seconds = cost.wall.as_secs_f64();
    json!({"seconds": seconds, "rows": rows, "peak_rss_bytes": cost.peak_memory, "answer": answer}).to_string()
}

/// The answer of a load: rows and sums of every table, as the peers give them.
pub fn answer(totals: impl IntoIterator<Item = (Table, Totals)>) -> Answer {
    let mut answer = Answer::new();
    for (table, sums) in totals {
        let (amount, references, _) = summed_columns(table);
        answer.insert(format!("{table}.rows"), i128::from(sums.rows));
        answer.insert(format!("{table}.keys"), sums.keys);
        if amount.is_some() {
            answer.insert(format!("{table}.amount"), sums.amount);
        }
        if references.is_some() {
            answer.insert(format!("{table}.references"), sums.references);
        }
    }
    answer
}

/// Refuses contestants that do not agree: every one must have given each number of the first one's answer.
///
/// # Errors
///
/// Names the first number that differs, and whose it is.
pub fn agree(runs: &[Run]) -> Result<()> {
    let Some((first, others)) = runs.split_first() else { return Ok(()) };
    if first.answer.is_empty() {
        return Err(Error::other(format!("{} answered nothing, so there is nothing to compare", first.name)));
    }
    for other in others {
        for (key, wanted) in &first.answer {
            if other.answer.get(key) != Some(wanted) {
                let given = other.answer.get(key).map_or_else(|| "nothing".to_owned(), i128::to_string);
                let (ours, theirs) = (&first.name, &other.name);
                return Err(Error::other(format!("{key}: {ours} says {wanted}, {theirs} says {given}")));
            }
        }
    }
    Ok(())
}

/// Runs each contestant `rounds` times, in turn so that a slow minute of the machine meets all, and keeps each one's
/// fastest run with its highest memory. All answers must agree.
///
/// # Errors
///
/// When a contestant fails, or answers differ.
pub fn race(rounds: usize, contestants: &mut [(&str, &mut dyn FnMut() -> Command)]) -> Result<Vec<Run>> {
    let mut best: Vec<Run> = Vec::new();
    for _ in 0..rounds.max(1) {
        let mut round = Vec::new();
        for (name, command) in contestants.iter_mut() {
            round.push(Run::of(name, &mut command())?);
        }
        agree(&round)?;
        keep_best(&mut best, round);
    }
    agree(&best)?;
    Ok(best)
}

/// Keeps of each contestant the faster of two runs, with the higher of both memories; `best` is empty at first.
pub fn keep_best(best: &mut Vec<Run>, round: Vec<Run>) {
    if best.is_empty() {
        *best = round;
        return;
    }
    for (kept, run) in best.iter_mut().zip(round) {
        let peak_memory = kept.peak_memory.max(run.peak_memory);
        if run.time < kept.time {
            *kept = run;
        }
        kept.peak_memory = peak_memory;
    }
}

/// The race as a Markdown table; the ratio is the others' time over the first one's.
pub fn table(runs: &[Run]) -> String {
    let mut text = String::from("| | seconds | rows/s | peak memory | ratio |\n|---|---|---|---|---|\n");
    let first = runs.first().map_or(1.0, |run| run.time.as_secs_f64());
    for run in runs {
        let (seconds, megabytes) = (run.time.as_secs_f64(), run.peak_memory / 1_000_000);
        let speed = run.speed() / 1_000.0;
        let ratio = seconds / first.max(1e-9);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} | {seconds:.2} | {speed:.0} k | {megabytes} MB | {ratio:.2} |", run.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_run_and_the_highest_memory_are_kept() {
        let run = |seconds, peak_memory| Run {
            name: "one".into(),
            answer: Answer::new(),
            time: Duration::from_secs(seconds),
            peak_memory,
            rows: 1,
        };
        let mut best = Vec::new();
        for (seconds, memory) in [(3, 10), (2, 5), (4, 30)] {
            keep_best(&mut best, vec![run(seconds, memory)]);
        }
        assert_eq!(best, [run(2, 30)]);
    }

    fn command(json: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "echo noise; echo \"$0\"", json]);
        command
    }

    #[test]
    fn the_same_answer_is_timed() {
        let mut one = || command(r#"{"seconds": 2, "rows": 1000, "answer": {"a": 3, "b": "170141183460469231731"}}"#);
        let mut two = || command(r#"{"seconds": 4, "rows": 1000, "answer": {"b": "170141183460469231731", "a": 3}}"#);
        let runs = race(2, &mut [("one", &mut one), ("two", &mut two)]).unwrap();
        let text = table(&runs);
        assert!(text.contains("| one | 2.00 | 0 k |") && text.ends_with("| 2.00 |\n"), "{text}");
    }

    #[test]
    fn a_report_is_read_back() {
        let totals = Totals { rows: 2, keys: i128::MAX, amount: -5, references: 7, marks: 9 };
        let answer = answer([(Table::Donations, totals), (Table::Donors, totals)]);
        assert_eq!(answer.len(), 6);
        let cost = Cost { wall: Duration::from_millis(1_500), peak_memory: 4_096 };
        let line = report(cost, 2, &answer);
        let run = Run::of("ours", &mut command(&line)).unwrap();
        assert_eq!((run.answer, run.time, run.rows), (answer, Duration::from_millis(1_500), 2));
        assert_eq!(run.peak_memory, 4_096);
    }

    #[test]
    fn another_answer_is_refused() {
        let mut one = || command(r#"{"seconds": 2, "rows": 1, "answer": {"donations.amount": 3}}"#);
        let mut two = || command(r#"{"seconds": 1, "rows": 1, "answer": {"donations.amount": 4}}"#);
        let error = race(1, &mut [("one", &mut one), ("two", &mut two)]).unwrap_err();
        assert_eq!(error.to_string(), "donations.amount: one says 3, two says 4");
        let mut empty = || command(r#"{"seconds": 2, "rows": 1, "answer": {}}"#);
        assert!(race(1, &mut [("empty", &mut empty), ("two", &mut two)]).is_err());
        let mut silent = || command("nothing");
        assert!(race(1, &mut [("silent", &mut silent)]).is_err());
    }
}
