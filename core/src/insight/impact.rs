//! What gifts paid for.

use crate::model::{Rupiah, UnitCosts};
use serde::Serialize;

/// What an amount pays for, each counted as if the whole amount went there; a zero is left out of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// Meals for a child.
    pub meals: u64,
    /// Months of school for a child.
    pub school_months: u64,
    /// Children whose health care is paid.
    pub health: u64,
}

impl Impact {
    /// `true` when the amount does not pay for one whole unit of anything.
    pub const fn is_empty(&self) -> bool {
        self.meals == 0 && self.school_months == 0 && self.health == 0
    }
}

/// The impact of a lifetime total at given unit costs: whole units, rounded down.
///
/// ```
/// use dermawan::{Rupiah, UnitCosts, insight};
/// let impact = insight::impact(Rupiah::new(6_000_000), &UnitCosts::default());
/// assert_eq!((impact.meals, impact.school_months, impact.health), (400, 60, 120));
/// ```
pub const fn impact(total: Rupiah, costs: &UnitCosts) -> Impact {
    Impact {
        meals: total.units(costs.meal),
        school_months: total.units(costs.school_month),
        health: total.units(costs.health),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_unit_is_whole_or_not_counted() {
        let at = |rupiah| impact(Rupiah::new(rupiah), &UnitCosts::default());
        assert!(at(14_999).is_empty());
        assert_eq!(at(15_000), Impact { meals: 1, ..Impact::default() });
        assert_eq!(at(99_999), Impact { meals: 6, school_months: 0, health: 1 });
        assert!(at(-6_000_000).is_empty());
    }

    proptest! {
        #[test]
        fn never_promises_more_than_was_given(total in 0i64..1_000_000_000_000, meal in 1i64..1_000_000) {
            let costs = UnitCosts { meal: Rupiah::new(meal), ..UnitCosts::default() };
            let meals = impact(Rupiah::new(total), &costs).meals as i64;
            prop_assert!(meals * meal <= total && total < (meals + 1) * meal);
        }
    }
}
