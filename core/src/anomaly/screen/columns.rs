//! The cash book in columns.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{CategoryId, Direction, EntryId, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Lines of the cash book, both directions, all columns of one length. The last two may be empty: not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CashLines {
    /// The line.
    pub entry: Vec<EntryId>,
    /// Money in or out.
    pub direction: Vec<Direction>,
    /// Its category.
    pub category: Vec<CategoryId>,
    /// Its amount.
    pub amount: Vec<Rupiah>,
    /// The day it counts for.
    pub date: Vec<Date>,
    /// The day it was typed in, where that is known.
    #[serde(default)]
    pub entered: Vec<Option<Date>>,
    /// Its text.
    #[serde(default)]
    pub text: Vec<String>,
}

impl CashLines {
    /// How many lines.
    pub fn len(&self) -> usize {
        self.entry.len()
    }

    /// `true` without lines.
    pub fn is_empty(&self) -> bool {
        self.entry.is_empty()
    }

    pub(super) fn check(&self) -> Result<()> {
        let n = self.len();
        let optional = |len: usize| len == n || len == 0;
        if [self.direction.len(), self.category.len(), self.amount.len(), self.date.len()] == [n; 4]
            && optional(self.entered.len())
            && optional(self.text.len())
            && u32::try_from(n).is_ok()
        {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidInput, "the columns of the cash book differ in length"))
    }
}
