//! The program where no server is needed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use support::{fail, pipe, program, succeed, text};

const AS_OF: &str = "2026-01-20";

/// The measured seconds differ from run to run.
fn without_times(line: &str) -> String {
    match line.rsplit_once("in ") {
        Some((before, time)) if time.ends_with(" s") => format!("{before}in [time]"),
        _ => line.to_owned(),
    }
}

#[test]
fn demo_shows_the_whole_way() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path()).arg("demo").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    let shown: Vec<String> = text(&output.stdout).lines().map(without_times).collect();
    let shown = shown.join("\n");
    // piped: no colours, no bars, and nothing left behind
    assert!(!shown.contains('\x1b'));
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    insta::assert_snapshot!("demo", shown);
}

#[test]
fn demo_keeps_its_file_but_overwrites_none() {
    let folder = tempfile::tempdir().unwrap();
    succeed(program(folder.path()).args(["demo", "--donors", "50", "--keep", "dermawan.duckdb"]));
    let found: Value = json(folder.path(), &["analyse", "value", "--limit", "1", "--json", "--as-of", AS_OF]);
    assert_eq!(found.as_array().unwrap().len(), 1);
    let output = fail(program(folder.path()).args(["demo", "--keep", "dermawan.duckdb"]));
    assert!(text(&output.stderr).contains("there already"));
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&succeed(program(folder).args(arguments))).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn has(value: &Value, wanted: &[&str]) {
    let keys = keys(value);
    assert!(wanted.iter().all(|key| keys.contains(key)), "{keys:?}");
}

#[test]
fn analyses_have_the_keys_of_the_routes() {
    let folder = tempfile::tempdir().unwrap();
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", AS_OF]));
    let all = json(folder.path(), &["analyse", "--json", "--as-of", AS_OF]);
    has(&all["forecast"], &["predicted_amount", "historical_data", "confidence"]);
    has(&all["forecast"]["historical_data"][0], &["year", "month", "total"]);
    let cash = ["month", "predicted_income", "predicted_expense", "predicted_balance"];
    has(&all["cash_flow"][0], &cash);
    assert_eq!(all["cash_flow"][0]["month"], "Feb 2026");
    // The way from today's balance is told, and adds up.
    let sen = |value: &Value| (value.as_f64().unwrap() * 100.0).round() as i64;
    let (first, today) = (&all["cash_flow"][0], &all["cash_flow"][0]["from_today"]);
    let opening = sen(&today["balance"]) + sen(&today["rest_of_month"]);
    assert_eq!(opening, sen(&today["opening_balance"]));
    let closing = opening + sen(&first["predicted_income"]) - sen(&first["predicted_expense"]);
    assert_eq!(closing, sen(&first["predicted_balance"]));
    assert!(all["cash_flow"][1].get("from_today").is_none());
    let donor = ["donor_id", "name", "risk_score", "days_since_last", "total_donations", "risk_level"];
    has(&all["churn"][0], &donor);
    let scores: Vec<u64> = all["churn"].as_array().unwrap().iter().map(|d| d["risk_score"].as_u64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && *scores.last().unwrap() >= 50);
    has(&all["segments"], &["segments", "details"]);
    assert_eq!(keys(&all["segments"]["segments"]), ["at_risk", "champions", "loyal", "new", "one_time"]);
    for (segment, count) in all["segments"]["segments"].as_object().unwrap() {
        assert_eq!(all["segments"]["details"][segment].as_array().unwrap().len() as u64, count.as_u64().unwrap());
    }
    let anomaly = ["category", "month", "amount", "expected_range", "deviation", "type", "severity"];
    has(&all["anomalies"][0], &anomaly);
    assert_eq!(keys(&all["anomalies"][0]["expected_range"]), ["max", "min"]);
    let value =
        ["total_value", "total_donations", "average_donation", "months_active", "monthly_value", "donation_frequency"];
    has(&all["value"][0], &value);
    // a part alone is the same as in all
    for (subject, key) in [("cash-flow", "cash_flow"), ("churn", "churn"), ("report", "report")] {
        assert_eq!(json(folder.path(), &["analyse", subject, "--json", "--as-of", AS_OF]), all[key]);
    }
    // and in the order of the routes, which a map would lose
    let raw = succeed(program(folder.path()).args(["analyse", "cash-flow", "--json", "--as-of", AS_OF]));
    let places: Vec<usize> = cash.iter().map(|key| raw.find(&format!("\"{key}\"")).unwrap()).collect();
    assert!(places.is_sorted(), "{raw}");
}

#[test]
fn a_question_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let output = fail(program(folder.path()).arg("analyse"));
    assert_eq!(
        text(&output.stderr),
        "error: not_found\n  there is no analytics file yet (file: dermawan.duckdb)\n  \
         hint: load it with `dermawan-bot etl`, or try `dermawan-bot etl --sample`\n"
    );
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path())
        .arg("demo")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn errors_of_the_configuration_name_the_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dermawan.toml"), "[store]\npaht = \"x\"\n").unwrap();
    let shown = text(&fail(program(folder.path()).arg("etl")).stderr);
    assert!(shown.starts_with("error: configuration\n") && shown.contains("paht"), "{shown}");
    assert!(shown.contains("line: 2") && shown.contains("file: dermawan.toml"), "{shown}");
    let doctor = text(&fail(program(folder.path()).arg("doctor")).stdout);
    assert!(doctor.starts_with("FAIL  configuration") && doctor.contains("paht"), "{doctor}");
    let shown = text(&fail(program(folder.path()).args(["etl", "--config", "gone.toml"])).stderr);
    assert!(shown.contains("file: gone.toml") && shown.contains("cause: No such file"), "{shown}");
}

#[test]
fn doctor_works_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let shown = succeed(program(folder.path()).arg("doctor"));
    assert!(shown.contains("warn  source         none is configured"), "{shown}");
    assert!(shown.contains("warn  analytics      dermawan.duckdb is not there yet"), "{shown}");
    succeed(program(folder.path()).args(["etl", "--sample"]));
    let found = json(folder.path(), &["doctor", "--json"]);
    let analytics = found.as_array().unwrap().iter().find(|line| line["check"] == "analytics").unwrap();
    assert_eq!(analytics["status"], "ok");
    std::fs::write(folder.path().join("dermawan.duckdb"), "this is not a database, and long enough to tell").unwrap();
    let shown = text(&fail(program(folder.path()).arg("doctor")).stdout);
    assert!(shown.contains("FAIL  analytics") && shown.contains("store_damaged"), "{shown}");
}

/// A folder of CSV files that hold the facts of the example messages: two donors called Pak Budi, the first with gifts
/// from February 2025 to January 2026, the second from January to December 2026, and monthly totals on a line.
fn example(folder: &Path) {
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    file("kategori_transaksi.csv", "id_kategori,nama_kategori\n1,Konsumsi\n2,Pendidikan\n3,Kesehatan\n");
    file("kas.csv", "id_kas,nama_kas,saldo\n1,Kas,0.00\n");
    file("donatur.csv", "id_donatur,nama\n1,Pak Budi\n2,Pak Budi\n");
    let contacts = "1,1,6281234567890,1\n2,2,6281234567891,1\n";
    file("donatur_whatsapp.csv", &format!("id,id_donatur,whatsapp_number,is_verified\n{contacts}"));
    let children: String = (1..=25).fold(String::new(), |mut rows, id| {
        writeln!(rows, "{id},AKTIF,2020-01-01,").unwrap();
        rows
    });
    file("anak.csv", &format!("id_anak,status_anak,tanggal_masuk,tanggal_keluar\n{children}"));
    let mut gifts = String::from("id_donasi,id_donatur,jumlah,status_pembayaran,tanggal_catat\n");
    let mut entries = String::from("id_transaksi,id_kas,id_kategori,jenis_transaksi,nominal,tanggal\n");
    for i in 0..23_i64 {
        let (year, month) = (2025 + (i + 1) / 12, (i + 1) % 12 + 1);
        let mut rest = 6_000_000 - (11 - i) * 200_000;
        for (donor, gives) in [(1, i <= 11), (2, i >= 11)] {
            if gives {
                rest -= 500_000;
                writeln!(gifts, "{},{donor},500000.00,pending,{year}-{month:02}-15", i * 3 + donor).unwrap();
            }
        }
        writeln!(gifts, "{},,{rest}.00,pending,{year}-{month:02}-20", i * 3 + 3).unwrap();
        for (category, amount) in [(1, 3_000_000), (2, 1_500_000), (3, 1_000_000)] {
            let id = i * 3 + category;
            writeln!(entries, "{id},1,{category},KELUAR,{amount}.00,{year}-{month:02}-10").unwrap();
        }
    }
    file("donasi.csv", &gifts);
    file("transaksi_kas.csv", &entries);
}

#[test]
fn the_bot_says_the_example_messages_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    example(folder.path());
    let config = "[files]\nfolder = \".\"\n[store]\npath = \"a.duckdb\"\n[cash_flow]\nhorizon = 2\n";
    std::fs::write(folder.path().join("dermawan.toml"), config).unwrap();
    let report = json(folder.path(), &["etl", "--json", "--as-of", "2026-12-31"]);
    assert_eq!(report["full"], true);
    for (message, number, text, as_of) in [
        ("info", "6281234567890", "info", "2026-01-31"),
        ("saldo", "6281234567890", "Prediksi dong", "2026-01-31"),
        ("laporan_bulanan", "6281234567890", "LAPORAN!", "2026-02-10"),
        ("dampak", "6281234567891", "assalamualaikum, dampak donasi saya", "2026-12-31"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../core/testdata/messages/{message}.txt"));
        let expected = std::fs::read_to_string(path).unwrap();
        let said = pipe(program(folder.path()).args(["chat", "--as", number, "--as-of", as_of]), &format!("{text}\n"));
        assert_eq!(said, expected, "{message}");
    }
}

#[test]
fn a_conversation_remembers_and_strangers_learn_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let said = pipe(program(folder.path()).args(["chat", "--demo"]), "INFO\n\nxyzzy\nxyzzy\nHALO\n");
    let (info, rest) = said.split_once("\n\n🙏").unwrap();
    assert!(info.starts_with("📊 *INFO DONASI ANDA*\n\n💰 Total Donasi: Rp 6.000.000\n"), "{info}");
    // the second text that is not understood gets no answer
    assert_eq!(rest.matches("belum kami pahami").count(), 1);
    assert!(rest.contains("Halo *Pak Budi*"));
    let said = pipe(program(folder.path()).args(["chat", "--demo", "--as", "6285700000009"]), "INFO\nSALDO\n");
    assert!(said.contains("belum terdaftar") && !said.contains("Rp"), "{said}");
    let said = pipe(program(folder.path()).args(["chat", "--demo", "--as", "6281234567890-1@g.us"]), "INFO\n");
    assert_eq!(said, "");
}

#[test]
fn the_cash_flow_begins_with_today() {
    let folder = tempfile::tempdir().unwrap();
    succeed(program(folder.path()).args(["etl", "--sample", "--as-of", AS_OF]));
    let shown = succeed(program(folder.path()).args(["analyse", "cash-flow", "--as-of", AS_OF]));
    let amounts = |start: &str| -> Vec<i64> {
        let line = shown.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_else(|| panic!("{shown}"));
        let amount = |part: &str| part.split_whitespace().next().unwrap().replace('.', "").parse().unwrap();
        line.split("Rp ").skip(1).map(amount).collect()
    };
    let (now, rest, february) = (amounts("now"), amounts("rest of Jan 2026, net"), amounts("Feb 2026"));
    assert_eq!(now[0] + rest[0] - rest[1], rest[2], "{shown}");
    assert_eq!(rest[2] + february[0] - february[1], february[2], "{shown}");
}

#[test]
fn what_is_wrong_with_a_command_is_said_where_it_is_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("donors.csv"), "id,name\n1,Pak Budi\n").unwrap();
    std::fs::write(folder.path().join("donations.csv"), "id,donor_id,amount,date,state\n1,1,5000,2026-01-02,paid\n")
        .unwrap();
    let config =
        "[files]\nfolder = \".\"\n[store]\npath = \"a.duckdb\"\n[mapping.donations.columns]\nstatus = \"stat\"\n";
    std::fs::write(folder.path().join("dermawan.toml"), config).unwrap();
    // A misspelt column is no column that the charity does not have.
    let doctor = text(&fail(program(folder.path()).arg("doctor")).stdout);
    let line = doctor.lines().find(|line| line.starts_with("FAIL")).unwrap_or_else(|| panic!("{doctor}"));
    assert!(line.contains("donations.columns.status") && line.contains("stat") && line.contains("state"), "{line}");

    let output = fail(program(folder.path()).args(["etl", "--json"]));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["error"]["code"], "missing_column", "{told}");
    assert!(told["error"]["message"].as_str().unwrap().contains("donations.status"), "{told}");
    assert!(fail(program(folder.path()).arg("etl")).stdout.is_empty());

    let output = fail(program(folder.path()).args(["chat", "--demo", "--as", "abc"]));
    assert!(text(&output.stderr).contains("--as is not a telephone number"), "{}", text(&output.stderr));
    // A hidden identity is no mistake.
    pipe(program(folder.path()).args(["chat", "--demo", "--as", "123456789012345@lid"]), "MENU\n");
}
