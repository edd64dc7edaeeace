//! What a screening reads from a store, and what the store remembers of people's answers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use dermawan::anomaly::{ExpenseOptions, Months, expenses};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::{DuckDbOptions, DuckDbStore, MemoryStore, Store};
use dermawan::{AcceptedMonth, Analytics, Direction, EntryId, Rupiah, Settings, etl};
use jiff::civil::Date;

fn loaded(store: impl Store + 'static) -> (Analytics, Date) {
    let analytics = Analytics::new(store, Settings::default()).unwrap();
    let options = SampleOptions::demo();
    let as_of = options.as_of;
    let mut source = SampleSource::new(Sample::new(options).unwrap());
    analytics.load(&mut source, as_of, &mut |_| Ok(())).unwrap();
    (analytics, as_of)
}

fn stores() -> [(Analytics, Date); 2] {
    [loaded(MemoryStore::new()), loaded(DuckDbStore::in_memory(&DuckDbOptions::default()).unwrap())]
}

#[test]
fn both_stores_read_the_same() {
    let [(memory, as_of), (duck, _)] = stores();
    let read = |analytics: &Analytics| {
        let view = analytics.store().view().unwrap();
        let book = view.cash_book(as_of).unwrap();
        let mut rows: Vec<_> = (0..book.len())
            .map(|i| {
                (book.entry[i], book.category[i], book.amount[i], book.date[i], book.entered[i], book.direction[i])
            })
            .collect();
        rows.sort_by_key(|row| row.0);
        let asked = [EntryId(7), EntryId(99_999_999), EntryId(3)];
        (format!("{rows:?}"), view.entry_texts(&asked).unwrap(), view.bookings(as_of, 50).unwrap())
    };
    let (ours, theirs) = (read(&memory), read(&duck));
    assert_eq!(ours, theirs);
    assert!(ours.1[1].is_empty() && !ours.1[0].is_empty());
    assert!(ours.2.booked > 0 && ours.2.booked <= ours.2.received, "{:?}", ours.2);
    assert_eq!(memory.screen(as_of).unwrap(), duck.screen(as_of).unwrap());
}

#[test]
fn planted_expenses_are_suspects_until_accepted() {
    for (analytics, as_of) in stores() {
        let truth = Sample::new(SampleOptions::demo()).unwrap().truth().unwrap();
        let planted: Vec<EntryId> = truth.anomalies.iter().filter_map(|planted| planted.entry).collect();
        let screening = analytics.screen(as_of).unwrap();
        let found = |entry: &EntryId| screening.suspects.iter().any(|suspect| suspect.entry == *entry);
        assert!(!planted.is_empty() && planted.iter().any(found), "{:?}", screening.counts);
        let seen: Vec<EntryId> = planted.into_iter().filter(found).collect();
        analytics.accept_entries(&seen, true).unwrap();
        analytics.accept_entries(&seen, true).unwrap();
        assert_eq!(analytics.accepted_entries().unwrap().len(), seen.len());
        let silent = |analytics: &Analytics| {
            let suspects = analytics.screen(as_of).unwrap().suspects;
            suspects.iter().all(|suspect| !seen.contains(&suspect.entry))
        };
        assert!(silent(&analytics));
        // A full load, from another source by its label, changes nothing of it.
        let options = etl::Options { mode: etl::Mode::Full, ..Settings::default().etl };
        let mut source = SampleSource::new(Sample::new(SampleOptions::demo()).unwrap());
        analytics.load_with(&mut source, &options, as_of, &mut |_| Ok(())).unwrap();
        assert!(silent(&analytics));
        analytics.accept_entries(&seen, false).unwrap();
        assert!(!silent(&analytics) && analytics.accepted_entries().unwrap().is_empty());
    }
}

#[test]
fn a_month_is_strange_until_accepted_and_again_when_its_sum_changes() {
    for (analytics, as_of) in stores() {
        let found = analytics.expense_anomalies(as_of).unwrap().anomalies;
        let month = AcceptedMonth { category: Some(found[0].category), month: found[0].month, amount: found[0].amount };
        let told = || {
            let answer = analytics.expense_anomalies(as_of).unwrap().anomalies;
            (answer.len(), analytics.expense_findings(as_of).unwrap().len())
        };
        assert_eq!(told(), (found.len(), found.len()));
        let donations = AcceptedMonth { category: None, ..month };
        analytics.accept_months(&[month, donations, month], true).unwrap();
        assert_eq!(told(), (found.len() - 1, found.len() - 1));
        assert_eq!(analytics.accepted_months().unwrap(), [donations, month]);
        // A load changes nothing of it.
        let options = etl::Options { mode: etl::Mode::Full, ..Settings::default().etl };
        let mut source = SampleSource::new(Sample::new(SampleOptions::demo()).unwrap());
        analytics.load_with(&mut source, &options, as_of, &mut |_| Ok(())).unwrap();
        assert_eq!(told(), (found.len() - 1, found.len() - 1));
        let other = AcceptedMonth { amount: month.amount + Rupiah::from_sen(1), ..month };
        analytics.accept_months(&[other], true).unwrap();
        assert_eq!(analytics.accepted_months().unwrap(), [donations, other], "one sum of a month is remembered");
        assert_eq!(told(), (found.len(), found.len()));
        analytics.accept_months(&[month, donations], false).unwrap();
        assert!(analytics.accepted_months().unwrap().is_empty());
    }
}

/// The rule calls 70 of the demo's 360 months strange beside the planted ones.
#[test]
fn planted_months_are_found_and_few_others() {
    let (analytics, as_of) = loaded(MemoryStore::new());
    let truth = Sample::new(SampleOptions::demo()).unwrap().truth().unwrap();
    let rows = analytics.store().view().unwrap().cash_by_month(Direction::Expense, as_of).unwrap();
    let options = ExpenseOptions { months: Months::Every, ..ExpenseOptions::default() };
    let report = expenses(&rows, as_of, &options).unwrap();
    let planted = |category, month| truth.anomalies.iter().any(|p| p.category == category && p.month == month);
    let found = report.anomalies.iter().filter(|found| planted(found.category, found.month)).count();
    let others = report.anomalies.len() - found;
    println!(
        "{found} of {} planted, {others} others of {}, shifts {:?}",
        truth.anomalies.len(),
        report.tested,
        report.shifts
    );
    assert!(found >= 3 && others <= 12, "{found} found, {others} others: {:?}", report.anomalies);
}
