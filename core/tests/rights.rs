//! What donors may ask for, and what they are never to get twice, over tables of the charity that name several numbers.
#![cfg(feature = "files")]
#![allow(clippy::disallowed_methods, reason = "a test of files")]
#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]

use dermawan::churn::Method;
use dermawan::etl::{Mode, Options as Rules};
use dermawan::register::{CareState, Key, MemoryRegister, Options, Register, SqliteRegister};
use dermawan::source::Mapping;
use dermawan::source::files::{FilesOptions, FilesSource};
use dermawan::store::MemoryStore;
use dermawan::{Analytics, DonationId, DonorId, Number, Sender, Settings, Spoken, Turn};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use std::fmt::Write as _;
use std::fs;
use tempfile::TempDir;

/// Donor 1 has two numbers, donor 2 has one.
const BUDI: &str = "6281234567890";
const BUDI_AT_WORK: &str = "6281234567891";
const SITI: &str = "6281234567892";
const ADMIN: &str = "6281299999999";
const TODAY: Date = date(2026, 1, 20);

struct Charity {
    folder: TempDir,
    analytics: Analytics,
}

impl Charity {
    /// With gifts as id, donor and day of January 2026.
    fn new(administrators: &[&str], gifts: &[(u64, u64, u8)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("donatur.csv", "id_donatur,nama,no_hp\n1,Pak Budi,0812-3456-7890\n2,Bu Siti,0812-3456-7892\n");
        let contacts = [(1, 1, BUDI), (2, 1, BUDI_AT_WORK), (3, 2, SITI)];
        let rows = contacts.map(|(id, donor, number)| format!("{id},{donor},{number},1\n")).concat();
        write("donatur_whatsapp.csv", &format!("id,id_donatur,whatsapp_number,is_verified\n{rows}"));
        let mut settings = Settings { churn_method: Some(Method::Rule), ..Settings::default() };
        settings.organisation.administrators = administrators.iter().map(ToString::to_string).collect();
        settings.thanks.enabled = true;
        let charity = Self { analytics: Analytics::new(MemoryStore::new(), settings).unwrap(), folder };
        charity.load(gifts, TODAY);
        charity
    }

    /// The gifts that the charity's table holds now.
    fn load(&self, gifts: &[(u64, u64, u8)], as_of: Date) {
        let mut rows = String::from("id_donasi,id_donatur,jumlah,tanggal_catat,type_donasi\n");
        for (id, donor, day) in gifts {
            writeln!(rows, "{id},{donor},150000.00,2026-01-{day:02},DONATUR_TETAP").unwrap();
        }
        fs::write(self.folder.path().join("donasi.csv"), rows).unwrap();
        let mut source = FilesSource::open(self.folder.path(), Mapping::default(), FilesOptions::default()).unwrap();
        let rules = Rules { mode: Mode::Full, ..Rules::default() };
        let report = self.analytics.load_with(&mut source, &rules, as_of, &mut |_| Ok(())).unwrap();
        assert_eq!(report.rejected(), 0);
    }

    fn say(&self, register: &dyn Register, number: &str, text: &str, at: &str) -> Spoken {
        self.say_late(register, number, text, at, at)
    }

    /// What was written at one time and came at another.
    fn say_late(&self, register: &dyn Register, number: &str, text: &str, written: &str, at: &str) -> Spoken {
        let spoken = self.analytics.converse(
            register,
            &Turn {
                sender: &Sender::Person(parse(number)),
                lid: None,
                text,
                session: dermawan::bot::Session {
                    asked: (text == "YA").then(|| dermawan::bot::Asked {
                        question: dermawan::bot::Question::Erase,
                        until: time(at) + 5.minutes(),
                    }),
                    ..Default::default()
                },
                now: time(at),
                written: Some(time(written)),
                as_of: TODAY,
                random: 123_456,
                channel: "whatsapp",
                own: None,
            },
        );
        let spoken = spoken.unwrap();
        assert!(spoken.answer.error.is_none(), "{:?}", spoken.answer.error);
        spoken
    }

    fn recipients(&self, register: &dyn Register) -> Vec<(u64, String)> {
        let found = self.analytics.recipients(register).unwrap();
        found.into_iter().map(|(donor, number)| (donor.0, number.as_str().to_owned())).collect()
    }

    /// The gifts that thanks are owed for.
    fn owed(&self, register: &dyn Register, as_of: Date) -> Vec<u64> {
        let owed = self.analytics.thanks_owed(register, as_of).unwrap();
        owed.iter().flat_map(|thanks| thanks.gifts.iter().map(|gift| gift.donation.0)).collect()
    }

    fn thank(&self, register: &dyn Register, as_of: Date) {
        for thanks in self.analytics.thanks_owed(register, as_of).unwrap() {
            self.analytics.note_thanks(register, &thanks, time("10:00")).unwrap();
        }
    }
}

fn parse(number: &str) -> Number {
    Number::parse(number).unwrap()
}

/// A time of 20 January 2026, in UTC.
fn time(at: &str) -> Timestamp {
    format!("2026-01-20T{at}:00Z").parse().unwrap()
}

fn registers() -> Vec<Box<dyn Register>> {
    let key = Key::new([1; 32]);
    vec![
        Box::new(MemoryRegister::new(Options::default(), key.clone()).unwrap()),
        Box::new(SqliteRegister::in_memory(Options::default(), &key).unwrap()),
    ]
}

fn all() -> Vec<(u64, String)> {
    vec![(1, BUDI.to_owned()), (2, SITI.to_owned())]
}

#[test]
fn an_erasure_reaches_every_number_that_the_tables_name() {
    let charity = Charity::new(&[ADMIN], &[(1, 1, 5)]);
    for register in registers() {
        let register = &*register;
        let info = charity.say(register, BUDI_AT_WORK, "INFO", "01:00").answer.reply.unwrap();
        assert!(info.contains("INFO DONASI ANDA"), "{info}");
        charity.say(register, BUDI, "HAPUS DATA", "01:00");
        charity.say(register, BUDI, "YA", "01:01");
        let notices = charity.analytics.erasure_notices(register, 1).unwrap();
        let to: Vec<&str> = notices.iter().map(|notice| notice.to.as_str()).collect();
        assert_eq!(to, [BUDI, BUDI_AT_WORK]);
        assert_eq!(charity.recipients(register), all(), "not before it is done");
        assert_eq!(charity.analytics.complete_erasure(register, 1, time("02:00")).unwrap(), notices);
        for number in [BUDI, BUDI_AT_WORK] {
            let reply = charity.say(register, number, "INFO", "03:00").answer.reply.unwrap();
            assert!(reply.contains("belum terdaftar") && !reply.contains("Budi"), "{reply}");
            assert_eq!(charity.analytics.donor_of(register, &parse(number)).unwrap(), None);
        }
        assert_eq!(charity.recipients(register), [(2, SITI.to_owned())]);
        assert_eq!(charity.owed(register, TODAY), Vec::<u64>::new());

        // A number that the tables name only later does not bring the donor back; a proof does.
        let third = "6281234567899";
        let file = charity.folder.path().join("donatur_whatsapp.csv");
        let before = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{before}4,1,{third},1\n")).unwrap();
        charity.load(&[(1, 1, 5)], TODAY);
        assert!(charity.say(register, third, "INFO", "04:00").answer.reply.unwrap().contains("belum terdaftar"));
        assert_eq!(charity.recipients(register), [(2, SITI.to_owned())]);
        charity.say(register, third, "DAFTAR", "04:01");
        charity.say(register, third, "123456", "04:02");
        assert!(charity.say(register, third, "INFO", "04:03").answer.reply.unwrap().contains("INFO DONASI ANDA"));
        assert_eq!(charity.recipients(register), [(1, third.to_owned()), (2, SITI.to_owned())]);
        fs::write(&file, before).unwrap();
        charity.load(&[(1, 1, 5)], TODAY);
    }
}

#[test]
fn every_number_of_a_donor_is_shown_and_may_ask() {
    let charity = Charity::new(&[ADMIN], &[(1, 1, 5)]);
    for register in registers() {
        let data = charity.say(&*register, BUDI, "DATA SAYA", "01:00").answer.reply.unwrap();
        assert!(
            data.contains("62812****90") && data.contains("62812****91") && !data.contains("62812****92"),
            "{data}"
        );
        charity.say(&*register, BUDI, "HAPUS DATA", "01:01");
        charity.say(&*register, BUDI_AT_WORK, "HAPUS DATA", "01:02");
        let done = charity.say(&*register, BUDI_AT_WORK, "YA", "01:03").answer.reply.unwrap();
        assert!(done.contains("nomor 1"), "{done}");
        // Asked for again while it waits.
        charity.say(&*register, BUDI, "HAPUS DATA", "01:04");
        let again = charity.say(&*register, BUDI, "YA", "01:05").answer.reply.unwrap();
        assert_eq!((again, register.erasures().unwrap().len()), (done, 1));
    }
}

#[test]
fn a_number_that_was_proved_to_be_anothers_is_left_to_them() {
    let charity = Charity::new(&[ADMIN], &[]);
    for register in registers() {
        register.verify(&parse(BUDI_AT_WORK), DonorId(2), time("00:00")).unwrap();
        charity.say(&*register, BUDI, "HAPUS DATA", "01:00");
        charity.say(&*register, BUDI, "YA", "01:01");
        let done = charity.analytics.complete_erasure(&*register, 1, time("02:00")).unwrap();
        assert_eq!(done.iter().map(|notice| notice.to.as_str()).collect::<Vec<_>>(), [BUDI]);
        assert_eq!(charity.analytics.donor_of(&*register, &parse(BUDI_AT_WORK)).unwrap(), Some(DonorId(2)));
    }
}

#[test]
fn who_stops_on_one_number_is_left_alone_on_all() {
    let charity = Charity::new(&[ADMIN], &[]);
    for register in registers() {
        let register = &*register;
        assert_eq!(charity.recipients(register), all());
        charity.say(register, BUDI, "BERHENTI", "01:00");
        assert_eq!(charity.recipients(register), [(2, SITI.to_owned())]);
        // Answers still go to whoever asks, and a word for messages counts from the number that it came from.
        assert!(charity.say(register, BUDI_AT_WORK, "INFO", "01:30").answer.reply.is_some());
        charity.say(register, BUDI_AT_WORK, "MULAI", "02:00");
        assert_eq!(charity.recipients(register), [(1, BUDI_AT_WORK.to_owned()), (2, SITI.to_owned())]);
        charity.say(register, BUDI_AT_WORK, "BERHENTI", "03:00");
        charity.say(register, BUDI, "MULAI", "04:00");
        assert_eq!(charity.recipients(register), all());
    }
}

#[test]
fn a_word_that_was_overtaken_does_nothing() {
    let charity = Charity::new(&[ADMIN], &[]);
    for register in registers() {
        let register = &*register;
        charity.say(register, SITI, "BERHENTI", "02:00");
        let late = charity.say_late(register, SITI, "MULAI", "01:00", "02:05");
        assert!(late.answer.reply.is_none() && late.deeds.is_empty());
        assert_eq!(charity.recipients(register), [(1, BUDI.to_owned())]);
        assert_eq!(register.consents(&parse(SITI)).unwrap(), []);

        charity.say(register, SITI, "MULAI", "03:00");
        assert_eq!(charity.recipients(register), all());
        let late = charity.say_late(register, SITI, "BERHENTI", "02:30", "03:05");
        assert!(late.answer.reply.is_none() && late.deeds.is_empty());
        assert_eq!(charity.recipients(register), all());
        // In the order in which they were written, whatever the delay.
        charity.say_late(register, SITI, "BERHENTI", "03:10", "05:00");
        assert_eq!(charity.recipients(register), [(1, BUDI.to_owned())]);
        // A gateway whose clock runs ahead does not shut out what is written next.
        charity.say_late(register, SITI, "MULAI", "23:00", "06:00");
        charity.say(register, SITI, "BERHENTI", "06:01");
        assert_eq!(charity.recipients(register), [(1, BUDI.to_owned())]);
    }
}

#[test]
fn a_gift_that_was_typed_in_again_is_not_thanked_twice() {
    for register in registers() {
        let register = &*register;
        let charity = Charity::new(&[ADMIN], &[(1, 1, 19), (2, 2, 19)]);
        assert_eq!(charity.owed(register, TODAY), [1, 2]);
        charity.thank(register, TODAY);
        // Deleted and typed in again under another identity, with another day.
        charity.load(&[(7, 1, 18), (2, 2, 19)], TODAY);
        assert_eq!(charity.owed(register, TODAY), Vec::<u64>::new());
        // A second gift beside it is a gift.
        charity.load(&[(7, 1, 18), (2, 2, 19), (8, 1, 20), (9, 2, 19)], TODAY);
        assert_eq!(charity.owed(register, TODAY), [8, 9]);
        charity.thank(register, TODAY);
        assert_eq!(charity.owed(register, TODAY), Vec::<u64>::new());
        // Days later nothing of it is owed, and what is new is.
        let later = date(2026, 1, 26);
        charity.load(&[(7, 1, 18), (2, 2, 19), (8, 1, 20), (9, 2, 19), (10, 1, 26)], later);
        assert_eq!(charity.owed(register, later), [10]);
        assert_eq!(register.thanks(&[DonorId(1)], date(2026, 1, 20)).unwrap()[0].donation, DonationId(8));
    }
}

#[test]
fn a_greeting_that_is_not_wanted_any_more_is_taken_back() {
    for register in registers() {
        let register = &*register;
        let charity = Charity::new(&[ADMIN], &[(1, 1, 5)]);
        let drafts = register.draft(&[DonorId(1), DonorId(2)], time("01:00")).unwrap();
        let ids: Vec<u64> = drafts.iter().map(|greeting| greeting.id).collect();
        register.settle(&ids, CareState::Approved, time("02:00")).unwrap();
        let owed = |day: Date| -> Vec<u64> {
            let owed = charity.analytics.greetings_owed(register, day).unwrap();
            owed.iter().map(|(greeting, _)| greeting.donor.0).collect()
        };
        assert_eq!(owed(TODAY), [1, 2]);
        assert_eq!(owed(date(2026, 1, 24)), Vec::<u64>::new(), "the facts are old: the donors may have given since");
        // Donor 1 gives.
        charity.load(&[(1, 1, 5), (2, 1, 20)], TODAY);
        assert_eq!(owed(TODAY), [2]);
        let taken_back = charity.analytics.withdraw_greetings(register, TODAY, time("03:00")).unwrap();
        assert_eq!(taken_back.iter().map(|greeting| greeting.donor.0).collect::<Vec<_>>(), [1]);
        // Donor 2 cannot be reached for two weeks.
        charity.say(register, SITI, "BERHENTI", "04:00");
        assert_eq!(owed(TODAY), Vec::<u64>::new());
        let later = date(2026, 2, 3);
        charity.load(&[(1, 1, 5), (2, 1, 20)], later);
        assert!(charity.analytics.withdraw_greetings(register, later, time("05:00")).unwrap().is_empty());
        let later = date(2026, 2, 4);
        charity.load(&[(1, 1, 5), (2, 1, 20)], later);
        charity.say(register, SITI, "MULAI", "05:00");
        assert_eq!(owed(later), Vec::<u64>::new(), "an old approval is none");
        assert_eq!(charity.analytics.withdraw_greetings(register, later, time("05:00")).unwrap().len(), 1);
        let outcome = charity.analytics.care_outcome(register, date(2026, 6, 1)).unwrap();
        assert_eq!((outcome.greeted.of, outcome.not_greeted.of, outcome.waiting), (0, 0, 0));
    }
}

#[test]
fn what_came_of_greetings_counts_from_the_decision() {
    let register = registers().remove(1);
    let register = &*register;
    let charity = Charity::new(&[ADMIN], &[(1, 1, 5)]);
    let at = |day: &str| format!("2026-{day}T03:00:00Z").parse::<Timestamp>().unwrap();
    let drafts = register.draft(&[DonorId(1), DonorId(2)], at("01-06")).unwrap();
    register.settle(&[drafts[0].id], CareState::Approved, at("01-10")).unwrap();
    register.settle(&[drafts[0].id], CareState::Sent, at("01-10")).unwrap();
    register.settle(&[drafts[1].id], CareState::Rejected, at("01-10")).unwrap();
    // Both gave, one between the draft and the decision and one after it.
    charity.load(&[(1, 1, 5), (2, 1, 12), (3, 2, 8)], TODAY);
    let outcome = charity.analytics.care_outcome(register, date(2026, 3, 20)).unwrap();
    assert_eq!((outcome.greeted.gave, outcome.greeted.of), (1, 1));
    assert_eq!((outcome.not_greeted.gave, outcome.not_greeted.of), (0, 1));
    let early = charity.analytics.care_outcome(register, date(2026, 3, 10)).unwrap();
    assert_eq!(early.waiting, 2, "60 days from the decision");
}

#[test]
fn a_wish_to_be_erased_is_told_to_administrators_or_to_nobody() {
    for (administrators, told) in [(&[ADMIN][..], true), (&[], false)] {
        let charity = Charity::new(administrators, &[]);
        let register = registers().remove(0);
        charity.say(&*register, BUDI, "HAPUS DATA", "01:00");
        let spoken = charity.say(&*register, BUDI, "YA", "01:01");
        let reply = spoken.answer.reply.unwrap();
        assert!(reply.contains("kami catat (nomor 1)"), "{reply}");
        assert_eq!((reply.contains("pengurus"), spoken.owed.len()), (told, usize::from(told)), "{reply}");
    }
    // STATUS names what waits, and since when.
    let charity = Charity::new(&[ADMIN], &[]);
    let register = registers().remove(0);
    let status = || charity.say(&*register, ADMIN, "STATUS", "09:00").answer.reply.unwrap();
    assert!(!status().contains("hapus"));
    charity.say(&*register, BUDI, "HAPUS DATA", "01:00");
    assert!(!status().contains("hapus"), "nobody meant it yet");
    charity.say(&*register, BUDI, "YA", "01:01");
    assert!(status().contains("hapus data belum selesai: 1 (sejak 20 Jan 2026)"), "{}", status());
    charity.analytics.complete_erasure(&*register, 1, time("02:00")).unwrap();
    assert!(!status().contains("hapus"));
}

#[test]
fn a_code_expires_with_its_message() {
    let charity = Charity::new(&[ADMIN], &[]);
    let register = registers().remove(0);
    let spoken = charity.say(&*register, "6285700000001", &format!("DAFTAR {SITI}"), "01:00");
    assert_eq!((spoken.owed.len(), spoken.owed[0].expires), (1, Some(time("01:10"))));
    let draft = spoken.owed[0].clone().draft("fonnte", dermawan::outbox::Priority::Reply, "kabar");
    assert_eq!(draft.expires, Some(time("01:10")));
}
