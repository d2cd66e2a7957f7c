//! Where the core's records are kept between inputs and, in a durable store, between starts.

use std::collections::BTreeMap;

use crate::core::Entry;
use crate::{router, rules};

/// Keeps what the core asks to be kept.
pub trait Store: Send {
    /// All records, for [`crate::core::Core::restore`].
    fn load(&self) -> Vec<Entry>;

    /// Keeps or forgets a record. When it returns, effects that rely on the record may be performed.
    fn keep(&mut self, entry: Entry);
}

/// Keeps records for the life of the process only.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rules: BTreeMap<rules::Key, rules::Entry>,
    router: BTreeMap<router::Key, router::Entry>,
}

impl Store for MemoryStore {
    fn load(&self) -> Vec<Entry> {
        let of_rules = self.rules.values().cloned().map(Entry::Rules);
        of_rules.chain(self.router.values().cloned().map(Entry::Router)).collect()
    }

    fn keep(&mut self, entry: Entry) {
        match entry {
            Entry::Rules(entry) => put(&mut self.rules, entry.key.clone(), entry.record.is_some(), entry),
            Entry::Router(entry) => put(&mut self.router, entry.key.clone(), entry.record.is_some(), entry),
        }
    }
}

fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, is_kept: bool, value: V) {
    if is_kept {
        map.insert(key, value);
    } else {
        map.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryStore, Store};
    use crate::core::Entry;
    use crate::model::LabelSet;
    use crate::rules;

    #[test]
    fn a_later_entry_replaces_or_forgets_an_earlier_one() {
        let entry = |labels: Option<LabelSet>| {
            let record = labels.map(rules::Record::ExternalLabels);
            Entry::Rules(rules::Entry { key: rules::Key::ExternalLabels, record })
        };
        let mut store = MemoryStore::default();
        let second = entry(Some(LabelSet::from_pairs([("zone", "b")])));
        store.keep(entry(Some(LabelSet::default())));
        store.keep(second.clone());
        assert_eq!(store.load(), [second]);
        store.keep(entry(None));
        assert_eq!(store.load(), []);
    }
}
