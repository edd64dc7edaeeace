//! What the bot may ask.

use super::anomaly::screen_in;
use super::{Analytics, Settings, monthly_report};
use crate::anomaly::ScreenOptions;
use crate::bot::Facts;
use crate::churn::Scores;
use crate::error::{ErrorKind, Result};
use crate::insight::{
    self, AnomalyDirection, AnomalyList, Brief, BriefFacts, DonorAtRisk, MonthlyReport, Outlook, OutlookMonth,
    RiskLevel, RiskList, RiskReason, Status, TableRows, UnusualEntry,
};
use crate::model::{CategoryId, Direction, DonorId, Month, Number};
use crate::store::{Contact, DonorRecord, View};
use crate::{anomaly, churn};
use jiff::civil::Date;

/// Lines of the cash book with a lower score than this are for an audit, not for a telephone.
const WORTH_A_MESSAGE: f64 = 0.5;

/// What the bot may ask, answered from one state of the facts.
pub(super) struct Desk<'a> {
    pub(super) analytics: &'a Analytics,
    pub(super) view: Box<dyn View + 'a>,
    pub(super) as_of: Date,
}

impl Desk<'_> {
    fn settings(&self) -> &Settings {
        &self.analytics.settings
    }

    fn names(&self) -> Result<impl Fn(CategoryId) -> String + use<>> {
        let names = self.view.categories()?;
        Ok(move |id| names.iter().find(|(known, _)| *known == id).map_or_else(String::new, |(_, name)| name.clone()))
    }

    fn at_risk(&self) -> Result<(Scores, Vec<usize>)> {
        let gifts = self.analytics.gifts(&*self.view, self.as_of)?;
        let scores = churn::score(&gifts, self.as_of, &self.settings().churn)?;
        let ranked = scores.ranked(self.settings().risk_score);
        Ok((scores, ranked))
    }
}

impl Facts for Desk<'_> {
    fn contact(&self, number: &Number) -> Result<Option<Contact>> {
        self.view.contact(number.as_str())
    }

    fn donor(&self, donor: DonorId) -> Result<Option<DonorRecord>> {
        self.view.donor(donor, self.as_of)
    }

    fn monthly_report(&self) -> Result<MonthlyReport> {
        monthly_report(&*self.view, Month::of(self.as_of) - 1, self.as_of)
    }

    fn outlook(&self) -> Result<Outlook> {
        let months = match self.analytics.cash_flow_in(&*self.view, self.as_of) {
            Ok(months) => months,
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory => Vec::new(),
            Err(error) => return Err(error),
        };
        let months = months
            .into_iter()
            .map(|month| OutlookMonth {
                month: month.month,
                income: month.predicted_income,
                expense: month.predicted_expense,
                balance: month.predicted_balance,
            })
            .collect();
        Ok(Outlook { months, opening: self.view.cash_balance()? })
    }

    fn children(&self) -> Result<u64> {
        self.view.children_in_care(self.as_of)
    }

    fn risks(&self) -> Result<RiskList> {
        let (scores, ranked) = self.at_risk()?;
        let first: Vec<_> = ranked.iter().take(self.settings().risk_list).filter_map(|&row| scores.row(row)).collect();
        let donors: Vec<DonorId> = first.iter().map(|score| score.donor).collect();
        let names = self.view.donor_names(&donors)?;
        let donors = first
            .iter()
            .zip(names)
            .map(|(score, name)| DonorAtRisk {
                name,
                score: f64::from(score.score),
                level: match score.level {
                    churn::Level::High => RiskLevel::High,
                    churn::Level::Medium => RiskLevel::Medium,
                    churn::Level::Low => RiskLevel::Low,
                },
                days_since_last: days_since_last(score),
                reasons: score.reasons().map(reason).collect(),
            })
            .collect();
        Ok(RiskList { donors, total: ranked.len() as u64 })
    }

    fn anomalies(&self) -> Result<AnomalyList> {
        let name = self.names()?;
        let rows = self.view.cash_by_month(Direction::Expense, self.as_of)?;
        let months = anomaly::expenses(&rows, self.as_of, &self.settings().expense_anomalies)?;
        let since = self.as_of.saturating_sub(jiff::Span::new().days(i64::from(self.settings().unusual_days)));
        let options = ScreenOptions { since: Some(since), ..self.settings().screening.clone() };
        let screening = screen_in(&*self.view, self.as_of, &options)?;
        let worth_a_message = screening.suspects.iter().filter(|suspect| suspect.score >= WORTH_A_MESSAGE);
        Ok(AnomalyList {
            categories: months
                .anomalies
                .iter()
                .map(|found| insight::Anomaly {
                    category: name(found.category),
                    month: found.month,
                    amount: found.amount,
                    expected: (found.expected_range.min, found.expected_range.max),
                    direction: match found.kind {
                        anomaly::Kind::Overspending => AnomalyDirection::Overspending,
                        anomaly::Kind::Underspending => AnomalyDirection::Underspending,
                    },
                    severity: match found.severity {
                        anomaly::Severity::Medium => insight::Severity::Medium,
                        anomaly::Severity::High => insight::Severity::High,
                    },
                })
                .collect(),
            entries: worth_a_message
                .filter_map(|suspect| screening.findings.iter().find(|found| found.entry == suspect.entry))
                .map(|found| UnusualEntry { category: name(found.category), date: found.date, amount: found.amount })
                .collect(),
        })
    }

    fn brief(&self) -> Result<Brief> {
        let anomalies = self.anomalies()?;
        let (_, ranked) = self.at_risk()?;
        let status = self.status()?;
        Ok(insight::brief(&BriefFacts {
            today: self.as_of,
            data_as_of: status.as_of,
            donations: &self.view.donations_by_month(self.as_of)?,
            expenses: &self.view.cash_by_month(Direction::Expense, self.as_of)?,
            outlook: &self.outlook()?,
            at_risk: ranked.len() as u64,
            anomalies: anomalies.len() as u64,
            quarantined: status.quarantined,
        }))
    }

    fn status(&self) -> Result<Status> {
        let Some(state) = self.view.state()? else { return Ok(Status::default()) };
        Ok(Status {
            as_of: Some(state.as_of),
            tables: state.tables.iter().map(|(&table, fresh)| TableRows { table, rows: fresh.facts }).collect(),
            // The source's rows that are not among the clean ones.
            quarantined: state.tables.values().map(|fresh| fresh.rows.saturating_sub(fresh.facts)).sum(),
        })
    }
}

fn days_since_last(score: &churn::Score) -> u32 {
    score
        .factors
        .iter()
        .find_map(|factor| match factor {
            churn::Factor::DaysSinceLast { days, .. } => Some(*days),
            _ => None,
        })
        .unwrap_or(0)
}

fn reason(factor: churn::Factor) -> RiskReason {
    match factor {
        churn::Factor::DaysSinceLast { days, .. } => RiskReason::DaysSinceLast(days),
        churn::Factor::GiftsEver { gifts, .. } => RiskReason::GiftsEver(gifts),
        churn::Factor::GiftsRecent { gifts, months, .. } => RiskReason::RecentGifts { gifts, months },
    }
}
