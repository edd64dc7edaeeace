//! The load itself: which rows to read, and in what order.

use super::facts;
use super::keys::{KeySet, Seen};
use super::load::{Freshness, Load, Scope, State};
use super::losses::losses;
use super::options::{Mode, Options};
use super::report::{Progress, Reading, Report, Step, TableReport, differences};
use super::validate::{Clean, Validator};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Table, epoch_day};
use crate::source::{Selection, Snapshot, Sums, TableInfo, Totals};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Batches that may wait between reading and loading; so many, that the source can go on while the store
/// writes, and so few that they take some ten megabytes.
const WAITING_BATCHES: usize = 6;

/// Bad rows kept in memory before they are put into the quarantine.
const QUARANTINE_TOGETHER: usize = 10_000;

/// Key ranges asked for in one statement; more are asked for in several.
const RANGES_A_READ: usize = 400;

/// What a load is done with.
pub struct Run<'a> {
    /// What the source may be called.
    pub source: String,
    /// The state of the last good load, from the store.
    pub before: Option<State>,
    /// How to load and what to accept.
    pub options: &'a Options,
    /// The day of the load in the organisation's zone.
    pub as_of: Date,
}

/// Loads a snapshot: extract, validate, transform, load, reconcile, commit. Everything or nothing becomes visible.
///
/// `progress` is called at least once a batch; an error from it ends the load and is returned.
///
/// # Errors
///
/// `reconciliation` when counts or sums differ from the source's after the load: nothing is changed then.
pub fn run<'l>(
    run: &Run<'_>,
    snapshot: &mut dyn Snapshot,
    mut load: Box<dyn Load + 'l>,
    progress: &mut dyn FnMut(&Progress) -> Result<()>,
) -> Result<Report> {
    run.options.validate()?;
    let rules = rules(run.options, &*snapshot);
    let usable = |state: &&State| run.options.mode == Mode::Auto && state.rules == rules && state.source == run.source;
    let previous = run.before.as_ref().filter(usable).filter(|state| !is_full_due(run, state));
    let mut report = Report {
        run: run.before.as_ref().map_or(1, |state| state.run + 1),
        as_of: run.as_of,
        source: run.source.clone(),
        full: previous.is_none(),
        tables: Vec::new(),
        relinked_donations: 0,
        warnings: Vec::new(),
    };
    if run.options.mode == Mode::Auto && run.before.as_ref().is_some_and(|state| !usable(&state)) {
        report.warnings.push(
            "everything was read anew: the source, its mapping, tables, columns or time zone, or the rules of the load \
             are not those of the last load"
                .into(),
        );
    }
    report.warnings.extend_from_slice(snapshot.remarks());
    let mut watermarks = BTreeMap::new();
    let mut passes = Pass { run, progress, report: &mut report, watermarks: &mut watermarks, known: [None, None] };
    match previous {
        None => passes.full(snapshot, &mut *load)?,
        Some(state) => passes.incremental(state, snapshot, &mut *load)?,
    }
    losses(&mut report, run.before.as_ref(), run.options)?;
    let taken_at = snapshot.taken_at();
    let mut state = State {
        run: report.run,
        as_of: run.as_of,
        source: run.source.clone(),
        rules,
        full_on: previous.map_or(Some(run.as_of), |state| state.full_on),
        tables: previous.map(|state| state.tables.clone()).unwrap_or_default(),
    };
    for table in &report.tables {
        let before = state.tables.get(&table.table).and_then(|freshness| freshness.watermark);
        // A modification time in the future would hide every later change until that time has come.
        let newest = watermarks.get(&table.table).copied().flatten();
        let newest = newest.map(|instant| taken_at.map_or(instant, |now| instant.min(now)));
        let freshness = Freshness {
            rows: table.source_rows,
            facts: table.census.facts,
            taken_at,
            watermark: newest.max(before),
            version: snapshot.version(table.table),
        };
        state.tables.insert(table.table, freshness);
    }
    progress(&Progress { step: Step::Committing, rows: 0, expected: None })?;
    load.commit(&state)?;
    progress(&Progress { step: Step::Done, rows: report.source_rows(), expected: None })?;
    Ok(report)
}

/// Whether so many days have passed since everything was read anew. A load as of an earlier day is not due for that.
fn is_full_due(run: &Run<'_>, state: &State) -> bool {
    let days = i64::from(run.options.full_every_days);
    let since = |full: Date| i64::from(epoch_day(run.as_of)) - i64::from(epoch_day(full));
    days > 0 && state.full_on.is_none_or(|full| since(full) >= days)
}

/// What tells rows of this version from those of versions that summed otherwise.
const MARKS: &str = "marks of dates and categories";

/// A number that changes when a rule does: what the load accepts, what the source calls its tables and columns, in which
/// zone its instants are read, and which of them there are. Rows read by other rules may not stand beside new ones.
fn rules(options: &Options, snapshot: &dyn Snapshot) -> String {
    // How much is compared changes nothing in a row.
    let rules = Options {
        mode: Mode::Auto,
        compare_whole_below: 0,
        full_every_days: 0,
        accept_losses: false,
        ..options.clone()
    };
    let text = serde_json::to_string(&rules).unwrap_or_default();
    let mut texts = vec![MARKS.into(), text, snapshot.rules()];
    for info in snapshot.tables() {
        texts.push(format!("{} {} {} {}", info.table, info.source_name, info.has_updated_at, info.missing.join(" ")));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    format!("{:016x}", crate::source::fingerprint(&texts))
}

struct Pass<'a, 'b> {
    run: &'a Run<'b>,
    progress: &'a mut dyn FnMut(&Progress) -> Result<()>,
    report: &'a mut Report,
    watermarks: &'a mut BTreeMap<Table, Option<i64>>,
    /// Keys of the store's donors and categories, fetched once: nothing adds to those tables after the first row that
    /// names one.
    known: [Option<KeySet>; 2],
}

/// From the reading side to the loading side.
struct Parcel {
    table: Table,
    clean: Clean,
}

impl Pass<'_, '_> {
    fn validator(&self) -> Validator<'_> {
        Validator { options: self.run.options, as_of: self.run.as_of, donors: None, categories: None }
    }

    /// Reads everything anew. Reading and judging go on in this thread while another one fills the store.
    fn full(&mut self, snapshot: &mut dyn Snapshot, load: &mut dyn Load) -> Result<()> {
        for table in Table::ALL {
            load.clear(table)?;
        }
        let tables = snapshot.tables().to_vec();
        let (parcels, arrivals) = sync_channel::<Parcel>(WAITING_BATCHES);
        let (read, filled) = std::thread::scope(|scope| {
            let loading = scope.spawn(|| fill(&mut *load, arrivals, self.run.as_of));
            let read = self.read_all(&tables, snapshot, &parcels);
            drop(parcels);
            let filled = loading
                .join()
                .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "the loading thread stopped unexpectedly")));
            (read, filled)
        });
        // When the store fails, the reader only finds nobody to hand its rows to: the store's error is the cause.
        let store_totals = filled?;
        let totals = read?;
        (self.progress)(&Progress { step: Step::Reconciling, rows: 0, expected: None })?;
        for (i, source) in totals.iter().enumerate() {
            let info = &tables[i];
            let store = store_totals.get(&info.table).copied().unwrap_or_default();
            let table = &mut self.report.tables[i];
            reconcile(info, table, source, &store, load, snapshot, self.run.options)?;
            table.census = load.census(info.table)?;
            table.changes.inserted = table.census.facts;
        }
        Ok(())
    }

    fn read_all(
        &mut self,
        tables: &[TableInfo],
        snapshot: &mut dyn Snapshot,
        parcels: &SyncSender<Parcel>,
    ) -> Result<Vec<Totals>> {
        let mut totals = Vec::with_capacity(tables.len());
        let mut keys: BTreeMap<Table, Vec<u64>> = BTreeMap::new();
        for info in tables {
            let known = |table| keys.get(&table).cloned().map(sorted_set);
            let validator = Validator {
                donors: needs(info.table, Table::Donors).then(|| known(Table::Donors)).flatten(),
                categories: needs(info.table, Table::Categories).then(|| known(Table::Categories)).flatten(),
                options: self.run.options,
                as_of: self.run.as_of,
            };
            let mut table = blank(info, Reading::Full);
            let mut newest = None;
            let collected =
                matches!(info.table, Table::Donors | Table::Categories).then(|| keys.entry(info.table).or_default());
            let mut collected = collected;
            let mut seen = (!info.unique_key).then(Seen::default);
            let progress = &mut *self.progress;
            snapshot.read(info.table, &Selection::All, &mut |batch| {
                let clean = validator.clean(&batch, seen.as_mut())?;
                table.rows_read += clean.read;
                table.repaired_cells += clean.repaired;
                newest = newest.max(clean.newest);
                if let Some(keys) = &mut collected {
                    keys.extend_from_slice(key_column(&clean.rows));
                }
                progress(&Progress {
                    step: Step::Reading(info.table),
                    rows: table.rows_read,
                    expected: info.estimated_rows,
                })?;
                parcels
                    .send(Parcel { table: info.table, clean })
                    .map_err(|_| Error::new(ErrorKind::Internal, "the loading thread no longer takes rows"))
            })?;
            progress(&Progress { step: Step::Read(info.table), rows: table.rows_read, expected: None })?;
            self.watermarks.insert(info.table, newest);
            self.report.tables.push(table);
            // Until the largest table is read both processors of a small machine are busy with it; then the source may sum
            // while the store is still writing.
            if info.table == Table::Donations {
                let all: Vec<Table> = tables.iter().map(|info| info.table).collect();
                snapshot.expect(&all, Sums::Essential, None);
            }
        }
        for (info, table) in tables.iter().zip(&mut self.report.tables) {
            let source = snapshot.essential_totals(info.table)?;
            table.source_rows = source.rows;
            totals.push(source);
        }
        Ok(totals)
    }

    /// Reads what changed, then whatever counts and sums still say is different.
    fn incremental(&mut self, before: &State, snapshot: &mut dyn Snapshot, load: &mut dyn Load) -> Result<()> {
        let tables = snapshot.tables().to_vec();
        for table in before.tables.keys().filter(|table| tables.iter().all(|info| info.table != **table)) {
            self.report.warnings.push(format!(
                "{table} is no longer in the source; its rows of load {} were kept (a full load removes them)",
                before.run
            ));
        }
        let is_unchanged = |info: &&TableInfo| {
            let known = before.tables.get(&info.table).and_then(|freshness| freshness.version);
            known.is_some() && known == snapshot.version(info.table)
        };
        let (unchanged, tables): (Vec<_>, Vec<_>) = tables.iter().partition(is_unchanged);
        let (unchanged, tables): (Vec<TableInfo>, Vec<TableInfo>) =
            (unchanged.into_iter().cloned().collect(), tables.into_iter().cloned().collect());
        let asked: Vec<Table> = tables.iter().map(|info| info.table).collect();
        snapshot.expect(&asked, Sums::All, Some(self.run.options.range_width));
        // The two large tables are compared last, so that the source has time to sum them while their changes are merged.
        // Nothing else is judged by them.
        let (large, small): (Vec<TableInfo>, Vec<TableInfo>) =
            tables.into_iter().partition(|info| matches!(info.table, Table::Donations | Table::CashEntries));
        for info in &small {
            let table = self.changed(info, before, snapshot, load)?;
            let table = self.compared(info, table, snapshot, load)?;
            self.report.tables.push(table);
        }
        let read = large.iter().map(|info| self.changed(info, before, snapshot, load)).collect::<Result<Vec<_>>>()?;
        for (info, table) in large.iter().zip(read) {
            let table = self.compared(info, table, snapshot, load)?;
            self.report.tables.push(table);
        }
        // Last, because a donor who came may mend a row that was bad.
        for info in &unchanged {
            let table = self.unchanged(info, before, snapshot, load)?;
            self.report.tables.push(table);
        }
        self.report.tables.sort_unstable_by_key(|table| table.table);
        let came_or_went = |table: &TableReport| table.changes.inserted + table.changes.deleted > 0;
        if self.report.tables.iter().any(|table| table.table == Table::Donors && came_or_went(table)) {
            self.report.relinked_donations = load.relink_donors()?;
            if let Some(table) = self.report.tables.iter_mut().find(|table| table.table == Table::Donations) {
                table.census = load.census(Table::Donations)?;
            }
        }
        Ok(())
    }

    /// Whether every row of a table is looked at, because its sums do not show what people change by hand.
    fn is_compared_whole(&self, info: &TableInfo, before: &State) -> bool {
        let rows = before.tables.get(&info.table).map_or(0, |freshness| freshness.rows);
        match info.table {
            Table::Donations | Table::CashEntries => false,
            Table::Contacts => true,
            _ => rows <= self.run.options.compare_whole_below,
        }
    }

    /// Merges the rows of a table that the source says have changed, and those whose fault may have passed.
    fn changed(
        &mut self,
        info: &TableInfo,
        before: &State,
        snapshot: &mut dyn Snapshot,
        load: &mut dyn Load,
    ) -> Result<TableReport> {
        let watermark = before.tables.get(&info.table).and_then(|freshness| freshness.watermark);
        let whole = self.is_compared_whole(info, before);
        let (reading, selection, scope) = match watermark.filter(|_| info.has_updated_at && !whole) {
            Some(newest) => {
                let overlap = i64::from(self.run.options.overlap_minutes) * 60_000_000;
                (Reading::Changed, Selection::ChangedSince(newest.saturating_sub(overlap)), Scope::Staged)
            }
            None => (Reading::Compared, Selection::All, Scope::All),
        };
        let mut table = blank(info, reading);
        let seen = (!info.unique_key).then(Seen::default);
        let mut visit = Visit { pass: self, info, table: &mut table, seen };
        visit.merge(&selection, &scope, snapshot, load)?;
        if reading == Reading::Changed {
            visit.again(snapshot, load)?;
        }
        Ok(table)
    }

    /// Looks at the rows of an unchanged table whose fault may have passed, and at nothing else of it.
    fn unchanged(
        &mut self,
        info: &TableInfo,
        before: &State,
        snapshot: &mut dyn Snapshot,
        load: &mut dyn Load,
    ) -> Result<TableReport> {
        let mut table = blank(info, Reading::Unchanged);
        table.source_rows = before.tables.get(&info.table).map_or(0, |freshness| freshness.rows);
        if !load.revisit(info.table)?.is_empty() {
            let were = load.totals(info.table)?;
            Visit { pass: self, info, table: &mut table, seen: None }.again(snapshot, load)?;
            // Clean or in quarantine, the rows add up to the same; otherwise the source did change.
            if load.totals(info.table)? != were {
                return self.compared(info, table, snapshot, load);
            }
        }
        table.census = load.census(info.table)?;
        // Rows that the store lost on its own account come back.
        if table.census.facts + table.census.rejected.values().sum::<u64>() != table.source_rows {
            return self.compared(info, table, snapshot, load);
        }
        Ok(table)
    }

    /// Compares a table with the source's totals, and mends it where they part.
    fn compared(
        &mut self,
        info: &TableInfo,
        mut table: TableReport,
        snapshot: &mut dyn Snapshot,
        load: &mut dyn Load,
    ) -> Result<TableReport> {
        let source = snapshot.totals(info.table)?;
        table.source_rows = source.rows;
        if source != load.totals(info.table)? {
            Visit { pass: self, info, table: &mut table, seen: None }.mend(snapshot, load)?;
            let store = load.totals(info.table)?;
            reconcile(info, &mut table, &source, &store, load, snapshot, self.run.options)?;
        }
        table.census = load.census(info.table)?;
        Ok(table)
    }
}

/// One table's part of an incremental load.
struct Visit<'v, 'a, 'b> {
    pass: &'v mut Pass<'a, 'b>,
    info: &'v TableInfo,
    table: &'v mut TableReport,
    seen: Option<Seen>,
}

impl Visit<'_, '_, '_> {
    /// Reads a selection, judges it and merges it.
    fn merge(
        &mut self,
        selection: &Selection,
        scope: &Scope,
        snapshot: &mut dyn Snapshot,
        load: &mut dyn Load,
    ) -> Result<()> {
        let info = self.info;
        let mut newest = None;
        let mut staged = 0u64;
        snapshot.read(info.table, selection, &mut |batch| {
            // Fetched when the first changed row comes, so that an unchanged table costs nothing here.
            let mut known = std::mem::take(&mut self.pass.known);
            for (set, table) in known.iter_mut().zip([Table::Donors, Table::Categories]) {
                if set.is_none() && needs(info.table, table) {
                    *set = Some(KeySet::of_sorted(load.keys(table)?));
                }
            }
            let mut validator = self.pass.validator();
            [validator.donors, validator.categories] = known;
            let clean = validator.clean(&batch, self.seen.as_mut())?;
            self.pass.known = [validator.donors.take(), validator.categories.take()];
            self.table.rows_read += clean.read;
            self.table.repaired_cells += clean.repaired;
            newest = newest.max(clean.newest);
            staged += clean.read;
            load.stage(info.table, &clean.rows, &clean.quarantined)?;
            (self.pass.progress)(&Progress {
                step: Step::Reading(info.table),
                rows: self.table.rows_read,
                expected: None,
            })
        })?;
        let seen_before = self.pass.watermarks.entry(info.table).or_default();
        *seen_before = (*seen_before).max(newest);
        if staged > 0 || *scope != Scope::Staged {
            self.table.changes.add(load.merge(info.table, scope)?);
        }
        Ok(())
    }

    /// Reads the rows again whose fault may have passed.
    fn again(&mut self, snapshot: &mut dyn Snapshot, load: &mut dyn Load) -> Result<()> {
        self.seen = None;
        let passing = load.revisit(self.info.table)?;
        for keys in passing.chunks(RANGES_A_READ) {
            let ranges: Vec<(u64, u64)> = keys.iter().map(|&key| (key, key)).collect();
            self.merge(&Selection::Keys(ranges), &Scope::Staged, snapshot, load)?;
        }
        Ok(())
    }

    /// Finds the ranges of keys in which the source and the store differ, and reads those again.
    fn mend(&mut self, snapshot: &mut dyn Snapshot, load: &mut dyn Load) -> Result<()> {
        let width = self.pass.run.options.range_width;
        let source: BTreeMap<u64, Totals> = snapshot.totals_by_range(self.info.table, width)?.into_iter().collect();
        let store: BTreeMap<u64, Totals> = load.totals_by_range(self.info.table, width)?.into_iter().collect();
        let differing: Vec<u64> = source
            .keys()
            .chain(store.keys().filter(|range| !source.contains_key(range)))
            .filter(|range| source.get(range) != store.get(range))
            .copied()
            .collect();
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        let mut sorted = differing;
        sorted.sort_unstable();
        for range in sorted {
            self.table.ranges_reread += 1;
            let first = range.saturating_mul(width);
            let last = first.saturating_add(width - 1);
            match ranges.last_mut() {
                Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
                _ => ranges.push((first, last)),
            }
        }
        for ranges in ranges.chunks(RANGES_A_READ) {
            self.seen = (!self.info.unique_key).then(Seen::default);
            self.merge(&Selection::Keys(ranges.to_vec()), &Scope::Ranges(ranges.to_vec()), snapshot, load)?;
        }
        Ok(())
    }
}

/// The loading side of a full load: consecutive parcels of a table go into the store in one stream.
/// Returns each table's totals in the store.
fn fill(load: &mut dyn Load, arrivals: Receiver<Parcel>, as_of: Date) -> Result<BTreeMap<Table, Totals>> {
    let mut arrivals = arrivals.into_iter().peekable();
    let mut totals = BTreeMap::new();
    while let Some(table) = arrivals.peek().map(|parcel| parcel.table) {
        let mut quarantined = Vec::new();
        let mut batches = std::iter::from_fn(|| {
            let wanted = quarantined.len() < QUARANTINE_TOGETHER;
            let parcel = arrivals.next_if(|parcel| wanted && parcel.table == table)?;
            quarantined.extend(parcel.clean.quarantined);
            Some(parcel.clean.rows)
        });
        load.append(table, &mut batches)?;
        if !quarantined.is_empty() {
            load.quarantine(&quarantined)?;
        }
        if arrivals.peek().is_none_or(|next| next.table != table) {
            load.summarise(table, as_of)?;
            totals.insert(table, load.essential_totals(table)?);
        }
    }
    // Tables without rows were emptied too.
    for table in Table::ALL {
        if let Entry::Vacant(place) = totals.entry(table) {
            load.summarise(table, as_of)?;
            place.insert(load.essential_totals(table)?);
        }
    }
    Ok(totals)
}

fn reconcile(
    info: &TableInfo,
    report: &mut TableReport,
    source: &Totals,
    store: &Totals,
    load: &mut dyn Load,
    snapshot: &mut dyn Snapshot,
    options: &Options,
) -> Result<()> {
    report.source_rows = source.rows;
    if differences(source, store).is_empty() {
        return Ok(());
    }
    // Sums that were made beside the reading are asked for once more, where the rows came from.
    let source = snapshot.essential_totals(info.table)?;
    report.source_rows = source.rows;
    let parted = differences(&source, store);
    if parted.is_empty() {
        return Ok(());
    }
    // Only now, when the load is lost anyway, is it worth finding the place.
    let width = options.range_width;
    let by_range = |list: Vec<(u64, Totals)>| list.into_iter().collect::<BTreeMap<_, _>>();
    let (there, here) =
        (by_range(snapshot.totals_by_range(info.table, width)?), by_range(load.totals_by_range(info.table, width)?));
    let first = there
        .keys()
        .chain(here.keys())
        .filter(|range| match (there.get(range), here.get(range)) {
            (Some(there), Some(here)) => !differences(there, here).is_empty(),
            _ => true,
        })
        .min();
    let mut error = Error::new(
        ErrorKind::Reconciliation,
        format!("the load was refused because it does not equal the source: {}", parted.join("; ")),
    )
    .context("table", info.table)
    .context("source table", &info.source_name);
    if let Some(range) = first {
        let start = range.saturating_mul(width);
        error = error.context("first keys that differ", format!("{start} to {}", start.saturating_add(width - 1)));
    }
    Err(error.hint("nothing was changed; look at these rows in the source, then load again"))
}

fn needs(table: Table, other: Table) -> bool {
    matches!(
        (table, other),
        (Table::Donations | Table::Contacts, Table::Donors) | (Table::CashEntries, Table::Categories)
    )
}

fn sorted_set(mut keys: Vec<u64>) -> KeySet {
    keys.sort_unstable();
    KeySet::of_sorted(keys)
}

fn key_column(rows: &RecordBatch) -> &[u64] {
    rows.column(0).as_primitive::<UInt64Type>().values()
}

fn blank(info: &TableInfo, reading: Reading) -> TableReport {
    debug_assert_eq!(facts::columns(info.table)[0].raw, "id");
    TableReport {
        table: info.table,
        source_name: info.source_name.clone(),
        reading,
        source_rows: 0,
        rows_read: 0,
        census: super::load::Census::default(),
        changes: super::load::Changes::default(),
        repaired_cells: 0,
        missing_columns: info.missing.iter().map(ToString::to_string).collect(),
        ranges_reread: 0,
    }
}
