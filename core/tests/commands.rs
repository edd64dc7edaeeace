//! What texts are taken to ask for.

use dermawan::Language;
use dermawan::bot::{Audience, Command};
use proptest::prelude::*;

fn donor(text: &str) -> Option<Command> {
    Command::parse(text, false)
}

fn administrator(text: &str) -> Option<Command> {
    Command::parse(text, true)
}

#[track_caller]
fn all(parse: fn(&str) -> Option<Command>, command: Option<Command>, texts: &[&str]) {
    for text in texts {
        assert_eq!(parse(text), command, "{text:?}");
    }
}

#[test]
fn the_words_of_the_menu_are_understood_in_both_languages() {
    for &command in Command::ALL {
        for language in [Language::Id, Language::En] {
            let word = command.word(language);
            // One word serves donors and administrators, who each get their own view.
            let wanted = match (command, word) {
                (Command::Forecast | Command::Outlook, _) => continue,
                _ => Some(command),
            };
            for text in [word.to_owned(), word.to_lowercase(), format!("*{word}*!"), format!("Halo, {word} dong")] {
                let parsed = Command::parse(&text, command.audience() == Audience::Administrator);
                let alone = matches!(command, Command::Greeting | Command::Start) && text.contains("dong");
                assert!(parsed == wanted || alone, "{text:?}: {parsed:?}");
            }
        }
    }
    assert_eq!((donor("PREDIKSI"), administrator("PREDIKSI")), (Some(Command::Outlook), Some(Command::Forecast)));
    assert_eq!((donor("SALDO"), administrator("saldo")), (Some(Command::Outlook), Some(Command::Outlook)));
}

#[test]
fn words_are_matched_not_parts_of_words() {
    all(
        donor,
        Some(Command::Thanks),
        &["terima kasih", "Terima Kasih!!", "TERIMAKASIH", "makasih ya", "thanks", "thank you"],
    );
    all(
        donor,
        Some(Command::BankAccount),
        &["informasi rekening", "info rekening dong", "no rek?", "rekeningnya berapa"],
    );
    all(
        donor,
        None,
        &["menurut saya bagus", "caraka", "anakonda", "halogen", "stopwatch rusak", "infografis", "xsaldox"],
    );
}

#[test]
fn the_longest_most_specific_phrase_wins() {
    all(
        donor,
        Some(Command::Info),
        &["donasi saya", "info donasi saya", "berapa total donasi saya?", "laporan donasi saya"],
    );
    all(
        donor,
        Some(Command::HowToGive),
        &["cara donasi", "saya mau donasi", "how can I donate?", "cara transfer donasi"],
    );
    all(donor, Some(Command::Impact), &["dampak donasi saya", "info dampak"]);
    all(donor, Some(Command::Report), &["info laporan", "menu laporan", "laporan bulanan", "Kirim laporan ya"]);
    all(donor, Some(Command::Children), &["daftar anak asuh", "ada berapa anak di sana"]);
    all(donor, Some(Command::Menu), &["daftar menu", "menu", "butuh bantuan"]);
    all(donor, Some(Command::Register), &["cara daftar", "daftar", "mau mendaftar"]);
    all(donor, Some(Command::MyData), &["data saya", "lihat data saya"]);
    all(
        administrator,
        Some(Command::SendReports),
        &["KIRIM LAPORAN", "tolong kirim laporan bulanan", "send the report, please: send report"],
    );
}

#[test]
fn greetings_in_front_and_other_words_do_not_matter() {
    all(
        donor,
        Some(Command::Outlook),
        &[
            "Assalamu'alaikum wr. wb., saldo?",
            "halo min mau cek saldo dong",
            "Selamat pagi\n\nSALDO",
            "hi! saldo 🙏",
            "saldooo",
        ],
    );
    all(
        donor,
        Some(Command::Greeting),
        &["halo", "Haloooo", "HAI", "hi", "Assalamu’alaikum", "selamat malam pak", "halo apa kabar", "Asalamualaikum"],
    );
    all(donor, None, &["apa kabar", "sampai nanti malam"]);
}

#[test]
fn one_slip_is_forgiven_in_a_word_of_five_letters() {
    all(donor, Some(Command::Report), &["lapran", "laproan", "lapoeran", "laporsn", "LAPOARN"]);
    all(donor, Some(Command::BankAccount), &["rekning", "rekeninf", "erkening"]);
    all(donor, Some(Command::Impact), &["dampk", "damapk", "daampak", "impcat"]);
    all(donor, Some(Command::Outlook), &["slado", "sado", "prediski"]);
    all(donor, Some(Command::Thanks), &["terima kasi", "trima kasih", "trimakasih", "makasihh"]);
    all(administrator, Some(Command::Risk), &["risko", "resiko", "rissiko"]);
    all(administrator, Some(Command::Anomalies), &["anomal", "anomlai"]);
    all(donor, None, &["mneu", "crar", "lprn", "rkning", "anka"]);
}

#[test]
fn ordinary_words_are_no_typos() {
    all(
        donor,
        None,
        &[
            "sadis",
            "berita",
            "masalah",
            "tampak",
            "campak",
            "kampak",
            "Aldo",
            "salto",
            "datar",
            "harus data",
            "mulia",
            "laporkan",
            "resort",
            "repost",
            "donat",
            "salah",
            "statis",
            "makalah",
            "terhenti",
            "surat",
            "produksi",
            "saya ada masalah",
            "dalam",
            "malas",
            "repot sekali",
            "gulai",
            "zonasi",
            "korek api",
            "beritanya sadis",
        ],
    );
    all(administrator, None, &["statis", "grief"]);
}

#[test]
fn thanks_before_a_topic_are_for_it_and_behind_it_politeness() {
    all(
        donor,
        Some(Command::Thanks),
        &[
            "terima kasih infonya",
            "makasih laporannya",
            "Terima kasih atas informasi donasi saya",
            "halo, terima kasih",
        ],
    );
    all(donor, Some(Command::Report), &["laporan, terima kasih", "minta laporan ya makasih"]);
    all(
        donor,
        Some(Command::BankAccount),
        &["terima kasih. Mau tanya rekening", "thanks, can I have the account number"],
    );
}

#[test]
fn opting_out_comes_first_and_is_not_guessed() {
    all(
        donor,
        Some(Command::Stop),
        &[
            "BERHENTI",
            "stop",
            "Stop!",
            "brehenti",
            "berhenti laporan",
            "Assalamualaikum, tolong berhenti kirim laporan. Terima kasih",
            "terima kasih, saya mau berhenti",
            "berhenti, hapus data saya",
            "jangan kirim pesan lagi",
            "please don't send me messages: do not send",
            "unsubscribe",
        ],
    );
    assert_eq!(administrator("stop kirim laporan"), Some(Command::Stop));
    all(donor, None, &["jangan berhenti", "tidak akan berhenti berdoa", "non stop", "mobilnya brhenti di jalan"]);
}

#[test]
fn words_with_consequences_are_exact() {
    all(
        donor,
        Some(Command::Erase),
        &["HAPUS DATA", "mohon hapus data saya", "hapusdata", "hpaus data", "delete my data"],
    );
    all(donor, Some(Command::MyData), &["jangan hapus data saya"]);
    all(donor, None, &["mohon hpaus data itu", "hapus foto", "harus data"]);
    all(administrator, Some(Command::Report), &["jangan kirim laporan", "besok kirm laporan"]);
    all(donor, Some(Command::Start), &["MULAI", "mulai lagi", "ok saya mau mulai", "start", "mualai"]);
    all(donor, None, &["kapan mulai ramadan", "mulai besok saya pindah"]);
}

#[test]
fn the_administrators_words_are_theirs() {
    all(donor, None, &["RISIKO", "ANOMALI", "STATUS", "ringkasan"]);
    all(administrator, Some(Command::Status), &["status", "cek status"]);
    all(administrator, Some(Command::Brief), &["ringkasan hari ini"]);
}

#[test]
fn a_child_of_ones_own_is_not_a_child_in_care() {
    all(donor, None, &["anak saya sakit, mohon doanya"]);
    all(donor, Some(Command::Children), &["anak", "kabar anak-anak", "anak saya ingin tahu jumlah anak asuh"]);
}

#[test]
fn every_line_of_the_menu_is_there_once() {
    for language in [Language::Id, Language::En] {
        let lines: Vec<_> = [Audience::Anyone, Audience::Donor, Audience::Administrator]
            .into_iter()
            .flat_map(|audience| Command::menu(audience, language))
            .collect();
        assert_eq!(
            lines.len(),
            Command::ALL.len() - 5,
            "all but greeting, thanks, the menu itself, and the words that a list teaches"
        );
        assert!(lines.iter().all(|line| line.word == line.word.to_uppercase() && !line.purpose.is_empty()));
    }
}

/// One slip: the letter at a place left out, doubled by another, replaced, or swapped with the next.
fn slip(word: &str, place: usize, kind: u8, letter: char) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let place = place % letters.len();
    match kind % 4 {
        0 => drop(letters.remove(place)),
        1 => letters.insert(place, letter),
        2 => letters[place] = letter,
        _ => {
            let next = (place + 1) % letters.len();
            letters.swap(place, next);
        }
    }
    letters.into_iter().collect()
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), administrator: bool) {
        Command::parse(&text, administrator);
    }

    #[test]
    fn a_slip_in_a_long_word_is_understood(place in 0usize..8, kind in 0u8..4, letter in "[qxz]") {
        // Letters that no ordinary Indonesian word has, so that no slip makes another word.
        let letter = letter.chars().next().unwrap();
        for (word, command) in [("rekening", Command::BankAccount), ("laporan", Command::Report)] {
            if kind == 3 && place % word.len() + 1 == word.len() {
                continue;
            }
            prop_assert_eq!(donor(&slip(word, place, kind, letter)), Some(command));
        }
    }

    #[test]
    fn case_and_punctuation_do_not_matter(upper in proptest::collection::vec(any::<bool>(), 13), mark in "[ .,!?*_-]{1,3}") {
        let mut upper = upper.into_iter().cycle();
        let text: String = "dampak donasi"
            .chars()
            .map(|c| if upper.next().unwrap_or(false) { c.to_ascii_uppercase() } else { c })
            .collect();
        prop_assert_eq!(donor(&text.replace(' ', &mark)), Some(Command::Impact));
    }
}
