//! One copy of each string that many alerts share.

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::Str;
use super::lookup::StableHasher;

/// Keeps one copy of each string of a kind that many alerts have in common, such as a rule's link.
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
    use crate::model::Str;

    #[test]
    fn equal_strings_become_one_and_unused_ones_go() {
        let mut interner = Interner::default();
        let one = interner.intern(&"http://prometheus/1".into());
        let other = interner.intern(&"http://prometheus/2".into());
        assert!(Arc::ptr_eq(&one, &interner.intern(&Str::from("http://prometheus/1"))));
        assert_eq!(interner.len(), 2);
        drop(other);
        interner.sweep();
        assert_eq!(interner.len(), 1);
    }
}
