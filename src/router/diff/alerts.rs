//! What becomes of one alert by another routing file: other receivers, another group, another timing.

use super::{FieldChange, group_by_text, note_timing};
use crate::config::routes::{RouteIndex, Routing};
use crate::model::{LabelSet, Str};
use crate::router::paths::{RouteFinder, group_labels};

/// An alert that two routing files treat differently.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AlertChange {
    /// Which alert.
    pub labels: LabelSet,
    /// The receivers that the old file tells, in order.
    pub old_receivers: Vec<Str>,
    /// The receivers that the new file tells, in order.
    pub new_receivers: Vec<Str>,
    /// The receivers that both tell, but not in the same way.
    pub changed: Vec<DestinationChange>,
}

impl AlertChange {
    /// Whether other receivers are told, or some more or less often.
    #[must_use]
    pub fn changes_receivers(&self) -> bool {
        self.old_receivers != self.new_receivers
    }
}

/// A receiver that is told in another way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct DestinationChange {
    /// Its name.
    pub receiver: Str,
    /// What is different.
    pub fields: Vec<FieldChange>,
}

/// Two routing files, to be asked for many alerts.
#[derive(Debug)]
pub struct Comparison<'a> {
    old: &'a Routing,
    new: &'a Routing,
    old_finder: RouteFinder,
    new_finder: RouteFinder,
}

impl<'a> Comparison<'a> {
    /// Prepares both.
    #[must_use]
    pub fn new(old: &'a Routing, new: &'a Routing) -> Self {
        Self { old, new, old_finder: RouteFinder::new(old), new_finder: RouteFinder::new(new) }
    }

    /// What is different for an alert with these labels; `None`: nothing. The order of the receivers is no
    /// difference.
    #[must_use]
    pub fn of(&self, labels: &LabelSet) -> Option<AlertChange> {
        let old_routes = self.old_finder.routes_of(labels);
        let new_routes = self.new_finder.routes_of(labels);
        let (mut changed, mut moved) = (Vec::new(), false);
        let mut left = old_routes.clone();
        for new in &new_routes {
            let receiver = &self.new.routes[*new].receiver;
            let Some(at) = left.iter().position(|old| self.old.routes[*old].receiver == *receiver) else {
                moved = true;
                continue;
            };
            let fields = self.differences(labels, left.remove(at), *new);
            if !fields.is_empty() {
                changed.push(DestinationChange { receiver: Str::clone(receiver), fields });
            }
        }
        if !moved && left.is_empty() && changed.is_empty() {
            return None;
        }
        let receivers = |routing: &Routing, routes: &[RouteIndex]| {
            let mut names: Vec<Str> =
                routes.iter().map(|at| Str::clone(&routing.routes[*at].receiver)).collect();
            if !moved && left.is_empty() {
                names.sort(); // the same ones: their order is not what changed
            }
            names
        };
        Some(AlertChange {
            labels: labels.clone(),
            old_receivers: receivers(self.old, &old_routes),
            new_receivers: receivers(self.new, &new_routes),
            changed,
        })
    }

    fn differences(&self, labels: &LabelSet, old: RouteIndex, new: RouteIndex) -> Vec<FieldChange> {
        let (old, new) = (&self.old.routes[old], &self.new.routes[new]);
        let mut fields = Vec::new();
        if group_labels(labels, old) != group_labels(labels, new) {
            FieldChange::note(
                &mut fields,
                "group_by",
                group_by_text(&old.group_by),
                group_by_text(&new.group_by),
            );
        }
        note_timing(&mut fields, old, new);
        fields
    }
}
