//! The charity itself: what differs from one to the next.

use super::Rupiah;
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// The language that donors and administrators read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Indonesian.
    #[default]
    Id,
    /// English.
    En,
}

/// Where gifts may be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BankAccount {
    /// The bank's name.
    pub bank: String,
    /// The account's number; empty while the organisation has not configured one.
    pub number: String,
    /// The holder's name.
    pub holder: String,
}

impl Default for BankAccount {
    fn default() -> Self {
        Self { bank: "Bank Syariah Indonesia".into(), number: String::new(), holder: "Panti Asuhan Assholihin".into() }
    }
}

/// What one unit of help costs; the impact of a gift is counted in these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnitCosts {
    /// One meal for one child (default Rp 15.000).
    pub meal: Rupiah,
    /// One month of school for one child (default Rp 100.000).
    pub school_month: Rupiah,
    /// Health care for one child (default Rp 50.000).
    pub health: Rupiah,
}

impl Default for UnitCosts {
    fn default() -> Self {
        Self { meal: Rupiah::new(15_000), school_month: Rupiah::new(100_000), health: Rupiah::new(50_000) }
    }
}

/// The charity: name, place in time, language, costs, and who administers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organisation {
    /// The name that stands under messages.
    pub name: String,
    /// Town or address, shown with the bank account.
    pub place: String,
    /// IANA time zone in which dates are civil dates (default `Asia/Jakarta`).
    pub time_zone: String,
    /// The language of messages.
    pub language: Language,
    /// Where gifts may be sent.
    pub bank_account: BankAccount,
    /// What help costs.
    pub unit_costs: UnitCosts,
    /// WhatsApp numbers (`62812…`) that may use the administrators' words.
    pub administrators: Vec<String>,
}

impl Default for Organisation {
    fn default() -> Self {
        Self {
            name: "Panti Asuhan Assholihin".into(),
            place: "Jombang".into(),
            time_zone: "Asia/Jakarta".into(),
            language: Language::default(),
            bank_account: BankAccount::default(),
            unit_costs: UnitCosts::default(),
            administrators: Vec::new(),
        }
    }
}

impl Organisation {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |key: &'static str, why: &str| {
            Err(Error::new(ErrorKind::Configuration, format!("organisation.{key} {why}")))
        };
        if self.name.trim().is_empty() {
            return wrong("name", "is empty");
        }
        self.zone()?;
        let costs = &self.unit_costs;
        for (key, cost) in [
            ("unit_costs.meal", costs.meal),
            ("unit_costs.school_month", costs.school_month),
            ("unit_costs.health", costs.health),
        ] {
            if cost <= Rupiah::ZERO {
                return wrong(key, "must be above zero");
            }
        }
        let is_number = |n: &String| (8..=15).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
        if !self.administrators.iter().all(is_number) {
            return wrong("administrators", "must be numbers in international form without +, such as 6281234567890");
        }
        Ok(())
    }

    /// The time zone, from the database compiled in or the system's.
    pub fn zone(&self) -> Result<jiff::tz::TimeZone> {
        jiff::tz::TimeZone::get(&self.time_zone).map_err(|cause| {
            Error::new(ErrorKind::Configuration, "organisation.time_zone is not a known time zone")
                .context("time_zone", &self.time_zone)
                .hint("use an IANA name such as Asia/Jakarta, Asia/Makassar or Asia/Jayapura")
                .caused_by(cause)
        })
    }
}
