//! `dermawan-bot`: Dermawan from the command line, and the sample WhatsApp bot.
//!
//! This crate is the door: clock, environment, files, signals and the terminal are met here, and handed to the library
//! as values. Each command is one file in `command/`; what a command shows as JSON is in `shapes`.

#![allow(clippy::disallowed_methods, reason = "the door meets the clock, the environment and files")]
#![allow(clippy::struct_field_names, reason = "the fields are the key names of the HTTP routes")]

mod arguments;
mod bars;
mod clock;
mod command;
mod config;
mod failure;
mod interrupt;
mod log;
mod page;
mod screen;
mod server;
mod shapes;
mod stand_in;
mod table;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = log::start(arguments.log.as_deref(), matches!(arguments.command, Command::Serve(_))).and_then(|()| {
        match &arguments.command {
            Command::Demo(options) => command::demo::run(&arguments, options),
            Command::Etl(options) => command::etl::run(&arguments, options),
            Command::Analyse(options) => command::analyse::run(&arguments, options),
            Command::Serve(options) => command::serve::run(&arguments, options),
            Command::Chat(options) => command::chat::run(&arguments, options),
            Command::Page(options) => command::page::run(&arguments, options),
            Command::Outbox(what) => command::outbox::run(&arguments, what),
            Command::Register(what) => command::register::run(&arguments, what),
            Command::Doctor(options) => command::doctor::run(&arguments, options),
            Command::StandIn(options) => command::stand_in::run(options),
        }
    });
    outcome.unwrap_or_else(|error| failure::report(&error))
}
