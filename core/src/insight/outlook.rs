//! The months ahead.

use crate::calendar::hijri::{MonthFeatures, Overrides};
use crate::model::{Direction, Month, Rupiah};
use serde::Serialize;

/// What Ramadan and Idul Fitri add to an amount is worth a sentence from this share of it on: one twentieth is more than
/// the months differ for no reason.
const SIZEABLE: f64 = 0.05;

/// What the next months are expected to bring.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outlook {
    /// The months in order; none when there is too little history to predict.
    pub months: Vec<OutlookMonth>,
    /// The balance that the first month starts from, if a cash account is known.
    pub opening: Option<Rupiah>,
    /// What Ramadan and Idul Fitri do to these months, where it is sizeable.
    pub ramadan: Vec<RamadanEffect>,
    /// The first month that is at risk of ending below zero.
    pub shortfall: Option<ShortfallRisk>,
}

/// What Ramadan and Idul Fitri do to a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RamadanEffect {
    /// The month.
    pub month: Month,
    /// Whether it is income or expense.
    pub flow: Direction,
    /// How much of the predicted amount is put down to them; negative when they take away from it.
    pub change: Rupiah,
}

impl RamadanEffect {
    /// The effect, if a day of Ramadan or of the week of Idul Fitri lies in the month and the change is sizeable: at
    /// least one twentieth of what would be predicted without it.
    pub fn of(month: Month, flow: Direction, predicted: Rupiah, change: Rupiah, overrides: &Overrides) -> Option<Self> {
        let days = MonthFeatures::of(month, overrides);
        let without = (predicted - change).to_f64();
        let sizeable = change != Rupiah::ZERO && change.to_f64().abs() >= SIZEABLE * without.abs();
        (days.ramadan + days.shawwal1_7 > 0 && sizeable).then_some(Self { month, flow, change })
    }
}

/// A month that is at risk of ending with a balance below zero.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ShortfallRisk {
    /// The month.
    pub month: Month,
    /// The probability, 0 to 1.
    pub chance: f64,
}

/// One month ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OutlookMonth {
    /// The month.
    pub month: Month,
    /// Predicted income.
    pub income: Rupiah,
    /// Expected expense.
    pub expense: Rupiah,
    /// Balance at its end, carried forward.
    pub balance: Rupiah,
}

impl Outlook {
    /// The months whose balance ends below zero.
    pub fn shortfalls(&self) -> impl Iterator<Item = &OutlookMonth> {
        self.months.iter().filter(|month| month.balance.is_negative())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_of_zero_is_no_shortfall() {
        let first = Month::new(2026, 2).unwrap();
        let months = [-1, 0, 1].iter().zip(0..).map(|(&balance, i)| OutlookMonth {
            month: first + i,
            income: Rupiah::ZERO,
            expense: Rupiah::ZERO,
            balance: Rupiah::from_sen(balance),
        });
        let outlook = Outlook { months: months.collect(), ..Outlook::default() };
        assert_eq!(outlook.shortfalls().map(|m| m.month).collect::<Vec<_>>(), [first]);
    }

    #[test]
    fn ramadan_is_named_where_it_matters() {
        let of = |month: &str, change: i64| {
            let predicted = Rupiah::new(1_000_000 + change);
            let month = month.parse().unwrap();
            RamadanEffect::of(month, Direction::Income, predicted, Rupiah::new(change), &Overrides::default())
        };
        // Ramadan 1447 is 18 February to 19 March 2026, Idul Fitri 20 March.
        assert_eq!(of("2026-03", 50_000).map(|found| found.change), Some(Rupiah::new(50_000)));
        assert_eq!(of("2026-02", -50_000).map(|found| found.change), Some(Rupiah::new(-50_000)));
        assert_eq!(of("2026-03", 49_000), None);
        assert_eq!(of("2026-06", 500_000), None, "Muharram and Idul Adha have no sentence");
        let nothing = |change| {
            let (month, change) = ("2026-03".parse().unwrap(), Rupiah::new(change));
            RamadanEffect::of(month, Direction::Expense, change, change, &Overrides::default())
        };
        assert_eq!(nothing(0), None);
        assert!(nothing(5).is_some(), "nothing but Ramadan");
    }
}
