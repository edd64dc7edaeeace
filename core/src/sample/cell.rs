//! One value of a row, in all the forms in which it leaves.

use super::window::{Day, date_of};
use crate::model::{Rupiah, Table};
use std::borrow::Cow;
use std::fmt::Write;

/// A cell as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Key(u64),
    Amount(Rupiah),
    Day(Day),
    /// A date that no calendar has, as MySQL writes it.
    ImpossibleDate(&'static str),
    /// Seconds since 1970 UTC.
    Instant(i64),
    Text(Cow<'static, str>),
    /// UTF-8 that was read as latin1 and encoded again, and what it had been.
    Mojibake {
        stored: &'static str,
        meant: &'static str,
    },
    /// Text that lost characters.
    Damaged(&'static str),
    Integer(i32),
    /// `TINYINT(1)`, of which any number but 0 is true.
    Flag(u8),
}

impl Cell {
    pub(super) fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Text(text.into())
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::text)
    }
}

/// A row: its cells in the order of [`SqlTable::columns`].
pub(super) type Row = Vec<Cell>;

/// A table of `schema.sql`.
pub(super) struct SqlTable {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    /// The column that the canonical raw schema leaves out.
    pub(super) private: Option<usize>,
}

pub(super) const fn sql_table(table: Table) -> SqlTable {
    let (name, columns, private): (_, &'static [&'static str], _) = match table {
        Table::Categories => ("kategori_transaksi", &["id_kategori", "nama_kategori"], None),
        Table::Accounts => ("kas", &["id_kas", "nama_kas", "saldo", "created_at", "updated_at"], None),
        Table::Donors => (
            "donatur",
            &["id_donatur", "user_id", "nama", "email", "no_hp", "alamat", "deskripsi", "created_at", "updated_at"],
            None,
        ),
        Table::Children => (
            "anak",
            &["id_anak", "nama", "status_anak", "tanggal_masuk", "tanggal_keluar", "created_at", "updated_at"],
            Some(1),
        ),
        Table::Contacts => (
            "donatur_whatsapp",
            &["id", "id_donatur", "whatsapp_number", "is_verified", "verified_at", "created_at", "updated_at"],
            None,
        ),
        Table::Donations => (
            "donasi",
            &[
                "id_donasi",
                "order_id",
                "type_donasi",
                "id_donatur",
                "sumber_non_donatur",
                "bulan",
                "tahun",
                "jumlah",
                "status_pembayaran",
                "payment_method",
                "payment_channel",
                "tanggal_catat",
                "created_at",
                "updated_at",
            ],
            None,
        ),
        Table::CashEntries => (
            "transaksi_kas",
            &[
                "id_transaksi",
                "id_kas",
                "id_kategori",
                "id_donasi",
                "jenis_transaksi",
                "nominal",
                "tanggal",
                "keterangan",
                "created_at",
                "updated_at",
            ],
            None,
        ),
    };
    SqlTable { name, columns, private }
}

/// How text is escaped, and what NULL looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A literal of an SQL statement.
    Sql,
    /// A field of a file for `LOAD DATA` with its default separators.
    Tsv,
}

/// Writes a cell.
pub(super) fn write_cell(out: &mut String, cell: &Cell, form: Form) {
    // Writing into a String cannot fail.
    let _ = match cell {
        Cell::Null => out.write_str(if form == Form::Sql { "NULL" } else { "\\N" }),
        Cell::Key(n) => write!(out, "{n}"),
        Cell::Integer(n) => write!(out, "{n}"),
        Cell::Flag(n) => write!(out, "{n}"),
        Cell::Amount(amount) => write!(out, "{amount}"),
        Cell::Day(day) => return quoted(out, &date_of(*day).to_string(), form),
        Cell::ImpossibleDate(text) | Cell::Damaged(text) | Cell::Mojibake { stored: text, .. } => {
            return quoted(out, text, form);
        }
        Cell::Text(text) => return quoted(out, text, form),
        Cell::Instant(seconds) => {
            let (day, second) = (seconds.div_euclid(86_400) as Day, seconds.rem_euclid(86_400));
            let date = date_of(day);
            let (hour, minute) = (second / 3_600, second / 60 % 60);
            return quoted(out, &format!("{date} {hour:02}:{minute:02}:{:02}", second % 60), form);
        }
    };
}

fn quoted(out: &mut String, text: &str, form: Form) {
    if form == Form::Sql {
        out.push('\'');
    }
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\'' if form == Form::Sql => out.push_str("''"),
            _ => out.push(character),
        }
    }
    if form == Form::Sql {
        out.push('\'');
    }
}
