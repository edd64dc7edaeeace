//! The vectors of `testdata/vectors`: inputs, options and expected answers in JSON, from outside of this library. The
//! Python and Node packages run the same files.
//!
//! An expected object names the keys it checks; an expected list is checked whole. `{"error": code}` expects that error.
#![allow(clippy::disallowed_methods, reason = "reads the vectors")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use dermawan::transport::{self, Transport, cloud, fonnte};
use dermawan::{
    CashBook as Book, CashEntries, CategoryMonth, DonorGifts, EntryId, Error, ErrorKind, GiftDays, Language,
    MonthTotal, MonthlySeries, Number, Opportunities, RepeatGiving, Rupiah, Sender, YearlyGiving, anomaly, chart,
    churn, forecast, message, schedule,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    function: String,
    source: String,
    licence: String,
    tolerance: f64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    input: Value,
    options: Value,
    expected: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Series {
    series: MonthlySeries,
    horizon: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flows {
    income: MonthlySeries,
    expense: MonthlySeries,
    balance: Rupiah,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Futures<S> {
    income: S,
    expense: S,
    balance: Rupiah,
    so_far: Option<forecast::SoFar>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Together {
    parts: Vec<forecast::Named>,
    total: Option<MonthlySeries>,
    horizon: u16,
    how: forecast::Reconciliation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    dates: Vec<Date>,
    amounts: Vec<Rupiah>,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManyGiven {
    starts: Vec<usize>,
    dates: Vec<Date>,
    amounts: Vec<Rupiah>,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Donors {
    gifts: DonorGifts,
    #[serde(default)]
    never_gave: u64,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Months {
    rows: Vec<CategoryMonth>,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CashBook {
    entries: CashEntries,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    model: churn::Model,
    parameters: [f64; 4],
    repeat: churn::Repeat,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    p_no_gift: Vec<f64>,
    left: Vec<bool>,
    capacity: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fifths {
    giving: RepeatGiving,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Years {
    giving: YearlyGiving,
    last_year: i16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    values: Vec<f64>,
    most: usize,
    level: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drawn {
    picture: chart::Chart,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Worth {
    spending: churn::Spending,
    fitted: Option<churn::FittedSpending>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    giving: RepeatGiving,
    method: churn::Method,
    as_of: Date,
    opportunities: Option<Opportunities>,
    #[serde(default)]
    seasons: Vec<(Date, Date)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Calls {
    outlooks: churn::Outlooks,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    scores: churn::Scores,
    values: churn::LifetimeValues,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    giving: YearlyGiving,
    year: i16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Past {
    gifts: GiftDays,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Each {
    gifts: anomaly::Gifts,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Income {
    months: Vec<MonthTotal>,
    as_of: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Screened {
    lines: Book,
    as_of: Date,
    accepted: BTreeSet<EntryId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amounts {
    amounts: Vec<Rupiah>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbered {
    entries: Vec<EntryId>,
    most: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Values {
    values: Vec<Option<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    series: MonthlySeries,
    horizon: u16,
    language: Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gateway {
    status: u16,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    body: String,
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setup {
    mode: String,
    token: String,
    challenge: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hour {
    now: Timestamp,
    past: Vec<schedule::Run>,
    time_zone: Option<String>,
}

impl Hour {
    fn zone(&self) -> Result<TimeZone, Error> {
        TimeZone::get(self.time_zone.as_deref().unwrap_or("Asia/Jakarta"))
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "this is not a known time zone"))
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error} in {value}"))
}

fn answer<T: serde::Serialize>(result: Result<T, Error>) -> Value {
    match result {
        Ok(value) => serde_json::to_value(value).unwrap(),
        Err(error) => json!({ "error": error.code() }),
    }
}

fn run(function: &str, Case { input, options, .. }: &Case) -> Value {
    match function {
        "forecast" => {
            let Series { series, horizon } = read(input);
            answer(forecast::fit(&series, &read(options)).map(|fitted| fitted.predict(horizon)))
        }
        "cash_flow" => {
            let Flows { income, expense, balance } = read(input);
            answer(forecast::cash_flow(&income, &expense, balance, &read(options)))
        }
        "cash_flow_ahead" => {
            let Futures::<MonthlySeries> { income, expense, balance, so_far } = read(input);
            let so_far = so_far.unwrap_or_default();
            answer(forecast::cash_flow_ahead(&income, &expense, balance, so_far, &read(options)))
        }
        "simulate_cash_flow_by_category" => {
            let Futures::<Vec<forecast::Named>> { income, expense, balance, so_far } = read(input);
            let options = read(options);
            answer(forecast::simulate_cash_flow_by_category(&income, &expense, balance, so_far, &options))
        }
        "simulate_cash_flow" => {
            let Futures::<MonthlySeries> { income, expense, balance, so_far } = read(input);
            answer(forecast::simulate_cash_flow(&income, &expense, balance, so_far, &read(options)))
        }
        "forecast_many" => {
            let Together { parts, total, horizon, how } = read(input);
            answer(forecast::many(&parts, total.as_ref(), horizon, how, &read(options)))
        }
        "next_gift" => {
            let Given { dates, amounts, as_of } = read(input);
            answer(forecast::next_gift(&dates, &amounts, as_of, &read(options)))
        }
        "next_gifts" => {
            let ManyGiven { starts, dates, amounts, as_of } = read(input);
            answer(forecast::next_gifts(&starts, &dates, &amounts, as_of, &read(options)))
        }
        "churn_score" => {
            let Donors { gifts, as_of, .. } = read(input);
            answer(churn::score(&gifts, as_of, &read(options)))
        }
        "segments" => {
            let Donors { gifts, never_gave, as_of } = read(input);
            answer(churn::segments(&gifts, never_gave, as_of, &read(options)))
        }
        "lifetime_value" => {
            let Donors { gifts, as_of, .. } = read(input);
            answer(churn::lifetime_value(&gifts, as_of))
        }
        "expense_anomalies" => {
            let Months { rows, as_of } = read(input);
            answer(anomaly::expenses(&rows, as_of, &read(options)))
        }
        "unusual_transactions" => {
            let CashBook { entries, as_of } = read(input);
            answer(anomaly::transactions(&entries, as_of, &read(options)))
        }
        "churn_fit" => answer(churn::fit(&read(input), &read(options))),
        "churn_predict" => {
            let Ask { model, parameters, repeat } = read(input);
            let known = churn::Fitted::known(model, parameters);
            answer(known.and_then(|known| known.predict(&repeat, &read(options))))
        }
        "churn_evaluate" => {
            let Judged { p_no_gift, left, capacity } = read(input);
            answer(churn::evaluate(&p_no_gift, &left, capacity))
        }
        "rfm" => {
            let Fifths { giving, as_of } = read(input);
            answer(churn::rfm(&giving, as_of))
        }
        "retention" => {
            let Years { giving, last_year } = read(input);
            answer(churn::retention(&giving, last_year))
        }
        "generalised_esd" => {
            let Sample { values, most, level } = read(input);
            answer(anomaly::generalised_esd(&values, most, level))
        }
        "chart_svg" => {
            let Drawn { picture } = read(input);
            answer(chart::svg(&picture, &read(options)))
        }
        _ => run_later(function, input, options),
    }
}

/// The functions of giving and the audit.
fn run_later(function: &str, input: &Value, options: &Value) -> Value {
    match function {
        "fit_spending" => {
            let Worth { spending, .. } = read(input);
            answer(churn::fit_spending(&spending, &read(options)))
        }
        "predict_spending" => {
            let Worth { spending, fitted } = read(input);
            answer(fitted.unwrap().predict(&spending))
        }
        "churn_outlook" => {
            let Expected { giving, method, as_of, opportunities, seasons } = read(input);
            let known = churn::Known { giving: &giving, opportunities: opportunities.as_ref(), seasons: &seasons };
            answer(churn::outlook(known, method, as_of, &read(options)))
        }
        "recommend" => answer(churn::recommend(&read::<Calls>(input).outlooks, &read(options))),
        "recommend_by_rule" => {
            let Rule { scores, values } = read(input);
            answer(churn::recommend_by_rule(&scores, &values, &read(options)))
        }
        "standings" => {
            let Year { giving, year } = read(input);
            answer(churn::standings(&giving, year))
        }
        "churn_backtest" => {
            let Past { gifts, as_of } = read(input);
            answer(churn::backtest(&gifts, as_of, &read(options)))
        }
        "unusual_gifts" => {
            let Each { gifts, as_of } = read(input);
            answer(anomaly::gifts(&gifts, as_of, &read(options)))
        }
        "income_anomalies" => {
            let Income { months, as_of } = read(input);
            answer(anomaly::income(&months, as_of, &read(options)))
        }
        "screen" => {
            let Screened { lines, as_of, accepted } = read(input);
            answer(anomaly::screen(&lines, &accepted, as_of, &read(options)))
        }
        "benford" => answer(Ok(anomaly::benford(read::<Amounts>(input).amounts))),
        "sequence_gaps" => {
            let Numbered { entries, most } = read(input);
            answer(Ok(anomaly::sequence_gaps(&entries, most)))
        }
        "stream" => {
            let Values { values } = read(input);
            let said = |mut stream: anomaly::Stream| {
                values.iter().map(|value| stream.push(value.unwrap_or(f64::NAN))).collect()
            };
            answer(anomaly::Stream::new(read(options)).and_then(said).map(|said: Vec<_>| said))
        }
        "forecast_backtest" => answer(forecast::backtest(&read(&input["series"]), &read(options))),
        "explain_forecast" => {
            let Said { series, horizon, language } = read(input);
            let fitted = forecast::fit(&series, &read(options));
            answer(fitted.map(|fitted| message::explain(&fitted.predict(horizon), language)))
        }
        _ => run_delivery(function, input, options),
    }
}

/// The functions of delivery.
fn run_delivery(function: &str, input: &Value, options: &Value) -> Value {
    let heard = |gateway: Result<Box<dyn Transport>, Error>| {
        let Webhook { body, headers } = read(input);
        answer(gateway.map(|gateway| transport::Reading::of(&*gateway, body.as_bytes(), &headers)))
    };
    match function {
        "parse_number" => answer(Number::parse(input["text"].as_str().unwrap())),
        "read_sender" => answer(Ok(Sender::read(input["name"].as_str().unwrap()))),
        "fonnte_answer" | "cloud_answer" => {
            let Gateway { status, body } = read(input);
            let read = if function == "fonnte_answer" { fonnte::read_answer } else { cloud::read_answer };
            answer(Ok(transport::Answer::from(read(status, body.as_bytes()))))
        }
        "fonnte_webhook" => heard(fonnte::Fonnte::new(read(options)).map(|gateway| Box::new(gateway) as _)),
        "cloud_webhook" => heard(cloud::Cloud::new(read(options)).map(|gateway| Box::new(gateway) as _)),
        "cloud_challenge" => {
            let Setup { mode, token, challenge } = read(input);
            let gateway = cloud::Cloud::new(read(options));
            answer(gateway.map(|gateway| gateway.challenge(&mode, &token, &challenge).map(str::to_owned)))
        }
        "due" | "missed_report" => {
            let (hour, plan): (Hour, schedule::Options) = (read(input), read(options));
            let said = |zone: TimeZone| match function {
                "due" => json!(schedule::due(&plan, hour.now, &zone, &hour.past)),
                _ => json!(schedule::missed_report(&plan, hour.now, &zone, &hour.past)),
            };
            answer(plan.validate().and_then(|()| hour.zone()).map(said))
        }
        other => panic!("no function {other}"),
    }
}

/// Where `ours` differs from what is expected, if it does.
fn difference(ours: &Value, expected: &Value, tolerance: f64) -> Option<String> {
    match (ours, expected) {
        (Value::Object(ours), Value::Object(expected)) => expected.iter().find_map(|(key, expected)| {
            let found = ours.get(key).map_or(Some("is missing".into()), |ours| difference(ours, expected, tolerance));
            found.map(|text| format!(".{key} {text}"))
        }),
        (Value::Array(ours), Value::Array(expected)) => {
            if ours.len() != expected.len() {
                return Some(format!("has {} items, expected {}", ours.len(), expected.len()));
            }
            let mut pairs = ours.iter().zip(expected).enumerate();
            pairs.find_map(|(i, (a, b))| difference(a, b, tolerance).map(|text| format!("[{i}]{text}")))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            let near = (a - b).abs() <= tolerance * b.abs().max(1.0);
            (!near).then(|| format!("is {a}, expected {b}"))
        }
        _ => (ours != expected).then(|| format!("is {ours}, expected {expected}")),
    }
}

fn check(name: &str, cases: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/vectors").join(name).with_extension("json");
    let file: File = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(!file.source.is_empty() && !file.licence.is_empty() && file.tolerance <= 1e-9);
    assert!(file.cases.len() >= cases, "{name} has {} cases", file.cases.len());
    for case in &file.cases {
        let ours = run(&file.function, case);
        if let Some(text) = difference(&ours, &case.expected, file.tolerance) {
            panic!("{name}, {}: {text}", case.name);
        }
    }
}

macro_rules! vectors {
    ($($name:ident: $cases:expr),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name), $cases);
            }
        )*

        /// Every file of the folder is run.
        #[test]
        fn no_file_is_left_out() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/vectors");
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "json") {
                    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                    assert!([$(stringify!($name)),*].contains(&name.as_str()), "{name} is not run");
                }
            }
        }
    };
}

vectors! {
    forecast: 12,
    cash_flow: 5,
    cash_flow_ahead: 4,
    simulate_cash_flow: 6,
    simulate_cash_flow_by_category: 3,
    forecast_many: 5,
    next_gift: 6,
    next_gifts: 3,
    churn_score: 6,
    segments: 2,
    lifetime_value: 6,
    churn_fit: 8,
    churn_predict: 9,
    churn_evaluate: 2,
    rfm: 2,
    retention: 2,
    expense_anomalies: 11,
    unusual_transactions: 5,
    generalised_esd: 3,
    chart_svg: 6,
    fit_spending: 6,
    predict_spending: 2,
    churn_outlook: 8,
    recommend: 8,
    recommend_by_rule: 3,
    standings: 4,
    churn_backtest: 2,
    unusual_gifts: 5,
    income_anomalies: 5,
    screen: 11,
    benford: 6,
    sequence_gaps: 6,
    stream: 4,
    forecast_backtest: 2,
    explain_forecast: 4,
    parse_number: 22,
    read_sender: 10,
    fonnte_answer: 30,
    fonnte_webhook: 30,
    cloud_answer: 30,
    cloud_webhook: 8,
    cloud_challenge: 5,
    due: 14,
    missed_report: 4,
}

#[test]
fn the_comparison_finds_differences() {
    let ours = json!({"a": [1.0, null], "b": "x", "more": 1});
    assert_eq!(difference(&ours, &json!({"a": [1.0 + 1e-12, null], "b": "x"}), 1e-9), None);
    for expected in
        [json!({"a": [1.1, null]}), json!({"a": [1.0]}), json!({"b": "y"}), json!({"c": 1}), json!({"a": [1.0, 0]})]
    {
        assert!(difference(&ours, &expected, 1e-9).is_some(), "{expected}");
    }
}
