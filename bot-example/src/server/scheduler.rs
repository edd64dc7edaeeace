//! Looks at the clock, and does what is due, one after another.

use super::House;
use dermawan::Result;
use dermawan::schedule::{self, Due, Job, Runs};
use jiff::{Timestamp, ToSpan};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Between looks at the clock.
const LOOK: Duration = Duration::from_secs(15);
/// How long runs are remembered, in days; reports for good.
const REMEMBER_DAYS: i64 = 400;

/// Does what is due until told to stop. A job in hand is ended first, but for a load, which is stopped: it changes
/// nothing until it is whole.
pub(super) async fn run(house: Arc<House>, runs: Runs, mut stop: watch::Receiver<bool>) {
    let mut runs = Some(runs);
    while !*stop.borrow() {
        let Some(mut mine) = runs.take() else { return };
        let looked = {
            let (house, stop) = (Arc::clone(&house), stop.clone());
            tokio::task::spawn_blocking(move || {
                let looked = look(&house, &mut mine, &stop);
                house.counters.looks.add(1);
                if let Err(error) = looked {
                    tracing::error!(code = error.code(), "the schedule cannot be read: {error}");
                }
                mine
            })
            .await
        };
        runs = looked.ok().or_else(|| {
            tracing::error!("a job ended in a fault of the program");
            Runs::open(&house.runs_path).ok()
        });
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.changed() => {}
        }
    }
}

fn look(house: &House, runs: &mut Runs, stop: &watch::Receiver<bool>) -> Result<()> {
    // What is due stays due until there is somewhere to put it.
    if !house.files.are_there() {
        return Ok(());
    }
    let plan = &house.plan;
    let now = house.now();
    if let Some(month) = schedule::missed_report(plan, now, &house.zone, &runs.past()?) {
        let period = month.to_string();
        let tried = runs.past()?.iter().any(|run| run.job == Job::Report && run.period == period);
        house.tell_of_missed_report(month, tried, now)?;
    }
    // Approved by an administrator's word, and perhaps cut off behind it; and what became of those in the outbox.
    house.greetings(now)?;
    for Due { job, period } in schedule::due(plan, now, &house.zone, &runs.past()?) {
        if *stop.borrow() {
            return Ok(());
        }
        // The nightly load and one in between may be due together; what the first brought need not be loaded again.
        if !runs.begin(job, &period, house.now())? {
            continue;
        }
        tracing::info!(job = job.code(), period, "a job begins");
        let done = match job {
            Job::Load => house.load(false, stop).map(|_| true),
            Job::Report => house.report(&period, now),
            Job::Brief => house.brief(&period, now).map(|()| true),
            Job::Alerts => house.alerts(now).map(|()| true),
            Job::Greetings => house.draft_greetings(&period, now).map(|()| true),
            Job::Thanks => house.thanks(now).map(|()| true),
            Job::Tidy => house
                .tidy(now)
                .and_then(|()| runs.prune(now.checked_sub((REMEMBER_DAYS * 24).hours()).unwrap_or(Timestamp::MIN)))
                .map(|()| true),
            _ => Ok(true),
        };
        match done {
            Ok(false) => {
                runs.postpone(job, &period, house.now())?;
                tracing::info!(job = job.code(), period, "a job waits for what it needs");
            }
            Ok(true) => {
                house.counters.jobs_done.add(1);
                runs.end(job, &period, true, house.now())?;
                tracing::info!(job = job.code(), period, "a job is done");
            }
            Err(error) => {
                house.counters.jobs_failed.add(1);
                runs.end(job, &period, false, house.now())?;
                tracing::error!(job = job.code(), period, code = error.code(), "a job failed: {error}");
                let is_last =
                    |run: &schedule::Run| run.job == job && run.period == period && run.attempts >= plan.attempts;
                // Somebody should know who reads no log.
                if runs.past()?.iter().any(is_last) {
                    house.tell_of_failed_job(job.code(), &period, now)?;
                }
            }
        }
    }
    Ok(())
}
