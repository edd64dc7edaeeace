//! The words of pictures.

use crate::message::{month_long, rupiah_short};
use crate::model::{Language, Month};

/// Of two sentences the one in the language.
pub(super) const fn either(language: Language, id: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Id => id,
        Language::En => en,
    }
}

pub(super) const fn nothing(language: Language) -> &'static str {
    either(language, "Belum ada data untuk digambar.", "There are no data to show yet.")
}

/// A share as per cent, without decimals; what is not quite nothing, or not quite all, is said so.
///
/// ```
/// use dermawan::chart::percent;
/// assert_eq!([0.0, 0.004, 0.124, 0.997].map(percent), ["0%", "<1%", "12%", ">99%"]);
/// ```
pub fn percent(share: f64) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { return "–".into() };
    match (share * 100.0).round() {
        0.0 if share > 0.0 => "<1%".into(),
        100.0 if share < 1.0 => ">99%".into(),
        whole => format!("{whole}%"),
    }
}

/// `Januari 2026: Rp 5 jt`.
pub(super) fn amount_of(month: Month, value: f64, language: Language) -> String {
    format!("{}: {}", month_long(month, language), rupiah_short(value, language))
}

/// From the first to the last month, as in `dari Januari 2025 sampai Januari 2026`.
pub(super) fn span(first: Month, last: Month, language: Language) -> String {
    let (from, to) = (month_long(first, language), month_long(last, language));
    match language {
        Language::Id => format!("dari {from} sampai {to}"),
        Language::En => format!("from {from} to {to}"),
    }
}

/// From one amount to another.
pub(super) fn range(low: f64, high: f64, language: Language) -> String {
    let (low, high) = (rupiah_short(low, language), rupiah_short(high, language));
    match language {
        Language::Id => format!("{low} sampai {high}"),
        Language::En => format!("{low} to {high}"),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn no_chance_is_rounded_away() {
        let texts = [0.0, 0.001, 0.124, 0.999, 1.0, 7.0, f64::NAN].map(percent);
        assert_eq!(texts, ["0%", "<1%", "12%", ">99%", "100%", "100%", "–"]);
    }
}
