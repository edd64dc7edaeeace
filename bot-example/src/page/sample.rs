//! Made-up messages and greetings, to try the page's buttons without sending anything.

use super::analyst::Workbench;
use super::desk::Decision;
use super::facts::{Delivery, Doubtful, Draft};
use dermawan::insight::{CareOutcome, Share};
use dermawan::{Error, ErrorKind, Result};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A workbench in memory: what is decided is remembered until the program ends.
pub(crate) struct SampleWorkbench(Mutex<Bench>);

struct Bench {
    waiting: u64,
    accepted: u64,
    doubtful: Vec<Doubtful>,
    drafts: Vec<Draft>,
}

impl SampleWorkbench {
    /// Two messages in doubt, two greetings.
    pub(crate) fn new() -> Self {
        let doubtful = |id, kind: &str, to: &str, unknown, reason: &str| Doubtful {
            id,
            kind: kind.into(),
            to: to.into(),
            unknown,
            reason: reason.into(),
            since: "31 Jan 2026 08:02".into(),
        };
        let draft = |id, name: &str| Draft {
            id,
            name: name.into(),
            text: format!(
                "Assalamualaikum {name}, apa kabar? Anak-anak mengirim salam dan mendoakan kesehatan untuk keluarga.\n\
                 Terima kasih sudah menjadi bagian dari rumah kami."
            ),
        };
        Self(Mutex::new(Bench {
            waiting: 3,
            accepted: 398,
            doubtful: vec![
                doubtful(41, "Laporan bulanan", "62812•••7890", true, "sambungan putus setelah pesan dikirim"),
                doubtful(57, "Laporan bulanan", "62857•••0009", false, "nomor tidak terdaftar di WhatsApp"),
            ],
            drafts: vec![draft(1, "Bu Siti"), draft(2, "Pak Hasan")],
        }))
    }

    fn bench(&self) -> MutexGuard<'_, Bench> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gone(what: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no such {what}"))
}

impl Workbench for SampleWorkbench {
    fn delivery(&self, after: Option<u64>) -> Result<Option<Delivery>> {
        let bench = self.bench();
        let unknown = bench.doubtful.iter().filter(|message| message.unknown).count();
        let stages = [
            ("Menunggu", bench.waiting),
            ("Diterima gateway", bench.accepted),
            ("Belum pasti", unknown as u64),
            ("Gagal", (bench.doubtful.len() - unknown) as u64),
        ];
        Ok(Some(Delivery {
            stages: stages.map(|(name, count)| (name.to_owned(), count.to_string())).to_vec(),
            warnings: Vec::new(),
            doubtful: bench
                .doubtful
                .iter()
                .filter(|message| after.is_none_or(|after| message.id > after))
                .cloned()
                .collect(),
            after,
            next: None,
        }))
    }

    fn drafts(&self) -> Result<Option<Vec<Draft>>> {
        Ok(Some(self.bench().drafts.clone()))
    }

    fn outcome(&self) -> Result<Option<CareOutcome>> {
        let (greeted, not_greeted) = (Share::of(9, 24), Share::of(4, 21));
        Ok(Some(CareOutcome { greeted, not_greeted, waiting: self.bench().drafts.len() as u64, days: 60 }))
    }

    fn decide(&self, id: u64, decision: Decision) -> Result<()> {
        let mut bench = self.bench();
        let place = bench.doubtful.iter().position(|message| message.id == id).ok_or_else(|| gone("message"))?;
        bench.doubtful.remove(place);
        match decision {
            Decision::Retry => bench.waiting += 1,
            Decision::Sent => bench.accepted += 1,
            Decision::Discard => {}
        }
        Ok(())
    }

    fn greet(&self, ids: &[u64], approved: bool) -> Result<()> {
        let mut bench = self.bench();
        if !ids.iter().all(|id| bench.drafts.iter().any(|draft| draft.id == *id)) {
            return Err(gone("greeting"));
        }
        let before = bench.drafts.len();
        bench.drafts.retain(|draft| !ids.contains(&draft.id));
        if approved {
            bench.waiting += (before - bench.drafts.len()) as u64;
        }
        Ok(())
    }

    /// All made-up donors at risk have a draft from the beginning.
    fn draft(&self) -> Result<()> {
        Ok(())
    }
}
