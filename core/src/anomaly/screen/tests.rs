use super::*;
use crate::model::{CategoryId, Rupiah};
use jiff::civil::date;

/// A book of one category: ordinary amounts around 1,000,000, one every other weekday of two years.
fn book() -> CashBook {
    let mut lines = CashBook::default();
    let mut day = date(2024, 1, 1);
    for i in 0..250u64 {
        day = day.saturating_add(jiff::Span::new().days(if day.weekday() == Weekday::Friday { 3 } else { 2 }));
        if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            day = day.saturating_add(jiff::Span::new().days(2));
        }
        add(&mut lines, 700_000 + 2_417 * (i * 97 % 251) as i64, day, &format!("Belanja {i}"));
    }
    lines
}

fn add(lines: &mut CashBook, rupiah: i64, day: Date, text: &str) -> EntryId {
    let entry = EntryId(lines.len() as u64 + 1);
    lines.entry.push(entry);
    lines.direction.push(Direction::Expense);
    lines.category.push(CategoryId(1));
    lines.amount.push(Rupiah::new(rupiah));
    lines.date.push(day);
    lines.entered.push(Some(day));
    lines.text.push(text.to_owned());
    entry
}

const AS_OF: Date = date(2026, 12, 31);

fn run(lines: &CashBook, options: &ScreenOptions) -> Screening {
    screen(lines, &BTreeSet::new(), AS_OF, options).unwrap()
}

fn kinds(screening: &Screening, entry: EntryId) -> Vec<String> {
    screening.suspects.iter().find(|suspect| suspect.entry == entry).map_or_else(Vec::new, |s| s.kinds.clone())
}

#[test]
fn an_ordinary_book_is_silent() {
    let screening = run(&book(), &ScreenOptions::default());
    assert_eq!((screening.findings.len(), screening.tested), (0, 250), "{:?}", screening.findings);
    assert!(screening.gaps.is_empty() && screening.too_little_history.is_empty());
}

#[test]
fn each_kind_is_found_with_its_evidence() {
    let mut lines = book();
    let monday = date(2025, 11, 3);
    let large = add(&mut lines, 9_000_000, monday, "Belanja besar");
    let first = add(&mut lines, 812_345, monday, "Beras 50 kg, Toko Makmur");
    let again = add(&mut lines, 812_345, date(2025, 11, 4), "Beras 50kg Toko Makmur");
    add(&mut lines, 812_777, monday, "Listrik");
    let other = add(&mut lines, 812_777, monday, "Gaji guru mengaji");
    let sunday = add(&mut lines, 900_000, date(2025, 11, 9), "Sayur");
    let late = add(&mut lines, 905_000, monday, "Minyak");
    *lines.entered.last_mut().unwrap() = Some(date(2026, 2, 20));
    let pieces = [0, 1].map(|day| add(&mut lines, 1_950_000, date(2025, 12, 1 + day), "Renovasi"));
    let options = ScreenOptions { limits: vec![Rupiah::new(2_000_000)], ..ScreenOptions::default() };
    let screening = run(&lines, &options);
    for (entry, kind) in
        [(large, "outlier"), (again, "duplicate"), (sunday, "weekend"), (late, "backdated"), (pieces[0], "split")]
    {
        assert!(kinds(&screening, entry).iter().any(|found| found == kind), "{kind}: {screening:?}");
    }
    assert_eq!(kinds(&screening, first), Vec::<String>::new(), "the first of two is not the duplicate");
    assert!(kinds(&screening, other).is_empty(), "other texts, other payments");
    let duplicate = screening.findings.iter().find(|found| found.entry == again).unwrap();
    assert!(
        matches!(duplicate.evidence, Evidence::Duplicate { of, days: 1, similarity } if of == first && similarity > 0.9)
    );
    let split =
        screening.findings.iter().find(|found| found.entry == pieces[1] && found.evidence.name() == "split").unwrap();
    assert!(
        matches!(&split.evidence, Evidence::Split { entries, total, .. } if entries == &pieces && *total == Rupiah::new(3_900_000))
    );
    assert!(screening.suspects.is_sorted_by(|a, b| a.score >= b.score));
    assert!(screening.findings.iter().all(|found| (0.0..=1.0).contains(&found.score) && found.why.id.ends_with('.')));
    // Somebody looked at it.
    let fine = screen(&lines, &BTreeSet::from([large]), AS_OF, &options).unwrap();
    assert!(kinds(&fine, large).is_empty() && !kinds(&fine, again).is_empty());
    assert_eq!(fine.tested, screening.tested);
}

#[test]
fn what_recurs_is_no_duplicate() {
    let mut lines = book();
    for i in 0..200i64 {
        add(&mut lines, 50_000, date(2024, 1, 1).saturating_add(jiff::Span::new().days(3 * i)), "Uang saku");
    }
    assert!(!run(&lines, &ScreenOptions::default()).counts.contains_key("duplicate"));
}

#[test]
fn benford_knows_where_it_says_nothing() {
    let few = (1..500).map(|i| Rupiah::new(i * 1_237));
    assert!(matches!(benford(few), Benford::NotApplicable { amounts: 499, .. }));
    let round = (1..5_000).map(|i| Rupiah::new(i * 50_000));
    assert!(matches!(benford(round), Benford::NotApplicable { rounded, .. } if rounded > 0.99));
    // Powers follow the law (Weyl); amounts of one size do not.
    let powers = (0..3_000).map(|i| Rupiah::from_f64(10f64.powf(4.0 + 4.0 * f64::from(i) / 3_000.0).floor() + 0.37));
    assert!(matches!(benford(powers), Benford::Applicable { conformity: Conformity::Close, .. }));
    let same = (0..3_000).map(|i| Rupiah::new(7_000_123 + 13 * i));
    assert!(matches!(benford(same), Benford::NotApplicable { amounts: 3_000, .. }), "less than a decade");
    let made_up = (0..3_000).map(|i| Rupiah::new(10_123 + 3_303 * (i * 7 % 3_000)));
    assert!(matches!(benford(made_up), Benford::Applicable { conformity: Conformity::None, .. }));
}

#[test]
fn gaps_and_wrong_input() {
    let ids = [9, 1, 2, 5].map(EntryId);
    let gap = |after, before, missing| Gap { after: EntryId(after), before: EntryId(before), missing };
    assert_eq!(sequence_gaps(&ids, 9), [gap(5, 9, 3), gap(2, 5, 2)]);
    assert!(sequence_gaps(&[], 9).is_empty());
    let mut lines = book();
    assert!(screen(&lines, &BTreeSet::new(), date(2024, 1, 1), &ScreenOptions::default()).is_err());
    lines.text.pop();
    assert_eq!(screen(&lines, &BTreeSet::new(), AS_OF, &ScreenOptions::default()).unwrap_err().code(), "invalid_input");
    for wrong in [
        ScreenOptions { min_history: 2, ..ScreenOptions::default() },
        ScreenOptions { outlier: f64::NAN, ..ScreenOptions::default() },
        ScreenOptions { duplicate_chance: 2.0, ..ScreenOptions::default() },
        ScreenOptions { limits: vec![Rupiah::ZERO], ..ScreenOptions::default() },
        ScreenOptions { most: 0, ..ScreenOptions::default() },
    ] {
        assert_eq!(wrong.validate().unwrap_err().code(), "invalid_input");
    }
    let screening = run(&CashBook::default(), &ScreenOptions::default());
    assert_eq!(screening.tested, 0);
}

/// The ways in which a line is typed in twice, or a payment taken apart, each of them alone in an ordinary book.
#[test]
fn repeated_lines_in_disguise() {
    let day = date(2025, 11, 3);
    let run_with = |added: &[(u64, i64, &str)]| {
        let mut lines = book();
        let entries: Vec<EntryId> = added
            .iter()
            .map(|&(category, rupiah, text)| {
                let entry = add(&mut lines, rupiah, day, text);
                *lines.category.last_mut().unwrap() = CategoryId(category);
                entry
            })
            .collect();
        let options = ScreenOptions { limits: vec![Rupiah::new(5_000_000)], ..ScreenOptions::default() };
        let screening = run(&lines, &options);
        entries.into_iter().map(|entry| kinds(&screening, entry)).collect::<Vec<_>>()
    };
    let has = |found: &[Vec<String>], at: usize, kind: &str| found[at].iter().any(|known| known == kind);
    for twice in [
        &[(1, 777_123, "Beras 50kg"), (1, 777_123, "Zakat yatim"), (1, 777_123, "Beras 50kg")][..],
        &[(1, 777_123, "Pembayaran listrik bulan Juni"), (1, 777_123, "Listrik Juni (bayar)")],
        &[(1, 777_123, "Beras 50kg"), (2, 777_123, "Beras 50kg")],
        &[(1, 777_123, "Beras 50kg"), (1, 777_124, "Beras 50kg")],
        &[(1, 777_124, "Beras 50kg"), (1, 777_123, "Beras 50kg")],
    ] {
        let found = run_with(twice);
        assert!(has(&found, found.len() - 1, "duplicate"), "{twice:?}: {found:?}");
        assert!(!has(&found, 0, "duplicate") && (found.len() < 3 || !has(&found, 1, "duplicate")), "{found:?}");
    }
    for other in [
        &[(1, 777_123, "Beras 50kg"), (2, 777_123, "Gaji guru")][..],
        &[(1, 777_123, "Beras 50kg"), (1, 777_124, "Minyak")],
        &[(1, 777_123, "Gaji guru 12"), (2, 777_123, "Guru gaji 13")],
    ] {
        let found = run_with(other);
        assert!(found.iter().flatten().all(|kind| kind != "duplicate"), "{other:?}: {found:?}");
    }
    for pieces in [
        &[(1, 2_000_000, "Semen"), (1, 2_000_000, "Semen 2"), (1, 1_900_000, "Semen 3")][..],
        &[(1, 4_900_000, "Semen"), (1, 1_200_000, "Semen b")],
        &[(1, 4_900_000, "Semen"), (2, 4_800_000, "Semen b")],
    ] {
        let found = run_with(pieces);
        assert!((0..pieces.len()).all(|at| has(&found, at, "split")), "{pieces:?}: {found:?}");
    }
    let apart = run_with(&[(1, 4_900_000, "Semen"), (1, 1_200_000, "Listrik November")]);
    assert!(apart.iter().flatten().all(|kind| kind != "split"), "{apart:?}");
}

#[test]
fn impossible_lines_and_what_was_not_looked_for() {
    let mut lines = book();
    let nothing = add(&mut lines, 0, date(2025, 11, 3), "Batal");
    let back = add(&mut lines, -5_000_000, date(2025, 11, 3), "Koreksi");
    let early = add(&mut lines, 900_000, date(2025, 11, 3), "Sayur");
    *lines.entered.last_mut().unwrap() = Some(date(2025, 9, 4));
    let screening = run(&lines, &ScreenOptions::default());
    for (entry, kind) in [(nothing, "not_positive"), (back, "not_positive"), (early, "predated")] {
        assert!(kinds(&screening, entry).iter().any(|found| found == kind), "{kind}: {screening:?}");
    }
    assert!(screening.notes.iter().any(|note| note.en.contains("`limits`")));
    let limits = ScreenOptions { limits: vec![Rupiah::new(5_000_000)], ..ScreenOptions::default() };
    assert!(run(&lines, &limits).notes.is_empty());
}

/// A category in which a third of all payments lie between half of the limit and the limit has such neighbours every week:
/// no sign of anything. Two just under it, above all others, are one.
#[test]
fn neighbours_below_a_limit_are_chance_where_many_are_as_near() {
    let limits = ScreenOptions { limits: vec![Rupiah::new(1_300_000)], ..ScreenOptions::default() };
    let mut lines = book();
    let chance = run(&lines, &limits);
    assert!(chance.counts.get("split").copied().unwrap_or(0) <= 4, "{:?}", chance.counts);
    let pieces = [0, 1].map(|day| add(&mut lines, 1_299_000, date(2025, 11, 3 + day), "Upah, bahan"));
    let found = run(&lines, &limits);
    assert!(pieces.iter().all(|&entry| kinds(&found, entry).iter().any(|kind| kind == "split")), "{:?}", found.counts);
}

#[test]
fn a_line_that_is_there_twice_is_refused() {
    let mut lines = book();
    add(&mut lines, 900_000, date(2025, 11, 3), "Sayur");
    *lines.entry.last_mut().unwrap() = EntryId(7);
    let error = screen(&lines, &BTreeSet::new(), AS_OF, &ScreenOptions::default()).unwrap_err();
    assert!(error.code() == "invalid_input" && error.to_string().contains('7'), "{error}");
}

/// Rent and purchases booked under one category: neither is an outlier, and what is far from both is.
#[test]
fn two_kinds_of_payments_in_one_category() {
    let mut lines = book();
    for month in 1..=12 {
        for week in 0..3 {
            add(
                &mut lines,
                9_000_000 + 10_000 * month + 3_000 * week,
                date(2025, month as i8, 4 + 7 * week as i8),
                "Sewa",
            );
        }
    }
    let quiet = run(&lines, &ScreenOptions::default());
    assert_eq!(quiet.counts.get("outlier"), None, "{:?}", quiet.counts);
    let odd = add(&mut lines, 90_000_000, date(2025, 11, 3), "Lain-lain");
    assert_eq!(kinds(&run(&lines, &ScreenOptions::default()), odd), ["outlier"]);
}
