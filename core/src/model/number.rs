//! WhatsApp numbers, and who else may write.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A WhatsApp number in international form without a plus sign, such as `6281234567890`.
///
/// It never prints itself: `Display` and `Debug` show the masked form, so that no log or error carries a number by
/// accident; the digits are had from [`Number::as_str`] alone, and where a value is serialised for a host (whoever
/// serialises for a log masks it). Deserialising reads what [`Number::parse`] does.
///
/// ```
/// use dermawan::bot::Number;
/// for text in ["0812-3456-7890", "81234567890", "+62 (812) 3456.7890", "0062 812 34567890", "62 0812 34567890"] {
///     assert_eq!(Number::parse(text)?.as_str(), "6281234567890");
/// }
/// assert_eq!(Number::parse("+1 (212) 555-0100")?.as_str(), "12125550100");
/// assert_eq!(Number::parse("6281234567889@c.us")?.to_string(), "62812****89");
/// # Ok::<(), dermawan::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Number(String);

impl Number {
    /// Reads a number as people write it: `08…`, `8…`, `628…`, `+62…`, `0062…`, `62 0…`, with spaces, dots, dashes and
    /// brackets, and with the suffixes `@c.us`, `@s.whatsapp.net` and `:device`. Without a plus sign or `00`, what
    /// begins with 8 is an Indonesian mobile number.
    ///
    /// Errors: `invalid_input` for anything else; the text itself is not repeated. An Indonesian number is 628 and 7 to
    /// 11 digits; a foreign one 8 to 15 digits (ITU-T E.164).
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text, true).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "this is not a WhatsApp number")
                .hint("write it like 0812-3456-7890, or with + and the country code for a foreign number")
        })
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for logs: the first five digits and the last two, `62812****89`.
    pub fn masked(&self) -> String {
        // ASCII digits only, at least eight of them.
        format!("{}****{}", &self.0[..5], &self.0[self.0.len() - 2..])
    }

    /// `national`: a leading 8 is taken for an Indonesian mobile number.
    fn read(text: &str, national: bool) -> Option<Self> {
        let (digits, plus) = dial_string(text)?;
        if let Some(rest) = digits.strip_prefix("00") {
            return Self::international(rest);
        }
        if plus {
            return Self::international(&digits);
        }
        if let Some(rest) = digits.strip_prefix('0') {
            return Self::indonesian(rest);
        }
        if national && digits.starts_with('8') {
            return Self::indonesian(&digits);
        }
        Self::international(&digits)
    }

    fn international(digits: &str) -> Option<Self> {
        if let Some(rest) = digits.strip_prefix("62") {
            return Self::indonesian(rest.strip_prefix('0').unwrap_or(rest));
        }
        ((8..=15).contains(&digits.len()) && !digits.starts_with('0')).then(|| Self(digits.to_owned()))
    }

    /// From the digits after the country code: an 8 and 7 to 11 more.
    fn indonesian(rest: &str) -> Option<Self> {
        (rest.starts_with('8') && (8..=12).contains(&rest.len())).then(|| Self(format!("62{rest}")))
    }
}

/// The digits of a text and whether a plus sign stands before them; `None` when anything else is in it.
fn dial_string(text: &str) -> Option<(String, bool)> {
    let text = match text.split_once('@') {
        Some((number, domain)) if ["c.us", "s.whatsapp.net"].iter().any(|known| domain.eq_ignore_ascii_case(known)) => {
            number
        }
        Some(_) => return None,
        None => text,
    };
    let text = match text.split_once(':') {
        Some((number, device)) if !device.is_empty() && device.bytes().all(|b| b.is_ascii_digit()) => number,
        Some(_) => return None,
        None => text,
    };
    let mut digits = String::new();
    let mut plus = false;
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !plus => plus = true,
            // Separators, and the invisible marks that a number copied from a contact list carries.
            '.'
            | '-'
            | '('
            | ')'
            | '/'
            | '\u{2010}'..='\u{2015}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    Some((digits, plus))
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl TryFrom<String> for Number {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({})", self.masked())
    }
}

/// Who wrote, as a gateway names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// A person with a number.
    Person(Number),
    /// A group (`…@g.us`).
    Group,
    /// A status or another broadcast (`status@broadcast`), or a channel (`…@newsletter`).
    Broadcast,
    /// Anyone without a phone number: a hidden identity (`…@lid`), or something unknown.
    Unknown,
}

impl Sender {
    /// Reads a gateway's name of a sender. A gateway writes country codes, so a leading 8 is one here, unlike in
    /// [`Number::parse`]: taking a Japanese number for an Indonesian one would show a donor's data to a stranger. The
    /// digits of a hidden identity (`@lid`) are never taken for a number.
    ///
    /// ```
    /// use dermawan::bot::Sender;
    /// assert!(matches!(Sender::read("6281234567890:12@s.whatsapp.net"), Sender::Person(_)));
    /// assert_eq!(Sender::read("6281234567890-1600000000@g.us"), Sender::Group);
    /// assert_eq!(Sender::read("6281234567890@lid"), Sender::Unknown);
    /// ```
    pub fn read(name: &str) -> Self {
        let domain = name.trim().rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
        match domain.as_str() {
            "g.us" => Self::Group,
            "broadcast" | "newsletter" => Self::Broadcast,
            _ => Number::read(name.trim(), false).map_or(Self::Unknown, Self::Person),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "",
            "+",
            "halo",
            "0812",
            "081234567890123",
            "021-555-1234",
            "6221 5551234",
            "+62 21 555",
            "08123456789O",
            "++6281234567890",
            "62+81234567890",
            "6281234567890@lid",
            "6281234567890@g.us",
            "6281234567890:x@c.us",
            "6281234567890:@c.us",
            "0000812345678",
            "1234567",
            "1234567890123456",
            "٠٨١٢٣٤٥٦٧٨٩",
        ] {
            let error = Number::parse(text).expect_err(text);
            assert!(text.len() < 5 || !error.to_string().contains(text));
        }
    }

    #[test]
    fn foreign_numbers_stay_as_they_are() {
        for (text, digits) in [
            ("+65 8123 4567", "6581234567"),
            ("0081 90-1234-5678", "819012345678"),
            ("+819012345678", "819012345678"),
            ("966501234567@c.us", "966501234567"),
        ] {
            assert_eq!(Number::parse(text).unwrap().as_str(), digits);
        }
    }

    #[test]
    fn senders_are_told_apart() {
        let person = |name: &str| match Sender::read(name) {
            Sender::Person(number) => number.as_str().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(person("6281234567890"), "6281234567890");
        assert_eq!(person(" 6281234567890@C.US "), "6281234567890");
        assert_eq!(person("0812 3456 7890"), "6281234567890");
        assert_eq!(person("819012345678"), "819012345678", "Japan, not 0819");
        assert_eq!(Sender::read("120363025246125486@g.us"), Sender::Group);
        assert_eq!(Sender::read("status@broadcast"), Sender::Broadcast);
        assert_eq!(Sender::read("120363025246125486@newsletter"), Sender::Broadcast);
        for unknown in ["6281234567890@lid", "", "@", "Budi", "6281234567890@c.us@lid"] {
            assert_eq!(Sender::read(unknown), Sender::Unknown, "{unknown}");
        }
    }

    #[test]
    fn nothing_prints_the_digits() {
        let number = Number::parse("081234567889").unwrap();
        assert_eq!(format!("{number} {number:?}"), "62812****89 Number(62812****89)");
        assert_eq!(format!("{:?}", Sender::Person(number)), "Person(Number(62812****89))");
    }

    proptest! {
        #[test]
        fn every_way_to_write_it_is_one_number(rest in "8[0-9]{7,11}", separators in "[ .()-]{0,4}") {
            let wanted = format!("62{rest}");
            let (head, tail) = rest.split_at(3);
            for text in [
                format!("0{head}{separators}{tail}"),
                format!("{head}{separators}{tail}"),
                format!("62{separators}{head}{tail}"),
                format!("+62{separators}{head}-{tail}"),
                format!("0062{head}{separators}{tail}"),
                format!("62{separators}0{rest}"),
                format!("\u{202a}+62 {head} {tail}\u{202c}"),
                format!("62{rest}@c.us"),
                format!("62{rest}:7@s.whatsapp.net"),
            ] {
                let number = Number::parse(&text);
                prop_assert_eq!(number.as_ref().map(Number::as_str).ok(), Some(wanted.as_str()), "{}", text);
            }
            let own_form = Number::parse(&wanted).unwrap();
            prop_assert_eq!(own_form.as_str(), &wanted);
        }

        #[test]
        fn no_text_panics_and_masks_hide(text in any::<String>()) {
            if let Ok(number) = Number::parse(&text) {
                prop_assert_eq!(number.masked().chars().filter(char::is_ascii_digit).count(), 7);
            }
            Sender::read(&text);
        }
    }
}
