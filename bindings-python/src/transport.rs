//! Out of the door: gateways, and what their answers and webhooks mean.

use crate::door::{Given, Said, answer, call};
use dermawan::transport::cloud::{self, Cloud, CloudOptions};
use dermawan::transport::fonnte::{self, Checked, Fonnte, FonnteOptions};
use dermawan::transport::{self, Clock, Console, DryRun, Envelope, Throttle};
use dermawan::{Error, ErrorKind, Number, Result, Sender};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The normal form of a WhatsApp number as people write it: `0812-3456-7890` is `6281234567890`.
#[pyfunction]
#[pyo3(signature = (text) -> "str")]
pub(crate) fn parse_number<'py>(py: Python<'py>, text: &str) -> Said<'py> {
    answer(py, || Number::parse(text))
}

/// Who wrote, as a gateway names them: `{"person": "6281234567890"}`, or `group`, `broadcast`, `unknown`.
#[pyfunction]
#[pyo3(signature = (name) -> "dict | str")]
pub(crate) fn read_sender<'py>(py: Python<'py>, name: &str) -> Said<'py> {
    answer(py, || Ok(Sender::read(name)))
}

/// What Fonnte's answer to `/send` means: `outcome` (`accepted`, `retry`, `pause_quota`, …), `id`, `quota`, `after`, `reason`.
#[pyfunction]
#[pyo3(signature = (status, body) -> "dict")]
pub(crate) fn fonnte_answer<'py>(py: Python<'py>, status: u16, body: Vec<u8>) -> Said<'py> {
    answer(py, || Ok(transport::Answer::from(fonnte::read_answer(status, &body))))
}

/// What the WhatsApp Cloud API's answer to a message means.
#[pyfunction]
#[pyo3(signature = (status, body) -> "dict")]
pub(crate) fn cloud_answer<'py>(py: Python<'py>, status: u16, body: Vec<u8>) -> Said<'py> {
    answer(py, || Ok(transport::Answer::from(cloud::read_answer(status, &body))))
}

/// The answer to the platform's question when a webhook is set up; `None` when the question is not for us.
#[pyfunction]
#[pyo3(signature = (options: "dict", mode, token, challenge))]
pub(crate) fn cloud_challenge(
    py: Python<'_>,
    options: Given<CloudOptions>,
    mode: &str,
    token: &str,
    challenge: &str,
) -> PyResult<Option<String>> {
    call(py, || Ok(Cloud::new(options.0)?.challenge(mode, token, challenge).map(str::to_owned)))
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
#[pyclass(frozen, module = "dermawan")]
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

#[pymethods]
impl Transport {
    /// Fonnte, by its options (`token`, `device`, `webhook_secret`, …). Nothing is asked yet.
    #[staticmethod]
    #[pyo3(signature = (options: "dict"))]
    fn fonnte(py: Python<'_>, options: Given<FonnteOptions>) -> PyResult<Self> {
        call(py, || {
            let fonnte = Arc::new(Fonnte::new(options.0)?);
            Ok(Self { line: fonnte.clone(), fonnte: Some(fonnte), dry: None })
        })
    }

    /// The WhatsApp Cloud API, by its options (`phone_number_id`, `token`, `app_secret`, `verify_token`, …).
    #[staticmethod]
    #[pyo3(signature = (options: "dict"))]
    fn cloud(py: Python<'_>, options: Given<CloudOptions>) -> PyResult<Self> {
        call(py, || Cloud::new(options.0).map(Self::plain))
    }

    /// Writes to the standard output what would go out, numbers masked.
    #[staticmethod]
    fn console() -> Self {
        Self::plain(Console::new(std::io::stdout()))
    }

    /// The test mode: accepts everything and hands to this gateway only what is for `letting_through`, such as an
    /// administrator's number. Webhooks and health are the gateway's own.
    #[pyo3(signature = (letting_through: "list[str]"=Vec::new()) -> "Transport")]
    fn dry_run(&self, py: Python<'_>, letting_through: Vec<String>) -> PyResult<Self> {
        call(py, || {
            let through = letting_through.iter().map(|text| Number::parse(text)).collect::<Result<Vec<_>>>()?;
            let dry = Arc::new(DryRun::letting_through(self.line.clone(), through));
            Ok(Self { line: dry.clone(), fonnte: self.fonnte.clone(), dry: Some(dry) })
        })
    }

    /// How many messages `dry_run` has held back; `None` where the gateway sends.
    #[getter]
    fn held(&self) -> Option<u64> {
        self.dry.as_ref().map(|dry| dry.held())
    }

    /// This gateway at a pace: from `least` to `most` seconds from one message to the next, chosen evenly by `seed`.
    /// `send` waits. A `Worker` needs none of it: outboxes have a pace of their own.
    #[pyo3(signature = (least, most, seed) -> "Transport")]
    fn throttle(&self, py: Python<'_>, least: f64, most: f64, seed: u64) -> PyResult<Self> {
        call(py, || {
            let line = Throttle::of_seconds(self.line.clone(), Steady::start(), least, most, seed)?;
            Ok(Self { line: Arc::new(line), fonnte: self.fonnte.clone(), dry: self.dry.clone() })
        })
    }

    /// Asks Fonnte which numbers are on WhatsApp: `registered`, `not_registered`, `unanswered`, or the `outcome` and
    /// `reason` of a failure. Other gateways cannot (`invalid_input`).
    #[pyo3(signature = (numbers: "list[str]") -> "dict")]
    fn validate<'py>(&self, py: Python<'py>, numbers: Vec<String>) -> Said<'py> {
        answer(py, || {
            let numbers = numbers.iter().map(|text| Number::parse(text)).collect::<Result<Vec<_>>>()?;
            let other = || Error::new(ErrorKind::InvalidInput, "this gateway cannot say which numbers are on WhatsApp");
            let fonnte = self.fonnte.as_ref().ok_or_else(other)?;
            Ok(Checked::from(fonnte.validate(&numbers)))
        })
    }

    /// Its name in lower case.
    #[getter]
    fn name(&self) -> &'static str {
        self.line.name()
    }

    /// What it can do.
    #[pyo3(signature = () -> "dict")]
    fn capabilities<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || Ok(self.line.capabilities()))
    }

    /// Hands one message over, `{"key": …, "to": …, "text": …}`, and says what the gateway answered, as `fonnte_answer`.
    #[pyo3(signature = (envelope: "dict") -> "dict")]
    fn send<'py>(&self, py: Python<'py>, envelope: Given<Envelope>) -> Said<'py> {
        answer(py, || Ok(transport::Answer::from(self.line.send(&envelope.0))))
    }

    /// Reads a webhook: `{"events": […]}`, or `{"refused": "forged"}` (answer 401), `other_device` (403), `malformed` (400).
    /// Nothing is sent or remembered.
    #[pyo3(signature = (body, headers: "dict[str, str] | None"=None) -> "dict")]
    fn parse<'py>(&self, py: Python<'py>, body: Vec<u8>, headers: Option<BTreeMap<String, String>>) -> Said<'py> {
        answer(py, || Ok(transport::Reading::of(&*self.line, &body, &headers.unwrap_or_default())))
    }

    /// Asks the gateway how the line is: `connected`, `quota` and `detail`, or the `outcome` and `reason` of a failure.
    #[pyo3(signature = () -> "dict")]
    fn health<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || Ok(transport::Pulse::of(&*self.line)))
    }
}
