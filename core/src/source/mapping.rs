//! What the source calls the tables and columns.

use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::columns;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// What the source calls the tables and columns of the library.
///
/// The default is the orphanage's Laravel schema. A TOML text overrides only what it names:
///
/// ```
/// use dermawan::{Table, source::Mapping};
/// let mapping = Mapping::from_toml(
///     r#"
///     children = false                  # this charity has no such table
///     categories = "cash_categories"    # another name, the same columns
///
///     [donations]
///     table = "gifts"
///     columns = { amount = "value", payment_method = false }    # false: never read
///     "#,
/// )?;
/// assert_eq!(mapping.table(Table::Donations).name(), Some("gifts"));
/// assert_eq!(mapping.table(Table::Donations).column("amount"), Some("value"));
/// assert_eq!(mapping.table(Table::Donations).column("date"), Some("tanggal_catat"));
/// assert_eq!(mapping.table(Table::Donations).column("payment_method"), None);
/// assert_eq!(mapping.table(Table::Children).name(), None);
/// # Ok::<(), dermawan::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Override>", into = "BTreeMap<String, Override>")]
pub struct Mapping {
    tables: [TableMapping; Table::ALL.len()],
}

/// What the source calls one table and its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMapping {
    name: Option<String>,
    required: bool,
    /// In the order of [`columns`]; `None` is left out on purpose.
    columns: Vec<Option<String>>,
    number_format: Option<NumberFormat>,
    table: Table,
}

/// How amounts are written in columns of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// `250000` and `250000.50`: a dot stands before decimals, and `250.000` is two hundred and fifty.
    Plain,
    /// `250.000` and `250.000,50`, as Indonesia writes: a dot parts thousands, a comma stands before decimals.
    Id,
}

impl TableMapping {
    /// The table's name in the source; `None` when the source is not asked for it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether a source without this table is an error (default: donors and donations).
    pub fn required(&self) -> bool {
        self.required
    }

    /// How amounts are written in columns of text. `None`, the default, takes both `250000` and `250000.50`, and refuses
    /// rows with an amount like `250.000`, which could be either.
    pub fn number_format(&self) -> Option<NumberFormat> {
        self.number_format
    }

    /// The source's name of a canonical column; `None` when it is left out or there is no such column.
    pub fn column(&self, canonical: &str) -> Option<&str> {
        self.columns.get(position(self.table, canonical)?)?.as_deref()
    }

    /// Whether the mapping gives a column another name than the default does. Such a column must be there: without it a
    /// slip of the pen would read as a column that the source does not have.
    pub(crate) fn names_column(&self, canonical: &str) -> bool {
        let Some(at) = position(self.table, canonical) else { return false };
        self.columns[at].as_deref().is_some_and(|name| !name.eq_ignore_ascii_case(orphanage(self.table).1[at]))
    }

    /// The source's names of all canonical columns, in the order of [`columns`].
    pub fn columns(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        self.columns.iter().map(Option::as_deref)
    }

    fn apply(&mut self, wanted: Override) -> Result<()> {
        if wanted.absent {
            self.name = None;
            self.required = false;
        }
        if let Some(name) = wanted.table {
            self.name = Some(name);
        }
        if let Some(required) = wanted.required {
            self.required = required;
        }
        if wanted.number_format.is_some() {
            self.number_format = wanted.number_format;
        }
        for (canonical, Column(name)) in wanted.columns {
            let Some(at) = position(self.table, &canonical) else {
                let known: Vec<&str> = columns(self.table).iter().map(|column| column.0).collect();
                return Err(wrong(format!("mapping: {} has no column {canonical:?}", self.table))
                    .hint(format!("its columns are {}", known.join(", "))));
            };
            self.columns[at] = name;
        }
        Ok(())
    }
}

fn position(table: Table, canonical: &str) -> Option<usize> {
    columns(table).iter().position(|column| column.0 == canonical)
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

impl Mapping {
    /// What the source calls a table.
    pub fn table(&self, table: Table) -> &TableMapping {
        &self.tables[table as usize]
    }

    /// Reads a TOML text; what it does not name stays as in the default.
    ///
    /// # Errors
    /// `configuration` when the text does not parse, names a table or column that the library does not know (the error
    /// lists those it knows), or does not pass [`Mapping::validate`].
    pub fn from_toml(text: &str) -> Result<Self> {
        let overrides: BTreeMap<String, Override> = toml::from_str(text).map_err(|cause| {
            let error = wrong(format!("mapping: {}", cause.message()));
            let error = match cause.span() {
                Some(span) => {
                    let line = text[..span.start.min(text.len())].matches('\n').count();
                    let words = text.lines().nth(line).unwrap_or_default().trim();
                    error.context("line", line + 1).context("text", words)
                }
                None => error,
            };
            error.hint("see the documentation of Mapping for an example")
        })?;
        Self::try_from(overrides)
    }

    /// The whole mapping as TOML, to be edited; [`Mapping::from_toml`] reads it back.
    ///
    /// # Errors
    /// None that a mapping can cause.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self)
            .map_err(|cause| Error::new(ErrorKind::Internal, "the mapping cannot be written as TOML").caused_by(cause))
    }

    /// Checks that keys and required columns are mapped and that every name can be a name in a database.
    ///
    /// # Errors
    /// `configuration`, with the key that is wrong.
    pub fn validate(&self) -> Result<()> {
        for mapping in &self.tables {
            let table = mapping.table;
            let Some(name) = mapping.name() else {
                if mapping.required {
                    return Err(wrong(format!("mapping: {table} is required and has no name"))
                        .hint(format!("give {table}.table, or set {table}.required = false")));
                }
                continue;
            };
            check_name(name, &format!("{table}.table"))?;
            for (&(canonical, _, required), column) in columns(table).iter().zip(mapping.columns()) {
                let key = format!("{table}.columns.{canonical}");
                match column {
                    Some(column) => check_name(column, &key)?,
                    None if required => {
                        return Err(wrong(format!("mapping: {key} is needed and cannot be left out"))
                            .hint(format!("name the column, or leave the whole table out with {table} = false")));
                    }
                    None => {}
                }
            }
        }
        Ok(())
    }
}

/// The rules of MySQL for a quoted identifier: 1 to 64 characters, none of them NUL, no space at the end.
fn check_name(name: &str, key: &str) -> Result<()> {
    let length = name.chars().count();
    if length == 0 || length > 64 || name.contains('\0') || name.ends_with(' ') {
        return Err(wrong(format!("mapping: {key} is not a name that a database allows"))
            .hint("a name has 1 to 64 characters, no NUL, and no space at its end"));
    }
    Ok(())
}

impl Default for Mapping {
    fn default() -> Self {
        let tables = Table::ALL.map(|table| {
            let (name, columns) = orphanage(table);
            TableMapping {
                name: Some(name.into()),
                required: matches!(table, Table::Donors | Table::Donations),
                columns: columns.iter().map(|&name| Some(name.into())).collect(),
                number_format: None,
                table,
            }
        });
        Self { tables }
    }
}

/// The orphanage's names, in the order of [`columns`].
fn orphanage(table: Table) -> (&'static str, &'static [&'static str]) {
    match table {
        Table::Categories => ("kategori_transaksi", &["id_kategori", "nama_kategori"]),
        Table::Accounts => ("kas", &["id_kas", "nama_kas", "saldo", "created_at", "updated_at"]),
        Table::Donors => (
            "donatur",
            &["id_donatur", "user_id", "nama", "email", "no_hp", "alamat", "deskripsi", "created_at", "updated_at"],
        ),
        Table::Children => {
            ("anak", &["id_anak", "status_anak", "tanggal_masuk", "tanggal_keluar", "created_at", "updated_at"])
        }
        Table::Contacts => (
            "donatur_whatsapp",
            &["id", "id_donatur", "whatsapp_number", "is_verified", "verified_at", "created_at", "updated_at"],
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
        ),
    }
}

/// A table as configuration writes it: `false`, a name, or a table of settings.
#[derive(Clone, Debug, Default)]
struct Override {
    absent: bool,
    table: Option<String>,
    required: Option<bool>,
    number_format: Option<NumberFormat>,
    columns: BTreeMap<String, Column>,
}

/// A column's name, or `false` (also an empty name) for one that is left out.
#[derive(Clone, Debug)]
struct Column(Option<String>);

impl TryFrom<BTreeMap<String, Override>> for Mapping {
    type Error = Error;

    fn try_from(overrides: BTreeMap<String, Override>) -> Result<Self> {
        let mut mapping = Self::default();
        for (name, wanted) in overrides {
            let Some(table) = Table::named(&name) else {
                let known: Vec<&str> = Table::ALL.iter().map(|table| table.name()).collect();
                return Err(wrong(format!("mapping: there is no table {name:?}"))
                    .hint(format!("the tables are {}", known.join(", "))));
            };
            mapping.tables[table as usize].apply(wanted)?;
        }
        mapping.validate()?;
        Ok(mapping)
    }
}

impl From<Mapping> for BTreeMap<String, Override> {
    fn from(mapping: Mapping) -> Self {
        let whole = |mapping: TableMapping| {
            let names = columns(mapping.table).iter().map(|column| column.0.to_string());
            let wanted = Override {
                absent: mapping.name.is_none(),
                table: mapping.name,
                required: Some(mapping.required),
                number_format: mapping.number_format,
                columns: names.zip(mapping.columns.into_iter().map(Column)).collect(),
            };
            (mapping.table.name().to_string(), wanted)
        };
        mapping.tables.into_iter().map(whole).collect()
    }
}

impl Serialize for Override {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.absent {
            return serializer.serialize_bool(false);
        }
        let mut settings = serializer.serialize_struct("TableMapping", 4)?;
        settings.serialize_field("table", &self.table)?;
        settings.serialize_field("required", &self.required)?;
        if self.number_format.is_some() {
            settings.serialize_field("number_format", &self.number_format)?;
        }
        settings.serialize_field("columns", &self.columns)?;
        settings.end()
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(name) => serializer.serialize_str(name),
            None => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Column;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column's name, or false to leave it out")
            }

            fn visit_str<E>(self, name: &str) -> Result<Column, E> {
                Ok(Column((!name.is_empty()).then(|| name.into())))
            }

            fn visit_bool<E: serde::de::Error>(self, keep: bool) -> Result<Column, E> {
                if keep {
                    Err(E::custom("expected a column's name, or false to leave it out"))
                } else {
                    Ok(Column(None))
                }
            }
        }
        deserializer.deserialize_any(Names)
    }
}

impl<'de> Deserialize<'de> for Override {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize, Default)]
        #[serde(default, deny_unknown_fields)]
        struct Settings {
            table: Option<String>,
            required: Option<bool>,
            number_format: Option<NumberFormat>,
            columns: BTreeMap<String, Column>,
        }
        struct Tables;
        impl<'de> Visitor<'de> for Tables {
            type Value = Override;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table's name, false when there is none, or {table, required, number_format, columns}")
            }

            fn visit_str<E>(self, name: &str) -> Result<Override, E> {
                Ok(Override { table: Some(name.into()), ..Override::default() })
            }

            fn visit_bool<E: serde::de::Error>(self, keep: bool) -> Result<Override, E> {
                if keep {
                    Err(E::custom("expected a table's name, or false when there is none"))
                } else {
                    Ok(Override { absent: true, ..Override::default() })
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Override, A::Error> {
                let Settings { table, required, number_format, columns } =
                    Settings::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Override { absent: false, table, required, number_format, columns })
            }
        }
        deserializer.deserialize_any(Tables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_names_every_column() {
        let mapping = Mapping::default();
        mapping.validate().unwrap();
        for table in Table::ALL {
            assert_eq!(mapping.table(table).columns().flatten().count(), columns(table).len(), "{table}");
        }
        assert_eq!(mapping.table(Table::Donors).column("phone"), Some("no_hp"));
        assert_eq!(mapping.table(Table::CashEntries).column("amount"), Some("nominal"));
        assert_eq!(Mapping::from_toml("").unwrap(), mapping);
    }

    #[test]
    fn toml_and_back_is_the_same() {
        let text = "children = false\ncategories = \"c\"\n[donors]\ncolumns = { email = false, phone = \"\", name = \"n\" }\n\
                    [donations]\ntable = \"gifts\"\nrequired = false\nnumber_format = \"id\"\n[contacts]\nrequired = true";
        let mapping = Mapping::from_toml(text).unwrap();
        assert_eq!(mapping.table(Table::Donors).column("email"), None);
        assert_eq!(mapping.table(Table::Donors).column("phone"), None);
        assert_eq!(mapping.table(Table::Donations).number_format(), Some(NumberFormat::Id));
        assert!(mapping.table(Table::Contacts).required() && !mapping.table(Table::Donations).required());
        assert_eq!(Mapping::from_toml(&mapping.to_toml().unwrap()).unwrap(), mapping);
        let json = serde_json::to_string(&mapping).unwrap();
        assert_eq!(serde_json::from_str::<Mapping>(&json).unwrap(), mapping);
    }

    #[test]
    fn errors_name_the_key_and_what_is_allowed() {
        for (text, part) in [
            ("gifts = \"x\"", "the tables are categories, accounts, donors"),
            ("[donors.columns]\nnama = \"x\"", "its columns are id, user_id, name"),
            ("[donations.columns]\namount = false", "donations.columns.amount is needed"),
            ("[donors]\ntable = \"\"", "donors.table is not a name"),
            ("donors = 3", "a table's name"),
            ("children = true", "false when there is none"),
            ("[children]\nname = \"x\"", "unknown field"),
            ("donors = [", "mapping:"),
            ("children = false\n\ndonors = 3", "line: 3, text: donors = 3"),
        ] {
            let error = Mapping::from_toml(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
    }
}
