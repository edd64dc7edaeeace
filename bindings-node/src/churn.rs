//! Models of repeat giving and the sector's tables on values, without a store. Fits work on Node's thread pool.

use crate::door::{Later, Maybe, call, day, later, read, read_or_default};
use dermawan::churn::{
    self, Ahead, BacktestOptions, FitOptions, Fitted, FittedSpending, Known, LifetimeValues, Method, OutlookOptions,
    Outlooks, RecommendOptions, Repeat, Scores, Spending, SpendingOptions,
};
use dermawan::{GiftDays, Opportunities, RepeatGiving, YearlyGiving};
use jiff::civil::Date;
use napi::bindgen_prelude::Unknown;
use napi::{Env, Result};
use napi_derive::napi;

/// Fits a model of repeat giving (`bg_nbd`, `mbg_nbd`, `pareto_nbd`, `bg_bb`) to columns of donors: `frequency` (gifts
/// after the first), `recency` (time from the first to the last), `age` (time from the first to today). In the answer
/// `information` is the share of each parameter that the data tell, and `weak` says where the prior tells more.
#[napi(ts_args_type = "repeat: object, options?: object | null", ts_return_type = "Promise<any>")]
pub(crate) fn churn_fit(env: &Env, repeat: Unknown<'_>, options: Maybe<'_>) -> Result<Later> {
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
) -> Result<Unknown<'env>> {
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
) -> Result<Unknown<'env>> {
    let p_no_gift: Vec<f64> = read(env, "pNoGift", p_no_gift)?;
    let left: Vec<bool> = read(env, "left", left)?;
    let capacity: Option<f64> = read_or_default(env, "capacity", capacity)?;
    call(env, || churn::evaluate(&p_no_gift, &left, capacity.unwrap_or(0.1)))
}

/// Tries rule, baselines and models on the past, and says which to use. `gifts` are columns `donor`, `day`, `total`, one
/// row a donor and day, in ascending order.
#[napi(ts_args_type = "gifts: object, asOf: string, options?: object | null", ts_return_type = "Promise<any>")]
pub(crate) fn churn_backtest(env: &Env, gifts: Unknown<'_>, as_of: String, options: Maybe<'_>) -> Result<Later> {
    let gifts: GiftDays = read(env, "gifts", gifts)?;
    let options: BacktestOptions = read_or_default(env, "options", options)?;
    Ok(later(move || churn::backtest(&gifts, day(&as_of)?, &options)))
}

/// Donors in fifths by recency, frequency and money. `giving` are columns `donor`, `days` (with a gift), `first`, `last`,
/// `total`, `season_days` and `seasons` (zeros where none are known).
#[napi(ts_args_type = "giving: object, asOf: string", ts_return_type = "any")]
pub(crate) fn rfm<'env>(env: &'env Env, giving: Unknown<'_>, as_of: String) -> Result<Unknown<'env>> {
    let giving: RepeatGiving = read(env, "giving", giving)?;
    call(env, || churn::rfm(&giving, day(&as_of)?))
}

/// Retention by civil year, cohort and number of gifts. `giving` are columns `donor`, `year`, `count`, `total`, in
/// ascending order of donor and year.
#[napi(ts_args_type = "giving: object, lastYear: number", ts_return_type = "any")]
pub(crate) fn retention<'env>(env: &'env Env, giving: Unknown<'_>, last_year: Unknown<'_>) -> Result<Unknown<'env>> {
    let giving: YearlyGiving = read(env, "giving", giving)?;
    let last_year: i16 = read(env, "lastYear", last_year)?;
    call(env, || churn::retention(&giving, last_year))
}

/// Where every donor stands in a year: new, retained, recaptured, LYBUNT or SYBUNT. `giving` as for `retention`.
#[napi(ts_args_type = "giving: object, year: number", ts_return_type = "any")]
pub(crate) fn standings<'env>(env: &'env Env, giving: Unknown<'_>, year: Unknown<'_>) -> Result<Unknown<'env>> {
    let giving: YearlyGiving = read(env, "giving", giving)?;
    let year: i16 = read(env, "year", year)?;
    call(env, || churn::standings(&giving, year))
}

/// Fits what a gift is worth (Gamma-Gamma) to columns of donors: `gifts`, how many, and `mean`, their mean value.
#[napi(ts_args_type = "spending: object, options?: object | null", ts_return_type = "Promise<any>")]
pub(crate) fn fit_spending(env: &Env, spending: Unknown<'_>, options: Maybe<'_>) -> Result<Later> {
    let spending: Spending = read(env, "spending", spending)?;
    let options: SpendingOptions = read_or_default(env, "options", options)?;
    Ok(later(move || churn::fit_spending(&spending, &options)))
}

/// The expected value of each donor's next gifts; `fitted` is an answer of `fitSpending`.
#[napi(ts_args_type = "fitted: object, spending: object", ts_return_type = "number[]")]
pub(crate) fn predict_spending<'env>(
    env: &'env Env,
    fitted: Unknown<'_>,
    spending: Unknown<'_>,
) -> Result<Unknown<'env>> {
    let fitted: FittedSpending = read(env, "fitted", fitted)?;
    let spending: Spending = read(env, "spending", spending)?;
    call(env, || fitted.predict(&spending))
}

/// What is to be expected of each donor by a model (`bg_nbd`, `mbg_nbd`, `pareto_nbd`, or with `opportunities` `bg_bb_monthly`
/// and so on). `giving` as for `rfm`; `seasons` are the first and last days of Ramadans up to a year past the horizon.
#[napi(
    ts_args_type = "giving: object, method: string, asOf: string, opportunities?: object | null, seasons?: Array<[string, string]> | null, options?: object | null",
    ts_return_type = "Promise<any>"
)]
pub(crate) fn churn_outlook(
    env: &Env,
    giving: Unknown<'_>,
    method: Unknown<'_>,
    as_of: String,
    opportunities: Maybe<'_>,
    seasons: Maybe<'_>,
    options: Maybe<'_>,
) -> Result<Later> {
    let (giving, method): (RepeatGiving, Method) = (read(env, "giving", giving)?, read(env, "method", method)?);
    let opportunities: Option<Opportunities> = read_or_default(env, "opportunities", opportunities)?;
    let seasons: Option<Vec<(Date, Date)>> = read_or_default(env, "seasons", seasons)?;
    let options: OutlookOptions = read_or_default(env, "options", options)?;
    Ok(later(move || {
        let seasons = seasons.unwrap_or_default();
        let known = Known { giving: &giving, opportunities: opportunities.as_ref(), seasons: &seasons };
        churn::outlook(known, method, day(&as_of)?, &options)
    }))
}

/// Whom to call first, by P(no gift) times expected value; `outlooks` is an answer of `churnOutlook`.
#[napi(ts_args_type = "outlooks: object, options?: object | null", ts_return_type = "any[]")]
pub(crate) fn recommend<'env>(env: &'env Env, outlooks: Unknown<'_>, options: Maybe<'_>) -> Result<Unknown<'env>> {
    let outlooks: Outlooks = read(env, "outlooks", outlooks)?;
    let options: RecommendOptions = read_or_default(env, "options", options)?;
    call(env, || churn::recommend(&outlooks, &options))
}

/// The same by the rule: `scores` and `values` are answers of `churnScore` and `lifetimeValue`.
#[napi(ts_args_type = "scores: object, values: object, options?: object | null", ts_return_type = "any[]")]
pub(crate) fn recommend_by_rule<'env>(
    env: &'env Env,
    scores: Unknown<'_>,
    values: Unknown<'_>,
    options: Maybe<'_>,
) -> Result<Unknown<'env>> {
    let (scores, values): (Scores, LifetimeValues) = (read(env, "scores", scores)?, read(env, "values", values)?);
    let options: RecommendOptions = read_or_default(env, "options", options)?;
    call(env, || churn::recommend_by_rule(&scores, &values, &options))
}
