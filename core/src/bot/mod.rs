//! What was asked: a line of text from a phone becomes an answer.
//!
//! The dialogue is a pure function: what the bot knows comes in through [`Facts`], what it remembers of a conversation
//! through [`Session`], and the answer goes out as a value. Nothing is sent from here.
//!
//! ```text
//! sender, text ──► Sender ──► Command ──► Dialogue (asks Facts) ──► Answer: reply, session, effect, error
//! ```
//!
//! Words that need sending or writing (registration, opting out and in, one's own data, erasure, the monthly batch) are
//! understood and returned as an [`Effect`]. Without a register behind the dialogue the reply names the administrators and
//! claims nothing; with one ([`Dialogue::at`]), `Analytics::converse` carries the effect out and says what was done.

mod command;
mod dialogue;
mod registration;
mod vocabulary;

pub use crate::model::{Number, Sender};
pub use command::{Audience, Command};
pub use dialogue::{Answer, Asked, Dialogue, Effect, Facts, Question, Session};
pub use registration::{Selection, number_in};
