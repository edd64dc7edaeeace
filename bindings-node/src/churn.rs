//! Models of repeat giving and the sector's tables on values, without a store. Fits work on Node's thread pool.

use crate::door::{Job, Maybe, call, day, later, read, read_or_default};
use dermawan::churn::{self, Ahead, BacktestOptions, FitOptions, Fitted, Repeat};
use dermawan::{GiftDays, RepeatGiving, YearlyGiving};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Unknown};
use napi_derive::napi;

/// Fits a model of repeat giving (`bg_nbd`, `mbg_nbd`, `pareto_nbd`, `bg_bb`) to columns of donors: `frequency` (gifts
/// after the first), `recency` (time from the first to the last), `age` (time from the first to today).
#[napi(ts_args_type = "repeat: object, options?: object | null", ts_return_type = "Promise<any>")]
pub(crate) fn churn_fit(env: &Env, repeat: Unknown<'_>, options: Maybe<'_>) -> napi::Result<AsyncTask<Job>> {
    let repeat: Repeat = read(env, "repeat", repeat)?;
    let options: FitOptions = read_or_default(env, "options", options)?;
    Ok(later(move || churn::fit(&repeat, &options)))
}

/// What a model says of each donor: the chance of no gift within the horizon, expected gifts, and so on. `fitted` is an
/// answer of `churnFit`, or `{model: 'bg_nbd', parameters: [0.8, 60, 0.8, 2.5]}`.
#[napi(ts_args_type = "fitted: object, repeat: object, options?: object | null", ts_return_type = "any")]
pub(crate) fn churn_predict<'env>(
    env: &'env Env,
    fitted: Unknown<'_>,
    repeat: Unknown<'_>,
    options: Maybe<'_>,
) -> napi::Result<Unknown<'env>> {
    let fitted: Fitted = read(env, "fitted", fitted)?;
    let repeat: Repeat = read(env, "repeat", repeat)?;
    let ahead: Ahead = read_or_default(env, "options", options)?;
    call(env, || fitted.predict(&repeat, &ahead))
}

/// How good chances of no gift were, now that it is known who left; `capacity` (0.1 when left out) is the share of donors
/// that there is time to call.
#[napi(ts_args_type = "pNoGift: number[], left: boolean[], capacity?: number | null", ts_return_type = "any")]
pub(crate) fn churn_evaluate<'env>(
    env: &'env Env,
    p_no_gift: Unknown<'_>,
    left: Unknown<'_>,
    capacity: Maybe<'_>,
) -> napi::Result<Unknown<'env>> {
    let p_no_gift: Vec<f64> = read(env, "pNoGift", p_no_gift)?;
    let left: Vec<bool> = read(env, "left", left)?;
    let capacity: Option<f64> = read_or_default(env, "capacity", capacity)?;
    call(env, || churn::evaluate(&p_no_gift, &left, capacity.unwrap_or(0.1)))
}

/// Tries rule, baselines and models on the past, and says which to use. `gifts` are columns `donor`, `day`, `total`, one
/// row a donor and day, in ascending order.
#[napi(ts_args_type = "gifts: object, asOf: string, options?: object | null", ts_return_type = "Promise<any>")]
pub(crate) fn churn_backtest(
    env: &Env,
    gifts: Unknown<'_>,
    as_of: String,
    options: Maybe<'_>,
) -> napi::Result<AsyncTask<Job>> {
    let gifts: GiftDays = read(env, "gifts", gifts)?;
    let options: BacktestOptions = read_or_default(env, "options", options)?;
    Ok(later(move || churn::backtest(&gifts, day(&as_of)?, &options)))
}

/// Donors in fifths by recency, frequency and money. `giving` are columns `donor`, `days` (with a gift), `first`, `last`,
/// `total`, `season_days` and `seasons` (zeros where none are known).
#[napi(ts_args_type = "giving: object, asOf: string", ts_return_type = "any")]
pub(crate) fn rfm<'env>(env: &'env Env, giving: Unknown<'_>, as_of: String) -> napi::Result<Unknown<'env>> {
    let giving: RepeatGiving = read(env, "giving", giving)?;
    call(env, || churn::rfm(&giving, day(&as_of)?))
}

/// Retention by civil year, cohort and number of gifts. `giving` are columns `donor`, `year`, `count`, `total`, in
/// ascending order of donor and year.
#[napi(ts_args_type = "giving: object, lastYear: number", ts_return_type = "any")]
pub(crate) fn retention<'env>(
    env: &'env Env,
    giving: Unknown<'_>,
    last_year: Unknown<'_>,
) -> napi::Result<Unknown<'env>> {
    let giving: YearlyGiving = read(env, "giving", giving)?;
    let last_year: i16 = read(env, "lastYear", last_year)?;
    call(env, || churn::retention(&giving, last_year))
}

/// Where every donor stands in a year: new, retained, recaptured, LYBUNT or SYBUNT. `giving` as for `retention`.
#[napi(ts_args_type = "giving: object, year: number", ts_return_type = "any")]
pub(crate) fn standings<'env>(env: &'env Env, giving: Unknown<'_>, year: Unknown<'_>) -> napi::Result<Unknown<'env>> {
    let giving: YearlyGiving = read(env, "giving", giving)?;
    let year: i16 = read(env, "year", year)?;
    call(env, || churn::standings(&giving, year))
}
