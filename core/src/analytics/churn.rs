//! Who is leaving, from the store.

use super::Analytics;
use crate::calendar::hijri::RAMADAN;
use crate::calendar::spans;
use crate::churn::{
    self, Backtest, BacktestOptions, Call, Known, LifetimeValue, LifetimeValues, Method, Outlooks, RecommendOptions,
    Retention, Rfm, Scores, Segments, Standings,
};
use crate::error::{ErrorKind, Result};
use crate::model::{DonorGifts, DonorId, RepeatGiving};
use crate::store::View;
use jiff::civil::Date;
use serde::Serialize;
use std::sync::PoisonError;

/// Idul Fitri: two days of holiday, in which alms of Ramadan are still given.
const EID_DAYS: u8 = 2;
/// Years of Ramadans that a donor's past is seen against. DuckDB and readers count them one by one.
const RAMADAN_YEARS: i16 = 40;

/// Score, segment and value of every donor who gave, from one reading of the store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DonorAnalyses {
    /// Churn scores.
    pub scores: Scores,
    /// Segments.
    pub segments: Segments,
    /// Lifetime values.
    pub values: LifetimeValues,
}

impl Analytics {
    pub(super) fn gifts(&self, view: &dyn View, as_of: Date) -> Result<DonorGifts> {
        view.donor_gifts(as_of, self.settings.churn.recent_months)
    }

    /// The churn score of every donor who gave.
    pub fn churn(&self, as_of: Date) -> Result<Scores> {
        let (view, as_of) = self.facts(as_of)?;
        churn::score(&self.gifts(&*view, as_of)?, as_of, &self.settings.churn)
    }

    /// The segment of every donor who gave, and how many never did.
    pub fn segments(&self, as_of: Date) -> Result<Segments> {
        let (view, as_of) = self.facts(as_of)?;
        let never = view.donors_without_gift(as_of)?;
        churn::segments(&self.gifts(&*view, as_of)?, never, as_of, &self.settings.segments)
    }

    /// The lifetime value of every donor who gave.
    pub fn lifetime_values(&self, as_of: Date) -> Result<LifetimeValues> {
        let (view, as_of) = self.facts(as_of)?;
        churn::lifetime_value(&self.gifts(&*view, as_of)?, as_of)
    }

    /// Scores, segments and lifetime values from one reading.
    pub fn donor_analyses(&self, as_of: Date) -> Result<DonorAnalyses> {
        let (view, as_of) = self.facts(as_of)?;
        let gifts = self.gifts(&*view, as_of)?;
        let never = view.donors_without_gift(as_of)?;
        Ok(DonorAnalyses {
            scores: churn::score(&gifts, as_of, &self.settings.churn)?,
            segments: churn::segments(&gifts, never, as_of, &self.settings.segments)?,
            values: churn::lifetime_value(&gifts, as_of)?,
        })
    }

    /// The lifetime value of one donor; `None` for one who is not there or never gave.
    pub fn lifetime_value(&self, donor: DonorId, as_of: Date) -> Result<Option<LifetimeValue>> {
        let Some(record) = self.store.view()?.donor(donor, as_of)? else { return Ok(None) };
        let (Some(first), Some(last)) = (record.first, record.last) else { return Ok(None) };
        let gifts = DonorGifts {
            donor: vec![donor],
            count: vec![u32::try_from(record.count).unwrap_or(u32::MAX)],
            total: vec![record.total],
            first: vec![first],
            last: vec![last],
            recent: vec![0],
        };
        Ok(churn::lifetime_value(&gifts, as_of)?.row(0))
    }

    /// Tries every way of telling who will not give again on the past of this charity; see [`churn::backtest`]. Of a large
    /// charity a sample of donors is read.
    ///
    /// # Errors
    ///
    /// `not_enough_history` for less than two horizons of history.
    pub fn churn_backtest(&self, as_of: Date) -> Result<Backtest> {
        let (view, as_of) = self.facts(as_of)?;
        self.backtest_in(&*view, as_of)
    }

    fn backtest_in(&self, view: &dyn View, as_of: Date) -> Result<Backtest> {
        let donors = view.state()?.and_then(|state| state.tables.get(&crate::model::Table::Donors).map(|t| t.facts));
        let one_in = (donors.unwrap_or(0) / u64::from(self.settings.churn_backtest_donors) + 1) as u32;
        let options = BacktestOptions {
            score: self.settings.churn.clone(),
            // A method is chosen for the question that it will be asked.
            horizon_days: self.settings.outlook.horizon_days,
            ..self.settings.churn_backtest.clone()
        };
        churn::backtest(&view.gift_days(as_of, one_in)?, as_of, &options)
    }

    /// What tells who will not give again: what the settings say, else what the backtest chose; the rule score where the
    /// past is too short for one. A choice is kept until other facts are loaded or another day is asked for.
    pub fn churn_method(&self, as_of: Date) -> Result<Method> {
        let (view, as_of) = self.facts(as_of)?;
        self.method_in(&*view, as_of)
    }

    pub(super) fn method_in(&self, view: &dyn View, as_of: Date) -> Result<Method> {
        if let Some(method) = self.settings.churn_method {
            return Ok(method);
        }
        let run = view.state()?.map(|state| state.run);
        let known = *self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, day, method)) = known
            && (of, day) == (run, as_of)
        {
            return Ok(method);
        }
        let method = match self.backtest_in(view, as_of) {
            Ok(backtest) => backtest.chosen,
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory => Method::Rule,
            Err(error) => return Err(error),
        };
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some((run, as_of, method));
        Ok(method)
    }

    /// The outlook of every donor who gave: the chance of no further gift, what is to be expected, and why; `None` where
    /// the rule score is what to use, see [`Analytics::churn_method`].
    pub fn outlooks(&self, as_of: Date) -> Result<Option<Outlooks>> {
        let (view, as_of) = self.facts(as_of)?;
        self.outlooks_in(&*view, as_of)
    }

    pub(super) fn outlooks_in(&self, view: &dyn View, as_of: Date) -> Result<Option<Outlooks>> {
        let method = self.method_in(view, as_of)?;
        if method.model().is_none() {
            return Ok(None);
        }
        match self.outlooks_by(view, method, as_of) {
            // Enough for a backtest of an earlier day, too few for a fit: donors have been erased since.
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory && self.settings.churn_method.is_none() => {
                Ok(None)
            }
            found => found.map(Some),
        }
    }

    /// The same by a method of the caller's choice.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a method that is no model, `not_enough_history` for fewer donors than a fit needs.
    pub fn outlooks_with(&self, method: Method, as_of: Date) -> Result<Outlooks> {
        let (view, as_of) = self.facts(as_of)?;
        self.outlooks_by(&*view, method, as_of)
    }

    fn outlooks_by(&self, view: &dyn View, method: Method, as_of: Date) -> Result<Outlooks> {
        let options = &self.settings.outlook;
        let ahead = jiff::Span::new().days(i64::from(options.horizon_days) + 355);
        let since = as_of.saturating_sub(jiff::Span::new().years(RAMADAN_YEARS));
        let seasons = spans(RAMADAN, EID_DAYS, since, as_of.saturating_add(ahead), &self.settings.hijri);
        let giving = view.repeat_giving(as_of, &seasons)?;
        let periods = match method.model() {
            Some((_, Some(months))) => Some(view.opportunities(as_of, months)?),
            _ => None,
        };
        churn::outlook(
            Known { giving: &giving, opportunities: periods.as_ref(), seasons: &seasons },
            method,
            as_of,
            options,
        )
    }

    /// Whom to call first: as many donors as there is time for, by what a call may move; see [`churn::recommend`].
    pub fn recommend(&self, as_of: Date, options: &RecommendOptions) -> Result<Vec<Call>> {
        let (view, as_of) = self.facts(as_of)?;
        self.recommend_in(&*view, as_of, options)
    }

    pub(super) fn recommend_in(&self, view: &dyn View, as_of: Date, options: &RecommendOptions) -> Result<Vec<Call>> {
        if let Some(outlooks) = self.outlooks_in(view, as_of)? {
            return churn::recommend(&outlooks, options);
        }
        let gifts = self.gifts(view, as_of)?;
        let scores = churn::score(&gifts, as_of, &self.settings.churn)?;
        churn::recommend_by_rule(&scores, &churn::lifetime_value(&gifts, as_of)?, options)
    }

    /// Donors in fifths by recency, frequency and money.
    pub fn rfm(&self, as_of: Date) -> Result<Rfm> {
        let (view, as_of) = self.facts(as_of)?;
        let giving: RepeatGiving = view.repeat_giving(as_of, &[])?;
        churn::rfm(&giving, as_of)
    }

    /// Retention over the whole civil years that have passed.
    pub fn retention(&self, as_of: Date) -> Result<Retention> {
        let (view, as_of) = self.facts(as_of)?;
        let whole = as_of.month() == 12 && as_of.day() == 31;
        churn::retention(&view.yearly_giving(as_of)?, as_of.year() - i16::from(!whole))
    }

    /// Where every donor stands in the civil year of `as_of`: retained, LYBUNT, SYBUNT and so on.
    pub fn standings(&self, as_of: Date) -> Result<Standings> {
        let (view, as_of) = self.facts(as_of)?;
        churn::standings(&view.yearly_giving(as_of)?, as_of.year())
    }
}
