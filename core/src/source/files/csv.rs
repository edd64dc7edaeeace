//! CSV as text, cell by cell; what the text means is decided where it is for every source.

use super::quotes::Quotes;
use super::{io, unreadable};
use crate::error::{Error, ErrorKind, Result};
use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How one file is written: its delimiter, and its columns, all as text.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    delimiter: u8,
    schema: SchemaRef,
}

impl Dialect {
    /// Looks at a file's header.
    pub(super) fn of(path: &Path, delimiter: Option<char>) -> Result<Self> {
        let delimiter = match delimiter.and_then(|delimiter| u8::try_from(delimiter).ok()) {
            Some(delimiter) => delimiter,
            None => guess(&header(path)?),
        };
        let format = Format::default().with_header(true).with_delimiter(delimiter);
        let (inferred, _) = format.infer_schema(open(path)?, Some(0)).map_err(|cause| wrong(path, cause))?;
        if inferred.fields().is_empty() {
            return Err(Error::new(ErrorKind::SourceData, "a file of the source has no header")
                .context("file", path.display())
                .hint("the first line names the columns"));
        }
        let text = |field: &Arc<Field>| Field::new(field.name().trim(), DataType::Utf8, true);
        let fields: Vec<Field> = inferred.fields().iter().map(text).collect();
        Ok(Self { delimiter, schema: Arc::new(Schema::new(fields)) })
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads the columns at `places` (ascending) of all rows.
    pub(super) fn read(
        &self,
        path: &Path,
        places: Vec<usize>,
        batch_rows: usize,
        each: &mut dyn FnMut(&RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let reader = ReaderBuilder::new(Arc::clone(&self.schema))
            .with_header(true)
            .with_delimiter(self.delimiter)
            .with_projection(places)
            .with_batch_size(batch_rows)
            .build_buffered(Quotes::new(open(path)?, self.delimiter))
            .map_err(|cause| wrong(path, cause))?;
        for batch in reader {
            each(&batch.map_err(|cause| wrong(path, cause))?)?;
        }
        Ok(())
    }
}

/// All cells are text here, so the reader complains only of the file's build: which line, and how many cells.
fn wrong(path: &Path, cause: arrow::error::ArrowError) -> Error {
    let what = cause.to_string();
    unreadable(path, cause)
        .context("cause", what)
        .hint("save it as CSV in UTF-8, with as many cells in each row as in the header")
}

/// The file behind its byte order mark, which spreadsheets write.
fn open(path: &Path) -> Result<BufReader<File>> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(|cause| io(path, cause))?);
    if reader.fill_buf().map_err(|cause| io(path, cause))?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(reader)
}

fn header(path: &Path) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    open(path)?.take(1 << 16).read_until(b'\n', &mut line).map_err(|cause| io(path, cause))?;
    Ok(line)
}

/// The candidate that the header has most of outside quotes; a comma when it has none.
fn guess(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for &byte in header {
        quoted ^= byte == b'"';
        if let Some(count) = counts.iter_mut().find(|count| count.0 == byte && !quoted) {
            count.1 += 1;
        }
    }
    // the first of equals
    counts.iter().rev().max_by_key(|count| count.1).map_or(b',', |count| count.0)
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn the_delimiter_is_what_the_header_has_most_of() {
        for (header, expected) in [
            ("a,b,c", b','),
            ("a;b;c,d", b';'),
            ("a\tb", b'\t'),
            ("\"x;y;z\",b", b','),
            ("alone", b','),
            ("a|b|c", b'|'),
        ] {
            assert_eq!(guess(header.as_bytes()), expected, "{header}");
        }
    }
}
