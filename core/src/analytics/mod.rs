//! The handle: a store, an organisation and its rules in one place. This folder is the only one with arrows between
//! rooms.

mod anomaly;
mod care;
mod churn;
mod conversation;
mod desk;
mod erasure;
mod forecast;
mod known;
mod settings;

pub use care::OwedThanks;
pub use churn::DonorAnalyses;
pub use conversation::{Deed, Owed, OwnedTurn, Spoken, Turn};
pub use forecast::{DonationForecast, NextGifts};
pub use settings::Settings;

use crate::bot::{Answer, Dialogue, Facts, Session};
use crate::churn::Method;
use crate::error::Result;
use crate::etl::{self, Progress, Quarantined, Report, State};
use crate::forecast::CashFlow;
use crate::insight::{self, Impact, MonthlyReport, RiskList, Status};
use crate::message::{Message, Templates};
use crate::model::{CategoryId, CategoryMonth, Direction, DonorId, Month, Rupiah, Sender};
use crate::source::Source;
use crate::store::{DonorRecord, Store, View};
use desk::FirstAtRisk;
use jiff::civil::Date;
use std::sync::{Arc, Mutex};

/// A charity's analytics: load, analyse, answer. Shared between threads; every method takes the date it is as of.
pub struct Analytics {
    store: Box<dyn Store>,
    settings: Settings,
    templates: Templates,
    /// What the last backtest chose: it holds until other facts or another day come.
    chosen: Mutex<Option<Chosen>>,
    /// The last cash flow, likewise: every donor who asks on a day gets the same.
    ahead: Mutex<Option<(Option<u64>, Date, CashFlow)>>,
    /// The first donors at risk, likewise.
    at_risk: Mutex<Option<KeptAtRisk>>,
}

/// Donors at risk, by the load and the day that they were found for.
type KeptAtRisk = (Option<u64>, Date, Arc<FirstAtRisk>);
/// A choice, by the load and the day that it was made for.
type Chosen = (Option<u64>, Date, Method);

impl Analytics {
    /// Analytics over a store.
    ///
    /// # Errors
    ///
    /// Those of [`Settings::validate`].
    pub fn new(store: impl Store + 'static, settings: Settings) -> Result<Self> {
        settings.validate()?;
        let settings = settings.with_one_calendar();
        let templates = Templates::embedded(&settings.organisation)?;
        Ok(Self {
            store: Box::new(store),
            settings,
            templates,
            chosen: Mutex::default(),
            ahead: Mutex::default(),
            at_risk: Mutex::default(),
        })
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

    /// The donors at risk with their reasons, the one to call first at the top, [`Settings::risk_list`] of them: by the
    /// model that the backtest chose, else by the rule.
    pub fn risks(&self, as_of: Date) -> Result<RiskList> {
        self.desk(as_of)?.risks()
    }

    /// How fresh and how large the facts are.
    pub fn status(&self, as_of: Date) -> Result<Status> {
        self.desk(as_of)?.status()
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
        let desk = self.desk(as_of)?;
        let mut answer = dialogue.answer(&desk, &Sender::read(from), text, session);
        self.say_age(&mut answer, desk.told_stale());
        Ok(answer)
    }
}

fn monthly_report(view: &dyn View, month: Month, as_of: Date) -> Result<MonthlyReport> {
    // Not before the end of the month, nor after what is known.
    let end = month.last_day().min(as_of);
    let donations = view.donations_by_month(end)?;
    let expenses: Vec<CategoryMonth> = view.cash_by_month(Direction::Expense, end)?;
    Ok(insight::monthly_report(month, &donations, &expenses, &view.categories()?, view.children_in_care(end)?))
}
