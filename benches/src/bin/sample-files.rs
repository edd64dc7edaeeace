//! Writes a sample for a database: one file a table for `LOAD DATA`, and `load.sql`, which reads them.
//!
//! ```text
//! sample-files DONATIONS FOLDER [DONORS]
//! ```
//!
//! With 0 donations it writes the demo's sample, bad rows included. `load.sql` names the files as the client sees
//! them (`LOAD DATA LOCAL`); the tables of the schema must be there and empty.
#![allow(clippy::disallowed_methods, reason = "writes the files")]

use dermawan::Table;
use dermawan::sample::{SESSION, Sample, SampleOptions};
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (donations, folder, donors) = match arguments.as_slice() {
        [donations, folder] => (donations.parse()?, folder, None),
        [donations, folder, donors] => (donations.parse()?, folder, Some(donors.parse()?)),
        _ => return Err("usage: sample-files DONATIONS FOLDER [DONORS]".into()),
    };
    let mut options = if donations == 0 { SampleOptions::demo() } else { SampleOptions::bench(donations) };
    if let Some(donors) = donors {
        options.donors = donors;
        options.contacts = donors / 2;
    }
    let sample = Sample::new(options)?;
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder)?;
    let mut script = SESSION.map(|statement| format!("{statement};\n")).concat();
    for table in Table::ALL {
        let path = folder.join(format!("{table}.tsv"));
        let rows = sample.write_tsv(table, File::create(&path)?)?;
        println!("{table}: {rows} rows");
        let path = path.to_str().ok_or("the folder's name is not UTF-8")?;
        writeln!(script, "{};", Sample::load_data(table, path, true))?;
    }
    std::fs::write(folder.join("load.sql"), script)?;
    Ok(())
}
