//! The handle: a charity's analytics over one store.

use crate::door::{
    Job, Later, Making, Maybe, day, later, later_made, moment, names_zone, options_or_text, read, read_or_default,
};
use crate::register::Register;
use dermawan::bot::Session;
use dermawan::churn::{Method, RecommendOptions};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::source::files::{FilesOptions, FilesSource};
use dermawan::source::mysql::{MySqlOptions, MySqlSource};
use dermawan::source::{Mapping, Source};
use dermawan::store::{DuckDbOptions, DuckDbStore};
use dermawan::{
    AcceptedMonth, Direction, DonorId, EntryId, Error, ErrorKind, Month, Number, OwedThanks, OwnedTurn, Result,
    Settings,
};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Unknown};
use napi_derive::napi;
use serde::Serialize;
use std::sync::{Arc, PoisonError, RwLock};

type Core = dermawan::Analytics;

/// A charity's analytics over a file or over memory: load, analyse, answer. Every method works on Node's thread pool
/// and takes the date that it is as of, such as `2026-01-31`: a civil date of the organisation, which a `Date` is not.
#[napi]
pub(crate) struct Analytics(Arc<RwLock<Option<Arc<Core>>>>);

impl Analytics {
    fn new(analytics: Core) -> Self {
        Self(Arc::new(RwLock::new(Some(Arc::new(analytics)))))
    }

    fn later<T: Serialize>(&self, work: impl FnOnce(&Core) -> Result<T> + Send + 'static) -> AsyncTask<Job> {
        // Taken now: what was asked before `close` is answered.
        let analytics = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        later(move || {
            let closed =
                || Error::new(ErrorKind::InvalidInput, "these analytics are closed").hint("open the file again");
            work(&*analytics.ok_or_else(closed)?)
        })
    }

    fn load<S: Source>(
        &self,
        as_of: String,
        source: impl FnOnce(&Core) -> Result<S> + Send + 'static,
    ) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.load(&mut source(analytics)?, day(&as_of)?, &mut |_| Ok(())))
    }
}

#[napi]
impl Analytics {
    /// Opens or creates an analytics file. Settings are an object, or TOML text, with the keys of the Rust library; what
    /// is left out keeps its default.
    #[napi(ts_args_type = "path: string, settings?: object | string | null", ts_return_type = "Promise<Analytics>")]
    pub fn open(env: &Env, path: String, settings: Maybe<'_>) -> napi::Result<AsyncTask<Making<Self>>> {
        let settings = options_or_text(env, "settings", settings, Settings::from_toml)?;
        Ok(later_made(move || Ok(Self::new(Core::open(path, settings)?))))
    }

    /// Analytics that last as long as this object.
    #[napi(ts_args_type = "settings?: object | string | null", ts_return_type = "Promise<Analytics>")]
    pub fn in_memory(env: &Env, settings: Maybe<'_>) -> napi::Result<AsyncTask<Making<Self>>> {
        let settings = options_or_text(env, "settings", settings, Settings::from_toml)?;
        Ok(later_made(move || Ok(Self::new(Core::new(DuckDbStore::in_memory(&DuckDbOptions::default())?, settings)?))))
    }

    /// Lets go of the file; others can open it when the calls that still run have ended. Calls afterwards are refused.
    #[napi]
    pub fn close(&self) {
        drop(self.0.write().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// The settings, defaults included.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn settings(&self) -> AsyncTask<Job> {
        self.later(|analytics| Ok(analytics.settings().clone()))
    }

    /// The state of the last good load; `null` before it.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn state(&self) -> AsyncTask<Job> {
        self.later(Core::state)
    }

    /// Loads from MySQL or MariaDB, given as `mysql://user:password@host/database` or as an object of options: full the
    /// first time, incremental afterwards. Resolves to the report of the load. Readers see all of a load or none.
    #[napi(
        ts_args_type = "source: string | object, asOf: string, mapping?: object | string | null",
        ts_return_type = "Promise<any>"
    )]
    pub fn load_mysql(&self, env: &Env, source: Unknown<'_>, as_of: String, mapping: Maybe<'_>) -> napi::Result<Later> {
        let zone_given = names_zone(env, Some(source))?;
        let mut server = options_or_text(env, "source", Some(source), MySqlOptions::from_url)?;
        let mapping = options_or_text(env, "mapping", mapping, Mapping::from_toml)?;
        Ok(self.load(as_of, move |analytics| {
            if !zone_given {
                server.time_zone.clone_from(&analytics.settings().organisation.time_zone);
            }
            MySqlSource::new(server, mapping)
        }))
    }

    /// Loads from a folder with a CSV or Parquet file for each table.
    #[napi(
        ts_args_type = "folder: string, asOf: string, mapping?: object | string | null, options?: object | null",
        ts_return_type = "Promise<any>"
    )]
    pub fn load_folder(
        &self,
        env: &Env,
        folder: String,
        as_of: String,
        mapping: Maybe<'_>,
        options: Maybe<'_>,
    ) -> napi::Result<Later> {
        let mapping = options_or_text(env, "mapping", mapping, Mapping::from_toml)?;
        let zone_given = names_zone(env, options)?;
        let mut options: FilesOptions = read_or_default(env, "options", options)?;
        Ok(self.load(as_of, move |analytics| {
            if !zone_given {
                options.time_zone.clone_from(&analytics.settings().organisation.time_zone);
            }
            FilesSource::open(folder, mapping, options)
        }))
    }

    /// Loads an orphanage that does not exist, for trying: the same seed, the same rows. As of its `as_of`, 2026-01-20.
    #[napi(ts_args_type = "options?: object | null", ts_return_type = "Promise<any>")]
    pub fn load_sample(&self, env: &Env, options: Maybe<'_>) -> napi::Result<Later> {
        let sample: SampleOptions = read_or_default(env, "options", options)?;
        Ok(self.load(sample.as_of.to_string(), |_| Ok(SampleSource::new(Sample::new(sample)?))))
    }

    /// Forecasts monthly donations (3 months when `horizon` is left out); the first month is the running one.
    #[napi(ts_args_type = "asOf: string, horizon?: number | null", ts_return_type = "Promise<any>")]
    pub fn donation_forecast(&self, env: &Env, as_of: String, horizon: Maybe<'_>) -> napi::Result<Later> {
        let horizon: Option<u16> = read_or_default(env, "horizon", horizon)?;
        Ok(self.later(move |analytics| analytics.donation_forecast(day(&as_of)?, horizon.unwrap_or(3))))
    }

    /// Forecasts income, expense and balance of the months after the running one.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn cash_flow(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.cash_flow(day(&as_of)?))
    }

    /// The same with the expenses of each category, and with the probability that money runs out.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn cash_flow_chances(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.cash_flow_chances(day(&as_of)?))
    }

    /// Forecasts every category of the cash book in one `direction` (3 months when `horizon` is left out); they add up to
    /// their total.
    #[napi(
        ts_args_type = "direction: 'income' | 'expense', asOf: string, horizon?: number | null",
        ts_return_type = "Promise<any>"
    )]
    pub fn category_forecasts(
        &self,
        env: &Env,
        direction: Unknown<'_>,
        as_of: String,
        horizon: Maybe<'_>,
    ) -> napi::Result<Later> {
        let direction: Direction = read(env, "direction", direction)?;
        let horizon: Option<u16> = read_or_default(env, "horizon", horizon)?;
        Ok(self.later(move |analytics| analytics.category_forecasts(direction, day(&as_of)?, horizon.unwrap_or(3))))
    }

    /// The next gift of every donor who has given, in columns.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn next_gifts(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.next_gifts(day(&as_of)?))
    }

    /// Gifts that differ from what their donor usually gives.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn unusual_gifts(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.unusual_gifts(day(&as_of)?))
    }

    /// The churn score of every donor who gave, in columns.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn churn(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.churn(day(&as_of)?))
    }

    /// The segment of every donor who gave, in columns, and how many donors each segment has.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn segments(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.segments(day(&as_of)?))
    }

    /// The lifetime value of every donor who gave, in columns.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn lifetime_values(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.lifetime_values(day(&as_of)?))
    }

    /// Tries every way of telling who will not give again on this charity's own past, and says which to use.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn churn_backtest(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.churn_backtest(day(&as_of)?))
    }

    /// What tells who will not give again: that of the settings, else what the backtest chose, such as `rule`.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn churn_method(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.churn_method(day(&as_of)?))
    }

    /// The outlook of every donor who gave, in columns: the chance of no further gift, and what is to be expected. `null`
    /// where the rule score is what to use.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn outlooks(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.outlooks(day(&as_of)?))
    }

    /// The same by a model of the caller's choice: `bg_nbd`, `mbg_nbd`, `pareto_nbd`, `bg_bb_monthly` and so on.
    #[napi(ts_args_type = "method: string, asOf: string", ts_return_type = "Promise<any>")]
    pub fn outlooks_with(&self, env: &Env, method: Unknown<'_>, as_of: String) -> napi::Result<Later> {
        let method: Method = read(env, "method", method)?;
        Ok(self.later(move |analytics| analytics.outlooks_with(method, day(&as_of)?)))
    }

    /// Whom to call first, by P(no gift) times expected value; without options those of the settings (`calls`).
    #[napi(ts_args_type = "asOf: string, options?: object | null", ts_return_type = "Promise<any[]>")]
    pub fn recommend(&self, env: &Env, as_of: String, options: Maybe<'_>) -> napi::Result<Later> {
        let given: Option<RecommendOptions> = read_or_default(env, "options", options)?;
        Ok(self.later(move |analytics| {
            analytics.recommend(day(&as_of)?, given.as_ref().unwrap_or(&analytics.settings().calls))
        }))
    }

    /// Donors in fifths by recency, frequency and money, in columns.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn rfm(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.rfm(day(&as_of)?))
    }

    /// Retention over the whole civil years that have passed.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn retention(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.retention(day(&as_of)?))
    }

    /// Where every donor stands in the civil year of `asOf`, in columns: retained, LYBUNT, SYBUNT and so on.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn standings(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.standings(day(&as_of)?))
    }

    /// Months of donations outside their expected range.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn income_anomalies(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.income_anomalies(day(&as_of)?))
    }

    /// Screens the expenses of the cash book line by line. Lines that were accepted stay silent.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn screen(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.screen(day(&as_of)?))
    }

    /// "This is fine": the lines are not reported again by `screen` and in messages; with `accepted` false they may be.
    #[napi(ts_args_type = "entries: number[], accepted?: boolean | null", ts_return_type = "Promise<null>")]
    pub fn accept_entries(&self, env: &Env, entries: Unknown<'_>, accepted: Maybe<'_>) -> napi::Result<Later> {
        let entries: Vec<EntryId> = read(env, "entries", entries)?;
        let accepted: Option<bool> = read_or_default(env, "accepted", accepted)?;
        Ok(self.later(move |analytics| analytics.accept_entries(&entries, accepted.unwrap_or(true))))
    }

    /// The lines that were accepted, ascending.
    #[napi(ts_return_type = "Promise<number[]>")]
    pub fn accepted_entries(&self) -> AsyncTask<Job> {
        self.later(Core::accepted_entries)
    }

    /// "This is fine" of whole months, such as `expenseAnomalies` and `incomeAnomalies` report them: a month is not reported
    /// again while its sum stays the same. Without a `category` it is that of all donations.
    #[napi(ts_args_type = "months: any[], accepted?: boolean | null", ts_return_type = "Promise<null>")]
    pub fn accept_months(&self, env: &Env, months: Unknown<'_>, accepted: Maybe<'_>) -> napi::Result<Later> {
        let months: Vec<AcceptedMonth> = read(env, "months", months)?;
        let accepted: Option<bool> = read_or_default(env, "accepted", accepted)?;
        Ok(self.later(move |analytics| analytics.accept_months(&months, accepted.unwrap_or(true))))
    }

    /// The months that were accepted, ascending; those of donations come first.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn accepted_months(&self) -> AsyncTask<Job> {
        self.later(Core::accepted_months)
    }

    /// Where gifts and the cash book do not tell the same story; at most `limit` (100 when left out) of each kind.
    #[napi(ts_args_type = "asOf: string, limit?: number | null", ts_return_type = "Promise<any>")]
    pub fn bookings(&self, env: &Env, as_of: String, limit: Maybe<'_>) -> napi::Result<Later> {
        let limit: Option<usize> = read_or_default(env, "limit", limit)?;
        Ok(self.later(move |analytics| analytics.bookings(day(&as_of)?, limit.unwrap_or(100))))
    }

    /// Months of expense categories outside their expected range.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn expense_anomalies(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.expense_anomalies(day(&as_of)?))
    }

    /// Single lines of the last days that are strange enough for a message, each with its identity; the strangest first.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn entry_findings(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.entry_findings(day(&as_of)?))
    }

    /// Single expenses far from their category's usual amounts.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn unusual_transactions(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.unusual_transactions(day(&as_of)?))
    }

    /// Money in and out in one month, such as `2026-01`, and the children it was for.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn monthly_report(&self, month: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.monthly_report(month.parse::<Month>()?))
    }

    /// The names of donors, in the order asked for.
    #[napi(ts_args_type = "donors: number[]", ts_return_type = "Promise<string[]>")]
    pub fn donor_names(&self, env: &Env, donors: Unknown<'_>) -> napi::Result<Later> {
        let donors: Vec<DonorId> = read(env, "donors", donors)?;
        Ok(self.later(move |analytics| analytics.donor_names(&donors)))
    }

    /// The message that thanks a donor; `null` for one who is not there or never gave.
    #[napi(ts_args_type = "donor: number, asOf: string", ts_return_type = "Promise<string | null>")]
    pub fn thank_you(&self, env: &Env, donor: Unknown<'_>, as_of: String) -> napi::Result<Later> {
        let donor: DonorId = read(env, "donor", donor)?;
        Ok(self.later(move |analytics| analytics.thank_you(donor, day(&as_of)?)))
    }

    /// Answers a text of a WhatsApp sender, such as `6281234567890`: `reply` (`null` to stay silent), `session` (to be
    /// given back with the sender's next text), `command`, `effect` and `error`. Nothing is sent.
    #[napi(
        ts_args_type = "sender: string, text: string, asOf: string, session?: object | null",
        ts_return_type = "Promise<any>"
    )]
    pub fn reply(
        &self,
        env: &Env,
        sender: String,
        text: String,
        as_of: String,
        session: Maybe<'_>,
    ) -> napi::Result<Later> {
        let session: Session = read_or_default(env, "session", session)?;
        Ok(self.later(move |analytics| analytics.reply(&sender, &text, day(&as_of)?, session)))
    }

    /// Answers a text and carries out in the register what it asks for. `turn` has `sender`, `text`, `now`, `as_of`, `random`
    /// (new secure randomness each time), and where known `session`, `lid`, `channel`, `own`. Resolves to the `answer`, whom
    /// it goes `to`, other messages `owed`, and `deeds` for the host. Nothing is sent.
    #[napi(ts_args_type = "register: Register, turn: object", ts_return_type = "Promise<any>")]
    pub fn converse(&self, env: &Env, register: &Register, turn: Unknown<'_>) -> napi::Result<Later> {
        let (register, turn): (_, OwnedTurn) = (register.0.clone(), read(env, "turn", turn)?);
        Ok(self.later(move |analytics| analytics.converse_owned(&*register, &turn)))
    }

    /// The donors who may be written to, with one number each.
    #[napi(ts_return_type = "Promise<Array<[number, string]>>")]
    pub fn recipients(&self, register: &Register) -> AsyncTask<Job> {
        let register = register.0.clone();
        self.later(move |analytics| analytics.recipients(&*register))
    }

    /// Thanks for gifts that nobody has been thanked for: `message`, `donor`, `gifts`. None unless the settings switch
    /// thanks on.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn thanks_owed(&self, register: &Register, as_of: String) -> AsyncTask<Job> {
        let register = register.0.clone();
        self.later(move |analytics| analytics.thanks_owed(&*register, day(&as_of)?))
    }

    /// Notes that one of `thanksOwed` is in the outbox.
    #[napi(ts_args_type = "register: Register, thanks: object, now: Date | string", ts_return_type = "Promise<null>")]
    pub fn note_thanks(
        &self,
        env: &Env,
        register: &Register,
        thanks: Unknown<'_>,
        now: Unknown<'_>,
    ) -> napi::Result<Later> {
        let (thanks, now): (OwedThanks, _) = (read(env, "thanks", thanks)?, moment(env, now)?);
        let register = register.0.clone();
        Ok(self.later(move |analytics| analytics.note_thanks(&*register, &thanks, now)))
    }

    /// Drafts greetings for donors at risk: those that wait for an administrator, as pairs of number and name, and how many.
    #[napi(ts_args_type = "register: Register, asOf: string, now: Date | string", ts_return_type = "Promise<any>")]
    pub fn draft_greetings(
        &self,
        env: &Env,
        register: &Register,
        as_of: String,
        now: Unknown<'_>,
    ) -> napi::Result<Later> {
        let (register, now) = (register.0.clone(), moment(env, now)?);
        Ok(self.later(move |analytics| analytics.draft_greetings(&*register, day(&as_of)?, now)))
    }

    /// The approved greetings with their messages; to be settled as `sent` once they went out.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn greetings_owed(&self, register: &Register, as_of: String) -> AsyncTask<Job> {
        let register = register.0.clone();
        self.later(move |analytics| analytics.greetings_owed(&*register, day(&as_of)?))
    }

    /// Who gave again within 60 days, of those greeted and of those proposed and not greeted.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn care_outcome(&self, register: &Register, as_of: String) -> AsyncTask<Job> {
        let register = register.0.clone();
        self.later(move |analytics| analytics.care_outcome(&*register, day(&as_of)?))
    }

    /// Whose number it is: proved here, or verified in the source's tables and neither it nor the donor erased.
    #[napi(ts_return_type = "Promise<number | null>")]
    pub fn donor_of(&self, register: &Register, number: String) -> AsyncTask<Job> {
        let register = register.0.clone();
        self.later(move |analytics| analytics.donor_of(&*register, &Number::parse(&number)?))
    }

    /// Takes back greetings that are not wanted any more: whose donor has given since, or that nobody sent within 14 days.
    #[napi(ts_args_type = "register: Register, asOf: string, now: Date | string", ts_return_type = "Promise<any[]>")]
    pub fn withdraw_greetings(
        &self,
        env: &Env,
        register: &Register,
        as_of: String,
        now: Unknown<'_>,
    ) -> napi::Result<Later> {
        let now = moment(env, now)?;
        let register = register.0.clone();
        Ok(self.later(move |analytics| analytics.withdraw_greetings(&*register, day(&as_of)?, now)))
    }

    /// The messages that tell that a confirmed wish to be erased is done, to each number that it will sever. Nothing is
    /// changed: who keeps them before `completeErasure` loses none.
    #[napi(ts_args_type = "register: Register, erasure: number", ts_return_type = "Promise<any[]>")]
    pub fn erasure_notices(&self, env: &Env, register: &Register, erasure: Unknown<'_>) -> napi::Result<Later> {
        let erasure: u64 = read(env, "erasure", erasure)?;
        let register = register.0.clone();
        Ok(self.later(move |analytics| analytics.erasure_notices(&*register, erasure)))
    }

    /// Severs the identity of a confirmed wish to be erased; the messages that tell so.
    #[napi(ts_args_type = "register: Register, erasure: number, now: Date | string", ts_return_type = "Promise<any[]>")]
    pub fn complete_erasure(
        &self,
        env: &Env,
        register: &Register,
        erasure: Unknown<'_>,
        now: Unknown<'_>,
    ) -> napi::Result<Later> {
        let (erasure, now): (u64, _) = (read(env, "erasure", erasure)?, moment(env, now)?);
        let register = register.0.clone();
        Ok(self.later(move |analytics| analytics.complete_erasure(&*register, erasure, now)))
    }

    /// The donors at risk with their reasons, the one to call first at the top.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn risks(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.risks(day(&as_of)?))
    }

    /// How fresh and how large the facts are.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn status(&self, as_of: String) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.status(day(&as_of)?))
    }

    /// Rows in quarantine, `limit` (100 when left out) at most.
    #[napi(ts_args_type = "limit?: number | null", ts_return_type = "Promise<any[]>")]
    pub fn quarantine(&self, limit: Option<u32>) -> AsyncTask<Job> {
        self.later(move |analytics| analytics.quarantine(limit.unwrap_or(100) as usize))
    }
}
