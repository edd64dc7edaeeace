//! The test server itself.

use dermawan_testbed::{MariaDb, Options, Schema};
use std::path::Path;

#[test]
fn a_server_answers_and_leaves_nothing_behind() {
    let server = MariaDb::start().unwrap();
    server.create_database("panti").unwrap();
    server.create_schema("panti", Schema::Current).unwrap();
    server.execute_script(["INSERT INTO panti.donatur (nama) VALUES ('Budi'), ('Siti')"]).unwrap();
    assert_eq!(server.value("SELECT COUNT(*) FROM panti.donatur").unwrap().as_deref(), Some("2"));
    let before = server.query_count().unwrap();
    server.execute("DO 1").unwrap();
    assert_eq!(server.query_count().unwrap(), before + 2);
    let (folder, port) = (server.socket().parent().unwrap().to_path_buf(), server.port());
    assert!(folder.exists());
    drop(server);
    assert!(!folder.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_panic_stops_the_server_too() {
    let folder = std::thread::spawn(|| {
        let server = MariaDb::start().unwrap();
        std::panic::panic_any(server.socket().parent().unwrap().to_path_buf());
    })
    .join()
    .unwrap_err();
    assert!(!folder.downcast_ref::<std::path::PathBuf>().unwrap().exists());
}

#[test]
fn several_start_at_once() {
    let starts: Vec<_> = (0..3).map(|_| std::thread::spawn(|| MariaDb::start().unwrap())).collect();
    let servers: Vec<MariaDb> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    let mut ports: Vec<u16> = servers.iter().map(MariaDb::port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 3);
}

#[test]
fn a_failed_start_says_why() {
    let options = Options { arguments: vec!["--no-such-option".into()], ..Options::default() };
    let error = MariaDb::start_with(&options).err().unwrap().to_string();
    assert!(error.contains("no-such-option"), "{error}");
}

#[test]
fn certificates_are_made_and_used() {
    let server = MariaDb::start_with(&Options { tls: true, ..Options::default() }).unwrap();
    assert!(Path::new(&server.ca_file()).exists());
    assert_eq!(server.value("SELECT @@have_ssl").unwrap().as_deref(), Some("YES"));
}
