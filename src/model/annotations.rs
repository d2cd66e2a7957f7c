//! Annotations: like labels, but an empty text is kept, as Prometheus and Alertmanager do.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::packed::{PackedPairs, PairsBuilder};

/// The texts that an alert carries, sorted by name, each name once. Cloning copies a pointer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Annotations(PackedPairs);

impl Annotations {
    /// Makes a set from pairs in any order. Later pairs win over earlier ones.
    #[must_use]
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut builder = PairsBuilder::default();
        pairs.into_iter().for_each(|(name, text)| builder.set(name.as_ref(), text.as_ref()));
        Self(builder.build())
    }

    /// The text called `name`, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// The names and texts, in order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter()
    }

    /// Brings the texts near: what is read soon after need not wait for memory, and several of these at once
    /// wait together. Answers with a number that means nothing, so that the reading is not left out.
    #[must_use]
    pub fn touch(&self) -> u8 {
        self.0.touch()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Annotations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Annotations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?; // as for labels
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut builder = PairsBuilder::default();
        super::packed::deserialize(deserializer, |name, text| builder.set(name, text))?;
        Ok(Self(builder.build()))
    }
}
