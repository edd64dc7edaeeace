//! Random numbers that depend on nothing but their key.

/// `SplitMix64` (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA), started from a key.
/// Every donor, month and row has its own stream, so that any row can be made without making those before it, and the
/// same row is made on every platform: no transcendental function is used, whose last bit differs between them.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

/// What a stream of numbers is for. The numbers are part of the format: changing one changes every sample.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Person = 1,
    Month = 2,
    Ramadan = 3,
    Gift = 4,
    Box = 5,
    Donor = 6,
    Contact = 7,
    Child = 8,
    Expense = 9,
    CategoryMonth = 10,
    Change = 11,
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream of a purpose, for two numbers such as donor and month.
    pub(super) const fn keyed(seed: u64, stream: Stream, a: u64, b: u64) -> Self {
        let state = mix(seed.wrapping_add(GAMMA.wrapping_mul(stream as u64 + 1)));
        let state = mix(state ^ a.wrapping_mul(GAMMA));
        Self(mix(state.wrapping_add(b.wrapping_mul(0xD1B5_4A32_D192_ED03))))
    }

    /// One stream for everything, where no row needs to be made apart from the others.
    pub(super) const fn plain(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(GAMMA)))
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A whole number below `n`; zero when `n` is zero. The bias is below n / 2⁶⁴.
    pub(super) const fn below(&mut self, n: u64) -> u64 {
        ((self.next() as u128 * n as u128) >> 64) as u64
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) const fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    /// A number in [0, 1) with 53 random bits.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// About normal with mean 0 and variance 1: twelve uniform numbers less six (Irwin 1927, Hall 1927).
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// One of a list that is not empty.
    pub(super) const fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// One of a list that is not empty, each as often as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, list: &[(u32, T)]) -> T {
        let total: u64 = list.iter().map(|&(weight, _)| u64::from(weight)).sum();
        let mut left = self.below(total);
        for &(weight, value) in list {
            if left < u64::from(weight) {
                return value;
            }
            left -= u64::from(weight);
        }
        list[0].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_splitmix64() {
        // Reference output of the authors' C code for the state 1234567.
        let mut rng = Rng(1_234_567);
        let known = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([rng.next(), rng.next(), rng.next()], known);
    }

    #[test]
    fn is_even_enough() {
        let mut rng = Rng::keyed(1, Stream::Person, 2, 3);
        let draws: Vec<f64> = (0..20_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|d| d * d).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let heavy = (0..10_000).filter(|_| rng.weighted(&[(3, true), (1, false)])).count();
        assert!((7_300..7_700).contains(&heavy), "{heavy}");
        assert!((0..1_000).all(|_| (-2..=2).contains(&rng.between(-2, 2))));
    }
}
