//! Which silences may match an alert: by one label value that each of them demands.

use std::sync::Arc;

use crate::model::{LabelSet, Lookup, MatchOp, Matcher, Str};

/// Lists of matchers by number. A list that demands a label's exact value is found by that value.
#[derive(Debug, Default)]
pub(super) struct MatcherIndex {
    names: Vec<(Str, Lookup<Str, Vec<u32>>)>,
    others: Vec<u32>,
}

impl MatcherIndex {
    /// Adds a list under a number that is not in use.
    pub(super) fn insert(&mut self, number: u32, matchers: &[Matcher]) {
        let crowd = |matcher: &&Matcher| self.filed(matcher).map_or(0, Vec::len);
        let Some(matcher) = matchers.iter().filter(demands).min_by_key(crowd) else {
            return add(&mut self.others, number);
        };
        let at = self.names.iter().position(|(name, _)| name == matcher.name()).unwrap_or_else(|| {
            self.names.push((Arc::clone(matcher.name()), Lookup::default()));
            self.names.len() - 1
        });
        add(self.names[at].1.or_insert_with(Arc::clone(matcher.value()), Vec::new), number);
    }

    /// Takes the list with this number out; `matchers` are those it was added with.
    pub(super) fn remove(&mut self, number: u32, matchers: &[Matcher]) {
        take(&mut self.others, number);
        for matcher in matchers.iter().filter(demands) {
            let Some((_, by_value)) = self.names.iter_mut().find(|(name, _)| name == matcher.name()) else {
                continue;
            };
            if let Some(numbers) = by_value.get_mut(matcher.value()) {
                take(numbers, number);
                if numbers.is_empty() {
                    by_value.remove(matcher.value());
                }
            }
        }
        self.names.retain(|(_, by_value)| !by_value.is_empty());
    }

    /// The numbers of the lists that may match these labels, in order, each once.
    pub(super) fn candidates(&self, labels: &LabelSet) -> Vec<u32> {
        let by_value = self.names.iter().filter_map(|(name, by_value)| by_value.get(labels.get(name)?));
        let mut numbers: Vec<u32> = by_value.flatten().chain(&self.others).copied().collect();
        numbers.sort_unstable();
        numbers
    }

    fn filed(&self, matcher: &Matcher) -> Option<&Vec<u32>> {
        let (_, by_value) = self.names.iter().find(|(name, _)| name == matcher.name())?;
        by_value.get(matcher.value())
    }
}

fn demands(matcher: &&Matcher) -> bool {
    matcher.op() == MatchOp::Equal && !matcher.value().is_empty()
}

fn add(numbers: &mut Vec<u32>, number: u32) {
    if let Err(at) = numbers.binary_search(&number) {
        numbers.insert(at, number);
    }
}

fn take(numbers: &mut Vec<u32>, number: u32) {
    if let Ok(at) = numbers.binary_search(&number) {
        numbers.remove(at);
    }
}
