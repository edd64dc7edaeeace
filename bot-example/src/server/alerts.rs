//! What administrators are told of without asking, once each.

use super::House;
use dermawan::insight::AnomalyList;
use dermawan::message::{Message, month_long, rupiah};
use dermawan::register::ErasureState;
use dermawan::{ErrorKind, Language, Result};
use jiff::Timestamp;

/// A wish to be erased is told of again every day once it has waited so long, in hours: the law gives three days.
const ERASURE_HOURS: i64 = 48;
/// Unusual transactions told of in a day, the strangest first: the rest is told of on the days after.
const MOST_ENTRIES: usize = 3;

impl House {
    /// Wishes to be erased that wait, anomalies and shortfalls that were not told of yet.
    pub(super) fn alerts(&self, now: Timestamp) -> Result<()> {
        self.erasures_that_wait(now)?;
        let today = self.today(now);
        if let Some(day) = self.analytics.stale_since(today)? {
            tracing::warn!(%day, "the facts are old: nothing is alerted of");
            return Ok(());
        }
        for (category, line) in self.analytics.expense_findings(today)? {
            let key = format!("anomali:{category}:{}", line.month);
            self.tell_of(&AnomalyList { categories: vec![line], ..AnomalyList::default() }, &key, now)?;
        }
        let mut told = 0;
        for (entry, line) in self.analytics.entry_findings(today)? {
            if told == MOST_ENTRIES {
                break;
            }
            let key = format!("anomali:transaksi:{entry}");
            told +=
                usize::from(self.tell_of(&AnomalyList { entries: vec![line], ..AnomalyList::default() }, &key, now)?);
        }
        self.strange_income(now)?;
        self.shortfall(now)
    }

    /// Whether it was new.
    fn tell_of(&self, list: &AnomalyList, key: &str, now: Timestamp) -> Result<bool> {
        let text = self.analytics.templates().render(&Message::Anomalies(list))?;
        self.tell_administrators(key, "anomali", &text, now)
    }

    fn strange_income(&self, now: Timestamp) -> Result<()> {
        let language = self.analytics.settings().organisation.language;
        for found in self.analytics.income_anomalies(self.today(now))?.anomalies {
            let (heading, why) = match language {
                Language::Id => ("ANOMALI PEMASUKAN", &found.why.id),
                Language::En => ("UNUSUAL INCOME", &found.why.en),
            };
            let month = month_long(found.month, language);
            let text = format!("🔍 *{heading}*\n\n{month}: {}\n{why}", rupiah(found.amount));
            self.tell_administrators(&format!("anomali:pemasukan:{}", found.month), "anomali", &text, now)?;
        }
        Ok(())
    }

    /// The first month whose chance of a shortfall is above the limit: the one that the page and the replies name.
    fn shortfall(&self, now: Timestamp) -> Result<()> {
        let at_risk = match self.analytics.cash_flow_chances(self.today(now)) {
            Ok(flow) => flow.first_month_at_risk,
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory => None,
            Err(error) => return Err(error),
        };
        if let Some(month) = at_risk
            && let Some(text) = self.administrators_word("PREDIKSI", now)?
        {
            self.tell_administrators(&format!("kekurangan:{month}"), "kekurangan", &text, now)?;
        }
        Ok(())
    }

    fn erasures_that_wait(&self, now: Timestamp) -> Result<()> {
        for wish in self.register.erasures()? {
            let (ErasureState::Confirmed, Some(donor), Some(since)) = (wish.state(), wish.donor, wish.confirmed) else {
                continue;
            };
            let hours = now.duration_since(since).as_hours();
            if hours < ERASURE_HOURS {
                continue;
            }
            let notice = self.analytics.templates().render(&Message::ErasureNotice { erasure: wish.id, donor })?;
            let waited = match self.analytics.settings().organisation.language {
                Language::Id => format!("⏰ Sudah menunggu {} hari.", hours / 24),
                Language::En => format!("⏰ It has waited for {} days.", hours / 24),
            };
            let key = format!("hapus_menunggu:{}:{}", wish.id, self.today(now));
            self.tell_administrators(&key, "hapus", &format!("{notice}\n\n{waited}"), now)?;
        }
        Ok(())
    }
}
