//! Why something is strange, in a sentence.

use super::robust::Structure;
use serde::{Deserialize, Serialize};

/// A sentence in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// Indonesian.
    pub id: String,
    /// English.
    pub en: String,
}

impl Why {
    /// A month or an amount against what was expected of it. `p_value` is the chance of noise alone, where it is known.
    pub(super) fn unexpected(amount: f64, expected: f64, p_value: Option<f64>, others: Others) -> Self {
        let ((id, en), (others_id, others_en)) = (distance(amount, expected), others.words());
        let (chance_id, chance_en) = p_value.map_or_else(Default::default, chance);
        Self { id: format!("{id} dari {others_id}{chance_id}."), en: format!("{en} from {others_en}{chance_en}.") }
    }

    /// The same, and what had been taken into account.
    pub(super) fn with(mut self, structure: Structure) -> Self {
        let (mut id, mut en) = (Vec::new(), Vec::new());
        for (there, word_id, word_en) in [
            (structure.trend.is_some(), "tren", "trend"),
            (structure.season, "musim", "season"),
            (structure.ramadan.is_some(), "Ramadan", "Ramadan"),
            (structure.shift.is_some(), "pergeseran tingkat", "level shift"),
        ] {
            if there {
                id.push(word_id);
                en.push(word_en);
            }
        }
        if !id.is_empty() {
            self.id = format!("{} Sudah diperhitungkan: {}.", self.id, id.join(", "));
            self.en = format!("{} Taken into account: {}.", self.en, en.join(", "));
        }
        self
    }
}

/// What something was compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Others {
    /// Other months of the same series.
    Months(usize),
    /// Other gifts of the same donor.
    Gifts(usize),
}

impl Others {
    fn words(self) -> (String, String) {
        let s = |n: usize| if n == 1 { "" } else { "s" };
        match self {
            Self::Months(n) => (format!("{n} bulan lainnya"), format!("{n} other month{}", s(n))),
            Self::Gifts(n) => (format!("{n} donasi lainnya"), format!("{n} other gift{}", s(n))),
        }
    }
}

fn distance(amount: f64, expected: f64) -> (String, String) {
    let share = amount / expected;
    if !(expected > 0.0 && share.is_finite()) || amount <= 0.0 {
        return ("Jauh dari yang diperkirakan".into(), "Far from what was expected".into());
    }
    if share >= 3.0 {
        let times = format!("{share:.1}");
        return (
            format!("{} kali lipat dari yang diperkirakan", times.replace('.', ",")),
            format!("{times} times what was expected"),
        );
    }
    let per_cent = ((share - 1.0).abs() * 100.0).round();
    if share >= 1.0 {
        (format!("{per_cent}% di atas yang diperkirakan"), format!("{per_cent}% above what was expected"))
    } else {
        (format!("{per_cent}% di bawah yang diperkirakan"), format!("{per_cent}% below what was expected"))
    }
}

fn chance(p_value: f64) -> (String, String) {
    let one_in = (1.0 / p_value.max(1e-9)).round();
    if one_in > 10_000.0 {
        return ("; kebetulan hampir mustahil".into(), "; chance hardly ever does that".into());
    }
    // Two digits: a chance is not known better.
    let digits = 10f64.powf((one_in.log10().floor() - 1.0).max(0.0));
    let one_in = (one_in / digits).round() * digits;
    (
        format!("; secara kebetulan hanya sekitar 1 dari {one_in} yang sejauh itu"),
        format!("; by chance about 1 in {one_in} lies as far out"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let why = Why::unexpected(5.5e6, 3.1e6, Some(0.0043), Others::Months(3));
        assert_eq!(
            why.en,
            "77% above what was expected from 3 other months; by chance about 1 in 230 lies as far out."
        );
        assert_eq!(
            why.id,
            "77% di atas yang diperkirakan dari 3 bulan lainnya; secara kebetulan hanya sekitar 1 dari 230 yang \
             sejauh itu."
        );
        let season = why.with(Structure { season: true, trend: Some(1.0), ..Structure::default() });
        assert!(season.en.ends_with("Taken into account: trend, season.") && season.id.ends_with("tren, musim."));
        assert!(Why::unexpected(0.0, 5.0, None, Others::Gifts(1)).en.starts_with("Far from"));
        assert!(Why::unexpected(32.0, 10.0, None, Others::Months(4)).id.starts_with("3,2 kali lipat"));
    }
}
