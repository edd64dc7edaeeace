//! What all pictures over months have in common: title, key, grid, months, Ramadan.

use super::Options;
use super::axis::{Months, Scale};
use super::canvas::{Anchor, BLUE, Canvas, GREY, GRID, INK, LETTERS, ORANGE, TITLE, fitted, width_of};
use super::words;
use crate::calendar::hijri::RAMADAN;
use crate::calendar::spans;
use crate::message::{month_short, rupiah_short};
use crate::model::Month;

/// The edge of the sheet that stays free.
pub(super) const MARGIN: f64 = 12.0;
/// The size of letters at axes and in keys.
pub(super) const SMALL: f64 = LETTERS - 1.0;
/// A line of the key.
const KEY_LINE: f64 = 20.0;
/// Two lines for month and year.
const MONTH_LINES: f64 = 34.0;
/// The room of a month's label.
const LABEL: f64 = 38.0;

/// How a thing looks, in the key.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// A line with filled dots.
    Line,
    /// A dashed line with hollow dots.
    Dashed,
    /// A filled area.
    Area(&'static str, f64),
    /// A diamond.
    Diamond(&'static str),
}

/// The title, and the height below it.
pub(super) fn title(canvas: &mut Canvas, title: &str, options: &Options) -> f64 {
    let room = f64::from(options.width) - 2.0 * MARGIN;
    canvas.text((MARGIN, MARGIN + TITLE), Anchor::Start, TITLE, INK, &fitted(title, TITLE, room));
    MARGIN + TITLE + 8.0
}

/// A picture of nothing: its title, and that there is nothing.
pub(super) fn nothing(text: &(String, String), options: &Options) -> String {
    let mut canvas = Canvas::new(options.width, options.height);
    title(&mut canvas, &text.0, options);
    let middle = (f64::from(options.width) / 2.0, f64::from(options.height) / 2.0);
    canvas.text(middle, Anchor::Middle, LETTERS, GREY, words::nothing(options.language));
    canvas.finish(text)
}

/// A picture over months: what is beneath the values is drawn, the values are the caller's to draw.
pub(super) struct Plot {
    pub(super) canvas: Canvas,
    pub(super) scale: Scale,
    pub(super) months: Months,
    pub(super) bottom: f64,
}

/// What a plot is laid out for.
pub(super) struct Layout<'a> {
    pub(super) title: &'a str,
    pub(super) keys: Vec<(Mark, String)>,
    pub(super) values: Vec<f64>,
    pub(super) first: Month,
    pub(super) count: usize,
    /// Mark the days of Ramadan.
    pub(super) ramadan: bool,
    /// Room that is kept free below the months.
    pub(super) foot: f64,
}

impl Plot {
    pub(super) fn new(layout: Layout<'_>, options: &Options) -> Self {
        let Layout { title: heading, mut keys, values, first, count, ramadan, foot } = layout;
        let (width, height) = (f64::from(options.width), f64::from(options.height));
        let mut canvas = Canvas::new(options.width, options.height);
        let last = first + (count.max(1) as i32 - 1);
        let ramadans =
            if ramadan { spans(RAMADAN, 0, first.first_day(), last.last_day(), &options.calendar) } else { Vec::new() };
        if !ramadans.is_empty() {
            keys.push((Mark::Area(ORANGE, 0.3), "Ramadan".into()));
        }
        let top = title(&mut canvas, heading, options);
        let top = key(&mut canvas, &keys, top, width) + 10.0;
        let bottom = (height - MARGIN - MONTH_LINES - foot).max(top + 20.0);
        // A tick every forty units keeps labels apart.
        let scale = Scale::over(values, ((bottom - top) / 40.0) as usize).between(top, bottom);
        let ticks: Vec<(f64, String)> =
            scale.ticks().into_iter().map(|tick| (tick, rupiah_short(tick, options.language))).collect();
        let widest = ticks.iter().map(|(_, text)| width_of(text, SMALL)).fold(0.0, f64::max);
        let left = MARGIN + widest.min(width / 3.0) + 8.0;
        let months = Months::new(first, count, left, width - MARGIN);
        for (from, to) in ramadans {
            let (from, to) = (months.day(from), months.day(to.tomorrow().unwrap_or(to)));
            canvas.rect(from, top, to - from, bottom - top, ORANGE, 0.3);
        }
        for (tick, text) in &ticks {
            let y = scale.at(*tick);
            let (colour, thick) = if *tick == 0.0 { (GREY, 1.5) } else { (GRID, 1.0) };
            canvas.line((left, y), (width - MARGIN, y), colour, thick);
            canvas.text((left - 8.0, y + SMALL / 3.0), Anchor::End, SMALL, GREY, text);
        }
        for (i, month) in months.labelled(LABEL).into_iter().enumerate() {
            let text = month_short(month, options.language);
            let (name, year) = text.split_once(' ').unwrap_or((&text, ""));
            let x = months.at(month);
            canvas.text((x, bottom + 17.0), Anchor::Middle, SMALL, GREY, name);
            if i == 0 || month.number() == 1 {
                canvas.text((x, bottom + 32.0), Anchor::Middle, SMALL, GREY, year);
            }
        }
        Self { canvas, scale, months, bottom }
    }

    /// Where a month's value is.
    pub(super) fn place(&self, month: Month, value: f64) -> (f64, f64) {
        (self.months.at(month), self.scale.at(value))
    }

    /// A column from one value to another in a month's slot, so wide a share of it.
    pub(super) fn column(&mut self, month: Month, (from, to): (f64, f64), share: f64, colour: &str, opacity: f64) {
        if !(from.is_finite() && to.is_finite()) {
            return;
        }
        let width = (self.months.slot() * share).min(40.0);
        let (high, low) = (self.scale.at(from.max(to)), self.scale.at(from.min(to)));
        // What has no height is shown all the same.
        let height = (low - high).max(1.5);
        self.canvas.rect(self.months.at(month) - width / 2.0, low - height, width, height, colour, opacity);
    }
}

/// The key in as many lines as it needs; the height below it.
fn key(canvas: &mut Canvas, keys: &[(Mark, String)], top: f64, width: f64) -> f64 {
    const SIGN: f64 = 24.0;
    let (mut x, mut y) = (MARGIN, top + SMALL);
    for (mark, text) in keys {
        let room = SIGN + 5.0 + width_of(text, SMALL) + 12.0;
        if x > MARGIN && x + room > width - MARGIN {
            (x, y) = (MARGIN, y + KEY_LINE);
        }
        let middle = y - SMALL / 3.0;
        match *mark {
            Mark::Line | Mark::Dashed => {
                let dashed = matches!(mark, Mark::Dashed);
                canvas.path(&[(x, middle), (x + SIGN, middle)], BLUE, dashed);
                canvas.dot((x + SIGN / 2.0, middle), BLUE, dashed);
            }
            Mark::Area(colour, opacity) => canvas.rect(x + 4.0, middle - 6.0, SIGN - 8.0, 12.0, colour, opacity),
            Mark::Diamond(colour) => canvas.diamond((x + SIGN / 2.0, middle), colour),
        }
        let text = fitted(text, SMALL, width - MARGIN - x - SIGN - 5.0);
        canvas.text((x + SIGN + 5.0, y), Anchor::Start, SMALL, INK, &text);
        x += room;
    }
    if keys.is_empty() { top } else { y + 4.0 }
}
