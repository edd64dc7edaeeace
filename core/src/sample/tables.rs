//! The rows of the small tables: categories, accounts, donors, children, registered numbers.

use super::cash::{ACCOUNTS, CATEGORIES};
use super::cell::{Cell, Row};
use super::names::{identity, whatsapp_number};
use super::options::SampleOptions;
use super::plan::Sample;
use super::rng::{Rng, Stream};
use super::truth::{Planted, Trap};
use super::window::{Day, instant};
use crate::model::Table;

/// The donors with difficult names, in the order of their keys, after the ordinary ones.
const DIFFICULT: [Trap; 6] =
    [Trap::Mojibake, Trap::LostCharacters, Trap::Emoji, Trap::Formatting, Trap::NoUpdatedAt, Trap::HugeKey];

/// The contact whose flag is 2.
const FLAG_TWO: u64 = 2;

/// The keys of the donors with difficult names; they are there when the sample has traps.
pub(super) fn difficult_donors(options: &SampleOptions) -> impl Iterator<Item = (u64, Trap)> + use<> {
    let donors = options.donors;
    (1..).zip(DIFFICULT).map(move |(i, trap)| {
        let key = if trap == Trap::HugeKey { (1 << 63) + 7 } else { donors + i };
        (key, trap)
    })
}

pub(super) fn categories() -> impl Iterator<Item = Row> {
    (1..).zip(CATEGORIES).map(|(id, category)| vec![Cell::Key(id), Cell::text(category.name)])
}

pub(super) fn accounts(sample: &Sample) -> impl Iterator<Item = Row> + '_ {
    let made = Cell::Instant(instant(sample.window.first(), 9 * 3_600));
    (1..).zip(ACCOUNTS).zip(sample.balances).map(move |((id, name), balance)| {
        let updated = Cell::Instant(sample.window.taken_at());
        vec![Cell::Key(id), Cell::text(name), Cell::Amount(balance), made.clone(), updated]
    })
}

pub(super) fn donors(sample: &Sample) -> impl Iterator<Item = Row> + '_ {
    let seed = sample.options.seed;
    let ordinary = (1..=sample.options.donors).map(move |id| {
        let who = identity(seed, id);
        let mut rng = Rng::keyed(seed, Stream::Donor, id, 1);
        let made = made_on(sample, sample.joined(id), &mut rng);
        let user = if rng.chance(0.2) { Cell::Key(id + 10) } else { Cell::Null };
        let note = if rng.chance(0.05) { Cell::text("Donatur tetap sejak pengajian") } else { Cell::Null };
        let (email, phone, address) = (who.email.into(), who.phone.into(), who.address.into());
        vec![Cell::Key(id), user, Cell::Text(who.name), email, phone, address, note, made.clone(), made]
    });
    let difficult = difficult_donors(&sample.options).filter(|_| sample.options.traps).map(move |(id, trap)| {
        let name = match trap {
            Trap::Mojibake => Cell::Mojibake { stored: "Ibu RenÃ©e", meant: "Ibu Renée" },
            Trap::LostCharacters => Cell::Damaged("Bapak ???? Santoso"),
            Trap::Emoji => Cell::text("Siti 🌙 Aminah 🤲🏽"),
            Trap::Formatting => Cell::text("*Hamba* _Allah_\n~{name}|~ https://contoh.example/'x'\\"),
            Trap::NoUpdatedAt => Cell::text("Pak Tanpa Waktu"),
            _ => Cell::text("Ibu Nomor Besar"),
        };
        let made = Cell::Instant(instant(sample.window.first(), 10 * 3_600));
        let updated = if trap == Trap::NoUpdatedAt { Cell::Null } else { made.clone() };
        let null = || Cell::Null;
        vec![Cell::Key(id), null(), name, null(), null(), null(), null(), made, updated]
    });
    ordinary.chain(difficult)
}

/// In office hours of a day, not after the end of the sample.
fn made_on(sample: &Sample, day: Day, rng: &mut Rng) -> Cell {
    Cell::Instant(instant(day, rng.between(8 * 3_600, 16 * 3_600)).min(sample.window.taken_at()))
}

/// Children in care, a few who left, and one who left without a date.
pub(super) fn children(sample: &Sample) -> impl Iterator<Item = Row> + '_ {
    let in_care = u64::from(sample.options.children);
    let left = in_care / 3 + 1;
    (1..=in_care + left).map(move |id| {
        let mut rng = Rng::keyed(sample.options.seed, Stream::Child, id, 0);
        let gone = id <= left;
        let first = sample.window.first();
        let entered = first - rng.between(30, 1_500) as Day;
        let leaves = first + rng.below((sample.window.last - first) as u64) as Day;
        let (status, leaves) = match (gone, id) {
            (true, 1) => ("KELUAR", Cell::Null),
            (true, _) => ("YATIM", Cell::Day(leaves)),
            _ => (rng.pick(&["YATIM", "PIATU", "YATIM_PIATU", "YATIM"]), Cell::Null),
        };
        let made = made_on(sample, entered.max(first - 700), &mut rng);
        let updated = match leaves {
            Cell::Day(day) => made_on(sample, day, &mut rng),
            _ => made.clone(),
        };
        let name = Cell::text(format!("Anak Asuh {id}"));
        vec![Cell::Key(id), name, Cell::text(status), Cell::Day(entered), leaves, made, updated]
    })
}

/// The first is Pak Budi's; the others belong to donors spread evenly over all.
pub(super) fn contacts(sample: &Sample) -> impl Iterator<Item = Row> + '_ {
    let SampleOptions { seed, donors, contacts, traps, .. } = sample.options;
    (1..=contacts).map(move |id| {
        let donor = 1 + (u128::from(id - 1) * u128::from(donors) / u128::from(contacts)) as u64;
        let mut rng = Rng::keyed(seed, Stream::Contact, id, 0);
        let flag = match id {
            1 => 1,
            FLAG_TWO if traps => 2,
            _ => u8::from(rng.chance(0.85)),
        };
        // The bot was introduced in the sample's last year.
        let registered = sample.joined(donor).max(sample.window.last - rng.below(360) as Day);
        let made = made_on(sample, registered, &mut rng);
        let verified = if flag == 0 { Cell::Null } else { made.clone() };
        let number = Cell::text(whatsapp_number(donor));
        vec![Cell::Key(id), Cell::Key(donor), number, Cell::Flag(flag), verified, made.clone(), made]
    })
}

/// The planted rows of these tables.
pub(super) fn planted(sample: &Sample) -> Vec<Planted> {
    let options = &sample.options;
    if !options.traps {
        return Vec::new();
    }
    let donors = difficult_donors(options).map(|(key, trap)| Planted { table: Table::Donors, key, trap });
    let flag = (options.contacts >= FLAG_TWO).then_some(Planted {
        table: Table::Contacts,
        key: FLAG_TWO,
        trap: Trap::FlagTwo,
    });
    donors.chain(flag).collect()
}
