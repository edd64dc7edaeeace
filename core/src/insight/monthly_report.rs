//! One month of the organisation, as its donors read it.

use crate::model::{CategoryId, CategoryMonth, Month, MonthTotal, Rupiah};
use serde::Serialize;

/// Money in and out in one month, and the children it was for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthlyReport {
    /// The month.
    pub month: Month,
    /// Donations received.
    pub income: Rupiah,
    /// Expenses, all categories.
    pub expense: Rupiah,
    /// Expenses by category, the largest first; categories of equal amount by name. A category without an expense is
    /// not there.
    pub categories: Vec<CategoryAmount>,
    /// Children in care at the end of the month.
    pub children: u64,
}

/// What one category cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CategoryAmount {
    /// Its name as stored, to be cleaned before it enters a message; empty when the category is unknown.
    pub name: String,
    /// The sum.
    pub amount: Rupiah,
}

/// The report of `month` from monthly sums. Rows of other months are passed over, so whole histories may be given;
/// categories of the same name are one line.
pub fn monthly_report(
    month: Month,
    donations: &[MonthTotal],
    expenses: &[CategoryMonth],
    names: &[(CategoryId, String)],
    children: u64,
) -> MonthlyReport {
    let income = donations.iter().filter(|row| row.month == month).map(|row| row.total).sum();
    let mut categories: Vec<CategoryAmount> = Vec::new();
    for row in expenses.iter().filter(|row| row.month == month) {
        let name = names.iter().find(|(id, _)| *id == row.category).map_or("", |(_, name)| name.trim());
        match categories.iter_mut().find(|line| line.name == name) {
            Some(line) => line.amount += row.total,
            None => categories.push(CategoryAmount { name: name.to_owned(), amount: row.total }),
        }
    }
    let expense = categories.iter().map(|line| line.amount).sum();
    categories.retain(|line| line.amount != Rupiah::ZERO);
    categories.sort_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.name.cmp(&b.name)));
    MonthlyReport { month, income, expense, categories, children }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(category: u64, month: Month, rupiah: i64) -> CategoryMonth {
        CategoryMonth { category: CategoryId(category), month, total: Rupiah::new(rupiah), count: 1 }
    }

    #[test]
    fn sums_the_month_and_sorts_by_amount() {
        let january = Month::new(2026, 1).unwrap();
        let names: Vec<(CategoryId, String)> = ["Kesehatan", "Konsumsi", "Pendidikan", "Konsumsi "]
            .iter()
            .zip(1..)
            .map(|(n, i)| (CategoryId(i), (*n).into()))
            .collect();
        let expenses = [
            row(1, january, 1_000_000),
            row(2, january, 2_000_000),
            row(4, january, 1_000_000),
            row(3, january, 1_000_000),
            row(2, january - 1, 9),
            row(9, january, 0),
        ];
        let donations = [(january, 6), (january + 1, 7)].map(|(month, rupiah)| MonthTotal {
            month,
            total: Rupiah::new(rupiah),
            count: 1,
        });
        let report = monthly_report(january, &donations, &expenses, &names, 25);
        let lines: Vec<_> = report.categories.iter().map(|line| (line.name.as_str(), line.amount.rounded())).collect();
        assert_eq!(lines, [("Konsumsi", 3_000_000), ("Kesehatan", 1_000_000), ("Pendidikan", 1_000_000)]);
        assert_eq!((report.income, report.expense), (Rupiah::new(6), Rupiah::new(5_000_000)));
    }

    #[test]
    fn an_unknown_category_still_counts() {
        let month = Month::new(2026, 1).unwrap();
        let report = monthly_report(month, &[], &[row(7, month, 5)], &[], 0);
        assert_eq!((report.income, report.expense), (Rupiah::ZERO, Rupiah::new(5)));
        assert_eq!(report.categories[0].name, "");
    }
}
