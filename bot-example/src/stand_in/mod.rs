//! A stand-in for the gateway Fonnte, for tests and for trying the bot without an account: what the gateway documents
//! and what clients observed of it, faults on demand, and a page that looks like a telephone.
//!
//! It keeps numbers and texts in the clear, in memory and in its log of accepted messages, because tests compare them;
//! no real donor's belong in it. So it listens on this machine only, unless told otherwise.

mod control;
mod fault;
mod gateway;
mod hook;
mod phone;
mod state;
mod wire;

pub(crate) use state::{Ids, Options};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use dermawan::Result;
use state::Desk;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;

/// More than the gateway takes, so that its own refusal of a large file is what is seen.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Serves until `stop` is ready.
///
/// Errors: `io` when the log of accepted messages cannot be opened; `invalid_input` for options that do not fit.
pub(crate) async fn serve(
    listener: TcpListener,
    options: Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let desk = Arc::new(Desk::new(options)?);
    let router = Router::new()
        .route("/send", post(gateway::send))
        .route("/device", post(gateway::device))
        .route("/validate", post(gateway::validate))
        .route("/delete-message", post(gateway::delete_message))
        .route("/reset-message", post(gateway::reset_message))
        .route("/control/state", get(control::state).post(control::change))
        .route("/control/faults", post(control::plan).delete(control::clear))
        .route("/control/accepted", get(control::accepted))
        .route("/control/hooks", get(control::hooks))
        .route("/control/say", post(control::say))
        .route("/", get(phone::page))
        .route("/phone/chat", get(phone::chat))
        .route("/phone/say", post(phone::say))
        .route("/phone/picture/{number}", get(phone::picture))
        .route("/phone/style.css", get(phone::style))
        .route("/phone/icon.svg", get(phone::icon))
        .route("/phone/script.js", get(phone::script))
        .fallback(gateway::not_found)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(desk);
    let service = router.into_make_service_with_connect_info::<wire::Cut>();
    axum::serve(wire::Doors(listener), service).with_graceful_shutdown(stop).await.map_err(|cause: io::Error| {
        dermawan::Error::new(dermawan::ErrorKind::Io, "the stand-in stopped serving").caused_by(cause)
    })
}
