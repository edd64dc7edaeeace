//! Facts become HTML. Every value is escaped by the engine, because the templates' names end in `.html`.

use super::facts::PageFacts;
use dermawan::{Error, ErrorKind, Result};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};

/// The styles of all pages.
pub(super) const STYLE: &str = include_str!("templates/style.css");
/// The sign in the browser's tab.
pub(super) const ICON: &str = include_str!("templates/icon.svg");

const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("templates/base.html")),
    ("page.html", include_str!("templates/page.html")),
    ("login.html", include_str!("templates/login.html")),
    ("failed.html", include_str!("templates/failed.html")),
];

/// The pages' templates, read once.
pub(super) struct View(Environment<'static>);

impl View {
    /// Reads the embedded templates.
    pub(super) fn new() -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in TEMPLATES {
            environment.add_template(name, text).map_err(broken)?;
        }
        Ok(Self(environment))
    }

    fn fill(&self, name: &str, values: Value) -> Result<String> {
        self.0.get_template(name).and_then(|template| template.render(values)).map_err(broken)
    }

    /// The administrators' page. `csrf` goes into every form; `said` is what was just done.
    pub(super) fn page(&self, facts: &PageFacts, csrf: &str, said: Option<&str>) -> Result<String> {
        self.fill("page.html", context! { facts => Serde(facts), csrf, said })
    }

    /// The way in, with what went wrong before.
    pub(super) fn login(&self, organisation: &str, trouble: Option<&str>) -> Result<String> {
        self.fill("login.html", context! { organisation, trouble })
    }

    /// That something cannot be done.
    pub(super) fn failed(&self, organisation: &str, heading: &str, text: &str) -> Result<String> {
        self.fill("failed.html", context! { organisation, heading, text })
    }
}

fn broken(cause: minijinja::Error) -> Error {
    Error::new(ErrorKind::Template, "a page cannot be made").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::facts::{
        AcceptedMonthRow, Delivery, Doubtful, Draft, Outcome, OutcomeRow, Picture, RiskRow, StrangeEntryRow,
        StrangeMonthRow,
    };

    const HOSTILE: &str = "</p><script>alert(1)</script>\"'&{{ 7 * 7 }}";

    fn hostile() -> PageFacts {
        let text = || HOSTILE.to_owned();
        PageFacts {
            organisation: text(),
            at_risk: vec![RiskRow { name: text(), level: text(), score: text(), reasons: vec![text(), text()] }],
            strange_months: vec![StrangeMonthRow {
                id: text(),
                category: text(),
                month: text(),
                amount: text(),
                expected: text(),
                why: text(),
                picture: Some(text()),
            }],
            strange_entries: vec![StrangeEntryRow {
                id: 7,
                category: text(),
                date: text(),
                amount: text(),
                why: vec![text()],
            }],
            accepted_entries: vec![text()],
            accepted_months: vec![AcceptedMonthRow { id: text(), what: text() }],
            delivery: Some(Delivery {
                stages: vec![(text(), text())],
                warnings: vec![text()],
                doubtful: vec![Doubtful {
                    id: 8,
                    kind: text(),
                    to: text(),
                    unknown: true,
                    reason: text(),
                    since: text(),
                }],
                after: Some(3),
                next: Some(8),
            }),
            drafts: Some(vec![Draft { id: 9, name: text(), text: text() }]),
            outcome: Some(Outcome {
                days: 60,
                rows: vec![OutcomeRow { who: HOSTILE, of: text(), gave: text(), share: text(), range: text() }],
                waiting: text(),
            }),
            pictures: vec![Picture { name: text(), alt: text() }],
            ..PageFacts::default()
        }
    }

    #[test]
    fn whatever_is_shown_is_escaped() {
        let view = View::new().unwrap();
        for html in [
            view.page(&hostile(), HOSTILE, Some(HOSTILE)).unwrap(),
            view.login(HOSTILE, Some(HOSTILE)).unwrap(),
            view.failed(HOSTILE, HOSTILE, HOSTILE).unwrap(),
        ] {
            assert!(!html.contains("<script"), "{html}");
            assert!(html.contains("&lt;script&gt;") && !html.contains(" 49"), "{html}");
            assert!(!html.contains("\"'&"), "{html}");
        }
    }

    /// Every form that changes something carries the token.
    #[test]
    fn every_form_has_its_token() {
        let html = View::new().unwrap().page(&hostile(), "the-token", None).unwrap();
        let forms = html.matches("<form ").count();
        assert_eq!(forms, 10, "logout, month and line fine and not fine, drafting, drafts, retry, sent, discard");
        assert_eq!(html.matches("name=\"csrf\" value=\"the-token\"").count(), forms);
    }

    #[test]
    fn a_page_of_nothing_says_so() {
        let html = View::new().unwrap().page(&PageFacts::default(), "x", None).unwrap();
        for text in ["Belum ada data", "sedikitnya tiga bulan", "Tidak ada donatur", "Tidak ada yang tidak biasa"] {
            assert!(html.contains(text), "{text}");
        }
        assert!(!html.contains("id=\"pengiriman\"") && !html.contains("id=\"sapaan\""));
    }
}
