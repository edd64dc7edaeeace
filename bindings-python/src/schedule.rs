//! What is to be done now.

use crate::door::{Given, Moment, Said, answer, call, or_default, zone};
use dermawan::Result;
use dermawan::schedule::{self, Job, Options, Run};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The jobs whose hour has come and that have not run, facts first. `past` is what `Runs.past` says.
#[pyfunction]
#[pyo3(signature = (now, past: "list[dict]", options: "dict | None"=None, time_zone="Asia/Jakarta") -> "list[dict]")]
pub(crate) fn due<'py>(
    py: Python<'py>,
    now: Moment,
    past: Given<Vec<Run>>,
    options: Option<Given<Options>>,
    time_zone: &str,
) -> Said<'py> {
    let plan = or_default(options);
    answer(py, || plan.validate().and_then(|()| Ok(schedule::due(&plan, now.0, &zone(time_zone)?, &past.0))))
}

/// The month whose report was missed, for the administrators to know.
#[pyfunction]
#[pyo3(signature = (now, past: "list[dict]", options: "dict | None"=None, time_zone="Asia/Jakarta") -> "str | None")]
pub(crate) fn missed_report<'py>(
    py: Python<'py>,
    now: Moment,
    past: Given<Vec<Run>>,
    options: Option<Given<Options>>,
    time_zone: &str,
) -> Said<'py> {
    let plan = or_default(options);
    answer(py, || plan.validate().and_then(|()| Ok(schedule::missed_report(&plan, now.0, &zone(time_zone)?, &past.0))))
}

/// What has run, in a file. One period of a job runs once.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Runs(Mutex<schedule::Runs>);

impl Runs {
    fn with<T>(&self, work: impl FnOnce(&mut schedule::Runs) -> Result<T>) -> Result<T> {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl Runs {
    /// Opens or creates the file; it may be the inbox's.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        call(py, || Ok(Self(Mutex::new(schedule::Runs::open(path)?))))
    }

    /// Gone with this object.
    #[staticmethod]
    fn in_memory(py: Python<'_>) -> PyResult<Self> {
        call(py, || Ok(Self(Mutex::new(schedule::Runs::in_memory()?))))
    }

    /// Notes that a job's period is begun. `False`: it is done already, and must not be begun.
    #[pyo3(signature = (job: "str", period, now))]
    fn begin(&self, py: Python<'_>, job: Given<Job>, period: &str, now: Moment) -> PyResult<bool> {
        call(py, || self.with(|runs| runs.begin(job.0, period, now.0)))
    }

    /// Notes that it ended, done or failed.
    #[pyo3(signature = (job: "str", period, done, now))]
    fn end(&self, py: Python<'_>, job: Given<Job>, period: &str, done: bool, now: Moment) -> PyResult<()> {
        call(py, || self.with(|runs| runs.end(job.0, period, done, now.0)))
    }

    /// Notes that what it needs is not there yet: the try does not count, and it is due again soon.
    #[pyo3(signature = (job: "str", period, now))]
    fn postpone(&self, py: Python<'_>, job: Given<Job>, period: &str, now: Moment) -> PyResult<()> {
        call(py, || self.with(|runs| runs.postpone(job.0, period, now.0)))
    }

    /// What has run, for `due`.
    #[pyo3(signature = () -> "list[dict]")]
    fn past<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || self.with(|runs| runs.past()))
    }

    /// Forgets what ran before a moment, but for reports.
    fn prune(&self, py: Python<'_>, before: Moment) -> PyResult<()> {
        call(py, || self.with(|runs| runs.prune(before.0)))
    }
}
