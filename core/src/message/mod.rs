//! How to say it: facts become the text that a donor or an administrator reads on WhatsApp.
//!
//! A [`Message`] is what is to be said, a [`Templates`] how. The wording lives in one small file a message and language
//! (`templates/id`, `templates/en`); an organisation may replace any of them from a folder of its own. Replacements are
//! read and checked once, when they are loaded, so that a misspelt variable is found then and not when a donor writes.
//!
//! ```
//! use dermawan::insight::Impact;
//! use dermawan::message::{Message, Templates};
//! use dermawan::{Organisation, Rupiah, insight};
//!
//! let organisation = Organisation::default();
//! let templates = Templates::embedded(&organisation)?;
//! let total = Rupiah::new(6_000_000);
//! let impact = insight::impact(total, &organisation.unit_costs);
//! let text = templates.render(&Message::ThankYou { name: "Pak *Budi*\n", total, count: 12, impact })?;
//! assert!(text.starts_with("🙏 Terima kasih *Pak Budi*!\n\n💰 Total Donasi: Rp 6.000.000\n"));
//! # Ok::<(), dermawan::Error>(())
//! ```
//!
//! Three promises hold for every message, whatever the data:
//! - A value that came from a person or a database is cleaned ([`clean`]): it cannot format, add a line, make a link or
//!   name a variable of the gateway.
//! - A line whose fact is absent is left out; zero is never printed in its place, and no empty lines are left behind.
//! - A message names one donor at most, except in the administrators' lists; no child is named anywhere.

mod catalogue;
mod check;
mod clean;
mod date;
mod explain;
mod rupiah;
mod templates;
mod values;
mod words;

pub use catalogue::Template;
pub use clean::{clean, clean_or};
pub use date::{date, month_long, month_short};
pub use explain::explain;
pub use rupiah::{number, rupiah, rupiah_short};
pub use templates::Templates;
pub use values::{MenuLine, Message};
pub use words::{level as risk_level, reason as risk_reason, table as table_name};
