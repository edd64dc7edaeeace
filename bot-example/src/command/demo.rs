//! `demo`: the whole way once, from rows to replies, on a made-up charity whose truth is known.

use super::analyse::Asked;
use crate::arguments::{Arguments, Demo, Subject};
use crate::bars::Bars;
use crate::screen::Screen;
use dermawan::anomaly::{self, ExpenseOptions, Months};
use dermawan::bot::Session;
use dermawan::message::{month_short, rupiah};
use dermawan::sample::{SampleOptions, SampleSource};
use dermawan::store::{DuckDbOptions, DuckDbStore};
use dermawan::{Analytics, Direction, DonorId, Error, ErrorKind, Organisation, Result, Settings};
use jiff::civil::Date;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const BUDI: &str = "6281234567890";
const ADMINISTRATOR: &str = "6281100000001";
const STRANGER: &str = "6285700000009";

/// Shows it.
pub(crate) fn run(arguments: &Arguments, options: &Demo) -> Result<ExitCode> {
    let as_of = arguments.as_of.unwrap_or(SampleOptions::demo().as_of);
    let mut source = super::sample(options.seed, options.donors, as_of)?;
    let folder = tempfile::tempdir().map_err(|cause| {
        Error::new(ErrorKind::Io, "no temporary folder can be made")
            .hint("set TMPDIR to one that can be written")
            .caused_by(cause)
    })?;
    let path = file(options.keep.as_deref(), folder.path())?;
    let organisation = Organisation { administrators: vec![ADMINISTRATOR.into()], ..Organisation::default() };
    // Five of a list are enough to see.
    let settings = Settings { organisation, risk_list: 5, ..Settings::default() };
    let analytics = Analytics::new(DuckDbStore::open(&path, &DuckDbOptions::default())?, settings)?;
    let mut screen = Screen::stdout();
    let organisation = &analytics.settings().organisation.name;
    screen.line(format_args!(
        "{organisation}, made up: {} donors, seed {}, as of {as_of}",
        options.donors, options.seed
    ))?;

    load(&mut screen, &analytics, &mut source, as_of)?;
    let asked = Asked { analytics: &analytics, as_of, limit: Some(5) };
    for subject in [Subject::Forecast, Subject::CashFlow, Subject::Segments, Subject::Churn] {
        let (heading, text) = asked.text(subject)?;
        screen.heading(&heading)?;
        screen.line(text)?;
    }
    lapsed(&mut screen, &analytics, &source, as_of)?;
    strange(&mut screen, &analytics, &source, as_of)?;
    talk(&mut screen, &analytics, as_of)?;
    next(&mut screen, options.keep.as_deref(), as_of)?;
    Ok(ExitCode::SUCCESS)
}

/// Where the analytics go; never over a file that is there.
fn file(keep: Option<&Path>, folder: &Path) -> Result<PathBuf> {
    match keep {
        Some(path) if path.exists() => Err(Error::new(ErrorKind::InvalidInput, "the file to keep is there already")
            .context("file", path.display())
            .hint("name another one, or delete it")),
        Some(path) => Ok(path.to_owned()),
        None => Ok(folder.join("dermawan.duckdb")),
    }
}

fn load(screen: &mut Screen, analytics: &Analytics, source: &mut SampleSource, as_of: Date) -> Result<()> {
    screen.heading("Rows become facts")?;
    let begin = Instant::now();
    let mut bars = Bars::new();
    let report = analytics.load(source, as_of, &mut |progress| bars.show(progress))?;
    drop(bars);
    screen.indented(2, &report.to_string())?;
    screen.line(format_args!("  in {:.2} s", begin.elapsed().as_secs_f64()))?;
    let begin = Instant::now();
    let again = analytics.load(source, as_of, &mut |_| Ok(()))?;
    let what = if again.changes().is_empty() { "nothing changed" } else { "something changed" };
    screen.line(format_args!(
        "\n  The same again: {what}, {} of {} rows read, in {:.2} s",
        again.rows_read(),
        again.source_rows(),
        begin.elapsed().as_secs_f64()
    ))
}

/// How many of the donors who were made to stop are listed as at risk.
fn lapsed(screen: &mut Screen, analytics: &Analytics, source: &SampleSource, as_of: Date) -> Result<()> {
    let scores = analytics.churn(as_of)?;
    let listed: Vec<DonorId> =
        scores.ranked(analytics.settings().risk_score).into_iter().map(|row| scores.donor[row]).collect();
    let (mut planted, mut found) = (0, 0);
    // Only those who gave can be at risk.
    for lapsed in source.sample().lapsed().filter(|lapsed| scores.donor.contains(&lapsed.donor)) {
        planted += 1;
        found += usize::from(listed.contains(&lapsed.donor));
    }
    screen.line(format_args!("\n  {found} of the {planted} donors who were made to stop giving are among them"))
}

/// What was planted among the expenses, and whether it was found.
fn strange(screen: &mut Screen, analytics: &Analytics, source: &SampleSource, as_of: Date) -> Result<()> {
    let language = analytics.settings().organisation.language;
    let truth = source.sample().truth()?;
    let every = {
        let rows = analytics.store().view()?.cash_by_month(Direction::Expense, as_of)?;
        // The messages speak of the last month only; here every month is looked at.
        let options = ExpenseOptions { months: Months::Every, ..analytics.settings().expense_anomalies.clone() };
        anomaly::expenses(&rows, as_of, &options)?
    };
    let entries = analytics.unusual_transactions(as_of)?;
    screen.heading("Strange expenses that were planted, and whether they were found")?;
    let mut table = crate::table::Table::new(&["category", "month", ">usual", ">actual", "as a month", "as an entry"]);
    for planted in &truth.anomalies {
        let month =
            every.anomalies.iter().find(|found| found.category == planted.category && found.month == planted.month);
        let entry = planted.entry.map(|entry| entries.unusual.iter().any(|found| found.entry == entry));
        table.row([
            planted.name.into(),
            month_short(planted.month, language),
            rupiah(planted.usual),
            rupiah(planted.actual),
            month.map_or_else(
                || "missed".into(),
                |found| format!("{:?}, {:?}", found.kind, found.severity).to_lowercase(),
            ),
            entry.map_or("—", |found| if found { "found" } else { "missed" }).into(),
        ]);
    }
    let is_planted = |found: &&anomaly::ExpenseAnomaly| {
        truth.anomalies.iter().any(|planted| planted.category == found.category && planted.month == found.month)
    };
    let right = every.anomalies.iter().filter(is_planted).count();
    screen.line(table)?;
    screen.line(format_args!(
        "\n  {} of {} planted months found, and {} others of {} tested were called strange",
        right,
        truth.anomalies.len(),
        every.anomalies.len() - right,
        every.tested
    ))
}

fn talk(screen: &mut Screen, analytics: &Analytics, as_of: Date) -> Result<()> {
    for (who, number, texts) in [
        (
            "Pak Budi, a registered donor",
            BUDI,
            &["HALO", "INFO", "DAMPAK", "SALDO", "LAPORAN", "terima kasih", "apakah besok hujan?", "xyz"][..],
        ),
        ("a number that is not registered", STRANGER, &["INFO"][..]),
        ("an administrator", ADMINISTRATOR, &["RISIKO", "ANOMALI", "STATUS"][..]),
    ] {
        screen.heading(&format!("WhatsApp: {who}"))?;
        let mut session = Session::default();
        for text in texts {
            let answer = analytics.reply(number, text, as_of, session)?;
            session = answer.session;
            screen.line(format_args!("\n  › {text}"))?;
            if let Some(error) = answer.error {
                return Err(error);
            }
            match answer.reply {
                Some(reply) => screen.indented(8, &reply)?,
                None => screen.indented(8, "(the bot stays silent)")?,
            }
        }
    }
    Ok(())
}

fn next(screen: &mut Screen, kept: Option<&Path>, as_of: Date) -> Result<()> {
    screen.heading("What to try next")?;
    if let Some(path) = kept {
        screen.line(format_args!("  The analytics file is {}: open it with any DuckDB.", path.display()))?;
    }
    screen.line(format_args!(
        "  dermawan-bot chat --demo --as-of {as_of}   talk to the bot yourself, as Pak Budi
  dermawan-bot demo --keep demo.duckdb          keep the analytics file
  cp dermawan.example.toml dermawan.toml        name your own database in it, then
  dermawan-bot doctor                           see whether all is well
  dermawan-bot etl                              load it
  dermawan-bot analyse                          see what it says"
    ))
}
