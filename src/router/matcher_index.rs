//! Which of many lists of matchers may match an alert: routes, silences, inhibition rules by their demands.
//!
//! A list that demands one of a few values of a label is found by the alert's value of that label; only lists
//! without such a demand are tried for each alert. The index says who is worth trying, not who matches.

use std::sync::Arc;

use crate::model::{LabelSet, Lookup, Matcher, Str};

/// The most values that a list of matchers is filed under.
const MOST_VALUES: usize = 64;

/// Lists of matchers, each with a number that its owner chose.
#[derive(Debug, Default)]
pub(super) struct MatcherIndex {
    /// For each label name that lists are filed under: their numbers by the value they demand.
    names: Vec<(Str, Lookup<Str, Vec<u32>>)>,
    /// The numbers of the lists without a demand, sorted.
    others: Vec<u32>,
}

impl MatcherIndex {
    /// Adds a list under a number that is not in use.
    pub(super) fn insert(&mut self, number: u32, matchers: &[Matcher]) {
        let demands = matchers.iter().filter_map(|matcher| Some((matcher.name(), demanded(matcher)?)));
        // The demand that the fewest others share, so that an alert meets few lists in vain.
        let crowd = |(name, values): &(&Str, Vec<Str>)| {
            values.iter().map(|value| self.filed(name, value)).sum::<usize>()
        };
        let Some((name, values)) = demands.min_by_key(crowd) else {
            return add(&mut self.others, number);
        };
        let at = self.names.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.names.push((Arc::clone(name), Lookup::default()));
            self.names.len() - 1
        });
        for value in values {
            add(self.names[at].1.or_insert_with(value, Vec::new), number);
        }
    }

    /// Takes the list with this number out; `matchers` are those it was added with.
    pub(super) fn remove(&mut self, number: u32, matchers: &[Matcher]) {
        take(&mut self.others, number);
        for (matcher, values) in matchers.iter().filter_map(|matcher| Some((matcher, demanded(matcher)?))) {
            let Some(at) = self.names.iter().position(|(known, _)| known == matcher.name()) else { continue };
            let by_value = &mut self.names[at].1;
            for value in values {
                let emptied = by_value.get_mut(&value).is_some_and(|numbers| {
                    take(numbers, number);
                    numbers.is_empty()
                });
                if emptied {
                    by_value.remove(&value);
                }
            }
            if by_value.is_empty() {
                self.names.remove(at);
            }
        }
    }

    /// The numbers of the lists that may match these labels, in order, each once.
    pub(super) fn candidates(&self, labels: &LabelSet) -> Vec<u32> {
        let by_value = self.names.iter().filter_map(|(name, by_value)| by_value.get(labels.get(name)?));
        let mut numbers: Vec<u32> = by_value.flatten().chain(&self.others).copied().collect();
        // A list is filed under one name only and labels have one value of it: no number comes twice.
        numbers.sort_unstable();
        numbers
    }

    /// How many lists are filed under a value.
    fn filed(&self, name: &Str, value: &Str) -> usize {
        let by_value = self.names.iter().find(|(known, _)| known == name).map(|(_, by_value)| by_value);
        by_value.and_then(|by_value| by_value.get(value)).map_or(0, Vec::len)
    }
}

/// The values of which an alert must have one, if the matcher can be filed under them. A list that the empty
/// string is in cannot: alerts without the label match it.
fn demanded(matcher: &Matcher) -> Option<Vec<Str>> {
    let values = matcher.wanted_values()?;
    (values.len() <= MOST_VALUES && values.first().is_some_and(|least| !least.is_empty())).then_some(values)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::MatcherIndex;
    use crate::model::Matcher;
    use crate::router::testing::{labels, matchers};

    fn index(lists: &[&str]) -> (MatcherIndex, Vec<Vec<Matcher>>) {
        let lists: Vec<Vec<Matcher>> = lists.iter().map(|list| matchers(list)).collect();
        let mut index = MatcherIndex::default();
        for (number, list) in (0..).zip(&lists) {
            index.insert(number, list);
        }
        (index, lists)
    }

    #[test]
    fn only_lists_whose_demand_is_met_are_tried() {
        let (mut index, lists) = index(&[
            "severity=page,team=db",
            "severity=page,team=web",
            "team=~api|db",
            "team=~d.+",
            "team=",
            "team=~x|",
            "",
            "team!=db",
        ]);
        for (alert, want) in [
            ("team=db severity=page", vec![0, 2, 3, 4, 5, 6, 7]),
            ("team=web severity=page", vec![0, 1, 3, 4, 5, 6, 7]),
            ("team=api", vec![2, 3, 4, 5, 6, 7]),
            ("", vec![3, 4, 5, 6, 7]),
        ] {
            assert_eq!(index.candidates(&labels(alert)), want, "{alert}");
        }
        for (number, list) in (0..).zip(&lists) {
            index.remove(number, list);
        }
        assert!(index.candidates(&labels("team=db severity=page")).is_empty());
        assert!(index.names.is_empty(), "nothing is left behind: {index:?}");
    }

    proptest! {
        #[test]
        fn whoever_matches_is_a_candidate(
            lists in prop::collection::vec("([ab](=|!=|=~|!~)(1|2|1\\|2||1\\|\\.),?){0,3}", 0..8),
            removed in prop::collection::vec(any::<bool>(), 8),
            alert in "([ab]=[123] ){0,2}",
        ) {
            let lists: Vec<&str> = lists.iter().map(|list| list.trim_end_matches(',')).collect();
            let (mut index, lists) = index(&lists);
            let mut want = Vec::new();
            let alert = labels(&alert);
            for (number, list) in (0..).zip(&lists) {
                if removed[number as usize] {
                    index.remove(number, list);
                } else if list.iter().all(|matcher| matcher.matches(&alert)) {
                    want.push(number);
                }
            }
            let found = index.candidates(&alert);
            prop_assert!(found.is_sorted_by(|a, b| a < b));
            prop_assert!(found.iter().all(|number| !removed[*number as usize]));
            prop_assert!(want.iter().all(|number| found.contains(number)), "{want:?} {found:?}");
        }
    }
}
