//! The gifts of one month, as rows.

use super::cell::{Cell, Row};
use super::people::{People, amount, in_steps};
use super::rng::{Rng, Stream};
use super::truth::Trap;
use super::window::{Day, Window, date_of, instant};
use crate::model::Rupiah;
use std::cmp::Ordering;

/// One donation.
#[derive(Clone, Debug)]
pub(super) struct Gift {
    pub(super) donor: Option<u64>,
    pub(super) day: Day,
    /// When the row was made, in seconds since 1970 UTC.
    pub(super) entered: i64,
    pub(super) amount: Rupiah,
    pub(super) received: bool,
    pub(super) online: bool,
    pub(super) trap: Option<Trap>,
    status: &'static str,
    /// Where a gift without a donor came from.
    origin: &'static str,
    /// Decides what is of no consequence.
    nonce: u64,
}

/// What the payment gateway wrote into the status column over the years. The rest of the orders was paid.
const STATUS: &[(u32, (&str, bool))] = &[
    (30, ("settlement", true)),
    (22, ("paid", true)),
    (10, ("PAID", true)),
    (8, ("success", true)),
    (3, ("Settlement", true)),
    (1, ("capture", true)),
    (11, ("pending", false)),
    (9, ("expired", false)),
    (1, ("EXPIRED", false)),
    (4, ("failed", false)),
    (1, ("Failed", false)),
];

const ORIGIN: &[(u32, &str)] = &[(55, "KOTAK_AMAL"), (30, "NON_DONATUR"), (12, "BANTUAN"), (3, "PROGRAM_UEP")];

/// The gifts of registered donors in a month, in the order of the donors.
pub(super) fn of_donors(people: &People, seed: u64, window: &Window, month: usize) -> Vec<Gift> {
    let last = people.joined_by(window, window.months[month].last);
    let mut gifts = Vec::new();
    for donor in 1..=last {
        let mut nth = 0;
        people.gives(window, month, donor, &mut |person, day| {
            let mut rng = Rng::keyed(seed, Stream::Gift, donor, (month as u64) << 8 | nth);
            nth += 1;
            let rupiah = amount(person, window.season(day), &mut rng);
            // The gateway was introduced in the second quarter of the sample.
            let online = month * 4 > window.months.len() && person.online && rng.chance(0.8);
            gifts.push(gift(window, Some(donor), "", day, rupiah, online, &mut rng));
        });
    }
    gifts
}

/// A gift without a donor: the charity box and institutions.
pub(super) fn without_donor(seed: u64, window: &Window, month: usize, index: u64) -> Gift {
    let mut rng = Rng::keyed(seed, Stream::Box, month as u64, index);
    let span = &window.months[month];
    let draw = |rng: &mut Rng| span.first + rng.below(span.days()) as Day;
    let (one, other) = (draw(&mut rng), draw(&mut rng));
    let day = if window.season(other) > window.season(one) { other } else { one };
    let origin = rng.weighted(ORIGIN);
    let rupiah = match origin {
        // The box is counted to the last coin.
        "KOTAK_AMAL" => rng.between(35, 900) * 1_000 + rng.between(0, 9) * 100,
        "NON_DONATUR" => in_steps(rng.between(10_000, 500_000)),
        _ => in_steps(rng.between(500_000, 4_000_000)),
    };
    gift(window, None, origin, day, rupiah, false, &mut rng)
}

fn gift(
    window: &Window,
    donor: Option<u64>,
    origin: &'static str,
    day: Day,
    rupiah: i64,
    online: bool,
    rng: &mut Rng,
) -> Gift {
    // The gateway writes at once, an administrator some days later in office hours.
    let (delay, second) = if online {
        (0, rng.between(5 * 3_600, 86_399))
    } else {
        (rng.weighted(&[(60, 0), (25, 1), (10, 2), (5, 4)]), rng.between(8 * 3_600, 16 * 3_600))
    };
    let entered = instant(day + delay, second).min(window.taken_at());
    let (status, received) =
        if online { rng.weighted(STATUS) } else { (rng.weighted(&[(94, "pending"), (6, "success")]), true) };
    // Some gateways add a unique code to the amount, and a few take their fee to the sen.
    let sen = if online { rng.weighted(&[(60, 0), (38, 100), (2, 50)]) * rng.between(1, 999) } else { 0 };
    let amount = Rupiah::from_sen(rupiah * 100 + sen);
    Gift { donor, day, entered, amount, received, online, trap: None, status, origin, nonce: rng.next() }
}

impl Gift {
    /// A row that an administrator typed in wrongly, or right for a donor with a difficult name.
    pub(super) fn planted(trap: Option<Trap>, donor: Option<u64>, window: &Window, month: usize, index: u64) -> Self {
        let span = &window.months[month];
        let mut rng = Rng::keyed(0, Stream::Gift, index, u64::MAX);
        let mut planted = gift(window, donor, "NON_DONATUR", span.first, 100_000, false, &mut rng);
        planted.trap = trap;
        match trap {
            Some(Trap::NegativeAmount) => planted.amount = Rupiah::new(-50_000),
            Some(Trap::AbsurdAmount) => planted.amount = Rupiah::from_sen(999_999_999_999_999),
            Some(Trap::FutureDate) => planted.day = window.last + 730,
            _ => {}
        }
        planted
    }

    /// The order in which rows were made.
    pub(super) fn by_entry(&self, other: &Self) -> Ordering {
        (self.entered, self.donor, self.nonce).cmp(&(other.entered, other.donor, other.nonce))
    }

    pub(super) fn row(&self, id: u64, window: &Window) -> Row {
        let mut rng = Rng::keyed(self.nonce, Stream::Gift, 0, 0);
        let date = date_of(self.day);
        let (method, channel) = if self.online {
            rng.weighted(&[
                (40, ("qris", "gopay")),
                (15, ("qris", "shopeepay")),
                (25, ("bank_transfer", "bca_va")),
                (15, ("bank_transfer", "bri_va")),
                (5, ("cstore", "indomaret")),
            ])
        } else {
            rng.weighted(&[(45, ("", "")), (35, ("Tunai", "")), (20, ("Transfer", "BSI"))])
        };
        let or_null = |text: &'static str| if text.is_empty() { Cell::Null } else { Cell::text(text) };
        let kind = match self.trap {
            Some(Trap::InvalidKind) => "",
            _ if self.donor.is_some() => "DONATUR_TETAP",
            _ => "NON_DONATUR",
        };
        let day = match self.trap {
            Some(Trap::ZeroDate) => Cell::ImpossibleDate("0000-00-00"),
            Some(Trap::ImpossibleDate) => Cell::ImpossibleDate("2024-02-00"),
            _ => Cell::Day(self.day),
        };
        let updated = match self.trap {
            Some(Trap::NoUpdatedAt) => Cell::Null,
            // The gateway's answer comes minutes later; one administrator's row in fifty is corrected within a month.
            _ if self.online => Cell::Instant((self.entered + rng.between(60, 3_600)).min(window.taken_at())),
            _ if rng.chance(0.02) => {
                Cell::Instant((self.entered + rng.between(3_600, 2_592_000)).min(window.taken_at()))
            }
            _ => Cell::Instant(self.entered),
        };
        let monthly = self.donor.is_some();
        vec![
            Cell::Key(id),
            if self.online { Cell::text(format!("DON-{}-{id}", self.entered)) } else { Cell::Null },
            Cell::text(kind),
            self.donor.map_or(Cell::Null, Cell::Key),
            if monthly { Cell::Null } else { Cell::text(self.origin) },
            if monthly { Cell::Integer(i32::from(date.month())) } else { Cell::Null },
            if monthly { Cell::Integer(i32::from(date.year())) } else { Cell::Null },
            Cell::Amount(self.amount),
            Cell::text(self.status),
            or_null(method),
            or_null(channel),
            day,
            Cell::Instant(self.entered),
            updated,
        ]
    }
}
