//! Why an alert is told to whom, or why not: where it comes from, if it is of one of our rules, and all that
//! the router knows of it. And which alert is meant, when only some of its labels are named.

use std::fmt::Write;

use serde::{Serialize, Serializer};

use super::Core;
use crate::config::rules::{AlertingRule, RuleKind};
use crate::model::{Duration, Fingerprint, LabelSet, Matcher, Str, Timestamp};
use crate::router::{self, AlertQuery, Cursor, ago};
use crate::rules::{ActiveAlert, AlertState, GroupView, RuleView};

/// How many alerts are named when it is not clear which one is meant.
pub const MOST_CANDIDATES: usize = 10;

/// An alert that somebody asks about.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The known alert with this fingerprint.
    Fingerprint(Fingerprint),
    /// The alert with exactly these labels, known or not.
    Exactly(LabelSet),
    /// The known alert that meets all of these; if none does, an imagined one with the labels that they
    /// demand.
    Matching(Vec<Matcher>),
}

/// The answer to [`Asked`].
#[derive(Clone, Debug)]
pub enum Explained {
    /// The alert is clear.
    One(Box<Explanation>),
    /// Several alerts are meant: some of them, by labels, at most [`MOST_CANDIDATES`] and one more.
    Several(Vec<LabelSet>),
    /// No alert that is known is meant, and none can be imagined.
    Unknown,
}

/// All that is known of an alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Where it comes from, if one of our rules raises it; an alert that is pending is known here only.
    pub origin: Option<Origin>,
    /// What the router makes of it.
    #[serde(flatten)]
    pub routing: router::Explanation,
}

/// The rule that an alert comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Origin {
    /// `file;name` of the rule group.
    pub group: Str,
    /// The rule's name.
    pub rule: Str,
    /// Its expression.
    pub expr: Str,
    /// How long the expression must hold.
    #[serde(rename = "for", serialize_with = "text")]
    pub hold_for: Duration,
    /// How long it fires on after that.
    #[serde(serialize_with = "text")]
    pub keep_firing_for: Duration,
    /// `pending`, `firing`, `keep_firing` or `resolved`.
    pub state: &'static str,
    /// Since when the state is so.
    #[serde(serialize_with = "time")]
    pub since: Timestamp,
    /// When the expression was first seen to hold.
    #[serde(serialize_with = "time")]
    pub active_at: Timestamp,
    /// The last value of the expression.
    pub value: f64,
    /// When the rule was last evaluated.
    #[serde(serialize_with = "maybe_time")]
    pub last_evaluation: Option<Timestamp>,
    /// Why that failed, if it did: the alert stays as it is until it goes well again.
    pub last_error: Option<Str>,
}

impl Core {
    /// Explains the alert that is asked about.
    #[must_use]
    pub fn explain(&self, now: Timestamp, asked: &Asked) -> Explained {
        let labels = match asked {
            Asked::Exactly(labels) => labels.clone(),
            Asked::Fingerprint(fingerprint) => match self.labels_of(now, *fingerprint) {
                Some(labels) => labels,
                None => return Explained::Unknown,
            },
            Asked::Matching(matchers) => match self.candidates(now, matchers).as_slice() {
                [] => match imagined(matchers) {
                    Some(labels) => labels,
                    None => return Explained::Unknown,
                },
                [one] => one.clone(),
                several => return Explained::Several(several.to_vec()),
            },
        };
        let routing = self.router.explain(now, &labels);
        Explained::One(Box::new(Explanation { origin: self.origin(now, &labels), routing }))
    }

    fn labels_of(&self, now: Timestamp, fingerprint: Fingerprint) -> Option<LabelSet> {
        let known = self.router.labels_of(fingerprint).cloned();
        known.or_else(|| self.pending(now).find(|labels| labels.fingerprint() == fingerprint))
    }

    /// The known alerts that match, pending ones included: at most [`MOST_CANDIDATES`] and one more.
    fn candidates(&self, now: Timestamp, matchers: &[Matcher]) -> Vec<LabelSet> {
        let query = AlertQuery { matchers: matchers.to_vec(), ..AlertQuery::default() };
        let page = self.router.alert_page(now, &query, Cursor::default(), MOST_CANDIDATES + 1);
        let known = page.items.into_iter().map(|view| view.alert.labels);
        let pending =
            self.pending(now).filter(|labels| matchers.iter().all(|matcher| matcher.matches(labels)));
        let found: Vec<LabelSet> = known.chain(pending).take(MOST_CANDIDATES + 1).collect();
        if !found.is_empty() {
            return found;
        }
        // What is resolved and not forgotten yet is worth asking about too, but not in the way of what fires.
        let resolved = self.router.alerts().map(|alert| &alert.labels);
        let resolved = resolved.filter(|labels| matchers.iter().all(|matcher| matcher.matches(labels)));
        resolved.take(MOST_CANDIDATES + 1).cloned().collect()
    }

    /// The labels of all pending alerts, as the router would see them.
    fn pending(&self, now: Timestamp) -> impl Iterator<Item = LabelSet> {
        let groups = self.rules.view(now).groups;
        let rules: Vec<RuleView> = groups.iter().flat_map(|group| group.rules.iter().cloned()).collect();
        rules.into_iter().flat_map(|rule| {
            let pending =
                rule.alerts.iter().filter(|alert| matches!(alert.state, AlertState::Pending { .. }));
            pending.map(|alert| self.rules.told_labels(&alert.labels)).collect::<Vec<_>>()
        })
    }

    fn origin(&self, now: Timestamp, labels: &LabelSet) -> Option<Origin> {
        let groups = self.rules.view(now).groups;
        groups.iter().find_map(|group| {
            let rules = group.rules.iter().filter(|rule| *rule.rule.name == *labels.value("alertname"));
            rules.into_iter().find_map(|rule| match &rule.rule.kind {
                RuleKind::Recording => None,
                RuleKind::Alerting(alerting) => {
                    let ours = |alert: &&ActiveAlert| {
                        is_part(&alert.labels, labels) && self.rules.told_labels(&alert.labels) == *labels
                    };
                    let alert = rule.alerts.iter().find(ours)?;
                    Some(origin_of(group, rule, alerting, alert))
                }
            })
        })
    }
}

impl Explanation {
    /// The explanation as a text of several lines; a line that is not indented is a heading.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.routing.alert_text();
        if let Some(origin) = &self.origin {
            text.push_str(&origin.text(self.routing.at));
        }
        text + &self.routing.routing_text()
    }
}

impl Origin {
    fn text(&self, now: Timestamp) -> String {
        let mut text = format!("\nComes from\n  Rule {} of group {}: {}\n", self.rule, self.group, self.expr);
        let since = ago(now, self.since);
        let state = match self.state {
            "pending" => {
                let fires_at = self.active_at + self.hold_for;
                format!(
                    "It is pending: its expression holds since {since}, and it fires {} if it holds for {}.\n  \
                     Until then the router does not know it: what follows is what would happen if it fired now.",
                    ago(now, fires_at),
                    self.hold_for
                )
            }
            "firing" => format!("It fires there since {since}, with the value {}.", self.value),
            "keep_firing" => {
                let end = self.since + self.keep_firing_for;
                format!("Its expression ended {since}; keep_firing_for lets it fire until {}.", ago(now, end))
            }
            state => format!("It is {state} there since {since}."),
        };
        let _ = writeln!(text, "  {state}");
        match (&self.last_error, self.last_evaluation) {
            (Some(error), Some(at)) => {
                let _ = writeln!(text, "  The last evaluation, {}, failed: {error}.", ago(now, at));
            }
            (None, Some(at)) => {
                let _ = writeln!(text, "  The rule was last evaluated {}.", ago(now, at));
            }
            (_, None) => {}
        }
        text
    }
}

fn origin_of(group: &GroupView, rule: &RuleView, alerting: &AlertingRule, alert: &ActiveAlert) -> Origin {
    let (state, since, active_at) = match alert.state {
        AlertState::Pending { active_at } => ("pending", active_at, active_at),
        AlertState::Firing { active_at, keep_firing_since: Some(since), .. } => {
            ("keep_firing", since, active_at)
        }
        AlertState::Firing { active_at, fired_at, .. } => ("firing", fired_at, active_at),
        AlertState::Resolved { active_at, resolved_at, .. } => ("resolved", resolved_at, active_at),
    };
    Origin {
        group: Str::clone(&group.key),
        rule: Str::clone(&rule.rule.name),
        expr: Str::clone(&rule.rule.expr),
        hold_for: alerting.hold_for,
        keep_firing_for: alerting.keep_firing_for,
        state,
        since,
        active_at,
        value: alert.value,
        last_evaluation: rule.last_evaluation,
        last_error: rule.last_error.clone(),
    }
}

/// Whether each label of `part` is in `whole`: quick to say no.
fn is_part(part: &LabelSet, whole: &LabelSet) -> bool {
    part.len() <= whole.len() && part.iter().all(|(name, value)| whole.value(name) == value)
}

/// The labels that the matchers demand, if they demand nothing else.
fn imagined(matchers: &[Matcher]) -> Option<LabelSet> {
    let demanded = |matcher: &Matcher| match matcher.op() {
        crate::model::MatchOp::Equal => Some((Str::clone(matcher.name()), Str::clone(matcher.value()))),
        crate::model::MatchOp::NotEqual | crate::model::MatchOp::Regex | crate::model::MatchOp::NotRegex => {
            None
        }
    };
    let labels: Option<Vec<(Str, Str)>> = matchers.iter().map(demanded).collect();
    labels.filter(|labels| !labels.is_empty()).map(LabelSet::from_pairs)
}

fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.rfc3339_millis())
}

fn maybe_time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(|at| at.rfc3339_millis()).serialize(serializer)
}

fn text<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(duration)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Asked, Explained};
    use crate::config::{read_routing, read_rule_file};
    use crate::core::{Config, Core, Effect, Input};
    use crate::model::{Duration, LabelSet, Matcher, QueryValue, Sample, Timestamp};
    use crate::rules::{RulesConfig, Sampled, Written};

    const RULES: &str =
        "groups: [{name: node, interval: 30s, rules: [{alert: Down, expr: up == 0, for: 5m}]}]";
    const ROUTES: &str = "{route: {receiver: ops, group_by: [alertname]}, receivers: [{name: ops}]}";

    /// A core with the external label `zone`, whose expression holds for instance `a`, run for that long.
    fn core(run_for: &str) -> (Core, Timestamp) {
        let (file, problems) = read_rule_file("rules/node.yml", RULES);
        assert_eq!(problems, []);
        let (routing, problems) = read_routing("routes.yml", ROUTES);
        assert_eq!(problems, []);
        let rules = RulesConfig {
            groups: file.expect("valid").groups,
            evaluation_interval: Duration::from_secs(30),
            external_labels: LabelSet::from_pairs([("zone", "eu")]),
            external_url: "http://sereno".into(),
            ..RulesConfig::default()
        };
        let config = Config { rules: Arc::new(rules), routing: Arc::new(routing.expect("valid")) };
        let start = Timestamp::from_secs(1_700_000_000);
        let end = start + run_for.parse().expect("a duration");
        let mut core = Core::restore(&config, 1, start, Vec::new());
        while let Some(now) = core.next_wake().filter(|wake| *wake <= end) {
            let mut effects = core.handle(now, Input::Wake);
            while let Some(effect) = effects.pop() {
                effects.extend(match effect {
                    Effect::Query(query) => {
                        let labels = LabelSet::from_pairs([("__name__", "up"), ("instance", "a")]);
                        let result = Ok(QueryValue::Vector(vec![Sample::float(labels, 0.0)]));
                        core.handle(now, Input::Sampled(Sampled { eval: query.eval, result }))
                    }
                    Effect::Write(write) => {
                        core.handle(now, Input::Written(Written { id: write.id, result: Ok(()) }))
                    }
                    Effect::Notify(_) | Effect::Persist(_) | Effect::Reply(..) | Effect::Note(_) => {
                        Vec::new()
                    }
                });
            }
        }
        (core, end)
    }

    fn explain(core: &Core, now: Timestamp, asked: &Asked) -> Option<(String, &'static str, String)> {
        match core.explain(now, asked) {
            Explained::One(explanation) => {
                let text = explanation.text();
                let state = explanation.origin.map_or("none", |origin| origin.state);
                Some((explanation.routing.labels.to_string(), state, text))
            }
            Explained::Several(_) | Explained::Unknown => None,
        }
    }

    #[test]
    fn an_alert_of_a_rule_is_found_while_it_is_pending_and_while_it_fires() {
        let labels = LabelSet::from_pairs([("alertname", "Down"), ("instance", "a"), ("zone", "eu")]);
        for (run_for, state, says) in [
            ("2m", "pending", "It is pending: its expression holds since"),
            ("7m", "firing", "It fires there since"),
        ] {
            let (core, now) = core(run_for);
            for asked in [
                Asked::Matching(vec![Matcher::equal("instance", "a")]),
                Asked::Exactly(labels.clone()),
                Asked::Fingerprint(labels.fingerprint()),
            ] {
                let got = explain(&core, now, &asked).expect("it is clear");
                assert_eq!((&*got.0, got.1), (&*labels.to_string(), state), "{asked:?}");
                assert!(got.2.contains(says) && got.2.contains("for 5m") | (state == "firing"), "{}", got.2);
            }
        }
    }

    #[test]
    fn an_alert_with_other_labels_is_of_no_rule() {
        let (core, now) = core("7m");
        for labels in [
            [("alertname", "Down"), ("instance", "b"), ("zone", "eu")],
            [("alertname", "Down"), ("instance", "a"), ("zone", "us")],
        ] {
            let asked = Asked::Exactly(LabelSet::from_pairs(labels));
            assert_eq!(explain(&core, now, &asked).expect("imagined").1, "none", "{labels:?}");
        }
    }
}
