//! The models against statsforecast, and against input that no model likes.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

const PERIOD: usize = 12;

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn m3() -> Value {
    document(include_str!("../../../testdata/models/m3.json"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The largest relative distance between a model's forecast and the expected one.
fn distance(model: &dyn Model, n: usize, expected: &Value) -> f64 {
    let expected = numbers(expected);
    let mut ours = vec![0.0; expected.len()];
    model.forecast_from(n, &mut ours);
    let apart = |(ours, expected): (&f64, &f64)| (ours - expected).abs() / expected.abs().max(1e-9);
    ours.iter().zip(&expected).map(apart).fold(0.0, f64::max)
}

/// Every case of a vector within a distance, but for those named.
fn agree<M: Model>(tolerance: f64, except: &[&str], path: &[&str], fit: impl Fn(&[f64]) -> Option<M>) {
    let document = m3();
    let mut seen = 0;
    for case in document["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let expected = path.iter().fold(&case["expected"], |value, key| &value[key]);
        if expected.is_null() || except.contains(&id) {
            continue;
        }
        let values = numbers(&case["values"]);
        let apart = distance(&fit(&values).unwrap(), values.len(), expected);
        assert!(apart <= tolerance, "{path:?} {id}: {apart}");
        seen += 1;
    }
    assert!(seen >= 48, "{path:?}: only {seen} cases");
}

#[test]
fn benchmarks_are_those_of_statsforecast() {
    agree(1e-12, &[], &["naive"], Naive::fit);
    agree(1e-12, &[], &["seasonal_naive"], |y| SeasonalNaive::fit(y, PERIOD));
    agree(1e-10, &[], &["drift"], Drift::fit);
    agree(1e-10, &[], &["average"], Average::fit);
    agree(1e-6, &[], &["ses"], Ses::fit);
}

#[test]
fn theta_is_that_of_statsforecast() {
    for (kind, name) in [
        (ThetaKind::Standard, "STM"),
        (ThetaKind::Optimised, "OTM"),
        (ThetaKind::Dynamic, "DSTM"),
        (ThetaKind::DynamicOptimised, "DOTM"),
    ] {
        agree(1e-3, &[], &["theta", name, "mean"], |y| Theta::fit(y, PERIOD, kind));
    }
}

/// Fourteen forms of fifty series. Five of the seven hundred fits are left out: their likelihood is flat along a weight
/// near its bound (AAN, `MAdN`), or has no top, because the one-step forecasts of a positive series pass through zero
/// (MAA, MAM), and rounding decides where the search ends.
#[test]
fn ets_is_that_of_statsforecast() {
    for (letters, except) in [
        ("ANN", &[][..]),
        ("AAN", &["N1626"]),
        ("AAdN", &[]),
        ("ANA", &[]),
        ("AAA", &[]),
        ("AAdA", &[]),
        ("MNN", &[]),
        ("MAN", &[]),
        ("MAdN", &["N1850"]),
        ("MNA", &[]),
        ("MAA", &["N1710", "N2158"]),
        ("MNM", &[]),
        ("MAM", &["N1738"]),
        ("MAdM", &[]),
    ] {
        let form = EtsForm::of(letters).unwrap();
        assert_eq!(form.letters(), letters);
        agree(1e-3, except, &["ets", letters, "mean"], |y| Ets::fit(y, PERIOD, form, EtsSearch::Simplex));
    }
}

#[test]
fn ets_has_the_likelihood_and_criterion_of_statsforecast() {
    for case in m3()["cases"].as_array().unwrap() {
        let values = numbers(&case["values"]);
        for letters in ["ANN", "AAdN", "MNN", "ANA", "MNM"] {
            let expected = &case["expected"]["ets"][letters];
            let form = EtsForm::of(letters).unwrap();
            let ours = Ets::fit(&values, PERIOD, form, EtsSearch::Simplex).unwrap();
            for (name, ours, theirs) in [
                ("log-likelihood", ours.log_likelihood(), &expected["log_likelihood"]),
                ("AICc", ours.aicc().unwrap(), &expected["aicc"]),
            ] {
                let theirs = theirs.as_f64().unwrap();
                assert!((ours - theirs).abs() < 1e-2, "{name} of {letters}, {}: {ours}, not {theirs}", case["id"]);
            }
        }
    }
}

/// The fast search is not worse: of the forms with a season, whose simplex search runs out of patience, nearly always
/// better.
#[test]
fn the_fast_search_is_at_least_as_likely() {
    for letters in ["ANN", "ANA", "AAA", "AAdA", "MNM", "MAM", "MAdM"] {
        let form = EtsForm::of(letters).unwrap();
        let (mut as_likely, mut all) = (0, 0);
        for case in m3()["cases"].as_array().unwrap() {
            let Some(theirs) = case["expected"]["ets"][letters]["log_likelihood"].as_f64() else {
                continue;
            };
            let ours = Ets::fit(&numbers(&case["values"]), PERIOD, form, EtsSearch::GaussNewton).unwrap();
            as_likely += usize::from(ours.log_likelihood() >= theirs - 0.01);
            all += 1;
        }
        assert!(as_likely >= all - 3, "{letters}: {as_likely} of {all}");
    }
}

#[test]
fn intermittent_models_are_those_of_statsforecast() {
    let document = document(include_str!("../../../testdata/models/intermittent.json"));
    for (name, kind) in [
        ("croston", CrostonKind::Classic),
        ("croston_optimised", CrostonKind::Optimised),
        ("sba", CrostonKind::SyntetosBoylan),
        ("tsb", CrostonKind::Tsb { size: 0.2, chance: 0.1 }),
    ] {
        for case in document["cases"].as_array().unwrap() {
            let values = numbers(&case["values"]);
            let model = Croston::fit(&values, kind).unwrap();
            let apart = distance(&model, values.len(), &case["expected"][name]);
            assert!(apart < 1e-6, "{name}, {}: {apart}", case["id"]);
        }
    }
}

fn structural(values: &[f64], period: usize) -> Option<Structural> {
    Structural::fit(values, &Design { period, columns: &[], given: 0 })
}

fn boxed<M: Model + 'static>(model: Option<M>) -> Option<Box<dyn Model>> {
    model.map(|model| Box::new(model) as Box<dyn Model>)
}

/// Every model that can be had from a series.
fn all(values: &[f64], period: usize) -> Vec<(String, Box<dyn Model>)> {
    let mut models: Vec<(String, Option<Box<dyn Model>>)> = vec![
        ("naive".into(), boxed(Naive::fit(values))),
        ("seasonal naive".into(), boxed(SeasonalNaive::fit(values, period))),
        ("drift".into(), boxed(Drift::fit(values))),
        ("average".into(), boxed(Average::fit(values))),
        ("ses".into(), boxed(Ses::fit(values))),
        ("ets".into(), boxed(Ets::auto(values, period))),
        ("ets average".into(), boxed(EtsAverage::fit(values, period))),
        ("reversion".into(), boxed(Reversion::fit(values))),
        ("structural".into(), boxed(structural(values, period))),
    ];
    for kind in [ThetaKind::Standard, ThetaKind::Optimised, ThetaKind::Dynamic, ThetaKind::DynamicOptimised] {
        models.push((format!("{kind:?}"), boxed(Theta::fit(values, period, kind))));
    }
    for kind in [CrostonKind::Optimised, CrostonKind::SyntetosBoylan, CrostonKind::Tsb { size: 0.2, chance: 0.1 }] {
        models.push((format!("{kind:?}"), boxed(Croston::fit(values, kind))));
    }
    for letters in ["ANN", "AAN", "AAdN", "ANA", "AAdA", "MNN", "MAdN", "MNM", "MAM", "MAdA"] {
        for search in [EtsSearch::Simplex, EtsSearch::GaussNewton] {
            let form = EtsForm::of(letters).unwrap();
            models.push((format!("{letters} {search:?}"), boxed(Ets::fit(values, period, form, search))));
        }
    }
    models.into_iter().filter_map(|(name, model)| Some((name, model?))).collect()
}

/// Forecasts from the past are those of the filter: their squared errors are the variance that the fit reports.
#[test]
fn forecasts_from_the_past_have_the_reported_variance() {
    for case in m3()["cases"].as_array().unwrap() {
        let values = numbers(&case["values"]);
        for (letters, parameters) in [("ANN", 3), ("AAdN", 6), ("ANA", 15), ("AAdA", 18)] {
            let model = Ets::fit(&values, PERIOD, EtsForm::of(letters).unwrap(), EtsSearch::Calm).unwrap();
            let mut out = [0.0];
            let squares: f64 = (0..values.len())
                .map(|origin| {
                    model.forecast_from(origin, &mut out);
                    (values[origin] - out[0]).powi(2)
                })
                .sum();
            model.sigma(&mut out);
            let reported = out[0].powi(2) * (values.len() - parameters - 1) as f64;
            assert!((squares / reported - 1.0).abs() < 1e-9, "{letters}, {}: {squares}, {reported}", case["id"]);
        }
    }
}

/// What the trait promises of any series.
fn keeps_promises(values: &[f64], period: usize) {
    let n = values.len();
    for (name, model) in all(values, period) {
        let mut out = [0.0; 15];
        for origin in [0, model.first_origin(), n / 2, n, n + 1] {
            model.forecast_from(origin, &mut out);
            assert!(out.iter().all(|value| value.is_finite()), "{name} from {origin} of {values:?}: {out:?}");
        }
        model.forecast_from(n, &mut out);
        let parts = model.parts(out.len());
        for (value, part) in out.iter().zip(&parts) {
            let sum = part.level + part.trend + part.season;
            let size = part.level.abs() + part.trend.abs() + part.season.abs();
            assert!((value - sum).abs() <= 1e-9 * size.max(1e-300), "{name}: {value} is not {part:?}");
        }
        model.sigma(&mut out);
        assert!(out.iter().all(|sd| sd.is_finite() && *sd >= 0.0), "{name} of {values:?}: sd {out:?}");
        assert!(model.aicc().is_none_or(f64::is_finite), "{name}");
        assert!(model.first_origin() <= n, "{name}");
    }
}

#[test]
fn series_that_no_model_likes() {
    let wave = |n: usize, size: f64| -> Vec<f64> {
        (0..n)
            .map(|t| size * (2.0 + (t as f64 * std::f64::consts::TAU / 12.0).sin() + 0.1 * (t * 7 % 5) as f64))
            .collect()
    };
    for n in [1, 2, 3, 4, 5, 7, 12, 13, 17, 24, 25, 36, 61] {
        for size in [1.0, 1e9, 1e99, 1e-9, -1e6] {
            keeps_promises(&wave(n, size), PERIOD);
        }
        keeps_promises(&vec![0.0; n], PERIOD);
        keeps_promises(&vec![1e100; n], PERIOD);
        keeps_promises(&vec![7.0; n], PERIOD);
        let spike: Vec<f64> = (0..n).map(|t| if t == n / 2 { 1e100 } else { 1e-100 }).collect();
        keeps_promises(&spike, PERIOD);
        let turning: Vec<f64> = (0..n).map(|t| if t % 2 == 0 { 1e100 } else { -1e100 }).collect();
        keeps_promises(&turning, PERIOD);
        let line: Vec<f64> = (0..n).map(|t| 100.0 - 10.0 * t as f64).collect();
        keeps_promises(&line, PERIOD);
        let growth: Vec<f64> = (0..n).map(|t| 3.0_f64.powi(t as i32)).collect();
        keeps_promises(&growth, PERIOD);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_series_is_borne(
        values in proptest::collection::vec(prop_oneof![-1e3..1e3_f64, 0.0..1e3_f64, Just(0.0), -1e100..1e100_f64], 1..70),
        period in prop_oneof![Just(1_usize), Just(12), Just(4)],
    ) {
        keeps_promises(&values, period);
    }

    #[test]
    fn positive_series_are_borne(values in proptest::collection::vec(1e-3..1e6_f64, 1..70)) {
        keeps_promises(&values, PERIOD);
    }
}
