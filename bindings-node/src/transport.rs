//! Out of the door: gateways, and what their answers and webhooks mean.

use crate::door::{Later, Maybe, call, later, raise, read, read_or_default};
use dermawan::transport::cloud::{self, Cloud, CloudOptions};
use dermawan::transport::fonnte::{self, Fonnte, FonnteOptions};
use dermawan::transport::{self, Answer, Console, Envelope, Pulse, Reading};
use dermawan::{Number, Sender};
use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// A gateway.
#[napi]
pub(crate) struct Transport(pub(crate) Arc<dyn transport::Transport>);

#[napi]
impl Transport {
    /// Fonnte, by its options (`token`, `device`, `webhook_secret`, …). Nothing is asked yet.
    #[napi(ts_args_type = "options: object")]
    pub fn fonnte(env: &Env, options: Unknown<'_>) -> Result<Self> {
        let options: FonnteOptions = read(env, "options", options)?;
        Fonnte::new(options).map(|gateway| Self(Arc::new(gateway))).map_err(|error| raise(env, &error))
    }

    /// The WhatsApp Cloud API, by its options (`phone_number_id`, `token`, `app_secret`, `verify_token`, …).
    #[napi(ts_args_type = "options: object")]
    pub fn cloud(env: &Env, options: Unknown<'_>) -> Result<Self> {
        let options: CloudOptions = read(env, "options", options)?;
        Cloud::new(options).map(|gateway| Self(Arc::new(gateway))).map_err(|error| raise(env, &error))
    }

    /// Writes to the standard output what would go out, numbers masked.
    #[napi]
    pub fn console() -> Self {
        Self(Arc::new(Console::new(std::io::stdout())))
    }

    /// Its name in lower case.
    #[napi(getter)]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// What it can do.
    #[napi(ts_return_type = "any")]
    pub fn capabilities<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        call(env, || Ok(self.0.capabilities()))
    }

    /// Hands one message over, `{key: …, to: …, text: …}`, and says what the gateway answered, as `fonnteAnswer`.
    #[napi(ts_args_type = "envelope: object", ts_return_type = "Promise<any>")]
    pub fn send(&self, env: &Env, envelope: Unknown<'_>) -> Result<Later> {
        let (transport, envelope): (_, Envelope) = (self.0.clone(), read(env, "envelope", envelope)?);
        Ok(later(move || Ok(Answer::from(transport.send(&envelope)))))
    }

    /// Reads a webhook: `{events: […]}`, or `{refused: 'forged'}` (answer 401), `other_device` (403), `malformed` (400).
    /// Nothing is sent or remembered.
    #[napi(ts_args_type = "body: Uint8Array, headers?: Record<string, string> | null", ts_return_type = "any")]
    pub fn parse<'env>(&self, env: &'env Env, body: Uint8Array, headers: Maybe<'_>) -> Result<Unknown<'env>> {
        let headers: BTreeMap<String, String> = read_or_default(env, "headers", headers)?;
        call(env, || Ok(Reading::of(&*self.0, &body, &headers)))
    }

    /// Asks the gateway how the line is: `connected`, `quota` and `detail`, or the `outcome` and `reason` of a failure.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn health(&self) -> Result<Later> {
        let transport = self.0.clone();
        Ok(later(move || Ok(Pulse::of(&*transport))))
    }
}
