//! The tables that the library knows.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A table, by the name it has in the library and in the analytics file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Cash categories.
    Categories,
    /// Cash accounts with their current balance.
    Accounts,
    /// Donors.
    Donors,
    /// Children in care; their names are never read.
    Children,
    /// Registered WhatsApp numbers.
    Contacts,
    /// Donations, received or not.
    Donations,
    /// The cash book.
    CashEntries,
}

impl Table {
    /// All tables in the order they are loaded: what is referred to comes before what refers to it.
    pub const ALL: [Self; 7] = [
        Self::Categories,
        Self::Accounts,
        Self::Donors,
        Self::Children,
        Self::Contacts,
        Self::Donations,
        Self::CashEntries,
    ];

    /// The table's name, such as `cash_entries`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Categories => "categories",
            Self::Accounts => "accounts",
            Self::Donors => "donors",
            Self::Children => "children",
            Self::Contacts => "contacts",
            Self::Donations => "donations",
            Self::CashEntries => "cash_entries",
        }
    }

    /// The table of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
