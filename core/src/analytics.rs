//! The handle: a store, an organisation and its rules in one place. This is the only file with arrows between rooms.

use crate::anomaly::{self, ExpenseOptions, ExpenseReport, TransactionOptions, TransactionReport};
use crate::bot::{Answer, Dialogue, Facts, Session};
use crate::churn::{self, LifetimeValue, LifetimeValues, ScoreOptions, Scores, SegmentOptions, Segments};
use crate::error::{Error, ErrorKind, Result};
use crate::etl::{self, Progress, Quarantined, Report, State};
use crate::forecast::{self, CashFlowMonth, CashFlowOptions, Forecast, SoFar};
use crate::insight::{
    self, AnomalyDirection, AnomalyList, Brief, BriefFacts, DonorAtRisk, Impact, MonthlyReport, Outlook, OutlookMonth,
    RiskLevel, RiskList, RiskReason, Status, TableRows, UnusualEntry,
};
use crate::message::{Message, Templates};
use crate::model::{
    CategoryId, CategoryMonth, Direction, DonorGifts, DonorId, Month, MonthTotal, MonthlySeries, Number, Organisation,
    Rupiah, Sender,
};
use crate::source::Source;
use crate::store::{Contact, DonorRecord, Store, View};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Everything that differs from one organisation to the next. Every part has a default and can be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The charity itself.
    pub organisation: Organisation,
    /// How to load.
    pub etl: etl::Options,
    /// How to forecast donations.
    pub forecast: forecast::Options,
    /// How to forecast the cash flow.
    pub cash_flow: CashFlowOptions,
    /// The churn score.
    pub churn: ScoreOptions,
    /// The segments.
    pub segments: SegmentOptions,
    /// When a category's month is strange.
    pub expense_anomalies: ExpenseOptions,
    /// When a single expense is strange.
    pub unusual_transactions: TransactionOptions,
    /// Donors from this score on are listed as at risk; 50, the existing application's bound.
    pub risk_score: u8,
    /// How many of them a message lists; 10 fit on a telephone's screen.
    pub risk_list: usize,
    /// How far back unusual transactions are reported in messages, in days; 90, a quarter.
    pub unusual_days: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            organisation: Organisation::default(),
            etl: etl::Options::default(),
            forecast: forecast::Options::default(),
            cash_flow: CashFlowOptions::default(),
            churn: ScoreOptions::default(),
            segments: SegmentOptions::default(),
            expense_anomalies: ExpenseOptions::default(),
            unusual_transactions: TransactionOptions::default(),
            risk_score: 50,
            risk_list: 10,
            unusual_days: 90,
        }
    }
}

impl Settings {
    /// Reads settings from TOML; what is left out keeps its default.
    ///
    /// # Errors
    ///
    /// `configuration` for text that is not TOML or a key that is not known; that of the part that is
    /// wrong otherwise.
    pub fn from_toml(text: &str) -> Result<Self> {
        let settings: Self = toml::from_str(text)
            .map_err(|cause| Error::unreadable(ErrorKind::Configuration, "settings", &cause.message()))?;
        settings.validate()?;
        Ok(settings)
    }

    /// Checks every part; names the value that is wrong.
    pub fn validate(&self) -> Result<()> {
        self.organisation.validate()?;
        self.etl.validate()?;
        self.forecast.validate()?;
        self.cash_flow.validate()?;
        self.churn.validate()?;
        self.segments.validate()?;
        self.expense_anomalies.validate()?;
        self.unusual_transactions.validate()?;
        if self.risk_score > 100 {
            return Err(Error::new(ErrorKind::Configuration, "risk_score must be 0 to 100"));
        }
        Ok(())
    }
}

/// The forecast of donations, with what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DonationForecast {
    /// Whole months up to the last one; months without a gift are zeros.
    pub history: MonthlySeries,
    /// The forecast; its first point is the running month, whole.
    pub forecast: Forecast,
    /// What the running month has brought up to the as-of date.
    pub so_far: Rupiah,
}

/// Score, segment and value of every donor who gave, from one reading of the store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DonorAnalyses {
    /// Churn scores.
    pub scores: Scores,
    /// Segments.
    pub segments: Segments,
    /// Lifetime values.
    pub values: LifetimeValues,
}

/// A charity's analytics: load, analyse, answer. Shared between threads; every method takes the date it is as of.
pub struct Analytics {
    store: Box<dyn Store>,
    settings: Settings,
    templates: Templates,
}

impl Analytics {
    /// Analytics over a store.
    ///
    /// # Errors
    ///
    /// Those of [`Settings::validate`].
    pub fn new(store: impl Store + 'static, settings: Settings) -> Result<Self> {
        settings.validate()?;
        let templates = Templates::embedded(&settings.organisation)?;
        Ok(Self { store: Box::new(store), settings, templates })
    }

    /// The same with an organisation's own wording.
    #[must_use]
    pub fn with_templates(mut self, templates: Templates) -> Self {
        self.templates = templates;
        self
    }

    /// Opens or creates the analytics file.
    ///
    /// # Errors
    ///
    /// Those of [`crate::store::DuckDbStore::open`] and [`Settings::validate`].
    #[cfg(feature = "duckdb")]
    pub fn open(path: impl AsRef<std::path::Path>, settings: Settings) -> Result<Self> {
        let store = crate::store::DuckDbStore::open(path, &crate::store::DuckDbOptions::default())?;
        Self::new(store, settings)
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The wording.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The state of the last good load.
    pub fn state(&self) -> Result<Option<State>> {
        self.store.state()
    }

    /// Loads a source: full the first time, incremental afterwards. Everything becomes visible at once, or nothing.
    ///
    /// # Errors
    ///
    /// Those of the source and the store; `reconciliation` when the store would not equal the source; whatever
    /// `progress` returns, which ends the load.
    pub fn load(
        &self,
        source: &mut dyn Source,
        as_of: Date,
        progress: &mut dyn FnMut(&Progress) -> Result<()>,
    ) -> Result<Report> {
        self.load_with(source, &self.settings.etl, as_of, progress)
    }

    /// The same with other rules than those of the settings.
    pub fn load_with(
        &self,
        source: &mut dyn Source,
        options: &etl::Options,
        as_of: Date,
        progress: &mut dyn FnMut(&Progress) -> Result<()>,
    ) -> Result<Report> {
        let label = source.label();
        // The load begins before the snapshot is taken, so that of two loads the later one has the later snapshot.
        let load = self.store.begin()?;
        let run = etl::Run { source: label, before: self.store.state()?, options, as_of };
        let mut snapshot = source.snapshot()?;
        etl::run(&run, &mut *snapshot, load, progress)
    }

    /// Forecasts the monthly donations; the first month is the running one.
    ///
    /// # Errors
    ///
    /// `not_enough_history` below three whole months.
    pub fn donation_forecast(&self, as_of: Date, horizon: u16) -> Result<DonationForecast> {
        let months = self.store.view()?.donations_by_month(as_of)?;
        let history = whole_months(&months, as_of).ok_or_else(no_history)?;
        let forecast = forecast::fit(&history, &self.settings.forecast)?.predict(horizon);
        Ok(DonationForecast { history, forecast, so_far: total_of(&months, Month::of(as_of)) })
    }

    /// Forecasts the months after the running one, with the balance carried forward from today's.
    ///
    /// # Errors
    ///
    /// `not_enough_history` below three whole months of donations.
    pub fn cash_flow(&self, as_of: Date) -> Result<Vec<CashFlowMonth>> {
        self.cash_flow_in(&*self.store.view()?, as_of)
    }

    fn cash_flow_in(&self, view: &dyn View, as_of: Date) -> Result<Vec<CashFlowMonth>> {
        let donations = view.donations_by_month(as_of)?;
        let cash = view.cash_by_month(Direction::Expense, as_of)?;
        let running = Month::of(as_of);
        let income = whole_months(&donations, as_of).ok_or_else(no_history)?;
        let expense = MonthlySeries::of_totals(cash.iter().map(|row| (row.month, row.total)), as_of)
            // Without any entry in the cash book, nothing is known to be spent.
            .unwrap_or_else(|| MonthlySeries { first: income.first, values: vec![0.0; income.values.len()] });
        let so_far = SoFar {
            income: total_of(&donations, running),
            expense: cash.iter().filter(|row| row.month == running).map(|row| row.total).sum(),
        };
        let balance = view.cash_balance()?.unwrap_or_default();
        forecast::cash_flow_ahead(&income, &expense, balance, so_far, &self.settings.cash_flow)
    }

    fn gifts(&self, view: &dyn View, as_of: Date) -> Result<DonorGifts> {
        view.donor_gifts(as_of, self.settings.churn.recent_months)
    }

    /// The churn score of every donor who gave.
    pub fn churn(&self, as_of: Date) -> Result<Scores> {
        churn::score(&self.gifts(&*self.store.view()?, as_of)?, as_of, &self.settings.churn)
    }

    /// The segment of every donor who gave, and how many never did.
    pub fn segments(&self, as_of: Date) -> Result<Segments> {
        let view = self.store.view()?;
        let never = view.donors_without_gift(as_of)?;
        churn::segments(&self.gifts(&*view, as_of)?, never, as_of, &self.settings.segments)
    }

    /// The lifetime value of every donor who gave.
    pub fn lifetime_values(&self, as_of: Date) -> Result<LifetimeValues> {
        churn::lifetime_value(&self.gifts(&*self.store.view()?, as_of)?, as_of)
    }

    /// Scores, segments and lifetime values from one reading.
    pub fn donor_analyses(&self, as_of: Date) -> Result<DonorAnalyses> {
        let view = self.store.view()?;
        let gifts = self.gifts(&*view, as_of)?;
        let never = view.donors_without_gift(as_of)?;
        Ok(DonorAnalyses {
            scores: churn::score(&gifts, as_of, &self.settings.churn)?,
            segments: churn::segments(&gifts, never, as_of, &self.settings.segments)?,
            values: churn::lifetime_value(&gifts, as_of)?,
        })
    }

    /// The lifetime value of one donor; `None` for one who is not there or never gave.
    pub fn lifetime_value(&self, donor: DonorId, as_of: Date) -> Result<Option<LifetimeValue>> {
        let Some(record) = self.store.view()?.donor(donor, as_of)? else { return Ok(None) };
        let (Some(first), Some(last)) = (record.first, record.last) else { return Ok(None) };
        let gifts = DonorGifts {
            donor: vec![donor],
            count: vec![u32::try_from(record.count).unwrap_or(u32::MAX)],
            total: vec![record.total],
            first: vec![first],
            last: vec![last],
            recent: vec![0],
        };
        Ok(churn::lifetime_value(&gifts, as_of)?.row(0))
    }

    /// Months of expense categories outside their expected range.
    pub fn expense_anomalies(&self, as_of: Date) -> Result<ExpenseReport> {
        let rows = self.store.view()?.cash_by_month(Direction::Expense, as_of)?;
        anomaly::expenses(&rows, as_of, &self.settings.expense_anomalies)
    }

    /// Single expenses far from their category's usual amounts.
    pub fn unusual_transactions(&self, as_of: Date) -> Result<TransactionReport> {
        let entries = self.store.view()?.cash_entries(Direction::Expense, Date::MIN, as_of)?;
        anomaly::transactions(&entries, as_of, &self.settings.unusual_transactions)
    }

    /// The names of the cash categories.
    pub fn categories(&self) -> Result<Vec<(CategoryId, String)>> {
        self.store.view()?.categories()
    }

    /// The names of donors, in the order asked for.
    pub fn donor_names(&self, donors: &[DonorId]) -> Result<Vec<String>> {
        self.store.view()?.donor_names(donors)
    }

    /// One donor with the received gifts up to a date.
    pub fn donor(&self, donor: DonorId, as_of: Date) -> Result<Option<DonorRecord>> {
        self.store.view()?.donor(donor, as_of)
    }

    /// What a sum of gifts paid for, at the organisation's unit costs.
    pub fn impact(&self, total: Rupiah) -> Impact {
        insight::impact(total, &self.settings.organisation.unit_costs)
    }

    /// One month of the organisation.
    pub fn monthly_report(&self, month: Month) -> Result<MonthlyReport> {
        let view = self.store.view()?;
        monthly_report(&*view, month, month.last_day())
    }

    /// Rows in quarantine, at most `limit`.
    pub fn quarantine(&self, limit: usize) -> Result<Vec<Quarantined>> {
        self.store.view()?.quarantine(limit)
    }

    /// The message that thanks a donor for a gift; `None` for one who is not there or never gave.
    pub fn thank_you(&self, donor: DonorId, as_of: Date) -> Result<Option<String>> {
        let Some(record) = self.store.view()?.donor(donor, as_of)?.filter(|record| record.count > 0) else {
            return Ok(None);
        };
        let impact = self.impact(record.total);
        self.templates
            .render(&Message::ThankYou { name: &record.name, total: record.total, count: record.count, impact })
            .map(Some)
    }

    /// Answers a text that came from a WhatsApp sender, such as `6281234567890` or `…@g.us`. Nothing is sent: the
    /// answer, and what the conversation is to be remembered as, are returned.
    ///
    /// # Errors
    ///
    /// Only for a configuration that does not fit; trouble with the data becomes a polite reply and
    /// [`Answer::error`].
    pub fn reply(&self, from: &str, text: &str, as_of: Date, session: Session) -> Result<Answer> {
        let dialogue = Dialogue::new(&self.settings.organisation, &self.templates, None)?;
        let desk = Desk { analytics: self, view: self.store.view()?, as_of };
        Ok(dialogue.answer(&desk, &Sender::read(from), text, session))
    }
}

/// What the bot may ask, answered from one state of the facts.
struct Desk<'a> {
    analytics: &'a Analytics,
    view: Box<dyn View + 'a>,
    as_of: Date,
}

impl Desk<'_> {
    fn settings(&self) -> &Settings {
        &self.analytics.settings
    }

    fn names(&self) -> Result<impl Fn(CategoryId) -> String + use<>> {
        let names = self.view.categories()?;
        Ok(move |id| names.iter().find(|(known, _)| *known == id).map_or_else(String::new, |(_, name)| name.clone()))
    }

    fn at_risk(&self) -> Result<(Scores, Vec<usize>)> {
        let gifts = self.analytics.gifts(&*self.view, self.as_of)?;
        let scores = churn::score(&gifts, self.as_of, &self.settings().churn)?;
        let ranked = scores.ranked(self.settings().risk_score);
        Ok((scores, ranked))
    }
}

impl Facts for Desk<'_> {
    fn contact(&self, number: &Number) -> Result<Option<Contact>> {
        self.view.contact(number.as_str())
    }

    fn donor(&self, donor: DonorId) -> Result<Option<DonorRecord>> {
        self.view.donor(donor, self.as_of)
    }

    fn monthly_report(&self) -> Result<MonthlyReport> {
        monthly_report(&*self.view, Month::of(self.as_of) - 1, self.as_of)
    }

    fn outlook(&self) -> Result<Outlook> {
        let months = match self.analytics.cash_flow_in(&*self.view, self.as_of) {
            Ok(months) => months,
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory => Vec::new(),
            Err(error) => return Err(error),
        };
        let months = months
            .into_iter()
            .map(|month| OutlookMonth {
                month: month.month,
                income: month.predicted_income,
                expense: month.predicted_expense,
                balance: month.predicted_balance,
            })
            .collect();
        Ok(Outlook { months, opening: self.view.cash_balance()? })
    }

    fn children(&self) -> Result<u64> {
        self.view.children_in_care(self.as_of)
    }

    fn risks(&self) -> Result<RiskList> {
        let (scores, ranked) = self.at_risk()?;
        let first: Vec<_> = ranked.iter().take(self.settings().risk_list).filter_map(|&row| scores.row(row)).collect();
        let donors: Vec<DonorId> = first.iter().map(|score| score.donor).collect();
        let names = self.view.donor_names(&donors)?;
        let donors = first
            .iter()
            .zip(names)
            .map(|(score, name)| DonorAtRisk {
                name,
                score: f64::from(score.score),
                level: match score.level {
                    churn::Level::High => RiskLevel::High,
                    churn::Level::Medium => RiskLevel::Medium,
                    churn::Level::Low => RiskLevel::Low,
                },
                days_since_last: days_since_last(score),
                reasons: score.reasons().map(reason).collect(),
            })
            .collect();
        Ok(RiskList { donors, total: ranked.len() as u64 })
    }

    fn anomalies(&self) -> Result<AnomalyList> {
        let name = self.names()?;
        let rows = self.view.cash_by_month(Direction::Expense, self.as_of)?;
        let months = anomaly::expenses(&rows, self.as_of, &self.settings().expense_anomalies)?;
        let entries = self.view.cash_entries(Direction::Expense, Date::MIN, self.as_of)?;
        let since = self.as_of.saturating_sub(jiff::Span::new().days(i64::from(self.settings().unusual_days)));
        let options = TransactionOptions { since: Some(since), ..self.settings().unusual_transactions.clone() };
        let unusual = anomaly::transactions(&entries, self.as_of, &options)?;
        Ok(AnomalyList {
            categories: months
                .anomalies
                .iter()
                .map(|found| insight::Anomaly {
                    category: name(found.category),
                    month: found.month,
                    amount: found.amount,
                    expected: (found.expected_range.min, found.expected_range.max),
                    direction: match found.kind {
                        anomaly::Kind::Overspending => AnomalyDirection::Overspending,
                        anomaly::Kind::Underspending => AnomalyDirection::Underspending,
                    },
                    severity: match found.severity {
                        anomaly::Severity::Medium => insight::Severity::Medium,
                        anomaly::Severity::High => insight::Severity::High,
                    },
                })
                .collect(),
            entries: unusual
                .unusual
                .iter()
                .map(|found| UnusualEntry { category: name(found.category), date: found.date, amount: found.amount })
                .collect(),
        })
    }

    fn brief(&self) -> Result<Brief> {
        let anomalies = self.anomalies()?;
        let (_, ranked) = self.at_risk()?;
        let status = self.status()?;
        Ok(insight::brief(&BriefFacts {
            today: self.as_of,
            data_as_of: status.as_of,
            donations: &self.view.donations_by_month(self.as_of)?,
            expenses: &self.view.cash_by_month(Direction::Expense, self.as_of)?,
            outlook: &self.outlook()?,
            at_risk: ranked.len() as u64,
            anomalies: anomalies.len() as u64,
            quarantined: status.quarantined,
        }))
    }

    fn status(&self) -> Result<Status> {
        let Some(state) = self.view.state()? else { return Ok(Status::default()) };
        Ok(Status {
            as_of: Some(state.as_of),
            tables: state.tables.iter().map(|(&table, fresh)| TableRows { table, rows: fresh.facts }).collect(),
            // The source's rows that are not among the clean ones.
            quarantined: state.tables.values().map(|fresh| fresh.rows.saturating_sub(fresh.facts)).sum(),
        })
    }
}

fn monthly_report(view: &dyn View, month: Month, as_of: Date) -> Result<MonthlyReport> {
    // Not before the end of the month, nor after what is known.
    let end = month.last_day().min(as_of);
    let donations = view.donations_by_month(end)?;
    let expenses: Vec<CategoryMonth> = view.cash_by_month(Direction::Expense, end)?;
    Ok(insight::monthly_report(month, &donations, &expenses, &view.categories()?, view.children_in_care(end)?))
}

fn whole_months(months: &[MonthTotal], as_of: Date) -> Option<MonthlySeries> {
    MonthlySeries::of_totals(months.iter().map(|row| (row.month, row.total)), as_of)
}

fn total_of(months: &[MonthTotal], month: Month) -> Rupiah {
    months.iter().filter(|row| row.month == month).map(|row| row.total).sum()
}

fn no_history() -> Error {
    Error::new(ErrorKind::NotEnoughHistory, "there is no whole month of donations yet")
        .hint("load donations, or wait for the end of the month")
}

fn days_since_last(score: &churn::Score) -> u32 {
    score
        .factors
        .iter()
        .find_map(|factor| match factor {
            churn::Factor::DaysSinceLast { days, .. } => Some(*days),
            _ => None,
        })
        .unwrap_or(0)
}

fn reason(factor: churn::Factor) -> RiskReason {
    match factor {
        churn::Factor::DaysSinceLast { days, .. } => RiskReason::DaysSinceLast(days),
        churn::Factor::GiftsEver { gifts, .. } => RiskReason::GiftsEver(gifts),
        churn::Factor::GiftsRecent { gifts, months, .. } => RiskReason::RecentGifts { gifts, months },
    }
}
