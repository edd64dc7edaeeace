//! The server: the real program, a gateway over HTTP, webhooks over HTTP, and a process that is really killed.

#![allow(clippy::float_cmp, reason = "counts are whole numbers")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use serde_json::Value;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use support::server::{
    ADMIN, BUDI, DEVICE, Gateway, PATH, QUIET, SECRET, Server, configure, hook_of, message, request,
};
use support::{fail, program, succeed, text};
use tempfile::TempDir;

const STRANGER: &str = "6285700000009";
const ADMINISTRATOR: &str = "6281100000001";

/// A folder with a configuration and the facts of a made-up charity as of today.
fn charity(schedule: &str) -> (TempDir, Gateway) {
    let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
    configure(folder.path(), &gateway, schedule);
    succeed(program(folder.path()).args(["etl", "--sample"]));
    (folder, gateway)
}

/// A Sunday, the first of a month, at the hour of the report.
const FIRST: &str = "2026-02-01T08:00:00+07:00";

/// The same, as of the day of [`FIRST`].
fn charity_of_the_first(schedule: &str) -> (TempDir, Gateway) {
    let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
    configure(folder.path(), &gateway, schedule);
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", "2026-02-01"]));
    (folder, gateway)
}

fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[test]
fn a_question_is_answered_over_the_gateway() {
    let (folder, gateway) = charity(QUIET);
    let server = Server::start(folder.path());
    assert_eq!(server.hook(&message(BUDI, "INFO", 1)), 200);
    let sent = gateway.wait_for(1);
    assert_eq!(sent[0].0, BUDI);
    assert!(sent[0].1.contains("Rp 6.000.000"), "{}", sent[0].1);
    server.settle();
    // In the order in which they came, and the second hint is not said.
    for (n, word) in ["REKENING", "ANAK", "apa kabar", "apa kabar"].iter().enumerate() {
        assert_eq!(server.hook(&message(STRANGER, word, 10 + n as u64)), 200);
    }
    let sent = gateway.wait_for(4);
    assert!(sent[1].1.contains("REKENING DONASI"), "{sent:?}");
    assert!(sent[2].1.contains("anak"), "{sent:?}");
    server.settle();
    assert_eq!(gateway.accepted().len(), 4);
    assert_eq!(server.metric("dermawan_messages_settled_total{outcome=\"silent\"}"), 1);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0));
    for secret in [BUDI, STRANGER, "REKENING", "Budi", SECRET, ADMIN, PATH, "token-fonnte"] {
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
    }
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
}

/// Each forgery gets a status and not a word, leaves nothing in the inbox, and nothing goes out.
#[test]
fn forged_webhooks_disclose_and_change_nothing() {
    let (folder, gateway) = charity(QUIET);
    let server = Server::start(folder.path());
    let now = seconds();
    let post = |path: &str, body: &str| server.ask("POST", path, &[("Content-Type", "application/json")], body);
    let right = format!("/webhook/{PATH}");
    let hook = |from: &str, at: u64, secret: &str, device: &str| hook_of(device, from, "INFO", 7, at, secret);
    let mut without_secret: Value = serde_json::from_str(&message(BUDI, "INFO", 7)).unwrap();
    without_secret.as_object_mut().unwrap().remove("secret");
    let mut other_secrets: Value = without_secret.clone();
    other_secrets["secret"] = Value::Bool(true);
    let large = message(BUDI, &"x".repeat(70_000), 7);
    for (what, path, body, status) in [
        ("no secret", right.as_str(), without_secret.to_string(), 401),
        ("a secret of another type", &right, other_secrets.to_string(), 401),
        ("a wrong secret", &right, hook(BUDI, now, "rahasia-perangkat-0002", DEVICE), 401),
        ("an empty secret", &right, hook(BUDI, now, "", DEVICE), 401),
        ("another device", &right, hook(BUDI, now, SECRET, "6281100000098"), 403),
        ("an old timestamp", &right, hook(BUDI, now - 31 * 60, SECRET, DEVICE), 200),
        ("no JSON", &right, "INFO".into(), 400),
        ("too large", &right, large, 413),
        ("a wrong path", "/webhook/jalan-yang-tak-tertebak-2", message(BUDI, "INFO", 7), 404),
        ("no path", "/webhook", message(BUDI, "INFO", 7), 404),
        ("a path too far", &format!("{right}/x"), message(BUDI, "INFO", 7), 404),
        ("a group", &right, hook("6281234567890-1600000000@g.us", now, SECRET, DEVICE), 200),
        ("a broadcast", &right, hook("status@broadcast", now, SECRET, DEVICE), 200),
        ("a hidden identity made of the donor's digits", &right, hook("6281234567890@lid", now, SECRET, DEVICE), 200),
        ("the bot's own number", &right, hook(DEVICE, now, SECRET, DEVICE), 200),
    ] {
        let (found, answer) = post(path, &body);
        assert_eq!((found, answer.as_str()), (status, ""), "{what}");
    }
    assert_eq!(server.ask("GET", &right, &[], "").0, 405);
    server.settle();
    assert!(gateway.accepted().is_empty(), "{:?}", gateway.accepted());
    // The hidden identity's word only, to which nothing is said.
    assert_eq!(server.metric("dermawan_webhook_events_total{outcome=\"kept\"}"), 1);
    // Somebody who says to be the donor, from another telephone: the answer goes to the telephone that the gateway names,
    // and says nothing of the donor. Who makes the gateway say the donor's number gets nothing: it goes to the donor.
    assert_eq!(server.hook(&message(STRANGER, "INFO 6281234567890 Budi", 8)), 200);
    let sent = gateway.wait_for(1);
    assert_eq!(sent[0].0, STRANGER);
    assert!(!sent[0].1.contains("Budi") && !sent[0].1.contains("Rp"), "{}", sent[0].1);
    server.stop();
}

#[test]
fn sixteen_deliveries_give_one_reply() {
    let (folder, gateway) = charity(QUIET);
    let server = Server::start(folder.path());
    let same = message(BUDI, "INFO", 0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(server.hook(&same), 200));
        }
    });
    server.settle();
    gateway.wait_for(1);
    // after it was answered, and after the program was killed and started again
    assert_eq!(server.hook(&same), 200);
    server.settle();
    server.kill();
    let server = Server::start(folder.path());
    assert_eq!(server.hook(&same), 200);
    assert_eq!(server.hook(&message(BUDI, "REKENING", 0)), 200);
    let sent = gateway.wait_for(2);
    server.settle();
    server.stop();
    assert_eq!(gateway.accepted().len(), 2, "{sent:?}");
}

/// Killed again and again while webhooks come in from all sides: whatever was answered 200 is answered in the end, once.
#[test]
fn nothing_that_was_answered_200_is_lost_when_the_program_is_killed() {
    const ROUNDS: u64 = 5;
    const SENDERS: u64 = 8;
    let (folder, gateway) = charity(QUIET);
    let promised = Mutex::new(Vec::new());
    let tried = Mutex::new(0_u64);
    for round in 0..ROUNDS {
        let server = Server::start(folder.path());
        let address = server.address;
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for sender in 0..SENDERS {
                let (promised, tried, stop) = (&promised, &tried, &stop);
                scope.spawn(move || {
                    let mut n = 0;
                    while !stop.load(Ordering::Relaxed) {
                        n += 1;
                        // Each message comes from a number of its own, so that its reply can be told.
                        let from = format!("62857{round}{sender}{n:06}");
                        *tried.lock().unwrap() += 1;
                        let body = message(&from, "REKENING", 0);
                        let headers = [("Content-Type", "application/json")];
                        if let Ok((200, _)) = request(address, "POST", &format!("/webhook/{PATH}"), &headers, &body) {
                            promised.lock().unwrap().push(from);
                        }
                    }
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(300 + 70 * round));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
    }
    let promised = promised.into_inner().unwrap();
    assert!(promised.len() > 100, "{} of {} were taken", promised.len(), tried.into_inner().unwrap());
    let server = Server::start(folder.path());
    server.settle();
    let begin = std::time::Instant::now();
    while server.metric("dermawan_outbox_messages{lane=\"fonnte\",stage=\"queued\"}") > 0 {
        assert!(begin.elapsed().as_secs() < 300);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let unknown = server.metric("dermawan_outbox_messages{lane=\"fonnte\",stage=\"unknown\"}");
    server.stop();
    let sent = gateway.accepted();
    let mut numbers: Vec<&str> = sent.iter().map(|(to, _)| to.as_str()).collect();
    numbers.sort_unstable();
    let lost: Vec<&String> = promised.iter().filter(|from| numbers.binary_search(&from.as_str()).is_err()).collect();
    assert!(lost.is_empty(), "{} of {} are lost", lost.len(), promised.len());
    // A reply whose sending was cut off is tried once more by its policy, at most one for each kill.
    let all = numbers.len();
    numbers.dedup();
    assert!(all - numbers.len() <= ROUNDS as usize, "{} replies went out twice", all - numbers.len());
    assert!(unknown <= ROUNDS);
}

/// Opting out holds over a restart, and a batch that comes later passes the number over.
#[test]
fn who_says_stop_hears_no_more() {
    let (folder, gateway) = charity_of_the_first(QUIET);
    let server = Server::at(folder.path(), FIRST);
    assert_eq!(server.hook(&message(BUDI, "BERHENTI", 1)), 200);
    gateway.wait_for(1);
    server.settle();
    server.stop();
    configure(folder.path(), &gateway, &format!("{QUIET}{}", report(false)));
    let server = Server::at(folder.path(), FIRST);
    let queued = server.logged("reports are queued");
    let donors = queued["added"].as_u64().unwrap() as usize;
    let sent = gateway.wait_for(1 + donors);
    assert_eq!(sent.iter().filter(|(to, _)| to == BUDI).count(), 1, "the answer to the word, and nothing else");
    server.stop();
}

/// A schedule with the report.
fn report(test: bool) -> String {
    format!("report = true\nreport_test = {test}\n")
}

#[test]
fn a_missed_run_is_caught_up_once() {
    let plan = format!("alerts = false\nbrief_day = \"sunday\"\n{}", report(true));
    let (folder, gateway) = charity_of_the_first(&plan);
    // Their hours passed while nothing ran; in test mode the report goes to administrators only.
    let evening = "2026-02-01T19:00:00+07:00";
    let server = Server::at(folder.path(), evening);
    let sent = gateway.wait_for(2);
    assert!(sent.iter().all(|(to, _)| to == ADMINISTRATOR), "{sent:?}");
    server.kill();
    for _ in 0..2 {
        let server = Server::at(folder.path(), evening);
        server.quiet(folder.path());
        server.stop();
    }
    assert_eq!(gateway.accepted().len(), 2);
}

#[test]
fn the_monthly_report_reaches_every_verified_donor_once() {
    let (folder, gateway) = charity_of_the_first(&format!("{QUIET}{}", report(false)));
    let server = Server::at(folder.path(), FIRST);
    let queued = server.logged("reports are queued");
    let donors = queued["added"].as_u64().unwrap() as usize;
    assert!(donors > 50, "{queued}");
    // killed in the middle of the batch; the rest goes out at the next start, and nobody gets it twice
    gateway.wait_for(10);
    server.kill();
    let server = Server::at(folder.path(), FIRST);
    let begin = std::time::Instant::now();
    let stage = |stage: &str| server.metric(&format!("dermawan_outbox_messages{{lane=\"fonnte\",stage=\"{stage}\"}}"));
    while stage("queued") + stage("leased") + stage("sending") > 0 {
        assert!(begin.elapsed().as_secs() < 120);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let unknown = stage("unknown") as usize;
    server.stop();
    let mut numbers: Vec<String> = gateway.accepted().into_iter().map(|(to, _)| to).collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "somebody got it twice");
    assert!(unknown <= 1 && all <= donors && all + unknown >= donors, "{all} and {unknown} of {donors}");
}

#[test]
fn a_stop_ends_what_is_in_hand_and_gives_back_the_rest() {
    let (folder, gateway) = charity(QUIET);
    let server = Server::start(folder.path());
    assert_eq!(server.ask("GET", "/readyz", &[], "").0, 200);
    for n in 0..40 {
        assert_eq!(server.hook(&message(&format!("6285711{n:05}"), "REKENING", 0)), 200);
    }
    let address = server.address;
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("\"stopped\""), "{log}");
    assert!(request(address, "GET", "/healthz", &[], "").is_err(), "nobody listens any more");
    assert!(!folder.path().join("dermawan.duckdb.server").exists());
    let server = Server::start(folder.path());
    let sent = gateway.wait_for(40);
    server.settle();
    assert_eq!(sent.len(), 40);
    for stage in ["leased", "sending", "unknown", "dead"] {
        assert_eq!(server.metric(&format!("dermawan_outbox_messages{{lane=\"fonnte\",stage=\"{stage}\"}}")), 0);
    }
    server.stop();
}

#[test]
fn routes_want_the_token_and_have_the_keys() {
    let (folder, _gateway) = charity(QUIET);
    let server = Server::start(folder.path());
    let routes = [
        ("donations", &["predicted_amount", "historical_data", "confidence"][..]),
        ("cashflow", &["month", "predicted_income", "predicted_expense", "predicted_balance"]),
        ("churn", &["donor_id", "name", "risk_score", "days_since_last", "total_donations", "risk_level"]),
        ("segments", &["segments", "details"]),
        ("anomalies", &["category", "month", "amount", "expected_range", "deviation", "type", "severity"]),
        (
            "donor/1/ltv",
            &[
                "total_value",
                "total_donations",
                "average_donation",
                "months_active",
                "monthly_value",
                "donation_frequency",
            ],
        ),
    ];
    for (route, wanted) in routes {
        let path = format!("/api/predictions/{route}");
        let (status, body) = server.ask("GET", &path, &[], "");
        assert_eq!((status, body.as_str()), (401, ""), "{route}");
        let (status, body) = server.ask("GET", &path, &[("Authorization", &bearer(ADMIN))], "");
        assert_eq!(status, 200, "{route}: {body}");
        let found: Value = serde_json::from_str(&body).unwrap();
        let first = found.get(0).unwrap_or(&found);
        if found.as_array().is_none_or(|list| !list.is_empty()) {
            assert!(wanted.iter().all(|key| first.get(key).is_some()), "{route}: {first}");
        }
    }
    let (status, body) =
        server.ask("GET", "/api/predictions/donor/999999/ltv", &[("Authorization", &bearer(ADMIN))], "");
    assert_eq!(status, 404);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["code"], "not_found");
    let wrong = [bearer("kunci-pengurus-000002"), bearer(""), ADMIN.to_owned(), "Basic x".into()];
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.extend(wrong.iter().map(|token| server.ask("POST", "/api/etl", &[("Authorization", token)], "").0));
    }
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429), "guessing is slowed down");
    assert_eq!(
        server.ask("GET", "/api/status", &[("Authorization", &bearer(ADMIN))], "").0,
        200,
        "the right one still enters"
    );
    server.stop();
}

#[test]
fn the_command_line_asks_the_server_that_holds_the_file() {
    let (folder, _gateway) = charity(QUIET);
    let ask = |arguments: &[&str]| succeed(program(folder.path()).args(arguments));
    let questions = [&["analyse", "segments"][..], &["analyse", "--json", "churn", "--limit", "3"], &["analyse"]];
    let before: Vec<String> = questions.iter().map(|question| ask(question)).collect();
    let server = Server::start(folder.path());
    let while_it_serves: Vec<String> = questions.iter().map(|question| ask(question)).collect();
    assert_eq!(before, while_it_serves);
    let doctor = succeed(program(folder.path()).arg("doctor").env("DERMAWAN_FONNTE_TOKEN", "t"));
    assert!(doctor.contains("the server holds it"));
    // what it cannot do is said with the reason
    let output = fail(program(folder.path()).arg("etl").env("DERMAWAN_DATABASE_URL", "mysql://u@127.0.0.1:1/x"));
    assert!(text(&output.stderr).contains("no source is configured"), "{}", text(&output.stderr));
    is_private(&folder.path().join("dermawan.duckdb.server"));
    server.kill();
    // a note left behind misleads nobody
    assert_eq!(ask(questions[0]), before[0]);
}

#[cfg(unix)]
fn is_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn is_private(path: &Path) {
    assert!(path.is_file());
}

#[test]
fn it_does_not_start_open_to_strangers() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start();
    let file = configure(folder.path(), &gateway, QUIET);
    let with = |listen: &str, variables: &[(&str, &str)]| {
        let config = std::fs::read_to_string(&file).unwrap().replace("127.0.0.1:0", listen);
        std::fs::write(folder.path().join("public.toml"), config).unwrap();
        let output = fail(program(folder.path()).args(["serve", "--config", "public.toml"]).envs(variables.to_vec()));
        text(&output.stderr)
    };
    let token = ("DERMAWAN_FONNTE_TOKEN", "t");
    let path = ("DERMAWAN_WEBHOOK_TOKEN", PATH);
    let secret = ("DERMAWAN_WEBHOOK_SECRET", SECRET);
    assert!(with("0.0.0.0:0", &[token, secret]).contains("DERMAWAN_WEBHOOK_TOKEN is not set"));
    assert!(with("0.0.0.0:0", &[token, path]).contains("DERMAWAN_WEBHOOK_SECRET is not set"));
    assert!(with("[::]:0", &[token, path, secret]).contains("DERMAWAN_ADMIN_TOKEN is not set"));
    let short = with("127.0.0.1:0", &[token, ("DERMAWAN_ADMIN_TOKEN", "pendek")]);
    assert!(short.contains("DERMAWAN_ADMIN_TOKEN is too short") && !short.contains("pendek"), "{short}");
    assert!(with("127.0.0.1:0", &[]).contains("there is no token"));
    assert!(
        with("127.0.0.1:0", &[token, ("DERMAWAN_WEBHOOK_TOKEN", "ada spasi di dalamnya")]).contains("does not fit")
    );
}
