//! Senders with a hidden identity (`…@lid`): the real program, a gateway and webhooks over HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use support::server::{BUDI, Gateway, QUIET, Server, configure, message};
use support::{program, succeed};

/// Its digits are another donor's number.
const HIDDEN: &str = "6281234567891@lid";

/// The six digits that stand in a message.
fn code_in(text: &str) -> String {
    let mut words = text.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 6);
    words.next().unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}

#[test]
fn a_hidden_identity_proves_its_number_and_is_answered_there_only() {
    let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
    configure(folder.path(), &gateway, QUIET);
    succeed(program(folder.path()).args(["etl", "--sample"]));
    let server = Server::start(folder.path());
    let mut n = 0;
    let mut say = |text: &str| {
        n += 1;
        let hook = message(HIDDEN, text, n);
        // Delivered twice, as gateways do.
        assert_eq!((server.hook(&hook), server.hook(&hook)), (200, 200));
        server.settle();
    };
    // Nobody knows whose it is, so nothing is told, and nothing is changed.
    for text in ["INFO", "REKENING", "BERHENTI", "HAPUS DATA", "123456", "ya"] {
        say(text);
    }
    assert_eq!(gateway.accepted().len(), 0);
    server.logged("somebody whose number is hidden wants no more messages");
    // It may claim a number on file: the code goes there and nowhere else.
    say("DAFTAR 0812-3456-7890");
    let sent = gateway.wait_for(1);
    assert_eq!(sent[0].0, BUDI);
    let code = code_in(&sent[0].1);
    say(if code == "000000" { "000001" } else { "000000" });
    say("INFO");
    assert_eq!(gateway.accepted().len(), 1, "a wrong code proves nothing");
    say(&code);
    let sent = gateway.wait_for(2);
    assert_eq!(sent[1].0, BUDI);
    // From now on it is the number: also after a restart.
    server.stop();
    let server = Server::start(folder.path());
    assert_eq!(server.hook(&message(HIDDEN, "INFO", 100)), 200);
    let sent = gateway.wait_for(3);
    assert!(sent[2].0 == BUDI && sent[2].1.contains("Rp 6.000.000"), "{sent:?}");
    // A question of two steps, in which the conversation must be remembered.
    assert_eq!(server.hook(&message(HIDDEN, "HAPUS DATA", 101)), 200);
    server.settle();
    assert_eq!(server.hook(&message(HIDDEN, "ya", 102)), 200);
    server.settle();
    assert_eq!(server.hook(&message(HIDDEN, "BERHENTI", 103)), 200);
    server.settle();
    let said = gateway.wait_for(7);
    let asks = said.iter().filter(|(to, _)| to == BUDI).count();
    assert_eq!(asks, 6, "the seventh is the notice to the administrator: {said:?}");
    assert!(said.iter().all(|(to, _)| to != "6281234567891"), "its digits are no number: {said:?}");
    let (code, log) = server.stop();
    assert_eq!(code, Some(0));
    assert!(!log.contains("6281234567891") && !log.contains(BUDI), "{log}");
}

#[test]
fn a_flood_of_one_hidden_identity_is_held_back() {
    let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
    let file = configure(folder.path(), &gateway, QUIET);
    let text =
        std::fs::read_to_string(&file).unwrap().replace("messages_per_minute = 1000000", "messages_per_minute = 3");
    std::fs::write(&file, text).unwrap();
    succeed(program(folder.path()).args(["etl", "--sample"]));
    let server = Server::start(folder.path());
    for n in 0..10 {
        assert_eq!(server.hook(&message(HIDDEN, "123456", n + 1)), 200);
    }
    // Its words are answered 200 and not acted on; the number of the same digits is another sender.
    let flooded = server.metric("dermawan_webhook_events_total{outcome=\"flooded\"}");
    assert!((6..=7).contains(&flooded), "{flooded}");
    assert_eq!(server.hook(&message("6281234567891", "REKENING", 100)), 200);
    gateway.wait_for(1);
}
