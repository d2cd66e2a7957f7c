//! Which alerts have which value of a label, so that a question about a few alerts does not look at all.
//!
//! Only labels that somebody asks about are indexed, from then on. Indexing a million alerts takes a while, so
//! it is done in steps, one with each question; until it is complete the questions look at every alert.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerts::{AlertIndex, Alerts};
use super::index_set::{Bits, IndexSet};
use crate::model::finder::hash_of;
use crate::model::{Finder, LabelSet, Matcher, Str};

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

/// Alerts by their values of one label. Of many a label, as `instance`, most values are those of one alert: such
/// a value is not kept here, only the alert that has it.
#[derive(Debug, Default)]
struct ByValue {
    /// The values that alerts have.
    values: Finder<Entry>,
    /// Those that several alerts have, with these alerts.
    shared: Vec<(Str, IndexSet)>,
    /// The places in `shared` that are not in use.
    free: Vec<u32>,
    /// The alerts at the places before this one are in it; `None`: all are.
    built: Option<AlertIndex>,
    /// The last question about it.
    asked: u64,
}

/// A value.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Of the value.
    hash: u32,
    /// The place of the one alert that has it; or of the value in `shared`, with [`SHARED`] added.
    at: u32,
}

/// Marks places in `shared`: half of all numbers are enough for alerts.
const SHARED: u32 = 1 << 31;

/// The alerts that have a value.
enum Holders<'a> {
    One(AlertIndex),
    Several(&'a IndexSet),
}

/// What one matcher says of alerts.
struct Part<'a> {
    /// These alerts match, or (`false`) all but these.
    wanted: bool,
    alerts: Vec<Holders<'a>>,
    /// How many alerts match, roughly.
    size: usize,
}

impl LabelIndex {
    /// Takes in an alert that is known from now on.
    pub(super) fn insert(&mut self, alert: AlertIndex, alerts: &Alerts) {
        for (name, by_value) in self.names.iter_mut().filter(|(_, by_value)| by_value.covers(alert)) {
            by_value.insert(name, alert, alerts);
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
    /// if nothing better is known than to try each.
    pub(super) fn find(&self, matchers: &[Matcher], alerts: &Alerts) -> Option<IndexSet> {
        let end = alerts.end();
        let mut parts: Vec<Part<'_>> =
            matchers.iter().filter_map(|matcher| self.part(matcher, alerts)).collect();
        parts.sort_by_key(|part| part.size);
        let (first, rest) = parts.split_first()?;
        if first.wanted && first.size <= FEW {
            let mut all: Vec<u32> = first.alerts.iter().flat_map(Holders::iter).collect();
            all.sort_unstable();
            return Some(IndexSet::List(all));
        }
        let mut found = first.bits(end);
        for part in rest {
            match part.wanted {
                true => found.intersect(&part.bits(end)),
                false => part.alerts.iter().for_each(|alerts| alerts.subtract_from(&mut found)),
            }
        }
        Some(IndexSet::Bits(found))
    }

    /// What a matcher says, if its label is indexed.
    fn part(&self, matcher: &Matcher, all: &Alerts) -> Option<Part<'_>> {
        let by_value = self.names.get(matcher.name()).filter(|by_value| by_value.built.is_none())?;
        let wanted = !matcher.matches_value("");
        let alerts = match matcher.wanted_values() {
            Some(values) if wanted => {
                values.iter().filter_map(|value| by_value.get(matcher.name(), value, all)).collect()
            }
            Some(_) | None => by_value.where_matching(matcher, wanted, all)?,
        };
        let size = alerts.iter().map(Holders::len).sum();
        let size = if wanted { size } else { (all.end() as usize).saturating_sub(size) };
        Some(Part { wanted, alerts, size })
    }
}

impl ByValue {
    fn covers(&self, alert: AlertIndex) -> bool {
        self.built.is_none_or(|built| alert < built)
    }

    fn get(&self, name: &str, value: &str, alerts: &Alerts) -> Option<Holders<'_>> {
        let hash = short_hash(value);
        let is_it = |entry: &Entry| entry.hash == hash && text(&self.shared, *entry, name, alerts) == value;
        Some(self.holders(*self.values.find(spread(hash), is_it)?))
    }

    /// The alerts of all values that match, or that do not.
    fn where_matching(&self, matcher: &Matcher, matching: bool, alerts: &Alerts) -> Option<Vec<Holders<'_>>> {
        let name = matcher.name();
        if let (crate::model::MatchOp::NotEqual, false, false) =
            (matcher.op(), matching, matcher.value().is_empty())
        {
            return Some(self.get(name, matcher.value(), alerts).into_iter().collect());
        }
        if self.values.len() > MOST_VALUES {
            return None;
        }
        let fits =
            |entry: &&Entry| matcher.matches_value(text(&self.shared, **entry, name, alerts)) == matching;
        Some(self.values.iter_unordered().filter(fits).map(|entry| self.holders(*entry)).collect())
    }

    fn holders(&self, entry: Entry) -> Holders<'_> {
        match entry.shared() {
            Some(at) => Holders::Several(&self.shared[at].1),
            None => Holders::One(entry.at),
        }
    }

    fn insert(&mut self, name: &str, alert: AlertIndex, alerts: &Alerts) {
        let Some(value) = alerts.at(alert).alert.labels.get(name) else { return };
        let (hash, shared) = (short_hash(value), &self.shared);
        let is_it = |entry: &Entry| entry.hash == hash && text(shared, *entry, name, alerts) == value;
        let Some(entry) = self.values.find_mut(spread(hash), is_it) else {
            let entry = Entry { hash, at: alert };
            return self.values.insert(spread(hash), entry, |entry| spread(entry.hash));
        };
        match entry.shared() {
            Some(at) => self.shared[at].1.insert(alert),
            None => {
                let mut both = IndexSet::one(entry.at);
                both.insert(alert);
                let at = self.free.pop().unwrap_or_else(|| {
                    self.shared.push(<(Str, IndexSet)>::default());
                    u32::try_from(self.shared.len() - 1).expect("there are fewer values than alerts")
                });
                self.shared[at as usize] = (value.into(), both);
                entry.at = at | SHARED;
            }
        }
    }

    fn remove(&mut self, value: &str, alert: AlertIndex) {
        let (hash, shared) = (short_hash(value), &self.shared);
        let is_it = |entry: &Entry| match entry.shared() {
            Some(at) => entry.hash == hash && &*shared[at].0 == value,
            None => entry.at == alert,
        };
        let Some(entry) = self.values.find_mut(spread(hash), is_it) else { return };
        let Some(at) = entry.shared() else {
            self.values.remove(spread(hash), |entry| entry.at == alert);
            return;
        };
        let alerts = &mut self.shared[at].1;
        alerts.remove(alert);
        let last = alerts.iter_from(0).next();
        if let (1, Some(last)) = (alerts.len(), last) {
            self.shared[at] = <(Str, IndexSet)>::default();
            self.free.push(entry.at & !SHARED);
            entry.at = last;
        }
    }

    /// Looks at so many more places and says how many there were.
    fn build(&mut self, name: &str, alerts: &Alerts, steps: u32) -> u32 {
        let Some(built) = self.built else { return 0 };
        let end = alerts.end().min(built.saturating_add(steps));
        for (alert, _) in alerts.iter_from(built).take_while(|(alert, _)| *alert < end) {
            self.insert(name, alert, alerts);
        }
        self.built = (end < alerts.end()).then_some(end);
        end - built
    }
}

impl Entry {
    /// Its place in `shared`, if several alerts have the value.
    fn shared(self) -> Option<usize> {
        (self.at & SHARED != 0).then_some((self.at & !SHARED) as usize)
    }
}

/// The text of a value. That of a single alert is read from its labels.
fn text<'a>(shared: &'a [(Str, IndexSet)], entry: Entry, name: &str, alerts: &'a Alerts) -> &'a str {
    match entry.shared() {
        Some(at) => &shared[at].0,
        None => alerts.get(entry.at).map_or("", |slot| slot.alert.labels.value(name)),
    }
}

fn short_hash(value: &str) -> u32 {
    (hash_of(value) >> 32) as u32
}

/// The table looks at the highest and at the lowest bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Holders<'_> {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Several(alerts) => alerts.len(),
        }
    }

    fn iter(&self) -> Box<dyn Iterator<Item = AlertIndex> + '_> {
        match self {
            Self::One(alert) => Box::new(std::iter::once(*alert)),
            Self::Several(alerts) => alerts.iter_from(0),
        }
    }

    fn add_to(&self, bits: &mut Bits) {
        match self {
            Self::One(alert) => bits.insert(*alert),
            Self::Several(alerts) => bits.add(alerts),
        }
    }

    fn subtract_from(&self, bits: &mut Bits) {
        match self {
            Self::One(alert) => bits.remove(*alert),
            Self::Several(alerts) => bits.subtract(alerts),
        }
    }
}

impl Part<'_> {
    fn bits(&self, end: AlertIndex) -> Bits {
        let mut bits = if self.wanted { Bits::default() } else { Bits::all_before(end) };
        for alerts in &self.alerts {
            match self.wanted {
                true => alerts.add_to(&mut bits),
                false => alerts.subtract_from(&mut bits),
            }
        }
        bits
    }
}
