//! What is said about a line.

use super::{Benford, Gap, RoundAmounts};
use crate::anomaly::{TooLittleHistory, Why};
use crate::model::{CategoryId, EntryId, Rupiah};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a line is worth a look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// The amount is far from those of its category.
    Outlier {
        /// The category's median.
        usual: Rupiah,
        /// Robust standard deviations of the logarithm away from it.
        deviation: f64,
    },
    /// The same amount a few days apart, with a text that says the same: in the same category, or with a text that leaves
    /// no doubt in another one, or with an amount that differs by a rupiah at most.
    Duplicate {
        /// The earlier line.
        of: EntryId,
        /// Days between them.
        days: u32,
        /// How alike the texts are, 0 to 1.
        similarity: f64,
    },
    /// One of several payments below a limit that together reach it: of one category and just under it, or smaller ones
    /// and of several categories whose texts say the same.
    Split {
        /// The limit.
        limit: Rupiah,
        /// All of the payments.
        entries: Vec<EntryId>,
        /// Their sum.
        total: Rupiah,
    },
    /// Dated on a weekend, where the category hardly ever is.
    Weekend {
        /// The share of the category's lines that are.
        share: f64,
    },
    /// Typed in long after its date.
    Backdated {
        /// Days after.
        days: u32,
    },
    /// Typed in before its date.
    Predated {
        /// Days before.
        days: u32,
    },
    /// An expense of nothing, or of less than nothing.
    NotPositive,
}

impl Evidence {
    /// The kind's name, as in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Outlier { .. } => "outlier",
            Self::Duplicate { .. } => "duplicate",
            Self::Split { .. } => "split",
            Self::Weekend { .. } => "weekend",
            Self::Backdated { .. } => "backdated",
            Self::Predated { .. } => "predated",
            Self::NotPositive => "not_positive",
        }
    }

    pub(super) fn why(&self, amount: Rupiah) -> Why {
        let (id, en) = match self {
            Self::Outlier { usual, .. } => {
                let times = amount.to_f64() / usual.to_f64();
                if times >= 1.0 {
                    (
                        format!("Jumlahnya {} kali yang biasa dalam kategorinya.", comma(times)),
                        format!("The amount is {times:.1} times what is usual in its category."),
                    )
                } else {
                    (
                        format!("Jumlahnya hanya 1/{} dari yang biasa dalam kategorinya.", comma(1.0 / times)),
                        format!("The amount is only 1/{:.1} of what is usual in its category.", 1.0 / times),
                    )
                }
            }
            Self::Duplicate { of, days, .. } => (
                format!("Jumlah dan keterangan sama seperti transaksi {of}, berselang {days} hari."),
                format!("Amount and text are like those of entry {of}, {days} days apart."),
            ),
            Self::Split { entries, .. } => (
                format!(
                    "Salah satu dari {} pembayaran di bawah batas persetujuan yang bersama-sama mencapainya.",
                    entries.len()
                ),
                format!("One of {} payments below an approval limit that together reach it.", entries.len()),
            ),
            Self::Weekend { .. } => (
                "Bertanggal akhir pekan, yang jarang terjadi dalam kategorinya.".into(),
                "Dated on a weekend, which is rare in its category.".into(),
            ),
            Self::Backdated { days } => {
                (format!("Dicatat {days} hari setelah tanggalnya."), format!("Typed in {days} days after its date."))
            }
            Self::Predated { days } => {
                (format!("Dicatat {days} hari sebelum tanggalnya."), format!("Typed in {days} days before its date."))
            }
            Self::NotPositive => ("Pengeluaran nol atau negatif.".into(), "An expense of zero or below zero.".into()),
        };
        Why { id, en }
    }
}

fn comma(number: f64) -> String {
    format!("{number:.1}").replace('.', ",")
}

/// A line that is worth a look, for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The line.
    pub entry: EntryId,
    /// Its category.
    pub category: CategoryId,
    /// Its date.
    pub date: Date,
    /// Its amount.
    pub amount: Rupiah,
    /// How much it is worth one, 0 to 1.
    pub score: f64,
    /// What speaks for it.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// The same in a sentence.
    pub why: Why,
}

/// A line with all that was found about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The line.
    pub entry: EntryId,
    /// Scores s₁, s₂, … together: 1 − (1 − s₁)(1 − s₂)….
    pub score: f64,
    /// The kinds of its findings.
    pub kinds: Vec<String>,
}

/// What a screening found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Screening {
    /// How many expenses were looked at.
    pub tested: usize,
    /// Lines in the order in which to look at them.
    pub suspects: Vec<Suspect>,
    /// The findings, highest score first.
    pub findings: Vec<Finding>,
    /// How many findings there were of each kind, those not kept included.
    pub counts: BTreeMap<String, usize>,
    /// Categories with too few lines to know what is usual, ascending.
    pub too_little_history: Vec<TooLittleHistory>,
    /// For an audit: round amounts by category.
    pub round_amounts: Vec<RoundAmounts>,
    /// For an audit: first digits by category.
    pub benford: Vec<(CategoryId, Benford)>,
    /// What was not looked for, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Why>,
    /// Numbers that are missing between the lines' numbers: deleted lines, the widest first.
    pub gaps: Vec<Gap>,
}

pub(super) fn rank(findings: &mut [Finding]) {
    findings.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.date.cmp(&a.date)).then(a.entry.cmp(&b.entry)));
}

pub(super) fn suspects(findings: &[Finding]) -> Vec<Suspect> {
    let mut lines = BTreeMap::<EntryId, (f64, Vec<String>)>::new();
    for finding in findings {
        let (left, kinds) = lines.entry(finding.entry).or_insert((1.0, Vec::new()));
        *left *= 1.0 - finding.score;
        let kind = finding.evidence.name();
        if !kinds.iter().any(|known| known == kind) {
            kinds.push(kind.to_owned());
        }
    }
    let mut suspects: Vec<Suspect> =
        lines.into_iter().map(|(entry, (left, kinds))| Suspect { entry, score: 1.0 - left, kinds }).collect();
    suspects.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry)));
    suspects
}
