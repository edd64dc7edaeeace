//! Who may hear from us, and who may hear about whom?
//!
//! A [`Register`] remembers what the charity's own tables do not: which numbers were proved to belong to a donor and how,
//! which hidden identities (`…@lid`) stand for them, codes that are out, consent and its withdrawal with the text that was
//! agreed to, wishes to be erased, what was done with whose data, and what became of greetings and thanks.
//!
//! Time is always an argument, and so is a code: the host makes both. What a method must do is written at the trait and
//! checked by [`contract`] (feature `testkit`) for every register.
//!
//! Codes are kept as HMAC-SHA-256 (RFC 2104) under the register's own key, and so are the numbers beside consents, opt-outs
//! and erasures. That hides them in a part of the file or in a log; who holds the whole file with its key can try the million
//! codes, which is why codes live for minutes, and can try numbers, too.

mod care;
mod consent;
#[cfg(feature = "testkit")]
pub mod contract;
mod identity;
mod memory;
mod options;
#[cfg(feature = "sqlite")]
mod rows;
#[cfg(feature = "sqlite")]
mod schema;
mod seal;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use care::{CareState, Greeting};
pub use consent::{Consent, Erasure, ErasureState, Processing, Purpose};
pub use identity::{Begun, Claim, Claimant, Code, Confirmed, How, Lid, Standing, Verified};
pub use memory::MemoryRegister;
pub use options::Options;
pub use seal::Key;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteRegister;

use crate::error::Result;
use crate::model::{DonationId, DonorId, Number, ReceivedGift};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Where identity, consent and care are remembered. Shared between threads; a file may be shared between processes.
pub trait Register: Send + Sync {
    /// What is known of a number.
    fn standing(&self, number: &Number) -> Result<Standing>;

    /// What is known of each of these numbers, in their order: the same as [`standing`](Register::standing) of each, in one
    /// question however many there are.
    fn standings(&self, numbers: &[Number]) -> Result<Vec<Standing>>;

    /// A short name that stands for a number in a key: the same for the same number as long as this register lives, and
    /// the number cannot be read from it.
    fn mark(&self, number: &Number) -> String;

    /// The numbers proved to be a donor's, ascending.
    fn numbers(&self, donor: DonorId) -> Result<Vec<Verified>>;

    /// All proved numbers, ascending.
    fn everyone(&self) -> Result<Vec<Verified>>;

    /// The number that a hidden identity was proved to stand for.
    fn number_of(&self, lid: &Lid) -> Result<Option<Number>>;

    /// Begins a proof: remembers the code for who asked, in place of an earlier one. Refused when too many codes were asked
    /// for within a day; nothing is remembered then, and the earlier code stays.
    fn begin(&self, claim: &Claim, code: &Code, now: Timestamp) -> Result<Begun>;

    /// Compares a code with the one that is out for who says it. The right one verifies: the claimed number, and the number
    /// or the hidden identity that it was claimed from. It counts once. Each wrong one counts against the attempts.
    fn confirm(&self, by: &Claimant, code: &Code, now: Timestamp) -> Result<Confirmed>;

    /// Notes a number as a donor's without a code: the administrator's application vouches for it. It takes the number
    /// from any other donor.
    fn verify(&self, number: &Number, donor: DonorId, now: Timestamp) -> Result<()>;

    /// Notes consent or its withdrawal; `text` is what was agreed to, kept once for its version.
    ///
    /// Errors: `invalid_input` when the version is known with another text, for then nothing could be proved.
    fn consent(&self, consent: &Consent, text: &str) -> Result<()>;

    /// The notes of consent of a number, the oldest first.
    fn consents(&self, number: &Number) -> Result<Vec<Consent>>;

    /// The text of a version.
    fn consent_text(&self, version: &str) -> Result<Option<String>>;

    /// No more messages to this number, or messages again; `at` is when that was wished, and the latest time of either is
    /// kept. The wish that is told last holds: one that came late, and is older than the other's time, is not to be told.
    /// Returns whether that changed anything.
    fn opt_out(&self, number: &Number, out: bool, at: Timestamp) -> Result<bool>;

    /// Notes a wish to be erased. A wish of the donor that is open already is returned in its place; it is this number's to
    /// confirm then.
    fn request_erasure(&self, donor: DonorId, number: &Number, now: Timestamp) -> Result<Erasure>;

    /// The donor means it. Returns the wish; `None` when there is none of that number.
    fn confirm_erasure(&self, number: &Number, now: Timestamp) -> Result<Option<Erasure>>;

    /// The numbers that erasing a confirmed wish severs, ascending: what else holds them (outbox, inbox) is to be erased
    /// before the register forgets them.
    ///
    /// Errors: those of [`erase`](Register::erase).
    fn severed_by(&self, erasure: u64) -> Result<Vec<Number>>;

    /// Severs the identity of a confirmed wish: numbers, hidden identities, codes, notes of processing and greetings go.
    /// `named` are the donor's numbers in the charity's own tables, which are severed like those proved here.
    /// What stays is sealed: that it happened to these numbers and this donor and when (so that the source's tables alone
    /// do not bring the person back), the opt-out, and the notes of consent, which only who presents the number can read.
    /// Returns the numbers, ascending; they are known nowhere afterwards.
    ///
    /// Errors: `not_found` for a wish that is not there or was not confirmed.
    fn erase(&self, erasure: u64, named: &[Number], now: Timestamp) -> Result<Vec<Number>>;

    /// Of these donors, those that were erased and have proved no number since: nobody is to be written to on their
    /// account, whatever number the source's tables name.
    fn erased(&self, donors: &[DonorId]) -> Result<BTreeSet<DonorId>>;

    /// All wishes to be erased, the oldest first; those that are done have no donor any more.
    fn erasures(&self) -> Result<Vec<Erasure>>;

    /// Notes that somebody's data were used. No content is noted.
    fn processed(&self, processing: &Processing) -> Result<()>;

    /// What was done with a donor's data, the oldest first.
    fn processing(&self, donor: DonorId) -> Result<Vec<Processing>>;

    /// Drafts greetings, one a donor; a donor who has a greeting that is drafted or approved, or had one drafted within
    /// [`Options::greeting_days`], is passed over. Returns the new ones.
    fn draft(&self, donors: &[DonorId], now: Timestamp) -> Result<Vec<Greeting>>;

    /// All greetings, the oldest first; or those of one state.
    fn greetings(&self, state: Option<CareState>) -> Result<Vec<Greeting>>;

    /// Moves greetings on: drafted to approved or rejected, approved to sent, either of the two to withdrawn. What is in no
    /// state for it is passed over.
    /// Returns those that moved.
    fn settle(&self, greetings: &[u64], to: CareState, now: Timestamp) -> Result<Vec<Greeting>>;

    /// Of these gifts, those that nobody has been thanked for, in the order given.
    fn unthanked(&self, gifts: &[DonationId]) -> Result<Vec<DonationId>>;

    /// Notes that these gifts were thanked for. It holds for good: a gift that comes back corrected is not thanked again.
    fn thanked(&self, gifts: &[ReceivedGift], now: Timestamp) -> Result<()>;

    /// The gifts of these donors from a day on that were thanked for, ascending by identity.
    fn thanks(&self, donors: &[DonorId], since: Date) -> Result<Vec<ReceivedGift>>;

    /// Forgets what need not be remembered: codes that expired, requests older than a day, and notes of processing before
    /// a time. Returns how many notes of processing went.
    fn prune(&self, before: Timestamp, now: Timestamp) -> Result<u64>;
}
