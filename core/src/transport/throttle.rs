//! A pace for a gateway that has none of its own.

use super::{Accepted, Capabilities, Envelope, Event, Health, Hook, HookError, SendError, Transport};
use crate::error::{Error, ErrorKind, Result};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A clock that can be waited on. The core has none; whoever owns one lends it.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment; never goes back.
    fn now(&self) -> Duration;

    /// Returns after so long.
    fn wait(&self, time: Duration);
}

/// Lets messages go no faster than a pace, by waiting before each. Threads that send at once get one place each.
///
/// It waits instead of answering [`SendError::Retry`], because an outbox counts that as an attempt. An outbox paces its
/// lanes itself; this wrapper is for whoever sends without one, and for gateways shared by several senders.
pub struct Throttle<T, C> {
    inner: T,
    clock: C,
    least: Duration,
    most: Duration,
    next: Mutex<(Duration, u64)>,
}

impl<T: Transport, C: Clock> Throttle<T, C> {
    /// At least `least` from one message to the next and at most `most` of waiting, chosen evenly by `seed`: a steady
    /// beat is what machines send in. Equal values make a steady one.
    ///
    /// Errors: `invalid_input` when `least` is more than `most`, or `most` more than an hour.
    pub fn new(inner: T, clock: C, least: Duration, most: Duration, seed: u64) -> Result<Self> {
        if least > most || most > Duration::from_hours(1) {
            return Err(Error::new(ErrorKind::InvalidInput, "throttle: this is not a pace")
                .hint("give the least and the most time between two messages, an hour at most"));
        }
        Ok(Self { inner, clock, least, most, next: Mutex::new((Duration::ZERO, seed)) })
    }

    /// The same with the times in seconds, as other languages give them.
    ///
    /// Errors: `invalid_input` as [`Throttle::new`], and for what is no time.
    pub fn of_seconds(inner: T, clock: C, least: f64, most: f64, seed: u64) -> Result<Self> {
        let time = |name: &str, seconds: f64| {
            Duration::try_from_secs_f64(seconds).map_err(|_| {
                Error::new(
                    ErrorKind::InvalidInput,
                    format!("throttle: `{name}` must be a number of seconds, 0 or more"),
                )
            })
        };
        Self::new(inner, clock, time("least", least)?, time("most", most)?, seed)
    }

    /// The gateway itself.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// Takes the next place and says how long it is until then.
    fn place(&self) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mine = next.0.max(now);
        let span = self.most.saturating_sub(self.least).as_micros() as u64;
        let more = if span == 0 { 0 } else { draw(&mut next.1) % (span + 1) };
        next.0 = mine + self.least + Duration::from_micros(more);
        mine.saturating_sub(now)
    }
}

/// The next of a row of numbers (`SplitMix64`; Steele, Lea and Flood 2014).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

impl<T: Transport, C: Clock> Transport for Throttle<T, C> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        let wait = self.place();
        if !wait.is_zero() {
            self.clock.wait(wait);
        }
        self.inner.send(envelope)
    }

    fn parse(&self, hook: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        self.inner.parse(hook)
    }

    fn health(&self) -> Result<Health, SendError> {
        self.inner.health()
    }
}

impl<T: fmt::Debug, C> fmt::Debug for Throttle<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Throttle({:?}, {:?} to {:?})", self.inner, self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::*;
    use crate::model::Number;

    /// A clock that only waiting moves.
    #[derive(Default)]
    struct Still(Mutex<Duration>);

    impl Clock for &Still {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn wait(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    #[test]
    fn messages_keep_the_pace() {
        let clock = Still::default();
        let seconds = Duration::from_secs;
        let gateway = Throttle::new(Memory::new(), &clock, seconds(5), seconds(10), 7).unwrap();
        let envelope = Envelope::text("a", Number::parse("081234567890").unwrap(), "Halo");
        let mut times = Vec::new();
        for _ in 0..200 {
            gateway.send(&envelope).unwrap();
            times.push((&clock).now());
        }
        assert_eq!(times[0], Duration::ZERO, "the first goes at once");
        let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        assert!(gaps.iter().all(|gap| (seconds(5)..=seconds(10)).contains(gap)));
        assert!(gaps.iter().min().unwrap() < &Duration::from_millis(5_200));
        assert!(gaps.iter().max().unwrap() > &Duration::from_millis(9_800));
        (&clock).wait(seconds(60));
        let before = (&clock).now();
        gateway.send(&envelope).unwrap();
        assert_eq!((&clock).now(), before, "after a pause nobody waits");
        assert_eq!(gateway.inner().accepted().len(), 201);
    }

    #[test]
    fn no_pace_is_refused() {
        let clock = Still::default();
        let second = Duration::from_secs(1);
        assert_eq!(
            Throttle::new(Memory::new(), &clock, second, Duration::ZERO, 1).unwrap_err().code(),
            "invalid_input"
        );
        for (least, most) in [(-1.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (2.0, 1.0), (0.0, 3601.0)] {
            let error = Throttle::of_seconds(Memory::new(), &clock, least, most, 1).unwrap_err();
            assert_eq!(error.code(), "invalid_input", "{least} to {most}");
        }
        assert!(Throttle::of_seconds(Memory::new(), &clock, 0.5, 1.0, 1).is_ok());
    }
}
