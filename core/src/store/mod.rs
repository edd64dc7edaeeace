//! Facts rest, summed.
//!
//! A [`Store`] holds the clean tables and answers with sums and columns; it never hands out one row at a time for many
//! donors. Loading goes through one [`Load`], which is one transaction: a reader sees all of it or nothing.

use crate::error::Result;
use crate::etl::{Load, Quarantined, State};
use crate::model::{
    AcceptedMonth, CashBook, CashEntries, CategoryId, CategoryMonth, Direction, DonationId, DonorGifts, DonorId,
    EntryId, MonthTotal, ReceivedGift, Rupiah,
};
use crate::model::{GiftDays, Opportunities, RepeatGiving, YearlyGiving};
use jiff::civil::Date;

#[cfg(feature = "testkit")]
pub mod contract;
#[cfg(feature = "duckdb")]
mod duckdb;
mod memory;

#[cfg(feature = "duckdb")]
pub use self::duckdb::{DuckDbOptions, DuckDbStore};

pub use memory::MemoryStore;

/// Where facts rest. Shared between threads; readers are not held up by a load.
pub trait Store: Send + Sync {
    /// The state of the last good load; `None` while nothing has been loaded.
    fn state(&self) -> Result<Option<State>>;

    /// Begins a load. There is one at a time; a second caller waits until the first is done.
    fn begin(&self) -> Result<Box<dyn Load + '_>>;

    /// Opens a view: everything read through it belongs to one state, even when a load ends meanwhile. Views are cheap;
    /// open one for each reply or report and let it go.
    fn view(&self) -> Result<Box<dyn View + '_>>;

    /// Remembers that somebody looked at lines of the cash book and found them in order (or, with `false`, takes that
    /// back). It survives loads.
    fn accept(&self, entries: &[EntryId], accepted: bool) -> Result<()>;

    /// The same of whole months. One sum of a category's month is remembered, the last.
    fn accept_months(&self, months: &[AcceptedMonth], accepted: bool) -> Result<()>;
}

/// One state of the facts.
pub trait View: Send {
    /// The state itself; `None` while nothing has been loaded.
    fn state(&self) -> Result<Option<State>>;

    /// The received gifts of every donor who has one on or before `as_of`, summed; `recent` counts those on or after
    /// the same day of the month `recent_months` before `as_of`.
    fn donor_gifts(&self, as_of: Date, recent_months: u8) -> Result<DonorGifts>;

    /// How many donors have no received gift on or before `as_of`.
    fn donors_without_gift(&self, as_of: Date) -> Result<u64>;

    /// One donor with the received gifts up to `as_of`.
    fn donor(&self, donor: DonorId, as_of: Date) -> Result<Option<DonorRecord>>;

    /// The names of donors, in the order asked for; an unknown donor's name is empty.
    fn donor_names(&self, donors: &[DonorId]) -> Result<Vec<String>>;

    /// The registered WhatsApp number in its normal form (`62812…`).
    fn contact(&self, number: &str) -> Result<Option<Contact>>;

    /// The verified numbers and whose they are, of one donor or of all: one row a number, ascending by donor and number.
    fn verified_contacts(&self, donor: Option<DonorId>) -> Result<Vec<(DonorId, String)>>;

    /// Received gifts of known donors from one date to another, both included, ascending by gift.
    fn received_gifts(&self, from: Date, to: Date) -> Result<Vec<ReceivedGift>>;

    /// Donations received by civil month up to `as_of`, ascending; months without one are absent.
    fn donations_by_month(&self, as_of: Date) -> Result<Vec<MonthTotal>>;

    /// The cash book by category and civil month up to `as_of`, ascending; what has no entry is absent.
    fn cash_by_month(&self, direction: Direction, as_of: Date) -> Result<Vec<CategoryMonth>>;

    /// The lines of the cash book from one date to another, both included, ascending by line.
    fn cash_entries(&self, direction: Direction, from: Date, to: Date) -> Result<CashEntries>;

    /// Both directions of the cash book up to a date, with the day each line was typed in, in no particular order.
    fn cash_book(&self, to: Date) -> Result<CashBook>;

    /// The texts of lines of the cash book, in the order asked for; a line that is not there has none.
    fn entry_texts(&self, entries: &[EntryId]) -> Result<Vec<String>>;

    /// Where gifts and the cash book do not tell the same story, up to a date; at most `limit` of each kind.
    fn bookings(&self, to: Date, limit: usize) -> Result<Bookings>;

    /// The lines that were accepted, ascending.
    fn accepted(&self) -> Result<Vec<EntryId>>;

    /// The months that were accepted, ascending; those of donations come first.
    fn accepted_months(&self) -> Result<Vec<AcceptedMonth>>;

    /// The cash categories, ascending.
    fn categories(&self) -> Result<Vec<(CategoryId, String)>>;

    /// The sum of the current balances of all cash accounts; `None` without an account.
    fn cash_balance(&self) -> Result<Option<Rupiah>>;

    /// Children in care on a date.
    fn children_in_care(&self, as_of: Date) -> Result<u64>;

    /// Rows in quarantine, ascending by table and key, at most `limit`.
    fn quarantine(&self, limit: usize) -> Result<Vec<Quarantined>>;

    /// The days of gifts of every donor who gave on or before `as_of`, counted. `seasons` are at most 60 spans of days, both
    /// ends included, that do not overlap.
    fn repeat_giving(&self, as_of: Date, seasons: &[(Date, Date)]) -> Result<RepeatGiving>;

    /// In how many periods of `months` months (1 to 120) every donor gave, counted back from `as_of`: a gift of the same
    /// day of the month as `as_of`, `months` months before, belongs to the period before.
    fn opportunities(&self, as_of: Date, months: u16) -> Result<Opportunities>;

    /// The days of gifts up to `as_of`, of donors whose number is a multiple of `one_in` (1 for all).
    fn gift_days(&self, as_of: Date, one_in: u32) -> Result<GiftDays>;

    /// What every donor gave in each civil year up to `as_of`.
    fn yearly_giving(&self, as_of: Date) -> Result<YearlyGiving>;
}

/// One donor and the received gifts up to a date.
#[derive(Clone, Debug, PartialEq)]
pub struct DonorRecord {
    /// The donor.
    pub id: DonorId,
    /// The name as stored; to be cleaned before it enters a message.
    pub name: String,
    /// Gifts.
    pub count: u64,
    /// Their sum.
    pub total: Rupiah,
    /// Date of the first gift.
    pub first: Option<Date>,
    /// Date of the last gift.
    pub last: Option<Date>,
    /// Sum of the gifts in the calendar month of the as-of date.
    pub this_month: Rupiah,
    /// Sum of the gifts in the calendar year of the as-of date.
    pub this_year: Rupiah,
}

/// Received gifts against the lines of the cash book that name them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bookings {
    /// Received gifts that a line names. Where these are few, the charity does not book gift by gift, and the rest says
    /// nothing.
    pub booked: u64,
    /// Received gifts.
    pub received: u64,
    /// Received gifts that no line names, ascending.
    pub without_entry: Vec<DonationId>,
    /// Income lines that name a gift which is not there or was not received, ascending.
    pub without_donation: Vec<EntryId>,
    /// Income lines with another amount than the gift they name, ascending.
    pub other_amount: Vec<EntryId>,
}

/// A registered WhatsApp number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Whose it is.
    pub donor: DonorId,
    /// Only a verified number sees the donor's data.
    pub verified: bool,
}
