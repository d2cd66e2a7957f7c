//! Which series belong together: by some of their labels. Computed once a series, not once a step.

use super::labels;
use super::names::METADATA;
use crate::model::labels::METRIC_NAME;
use crate::model::{LabelSet, Lookup};
use crate::promql::ast::{Grouping, Matching};
use crate::promql::value::Series;
use std::sync::Arc;

/// The labels that decide.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Sorted, each once.
    names: Vec<Arc<str>>,
    /// All labels but these count.
    without: bool,
}

impl Key {
    /// `by` and `without`: the latter leaves out the metric name, too.
    pub(super) fn of_grouping(grouping: &Grouping) -> Self {
        Self::new(&grouping.labels, grouping.without)
    }

    /// `on` and `ignoring`: the latter leaves out the metric name, too.
    pub(super) fn of_matching(matching: &Matching) -> Self {
        Self::new(&matching.labels, !matching.on)
    }

    fn new(names: &[Arc<str>], without: bool) -> Self {
        let mut names = names.to_vec();
        if without {
            names.push(METRIC_NAME.into());
        }
        names.sort_unstable();
        names.dedup();
        Self { names, without }
    }

    /// The labels that count.
    pub(super) fn labels(&self, labels: &LabelSet) -> LabelSet {
        if self.without { labels::without(labels, &self.names) } else { labels::only(labels, &self.names) }
    }

    /// Bytes that are the same for two series if the labels that count are.
    fn bytes(&self, labels: &LabelSet, out: &mut Vec<u8>) {
        out.clear();
        if !self.without && self.names.is_empty() {
            return;
        }
        let mut names = self.names.iter().peekable();
        for (name, value) in labels.iter() {
            while names.next_if(|known| &***known < name).is_some() {}
            let is_known = names.peek().is_some_and(|known| &***known == name);
            if is_known != self.without {
                for text in [name, value] {
                    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
    }
}

/// Gives numbers to groups as they are met.
#[derive(Debug, Default)]
pub(super) struct Groups {
    index: Lookup<Vec<u8>, usize>,
    bytes: Vec<u8>,
}

impl Groups {
    /// The number of the group, and whether it is a new one.
    pub(super) fn number(&mut self, key: &Key, labels: &LabelSet) -> (usize, bool) {
        key.bytes(labels, &mut self.bytes);
        if let Some(number) = self.index.get(self.bytes.as_slice()) {
            return (*number, false);
        }
        let number = self.index.len();
        self.index.insert(self.bytes.clone(), number);
        (number, true)
    }

    /// The groups of all series of a matrix.
    pub(super) fn numbers(&mut self, key: &Key, matrix: &[Series]) -> Vec<usize> {
        matrix.iter().map(|series| self.number(key, &series.labels).0).collect()
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }
}

/// The labels of the result of an operation between two series.
pub(super) fn result_labels(
    one: &LabelSet,
    other: &LabelSet,
    matching: &Matching,
    drops_name: bool,
) -> LabelSet {
    use crate::promql::ast::Cardinality;
    let mut labels = if drops_name { labels::without(one, &METADATA) } else { one.clone() };
    if matching.cardinality == Cardinality::OneToOne {
        labels = if matching.on {
            labels::only(&labels, &matching.labels)
        } else {
            labels::without(&labels, &matching.labels)
        };
    }
    if matching.include.is_empty() {
        return labels;
    }
    let mut builder = labels.to_builder();
    for name in &matching.include {
        builder.set(name, other.value(name));
    }
    builder.build()
}
