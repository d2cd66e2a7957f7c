//! Where alerts would go by a routing file alone, without a router that runs: for tools that show and compare
//! routes. It asks the same tree that the router asks.

use super::tree::{self, Tree};
use crate::config::routes::{Route, RouteIndex, Routing};
use crate::model::LabelSet;

/// A route tree to be asked for many alerts.
#[derive(Debug)]
pub struct RouteFinder(Tree);

impl RouteFinder {
    /// Prepares the tree of `routing`.
    #[must_use]
    pub fn new(routing: &Routing) -> Self {
        Self(Tree::new(routing))
    }

    /// The routes that an alert with these labels takes, in the order of the tree. Empty if not even the root
    /// matches, or if there are no routes at all.
    #[must_use]
    pub fn routes_of(&self, labels: &LabelSet) -> Vec<RouteIndex> {
        self.0.routes_of(labels)
    }
}

/// The labels that the alert's group under `route` shares. A label of `group_by` that the alert lacks is left
/// out, it is not the empty string.
#[must_use]
pub fn group_labels(labels: &LabelSet, route: &Route) -> LabelSet {
    tree::group_labels(labels, &route.group_by)
}
