//! What is to be done now.

use crate::door::{Later, Making, Maybe, call, later, later_made, moment, read, read_or_default, zone};
use dermawan::Result;
use dermawan::schedule::{self, Job, Options, Run};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Unknown};
use napi_derive::napi;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

/// The jobs whose hour has come and that have not run, facts first. `past` is what `Runs.past` says; `timeZone` is
/// `Asia/Jakarta` when left out.
#[napi(
    ts_args_type = "now: Date | string, past: object[], options?: object | null, timeZone?: string | null",
    ts_return_type = "any[]"
)]
pub(crate) fn due<'env>(
    env: &'env Env,
    now: Unknown<'_>,
    past: Unknown<'_>,
    options: Maybe<'_>,
    time_zone: Option<String>,
) -> napi::Result<Unknown<'env>> {
    let (now, past): (_, Vec<Run>) = (moment(env, now)?, read(env, "past", past)?);
    let (plan, zone): (Options, _) = (read_or_default(env, "options", options)?, zone(env, time_zone)?);
    call(env, || plan.validate().map(|()| schedule::due(&plan, now, &zone, &past)))
}

/// The month whose report was missed, for the administrators to know.
#[napi(
    ts_args_type = "now: Date | string, past: object[], options?: object | null, timeZone?: string | null",
    ts_return_type = "string | null"
)]
pub(crate) fn missed_report<'env>(
    env: &'env Env,
    now: Unknown<'_>,
    past: Unknown<'_>,
    options: Maybe<'_>,
    time_zone: Option<String>,
) -> napi::Result<Unknown<'env>> {
    let (now, past): (_, Vec<Run>) = (moment(env, now)?, read(env, "past", past)?);
    let (plan, zone): (Options, _) = (read_or_default(env, "options", options)?, zone(env, time_zone)?);
    call(env, || plan.validate().map(|()| schedule::missed_report(&plan, now, &zone, &past)))
}

type Core = schedule::Runs;

/// What has run, in a file. One period of a job runs once.
#[napi]
pub(crate) struct Runs(Arc<Mutex<Core>>);

impl Runs {
    fn made(core: Result<Core>) -> Result<Self> {
        Ok(Self(Arc::new(Mutex::new(core?))))
    }

    fn later<T: Serialize>(&self, work: impl FnOnce(&mut Core) -> Result<T> + Send + 'static) -> napi::Result<Later> {
        let core = self.0.clone();
        Ok(later(move || work(&mut core.lock().unwrap_or_else(PoisonError::into_inner))))
    }
}

#[napi]
impl Runs {
    /// Opens or creates the file; it may be the inbox's.
    #[napi(ts_return_type = "Promise<Runs>")]
    pub fn open(path: String) -> AsyncTask<Making<Runs>> {
        later_made(move || Self::made(Core::open(path)))
    }

    /// Gone with this object.
    #[napi(ts_return_type = "Promise<Runs>")]
    pub fn in_memory() -> AsyncTask<Making<Runs>> {
        later_made(|| Self::made(Core::in_memory()))
    }

    /// Notes that a job's period is begun. `false`: it is done already, and must not be begun.
    #[napi(ts_args_type = "job: string, period: string, now: Date | string", ts_return_type = "Promise<boolean>")]
    pub fn begin(&self, env: &Env, job: Unknown<'_>, period: String, now: Unknown<'_>) -> napi::Result<Later> {
        let (job, now): (Job, _) = (read(env, "job", job)?, moment(env, now)?);
        self.later(move |runs| runs.begin(job, &period, now))
    }

    /// Notes that it ended, done or failed.
    #[napi(
        ts_args_type = "job: string, period: string, done: boolean, now: Date | string",
        ts_return_type = "Promise<null>"
    )]
    pub fn end(
        &self,
        env: &Env,
        job: Unknown<'_>,
        period: String,
        done: bool,
        now: Unknown<'_>,
    ) -> napi::Result<Later> {
        let (job, now): (Job, _) = (read(env, "job", job)?, moment(env, now)?);
        self.later(move |runs| runs.end(job, &period, done, now))
    }

    /// Notes that what it needs is not there yet: the try does not count, and it is due again soon.
    #[napi(ts_args_type = "job: string, period: string, now: Date | string", ts_return_type = "Promise<null>")]
    pub fn postpone(&self, env: &Env, job: Unknown<'_>, period: String, now: Unknown<'_>) -> napi::Result<Later> {
        let (job, now): (Job, _) = (read(env, "job", job)?, moment(env, now)?);
        self.later(move |runs| runs.postpone(job, &period, now))
    }

    /// What has run, for `due`.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn past(&self) -> napi::Result<Later> {
        self.later(|runs| runs.past())
    }

    /// Forgets what ran before a moment, but for reports.
    #[napi(ts_args_type = "before: Date | string", ts_return_type = "Promise<null>")]
    pub fn prune(&self, env: &Env, before: Unknown<'_>) -> napi::Result<Later> {
        let before = moment(env, before)?;
        self.later(move |runs| runs.prune(before))
    }
}
