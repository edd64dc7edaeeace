//! One donor's giving in four figures.

use crate::model::{Month, Rupiah};
use crate::store::DonorRecord;
use jiff::civil::Date;
use serde::Serialize;

/// A donor's received gifts up to a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DonorInfo {
    /// Their sum.
    pub total: Rupiah,
    /// How many.
    pub count: u64,
    /// Sum over count, to the nearest sen, halves away from zero.
    pub average: Rupiah,
    /// Whole months from the first gift to the last, plus one.
    pub months_active: u32,
    /// Date of the first gift.
    pub first: Date,
    /// Date of the last gift.
    pub last: Date,
}

/// The figures of a donor; `None` for one who has no received gift.
pub fn donor_info(record: &DonorRecord) -> Option<DonorInfo> {
    let (first, last) = (record.first?, record.last?);
    if record.count == 0 {
        return None;
    }
    let average = {
        let (sen, count) = (i128::from(record.total.sen()), i128::from(record.count));
        let half = if sen < 0 { -(count / 2) } else { count / 2 };
        // The quotient of an i64 by a count of at least one is an i64 again.
        Rupiah::from_sen(i64::try_from((sen + half) / count).unwrap_or(record.total.sen()))
    };
    let months_active = months_active(first, last);
    Some(DonorInfo { total: record.total, count: record.count, average, months_active, first, last })
}

/// Whole months from the first gift to the last, plus one: a month is whole when the day of the month is reached again.
/// A donor with one gift has been active one month.
///
/// ```
/// use dermawan::insight::months_active;
/// use jiff::civil::date;
/// assert_eq!(months_active(date(2025, 2, 15), date(2026, 1, 15)), 12);
/// assert_eq!(months_active(date(2025, 2, 16), date(2026, 1, 15)), 11);
/// ```
pub fn months_active(first: Date, last: Date) -> u32 {
    let unfinished = i32::from(last.day() < first.day());
    let whole = Month::of(last).since(Month::of(first)) - unfinished;
    u32::try_from(whole).map_or(1, |whole| whole + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DonorId;
    use jiff::civil::date;

    fn record(count: u64, total: Rupiah) -> DonorRecord {
        let (first, last) = (Some(date(2025, 2, 15)), Some(date(2026, 1, 15)));
        let (this_month, this_year) = (Rupiah::ZERO, Rupiah::ZERO);
        DonorRecord { id: DonorId(1), name: "Pak Budi".into(), count, total, first, last, this_month, this_year }
    }

    #[test]
    fn the_four_figures() {
        let info = donor_info(&record(12, Rupiah::new(6_000_000))).unwrap();
        assert_eq!((info.average, info.months_active, info.count), (Rupiah::new(500_000), 12, 12));
    }

    #[test]
    fn averages_round_half_away_from_zero() {
        let average = |count, sen| donor_info(&record(count, Rupiah::from_sen(sen))).unwrap().average.sen();
        assert_eq!((average(3, 100), average(3, 200), average(2, 3), average(2, -3)), (33, 67, 2, -2));
        assert_eq!(average(1, i64::MIN), i64::MIN);
    }

    #[test]
    fn no_gift_no_figures() {
        let never = DonorRecord { first: None, last: None, ..record(0, Rupiah::ZERO) };
        assert_eq!(donor_info(&never), None);
    }

    #[test]
    fn months_are_never_below_one() {
        assert_eq!(months_active(date(2026, 1, 31), date(2026, 2, 28)), 1);
        assert_eq!(months_active(date(2026, 1, 31), date(2026, 1, 31)), 1);
        assert_eq!(months_active(date(2026, 3, 1), date(2026, 1, 1)), 1, "dates the wrong way round");
    }
}
