//! `chat`: the bot's side of a conversation, without a gateway.

use crate::arguments::{Arguments, Chat};
use crate::config::Config;
use crate::screen::Screen;
use dermawan::bot::{Sender, Session};
use dermawan::register::{self, Key, MemoryRegister, Register, SqliteRegister};
use dermawan::sample::SampleOptions;
use dermawan::{Deed, Error, ErrorKind, Owed, Result, Spoken, Turn};
use jiff::Timestamp;
use std::io::{BufRead, IsTerminal, Write, stdin, stdout};
use std::process::ExitCode;

/// Answers each line of standard input until it ends. To a pipe the replies go byte for byte, a blank line between.
pub(crate) fn run(arguments: &Arguments, options: &Chat) -> Result<ExitCode> {
    let config = Config::load(arguments.config.as_deref())?;
    let (analytics, as_of) = if options.demo {
        let as_of = arguments.as_of.unwrap_or(SampleOptions::demo().as_of);
        (super::sample_in_memory(config.settings(), as_of)?, as_of)
    } else {
        (super::open(&config)?, config.as_of(arguments.as_of)?)
    };
    let person = stdin().is_terminal() && stdout().is_terminal();
    let mut screen = Screen::stdout();
    if person {
        screen.line("Type as a donor would, such as HALO or INFO. Ctrl-D ends.")?;
    }
    let register = register(&analytics.settings().register, options)?;
    let sender = Sender::read(&options.number);
    // The bot is silent to whom it cannot tell apart; whoever tries it out should know why.
    if sender == Sender::Unknown && !options.number.contains('@') {
        return Err(Error::new(ErrorKind::InvalidInput, "--as is not a telephone number")
            .hint("write it like 6281234567890, or a hidden identity like 123456789@lid"));
    }
    let mut session = Session::default();
    let mut replied = false;
    let mut lines = stdin().lock().lines();
    loop {
        if person {
            prompt()?;
        }
        let Some(line) = lines.next() else { break };
        let text = line.map_err(|cause| {
            Error::new(ErrorKind::Io, "the input cannot be read").hint("it must be UTF-8 text").caused_by(cause)
        })?;
        if text.trim().is_empty() {
            continue;
        }
        let turn = Turn {
            sender: &sender,
            lid: Some(options.number.as_str()).filter(|_| sender == Sender::Unknown),
            text: &text,
            session,
            now: Timestamp::from_microsecond(crate::clock::now()).unwrap_or_default(),
            written: None,
            as_of,
            random: u64::from_le_bytes(random()?),
            channel: "chat",
            own: None,
        };
        let Spoken { answer, owed, deeds, .. } = analytics.converse(&*register, &turn)?;
        session = answer.session;
        if let Some(error) = &answer.error {
            tracing::error!(code = error.code(), "{error}");
        }
        match (answer.reply, person) {
            (Some(reply), true) => {
                screen.line("").and_then(|()| screen.indented(4, &reply)).and_then(|()| screen.line(""))?;
            }
            (None, true) => screen.indented(4, "(the bot stays silent)")?,
            (Some(reply), false) => {
                if replied {
                    screen.line("")?;
                }
                screen.line(reply)?;
                replied = true;
            }
            (None, false) => {}
        }
        if person {
            aside(&mut screen, &owed, &deeds)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What else would go out, and what a server would do now.
fn aside(screen: &mut Screen, owed: &[Owed], deeds: &[Deed]) -> Result<()> {
    for message in owed {
        screen.line(format!("    (to {})", message.to)).and_then(|()| screen.indented(8, &message.text))?;
    }
    for deed in deeds {
        screen.indented(4, &format!("(the server would do now: {deed:?})"))?;
    }
    Ok(())
}

/// The register: a file that is kept, or memory.
fn register(rules: &register::Options, options: &Chat) -> Result<Box<dyn Register>> {
    let key = Key::new(random()?);
    Ok(match &options.register {
        Some(path) => Box::new(SqliteRegister::open(path, *rules, &key)?),
        None => Box::new(MemoryRegister::new(*rules, key)?),
    })
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|cause| {
        Error::new(ErrorKind::Io, "the system has no secure randomness").caused_by(cause.to_string())
    })?;
    Ok(bytes)
}

fn prompt() -> Result<()> {
    // Standard error, since standard output is the screen's.
    let mut out = std::io::stderr();
    out.write_all("› ".as_bytes()).and_then(|()| out.flush()).map_err(crate::failure::unwritten)
}
