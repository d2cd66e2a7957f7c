//! A hash table of things that are told apart by what is kept elsewhere.
//!
//! A table of a million alerts by fingerprint need not hold the fingerprints: each alert has its own. It takes
//! five bytes an alert instead of seventeen.

use std::fmt;
use std::hash::{Hash, Hasher};

use hashbrown::HashTable;

use super::lookup::StableHasher;

/// Finds things by a hash and a question; like [`super::Lookup`], but its keys are elsewhere.
pub struct Finder<T> {
    table: HashTable<T>,
}

impl<T> Finder<T> {
    /// The thing with this hash for which `is` holds.
    pub fn find(&self, hash: u64, is: impl FnMut(&T) -> bool) -> Option<&T> {
        self.table.find(hash, is)
    }

    /// The thing with this hash for which `is` holds, to be changed.
    pub fn find_mut(&mut self, hash: u64, is: impl FnMut(&T) -> bool) -> Option<&mut T> {
        self.table.find_mut(hash, is)
    }

    /// Adds a thing that is not in it. `hash_of` is asked about all others when the table grows.
    pub fn insert(&mut self, hash: u64, thing: T, hash_of: impl Fn(&T) -> u64) {
        self.table.insert_unique(hash, thing, hash_of);
    }

    /// Takes out the thing with this hash for which `is` holds.
    pub fn remove(&mut self, hash: u64, is: impl FnMut(&T) -> bool) -> Option<T> {
        Some(self.table.find_entry(hash, is).ok()?.remove().0)
    }

    /// All things. The order is the same in each run and means nothing.
    pub fn iter_unordered(&self) -> impl Iterator<Item = &T> {
        self.table.iter()
    }

    /// How many things there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

/// A hash for a [`Finder`]; the same in every run.
pub fn hash_of<K: Hash + ?Sized>(key: &K) -> u64 {
    let mut hasher = StableHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}

impl<T> Default for Finder<T> {
    fn default() -> Self {
        Self { table: HashTable::new() }
    }
}

impl<T> fmt::Debug for Finder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finder({} things)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Finder, hash_of};

    #[test]
    fn what_is_put_in_is_found_until_it_is_taken_out() {
        let names: Vec<String> = (0..1000).map(|number| format!("name-{number}")).collect();
        let mut finder = Finder::default();
        for at in 0..names.len() {
            finder.insert(hash_of(&names[at]), at, |at| hash_of(&names[*at]));
        }
        let name = "name-500";
        assert_eq!(finder.find(hash_of(name), |at| names[*at] == name), Some(&500));
        assert_eq!(finder.remove(hash_of(name), |at| names[*at] == name), Some(500));
        assert_eq!(finder.remove(hash_of(name), |at| names[*at] == name), None);
        assert_eq!((finder.len(), finder.iter_unordered().sum::<usize>()), (999, 499_500 - 500));
    }
}
