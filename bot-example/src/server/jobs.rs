//! What the schedule does. Everything that goes out has a key, so that a job which is begun again sends nothing twice.

use super::House;
use crate::command;
use dermawan::bot::Session;
use dermawan::etl::{self, Mode, Report};
use dermawan::insight::{AnomalyList, MonthlyReport};
use dermawan::message::Message;
use dermawan::outbox::{Draft, Priority, Retention};
use dermawan::register::CareState;
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
    /// gets one.
    pub(super) fn report(&self, period: &str, now: Timestamp) -> Result<()> {
        let month = self.month_to_report(now)?;
        let report = self.analytics.monthly_report(month)?;
        if self.plan.report_test {
            let text = self.analytics.templates().render(&Message::MonthlyReport { name: None, report: &report })?;
            let batch = format!("laporan-uji:{month}");
            let batch = self.put_picture(&batch, month, now)?.then_some(batch);
            let key = format!("laporan-uji:{period}");
            return self.tell_with_picture(&key, "laporan-uji", &text, batch.as_deref(), now);
        }
        self.batch(month, &report, now)
    }

    /// The reports of the last whole month, now: an administrator's word. Who has one already gets no second.
    pub(super) fn report_now(&self, now: Timestamp) -> Result<()> {
        let month = match self.month_to_report(now) {
            Ok(month) => month,
            // The word is not carried out later by itself: whoever gave it is told, and may give it again.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::error!(code = error.code(), "an ordered report cannot be made: {error}");
                return self.tell_of_old_facts(now);
            }
            Err(error) => return Err(error),
        };
        self.batch(month, &self.analytics.monthly_report(month)?, now)
    }

    /// The last whole month, if the facts reach beyond its end; `not_found` otherwise: what is not known is not reported.
    fn month_to_report(&self, now: Timestamp) -> Result<Month> {
        let month = Month::of(self.today(now)) - 1;
        let known = self.analytics.state()?.map(|state| state.as_of);
        if known.is_none_or(|as_of| as_of <= month.last_day()) {
            return Err(Error::new(ErrorKind::NotFound, "the facts end before the month that is to be reported of")
                .context("month", month)
                .hint("load them; the report is tried again"));
        }
        Ok(month)
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
        self.tell_administrators(&format!("data-lama:{}", now.as_second()), "data-lama", &text, now)
    }

    /// That a job was tried for the last time and failed.
    pub(super) fn tell_of_failed_job(&self, job: &str, period: &str, now: Timestamp) -> Result<()> {
        let text = match self.analytics.settings().organisation.language {
            dermawan::Language::Id => format!(
                "⚠️ Pekerjaan \"{job}\" untuk {period} gagal dan tidak dicoba lagi. Lihat catatan program untuk sebabnya."
            ),
            dermawan::Language::En => {
                format!("⚠️ The job \"{job}\" of {period} failed and is not tried again. The program's log says why.")
            }
        };
        self.tell_administrators(&format!("gagal:{job}:{period}"), "gagal", &text, now)
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

    /// Thanks for gifts that nobody was thanked for. The note comes behind the outbox: cut off between, the same key is put
    /// again and is there already.
    pub(super) fn thanks(&self, now: Timestamp) -> Result<()> {
        let owed = self.analytics.thanks_owed(&*self.register, self.today(now))?;
        for thanks in &owed {
            let mut draft = thanks.message.clone().draft(self.lane(), Priority::Thanks, "terima_kasih");
            draft.key = self.key(&draft.key);
            draft.donor = Some(thanks.donor);
            self.outbox.put(&mut std::iter::once(draft), now)?;
            // Nobody was thanked in a dry run: it is owed still.
            if !self.is_dry_run() {
                self.analytics.note_thanks(&*self.register, thanks, now)?;
            }
        }
        if !owed.is_empty() {
            tracing::info!(count = owed.len(), "thanks are queued");
            self.owed.notify_one();
        }
        Ok(())
    }

    /// Greetings that an administrator approved.
    pub(super) fn greetings(&self, now: Timestamp) -> Result<()> {
        let owed = self.analytics.greetings_owed(&*self.register, self.today(now))?;
        let mut added = 0;
        for (greeting, message) in &owed {
            let mut draft = message.clone().draft(self.lane(), Priority::Care, "salam");
            draft.key = self.key(&draft.key);
            draft.donor = Some(greeting.donor);
            added += self.outbox.put(&mut std::iter::once(draft), now)?.added;
            if !self.is_dry_run() {
                self.register.settle(&[greeting.id], CareState::Sent, now)?;
            }
        }
        if added > 0 {
            tracing::info!(count = added, "greetings are queued");
            self.owed.notify_one();
        }
        Ok(())
    }

    /// Drafts for donors at risk, and a word to the administrators that they wait. Nothing goes out to a donor here.
    pub(super) fn draft_greetings(&self, period: &str, now: Timestamp) -> Result<()> {
        let most = usize::from(self.plan.greetings_most);
        let list = self.analytics.draft_greetings_up_to(&*self.register, self.today(now), now, most)?;
        tracing::info!(waiting = list.total, "greetings wait for a decision");
        if list.total == 0 {
            return Ok(());
        }
        let text = self.analytics.templates().render(&Message::Greetings(&list))?;
        self.tell_administrators(&format!("sapaan:{period}"), "sapaan", &text, now)
    }

    /// The brief, as the administrators' own word gives it.
    pub(super) fn brief(&self, period: &str, now: Timestamp) -> Result<()> {
        let Some(text) = self.administrators_word("RINGKASAN", now)? else { return Ok(()) };
        self.tell_administrators(&format!("ringkasan:{period}"), "ringkasan", &text, now)
    }

    /// Anomalies and shortfalls that were not told of yet.
    pub(super) fn alerts(&self, now: Timestamp) -> Result<()> {
        let today = self.today(now);
        if let Some(day) = self.analytics.stale_since(today)? {
            tracing::warn!(%day, "the facts are old: nothing is alerted of");
            return Ok(());
        }
        for (category, line) in self.analytics.expense_findings(today)? {
            let month = line.month;
            let list = AnomalyList { categories: vec![line], ..AnomalyList::default() };
            let text = self.analytics.templates().render(&Message::Anomalies(&list))?;
            let key = format!("anomali:{category}:{month}");
            self.tell_administrators(&key, "anomali", &text, now)?;
        }
        let ahead = match self.analytics.cash_flow(today) {
            Ok(ahead) => ahead,
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory => return Ok(()),
            Err(error) => return Err(error),
        };
        let short = ahead.iter().find(|month| month.predicted_balance < dermawan::Rupiah::ZERO);
        if let Some(month) = short
            && let Some(text) = self.administrators_word("PREDIKSI", now)?
        {
            self.tell_administrators(&format!("kekurangan:{}", month.month), "kekurangan", &text, now)?;
        }
        Ok(())
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

    /// A report whose day passed while the program was down: it is not sent late, and somebody should know.
    pub(super) fn tell_of_missed_report(&self, month: Month, now: Timestamp) -> Result<()> {
        let language = self.analytics.settings().organisation.language;
        let name = dermawan::message::month_long(month, language);
        let text = match language {
            dermawan::Language::Id => format!(
                "⚠️ Laporan bulan {name} belum terkirim karena program tidak berjalan pada harinya. Laporan tidak dikirim \
                 terlambat secara otomatis."
            ),
            dermawan::Language::En => format!(
                "⚠️ The report of {name} was not sent, because the program was not running on its day. It is not sent late \
                 by itself."
            ),
        };
        self.tell_administrators(&format!("terlewat:{month}"), "terlewat", &text, now)
    }

    /// Whether nothing leaves but for administrators.
    fn is_dry_run(&self) -> bool {
        self.config.transport().dry_run
    }

    /// The key of what the schedule puts into the outbox. A dry run has keys of its own: what it only seemed to send goes
    /// out once it is over.
    fn key(&self, key: &str) -> String {
        if self.is_dry_run() { format!("uji:{key}") } else { key.to_owned() }
    }

    /// What an administrator would be answered; `None` without administrators.
    fn administrators_word(&self, word: &str, now: Timestamp) -> Result<Option<String>> {
        let Some(first) = self.analytics.settings().organisation.administrators.first() else { return Ok(None) };
        let answer = self.analytics.reply(first, word, self.today(now), Session::default())?;
        match answer.error {
            Some(error) => Err(error),
            None => Ok(answer.reply),
        }
    }

    /// One message to each administrator, once for its key.
    fn tell_administrators(&self, key: &str, kind: &str, text: &str, now: Timestamp) -> Result<()> {
        self.tell_with_picture(key, kind, text, None, now)
    }

    /// The same under a picture, which was put in for `batch`.
    fn tell_with_picture(&self, key: &str, kind: &str, text: &str, batch: Option<&str>, now: Timestamp) -> Result<()> {
        let numbers = command::administrators(&self.analytics.settings().organisation)?;
        let mut drafts = numbers.into_iter().map(|number| {
            // Not the place in the list, which changes when somebody joins.
            let key = format!("{}:{}", self.key(key), self.register.mark(&number));
            let mut draft = Draft::single(key, self.lane(), Priority::Alert, kind, number, text);
            draft.batch = batch.map(ToOwned::to_owned);
            draft.picture = batch.is_some();
            draft
        });
        let put = self.outbox.put(&mut drafts, now)?;
        if put.added > 0 {
            tracing::info!(kind, added = put.added, "administrators are told");
            self.owed.notify_one();
        }
        Ok(())
    }
}
