//! What came in and is not answered yet.

use crate::door::{Given, Moment, Said, answer, call};
use dermawan::inbox::Step;
use dermawan::{Number, Result};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Keeps what a gateway brought until it is answered, and conversations. A message that comes again is kept once.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Inbox(Mutex<dermawan::inbox::Inbox>);

impl Inbox {
    fn with<T>(&self, work: impl FnOnce(&mut dermawan::inbox::Inbox) -> Result<T>) -> Result<T> {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl Inbox {
    /// Opens or creates an inbox file; the outbox and the register may live in the same one.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        call(py, || Ok(Self(Mutex::new(dermawan::inbox::Inbox::open(path)?))))
    }

    /// An inbox that lasts as long as this object.
    #[staticmethod]
    fn in_memory(py: Python<'_>) -> PyResult<Self> {
        call(py, || Ok(Self(Mutex::new(dermawan::inbox::Inbox::in_memory()?))))
    }

    /// Writes many things in one transaction: `{"keep": {"event": …, "now": …}}` with an event of `Transport.parse`,
    /// `{"settle": {"seq": …, "outcome": "answered", "session": [number, …], "now": …}}`. Answers `new`, `known` or `ignored` for each.
    #[pyo3(signature = (steps: "list[dict]") -> "list[str]")]
    fn commit<'py>(&self, py: Python<'py>, steps: Given<Vec<Step>>) -> Said<'py> {
        answer(py, || self.with(|inbox| inbox.commit(&steps.0)))
    }

    /// What waits for an answer, in the order of arrival, after a `seq`.
    #[pyo3(signature = (after=0, limit=100) -> "list[dict]")]
    fn pending<'py>(&self, py: Python<'py>, after: i64, limit: usize) -> Said<'py> {
        answer(py, || self.with(|inbox| inbox.pending(after, limit)))
    }

    /// How much waits.
    fn backlog(&self, py: Python<'_>) -> PyResult<u64> {
        call(py, || self.with(|inbox| inbox.backlog()))
    }

    /// The conversation with a number, as `Analytics.converse` and `reply` take it.
    #[pyo3(signature = (number) -> "dict")]
    fn session<'py>(&self, py: Python<'py>, number: &str) -> Said<'py> {
        answer(py, || self.with(|inbox| inbox.session(&Number::parse(number)?)))
    }

    /// Removes what was settled before a moment. How many.
    fn prune(&self, py: Python<'_>, before: Moment) -> PyResult<u64> {
        call(py, || self.with(|inbox| inbox.prune(before.0)))
    }

    /// Removes what a number wrote, and its conversation. How many messages.
    fn erase(&self, py: Python<'_>, number: &str) -> PyResult<u64> {
        call(py, || self.with(|inbox| inbox.erase(&Number::parse(number)?)))
    }
}
