//! Reading: sums and columns.

use super::trouble::trouble;
use super::{DuckDbStore, giving, lock, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::etl::{Quarantined, Reason, State};
use crate::model::{
    AcceptedMonth, CashBook, CashEntries, CategoryId, CategoryMonth, Direction, DonorGifts, DonorId, EntryId, Month,
    MonthTotal, ReceivedGift, Rupiah, Table, civil_day,
};
use crate::model::{GiftDays, Opportunities, RepeatGiving, YearlyGiving};
use crate::store::{Bookings, Contact, DonorRecord, View};
use ::duckdb::{Connection, OptionalExt, Row, params};
use arrow::datatypes::{Date32Type, Int64Type, UInt32Type, UInt64Type};
use jiff::civil::Date;
use std::collections::HashMap;

pub(super) struct DuckDbView<'a> {
    store: &'a DuckDbStore,
    /// Taken only when the view ends.
    connection: Option<Connection>,
}

impl<'a> DuckDbView<'a> {
    pub(super) fn begin(store: &'a DuckDbStore) -> Result<Self> {
        let connection = store.idle_connection()?;
        let doing = trouble("opening a view of the analytics");
        connection.execute_batch("BEGIN").map_err(&doing)?;
        Ok(Self { store, connection: Some(connection) })
    }

    fn sql(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| Error::new(ErrorKind::Internal, "the view is over"))
    }

    /// The day of the last load; `None` before the first.
    fn loaded(&self) -> Result<Option<Date>> {
        Ok(self.state()?.map(|state| state.as_of))
    }

    /// The month that `as_of` cuts off, from its first day to `as_of`: the sums made at the load hold more of it.
    /// `None` when they hold nothing later: at the end of a month, and from the day of the load on.
    fn cut_month(&self, as_of: Date) -> Result<Option<(Date, Date)>> {
        let month = Month::of(as_of);
        let cut = as_of < month.last_day() && self.loaded()?.is_some_and(|loaded| as_of < loaded);
        Ok(cut.then(|| (month.first_day(), as_of)))
    }

    /// The last month whose sum of the load is that up to `as_of`.
    fn last_whole_month(&self, as_of: Date) -> Result<Month> {
        Ok(Month::of(as_of) - i32::from(self.cut_month(as_of)?.is_some()))
    }
}

impl Drop for DuckDbView<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && connection.execute_batch("ROLLBACK").is_ok()
        {
            lock(&self.store.idle).push(connection);
        }
    }
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Income => "income",
        Direction::Expense => "expense",
    }
}

fn day(row: &Row<'_>, column: usize) -> ::duckdb::Result<Option<Date>> {
    Ok(row.get::<_, Option<i32>>(column)?.map(civil_day))
}

fn sen(row: &Row<'_>, column: usize) -> ::duckdb::Result<Rupiah> {
    Ok(Rupiah::from_sen(row.get::<_, Option<i64>>(column)?.unwrap_or(0)))
}

/// SQL of a date as a day number.
fn day_number(column: &str) -> String {
    format!("({column} - DATE '1970-01-01')::INTEGER")
}

impl View for DuckDbView<'_> {
    fn state(&self) -> Result<Option<State>> {
        let doing = "reading the state of the last load";
        let text: Option<String> = self
            .sql()?
            .prepare("SELECT state FROM load_state")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
            .map_err(trouble(doing))?;
        text.map(|text| {
            serde_json::from_str(&text).map_err(|cause| {
                Error::new(ErrorKind::StoreDamaged, "the state of the last load cannot be read")
                    .hint("load again in full")
                    .caused_by(cause)
            })
        })
        .transpose()
    }

    fn donor_gifts(&self, as_of: Date, recent_months: u8) -> Result<DonorGifts> {
        let since = as_of.saturating_sub(jiff::Span::new().months(i64::from(recent_months)));
        let current = self.loaded()?.is_none_or(|loaded| as_of >= loaded);
        // Facts never lie after the day of the load, so the sums made then serve every later day.
        let sql = if current {
            "SELECT s.donor_id, s.donation_count, (s.total_donation * 100)::BIGINT, s.first_donation_date,
                    s.last_donation_date, coalesce(r.n, 0)::UINTEGER
             FROM donor_stats s LEFT JOIN (
                 SELECT donor_id, count(*) AS n FROM donations
                 WHERE received AND donor_id IS NOT NULL AND date >= $1::DATE AND date <= $2::DATE GROUP BY donor_id) r
             ON r.donor_id = s.donor_id ORDER BY s.donor_id"
        } else {
            "SELECT donor_id, count(*)::UINTEGER, (sum(amount) * 100)::BIGINT, min(date), max(date),
                    (count(*) FILTER (date >= $1::DATE))::UINTEGER
             FROM donations WHERE received AND donor_id IS NOT NULL AND date <= $2::DATE
             GROUP BY donor_id ORDER BY donor_id"
        };
        let mut gifts = DonorGifts::default();
        rows::batches(
            self.sql()?,
            "summing the gifts of all donors",
            sql,
            params![since.to_string(), as_of.to_string()],
            |batch| {
                gifts.donor.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| DonorId(id)));
                gifts.count.extend_from_slice(rows::values::<UInt32Type>(batch, 1)?);
                gifts.total.extend(rows::values::<Int64Type>(batch, 2)?.iter().map(|&sen| Rupiah::from_sen(sen)));
                gifts.first.extend(rows::values::<Date32Type>(batch, 3)?.iter().map(|&d| civil_day(d)));
                gifts.last.extend(rows::values::<Date32Type>(batch, 4)?.iter().map(|&d| civil_day(d)));
                gifts.recent.extend_from_slice(rows::values::<UInt32Type>(batch, 5)?);
                Ok(())
            },
        )?;
        Ok(gifts)
    }

    fn donors_without_gift(&self, as_of: Date) -> Result<u64> {
        let sql = "SELECT (SELECT count(*) FROM donors) - (SELECT count(DISTINCT d.donor_id) FROM donations d
                   JOIN donors USING (donor_id) WHERE d.received AND d.date <= $1::DATE)";
        let current = self.loaded()?.is_none_or(|loaded| as_of >= loaded);
        let doing = trouble("counting donors without a gift");
        if current {
            let sql = "SELECT count(*) FROM donors WHERE donor_id NOT IN (SELECT donor_id FROM donor_stats)";
            return self.sql()?.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| n as u64).map_err(doing);
        }
        self.sql()?
            .query_row(sql, params![as_of.to_string()], |row| row.get::<_, i64>(0))
            .map(|n| n.max(0) as u64)
            .map_err(doing)
    }

    fn donor(&self, donor: DonorId, as_of: Date) -> Result<Option<DonorRecord>> {
        let loaded = self.loaded()?;
        let current = loaded.is_none_or(|loaded| as_of >= loaded);
        let (first, last) = (day_number("first_donation_date"), day_number("last_donation_date"));
        let (month, year) = (Month::of(as_of).first_day(), jiff::civil::date(as_of.year(), 1, 1));
        let sql = if current {
            let of =
                |what: &str, holds: bool| if holds { format!("({what} * 100)::BIGINT") } else { "0::BIGINT".into() };
            let same_month = loaded.is_none_or(|loaded| Month::of(loaded) == Month::of(as_of));
            let same_year = loaded.is_none_or(|loaded| loaded.year() == as_of.year());
            format!(
                "SELECT d.name, s.donation_count, (s.total_donation * 100)::BIGINT, {first}, {last}, {}, {}
                 FROM (SELECT name FROM donors WHERE donor_id = {donor}) d
                 LEFT JOIN (SELECT * FROM donor_stats WHERE donor_id = {donor}) s ON true",
                of("s.this_month", same_month),
                of("s.this_year", same_year),
            )
        } else {
            format!(
                "SELECT d.name, s.n, s.total, s.first, s.last, s.month, s.year
                 FROM (SELECT name FROM donors WHERE donor_id = {donor}) d
                 CROSS JOIN (SELECT count(*)::UINTEGER AS n, (sum(amount) * 100)::BIGINT AS total,
                     {} AS first, {} AS last,
                     (sum(amount) FILTER (date >= DATE '{month}') * 100)::BIGINT AS month,
                     (sum(amount) FILTER (date >= DATE '{year}') * 100)::BIGINT AS year
                     FROM donations WHERE received AND donor_id = {donor} AND date <= DATE '{as_of}') s",
                day_number("min(date)"),
                day_number("max(date)"),
            )
        };
        let doing = trouble("looking up a donor");
        // The key stands in the text of the query for the reason given at `contact`.
        self.sql()?
            .query_row(&sql, [], |row| {
                Ok(DonorRecord {
                    id: donor,
                    name: row.get::<_, Option<String>>(0)?.unwrap_or_default(),
                    count: u64::from(row.get::<_, Option<u32>>(1)?.unwrap_or(0)),
                    total: sen(row, 2)?,
                    first: day(row, 3)?,
                    last: day(row, 4)?,
                    this_month: sen(row, 5)?,
                    this_year: sen(row, 6)?,
                })
            })
            .optional()
            .map_err(doing)
    }

    fn donor_names(&self, donors: &[DonorId]) -> Result<Vec<String>> {
        if donors.is_empty() {
            return Ok(Vec::new());
        }
        // Numbers only, so that they may stand in the text of the query.
        let list: Vec<String> = donors.iter().map(ToString::to_string).collect();
        let sql = format!("SELECT donor_id, name FROM donors WHERE donor_id IN ({})", list.join(", "));
        let mut names: HashMap<u64, String> = HashMap::with_capacity(donors.len());
        rows::batches(self.sql()?, "looking up names", &sql, [], |batch| {
            let ids = rows::values::<UInt64Type>(batch, 0)?;
            names.extend(ids.iter().copied().zip(rows::texts(batch, 1)?.map(str::to_owned)));
            Ok(())
        })?;
        Ok(donors.iter().map(|donor| names.get(&donor.0).cloned().unwrap_or_default()).collect())
    }

    fn contact(&self, number: &str) -> Result<Option<Contact>> {
        // The normal form is digits; anything else is nobody's.
        let Ok(key) = number.parse::<u64>() else { return Ok(None) };
        // In the text and not as a parameter: DuckDB skips the parts of a table that cannot hold a value only where it
        // knows the value when it plans.
        self.sql()?
            .query_row(&format!("SELECT donor_id, verified FROM contact_numbers WHERE number = {key}"), [], |row| {
                Ok(Contact { donor: DonorId(row.get(0)?), verified: row.get(1)? })
            })
            .optional()
            .map_err(trouble("looking up a registered number"))
    }

    fn verified_contacts(&self, donor: Option<DonorId>) -> Result<Vec<(DonorId, String)>> {
        giving::verified_contacts(self.sql()?, donor)
    }

    fn received_gifts(&self, from: Date, to: Date) -> Result<Vec<ReceivedGift>> {
        giving::received_gifts(self.sql()?, from, to)
    }

    fn donations_by_month(&self, as_of: Date) -> Result<Vec<MonthTotal>> {
        let whole = self.last_whole_month(as_of)?.first_day();
        let cut = self.cut_month(as_of)?.map_or_else(String::new, |(first, last)| {
            format!(
                "UNION ALL SELECT DATE '{first}', (sum(amount) * 100)::BIGINT, count(*)::UBIGINT FROM donations
                 WHERE received AND date BETWEEN DATE '{first}' AND DATE '{last}' HAVING count(*) > 0"
            )
        });
        let sql = format!(
            "SELECT month, (total_donation * 100)::BIGINT AS total, donation_count AS n FROM donation_months
             WHERE month <= DATE '{whole}' {cut} ORDER BY month"
        );
        let mut months = Vec::new();
        rows::batches(self.sql()?, "summing donations by month", &sql, [], |batch| {
            let (month, total) = (rows::values::<Date32Type>(batch, 0)?, rows::values::<Int64Type>(batch, 1)?);
            let count = rows::values::<UInt64Type>(batch, 2)?;
            months.extend((0..batch.num_rows()).map(|row| MonthTotal {
                month: Month::of(civil_day(month[row])),
                total: Rupiah::from_sen(total[row]),
                count: count[row],
            }));
            Ok(())
        })?;
        Ok(months)
    }

    fn cash_by_month(&self, direction: Direction, as_of: Date) -> Result<Vec<CategoryMonth>> {
        let (whole, direction) = (self.last_whole_month(as_of)?.first_day(), direction_name(direction));
        let cut = self.cut_month(as_of)?.map_or_else(String::new, |(first, last)| {
            format!(
                "UNION ALL SELECT coalesce(category_id, 0) AS category, DATE '{first}', (sum(amount) * 100)::BIGINT,
                        count(*)::UBIGINT
                 FROM cash_entries
                 WHERE direction = '{direction}' AND date BETWEEN DATE '{first}' AND DATE '{last}' GROUP BY category"
            )
        });
        let sql = format!(
            "SELECT coalesce(category_id, 0) AS category, month, (total * 100)::BIGINT AS total, entry_count AS n
             FROM cash_months WHERE direction = '{direction}' AND month <= DATE '{whole}' {cut} ORDER BY category, month"
        );
        let mut months = Vec::new();
        rows::batches(self.sql()?, "summing the cash book by month", &sql, [], |batch| {
            let (category, month) = (rows::values::<UInt64Type>(batch, 0)?, rows::values::<Date32Type>(batch, 1)?);
            let (total, count) = (rows::values::<Int64Type>(batch, 2)?, rows::values::<UInt64Type>(batch, 3)?);
            months.extend((0..batch.num_rows()).map(|row| CategoryMonth {
                category: CategoryId(category[row]),
                month: Month::of(civil_day(month[row])),
                total: Rupiah::from_sen(total[row]),
                count: count[row],
            }));
            Ok(())
        })?;
        Ok(months)
    }

    fn cash_entries(&self, direction: Direction, from: Date, to: Date) -> Result<CashEntries> {
        let sql = "SELECT entry_id, coalesce(category_id, 0), (amount * 100)::BIGINT, date FROM cash_entries
                   WHERE direction = $1 AND date >= $2::DATE AND date <= $3::DATE ORDER BY entry_id";
        let mut entries = CashEntries::default();
        let params = params![direction_name(direction), from.to_string(), to.to_string()];
        rows::batches(self.sql()?, "reading the cash book", sql, params, |batch| {
            entries.entry.extend(rows::values::<UInt64Type>(batch, 0)?.iter().map(|&id| EntryId(id)));
            entries.category.extend(rows::values::<UInt64Type>(batch, 1)?.iter().map(|&id| CategoryId(id)));
            entries.amount.extend(rows::values::<Int64Type>(batch, 2)?.iter().map(|&sen| Rupiah::from_sen(sen)));
            entries.date.extend(rows::values::<Date32Type>(batch, 3)?.iter().map(|&d| civil_day(d)));
            Ok(())
        })?;
        Ok(entries)
    }

    fn cash_book(&self, to: Date) -> Result<CashBook> {
        super::audit::cash_book(self.sql()?, to)
    }

    fn entry_texts(&self, entries: &[EntryId]) -> Result<Vec<String>> {
        super::audit::entry_texts(self.sql()?, entries)
    }

    fn bookings(&self, to: Date, limit: usize) -> Result<Bookings> {
        super::audit::bookings(self.sql()?, to, limit)
    }

    fn accepted(&self) -> Result<Vec<EntryId>> {
        super::audit::accepted(self.sql()?)
    }

    fn accepted_months(&self) -> Result<Vec<AcceptedMonth>> {
        super::audit::accepted_months(self.sql()?)
    }

    fn categories(&self) -> Result<Vec<(CategoryId, String)>> {
        let mut categories = Vec::new();
        let sql = "SELECT category_id, name FROM categories ORDER BY category_id";
        rows::batches(self.sql()?, "reading the categories", sql, [], |batch| {
            let ids = rows::values::<UInt64Type>(batch, 0)?;
            categories.extend(ids.iter().map(|&id| CategoryId(id)).zip(rows::texts(batch, 1)?.map(str::to_owned)));
            Ok(())
        })?;
        Ok(categories)
    }

    fn cash_balance(&self) -> Result<Option<Rupiah>> {
        self.sql()?
            .query_row("SELECT (sum(balance) * 100)::BIGINT FROM accounts", [], |row| row.get::<_, Option<i64>>(0))
            .map(|sen| sen.map(Rupiah::from_sen))
            .map_err(trouble("summing the cash accounts"))
    }

    fn children_in_care(&self, as_of: Date) -> Result<u64> {
        self.sql()?
            .query_row(
                "SELECT count(*) FROM children WHERE (left_on IS NULL OR left_on > $1::DATE)
                 AND (entered_on IS NULL OR entered_on <= $1::DATE) AND upper(trim(coalesce(status, ''))) <> 'KELUAR'",
                params![as_of.to_string()],
                |row| row.get::<_, i64>(0),
            )
            .map(|n| n as u64)
            .map_err(trouble("counting the children in care"))
    }

    fn quarantine(&self, limit: usize) -> Result<Vec<Quarantined>> {
        let sql =
            "SELECT table_name, source_key, reason, kept, column_name, value, amount_sen::HUGEINT, reference, mark
                   FROM quarantine ORDER BY table_name, source_key NULLS FIRST, reason LIMIT ?";
        let doing = trouble("reading the quarantine");
        let connection = self.sql()?;
        let mut statement = connection.prepare(sql).map_err(&doing)?;
        let found = statement
            .query_map(params![i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                let table = Table::named(&row.get::<_, String>(0)?).unwrap_or(Table::Donations);
                let reason = Reason::named(&row.get::<_, String>(2)?).unwrap_or(Reason::DamagedText);
                Ok(Quarantined {
                    table,
                    key: row.get(1)?,
                    reason,
                    kept: row.get(3)?,
                    column: row.get(4)?,
                    value: row.get(5)?,
                    amount: row.get(6)?,
                    reference: row.get(7)?,
                    mark: row.get(8)?,
                })
            })
            .map_err(&doing)?;
        found.collect::<::duckdb::Result<_>>().map_err(&doing)
    }

    fn repeat_giving(&self, as_of: Date, seasons: &[(Date, Date)]) -> Result<RepeatGiving> {
        giving::repeat_giving(self.sql()?, as_of, seasons)
    }

    fn opportunities(&self, as_of: Date, months: u16) -> Result<Opportunities> {
        giving::opportunities(self.sql()?, as_of, months)
    }

    fn gift_days(&self, as_of: Date, one_in: u32) -> Result<GiftDays> {
        giving::gift_days(self.sql()?, as_of, one_in)
    }

    fn yearly_giving(&self, as_of: Date) -> Result<YearlyGiving> {
        giving::yearly_giving(self.sql()?, as_of)
    }
}
