//! What is known about a sample, to hold answers against.

use crate::model::{CategoryId, EntryId, Month, MonthTotal, Rupiah, Table};
use std::collections::BTreeMap;

/// A planted row that real databases hold and that a reader must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Trap {
    /// A donation of a donor who is not there.
    UnknownDonor,
    /// A donation below zero.
    NegativeAmount,
    /// A donation of the largest amount that the column holds.
    AbsurdAmount,
    /// A donation on `2024-02-00`.
    ImpossibleDate,
    /// A donation on `0000-00-00`.
    ZeroDate,
    /// A donation two years after the sample's end.
    FutureDate,
    /// A donation whose kind is the empty string that MySQL keeps of an invalid enum value. The gift is good.
    InvalidKind,
    /// A row without modification time. The row is good.
    NoUpdatedAt,
    /// A donor whose name is UTF-8 that was read as latin1 and encoded again. The donor is good.
    Mojibake,
    /// A donor whose name lost characters (`????`). The donor is good.
    LostCharacters,
    /// A donor with emoji in the name. The donor is good.
    Emoji,
    /// A donor whose name holds WhatsApp formatting, a line break, a link and a gateway variable. The donor is good.
    Formatting,
    /// A donor whose key is above 2⁶³. The donor is good.
    HugeKey,
    /// A contact whose `TINYINT(1)` flag is 2, which is true. The contact is good.
    FlagTwo,
    /// A line of the cash book whose direction is the empty string of an invalid enum value.
    InvalidDirection,
}

impl Trap {
    /// The row says something that cannot be; it belongs into the quarantine.
    pub const fn is_rejected(self) -> bool {
        matches!(
            self,
            Self::UnknownDonor
                | Self::NegativeAmount
                | Self::AbsurdAmount
                | Self::ImpossibleDate
                | Self::ZeroDate
                | Self::FutureDate
                | Self::InvalidDirection
        )
    }
}

/// Where a [`Trap`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planted {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: u64,
    /// What is strange about it.
    pub trap: Trap,
}

/// A month in which a category cost much more or much less than usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlantedAnomaly {
    /// The category.
    pub category: CategoryId,
    /// Its name.
    pub name: &'static str,
    /// The month.
    pub month: Month,
    /// What the month would have cost.
    pub usual: Rupiah,
    /// What it cost.
    pub actual: Rupiah,
    /// The one large expense that made the difference; `None` when the month cost less than usual.
    pub entry: Option<EntryId>,
}

/// A donor who stopped giving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapsed {
    /// The donor.
    pub donor: crate::model::DonorId,
    /// There is no gift after this month, planted rows aside.
    pub last_month: Month,
}

/// Counts, sums and planted facts of a whole sample, counted while its rows were made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleTruth {
    /// Rows of each table, planted ones included.
    pub rows: BTreeMap<Table, u64>,
    /// Donations received, by month: good rows, and those of unknown donors, which count in the month's total.
    pub received: Vec<MonthTotal>,
    /// Donations ordered at the gateway and not paid: pending, failed, expired.
    pub not_received: CountAndSum,
    /// Donations without a donor.
    pub without_donor: u64,
    /// Children in care at the end.
    pub children_in_care: u64,
    /// Sum of the cash accounts' balances.
    pub balance: Rupiah,
    /// The planted rows, ascending by table and key.
    pub planted: Vec<Planted>,
    /// The planted anomalies among expenses.
    pub anomalies: Vec<PlantedAnomaly>,
}

/// A count and a sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountAndSum {
    /// Rows.
    pub count: u64,
    /// Their sum.
    pub total: Rupiah,
}
