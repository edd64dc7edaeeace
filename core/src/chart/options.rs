//! How pictures are drawn.

use crate::calendar::hijri::Overrides;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Language;
use serde::{Deserialize, Serialize};

/// How to draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The language of titles, months and amounts.
    pub language: Language,
    /// Width in units of SVG, 320 to 2000; 480 by default, at which the letters (14 units) are 10 pixels high on a
    /// telephone that is 360 pixels wide.
    pub width: u16,
    /// Height in units of SVG, 240 to 2000; 320 by default, two thirds of the width.
    pub height: u16,
    /// Pixels of a PNG a unit of SVG, above 0 and up to 4; 2 by default, sharp on telephones and still small.
    pub scale: f32,
    /// How many months of history are shown, 1 to 120; 24 by default, so that each month of the year is there twice.
    pub months: usize,
    /// First days of Hijri months that were announced otherwise than Umm al-Qura has them.
    pub calendar: Overrides,
}

impl Default for Options {
    fn default() -> Self {
        let (language, calendar) = (Language::default(), Overrides::default());
        Self { language, width: 480, height: 320, scale: 2.0, months: 24, calendar }
    }
}

impl Options {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |why| Err(Error::new(ErrorKind::InvalidInput, why));
        if !(320..=2000).contains(&self.width) {
            return wrong("width must be 320 to 2000");
        }
        if !(240..=2000).contains(&self.height) {
            return wrong("height must be 240 to 2000");
        }
        if !(self.scale > 0.0 && self.scale <= 4.0) {
            return wrong("scale must be above 0 and at most 4");
        }
        if !(1..=120).contains(&self.months) {
            return wrong("months must be 1 to 120");
        }
        Ok(())
    }
}
