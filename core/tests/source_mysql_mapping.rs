//! What is wrong with a mapping or a table is said before a row is read.

#![cfg(feature = "mysql")]
#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use dermawan::source::mysql::{MySqlOptions, MySqlSource};
use dermawan::source::{Mapping, RawBatch, Selection, Source};
use dermawan::{ErrorKind, Table};
use dermawan_testbed::{MariaDb, Schema};
use mysql::prelude::Queryable;

/// A source over a new database, after some statements there.
fn charity(name: &str, statements: &[&str]) -> impl Fn(&str) -> MySqlSource + use<> {
    let server = MariaDb::shared().unwrap();
    server.create_database(name).unwrap();
    server.create_schema(name, Schema::Current).unwrap();
    let mut connection = server.connection(Some(name)).unwrap();
    for statement in statements {
        connection.query_drop(statement).unwrap();
    }
    let url = server.url(name, "root", "");
    move |mapping| {
        MySqlSource::new(MySqlOptions::from_url(&url).unwrap(), Mapping::from_toml(mapping).unwrap()).unwrap()
    }
}

#[test]
fn a_column_that_the_mapping_names_must_be_there() {
    let source = charity("mapping_column", &[]);
    let snapshot = |mapping: &str| source(mapping).snapshot().map(|_| ());
    snapshot("").unwrap();
    snapshot("[donations.columns]\nstatus = false").unwrap();
    let error = snapshot("[donations.columns]\nstatus = \"status_bayarr\"").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingColumn);
    let text = error.to_string();
    for part in ["donations.columns.status", "status_bayarr", "donasi", "status_pembayaran"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_key_is_a_whole_number_and_an_engine_without_transactions_is_told() {
    let key = "CREATE TABLE lain (id_donatur CHAR(36) PRIMARY KEY, nama VARCHAR(50))";
    let statements = [key, "ALTER TABLE anak ENGINE = MyISAM"];
    let source = charity("mapping_key", &statements);
    let error = source("donors = \"lain\"").snapshot().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::SourceData);
    for part in ["not a whole number", "lain", "id_donatur", "char", "donors.columns.id"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    let mut source = source("");
    let snapshot = source.snapshot().unwrap();
    assert_eq!(snapshot.remarks().len(), 1, "{:?}", snapshot.remarks());
    assert!(snapshot.remarks()[0].contains("anak is kept by MyISAM"), "{:?}", snapshot.remarks());
}

#[test]
fn names_with_quotes_are_names() {
    let create = "CREATE TABLE `don``atur x` (`i``d` INT UNSIGNED PRIMARY KEY, `na me` TEXT)";
    let source = charity("mapping_quotes", &[create, "INSERT INTO `don``atur x` VALUES (5, 'Budi')"]);
    let mut source = source("[donors]\ntable = \"don`atur x\"\ncolumns = { id = \"i`d\", name = \"na me\" }");
    let mut snapshot = source.snapshot().unwrap();
    let mut seen = Vec::new();
    let mut keep = |batch: RawBatch| {
        let keys = batch.rows.column_by_name("id").unwrap().as_primitive::<UInt64Type>().values().to_vec();
        let names = batch.rows.column_by_name("name").unwrap().as_string::<i32>();
        seen.extend(keys.into_iter().zip(names.iter().map(|name| name.unwrap().to_owned())));
        Ok(())
    };
    snapshot.read(Table::Donors, &Selection::Keys(vec![(0, 9)]), &mut keep).unwrap();
    assert_eq!(seen, [(5, "Budi".to_owned())]);
    assert_eq!(snapshot.totals(Table::Donors).unwrap().keys, 5);
}
