//! Models of repeat giving and the sector's tables on values, without a store. Every answer is a dict.

use crate::door::{Day, Given, Said, answer, options, or_default, read};
use dermawan::churn::{
    self, Ahead, BacktestOptions, FitOptions, Fitted, FittedSpending, Known, LifetimeValues, Method, OutlookOptions,
    Outlooks, RecommendOptions, Repeat, Scores, Spending, SpendingOptions,
};
use dermawan::{GiftDays, Opportunities, RepeatGiving, YearlyGiving};
use jiff::civil::Date;
use pyo3::prelude::*;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;
/// Fits a model of repeat giving (`bg_nbd`, `mbg_nbd`, `pareto_nbd`, `bg_bb`) to columns of donors: `frequency` (gifts
/// after the first), `recency` (time from the first to the last), `age` (time from the first to today). In the answer
/// `information` is the share of each parameter that the data tell, and `weak` says where the prior tells more.
#[pyfunction]
#[pyo3(signature = (repeat: "dict", options: "dict | None"=None) -> "dict")]
pub(crate) fn churn_fit<'py>(repeat: Any<'_, 'py>, options: Option<Any<'_, 'py>>) -> Said<'py> {
    let py = repeat.py();
    let (repeat, options): (Repeat, FitOptions) = (read("repeat", repeat)?, self::options(options)?);
    answer(py, || churn::fit(&repeat, &options))
}

/// What a model says of each donor: the chance of no gift within the horizon, expected gifts, and so on. `fitted` is an
/// answer of `churn_fit`, or `{"model": "bg_nbd", "parameters": [0.8, 60, 0.8, 2.5]}`.
#[pyfunction]
#[pyo3(signature = (fitted: "dict", repeat: "dict", options: "dict | None"=None) -> "dict")]
pub(crate) fn churn_predict<'py>(
    fitted: Any<'_, 'py>,
    repeat: Any<'_, 'py>,
    options: Option<Any<'_, 'py>>,
) -> Said<'py> {
    let py = fitted.py();
    let (fitted, repeat): (Fitted, Repeat) = (read("fitted", fitted)?, read("repeat", repeat)?);
    let ahead: Ahead = self::options(options)?;
    answer(py, || fitted.predict(&repeat, &ahead))
}

/// How good chances of no gift were, now that it is known who left; `capacity` is the share of donors that there is time
/// to call.
#[pyfunction]
#[pyo3(signature = (p_no_gift: "list[float]", left: "list[bool]", capacity=0.1) -> "dict")]
pub(crate) fn churn_evaluate<'py>(p_no_gift: Any<'_, 'py>, left: Any<'_, 'py>, capacity: f64) -> Said<'py> {
    let py = p_no_gift.py();
    let (p_no_gift, left): (Vec<f64>, Vec<bool>) = (read("p_no_gift", p_no_gift)?, read("left", left)?);
    answer(py, || churn::evaluate(&p_no_gift, &left, capacity))
}

/// Tries rule, baselines and models on the past, and says which to use. `gifts` are columns `donor`, `day`, `total`, one
/// row a donor and day, in ascending order.
#[pyfunction]
#[pyo3(signature = (gifts: "dict", as_of, options: "dict | None"=None) -> "dict")]
pub(crate) fn churn_backtest<'py>(gifts: Any<'_, 'py>, as_of: Day, options: Option<Any<'_, 'py>>) -> Said<'py> {
    let py = gifts.py();
    let (gifts, options): (GiftDays, BacktestOptions) = (read("gifts", gifts)?, self::options(options)?);
    answer(py, || churn::backtest(&gifts, as_of.0, &options))
}

/// Donors in fifths by recency, frequency and money. `giving` are columns `donor`, `days` (with a gift), `first`, `last`,
/// `total`, `season_days` and `seasons` (zeros where none are known).
#[pyfunction]
#[pyo3(signature = (giving: "dict", as_of) -> "dict")]
pub(crate) fn rfm<'py>(giving: Any<'_, 'py>, as_of: Day) -> Said<'py> {
    let py = giving.py();
    let giving: RepeatGiving = read("giving", giving)?;
    answer(py, || churn::rfm(&giving, as_of.0))
}

/// Retention by civil year, cohort and number of gifts. `giving` are columns `donor`, `year`, `count`, `total`, in
/// ascending order of donor and year.
#[pyfunction]
#[pyo3(signature = (giving: "dict", last_year) -> "dict")]
pub(crate) fn retention<'py>(giving: Any<'_, 'py>, last_year: i16) -> Said<'py> {
    let py = giving.py();
    let giving: YearlyGiving = read("giving", giving)?;
    answer(py, || churn::retention(&giving, last_year))
}

/// Where every donor stands in a year: new, retained, recaptured, LYBUNT or SYBUNT. `giving` as for `retention`.
#[pyfunction]
#[pyo3(signature = (giving: "dict", year) -> "dict")]
pub(crate) fn standings<'py>(giving: Any<'_, 'py>, year: i16) -> Said<'py> {
    let py = giving.py();
    let giving: YearlyGiving = read("giving", giving)?;
    answer(py, || churn::standings(&giving, year))
}

/// Fits what a gift is worth (Gamma-Gamma) to columns of donors: `gifts`, how many, and `mean`, their mean value.
#[pyfunction]
#[pyo3(signature = (spending: "dict", options: "dict | None"=None) -> "dict")]
pub(crate) fn fit_spending<'py>(
    py: Python<'py>,
    spending: Given<Spending>,
    options: Option<Given<SpendingOptions>>,
) -> Said<'py> {
    answer(py, || churn::fit_spending(&spending.0, &or_default(options)))
}

/// The expected value of each donor's next gifts; `fitted` is an answer of `fit_spending`.
#[pyfunction]
#[pyo3(signature = (fitted: "dict", spending: "dict") -> "list[float]")]
pub(crate) fn predict_spending<'py>(
    py: Python<'py>,
    fitted: Given<FittedSpending>,
    spending: Given<Spending>,
) -> Said<'py> {
    answer(py, || fitted.0.predict(&spending.0))
}

/// What is to be expected of each donor by a model (`bg_nbd`, `mbg_nbd`, `pareto_nbd`, or with `opportunities` `bg_bb_monthly`
/// and so on). `giving` as for `rfm`; `seasons` are the first and last days of Ramadans up to a year past the horizon.
#[pyfunction]
#[pyo3(signature = (giving: "dict", method: "str", as_of, opportunities: "dict | None"=None, seasons: "list | None"=None, options: "dict | None"=None) -> "dict")]
pub(crate) fn churn_outlook<'py>(
    py: Python<'py>,
    giving: Given<RepeatGiving>,
    method: Given<Method>,
    as_of: Day,
    opportunities: Option<Given<Opportunities>>,
    seasons: Option<Given<Vec<(Date, Date)>>>,
    options: Option<Given<OutlookOptions>>,
) -> Said<'py> {
    let (opportunities, seasons) = (opportunities.map(|given| given.0), or_default(seasons));
    let known = Known { giving: &giving.0, opportunities: opportunities.as_ref(), seasons: &seasons };
    answer(py, || churn::outlook(known, method.0, as_of.0, &or_default(options)))
}

/// Whom to call first, by P(no gift) times expected value; `outlooks` is an answer of `churn_outlook`.
#[pyfunction]
#[pyo3(signature = (outlooks: "dict", options: "dict | None"=None) -> "list[dict]")]
pub(crate) fn recommend<'py>(
    py: Python<'py>,
    outlooks: Given<Outlooks>,
    options: Option<Given<RecommendOptions>>,
) -> Said<'py> {
    answer(py, || churn::recommend(&outlooks.0, &or_default(options)))
}

/// The same by the rule: `scores` and `values` are answers of `churn_score` and `lifetime_value`, as dicts.
#[pyfunction]
#[pyo3(signature = (scores: "dict", values: "dict", options: "dict | None"=None) -> "list[dict]")]
pub(crate) fn recommend_by_rule<'py>(
    py: Python<'py>,
    scores: Given<Scores>,
    values: Given<LifetimeValues>,
    options: Option<Given<RecommendOptions>>,
) -> Said<'py> {
    answer(py, || churn::recommend_by_rule(&scores.0, &values.0, &or_default(options)))
}
