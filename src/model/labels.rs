//! Label sets: sorted, immutable, cheap to clone, with Alertmanager's fingerprint.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::packed::{PackedPairs, PairsBuilder};

/// An immutable string that is shared by cloning.
pub type Str = Arc<str>;

/// The label that holds an alert's name.
pub const ALERT_NAME: &str = "alertname";
/// The label that holds a series' metric name.
pub const METRIC_NAME: &str = "__name__";

/// A set of label names and values, sorted by name, each name once and no value empty.
///
/// In Prometheus and Alertmanager an empty value is the same as no label; this type makes that true by
/// construction. Cloning copies a pointer.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct LabelSet(PackedPairs);

impl LabelSet {
    /// Makes a set from pairs in any order. Later pairs win over earlier ones; empty values are left out.
    #[must_use]
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut builder = LabelSetBuilder::default();
        for (name, value) in pairs {
            builder.set(name, value);
        }
        builder.build()
    }

    /// The value of the label `name`, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// The value of the label `name`, or the empty string: what matchers and templates see.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The names and values, in order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter()
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Brings the texts near: what is read soon after need not wait for memory, and several of these at once
    /// wait together. Answers with a number that means nothing, so that the reading is not left out.
    #[must_use]
    pub fn touch(&self) -> u8 {
        self.0.touch()
    }

    /// Whether there is no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A builder that starts with these labels.
    #[must_use]
    pub fn to_builder(&self) -> LabelSetBuilder {
        LabelSetBuilder(PairsBuilder::new(&self.0))
    }

    /// The same set without the label `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        if self.get(name).is_none() {
            return self.clone();
        }
        let mut builder = self.to_builder();
        builder.remove(name);
        builder.build()
    }

    /// Alertmanager's fingerprint of the set.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        const PRIME: u64 = 1_099_511_628_211;
        let mut hash: u64 = 14_695_981_039_346_656_037;
        let mut add = |bytes: &[u8]| {
            for byte in bytes.iter().chain(&[0xff]) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
            }
        };
        for (name, value) in self.iter() {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        Fingerprint(hash)
    }
}

impl Ord for LabelSet {
    /// By the first pair that differs, name before value; a set that is a prefix of another comes first.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.is_same(&other.0) { Ordering::Equal } else { self.iter().cmp(other.iter()) }
    }
}

impl PartialOrd for LabelSet {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for LabelSet {
    /// As Prometheus' Go libraries print it: `{alertname="Down", job="api"}`. It is part of the group
    /// key, which other systems use to recognise a group, so it must be the same to the byte.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={}", super::quote::GoQuoted(value))?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for LabelSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?; // JSON needs no count, and counting walks over the texts
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for LabelSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut builder = LabelSetBuilder::default();
        super::packed::deserialize(deserializer, |name, value| {
            builder.set(name, value);
        })?;
        Ok(builder.build())
    }
}

/// Builds a [`LabelSet`] by setting and removing labels one by one.
#[derive(Clone, Debug, Default)]
pub struct LabelSetBuilder(PairsBuilder);

impl LabelSetBuilder {
    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut Self {
        match value.as_ref() {
            "" => self.0.remove(name.as_ref()),
            value => self.0.set(name.as_ref(), value),
        }
        self
    }

    /// Room for so many bytes of names, values and their lengths.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(PairsBuilder::with_capacity(bytes))
    }

    /// Adds a label whose name is behind all others; an empty value adds nothing.
    pub(crate) fn push(&mut self, (name, value): (&str, &str)) {
        if !value.is_empty() {
            self.0.push(name, value);
        }
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.0.remove(name);
        self
    }

    /// The finished set.
    #[must_use]
    pub fn build(self) -> LabelSet {
        LabelSet(self.0.build())
    }
}

/// 64 bits that stand for a label set: FNV-1a over the sorted names and values, as in Alertmanager.
///
/// Printed as 16 hexadecimal digits. Other systems store it, so it must not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::LabelSet;

    #[test]
    fn fingerprints_are_alertmanagers() {
        for (pairs, fingerprint) in [
            (vec![("alertname", "X<y>&"), ("instance", "i1")], "c59aa5d972b8ef9c"),
            (vec![], "cbf29ce484222325"),
            (vec![("foo", "bar")], "3fff2c2d7595e046"),
        ] {
            assert_eq!(LabelSet::from_pairs(pairs).fingerprint().to_string(), fingerprint);
        }
    }

    #[test]
    fn empty_values_and_duplicates_do_not_exist() {
        let labels = LabelSet::from_pairs([("b", "1"), ("a", ""), ("b", "2"), ("a", "x")]);
        assert_eq!(labels.to_string(), r#"{a="x", b="2"}"#);
        assert_eq!(labels.without("a"), LabelSet::from_pairs([("b", "2")]));
        assert_eq!((labels.value("b"), labels.value("c")), ("2", ""));
    }

    proptest! {
        #[test]
        fn the_order_of_the_pairs_does_not_matter(mut pairs: std::collections::BTreeMap<String, String>) {
            pairs.remove("");
            let forwards = LabelSet::from_pairs(pairs.clone());
            let backwards = LabelSet::from_pairs(pairs.into_iter().rev());
            prop_assert_eq!(forwards.fingerprint(), backwards.fingerprint());
            prop_assert_eq!(forwards, backwards);
        }
    }
}
