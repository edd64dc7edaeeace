//! A forecast in one sentence.

use super::{month_long, rupiah};
use crate::forecast::Forecast;
use crate::model::{Language, Rupiah};

/// Parts smaller than this share of the value are not worth a word.
const WORTH_A_WORD: f64 = 0.01;

/// What the first month of a forecast of money is made of, in one sentence; empty for a forecast without months.
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
    let money = |value: f64| rupiah(Rupiah::new(value.clamp(-1e15, 1e15).round() as i64));
    let signed = |value: f64| format!("{}{}", if value < 0.0 { "−" } else { "+" }, money(value.abs()));
    let indonesian = language == Language::Id;
    let named = [
        (parts.trend, "tren", "trend"),
        (parts.season, "musim", "season"),
        (parts.hijri, "Ramadan dan hari raya", "Ramadan and feasts"),
        (parts.events, "peristiwa", "events"),
        (parts.remainder, "batas nol", "the limit of zero"),
    ];
    let added: Vec<String> = named
        .iter()
        .filter(|(value, ..)| value.abs() > WORTH_A_WORD * point.value.abs())
        .map(|(value, id, en)| format!("{} {}", if indonesian { id } else { en }, signed(*value)))
        .collect();
    let month = month_long(point.month, language);
    let share = (forecast.level * 100.0).round();
    let [value, lower, upper, level] = [point.value, point.lower, point.upper, parts.level].map(money);
    let made_of = if indonesian { format!("dasar {level}") } else { format!("level {level}") };
    let made_of = std::iter::once(made_of).chain(added).collect::<Vec<_>>().join(", ");
    let n = forecast.n;
    if indonesian {
        format!(
            "Untuk {month} diperkirakan {value} (dengan peluang {share}% antara {lower} dan {upper}): {made_of}; \
             dihitung dari {n} bulan."
        )
    } else {
        format!(
            "For {month} {value} is expected (with a chance of {share}% between {lower} and {upper}): {made_of}; \
             computed from {n} months."
        )
    }
}
