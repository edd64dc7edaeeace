//! Which of the exponential smoothing models.

/// How the error joins the forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// It is added.
    Additive,
    /// It is a share of the forecast.
    Multiplicative,
}

/// How the level moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trend {
    /// It stays.
    None,
    /// By the same amount each step.
    Additive,
    /// By an amount that shrinks step by step (Gardner & `McKenzie` 1985).
    Damped,
}

/// How the season joins the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Season {
    /// There is none.
    None,
    /// It is added.
    Additive,
    /// It multiplies.
    Multiplicative,
}

/// Error, trend and season of a model (Hyndman, Koehler, Snyder & Grose 2002). Multiplicative trends are left out:
/// their forecasts explode; and so is the multiplicative season with an additive error, whose variance is infinite
/// (Hyndman et al. 2008, chapter 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// How the error joins.
    pub(crate) error: Error,
    /// How the level moves.
    pub(crate) trend: Trend,
    /// How the season joins.
    pub(crate) season: Season,
}

impl Form {
    /// The form of letters such as `ANN`, `AAdN` or `MAM`; `None` for one that is not fitted.
    pub(crate) fn of(letters: &str) -> Option<Self> {
        let error = match letters.get(..1)? {
            "A" => Error::Additive,
            "M" => Error::Multiplicative,
            _ => return None,
        };
        let trend = match letters.get(1..letters.len() - 1)? {
            "N" => Trend::None,
            "A" => Trend::Additive,
            "Ad" => Trend::Damped,
            _ => return None,
        };
        let season = match letters.get(letters.len() - 1..)? {
            "N" => Season::None,
            "A" => Season::Additive,
            "M" => Season::Multiplicative,
            _ => return None,
        };
        let form = Self { error, trend, season };
        (form.error == Error::Multiplicative || form.season != Season::Multiplicative).then_some(form)
    }

    /// The letters: `ANN`, `AAdN`, `MAM`.
    pub(crate) fn letters(self) -> String {
        let error = if self.error == Error::Additive { "A" } else { "M" };
        let trend = match self.trend {
            Trend::None => "N",
            Trend::Additive => "A",
            Trend::Damped => "Ad",
        };
        let season = match self.season {
            Season::None => "N",
            Season::Additive => "A",
            Season::Multiplicative => "M",
        };
        [error, trend, season].concat()
    }

    /// How many smoothing weights it has, damping included.
    pub(super) fn weights(self) -> usize {
        let trend = match self.trend {
            Trend::None => 0,
            Trend::Additive => 1,
            Trend::Damped => 2,
        };
        1 + trend + usize::from(self.season != Season::None)
    }

    /// How many first states are free: the seasons of a period add up to a constant.
    pub(super) fn states(self, period: usize) -> usize {
        let season = if self.season == Season::None { 0 } else { period - 1 };
        1 + usize::from(self.trend != Trend::None) + season
    }
}
