//! What the models read: how often, how lately, for how long.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Repeat giving, one row a donor, all columns of one length. The unit of time is the caller's (days, weeks); the
/// parameters and horizons of a model fitted to it are in the same.
///
/// For [`Model::BgBb`](super::Model::BgBb) time is counted in opportunities to give (years, say), and all three columns
/// are whole numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// x: gifts after the first one; days (or opportunities) with a gift, so that two on one day are one.
    pub frequency: Vec<f64>,
    /// `t_x`: time from the first gift to the last; 0 without a repeat gift.
    pub recency: Vec<f64>,
    /// T (n for opportunities): time from the first gift to now.
    pub age: Vec<f64>,
}

/// Bits of each value of a row that goes into one number.
const PLACES: u32 = 21;

impl Repeat {
    /// How many donors.
    pub fn len(&self) -> usize {
        self.frequency.len()
    }

    /// `true` without donors.
    pub fn is_empty(&self) -> bool {
        self.frequency.is_empty()
    }

    /// Equal rows brought together, once for many questions. `whole` asks for whole times too, as BG/BB does.
    ///
    /// # Errors
    ///
    /// `invalid_input` for columns that contradict themselves.
    pub fn group(&self, whole: bool) -> Result<Grouped> {
        Ok(Grouped { cells: self.cells(whole)?, whole })
    }

    /// Equal rows counted once, in ascending order. `whole` asks for whole times too.
    pub(super) fn cells(&self, whole: bool) -> Result<Cells> {
        let n = self.frequency.len();
        if self.recency.len() != n || self.age.len() != n {
            return Err(Error::new(ErrorKind::InvalidInput, "frequency, recency and age differ in length"));
        }
        let (found, cell_of) = self.packed().map_or_else(|| self.hashed(), |rows| distinct(rows, n));
        for (key, _) in &found {
            if let Some(why) = contradiction(*key, whole) {
                let bits = key.map(f64::to_bits);
                let at = |row: usize| [self.frequency[row], self.recency[row], self.age[row]].map(f64::to_bits);
                let row = (0..n).find(|&row| at(row) == bits);
                return Err(Error::new(ErrorKind::InvalidInput, why).context("row", row.unwrap_or(0)));
            }
        }
        let column = |i: usize| found.iter().map(|(key, _)| key[i]).collect();
        let count = found.iter().map(|(_, count)| *count).collect();
        Ok(Cells { x: column(0), t_x: column(1), t: column(2), count, cell_of })
    }

    /// Each row in one number that sorts as the three do, with its place; `None` where a value is no whole number, or too large.
    fn packed(&self) -> Option<Vec<(u64, u32)>> {
        let short = |value: f64| {
            (value.fract() == 0.0 && (0.0..f64::from(1_u32 << PLACES)).contains(&value)).then_some(value as u64)
        };
        let rows = self.frequency.iter().zip(&self.recency).zip(&self.age).zip(0..);
        rows.map(|(((&x, &t_x), &t), row)| Some((short(x)? << (2 * PLACES) | short(t_x)? << PLACES | short(t)?, row)))
            .collect()
    }

    /// Distinct rows in ascending order with how many there are of each, and where each row is among them.
    fn hashed(&self) -> (Vec<Distinct>, Vec<u32>) {
        let n = self.frequency.len();
        let mut places: HashMap<[u64; 3], u32, BuildHasherDefault<Mixing>> = HashMap::default();
        let mut found: Vec<Distinct> = Vec::new();
        let mut cell_of = Vec::with_capacity(n);
        for row in 0..n {
            let key = [self.frequency[row], self.recency[row], self.age[row]];
            let place = *places.entry(key.map(|value| (value + 0.0).to_bits())).or_insert_with(|| {
                found.push((key, 0.0));
                (found.len() - 1) as u32
            });
            found[place as usize].1 += 1.0;
            cell_of.push(place);
        }
        let mut order: Vec<u32> = (0..found.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| {
            let (a, b) = (found[a as usize].0, found[b as usize].0);
            a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])).then(a[2].total_cmp(&b[2]))
        });
        let mut rank = vec![0_u32; found.len()];
        for (place, &cell) in order.iter().enumerate() {
            rank[cell as usize] = place as u32;
        }
        for cell in &mut cell_of {
            *cell = rank[*cell as usize];
        }
        (order.iter().map(|&cell| found[cell as usize]).collect(), cell_of)
    }
}

/// x, `t_x` and T, and how many rows have them.
type Distinct = ([f64; 3], f64);

/// What [`Repeat::hashed`] gives, of rows in one number each: whole days and weeks, in a third of the time.
fn distinct(mut rows: Vec<(u64, u32)>, n: usize) -> (Vec<Distinct>, Vec<u32>) {
    rows.sort_unstable_by_key(|&(key, _)| key);
    let mut found: Vec<Distinct> = Vec::new();
    let mut cell_of = vec![0; n];
    let mut last = None;
    for (key, row) in rows {
        if last != Some(key) {
            last = Some(key);
            let part = |place: u32| (key >> (PLACES * place) & ((1 << PLACES) - 1)) as f64;
            found.push(([part(2), part(1), part(0)], 0.0));
        }
        let cell = found.len() - 1;
        found[cell].1 += 1.0;
        cell_of[row as usize] = cell as u32;
    }
    (found, cell_of)
}

/// Rows of a [`Repeat`] with equal ones brought together.
#[derive(Clone, Debug)]
pub struct Grouped {
    pub(super) cells: Cells,
    pub(super) whole: bool,
}

impl Grouped {
    /// How many distinct rows.
    pub fn distinct(&self) -> usize {
        self.cells.len()
    }
}

fn contradiction([x, t_x, t]: [f64; 3], whole: bool) -> Option<&'static str> {
    const MOST: f64 = 1e9;
    if !(0.0..=MOST).contains(&x) || !(0.0..=MOST).contains(&t_x) || !(0.0..=MOST).contains(&t) {
        Some("frequency, recency and age must be numbers from 0 to 1e9")
    } else if x.fract() != 0.0 || x > 1e6 {
        Some("frequency counts gifts: a whole number, at most 1e6")
    } else if t_x > t {
        Some("recency is longer than age: the last gift would lie in the future")
    } else if (x == 0.0) != (t_x == 0.0) {
        Some("recency must be above 0 with a repeat gift, and 0 without")
    } else if whole && (t_x.fract() != 0.0 || t.fract() != 0.0) {
        Some("recency and age count opportunities in this model: whole numbers")
    } else if whole && (x > t_x || t > 10_000.0) {
        Some("there cannot be more gifts than opportunities up to the last, nor more than 10,000 opportunities")
    } else {
        None
    }
}

/// Distinct rows of a [`Repeat`] in ascending order, with how many donors each has.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    pub(super) x: Vec<f64>,
    pub(super) t_x: Vec<f64>,
    pub(super) t: Vec<f64>,
    pub(super) count: Vec<f64>,
    /// The cell of each row.
    pub(super) cell_of: Vec<u32>,
}

impl Cells {
    pub(super) fn len(&self) -> usize {
        self.x.len()
    }

    /// One cell in `every`, without rows.
    pub(super) fn thinned(&self, every: usize) -> Self {
        let pick = |column: &[f64]| column.iter().step_by(every.max(1)).copied().collect();
        Self { x: pick(&self.x), t_x: pick(&self.t_x), t: pick(&self.t), count: pick(&self.count), cell_of: Vec::new() }
    }

    /// (x, `t_x`, T, donors) of each.
    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, f64, f64, f64)> + '_ {
        (0..self.x.len()).map(|i| (self.x[i], self.t_x[i], self.t[i], self.count[i]))
    }

    /// One value a cell becomes one a row.
    pub(super) fn spread(&self, values: &[f64]) -> Vec<f64> {
        self.cell_of.iter().map(|&cell| values[cell as usize]).collect()
    }
}

/// ln(shift + t) and 1 / (shift + t), kept while t stays what it was: cells are in ascending order, so that it mostly does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shifted {
    shift: f64,
    t: f64,
    ln: f64,
    inverse: f64,
}

impl Shifted {
    pub(super) fn new(shift: f64) -> Self {
        Self { shift, t: f64::NAN, ln: 0.0, inverse: 0.0 }
    }

    pub(super) fn at(&mut self, t: f64) -> (f64, f64) {
        if self.t.to_bits() != t.to_bits() {
            let whole = self.shift + t;
            (self.t, self.ln, self.inverse) = (t, whole.ln(), whole.recip());
        }
        (self.ln, self.inverse)
    }
}

/// A quick hash of three floats (multiply and fold); the keys are data, not an attacker's.
#[derive(Default)]
struct Mixing(u64);

impl Hasher for Mixing {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let mixed = u128::from(self.0 ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        self.0 = (mixed as u64) ^ ((mixed >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Rising factorials of a number, x^(k) = x (x + 1) … (x + k − 1) = Γ(x + k) / Γ(x): logarithms, and their derivatives by
/// x. Counts are whole, so these tables stand in for every Gamma function of a likelihood.
#[derive(Clone, Debug)]
pub(super) struct Rising {
    pub(super) ln: Vec<f64>,
    pub(super) slope: Vec<f64>,
}

impl Rising {
    /// For k = 0 … `most`.
    pub(super) fn new(x: f64, most: usize) -> Self {
        let (mut ln, mut slope) = (Vec::with_capacity(most + 1), Vec::with_capacity(most + 1));
        let (mut sum, mut slopes, mut lost) = (0.0_f64, 0.0, 0.0);
        for k in 0..=most {
            ln.push(sum);
            slope.push(slopes);
            let factor = x + k as f64;
            // Kahan's compensation: a thousand logarithms would lose three digits.
            let add = factor.ln() - lost;
            let next = sum + add;
            lost = (next - sum) - add;
            sum = next;
            slopes += factor.recip();
        }
        Self { ln, slope }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole days go another way than parts of days, and to the same cells.
    #[test]
    fn both_ways_of_grouping_agree() {
        let mut repeat = Repeat::default();
        for i in 0..5_000_u32 {
            let age = f64::from(i * 7919 % 400);
            let gifts = f64::from(i * 31 % 5).min(age);
            repeat.frequency.push(gifts);
            repeat.recency.push(if gifts > 0.0 { f64::from(1 + i * 13 % 397).min(age).max(1.0) } else { -0.0 });
            repeat.age.push(age);
        }
        let rows = repeat.packed().expect("whole numbers");
        let [one, other] = [distinct(rows, repeat.len()), repeat.hashed()];
        assert!(one.0.len() > 1_000 && one == other);
        let last = repeat.len() - 1;
        for (value, packs) in
            [(2_097_151.0, true), (2_097_152.0, false), (0.5, false), (-1.0, false), (f64::NAN, false)]
        {
            repeat.age[last] = value;
            assert_eq!(repeat.packed().is_some(), packs, "{value}");
        }
    }
}
