//! How to load, and what counts.

use crate::error::{Error, ErrorKind, Result};
use crate::model::Rupiah;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// Which rows a run reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Incremental after a good load, full before the first.
    #[default]
    Auto,
    /// Everything anew.
    Full,
}

/// When a donation counts as received.
///
/// The first rule that fits decides: no status at all is received; a status of `received` is; a status of
/// `received_without_order` is where there is no order at a payment gateway; every other is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReceivedRule {
    /// Statuses of money that has arrived, compared without case.
    pub received: Vec<String>,
    /// Statuses that say nothing about a gift typed in by hand, compared without case.
    pub received_without_order: Vec<String>,
}

impl Default for ReceivedRule {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Self {
            received: words(&["success", "paid", "settlement", "capture"]),
            received_without_order: words(&["pending"]),
        }
    }
}

impl ReceivedRule {
    /// Applies the rule to one donation. Blank texts count as absent.
    pub fn holds(&self, status: Option<&str>, order: Option<&str>) -> bool {
        let present = |text: Option<&str>| text.map(|t| t.trim().len()).unwrap_or_default() > 0;
        let Some(status) = status.map(str::trim).filter(|s| !s.is_empty()) else { return true };
        let listed = |list: &[String]| list.iter().any(|word| word.eq_ignore_ascii_case(status));
        listed(&self.received) || (listed(&self.received_without_order) && !present(order))
    }
}

/// How to load and what to accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Which rows to read.
    pub mode: Mode,
    /// How far before the newest modification seen the next run starts reading, in minutes. A row whose transaction
    /// was still open during a run carries an older time than rows already read; 10 minutes cover that.
    pub overlap_minutes: u32,
    /// When a donation counts as received.
    pub received: ReceivedRule,
    /// Words for money going out, compared without case.
    pub expense_words: Vec<String>,
    /// Words for money coming in, compared without case.
    pub income_words: Vec<String>,
    /// A single amount above this is absurd: a hundred thousand million rupiah, far above any gift to a charity of this
    /// kind, and what a slipped finger on the zero makes.
    pub max_amount: Rupiah,
    /// A date before this is a typing error: the start of 1970.
    pub earliest_date: Date,
    /// Keys in one range when counts differ and the difference is looked for. Smaller ranges read fewer rows again,
    /// larger ones make shorter lists. With 512, a hundred deleted rows of a million cost 50,000 rows read again and
    /// 2,000 sums by key on either side.
    pub range_width: u64,
    /// Tables of at most so many rows are read and compared whole at every load, unless the server says that they have
    /// not changed: a name, a number or a date that somebody changed by hand without moving its modification time is
    /// then noticed the same night. 50,000 rows take about a tenth of a second. Donations and the cash book are not
    /// among them (their counts, sums and marks are compared); contacts always are, whatever their number: a bot that
    /// answers a number of yesterday tells a stranger.
    pub compare_whole_below: u64,
    /// After so many days everything is read anew, so that what counts, sums and marks cannot show (a text that was
    /// changed by hand, two amounts that changed places) is right again within a week: 7. With 0 never.
    pub full_every_days: u16,
    /// Load even if a table that was good before would lose more than a fifth of its rows (and at least 10) to the
    /// quarantine. `false`: such a load is refused, and readers keep what they have; a renamed column or a changed format
    /// would otherwise empty the reports overnight.
    pub accept_losses: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            overlap_minutes: 10,
            received: ReceivedRule::default(),
            expense_words: vec!["KELUAR".into(), "expense".into()],
            income_words: vec!["MASUK".into(), "income".into()],
            max_amount: Rupiah::new(100_000_000_000),
            earliest_date: date(1970, 1, 1),
            range_width: 512,
            compare_whole_below: 50_000,
            full_every_days: 7,
            accept_losses: false,
        }
    }
}

impl Options {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |key: &str, why: &str| Err(Error::new(ErrorKind::Configuration, format!("etl.{key} {why}")));
        if self.range_width == 0 {
            return wrong("range_width", "must be at least 1");
        }
        if self.max_amount <= Rupiah::ZERO || self.max_amount > Rupiah::new(1_000_000_000_000_000) {
            return wrong("max_amount", "must be above zero and at most 1000000000000000 (what the store holds)");
        }
        let lower = |words: &[String]| words.iter().map(|w| w.to_lowercase()).collect::<Vec<_>>();
        let income = lower(&self.income_words);
        if lower(&self.expense_words).iter().any(|word| income.contains(word)) {
            return wrong("expense_words", "and etl.income_words share a word");
        }
        let received = lower(&self.received.received);
        if lower(&self.received.received_without_order).iter().any(|word| received.contains(word)) {
            return wrong("received.received", "and received_without_order share a word");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_received_rule_is_that_of_the_domain() {
        let rule = ReceivedRule::default();
        let order = Some("ORDER-1");
        for (status, order, expected) in [
            (None, None, true),
            (None, order, true),
            (Some(""), order, true),
            (Some("success"), order, true),
            (Some("PAID"), order, true),
            (Some("Settlement"), order, true),
            (Some(" capture "), None, true),
            (Some("pending"), None, true),
            (Some("PENDING"), Some("  "), true),
            (Some("pending"), order, false),
            (Some("failed"), None, false),
            (Some("expired"), order, false),
            (Some("cancelled"), order, false),
            (Some("deny"), None, false),
            (Some("lunas"), None, false),
        ] {
            assert_eq!(rule.holds(status, order), expected, "{status:?} {order:?}");
        }
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(Options::default().validate().is_ok());
        let both = Options { income_words: vec!["keluar".into()], ..Options::default() };
        assert!(both.validate().unwrap_err().to_string().contains("expense_words"));
        assert!(Options { range_width: 0, ..Options::default() }.validate().is_err());
        assert!(Options { max_amount: Rupiah::ZERO, ..Options::default() }.validate().is_err());
    }
}
