//! The answers as Arrow record batches, for data frames and for SQL engines of the host program.
//!
//! Columns have the names and the order of the fields. Identities are `UInt64`, money is `Decimal128(18, 2)` and so
//! exact, dates are `Date32`, levels and segments are dictionaries of text (categories in a data frame).

use super::{Level, LifetimeValues, Outlooks, Scores, Segment, Segments};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Rupiah, epoch_day};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, RecordBatch, UInt8Array,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::Int8Type;
use jiff::civil::Date;
use std::sync::Arc;

impl Scores {
    /// One row a donor; see the [columns](Scores).
    ///
    /// # Errors
    ///
    /// `invalid_input` when the columns differ in length.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        batch([
            ("donor", donors(&self.donor)),
            ("score", bytes(&self.score)),
            ("level", categories(self.level.iter().map(|&level| name_of_level(level)))),
            ("days_since_last", counts(&self.days_since_last)),
            ("days_points", bytes(&self.days_points)),
            ("gifts_ever", counts(&self.gifts_ever)),
            ("ever_points", bytes(&self.ever_points)),
            ("gifts_recent", counts(&self.gifts_recent)),
            ("recent_points", bytes(&self.recent_points)),
        ])
    }
}

impl Segments {
    /// One row a donor: `donor` and `segment`.
    ///
    /// # Errors
    ///
    /// `invalid_input` when the columns differ in length.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        let segments = self.segment.iter().map(|&segment| name_of_segment(segment));
        batch([("donor", donors(&self.donor)), ("segment", categories(segments))])
    }
}

impl LifetimeValues {
    /// One row a donor; see the [columns](LifetimeValues).
    ///
    /// # Errors
    ///
    /// `invalid_input` when the columns differ in length.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        batch([
            ("donor", donors(&self.donor)),
            ("total_value", money(&self.total_value)?),
            ("total_donations", counts(&self.total_donations)),
            ("average_donation", money(&self.average_donation)?),
            ("months_active", counts(&self.months_active)),
            ("monthly_value", money(&self.monthly_value)?),
            ("donation_frequency", Arc::new(Float64Array::from(self.donation_frequency.clone()))),
            ("first_donation", dates(&self.first_donation)),
            ("last_donation", dates(&self.last_donation)),
        ])
    }
}

impl Outlooks {
    /// One row a donor; see the [columns](Outlooks).
    ///
    /// # Errors
    ///
    /// `invalid_input` when the columns differ in length.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        let numbers = |column: &[f64]| -> ArrayRef { Arc::new(Float64Array::from(column.to_vec())) };
        batch([
            ("donor", donors(&self.donor)),
            ("p_no_gift", numbers(&self.p_no_gift)),
            ("p_no_gift_low", numbers(&self.p_no_gift_low)),
            ("p_no_gift_high", numbers(&self.p_no_gift_high)),
            ("level", categories(self.level.iter().map(|&level| name_of_level(level)))),
            ("p_alive", numbers(&self.p_alive)),
            ("expected_gifts", numbers(&self.expected_gifts)),
            ("gift_value", money(&self.gift_value)?),
            ("expected_value", money(&self.expected_value)?),
            ("lifetime_value", money(&self.lifetime_value)?),
            ("value_at_risk", money(&self.value_at_risk)?),
            ("days", counts(&self.days)),
            ("silent_days", counts(&self.silent_days)),
            ("usual_days", counts(&self.usual_days)),
            ("overdue", numbers(&self.overdue)),
            ("seasonal", Arc::new(BooleanArray::from(self.seasonal.clone()))),
            ("seasons", counts(&self.seasons)),
            ("seasons_missed", counts(&self.seasons_missed)),
            ("next_season", days_or_none(&self.next_season)),
        ])
    }
}

/// The name that serde writes too.
const fn name_of_level(level: Level) -> &'static str {
    match level {
        Level::Low => "LOW",
        Level::Medium => "MEDIUM",
        Level::High => "HIGH",
    }
}

/// The name that serde writes too.
const fn name_of_segment(segment: Segment) -> &'static str {
    match segment {
        Segment::Champions => "champions",
        Segment::Loyal => "loyal",
        Segment::AtRisk => "at_risk",
        Segment::New => "new",
        Segment::OneTime => "one_time",
    }
}

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<RecordBatch> {
    // No cell is ever missing, and a reader may rely on it; but for the day on which somebody is expected.
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, name == "next_season")))
        .map_err(|cause| Error::new(ErrorKind::InvalidInput, "the columns differ in length").caused_by(cause))
}

fn donors(ids: &[DonorId]) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(ids.iter().map(|id| id.0)))
}

fn bytes(values: &[u8]) -> ArrayRef {
    Arc::new(UInt8Array::from(values.to_vec()))
}

fn counts(values: &[u32]) -> ArrayRef {
    Arc::new(UInt32Array::from(values.to_vec()))
}

fn money(amounts: &[Rupiah]) -> Result<ArrayRef> {
    let sen = Decimal128Array::from_iter_values(amounts.iter().map(|amount| i128::from(amount.sen())));
    match sen.with_precision_and_scale(18, 2) {
        Ok(decimals) => Ok(Arc::new(decimals)),
        Err(cause) => Err(Error::new(ErrorKind::Internal, "money does not fit its column").caused_by(cause)),
    }
}

fn dates(days: &[Date]) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(days.iter().map(|&day| epoch_day(day))))
}

fn days_or_none(days: &[Option<Date>]) -> ArrayRef {
    Arc::new(days.iter().map(|day| day.map(epoch_day)).collect::<Date32Array>())
}

fn categories(names: impl Iterator<Item = &'static str>) -> ArrayRef {
    Arc::new(names.collect::<DictionaryArray<Int8Type>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::churn::{ScoreOptions, SegmentOptions, lifetime_value, score, segments};
    use crate::model::DonorGifts;
    use arrow::array::AsArray;
    use arrow::datatypes::{Date32Type, Decimal128Type, UInt8Type};
    use jiff::civil::date;

    fn gifts() -> DonorGifts {
        DonorGifts {
            donor: vec![DonorId(1), DonorId(u64::MAX)],
            count: vec![12, 1],
            total: vec![Rupiah::new(6_000_000), Rupiah::from_sen(33)],
            first: vec![date(2024, 11, 3), date(1969, 12, 31)],
            last: vec![date(2025, 10, 28), date(1969, 12, 31)],
            recent: vec![0, 0],
        }
    }

    fn text(column: &ArrayRef, row: usize) -> String {
        arrow::util::display::array_value_to_string(column, row).unwrap()
    }

    #[test]
    fn batches_hold_what_the_columns_hold() {
        let as_of = date(2026, 1, 31);
        let scores = score(&gifts(), as_of, &ScoreOptions::default()).unwrap();
        let table = scores.to_batch().unwrap();
        assert_eq!(table.column_by_name("score").unwrap().as_primitive::<UInt8Type>().values(), &[70, 100]);
        assert_eq!(text(&table["level"], 1), "HIGH");
        assert_eq!(text(&table["donor"], 1), u64::MAX.to_string());

        let values = lifetime_value(&gifts(), as_of).unwrap().to_batch().unwrap();
        assert_eq!(values["total_value"].as_primitive::<Decimal128Type>().values(), &[600_000_000, 33]);
        assert_eq!(values["first_donation"].as_primitive::<Date32Type>().values(), &[20_030, -1]);

        let of = segments(&gifts(), 3, as_of, &SegmentOptions::default()).unwrap().to_batch().unwrap();
        assert_eq!([0, 1].map(|row| text(&of["segment"], row)), ["at_risk", "one_time"]);
    }

    /// Names in batches are those of JSON, and every field that is a column is there, in its order.
    #[test]
    fn batches_and_json_have_the_same_names() {
        let as_of = date(2026, 1, 31);
        let columns = |value: serde_json::Value| -> Vec<String> {
            let fields = value.as_object().unwrap().iter();
            fields.filter(|(_, value)| value.is_array()).map(|(name, _)| name.clone()).collect()
        };
        let names = |table: RecordBatch| -> Vec<String> {
            let mut names: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
            names.sort();
            names
        };
        let scores = score(&gifts(), as_of, &ScoreOptions::default()).unwrap();
        assert_eq!(names(scores.to_batch().unwrap()), columns(serde_json::to_value(&scores).unwrap()));
        let values = lifetime_value(&gifts(), as_of).unwrap();
        assert_eq!(names(values.to_batch().unwrap()), columns(serde_json::to_value(&values).unwrap()));
        for level in [Level::Low, Level::Medium, Level::High] {
            assert_eq!(serde_json::to_value(level).unwrap(), name_of_level(level));
        }
        for segment in [Segment::Champions, Segment::Loyal, Segment::AtRisk, Segment::New, Segment::OneTime] {
            assert_eq!(serde_json::to_value(segment).unwrap(), name_of_segment(segment));
        }
    }

    #[test]
    fn columns_of_different_lengths_are_refused() {
        let broken = Segments { donor: vec![DonorId(1)], ..Segments::default() };
        assert_eq!(broken.to_batch().unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
