//! MySQL 8 and MariaDB 10.6 or newer, over TCP, TLS or a unix socket.
//!
//! A snapshot is one read-only transaction that sees all tables as they were at its beginning (`REPEATABLE READ`, `WITH
//! CONSISTENT SNAPSHOT`); it locks nothing, and the right to `SELECT` is enough. That holds for InnoDB, the engine of
//! every Laravel application; a `MyISAM` table has no transactions and is read as it is at that moment.
//!
//! Where the server lets two connections prove that they see the same, the second one sums the tables beside the first
//! (`beside.rs`).
//!
//! Rows travel in the binary protocol: numbers and dates come as such, without a detour through text, which on a million
//! donations takes a third of the processor time off the text protocol's. They are streamed, never held all together.
//!
//! The session's time zone is `+00:00` (named zones exist only where an administrator loaded them). So a TIMESTAMP is an
//! instant, whose date is that of the organisation's zone; a DATETIME is what the organisation's clock showed.

mod beside;
mod failure;
mod inspect;
mod options;
mod sums;
mod version;

pub use options::{MySqlOptions, Password, Tls};

use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;
use crate::source::cell::{BatchBuilder, Cell};
use crate::source::time::{Clock, Fields};
use crate::source::{Mapping, NumberFormat, RawBatch, Selection, Snapshot, Source, Sums, TableInfo, Totals};
use beside::Beside;
use failure::{Phase, error};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mysql::prelude::Queryable;
use mysql::{Conn, DriverError, OptsBuilder, SslOpts, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Ranges of keys in one query; more go into further queries, so that no query outgrows the server's parser.
const RANGES_PER_QUERY: usize = 256;

/// Ends the snapshot before, if there is one, and takes another.
const BEGIN: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// A charity's database.
///
/// ```no_run
/// use dermawan::source::mysql::{MySqlOptions, MySqlSource};
/// use dermawan::source::{Mapping, Selection, Source};
/// use dermawan::Table;
/// let options = MySqlOptions::from_url("mysql://reader:secret@db.example.org/panti")?;
/// let mut source = MySqlSource::new(options, Mapping::default())?;
/// let mut snapshot = source.snapshot()?;
/// let mut rows = 0;
/// snapshot.read(Table::Donations, &Selection::All, &mut |batch| {
///     rows += batch.rows.num_rows();
///     Ok(())
/// })?;
/// # Ok::<(), dermawan::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MySqlSource {
    options: MySqlOptions,
    mapping: Mapping,
    zone: TimeZone,
}

impl MySqlSource {
    /// A source that connects when a snapshot is opened.
    ///
    /// # Errors
    /// `configuration` when the options or the mapping do not pass their `validate()`.
    pub fn new(options: MySqlOptions, mapping: Mapping) -> Result<Self> {
        options.validate()?;
        mapping.validate()?;
        let zone = options.zone()?;
        Ok(Self { options, mapping, zone })
    }

    /// What the server calls its version, such as `10.11.6-MariaDB`. Shows whether it can be reached and lets us in.
    ///
    /// # Errors
    /// `source_unavailable` and `access_denied`, as when a snapshot is taken.
    pub fn server_version(&self) -> Result<String> {
        let mut conn = self.connect()?;
        let version: Option<String> =
            conn.query_first("SELECT VERSION()").map_err(|cause| error(cause, Phase::Asking))?;
        Ok(version.unwrap_or_default())
    }

    fn connect(&self) -> Result<Conn> {
        let options = &self.options;
        let base = OptsBuilder::new()
            .user(Some(&options.user))
            .pass(options.password.reveal())
            .db_name(Some(&options.database))
            .prefer_socket(false)
            .tcp_connect_timeout(Some(Duration::from_secs(options.connect_timeout.into())))
            .read_timeout(Some(Duration::from_secs(options.read_timeout.into())));
        let base = match &options.socket {
            Some(path) => base.socket(Some(path.to_string_lossy())),
            None => base.ip_or_hostname(Some(&options.host)).tcp_port(options.port),
        };
        // A socket is not encrypted: nobody is between.
        let wants_tls = match options.tls {
            Tls::Off => false,
            Tls::Preferred => !options.is_local(),
            Tls::Required => options.socket.is_none(),
        };
        let attempt = if wants_tls {
            if let Some(file) = options.ca_file.as_ref().filter(|file| !file.is_file()) {
                return Err(Error::new(ErrorKind::Configuration, "source: ca_file is not there")
                    .context("file", file.display()));
            }
            // Two providers of cryptography in one program leave rustls without a default; ours is as good as any.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let unchecked = options.skip_verify || (options.tls == Tls::Preferred && options.ca_file.is_none());
            let ssl = SslOpts::default()
                .with_root_cert_path(options.ca_file.clone())
                .with_danger_accept_invalid_certs(unchecked)
                .with_danger_skip_domain_validation(unchecked);
            match Conn::new(base.clone().ssl_opts(ssl)) {
                Err(mysql::Error::DriverError(DriverError::TlsNotSupported)) if options.tls == Tls::Preferred => {
                    Conn::new(base)
                }
                attempt => attempt,
            }
        } else {
            Conn::new(base)
        };
        attempt.map_err(|cause| error(cause, Phase::Connecting).context("server", self.address()))
    }

    /// A connection with the session's settings.
    fn session(&self) -> Result<Conn> {
        let mut conn = self.connect()?;
        let asking = |cause| error(cause, Phase::Asking);
        // net_write_timeout: a reader that is busy storing a batch must not lose its connection
        conn.query_drop(
            "SET NAMES utf8mb4, SESSION time_zone = '+00:00', SESSION sql_mode = '', SESSION net_write_timeout = 600, \
             SESSION wait_timeout = 28800",
        )
        .map_err(asking)?;
        conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").map_err(asking)?;
        Ok(conn)
    }

    fn address(&self) -> String {
        match &self.options.socket {
            Some(path) => path.display().to_string(),
            None => format!("{}:{}", self.options.host, self.options.port),
        }
    }
}

impl Source for MySqlSource {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>> {
        let mut conn = self.session()?;
        let asking = |cause| error(cause, Phase::Asking);
        let (tables, plans, remarks) = inspect::inspect(&mut conn, &self.mapping, &self.options.database, &self.zone)?;
        // A server that has no connection to spare is read over one.
        let mut second = beside::writes(&mut conn).and_then(|_| self.session().ok());
        let mut taken_at: Option<i64>;
        let mut stamps;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let before = beside::writes(&mut conn);
            stamps = version::stamps(&mut conn);
            // Asked before the snapshot begins: a change at that very moment is then read twice rather than never.
            taken_at = conn.query_first("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)").map_err(asking)?;
            conn.query_drop(BEGIN).map_err(asking)?;
            let Some(other) = &mut second else { break };
            if other.query_drop(BEGIN).is_ok() && before.is_some() && before == beside::writes(&mut conn) {
                break;
            }
            if attempt == beside::ATTEMPTS {
                second = None;
            }
        }
        let versions = version::versions(&stamps, &version::stamps(&mut conn), &plans, &self.zone);
        Ok(Box::new(MySqlSnapshot {
            conn,
            second,
            beside: None,
            ranges: BTreeMap::new(),
            tables,
            plans,
            versions,
            taken_at,
            remarks,
            rules: crate::source::reading_rules(&self.mapping, &self.zone),
            zone: self.zone.clone(),
            batch_rows: self.options.batch_rows,
        }))
    }

    fn label(&self) -> String {
        format!("MySQL database {} at {}", self.options.database, self.address())
    }
}

/// How to read a table.
#[derive(Clone, Debug)]
struct Plan {
    table: Table,
    source_name: String,
    /// In the order of the canonical columns; `None` where the source lacks it.
    columns: Vec<Option<SourceColumn>>,
    /// Ranges of keys can be looked up.
    key_is_indexed: bool,
    /// What the organisation's clock is ahead of UTC, in seconds, where it has been the same since 1970.
    offset: Option<i32>,
    /// How amounts are written where they are text.
    format: Option<NumberFormat>,
    /// 0 where the server does not say.
    estimated_rows: u64,
}

/// A column of the source.
#[derive(Clone, Debug)]
struct SourceColumn {
    name: String,
    /// The type's name in lower case, such as `decimal`.
    kind: String,
    unsigned: bool,
    precision: u32,
    scale: u32,
    /// Its bytes are UTF-8 in the server too.
    utf8: bool,
    clock: Clock,
}

impl SourceColumn {
    /// People may write anything into it.
    fn is_text(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "varchar" | "char" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" | "json"
        )
    }
}

impl Plan {
    fn key(&self) -> Result<&SourceColumn> {
        self.columns.first().and_then(Option::as_ref).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a table was planned without a key").context("table", self.table)
        })
    }

    fn column(&self, canonical: &str) -> Option<&SourceColumn> {
        let at = crate::source::columns(self.table).iter().position(|column| column.0 == canonical)?;
        self.columns[at].as_ref()
    }

    /// `SELECT … FROM …` over the columns that are there, without a condition.
    fn select(&self) -> String {
        self.select_from("", &quote(&self.source_name))
    }

    /// The same from something else, with a prefix before each column.
    fn select_from(&self, prefix: &str, from: &str) -> String {
        let names: Vec<String> =
            self.columns.iter().flatten().map(|column| format!("{prefix}{}", quote(&column.name))).collect();
        format!("SELECT {} FROM {from}", names.join(", "))
    }
}

/// A name from the configuration as an identifier: in backticks, with those inside it doubled.
fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

struct MySqlSnapshot {
    conn: Conn,
    /// A connection whose transaction sees the same.
    second: Option<Conn>,
    /// What that connection is summing.
    beside: Option<Beside>,
    /// Totals by range that came with those of whole tables; each is given once.
    ranges: BTreeMap<Table, Vec<(u64, Totals)>>,
    tables: Vec<TableInfo>,
    plans: Vec<Plan>,
    versions: BTreeMap<Table, u64>,
    taken_at: Option<i64>,
    rules: String,
    remarks: Vec<String>,
    zone: TimeZone,
    batch_rows: usize,
}

impl MySqlSnapshot {
    fn plan(&self, table: Table) -> Result<Plan> {
        self.plans.iter().find(|plan| plan.table == table).cloned().ok_or_else(|| crate::source::no_such_table(table))
    }

    /// The queries that select the rows.
    fn queries(&self, plan: &Plan, selection: &Selection) -> Result<Vec<String>> {
        let select = plan.select();
        match selection {
            Selection::All => Ok(vec![select]),
            Selection::ChangedSince(since) => {
                let info = self.tables.iter().find(|info| info.table == plan.table);
                let column = plan.column("updated_at").filter(|_| info.is_some_and(|info| info.has_updated_at));
                let Some(column) = column else { return Ok(vec![select]) };
                let name = quote(&column.name);
                let since = since_text(*since, column.clock, &self.zone)?;
                // a zero date is no modification time either
                let never = "'0000-00-00 00:00:00'";
                let changed = format!("WHERE {name} >= '{since}' OR {name} IS NULL OR {name} = {never}");
                if !plan.key_is_indexed {
                    return Ok(vec![format!("{select} {changed}")]);
                }
                // The server takes every column of the list out of every row that it looks at. So it looks at two
                // columns of all rows, and fetches the others of the few that changed: half the time.
                let key = quote(&plan.key()?.name);
                let keys = format!("SELECT {key} AS changed_key FROM {} {changed}", quote(&plan.source_name));
                Ok(vec![format!(
                    "{} STRAIGHT_JOIN {} AS t ON t.{key} = c.changed_key",
                    plan.select_from("t.", &format!("({keys}) AS c")),
                    quote(&plan.source_name)
                )])
            }
            Selection::Keys(ranges) => {
                let key = quote(&plan.key()?.name);
                let among = |ranges: &[(u64, u64)]| {
                    let one = |&(from, to): &(u64, u64)| format!("{key} BETWEEN {from} AND {to}");
                    format!("{select} WHERE {}", ranges.iter().map(one).collect::<Vec<_>>().join(" OR "))
                };
                Ok(ranges.chunks(RANGES_PER_QUERY).map(among).collect())
            }
        }
    }

    fn sum(&mut self, table: Table, wanted: Sums) -> Result<Totals> {
        let plan = self.plan(table)?;
        // What was summed beside is given once: whoever asks again has doubts, and gets this connection's answer.
        if let Some(sum) = self.beside.as_mut().and_then(|beside| beside.take(&mut self.conn, table, wanted)) {
            self.ranges.extend(sum.ranges.map(|ranges| (table, ranges)));
            return Ok(sum.totals);
        }
        if let Some(expressions) = sums::expressions(&plan, wanted)? {
            return sums::whole(&mut self.conn, &plan, &expressions)
                .map_err(|cause| error(cause, Phase::Reading).context("table", &plan.source_name))?;
        }
        let mut totals = Totals::default();
        self.fold(table, &mut |batch| totals.add(&Totals::of(table, &batch.rows)))?;
        Ok(totals)
    }

    /// Totals by reading, where the server's arithmetic is not ours (floats, numbers in text).
    fn fold(&mut self, table: Table, add: &mut dyn FnMut(&RawBatch)) -> Result<()> {
        self.read(table, &Selection::All, &mut |batch| {
            add(&batch);
            Ok(())
        })
    }
}

/// What a zone is ahead of UTC, in seconds, if that has been the same since 1970 and will be.
fn fixed_offset(zone: &TimeZone) -> Option<i32> {
    let stays = zone.following(Timestamp::UNIX_EPOCH).next().is_none();
    stays.then(|| zone.to_offset(Timestamp::UNIX_EPOCH).seconds())
}

/// An instant as a literal of a column's clock. Where the clock is set back in autumn, an hour of the wall comes twice,
/// so on a wall clock two hours more are read: rather too many rows than too few.
fn since_text(micros: i64, clock: Clock, zone: &TimeZone) -> Result<String> {
    let at = Timestamp::from_microsecond(micros).map_err(|cause| {
        Error::new(ErrorKind::InvalidInput, "the instant to read changes since is out of range").caused_by(cause)
    })?;
    let civil = match clock {
        Clock::Utc => TimeZone::UTC.to_datetime(at),
        Clock::Civil => zone.to_datetime(at).saturating_sub(jiff::SignedDuration::from_hours(2)),
    };
    Ok(civil.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string())
}

impl Snapshot for MySqlSnapshot {
    fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    fn rules(&self) -> String {
        self.rules.clone()
    }

    fn remarks(&self) -> &[String] {
        &self.remarks
    }

    fn taken_at(&self) -> Option<i64> {
        self.taken_at
    }

    fn version(&self, table: Table) -> Option<u64> {
        self.versions.get(&table).copied()
    }

    fn expect(&mut self, tables: &[Table], sums: Sums, width: Option<u64>) {
        if let Some(conn) = self.second.take().filter(|_| width != Some(0)) {
            let plans = self.plans.iter().filter(|plan| tables.contains(&plan.table));
            self.beside = Beside::begin(conn, plans, sums, width);
        }
    }

    fn totals(&mut self, table: Table) -> Result<Totals> {
        self.sum(table, Sums::All)
    }

    fn essential_totals(&mut self, table: Table) -> Result<Totals> {
        self.sum(table, Sums::Essential)
    }

    fn totals_by_range(&mut self, table: Table, width: u64) -> Result<Vec<(u64, Totals)>> {
        crate::source::check_width(width)?;
        let plan = self.plan(table)?;
        if self.beside.as_ref().is_some_and(|beside| beside.width() == Some(width))
            && let Some(ranges) = self.ranges.remove(&table)
        {
            return Ok(ranges);
        }
        if let Some(expressions) = sums::expressions(&plan, Sums::All)? {
            return sums::by_range(&mut self.conn, &plan, &expressions, width)
                .map_err(|cause| error(cause, Phase::Reading).context("table", &plan.source_name))?;
        }
        let mut ranges = BTreeMap::new();
        self.fold(table, &mut |batch| Totals::of_ranges(table, &batch.rows, width, &mut ranges))?;
        Ok(ranges.into_iter().collect())
    }

    fn read(
        &mut self,
        table: Table,
        selection: &Selection,
        sink: &mut dyn FnMut(RawBatch) -> Result<()>,
    ) -> Result<()> {
        let plan = self.plan(table)?;
        let batch_rows = self.batch_rows;
        let mut builder = BatchBuilder::new(table, self.zone.clone(), batch_rows);
        builder.set_format(plan.format);
        let (mut there, mut lacking) = (Vec::new(), Vec::new());
        for (at, column) in plan.columns.iter().enumerate() {
            match column {
                Some(column) => {
                    builder.set_clock(at, column.clock);
                    if matches!(column.kind.as_str(), "enum" | "set") {
                        builder.set_nulls(at, &[""]);
                    }
                    if !column.is_text() {
                        builder.set_typed(at);
                    }
                    there.push(at);
                }
                None => lacking.push(at),
            }
        }
        let broken = |cause| error(cause, Phase::Reading).context("table", &plan.source_name);
        let mut rows = 0;
        let mut hand_over = |builder: &mut BatchBuilder, rows: &mut usize| {
            for &at in &lacking {
                builder.push_nulls(at, *rows);
            }
            *rows = 0;
            sink(builder.finish()?)
        };
        for query in self.queries(&plan, selection)? {
            for row in self.conn.exec_iter(query, ()).map_err(broken)? {
                let row = row.map_err(broken)?;
                for (place, &at) in there.iter().enumerate() {
                    push(&mut builder, at, rows, row.as_ref(place).unwrap_or(&Value::NULL));
                }
                rows += 1;
                if builder.is_full(rows, batch_rows) {
                    hand_over(&mut builder, &mut rows)?;
                }
            }
        }
        if rows > 0 { hand_over(&mut builder, &mut rows) } else { Ok(()) }
    }
}

#[inline]
fn push(builder: &mut BatchBuilder, column: usize, row: usize, value: &Value) {
    match *value {
        // handed over by reference: copying what was written byte by byte stalls the processor
        Value::Date(year, month, day, hour, minute, second, micro) => {
            let fields = Fields { year: year.into(), month, day, hour, minute, second, micro, offset: None };
            builder.push(column, row, Cell::Fields(&fields));
        }
        _ => builder.push(column, row, cell(value)),
    }
}

#[inline]
fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::NULL => Cell::Null,
        Value::Bytes(bytes) => Cell::Text(bytes),
        &Value::Int(value) => Cell::Int(value),
        &Value::UInt(value) => Cell::UInt(value),
        &Value::Float(value) => Cell::Single(value),
        &Value::Double(value) => Cell::Double(value),
        Value::Date(..) | Value::Time(..) => Cell::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(quote("donasi"), "`donasi`");
        assert_eq!(quote("a` FROM x; DROP TABLE y; -- "), "`a`` FROM x; DROP TABLE y; -- `");
        assert_eq!(quote("``"), "``````");
    }

    #[test]
    fn a_wall_clock_is_asked_two_hours_earlier() {
        let zone = TimeZone::get("Asia/Jakarta").unwrap();
        assert_eq!(since_text(0, Clock::Utc, &zone).unwrap(), "1970-01-01 00:00:00.000000");
        assert_eq!(since_text(1, Clock::Civil, &zone).unwrap(), "1970-01-01 05:00:00.000001");
        assert_eq!(since_text(i64::MAX, Clock::Utc, &zone).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
