//! Conversations with a register behind them: who may register, what is noted, and what forged senders get.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps a test may panic")]

use dermawan::bot::{Number, Question, Selection, Sender, Session, number_in};
use dermawan::churn::Method;
use dermawan::outbox::{Draft, Outbox, Priority};
use dermawan::register::{
    CareState, Code, ErasureState, Key, Lid, MemoryRegister, Options, Purpose, Register, SqliteRegister,
};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::MemoryStore;
use dermawan::{Analytics, Deed, DonorId, Language, Settings, Spoken, Turn};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const BUDI: &str = "6281234567890";
const ADMIN: &str = "6281299999999";
const STRANGER: &str = "6285700000009";

fn sample() -> SampleOptions {
    SampleOptions { donors: 400, contacts: 60, donations: 5_000, expenses: 960, ..SampleOptions::demo() }
}

fn charity_in(language: Language) -> Analytics {
    let mut settings = Settings { churn_method: Some(Method::Rule), ..Settings::default() };
    settings.organisation.language = language;
    settings.organisation.administrators = vec![ADMIN.into()];
    settings.thanks.enabled = true;
    let analytics = Analytics::new(MemoryStore::new(), settings).unwrap();
    let mut source = SampleSource::new(Sample::new(sample()).unwrap());
    analytics.load(&mut source, sample().as_of, &mut |_| Ok(())).unwrap();
    analytics
}

static CHARITY: LazyLock<Analytics> = LazyLock::new(|| charity_in(Language::Id));

/// A donor whose number is on file and not verified.
static UNVERIFIED: LazyLock<(DonorId, Number)> = LazyLock::new(|| {
    let view = CHARITY.store().view().unwrap();
    let found = (1..=400).find_map(|id| {
        let number = Number::parse(&Sample::whatsapp_number(DonorId(id))).unwrap();
        let contact = view.contact(number.as_str()).unwrap()?;
        (!contact.verified).then_some((contact.donor, number))
    });
    found.unwrap()
});

fn memory() -> MemoryRegister {
    MemoryRegister::new(Options::default(), Key::new([1; 32])).unwrap()
}

/// One telephone.
struct Phone<'a> {
    charity: &'a Analytics,
    register: &'a dyn Register,
    sender: Sender,
    lid: Option<String>,
    session: Session,
    now: Timestamp,
    random: u64,
    last: Spoken,
}

impl<'a> Phone<'a> {
    fn new(register: &'a dyn Register, sender: &str) -> Self {
        Self {
            charity: &CHARITY,
            register,
            sender: Sender::read(sender),
            lid: sender.ends_with("@lid").then(|| sender.to_owned()),
            session: Session::default(),
            now: sample().as_of.at(10, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp(),
            random: 123_456,
            last: Spoken::default(),
        }
    }

    fn say(&mut self, text: &str) -> String {
        let turn = Turn {
            sender: &self.sender,
            lid: self.lid.as_deref(),
            text,
            session: self.session,
            now: self.now,
            written: None,
            as_of: sample().as_of,
            random: self.random,
            channel: "whatsapp",
            own: None,
        };
        self.last = self.charity.converse(self.register, &turn).unwrap();
        assert!(self.last.answer.error.is_none(), "{:?}", self.last.answer.error);
        self.session = self.last.answer.session;
        self.last.answer.reply.clone().unwrap_or_default()
    }

    fn wait(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }
}

#[test]
fn a_number_on_file_registers_with_its_code() {
    let (donor, number) = &*UNVERIFIED;
    let file = SqliteRegister::in_memory(Options::default(), &Key::new([2; 32])).unwrap();
    for register in [&memory() as &dyn Register, &file] {
        let mut phone = Phone::new(register, number.as_str());
        assert!(phone.say("INFO").contains("belum terverifikasi"));
        let code = phone.say("DAFTAR");
        assert!(code.contains("*123456*") && code.contains("10 menit") && code.contains("*BERHENTI*"), "{code}");
        assert_eq!(phone.last.to.as_ref(), Some(number), "to the number on file and nowhere else");
        assert!(phone.say("123457").contains("tersisa: 4"));
        assert!(phone.say("INFO").contains("belum terverifikasi"));
        assert!(register.consents(number).unwrap().is_empty(), "nobody agreed yet");
        assert!(phone.say("kode saya 123 456 ya").contains("sudah terverifikasi"));
        assert!(phone.say("INFO").starts_with("📊 *INFO DONASI ANDA*"));
        assert!(phone.say("daftar").contains("sudah terdaftar"));

        let notes = register.consents(number).unwrap();
        assert_eq!((notes.len(), notes[0].given, notes[0].channel.as_str()), (1, true, "whatsapp"));
        assert_eq!(notes[0].at, phone.now);
        let text = register.consent_text(&notes[0].version).unwrap().unwrap();
        assert!(code.ends_with(&text), "what was agreed to is what was read");
        let uses: Vec<Purpose> = register.processing(*donor).unwrap().iter().map(|note| note.purpose).collect();
        assert_eq!(uses, [Purpose::Verification, Purpose::Answer]);
    }
}

#[test]
fn codes_end() {
    let (_, number) = &*UNVERIFIED;
    let register = memory();
    let mut phone = Phone::new(&register, number.as_str());
    phone.say("DAFTAR");
    phone.wait(10);
    assert!(phone.say("123456").contains("tidak berlaku"));
    phone.say("DAFTAR");
    for _ in 0..5 {
        phone.say("000000");
    }
    assert!(phone.say("123456").contains("tidak berlaku"), "five wrong ones end it");
    assert!(phone.say("DAFTAR").contains("*123456*"));
    assert!(phone.say("DAFTAR").contains("Terlalu banyak"));
    assert_eq!(register.standing(number).unwrap().verified, None);
}

#[test]
fn strangers_learn_how_to_register_and_nothing_else() {
    let (_, number) = &*UNVERIFIED;
    let register = memory();
    let mut phone = Phone::new(&register, STRANGER);
    assert!(phone.say("DAFTAR").contains("PENDAFTARAN"));
    let not_on_file = phone.say("DAFTAR 081200000001");
    assert!(phone.last.owed.is_empty());
    let on_file = phone.say(&format!("DAFTAR {}", number.as_str()));
    let owed = std::mem::take(&mut phone.last.owed);
    assert_eq!((owed.len(), &owed[0].to), (1, number));
    assert!(!owed[0].key.contains(&format!("{:x}", 123_456)) && !owed[0].key.contains("123456"), "keys are listed");
    assert!(owed[0].text.contains("*123456*") && !on_file.contains("123456"));
    assert_eq!(not_on_file, on_file, "whether a number is on file is nobody's business");
    assert!(phone.say("INFO").contains("belum terdaftar"));
    // Who has the code has the telephone.
    assert!(phone.say("123456").contains("sudah terverifikasi"));
    assert!(phone.say("INFO").starts_with("📊 *INFO DONASI ANDA*"));
    assert!(format!("{owed:?}").contains(&number.masked()) && !format!("{owed:?}").contains("123456"));
}

/// All that a telephone reads when it asks for a number: right form, wrong codes until none is left, one after that, after the
/// code's end, and until requests are refused.
fn whole_transcript(register: &dyn Register, sender: &str, asked: &Number) -> Vec<String> {
    let mut phone = Phone::new(register, sender);
    let mut said = Vec::new();
    for _ in 0..2 {
        said.push(phone.say(&format!("DAFTAR {}", asked.as_str())));
        said.extend((0..7).map(|wrong| phone.say(&format!("00000{wrong}"))));
    }
    said.push(phone.say(&format!("DAFTAR {}", asked.as_str())));
    phone.wait(i64::from(Options::default().code_minutes) + 1);
    said.push(phone.say("000001"));
    said.push(phone.say(&format!("DAFTAR {}", asked.as_str())));
    said.push(phone.say("000001"));
    phone.wait(25 * 60);
    said.push(phone.say(&format!("DAFTAR {}", asked.as_str())));
    said.extend(["000001", "INFO", "MENU"].map(|text| phone.say(text)));
    said
}

#[test]
fn nobody_learns_from_registration_who_is_a_donor() {
    let (_, on_file) = &*UNVERIFIED;
    let other = Number::parse("6281200000042").unwrap();
    assert!(CHARITY.store().view().unwrap().contact(other.as_str()).unwrap().is_none());
    let file = || SqliteRegister::in_memory(Options::default(), &Key::new([2; 32])).unwrap();
    for sender in [STRANGER, "111222333444555@lid"] {
        let (known, unknown) = (memory(), memory());
        let wanted = whole_transcript(&known, sender, on_file);
        assert_eq!(whole_transcript(&unknown, sender, &other), wanted);
        assert_eq!(whole_transcript(&file(), sender, on_file), wanted);
        assert_eq!(whole_transcript(&file(), sender, &other), wanted);
    }
}

#[test]
fn no_code_is_right_for_a_number_that_is_not_on_file() {
    let file = SqliteRegister::in_memory(Options::default(), &Key::new([2; 32])).unwrap();
    for register in [&memory() as &dyn Register, &file] {
        for sender in [STRANGER, "111222333444555@lid"] {
            let mut phone = Phone::new(register, sender);
            phone.say("DAFTAR 6281200000042");
            assert!(phone.last.owed.is_empty());
            // The very code that a number on file would have been sent.
            let code = Code::of(phone.random);
            phone.say(code.as_str());
            assert!(register.everyone().unwrap().is_empty());
        }
    }
}

#[test]
fn forged_senders_get_and_change_nothing() {
    let (_, number) = &*UNVERIFIED;
    let words =
        ["INFO", "DATA SAYA", "HAPUS DATA", "YA", "DAFTAR", "BERHENTI", "RISIKO", "SAPA", "SETUJU SEMUA", "123456"];
    for sender in ["6281234567890@lid", "6281299999999@lid", "6281234567890-1600000000@g.us", "status@broadcast", ""] {
        let register = memory();
        // A code that is out for somebody else, and a greeting that waits.
        Phone::new(&register, number.as_str()).say("DAFTAR");
        register.draft(&[DonorId(1)], Timestamp::UNIX_EPOCH).unwrap();
        let mut phone = Phone::new(&register, sender);
        for word in words {
            assert_eq!(phone.say(word), "", "{sender} {word}");
            assert!(phone.last.owed.is_empty() && phone.last.deeds.is_empty() && phone.last.to.is_none());
        }
        assert_eq!(register.everyone().unwrap(), []);
        assert_eq!(register.greetings(Some(CareState::Drafted)).unwrap().len(), 1);
        assert!(register.erasures().unwrap().is_empty());
    }
}

#[test]
fn a_hidden_identity_proves_its_number() {
    let (donor, number) = &*UNVERIFIED;
    let register = memory();
    // The digits of Pak Budi's number: they must not help.
    let mut phone = Phone::new(&register, "6281234567890@lid");
    assert_eq!(phone.say(&format!("daftar {}", number.as_str())), "", "a hidden identity cannot be answered");
    assert_eq!((phone.last.owed.len(), &phone.last.owed[0].to), (1, number));
    assert_eq!(phone.say("INFO"), "");
    assert_eq!(phone.say("111111"), "");
    assert!(phone.say("123456").contains("sudah terverifikasi"));
    assert_eq!(phone.last.to.as_ref(), Some(number));
    assert_eq!(register.number_of(&Lid::parse("6281234567890@lid").unwrap()).unwrap().as_ref(), Some(number));
    assert!(phone.say("DATA SAYA").contains("DATA ANDA"));
    assert_eq!(phone.last.to.as_ref(), Some(number));
    assert_eq!(register.standing(&Number::parse(BUDI).unwrap()).unwrap().verified, None);
    assert_eq!(register.numbers(*donor).unwrap().len(), 1);
}

#[test]
fn opting_out_is_done_at_once_and_withdraws_consent() {
    let (_, number) = &*UNVERIFIED;
    let register = memory();
    let mut phone = Phone::new(&register, number.as_str());
    phone.say("DAFTAR");
    phone.say("123456");
    let everyone = CHARITY.recipients(&register).unwrap();
    assert!(everyone.iter().any(|(_, to)| to == number));
    assert!(phone.say("tolong berhenti").contains("tidak akan menerima pesan"));
    assert_eq!(phone.last.deeds, [Deed::OptOut(number.clone())]);
    assert!(register.standing(number).unwrap().opted_out.is_some());
    let notes: Vec<bool> = register.consents(number).unwrap().iter().map(|note| note.given).collect();
    assert_eq!(notes, [true, false]);
    assert_eq!(CHARITY.recipients(&register).unwrap().len(), everyone.len() - 1);
    phone.say("stop");
    assert_eq!(register.consents(number).unwrap().len(), 2, "withdrawn once");
    assert!(phone.say("MULAI").contains("dapat menerima pesan kembali"));
    assert_eq!(phone.last.deeds, [Deed::OptIn(number.clone())]);
    assert!(register.consents(number).unwrap().last().unwrap().given);
    assert_eq!(CHARITY.recipients(&register).unwrap(), everyone);
}

#[test]
fn data_and_erasure() {
    let register = memory();
    let budi = Number::parse(BUDI).unwrap();
    let mut phone = Phone::new(&register, BUDI);
    let data = phone.say("DATA SAYA");
    assert!(data.contains("Pak Budi") && data.contains("62812****90") && !data.contains(BUDI), "{data}");
    assert!(data.contains("Donasi tercatat: 12") && data.contains("tidak ada catatan"), "{data}");

    assert!(phone.say("HAPUS DATA").contains("Balas *YA*"));
    assert_eq!(phone.session.asked.unwrap().question, Question::Erase);
    assert!(phone.say("batal").contains("dibatalkan"));
    assert_eq!(phone.say("YA").lines().count(), 3, "no question stands: it is a text like any other");
    phone.say("HAPUS DATA");
    phone.wait(10);
    phone.say("ya");
    assert_eq!(register.erasures().unwrap()[0].state(), ErasureState::Requested, "too late");
    phone.say("HAPUS DATA");
    let done = phone.say("Ya!");
    assert!(done.contains("nomor 1") && done.contains("kami catat"), "{done}");
    assert_eq!((phone.last.owed.len(), phone.last.owed[0].to.as_str()), (1, ADMIN));
    assert!(phone.last.owed[0].text.contains("id 1 ") && !phone.last.owed[0].text.contains("Budi"));
    assert_eq!(register.erasures().unwrap()[0].state(), ErasureState::Confirmed);

    let owed = CHARITY.complete_erasure(&register, 1, phone.now).unwrap();
    assert_eq!((owed.len(), &owed[0].to), (1, &budi));
    assert!(phone.say("INFO").contains("belum terdaftar"), "though the source still names the number");
    assert!(CHARITY.recipients(&register).unwrap().iter().all(|(_, to)| *to != budi));
    assert_eq!(CHARITY.complete_erasure(&register, 1, phone.now).unwrap_err().code(), "not_found");
}

/// Who wants no messages and asks for erasure is still told that it is done: that answers the person's own request.
#[test]
fn an_erasure_is_confirmed_to_who_opted_out() {
    let register = memory();
    let outbox = dermawan::outbox::Memory::default();
    let budi = Number::parse(BUDI).unwrap();
    let mut phone = Phone::new(&register, BUDI);
    phone.say("BERHENTI");
    outbox.opt_out(&budi, phone.now).unwrap();
    phone.wait(1);
    phone.say("HAPUS DATA");
    phone.say("YA");
    let notice = phone.last.owed[0].clone().draft("fonnte", Priority::Reply, "kabar");
    assert!(!notice.solicited, "the administrators did not ask for it");
    phone.wait(60 * 24);
    let owed = CHARITY.complete_erasure(&register, 1, phone.now).unwrap().remove(0);
    let draft = owed.draft("fonnte", Priority::Reply, "kabar");
    assert_eq!((&draft.to, draft.solicited), (&budi, true));
    // Anything else to the same number is refused.
    let other = Draft::single("lain", "fonnte", Priority::Care, "salam", budi, "Halo");
    let put = outbox.put(&mut [other, draft].into_iter(), phone.now).unwrap();
    assert_eq!((put.added, put.opted_out), (1, 1));
}

#[test]
fn the_batch_waits_for_a_yes() {
    let register = memory();
    let mut phone = Phone::new(&register, ADMIN);
    assert!(phone.say("KIRIM LAPORAN").contains("Balas *YA*"));
    assert!(phone.last.deeds.is_empty());
    assert!(phone.say("ya, kirim").contains("Perintah"));
    assert_eq!(phone.last.deeds, [Deed::SendReports]);
    phone.say("kirim");
    assert!(phone.last.deeds.is_empty(), "one yes, one batch");
    phone.say("KIRIM LAPORAN");
    phone.say("STATUS");
    phone.say("ya");
    assert!(phone.last.deeds.is_empty(), "something else was said in between");
    phone.say("KIRIM LAPORAN");
    phone.wait(10);
    phone.say("ya");
    assert!(phone.last.deeds.is_empty(), "too late");
    // A session of an administrator in a donor's hands.
    phone.say("KIRIM LAPORAN");
    let mut other = Phone { session: phone.session, ..Phone::new(&register, BUDI) };
    other.say("ya");
    assert!(other.last.deeds.is_empty());
}

#[test]
fn greetings_go_out_when_an_administrator_says_so() {
    let register = memory();
    let mut donor = Phone::new(&register, BUDI);
    for word in ["SAPA", "SETUJU SEMUA", "TOLAK 1"] {
        donor.say(word);
    }
    assert!(register.greetings(None).unwrap().is_empty(), "a donor's word is none");
    let mut phone = Phone::new(&register, ADMIN);
    let list = phone.say("SAPA");
    let drafted = register.greetings(Some(CareState::Drafted)).unwrap();
    assert!(list.contains("SAPAAN") && (3..=10).contains(&drafted.len()), "{list}");
    assert_eq!(phone.say("SAPA"), list, "asking again drafts no more than the list holds");
    assert!(CHARITY.greetings_owed(&register, sample().as_of).unwrap().is_empty());

    assert!(phone.say("TOLAK 2").contains("Ditolak: 1"));
    assert!(phone.say("setuju 1, 2 dan 3").contains("Disetujui: 2"));
    assert_eq!(phone.last.deeds, [Deed::SendGreetings]);
    assert!(phone.say("setuju 99").contains("Tidak ada sapaan"));
    let owed = CHARITY.greetings_owed(&register, sample().as_of).unwrap();
    assert_eq!(owed.len(), 2);
    for (greeting, message) in &owed {
        assert_eq!(message.key, format!("salam:{}", greeting.id));
        assert!(!message.text.contains("Rp") && !message.text.contains(char::is_numeric), "{}", message.text);
        register.settle(&[greeting.id], CareState::Sent, phone.now).unwrap();
    }
    assert!(CHARITY.greetings_owed(&register, sample().as_of).unwrap().is_empty());
    assert!(phone.say("SETUJU SEMUA").contains("Disetujui"));
    // One who opts out after the word is not written to.
    let before = CHARITY.greetings_owed(&register, sample().as_of).unwrap();
    Phone::new(&register, before[0].1.to.as_str()).say("BERHENTI");
    assert_eq!(CHARITY.greetings_owed(&register, sample().as_of).unwrap().len(), before.len() - 1);
    let outcome = CHARITY.care_outcome(&register, sample().as_of).unwrap();
    assert_eq!(
        outcome.waiting + outcome.greeted.of + outcome.not_greeted.of,
        register.greetings(None).unwrap().len() as u64
    );
}

#[test]
fn new_gifts_are_thanked_once() {
    let register = memory();
    let as_of = sample().as_of;
    let view = CHARITY.store().view().unwrap();
    let from = as_of.saturating_sub(jiff::Span::new().days(7));
    let recent: BTreeSet<DonorId> = view.received_gifts(from, as_of).unwrap().iter().map(|gift| gift.donor).collect();
    let reachable: BTreeSet<DonorId> =
        CHARITY.recipients(&register).unwrap().into_iter().map(|(donor, _)| donor).collect();
    let owed = CHARITY.thanks_owed(&register, as_of).unwrap();
    let thanked: BTreeSet<DonorId> = owed.iter().map(|thanks| thanks.donor).collect();
    assert_eq!(thanked, recent.intersection(&reachable).copied().collect());
    assert!(!owed.is_empty(), "the made-up charity has gifts of its last week");
    let keys: BTreeSet<&str> = owed.iter().map(|thanks| thanks.message.key.as_str()).collect();
    assert_eq!(keys.len(), owed.len());
    assert!(owed.iter().all(|thanks| thanks.message.text.starts_with("🙏 Terima kasih *")));
    // Not noted yet: made again, they are the same.
    let again = CHARITY.thanks_owed(&register, as_of).unwrap();
    assert_eq!(again.iter().map(|thanks| thanks.message.key.as_str()).collect::<BTreeSet<_>>(), keys);
    for thanks in &owed {
        CHARITY.note_thanks(&register, thanks, Timestamp::UNIX_EPOCH).unwrap();
    }
    assert!(CHARITY.thanks_owed(&register, as_of).unwrap().is_empty());
    assert!(CHARITY.thanks_owed(&register, as_of.tomorrow().unwrap()).unwrap().is_empty());
}

#[test]
fn the_conversation_in_both_languages() {
    let (_, number) = &*UNVERIFIED;
    let english = charity_in(Language::En);
    for (charity, name) in [(&*CHARITY, "registration_id"), (&english, "registration_en")] {
        let register = memory();
        let mut phone = Phone { charity, ..Phone::new(&register, number.as_str()) };
        let mut admin = Phone { charity, ..Phone::new(&register, ADMIN) };
        let texts = [
            "daftar",
            "000000",
            "123456",
            "daftar",
            "data saya",
            "berhenti",
            "data saya",
            "mulai",
            "hapus data",
            "tidak",
            "hapus data",
            "ya",
            "333333",
        ];
        let mut said: Vec<String> = texts.map(|text| format!("> {text}\n{}", phone.say(text))).into();
        said.extend(
            ["sapa", "setuju 1", "tolak 2", "kirim laporan", "ya"].map(|text| format!("> {text}\n{}", admin.say(text))),
        );
        said.extend(charity.complete_erasure(&register, 1, phone.now).unwrap().into_iter().map(|owed| owed.text));
        said.extend(charity.greetings_owed(&register, sample().as_of).unwrap().into_iter().map(|(_, owed)| owed.text));
        insta::assert_snapshot!(name, said.join("\n\n").replace(number.masked().as_str(), "(nomor)"));
    }
}

#[test]
fn sessions_are_read_as_before() {
    let session: Session = serde_json::from_str(r#"{"hinted": true, "thanked": false}"#).unwrap();
    assert_eq!(serde_json::to_string(&session).unwrap(), r#"{"hinted":true,"thanked":false}"#);
    let register = memory();
    let mut phone = Phone::new(&register, BUDI);
    phone.say("HAPUS DATA");
    let json = serde_json::to_string(&phone.session).unwrap();
    assert_eq!(serde_json::from_str::<Session>(&json).unwrap(), phone.session, "{json}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_or_proves_anything(texts in prop::collection::vec(any::<String>(), 1..6), lid in any::<String>()) {
        let (_, number) = &*UNVERIFIED;
        let register = memory();
        let mut phone = Phone::new(&register, number.as_str());
        phone.random = u64::MAX;
        phone.lid = Some(lid);
        phone.say("DAFTAR");
        for text in texts {
            Selection::read(&text);
            number_in(&text);
            let right = Code::read(&text) == Some(Code::of(u64::MAX));
            prop_assert!(!phone.say(&text).contains("sudah terverifikasi") || right);
        }
    }

    #[test]
    fn codes_are_six_digits_and_read_back(random in any::<u64>(), before in "[a-z ]{0,20}", after in "[a-z .!]{0,20}") {
        let code = Code::of(random);
        prop_assert_eq!(code.as_str().len(), 6);
        let (head, tail) = code.as_str().split_at(3);
        for text in [format!("{before} {} {after}", code.as_str()), format!("{before} {head} {tail} {after}"), format!("{head}-{tail}")] {
            prop_assert_eq!(Code::read(&text), Some(code.clone()), "{}", text);
        }
        let more = format!("{}{}", code.as_str(), random % 10);
        prop_assert_eq!(Code::read(&more), None);
        let two = format!("{} atau {}", code.as_str(), code.as_str());
        prop_assert_eq!(Code::read(&two), None);
    }

    #[test]
    fn a_number_beside_the_word_is_read(rest in "8[0-9]{8,10}", tail in "[a-z ]{0,10}") {
        let wanted = Number::parse(&format!("62{rest}")).unwrap();
        for text in [format!("DAFTAR 0{rest} {tail}"), format!("daftar +62 {rest}{tail}"), format!("daftar 62{rest}.")] {
            prop_assert_eq!(number_in(&text), Some(wanted.clone()), "{}", text);
        }
    }
}
