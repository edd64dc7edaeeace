//! Reading: sums and columns.

use super::Facts;
use super::cells::Named;
use crate::error::Result;
use crate::etl::{Quarantined, State};
use crate::model::{
    AcceptedMonth, CashBook, CashEntries, CategoryId, CategoryMonth, Direction, DonationId, DonorGifts, DonorId,
    EntryId, Month, MonthTotal, ReceivedGift, Rupiah, Table, civil_day, epoch_day,
};
use crate::model::{GiftDays, Opportunities, RepeatGiving, YearlyGiving};
use crate::store::{Bookings, Contact, DonorRecord, View};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) struct MemoryView(pub(super) Arc<Facts>);

/// One received gift.
pub(super) struct Gift {
    pub(super) donor: Option<DonorId>,
    pub(super) amount: Rupiah,
    pub(super) day: i32,
}

/// One line of the cash book.
struct Line {
    entry: EntryId,
    category: CategoryId,
    amount: Rupiah,
    day: i32,
}

impl MemoryView {
    pub(super) fn received(&self, as_of: Date) -> impl Iterator<Item = Gift> {
        let last = epoch_day(as_of);
        self.0.rows(Table::Donations).filter_map(move |(_, row)| {
            let row = Named(Table::Donations, row);
            let day = row.day("date").filter(|day| *day <= last && row.flag("received"))?;
            Some(Gift { donor: row.key("donor_id").map(DonorId), amount: row.amount("amount")?, day })
        })
    }

    fn lines(&self, direction: Direction, from: i32, to: i32) -> impl Iterator<Item = Line> {
        let word = match direction {
            Direction::Income => "income",
            Direction::Expense => "expense",
        };
        self.0.rows(Table::CashEntries).filter_map(move |(&key, row)| {
            let row = Named(Table::CashEntries, row);
            let day = row.day("date").filter(|day| (from..=to).contains(day) && row.text("direction") == Some(word))?;
            let category = CategoryId(row.key("category_id").unwrap_or(0));
            Some(Line { entry: EntryId(key), category, amount: row.amount("amount")?, day })
        })
    }
}

impl View for MemoryView {
    fn state(&self) -> Result<Option<State>> {
        Ok(self.0.state.clone())
    }

    fn donor_gifts(&self, as_of: Date, recent_months: u8) -> Result<DonorGifts> {
        let since = epoch_day(as_of.saturating_sub(jiff::Span::new().months(i64::from(recent_months))));
        let mut donors: BTreeMap<DonorId, (u32, Rupiah, i32, i32, u32)> = BTreeMap::new();
        for gift in self.received(as_of) {
            let Some(donor) = gift.donor else { continue };
            let (count, total, first, last, recent) =
                donors.entry(donor).or_insert((0, Rupiah::ZERO, gift.day, gift.day, 0));
            *count += 1;
            *total += gift.amount;
            *first = (*first).min(gift.day);
            *last = (*last).max(gift.day);
            *recent += u32::from(gift.day >= since);
        }
        let mut gifts = DonorGifts::default();
        for (donor, (count, total, first, last, recent)) in donors {
            gifts.donor.push(donor);
            gifts.count.push(count);
            gifts.total.push(total);
            gifts.first.push(civil_day(first));
            gifts.last.push(civil_day(last));
            gifts.recent.push(recent);
        }
        Ok(gifts)
    }

    fn donors_without_gift(&self, as_of: Date) -> Result<u64> {
        let givers: BTreeSet<u64> = self.received(as_of).filter_map(|gift| gift.donor.map(|d| d.0)).collect();
        Ok(self.0.rows(Table::Donors).filter(|(key, _)| !givers.contains(key)).count() as u64)
    }

    fn donor(&self, donor: DonorId, as_of: Date) -> Result<Option<DonorRecord>> {
        let Some(row) = self.0.tables.get(&Table::Donors).and_then(|donors| donors.get(&donor.0)) else {
            return Ok(None);
        };
        let mut record = DonorRecord {
            id: donor,
            name: Named(Table::Donors, row).text("name").unwrap_or_default().to_owned(),
            count: 0,
            total: Rupiah::ZERO,
            first: None,
            last: None,
            this_month: Rupiah::ZERO,
            this_year: Rupiah::ZERO,
        };
        for gift in self.received(as_of).filter(|gift| gift.donor == Some(donor)) {
            let day = civil_day(gift.day);
            record.count += 1;
            record.total += gift.amount;
            record.first = Some(record.first.map_or(day, |first| first.min(day)));
            record.last = record.last.max(Some(day));
            if Month::of(day) == Month::of(as_of) {
                record.this_month += gift.amount;
            }
            if day.year() == as_of.year() {
                record.this_year += gift.amount;
            }
        }
        Ok(Some(record))
    }

    fn donor_names(&self, donors: &[DonorId]) -> Result<Vec<String>> {
        let table = self.0.tables.get(&Table::Donors);
        let name = |donor: &DonorId| {
            table
                .and_then(|rows| rows.get(&donor.0))
                .and_then(|row| Named(Table::Donors, row).text("name"))
                .unwrap_or_default()
                .to_owned()
        };
        Ok(donors.iter().map(name).collect())
    }

    fn contact(&self, number: &str) -> Result<Option<Contact>> {
        let found = self
            .0
            .rows(Table::Contacts)
            .map(|(&key, row)| (key, Named(Table::Contacts, row)))
            .filter(|(_, row)| row.text("number") == Some(number))
            .min_by_key(|(key, row)| (!row.flag("verified"), *key));
        Ok(found.and_then(|(_, row)| {
            Some(Contact { donor: DonorId(row.key("donor_id")?), verified: row.flag("verified") })
        }))
    }

    fn verified_contacts(&self, donor: Option<DonorId>) -> Result<Vec<(DonorId, String)>> {
        let mut owners: BTreeMap<&str, (bool, u64, DonorId)> = BTreeMap::new();
        for (&key, row) in self.0.rows(Table::Contacts) {
            let row = Named(Table::Contacts, row);
            let (Some(number), Some(donor)) = (row.text("number"), row.key("donor_id")) else { continue };
            let candidate = (!row.flag("verified"), key, DonorId(donor));
            let owner = owners.entry(number).or_insert(candidate);
            *owner = (*owner).min(candidate);
        }
        let verified = owners
            .into_iter()
            .filter(|(_, (unverified, _, owner))| !unverified && donor.is_none_or(|donor| donor == *owner));
        let mut found: Vec<(DonorId, String)> =
            verified.map(|(number, (_, _, donor))| (donor, number.to_owned())).collect();
        found.sort_by_cached_key(|(donor, number)| (*donor, number.len(), number.clone()));
        Ok(found)
    }

    fn received_gifts(&self, from: Date, to: Date) -> Result<Vec<ReceivedGift>> {
        let days = epoch_day(from)..=epoch_day(to);
        let gifts = self.0.rows(Table::Donations).filter_map(|(&key, row)| {
            let row = Named(Table::Donations, row);
            let day = row.day("date").filter(|day| days.contains(day) && row.flag("received"))?;
            let donor = DonorId(row.key("donor_id")?);
            Some(ReceivedGift { donation: DonationId(key), donor, date: civil_day(day) })
        });
        Ok(gifts.collect())
    }

    fn donations_by_month(&self, as_of: Date) -> Result<Vec<MonthTotal>> {
        let mut months: BTreeMap<Month, (Rupiah, u64)> = BTreeMap::new();
        for gift in self.received(as_of) {
            let (total, count) = months.entry(Month::of(civil_day(gift.day))).or_default();
            *total += gift.amount;
            *count += 1;
        }
        Ok(months.into_iter().map(|(month, (total, count))| MonthTotal { month, total, count }).collect())
    }

    fn cash_by_month(&self, direction: Direction, as_of: Date) -> Result<Vec<CategoryMonth>> {
        let mut months: BTreeMap<(CategoryId, Month), (Rupiah, u64)> = BTreeMap::new();
        for line in self.lines(direction, i32::MIN, epoch_day(as_of)) {
            let (total, count) = months.entry((line.category, Month::of(civil_day(line.day)))).or_default();
            *total += line.amount;
            *count += 1;
        }
        let row = |((category, month), (total, count))| CategoryMonth { category, month, total, count };
        Ok(months.into_iter().map(row).collect())
    }

    fn cash_entries(&self, direction: Direction, from: Date, to: Date) -> Result<CashEntries> {
        let mut entries = CashEntries::default();
        for line in self.lines(direction, epoch_day(from), epoch_day(to)) {
            entries.entry.push(line.entry);
            entries.category.push(line.category);
            entries.amount.push(line.amount);
            entries.date.push(civil_day(line.day));
        }
        Ok(entries)
    }

    fn cash_book(&self, to: Date) -> Result<CashBook> {
        let mut book = CashBook::default();
        for (&key, row) in self.0.rows(Table::CashEntries) {
            let row = Named(Table::CashEntries, row);
            let direction = match row.text("direction") {
                Some("income") => Direction::Income,
                Some("expense") => Direction::Expense,
                _ => continue,
            };
            let (Some(day), Some(amount)) = (row.day("date"), row.amount("amount")) else { continue };
            if day > epoch_day(to) {
                continue;
            }
            book.entry.push(EntryId(key));
            book.direction.push(direction);
            book.category.push(CategoryId(row.key("category_id").unwrap_or(0)));
            book.amount.push(amount);
            book.date.push(civil_day(day));
            let entered = row.instant("created_at").map(|micros| civil_day(micros.div_euclid(86_400_000_000) as i32));
            book.entered.push(entered);
        }
        Ok(book)
    }

    fn entry_texts(&self, entries: &[EntryId]) -> Result<Vec<String>> {
        let table = self.0.tables.get(&Table::CashEntries);
        let text = |entry: &EntryId| {
            let row = table.and_then(|rows| rows.get(&entry.0));
            row.and_then(|row| Named(Table::CashEntries, row).text("description")).unwrap_or_default().to_owned()
        };
        Ok(entries.iter().map(text).collect())
    }

    fn bookings(&self, to: Date, limit: usize) -> Result<Bookings> {
        let mut received = BTreeMap::new();
        for (&key, row) in self.0.rows(Table::Donations) {
            let row = Named(Table::Donations, row);
            if row.flag("received")
                && let (Some(day), Some(amount)) = (row.day("date"), row.amount("amount"))
                && day <= epoch_day(to)
            {
                received.insert(key, amount);
            }
        }
        let mut found = Bookings { received: received.len() as u64, ..Bookings::default() };
        let mut named = BTreeSet::new();
        for (&key, row) in self.0.rows(Table::CashEntries) {
            let row = Named(Table::CashEntries, row);
            let income = row.text("direction") == Some("income") && row.day("date").is_some_and(|d| d <= epoch_day(to));
            let Some(gift) = row.key("donation_id").filter(|_| income) else { continue };
            named.insert(gift);
            match received.get(&gift) {
                None => found.without_donation.push(EntryId(key)),
                Some(&amount) if row.amount("amount") != Some(amount) => found.other_amount.push(EntryId(key)),
                Some(_) => {}
            }
        }
        found.booked = received.keys().filter(|gift| named.contains(gift)).count() as u64;
        let missing = received.keys().filter(|gift| !named.contains(gift));
        found.without_entry = missing.take(limit).map(|&gift| DonationId(gift)).collect();
        found.without_donation.truncate(limit);
        found.other_amount.truncate(limit);
        Ok(found)
    }

    fn accepted(&self) -> Result<Vec<EntryId>> {
        Ok(self.0.accepted.iter().copied().collect())
    }

    fn accepted_months(&self) -> Result<Vec<AcceptedMonth>> {
        let months = self.0.accepted_months.iter();
        Ok(months.map(|(&(category, month), &amount)| AcceptedMonth { category, month, amount }).collect())
    }

    fn categories(&self) -> Result<Vec<(CategoryId, String)>> {
        let name = |row| Named(Table::Categories, row).text("name").unwrap_or_default().to_owned();
        Ok(self.0.rows(Table::Categories).map(|(&key, row)| (CategoryId(key), name(row))).collect())
    }

    fn cash_balance(&self) -> Result<Option<Rupiah>> {
        let balances: Vec<Rupiah> =
            self.0.rows(Table::Accounts).filter_map(|(_, row)| Named(Table::Accounts, row).amount("balance")).collect();
        Ok((!balances.is_empty()).then(|| balances.into_iter().sum()))
    }

    fn children_in_care(&self, as_of: Date) -> Result<u64> {
        let today = epoch_day(as_of);
        let in_care = |row| {
            let row = Named(Table::Children, row);
            row.day("left_on").is_none_or(|left| left > today)
                && row.day("entered_on").is_none_or(|entered| entered <= today)
                && !row.text("status").unwrap_or_default().trim_matches(' ').eq_ignore_ascii_case("KELUAR")
        };
        Ok(self.0.rows(Table::Children).filter(|(_, row)| in_care(row)).count() as u64)
    }

    fn quarantine(&self, limit: usize) -> Result<Vec<Quarantined>> {
        let mut rows = self.0.quarantine.clone();
        rows.sort_by(|a, b| (a.table.name(), a.key, a.reason.code()).cmp(&(b.table.name(), b.key, b.reason.code())));
        rows.truncate(limit);
        Ok(rows)
    }

    fn repeat_giving(&self, as_of: Date, seasons: &[(Date, Date)]) -> Result<RepeatGiving> {
        Ok(self.repeat_giving_of(as_of, seasons))
    }

    fn opportunities(&self, as_of: Date, months: u16) -> Result<Opportunities> {
        Ok(self.opportunities_of(as_of, months))
    }

    fn gift_days(&self, as_of: Date, one_in: u32) -> Result<GiftDays> {
        Ok(self.gift_days_of(as_of, one_in))
    }

    fn yearly_giving(&self, as_of: Date) -> Result<YearlyGiving> {
        Ok(self.yearly_giving_of(as_of))
    }
}
