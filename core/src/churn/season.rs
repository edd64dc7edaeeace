//! Donors who give in Ramadan only, asked about Ramadans: in Shawwal they have not missed one, and until the next one nothing is
//! to be expected of them.

use super::{FitOptions, Fitted, Known, Model, OutlookOptions, Predictions, Repeat, days_between, fit};
use crate::error::{Error, ErrorKind, Result};
use jiff::civil::Date;

/// Days from one Ramadan to the next: twelve lunar months.
const HIJRI_YEAR: f64 = 354.37;

/// What seasons say of each donor.
pub(super) struct Seasons {
    /// Seasons that have passed since the donor last gave.
    pub(super) missed: Vec<u32>,
    /// From when on a seasonal donor is expected; `None` for others, and past the last season that is known.
    pub(super) next: Vec<Option<Date>>,
    /// The chance that the level of a seasonal donor follows: of no gift within the horizon, or in the next season where none
    /// lies within it.
    pub(super) chance: Vec<Option<f64>>,
}

/// One seasonal donor.
struct Seasonal {
    row: usize,
    /// Whether the season that is going on has had its gift.
    served: bool,
    /// Gifts out of season within the horizon, if the donor is still there.
    besides: f64,
}

/// Asks about seasons instead of days where the donor gives in those only: a BG/BB of its own over those donors.
///
/// A season is an opportunity when it begins within the horizon, or is going on and has had no gift. Without one, the chance of
/// no gift is 1 but for gifts out of season, which come at the donor's own rate so far while the donor is still there.
pub(super) fn in_seasons(
    known: Known<'_>,
    seasonal: &[bool],
    as_of: Date,
    options: &OutlookOptions,
    said: &mut Predictions,
) -> Result<Seasons> {
    let (giving, seasons) = (known.giving, known.seasons);
    if seasons.windows(2).any(|pair| pair[0].1 >= pair[1].0) || seasons.iter().any(|(first, last)| first > last) {
        return Err(Error::new(ErrorKind::InvalidInput, "seasons must be ascending and not overlap"));
    }
    let passed = seasons.partition_point(|(_, last)| *last < as_of);
    let mut found =
        Seasons { missed: vec![0; giving.len()], next: vec![None; giving.len()], chance: vec![None; giving.len()] };
    let (mut donors, mut repeat): (Vec<Seasonal>, Repeat) = Default::default();
    for (row, &is_seasonal) in seasonal.iter().enumerate() {
        // The season of the first gift, or the next one; that of the last gift, or the one before; both counted from 1.
        let first = seasons.partition_point(|(_, last)| *last < giving.first[row]) + 1;
        let last = seasons.partition_point(|(first, _)| *first <= giving.last[row]);
        found.missed[row] = passed.saturating_sub(last) as u32;
        if is_seasonal {
            let recency = last.saturating_sub(first) as f64;
            let frequency = (f64::from(giving.seasons[row]) - 1.0).min(recency);
            if frequency < 1.0 {
                continue;
            }
            let served = last > passed;
            found.next[row] = seasons.get(passed + usize::from(served)).map(|(first, _)| as_of.max(*first));
            let rate = f64::from(giving.days[row] - giving.season_days[row])
                / f64::from(days_between(giving.first[row], as_of).max(1));
            donors.push(Seasonal { row, served, besides: rate * f64::from(options.horizon_days) });
            repeat.frequency.push(frequency);
            repeat.recency.push(recency);
            repeat.age.push(recency + f64::from(found.missed[row]));
        }
    }
    if donors.is_empty() {
        return Ok(found);
    }
    let until = as_of.saturating_add(jiff::Span::new().days(i64::from(options.horizon_days)));
    if seasons.last().is_some_and(|(first, _)| f64::from(days_between(*first, until)) > HIJRI_YEAR) {
        return Err(Error::new(ErrorKind::InvalidInput, "the seasons end before the horizon does")
            .context("horizon ends", until)
            .hint(
                "give the seasons up to a year past the horizon: those after the as-of date are opportunities to give",
            ));
    }
    let fitted = if donors.len() > 1 {
        fit(&repeat, &FitOptions { model: Model::BgBb, min_donors: 2, ..FitOptions::default() })?
    } else {
        // Nothing but the prior.
        Fitted::known(Model::BgBb, FitOptions::centres(Model::BgBb, &repeat))?
    };
    // A season that is going on is an opportunity only for those who have not given in it.
    for served in [false, true] {
        let next = seasons.len().min(passed + usize::from(served));
        let ahead = seasons[next..].iter().filter(|(first, _)| *first <= until).count();
        let of_seasons = fitted.predict(&repeat, &options.ahead(ahead.max(1) as f64, 365.25 / HIJRI_YEAR))?;
        for (i, donor) in donors.iter().enumerate().filter(|(_, donor)| donor.served == served) {
            let row = donor.row;
            let seasons_given = f64::from(giving.seasons[row]);
            let alive = of_seasons.p_alive[i];
            // Nothing out of season either.
            let quiet = 1.0 - alive * (1.0 - (-donor.besides).exp());
            let none = |of_seasons: f64| if ahead == 0 { quiet } else { of_seasons * quiet };
            said.p_no_gift[row] = none(of_seasons.p_no_gift[i]);
            said.p_no_gift_low[row] = none(of_seasons.p_no_gift_low[i]);
            said.p_no_gift_high[row] = none(of_seasons.p_no_gift_high[i]);
            said.p_alive[row] = alive;
            let in_season = if ahead == 0 { 0.0 } else { of_seasons.expected_gifts[i] };
            said.expected_gifts[row] =
                in_season * f64::from(giving.season_days[row]) / seasons_given + alive * donor.besides;
            said.discounted_gifts[row] = of_seasons.discounted_gifts[i] * f64::from(giving.days[row]) / seasons_given;
            found.chance[row] = Some(of_seasons.p_no_gift[i] * quiet);
        }
    }
    Ok(found)
}
