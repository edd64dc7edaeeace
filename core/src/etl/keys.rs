//! Sets of keys, small where keys are dense.

use std::collections::HashSet;

/// Which keys are there. Keys that lie close together take a bit each, others eight bytes.
#[derive(Clone, Debug)]
pub(super) enum KeySet {
    Dense { first: u64, bits: Vec<u64> },
    Sparse(Vec<u64>),
}

impl KeySet {
    /// Of keys in ascending order.
    pub(super) fn of_sorted(keys: Vec<u64>) -> Self {
        match (keys.first(), keys.last()) {
            // A span of up to 64 bits a key costs no more than the list itself.
            (Some(&first), Some(&last)) if (last - first) / 64 <= keys.len() as u64 => {
                let mut bits = vec![0u64; ((last - first) / 64) as usize + 1];
                for key in keys {
                    let offset = key - first;
                    bits[(offset / 64) as usize] |= 1 << (offset % 64);
                }
                Self::Dense { first, bits }
            }
            _ => Self::Sparse(keys),
        }
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        match self {
            Self::Dense { first, bits } => key
                .checked_sub(*first)
                .and_then(|offset| bits.get((offset / 64) as usize).map(|word| word >> (offset % 64) & 1 == 1))
                .unwrap_or(false),
            Self::Sparse(keys) => keys.binary_search(&key).is_ok(),
        }
    }
}

/// Notices keys that come twice, for sources that do not rule it out. Ascending keys cost nothing; the rest eight bytes
/// and a little each.
#[derive(Debug, Default)]
pub(super) struct Seen {
    last: Option<u64>,
    runs: Vec<(u64, u64)>,
    others: HashSet<u64>,
}

impl Seen {
    /// `true` when the key is new.
    pub(super) fn insert(&mut self, key: u64) -> bool {
        if self.last.is_none_or(|last| key > last) {
            self.last = Some(key);
            match self.runs.last_mut() {
                Some((_, end)) if end.checked_add(1) == Some(key) => *end = key,
                _ => self.runs.push((key, key)),
            }
            return true;
        }
        let run = self.runs.partition_point(|&(_, end)| end < key);
        let in_run = self.runs.get(run).is_some_and(|&(start, _)| start <= key);
        !in_run && self.others.insert(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn the_set_is_a_set(keys: BTreeSet<u64>, dense: BTreeSet<u8>, probe: u64, near: u8) {
            let set = KeySet::of_sorted(keys.iter().copied().collect());
            prop_assert!(keys.iter().all(|&key| set.contains(key)));
            prop_assert_eq!(set.contains(probe), keys.contains(&probe));
            let set = KeySet::of_sorted(dense.iter().map(|&key| u64::from(key)).collect());
            prop_assert_eq!(set.contains(u64::from(near)), dense.contains(&near));
        }

        #[test]
        fn repeats_are_noticed(keys in proptest::collection::vec(0u64..40, 0..80)) {
            let (mut seen, mut model) = (Seen::default(), BTreeSet::new());
            for key in keys {
                prop_assert_eq!(seen.insert(key), model.insert(key));
            }
        }
    }
}
