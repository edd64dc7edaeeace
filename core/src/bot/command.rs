//! What a text asks for.

use super::vocabulary::{ELSEWHERE, NEGATIONS, ORDINARY, PHRASES, POLITE, REQUESTS, Strength};
use crate::message::MenuLine;
use crate::model::Language;
use serde::Serialize;
use std::ops::Range;

/// Who may use a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Anyone.
    Anyone,
    /// A donor with a verified number.
    Donor,
    /// A configured administrator.
    Administrator,
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident: $audience:ident, $id:literal $id_purpose:literal, $en:literal $en_purpose:literal;)*) => {
        /// Something that the bot can be asked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Command { $($(#[$doc])* $name,)* }

        impl Command {
            /// All commands, in the order of the menu.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Who may use it.
            pub const fn audience(self) -> Audience {
                match self { $(Self::$name => Audience::$audience,)* }
            }

            /// The word that the menu shows, in capitals; each understands both languages.
            pub const fn word(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Id) => $id, (Self::$name, Language::En) => $en,)*
                }
            }

            /// What the menu says it does; empty for what needs no line in it.
            pub const fn purpose(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Id) => $id_purpose, (Self::$name, Language::En) => $en_purpose,)*
                }
            }
        }
    };
}

commands! {
    /// Good day.
    Greeting: Anyone, "HALO" "", "HELLO" "";
    /// Thank you.
    Thanks: Anyone, "TERIMA KASIH" "", "THANKS" "";
    /// What can be asked.
    Menu: Anyone, "MENU" "", "MENU" "";
    /// The bank account.
    BankAccount: Anyone, "REKENING" "nomor rekening donasi", "ACCOUNT" "the bank account for gifts";
    /// How to give.
    HowToGive: Anyone, "CARA" "cara berdonasi", "HOW" "how to give";
    /// Children in care, the count only.
    Children: Anyone, "ANAK" "jumlah anak asuh", "CHILDREN" "how many children are in care";
    /// Registration.
    Register: Anyone, "DAFTAR" "mendaftarkan nomor ini", "REGISTER" "register this number";
    /// No more messages.
    Stop: Anyone, "BERHENTI" "berhenti menerima pesan", "STOP" "receive no more messages";
    /// Messages again.
    Start: Anyone, "MULAI" "menerima pesan kembali", "START" "receive messages again";
    /// The donor's giving in figures.
    Info: Donor, "INFO" "ringkasan donasi Anda", "INFO" "your giving in figures";
    /// What the donor's gifts paid for.
    Impact: Donor, "DAMPAK" "dampak donasi Anda", "IMPACT" "what your giving can do";
    /// The report of the last whole month.
    Report: Donor, "LAPORAN" "laporan bulan terakhir", "REPORT" "the report of the last month";
    /// The months ahead.
    Outlook: Donor, "SALDO" "prediksi kebutuhan dana", "BALANCE" "the funds needed in the months ahead";
    /// What is stored about the donor.
    MyData: Donor, "DATA SAYA" "data Anda yang kami simpan", "MY DATA" "what we store about you";
    /// Erasure.
    Erase: Donor, "HAPUS DATA" "meminta penghapusan data Anda", "DELETE MY DATA" "ask for your data to be erased";
    /// Where the organisation stands.
    Brief: Administrator, "RINGKASAN" "ringkasan keadaan", "BRIEF" "where we stand";
    /// Donors at risk, with reasons.
    Risk: Administrator, "RISIKO" "donatur yang berisiko, dengan alasannya", "RISK" "donors at risk, with reasons";
    /// Strange expenses.
    Anomalies: Administrator, "ANOMALI" "pengeluaran yang tidak biasa", "ANOMALIES" "strange expenses";
    /// The months ahead, with the opening balance and shortfalls.
    Forecast: Administrator, "PREDIKSI" "prediksi arus kas", "FORECAST" "the cash flow ahead";
    /// Donors who might be greeted, for an administrator to approve.
    Greet: Administrator, "SAPA" "sapaan yang menunggu persetujuan", "GREET" "greetings that wait for approval";
    /// Approve greetings: `SETUJU 1,3`, `SETUJU SEMUA`.
    Approve: Administrator, "SETUJU" "", "APPROVE" "";
    /// Reject greetings: `TOLAK 2`.
    Reject: Administrator, "TOLAK" "", "REJECT" "";
    /// Freshness and size of the data.
    Status: Administrator, "STATUS" "kesegaran data", "STATUS" "freshness of the data";
    /// The monthly batch.
    SendReports: Administrator, "KIRIM LAPORAN" "mengirim laporan bulanan", "SEND REPORTS" "send the monthly report";
}

impl Command {
    /// The menu's lines for those who are exactly this audience, in the order of [`Command::ALL`].
    pub fn menu(audience: Audience, language: Language) -> Vec<MenuLine> {
        let shown = |command: &&Self| command.audience() == audience && !command.purpose(language).is_empty();
        let line = |command: &Self| MenuLine {
            word: command.word(language).to_owned(),
            purpose: command.purpose(language).to_owned(),
        };
        Self::ALL.iter().filter(shown).map(line).collect()
    }

    /// What a text asks for; `None` when it is not understood. The administrators' words are known only when
    /// `administrator` is true, so that `kirim laporan` of a donor asks for the donor's own report.
    ///
    /// - Words are matched, never parts of words; case, punctuation, other words and letters drawn out (`haloooo`) do
    ///   not matter, nor does `-nya` at the end.
    /// - One slip (a letter wrong, missing, too many, or two swapped: Damerau 1964) is forgiven in a word of five
    ///   letters or more, unless the typed word is an ordinary word of its own.
    /// - The phrase of most words wins, then the more specific, then the longer. A greeting counts only when nothing else
    ///   is said.
    /// - Thanks before a topic are thanks for it (`terima kasih infonya`), thanks behind it are politeness (`laporan,
    ///   terima kasih`).
    /// - Opting out comes before anything else. It, erasure and the batch are matched exactly, not after a negation
    ///   (`jangan berhenti`), and with a typo only when nothing else is said. Opting in must be the whole text: consent
    ///   is not guessed.
    ///
    /// ```
    /// use dermawan::bot::Command;
    /// assert_eq!(Command::parse("Assalamualaikum, mau lihat lapran dong!", false), Some(Command::Report));
    /// assert_eq!(Command::parse("terima kasih", false), Some(Command::Thanks));
    /// assert_eq!(Command::parse("informasi rekening", false), Some(Command::BankAccount));
    /// assert_eq!(Command::parse("apa kabar", false), None);
    /// ```
    pub fn parse(text: &str, administrator: bool) -> Option<Self> {
        let words = words(text);
        let mut found: Vec<Match> = Vec::new();
        for &(command, strength, phrases) in PHRASES {
            if command.audience() == Audience::Administrator && !administrator {
                continue;
            }
            found.extend(phrases.iter().filter_map(|phrase| find(&words, phrase, command, strength)));
        }
        if let Some(stop) = found.iter().find(|found| found.command == Self::Stop) {
            return Some(stop.command);
        }
        let thanks = found.iter().filter(|found| found.command == Self::Thanks).max_by_key(|found| found.rank());
        let best = found.iter().filter(|found| found.command != Self::Thanks).max_by_key(|found| found.rank());
        match (thanks, best) {
            (Some(thanks), Some(best)) if is_thanked_for(&words, thanks, best) => Some(thanks.command),
            (_, Some(best)) => Some(best.command),
            (thanks, None) => thanks.map(|thanks| thanks.command),
        }
    }
}

/// Thanks beat a greeting, and a topic that comes after them without being asked for.
fn is_thanked_for(words: &[String], thanks: &Match, best: &Match) -> bool {
    match best.strength {
        Strength::Greeting => true,
        Strength::Careful | Strength::Alone => false,
        Strength::General | Strength::Topic => {
            thanks.at.end <= best.at.start
                && !words[thanks.at.end..best.at.start].iter().any(|word| REQUESTS.contains(&word.as_str()))
        }
    }
}

/// A phrase found in a text.
struct Match {
    command: Command,
    strength: Strength,
    /// Where in the text's words.
    at: Range<usize>,
    /// Words of the phrase.
    words: usize,
    /// Letters of the phrase.
    letters: usize,
    exact: bool,
}

impl Match {
    fn rank(&self) -> impl Ord + use<> {
        (
            self.strength != Strength::Greeting,
            self.words,
            self.strength,
            self.exact,
            self.letters,
            self.command.audience() == Audience::Administrator,
            std::cmp::Reverse(self.at.start),
        )
    }
}

/// The first place where a phrase stands in a text, if its strength allows it there.
fn find(words: &[String], phrase: &str, command: Command, strength: Strength) -> Option<Match> {
    let wanted: Vec<&str> = phrase.split(' ').collect();
    let joined = wanted.concat();
    let letters = joined.chars().count();
    // The short greetings have too many neighbours (malam: malas, makam, dalam) to be guessed.
    let shortest = if strength == Strength::Greeting { 7 } else { 5 };
    for start in 0..words.len() {
        // Typed apart as it should be, or run together: "terimakasih".
        let apart = words.get(start..start + wanted.len()).and_then(|typed| fit(typed, &wanted, shortest));
        let together = || if wanted.len() > 1 { word_fit(&words[start], &joined, shortest) } else { None };
        let (exact, length) = match apart {
            Some(exact) => (exact, wanted.len()),
            None => match together() {
                Some(exact) => (exact, 1),
                None => continue,
            },
        };
        let at = start..start + length;
        let is_rest_polite = || {
            let rest = words[..at.start].iter().chain(&words[at.end..]);
            rest.clone().all(|word| POLITE.contains(&word.as_str()))
        };
        let allowed = match strength {
            Strength::Greeting => start == 0,
            Strength::Alone => is_rest_polite(),
            Strength::Careful if exact => !is_negated(&words[..start]),
            Strength::Careful => words.len() == length,
            Strength::General | Strength::Topic => !is_elsewhere(words, &at),
        };
        if allowed {
            return Some(Match { command, strength, at, words: wanted.len(), letters, exact });
        }
    }
    None
}

/// One of the two words before says no.
fn is_negated(before: &[String]) -> bool {
    before.iter().rev().take(2).any(|word| NEGATIONS.contains(&word.as_str()))
}

/// The match lies inside a longer phrase that means something else.
fn is_elsewhere(words: &[String], at: &Range<usize>) -> bool {
    ELSEWHERE.iter().any(|phrase| {
        let other: Vec<&str> = phrase.split(' ').collect();
        words.windows(other.len()).enumerate().any(|(start, typed)| {
            typed.iter().eq(other.iter())
                && start <= at.start
                && at.end <= start + other.len()
                && at.len() < other.len()
        })
    })
}

/// Whether typed words are the wanted ones, and whether exactly. A slip is forgiven in words of `shortest` letters.
fn fit(typed: &[String], wanted: &[&str], shortest: usize) -> Option<bool> {
    typed.iter().zip(wanted).try_fold(true, |exact, (typed, wanted)| Some(word_fit(typed, wanted, shortest)? && exact))
}

fn word_fit(typed: &str, wanted: &str, shortest: usize) -> Option<bool> {
    if typed == wanted {
        return Some(true);
    }
    let length = wanted.chars().count();
    let suffixed = |suffix: &str| length >= 4 && typed.strip_suffix(suffix) == Some(wanted);
    if ["nya", "kah", "lah"].into_iter().any(suffixed) {
        return Some(true);
    }
    // "haloo", "infoo": the last letter twice
    if length >= 4 && typed.strip_prefix(wanted).is_some_and(|rest| rest.len() == 1 && wanted.ends_with(rest)) {
        return Some(true);
    }
    // The cheap questions first: nearly every pair of words differs in length or by more than one slip.
    let near =
        length >= shortest && typed.len().abs_diff(wanted.len()) <= 4 && typed.chars().count().abs_diff(length) <= 1;
    (near && strsim::osa_distance(typed, wanted) == 1 && !ORDINARY.contains(&typed) && !is_ours(typed)).then_some(false)
}

/// A word of the vocabulary is never a typo of another.
fn is_ours(typed: &str) -> bool {
    PHRASES.iter().any(|(_, _, phrases)| phrases.iter().any(|phrase| phrase.split(' ').any(|word| word == typed)))
}

/// The words of a text in small letters: runs of letters and digits. Apostrophes, marks and invisible characters are
/// left out, a letter drawn out over three or more is written once. What comes after the 60th word is not read.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars().take(2000).flat_map(char::to_lowercase).chain([' ']) {
        match c {
            c if c.is_alphanumeric() => word.push(c),
            '\''
            | '’'
            | '‘'
            | 'ʼ'
            | '`'
            | '´'
            | '\u{0300}'..='\u{036F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2060}'..='\u{2064}'
            | '\u{FEFF}'
            | '\u{00AD}' => {}
            _ => {
                if !word.is_empty() {
                    words.push(undrawn(&word));
                    word.clear();
                }
            }
        }
    }
    words.truncate(60);
    words
}

fn undrawn(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let mut run = 1;
        while chars.next_if_eq(&c).is_some() {
            run += 1;
        }
        out.push(c);
        // Two of a letter belong to words ("maaf"), and digits are no drawl.
        let repeats = if c.is_ascii_digit() {
            run
        } else if run == 2 {
            2
        } else {
            1
        };
        out.extend(std::iter::repeat_n(c, repeats - 1));
    }
    out
}
