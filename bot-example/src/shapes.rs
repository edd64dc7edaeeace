//! What an analysis is as JSON. Key names are those of the HTTP routes that the Laravel application calls; amounts are
//! numbers of rupiah, `month` is what people read (`Des 2026`) and `period` what programs sort by (`2026-12`).

use dermawan::anomaly::{ExpectedRange, Kind, Severity};
use dermawan::churn::{Factor, Level, LifetimeValue, Segment};
use dermawan::forecast::Point;
use dermawan::message::month_short;
use dermawan::{Analytics, CategoryId, DonorId, EntryId, Month, Result, Rupiah};
use jiff::civil::Date;
use serde::Serialize;

/// How many months the donation forecast looks ahead: as many as the cash flow by default.
const HORIZON: u16 = 3;

/// `GET /api/predictions/donations`. The prediction is for the running month, whole.
#[derive(Debug, Serialize)]
pub(crate) struct Donations {
    pub(crate) predicted_amount: Rupiah,
    pub(crate) historical_data: Vec<HistoricalMonth>,
    /// R² as a percentage.
    pub(crate) confidence: f64,
    /// The share of months that the intervals should hold.
    pub(crate) level: f64,
    pub(crate) months: Vec<PredictedMonth>,
    /// What the running month has brought up to now.
    pub(crate) so_far: Rupiah,
    pub(crate) notes: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct HistoricalMonth {
    year: i16,
    month: i8,
    total: Rupiah,
}

#[derive(Debug, Serialize)]
pub(crate) struct PredictedMonth {
    pub(crate) month: String,
    period: Month,
    pub(crate) predicted_amount: Rupiah,
    pub(crate) lower: Rupiah,
    pub(crate) upper: Rupiah,
}

/// The donation forecast.
pub(crate) fn donations(analytics: &Analytics, as_of: Date) -> Result<Donations> {
    let language = analytics.settings().organisation.language;
    let found = analytics.donation_forecast(as_of, HORIZON)?;
    let months: Vec<PredictedMonth> = found
        .forecast
        .points
        .iter()
        .map(|&Point { month, value, lower, upper }| PredictedMonth {
            month: month_short(month, language),
            period: month,
            predicted_amount: whole(value),
            lower: whole(lower),
            upper: whole(upper),
        })
        .collect();
    Ok(Donations {
        predicted_amount: months.first().map_or(Rupiah::ZERO, |month| month.predicted_amount),
        historical_data: found
            .history
            .iter()
            .map(|(month, total)| HistoricalMonth {
                year: month.year(),
                month: month.number(),
                total: Rupiah::from_f64(total),
            })
            .collect(),
        confidence: found.forecast.confidence(),
        level: found.forecast.level,
        months,
        so_far: found.so_far,
        notes: found.forecast.notes.iter().map(|note| note.words(language)).collect(),
    })
}

/// Nobody predicts to the sen.
fn whole(rupiah: f64) -> Rupiah {
    Rupiah::new(Rupiah::from_f64(rupiah).rounded())
}

/// One month of `GET /api/predictions/cashflow`.
#[derive(Debug, Serialize)]
pub(crate) struct CashFlowMonth {
    pub(crate) month: String,
    pub(crate) predicted_income: Rupiah,
    pub(crate) predicted_expense: Rupiah,
    pub(crate) predicted_balance: Rupiah,
    period: Month,
    /// What leads from today's balance to this month; with the first month only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_today: Option<FromToday>,
}

/// Today's balance, and what the rest of the running month still brings and takes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct FromToday {
    pub(crate) balance: Rupiah,
    /// Income less expense that are still expected of the running month.
    pub(crate) rest_of_month: Rupiah,
    /// What the first month begins with: the two above added.
    pub(crate) opening_balance: Rupiah,
}

/// The cash flow with the way from today's balance to its first month, so that it adds up for whoever reads it.
pub(crate) fn cash_flow_from_today(analytics: &Analytics, as_of: Date) -> Result<Vec<CashFlowMonth>> {
    let mut months = cash_flow(analytics, as_of)?;
    let balance = analytics.store().view()?.cash_balance()?;
    if let (Some(first), Some(balance)) = (months.first_mut(), balance) {
        let opening_balance = first.predicted_balance - first.predicted_income + first.predicted_expense;
        let rest_of_month = opening_balance - balance;
        first.from_today = Some(FromToday { balance, rest_of_month, opening_balance });
    }
    Ok(months)
}

/// The cash flow.
pub(crate) fn cash_flow(analytics: &Analytics, as_of: Date) -> Result<Vec<CashFlowMonth>> {
    let language = analytics.settings().organisation.language;
    let shape = |found: dermawan::forecast::CashFlowMonth| CashFlowMonth {
        month: month_short(found.month, language),
        predicted_income: found.predicted_income,
        predicted_expense: found.predicted_expense,
        predicted_balance: found.predicted_balance,
        period: found.month,
        from_today: None,
    };
    Ok(analytics.cash_flow(as_of)?.into_iter().map(shape).collect())
}

/// One donor of `GET /api/predictions/churn`.
#[derive(Debug, Serialize)]
pub(crate) struct DonorAtRisk {
    pub(crate) donor_id: DonorId,
    pub(crate) name: String,
    pub(crate) risk_score: u8,
    pub(crate) days_since_last: u32,
    /// Gifts ever.
    pub(crate) total_donations: u32,
    pub(crate) risk_level: Level,
    /// Why, in words.
    pub(crate) reasons: Vec<String>,
}

/// The donors whose score reaches the configured bound, the highest first, and how many there are in all.
pub(crate) fn churn(analytics: &Analytics, as_of: Date, limit: usize) -> Result<(Vec<DonorAtRisk>, usize)> {
    let language = analytics.settings().organisation.language;
    let scores = analytics.churn(as_of)?;
    let ranked = scores.ranked(analytics.settings().risk_score);
    let rows: Vec<usize> = ranked.iter().copied().take(limit).collect();
    let ids: Vec<DonorId> = rows.iter().map(|&row| scores.donor[row]).collect();
    let donors = rows.iter().zip(analytics.donor_names(&ids)?).filter_map(|(&row, name)| {
        let score = scores.row(row)?;
        Some(DonorAtRisk {
            donor_id: score.donor,
            name,
            risk_score: score.score,
            days_since_last: scores.days_since_last[row],
            total_donations: scores.gifts_ever[row],
            risk_level: score.level,
            reasons: score.reasons().map(|factor: Factor| factor.words(language)).collect(),
        })
    });
    Ok((donors.collect(), ranked.len()))
}

/// `GET /api/predictions/segments`.
#[derive(Debug, Serialize)]
pub(crate) struct Segments {
    pub(crate) segments: SegmentCounts,
    /// Donors without a gift; they are in no segment.
    pub(crate) never_gave: u64,
    details: SegmentDetails,
}

#[derive(Debug, Serialize)]
pub(crate) struct SegmentCounts {
    pub(crate) champions: u64,
    pub(crate) loyal: u64,
    pub(crate) at_risk: u64,
    pub(crate) new: u64,
    pub(crate) one_time: u64,
}

/// The donors of each segment.
#[derive(Debug, Default, Serialize)]
struct SegmentDetails {
    champions: Vec<SegmentDonor>,
    loyal: Vec<SegmentDonor>,
    at_risk: Vec<SegmentDonor>,
    new: Vec<SegmentDonor>,
    one_time: Vec<SegmentDonor>,
}

impl SegmentDetails {
    fn of(&mut self, segment: Segment) -> &mut Vec<SegmentDonor> {
        match segment {
            Segment::Champions => &mut self.champions,
            Segment::Loyal => &mut self.loyal,
            Segment::AtRisk => &mut self.at_risk,
            Segment::New => &mut self.new,
            Segment::OneTime => &mut self.one_time,
        }
    }
}

#[derive(Debug, Serialize)]
struct SegmentDonor {
    donor_id: DonorId,
    name: String,
    total_donations: u32,
    total_value: Rupiah,
    last_donation: Date,
}

/// The segments, with at most `limit` donors of each.
pub(crate) fn segments(analytics: &Analytics, as_of: Date, limit: usize) -> Result<Segments> {
    let found = analytics.donor_analyses(as_of)?;
    let (counts, values) = (found.segments.counts, found.values);
    let mut details = SegmentDetails::default();
    for (row, &segment) in found.segments.segment.iter().enumerate() {
        let donors = details.of(segment);
        if let Some(value) = values.row(row).filter(|_| donors.len() < limit) {
            donors.push(SegmentDonor {
                donor_id: value.donor,
                name: String::new(),
                total_donations: value.total_donations,
                total_value: value.total_value,
                last_donation: value.last_donation,
            });
        }
    }
    // One question for all names.
    let SegmentDetails { champions, loyal, at_risk, new, one_time } = &mut details;
    let mut all: Vec<&mut SegmentDonor> =
        [champions, loyal, at_risk, new, one_time].into_iter().flat_map(|donors| donors.iter_mut()).collect();
    let ids: Vec<DonorId> = all.iter().map(|donor| donor.donor_id).collect();
    for (donor, name) in all.iter_mut().zip(analytics.donor_names(&ids)?) {
        donor.name = name;
    }
    Ok(Segments {
        segments: SegmentCounts {
            champions: counts.champions,
            loyal: counts.loyal,
            at_risk: counts.at_risk,
            new: counts.new,
            one_time: counts.one_time,
        },
        never_gave: counts.never_gave,
        details,
    })
}

/// `GET /api/predictions/donor/{id}/ltv`, with the donor.
#[derive(Debug, Serialize)]
pub(crate) struct Value {
    pub(crate) donor_id: DonorId,
    pub(crate) name: String,
    pub(crate) total_value: Rupiah,
    /// Gifts.
    pub(crate) total_donations: u32,
    pub(crate) average_donation: Rupiah,
    pub(crate) months_active: u32,
    pub(crate) monthly_value: Rupiah,
    /// Gifts in an active month.
    pub(crate) donation_frequency: f64,
    first_donation: Date,
    last_donation: Date,
}

/// Lifetime values, the largest total first.
pub(crate) fn values(analytics: &Analytics, as_of: Date, limit: usize) -> Result<Vec<Value>> {
    let columns = analytics.lifetime_values(as_of)?;
    let mut rows: Vec<usize> = (0..columns.len()).collect();
    rows.sort_by_key(|&row| (std::cmp::Reverse(columns.total_value[row]), columns.donor[row]));
    let found: Vec<LifetimeValue> = rows.into_iter().take(limit).filter_map(|row| columns.row(row)).collect();
    let names = analytics.donor_names(&found.iter().map(|value| value.donor).collect::<Vec<_>>())?;
    Ok(found.into_iter().zip(names).map(shape_value).collect())
}

/// The lifetime value of one donor; `None` for one who is not there or never gave.
pub(crate) fn value(analytics: &Analytics, donor: DonorId, as_of: Date) -> Result<Option<Value>> {
    let columns = analytics.lifetime_values(as_of)?;
    let row = columns.donor.iter().position(|known| *known == donor);
    let Some(value) = row.and_then(|row| columns.row(row)) else { return Ok(None) };
    Ok(analytics.donor_names(&[donor])?.pop().map(|name| shape_value((value, name))))
}

fn shape_value((value, name): (LifetimeValue, String)) -> Value {
    Value {
        donor_id: value.donor,
        name,
        total_value: value.total_value,
        total_donations: value.total_donations,
        average_donation: value.average_donation,
        months_active: value.months_active,
        monthly_value: value.monthly_value,
        donation_frequency: value.donation_frequency,
        first_donation: value.first_donation,
        last_donation: value.last_donation,
    }
}

/// One line of `GET /api/predictions/anomalies`.
#[derive(Debug, Serialize)]
pub(crate) struct Anomaly {
    pub(crate) category: String,
    pub(crate) month: String,
    pub(crate) amount: Rupiah,
    pub(crate) expected_range: ExpectedRange,
    /// Standard deviations from the mean; `None` where all earlier months are equal.
    pub(crate) deviation: Option<f64>,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) severity: Severity,
    pub(crate) category_id: CategoryId,
    pub(crate) period: Month,
}

/// Months of expense categories outside their expected range.
pub(crate) fn anomalies(analytics: &Analytics, as_of: Date, limit: usize) -> Result<Vec<Anomaly>> {
    let language = analytics.settings().organisation.language;
    let names = analytics.categories()?;
    let found = analytics.expense_anomalies(as_of)?.anomalies;
    let shape = |found: dermawan::anomaly::ExpenseAnomaly| Anomaly {
        category: name_of(&names, found.category),
        month: month_short(found.month, language),
        amount: found.amount,
        expected_range: found.expected_range,
        deviation: found.deviation,
        kind: found.kind,
        severity: found.severity,
        category_id: found.category,
        period: found.month,
    };
    Ok(found.into_iter().take(limit).map(shape).collect())
}

/// A single unusual expense.
#[derive(Debug, Serialize)]
pub(crate) struct Transaction {
    pub(crate) entry_id: EntryId,
    pub(crate) category: String,
    pub(crate) date: Date,
    pub(crate) amount: Rupiah,
    pub(crate) expected_range: ExpectedRange,
    /// Standard deviations from the category's average; `None` where all others are equal.
    pub(crate) deviation: Option<f64>,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
}

/// Single expenses far from their category's usual amounts, the latest first.
pub(crate) fn transactions(analytics: &Analytics, as_of: Date, limit: usize) -> Result<Vec<Transaction>> {
    let names = analytics.categories()?;
    let mut found = analytics.unusual_transactions(as_of)?.unusual;
    found.sort_by_key(|found| std::cmp::Reverse((found.date, found.entry)));
    let shape = |found: dermawan::anomaly::UnusualTransaction| Transaction {
        entry_id: found.entry,
        category: name_of(&names, found.category),
        date: found.date,
        amount: found.amount,
        expected_range: found.expected_range,
        deviation: found.deviation,
        kind: found.kind,
    };
    Ok(found.into_iter().take(limit).map(shape).collect())
}

fn name_of(names: &[(CategoryId, String)], category: CategoryId) -> String {
    names.iter().find(|(known, _)| *known == category).map_or_else(|| format!("#{category}"), |(_, name)| name.clone())
}
