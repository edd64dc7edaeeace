//! Exact money.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

/// An amount of rupiah, exact to the sen (1/100).
///
/// ```
/// use dermawan::Rupiah;
/// let gift: Rupiah = "500000.00".parse()?;
/// assert_eq!(gift, Rupiah::new(500_000));
/// assert_eq!(gift.sen(), 50_000_000);
/// assert_eq!((gift * 12).to_string(), "6000000.00");
/// # Ok::<(), dermawan::Error>(())
/// ```
///
/// The range is that of an `i64` of sen: ±92 thousand million million rupiah. `+`, `-`, `*` and `sum()` saturate at
/// its ends instead of wrapping; [`Rupiah::checked_add`] reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rupiah(i64);

impl Rupiah {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// An amount in whole rupiah.
    pub const fn new(rupiah: i64) -> Self {
        Self(rupiah.saturating_mul(100))
    }

    /// An amount in sen.
    pub const fn from_sen(sen: i64) -> Self {
        Self(sen)
    }

    /// The amount in sen.
    pub const fn sen(self) -> i64 {
        self.0
    }

    /// Whole rupiah, halves rounded away from zero.
    pub const fn rounded(self) -> i64 {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        if rest >= 50 {
            whole + 1
        } else if rest <= -50 {
            whole - 1
        } else {
            whole
        }
    }

    /// The amount in rupiah as a floating-point number, for analyses only.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 100.0
    }

    /// The nearest amount to a floating-point number of rupiah; not-a-number is zero, infinities saturate.
    pub fn from_f64(rupiah: f64) -> Self {
        Self((rupiah * 100.0).round() as i64)
    }

    /// The sum, or `None` past the range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// `true` below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// How many whole times `unit` fits into the amount; zero when the amount is negative or the unit is not positive.
    pub const fn units(self, unit: Self) -> u64 {
        if unit.0 <= 0 || self.0 <= 0 { 0 } else { (self.0 / unit.0) as u64 }
    }
}

impl std::ops::Add for Rupiah {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::AddAssign for Rupiah {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::ops::Sub for Rupiah {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Neg for Rupiah {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl std::ops::Mul<i64> for Rupiah {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Sum for Rupiah {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        let total: i128 = amounts.map(|amount| i128::from(amount.0)).sum();
        Self(total.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }
}

/// The plain decimal form, such as `6000000.00`; what donors read comes from `message`.
impl fmt::Display for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let sen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", sen / 100, sen % 100)
    }
}

/// Reads the plain decimal form: an optional sign, digits, and at most two decimals (further ones must be zeros).
impl FromStr for Rupiah {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text.trim().as_bytes()).map(Self).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "this is not an amount in rupiah")
                .hint("write digits with at most two decimals after a point, such as 500000.00")
        })
    }
}

fn parse(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    let mut sen: i64 = 0;
    let mut seen = false;
    let mut decimals: Option<u32> = None;
    for &byte in digits {
        match (byte, decimals) {
            (b'.', None) => decimals = Some(0),
            (b'0', Some(2..)) => {}
            (b'0'..=b'9', None | Some(0..=1)) => {
                seen = true;
                // Accumulated below zero, so that the smallest amount is readable too.
                sen = sen.checked_mul(10)?.checked_sub(i64::from(byte - b'0'))?;
                decimals = decimals.map(|n| n + 1);
            }
            _ => return None,
        }
    }
    for _ in decimals.unwrap_or(0)..2 {
        sen = sen.checked_mul(10)?;
    }
    if !seen {
        return None;
    }
    if negative { Some(sen) } else { sen.checked_neg() }
}

/// As a JSON number of rupiah: whole amounts as integers, others with two decimals.
impl Serialize for Rupiah {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if self.0 % 100 == 0 { serializer.serialize_i64(self.0 / 100) } else { serializer.serialize_f64(self.to_f64()) }
    }
}

impl<'de> Deserialize<'de> for Rupiah {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Whole(i64),
            Number(f64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Whole(rupiah) => rupiah
                .checked_mul(100)
                .map(Self)
                .ok_or_else(|| serde::de::Error::custom("the amount is past the range of money")),
            Form::Number(rupiah) if rupiah.is_finite() => Ok(Self::from_f64(rupiah)),
            Form::Number(_) => Err(serde::de::Error::custom("an amount must be finite")),
            Form::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_it_should_and_nothing_else() {
        for (text, sen) in [("0", 0), ("-0.01", -1), ("+7", 700), (" 12.5 ", 1250), ("12.500", 1250), (".5", 50)] {
            assert_eq!(text.parse::<Rupiah>().map(Rupiah::sen).ok(), Some(sen), "{text}");
        }
        for text in ["", "-", ".", "1.005", "1,5", "1 000", "Rp 5", "1e3", "NaN", "92233720368547758.08"] {
            assert!(text.parse::<Rupiah>().is_err(), "{text}");
        }
    }

    #[test]
    fn units_are_whole_and_never_negative() {
        assert_eq!(Rupiah::new(6_000_000).units(Rupiah::new(15_000)), 400);
        assert_eq!(Rupiah::from_sen(1_499_999).units(Rupiah::new(15_000)), 0);
        assert_eq!(Rupiah::new(-5).units(Rupiah::new(1)), 0);
        assert_eq!(Rupiah::new(5).units(Rupiah::ZERO), 0);
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (sen, rupiah) in [(149, 1), (150, 2), (-149, -1), (-150, -2)] {
            assert_eq!(Rupiah::from_sen(sen).rounded(), rupiah);
        }
    }

    proptest! {
        #[test]
        fn display_and_parse_are_inverse(sen: i64) {
            let amount = Rupiah::from_sen(sen);
            prop_assert_eq!(amount.to_string().parse::<Rupiah>().ok(), Some(amount));
        }

        #[test]
        fn sums_do_not_depend_on_the_order(mut sen in proptest::collection::vec(any::<i32>(), 0..50)) {
            let forward: Rupiah = sen.iter().map(|&s| Rupiah::from_sen(i64::from(s))).sum();
            sen.reverse();
            let backward: Rupiah = sen.iter().map(|&s| Rupiah::from_sen(i64::from(s))).sum();
            prop_assert_eq!(forward, backward);
        }
    }
}
