//! The handle: a charity's analytics over one store.

use crate::columns::Columns;
use crate::door::{Day, Given, Moment, Said, answer, call, names_zone, options, options_or_text, raise, read};
use crate::register::Register;
use dermawan::bot::Session;
use dermawan::churn::{Method, RecommendOptions};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::source::files::{FilesOptions, FilesSource};
use dermawan::source::frame::FrameSource;
use dermawan::source::mysql::{MySqlOptions, MySqlSource};
use dermawan::source::{Mapping, Source};
use dermawan::store::{DuckDbOptions, DuckDbStore};
use dermawan::{
    AcceptedMonth, Direction, DonorId, EntryId, Error, ErrorKind, Month, Number, OwedThanks, OwnedTurn, Result,
    Settings, Table,
};
use jiff::civil::Date;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// A charity's analytics over a file or over memory: load, analyse, answer. Shared between threads; every method takes
/// the date that it is as of, and releases the interpreter while it works. A context manager.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Analytics(RwLock<Option<Arc<dermawan::Analytics>>>);

impl Analytics {
    fn new(analytics: dermawan::Analytics) -> Self {
        Self(RwLock::new(Some(Arc::new(analytics))))
    }

    fn handle(&self) -> Result<Arc<dermawan::Analytics>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "these analytics are closed").hint("open the file again")
        })
    }

    /// Loads a source; Ctrl-C ends the load, and nothing of it stays.
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method alone is not general enough")]
    fn load<'py, S: Source>(
        &self,
        py: Python<'py>,
        as_of: Date,
        source: impl FnOnce(&dermawan::Analytics) -> Result<S> + Send,
    ) -> Said<'py> {
        let mut signal = None;
        let report = answer(py, || {
            let analytics = self.handle()?;
            analytics.load(&mut source(&analytics)?, as_of, &mut |_| {
                Python::attach(|py| py.check_signals()).map_err(|raised| {
                    signal = Some(raised);
                    Error::new(ErrorKind::Interrupted, "the load was interrupted")
                })
            })
        });
        signal.map_or(report, Err)
    }
}

#[pymethods]
impl Analytics {
    /// Opens or creates an analytics file. Settings are a dict, or TOML text, with the keys of the Rust library; what is
    /// left out keeps its default.
    #[staticmethod]
    #[pyo3(signature = (path, settings: "dict | str | None"=None))]
    fn open(py: Python<'_>, path: PathBuf, settings: Option<Any<'_, '_>>) -> PyResult<Self> {
        let settings = options_or_text("settings", settings, Settings::from_toml)?;
        call(py, || Ok(Self::new(dermawan::Analytics::open(path, settings)?)))
    }

    /// Analytics that last as long as this object.
    #[staticmethod]
    #[pyo3(signature = (settings: "dict | str | None"=None))]
    fn in_memory(py: Python<'_>, settings: Option<Any<'_, '_>>) -> PyResult<Self> {
        let settings = options_or_text("settings", settings, Settings::from_toml)?;
        let open = || dermawan::Analytics::new(DuckDbStore::in_memory(&DuckDbOptions::default())?, settings);
        call(py, || Ok(Self::new(open()?)))
    }

    /// Lets go of the file; others can open it when the calls that still run have ended. Calls afterwards are refused.
    fn close(&self, py: Python<'_>) {
        py.detach(|| drop(self.0.write().unwrap_or_else(PoisonError::into_inner).take()));
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: Bound<'_, pyo3::types::PyTuple>) {
        self.close(py);
    }

    /// The settings, defaults included.
    #[pyo3(signature = () -> "dict")]
    fn settings<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || Ok(self.handle()?.settings().clone()))
    }

    /// The state of the last good load; `None` before it.
    #[pyo3(signature = () -> "dict | None")]
    fn state<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || self.handle()?.state())
    }

    /// Loads from MySQL or MariaDB, given as `mysql://user:password@host/database` or as a dict of options: full the first
    /// time, incremental afterwards. Returns the report of the load. Readers see all of a load or none.
    #[pyo3(signature = (source: "str | dict", as_of, mapping: "dict | str | None"=None) -> "dict")]
    fn load_mysql<'py>(&self, source: Any<'_, 'py>, as_of: Day, mapping: Option<Any<'_, 'py>>) -> Said<'py> {
        let mapping = options_or_text("mapping", mapping, Mapping::from_toml)?;
        let zone_given = names_zone(source)?;
        let mut server = options_or_text("source", Some(source), MySqlOptions::from_url)?;
        self.load(source.py(), as_of.0, |analytics| {
            if !zone_given {
                server.time_zone.clone_from(&analytics.settings().organisation.time_zone);
            }
            MySqlSource::new(server, mapping)
        })
    }

    /// Loads from a folder with a CSV or Parquet file for each table.
    #[pyo3(signature = (folder, as_of, mapping: "dict | str | None"=None, options: "dict | None"=None) -> "dict")]
    fn load_folder<'py>(
        &self,
        py: Python<'py>,
        folder: PathBuf,
        as_of: Day,
        mapping: Option<Any<'_, 'py>>,
        options: Option<Any<'_, 'py>>,
    ) -> Said<'py> {
        let mapping = options_or_text("mapping", mapping, Mapping::from_toml)?;
        let zone_given = options.map_or(Ok(false), names_zone)?;
        let mut options: FilesOptions = self::options(options)?;
        self.load(py, as_of.0, |analytics| {
            if !zone_given {
                options.time_zone.clone_from(&analytics.settings().organisation.time_zone);
            }
            FilesSource::open(folder, mapping, options)
        })
    }

    /// Loads data frames by table name: `{"donations": frame, "donors": …}`. A frame is whatever has the Arrow PyCapsule
    /// interface: pandas, polars, pyarrow, the relations of duckdb; it is read without copying it first.
    #[pyo3(signature = (tables: "dict", as_of, mapping: "dict | str | None"=None) -> "dict")]
    fn load_frames<'py>(
        &self,
        py: Python<'py>,
        tables: BTreeMap<String, AnyRecordBatch>,
        as_of: Day,
        mapping: Option<Any<'_, 'py>>,
    ) -> Said<'py> {
        let mapping = options_or_text("mapping", mapping, Mapping::from_toml)?;
        let mut frames = Vec::new();
        for (name, frame) in tables {
            let table = Table::named(&name).ok_or_else(|| {
                let error =
                    Error::new(ErrorKind::InvalidInput, "there is no table of this name").context("table", name);
                raise(py, &error.hint(format!("the tables are {}", Table::ALL.map(Table::name).join(", "))))
            })?;
            frames.push((table, frame.into_table()?.into_inner()));
        }
        self.load(py, as_of.0, |analytics| {
            let mut source = FrameSource::new(mapping, &analytics.settings().organisation.time_zone)?;
            for (table, (mut batches, schema)) in frames {
                if batches.is_empty() {
                    batches.push(arrow::array::RecordBatch::new_empty(schema));
                }
                source.insert(table, batches)?;
            }
            Ok(source)
        })
    }

    /// Loads an orphanage that does not exist, for trying: the same seed, the same rows. As of its `as_of`, 2026-01-20.
    #[pyo3(signature = (options: "dict | None"=None) -> "dict")]
    fn load_sample<'py>(&self, py: Python<'py>, options: Option<Any<'_, 'py>>) -> Said<'py> {
        let sample: SampleOptions = self::options(options)?;
        self.load(py, sample.as_of, |_| Ok(SampleSource::new(Sample::new(sample)?)))
    }

    /// Forecasts monthly donations; the first month is the running one.
    #[pyo3(signature = (as_of, horizon=3) -> "dict")]
    fn donation_forecast<'py>(&self, py: Python<'py>, as_of: Day, horizon: u16) -> Said<'py> {
        answer(py, || self.handle()?.donation_forecast(as_of.0, horizon))
    }

    /// Forecasts income, expense and balance of the months after the running one.
    #[pyo3(signature = (as_of) -> "list[dict]")]
    fn cash_flow<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.cash_flow(as_of.0))
    }

    /// The same with the expenses of each category, and with the probability that money runs out.
    #[pyo3(signature = (as_of) -> "dict")]
    fn cash_flow_chances<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.cash_flow_chances(as_of.0))
    }

    /// Forecasts every category of the cash book in one `direction`, `income` or `expense`; they add up to their total.
    #[pyo3(signature = (direction: "str", as_of, horizon=3) -> "dict")]
    fn category_forecasts<'py>(&self, direction: &Bound<'py, PyAny>, as_of: Day, horizon: u16) -> Said<'py> {
        let (py, direction): (_, Direction) = (direction.py(), read("direction", direction)?);
        answer(py, || self.handle()?.category_forecasts(direction, as_of.0, horizon))
    }

    /// The next gift of every donor who has given.
    #[pyo3(signature = (as_of) -> "dict")]
    fn next_gifts<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.next_gifts(as_of.0))
    }

    /// Gifts that differ from what their donor usually gives.
    #[pyo3(signature = (as_of) -> "list[dict]")]
    fn unusual_gifts<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.unusual_gifts(as_of.0))
    }

    /// The churn score of every donor who gave.
    fn churn(&self, py: Python<'_>, as_of: Day) -> PyResult<Columns> {
        call(py, || Columns::scores(self.handle()?.churn(as_of.0)?))
    }

    /// The segment of every donor who gave; `to_dict()["counts"]` counts them.
    fn segments(&self, py: Python<'_>, as_of: Day) -> PyResult<Columns> {
        call(py, || Columns::segments(self.handle()?.segments(as_of.0)?))
    }

    /// The lifetime value of every donor who gave.
    fn lifetime_values(&self, py: Python<'_>, as_of: Day) -> PyResult<Columns> {
        call(py, || Columns::lifetime_values(self.handle()?.lifetime_values(as_of.0)?))
    }

    /// Tries every way of telling who will not give again on this charity's own past, and says which to use.
    #[pyo3(signature = (as_of) -> "dict")]
    fn churn_backtest<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.churn_backtest(as_of.0))
    }

    /// What tells who will not give again: that of the settings, else what the backtest chose, such as `rule`.
    #[pyo3(signature = (as_of) -> "str")]
    fn churn_method<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.churn_method(as_of.0))
    }

    /// The outlook of every donor who gave: the chance of no further gift, and what is to be expected. `None` where the
    /// rule score is what to use.
    fn outlooks(&self, py: Python<'_>, as_of: Day) -> PyResult<Option<Columns>> {
        call(py, || self.handle()?.outlooks(as_of.0)?.map(Columns::outlooks).transpose())
    }

    /// The same by a model of the caller's choice: `bg_nbd`, `mbg_nbd`, `pareto_nbd`, `bg_bb_monthly` and so on.
    #[pyo3(signature = (method: "str", as_of))]
    fn outlooks_with(&self, method: Any<'_, '_>, as_of: Day) -> PyResult<Columns> {
        let (py, method): (_, Method) = (method.py(), read("method", method)?);
        call(py, || Columns::outlooks(self.handle()?.outlooks_with(method, as_of.0)?))
    }

    /// Whom to call first, by P(no gift) times expected value; without options those of the settings (`calls`).
    #[pyo3(signature = (as_of, options: "dict | None"=None) -> "list[dict]")]
    fn recommend<'py>(&self, py: Python<'py>, as_of: Day, options: Option<Any<'_, 'py>>) -> Said<'py> {
        let given: Option<RecommendOptions> = options.map(|value| read("options", value)).transpose()?;
        answer(py, || {
            let analytics = self.handle()?;
            analytics.recommend(as_of.0, given.as_ref().unwrap_or(&analytics.settings().calls))
        })
    }

    /// Donors in fifths by recency, frequency and money.
    #[pyo3(signature = (as_of) -> "dict")]
    fn rfm<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.rfm(as_of.0))
    }

    /// Retention over the whole civil years that have passed.
    #[pyo3(signature = (as_of) -> "dict")]
    fn retention<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.retention(as_of.0))
    }

    /// Where every donor stands in the civil year of `as_of`: retained, LYBUNT, SYBUNT and so on.
    #[pyo3(signature = (as_of) -> "dict")]
    fn standings<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.standings(as_of.0))
    }

    /// Months of donations outside their expected range.
    #[pyo3(signature = (as_of) -> "dict")]
    fn income_anomalies<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.income_anomalies(as_of.0))
    }

    /// Screens the expenses of the cash book line by line. Lines that were accepted stay silent.
    #[pyo3(signature = (as_of) -> "dict")]
    fn screen<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.screen(as_of.0))
    }

    /// "This is fine": the lines are not reported again by `screen` and in messages; with `accepted=False` they may be.
    #[pyo3(signature = (entries, accepted=true))]
    fn accept_entries(&self, py: Python<'_>, entries: Vec<u64>, accepted: bool) -> PyResult<()> {
        let entries: Vec<EntryId> = entries.into_iter().map(EntryId).collect();
        call(py, || self.handle()?.accept_entries(&entries, accepted))
    }

    /// The lines that were accepted, ascending.
    fn accepted_entries(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        call(py, || Ok(self.handle()?.accepted_entries()?.into_iter().map(|entry| entry.0).collect()))
    }

    /// "This is fine" of whole months, such as `expense_anomalies` and `income_anomalies` report them: a month is not reported
    /// again while its sum stays the same. Without a `category` it is that of all donations.
    #[pyo3(signature = (months: "list[dict]", accepted=true))]
    fn accept_months(&self, py: Python<'_>, months: &Bound<'_, PyAny>, accepted: bool) -> PyResult<()> {
        let months: Vec<AcceptedMonth> = read("months", months)?;
        call(py, || self.handle()?.accept_months(&months, accepted))
    }

    /// The months that were accepted, ascending; those of donations come first.
    #[pyo3(signature = () -> "list[dict]")]
    fn accepted_months<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || self.handle()?.accepted_months())
    }

    /// Where gifts and the cash book do not tell the same story; at most `limit` of each kind.
    #[pyo3(signature = (as_of, limit=100) -> "dict")]
    fn bookings<'py>(&self, py: Python<'py>, as_of: Day, limit: usize) -> Said<'py> {
        answer(py, || self.handle()?.bookings(as_of.0, limit))
    }

    /// Months of expense categories outside their expected range.
    #[pyo3(signature = (as_of) -> "dict")]
    fn expense_anomalies<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.expense_anomalies(as_of.0))
    }

    /// Single lines of the last days that are strange enough for a message, each with its identity; the strangest first.
    #[pyo3(signature = (as_of) -> "list")]
    fn entry_findings<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.entry_findings(as_of.0))
    }

    /// Single expenses far from their category's usual amounts.
    #[pyo3(signature = (as_of) -> "dict")]
    fn unusual_transactions<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.unusual_transactions(as_of.0))
    }

    /// Money in and out in one month, such as `2026-01`, and the children it was for.
    #[pyo3(signature = (month) -> "dict")]
    fn monthly_report<'py>(&self, py: Python<'py>, month: &str) -> Said<'py> {
        answer(py, || self.handle()?.monthly_report(month.parse::<Month>()?))
    }

    /// The names of donors, in the order asked for.
    fn donor_names(&self, py: Python<'_>, donors: Vec<u64>) -> PyResult<Vec<String>> {
        let donors: Vec<DonorId> = donors.into_iter().map(DonorId).collect();
        call(py, || self.handle()?.donor_names(&donors))
    }

    /// The message that thanks a donor; `None` for one who is not there or never gave.
    fn thank_you(&self, py: Python<'_>, donor: u64, as_of: Day) -> PyResult<Option<String>> {
        call(py, || self.handle()?.thank_you(DonorId(donor), as_of.0))
    }

    /// Answers a text of a WhatsApp sender, such as `6281234567890`: a dict with `reply` (`None` to stay silent),
    /// `session` (to be given back with the sender's next text), `command`, `effect` and `error`. Nothing is sent.
    #[pyo3(signature = (sender, text, as_of, session: "dict | None"=None) -> "dict")]
    fn reply<'py>(
        &self,
        py: Python<'py>,
        sender: &str,
        text: &str,
        as_of: Day,
        session: Option<Any<'_, 'py>>,
    ) -> Said<'py> {
        let session: Session = session.map_or_else(|| Ok(Session::default()), |value| read("session", value))?;
        answer(py, || self.handle()?.reply(sender, text, as_of.0, session))
    }

    /// Answers a text and carries out in the register what it asks for. `turn` is a dict with `sender`, `text`, `now`,
    /// `as_of`, `random` (new secure randomness each time), and where known `session`, `lid`, `channel`, `own`. Returns the
    /// `answer`, whom it goes `to`, other messages `owed`, and `deeds` for the host. Nothing is sent.
    #[pyo3(signature = (register, turn: "dict") -> "dict")]
    fn converse<'py>(&self, py: Python<'py>, register: &Register, turn: Given<OwnedTurn>) -> Said<'py> {
        answer(py, || self.handle()?.converse_owned(&*register.0, &turn.0))
    }

    /// The donors who may be written to, with one number each.
    #[pyo3(signature = (register) -> "list")]
    fn recipients<'py>(&self, py: Python<'py>, register: &Register) -> Said<'py> {
        answer(py, || self.handle()?.recipients(&*register.0))
    }

    /// Thanks for gifts that nobody has been thanked for: `message`, `donor`, `gifts`. None unless the settings switch
    /// thanks on.
    #[pyo3(signature = (register, as_of) -> "list[dict]")]
    fn thanks_owed<'py>(&self, py: Python<'py>, register: &Register, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.thanks_owed(&*register.0, as_of.0))
    }

    /// Notes that one of `thanks_owed` is in the outbox.
    #[pyo3(signature = (register, thanks: "dict", now))]
    fn note_thanks(&self, py: Python<'_>, register: &Register, thanks: Given<OwedThanks>, now: Moment) -> PyResult<()> {
        call(py, || self.handle()?.note_thanks(&*register.0, &thanks.0, now.0))
    }

    /// Drafts greetings for donors at risk: those that wait for an administrator, as pairs of number and name, and how many.
    #[pyo3(signature = (register, as_of, now) -> "dict")]
    fn draft_greetings<'py>(&self, py: Python<'py>, register: &Register, as_of: Day, now: Moment) -> Said<'py> {
        answer(py, || self.handle()?.draft_greetings(&*register.0, as_of.0, now.0))
    }

    /// The approved greetings with their messages; to be settled as `sent` once they went out.
    #[pyo3(signature = (register, as_of) -> "list")]
    fn greetings_owed<'py>(&self, py: Python<'py>, register: &Register, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.greetings_owed(&*register.0, as_of.0))
    }

    /// Who gave again within 60 days, of those greeted and of those proposed and not greeted.
    #[pyo3(signature = (register, as_of) -> "dict")]
    fn care_outcome<'py>(&self, py: Python<'py>, register: &Register, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.care_outcome(&*register.0, as_of.0))
    }

    /// Whose number it is: proved here, or verified in the source's tables and neither it nor the donor erased.
    #[pyo3(signature = (register, number) -> "int | None")]
    fn donor_of<'py>(&self, py: Python<'py>, register: &Register, number: &str) -> Said<'py> {
        answer(py, || self.handle()?.donor_of(&*register.0, &Number::parse(number)?))
    }

    /// Takes back greetings that are not wanted any more: whose donor has given since, or that nobody sent within 14 days.
    #[pyo3(signature = (register, as_of, now) -> "list[dict]")]
    fn withdraw_greetings<'py>(&self, py: Python<'py>, register: &Register, as_of: Day, now: Moment) -> Said<'py> {
        answer(py, || self.handle()?.withdraw_greetings(&*register.0, as_of.0, now.0))
    }

    /// The messages that tell that a confirmed wish to be erased is done, to each number that it will sever. Nothing is
    /// changed: who keeps them before `complete_erasure` loses none.
    #[pyo3(signature = (register, erasure) -> "list[dict]")]
    fn erasure_notices<'py>(&self, py: Python<'py>, register: &Register, erasure: u64) -> Said<'py> {
        answer(py, || self.handle()?.erasure_notices(&*register.0, erasure))
    }

    /// Severs the identity of a confirmed wish to be erased; the messages that tell so.
    #[pyo3(signature = (register, erasure, now) -> "list[dict]")]
    fn complete_erasure<'py>(&self, py: Python<'py>, register: &Register, erasure: u64, now: Moment) -> Said<'py> {
        answer(py, || self.handle()?.complete_erasure(&*register.0, erasure, now.0))
    }

    /// The donors at risk with their reasons, the one to call first at the top.
    #[pyo3(signature = (as_of) -> "dict")]
    fn risks<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.risks(as_of.0))
    }

    /// How fresh and how large the facts are.
    #[pyo3(signature = (as_of) -> "dict")]
    fn status<'py>(&self, py: Python<'py>, as_of: Day) -> Said<'py> {
        answer(py, || self.handle()?.status(as_of.0))
    }

    /// Rows in quarantine, at most `limit`.
    #[pyo3(signature = (limit=100) -> "list[dict]")]
    fn quarantine<'py>(&self, py: Python<'py>, limit: usize) -> Said<'py> {
        answer(py, || self.handle()?.quarantine(limit))
    }
}
