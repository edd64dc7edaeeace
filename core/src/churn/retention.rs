//! Retention as the sector counts it (Fundraising Effectiveness Project, AFP): who gave last year, and again this year.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonorId, Rupiah, YearlyGiving};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Where a donor stands in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Gave for the first time.
    New,
    /// Gave in the year before too.
    Retained,
    /// Gave before, not in the year before, and again now.
    Recaptured,
    /// LYBUNT: gave last year but unfortunately not this.
    Lybunt,
    /// SYBUNT: gave in some year before the last, but unfortunately not since.
    Sybunt,
}

/// Standing of each donor who gave up to the end of a year, ascending by donor; both columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standings {
    /// The year.
    pub year: i16,
    /// The donor.
    pub donor: Vec<DonorId>,
    /// The standing.
    pub standing: Vec<Standing>,
}

/// One year's retention. Rates are shares from 0 to 1; `None` where there was nobody to retain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearRetention {
    /// The year.
    pub year: i16,
    /// Donors who gave in it.
    pub donors: u64,
    /// Of those, who gave for the first time.
    pub new: u64,
    /// Who gave in the year before too.
    pub retained: u64,
    /// Who came back after a year or more without.
    pub recaptured: u64,
    /// Donors of the year before who did not give: LYBUNT.
    pub lapsed: u64,
    /// Of the retained, who gave more than in the year before.
    pub upgraded: u64,
    /// Who gave less.
    pub downgraded: u64,
    /// Who gave the same.
    pub same: u64,
    /// Retained over donors of the year before.
    pub retention: Option<f64>,
    /// The same of those who were new in the year before.
    pub first_time_retention: Option<f64>,
    /// The same of the others.
    pub repeat_retention: Option<f64>,
    /// Recaptured over all who had given before but not in the year before.
    pub recapture: Option<f64>,
    /// Rupiah of the retained over all rupiah of the year before.
    pub value_retention: Option<f64>,
}

/// How many of the donors who began in a year gave in each of the years after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// The year of the first gift.
    pub year: i16,
    /// Donors.
    pub donors: u64,
    /// Who gave in the first, second … year after.
    pub gave: Vec<u64>,
}

/// Retention by the gifts that donors had given by the end of the year before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountRetention {
    /// From so many gifts.
    pub from: u32,
    /// To so many; `None` without a bound.
    pub to: Option<u32>,
    /// Donors of a year, over all years with one after it.
    pub donors: u64,
    /// Who gave in the year after.
    pub retained: u64,
    /// The share; `None` without donors.
    pub retention: Option<f64>,
}

/// Retention of all whole years.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// By year, ascending, from the first year with a gift.
    pub years: Vec<YearRetention>,
    /// By the year in which donors began.
    pub cohorts: Vec<Cohort>,
    /// By gifts so far: one, two, three to six, seven or more.
    pub by_gifts: Vec<CountRetention>,
}

/// Bounds of gifts so far, as the sector tabulates them.
const BANDS: [(u32, Option<u32>); 4] = [(1, Some(1)), (2, Some(2)), (3, Some(6)), (7, None)];

/// The rows of each donor, checked to be ascending.
fn donors(giving: &YearlyGiving) -> Result<Vec<Range<usize>>> {
    let n = giving.len();
    if [giving.year.len(), giving.count.len(), giving.total.len()] != [n; 3] {
        return Err(Error::new(ErrorKind::InvalidInput, "the columns of yearly giving differ in length"));
    }
    let key = |row: usize| (giving.donor[row], giving.year[row]);
    if let Some(row) = (1..n).find(|&row| key(row) <= key(row - 1)) {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "yearly giving must be ascending by donor and year, each once",
        )
        .context("row", row));
    }
    let mut found = Vec::new();
    let mut start = 0;
    for row in 1..=n {
        if row == n || giving.donor[row] != giving.donor[start] {
            found.push(start..row);
            start = row;
        }
    }
    Ok(found)
}

/// Retention tables over whole years: rows of years after `last_year` (the running one, usually) are left out.
///
/// # Errors
///
/// `invalid_input` for columns of unequal lengths or not ascending.
pub fn retention(giving: &YearlyGiving, last_year: i16) -> Result<Retention> {
    let donors = donors(giving)?;
    let Some(&first_year) = giving.year.iter().filter(|&&year| year <= last_year).min() else {
        return Ok(Retention::default());
    };
    let place = |year: i16| usize::from((year - first_year).unsigned_abs());
    let span = place(last_year) + 1;
    let mut years = vec![Tally::default(); span];
    let mut cohorts: Vec<Cohort> = (first_year..=last_year)
        .map(|year| Cohort { year, donors: 0, gave: vec![0; place(last_year) - place(year)] })
        .collect();
    let mut bands = BANDS.map(|(from, to)| CountRetention { from, to, ..CountRetention::default() });
    for rows in donors {
        let rows = rows.start..rows.start + giving.year[rows.clone()].partition_point(|&year| year <= last_year);
        if rows.is_empty() {
            continue;
        }
        let began = giving.year[rows.start];
        cohorts[place(began)].donors += 1;
        let mut gifts_so_far = 0_u32;
        for row in rows.clone() {
            let (year, here) = (giving.year[row], place(giving.year[row]));
            years[here].donors += 1;
            years[here].total += giving.total[row].to_f64();
            gifts_so_far = gifts_so_far.saturating_add(giving.count[row]);
            let before = (row > rows.start).then(|| giving.year[row - 1]);
            match before {
                None => years[here].new += 1,
                Some(before) if before == year - 1 => {
                    years[here].retained(began == before, giving.total[row - 1], giving.total[row]);
                    cohorts[place(began)].gave[place(year) - place(began) - 1] += 1;
                }
                Some(before) => {
                    years[here].recaptured += 1;
                    cohorts[place(began)].gave[place(year) - place(began) - 1] += 1;
                    // Away in every year between.
                    for away in before + 2..=year {
                        years[place(away)].away += 1;
                    }
                }
            }
            if year < last_year {
                let again = row + 1 < rows.end && giving.year[row + 1] == year + 1;
                let band = bands
                    .iter_mut()
                    .find(|band| gifts_so_far >= band.from && band.to.is_none_or(|to| gifts_so_far <= to));
                if let Some(band) = band {
                    band.donors += 1;
                    band.retained += u64::from(again);
                }
            }
        }
        for away in giving.year[rows.end - 1] + 2..=last_year {
            years[place(away)].away += 1;
        }
    }
    for band in &mut bands {
        band.retention = share(band.retained, band.donors);
    }
    let years =
        (0..span).map(|i| years[i].figures(first_year + i as i16, i.checked_sub(1).map(|i| &years[i]))).collect();
    Ok(Retention { years, cohorts, by_gifts: bands.to_vec() })
}

/// Counts of one year.
#[derive(Clone, Copy, Default)]
struct Tally {
    donors: u64,
    new: u64,
    recaptured: u64,
    /// Had given before, but not in the year before: whom the year could win back.
    away: u64,
    first_time: u64,
    repeat: u64,
    upgraded: u64,
    downgraded: u64,
    total: f64,
    total_of_retained: f64,
}

impl Tally {
    fn retained(&mut self, first_time: bool, before: Rupiah, now: Rupiah) {
        *(if first_time { &mut self.first_time } else { &mut self.repeat }) += 1;
        self.upgraded += u64::from(now > before);
        self.downgraded += u64::from(now < before);
        self.total_of_retained += now.to_f64();
    }

    fn figures(&self, year: i16, before: Option<&Self>) -> YearRetention {
        let none = Self::default();
        let before = before.unwrap_or(&none);
        let retained = self.first_time + self.repeat;
        YearRetention {
            year,
            donors: self.donors,
            new: self.new,
            retained,
            recaptured: self.recaptured,
            lapsed: before.donors - retained,
            upgraded: self.upgraded,
            downgraded: self.downgraded,
            same: retained - self.upgraded - self.downgraded,
            retention: share(retained, before.donors),
            first_time_retention: share(self.first_time, before.new),
            repeat_retention: share(self.repeat, before.donors - before.new),
            recapture: share(self.recaptured, self.away),
            value_retention: (before.total > 0.0).then(|| self.total_of_retained / before.total),
        }
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Where every donor who gave up to the end of `year` stands in it. For the running year LYBUNT means "not yet".
///
/// # Errors
///
/// `invalid_input` for columns of unequal lengths or not ascending.
pub fn standings(giving: &YearlyGiving, year: i16) -> Result<Standings> {
    let mut found = Standings { year, ..Standings::default() };
    for rows in donors(giving)? {
        let years = &giving.year[rows.start..rows.start + giving.year[rows.clone()].partition_point(|&y| y <= year)];
        let standing = match years {
            [] => continue,
            [.., last] if *last == year - 1 => Standing::Lybunt,
            [.., last] if *last < year => Standing::Sybunt,
            [_] => Standing::New,
            [.., before, _] if *before == year - 1 => Standing::Retained,
            [..] => Standing::Recaptured,
        };
        found.donor.push(giving.donor[rows.start]);
        found.standing.push(standing);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Donor, year, gifts, rupiah.
    fn giving(rows: &[(u64, i16, u32, i64)]) -> YearlyGiving {
        YearlyGiving {
            donor: rows.iter().map(|row| DonorId(row.0)).collect(),
            year: rows.iter().map(|row| row.1).collect(),
            count: rows.iter().map(|row| row.2).collect(),
            total: rows.iter().map(|row| Rupiah::new(row.3)).collect(),
        }
    }

    /// Five donors over four years, counted by hand.
    #[test]
    fn five_donors() {
        use Standing::{Lybunt, New, Recaptured, Retained, Sybunt};
        let giving = giving(&[
            (1, 2021, 1, 100),
            (1, 2022, 2, 300),
            (1, 2023, 1, 300),
            (2, 2021, 1, 50),
            (2, 2024, 1, 60),
            (3, 2022, 6, 600),
            (3, 2023, 6, 500),
            (3, 2024, 2, 900),
            (4, 2022, 1, 10),
            (5, 2024, 1, 10),
        ]);
        let found = retention(&giving, 2024).unwrap();
        let year = |year: i16| found.years[usize::from((year - 2021).unsigned_abs())];
        assert_eq!((year(2021).donors, year(2021).new, year(2021).retention), (2, 2, None));
        let y = year(2022);
        assert_eq!((y.donors, y.new, y.retained, y.recaptured, y.lapsed), (3, 2, 1, 0, 1));
        assert_eq!((y.retention, y.first_time_retention, y.repeat_retention), (Some(0.5), Some(0.5), None));
        assert_eq!((y.upgraded, y.downgraded, y.same, y.value_retention), (1, 0, 0, Some(2.0)));
        let y = year(2023);
        assert_eq!((y.donors, y.retained, y.lapsed, y.upgraded, y.downgraded, y.same), (2, 2, 1, 0, 1, 1));
        // Donor 3 of the two who were new in 2022; donor 1 of the one who was not; donor 2 could have been won back.
        assert_eq!((y.first_time_retention, y.repeat_retention, y.recapture), (Some(0.5), Some(1.0), Some(0.0)));
        let y = year(2024);
        assert_eq!((y.donors, y.new, y.retained, y.recaptured, y.lapsed), (3, 1, 1, 1, 1));
        // Donors 2 and 4 were away in 2023.
        assert_eq!((y.recapture, y.repeat_retention), (Some(0.5), Some(0.5)));

        let cohort: Vec<_> = found.cohorts.iter().map(|c| (c.year, c.donors, c.gave.clone())).collect();
        assert_eq!(cohort[0], (2021, 2, vec![1, 1, 1]));
        assert_eq!(cohort[1], (2022, 2, vec![1, 1]));
        assert_eq!(cohort[3], (2024, 1, vec![]));
        let gifts: Vec<_> = found.by_gifts.iter().map(|band| (band.donors, band.retained)).collect();
        // One gift: 1 and 2 in 2021, 4 in 2022. Three to six: 1 in 2022 and 2023 (kept, lost), 3 in 2022. Twelve: 3 in 2023.
        assert_eq!(gifts, [(3, 1), (0, 0), (3, 2), (1, 1)]);

        assert_eq!(standings(&giving, 2024).unwrap().standing, [Lybunt, Recaptured, Retained, Sybunt, New]);
        assert_eq!(standings(&giving, 2022).unwrap().standing, [Retained, Lybunt, New, New]);
        let earlier = retention(&giving, 2022).unwrap();
        assert_eq!((earlier.years.len(), earlier.years[1]), (2, year(2022)));
    }

    #[test]
    fn nothing_and_nonsense() {
        assert_eq!(retention(&YearlyGiving::default(), 2024).unwrap(), Retention::default());
        assert_eq!(retention(&giving(&[(1, 2025, 1, 1)]), 2024).unwrap(), Retention::default());
        let twice = giving(&[(1, 2024, 1, 1), (1, 2024, 1, 1)]);
        assert_eq!(retention(&twice, 2024).unwrap_err().code(), "invalid_input");
        assert_eq!(standings(&twice, 2024).unwrap_err().code(), "invalid_input");
    }
}
