//! Cash flow with chances, parts that add up, and a donor's next gift.

use crate::door::{Later, Maybe, call, day, later, read, read_or_default};
use dermawan::forecast::{CashFlowOptions, Named, NextGiftOptions, Options, Reconciliation, SoFar};
use dermawan::{MonthlySeries, Rupiah};
use jiff::civil::Date;
use napi::bindgen_prelude::Unknown;
use napi::{Env, Result};
use napi_derive::napi;

/// Forecasts income and expense, carries `balance` (0 when left out) forward, and says how probable it is that money runs
/// out. With `soFar`, `{income: …, expense: …}` of the running month, the first month is the one after it.
#[napi(
    ts_args_type = "income: object, expense: object, balance?: number | string | null, soFar?: object | null, options?: object | null",
    ts_return_type = "Promise<any>"
)]
pub(crate) fn simulate_cash_flow(
    env: &Env,
    income: Unknown<'_>,
    expense: Unknown<'_>,
    balance: Maybe<'_>,
    so_far: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Later> {
    let (income, expense): (MonthlySeries, MonthlySeries) =
        (read(env, "income", income)?, read(env, "expense", expense)?);
    let balance: Rupiah = read_or_default(env, "balance", balance)?;
    let so_far: Option<SoFar> = read_or_default(env, "soFar", so_far)?;
    let options: CashFlowOptions = read_or_default(env, "options", options)?;
    Ok(later(move || dermawan::forecast::simulate_cash_flow(&income, &expense, balance, so_far, &options)))
}

/// The same by category: `income` and `expense` are lists of `{name: 'zakat', series: {…}}`, each is forecast, and in every
/// month they add up to the totals.
#[napi(
    ts_args_type = "income: object[], expense: object[], balance?: number | string | null, soFar?: object | null, options?: object | null",
    ts_return_type = "Promise<any>"
)]
pub(crate) fn simulate_cash_flow_by_category(
    env: &Env,
    income: Unknown<'_>,
    expense: Unknown<'_>,
    balance: Maybe<'_>,
    so_far: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Later> {
    let (income, expense): (Vec<Named>, Vec<Named>) = (read(env, "income", income)?, read(env, "expense", expense)?);
    let balance: Rupiah = read_or_default(env, "balance", balance)?;
    let so_far: Option<SoFar> = read_or_default(env, "soFar", so_far)?;
    let options: CashFlowOptions = read_or_default(env, "options", options)?;
    Ok(later(move || dermawan::forecast::simulate_cash_flow_by_category(&income, &expense, balance, so_far, &options)))
}

/// The months after the running one, from today's `balance` (0 when left out) on; `soFar` is what the running month has
/// brought, `{income: …, expense: …}`.
#[napi(
    ts_args_type = "income: object, expense: object, balance?: number | string | null, soFar?: object | null, options?: object | null",
    ts_return_type = "Promise<any>"
)]
pub(crate) fn cash_flow_ahead(
    env: &Env,
    income: Unknown<'_>,
    expense: Unknown<'_>,
    balance: Maybe<'_>,
    so_far: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Later> {
    let (income, expense): (MonthlySeries, MonthlySeries) =
        (read(env, "income", income)?, read(env, "expense", expense)?);
    let balance: Rupiah = read_or_default(env, "balance", balance)?;
    let so_far: SoFar = read_or_default(env, "soFar", so_far)?;
    let options: CashFlowOptions = read_or_default(env, "options", options)?;
    Ok(later(move || dermawan::forecast::cash_flow_ahead(&income, &expense, balance, so_far, &options)))
}

/// Forecasts parts, `[{name: 'zakat', series: {…}}, …]`, and their total, so that they add up. `how` is `min_trace` (the
/// default), `bottom_up` or `top_down`; `total` is the total's own series where more is known of it.
#[napi(
    ts_args_type = "parts: object[], total?: object | null, horizon?: number | null, how?: string | null, options?: object | null",
    ts_return_type = "Promise<any>"
)]
pub(crate) fn forecast_many(
    env: &Env,
    parts: Unknown<'_>,
    total: Maybe<'_>,
    horizon: Maybe<'_>,
    how: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Later> {
    let parts: Vec<Named> = read(env, "parts", parts)?;
    let total: Option<MonthlySeries> = read_or_default(env, "total", total)?;
    let horizon: Option<u16> = read_or_default(env, "horizon", horizon)?;
    let how: Option<Reconciliation> = read_or_default(env, "how", how)?;
    let options: Options = read_or_default(env, "options", options)?;
    let (horizon, how) = (horizon.unwrap_or(3), how.unwrap_or_default());
    Ok(later(move || dermawan::forecast::many(&parts, total.as_ref(), horizon, how, &options)))
}

/// A donor's next gift, from the dates and amounts of the gifts so far.
#[napi(
    ts_args_type = "dates: string[], amounts: Array<number | string>, asOf: string, options?: object | null",
    ts_return_type = "any"
)]
pub(crate) fn next_gift<'env>(
    env: &'env Env,
    dates: Unknown<'_>,
    amounts: Unknown<'_>,
    as_of: String,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let (dates, amounts): (Vec<Date>, Vec<Rupiah>) = (read(env, "dates", dates)?, read(env, "amounts", amounts)?);
    let options: NextGiftOptions = read_or_default(env, "options", options)?;
    call(env, || dermawan::forecast::next_gift(&dates, &amounts, day(&as_of)?, &options))
}

/// The same for many donors at once: the gifts of donor `i` are those from `starts[i]` to `starts[i + 1]`, the end for the
/// last. One answer a donor.
#[napi(
    ts_args_type = "starts: number[], dates: string[], amounts: Array<number | string>, asOf: string, options?: object | null",
    ts_return_type = "Promise<any>"
)]
pub(crate) fn next_gifts(
    env: &Env,
    starts: Unknown<'_>,
    dates: Unknown<'_>,
    amounts: Unknown<'_>,
    as_of: String,
    options: Maybe<'_>,
) -> Result<Later> {
    let starts: Vec<usize> = read(env, "starts", starts)?;
    let (dates, amounts): (Vec<Date>, Vec<Rupiah>) = (read(env, "dates", dates)?, read(env, "amounts", amounts)?);
    let options: NextGiftOptions = read_or_default(env, "options", options)?;
    Ok(later(move || dermawan::forecast::next_gifts(&starts, &dates, &amounts, day(&as_of)?, &options)))
}
