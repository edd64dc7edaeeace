//! Values that come one at a time, every hour or every day: how strange is this one?
//!
//! Several simple forecasts (the last value, a level, the value one season ago) run side by side, and the one that has
//! erred least lately speaks. Its error, and the drift of its last errors, are held against what they have been: a
//! histogram that forgets, with a tail fitted beyond what was seen (Hill 1975). The drift is the anomaly likelihood of
//! Ahmad et al. (2017, "Unsupervised real-time anomaly detection for streaming data", Neurocomputing 262) with an
//! empirical instead of a normal distribution. Memory does not grow with the stream.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How to watch a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamOptions {
    /// Lengths of seasons that may be in it, in values, at most 5,000 each; 24 and 168 by default: hours of a day and of
    /// a week. `[7]` suits daily values, `[288]` values every five minutes.
    pub seasons: Vec<usize>,
    /// Values at the beginning that are learned from and never called strange, at least 10; 150 by default.
    pub probation: usize,
    /// Values after which half is forgotten, at least 20; 1,000 by default.
    pub memory: f64,
    /// Errors that are averaged for the drift; 8 by default.
    pub drift: usize,
    /// How often an ordinary value may raise an alarm; 0.0001 by default.
    pub false_alarm: f64,
    /// Values after an alarm during which further ones of the same trouble are kept down; 100 by default.
    pub quiet: usize,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self { seasons: vec![24, 168], probation: 150, memory: 1_000.0, drift: 8, false_alarm: 1e-4, quiet: 100 }
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
    /// What was expected; the value itself where nothing was.
    pub expected: f64,
    /// How probable an error or drift as large is, by what has been; 1 during probation.
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
    past: VecDeque<f64>,
    experts: Vec<Expert>,
    levels: [f64; 2],
    errors: VecDeque<f64>,
    centre: f64,
    spike: Tail,
    drift: Tail,
    seen: usize,
    since_alarm: usize,
}

/// One way of forecasting, and how it has fared: 0 the last value, 1 and 2 a fast and a slow level, then each season's.
#[derive(Clone, Copy, Debug, Default)]
struct Expert {
    loss: f64,
    weight: f64,
}

/// How fast the two levels follow.
const FOLLOW: [f64; 2] = [0.3, 0.02];
/// Values after which half of an expert's record is forgotten.
const RECORD: f64 = 100.0;

impl Stream {
    /// Begins to watch.
    ///
    /// # Errors
    ///
    /// Those of [`StreamOptions::validate`].
    pub fn new(options: StreamOptions) -> Result<Self> {
        options.validate()?;
        let experts = vec![Expert::default(); 3 + options.seasons.len()];
        let keep = 0.5_f64.powf(1.0 / options.memory);
        let since_alarm = usize::MAX;
        Ok(Self {
            options,
            past: VecDeque::new(),
            experts,
            levels: [0.0; 2],
            errors: VecDeque::new(),
            centre: 0.0,
            spike: Tail::new(keep),
            drift: Tail::new(keep),
            seen: 0,
            since_alarm,
        })
    }

    /// The next value.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a value that is not finite or beyond ±10¹⁰⁰; it changes nothing. A missing value is simply not
    /// pushed; where seasons matter, push what was expected instead.
    pub fn push(&mut self, value: f64) -> Result<StreamPoint> {
        if value.is_nan() || value.abs() > crate::stats::LARGEST {
            return Err(Error::new(ErrorKind::InvalidInput, "a value of the stream is not finite or far too large")
                .hint("leave it out"));
        }
        if self.seen == 0 {
            self.levels = [value; 2];
            self.remember(value);
            return Ok(StreamPoint { expected: value, p_value: 1.0, score: 0.0, alarm: false });
        }
        let forecasts: Vec<Option<f64>> = (0..self.experts.len()).map(|expert| self.forecast(expert)).collect();
        let best = (0..self.experts.len())
            .filter(|&i| forecasts[i].is_some() && (i < 3 || self.experts[i].weight > 20.0))
            .min_by(|&a, &b| self.experts[a].average().total_cmp(&self.experts[b].average()))
            .unwrap_or(0);
        let expected = forecasts[best].unwrap_or(value);
        let error = value - expected;
        self.errors.push_back(error);
        if self.errors.len() > self.options.drift {
            self.errors.pop_front();
        }
        let recent = self.errors.iter().sum::<f64>() / self.errors.len() as f64 - self.centre;
        let learned = self.seen >= self.options.probation;
        // Two looks at one value.
        let p_value = if learned {
            (2.0 * self.spike.beyond(error.abs()).min(self.drift.beyond(recent.abs()))).clamp(1e-300, 1.0)
        } else {
            1.0
        };
        self.since_alarm = self.since_alarm.saturating_add(1);
        let calm = if self.since_alarm < self.options.quiet {
            self.since_alarm as f64 / self.options.quiet as f64 * 0.9
        } else {
            1.0
        };
        let alarm = p_value < self.options.false_alarm && self.since_alarm >= self.options.quiet;
        if alarm {
            self.since_alarm = 0;
        }
        let score = (-p_value.log10() / 10.0).clamp(0.0, 1.0) * if alarm { 1.0 } else { calm };
        self.spike.add(error.abs());
        self.drift.add(recent.abs());
        let step = self.spike.median().max(f64::MIN_POSITIVE);
        self.centre += 0.002 * (error - self.centre).clamp(-3.0 * step, 3.0 * step);
        for (expert, forecast) in self.experts.iter_mut().zip(forecasts) {
            if let Some(forecast) = forecast {
                expert.learn((value - forecast).abs());
            }
        }
        self.remember(value);
        Ok(StreamPoint { expected, p_value, score, alarm })
    }

    fn forecast(&self, expert: usize) -> Option<f64> {
        match expert {
            0 => self.past.back().copied(),
            1 | 2 => Some(self.levels[expert - 1]),
            season => {
                let back = *self.options.seasons.get(season - 3)?;
                self.past.len().checked_sub(back).and_then(|place| self.past.get(place)).copied()
            }
        }
    }

    fn remember(&mut self, value: f64) {
        for (level, follow) in self.levels.iter_mut().zip(FOLLOW) {
            *level += follow * (value - *level);
        }
        self.past.push_back(value);
        if self.past.len() > self.options.seasons.iter().copied().max().unwrap_or(1) {
            self.past.pop_front();
        }
        self.seen += 1;
    }
}

impl Expert {
    fn learn(&mut self, loss: f64) {
        let keep = 0.5_f64.powf(1.0 / RECORD);
        // One wild value does not decide who speaks.
        let bound = if self.weight > 5.0 { 5.0 * self.average() + f64::MIN_POSITIVE } else { f64::INFINITY };
        self.loss = keep * self.loss + loss.min(bound);
        self.weight = keep * self.weight + 1.0;
    }

    fn average(&self) -> f64 {
        if self.weight > 0.0 { self.loss / self.weight } else { f64::INFINITY }
    }
}

/// A histogram of sizes that forgets: eight bins for each doubling, from 2⁻¹⁰⁰ to 2³⁵⁰.
#[derive(Clone, Debug)]
struct Tail {
    bins: Vec<f64>,
    keep: f64,
    /// Weight of the next value; older ones have less.
    next: f64,
    total: f64,
    zeros: f64,
}

const BINS: usize = 8 * 450;
const OFFSET: f64 = 800.0;

impl Tail {
    fn new(keep: f64) -> Self {
        Self { bins: vec![0.0; BINS], keep, next: 1.0, total: 0.0, zeros: 0.0 }
    }

    fn bin(size: f64) -> usize {
        (8.0 * size.log2() + OFFSET).clamp(0.0, (BINS - 1) as f64) as usize
    }

    fn add(&mut self, size: f64) {
        self.next /= self.keep;
        if size > 0.0 {
            self.bins[Self::bin(size)] += self.next;
        } else {
            self.zeros += self.next;
        }
        self.total += self.next;
        if self.next > 1e100 {
            let shrink = 1.0 / self.next;
            self.bins.iter_mut().for_each(|bin| *bin *= shrink);
            (self.total, self.zeros, self.next) = (self.total * shrink, self.zeros * shrink, 1.0);
        }
    }

    /// The size that a share of all lies beyond; zero where there is none.
    fn quantile(&self, share: f64) -> f64 {
        let mut above = 0.0;
        for bin in (0..BINS).rev() {
            above += self.bins[bin];
            if above >= share * self.total {
                return ((bin as f64 + 0.5 - OFFSET) / 8.0).exp2();
            }
        }
        0.0
    }

    fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The probability of a size as large: counted inside of the largest twentieth, a Pareto tail beyond.
    fn beyond(&self, size: f64) -> f64 {
        if size <= 0.0 || self.total <= 0.0 {
            return 1.0;
        }
        let far = self.quantile(0.05);
        let mine = Self::bin(size);
        if far <= 0.0 {
            // All has been equal so far: any difference is new.
            return (self.next / self.total).min(1.0);
        }
        let start = Self::bin(far);
        if mine <= start {
            return (self.bins[mine..].iter().sum::<f64>() / self.total).min(1.0);
        }
        // Hill's estimate over the bins beyond, drawn towards 1/4 as if ten more had been seen.
        let (mut weight, mut logs) = (10.0 * self.next, 10.0 * self.next * 0.25);
        for (place, bin) in self.bins[start..].iter().enumerate() {
            weight += bin;
            logs += bin * place as f64 / 8.0 * std::f64::consts::LN_2;
        }
        let index = (logs / weight).clamp(0.05, 2.0);
        0.05 * (size / far).max(1.0).powf(-1.0 / index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day of 24 values with a wave, and noise that a linear congruential generator makes (Knuth's MMIX constants).
    fn stream(n: usize, mut change: impl FnMut(usize, f64) -> f64) -> Vec<StreamPoint> {
        let mut state = 7u64;
        let mut noise = || {
            let mut sum = 0.0;
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 11) as f64 / (1u64 << 53) as f64;
            }
            sum - 6.0
        };
        let mut stream = Stream::new(StreamOptions::default()).unwrap();
        let value = |i: usize, noise: f64| 100.0 + 40.0 * (std::f64::consts::TAU * i as f64 / 24.0).sin() + 3.0 * noise;
        (0..n).map(|i| stream.push(change(i, value(i, noise()))).unwrap()).collect()
    }

    fn alarms(points: &[StreamPoint]) -> Vec<usize> {
        points.iter().enumerate().filter(|(_, point)| point.alarm).map(|(i, _)| i).collect()
    }

    #[test]
    fn silent_on_what_is_usual() {
        let points = stream(10_000, |_, value| value);
        assert!(alarms(&points).len() <= 4, "{:?}", alarms(&points));
        assert!(points.iter().all(|point| (0.0..=1.0).contains(&point.score)));
        // It has learned the day: the wave is 40, the noise 3.
        let error = |point: &StreamPoint, i: usize| {
            point.expected - 100.0 - 40.0 * (std::f64::consts::TAU * i as f64 / 24.0).sin()
        };
        assert!((9_900..10_000).all(|i| error(&points[i], i).abs() < 25.0));
    }

    #[test]
    fn a_spike_a_shift_and_a_lost_season_are_found() {
        let spike = stream(3_000, |i, value| if i == 2_000 { value + 45.0 } else { value });
        assert!(spike[2_000].alarm, "{:?} {:?}", spike[2_000], alarms(&spike));
        let shift = stream(3_000, |i, value| if i >= 2_000 { value + 30.0 } else { value });
        assert!(alarms(&shift).iter().any(|i| (2_000..2_010).contains(i)), "{:?}", alarms(&shift));
        assert!(alarms(&shift).len() < 6, "the new level is soon the usual one: {:?}", alarms(&shift));
        let flat = stream(3_000, |i, value| if (2_000..2_100).contains(&i) { 60.0 } else { value });
        assert!(alarms(&flat).iter().any(|i| (2_000..2_100).contains(i)), "{:?}", alarms(&flat));
    }

    #[test]
    fn bad_values_and_options() {
        let mut stream = Stream::new(StreamOptions::default()).unwrap();
        for value in [f64::NAN, f64::INFINITY, 1e200] {
            assert_eq!(stream.push(value).unwrap_err().code(), "invalid_input");
        }
        for value in [0.0, 0.0, 1e100, -1e100, 1e-300, 0.0].iter().cycle().take(2_000) {
            let point = stream.push(*value).unwrap();
            assert!(point.score.is_finite() && point.expected.is_finite() && (0.0..=1.0).contains(&point.p_value));
        }
        let defaults = StreamOptions::default;
        for wrong in [
            StreamOptions { seasons: vec![1], ..defaults() },
            StreamOptions { probation: 0, ..defaults() },
            StreamOptions { memory: f64::NAN, ..defaults() },
            StreamOptions { drift: 0, ..defaults() },
            StreamOptions { false_alarm: 0.0, ..defaults() },
        ] {
            assert!(Stream::new(wrong).is_err());
        }
        // Equal values, then another one.
        let mut constant = Stream::new(StreamOptions::default()).unwrap();
        (0..500).for_each(|_| assert!(!constant.push(5.0).unwrap().alarm));
        assert!(constant.push(6.0).unwrap().score > 0.2);
    }
}
