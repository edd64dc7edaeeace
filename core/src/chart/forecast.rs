//! Months that were, and months to come with their intervals.

use super::Options;
use super::canvas::{BLUE, SKY};
use super::plot::{Layout, Mark, Plot, nothing};
use super::words::{amount_of, either, percent, range, span};
use crate::forecast::{Forecast, Point};
use crate::model::{Language, Month, MonthlySeries, Rupiah};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// The most months to come that are shown: two years.
const MOST_AHEAD: usize = 24;

/// A forecast to show. Months with much of Ramadan are marked, because giving follows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastChart {
    /// The months that were.
    pub history: MonthlySeries,
    /// The months to come, with their intervals.
    pub forecast: Forecast,
    /// The same forecast with a narrower interval, drawn inside the other; left out where there is none.
    #[serde(default)]
    pub inner: Option<Forecast>,
    /// What the running month, the first to come, has brought so far.
    #[serde(default)]
    pub so_far: Option<Rupiah>,
    /// Another title than the usual one.
    #[serde(default)]
    pub title: Option<String>,
}

impl ForecastChart {
    /// A picture of a forecast and what it was made from.
    pub const fn new(history: MonthlySeries, forecast: Forecast) -> Self {
        Self { history, forecast, inner: None, so_far: None, title: None }
    }

    fn points(&self) -> &[Point] {
        &self.forecast.points[..self.forecast.points.len().min(MOST_AHEAD)]
    }

    /// Points of the inner forecast, where they are those of the same months.
    fn inner_points(&self) -> &[Point] {
        let points = self.inner.as_ref().map_or(&[][..], |inner| &inner.points);
        let same = points.first().map(|point| point.month) == self.forecast.points.first().map(|point| point.month);
        if same { &points[..points.len().min(MOST_AHEAD)] } else { &[] }
    }
}

pub(super) fn words(chart: &ForecastChart, options: &Options) -> (String, String) {
    let language = options.language;
    let usual = either(language, "Perkiraan donasi per bulan", "Forecast of donations by month");
    let mut text = String::new();
    let history = chart.history.tail(options.months);
    if let Some(&last) = history.values.last() {
        text = format!(
            "{} {}. {}.",
            either(language, "Donasi tercatat", "Recorded donations"),
            span(history.first, history.last(), language),
            amount_of(history.last(), last, language)
        );
    }
    let share = percent(chart.forecast.level);
    for (i, point) in chart.points().iter().enumerate() {
        let head = if i == 0 { either(language, " Perkiraan ", " Forecast, ") } else { "; " };
        let interval = range(point.lower, point.upper, language);
        let value = amount_of(point.month, point.value, language);
        // Writing to a text cannot fail.
        let _ = write!(text, "{head}{value} ({share}: {interval})");
    }
    if !chart.points().is_empty() {
        text.push('.');
    }
    if text.is_empty() {
        text = super::words::nothing(language).into();
    }
    (chart.title.clone().unwrap_or_else(|| usual.into()), text)
}

pub(super) fn draw(chart: &ForecastChart, options: &Options) -> String {
    let words = words(chart, options);
    let history = chart.history.tail(options.months);
    let known: Vec<(Month, f64)> = history.iter().filter(|(_, value)| value.is_finite()).collect();
    let (points, inner) = (chart.points(), chart.inner_points());
    let months = || known.iter().map(|(month, _)| *month).chain(points.iter().map(|point| point.month));
    let (Some(first), Some(last)) = (months().min(), months().max()) else { return nothing(&words, options) };
    // A forecast that does not follow its history, or is far from it, would leave the picture empty in between.
    let count = (last.since(first) as usize + 1).min(options.months + MOST_AHEAD);
    let so_far = chart.so_far.map(Rupiah::to_f64).zip(points.first().map(|point| point.month));
    let mut values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
    values.extend(points.iter().flat_map(|point| [point.lower, point.value, point.upper]));
    values.extend(so_far.map(|(value, _)| value));
    let mut plot = Plot::new(
        Layout { title: &words.0, keys: keys(chart, options.language), values, first, count, ramadan: true, foot: 0.0 },
        options,
    );
    for point in points {
        plot.column(point.month, (point.lower, point.upper), 0.8, SKY, 0.4);
    }
    for point in inner {
        plot.column(point.month, (point.lower, point.upper), 0.8, SKY, 0.8);
    }
    if let Some((value, month)) = so_far {
        plot.column(month, (0.0, value), 0.3, BLUE, 1.0);
    }
    let past: Vec<(f64, f64)> = known.iter().map(|&(month, value)| plot.place(month, value)).collect();
    let ahead: Vec<(f64, f64)> = points
        .iter()
        .filter(|point| point.value.is_finite())
        .map(|point| plot.place(point.month, point.value))
        .collect();
    let joined: Vec<(f64, f64)> = past.last().copied().into_iter().chain(ahead.iter().copied()).collect();
    plot.canvas.path(&past, BLUE, false);
    plot.canvas.path(&joined, BLUE, true);
    for at in past {
        plot.canvas.dot(at, BLUE, false);
    }
    for at in ahead {
        plot.canvas.dot(at, BLUE, true);
    }
    plot.canvas.finish(&words)
}

fn keys(chart: &ForecastChart, language: Language) -> Vec<(Mark, String)> {
    let mut keys = vec![
        (Mark::Line, either(language, "tercatat", "recorded").into()),
        (Mark::Dashed, either(language, "perkiraan", "forecast").into()),
    ];
    if !chart.inner_points().is_empty() {
        let level = chart.inner.as_ref().map_or(0.0, |inner| inner.level);
        keys.push((Mark::Area(SKY, 0.8), percent(level)));
    }
    keys.push((Mark::Area(SKY, 0.4), percent(chart.forecast.level)));
    if chart.so_far.is_some() {
        keys.push((Mark::Area(BLUE, 1.0), either(language, "sampai hari ini", "so far").into()));
    }
    keys
}
