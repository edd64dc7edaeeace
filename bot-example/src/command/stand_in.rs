//! `stand-in`: a gateway that is none, to try the bot without an account.

use crate::arguments::StandIn;
use crate::screen::Screen;
use crate::stand_in::{Options, serve};
use dermawan::bot::Number;
use dermawan::{Error, ErrorKind, Result};
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;

/// Serves until Ctrl-C. The first line of output is the address, for whoever let the system choose the port.
pub(crate) fn run(arguments: &StandIn) -> Result<ExitCode> {
    if !arguments.listen.ip().is_loopback() && !arguments.anywhere {
        return Err(Error::new(ErrorKind::InvalidInput, "the stand-in would be open to other machines")
            .hint("listen on 127.0.0.1; --anywhere allows it all the same, inside a private network"));
    }
    let device = Number::parse(&arguments.device)?.as_str().to_owned();
    let options = Options {
        token: arguments.token.clone(),
        device,
        webhook: arguments.webhook.clone(),
        secret: arguments.secret.clone(),
        quota: arguments.quota,
        disconnect_after: arguments.disconnect_after,
        ids: arguments.ids,
        statuses: arguments.statuses,
        copies: arguments.copies,
        hook_delay: Duration::from_millis(arguments.hook_delay),
        retry_every: Duration::from_millis(arguments.retry_every),
        retries: arguments.retries,
        delay: Duration::from_millis(arguments.delay),
        chaos: arguments.chaos,
        seed: arguments.seed,
        log: arguments.accepted.clone(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|cause| {
        Error::new(ErrorKind::Internal, "the threads of the stand-in cannot be started").caused_by(cause)
    })?;
    runtime.block_on(async {
        let unbound = |cause| {
            Error::new(ErrorKind::Io, "the address cannot be listened on")
                .context("listen", arguments.listen)
                .hint("choose another port; 0 lets the system choose")
                .caused_by(cause)
        };
        let listener = TcpListener::bind(arguments.listen).await.map_err(unbound)?;
        let address = listener.local_addr().map_err(unbound)?;
        Screen::stdout().line(format_args!("listening on http://{address}"))?;
        let stop = async {
            // Where signals cannot be listened to, Ctrl-C ends the program by itself.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        serve(listener, options, stop).await
    })?;
    Ok(ExitCode::SUCCESS)
}
