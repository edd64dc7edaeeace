//! The source of files.
#![allow(clippy::disallowed_methods, reason = "a test of files")]
#![cfg(feature = "files")]
#![allow(clippy::unwrap_used, reason = "what helps a test may panic")]

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Int64Type, UInt64Type};
use dermawan::source::files::{FilesOptions, FilesSource};
use dermawan::source::{FaultKind, Mapping, RawBatch, Selection, Snapshot, Source, raw_schema};
use dermawan::{ErrorKind, Table};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const DONORS: &str =
    "id_donatur,nama,no_hp,tidak_dikenal\n7,\"Budi, \"\"Pak\"\"\",0812-3456,x\n8,\"dua\nbaris\",,y\n9,JosÃ©,\\N,z\n";
const GIFTS: &str = "\u{FEFF}id;donor_id;Jumlah;date;created_at\r\n1;7;500000.00;2026-01-15;2026-01-15 08:00:00\r\n\
                     2;;1.005;2024-02-30;\r\n3;8;x;2026-01-31T18:00:00Z;\r\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn open(folder: &Path) -> FilesSource {
    FilesSource::open(folder, Mapping::default(), FilesOptions { batch_rows: 2, ..FilesOptions::default() }).unwrap()
}

fn read(snapshot: &mut dyn Snapshot, table: Table) -> Vec<RawBatch> {
    let mut batches = Vec::new();
    let mut keep = |batch: RawBatch| {
        assert_eq!(batch.rows.schema(), raw_schema(table));
        batches.push(batch);
        Ok(())
    };
    snapshot.read(table, &Selection::All, &mut keep).unwrap();
    batches
}

#[test]
fn csv_is_read_as_people_write_it() {
    let folder = folder(&[("donatur.csv", DONORS), ("donations.csv", GIFTS)]);
    let mut source = open(folder.path());
    let mut snapshot = source.snapshot().unwrap();
    assert_eq!(snapshot.tables().iter().map(|info| info.table).collect::<Vec<_>>(), [Table::Donors, Table::Donations]);
    assert_eq!(snapshot.tables()[1].source_name, "donations.csv");
    assert!(snapshot.tables()[0].missing.contains(&"email") && !snapshot.tables()[0].missing.contains(&"phone"));

    let donors = read(&mut *snapshot, Table::Donors);
    assert_eq!(donors.iter().map(|batch| batch.rows.num_rows()).collect::<Vec<_>>(), [2, 1]);
    let names = donors[0].rows.column_by_name("name").unwrap().as_string::<i32>();
    assert_eq!(names.iter().collect::<Vec<_>>(), [Some("Budi, \"Pak\""), Some("dua\nbaris")]);
    let phones = donors[0].rows.column_by_name("phone").unwrap().as_string::<i32>();
    assert_eq!(phones.iter().collect::<Vec<_>>(), [Some("0812-3456"), None]);
    assert!(donors[1].rows.column_by_name("phone").unwrap().is_null(0));
    assert_eq!(donors[1].faults.len(), 1);
    assert_eq!((donors[1].faults[0].kind, donors[1].faults[0].row), (FaultKind::RepairedText, 0));

    let gifts = read(&mut *snapshot, Table::Donations);
    let amounts = gifts[0].rows.column_by_name("amount").unwrap().as_primitive::<Int64Type>();
    assert_eq!(amounts.iter().collect::<Vec<_>>(), [Some(50_000_000), None]);
    let kinds: Vec<_> = gifts.iter().flat_map(|batch| &batch.faults).map(|fault| (fault.column, fault.kind)).collect();
    let expected = [
        ("amount", FaultKind::AmbiguousNumber),
        ("date", FaultKind::ImpossibleDate),
        ("amount", FaultKind::ImpossibleNumber),
    ];
    assert_eq!(kinds, expected);
    // 18:00 UTC on 31 January is the first of February in Jakarta
    assert_eq!(gifts[1].rows.column_by_name("date").unwrap().as_primitive::<Date32Type>().value(0), 20_485);

    let totals = snapshot.totals(Table::Donations).unwrap();
    assert_eq!((totals.rows, totals.keys, totals.amount, totals.references), (3, 6, 50_000_000, 15));
    let ranges = snapshot.totals_by_range(Table::Donations, 2).unwrap();
    assert_eq!(ranges.iter().map(|range| (range.0, range.1.rows)).collect::<Vec<_>>(), [(0, 1), (1, 2)]);
}

fn write_parquet(path: &Path, rows: i64) {
    let batch = RecordBatch::try_from_iter([
        ("unused", Arc::new(StringArray::from(vec!["x"; rows as usize])) as ArrayRef),
        (
            "jumlah",
            Arc::new(
                Decimal128Array::from_iter_values((0..rows).map(i128::from)).with_precision_and_scale(15, 2).unwrap(),
            ),
        ),
        ("id_donasi", Arc::new(Int64Array::from_iter_values(0..rows))),
        ("id_donatur", Arc::new((0..rows).map(|row| (row % 2 == 0).then_some(row)).collect::<Int64Array>())),
        ("tanggal_catat", Arc::new(StringArray::from(vec!["2026-01-01"; rows as usize]))),
    ])
    .unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(3)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_is_read_in_batches() {
    let folder = folder(&[("donatur.csv", DONORS)]);
    write_parquet(&folder.path().join("donasi.parquet"), 7);
    let mut source = open(folder.path());
    let mut snapshot = source.snapshot().unwrap();
    assert_eq!(snapshot.tables()[1].estimated_rows, Some(7));
    let batches = read(&mut *snapshot, Table::Donations);
    assert!(batches.len() >= 4 && batches.iter().all(|batch| batch.rows.num_rows() <= 2 && batch.faults.is_empty()));
    let keys: Vec<u64> =
        batches.iter().flat_map(|batch| batch.rows.column(0).as_primitive::<UInt64Type>().values().to_vec()).collect();
    assert_eq!(keys, [0, 1, 2, 3, 4, 5, 6]);
    let totals = snapshot.totals(Table::Donations).unwrap();
    assert_eq!((totals.rows, totals.amount, totals.references), (7, 21, 12));
}

#[test]
fn a_file_that_changes_is_noticed() {
    let folder = folder(&[("donatur.csv", DONORS), ("donasi.csv", GIFTS)]);
    let donors = folder.path().join("donatur.csv");
    let mut source = open(folder.path());
    // before it is read
    let mut snapshot = source.snapshot().unwrap();
    fs::write(&donors, format!("{DONORS}10,Ani,,\n")).unwrap();
    let error = snapshot.totals(Table::Donors).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SourceData);
    assert!(error.to_string().contains("donatur.csv"), "{error}");
    drop(snapshot);
    // while it is read
    let mut snapshot = source.snapshot().unwrap();
    let changing = snapshot.read(Table::Donors, &Selection::All, &mut |_| {
        fs::write(&donors, DONORS).unwrap();
        Ok(())
    });
    assert!(changing.unwrap_err().to_string().contains("changed"));
}

#[test]
fn what_is_wrong_is_named() {
    let kind = |files: &[(&str, &str)]| {
        let folder = folder(files);
        let mut source = open(folder.path());
        let mut snapshot = source.snapshot()?;
        snapshot.totals(Table::Donors).map(|totals| totals.rows)
    };
    let gifts = ("donasi.csv", GIFTS);
    assert_eq!(kind(&[gifts, ("donatur.csv", DONORS)]).unwrap(), 3);
    assert_eq!(kind(&[gifts, ("donatur.CSV", DONORS)]).unwrap(), 3);
    for (files, expected, part) in [
        (&[gifts][..], ErrorKind::MissingTable, "donatur.csv"),
        (&[gifts, ("donatur.csv", "a,b\n1,2\n")], ErrorKind::MissingColumn, "donors.columns.id"),
        (&[gifts, ("donatur.csv", "id,nama,Nama\n1,a,b\n")], ErrorKind::SourceData, "two columns of one name"),
        (&[gifts, ("donatur.csv", "")], ErrorKind::SourceData, "donatur.csv"),
        (&[gifts, ("donatur.csv", "id,name\n1,a\n2\n")], ErrorKind::SourceData, "line 3"),
        (&[gifts, ("donatur.csv", "id,name\n1,a\n2,\"b\n3,c\n4,d\n")], ErrorKind::SourceData, "line 3: a quote"),
        (&[gifts, ("donatur.parquet", "not one")], ErrorKind::SourceData, "donatur.parquet"),
        (&[gifts, ("donatur.csv", DONORS), ("donors.csv", DONORS)], ErrorKind::Configuration, "more than one"),
    ] {
        let error = kind(files).unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    let open = |folder: &str, options| FilesSource::open(folder, Mapping::default(), options).unwrap_err().kind();
    assert_eq!(open("/no/such/folder", FilesOptions::default()), ErrorKind::Io);
    assert_eq!(open("/", FilesOptions { delimiter: Some('→'), ..Default::default() }), ErrorKind::Configuration);
    assert_eq!(open("/", FilesOptions { batch_rows: 0, ..Default::default() }), ErrorKind::Configuration);
    let outside = Mapping::from_toml("donors = \"../donatur\"").unwrap();
    let folder = folder(&[gifts]);
    let mut source = FilesSource::open(folder.path(), outside, FilesOptions::default()).unwrap();
    assert_eq!(source.snapshot().err().unwrap().kind(), ErrorKind::Configuration);
}

/// A slip of the pen in a mapping must not pass for a column that the source does not have.
#[test]
fn a_column_that_the_mapping_names_must_be_there() {
    let folder = folder(&[("donatur.csv", DONORS), ("donations.csv", GIFTS)]);
    let snapshot = |mapping: &str| {
        let mapping = Mapping::from_toml(mapping).unwrap();
        let mut source = FilesSource::open(folder.path(), mapping, FilesOptions::default()).unwrap();
        source.snapshot().map(|snapshot| snapshot.tables().len())
    };
    assert_eq!(snapshot("").unwrap(), 2, "a column of the default may be absent");
    assert_eq!(snapshot("[donations.columns]\nstatus = false").unwrap(), 2);
    let error = snapshot("[donations.columns]\nstatus = \"status_bayarr\"").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingColumn);
    let text = error.to_string();
    for part in ["donations.columns.status", "status_bayarr", "donations.csv", "created_at"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// `250.000` is a quarter of a million in Jakarta and two hundred and fifty in London.
#[test]
fn an_amount_that_could_be_two_is_not_guessed() {
    let gifts =
        "id,donor_id,amount,date\n1,7,250.000,2026-01-15\n2,7,50000,2026-01-15\n3,7,\"1.250.000,50\",2026-01-15\n";
    let folder = folder(&[("donatur.csv", DONORS), ("donasi.csv", gifts)]);
    let amounts = |format: &str| {
        let mapping = Mapping::from_toml(&format!("[donations]\n{format}")).unwrap();
        let mut source = FilesSource::open(folder.path(), mapping, FilesOptions::default()).unwrap();
        let mut snapshot = source.snapshot().unwrap();
        let batch = read(&mut *snapshot, Table::Donations).remove(0);
        let cells = batch.rows.column_by_name("amount").unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>();
        let faults: Vec<_> = batch.faults.iter().map(|fault| (fault.row, fault.kind, fault.value.clone())).collect();
        (cells, faults)
    };
    let (cells, faults) = amounts("");
    assert_eq!(cells, [None, Some(5_000_000), None]);
    assert_eq!(faults[0], (0, FaultKind::AmbiguousNumber, "250.000".into()));
    assert_eq!(faults[1].1, FaultKind::ImpossibleNumber);
    let (cells, faults) = amounts("number_format = \"id\"");
    assert_eq!((cells, faults), (vec![Some(25_000_000), Some(5_000_000), Some(125_000_050)], Vec::new()));
    assert_eq!(amounts("number_format = \"plain\"").0, [Some(25_000), Some(5_000_000), None]);
    assert!(Mapping::from_toml("[donations]\nnumber_format = \"auto\"").is_err());
}

/// As phpMyAdmin and `mysql --batch` write them.
#[test]
fn the_word_null_is_no_value() {
    let donors = "id,name,phone,email\n1,Ani,NULL,\\N\n2,Null,null,NULLA\n";
    let folder = folder(&[("donatur.csv", donors), ("donasi.csv", GIFTS)]);
    let cells = |nulls: Option<&[&str]>| {
        let mut options = FilesOptions::default();
        if let Some(nulls) = nulls {
            options.nulls = nulls.iter().map(ToString::to_string).collect();
        }
        let mut source = FilesSource::open(folder.path(), Mapping::default(), options).unwrap();
        let batch = read(&mut *source.snapshot().unwrap(), Table::Donors).remove(0);
        let column = |name: &str| {
            let texts = batch.rows.column_by_name(name).unwrap().as_string::<i32>();
            texts.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
        };
        [column("name"), column("phone"), column("email")].concat()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(cells(None), [some("Ani"), some("Null"), None, some("null"), None, some("NULLA")]);
    assert_eq!(cells(Some(&["null"])), [some("Ani"), some("Null"), some("NULL"), None, some("\\N"), some("NULLA")]);
}
