//! Which messages there are, and what each may say.

use crate::model::Language;

/// What a variable holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Text that is always there.
    Text,
    /// Text, or nothing: its line goes between `{% if x %}` and `{% endif %}`.
    Optional,
    /// Yes or no, for `{% if x %}`.
    Flag,
    /// Rows with these fields, possibly none, for `{% for row in x %}`.
    Rows(&'static [Field]),
}

/// A variable that a template may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
}

const fn text(name: &'static str) -> Field {
    Field { name, shape: Shape::Text }
}

const fn optional(name: &'static str) -> Field {
    Field { name, shape: Shape::Optional }
}

const fn flag(name: &'static str) -> Field {
    Field { name, shape: Shape::Flag }
}

const fn rows(name: &'static str, fields: &'static [Field]) -> Field {
    Field { name, shape: Shape::Rows(fields) }
}

/// The organisation's own values, which every template may use.
pub(super) const ORGANISATION: &[Field] =
    &[text("organisation"), optional("place"), optional("bank"), optional("account"), optional("holder")];

const MENU_LINES: &[Field] = &[text("word"), text("purpose")];
const MONTHS: &[Field] = &[text("month"), text("income"), text("expense"), text("balance"), flag("shortfall")];
const RAMADAN: &[Field] = &[text("month"), text("amount"), flag("expense"), flag("less")];
const CHANCE: &[Field] = &[text("month"), text("chance")];
const CATEGORIES: &[Field] = &[text("name"), text("amount")];
const DONORS: &[Field] = &[
    text("name"),
    text("level"),
    text("score"),
    text("days"),
    optional("reasons"),
    optional("stake"),
    optional("chance"),
];
const OUTLIERS: &[Field] =
    &[text("name"), text("month"), text("amount"), text("low"), text("high"), flag("over"), flag("severe")];
const LEVELS: &[Field] = &[text("name"), text("month"), text("percent"), flag("more")];
const ENTRIES: &[Field] = &[text("name"), text("date"), text("amount")];
const TABLES: &[Field] = &[text("name"), text("rows")];
const GREETINGS: &[Field] = &[text("id"), text("name")];
const OUTLOOK: &[Field] =
    &[rows("months", MONTHS), optional("opening"), rows("ramadan", RAMADAN), rows("shortfall", CHANCE)];

macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $file:literal: $fields:expr;)*) => {
        /// A message's template, by the name of its file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Template { $($(#[$doc])* $variant,)* }

        impl Template {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name of its file without `.txt`, the same in every language.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $file,)* }
            }

            pub(super) const fn fields(self) -> &'static [Field] {
                match self { $(Self::$variant => const { $fields },)* }
            }

            pub(super) const fn embedded(self, language: Language) -> &'static str {
                match (self, language) {
                    $(
                        (Self::$variant, Language::Id) => include_str!(concat!("templates/id/", $file, ".txt")),
                        (Self::$variant, Language::En) => include_str!(concat!("templates/en/", $file, ".txt")),
                    )*
                }
            }
        }
    };
}

catalogue! {
    /// Answers a greeting.
    Greeting = "greeting": &[optional("name")];
    /// The words that the bot understands.
    Menu = "menu": &[rows("anyone", MENU_LINES), rows("donor", MENU_LINES), rows("administrator", MENU_LINES)];
    /// Where gifts may be sent.
    BankAccount = "bank_account": &[];
    /// How to give.
    HowToGive = "how_to_give": &[];
    /// How many children are in care.
    Children = "children": &[optional("count")];
    /// How to register.
    Registration = "registration": &[];
    /// A donor's giving in figures.
    DonorInfo = "donor_info": &[
        text("name"), optional("total"), optional("count"), optional("average"), optional("months_active"),
        optional("first"), optional("last"),
    ];
    /// Thanks for a gift.
    ThankYou = "thank_you": &[
        text("name"), optional("total"), optional("count"), optional("meals"), optional("school_months"),
        optional("health"),
    ];
    /// What a donor's gifts paid for.
    Impact = "impact": &[
        text("name"), optional("this_month"), optional("this_year"), optional("meals"), optional("school_months"),
        optional("health"),
    ];
    /// The months ahead, for donors.
    Outlook = "outlook": OUTLOOK;
    /// The months ahead, for administrators.
    Forecast = "forecast": OUTLOOK;
    /// One month of the organisation.
    MonthlyReport = "monthly_report": &[
        optional("name"), text("month"), optional("income"), optional("expense"),
        rows("categories", CATEGORIES), optional("children"),
    ];
    /// Where the organisation stands, for administrators.
    Brief = "brief": &[
        text("today"), text("month"), text("so_far_income"), text("so_far_expense"),
        text("last_month"), text("last_income"), text("last_expense"), text("month_before"),
        optional("income_change"), optional("expense_change"),
        rows("months", MONTHS), rows("ramadan", RAMADAN), rows("shortfall", CHANCE),
        optional("shortfalls"), optional("at_risk"), optional("anomalies"), optional("data_as_of"),
        optional("data_age_days"), optional("quarantined"),
    ];
    /// Donors at risk, for administrators.
    Risk = "risk": &[
        rows("donors", DONORS),
        optional("total"), optional("more"),
    ];
    /// What is strange, for administrators.
    Anomalies = "anomalies": &[
        rows("categories", OUTLIERS),
        rows("entries", ENTRIES),
        rows("levels", LEVELS),
        optional("more"),
    ];
    /// Freshness and size of the data, for administrators.
    Status = "status": &[
        optional("as_of"), rows("tables", TABLES), optional("quarantined"), optional("erasures"), optional("erasures_since"),
    ];
    /// Tells an unknown number how to register.
    Unregistered = "unregistered": &[];
    /// Tells a registered number that it is not verified yet.
    Unverified = "unverified": &[];
    /// Answers thanks.
    Thanks = "thanks": &[];
    /// Points to the menu after an unknown text.
    Hint = "hint": &[];
    /// Names the administrators as those who can do what was asked.
    AskAdministrator = "ask_administrator": &[];
    /// Carries a code to the number on file.
    Code = "code": &[text("code"), text("minutes"), text("consent")];
    /// Tells who asked from elsewhere where the code goes.
    CodeSent = "code_sent": &[text("minutes")];
    /// The code is another one.
    CodeWrong = "code_wrong": &[optional("left")];
    /// The code came too late, or none is out.
    CodeExpired = "code_expired": &[];
    /// Too many codes were asked for.
    CodeRefused = "code_refused": &[];
    /// The number is verified.
    Verified = "verified": &[optional("name")];
    /// The number was verified before.
    AlreadyVerified = "already_verified": &[];
    /// What is agreed to by a code.
    Consent = "consent": &[];
    /// What is agreed to by opting in.
    ConsentAgain = "consent_again": &[];
    /// No more messages.
    OptedOut = "opted_out": &[];
    /// Messages again.
    OptedIn = "opted_in": &[text("consent")];
    /// What is stored about the donor.
    MyData = "my_data": &[
        text("name"), optional("numbers"), optional("gifts"), optional("first"), optional("last"),
        flag("consent_given"), optional("consent_on"), optional("consent_version"), optional("opted_out"),
        optional("uses"),
    ];
    /// Asks whether erasure is meant.
    ConfirmErasure = "confirm_erasure": &[text("minutes")];
    /// Erasure was asked for.
    ErasureRecorded = "erasure_recorded": &[text("erasure"), flag("told")];
    /// Tells administrators of it.
    ErasureNotice = "erasure_notice": &[text("erasure"), text("donor")];
    /// Erasure is done.
    Erased = "erased": &[];
    /// Asks whether the batch is meant.
    ConfirmReports = "confirm_reports": &[text("minutes")];
    /// The batch is ordered.
    ReportsOrdered = "reports_ordered": &[];
    /// A question was answered with no.
    Cancelled = "cancelled": &[];
    /// Greetings that wait for an administrator.
    Greetings = "greetings": &[rows("greetings", GREETINGS), optional("more")];
    /// What the administrator's word did.
    GreetingsSettled = "greetings_settled": &[flag("approved"), optional("count")];
    /// A warm greeting to a donor: no amount, no guilt.
    Salam = "salam": &[text("name")];
    /// Says sorry for a fault of ours.
    Trouble = "trouble": &[];
}

impl Template {
    /// The template of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|template| template.name() == name)
    }

    /// The variables it may use, the organisation's last; a field of a row is written `rows.field`.
    pub fn variables(self) -> Vec<String> {
        let mut names = Vec::new();
        for field in self.fields().iter().chain(ORGANISATION) {
            names.push(field.name.to_owned());
            if let Shape::Rows(fields) = field.shape {
                names.extend(fields.iter().map(|inner| format!("{}.{}", field.name, inner.name)));
            }
        }
        names
    }
}
