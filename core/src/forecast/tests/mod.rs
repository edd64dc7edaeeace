mod combination;
mod robust;

use super::*;
use crate::model::Rupiah;
use proptest::prelude::*;

fn series(values: &[f64]) -> MonthlySeries {
    MonthlySeries { first: "2025-01".parse().unwrap(), values: values.to_vec() }
}

fn ols() -> Options {
    Options { method: Method::Ols, ..Options::default() }
}

fn near(ours: f64, expected: f64) {
    assert!((ours - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{ours}, expected {expected}");
}

/// By hand: 1, 2, 4 has slope 1.5, intercept 5/6, residuals 1/6, −1/3, 1/6, so s² = 1/6 with one degree of freedom.
#[test]
fn three_months_by_hand() {
    let forecast = fit(&series(&[1.0, 2.0, 4.0]), &ols()).unwrap().predict(1);
    near(forecast.slope.unwrap(), 1.5);
    near(forecast.intercept.unwrap(), 5.0 / 6.0);
    near(forecast.standard_error, (1.0_f64 / 6.0).sqrt());
    near(forecast.r_squared, 1.0 - (1.0 / 6.0) / (14.0 / 3.0));
    near(forecast.confidence(), 100.0 * forecast.r_squared);
    let point = forecast.points[0];
    near(point.value, 16.0 / 3.0);
    // t(0.975, 1) = tan(0.475 π); 1 + 1/3 + (3 − 1)²/2 = 10/3
    let reach = (0.475 * std::f64::consts::PI).tan() * (10.0_f64 / 3.0 / 6.0).sqrt();
    near(point.upper, 16.0 / 3.0 + reach);
    assert_eq!((point.lower, forecast.notes.as_slice()), (0.0, [].as_slice()));
    let free = Options { non_negative: false, ..ols() };
    near(fit(&series(&[1.0, 2.0, 4.0]), &free).unwrap().predict(1).points[0].lower, 16.0 / 3.0 - reach);
}

#[test]
fn a_falling_line_stops_at_zero() {
    let forecast = fit(&series(&[30.0, 21.0, 9.0]), &ols()).unwrap().predict(3);
    assert_eq!(forecast.notes, [Note::CutAtZero]);
    assert!(forecast.points.iter().all(|point| point.lower == 0.0 && point.value >= 0.0 && point.upper >= point.value));
    let net = fit(&series(&[30.0, 21.0, -9.0]), &ols()).unwrap().predict(1);
    assert_eq!(net.notes, [Note::MayBeNegative]);
    assert!(net.points[0].value < 0.0);
}

#[test]
fn constant_and_zero_series() {
    for (value, method) in
        [(0.1, Method::Ols), (0.0, Method::Ols), (0.1, Method::MovingAverage), (0.1, Method::Auto), (0.0, Method::Auto)]
    {
        let options = Options { method, ..Options::default() };
        let forecast = fit(&series(&[value; 24]), &options).unwrap().predict(2);
        assert!(forecast.notes.contains(&Note::Constant));
        assert_eq!((forecast.r_squared, forecast.standard_error), (1.0, 0.0));
        assert!(forecast.points.iter().all(|point| {
            [point.value, point.lower, point.upper].iter().all(|bound| bound.to_bits() == value.to_bits())
        }));
    }
}

#[test]
fn a_moving_average_sees_its_window_only() {
    let options = Options { method: Method::MovingAverage, window: 3, ..Options::default() };
    let forecast = fit(&series(&[900.0, 4.0, 5.0, 9.0]), &options).unwrap().predict(2);
    assert_eq!((forecast.n, forecast.slope, forecast.intercept), (4, None, None));
    // sd² = (4 + 1 + 9)/2 = 7; t(0.975, 2) = 0.95·√(2/(1 − 0.95²)); reach = t·√7·√(4/3)
    let reach = 0.95 * (2.0_f64 / (1.0 - 0.95 * 0.95)).sqrt() * (7.0_f64 * 4.0 / 3.0).sqrt();
    near(forecast.points[1].value, 6.0);
    near(forecast.points[1].upper, 6.0 + reach);
    let one = fit(&series(&[5.0]), &options).unwrap().predict(1);
    assert!(one.notes.contains(&Note::NoInterval));
    assert_eq!((one.points[0].lower, one.points[0].upper), (5.0, 5.0));
}

#[test]
fn what_cannot_be_forecast() {
    let code = |values: &[f64], options: Options| fit(&series(values), &options).unwrap_err().code();
    let average = Options { method: Method::MovingAverage, ..Options::default() };
    assert_eq!(code(&[1.0, 2.0], Options::default()), "not_enough_history");
    assert_eq!(code(&[], average), "not_enough_history");
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e101] {
        assert_eq!(code(&[1.0, value, 2.0], Options::default()), "invalid_input");
    }
    for level in [0.0, 1.0, -1.0, f64::NAN, 1.0 - f64::EPSILON / 4.0] {
        assert_eq!(code(&[1.0, 2.0, 3.0], Options { level, ..ols() }), "invalid_input");
    }
    assert_eq!(code(&[1.0, 2.0, 3.0], Options { window: 0, ..Options::default() }), "invalid_input");
    assert!(serde_json::from_str::<Options>(r#"{"levle": 0.9}"#).is_err());
}

#[test]
fn months_end_with_the_calendar() {
    let late = MonthlySeries { first: "9999-09".parse().unwrap(), values: vec![1.0, 2.0, 4.0] };
    assert_eq!(fit(&late, &ols()).unwrap().predict(u16::MAX).points.len(), 1);
    assert!(fit(&late, &ols()).unwrap().predict(0).points.is_empty());
}

/// The facts of the SALDO message.
#[test]
fn the_cash_flow_of_the_saldo_message() {
    let month = |text: &str| text.parse::<Month>().unwrap();
    let income = MonthlySeries { first: month("2025-10"), values: vec![5.4e6, 5.6e6, 5.8e6, 6.0e6] };
    let expense = MonthlySeries { first: month("2025-10"), values: vec![5.2e6, 5.8e6, 5.6e6, 5.4e6] };
    let rows = cash_flow(&income, &expense, Rupiah::ZERO, &CashFlowOptions::default()).unwrap();
    let expected =
        [("2026-02", 6_200_000, 700_000), ("2026-03", 6_400_000, 1_600_000), ("2026-04", 6_600_000, 2_700_000)];
    for (row, (name, income, balance)) in rows.iter().zip(expected) {
        assert_eq!(
            *row,
            CashFlowMonth {
                month: month(name),
                predicted_income: Rupiah::new(income),
                predicted_expense: Rupiah::new(5_500_000),
                predicted_balance: Rupiah::new(balance),
            }
        );
    }
    assert_eq!(rows.len(), 3);
}

#[test]
fn a_cash_flow_says_which_series_is_wrong() {
    let flow = |income: &[f64], expense: &[f64]| {
        cash_flow(&series(income), &series(expense), Rupiah::ZERO, &CashFlowOptions::default()).unwrap_err()
    };
    let short = flow(&[1.0, 2.0], &[1.0, 2.0]);
    assert_eq!(short.code(), "not_enough_history");
    assert!(short.to_string().contains("series: income"), "{short}");
    assert_eq!(flow(&[1.0, 2.0, 3.0], &[1.0, 2.0]).code(), "invalid_input");
    assert_eq!(flow(&[1e16, 2e16, 3e16], &[1.0, 2.0, 3.0]).code(), "invalid_input");
    let none = CashFlowOptions { horizon: 0, ..CashFlowOptions::default() };
    assert_eq!(none.validate().unwrap_err().code(), "invalid_input");
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -1e12..1e12_f64, 2 => 0.0..1e9_f64, 1 => Just(0.0), 1 => any::<f64>()]
}

const ALL: [Method; 19] = [
    Method::Auto,
    Method::Ols,
    Method::MovingAverage,
    Method::Average,
    Method::Naive,
    Method::SeasonalNaive,
    Method::Drift,
    Method::Ses,
    Method::Ets,
    Method::EtsAverage,
    Method::DampedTrend,
    Method::Theta,
    Method::AdjustedTheta,
    Method::DynamicTheta,
    Method::Structural,
    Method::Reversion,
    Method::Croston,
    Method::CrostonSba,
    Method::Tsb,
];

proptest! {
    #[test]
    fn no_series_breaks_it(
        values in proptest::collection::vec(any_value(), 0..60), which in 0usize..ALL.len(), level in 0.01..0.999_f64,
        horizon in 0u16..50,
    ) {
        let method = ALL[which];
        match fit(&series(&values), &Options { method, level, ..Options::default() }) {
            Ok(fitted) => {
                let forecast = fitted.predict(horizon);
                prop_assert_eq!(forecast.points.len(), usize::from(horizon));
                prop_assert!(forecast.r_squared >= 0.0 && forecast.r_squared <= 1.0);
                prop_assert!(forecast.standard_error.is_finite());
                for (point, parts) in forecast.points.iter().zip(&forecast.parts) {
                    let sum = parts.level + parts.trend + parts.season + parts.hijri + parts.events + parts.remainder;
                    let size = parts.level.abs() + parts.trend.abs() + parts.season.abs() + parts.remainder.abs();
                    prop_assert!((sum - point.value).abs() <= 1e-9 * size, "{parts:?} {point:?}");
                    prop_assert!([point.value, point.lower, point.upper].iter().all(|value| value.is_finite()));
                    prop_assert!(point.lower <= point.value && point.value <= point.upper);
                    if values.iter().all(|&value| value >= 0.0) {
                        prop_assert!(point.lower >= 0.0);
                    }
                }
            }
            Err(error) => {
                let bad = values.iter().any(|value| !value.is_finite() || value.abs() > 1e100);
                let short = values.len() < if method == Method::MovingAverage { 1 } else { 3 };
                prop_assert_eq!(error.code(), if bad { "invalid_input" } else { "not_enough_history" });
                prop_assert!(bad || short);
            }
        }
    }

    /// A higher level never gives a narrower interval, and a later month of a line never one either.
    #[test]
    fn intervals_widen(values in proptest::collection::vec(-1e6..1e6_f64, 3..40), level in 0.1..0.9_f64) {
        let options = |level| Options { level, non_negative: false, ..ols() };
        let narrow = fit(&series(&values), &options(level)).unwrap().predict(5).points;
        let wide = fit(&series(&values), &options(level + 0.05)).unwrap().predict(5).points;
        for (narrow, wide) in narrow.iter().zip(&wide) {
            prop_assert!(wide.upper - wide.lower >= narrow.upper - narrow.lower);
        }
        for pair in wide.windows(2) {
            prop_assert!(pair[1].upper - pair[1].lower >= (pair[0].upper - pair[0].lower) * (1.0 - 1e-9));
        }
    }

    #[test]
    fn balances_add_up(
        income in proptest::collection::vec(0.0..1e10_f64, 3..30), expense in proptest::collection::vec(0.0..1e10_f64, 3..30),
        sen in -1_000_000_000_000i64..1_000_000_000_000, horizon in 1u16..24,
    ) {
        let end: Month = "2026-01".parse().unwrap();
        let ending = |values: Vec<f64>| MonthlySeries { first: end - (values.len() as i32 - 1), values };
        let options = CashFlowOptions { horizon, ..CashFlowOptions::default() };
        let mut balance = Rupiah::from_sen(sen);
        for row in cash_flow(&ending(income), &ending(expense), balance, &options).unwrap() {
            balance = balance + row.predicted_income - row.predicted_expense;
            prop_assert_eq!(row.predicted_balance, balance);
            prop_assert_eq!(row.predicted_income.sen() % 100, 0);
        }
    }
}
