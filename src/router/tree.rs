//! The route tree: which routes an alert takes and which group of a route it is in.
//!
//! As in Alertmanager: depth first, in file order; a child that matches ends the search among its siblings
//! unless it says `continue`; a route is a result only if none of its children matched. Children that demand
//! a label's exact value are found by that value, so that thousands of siblings cost one look-up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::IntegrationName;
use super::matcher_index::MatcherIndex;
use crate::config::routes::{GroupBy, Integration, RateLimit, Receiver, RouteIndex, Routing};
use crate::model::{Duration, LabelSet, Matcher, Str};

/// A route tree that is prepared for matching.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    by_id: BTreeMap<Str, RouteIndex>,
}

/// One integration that a route tells. Shared by all groups of all routes with its receiver.
#[derive(Debug)]
pub(super) struct Destination {
    /// Who it is.
    pub(super) name: IntegrationName,
    /// How it is told.
    pub(super) integration: Arc<Integration>,
    /// The server that it talks to.
    pub(super) endpoint: Str,
    /// 0: of the route's receiver; 1: of the one on which that falls back, and so on.
    pub(super) level: usize,
    /// After how long without delivery the next level is told, if there is one.
    pub(super) fallback_after: Option<Duration>,
    /// The most notifications it gets.
    pub(super) rate_limit: Option<RateLimit>,
}

#[derive(Debug)]
struct Node {
    matchers: Vec<Matcher>,
    continues: bool,
    children: Vec<RouteIndex>,
    /// The children's matchers by their place in `children`.
    index: MatcherIndex,
    destinations: Arc<[Arc<Destination>]>,
}

impl Tree {
    /// Prepares the routes of `routing`.
    pub(super) fn new(routing: &Routing) -> Self {
        let receivers: BTreeMap<&str, Arc<[Arc<Destination>]>> = routing
            .receivers
            .iter()
            .map(|receiver| (&*receiver.name, destinations(routing, receiver)))
            .collect();
        let nodes = routing
            .routes
            .iter()
            .map(|route| Node {
                matchers: route.matchers.clone(),
                continues: route.continues,
                children: route.children.clone(),
                index: index_children(routing, &route.children),
                destinations: receivers.get(&*route.receiver).cloned().unwrap_or_default(),
            })
            .collect();
        let by_id =
            routing.routes.iter().enumerate().map(|(at, route)| (Arc::clone(&route.id), at)).collect();
        Self { nodes, by_id }
    }

    /// The routes that an alert with these labels takes, in depth-first order.
    pub(super) fn routes_of(&self, labels: &LabelSet) -> Vec<RouteIndex> {
        let mut found = Vec::new();
        if self.matches(0, labels) {
            self.descend(0, labels, &mut found);
        }
        found
    }

    /// The route with this id.
    pub(super) fn with_id(&self, id: &str) -> Option<RouteIndex> {
        self.by_id.get(id).copied()
    }

    /// Whom a route tells.
    pub(super) fn destinations(&self, route: RouteIndex) -> &Arc<[Arc<Destination>]> {
        &self.nodes[route].destinations
    }

    /// All integrations that a route tells, or may tell as a fallback; one may be named several times.
    pub(super) fn all_destinations(&self) -> impl Iterator<Item = &Arc<Destination>> {
        self.nodes.iter().flat_map(|node| node.destinations.iter())
    }

    fn matches(&self, node: RouteIndex, labels: &LabelSet) -> bool {
        self.nodes.get(node).is_some_and(|node| node.matchers.iter().all(|matcher| matcher.matches(labels)))
    }

    fn descend(&self, at: RouteIndex, labels: &LabelSet, found: &mut Vec<RouteIndex>) {
        let node = &self.nodes[at];
        let before = found.len();
        for place in node.index.candidates(labels) {
            let child = node.children[place as usize];
            if self.matches(child, labels) {
                self.descend(child, labels, found);
                if !self.nodes[child].continues {
                    break;
                }
            }
        }
        if found.len() == before {
            found.push(at);
        }
    }
}

fn index_children(routing: &Routing, children: &[RouteIndex]) -> MatcherIndex {
    let mut index = MatcherIndex::default();
    for (place, child) in (0..).zip(children) {
        index.insert(place, &routing.routes[*child].matchers);
    }
    index
}

/// The integrations of a receiver, then those of the one on which it falls back, and so on.
fn destinations(routing: &Routing, receiver: &Arc<Receiver>) -> Arc<[Arc<Destination>]> {
    let mut chain = vec![receiver];
    while let Some(next) = chain.last().and_then(|last| routing.receiver(last.fallback.as_ref()?)) {
        if chain.iter().any(|known| known.name == next.name) {
            break; // a file with a circle is not loaded
        }
        chain.push(next);
    }
    let of = |(level, receiver): (usize, &&Arc<Receiver>)| {
        let has_next = level + 1 < chain.len();
        let destination = |integration: &Arc<Integration>| {
            Arc::new(Destination {
                name: IntegrationName {
                    receiver: Arc::clone(&receiver.name),
                    kind: integration.kind.into(),
                    index: integration.index,
                },
                endpoint: integration.endpoint(),
                integration: Arc::clone(integration),
                level,
                fallback_after: has_next.then_some(receiver.fallback_after),
                rate_limit: receiver.rate_limit,
            })
        };
        receiver.integrations.iter().map(destination).collect::<Vec<_>>()
    };
    chain.iter().enumerate().flat_map(of).collect()
}

/// The labels that a group shares: those of `group_by` that the alert has. A missing label is left out, it
/// is not the empty string.
pub(super) fn group_labels(labels: &LabelSet, group_by: &GroupBy) -> LabelSet {
    match group_by {
        GroupBy::All => labels.clone(),
        GroupBy::Labels(names) => {
            LabelSet::from_pairs(names.iter().filter_map(|name| Some((name, labels.get(name)?))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, group_labels};
    use crate::config::routes::GroupBy;
    use crate::model::LabelSet;
    use crate::router::testing::{labels, route, routing};

    #[test]
    fn an_alert_takes_the_first_child_that_matches_and_goes_on_after_continue() {
        let routing = routing(vec![
            route(r#"team="db""#, "db"),
            route(r#"team="db",severity="page""#, "never: the sibling above takes it"),
            route(r#"severity="page""#, "page").continues(),
            route(r#"team=~"we.+""#, "web")
                .child(route(r#"zone="a""#, "web-a"))
                .child(route("zone=", "web-none")),
            route(r#"team!="""#, "any team"),
            route(r#"severity="page""#, "page again"),
        ]);
        let tree = Tree::new(&routing);
        for (alert, want) in [
            ("", vec!["root"]),
            ("zone=a", vec!["root"]),
            ("team=db severity=page", vec!["db"]),
            ("severity=page", vec!["page", "page again"]),
            ("severity=page team=web", vec!["page", "web-none"]),
            ("severity=page team=web zone=a", vec!["page", "web-a"]),
            ("team=web zone=b", vec!["web"]),
            ("team=x", vec!["any team"]),
            ("team=we", vec!["any team"]),
        ] {
            let got: Vec<&str> =
                tree.routes_of(&labels(alert)).into_iter().map(|at| &*routing.routes[at].receiver).collect();
            assert_eq!(got, want, "{alert}");
        }
    }

    #[test]
    fn continue_on_the_last_match_does_not_fall_back_to_the_parent() {
        let routing = routing(vec![route(r#"team="db""#, "db").continues(), route(r#"team="web""#, "web")]);
        assert_eq!(Tree::new(&routing).routes_of(&labels("team=db")), vec![1]);
    }

    #[test]
    fn thousands_of_siblings_are_found_by_value() {
        let teams = (0..5000).map(|team| route(&format!(r#"team="t{team}""#), "team")).collect();
        let tree = Tree::new(&routing(teams));
        assert_eq!(tree.nodes[0].index.candidates(&labels("team=t4321")), vec![4321]);
        assert_eq!(tree.routes_of(&labels("team=t4321")), vec![4322]);
    }

    #[test]
    fn a_group_has_the_labels_that_the_alert_has() {
        let alert = labels("alertname=Down job=api zone=a");
        let by = |names: &[&str]| GroupBy::Labels(names.iter().map(|name| (*name).into()).collect());
        for (group_by, want) in [
            (by(&["alertname", "job"]), r#"{alertname="Down", job="api"}"#),
            (by(&["missing", "zone"]), r#"{zone="a"}"#),
            (by(&["missing"]), "{}"),
            (by(&[]), "{}"),
            (GroupBy::All, r#"{alertname="Down", job="api", zone="a"}"#),
        ] {
            assert_eq!(group_labels(&alert, &group_by).to_string(), want);
        }
        assert_eq!(group_labels(&LabelSet::default(), &GroupBy::All).to_string(), "{}");
    }
}
