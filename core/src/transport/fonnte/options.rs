//! Where the gateway is, and how to talk to it.

use super::super::http::{check_base, check_times, check_token, is_on_this_machine};
use super::super::secret::Secret;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Number;
use serde::{Deserialize, Serialize};

/// Where Fonnte is, and how to talk to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own in the configuration")]
pub struct FonnteOptions {
    /// The gateway's address (default `https://api.fonnte.com`); a stand-in's for tests.
    pub base_url: String,
    /// Allow `http://` to another machine than this one, where the token would travel in the clear (default no).
    pub plain_http: bool,
    /// The device's token. Left out when the options are serialised.
    #[serde(skip_serializing)]
    pub token: Secret,
    /// Our own WhatsApp number, in any spelling. Webhooks for another one are refused; empty takes all (default).
    pub device: String,
    /// The secret key set on the device, which webhooks repeat. Empty takes all (default): then the path of the webhook
    /// must be unguessable. Left out when the options are serialised.
    #[serde(skip_serializing)]
    pub webhook_secret: Secret,
    /// In which field of a webhook the secret stands (default `secret`; the gateway does not document it).
    pub secret_field: String,
    /// Take statuses and device events without the secret (default no): for gateways that repeat it in messages only.
    pub statuses_without_secret: bool,
    /// What replaces a leading zero (default `0`: nothing is rewritten, since our numbers are international already;
    /// `62` would turn a foreign number into an Indonesian one).
    pub country_code: String,
    /// Refuse while the device is disconnected, instead of queueing at the gateway (default yes: whole batches queued at
    /// the gateway have been lost, and our own outbox forgets nothing).
    pub connect_only: bool,
    /// Show "typing" before a message (default no: the gateway then holds each message back for seconds).
    pub typing: bool,
    /// Pictures go along (default yes). Only paid "all feature" plans send them; others drop them in silence.
    pub pictures: bool,
    /// Seconds to wait for a connection (default 10: a gateway that needs longer is down).
    pub connect_timeout: u32,
    /// Seconds to wait for the whole answer (default 30: answers come in one or two, and a lost one is ambiguous, so
    /// patience is cheaper than doubt).
    pub timeout: u32,
}

impl Default for FonnteOptions {
    fn default() -> Self {
        Self {
            base_url: "https://api.fonnte.com".into(),
            plain_http: false,
            token: Secret::default(),
            device: String::new(),
            webhook_secret: Secret::default(),
            secret_field: "secret".into(),
            statuses_without_secret: false,
            country_code: "0".into(),
            connect_only: true,
            typing: false,
            pictures: true,
            connect_timeout: 10,
            timeout: 30,
        }
    }
}

impl FonnteOptions {
    /// Checks what can be checked without asking the gateway.
    ///
    /// Errors: `configuration`, naming the option.
    pub fn validate(&self) -> Result<()> {
        let wrong = |option: &'static str, message: &str, hint: &str| {
            Err(Error::new(ErrorKind::Configuration, format!("fonnte: {message}")).context("option", option).hint(hint))
        };
        check_base("base_url", &self.base_url, self.plain_http)?;
        check_token("fonnte", &self.token, "copy the device's token from Fonnte's page of devices")?;
        if !self.device.is_empty() && Number::parse(&self.device).is_err() {
            return wrong("device", "the device is not a WhatsApp number", "write it like 0812-3456-7890");
        }
        if self.secret_field.is_empty() {
            return wrong("secret_field", "the field has no name", "leave it out for the usual one, `secret`");
        }
        if self.country_code.is_empty()
            || self.country_code.len() > 3
            || !self.country_code.bytes().all(|byte| byte.is_ascii_digit())
        {
            return wrong("country_code", "this is not a country code", "leave it out, or write 62");
        }
        check_times("fonnte", self.connect_timeout, self.timeout)
    }

    /// Whether the gateway is a stand-in on this machine: nothing leaves it.
    pub fn is_on_this_machine(&self) -> bool {
        is_on_this_machine(&self.base_url)
    }

    /// Our own number, where it is configured.
    pub(super) fn own_number(&self) -> Option<Number> {
        Number::parse(&self.device).ok()
    }
}
