//! How many of the donors who began in a year gave again in the years after, as a heat table.

use super::Options;
use super::canvas::{Anchor, Canvas, GREY, INK};
use super::plot::{MARGIN, SMALL, nothing, title};
use super::words::{either, percent};
use crate::churn::Cohort;
use crate::message::number;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// The most cohorts, and the most years after, that are shown; more would be too small to read.
const MOST: usize = 8;
/// From white to Okabe & Ito's blue in six steps; letters are white from the fourth on.
const HEAT: [&str; 6] = ["#ffffff", "#dcebf5", "#b3d4e8", "#7ab3d6", "#1a7fb8", "#005a8c"];
const WHITE_FROM: usize = 4;

/// Cohorts to show, as [`Retention::cohorts`](crate::churn::Retention::cohorts) has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortChart {
    /// One row a year of first gifts; the last eight are shown.
    pub cohorts: Vec<Cohort>,
    /// Another title than the usual one.
    #[serde(default)]
    pub title: Option<String>,
}

impl CohortChart {
    /// A picture of cohorts.
    pub const fn new(cohorts: Vec<Cohort>) -> Self {
        Self { cohorts, title: None }
    }

    /// The last rows with donors, and how many columns they need.
    fn shown(&self) -> (Vec<&Cohort>, usize) {
        let there: Vec<&Cohort> = self.cohorts.iter().filter(|cohort| cohort.donors > 0).collect();
        let rows = there[there.len().saturating_sub(MOST)..].to_vec();
        let columns = rows.iter().map(|cohort| cohort.gave.len()).max().unwrap_or(0).min(MOST);
        (rows, columns)
    }
}

/// The share of a cohort that gave, never above all.
fn share(gave: u64, donors: u64) -> f64 {
    if donors == 0 { 0.0 } else { (gave as f64 / donors as f64).min(1.0) }
}

pub(super) fn words(chart: &CohortChart, options: &Options) -> (String, String) {
    let language = options.language;
    let usual = either(language, "Donatur yang tetap berdonasi", "Donors who keep giving");
    let (rows, _) = chart.shown();
    let mut text = String::new();
    for cohort in &rows {
        let donors = number(cohort.donors, language);
        // Writing to a text cannot fail.
        let _ = match language {
            crate::Language::Id => write!(text, "Mulai {}: {donors} donatur", cohort.year),
            crate::Language::En => write!(text, "Began in {}: {donors} donors", cohort.year),
        };
        for (i, &gave) in cohort.gave.iter().take(MOST).enumerate() {
            let head = if i == 0 { either(language, ", tahun ke-", ", year ") } else { ", " };
            let _ = write!(text, "{head}{} {}", i + 1, percent(share(gave, cohort.donors)));
        }
        text.push_str(". ");
    }
    let text = if rows.is_empty() { super::words::nothing(language).into() } else { text.trim_end().to_owned() };
    (chart.title.clone().unwrap_or_else(|| usual.into()), text)
}

pub(super) fn draw(chart: &CohortChart, options: &Options) -> String {
    let (words, language) = (words(chart, options), options.language);
    let (rows, columns) = chart.shown();
    if rows.is_empty() {
        return nothing(&words, options);
    }
    let (width, height) = (f64::from(options.width), f64::from(options.height));
    let mut canvas = Canvas::new(options.width, options.height);
    let top = title(&mut canvas, &words.0, options) + 2.0 * (SMALL + 6.0);
    let years_right = MARGIN + 46.0;
    let left = years_right + 76.0;
    let cell = ((width - MARGIN - left) / columns.max(1) as f64).min(90.0);
    let row_height = ((height - MARGIN - top) / rows.len() as f64).min(34.0);
    let head = top - 8.0;
    canvas.text((MARGIN, head), Anchor::Start, SMALL, GREY, either(language, "Mulai", "Began"));
    canvas.text((left - 10.0, head), Anchor::End, SMALL, GREY, either(language, "donatur", "donors"));
    if columns > 0 {
        let text = either(language, "berdonasi lagi, tahun ke-", "gave again, years after");
        canvas.text((left, head - SMALL - 6.0), Anchor::Start, SMALL, GREY, text);
    }
    for column in 0..columns {
        let x = left + (column as f64 + 0.5) * cell;
        canvas.text((x, head), Anchor::Middle, SMALL, GREY, &(column + 1).to_string());
    }
    for (i, cohort) in rows.into_iter().enumerate() {
        let y = top + i as f64 * row_height;
        let line = y + row_height / 2.0 + SMALL / 3.0;
        canvas.text((MARGIN, line), Anchor::Start, SMALL, INK, &cohort.year.to_string());
        canvas.text((left - 10.0, line), Anchor::End, SMALL, INK, &number(cohort.donors, language));
        for (column, &gave) in cohort.gave.iter().take(columns).enumerate() {
            let share = share(gave, cohort.donors);
            // All of them in the darkest, nobody in white.
            let heat = ((share * HEAT.len() as f64).floor() as usize).min(HEAT.len() - 1);
            let x = left + column as f64 * cell;
            canvas.rect(x + 1.0, y + 1.0, cell - 2.0, row_height - 2.0, HEAT[heat], 1.0);
            let ink = if heat >= WHITE_FROM { "#ffffff" } else { INK };
            canvas.text((x + cell / 2.0, line), Anchor::Middle, SMALL, ink, &percent(share));
        }
    }
    canvas.finish(&words)
}
