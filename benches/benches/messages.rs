//! Messages rendered: each kind by itself (criterion), then a month's 100,000 in one go.

use criterion::Criterion;
use dermawan::insight::{CategoryAmount, DonorInfo, MonthlyReport, impact};
use dermawan::message::{Message, Templates};
use dermawan::{Month, Organisation, Rupiah};
use dermawan_benches::results;
use jiff::civil::date;
use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

const MESSAGES: u64 = 100_000;

/// Facts of one donor; each donor's differ, so that nothing can be remembered from one message to the next.
struct Donor {
    name: String,
    info: DonorInfo,
}

impl Donor {
    fn number(n: u64) -> Self {
        let (total, count) = (Rupiah::from_sen(50_000_000 * (1 + n as i64 % 997)), 1 + n % 31);
        let (first, last) = (date(2024, 1, 1 + (n % 28) as i8), date(2026, 1, 1 + (n % 20) as i8));
        let average = Rupiah::from_sen(total.sen() / count as i64);
        Self {
            name: format!("Ibu Siti {n}"),
            info: DonorInfo { total, count, average, months_active: 25, first, last },
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let organisation = Organisation::default();
    let templates = Templates::embedded(&organisation)?;
    let category =
        |name: &str, rupiah: i64| CategoryAmount { name: name.into(), amount: Rupiah::from_sen(rupiah * 100) };
    let report = MonthlyReport {
        month: Month::new(2026, 1)?,
        income: Rupiah::from_sen(750_000_000),
        expense: Rupiah::from_sen(550_000_000),
        categories: vec![
            category("Konsumsi", 3_000_000),
            category("Pendidikan", 1_500_000),
            category("Kesehatan", 1_000_000),
        ],
        children: 25,
    };
    let render = |kind: &str, donor: &Donor| {
        let (name, info) = (donor.name.as_str(), &donor.info);
        let impact = impact(info.total, &organisation.unit_costs);
        let (this_month, this_year) = (Rupiah::from_sen(50_000_000), info.total);
        templates.render(&match kind {
            "INFO" => Message::DonorInfo { name, info: Some(info) },
            "DAMPAK" => Message::Impact { name, this_month, this_year, impact },
            "thanks" => Message::ThankYou { name, total: info.total, count: info.count, impact },
            _ => Message::MonthlyReport { name: Some(name), report: &report },
        })
    };

    let mut criterion = Criterion::default().configure_from_args();
    for kind in ["INFO", "DAMPAK", "thanks", "monthly report"] {
        let donor = Donor::number(7);
        // A template that fails would be fast.
        render(kind, &donor)?;
        criterion.bench_function(&format!("render {kind}"), |bencher| bencher.iter(|| render(kind, black_box(&donor))));
    }
    criterion.final_summary();

    let mut body = String::from("| 100,000 messages | seconds | bytes |\n|---|---|---|\n");
    for kind in ["INFO", "DAMPAK", "thanks", "monthly report"] {
        #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
        let start = Instant::now();
        let mut bytes = 0;
        for n in 0..MESSAGES {
            let donor = Donor::number(n);
            bytes += render(kind, &donor)?.len();
        }
        writeln!(body, "| {kind} | {:.2} | {bytes} |", start.elapsed().as_secs_f64())?;
    }
    results::publish("messages", "Messages rendered, one core", &body)?;
    Ok(())
}
