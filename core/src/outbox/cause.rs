//! Why a message does not go out, for programs: the text beside it is for people and may change.

use super::record::code_enum;
use serde::{Deserialize, Serialize};

code_enum! {
    /// Why a message waits again, is unknown, is dead, or did not arrive.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Cause {
        /// Its person wants no messages.
        OptedOut = 0 "opted_out",
        /// Its person was erased.
        Erased = 1 "erased",
        /// It came too late.
        Expired = 2 "expired",
        /// The gateway cannot reach this number, ever.
        Recipient = 3 "recipient",
        /// The gateway takes this message for nobody.
        Content = 4 "content",
        /// The gateway could not take it, so often that it was given up.
        Exhausted = 5 "exhausted",
        /// An administrator does not want it.
        Discarded = 6 "discarded",
        /// An administrator knows that it did not go out.
        NotSent = 7 "not_sent",
        /// The program died while it was being sent.
        Interrupted = 8 "interrupted",
        /// The gateway's answer was lost or cannot be understood.
        Unclear = 9 "unclear",
        /// The gateway could not take it for the moment.
        Refused = 10 "refused",
        /// The line was halted while it was being sent.
        Halted = 11 "halted",
        /// An administrator sends it again.
        Retried = 12 "retried",
        /// The gateway took it over and gave up later.
        Undelivered = 13 "undelivered",
    }
}

impl Cause {
    /// Those that leave nothing to decide.
    pub(super) const SETTLED: [Self; 5] = [Self::OptedOut, Self::Erased, Self::Expired, Self::Discarded, Self::NotSent];

    /// Whether it leaves nothing to decide: a person's wish, an administrator's, or that it came too late.
    pub fn is_settled(self) -> bool {
        Self::SETTLED.contains(&self)
    }
}
