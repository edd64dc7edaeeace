//! The elements of SVG that pictures are made of, written with escaped texts and finite numbers.

use std::fmt::Write;

/// Almost black, for texts.
pub(super) const INK: &str = "#1b1b1b";
/// Grey for what matters less; 7:1 against white.
pub(super) const GREY: &str = "#595959";
/// The grid.
pub(super) const GRID: &str = "#dcdcdc";
/// Okabe & Ito's blue: what was, and what is expected.
pub(super) const BLUE: &str = "#0072b2";
/// Their sky blue: intervals.
pub(super) const SKY: &str = "#56b4e9";
/// Their vermilion, darkened to 4.5:1 against white, since it is also the colour of letters: danger.
pub(super) const RED: &str = "#b34700";
/// Their orange: Ramadan.
pub(super) const ORANGE: &str = "#e69f00";
/// The size of letters.
pub(super) const LETTERS: f64 = 14.0;
/// The size of the title's letters.
pub(super) const TITLE: f64 = 17.0;
/// The family that PNGs are drawn with, and those that look alike elsewhere.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Where a text stands from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A sheet that is drawn on.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

impl Canvas {
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self { width: width.into(), height: height.into(), body: String::new() }
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.body, "  {element}");
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str, opacity: f64) {
        let (x, y, width, height) = (near(x), near(y), near(width.max(0.0)), near(height.max(0.0)));
        let opacity = near(opacity);
        self.element(format_args!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" fill-opacity="{opacity}"/>"#
        ));
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        let (x1, y1, x2, y2, width) = (near(from.0), near(from.1), near(to.0), near(to.1), near(width));
        self.element(format_args!(
            r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="{width}"/>"#
        ));
    }

    /// A line through points; dashed for what is not certain. Fewer than two points draw nothing.
    pub(super) fn path(&mut self, points: &[(f64, f64)], colour: &str, dashed: bool) {
        if points.len() < 2 {
            return;
        }
        let mut steps = String::new();
        for (i, &(x, y)) in points.iter().enumerate() {
            let _ = write!(steps, "{}{} {}", if i == 0 { "M" } else { " L" }, near(x), near(y));
        }
        let dash = if dashed { r#" stroke-dasharray="6 4""# } else { "" };
        self.element(format_args!(
            r#"<path d="{steps}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-linejoin="round"{dash}/>"#
        ));
    }

    /// A dot; hollow for what is not certain.
    pub(super) fn dot(&mut self, at: (f64, f64), colour: &str, hollow: bool) {
        let (x, y) = (near(at.0), near(at.1));
        let (fill, radius) = if hollow { ("#ffffff", 4) } else { (colour, 3) };
        self.element(format_args!(
            r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="{colour}" stroke-width="2"/>"#
        ));
    }

    /// A diamond, for what is strange.
    pub(super) fn diamond(&mut self, at: (f64, f64), colour: &str) {
        let (x, y) = at;
        let (left, right, top, bottom) = (near(x - 6.0), near(x + 6.0), near(y - 6.0), near(y + 6.0));
        let (x, y) = (near(x), near(y));
        self.element(format_args!(
            "<path d=\"M{x} {top} L{right} {y} L{x} {bottom} L{left} {y} Z\" fill=\"{colour}\" stroke=\"#ffffff\"/>"
        ));
    }

    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, size: f64, colour: &str, text: &str) {
        let (x, y, size, text) = (near(at.0), near(at.1), near(size), escaped(text));
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        self.element(format_args!(r#"<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{anchor}>{text}</text>"#));
    }

    /// The whole picture with its words.
    pub(super) fn finish(self, (title, description): &(String, String)) -> String {
        let Self { width, height, body } = self;
        let (title, description) = (escaped(title), escaped(description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"{FAMILY}\">\n  <title>{title}</title>\n  <desc>{description}</desc>\n  \
             <rect x=\"0\" y=\"0\" width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        )
    }
}

/// A coordinate to a tenth, never further out than any sheet and never anything but a number.
fn near(value: f64) -> f64 {
    if value.is_nan() {
        return 0.0;
    }
    // Adding zero makes a negative zero a positive one.
    (value.clamp(-10_000.0, 10_000.0) * 10.0).round() / 10.0 + 0.0
}

/// A text as it may stand in XML: its signs escaped, and without what XML does not allow.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            // These would turn the text around them.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c => out.push(c),
        }
    }
    out
}

/// About how wide a text is: `DejaVu` Sans, rounded up a little. Without the font, so that SVG needs none.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    let share = |c: char| match c {
        ' ' | '.' | ',' | ':' | ';' | 'i' | 'j' | 'l' | '|' | '\'' | '(' | ')' => 0.36,
        'f' | 'r' | 't' | '-' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.98,
        'A'..='Z' => 0.74,
        c if (c as u32) < 0x250 => 0.64,
        _ => 1.0,
    };
    text.chars().map(share).sum::<f64>() * size
}

/// The text, cut with an ellipsis where it is wider than there is room.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> String {
    if width_of(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width_of(&kept, size) + size > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}
