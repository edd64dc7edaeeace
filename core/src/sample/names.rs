//! Names, numbers and addresses that look like a real charity's, and belong to nobody.

use super::rng::{Rng, Stream};
use std::borrow::Cow;

const MEN: &[&str] = &[
    "Ahmad", "Muhammad", "Agus", "Eko", "Hendra", "Bambang", "Joko", "Rudi", "Yusuf", "Slamet", "Imam", "Teguh",
    "Hasan", "Arif", "Fajar", "Bayu", "Taufik", "Gunawan", "Wahyu", "Zainal", "Didik", "Ridwan", "Irfan", "Abdul",
    "Dwi",
];
const MEN_STYLED: &[(u32, &str)] =
    &[(50, ""), (14, "Pak "), (16, "Bapak "), (10, "H. "), (4, "Ust. "), (3, "dr. "), (2, "Kel. ")];

const WOMEN: &[&str] = &[
    "Siti", "Dewi", "Sri", "Nur", "Rina", "Fitri", "Wati", "Lestari", "Endang", "Khadijah", "Ratna", "Aisyah", "Indah",
    "Maryam", "Yuliana", "Kartika", "Mega", "Sulastri", "Nanik", "Umi", "Halimah", "Anisa", "Tutik", "Puji", "Rohmah",
];
const WOMEN_STYLED: &[(u32, &str)] = &[(50, ""), (30, "Ibu "), (10, "Hj. "), (4, "Ustzh. "), (3, "dr. "), (2, "Bu ")];

const LAST: &[&str] = &[
    "Santoso",
    "Wijaya",
    "Rahman",
    "Hidayat",
    "Lestari",
    "Nugroho",
    "Saputra",
    "Setiawan",
    "Kusuma",
    "Utomo",
    "Fauzi",
    "Prasetyo",
    "Maulana",
    "Susanto",
    "Hakim",
    "Permata",
    "Siregar",
    "Purnomo",
    "Anwar",
    "Gunadi",
    "Kurniawan",
    "Suryadi",
    "Pratama",
    "Basuki",
    "Iskandar",
    "Harahap",
    "Widodo",
    "Firmansyah",
    "Yulianto",
    "Nasution",
    "Lubis",
    "Simatupang",
    "Halim",
    "Sutanto",
    "Irawan",
    "Wibowo",
    "Hartono",
    "Subagyo",
    "Mulyono",
    "Syahputra",
];

const STREETS: &[&str] =
    &["Melati", "Mawar", "Kenanga", "Diponegoro", "Ahmad Yani", "Pattimura", "Gajah Mada", "Cempaka"];
const TOWNS: &[&str] = &["Jombang", "Mojokerto", "Kediri", "Surabaya", "Nganjuk", "Malang", "Sidoarjo", "Lamongan"];

/// The WhatsApp number of Pak Budi, the first donor.
pub(super) const BUDI_NUMBER: &str = "6281234567890";

/// What one person looks like in the donor table.
pub(super) struct Identity {
    pub(super) name: Cow<'static, str>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) address: Option<String>,
}

pub(super) fn identity(seed: u64, donor: u64) -> Identity {
    if donor == 1 {
        return Identity {
            name: Cow::Borrowed("Pak Budi"),
            email: None,
            phone: Some("0812-3456-7890".into()),
            address: Some("Jl. Melati No. 1, Jombang".into()),
        };
    }
    let mut rng = Rng::keyed(seed, Stream::Donor, donor, 0);
    let (names, styles) = if rng.chance(0.5) { (MEN, MEN_STYLED) } else { (WOMEN, WOMEN_STYLED) };
    let first = rng.pick(names);
    // Many Javanese have one name only.
    let name = match rng.below(10) {
        0 => "Hamba Allah".to_owned(),
        1 | 2 => format!("{}{first}", rng.weighted(styles)),
        _ => format!("{}{first} {}", rng.weighted(styles), rng.pick(LAST)),
    };
    let email = rng.chance(0.3).then(|| format!("{}.{donor}@example.org", first.to_lowercase()));
    let phone = phone(&mut rng, &national_number(donor));
    let address =
        rng.chance(0.6).then(|| format!("Jl. {} No. {}, {}", rng.pick(STREETS), rng.between(1, 199), rng.pick(TOWNS)));
    Identity { name: Cow::Owned(name), email, phone, address }
}

/// The number without its country code, one for each donor: `810` and 8 digits. No operator has the prefix 0810.
fn national_number(donor: u64) -> String {
    // An odd factor that 5 does not divide permutes the numbers below 10⁸.
    format!("810{:08}", donor.wrapping_mul(38_196_601) % 100_000_000)
}

/// The WhatsApp number in its normal form.
pub(super) fn whatsapp_number(donor: u64) -> String {
    if donor == 1 { BUDI_NUMBER.into() } else { format!("62{}", national_number(donor)) }
}

/// A number as people type it, at most 20 characters; sometimes none, or none that can be called.
fn phone(rng: &mut Rng, n: &str) -> Option<String> {
    let (a, b, c) = (&n[..3], &n[3..7], &n[7..]);
    Some(match rng.below(100) {
        0..12 => return None,
        12 => "-".into(),
        13 => format!("0321-{b}"),
        14..40 => format!("0{a}{b}{c}"),
        40..56 => format!("0{a}-{b}-{c}"),
        56..68 => format!("+62 {a} {b} {c}"),
        68..78 => format!("62{a}{b}{c}"),
        78..86 => format!("+62{a}{b}{c}"),
        86..92 => format!("0{a} {b} {c}"),
        92..95 => format!("{a}{b}{c}"),
        95..97 => format!("0{a}.{b}.{c}"),
        _ => format!("(0{a}) {b}{c} WA"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_are_unique_and_fit_their_columns() {
        let numbers: HashSet<String> = (1..=50_000).map(whatsapp_number).collect();
        assert_eq!(numbers.len(), 50_000);
        let mut spellings = HashSet::new();
        for donor in 1..2_000 {
            let who = identity(7, donor);
            assert!(who.name.chars().count() <= 100);
            if let Some(phone) = who.phone {
                assert!(phone.len() <= 20, "{phone}");
                spellings.insert(phone.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>());
            }
        }
        assert!(spellings.len() >= 9, "{spellings:?}");
    }
}
