//! Pairs of texts in one piece of memory: what label sets and annotations are made of.
//!
//! Most of what alerts say is said once: an instance, a summary. A string of its own for each of these costs more
//! in pointers, counts and rounding than its text, so all texts of a set are in one string, each behind its
//! length. Sets have a dozen pairs; walking over these is as fast as a search that follows pointers.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer, MapAccess, Visitor};

/// Pairs sorted by name, each name once. Cloning copies a pointer; equal pairs have equal texts.
///
/// The text is, of each pair, the length and the text of its name and of its value. The lengths are written so that
/// the whole is UTF-8: six bits a byte, the lowest first, with 0x40 for "more follow".
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct PackedPairs(Arc<str>);

impl PackedPairs {
    /// The value called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The pairs in order.
    pub(super) fn iter(&self) -> Pairs<'_> {
        Pairs { rest: &self.0 }
    }

    /// How many pairs there are. They are counted.
    pub(super) fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a byte of each line of the processor's cache, and answers with something made of them.
    pub(super) fn touch(&self) -> u8 {
        self.0.as_bytes().iter().step_by(64).fold(0, |all, byte| all ^ byte)
    }

    /// Whether both are the same piece of memory; equal ones need not be.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Walks over [`PackedPairs`].
#[derive(Clone, Debug)]
pub(super) struct Pairs<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some((take_text(&mut self.rest), take_text(&mut self.rest)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let mut rest = self.rest;
        let mut texts = 0;
        while !rest.is_empty() {
            take_text(&mut rest);
            texts += 1;
        }
        (texts / 2, Some(texts / 2))
    }
}

impl ExactSizeIterator for Pairs<'_> {}

/// Pairs to which others are added one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct PairsBuilder {
    /// The pairs as in [`PackedPairs`].
    text: String,
}

impl PairsBuilder {
    /// Begins with these pairs.
    pub(super) fn new(pairs: &PackedPairs) -> Self {
        Self { text: (*pairs.0).to_owned() }
    }

    /// Begins with nothing and room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes) }
    }

    /// Adds a pair whose name is behind all others.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        push_pair(&mut self.text, name, value);
    }

    /// Sets a value, instead of the one with this name if there is one.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let (start, end) = self.place(name);
        if start == self.text.len() {
            return push_pair(&mut self.text, name, value);
        }
        let mut pair = String::with_capacity(name.len() + value.len() + 4);
        push_pair(&mut pair, name, value);
        self.text.replace_range(start..end, &pair);
    }

    /// Takes a pair out.
    pub(super) fn remove(&mut self, name: &str) {
        let (start, end) = self.place(name);
        self.text.replace_range(start..end, "");
    }

    /// The finished pairs.
    pub(super) fn build(self) -> PackedPairs {
        if self.text.is_empty() { PackedPairs::default() } else { PackedPairs(self.text.into()) }
    }

    /// Where the pair with this name begins and ends, or twice where it would be.
    fn place(&self, name: &str) -> (usize, usize) {
        let mut rest = self.text.as_str();
        while !rest.is_empty() {
            let start = self.text.len() - rest.len();
            let known = take_text(&mut rest);
            take_text(&mut rest);
            match known.cmp(name) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return (start, self.text.len() - rest.len()),
                std::cmp::Ordering::Greater => return (start, start),
            }
        }
        (self.text.len(), self.text.len())
    }
}

/// Reads a map of texts and passes its pairs on as they come.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
    take: impl FnMut(&str, &str),
) -> Result<(), D::Error> {
    struct Texts<F>(F);

    impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Texts<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((name, value)) = map.next_entry::<String, String>()? {
                (self.0)(&name, &value);
            }
            Ok(())
        }
    }

    deserializer.deserialize_map(Texts(take))
}

fn push_pair(text: &mut String, name: &str, value: &str) {
    for part in [name, value] {
        push_number(text, part.len());
        text.push_str(part);
    }
}

fn push_number(text: &mut String, mut number: usize) {
    while number >= 0x40 {
        text.push(char::from(0x40 | (number & 0x3f) as u8));
        number >>= 6;
    }
    text.push(char::from(number as u8));
}

fn take_text<'a>(rest: &mut &'a str) -> &'a str {
    let length = take_number(rest);
    let (text, after) = rest.split_at(length);
    *rest = after;
    text
}

fn take_number(rest: &mut &str) -> usize {
    let (mut number, mut at) = (0, 0);
    loop {
        let byte = rest.as_bytes()[at];
        number |= usize::from(byte & 0x3f) << (6 * at);
        at += 1;
        if byte & 0x40 == 0 {
            *rest = &rest[at..];
            return number;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::PairsBuilder;

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof!["[a-c]{0,2}", any::<String>(), Just("ü@".repeat(40)), Just("x".repeat(5000))]
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_map(
            steps in prop::collection::vec((texts(), prop::option::weighted(0.8, texts())), 0..20),
        ) {
            let (mut builder, mut plain) = (PairsBuilder::default(), BTreeMap::new());
            for (name, value) in &steps {
                match value {
                    Some(value) => {
                        builder.set(name, value);
                        plain.insert(name.as_str(), value.as_str());
                    }
                    None => {
                        builder.remove(name);
                        plain.remove(name.as_str());
                    }
                }
            }
            let pairs = builder.build();
            prop_assert_eq!(pairs.iter().collect::<Vec<_>>(), plain.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(pairs.len(), plain.len());
            for (name, _) in &steps {
                prop_assert_eq!(pairs.get(name), plain.get(name.as_str()).copied());
            }
            let mut again = PairsBuilder::with_capacity(10);
            plain.iter().for_each(|(name, value)| again.push(name, value));
            prop_assert!(again.build() == pairs);
            prop_assert!(PairsBuilder::new(&pairs).build() == pairs);
        }
    }
}
