//! Who is inside: the password, failed attempts, sessions and the tokens of forms.

use dermawan::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::fmt::{self, Write};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The variable that holds the administrators' password.
pub(crate) const VARIABLE: &str = "DERMAWAN_ADMIN_TOKEN";
/// Shorter ones can be guessed.
const LEAST_LENGTH: usize = 16;
/// How long a session lasts: a working day.
const LASTS: Duration = Duration::from_hours(12);
/// The most sessions at a time; the oldest goes for a new one.
const MOST_SESSIONS: usize = 64;
/// Wrong passwords of one address within the time below, before it is heard slowly: enough for slips of the finger.
const MOST_WRONG: usize = 5;
/// How long a wrong password counts.
const REMEMBERED: Duration = Duration::from_mins(15);
/// The most addresses that are remembered, so that many of them cannot fill the memory. Beyond, all are heard slowly.
const MOST_ADDRESSES: usize = 10_000;

/// The administrators' password. Does not print itself.
pub(crate) struct AdminToken(String);

impl AdminToken {
    /// Checks it.
    ///
    /// # Errors
    ///
    /// `configuration` when it is missing or short.
    pub(crate) fn new(text: Option<String>) -> Result<Self> {
        let wrong = |why: &str| {
            Error::new(ErrorKind::Configuration, format!("the administrators' page {why}"))
                .context("variable", VARIABLE)
                .hint(
                    "set the variable to a random text of at least 16 characters, such as `openssl rand -hex 24` makes",
                )
        };
        match text {
            None => Err(wrong("has no password")),
            Some(text) if text.chars().count() < LEAST_LENGTH => Err(wrong("has too short a password")),
            Some(text) => Ok(Self(text)),
        }
    }

    /// Compares in a time that does not depend on where the texts differ.
    fn is(&self, given: &str) -> bool {
        same(given.as_bytes(), self.0.as_bytes())
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(***)")
    }
}

/// Whether two texts are the same, in a time that depends on the length of the first only.
fn same(given: &[u8], secret: &[u8]) -> bool {
    let mut difference = usize::from(given.len() != secret.len());
    for (i, byte) in given.iter().enumerate() {
        let other = secret.get(i % secret.len().max(1)).copied().unwrap_or_default();
        difference |= usize::from(std::hint::black_box(byte ^ other));
    }
    std::hint::black_box(difference) == 0
}

/// Why nobody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The password is another one.
    Wrong,
    /// The password is another one, and there were many before it; seconds until this address is heard at once again.
    Wait(u64),
    /// There were many wrong ones from there: to be asked again as [`Pace::Slow`], after a while.
    Slowly,
}

/// How an attempt is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// At once, unless too many were wrong.
    AtOnce,
    /// It has waited.
    Slow,
}

/// A session's secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// What the browser's cookie holds.
    pub(super) id: String,
    /// What every form must send back.
    pub(super) form: String,
}

/// The door: sessions that are open and attempts that failed. Kept in memory, so a restart closes every session.
pub(super) struct Door {
    token: AdminToken,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    /// By the cookie's text: the form's token and when it was opened.
    sessions: HashMap<String, (String, Instant)>,
    wrong: HashMap<IpAddr, Vec<Instant>>,
}

impl Door {
    pub(super) fn new(token: AdminToken) -> Self {
        Self { token, inside: Mutex::default() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session for whoever knows the password.
    ///
    /// Behind a proxy everybody may come from one address, so an address is never shut out: whoever guesses there would
    /// shut out the administrators. It is heard slowly instead, which is as good against guessing.
    pub(super) fn enter(
        &self,
        from: IpAddr,
        given: &str,
        pace: Pace,
        now: Instant,
    ) -> Result<Result<Session, Refusal>> {
        let mut inside = self.inside();
        inside.wrong.retain(|_, times| {
            times.retain(|&time| now.saturating_duration_since(time) < REMEMBERED);
            !times.is_empty()
        });
        let from = neighbourhood(from);
        let times = inside.wrong.get(&from).map_or(&[][..], Vec::as_slice);
        let many = times.len() >= MOST_WRONG || (times.is_empty() && inside.wrong.len() >= MOST_ADDRESSES);
        if many && pace == Pace::AtOnce {
            return Ok(Err(Refusal::Slowly));
        }
        if !self.token.is(given) {
            if many {
                let since = times.first().map_or(Duration::ZERO, |&first| now.saturating_duration_since(first));
                return Ok(Err(Refusal::Wait(REMEMBERED.saturating_sub(since).as_secs().max(1))));
            }
            inside.wrong.entry(from).or_default().push(now);
            return Ok(Err(Refusal::Wrong));
        }
        // The wrong ones of another who shares the address go on counting.
        if !many {
            inside.wrong.remove(&from);
        }
        let session = Session { id: random()?, form: random()? };
        inside.sessions.retain(|_, (_, opened)| now.saturating_duration_since(*opened) < LASTS);
        if inside.sessions.len() >= MOST_SESSIONS
            && let Some(oldest) =
                inside.sessions.iter().min_by_key(|(_, (_, opened))| *opened).map(|(id, _)| id.clone())
        {
            inside.sessions.remove(&oldest);
        }
        inside.sessions.insert(session.id.clone(), (session.form.clone(), now));
        Ok(Ok(session))
    }

    /// The session that a cookie belongs to.
    pub(super) fn session(&self, id: &str, now: Instant) -> Option<Session> {
        let inside = self.inside();
        let (form, opened) = inside.sessions.get(id)?;
        let open = now.saturating_duration_since(*opened) < LASTS;
        open.then(|| Session { id: id.to_owned(), form: form.clone() })
    }

    /// Ends a session.
    pub(super) fn leave(&self, id: &str) {
        self.inside().sessions.remove(id);
    }
}

impl Session {
    /// Whether a form was made for this session.
    pub(super) fn made(&self, form: &str) -> bool {
        same(form.as_bytes(), self.form.as_bytes())
    }
}

/// The address whose attempts are counted together: of IPv6 the network of one household.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// 256 random bits in hexadecimal.
fn random() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|cause| {
        Error::new(ErrorKind::Io, "the system gives no random numbers")
            .caused_by(std::io::Error::other(cause.to_string()))
    })?;
    let mut text = String::with_capacity(64);
    for byte in bytes {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "kata-sandi-pengurus-1";

    fn door() -> Door {
        Door::new(AdminToken::new(Some(SECRET.into())).unwrap())
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn no_password_and_a_short_one_are_refused_and_not_repeated() {
        for wrong in [None, Some(String::new()), Some("s3cr3t".to_owned())] {
            let error = AdminToken::new(wrong).unwrap_err();
            assert_eq!(error.code(), "configuration");
            assert!(error.to_string().contains(VARIABLE) && !error.to_string().contains("s3cr3t"), "{error}");
        }
        assert!(!format!("{:?}", AdminToken(SECRET.into())).contains(SECRET));
    }

    #[test]
    fn sameness() {
        assert!(same(b"abc", b"abc") && same(b"", b""));
        for (given, secret) in [("abc", "abd"), ("abc", "ab"), ("abcabc", "abc"), ("", "abc"), ("abc", "")] {
            assert!(!same(given.as_bytes(), secret.as_bytes()), "{given} {secret}");
        }
    }

    #[test]
    fn five_wrong_ones_slow_that_address_only() {
        let (door, start) = (door(), Instant::now());
        let enter = |from, given, now| door.enter(from, given, Pace::AtOnce, now).unwrap();
        let slowly = |from, given, now| door.enter(from, given, Pace::Slow, now).unwrap();
        for i in 0..5 {
            assert_eq!(enter(address(1), "wrong", start + Duration::from_secs(i)), Err(Refusal::Wrong));
        }
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(enter(address(1), SECRET, later(60)), Err(Refusal::Slowly), "even the right one");
        assert_eq!(enter(address(1), "wrong", later(60)), Err(Refusal::Slowly), "which tells nothing");
        assert_eq!(slowly(address(1), "wrong", later(60)), Err(Refusal::Wait(840)));
        assert!(slowly(address(1), SECRET, later(60)).is_ok(), "who knows it gets in");
        assert_eq!(enter(address(1), "wrong", later(61)), Err(Refusal::Slowly), "and the guesser is no faster for it");
        assert!(enter(address(2), SECRET, later(60)).is_ok());
        assert!(enter(address(1), SECRET, later(901)).is_ok(), "the first is forgotten after a quarter");
    }

    #[test]
    fn a_household_counts_as_one() {
        let (door, now) = (door(), Instant::now());
        for i in 0..5_u16 {
            let from = IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, i]);
            assert_eq!(door.enter(from, "wrong", Pace::AtOnce, now).unwrap(), Err(Refusal::Wrong));
        }
        let next = |network| IpAddr::from([0x2001, 0xdb8, 0, network, 0, 0, 0, 99]);
        assert_eq!(door.enter(next(1), SECRET, Pace::AtOnce, now).unwrap(), Err(Refusal::Slowly));
        assert!(door.enter(next(2), SECRET, Pace::AtOnce, now).unwrap().is_ok());
    }

    #[test]
    fn sessions_end() {
        let (door, start) = (door(), Instant::now());
        let session = door.enter(address(1), SECRET, Pace::AtOnce, start).unwrap().unwrap();
        assert_eq!(door.session(&session.id, start), Some(session.clone()));
        assert_eq!(door.session(&session.form, start), None);
        assert_eq!(door.session(&session.id, start + LASTS), None);
        assert!(session.made(&session.form) && !session.made(&session.id) && !session.made(""));
        door.leave(&session.id);
        assert_eq!(door.session(&session.id, start), None);
    }

    #[test]
    fn the_oldest_session_makes_room() {
        let (door, start) = (door(), Instant::now());
        let enter = |i| door.enter(address(1), SECRET, Pace::AtOnce, start + Duration::from_secs(i)).unwrap().unwrap();
        let first = enter(0);
        let second = enter(1);
        for i in 2..=MOST_SESSIONS as u64 {
            enter(i);
        }
        assert_eq!(door.session(&first.id, start), None);
        assert!(door.session(&second.id, start).is_some());
    }
}
