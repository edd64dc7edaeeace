//! The dialogue: who may hear what.

use super::command::{Audience, Command};
use crate::error::{Error, ErrorKind, Result};
use crate::insight::{self, AnomalyList, Brief, MonthlyReport, Outlook, RiskList, Status};
use crate::message::{Message, Templates};
use crate::model::{DonorId, Number, Organisation, Sender};
use crate::register::Code;
use crate::store::{Contact, DonorRecord};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What the bot may ask. Each question is asked only when a reply needs it.
pub trait Facts {
    /// Whose number this is; `None` when it is not registered.
    fn contact(&self, number: &Number) -> Result<Option<Contact>>;

    /// A donor's gifts up to today.
    fn donor(&self, donor: DonorId) -> Result<Option<DonorRecord>>;

    /// The report of the last whole month.
    fn monthly_report(&self) -> Result<MonthlyReport>;

    /// The months ahead; without months when there is too little history, which is no error.
    fn outlook(&self) -> Result<Outlook>;

    /// Children in care today.
    fn children(&self) -> Result<u64>;

    /// Donors at risk, the highest score first.
    fn risks(&self) -> Result<RiskList>;

    /// What is strange.
    fn anomalies(&self) -> Result<AnomalyList>;

    /// Where the organisation stands.
    fn brief(&self) -> Result<Brief>;

    /// Freshness and size of the data.
    fn status(&self) -> Result<Status>;
}

/// What the bot remembers of a conversation. A new one is [`Session::default`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// The menu hint was the last thing said: another text that is not understood gets no answer.
    pub hinted: bool,
    /// Thanks were answered last: thanking back and forth, with another bot for instance, ends here.
    pub thanked: bool,
    /// What was asked and waits for a yes; only with a register behind the dialogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// A question that waits for a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Which.
    pub question: Question,
    /// How long a yes counts.
    pub until: Timestamp,
}

impl Asked {
    /// Minutes that a question stands: long enough to read it twice, too short to be found the next day.
    pub const MINUTES: u16 = 10;
}

/// What may wait for a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Is erasure meant?
    Erase,
    /// Is the monthly batch meant?
    SendReports,
}

/// What the host is asked to do. Nothing here has been done when it is returned; what is not connected yet is answered
/// with a pointer to the administrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "effect", content = "donor", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Send the number nothing more, from now on, and purge what is queued for it.
    OptOut,
    /// The number may be sent messages again.
    OptIn,
    /// Begin the registration of the number.
    Register,
    /// Tell the donor what is stored about them.
    ShowData(DonorId),
    /// Record the donor's wish to be erased and tell the administrators.
    Erase(DonorId),
    /// Ask for confirmation, then send the monthly report to every verified donor.
    SendReports,
    /// The donor means it: note the wish as confirmed.
    ConfirmErasure,
    /// The administrator means it: send the monthly report.
    ConfirmReports,
    /// The answer to a question was no.
    Cancel,
    /// The text says a code ([`Code::read`]).
    Code,
    /// Draft greetings for donors at risk and list what waits.
    DraftGreetings,
    /// Approve the greetings that the text names ([`Selection::read`](super::Selection::read)).
    ApproveGreetings,
    /// Reject them.
    RejectGreetings,
}

/// The answer to one text.
#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// What to send back; `None` to stay silent.
    pub reply: Option<String>,
    /// The conversation as it is to be remembered.
    pub session: Session,
    /// What was understood.
    pub command: Option<Command>,
    /// What the host is asked to do.
    pub effect: Option<Effect>,
    /// What went wrong meanwhile, for the log; the reply then says sorry and nothing of it.
    pub error: Option<Error>,
}

/// The bot's dialogue for one organisation; shared between threads.
#[derive(Debug)]
pub struct Dialogue<'a> {
    organisation: &'a Organisation,
    templates: &'a Templates,
    administrators: Vec<Number>,
    own: Option<Number>,
    /// With a register behind the dialogue: now.
    now: Option<Timestamp>,
}

/// Who is asking, once known.
struct Asker {
    number: Number,
    administrator: bool,
}

impl<'a> Dialogue<'a> {
    /// A dialogue with an organisation's wording. `own` is the bot's own number, whose messages are ignored.
    ///
    /// Errors: `configuration` when an administrator's number is not one.
    pub fn new(organisation: &'a Organisation, templates: &'a Templates, own: Option<Number>) -> Result<Self> {
        let number = |text: &String| {
            Number::parse(text).map_err(|_| {
                Error::new(ErrorKind::Configuration, "organisation.administrators holds something that is no number")
                    .hint("write numbers in international form without +, such as 6281234567890")
            })
        };
        let administrators = organisation.administrators.iter().map(number).collect::<Result<_>>()?;
        Ok(Self { organisation, templates, administrators, own, now: None })
    }

    /// The same with a register behind it: codes and confirmations are understood, and an [`Effect`] comes without a
    /// reply, for who carries it out knows what to say.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// The administrators' numbers.
    pub fn administrators(&self) -> &[Number] {
        &self.administrators
    }

    /// Answers a text. Groups, broadcasts, hidden identities and the bot's own number get no answer; a fault on the way
    /// becomes a polite reply and [`Answer::error`].
    pub fn answer(&self, facts: &dyn Facts, from: &Sender, text: &str, session: Session) -> Answer {
        let Sender::Person(number) = from else { return Answer { session, ..Answer::default() } };
        if self.own.as_ref() == Some(number) {
            return Answer { session, ..Answer::default() };
        }
        let asker = Asker { number: number.clone(), administrator: self.administrators.contains(number) };
        let asked = self.now.and_then(|now| session.asked.filter(|asked| now < asked.until));
        if let Some((question, said)) = asked.and_then(|asked| Some((asked.question, yes_or_no(text)?))) {
            let effect = match question {
                _ if !said => Effect::Cancel,
                Question::Erase => Effect::ConfirmErasure,
                Question::SendReports if asker.administrator => Effect::ConfirmReports,
                // Not one any more.
                Question::SendReports => Effect::Cancel,
            };
            return Answer { effect: Some(effect), ..Answer::default() };
        }
        let command = Command::parse(text, asker.administrator);
        let is_code = matches!(command, None | Some(Command::Register)) && Code::read(text).is_some();
        if self.now.is_some() && is_code {
            return Answer { effect: Some(Effect::Code), command, ..Answer::default() };
        }
        let outcome = match command {
            Some(Command::Thanks) if session.thanked => Ok((None, None)),
            Some(command) => self.obey(facts, &asker, command),
            None if session.hinted => Ok((None, None)),
            None => self.hint(facts, &asker).map(|reply| (Some(reply), None)),
        };
        let question = match &outcome {
            Ok((_, Some(Effect::Erase(_)))) => Some(Question::Erase),
            Ok((_, Some(Effect::SendReports))) => Some(Question::SendReports),
            _ => None,
        };
        let until = self.now.map(|now| now + SignedDuration::from_mins(Asked::MINUTES.into()));
        let asked = question.zip(until).map(|(question, until)| Asked { question, until });
        let session = Session { hinted: command.is_none(), thanked: command == Some(Command::Thanks), asked };
        match outcome {
            Ok((reply, effect)) => Answer { reply, session, command, effect, error: None },
            Err(error) => {
                let reply = self.templates.render(&Message::Trouble).ok();
                Answer { reply, session, command, effect: None, error: Some(error) }
            }
        }
    }

    fn obey(&self, facts: &dyn Facts, asker: &Asker, command: Command) -> Result<(Option<String>, Option<Effect>)> {
        let ask_administrator = |effect| {
            let reply = match self.now {
                Some(_) => None,
                None => Some(self.templates.render(&Message::AskAdministrator)?),
            };
            Ok((reply, Some(effect)))
        };
        let reply = match command {
            Command::Stop => return ask_administrator(Effect::OptOut),
            Command::Start => return ask_administrator(Effect::OptIn),
            Command::Register if self.now.is_some() => return Ok((None, Some(Effect::Register))),
            Command::Greet => return ask_administrator(Effect::DraftGreetings),
            Command::Approve => return ask_administrator(Effect::ApproveGreetings),
            Command::Reject => return ask_administrator(Effect::RejectGreetings),
            Command::Register => {
                return Ok((Some(self.templates.render(&Message::Registration)?), Some(Effect::Register)));
            }
            Command::SendReports => return ask_administrator(Effect::SendReports),
            Command::MyData | Command::Erase => match self.donor(facts, asker)? {
                Identity::Donor(donor) if command == Command::Erase => return ask_administrator(Effect::Erase(donor)),
                Identity::Donor(donor) => return ask_administrator(Effect::ShowData(donor)),
                Identity::Stranger(reply) => reply,
            },
            Command::Greeting => self.greet(facts, asker)?,
            Command::Thanks => self.templates.render(&Message::Thanks)?,
            Command::Menu => self.menu(facts, asker)?,
            Command::BankAccount => self.templates.render(&Message::BankAccount)?,
            Command::HowToGive => self.templates.render(&Message::HowToGive)?,
            Command::Children => self.templates.render(&Message::Children { count: facts.children()? })?,
            Command::Info | Command::Impact => match self.donor(facts, asker)? {
                Identity::Donor(donor) => self.giving(facts, donor, command)?,
                Identity::Stranger(reply) => reply,
            },
            Command::Report | Command::Outlook => {
                // The organisation's own figures: an administrator need not be a donor.
                let stranger = if asker.administrator { None } else { self.donor(facts, asker)?.stranger() };
                match stranger {
                    Some(reply) => reply,
                    None if command == Command::Report => self
                        .templates
                        .render(&Message::MonthlyReport { name: None, report: &facts.monthly_report()? })?,
                    None => self.templates.render(&Message::Outlook(&facts.outlook()?))?,
                }
            }
            Command::Brief => self.templates.render(&Message::Brief(&facts.brief()?))?,
            Command::Risk => self.templates.render(&Message::Risk(&facts.risks()?))?,
            Command::Anomalies => self.templates.render(&Message::Anomalies(&facts.anomalies()?))?,
            Command::Forecast => self.templates.render(&Message::Forecast(&facts.outlook()?))?,
            Command::Status => self.templates.render(&Message::Status(&facts.status()?))?,
        };
        Ok((Some(reply), None))
    }

    /// INFO and DAMPAK. A donor who has not given yet reads just that in both.
    fn giving(&self, facts: &dyn Facts, donor: DonorId, command: Command) -> Result<String> {
        let Some(record) = facts.donor(donor)? else {
            // Verified, but the donor is not among the facts: someone must look at the record.
            return self.templates.render(&Message::AskAdministrator);
        };
        let name = record.name.as_str();
        let info = insight::donor_info(&record);
        if command == Command::Info || info.is_none() {
            return self.templates.render(&Message::DonorInfo { name, info: info.as_ref() });
        }
        let impact = insight::impact(record.total, &self.organisation.unit_costs);
        let (this_month, this_year) = (record.this_month, record.this_year);
        self.templates.render(&Message::Impact { name, this_month, this_year, impact })
    }

    fn greet(&self, facts: &dyn Facts, asker: &Asker) -> Result<String> {
        let record = match facts.contact(&asker.number)? {
            Some(Contact { donor, verified: true }) => facts.donor(donor)?,
            _ => None,
        };
        self.templates.render(&Message::Greeting { name: record.as_ref().map(|record| record.name.as_str()) })
    }

    fn menu(&self, facts: &dyn Facts, asker: &Asker) -> Result<String> {
        let language = self.templates.language();
        let lines = |audience, shown: bool| if shown { Command::menu(audience, language) } else { Vec::new() };
        let is_donor = facts.contact(&asker.number)?.is_some();
        self.templates.render(&Message::Menu {
            anyone: &lines(Audience::Anyone, true),
            donor: &lines(Audience::Donor, is_donor),
            administrator: &lines(Audience::Administrator, asker.administrator),
        })
    }

    /// What is said to a text that is not understood: an unknown number learns how to register.
    fn hint(&self, facts: &dyn Facts, asker: &Asker) -> Result<String> {
        let is_known = asker.administrator || facts.contact(&asker.number)?.is_some();
        self.templates.render(if is_known { &Message::Hint } else { &Message::Unregistered })
    }

    fn donor(&self, facts: &dyn Facts, asker: &Asker) -> Result<Identity> {
        Ok(match facts.contact(&asker.number)? {
            Some(Contact { donor, verified: true }) => Identity::Donor(donor),
            Some(_) => Identity::Stranger(self.templates.render(&Message::Unverified)?),
            None => Identity::Stranger(self.templates.render(&Message::Unregistered)?),
        })
    }
}

/// Whether a text is a yes or a no, and nothing else.
fn yes_or_no(text: &str) -> Option<bool> {
    let words: Vec<String> = text
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect();
    let all_of = |known: &[&str]| !words.is_empty() && words.iter().all(|word| known.contains(&word.as_str()));
    if all_of(&["ya", "yaa", "iya", "yes", "kirim", "lanjut", "lanjutkan", "ok", "oke"]) {
        Some(true)
    } else if all_of(&["tidak", "tdk", "batal", "batalkan", "jangan", "no", "cancel"]) {
        Some(false)
    } else {
        None
    }
}

/// Whether a number may see a donor's data.
enum Identity {
    Donor(DonorId),
    /// Not yet, and what it is told.
    Stranger(String),
}

impl Identity {
    fn stranger(self) -> Option<String> {
        match self {
            Self::Donor(_) => None,
            Self::Stranger(reply) => Some(reply),
        }
    }
}
