//! What is strange, from the store.

use super::Analytics;
use super::desk::finding;
use crate::anomaly::{
    self, ExpenseAnomaly, ExpenseReport, Gifts, IncomeAnomaly, IncomeReport, ScreenOptions, Screening,
    TransactionReport, UnusualGift,
};
use crate::error::Result;
use crate::insight;
use crate::model::{AcceptedMonth, CategoryId, Direction, EntryId, GiftDays};
use crate::store::{Bookings, View};
use jiff::civil::Date;

impl Analytics {
    /// Months of expense categories outside their expected range, but for those that were accepted.
    pub fn expense_anomalies(&self, as_of: Date) -> Result<ExpenseReport> {
        let (view, as_of) = self.facts(as_of)?;
        self.expense_anomalies_in(&*view, as_of)
    }

    pub(super) fn expense_anomalies_in(&self, view: &dyn View, as_of: Date) -> Result<ExpenseReport> {
        let rows = view.cash_by_month(Direction::Expense, as_of)?;
        let mut report = anomaly::expenses(&rows, as_of, &self.settings.expense_anomalies)?;
        if !report.anomalies.is_empty() {
            let accepted = view.accepted_months()?;
            let month = |found: &ExpenseAnomaly| AcceptedMonth {
                category: Some(found.category),
                month: found.month,
                amount: found.amount,
            };
            report.anomalies.retain(|found| !accepted.contains(&month(found)));
        }
        Ok(report)
    }

    /// The same as messages tell of them, each with its category.
    pub fn expense_findings(&self, as_of: Date) -> Result<Vec<(CategoryId, insight::Anomaly)>> {
        let names = self.categories()?;
        let name = |id| names.iter().find(|(known, _)| *known == id).map_or_else(String::new, |(_, name)| name.clone());
        let found = self.expense_anomalies(as_of)?.anomalies;
        Ok(found.iter().map(|found| (found.category, finding(found, name(found.category)))).collect())
    }

    /// Single lines of the last days that are strange enough for a message, as messages tell of them, each with its
    /// identity; the strangest first.
    pub fn entry_findings(&self, as_of: Date) -> Result<Vec<(EntryId, insight::UnusualEntry)>> {
        self.desk(as_of)?.entry_findings()
    }

    /// Months of donations outside their expected range, by the same settings, but for those that were accepted.
    pub fn income_anomalies(&self, as_of: Date) -> Result<IncomeReport> {
        let (view, as_of) = self.facts(as_of)?;
        let months = view.donations_by_month(as_of)?;
        let mut report = anomaly::income(&months, as_of, &self.settings.expense_anomalies)?;
        if !report.anomalies.is_empty() {
            let accepted = view.accepted_months()?;
            let month =
                |found: &IncomeAnomaly| AcceptedMonth { category: None, month: found.month, amount: found.amount };
            report.anomalies.retain(|found| !accepted.contains(&month(found)));
        }
        Ok(report)
    }

    /// Gifts that differ from what their donor usually gives, of all donors in one pass. Gifts of one donor on one day
    /// count together.
    pub fn unusual_gifts(&self, as_of: Date) -> Result<Vec<UnusualGift>> {
        let GiftDays { donor, day, total } = self.store.view()?.gift_days(as_of, 1)?;
        anomaly::gifts(&Gifts { donor, amount: total, date: day }, as_of, &self.settings.unusual_gifts)
    }

    /// Single expenses far from their category's usual amounts.
    pub fn unusual_transactions(&self, as_of: Date) -> Result<TransactionReport> {
        let entries = self.store.view()?.cash_entries(Direction::Expense, Date::MIN, as_of)?;
        anomaly::transactions(&entries, as_of, &self.settings.unusual_transactions)
    }

    /// Screens the cash book line by line. Lines that were accepted stay silent.
    pub fn screen(&self, as_of: Date) -> Result<Screening> {
        screen_in(&*self.store.view()?, as_of, &self.settings.screening)
    }

    /// The same by other rules than those of the settings, such as only the last months.
    pub fn screen_with(&self, as_of: Date, options: &ScreenOptions) -> Result<Screening> {
        screen_in(&*self.store.view()?, as_of, options)
    }

    /// Where gifts and the cash book do not tell the same story; at most `limit` of each kind.
    pub fn bookings(&self, as_of: Date, limit: usize) -> Result<Bookings> {
        self.store.view()?.bookings(as_of, limit)
    }

    /// "This is fine": the lines are not reported again, by [`Analytics::screen`] and in messages. With `false`, they may
    /// be again. Remembered beside the facts; loads do not touch it.
    pub fn accept_entries(&self, entries: &[EntryId], accepted: bool) -> Result<()> {
        self.store.accept(entries, accepted)
    }

    /// The lines that were accepted, ascending.
    pub fn accepted_entries(&self) -> Result<Vec<EntryId>> {
        self.store.view()?.accepted()
    }

    /// "This is fine" of whole months: the category's month (or, without a category, that of all donations) is not
    /// reported again while its sum stays the same, by [`Analytics::expense_anomalies`], [`Analytics::income_anomalies`]
    /// and in messages. With `false`, it may be again. What is remembered once is the last sum of a month; loads do not
    /// touch it.
    pub fn accept_months(&self, months: &[AcceptedMonth], accepted: bool) -> Result<()> {
        self.store.accept_months(months, accepted)
    }

    /// The months that were accepted, ascending; those of donations come first.
    pub fn accepted_months(&self) -> Result<Vec<AcceptedMonth>> {
        self.store.view()?.accepted_months()
    }
}

pub(super) fn screen_in(view: &dyn View, as_of: Date, options: &ScreenOptions) -> Result<Screening> {
    let lines = view.cash_book(as_of)?;
    let accepted = view.accepted()?.into_iter().collect();
    let mut texts = |rows: &[usize]| {
        let entries: Vec<EntryId> = rows.iter().map(|&row| lines.entry[row]).collect();
        view.entry_texts(&entries)
    };
    anomaly::screen_with(&lines, &mut texts, &accepted, as_of, options)
}
