//! A set of small integers that are close to each other, such as the places of alerts.
//!
//! A sorted list while it holds few of them, one bit each otherwise: never larger than the smaller of both.

/// A set of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IndexSet {
    /// Sorted, each once.
    List(Vec<u32>),
    /// One bit for each number.
    Bits(Bits),
}

/// One bit for each number, and how many of them are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
    len: usize,
}

/// A list of fewer numbers stays one.
const FEW: usize = 64;

impl Default for IndexSet {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl IndexSet {
    /// The set of one number. Takes no more memory than it must: most sets are such.
    pub(super) fn one(number: u32) -> Self {
        Self::List(vec![number])
    }

    /// How many numbers it holds.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Bits(bits) => bits.len,
        }
    }

    pub(super) fn insert(&mut self, number: u32) {
        match self {
            Self::List(list) => {
                match list.last().is_some_and(|last| *last >= number) {
                    false => list.push(number),
                    true => {
                        if let Err(at) = list.binary_search(&number) {
                            list.insert(at, number);
                        }
                    }
                }
                let span = list.last().map_or(0, |last| *last as usize / 32);
                if list.len() > FEW.max(span) {
                    *self = Self::Bits(Bits::of(list));
                }
            }
            Self::Bits(bits) => bits.insert(number),
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        match self {
            Self::List(list) => {
                if let Ok(at) = list.binary_search(&number) {
                    list.remove(at);
                }
            }
            Self::Bits(bits) => {
                bits.remove(number);
                // Half of what makes a list into bits, so that it does not go to and fro.
                if bits.len < FEW.max(bits.words.len()) / 2 {
                    *self = Self::List(self.iter_from(0).collect());
                }
            }
        }
    }

    /// The numbers from `from` on, in order.
    pub(super) fn iter_from(&self, from: u32) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::List(list) => {
                let at = list.partition_point(|number| *number < from);
                Box::new(list[at..].iter().copied())
            }
            Self::Bits(bits) => Box::new(bits.iter_from(from)),
        }
    }
}

impl Bits {
    /// All numbers before `end`.
    pub(super) fn all_before(end: u32) -> Self {
        let mut words = vec![u64::MAX; end as usize / 64];
        if !end.is_multiple_of(64) {
            words.push((1 << (end % 64)) - 1);
        }
        Self { words, len: end as usize }
    }

    fn of(numbers: &[u32]) -> Self {
        let mut bits = Self::default();
        numbers.iter().for_each(|number| bits.insert(*number));
        bits
    }

    /// Adds a number.
    pub(super) fn insert(&mut self, number: u32) {
        let (at, bit) = place(number);
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        self.len += usize::from(self.words[at] & bit == 0);
        self.words[at] |= bit;
    }

    /// Takes a number out.
    pub(super) fn remove(&mut self, number: u32) {
        let (at, bit) = place(number);
        if let Some(word) = self.words.get_mut(at) {
            self.len -= usize::from(*word & bit != 0);
            *word &= !bit;
        }
    }

    /// Adds all of a set.
    pub(super) fn add(&mut self, other: &IndexSet) {
        match other {
            IndexSet::List(list) => list.iter().for_each(|number| self.insert(*number)),
            IndexSet::Bits(bits) => {
                self.words.resize(self.words.len().max(bits.words.len()), 0);
                self.words.iter_mut().zip(&bits.words).for_each(|(word, other)| *word |= other);
                self.count();
            }
        }
    }

    /// Takes away all of a set.
    pub(super) fn subtract(&mut self, other: &IndexSet) {
        match other {
            IndexSet::List(list) => list.iter().for_each(|number| self.remove(*number)),
            IndexSet::Bits(bits) => {
                self.words.iter_mut().zip(&bits.words).for_each(|(word, other)| *word &= !other);
                self.count();
            }
        }
    }

    /// Keeps what the other has, too.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
        self.count();
    }

    fn count(&mut self) {
        self.len = self.words.iter().map(|word| word.count_ones() as usize).sum();
    }

    fn iter_from(&self, from: u32) -> impl Iterator<Item = u32> + '_ {
        let (first, bit) = place(from);
        let words = (0_u32..).zip(&self.words).skip(first);
        words.flat_map(move |(at, word)| {
            // The bits from `from` on.
            let mut rest = if at as usize == first { word & !(bit - 1) } else { *word };
            std::iter::from_fn(move || {
                let lowest = rest.trailing_zeros();
                rest &= rest.checked_sub(1)?;
                Some(at * 64 + lowest)
            })
        })
    }
}

fn place(number: u32) -> (usize, u64) {
    (number as usize / 64, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Bits, IndexSet};

    proptest! {
        #[test]
        fn it_is_a_set(
            steps in prop::collection::vec((any::<bool>(), 0..300_u32), 0..600),
            removed in 0..300_u32,
            from in 0..320_u32,
        ) {
            let (mut set, mut plain) = (IndexSet::default(), BTreeSet::new());
            let mut both = |insert: bool, number: u32| match insert {
                true => {
                    set.insert(number);
                    plain.insert(number);
                }
                false => {
                    set.remove(number);
                    plain.remove(&number);
                }
            };
            steps.iter().for_each(|(insert, number)| both(*insert, *number));
            (0..removed).for_each(|number| both(false, number));
            prop_assert_eq!(set.len(), plain.len());
            prop_assert_eq!(set.iter_from(0).collect::<BTreeSet<_>>(), plain.clone());
            let rest: Vec<u32> = plain.range(from..).copied().collect();
            prop_assert_eq!(set.iter_from(from).collect::<Vec<_>>(), rest);
        }

        #[test]
        fn sets_are_added_subtracted_and_intersected(
            one in prop::collection::btree_set(0..300_u32, 0..200),
            two in prop::collection::btree_set(0..300_u32, 0..200),
            end in 0..300_u32,
        ) {
            let set = |numbers: &BTreeSet<u32>| {
                let mut set = IndexSet::default();
                numbers.iter().for_each(|number| set.insert(*number));
                set
            };
            let bits = |numbers: &BTreeSet<u32>| Bits::of(&numbers.iter().copied().collect::<Vec<_>>());
            let shown = |bits: Bits| {
                assert_eq!(bits.len, bits.iter_from(0).count());
                bits.iter_from(0).collect::<BTreeSet<_>>()
            };
            let (mut sum, mut rest, mut common) = (bits(&one), bits(&one), bits(&one));
            sum.add(&set(&two));
            rest.subtract(&set(&two));
            common.intersect(&bits(&two));
            prop_assert_eq!(shown(sum), &one | &two);
            prop_assert_eq!(shown(rest), &one - &two);
            prop_assert_eq!(shown(common), &one & &two);
            prop_assert_eq!(shown(Bits::all_before(end)), (0..end).collect::<BTreeSet<_>>());
        }
    }
}
