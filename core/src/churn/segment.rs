//! Segments: which kind of donor, by how often and how lately.

use super::{SegmentOptions, check, days_between};
use crate::error::Result;
use crate::model::{DonorGifts, DonorId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A kind of donor. The first that fits, in this order, is the donor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// Gives often, and gave lately.
    Champions,
    /// Gives repeatedly, and gave within the quarter.
    Loyal,
    /// Gave repeatedly, and has fallen silent.
    AtRisk,
    /// Gave once, within the month.
    New,
    /// Everyone else with a gift; also a donor of two gifts who is not silent long enough to be at risk.
    OneTime,
}

/// Donors in each segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentCounts {
    /// Champions.
    pub champions: u64,
    /// Loyal donors.
    pub loyal: u64,
    /// Donors at risk.
    pub at_risk: u64,
    /// New donors.
    pub new: u64,
    /// The rest with a gift.
    pub one_time: u64,
    /// Donors without a gift; they are in no segment.
    pub never_gave: u64,
}

/// The segment of many donors, one row a donor in the order of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// The donor's segment.
    pub segment: Vec<Segment>,
    /// How many donors each has.
    pub counts: SegmentCounts,
}

/// Sorts every donor of the columns into a segment. `never_gave` is how many donors are not in the columns, as they
/// never gave; it is only reported.
///
/// # Errors
///
/// `invalid_input` when an option is out of its range, or when the columns contradict themselves or `as_of`.
pub fn segments(gifts: &DonorGifts, never_gave: u64, as_of: Date, options: &SegmentOptions) -> Result<Segments> {
    options.validate()?;
    check(gifts, as_of)?;
    let mut counts = SegmentCounts { never_gave, ..SegmentCounts::default() };
    let segment = gifts
        .count
        .iter()
        .zip(&gifts.last)
        .map(|(&count, &last)| {
            let segment = segment_of(count, days_between(last, as_of), options);
            *match segment {
                Segment::Champions => &mut counts.champions,
                Segment::Loyal => &mut counts.loyal,
                Segment::AtRisk => &mut counts.at_risk,
                Segment::New => &mut counts.new,
                Segment::OneTime => &mut counts.one_time,
            } += 1;
            segment
        })
        .collect();
    Ok(Segments { donor: gifts.donor.clone(), segment, counts })
}

const fn segment_of(count: u32, days: u32, options: &SegmentOptions) -> Segment {
    if count >= options.champion_gifts && days <= options.champion_days {
        Segment::Champions
    } else if count >= options.loyal_gifts && days <= options.loyal_days {
        Segment::Loyal
    } else if count >= options.at_risk_gifts && days > options.at_risk_days {
        Segment::AtRisk
    } else if count == 1 && days <= options.new_days {
        Segment::New
    } else {
        Segment::OneTime
    }
}
