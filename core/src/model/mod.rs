//! The nouns: money, months, identities, tables, and the columns that the analyses read.
//!
//! Everything here is a plain value. Amounts are exact ([`Rupiah`], in sen), dates are civil dates in the
//! organisation's time zone, and what has many rows is kept in columns.

mod columns;
mod day;
mod giving;
mod ids;
mod month;
mod number;
mod organisation;
mod rupiah;
mod table;

pub use columns::{
    AcceptedMonth, CashBook, CashEntries, CategoryMonth, Direction, DonorGifts, MonthTotal, MonthlySeries,
};
pub(crate) use day::{civil_day, epoch_day};
pub use giving::{GiftDays, Opportunities, ReceivedGift, RepeatGiving, YearlyGiving};
pub use ids::{AccountId, CategoryId, ChildId, ContactId, DonationId, DonorId, EntryId};
pub use month::Month;
pub use number::{Number, Sender};
pub use organisation::{BankAccount, Language, Organisation, UnitCosts};
pub use rupiah::Rupiah;
pub use table::Table;
