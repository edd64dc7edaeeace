//! The months ahead.

use crate::model::{Month, Rupiah};
use serde::Serialize;

/// What the next months are expected to bring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// The months in order; none when there is too little history to predict.
    pub months: Vec<OutlookMonth>,
    /// The balance that the first month starts from, if a cash account is known.
    pub opening: Option<Rupiah>,
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
        let outlook = Outlook { months: months.collect(), opening: None };
        assert_eq!(outlook.shortfalls().map(|m| m.month).collect::<Vec<_>>(), [first]);
    }
}
