//! Alerts that nobody has sent: made from the matchers of two route trees so that each route, and each pair
//! of siblings that want the same alert, is met by some of them if that is possible.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::routes::{GroupBy, RouteIndex, Routing};
use crate::model::{LabelSet, MatchOp, Matcher, Str};

/// How many texts are made of one regular expression.
const EXAMPLES: usize = 16;

/// A value that no matcher names.
const OTHER: &str = "other";

/// Alerts to try.
#[derive(Clone, Debug, Default)]
pub struct Specimens {
    /// Their labels, each once, the plainest first.
    pub alerts: Vec<LabelSet>,
    /// Whether there would have been more.
    pub cut_off: bool,
}

/// Makes up to `limit` alerts.
#[must_use]
pub fn specimens(old: &Routing, new: &Routing, limit: usize) -> Specimens {
    let (old_demands, new_demands) = (demands(old), demands(new));
    let all: Vec<&Demand<'_>> = old_demands.iter().chain(&new_demands).collect();
    let mut maker = Maker {
        values: values(all.iter().flat_map(|demand| &demand.matchers)),
        fillers: BTreeMap::new(),
        seen: BTreeSet::new(),
        made: Specimens::default(),
        limit,
    };
    maker.fillers = fillers(&[old, new], &maker.values);
    for demand in &all {
        maker.make(&demand.matchers);
    }
    for demand in &all {
        maker.vary(&demand.matchers);
    }
    for demands in [&old_demands, &new_demands] {
        maker.pairs(demands);
    }
    maker.made
}

/// What an alert must fulfil to come to a route: the matchers of all levels.
struct Demand<'a> {
    parent: Option<RouteIndex>,
    matchers: Vec<&'a Matcher>,
}

impl Demand<'_> {
    /// Whether no value that one demands is refused by the other: a quick look, not the whole truth.
    fn is_compatible_with(&self, other: &Demand<'_>) -> bool {
        let refuses = |one: &[&Matcher], other: &[&Matcher]| {
            one.iter().filter(|matcher| matcher.op() == MatchOp::Equal).any(|demanded| {
                let same = other.iter().filter(|matcher| matcher.name() == demanded.name());
                same.into_iter().any(|matcher| !matcher.matches_value(demanded.value()))
            })
        };
        !refuses(&self.matchers, &other.matchers) && !refuses(&other.matchers, &self.matchers)
    }
}

fn demands(routing: &Routing) -> Vec<Demand<'_>> {
    let mut demands: Vec<Demand<'_>> =
        routing.routes.iter().map(|_| Demand { parent: None, matchers: Vec::new() }).collect();
    for (at, route) in routing.routes.iter().enumerate() {
        demands[at].matchers.extend(&route.matchers);
        for child in &route.children {
            let inherited = demands[at].matchers.clone();
            demands[*child] = Demand { parent: Some(at), matchers: inherited };
        }
    }
    demands
}

/// For each label that matchers name: the values that they name, one that they do not, and none at all.
fn values<'a>(matchers: impl Iterator<Item = &'a &'a Matcher>) -> BTreeMap<Str, Vec<Str>> {
    let mut values: BTreeMap<Str, Vec<Str>> = BTreeMap::new();
    for matcher in matchers {
        let known = values.entry(Str::clone(matcher.name())).or_default();
        let texts = match matcher.op() {
            MatchOp::Equal | MatchOp::NotEqual => vec![Str::clone(matcher.value())],
            MatchOp::Regex | MatchOp::NotRegex => {
                matcher.examples(EXAMPLES).into_iter().map(Str::from).collect()
            }
        };
        for text in texts {
            if !known.contains(&text) {
                known.push(text);
            }
        }
    }
    for known in values.values_mut() {
        for text in [OTHER, ""] {
            if !known.iter().any(|value| &**value == text) {
                known.push(text.into());
            }
        }
    }
    values
}

/// Values for the labels that groups are made by and no matcher asks for: they decide nothing else.
fn fillers(routings: &[&Routing], values: &BTreeMap<Str, Vec<Str>>) -> BTreeMap<Str, Str> {
    let mut fillers = BTreeMap::from([("alertname".into(), "SomeAlert".into())]);
    for route in routings.iter().flat_map(|routing| &routing.routes) {
        match &route.group_by {
            GroupBy::All => {}
            GroupBy::Labels(names) => {
                for name in names {
                    fillers.entry(Str::clone(name)).or_insert_with(|| format!("some-{name}").into());
                }
            }
        }
    }
    fillers.retain(|name, _| !values.contains_key(name));
    fillers
}

struct Maker {
    values: BTreeMap<Str, Vec<Str>>,
    fillers: BTreeMap<Str, Str>,
    seen: BTreeSet<LabelSet>,
    made: Specimens,
    limit: usize,
}

impl Maker {
    /// The plainest alert that fulfils the matchers, if there is one among the known values.
    fn base(&self, matchers: &[&Matcher]) -> Option<BTreeMap<Str, Str>> {
        let mut labels = self.fillers.clone();
        for matcher in matchers {
            let value = self.allowed(matcher.name(), matchers).next()?;
            labels.insert(Str::clone(matcher.name()), Str::clone(value));
        }
        Some(labels)
    }

    /// The values of a label that all matchers allow. Where one demands a value there is only that one to try.
    fn allowed<'a>(&'a self, name: &str, matchers: &'a [&Matcher]) -> impl Iterator<Item = &'a Str> {
        let known = self.values.get_key_value(name);
        let (name, values) = known.map_or(("", &[][..]), |(name, values)| (&**name, values.as_slice()));
        let of_name = move || matchers.iter().filter(move |matcher| &**matcher.name() == name);
        let demanded = of_name().find(|matcher| matcher.op() == MatchOp::Equal);
        let values = demanded.map_or(values, |matcher| std::slice::from_ref(matcher.value()));
        values.iter().filter(move |value| of_name().all(|matcher| matcher.matches_value(value)))
    }

    /// The plainest alert for each two siblings that can want the same one.
    fn pairs(&mut self, demands: &[Demand<'_>]) {
        let mut tried = 0;
        for (at, one) in demands.iter().enumerate() {
            let siblings = demands[at + 1..].iter().filter(|other| other.parent == one.parent);
            for other in siblings.filter(|other| one.is_compatible_with(other)) {
                tried += 1;
                self.made.cut_off |= tried > self.limit;
                if self.made.cut_off {
                    return;
                }
                self.make(&one.matchers.iter().chain(&other.matchers).copied().collect::<Vec<_>>());
            }
        }
    }

    fn make(&mut self, matchers: &[&Matcher]) {
        if let Some(labels) = self.base(matchers) {
            self.add(labels);
        }
    }

    /// The plainest alert with each label in turn at each value that the matchers allow.
    fn vary(&mut self, matchers: &[&Matcher]) {
        let Some(base) = self.base(matchers) else { return };
        let names: Vec<Str> = self.values.keys().cloned().collect();
        for name in names {
            let values: Vec<Str> = self.allowed(&name, matchers).cloned().collect();
            for value in values {
                let mut labels = base.clone();
                labels.insert(Str::clone(&name), value);
                self.add(labels);
                if self.made.cut_off {
                    return;
                }
            }
        }
    }

    fn add(&mut self, labels: BTreeMap<Str, Str>) {
        let labels = LabelSet::from_pairs(labels);
        if self.seen.contains(&labels) {
            return;
        }
        if self.made.alerts.len() == self.limit {
            self.made.cut_off = true;
            return;
        }
        self.seen.insert(labels.clone());
        self.made.alerts.push(labels);
    }
}
