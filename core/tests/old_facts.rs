//! Facts that end long before today: unknown months are not zeros, and nobody is written to because of them.
#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]

use dermawan::bot::Session;
use dermawan::churn::Method;
use dermawan::register::{CareState, Key, MemoryRegister, Options, Register};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::MemoryStore;
use dermawan::{Analytics, Month, Settings};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

const ADMIN: &str = "6281299999999";

fn sample() -> SampleOptions {
    SampleOptions { donors: 400, contacts: 60, donations: 5_000, expenses: 960, ..SampleOptions::demo() }
}

fn charity() -> Analytics {
    let mut settings = Settings { churn_method: Some(Method::Rule), ..Settings::default() };
    settings.organisation.administrators = vec![ADMIN.into()];
    settings.thanks.enabled = true;
    let analytics = Analytics::new(MemoryStore::new(), settings).unwrap();
    let mut source = SampleSource::new(Sample::new(sample()).unwrap());
    analytics.load(&mut source, sample().as_of, &mut |_| Ok(())).unwrap();
    analytics
}

/// Ten months after the load.
fn later() -> Date {
    sample().as_of + 10.months()
}

#[test]
fn no_analysis_looks_further_than_the_facts() {
    let (charity, loaded) = (charity(), sample().as_of);
    assert_eq!(charity.known_until(later()).unwrap(), loaded);
    assert_eq!(charity.known_until(loaded - 3.days()).unwrap(), loaded - 3.days());
    let forecast = charity.donation_forecast(later(), 3).unwrap();
    assert_eq!(forecast, charity.donation_forecast(loaded, 3).unwrap());
    assert_eq!(forecast.history.first + (forecast.history.values.len() as i32), Month::of(loaded));
    assert_eq!(charity.cash_flow(later()).unwrap(), charity.cash_flow(loaded).unwrap());
    assert_eq!(charity.risks(later()).unwrap(), charity.risks(loaded).unwrap());
    assert_eq!(charity.expense_anomalies(later()).unwrap(), charity.expense_anomalies(loaded).unwrap());
    assert_eq!(charity.donor_analyses(later()).unwrap(), charity.donor_analyses(loaded).unwrap());
}

#[test]
fn messages_name_the_day_at_which_old_facts_end() {
    let (charity, loaded) = (charity(), sample().as_of);
    let say = |word: &str, day| charity.reply(ADMIN, word, day, Session::default()).unwrap().reply.unwrap();
    let line = format!("_Data sampai {}_", dermawan::message::date(loaded, dermawan::Language::Id));
    for word in ["SALDO", "LAPORAN", "PREDIKSI", "RISIKO", "ANOMALI", "RINGKASAN"] {
        assert!(say(word, later()).ends_with(&line), "{word}");
        for fresh in [loaded, loaded + 2.days()] {
            assert!(!say(word, fresh).contains(&line), "{word}");
        }
        assert!(say(word, loaded + 3.days()).ends_with(&line), "{word}");
    }
    assert!(!say("REKENING", later()).contains(&line), "the account does not age");
}

#[test]
fn nobody_is_written_to_because_of_old_facts() {
    let (charity, loaded) = (charity(), sample().as_of);
    let register = MemoryRegister::new(Options::default(), Key::new([1; 32])).unwrap();
    let now = Timestamp::UNIX_EPOCH + 480_000.hours();
    assert_eq!(charity.draft_greetings(&register, later(), now).unwrap().total, 0);
    assert!(register.greetings(Some(CareState::Drafted)).unwrap().is_empty());
    assert!(charity.thanks_owed(&register, loaded + 3.days()).unwrap().is_empty());
    // The same facts, while they are fresh, do draft: the test could fail.
    assert!(charity.draft_greetings(&register, loaded, now).unwrap().total > 0);
}
