//! Every store keeps the same contract.

use dermawan::store::{DuckDbOptions, DuckDbStore, MemoryStore, Store, contract};

#[test]
fn memory() {
    contract::check(&|| Box::new(MemoryStore::new()));
}

#[test]
fn duckdb_in_memory() {
    contract::check(&|| Box::new(DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap()));
}

#[test]
fn duckdb_file() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    contract::check(&|| {
        count.set(count.get() + 1);
        let path = folder.path().join(format!("{}.duckdb", count.get()));
        Box::new(DuckDbStore::open(path, &DuckDbOptions::default()).unwrap()) as Box<dyn Store>
    });
}
