//! Which alerts have which value of a label, so that a question about a few alerts does not look at all.
//!
//! Only labels that somebody asks about are indexed, from then on. Indexing a million alerts takes a while, so
//! it is done in steps, one with each question; until it is complete the questions look at every alert.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerts::{AlertIndex, Alerts};
use super::index_set::{Bits, IndexSet};
use crate::model::{LabelSet, Lookup, Matcher, Str};

/// How many places one step of indexing should look at: some milliseconds.
pub(super) const STEP: u32 = 20_000;

/// The most labels that are indexed. Whoever asks about many gives up those that nobody asked about longest.
const MOST_NAMES: usize = 32;

/// The most values that an expression is tried on: some milliseconds.
const MOST_VALUES: usize = 50_000;

/// With so few candidates each is looked at; more are first made fewer by the other matchers.
const FEW: usize = 1_000;

/// Alerts by their labels.
#[derive(Debug, Default)]
pub(super) struct LabelIndex {
    names: BTreeMap<Str, ByValue>,
    /// Counts questions.
    asked: u64,
}

/// Alerts by their values of one label.
#[derive(Debug, Default)]
struct ByValue {
    /// Where each value is in `values`.
    places: Lookup<Str, usize>,
    /// The values that alerts have, in no order, with these alerts.
    values: Vec<(Str, IndexSet)>,
    /// The alerts at the places before this one are in it; `None`: all are.
    built: Option<AlertIndex>,
    /// The last question about it.
    asked: u64,
}

/// What one matcher says of alerts.
struct Part<'a> {
    /// These alerts match, or (`false`) all but these.
    wanted: bool,
    alerts: Vec<&'a IndexSet>,
    /// How many alerts match, roughly.
    size: usize,
}

impl LabelIndex {
    /// Takes in an alert that is known from now on.
    pub(super) fn insert(&mut self, alert: AlertIndex, labels: &LabelSet) {
        for (name, by_value) in &mut self.names {
            if let Some(value) = labels.get(name).filter(|_| by_value.covers(alert)) {
                by_value.insert(value, alert);
            }
        }
    }

    /// Takes out an alert.
    pub(super) fn remove(&mut self, alert: AlertIndex, labels: &LabelSet) {
        for (name, by_value) in &mut self.names {
            if let Some(value) = labels.get(name).filter(|_| by_value.covers(alert)) {
                by_value.remove(value, alert);
            }
        }
    }

    /// Goes on indexing what these matchers ask about, by a number of places.
    pub(super) fn prepare(&mut self, matchers: &[Matcher], alerts: &Alerts, mut steps: u32) {
        self.asked += 1;
        for matcher in matchers {
            let new = || ByValue { built: Some(0), ..ByValue::default() };
            let by_value = self.names.entry(Arc::clone(matcher.name())).or_insert_with(new);
            by_value.asked = self.asked;
            steps -= by_value.build(matcher.name(), alerts, steps);
        }
        while self.names.len() > MOST_NAMES {
            let oldest = self.names.iter().min_by_key(|(_, by_value)| by_value.asked);
            let Some(name) = oldest.map(|(name, _)| Arc::clone(name)) else { return };
            self.names.remove(&name);
        }
    }

    /// A set in which all alerts are that match, perhaps with others and with places that nobody is at; `None`
    /// if nothing better is known than to try each. `end` is the number of places.
    pub(super) fn find(&self, matchers: &[Matcher], end: AlertIndex) -> Option<IndexSet> {
        let mut parts: Vec<Part<'_>> =
            matchers.iter().filter_map(|matcher| self.part(matcher, end as usize)).collect();
        parts.sort_by_key(|part| part.size);
        let (first, rest) = parts.split_first()?;
        if first.wanted && first.size <= FEW {
            let mut all: Vec<u32> = first.alerts.iter().flat_map(|alerts| alerts.iter_from(0)).collect();
            all.sort_unstable();
            return Some(IndexSet::List(all));
        }
        let mut found = first.bits(end);
        for part in rest {
            match part.wanted {
                true => found.intersect(&part.bits(end)),
                false => part.alerts.iter().for_each(|alerts| found.subtract(alerts)),
            }
        }
        Some(IndexSet::Bits(found))
    }

    /// What a matcher says, if its label is indexed.
    fn part(&self, matcher: &Matcher, all: usize) -> Option<Part<'_>> {
        let by_value = self.names.get(matcher.name()).filter(|by_value| by_value.built.is_none())?;
        let wanted = !matcher.matches_value("");
        let alerts = match matcher.wanted_values() {
            Some(values) if wanted => values.iter().filter_map(|value| by_value.get(value)).collect(),
            Some(_) | None => by_value.where_matching(matcher, wanted)?,
        };
        let size = alerts.iter().map(|alerts| alerts.len()).sum();
        let size = if wanted { size } else { all.saturating_sub(size) };
        Some(Part { wanted, alerts, size })
    }
}

impl ByValue {
    fn covers(&self, alert: AlertIndex) -> bool {
        self.built.is_none_or(|built| alert < built)
    }

    fn get(&self, value: &str) -> Option<&IndexSet> {
        self.places.get(value).map(|at| &self.values[*at].1)
    }

    /// The alerts of all values that match, or that do not.
    fn where_matching(&self, matcher: &Matcher, matching: bool) -> Option<Vec<&IndexSet>> {
        if let (crate::model::MatchOp::NotEqual, false, false) =
            (matcher.op(), matching, matcher.value().is_empty())
        {
            return Some(self.get(matcher.value()).into_iter().collect());
        }
        if self.values.len() > MOST_VALUES {
            return None;
        }
        let found = self.values.iter().filter(|(value, _)| matcher.matches_value(value) == matching);
        Some(found.map(|(_, alerts)| alerts).collect())
    }

    fn insert(&mut self, value: &str, alert: AlertIndex) {
        if let Some(at) = self.places.get(value) {
            return self.values[*at].1.insert(alert);
        }
        let value = Str::from(value);
        self.places.insert(Arc::clone(&value), self.values.len());
        self.values.push((value, IndexSet::one(alert)));
    }

    fn remove(&mut self, value: &str, alert: AlertIndex) {
        let Some(at) = self.places.get(value).copied() else { return };
        self.values[at].1.remove(alert);
        if self.values[at].1.is_empty() {
            self.values.swap_remove(at);
            self.places.remove(value);
            if let Some((moved, _)) = self.values.get(at) {
                self.places.insert(Arc::clone(moved), at);
            }
        }
    }

    /// Looks at so many more places and says how many there were.
    fn build(&mut self, name: &str, alerts: &Alerts, steps: u32) -> u32 {
        let Some(built) = self.built else { return 0 };
        let end = alerts.end().min(built.saturating_add(steps));
        for (alert, slot) in alerts.iter_from(built).take_while(|(alert, _)| *alert < end) {
            if let Some(value) = slot.alert.labels.get(name) {
                self.insert(value, alert);
            }
        }
        self.built = (end < alerts.end()).then_some(end);
        end - built
    }
}

impl Part<'_> {
    fn bits(&self, end: AlertIndex) -> Bits {
        let mut bits = if self.wanted { Bits::default() } else { Bits::all_before(end) };
        for alerts in &self.alerts {
            match self.wanted {
                true => bits.add(alerts),
                false => bits.subtract(alerts),
            }
        }
        bits
    }
}
