//! What changes from one routing file to another: for its routes, and for alerts. Pure; it knows nothing of
//! the state of a router.
//!
//! `routes` compares the trees as they are written, `alerts` what becomes of one alert, `specimens` makes
//! alerts that are likely to meet a difference.

mod alerts;
mod definitions;
mod routes;
mod specimens;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use crate::config::routes::{GroupBy, Route};
use crate::model::Str;

pub use alerts::{AlertChange, Comparison, DestinationChange};
pub use definitions::{DefinitionChange, Fate, changed_definitions};
pub use routes::{RouteChange, RouteFate, changed_routes};
pub use specimens::{Specimens, specimens};

/// One setting that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct FieldChange {
    /// Its name in the file.
    pub field: &'static str,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

impl FieldChange {
    /// Notes a difference, if there is one.
    fn note(changes: &mut Vec<Self>, field: &'static str, old: impl Display, new: impl Display) {
        let (old, new) = (old.to_string(), new.to_string());
        if old != new {
            changes.push(Self { field, old, new });
        }
    }
}

/// Notes which settings that decide when and with what a group is told differ.
fn note_timing(changes: &mut Vec<FieldChange>, old: &Route, new: &Route) {
    FieldChange::note(changes, "group_wait", old.group_wait, new.group_wait);
    FieldChange::note(changes, "group_interval", old.group_interval, new.group_interval);
    FieldChange::note(changes, "repeat_interval", old.repeat_interval, new.repeat_interval);
    FieldChange::note(changes, "cooldown", old.cooldown, new.cooldown);
    let (old_mute, new_mute) = (&old.mute_time_intervals, &new.mute_time_intervals);
    FieldChange::note(changes, "mute_time_intervals", list(old_mute), list(new_mute));
    let (old_active, new_active) = (&old.active_time_intervals, &new.active_time_intervals);
    FieldChange::note(changes, "active_time_intervals", list(old_active), list(new_active));
    FieldChange::note(changes, "labels", labels(old), labels(new));
}

fn list(names: &[Str]) -> String {
    format!("[{}]", names.join(", "))
}

fn labels(route: &Route) -> String {
    let labels: Vec<String> = route.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", labels.join(", "))
}

/// `group_by` as it stands in a file.
#[must_use]
pub fn group_by_text(group_by: &GroupBy) -> String {
    match group_by {
        GroupBy::All => "['...']".to_owned(),
        GroupBy::Labels(names) => list(names),
    }
}
