//! Every register keeps the same contract.

use dermawan::register::{Key, MemoryRegister, Register, SqliteRegister, contract};

const KEY: Key = Key::new([7; 32]);

#[test]
fn memory() {
    contract::check(&|options| Box::new(MemoryRegister::new(options, KEY).unwrap()));
}

#[test]
fn sqlite_in_memory() {
    contract::check(&|options| Box::new(SqliteRegister::in_memory(options, &KEY).unwrap()));
}

#[test]
fn sqlite_file() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    contract::check(&|options| {
        count.set(count.get() + 1);
        let path = folder.path().join(format!("{}.sqlite", count.get()));
        Box::new(SqliteRegister::open(path, options, &KEY).unwrap()) as Box<dyn Register>
    });
}
