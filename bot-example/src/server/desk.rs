//! The administrators' page on the server: the outbox and the greetings behind its buttons.

use super::House;
use crate::page::{Decision, Delivery, Doubtful, Draft, Workbench};
use dermawan::insight::CareOutcome;
use dermawan::message::{Message, clean_or, date, number};
use dermawan::outbox::{self, Cause, Entry, Filter, HaltKind, MessageId, Stage};
use dermawan::register::{CareState, ErasureState};
use dermawan::{DonorId, Error, ErrorKind, Result};
use std::sync::Arc;

/// The most messages that are listed for a decision on one page.
const MOST_LISTED: u32 = 50;
/// The longest name that is shown.
const LONGEST_NAME: usize = 60;

/// The page's workbench over the server's outbox and register.
pub(super) struct ServerWorkbench(Arc<House>);

impl ServerWorkbench {
    pub(super) fn new(house: &Arc<House>) -> Self {
        Self(Arc::clone(house))
    }

    fn doubtful(&self, entry: &Entry) -> Doubtful {
        let language = self.0.analytics.settings().organisation.language;
        let since = self.0.zone.to_datetime(entry.changed);
        Doubtful {
            id: entry.id.0,
            kind: kind_name(&entry.kind).to_owned(),
            to: entry.to.as_ref().map_or_else(|| "(dihapus)".to_owned(), ToString::to_string),
            unknown: entry.stage == Stage::Unknown,
            reason: entry.cause.map_or("tanpa keterangan", cause_name).to_owned(),
            since: format!("{} {:02}:{:02}", date(since.date(), language), since.hour(), since.minute()),
        }
    }
}

/// Why a message is listed, in an administrator's words; the gateway's own are shown by the command line.
const fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::OptedOut => "penerima tidak mau dikirimi pesan lagi",
        Cause::Erased => "data penerima sudah dihapus",
        Cause::Expired => "sudah terlambat untuk dikirim",
        Cause::Recipient => "nomor ini tidak dapat dikirimi pesan",
        Cause::Content => "gateway tidak menerima isi pesan ini",
        Cause::Exhausted => "sudah dicoba berkali-kali dan selalu gagal",
        Cause::Discarded => "dibatalkan oleh pengurus",
        Cause::NotSent => "menurut pengurus tidak terkirim",
        Cause::Interrupted => "program berhenti saat pesan sedang dikirim",
        Cause::Unclear => "jawaban gateway tidak sampai atau tidak jelas",
        Cause::Refused => "gateway belum dapat menerimanya",
        Cause::Halted => "pengiriman terhenti saat pesan sedang dikirim",
        Cause::Retried => "dikirim ulang oleh pengurus",
        Cause::Undelivered => "sudah diterima gateway, tetapi tidak sampai",
    }
}

/// What a sort of messages is called.
fn kind_name(kind: &str) -> &str {
    match kind {
        "reply" => "Balasan",
        "laporan" => "Laporan bulanan",
        "laporan-uji" => "Laporan uji coba",
        "terima_kasih" => "Terima kasih",
        "salam" => "Sapaan",
        "ringkasan" => "Ringkasan",
        "anomali" => "Kejanggalan",
        "kekurangan" => "Kekurangan kas",
        "sapaan" => "Daftar sapaan",
        other => other,
    }
}

/// Why a lane waits.
const fn halt_name(kind: HaltKind) -> &'static str {
    match kind {
        HaltKind::Device => "perangkat WhatsApp terputus",
        HaltKind::Quota => "kuota gateway habis",
        HaltKind::Spam => "gateway meminta pengiriman diperlambat",
        HaltKind::Stop => "pengaturan gateway salah",
        HaltKind::Gateway => "gateway berkali-kali gagal; dicoba lagi sendiri",
        HaltKind::Command => "dihentikan oleh pengurus",
    }
}

impl Workbench for ServerWorkbench {
    fn delivery(&self, after: Option<u64>) -> Result<Option<Delivery>> {
        let house = &self.0;
        let language = house.analytics.settings().organisation.language;
        let counts = house.outbox.counts(None)?;
        let stages = [
            ("Menunggu", counts.queued + counts.leased),
            ("Sedang dikirim", counts.sending),
            ("Diterima gateway", counts.accepted),
            ("Sampai", counts.delivered),
            ("Belum pasti", counts.unknown),
            ("Tidak terkirim", counts.dead),
        ];
        let mut warnings = Vec::new();
        for lane in house.outbox.lanes()? {
            if let Some(halt) = &lane.halt {
                let kind = halt_name(halt.kind);
                warnings.push(format!("Pengiriman lewat {} berhenti: {kind} ({}).", lane.name, halt.reason));
            }
            if lane.name != house.lane() && lane.counts.queued > 0 {
                warnings.push(format!(
                    "{} pesan menunggu di jalur {}, yang tidak dilayani lagi. Pindahkan dengan perintah: dermawan-bot \
                     outbox move --from {} --to {}",
                    number(lane.counts.queued, language),
                    lane.name,
                    lane.name,
                    house.lane()
                ));
            }
        }
        for wish in house.register.erasures()? {
            if let (ErasureState::Confirmed, Some(since)) = (wish.state(), wish.confirmed) {
                let day = date(house.zone.to_datetime(since).date(), language);
                warnings.push(format!(
                    "Permintaan hapus data nomor {} menunggu sejak {day}. Hapus identitas donatur di aplikasi, lalu \
                     selesaikan dengan perintah: dermawan-bot register erase {}",
                    wish.id, wish.id
                ));
            }
        }
        // One more than is shown says whether there is another page.
        let page = Filter { after: after.map(MessageId), limit: MOST_LISTED + 1, ..Filter::undecided() };
        let mut doubtful = house.outbox.list(&page)?;
        let more = doubtful.len() > MOST_LISTED as usize;
        doubtful.truncate(MOST_LISTED as usize);
        let next = doubtful.last().filter(|_| more).map(|entry| entry.id.0);
        Ok(Some(Delivery {
            stages: stages.map(|(name, count)| (name.to_owned(), number(count, language))).to_vec(),
            warnings,
            doubtful: doubtful.iter().map(|entry| self.doubtful(entry)).collect(),
            after,
            next,
        }))
    }

    fn drafts(&self) -> Result<Option<Vec<Draft>>> {
        let analytics = &self.0.analytics;
        let greetings = self.0.register.greetings(Some(CareState::Drafted))?;
        let donors: Vec<DonorId> = greetings.iter().map(|greeting| greeting.donor).collect();
        let names = analytics.donor_names(&donors)?;
        let drafts = greetings.iter().zip(&names).map(|(greeting, name)| {
            let text = analytics.templates().render(&Message::Salam { name })?;
            Ok(Draft { id: greeting.id, name: clean_or(name, LONGEST_NAME, "Donatur"), text })
        });
        drafts.collect::<Result<_>>().map(Some)
    }

    fn outcome(&self) -> Result<Option<CareOutcome>> {
        let house = &self.0;
        house.analytics.care_outcome(&*house.register, house.today(house.now())).map(Some)
    }

    fn decide(&self, id: u64, decision: Decision) -> Result<()> {
        let decision = match decision {
            Decision::Retry => outbox::Decision::Retry,
            Decision::Sent => outbox::Decision::Sent,
            Decision::Discard => outbox::Decision::Discard,
        };
        self.0.outbox.decide(MessageId(id), decision, self.0.now())?;
        tracing::info!(message = id, decision = decision.code(), "an administrator decided on a message");
        self.0.owed.notify_one();
        Ok(())
    }

    fn greet(&self, ids: &[u64], approved: bool) -> Result<()> {
        let now = self.0.now();
        let to = if approved { CareState::Approved } else { CareState::Rejected };
        let moved = self.0.register.settle(ids, to, now)?;
        tracing::info!(count = moved.len(), state = to.name(), "an administrator decided on greetings");
        if approved {
            self.0.greetings(now)?;
        }
        if moved.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "none of these greetings waits for a decision any more"));
        }
        Ok(())
    }

    fn draft(&self) -> Result<()> {
        let now = self.0.now();
        let list = self.0.analytics.draft_greetings(&*self.0.register, self.0.today(now), now)?;
        tracing::info!(waiting = list.total, "greetings are drafted");
        Ok(())
    }
}
