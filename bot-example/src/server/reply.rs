//! What came in is answered, in order for each person.
//!
//! A message stays in the inbox until its reply is in the outbox. The reply's key comes from the message's, so that a
//! message that is answered again, because the program died between the two, puts the same reply once.

use super::House;
use dermawan::bot::{Command, Effect, Session};
use dermawan::inbox::{Inbox, Letter, Outcome, Step};
use dermawan::outbox::{Decision, Draft, Filter, Priority, Stage};
use dermawan::register::Lid;
use dermawan::transport::{Event, Inbound};
use dermawan::{Deed, Error, ErrorKind, Number, Result, Spoken, Turn};
use jiff::{Timestamp, ToSpan};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How many messages are read at once.
const AT_ONCE: usize = 256;
/// How many wait before each who answers: a bound of memory; the rest waits in the file.
const LINE: usize = 32;
/// How often a message is tried before it is given up: a fault of the disk or of the facts should have passed by then.
const ATTEMPTS: u32 = 6;
/// A reply that could not go out for so long, in minutes, is not sent: a day.
const REPLY_MINUTES: i64 = 24 * 60;

/// Reads the inbox through a connection of its own, so that readers never wait for the writer.
pub(super) struct Reader(Mutex<Inbox>);

impl Reader {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self(Mutex::new(inbox))
    }

    pub(super) fn with<T>(&self, read: impl FnOnce(&mut Inbox) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers until told to stop; then ends what is in hand.
pub(super) async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let lines = usize::from(house.options.answering);
    let mut senders = Vec::with_capacity(lines);
    let mut tasks = Vec::with_capacity(lines);
    for _ in 0..lines {
        let (sender, receiver) = mpsc::channel(LINE);
        senders.push(sender);
        tasks.push(tokio::spawn(line(Arc::clone(&house), receiver, stop.clone())));
    }
    let mut after = 0;
    while !*stop.borrow() {
        let read = {
            let house = Arc::clone(&house);
            tokio::task::spawn_blocking(move || house.reader.with(|inbox| inbox.pending(after, AT_ONCE))).await
        };
        let letters = match read {
            Ok(Ok(letters)) => letters,
            Ok(Err(error)) => {
                tracing::error!(code = error.code(), "the inbox cannot be read: {error}");
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        if letters.is_empty() {
            tokio::select! {
                () = house.arrived.notified() => {}
                _ = stop.changed() => {}
                // Nothing is to be missed should a word get lost.
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
            }
            continue;
        }
        for letter in letters {
            after = letter.seq;
            // One person's messages stay in one line, so they are answered in order.
            let mut hasher = DefaultHasher::new();
            sender_of(&letter).hash(&mut hasher);
            let line = (hasher.finish() % lines as u64) as usize;
            tokio::select! {
                _ = senders[line].send(letter) => {}
                _ = stop.changed() => break,
            }
        }
    }
    drop(senders);
    for task in tasks {
        let _ = task.await;
    }
}

/// Who wrote: a number, or a hidden identity.
fn sender_of(letter: &Letter) -> Option<&str> {
    match (&letter.from, &letter.event) {
        (Some(number), _) => Some(number.as_str()),
        (None, Event::Message(message)) => message.lid.as_deref(),
        _ => None,
    }
}

async fn line(house: Arc<House>, mut letters: mpsc::Receiver<Letter>, stop: watch::Receiver<bool>) {
    while let Some(letter) = letters.recv().await {
        // What was not begun stays in the file and is answered at the next start.
        if *stop.borrow() {
            return;
        }
        settle(&house, letter, stop.clone()).await;
    }
}

async fn settle(house: &Arc<House>, letter: Letter, mut stop: watch::Receiver<bool>) {
    let seq = letter.seq;
    let letter = Arc::new(letter);
    let said = Arc::new(Mutex::new(None));
    // Nothing is answered into a file that is gone: the message waits in the inbox.
    while !house.files.are_there() {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            _ = stop.changed() => return,
        }
    }
    for attempt in 1..=ATTEMPTS {
        let done = {
            let (house, letter, said) = (Arc::clone(house), Arc::clone(&letter), Arc::clone(&said));
            tokio::task::spawn_blocking(move || house.deal_with(&letter, &mut super::lock(&said))).await
        };
        let outcome = match done {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                tracing::error!(code = error.code(), seq, attempt, "a message cannot be answered: {error}");
                if attempt < ATTEMPTS {
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_secs(1 << attempt)) => {}
                        _ = stop.changed() => return,
                    }
                    continue;
                }
                Settled { outcome: Outcome::Failed, session: None }
            }
            Err(_) => {
                // A panic: a fault of ours that would only come again.
                tracing::error!(seq, "answering a message ended in a fault of the program");
                Settled { outcome: Outcome::Failed, session: None }
            }
        };
        match outcome.outcome {
            Outcome::Answered => house.counters.answered.add(1),
            Outcome::Silent => house.counters.silent.add(1),
            Outcome::Failed => house.counters.failed.add(1),
        }
        let Settled { outcome, session } = outcome;
        let step = Step::Settle { seq, outcome, session, now: house.now() };
        if house.intake.settle(step).await.is_err() {
            tracing::error!(
                seq,
                "a message is answered, but that cannot be written down; its reply's key keeps it single"
            );
        }
        return;
    }
}

/// How a message was dealt with.
struct Settled {
    outcome: Outcome,
    session: Option<(Number, Session)>,
}

/// What a conversation came to, and whose it is: a hidden identity that stands for no number yet has none to remember.
struct Said {
    whose: Option<Number>,
    spoken: Spoken,
}

impl House {
    /// Deals with one letter: what it asks for is done and its reply lies in the outbox when this returns. May be done
    /// again for the same letter.
    fn deal_with(&self, letter: &Letter, said: &mut Option<Said>) -> Result<Settled> {
        let now = self.now();
        match &letter.event {
            Event::Message(message) => self.answer(letter, message, now, said),
            Event::Status(change) => {
                self.outbox.status(change, now)?;
                Ok(Settled { outcome: Outcome::Answered, session: None })
            }
            Event::Device(change) => {
                tracing::warn!(connected = change.connected, "the gateway tells of the device");
                self.worker.device(&*self.outbox, change, now)?;
                self.owed.notify_one();
                Ok(Settled { outcome: Outcome::Answered, session: None })
            }
            _ => Ok(Settled { outcome: Outcome::Silent, session: None }),
        }
    }

    /// `said` holds what the conversation came to when the outbox could not take it: a code is not asked for twice because
    /// a disk was full for a moment.
    fn answer(&self, letter: &Letter, message: &Inbound, now: Timestamp, said: &mut Option<Said>) -> Result<Settled> {
        if said.is_none() {
            let whose = self.stands_for(letter, message)?;
            if whose.is_none() && Command::parse(&message.text, false) == Some(Command::Stop) {
                // A wish that cannot be acted on is at least told: an administrator may know who it was.
                tracing::warn!(seq = letter.seq, "somebody whose number is hidden wants no more messages");
            }
            let random =
                getrandom::u64().map_err(|_| Error::new(ErrorKind::Io, "the system has no secure randomness"))?;
            let turn = Turn {
                sender: &message.sender,
                lid: message.lid.as_deref(),
                text: &message.text,
                session: match &whose {
                    Some(number) => self.reader.with(|inbox| inbox.session(number))?,
                    None => Session::default(),
                },
                now,
                written: message.written,
                as_of: self.today(now),
                random,
                channel: "whatsapp",
                own: None,
            };
            let spoken = self.analytics.converse(&*self.register, &turn)?;
            if let Some(error) = &spoken.answer.error {
                self.counters.troubled.add(1);
                tracing::error!(code = error.code(), seq = letter.seq, "a reply says sorry: {error}");
            }
            *said = Some(Said { whose, spoken });
        }
        let Some(Said { whose, spoken }) = said else { return Ok(Settled { outcome: Outcome::Silent, session: None }) };
        // Before the reply, which says that it is done.
        for deed in &spoken.deeds {
            self.carry_out(deed, now)?;
        }
        let lane = self.lane();
        let mut drafts: Vec<Draft> = Vec::new();
        if let (Some(text), Some(to)) = (&spoken.answer.reply, &spoken.to) {
            let mut draft = Draft::reply(format!("balas:{}", letter.key), lane, to.clone(), &**text);
            draft.reply_to.clone_from(&message.id);
            // A code is worth nothing when it is over, and an old answer little.
            let minutes = match spoken.answer.effect {
                Some(Effect::Register) => i64::from(self.analytics.settings().register.code_minutes),
                _ => REPLY_MINUTES,
            };
            draft.expires = now.checked_add(minutes.minutes()).ok();
            drafts.push(draft);
        }
        for owed in &spoken.owed {
            // Somebody waits for a code; it is not an answer to the number that it goes to.
            let mut draft = owed.clone().draft(lane, Priority::Reply, "kabar");
            draft.any_hour = true;
            drafts.push(draft);
        }
        let outcome = if drafts.is_empty() { Outcome::Silent } else { Outcome::Answered };
        if !drafts.is_empty() {
            self.outbox.put(&mut drafts.into_iter(), now).inspect_err(|_| self.files.note(false))?;
            self.owed.notify_one();
        }
        Ok(Settled { outcome, session: whose.clone().map(|number| (number, spoken.answer.session)) })
    }

    /// The number that wrote, or that the hidden identity which wrote was proved to stand for.
    fn stands_for(&self, letter: &Letter, message: &Inbound) -> Result<Option<Number>> {
        match (&letter.from, message.lid.as_deref().map(Lid::parse)) {
            (Some(number), _) => Ok(Some(number.clone())),
            (None, Some(Ok(lid))) => self.register.number_of(&lid),
            (None, _) => Ok(None),
        }
    }

    /// Takes out what of our own accord was to go to another number of the same person. How many messages that were.
    fn withhold(&self, number: &Number, now: Timestamp) -> Result<u64> {
        let Some(donor) = self.analytics.donor_of(&*self.register, number)? else { return Ok(0) };
        let queued = Filter { donor: Some(donor), limit: u32::MAX, ..Filter::stage(Stage::Queued) };
        let mut withheld = 0;
        for entry in self.outbox.list(&queued)?.iter().filter(|entry| entry.priority != Priority::Reply) {
            match self.outbox.decide(entry.id, Decision::Discard, now) {
                Ok(_) => withheld += 1,
                // It was taken up meanwhile.
                Err(error) if error.kind() == ErrorKind::InvalidInput => {}
                Err(error) => return Err(error),
            }
        }
        Ok(withheld)
    }

    /// What a conversation asks of the host. Every one of these may be done twice and is done once.
    fn carry_out(&self, deed: &Deed, now: Timestamp) -> Result<()> {
        match deed {
            Deed::OptOut(number) => {
                let purged = self.outbox.opt_out(number, now)? + self.withhold(number, now)?;
                tracing::info!(purged, "a number wants no more messages");
                Ok(())
            }
            Deed::OptIn(number) => {
                self.outbox.opt_in(number)?;
                tracing::info!("a number wants messages again");
                Ok(())
            }
            Deed::SendReports => self.report_now(now),
            Deed::SendGreetings => self.greetings(now),
        }
    }
}
