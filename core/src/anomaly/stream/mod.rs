//! Values that come one at a time, every hour or every day: how strange is this one?
//!
//! Several forecasts run side by side (no season or one of the seasons' profiles, each with a fast, a middling, a slow
//! and a steady level), and the one that has erred least lately speaks. Profiles and levels take a value in only as far
//! as it is ordinary, so a wild one leaves no echo; what stays wild on one side is the new usual. Four looks at a value:
//! its error, and the mean of the last errors, held against a histogram that forgets with a generalised Pareto tail
//! beyond it (moments of Dekkers, Einmahl & de Haan 1989; the use for streams is Siffer et al. 2017); a cumulative sum
//! (Page 1954) of errors from the steady level, for shifts and slow drifts, with the exponential tail of its theory; and
//! two rules, for values that stand still and for what never changed before. Memory does not grow with the stream.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

mod tail;
#[cfg(test)]
mod tests;

use tail::Tail;

/// How to watch a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamOptions {
    /// Lengths of seasons that may be in it, in values, at most 5,000 each; 24, 48, 168, 288 and 336 by default: days and
    /// weeks of hours and half-hours, days of five minutes. `[7]` suits daily values. One that is not there costs nothing.
    pub seasons: Vec<usize>,
    /// Values at the beginning that are learned from and never called strange, at least 10; 150 by default.
    pub probation: usize,
    /// Values after which half is forgotten, at least 20; 1,000 by default.
    pub memory: f64,
    /// Errors that are averaged for the drift; 8 by default.
    pub drift: usize,
    /// How often an ordinary value may raise an alarm; 0.0001 by default.
    pub false_alarm: f64,
    /// Values after an alarm during which further ones of the same trouble are kept down; 100 by default. A trouble that
    /// has been over for 20 values, or a far larger one, is a new one.
    pub quiet: usize,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            seasons: vec![24, 48, 168, 288, 336],
            probation: 150,
            memory: 1_000.0,
            drift: 8,
            false_alarm: 1e-4,
            quiet: 100,
        }
    }
}

impl StreamOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        for (right, why) in [
            (self.seasons.iter().all(|&s| (2..=5_000).contains(&s)), "seasons must be 2 to 5,000 values long"),
            (self.seasons.len() <= 8, "there may be eight seasons at most"),
            (self.probation >= 10, "probation must be at least 10"),
            (self.memory >= 20.0 && self.memory.is_finite(), "memory must be at least 20"),
            ((1..=1_000).contains(&self.drift), "drift must be 1 to 1,000"),
            (self.false_alarm > 0.0 && self.false_alarm < 0.5, "false_alarm must be above 0 and below 0.5"),
        ] {
            if !right {
                return Err(Error::new(ErrorKind::InvalidInput, why));
            }
        }
        Ok(())
    }
}

/// What is said about one value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamPoint {
    /// What was expected; the value itself where nothing was (0 if that one is missing).
    pub expected: f64,
    /// How probable an error or drift as large is, by what has been; 1 during probation and for a missing value.
    pub p_value: f64,
    /// −log₁₀ of the p-value as a share of 10, 0 to 1, kept down after an alarm: to rank and to threshold.
    pub score: f64,
    /// Whether it raises an alarm.
    pub alarm: bool,
}

/// Watches a stream.
#[derive(Clone, Debug)]
pub struct Stream {
    options: StreamOptions,
    bases: Vec<Base>,
    errors: VecDeque<f64>,
    spike: Tail,
    drift: Tail,
    sums: Sums,
    standing: Standing,
    /// How far values lie from their slow level by and large.
    span: f64,
    /// The usual size of errors that are not zero: what all looks measure in.
    unit: f64,
    sizes: Level,
    /// Errors beyond the clip on one side in a row; negative below.
    side: i64,
    /// Values that were seen, and places in the seasons, which missing ones count in too.
    seen: usize,
    place: usize,
    since_alarm: usize,
    /// Values in a row whose error was an ordinary one, and the largest error of the trouble.
    calm: usize,
    /// Whether the last trouble is over.
    over: bool,
    worst: f64,
}

/// A season's profile (or none) and levels of what it leaves.
#[derive(Clone, Debug)]
struct Base {
    profile: Vec<f64>,
    filled: Vec<u32>,
    levels: [Level; FOLLOW.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    at: f64,
    loss: f64,
    weight: f64,
}

/// Cumulative sums of standardised errors from the steady level, upwards and downwards (Page 1954).
#[derive(Clone, Debug)]
struct Sums {
    scale: Tail,
    tail: Tail,
    up: f64,
    down: f64,
    last: f64,
    /// Products of neighbouring errors and squares, for their autocorrelation.
    product: f64,
    square: f64,
}

/// Equal values in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    value: f64,
    run: f64,
    longest: f64,
    told: bool,
    repeats: f64,
    weight: f64,
}

/// A level that lacks less than this share of the span has arrived.
const LACKING: f64 = 1e-6;
/// How fast the span follows.
const SPAN: f64 = 0.002;
/// How fast the levels follow: the last value; middling; slow; steady, the reference for drifts.
const FOLLOW: [f64; 4] = [1.0, 0.3, 0.015, 0.004];
/// The slow level's place among them.
const SLOW: usize = 2;
/// Values after which half of a forecast's record is forgotten.
const RECORD: f64 = 200.0;
/// Standard errors that a value may move levels and profiles by.
const CLIP: f64 = 3.0;
/// Errors on one side, all beyond the clip, after which they are the new usual.
const SHIFTED: i64 = 12;
/// Ordinary errors in a row after which a trouble is over.
const OVER: usize = 20;
/// What the smallest of three looks' probabilities is multiplied by; they look at much the same.
const LOOKS: f64 = 2.0;
/// The allowance of the cumulative sums, in standard errors: half of the smallest shift worth an alarm.
const ALLOWANCE: f64 = 0.5;

impl Stream {
    /// Begins to watch.
    ///
    /// # Errors
    ///
    /// Those of [`StreamOptions::validate`].
    pub fn new(options: StreamOptions) -> Result<Self> {
        options.validate()?;
        let bases = std::iter::once(1).chain(options.seasons.iter().copied()).map(Base::new).collect();
        let tail = || Tail::new(options.memory);
        let sums = Sums { scale: tail(), tail: tail(), up: 0.0, down: 0.0, last: 0.0, product: 0.0, square: 0.0 };
        let (spike, drift) = (tail(), tail());
        Ok(Self {
            options,
            bases,
            errors: VecDeque::new(),
            spike,
            drift,
            sums,
            standing: Standing::default(),
            span: 0.0,
            unit: 1.0,
            sizes: Level::default(),
            side: 0,
            seen: 0,
            place: 0,
            since_alarm: usize::MAX,
            calm: 0,
            over: true,
            worst: 0.0,
        })
    }

    /// The next value. NaN is a missing one: time goes on, nothing is learned and nothing called strange.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a value that is infinite or beyond ±10¹⁰⁰; it changes nothing.
    pub fn push(&mut self, value: f64) -> Result<StreamPoint> {
        if value.abs() > crate::stats::LARGEST {
            return Err(Error::new(ErrorKind::InvalidInput, "a value of the stream is not finite or far too large")
                .hint("leave it out, or push NaN for a missing value"));
        }
        let place = self.place;
        self.place += 1;
        let (base, level) = self.best(place);
        if value.is_nan() || self.seen == 0 {
            let expected = if self.seen > 0 { self.bases[base].forecast(level, place) } else { 0.0 };
            if value.is_nan() {
                return Ok(StreamPoint { expected, p_value: 1.0, score: 0.0, alarm: false });
            }
            self.bases.iter_mut().for_each(|base| base.begin(value));
            self.standing.add(value, 1.0);
            self.seen = 1;
            return Ok(StreamPoint { expected: value, p_value: 1.0, score: 0.0, alarm: false });
        }
        let expected = self.bases[base].forecast(level, place);
        let error = difference(value, expected, self.span);
        // The first error is its own measure.
        let size = if self.sizes.weight > 0.0 { self.sizes.average() } else { error.abs() };
        self.unit = if size > 0.0 { size.max(f64::MIN_POSITIVE) } else { 1.0 };
        let (p_near, p_value) = self.probability(value, error, base, place);
        let (alarm, score) = self.judge(error, p_near, p_value);
        self.learn(value, error, place);
        Ok(StreamPoint { expected, p_value, score, alarm })
    }

    /// The forecast that has erred least lately: its base and its level.
    fn best(&self, place: usize) -> (usize, usize) {
        let mut best = (0, 0);
        let mut least = f64::INFINITY;
        for (b, base) in self.bases.iter().enumerate().filter(|(b, base)| *b == 0 || base.knows(place)) {
            for (l, level) in base.levels.iter().enumerate() {
                // A profile must have proved itself over some values, and be better by more than luck.
                let handicap = if b == 0 { 1.0 } else { 1.02 };
                let loss = level.average() * handicap;
                if (b == 0 || level.weight > 30.0) && loss < least {
                    (best, least) = ((b, l), loss);
                }
            }
        }
        best
    }

    /// The probability of the error and of the last errors, and that of all looks together.
    fn probability(&mut self, value: f64, error: f64, base: usize, place: usize) -> (f64, f64) {
        // A single wild error is the first look's business.
        let (z, most) = (error / self.unit, CLIP * 1.4826 * self.spike.median());
        self.errors.push_back(if most > 0.0 { z.clamp(-most, most) } else { z });
        if self.errors.len() > self.options.drift {
            self.errors.pop_front();
        }
        let mean = (self.errors.iter().sum::<f64>() / self.errors.len() as f64).abs();
        let z = z.abs();
        let single = self.spike.beyond(z, self.seen as f64);
        let drift = if self.spike.mostly_zero() { 1.0 } else { self.drift.beyond(mean, f64::INFINITY) };
        // Sums speak only where a steady level forecasts nearly as well as any: a random walk has none.
        let steady = self.bases[base].levels[FOLLOW.len() - 1].average();
        let least = self.bases[base].levels.iter().map(Level::average).fold(f64::INFINITY, f64::min);
        let away = difference(value, self.bases[base].forecast(FOLLOW.len() - 1, place), self.span);
        let sum = self.sums.push(away / self.unit, steady <= 1.3 * least);
        let standing = self.standing.push(value);
        if error != 0.0 {
            self.sizes.record(error.abs());
        }
        let size = 2.5 * self.spike.quantile(0.01);
        self.spike.add(if size > 0.0 { z.min(size) } else { z });
        let size = 2.5 * self.drift.quantile(0.01);
        self.drift.add(if size > 0.0 { mean.min(size) } else { mean });
        if self.seen < self.options.probation {
            return (1.0, 1.0);
        }
        let p_value = (LOOKS * single.min(drift).min(sum)).min(standing).clamp(1e-300, 1.0);
        ((LOOKS * single.min(drift)).clamp(1e-300, 1.0), p_value)
    }

    fn judge(&mut self, error: f64, p_near: f64, p_value: f64) -> (bool, f64) {
        let level = self.options.false_alarm;
        self.since_alarm = self.since_alarm.saturating_add(1);
        let strange = p_value < level;
        let anew =
            self.since_alarm >= self.options.quiet || (p_near < level && (self.over || error.abs() > 3.0 * self.worst));
        let alarm = strange && anew;
        if alarm {
            // Each look begins anew, so that a trouble that stays is told once.
            (self.sums.up, self.sums.down) = (0.0, 0.0);
            self.standing.told |= self.standing.probability() < level;
            (self.since_alarm, self.worst, self.calm, self.over) = (0, 0.0, 0, false);
        }
        self.worst = if self.since_alarm < self.options.quiet { self.worst.max(error.abs()) } else { 0.0 };
        self.calm = if p_near < 0.01 { 0 } else { self.calm + 1 };
        self.over |= self.calm >= OVER;
        let down = if alarm || self.since_alarm >= self.options.quiet {
            1.0
        } else {
            0.9 * self.since_alarm as f64 / self.options.quiet as f64
        };
        (alarm, (-p_value.log10() / 10.0).clamp(0.0, 1.0).abs() * down)
    }

    fn learn(&mut self, value: f64, error: f64, place: usize) {
        let scale = 1.4826 * self.spike.median() * self.unit;
        let beyond = error.abs() > CLIP * scale && (self.seen >= self.options.probation || scale <= 0.0);
        let sign = if error > 0.0 { 1 } else { -1 };
        self.side = match beyond {
            true if self.side.signum() == sign => self.side + sign,
            true => sign,
            false => 0,
        };
        let shifted = self.side.abs() >= SHIFTED;
        if shifted {
            (self.sums.up, self.sums.down) = (0.0, 0.0);
        }
        let away = (value - self.bases[0].levels[SLOW].at).abs();
        for base in &mut self.bases {
            base.learn(value, scale, place, shifted, self.span);
        }
        let most = if self.span > 0.0 { 5.0 * self.span } else { f64::INFINITY };
        self.span += SPAN * (away.min(most) - self.span);
        self.seen += 1;
    }
}

impl Base {
    fn new(season: usize) -> Self {
        Self { profile: vec![0.0; season], filled: vec![0; season], levels: [Level::default(); 4] }
    }

    /// Whether a whole season has been seen at this place before.
    fn knows(&self, place: usize) -> bool {
        self.filled[place % self.filled.len()] > 0
    }

    fn forecast(&self, level: usize, place: usize) -> f64 {
        self.profile[place % self.profile.len()] + self.levels[level].at
    }

    /// The very first value.
    fn begin(&mut self, value: f64) {
        self.levels.iter_mut().for_each(|level| level.at = value);
    }

    /// Takes a value in, as far as it is ordinary for this base; `scale` is the best forecast's, `shifted` says that what is
    /// not ordinary is the new usual.
    fn learn(&mut self, value: f64, scale: f64, place: usize, shifted: bool, span: f64) {
        let season = self.profile.len();
        let here = place % season;
        if season == 1 {
            self.filled[0] = 1;
        }
        if self.filled[here] == 0 {
            // The first time at this place: what it differs by from the slow level that all have in common.
            let differs = value - self.levels[SLOW].at;
            self.profile[here] = if scale > 0.0 || shifted { differs } else { 0.0 };
            self.filled[here] = 1;
            return;
        }
        // A base that has erred much lets much in: what is wild for the best may be usual here. Where most errors are
        // zero, nothing else is usual.
        let own = self.levels[SLOW];
        let usual = match scale > 0.0 {
            true if own.weight > 5.0 => scale.max(1.25 * own.average()),
            true => f64::INFINITY,
            false => 0.0,
        };
        let bound = if shifted { f64::INFINITY } else { CLIP * usual };
        let raw = value - self.profile[here];
        let left = own.at + (raw - own.at).clamp(-bound, bound);
        for index in 0..FOLLOW.len() {
            let loss = difference(value, self.forecast(index, place), span).abs();
            self.levels[index].record(loss);
        }
        for (level, follow) in self.levels.iter_mut().zip(FOLLOW) {
            // The record's length makes levels exact at the beginning.
            let follow = follow.max(1.0 / (level.weight + 1.0));
            // Where nothing else is usual, the new usual is taken over as it is.
            let follow = match shifted {
                true if scale > 0.0 => follow.max(0.2),
                true => 1.0,
                false => follow,
            };
            let to = if follow >= 1.0 { raw } else { left };
            level.at += follow * (to - level.at);
        }
        if season > 1 {
            let rate = (1.0 / (f64::from(self.filled[here]) + 1.0)).max(0.12);
            if !shifted {
                self.profile[here] += rate * (left - self.levels[SLOW].at);
            }
            self.filled[here] = self.filled[here].saturating_add(1);
        }
    }
}

impl Level {
    fn record(&mut self, loss: f64) {
        let keep = 0.5_f64.powf(1.0 / RECORD);
        // One wild value does not decide who speaks.
        let bound = if self.weight > 5.0 && self.loss > 0.0 { 5.0 * self.average() } else { f64::INFINITY };
        self.loss = keep * self.loss + loss.min(bound);
        self.weight = keep * self.weight + 1.0;
    }

    fn average(&self) -> f64 {
        if self.weight > 0.0 { self.loss / self.weight } else { f64::INFINITY }
    }
}

impl Sums {
    /// Takes an error in; the probability of sums as large.
    fn push(&mut self, error: f64, counts: bool) -> f64 {
        let scale = 1.4826 * self.scale.median();
        self.scale.add(error.abs());
        if scale <= 0.0 || !counts {
            (self.up, self.down) = (0.0, 0.0);
            return 1.0;
        }
        let z = (error / scale).clamp(-CLIP, CLIP);
        // Autocorrelated errors wander further by themselves: (1 + r)/(1 − r) times the variance of a sum.
        let r = (self.product / self.square.max(1.0)).clamp(0.0, 0.9);
        let spread = self.square / 500.0_f64.min(self.square.max(1.0) + 1.0);
        let mean = (1.0 + r) / (1.0 - r) / (2.0 * ALLOWANCE) * spread.clamp(1.0, 2.0);
        self.up = (self.up + z - ALLOWANCE).max(0.0);
        self.down = (self.down - z - ALLOWANCE).max(0.0);
        let sum = self.up.max(self.down);
        let p = self.tail.beyond_exponential(sum, mean);
        if p > 1e-3 {
            self.product = 0.998 * self.product + z * self.last;
            self.square = 0.998 * self.square + z * z;
        }
        self.last = z;
        let most = 2.0 * self.tail.quantile(0.01);
        self.tail.add(if most > 0.0 { sum.min(most) } else { sum });
        p
    }
}

impl Standing {
    fn add(&mut self, value: f64, run: f64) {
        (self.value, self.run, self.told) = (value, run, false);
    }

    /// Takes a value in; the probability that so many are equal.
    fn push(&mut self, value: f64) -> f64 {
        // Standing still is repeating the very same value, not one near it.
        if value.to_bits() == self.value.to_bits() {
            self.run += 1.0;
        } else {
            // Only runs that have ended are a record of what is usual.
            let keep = 0.999_f64.powf(self.run);
            self.repeats = keep * self.repeats + self.run - 1.0;
            self.weight = keep * self.weight + self.run;
            self.longest = self.longest.max(self.run) * 0.9995;
            self.add(value, 1.0);
        }
        self.probability()
    }

    /// The probability that so many are equal; 1 where equal ones are usual, or it has been told.
    fn probability(&self) -> f64 {
        let usual = if self.weight > 0.0 { (self.repeats / self.weight).max(0.2) } else { 1.0 };
        if self.told || usual > 0.5 || self.run < 8.0 || self.run < 2.0 * self.longest + 4.0 {
            return 1.0;
        }
        usual.powf(self.run - self.longest)
    }
}

/// What two values differ by; nothing where it is only what a level still lacks on its way to a value that stands still.
fn difference(value: f64, expected: f64, span: f64) -> f64 {
    let difference = value - expected;
    // Digits that a number so far from zero does not have are no difference either.
    let lacking = (LACKING * span).max(8.0 * f64::EPSILON * value.abs());
    if difference.abs() <= lacking { 0.0 } else { difference }
}
