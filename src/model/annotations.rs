//! Annotations: like labels, but an empty text is kept, as Prometheus and Alertmanager do.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Str;

/// The texts that an alert carries, sorted by name, each name once. Cloning copies a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotations(Arc<[(Str, Str)]>);

impl Annotations {
    /// Makes a set from pairs in any order. Later pairs win over earlier ones.
    #[must_use]
    pub fn from_pairs<N: Into<Str>, V: Into<Str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let sorted: BTreeMap<Str, Str> = pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        Self(sorted.into_iter().collect())
    }

    /// Takes over pairs that are already sorted by name, without duplicates.
    #[must_use]
    pub(crate) fn from_sorted(pairs: Vec<(Str, Str)>) -> Self {
        debug_assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0), "sorted and without duplicates");
        Self(pairs.into())
    }

    /// The text called `name`, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Str> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.0[at].1)
    }

    /// The pairs in order of their names.
    #[must_use]
    pub fn pairs(&self) -> &[(Str, Str)] {
        &self.0
    }

    /// The pairs as string slices, in order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Annotations {
    fn default() -> Self {
        Self(Arc::new([]))
    }
}

impl Serialize for Annotations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_pairs(BTreeMap::<String, String>::deserialize(deserializer)?))
    }
}
