//! Who is leaving, from the store.

use super::Analytics;
use crate::churn::{self, LifetimeValue, LifetimeValues, Scores, Segments};
use crate::error::Result;
use crate::model::{DonorGifts, DonorId};
use crate::store::View;
use jiff::civil::Date;
use serde::Serialize;

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
        churn::score(&self.gifts(&*self.store.view()?, as_of)?, as_of, &self.settings.churn)
    }

    /// The segment of every donor who gave, and how many never did.
    pub fn segments(&self, as_of: Date) -> Result<Segments> {
        let view = self.store.view()?;
        let never = view.donors_without_gift(as_of)?;
        churn::segments(&self.gifts(&*view, as_of)?, never, as_of, &self.settings.segments)
    }

    /// The lifetime value of every donor who gave.
    pub fn lifetime_values(&self, as_of: Date) -> Result<LifetimeValues> {
        churn::lifetime_value(&self.gifts(&*self.store.view()?, as_of)?, as_of)
    }

    /// Scores, segments and lifetime values from one reading.
    pub fn donor_analyses(&self, as_of: Date) -> Result<DonorAnalyses> {
        let view = self.store.view()?;
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
}
