//! Which number of the platform, and how to talk to it.

use super::super::http::{check_base, check_times, check_token};
use super::super::secret::Secret;
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// Which number of the `WhatsApp` Business platform, and how to talk to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CloudOptions {
    /// The platform's address (default `https://graph.facebook.com`).
    pub base_url: String,
    /// Allow `http://` to another machine than this one, where the token would travel in the clear (default no).
    pub plain_http: bool,
    /// The version of the interface (default `v25.0`; each is kept for two years).
    pub version: String,
    /// The identity of our number, which is not the number.
    pub phone_number_id: String,
    /// The access token. Left out when the options are serialised.
    #[serde(skip_serializing)]
    pub token: Secret,
    /// The app's secret, under which webhooks are signed. Left out when the options are serialised.
    #[serde(skip_serializing)]
    pub app_secret: Secret,
    /// What we chose to be asked for when a webhook is set up. Left out when the options are serialised.
    #[serde(skip_serializing)]
    pub verify_token: Secret,
    /// The language of templates (default `id`).
    pub template_language: String,
    /// Seconds to wait for a connection (default 10: a platform that needs longer is down).
    pub connect_timeout: u32,
    /// Seconds to wait for the whole answer (default 30: a lost one is ambiguous, so patience is cheaper than doubt).
    pub timeout: u32,
}

impl Default for CloudOptions {
    fn default() -> Self {
        Self {
            base_url: "https://graph.facebook.com".into(),
            plain_http: false,
            version: "v25.0".into(),
            phone_number_id: String::new(),
            token: Secret::default(),
            app_secret: Secret::default(),
            verify_token: Secret::default(),
            template_language: "id".into(),
            connect_timeout: 10,
            timeout: 30,
        }
    }
}

impl CloudOptions {
    /// Checks what can be checked without asking the platform.
    ///
    /// Errors: `configuration`, naming the option.
    pub fn validate(&self) -> Result<()> {
        let wrong = |option: &'static str, message: &str, hint: &str| {
            Err(Error::new(ErrorKind::Configuration, format!("cloud: {message}")).context("option", option).hint(hint))
        };
        check_base("base_url", &self.base_url, self.plain_http)?;
        if self.phone_number_id.is_empty() || !self.phone_number_id.bytes().all(|byte| byte.is_ascii_digit()) {
            let hint = "copy the phone number ID (not the number) from the app's WhatsApp page";
            return wrong("phone_number_id", "there is no phone number ID", hint);
        }
        let version = self.version.strip_prefix('v').unwrap_or_default();
        if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return wrong("version", "this is not a version", "write it like v25.0");
        }
        check_token("cloud", &self.token, "make one for a system user, which does not expire")?;
        if self.app_secret.is_empty() {
            let hint = "copy it from the app's basic settings: without it a webhook could come from anyone";
            return wrong("app_secret", "there is no app secret", hint);
        }
        if self.template_language.is_empty() {
            return wrong("template_language", "templates have no language", "write id, or en_US");
        }
        check_times("cloud", self.connect_timeout, self.timeout)
    }
}
