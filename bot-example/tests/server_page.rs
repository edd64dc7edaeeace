//! The administrators' page on the real server, over its real outbox and register.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::Number;
use dermawan::outbox::{Ask, Draft, Next, Outbox, Priority, Sqlite, Stage};
use jiff::{SignedDuration, Timestamp};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use support::server::{ADMIN, Gateway, QUIET, Server, configure};
use support::{program, succeed};

/// A browser: status, head and body of each answer, and the cookie that it was given.
struct Browser {
    address: SocketAddr,
    cookie: String,
}

impl Browser {
    fn ask(&self, method: &str, path: &str, form: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.cookie,
            form.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
    }

    fn page(&self) -> String {
        let (status, _, body) = self.ask("GET", "/", "");
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The token of the page's forms.
    fn token(&self) -> String {
        let page = self.page();
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    fn enter(address: SocketAddr) -> Self {
        let outside = Self { address, cookie: String::new() };
        let (status, head, _) = outside.ask("POST", "/masuk", &format!("kata_sandi={ADMIN}"));
        assert_eq!(status, 303, "{head}");
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        assert!(cookie.contains("httponly") && cookie.contains("samesite=strict"), "{cookie}");
        Self { address, cookie: cookie.split(';').next().unwrap().to_owned() }
    }
}

/// Puts messages in and leaves them as a server does that was killed while it sent them.
fn cut_off(outbox: &Sqlite, count: u64) {
    let now = Timestamp::now();
    for n in 0..count {
        let to = Number::parse(&format!("62812340000{n:02}")).unwrap();
        let draft = Draft::single(format!("uji:{n}"), "fonnte", Priority::Alert, "anomali", to, "uji");
        assert_eq!(outbox.put(&mut std::iter::once(draft), now).unwrap().added, 1);
    }
    for token in 0..count {
        let ask = Ask {
            lane: "fonnte".into(),
            holder: "server".into(),
            token,
            hold: SignedDuration::from_mins(5),
            quiet_until: None,
            reply_gap: SignedDuration::ZERO,
            gap: SignedDuration::ZERO,
            recipient_gap: SignedDuration::ZERO,
        };
        let Next::Message(leased) = outbox.lease(&ask, now).unwrap() else { panic!("nothing to lease") };
        assert!(outbox.mark_sending(&leased.ticket, now).unwrap());
    }
}

#[test]
fn what_administrators_decide_changes_outbox_and_register() {
    let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
    configure(folder.path(), &gateway, QUIET);
    succeed(program(folder.path()).args(["etl", "--sample"]));
    let outbox = Sqlite::open(folder.path().join("dermawan-outbox.sqlite")).unwrap();
    cut_off(&outbox, 3);
    let server = Server::start(folder.path());
    let stranger = Browser { address: server.address, cookie: String::new() };
    // Nothing without a session.
    let (status, head, body) = stranger.ask("GET", "/", "");
    assert_eq!((status, body.as_str()), (303, ""));
    assert!(head.contains("location: /masuk") && head.contains("style-src 'self'"), "{head}");
    assert_eq!(stranger.ask("GET", "/grafik/kas.svg", "").0, 403);
    assert_eq!(stranger.ask("POST", "/tindakan", "tindakan=buang&id=1").0, 303);

    let browser = Browser::enter(server.address);
    let page = browser.page();
    assert!(page.contains("belum pasti terkirim") && !page.contains("6281234000001"), "{page}");
    let stages = || [0, 1, 2].map(|n| outbox.find(&format!("uji:{n}")).unwrap().unwrap().stage);
    assert_eq!(stages(), [Stage::Unknown; 3]);
    let ids = [0, 1, 2].map(|n| outbox.find(&format!("uji:{n}")).unwrap().unwrap().id);
    // A form without the session's token changes nothing.
    for token in ["", "&csrf=", "&csrf=0000"] {
        assert_eq!(browser.ask("POST", "/tindakan", &format!("tindakan=buang&id={}{token}", ids[0])).0, 403);
    }
    assert_eq!(stages(), [Stage::Unknown; 3]);
    let token = browser.token();
    let act = |deed: &str| browser.ask("POST", "/tindakan", &format!("csrf={token}&{deed}")).0;
    assert_eq!(act(&format!("tindakan=terkirim&id={}", ids[0])), 303);
    assert_eq!(act(&format!("tindakan=buang&id={}", ids[1])), 303);
    assert_eq!(stages(), [Stage::Accepted, Stage::Dead, Stage::Unknown]);
    assert!(gateway.accepted().is_empty());
    assert_eq!(act(&format!("tindakan=ulangi&id={}", ids[2])), 303);
    let sent = gateway.wait_for(1);
    assert_eq!(sent[0].1, "uji");
    // Decided on already.
    assert_eq!(act(&format!("tindakan=terkirim&id={}", ids[1])), 409);
    assert_eq!(act("tindakan=ulangi&id=999999"), 404);

    // A greeting: drafted, read, approved, sent; another one declined.
    assert_eq!(act("tindakan=susun"), 303);
    let page = browser.page();
    let drafts: Vec<&str> =
        page.split("name=\"draf\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(drafts.len() > 1, "{page}");
    assert_eq!(gateway.accepted().len(), 1, "nothing goes out unapproved");
    assert_eq!(act(&format!("tindakan=setujui&draf={}", drafts[0])), 303);
    assert_eq!(gateway.wait_for(2).len(), 2);
    assert_eq!(act(&format!("tindakan=tolak&draf={}", drafts[1])), 303);
    assert_eq!(act(&format!("tindakan=setujui&draf={}", drafts[1])), 409, "declined");
    assert!(outbox.find(&format!("salam:{}", drafts[0])).unwrap().is_some());
    assert!(outbox.find(&format!("salam:{}", drafts[1])).unwrap().is_none());
    let left = browser.page().matches("name=\"draf\"").count();
    assert_eq!(left, drafts.len() - 2);

    // Guessing is limited; who is inside stays.
    let guesses: Vec<u16> = (0..7).map(|_| stranger.ask("POST", "/masuk", "kata_sandi=salah").0).collect();
    assert_eq!(guesses, [401, 401, 401, 401, 401, 429, 429]);
    browser.page();
    let log = server.log.lock().unwrap().clone();
    assert!(!log.contains("62812340000") && !log.contains(ADMIN), "{log}");
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_month_of_which_nothing_was_loaded_is_not_said_to_be_empty() {
    let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
    configure(folder.path(), &gateway, QUIET);
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", "2026-01-20"]));
    let server = Server::at(folder.path(), "2026-11-23T10:00:00+07:00");
    let page = Browser::enter(server.address).page();
    for said in [
        "Data sampai 20 Jan 2026, dimuat",
        "Bulan terakhir yang dimuat: Januari 2026",
        "Donasi sampai 20 Jan 2026",
        "Pengeluaran sampai 20 Jan 2026",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
    assert!(!page.contains("November 2026</h2>") && !page.contains("sampai hari ini"), "{page}");
    server.stop();
}

#[test]
fn messages_in_doubt_fill_more_than_one_page() {
    let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
    configure(folder.path(), &gateway, QUIET);
    succeed(program(folder.path()).args(["etl", "--sample"]));
    let outbox = Sqlite::open(folder.path().join("dermawan-outbox.sqlite")).unwrap();
    cut_off(&outbox, 53);
    let server = Server::start(folder.path());
    let browser = Browser::enter(server.address);
    let look = |path: &str| {
        let (status, _, page) = browser.ask("GET", path, "");
        assert_eq!(status, 200, "{page}");
        let next = page.split_once("/?sesudah=").map(|(_, rest)| rest.split('#').next().unwrap().to_owned());
        (page.matches("belum pasti terkirim").count(), next, page.contains("Dari awal"))
    };
    let (first, next, back) = look("/");
    assert_eq!((first, back), (50, false));
    let next = next.unwrap();
    let second = format!("/?sesudah={next}");
    assert_eq!(look(&second), (3, None, true));
    // What is decided on the second page leads back to it, and what nobody has to decide is not listed.
    let id = outbox.find("uji:51").unwrap().unwrap().id;
    let deed = format!("csrf={}&tindakan=buang&id={id}&sesudah={next}", browser.token());
    let (status, head, _) = browser.ask("POST", "/tindakan", &deed);
    assert!(status == 303 && head.contains(&format!("location: /?selesai=buang&sesudah={next}#pengiriman")), "{head}");
    assert_eq!(look(&second), (2, None, true));
    for odd in ["/?sesudah=", "/?sesudah=x", "/?sesudah=-1"] {
        assert_eq!(look(odd), (50, Some(next.clone()), false));
    }
    assert_eq!(look("/?sesudah=99999").0, 0);
    server.stop();
}
