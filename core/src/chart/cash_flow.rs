//! The balance to come, with its interval and the chance that it ends below zero.

use super::Options;
use super::canvas::{Anchor, BLUE, GREY, RED, SKY, fitted};
use super::plot::{Layout, MARGIN, Mark, Plot, SMALL, nothing};
use super::words::{amount_of, either, percent, range};
use crate::forecast::{CashFlow, CashFlowOptions, SimulatedMonth};
use crate::model::Rupiah;
use serde::{Deserialize, Serialize};

/// The most months that are shown: two years.
const MOST: usize = 24;
/// Two lines below the months: what is written there, and the chances.
const FOOT: f64 = 40.0;

/// A cash flow to show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CashFlowChart {
    /// The months to come, with chances.
    pub cash_flow: CashFlow,
    /// The chance of a shortfall from which on it is marked, 0 to 1; 0.2 when left out, as in
    /// [`CashFlowOptions::shortfall_limit`].
    #[serde(default = "limit")]
    pub limit: f64,
    /// What is there today.
    #[serde(default)]
    pub balance: Option<Rupiah>,
    /// Another title than the usual one.
    #[serde(default)]
    pub title: Option<String>,
}

fn limit() -> f64 {
    CashFlowOptions::default().shortfall_limit
}

impl CashFlowChart {
    /// A picture of a cash flow; chances are marked from one in five on.
    pub fn new(cash_flow: CashFlow) -> Self {
        Self { cash_flow, limit: limit(), balance: None, title: None }
    }

    fn months(&self) -> &[SimulatedMonth] {
        &self.cash_flow.months[..self.cash_flow.months.len().min(MOST)]
    }
}

pub(super) fn words(chart: &CashFlowChart, options: &Options) -> (String, String) {
    let language = options.language;
    let usual = either(language, "Saldo kas ke depan", "Cash balance ahead");
    let mut lines = Vec::new();
    if let Some(balance) = chart.balance {
        let amount = crate::message::rupiah_short(balance.to_f64(), language);
        lines.push(format!("{} {amount}", either(language, "Saldo hari ini", "Balance today")));
    }
    for month in chart.months() {
        lines.push(format!(
            "{} ({}: {}), {} {}",
            amount_of(month.expected.month, month.expected.predicted_balance.to_f64(), language),
            percent(chart.cash_flow.level),
            range(month.balance_lower.to_f64(), month.balance_upper.to_f64(), language),
            either(language, "peluang kekurangan dana", "chance of a shortfall"),
            percent(month.shortfall)
        ));
    }
    let text = if chart.months().is_empty() {
        super::words::nothing(language).into()
    } else {
        format!("{}.", lines.join("; "))
    };
    (chart.title.clone().unwrap_or_else(|| usual.into()), text)
}

pub(super) fn draw(chart: &CashFlowChart, options: &Options) -> String {
    let (words, language) = (words(chart, options), options.language);
    let months = chart.months();
    let Some(first) = months.iter().map(|month| month.expected.month).min() else { return nothing(&words, options) };
    let ends = |month: &SimulatedMonth| (month.balance_lower.to_f64(), month.balance_upper.to_f64());
    let balance = |month: &SimulatedMonth| month.expected.predicted_balance.to_f64();
    let mut values: Vec<f64> = months.iter().flat_map(|month| [ends(month).0, balance(month), ends(month).1]).collect();
    values.extend(chart.balance.map(Rupiah::to_f64));
    let keys = vec![
        (Mark::Dashed, either(language, "saldo perkiraan", "expected balance").into()),
        (Mark::Area(SKY, 0.4), percent(chart.cash_flow.level)),
    ];
    let layout = Layout { title: &words.0, keys, values, first, count: months.len(), ramadan: false, foot: FOOT };
    let mut plot = Plot::new(layout, options);
    for month in months {
        plot.column(month.expected.month, ends(month), 0.6, SKY, 0.4);
    }
    let mut line: Vec<(f64, f64)> =
        months.iter().map(|month| plot.place(month.expected.month, balance(month))).collect();
    let dots = line.clone();
    if let Some(balance) = chart.balance {
        // Today lies before the first month.
        let at = (plot.months.at(first) - plot.months.slot() / 2.0, plot.scale.at(balance.to_f64()));
        line.insert(0, at);
    }
    plot.canvas.path(&line, BLUE, true);
    for at in dots {
        plot.canvas.dot(at, BLUE, true);
    }
    let heading = either(language, "Peluang kekurangan dana:", "Chance of a shortfall:");
    let y = plot.bottom + 34.0 + 17.0;
    let heading = fitted(heading, SMALL, f64::from(options.width) - 2.0 * MARGIN);
    plot.canvas.text((MARGIN, y), Anchor::Start, SMALL, GREY, &heading);
    for month in plot.months.labelled(60.0) {
        let Some(month) = months.iter().find(|row| row.expected.month == month) else { continue };
        let danger = month.shortfall >= chart.limit;
        let text = format!("{}{}", if danger { "▲ " } else { "" }, percent(month.shortfall));
        let at = (plot.months.at(month.expected.month), y + 18.0);
        plot.canvas.text(at, Anchor::Middle, SMALL, if danger { RED } else { GREY }, &text);
    }
    plot.canvas.finish(&words)
}
