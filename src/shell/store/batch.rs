//! What is to be written in one transaction.
//!
//! Of each key only the latest record counts, so that a batch that waits, however long, is never larger than
//! the state itself plus what is to be forgotten.

use std::collections::{BTreeMap, VecDeque};

use crate::core::Entry;
use crate::shell::history::HistoryRow;
use crate::{router, rules};

/// How many rows of history wait at most; the oldest give way.
pub const HISTORY_LIMIT: usize = 100_000;

/// The key of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Of the rules engine.
    Rules(rules::Key),
    /// Of the router.
    Router(router::Key),
}

/// Records to keep or forget, and rows of history to add.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    rules: BTreeMap<rules::Key, Option<rules::Record>>,
    router: BTreeMap<router::Key, Option<router::Record>>,
    history: VecDeque<HistoryRow>,
    history_lost: u64,
}

impl Batch {
    /// Adds an entry; it replaces an earlier one with its key.
    pub fn keep(&mut self, entry: Entry) {
        match entry {
            Entry::Rules(rules::Entry { key, record }) => drop(self.rules.insert(key, record)),
            Entry::Router(router::Entry { key, record }) => drop(self.router.insert(key, record)),
        }
    }

    /// Adds a row of history.
    pub fn remember(&mut self, row: HistoryRow) {
        if self.history.len() == HISTORY_LIMIT {
            self.history.pop_front();
            self.history_lost += 1;
        }
        self.history.push_back(row);
    }

    /// Adds what came later than this.
    pub fn append(&mut self, mut later: Self) {
        self.rules.append(&mut later.rules);
        self.router.append(&mut later.router);
        self.history_lost += later.history_lost;
        later.history.into_iter().for_each(|row| self.remember(row));
    }

    /// Leaves out the keys to be forgotten that `is_kept` denies: there is nothing to forget.
    pub fn retain_known(&mut self, mut is_kept: impl FnMut(&Key) -> bool) {
        self.rules.retain(|key, record| record.is_some() || is_kept(&Key::Rules(key.clone())));
        self.router.retain(|key, record| record.is_some() || is_kept(&Key::Router(key.clone())));
    }

    /// Whether a record with this key is to be kept.
    #[must_use]
    pub fn contains(&self, key: &Key) -> bool {
        match key {
            Key::Rules(key) => self.rules.get(key).is_some_and(Option::is_some),
            Key::Router(key) => self.router.get(key).is_some_and(Option::is_some),
        }
    }

    /// What is to be kept (with a record) or forgotten, sorted by key.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let rules = self
            .rules
            .iter()
            .map(|(key, record)| Entry::Rules(rules::Entry { key: key.clone(), record: record.clone() }));
        let router = self
            .router
            .iter()
            .map(|(key, record)| Entry::Router(router::Entry { key: key.clone(), record: record.clone() }));
        rules.chain(router)
    }

    /// The rows of history, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &HistoryRow> {
        self.history.iter()
    }

    /// How many records are to be kept or forgotten.
    #[must_use]
    pub fn records(&self) -> usize {
        self.rules.len() + self.router.len()
    }

    /// How many rows of history had to give way, because they waited for too long.
    #[must_use]
    pub fn history_lost(&self) -> u64 {
        self.history_lost
    }

    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records() == 0 && self.history.is_empty()
    }
}
