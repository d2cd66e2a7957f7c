//! What else than routes differs between two routing files: receivers, time intervals, inhibition rules.

use std::collections::BTreeSet;

use crate::config::routes::{InhibitRule, Integration, Receiver, Routing};
use crate::model::Str;
use crate::model::matcher::MatcherList;

/// Something that routes use, or that decides beside them, and that is new, gone or changed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DefinitionChange {
    /// What it is: `receiver`, `time interval`, `inhibit rule`.
    pub kind: &'static str,
    /// Its name, or what stands for one.
    pub name: Str,
    /// What becomes of it.
    pub is: Fate,
}

/// What becomes of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is not what it was.
    Changed,
}

/// All of them, kind by kind, by name.
#[must_use]
pub fn changed_definitions(old: &Routing, new: &Routing) -> Vec<DefinitionChange> {
    let mut changes = Vec::new();
    let receivers = |routing: &Routing| {
        let receivers = routing.receivers.iter();
        receivers.map(|receiver| (Str::clone(&receiver.name), without_places(receiver))).collect::<Vec<_>>()
    };
    compare("receiver", &receivers(old), &receivers(new), &mut changes);
    let intervals = |routing: &Routing| {
        let intervals = routing.time_intervals.iter();
        intervals.map(|interval| (Str::clone(&interval.name), interval.parts.clone())).collect::<Vec<_>>()
    };
    compare("time interval", &intervals(old), &intervals(new), &mut changes);
    let rules = |routing: &Routing| routing.inhibit_rules.iter().map(|rule| (rule_text(rule), ())).collect();
    let (old_rules, new_rules): (Vec<_>, Vec<_>) = (rules(old), rules(new));
    compare("inhibit rule", &old_rules, &new_rules, &mut changes);
    changes
}

fn compare<T: PartialEq>(
    kind: &'static str,
    old: &[(Str, T)],
    new: &[(Str, T)],
    changes: &mut Vec<DefinitionChange>,
) {
    let find = |list: &'_ [(Str, T)], name: &Str| list.iter().position(|(known, _)| known == name);
    let names: BTreeSet<&Str> = old.iter().chain(new).map(|(name, _)| name).collect();
    for name in names {
        let is = match (find(old, name), find(new, name)) {
            (None, _) => Fate::Added,
            (_, None) => Fate::Removed,
            (Some(one), Some(other)) if old[one].1 != new[other].1 => Fate::Changed,
            (Some(_), Some(_)) => continue,
        };
        changes.push(DefinitionChange { kind, name: Str::clone(name), is });
    }
}

/// Where things stand in their file is no difference.
fn without_places(receiver: &Receiver) -> (Receiver, Vec<Integration>) {
    let integrations = receiver.integrations.iter();
    let integrations = integrations.map(|it| Integration { span: 0..0, ..(**it).clone() }).collect();
    (Receiver { integrations: Vec::new(), span: 0..0, ..receiver.clone() }, integrations)
}

/// `{severity="critical"} mutes {severity="warning"} equal [alertname]`.
fn rule_text(rule: &InhibitRule) -> Str {
    let (source, target) = (MatcherList(&rule.source), MatcherList(&rule.target));
    format!("{source} mutes {target} equal [{}]", rule.equal.join(", ")).into()
}
