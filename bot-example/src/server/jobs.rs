//! What the schedule does. Everything that goes out has a key, so that a job which is begun again sends nothing twice.

use super::House;
use crate::command;
use dermawan::bot::Session;
use dermawan::etl::{self, Mode, Report};
use dermawan::insight::MonthlyReport;
use dermawan::message::Message;
use dermawan::outbox::{Draft, Priority, Retention};
use dermawan::schedule::{Job, Runs};
use dermawan::{DonorId, Error, ErrorKind, Month, Number, Result};
use jiff::{Timestamp, ToSpan};
use tokio::sync::watch;

/// Donors whose names are asked for at once.
const NAMES: usize = 5000;
/// How long what came in is remembered after it was settled, in days: longer than any gateway delivers again.
const INBOX_DAYS: i64 = 30;
/// How long the persons behind sent messages are kept, in days.
const PERSONS_DAYS: i64 = 90;
/// The same of messages of which nobody knows whether they went out: twice as long, as somebody may still decide.
const UNKNOWN_DAYS: i64 = 180;
/// How long notes of what was done with donors' data are kept, in days: five years, so that a donor who asks can be told.
const PROCESSING_DAYS: i64 = 5 * 366;
/// A report that could not go out for so long is not wanted any more, in days.
const REPORT_DAYS: i64 = 7;
/// The same of a word to administrators.
const TOLD_DAYS: i64 = 7;

impl House {
    /// Loads the charity's tables. `None` when no source is configured: somebody else loads, or nothing is to be loaded.
    pub(super) fn load(&self, full: bool, stop: &watch::Receiver<bool>) -> Result<Option<Report>> {
        let Some(mut source) = self.config.source()? else { return Ok(None) };
        let rules = &self.analytics.settings().etl;
        let rules = etl::Options { mode: if full { Mode::Full } else { rules.mode }, ..rules.clone() };
        let as_of = self.today(self.now());
        let report = self.analytics.load_with(&mut *source, &rules, as_of, &mut |_| {
            if *stop.borrow() {
                return Err(Error::new(ErrorKind::Interrupted, "the load was stopped; nothing was changed"));
            }
            Ok(())
        })?;
        tracing::info!(run = report.run, rows = report.rows_read(), rejected = report.rejected(), "load done");
        Ok(Some(report))
    }

    /// The report of a month to every verified donor, or in test mode to the administrators. A donor with several numbers
    /// gets one. `false` while the facts end before the month's end: they may still be loaded today.
    pub(super) fn report(&self, period: &str, now: Timestamp) -> Result<bool> {
        let month = Month::of(self.today(now)) - 1;
        if !self.is_known(month)? {
            tracing::warn!(%month, "the report waits: the facts end before the month that it tells of");
            self.tell_of_waiting_report(month, now)?;
            return Ok(false);
        }
        let report = self.analytics.monthly_report(month)?;
        if self.plan.report_test {
            self.test_report(&format!("laporan-uji:{period}"), month, &report, now)?;
        } else {
            self.batch(month, &report, now)?;
        }
        Ok(true)
    }

    /// The reports of the last whole month, now: an administrator's word. Who has one already gets no second. What was sent
    /// so is not missing later.
    pub(super) fn report_now(&self, now: Timestamp) -> Result<()> {
        let month = Month::of(self.today(now)) - 1;
        if !self.is_known(month)? {
            // The word is not carried out later by itself: whoever gave it is told, and may give it again.
            tracing::error!(%month, "an ordered report cannot be made: the facts end before the month that it tells of");
            return self.tell_of_old_facts(now);
        }
        let report = self.analytics.monthly_report(month)?;
        if self.plan.report_test {
            return self.test_report(&format!("laporan-uji:{month}:{}", now.as_millisecond()), month, &report, now);
        }
        self.batch(month, &report, now)?;
        let mut runs = Runs::open(&self.runs_path)?;
        if runs.begin(Job::Report, &month.to_string(), now)? {
            runs.end(Job::Report, &month.to_string(), true, now)?;
        }
        Ok(())
    }

    /// The report to the administrators alone, and that it is one.
    fn test_report(&self, key: &str, month: Month, report: &MonthlyReport, now: Timestamp) -> Result<()> {
        let text = self.analytics.templates().render(&Message::MonthlyReport { name: None, report })?;
        let heading = match self.analytics.settings().organisation.language {
            dermawan::Language::Id => "🧪 Mode uji (report_test): laporan ini dikirim kepada pengurus saja.",
            dermawan::Language::En => "🧪 Test mode (report_test): this report goes to the administrators only.",
        };
        let batch = format!("laporan-uji:{month}");
        let batch = self.put_picture(&batch, month, now)?.then_some(batch);
        self.tell_with_picture(key, "laporan-uji", &format!("{heading}\n\n{text}"), batch.as_deref(), now).map(drop)
    }

    /// Whether the facts reach beyond a month's end: what is not known is not reported.
    fn is_known(&self, month: Month) -> Result<bool> {
        Ok(self.analytics.state()?.is_some_and(|state| state.as_of > month.last_day()))
    }

    /// That the report waits for facts: once for a month.
    fn tell_of_waiting_report(&self, month: Month, now: Timestamp) -> Result<()> {
        let language = self.analytics.settings().organisation.language;
        let name = dermawan::message::month_long(month, language);
        let text = match language {
            dermawan::Language::Id => format!(
                "⚠️ Laporan bulan {name} menunggu data: data bulan itu belum dimuat sampai akhir. Laporan dikirim segera \
                 setelah data dimuat hari ini; besok tidak dikirim lagi secara otomatis."
            ),
            dermawan::Language::En => format!(
                "⚠️ The report of {name} waits for data: the month has not been loaded to its end. It goes out as soon as \
                 the data are loaded today; from tomorrow on it is not sent by itself."
            ),
        };
        self.tell_administrators(&format!("menunggu:{month}"), "menunggu", &text, now).map(drop)
    }

    /// That an ordered report was not sent, because of the day at which the facts end.
    fn tell_of_old_facts(&self, now: Timestamp) -> Result<()> {
        let language = self.analytics.settings().organisation.language;
        let known = self.analytics.state()?.map(|state| dermawan::message::date(state.as_of, language));
        let text = match (language, known) {
            (dermawan::Language::Id, Some(day)) => format!(
                "⚠️ Laporan tidak dikirim: data baru sampai {day}. Muat data terbaru dahulu, lalu ulangi KIRIM LAPORAN."
            ),
            (dermawan::Language::Id, None) => "⚠️ Laporan tidak dikirim: data belum dimuat.".to_owned(),
            (dermawan::Language::En, Some(day)) => format!(
                "⚠️ The reports were not sent: the data end on {day}. Load newer data first, then send the word again."
            ),
            (dermawan::Language::En, None) => "⚠️ The reports were not sent: no data have been loaded.".to_owned(),
        };
        self.tell_administrators(&format!("data-lama:{}", now.as_second()), "data-lama", &text, now).map(drop)
    }

    /// That a job has failed again and again. It is tried on once an hour.
    pub(super) fn tell_of_failed_job(&self, job: &str, period: &str, now: Timestamp) -> Result<()> {
        let text = match self.analytics.settings().organisation.language {
            dermawan::Language::Id => format!(
                "⚠️ Pekerjaan \"{job}\" untuk {period} gagal berulang kali. Dicoba lagi setiap jam sampai hari ini berakhir. \
                 Lihat catatan program untuk sebabnya."
            ),
            dermawan::Language::En => {
                format!(
                    "⚠️ The job \"{job}\" of {period} failed again and again. It is tried once an hour until the day is \
                     over. The program's log says why."
                )
            }
        };
        self.tell_administrators(&format!("gagal:{job}:{period}"), "gagal", &text, now).map(drop)
    }

    fn batch(&self, month: Month, report: &MonthlyReport, now: Timestamp) -> Result<()> {
        let expires = now.checked_add((REPORT_DAYS * 24).hours()).ok();
        let batch = self.key(&format!("laporan:{month}"));
        let donors: Vec<(DonorId, Number)> = self.analytics.recipients(&*self.register)?;
        let picture = self.put_picture(&batch, month, now)?;
        let mut put = dermawan::outbox::Put::default();
        for some in donors.chunks(NAMES) {
            let ids: Vec<DonorId> = some.iter().map(|(donor, _)| *donor).collect();
            let names = self.analytics.donor_names(&ids)?;
            let mut failed = None;
            let mut drafts = some.iter().zip(&names).map_while(|((donor, number), name)| {
                let message = Message::MonthlyReport { name: Some(name), report };
                let text = self.analytics.templates().render(&message).map_err(|error| failed = Some(error)).ok()?;
                let mut draft = Draft::batch(format!("{batch}:{donor}"), self.lane(), &*batch, number.clone(), text);
                draft.donor = Some(*donor);
                draft.expires = expires;
                draft.picture = picture;
                Some(draft)
            });
            let some = self.outbox.put(&mut drafts, now)?;
            drop(drafts);
            if let Some(error) = failed {
                return Err(error);
            }
            put.added += some.added;
            put.present += some.present;
            put.opted_out += some.opted_out;
        }
        tracing::info!(
            batch,
            added = put.added,
            present = put.present,
            opted_out = put.opted_out,
            "reports are queued"
        );
        self.owed.notify_one();
        Ok(())
    }

    /// The brief, as the administrators' own word gives it.
    pub(super) fn brief(&self, period: &str, now: Timestamp) -> Result<()> {
        let Some(text) = self.administrators_word("RINGKASAN", now)? else { return Ok(()) };
        self.tell_administrators(&format!("ringkasan:{period}"), "ringkasan", &text, now).map(drop)
    }

    /// Forgets what need not be kept.
    pub(super) fn tidy(&self, now: Timestamp) -> Result<()> {
        let before = |days: i64| now.checked_sub((days * 24).hours()).unwrap_or(Timestamp::MIN);
        let messages = self.reader.with(|inbox| inbox.prune(before(INBOX_DAYS)))?;
        let retention = Retention {
            persons_before: before(PERSONS_DAYS),
            unknown_before: Some(before(UNKNOWN_DAYS)),
            messages_before: None,
        };
        let pruned = self.outbox.prune(&retention)?;
        self.register.prune(before(PROCESSING_DAYS), now)?;
        tracing::info!(messages, severed = pruned.severed, "old messages are forgotten");
        Ok(())
    }

    /// A report whose day passed while the program was down, or could not make it (`tried`): it is not sent late, and
    /// somebody should know.
    pub(super) fn tell_of_missed_report(&self, month: Month, tried: bool, now: Timestamp) -> Result<()> {
        let language = self.analytics.settings().organisation.language;
        let name = dermawan::message::month_long(month, language);
        let text = match language {
            dermawan::Language::Id => {
                let why = if tried { "tidak dapat dibuat" } else { "program tidak berjalan" };
                format!(
                    "⚠️ Laporan bulan {name} belum terkirim karena {why} pada harinya. Laporan tidak dikirim terlambat \
                     secara otomatis; ketik *KIRIM LAPORAN* bila ingin mengirimnya."
                )
            }
            dermawan::Language::En => {
                let why = if tried { "it could not be made" } else { "the program was not running" };
                format!(
                    "⚠️ The report of {name} was not sent, because {why} on its day. It is not sent late by itself; type \
                     *SEND REPORTS* to send it."
                )
            }
        };
        self.tell_administrators(&format!("terlewat:{month}"), "terlewat", &text, now).map(drop)
    }

    /// Whether nothing leaves but for administrators.
    pub(super) fn is_dry_run(&self) -> bool {
        self.config.transport().dry_run
    }

    /// The key of what the schedule puts into the outbox. A dry run has keys of its own: what it only seemed to send goes
    /// out once it is over.
    pub(super) fn key(&self, key: &str) -> String {
        if self.is_dry_run() { format!("uji:{key}") } else { key.to_owned() }
    }

    /// What an administrator would be answered; `None` without administrators.
    pub(super) fn administrators_word(&self, word: &str, now: Timestamp) -> Result<Option<String>> {
        let Some(first) = self.analytics.settings().organisation.administrators.first() else { return Ok(None) };
        let answer = self.analytics.reply(first, word, self.today(now), Session::default())?;
        match answer.error {
            Some(error) => Err(error),
            None => Ok(answer.reply),
        }
    }

    /// One message to each administrator, once for its key.
    /// Whether it was new.
    pub(super) fn tell_administrators(&self, key: &str, kind: &str, text: &str, now: Timestamp) -> Result<bool> {
        self.tell_with_picture(key, kind, text, None, now)
    }

    /// The same under a picture, which was put in for `batch`.
    fn tell_with_picture(
        &self,
        key: &str,
        kind: &str,
        text: &str,
        batch: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        let numbers = command::administrators(&self.analytics.settings().organisation)?;
        let mut drafts = numbers.into_iter().map(|number| {
            // Not the place in the list, which changes when somebody joins.
            let key = format!("{}:{}", self.key(key), self.register.mark(&number));
            let mut draft = Draft::single(key, self.lane(), Priority::Alert, kind, number, text);
            draft.batch = batch.map(ToOwned::to_owned);
            draft.picture = batch.is_some();
            draft.expires = now.checked_add((TOLD_DAYS * 24).hours()).ok();
            draft
        });
        let put = self.outbox.put(&mut drafts, now)?;
        if put.added > 0 {
            tracing::info!(kind, added = put.added, "administrators are told");
            self.owed.notify_one();
        }
        Ok(put.added > 0)
    }
}
