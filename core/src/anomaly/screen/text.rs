//! Whether two texts say the same.

/// How alike two texts are, 0 to 1: letter by letter (Jaro & Winkler), or word by word in any order.
pub(super) fn similarity(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b).max(0.95 * by_words(a, b))
}

/// The share of the shorter text's words that the longer one has, where at least two are compared.
fn by_words(a: &str, b: &str) -> f64 {
    let words = |text: &str| -> Vec<String> {
        text.split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| word.chars().count() > 2 || word.chars().any(|letter| letter.is_ascii_digit()))
            .map(str::to_owned)
            .collect()
    };
    let (mut a, mut b) = (words(a), words(b));
    if a.len() > b.len() {
        std::mem::swap(&mut a, &mut b);
    }
    if a.len() < 2 {
        return 0.0;
    }
    let shared = a.iter().filter(|word| b.iter().any(|other| same(word, other))).count();
    shared as f64 / a.len() as f64
}

/// Numbers must be equal; words may have grown a prefix or an ending (bayar, pembayaran).
fn same(a: &str, b: &str) -> bool {
    let number = |word: &str| word.chars().any(|letter| letter.is_ascii_digit());
    let long = |word: &str| word.chars().count() >= 4;
    a == b || (!number(a) && !number(b) && long(a) && long(b) && (a.contains(b) || b.contains(a)))
}

/// As texts are compared.
pub(super) fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}
