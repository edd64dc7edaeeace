//! The few words that depend on a value and not on a template.

use super::date::date;
use super::rupiah::number;
use crate::insight::{RiskLevel, RiskReason};
use crate::model::{Language, Table};

/// A level of risk in a word.
pub const fn level(level: RiskLevel, language: Language) -> &'static str {
    match (level, language) {
        (RiskLevel::Low, Language::Id) => "rendah",
        (RiskLevel::Medium, Language::Id) => "sedang",
        (RiskLevel::High, Language::Id) => "tinggi",
        (RiskLevel::Low, Language::En) => "low",
        (RiskLevel::Medium, Language::En) => "medium",
        (RiskLevel::High, Language::En) => "high",
    }
}

/// A reason of a risk in words, with its figure.
pub fn reason(reason: RiskReason, language: Language) -> String {
    match (reason, language) {
        (RiskReason::DaysSinceLast(days), Language::Id) => {
            format!("{} hari tanpa donasi", number(days.into(), language))
        }
        (RiskReason::DaysSinceLast(days), Language::En) => format!("{} without a gift", plural(days.into(), "day")),
        (RiskReason::GiftsEver(gifts), Language::Id) => format!("baru {gifts} kali berdonasi"),
        (RiskReason::GiftsEver(gifts), Language::En) => format!("{} so far", plural(gifts.into(), "gift")),
        (RiskReason::RecentGifts { gifts: 0, months }, Language::Id) => {
            format!("tidak ada donasi dalam {months} bulan terakhir")
        }
        (RiskReason::RecentGifts { gifts: 0, months }, Language::En) => {
            format!("no gift in the last {}", plural(months.into(), "month"))
        }
        (RiskReason::RecentGifts { gifts, months }, Language::Id) => {
            format!("{gifts} donasi dalam {months} bulan terakhir")
        }
        (RiskReason::RecentGifts { gifts, months }, Language::En) => {
            format!("{} in the last {}", plural(gifts.into(), "gift"), plural(months.into(), "month"))
        }
        (RiskReason::UsualDays(days), Language::Id) => {
            format!("biasanya berdonasi setiap {} hari", number(days.into(), language))
        }
        (RiskReason::UsualDays(days), Language::En) => {
            format!("usually gives every {}", plural(days.into(), "day"))
        }
        (RiskReason::SingleGift, Language::Id) => "baru sekali berdonasi".into(),
        (RiskReason::SingleGift, Language::En) => "one gift so far".into(),
        (RiskReason::Ramadans { gave, missed, next }, Language::Id) => {
            let next = next.map_or_else(String::new, |day| format!(", diharapkan lagi mulai {}", date(day, language)));
            format!("donatur Ramadan: {gave} kali, {missed} terlewat{next}")
        }
        (RiskReason::Ramadans { gave, missed, next }, Language::En) => {
            let next = next.map_or_else(String::new, |day| format!(", expected again from {}", date(day, language)));
            format!("gives in Ramadan: {gave} so far, {missed} missed since{next}")
        }
    }
}

/// English counts.
fn plural(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(count, Language::En), if count == 1 { "" } else { "s" })
}

/// A table as people call it.
pub const fn table(table: Table, language: Language) -> &'static str {
    match (table, language) {
        (Table::Categories, Language::Id) => "Kategori",
        (Table::Accounts, Language::Id) => "Kas",
        (Table::Donors, Language::Id) => "Donatur",
        (Table::Children, Language::Id) => "Anak asuh",
        (Table::Contacts, Language::Id) => "Nomor WhatsApp",
        (Table::Donations, Language::Id) => "Donasi",
        (Table::CashEntries, Language::Id) => "Transaksi kas",
        (Table::Categories, Language::En) => "Categories",
        (Table::Accounts, Language::En) => "Cash accounts",
        (Table::Donors, Language::En) => "Donors",
        (Table::Children, Language::En) => "Children",
        (Table::Contacts, Language::En) => "WhatsApp numbers",
        (Table::Donations, Language::En) => "Donations",
        (Table::CashEntries, Language::En) => "Cash entries",
    }
}

/// What a donor without a usable name is called.
pub(super) const fn donor(language: Language) -> &'static str {
    match language {
        Language::Id => "Donatur",
        Language::En => "Donor",
    }
}

/// What a category without a usable name is called.
pub(super) const fn category(language: Language) -> &'static str {
    match language {
        Language::Id => "Lainnya",
        Language::En => "Other",
    }
}
