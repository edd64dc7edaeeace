//! Out of the door: gateways, and what their answers and webhooks mean.

use crate::door::{Later, Maybe, call, later, raise, read, read_or_default};
use dermawan::transport::cloud::{self, Cloud, CloudOptions};
use dermawan::transport::fonnte::{self, Checked, Fonnte, FonnteOptions};
use dermawan::transport::{self, Answer, Clock, Console, DryRun, Envelope, Pulse, Reading, Throttle};
use dermawan::{Error, ErrorKind, Number, Sender};
use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The normal form of a WhatsApp number as people write it: `0812-3456-7890` is `6281234567890`.
#[napi(ts_return_type = "string")]
pub(crate) fn parse_number(env: &Env, text: String) -> Result<Unknown<'_>> {
    call(env, || Number::parse(&text))
}

/// Who wrote, as a gateway names them: `{person: '6281234567890'}`, or `group`, `broadcast`, `unknown`.
#[napi(ts_return_type = "any")]
pub(crate) fn read_sender(env: &Env, name: String) -> Result<Unknown<'_>> {
    call(env, || Ok(Sender::read(&name)))
}

/// What Fonnte's answer to `/send` means: `outcome` (`accepted`, `retry`, `pause_quota`, …), `id`, `quota`, `after`, `reason`.
#[napi(ts_return_type = "any")]
pub(crate) fn fonnte_answer(env: &Env, status: u16, body: Uint8Array) -> Result<Unknown<'_>> {
    call(env, || Ok(Answer::from(fonnte::read_answer(status, &body))))
}

/// What the WhatsApp Cloud API's answer to a message means.
#[napi(ts_return_type = "any")]
pub(crate) fn cloud_answer(env: &Env, status: u16, body: Uint8Array) -> Result<Unknown<'_>> {
    call(env, || Ok(Answer::from(cloud::read_answer(status, &body))))
}

/// The answer to the platform's question when a webhook is set up; `null` when the question is not for us.
#[napi(
    ts_args_type = "options: object, mode: string, token: string, challenge: string",
    ts_return_type = "string | null"
)]
pub(crate) fn cloud_challenge<'env>(
    env: &'env Env,
    options: Unknown<'_>,
    mode: String,
    token: String,
    challenge: String,
) -> Result<Unknown<'env>> {
    let options: CloudOptions = read(env, "options", options)?;
    call(env, || Ok(Cloud::new(options)?.challenge(&mode, &token, &challenge).map(str::to_owned)))
}

/// The host's clock, since its beginning: for gateways that wait.
struct Steady(Instant);

impl Steady {
    #[allow(clippy::disallowed_methods, reason = "a pace is kept in real time, and the host has a clock")]
    fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Steady {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    #[allow(clippy::disallowed_methods, reason = "as above")]
    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A gateway.
#[napi]
pub(crate) struct Transport {
    pub(crate) line: Arc<dyn transport::Transport>,
    /// The same under its wrappers, for what only Fonnte answers.
    fonnte: Option<Arc<Fonnte>>,
    /// The same, where it holds messages back.
    dry: Option<Arc<DryRun<Arc<dyn transport::Transport>>>>,
}

impl Transport {
    fn plain(line: impl transport::Transport + 'static) -> Self {
        Self { line: Arc::new(line), fonnte: None, dry: None }
    }
}

#[napi]
impl Transport {
    /// Fonnte, by its options (`token`, `device`, `webhook_secret`, …). Nothing is asked yet.
    #[napi(ts_args_type = "options: object")]
    pub fn fonnte(env: &Env, options: Unknown<'_>) -> Result<Self> {
        let options: FonnteOptions = read(env, "options", options)?;
        let fonnte = Arc::new(Fonnte::new(options).map_err(|error| raise(env, &error))?);
        Ok(Self { line: fonnte.clone(), fonnte: Some(fonnte), dry: None })
    }

    /// The WhatsApp Cloud API, by its options (`phone_number_id`, `token`, `app_secret`, `verify_token`, …).
    #[napi(ts_args_type = "options: object")]
    pub fn cloud(env: &Env, options: Unknown<'_>) -> Result<Self> {
        let options: CloudOptions = read(env, "options", options)?;
        Cloud::new(options).map(Self::plain).map_err(|error| raise(env, &error))
    }

    /// Writes to the standard output what would go out, numbers masked.
    #[napi]
    pub fn console() -> Self {
        Self::plain(Console::new(std::io::stdout()))
    }

    /// The test mode: accepts everything and hands to this gateway only what is for `lettingThrough`, such as an
    /// administrator's number. Webhooks and health are the gateway's own.
    #[napi]
    pub fn dry_run(&self, env: &Env, letting_through: Option<Vec<String>>) -> Result<Self> {
        let through =
            letting_through.iter().flatten().map(|text| Number::parse(text)).collect::<dermawan::Result<Vec<_>>>();
        let through = through.map_err(|error| raise(env, &error))?;
        let dry = Arc::new(DryRun::letting_through(self.line.clone(), through));
        Ok(Self { line: dry.clone(), fonnte: self.fonnte.clone(), dry: Some(dry) })
    }

    /// How many messages `dryRun` has held back; `null` where the gateway sends.
    #[napi(getter)]
    pub fn held(&self) -> Option<f64> {
        self.dry.as_ref().map(|dry| dry.held() as f64)
    }

    /// This gateway at a pace: from `least` to `most` seconds from one message to the next, chosen evenly by `seed`.
    /// `send` waits. A `Worker` needs none of it: outboxes have a pace of their own.
    #[napi(ts_args_type = "least: number, most: number, seed: number")]
    pub fn throttle(&self, env: &Env, least: f64, most: f64, seed: Unknown<'_>) -> Result<Self> {
        let seed: u64 = read(env, "seed", seed)?;
        let line = Throttle::of_seconds(self.line.clone(), Steady::start(), least, most, seed);
        let line = line.map_err(|error| raise(env, &error))?;
        Ok(Self { line: Arc::new(line), fonnte: self.fonnte.clone(), dry: self.dry.clone() })
    }

    /// Asks Fonnte which numbers are on WhatsApp: `registered`, `not_registered`, `unanswered`, or the `outcome` and
    /// `reason` of a failure. Other gateways cannot (`invalid_input`).
    #[napi(ts_return_type = "Promise<any>")]
    pub fn validate(&self, numbers: Vec<String>) -> Result<Later> {
        let fonnte = self.fonnte.clone();
        Ok(later(move || {
            let numbers = numbers.iter().map(|text| Number::parse(text)).collect::<dermawan::Result<Vec<_>>>()?;
            let other = || Error::new(ErrorKind::InvalidInput, "this gateway cannot say which numbers are on WhatsApp");
            Ok(Checked::from(fonnte.ok_or_else(other)?.validate(&numbers)))
        }))
    }

    /// Its name in lower case.
    #[napi(getter)]
    pub fn name(&self) -> &'static str {
        self.line.name()
    }

    /// What it can do.
    #[napi(ts_return_type = "any")]
    pub fn capabilities<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        call(env, || Ok(self.line.capabilities()))
    }

    /// Hands one message over, `{key: …, to: …, text: …}`, and says what the gateway answered, as `fonnteAnswer`.
    #[napi(ts_args_type = "envelope: object", ts_return_type = "Promise<any>")]
    pub fn send(&self, env: &Env, envelope: Unknown<'_>) -> Result<Later> {
        let (transport, envelope): (_, Envelope) = (self.line.clone(), read(env, "envelope", envelope)?);
        Ok(later(move || Ok(Answer::from(transport.send(&envelope)))))
    }

    /// Reads a webhook: `{events: […]}`, or `{refused: 'forged'}` (answer 401), `other_device` (403), `malformed` (400).
    /// Nothing is sent or remembered.
    #[napi(ts_args_type = "body: Uint8Array, headers?: Record<string, string> | null", ts_return_type = "any")]
    pub fn parse<'env>(&self, env: &'env Env, body: Uint8Array, headers: Maybe<'_>) -> Result<Unknown<'env>> {
        let headers: BTreeMap<String, String> = read_or_default(env, "headers", headers)?;
        call(env, || Ok(Reading::of(&*self.line, &body, &headers)))
    }

    /// Asks the gateway how the line is: `connected`, `quota` and `detail`, or the `outcome` and `reason` of a failure.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn health(&self) -> Result<Later> {
        let transport = self.line.clone();
        Ok(later(move || Ok(Pulse::of(&*transport))))
    }
}
