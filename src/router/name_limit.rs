//! How many alerts may have the same name: more of them are dropped, so that one rule that went wrong does
//! not fill the memory. As in Alertmanager a resolved alert makes room for a new one.

use std::collections::BTreeSet;

use super::alerts::AlertIndex;
use crate::model::labels::ALERT_NAME;
use crate::model::{LabelSet, Lookup, Str, Timestamp};

/// The end of an alert that has none: after all others.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The alerts of each name by their end; nothing is kept while there is no limit.
#[derive(Debug)]
pub(super) struct NameLimit {
    limit: usize,
    by_name: Lookup<Str, BTreeSet<(Timestamp, AlertIndex)>>,
}

impl NameLimit {
    /// At most so many alerts; 0 is no limit.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, by_name: Lookup::default() }
    }

    /// Whether there is room for another alert with the name of this one.
    pub(super) fn has_room(&mut self, now: Timestamp, labels: &LabelSet) -> bool {
        if self.limit == 0 {
            return true;
        }
        let Some(known) = self.by_name.get_mut(labels.value(ALERT_NAME)) else { return true };
        if known.len() >= self.limit && known.first().is_some_and(|(end, _)| *end <= now) {
            known.pop_first();
        }
        known.len() < self.limit
    }

    /// Takes in an alert.
    pub(super) fn enter(&mut self, alert: AlertIndex, labels: &LabelSet, end: Option<Timestamp>) {
        if self.limit > 0 {
            let (name, entry) = (labels.value(ALERT_NAME), (end.unwrap_or(NEVER), alert));
            match self.by_name.get_mut(name) {
                Some(known) => known.insert(entry),
                None => self.by_name.insert(name.into(), BTreeSet::from([entry])).is_none(),
            };
        }
    }

    /// Takes an alert out; what is given is what it was taken in with, or moved to.
    pub(super) fn leave(&mut self, alert: AlertIndex, labels: &LabelSet, end: Option<Timestamp>) {
        let name = labels.value(ALERT_NAME);
        if self.limit > 0
            && let Some(known) = self.by_name.get_mut(name)
        {
            known.remove(&(end.unwrap_or(NEVER), alert));
            if known.is_empty() {
                self.by_name.remove(name);
            }
        }
    }

    /// The end of an alert changes.
    pub(super) fn move_end(
        &mut self,
        alert: AlertIndex,
        labels: &LabelSet,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
    ) {
        if self.limit > 0 && from != to {
            self.leave(alert, labels, from);
            self.enter(alert, labels, to);
        }
    }
}
