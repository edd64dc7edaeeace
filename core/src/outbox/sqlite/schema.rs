//! The tables.

/// Each is run once, in order.
pub(super) const MIGRATIONS: &[&str] = &[
    // Texts lie apart, so that counting and leasing read short rows, and severing a person removes whole ones.
    // Times are microseconds since 1970; enums are numbers (`code_enum`).
    "CREATE TABLE outbox_message (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         key TEXT NOT NULL UNIQUE,
         lane TEXT NOT NULL,
         class INTEGER NOT NULL,
         kind TEXT NOT NULL,
         priority INTEGER NOT NULL,
         recipient TEXT,
         donor INTEGER,
         batch TEXT,
         solicited INTEGER NOT NULL,
         resend INTEGER NOT NULL,
         created INTEGER NOT NULL,
         expires INTEGER,
         stage INTEGER NOT NULL,
         due INTEGER NOT NULL,
         changed INTEGER NOT NULL,
         attempts INTEGER NOT NULL,
         resent INTEGER NOT NULL,
         holder TEXT,
         token INTEGER,
         hold_until INTEGER,
         gateway_id TEXT,
         state_id TEXT,
         delivery INTEGER,
         reason TEXT
     ) STRICT;
     CREATE INDEX outbox_queue ON outbox_message (lane, class, due, id) WHERE stage = 0;
     CREATE INDEX outbox_held ON outbox_message (hold_until) WHERE stage IN (1, 2);
     CREATE INDEX outbox_stage ON outbox_message (stage, lane, delivery);
     CREATE INDEX outbox_batch ON outbox_message (batch, stage, delivery, created) WHERE batch IS NOT NULL;
     CREATE INDEX outbox_recipient ON outbox_message (recipient) WHERE recipient IS NOT NULL;
     CREATE INDEX outbox_donor ON outbox_message (donor) WHERE donor IS NOT NULL;
     CREATE INDEX outbox_gateway ON outbox_message (gateway_id) WHERE gateway_id IS NOT NULL;
     CREATE INDEX outbox_state ON outbox_message (state_id) WHERE state_id IS NOT NULL;
     CREATE TABLE outbox_content (
         message INTEGER PRIMARY KEY REFERENCES outbox_message ON DELETE CASCADE,
         text TEXT NOT NULL,
         reply_to TEXT,
         template TEXT,
         picture INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE outbox_picture (
         batch TEXT PRIMARY KEY, name TEXT NOT NULL, media_type TEXT NOT NULL, bytes BLOB NOT NULL, at INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE outbox_orphan (
         id INTEGER PRIMARY KEY, gateway_id TEXT, state_id TEXT, state INTEGER NOT NULL, at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX outbox_orphan_gateway ON outbox_orphan (gateway_id);
     CREATE INDEX outbox_orphan_state ON outbox_orphan (state_id);
     CREATE TABLE outbox_halt (
         lane TEXT PRIMARY KEY, kind INTEGER NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL, probe_at INTEGER
     ) STRICT;
     CREATE TABLE outbox_gate (lane TEXT PRIMARY KEY, reply INTEGER NOT NULL, other INTEGER NOT NULL) STRICT;
     CREATE TABLE outbox_person_gate (number TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE outbox_opt_out (number TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
    // Until then only the texts told why.
    "ALTER TABLE outbox_message ADD COLUMN cause INTEGER;
     UPDATE outbox_message SET cause = CASE
         WHEN reason = 'opted out' THEN 0 WHEN reason = 'erased' THEN 1 WHEN reason = 'expired' THEN 2
         WHEN reason LIKE 'recipient: %' THEN 3 WHEN reason LIKE 'content: %' THEN 4
         WHEN reason LIKE 'given up after %' THEN 5 WHEN reason = 'an administrator discarded it' THEN 6
         WHEN reason = 'an administrator settled it as not sent' THEN 7
         WHEN reason = 'interrupted while it was being sent' THEN 8 WHEN stage = 4 THEN 9 END
     WHERE reason IS NOT NULL;
     ALTER TABLE outbox_orphan ADD COLUMN reason TEXT;",
    // Failures in a row, and the latest time that was told: what lies ahead of a clock that went back is brought down.
    "CREATE TABLE outbox_trouble (lane TEXT PRIMARY KEY, failures INTEGER NOT NULL, since INTEGER) STRICT;
     CREATE TABLE outbox_clock (id INTEGER PRIMARY KEY, seen INTEGER NOT NULL) STRICT;
     INSERT INTO outbox_clock SELECT 1, max(changed) FROM outbox_message HAVING max(changed) IS NOT NULL;",
];
