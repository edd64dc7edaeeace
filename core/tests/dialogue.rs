//! Conversations: who says what, and what the bot replies.
#![allow(clippy::disallowed_methods, reason = "reads the expected messages")]
// The helpers below are tests too; clippy knows only functions marked so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dermawan::bot::{Command, Dialogue, Effect, Facts, Number, Sender, Session};
use dermawan::insight::{
    Anomaly, AnomalyDirection, AnomalyList, Brief, BriefFacts, CategoryAmount, DonorAtRisk, MonthlyReport, Outlook,
    OutlookMonth, RiskLevel, RiskList, RiskReason, Severity, Status, TableRows, UnusualEntry, brief,
};
use dermawan::message::Templates;
use dermawan::store::{Contact, DonorRecord};
use dermawan::{DonorId, Error, ErrorKind, Language, Month, MonthTotal, Organisation, Result, Rupiah, Table};
use jiff::civil::{Date, date};
use std::cell::RefCell;

const BUDI: &str = "6281234567890";
const SITI: &str = "6281234567891";
const BARU: &str = "6281234567892";
const ADMIN: &str = "6281234567899";
const STRANGER: &str = "6285700000000";

/// The facts of the message files, and what was asked of them.
#[derive(Default)]
struct Orphanage {
    asked: RefCell<Vec<&'static str>>,
    broken: bool,
}

impl Orphanage {
    fn ask<T>(&self, question: &'static str, fact: T) -> Result<T> {
        self.asked.borrow_mut().push(question);
        if self.broken {
            return Err(Error::new(ErrorKind::StoreDamaged, "the analytics file is damaged"));
        }
        Ok(fact)
    }
}

fn month(number: i8) -> Month {
    Month::new(2026, number).unwrap()
}

fn outlook() -> Outlook {
    let ahead = |number, income, balance| OutlookMonth {
        month: month(number),
        income: Rupiah::new(income),
        expense: Rupiah::new(5_500_000),
        balance: Rupiah::new(balance),
    };
    let months = vec![ahead(2, 6_200_000, 700_000), ahead(3, 6_400_000, 1_600_000)];
    Outlook { months, opening: Some(Rupiah::ZERO), ..Outlook::default() }
}

impl Facts for Orphanage {
    fn contact(&self, number: &Number) -> Result<Option<Contact>> {
        let contact = |id, verified| Some(Contact { donor: DonorId(id), verified });
        let known = match number.as_str() {
            BUDI => contact(1, true),
            SITI => contact(2, false),
            BARU => contact(3, true),
            _ => None,
        };
        self.ask("contact", known)
    }

    fn donor(&self, donor: DonorId) -> Result<Option<DonorRecord>> {
        let gave = donor == DonorId(1);
        let of = |rupiah| Rupiah::new(if gave { rupiah } else { 0 });
        let on = |day: Date| gave.then_some(day);
        let record = DonorRecord {
            id: donor,
            name: if gave { "Pak Budi" } else { "Bu *Baru*" }.into(),
            count: if gave { 12 } else { 0 },
            total: of(6_000_000),
            first: on(date(2025, 2, 15)),
            last: on(date(2026, 1, 15)),
            this_month: of(500_000),
            this_year: of(6_000_000),
        };
        self.ask("donor", Some(record))
    }

    fn monthly_report(&self) -> Result<MonthlyReport> {
        let line = |name: &str, rupiah| CategoryAmount { name: name.into(), amount: Rupiah::new(rupiah) };
        let categories = vec![line("Konsumsi", 3_000_000), line("Pendidikan", 1_500_000), line("Kesehatan", 1_000_000)];
        let (income, expense) = (Rupiah::new(6_000_000), Rupiah::new(5_500_000));
        self.ask("report", MonthlyReport { month: month(1), income, expense, categories, children: 25 })
    }

    fn outlook(&self) -> Result<Outlook> {
        self.ask("outlook", outlook())
    }

    fn children(&self) -> Result<u64> {
        self.ask("children", 25)
    }

    fn risks(&self) -> Result<RiskList> {
        let donor = |name: &str, score, level, days, reasons: &[RiskReason]| DonorAtRisk {
            name: name.into(),
            score,
            level,
            days_since_last: days,
            reasons: reasons.to_vec(),
            stake: None,
        };
        let none = RiskReason::RecentGifts { gifts: 0, months: 3 };
        let donors = vec![
            donor("Pak Hasan", 70.0, RiskLevel::Medium, 95, &[RiskReason::DaysSinceLast(95), none]),
            donor("Bu\n*Rina*", 100.0, RiskLevel::High, 1200, &[RiskReason::GiftsEver(1), none]),
        ];
        self.ask("risks", RiskList { total: 14, ..RiskList::ranked(donors, 10) })
    }

    fn anomalies(&self) -> Result<AnomalyList> {
        let anomaly = Anomaly {
            category: "Konsumsi".into(),
            month: month(1),
            amount: Rupiah::new(5_500_000),
            expected: (Rupiah::new(2_900_000), Rupiah::new(3_300_000)),
            direction: AnomalyDirection::Overspending,
            severity: Severity::High,
        };
        let below = Anomaly {
            category: String::new(),
            direction: AnomalyDirection::Underspending,
            severity: Severity::Medium,
            ..anomaly.clone()
        };
        let entry =
            UnusualEntry { category: "Kesehatan".into(), date: date(2026, 1, 9), amount: Rupiah::new(4_000_000) };
        self.ask(
            "anomalies",
            AnomalyList { categories: vec![anomaly, below], entries: vec![entry], ..AnomalyList::default() },
        )
    }

    fn brief(&self) -> Result<Brief> {
        let total = |number, rupiah| MonthTotal { month: month(number), total: Rupiah::new(rupiah), count: 1 };
        let mut outlook = outlook();
        outlook.months[1].balance = Rupiah::new(-250_000);
        let brief = brief(&BriefFacts {
            today: date(2026, 3, 10),
            data_as_of: Some(date(2026, 3, 8)),
            donations: &[total(1, 6_000_000), total(2, 4_500_000), total(3, 1_000_000)],
            expenses: &[],
            outlook: &outlook,
            at_risk: 14,
            anomalies: 0,
            quarantined: 1_200,
        });
        self.ask("brief", brief)
    }

    fn status(&self) -> Result<Status> {
        let tables = vec![
            TableRows { table: Table::Donors, rows: 20_000 },
            TableRows { table: Table::Donations, rows: 165_000 },
        ];
        self.ask("status", Status { as_of: Some(date(2026, 3, 8)), tables, ..Status::default() })
    }
}

/// A conversation on one phone: remembers the session between texts.
struct Chat<'a> {
    dialogue: Dialogue<'a>,
    facts: &'a Orphanage,
    from: Sender,
    session: Session,
    last: Option<(Option<Command>, Option<Effect>)>,
}

impl Chat<'_> {
    /// Says something and returns the reply; an error of the bot fails the test.
    #[track_caller]
    fn say(&mut self, text: &str) -> Option<String> {
        let answer = self.dialogue.answer(self.facts, &self.from, text, self.session);
        assert!(answer.error.is_none(), "{text}: {:?}", answer.error);
        self.session = answer.session;
        self.last = Some((answer.command, answer.effect));
        answer.reply
    }

    /// Says something that is answered.
    #[track_caller]
    fn ask(&mut self, text: &str) -> String {
        self.say(text).unwrap_or_else(|| panic!("no answer to {text:?}"))
    }

    fn effect(&self) -> Option<Effect> {
        self.last.and_then(|(_, effect)| effect)
    }
}

/// Runs a conversation from one number.
fn chat_in(language: Language, from: &str, facts: &Orphanage, script: impl FnOnce(&mut Chat<'_>)) {
    let organisation = Organisation { administrators: vec![ADMIN.into()], language, ..Organisation::default() };
    let templates = Templates::embedded(&organisation).unwrap();
    let own = Number::parse("6281200000000").unwrap();
    let dialogue = Dialogue::new(&organisation, &templates, Some(own)).unwrap();
    script(&mut Chat { dialogue, facts, from: Sender::read(from), session: Session::default(), last: None });
}

fn chat(from: &str, script: impl FnOnce(&mut Chat<'_>)) {
    chat_in(Language::Id, from, &Orphanage::default(), script);
}

/// A message file without its final newline.
fn file(name: &str) -> String {
    let path = format!("{}/testdata/messages/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().strip_suffix('\n').unwrap().to_owned()
}

#[test]
fn a_donor_reads_the_messages_of_the_files() {
    chat(BUDI, |chat| {
        for (text, name) in [
            ("INFO", "info"),
            ("donasi saya", "info"),
            ("Assalamualaikum, minta info donasi dong", "info"),
            ("DAMPAK", "dampak"),
            ("impact", "dampak"),
            ("LAPORAN", "laporan_bulanan"),
            ("kirim laporan", "laporan_bulanan"),
            ("report", "laporan_bulanan"),
            ("SALDO", "saldo"),
            ("prediksi", "saldo"),
        ] {
            assert_eq!(chat.ask(text), file(name), "{text}");
        }
    });
}

#[test]
fn anyone_may_ask_the_public_words() {
    for who in [STRANGER, SITI, BUDI, ADMIN, "819012345678"] {
        chat(who, |chat| {
            assert!(chat.ask("halo").starts_with(if who == BUDI { "Halo *Pak Budi*!" } else { "Halo! 👋" }));
            assert!(chat.ask("MENU").contains("*REKENING*"));
            assert!(chat.ask("REKENING").contains("REKENING DONASI"));
            assert!(chat.ask("CARA").contains("CARA BERDONASI"));
            assert!(chat.ask("ANAK").contains("*25 anak asuh*"));
            assert!(chat.ask("DAFTAR").contains("PENDAFTARAN"));
            assert_eq!(chat.effect(), Some(Effect::Register));
        });
    }
}

#[test]
fn an_unregistered_number_learns_how_to_register_and_sees_nothing() {
    let facts = Orphanage::default();
    chat_in(Language::Id, STRANGER, &facts, |chat| {
        for text in ["INFO", "DAMPAK", "LAPORAN", "SALDO", "DATA SAYA", "HAPUS DATA"] {
            let reply = chat.ask(text);
            assert!(reply.contains("*DAFTAR*") && !reply.contains("Rp"), "{text}: {reply}");
            assert_eq!(chat.effect(), None, "{text}");
        }
        assert!(chat.ask("qwerty").contains("*DAFTAR*"));
        assert_eq!(chat.say("qwerty lagi"), None);
    });
    assert!(facts.asked.borrow().iter().all(|&question| question == "contact"), "{:?}", facts.asked);
}

#[test]
fn an_unverified_number_sees_no_data() {
    let facts = Orphanage::default();
    chat_in(Language::Id, SITI, &facts, |chat| {
        for text in ["INFO", "DAMPAK", "LAPORAN", "SALDO", "DATA SAYA", "HAPUS DATA"] {
            let reply = chat.ask(text);
            assert!(reply.contains("belum terverifikasi") && !reply.contains("Rp"), "{text}: {reply}");
            assert_eq!(chat.effect(), None);
        }
    });
    assert!(facts.asked.borrow().iter().all(|&question| question == "contact"), "{:?}", facts.asked);
}

#[test]
fn a_donor_without_a_gift_reads_no_zeros() {
    chat(BARU, |chat| {
        for text in ["INFO", "DAMPAK"] {
            let reply = chat.ask(text);
            assert!(reply.contains("Belum ada donasi") && !reply.contains("Rp") && !reply.contains('0'), "{reply}");
        }
        assert!(chat.ask("hai").starts_with("Halo *Bu Baru*!"), "the name is cleaned");
    });
}

#[test]
fn an_unknown_text_gets_the_hint_once() {
    chat(BUDI, |chat| {
        assert!(chat.ask("lorem ipsum").contains("*MENU*"));
        assert_eq!(chat.say("dolor sit"), None);
        assert_eq!(chat.say("🙏🙏"), None);
        assert_eq!(chat.ask("INFO"), file("info"));
        assert!(chat.ask("lorem ipsum").contains("*MENU*"), "an understood word begins anew");
    });
}

#[test]
fn thanks_are_answered_once() {
    chat(BUDI, |chat| {
        let reply = chat.ask("terima kasih");
        assert!(reply.starts_with("Sama-sama") && !reply.contains("MENU"));
        assert_eq!(chat.say("terima kasih kembali"), None, "two bots would never end");
        assert_eq!(chat.ask("info"), file("info"));
        assert!(chat.say("makasih infonya").is_some());
    });
}

#[test]
fn groups_broadcasts_hidden_identities_and_the_bot_itself_are_ignored() {
    let facts = Orphanage::default();
    for from in [
        "120363025246125486@g.us",
        "6281234567890-1600000000@g.us",
        "status@broadcast",
        "6281234567890@lid",
        "6281200000000",
        "6281200000000:3@s.whatsapp.net",
        "",
    ] {
        chat_in(Language::Id, from, &facts, |chat| {
            for text in ["INFO", "halo", "BERHENTI", "xyz"] {
                assert_eq!(chat.say(text), None, "{from} {text}");
                assert_eq!((chat.effect(), chat.session), (None, Session::default()));
            }
        });
    }
    assert!(facts.asked.borrow().is_empty(), "nothing is looked up for them");
}

#[test]
fn what_needs_sending_is_handed_on_and_nothing_is_claimed() {
    let claims = ["berhasil", "sudah kami", "telah"];
    let expect = |chat: &mut Chat<'_>, text: &str, effect| {
        let reply = chat.ask(text);
        assert_eq!(chat.effect(), Some(effect), "{text}");
        assert!(reply.contains("pengurus") && !claims.iter().any(|claim| reply.contains(claim)), "{reply}");
    };
    chat(BUDI, |chat| {
        expect(chat, "BERHENTI", Effect::OptOut);
        expect(chat, "MULAI", Effect::OptIn);
        expect(chat, "DATA SAYA", Effect::ShowData(DonorId(1)));
        expect(chat, "HAPUS DATA", Effect::Erase(DonorId(1)));
    });
    chat(STRANGER, |chat| expect(chat, "stop", Effect::OptOut));
    chat(ADMIN, |chat| expect(chat, "KIRIM LAPORAN", Effect::SendReports));
}

#[test]
fn administrators_words_need_an_administrator() {
    for who in [BUDI, SITI, STRANGER] {
        chat(who, |chat| {
            for text in ["RISIKO", "ANOMALI", "STATUS", "RINGKASAN"] {
                let reply = chat.say(text).unwrap_or_default();
                assert!(
                    !reply.contains("Rina") && !reply.contains("Rp") && !reply.contains("20.000"),
                    "{text}: {reply}"
                );
            }
        });
    }
    chat(ADMIN, |chat| {
        assert_eq!(chat.ask("LAPORAN"), file("laporan_bulanan"), "the organisation's figures, donor or not");
        assert_eq!(chat.ask("SALDO"), file("saldo"));
        assert!(chat.ask("INFO").contains("belum terdaftar"), "but no donor's");
        insta::assert_snapshot!("risiko", chat.ask("RISIKO"));
        insta::assert_snapshot!("anomali", chat.ask("ANOMALI"));
        insta::assert_snapshot!("prediksi", chat.ask("PREDIKSI"));
        insta::assert_snapshot!("status", chat.ask("STATUS"));
        insta::assert_snapshot!("ringkasan", chat.ask("RINGKASAN"));
    });
}

#[test]
fn menus_show_what_the_asker_may_use() {
    chat(STRANGER, |chat| insta::assert_snapshot!("menu_stranger", chat.ask("menu")));
    chat(BUDI, |chat| insta::assert_snapshot!("menu_donor", chat.ask("menu")));
    chat(ADMIN, |chat| insta::assert_snapshot!("menu_administrator", chat.ask("menu")));
    chat_in(Language::En, BUDI, &Orphanage::default(), |chat| {
        insta::assert_snapshot!("menu_donor_en", chat.ask("menu"));
    });
}

#[test]
fn english_replies() {
    chat_in(Language::En, BUDI, &Orphanage::default(), |chat| {
        let texts = ["hello", "info", "impact", "report", "balance", "account", "how", "children", "thanks", "xyzzy"];
        insta::assert_snapshot!("english", texts.map(|text| format!("> {text}\n{}", chat.ask(text))).join("\n\n"));
    });
    chat_in(Language::En, ADMIN, &Orphanage::default(), |chat| {
        let texts = ["risk", "anomalies", "forecast", "status", "brief", "send reports"];
        insta::assert_snapshot!(
            "english_admin",
            texts.map(|text| format!("> {text}\n{}", chat.ask(text))).join("\n\n")
        );
    });
}

#[test]
fn a_fault_is_regretted_and_not_explained() {
    let organisation = Organisation { administrators: vec![ADMIN.into()], ..Organisation::default() };
    let templates = Templates::embedded(&organisation).unwrap();
    let dialogue = Dialogue::new(&organisation, &templates, None).unwrap();
    let facts = Orphanage { broken: true, ..Orphanage::default() };
    for (from, text) in [(BUDI, "INFO"), (BUDI, "ANAK"), (BUDI, "hm"), (ADMIN, "STATUS"), (ADMIN, "LAPORAN")] {
        let answer = dialogue.answer(&facts, &Sender::read(from), text, Session::default());
        assert_eq!(answer.error.map(|error| error.kind()), Some(ErrorKind::StoreDamaged), "{text}");
        let reply = answer.reply.unwrap();
        assert!(reply.contains("coba lagi nanti") && !reply.contains("damaged"), "{reply}");
        assert_eq!(answer.effect, None);
    }
    // What needs no facts works on.
    let answer = dialogue.answer(&facts, &Sender::read(BUDI), "BERHENTI", Session::default());
    assert_eq!((answer.effect, answer.error.is_none()), (Some(Effect::OptOut), true));
}

#[test]
fn facts_are_asked_only_when_needed() {
    for (text, questions) in [
        ("REKENING", &[][..]),
        ("terima kasih", &[]),
        ("BERHENTI", &[]),
        ("ANAK", &["children"]),
        ("INFO", &["contact", "donor"]),
        ("LAPORAN", &["contact", "report"]),
    ] {
        let facts = Orphanage::default();
        chat_in(Language::Id, BUDI, &facts, |chat| drop(chat.ask(text)));
        assert_eq!(*facts.asked.borrow(), questions, "{text}");
    }
}

#[test]
fn a_wrong_administrators_number_is_said_without_repeating_it() {
    let organisation = Organisation { administrators: vec!["62-halo".into()], ..Organisation::default() };
    let templates = Templates::embedded(&organisation).unwrap();
    let error = Dialogue::new(&organisation, &templates, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(!error.to_string().contains("62-halo"));
}
