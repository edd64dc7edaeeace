//! The outbox's worker, one step after another on a thread of its own kind.

use super::House;
use dermawan::outbox::{Stage, Step};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The longest sleep: another process (the command line) may put something in or let a lane go on.
const LONGEST: Duration = Duration::from_secs(5);
/// After a fault of the outbox's file.
const AFTER_FAULT: Duration = Duration::from_secs(2);

/// Sends until told to stop; a message in hand is ended first, and what is still leased goes back.
pub(super) async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if !house.files.are_there() {
            // What would be sent from here could never be written down.
            tokio::select! {
                () = tokio::time::sleep(AFTER_FAULT) => {}
                _ = stop.changed() => {}
            }
            continue;
        }
        let step = {
            let house = Arc::clone(&house);
            tokio::task::spawn_blocking(move || {
                let seed = getrandom::u64().unwrap_or_else(|_| Timestamp::now().as_nanosecond() as u64);
                house.worker.step(&*house.outbox, &*house.transport, house.now(), seed, &mut |_| {})
            })
            .await
        };
        let wait = match step {
            Ok(Ok(step)) => note(&house, step),
            Ok(Err(error)) => {
                house.files.note(false);
                tracing::error!(code = error.code(), "the outbox cannot be used: {error}");
                Some(AFTER_FAULT)
            }
            Err(_) => {
                tracing::error!("sending ended in a fault of the program; the message is listed as unknown");
                Some(AFTER_FAULT)
            }
        };
        if let Some(wait) = wait {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = house.owed.notified() => {}
                _ = stop.changed() => {}
            }
        }
    }
    let given_back = tokio::task::spawn_blocking(move || house.worker.stop(&*house.outbox, house.now())).await;
    if let Ok(Err(error)) = given_back {
        tracing::error!(code = error.code(), "what was leased could not be given back: {error}");
    }
}

/// Logs and counts a step, and says how long to wait before the next.
fn note(house: &House, step: Step) -> Option<Duration> {
    let until = |at: Timestamp| {
        let left = at.duration_since(house.now());
        Duration::try_from(left).unwrap_or(Duration::ZERO).min(LONGEST)
    };
    match step {
        Step::Sent { key, stage, answer, reason } => {
            if stage == Stage::Accepted {
                house.counters.accepted.add(1);
                tracing::debug!(key, "sent");
            } else {
                house.counters.not_accepted.add(1);
                tracing::warn!(key, ?stage, answer, reason, "not accepted");
            }
            None
        }
        Step::Withheld { key } => {
            tracing::info!(key, "not sent after all");
            None
        }
        Step::Rewound { seen } => {
            tracing::warn!(%seen, "the clock went back: waits that were reckoned from it begin anew");
            None
        }
        Step::Resumed { kind } => {
            tracing::warn!(?kind, "the line goes on");
            None
        }
        Step::Paused { lane, halt } => {
            if house.is_new_halt(&halt) {
                tracing::warn!(lane, kind = ?halt.kind, reason = halt.reason, "the line waits");
            }
            Some(halt.probe_at.map_or(LONGEST, until).max(Duration::from_millis(200)))
        }
        Step::Idle { until: at } => Some(at.map_or(LONGEST, until).max(Duration::from_millis(1))),
        _ => Some(AFTER_FAULT),
    }
}
