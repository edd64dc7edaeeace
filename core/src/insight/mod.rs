//! What it means: findings become the few facts that a donor or an administrator reads.
//!
//! Every function here is a pure function of values that `store` summed or an analysis found; none reads a clock, and
//! none chooses words (that is `message`'s question). Dates and months come in as arguments.
//!
//! The list types ([`RiskList`], [`AnomalyList`], [`Outlook`], [`Status`]) are what the bot and the brief need of the
//! analyses, no more: `analytics` converts the analyses' own results into them.

mod anomalies;
mod brief;
mod care;
mod donor_info;
mod impact;
mod monthly_report;
mod outlook;
mod risk;
mod status;
mod stored_data;

pub use anomalies::{Anomaly, AnomalyDirection, AnomalyList, NewLevel, Severity, UnusualEntry};
pub use brief::{Brief, BriefFacts, MonthFigures, brief};
pub use care::{CareOutcome, GreetingList, Proposed, Share, Thanks, ThanksOptions, care_outcome, thanks};
pub use donor_info::{DonorInfo, donor_info, months_active};
pub use impact::{Impact, impact};
pub use monthly_report::{CategoryAmount, MonthlyReport, monthly_report};
pub use outlook::{Outlook, OutlookMonth, RamadanEffect, ShortfallRisk};
pub use risk::{DonorAtRisk, RiskLevel, RiskList, RiskReason, Stake};
pub use status::{Status, TableRows};
pub use stored_data::{ConsentNote, StoredData};
