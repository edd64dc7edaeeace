//! One donor's reply, from the text of the webhook to the text of the message, on a file of a million donors.

use dermawan::bot::{Command, Session};
use dermawan::sample::Sample;
use dermawan::{Analytics, DonorId, Settings};
use dermawan_benches::{results, town};
use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// What donors write, and what it means.
const WORDS: [(&str, Command); 4] =
    [("INFO", Command::Info), ("dampak", Command::Impact), ("SALDO", Command::Outlook), ("Laporan", Command::Report)];

/// Replies to each word; the first hundred of them, in which the processor and DuckDB warm up, are not counted.
const REPLIES: usize = 1_100;
const WARM_UP: usize = 100;

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn main() -> Result<(), Box<dyn Error>> {
    let file = town::file()?;
    let options = town::options()?;
    let as_of = options.as_of;
    let analytics = Analytics::open(&file, Settings::default())?;
    let donors: Vec<u64> = verified(&analytics, REPLIES, options.donors, as_of)?;

    let mut body = String::from("| a donor writes | median | 99 of 100 | slowest |\n|---|---|---|---|\n");
    for (word, meant) in WORDS {
        let mut times = Vec::with_capacity(REPLIES);
        for &donor in &donors {
            let from = Sample::whatsapp_number(DonorId(donor));
            let start = Instant::now();
            let answer = analytics.reply(&from, word, as_of, Session::default())?;
            times.push(start.elapsed());
            // Another answer than the one meant would be measured in vain.
            if answer.command != Some(meant) || answer.reply.is_none() || answer.error.is_some() {
                return Err(format!("{word} was not answered as it should be").into());
            }
        }
        let mut times = times.split_off(WARM_UP.min(times.len() / 2));
        times.sort_unstable();
        let at = |share: usize| millis(times[(times.len() - 1) * share / 100]);
        writeln!(body, "| {} | {:.2} ms | {:.2} ms | {:.2} ms |", word.to_uppercase(), at(50), at(99), at(100))?;
    }
    let title = format!("One donor's reply, {} donors and {} donations in the file", options.donors, options.donations);
    results::publish("reply", &title, &body)?;
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Donors with a verified number who gave, spread over all of them, so that no two replies read the same rows.
fn verified(
    analytics: &Analytics,
    wanted: usize,
    donors: u64,
    as_of: jiff::civil::Date,
) -> Result<Vec<u64>, Box<dyn Error>> {
    let view = analytics.store().view()?;
    let mut found = Vec::with_capacity(wanted);
    // An odd step that has no divisor in common with most numbers of donors.
    let mut donor = 1;
    for _ in 0..donors {
        let number = Sample::whatsapp_number(DonorId(donor));
        let known = view.contact(&number)?.is_some_and(|contact| contact.verified && contact.donor == DonorId(donor));
        if known && view.donor(DonorId(donor), as_of)?.is_some_and(|record| record.count > 0) {
            found.push(donor);
            if found.len() == wanted {
                return Ok(found);
            }
        }
        donor = 1 + (donor + 7_368_787 - 1) % donors;
    }
    Err(format!("only {} donors of the file can write", found.len()).into())
}
