//! Rows as SQL and as files for `LOAD DATA`.

use super::cell::{Form, sql_table, write_cell};
use super::plan::Sample;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use std::io::Write;

/// What a connection must be told before rows are put in: bad rows must pass, times are in UTC.
pub const SESSION: [&str; 4] = [
    "SET NAMES utf8mb4",
    "SET SESSION sql_mode = ''",
    "SET SESSION time_zone = '+00:00'",
    "SET FOREIGN_KEY_CHECKS = 0",
];

/// Statements grow to about this many bytes: 1 MB, far below MySQL's `max_allowed_packet` of 16 MB or more.
const STATEMENT: usize = 1_000_000;

impl Sample {
    /// `INSERT` statements of about 1 MB for one table of `schema.sql`, made while they are read. Run [`SESSION`] on
    /// the connection first; the table must be there and empty.
    pub fn statements(&self, table: Table) -> impl Iterator<Item = String> + '_ {
        let target = sql_table(table);
        let head = format!("INSERT INTO {} ({}) VALUES ", target.name, target.columns.join(","));
        let mut rows = self.rows(table).peekable();
        std::iter::from_fn(move || {
            rows.peek()?;
            let mut text = head.clone();
            while text.len() < STATEMENT {
                let Some(row) = rows.next() else { break };
                if text.len() > head.len() {
                    text.push(',');
                }
                for (i, cell) in row.iter().enumerate() {
                    text.push(if i == 0 { '(' } else { ',' });
                    write_cell(&mut text, cell, Form::Sql);
                }
                text.push(')');
            }
            Some(text)
        })
    }

    /// Writes a table as a file for [`Sample::load_data`]: fields apart by tabs, rows by line feeds, `\N` for NULL,
    /// UTF-8, times in UTC. Answers with the number of rows.
    pub fn write_tsv(&self, table: Table, mut out: impl Write) -> Result<u64> {
        let mut write = |bytes: &[u8]| {
            out.write_all(bytes)
                .map_err(|cause| Error::new(ErrorKind::Io, "a sample file could not be written").caused_by(cause))
        };
        let mut buffer = String::with_capacity(1 << 16);
        let mut rows = 0;
        for row in self.rows(table) {
            for (i, cell) in row.iter().enumerate() {
                if i > 0 {
                    buffer.push('\t');
                }
                write_cell(&mut buffer, cell, Form::Tsv);
            }
            buffer.push('\n');
            rows += 1;
            if buffer.len() > 60_000 {
                write(buffer.as_bytes())?;
                buffer.clear();
            }
        }
        write(buffer.as_bytes())?;
        Ok(rows)
    }

    /// The statement that reads a file of [`Sample::write_tsv`] into a table of `schema.sql`; `path` as the server
    /// sees it, or as the client does with `local`. Run [`SESSION`] first.
    pub fn load_data(table: Table, path: &str, local: bool) -> String {
        let target = sql_table(table);
        let local = if local { "LOCAL " } else { "" };
        let path = path.replace('\\', "\\\\").replace('\'', "''");
        let columns = target.columns.join(",");
        format!("LOAD DATA {local}INFILE '{path}' INTO TABLE {} CHARACTER SET utf8mb4 ({columns})", target.name)
    }
}
