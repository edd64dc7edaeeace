//! What the page needs of whoever serves it.

use super::facts::PageFacts;
use dermawan::{AcceptedMonth, CategoryId, Result, Rupiah};

/// Where the page's facts come from, and who does what its buttons ask for. Called from threads that may wait.
pub(crate) trait Desk: Send + Sync {
    /// What the page shows now; of messages that wait for a decision those after `after`.
    fn facts(&self, after: Option<u64>) -> Result<PageFacts>;

    /// A picture as SVG; `None` for a name that is not among [`PageFacts::pictures`].
    fn picture(&self, name: &str) -> Result<Option<String>>;

    /// Does what an administrator asked for.
    fn act(&self, action: &Action) -> Result<()>;
}

/// What can be asked for on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A line of the cash book is fine, or is not any more.
    Entry { id: u64, fine: bool },
    /// A month is fine, or is not any more.
    Month { month: AcceptedMonth, fine: bool },
    /// What becomes of a message in doubt.
    Message { id: u64, decision: Decision },
    /// The greetings that may go out.
    Approve(Vec<u64>),
    /// The greetings that are not wanted.
    Decline(Vec<u64>),
    /// Greetings are to be drafted for donors at risk.
    Draft,
}

/// What becomes of a message in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send it again.
    Retry,
    /// It went out.
    Sent,
    /// It is not wanted any more.
    Discard,
}

impl Action {
    /// Reads a form. `None` for one that this page has not made.
    pub(super) fn read(form: &[(String, String)]) -> Option<Self> {
        let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let id = || value("id")?.parse().ok();
        let drafts = || {
            let ids: Option<Vec<u64>> =
                form.iter().filter(|(key, _)| key == "draf").map(|(_, value)| value.parse().ok()).collect();
            ids.filter(|ids| !ids.is_empty())
        };
        let month = |fine| Some(Self::Month { month: read_month(value("id")?)?, fine });
        let message = |decision| Some(Self::Message { id: id()?, decision });
        match value("tindakan")? {
            "wajar" => Some(Self::Entry { id: id()?, fine: true }),
            "periksa" => Some(Self::Entry { id: id()?, fine: false }),
            "bulan-wajar" => month(true),
            "bulan-periksa" => month(false),
            "ulangi" => message(Decision::Retry),
            "terkirim" => message(Decision::Sent),
            "buang" => message(Decision::Discard),
            "setujui" => drafts().map(Self::Approve),
            "tolak" => drafts().map(Self::Decline),
            "susun" => Some(Self::Draft),
            _ => None,
        }
    }

    /// Its name in forms, which is also that of what is said when it is done.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Entry { fine: true, .. } => "wajar",
            Self::Entry { fine: false, .. } => "periksa",
            Self::Month { fine: true, .. } => "bulan-wajar",
            Self::Month { fine: false, .. } => "bulan-periksa",
            Self::Message { decision: Decision::Retry, .. } => "ulangi",
            Self::Message { decision: Decision::Sent, .. } => "terkirim",
            Self::Message { decision: Decision::Discard, .. } => "buang",
            Self::Approve(_) => "setujui",
            Self::Decline(_) => "tolak",
            Self::Draft => "susun",
        }
    }

    /// The part of the page that it belongs to.
    pub(super) const fn part(&self) -> &'static str {
        match self {
            Self::Entry { .. } | Self::Month { .. } => "kejanggalan",
            Self::Message { .. } => "pengiriman",
            Self::Approve(_) | Self::Decline(_) | Self::Draft => "sapaan",
        }
    }
}

/// A month as forms carry it: category, month and sum in sen, such as `2:2025-12:2904100000`; without a category that of
/// all donations.
pub(super) fn month_id(month: &AcceptedMonth) -> String {
    let category = month.category.map(|category| category.to_string()).unwrap_or_default();
    format!("{category}:{}:{}", month.month, month.amount.sen())
}

fn read_month(id: &str) -> Option<AcceptedMonth> {
    let mut parts = id.split(':');
    let (category, month, sen) = (parts.next()?, parts.next()?, parts.next()?);
    let category = if category.is_empty() { None } else { Some(CategoryId(category.parse().ok()?)) };
    let month = AcceptedMonth { category, month: month.parse().ok()?, amount: Rupiah::from_sen(sen.parse().ok()?) };
    parts.next().is_none().then_some(month)
}

/// What is said of an action that was done, by its name. Only these texts are ever said: one from the address would let
/// others write on the page.
pub(super) fn said(name: &str) -> Option<&'static str> {
    Some(match name {
        "wajar" => "Transaksi ditandai wajar.",
        "periksa" => "Tanda wajar dibatalkan.",
        "bulan-wajar" => "Bulan ditandai wajar.",
        "bulan-periksa" => "Tanda wajar bulan dibatalkan.",
        "ulangi" => "Pesan akan dikirim lagi.",
        "terkirim" => "Pesan ditandai terkirim.",
        "buang" => "Pesan dibuang.",
        "setujui" => "Sapaan disetujui dan akan dikirim.",
        "tolak" => "Sapaan tidak akan dikirim.",
        "susun" => "Sapaan disusun untuk donatur berisiko yang dapat dihubungi.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &[(&str, &str)]) -> Option<Action> {
        let form: Vec<_> = form.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Action::read(&form)
    }

    #[test]
    fn forms_become_actions() {
        assert_eq!(read(&[("tindakan", "wajar"), ("id", "7")]), Some(Action::Entry { id: 7, fine: true }));
        let retry = Action::Message { id: 9, decision: Decision::Retry };
        assert_eq!(read(&[("id", "9"), ("tindakan", "ulangi")]), Some(retry));
        let two = [("draf", "1"), ("tindakan", "setujui"), ("draf", "2")];
        assert_eq!(read(&two), Some(Action::Approve(vec![1, 2])));
        for name in ["wajar", "periksa", "ulangi", "terkirim", "buang", "setujui", "tolak", "susun"] {
            let action = read(&[("tindakan", name), ("id", "1"), ("draf", "1")]).unwrap();
            assert_eq!(action.name(), name);
            assert!(said(name).is_some() && !action.part().is_empty());
        }
        let month = AcceptedMonth {
            category: Some(CategoryId(2)),
            month: "2025-12".parse().unwrap(),
            amount: Rupiah::from_sen(2_904_100_000),
        };
        for month in [month, AcceptedMonth { category: None, ..month }] {
            for (name, fine) in [("bulan-wajar", true), ("bulan-periksa", false)] {
                let action = read(&[("tindakan", name), ("id", &month_id(&month))]).unwrap();
                assert_eq!((action.name(), &action), (name, &Action::Month { month, fine }));
                assert!(said(name).is_some() && action.part() == "kejanggalan");
            }
        }
        for id in ["2:2025-13:1", "x:2025-12:1", "2:2025-12:", "2:2025-12:1:1", "7", ""] {
            assert_eq!(read(&[("tindakan", "bulan-wajar"), ("id", id)]), None, "{id}");
        }
        assert_eq!(said("<b>"), None);
        for wrong in [
            &[("tindakan", "wajar")][..],
            &[("tindakan", "wajar"), ("id", "-7")],
            &[("tindakan", "hapus"), ("id", "7")],
            &[("tindakan", "setujui")],
            &[("tindakan", "setujui"), ("draf", "1"), ("draf", "x")],
            &[("id", "7")],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
