//! Text that went through the wrong character set.

use std::borrow::Cow;

/// What a text is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// As it should be.
    Sound(&'a str),
    /// It had been UTF-8 read as latin1; this is what was meant.
    Repaired(String),
    /// It lost characters before it came here.
    Damaged(Cow<'a, str>),
}

/// Examines a text. Without `repair` only bytes that are no UTF-8 matter.
#[inline]
pub(crate) fn examine(bytes: &[u8], repair: bool) -> Verdict<'_> {
    let harmless = bytes.is_ascii() && !bytes.contains(&b'?');
    match std::str::from_utf8(bytes) {
        Ok(text) if harmless || !repair => Verdict::Sound(text),
        Ok(text) => doubt(text),
        Err(_) => Verdict::Damaged(String::from_utf8_lossy(bytes)),
    }
}

#[cold]
fn doubt(text: &str) -> Verdict<'_> {
    let mut current = Cow::Borrowed(text);
    // text can have gone through the mill more than once
    for _ in 0..3 {
        match repair(&current) {
            Some(better) => current = Cow::Owned(better),
            None => break,
        }
    }
    if current.chars().any(|c| c == '\u{FFFD}' || matches!(c, '\u{80}'..='\u{9F}'))
        || has_lost_letters(&current)
        || has_broken_pair(&current)
    {
        return Verdict::Damaged(Cow::Borrowed(text));
    }
    match current {
        Cow::Borrowed(_) => Verdict::Sound(text),
        Cow::Owned(better) => Verdict::Repaired(better),
    }
}

/// Question marks that stand where letters were: four in a row anywhere, or two at the beginning of a word. After a
/// letter two or three of them are a person's emphasis.
fn has_lost_letters(text: &str) -> bool {
    let mut before = None;
    let mut run = 0;
    for character in text.chars() {
        if character == '?' {
            run += 1;
            if run >= 4 || run == 2 && before.is_none_or(|c: char| c.is_whitespace()) {
                return true;
            }
        } else {
            before = Some(character);
            run = 0;
        }
    }
    false
}

/// What is left of double-encoded text after a part of it was lost.
fn has_broken_pair(text: &str) -> bool {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().and_then(latin1_byte);
        if matches!(character, 'Ã' | 'â' | 'ð') && matches!(next, Some(0x80..=0xBF)) {
            return true;
        }
    }
    false
}

/// Turns every run of characters beyond ASCII that is certainly UTF-8 read as latin1 into what it was; `None` when
/// there is no such run.
fn repair(text: &str) -> Option<String> {
    let mut repaired = String::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len());
        repaired.push_str(&rest[..plain]);
        rest = &rest[plain..];
        let run = rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len());
        match decode(&rest[..run]) {
            Some(meant) => {
                repaired.push_str(&meant);
                changed = true;
            }
            None => repaired.push_str(&rest[..run]),
        }
        rest = &rest[run..];
    }
    changed.then_some(repaired)
}

/// The text of which a run is the latin1 reading, where that is certain: its bytes are UTF-8 throughout, without
/// control characters, and it either begins as accented Latin letters, punctuation or emoji do, or has more than one
/// character. (A single letter of another script can be two letters that a person wrote side by side.)
fn decode(run: &str) -> Option<String> {
    let bytes: Vec<u8> = run.chars().map(latin1_byte).collect::<Option<_>>()?;
    let meant = String::from_utf8(bytes).ok()?;
    let lead = *meant.as_bytes().first()?;
    let usual = matches!(lead, 0xC2..=0xC5 | 0xE2 | 0xF0);
    let certain = usual || meant.chars().count() >= 2;
    // the five bytes that windows-1252 lacks are a step on the way when the text was read wrongly twice
    let gap = |c: char| matches!(c, '\u{81}' | '\u{8D}' | '\u{8F}' | '\u{90}' | '\u{9D}');
    (certain && !meant.chars().any(|c| c.is_control() && !gap(c))).then_some(meant)
}

/// The byte that MySQL's latin1 (windows-1252, its five gaps filled with control characters) has for a character
/// beyond ASCII.
fn latin1_byte(character: char) -> Option<u8> {
    const WINDOWS_1252: [char; 27] = [
        '€', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 'Ž', '‘', '’', '“', '”', '•', '–', '—', '˜', '™',
        'š', '›', 'œ', 'ž', 'Ÿ',
    ];
    const BYTES: [u8; 27] = [
        0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8E, 0x91, 0x92, 0x93, 0x94, 0x95,
        0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9E, 0x9F,
    ];
    match u32::from(character) {
        code @ 0x80..=0xFF => Some(code as u8),
        _ => WINDOWS_1252.iter().position(|&c| c == character).map(|at| BYTES[at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mill(text: &str) -> String {
        let decode = |byte: u8| match byte {
            0x80..=0x9F => ('\u{A0}'..='\u{2200}').find(|&c| latin1_byte(c) == Some(byte)).unwrap_or(char::from(byte)),
            _ => char::from(byte),
        };
        text.bytes().map(decode).collect()
    }

    #[test]
    fn double_encoding_is_undone() {
        assert_eq!(mill("é"), "Ã©");
        for meant in ["José", "Müller–Köhler", "Terima kasih 🙏", "“Budi”", "عبد الله", "Rp 5 €", "Ñandú 王小明"]
        {
            let milled = mill(meant);
            assert_eq!(examine(milled.as_bytes(), true), Verdict::Repaired(meant.into()), "{milled}");
            let twice = mill(&milled);
            assert_eq!(examine(twice.as_bytes(), true), Verdict::Repaired(meant.into()), "{twice}");
            assert_eq!(examine(milled.as_bytes(), false), Verdict::Sound(&milled));
        }
        assert_eq!(examine("José dan Ã©".as_bytes(), true), Verdict::Repaired("José dan é".into()));
    }

    #[test]
    fn sound_text_stays() {
        for text in [
            "Budi",
            "",
            "José",
            "Ü–Kopf",
            "عبد الله",
            "Terima kasih 🙏🏽",
            "apa kabar??",
            "benarkah???",
            "a?b?c",
            "° ½ – — …",
            "NÃO",
            "Đặng Văn",
        ] {
            assert_eq!(examine(text.as_bytes(), true), Verdict::Sound(text), "{text}");
        }
    }

    #[test]
    fn losses_are_noticed() {
        for text in ["????", "Budi ????", "?? Budi", "Siti ??", "a\u{FFFD}b", "kabar????", "JosÃ©Ã dan â€"] {
            assert_eq!(examine(text.as_bytes(), true), Verdict::Damaged(text.into()), "{text}");
        }
        assert_eq!(examine(b"Jos\xE9", true), Verdict::Damaged("Jos\u{FFFD}".into()));
        assert_eq!(examine(b"Jos\xE9", false), Verdict::Damaged("Jos\u{FFFD}".into()));
    }

    proptest! {
        #[test]
        fn milled_names_come_back(meant in "[a-zA-Z àáâãäåæçèéêëìíîïñòóôõöùúûüýÿ]{1,20}") {
            let milled = mill(&meant);
            if milled == meant {
                prop_assert_eq!(examine(milled.as_bytes(), true), Verdict::Sound(&meant));
            } else {
                prop_assert_eq!(examine(milled.as_bytes(), true), Verdict::Repaired(meant.clone()));
            }
        }

        #[test]
        fn ascii_is_never_changed(text in "[ -~]{0,40}") {
            prop_assert!(!matches!(examine(text.as_bytes(), true), Verdict::Repaired(_)));
        }

        #[test]
        fn nothing_panics(bytes in any::<Vec<u8>>(), text in any::<String>()) {
            let _ = (examine(&bytes, true), examine(text.as_bytes(), true));
        }
    }
}
