//! `chat`: the bot's side of a conversation, without a gateway.

use crate::arguments::{Arguments, Chat};
use crate::config::Config;
use crate::screen::Screen;
use dermawan::bot::Session;
use dermawan::sample::SampleOptions;
use dermawan::{Error, ErrorKind, Result};
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
        let answer = analytics.reply(&options.number, &text, as_of, session)?;
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
    }
    Ok(ExitCode::SUCCESS)
}

fn prompt() -> Result<()> {
    // Standard error, since standard output is the screen's.
    let mut out = std::io::stderr();
    out.write_all("› ".as_bytes()).and_then(|()| out.flush()).map_err(crate::failure::unwritten)
}
