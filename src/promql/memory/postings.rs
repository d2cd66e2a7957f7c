//! Which series have which value of which label.

use std::collections::BTreeMap;

use crate::model::{LabelSet, Matcher};

/// Places of series by label and value, each list sorted because series are only ever added.
#[derive(Debug, Default)]
pub(super) struct Postings {
    by_name: BTreeMap<Box<str>, BTreeMap<Box<str>, Vec<u32>>>,
}

impl Postings {
    /// Adds a series; `id` is greater than all before.
    pub(super) fn add(&mut self, labels: &LabelSet, id: u32) {
        for (name, value) in labels.iter() {
            if !self.by_name.contains_key(name) {
                self.by_name.insert(name.into(), BTreeMap::new());
            }
            let Some(values) = self.by_name.get_mut(name) else { continue };
            match values.get_mut(value) {
                Some(ids) => ids.push(id),
                None => {
                    values.insert(value.into(), vec![id]);
                }
            }
        }
    }

    /// The series that may match all `matchers`, sorted: all that match the most selective of those conditions
    /// which name values, or else of those which no series without the label satisfies. `None`: any may.
    pub(super) fn candidates(&self, matchers: &[Matcher]) -> Option<Vec<u32>> {
        let needed = || matchers.iter().filter(|matcher| !matcher.matches_value(""));
        let listed = needed().filter_map(|matcher| self.with_wanted_values(matcher));
        let lists = listed.min_by_key(|lists| total(lists)).or_else(|| {
            let walked = needed().map(|matcher| self.with_any_value(matcher));
            walked.min_by_key(|lists| total(lists))
        });
        lists.map(|lists| union(&lists))
    }

    /// The lists of the values that the matcher names, if it names them.
    fn with_wanted_values(&self, matcher: &Matcher) -> Option<Vec<&[u32]>> {
        let wanted = matcher.wanted_values()?;
        let values = self.by_name.get(&**matcher.name());
        let lists = wanted.iter().filter_map(|value| values?.get(&**value));
        Some(lists.map(Vec::as_slice).collect())
    }

    /// The lists of all values that satisfy the matcher.
    fn with_any_value(&self, matcher: &Matcher) -> Vec<&[u32]> {
        let values = self.by_name.get(&**matcher.name()).into_iter().flatten();
        let fitting = values.filter(|(value, _)| matcher.matches_value(value));
        fitting.map(|(_, ids)| ids.as_slice()).collect()
    }
}

fn total(lists: &[&[u32]]) -> usize {
    lists.iter().map(|list| list.len()).sum()
}

/// One sorted list of all; the lists of one label's values have nothing in common.
fn union(lists: &[&[u32]]) -> Vec<u32> {
    let mut ids = lists.concat();
    if lists.len() > 1 {
        ids.sort_unstable();
    }
    ids
}
