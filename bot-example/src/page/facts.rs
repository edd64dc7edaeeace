//! What the page shows: plain values in the words that an administrator reads.

use serde::Serialize;

/// Everything on the page. Amounts, months and dates are texts already, in the organisation's language.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct PageFacts {
    /// The organisation's name.
    pub(crate) organisation: String,
    /// Today.
    pub(crate) today: String,
    /// How old the facts are.
    pub(crate) freshness: Freshness,
    /// The running month and the one before; `None` while nothing has been loaded.
    pub(crate) month: Option<MonthFacts>,
    /// Donations to come; empty where the history is too short.
    pub(crate) forecast: Vec<ForecastRow>,
    /// The balance to come; empty where the history is too short.
    pub(crate) cash_flow: Vec<CashFlowRow>,
    /// The first month whose chance of a shortfall is past the limit.
    pub(crate) shortfall: Option<String>,
    /// Donors at risk, the one to call first at the top.
    pub(crate) at_risk: Vec<RiskRow>,
    /// How many there are in all.
    pub(crate) at_risk_total: String,
    /// Months of categories that are strange.
    pub(crate) strange_months: Vec<StrangeMonthRow>,
    /// Lines of the cash book that are worth a look.
    pub(crate) strange_entries: Vec<StrangeEntryRow>,
    /// Lines that were found in order.
    pub(crate) accepted_entries: Vec<String>,
    /// Months that were found in order.
    pub(crate) accepted_months: Vec<AcceptedMonthRow>,
    /// Kinds of donors.
    pub(crate) segments: Vec<SegmentRow>,
    /// Retention by year, the latest first.
    pub(crate) retention: Vec<RetentionRow>,
    /// Messages that go out; `None` where nothing sends.
    pub(crate) delivery: Option<Delivery>,
    /// Greetings that wait for an approval; `None` where none are drafted.
    pub(crate) drafts: Option<Vec<Draft>>,
    /// What came of greetings; `None` where none are drafted.
    pub(crate) outcome: Option<Outcome>,
    /// The pictures that are there, by name, with what they show in words.
    pub(crate) pictures: Vec<Picture>,
}

/// How old and how large the facts are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Freshness {
    /// The day of the last good load; `None` while nothing has been loaded.
    pub(crate) as_of: Option<String>,
    /// How many days ago that was.
    pub(crate) days: u32,
    /// Older than a day: what the page says may have changed.
    pub(crate) old: bool,
    /// Each table with its rows.
    pub(crate) tables: Vec<(String, String)>,
    /// Rows in quarantine; empty where there are none.
    pub(crate) quarantined: String,
}

/// The running month beside the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct MonthFacts {
    /// The running month.
    pub(crate) name: String,
    /// The day at which the facts end, where that is not today.
    pub(crate) until: Option<String>,
    /// It is the month of today.
    pub(crate) running: bool,
    /// Received so far.
    pub(crate) income: String,
    /// Spent so far.
    pub(crate) expense: String,
    /// Expected of the whole month; `None` where the history is too short.
    pub(crate) expected: Option<String>,
    /// The last whole month.
    pub(crate) last_name: String,
    /// Received in it.
    pub(crate) last_income: String,
    /// Spent in it.
    pub(crate) last_expense: String,
    /// Children in care.
    pub(crate) children: String,
    /// What is in the cash accounts.
    pub(crate) balance: Option<String>,
}

/// A month of donations to come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ForecastRow {
    /// The month, marked where it holds much of Ramadan.
    pub(crate) month: String,
    /// Days of Ramadan in it.
    pub(crate) ramadan: u8,
    /// Expected.
    pub(crate) value: String,
    /// In 80 of 100 cases.
    pub(crate) inner: String,
    /// In 95 of 100 cases.
    pub(crate) outer: String,
}

/// A month of the balance to come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CashFlowRow {
    /// The month.
    pub(crate) month: String,
    /// Expected income.
    pub(crate) income: String,
    /// Expected expense.
    pub(crate) expense: String,
    /// Balance at its end.
    pub(crate) balance: String,
    /// The chance that it ends below zero.
    pub(crate) chance: String,
    /// Past the limit.
    pub(crate) danger: bool,
}

/// A donor at risk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RiskRow {
    /// The name.
    pub(crate) name: String,
    /// `tinggi`, `sedang` or `rendah`.
    pub(crate) level: String,
    /// Score of 100.
    pub(crate) score: String,
    /// Why.
    pub(crate) reasons: Vec<String>,
}

/// A month that somebody found in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AcceptedMonthRow {
    /// What forms call it.
    pub(crate) id: String,
    /// Category, month and sum.
    pub(crate) what: String,
}

/// A category's month that is strange.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StrangeMonthRow {
    /// What forms call it.
    pub(crate) id: String,
    /// The category.
    pub(crate) category: String,
    /// The month.
    pub(crate) month: String,
    /// What it came to.
    pub(crate) amount: String,
    /// What was expected.
    pub(crate) expected: String,
    /// Why.
    pub(crate) why: String,
    /// The picture of the category, where there is one.
    pub(crate) picture: Option<String>,
}

/// A line of the cash book that is worth a look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StrangeEntryRow {
    /// Its identity in the cash book.
    pub(crate) id: u64,
    /// Its category.
    pub(crate) category: String,
    /// Its date.
    pub(crate) date: String,
    /// Its amount.
    pub(crate) amount: String,
    /// Why, a sentence a reason.
    pub(crate) why: Vec<String>,
}

/// A kind of donors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SegmentRow {
    /// Its name.
    pub(crate) name: &'static str,
    /// Who belongs to it.
    pub(crate) who: &'static str,
    /// How many.
    pub(crate) donors: String,
}

/// A year's retention.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RetentionRow {
    /// The year.
    pub(crate) year: i16,
    /// Who gave.
    pub(crate) donors: String,
    /// Of those, for the first time.
    pub(crate) new: String,
    /// Who gave in the year before too.
    pub(crate) retained: String,
    /// Their share of the donors of the year before.
    pub(crate) retention: String,
}

/// How the sending of messages stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Delivery {
    /// Messages in each stage, named.
    pub(crate) stages: Vec<(String, String)>,
    /// What somebody must see to: halted lanes, lanes that nobody serves, wishes to be erased.
    pub(crate) warnings: Vec<String>,
    /// What waits for a decision: messages that may have gone out or not, and those that will not.
    pub(crate) doubtful: Vec<Doubtful>,
    /// They are those after this one, where the list was turned to a later page.
    pub(crate) after: Option<u64>,
    /// More of them come after this one.
    pub(crate) next: Option<u64>,
}

/// A message that waits for a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Doubtful {
    /// Its identity.
    pub(crate) id: u64,
    /// What sort of message it is.
    pub(crate) kind: String,
    /// To whom, masked.
    pub(crate) to: String,
    /// It may have gone out; otherwise it is dead.
    pub(crate) unknown: bool,
    /// Why.
    pub(crate) reason: String,
    /// Since when.
    pub(crate) since: String,
}

/// A greeting that waits for an approval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Draft {
    /// Its identity.
    pub(crate) id: u64,
    /// To whom.
    pub(crate) name: String,
    /// The text that would go out.
    pub(crate) text: String,
}

/// What came of greetings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Outcome {
    /// Within so many days a gift counts.
    pub(crate) days: u16,
    /// Those greeted, and those proposed and not greeted; empty while nobody's days are over.
    pub(crate) rows: Vec<OutcomeRow>,
    /// Proposals whose days are not over yet; empty where there are none.
    pub(crate) waiting: String,
}

/// Donors who were greeted, or were not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct OutcomeRow {
    /// Which of the two.
    pub(crate) who: &'static str,
    /// How many they are.
    pub(crate) of: String,
    /// How many of them gave again.
    pub(crate) gave: String,
    /// Their share.
    pub(crate) share: String,
    /// Where the share may lie, in 95 of 100 cases.
    pub(crate) range: String,
}

/// A picture of the page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Picture {
    /// Its name in `/grafik/{name}`.
    pub(crate) name: String,
    /// What it shows, for whoever cannot see it.
    pub(crate) alt: String,
}
