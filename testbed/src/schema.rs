//! The operational tables, in the forms in which installations have them.

/// Which form of the operational tables to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// All columns, as in `schema.sql`.
    Current,
    /// An installation from before the "later" columns were added.
    Old,
    /// Enumerations are varchars.
    Text,
    /// `donasi` is a view over the table `donasi_dasar`.
    View,
}

impl Schema {
    /// The statements that create the tables, in order.
    pub fn statements(self) -> Vec<String> {
        let mut sql = String::new();
        for line in include_str!("../schema.sql").lines() {
            let (code, comment) = line.split_once("--").unwrap_or((line, ""));
            if self == Self::Old && comment.trim() == "later" {
                continue;
            }
            match (self, code.split_once("ENUM(")) {
                (Self::Text, Some((before, rest))) => {
                    let after = rest.split_once(')').map_or("", |(_, after)| after);
                    sql.extend([before, "VARCHAR(30)", after, "\n"]);
                }
                _ => sql.extend([code, "\n"]),
            }
        }
        let mut statements: Vec<String> =
            sql.split(';').map(str::trim).filter(|part| !part.is_empty()).map(Into::into).collect();
        if self == Self::View {
            for statement in &mut statements {
                *statement = statement
                    .replace("CREATE TABLE donasi (", "CREATE TABLE donasi_dasar (")
                    .replace("REFERENCES donasi (", "REFERENCES donasi_dasar (");
            }
            statements.push("CREATE VIEW donasi AS SELECT * FROM donasi_dasar".into());
        }
        statements
    }
}

/// A table of the numbers from 1 on, in a column `seq`, to stand after `FROM`: MariaDB and MySQL read it alike.
pub fn numbers(count: u32) -> String {
    let zeros = count.saturating_sub(1);
    format!("JSON_TABLE(CONCAT('[0', REPEAT(',0', {zeros}), ']'), '$[*]' COLUMNS (seq FOR ORDINALITY)) AS numbers")
}

#[cfg(test)]
mod tests {
    use super::Schema;

    #[test]
    fn the_forms_differ_only_where_they_should() {
        let joined = |schema: Schema| schema.statements().join(";");
        assert_eq!(Schema::Current.statements().len(), 7);
        assert!(joined(Schema::Current).contains("status_pembayaran") && joined(Schema::Current).contains("ENUM"));
        assert!(!joined(Schema::Old).contains("status_pembayaran") && joined(Schema::Old).contains("tanggal_catat"));
        assert!(!joined(Schema::Text).contains("ENUM") && joined(Schema::Text).contains("jenis_transaksi VARCHAR(30)"));
        assert_eq!(Schema::View.statements().len(), 8);
    }
}
