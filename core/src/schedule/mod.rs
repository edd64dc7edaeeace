//! What is to be done now?
//!
//! [`due`] is a pure function of the plan, the hour and what has run; [`Runs`] (feature `sqlite`) remembers what has run.
//! Every run has a period (`2026-08`, `2026-08-03`), and one period runs once: whether the program was down, was restarted in the
//! middle, or the clock was set back.

mod due;
mod options;
#[cfg(feature = "sqlite")]
mod runs;

pub use due::{Due, due, missed_report};
pub use options::{Day, Options};
#[cfg(feature = "sqlite")]
pub use runs::Runs;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that is done again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Job {
    /// Load the charity's tables: every night, and in between where the plan says so.
    Load,
    /// The monthly report to every verified donor. Its period is the month that it tells of.
    Report,
    /// The weekly brief to the administrators.
    Brief,
    /// Tell administrators of new anomalies and of a shortfall ahead.
    Alerts,
    /// Draft greetings to donors at risk, for an administrator's word.
    Greetings,
    /// Thank for gifts that are new.
    Thanks,
    /// Forget what need not be kept.
    Tidy,
}

impl Job {
    /// All of them, in the order in which they are done when several are due: facts first.
    pub const ALL: [Self; 7] =
        [Self::Load, Self::Report, Self::Alerts, Self::Brief, Self::Greetings, Self::Thanks, Self::Tidy];

    /// A stable lower-case name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Report => "report",
            Self::Brief => "brief",
            Self::Alerts => "alerts",
            Self::Greetings => "greetings",
            Self::Thanks => "thanks",
            Self::Tidy => "tidy",
        }
    }
}

/// What is known of a job's period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The job.
    pub job: Job,
    /// Its period.
    pub period: String,
    /// How far it came.
    pub state: RunState,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was last begun or ended.
    pub at: Timestamp,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It was begun; if nobody is at it, the program was stopped in the middle.
    Begun,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// What it needs is not there yet, such as facts that reach beyond the month's end: no fault of its own.
    Waiting,
}
