//! Inhibition: an alert is not told while another one fires that a rule names as the reason.
//!
//! As in Alertmanager: the target matches the rule's target side and an unresolved source matches its source
//! side with the same values of the `equal` labels, of which a missing one counts as empty. A target that is
//! itself a source of the rule is not inhibited by sources that are targets of it too, so that nobody mutes
//! himself. Whether a source is itself muted does not matter.
//!
//! The sources of a rule are filed by their `equal` values and ordered by their end: the last one to end
//! decides, so a source that ends by time needs no event. Which side of which rules an alert is on depends on
//! its labels only. It is found once, and alerts on the same sides share one list.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::alerts::AlertIndex;
use super::matcher_index::MatcherIndex;
use crate::config::routes::InhibitRule;
use crate::model::{LabelSet, Lookup, Matcher, Str, Timestamp};

/// The end of an alert that has none: after all others.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// All rules with the alerts that are their sources.
#[derive(Debug)]
pub(super) struct Inhibition {
    rules: Vec<Rule>,
    /// The rules by their source side.
    by_source: MatcherIndex,
    /// The rules by their target side.
    by_target: MatcherIndex,
    /// Each list of roles that alerts have, once. The first one is empty.
    roles: Vec<Arc<[Role]>>,
    known_roles: Lookup<Arc<[Role]>, Roles>,
}

/// What an alert is in which rules: names a list that other alerts share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles(u32);

/// What an alert is in one rule; at least one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Role {
    rule: u32,
    source: bool,
    target: bool,
}

#[derive(Debug)]
struct Rule {
    source: Vec<Matcher>,
    target: Vec<Matcher>,
    equal: Vec<Str>,
    /// Its sources by their values of the `equal` labels.
    sources: Lookup<LabelSet, Sources>,
}

/// The sources of a rule that share their `equal` values, by the time of their end.
#[derive(Debug, Default)]
struct Sources {
    plain: BTreeSet<(Timestamp, AlertIndex)>,
    /// Those that are targets of the rule as well.
    targets_too: BTreeSet<(Timestamp, AlertIndex)>,
}

/// A source that mutes a target, and the rule that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inhibitor {
    /// The place of the rule in the file.
    pub(super) rule: usize,
    /// The source.
    pub(super) source: AlertIndex,
}

impl Inhibition {
    /// Prepares rules; they have no sources yet.
    pub(super) fn new(rules: &[InhibitRule]) -> Self {
        let (mut by_source, mut by_target) = (MatcherIndex::default(), MatcherIndex::default());
        for (number, rule) in (0..).zip(rules) {
            by_source.insert(number, &rule.source);
            by_target.insert(number, &rule.target);
        }
        let rule = |rule: &InhibitRule| Rule {
            source: rule.source.clone(),
            target: rule.target.clone(),
            equal: rule.equal.clone(),
            sources: Lookup::default(),
        };
        let none: Arc<[Role]> = Arc::new([]);
        let mut known_roles = Lookup::default();
        known_roles.insert(Arc::clone(&none), Roles::default());
        let rules = rules.iter().map(rule).collect();
        Self { rules, by_source, by_target, roles: vec![none], known_roles }
    }

    /// Takes in an alert that is not known and says what it is. Its `end` may have passed.
    pub(super) fn enter(&mut self, alert: AlertIndex, labels: &LabelSet, end: Option<Timestamp>) -> Roles {
        if self.rules.is_empty() {
            return Roles::default();
        }
        let roles = self.roles_of(labels);
        self.file(alert, roles, labels, end);
        roles
    }

    /// Takes an alert out; what is given is what it was taken in with, or moved to.
    pub(super) fn leave(
        &mut self,
        alert: AlertIndex,
        roles: Roles,
        labels: &LabelSet,
        end: Option<Timestamp>,
    ) {
        for role in self.roles(roles).iter().filter(|role| role.source) {
            let rule = &mut self.rules[role.rule as usize];
            let values = values(&rule.equal, labels);
            let Some(sources) = rule.sources.get_mut(&values) else { continue };
            sources.on_side(role.target).remove(&(end.unwrap_or(NEVER), alert));
            if sources.plain.is_empty() && sources.targets_too.is_empty() {
                rule.sources.remove(&values);
            }
        }
    }

    /// The end of an alert changes: it fires longer, ends now, or fires again.
    pub(super) fn move_end(
        &mut self,
        alert: AlertIndex,
        roles: Roles,
        labels: &LabelSet,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
    ) {
        if from != to && roles != Roles::default() {
            self.leave(alert, roles, labels, from);
            self.file(alert, roles, labels, to);
        }
    }

    /// Whether an alert is inhibited.
    pub(super) fn inhibits(&self, now: Timestamp, roles: Roles, labels: &LabelSet) -> bool {
        self.roles(roles).iter().any(|role| self.unresolved(now, *role, labels).next().is_some())
    }

    /// Who inhibits an alert: of each rule in file order at most `most`, the last to end first.
    pub(super) fn inhibitors(
        &self,
        now: Timestamp,
        roles: Roles,
        labels: &LabelSet,
        most: usize,
    ) -> Vec<Inhibitor> {
        self.of_roles(now, &self.roles(roles), labels, most)
    }

    /// Who inhibits, or would, an alert with these labels, known or not; see [`Inhibition::inhibitors`].
    pub(super) fn inhibitors_of(&self, now: Timestamp, labels: &LabelSet, most: usize) -> Vec<Inhibitor> {
        self.of_roles(now, &self.find_roles(labels), labels, most)
    }

    fn of_roles(&self, now: Timestamp, roles: &[Role], labels: &LabelSet, most: usize) -> Vec<Inhibitor> {
        let of_rule = |role: &Role| {
            let rule = role.rule as usize;
            let sources = self.unresolved(now, *role, labels).take(most);
            sources.map(move |source| Inhibitor { rule, source }).collect::<Vec<_>>()
        };
        roles.iter().flat_map(of_rule).collect()
    }

    /// The unresolved sources that inhibit a target by one rule.
    fn unresolved(
        &self,
        now: Timestamp,
        role: Role,
        labels: &LabelSet,
    ) -> impl Iterator<Item = AlertIndex> + use<'_> {
        let rule = &self.rules[role.rule as usize];
        let sources = match role.target && !rule.sources.is_empty() {
            true => rule.sources.get(&values(&rule.equal, labels)),
            false => None,
        };
        let fires = move |(end, _): &&(Timestamp, AlertIndex)| *end > now;
        let plain = sources.into_iter().flat_map(|sources| sources.plain.iter().rev());
        let others = sources.filter(|_| !role.source).into_iter();
        let others = others.flat_map(|sources| sources.targets_too.iter().rev());
        plain.take_while(fires).chain(others.take_while(fires)).map(|(_, source)| *source)
    }

    fn roles(&self, roles: Roles) -> Arc<[Role]> {
        Arc::clone(&self.roles[roles.0 as usize])
    }

    /// What an alert with these labels is.
    fn roles_of(&mut self, labels: &LabelSet) -> Roles {
        let roles = self.find_roles(labels);
        if let Some(known) = self.known_roles.get(&roles) {
            return *known;
        }
        let number = u32::try_from(self.roles.len()).expect("fewer than four billion lists fit in memory");
        self.roles.push(Arc::clone(&roles));
        self.known_roles.insert(roles, Roles(number));
        Roles(number)
    }

    fn find_roles(&self, labels: &LabelSet) -> Arc<[Role]> {
        let matches = |matchers: &[Matcher]| matchers.iter().all(|matcher| matcher.matches(labels));
        let sources = self.by_source.candidates(labels).into_iter();
        let sources: BTreeSet<u32> =
            sources.filter(|rule| matches(&self.rules[*rule as usize].source)).collect();
        let targets = self.by_target.candidates(labels).into_iter();
        let targets: BTreeSet<u32> =
            targets.filter(|rule| matches(&self.rules[*rule as usize].target)).collect();
        let role =
            |rule: &u32| Role { rule: *rule, source: sources.contains(rule), target: targets.contains(rule) };
        sources.union(&targets).map(role).collect()
    }

    /// Files an alert as a source where it is one.
    fn file(&mut self, alert: AlertIndex, roles: Roles, labels: &LabelSet, end: Option<Timestamp>) {
        for role in self.roles(roles).iter().filter(|role| role.source) {
            let rule = &mut self.rules[role.rule as usize];
            let sources = rule.sources.or_insert_with(values(&rule.equal, labels), Sources::default);
            sources.on_side(role.target).insert((end.unwrap_or(NEVER), alert));
        }
    }
}

impl Sources {
    fn on_side(&mut self, target_too: bool) -> &mut BTreeSet<(Timestamp, AlertIndex)> {
        match target_too {
            true => &mut self.targets_too,
            false => &mut self.plain,
        }
    }
}

/// The labels with these names; a missing one is empty, as one that is there but empty would be.
fn values(names: &[Str], labels: &LabelSet) -> LabelSet {
    LabelSet::from_pairs(names.iter().filter_map(|name| Some((name, labels.get(name)?))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Inhibition, Roles};
    use crate::config::routes::InhibitRule;
    use crate::model::{LabelSet, Timestamp};
    use crate::router::testing::{inhibit_rule, labels};

    /// Alerts that an [`Inhibition`] knows, by number.
    struct Known {
        inhibition: Inhibition,
        rules: Vec<InhibitRule>,
        alerts: BTreeMap<u32, (LabelSet, Roles, Option<Timestamp>)>,
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    impl Known {
        fn new(rules: &[(&str, &str, &str)]) -> Self {
            let rules: Vec<InhibitRule> =
                rules.iter().map(|(source, target, equal)| inhibit_rule(source, target, equal)).collect();
            Self { inhibition: Inhibition::new(&rules), rules, alerts: BTreeMap::new() }
        }

        /// Says that an alert, known or not, ends then.
        fn hear(&mut self, number: u32, labels: &LabelSet, end: Option<i64>) {
            let end = end.map(at);
            match self.alerts.get_mut(&number) {
                Some((known, roles, old)) => {
                    self.inhibition.move_end(number, *roles, known, (*old, end));
                    *old = end;
                }
                None => {
                    let roles = self.inhibition.enter(number, labels, end);
                    self.alerts.insert(number, (labels.clone(), roles, end));
                }
            }
        }

        fn forget(&mut self, number: u32) {
            if let Some((labels, roles, end)) = self.alerts.remove(&number) {
                self.inhibition.leave(number, roles, &labels, end);
            }
        }

        fn inhibitors(&self, now: i64, number: u32) -> Vec<(usize, u32)> {
            let (labels, roles, _) = &self.alerts[&number];
            let found = self.inhibition.inhibitors(at(now), *roles, labels, usize::MAX);
            assert_eq!(self.inhibition.inhibits(at(now), *roles, labels), !found.is_empty());
            let mut found: Vec<_> = found.iter().map(|found| (found.rule, found.source)).collect();
            found.sort_unstable();
            found
        }

        /// The definition, without any index.
        fn plainly(&self, now: i64, number: u32) -> Vec<(usize, u32)> {
            let target = &self.alerts[&number].0;
            let mut found = Vec::new();
            for (at_rule, rule) in self.rules.iter().enumerate() {
                let is = |side: &[crate::model::Matcher], labels: &LabelSet| {
                    side.iter().all(|matcher| matcher.matches(labels))
                };
                for (source, (labels, _, end)) in &self.alerts {
                    let equal = rule.equal.iter().all(|name| labels.value(name) == target.value(name));
                    let two_sided = is(&rule.source, target) && is(&rule.target, labels);
                    let fires = end.is_none_or(|end| end > at(now));
                    if is(&rule.target, target) && is(&rule.source, labels) && equal && fires && !two_sided {
                        found.push((at_rule, *source));
                    }
                }
            }
            found
        }
    }

    /// Who inhibits the target of one rule; each source is its labels and the second at which it ends.
    #[test]
    fn an_alert_is_inhibited_by_any_unresolved_source_with_equal_labels() {
        let page = ("severity=page", "severity=ticket", "cluster,job");
        for (what, rule, target, sources, now, inhibited) in [
            (
                "same values",
                page,
                "severity=ticket cluster=a",
                &[("severity=page cluster=a", 0)][..],
                5,
                true,
            ),
            (
                "another cluster",
                page,
                "severity=ticket cluster=a",
                &[("severity=page cluster=b", 0)],
                5,
                false,
            ),
            (
                "missing in one",
                page,
                "severity=ticket cluster=a job=x",
                &[("severity=page cluster=a", 0)],
                5,
                false,
            ),
            ("missing in both", page, "severity=ticket", &[("severity=page", 0)], 5, true),
            ("no source", page, "severity=ticket", &[], 5, false),
            ("not a source", page, "severity=ticket", &[("severity=info", 0)], 5, false),
            ("not a target", page, "severity=info", &[("severity=page", 0)], 5, false),
            ("before its end", page, "severity=ticket", &[("severity=page", 6)], 5, true),
            ("at its end", page, "severity=ticket", &[("severity=page", 5)], 5, false),
            (
                "one ended and one goes on",
                page,
                "severity=ticket",
                &[("severity=page i=1", 0), ("severity=page i=2", 3)],
                5,
                true,
            ),
            ("no equal labels", ("up=0", "tier=2", ""), "tier=2 x=1", &[("up=0 x=2", 0)], 5, true),
            ("empty sides match all, but nobody himself", ("", "", ""), "a=1", &[], 5, false),
            ("empty sides: two-sided alerts do not count", ("", "", ""), "a=1", &[("a=2", 0)], 5, false),
            ("both sides, source plain", ("a=1", "b=1", ""), "a=1 b=1", &[("a=1", 0)], 5, true),
            ("both sides, source two-sided", ("a=1", "b=1", ""), "a=1 b=1", &[("a=1 b=1 i=2", 0)], 5, false),
            ("target plain, source two-sided", ("a=1", "b=1", ""), "b=1", &[("a=1 b=1", 0)], 5, true),
            (
                "both sides, two-sided source hides no plain one",
                ("a=1", "b=1", ""),
                "a=1 b=1",
                &[("a=1 i=1", 0), ("a=1 b=1 i=2", 0)],
                5,
                true,
            ),
            ("target=~ without the label", ("a=1", "b!=1", ""), "c=1", &[("a=1 b=1", 0)], 5, true),
        ] {
            let mut known = Known::new(&[rule]);
            known.hear(0, &labels(target), None);
            for (number, (source, end)) in (1..).zip(sources) {
                known.hear(number, &labels(source), Some(*end).filter(|end| *end > 0));
            }
            assert_eq!(!known.inhibitors(now, 0).is_empty(), inhibited, "{what}");
        }
    }

    #[test]
    fn alerts_on_the_same_sides_share_one_list() {
        let mut known = Known::new(&[("severity=page", "severity=ticket", "i")]);
        for number in 0..100 {
            let severity = ["page", "ticket", "info"][number as usize % 3];
            known.hear(number, &labels(&format!("severity={severity} i={number}")), None);
        }
        assert_eq!(known.inhibition.roles.len(), 3);
        (0..100).for_each(|number| known.forget(number));
        assert!(known.inhibition.rules[0].sources.is_empty());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Hear(u32, String, Option<i64>),
        Forget(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        let alert = "([abc]=[12] ){0,3}";
        prop_oneof![
            6 => (0..8_u32, alert, prop::option::of(0..10_i64))
                .prop_map(|(number, labels, end)| Step::Hear(number, labels, end)),
            1 => (0..8_u32).prop_map(Step::Forget),
        ]
    }

    proptest! {
        #[test]
        fn inhibition_is_what_its_definition_says(
            rules in prop::collection::vec(
                ("([abc](=|!=|=~)[12],){0,2}", "([abc](=|!=|=~)[12],){0,2}", "([abc],){0,2}"), 0..4),
            steps in prop::collection::vec(step(), 0..30),
            now in 0..10_i64,
        ) {
            let rules: Vec<_> = rules.iter().map(|(s, t, e)| (&**s, &**t, &**e)).collect();
            let mut known = Known::new(&rules);
            for step in &steps {
                match step {
                    Step::Hear(number, text, end) => known.hear(*number, &labels(text), *end),
                    Step::Forget(number) => known.forget(*number),
                }
            }
            for number in known.alerts.keys() {
                prop_assert_eq!(known.inhibitors(now, *number), known.plainly(now, *number));
            }
            let numbers: Vec<u32> = known.alerts.keys().copied().collect();
            numbers.into_iter().for_each(|number| known.forget(number));
            prop_assert!(known.inhibition.rules.iter().all(|rule| rule.sources.is_empty()));
        }
    }
}
