//! `page`: the administrators' page by itself, over the analytics file or made-up data. Nothing is sent.

use crate::arguments::{Arguments, Page};
use crate::config::Config;
use crate::page::{self, AdminToken, AnalyticsDesk, NoDelivery, VARIABLE, Workbench};
use crate::screen::Screen;
use dermawan::sample::SampleOptions;
use dermawan::{Analytics, Error, ErrorKind, Result};
use jiff::civil::Date;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

/// Serves it until Ctrl-C.
pub(crate) fn run(arguments: &Arguments, options: &Page) -> Result<ExitCode> {
    let config = Config::load(arguments.config.as_deref())?;
    let token = AdminToken::new(std::env::var(VARIABLE).ok())?;
    let (analytics, workbench, day): (Analytics, Box<dyn Workbench>, Option<Date>) = if options.sample {
        let as_of = arguments.as_of.unwrap_or(SampleOptions::demo().as_of);
        let workbench = page::SampleWorkbench::new();
        (super::sample_in_memory(config.settings(), as_of)?, Box::new(workbench), Some(as_of))
    } else {
        (super::open(&config)?, Box::new(NoDelivery), arguments.as_of)
    };
    let organisation = analytics.settings().organisation.clone();
    let name = organisation.name.clone();
    let today = Box::new(move || day.map_or_else(|| crate::clock::today(&organisation), Ok));
    let desk = Arc::new(AnalyticsDesk::new(Arc::new(analytics), today, workbench));
    let router =
        page::router(desk, page::Options { token, organisation: name, https: options.https, proxies: Vec::new() })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::new(ErrorKind::Io, "the server cannot be started").caused_by(cause))?;
    runtime.block_on(serve(router, options.listen))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(router: axum::Router, listen: SocketAddr) -> Result<()> {
    let failed = |cause: std::io::Error| {
        Error::new(ErrorKind::Io, "the page cannot be served")
            .context("address", listen)
            .hint("choose another address with --listen; port 0 lets the system choose")
            .caused_by(cause)
    };
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Screen::stdout().line(format_args!("The administrators' page is http://{address}/ (Ctrl-C ends)"))?;
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async {
            // Where the signal cannot be listened to, the system ends the program as it pleases.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await
        .map_err(failed)
}
