//! The program on a real MariaDB.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use dermawan::Table;
use dermawan::sample::{SESSION, Sample, SampleOptions};
use dermawan_testbed::{Brand, MariaDb, Schema};
use mysql::prelude::Queryable;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{fail, program, succeed, text};

const AS_OF: &str = "2026-01-20";
const SECRET: &str = "s3cr3t-p@ss";

/// A database filled with the sample, a user who may only read, and a configuration in a folder.
fn panti(name: &str) -> (&'static MariaDb, tempfile::TempDir) {
    let server = MariaDb::shared().unwrap();
    server.create_database(name).unwrap();
    server.create_schema(name, Schema::Current).unwrap();
    let sample = Sample::new(SampleOptions::demo()).unwrap();
    let mut connection = server.connection(Some(name)).unwrap();
    for statement in SESSION {
        connection.query_drop(statement).unwrap();
    }
    for statement in Table::ALL.into_iter().flat_map(|table| sample.statements(table)) {
        connection.query_drop(statement).unwrap();
    }
    server.create_user(name, SECRET, &[&format!("SELECT ON {name}.*")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[database]\nport = {}\nuser = \"{name}\"\ndatabase = \"{name}\"\n[store]\npath = \"a.duckdb\"\n",
        server.port()
    );
    std::fs::write(folder.path().join("dermawan.toml"), config).unwrap();
    (server, folder)
}

fn trusted(folder: &Path) -> Command {
    let mut command = program(folder);
    command.env("DERMAWAN_DATABASE_PASSWORD", SECRET);
    command
}

fn etl(folder: &Path, more: &[&str]) -> Value {
    let shown = succeed(trusted(folder).args(["etl", "--json", "--as-of", AS_OF]).args(more));
    serde_json::from_str(&shown).unwrap()
}

fn sum(report: &Value, what: &str) -> u64 {
    report["tables"].as_array().unwrap().iter().map(|table| table["changes"][what].as_u64().unwrap()).sum()
}

#[test]
fn tables_are_loaded_and_then_only_what_changed() {
    let (server, folder) = panti("panti_etl");
    let first = etl(folder.path(), &[]);
    assert_eq!((first["full"].as_bool(), first["run"].as_u64()), (Some(true), Some(1)));
    let donations = first["tables"].as_array().unwrap().iter().find(|table| table["table"] == "donations").unwrap();
    let rows: u64 = server.value("SELECT count(*) FROM panti_etl.donasi").unwrap().unwrap().parse().unwrap();
    assert_eq!(donations["source_rows"].as_u64(), Some(rows));
    assert_eq!(donations["census"]["rejected"].as_object().unwrap().len(), 4);

    let second = etl(folder.path(), &[]);
    assert_eq!(second["full"], false);
    assert_eq!((sum(&second, "inserted"), sum(&second, "updated"), sum(&second, "deleted")), (0, 0, 0));

    server.execute("DELETE FROM panti_etl.donasi WHERE id_donasi = 20").unwrap();
    let third = etl(folder.path(), &[]);
    assert_eq!(sum(&third, "deleted"), 1);
    assert_eq!(etl(folder.path(), &["--full"])["full"], true);

    let shown = succeed(trusted(folder.path()).args(["etl", "--as-of", AS_OF]));
    assert!(shown.starts_with("Load 5 of MySQL database panti_etl"), "{shown}");
    assert!(shown.contains("every row is accounted for"), "{shown}");
}

#[test]
fn doctor_sees_what_is_well_and_what_is_not() {
    let (server, folder) = panti("panti_doctor");
    let shown = succeed(trusted(folder.path()).arg("doctor"));
    for line in ["ok    database       MySQL database panti_doctor", "ok    table          donasi (donations), about"] {
        assert!(shown.contains(line), "{shown}");
    }
    let version = match server.brand() {
        Brand::MariaDb => "MariaDB",
        Brand::MySql => ", version ",
    };
    assert!(shown.contains("ok    database clock") && shown.contains(version), "{shown}");

    let wrong = "n0t-the-s3cr3t";
    let output = fail(program(folder.path()).arg("doctor").env("DERMAWAN_DATABASE_PASSWORD", wrong));
    let shown = text(&output.stdout) + &text(&output.stderr);
    assert!(shown.contains("FAIL  database       access_denied") && shown.contains(" → check user"), "{shown}");
    assert!(!shown.contains(wrong), "{shown}");
    let output = fail(program(folder.path()).args(["etl", "--log", "trace"]).env("DERMAWAN_DATABASE_PASSWORD", wrong));
    let shown = text(&output.stdout) + &text(&output.stderr);
    assert!(shown.contains("error: access_denied\n") && !shown.contains(wrong), "{shown}");

    server.execute("DROP TABLE panti_doctor.anak").unwrap();
    let shown = succeed(trusted(folder.path()).arg("doctor"));
    assert!(shown.contains("warn  table          children is not in the source"), "{shown}");
    server.execute("SET foreign_key_checks = 0").unwrap();
    server.execute("ALTER TABLE panti_doctor.donasi DROP COLUMN jumlah").unwrap();
    let shown = text(&fail(trusted(folder.path()).arg("doctor")).stdout);
    assert!(shown.contains("FAIL  tables") && shown.contains("missing_column"), "{shown}");
}

#[test]
fn ctrl_c_changes_nothing() {
    let (server, folder) = panti("panti_ctrl_c");
    etl(folder.path(), &[]);
    // The load waits for this lock in the middle of its reading.
    let mut holder = server.connection(Some("panti_ctrl_c")).unwrap();
    holder.query_drop("LOCK TABLES transaksi_kas WRITE").unwrap();
    let child = trusted(folder.path())
        .args(["etl", "--full", "--as-of", AS_OF])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let waiting = "SELECT count(*) FROM information_schema.processlist WHERE db = 'panti_ctrl_c' \
                   AND state LIKE 'Waiting for table metadata lock'";
    let begin = Instant::now();
    // One connection or both.
    while server.value(waiting).unwrap().as_deref() == Some("0") {
        assert!(begin.elapsed() < Duration::from_mins(1), "the load never waited");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    // The signal is taken up by a thread of its own.
    std::thread::sleep(Duration::from_millis(300));
    holder.query_drop("UNLOCK TABLES").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stderr);
    assert!(shown.contains("error: interrupted\n") && shown.contains("nothing was changed"), "{shown}");
    assert!(output.stdout.is_empty());
    // The next load follows on the first, which is still there.
    let next = etl(folder.path(), &[]);
    assert_eq!((next["run"].as_u64(), next["full"].as_bool()), (Some(2), Some(false)));
}
