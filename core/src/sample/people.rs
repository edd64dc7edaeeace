//! Who the donors are and when they give.

use super::SampleOptions;
use super::rng::{Rng, Stream};
use super::window::{Day, Season, Window, date_of};
use jiff::civil::Weekday;

/// A donor's rhythm of giving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Twelve gifts, one on the 15th of each of the last twelve months: Pak Budi.
    Example,
    /// Most Fridays.
    Friday,
    /// Once a month about the same day.
    Monthly,
    /// In Ramadan only, the last ten nights above all.
    Ramadan,
    /// Now and then, more in the seasons of giving.
    Occasional,
    /// One gift.
    Once(Day),
    /// Registered, and never gave.
    Silent,
}

/// A donor, without the name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    habit: Habit,
    /// Registered on this day; gives from it on.
    pub(super) joined: Day,
    /// The last month (by number in the window) with gifts of one who lapsed.
    pub(super) stopped: Option<usize>,
    /// The usual gift in rupiah.
    pub(super) usual: i64,
    day: u8,
    /// Prefers the payment gateway.
    pub(super) online: bool,
}

/// All donors: a function of seed and number, so that none is kept in memory.
#[derive(Clone, Debug)]
pub(super) struct People {
    seed: u64,
    count: u64,
    /// How much is given, 0 to 2: up to 1 it thins all gifts, above it more donors are regular ones.
    pub(super) intensity: f64,
}

const USUAL: &[(u32, i64)] = &[
    (6, 20_000),
    (10, 25_000),
    (22, 50_000),
    (24, 100_000),
    (8, 150_000),
    (10, 200_000),
    (7, 250_000),
    (4, 300_000),
    (6, 500_000),
    (2, 1_000_000),
    (1, 2_500_000),
];

/// The share of donors who registered before the sample begins.
const EARLIER: f64 = 0.35;

impl People {
    pub(super) const fn new(options: &SampleOptions, intensity: f64) -> Self {
        Self { seed: options.seed, count: options.donors, intensity }
    }

    /// The day a donor registered: ascending in the donor's number. New donors per month grow over the sample.
    pub(super) fn joined(&self, window: &Window, donor: u64) -> Day {
        let share = (donor - 1) as f64 / self.count as f64;
        if share < EARLIER {
            let days_before = 730.0 * (1.0 - share / EARLIER);
            return window.first() - days_before as Day - 1;
        }
        // The share g of newcomers who came by the share t of the time is a·t + (1 − a)·t²; this is its inverse.
        let (a, g) = (0.6_f64, (share - EARLIER) / (1.0 - EARLIER));
        let t = ((a * a + 4.0 * (1.0 - a) * g).sqrt() - a) / (2.0 * (1.0 - a));
        window.first() + (t * f64::from(window.last - window.first())) as Day
    }

    /// How many donors have registered by the end of a day; their numbers are 1 to that.
    pub(super) fn joined_by(&self, window: &Window, day: Day) -> u64 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.joined(window, middle) <= day {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }

    pub(super) fn person(&self, window: &Window, donor: u64) -> Person {
        let joined = self.joined(window, donor);
        if donor == 1 {
            let habit = Habit::Example;
            return Person { habit, joined, stopped: None, usual: 500_000, day: 15, online: false };
        }
        let mut rng = Rng::keyed(self.seed, Stream::Person, donor, 0);
        let more = (self.intensity - 1.0).max(0.0);
        let (friday, monthly) = (0.01 + 0.12 * more, 0.10 + 0.45 * more);
        let draw = rng.unit();
        let rest = (draw - friday - monthly) / (1.0 - friday - monthly);
        let once = joined.max(window.first());
        let once = once + rng.below(if joined < window.first() { window.last - once + 1 } else { 15 } as u64) as Day;
        let habit = match draw {
            d if d < friday => Habit::Friday,
            d if d < friday + monthly => Habit::Monthly,
            _ if rest < 0.33 => Habit::Ramadan,
            _ if rest < 0.63 => Habit::Occasional,
            _ if rest < 0.95 => Habit::Once(once.min(window.last)),
            _ => Habit::Silent,
        };
        let start = window.months.partition_point(|span| span.last < joined);
        let months = window.months.len();
        let lapses = rng.chance(0.3) && matches!(habit, Habit::Friday | Habit::Monthly | Habit::Occasional);
        // One who stopped less than four months ago cannot be told from one who is late.
        let room = months.saturating_sub(start + 8) as u64;
        let stopped = (lapses && room > 0).then(|| start + 3 + rng.below(room) as usize);
        let (usual, day) = (rng.weighted(USUAL), rng.between(1, 28) as u8);
        Person { habit, joined, stopped, usual, day, online: rng.chance(0.22) }
    }

    /// The days on which a donor gives in a month of the window, handed to `sink` with who the donor is.
    pub(super) fn gives(&self, window: &Window, month: usize, donor: u64, sink: &mut impl FnMut(&Person, Day)) {
        let span = &window.months[month];
        let person = self.person(window, donor);
        if person.stopped.is_some_and(|last| month > last) {
            return;
        }
        let thin = self.intensity.min(1.0);
        let mut rng = Rng::keyed(self.seed, Stream::Month, donor, month as u64);
        let mut give = |day: Day| {
            if day >= person.joined && (span.first..=span.last).contains(&day) {
                sink(&person, day);
            }
        };
        match person.habit {
            Habit::Silent => {}
            Habit::Example => {
                // The running month counts among the twelve when its 15th is over.
                let last = window.months.len() - 1 - usize::from(window.months[window.months.len() - 1].days() < 15);
                if month <= last && month + 12 > last {
                    give(span.first + 14);
                }
            }
            Habit::Once(day) => {
                if rng_of(self.seed, donor).chance(thin) {
                    give(day);
                }
            }
            Habit::Friday => {
                for day in span.first..=span.last {
                    if date_of(day).weekday() == Weekday::Friday && rng.chance(0.8 * thin) {
                        give(day);
                    }
                }
            }
            Habit::Monthly => {
                if rng.chance(0.93 * thin) {
                    give(span.first + Day::from(person.day) - 1 + rng.between(-2, 2) as Day);
                }
                if rng.chance(0.25 * (span.peak - 1.0) * thin) {
                    give(span.first + rng.below(span.days()) as Day);
                }
            }
            Habit::Ramadan => {
                for &(first, last) in &window.ramadans {
                    if first <= span.last && last >= span.first {
                        // One stream a Ramadan, whichever month asks: the gift lies in one of the two months.
                        let mut rng = Rng::keyed(self.seed, Stream::Ramadan, donor, first as u64);
                        let days = (last - first + 1) as u64;
                        if rng.chance(0.85 * thin) {
                            give(first + rng.below(days).max(rng.below(days)) as Day);
                        }
                        if rng.chance(0.25 * thin) {
                            give(first + rng.below(days) as Day);
                        }
                    }
                }
            }
            Habit::Occasional => {
                if rng.chance((0.09 * span.peak * thin).min(0.9)) {
                    let draw = |rng: &mut Rng| span.first + rng.below(span.days()) as Day;
                    let (one, other) = (draw(&mut rng), draw(&mut rng));
                    give(if window.season(other) > window.season(one) { other } else { one });
                }
            }
        }
    }

    /// How many gifts every `step`-th donor gives in the whole window, times `step`.
    pub(super) fn estimate(&self, window: &Window, step: u64) -> u64 {
        let mut gifts = 0;
        for donor in (1..=self.count).step_by(step as usize) {
            for month in 0..window.months.len() {
                self.gives(window, month, donor, &mut |_, _| gifts += 1);
            }
        }
        gifts * step
    }
}

/// The stream that decides whether a giver of one gift gives it at all.
const fn rng_of(seed: u64, donor: u64) -> Rng {
    Rng::keyed(seed, Stream::Person, donor, 1)
}

/// An amount near `rupiah` in the steps that people use.
pub(super) const fn in_steps(rupiah: i64) -> i64 {
    let step = match rupiah {
        ..50_000 => 1_000,
        50_000..250_000 => 5_000,
        250_000..1_000_000 => 25_000,
        _ => 100_000,
    };
    let rounded = (rupiah + step / 2) / step * step;
    if rounded < 1_000 { 1_000 } else { rounded }
}

/// What a donor gives on a day, in rupiah.
pub(super) fn amount(person: &Person, season: Season, rng: &mut Rng) -> i64 {
    if person.habit == Habit::Example {
        return person.usual;
    }
    let factor = match season {
        Season::LastTen => rng.weighted(&[(15, 1.0), (30, 1.5), (40, 2.0), (15, 4.0)]),
        Season::Ramadan | Season::Muharram => rng.weighted(&[(35, 1.0), (35, 1.5), (30, 2.0)]),
        Season::Plain | Season::Eid => rng.weighted(&[(85, 1.0), (8, 0.5), (5, 1.5), (2, 3.0)]),
    };
    in_steps((person.usual as f64 * factor) as i64)
}
