//! The one door of every call: read the arguments, work, on Node's thread pool where it may take long, write the
//! answer, map the error.
//!
//! Values cross as JSON text, which V8 reads and writes at native speed, and of any size.

use dermawan::{Error, ErrorKind, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use napi::bindgen_prelude::{AsyncTask, Function, JsObjectValue, JsValue, Object, ToNapiValue, TypeName, Unknown};
use napi::{Env, ScopedTask, Task};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What may be left out: `undefined` and `null` both count as left out.
pub(crate) type Maybe<'a> = Option<Unknown<'a>>;

/// What is settled later.
pub(crate) type Later = AsyncTask<Job>;

/// Does short work on the calling thread; an answer of objects and arrays.
pub(crate) fn call<T: Serialize>(env: &Env, work: impl FnOnce() -> Result<T>) -> napi::Result<Unknown<'_>> {
    let text = work().and_then(|value| text_of(&value)).map_err(|error| raise(env, &error))?;
    parsed(env, text)
}

/// Does long work on the libuv pool; the promise is settled when it is done.
pub(crate) fn later<T: Serialize>(work: impl FnOnce() -> Result<T> + Send + 'static) -> AsyncTask<Job> {
    AsyncTask::new(Job(Some(Box::new(move || text_of(&work()?)))))
}

/// The same for work that gives an object of Node.
pub(crate) fn later_made<T>(work: impl FnOnce() -> Result<T> + Send + 'static) -> AsyncTask<Making<T>>
where
    Making<T>: Task,
{
    AsyncTask::new(Making(Some(Box::new(work))))
}

/// Work for the pool.
pub(crate) struct Job(Option<Box<dyn FnOnce() -> Result<String> + Send>>);

impl<'env> ScopedTask<'env> for Job {
    // The library's error crosses threads as a value, because an error of Node can only be made on Node's own thread.
    type Output = Result<String>;
    type JsValue = Unknown<'env>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        self.0.take().map(|work| work()).ok_or_else(done)
    }

    fn resolve(&mut self, env: &'env Env, output: Self::Output) -> napi::Result<Unknown<'env>> {
        parsed(env, output.map_err(|error| raise(env, &error))?)
    }
}

/// Work for the pool that makes an object of Node.
pub(crate) struct Making<T>(Option<Box<dyn FnOnce() -> Result<T> + Send>>);

impl<T: Send + ToNapiValue + TypeName + 'static> Task for Making<T> {
    type Output = Result<T>;
    type JsValue = T;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        self.0.take().map(|work| work()).ok_or_else(done)
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        output.map_err(|error| raise(&env, &error))
    }
}

fn done() -> napi::Error {
    napi::Error::from_reason("work that was already done")
}

fn text_of(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|cause| Error::new(ErrorKind::Internal, "the answer cannot be written").caused_by(cause))
}

/// `JSON` of the running program.
fn json(env: &Env) -> napi::Result<Object<'_>> {
    env.get_global()?.get_named_property("JSON")
}

fn parsed(env: &Env, text: String) -> napi::Result<Unknown<'_>> {
    json(env)?.get_named_property::<Function<'_, String, Unknown<'_>>>("parse")?.call(text)
}

/// Reads an argument of objects and arrays.
pub(crate) fn read<T: DeserializeOwned>(env: &Env, what: &str, value: Unknown<'_>) -> napi::Result<T> {
    let write = json(env)?.get_named_property::<Function<'_, Unknown<'_>, Option<String>>>("stringify")?;
    // What JSON does not know, such as a function, is written as nothing.
    let text = write.call(value)?.unwrap_or_else(|| "null".into());
    serde_json::from_str(&text).map_err(|cause| raise(env, &Error::unreadable(ErrorKind::InvalidInput, what, &cause)))
}

/// Reads an argument that may be left out.
pub(crate) fn read_or_default<T: DeserializeOwned + Default>(
    env: &Env,
    what: &str,
    value: Maybe<'_>,
) -> napi::Result<T> {
    value.map_or_else(|| Ok(T::default()), |value| read(env, what, value))
}

/// Reads options that may also come as text of their own form.
pub(crate) fn options_or_text<T: DeserializeOwned + Default>(
    env: &Env,
    what: &str,
    value: Maybe<'_>,
    parse: fn(&str) -> Result<T>,
) -> napi::Result<T> {
    let value: serde_json::Value = value.map_or(Ok(serde_json::Value::Null), |value| read(env, what, value))?;
    let result = match value {
        serde_json::Value::Null => Ok(T::default()),
        serde_json::Value::String(text) => parse(&text),
        value => T::deserialize(value).map_err(|cause| Error::unreadable(ErrorKind::InvalidInput, what, &cause)),
    };
    result.map_err(|error| raise(env, &error))
}

/// Whether options of a source, an object or a URL, name a time zone of their own.
pub(crate) fn names_zone(env: &Env, value: Maybe<'_>) -> napi::Result<bool> {
    let value: serde_json::Value = value.map_or(Ok(serde_json::Value::Null), |value| read(env, "options", value))?;
    Ok(value.as_str().map_or_else(|| value.get("time_zone").is_some(), |url| url.contains("time_zone=")))
}

/// Reads a civil date such as `2026-01-31`.
pub(crate) fn day(text: &str) -> Result<Date> {
    text.parse().map_err(|cause: jiff::Error| {
        Error::new(ErrorKind::InvalidInput, "this is not a date").hint("write it as 2026-01-31").caused_by(cause)
    })
}

/// Reads a moment: a `Date`, which is one, or text such as `2026-01-31T08:00:00+07:00`.
pub(crate) fn moment(env: &Env, value: Unknown<'_>) -> napi::Result<Timestamp> {
    let text: String = read(env, "the moment", value)?;
    text.parse().map_err(|_: jiff::Error| {
        let error = Error::new(ErrorKind::InvalidInput, "this is not a moment");
        raise(env, &error.hint("give a Date, or text such as 2026-01-31T01:00:00Z"))
    })
}

/// Reads a time zone by its IANA name; Jakarta's, where it is left out.
pub(crate) fn zone(env: &Env, name: Option<String>) -> napi::Result<TimeZone> {
    TimeZone::get(name.as_deref().unwrap_or("Asia/Jakarta")).map_err(|_| {
        let error = Error::new(ErrorKind::InvalidInput, "this is not a known time zone");
        raise(env, &error.hint("write it as Asia/Jakarta"))
    })
}

/// An `Error` of JavaScript with `code` and `hint`.
pub(crate) fn raise(env: &Env, error: &Error) -> napi::Error {
    let build = || {
        let mut object = env.create_error(napi::Error::from_reason(error.to_string()))?;
        object.set_named_property("code", error.code())?;
        object.set_named_property("hint", error.advice())?;
        Ok(napi::Error::from(object.to_unknown()))
    };
    build().unwrap_or_else(|broken| broken)
}
