//! A quote that is never closed swallows every row behind it. The CSV reader takes the rest of the file for one cell and
//! says nothing; this reader between it and the file knows at the end that a quote is open, and where it was opened.

use std::io::{self, BufRead, ErrorKind, Read};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a cell.
    Start,
    /// In a cell without quotes; a quote there is a letter like any other (`5" pipe`).
    Bare,
    Quoted,
    /// Behind a quote inside quotes: the end of the cell, or half of a doubled one.
    Closing,
}

/// Passes bytes on as they are; at the end of the file an open quote is an error.
pub(super) struct Quotes<R> {
    inner: R,
    delimiter: u8,
    state: State,
    line: u64,
    /// The line of the last quote that was opened.
    opened: u64,
}

impl<R: BufRead> Quotes<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        Self { inner, delimiter, state: State::Start, line: 1, opened: 1 }
    }
}

impl<R> Quotes<R> {
    fn pass(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.state = match (self.state, byte) {
                (State::Start, b'"') => {
                    self.opened = self.line;
                    State::Quoted
                }
                (State::Quoted, b'"') => State::Closing,
                (State::Closing, b'"') | (State::Quoted, _) => State::Quoted,
                (_, b'\n' | b'\r') => State::Start,
                (_, byte) if byte == self.delimiter => State::Start,
                _ => State::Bare,
            };
            self.line += u64::from(byte == b'\n');
        }
    }

    fn end(&self) -> io::Result<()> {
        if self.state != State::Quoted {
            return Ok(());
        }
        let what = format!("line {}: a quote (\") is opened there and never closed", self.opened);
        Err(io::Error::new(ErrorKind::InvalidData, what))
    }
}

impl<R: BufRead> Read for Quotes<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.pass(&into[..read]);
        if read == 0 && !into.is_empty() {
            self.end()?;
        }
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Quotes<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.inner.fill_buf()?.is_empty() {
            self.end()?;
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed was in the buffer: asking for it again reads nothing.
        if let Ok(bytes) = self.inner.fill_buf() {
            let bytes = bytes[..amount.min(bytes.len())].to_vec();
            self.pass(&bytes);
        }
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn end(text: &str) -> io::Result<()> {
        // A buffer of three bytes, so that states live on between two.
        let mut reader = Quotes::new(BufReader::with_capacity(3, text.as_bytes()), b';');
        loop {
            let length = reader.fill_buf()?.len();
            if length == 0 {
                return Ok(());
            }
            reader.consume(length);
        }
    }

    #[test]
    fn quotes_are_closed_or_the_line_is_named() {
        for text in ["a;b\n1;2", "a\n\"x;\n\"\"y\"\n", "a;5\" pipe\n", "a\n\"\"", "\"a\"b\"\n", "a; \"b\n", ""] {
            end(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        }
        for (text, line) in [("a\n1\n\"2\n3\n4\n", 3), ("a;\"", 1), ("\"a\"\n\"b\"\"", 2), ("a\n1;\"x\"\n2;\"y;\n", 3)]
        {
            let error = end(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {line}:")), "{text:?}: {error}");
        }
    }
}
