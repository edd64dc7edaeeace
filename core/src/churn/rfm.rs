//! RFM: donors in fifths by how lately, how often and how much they gave (Hughes 1994), with the usual segment names.

use super::days_between;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, RepeatGiving};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A segment of RFM scores, by recency and by the mean of frequency and money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RfmSegment {
    /// R 4–5, FM 4–5: gave lately, often and much.
    Champions,
    /// R 3, FM 4–5: gives often and much.
    Loyal,
    /// R 4–5, FM 3: may become loyal.
    PotentialLoyalists,
    /// R 5, FM 1–2: came lately.
    New,
    /// R 4, FM 1–2: came not long ago.
    Promising,
    /// R 3, FM 3: in the middle of everything.
    NeedAttention,
    /// R 3, FM 1–2: falling silent.
    AboutToSleep,
    /// R 2, FM 3–5: gave often, and not lately.
    AtRisk,
    /// R 1, FM 4–5: gave most, and long ago.
    CannotLose,
    /// R 2, FM 1–2: gave little, and not lately.
    Hibernating,
    /// R 1, FM 1–3: long gone.
    Lost,
}

/// RFM scores of each donor, one row a donor in the order of the input, all columns of one length. 5 is best.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rfm {
    /// The donor.
    pub donor: Vec<DonorId>,
    /// Fifth by days since the last gift, 1 to 5.
    pub recency: Vec<u8>,
    /// Fifth by days with a gift.
    pub frequency: Vec<u8>,
    /// Fifth by the sum of gifts.
    pub monetary: Vec<u8>,
    /// The three as one number, 111 to 555.
    pub score: Vec<u16>,
    /// The segment.
    pub segment: Vec<RfmSegment>,
}

/// Scores every donor in fifths. Equal values share a fifth, that of the middle of their ranks; so a file in which most
/// gave once has most donors in one fifth.
///
/// # Errors
///
/// `invalid_input` for columns of unequal lengths, or gifts after `as_of`.
pub fn rfm(giving: &RepeatGiving, as_of: Date) -> Result<Rfm> {
    let n = giving.len();
    if [giving.days.len(), giving.last.len(), giving.total.len()] != [n; 3] {
        return Err(Error::new(ErrorKind::InvalidInput, "the columns of giving differ in length"));
    }
    if let Some(row) = giving.last.iter().position(|&last| last > as_of) {
        return Err(Error::new(ErrorKind::InvalidInput, "a donor's last gift is after the as-of date")
            .context("row", row)
            .context("as_of", as_of)
            .hint("sum the received gifts up to the as-of date, and no later ones"));
    }
    let recency = fifths(&giving.last.iter().map(|&last| -i64::from(days_between(last, as_of))).collect::<Vec<_>>());
    let frequency = fifths(&giving.days.iter().map(|&days| i64::from(days)).collect::<Vec<_>>());
    let monetary = fifths(&giving.total.iter().map(|total| total.sen()).collect::<Vec<_>>());
    Ok(Rfm {
        donor: giving.donor.clone(),
        score: (0..n)
            .map(|row| u16::from(recency[row]) * 100 + u16::from(frequency[row]) * 10 + u16::from(monetary[row]))
            .collect(),
        segment: (0..n).map(|row| segment(recency[row], frequency[row], monetary[row])).collect(),
        recency,
        frequency,
        monetary,
    })
}

/// The fifth of each value, 1 (lowest) to 5.
fn fifths(values: &[i64]) -> Vec<u8> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_unstable_by_key(|&row| values[row as usize]);
    let mut found = vec![0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start] as usize];
        let end = start + order[start..].partition_point(|&row| values[row as usize] == value);
        let middle = 0.5 * (start + end) as f64 / order.len() as f64;
        for &row in &order[start..end] {
            found[row as usize] = 1 + (middle * 5.0).min(4.0) as u8;
        }
        start = end;
    }
    found
}

/// Frequency and money count alike; halves go up.
const fn segment(recency: u8, frequency: u8, monetary: u8) -> RfmSegment {
    let worth = (frequency + monetary).div_ceil(2);
    match (recency, worth) {
        (4.., 4..) => RfmSegment::Champions,
        (3, 4..) => RfmSegment::Loyal,
        (4.., 3) => RfmSegment::PotentialLoyalists,
        (5.., _) => RfmSegment::New,
        (4, _) => RfmSegment::Promising,
        (3, 3) => RfmSegment::NeedAttention,
        (3, _) => RfmSegment::AboutToSleep,
        (2, 3..) => RfmSegment::AtRisk,
        (2, _) => RfmSegment::Hibernating,
        (_, 4..) => RfmSegment::CannotLose,
        _ => RfmSegment::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rupiah;
    use jiff::ToSpan;
    use jiff::civil::date;

    #[test]
    fn ten_donors_in_fifths() {
        use RfmSegment::{AtRisk, CannotLose, NeedAttention, New, Promising};
        let as_of = date(2026, 1, 31);
        let last = |days: i64| as_of.checked_sub(days.days()).unwrap();
        let giving = RepeatGiving {
            donor: (1..=10).map(DonorId).collect(),
            days: vec![1, 1, 1, 1, 1, 1, 2, 3, 8, 20],
            first: vec![last(900); 10],
            last: (0..10).map(|i| last(10 + 50 * i)).collect(),
            total: (1..=10).map(|i| Rupiah::new(100_000 * i)).collect(),
            season_days: vec![0; 10],
            seasons: vec![0; 10],
        };
        let found = rfm(&giving, as_of).unwrap();
        assert_eq!(found.recency, [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]);
        assert_eq!(found.monetary, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        // Six of ten gave once: the middle of their ranks is .3.
        assert_eq!(found.frequency, [2, 2, 2, 2, 2, 2, 4, 4, 5, 5]);
        assert_eq!((found.score[0], found.score[9]), (521, 155));
        let early = rfm(&giving, last(11)).unwrap_err();
        assert_eq!(early.code(), "invalid_input");
        assert!(rfm(&giving, last(10)).is_ok());
        assert_eq!(found.segment[..5], [New, New, Promising, Promising, NeedAttention]);
        assert_eq!((found.segment[6], found.segment[9]), (AtRisk, CannotLose));
    }

    /// Every score has the segment that its documentation says.
    #[test]
    fn segments_cover_the_square() {
        use RfmSegment as S;
        let rows = [
            [S::Lost, S::Lost, S::Lost, S::CannotLose, S::CannotLose],
            [S::Hibernating, S::Hibernating, S::AtRisk, S::AtRisk, S::AtRisk],
            [S::AboutToSleep, S::AboutToSleep, S::NeedAttention, S::Loyal, S::Loyal],
            [S::Promising, S::Promising, S::PotentialLoyalists, S::Champions, S::Champions],
            [S::New, S::New, S::PotentialLoyalists, S::Champions, S::Champions],
        ];
        for r in 1..=5_u8 {
            for fm in 1..=5_u8 {
                assert_eq!(segment(r, fm, fm), rows[usize::from(r) - 1][usize::from(fm) - 1], "R {r} FM {fm}");
            }
        }
        assert_eq!(rfm(&RepeatGiving::default(), date(2026, 1, 1)).unwrap(), Rfm::default());
    }
}
