//! One copy of each string that many alerts share.

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::lookup::StableHasher;
use super::{LabelSet, Str};

/// Keeps one copy of each label name and value, so that a million alerts share their strings.
///
/// It is owned by whoever keeps alerts, never global. [`Interner::sweep`] lets go of what nobody uses.
#[derive(Debug, Default)]
pub struct Interner {
    #[expect(clippy::disallowed_types, reason = "looked up only; `retain` keeps no order-dependent state")]
    strings: std::collections::HashSet<Str, BuildHasherDefault<StableHasher>>,
    sweep_at: usize,
}

impl Interner {
    /// The shared copy of `text`.
    pub fn intern(&mut self, text: &Str) -> Str {
        if let Some(known) = self.strings.get(text) {
            return Arc::clone(known);
        }
        if self.strings.len() >= self.sweep_at {
            self.sweep();
        }
        self.strings.insert(Arc::clone(text));
        Arc::clone(text)
    }

    /// The same label set made of shared strings.
    #[must_use]
    pub fn intern_labels(&mut self, labels: &LabelSet) -> LabelSet {
        LabelSet::from_sorted(labels.pairs().iter().map(|(n, v)| (self.intern(n), self.intern(v))).collect())
    }

    /// Forgets the strings that nobody else holds. Runs by itself whenever the table has doubled.
    pub fn sweep(&mut self) {
        self.strings.retain(|text| Arc::strong_count(text) > 1);
        self.sweep_at = (self.strings.len() * 2).max(1024);
    }

    /// How many strings are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Interner;
    use crate::model::LabelSet;

    #[test]
    fn equal_strings_become_one_and_unused_ones_go() {
        let mut interner = Interner::default();
        let one = interner.intern_labels(&LabelSet::from_pairs([("job", "api"), ("severity", "page")]));
        let two = interner.intern_labels(&LabelSet::from_pairs([("job", "api")]));
        assert!(Arc::ptr_eq(&one.pairs()[0].1, &two.pairs()[0].1));
        assert_eq!(interner.len(), 4);
        drop(one);
        interner.sweep();
        assert_eq!(interner.len(), 2);
    }
}
