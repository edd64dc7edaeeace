//! The tables of the register.

/// Times are microseconds since 1970-01-01 UTC, `sealed` is the HMAC of a number.
pub(super) const MIGRATIONS: &[&str] = &["
CREATE TABLE register_key (key BLOB NOT NULL) STRICT;
CREATE TABLE verified (number TEXT PRIMARY KEY, donor INTEGER NOT NULL, at INTEGER NOT NULL, how TEXT NOT NULL) STRICT;
CREATE INDEX verified_donor ON verified (donor);
CREATE TABLE lids (lid TEXT PRIMARY KEY, number TEXT NOT NULL) STRICT;
CREATE INDEX lids_number ON lids (number);
CREATE TABLE codes (
    claimant TEXT PRIMARY KEY, number TEXT NOT NULL, donor INTEGER NOT NULL, seal BLOB NOT NULL,
    expires INTEGER NOT NULL, wrong INTEGER NOT NULL) STRICT;
CREATE TABLE code_requests (key TEXT NOT NULL, number TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX code_requests_key ON code_requests (key, at);
CREATE TABLE opt_outs (sealed BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE consents (
    id INTEGER PRIMARY KEY, sealed BLOB NOT NULL, version TEXT NOT NULL, at INTEGER NOT NULL, channel TEXT NOT NULL,
    given INTEGER NOT NULL) STRICT;
CREATE INDEX consents_sealed ON consents (sealed);
CREATE TABLE consent_texts (version TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE erased (sealed BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE erasures (
    id INTEGER PRIMARY KEY AUTOINCREMENT, donor INTEGER, number TEXT, requested INTEGER NOT NULL, confirmed INTEGER,
    done INTEGER) STRICT;
CREATE TABLE processing (id INTEGER PRIMARY KEY, donor INTEGER NOT NULL, purpose TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX processing_donor ON processing (donor);
CREATE INDEX processing_at ON processing (at);
CREATE TABLE greetings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, donor INTEGER NOT NULL, state TEXT NOT NULL, drafted INTEGER NOT NULL,
    since INTEGER NOT NULL) STRICT;
CREATE INDEX greetings_donor ON greetings (donor);
CREATE TABLE thanked (donation INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
", "
CREATE TABLE opt_ins (sealed BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE erased_donors (sealed BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT;
ALTER TABLE thanked ADD COLUMN donor INTEGER;
ALTER TABLE thanked ADD COLUMN day TEXT;
CREATE INDEX thanked_donor ON thanked (donor, day);
"];
