//! Out of the door: gateways, and what their answers and webhooks mean.

use crate::door::{Given, Said, answer, call};
use dermawan::transport::cloud::{self, Cloud, CloudOptions};
use dermawan::transport::fonnte::{self, Fonnte, FonnteOptions};
use dermawan::transport::{self, Console, Envelope};
use dermawan::{Number, Sender};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// A gateway.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Transport(pub(crate) Arc<dyn transport::Transport>);

#[pymethods]
impl Transport {
    /// Fonnte, by its options (`token`, `device`, `webhook_secret`, …). Nothing is asked yet.
    #[staticmethod]
    #[pyo3(signature = (options: "dict"))]
    fn fonnte(py: Python<'_>, options: Given<FonnteOptions>) -> PyResult<Self> {
        call(py, || Ok(Self(Arc::new(Fonnte::new(options.0)?))))
    }

    /// The WhatsApp Cloud API, by its options (`phone_number_id`, `token`, `app_secret`, `verify_token`, …).
    #[staticmethod]
    #[pyo3(signature = (options: "dict"))]
    fn cloud(py: Python<'_>, options: Given<CloudOptions>) -> PyResult<Self> {
        call(py, || Ok(Self(Arc::new(Cloud::new(options.0)?))))
    }

    /// Writes to the standard output what would go out, numbers masked.
    #[staticmethod]
    fn console() -> Self {
        Self(Arc::new(Console::new(std::io::stdout())))
    }

    /// Its name in lower case.
    #[getter]
    fn name(&self) -> &'static str {
        self.0.name()
    }

    /// What it can do.
    #[pyo3(signature = () -> "dict")]
    fn capabilities<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || Ok(self.0.capabilities()))
    }

    /// Hands one message over, `{"key": …, "to": …, "text": …}`, and says what the gateway answered, as `fonnte_answer`.
    #[pyo3(signature = (envelope: "dict") -> "dict")]
    fn send<'py>(&self, py: Python<'py>, envelope: Given<Envelope>) -> Said<'py> {
        answer(py, || Ok(transport::Answer::from(self.0.send(&envelope.0))))
    }

    /// Reads a webhook: `{"events": […]}`, or `{"refused": "forged"}` (answer 401), `other_device` (403), `malformed` (400).
    /// Nothing is sent or remembered.
    #[pyo3(signature = (body, headers: "dict[str, str] | None"=None) -> "dict")]
    fn parse<'py>(&self, py: Python<'py>, body: Vec<u8>, headers: Option<BTreeMap<String, String>>) -> Said<'py> {
        answer(py, || Ok(transport::Reading::of(&*self.0, &body, &headers.unwrap_or_default())))
    }

    /// Asks the gateway how the line is: `connected`, `quota` and `detail`, or the `outcome` and `reason` of a failure.
    #[pyo3(signature = () -> "dict")]
    fn health<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || Ok(transport::Pulse::of(&*self.0)))
    }
}
