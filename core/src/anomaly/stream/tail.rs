//! A histogram of sizes that forgets, with a tail fitted beyond it.

use std::collections::VecDeque;

/// Thirty-two bins for each doubling, from 2⁻⁴⁰ to 2⁸⁰ times the usual size.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    bins: Vec<f64>,
    /// Values after which half is forgotten, once four times as many were seen; sooner before: what is learned first is
    /// the worst known.
    memory: f64,
    count: f64,
    /// The bins in use.
    low: usize,
    high: usize,
    /// The latest sizes, which do not count yet: a trouble that builds up is not held against itself.
    late: VecDeque<f64>,
    /// Weight of the next value; older ones have less.
    next: f64,
    total: f64,
    zeros: f64,
}

const BINS: usize = 32 * 120;
const OFFSET: f64 = 32.0 * 40.0;
/// The share of sizes that are the tail.
const SHARE: f64 = 0.12;
/// Values after which a size counts; sooner at the beginning.
const LATE: usize = 24;
/// What is added to the index of a tail heavier than 1/10.
const HEAVY: f64 = 0.7;
/// As many sizes as if seen before, with the tail of normal errors.
const PRIOR: f64 = 35.0;

impl Tail {
    pub(super) fn new(memory: f64) -> Self {
        Self {
            bins: vec![0.0; BINS],
            memory,
            count: 0.0,
            low: BINS,
            high: 0,
            late: VecDeque::new(),
            next: 1.0,
            total: 0.0,
            zeros: 0.0,
        }
    }

    fn bin(size: f64) -> usize {
        (32.0 * size.log2() + OFFSET).clamp(0.0, (BINS - 1) as f64) as usize
    }

    fn middle(bin: usize) -> f64 {
        ((bin as f64 + 0.5 - OFFSET) / 32.0).exp2()
    }

    pub(super) fn add(&mut self, size: f64) {
        self.late.push_back(size);
        if self.late.len() > LATE.min(self.count as usize / 5)
            && let Some(size) = self.late.pop_front()
        {
            self.count_in(size);
        }
    }

    fn count_in(&mut self, size: f64) {
        self.count += 1.0;
        self.next *= (1.0 / (self.count / 4.0).clamp(20.0, self.memory.max(20.0))).exp2();
        if size > 0.0 {
            let bin = Self::bin(size);
            self.bins[bin] += self.next;
            (self.low, self.high) = (self.low.min(bin), self.high.max(bin));
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
    pub(super) fn quantile(&self, share: f64) -> f64 {
        self.above(share * self.total)
    }

    fn above(&self, weight: f64) -> f64 {
        if self.total <= self.zeros {
            return 0.0;
        }
        let mut above = 0.0;
        for bin in (self.low..=self.high).rev() {
            above += self.bins[bin];
            if above > 0.0 && above >= weight {
                return Self::middle(bin);
            }
        }
        0.0
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.late.len()
    }

    pub(super) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Whether nine tenths and more have been zero.
    pub(super) fn mostly_zero(&self) -> bool {
        self.zeros > 0.9 * self.total
    }

    /// The probability of a size as large: that it is not zero, times counted inside and a generalised Pareto tail
    /// beyond. What was never anything but zero over `seen` values answers by rule: 1/`seen`², for it has no scale.
    pub(super) fn beyond(&self, size: f64, seen: f64) -> f64 {
        if size <= 0.0 || self.total <= 0.0 {
            return 1.0;
        }
        let others = self.total - self.zeros;
        let count = others / self.next;
        if count < 0.5 {
            return if seen.is_finite() { 1.0 / (seen * seen).max(1.0) } else { 1.0 };
        }
        let share = (others + self.next) / (self.total + self.next);
        let far = self.above(SHARE * others);
        let start = Self::bin(far);
        let mine = Self::bin(size);
        if mine <= start {
            return share * (self.bins[mine..=self.high.max(mine)].iter().sum::<f64>() / others).min(1.0);
        }
        // First and second moments of log excesses, begun with a prior: the largest eighth of normal errors, or something
        // far broader where most are zero and there is no reason to think of the normal.
        let (first, prior) = if 2.0 * self.zeros > self.total { (0.6, 20.0) } else { (0.25, PRIOR) };
        let prior = prior * self.next;
        let (mut weight, mut one, mut two) = (prior, prior * first, prior * 1.75 * first * first);
        for (place, bin) in self.bins[start..=self.high.max(start)].iter().enumerate().filter(|(_, bin)| **bin > 0.0) {
            let log = place as f64 / 32.0 * std::f64::consts::LN_2;
            weight += bin;
            one += bin * log;
            two += bin * log * log;
        }
        let (one, two) = (one / weight, two / weight);
        let minus = 1.0 - 0.5 / (1.0 - one * one / two).max(0.05);
        let index = one + minus;
        // The estimate is too small where it matters, in heavy tails: the prior draws it down.
        let index = (index + HEAVY * (index - 0.1).max(0.0)).clamp(0.02, 0.9);
        let scale = far * one * (1.0 - minus.min(0.0));
        share * SHARE * (1.0 + index * (size - far).max(0.0) / scale).powf(-1.0 / index)
    }

    /// The same with an exponential tail, whose mean excess is at least `mean`.
    pub(super) fn beyond_exponential(&self, size: f64, mean: f64) -> f64 {
        let far = self.quantile(SHARE);
        if size <= far || far <= 0.0 {
            return 1.0;
        }
        let (mut weight, mut excess) = (PRIOR * self.next, PRIOR * self.next * mean);
        for (place, bin) in self.bins[Self::bin(far)..=self.high].iter().enumerate().filter(|(_, bin)| **bin > 0.0) {
            weight += bin;
            excess += bin * (Self::middle(Self::bin(far) + place) - far).max(0.0);
        }
        SHARE * (-(size - far) / (excess / weight).max(mean)).exp()
    }
}
