//! The walk through the route tree, aloud: every route that is looked at, and what comes of it.

use serde::Serialize;

use crate::config::routes::{RouteIndex, Routing};
use crate::model::{LabelSet, Str};

/// One route that is looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Its place in the tree, unique.
    pub route: Str,
    /// How deep it stands; the root is 0.
    pub depth: usize,
    /// Its matchers, all of which must hold; none: it takes every alert.
    pub matchers: Vec<String>,
    /// Its receiver.
    pub receiver: Str,
    /// What comes of it.
    pub outcome: Outcome,
    /// Whether its later siblings are looked at too after it has matched.
    pub r#continue: bool,
    /// How many later siblings are not looked at, because it matched and says no `continue`.
    pub siblings_left_out: usize,
}

/// What comes of looking at a route.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// A matcher does not hold.
    NoMatch {
        /// The first one that does not.
        matcher: String,
        /// The name of its label.
        label: Str,
        /// The alert's value of that label; empty if it has none.
        value: Str,
    },
    /// It matches, and one of its children does too.
    GoesDown,
    /// It matches and none of its children does: its receiver is told.
    EndsHere,
}

impl Outcome {
    fn matched(&self) -> bool {
        match self {
            Self::NoMatch { .. } => false,
            Self::GoesDown | Self::EndsHere => true,
        }
    }
}

/// The walk for an alert with these labels. It ends where [`crate::router::tree::Tree::routes_of`] says, but
/// looks at every route on its way, where that one takes short cuts.
pub(super) fn walk(routing: &Routing, labels: &LabelSet) -> Vec<Step> {
    let mut steps = Vec::new();
    if !routing.routes.is_empty() {
        visit(routing, 0, 0, labels, &mut steps);
    }
    steps
}

/// Looks at one route and, if it matches, at its children. Returns whether it matched.
fn visit(routing: &Routing, at: RouteIndex, depth: usize, labels: &LabelSet, steps: &mut Vec<Step>) -> bool {
    let route = &routing.routes[at];
    let failed = route.matchers.iter().find(|matcher| !matcher.matches(labels));
    let outcome = match failed {
        Some(matcher) => Outcome::NoMatch {
            matcher: matcher.to_string(),
            label: Str::clone(matcher.name()),
            value: labels.value(matcher.name()).into(),
        },
        None => Outcome::EndsHere,
    };
    let matched = outcome.matched();
    let place = steps.len();
    steps.push(Step {
        route: Str::clone(&route.id),
        depth,
        matchers: route.matchers.iter().map(ToString::to_string).collect(),
        receiver: Str::clone(&route.receiver),
        outcome,
        r#continue: route.continues,
        siblings_left_out: 0,
    });
    if !matched {
        return false;
    }
    for (number, child) in route.children.iter().enumerate() {
        let child_place = steps.len();
        if !visit(routing, *child, depth + 1, labels, steps) {
            continue;
        }
        steps[place].outcome = Outcome::GoesDown;
        if !routing.routes[*child].continues {
            steps[child_place].siblings_left_out = route.children.len() - number - 1;
            break;
        }
    }
    true
}
