//! Who is leaving, from the facts to the administrators' list.
#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]

use dermawan::bot::Session;
use dermawan::churn::{Method, RecommendOptions};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::{DuckDbOptions, DuckDbStore, MemoryStore, Store};
use dermawan::{Analytics, Settings};
use jiff::civil::Date;

fn options() -> SampleOptions {
    SampleOptions { donors: 400, contacts: 60, donations: 5_000, expenses: 960, ..SampleOptions::demo() }
}

fn as_of() -> Date {
    options().as_of
}

fn analytics(store: impl Store + 'static, settings: Settings) -> Analytics {
    let analytics = Analytics::new(store, settings).unwrap();
    let mut source = SampleSource::new(Sample::new(options()).unwrap());
    analytics.load(&mut source, as_of(), &mut |_| Ok(())).unwrap();
    analytics
}

fn by(method: Method) -> Settings {
    Settings { churn_method: Some(method), ..Settings::default() }
}

fn administrator() -> Settings {
    let mut settings = Settings::default();
    settings.organisation.administrators = vec!["6281234567890".parse().unwrap()];
    settings
}

#[test]
fn both_stores_say_the_same_of_every_donor() {
    let memory = analytics(MemoryStore::new(), Settings::default());
    let duckdb = analytics(DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap(), Settings::default());
    for method in Method::ALL.into_iter().filter(|method| method.model().is_some()) {
        let [a, b] = [&memory, &duckdb].map(|analytics| analytics.outlooks_with(method, as_of()).unwrap());
        assert_eq!(a, b, "{method:?}");
        assert_eq!(a.to_batch().unwrap().num_rows(), a.len());
        assert_eq!(a.len(), memory.churn(as_of()).unwrap().len());
    }
    assert_eq!(memory.rfm(as_of()).unwrap(), duckdb.rfm(as_of()).unwrap());
    assert_eq!(memory.retention(as_of()).unwrap(), duckdb.retention(as_of()).unwrap());
    assert_eq!(memory.standings(as_of()).unwrap(), duckdb.standings(as_of()).unwrap());
    assert_eq!(memory.churn_backtest(as_of()).unwrap(), duckdb.churn_backtest(as_of()).unwrap());
    assert_eq!(memory.outlooks_with(Method::Rule, as_of()).unwrap_err().code(), "invalid_input");
}

#[test]
fn the_backtests_choice_is_obeyed() {
    let analytics = analytics(MemoryStore::new(), Settings::default());
    let found = analytics.churn_backtest(as_of()).unwrap();
    assert_eq!(analytics.churn_method(as_of()).unwrap(), found.chosen);
    assert_eq!(
        analytics.outlooks(as_of()).unwrap().map(|outlooks| outlooks.method),
        found.chosen.model().map(|_| found.chosen)
    );
    // It looked as far ahead as the outlooks do: a method is chosen for the question that it is asked.
    let year = found.origins.last().unwrap().day;
    assert_eq!(year, as_of().checked_sub(jiff::Span::new().days(365)).unwrap());
    let mut month = Settings::default();
    month.outlook.horizon_days = 30;
    let short = self::analytics(MemoryStore::new(), month.clone()).churn_backtest(as_of()).unwrap();
    assert_eq!(short.origins.last().unwrap().day, as_of().checked_sub(jiff::Span::new().days(30)).unwrap());
    month.churn_backtest.horizon_days = 90;
    assert_eq!(month.validate().unwrap_err().code(), "configuration");
    // Too early for a backtest, in which case the rule serves.
    let first = analytics.churn(as_of()).unwrap();
    assert!(!first.is_empty());
    let early = as_of().checked_sub(jiff::Span::new().years(20)).unwrap();
    assert_eq!(analytics.churn_method(early).unwrap(), Method::Rule);
    assert_eq!(analytics.outlooks(early).unwrap(), None);
    assert!(analytics.recommend(early, &RecommendOptions::default()).unwrap().is_empty());
}

#[test]
fn whom_to_call_by_the_rule_and_by_a_model() {
    for method in [Method::Rule, Method::MbgNbd, Method::BgBbQuarterly] {
        let analytics = analytics(MemoryStore::new(), by(method));
        let calls =
            analytics.recommend(as_of(), &RecommendOptions { capacity: 7, ..RecommendOptions::default() }).unwrap();
        assert_eq!(calls.len(), 7, "{method:?}");
        assert!(calls.windows(2).all(|pair| pair[0].value_at_risk >= pair[1].value_at_risk), "{method:?}");
    }
}

#[test]
fn the_administrators_list_says_the_donors_own_rhythm() {
    let ask = |method| {
        let settings = Settings { churn_method: Some(method), ..administrator() };
        let analytics = analytics(MemoryStore::new(), settings);
        let reply = |text: &str| {
            let answer = analytics.reply("6281234567890", text, as_of(), Session::default()).unwrap();
            assert!(answer.error.is_none(), "{:?}", answer.error);
            answer.reply.unwrap()
        };
        (reply("RISIKO"), reply("RINGKASAN"))
    };
    let (list, brief) = ask(Method::MbgNbd);
    assert!(list.contains("biasanya berdonasi setiap"), "{list}");
    // What orders the list, and how sure it is.
    assert!(list.contains("Nilai berisiko: Rp ") && list.contains("(peluang tidak berdonasi "), "{list}");
    assert!(brief.contains("Donatur berisiko"), "{brief}");
    let (list, _) = ask(Method::Rule);
    assert!(list.contains("hari tanpa donasi") && !list.contains("Nilai berisiko"), "{list}");
}
