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
