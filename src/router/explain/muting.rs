//! What keeps an alert quiet in all of its routes: silences and other alerts, with who made them and why.

use serde::Serialize;

use super::{Subject, json};
use crate::config::routes::InhibitRule;
use crate::model::{Fingerprint, LabelSet, Silence, SilenceId, SilenceKind, SilenceState, Str, Timestamp};
use crate::router::machine::Router;

/// Everything that mutes an alert.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Muting {
    /// The active silences that match it.
    pub silenced_by: Vec<Silencer>,
    /// The alerts that inhibit it.
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
    /// What mutes the alert, or would.
    pub(super) fn muting_of(&self, subject: &Subject<'_>) -> Muting {
        let inhibited_by = match subject.known {
            Some((index, _)) => self.mutes(subject.now, index).inhibited_by,
            None => Vec::new(),
        };
        let inhibitor = |fingerprint: &Fingerprint| {
            let labels = self.labels_of(*fingerprint).cloned().unwrap_or_default();
            let rules = self.rules_between(&labels, subject.labels);
            Inhibitor { fingerprint: *fingerprint, labels, rules }
        };
        Muting {
            silenced_by: self.silencers_of(subject),
            inhibited_by: inhibited_by.iter().map(inhibitor).collect(),
        }
    }

    fn silencers_of(&self, subject: &Subject<'_>) -> Vec<Silencer> {
        let silences = self.silences.matching(subject.labels).into_iter();
        let silences = silences.map(|index| &self.silences.at(index).silence);
        let active = silences.filter(|silence| silence.state_at(subject.now) == SilenceState::Active);
        let mut silencers: Vec<Silencer> = active.map(Silencer::of).collect();
        silencers.sort_by(|a, b| a.id.cmp(&b.id));
        silencers
    }

    /// The rules by which an alert with the labels of `source` inhibits one with those of `target`.
    fn rules_between(&self, source: &LabelSet, target: &LabelSet) -> Vec<String> {
        let rules = self.routing.inhibit_rules.iter().enumerate();
        let applies = |rule: &&InhibitRule| {
            rule.source.iter().all(|matcher| matcher.matches(source))
                && rule.target.iter().all(|matcher| matcher.matches(target))
                && rule.equal.iter().all(|name| source.value(name) == target.value(name))
        };
        rules
            .filter(|(_, rule)| applies(rule))
            .map(|(place, rule)| match &*rule.name {
                "" => format!("inhibit_rules[{place}]"),
                name => name.to_owned(),
            })
            .collect()
    }
}
