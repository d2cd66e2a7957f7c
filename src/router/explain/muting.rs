//! What keeps an alert quiet in all of its routes: silences and other alerts, with who made them and why.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json;
use crate::model::{Fingerprint, LabelSet, Silence, SilenceId, SilenceKind, SilenceState, Str, Timestamp};
use crate::router::alerts::AlertIndex;
use crate::router::machine::Router;

/// The most alerts of one rule that are named as inhibiting another.
const MOST_INHIBITORS: usize = 10;

/// Everything that mutes an alert.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Muting {
    /// The active silences that match it.
    pub silenced_by: Vec<Silencer>,
    /// Unresolved alerts that inhibit it: all if they are few, else some of each rule.
    pub inhibited_by: Vec<Inhibitor>,
}

/// A silence that mutes an alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Silencer {
    /// Its id.
    pub id: SilenceId,
    /// Its matchers.
    pub matchers: Vec<String>,
    /// Who wrote it.
    pub created_by: Str,
    /// Why.
    pub comment: Str,
    /// Until when.
    #[serde(serialize_with = "json::time")]
    pub ends_at: Timestamp,
    /// Whether it also ends on its own.
    pub kind: SilenceKind,
}

/// An alert that inhibits another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inhibitor {
    /// Which alert.
    pub fingerprint: Fingerprint,
    /// Its labels.
    pub labels: LabelSet,
    /// The rules by which it does, by name or else by place in the file: `inhibit_rules[0]`.
    pub rules: Vec<String>,
}

impl Silencer {
    fn of(silence: &Silence) -> Self {
        Self {
            id: silence.id.clone(),
            matchers: silence.matchers.iter().map(ToString::to_string).collect(),
            created_by: Str::clone(&silence.created_by),
            comment: Str::clone(&silence.comment),
            ends_at: silence.ends_at,
            kind: silence.kind,
        }
    }
}

impl Muting {
    /// Whether anything mutes the alert.
    #[must_use]
    pub fn any(&self) -> bool {
        !(self.silenced_by.is_empty() && self.inhibited_by.is_empty())
    }
}

impl Router {
    /// What mutes the alert, or would, at `at`.
    pub(super) fn muting_of(&self, at: Timestamp, labels: &LabelSet) -> Muting {
        Muting {
            silenced_by: self.silencers_of(at, labels),
            inhibited_by: self.inhibitors_by_source(at, labels),
        }
    }

    fn inhibitors_by_source(&self, at: Timestamp, labels: &LabelSet) -> Vec<Inhibitor> {
        let mut rules_of: BTreeMap<AlertIndex, Vec<String>> = BTreeMap::new();
        for inhibitor in self.inhibition.inhibitors_of(at, labels, MOST_INHIBITORS) {
            let name = match &*self.routing.inhibit_rules[inhibitor.rule].name {
                "" => format!("inhibit_rules[{}]", inhibitor.rule),
                name => name.to_owned(),
            };
            rules_of.entry(inhibitor.source).or_default().push(name);
        }
        let inhibitor = |(source, rules)| {
            let slot = self.alerts.at(source);
            Inhibitor { fingerprint: slot.fingerprint, labels: slot.alert.labels.clone(), rules }
        };
        let mut inhibitors: Vec<Inhibitor> = rules_of.into_iter().map(inhibitor).collect();
        inhibitors.sort_by_key(|inhibitor| inhibitor.fingerprint);
        inhibitors
    }

    fn silencers_of(&self, at: Timestamp, labels: &LabelSet) -> Vec<Silencer> {
        let silences = self.silences.matching(labels).into_iter();
        let silences = silences.map(|index| &self.silences.at(index).silence);
        let active = silences.filter(|silence| silence.state_at(at) == SilenceState::Active);
        let mut silencers: Vec<Silencer> = active.map(Silencer::of).collect();
        silencers.sort_by(|a, b| a.id.cmp(&b.id));
        silencers
    }
}
