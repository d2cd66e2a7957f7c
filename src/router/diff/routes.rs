//! Two route trees beside each other: which routes are new, gone or changed. Routes are the same if the
//! matchers of all levels are; of several such siblings the first is compared with the first.

use std::collections::BTreeMap;

use super::{FieldChange, group_by_text, note_timing};
use crate::config::routes::{Route, RouteIndex, Routing};
use crate::model::Str;
use crate::model::matcher::MatcherList;

/// What becomes of a route.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RouteChange {
    /// `{}/{severity="page"}`.
    pub key: Str,
    /// Its receiver: the new one, or the old one of a route that is gone.
    pub receiver: Str,
    /// What becomes of it.
    #[serde(flatten)]
    pub fate: RouteFate,
}

/// What becomes of a route.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RouteFate {
    /// It is new, with all beneath it.
    Added,
    /// It is gone, with all beneath it.
    Removed,
    /// It is there, with other settings. What it inherits as its parent's change is not repeated.
    Changed {
        /// Which settings.
        fields: Vec<FieldChange>,
    },
}

/// All differences, in the order of the new tree; routes that are gone follow those of the same parent.
#[must_use]
pub fn changed_routes(old: &Routing, new: &Routing) -> Vec<RouteChange> {
    let mut walk = Walk { old, new, changes: Vec::new() };
    match (old.routes.is_empty(), new.routes.is_empty()) {
        (false, false) => walk.both(0, 0, &[]),
        (true, false) => walk.tell(&new.routes[0], RouteFate::Added),
        (false, true) => walk.tell(&old.routes[0], RouteFate::Removed),
        (true, true) => {}
    }
    walk.changes
}

struct Walk<'a> {
    old: &'a Routing,
    new: &'a Routing,
    changes: Vec<RouteChange>,
}

impl Walk<'_> {
    fn tell(&mut self, route: &Route, fate: RouteFate) {
        self.changes.push(RouteChange {
            key: Str::clone(&route.key),
            receiver: Str::clone(&route.receiver),
            fate,
        });
    }

    /// Compares two routes that are the same one, and what is beneath them.
    fn both(&mut self, old_at: RouteIndex, new_at: RouteIndex, inherited: &[FieldChange]) {
        let (old, new) = (&self.old.routes[old_at], &self.new.routes[new_at]);
        let pairs = Pairs::new(self.old, self.new, &old.children, &new.children);
        let all = changed_fields(old, new);
        let mut fields: Vec<FieldChange> =
            all.iter().filter(|change| !inherited.contains(change)).cloned().collect();
        let (old_order, new_order) = pairs.orders(self.old);
        FieldChange::note(&mut fields, "order of routes", old_order, new_order);
        if !fields.is_empty() {
            self.tell(new, RouteFate::Changed { fields });
        }
        for (child, twin) in &pairs.of_new {
            match twin {
                Some(twin) => self.both(*twin, *child, &all),
                None => self.tell(&self.new.routes[*child], RouteFate::Added),
            }
        }
        for child in &pairs.only_old {
            self.tell(&self.old.routes[*child], RouteFate::Removed);
        }
    }
}

/// The children of the same route in both trees.
struct Pairs {
    /// The new ones, each with the old one that is the same, if there is one.
    of_new: Vec<(RouteIndex, Option<RouteIndex>)>,
    only_old: Vec<RouteIndex>,
}

impl Pairs {
    fn new(old: &Routing, new: &Routing, old_children: &[RouteIndex], new_children: &[RouteIndex]) -> Self {
        let mut known: BTreeMap<&str, Vec<RouteIndex>> = BTreeMap::new();
        for child in old_children.iter().rev() {
            known.entry(&old.routes[*child].key).or_default().push(*child);
        }
        let mut twin = |child: RouteIndex| known.get_mut(&*new.routes[child].key).and_then(Vec::pop);
        let of_new: Vec<_> = new_children.iter().map(|child| (*child, twin(*child))).collect();
        let only_old = old_children.iter().copied();
        let only_old =
            only_old.filter(|child| !of_new.iter().any(|(_, twin)| *twin == Some(*child))).collect();
        Self { of_new, only_old }
    }

    /// The matchers of the common children in the order of the old and of the new tree.
    fn orders(&self, old: &Routing) -> (String, String) {
        let mut common: Vec<RouteIndex> = self.of_new.iter().filter_map(|(_, twin)| *twin).collect();
        let text = |routes: &[RouteIndex]| {
            let matchers = routes.iter().map(|at| MatcherList(&old.routes[*at].matchers).to_string());
            matchers.collect::<Vec<_>>().join(" ")
        };
        let new_order = text(&common);
        common.sort_unstable();
        (text(&common), new_order)
    }
}

fn changed_fields(old: &Route, new: &Route) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    FieldChange::note(&mut changes, "receiver", &old.receiver, &new.receiver);
    FieldChange::note(&mut changes, "continue", old.continues, new.continues);
    FieldChange::note(&mut changes, "group_by", group_by_text(&old.group_by), group_by_text(&new.group_by));
    note_timing(&mut changes, old, new);
    changes
}
