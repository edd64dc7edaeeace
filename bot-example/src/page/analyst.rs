//! The page's facts from the analytics, and from whoever sends messages.

use super::desk::{Action, Decision, Desk, month_id};
use super::facts::{
    AcceptedMonthRow, CashFlowRow, Delivery, Draft, ForecastRow, Freshness, MonthFacts, Outcome, OutcomeRow, PageFacts,
    Picture, RetentionRow, RiskRow, SegmentRow, StrangeEntryRow, StrangeMonthRow,
};
use dermawan::anomaly::{ExpenseAnomaly, ScreenOptions};
use dermawan::calendar::hijri::MonthFeatures;
use dermawan::chart::{self, AnomalyChart, CashFlowChart, Chart, CohortChart, ForecastChart};
use dermawan::churn::{Retention, SegmentCounts};
use dermawan::forecast::{self, CashFlow, Forecast};
use dermawan::insight::{CareOutcome, DonorAtRisk, RiskReason, Share};
use dermawan::message::{clean_or, date, month_long, number, risk_level, risk_reason, rupiah, table_name};
use dermawan::{
    AcceptedMonth, Analytics, CategoryId, CategoryMonth, Direction, EntryId, Error, ErrorKind, Language, Month,
    MonthlySeries, Result,
};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Months of donations to come: half a year, so that the next Ramadan is often among them.
const AHEAD: u16 = 6;
/// The intervals that are shown, the outer and the inner.
const LEVELS: [f64; 2] = [0.95, 0.8];
/// The most strange months with a picture; the others are words only.
const MOST_PICTURES: usize = 3;
/// The most lines of the cash book, and of accepted ones, that are listed.
const MOST_ENTRIES: usize = 20;
/// Lines with a lower score than this are for an audit, not for the page.
const WORTH_A_LOOK: f64 = 0.5;
/// Years of retention that are shown.
const YEARS: usize = 5;
/// The longest name that is shown.
const LONGEST_NAME: usize = 60;

/// Whoever sends messages and drafts greetings.
pub(crate) trait Workbench: Send + Sync {
    /// How the sending stands, with the messages in doubt after `after`; `None` where nothing sends.
    fn delivery(&self, after: Option<u64>) -> Result<Option<Delivery>>;

    /// Greetings that wait; `None` where none are drafted.
    fn drafts(&self) -> Result<Option<Vec<Draft>>>;

    /// What came of greetings; `None` where none are drafted.
    fn outcome(&self) -> Result<Option<CareOutcome>>;

    /// Decides on a message in doubt.
    fn decide(&self, id: u64, decision: Decision) -> Result<()>;

    /// Lets greetings go out, or not.
    fn greet(&self, ids: &[u64], approved: bool) -> Result<()>;

    /// Drafts greetings for donors at risk; nothing goes out.
    fn draft(&self) -> Result<()>;
}

/// Nothing sends.
pub(crate) struct NoDelivery;

impl Workbench for NoDelivery {
    fn delivery(&self, _after: Option<u64>) -> Result<Option<Delivery>> {
        Ok(None)
    }

    fn drafts(&self) -> Result<Option<Vec<Draft>>> {
        Ok(None)
    }

    fn outcome(&self) -> Result<Option<CareOutcome>> {
        Ok(None)
    }

    fn decide(&self, _: u64, _: Decision) -> Result<()> {
        Err(nothing_sends())
    }

    fn greet(&self, _: &[u64], _: bool) -> Result<()> {
        Err(nothing_sends())
    }

    fn draft(&self) -> Result<()> {
        Err(nothing_sends())
    }
}

fn nothing_sends() -> Error {
    Error::new(ErrorKind::NotFound, "no messages are sent here").hint("start the server with a gateway")
}

/// Which day it is.
pub(crate) type Today = Box<dyn Fn() -> Result<Date> + Send + Sync>;

/// The page's desk over analytics. What was found out is kept until other facts are loaded, something is accepted, or
/// another day comes.
pub(crate) struct AnalyticsDesk {
    analytics: Arc<Analytics>,
    today: Today,
    workbench: Box<dyn Workbench>,
    known: Mutex<Option<Arc<Known>>>,
    /// Held by whoever finds out anew.
    making: Mutex<()>,
    /// How often months and lines were looked at again.
    looks: AtomicU64,
    /// Somebody calls [`AnalyticsDesk::warm`] all the time, so nobody else needs to wait for what is new.
    warmed: AtomicBool,
}

/// What was found out, by the load and the day that it was made for.
struct Known {
    run: Option<u64>,
    day: Date,
    facts: PageFacts,
    pictures: BTreeMap<String, String>,
}

impl AnalyticsDesk {
    /// A desk over analytics.
    pub(crate) fn new(analytics: Arc<Analytics>, today: Today, workbench: Box<dyn Workbench>) -> Self {
        Self {
            analytics,
            today,
            workbench,
            known: Mutex::default(),
            making: Mutex::default(),
            looks: AtomicU64::new(0),
            warmed: AtomicBool::new(false),
        }
    }

    /// Finds out what is new since the last load or day, so that readers need not wait; `true` when there was something.
    /// To be called every few seconds: between two calls readers see the last load's page.
    pub(crate) fn warm(&self) -> Result<bool> {
        let made = self.wanted().and_then(|wanted| {
            if self.kept().is_some_and(|there| there.is(wanted)) { Ok(false) } else { self.make(wanted).map(|_| true) }
        });
        // What cannot be found out is for the reader to be told.
        self.warmed.store(made.is_ok(), Ordering::Relaxed);
        made
    }

    /// The load and the day that the page is to be of.
    fn wanted(&self) -> Result<(Option<u64>, Date)> {
        Ok((self.analytics.state()?.map(|state| state.run), (self.today)()?))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> Option<Arc<Known>> {
        self.lock().clone()
    }

    fn known(&self) -> Result<Arc<Known>> {
        let wanted = self.wanted()?;
        match self.kept() {
            Some(there) if there.is(wanted) || self.warmed.load(Ordering::Relaxed) => Ok(there),
            _ => self.make(wanted),
        }
    }

    fn make(&self, wanted: (Option<u64>, Date)) -> Result<Arc<Known>> {
        // Ten readers at once wait for one answer and do not make ten.
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = self.kept().filter(|there| there.is(wanted)) {
            return Ok(there);
        }
        let looks = self.looks.load(Ordering::Relaxed);
        let (run, day) = wanted;
        let (facts, pictures) = Gathering::of(&self.analytics, day)?.done();
        let mut made = Known { run, day, facts, pictures };
        let mut known = self.lock();
        if self.looks.load(Ordering::Relaxed) != looks {
            // Something was accepted meanwhile, perhaps behind the back of what has just been found out.
            made = looked_at(&self.analytics, &made)?;
        }
        let made = Arc::new(made);
        *known = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Finds out anew which months and lines are worth a look; the rest does not depend on what was accepted, and takes long.
    fn look_again(&self) -> Result<()> {
        let mut known = self.lock();
        self.looks.fetch_add(1, Ordering::Relaxed);
        let Some(there) = known.take() else { return Ok(()) };
        *known = Some(Arc::new(looked_at(&self.analytics, &there)?));
        Ok(())
    }
}

/// The same facts and pictures with the months and lines that are worth a look now.
fn looked_at(analytics: &Analytics, there: &Known) -> Result<Known> {
    let mut found = Gathering::begun(analytics, there.day);
    found.months()?;
    found.entries()?;
    let (new, drawn) = found.done();
    let PageFacts { strange_months, accepted_months, strange_entries, accepted_entries, pictures: named, .. } = new;
    let mut facts =
        PageFacts { strange_months, strange_entries, accepted_entries, accepted_months, ..there.facts.clone() };
    facts.pictures.retain(|picture| !drawn.contains_key(&picture.name));
    facts.pictures.extend(named);
    let mut pictures = there.pictures.clone();
    pictures.extend(drawn);
    Ok(Known { run: there.run, day: there.day, facts, pictures })
}

impl Known {
    fn is(&self, (run, day): (Option<u64>, Date)) -> bool {
        (self.run, self.day) == (run, day)
    }
}

impl Desk for AnalyticsDesk {
    fn facts(&self, after: Option<u64>) -> Result<PageFacts> {
        let known = self.known()?;
        let (delivery, drafts) = (self.workbench.delivery(after)?, self.workbench.drafts()?);
        let language = self.analytics.settings().organisation.language;
        let outcome = self.workbench.outcome()?.map(|outcome| outcome_of(&outcome, language));
        Ok(PageFacts { delivery, drafts, outcome, ..known.facts.clone() })
    }

    fn picture(&self, name: &str) -> Result<Option<String>> {
        Ok(self.known()?.pictures.get(name).cloned())
    }

    fn act(&self, action: &Action) -> Result<()> {
        match action {
            Action::Entry { id, fine } => {
                self.analytics.accept_entries(&[EntryId(*id)], *fine)?;
                self.look_again()
            }
            Action::Month { month, fine } => {
                self.analytics.accept_months(&[*month], *fine)?;
                self.look_again()
            }
            Action::Message { id, decision } => self.workbench.decide(*id, *decision),
            Action::Approve(ids) => self.workbench.greet(ids, true),
            Action::Decline(ids) => self.workbench.greet(ids, false),
            Action::Draft => self.workbench.draft(),
        }
    }
}

/// Facts and pictures as they are found out.
struct Gathering<'a> {
    analytics: &'a Analytics,
    day: Date,
    language: Language,
    drawing: chart::Options,
    facts: PageFacts,
    pictures: BTreeMap<String, String>,
}

impl<'a> Gathering<'a> {
    fn begun(analytics: &'a Analytics, day: Date) -> Self {
        let settings = analytics.settings();
        let language = settings.organisation.language;
        let calendar = settings.forecast.hijri_overrides.clone();
        let drawing = chart::Options { language, calendar, ..Default::default() };
        let facts = PageFacts {
            organisation: settings.organisation.name.clone(),
            today: date(day, language),
            ..PageFacts::default()
        };
        Self { analytics, day, language, drawing, facts, pictures: BTreeMap::new() }
    }

    fn of(analytics: &'a Analytics, day: Date) -> Result<Self> {
        let mut gathering = Self::begun(analytics, day);
        gathering.freshness()?;
        if gathering.facts.freshness.as_of.is_some() {
            // The forecast comes first: the month says what is expected of it.
            gathering.donations()?;
            gathering.month()?;
            gathering.cash_flow()?;
            gathering.risks()?;
            gathering.months()?;
            gathering.entries()?;
            gathering.donors()?;
        }
        Ok(gathering)
    }

    fn done(self) -> (PageFacts, BTreeMap<String, String>) {
        (self.facts, self.pictures)
    }

    fn draw(&mut self, name: &str, picture: &Chart) -> Result<()> {
        let (title, text) = chart::description(picture, &self.drawing)?;
        self.pictures.insert(name.to_owned(), chart::svg(picture, &self.drawing)?);
        self.facts.pictures.push(Picture { name: name.to_owned(), alt: format!("{title}. {text}") });
        Ok(())
    }

    fn count(&self, count: u64) -> String {
        number(count, self.language)
    }

    fn freshness(&mut self) -> Result<()> {
        let status = self.analytics.status(self.day)?;
        let age = status.as_of.and_then(|as_of| self.day.since(as_of).ok());
        let days = age.map_or(0, |age| u32::try_from(age.get_days()).unwrap_or(0));
        let tables = status.tables.iter();
        self.facts.freshness = Freshness {
            as_of: status.as_of.map(|as_of| date(as_of, self.language)),
            days,
            old: days > 1,
            tables: tables
                .map(|table| (table_name(table.table, self.language).to_owned(), self.count(table.rows)))
                .collect(),
            quarantined: if status.quarantined > 0 { self.count(status.quarantined) } else { String::new() },
        };
        Ok(())
    }

    fn month(&mut self) -> Result<()> {
        // A month of which nothing was loaded is not one without gifts.
        let known = self.analytics.known_until(self.day)?;
        let running = Month::of(known);
        let (now, last) = (self.analytics.monthly_report(running)?, self.analytics.monthly_report(running - 1)?);
        self.facts.month = Some(MonthFacts {
            name: month_long(running, self.language),
            until: (known < self.day).then(|| date(known, self.language)),
            running: running == Month::of(self.day),
            income: rupiah(now.income),
            expense: rupiah(now.expense),
            expected: self.facts.forecast.first().map(|row| row.value.clone()),
            last_name: month_long(running - 1, self.language),
            last_income: rupiah(last.income),
            last_expense: rupiah(last.expense),
            children: self.count(now.children),
            balance: self.analytics.store().view()?.cash_balance()?.map(rupiah),
        });
        Ok(())
    }

    fn donations(&mut self) -> Result<()> {
        let Some(found) = enough(self.analytics.donation_forecast(self.day, AHEAD))? else { return Ok(()) };
        let ahead = |level| -> Result<Forecast> {
            let options = forecast::Options { level, ..self.analytics.settings().forecast.clone() };
            Ok(forecast::fit(&found.history, &options)?.predict(AHEAD))
        };
        let [outer, inner] = [ahead(LEVELS[0])?, ahead(LEVELS[1])?];
        let range = |point: &forecast::Point| {
            let short = |value| dermawan::message::rupiah_short(value, self.language);
            format!("{} – {}", short(point.lower), short(point.upper))
        };
        self.facts.forecast = outer
            .points
            .iter()
            .zip(&inner.points)
            .map(|(wide, narrow)| ForecastRow {
                month: month_long(wide.month, self.language),
                ramadan: MonthFeatures::of(wide.month, &self.drawing.calendar).ramadan,
                value: dermawan::message::rupiah_short(wide.value, self.language),
                inner: range(narrow),
                outer: range(wide),
            })
            .collect();
        let picture = ForecastChart {
            inner: Some(inner),
            so_far: Some(found.so_far),
            ..ForecastChart::new(found.history, outer)
        };
        self.draw("perkiraan.svg", &Chart::Forecast(picture))
    }

    fn cash_flow(&mut self) -> Result<()> {
        let Some(flow) = enough(self.analytics.cash_flow_chances(self.day))? else { return Ok(()) };
        let limit = self.analytics.settings().cash_flow.shortfall_limit;
        let short = |amount: dermawan::Rupiah| dermawan::message::rupiah_short(amount.to_f64(), self.language);
        let CashFlow { months, first_month_at_risk, .. } = &flow;
        self.facts.shortfall = first_month_at_risk.map(|month| month_long(month, self.language));
        self.facts.cash_flow = months
            .iter()
            .map(|month| CashFlowRow {
                month: month_long(month.expected.month, self.language),
                income: short(month.expected.predicted_income),
                expense: short(month.expected.predicted_expense),
                balance: short(month.expected.predicted_balance),
                chance: chart::percent(month.shortfall),
                danger: month.shortfall > limit,
            })
            .collect();
        let balance = self.analytics.store().view()?.cash_balance()?;
        self.draw("kas.svg", &Chart::CashFlow(CashFlowChart { limit, balance, ..CashFlowChart::new(flow) }))
    }

    fn risks(&mut self) -> Result<()> {
        let list = self.analytics.risks(self.day)?;
        self.facts.at_risk_total = self.count(list.total);
        self.facts.at_risk = list
            .donors
            .iter()
            .map(|donor| RiskRow {
                name: clean_or(&donor.name, LONGEST_NAME, "Donatur"),
                level: risk_level(donor.level, self.language).to_owned(),
                score: format!("{:.0}", donor.score),
                reasons: self.reasons(donor),
            })
            .collect();
        Ok(())
    }

    /// The reasons in words. How long the silence lasts is always among them, though a model's reason is not that.
    fn reasons(&self, donor: &DonorAtRisk) -> Vec<String> {
        let silence = RiskReason::DaysSinceLast(donor.days_since_last);
        let missing = !donor.reasons.contains(&silence);
        donor
            .reasons
            .iter()
            .copied()
            .chain(missing.then_some(silence))
            .map(|reason| risk_reason(reason, self.language))
            .collect()
    }

    fn names(&self) -> Result<impl Fn(CategoryId) -> String + use<>> {
        let names = self.analytics.categories()?;
        Ok(move |id| {
            let name = names.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name);
            clean_or(name, LONGEST_NAME, "Lainnya")
        })
    }

    /// Months of categories that are strange, the first few with a picture.
    fn months(&mut self) -> Result<()> {
        let (report, name) = (self.analytics.expense_anomalies(self.day)?, self.names()?);
        let known = self.analytics.known_until(self.day)?;
        let rows = self.analytics.store().view()?.cash_by_month(Direction::Expense, known)?;
        for (i, found) in report.anomalies.iter().enumerate() {
            let picture = if i < MOST_PICTURES { self.category(&rows, name(found.category), found)? } else { None };
            let (min, max) = (found.expected_range.min, found.expected_range.max);
            let short = |amount: dermawan::Rupiah| dermawan::message::rupiah_short(amount.to_f64(), self.language);
            self.facts.strange_months.push(StrangeMonthRow {
                id: month_id(&AcceptedMonth {
                    category: Some(found.category),
                    month: found.month,
                    amount: found.amount,
                }),
                category: name(found.category),
                month: month_long(found.month, self.language),
                amount: rupiah(found.amount),
                expected: format!("{} – {}", short(min), short(max)),
                why: self.said(&found.why),
                picture,
            });
        }
        // Those of donations have no place here: the page shows no strange months of them.
        let accepted = self.analytics.accepted_months()?;
        self.facts.accepted_months = accepted
            .iter()
            .filter_map(|month| {
                let what = (name(month.category?), month_long(month.month, self.language), rupiah(month.amount));
                Some(AcceptedMonthRow { id: month_id(month), what: format!("{}, {}: {}", what.0, what.1, what.2) })
            })
            .collect();
        self.facts.accepted_months.reverse();
        self.facts.accepted_months.truncate(MOST_ENTRIES);
        Ok(())
    }

    fn category(&mut self, rows: &[CategoryMonth], name: String, found: &ExpenseAnomaly) -> Result<Option<String>> {
        let own = rows.iter().filter(|row| row.category == found.category).map(|row| (row.month, row.total));
        let Some(history) = MonthlySeries::of_totals(own, self.day) else { return Ok(None) };
        let picture = format!("kategori-{}-{}.svg", found.category, found.month);
        self.draw(&picture, &Chart::Anomalies(AnomalyChart::new(name, history, vec![found.into()])))?;
        Ok(Some(picture))
    }

    /// Of two sentences the one in the organisation's language.
    fn said(&self, why: &dermawan::anomaly::Why) -> String {
        match self.language {
            Language::Id => why.id.clone(),
            Language::En => why.en.clone(),
        }
    }

    /// Lines of the cash book that are worth a look.
    fn entries(&mut self) -> Result<()> {
        let settings = self.analytics.settings();
        let since = self.day.saturating_sub(jiff::Span::new().days(i64::from(settings.unusual_days)));
        let options = ScreenOptions { since: Some(since), ..settings.screening.clone() };
        let (screening, name) = (self.analytics.screen_with(self.day, &options)?, self.names()?);
        let worth = screening.suspects.iter().filter(|suspect| suspect.score >= WORTH_A_LOOK);
        for suspect in worth.take(MOST_ENTRIES) {
            let findings = || screening.findings.iter().filter(|found| found.entry == suspect.entry);
            let Some(first) = findings().next() else { continue };
            self.facts.strange_entries.push(StrangeEntryRow {
                id: suspect.entry.0,
                category: name(first.category),
                date: date(first.date, self.language),
                amount: rupiah(first.amount),
                why: findings().map(|found| self.said(&found.why)).collect(),
            });
        }
        let accepted = self.analytics.accepted_entries()?;
        // The latest ones: those that somebody may want to take back.
        self.facts.accepted_entries = accepted.iter().rev().take(MOST_ENTRIES).map(ToString::to_string).collect();
        Ok(())
    }

    fn donors(&mut self) -> Result<()> {
        let SegmentCounts { champions, loyal, at_risk, new, one_time, never_gave } =
            self.analytics.segments(self.day)?.counts;
        let rows = [
            ("Juara", "sering berdonasi, dan baru-baru ini", champions),
            ("Setia", "berdonasi berulang, dalam tiga bulan terakhir", loyal),
            ("Berisiko", "pernah berulang, lalu diam", at_risk),
            ("Baru", "satu donasi, dalam sebulan terakhir", new),
            ("Sesekali", "selebihnya", one_time),
            ("Belum pernah", "terdaftar tanpa donasi", never_gave),
        ];
        self.facts.segments =
            rows.map(|(name, who, donors)| SegmentRow { name, who, donors: self.count(donors) }).to_vec();
        let Retention { years, cohorts, .. } = self.analytics.retention(self.day)?;
        self.facts.retention = years
            .iter()
            .rev()
            .take(YEARS)
            .map(|year| RetentionRow {
                year: year.year,
                donors: self.count(year.donors),
                new: self.count(year.new),
                retained: self.count(year.retained),
                retention: year.retention.map_or_else(|| "–".into(), chart::percent),
            })
            .collect();
        if cohorts.is_empty() { Ok(()) } else { self.draw("retensi.svg", &Chart::Cohorts(CohortChart::new(cohorts))) }
    }
}

/// The two shares in words.
fn outcome_of(outcome: &CareOutcome, language: Language) -> Outcome {
    let row = |who, share: &Share| OutcomeRow {
        who,
        of: number(share.of, language),
        gave: number(share.gave, language),
        share: share.share.map_or_else(|| "–".into(), chart::percent),
        range: share
            .interval
            .map_or_else(|| "–".into(), |(low, high)| format!("{} – {}", chart::percent(low), chart::percent(high))),
    };
    let CareOutcome { greeted, not_greeted, waiting, days } = outcome;
    let rows = if greeted.of + not_greeted.of == 0 {
        Vec::new()
    } else {
        vec![row("Disapa", greeted), row("Tidak disapa", not_greeted)]
    };
    let waiting = if *waiting > 0 { number(*waiting, language) } else { String::new() };
    Outcome { days: *days, rows, waiting }
}

/// Too little history is no fault: there is nothing to show yet.
fn enough<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotEnoughHistory => Ok(None),
        found => found.map(Some),
    }
}
