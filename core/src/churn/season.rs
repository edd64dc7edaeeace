//! Donors who give in Ramadan only, asked about Ramadans: in Shawwal they have not missed one, and until the next one nothing is
//! to be expected of them.

use super::{FitOptions, Fitted, Known, Model, OutlookOptions, Predictions, Repeat, days_between, fit, within};
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
    /// The chance that the level of a seasonal donor follows: of no gift within the horizon, or in a whole season where less
    /// than one lies within it.
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
/// A season is an opportunity by the share of its days that lies ahead and within the horizon. Of one that is going on it counts
/// whether the donor has given in it, and how much of it is left. Without one the chance of no gift is 1 but for gifts out of season, which come at the donor's own rate
/// so far while the donor is still there.
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
    // The days of gifts in a season beyond the first.
    let further: Vec<f64> = donors
        .iter()
        .map(|donor| f64::from(giving.season_days[donor.row]) / f64::from(giving.seasons[donor.row]) - 1.0)
        .collect();
    let predict = |seasons: f64| fitted.predict(&repeat, &options.ahead(seasons, 365.25 / HIJRI_YEAR));
    let of_next = predict(1.0)?;
    // The season that is going on, if any: the share of it that is left, and that lies within the horizon.
    let running = seasons.get(passed).filter(|(first, _)| *first <= as_of);
    let [left, within] = [as_of.max(running.map_or(as_of, |season| season.1)), until]
        .map(|end| running.map_or(0.0, |season| share_ahead(*season, as_of, end)));
    let later = &seasons[passed + usize::from(running.is_some())..];
    let ahead: f64 = later.iter().map(|season| share_ahead(*season, as_of, until)).sum();
    let of_later = within::predict(&further, ahead, predict)?;
    let of_all = within::predict(&further, 1.0 + ahead, predict)?;
    for (i, &Seasonal { row, served, besides }) in donors.iter().enumerate() {
        let more = further[i];
        let alive = of_next.p_alive[i];
        // The chances of no gift, and the expected ones, of the rest of this season and the later ones.
        let of = |column: fn(&Predictions) -> &Vec<f64>| {
            let [next, later, all] = [&of_next, &of_later, &of_all].map(|said| column(said)[i]);
            if running.is_none() {
                later
            } else if served {
                later * (-more * within).exp()
            } else {
                Unserved::new(1.0 - next, left, more).none(within, next - all)
            }
        };
        let [none, low, high] = [of(|p| &p.p_no_gift), of(|p| &p.p_no_gift_low), of(|p| &p.p_no_gift_high)];
        let expected = if running.is_none() {
            of_later.expected_gifts[i]
        } else if served {
            of_later.expected_gifts[i] + more * within
        } else {
            let active = 1.0 - of_next.p_no_gift[i];
            let first_later = of_next.p_no_gift[i] - of_all.p_no_gift[i];
            let all_later = of_all.expected_gifts[i] / (1.0 + more) - of_next.expected_gifts[i];
            Unserved::new(active, left, more).expected(within, first_later, all_later)
        };
        // Nothing out of season either.
        let quiet = 1.0 - alive * (1.0 - (-besides).exp());
        said.p_no_gift[row] = none * quiet;
        said.p_no_gift_low[row] = low.min(none) * quiet;
        said.p_no_gift_high[row] = high.max(none) * quiet;
        said.p_alive[row] = alive;
        said.expected_gifts[row] = expected + alive * besides;
        // Those out of season by the way.
        let all = f64::from(giving.days[row]) / f64::from(giving.season_days[row]);
        said.discounted_gifts[row] = of_later.discounted_gifts[i] * all;
        found.chance[row] = Some(quiet * if ahead < 1.0 { of_next.p_no_gift[i].min(none) } else { none });
    }
    Ok(found)
}

/// A donor who has not given in a season that is going on. Gifts of an active season are 1 + Poisson(`more`), evenly spread.
struct Unserved {
    /// P(giving in the rest of the season and not before).
    still: f64,
    /// P(giving in it before, had it not been seen that there was none).
    before: f64,
    left: f64,
    more: f64,
}

impl Unserved {
    /// `active`: P(giving in the season), as seen before it; `left`: the share of it that is still to come.
    fn new(active: f64, left: f64, more: f64) -> Self {
        let still = active * left * (-more * (1.0 - left)).exp();
        Self { still, before: active - still, left, more }
    }

    /// P(no gift) in the share `within` of the season and in later ones; `first_later`: P(giving in a later one and not in
    /// this).
    fn none(&self, within: f64, first_later: f64) -> f64 {
        let here =
            if self.left > 0.0 { within::share((within / self.left).min(1.0), self.more * self.left) } else { 0.0 };
        (1.0 - (self.still * here + first_later) / (1.0 - self.before)).clamp(0.0, 1.0)
    }

    /// Expected gifts likewise; `all_later`: expected later seasons with a gift.
    fn expected(&self, within: f64, first_later: f64, all_later: f64) -> f64 {
        let here = if self.left > 0.0 { within / self.left * (1.0 + self.more * self.left) } else { 0.0 };
        // Of the later ones those after a gift in this season only count as far as that gift can still come.
        let share = self.still / (self.still + self.before).max(1e-12);
        let later = first_later + share * (all_later - first_later).max(0.0);
        (self.still * here + (1.0 + self.more) * later) / (1.0 - self.before)
    }
}

/// The share of a season's days that lie after a day, up to another.
fn share_ahead((first, last): (Date, Date), after: Date, until: Date) -> f64 {
    let from = first.max(after.saturating_add(jiff::Span::new().days(1)));
    let to = last.min(until);
    if from > to { 0.0 } else { f64::from(days_between(from, to) + 1) / f64::from(days_between(first, last) + 1) }
}
