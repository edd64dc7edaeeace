//! The words of the bot, in Indonesian and English.

use super::command::Command;

/// How a phrase is recognised, the weakest first: of two phrases of as many words the stronger wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// At the start of the text only, and only when nothing else is said.
    Greeting,
    /// A word that many requests contain (`info`, `menu`, `donasi`).
    General,
    /// The name of a thing.
    Topic,
    /// A word with consequences: exact, and not after a negation. A typo is forgiven only when the phrase is the whole
    /// text.
    Careful,
    /// A word that gives consent: the whole text, politeness aside.
    Alone,
}

/// The phrases of each command, in small letters.
pub(super) const PHRASES: &[(Command, Strength, &[&str])] = {
    use Command as C;
    use Strength as S;
    &[
        (
            C::Stop,
            S::Careful,
            &[
                "berhenti",
                "stop",
                "hentikan",
                "unsubscribe",
                "opt out",
                "jangan kirim pesan",
                "jangan kirim wa",
                "jangan kirim lagi",
                "jangan kirimi saya",
                "jangan hubungi saya",
                "jangan wa saya",
                "dont send",
                "do not send",
                "dont message me",
                "do not message me",
            ],
        ),
        (C::Start, S::Alone, &["mulai", "mulai lagi", "langganan", "subscribe", "start", "opt in"]),
        (
            C::Erase,
            S::Careful,
            &[
                "hapus data",
                "hapus data saya",
                "hapuskan data saya",
                "hapus semua data saya",
                "delete data",
                "delete my data",
                "erase data",
                "erase my data",
            ],
        ),
        (
            C::SendReports,
            S::Careful,
            &["kirim laporan", "kirim laporan bulanan", "send report", "send reports", "send monthly report"],
        ),
        (
            C::MyData,
            S::Topic,
            &["data saya", "data diri saya", "data pribadi saya", "data apa saja", "my data", "my personal data"],
        ),
        (
            C::Info,
            S::Topic,
            &[
                "info donasi",
                "info donasi saya",
                "informasi donasi",
                "informasi donasi saya",
                "donasi saya",
                "sumbangan saya",
                "sedekah saya",
                "infak saya",
                "riwayat donasi",
                "total donasi",
                "jumlah donasi",
                "my donation",
                "my donations",
                "my giving",
                "my gifts",
            ],
        ),
        (C::Info, S::General, &["info", "informasi", "information", "infonya"]),
        (
            C::Impact,
            S::Topic,
            &["dampak", "dampak donasi", "dampak donasi saya", "manfaat donasi", "impact", "my impact"],
        ),
        (
            C::Report,
            S::Topic,
            &["laporan", "laporan bulanan", "laporan bulan ini", "laporan keuangan", "report", "monthly report"],
        ),
        (
            C::Outlook,
            S::Topic,
            &["saldo", "prediksi", "perkiraan", "kebutuhan dana", "balance", "forecast", "outlook", "prediction"],
        ),
        (
            C::BankAccount,
            S::Topic,
            &[
                "rekening",
                "no rekening",
                "nomor rekening",
                "info rekening",
                "informasi rekening",
                "rekening donasi",
                "norek",
                "no rek",
                "nomer rekening",
                "rekening bank",
                "transfer ke mana",
                "transfer kemana",
                "mau transfer",
                "account",
                "account number",
                "bank account",
            ],
        ),
        (
            C::HowToGive,
            S::Topic,
            &[
                "cara donasi",
                "cara berdonasi",
                "cara memberi",
                "cara menyumbang",
                "cara sedekah",
                "cara bersedekah",
                "cara infak",
                "cara transfer",
                "cara bayar",
                "mau donasi",
                "mau berdonasi",
                "ingin donasi",
                "ingin berdonasi",
                "mau sedekah",
                "ingin sedekah",
                "how to give",
                "how to donate",
                "how can i give",
                "how can i donate",
                "how do i give",
                "how do i donate",
                "want to donate",
                "want to give",
            ],
        ),
        (C::HowToGive, S::General, &["cara", "caranya", "donasi", "berdonasi", "donate", "how"]),
        (
            C::Children,
            S::Topic,
            &["anak", "anak asuh", "jumlah anak", "jumlah anak asuh", "berapa anak", "children", "orphans"],
        ),
        (
            C::Register,
            S::Topic,
            &["daftar", "mendaftar", "pendaftaran", "registrasi", "register", "registration", "sign up", "cara daftar"],
        ),
        (
            C::Menu,
            S::General,
            &["menu", "bantuan", "help", "perintah", "commands", "daftar menu", "daftar perintah", "daftar layanan"],
        ),
        (C::Risk, S::Topic, &["risiko", "resiko", "donatur berisiko", "risk", "at risk", "churn"]),
        (C::Anomalies, S::Topic, &["anomali", "anomalies", "anomaly"]),
        (C::Forecast, S::Topic, &["prediksi", "prediksi arus kas", "arus kas", "forecast", "cash flow"]),
        (C::Greet, S::Topic, &["sapa", "sapaan", "sapa donatur", "greet", "greetings"]),
        (C::Approve, S::Careful, &["setuju", "setuju semua", "approve", "approve all"]),
        (C::Reject, S::Careful, &["tolak", "tolak semua", "reject", "reject all"]),
        (C::Status, S::Topic, &["status"]),
        (C::Brief, S::Topic, &["ringkasan", "summary", "brief"]),
        (
            C::Thanks,
            S::Topic,
            &[
                "terima kasih",
                "trima kasih",
                "makasih",
                "makasi",
                "mksh",
                "trims",
                "tq",
                "thanks",
                "thank you",
                "thank u",
                "thx",
                "matur nuwun",
                "suwun",
                "hatur nuhun",
                "syukron",
                "jazakallah",
                "jazakallahu",
                "jazakumullah",
            ],
        ),
        (
            C::Greeting,
            S::Greeting,
            &[
                "halo",
                "hallo",
                "hello",
                "helo",
                "hai",
                "hi",
                "hey",
                "hei",
                "salam",
                "assalamualaikum",
                "assalamu alaikum",
                "assalamualaikum wr wb",
                "aslm",
                "selamat pagi",
                "selamat siang",
                "selamat sore",
                "selamat malam",
                "pagi",
                "siang",
                "sore",
                "malam",
                "permisi",
                "good morning",
                "good afternoon",
                "good evening",
            ],
        ),
    ]
};

/// Ordinary words one slip of the finger away from a word of ours, which mean something else and are never taken for a
/// typo. Found by comparing the words above with a list of Indonesian roots.
#[rustfmt::skip]
pub(super) const ORDINARY: &[&str] = &[
    // saldo
    "aldo", "naldo", "waldo", "salto", "salvo", "sald",
    // dampak
    "campak", "kampak", "tampak", "rampak", "dompak", "dampar",
    // laporan
    "laporkan", "laporin",
    // daftar
    "datar",
    // report
    "repot", "resort", "repost", "retort", "deport",
    // impact
    "impart",
    // bantuan
    "batuan", "bantuin", "bantun",
    // status
    "statis", "statue", "stratus",
    // berhenti
    "terhenti",
    // mulai
    "mulia", "mula", "mulas", "murai", "gulai", "bulai",
    // hapus
    "harus", "haus", "halus",
    // donasi, donate
    "zonasi", "donat",
    // thanks, trims
    "tanks", "hanks", "trim", "trips", "trias",
    // kasih, makasi, suwun
    "masih", "kasir", "maksi", "susun", "sukun",
    // hello, brief
    "hell", "cello", "grief",
    // risiko
    "risik", "resik",
    // balance, start
    "balanced", "stars", "smart", "stat", "star", "tart",
    // norek
    "norak", "korek", "corek",
];

/// Phrases that contain a word of ours and ask for something else; their words are passed over.
pub(super) const ELSEWHERE: &[&str] = &["anak saya", "anak kami", "anak kita", "my children"];

/// Words that say nothing about what is wanted.
pub(super) const POLITE: &[&str] = &[
    "tolong",
    "mohon",
    "minta",
    "saya",
    "aku",
    "kami",
    "mau",
    "ingin",
    "ya",
    "yaa",
    "dong",
    "deh",
    "nih",
    "pak",
    "bu",
    "ibu",
    "bapak",
    "kak",
    "kakak",
    "min",
    "admin",
    "mas",
    "mbak",
    "ustadz",
    "lagi",
    "ok",
    "oke",
    "baik",
    "kembali",
    "menerima",
    "pesan",
    "laporan",
    "sekarang",
    "please",
    "pls",
    "i",
    "want",
    "to",
    "the",
    "now",
    "again",
    "receiving",
    "messages",
    "halo",
    "hallo",
    "hai",
    "hi",
    "hello",
    "assalamualaikum",
    "selamat",
    "pagi",
    "siang",
    "sore",
    "malam",
    "terima",
    "kasih",
    "makasih",
    "thanks",
    "thank",
    "you",
];

/// After one of these a careful word is meant the other way round.
pub(super) const NEGATIONS: &[&str] = &[
    "jangan", "jgn", "tidak", "tdk", "tak", "ga", "gak", "ngga", "nggak", "enggak", "bukan", "belum", "tanpa", "dont",
    "not", "never", "no", "non", "without", "didnt", "wont",
];

/// Words that open a request: after them a topic is asked for, not thanked for.
pub(super) const REQUESTS: &[&str] = &[
    "minta",
    "mau",
    "mohon",
    "tolong",
    "ingin",
    "tanya",
    "bertanya",
    "boleh",
    "bisa",
    "bagaimana",
    "gimana",
    "berapa",
    "apa",
    "apakah",
    "mana",
    "kapan",
    "kirim",
    "kirimkan",
    "lihat",
    "cek",
    "ketik",
    "please",
    "want",
    "can",
    "could",
    "may",
    "how",
    "what",
    "when",
    "where",
    "show",
    "send",
    "check",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<&'static str> {
        PHRASES.iter().flat_map(|(_, _, phrases)| phrases.iter()).flat_map(|phrase| phrase.split(' ')).collect()
    }

    #[test]
    fn every_ordinary_word_would_be_taken_for_a_typo() {
        let words = words();
        let near = |ordinary: &str| {
            words.iter().any(|word| word.chars().count() >= 5 && strsim::osa_distance(word, ordinary) == 1)
        };
        let idle: Vec<_> = ORDINARY.iter().filter(|&&ordinary| words.contains(&ordinary) || !near(ordinary)).collect();
        assert!(idle.is_empty(), "no word of ours is one slip away from {idle:?}");
    }

    #[test]
    fn phrases_are_in_the_form_that_texts_are_brought_to() {
        for (command, _, phrases) in PHRASES {
            for phrase in *phrases {
                let plain = phrase.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
                assert!(plain && !phrase.contains("  ") && phrase.trim() == *phrase, "{command:?} {phrase:?}");
            }
        }
    }

    #[test]
    fn no_phrase_is_given_to_two_commands_of_one_audience() {
        for (i, (command, _, phrases)) in PHRASES.iter().enumerate() {
            for (other, _, others) in &PHRASES[i + 1..] {
                let shared = phrases.iter().find(|phrase| others.contains(phrase));
                assert!(shared.is_none() || command.audience() != other.audience(), "{command:?} {other:?} {shared:?}");
            }
        }
    }
}
