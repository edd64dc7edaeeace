//! What is usual is silent, what is not is found.

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
    let error =
        |point: &StreamPoint, i: usize| point.expected - 100.0 - 40.0 * (std::f64::consts::TAU * i as f64 / 24.0).sin();
    assert!((9_900..10_000).all(|i| error(&points[i], i).abs() < 25.0));
}

/// In rupiah, in billions of them, or counted from far away: the same values raise the same alarms.
#[test]
fn the_unit_and_the_zero_do_not_matter() {
    let alarms_of = |scale: f64, zero: f64| {
        alarms(&stream(3_000, |i, value| zero + scale * if i == 2_000 { value + 45.0 } else { value }))
    };
    let plain = alarms_of(1.0, 0.0);
    assert!(plain.contains(&2_000), "{plain:?}");
    for (scale, zero) in [(1e-9, 0.0), (1e9, 0.0), (2.0_f64.powi(-30), 0.0), (1.0, 1e8), (1.0, -1e6)] {
        assert_eq!(alarms_of(scale, zero), plain, "{scale} {zero}");
    }
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

/// Normal numbers: sums of twelve of a linear congruential generator (Knuth's MMIX constants).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        let mut sum = 0.0;
        for _ in 0..12 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            sum += (self.0 >> 11) as f64 / (1u64 << 53) as f64;
        }
        sum - 6.0
    }

    /// Student's t with three degrees of freedom.
    fn heavy(&mut self) -> f64 {
        let square: f64 = (0..3).map(|_| self.next().powi(2)).sum();
        self.next() / (square / 3.0).sqrt()
    }
}

/// Alarms of runs with as many seeds, over `n` values each.
fn runs(n: usize, seeds: u64, options: &StreamOptions, value: impl Fn(usize, &mut Noise) -> f64) -> Vec<Vec<usize>> {
    let run = |seed| {
        let mut noise = Noise(seed * 7_919 + 11);
        let mut stream = Stream::new(options.clone()).unwrap();
        alarms(&(0..n).map(|i| stream.push(value(i, &mut noise)).unwrap()).collect::<Vec<_>>())
    };
    (0..seeds).map(run).collect()
}

fn found(runs: &[Vec<usize>], within: std::ops::Range<usize>) -> usize {
    runs.iter().filter(|alarms| alarms.iter().any(|i| within.contains(i))).count()
}

/// An hour of the week: workdays with a wave of 40, weekends of 15 upon 20 more.
fn week(i: usize) -> f64 {
    let hour = (std::f64::consts::TAU * i as f64 / 24.0).sin();
    if (i / 24) % 7 < 5 { 100.0 + 40.0 * hour } else { 120.0 + 15.0 * hour }
}

const AT: usize = 2_500;
/// Spikes of eight standard deviations in a week's season that must be found of twenty.
const SMALL: usize = 18;
/// False alarms in 10,000 that heavy tails may raise; a level of 1 is stated.
const HEAVY: f64 = 3.0;

#[test]
fn what_never_changed_and_changes() {
    let usual = StreamOptions::default();
    for (before, after) in [(5.0, 1e9), (5.0, 6.0), (0.0, 500.0)] {
        let found = runs(20_100, 1, &usual, |i, _| if i < 20_000 { before } else { after });
        assert_eq!(found, [[20_000]], "{before} {after}");
        let once = runs(20_100, 1, &usual, |i, _| if i == 20_000 { after } else { before });
        assert_eq!(once[0].first(), Some(&20_000));
    }
}

#[test]
fn a_spike_in_the_week_is_found_and_leaves_no_echo() {
    let usual = StreamOptions::default();
    let spike =
        |size: f64| move |i: usize, noise: &mut Noise| week(i) + 3.0 * noise.next() + if i == AT { size } else { 0.0 };
    let large = runs(3_000, 12, &usual, spike(120.0));
    assert_eq!(found(&large, AT..AT + 1), 12);
    assert_eq!(found(&large, AT + 1..AT + 400), 0, "{large:?}");
    let small = runs(2_600, 20, &usual, spike(24.0));
    assert!(found(&small, AT..AT + 1) >= SMALL, "{small:?}");
}

#[test]
fn shifts_and_drifts_are_found_and_become_usual() {
    let usual = StreamOptions::default();
    let wave = |i: usize| 100.0 + 40.0 * (std::f64::consts::TAU * i as f64 / 24.0).sin();
    let after = |i: usize, size: f64| if i >= AT { size } else { 0.0 };
    let shifts = runs(4_000, 12, &usual, |i, noise| week(i) + 3.0 * noise.next() + after(i, 20.0));
    assert_eq!(found(&shifts, AT..AT + 30), 12, "{shifts:?}");
    let alarms: usize = shifts.iter().map(|alarms| alarms.iter().filter(|&&i| i > AT + 150).count()).sum();
    assert!(alarms <= 4, "{shifts:?}");
    let shifts = runs(3_000, 12, &usual, |i, noise| wave(i) + 3.0 * noise.next() + after(i, 10.0));
    assert_eq!(found(&shifts, AT..AT + 50), 12, "{shifts:?}");
    let shifts = runs(3_000, 12, &usual, |i, noise| 3.0 * noise.next() + after(i, 9.0));
    assert_eq!(found(&shifts, AT..AT + 50), 12, "{shifts:?}");
    let drifts = runs(3_000, 12, &usual, |i, noise| 3.0 * noise.next() + 0.05 * i.saturating_sub(AT) as f64);
    assert_eq!(found(&drifts, AT..AT + 200), 12, "{drifts:?}");
}

#[test]
fn a_weaker_day_of_half_hours_is_found() {
    let taxi = |i: usize, noise: &mut Noise| {
        let wave = (std::f64::consts::TAU * i as f64 / 48.0 - 2.0).sin();
        let weekday = if (i / 48) % 7 < 5 { 1.0 } else { 0.8 };
        let value = 15_000.0 + 8_000.0 * wave * weekday + 700.0 * noise.next();
        value * if (AT..AT + 48).contains(&i) { 0.6 } else { 1.0 }
    };
    assert_eq!(found(&runs(3_000, 12, &StreamOptions::default(), taxi), AT..AT + 24), 12);
}

#[test]
fn daily_income_that_falls_is_found() {
    let daily = StreamOptions { seasons: vec![7], probation: 30, ..StreamOptions::default() };
    for (share, days) in [(0.2, 10), (0.5, 30)] {
        let falls = runs(600, 20, &daily, |i, noise| {
            let usual = 1e6 * if i % 7 == 4 { 1.4 } else { 1.0 } * (0.25 * noise.next()).exp();
            usual * if i >= 500 { share } else { 1.0 }
        });
        assert!(found(&falls, 500..500 + days) >= 19, "{share}: {falls:?}");
    }
}

#[test]
fn what_stands_still_is_told_once() {
    let usual = StreamOptions::default();
    let stuck = runs(4_000, 12, &usual, |i, noise| if i < AT { 100.0 + 3.0 * noise.next() } else { 100.0 });
    assert_eq!(found(&stuck, AT..AT + 12), 12, "{stuck:?}");
    assert_eq!(found(&stuck, AT + 12..4_000), 0, "{stuck:?}");
}

#[test]
fn a_trouble_soon_after_another_is_one_of_its_own() {
    let usual = StreamOptions::default();
    let twice = |first: f64, second: f64| {
        let spikes = move |i: usize| {
            if i == AT {
                first
            } else if i == AT + 60 {
                second
            } else {
                0.0
            }
        };
        runs(2_600, 12, &usual, move |i, noise| 3.0 * noise.next() + spikes(i))
    };
    assert_eq!(found(&twice(30.0, 300.0), AT + 60..AT + 61), 12);
    assert!(found(&twice(60.0, 60.0), AT + 60..AT + 61) >= 10);
}

#[test]
fn the_stated_level_of_false_alarms() {
    let usual = StreamOptions::default();
    let rate = |value: &dyn Fn(usize, &mut Noise) -> f64| {
        let found = runs(5_000, 20, &usual, |i, noise| value(i, noise));
        found.iter().map(Vec::len).sum::<usize>() as f64 / 10.0
    };
    let correlated = |share: f64| {
        let last = std::cell::Cell::new(0.0);
        move |i: usize, noise: &mut Noise| {
            last.set(if i == 0 { 0.0 } else { share * last.get() } + noise.next());
            last.get()
        }
    };
    // Alarms in 10,000 values; the level says 1.
    for (name, rate, most) in [
        ("white", rate(&|_, noise| noise.next()), 1.0),
        ("week", rate(&|i, noise| week(i) + 3.0 * noise.next()), 2.0),
        ("heavy-tailed", rate(&|_, noise| noise.heavy()), HEAVY),
        ("log-normal", rate(&|_, noise| noise.next().exp()), HEAVY),
        ("correlated by .5", rate(&correlated(0.5)), 1.0),
        ("correlated by .95", rate(&correlated(0.95)), 1.0),
        ("a random walk", rate(&correlated(1.0)), 1.0),
        ("every fiftieth", rate(&|i, noise| if i % 50 == 0 { 10.0 + noise.next() } else { 0.0 }), 1.0),
        ("one in fifty", rate(&|_, noise| if noise.next() > 2.05 { 10.0 + noise.next() } else { 0.0 }), 3.0),
    ] {
        assert!(rate <= most, "{name}: {rate} in 10,000");
    }
}

#[test]
fn a_missing_value_lets_time_go_on() {
    let usual = StreamOptions::default();
    let gap = runs(4_000, 6, &usual, |i, noise| {
        let value = week(i) + 3.0 * noise.next();
        if (AT..AT + 5).contains(&i) || i % 97 == 0 { f64::NAN } else { value }
    });
    assert_eq!(found(&gap, AT..AT + 300), 0, "{gap:?}");
    let mut stream = Stream::new(usual).unwrap();
    let nothing = stream.push(f64::NAN).unwrap();
    assert_eq!((nothing.expected, nothing.p_value, nothing.alarm), (0.0, 1.0, false));
    (0..400).for_each(|i| assert!(stream.push(week(i)).is_ok()));
    let missing = stream.push(f64::NAN).unwrap();
    assert!((missing.expected - week(400)).abs() < 10.0, "{missing:?}");
    assert!(missing.score == 0.0 && missing.score.is_sign_positive());
}

#[test]
fn memory_does_not_grow() {
    let mut stream = Stream::new(StreamOptions::default()).unwrap();
    let mut noise = Noise(3);
    (0..20_000).for_each(|_| assert!(stream.push(noise.next()).is_ok()));
    assert!(stream.errors.len() <= stream.options.drift);
    assert!(
        [&stream.spike, &stream.drift, &stream.sums.scale, &stream.sums.tail].iter().all(|tail| tail.waiting() <= 30)
    );
}

#[test]
fn bad_values_and_options() {
    let mut stream = Stream::new(StreamOptions::default()).unwrap();
    for value in [f64::INFINITY, f64::NEG_INFINITY, 1e200] {
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
}
