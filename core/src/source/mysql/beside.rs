//! Totals that a second connection makes while the first one sends rows.
//!
//! A server gives each connection a processor of its own. Two transactions see the same when nothing was written between
//! their beginnings; `MariaDB` tells by a counter that every writing transaction moves, and that needs no right to be read.
//! Where there is no such counter, or the server writes without a pause, one connection does all.
//!
//! The work lies on a board in small jobs. The second connection takes them from the front; the first one, when it has
//! nothing else to do but to wait for a table, takes that table's from the back.

use super::sums::{self, Expressions};
use super::{Plan, quote};
use crate::model::Table;
use crate::source::{Sums, Totals};
use mysql::Conn;
use mysql::prelude::Queryable;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How often two transactions are begun in the hope that nothing is written between.
pub(super) const ATTEMPTS: u32 = 5;

/// Ranges of keys in one job: with 512 keys in each, some thirty milliseconds of a server's work.
const RANGES_PER_JOB: u64 = 64;

/// `InnoDB`'s counter of writing transactions: it moves when one gets its number and again when it commits. `None`
/// where the server does not tell (`MySQL`, to those without the right `PROCESS`).
pub(super) fn writes(conn: &mut Conn) -> Option<u64> {
    let row: Option<(String, u64)> = conn.query_first("SHOW GLOBAL STATUS LIKE 'Innodb_max_trx_id'").ok()?;
    row.map(|(_, count)| count)
}

/// Totals on their way.
pub(super) struct Beside {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    sums: Sums,
    /// Keys in a range; `None` when only whole tables are asked for.
    width: Option<u64>,
    board: Mutex<Board>,
    moved: Condvar,
}

#[derive(Default)]
struct Board {
    jobs: VecDeque<Job>,
    found: BTreeMap<Table, Found>,
    /// The second connection does no more.
    over: bool,
}

#[derive(Clone)]
struct Job {
    plan: Arc<Plan>,
    expressions: Arc<Expressions>,
    /// The first and the last range; `None` for the whole table.
    ranges: Option<(u64, u64)>,
}

#[derive(Default)]
struct Found {
    /// Jobs that are not done.
    open: usize,
    totals: Totals,
    ranges: Option<Vec<(u64, Totals)>>,
}

/// A table's totals, and by ranges of keys where those were asked for and cover the table.
pub(super) struct Sum {
    pub(super) totals: Totals,
    pub(super) ranges: Option<Vec<(u64, Totals)>>,
}

impl Beside {
    /// Begins to sum the tables. `None` when the connection does not answer.
    pub(super) fn begin<'a>(
        mut conn: Conn,
        plans: impl Iterator<Item = &'a Plan>,
        sums: Sums,
        width: Option<u64>,
    ) -> Option<Self> {
        // Ranges are asked for with all sums.
        let width = width.filter(|_| sums == Sums::All);
        let mut board = Board::default();
        for plan in plans {
            // What cannot be summed by the server is read over the first connection.
            let Ok(Some(expressions)) = sums::expressions(plan, sums) else { continue };
            let job = Job { plan: Arc::new(plan.clone()), expressions: Arc::new(expressions), ranges: None };
            let jobs = match width {
                Some(width) => split(&mut conn, &job, width)?,
                None => vec![job],
            };
            let ranges = jobs[0].ranges.map(|_| Vec::new());
            board.found.insert(plan.table, Found { open: jobs.len(), ranges, ..Found::default() });
            board.jobs.extend(jobs);
        }
        let shared = Arc::new(Shared { sums, width, board: Mutex::new(board), moved: Condvar::new() });
        let worker = Worker(Arc::clone(&shared));
        Some(Self { shared, thread: Some(std::thread::spawn(move || worker.work(conn))) })
    }

    /// The totals of a table, once; waits for them and helps with `conn`. `None` where they do not come, or with too few sums.
    pub(super) fn take(&mut self, conn: &mut Conn, table: Table, wanted: Sums) -> Option<Sum> {
        if wanted == Sums::All && self.shared.sums == Sums::Essential {
            return None;
        }
        let mut board = self.shared.board();
        loop {
            if board.found.get(&table)?.open == 0 {
                return board.found.remove(&table).map(|found| Sum { totals: found.totals, ranges: found.ranges });
            }
            if let Some(at) = board.jobs.iter().rposition(|job| job.plan.table == table) {
                let job = board.jobs.remove(at)?;
                drop(board);
                let done = job.run(conn, self.shared.width)?;
                board = self.shared.board();
                board.enter(table, done);
            } else if board.over {
                return None;
            } else {
                board = self.shared.moved.wait(board).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// The width of the ranges that are summed.
    pub(super) fn width(&self) -> Option<u64> {
        self.shared.width
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.shared.board().jobs.clear();
        if let Some(thread) = self.thread.take() {
            // It only sums; what it might have to say is asked for again where it is needed.
            let _ = thread.join();
        }
    }
}

/// Where keys can be looked up and lie close together, jobs of some ranges each; else one job.
fn split(conn: &mut Conn, job: &Job, width: u64) -> Option<Vec<Job>> {
    let whole = || Some(vec![job.clone()]);
    let key = job.plan.key().ok()?;
    // Keys below zero are in no range.
    if !job.plan.key_is_indexed || !key.unsigned {
        return whole();
    }
    let key = quote(&key.name);
    let table = quote(&job.plan.source_name);
    let ends: Option<(Option<u64>, Option<u64>)> =
        conn.query_first(format!("SELECT MIN({key}), MAX({key}) FROM {table}")).ok()?;
    let Some((Some(first), Some(last))) = ends else { return whole() };
    let (first, last) = (first / width, last / width);
    if last - first >= job.plan.estimated_rows / 256 + 8 {
        return whole();
    }
    let part = |from: u64| Job { ranges: Some((from, last.min(from + RANGES_PER_JOB - 1))), ..job.clone() };
    Some((first..=last).step_by(RANGES_PER_JOB as usize).map(part).collect())
}

impl Job {
    /// The totals of each range, or of the whole under the number 0; `None` when the server does not answer.
    fn run(&self, conn: &mut Conn, width: Option<u64>) -> Option<Vec<(u64, Totals)>> {
        match (self.ranges, width) {
            (Some((first, last)), Some(width)) => {
                sums::each_range(conn, &self.plan, &self.expressions, width, first..=last).ok()?.ok()
            }
            _ => Some(vec![(0, sums::whole(conn, &self.plan, &self.expressions).ok()?.ok()?)]),
        }
    }
}

impl Board {
    fn enter(&mut self, table: Table, done: Vec<(u64, Totals)>) {
        let Some(found) = self.found.get_mut(&table) else { return };
        found.open -= 1;
        for (_, totals) in &done {
            found.totals.add(totals);
        }
        if let Some(ranges) = &mut found.ranges {
            ranges.extend(done);
            if found.open == 0 {
                ranges.sort_unstable_by_key(|range| range.0);
            }
        }
    }
}

impl Shared {
    /// A board is sound between two statements, so that a panic elsewhere does not spoil it.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The second connection's thread. However it ends, nobody waits for it afterwards.
struct Worker(Arc<Shared>);

impl Worker {
    fn work(self, mut conn: Conn) {
        loop {
            let Some(job) = self.0.board().jobs.pop_front() else { return };
            let Some(done) = job.run(&mut conn, self.0.width) else { return };
            self.0.board().enter(job.plan.table, done);
            self.0.moved.notify_all();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.board().over = true;
        self.0.moved.notify_all();
    }
}
