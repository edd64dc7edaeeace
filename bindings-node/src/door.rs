//! The one door of every call: work, on Node's thread pool where it may take long, and map the error.

use dermawan::{Error, Result};
use napi::bindgen_prelude::{AsyncTask, JsObjectValue, JsValue, ToNapiValue, TypeName};
use napi::{Env, Task};

/// Does short work on the calling thread.
pub(crate) fn call<T>(env: &Env, work: impl FnOnce() -> Result<T>) -> napi::Result<T> {
    work().map_err(|error| raise(env, &error))
}

/// Does long work on the libuv pool; the promise is settled when it is done.
pub(crate) fn later<T>(work: impl FnOnce() -> Result<T> + Send + 'static) -> AsyncTask<Job<T>>
where
    T: Send + ToNapiValue + TypeName + 'static,
{
    AsyncTask::new(Job(Some(Box::new(work))))
}

/// Work for the pool.
pub(crate) struct Job<T>(Option<Box<dyn FnOnce() -> Result<T> + Send>>);

impl<T: Send + ToNapiValue + TypeName + 'static> Task for Job<T> {
    // The library's error crosses threads as a value, because an error of Node can only be made on Node's own thread.
    type Output = Result<T>;
    type JsValue = T;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = self.0.take().ok_or_else(|| napi::Error::from_reason("work that was already done"))?;
        Ok(work())
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<T> {
        output.map_err(|error| raise(&env, &error))
    }
}

/// An `Error` of JavaScript with `code` and `hint`.
fn raise(env: &Env, error: &Error) -> napi::Error {
    let build = || {
        let mut object = env.create_error(napi::Error::from_reason(error.to_string()))?;
        object.set_named_property("code", error.code())?;
        object.set_named_property("hint", error.advice())?;
        Ok(napi::Error::from(object.to_unknown()))
    };
    build().unwrap_or_else(|broken| broken)
}
