//! `serve`: the bot on the air.
//!
//! ```text
//! gateway ──► webhook ──► intake ──► inbox ──► reply ──► outbox ──► worker ──► gateway
//!                                                scheduler ──┘
//! ```
//!
//! Each arrow is durable before the one before it is acknowledged. Everything may be killed at any time: what is in the
//! inbox is answered at the next start, what is in the outbox goes out, and nothing goes out twice.

mod alerts;
mod api;
mod care;
mod desk;
mod door;
mod erasure;
mod files;
mod intake;
mod jobs;
mod limits;
mod metrics;
mod options;
mod picture;
mod reply;
mod scheduler;
mod warm;
mod webhook;
mod window;
mod worker;

pub(crate) use door::ask;
pub(crate) use erasure::{Erased, erase};
pub(crate) use options::{Gateway, ServerOptions, TransportOptions};

use crate::clock::Clock;
use crate::config::Config;
use crate::page::{self, AdminToken, AnalyticsDesk};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Router, routing};
use dermawan::inbox::Inbox;
use dermawan::outbox::{Halt, Outbox, Worker};
use dermawan::register::Register;
use dermawan::schedule::{self, Runs};
use dermawan::transport::cloud::Cloud;
use dermawan::transport::{Health, Secret, Transport};
use dermawan::{Analytics, Error, ErrorKind, Result};
use files::Files;
use intake::Intake;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use limits::Limits;
use metrics::Counters;
use options::{Line, Secrets};
use reply::Reader;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

/// A webhook is small and answered at once; a gateway that dawdles is cut off.
const WEBHOOK_PATIENCE: Duration = Duration::from_secs(10);
/// An analysis of a million donors, or a load on demand.
const API_PATIENCE: Duration = Duration::from_hours(1);
/// Wrong tokens that are listened to in a minute.
const GUESSES: u32 = 30;

/// Everything that the parts of the server share.
struct House {
    config: Config,
    options: ServerOptions,
    plan: schedule::Options,
    clock: Clock,
    secrets: Secrets,
    /// The token of the command line.
    door: Secret,
    zone: TimeZone,
    analytics: Arc<Analytics>,
    transport: Arc<dyn Transport>,
    /// The gateway itself, where it is the Cloud API.
    cloud: Option<Arc<Cloud>>,
    outbox: Arc<dyn Outbox>,
    register: Box<dyn Register>,
    worker: Worker,
    runs_path: PathBuf,
    reader: Reader,
    intake: Intake,
    files: Arc<Files>,
    /// Something came in.
    arrived: Arc<Notify>,
    /// Something was put into the outbox, or a lane goes on.
    owed: Notify,
    stop: watch::Receiver<bool>,
    limits: Mutex<Limits>,
    guesses: Mutex<Limits>,
    halted: Mutex<Option<Halt>>,
    counters: Arc<Counters>,
    open_requests: AtomicU64,
    started: Instant,
}

impl House {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn today(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }

    /// The line that everything goes out on.
    fn lane(&self) -> &str {
        self.worker.lane()
    }

    /// Milliseconds on a clock that never goes back.
    fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        lock(&self.limits)
    }

    /// Whether another wrong token is answered at all.
    fn admit_guess(&self) -> bool {
        lock(&self.guesses).admit_sender("", self.uptime_ms())
    }

    /// Whether the line waits for another reason than when it was asked last: told once, not at every step.
    fn is_new_halt(&self, halt: &Halt) -> bool {
        let mut last = lock(&self.halted);
        let is_new = last.as_ref().is_none_or(|last| (last.kind, last.since) != (halt.kind, halt.since));
        *last = Some(halt.clone());
        is_new
    }
}

/// A panic while a lock is held leaves these values sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks configuration and environment before anything is opened.
pub(crate) fn check(config: &Config) -> Result<()> {
    let secrets = Secrets::of_environment()?;
    config.schedule().validate()?;
    options::check_exposure(config.server().listen, &secrets, config.transport())?;
    options::transport(config.transport(), &secrets, &config.settings().organisation, Inbox::in_memory).map(|_| ())
}

/// What lets strangers in; see [`options::weak_points`].
pub(crate) fn weak_points(config: &Config) -> Result<Vec<(&'static str, &'static str)>> {
    Ok(options::weak_points(config.transport(), &Secrets::of_environment()?))
}

/// Asks the gateway how the line is.
pub(crate) fn health(config: &Config) -> Result<Health> {
    let secrets = Secrets::of_environment()?;
    let organisation = &config.settings().organisation;
    let line = options::transport(config.transport(), &secrets, organisation, Inbox::in_memory)?;
    line.transport.health().map_err(|error| {
        Error::new(ErrorKind::ConnectionLost, format!("the gateway does not answer as it should: {error}"))
            .hint("check its token and address, and whether it is up")
    })
}

/// A clock that begins at another time, for a trial: nobody outside this machine hears what it makes due.
pub(crate) fn pretend(config: &Config, time: Timestamp) -> Result<Clock> {
    let transport = config.transport();
    if transport.kind == Gateway::Console
        || (transport.kind == Gateway::Fonnte && transport.fonnte.is_on_this_machine())
    {
        return Ok(Clock::beginning(time));
    }
    Err(Error::new(ErrorKind::Configuration, "--clock is for trials, and the gateway reaches people")
        .hint("set transport.kind to console, or transport.fonnte.base_url to a `dermawan-bot stand-in` on 127.0.0.1"))
}

/// Serves until the program is told to stop.
pub(crate) fn run(
    config: Config,
    analytics: Analytics,
    outbox: Arc<dyn Outbox>,
    register: Box<dyn Register>,
    clock: Clock,
) -> Result<()> {
    let options = config.server().clone();
    let secrets = Secrets::of_environment()?;
    options::check_exposure(options.listen, &secrets, config.transport())?;
    for (what, remedy) in options::weak_points(config.transport(), &secrets) {
        tracing::warn!(remedy, "{what}");
    }
    let organisation = &analytics.settings().organisation;
    let Line { transport, cloud } =
        options::transport(config.transport(), &secrets, organisation, || Inbox::open(config.inbox_path()))?;
    let zone = organisation.zone()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::new(ErrorKind::Io, "the server cannot start its threads").caused_by(cause))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(options.listen).await.map_err(|cause| {
            Error::new(ErrorKind::Io, "the server cannot listen")
                .context("server.listen", options.listen)
                .hint("end what listens there, or choose another address")
                .caused_by(cause)
        })?;
        let address = listener
            .local_addr()
            .map_err(|cause| Error::new(ErrorKind::Io, "the server's address cannot be read").caused_by(cause))?;
        let inbox_path = config.inbox_path();
        let counters = Arc::new(Counters::default());
        let arrived = Arc::new(Notify::new());
        let inbox = Inbox::open(&inbox_path)?;
        let files = Arc::new(Files::hold(&[config.outbox_path(), inbox_path.clone()])?);
        let (intake, writer) = intake::start(inbox, Arc::clone(&arrived), Arc::clone(&counters), Arc::clone(&files))?;
        let runs_path = options::runs_path(&inbox_path, config.transport().dry_run);
        let runs = Runs::open(&runs_path)?;
        let worker = Worker::new(transport.name(), "server", config.outbox_options(), zone.clone())?;
        // Its files are locked, so no other server of this outbox can be alive.
        let reclaimed = worker.start(&*outbox, clock.now())?;
        if reclaimed != dermawan::outbox::Reclaimed::default() {
            tracing::warn!(?reclaimed, "the last server was cut off");
        }
        warn_of_other_lanes(&*outbox, worker.lane())?;
        let (stopping, stop) = watch::channel(false);
        let (note, token) = door::Door::open(&config.store_path(), address)?;
        let house = Arc::new(House {
            limits: Mutex::new(Limits::new(options.messages_per_minute, options.webhooks_per_second)),
            guesses: Mutex::new(Limits::new(GUESSES, 1)),
            plan: config.schedule().clone(),
            clock,
            config,
            options,
            secrets,
            door: Secret::new(token),
            zone,
            analytics: Arc::new(analytics),
            transport,
            cloud,
            outbox,
            register,
            worker,
            reader: Reader::new(Inbox::open(&inbox_path)?),
            runs_path,
            intake,
            files,
            arrived,
            owed: Notify::new(),
            stop: stop.clone(),
            halted: Mutex::new(None),
            counters,
            open_requests: AtomicU64::new(0),
            started: Instant::now(),
        });
        let page = page_desk(&house);
        let parts = [
            tokio::spawn(reply::run(Arc::clone(&house), stop.clone())),
            tokio::spawn(worker::run(Arc::clone(&house), stop.clone())),
            tokio::spawn(scheduler::run(Arc::clone(&house), runs, stop.clone())),
            tokio::spawn(warm::run(Arc::clone(&house), page.clone(), stop)),
        ];
        tracing::info!(%address, gateway = house.transport.name(), "serving");
        let application = router(&house, page)?.into_make_service_with_connect_info::<SocketAddr>();
        let stopping = Arc::new(stopping);
        let asked = {
            let stopping = Arc::clone(&stopping);
            async move {
                signal().await;
                tracing::info!("stopping: what is in hand is ended");
                let _ = stopping.send(true);
            }
        };
        let served = axum::serve(listener, application).with_graceful_shutdown(asked).await;
        // Also when it ended by itself.
        let _ = stopping.send(true);
        for part in parts {
            let _ = part.await;
        }
        drop(note);
        // The last one who can write ends the writer.
        drop(house);
        let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        tracing::info!("stopped");
        served.map_err(|cause| Error::new(ErrorKind::Io, "the server stopped serving").caused_by(cause))
    })
}

/// What waits where nobody takes it up: the gateway is another one than when it was put.
fn warn_of_other_lanes(outbox: &dyn Outbox, served: &str) -> Result<()> {
    for lane in outbox.lanes()?.iter().filter(|lane| lane.name != served && lane.counts.queued > 0) {
        let (name, queued) = (&lane.name, lane.counts.queued);
        tracing::warn!(lane = name, queued, "nobody serves this lane; `dermawan-bot outbox move` moves its messages");
    }
    Ok(())
}

/// Ctrl-C, or the end that the system asks for.
async fn signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

fn router(house: &Arc<House>, page: Option<Arc<AnalyticsDesk>>) -> Result<Router> {
    let header = |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let webhooks = Router::new()
        .route("/webhook/{token}", routing::post(webhook::with_path).get(webhook::challenge_with_path))
        .route("/webhook", routing::post(webhook::without_path).get(webhook::challenge_without_path))
        .route("/healthz", routing::get(api::healthz))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, WEBHOOK_PATIENCE));
    let questions = api::router(house)
        .route("/readyz", routing::get(api::readyz))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, API_PATIENCE));
    let machine = webhooks
        .merge(questions)
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .with_state(Arc::clone(house));
    // Beside the layers above: the page has its own limits and headers.
    let all = match page {
        Some(desk) => machine.merge(administrators_page(house, desk)?),
        None => machine,
    };
    Ok(all.layer(middleware::from_fn_with_state(Arc::clone(house), counted)))
}

/// What the page at `/` shows; `None` without a password in the environment.
fn page_desk(house: &Arc<House>) -> Option<Arc<AnalyticsDesk>> {
    if house.secrets.admin.is_empty() {
        return None;
    }
    let (zone, clock) = (house.zone.clone(), house.clock);
    let today = Box::new(move || Ok(zone.to_datetime(clock.now()).date()));
    let workbench = Box::new(desk::ServerWorkbench::new(house));
    Some(Arc::new(AnalyticsDesk::new(Arc::clone(&house.analytics), today, workbench)))
}

/// The page at `/`.
fn administrators_page(house: &Arc<House>, desk: Arc<AnalyticsDesk>) -> Result<Router> {
    let token = AdminToken::new(std::env::var(page::VARIABLE).ok())?;
    let organisation = house.analytics.settings().organisation.name.clone();
    let (https, proxies) = (house.options.https, house.options.trusted_proxies.clone());
    let page = page::router(desk, page::Options { token, organisation, https, proxies })?;
    Ok(page.layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, API_PATIENCE)))
}

async fn counted(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    house.open_requests.fetch_add(1, Ordering::Relaxed);
    let response = next.run(request).await;
    house.open_requests.fetch_sub(1, Ordering::Relaxed);
    response
}
