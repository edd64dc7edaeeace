//! `[server]` and `[transport]` of the configuration, and the secrets of the environment.

use super::window::{Templates, Window};
use dermawan::inbox::Inbox;
use dermawan::transport::cloud::{Cloud, CloudOptions};
use dermawan::transport::fonnte::{Fonnte, FonnteOptions};
use dermawan::transport::{
    Accepted, Capabilities, Console, DryRun, Envelope, Event, Health, Hook, HookError, Secret, SendError, Transport,
};
use dermawan::{Error, ErrorKind, Organisation, Result};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A shorter secret can be guessed by whoever may try for a year.
const SHORTEST_SECRET: usize = 16;

/// `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServerOptions {
    /// Where to listen (default `127.0.0.1:8088`: this machine only; a reverse proxy with TLS stands in front).
    #[serde(deserialize_with = "address")]
    pub(crate) listen: SocketAddr,
    /// What came in and is not answered yet, and what the schedule has run.
    pub(crate) inbox: PathBuf,
    /// Messages that one sender may send at once, regained over a minute (default 20: faster than anyone types).
    pub(crate) messages_per_minute: u32,
    /// Webhooks a second that are taken in all (default 4,000); more are told to come again.
    pub(crate) webhooks_per_second: u32,
    /// Minutes after which a message is too old to be acted on (default 30, what a gateway's retries may take).
    pub(crate) oldest_minutes: u32,
    /// Messages that are answered at the same time (default 4: they wait for the disk more than for the processor).
    pub(crate) answering: u16,
    /// Whether the administrators' page is reached over https only (default no, for a trial on this machine; yes behind
    /// a proxy with TLS): the browser then never sends its cookie without it.
    pub(crate) https: bool,
    /// Addresses of reverse proxies in front (default none). Wrong passwords are counted by the sender's address: of a
    /// request from one of these, that is what it says in `X-Forwarded-For`; of any other, that header is not believed.
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8088)),
            inbox: "dermawan-inbox.sqlite".into(),
            messages_per_minute: 20,
            webhooks_per_second: 4000,
            oldest_minutes: 30,
            answering: 4,
            https: false,
            trusted_proxies: Vec::new(),
        }
    }
}

/// An address with its port. `localhost` is the only name that is known without asking anybody.
fn address<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    let plain = text.strip_prefix("localhost:").map_or_else(|| text.clone(), |port| format!("127.0.0.1:{port}"));
    plain.parse().map_err(|_| {
        serde::de::Error::custom(
            "server.listen is not an address with a port; write it like 127.0.0.1:8088, [::1]:8088 or localhost:8088",
        )
    })
}

impl ServerOptions {
    /// Checks every value; names the one that is wrong.
    pub(crate) fn validate(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::new(ErrorKind::Configuration, text));
        if self.messages_per_minute == 0 || self.webhooks_per_second == 0 {
            return wrong("server.messages_per_minute and server.webhooks_per_second must be above zero");
        }
        if !(1..=1440).contains(&self.oldest_minutes) {
            return wrong("server.oldest_minutes must be 1 to 1440");
        }
        if !(1..=64).contains(&self.answering) {
            return wrong("server.answering must be 1 to 64");
        }
        Ok(())
    }
}

/// `[transport]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TransportOptions {
    /// Which gateway.
    pub(crate) kind: Gateway,
    /// Hand nothing to the gateway but what is for administrators: for trying everything out.
    pub(crate) dry_run: bool,
    /// Fonnte's.
    pub(crate) fonnte: FonnteOptions,
    /// The `WhatsApp` Cloud API's.
    pub(crate) cloud: CloudOptions,
    /// Approved templates by the kind of message, for a gateway that takes free text only for a while after a person's
    /// last word. A message without one is not sent then, and listed as dead with that reason.
    pub(crate) templates: Templates,
}

impl TransportOptions {
    /// Checks what can be checked without the secrets.
    pub(crate) fn validate(&self) -> Result<()> {
        self.templates.iter().try_for_each(|(kind, template)| template.validate(kind))
    }
}

/// Where the schedule notes what has run. A dry run has notes of its own: it does not use up the month.
pub(crate) fn runs_path(inbox: &Path, dry_run: bool) -> PathBuf {
    let mut name = inbox.as_os_str().to_owned();
    if dry_run {
        name.push(".dry-run");
    }
    name.into()
}

/// A gateway by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Gateway {
    /// What would go out is written to standard output (default).
    #[default]
    Console,
    /// Fonnte.
    Fonnte,
    /// The `WhatsApp` Cloud API.
    Cloud,
}

impl Gateway {
    /// Its lane in the outbox: the name of its transport.
    pub(crate) const fn lane(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Fonnte => "fonnte",
            Self::Cloud => "cloud",
        }
    }

    /// The largest webhook that it sends, in bytes: the Cloud API delivers many messages in one after an interruption.
    pub(super) const fn largest_webhook(self) -> usize {
        match self {
            Self::Console | Self::Fonnte => 64 * 1024,
            Self::Cloud => 3 * 1024 * 1024,
        }
    }
}

/// The secrets of the environment. An empty one is not set.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// The last part of the webhook's address.
    pub(crate) path: Secret,
    /// What a webhook repeats in its body.
    pub(crate) webhook: Secret,
    /// Fonnte's device token.
    pub(crate) fonnte: Secret,
    /// The Cloud API's access token.
    pub(crate) cloud: Secret,
    /// The secret of the Cloud API's app, under which it signs webhooks.
    pub(crate) app: Secret,
    /// What the platform repeats when the webhook is set up.
    pub(crate) verify: Secret,
    /// The administrators' page and the HTTP routes.
    pub(crate) admin: Secret,
}

impl Secrets {
    /// Reads them. Errors: `configuration`, for one that is too short, and never its text.
    pub(crate) fn of_environment() -> Result<Self> {
        let read = |name: &'static str, shortest: usize| {
            let text = std::env::var(name).unwrap_or_default();
            if !text.is_empty() && text.len() < shortest {
                return Err(Error::new(ErrorKind::Configuration, format!("{name} is too short")).hint(format!(
                    "use at least {shortest} random characters, such as `openssl rand -hex 16` prints"
                )));
            }
            Ok(Secret::new(text))
        };
        let path = read("DERMAWAN_WEBHOOK_TOKEN", SHORTEST_SECRET)?;
        let text = std::env::var("DERMAWAN_WEBHOOK_TOKEN").unwrap_or_default();
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
            return Err(Error::new(ErrorKind::Configuration, "DERMAWAN_WEBHOOK_TOKEN does not fit into an address")
                .hint("use letters, digits, - and _ only"));
        }
        Ok(Self {
            path,
            webhook: read("DERMAWAN_WEBHOOK_SECRET", SHORTEST_SECRET)?,
            fonnte: read("DERMAWAN_FONNTE_TOKEN", 1)?,
            cloud: read("DERMAWAN_CLOUD_TOKEN", 1)?,
            app: read("DERMAWAN_CLOUD_APP_SECRET", SHORTEST_SECRET)?,
            verify: read("DERMAWAN_CLOUD_VERIFY_TOKEN", SHORTEST_SECRET)?,
            admin: read("DERMAWAN_ADMIN_TOKEN", SHORTEST_SECRET)?,
        })
    }
}

/// Refuses to be reached from outside without what keeps strangers out.
pub(crate) fn check_exposure(listen: SocketAddr, secrets: &Secrets, transport: &TransportOptions) -> Result<()> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    let gateway = transport.kind;
    let missing = [
        (secrets.path.is_empty(), "DERMAWAN_WEBHOOK_TOKEN"),
        // The Cloud API signs its webhooks in place of repeating a secret, and does not start without the app's.
        (secrets.webhook.is_empty() && gateway != Gateway::Cloud, "DERMAWAN_WEBHOOK_SECRET"),
        (secrets.admin.is_empty(), "DERMAWAN_ADMIN_TOKEN"),
    ];
    if let Some((_, name)) = missing.into_iter().find(|(missing, _)| *missing) {
        return Err(Error::new(
            ErrorKind::Configuration,
            format!("{name} is not set, and the address is a public one"),
        )
        .context("server.listen", listen)
        .hint("set it in the environment, or listen on 127.0.0.1"));
    }
    if gateway == Gateway::Fonnte && transport.fonnte.device.is_empty() {
        return Err(Error::new(
            ErrorKind::Configuration,
            "transport.fonnte.device is not set, and the address is a public one",
        )
        .context("server.listen", listen)
        .hint(
            "write the bot's own number there, so that webhooks of other devices are refused, or listen on 127.0.0.1",
        ));
    }
    if gateway == Gateway::Console {
        return Err(Error::new(
            ErrorKind::Configuration,
            "the console takes any webhook, and the address is a public one",
        )
        .context("server.listen", listen)
        .hint("set transport.kind to a gateway that checks a secret, or listen on 127.0.0.1"));
    }
    Ok(())
}

/// What is allowed on this machine and lets strangers in where a proxy stands in front: what is so, and what to do.
/// Nothing for a trial, whose gateway reaches nobody.
pub(crate) fn weak_points(transport: &TransportOptions, secrets: &Secrets) -> Vec<(&'static str, &'static str)> {
    if transport.kind != Gateway::Fonnte || transport.fonnte.is_on_this_machine() {
        return Vec::new();
    }
    let points = [
        (
            secrets.path.is_empty(),
            "DERMAWAN_WEBHOOK_TOKEN is not set: anyone can guess the webhook's address",
            "set it in the environment, and give the gateway the address that ends in it",
        ),
        (
            secrets.webhook.is_empty(),
            "DERMAWAN_WEBHOOK_SECRET is not set: a forged webhook is taken for the gateway's",
            "set it in the environment and at the gateway's page of devices",
        ),
        (
            transport.fonnte.device.is_empty(),
            "transport.fonnte.device is not set: webhooks of other devices are taken",
            "write the bot's own number there",
        ),
    ];
    points.into_iter().filter(|(weak, ..)| *weak).map(|(_, what, remedy)| (what, remedy)).collect()
}

/// The gateway as configured.
pub(crate) struct Line {
    /// The gateway, with what stands before it.
    pub(crate) transport: Arc<dyn Transport>,
    /// The Cloud API itself, where it is the gateway: it asks a question when its webhook is set up.
    pub(crate) cloud: Option<Arc<Cloud>>,
}

/// The gateway as configured; its secrets are checked. `inbox` opens the file that knows who wrote when.
pub(crate) fn transport(
    options: &TransportOptions,
    secrets: &Secrets,
    organisation: &Organisation,
    inbox: impl FnOnce() -> Result<Inbox>,
) -> Result<Line> {
    let administrators = || organisation.administrators.iter().filter_map(|text| dermawan::Number::parse(text).ok());
    let mut cloud = None;
    let gateway: Arc<dyn Transport> = match options.kind {
        Gateway::Console => Arc::new(Console::new(std::io::stdout())),
        Gateway::Fonnte => Arc::new(Fonnte::new(FonnteOptions {
            token: secrets.fonnte.clone(),
            webhook_secret: secrets.webhook.clone(),
            ..options.fonnte.clone()
        })?),
        Gateway::Cloud => {
            let platform = Arc::new(open_cloud(&options.cloud, secrets)?);
            cloud = Some(Arc::clone(&platform));
            let organisation = organisation.name.clone();
            Arc::new(Window::new(platform, inbox()?, options.templates.clone(), organisation))
        }
    };
    let transport: Arc<dyn Transport> =
        if options.dry_run { Arc::new(DryRun::letting_through(Whole(gateway), administrators())) } else { gateway };
    Ok(Line { transport, cloud })
}

/// The Cloud API with its secrets. Errors: `configuration`, naming the variable that is not set.
fn open_cloud(options: &CloudOptions, secrets: &Secrets) -> Result<Cloud> {
    let missing = [
        (&secrets.cloud, "DERMAWAN_CLOUD_TOKEN", "make one for a system user, which does not expire"),
        (&secrets.app, "DERMAWAN_CLOUD_APP_SECRET", "copy it from the app's basic settings"),
        (&secrets.verify, "DERMAWAN_CLOUD_VERIFY_TOKEN", "choose one, and enter it where the webhook is set up"),
    ];
    if let Some((_, name, hint)) = missing.into_iter().find(|(secret, ..)| secret.is_empty()) {
        return Err(Error::new(ErrorKind::Configuration, format!("{name} is not set")).hint(hint));
    }
    Cloud::new(CloudOptions {
        token: secrets.cloud.clone(),
        app_secret: secrets.app.clone(),
        verify_token: secrets.verify.clone(),
        ..options.clone()
    })
}

/// A gateway whose kind is known when the program runs.
struct Whole(Arc<dyn Transport>);

impl Transport for Whole {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        self.0.send(envelope)
    }
    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        self.0.parse(hook)
    }
    fn health(&self) -> Result<Health, SendError> {
        self.0.health()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_is_written_as_an_address_or_localhost() {
        let read = |text: &str| toml::from_str::<ServerOptions>(&format!("listen = \"{text}\""));
        for (text, address) in [
            ("localhost:8088", "127.0.0.1:8088"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:9", "[::1]:9"),
            ("0.0.0.0:80", "0.0.0.0:80"),
        ] {
            assert_eq!(read(text).unwrap().listen.to_string(), address);
        }
        for text in ["8088", "localhost", "localhost:", "bot.example:8088", "127.0.0.1", "localhost:99999", ""] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("server.listen") && error.contains("127.0.0.1:8088"), "{text}: {error}");
        }
    }

    #[test]
    fn a_lane_is_called_as_its_gateway() {
        let secret = || Secret::new("0123456789abcdef");
        let secrets =
            Secrets { fonnte: secret(), cloud: secret(), app: secret(), verify: secret(), ..Secrets::default() };
        for kind in [Gateway::Console, Gateway::Fonnte, Gateway::Cloud] {
            let mut options = TransportOptions { kind, ..TransportOptions::default() };
            options.cloud.phone_number_id = "123".into();
            for dry_run in [false, true] {
                options.dry_run = dry_run;
                let line = transport(&options, &secrets, &Organisation::default(), Inbox::in_memory).unwrap();
                assert_eq!(line.transport.name(), kind.lane());
                assert_eq!(line.cloud.is_some(), kind == Gateway::Cloud);
            }
        }
    }
}
