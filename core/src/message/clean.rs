//! Values that came from a person or a database, made harmless.
//!
//! WhatsApp has no escape character, so what could format, break a line or become a link is replaced by something that
//! looks alike or is left out. Ordinary names pass unchanged.

/// Combining marks in a row that are kept: more than any script needs, fewer than climb over the lines around them.
const MARKS: usize = 3;

/// Academic degrees after a dot without a space (`S.Kom`) that are no top-level domain, so that no link can come of
/// them. Those that are one (`M.Si`: Slovenia, `S.Ag`: Antigua) get a space like any other word after a dot.
const DEGREES: [&str; 18] = [
    "pd", "kom", "sos", "hum", "kes", "psi", "farm", "ked", "gz", "kep", "keb", "ars", "ak", "stat", "mat", "hut",
    "fil", "pdi",
];

/// Makes a value harmless inside a WhatsApp message, in at most `limit` characters.
///
/// - No formatting: `*` goes, `_` becomes a space, `~` a dash, a backtick an apostrophe; quote and list marks at the
///   start (`> `, `- `, `• `, `1. `) go or lose their meaning.
/// - One line: line and paragraph separators, tabs and control characters become spaces, runs of spaces one; bidirectional
///   overrides, zero-width characters and other invisible ones go. A joiner between the parts of an emoji stays.
/// - No link: a word that follows a dot directly gets a space before it (`example. com`), a scheme too (`http: //`).
/// - No telephone number to tap on, no mention: nine digits or more in a row are parted by slashes (`0812/3456/7890`), and
///   a space comes between an `@` and a digit.
/// - No variable of the gateway: `{ }` become `( )`, `|` becomes `/`.
/// - Longer values end in `…`, which counts; a letter is not parted from its marks.
///
/// Cleaning twice is cleaning once. The answer may be empty; [`clean_or`] puts a word in its place.
///
/// ```
/// use dermawan::message::clean;
/// assert_eq!(clean("*Pak* {name}\nhttps://example.com", 60), "Pak (name) https: //example. com");
/// for name in ["Pak Budi", "H. Ahmad, S.Pd.", "Nur'aini", "Ng'ang'a", "Muḥammad ʿAbdullāh", "Sri 👨‍👩‍👧"] {
///     assert_eq!(clean(name, 60), name);
/// }
/// ```
pub fn clean(text: &str, limit: usize) -> String {
    cleaned(text, limit, without_numbers)
}

/// The same for what the organisation says of itself: its account and telephone numbers are meant to be read and tapped.
pub(super) fn clean_own(text: &str, limit: usize) -> String {
    cleaned(text, limit, str::to_owned)
}

fn cleaned(text: &str, limit: usize, numbers: impl Fn(&str) -> String) -> String {
    // No more than a multiple of the limit is looked at: a name of a megabyte costs no more than a long one.
    let spelled = spelled(text.chars().take(limit.saturating_mul(8).saturating_add(64)));
    let unlinked = numbers(&without_links(&spelled));
    shortened(without_start_marks(&unlinked).trim_end(), limit)
}

/// [`clean`], with a word to stand in where nothing is left.
///
/// ```
/// assert_eq!(dermawan::message::clean_or("***", 60, "Donatur"), "Donatur");
/// ```
pub fn clean_or(text: &str, limit: usize, otherwise: &str) -> String {
    let cleaned = clean(text, limit);
    if cleaned.is_empty() { otherwise.to_owned() } else { cleaned }
}

/// Replaces or drops one character at a time; spaces come out single, none at the ends.
fn spelled(text: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    let mut marks = 0;
    let mut text = text.filter(|&c| !is_invisible(c)).peekable();
    while let Some(c) = text.next() {
        let c = match c {
            '*' => continue,
            '_' => ' ',
            '~' => '-',
            '`' => '\'',
            '{' => '(',
            '}' => ')',
            '|' => '/',
            // What browsers and domain names take for a dot.
            '\u{2024}' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}' => '.',
            c if c.is_whitespace() || c.is_control() => ' ',
            c => c,
        };
        let last = out.chars().next_back();
        if is_joining(c) {
            // A mark, joiner or variation selector needs something to join, or it would join the template's own sign.
            let joinable = last.is_some_and(|last| ![' ', '.', ':'].contains(&last));
            let joins = c != JOINER
                || (last.is_some_and(is_pictured) && text.peek().is_some_and(|&n| is_pictured(n) && !is_joining(n)));
            if joinable && joins && marks < MARKS {
                marks += 1;
                out.push(c);
            }
            continue;
        }
        marks = 0;
        if c != ' ' || last.is_some_and(|last| last != ' ') {
            out.push(c);
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

const JOINER: char = '\u{200D}';

/// Formats nothing that is seen: bidirectional controls, zero-width characters, fillers, tags, private use.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E000}'..='\u{F8FF}'
        | '\u{E0000}'..='\u{10FFFF}')
}

/// Belongs to the character before it.
fn is_joining(c: char) -> bool {
    matches!(c,
        JOINER | '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05BD}' | '\u{0610}'..='\u{061A}'
        | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E4}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

/// A part of an emoji that a joiner may join. A variation selector or a skin tone may stand between.
fn is_pictured(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}' | '\u{FE0F}')
}

/// Takes quote and list marks off the start: they would mean something if the template put the value there.
fn without_start_marks(text: &str) -> String {
    let rest = text.trim_start_matches(|c: char| {
        c == ' ' || c == '>' || c == '-' || c == '•' || c == '‣' || c == '◦' || is_joining(c)
    });
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    match rest[digits..].strip_prefix('.') {
        // "1. x" begins a numbered list, "1) x" does not.
        Some(after) if digits > 0 && !after.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{}){after}", &rest[..digits])
        }
        _ => rest.to_owned(),
    }
}

/// Puts a space where a dot or a scheme would join words to a link.
fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        out.push(c);
        let Some(&(next_at, next)) = chars.peek() else { break };
        let parted = match c {
            '.' => next.is_alphanumeric() && !may_follow_dot(&text[..at], &text[next_at..]),
            // "http://", and "//host" behind anything
            ':' => next == '/' || next == '\\',
            _ => false,
        };
        if parted {
            out.push(' ');
        }
    }
    out
}

/// Digits in a row that WhatsApp may take for a telephone number.
const NUMBER_DIGITS: usize = 9;

/// Digits that stay together in such a row.
const GROUP: usize = 4;

/// Puts slashes into what could be a telephone number, and a space behind an `@` that would mention one. Nine digits in a
/// row are one, and nine with blanks, hyphens or brackets between them if they begin like one: `+`, `0` or `62`.
fn without_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 4);
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if !c.is_numeric() {
            out.push(c);
            if matches!(c, '@' | '＠') && chars.get(at + 1).is_some_and(|next| next.is_numeric()) {
                out.push(' ');
            }
            at += 1;
            continue;
        }
        let mut end = at;
        while chars[end..].first().is_some_and(|c| c.is_numeric())
            || (matches!(chars.get(end), Some(' ' | '-' | '(' | ')'))
                && chars.get(end + 1).is_some_and(|c| c.is_numeric()))
        {
            end += 1;
        }
        let row = &chars[at..end];
        let digits: Vec<char> = row.iter().copied().filter(|c| c.is_numeric()).collect();
        let begins = at > 0 && chars[at - 1] == '+' || digits[0] == '0' || digits.starts_with(&['6', '2']);
        let long = row.split(|c| !c.is_numeric()).any(|run| run.len() >= NUMBER_DIGITS);
        if long || (begins && digits.len() >= NUMBER_DIGITS) {
            let groups: Vec<String> = digits.chunks(GROUP).map(String::from_iter).collect();
            out += &groups.join("/");
        } else {
            out.extend(row);
        }
        at = end;
    }
    out
}

/// Whether a dot between these two may stand without a space: the word after it is a single letter (`S.H`), a degree
/// that is no domain, or a number in a number that is no address.
fn may_follow_dot(before: &str, after: &str) -> bool {
    let word: &str = &after[..after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len())];
    if word.bytes().all(|b| b.is_ascii_digit()) {
        // One dot only: 1.5 and 25.000 are numbers, 10.0.0.1 is an address.
        let numeric = |c: char| c.is_ascii_digit() || c == '.';
        let head = &before[before.trim_end_matches(numeric).len()..];
        let tail = &after[..after.len() - after.trim_start_matches(numeric).len()];
        return !head.is_empty() && !head.contains('.') && !tail.contains('.');
    }
    word.chars().count() == 1 || DEGREES.contains(&word.to_lowercase().as_str())
}

/// At most `limit` characters, an ellipsis among them.
fn shortened(text: &str, limit: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    if limit == 0 {
        return String::new();
    }
    let mut cut = text[..cut].char_indices().next_back().map_or(0, |(at, _)| at);
    // Not between a letter and its marks, nor before or behind a joiner.
    while let Some(next) = text[cut..].chars().next()
        && (is_joining(next) || text[..cut].ends_with(JOINER))
        && cut > 0
    {
        cut = text[..cut].char_indices().next_back().map_or(0, |(at, _)| at);
    }
    let mut kept = &text[..cut];
    // Half a word behind a dot is no degree and no number any more.
    let whole = kept.trim_end_matches(char::is_alphanumeric);
    if whole.ends_with('.') && text[cut..].starts_with(char::is_alphanumeric) {
        kept = whole;
    }
    let kept = kept.trim_end_matches([' ', '.', ':', JOINER]);
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 60;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "Pak Budi",
            "Ibu Siti Aminah",
            "H. Ahmad, S.Pd.",
            "Dr. Hj. Nur'aini, S.Kom., M.Kes.",
            "R.A. Kartini",
            "Ng'ang'a",
            "O’Brien-Smith",
            "Muḥammad ʿAbdullāh",
            "Mu\u{323}hammad",
            "محمد عبد الله",
            "王小明",
            "Nguyễn Văn Ánh",
            "PT Maju & Jaya (Persero)",
            "Budi 👍🏽",
            "👨‍👩‍👧 Keluarga Hasan",
            "❤️ Ani",
            "Hamba Allah #7",
            "Toko 25.000",
            "A/N Sari 50%",
        ] {
            assert_eq!(clean(name, LIMIT), name);
        }
    }

    #[test]
    fn what_formats_links_or_breaks_is_defused() {
        for (name, cleaned) in [
            ("*Pak* _Budi_ ~x~", "Pak Budi -x-"),
            ("```Budi```", "'''Budi'''"),
            ("Budi\r\nSaldo: 0", "Budi Saldo: 0"),
            ("a\u{2028}b\u{2029}c\u{85}d\u{b}e\tf\0g", "a b c d e f g"),
            ("\u{202e}idub\u{202c} \u{200b}x\u{feff}", "idub x"),
            ("> kutip", "kutip"),
            ("- > • daftar", "daftar"),
            ("1. Budi", "1) Budi"),
            ("{name}|{var1}", "(name)/(var1)"),
            ("https://example.com/x", "https: //example. com/x"),
            ("http\u{200b}://a.b", "http: //a.b"),
            ("www.evil.co.id", "www. evil. co. id"),
            ("wa.me/62812", "wa. me/62812"),
            ("t.me/x", "t. me/x"),
            ("x.com", "x. com"),
            ("budi@mail.com", "budi@mail. com"),
            ("evil\u{ff0e}com", "evil. com"),
            ("evil。com", "evil. com"),
            ("M.Si", "M. Si"),
            ("10.0.0.1", "10) 0. 0. 1"),
            ("http 10.0.0.1", "http 10. 0. 0. 1"),
            ("Budi +6281234567890", "Budi +6281/2345/6789/0"),
            ("081234567890", "0812/3456/7890"),
            ("Ibu 0812-3456 7890 (baru)", "Ibu 0812/3456/7890 (baru)"),
            ("@6281234567890", "@ 6281/2345/6789/0"),
            ("@62", "@ 62"),
            ("٠٨١٢٣٤٥٦٧٨٩", "٠٨١٢/٣٤٥٦/٧٨٩"),
            ("111111110 1111 1111", "1111/1111/0111/1111/1"),
            ("2026-01-15 10", "2026-01-15 10"),
            ("NIK 12345678", "NIK 12345678"),
            ("\u{301}Budi", "Budi"),
            ("\u{fe0f}\u{20e3}Budi", "Budi"),
            ("B\u{301}\u{301}\u{301}\u{301}\u{301}", "B\u{301}\u{301}\u{301}"),
            ("Bu\u{200d}di", "Budi"),
            ("***", ""),
            ("  \n ", ""),
            ("> - ", ""),
        ] {
            assert_eq!(clean(name, LIMIT), cleaned, "{name:?}");
        }
    }

    #[test]
    fn long_values_are_cut_between_letters() {
        assert_eq!(clean("Abdurrahman", 6), "Abdur…");
        assert_eq!(clean("Abdurrahman", 11), "Abdurrahman");
        assert_eq!(clean("Siti Aminah", 6), "Siti…");
        assert_eq!(clean("Joe\u{301}l Kasim", 5), "Joe\u{301}…");
        assert_eq!(clean("Joe\u{301}l Kasim", 4), "Jo…");
        assert_eq!(clean("Ya 👨‍👩‍👧", 6), "Ya…", "a family is not torn apart");
        assert_eq!(clean("x", 0), "");
        assert_eq!(clean(&"ab ".repeat(1_000_000), LIMIT).chars().count(), LIMIT);
    }

    /// Characters that mean something to WhatsApp, to a gateway or to a terminal, mixed with ordinary ones.
    fn adversarial() -> impl Strategy<Value = String> {
        let alphabet = "*_~`{}|<>#-•.:/@\\1290aZéḥ \n\r\t\u{0}\u{1b}\u{85}\u{a0}\u{2028}\u{2029}\u{200b}\u{200d}\u{202e}\u{2066}\u{feff}\u{fe0f}\u{301}\u{20e3}👨🏽❤م。．";
        let letters: Vec<char> = alphabet.chars().collect();
        let pieces = ["http://", "www.", ".com", "wa.me/", "1. ", "> ", "```", "S.Pd", "{name}", "M.Si", "10.0.0.1"];
        let piece = prop_oneof![
            4 => proptest::sample::select(letters).prop_map(String::from),
            1 => proptest::sample::select(pieces.to_vec()).prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    /// A word that a dot joins to another: letters, a dot, two letters or more that no degree has.
    fn links(text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let joined = chars.windows(2).enumerate().any(|(i, pair)| {
            let word: String = chars[i + 1..].iter().take_while(|c| c.is_alphanumeric()).collect();
            let is_number = word.bytes().all(|b| b.is_ascii_digit());
            pair[0] == '.' && word.chars().count() > 1 && !is_number && !DEGREES.contains(&word.to_lowercase().as_str())
        });
        joined || text.contains("://")
    }

    /// A row of nine digits, or a mention.
    fn numbers(text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        chars.windows(NUMBER_DIGITS).any(|row| row.iter().all(|c| c.is_numeric()))
            || chars.windows(2).any(|pair| pair[0] == '@' && pair[1].is_numeric())
    }

    fn holds(text: &str, limit: usize) -> Result<(), TestCaseError> {
        let cleaned = clean(text, limit);
        prop_assert!(!cleaned.contains(['*', '_', '~', '`', '{', '}', '|']), "{cleaned:?}");
        prop_assert!(cleaned.chars().all(|c| c == ' ' || !(c.is_whitespace() || c.is_control() || is_invisible(c))));
        prop_assert!(!cleaned.starts_with(['>', '-', '•', ' ']) && !cleaned.ends_with(' '), "{cleaned:?}");
        prop_assert!(!cleaned.starts_with(is_joining), "{cleaned:?}");
        prop_assert!(!links(&cleaned), "{cleaned:?}");
        prop_assert!(!numbers(&cleaned), "{cleaned:?}");
        prop_assert!(cleaned.chars().count() <= limit, "{cleaned:?}");
        prop_assert_eq!(clean(&cleaned, limit), cleaned, "cleaning twice");
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn any_text_comes_out_harmless(text in any::<String>(), limit in 0usize..80) {
            holds(&text, limit)?;
        }

        #[test]
        fn hostile_text_comes_out_harmless(text in adversarial(), limit in 0usize..80) {
            holds(&text, limit)?;
        }

        #[test]
        fn no_number_is_left_to_tap_on(text in "[@+0-9٣ ()*.a-]{0,60}", limit in 0usize..80) {
            holds(&text, limit)?;
        }

        #[test]
        fn plain_words_are_not_touched(text in "[A-Za-z]{1,12}( [A-Za-z']{0,10}[a-z]){0,3}") {
            prop_assert_eq!(clean(&text, 80), text);
        }
    }
}
