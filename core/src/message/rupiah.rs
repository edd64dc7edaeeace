//! Amounts and counts, as they are read.

use crate::model::{Language, Rupiah};

/// An amount as donors read it, in either language: `Rp 6.000.000`, thousands apart by dots, rounded to whole rupiah
/// (halves away from zero). Below zero the sign stands in front: `-Rp 250.000`; what rounds to zero has none.
///
/// ```
/// use dermawan::{Rupiah, message::rupiah};
/// assert_eq!(rupiah(Rupiah::new(6_000_000)), "Rp 6.000.000");
/// assert_eq!(rupiah(Rupiah::from_sen(-25_000_050)), "-Rp 250.001");
/// ```
pub fn rupiah(amount: Rupiah) -> String {
    let whole = amount.rounded();
    let sign = if whole < 0 { "-" } else { "" };
    format!("{sign}Rp {}", grouped(whole.unsigned_abs(), '.'))
}

/// A count with its thousands apart: by dots in Indonesian, by commas in English.
///
/// ```
/// use dermawan::{Language, message::number};
/// assert_eq!(number(1200, Language::Id), "1.200");
/// assert_eq!(number(1200, Language::En), "1,200");
/// ```
pub fn number(count: u64, language: Language) -> String {
    grouped(count, if language == Language::Id { '.' } else { ',' })
}

/// An amount as charts and headings have it, one decimal at most: in Indonesian thousands (`rb`), millions (`jt`),
/// milliards (`M`) and billions (`T`); in English `k`, `m`, `bn` and `tn`. What is no number is written as a dash.
///
/// ```
/// use dermawan::{Language, message::rupiah_short};
/// assert_eq!(rupiah_short(12_480_000.0, Language::Id), "Rp 12,5 jt");
/// assert_eq!(rupiah_short(-999_960.0, Language::En), "-Rp 1 m");
/// assert_eq!(rupiah_short(2_000.0, Language::Id), "Rp 2 rb");
/// ```
pub fn rupiah_short(amount: f64, language: Language) -> String {
    const ID: [&str; 5] = ["", " rb", " jt", " M", " T"];
    const EN: [&str; 5] = ["", " k", " m", " bn", " tn"];
    if !amount.is_finite() {
        return "–".into();
    }
    let (mut size, mut place) = (amount.abs(), 0);
    // What rounds to a thousand of its unit is one of the next.
    while size >= if place == 0 { 999.5 } else { 999.95 } && place + 1 < ID.len() {
        size /= 1000.0;
        place += 1;
    }
    let tenths = if place == 0 { size.round() * 10.0 } else { (size * 10.0).round() };
    let sign = if amount < 0.0 && tenths > 0.0 { "-" } else { "" };
    // An amount of money has no more digits than this; what is larger stops here.
    let tenths = tenths as u64;
    let (names, comma) = if language == Language::Id { (&ID, ',') } else { (&EN, '.') };
    let fraction = if tenths.is_multiple_of(10) { String::new() } else { format!("{comma}{}", tenths % 10) };
    format!("{sign}Rp {}{fraction}{}", number(tenths / 10, language), names[place])
}

fn grouped(value: u64, separator: char) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends_of_the_range() {
        for (sen, text) in [
            (0, "Rp 0"),
            (49, "Rp 0"),
            (-49, "Rp 0"),
            (50, "Rp 1"),
            (-50, "-Rp 1"),
            (99_900, "Rp 999"),
            (99_950, "Rp 1.000"),
            (i64::MAX, "Rp 92.233.720.368.547.758"),
            (i64::MIN, "-Rp 92.233.720.368.547.758"),
        ] {
            assert_eq!(rupiah(Rupiah::from_sen(sen)), text);
        }
    }

    #[test]
    fn short_amounts() {
        for (amount, text) in [
            (0.0, "Rp 0"),
            (-0.4, "Rp 0"),
            (999.0, "Rp 999"),
            (999.6, "Rp 1 rb"),
            (1_049.0, "Rp 1 rb"),
            (1_050.0, "Rp 1,1 rb"),
            (999_949.0, "Rp 999,9 rb"),
            (999_950.0, "Rp 1 jt"),
            (-12_500_000.0, "-Rp 12,5 jt"),
            (3.0e9, "Rp 3 M"),
            (92.2e15, "Rp 92.200 T"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(rupiah_short(amount, Language::Id), text);
        }
        assert!(rupiah_short(f64::MAX, Language::En).ends_with(" tn"));
    }

    proptest! {
        #[test]
        fn digits_are_the_amount_and_groups_are_of_three(sen: i64) {
            let amount = Rupiah::from_sen(sen);
            let text = rupiah(amount);
            let (sign, digits) = text.split_once("Rp ").unwrap();
            let plain: i64 = format!("{sign}{}", digits.replace('.', "")).parse().unwrap();
            prop_assert_eq!(plain, amount.rounded());
            let groups: Vec<&str> = digits.split('.').collect();
            prop_assert!((1..=3).contains(&groups[0].len()));
            prop_assert!(groups[1..].iter().all(|group| group.len() == 3));
        }
    }
}
