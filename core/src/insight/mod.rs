//! What it means: findings become the few facts that a donor or an administrator reads.
//!
//! Every function here is a pure function of values that `store` summed or an analysis found; none reads a clock, and
//! none chooses words (that is `message`'s question). Dates and months come in as arguments.
//!
//! The list types ([`RiskList`], [`AnomalyList`], [`Outlook`], [`Status`]) are what the bot and the brief need of the
//! analyses, no more: `analytics` converts the analyses' own results into them.

mod anomalies;
mod brief;
mod donor_info;
mod impact;
mod monthly_report;
mod outlook;
mod risk;
mod status;

pub use anomalies::{Anomaly, AnomalyDirection, AnomalyList, NewLevel, Severity, UnusualEntry};
pub use brief::{Brief, BriefFacts, MonthFigures, brief};
pub use donor_info::{DonorInfo, donor_info, months_active};
pub use impact::{Impact, impact};
pub use monthly_report::{CategoryAmount, MonthlyReport, monthly_report};
pub use outlook::{Outlook, OutlookMonth, RamadanEffect, ShortfallRisk};
pub use risk::{DonorAtRisk, RiskLevel, RiskList, RiskReason};
pub use status::{Status, TableRows};
