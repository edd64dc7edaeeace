//! A process killed in the middle of a checkpoint should leave a file that opens, with every load it had committed.

#![cfg(feature = "duckdb")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests use files, time and child processes")]

use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::{DuckDbOptions, DuckDbStore, Store};
use dermawan::{EntryId, etl};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn open(path: &Path) -> dermawan::Result<DuckDbStore> {
    DuckDbStore::open(path, &DuckDbOptions { threads: 1, ..DuckDbOptions::default() })
}

fn load(store: &DuckDbStore, donations: u64) {
    let options = SampleOptions { donors: 20, contacts: 5, donations, expenses: 0, ..SampleOptions::demo() };
    let sample = Sample::new(options).unwrap();
    let as_of = sample.options().as_of;
    let rules = etl::Options { mode: etl::Mode::Full, ..etl::Options::default() };
    let run = etl::Run { source: "sample".into(), before: store.state().unwrap(), options: &rules, as_of };
    let mut source = SampleSource::new(sample);
    let snapshot = &mut *dermawan::source::Source::snapshot(&mut source).unwrap();
    etl::run(&run, snapshot, store.begin().unwrap(), &mut |_| Ok(())).unwrap();
}

/// Three headers of 4 KiB, then blocks of 256 KiB.
const HEAD: usize = 12_288;
const BLOCK: usize = 262_144;

/// A file as a kill within a checkpoint leaves it: a metadata block that the header names is half old, half not.
/// Answers with its folder and its path.
fn torn() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("a.duckdb"), folder.path().join("b.duckdb"));
    let store = open(&path).unwrap();
    load(&store, 50);
    store.accept(&[EntryId(7)], true).unwrap();
    for ending in ["", ".wal", ".spare"] {
        let file = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        if file(&path).exists() {
            std::fs::copy(file(&path), file(&copy)).unwrap();
        }
    }
    let spare = std::fs::read(folder.path().join("b.duckdb.spare")).unwrap();
    let block = u64::from_le_bytes(spare[HEAD..HEAD + 8].try_into().unwrap()) as usize;
    let mut file = std::fs::read(&copy).unwrap();
    assert_eq!(file[..HEAD], spare[..HEAD], "the copy was made under the headers of the file");
    assert_eq!(file[HEAD + block * BLOCK..][..BLOCK], spare[HEAD + 8..][..BLOCK], "and holds its blocks");
    file[HEAD + block * BLOCK + BLOCK / 2..][..4096].fill(0xA5);
    std::fs::write(&copy, file).unwrap();
    (folder, copy)
}

#[test]
fn a_torn_block_is_put_back() {
    let (_folder, path) = torn();
    let store = open(&path).unwrap();
    assert_eq!(store.state().unwrap().unwrap().run, 1);
    assert_eq!(store.view().unwrap().accepted().unwrap(), [EntryId(7)]);
    // And goes on: the next load, and the next opening.
    load(&store, 50);
    drop(store);
    assert_eq!(open(&path).unwrap().state().unwrap().unwrap().run, 2);
}

#[test]
fn without_its_copy_a_torn_block_is_told() {
    let (folder, path) = torn();
    std::fs::remove_file(folder.path().join("b.duckdb.spare")).unwrap();
    assert_eq!(open(&path).err().unwrap().code(), "store_damaged");
}

#[test]
fn a_copy_made_under_other_headers_is_not_used() {
    let (folder, path) = torn();
    let spare = folder.path().join("b.duckdb.spare");
    let mut copy = std::fs::read(&spare).unwrap();
    // The number of the checkpoint in the second header.
    copy[4096 + 8] ^= 1;
    std::fs::write(&spare, copy).unwrap();
    assert_eq!(open(&path).err().unwrap().code(), "store_damaged");
}

#[test]
fn the_copy_of_a_file_of_the_past_is_removed() {
    let (folder, path) = torn();
    let spare = folder.path().join("b.duckdb.spare");
    let before = std::fs::read(&spare).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(folder.path().join("b.duckdb.wal")).ok();
    let store = open(&path).unwrap();
    assert_eq!(store.state().unwrap(), None);
    assert_ne!(std::fs::read(&spare).unwrap(), before);
}

#[test]
#[cfg(unix)]
fn the_copy_is_as_private_as_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    drop(open(&path).unwrap());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    load(&open(&path).unwrap(), 50);
    let mode = std::fs::metadata(folder.path().join("a.duckdb.spare")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// DuckDB's lock on the file outlives a store whose connection somebody else still holds.
#[test]
fn a_connection_that_outlives_its_store_keeps_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let store = open(&path).unwrap();
    load(&store, 50);
    let connection = store.connection().unwrap();
    drop(store);
    let other = Command::new(std::env::current_exe().unwrap())
        .args(["child_that_opens", "--exact", "--ignored", "--nocapture"])
        .env("DERMAWAN_TEST_FILE", &path)
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&other.stdout).contains("opened: store_locked"), "{other:?}");
    let rows: i64 = connection.query_row("SELECT count(*) FROM donations", [], |row| row.get(0)).unwrap();
    assert!(rows > 0);
}

#[test]
#[ignore = "run by a_connection_that_outlives_its_store_keeps_the_file as a process of its own"]
fn child_that_opens() {
    let Ok(path) = std::env::var("DERMAWAN_TEST_FILE") else { return };
    println!("opened: {}", open(Path::new(&path)).err().map_or("yes", |error| error.code()));
}

/// Whether a block that was copied is no longer whole in the file, by the checksum before its contents.
fn is_torn(path: &Path) -> bool {
    let file = std::fs::read(path).unwrap();
    let spare = std::fs::read(format!("{}.spare", path.display())).unwrap();
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    let whole = |block: &[u8]| {
        let sum = block[8..].chunks_exact(8).fold(5381, |sum, w| sum ^ word(w).wrapping_mul(0xBF58_476D_1CE4_E5B9));
        sum == word(&block[..8])
    };
    let ids = spare[HEAD..].chunks_exact(8 + BLOCK).map(|part| word(&part[..8]) as usize);
    file[..HEAD] == spare[..HEAD] && ids.into_iter().any(|id| !whole(&file[HEAD + id * BLOCK..][..BLOCK]))
}

/// The other side of the test below: each load ends with a checkpoint.
#[test]
#[ignore = "run by killed_near_a_checkpoint_the_file_opens as a process of its own"]
fn child_that_checkpoints() {
    let Ok(path) = std::env::var("DERMAWAN_TEST_FILE") else { return };
    let store = open(Path::new(&path)).unwrap();
    loop {
        load(&store, 50);
        println!("loaded");
    }
}

/// Kills: 40, or as many as `DERMAWAN_KILLS` says. A torn block is rare, so a proof takes thousands.
#[test]
fn killed_near_a_checkpoint_the_file_opens() {
    let kills = std::env::var("DERMAWAN_KILLS").map_or(40, |count| count.parse::<u64>().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    load(&open(&path).unwrap(), 50);
    let facts = |path: &Path| {
        let store = open(path).unwrap_or_else(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            panic!("{error}: {cause:?}")
        });
        let state = store.state().unwrap().unwrap();
        let mut tables = Vec::new();
        for table in dermawan::Table::ALL {
            let sql = format!("SELECT count(*), coalesce(bit_xor(hash(t)), 0)::UBIGINT FROM {table} t");
            let row = |row: &duckdb::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?));
            tables.push(store.connection().unwrap().query_row(&sql, [], row).unwrap());
        }
        (state.run, tables)
    };
    let (mut runs, good) = facts(&path);
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let (mut damaged, mut torn) = (0, 0);
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_checkpoints", "--exact", "--ignored", "--nocapture"])
            .env("DERMAWAN_TEST_FILE", &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        // At least one load, so that every kill finds another state; then somewhere in the next one, or the one after.
        assert!(BufReader::new(output).lines().any(|text| text.unwrap().contains("loaded")), "no child");
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_micros((random >> 33) % 150_000));
        child.kill().unwrap();
        child.wait().unwrap();
        torn += u64::from(is_torn(&path));
        if let Err(error) = open(&path) {
            damaged += 1;
            eprintln!("kill {kill}: {:?}", std::error::Error::source(&error).map(ToString::to_string));
            std::fs::remove_file(&path).unwrap();
            std::fs::remove_file(folder.path().join("a.duckdb.wal")).ok();
            load(&open(&path).unwrap(), 50);
            runs = 1;
            continue;
        }
        let (run, found) = facts(&path);
        assert_eq!(found, good, "after kill {kill}");
        assert!(run > runs, "load {runs} was committed and is gone after kill {kill}");
        runs = run;
    }
    assert_eq!(damaged, 0, "damaged files after {kills} kills");
    eprintln!("{torn} of {kills} kills left a torn block");
}
