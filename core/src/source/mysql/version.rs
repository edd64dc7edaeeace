//! Which tables have not changed since the last snapshot, without a look at their rows.
//!
//! `InnoDB` stamps a table with the second of the last commit that changed it, a cascade among them
//! (`information_schema.TABLES.UPDATE_TIME`; the right to `SELECT` shows it). The stamp lives in memory: after a restart
//! there is none, which is no answer, and after the next change another.
//!
//! The stamp stands outside of the snapshot, so it is asked for before and after the snapshot's beginning. It is a version
//! where both answers are the same and it had been there for some seconds: then no commit that the snapshot does not see
//! can have left the same second.

use super::Plan;
use crate::model::Table;
use jiff::tz::TimeZone;
use mysql::Conn;
use mysql::prelude::Queryable;
use std::collections::BTreeMap;

/// So many seconds a stamp must have been there. A stamp counts whole seconds, and is set a moment before or after its
/// change can be seen.
const SETTLED: u32 = 3;

/// The server has no such variable.
const UNKNOWN_VARIABLE: u16 = 1193;

/// By the name of a table: its stamp, and whether that had settled.
pub(super) type Stamps = BTreeMap<String, (String, bool)>;

/// The stamps of tables by name: when they were made and last changed, and whether that was some seconds ago. Empty where
/// the server does not tell, or tells from a store of old answers.
pub(super) fn stamps(conn: &mut Conn) -> Stamps {
    // MySQL keeps answers for a day unless told otherwise; MariaDB keeps none.
    match conn.query_drop("SET SESSION information_schema_stats_expiry = 0") {
        Ok(()) => {}
        Err(mysql::Error::MySqlError(refusal)) if refusal.code == UNKNOWN_VARIABLE => {}
        Err(_) => return BTreeMap::new(),
    }
    let query = format!(
        "SELECT TABLE_NAME, CONCAT(COALESCE(CREATE_TIME, ''), ' ', UPDATE_TIME), \
         UPDATE_TIME < NOW() - INTERVAL {SETTLED} SECOND FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND ENGINE = 'InnoDB' \
         AND UPDATE_TIME IS NOT NULL AND COALESCE(CREATE_OPTIONS, '') NOT LIKE '%partition%'"
    );
    let rows: Vec<(String, String, bool)> = conn.query(query).unwrap_or_default();
    rows.into_iter().map(|(name, stamp, settled)| (name, (stamp, settled))).collect()
}

/// The versions of the tables that have one. How a table is read is part of it: another mapping or zone reads other values.
pub(super) fn versions(before: &Stamps, after: &Stamps, plans: &[Plan], zone: &TimeZone) -> BTreeMap<Table, u64> {
    let zone = zone.iana_name().unwrap_or_default();
    let version = |plan: &Plan| {
        let (stamp, settled) = before.get(&plan.source_name)?;
        let same = after.get(&plan.source_name).is_some_and(|(after, _)| after == stamp);
        (*settled && same).then(|| (plan.table, crate::source::fingerprint(&[stamp, &plan.select(), zone])))
    };
    plans.iter().filter_map(version).collect()
}
