//! Months that lie far off and come back.

/// A month that lies so many robust standard deviations away from its neighbours, and comes back, is a spike.
const SPIKE: f64 = 6.0;
/// At the ends, where neighbours stand on one side, it must also lie so many times their own range away: a steep curve is
/// no row of spikes.
const BEYOND_RANGE: f64 = 2.0;
/// The newest month needs so many: there is no month after it that came back.
const SPIKE_AT_THE_END: f64 = 7.0;
/// Fewer months do not tell a spike from noise.
const NEEDED: usize = 8;
/// Before it is known what the season does to the newest month, and with so few months that noise is hardly known, it needs so
/// many robust standard deviations, so many ranges of its neighbours, and so many months.
const UNSEEN: (f64, f64) = (15.0, 5.0);
const UNSEEN_NEEDS: usize = 5;
/// Below so many months the season's share of the newest month has been seen once at most; from a year on it is estimated from
/// that month itself, in which a spike would hide.
const SEASON: (usize, usize) = (12, 24);
/// The median absolute deviation of normal noise is so much of its standard deviation.
const MAD_OF_NORMAL: f64 = 0.6745;
/// The robust standard deviation counts at least so much, as a share of a month: what lies within 3 % of its neighbours is
/// never a spike, however smooth the rest.
const LEAST_SPREAD: f64 = 0.005;
/// A series of which more than one month in so many equals the month before is one of payments that come now and then.
const MOSTLY_EQUAL: usize = 3;
/// Neighbours looked at: two on each side, four where a side ends.
const NEAR: usize = 4;
/// Months at a distance of at least this share of the candidate's do the same as it.
const LIKEWISE: f64 = 0.4;
/// More than one month in so many are no single spikes: the series is like that.
const RARE: usize = 8;
/// The newest month may be a spike or a new level: it is believed up to so many robust standard deviations (Huber 1964,
/// Annals of Mathematical Statistics 35), until the next month tells.
const BELIEVED: f64 = 1.5;
/// Periods in which payments recur: a quarter, a third, half of a year, a year; and the share of the other months of the
/// same phase that must do likewise, of at least so many.
const PERIODS: [(usize, f64, usize); 4] = [(3, 0.75, 2), (4, 0.75, 2), (6, 0.75, 2), (12, 0.5, 1)];

/// A level has moved when at least so many and at most so many of the newest months lie elsewhere, so many robust standard
/// deviations of all months before from their middle, and both sides keep within a share of the distance. A series that
/// wanders or climbs deviates so far from its middle that it never moves in this sense.
const MOVED: (usize, usize) = (3, 12);
const MOVED_BY: f64 = 5.0;
const WITHIN: f64 = 0.5;
/// So many months just before must have stood still, and so many must be there in all: shorter series follow a new level by
/// themselves.
const BEFORE: usize = 12;
const MOVED_NEEDS: usize = 48;

/// A level that moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Move {
    /// The first month on the new level.
    pub(super) from: usize,
    /// How far it moved.
    pub(super) by: f64,
}

/// A month that lies far off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spike {
    /// Its index.
    pub(super) t: usize,
    /// The newest month only: how much of its distance is not believed.
    pub(super) excess: Option<f64>,
}

/// Months far from the middle of their neighbours in `rest`, which is without season and regressors. A level that moved
/// and stays is no spike, because its neighbours on one side are with it; nor is a month when the same month of other
/// years, or the same phase of a shorter period, does likewise in `seasoned`, which has the season in it.
pub(super) fn spikes(rest: &[f64], seasoned: &[f64]) -> Vec<Spike> {
    let n = rest.len();
    if n < NEEDED {
        return newest(seasoned).into_iter().collect();
    }
    let (distances, ranges) = distances_and_ranges(rest);
    let raw = self::distances(seasoned);
    let hidden = (SEASON.0..SEASON.1).contains(&n).then(|| newest(seasoned)).flatten();
    let hidden = hidden.filter(|spike| !recurs(&raw, spike.t));
    // Where many months are equal, the others tell how far months lie apart.
    let spread = if mostly_equal(seasoned) { sizes(&raw, LEAST_SPREAD) } else { sizes(&distances, 0.0) };
    let spread = spread.max(LEAST_SPREAD);
    let far = |t: usize| {
        let middle = t >= 2 && t + 2 < n;
        let enough = if t + 1 == n { SPIKE_AT_THE_END } else { SPIKE } * spread;
        distances[t].abs() > enough && (middle || distances[t].abs() > BEYOND_RANGE * ranges[t])
    };
    // A month before the newest one that the newest stays with is a new level.
    let came_back = |t: usize| t + 2 != n || (rest[t] - rest[t + 1]).abs() > 0.5 * distances[t].abs();
    let found: Vec<usize> = (0..n).filter(|&t| far(t) && came_back(t) && !recurs(&raw, t)).collect();
    if found.len() * RARE > n {
        return hidden.into_iter().collect();
    }
    let spike = |t| {
        let distance: f64 = distances[t];
        let excess = (t + 1 == n).then(|| distance - distance.signum() * BELIEVED * spread);
        Spike { t, excess }
    };
    found.into_iter().filter(|&t| t + 1 < n || hidden.is_none()).map(spike).chain(hidden).collect()
}

/// The newest month, where it lies absurdly far off.
fn newest(values: &[f64]) -> Option<Spike> {
    let t = values.len().checked_sub(1).filter(|_| values.len() >= UNSEEN_NEEDS && !mostly_equal(values))?;
    let (distances, ranges) = distances_and_ranges(values);
    let spread = sizes(&distances[..t], 0.0).max(LEAST_SPREAD);
    let far = distances[t].abs() > UNSEEN.0 * spread && distances[t].abs() > UNSEEN.1 * ranges[t];
    far.then(|| Spike { t, excess: Some(distances[t] - distances[t].signum() * BELIEVED * spread) })
}

/// The robust standard deviation of distances of at least `least`.
fn sizes(distances: &[f64], least: f64) -> f64 {
    median(distances.iter().map(|d| d.abs()).filter(|&d| d >= least).collect()) / MAD_OF_NORMAL
}

/// Whether many months are equal to the one before, such as zeros.
fn mostly_equal(values: &[f64]) -> bool {
    let equal = values.windows(2).filter(|pair| (pair[1] - pair[0]).abs() <= 0.0).count();
    MOSTLY_EQUAL * equal > values.len()
}

/// A level that moved in one step within the last year and stayed; `rest` and `seasoned` as in [`spikes`]. What came
/// likewise in the same months of the year before is a season.
pub(super) fn moved(rest: &[f64], seasoned: &[f64]) -> Option<Move> {
    let n = rest.len();
    if n < MOVED_NEEDS || rest.iter().any(|value| !value.is_finite()) {
        return None;
    }
    (MOVED.0..=MOVED.1.min(n - BEFORE)).find_map(|months| {
        let from = n - months;
        let (before, after) = (&rest[..from], &rest[from..]);
        let old = median(before.to_vec());
        let spread = median(before.iter().map(|value| (value - old).abs()).collect()) / MAD_OF_NORMAL;
        let spread = spread.max(LEAST_SPREAD);
        let by = median(after.to_vec()) - old;
        let stayed = after.iter().all(|value| (value - old - by).abs() < WITHIN * by.abs());
        let calm = before[from - BEFORE..].iter().all(|value| (value - old).abs() < WITHIN * by.abs());
        let year_before = median(seasoned[from - BEFORE..].iter().take(months).copied().collect());
        let usual = median(seasoned[from - BEFORE..from].to_vec());
        let season = (year_before - usual) * by.signum() > LIKEWISE * by.abs();
        (by.abs() > MOVED_BY * spread && stayed && calm && !season).then_some(Move { from, by })
    })
}

/// How far each month lies from the middle of its neighbours; the usual step a month is taken off before.
pub(super) fn distances(rest: &[f64]) -> Vec<f64> {
    distances_and_ranges(rest).0
}

/// The same, and the range of the neighbours.
fn distances_and_ranges(rest: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = rest.len();
    let slope = median(rest.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| step.is_finite()).collect());
    let flat = |i: usize| rest[i] - slope * i as f64;
    let mut near = Vec::with_capacity(NEAR);
    (0..n)
        .map(|t| {
            let first = t.saturating_sub(NEAR / 2).min(n.saturating_sub(NEAR + 1));
            near.clear();
            near.extend((first..(first + NEAR + 1).min(n)).filter(|&i| i != t).map(flat).filter(|v| v.is_finite()));
            near.sort_by(f64::total_cmp);
            match near.len() {
                0 | 1 => (0.0, 0.0),
                k => (flat(t) - f64::midpoint(near[(k - 1) / 2], near[k / 2]), near[k - 1] - near[0]),
            }
        })
        .unzip()
}

/// Whether months of the same phase do the same as month `t`.
pub(super) fn recurs(distances: &[f64], t: usize) -> bool {
    let like = |i: usize| distances[i] * distances[t].signum() > LIKEWISE * distances[t].abs();
    PERIODS.iter().any(|&(period, share, least)| {
        let others = || (t % period..distances.len()).step_by(period).filter(|&i| i != t && distances[i].is_finite());
        let (all, alike) = (others().count(), others().filter(|&i| like(i)).count());
        all >= least && alike as f64 >= share * all as f64
    })
}

/// The middle of values; 0 without any.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
