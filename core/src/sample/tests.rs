//! The rows are read back from the files as a stranger would read them, and held against the truth.

use super::*;
use crate::model::{DonorId, Month, Rupiah, Table};
use crate::source::{FaultKind, RawBatch, Selection, Source, Totals, mark};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Int64Type, UInt64Type};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

fn demo() -> Sample {
    Sample::new(SampleOptions::demo()).unwrap()
}

fn tsv(sample: &Sample, table: Table) -> String {
    let mut out = Vec::new();
    let rows = sample.write_tsv(table, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count() as u64, rows);
    text
}

fn fields(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect())
}

/// Positions of the columns of `donasi`.
const ORDER: usize = 1;
const DONOR: usize = 3;
const AMOUNT: usize = 7;
const STATUS: usize = 8;
const DAY: usize = 11;
const MADE: usize = 12;

/// The rule of what was received, written anew.
fn is_received(row: &[&str]) -> bool {
    match row[STATUS].to_lowercase().as_str() {
        "success" | "paid" | "settlement" | "capture" => true,
        "pending" => row[ORDER] == "\\N",
        _ => false,
    }
}

#[test]
fn a_seed_decides_everything() {
    let small = |seed| {
        let options = SampleOptions { seed, donors: 60, donations: 900, contacts: 30, ..SampleOptions::default() };
        let sample = Sample::new(options).unwrap();
        Table::ALL.map(|table| tsv(&sample, table)).concat()
    };
    let one = small(1);
    assert!(one == small(1));
    assert!(one != small(2));
    // FNV-1a of the rows: another value on another platform would break every test that knows a number of the sample.
    let hash = one.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(format!("{hash:016x}"), "b0bcfc9e9c87437f");
}

#[test]
fn the_truth_is_what_the_rows_say() {
    let sample = demo();
    let truth = sample.truth().unwrap();
    for table in Table::ALL {
        assert_eq!(tsv(&sample, table).lines().count() as u64, truth.rows[&table], "{table}");
    }
    let text = tsv(&sample, Table::Donations);
    let bad: HashSet<u64> = truth
        .planted
        .iter()
        .filter(|p| p.table == Table::Donations && p.trap.is_rejected() && p.trap != Trap::UnknownDonor)
        .map(|p| p.key)
        .collect();
    let mut months: BTreeMap<Month, (u64, Rupiah)> = BTreeMap::new();
    let (mut without_donor, mut unpaid) = (0, CountAndSum::default());
    for row in fields(&text) {
        without_donor += u64::from(row[DONOR] == "\\N");
        if bad.contains(&row[0].parse().unwrap()) {
            continue;
        }
        let amount: Rupiah = row[AMOUNT].parse().unwrap();
        if is_received(&row) {
            let sum = months.entry(Month::of(row[DAY].parse().unwrap())).or_default();
            *sum = (sum.0 + 1, sum.1 + amount);
        } else {
            unpaid = CountAndSum { count: unpaid.count + 1, total: unpaid.total + amount };
        }
    }
    let said: BTreeMap<Month, (u64, Rupiah)> = truth.received.iter().map(|m| (m.month, (m.count, m.total))).collect();
    assert_eq!(said, months);
    assert_eq!((truth.without_donor, truth.not_received), (without_donor, unpaid));
    assert!(unpaid.count > 50, "{unpaid:?}");

    let children = tsv(&sample, Table::Children);
    let in_care = fields(&children).filter(|row| row[4] == "\\N" && row[2] != "KELUAR").count();
    assert_eq!((in_care, truth.children_in_care), (25, 25));
    assert!(fields(&children).any(|row| row[4] == "\\N" && row[2] == "KELUAR"));
    let accounts = tsv(&sample, Table::Accounts);
    assert_eq!(fields(&accounts).map(|row| row[2].parse::<Rupiah>().unwrap()).sum::<Rupiah>(), truth.balance);
}

#[test]
fn every_reference_holds_but_the_planted_ones() {
    let sample = demo();
    let truth = sample.truth().unwrap();
    let donors = tsv(&sample, Table::Donors);
    let donors: HashSet<&str> = fields(&donors).map(|row| row[0]).collect();
    let donations = tsv(&sample, Table::Donations);
    let mut received = HashSet::new();
    let mut unknown = Vec::new();
    let mut orders = HashSet::new();
    for row in fields(&donations) {
        if row[DONOR] != "\\N" && !donors.contains(row[DONOR]) {
            unknown.push(row[0].parse::<u64>().unwrap());
        }
        assert!(row[ORDER] == "\\N" || orders.insert(row[ORDER]), "orders are unique");
        if is_received(&row) {
            received.insert(row[0]);
        }
    }
    let planted =
        truth.planted.iter().filter(|p| p.table == Table::Donations && p.trap == Trap::UnknownDonor).map(|p| p.key);
    assert_eq!(unknown, planted.collect::<Vec<_>>());
    let contacts = tsv(&sample, Table::Contacts);
    let numbers: HashSet<&str> = fields(&contacts).map(|row| row[2]).collect();
    assert_eq!(numbers.len(), 200);
    assert!(fields(&contacts).all(|row| donors.contains(row[1])));
    let cash = tsv(&sample, Table::CashEntries);
    let mut booked = HashSet::new();
    for row in fields(&cash).filter(|row| row[3] != "\\N") {
        assert!(received.contains(row[3]) && booked.insert(row[3]), "{row:?}");
    }
    let bad = truth.planted.iter().filter(|p| p.table == Table::Donations && p.trap != Trap::UnknownDonor).count();
    assert!(received.len() - booked.len() <= bad + unknown.len());
}

#[test]
fn rows_come_as_a_system_makes_them() {
    let sample = demo();
    let planted: HashMap<u64, Trap> = sample
        .truth()
        .unwrap()
        .planted
        .into_iter()
        .filter(|p| p.table == Table::Donations)
        .map(|p| (p.key, p.trap))
        .collect();
    let text = tsv(&sample, Table::Donations);
    let (mut id, mut backwards) = (0, 0);
    let mut before = String::new();
    for row in fields(&text) {
        id += 1;
        assert_eq!(row[0], id.to_string());
        backwards += u64::from(*row[MADE] < *before);
        row[MADE].clone_into(&mut before);
        assert!(row[MADE] <= "2026-01-20 13:00:00", "{row:?}");
        match planted.get(&id) {
            Some(Trap::ZeroDate) => assert_eq!(row[DAY], "0000-00-00"),
            Some(Trap::ImpossibleDate) => assert_eq!(row[DAY], "2024-02-00"),
            Some(Trap::FutureDate) => assert_eq!(row[DAY], "2028-01-20"),
            _ => assert!((date(2022, 1, 1)..=date(2026, 1, 20)).contains(&row[DAY].parse::<Date>().unwrap())),
        }
        match planted.get(&id) {
            Some(Trap::NegativeAmount) => assert_eq!(row[AMOUNT], "-50000.00"),
            Some(Trap::AbsurdAmount) => assert_eq!(row[AMOUNT], "9999999999999.99"),
            _ => assert!((1_000..=30_000_000).contains(&row[AMOUNT].parse::<Rupiah>().unwrap().rounded()), "{row:?}"),
        }
        assert_eq!(row[2].is_empty(), planted.get(&id) == Some(&Trap::InvalidKind));
        assert_eq!(row[13] == "\\N", planted.get(&id) == Some(&Trap::NoUpdatedAt));
    }
    // Only where an administrator's late entries of one month meet the next.
    assert!(backwards <= 49, "{backwards}");
}

#[test]
fn gifts_peak_in_ramadan_and_grow() {
    let sample = demo();
    let truth = sample.truth().unwrap();
    let mean = |wanted: &dyn Fn(&str) -> bool| {
        let of: Vec<f64> = truth
            .received
            .iter()
            .filter(|month| wanted(&month.month.to_string()))
            .map(|month| month.total.to_f64())
            .collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    // Months with at least three weeks of Ramadan, and months without any season of giving.
    let ramadan = mean(&|month| ["2022-04", "2023-04", "2024-03", "2025-03"].contains(&month));
    let plain = mean(&|month| ["02", "05", "06", "09", "10", "11", "12"].contains(&&month[5..]));
    assert!(ramadan > 1.8 * plain, "{ramadan} {plain}");
    let (first, last) = (mean(&|month| &month[..4] == "2022"), mean(&|month| &month[..4] == "2025"));
    assert!(last > 1.2 * first, "{first} {last}");
}

#[test]
fn who_lapsed_gives_no_more() {
    let sample = demo();
    let lapsed: HashMap<String, Month> =
        sample.lapsed().map(|lapsed| (lapsed.donor.to_string(), lapsed.last_month)).collect();
    assert!(lapsed.len() > 20, "{}", lapsed.len());
    let planted: HashSet<String> = sample
        .truth()
        .unwrap()
        .planted
        .iter()
        .filter(|p| p.table == Table::Donations)
        .map(|p| p.key.to_string())
        .collect();
    let text = tsv(&sample, Table::Donations);
    let mut gave = HashSet::new();
    for row in fields(&text).filter(|row| !planted.contains(row[0])) {
        if let Some(&last) = lapsed.get(row[DONOR]) {
            gave.insert(row[DONOR]);
            assert!(Month::of(row[DAY].parse().unwrap()) <= last, "{row:?}");
        }
    }
    assert!(gave.len() * 10 > lapsed.len() * 7, "{} of {}", gave.len(), lapsed.len());
}

#[test]
fn anomalies_are_where_the_truth_says() {
    let sample = demo();
    let truth = sample.truth().unwrap();
    assert_eq!(truth.anomalies.len(), 4);
    let text = tsv(&sample, Table::CashEntries);
    let mut sums: BTreeMap<(u64, Month), Rupiah> = BTreeMap::new();
    let mut amounts = HashMap::new();
    for row in fields(&text).filter(|row| row[4] == "KELUAR") {
        let amount: Rupiah = row[5].parse().unwrap();
        assert!(amount > Rupiah::ZERO);
        amounts.insert(row[0].parse::<u64>().unwrap(), amount);
        *sums.entry((row[2].parse().unwrap(), Month::of(row[6].parse().unwrap()))).or_default() += amount;
    }
    for anomaly in &truth.anomalies {
        assert_eq!(sums[&(anomaly.category.0, anomaly.month)], anomaly.actual, "{anomaly:?}");
        let entry = anomaly.entry.map(|entry| amounts[&entry.0]);
        let over = anomaly.actual > anomaly.usual;
        assert_eq!(entry, over.then(|| anomaly.actual - anomaly.usual));
        // More than six standard deviations of the planted noise away.
        let change = anomaly.actual.to_f64() / anomaly.usual.to_f64() - 1.0;
        assert!(change.abs() > 6.0 * 0.07, "{anomaly:?}");
    }
    assert_eq!(truth.anomalies[0].month.to_string(), "2025-12");
    // Every category has its months, and the book its bad line.
    assert_eq!(sums.len(), 8 * 49);
    assert_eq!(fields(&text).filter(|row| row[4].is_empty()).count(), 1);
}

fn batches(source: &mut SampleSource, table: Table, selection: &Selection) -> Vec<RawBatch> {
    let mut batches = Vec::new();
    let mut snapshot = source.snapshot().unwrap();
    let read = snapshot.read(table, selection, &mut |batch| {
        batches.push(batch);
        Ok(())
    });
    read.unwrap();
    batches
}

#[test]
fn the_source_hands_over_the_same_rows() {
    let sample = demo();
    let truth = sample.truth().unwrap();
    let mut source = SampleSource::new(sample);
    let mut faults = Vec::new();
    for table in Table::ALL {
        let batches = batches(&mut source, table, &Selection::All);
        let (amount, reference, _) = crate::source::summed_columns(table);
        let mut folded = Totals::default();
        for RawBatch { rows, faults: of_batch, .. } in &batches {
            folded.rows += rows.num_rows() as u64;
            let column = |name: &str| rows.column_by_name(name).unwrap();
            let keys =
                |name: &str| column(name).as_primitive::<UInt64Type>().iter().flatten().map(i128::from).sum::<i128>();
            folded.keys += keys("id");
            folded.references += reference.map_or(0, keys);
            folded.amount += amount.map_or(0, |name| {
                column(name).as_primitive::<Int64Type>().iter().flatten().map(i128::from).sum::<i128>()
            });
            // Written out once more: rows weigh by their key.
            folded.marks += match table {
                Table::Contacts => column("verified").as_boolean().iter().flatten().map(i128::from).sum::<i128>(),
                Table::Donations | Table::CashEntries => (0..rows.num_rows())
                    .map(|row| {
                        let key = |name: &str| column(name).as_primitive::<UInt64Type>();
                        let date = column("date").as_primitive::<Date32Type>();
                        let day = if date.is_null(row) { 0 } else { i128::from(date.value(row)) + 719_528 };
                        let weight = i128::from(key("id").value(row) % 1021 + 1);
                        let content = if table == Table::Donations {
                            let status = column("status").as_string::<i32>();
                            day + if status.is_null(row) { 0 } else { mark(status.value(row)) }
                        } else {
                            day * 65_536 + i128::from(key("category_id").value(row) % 65_521)
                        };
                        weight * content
                    })
                    .sum(),
                _ => 0,
            };
            for fault in of_batch {
                let key = column("id").as_primitive::<UInt64Type>().value(fault.row);
                faults.push((table, key, fault.kind));
            }
        }
        let mut snapshot = source.snapshot().unwrap();
        assert_eq!(snapshot.totals(table).unwrap(), folded, "{table}");
        assert_eq!(folded.rows, truth.rows[&table]);
        let mut sum = Totals::default();
        let ranges = snapshot.totals_by_range(table, 100).unwrap();
        assert!(ranges.is_sorted_by(|a, b| a.0 < b.0));
        for (_, part) in &ranges {
            sum.add(part);
        }
        assert_eq!(sum, folded);
    }
    let planted: Vec<_> = truth
        .planted
        .iter()
        .filter_map(|p| {
            let kind = match p.trap {
                Trap::ZeroDate | Trap::ImpossibleDate => FaultKind::ImpossibleDate,
                Trap::Mojibake => FaultKind::RepairedText,
                Trap::LostCharacters => FaultKind::DamagedText,
                _ => return None,
            };
            Some((p.table, p.key, kind))
        })
        .collect();
    assert_eq!(faults, planted);
}

#[test]
fn the_source_selects() {
    let mut source = SampleSource::new(demo());
    let keys = |batches: &[RawBatch]| -> Vec<u64> {
        batches.iter().flat_map(|b| b.rows.column(0).as_primitive::<UInt64Type>().values().to_vec()).collect()
    };
    let selection = Selection::Keys(vec![(3, 5), (9, 9), ((1 << 63), u64::MAX)]);
    assert_eq!(keys(&batches(&mut source, Table::Donors, &selection)), [3, 4, 5, 9, (1 << 63) + 7]);
    let end = source.snapshot().unwrap().taken_at().unwrap();
    let recent = keys(&batches(&mut source, Table::Donations, &Selection::ChangedSince(end - 86_400_000_000)));
    // A day's rows, and the planted one without a modification time.
    assert!((2..60).contains(&recent.len()), "{}", recent.len());
    let truth = source.sample().truth().unwrap();
    let timeless = truth.planted.iter().find(|p| p.table == Table::Donations && p.trap == Trap::NoUpdatedAt).unwrap();
    assert!(recent.contains(&timeless.key));
}

#[test]
fn statements_hold_every_row_and_stay_small() {
    let sample = Sample::new(SampleOptions::bench(20_000)).unwrap();
    let statements: Vec<String> = sample.statements(Table::Donations).collect();
    assert!(statements.len() > 2 && statements.iter().all(|s| s.len() < 1_010_000));
    let rows: usize = statements.iter().map(|s| s.matches("),(").count() + 1).sum();
    assert_eq!(rows, 20_000);
    let truth = sample.truth().unwrap();
    assert!(truth.planted.is_empty());
    assert_eq!(truth.rows[&Table::CashEntries], 6_000 + 3, "three anomalies are one line each");
}

#[test]
fn changes_are_what_they_say() {
    let sample = demo();
    let changes = sample.changes(0, 1_000);
    assert_eq!(changes.updated.len() + changes.deleted.len(), 1_000);
    assert!((60..140).contains(&changes.deleted.len()));
    let inserts = changes.statements.iter().filter(|s| s.starts_with("INSERT INTO donasi (order_id,")).count() as u64;
    assert_eq!((inserts, changes.inserted), (100, 100));
    assert_eq!(sample.changes(0, 1_000), changes);
    assert_ne!(sample.changes(1, 1_000).updated, changes.updated);
}

#[test]
fn refuses_what_it_cannot_make() {
    let wrong = [
        SampleOptions { months: 11, ..SampleOptions::default() },
        SampleOptions { donors: 0, ..SampleOptions::default() },
        SampleOptions { donations: 11, ..SampleOptions::default() },
        SampleOptions { contacts: 401, ..SampleOptions::default() },
        SampleOptions { expenses: 100, ..SampleOptions::default() },
        SampleOptions { income_entries: Some(8_501), ..SampleOptions::default() },
        SampleOptions { as_of: date(1980, 1, 1), ..SampleOptions::default() },
    ];
    for options in wrong {
        assert_eq!(Sample::new(options).unwrap_err().code(), "invalid_input");
    }
    assert!(serde_json::from_str::<SampleOptions>(r#"{"donor": 5}"#).is_err());
    assert_eq!(serde_json::from_str::<SampleOptions>("{}").unwrap(), SampleOptions::demo());
    SampleOptions::bench(1_000_000).validate().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sizes_are_exact_and_pak_budi_gives_twelve_times(
        seed: u64,
        donors in 1u64..400,
        more in 0u64..3_000,
        months in 12u16..60,
        day in 0i32..800,
        traps: bool,
    ) {
        let as_of = date(2025, 1, 1).saturating_add(jiff::Span::new().days(day));
        let donations = 12 + more;
        let options = SampleOptions {
            seed, as_of, months, donors, donations, traps, contacts: 1, expenses: 0, income_entries: None, children: 0,
        };
        let sample = Sample::new(options).unwrap();
        let text = tsv(&sample, Table::Donations);
        let planted = if traps { 16 } else { 0 };
        prop_assert_eq!(text.lines().count() as u64, donations + planted);
        let budi: Vec<(Date, Rupiah)> = fields(&text)
            .filter(|row| row[DONOR] == "1" && is_received(row))
            .map(|row| (row[DAY].parse().unwrap(), row[AMOUNT].parse().unwrap()))
            .collect();
        prop_assert_eq!(budi.len(), 12);
        prop_assert!(budi.iter().all(|gift| gift.1 == Rupiah::new(500_000)));
        let last = budi.iter().map(|gift| gift.0).max().unwrap();
        let age = (as_of.duration_since(last).as_hours() / 24) as i32;
        prop_assert!((0..31).contains(&age) && last.day() == 15, "{} {}", last, as_of);
        prop_assert_eq!(Sample::whatsapp_number(DonorId(1)), "6281234567890");
    }
}
