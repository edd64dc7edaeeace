//! What the schedule owes to donors and administrators, through the whole server: the real program on a clock of the
//! test's, a real MariaDB where gifts arrive, and the stand-in as the gateway.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::Table;
use dermawan::outbox::{Cause, Filter, Outbox, Stage};
use dermawan::sample::{SESSION, Sample, SampleOptions};
use dermawan_testbed::{MariaDb, Schema};
use mysql::prelude::Queryable;
use support::server::{BUDI, PASSWORD, QUIET, Server, configure_for, open_outbox};
use support::stand_in::{StandIn, Taken};
use support::{program, succeed};
use tempfile::TempDir;

const ADMINISTRATOR: &str = "6281100000001";

/// A folder with the facts of the sample as of a day, and the stand-in.
fn charity(day: &str, schedule: &str) -> (TempDir, StandIn) {
    let folder = tempfile::tempdir().unwrap();
    let gateway = StandIn::start(folder.path(), &["--quota", "100000"]);
    configure_for(folder.path(), &gateway.address.to_string(), schedule);
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", day]));
    (folder, gateway)
}

/// Puts something else into the configuration.
fn change(folder: &TempDir, from: &str, to: &str) {
    let file = folder.path().join("dermawan.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

/// Starts at a time, waits until all that is due is done and sent, and stops; what the gateway took meanwhile.
fn run_at(folder: &TempDir, gateway: &StandIn, time: &str) -> Vec<Taken> {
    let before = gateway.taken().len();
    let server = Server::at(folder.path(), time);
    server.quiet(folder.path());
    server.stop();
    gateway.taken().split_off(before)
}

/// Numbers that heard something.
fn heard(taken: &[Taken]) -> Vec<&str> {
    taken.iter().map(|taken| taken.to.as_str()).collect()
}

/// A charity in MariaDB, with loads and thanks every quarter of an hour.
fn panti(name: &str, more: &str) -> (&'static MariaDb, TempDir, StandIn) {
    let server = MariaDb::shared().unwrap();
    server.create_database(name).unwrap();
    server.create_schema(name, Schema::Current).unwrap();
    let size = SampleOptions { donors: 60, donations: 1_200, contacts: 40, expenses: 960, ..SampleOptions::demo() };
    let sample = Sample::new(size).unwrap();
    let mut connection = server.connection(Some(name)).unwrap();
    for statement in SESSION {
        connection.query_drop(statement).unwrap();
    }
    for statement in Table::ALL.into_iter().flat_map(|table| sample.statements(table)) {
        connection.query_drop(statement).unwrap();
    }
    server.create_user(name, PASSWORD, &[&format!("SELECT ON {name}.*")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let gateway = StandIn::start(folder.path(), &["--quota", "100000"]);
    let schedule = format!(
        "{more}load_every_minutes = 15\n[database]\nport = {}\nuser = \"{name}\"\ndatabase = \"{name}\"\n",
        server.port()
    );
    configure_for(folder.path(), &gateway.address.to_string(), &schedule);
    (server, folder, gateway)
}

/// A gift of the sample's last day, typed in by hand.
fn give(server: &MariaDb, name: &str, id: u64, donor: &str, order: &str, at: &str) {
    let sql = format!(
        "INSERT INTO {name}.donasi (id_donasi, order_id, type_donasi, id_donatur, jumlah, tanggal_catat, created_at, \
         updated_at) VALUES ({id}, {order}, 'DONATUR_TETAP', {donor}, 150000, '2026-01-20', '{at}', '{at}')"
    );
    server.execute(&sql).unwrap();
}

#[test]
fn a_new_gift_is_thanked_once_and_by_day() {
    let name = "panti_thanks";
    let (database, folder, gateway) = panti(name, QUIET);
    change(&folder, "[database]", "[thanks]\nenabled = true\n[database]");
    let one = |sql: &str| database.value(&sql.replace('$', &format!("{name}."))).unwrap().unwrap();
    let verified = |n: u32| {
        one(&format!(
            "SELECT id_donatur FROM $donatur_whatsapp WHERE is_verified = 1 AND id_donatur > 1 ORDER BY id LIMIT {n}, 1"
        ))
    };
    let (out, later, night) = (verified(0), verified(1), verified(2));
    let unverified = one("SELECT id_donatur FROM $donatur_whatsapp WHERE is_verified = 0 AND id_donatur > 1 LIMIT 1");
    let number = |donor: &str| {
        let text = one(&format!("SELECT whatsapp_number FROM $donatur_whatsapp WHERE id_donatur = {donor}"));
        dermawan::Number::parse(&text).unwrap().as_str().to_owned()
    };
    // What the sample's last week owes is thanked at the first look; one of those who hear it wants no more.
    let server = Server::at(folder.path(), "2026-01-20T10:00:00+07:00");
    gateway.tell(&server);
    server.quiet(folder.path());
    let thanked = gateway.taken().len();
    gateway.say(&number(&out), "BERHENTI", "2026-01-20T10:00:05+07:00");
    gateway.wait_for(thanked + 1);
    server.quiet(folder.path());
    server.stop();
    assert_eq!(run_at(&folder, &gateway, "2026-01-20T10:16:00+07:00"), [], "nobody is thanked twice");

    give(database, name, 900_001, "1", "NULL", "2026-01-20 10:20:00");
    give(database, name, 900_002, &out, "NULL", "2026-01-20 10:20:00");
    give(database, name, 900_003, &unverified, "NULL", "2026-01-20 10:20:00");
    give(database, name, 900_004, &later, "'order-900004'", "2026-01-20 10:20:00");
    give(database, name, 900_005, "NULL", "NULL", "2026-01-20 10:20:00");
    let taken = run_at(&folder, &gateway, "2026-01-20T10:31:00+07:00");
    assert_eq!(heard(&taken), [BUDI], "not the opted-out, the unverified, the unpaid or the one without a name");
    assert!(taken[0].text.contains("Terima kasih") && taken[0].text.contains("Pak Budi"), "{}", taken[0].text);

    // Corrected, deleted, typed in again: thanked already.
    let at = "updated_at = '2026-01-20 10:40:00'";
    database.execute(&format!("UPDATE {name}.donasi SET jumlah = 250000, {at} WHERE id_donasi = 900001")).unwrap();
    assert_eq!(run_at(&folder, &gateway, "2026-01-20T10:46:00+07:00"), []);
    database.execute(&format!("DELETE FROM {name}.donasi WHERE id_donasi = 900001")).unwrap();
    assert_eq!(run_at(&folder, &gateway, "2026-01-20T11:01:00+07:00"), []);
    give(database, name, 900_001, "1", "NULL", "2026-01-20 11:05:00");
    assert_eq!(run_at(&folder, &gateway, "2026-01-20T11:16:00+07:00"), []);
    // Paid at the payment gateway: now it is received.
    let paid = "status_pembayaran = 'settlement', updated_at = '2026-01-20 11:20:00'";
    database.execute(&format!("UPDATE {name}.donasi SET {paid} WHERE id_donasi = 900004")).unwrap();
    assert_eq!(heard(&run_at(&folder, &gateway, "2026-01-20T11:31:00+07:00")), [number(&later)]);

    // At night it waits in the outbox, whatever becomes of the program.
    change(&folder, "from = \"00:00\", to = \"00:00\"", "from = \"21:00\", to = \"06:00\"");
    give(database, name, 900_006, &night, "NULL", "2026-01-20 21:20:00");
    let before = gateway.taken().len();
    let server = Server::at(folder.path(), "2026-01-20T21:31:00+07:00");
    server.looked();
    let outbox = open_outbox(folder.path());
    let entry = outbox.find("terima_kasih:900006").unwrap().unwrap();
    assert_eq!((entry.stage, entry.kind.as_str()), (Stage::Queued, "terima_kasih"));
    server.kill();
    let server = Server::at(folder.path(), "2026-01-21T05:58:00+07:00");
    server.looked();
    assert_eq!(outbox.counts(None).unwrap().queued, 1);
    server.stop();
    assert_eq!(gateway.taken().len(), before, "quiet hours");
    assert_eq!(heard(&run_at(&folder, &gateway, "2026-01-21T06:01:00+07:00")), [number(&night)]);
    assert_eq!(run_at(&folder, &gateway, "2026-01-21T06:31:00+07:00"), []);
}

#[test]
fn administrators_are_warned_once_of_each_thing() {
    let name = "panti_alerts";
    let (database, folder, gateway) = panti(name, "brief_day = \"tuesday\"\n");
    database.execute(&format!("UPDATE {name}.kas SET saldo = 0, updated_at = '2026-01-20 01:00:00'")).unwrap();
    // 2026-01-20 is a Tuesday.
    let taken = run_at(&folder, &gateway, "2026-01-20T07:05:00+07:00");
    assert!(taken.iter().all(|taken| taken.to == ADMINISTRATOR), "{taken:?}");
    let outbox = open_outbox(folder.path());
    let all = outbox.list(&Filter::default()).unwrap();
    let of = |kind: &str| all.iter().filter(|entry| entry.kind == kind).count();
    assert_eq!((of("ringkasan"), of("kekurangan")), (1, 1), "{all:?}");
    assert!(of("anomali") >= 1, "the sample has some: {all:?}");
    assert_eq!(taken.len(), all.len());
    // Killed, started again, and with another administrator in front of the first, who alone hears what there is.
    Server::at(folder.path(), "2026-01-20T07:06:00+07:00").kill();
    change(&folder, "[\"6281100000001\"]", "[\"6281100000002\", \"6281100000001\"]");
    let taken = run_at(&folder, &gateway, "2026-01-21T07:05:00+07:00");
    assert!(taken.iter().all(|taken| taken.to == "6281100000002"), "{taken:?}");
    assert_eq!(taken.len(), of("anomali") + of("kekurangan"));
    assert_eq!(run_at(&folder, &gateway, "2026-01-22T07:05:00+07:00"), []);
    // A new anomaly, and only that.
    let category = "(SELECT id_kategori FROM (SELECT id_kategori, count(*) n FROM $transaksi_kas WHERE \
         jenis_transaksi = 'KELUAR' GROUP BY id_kategori ORDER BY n DESC LIMIT 1) most)";
    let sql = format!(
        "INSERT INTO $transaksi_kas (id_kas, id_kategori, jenis_transaksi, nominal, tanggal, created_at, updated_at) \
         SELECT min(id_kas), {category}, 'KELUAR', 90000000, '2026-01-22', '2026-01-22 09:00:00', \
         '2026-01-22 09:00:00' FROM $kas"
    );
    database.execute(&sql.replace('$', &format!("{name}."))).unwrap();
    let taken = run_at(&folder, &gateway, "2026-02-02T07:05:00+07:00");
    let told = |taken: &[Taken]| taken.iter().filter(|taken| taken.text.contains("Jan 2026: Rp 91.164.000")).count();
    assert_eq!(told(&taken), 2, "each administrator once: {taken:?}");
    let fresh = outbox.list(&Filter::default()).unwrap().split_off(all.len() * 2 - 1);
    assert!(fresh.iter().any(|entry| entry.kind == "anomali"), "{fresh:?}");
    assert_eq!(told(&run_at(&folder, &gateway, "2026-02-03T07:05:00+07:00")), 0);
}

#[test]
fn greetings_go_out_with_an_administrators_word_only() {
    let plan = "brief = false\nalerts = false\ngreetings = true\ngreetings_most = 4\n";
    let (folder, gateway) = charity("2026-01-20", plan);
    // The Monday after, with facts of the Tuesday before: whom they call silent may have given since.
    assert_eq!(run_at(&folder, &gateway, "2026-01-26T07:05:00+07:00"), []);
    let (folder, gateway) = charity("2026-01-26", plan);
    let monday = "2026-01-26T07:30:00+07:00";
    let taken = run_at(&folder, &gateway, monday);
    assert_eq!(heard(&taken), [ADMINISTRATOR], "the list, and nothing to a donor");
    let numbers: Vec<u64> = taken[0].text.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect();
    assert_eq!(numbers.len(), 4, "{}", taken[0].text);
    assert_eq!(run_at(&folder, &gateway, "2026-01-26T09:00:00+07:00"), [], "once a week");

    let server = Server::at(folder.path(), "2026-01-26T09:30:00+07:00");
    gateway.tell(&server);
    let say = |from: &str, text: String| {
        let before = gateway.taken().len();
        gateway.say(from, &text, "2026-01-26T09:31:00+07:00");
        gateway.wait_for(before + 1);
        server.quiet(folder.path());
        gateway.taken().split_off(before)
    };
    // A donor cannot approve.
    assert_eq!(heard(&say(BUDI, format!("SETUJU {}", numbers[0]))), [BUDI]);
    let taken = say(ADMINISTRATOR, format!("TOLAK {}", numbers[1]));
    assert_eq!(heard(&taken), [ADMINISTRATOR]);
    let taken = say(ADMINISTRATOR, format!("SETUJU {}", numbers[0]));
    assert_eq!(taken.len(), 2, "{taken:?}");
    let greeting = taken.iter().find(|taken| taken.to != ADMINISTRATOR).unwrap();
    assert!(greeting.text.contains("Salam hangat") && !greeting.text.contains("Rp"), "{}", greeting.text);
    // Again, and what was rejected: nothing.
    let taken = say(ADMINISTRATOR, format!("SETUJU {} , {}", numbers[0], numbers[1]));
    assert_eq!(heard(&taken), [ADMINISTRATOR]);
    server.kill();
    assert_eq!(run_at(&folder, &gateway, "2026-01-27T09:30:00+07:00"), []);
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", "2026-02-02"]));
    // The week after, four more at most, and none of those of this week.
    let taken = run_at(&folder, &gateway, "2026-02-02T07:31:00+07:00");
    assert_eq!(heard(&taken), [ADMINISTRATOR]);
    let next: Vec<u64> = taken[0].text.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect();
    assert!(next.len() <= 6 && !next.contains(&numbers[0]) && !next.contains(&numbers[1]), "{next:?}");
    let sent = open_outbox(folder.path()).list(&Filter { kind: Some("salam".into()), ..Filter::default() }).unwrap();
    assert_eq!(sent.len(), 1, "{sent:?}");
}

#[test]
fn a_dry_run_reaches_administrators_only_and_uses_nothing_up() {
    let plan = "alerts = false\nbrief = false\nreport = true\nreport_test = false\n";
    let (folder, gateway) = charity("2026-02-01", plan);
    change(&folder, "kind = \"fonnte\"", "kind = \"fonnte\"\ndry_run = true");
    let server = Server::at(folder.path(), "2026-02-01T08:00:00+07:00");
    gateway.tell(&server);
    let queued = server.logged("reports are queued")["added"].as_u64().unwrap();
    assert!(queued > 50);
    gateway.say(BUDI, "INFO", "2026-02-01T08:00:00+07:00");
    gateway.say(ADMINISTRATOR, "STATUS", "2026-02-01T08:00:00+07:00");
    gateway.wait_for(1);
    server.quiet(folder.path());
    server.stop();
    assert_eq!(heard(&gateway.taken()), [ADMINISTRATOR]);
    // For good on the same day: everybody gets the report that nobody got.
    change(&folder, "dry_run = true", "dry_run = false");
    let taken = run_at(&folder, &gateway, "2026-02-01T09:00:00+07:00");
    assert_eq!(taken.len() as u64, queued);
    assert!(heard(&taken).contains(&BUDI));
    assert_eq!(run_at(&folder, &gateway, "2026-02-01T09:30:00+07:00"), []);
}

#[test]
fn the_report_has_its_picture_where_the_plan_says_so() {
    let plan = "alerts = false\nbrief = false\nreport = true\nreport_test = true\nreport_picture = true\n";
    let (folder, gateway) = charity("2026-02-01", plan);
    let taken = run_at(&folder, &gateway, "2026-02-01T08:00:00+07:00");
    assert_eq!(heard(&taken), [ADMINISTRATOR]);
    assert!(taken[0].picture.is_some_and(|bytes| (5_000..4_000_000).contains(&bytes)), "{taken:?}");
    change(&folder, "report_test = true", "report_test = false");
    let taken = run_at(&folder, &gateway, "2026-02-01T08:30:00+07:00");
    assert!(taken.len() > 50 && taken.iter().all(|taken| taken.picture.is_some()));
    let budi = taken.iter().find(|taken| taken.to == BUDI).unwrap();
    assert!(budi.text.starts_with("Halo *Pak Budi*! 🙏\n\n"), "{}", budi.text);
    // A gateway that cannot send pictures gets the text alone.
    let (folder, gateway) = charity("2026-02-01", plan);
    change(&folder, "device = ", "pictures = false\ndevice = ");
    let taken = run_at(&folder, &gateway, "2026-02-01T08:00:00+07:00");
    assert_eq!((heard(&taken), taken[0].picture), (vec![ADMINISTRATOR], None));
}

#[test]
fn the_clock_of_a_trial_reaches_nobody() {
    let folder = tempfile::tempdir().unwrap();
    configure_for(folder.path(), "127.0.0.1:9", QUIET);
    change(&folder, "http://127.0.0.1:9", "https://api.fonnte.com");
    let mut command = program(folder.path());
    command.args(["serve", "--clock", "2026-02-01T08:00:00+07:00"]).env("DERMAWAN_FONNTE_TOKEN", "t");
    let output = support::fail(&mut command);
    assert!(support::text(&output.stderr).contains("the gateway reaches people"));
}

/// The reason of a message that does not go out is a stable code, for programs, in the list and in what is shown.
#[test]
fn reasons_have_codes() {
    let (folder, gateway) = charity("2026-01-20", QUIET);
    gateway.fault(&serde_json::json!({"fault": {"kind": "reason", "reason": "target invalid"}}));
    let server = Server::at(folder.path(), "2026-01-20T10:00:00+07:00");
    gateway.tell(&server);
    gateway.say(BUDI, "REKENING", "2026-01-20T10:00:00+07:00");
    let outbox = open_outbox(folder.path());
    server.until("the message is dead", || outbox.counts(None).unwrap().dead == 1);
    let entry = outbox.list(&Filter::stage(Stage::Dead)).unwrap().remove(0);
    assert_eq!((entry.cause, entry.reason.as_deref()), (Some(Cause::Recipient), Some("recipient: target invalid")));
    let shown = succeed(program(folder.path()).args(["outbox", "show", &entry.id.to_string(), "--json"]));
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["cause"], "recipient");
    let listed = succeed(program(folder.path()).args(["outbox", "list"]));
    assert!(listed.contains("cause") && listed.contains("recipient: target invalid"), "{listed}");
    server.stop();
}

#[test]
fn an_ordered_report_needs_facts_of_its_month() {
    let (folder, gateway) = charity("2026-01-20", "brief = false\nalerts = false\n");
    let server = Server::at(folder.path(), "2026-03-05T10:00:00+07:00");
    gateway.tell(&server);
    gateway.say(ADMINISTRATOR, "KIRIM LAPORAN", "2026-03-05T10:00:01+07:00");
    gateway.wait_for(1);
    gateway.say(ADMINISTRATOR, "ya", "2026-03-05T10:00:05+07:00");
    gateway.wait_for(3);
    server.quiet(folder.path());
    let taken = gateway.taken();
    assert!(taken.iter().all(|taken| taken.to == ADMINISTRATOR), "{taken:?}");
    assert!(taken.iter().any(|taken| taken.text.contains("data baru sampai 20 Jan 2026")), "{taken:?}");
    let queued = open_outbox(folder.path()).list(&Filter::default()).unwrap();
    assert!(!queued.iter().any(|entry| entry.key.starts_with("laporan:")), "no key is spent");
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn who_wants_no_more_is_heard_when_the_word_was_held_up() {
    let (folder, gateway) = charity("2026-01-20", "brief = false\nalerts = false\n");
    let server = Server::at(folder.path(), "2026-01-20T10:00:00+07:00");
    gateway.tell(&server);
    // Two hours old: anything else is not acted on.
    for old in ["MULAI", "INFO"] {
        gateway.say(BUDI, old, "2026-01-20T08:00:00+07:00");
    }
    // Nor on what is days old: a webhook that somebody repeats.
    gateway.say(BUDI, "BERHENTI", "2026-01-18T08:00:00+07:00");
    server.logged("a word for no more messages is days old and is not acted on");
    assert_eq!(open_outbox(folder.path()).opt_outs(9).unwrap(), []);
    gateway.say(BUDI, "BERHENTI", "2026-01-20T08:00:01+07:00");
    gateway.wait_for(1);
    server.quiet(folder.path());
    let taken = gateway.taken();
    assert_eq!(heard(&taken), [BUDI], "only the last: {taken:?}");
    assert_eq!(server.stop().0, Some(0));
}
