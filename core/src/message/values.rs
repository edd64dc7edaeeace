//! Facts become the values of a template: formatted, cleaned, and absent where there is nothing to say.

use super::catalogue::Template;
use super::clean::clean_or;
use super::date::{date, month_long, month_short};
use super::rupiah::{number, rupiah};
use super::words;
use crate::insight::{AnomalyDirection, AnomalyList, Brief, DonorInfo, Impact, MonthlyReport, Outlook, RiskList};
use crate::insight::{GreetingList, Severity, ShortfallRisk, Status, StoredData};
use crate::model::{Direction, DonorId, Language, Rupiah};
use minijinja::{Value, context};

/// Characters kept of a donor's name.
const LONGEST_NAME: usize = 60;
/// Characters kept of a category's name.
const LONGEST_CATEGORY: usize = 40;

/// What is to be said. Names are given as stored; cleaning them is this room's task.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Message<'a> {
    /// Answers a greeting.
    Greeting {
        /// The donor, if the number is known and verified.
        name: Option<&'a str>,
    },
    /// The words that the bot understands, in three groups; an empty group is left out.
    Menu {
        /// For anyone.
        anyone: &'a [MenuLine],
        /// For registered donors.
        donor: &'a [MenuLine],
        /// For administrators.
        administrator: &'a [MenuLine],
    },
    /// Where gifts may be sent.
    BankAccount,
    /// How to give.
    HowToGive,
    /// How many children are in care; zero counts as not known.
    Children {
        /// How many.
        count: u64,
    },
    /// How to register.
    Registration,
    /// A donor's giving in figures; `None` for one who has not given yet.
    DonorInfo {
        /// The donor.
        name: &'a str,
        /// The figures.
        info: Option<&'a DonorInfo>,
    },
    /// Thanks for a gift.
    ThankYou {
        /// The donor.
        name: &'a str,
        /// Sum of all gifts.
        total: Rupiah,
        /// How many gifts.
        count: u64,
        /// What they paid for.
        impact: Impact,
    },
    /// What a donor's gifts paid for.
    Impact {
        /// The donor.
        name: &'a str,
        /// Sum of the gifts of the running month.
        this_month: Rupiah,
        /// Sum of the gifts of the running year.
        this_year: Rupiah,
        /// What all gifts paid for.
        impact: Impact,
    },
    /// The months ahead, for donors.
    Outlook(&'a Outlook),
    /// The months ahead, for administrators.
    Forecast(&'a Outlook),
    /// One month of the organisation.
    MonthlyReport {
        /// Whom to greet when it is sent unasked; `None` when it answers a question.
        name: Option<&'a str>,
        /// The month's figures.
        report: &'a MonthlyReport,
    },
    /// Where the organisation stands, for administrators.
    Brief(&'a Brief),
    /// Donors at risk, for administrators.
    Risk(&'a RiskList),
    /// What is strange, for administrators; at most [`Message::LONGEST_LIST`] of each kind are listed.
    Anomalies(&'a AnomalyList),
    /// Freshness and size of the data, for administrators.
    Status(&'a Status),
    /// Tells an unknown number how to register.
    Unregistered,
    /// Tells a registered number that it is not verified yet.
    Unverified,
    /// Answers thanks.
    Thanks,
    /// Points to the menu after an unknown text.
    Hint,
    /// Names the administrators as those who can do what was asked.
    AskAdministrator,
    /// Carries a code to the number on file.
    Code {
        /// The six digits.
        code: &'a str,
        /// How long it counts.
        minutes: u16,
        /// What is agreed to by it: the rendered [`Message::Consent`].
        consent: &'a str,
    },
    /// Tells who asked from elsewhere where the code goes, whether there is one or not.
    CodeSent {
        /// How long it counts.
        minutes: u16,
    },
    /// The code is another one.
    CodeWrong {
        /// Attempts left.
        left: u16,
    },
    /// The code came too late, or none is out.
    CodeExpired,
    /// Too many codes were asked for.
    CodeRefused,
    /// The number is verified.
    Verified {
        /// The donor, where the facts have one.
        name: Option<&'a str>,
    },
    /// The number was verified before.
    AlreadyVerified,
    /// What is agreed to by a code.
    Consent,
    /// What is agreed to by opting in.
    ConsentAgain,
    /// No more messages.
    OptedOut,
    /// Messages again.
    OptedIn {
        /// The rendered [`Message::ConsentAgain`].
        consent: &'a str,
    },
    /// What is stored about the donor.
    MyData(&'a StoredData),
    /// Asks whether erasure is meant.
    ConfirmErasure {
        /// How long the question stands.
        minutes: u16,
    },
    /// Erasure was asked for.
    ErasureRecorded {
        /// The wish's number.
        erasure: u64,
        /// Administrators are told by a message.
        told: bool,
    },
    /// Tells administrators of it, without a name.
    ErasureNotice {
        /// The wish's number.
        erasure: u64,
        /// Who, by the source's key.
        donor: DonorId,
    },
    /// Erasure is done.
    Erased,
    /// Asks whether the batch is meant.
    ConfirmReports {
        /// How long the question stands.
        minutes: u16,
    },
    /// The batch is ordered.
    ReportsOrdered,
    /// A question was answered with no.
    Cancelled,
    /// Greetings that wait for an administrator.
    Greetings(&'a GreetingList),
    /// What the administrator's word did.
    GreetingsSettled {
        /// Approved, or rejected.
        approved: bool,
        /// How many.
        count: u64,
    },
    /// A warm greeting to a donor: no amount, no guilt.
    Salam {
        /// The donor.
        name: &'a str,
    },
    /// Says sorry for a fault of ours.
    Trouble,
}

/// A line of the menu. Both texts are this library's or the operator's, never a donor's; they are cleaned all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuLine {
    /// The word to type.
    pub word: String,
    /// What it does.
    pub purpose: String,
}

impl Message<'_> {
    /// How many rows of a list one message shows; the rest is counted.
    pub const LONGEST_LIST: usize = 10;

    /// The template that words it.
    pub const fn template(&self) -> Template {
        match self {
            Self::Greeting { .. } => Template::Greeting,
            Self::Menu { .. } => Template::Menu,
            Self::BankAccount => Template::BankAccount,
            Self::HowToGive => Template::HowToGive,
            Self::Children { .. } => Template::Children,
            Self::Registration => Template::Registration,
            Self::DonorInfo { .. } => Template::DonorInfo,
            Self::ThankYou { .. } => Template::ThankYou,
            Self::Impact { .. } => Template::Impact,
            Self::Outlook(_) => Template::Outlook,
            Self::Forecast(_) => Template::Forecast,
            Self::MonthlyReport { .. } => Template::MonthlyReport,
            Self::Brief(_) => Template::Brief,
            Self::Risk(_) => Template::Risk,
            Self::Anomalies(_) => Template::Anomalies,
            Self::Status(_) => Template::Status,
            Self::Unregistered => Template::Unregistered,
            Self::Unverified => Template::Unverified,
            Self::Thanks => Template::Thanks,
            Self::Hint => Template::Hint,
            Self::AskAdministrator => Template::AskAdministrator,
            Self::Code { .. } => Template::Code,
            Self::CodeSent { .. } => Template::CodeSent,
            Self::CodeWrong { .. } => Template::CodeWrong,
            Self::CodeExpired => Template::CodeExpired,
            Self::CodeRefused => Template::CodeRefused,
            Self::Verified { .. } => Template::Verified,
            Self::AlreadyVerified => Template::AlreadyVerified,
            Self::Consent => Template::Consent,
            Self::ConsentAgain => Template::ConsentAgain,
            Self::OptedOut => Template::OptedOut,
            Self::OptedIn { .. } => Template::OptedIn,
            Self::MyData(_) => Template::MyData,
            Self::ConfirmErasure { .. } => Template::ConfirmErasure,
            Self::ErasureRecorded { .. } => Template::ErasureRecorded,
            Self::ErasureNotice { .. } => Template::ErasureNotice,
            Self::Erased => Template::Erased,
            Self::ConfirmReports { .. } => Template::ConfirmReports,
            Self::ReportsOrdered => Template::ReportsOrdered,
            Self::Cancelled => Template::Cancelled,
            Self::Greetings(_) => Template::Greetings,
            Self::GreetingsSettled { .. } => Template::GreetingsSettled,
            Self::Salam { .. } => Template::Salam,
            Self::Trouble => Template::Trouble,
        }
    }

    pub(super) fn values(&self, language: Language) -> Value {
        let say = Say(language);
        match *self {
            Self::Greeting { name } => context! { name => name.map(|name| say.donor(name)) },
            Self::Menu { anyone, donor, administrator } => context! {
                anyone => menu(anyone),
                donor => menu(donor),
                administrator => menu(administrator),
            },
            Self::Children { count } => context! { count => say.count(count) },
            Self::DonorInfo { name, info } => context! {
                name => say.donor(name),
                total => info.and_then(|info| amount(info.total)),
                count => info.and_then(|info| say.count(info.count)),
                average => info.and_then(|info| amount(info.average)),
                months_active => info.and_then(|info| say.count(info.months_active.into())),
                first => info.map(|info| date(info.first, language)),
                last => info.map(|info| date(info.last, language)),
            },
            Self::ThankYou { name, total, count, impact } => context! {
                name => say.donor(name),
                total => amount(total),
                count => say.count(count),
                meals => say.count(impact.meals),
                school_months => say.count(impact.school_months),
                health => say.count(impact.health),
            },
            Self::Impact { name, this_month, this_year, impact } => context! {
                name => say.donor(name),
                this_month => amount(this_month),
                this_year => amount(this_year),
                meals => say.count(impact.meals),
                school_months => say.count(impact.school_months),
                health => say.count(impact.health),
            },
            Self::Outlook(outlook) | Self::Forecast(outlook) => context! {
                months => say.months(outlook),
                opening => outlook.opening.map(rupiah),
                ramadan => say.ramadan(outlook),
                shortfall => say.shortfall(outlook),
            },
            Self::MonthlyReport { name, report } => context! {
                name => name.map(|name| say.donor(name)),
                month => month_long(report.month, language),
                income => amount(report.income),
                expense => amount(report.expense),
                categories => report.categories.iter().map(|line| context! {
                    name => say.category(&line.name),
                    amount => rupiah(line.amount),
                }).collect::<Value>(),
                children => say.count(report.children),
            },
            Self::Brief(brief) => say.brief(brief),
            Self::Risk(list) => say.risk(list),
            Self::Anomalies(list) => say.anomalies(list),
            Self::Status(status) => context! {
                as_of => status.as_of.map(|day| date(day, language)),
                tables => status.tables.iter().map(|table| context! {
                    name => words::table(table.table, language),
                    rows => number(table.rows, language),
                }).collect::<Value>(),
                quarantined => say.count(status.quarantined),
                erasures => say.count(status.erasures),
                erasures_since => status.erasures_since.map(|day| date(day, language)),
            },
            // The library's own digits and the rendered consent are no donor's words.
            Self::Code { code, minutes, consent } => context! { code, minutes => minutes.to_string(), consent },
            Self::CodeSent { minutes } | Self::ConfirmErasure { minutes } | Self::ConfirmReports { minutes } => {
                context! { minutes => minutes.to_string() }
            }
            Self::CodeWrong { left } => context! { left => say.count(left.into()) },
            Self::Verified { name } => context! { name => name.map(|name| say.donor(name)) },
            Self::OptedIn { consent } => context! { consent },
            Self::MyData(data) => say.stored(data),
            Self::ErasureRecorded { erasure, told } => context! { erasure => erasure.to_string(), told },
            Self::ErasureNotice { erasure, donor } => {
                context! { erasure => erasure.to_string(), donor => donor.to_string() }
            }
            Self::Greetings(list) => say.greetings(list),
            Self::GreetingsSettled { approved, count } => context! { approved, count => say.count(count) },
            Self::Salam { name } => context! { name => say.donor(name) },
            Self::CodeExpired
            | Self::CodeRefused
            | Self::AlreadyVerified
            | Self::Consent
            | Self::ConsentAgain
            | Self::OptedOut
            | Self::Erased
            | Self::ReportsOrdered
            | Self::Cancelled
            | Self::BankAccount
            | Self::HowToGive
            | Self::Registration
            | Self::Unregistered
            | Self::Unverified
            | Self::Thanks
            | Self::Hint
            | Self::AskAdministrator
            | Self::Trouble => context! {},
        }
    }
}

/// An amount, absent when there is nothing.
fn amount(amount: Rupiah) -> Option<String> {
    (amount != Rupiah::ZERO).then(|| rupiah(amount))
}

fn menu(lines: &[MenuLine]) -> Value {
    let text = |text: &str| clean_or(text, 200, "-");
    lines.iter().map(|line| context! { word => text(&line.word), purpose => text(&line.purpose) }).collect()
}

/// Values in a language.
#[derive(Clone, Copy)]
struct Say(Language);

impl Say {
    fn donor(self, name: &str) -> String {
        clean_or(name, LONGEST_NAME, words::donor(self.0))
    }

    fn category(self, name: &str) -> String {
        clean_or(name, LONGEST_CATEGORY, words::category(self.0))
    }

    /// A count, absent when there is nothing.
    fn count(self, count: u64) -> Option<String> {
        (count > 0).then(|| number(count, self.0))
    }

    /// A change in per cent, with its sign.
    fn percent(self, change: f64) -> String {
        let whole = change.abs().round() as u64;
        let sign = if whole == 0 {
            ""
        } else if change < 0.0 {
            "-"
        } else {
            "+"
        };
        format!("{sign}{}%", number(whole, self.0))
    }

    fn greetings(self, list: &GreetingList) -> Value {
        let row = |(id, name): &(u64, String)| context! { id => id.to_string(), name => self.donor(name) };
        context! {
            greetings => list.greetings.iter().map(row).collect::<Value>(),
            more => self.count(list.total.saturating_sub(list.greetings.len() as u64)),
        }
    }

    fn stored(self, data: &StoredData) -> Value {
        let numbers: Vec<String> = data.numbers.iter().map(ToString::to_string).collect();
        let consent = data.consent.as_ref();
        context! {
            name => self.donor(&data.name),
            // Masked: the stars are no formatting, four of them in a row open nothing.
            numbers => (!numbers.is_empty()).then(|| numbers.join(", ")),
            gifts => self.count(data.gifts),
            first => data.first.map(|day| date(day, self.0)),
            last => data.last.map(|day| date(day, self.0)),
            consent_given => consent.is_some_and(|note| note.given),
            consent_on => consent.map(|note| date(note.on, self.0)),
            consent_version => consent.map(|note| clean_or(&note.version, 40, "-")),
            opted_out => data.opted_out.map(|day| date(day, self.0)),
            uses => self.count(data.uses),
        }
    }

    fn months(self, outlook: &Outlook) -> Value {
        let months = outlook.months.iter().map(|month| {
            context! {
                month => month_short(month.month, self.0),
                income => rupiah(month.income),
                expense => rupiah(month.expense),
                balance => rupiah(month.balance),
                shortfall => month.balance.is_negative(),
            }
        });
        months.collect()
    }

    fn ramadan(self, outlook: &Outlook) -> Value {
        let effects = outlook.ramadan.iter().map(|effect| {
            let less = effect.change.is_negative();
            context! {
                month => month_short(effect.month, self.0),
                amount => rupiah(if less { -effect.change } else { effect.change }),
                expense => effect.flow == Direction::Expense,
                less => less,
            }
        });
        effects.collect()
    }

    /// One row, or none.
    fn shortfall(self, outlook: &Outlook) -> Value {
        let row = |risk: &ShortfallRisk| {
            // Drawn futures are never certain.
            let percent = (risk.chance * 100.0).round().clamp(1.0, 99.0) as u64;
            context! { month => month_short(risk.month, self.0), chance => format!("{}%", number(percent, self.0)) }
        };
        outlook.shortfall.iter().map(row).collect()
    }

    fn brief(self, brief: &Brief) -> Value {
        let shortfalls: Vec<String> = brief.outlook.shortfalls().map(|m| month_short(m.month, self.0)).collect();
        context! {
            today => date(brief.today, self.0),
            month => month_long(brief.so_far.month, self.0),
            so_far_income => rupiah(brief.so_far.income),
            so_far_expense => rupiah(brief.so_far.expense),
            last_month => month_long(brief.last.month, self.0),
            last_income => rupiah(brief.last.income),
            last_expense => rupiah(brief.last.expense),
            month_before => month_short(brief.before.month, self.0),
            income_change => brief.income_change.map(|change| self.percent(change)),
            expense_change => brief.expense_change.map(|change| self.percent(change)),
            months => self.months(&brief.outlook),
            ramadan => self.ramadan(&brief.outlook),
            shortfall => self.shortfall(&brief.outlook),
            shortfalls => (!shortfalls.is_empty()).then(|| shortfalls.join(", ")),
            at_risk => self.count(brief.at_risk),
            anomalies => self.count(brief.anomalies),
            data_as_of => brief.data_as_of.map(|day| date(day, self.0)),
            data_age_days => brief.data_age_days.and_then(|days| self.count(days.into())),
            quarantined => self.count(brief.quarantined),
        }
    }

    /// A range of chances; none of them is certain.
    fn percents(self, (low, high): (f64, f64)) -> String {
        let [low, high] = [low, high].map(|chance| number((chance * 100.0).round().clamp(1.0, 99.0) as u64, self.0));
        if low == high { format!("{low}%") } else { format!("{low}–{high}%") }
    }

    fn risk(self, list: &RiskList) -> Value {
        let shown = list.donors.len().min(Message::LONGEST_LIST);
        let donors = list.donors[..shown].iter().map(|donor| {
            let reasons: Vec<String> = donor.reasons.iter().map(|&reason| words::reason(reason, self.0)).collect();
            context! {
                name => self.donor(&donor.name),
                level => words::level(donor.level, self.0),
                score => number(donor.score.round() as u64, self.0),
                days => number(donor.days_since_last.into(), self.0),
                reasons => (!reasons.is_empty()).then(|| reasons.join(", ")),
                stake => donor.stake.map(|stake| rupiah(stake.value)),
                chance => donor.stake.map(|stake| self.percents(stake.chance)),
            }
        });
        context! {
            donors => donors.collect::<Value>(),
            total => self.count(list.total),
            more => self.count(list.total.saturating_sub(shown as u64)),
        }
    }

    fn anomalies(self, list: &AnomalyList) -> Value {
        let categories = list.categories.iter().take(Message::LONGEST_LIST).map(|row| {
            context! {
                name => self.category(&row.category),
                month => month_short(row.month, self.0),
                amount => rupiah(row.amount),
                low => rupiah(row.expected.0),
                high => rupiah(row.expected.1),
                over => row.direction == AnomalyDirection::Overspending,
                severe => row.severity == Severity::High,
            }
        });
        let entries = list.entries.iter().take(Message::LONGEST_LIST).map(|row| {
            context! {
                name => self.category(&row.category),
                date => date(row.date, self.0),
                amount => rupiah(row.amount),
            }
        });
        let levels = list.levels.iter().take(Message::LONGEST_LIST).map(|row| {
            context! {
                name => self.category(&row.category),
                month => month_short(row.month, self.0),
                percent => format!("{}%", number((row.change.abs() * 100.0).round() as u64, self.0)),
                more => row.change > 0.0,
            }
        });
        let rest = |rows: usize| rows.saturating_sub(Message::LONGEST_LIST) as u64;
        context! {
            categories => categories.collect::<Value>(),
            entries => entries.collect::<Value>(),
            levels => levels.collect::<Value>(),
            more => self.count(rest(list.categories.len()) + rest(list.entries.len())),
        }
    }
}
