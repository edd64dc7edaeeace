//! How probable a month is, given the other months of its category and what the categories have in common.
//!
//! Each category's values (logarithms of amounts) are a level plus noise, and now and then something else:
//! `(1 − c) · noise((x − level) / scale) / scale + c · odd(x − level)`, the contaminated model of Box & Tiao (1968, "A
//! Bayesian approach to some outlier problems", Biometrika 55). Because something else may always be the cause, months
//! that are strange themselves hardly move the level or the scale: no anomaly masks another one. The scales of the
//! categories are drawn around a common one (moderation, Smyth 2004, "Linear models and empirical Bayes methods", SAGMB
//! 3), which is what makes four months usable. Level, scale, common scale, shape and contamination are summed over on
//! grids; the tail probability of a month is that under its noise, with itself left out of everything.

use super::noise::Noise;
use super::odd::Odd;

/// Shares of months that are something else, each with its prior probability: next to none, and one in twelve. A chance
/// must hold its level where nothing is odd, so either is as probable for it; and were the smaller share one in a
/// hundred, it would explain the ends of heavy tails, which then counted as no noise.
const ODD: [(f64, f64); 2] = [(0.001, 0.5), (0.08, 0.5)];
/// The same for the question whether a month is odd: who asks does so because some are.
const ODD_ASKED: [f64; 2] = [0.1, 0.9];
/// How far the categories' scales lie apart (standard deviation of their logarithm), with the prior probability.
const SPREAD: [(f64, f64); 2] = [(0.1, 0.6), (0.4, 0.4)];
/// Centre of the prior of the common scale: a fifth of a month's amount is usual.
const USUAL_SCALE: f64 = 0.2;
/// Standard deviation of its logarithm: weak, so that it matters below about ten months in all.
const USUAL_SPREAD: f64 = 1.0;
/// Scales on the grid, this far apart in logarithm.
const SCALES: usize = 17;
const SCALE_STEP: f64 = 0.25;
/// Levels on the grid at most, where they are one stretch.
const MOST_NODES: usize = 120;
/// No scale below this is believed: amounts that differ by less than one per cent are called equal.
const SMALLEST_SCALE: f64 = 0.02;

/// What is known about one value before it is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    /// Probability of a value as small or smaller.
    pub(super) below: f64,
    /// Probability of a value as large or larger.
    pub(super) above: f64,
    /// How probable it is that the value, now seen, is something else than noise.
    pub(super) odd: f64,
}

impl Tail {
    /// Two-sided, with equal tails.
    pub(super) fn p_value(self) -> f64 {
        (2.0 * self.below.min(self.above)).clamp(0.0, 1.0)
    }
}

/// The common model of several series.
pub(super) struct Model<'a> {
    series: &'a [Vec<f64>],
    shapes: Vec<Noise>,
    odd: Odd,
    scales: [f64; SCALES],
    /// For each series: the weight of each (shape, odd, scale) by what the other series and the priors say.
    context: Vec<Vec<f64>>,
    levels: Vec<Vec<Levels>>,
}

/// The grid of levels at one scale: stretches of equal steps.
#[derive(Clone)]
struct Levels {
    step: f64,
    /// First node and number of nodes of each stretch.
    stretches: Vec<(f64, usize)>,
}

/// Sums over the grid for one value: of the other values alone, the tails beyond it among them, then with it, and what
/// of that makes it odd.
#[derive(Clone, Copy, Default)]
struct Sums {
    others: f64,
    below: f64,
    above: f64,
    all: f64,
    odd: f64,
}

/// A part of a predictive distribution.
struct Part {
    weight: f64,
    /// Which of the shares of odd months.
    share: usize,
    level: f64,
    scale: f64,
    shape: usize,
}

const fn cell(shape: usize, odd: usize, scale: usize) -> usize {
    (shape * ODD.len() + odd) * SCALES + scale
}

/// What the question whether a month is odd weighs a share by, over what a chance weighs it by.
fn asked(share: usize) -> f64 {
    ODD_ASKED[share] / ODD[share].1
}

impl<'a> Model<'a> {
    /// Each series needs two finite values or more.
    pub(super) fn new(series: &'a [Vec<f64>]) -> Self {
        let shapes = Noise::shapes();
        let centre = pooled_scale(series).max(SMALLEST_SCALE);
        let scales = std::array::from_fn(|i| centre * ((i as f64 - 8.0) * SCALE_STEP).exp());
        let levels: Vec<Vec<Levels>> =
            series.iter().map(|values| scales.iter().map(|&scale| Levels::new(values, scale)).collect()).collect();
        let mut model = Self { series, shapes, odd: Odd::new(), scales, context: Vec::new(), levels };
        let evidence: Vec<Vec<f64>> = (0..series.len()).map(|s| model.evidence(s)).collect();
        model.context = model.combine(&evidence);
        model
    }

    fn cells(&self) -> usize {
        cell(self.shapes.len(), 0, 0)
    }

    /// The likelihood of a series for each shape, contamination and scale, its level summed over.
    fn evidence(&self, series: usize) -> Vec<f64> {
        let mut evidence = vec![0.0; self.cells()];
        let values = &self.series[series];
        for (s, (&scale, levels)) in self.scales.iter().zip(&self.levels[series]).enumerate() {
            for level in levels.iter() {
                let odds: Vec<f64> = values.iter().map(|x| self.odd.at(x - level, scale)).collect();
                for (h, shape) in self.shapes.iter().enumerate() {
                    let mut product = [1.0; ODD.len()];
                    for (x, odd) in values.iter().zip(&odds) {
                        let density = shape.at((x - level) / scale).0 / scale;
                        for (product, (share, _)) in product.iter_mut().zip(ODD) {
                            *product *= (1.0 - share) * density + share * odd;
                        }
                    }
                    for (o, product) in product.into_iter().enumerate() {
                        evidence[cell(h, o, s)] += product * levels.step;
                    }
                }
            }
        }
        evidence
    }

    /// Sums over the common scale and over how far scales lie apart, each series left out in turn.
    fn combine(&self, evidence: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let near = scale_weights();
        let groups = self.shapes.len() * ODD.len();
        let states = SPREAD.len() * SCALES;
        // log Σ_scale P(scale | common) · evidence, for each series, group and common state
        let logs: Vec<Vec<f64>> = evidence
            .iter()
            .map(|evidence| {
                let mut logs = Vec::with_capacity(groups * states);
                for group in evidence.chunks(SCALES) {
                    logs.extend(near.iter().map(|near| {
                        let sum: f64 = near.iter().zip(group).map(|(a, b)| a * b).sum();
                        sum.max(1e-300).ln()
                    }));
                }
                logs
            })
            .collect();
        let mut total = Vec::with_capacity(groups * states);
        for shape in &self.shapes {
            for (_, odd) in ODD {
                for (_, spread) in SPREAD {
                    for scale in self.scales {
                        let away = (scale / USUAL_SCALE).ln() / USUAL_SPREAD;
                        total.push((shape.prior * odd * spread).ln() - 0.5 * away * away);
                    }
                }
            }
        }
        for logs in &logs {
            total.iter_mut().zip(logs).for_each(|(total, log)| *total += log);
        }
        let others = |own: &Vec<f64>| {
            let left: Vec<f64> = total.iter().zip(own).map(|(total, own)| total - own).collect();
            let largest = left.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut context = vec![0.0; groups * SCALES];
            for (group, context) in left.chunks(states).zip(context.chunks_mut(SCALES)) {
                for (log, near) in group.iter().zip(&near) {
                    let weight = (log - largest).exp();
                    if weight > 1e-12 {
                        context.iter_mut().zip(near).for_each(|(context, near)| *context += weight * near);
                    }
                }
            }
            context
        };
        logs.iter().map(others).collect()
    }

    /// The tails of the chosen values of a series, each as if it were not there.
    pub(super) fn tails(&self, series: usize, chosen: &[usize]) -> Vec<Tail> {
        let (values, context) = (&self.series[series], &self.context[series]);
        let heaviest = context.iter().copied().fold(0.0, f64::max);
        let mut sums = vec![Sums::default(); chosen.len()];
        let mut seen = vec![[0.0; ODD.len()]; values.len()];
        let mut odds = vec![0.0; values.len()];
        for (s, (&scale, levels)) in self.scales.iter().zip(&self.levels[series]).enumerate() {
            if (0..self.cells() / SCALES).all(|group| context[group * SCALES + s] < 1e-9 * heaviest) {
                continue;
            }
            for level in levels.iter() {
                values.iter().zip(&mut odds).for_each(|(x, odds)| *odds = self.odd.at(x - level, scale));
                for (h, shape) in self.shapes.iter().enumerate() {
                    let mut product = [1.0; ODD.len()];
                    for ((x, odd), seen) in values.iter().zip(&odds).zip(&mut seen) {
                        let density = shape.at((x - level) / scale).0 / scale;
                        for ((product, seen), (share, _)) in product.iter_mut().zip(seen).zip(ODD) {
                            *seen = (1.0 - share) * density + share * odd;
                            *product *= *seen;
                        }
                    }
                    let weight: [f64; ODD.len()] =
                        std::array::from_fn(|o| product[o] * levels.step * context[cell(h, o, s)]);
                    for (&i, sum) in chosen.iter().zip(&mut sums) {
                        let below = shape.at((values[i] - level) / scale).1;
                        for (o, ((share, _), weight)) in ODD.into_iter().zip(weight).enumerate() {
                            let mine = weight / seen[i][o].max(1e-300);
                            sum.others += mine;
                            sum.below += mine * below;
                            sum.above += mine * (1.0 - below);
                            sum.all += weight * asked(o);
                            sum.odd += mine * share * odds[i] * asked(o);
                        }
                    }
                }
            }
        }
        let middle = median(&mut values.clone());
        let tail = |(sums, &i): (Sums, &usize)| {
            let fine = |sum: f64| sum > 0.0 && sum.is_finite();
            if fine(sums.others) && fine(sums.all) {
                let (below, above) = (sums.below / sums.others, sums.above / sums.others);
                Tail { below, above, odd: sums.odd / sums.all }
            } else if values[i] > middle {
                // So far out that nothing explains it in the numbers that there are: certainly not noise.
                Tail { below: 1.0, above: 0.0, odd: 1.0 }
            } else {
                Tail { below: 0.0, above: 1.0, odd: 1.0 }
            }
        };
        sums.into_iter().zip(chosen).map(tail).collect()
    }

    /// Median and the two values that a share of `outside` lies beyond (half on either side), as if the value were not
    /// there.
    pub(super) fn quantiles(&self, series: usize, left_out: usize, outside: f64) -> [f64; 3] {
        let parts = self.parts(series, left_out);
        let total: f64 = parts.iter().map(|part| part.weight).sum();
        let below = |x: f64| -> f64 {
            let sum: f64 = parts
                .iter()
                .map(|part| part.weight * self.shapes[part.shape].at((x - part.level) / part.scale).1)
                .sum();
            sum / total
        };
        let widest = parts.iter().map(|part| part.scale).fold(0.0, f64::max);
        let (first, last) = parts
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), part| (part.level.min(a), part.level.max(b)));
        [0.5, 0.5 * outside, 1.0 - 0.5 * outside].map(|p| {
            let (mut low, mut high) = (first - 30.0 * widest, last + 30.0 * widest);
            for _ in 0..50 {
                let middle = 0.5 * (low + high);
                if below(middle) < p { low = middle } else { high = middle }
            }
            0.5 * (low + high)
        })
    }

    /// Median, as if the value were not there, and the two values between which a month is odd with no more than this
    /// probability.
    pub(super) fn ordinary(&self, series: usize, left_out: usize, probability: f64) -> [f64; 3] {
        let parts = self.parts(series, left_out);
        let odd = |x: f64| {
            let (mut odd, mut all) = (0.0, 0.0);
            for part in &parts {
                let (share, weight) = (ODD[part.share].0, part.weight * asked(part.share));
                let noise = self.shapes[part.shape].at((x - part.level) / part.scale).0 / part.scale;
                let other = weight * share * self.odd.at(x - part.level, part.scale);
                odd += other;
                all += weight * (1.0 - share) * noise + other;
            }
            if all > 0.0 { odd / all } else { 1.0 }
        };
        let [middle, low, high] = self.quantiles(series, left_out, 1e-4);
        let value = self.series[series][left_out];
        let end = |far: f64| {
            let (mut inside, mut outside) = (middle, far);
            for _ in 0..50 {
                let between = 0.5 * (inside + outside);
                if odd(between) > probability { outside = between } else { inside = between }
            }
            0.5 * (inside + outside)
        };
        [
            middle,
            end(if value < middle { value.max(low) } else { low }),
            end(if value > middle { value.min(high) } else { high }),
        ]
    }

    fn parts(&self, series: usize, left_out: usize) -> Vec<Part> {
        let (values, context) = (&self.series[series], &self.context[series]);
        let heaviest = context.iter().copied().fold(0.0, f64::max);
        let mut parts = Vec::new();
        for (s, (&scale, levels)) in self.scales.iter().zip(&self.levels[series]).enumerate() {
            for (h, shape) in self.shapes.iter().enumerate() {
                for (o, (share, _)) in ODD.iter().enumerate() {
                    let context = context[cell(h, o, s)];
                    if context < 1e-6 * heaviest {
                        continue;
                    }
                    parts.extend(levels.iter().map(|level| {
                        let others = values.iter().enumerate().filter(|&(i, _)| i != left_out);
                        let likelihood: f64 = others
                            .map(|(_, x)| {
                                let density = shape.at((x - level) / scale).0 / scale;
                                (1.0 - share) * density + share * self.odd.at(x - level, scale)
                            })
                            .product();
                        Part { weight: context * likelihood * levels.step, share: o, level, scale, shape: h }
                    }));
                }
            }
        }
        let largest = parts.iter().map(|part| part.weight).fold(0.0, f64::max);
        parts.retain(|part| part.weight > 1e-7 * largest);
        parts
    }
}

impl Levels {
    /// Between the order statistics that hold the level for certain, and a little further; half a standard error a step.
    fn new(values: &[f64], scale: f64) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (n, root) = (values.len() as f64, (values.len() as f64).sqrt());
        let reach = (1.5 * root + 1.0).min(n / 2.0);
        let low = sorted[((n / 2.0 - reach) as usize).min(values.len() - 1)];
        let high = sorted[((n / 2.0 + reach).ceil() as usize).clamp(1, values.len()) - 1];
        let beyond = 2.5 * scale / root;
        let (first, width) = (low - beyond, high - low + 2.0 * beyond);
        let fine = 0.5 * scale / root;
        let wanted = (width / fine).ceil() as usize;
        if wanted <= 2 * MOST_NODES {
            let nodes = wanted.clamp(8, MOST_NODES);
            return Self { step: width / nodes as f64, stretches: vec![(first, nodes + 1)] };
        }
        // A gross error is so far out that steps over the whole width would pass the level by: only the
        // neighbourhoods of the values can hold it.
        let (near, step) = (4.0 * scale, fine.max(scale / 8.0));
        let mut reaches: Vec<(f64, f64)> = Vec::new();
        for value in sorted.into_iter().filter(|value| (low..=high).contains(value)) {
            match reaches.last_mut() {
                Some((_, end)) if value - near <= *end => *end = value + near,
                _ => reaches.push((value - near, value + near)),
            }
        }
        let nodes = |(from, to): (f64, f64)| (from, ((to - from) / step).ceil() as usize + 1);
        Self { step, stretches: reaches.into_iter().map(nodes).collect() }
    }

    fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let step = self.step;
        self.stretches.iter().flat_map(move |&(first, nodes)| (0..nodes).map(move |i| first + step * i as f64))
    }
}

/// For each pair of spread and common scale, the probability of each scale.
fn scale_weights() -> Vec<[f64; SCALES]> {
    let mut rows = Vec::with_capacity(SPREAD.len() * SCALES);
    for (spread, _) in SPREAD {
        for common in 0..SCALES {
            let mut row: [f64; SCALES] = std::array::from_fn(|scale| {
                let away = (scale as f64 - common as f64) * SCALE_STEP / spread;
                (-0.5 * away * away).exp()
            });
            let sum: f64 = row.iter().sum();
            row = row.map(|weight| weight / sum);
            rows.push(row);
        }
    }
    rows
}

/// Median absolute deviation from each series' median, over all series, in normal standard deviations; each series with
/// the factor that takes the bias of few values out (Croux & Rousseeuw 1992, "Time-efficient algorithms for two highly
/// robust estimators of scale").
pub(super) fn pooled_scale(series: &[Vec<f64>]) -> f64 {
    const FACTORS: [f64; 10] = [1.0, 1.0, 1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107];
    let mut deviations = Vec::new();
    for values in series {
        let n = values.len();
        let centre = median(&mut values.clone());
        let factor = FACTORS.get(n).copied().unwrap_or(n as f64 / (n as f64 - 0.8));
        deviations.extend(values.iter().map(|x| (x - centre).abs() * factor));
    }
    1.482_602_218_505_602 * median(&mut deviations)
}

/// The median; zero without values. Orders the values.
pub(in crate::anomaly) fn median(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return 0.0;
    }
    values.sort_by(f64::total_cmp);
    if n % 2 == 1 { values[n / 2] } else { 0.5 * (values[n / 2 - 1] + values[n / 2]) }
}
