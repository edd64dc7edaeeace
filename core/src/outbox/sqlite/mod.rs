//! The outbox in a file.

mod rows;
mod schema;

use super::cause::Cause;
use super::decision::{Pruned, Retention, Whom};
use super::draft::Draft;
use super::entry::{BatchProgress, Counts, Filter, Stage};
use super::halt::{Halt, Lane};
use super::record::{Content, Record, class_of, donor_number, micros};
use super::shelf::{Gates, Shelf, Shelves, Trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Number;
use crate::sqlite::{open, trouble};
use crate::transport::{Picture, StatusChange};
use jiff::{SignedDuration, Timestamp};
use rows::{COLUMNS, state, state_number, time};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, Row, TransactionBehavior, params};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Statements kept ready: more than there are.
const STATEMENTS: usize = 64;

/// An outbox in a file, which several processes may hold at a time.
pub struct Sqlite(Mutex<Connection>);

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outbox::Sqlite")
    }
}

impl Sqlite {
    /// Opens a file, or makes it.
    ///
    /// Errors: `store_newer` for a file of a newer version, `store_locked`, `store_damaged`, `disk_full`, `io`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let connection = open(Some(path.as_ref()), "outbox", schema::MIGRATIONS)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self(Mutex::new(connection)))
    }

    fn transaction<R>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&mut dyn Shelf) -> Result<R>,
    ) -> Result<R> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(behavior).map_err(trouble)?;
        let done = work(&mut Rows(&transaction))?;
        transaction.commit().map_err(trouble)?;
        Ok(done)
    }
}

impl Shelves for Sqlite {
    fn write<R>(&self, work: impl FnOnce(&mut dyn Shelf) -> Result<R>) -> Result<R> {
        // Immediate: a transaction that reads first and writes later could find the file written by another between.
        self.transaction(TransactionBehavior::Immediate, work)
    }

    fn tidy(&self) -> Result<()> {
        // Erased pages are overwritten in the file only when the log is carried over, and the log itself holds the old ones
        // until it is cut. A reader in between keeps both: then the next time does it.
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(trouble)
    }

    fn read<R>(&self, work: impl FnOnce(&mut dyn Shelf) -> Result<R>) -> Result<R> {
        self.transaction(TransactionBehavior::Deferred, work)
    }
}

struct Rows<'a>(&'a Connection);

impl Rows<'_> {
    fn run(&self, sql: &str, values: impl Params) -> Result<usize> {
        self.0.prepare_cached(sql).map_err(trouble)?.execute(values).map_err(trouble)
    }

    fn one<T: rusqlite::types::FromSql>(&self, sql: &str, values: impl Params) -> Result<Option<T>> {
        let mut statement = self.0.prepare_cached(sql).map_err(trouble)?;
        statement.query_row(values, |row| row.get(0)).optional().map_err(trouble)
    }

    fn many<T>(&self, sql: &str, values: impl Params, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut statement = self.0.prepare_cached(sql).map_err(trouble)?;
        let mut rows = statement.query(values).map_err(trouble)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(trouble)? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    fn records(&self, rest: &str, values: impl Params) -> Result<Vec<Record>> {
        self.many(&format!("SELECT {COLUMNS} FROM outbox_message {rest}"), values, rows::record)
    }

    fn record(&self, rest: &str, values: impl Params) -> Result<Option<Record>> {
        Ok(self.records(rest, values)?.pop())
    }
}

fn stamp(time: Timestamp) -> i64 {
    time.as_microsecond()
}

fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T> {
    row.get(index).map_err(trouble)
}

impl Shelf for Rows<'_> {
    fn insert(&mut self, draft: &Draft, now: Timestamp) -> Result<bool> {
        // Asked first: a conflict would use up an identity.
        if self.one::<i64>("SELECT id FROM outbox_message WHERE key = ?1", [&draft.key])?.is_some() {
            return Ok(false);
        }
        let due = draft.not_before.map_or(now, |time| micros(time).max(now));
        self.run(
            "INSERT INTO outbox_message (key, lane, class, kind, priority, recipient, donor, batch, solicited, resend,
                 created, expires, stage, due, changed, attempts, resent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?13, ?11, 0, 0)",
            params![
                draft.key,
                draft.lane,
                class_of(draft.priority, draft.any_hour),
                draft.kind,
                draft.priority.number(),
                draft.to.as_str(),
                draft.donor.map(donor_number),
                draft.batch,
                draft.solicited,
                draft.resend.number(),
                stamp(now),
                draft.expires.map(stamp),
                stamp(due),
            ],
        )?;
        let template = draft.template.as_ref().map(serde_json::to_string).transpose().map_err(|cause| {
            Error::new(ErrorKind::Internal, "a template's values cannot be written").caused_by(cause)
        })?;
        self.run(
            "INSERT INTO outbox_content (message, text, reply_to, template, picture) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![self.0.last_insert_rowid(), draft.text, draft.reply_to, template, draft.picture],
        )?;
        Ok(true)
    }

    fn put_picture(&mut self, batch: &str, picture: &Picture, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO outbox_picture (batch, name, media_type, bytes, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![batch, picture.name, picture.media_type, picture.bytes, stamp(now)],
        )?;
        Ok(())
    }

    fn load(&mut self, id: u64) -> Result<Option<Record>> {
        self.record("WHERE id = ?1", [id.cast_signed()])
    }

    fn by_key(&mut self, key: &str) -> Result<Option<Record>> {
        self.record("WHERE key = ?1", [key])
    }

    fn content(&mut self, id: u64) -> Result<Option<Content>> {
        let found = self.many(
            "SELECT c.text, c.reply_to, c.template, p.name, p.media_type, p.bytes
             FROM outbox_message m LEFT JOIN outbox_content c ON c.message = m.id
             LEFT JOIN outbox_picture p ON c.picture AND p.batch = m.batch WHERE m.id = ?1",
            [id.cast_signed()],
            |row| {
                let template: Option<String> = get(row, 2)?;
                let unreadable = |cause| Error::unreadable(ErrorKind::StoreDamaged, "a template's values", &cause);
                let name: Option<String> = get(row, 3)?;
                let picture = match name {
                    Some(name) => Some(Picture { name, media_type: get(row, 4)?, bytes: get(row, 5)? }),
                    None => None,
                };
                Ok(Content {
                    text: get::<Option<String>>(row, 0)?.unwrap_or_default(),
                    reply_to: get(row, 1)?,
                    template: template
                        .map(|json| serde_json::from_str(&json).map_err(|cause: serde_json::Error| unreadable(cause)))
                        .transpose()?,
                    picture,
                })
            },
        )?;
        Ok(found.into_iter().next())
    }

    fn save(&mut self, record: &Record) -> Result<()> {
        let entry = &record.entry;
        self.run(
            "UPDATE outbox_message SET stage = ?2, due = ?3, changed = ?4, attempts = ?5, resent = ?6, holder = ?7,
                 token = ?8, hold_until = ?9, gateway_id = ?10, state_id = ?11, delivery = ?12, reason = ?13,
                 expires = ?14, cause = ?15
             WHERE id = ?1",
            params![
                record.id().cast_signed(),
                entry.stage.number(),
                stamp(entry.due),
                stamp(entry.changed),
                entry.attempts,
                entry.resent,
                record.held.as_ref().map(|(holder, _)| holder),
                record.held.as_ref().map(|(_, token)| token.cast_signed()),
                record.hold_until.map(stamp),
                entry.gateway_id,
                record.state_id,
                entry.delivery.map(state_number),
                entry.reason,
                record.expires.map(stamp),
                entry.cause.map(Cause::number),
            ],
        )?;
        Ok(())
    }

    fn set_lane(&mut self, id: u64, lane: &str) -> Result<()> {
        self.run("UPDATE outbox_message SET lane = ?2 WHERE id = ?1", params![id.cast_signed(), lane])?;
        Ok(())
    }

    fn sever(&mut self, record: &Record) -> Result<()> {
        let id = record.id().cast_signed();
        self.run(
            "UPDATE outbox_message SET key = ?2, recipient = NULL, donor = NULL WHERE id = ?1",
            params![id, record.entry.key],
        )?;
        self.run("DELETE FROM outbox_content WHERE message = ?1", [id])?;
        Ok(())
    }

    fn first_due(&mut self, lane: &str, class: u8, now: Timestamp) -> Result<Option<Record>> {
        self.record(
            "WHERE stage = 0 AND lane = ?1 AND class = ?2 AND due <= ?3 ORDER BY due, id LIMIT 1",
            params![lane, class, stamp(now)],
        )
    }

    fn soonest(&mut self, lane: &str, class: u8) -> Result<Option<Timestamp>> {
        let sql = "SELECT due FROM outbox_message WHERE stage = 0 AND lane = ?1 AND class = ?2 ORDER BY due LIMIT 1";
        self.one(sql, params![lane, class])?.map(time).transpose()
    }

    fn held(&mut self, holder: Option<&str>, now: Timestamp, limit: usize) -> Result<Vec<Record>> {
        let limit = limit as i64;
        match holder {
            Some(holder) => {
                self.records("WHERE stage IN (1, 2) AND holder = ?1 ORDER BY id LIMIT ?2", params![holder, limit])
            }
            None => self
                .records("WHERE stage IN (1, 2) AND hold_until <= ?1 ORDER BY id LIMIT ?2", params![stamp(now), limit]),
        }
    }

    fn next_hold_end(&mut self) -> Result<Option<Timestamp>> {
        let sql = "SELECT min(hold_until) FROM outbox_message WHERE stage IN (1, 2)";
        self.one::<Option<i64>>(sql, [])?.flatten().map(time).transpose()
    }

    fn by_receipt(&mut self, name: &str) -> Result<Option<Record>> {
        match self.record("WHERE gateway_id = ?1 ORDER BY id DESC LIMIT 1", [name])? {
            Some(record) => Ok(Some(record)),
            None => self.record("WHERE state_id = ?1 ORDER BY id DESC LIMIT 1", [name]),
        }
    }

    fn keep_orphan(&mut self, change: &StatusChange, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO outbox_orphan (gateway_id, state_id, state, reason, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![change.id, change.state_id, state_number(change.state), change.reason, stamp(now)],
        )?;
        Ok(())
    }

    fn take_orphans(&mut self, name: &str) -> Result<Vec<StatusChange>> {
        self.many(
            "DELETE FROM outbox_orphan WHERE gateway_id = ?1 OR state_id = ?1
             RETURNING gateway_id, state_id, state, reason",
            [name],
            |row| {
                let (id, state_id) = (get(row, 0)?, get(row, 1)?);
                Ok(StatusChange { id, state_id, state: state(get(row, 2)?)?, reason: get(row, 3)? })
            },
        )
    }

    fn halts(&mut self) -> Result<Vec<(String, Halt)>> {
        self.many("SELECT lane, kind, reason, since, probe_at FROM outbox_halt ORDER BY lane", [], rows::halt)
    }

    fn set_halt(&mut self, lane: &str, halt: Option<&Halt>) -> Result<()> {
        match halt {
            Some(halt) => self.run(
                "INSERT OR REPLACE INTO outbox_halt (lane, kind, reason, since, probe_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![lane, halt.kind.number(), halt.reason, stamp(halt.since), halt.probe_at.map(stamp)],
            )?,
            None => self.run("DELETE FROM outbox_halt WHERE lane = ?1", [lane])?,
        };
        Ok(())
    }

    fn gates(&mut self, lane: &str) -> Result<Gates> {
        let found = self.many("SELECT reply, other FROM outbox_gate WHERE lane = ?1", [lane], |row| {
            Ok(Gates { reply: time(get(row, 0)?)?, other: time(get(row, 1)?)? })
        })?;
        Ok(found.first().copied().unwrap_or_default())
    }

    fn set_gates(&mut self, lane: &str, gates: Gates) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO outbox_gate (lane, reply, other) VALUES (?1, ?2, ?3)",
            params![lane, stamp(gates.reply), stamp(gates.other)],
        )?;
        Ok(())
    }

    fn trouble(&mut self, lane: &str) -> Result<Trouble> {
        let found = self.many("SELECT failures, since FROM outbox_trouble WHERE lane = ?1", [lane], |row| {
            Ok(Trouble { failures: get(row, 0)?, since: get::<Option<i64>>(row, 1)?.map(time).transpose()? })
        })?;
        Ok(found.first().copied().unwrap_or_default())
    }

    fn set_trouble(&mut self, lane: &str, trouble: Trouble) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO outbox_trouble (lane, failures, since) VALUES (?1, ?2, ?3)",
            params![lane, trouble.failures, trouble.since.map(stamp)],
        )?;
        Ok(())
    }

    fn seen(&mut self) -> Result<Option<Timestamp>> {
        self.one("SELECT seen FROM outbox_clock", [])?.map(time).transpose()
    }

    fn set_seen(&mut self, now: Timestamp) -> Result<()> {
        self.run("INSERT OR REPLACE INTO outbox_clock (id, seen) VALUES (1, ?1)", [stamp(now)])?;
        Ok(())
    }

    fn changed_after(&mut self, time: Timestamp, limit: usize) -> Result<Vec<Record>> {
        let rest = "WHERE stage IN (0, 1, 2) AND changed > ?1 ORDER BY id LIMIT ?2";
        self.records(rest, params![stamp(time), limit as i64])
    }

    fn rewind(&mut self, back: SignedDuration, now: Timestamp) -> Result<()> {
        let back = i64::try_from(back.as_micros()).unwrap_or(i64::MAX);
        for sql in [
            "UPDATE outbox_gate SET reply = max(reply - ?1, ?2) WHERE reply > ?2",
            "UPDATE outbox_gate SET other = max(other - ?1, ?2) WHERE other > ?2",
            "UPDATE outbox_person_gate SET until = max(until - ?1, ?2) WHERE until > ?2",
        ] {
            self.run(sql, [back, stamp(now)])?;
        }
        self.run("UPDATE outbox_opt_out SET since = ?1 WHERE since > ?1", [stamp(now)])?;
        Ok(())
    }

    fn person_gate(&mut self, number: &Number) -> Result<Option<Timestamp>> {
        let sql = "SELECT until FROM outbox_person_gate WHERE number = ?1";
        self.one(sql, [number.as_str()])?.map(time).transpose()
    }

    fn set_person_gate(&mut self, number: &Number, until: Timestamp) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO outbox_person_gate (number, until) VALUES (?1, ?2)",
            params![number.as_str(), stamp(until)],
        )?;
        Ok(())
    }

    fn opted_out(&mut self, number: &Number) -> Result<Option<Timestamp>> {
        self.one("SELECT since FROM outbox_opt_out WHERE number = ?1", [number.as_str()])?.map(time).transpose()
    }

    fn opt_outs(&mut self, limit: u32) -> Result<Vec<(Number, Timestamp)>> {
        let sql = "SELECT number, since FROM outbox_opt_out ORDER BY since DESC, number LIMIT ?1";
        self.many(sql, [limit], |row| Ok((rows::number(&get::<String>(row, 0)?)?, time(get(row, 1)?)?)))
    }

    fn set_opt_out(&mut self, number: &Number, since: Option<Timestamp>) -> Result<()> {
        match since {
            Some(since) => self.run(
                "INSERT OR REPLACE INTO outbox_opt_out (number, since) VALUES (?1, ?2)",
                params![number.as_str(), stamp(since)],
            )?,
            None => self.run("DELETE FROM outbox_opt_out WHERE number = ?1", [number.as_str()])?,
        };
        Ok(())
    }

    fn of(&mut self, whom: &Whom) -> Result<Vec<Record>> {
        match whom {
            Whom::Number(number) => self.records("WHERE recipient = ?1 ORDER BY id", [number.as_str()]),
            Whom::Donor(donor) => self.records("WHERE donor = ?1 ORDER BY id", [donor_number(*donor)]),
        }
    }

    fn list(&mut self, filter: &Filter) -> Result<Vec<Record>> {
        let undecided = format!(
            "(stage = {} OR (stage = {} AND (cause IS NULL OR cause NOT IN ({}))))",
            Stage::Unknown.number(),
            Stage::Dead.number(),
            Cause::SETTLED.map(|cause| cause.number().to_string()).join(", "),
        );
        let mut conditions = vec![if filter.undecided { &*undecided } else { "1" }];
        let mut values: Vec<Value> = Vec::new();
        let mut only = |condition, value: Option<Value>| {
            if let Some(value) = value {
                conditions.push(condition);
                values.push(value);
            }
        };
        only("stage = ?", filter.stage.map(|stage| stage.number().into()));
        only("delivery = ?", filter.delivery.map(|state| state_number(state).into()));
        only("kind = ?", filter.kind.clone().map(Value::from));
        only("batch = ?", filter.batch.clone().map(Value::from));
        only("lane = ?", filter.lane.clone().map(Value::from));
        only("donor = ?", filter.donor.map(|donor| donor_number(donor).into()));
        only("id > ?", filter.after.map(|id| id.0.cast_signed().into()));
        values.push(i64::from(filter.limit).into());
        let rest = format!("WHERE {} ORDER BY id LIMIT ?", conditions.join(" AND "));
        self.records(&rest, rusqlite::params_from_iter(values))
    }

    fn counts(&mut self, batch: Option<&str>) -> Result<Counts> {
        let read = |row: &Row<'_>| {
            let delivery = get::<Option<i64>>(row, 1)?.map(state).transpose()?;
            Ok((rows::stage(get(row, 0)?)?, delivery, get::<i64>(row, 2)?))
        };
        let found = match batch {
            Some(batch) => self.many(
                "SELECT stage, delivery, count(*) FROM outbox_message WHERE batch = ?1 GROUP BY stage, delivery",
                [batch],
                read,
            )?,
            None => {
                self.many("SELECT stage, delivery, count(*) FROM outbox_message GROUP BY stage, delivery", [], read)?
            }
        };
        let mut counts = Counts::default();
        for (stage, delivery, n) in found {
            counts.add(stage, delivery, n.cast_unsigned());
        }
        Ok(counts)
    }

    fn batches(&mut self, limit: u32) -> Result<Vec<BatchProgress>> {
        let heads = self.many(
            "SELECT batch, min(created) AS since FROM outbox_message WHERE batch IS NOT NULL
             GROUP BY batch ORDER BY since DESC, batch LIMIT ?1",
            [limit],
            |row| Ok((get::<String>(row, 0)?, time(get(row, 1)?)?)),
        )?;
        let progress = |(batch, since): (String, Timestamp)| {
            Ok(BatchProgress { counts: self.counts(Some(&batch))?, batch, since })
        };
        heads.into_iter().map(progress).collect()
    }

    fn lanes(&mut self) -> Result<Vec<Lane>> {
        let new = |name: &str| Lane { name: name.to_owned(), halt: None, counts: Counts::default() };
        let mut found: BTreeMap<String, Lane> = BTreeMap::new();
        for (name, halt) in self.halts()? {
            found.entry(name.clone()).or_insert_with(|| new(&name)).halt = Some(halt);
        }
        let counted = self.many(
            "SELECT lane, stage, delivery, count(*) FROM outbox_message GROUP BY stage, lane, delivery",
            [],
            |row| {
                let delivery = get::<Option<i64>>(row, 2)?.map(state).transpose()?;
                Ok((get::<String>(row, 0)?, rows::stage(get(row, 1)?)?, delivery, get::<i64>(row, 3)?))
            },
        )?;
        for (name, stage, delivery, n) in counted {
            let lane = found.entry(name.clone()).or_insert_with(|| new(&name));
            lane.counts.add(stage, delivery, n.cast_unsigned());
        }
        Ok(found.into_values().collect())
    }

    fn forget_person_gate(&mut self, number: &Number) -> Result<()> {
        self.run("DELETE FROM outbox_person_gate WHERE number = ?1", [number.as_str()])?;
        Ok(())
    }

    fn prune(&mut self, retention: &Retention) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        // Accepted or dead: what is over.
        if let Some(before) = retention.messages_before {
            let sql = "DELETE FROM outbox_message WHERE stage IN (3, 5) AND changed < ?1";
            pruned.removed = self.run(sql, [stamp(before)])? as u64;
        }
        let before = stamp(retention.persons_before);
        // Over, or unknown for so long that nobody will decide to send it.
        for (stages, before) in [("3, 5", Some(before)), ("4", retention.unknown_before.map(stamp))] {
            let Some(before) = before else { continue };
            let old = format!("stage IN ({stages}) AND changed < ?1 AND recipient IS NOT NULL");
            let content =
                format!("DELETE FROM outbox_content WHERE message IN (SELECT id FROM outbox_message WHERE {old})");
            self.run(&content, [before])?;
            let sever = format!("UPDATE outbox_message SET recipient = NULL, donor = NULL WHERE {old}");
            pruned.severed += self.run(&sever, [before])? as u64;
        }
        self.run("DELETE FROM outbox_orphan WHERE at < ?1", [before])?;
        self.run("DELETE FROM outbox_person_gate WHERE until < ?1", [before])?;
        self.run(
            "DELETE FROM outbox_picture WHERE at < ?1 AND NOT EXISTS (SELECT 1 FROM outbox_message m
                 WHERE m.batch = outbox_picture.batch AND m.stage NOT IN (3, 5))",
            [before],
        )?;
        Ok(pruned)
    }
}
