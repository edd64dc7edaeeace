//! The commands, one file each, and what they open alike.

pub(crate) mod analyse;
pub(crate) mod chat;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod etl;
pub(crate) mod outbox;
pub(crate) mod page;
pub(crate) mod register;
pub(crate) mod serve;
pub(crate) mod stand_in;

use crate::config::Config;
use dermawan::message::Templates;
use dermawan::register::{Key, SqliteRegister};
use dermawan::sample::{Sample, SampleOptions, SampleSource};
use dermawan::store::{DuckDbOptions, DuckDbStore};
use dermawan::{Analytics, Error, ErrorKind, Organisation, Result, Settings};
use jiff::civil::Date;

/// The organisation's wording: its own folder's over the embedded.
fn templates(config: &Config, organisation: &Organisation) -> Result<Templates> {
    match config.templates_folder() {
        Some(folder) => Templates::from_folder(folder, organisation),
        None => Templates::embedded(organisation),
    }
}

/// Analytics over the configured file, which a first load makes.
fn open_or_create(config: &Config) -> Result<Analytics> {
    let store = DuckDbStore::open(config.store_path(), &config.store_options())?;
    let settings = config.settings();
    let templates = templates(config, &settings.organisation)?;
    Ok(Analytics::new(store, settings)?.with_templates(templates))
}

/// Analytics over the configured file, which must be there: a question makes no file.
fn open(config: &Config) -> Result<Analytics> {
    let path = config.store_path();
    if !path.is_file() {
        return Err(Error::new(ErrorKind::NotFound, "there is no analytics file yet")
            .context("file", path.display())
            .hint("load it with `dermawan-bot etl`, or try `dermawan-bot etl --sample`"));
    }
    open_or_create(config)
}

/// The register of the configured file, which a file that has none gets here; one that has keeps its own key.
fn open_register(config: &Config) -> Result<SqliteRegister> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| Error::new(ErrorKind::Io, "the system has no secure randomness"))?;
    SqliteRegister::open(config.outbox_path(), config.settings().register, &Key::new(key))
}

/// The administrators' numbers.
pub(crate) fn administrators(organisation: &Organisation) -> Result<Vec<dermawan::Number>> {
    let number = |text: &String| match dermawan::Sender::read(text) {
        dermawan::Sender::Person(number) => Ok(number),
        _ => Err(Error::new(ErrorKind::Configuration, "organisation.administrators holds something that is no number")),
    };
    organisation.administrators.iter().map(number).collect()
}

/// A made-up charity whose last day is `as_of`.
fn sample(seed: u64, donors: u64, as_of: Date) -> Result<SampleSource> {
    let usual = SampleOptions::demo();
    let options = SampleOptions {
        seed,
        as_of,
        donors,
        // As many gifts and telephones a donor as in the usual sample.
        donations: (donors * usual.donations / usual.donors).max(1_200),
        contacts: donors.div_ceil(2),
        ..usual
    };
    Ok(SampleSource::new(Sample::new(options)?))
}

/// Made-up analytics in memory.
fn sample_in_memory(settings: Settings, as_of: Date) -> Result<Analytics> {
    let analytics = Analytics::new(DuckDbStore::in_memory(&DuckDbOptions::default())?, settings)?;
    let usual = SampleOptions::demo();
    analytics.load(&mut sample(usual.seed, usual.donors, as_of)?, as_of, &mut |_| Ok(()))?;
    Ok(analytics)
}
