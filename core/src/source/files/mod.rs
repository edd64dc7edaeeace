//! Files: a folder with one CSV or Parquet file a table.
#![allow(clippy::disallowed_methods, reason = "this room reads files")]

mod csv;
mod options;
mod quotes;

pub use options::FilesOptions;

use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::cell::BatchBuilder;
use crate::source::layout::Layout;
use crate::source::{Mapping, RawBatch, Selection, Snapshot, Source, TableInfo, Totals};
use arrow::array::RecordBatch;
use jiff::tz::TimeZone;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A folder with one file a table: `<table>.csv` or `<table>.parquet`, named as in the source (`donasi.csv`) or as in the
/// library (`donations.csv`), columns likewise.
///
/// A snapshot notes size and modification time of each file; a file that is changed before it was read to its end is an
/// error (`source_data`) and never half of this state and half of that.
#[derive(Clone, Debug)]
pub struct FilesSource {
    folder: PathBuf,
    mapping: Mapping,
    options: FilesOptions,
    zone: TimeZone,
}

impl FilesSource {
    /// Opens a folder. Its files are looked at when a snapshot is taken.
    ///
    /// # Errors
    /// `io` when there is no such folder; `configuration` when mapping or options are not valid.
    pub fn open(folder: impl Into<PathBuf>, mapping: Mapping, options: FilesOptions) -> Result<Self> {
        let folder = folder.into();
        mapping.validate()?;
        let zone = options.validate()?;
        if !folder.is_dir() {
            return Err(Error::new(ErrorKind::Io, "the folder with the source's files is not there")
                .context("folder", folder.display()));
        }
        Ok(Self { folder, mapping, options, zone })
    }

    /// The file of a table, if there is one.
    fn file_of(&self, table: Table) -> Result<Option<TableFile>> {
        let Some(name) = self.mapping.table(table).name() else { return Ok(None) };
        if name.contains(['/', '\\']) || name == ".." {
            return Err(Error::new(ErrorKind::Configuration, "a file's name may not lead out of its folder")
                .context("table", table));
        }
        let mut names = vec![name];
        names.extend((name != table.name()).then_some(table.name()));
        let entries = std::fs::read_dir(&self.folder).map_err(|cause| io(&self.folder, cause))?;
        let mut there = Vec::new();
        for entry in entries {
            let path = entry.map_err(|cause| io(&self.folder, cause))?.path();
            let named = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| names.contains(&stem));
            if named && (is_a(&path, "csv") || is_a(&path, "parquet")) && path.is_file() {
                there.push(path);
            }
        }
        match there.as_slice() {
            [] if self.mapping.table(table).required() => {
                Err(Error::new(ErrorKind::MissingTable, format!("the folder has no file for {table}"))
                    .context("folder", self.folder.display())
                    .hint(format!("put {name}.csv or {name}.parquet there, or map {table}.table")))
            }
            [] => Ok(None),
            [path] => TableFile::open(table, path, self).map(Some),
            _ => Err(Error::new(ErrorKind::Configuration, format!("the folder has more than one file for {table}"))
                .context("folder", self.folder.display())
                .hint("leave the one that is meant")),
        }
    }
}

impl Source for FilesSource {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        let mut files = Vec::new();
        for table in Table::ALL {
            files.extend(self.file_of(table)?);
        }
        let infos = files.iter().map(TableFile::info).collect();
        Ok(Box::new(FilesSnapshot { source: self, files, infos }))
    }

    fn label(&self) -> String {
        format!("files in {}", self.folder.display())
    }
}

/// Whether a file's name ends like this, in letters of any size.
fn is_a(path: &Path, kind: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(kind))
}

/// What tells one state of a file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self> {
        let data = std::fs::metadata(path).map_err(|cause| io(path, cause))?;
        Ok(Self { bytes: data.len(), modified: data.modified().ok() })
    }
}

fn io(path: &Path, cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "a file of the source cannot be read").context("file", path.display()).caused_by(cause)
}

fn unreadable(path: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::SourceData, "a file of the source is not what its name says")
        .context("file", path.display())
        .caused_by(cause)
}

/// One table's file as it was when the snapshot was taken.
#[derive(Clone, Debug)]
struct TableFile {
    table: Table,
    path: PathBuf,
    stamp: Stamp,
    layout: Layout,
    rows: Option<u64>,
    format: Format,
}

#[derive(Clone, Debug)]
enum Format {
    Parquet,
    Csv(csv::Dialect),
}

impl TableFile {
    fn open(table: Table, path: &Path, source: &FilesSource) -> Result<Self> {
        let stamp = Stamp::of(path)?;
        let name = path.display().to_string();
        let find = |schema: &_| Layout::find(table, &source.mapping, schema, &name);
        let (format, layout, rows) = if is_a(path, "parquet") {
            let file = File::open(path).map_err(|cause| io(path, cause))?;
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|cause| unreadable(path, cause))?;
            let rows = u64::try_from(reader.metadata().file_metadata().num_rows()).ok();
            (Format::Parquet, find(reader.schema())?, rows)
        } else {
            let dialect = csv::Dialect::of(path, source.options.delimiter)?;
            let layout = find(dialect.schema())?;
            (Format::Csv(dialect), layout, None)
        };
        Ok(Self { table, path: path.into(), stamp, layout, rows, format })
    }

    fn info(&self) -> TableInfo {
        let name = self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        self.layout.info(&name, self.rows)
    }

    /// Reads all rows, only the columns that are wanted.
    fn batches(&self, batch_rows: usize, each: &mut dyn FnMut(&Layout, &RecordBatch) -> Result<()>) -> Result<()> {
        match &self.format {
            Format::Parquet => {
                let file = File::open(&self.path).map_err(|cause| io(&self.path, cause))?;
                let wrong = |cause| unreadable(&self.path, cause);
                let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(wrong)?;
                let mask = ProjectionMask::roots(reader.parquet_schema(), self.layout.used());
                let reader = reader.with_projection(mask).with_batch_size(batch_rows).build().map_err(wrong)?;
                let layout = self.layout.projected();
                for batch in reader {
                    each(&layout, &batch.map_err(|cause| unreadable(&self.path, cause))?)?;
                }
                Ok(())
            }
            Format::Csv(dialect) => {
                let layout = self.layout.projected();
                dialect.read(&self.path, self.layout.used(), batch_rows, &mut |batch| each(&layout, batch))
            }
        }
    }

    fn check_unchanged(&self) -> Result<()> {
        if Stamp::of(&self.path)? == self.stamp {
            return Ok(());
        }
        Err(Error::new(ErrorKind::SourceData, "a file was changed after the snapshot was taken")
            .context("file", self.path.display())
            .hint("write files under another name and rename them when they are whole; then run it again"))
    }
}

struct FilesSnapshot<'a> {
    source: &'a FilesSource,
    files: Vec<TableFile>,
    infos: Vec<TableInfo>,
}

impl Snapshot for FilesSnapshot<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.infos
    }

    fn taken_at(&self) -> Option<i64> {
        None
    }

    fn rules(&self) -> String {
        let rules = crate::source::reading_rules(&self.source.mapping, &self.source.zone);
        format!("{rules} {:?} {:?}", self.source.options.delimiter, self.source.options.nulls)
    }

    fn totals(&mut self, table: Table) -> Result<Totals> {
        let mut totals = Totals::default();
        self.read(table, &Selection::All, &mut |batch| {
            totals.add(&Totals::of(table, &batch.rows));
            Ok(())
        })?;
        Ok(totals)
    }

    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>> {
        super::check_width(width)?;
        let mut ranges = BTreeMap::new();
        self.read(table, &Selection::All, &mut |batch| {
            Totals::of_ranges(table, &batch.rows, width, &mut ranges);
            Ok(())
        })?;
        Ok(ranges.into_iter().collect())
    }

    fn read(&mut self, table: Table, _: &Selection, sink: &mut dyn FnMut(RawBatch) -> Result<()>) -> Result<()> {
        let Some(file) = self.files.iter().find(|file| file.table == table) else {
            return Err(super::no_such_table(table));
        };
        file.check_unchanged()?;
        let batch_rows = self.source.options.batch_rows;
        let mut builder = BatchBuilder::new(table, self.source.zone.clone(), batch_rows);
        if matches!(file.format, Format::Csv(_)) {
            let nulls: Vec<&str> = self.source.options.nulls.iter().map(String::as_str).collect();
            (0..super::columns(table).len()).for_each(|column| builder.set_nulls(column, &nulls));
        }
        builder.set_format(self.source.mapping.table(table).number_format());
        let outcome = file.batches(batch_rows, &mut |layout, batch| {
            layout.fill(batch, &mut builder)?;
            sink(builder.finish()?)
        });
        // a file changed in the middle reads as a broken one: say what is really the matter
        if outcome.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::SourceData) {
            file.check_unchanged()?;
        }
        outcome
    }
}
