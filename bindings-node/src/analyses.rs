//! The analyses on values, without a store. Amounts are rupiah, months `2026-01`, and options those of the settings.

use crate::door::{Later, Maybe, call, day, later, read, read_or_default};
use dermawan::forecast::{BacktestOptions, CashFlowOptions, Options};
use dermawan::{CashEntries, CategoryMonth, DonorGifts, Language, MonthlySeries, Rupiah, anomaly, churn, message};
use napi::bindgen_prelude::Unknown;
use napi::{Env, Result};
use napi_derive::napi;

/// Forecasts `horizon` months (3 when left out) after a series of whole months, `{first: '2025-11', values: [5600000, …]}`:
/// points with intervals, R², standard error, and notes.
#[napi(ts_args_type = "series: object, horizon?: number | null, options?: object | null", ts_return_type = "any")]
pub(crate) fn forecast<'env>(
    env: &'env Env,
    series: Unknown<'_>,
    horizon: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let series: MonthlySeries = read(env, "series", series)?;
    let horizon: Option<u16> = read_or_default(env, "horizon", horizon)?;
    let options: Options = read_or_default(env, "options", options)?;
    call(env, || Ok(dermawan::forecast::fit(&series, &options)?.predict(horizon.unwrap_or(3))))
}

/// How well the methods would have forecast the last months of a series, side by side. Works on Node's thread pool.
#[napi(ts_args_type = "series: object, options?: object | null", ts_return_type = "Promise<any>")]
pub(crate) fn forecast_backtest(env: &Env, series: Unknown<'_>, options: Maybe<'_>) -> Result<Later> {
    let series: MonthlySeries = read(env, "series", series)?;
    let options: BacktestOptions = read_or_default(env, "options", options)?;
    Ok(later(move || dermawan::forecast::backtest(&series, &options)))
}

/// What the first of `horizon` months (3 when left out) is made of, in one sentence of `language`: `id`, the default, or
/// `en`.
#[napi(
    ts_args_type = "series: object, horizon?: number | null, options?: object | null, language?: 'id' | 'en' | null",
    ts_return_type = "string"
)]
pub(crate) fn explain_forecast<'env>(
    env: &'env Env,
    series: Unknown<'_>,
    horizon: Maybe<'_>,
    options: Maybe<'_>,
    language: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let series: MonthlySeries = read(env, "series", series)?;
    let horizon: Option<u16> = read_or_default(env, "horizon", horizon)?;
    let options: Options = read_or_default(env, "options", options)?;
    let language: Option<Language> = read_or_default(env, "language", language)?;
    call(env, || {
        let forecast = dermawan::forecast::fit(&series, &options)?.predict(horizon.unwrap_or(3));
        Ok(message::explain(&forecast, language.unwrap_or_default()))
    })
}

/// Forecasts income and expense, two series that end with the same month, and carries `balance` (0 when left out)
/// forward.
#[napi(
    ts_args_type = "income: object, expense: object, balance?: number | string | null, options?: object | null",
    ts_return_type = "any[]"
)]
pub(crate) fn cash_flow<'env>(
    env: &'env Env,
    income: Unknown<'_>,
    expense: Unknown<'_>,
    balance: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let income: MonthlySeries = read(env, "income", income)?;
    let expense: MonthlySeries = read(env, "expense", expense)?;
    let balance: Rupiah = read_or_default(env, "balance", balance)?;
    let options: CashFlowOptions = read_or_default(env, "options", options)?;
    call(env, || dermawan::forecast::cash_flow(&income, &expense, balance, &options))
}

/// Scores every donor from 0 (stays) to 100 (gone). `gifts` are columns of donors who gave: `donor`, `count`, `total`,
/// `first`, `last`, `recent` (gifts of the last three calendar months). The answer has columns too.
#[napi(ts_args_type = "gifts: object, asOf: string, options?: object | null", ts_return_type = "any")]
pub(crate) fn churn_score<'env>(
    env: &'env Env,
    gifts: Unknown<'_>,
    as_of: String,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let gifts: DonorGifts = read(env, "gifts", gifts)?;
    let options: churn::ScoreOptions = read_or_default(env, "options", options)?;
    call(env, || churn::score(&gifts, day(&as_of)?, &options))
}

/// Sorts every donor into a segment; `neverGave` donors are not in the columns and are only counted.
#[napi(
    ts_args_type = "gifts: object, asOf: string, neverGave?: number | null, options?: object | null",
    ts_return_type = "any"
)]
pub(crate) fn segments<'env>(
    env: &'env Env,
    gifts: Unknown<'_>,
    as_of: String,
    never_gave: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let gifts: DonorGifts = read(env, "gifts", gifts)?;
    let never_gave: u64 = read_or_default(env, "neverGave", never_gave)?;
    let options: churn::SegmentOptions = read_or_default(env, "options", options)?;
    call(env, || churn::segments(&gifts, never_gave, day(&as_of)?, &options))
}

/// The lifetime value of every donor of the columns.
#[napi(ts_args_type = "gifts: object, asOf: string", ts_return_type = "any")]
pub(crate) fn lifetime_value<'env>(env: &'env Env, gifts: Unknown<'_>, as_of: String) -> Result<Unknown<'env>> {
    let gifts: DonorGifts = read(env, "gifts", gifts)?;
    call(env, || churn::lifetime_value(&gifts, day(&as_of)?))
}

/// Months of categories outside their expected range. Rows are `{category: 1, month: '2026-01', total: …, count: …}`.
#[napi(ts_args_type = "rows: object[], asOf: string, options?: object | null", ts_return_type = "any")]
pub(crate) fn expense_anomalies<'env>(
    env: &'env Env,
    rows: Unknown<'_>,
    as_of: String,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let rows: Vec<CategoryMonth> = read(env, "rows", rows)?;
    let options: anomaly::ExpenseOptions = read_or_default(env, "options", options)?;
    call(env, || anomaly::expenses(&rows, day(&as_of)?, &options))
}

/// Single entries far from the others of their category. `entries` are columns: `entry`, `category`, `amount`, `date`.
#[napi(ts_args_type = "entries: object, asOf: string, options?: object | null", ts_return_type = "any")]
pub(crate) fn unusual_transactions<'env>(
    env: &'env Env,
    entries: Unknown<'_>,
    as_of: String,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let entries: CashEntries = read(env, "entries", entries)?;
    let options: anomaly::TransactionOptions = read_or_default(env, "options", options)?;
    call(env, || anomaly::transactions(&entries, day(&as_of)?, &options))
}
