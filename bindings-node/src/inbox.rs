//! What came in and is not answered yet.

use crate::door::{Later, Making, later, later_made, moment, read};
use dermawan::inbox::Step;
use dermawan::{Number, Result};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Unknown};
use napi_derive::napi;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

type Core = dermawan::inbox::Inbox;

/// Keeps what a gateway brought until it is answered, and conversations. A message that comes again is kept once.
#[napi]
pub(crate) struct Inbox(Arc<Mutex<Core>>);

impl Inbox {
    fn made(core: Result<Core>) -> Result<Self> {
        Ok(Self(Arc::new(Mutex::new(core?))))
    }

    fn later<T: Serialize>(&self, work: impl FnOnce(&mut Core) -> Result<T> + Send + 'static) -> napi::Result<Later> {
        let core = self.0.clone();
        Ok(later(move || work(&mut core.lock().unwrap_or_else(PoisonError::into_inner))))
    }
}

#[napi]
impl Inbox {
    /// Opens or creates an inbox file; the outbox and the register may live in the same one.
    #[napi(ts_return_type = "Promise<Inbox>")]
    pub fn open(path: String) -> AsyncTask<Making<Inbox>> {
        later_made(move || Self::made(Core::open(path)))
    }

    /// An inbox that lasts as long as this object.
    #[napi(ts_return_type = "Promise<Inbox>")]
    pub fn in_memory() -> AsyncTask<Making<Inbox>> {
        later_made(|| Self::made(Core::in_memory()))
    }

    /// Writes many things in one transaction: `{keep: {event: …, now: …}}` with an event of `Transport.parse`,
    /// `{settle: {seq: …, outcome: 'answered', session: [number, …], now: …}}`. Answers `new`, `known` or `ignored` for each.
    #[napi(ts_args_type = "steps: object[]", ts_return_type = "Promise<string[]>")]
    pub fn commit(&self, env: &Env, steps: Unknown<'_>) -> napi::Result<Later> {
        let steps: Vec<Step> = read(env, "steps", steps)?;
        self.later(move |inbox| inbox.commit(&steps))
    }

    /// What waits for an answer, in the order of arrival, after a `seq` (0 when left out), `limit` (100) at most.
    #[napi(ts_args_type = "after?: number | null, limit?: number | null", ts_return_type = "Promise<any[]>")]
    pub fn pending(&self, after: Option<i64>, limit: Option<u32>) -> napi::Result<Later> {
        self.later(move |inbox| inbox.pending(after.unwrap_or(0), limit.unwrap_or(100) as usize))
    }

    /// How much waits.
    #[napi(ts_return_type = "Promise<number>")]
    pub fn backlog(&self) -> napi::Result<Later> {
        self.later(|inbox| inbox.backlog())
    }

    /// The conversation with a number, as `Analytics.converse` and `reply` take it.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn session(&self, number: String) -> napi::Result<Later> {
        self.later(move |inbox| inbox.session(&Number::parse(&number)?))
    }

    /// Removes what was settled before a moment. How many.
    #[napi(ts_args_type = "before: Date | string", ts_return_type = "Promise<number>")]
    pub fn prune(&self, env: &Env, before: Unknown<'_>) -> napi::Result<Later> {
        let before = moment(env, before)?;
        self.later(move |inbox| inbox.prune(before))
    }

    /// Removes what a number wrote, and its conversation. How many messages.
    #[napi(ts_return_type = "Promise<number>")]
    pub fn erase(&self, number: String) -> napi::Result<Later> {
        self.later(move |inbox| inbox.erase(&Number::parse(&number)?))
    }
}
