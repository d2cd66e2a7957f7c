//! A store for tests and the demo: it lives as long as the process.

use std::sync::{Arc, Mutex, PoisonError};

use super::history::{HistoryCursor, HistoryPage, HistoryQuery, HistoryReader};
use super::{Batch, Key, Loaded, Store, StoreError};
use crate::model::Timestamp;
use crate::shell::history::HistoryRow;

/// Keeps records and history in memory. Clones share their content.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    records: Batch,
    history: Vec<HistoryRow>,
}

impl MemoryStore {
    fn with<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        Ok(Loaded { entries: self.with(|kept| kept.records.entries().collect()), trouble: None })
    }

    fn commit(&mut self, batch: &Batch) -> Result<u64, StoreError> {
        self.with(|kept| {
            batch.entries().for_each(|entry| kept.records.keep(entry));
            kept.records.retain_known(|_| false);
            kept.history.extend(batch.history().cloned());
        });
        Ok(0)
    }

    fn is_kept(&mut self, key: &Key) -> Result<bool, StoreError> {
        Ok(self.with(|kept| kept.records.contains(key)))
    }

    fn maintain(&mut self, _now: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn notices(&self) -> Vec<String> {
        Vec::new()
    }
}

impl HistoryReader for MemoryStore {
    fn read(&self, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        self.with(|kept| {
            let cursor = |at: usize| HistoryCursor {
                at: kept.history[at].at,
                id: i64::try_from(at).unwrap_or(i64::MAX),
            };
            let mut found: Vec<usize> = (0..kept.history.len())
                .filter(|at| query.before.is_none_or(|before| cursor(*at) < before))
                .filter(|at| query.wants(&kept.history[*at]))
                .collect();
            found.sort_by_key(|at| std::cmp::Reverse(cursor(*at)));
            let is_more = found.len() > query.limit;
            found.truncate(query.limit);
            let next = found.last().copied().filter(|_| is_more).map(cursor);
            let rows = found.into_iter().map(|at| kept.history[at].clone()).collect();
            Ok(HistoryPage { rows, next })
        })
    }
}
