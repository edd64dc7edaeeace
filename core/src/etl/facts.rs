//! The clean tables: their columns, in one place, for every store.

use crate::model::Table;
use crate::source::ColumnType;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::{Arc, LazyLock};

/// The decimal digits of a stored amount, and how many of them follow the point.
pub const AMOUNT_PRECISION: (u8, i8) = (18, 2);

/// One column of a clean table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactColumn {
    /// Its name in the store.
    pub name: &'static str,
    /// The raw column it comes from; empty for what is derived from several.
    pub raw: &'static str,
    /// What it holds. Amounts are decimals with two places here, not integers of sen.
    pub content: ColumnType,
    /// Text of few distinct values, such as a status.
    pub few_values: bool,
    /// What a data scientist reads beside it.
    pub comment: &'static str,
}

const fn column(
    name: &'static str,
    raw: &'static str,
    content: ColumnType,
    few_values: bool,
    comment: &'static str,
) -> FactColumn {
    FactColumn { name, raw, content, few_values, comment }
}

const CREATED: FactColumn =
    column("created_at", "created_at", ColumnType::Instant, false, "When the source made the row, UTC");
const UPDATED: FactColumn =
    column("updated_at", "updated_at", ColumnType::Instant, false, "When the source last changed the row, UTC");

/// The columns of a clean table; the first is the key.
#[allow(clippy::too_many_lines, reason = "a list")]
pub const fn columns(table: Table) -> &'static [FactColumn] {
    use ColumnType::{Amount, Date, Flag, Instant, Integer, Key, Text};
    match table {
        Table::Categories => {
            const {
                &[
                    column("category_id", "id", Key, false, "The category"),
                    column("name", "name", Text, false, "Its name as the source has it"),
                ]
            }
        }
        Table::Accounts => {
            const {
                &[
                    column("account_id", "id", Key, false, "The cash account"),
                    column("name", "name", Text, false, "Its name"),
                    column("balance", "balance", Amount, false, "Current balance in rupiah"),
                    CREATED,
                    UPDATED,
                ]
            }
        }
        Table::Donors => {
            const {
                &[
                    column("donor_id", "id", Key, false, "The donor"),
                    column("user_id", "user_id", Key, false, "The donor's login in the application, if any"),
                    column("name", "name", Text, false, "Name as typed in"),
                    column("email", "email", Text, false, "E-mail address"),
                    column("phone", "phone", Text, false, "Telephone number as typed in"),
                    column("address", "address", Text, false, "Postal address"),
                    column("description", "description", Text, false, "Note of the administrator"),
                    CREATED,
                    UPDATED,
                ]
            }
        }
        Table::Children => {
            const {
                &[
                    column("child_id", "id", Key, false, "The child; names are not kept here"),
                    column("status", "status", Text, true, "Status as the source has it"),
                    column("entered_on", "entered_on", Date, false, "First day in care"),
                    column("left_on", "left_on", Date, false, "Last day in care; NULL while in care"),
                    CREATED,
                    UPDATED,
                ]
            }
        }
        Table::Contacts => {
            const {
                &[
                    column("contact_id", "id", Key, false, "The registration"),
                    column("donor_id", "donor_id", Key, false, "Whose number it is"),
                    column("number", "number", Text, false, "WhatsApp number in international form without +"),
                    column("verified", "verified", Flag, false, "Only a verified number sees the donor's data"),
                    column("verified_at", "verified_at", Instant, false, "When it was verified, UTC"),
                    CREATED,
                    UPDATED,
                ]
            }
        }
        Table::Donations => {
            const {
                &[
                    column("donation_id", "id", Key, false, "The gift"),
                    column(
                        "order_id",
                        "order_id",
                        Text,
                        false,
                        "Order at the payment gateway; NULL for a gift typed in by hand",
                    ),
                    column("kind", "kind", Text, true, "DONATUR_TETAP or NON_DONATUR"),
                    column("donor_id", "donor_id", Key, false, "Who gave; NULL for gifts without a known donor"),
                    column(
                        "non_donor_source",
                        "non_donor_source",
                        Text,
                        true,
                        "Where a gift without a donor came from",
                    ),
                    column("for_month", "for_month", Integer, true, "Month the gift is meant for, 1 to 12"),
                    column("for_year", "for_year", Integer, true, "Year the gift is meant for"),
                    column("amount", "amount", Amount, false, "Rupiah"),
                    column("status", "status", Text, true, "Payment status as the source has it"),
                    column("received", "", Flag, false, "The money is there; only these rows are ever summed"),
                    column("payment_method", "payment_method", Text, true, "How it was paid"),
                    column("payment_channel", "payment_channel", Text, true, "Through which bank or wallet"),
                    column("date", "date", Date, false, "The day the gift counts for, in the organisation's time zone"),
                    CREATED,
                    UPDATED,
                ]
            }
        }
        Table::CashEntries => {
            const {
                &[
                    column("entry_id", "id", Key, false, "The line of the cash book"),
                    column("account_id", "account_id", Key, false, "The cash account"),
                    column("category_id", "category_id", Key, false, "The category"),
                    column("donation_id", "donation_id", Key, false, "The gift it books, if any"),
                    column("direction", "", Text, true, "income or expense"),
                    column("amount", "amount", Amount, false, "Rupiah"),
                    column("date", "date", Date, false, "The day it counts for, in the organisation's time zone"),
                    column("description", "description", Text, false, "Text of the entry"),
                    CREATED,
                    UPDATED,
                ]
            }
        }
    }
}

/// What a clean table is for.
pub const fn comment(table: Table) -> &'static str {
    match table {
        Table::Categories => "Categories of the cash book",
        Table::Accounts => "Cash accounts with their current balance",
        Table::Donors => "Everybody who is registered as a donor, with or without a gift",
        Table::Children => "Children in care, without names",
        Table::Contacts => "WhatsApp numbers that may ask the bot",
        Table::Donations => "Gifts; sum only rows with received = true",
        Table::CashEntries => "The cash book",
    }
}

/// The name of a table's key column.
pub const fn key(table: Table) -> &'static str {
    columns(table)[0].name
}

/// The Arrow type of a stored column.
pub fn data_type(content: ColumnType) -> DataType {
    match content {
        ColumnType::Amount => DataType::Decimal128(AMOUNT_PRECISION.0, AMOUNT_PRECISION.1),
        other => other.data_type(),
    }
}

/// The Arrow schema of a clean table.
pub fn schema(table: Table) -> SchemaRef {
    static SCHEMAS: LazyLock<Vec<SchemaRef>> = LazyLock::new(|| {
        let schema = |table| {
            let fields: Vec<Field> =
                columns(table).iter().map(|c| Field::new(c.name, data_type(c.content), true)).collect();
            Arc::new(Schema::new(fields))
        };
        Table::ALL.into_iter().map(schema).collect()
    });
    Arc::clone(&SCHEMAS[table as usize])
}
