//! The HTTP routes: what the charity's own application asks, and what the command line asks while the server holds the
//! file. All of them want the administrators' token (`Authorization: Bearer …`), on this machine too: behind a reverse
//! proxy every stranger seems to come from this machine.

use super::House;
use super::erasure::{Erased, erase};
use super::metrics::{Gauge, text as exposition};
use crate::arguments::Subject;
use crate::command::analyse::{self, Asked};
use crate::shapes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, middleware, routing};
use dermawan::{Analytics, DonorId, Error, ErrorKind, Number, Result};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The routes that want the token.
pub(super) fn router(house: &Arc<House>) -> Router<Arc<House>> {
    Router::new()
        .route("/api/predictions/donations", routing::get(donations))
        .route("/api/predictions/cashflow", routing::get(cash_flow))
        .route("/api/predictions/churn", routing::get(churn))
        .route("/api/predictions/segments", routing::get(segments))
        .route("/api/predictions/anomalies", routing::get(anomalies))
        .route("/api/predictions/donor/{id}/ltv", routing::get(value))
        .route("/api/donor/{id}", routing::get(donor))
        .route("/api/status", routing::get(status))
        .route("/api/etl", routing::post(load))
        .route("/api/erasure/{id}", routing::post(erasure))
        .route("/api/analyse/{subject}", routing::get(analysis))
        .route("/metrics", routing::get(metrics))
        .route_layer(middleware::from_fn_with_state(Arc::clone(house), authorised))
}

async fn authorised(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if house.secrets.admin.matches(given) || house.door.matches(given) {
        return next.run(request).await;
    }
    house.counters.unauthorised.add(1);
    // Guessing is slowed down in all, for there is no telling one stranger behind a proxy from another.
    if !house.admit_guess() {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response()
}

/// An error as a route gives it.
struct Trouble(Error);

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = match self.0.kind() {
            ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::NotEnoughHistory => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::SourceUnavailable | ErrorKind::ConnectionLost => StatusCode::BAD_GATEWAY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::error!(code = self.0.code(), "a question cannot be answered: {}", self.0);
        }
        (status, Json(self.0)).into_response()
    }
}

/// Runs a question where it may block.
async fn blocking<T: Send + 'static>(
    house: Arc<House>,
    question: impl FnOnce(&House) -> Result<T> + Send + 'static,
) -> Result<T, Trouble> {
    match tokio::task::spawn_blocking(move || question(&house)).await {
        Ok(outcome) => outcome.map_err(Trouble),
        Err(_) => Err(Trouble(Error::new(ErrorKind::Internal, "a question ended in a fault of the program"))),
    }
}

async fn answer<T: Serialize + Send + 'static>(
    house: Arc<House>,
    question: impl FnOnce(&Analytics, Date) -> Result<T> + Send + 'static,
) -> Result<Json<T>, Trouble> {
    blocking(house, |house| question(&house.analytics, house.today(house.now()))).await.map(Json)
}

type Answer<T> = Result<Json<T>, Trouble>;

async fn donations(State(house): State<Arc<House>>) -> Answer<shapes::Donations> {
    answer(house, shapes::donations).await
}

async fn cash_flow(State(house): State<Arc<House>>) -> Answer<Vec<shapes::CashFlowMonth>> {
    answer(house, shapes::cash_flow).await
}

async fn churn(State(house): State<Arc<House>>) -> Answer<Vec<shapes::DonorAtRisk>> {
    answer(house, |analytics, as_of| Ok(shapes::churn(analytics, as_of, usize::MAX)?.0)).await
}

async fn segments(State(house): State<Arc<House>>) -> Answer<shapes::Segments> {
    answer(house, |analytics, as_of| shapes::segments(analytics, as_of, usize::MAX)).await
}

async fn anomalies(State(house): State<Arc<House>>) -> Answer<Vec<shapes::Anomaly>> {
    answer(house, |analytics, as_of| shapes::anomalies(analytics, as_of, usize::MAX)).await
}

async fn value(State(house): State<Arc<House>>, Path(id): Path<u64>) -> Answer<shapes::Value> {
    answer(house, move |analytics, as_of| {
        shapes::value(analytics, DonorId(id), as_of)?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such donor with a gift").context("donor", id))
    })
    .await
}

/// That there is such a donor. No name: who asks names the donor.
#[derive(Serialize)]
struct Known {
    donor: u64,
    gifts: u64,
}

async fn donor(State(house): State<Arc<House>>, Path(id): Path<u64>) -> Answer<Known> {
    answer(house, move |analytics, as_of| {
        let record = analytics.donor(DonorId(id), as_of)?;
        let record =
            record.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such donor").context("donor", id))?;
        Ok(Known { donor: id, gifts: record.count })
    })
    .await
}

/// How fresh the facts are.
#[derive(Serialize)]
struct Status {
    run: Option<u64>,
    as_of: Option<Date>,
    facts: u64,
    backlog: u64,
}

async fn status(State(house): State<Arc<House>>) -> Answer<Status> {
    let found = blocking(house, |house| {
        let state = house.analytics.state()?;
        Ok(Status {
            run: state.as_ref().map(|state| state.run),
            as_of: state.as_ref().map(|state| state.as_of),
            facts: state.iter().flat_map(|state| state.tables.values()).map(|fresh| fresh.facts).sum(),
            backlog: house.reader.with(|inbox| inbox.backlog())?,
        })
    });
    found.await.map(Json)
}

#[derive(Deserialize)]
struct LoadOptions {
    #[serde(default)]
    full: bool,
}

async fn load(State(house): State<Arc<House>>, Query(options): Query<LoadOptions>) -> Answer<dermawan::etl::Report> {
    let loaded = blocking(house, move |house| {
        house.load(options.full, &house.stop)?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "no source is configured")
                .hint("add [database] or [files] to dermawan.toml and start the server again")
        })
    });
    loaded.await.map(Json)
}

/// Carries out a confirmed wish to be erased, and tells the donor.
async fn erasure(State(house): State<Arc<House>>, Path(id): Path<u64>) -> Answer<Erased> {
    let erased = blocking(house, move |house| {
        let mut conversations = |number: &Number| house.reader.with(|inbox| inbox.erase(number)).map(drop);
        let (register, outbox) = (&*house.register, &*house.outbox);
        let done = erase(&house.analytics, register, outbox, house.lane(), id, house.now(), &mut conversations)?;
        tracing::info!(erasure = id, numbers = done.numbers, messages = done.messages, "a donor is erased");
        house.owed.notify_one();
        Ok(done)
    });
    erased.await.map(Json)
}

#[derive(Deserialize)]
struct AnalysisOptions {
    limit: Option<usize>,
    as_of: Option<Date>,
    #[serde(default)]
    json: bool,
}

async fn analysis(
    State(house): State<Arc<House>>,
    Path(subject): Path<String>,
    Query(options): Query<AnalysisOptions>,
) -> Result<Response, Trouble> {
    let AnalysisOptions { limit, as_of, json } = options;
    let shown = blocking(house, move |house| {
        let subject = <Subject as clap::ValueEnum>::from_str(&subject, false)
            .map_err(|_| Error::new(ErrorKind::NotFound, "there is no such analysis"))?;
        let as_of = as_of.unwrap_or_else(|| house.today(house.now()));
        analyse::show(&Asked { analytics: &house.analytics, as_of, limit }, subject, json)
    });
    let body = serde_json::to_string(&shown.await?).unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// `GET /healthz`: the program runs.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: it can keep what comes in, and answer. A line that waits keeps nobody out, and is told of.
pub(super) async fn readyz(State(house): State<Arc<House>>) -> (StatusCode, String) {
    let no = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    if *house.stop.borrow() {
        return no("stopping");
    }
    let checked = blocking(house, |house| {
        if !house.files.are_there() {
            return Ok(Err("a file was removed or replaced"));
        }
        if house.files.are_failing() {
            if house.files.try_writing().is_err() {
                return Ok(Err("a file cannot be written"));
            }
            house.files.note(true);
        }
        house.analytics.state()?;
        house.reader.with(|inbox| inbox.backlog())?;
        let mut text = "ready\n".to_owned();
        for lane in house.outbox.lanes()? {
            if let Some(halt) = &lane.halt {
                let _ = writeln!(text, "the line {} waits: {}", lane.name, halt.kind.code());
            }
        }
        Ok(Ok(text))
    });
    match checked.await {
        Ok(Ok(text)) => (StatusCode::OK, text),
        Ok(Err(why)) => no(why),
        Err(_) => no("a file cannot be read"),
    }
}

/// `GET /metrics`, in Prometheus' format; counts only, behind the token all the same.
async fn metrics(State(house): State<Arc<House>>) -> Response {
    let text = blocking(house, |house| {
        let mut gauges = vec![Gauge {
            name: "dermawan_inbox_backlog",
            labels: String::new(),
            value: house.reader.with(|inbox| inbox.backlog())? as f64,
        }];
        let lanes = house.outbox.lanes()?;
        for lane in &lanes {
            let name = &lane.name;
            let counts = &lane.counts;
            for (stage, count) in [
                ("queued", counts.queued),
                ("leased", counts.leased),
                ("sending", counts.sending),
                ("accepted", counts.accepted),
                ("unknown", counts.unknown),
                ("dead", counts.dead),
            ] {
                let labels = format!("lane=\"{name}\",stage=\"{stage}\"");
                gauges.push(Gauge { name: "dermawan_outbox_messages", labels, value: count as f64 });
            }
        }
        for lane in &lanes {
            let labels = format!("lane=\"{}\"", lane.name);
            let value = f64::from(u8::from(lane.halt.is_some()));
            gauges.push(Gauge { name: "dermawan_lane_halted", labels, value });
        }
        if let Some(state) = house.analytics.state()? {
            let noon = state.as_of.at(12, 0, 0, 0).to_zoned(house.zone.clone());
            let value = noon.map_or(0, |noon| noon.timestamp().as_second()) as f64;
            gauges.push(Gauge { name: "dermawan_facts_as_of_seconds", labels: String::new(), value });
        }
        let uptime = house.uptime_ms() as f64 / 1000.0;
        gauges.push(Gauge { name: "dermawan_uptime_seconds", labels: String::new(), value: uptime });
        let open = house.open_requests.load(Ordering::Relaxed) as f64;
        gauges.push(Gauge { name: "dermawan_http_open_requests", labels: String::new(), value: open });
        Ok(exposition(&house.counters, &gauges))
    });
    match text.await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(trouble) => trouble.into_response(),
    }
}
