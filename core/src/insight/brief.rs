//! The administrators' brief: where the organisation stands, on one screen.

use super::Outlook;
use crate::model::{CategoryMonth, Month, MonthTotal, Rupiah};
use jiff::civil::Date;
use serde::Serialize;

/// What a brief is made of.
#[derive(Clone, Copy, Debug)]
pub struct BriefFacts<'a> {
    /// Today, in the organisation's time zone.
    pub today: Date,
    /// The date that the data are as of; `None` while nothing has been loaded.
    pub data_as_of: Option<Date>,
    /// Donations received by month.
    pub donations: &'a [MonthTotal],
    /// Expenses by category and month.
    pub expenses: &'a [CategoryMonth],
    /// The months ahead.
    pub outlook: &'a Outlook,
    /// How many donors are at risk.
    pub at_risk: u64,
    /// How many anomalies were found.
    pub anomalies: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
}

/// Where the organisation stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Brief {
    /// The day it is written for.
    pub today: Date,
    /// The running month, so far.
    pub so_far: MonthFigures,
    /// The last whole month.
    pub last: MonthFigures,
    /// The one before.
    pub before: MonthFigures,
    /// How much more was received in the last month than in the one before, in per cent; `None` when nothing was
    /// received before.
    pub income_change: Option<f64>,
    /// The same for expenses.
    pub expense_change: Option<f64>,
    /// The months ahead.
    pub outlook: Outlook,
    /// Donors at risk.
    pub at_risk: u64,
    /// Anomalies found.
    pub anomalies: u64,
    /// The date that the data are as of.
    pub data_as_of: Option<Date>,
    /// How many days old they are; zero for data of today (or later).
    pub data_age_days: Option<u32>,
    /// Rows in quarantine.
    pub quarantined: u64,
}

/// Money in and out in one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MonthFigures {
    /// The month.
    pub month: Month,
    /// Donations received.
    pub income: Rupiah,
    /// Expenses.
    pub expense: Rupiah,
}

/// Draws the brief together. A month without rows counts as zero: nothing was recorded in it.
pub fn brief(facts: &BriefFacts<'_>) -> Brief {
    let running = Month::of(facts.today);
    let figures = |month| MonthFigures {
        month,
        income: facts.donations.iter().filter(|row| row.month == month).map(|row| row.total).sum(),
        expense: facts.expenses.iter().filter(|row| row.month == month).map(|row| row.total).sum(),
    };
    let (last, before) = (figures(running - 1), figures(running - 2));
    Brief {
        today: facts.today,
        so_far: figures(running),
        last,
        before,
        income_change: change(before.income, last.income),
        expense_change: change(before.expense, last.expense),
        outlook: facts.outlook.clone(),
        at_risk: facts.at_risk,
        anomalies: facts.anomalies,
        data_as_of: facts.data_as_of,
        data_age_days: facts.data_as_of.map(|date| age_in_days(date, facts.today)),
        quarantined: facts.quarantined,
    }
}

fn change(before: Rupiah, after: Rupiah) -> Option<f64> {
    (before > Rupiah::ZERO).then(|| 100.0 * (after - before).to_f64() / before.to_f64())
}

fn age_in_days(date: Date, today: Date) -> u32 {
    // A span between two dates in days always exists; a later date has no age.
    today.since(date).map_or(0, |span| u32::try_from(span.get_days()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CategoryId;
    use jiff::civil::date;

    #[test]
    fn compares_whole_months_and_reports_the_running_one_apart() {
        let month = |number| Month::new(2026, number).unwrap();
        let given = |number, rupiah| MonthTotal { month: month(number), total: Rupiah::new(rupiah), count: 1 };
        let spent = |category, number, rupiah| CategoryMonth {
            category: CategoryId(category),
            month: month(number),
            total: Rupiah::new(rupiah),
            count: 1,
        };
        let outlook = Outlook::default();
        let facts = BriefFacts {
            today: date(2026, 3, 10),
            data_as_of: Some(date(2026, 3, 8)),
            donations: &[given(1, 400), given(2, 500), given(3, 7)],
            expenses: &[spent(1, 2, 3), spent(2, 2, 4)],
            outlook: &outlook,
            at_risk: 3,
            anomalies: 1,
            quarantined: 0,
        };
        let brief = brief(&facts);
        assert_eq!((brief.so_far.month, brief.so_far.income), (month(3), Rupiah::new(7)));
        assert_eq!((brief.last.income, brief.before.income), (Rupiah::new(500), Rupiah::new(400)));
        assert_eq!(brief.income_change, Some(25.0));
        assert_eq!((brief.last.expense, brief.expense_change), (Rupiah::new(7), None));
        assert_eq!(brief.data_age_days, Some(2));
        let ahead = super::brief(&BriefFacts { data_as_of: Some(date(2026, 4, 1)), ..facts });
        assert_eq!(ahead.data_age_days, Some(0), "data dated after today are not old");
    }

    #[test]
    fn age_counts_days_across_months() {
        assert_eq!(age_in_days(date(2025, 12, 31), date(2026, 3, 1)), 60);
    }
}
