//! The texts that donors read: equal to the files byte by byte, whole whatever the data, and replaceable.
#![allow(clippy::disallowed_methods, reason = "reads and writes templates")]
// The helpers below are tests too; clippy knows only functions marked so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dermawan::insight::{
    self, AnomalyList, BriefFacts, CategoryAmount, DonorInfo, Impact, MonthlyReport, NewLevel, Outlook, OutlookMonth,
    RamadanEffect, ShortfallRisk, impact,
};
use dermawan::message::{MenuLine, Message, Template, Templates};
use dermawan::{Direction, ErrorKind, Language, Month, Organisation, Rupiah, UnitCosts};
use jiff::civil::date;
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

static ORGANISATION: LazyLock<Organisation> = LazyLock::new(Organisation::default);
static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::embedded(&ORGANISATION).unwrap());

const TOTAL: Rupiah = Rupiah::new(6_000_000);

fn lifetime() -> Impact {
    impact(TOTAL, &UnitCosts::default())
}

fn info() -> DonorInfo {
    DonorInfo {
        total: TOTAL,
        count: 12,
        average: Rupiah::new(500_000),
        months_active: 12,
        first: date(2025, 2, 15),
        last: date(2026, 1, 15),
    }
}

fn report(names: [&str; 3]) -> MonthlyReport {
    let amounts = [3_000_000, 1_500_000, 1_000_000];
    let line = |(name, amount): (&str, i64)| CategoryAmount { name: name.into(), amount: Rupiah::new(amount) };
    MonthlyReport {
        month: Month::new(2026, 1).unwrap(),
        income: TOTAL,
        expense: Rupiah::new(5_500_000),
        categories: names.into_iter().zip(amounts).map(line).collect(),
        children: 25,
    }
}

const CATEGORIES: [&str; 3] = ["Konsumsi", "Pendidikan", "Kesehatan"];

fn outlook() -> Outlook {
    let first = Month::new(2026, 2).unwrap();
    let ahead = [(6_200_000, 700_000), (6_400_000, 1_600_000)];
    let months = ahead.into_iter().zip(0..).map(|((income, balance), i)| OutlookMonth {
        month: first + i,
        income: Rupiah::new(income),
        expense: Rupiah::new(5_500_000),
        balance: Rupiah::new(balance),
    });
    Outlook { months: months.collect(), ..Outlook::default() }
}

#[test]
fn ramadan_and_the_chance_of_a_shortfall_have_a_sentence() {
    let month = |number| Month::new(2026, number).unwrap();
    let told = Outlook {
        ramadan: vec![
            RamadanEffect { month: month(2), flow: Direction::Income, change: Rupiah::new(3_100_000) },
            RamadanEffect { month: month(3), flow: Direction::Expense, change: Rupiah::new(-250_000) },
        ],
        shortfall: Some(ShortfallRisk { month: month(3), chance: 0.348 }),
        ..outlook()
    };
    let english = Organisation { language: Language::En, ..Organisation::default() };
    let english = Templates::embedded(&english).unwrap();
    let facts = |outlook| BriefFacts {
        today: date(2026, 1, 20),
        data_as_of: None,
        donations: &[],
        expenses: &[],
        outlook,
        at_risk: 0,
        anomalies: 0,
        quarantined: 0,
    };
    let (silent, brief) = (outlook(), insight::brief(&facts(&told)));
    let quiet = insight::brief(&facts(&silent));
    for (message, without) in [
        (Message::Outlook(&told), Message::Outlook(&silent)),
        (Message::Forecast(&told), Message::Forecast(&silent)),
        (Message::Brief(&brief), Message::Brief(&quiet)),
    ] {
        let text = TEMPLATES.render(&message).unwrap();
        let told = "🌙 Ramadan dan Idul Fitri: pemasukan Feb 2026 diperkirakan Rp 3.100.000 lebih tinggi dari biasanya\n\
                    🌙 Ramadan dan Idul Fitri: pengeluaran Mar 2026 diperkirakan Rp 250.000 lebih rendah dari biasanya\n\
                    ⚠️ Peluang kas kurang pada akhir Mar 2026: sekitar 35%";
        assert!(text.contains(told), "{text}");
        let text = english.render(&message).unwrap();
        let told = "🌙 Ramadan and Idul Fitri: income in Feb 2026 expected Rp 3.100.000 higher than usual\n\
                    🌙 Ramadan and Idul Fitri: expenses in Mar 2026 expected Rp 250.000 lower than usual\n\
                    ⚠️ Chance of a shortfall at the end of Mar 2026: about 35%";
        assert!(text.contains(told), "{text}");
        let without = TEMPLATES.render(&without).unwrap();
        assert!(!without.contains("Ramadan") && !without.contains('%'), "{without}");
    }
}

#[test]
fn a_new_level_is_named_but_is_no_anomaly() {
    let level = |change| NewLevel { category: "Konsumsi".into(), month: Month::new(2025, 9).unwrap(), change };
    let list = AnomalyList { levels: vec![level(0.5), level(-0.25)], ..AnomalyList::default() };
    assert!(list.is_empty());
    let text = TEMPLATES.render(&Message::Anomalies(&list)).unwrap();
    assert!(text.contains("• Konsumsi: sejak Sep 2025 sekitar 50% lebih tinggi dari sebelumnya"), "{text}");
    assert!(text.contains("• Konsumsi: sejak Sep 2025 sekitar 25% lebih rendah dari sebelumnya"), "{text}");
    assert!(text.contains("Tidak ada anomali."), "{text}");
    let english = Organisation { language: Language::En, ..Organisation::default() };
    let text = Templates::embedded(&english).unwrap().render(&Message::Anomalies(&list)).unwrap();
    assert!(text.contains("since Sep 2025 about 50% higher than before"), "{text}");
    let nothing = TEMPLATES.render(&Message::Anomalies(&AnomalyList::default())).unwrap();
    assert!(!nothing.contains("Tingkat baru"), "{nothing}");
}

fn thank_you(name: &str) -> Message<'_> {
    Message::ThankYou { name, total: TOTAL, count: 12, impact: lifetime() }
}

fn impact_of(name: &str) -> Message<'_> {
    Message::Impact { name, this_month: Rupiah::new(500_000), this_year: TOTAL, impact: lifetime() }
}

#[track_caller]
fn equals_file(name: &str, message: &Message<'_>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/messages").join(format!("{name}.txt"));
    let file = std::fs::read(path).unwrap();
    let text = TEMPLATES.render(message).unwrap() + "\n";
    assert_eq!(text, String::from_utf8(file).unwrap(), "{name}");
}

#[test]
fn the_five_messages_equal_their_files() {
    equals_file("info", &Message::DonorInfo { name: "Pak Budi", info: Some(&info()) });
    equals_file("terima_kasih", &thank_you("Pak Budi"));
    equals_file("dampak", &impact_of("Pak Budi"));
    equals_file("saldo", &Message::Outlook(&outlook()));
    equals_file("laporan_bulanan", &Message::MonthlyReport { name: None, report: &report(CATEGORIES) });
}

#[test]
fn the_report_that_is_sent_begins_with_a_greeting() {
    let report = report(CATEGORIES);
    let plain = TEMPLATES.render(&Message::MonthlyReport { name: None, report: &report }).unwrap();
    let sent = TEMPLATES.render(&Message::MonthlyReport { name: Some("Pak Budi"), report: &report }).unwrap();
    assert_eq!(sent, format!("Halo *Pak Budi*! 🙏\n\n{plain}"));
}

#[test]
fn absent_facts_leave_no_line_and_no_gap() {
    let one_meal = impact(Rupiah::new(20_000), &UnitCosts::default());
    let little = Message::Impact {
        name: "Pak Budi",
        this_month: Rupiah::ZERO,
        this_year: Rupiah::new(20_000),
        impact: one_meal,
    };
    assert_eq!(
        TEMPLATES.render(&little).unwrap(),
        "🙏 Terima kasih *Pak Budi*!\n\n📊 Total Tahun Ini: Rp 20.000\n\n✨ *Dampak Donasi Anda:*\n\
         🍚 Membantu 1 porsi makan anak\n\nSemoga berkah! 🤲✨"
    );
    let nothing = Message::Impact {
        name: "Pak Budi",
        this_month: Rupiah::ZERO,
        this_year: Rupiah::ZERO,
        impact: Impact::default(),
    };
    assert_eq!(TEMPLATES.render(&nothing).unwrap(), "🙏 Terima kasih *Pak Budi*!\n\nSemoga berkah! 🤲✨");
    let quiet = MonthlyReport {
        income: Rupiah::ZERO,
        expense: Rupiah::ZERO,
        categories: vec![],
        children: 0,
        ..report(CATEGORIES)
    };
    let text = TEMPLATES.render(&Message::MonthlyReport { name: None, report: &quiet }).unwrap();
    assert!(!text.contains("Rp") && !text.contains("Rincian") && !text.contains(" 0 ") && !text.contains("\n\n\n"));
}

#[test]
fn a_bank_account_is_named_only_when_there_is_one() {
    assert!(!TEMPLATES.render(&Message::BankAccount).unwrap().contains("Nomor:"));
    let mut organisation = Organisation::default();
    organisation.bank_account.number = "7123456789".into();
    organisation.bank_account.bank = String::new();
    let text = Templates::embedded(&organisation).unwrap().render(&Message::BankAccount).unwrap();
    assert!(
        text.contains("\nNomor: 7123456789\nAtas nama: Panti Asuhan Assholihin\n") && !text.contains("Bank:"),
        "{text}"
    );
}

// ── values that came from people ──

/// Signs that format on WhatsApp or mean something to a gateway, counted, and the lines.
fn shape(text: &str) -> ([usize; 7], usize) {
    (['*', '_', '~', '`', '{', '}', '|'].map(|sign| text.matches(sign).count()), text.lines().count())
}

fn hostile() -> impl Strategy<Value = String> {
    let letters: Vec<char> =
        "*_~`{}|<>-•.:/@\\1aZ \n\r\t\u{b}\u{85}\u{2028}\u{2029}\u{200b}\u{200d}\u{202e}\u{feff}\u{301}\u{fe0f}👨م"
            .chars()
            .collect();
    proptest::collection::vec(proptest::sample::select(letters), 0..50).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_name_changes_formatting_or_lines(name in prop_oneof![any::<String>(), hostile()]) {
        let name = name.as_str();
        let (hostile, plain) = (report([name; 3]), report(["Budi"; 3]));
        let info = info();
        let menu = |text: &str| vec![MenuLine { word: text.into(), purpose: text.into() }];
        let (strange, usual) = (menu(name), menu("Budi"));
        for (with, without) in [
            (thank_you(name), thank_you("Budi")),
            (impact_of(name), impact_of("Budi")),
            (Message::DonorInfo { name, info: Some(&info) }, Message::DonorInfo { name: "Budi", info: Some(&info) }),
            (Message::Greeting { name: Some(name) }, Message::Greeting { name: Some("Budi") }),
            (
                Message::MonthlyReport { name: Some(name), report: &hostile },
                Message::MonthlyReport { name: Some("Budi"), report: &plain },
            ),
            (
                Message::Menu { anyone: &strange, donor: &strange, administrator: &strange },
                Message::Menu { anyone: &usual, donor: &usual, administrator: &usual },
            ),
        ] {
            let (with, without) = (TEMPLATES.render(&with).unwrap(), TEMPLATES.render(&without).unwrap());
            prop_assert_eq!(shape(&with), shape(&without), "{}", with);
            prop_assert!(!with.contains("://"));
        }
    }

    #[test]
    fn the_organisations_own_values_are_cleaned_too(name in hostile()) {
        let organisation = Organisation { name: name.clone(), place: name, ..Organisation::default() };
        let templates = Templates::embedded(&organisation).unwrap();
        for message in [Message::Registration, Message::Unregistered, Message::Greeting { name: None }] {
            let text = templates.render(&message).unwrap();
            prop_assert_eq!(shape(&text), shape(&TEMPLATES.render(&message).unwrap()), "{}", text);
        }
    }
}

// ── replaced templates ──

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The error of loading a folder with this one thank-you message.
#[track_caller]
fn refusal(source: &str) -> String {
    let folder = folder(&[("id/thank_you.txt", source)]);
    let error = Templates::from_folder(folder.path(), &ORGANISATION).expect_err(source);
    assert_eq!(error.kind(), ErrorKind::Template, "{error}");
    error.to_string()
}

#[test]
fn a_folder_replaces_what_it_holds_and_nothing_else() {
    let folder = folder(&[
        (
            "id/thank_you.txt",
            "\u{feff}Makasih {{ name | upper }}!\r\n{% if meals %}\r\n{{ meals }} porsi\r\n{% endif %}\r\n",
        ),
        ("en/thanks.txt", "not read: another language"),
        ("README.md", "notes"),
    ]);
    let templates = Templates::from_folder(folder.path(), &ORGANISATION).unwrap();
    assert_eq!(templates.render(&thank_you("Pak *Budi*")).unwrap(), "Makasih PAK BUDI!\n400 porsi");
    assert_eq!(templates.render(&impact_of("A")).unwrap(), TEMPLATES.render(&impact_of("A")).unwrap());
    let empty = tempfile::tempdir().unwrap();
    assert!(Templates::from_folder(empty.path(), &ORGANISATION).is_ok());
}

#[test]
fn an_unknown_variable_is_an_error_at_load_in_any_branch() {
    for source in [
        "a\nb\n{{ nama }}",
        "a\nb\n{% if meals %}{{ nama }}{% endif %}",
        "a\nb{% if meals %}x{% else %}\n{{ nama }}{% endif %}",
        "a\nb\n{% if nama %}x{% endif %}",
        "a\nb\n{{ meals if nama else count }}",
        "a\nb\n{% if not (meals and nama == count) %}x{% endif %}",
        "a\nb\n{{ nama | upper }}",
    ] {
        let error = refusal(source);
        for part in ["unknown variable `nama`", "thank_you.txt", "line: 3", "may use: name, total, count, meals"] {
            assert!(error.contains(part), "{source:?}: {error}");
        }
    }
}

#[test]
fn fields_of_rows_are_followed_too() {
    let load = |source| {
        let folder = folder(&[("id/outlook.txt", source)]);
        Templates::from_folder(folder.path(), &ORGANISATION).map_err(|error| error.to_string())
    };
    assert!(load("{% for m in months %}{{ loop.index }}. {{ m.month }}{% else %}kosong{% endfor %}").is_ok());
    let error = load("{% for m in months %}\n{{ m.bulan }}{% endfor %}").unwrap_err();
    assert!(
        error.contains("`bulan`") && error.contains("line: 2") && error.contains("a row has: month, income"),
        "{error}"
    );
    for (source, part) in [
        ("{{ months }}", "is a list"),
        ("{% for m in months %}{{ m }}{% endfor %}", "is a row"),
        ("{% for m in months %}{{ m.shortfall }}{% endfor %}", "is yes or no"),
        ("{% for m in months %}x{% endfor %}{{ m.month }}", "unknown variable `m`"),
        ("{% for m in opening %}x{% endfor %}", "is no list"),
        ("{% for m in months %}{{ loop.depth }}{% endfor %}", "`depth`"),
        ("{{ organisation.name }}", "`name`"),
    ] {
        let error = load(source).unwrap_err();
        assert!(error.contains(part), "{source}: {error}");
    }
}

#[test]
fn whatever_could_fail_at_sending_fails_at_loading() {
    for (source, part) in [
        ("a\n{% if meals %}", "line"),
        ("{{ name", "syntax error"),
        ("{{ meals }}", "the fact may be absent"),
        ("{{ total + 1 }}", "thank_you"),
        ("{{ name | replace('a', 'b') }}", "unknown filter `replace`"),
        ("{{ name() }}", "is not understood"),
        ("{{ name[0] }}", "is not understood"),
        ("{% set x = name %}{{ x }}", "only {{ … }}"),
        ("\n{% include 'menu' %}", "line: 2"),
        ("{% macro x() %}{% endmacro %}", "only {{ … }}"),
        ("  \n", "says nothing"),
    ] {
        let error = refusal(source);
        assert!(error.contains(part) && error.contains("thank_you.txt"), "{source}: {error}");
    }
}

#[test]
fn misplaced_files_are_not_passed_over() {
    for (path, part) in
        [("id/thankyou.txt", "the messages are: greeting, menu"), ("thank_you.txt", "folder of its language")]
    {
        let folder = folder(&[(path, "x")]);
        let error = Templates::from_folder(folder.path(), &ORGANISATION).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Template);
        assert!(error.to_string().contains(part), "{error}");
    }
    let gone = tempfile::tempdir().unwrap().path().join("gone");
    assert_eq!(Templates::from_folder(gone, &ORGANISATION).unwrap_err().kind(), ErrorKind::Io);
    let latin1 = tempfile::tempdir().unwrap();
    std::fs::create_dir(latin1.path().join("id")).unwrap();
    std::fs::write(latin1.path().join("id/hint.txt"), b"caf\xe9").unwrap();
    let error = Templates::from_folder(latin1.path(), &ORGANISATION).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Template);
    assert!(error.to_string().contains("not UTF-8"), "{error}");
    for (path, part) in [
        ("id/hint.TXT", "small letters"),
        ("in/hint.txt", "no wording of any language"),
        ("id/old/hint.txt", "no wording of any language"),
    ] {
        let folder = folder(&[]);
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
        let error = Templates::from_folder(folder.path(), &ORGANISATION).unwrap_err();
        assert!(error.kind() == ErrorKind::Template && error.to_string().contains(part), "{error}");
    }
}

#[test]
fn both_languages_word_every_message_alike() {
    let english = Templates::embedded(&Organisation { language: Language::En, ..Organisation::default() }).unwrap();
    let info = info();
    for message in [
        thank_you("Budi"),
        impact_of("Budi"),
        Message::DonorInfo { name: "Budi", info: Some(&info) },
        Message::DonorInfo { name: "Budi", info: None },
        Message::BankAccount,
        Message::HowToGive,
        Message::Trouble,
    ] {
        let (id, en) = (TEMPLATES.render(&message).unwrap(), english.render(&message).unwrap());
        assert_ne!(id, en);
        assert_eq!(id.lines().count(), en.lines().count(), "{id}\n---\n{en}");
        let amounts = |text: &str| text.matches("Rp ").count();
        assert_eq!(amounts(&id), amounts(&en));
    }
}

#[test]
fn templates_are_found_by_name() {
    for &template in Template::ALL {
        assert_eq!(Template::named(template.name()), Some(template));
        assert!(template.variables().contains(&"organisation".to_owned()));
    }
    assert!(Template::Outlook.variables().contains(&"months.balance".to_owned()));
    assert_eq!(Template::named("thankyou"), None);
}
