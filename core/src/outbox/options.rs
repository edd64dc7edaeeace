//! How fast, how long and how often.

use super::jitter;
use crate::error::{Error, ErrorKind, Result};
use jiff::civil::{Time, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// A day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// A random wait between two lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// At least, in milliseconds.
    pub min_ms: u64,
    /// At most, in milliseconds.
    pub max_ms: u64,
}

impl Gap {
    pub(super) fn draw(self, random: u64) -> SignedDuration {
        jitter::between(self.min_ms, self.max_ms, random)
    }
}

/// The hours in which nobody wants to be woken. They may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// Their beginning, civil time.
    pub from: Time,
    /// Their end, civil time; nothing is quiet when it equals the beginning.
    pub to: Time,
}

impl QuietHours {
    /// When the quiet ends, if it is quiet now.
    pub(super) fn until(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = now.to_zoned(zone.clone());
        let (clock, today) = (local.time(), local.date());
        let quiet = match self.from.cmp(&self.to) {
            std::cmp::Ordering::Less => self.from <= clock && clock < self.to,
            std::cmp::Ordering::Equal => false,
            std::cmp::Ordering::Greater => clock >= self.from || clock < self.to,
        };
        if !quiet {
            return None;
        }
        let day = if clock < self.to { today } else { today.saturating_add(1.day()) };
        let end = day.to_datetime(self.to).to_zoned(zone.clone()).map(|end| end.timestamp());
        // The calendar ends before such a time does; then an hour will do.
        Some(end.ok().filter(|end| *end > now).unwrap_or_else(|| after(now, SignedDuration::from_hours(1))))
    }
}

/// A worker's patience and pace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Between the messages of a lane. Default 5 to 10 s at random, the gateway's guidance for many messages: what
    /// comes like clockwork looks like a machine, and numbers are banned for it.
    pub gap: Gap,
    /// Between replies, and before a reply after any other message. Default 0.2 to 0.6 s: people wait for it, and the
    /// gateway takes ten a second.
    pub reply_gap: Gap,
    /// Between two messages to one person, in milliseconds. Default 1,500, so that they arrive in order.
    pub recipient_gap_ms: u64,
    /// When only messages for any hour go out; `None` for never. Default 21:00 to 06:00 in the organisation's zone.
    pub quiet_hours: Option<QuietHours>,
    /// How long a worker may hold a message, in seconds. Must be longer than the gateway's patience, for a message still
    /// being sent after that is taken for unknown. Default 180: three times a patience of one minute.
    pub hold_seconds: u32,
    /// The longest wait before the first retry, in seconds; it doubles each time. The wait is drawn evenly from zero to
    /// it ("full jitter", Brooker 2015). Default 30.
    pub backoff_seconds: u32,
    /// The doubling ends here, in seconds. Default 3,600: an hour.
    pub backoff_limit_seconds: u32,
    /// After so many attempts that the gateway could not take, a message is dead. Default 8: about two hours on average.
    pub attempts: u32,
    /// How often a disconnected device is asked how it is, in seconds. Default 60.
    pub device_probe_seconds: u32,
    /// How often the quota is asked for once it is used up, in seconds. Default 3,600: it is reset monthly or topped up
    /// by hand.
    pub quota_probe_seconds: u32,
    /// How long a lane rests when it was found too fast, in seconds. Default 3,600.
    pub spam_pause_seconds: u32,
    /// How often a gateway that refused the configuration is asked whether it is mended, in seconds. Default 600.
    pub stop_probe_seconds: u32,
    /// So many failures in a row (not reached, or an answer that says nothing) halt a lane, and so many messages at most
    /// are unknown when a gateway begins to fail. Default 3: one is an accident, two may be.
    pub breaker_failures: u32,
    /// How long a lane so halted waits at most before its gateway is asked whether it is back, in seconds. It begins with
    /// `device_probe_seconds` and waits as long again as the trouble has lasted. Default 600.
    pub breaker_probe_seconds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            gap: Gap { min_ms: 5000, max_ms: 10_000 },
            reply_gap: Gap { min_ms: 200, max_ms: 600 },
            recipient_gap_ms: 1500,
            quiet_hours: Some(QuietHours { from: time(21, 0, 0, 0), to: time(6, 0, 0, 0) }),
            hold_seconds: 180,
            backoff_seconds: 30,
            backoff_limit_seconds: 3600,
            attempts: 8,
            device_probe_seconds: 60,
            quota_probe_seconds: 3600,
            spam_pause_seconds: 3600,
            stop_probe_seconds: 600,
            breaker_failures: 3,
            breaker_probe_seconds: 600,
        }
    }
}

impl Options {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |key: &'static str, why: &str| {
            Err(Error::new(ErrorKind::Configuration, format!("outbox.{key} {why}"))
                .hint("see dermawan.example.toml for what is allowed"))
        };
        for (gap, key) in [(self.gap, "gap"), (self.reply_gap, "reply_gap")] {
            if gap.min_ms > gap.max_ms || gap.max_ms > DAY_MS {
                return wrong(key, "must go from the shorter to the longer, a day at most");
            }
        }
        if self.recipient_gap_ms > DAY_MS {
            return wrong("recipient_gap_ms", "must be a day at most");
        }
        if !(1..=86_400).contains(&self.hold_seconds) {
            return wrong("hold_seconds", "must be 1 to 86,400");
        }
        if self.backoff_limit_seconds > 604_800 || self.backoff_seconds > self.backoff_limit_seconds {
            return wrong("backoff_seconds", "must not be above backoff_limit_seconds, which is a week at most");
        }
        if !(1..=1000).contains(&self.attempts) {
            return wrong("attempts", "must be 1 to 1,000");
        }
        if !(1..=1000).contains(&self.breaker_failures) {
            return wrong("breaker_failures", "must be 1 to 1,000");
        }
        for (seconds, key) in [
            (self.breaker_probe_seconds, "breaker_probe_seconds"),
            (self.device_probe_seconds, "device_probe_seconds"),
            (self.quota_probe_seconds, "quota_probe_seconds"),
            (self.spam_pause_seconds, "spam_pause_seconds"),
            (self.stop_probe_seconds, "stop_probe_seconds"),
        ] {
            if !(1..=604_800).contains(&seconds) {
                return wrong(key, "must be 1 to 604,800 (a week)");
            }
        }
        Ok(())
    }

    /// How long a message waits before it is tried again, after `attempts` that failed.
    pub(super) fn backoff(&self, attempts: u32, random: u64) -> SignedDuration {
        let doubled = u64::from(self.backoff_seconds).saturating_mul(1_u64 << attempts.min(32));
        jitter::between(0, doubled.min(u64::from(self.backoff_limit_seconds)) * 1000, random)
    }
}

/// A time later; the end of the calendar at most.
pub(super) fn after(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_go_over_midnight_and_follow_the_zone() {
        let zone = TimeZone::get("Asia/Jakarta").unwrap();
        let quiet = Options::default().quiet_hours.unwrap();
        let until = |now: &str| quiet.until(now.parse().unwrap(), &zone).map(|end| end.to_string());
        // Jakarta is seven hours ahead.
        assert_eq!(until("2026-09-01T13:59:59Z"), None, "20:59:59");
        assert_eq!(until("2026-09-01T14:00:00Z").as_deref(), Some("2026-09-01T23:00:00Z"), "21:00");
        assert_eq!(until("2026-09-01T18:30:00Z").as_deref(), Some("2026-09-01T23:00:00Z"), "01:30");
        assert_eq!(until("2026-09-01T23:00:00Z"), None, "06:00");
        let noon = QuietHours { from: time(12, 0, 0, 0), to: time(13, 0, 0, 0) };
        let at = |now: &str| noon.until(now.parse().unwrap(), &zone).map(|end| end.to_string());
        assert_eq!(at("2026-09-01T05:30:00Z").as_deref(), Some("2026-09-01T06:00:00Z"));
        assert_eq!(at("2026-09-01T06:00:00Z"), None);
        let never = QuietHours { from: time(5, 0, 0, 0), to: time(5, 0, 0, 0) };
        assert_eq!(never.until("2026-09-01T05:30:00Z".parse().unwrap(), &zone), None);
        assert!(quiet.until(Timestamp::MAX, &zone).is_none_or(|end| end > Timestamp::MIN));
    }

    #[test]
    fn an_hour_that_is_left_out_in_spring_ends_the_quiet_after_it() {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        let quiet = QuietHours { from: time(22, 0, 0, 0), to: time(2, 30, 0, 0) };
        let end = quiet.until("2026-03-29T00:30:00Z".parse().unwrap(), &zone).unwrap();
        assert_eq!(end.to_string(), "2026-03-29T01:30:00Z", "02:30 does not exist; 03:30 does");
    }

    #[test]
    fn backoff_doubles_up_to_its_limit() {
        let options = Options::default();
        for (attempts, most) in [(0, 30), (1, 60), (6, 1920), (7, 3600), (u32::MAX, 3600)] {
            assert_eq!(options.backoff(attempts, u64::MAX).as_secs(), most);
            assert_eq!(options.backoff(attempts, 0).as_secs(), 0);
        }
    }

    #[test]
    fn impossible_options_are_named() {
        Options::default().validate().unwrap();
        let wrong = [
            (Options { gap: Gap { min_ms: 2, max_ms: 1 }, ..Options::default() }, "outbox.gap"),
            (Options { hold_seconds: 0, ..Options::default() }, "outbox.hold_seconds"),
            (Options { backoff_seconds: 9999, ..Options::default() }, "outbox.backoff_seconds"),
            (Options { attempts: 0, ..Options::default() }, "outbox.attempts"),
            (Options { device_probe_seconds: 0, ..Options::default() }, "outbox.device_probe_seconds"),
        ];
        for (options, key) in wrong {
            let error = options.validate().unwrap_err();
            assert!(error.to_string().starts_with(key), "{error}");
        }
    }
}
