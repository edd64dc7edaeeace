//! A register in an `SQLite` file, which several processes may share.

use super::memory::{no_erasure, other_text};
use super::options::DAY;
use super::rows::{ERASURE, GREETING, donor, erasure, greeting, instant, number, rows, thanked, verified};
use super::schema::MIGRATIONS;
use super::{
    Begun, CareState, Claim, Claimant, Code, Confirmed, Consent, Erasure, Greeting, How, Key, Lid, Options, Processing,
    Purpose, Register, Standing, Verified,
};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DonationId, DonorId, Number, ReceivedGift};
use crate::sqlite::{open, trouble};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many numbers are asked for one by one; of more, the tables are read as a whole.
const FEW: usize = 64;

/// A register in a file, which the outbox may share.
#[derive(Debug)]
pub struct SqliteRegister {
    options: Options,
    key: Key,
    connection: Mutex<Connection>,
}

impl SqliteRegister {
    /// Opens or creates a file. `key` is used and kept when the file is new; afterwards the file's own counts.
    ///
    /// Errors: those of [`Options::validate`]; `store_newer`, `store_locked`, `store_damaged`, `disk_full`, `io`.
    pub fn open(path: impl AsRef<Path>, options: Options, key: &Key) -> Result<Self> {
        Self::over(open(Some(path.as_ref()), "register", MIGRATIONS)?, options, key)
    }

    /// The same in memory.
    pub fn in_memory(options: Options, key: &Key) -> Result<Self> {
        Self::over(open(None, "register", MIGRATIONS)?, options, key)
    }

    fn over(mut connection: Connection, options: Options, key: &Key) -> Result<Self> {
        options.validate()?;
        let kept: Vec<u8> = {
            let transaction = immediate(&mut connection)?;
            transaction
                .execute(
                    "INSERT INTO register_key SELECT ?1 WHERE NOT EXISTS (SELECT * FROM register_key)",
                    [key.bytes()],
                )
                .map_err(trouble)?;
            let kept = transaction.query_row("SELECT key FROM register_key", [], |row| row.get(0)).map_err(trouble)?;
            transaction.commit().map_err(trouble)?;
            kept
        };
        let bytes = <[u8; 32]>::try_from(kept.as_slice())
            .map_err(|_| Error::new(ErrorKind::StoreDamaged, "the register's key has another length"))?;
        Ok(Self { options, key: Key::new(bytes), connection: Mutex::new(connection) })
    }

    /// A transaction that a panic left open was rolled back when it was dropped.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All or nothing, and nobody else writes meanwhile.
    fn change<T>(&self, act: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.connection();
        let transaction = immediate(&mut connection)?;
        let value = act(&transaction)?;
        transaction.commit().map_err(trouble)?;
        Ok(value)
    }

    fn sealed(&self, number: &Number) -> Vec<u8> {
        self.key.seal(&["number", number.as_str()])
    }

    fn note(&self, transaction: &Transaction<'_>, verified: &Verified) -> Result<()> {
        transaction
            .execute("DELETE FROM erased WHERE sealed = ?1", [self.sealed(&verified.number)])
            .and_then(|_| {
                let donor = self.key.seal_donor(verified.donor);
                transaction.execute("DELETE FROM erased_donors WHERE sealed = ?1", [donor])
            })
            .and_then(|_| {
                transaction.execute(
                    "INSERT OR REPLACE INTO verified VALUES (?1, ?2, ?3, ?4)",
                    params![
                        verified.number.as_str(),
                        verified.donor.0.cast_signed(),
                        verified.at.as_microsecond(),
                        verified.how.name()
                    ],
                )
            })
            .map(drop)
            .map_err(trouble)
    }
}

fn immediate(connection: &mut Connection) -> Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(trouble)
}

/// Whose wish a confirmed one is, and the donor's numbers.
fn to_sever(connection: &Connection, erasure: u64) -> Result<(DonorId, BTreeSet<Number>)> {
    let found = rows(
        connection,
        "SELECT donor, number FROM erasures WHERE id = ?1 AND confirmed IS NOT NULL AND donor IS NOT NULL",
        [erasure.cast_signed()],
        |row| Ok((donor(row, 0)?, number(row, 1)?)),
    )?;
    let Some((donor, asked)) = found.into_iter().next() else { return Err(no_erasure(erasure)) };
    let sql = "SELECT number FROM verified WHERE donor = ?1";
    let mut numbers = BTreeSet::from([asked]);
    numbers.extend(rows(connection, sql, [donor.0.cast_signed()], |row| number(row, 0))?);
    Ok((donor, numbers))
}

impl Register for SqliteRegister {
    fn standing(&self, number: &Number) -> Result<Standing> {
        let (connection, sealed) = (self.connection(), self.sealed(number));
        let found = rows(&connection, "SELECT * FROM verified WHERE number = ?1", [number.as_str()], verified)?;
        let at = |sql| Ok::<_, Error>(rows(&connection, sql, [&sealed], |row| instant(row, 0))?.pop());
        Ok(Standing {
            verified: found.into_iter().next(),
            opted_out: at("SELECT at FROM opt_outs WHERE sealed = ?1")?,
            opted_in: at("SELECT at FROM opt_ins WHERE sealed = ?1")?,
            erased: at("SELECT at FROM erased WHERE sealed = ?1")?,
        })
    }

    fn standings(&self, numbers: &[Number]) -> Result<Vec<Standing>> {
        if numbers.len() <= FEW {
            return numbers.iter().map(|number| self.standing(number)).collect();
        }
        let connection = self.connection();
        // One state: nothing is written between the questions.
        let reading = connection.unchecked_transaction().map_err(trouble)?;
        let by_number = |verified: Verified| (verified.number.clone(), verified);
        let proved: BTreeMap<Number, Verified> =
            rows(&reading, "SELECT * FROM verified", [], verified)?.into_iter().map(by_number).collect();
        let sealed = |sql| -> Result<BTreeMap<Vec<u8>, Timestamp>> {
            let found = rows(&reading, sql, [], |row| Ok((row.get(0)?, instant(row, 1)?)))?;
            Ok(found.into_iter().collect())
        };
        let opted_out = sealed("SELECT sealed, at FROM opt_outs")?;
        let opted_in = sealed("SELECT sealed, at FROM opt_ins")?;
        let erased = sealed("SELECT sealed, at FROM erased")?;
        let standing = |number: &Number| {
            let seal = self.sealed(number);
            Standing {
                verified: proved.get(number).cloned(),
                opted_out: opted_out.get(&seal).copied(),
                opted_in: opted_in.get(&seal).copied(),
                erased: erased.get(&seal).copied(),
            }
        };
        Ok(numbers.iter().map(standing).collect())
    }

    fn mark(&self, number: &Number) -> String {
        self.key.mark(number)
    }

    fn numbers(&self, donor: DonorId) -> Result<Vec<Verified>> {
        let sql = "SELECT * FROM verified WHERE donor = ?1 ORDER BY number";
        rows(&self.connection(), sql, [donor.0.cast_signed()], verified)
    }

    fn everyone(&self) -> Result<Vec<Verified>> {
        rows(&self.connection(), "SELECT * FROM verified ORDER BY number", [], verified)
    }

    fn number_of(&self, lid: &Lid) -> Result<Option<Number>> {
        let sql = "SELECT number FROM lids WHERE lid = ?1";
        Ok(rows(&self.connection(), sql, [lid.as_str()], |row| number(row, 0))?.pop())
    }

    fn begin(&self, claim: &Claim, code: &Code, now: Timestamp) -> Result<Begun> {
        self.change(|transaction| {
            let keys = claim.counted_by();
            for key in &keys {
                let count: i64 = transaction
                    .query_row(
                        "SELECT count(*) FROM code_requests WHERE key = ?1 AND at > ?2",
                        params![key, (now - DAY).as_microsecond()],
                        |row| row.get(0),
                    )
                    .map_err(trouble)?;
                if count >= i64::from(self.options.requests) {
                    return Ok(Begun::TooMany);
                }
            }
            for key in &keys {
                transaction
                    .execute(
                        "INSERT INTO code_requests VALUES (?1, ?2, ?3)",
                        params![key, claim.number.as_str(), now.as_microsecond()],
                    )
                    .map_err(trouble)?;
            }
            let by = claim.by.key();
            transaction
                .execute(
                    "INSERT OR REPLACE INTO codes VALUES (?1, ?2, ?3, ?4, ?5, 0)",
                    params![
                        by,
                        claim.number.as_str(),
                        claim.donor.unwrap_or(DonorId(0)).0.cast_signed(),
                        self.key.seal(&[claim.sealed_with(), &by, code.as_str()]),
                        (now + self.options.life()).as_microsecond()
                    ],
                )
                .map_err(trouble)?;
            Ok(Begun::Send)
        })
    }

    fn confirm(&self, by: &Claimant, code: &Code, now: Timestamp) -> Result<Confirmed> {
        self.change(|transaction| {
            let key = by.key();
            let found = transaction
                .query_row("SELECT number, donor, seal, expires, wrong FROM codes WHERE claimant = ?1", [&key], |row| {
                    let seal: Vec<u8> = row.get(2)?;
                    Ok((number(row, 0)?, donor(row, 1)?, seal, instant(row, 3)?, row.get::<_, u16>(4)?))
                })
                .optional()
                .map_err(trouble)?;
            let Some((number, donor, seal, expires, wrong)) = found else { return Ok(Confirmed::NoneOut) };
            let attempts = self.options.attempts;
            if now >= expires || wrong >= attempts {
                return Ok(Confirmed::Expired);
            }
            if !self.key.is_seal(&seal, &["code", &key, code.as_str()]) {
                transaction
                    .execute("UPDATE codes SET wrong = wrong + 1 WHERE claimant = ?1", [&key])
                    .map_err(trouble)?;
                return Ok(Confirmed::Wrong { left: attempts - wrong - 1 });
            }
            transaction.execute("DELETE FROM codes WHERE claimant = ?1", [&key]).map_err(trouble)?;
            let mut verified = Verified { number, donor, at: now, how: How::Code };
            self.note(transaction, &verified)?;
            match by {
                Claimant::Lid(lid) => {
                    transaction
                        .execute(
                            "INSERT OR REPLACE INTO lids VALUES (?1, ?2)",
                            [lid.as_str(), verified.number.as_str()],
                        )
                        .map_err(trouble)?;
                }
                Claimant::Number(own) if *own != verified.number => {
                    verified = Verified { number: own.clone(), how: How::OtherNumber, ..verified };
                    self.note(transaction, &verified)?;
                }
                Claimant::Number(_) => {}
            }
            Ok(Confirmed::Yes(verified))
        })
    }

    fn verify(&self, number: &Number, donor: DonorId, now: Timestamp) -> Result<()> {
        let verified = Verified { number: number.clone(), donor, at: now, how: How::Administrator };
        self.change(|transaction| self.note(transaction, &verified))
    }

    fn consent(&self, consent: &Consent, text: &str) -> Result<()> {
        self.change(|transaction| {
            transaction
                .execute("INSERT OR IGNORE INTO consent_texts VALUES (?1, ?2)", [consent.version.as_str(), text])
                .map_err(trouble)?;
            let kept: String = transaction
                .query_row("SELECT text FROM consent_texts WHERE version = ?1", [&consent.version], |row| row.get(0))
                .map_err(trouble)?;
            if kept != text {
                return Err(other_text(&consent.version));
            }
            transaction
                .execute(
                    "INSERT INTO consents (sealed, version, at, channel, given) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        self.sealed(&consent.number),
                        consent.version,
                        consent.at.as_microsecond(),
                        consent.channel,
                        consent.given
                    ],
                )
                .map(drop)
                .map_err(trouble)
        })
    }

    fn consents(&self, number: &Number) -> Result<Vec<Consent>> {
        let sql = "SELECT version, at, channel, given FROM consents WHERE sealed = ?1 ORDER BY id";
        rows(&self.connection(), sql, [self.sealed(number)], |row| {
            Ok(Consent {
                number: number.clone(),
                version: row.get(0)?,
                at: instant(row, 1)?,
                channel: row.get(2)?,
                given: row.get(3)?,
            })
        })
    }

    fn consent_text(&self, version: &str) -> Result<Option<String>> {
        let sql = "SELECT text FROM consent_texts WHERE version = ?1";
        Ok(rows(&self.connection(), sql, [version], |row| row.get(0))?.pop())
    }

    fn opt_out(&self, number: &Number, out: bool, at: Timestamp) -> Result<bool> {
        let (sealed, at) = (self.sealed(number), at.as_microsecond());
        self.change(|transaction| {
            let was_out = transaction
                .prepare_cached("SELECT 1 FROM opt_outs WHERE sealed = ?1")
                .and_then(|mut statement| statement.exists([&sealed]))
                .map_err(trouble)?;
            let table = if out { "opt_outs" } else { "opt_ins" };
            let noted = format!(
                "INSERT INTO {table} VALUES (?1, ?2) ON CONFLICT (sealed) DO UPDATE SET at = max(at, excluded.at)"
            );
            transaction.execute(&noted, params![sealed, at]).map_err(trouble)?;
            if !out {
                transaction.execute("DELETE FROM opt_outs WHERE sealed = ?1", [sealed]).map_err(trouble)?;
            }
            Ok(was_out != out)
        })
    }

    fn request_erasure(&self, donor: DonorId, number: &Number, now: Timestamp) -> Result<Erasure> {
        self.change(|transaction| {
            let open = rows(transaction, &format!("{ERASURE} WHERE donor = ?1"), [donor.0.cast_signed()], erasure)?;
            if let Some(open) = open.into_iter().next() {
                transaction
                    .execute(
                        "UPDATE erasures SET number = ?2 WHERE id = ?1",
                        params![open.id.cast_signed(), number.as_str()],
                    )
                    .map_err(trouble)?;
                return Ok(open);
            }
            transaction
                .execute(
                    "INSERT INTO erasures (donor, number, requested) VALUES (?1, ?2, ?3)",
                    params![donor.0.cast_signed(), number.as_str(), now.as_microsecond()],
                )
                .map_err(trouble)?;
            let id = transaction.last_insert_rowid().cast_unsigned();
            Ok(Erasure { id, donor: Some(donor), requested: now, confirmed: None, done: None })
        })
    }

    fn confirm_erasure(&self, number: &Number, now: Timestamp) -> Result<Option<Erasure>> {
        self.change(|transaction| {
            transaction
                .execute(
                    "UPDATE erasures SET confirmed = coalesce(confirmed, ?2) WHERE number = ?1",
                    params![number.as_str(), now.as_microsecond()],
                )
                .map_err(trouble)?;
            Ok(rows(transaction, &format!("{ERASURE} WHERE number = ?1"), [number.as_str()], erasure)?.pop())
        })
    }

    fn severed_by(&self, erasure: u64) -> Result<Vec<Number>> {
        Ok(to_sever(&self.connection(), erasure)?.1.into_iter().collect())
    }

    fn erase(&self, erasure: u64, named: &[Number], now: Timestamp) -> Result<Vec<Number>> {
        self.change(|transaction| {
            let (donor, mut numbers) = to_sever(transaction, erasure)?;
            numbers.extend(named.iter().cloned());
            let at = now.as_microsecond();
            transaction
                .execute(
                    "INSERT OR REPLACE INTO erased_donors VALUES (?1, ?2)",
                    params![self.key.seal_donor(donor), at],
                )
                .map_err(trouble)?;
            let donor = donor.0.cast_signed();
            for number in &numbers {
                let digits = number.as_str();
                transaction
                    .execute("INSERT OR REPLACE INTO erased VALUES (?1, ?2)", params![self.sealed(number), at])
                    .map_err(trouble)?;
                for sql in [
                    "DELETE FROM verified WHERE number = ?1",
                    "DELETE FROM lids WHERE number = ?1",
                    "DELETE FROM codes WHERE number = ?1",
                    "DELETE FROM code_requests WHERE number = ?1 OR key = 'by:number:' || ?1",
                ] {
                    transaction.execute(sql, [digits]).map_err(trouble)?;
                }
            }
            for sql in [
                "DELETE FROM codes WHERE donor = ?1",
                "DELETE FROM processing WHERE donor = ?1",
                "DELETE FROM greetings WHERE donor = ?1",
                "UPDATE thanked SET donor = NULL, day = NULL WHERE donor = ?1",
            ] {
                transaction.execute(sql, [donor]).map_err(trouble)?;
            }
            transaction
                .execute(
                    "UPDATE erasures SET donor = NULL, number = NULL, done = ?2 WHERE id = ?1",
                    params![erasure.cast_signed(), at],
                )
                .map_err(trouble)?;
            Ok(numbers.into_iter().collect())
        })
    }

    fn erased(&self, donors: &[DonorId]) -> Result<BTreeSet<DonorId>> {
        let seals: BTreeSet<Vec<u8>> =
            rows(&self.connection(), "SELECT sealed FROM erased_donors", [], |row| row.get(0))?.into_iter().collect();
        // Few are ever erased, and nobody's seal is made where nobody is.
        let is_erased = |donor: &DonorId| !seals.is_empty() && seals.contains(&self.key.seal_donor(*donor));
        Ok(donors.iter().copied().filter(is_erased).collect())
    }

    fn erasures(&self) -> Result<Vec<Erasure>> {
        rows(&self.connection(), &format!("{ERASURE} ORDER BY id"), [], erasure)
    }

    fn processed(&self, processing: &Processing) -> Result<()> {
        self.connection()
            .execute(
                "INSERT INTO processing (donor, purpose, at) VALUES (?1, ?2, ?3)",
                params![processing.donor.0.cast_signed(), processing.purpose.name(), processing.at.as_microsecond()],
            )
            .map(drop)
            .map_err(trouble)
    }

    fn processing(&self, donor: DonorId) -> Result<Vec<Processing>> {
        let sql = "SELECT purpose, at FROM processing WHERE donor = ?1 ORDER BY id";
        rows(&self.connection(), sql, [donor.0.cast_signed()], |row| {
            let purpose: String = row.get(0)?;
            // A purpose of a newer version is an answer of some kind.
            let purpose = Purpose::named(&purpose).unwrap_or(Purpose::Answer);
            Ok(Processing { donor, purpose, at: instant(row, 1)? })
        })
    }

    fn draft(&self, donors: &[DonorId], now: Timestamp) -> Result<Vec<Greeting>> {
        self.change(|transaction| {
            let mut drafted = Vec::new();
            for &donor in donors {
                let added = transaction
                    .execute(
                        "INSERT INTO greetings (donor, state, drafted, since) SELECT ?1, 'drafted', ?2, ?2
                         WHERE NOT EXISTS (SELECT * FROM greetings WHERE donor = ?1
                                           AND (state IN ('drafted', 'approved') OR drafted > ?3))",
                        params![
                            donor.0.cast_signed(),
                            now.as_microsecond(),
                            (now - self.options.pause()).as_microsecond()
                        ],
                    )
                    .map_err(trouble)?;
                if added > 0 {
                    let id = transaction.last_insert_rowid().cast_unsigned();
                    drafted.push(Greeting { id, donor, state: CareState::Drafted, drafted: now, since: now });
                }
            }
            Ok(drafted)
        })
    }

    fn greetings(&self, state: Option<CareState>) -> Result<Vec<Greeting>> {
        let sql = format!("{GREETING} WHERE ?1 IS NULL OR state = ?1 ORDER BY id");
        rows(&self.connection(), &sql, [state.map(CareState::name)], greeting)
    }

    fn settle(&self, greetings: &[u64], to: CareState, now: Timestamp) -> Result<Vec<Greeting>> {
        let before = to.before().iter().map(|state| format!("'{}'", state.name())).collect::<Vec<_>>().join(", ");
        let wanted: BTreeSet<u64> = greetings.iter().copied().collect();
        let update = format!("UPDATE greetings SET state = ?2, since = ?3 WHERE id = ?1 AND state IN ({before})");
        self.change(|transaction| {
            let mut moved = Vec::new();
            for id in wanted {
                let changed = transaction
                    .execute(&update, params![id.cast_signed(), to.name(), now.as_microsecond()])
                    .map_err(trouble)?;
                if changed > 0 {
                    moved.extend(rows(
                        transaction,
                        &format!("{GREETING} WHERE id = ?1"),
                        [id.cast_signed()],
                        greeting,
                    )?);
                }
            }
            Ok(moved)
        })
    }

    fn unthanked(&self, gifts: &[DonationId]) -> Result<Vec<DonationId>> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached("SELECT 1 FROM thanked WHERE donation = ?1").map_err(trouble)?;
        let mut left = Vec::new();
        for &gift in gifts {
            if !statement.exists([gift.0.cast_signed()]).map_err(trouble)? {
                left.push(gift);
            }
        }
        Ok(left)
    }

    fn thanked(&self, gifts: &[ReceivedGift], now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            for ReceivedGift { donation, donor, date } in gifts {
                let (donation, donor) = (donation.0.cast_signed(), donor.0.cast_signed());
                transaction
                    .execute(
                        "INSERT OR IGNORE INTO thanked (donation, at, donor, day) VALUES (?1, ?2, ?3, ?4)",
                        params![donation, now.as_microsecond(), donor, date.to_string()],
                    )
                    .map_err(trouble)?;
            }
            Ok(())
        })
    }

    fn thanks(&self, donors: &[DonorId], since: Date) -> Result<Vec<ReceivedGift>> {
        let connection = self.connection();
        let mut found = Vec::new();
        for donor in donors {
            let sql = "SELECT donation, donor, day FROM thanked WHERE donor = ?1 AND day >= ?2";
            found.extend(rows(&connection, sql, params![donor.0.cast_signed(), since.to_string()], thanked)?);
        }
        found.sort_unstable_by_key(|gift| gift.donation);
        Ok(found)
    }

    fn prune(&self, before: Timestamp, now: Timestamp) -> Result<u64> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM codes WHERE expires <= ?1", [now.as_microsecond()]).map_err(trouble)?;
            transaction
                .execute("DELETE FROM code_requests WHERE at <= ?1", [(now - DAY).as_microsecond()])
                .map_err(trouble)?;
            let gone = transaction
                .execute("DELETE FROM processing WHERE at < ?1", [before.as_microsecond()])
                .map_err(trouble)?;
            Ok(gone as u64)
        })
    }
}
