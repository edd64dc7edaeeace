//! What the bot may ask.

use super::anomaly::screen_in;
use super::{Analytics, Settings, monthly_report};
use crate::anomaly::{Finding, ScreenOptions};
use crate::bot::Facts;
use crate::churn::RecommendOptions;
use crate::error::{ErrorKind, Result};
use crate::forecast::SimulatedMonth;
use crate::insight::{
    self, AnomalyDirection, AnomalyList, Brief, BriefFacts, DonorAtRisk, MonthlyReport, NewLevel, Outlook,
    OutlookMonth, RamadanEffect, RiskLevel, RiskList, RiskReason, ShortfallRisk, Stake, Status, TableRows,
    UnusualEntry,
};
use crate::model::{CategoryId, Direction, DonorId, EntryId, Month, Number};
use crate::store::{Contact, DonorRecord, View};
use crate::{anomaly, churn};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cell::Cell;
use std::sync::{Arc, PoisonError};

/// Lines of the cash book with a lower score than this are for an audit, not for a telephone.
const WORTH_A_MESSAGE: f64 = 0.5;

/// A new level is told of for a year; it takes four months to be found.
const NEW_LEVEL_MONTHS: i32 = 12;

/// What the bot may ask, answered from one state of the facts.
pub(super) struct Desk<'a> {
    pub(super) analytics: &'a Analytics,
    pub(super) view: Box<dyn View + 'a>,
    /// The day that analyses are made for: not behind the facts.
    pub(super) as_of: Date,
    /// The day itself, for what a donor gave this month and this year.
    today: Date,
    /// The day at which the facts end, where that is long ago.
    pub(super) stale: Option<Date>,
    /// Whether an answer was made of facts that go by days.
    told: Cell<bool>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(analytics: &'a Analytics, today: Date) -> Result<Self> {
        let view = analytics.store.view()?;
        let (as_of, stale) = super::known::until_and_stale(&*view, today)?;
        Ok(Self { analytics, view, as_of, today, stale, told: Cell::new(false) })
    }

    /// The day at which the facts end, where that is long ago and an answer was made of them.
    pub(super) fn told_stale(&self) -> Option<Date> {
        self.stale.filter(|_| self.told.get())
    }
}

impl Desk<'_> {
    fn settings(&self) -> &Settings {
        &self.analytics.settings
    }

    /// Single lines of the last days that are strange enough for a message, the strangest first.
    pub(super) fn entry_findings(&self) -> Result<Vec<(EntryId, UnusualEntry)>> {
        let name = self.names()?;
        let since = self.as_of.saturating_sub(jiff::Span::new().days(i64::from(self.settings().unusual_days)));
        let options = ScreenOptions { since: Some(since), ..self.settings().screening.clone() };
        let screening = screen_in(&*self.view, self.as_of, &options)?;
        let worth_a_message = screening.suspects.iter().filter(|suspect| suspect.score >= WORTH_A_MESSAGE);
        let line =
            |found: &Finding| UnusualEntry { category: name(found.category), date: found.date, amount: found.amount };
        Ok(worth_a_message
            .filter_map(|suspect| screening.findings.iter().find(|found| found.entry == suspect.entry))
            .map(|found| (found.entry, line(found)))
            .collect())
    }

    pub(super) fn zone(&self) -> Result<TimeZone> {
        self.settings().organisation.zone()
    }

    fn names(&self) -> Result<impl Fn(CategoryId) -> String + use<>> {
        let names = self.view.categories()?;
        Ok(move |id| names.iter().find(|(known, _)| *known == id).map_or_else(String::new, |(_, name)| name.clone()))
    }

    /// Who is at risk, in the order of the list.
    pub(super) fn donors_at_risk(&self) -> Result<Vec<DonorId>> {
        Ok(self.at_risk()?.into_iter().map(|risk| risk.donor).collect())
    }

    /// The donors at risk, the one to call first at the top: by the model that the backtest chose, else by the rule.
    fn at_risk(&self) -> Result<Vec<AtRisk>> {
        let least = self.settings().risk_score;
        if let Some(outlooks) = self.analytics.outlooks_in(&*self.view, self.as_of)? {
            let options = RecommendOptions {
                capacity: u32::MAX,
                min_p_no_gift: f64::from(least) / 100.0,
                ..self.settings().calls.clone()
            };
            let calls = churn::recommend(&outlooks, &options)?;
            return Ok(calls.into_iter().map(|call| AtRisk::of_call(&call, &outlooks)).collect());
        }
        let gifts = self.analytics.gifts(&*self.view, self.as_of)?;
        let scores = churn::score(&gifts, self.as_of, &self.settings().churn)?;
        Ok(scores.ranked(least).into_iter().filter_map(|row| scores.row(row)).map(AtRisk::of_score).collect())
    }
}

impl Desk<'_> {
    /// The donors that a list shows, and how many there are in all. Kept until other facts are loaded or another day is
    /// asked for: every administrator who asks on a day gets the same. Without names, which are asked for each time.
    fn first_at_risk(&self) -> Result<Arc<FirstAtRisk>> {
        let run = self.view.state()?.map(|state| state.run);
        // Held while it is made: two who ask at once wait for one answer and do not make two.
        let mut kept = self.analytics.at_risk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, day, first)) = kept.as_ref()
            && (*of, *day) == (run, self.as_of)
        {
            return Ok(Arc::clone(first));
        }
        let mut at_risk = self.at_risk()?;
        let total = at_risk.len() as u64;
        at_risk.truncate(self.settings().risk_list);
        let first = Arc::new((at_risk, total));
        *kept = Some((run, self.as_of, Arc::clone(&first)));
        Ok(first)
    }
}

impl Facts for Desk<'_> {
    fn contact(&self, number: &Number) -> Result<Option<Contact>> {
        self.view.contact(number.as_str())
    }

    fn donor(&self, donor: DonorId) -> Result<Option<DonorRecord>> {
        self.told.set(true);
        self.view.donor(donor, self.today)
    }

    fn monthly_report(&self) -> Result<MonthlyReport> {
        self.told.set(true);
        monthly_report(&*self.view, Month::of(self.as_of) - 1, self.as_of)
    }

    fn outlook(&self) -> Result<Outlook> {
        self.told.set(true);
        let opening = self.view.cash_balance()?;
        let flow = match self.analytics.cash_flow_in(&*self.view, self.as_of) {
            Ok(flow) => flow,
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory => {
                return Ok(Outlook { opening, ..Outlook::default() });
            }
            Err(error) => return Err(error),
        };
        let mut outlook = Outlook { opening, ..Outlook::default() };
        let overrides = &self.settings().hijri;
        for SimulatedMonth { expected, hijri_income, hijri_expense, shortfall, .. } in flow.months {
            let (month, income, expense) = (expected.month, expected.predicted_income, expected.predicted_expense);
            outlook.months.push(OutlookMonth { month, income, expense, balance: expected.predicted_balance });
            let flows = [(Direction::Income, income, hijri_income), (Direction::Expense, expense, hijri_expense)];
            outlook.ramadan.extend(
                flows.into_iter().filter_map(|(flow, sum, part)| RamadanEffect::of(month, flow, sum, part, overrides)),
            );
            if flow.first_month_at_risk == Some(month) {
                outlook.shortfall = Some(ShortfallRisk { month, chance: shortfall });
            }
        }
        Ok(outlook)
    }

    fn children(&self) -> Result<u64> {
        self.view.children_in_care(self.as_of)
    }

    fn risks(&self) -> Result<RiskList> {
        self.told.set(true);
        let (first, total) = &*self.first_at_risk()?;
        let total = *total;
        let donors: Vec<DonorId> = first.iter().map(|risk| risk.donor).collect();
        let names = self.view.donor_names(&donors)?;
        let donors = first.iter().zip(names).map(|(risk, name)| DonorAtRisk {
            name,
            score: risk.score,
            level: match risk.level {
                churn::Level::High => RiskLevel::High,
                churn::Level::Medium => RiskLevel::Medium,
                churn::Level::Low => RiskLevel::Low,
            },
            days_since_last: risk.days_since_last,
            reasons: risk.reasons.clone(),
            stake: risk.stake,
        });
        Ok(RiskList { donors: donors.collect(), total })
    }

    fn anomalies(&self) -> Result<AnomalyList> {
        self.told.set(true);
        let name = self.names()?;
        let months = self.analytics.expense_anomalies_in(&*self.view, self.as_of)?;
        let since = Month::of(self.as_of) - NEW_LEVEL_MONTHS;
        Ok(AnomalyList {
            levels: months
                .shifts
                .iter()
                .filter(|shift| shift.month >= since)
                .map(|shift| NewLevel {
                    category: name(shift.category),
                    month: shift.month,
                    change: shift.factor - 1.0,
                })
                .collect(),
            categories: months.anomalies.iter().map(|found| finding(found, name(found.category))).collect(),
            entries: self.entry_findings()?.into_iter().map(|(_, line)| line).collect(),
        })
    }

    fn brief(&self) -> Result<Brief> {
        let anomalies = self.anomalies()?;
        let at_risk = self.first_at_risk()?.1;
        let status = self.status()?;
        Ok(insight::brief(&BriefFacts {
            today: self.as_of,
            data_as_of: status.as_of,
            donations: &self.view.donations_by_month(self.as_of)?,
            expenses: &self.view.cash_by_month(Direction::Expense, self.as_of)?,
            outlook: &self.outlook()?,
            at_risk,
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
            // The register's to tell.
            erasures: 0,
            erasures_since: None,
        })
    }
}

/// A category's strange month as messages tell of it.
pub(super) fn finding(found: &anomaly::ExpenseAnomaly, category: String) -> insight::Anomaly {
    insight::Anomaly {
        category,
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
    }
}

/// The first of the donors at risk, and how many there are in all.
pub(super) type FirstAtRisk = (Vec<AtRisk>, u64);

/// One donor at risk, whichever way was used.
pub(super) struct AtRisk {
    donor: DonorId,
    score: f64,
    level: churn::Level,
    days_since_last: u32,
    reasons: Vec<RiskReason>,
    stake: Option<Stake>,
}

impl AtRisk {
    fn of_score(score: churn::Score) -> Self {
        Self {
            donor: score.donor,
            score: f64::from(score.score),
            level: score.level,
            days_since_last: days_since_last(&score),
            reasons: score.reasons().map(reason).collect(),
            stake: None,
        }
    }

    fn of_call(call: &churn::Call, outlooks: &churn::Outlooks) -> Self {
        let reason = match call.sign {
            churn::Sign::Rhythm { usual_days, .. } => RiskReason::UsualDays(usual_days),
            churn::Sign::Single { .. } => RiskReason::SingleGift,
            churn::Sign::Season { gave, missed, next } => RiskReason::Ramadans { gave, missed, next },
        };
        Self {
            donor: call.donor,
            score: 100.0 * call.p_no_gift,
            level: call.level,
            days_since_last: outlooks.silent_days[call.row],
            reasons: vec![reason],
            stake: Some(Stake {
                value: call.value_at_risk,
                chance: (outlooks.p_no_gift_low[call.row], outlooks.p_no_gift_high[call.row]),
            }),
        }
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
