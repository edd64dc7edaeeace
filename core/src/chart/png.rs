//! Pictures as PNG, drawn with a font of our own so that they are the same on every machine.

use super::{Chart, Options};
use crate::error::{Error, ErrorKind, Result};
use resvg::{tiny_skia, usvg};
use std::sync::Arc;

/// A subset of `DejaVu` Sans: Latin letters and the signs that pictures use. See `font/README.md`.
const FONT: &[u8] = include_bytes!("font/DejaVuSans-subset.ttf");

/// The picture as PNG, [`Options::scale`] pixels a unit.
///
/// # Errors
///
/// Those of [`svg`](super::svg).
pub fn png(chart: &Chart, options: &Options) -> Result<Vec<u8>> {
    let svg = super::svg(chart, options)?;
    let broken = |what: &str| Error::new(ErrorKind::Internal, format!("the picture cannot be {what}"));
    let mut reading = usvg::Options { font_family: "DejaVu Sans".into(), ..usvg::Options::default() };
    let fonts = Arc::make_mut(&mut reading.fontdb);
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let tree = usvg::Tree::from_str(&svg, &reading).map_err(|cause| broken("read").caused_by(cause))?;
    let pixels = |units: u16| (f32::from(units) * options.scale).round().max(1.0) as u32;
    let mut sheet =
        tiny_skia::Pixmap::new(pixels(options.width), pixels(options.height)).ok_or_else(|| broken("laid out"))?;
    let transform = tiny_skia::Transform::from_scale(options.scale, options.scale);
    resvg::render(&tree, transform, &mut sheet.as_mut());
    sheet.encode_png().map_err(|cause| broken("written").caused_by(cause))
}
