//! `analyse`: what the facts say, as tables or JSON.

use crate::arguments::{Analyse, Arguments, Subject};
use crate::config::Config;
use crate::failure::message;
use crate::screen::{Screen, json};
use crate::shapes;
use crate::table::Table;
use dermawan::insight::MonthlyReport;
use dermawan::message::{clean_or, date, rupiah};
use dermawan::{Analytics, Error, ErrorKind, Month, Result, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Rows of a table when no limit is given: what fits on a screen.
const ROWS: usize = 10;

/// Answers the question of the arguments; while a server holds the file, it is asked.
pub(crate) fn run(arguments: &Arguments, options: &Analyse) -> Result<ExitCode> {
    let config = Config::load(arguments.config.as_deref())?;
    let as_of = config.as_of(arguments.as_of)?;
    let shown = match super::open(&config) {
        Ok(analytics) => {
            let asked = Asked { analytics: &analytics, as_of, limit: options.limit };
            show(&asked, options.subject, options.json)?
        }
        Err(error) if error.kind() == ErrorKind::StoreLocked => {
            let subject = key(options.subject).replace('_', "-");
            let mut path = format!("/api/analyse/{subject}?as_of={as_of}&json={}", options.json);
            if let Some(limit) = options.limit {
                path = format!("{path}&limit={limit}");
            }
            let Some(answer) = crate::server::ask(&config.store_path(), "GET", &path) else { return Err(error) };
            serde_json::from_str(&answer?)
                .map_err(|cause| Error::unreadable(ErrorKind::Io, "the server's answer", &cause))?
        }
        Err(error) => return Err(error),
    };
    let mut screen = Screen::stdout();
    match shown {
        Shown::Json(text) => screen.line(text)?,
        Shown::Sections(sections) => {
            for (heading, text) in sections {
                screen.heading(&heading).and_then(|()| screen.line(text))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is put on the screen.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shown {
    /// JSON, as it is.
    Json(String),
    /// Headings and the texts under them.
    Sections(Vec<(String, String)>),
}

/// An answer in the form asked for.
pub(crate) fn show(asked: &Asked<'_>, subject: Subject, as_json: bool) -> Result<Shown> {
    if as_json {
        return json(&asked.find(subject)?).map(Shown::Json);
    }
    if subject != Subject::All {
        return Ok(Shown::Sections(vec![asked.text(subject)?]));
    }
    let each = Subject::EACH.into_iter().map(|subject| match asked.text(subject) {
        Err(error) if error.kind() == ErrorKind::NotEnoughHistory => {
            Ok((title(subject).to_owned(), format!("  {}", message(&error))))
        }
        outcome => outcome,
    });
    each.collect::<Result<_>>().map(Shown::Sections)
}

/// An answer as JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Found {
    Forecast(shapes::Donations),
    CashFlow(Vec<shapes::CashFlowMonth>),
    Churn(Vec<shapes::DonorAtRisk>),
    Segments(shapes::Segments),
    Value(Vec<shapes::Value>),
    Anomalies(Vec<shapes::Anomaly>),
    Transactions(Vec<shapes::Transaction>),
    Report(MonthlyReport),
    Trouble { error: Trouble },
    All(BTreeMap<&'static str, Self>),
}

#[derive(Serialize)]
struct Trouble {
    code: &'static str,
    message: String,
}

/// A question, to be answered in either form.
pub(crate) struct Asked<'a> {
    pub(crate) analytics: &'a Analytics,
    pub(crate) as_of: Date,
    pub(crate) limit: Option<usize>,
}

const fn title(subject: Subject) -> &'static str {
    match subject {
        Subject::Forecast => "Donation forecast",
        Subject::CashFlow => "Cash flow",
        Subject::Churn => "Donors at risk",
        Subject::Segments => "Segments",
        Subject::Value => "Lifetime value",
        Subject::Anomalies => "Expense anomalies",
        Subject::Transactions => "Unusual expenses",
        Subject::Report => "Monthly report",
        Subject::All => "Everything",
    }
}

const fn key(subject: Subject) -> &'static str {
    match subject {
        Subject::Forecast => "forecast",
        Subject::CashFlow => "cash_flow",
        Subject::Churn => "churn",
        Subject::Segments => "segments",
        Subject::Value => "value",
        Subject::Anomalies => "anomalies",
        Subject::Transactions => "transactions",
        Subject::Report => "report",
        Subject::All => "all",
    }
}

/// A name from the database, made fit for a terminal.
pub(super) fn shown(name: &str) -> String {
    clean_or(name, 28, "(no name)")
}

fn deviation(deviation: Option<f64>) -> String {
    deviation.map_or_else(|| "—".into(), |z| format!("{z:+.1}"))
}

impl Asked<'_> {
    fn report(&self) -> Result<MonthlyReport> {
        self.analytics.monthly_report(Month::of(self.as_of) - 1)
    }

    /// Every subject under its key; one with too little history holds its error.
    fn everything(&self) -> Result<BTreeMap<&'static str, Found>> {
        let each = Subject::EACH.into_iter().map(|subject| match self.find(subject) {
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory => {
                Ok((key(subject), Found::Trouble { error: Trouble { code: error.code(), message: message(&error) } }))
            }
            outcome => outcome.map(|found| (key(subject), found)),
        });
        each.collect()
    }

    fn find(&self, subject: Subject) -> Result<Found> {
        let (analytics, as_of, limit) = (self.analytics, self.as_of, self.limit.unwrap_or(usize::MAX));
        Ok(match subject {
            Subject::Forecast => Found::Forecast(shapes::donations(analytics, as_of)?),
            Subject::CashFlow => Found::CashFlow(shapes::cash_flow_from_today(analytics, as_of)?),
            Subject::Churn => Found::Churn(shapes::churn(analytics, as_of, limit)?.0),
            Subject::Segments => Found::Segments(shapes::segments(analytics, as_of, limit)?),
            Subject::Value => Found::Value(shapes::values(analytics, as_of, limit)?),
            Subject::Anomalies => Found::Anomalies(shapes::anomalies(analytics, as_of, limit)?),
            Subject::Transactions => Found::Transactions(shapes::transactions(analytics, as_of, limit)?),
            Subject::Report => Found::Report(self.report()?),
            Subject::All => Found::All(self.everything()?),
        })
    }

    /// A heading and the text under it.
    pub(super) fn text(&self, subject: Subject) -> Result<(String, String)> {
        let language = self.analytics.settings().organisation.language;
        let as_of = date(self.as_of, language);
        let title = title(subject);
        Ok(match subject {
            Subject::Forecast => (format!("{title} as of {as_of}"), self.forecast()?),
            Subject::CashFlow => (format!("{title} as of {as_of}"), self.cash_flow()?),
            Subject::Churn => self.churn()?,
            Subject::Segments => (format!("{title} as of {as_of}"), self.segments()?),
            Subject::Value => (format!("{title} as of {as_of}, largest first"), self.values()?),
            Subject::Anomalies => (title.into(), self.anomalies()?),
            Subject::Transactions => (format!("{title}, latest first"), self.transactions()?),
            Subject::Report => {
                let report = self.report()?;
                let message = dermawan::message::Message::MonthlyReport { name: None, report: &report };
                (title.into(), self.analytics.templates().render(&message)?)
            }
            Subject::All => (title.into(), String::new()),
        })
    }

    fn rows(&self) -> usize {
        self.limit.unwrap_or(ROWS)
    }

    fn forecast(&self) -> Result<String> {
        let found = shapes::donations(self.analytics, self.as_of)?;
        let interval = format!(">{:.0} % interval", found.level * 100.0);
        let mut table = Table::new(&["month", ">predicted", &interval]);
        for month in &found.months {
            let interval = format!("{} – {}", rupiah(month.lower), rupiah(month.upper));
            table.row([month.month.clone(), rupiah(month.predicted_amount), interval]);
        }
        let mut text = format!(
            "{table}\n  {} so far this month; from {} whole months, R² {:.0} %",
            rupiah(found.so_far),
            found.historical_data.len(),
            found.confidence
        );
        for note in &found.notes {
            text += "\n  ";
            text += note;
        }
        Ok(text)
    }

    fn cash_flow(&self) -> Result<String> {
        let mut table = Table::new(&["month", ">income", ">expense", ">balance"]);
        let months = shapes::cash_flow_from_today(self.analytics, self.as_of)?;
        if let Some(shapes::FromToday { balance, rest_of_month: rest, opening_balance }) =
            months.first().and_then(|first| first.from_today)
        {
            let language = self.analytics.settings().organisation.language;
            let month = dermawan::message::month_short(Month::of(self.as_of), language);
            let none = Rupiah::ZERO;
            let (income, expense) = if rest < none { (none, none - rest) } else { (rest, none) };
            table.row(["now".into(), String::new(), String::new(), rupiah(balance)]);
            table.row([format!("rest of {month}, net"), rupiah(income), rupiah(expense), rupiah(opening_balance)]);
        }
        for month in months {
            let amounts = [month.predicted_income, month.predicted_expense, month.predicted_balance];
            table.row(std::iter::once(month.month).chain(amounts.map(rupiah)));
        }
        Ok(table.to_string())
    }

    fn churn(&self) -> Result<(String, String)> {
        let (donors, total) = shapes::churn(self.analytics, self.as_of, self.rows())?;
        let mut table = Table::new(&[">score", "level", "donor", "why"]);
        for donor in &donors {
            let level = format!("{:?}", donor.risk_level).to_uppercase();
            table.row([donor.risk_score.to_string(), level, shown(&donor.name), donor.reasons.join(", ")]);
        }
        let text = if total == 0 { "  none".into() } else { table.to_string() };
        Ok((format!("{}: {total}, highest score first", title(Subject::Churn)), text))
    }

    fn segments(&self) -> Result<String> {
        let found = shapes::segments(self.analytics, self.as_of, 0)?;
        let counts = &found.segments;
        let mut table = Table::new(&["segment", ">donors"]);
        for (name, count) in [
            ("champions", counts.champions),
            ("loyal", counts.loyal),
            ("at risk", counts.at_risk),
            ("new", counts.new),
            ("one time", counts.one_time),
            ("never gave", found.never_gave),
        ] {
            table.row([name.into(), count.to_string()]);
        }
        Ok(table.to_string())
    }

    fn values(&self) -> Result<String> {
        let mut table = Table::new(&["donor", ">total", ">gifts", ">average", ">months", ">a month", ">gifts a month"]);
        for value in shapes::values(self.analytics, self.as_of, self.rows())? {
            table.row([
                shown(&value.name),
                rupiah(value.total_value),
                value.total_donations.to_string(),
                rupiah(value.average_donation),
                value.months_active.to_string(),
                rupiah(value.monthly_value),
                format!("{:.2}", value.donation_frequency),
            ]);
        }
        Ok(table.to_string())
    }

    fn anomalies(&self) -> Result<String> {
        let found = shapes::anomalies(self.analytics, self.as_of, self.rows())?;
        let mut table = Table::new(&["category", "month", ">amount", ">expected", ">sd", "type", "severity"]);
        for anomaly in &found {
            table.row([
                shown(&anomaly.category),
                anomaly.month.clone(),
                rupiah(anomaly.amount),
                format!("{} – {}", rupiah(anomaly.expected_range.min), rupiah(anomaly.expected_range.max)),
                deviation(anomaly.deviation),
                format!("{:?}", anomaly.kind).to_uppercase(),
                format!("{:?}", anomaly.severity).to_uppercase(),
            ]);
        }
        Ok(if found.is_empty() { "  none".into() } else { table.to_string() })
    }

    fn transactions(&self) -> Result<String> {
        let found = shapes::transactions(self.analytics, self.as_of, self.rows())?;
        let mut table = Table::new(&[">entry", "date", "category", ">amount", ">expected up to", ">sd"]);
        for entry in &found {
            table.row([
                entry.entry_id.to_string(),
                entry.date.to_string(),
                shown(&entry.category),
                rupiah(entry.amount),
                rupiah(entry.expected_range.max),
                deviation(entry.deviation),
            ]);
        }
        Ok(if found.is_empty() { "  none".into() } else { table.to_string() })
    }
}
