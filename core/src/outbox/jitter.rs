//! Chance, from a seed.

use jiff::SignedDuration;

/// A well-mixed number from a seed and the name of its use (`SplitMix64`'s finaliser; Steele, Lea & Flood 2014), so that
/// one seed gives independent draws.
pub(super) const fn mix(seed: u64, draw: u64) -> u64 {
    let mut z = seed.wrapping_add(draw.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A duration between two, both included, to the millisecond.
pub(super) fn between(low_ms: u64, high_ms: u64, random: u64) -> SignedDuration {
    let width = u128::from(high_ms.saturating_sub(low_ms)) + 1;
    let extra = ((u128::from(random) * width) >> 64) as u64;
    SignedDuration::from_millis(low_ms.saturating_add(extra).min(i64::MAX as u64) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_cover_their_range_and_no_more() {
        let mut seen = [0_u32; 6];
        for seed in 0..6000 {
            let ms = between(5, 10, mix(seed, 3)).as_millis();
            seen[usize::try_from(ms - 5).unwrap()] += 1;
        }
        assert!(seen.iter().all(|&n| (800..1200).contains(&n)), "{seen:?}");
        assert_eq!(between(7, 7, u64::MAX).as_millis(), 7);
        assert_eq!(between(0, 0, 1).as_millis(), 0);
        assert_eq!(between(9, 3, u64::MAX).as_millis(), 9, "ends the wrong way round are the lower one");
    }
}
