//! The store in plain memory: no file, no engine. For tests, for small charities inside a host program, and as the
//! second opinion that the contract suite asks for.

mod cells;
mod giving;
mod load;
mod view;

use super::{Store, View};
use crate::error::Result;
use crate::etl::{Load, Quarantined, State};
use crate::model::{AcceptedMonth, CategoryId, EntryId, Month, Rupiah, Table};
use cells::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

/// Facts in plain memory, gone when it is dropped.
#[derive(Default)]
pub struct MemoryStore {
    facts: RwLock<Arc<Facts>>,
    loading: Mutex<bool>,
    load_done: Condvar,
}

/// One state of the facts.
#[derive(Clone, Default)]
struct Facts {
    tables: BTreeMap<Table, BTreeMap<u64, Row>>,
    quarantine: Vec<Quarantined>,
    state: Option<State>,
    /// Lines of the cash book that somebody found in order.
    accepted: BTreeSet<EntryId>,
    /// Months that somebody found in order, and the sum that was.
    accepted_months: BTreeMap<(Option<CategoryId>, Month), Rupiah>,
}

impl Facts {
    fn rows(&self, table: Table) -> impl Iterator<Item = (&u64, &Row)> {
        self.tables.get(&table).into_iter().flatten()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn facts(&self) -> Arc<Facts> {
        Arc::clone(&self.facts.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store for MemoryStore {
    fn state(&self) -> Result<Option<State>> {
        Ok(self.facts().state.clone())
    }

    fn begin(&self) -> Result<Box<dyn Load + '_>> {
        let mut loading = lock(&self.loading);
        while *loading {
            loading = self.load_done.wait(loading).unwrap_or_else(PoisonError::into_inner);
        }
        *loading = true;
        drop(loading);
        Ok(Box::new(load::MemoryLoad::begin(Turn(self))))
    }

    fn view(&self) -> Result<Box<dyn View + '_>> {
        Ok(Box::new(view::MemoryView(self.facts())))
    }

    fn accept(&self, entries: &[EntryId], accepted: bool) -> Result<()> {
        let mut facts = self.facts.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = Facts::clone(&facts);
        for &entry in entries {
            if accepted {
                changed.accepted.insert(entry)
            } else {
                changed.accepted.remove(&entry)
            };
        }
        *facts = Arc::new(changed);
        Ok(())
    }

    fn accept_months(&self, months: &[AcceptedMonth], accepted: bool) -> Result<()> {
        let mut facts = self.facts.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = Facts::clone(&facts);
        for &AcceptedMonth { category, month, amount } in months {
            if accepted {
                changed.accepted_months.insert((category, month), amount)
            } else {
                changed.accepted_months.remove(&(category, month))
            };
        }
        *facts = Arc::new(changed);
        Ok(())
    }
}

/// The right to load; given back when dropped.
struct Turn<'a>(&'a MemoryStore);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.0.loading) = false;
        self.0.load_done.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
