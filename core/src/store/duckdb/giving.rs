//! Who gave when, summed in the engine.

use super::rows;
use crate::error::Result;
use crate::model::{
    DonationId, DonorId, GiftDays, Opportunities, ReceivedGift, RepeatGiving, Rupiah, YearlyGiving, civil_day,
};
use ::duckdb::Connection;
use arrow::datatypes::{Date32Type, Int32Type, Int64Type, UInt32Type, UInt64Type};
use jiff::civil::Date;
use std::fmt::Write as _;

/// The gifts that donors are judged by.
fn received(as_of: Date) -> String {
    format!("received AND donor_id IS NOT NULL AND date <= DATE '{as_of}'")
}

pub(super) fn repeat_giving(sql: &Connection, as_of: Date, seasons: &[(Date, Date)]) -> Result<RepeatGiving> {
    let mut season = String::from("NULL::UTINYINT");
    if !seasons.is_empty() {
        season = String::from("CASE");
        for (i, (first, last)) in seasons.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(season, " WHEN date BETWEEN DATE '{first}' AND DATE '{last}' THEN {i}");
        }
        season.push_str(" END::UTINYINT");
    }
    let gifts = received(as_of);
    let query = format!(
        "SELECT donor_id, count(*)::UINTEGER, min(date), max(date), (sum(amount) * 100)::BIGINT,
                count(season)::UINTEGER, count(DISTINCT season)::UINTEGER
         FROM (SELECT donor_id, date, sum(amount) AS amount, {season} AS season
               FROM donations WHERE {gifts} GROUP BY donor_id, date)
         GROUP BY donor_id ORDER BY donor_id"
    );
    let mut found = RepeatGiving::default();
    rows::batches(sql, "counting the days of gifts of all donors", &query, [], |batch| {
        found.donor.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| DonorId(id)));
        found.days.extend_from_slice(rows::values::<UInt32Type>(batch, 1)?);
        found.first.extend(rows::values::<Date32Type>(batch, 2)?.iter().map(|&d| civil_day(d)));
        found.last.extend(rows::values::<Date32Type>(batch, 3)?.iter().map(|&d| civil_day(d)));
        found.total.extend(rows::values::<Int64Type>(batch, 4)?.iter().map(|&sen| Rupiah::from_sen(sen)));
        found.season_days.extend_from_slice(rows::values::<UInt32Type>(batch, 5)?);
        found.seasons.extend_from_slice(rows::values::<UInt32Type>(batch, 6)?);
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn opportunities(sql: &Connection, as_of: Date, months: u16) -> Result<Opportunities> {
    let gifts = received(as_of);
    let months = i32::from(months.max(1));
    let now = i32::from(as_of.year()) * 12 + i32::from(as_of.month());
    // Whole months back, by civil arithmetic: a date function would have its own idea of the ends of months.
    let back = |date: &str| {
        format!("(({now} - year({date}) * 12 - month({date}) - (day({date}) > {})::BIGINT) // {months})", as_of.day())
    };
    let furthest: Option<i64> = sql
        .query_row(
            &format!("SELECT max({}) FROM (SELECT min(date) AS date FROM donations WHERE {gifts})", back("date")),
            [],
            |row| row.get(0),
        )
        .map_err(super::trouble::trouble("counting opportunities to give"))?;
    let period = back("date");
    let mut found = Opportunities::default();
    if furthest.is_some_and(|furthest| furthest < 64) {
        // A bit a period: one number a donor while the gifts are read.
        let query = format!(
            "SELECT donor_id, bit_or(1::UBIGINT << {period}::UBIGINT) FROM donations WHERE {gifts}
             GROUP BY donor_id ORDER BY donor_id"
        );
        rows::batches(sql, "counting opportunities to give", &query, [], |batch| {
            found.donor.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| DonorId(id)));
            for seen in rows::values::<UInt64Type>(batch, 1)? {
                // Nobody is without a gift here, so that one bit is set at least.
                let (first, last) = (seen.checked_ilog2().unwrap_or(0), seen.trailing_zeros().min(63));
                found.frequency.push(seen.count_ones().saturating_sub(1));
                found.recency.push(first.saturating_sub(last));
                found.age.push(first);
            }
            Ok(())
        })?;
        return Ok(found);
    }
    let query = format!(
        "SELECT donor_id, (count(*) - 1)::UINTEGER, (max(period) - min(period))::UINTEGER, max(period)::UINTEGER
         FROM (SELECT DISTINCT donor_id, {period} AS period FROM donations WHERE {gifts})
         GROUP BY donor_id ORDER BY donor_id"
    );
    rows::batches(sql, "counting opportunities to give", &query, [], |batch| {
        found.donor.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| DonorId(id)));
        found.frequency.extend_from_slice(rows::values::<UInt32Type>(batch, 1)?);
        found.recency.extend_from_slice(rows::values::<UInt32Type>(batch, 2)?);
        found.age.extend_from_slice(rows::values::<UInt32Type>(batch, 3)?);
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn gift_days(sql: &Connection, as_of: Date, one_in: u32) -> Result<GiftDays> {
    let gifts = received(as_of);
    let query = format!(
        "SELECT donor_id, date, (sum(amount) * 100)::BIGINT FROM donations
         WHERE {gifts} AND donor_id % {} = 0 GROUP BY donor_id, date ORDER BY donor_id, date",
        one_in.max(1)
    );
    let mut found = GiftDays::default();
    rows::batches(sql, "reading the days of gifts", &query, [], |batch| {
        found.donor.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| DonorId(id)));
        found.day.extend(rows::values::<Date32Type>(batch, 1)?.iter().map(|&d| civil_day(d)));
        found.total.extend(rows::values::<Int64Type>(batch, 2)?.iter().map(|&sen| Rupiah::from_sen(sen)));
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn yearly_giving(sql: &Connection, as_of: Date) -> Result<YearlyGiving> {
    let gifts = received(as_of);
    let query = format!(
        "SELECT donor_id, year(date)::INTEGER AS year, count(*)::UINTEGER, (sum(amount) * 100)::BIGINT
         FROM donations WHERE {gifts} GROUP BY donor_id, year ORDER BY donor_id, year"
    );
    let mut found = YearlyGiving::default();
    rows::batches(sql, "summing gifts by donor and year", &query, [], |batch| {
        found.donor.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| DonorId(id)));
        found.year.extend(rows::values::<Int32Type>(batch, 1)?.iter().map(|&year| year as i16));
        found.count.extend_from_slice(rows::values::<UInt32Type>(batch, 2)?);
        found.total.extend(rows::values::<Int64Type>(batch, 3)?.iter().map(|&sen| Rupiah::from_sen(sen)));
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn verified_contacts(sql: &Connection, donor: Option<DonorId>) -> Result<Vec<(DonorId, String)>> {
    let only = donor.map(|donor| format!(" AND donor_id = {donor}")).unwrap_or_default();
    let query = format!("SELECT donor_id, number FROM contact_numbers WHERE verified{only} ORDER BY donor_id, number");
    let mut found = Vec::new();
    rows::batches(sql, "reading the verified numbers", &query, [], |batch| {
        let donors = rows::values::<UInt64Type>(batch, 0)?;
        let numbers = rows::values::<UInt64Type>(batch, 1)?;
        found.extend(donors.iter().zip(numbers).map(|(&donor, number)| (DonorId(donor), number.to_string())));
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn received_gifts(sql: &Connection, from: Date, to: Date) -> Result<Vec<ReceivedGift>> {
    let gifts = received(to);
    let query = format!(
        "SELECT donation_id, donor_id, date FROM donations WHERE {gifts} AND date >= DATE '{from}' ORDER BY donation_id"
    );
    let mut found = Vec::new();
    rows::batches(sql, "reading the gifts of some days", &query, [], |batch| {
        let gifts = rows::values::<UInt64Type>(batch, 0)?;
        let donors = rows::values::<UInt64Type>(batch, 1)?;
        let days = rows::values::<Date32Type>(batch, 2)?;
        found.extend(gifts.iter().zip(donors).zip(days).map(|((&gift, &donor), &day)| ReceivedGift {
            donation: DonationId(gift),
            donor: DonorId(donor),
            date: civil_day(day),
        }));
        Ok(())
    })?;
    Ok(found)
}
