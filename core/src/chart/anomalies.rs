//! Months, and those among them that are strange, each beside what was expected.

use super::Options;
use super::canvas::{BLUE, RED, SKY};
use super::plot::{Layout, Mark, Plot, nothing};
use super::words::{amount_of, either, range, span};
use crate::anomaly::{ExpectedRange, ExpenseAnomaly, IncomeAnomaly};
use crate::message::month_long;
use crate::model::{Month, MonthlySeries, Rupiah};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// A month that is strange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrangeMonth {
    /// The month.
    pub month: Month,
    /// What it came to.
    pub amount: Rupiah,
    /// What would have been nothing strange.
    pub expected_range: ExpectedRange,
}

impl From<&ExpenseAnomaly> for StrangeMonth {
    fn from(found: &ExpenseAnomaly) -> Self {
        Self { month: found.month, amount: found.amount, expected_range: found.expected_range }
    }
}

impl From<&IncomeAnomaly> for StrangeMonth {
    fn from(found: &IncomeAnomaly) -> Self {
        Self { month: found.month, amount: found.amount, expected_range: found.expected_range }
    }
}

/// Months to show with what is strange among them. The findings of [`anomaly::expenses`](crate::anomaly::expenses) and
/// [`anomaly::income`](crate::anomaly::income) may be given as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnomalyChart {
    /// What the months are of, such as a category's name.
    pub name: String,
    /// The months.
    pub history: MonthlySeries,
    /// Those that are strange; months that are not shown are passed over.
    pub anomalies: Vec<StrangeMonth>,
    /// Another title than the name.
    #[serde(default)]
    pub title: Option<String>,
}

impl AnomalyChart {
    /// A picture of months under a name.
    pub const fn new(name: String, history: MonthlySeries, anomalies: Vec<StrangeMonth>) -> Self {
        Self { name, history, anomalies, title: None }
    }

    /// The strange months that are shown.
    fn strange(&self, shown: &MonthlySeries) -> impl Iterator<Item = &StrangeMonth> {
        let (first, last) = (shown.first, shown.last());
        self.anomalies.iter().filter(move |found| (first..=last).contains(&found.month))
    }
}

pub(super) fn words(chart: &AnomalyChart, options: &Options) -> (String, String) {
    let language = options.language;
    let shown = chart.history.tail(options.months);
    let title = chart.title.clone().unwrap_or_else(|| {
        let name = chart.name.trim();
        if name.is_empty() { either(language, "Bulan yang tidak biasa", "Strange months").into() } else { name.into() }
    });
    if shown.values.is_empty() {
        return (title, super::words::nothing(language).into());
    }
    let head = either(language, "Jumlah per bulan", "Amounts by month");
    let mut text = format!("{head} {}.", span(shown.first, shown.last(), language));
    for found in chart.strange(&shown) {
        let expected = range(found.expected_range.min.to_f64(), found.expected_range.max.to_f64(), language);
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            " {} {} ({} {expected}).",
            either(language, "Tidak biasa:", "Strange:"),
            amount_of(found.month, found.amount.to_f64(), language),
            either(language, "biasanya", "expected")
        );
    }
    if chart.strange(&shown).next().is_none() {
        text.push_str(either(language, " Tidak ada bulan yang tidak biasa.", " No month is strange."));
    }
    (title, text)
}

pub(super) fn draw(chart: &AnomalyChart, options: &Options) -> String {
    let (words, language) = (words(chart, options), options.language);
    let shown = chart.history.tail(options.months);
    if shown.values.iter().all(|value| !value.is_finite()) {
        return nothing(&words, options);
    }
    let strange: Vec<StrangeMonth> = chart.strange(&shown).copied().collect();
    let mut values = shown.values.clone();
    values.extend(strange.iter().flat_map(|found| {
        [found.amount.to_f64(), found.expected_range.min.to_f64().max(0.0), found.expected_range.max.to_f64()]
    }));
    let mut keys = vec![(Mark::Area(SKY, 1.0), either(language, "tercatat", "recorded").into())];
    if !strange.is_empty() {
        keys.push((Mark::Diamond(RED), either(language, "tidak biasa", "strange").into()));
        keys.push((Mark::Area(BLUE, 1.0), either(language, "rentang biasa", "expected range").into()));
    }
    let (first, count) = (shown.first, shown.values.len());
    let title = match strange.as_slice() {
        [one] if chart.title.is_none() => format!("{} – {}", words.0, month_long(one.month, language)),
        _ => words.0.clone(),
    };
    let layout = Layout { title: &title, keys, values, first, count, ramadan: false, foot: 0.0 };
    let mut plot = Plot::new(layout, options);
    for (month, value) in shown.iter().filter(|(_, value)| value.is_finite()) {
        plot.column(month, (0.0, value), 0.7, SKY, 1.0);
    }
    for found in strange {
        let (low, high) = (found.expected_range.min.to_f64(), found.expected_range.max.to_f64());
        // Below zero nothing is spent, however wide the range is.
        plot.column(found.month, (low.max(0.0).min(high), high), 0.3, BLUE, 1.0);
        let at = plot.place(found.month, found.amount.to_f64());
        plot.canvas.diamond(at, RED);
    }
    plot.canvas.finish(&words)
}
