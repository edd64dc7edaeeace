//! Is there a season, and what is it: the test of Theta and the classical decomposition.

/// How a season joins the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Composition {
    /// It is added.
    Additive,
    /// It multiplies.
    Multiplicative,
}

/// A season that repeats itself: the first value belongs to the first of the series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seasonality {
    /// How it joins.
    pub(crate) composition: Composition,
    /// One value a season; they add up to 0, or have the mean 1.
    pub(crate) indices: Vec<f64>,
}

impl Seasonality {
    /// Classical decomposition by centred moving averages (Macaulay 1931; Kendall & Stuart 1976): the mean of what is
    /// left of each season after the trend is taken out, made to add up to 0, or to have the mean 1. `None` below two
    /// full periods or without seasons, and for a multiplicative one where values or averages are not positive.
    pub(crate) fn classical(values: &[f64], period: usize, composition: Composition) -> Option<Self> {
        let n = values.len();
        if period < 2 || n < 2 * period {
            return None;
        }
        let multiplicative = composition == Composition::Multiplicative;
        if multiplicative && values.iter().any(|&value| value <= 0.0) {
            return None;
        }
        let (mut sums, mut counts) = (vec![0.0; period], vec![0.0; period]);
        let half = period / 2;
        for centre in half..n - half {
            let window = &values[centre - half..=centre + half];
            // An even period has no middle: the two months at the ends count half.
            let even = period.is_multiple_of(2);
            let ends = if even { f64::midpoint(window[0], window[period]) } else { 0.0 };
            let inner = if even { &window[1..period] } else { window };
            let trend = (inner.iter().sum::<f64>() + ends) / period as f64;
            sums[centre % period] += if multiplicative { values[centre] / trend } else { values[centre] - trend };
            counts[centre % period] += 1.0;
        }
        let mut indices: Vec<f64> = sums.iter().zip(&counts).map(|(sum, count)| sum / count).collect();
        let mean = indices.iter().sum::<f64>() / period as f64;
        for index in &mut indices {
            *index = if multiplicative { *index / mean } else { *index - mean };
        }
        indices.iter().all(|index| index.is_finite()).then_some(Self { composition, indices })
    }

    /// The decomposition of Theta: none unless the autocorrelation at the seasonal lag is significant at 90 %,
    /// two-sided (Assimakopoulos & Nikolopoulos 2000; Bartlett's standard error); multiplicative for positive series,
    /// additive for others and where an index would be below 0.01.
    pub(crate) fn if_significant(values: &[f64], period: usize) -> Option<Self> {
        if !significant(values, period) {
            return None;
        }
        Self::classical(values, period, Composition::Multiplicative)
            .filter(|season| season.indices.iter().all(|&index| index >= 0.01))
            .or_else(|| Self::classical(values, period, Composition::Additive))
    }

    /// The season of the series in another unit.
    pub(crate) fn per(mut self, unit: f64) -> Self {
        if self.composition == Composition::Additive {
            for index in &mut self.indices {
                *index /= unit;
            }
        }
        self
    }

    /// The index of a place in the series.
    pub(crate) fn at(&self, place: usize) -> f64 {
        self.indices[place % self.indices.len()]
    }

    /// Values that follow one another, the first at `place`, with the season.
    pub(crate) fn put_on_all(&self, values: &mut [f64], place: usize) {
        let indices = self.indices.iter().cycle().skip(place % self.indices.len());
        match self.composition {
            Composition::Additive => values.iter_mut().zip(indices).for_each(|(value, index)| *value += index),
            Composition::Multiplicative => values.iter_mut().zip(indices).for_each(|(value, index)| *value *= index),
        }
    }

    /// A value without the season.
    pub(crate) fn take_off(&self, value: f64, place: usize) -> f64 {
        match self.composition {
            Composition::Additive => value - self.at(place),
            Composition::Multiplicative => value / self.at(place),
        }
    }

    /// How much a deviation of the seasonless series is one of the series.
    pub(crate) fn stretch(&self, place: usize) -> f64 {
        match self.composition {
            Composition::Additive => 1.0,
            Composition::Multiplicative => self.at(place).abs(),
        }
    }
}

/// Whether the autocorrelation at lag `period` (4 or more, two full periods at least) differs from zero at 90 %.
pub(crate) fn significant(values: &[f64], period: usize) -> bool {
    let n = values.len();
    if period < 4 || n < 2 * period {
        return false;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let products = |lag: usize| centred.iter().zip(&centred[lag..]).map(|(a, b)| a * b).sum::<f64>();
    let variance = products(0);
    if variance <= 0.0 {
        return false;
    }
    let squares: f64 = (1..period).map(|lag| (products(lag) / variance).powi(2)).sum();
    // 1.6449 is the 95 % quantile of the normal distribution.
    (products(period) / variance).abs() > 1.644_853_626_951_472_2 * ((1.0 + 2.0 * squares) / n as f64).sqrt()
}
