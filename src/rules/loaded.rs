//! A rule made ready: what does not change from sample to sample is computed once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::labelling::overlay;
use super::state::Hold;
use super::{RuleKey, RuleType};
use crate::config::rules::{Rule, RuleGroup, RuleKind, RuleLabel};
use crate::model::labels::{ALERT_NAME, METRIC_NAME};
use crate::model::{Annotations, Duration, LabelSet, Str};

/// A rule of a group, ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct LoadedRule {
    /// The rule as loaded.
    pub(super) rule: Arc<Rule>,
    /// Its identity over reloads and restarts.
    pub(super) key: Arc<RuleKey>,
    /// What it puts over a sample's labels.
    pub(super) labels: Fields,
    /// Its annotations.
    pub(super) annotations: Fields,
    /// Its annotations, if none of them is a template: shared by all alerts.
    pub(super) plain_annotations: Option<Annotations>,
}

impl LoadedRule {
    /// The rules of `group` with their identities.
    pub(super) fn all(group: &RuleGroup, group_key: &Str) -> Vec<Self> {
        let mut seen: BTreeMap<RuleKey, u32> = BTreeMap::new();
        let load = |rule: &Arc<Rule>| {
            let mut key = identity(rule, group_key);
            let ordinal = seen.entry(key.clone()).or_default();
            key.ordinal = *ordinal;
            *ordinal += 1;
            Self::new(rule, key)
        };
        group.rules.iter().map(load).collect()
    }

    fn new(rule: &Arc<Rule>, key: RuleKey) -> Self {
        let name = |label: &str| (Str::from(label), rule.name.clone());
        let (set, annotations) = match &rule.kind {
            RuleKind::Recording => (vec![name(METRIC_NAME)], Fields::default()),
            RuleKind::Alerting(alerting) => (
                vec![(METRIC_NAME.into(), "".into()), name(ALERT_NAME)],
                Fields::new(&alerting.annotations, true, Vec::new()),
            ),
        };
        let plain = || Annotations::from_pairs(annotations.pairs.iter().cloned());
        Self {
            rule: Arc::clone(rule),
            key: Arc::new(key),
            labels: Fields::new(&rule.labels, matches!(rule.kind, RuleKind::Alerting(_)), set),
            plain_annotations: annotations.templates.is_empty().then(plain),
            annotations,
        }
    }

    /// Its kind.
    pub(super) fn kind(&self) -> RuleType {
        self.key.kind
    }

    /// What it demands of time.
    pub(super) fn hold(&self) -> Hold {
        match &self.rule.kind {
            RuleKind::Recording => Hold { hold_for: Duration::ZERO, keep_firing_for: Duration::ZERO },
            RuleKind::Alerting(rule) => {
                Hold { hold_for: rule.hold_for, keep_firing_for: rule.keep_firing_for }
            }
        }
    }

    /// The series that a recording rule makes of one with these labels.
    pub(super) fn recorded(&self, labels: &LabelSet) -> LabelSet {
        overlay(labels, &self.labels.pairs)
    }
}

/// Whether two rules are the same but for their place in the file.
pub(super) fn same_rule(one: &Rule, other: &Rule) -> bool {
    let Rule { name, expr, parsed: _, written: _, labels, kind, span: _ } = one;
    (name, expr, labels, kind) == (&other.name, &other.expr, &other.labels, &other.kind)
}

/// A rule's identity, as if it were the first of its kind in the group.
fn identity(rule: &Rule, group: &Str) -> RuleKey {
    let texts = rule.labels.iter().map(|label| (label.name.clone(), label.value.text().clone()));
    RuleKey {
        group: group.clone(),
        kind: RuleType::of(rule),
        name: rule.name.clone(),
        labels: LabelSet::from_pairs(texts),
        ordinal: 0,
    }
}

/// Names and texts, sorted by name; some of the texts are templates.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// All of them; the text of a template is empty until it is expanded.
    pub(super) pairs: Vec<(Str, Str)>,
    /// The templates with their place in `pairs`.
    pub(super) templates: Vec<(usize, RuleLabel)>,
}

impl Fields {
    /// `set` wins over `labels`, as `alertname` does over a rule's own label of that name.
    fn new(labels: &[RuleLabel], templated: bool, set: Vec<(Str, Str)>) -> Self {
        let mut by_name: BTreeMap<Str, (Str, Option<&RuleLabel>)> = BTreeMap::new();
        for label in labels {
            let text = label.value.text();
            // A text without an action is the same for every sample: it is never expanded.
            let field = match templated && text.contains("{{") {
                true => ("".into(), Some(label)),
                false => (text.clone(), None),
            };
            by_name.insert(label.name.clone(), field);
        }
        by_name.extend(set.into_iter().map(|(name, text)| (name, (text, None))));
        let mut fields = Self::default();
        for (at, (name, (text, template))) in by_name.into_iter().enumerate() {
            fields.pairs.push((name, text));
            fields.templates.extend(template.map(|label| (at, label.clone())));
        }
        fields
    }
}
