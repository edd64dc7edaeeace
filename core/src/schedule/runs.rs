//! What has run, in a file.

use super::{Job, Run, RunState};
use crate::error::Result;
use crate::sqlite::{self, trouble};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::path::Path;

const MIGRATIONS: &[&str] = &["
    CREATE TABLE run (
        job TEXT NOT NULL,
        period TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (job, period)
    ) STRICT, WITHOUT ROWID;
"];

/// What has run. It may live in the inbox's file.
pub struct Runs {
    connection: Connection,
}

impl Runs {
    /// Opens or makes the file.
    ///
    /// # Errors
    ///
    /// `store_newer` for a file of a newer version, `store_locked`, `store_damaged`, `disk_full`, `io`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { connection: sqlite::open(Some(path.as_ref()), "schedule", MIGRATIONS)? })
    }

    /// Gone when it is dropped.
    pub fn in_memory() -> Result<Self> {
        Ok(Self { connection: sqlite::open(None, "schedule", MIGRATIONS)? })
    }

    /// Notes that a run begins. `false` for one that is done: it must not run again.
    pub fn begin(&mut self, job: Job, period: &str, now: Timestamp) -> Result<bool> {
        let count = self
            .connection
            .execute(
                "INSERT INTO run VALUES (?1, ?2, 'begun', 1, ?3)
                 ON CONFLICT (job, period) DO UPDATE SET state = 'begun', attempts = attempts + 1, at = excluded.at
                 WHERE state <> 'done'",
                params![job.code(), period, now.as_millisecond()],
            )
            .map_err(trouble)?;
        Ok(count == 1)
    }

    /// Notes how a run ended.
    pub fn end(&mut self, job: Job, period: &str, done: bool, now: Timestamp) -> Result<()> {
        let state = if done { "done" } else { "failed" };
        self.connection
            .execute(
                "UPDATE run SET state = ?3, at = ?4 WHERE job = ?1 AND period = ?2 AND state <> 'done'",
                params![job.code(), period, state, now.as_millisecond()],
            )
            .map_err(trouble)?;
        Ok(())
    }

    /// Notes that what the run needs is not there yet: this try does not count.
    pub fn postpone(&mut self, job: Job, period: &str, now: Timestamp) -> Result<()> {
        self.connection
            .execute(
                "UPDATE run SET state = 'waiting', attempts = max(attempts - 1, 0), at = ?3
                 WHERE job = ?1 AND period = ?2 AND state <> 'done'",
                params![job.code(), period, now.as_millisecond()],
            )
            .map_err(trouble)?;
        Ok(())
    }

    /// All that is remembered, the newest first.
    pub fn past(&self) -> Result<Vec<Run>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT job, period, state, attempts, at FROM run ORDER BY at DESC")
            .map_err(trouble)?;
        let mut rows = statement.query([]).map_err(trouble)?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next().map_err(trouble)? {
            let job: String = row.get(0).map_err(trouble)?;
            let state: String = row.get(2).map_err(trouble)?;
            let Some(job) = Job::ALL.into_iter().find(|known| known.code() == job) else { continue };
            let state = match state.as_str() {
                "done" => RunState::Done,
                "failed" => RunState::Failed,
                "waiting" => RunState::Waiting,
                _ => RunState::Begun,
            };
            let at = Timestamp::from_millisecond(row.get(4).map_err(trouble)?).unwrap_or(Timestamp::UNIX_EPOCH);
            let (period, attempts) = (row.get(1).map_err(trouble)?, row.get(3).map_err(trouble)?);
            runs.push(Run { job, period, state, attempts, at });
        }
        Ok(runs)
    }

    /// Forgets runs from before a time, but never a report: no month is reported of twice.
    pub fn prune(&mut self, before: Timestamp) -> Result<()> {
        self.connection
            .execute("DELETE FROM run WHERE at < ?1 AND job <> 'report'", [before.as_millisecond()])
            .map_err(trouble)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).unwrap()
    }

    #[test]
    fn a_period_is_done_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.sqlite");
        let mut runs = Runs::open(&path).unwrap();
        assert!(runs.begin(Job::Report, "2026-08", at(0)).unwrap());
        drop(runs);
        // cut off: it may begin again
        let mut runs = Runs::open(&path).unwrap();
        let past = runs.past().unwrap();
        assert_eq!((past[0].state, past[0].attempts, past[0].at), (RunState::Begun, 1, at(0)));
        assert!(runs.begin(Job::Report, "2026-08", at(1)).unwrap());
        runs.end(Job::Report, "2026-08", false, at(2)).unwrap();
        assert_eq!((runs.past().unwrap()[0].state, runs.past().unwrap()[0].attempts), (RunState::Failed, 2));
        assert!(runs.begin(Job::Report, "2026-08", at(3)).unwrap());
        runs.postpone(Job::Report, "2026-08", at(3)).unwrap();
        assert_eq!((runs.past().unwrap()[0].state, runs.past().unwrap()[0].attempts), (RunState::Waiting, 2));
        assert!(runs.begin(Job::Report, "2026-08", at(3)).unwrap());
        runs.end(Job::Report, "2026-08", true, at(4)).unwrap();
        assert!(!runs.begin(Job::Report, "2026-08", at(5)).unwrap());
        runs.end(Job::Report, "2026-08", false, at(6)).unwrap();
        assert_eq!(runs.past().unwrap()[0].state, RunState::Done);
        assert!(runs.begin(Job::Load, "2026-08", at(5)).unwrap(), "another job");
    }

    #[test]
    fn reports_are_never_forgotten() {
        let mut runs = Runs::in_memory().unwrap();
        for job in Job::ALL {
            assert!(runs.begin(job, "2026-08", at(0)).unwrap());
            runs.end(job, "2026-08", true, at(0)).unwrap();
        }
        runs.prune(at(1)).unwrap();
        let left: Vec<Job> = runs.past().unwrap().into_iter().map(|run| run.job).collect();
        assert_eq!(left, [Job::Report]);
    }
}
