//! What administrators ask for is worked out as soon as there is something new, so that nobody waits for it.

use super::House;
use crate::page::AnalyticsDesk;
use dermawan::{ErrorKind, Result, Table};
use jiff::civil::Date;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two looks; one costs a small question to the analytics file. Whoever loads, here or through the command line,
/// and the day's change are noticed alike.
const LOOK: Duration = Duration::from_secs(2);

/// Of more donors what is at risk is worked out when somebody asks: it takes memory, half a gigabyte for 236,000, which a
/// server that queues the monthly report at the same time may not have. The first who asks then waits, seven seconds for a
/// million.
const MOST_DONORS: u64 = 100_000;

/// Works out what the administrators' words and their page need, at the start, after every load and on every new day,
/// until told to stop.
pub(super) async fn run(house: Arc<House>, page: Option<Arc<AnalyticsDesk>>, mut stop: watch::Receiver<bool>) {
    let mut done = None;
    while !*stop.borrow() {
        let looked = {
            let (house, page) = (Arc::clone(&house), page.clone());
            tokio::task::spawn_blocking(move || look(&house, page.as_deref(), done)).await
        };
        match looked {
            Ok(Ok(now)) => done = Some(now),
            // Whoever asks is told; the next look tries again.
            Ok(Err(error)) => tracing::warn!(code = error.code(), "nothing could be worked out beforehand: {error}"),
            Err(_) => tracing::error!("working out beforehand ended in a fault of the program"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.changed() => {}
        }
    }
}

/// The load and the day that everything is worked out for.
type Done = (Option<u64>, Date);

fn look(house: &House, page: Option<&AnalyticsDesk>, done: Option<Done>) -> Result<Done> {
    let state = house.analytics.state()?;
    let donors = state.as_ref().and_then(|state| state.tables.get(&Table::Donors)).map_or(0, |table| table.facts);
    let now = (state.map(|state| state.run), house.today(house.now()));
    let page = page.filter(|_| donors <= MOST_DONORS);
    if done != Some(now) && now.0.is_some() {
        let begin = Instant::now();
        // For RISIKO and RINGKASAN, where there is somebody who may ask; the chances of the cash box are for donors' and
        // administrators' PREDIKSI.
        let asked = page.is_some() || !house.analytics.settings().organisation.administrators.is_empty();
        if asked && donors <= MOST_DONORS {
            house.analytics.risks(now.1)?;
        }
        match house.analytics.cash_flow_chances(now.1) {
            Err(error) if error.kind() != ErrorKind::NotEnoughHistory => return Err(error),
            _ => {}
        }
        tracing::info!(run = now.0, ms = begin.elapsed().as_millis() as u64, "the administrators' words are ready");
    }
    if let Some(page) = page {
        let begin = Instant::now();
        if page.warm()? {
            tracing::info!(run = now.0, ms = begin.elapsed().as_millis() as u64, "the administrators' page is ready");
        }
    }
    Ok(now)
}
