//! Typed identities: a donor's number can not be given where a donation's is wanted.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        ///
        /// Wraps the source's `BIGINT UNSIGNED`, whole range.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A donor.
    DonorId,
    /// One gift.
    DonationId,
    /// A cash category.
    CategoryId,
    /// A cash account.
    AccountId,
    /// A line of the cash book.
    EntryId,
    /// A child in care.
    ChildId,
    /// A donor's registered WhatsApp number.
    ContactId,
}
