//! A conversation with a register behind it: what a text asks for is carried out, and the reply says what was done.

use super::Analytics;
use super::desk::Desk;
use crate::bot::{Answer, Asked, Dialogue, Effect, Facts, Selection, Session, number_in};
use crate::error::Result;
use crate::insight::{AnomalyList, Brief, ConsentNote, MonthlyReport, Outlook, RiskList, Status, StoredData};
use crate::message::Message;
use crate::model::{DonorId, Number, Sender};
use crate::outbox::{Draft, Priority};
use crate::register::{
    Begun, CareState, Claim, Claimant, Code, Confirmed, Consent, Lid, Processing, Purpose, Register,
};
use crate::store::{Contact, DonorRecord};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

/// A text that came in, and what the host knows of the moment.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    /// Who wrote.
    pub sender: &'a Sender,
    /// The hidden identity (`…@lid`), where the gateway names one.
    pub lid: Option<&'a str>,
    /// What was written.
    pub text: &'a str,
    /// The conversation as it was remembered.
    pub session: Session,
    /// Now.
    pub now: Timestamp,
    /// When it was written, where the gateway says so: a BERHENTI that was overtaken by a MULAI, or the other way round,
    /// is known by it and does nothing.
    pub written: Option<Timestamp>,
    /// Today where the organisation is.
    pub as_of: Date,
    /// 64 bits of the host's secure randomness, new for each turn; a code may be made of them.
    pub random: u64,
    /// Through what it came, such as `whatsapp`, for the notes of consent.
    pub channel: &'a str,
    /// The bot's own number, whose messages are ignored.
    pub own: Option<&'a Number>,
}

impl Turn<'_> {
    /// When it was written, as far as is known.
    fn written(&self) -> Timestamp {
        self.written.map_or(self.now, |written| written.min(self.now))
    }

    /// Whether a wish of another time was written behind this one. Gateways tell the time in whole seconds.
    fn is_overtaken(&self, other: Option<Timestamp>) -> bool {
        other.is_some_and(|other| self.written() + SignedDuration::from_secs(1) <= other)
    }
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("sender", self.sender).field("now", &self.now).finish_non_exhaustive()
    }
}

/// A [`Turn`] that holds what it names, for hosts that get it in one piece; their numbers and names are text.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnedTurn {
    /// Who wrote, as the gateway names them ([`Sender::read`]); empty where only a hidden identity is known.
    #[serde(default)]
    pub sender: String,
    /// The hidden identity.
    #[serde(default)]
    pub lid: Option<String>,
    /// What was written.
    pub text: String,
    /// The conversation as it was remembered; new, where it is left out.
    #[serde(default)]
    pub session: Session,
    /// Now.
    pub now: Timestamp,
    /// When it was written, where the gateway says so.
    #[serde(default)]
    pub written: Option<Timestamp>,
    /// Today where the organisation is.
    pub as_of: Date,
    /// The host's secure randomness: a code is made of it, so 20 bits at least.
    pub random: u64,
    /// Through what it came; `whatsapp` by default.
    #[serde(default = "whatsapp")]
    pub channel: String,
    /// The bot's own number.
    #[serde(default)]
    pub own: Option<Number>,
}

fn whatsapp() -> String {
    "whatsapp".into()
}

/// Without numbers and texts.
impl fmt::Debug for OwnedTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedTurn").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What came of a turn.
#[derive(Debug, Default, Serialize)]
pub struct Spoken {
    /// The answer, with the session to remember. Its effect was carried out already.
    pub answer: Answer,
    /// Where the reply goes: the number that wrote, or that a hidden identity was proved to stand for.
    pub to: Option<Number>,
    /// Other messages that are owed now.
    pub owed: Vec<Owed>,
    /// What the host must do, the register being done.
    pub deeds: Vec<Deed>,
}

/// A message that is owed to somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owed {
    /// Its key, unique for good.
    pub key: String,
    /// To whom.
    pub to: Number,
    /// The text.
    pub text: String,
    /// It answers the person's own request, so that an opt-out from before does not hold it back.
    pub solicited: bool,
    /// Not to be sent from this time on, where it is worth nothing then.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

impl Owed {
    /// The message for the outbox.
    pub fn draft(self, lane: &str, priority: Priority, kind: &str) -> Draft {
        let (expires, solicited) = (self.expires, self.solicited);
        Draft { expires, solicited, ..Draft::single(self.key, lane, priority, kind, self.to, self.text) }
    }
}

/// The number is masked, and the text left out.
impl fmt::Debug for Owed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owed").field("key", &self.key).field("to", &self.to).finish_non_exhaustive()
    }
}

/// What a host must do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Send the number nothing more: tell the outbox, which purges what is queued.
    OptOut(Number),
    /// The number may be sent messages again: tell the outbox.
    OptIn(Number),
    /// Send the monthly report to everyone who is to have it.
    SendReports,
    /// Greetings were approved: send them now.
    SendGreetings,
}

/// The facts, with what the register knows of numbers before what the source's tables say.
struct Known<'a> {
    desk: Desk<'a>,
    register: &'a dyn Register,
    /// Whose record was read.
    read: Cell<Option<DonorId>>,
}

impl Facts for Known<'_> {
    fn contact(&self, number: &Number) -> Result<Option<Contact>> {
        let standing = self.register.standing(number)?;
        if let Some(verified) = standing.verified {
            return Ok(Some(Contact { donor: verified.donor, verified: true }));
        }
        // The source may still name who was erased here, by this number or by another.
        let named = if standing.erased.is_some() { None } else { self.desk.contact(number)? };
        match named {
            Some(contact) if !self.register.erased(&[contact.donor])?.is_empty() => Ok(None),
            named => Ok(named),
        }
    }

    fn donor(&self, donor: DonorId) -> Result<Option<DonorRecord>> {
        self.read.set(Some(donor));
        self.desk.donor(donor)
    }

    fn monthly_report(&self) -> Result<MonthlyReport> {
        self.desk.monthly_report()
    }

    fn outlook(&self) -> Result<Outlook> {
        self.desk.outlook()
    }

    fn children(&self) -> Result<u64> {
        self.desk.children()
    }

    fn risks(&self) -> Result<RiskList> {
        self.desk.risks()
    }

    fn anomalies(&self) -> Result<AnomalyList> {
        self.desk.anomalies()
    }

    fn brief(&self) -> Result<Brief> {
        self.desk.brief()
    }

    fn status(&self) -> Result<Status> {
        let status = self.desk.status()?;
        let open = super::erasure::open(self.register)?;
        let day = |at: Timestamp| self.desk.zone().map(|zone| zone.to_datetime(at).date());
        let since = open.iter().filter_map(|wish| wish.confirmed).min().map(day).transpose()?;
        Ok(Status { erasures: open.len() as u64, erasures_since: since, ..status })
    }
}

/// What an effect came to.
#[derive(Default)]
struct Outcome {
    reply: Option<String>,
    owed: Vec<Owed>,
    deeds: Vec<Deed>,
}

impl Outcome {
    fn reply(text: String) -> Self {
        Self { reply: Some(text), ..Self::default() }
    }
}

impl Analytics {
    /// As [`Analytics::converse`].
    pub fn converse_owned(&self, register: &dyn Register, turn: &OwnedTurn) -> Result<Spoken> {
        let OwnedTurn { lid, text, session, now, as_of, random, channel, own, .. } = turn;
        let (session, now, written, as_of, random) = (*session, *now, turn.written, *as_of, *random);
        let (sender, lid, own) = (&Sender::read(&turn.sender), lid.as_deref(), own.as_ref());
        self.converse(register, &Turn { sender, lid, text, session, now, written, as_of, random, channel, own })
    }

    /// Answers a text and carries out in the register what it asks for: registration by code, opting out and in, one's own
    /// data, erasure, greetings. Nothing is sent: the reply, other messages and what the host has to do are returned.
    ///
    /// A hidden identity that no code has linked to a number can only claim a number and say the code; it is told nothing
    /// itself, because the code goes to the number on file.
    ///
    /// # Errors
    ///
    /// Only for a configuration that does not fit; trouble with the data or the register becomes a polite reply and
    /// [`Answer::error`].
    pub fn converse(&self, register: &dyn Register, turn: &Turn<'_>) -> Result<Spoken> {
        let dialogue = Dialogue::new(&self.settings.organisation, &self.templates, turn.own.cloned())?.at(turn.now);
        let silent = || Spoken { answer: Answer { session: turn.session, ..Answer::default() }, ..Spoken::default() };
        let lid = turn.lid.and_then(|lid| Lid::parse(lid).ok());
        let number = match (turn.sender, &lid) {
            (Sender::Person(number), _) => number.clone(),
            (Sender::Unknown, Some(lid)) => match register.number_of(lid) {
                Ok(Some(number)) => number,
                Ok(None) => {
                    return Ok(self.hidden(register, turn, lid).unwrap_or_else(|error| {
                        let mut spoken = silent();
                        spoken.answer.error = Some(error);
                        spoken
                    }));
                }
                Err(error) => {
                    let mut spoken = silent();
                    spoken.answer.error = Some(error);
                    return Ok(spoken);
                }
            },
            _ => return Ok(silent()),
        };
        if turn.own == Some(&number) {
            return Ok(silent());
        }
        let known = Known { desk: self.desk(turn.as_of)?, register, read: Cell::new(None) };
        let mut answer = dialogue.answer(&known, &Sender::Person(number.clone()), turn.text, turn.session);
        self.say_age(&mut answer, known.desk.told_stale());
        let outcome = match answer.effect {
            Some(effect) => self.carry_out(&known, &dialogue, turn, &number, effect),
            None => match known.read.get() {
                Some(donor) => note(register, donor, Purpose::Answer, turn.now).map(|()| Outcome::default()),
                None => Ok(Outcome::default()),
            },
        };
        let mut spoken = Spoken { to: Some(number), ..Spoken::default() };
        match outcome {
            Ok(outcome) => {
                answer.reply = answer.reply.or(outcome.reply);
                (spoken.owed, spoken.deeds) = (outcome.owed, outcome.deeds);
            }
            Err(error) => {
                // What was asked is not to be confirmed when it could not even be noted.
                answer.session.asked = None;
                answer.reply = self.templates.render(&Message::Trouble).ok();
                answer.error = Some(error);
            }
        }
        spoken.answer = answer;
        Ok(spoken)
    }

    pub(super) fn desk(&self, as_of: Date) -> Result<Desk<'_>> {
        Desk::new(self, as_of)
    }

    fn carry_out(
        &self,
        known: &Known<'_>,
        dialogue: &Dialogue<'_>,
        turn: &Turn<'_>,
        number: &Number,
        effect: Effect,
    ) -> Result<Outcome> {
        let register = known.register;
        let say = |message: &Message<'_>| self.templates.render(message).map(Outcome::reply);
        match effect {
            Effect::OptOut => {
                if turn.is_overtaken(register.standing(number)?.opted_in) {
                    return Ok(Outcome::default());
                }
                register.opt_out(number, true, turn.written())?;
                // Withdrawn is what was given; who never agreed here has nothing to withdraw.
                if let Some(last) = register.consents(number)?.last().filter(|note| note.given) {
                    let text = register.consent_text(&last.version)?.unwrap_or_default();
                    let channel = turn.channel.to_owned();
                    register.consent(&Consent { at: turn.now, channel, given: false, ..last.clone() }, &text)?;
                }
                Ok(Outcome { deeds: vec![Deed::OptOut(number.clone())], ..say(&Message::OptedOut)? })
            }
            Effect::OptIn => {
                if turn.is_overtaken(register.standing(number)?.opted_out) {
                    return Ok(Outcome::default());
                }
                register.opt_out(number, false, turn.written())?;
                let consent = self.agree(register, turn, number, &Message::ConsentAgain)?;
                let reply = say(&Message::OptedIn { consent: &consent })?;
                Ok(Outcome { deeds: vec![Deed::OptIn(number.clone())], ..reply })
            }
            Effect::Register => self.register_number(known, turn, number),
            Effect::Code => {
                let Some(code) = Code::read(turn.text) else { return say(&Message::CodeExpired) };
                match register.confirm(&Claimant::Number(number.clone()), &code, turn.now)? {
                    Confirmed::Yes(verified) => {
                        self.agree(register, turn, &verified.number, &Message::Consent)?;
                        note(register, verified.donor, Purpose::Verification, turn.now)?;
                        let record = known.desk.donor(verified.donor)?;
                        say(&Message::Verified { name: record.as_ref().map(|record| record.name.as_str()) })
                    }
                    Confirmed::Wrong { left } => say(&Message::CodeWrong { left }),
                    Confirmed::Expired => say(&Message::CodeExpired),
                    // Six digits from someone who asked for no code are a text like any other.
                    Confirmed::NoneOut if known.contact(number)?.is_some() => say(&Message::Hint),
                    Confirmed::NoneOut => say(&Message::Unregistered),
                }
            }
            Effect::ShowData(donor) => {
                note(register, donor, Purpose::Access, turn.now)?;
                match self.stored_data(known, number, donor)? {
                    Some(data) => say(&Message::MyData(&data)),
                    None => say(&Message::AskAdministrator),
                }
            }
            Effect::Erase(donor) => {
                register.request_erasure(donor, number, turn.now)?;
                say(&Message::ConfirmErasure { minutes: Asked::MINUTES })
            }
            Effect::ConfirmErasure => {
                let Some(wish) = register.confirm_erasure(number, turn.now)? else {
                    return say(&Message::Cancelled);
                };
                let Some(donor) = wish.donor else { return say(&Message::Cancelled) };
                note(register, donor, Purpose::Erasure, turn.now)?;
                let notice = self.templates.render(&Message::ErasureNotice { erasure: wish.id, donor })?;
                let recorded =
                    Message::ErasureRecorded { erasure: wish.id, told: !dialogue.administrators().is_empty() };
                let owed = dialogue.administrators().iter().map(|to| Owed {
                    key: format!("permintaan_hapus:{}:{}", wish.id, register.mark(to)),
                    to: to.clone(),
                    text: notice.clone(),
                    solicited: false,
                    expires: None,
                });
                Ok(Outcome { owed: owed.collect(), ..say(&recorded)? })
            }
            Effect::SendReports => say(&Message::ConfirmReports { minutes: Asked::MINUTES }),
            Effect::ConfirmReports => Ok(Outcome { deeds: vec![Deed::SendReports], ..say(&Message::ReportsOrdered)? }),
            Effect::Cancel => say(&Message::Cancelled),
            Effect::DraftGreetings => {
                let list = self.draft_in(&known.desk, register, turn.now, usize::MAX)?;
                say(&Message::Greetings(&list))
            }
            Effect::ApproveGreetings => settle(register, turn, CareState::Approved, &say),
            Effect::RejectGreetings => settle(register, turn, CareState::Rejected, &say),
        }
    }

    /// DAFTAR: the number's own, or another that is on file.
    fn register_number(&self, known: &Known<'_>, turn: &Turn<'_>, number: &Number) -> Result<Outcome> {
        let say = |message: &Message<'_>| self.templates.render(message).map(Outcome::reply);
        let own = known.contact(number)?;
        if own.as_ref().is_some_and(|contact| contact.verified) {
            return say(&Message::AlreadyVerified);
        }
        let minutes = self.settings.register.code_minutes;
        match number_in(turn.text).filter(|claimed| claimed != number) {
            Some(claimed) => {
                let owed = match self.claim(known, turn, &claimed, Claimant::Number(number.clone()))? {
                    Claimed::Code(text) => vec![owed_code(turn, claimed, text, minutes)],
                    Claimed::TooMany => return say(&Message::CodeRefused),
                    Claimed::NotOnFile => Vec::new(),
                };
                // The same words whether the number is on file or not.
                Ok(Outcome { owed, ..say(&Message::CodeSent { minutes })? })
            }
            None => match self.claim(known, turn, number, Claimant::Number(number.clone()))? {
                Claimed::Code(text) => Ok(Outcome::reply(text)),
                Claimed::TooMany => say(&Message::CodeRefused),
                Claimed::NotOnFile => say(&Message::Registration),
            },
        }
    }

    /// Begins the proof of a number that is on file, and makes the message that carries the code.
    fn claim(&self, known: &Known<'_>, turn: &Turn<'_>, number: &Number, by: Claimant) -> Result<Claimed> {
        // An erased number is on file where the source still has it: the person may come back.
        let on_file = match known.register.standing(number)?.verified {
            Some(verified) => Some(verified.donor),
            None => known.desk.contact(number)?.map(|contact| contact.donor),
        };
        // About the own number there is nothing to hide from who writes from it. Of another number a stranger must not learn
        // whether it is on file: the same is counted, kept, made and answered, and only the message is not sent.
        if on_file.is_none() && by == Claimant::Number(number.clone()) {
            return Ok(Claimed::NotOnFile);
        }
        let code = Code::of(turn.random);
        let claim = Claim { number: number.clone(), donor: on_file, by };
        if known.register.begin(&claim, &code, turn.now)? == Begun::TooMany {
            return Ok(Claimed::TooMany);
        }
        let consent = self.templates.render(&Message::Consent)?;
        let minutes = self.settings.register.code_minutes;
        let text = self.templates.render(&Message::Code { code: code.as_str(), minutes, consent: &consent })?;
        Ok(if on_file.is_some() { Claimed::Code(text) } else { Claimed::NotOnFile })
    }

    /// A hidden identity that stands for no number yet. It cannot be answered, only the number on file can.
    fn hidden(&self, register: &dyn Register, turn: &Turn<'_>, lid: &Lid) -> Result<Spoken> {
        let mut spoken = Spoken { answer: Answer { session: turn.session, ..Answer::default() }, ..Spoken::default() };
        let by = Claimant::Lid(lid.clone());
        let known = Known { desk: self.desk(turn.as_of)?, register, read: Cell::new(None) };
        if let Some(code) = Code::read(turn.text) {
            if let Confirmed::Yes(verified) = register.confirm(&by, &code, turn.now)? {
                self.agree(register, turn, &verified.number, &Message::Consent)?;
                note(register, verified.donor, Purpose::Verification, turn.now)?;
                let record = known.desk.donor(verified.donor)?;
                let name = record.as_ref().map(|record| record.name.as_str());
                spoken.answer.reply = Some(self.templates.render(&Message::Verified { name })?);
                spoken.to = Some(verified.number);
            }
        } else if crate::bot::Command::parse(turn.text, false) == Some(crate::bot::Command::Register)
            && let Some(number) = number_in(turn.text)
            && let Claimed::Code(text) = self.claim(&known, turn, &number, by)?
        {
            spoken.owed.push(owed_code(turn, number, text, self.settings.register.code_minutes));
        }
        Ok(spoken)
    }

    /// Notes consent to a text and returns the text.
    fn agree(&self, register: &dyn Register, turn: &Turn<'_>, number: &Number, text: &Message<'_>) -> Result<String> {
        let text = self.templates.render(text)?;
        let consent = Consent {
            number: number.clone(),
            version: Consent::version_of(self.settings.register.consent_version, &text),
            at: turn.now,
            channel: turn.channel.to_owned(),
            given: true,
        };
        register.consent(&consent, &text)?;
        Ok(text)
    }

    fn stored_data(&self, known: &Known<'_>, number: &Number, donor: DonorId) -> Result<Option<StoredData>> {
        let Some(record) = known.desk.donor(donor)? else { return Ok(None) };
        let zone = self.settings.organisation.zone()?;
        let day = |at: Timestamp| zone.to_datetime(at).date();
        let register = known.register;
        let mut numbers: BTreeSet<Number> = register.numbers(donor)?.into_iter().map(|v| v.number).collect();
        numbers.insert(number.clone());
        numbers.extend(super::erasure::named_for(&*known.desk.view, register, donor)?);
        let consent = register.consents(number)?.pop();
        Ok(Some(StoredData {
            name: record.name,
            numbers: numbers.into_iter().collect(),
            gifts: record.count,
            first: record.first,
            last: record.last,
            consent: consent.map(|note| ConsentNote { given: note.given, on: day(note.at), version: note.version }),
            opted_out: register.standing(number)?.opted_out.map(day),
            uses: register.processing(donor)?.len() as u64,
        }))
    }
}

fn owed_code(turn: &Turn<'_>, to: Number, text: String, minutes: u16) -> Owed {
    // The code is the remainder of the same random bits; the quotient tells nothing of it, and keys are shown in lists.
    Owed {
        key: format!("kode:{}:{:x}", turn.now.as_microsecond(), turn.random / 1_000_000),
        to,
        text,
        solicited: false,
        // Afterwards it is right no more.
        expires: Some(turn.now + SignedDuration::from_mins(minutes.into())),
    }
}

/// What came of claiming a number.
enum Claimed {
    /// The message with the code, for the number on file.
    Code(String),
    TooMany,
    NotOnFile,
}

pub(super) fn note(register: &dyn Register, donor: DonorId, purpose: Purpose, at: Timestamp) -> Result<()> {
    register.processed(&Processing { donor, purpose, at })
}

fn settle(
    register: &dyn Register,
    turn: &Turn<'_>,
    to: CareState,
    say: &dyn Fn(&Message<'_>) -> Result<Outcome>,
) -> Result<Outcome> {
    let wanted = match Selection::read(turn.text) {
        Selection::These(numbers) => numbers,
        Selection::All => register.greetings(Some(CareState::Drafted))?.iter().map(|greeting| greeting.id).collect(),
    };
    let moved = register.settle(&wanted, to, turn.now)?.len() as u64;
    let approved = to == CareState::Approved;
    let deeds = if approved && moved > 0 { vec![Deed::SendGreetings] } else { Vec::new() };
    Ok(Outcome { deeds, ..say(&Message::GreetingsSettled { approved, count: moved })? })
}
