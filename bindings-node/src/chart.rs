//! Pictures of findings. A picture is an object with `kind`: `forecast`, `cash_flow`, `cohorts` or `anomalies`.

use crate::door::{Maybe, call, raise, read, read_or_default};
use dermawan::chart::{self, Chart, Options};
use napi::bindgen_prelude::{Buffer, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

/// A picture as SVG text. The findings that the analyses answer with may be given as they are:
/// `{kind: 'forecast', history: series, forecast: forecast(series)}`, `{kind: 'cash_flow', cash_flow: …}`,
/// `{kind: 'cohorts', cohorts: retention(…).cohorts}`, `{kind: 'anomalies', name: …, history: …, anomalies: […]}`.
#[napi(ts_args_type = "picture: object, options?: object | null", ts_return_type = "string")]
pub(crate) fn chart_svg<'env>(env: &'env Env, picture: Unknown<'_>, options: Maybe<'_>) -> Result<Unknown<'env>> {
    let drawn: Chart = read(env, "picture", picture)?;
    let options: Options = read_or_default(env, "options", options)?;
    call(env, || chart::svg(&drawn, &options))
}

/// The same picture as PNG.
#[napi(ts_args_type = "picture: object, options?: object | null")]
pub(crate) fn chart_png(env: &Env, picture: Unknown<'_>, options: Maybe<'_>) -> Result<Buffer> {
    let drawn: Chart = read(env, "picture", picture)?;
    let options: Options = read_or_default(env, "options", options)?;
    chart::png(&drawn, &options).map(Into::into).map_err(|error| raise(env, &error))
}
