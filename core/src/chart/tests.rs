use super::*;
use crate::anomaly::ExpectedRange;
use crate::churn::Cohort;
use crate::error::ErrorKind;
use crate::forecast::{self as ahead, CashFlow, CashFlowMonth, Forecast, Point, SimulatedMonth};
use crate::model::{Language, Month, MonthlySeries, Rupiah};
use proptest::prelude::*;
#[cfg(feature = "chart")]
use resvg::{tiny_skia, usvg};

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// Two and a half years with a peak in Ramadan.
fn history() -> MonthlySeries {
    let first = month("2023-08");
    let value = |i: i32| {
        let days = crate::calendar::hijri::MonthFeatures::of(first + i, &Options::default().calendar).ramadan;
        9.0e6 + 1.0e5 * f64::from(i) + 2.0e5 * f64::from(days) + 4.0e5 * f64::from(i * 7 % 5)
    };
    MonthlySeries { first, values: (0..30).map(value).collect() }
}

fn forecast_chart() -> Chart {
    let fit =
        |level| ahead::fit(&history(), &ahead::Options { level, ..ahead::Options::default() }).unwrap().predict(6);
    let mut chart = ForecastChart::new(history(), fit(0.95));
    chart.inner = Some(fit(0.8));
    chart.so_far = Some(Rupiah::new(4_200_000));
    Chart::Forecast(chart)
}

fn cash_flow_month(month: Month, balance: i64, shortfall: f64) -> SimulatedMonth {
    SimulatedMonth {
        expected: CashFlowMonth {
            month,
            predicted_income: Rupiah::new(10_000_000),
            predicted_expense: Rupiah::new(12_000_000),
            predicted_balance: Rupiah::new(balance),
        },
        balance_lower: Rupiah::new(balance - 6_000_000),
        balance_upper: Rupiah::new(balance + 5_500_000),
        shortfall,
        shortfall_by: shortfall,
        hijri_income: Rupiah::ZERO,
        hijri_expense: Rupiah::ZERO,
    }
}

fn cash_flow(months: Vec<SimulatedMonth>) -> CashFlow {
    let (income, expense) = (Vec::new(), Vec::new());
    let first_month_at_risk = months.iter().find(|month| month.shortfall > 0.2).map(|month| month.expected.month);
    CashFlow { months, level: 0.95, correlation: 0.1, first_month_at_risk, notes: Vec::new(), income, expense }
}

fn cash_flow_chart() -> Chart {
    let first = month("2026-02");
    let months = vec![
        cash_flow_month(first, 7_500_000, 0.004),
        cash_flow_month(first + 1, 3_000_000, 0.14),
        cash_flow_month(first + 2, -1_200_000, 0.61),
    ];
    let cash_flow = cash_flow(months);
    let balance = Some(Rupiah::new(9_000_000));
    Chart::CashFlow(CashFlowChart { balance, ..CashFlowChart::new(cash_flow) })
}

fn cohort_chart() -> Chart {
    let cohort = |year, donors, gave: &[u64]| Cohort { year, donors, gave: gave.to_vec() };
    Chart::Cohorts(CohortChart::new(vec![
        cohort(2021, 120, &[54, 40, 31, 29]),
        cohort(2022, 1_234, &[700, 500, 401]),
        cohort(2023, 80, &[80, 2]),
        cohort(2024, 95, &[0]),
        cohort(2025, 60, &[]),
    ]))
}

fn anomaly_chart() -> Chart {
    let history = MonthlySeries { first: month("2025-02"), values: vec![3.0e6, 3.2e6, 3.1e6, 2.9e6, 3.0e6, 5.5e6] };
    let found = StrangeMonth {
        month: month("2025-07"),
        amount: Rupiah::new(5_500_000),
        expected_range: ExpectedRange { min: Rupiah::new(2_600_000), max: Rupiah::new(3_500_000) },
    };
    Chart::Anomalies(AnomalyChart::new("Konsumsi".into(), history, vec![found]))
}

fn all() -> [(&'static str, Chart); 4] {
    [
        ("forecast", forecast_chart()),
        ("cash_flow", cash_flow_chart()),
        ("cohorts", cohort_chart()),
        ("anomalies", anomaly_chart()),
    ]
}

#[test]
fn the_pictures() {
    for (name, chart) in all() {
        insta::assert_snapshot!(name, svg(&chart, &Options::default()).unwrap());
        let english = Options { language: Language::En, ..Options::default() };
        let (title, text) = description(&chart, &english).unwrap();
        insta::assert_snapshot!(format!("{name}_in_words"), format!("{title}\n{text}"));
    }
}

#[test]
fn json_there_and_back() {
    for (name, chart) in all() {
        let json = serde_json::to_value(&chart).unwrap();
        assert_eq!(json["kind"], name);
        assert_eq!(serde_json::from_value::<Chart>(json).unwrap(), chart);
    }
    let unknown = serde_json::json!({ "kind": "cohorts", "cohorts": [], "colour": "red" });
    assert!(serde_json::from_value::<Chart>(unknown).is_err());
}

#[test]
fn ramadan_is_marked_where_it_is() {
    let orange = |history: MonthlySeries| {
        let forecast = ahead::fit(&history, &ahead::Options::default()).unwrap().predict(1);
        let svg = svg(&Chart::Forecast(ForecastChart::new(history, forecast)), &Options::default()).unwrap();
        svg.matches(canvas::ORANGE).count()
    };
    let from = |first: &str, n: usize| MonthlySeries { first: month(first), values: vec![5.0e6; n] };
    // Ramadan 1447: 18 February to 19 March 2026. Once in the plot and once in the key.
    assert_eq!(orange(from("2025-08", 4)), 0);
    assert_eq!(orange(from("2025-12", 3)), 2);
    assert_eq!(orange(from("2025-01", 14)), 3);
}

#[test]
fn options_out_of_range_are_named() {
    let usual = Options::default;
    for (wrong, name) in [
        (Options { width: 319, ..usual() }, "width"),
        (Options { height: 2001, ..usual() }, "height"),
        (Options { scale: f32::NAN, ..usual() }, "scale"),
        (Options { scale: 0.0, ..usual() }, "scale"),
        (Options { months: 0, ..usual() }, "months"),
    ] {
        let error = svg(&cohort_chart(), &wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

#[test]
fn nothing_to_show_is_said() {
    let empty = MonthlySeries { first: month("2026-01"), values: Vec::new() };
    let Chart::Forecast(some) = forecast_chart() else { panic!("a forecast") };
    let forecast = Forecast { points: Vec::new(), ..some.forecast };
    let cash_flow = cash_flow(Vec::new());
    for chart in [
        Chart::Forecast(ForecastChart::new(empty.clone(), forecast)),
        Chart::CashFlow(CashFlowChart::new(cash_flow)),
        Chart::Cohorts(CohortChart::new(Vec::new())),
        Chart::Anomalies(AnomalyChart::new("Konsumsi".into(), empty, Vec::new())),
    ] {
        let text = svg(&chart, &Options::default()).unwrap();
        assert_eq!(text.matches("Belum ada data untuk digambar.").count(), 2, "{text}");
    }
}

/// What XML must be, what a picture must be, and what may not be in it.
#[cfg(feature = "chart")]
fn check(text: &str) -> usvg::Tree {
    for wrong in ["NaN", "inf", "\u{0}", "\u{7}", "\u{202e}"] {
        assert!(!text.contains(wrong), "{wrong:?} in {text}");
    }
    usvg::Tree::from_str(text, &usvg::Options::default()).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[cfg(feature = "chart")]
#[test]
fn hostile_names_are_escaped() {
    let hostile = "</text><script>alert(1)</script>&\"'\u{0}\u{7}\u{202e}]]><!-- \u{ffff}\n";
    for (_, mut chart) in all() {
        let title = Some(hostile.to_owned());
        match &mut chart {
            Chart::Forecast(chart) => chart.title = title,
            Chart::CashFlow(chart) => chart.title = title,
            Chart::Cohorts(chart) => chart.title = title,
            Chart::Anomalies(chart) => chart.name = hostile.to_owned(),
        }
        let text = svg(&chart, &Options::default()).unwrap();
        check(&text);
        assert!(!text.contains("<script") && !text.contains("<!--"), "{text}");
        assert!(text.contains("&lt;/text&gt;&lt;script&gt;"), "{text}");
    }
}

#[cfg(feature = "chart")]
#[test]
fn a_png_is_not_blank_and_has_its_letters() {
    let small = Options { scale: 1.0, ..Options::default() };
    for (name, chart) in all() {
        let bytes = png(&chart, &Options::default()).unwrap();
        assert!(bytes.len() < 200_000, "{name}: {} bytes", bytes.len());
        let sheet = tiny_skia::Pixmap::decode_png(&bytes).unwrap();
        assert_eq!((sheet.width(), sheet.height()), (960, 640));
        let colours: std::collections::BTreeSet<[u8; 4]> =
            sheet.data().chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]).collect();
        assert!(colours.len() > 20, "{name}: {} colours", colours.len());
        assert!(colours.iter().all(|colour| colour[3] == 255), "{name} is opaque");
        // The title is written in ink, upper left.
        let sheet = tiny_skia::Pixmap::decode_png(&png(&chart, &small).unwrap()).unwrap();
        let inked = (0..34).flat_map(|y| (0..240).map(move |x| (x, y)));
        let dark = inked.filter(|&(x, y)| sheet.pixel(x, y).is_some_and(|pixel| pixel.red() < 80)).count();
        assert!(dark > 300, "{name}: {dark} dark pixels where the title is");
    }
}

fn any_month() -> impl Strategy<Value = Month> {
    (1_i16..=9999, 1_i8..=12).prop_map(|(year, number)| Month::new(year, number).unwrap())
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1e9..1e9,
        Just(0.0),
        Just(-0.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::MAX),
        Just(f64::MIN)
    ]
}

fn any_series() -> impl Strategy<Value = MonthlySeries> {
    (any_month(), prop::collection::vec(any_value(), 0..40)).prop_map(|(first, values)| MonthlySeries { first, values })
}

fn any_forecast() -> impl Strategy<Value = Forecast> {
    let point = (any_month(), any_value(), any_value(), any_value());
    (prop::collection::vec(point, 0..30), any_value()).prop_map(|(points, level)| Forecast {
        method: ahead::Method::Ols,
        level,
        n: 3,
        points: points.into_iter().map(|(month, value, lower, upper)| Point { month, value, lower, upper }).collect(),
        r_squared: 0.0,
        standard_error: 0.0,
        slope: None,
        intercept: None,
        parts: Vec::new(),
        models: Vec::new(),
        hijri: None,
        notes: Vec::new(),
    })
}

fn any_rupiah() -> impl Strategy<Value = Rupiah> {
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0)].prop_map(Rupiah::from_sen)
}

fn any_chart() -> impl Strategy<Value = Chart> {
    let title = || prop::option::of(any::<String>());
    let forecast = (any_series(), any_forecast(), prop::option::of(any_forecast()), title()).prop_map(
        |(history, forecast, inner, title)| {
            Chart::Forecast(ForecastChart { history, forecast, inner, so_far: Some(Rupiah::new(1)), title })
        },
    );
    let month = (any_month(), any_rupiah(), any_rupiah(), any_rupiah(), any_value());
    let cash_flow = (prop::collection::vec(month, 0..30), any_value(), title()).prop_map(|(months, limit, title)| {
        let months = months.into_iter().map(|(month, balance, lower, upper, shortfall)| SimulatedMonth {
            expected: CashFlowMonth { predicted_balance: balance, ..cash_flow_month(month, 0, 0.0).expected },
            balance_lower: lower,
            balance_upper: upper,
            shortfall,
            ..cash_flow_month(month, 0, 0.0)
        });
        let cash_flow = cash_flow(months.collect());
        Chart::CashFlow(CashFlowChart { cash_flow, limit, balance: Some(Rupiah::from_sen(i64::MIN)), title })
    });
    let cohort = (any::<i16>(), any::<u64>(), prop::collection::vec(any::<u64>(), 0..12));
    let cohorts = (prop::collection::vec(cohort, 0..12), title()).prop_map(|(cohorts, title)| {
        let cohorts = cohorts.into_iter().map(|(year, donors, gave)| Cohort { year, donors, gave });
        Chart::Cohorts(CohortChart { cohorts: cohorts.collect(), title })
    });
    let strange = (any_month(), any_rupiah(), any_rupiah(), any_rupiah());
    let anomalies =
        (any::<String>(), any_series(), prop::collection::vec(strange, 0..5)).prop_map(|(name, history, found)| {
            let found = found.into_iter().map(|(month, amount, min, max)| StrangeMonth {
                month: if month.number() > 2 { history.last() } else { month },
                amount,
                expected_range: ExpectedRange { min, max },
            });
            let found = found.collect();
            Chart::Anomalies(AnomalyChart::new(name, history, found))
        });
    prop_oneof![forecast, cash_flow, cohorts, anomalies]
}

#[cfg(feature = "chart")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_values_make_a_picture(chart in any_chart(), width in 320_u16..2000, height in 240_u16..2000) {
        let options = Options { width, height, ..Options::default() };
        let text = svg(&chart, &options).unwrap();
        let tree = check(&text);
        prop_assert_eq!((tree.size().width(), tree.size().height()), (f32::from(width), f32::from(height)));
    }
}
