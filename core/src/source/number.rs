//! Numbers: keys, amounts, small integers and flags, exactly.

use crate::source::NumberFormat;
use crate::source::cell::Cell;

/// What became of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parsed<T> {
    /// There was none: NULL, an empty text, not-a-number.
    Nothing,
    /// It is this one.
    Exact(T),
    /// It had more decimals than fit, and is this one without them.
    Cut(T),
    /// It is none, or lies outside the range.
    Wrong,
}

impl<T> Parsed<T> {
    /// Narrows the value; what does not fit is wrong.
    #[inline]
    pub(crate) fn and_then<U>(self, narrow: impl FnOnce(T) -> Option<U>) -> Parsed<U> {
        match self {
            Self::Nothing => Parsed::Nothing,
            Self::Exact(value) => narrow(value).map_or(Parsed::Wrong, Parsed::Exact),
            Self::Cut(value) => narrow(value).map_or(Parsed::Wrong, Parsed::Cut),
            Self::Wrong => Parsed::Wrong,
        }
    }
}

/// A key.
#[inline]
pub(crate) fn key(cell: Cell<'_>) -> Parsed<u64> {
    match cell {
        Cell::UInt(key) => Parsed::Exact(key),
        Cell::Int(key) if key >= 0 => Parsed::Exact(key as u64),
        other => whole(other).and_then(|key| u64::try_from(key).ok()),
    }
}

/// A whole number. `12.00` is one (data frames turn a column of keys with gaps into floats), `12.5` is not.
#[inline]
pub(crate) fn whole(cell: Cell<'_>) -> Parsed<i128> {
    match cell {
        Cell::UInt(value) => Parsed::Exact(i128::from(value)),
        Cell::Int(value) => Parsed::Exact(i128::from(value)),
        Cell::Bool(value) => Parsed::Exact(i128::from(value)),
        other => match scaled(other, 0) {
            Parsed::Cut(_) => Parsed::Wrong,
            parsed => parsed,
        },
    }
}

/// An amount in sen; decimals beyond the sen are cut.
#[inline]
pub(crate) fn sen(cell: Cell<'_>) -> Parsed<i64> {
    // as a DECIMAL(15,2) comes, in which almost all amounts are
    if let Cell::Text(&[ref whole @ .., b'.', tens @ b'0'..=b'9', ones @ b'0'..=b'9']) = cell
        && (1..=15).contains(&whole.len())
        && whole.iter().all(u8::is_ascii_digit)
    {
        let whole = whole.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        return Parsed::Exact(whole * 100 + i64::from(tens - b'0') * 10 + i64::from(ones - b'0'));
    }
    scaled(cell, 2).and_then(|value| i64::try_from(value).ok())
}

/// An amount that somebody wrote as text, in sen; `None` where it may mean two things ([`FaultKind::AmbiguousNumber`]).
///
/// [`FaultKind::AmbiguousNumber`]: crate::source::FaultKind::AmbiguousNumber
pub(crate) fn written_sen(text: &[u8], format: Option<NumberFormat>) -> Option<Parsed<i64>> {
    match format {
        Some(NumberFormat::Id) => {
            let Some(plain) = plain_of_indonesian(text.trim_ascii()) else { return Some(Parsed::Wrong) };
            Some(sen(Cell::Text(&plain)))
        }
        None if is_ambiguous(text.trim_ascii()) => None,
        Some(NumberFormat::Plain) | None => Some(sen(Cell::Text(text))),
    }
}

/// One to three digits, the first no zero, a dot, three digits: a decimal number, or thousands as Indonesia writes them.
fn is_ambiguous(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let [whole @ .., b'.', a, b, c] = digits else { return false };
    let all_digits = whole.iter().chain([a, b, c]).all(u8::is_ascii_digit);
    all_digits && (1..=3).contains(&whole.len()) && whole[0] != b'0'
}

/// `1.250.000,50` as `1250000.50`; `None` where the dots do not stand before groups of three digits.
fn plain_of_indonesian(text: &[u8]) -> Option<Vec<u8>> {
    let (sign, digits) = match text {
        [sign @ (b'-' | b'+'), rest @ ..] => (Some(*sign), rest),
        _ => (None, text),
    };
    let mut parts = digits.splitn(2, |&byte| byte == b',');
    let (whole, decimals) = (parts.next()?, parts.next());
    let groups: Vec<&[u8]> = whole.split(|&byte| byte == b'.').collect();
    let grouped = groups.len() == 1 || (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|g| g.len() == 3);
    if !grouped || decimals.is_some_and(|decimals| decimals.is_empty() || whole.is_empty()) {
        return None;
    }
    let mut plain: Vec<u8> = sign.into_iter().chain(groups.concat()).collect();
    if let Some(decimals) = decimals {
        plain.push(b'.');
        plain.extend_from_slice(decimals);
    }
    // What is not a digit by now is no number either.
    plain.iter().skip(usize::from(sign.is_some())).all(|byte| byte.is_ascii_digit() || *byte == b'.').then_some(plain)
}

/// A flag: any number but zero is true; so are `true`, `yes`, `ya`, `t` and `y`, in any case.
pub(crate) fn flag(cell: Cell<'_>) -> Parsed<bool> {
    match cell {
        Cell::Bool(value) => Parsed::Exact(value),
        // BIT(1)
        Cell::Text(&[byte @ (0 | 1)]) => Parsed::Exact(byte == 1),
        Cell::Text(bytes) => {
            let text = bytes.trim_ascii();
            let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
            if is(&["true", "t", "yes", "y", "ya"]) {
                Parsed::Exact(true)
            } else if is(&["false", "f", "no", "n", "tidak"]) {
                Parsed::Exact(false)
            } else {
                whole(cell).and_then(|value| Some(value != 0))
            }
        }
        other => whole(other).and_then(|value| Some(value != 0)),
    }
}

/// Any number times 10^`decimals`, cut towards zero.
#[inline]
pub(crate) fn scaled(cell: Cell<'_>, decimals: u32) -> Parsed<i128> {
    match cell {
        Cell::Null => Parsed::Nothing,
        Cell::Text(bytes) => decimal(bytes, decimals),
        Cell::Int(value) => Parsed::Exact(i128::from(value) * 10_i128.pow(decimals)),
        Cell::UInt(value) => Parsed::Exact(i128::from(value) * 10_i128.pow(decimals)),
        Cell::Bool(value) => Parsed::Exact(i128::from(value) * 10_i128.pow(decimals)),
        // The shortest text that reads back as this float is what a person meant by it: 0.1 is 0.1, although no binary
        // float is. What is not near a whole sen keeps its digits and is seen to be cut.
        Cell::Double(value) if value.is_nan() => Parsed::Nothing,
        Cell::Double(value) => decimal(value.to_string().as_bytes(), decimals),
        Cell::Single(value) if value.is_nan() => Parsed::Nothing,
        Cell::Single(value) => decimal(value.to_string().as_bytes(), decimals),
        Cell::Decimal(value, scale) => rescale(value, i32::from(scale), decimals as i32),
        Cell::Fields(_) | Cell::Days(_) | Cell::Instant(_) | Cell::Naive(_) | Cell::Other => Parsed::Wrong,
    }
}

fn rescale(value: i128, from: i32, to: i32) -> Parsed<i128> {
    let power = |exponent: i32| 10_i128.checked_pow(exponent.unsigned_abs());
    if from <= to {
        return power(to - from).and_then(|factor| value.checked_mul(factor)).map_or(Parsed::Wrong, Parsed::Exact);
    }
    match power(from - to) {
        Some(factor) if value % factor == 0 => Parsed::Exact(value / factor),
        Some(factor) => Parsed::Cut(value / factor),
        None if value == 0 => Parsed::Exact(0),
        None => Parsed::Cut(0),
    }
}

/// `[+-] digits [. digits] [e [+-] digits]`, spaces around it allowed, times 10^`decimals`.
#[inline]
fn decimal(bytes: &[u8], decimals: u32) -> Parsed<i128> {
    // the fast way, for what a database writes: up to 18 digits in all, nothing but digits and one point
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 18 {
        return decimal_slow(bytes, decimals);
    }
    let (mut value, mut point) = (0_i64, None);
    for (at, &byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && at > 0 => point = Some(at + 1),
            _ => return decimal_slow(bytes, decimals),
        }
    }
    let scale = point.map_or(0, |at| digits.len() - at);
    let value = i128::from(if negative { -value } else { value });
    if scale == decimals as usize { Parsed::Exact(value) } else { rescale(value, scale as i32, decimals as i32) }
}

#[cold]
fn decimal_slow(bytes: &[u8], decimals: u32) -> Parsed<i128> {
    let text = bytes.trim_ascii();
    if text.is_empty() {
        return Parsed::Nothing;
    }
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix(b"+").unwrap_or(text)),
    };
    if !negative && text.eq_ignore_ascii_case(b"nan") {
        return Parsed::Nothing;
    }
    let (mantissa, exponent) = match text.iter().position(|byte| byte.eq_ignore_ascii_case(&b'e')) {
        Some(at) => match std::str::from_utf8(&text[at + 1..]).ok().and_then(|digits| digits.parse::<i32>().ok()) {
            Some(exponent) if exponent.abs() <= 400 => (&text[..at], exponent),
            _ => return Parsed::Wrong,
        },
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|&byte| byte == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &[][..]),
    };
    if whole.len() + fraction.len() == 0 || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Parsed::Wrong;
    }
    // how many of the digits stand before the point, once it is moved by the exponent and the decimals
    let keep = whole.len() as i64 + i64::from(exponent) + i64::from(decimals);
    let (mut value, mut cut) = (0_i128, false);
    for (at, &byte) in (0_i64..).zip(whole.iter().chain(fraction)) {
        let digit = i128::from(byte - b'0');
        if at < keep {
            match value.checked_mul(10).and_then(|tens| tens.checked_add(digit)) {
                Some(next) => value = next,
                None => return Parsed::Wrong,
            }
        } else {
            cut |= digit != 0;
        }
    }
    let missing = keep - (whole.len() + fraction.len()) as i64;
    if missing > 0 && value != 0 {
        match u32::try_from(missing)
            .ok()
            .and_then(|power| 10_i128.checked_pow(power))
            .and_then(|f| value.checked_mul(f))
        {
            Some(next) => value = next,
            None => return Parsed::Wrong,
        }
    }
    let value = if negative { -value } else { value };
    if cut { Parsed::Cut(value) } else { Parsed::Exact(value) }
}

/// An unscaled decimal as text.
pub(crate) fn decimal_text(value: i128, scale: i8) -> String {
    if scale <= 0 {
        return format!("{value}{}", "0".repeat(usize::from(scale.unsigned_abs())));
    }
    let scale = usize::from(scale.unsigned_abs());
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{fraction}", if value < 0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Parsed<i64> {
        sen(Cell::Text(text.as_bytes()))
    }

    #[test]
    fn amounts_are_exact_or_say_so() {
        for (text, expected) in [
            ("500000.00", Parsed::Exact(50_000_000)),
            ("500000", Parsed::Exact(50_000_000)),
            ("-0.05", Parsed::Exact(-5)),
            ("0.1", Parsed::Exact(10)),
            (".5", Parsed::Exact(50)),
            (" +7.100 ", Parsed::Exact(710)),
            ("1.5e6", Parsed::Exact(150_000_000)),
            ("15e-1", Parsed::Exact(150)),
            ("1.005", Parsed::Cut(100)),
            ("-1.009", Parsed::Cut(-100)),
            ("0.0001", Parsed::Cut(0)),
            ("92233720368547758.07", Parsed::Exact(i64::MAX)),
            ("92233720368547758.08", Parsed::Wrong),
            ("-92233720368547758.08", Parsed::Exact(i64::MIN)),
            ("1e400", Parsed::Wrong),
            ("0e400", Parsed::Exact(0)),
            ("99999999999999999999999999999999999999999999999999", Parsed::Wrong),
            ("1.2.3", Parsed::Wrong),
            ("1,5", Parsed::Wrong),
            ("Rp 5", Parsed::Wrong),
            ("--1", Parsed::Wrong),
            ("-", Parsed::Wrong),
            (".", Parsed::Wrong),
            ("inf", Parsed::Wrong),
            ("", Parsed::Nothing),
            ("  ", Parsed::Nothing),
            ("NaN", Parsed::Nothing),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn written_amounts_mean_one_thing_or_none() {
        let said = |text: &str, format| written_sen(text.as_bytes(), format);
        for text in ["250.000", "1.000", "-15.500", " 999.999 ", "+7.125"] {
            assert_eq!(said(text, None), None, "{text}");
        }
        for (text, sen) in [
            ("250000", 25_000_000),
            ("250.00", 25_000),
            ("1234.500", 123_450),
            ("0.500", 50),
            ("250.0000", 25_000),
            ("1.5e3", 150_000),
        ] {
            assert_eq!(said(text, None), Some(Parsed::Exact(sen)), "{text}");
        }
        assert_eq!(said("1.250.000", None), Some(Parsed::Wrong));
        assert_eq!(said("250.000", Some(NumberFormat::Plain)), Some(Parsed::Exact(25_000)));
        for (text, parsed) in [
            ("250.000", Parsed::Exact(25_000_000)),
            ("1.250.000,50", Parsed::Exact(125_000_050)),
            ("-1.000", Parsed::Exact(-100_000)),
            (" 250000 ", Parsed::Exact(25_000_000)),
            ("250000,5", Parsed::Exact(25_000_050)),
            ("0,055", Parsed::Cut(5)),
            ("250.00", Parsed::Wrong),
            ("1.25.000", Parsed::Wrong),
            (".000", Parsed::Wrong),
            ("1,2,3", Parsed::Wrong),
            ("1,", Parsed::Wrong),
            (",5", Parsed::Wrong),
            ("Rp 5", Parsed::Wrong),
            ("1e3", Parsed::Wrong),
            ("", Parsed::Nothing),
        ] {
            assert_eq!(said(text, Some(NumberFormat::Id)), Some(parsed), "{text}");
        }
    }

    #[test]
    fn floats_mean_their_shortest_text() {
        assert_eq!(sen(Cell::Double(0.1)), Parsed::Exact(10));
        assert_eq!(sen(Cell::Double(1e15)), Parsed::Exact(100_000_000_000_000_000));
        assert_eq!(sen(Cell::Double(0.1 + 0.2)), Parsed::Cut(30));
        assert_eq!(sen(Cell::Single(0.1)), Parsed::Exact(10));
        assert_eq!(sen(Cell::Double(f64::NAN)), Parsed::Nothing);
        assert_eq!(sen(Cell::Double(f64::INFINITY)), Parsed::Wrong);
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(whole(Cell::Text(b"18446744073709551615")), Parsed::Exact(i128::from(u64::MAX)));
        assert_eq!(whole(Cell::Double(12.0)), Parsed::Exact(12));
        assert_eq!(whole(Cell::Double(12.5)), Parsed::Wrong);
        assert_eq!(whole(Cell::Text(b"12.5")), Parsed::Wrong);
        assert_eq!(whole(Cell::Decimal(1200, 2)), Parsed::Exact(12));
    }

    #[test]
    fn flags_read_numbers_bits_and_words() {
        for cell in [Cell::Int(2), Cell::Text(b"\x01"), Cell::Text(b"TRUE"), Cell::Text(b"2"), Cell::Bool(true)] {
            assert_eq!(flag(cell), Parsed::Exact(true), "{cell:?}");
        }
        for cell in [Cell::UInt(0), Cell::Text(b"\0"), Cell::Text(b"tidak"), Cell::Text(b"0")] {
            assert_eq!(flag(cell), Parsed::Exact(false), "{cell:?}");
        }
        assert_eq!(flag(Cell::Text(b"mungkin")), Parsed::Wrong);
        assert_eq!(flag(Cell::Null), Parsed::Nothing);
    }

    proptest! {
        #[test]
        fn a_decimal_of_any_scale_reads_as_its_text(value in any::<i64>(), scale in 0_i8..9) {
            let text = decimal_text(i128::from(value), scale);
            prop_assert_eq!(of(&text), sen(Cell::Decimal(i128::from(value), scale)));
            let exact = i128::from(value) * 100 / 10_i128.pow(scale as u32);
            match of(&text) {
                Parsed::Exact(sen) => prop_assert_eq!(
                    i128::from(sen) * 10_i128.pow(scale as u32), i128::from(value) * 100),
                Parsed::Cut(sen) => prop_assert_eq!(i128::from(sen), exact),
                _ => prop_assert!(i64::try_from(exact).is_err()),
            }
        }

        #[test]
        fn amounts_of_a_database_read_fast_as_slowly(text in "-?[0-9]{1,18}\\.[0-9]{2}") {
            let slow = decimal_slow(text.as_bytes(), 2).and_then(|sen| i64::try_from(sen).ok());
            prop_assert_eq!(of(&text), slow);
        }

        #[test]
        fn the_fast_and_the_slow_way_agree(text in "-?[0-9]{1,9}(\\.[0-9]{0,8})?", decimals in 0_u32..4) {
            prop_assert_eq!(decimal(text.as_bytes(), decimals), decimal_slow(text.as_bytes(), decimals));
        }

        #[test]
        fn nothing_panics(text in any::<Vec<u8>>()) {
            let _ = (written_sen(&text, None), written_sen(&text, Some(NumberFormat::Id)));
            let _ = (sen(Cell::Text(&text)), whole(Cell::Text(&text)), flag(Cell::Text(&text)));
        }
    }
}
