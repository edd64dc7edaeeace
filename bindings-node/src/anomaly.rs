//! Strange months, gifts, lines and values, without a store.

use crate::door::{Maybe, call, day, raise, read, read_or_default};
use dermawan::anomaly::{self, ExpenseOptions, GiftOptions, Gifts, ScreenOptions, StreamOptions};
use dermawan::{CashBook, EntryId, MonthTotal, Rupiah};
use napi::bindgen_prelude::Unknown;
use napi::{Env, Result};
use napi_derive::napi;
use std::collections::BTreeSet;

/// Months of donations outside their expected range. Rows are `{month: '2026-01', total: …, count: …}`.
#[napi(ts_args_type = "months: object[], asOf: string, options?: object | null", ts_return_type = "any")]
pub(crate) fn income_anomalies<'env>(
    env: &'env Env,
    months: Unknown<'_>,
    as_of: String,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let months: Vec<MonthTotal> = read(env, "months", months)?;
    let options: ExpenseOptions = read_or_default(env, "options", options)?;
    call(env, || anomaly::income(&months, day(&as_of)?, &options))
}

/// Gifts that are unusual for their donor. `gifts` are columns `donor`, `amount`, `date`.
#[napi(ts_args_type = "gifts: object, asOf: string, options?: object | null", ts_return_type = "any[]")]
pub(crate) fn unusual_gifts<'env>(
    env: &'env Env,
    gifts: Unknown<'_>,
    as_of: String,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let gifts: Gifts = read(env, "gifts", gifts)?;
    let options: GiftOptions = read_or_default(env, "options", options)?;
    call(env, || anomaly::gifts(&gifts, day(&as_of)?, &options))
}

/// Screens the expenses of a cash book: lines worth a look, each with its evidence. `lines` are columns `entry`,
/// `direction` (`income` or `expense`), `category`, `amount`, `date`, and where known `entered` and `text`; `accepted` are
/// lines that were found in order and stay silent.
#[napi(
    ts_args_type = "lines: object, asOf: string, accepted?: number[] | null, options?: object | null",
    ts_return_type = "any"
)]
pub(crate) fn screen<'env>(
    env: &'env Env,
    lines: Unknown<'_>,
    as_of: String,
    accepted: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let lines: CashBook = read(env, "lines", lines)?;
    let accepted: Option<BTreeSet<EntryId>> = read_or_default(env, "accepted", accepted)?;
    let options: ScreenOptions = read_or_default(env, "options", options)?;
    call(env, || anomaly::screen(&lines, &accepted.unwrap_or_default(), day(&as_of)?, &options))
}

/// Rosner's generalised ESD test: up to `most` outliers among about normal values. `level` (0.05 when left out) is the
/// chance of finding any where there is none.
#[napi(ts_args_type = "values: number[], most: number, level?: number | null", ts_return_type = "any")]
pub(crate) fn generalised_esd<'env>(
    env: &'env Env,
    values: Unknown<'_>,
    most: Unknown<'_>,
    level: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let values: Vec<f64> = read(env, "values", values)?;
    let most: usize = read(env, "most", most)?;
    let level: Option<f64> = read_or_default(env, "level", level)?;
    call(env, || anomaly::generalised_esd(&values, most, level.unwrap_or(0.05)))
}

/// First digits of amounts against Benford's law; from 1,000 amounts on, and not where many are rounded.
#[napi(ts_args_type = "amounts: Array<number | string>", ts_return_type = "any")]
pub(crate) fn benford<'env>(env: &'env Env, amounts: Unknown<'_>) -> Result<Unknown<'env>> {
    let amounts: Vec<Rupiah> = read(env, "amounts", amounts)?;
    call(env, || Ok(anomaly::benford(amounts)))
}

/// Numbers that are missing in a sequence, the widest `most` (10 when left out) gaps.
#[napi(ts_args_type = "entries: number[], most?: number | null", ts_return_type = "any[]")]
pub(crate) fn sequence_gaps<'env>(env: &'env Env, entries: Unknown<'_>, most: Option<u32>) -> Result<Unknown<'env>> {
    let entries: Vec<EntryId> = read(env, "entries", entries)?;
    call(env, || Ok(anomaly::sequence_gaps(&entries, most.unwrap_or(10) as usize)))
}

/// Watches values that come one at a time, every hour or every day. Its memory does not grow with them.
#[napi]
pub(crate) struct Stream(anomaly::Stream);

#[napi]
impl Stream {
    /// Begins to watch.
    #[napi(constructor, ts_args_type = "options?: object | null")]
    pub fn new(env: &Env, options: Maybe<'_>) -> Result<Self> {
        let options: StreamOptions = read_or_default(env, "options", options)?;
        anomaly::Stream::new(options).map(Self).map_err(|error| raise(env, &error))
    }

    /// Takes the next value, null or NaN if it is missing: `expected`, `p_value`, `score` (0 to 1) and `alarm`.
    #[napi(ts_args_type = "value: number | null", ts_return_type = "any")]
    pub fn update<'env>(&mut self, env: &'env Env, value: Option<f64>) -> Result<Unknown<'env>> {
        call(env, || self.0.push(value.unwrap_or(f64::NAN)))
    }
}
