//! Renders 100,000 thank-you messages and reads 100,000 commands, and prints how long each took.
//!
//! Run: `cargo run --example render_messages`

use dermawan::bot::Command;
use dermawan::insight;
use dermawan::message::{Message, Templates};
use dermawan::{Organisation, Result, Rupiah};
use std::hint::black_box;

// The core has no clock; a program that measures has.
#[allow(clippy::disallowed_methods, clippy::print_stdout)]
fn main() -> Result<()> {
    const MESSAGES: i64 = 100_000;
    let organisation = Organisation::default();
    let templates = Templates::embedded(&organisation)?;

    let start = std::time::Instant::now();
    let mut bytes = 0;
    for i in 0..MESSAGES {
        let total = Rupiah::new(500_000 + i);
        let impact = insight::impact(total, &organisation.unit_costs);
        bytes += templates.render(&Message::ThankYou { name: "Pak Budi", total, count: 12, impact })?.len();
    }
    println!("{MESSAGES} messages, {bytes} bytes: {:.2?}", start.elapsed());

    let start = std::time::Instant::now();
    for i in 0..MESSAGES {
        let text = if i % 2 == 0 { "Assalamualaikum, minta info donasi saya dong" } else { "lapran" };
        black_box(Command::parse(black_box(text), false));
    }
    println!("{MESSAGES} commands: {:.2?}", start.elapsed());
    Ok(())
}
