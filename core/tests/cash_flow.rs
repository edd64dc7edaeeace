//! The months ahead, from the facts to the reply.
#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]

use dermawan::bot::Session;
use dermawan::forecast::{self, CashFlowOptions, Method, Named, NextGift, Options, SoFar};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::{DuckDbOptions, DuckDbStore, MemoryStore, Store};
use dermawan::{Analytics, Direction, MonthlySeries, Rupiah, Settings};
use jiff::civil::Date;

fn options() -> SampleOptions {
    SampleOptions { donors: 400, contacts: 60, donations: 5_000, expenses: 960, ..SampleOptions::demo() }
}

fn as_of() -> Date {
    options().as_of
}

fn analytics(store: impl Store + 'static) -> Analytics {
    let mut settings = Settings::default();
    settings.organisation.administrators = vec!["6281234567890".parse().unwrap()];
    let analytics = Analytics::new(store, settings).unwrap();
    let mut source = SampleSource::new(Sample::new(options()).unwrap());
    analytics.load(&mut source, as_of(), &mut |_| Ok(())).unwrap();
    analytics
}

#[test]
fn categories_donors_and_totals_are_the_same_in_both_stores() {
    let memory = analytics(MemoryStore::new());
    let duckdb = analytics(DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap());
    let flow = memory.cash_flow_chances(as_of()).unwrap();
    assert_eq!(flow, duckdb.cash_flow_chances(as_of()).unwrap());
    assert_eq!(memory.next_gifts(as_of()).unwrap(), duckdb.next_gifts(as_of()).unwrap());
    let categories = memory.category_forecasts(Direction::Expense, as_of(), 3).unwrap();
    assert_eq!(categories, duckdb.category_forecasts(Direction::Expense, as_of(), 3).unwrap());

    assert!(categories.parts.len() > 2 && categories.parts.iter().all(|part| !part.name.is_empty()));
    let sum: f64 = categories.parts.iter().map(|part| part.forecast.points[1].value).sum();
    assert!((sum / categories.total.points[1].value - 1.0).abs() < 1e-9);
    for (ahead, month) in flow.months.iter().enumerate() {
        let sum: f64 = flow.expense.iter().map(|part| part.forecast.points[ahead].value).sum();
        assert!((sum - month.expected.predicted_expense.to_f64()).abs() <= 0.51, "{sum} {month:?}");
        assert!(flow.expense.iter().all(|part| part.forecast.points[ahead].month == month.expected.month));
    }

    let unusual = memory.unusual_gifts(as_of()).unwrap();
    assert_eq!(unusual, duckdb.unusual_gifts(as_of()).unwrap());
    assert!(unusual.iter().all(|gift| gift.date <= as_of() && gift.p_value < 0.001), "{unusual:?}");

    let next = memory.next_gifts(as_of()).unwrap();
    assert_eq!(next.donor.len(), memory.churn(as_of()).unwrap().len());
    let expected = next.next.iter().filter(|next| matches!(next, NextGift::Expected { .. })).count();
    assert!(expected > 10, "{expected} donors with a rhythm");
    let before_all = as_of().checked_sub(jiff::Span::new().years(30)).unwrap();
    assert!(memory.next_gifts(before_all).unwrap().donor.is_empty());
    let error = memory.category_forecasts(Direction::Income, before_all, 3).unwrap_err();
    assert_eq!(error.code(), "not_enough_history");
}

#[test]
fn the_reply_says_what_the_forecast_says() {
    let analytics = analytics(MemoryStore::new());
    let reply = |text: &str, as_of| {
        let answer = analytics.reply("6281234567890", text, as_of, Session::default()).unwrap();
        assert!(answer.error.is_none(), "{:?}", answer.error);
        answer.reply.unwrap()
    };
    let mut told = 0;
    for months in 0..12 {
        let as_of = as_of().checked_sub(jiff::Span::new().months(months)).unwrap();
        let flow = analytics.cash_flow_chances(as_of).unwrap();
        let text = reply("prediksi", as_of);
        assert_eq!(flow.first_month_at_risk.is_some(), text.contains("Peluang kas kurang"), "{text}");
        let sizeable = flow.months.iter().any(|month| {
            let (sum, part) = (month.expected.predicted_income, month.hijri_income);
            part.to_f64().abs() >= 0.05 * (sum - part).to_f64().abs() && part != Rupiah::ZERO
        });
        let says = text.contains("Ramadan dan Idul Fitri: pemasukan");
        // A sizeable part may be another feast's.
        assert!(sizeable || !says, "{text}");
        told += usize::from(says);
    }
    assert!(told > 0, "the sample's donors give more in Ramadan");
}

/// Three years of gifts of which a full Ramadan adds half, and two categories of expense.
fn years(months: usize) -> (MonthlySeries, [Named; 2]) {
    let first: dermawan::Month = "2022-01".parse().unwrap();
    let wave = |t: usize, k: usize| ((t * k) % 7) as f64;
    let of = |base: f64, k: usize| MonthlySeries {
        first,
        values: (0..months).map(|t| base + base * 0.02 * wave(t, k)).collect(),
    };
    let named = |name: &str, base, k| Named { name: name.into(), series: of(base, k) };
    (of(9e6, 3), [named("Konsumsi", 5e6, 2), named("Pendidikan", 2e6, 5)])
}

#[test]
fn the_rule_holds_in_the_first_year_and_when_asked_for() {
    let rule = CashFlowOptions {
        income_method: Some(Method::Ols),
        expense_method: Some(Method::MovingAverage),
        ..CashFlowOptions::default()
    };
    for months in [12, 13, 36] {
        let (income, parts) = years(months);
        let total = MonthlySeries {
            first: income.first,
            values: (0..months).map(|t| parts.iter().map(|part| part.series.values[t]).sum()).collect(),
        };
        let by_default = forecast::cash_flow(&income, &total, Rupiah::ZERO, &CashFlowOptions::default()).unwrap();
        let by_rule = forecast::cash_flow(&income, &total, Rupiah::ZERO, &rule).unwrap();
        assert_eq!(by_default == by_rule, months < 13, "{months}");
        let line = forecast::fit(&income, &Options { method: Method::Ols, ..Options::default() }).unwrap().predict(1);
        assert_eq!(by_rule[0].predicted_income, Rupiah::new(line.points[0].value.round() as i64));
        let last: f64 = total.values[months - 6..].iter().sum::<f64>() / 6.0;
        assert_eq!(by_rule[0].predicted_expense, Rupiah::new(last.round() as i64));

        // By category: the rule's totals stay, and the categories add up to them.
        let named = [Named { name: "donations".into(), series: income.clone() }];
        let so_far = Some(SoFar::default());
        let run = |options| forecast::simulate_cash_flow_by_category(&named, &parts, Rupiah::ZERO, so_far, options);
        let found = run(&rule).unwrap();
        let ahead = forecast::cash_flow_ahead(&income, &total, Rupiah::ZERO, SoFar::default(), &rule).unwrap();
        assert_eq!(found.months.iter().map(|month| month.expected).collect::<Vec<_>>(), ahead);
        for found in [found, run(&CashFlowOptions::default()).unwrap()] {
            for (ahead, month) in found.months.iter().enumerate() {
                let sum: f64 = found.expense.iter().map(|part| part.forecast.points[ahead].value).sum();
                assert!((sum - month.expected.predicted_expense.to_f64()).abs() <= 0.51);
            }
        }
    }
}

#[test]
fn a_category_that_begins_late_keeps_the_rules_total() {
    let (income, mut parts) = years(12);
    parts[1].series.values.drain(..8);
    parts[1].series.first = parts[1].series.first + 8;
    let named = [Named { name: "donations".into(), series: income.clone() }];
    let run = |parts: &[Named]| {
        forecast::simulate_cash_flow_by_category(&named, parts, Rupiah::ZERO, None, &CashFlowOptions::default())
    };
    let mean = |part: &Named| {
        let sum: f64 = part.series.values.iter().rev().take(6).sum();
        sum / 6.0
    };
    let expected: f64 = parts.iter().map(mean).sum();
    let found = run(&parts).unwrap();
    assert_eq!(found.months[0].expected.predicted_expense, Rupiah::new(expected.round() as i64));
    parts[1].series.values.pop();
    let error = run(&parts).unwrap_err();
    assert!(error.code() == "invalid_input" && error.to_string().contains("Pendidikan"), "{error}");
    assert_eq!(run(&[]).unwrap_err().code(), "invalid_input");
}
