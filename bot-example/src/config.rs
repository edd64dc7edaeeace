//! The configuration: one TOML file, and the environment for secrets.

use crate::server::{Gateway, ServerOptions, TransportOptions};
use dermawan::anomaly::{ExpenseOptions, GiftOptions, ScreenOptions, TransactionOptions};
use dermawan::calendar::hijri::Overrides;
use dermawan::churn::{BacktestOptions, Method, OutlookOptions, RecommendOptions, ScoreOptions, SegmentOptions};
use dermawan::forecast::{self, CashFlowOptions, NextGiftOptions};
use dermawan::source::files::{FilesOptions, FilesSource};
use dermawan::source::mysql::{MySqlOptions, MySqlSource, Password};
use dermawan::source::{Mapping, Source};
use dermawan::store::DuckDbOptions;
use dermawan::{Error, ErrorKind, Organisation, Result, Settings, etl, outbox, schedule};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "dermawan.toml";

/// A configuration, read and checked.
#[derive(Debug)]
pub(crate) struct Config {
    file: Option<PathBuf>,
    parts: Parts,
    settings: Settings,
}

/// The parts of the file. `database` and `files` are two kinds of source; the others are as in [`Settings`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parts {
    database: Option<MySqlOptions>,
    files: Option<Files>,
    mapping: Mapping,
    store: Store,
    templates: Templates,
    organisation: Organisation,
    etl: etl::Options,
    forecast: forecast::Options,
    cash_flow: CashFlowOptions,
    next_gift: NextGiftOptions,
    hijri: Overrides,
    churn: ScoreOptions,
    churn_method: Option<Method>,
    churn_backtest: BacktestOptions,
    churn_backtest_donors: Option<u32>,
    outlook: OutlookOptions,
    calls: RecommendOptions,
    segments: SegmentOptions,
    expense_anomalies: ExpenseOptions,
    unusual_transactions: TransactionOptions,
    unusual_gifts: GiftOptions,
    screening: ScreenOptions,
    messages: Messages,
    server: ServerOptions,
    transport: TransportOptions,
    outbox: Outbox,
    schedule: schedule::Options,
    register: dermawan::register::Options,
    thanks: dermawan::insight::ThanksOptions,
}

/// A folder with one CSV or Parquet file a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    folder: PathBuf,
    #[serde(default)]
    delimiter: Option<char>,
    /// Cells without a value; those of the library where left out.
    nulls: Option<Vec<String>>,
}

/// The analytics file.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Store {
    path: PathBuf,
    memory_limit_mb: u32,
    threads: u16,
    temp_directory: Option<PathBuf>,
    reserve_bytes: u64,
}

impl Default for Store {
    fn default() -> Self {
        let DuckDbOptions { memory_limit_mb, threads, temp_directory, reserve_bytes } = DuckDbOptions::default();
        Self { path: "dermawan.duckdb".into(), memory_limit_mb, threads, temp_directory, reserve_bytes }
    }
}

/// What is owed.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Outbox {
    path: PathBuf,
    pace: outbox::Options,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { path: "dermawan-outbox.sqlite".into(), pace: outbox::Options::default() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Templates {
    folder: Option<PathBuf>,
}

/// What the administrators' messages list.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Messages {
    risk_score: u8,
    risk_list: usize,
    unusual_days: u16,
}

impl Default for Messages {
    fn default() -> Self {
        let Settings { risk_score, risk_list, unusual_days, .. } = Settings::default();
        Self { risk_score, risk_list, unusual_days }
    }
}

impl Config {
    /// Reads the file named, or the default one where it is there, and the environment.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self> {
        let default = Path::new(DEFAULT_FILE);
        let file = named.or_else(|| default.is_file().then_some(default));
        let text = file.map(read).transpose()?.unwrap_or_default();
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let secrets =
            Secrets { url: variable("DERMAWAN_DATABASE_URL"), password: variable("DERMAWAN_DATABASE_PASSWORD") };
        Self::parse(&text, file, secrets).map_err(|error| match file {
            Some(file) if error.kind() == ErrorKind::Configuration => error.context("file", file.display()),
            _ => error,
        })
    }

    fn parse(text: &str, file: Option<&Path>, secrets: Secrets) -> Result<Self> {
        let unreadable = |cause: toml::de::Error| {
            // Its message names the key and never quotes the line, which could be that of a password.
            let line = cause.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            Error::new(
                ErrorKind::Configuration,
                format!("the configuration cannot be read: {}", cause.message().trim()),
            )
            .context("line", line)
            .hint("see dermawan.example.toml for every key")
        };
        let raw: toml::Table = toml::from_str(text).map_err(unreadable)?;
        let database = raw.get("database").and_then(toml::Value::as_table);
        if database.is_some_and(|database| database.contains_key("password")) {
            return Err(Error::new(ErrorKind::Configuration, "database.password does not belong into the file")
                .hint("take it out and set DERMAWAN_DATABASE_PASSWORD in the environment"));
        }
        for (gateway, key, name) in [
            ("fonnte", "token", "DERMAWAN_FONNTE_TOKEN"),
            ("fonnte", "webhook_secret", "DERMAWAN_WEBHOOK_SECRET"),
            ("cloud", "token", "DERMAWAN_CLOUD_TOKEN"),
            ("cloud", "app_secret", "DERMAWAN_CLOUD_APP_SECRET"),
            ("cloud", "verify_token", "DERMAWAN_CLOUD_VERIFY_TOKEN"),
        ] {
            let part = raw.get("transport").and_then(|transport| transport.get(gateway));
            if part.is_some_and(|part| part.get(key).is_some()) {
                let message = format!("transport.{gateway}.{key} does not belong into the file");
                return Err(Error::new(ErrorKind::Configuration, message)
                    .hint(format!("take it out and set {name} in the environment")));
            }
        }
        let mut parts: Parts = toml::from_str(text).map_err(unreadable)?;
        if let (Some(options), Some(table)) = (&mut parts.database, database)
            && !table.contains_key("time_zone")
        {
            options.time_zone.clone_from(&parts.organisation.time_zone);
        }
        if let Some(url) = secrets.url {
            let zone_given = url.contains("time_zone=");
            let mut options = MySqlOptions::from_url(&url)?;
            if !zone_given {
                options.time_zone.clone_from(&parts.organisation.time_zone);
            }
            parts.database = Some(options);
        }
        if let (Some(options), Some(password)) = (&mut parts.database, secrets.password) {
            options.password = Password::new(password);
        }
        if parts.database.is_some() && parts.files.is_some() {
            return Err(Error::new(ErrorKind::Configuration, "both a database and files are configured")
                .hint("keep one of [database] (or DERMAWAN_DATABASE_URL) and [files]"));
        }
        let settings = settings(&parts);
        settings.validate()?;
        parts.mapping.validate()?;
        if let Some(database) = &parts.database {
            database.validate()?;
        }
        parts.server.validate()?;
        parts.transport.validate()?;
        parts.outbox.pace.validate()?;
        // A message that is still being sent when its lease runs out would be listed as unknown, or go out twice.
        let patience = match parts.transport.kind {
            Gateway::Fonnte => {
                Some(("fonnte", &parts.transport.fonnte.connect_timeout, &parts.transport.fonnte.timeout))
            }
            Gateway::Cloud => Some(("cloud", &parts.transport.cloud.connect_timeout, &parts.transport.cloud.timeout)),
            Gateway::Console => None,
        };
        if let Some((gateway, connect, whole)) = patience
            && u64::from(parts.outbox.pace.hold_seconds) <= u64::from(*connect) + u64::from(*whole)
        {
            return Err(Error::new(
                ErrorKind::Configuration,
                "outbox.pace.hold_seconds is not longer than the gateway's patience",
            )
            .context("seconds", format!("{connect} + {whole}"))
            .hint(format!("make it longer than transport.{gateway}.connect_timeout and timeout together")));
        }
        // One switch: what thanks are, and when they are looked for.
        parts.schedule.thanks |= parts.thanks.enabled;
        let config = Self { file: file.map(Path::to_owned), parts, settings };
        config.store_options().validate()?;
        Ok(config)
    }

    /// The file it was read from, if any.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The settings of the library.
    pub(crate) fn settings(&self) -> Settings {
        self.settings.clone()
    }

    /// The day that counts as today.
    pub(crate) fn as_of(&self, given: Option<jiff::civil::Date>) -> Result<jiff::civil::Date> {
        given.map_or_else(|| crate::clock::today(&self.settings.organisation), Ok)
    }

    /// The analytics file.
    pub(crate) fn store_path(&self) -> PathBuf {
        self.beside(&self.parts.store.path)
    }

    /// The server.
    pub(crate) fn server(&self) -> &ServerOptions {
        &self.parts.server
    }

    /// The gateway.
    pub(crate) fn transport(&self) -> &TransportOptions {
        &self.parts.transport
    }

    /// What is done when.
    pub(crate) fn schedule(&self) -> &schedule::Options {
        &self.parts.schedule
    }

    /// What came in and is not answered yet.
    pub(crate) fn inbox_path(&self) -> PathBuf {
        self.beside(&self.parts.server.inbox)
    }

    /// What is owed.
    pub(crate) fn outbox_path(&self) -> PathBuf {
        self.beside(&self.parts.outbox.path)
    }

    /// How fast messages go out.
    pub(crate) fn outbox_options(&self) -> outbox::Options {
        self.parts.outbox.pace.clone()
    }

    /// How much DuckDB may use.
    pub(crate) fn store_options(&self) -> DuckDbOptions {
        let store = &self.parts.store;
        DuckDbOptions {
            memory_limit_mb: store.memory_limit_mb,
            threads: store.threads,
            temp_directory: store.temp_directory.as_deref().map(|folder| self.beside(folder)),
            reserve_bytes: store.reserve_bytes,
        }
    }

    /// The folder of the organisation's own wording, if it has one.
    pub(crate) fn templates_folder(&self) -> Option<PathBuf> {
        self.parts.templates.folder.as_deref().map(|folder| self.beside(folder))
    }

    /// The configured source; `None` without one.
    pub(crate) fn source(&self) -> Result<Option<Box<dyn Source>>> {
        let mapping = self.parts.mapping.clone();
        Ok(match (&self.parts.database, &self.parts.files) {
            (Some(options), _) => Some(Box::new(MySqlSource::new(options.clone(), mapping)?)),
            (None, Some(files)) => {
                let time_zone = self.settings.organisation.time_zone.clone();
                let usual = FilesOptions::default();
                let nulls = files.nulls.clone().unwrap_or(usual.nulls);
                let options = FilesOptions { delimiter: files.delimiter, time_zone, nulls, ..FilesOptions::default() };
                Some(Box::new(FilesSource::open(self.beside(&files.folder), mapping, options)?))
            }
            (None, None) => None,
        })
    }

    /// The configured database; `None` without one.
    pub(crate) fn database(&self) -> Result<Option<MySqlSource>> {
        let options = self.parts.database.clone();
        options.map(|options| MySqlSource::new(options, self.parts.mapping.clone())).transpose()
    }

    /// A path of the file, which is relative to the file's own folder.
    fn beside(&self, path: &Path) -> PathBuf {
        self.file.as_deref().and_then(Path::parent).map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

/// What the environment holds.
#[derive(Default)]
struct Secrets {
    url: Option<String>,
    password: Option<String>,
}

fn settings(parts: &Parts) -> Settings {
    Settings {
        organisation: parts.organisation.clone(),
        etl: parts.etl.clone(),
        forecast: parts.forecast.clone(),
        cash_flow: parts.cash_flow.clone(),
        next_gift: parts.next_gift.clone(),
        hijri: parts.hijri.clone(),
        churn: parts.churn.clone(),
        churn_method: parts.churn_method,
        churn_backtest: parts.churn_backtest.clone(),
        churn_backtest_donors: parts.churn_backtest_donors.unwrap_or_else(|| Settings::default().churn_backtest_donors),
        outlook: parts.outlook.clone(),
        calls: parts.calls.clone(),
        segments: parts.segments.clone(),
        expense_anomalies: parts.expense_anomalies.clone(),
        unusual_transactions: parts.unusual_transactions.clone(),
        unusual_gifts: parts.unusual_gifts.clone(),
        screening: parts.screening.clone(),
        risk_score: parts.messages.risk_score,
        risk_list: parts.messages.risk_list,
        unusual_days: parts.messages.unusual_days,
        register: parts.register,
        thanks: parts.thanks,
    }
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|cause| {
        Error::new(ErrorKind::Io, "the configuration cannot be read")
            .context("file", file.display())
            .hint("check the path given to --config; dermawan.example.toml is one to begin with")
            .caused_by(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config> {
        Config::parse(text, Some(Path::new("/etc/panti/dermawan.toml")), Secrets::default())
    }

    #[test]
    fn nothing_at_all_is_a_configuration() {
        let config = Config::parse("", None, Secrets::default()).unwrap();
        assert_eq!(config.settings(), Settings::default());
        assert!(config.source().unwrap().is_none());
        assert_eq!(config.store_path(), Path::new("dermawan.duckdb"));
    }

    /// Every key of the example is known, and what it shows is the default.
    #[test]
    fn the_example_parses_and_shows_the_defaults() {
        let example = include_str!("../dermawan.example.toml");
        let config = parse(example).unwrap();
        assert_eq!(config.settings(), Settings::default());
        assert_eq!(config.store_options(), DuckDbOptions::default());
        assert_eq!(*config.transport(), TransportOptions::default());
        // `#key = value` lines are options shown commented out: they must hold too
        let shown = |line| str::strip_prefix(line, '#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
        let all = example.lines().map(shown).collect::<Vec<_>>().join("\n");
        let error = parse(&all).unwrap_err().to_string();
        assert!(error.starts_with("both a database and files"), "{error}");
    }

    #[test]
    fn the_gateways_secrets_do_not_belong_into_the_file() {
        for (gateway, key) in [
            ("fonnte", "token"),
            ("fonnte", "webhook_secret"),
            ("cloud", "token"),
            ("cloud", "app_secret"),
            ("cloud", "verify_token"),
        ] {
            let error = parse(&format!("[transport.{gateway}]\n{key} = \"s3cr3t\"")).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(&format!("transport.{gateway}.{key}")) && !shown.contains("s3cr3t"), "{shown}");
        }
    }

    #[test]
    fn templates_belong_to_kinds_of_messages() {
        let text = "[transport.templates.laporan]\nname = \"laporan_bulanan\"\nvalues = [\"organisation\", \"text\"]";
        assert_eq!(parse(text).unwrap().transport().templates.len(), 1);
        for wrong in ["name = \"Laporan\"", "name = \"a\"\nvalues = [\"number\"]", "values = []", "nmae = \"a\""] {
            assert_eq!(parse(&format!("[transport.templates.laporan]\n{wrong}")).unwrap_err().code(), "configuration");
        }
    }

    #[test]
    fn unknown_keys_are_named_with_their_line() {
        for (text, key, line) in [
            ("\n[organisation]\nnmae = \"x\"", "nmae", "line: 3"),
            ("[database]\ndatabase = \"panti\"\nhots = \"db\"", "hots", "line: 3"),
            ("[strore]\n", "strore", "line: 1"),
            ("[mapping]\ndonatoins = \"x\"", "donatoins", "line: 1"),
        ] {
            let error = parse(text).unwrap_err();
            let shown = error.to_string();
            assert_eq!(error.code(), "configuration");
            assert!(shown.contains(key) && shown.contains(line), "{shown}");
        }
    }

    #[test]
    fn a_password_in_the_file_is_refused_and_not_repeated() {
        for value in ["\"s3cr3t\"", "s3cr3t", "33333", "\"s3cr3t"] {
            let error = parse(&format!("[database]\ndatabase = \"panti\"\npassword = {value}")).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cr3t") && !shown.contains("33333"), "{shown}");
        }
    }

    #[test]
    fn the_environment_holds_the_secrets() {
        let secrets = |url: Option<&str>| Secrets { url: url.map(Into::into), password: Some("s3cr3t".into()) };
        let zone = "[organisation]\ntime_zone = \"Asia/Makassar\"\n";
        let config = Config::parse(&format!("{zone}[database]\ndatabase = \"panti\""), None, secrets(None)).unwrap();
        let options = config.parts.database.as_ref().unwrap();
        assert_eq!((&options.password, options.time_zone.as_str()), (&Password::new("s3cr3t"), "Asia/Makassar"));
        assert!(!format!("{config:?}").contains("s3cr3t"));
        let config = Config::parse("", None, secrets(Some("mysql://u:p@db/other"))).unwrap();
        assert_eq!(config.parts.database.as_ref().unwrap().database, "other");
        assert!(Config::parse("[files]\nfolder = \".\"", None, secrets(Some("mysql://u:p@db/other"))).is_err());
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = parse("[store]\npath = \"a.duckdb\"\n[templates]\nfolder = \"/abs\"").unwrap();
        assert_eq!(config.store_path(), Path::new("/etc/panti/a.duckdb"));
        assert_eq!(config.templates_folder().unwrap(), Path::new("/abs"));
    }
}
