//! Made-up values of labels instead of the real ones: the same for the same everywhere, and such that rules see no
//! difference. `instance="db1.example:9100"` becomes `instance="instance-1:9100"`, a `node="db1.example"` beside it
//! `node="instance-1"`.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Named;
use super::replay::{Replay, State, Step};
use crate::model::LabelSet;
use crate::model::labels::{ALERT_NAME, METRIC_NAME};

/// Labels whose values say nothing about anybody, or mean something to PromQL.
const KEPT: [&str; 6] = [ALERT_NAME, METRIC_NAME, "alertstate", "le", "quantile", "severity"];

/// How many numbers are tried for a value before it is kept.
const ATTEMPTS: usize = 20;

/// Made-up values for real ones.
#[derive(Clone, Debug, Default)]
pub struct Anonymizer {
    /// By label and value.
    values: BTreeMap<(String, String), String>,
    /// Values that rules would treat in another way than a made-up one.
    kept: BTreeMap<String, BTreeSet<String>>,
}

impl Anonymizer {
    /// Makes up values for all that these label sets have, in their order. Kept are those of `labels`, and those that
    /// rules name.
    pub fn new<'l>(all: impl Iterator<Item = &'l LabelSet>, named: &Named, labels: &[String]) -> Self {
        let (made, hosts, counts) = Default::default();
        let mut maker = Maker { named, made, hosts, counts };
        let is_kept = |name: &str| KEPT.contains(&name) || labels.iter().any(|label| label == name);
        for (name, value) in all.flat_map(LabelSet::iter).filter(|(name, _)| !is_kept(name)) {
            maker.add(name, value);
        }
        maker.made
    }

    /// The same labels with made-up values.
    #[must_use]
    pub fn labels(&self, labels: &LabelSet) -> LabelSet {
        LabelSet::from_pairs(labels.iter().map(|(name, value)| {
            let made = self.values.get(&(name.to_owned(), value.to_owned()));
            (name, made.map_or(value, String::as_str))
        }))
    }

    /// The values that are kept because of what rules do with them, by label. Numbers are not among them.
    #[must_use]
    pub fn kept(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.kept
    }
}

/// Makes them up.
struct Maker<'n> {
    named: &'n Named,
    made: Anonymizer,
    /// What stands for a value, or for the host of one that is a host and a port.
    hosts: BTreeMap<String, String>,
    /// How many were made for a label.
    counts: BTreeMap<String, usize>,
}

impl Maker<'_> {
    fn add(&mut self, name: &str, value: &str) {
        let key = (name.to_owned(), value.to_owned());
        let is_known = self.made.values.contains_key(&key)
            || self.made.kept.get(name).is_some_and(|kept| kept.contains(value));
        if is_known || is_plain(value) {
            return;
        }
        let (host, port) = host_and_port(value);
        let made = match self.named.texts.contains(value) {
            true => None,
            false => match self.hosts.get(host) {
                Some(known) => Some(format!("{known}{port}")).filter(|made| self.is_alike(name, value, made)),
                None => self.make(name, value, host, port),
            },
        };
        match made {
            Some(made) => drop(self.made.values.insert(key, made)),
            None => drop(self.made.kept.entry(key.0).or_default().insert(key.1)),
        }
    }

    /// A value of the next number that rules treat as they treat the real one.
    fn make(&mut self, name: &str, value: &str, host: &str, port: &str) -> Option<String> {
        let count = self.counts.get(name).copied().unwrap_or(0);
        for number in count + 1..=count + ATTEMPTS {
            let base = format!("{name}-{number}");
            let made = format!("{base}{port}");
            if !self.named.texts.contains(&made) && self.is_alike(name, value, &made) {
                self.counts.insert(name.to_owned(), number);
                self.hosts.insert(host.to_owned(), base);
                return Some(made);
            }
        }
        None
    }

    fn is_alike(&self, name: &str, value: &str, made: &str) -> bool {
        let mut conditions = self.named.conditions.iter().filter(|condition| &**condition.name() == name);
        conditions.all(|condition| condition.matches_value(value) == condition.matches_value(made))
    }
}

/// Whether a value is nobody's secret: a small number, such as a processor's or a status, or a truth value.
fn is_plain(value: &str) -> bool {
    let is_number = value.len() <= 3 && value.bytes().all(|byte| byte.is_ascii_digit());
    is_number || matches!(value, "true" | "false")
}

/// `db1:9100` as `db1` and `:9100`; other values as they are.
fn host_and_port(value: &str) -> (&str, &str) {
    let is_port =
        |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    match value.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && is_port(port) => value.split_at(host.len()),
        Some(_) | None => (value, ""),
    }
}

/// Whether as many alerts were in each state at each time.
#[must_use]
pub fn same_course(one: &Replay, other: &Replay) -> bool {
    let count = |step: &Step, state| step.in_state(state).count();
    let same = |(one, other): (&Step, &Step)| {
        one.at == other.at
            && [State::Pending, State::Firing].iter().all(|state| count(one, *state) == count(other, *state))
    };
    one.changes.len() == other.changes.len() && one.changes.iter().zip(&other.changes).all(same)
}

#[cfg(test)]
mod tests {
    use super::{Anonymizer, host_and_port};
    use crate::model::{LabelSet, MatchOp, Matcher};
    use crate::testing::record::plan::Named;

    fn anonymized(sets: &[&[(&str, &str)]], named: &Named, labels: &[&str]) -> Vec<String> {
        let sets: Vec<LabelSet> =
            sets.iter().map(|pairs| LabelSet::from_pairs(pairs.iter().copied())).collect();
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        let anonymizer = Anonymizer::new(sets.iter(), named, &labels);
        sets.iter().map(|set| anonymizer.labels(set).to_string()).collect()
    }

    #[test]
    fn equal_values_stay_equal_and_others_differ() {
        let found = anonymized(
            &[
                &[("__name__", "up"), ("instance", "db1.example:9100"), ("job", "billing")],
                &[("__name__", "up"), ("instance", "db1.example:9187"), ("job", "billing")],
                &[("__name__", "info"), ("instance", "web1:80"), ("node", "db1.example"), ("job", "shop")],
                &[("instance", "instance-1:9100"), ("le", "0.5"), ("code", "503"), ("ready", "true")],
                &[("alertname", "Down"), ("severity", "page"), ("number", "4711")],
            ],
            &Named::default(),
            &[],
        );
        insta::assert_snapshot!(found.join("\n"), @r#"
        {__name__="up", instance="instance-1:9100", job="job-1"}
        {__name__="up", instance="instance-1:9187", job="job-1"}
        {__name__="info", instance="instance-2:80", job="job-2", node="instance-1"}
        {code="503", instance="instance-3:9100", le="0.5", ready="true"}
        {alertname="Down", number="number-1", severity="page"}
        "#);
    }

    #[test]
    fn what_rules_tell_apart_is_kept() {
        let regex = |name: &str, op, pattern: &str| Matcher::new(name, op, pattern).expect("valid");
        let named = Named {
            texts: ["primary".to_owned(), "zone-1".to_owned()].into(),
            conditions: vec![
                Matcher::equal("job", "api"),
                regex("job", MatchOp::NotRegex, "test-.*"),
                regex("instance", MatchOp::Regex, "(.+):(9100|9187)"),
                regex("env", MatchOp::Regex, "env-1|prod"),
            ],
        };
        let sets: &[&[(&str, &str)]] = &[
            &[("job", "api"), ("instance", "db1:9100"), ("role", "primary"), ("zone", "eu")],
            &[("job", "test-shop"), ("instance", "db1:80"), ("role", "other"), ("env", "prod")],
            // Rules treat `env-1` as they treat `prod`.
            &[("job", "shop"), ("env", "dev")],
        ];
        insta::assert_snapshot!(anonymized(sets, &named, &[]).join("\n"), @r#"
        {instance="instance-1:9100", job="api", role="primary", zone="zone-2"}
        {env="env-1", instance="instance-1:80", job="test-shop", role="role-1"}
        {env="env-2", job="job-1"}
        "#);
        assert!(anonymized(sets, &named, &["zone"])[0].contains("zone=\"eu\""));
        let sets: Vec<LabelSet> =
            sets.iter().map(|pairs| LabelSet::from_pairs(pairs.iter().copied())).collect();
        let kept = format!("{:?}", Anonymizer::new(sets.iter(), &named, &[]).kept());
        assert_eq!(kept, r#"{"job": {"api", "test-shop"}, "role": {"primary"}}"#);
    }

    #[test]
    fn ports_are_kept() {
        for (value, wanted) in [
            ("db1:9100", ("db1", ":9100")),
            ("[::1]:9100", ("[::1]", ":9100")),
            ("db1", ("db1", "")),
            ("db1:", ("db1:", "")),
            (":9100", (":9100", "")),
            ("urn:isbn:123456", ("urn:isbn:123456", "")),
        ] {
            assert_eq!(host_and_port(value), wanted);
        }
    }
}
