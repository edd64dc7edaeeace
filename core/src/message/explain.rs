//! A forecast in one sentence.

use super::{month_long, rupiah};
use crate::forecast::{Forecast, Method, Share};
use crate::model::{Language, Rupiah};

/// Parts smaller than this share of the value are named together.
const WORTH_A_WORD: f64 = 0.001;
/// What rounding to whole rupiah may leave over; the level takes it.
const ROUNDING: i64 = 6;
/// Months from which on all models of the combination take part, and their weights follow their past errors.
const MORE_THAN_A_YEAR: usize = 13;

/// What the first month of a forecast of money is made of and how it was computed, in one sentence; empty for a forecast
/// without months. The amounts add up to the forecast.
///
/// ```
/// use dermawan::{Language, MonthlySeries, forecast, message};
/// let donations = MonthlySeries { first: "2025-11".parse()?, values: vec![5_600_000.0, 5_800_000.0, 6_000_000.0] };
/// let options = forecast::Options { method: forecast::Method::Ols, ..forecast::Options::default() };
/// let forecast = forecast::fit(&donations, &options)?.predict(1);
/// assert!(message::explain(&forecast, Language::En).starts_with("For February 2026 Rp 6.200.000 is expected"));
/// # Ok::<(), dermawan::Error>(())
/// ```
pub fn explain(forecast: &Forecast, language: Language) -> String {
    let (Some(point), Some(parts)) = (forecast.points.first(), forecast.parts.first()) else { return String::new() };
    let whole = |value: f64| value.clamp(-1e15, 1e15).round() as i64;
    let money = |value: i64| rupiah(Rupiah::new(value));
    let signed = |value: i64| format!("{}{}", if value < 0 { "−" } else { "+" }, money(value.abs()));
    let indonesian = language == Language::Id;
    let named = [
        (parts.trend, "tren", "trend"),
        (parts.season, "musim", "season"),
        (parts.hijri, "Ramadan dan hari raya", "Ramadan and feasts"),
        (parts.events, "peristiwa", "events"),
        (parts.remainder, "penyesuaian dengan jumlah seluruhnya", "bringing parts and total together"),
    ];
    let mut added: Vec<(i64, &str)> = named
        .iter()
        .filter(|(value, ..)| value.abs() > WORTH_A_WORD * point.value.abs())
        .map(|&(value, id, en)| (whole(value), if indonesian { id } else { en }))
        .collect();
    let (value, mut level) = (whole(point.value), whole(parts.level));
    let rest = value - level - added.iter().map(|(value, _)| value).sum::<i64>();
    if rest.abs() <= ROUNDING {
        level += rest;
    } else {
        added.push((rest, if indonesian { "lainnya" } else { "other" }));
    }
    let month = month_long(point.month, language);
    let share = (forecast.level * 100.0).round();
    let level = format!("{} {}", if indonesian { "dasar" } else { "level" }, money(level));
    let added = added.into_iter().map(|(value, name)| format!("{name} {}", signed(value)));
    let made_of = std::iter::once(level).chain(added).collect::<Vec<_>>().join(", ");
    let [value, lower, upper] = [value, whole(point.lower), whole(point.upper)].map(money);
    let (n, how) = (forecast.n, how(forecast, indonesian));
    if indonesian {
        format!(
            "Untuk {month} diperkirakan {value} (dengan peluang {share}% antara {lower} dan {upper}): {made_of}; \
             dihitung dari {n} bulan dengan {how}."
        )
    } else {
        format!(
            "For {month} {value} is expected (with a chance of {share}% between {lower} and {upper}): {made_of}; \
             computed from {n} months by {how}."
        )
    }
}

/// The method, why it was chosen where it was not asked for, and why the calendar is in it.
fn how(forecast: &Forecast, indonesian: bool) -> String {
    let models = forecast.models.len();
    let form = forecast.models.first().and_then(|Share { form, .. }| form.as_deref());
    let short = forecast.n < MORE_THAN_A_YEAR;
    let mut said = vec![match (forecast.method, indonesian) {
        (Method::Auto, true) => {
            let why = if short {
                "yang cocok untuk riwayat hingga satu tahun"
            } else {
                "karena riwayatnya lebih dari satu tahun, ditimbang menurut kesalahannya di masa lalu"
            };
            format!("rata-rata {models} model, {why}")
        }
        (Method::Auto, false) => {
            let why = if short {
                "those that suit up to a year"
            } else {
                "for there is more than a year, weighted by their errors in the past"
            };
            format!("the average of {models} models, {why}")
        }
        (Method::Ols, true) => "garis lurus melalui semua bulan".into(),
        (Method::Ols, false) => "a straight line through all months".into(),
        (Method::MovingAverage, true) => "rata-rata bulan-bulan terakhir".into(),
        (Method::MovingAverage, false) => "the average of the last months".into(),
        (method, true) => format!("metode {}", method.name()),
        (method, false) => format!("the method {}", method.name()),
    }];
    if let Some(form) = form {
        let [trend, season] = words_of(form, indonesian);
        said.push(if indonesian {
            format!(", bentuk {form} ({trend}, {season}), yang menjelaskan riwayat paling baik (AICc)")
        } else {
            format!(" in the form {form} ({trend}, {season}), which explains the past best (AICc)")
        });
    }
    // An effect of zero is one that was not found.
    let effect = forecast.hijri.filter(|hijri| hijri.ramadan.abs() + hijri.idul_fitri.abs() > 0.0);
    if let Some(hijri) = effect {
        let sure = (hijri.relevance * 100.0).floor();
        said.push(if indonesian {
            format!(", dengan kalender Hijriah karena memperbaiki prediksi yang lalu (peluang {sure}%)")
        } else {
            format!(", with the Hijri calendar because it made past forecasts better (probability {sure}%)")
        });
    }
    said.concat()
}

/// Trend and season of a form's letters.
fn words_of(form: &str, indonesian: bool) -> [&'static str; 2] {
    let trend = match (form.get(1..form.len().saturating_sub(1)).unwrap_or_default(), indonesian) {
        ("A", true) => "dengan tren",
        ("A", false) => "with a trend",
        ("Ad", true) => "tren yang melandai",
        ("Ad", false) => "a trend that fades",
        (_, true) => "tanpa tren",
        (_, false) => "no trend",
    };
    let season = match (form.chars().last().unwrap_or('N'), indonesian) {
        ('A', true) => "musim yang ditambahkan",
        ('A', false) => "a season that is added",
        ('M', true) => "musim yang dikalikan",
        ('M', false) => "a season that multiplies",
        (_, true) => "tanpa musim",
        (_, false) => "no season",
    };
    [trend, season]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::{Options, fit};
    use crate::model::MonthlySeries;

    fn said(values: Vec<f64>, method: Method, language: Language) -> String {
        let options = Options { method, hijri: false, ..Options::default() };
        explain(
            &fit(&MonthlySeries { first: "2018-01".parse().unwrap(), values }, &options).unwrap().predict(1),
            language,
        )
    }

    /// The expected amount, and the sum of those it is said to be made of.
    fn sums(text: &str) -> (i64, i64) {
        let amounts = |text: &str| -> Vec<i64> {
            let of = |piece: &str, before: &str| {
                let digits: String = piece
                    .chars()
                    .take_while(|c| c.is_ascii_digit() || *c == '.')
                    .filter(char::is_ascii_digit)
                    .collect();
                let size: i64 = digits.parse().unwrap();
                if before.ends_with('−') { -size } else { size }
            };
            let pieces: Vec<&str> = text.split("Rp ").collect();
            pieces.windows(2).map(|pair| of(pair[1], pair[0])).collect()
        };
        let (head, made_of) = text.split_once("): ").unwrap();
        let made_of = made_of.split_once(';').unwrap().0;
        (amounts(head)[0], amounts(made_of).iter().sum())
    }

    /// Sentences whose months grow slowly, leap at the end past the growth that is believed, fall below zero, and have a
    /// season.
    #[test]
    fn the_amounts_add_up_and_no_limit_is_named() {
        let line: Vec<f64> = (0..60).map(|i| 3_350_000.0 + 43_600.0 * f64::from(i)).collect();
        let mut leap: Vec<f64> = (0..40).map(|i| 300_000.0 + 20_000.0 * f64::from(i * 7 % 11)).collect();
        leap.extend([2e6, 9e6, 3e7]);
        let falling: Vec<f64> = (0..30).map(|i| (2.9e6 - 1e5 * f64::from(i)).max(0.0)).collect();
        let season: Vec<f64> =
            (0..48).map(|i| 4e6 + 1e6 * (f64::from(i) * std::f64::consts::FRAC_PI_6).sin()).collect();
        for values in [line, leap, falling, season] {
            for method in [Method::Auto, Method::Ols, Method::Ets, Method::Theta] {
                for language in [Language::Id, Language::En] {
                    let text = said(values.clone(), method, language);
                    let (expected, sum) = sums(&text);
                    assert_eq!(expected, sum, "{text}");
                    assert!(!text.contains("nol") && !text.contains("zero"), "{text}");
                }
            }
        }
    }

    /// A part below one in a hundred has its word.
    #[test]
    fn a_small_trend_is_named() {
        let line: Vec<f64> = (0..60).map(|i| 3_350_000.0 + 43_600.0 * f64::from(i)).collect();
        let text = said(line, Method::Ols, Language::Id);
        assert!(text.contains("tren +Rp 43.600") && text.contains("garis lurus"), "{text}");
    }

    #[test]
    fn the_choice_is_explained() {
        let grows: Vec<f64> = (0..36).map(|i| 3e6 + 5e4 * f64::from(i) + 1e5 * f64::from(i * 7 % 5)).collect();
        let text = said(grows.clone(), Method::Ets, Language::En);
        let form = text.split_once("in the form ").unwrap().1;
        assert!(form.starts_with(['A', 'M']) && text.contains("AICc"), "{text}");
        let text = said(grows.clone(), Method::Auto, Language::Id);
        assert!(text.contains("rata-rata 7 model") && text.contains("lebih dari satu tahun"), "{text}");
        let text = said(grows[..12].to_vec(), Method::Auto, Language::Id);
        assert!(text.contains("rata-rata 3 model") && text.contains("hingga satu tahun"), "{text}");
    }
}
