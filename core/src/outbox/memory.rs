//! An outbox that forgets when the process ends: for tests and for trying things out.

use super::decision::{Pruned, Retention, Whom};
use super::draft::Draft;
use super::entry::{BatchProgress, Counts, Filter, Stage};
use super::halt::{Halt, Lane};
use super::record::{Content, Record, is_to, rewound};
use super::shelf::{Gates, Shelf, Shelves, Trouble};
use crate::error::Result;
use crate::model::Number;
use crate::transport::{Picture, StatusChange};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

/// An outbox in memory.
#[derive(Default)]
pub struct Memory(Mutex<Rows>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outbox::Memory")
    }
}

#[derive(Default)]
struct Row {
    record: Option<Record>,
    content: Content,
    picture: bool,
}

#[derive(Default)]
struct Rows {
    last: u64,
    messages: BTreeMap<u64, Row>,
    keys: HashMap<String, u64>,
    /// Lane, class, due, identity.
    queue: BTreeSet<(String, u8, Timestamp, u64)>,
    held: BTreeSet<u64>,
    /// The gateway's names: `true` for those of answers, `false` for those of later states.
    receipts: BTreeSet<(bool, String, u64)>,
    orphans: Vec<(StatusChange, Timestamp)>,
    pictures: BTreeMap<String, (Picture, Timestamp)>,
    halts: BTreeMap<String, Halt>,
    gates: BTreeMap<String, Gates>,
    persons: HashMap<Number, Timestamp>,
    opted_out: BTreeMap<Number, Timestamp>,
    troubles: BTreeMap<String, Trouble>,
    seen: Option<Timestamp>,
}

impl Rows {
    fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.messages.values().filter_map(|row| row.record.as_ref())
    }

    fn unindex(&mut self, id: u64) {
        let Some(record) = self.messages.get(&id).and_then(|row| row.record.as_ref()) else { return };
        self.queue.remove(&(record.entry.lane.clone(), record.class, record.entry.due, id));
        self.held.remove(&id);
        self.keys.remove(&record.entry.key);
        for receipt in receipts(record) {
            self.receipts.remove(&receipt);
        }
    }

    fn index(&mut self, record: &Record) {
        let id = record.id();
        match record.entry.stage {
            Stage::Queued => {
                self.queue.insert((record.entry.lane.clone(), record.class, record.entry.due, id));
            }
            Stage::Leased | Stage::Sending => {
                self.held.insert(id);
            }
            _ => {}
        }
        self.keys.insert(record.entry.key.clone(), id);
        self.receipts.extend(receipts(record));
    }

    fn replace(&mut self, record: &Record) {
        self.unindex(record.id());
        self.index(record);
        if let Some(row) = self.messages.get_mut(&record.id()) {
            row.record = Some(record.clone());
        }
    }

    fn remove(&mut self, id: u64) {
        self.unindex(id);
        self.messages.remove(&id);
    }
}

fn receipts(record: &Record) -> impl Iterator<Item = (bool, String, u64)> {
    let id = record.id();
    let answer = record.entry.gateway_id.clone().map(|name| (true, name, id));
    answer.into_iter().chain(record.state_id.clone().map(|name| (false, name, id)))
}

impl Shelves for Memory {
    fn write<R>(&self, work: impl FnOnce(&mut dyn Shelf) -> Result<R>) -> Result<R> {
        // The rules check before they change, so a failure leaves the rows as they were.
        work(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tidy(&self) -> Result<()> {
        Ok(())
    }

    fn read<R>(&self, work: impl FnOnce(&mut dyn Shelf) -> Result<R>) -> Result<R> {
        self.write(work)
    }
}

impl Shelf for Rows {
    fn insert(&mut self, draft: &Draft, now: Timestamp) -> Result<bool> {
        if self.keys.contains_key(&draft.key) {
            return Ok(false);
        }
        self.last += 1;
        let record = Record::new(self.last, draft, now);
        let content = Content {
            text: draft.text.clone(),
            reply_to: draft.reply_to.clone(),
            template: draft.template.clone(),
            picture: None,
        };
        self.messages.insert(self.last, Row { record: None, content, picture: draft.picture });
        self.replace(&record);
        Ok(true)
    }

    fn put_picture(&mut self, batch: &str, picture: &Picture, now: Timestamp) -> Result<()> {
        self.pictures.insert(batch.to_owned(), (picture.clone(), now));
        Ok(())
    }

    fn load(&mut self, id: u64) -> Result<Option<Record>> {
        Ok(self.messages.get(&id).and_then(|row| row.record.clone()))
    }

    fn by_key(&mut self, key: &str) -> Result<Option<Record>> {
        match self.keys.get(key).copied() {
            Some(id) => self.load(id),
            None => Ok(None),
        }
    }

    fn content(&mut self, id: u64) -> Result<Option<Content>> {
        let Some(row) = self.messages.get(&id) else { return Ok(None) };
        let batch = row.record.as_ref().filter(|_| row.picture).and_then(|record| record.entry.batch.as_ref());
        let picture = batch.and_then(|batch| self.pictures.get(batch)).map(|(picture, _)| picture.clone());
        Ok(Some(Content { picture, ..row.content.clone() }))
    }

    fn save(&mut self, record: &Record) -> Result<()> {
        self.replace(record);
        Ok(())
    }

    fn set_lane(&mut self, id: u64, lane: &str) -> Result<()> {
        if let Some(mut record) = self.load(id)? {
            lane.clone_into(&mut record.entry.lane);
            self.replace(&record);
        }
        Ok(())
    }

    fn sever(&mut self, record: &Record) -> Result<()> {
        self.replace(record);
        if let Some(row) = self.messages.get_mut(&record.id()) {
            row.content = Content::default();
            row.picture = false;
        }
        Ok(())
    }

    fn first_due(&mut self, lane: &str, class: u8, now: Timestamp) -> Result<Option<Record>> {
        let from = (lane.to_owned(), class, Timestamp::MIN, 0);
        let to = (lane.to_owned(), class, now, u64::MAX);
        match self.queue.range(from..=to).next().map(|(_, _, _, id)| *id) {
            Some(id) => self.load(id),
            None => Ok(None),
        }
    }

    fn soonest(&mut self, lane: &str, class: u8) -> Result<Option<Timestamp>> {
        let from = (lane.to_owned(), class, Timestamp::MIN, 0);
        let to = (lane.to_owned(), class, Timestamp::MAX, u64::MAX);
        Ok(self.queue.range(from..=to).next().map(|(_, _, due, _)| *due))
    }

    fn held(&mut self, holder: Option<&str>, now: Timestamp, limit: usize) -> Result<Vec<Record>> {
        let wanted = |record: &&Record| match holder {
            Some(holder) => record.held.as_ref().is_some_and(|(name, _)| name == holder),
            None => record.hold_until.is_some_and(|until| until <= now),
        };
        let records = self.held.iter().filter_map(|id| self.messages.get(id)?.record.as_ref());
        Ok(records.filter(wanted).take(limit).cloned().collect())
    }

    fn next_hold_end(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.held.iter().filter_map(|id| self.messages.get(id)?.record.as_ref()?.hold_until).min())
    }

    fn by_receipt(&mut self, name: &str) -> Result<Option<Record>> {
        // The newest, should a gateway have used a name twice.
        let newest = |answer: bool| {
            let range = (answer, name.to_owned(), 0)..=(answer, name.to_owned(), u64::MAX);
            self.receipts.range(range).next_back().map(|(_, _, id)| *id)
        };
        match newest(true).or_else(|| newest(false)) {
            Some(id) => self.load(id),
            None => Ok(None),
        }
    }

    fn keep_orphan(&mut self, change: &StatusChange, now: Timestamp) -> Result<()> {
        self.orphans.push((change.clone(), now));
        Ok(())
    }

    fn take_orphans(&mut self, name: &str) -> Result<Vec<StatusChange>> {
        let named = |change: &StatusChange| [&change.id, &change.state_id].into_iter().flatten().any(|n| n == name);
        let (taken, left) = std::mem::take(&mut self.orphans).into_iter().partition(|(change, _)| named(change));
        self.orphans = left;
        Ok(Vec::into_iter(taken).map(|(change, _)| change).collect())
    }

    fn halts(&mut self) -> Result<Vec<(String, Halt)>> {
        Ok(self.halts.iter().map(|(lane, halt)| (lane.clone(), halt.clone())).collect())
    }

    fn set_halt(&mut self, lane: &str, halt: Option<&Halt>) -> Result<()> {
        match halt {
            Some(halt) => self.halts.insert(lane.to_owned(), halt.clone()),
            None => self.halts.remove(lane),
        };
        Ok(())
    }

    fn gates(&mut self, lane: &str) -> Result<Gates> {
        Ok(self.gates.get(lane).copied().unwrap_or_default())
    }

    fn set_gates(&mut self, lane: &str, gates: Gates) -> Result<()> {
        self.gates.insert(lane.to_owned(), gates);
        Ok(())
    }

    fn trouble(&mut self, lane: &str) -> Result<Trouble> {
        Ok(self.troubles.get(lane).copied().unwrap_or_default())
    }

    fn set_trouble(&mut self, lane: &str, trouble: Trouble) -> Result<()> {
        self.troubles.insert(lane.to_owned(), trouble);
        Ok(())
    }

    fn seen(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.seen)
    }

    fn set_seen(&mut self, now: Timestamp) -> Result<()> {
        self.seen = Some(now);
        Ok(())
    }

    fn changed_after(&mut self, time: Timestamp, limit: usize) -> Result<Vec<Record>> {
        let wanted = |r: &&Record| {
            matches!(r.entry.stage, Stage::Queued | Stage::Leased | Stage::Sending) && r.entry.changed > time
        };
        Ok(self.records().filter(wanted).take(limit).cloned().collect())
    }

    fn rewind(&mut self, back: SignedDuration, now: Timestamp) -> Result<()> {
        for gates in self.gates.values_mut() {
            gates.reply = rewound(gates.reply, back, now);
            gates.other = rewound(gates.other, back, now);
        }
        for until in self.persons.values_mut() {
            *until = rewound(*until, back, now);
        }
        for since in self.opted_out.values_mut() {
            *since = (*since).min(now);
        }
        Ok(())
    }

    fn person_gate(&mut self, number: &Number) -> Result<Option<Timestamp>> {
        Ok(self.persons.get(number).copied())
    }

    fn set_person_gate(&mut self, number: &Number, until: Timestamp) -> Result<()> {
        self.persons.insert(number.clone(), until);
        Ok(())
    }

    fn opted_out(&mut self, number: &Number) -> Result<Option<Timestamp>> {
        Ok(self.opted_out.get(number).copied())
    }

    fn opt_outs(&mut self, limit: u32) -> Result<Vec<(Number, Timestamp)>> {
        let mut all: Vec<_> = self.opted_out.iter().map(|(number, since)| (number.clone(), *since)).collect();
        // Stable, so those of the same time stay in order of numbers.
        all.sort_by_key(|(_, since)| std::cmp::Reverse(*since));
        all.truncate(limit as usize);
        Ok(all)
    }

    fn set_opt_out(&mut self, number: &Number, since: Option<Timestamp>) -> Result<()> {
        match since {
            Some(since) => self.opted_out.insert(number.clone(), since),
            None => self.opted_out.remove(number),
        };
        Ok(())
    }

    fn of(&mut self, whom: &Whom) -> Result<Vec<Record>> {
        let wanted = |record: &&Record| match whom {
            Whom::Number(number) => is_to(record, number),
            Whom::Donor(donor) => record.entry.donor == Some(*donor),
        };
        Ok(self.records().filter(wanted).cloned().collect())
    }

    fn list(&mut self, filter: &Filter) -> Result<Vec<Record>> {
        let wanted = |record: &&Record| {
            let entry = &record.entry;
            filter.stage.is_none_or(|stage| stage == entry.stage)
                && filter.delivery.is_none_or(|state| entry.delivery == Some(state))
                && filter.kind.as_ref().is_none_or(|kind| *kind == entry.kind)
                && filter.batch.as_ref().is_none_or(|batch| entry.batch.as_ref() == Some(batch))
                && filter.lane.as_ref().is_none_or(|lane| *lane == entry.lane)
                && filter.donor.is_none_or(|donor| entry.donor == Some(donor))
                && (!filter.undecided || entry.is_undecided())
                && filter.after.is_none_or(|after| entry.id > after)
        };
        Ok(self.records().filter(wanted).take(filter.limit as usize).cloned().collect())
    }

    fn counts(&mut self, batch: Option<&str>) -> Result<Counts> {
        let mut counts = Counts::default();
        for record in self.records().filter(|r| batch.is_none() || r.entry.batch.as_deref() == batch) {
            counts.add(record.entry.stage, record.entry.delivery, 1);
        }
        Ok(counts)
    }

    fn batches(&mut self, limit: u32) -> Result<Vec<BatchProgress>> {
        let mut found: BTreeMap<&str, BatchProgress> = BTreeMap::new();
        for record in self.records() {
            let entry = &record.entry;
            let Some(batch) = &entry.batch else { continue };
            let new = || BatchProgress { batch: batch.clone(), since: entry.created, counts: Counts::default() };
            let progress = found.entry(batch).or_insert_with(new);
            progress.since = progress.since.min(entry.created);
            progress.counts.add(entry.stage, entry.delivery, 1);
        }
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.batch.cmp(&b.batch)));
        found.truncate(limit as usize);
        Ok(found)
    }

    fn lanes(&mut self) -> Result<Vec<Lane>> {
        let mut found: BTreeMap<&str, Lane> = BTreeMap::new();
        let new = |name: &str| Lane { name: name.to_owned(), halt: None, counts: Counts::default() };
        for (name, halt) in &self.halts {
            found.entry(name).or_insert_with(|| new(name)).halt = Some(halt.clone());
        }
        for record in self.records() {
            let entry = &record.entry;
            let lane = found.entry(&entry.lane).or_insert_with(|| new(&entry.lane));
            lane.counts.add(entry.stage, entry.delivery, 1);
        }
        Ok(found.into_values().collect())
    }

    fn forget_person_gate(&mut self, number: &Number) -> Result<()> {
        self.persons.remove(number);
        Ok(())
    }

    fn prune(&mut self, retention: &Retention) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        let over = |record: &Record| matches!(record.entry.stage, Stage::Accepted | Stage::Dead);
        if let Some(before) = retention.messages_before {
            let old = |r: &&Record| over(r) && r.entry.changed < before;
            let ids: Vec<u64> = self.records().filter(old).map(Record::id).collect();
            pruned.removed = ids.len() as u64;
            for id in ids {
                self.remove(id);
            }
        }
        let before = retention.persons_before;
        let doubted = |r: &Record| {
            r.entry.stage == Stage::Unknown && retention.unknown_before.is_some_and(|before| r.entry.changed < before)
        };
        let old = |r: &&Record| (over(r) && r.entry.changed < before || doubted(r)) && r.entry.to.is_some();
        let records: Vec<Record> = self.records().filter(old).cloned().collect();
        pruned.severed = records.len() as u64;
        for mut record in records {
            record.sever(false);
            Shelf::sever(self, &record)?;
        }
        self.orphans.retain(|(_, at)| *at >= before);
        self.persons.retain(|_, until| *until >= before);
        let waiting: BTreeSet<String> =
            self.records().filter(|r| !over(r)).filter_map(|r| r.entry.batch.clone()).collect();
        self.pictures.retain(|batch, (_, at)| *at >= before || waiting.contains(batch));
        Ok(pruned)
    }
}
