//! What stands beside the word: a number after DAFTAR, numbers after SETUJU.

use crate::model::Number;

/// The telephone number that a text holds: `DAFTAR 0812-3456-7890`, `daftar +62 812 3456 7890 ya`. `None` without one, or
/// when it is not one.
pub fn number_in(text: &str) -> Option<Number> {
    let text: String = text.chars().take(200).collect();
    let start = text.find(|c: char| c.is_ascii_digit() || c == '+')?;
    let end = text.rfind(|c: char| c.is_ascii_digit())?;
    // Nine digits at least: a code or an amount is no number.
    let found = text.get(start..=end)?;
    (found.bytes().filter(u8::is_ascii_digit).count() >= 9).then(|| Number::parse(found).ok())?
}

/// Which rows of a list an administrator means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// `SETUJU SEMUA`.
    All,
    /// `SETUJU 1,3`; empty when none is named.
    These(Vec<u64>),
}

impl Selection {
    /// Reads a text. Numbers win over `semua`: who names some does not mean all.
    ///
    /// ```
    /// use dermawan::bot::Selection;
    /// assert_eq!(Selection::read("setuju 1, 3 dan 12"), Selection::These(vec![1, 3, 12]));
    /// assert_eq!(Selection::read("SETUJU SEMUA"), Selection::All);
    /// assert_eq!(Selection::read("setuju"), Selection::These(vec![]));
    /// ```
    pub fn read(text: &str) -> Self {
        let words: Vec<&str> =
            text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(200).collect();
        let numbers: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
        let all = words.iter().any(|word| ["semua", "semuanya", "all"].contains(&word.to_lowercase().as_str()));
        if numbers.is_empty() && all { Self::All } else { Self::These(numbers) }
    }
}
