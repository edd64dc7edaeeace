//! The wall between the rooms: reads the sources and refuses what the plan of the house does not allow.
//!
//! Rooms look upstream only. The order, and the few exceptions to it, are in `may_see`; the rules of style that a
//! compiler cannot check are the other tests. Each rule is also shown a planted violation.
#![allow(clippy::disallowed_methods, reason = "reads the source files of the project")]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its sources has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in the order that data walks through them; rooms in one row do not know one another.
const ORDER: &[&[&str]] = &[
    &["error"],
    &["model"],
    &["calendar"],
    &["source"],
    &["etl"],
    &["store"],
    &["forecast", "churn", "anomaly"],
    &["insight"],
    &["message"],
    &["chart"],
    &["register"],
    &["bot"],
    &["transport"],
    &["inbox"],
    &["outbox"],
    &["schedule"],
    &["analytics"],
];

/// The most lines a source file may have.
const LONGEST_FILE: usize = 600;
/// The most code that the two windows may have, together, in percent of the core's. Six were enough for the analyses; the
/// handles of delivery, some ninety methods that convert, call and map the error, take two more.
const WINDOWS_PERCENT: usize = 8;
/// A core with less code than this is measured as if it had so much: what every window has (the door, the build
/// script's neighbours) would otherwise outweigh the first rooms.
const GROWN: usize = 6000;

/// A source file: its path below the folder that was read, and its text.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// The room: the first folder, or the file at the top.
    fn room(&self) -> String {
        let first = self.path.iter().next().unwrap_or_default();
        Path::new(first).with_extension("").to_string_lossy().into_owned()
    }

    /// The lines outside comments and outside the test module, with their numbers. A test module stands last.
    fn code(&self) -> Vec<(usize, &str)> {
        let mut lines = Vec::new();
        for (i, line) in self.text.lines().enumerate() {
            if line == "#[cfg(test)]" {
                break;
            }
            let line = line.split_once("// ").map_or(line, |(code, _)| code).trim();
            if !line.is_empty() && !line.starts_with("//") {
                lines.push((i + 1, line));
            }
        }
        lines
    }
}

/// All Rust files below a folder.
fn read(folder: &str) -> Vec<Source> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path: path.strip_prefix(root).unwrap().to_owned(), text });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    assert!(!found.is_empty(), "no sources in {}", root.display());
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Whether one room may name another.
fn may_see(room: &str, other: &str) -> bool {
    let row = |name: &str| ORDER.iter().position(|rooms| rooms.contains(&name));
    match (room, other) {
        _ if room == other => true,
        // Numerics of the analyses: they know nothing but errors, and nobody but the analyses knows them.
        ("stats", _) => other == "error",
        (_, "stats") => matches!(room, "forecast" | "churn" | "anomaly"),
        // The file of the rooms that must remember.
        ("sqlite", _) => other == "error",
        (_, "sqlite") => matches!(room, "register" | "inbox" | "outbox" | "schedule"),
        // The made-up organisation, for tests and demonstrations.
        ("sample", _) => matches!(other, "error" | "model" | "calendar" | "source"),
        _ => matches!((row(room), row(other)), (Some(room), Some(other)) if other < room),
    }
}

/// The rooms named by `crate::…` paths in a text. A name in capitals is re-exported by `lib.rs`: a noun of `model` or
/// an error, both open to all.
fn named_rooms(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        // Not the tail of another name.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + path.len()..];
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(members(group).into_iter().map(|member| word(member.trim()))),
            None => rooms.push(word(rest)),
        }
    }
    rooms.retain(|name| name.starts_with(|c: char| c.is_lowercase()));
    rooms
}

/// The members of a `use` group, up to the brace that closes it.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
            }
            '}' => {
                found.push(&group[start..at]);
                break;
            }
            _ => {}
        }
    }
    found
}

/// Every arrow between rooms that the order forbids.
fn forbidden_arrows(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.room() != "lib") {
        let room = source.room();
        // A `use` may go over several lines, so the code is joined and a place is a file.
        let code: Vec<&str> = source.code().into_iter().map(|(_, line)| line).collect();
        for other in named_rooms(&code.join(" ")) {
            if !may_see(&room, &other) {
                found.push(format!("{}: {room} names {other}", source.path.display()));
            }
        }
    }
    found
}

/// What the core must not do: it cannot see out, and it does not print.
const BANNED: &[(&str, &str)] = &[
    ("println!", "the core does not print"),
    ("eprintln!", "the core does not print"),
    ("print!", "the core does not print"),
    ("eprint!", "the core does not print"),
    ("dbg!", "the core does not print"),
    ("std::env", "configuration is an argument"),
    // A file's time is a fact of the file; what reads the clock is not.
    ("SystemTime::now", "the clock is an argument"),
    ("elapsed()", "the clock is an argument"),
    ("Instant::now", "the clock is an argument"),
    ("Zoned::now", "the clock is an argument"),
    ("Timestamp::now", "the clock is an argument"),
    ("thread_rng", "the seed is an argument"),
    ("tokio", "the core has no async runtime"),
    ("static mut", "the core has no global state"),
];

/// What touches the file system, and the only places that may, as their paths begin.
const FILE_CALLS: &[&str] = &["std::fs", "fs::", "File::open", "File::create"];
const FILE_ROOMS: &[&str] = &["source/files", "message", "store/duckdb", "sqlite.rs"];

/// Every look out of the core.
fn looks_out(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let path = source.path.to_string_lossy().replace('\\', "/");
        let may_touch_files = FILE_ROOMS.iter().any(|room| path.starts_with(room));
        for (number, line) in source.code() {
            let has = |name: &str| {
                let whole = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                line.match_indices(name).any(|(at, _)| whole(at))
            };
            for (name, why) in BANNED.iter().filter(|(name, _)| has(name)) {
                found.push(format!("{path}:{number}: {name}: {why}"));
            }
            if !may_touch_files && FILE_CALLS.iter().any(|name| has(name)) {
                found.push(format!("{path}:{number}: only {} touch files", FILE_ROOMS.join(", ")));
            }
        }
    }
    found
}

/// Files too long to be read in one go, and names that say nothing.
fn untidy(sources: &[Source]) -> Vec<String> {
    const EMPTY_NAMES: &[&str] =
        &["util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "shared"];
    let mut found = Vec::new();
    for source in sources {
        let path = source.path.display();
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            found.push(format!("{path}: {lines} lines, {LONGEST_FILE} are the most"));
        }
        for part in &source.path {
            let name = Path::new(part).with_extension("").to_string_lossy().to_lowercase();
            if EMPTY_NAMES.contains(&&*name) {
                found.push(format!("{path}: a name that says nothing"));
            }
        }
        for (number, line) in source.code() {
            if line.contains("fn get_") {
                found.push(format!("{path}:{number}: a getter is named for what it gives"));
            }
        }
    }
    found
}

fn lines_of_code(sources: &[Source]) -> usize {
    sources.iter().map(|source| source.code().len()).sum()
}

/// Whether the windows are as thin as they should be.
fn thin(windows: usize, core: usize) -> bool {
    windows * 100 <= core.max(GROWN) * WINDOWS_PERCENT
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn rooms_look_upstream_only() {
    assert_none(&forbidden_arrows(&read("src")));
}

#[test]
fn every_room_has_its_place() {
    for source in read("src") {
        let room = source.room();
        let known = ORDER.iter().copied().flatten().any(|name| *name == room);
        assert!(known || ["lib", "stats", "sample", "sqlite"].contains(&&*room), "{room} has no place in the order");
    }
}

#[test]
fn the_map_has_no_logic() {
    let sources = read("src");
    let map = sources.iter().find(|source| source.room() == "lib").unwrap();
    for (number, line) in map.code() {
        assert!(!line.contains("fn ") && !line.contains("impl "), "lib.rs:{number}: {line}");
    }
}

#[test]
fn the_core_cannot_see_out() {
    assert_none(&looks_out(&read("src")));
}

#[test]
fn files_are_short_and_well_named() {
    for crate_ in ["../core", "../bindings-python", "../bindings-node", "../bot-example", "../benches", "../testbed"] {
        let sources: Vec<Source> =
            read(crate_).into_iter().filter(|source| !source.path.starts_with("node_modules")).collect();
        // What this test plants is in its own text.
        let others: Vec<Source> =
            sources.into_iter().filter(|source| !source.path.ends_with("architecture.rs")).collect();
        assert_none(&untidy(&others));
    }
}

#[test]
fn the_windows_are_thin() {
    let core = lines_of_code(&read("src"));
    let windows = lines_of_code(&read("../bindings-python/src")) + lines_of_code(&read("../bindings-node/src"));
    assert!(thin(windows, core), "windows {windows} lines, core {core}");
}

#[test]
fn planted_arrows_are_found() {
    let arrows = |path, text| forbidden_arrows(&[Source::new(path, text)]);
    assert_eq!(arrows("forecast/ols.rs", "use crate::churn::score;"), ["forecast/ols.rs: forecast names churn"]);
    assert_eq!(arrows("model/month.rs", "fn f() { crate::store::open() }"), ["model/month.rs: model names store"]);
    let group = "use crate::{\n    model::{Month, Rupiah},\n    store::Store,\n};";
    assert_eq!(arrows("etl/mod.rs", group), ["etl/mod.rs: etl names store"]);
    assert_eq!(arrows("etl/mod.rs", "use crate::{model::Month, store};").len(), 1);
    assert_eq!(arrows("insight/mod.rs", "use crate::stats::median;").len(), 1);
    assert_eq!(arrows("stats/mod.rs", "use crate::model::Rupiah;").len(), 1);
    assert_eq!(arrows("store/mod.rs", "pub(in crate::sample) use x; use crate::sample;").len(), 2);
    assert_eq!(arrows("attic.rs", "use crate::model::Month;").len(), 1, "what is not in the order sees nothing");
}

#[test]
fn allowed_arrows_are_left_alone() {
    let arrows = |path, text| forbidden_arrows(&[Source::new(path, text)]);
    assert_none(&arrows("forecast/ols.rs", "use crate::{Error, model::Month, stats};"));
    assert_none(&arrows("analytics/desk.rs", "use crate::{churn, forecast, store::Store, transport};"));
    assert_none(&arrows("model/month.rs", "// crate::store is downstream\n/// [`crate::store::Store`]"));
    assert_none(&arrows("etl/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::store::Memory;\n}"));
}

#[test]
fn planted_looks_out_are_found() {
    let looks = |path, text| looks_out(&[Source::new(path, text)]).len();
    assert_eq!(looks("etl/mod.rs", "let now = jiff::Zoned::now();"), 1);
    assert_eq!(looks("etl/mod.rs", "let age = modified.elapsed();"), 1);
    assert_eq!(looks("source/files/mod.rs", "modified: Option<SystemTime>,"), 0);
    assert_eq!(looks("etl/mod.rs", "println!(\"loaded\");"), 1);
    assert_eq!(looks("etl/mod.rs", "let home = std::env::var(\"HOME\");"), 1);
    assert_eq!(looks("etl/mod.rs", "std::fs::read(path)?;"), 1);
    assert_eq!(looks("source/files/csv.rs", "std::fs::read(path)?;"), 0);
    assert_eq!(looks("etl/mod.rs", "/// Never calls println!\nfn load() {}"), 0);
}

#[test]
fn planted_untidiness_is_found() {
    let long = "fn f() {}\n".repeat(LONGEST_FILE + 1);
    assert_eq!(untidy(&[Source::new("etl/mod.rs", &long)]).len(), 1);
    assert_eq!(untidy(&[Source::new("etl/utils.rs", "")]).len(), 1);
    assert_eq!(untidy(&[Source::new("helpers/mod.rs", "")]).len(), 1);
    assert_eq!(untidy(&[Source::new("etl/mod.rs", "pub fn get_rows() {}")]).len(), 1);
    assert_none(&untidy(&[Source::new("etl/mod.rs", "pub fn rows() {}")]));
}

#[test]
fn thick_windows_are_found() {
    assert!(thin(GROWN * WINDOWS_PERCENT / 100, 0));
    assert!(thin(800, 10_000));
    assert!(!thin(801, 10_000));
}
