//! Wall time and peak memory of a process.

use std::io::{Error, Read, Result};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a process cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// From its start to its end.
    pub wall: Duration,
    /// The most memory it had resident, in bytes, children not included; 0 when it was too short to be seen.
    pub peak_memory: u64,
}

/// Runs a command to its end; answers with its standard output and its cost. Its standard error is passed on.
///
/// Peak memory is `VmHWM` of `/proc/<pid>/status` (Linux), read every 5 ms until the process ends; it only grows, so
/// the last reading is the peak but for what the last 5 ms added.
///
/// # Errors
///
/// When the command cannot be started, fails, or prints what is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub fn run(command: &mut Command) -> Result<(String, Cost)> {
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().ok_or_else(|| Error::other("the process has no standard output"))?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let status = format!("/proc/{}/status", child.id());
    let mut peak_memory = 0;
    let exit = loop {
        peak_memory = std::fs::read_to_string(&status).ok().and_then(|text| high_water(&text)).unwrap_or(peak_memory);
        if let Some(exit) = child.try_wait()? {
            break exit;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let wall = start.elapsed();
    let text = reader.join().map_err(|_| Error::other("the process's output could not be read"))??;
    if !exit.success() {
        let program = command.get_program().display();
        return Err(Error::other(format!("{program} ended with {exit}")));
    }
    Ok((text, Cost { wall, peak_memory }))
}

/// What this process cost from `start` on, its peak memory that of its whole life; 0 where there is no `/proc`.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
pub fn since(start: Instant) -> Cost {
    let wall = start.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    Cost { wall, peak_memory: high_water(&status).unwrap_or(0) }
}

/// The line `VmHWM:   123 kB` in bytes.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_high_water_mark() {
        assert_eq!(high_water("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2_097_152));
        assert_eq!(high_water("Name:\tx\n"), None);
    }

    #[test]
    fn measures_a_process() {
        let (text, cost) = run(Command::new("sh").args(["-c", "sleep 0.05; echo done"])).unwrap();
        assert_eq!(text, "done\n");
        assert!(cost.wall >= Duration::from_millis(50) && cost.peak_memory > 100_000, "{cost:?}");
        assert!(run(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }
}
