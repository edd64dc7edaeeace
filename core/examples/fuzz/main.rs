//! Throws made-up input at the library and checks what must hold of every answer.
//!
//! `cargo run --example fuzz -- forecast 1000000 [seed]`, and so with `anomaly`, `chat`, `number` and (with the feature
//! `fonnte`) `webhook`. Case i of seed s is case 0 of
//! seed s + i, so a failure, which names its seed, is repeated by `fuzz forecast 1 <seed>`.
#![allow(clippy::disallowed_methods, reason = "a program, with arguments")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to whoever started it")]

#[cfg(feature = "fonnte")]
mod webhook;

use dermawan::bot::{Command, Number, Sender};
use dermawan::forecast::{CashFlowOptions, Event, Method, Options, Regressor, SoFar};
use dermawan::{CategoryId, CategoryMonth, Month, MonthlySeries, Rupiah, anomaly, forecast};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seed of the running case, for whoever reads of a panic.
static SEED: AtomicU64 = AtomicU64::new(0);

/// `SplitMix64` (Steele, Lea & Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mix = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mix = (mix ^ (mix >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mix ^ (mix >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

const METHODS: &[Method] = &[
    Method::Auto,
    Method::Ols,
    Method::MovingAverage,
    Method::Average,
    Method::Naive,
    Method::SeasonalNaive,
    Method::Drift,
    Method::Ses,
    Method::Ets,
    Method::EtsAverage,
    Method::DampedTrend,
    Method::Theta,
    Method::AdjustedTheta,
    Method::DynamicTheta,
    Method::Structural,
    Method::Reversion,
    Method::Croston,
    Method::CrostonSba,
    Method::Tsb,
];
const NASTY: &[f64] =
    &[0.0, -0.0, 1.0, -1.0, 1e-300, 5e-324, 1e99, 1e100, 1e101, -1e100, f64::MAX, f64::NAN, f64::INFINITY];

fn month(dice: &mut Dice) -> Month {
    let year = if dice.one_in(50) { dice.pick(&[1, 2, 9998, 9999]) } else { 1990 + dice.below(60) as i16 };
    let number = 1 + dice.below(12) as i8;
    Month::new(year, number).unwrap_or_else(|_| Month::of(date(2026, 1, 1)))
}

fn series(dice: &mut Dice) -> MonthlySeries {
    let months = if dice.one_in(20) { dice.below(200) } else { dice.below(48) };
    let (kind, size) = (dice.below(7), 10_f64.powi(dice.below(14) as i32));
    let (slope, season, spread) = (dice.unit() - 0.4, dice.unit(), dice.unit());
    let value = |t: u64, dice: &mut Dice| match kind {
        0 => dice.pick(NASTY),
        1 => size,
        2 if dice.one_in(3) => size * dice.unit(),
        2 => 0.0,
        3 => size * (dice.unit() - 0.5),
        4 => (size.ln() + 3.0 * (dice.unit() - 0.5)).exp() * if dice.one_in(15) { 1e3 } else { 1.0 },
        5 => size * if t < months / 2 { 1.0 + spread * dice.unit() } else { 5.0 + spread * dice.unit() },
        _ => {
            let wave = (t as f64 * std::f64::consts::TAU / 12.0).sin();
            size * (10.0 + slope * t as f64 / 6.0 + 4.0 * season * wave + spread * dice.unit())
        }
    };
    let mut values: Vec<f64> = (0..months).map(|t| value(t, dice)).collect();
    if !values.is_empty() && dice.one_in(10) {
        let place = dice.below(months) as usize;
        values[place] = dice.pick(NASTY);
    }
    MonthlySeries { first: month(dice), values }
}

fn options(series: &MonthlySeries, dice: &mut Dice) -> Options {
    let mut options = Options { method: dice.pick(METHODS), ..Options::default() };
    options.level = dice.pick(&[0.95, 0.8, 0.5, 0.999_9, 0.01, 0.0, 1.0]);
    options.hijri = !dice.one_in(4);
    options.non_negative = !dice.one_in(4);
    let within = |dice: &mut Dice| series.first + dice.below(series.values.len() as u64 + 4) as i32;
    if dice.one_in(6) {
        options.missing = (0..=dice.below(5)).map(|_| within(dice)).collect();
    }
    if dice.one_in(8) {
        options.events =
            vec![Event { name: "event".into(), months: (0..dice.below(4)).map(|_| within(dice)).collect() }];
    }
    if dice.one_in(8) {
        let months = series.values.len() as u64 + dice.below(6);
        let values = (0..months).map(|_| dice.unit() * 10.0).collect();
        options.regressors = vec![Regressor { name: "price".into(), first: series.first, values }];
    }
    if dice.one_in(10) {
        options.as_of = Some(within(dice).first_day());
    }
    options
}

type Outcome = Result<(), String>;

fn expected_error(error: &dermawan::Error) -> Outcome {
    let known = ["invalid_input", "not_enough_history"].contains(&error.code());
    if known { Ok(()) } else { Err(format!("the error {}", error.code())) }
}

fn forecasts(dice: &mut Dice) -> Outcome {
    let series = series(dice);
    let options = options(&series, dice);
    let horizon = dice.below(30) as u16;
    match forecast::fit(&series, &options) {
        Ok(fitted) => {
            let found = fitted.predict(horizon);
            for (point, parts) in found.points.iter().zip(&found.parts) {
                let sum = parts.level + parts.trend + parts.season + parts.hijri + parts.events + parts.remainder;
                let size: f64 = [parts.level, parts.trend, parts.season, parts.hijri, parts.events, point.value]
                    .iter()
                    .fold(0.0, |size, part| size.max(part.abs()));
                if !(point.value.is_finite() && point.lower.is_finite() && point.upper.is_finite()) {
                    return Err(format!("a point is not finite: {point:?}"));
                }
                if !(point.lower <= point.value && point.value <= point.upper) {
                    return Err(format!("a value outside its interval: {point:?}"));
                }
                if (sum - point.value).abs() > 1e-6 * size.max(1e-300) {
                    return Err(format!("parts that do not add up to {point:?}: {parts:?}"));
                }
                // What is not known is taken for nothing; a series that was never negative stays so.
                let negative = series.values.iter().any(|&value| value < 0.0);
                if options.non_negative && !negative && point.lower < 0.0 {
                    return Err(format!("below zero: {point:?}"));
                }
            }
            if fitted.predict(horizon) != found {
                return Err("another answer the second time".to_owned());
            }
        }
        Err(error) => expected_error(&error)?,
    }
    if !dice.one_in(10) {
        return Ok(());
    }
    // Now and then a cash flow with another series of the same end.
    let mut other = self::series(dice);
    other.first = series.last() - (other.values.len() as i32 - 1).max(0);
    let options = CashFlowOptions { draws: 100, seed: dice.next(), ..CashFlowOptions::default() };
    let so_far = dice.one_in(2).then(SoFar::default);
    match forecast::simulate_cash_flow(&series, &other, Rupiah::new(dice.below(1 << 40) as i64), so_far, &options) {
        Ok(flow) => {
            let chances = |chance: f64| (0.0..=1.0).contains(&chance);
            let good = flow.months.iter().all(|month| {
                chances(month.shortfall)
                    && chances(month.shortfall_by)
                    && month.balance_lower <= month.expected.predicted_balance
                    && month.expected.predicted_balance <= month.balance_upper
            });
            if good { Ok(()) } else { Err(format!("{flow:?}")) }
        }
        Err(error) => expected_error(&error),
    }
}

fn anomalies(dice: &mut Dice) -> Outcome {
    let as_of: Date = date(2026, 1, 1).saturating_add((dice.below(800) as i64).days());
    let mut rows = Vec::new();
    for category in 0..dice.below(6) {
        let size = 10_f64.powi(dice.below(12) as i32);
        let first = Month::of(as_of) - dice.below(60) as i32;
        for month in 0..dice.below(64) as i32 {
            if dice.one_in(12) {
                continue;
            }
            let wild = if dice.one_in(15) { dice.pick(&[0.0, 10.0, -1.0, 0.01, 1e5]) } else { 1.0 };
            let total = Rupiah::new((size * (0.7 + dice.unit()) * wild) as i64);
            rows.push(CategoryMonth { category: CategoryId(category), month: first + month, total, count: 1 });
        }
    }
    let mut options = anomaly::ExpenseOptions::default();
    if dice.one_in(3) {
        options.method = anomaly::Method::Zscore;
    }
    match anomaly::expenses(&rows, as_of, &options) {
        Ok(report) => {
            for found in &report.anomalies {
                let range = found.expected_range;
                if range.min > range.max || (range.min < found.amount && found.amount < range.max) {
                    return Err(format!("an anomaly within its range: {found:?}"));
                }
                if found.p_value.is_some_and(|p| !(0.0..=1.0).contains(&p)) || found.month >= Month::of(as_of) {
                    return Err(format!("{found:?}"));
                }
            }
            if report.shifts.iter().any(|shift| shift.factor <= 0.0 || !shift.factor.is_finite()) {
                return Err(format!("{:?}", report.shifts));
            }
            rows.reverse();
            let again = anomaly::expenses(&rows, as_of, &options).map_err(|error| error.to_string())?;
            if again == report { Ok(()) } else { Err("the order of the rows changes the answer".to_owned()) }
        }
        Err(error) => expected_error(&error),
    }
}

/// Pieces that texts are made of: words of the bot and what breaks parsers.
const PIECES: &[&str] = &[
    "saldo",
    "SALDO",
    "info",
    "dampak",
    "laporan",
    "risiko",
    "menu",
    "prediksi",
    "ringkasan",
    "daftar",
    "0812",
    "62",
    " ",
    "  ",
    "\n",
    "\t",
    "*",
    "_",
    "~",
    "`",
    "🌙",
    "👨‍👩‍👧",
    "\u{200B}",
    "\u{202E}",
    "é",
    "e\u{301}",
    "İ",
    "ß",
    "\u{0}",
    "\u{FEFF}",
    "؀",
    "123",
    "?",
    "!",
    "/",
    "{{",
    "%}",
    "'",
    "\\",
    "donasi saya",
    "terima kasih",
];

fn chat(dice: &mut Dice) -> Outcome {
    let text: String = (0..dice.below(14)).map(|_| dice.pick(PIECES)).collect();
    for administrator in [false, true] {
        let found = Command::parse(&text, administrator);
        // Space around a text and its letters' case change nothing.
        let padded = format!(" {}\n", text.to_ascii_uppercase());
        if found != Command::parse(&padded, administrator) {
            return Err(format!("{text:?} is {found:?}, but not with space around it and in capitals"));
        }
    }
    Ok(())
}

/// What numbers are made of, and what they are not.
const DIGITS: &[&str] = &[
    "0",
    "1",
    "2",
    "8",
    "08",
    "62",
    "628",
    "812",
    "3456",
    "7890",
    "00",
    "+",
    "-",
    " ",
    ".",
    "(",
    ")",
    "/",
    ":",
    ":7",
    "@",
    "@c.us",
    "@s.whatsapp.net",
    "@lid",
    "@g.us",
    "@newsletter",
    "@broadcast",
    "status",
    "a",
    "é",
    "٣",
    "８",
    "🌙",
    "\u{200E}",
    "\u{202A}",
    "\u{FEFF}",
    "\u{0}",
    "\n",
    "999999999999999999999999",
];

/// Bytes of any kind, or a text with some bytes changed, cut out or doubled.
fn mutated(text: &str, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..dice.below(6) {
        let place = dice.below(bytes.len() as u64 + 1) as usize;
        let end = (place + dice.below(12) as usize).min(bytes.len());
        match dice.below(5) {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, dice.next() as u8),
            2 => drop(bytes.drain(place..end)),
            3 => {
                let part = bytes[place..end].to_vec();
                bytes.splice(place..place, part);
            }
            _ if place < bytes.len() => bytes[place] ^= 1 << dice.below(8),
            _ => {}
        }
    }
    bytes
}

fn number_text(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => (0..dice.below(9)).map(|_| dice.pick(DIGITS)).collect(),
        1 => {
            let usual = dice.pick(&["0812-3456-7890", "+62 (812) 3456.7890", "6281234567890@c.us", "123456789@lid"]);
            String::from_utf8_lossy(&mutated(usual, dice)).into_owned()
        }
        _ => format!("{}{}", dice.pick(&["0", "62", "+", "00", "8", ""]), dice.next() >> dice.below(50)),
    }
}

/// A number, once read, is read again as itself, has the length that the standard allows and never prints itself.
fn sound(number: &Number) -> Outcome {
    let digits = number.as_str();
    let plain = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.starts_with('0') {
        return Err(format!("a number that is none: {digits:?}"));
    }
    if Number::parse(&format!("+{digits}")).ok().as_ref() != Some(number) {
        return Err(format!("{digits:?} is not read as itself"));
    }
    if format!("{number}{number:?}").contains(digits) {
        return Err(format!("{digits:?} prints itself"));
    }
    Ok(())
}

fn numbers(dice: &mut Dice) -> Outcome {
    let text = number_text(dice);
    match Number::parse(&text) {
        Ok(number) => sound(&number)?,
        Err(error) => {
            expected_error(&error)?;
            // The hint's own example may be among the inputs.
            let advised = error.advice().is_some_and(|hint| hint.contains(&text));
            if text.len() >= 8 && !advised && error.to_string().contains(&text) {
                return Err(format!("the error repeats {text:?}"));
            }
        }
    }
    match Sender::read(&text) {
        Sender::Person(_) if text.contains("lid") || text.contains("g.us") => {
            Err(format!("{text:?} is taken for a telephone"))
        }
        Sender::Person(number) => sound(&number),
        _ => Ok(()),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default: u64| arguments.get(place).map_or(Some(default), |text| text.parse().ok());
    let target: fn(&mut Dice) -> Outcome = match arguments.first().map(String::as_str) {
        Some("forecast") => forecasts,
        Some("anomaly") => anomalies,
        Some("chat") => chat,
        Some("number") => numbers,
        #[cfg(feature = "fonnte")]
        Some("webhook") => webhook::hooks,
        _ => {
            eprintln!("usage: fuzz forecast|anomaly|chat|number|webhook [count, 1000] [seed, 1]");
            return ExitCode::from(2);
        }
    };
    let (Some(count), Some(seed)) = (number(1, 1_000), number(2, 1)) else {
        eprintln!("count and seed are whole numbers");
        return ExitCode::from(2);
    };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("panic with seed {}", SEED.load(Ordering::Relaxed));
        hook(info);
    }));
    for case in 0..count {
        let seed = seed.wrapping_add(case);
        SEED.store(seed, Ordering::Relaxed);
        // Neighbouring seeds must not give neighbouring numbers.
        let start = Dice(seed).next();
        if let Err(what) = target(&mut Dice(start)) {
            eprintln!("seed {seed}: {what}");
            return ExitCode::FAILURE;
        }
    }
    println!("{count} cases from seed {seed}: all good");
    ExitCode::SUCCESS
}
