//! What is strange, from the store.

use super::Analytics;
use crate::anomaly::{self, ExpenseReport, TransactionReport};
use crate::error::Result;
use crate::model::Direction;
use jiff::civil::Date;

impl Analytics {
    /// Months of expense categories outside their expected range.
    pub fn expense_anomalies(&self, as_of: Date) -> Result<ExpenseReport> {
        let rows = self.store.view()?.cash_by_month(Direction::Expense, as_of)?;
        anomaly::expenses(&rows, as_of, &self.settings.expense_anomalies)
    }

    /// Single expenses far from their category's usual amounts.
    pub fn unusual_transactions(&self, as_of: Date) -> Result<TransactionReport> {
        let entries = self.store.view()?.cash_entries(Direction::Expense, Date::MIN, as_of)?;
        anomaly::transactions(&entries, as_of, &self.settings.unusual_transactions)
    }
}
