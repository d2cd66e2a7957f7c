//! A route tree as a drawing: each route with its receiver and what it does not have from its parent.

use std::collections::BTreeSet;

use crate::config::routes::{Route, RouteIndex, Routing};
use crate::model::matcher::MatcherList;
use crate::model::{Duration, Str};
use crate::router::diff::group_by_text;

/// Draws the whole tree, or the routes of `only` alone.
pub(super) fn draw(routing: &Routing, only: Option<&BTreeSet<RouteIndex>>) -> String {
    let mut drawing = Drawing { routing, only, text: String::new() };
    if !routing.routes.is_empty() {
        drawing.route(0, None, "", "");
    }
    drawing.text
}

struct Drawing<'a> {
    routing: &'a Routing,
    only: Option<&'a BTreeSet<RouteIndex>>,
    text: String,
}

impl Drawing<'_> {
    fn route(&mut self, at: RouteIndex, parent: Option<&Route>, branch: &str, stem: &str) {
        let route = &self.routing.routes[at];
        let notes = notes(route, parent);
        let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) };
        let matchers = MatcherList(&route.matchers);
        self.text.push_str(&format!("{stem}{branch}{matchers} → {}{notes}\n", route.receiver));
        let beneath = match branch {
            "" => String::new(),
            "└── " => format!("{stem}    "),
            _ => format!("{stem}│   "),
        };
        let shown = |child: &&RouteIndex| self.only.is_none_or(|only| only.contains(*child));
        let children: Vec<RouteIndex> = route.children.iter().filter(shown).copied().collect();
        for (place, child) in children.iter().enumerate() {
            let branch = if place + 1 == children.len() { "└── " } else { "├── " };
            self.route(*child, Some(route), branch, &beneath);
        }
    }
}

/// What a route has that its parent has not, in the words of the file; of the root all that is inherited.
fn notes(route: &Route, parent: Option<&Route>) -> Vec<String> {
    let mut notes = Vec::new();
    if route.continues {
        notes.push("continue".to_owned());
    }
    if parent.is_none_or(|parent| parent.group_by != route.group_by) {
        notes.push(format!("group_by {}", group_by_text(&route.group_by)));
    }
    for (name, value, inherited) in [
        ("group_wait", route.group_wait, parent.map(|parent| parent.group_wait)),
        ("group_interval", route.group_interval, parent.map(|parent| parent.group_interval)),
        ("repeat_interval", route.repeat_interval, parent.map(|parent| parent.repeat_interval)),
        ("cooldown", route.cooldown, Some(parent.map_or(Duration::ZERO, |parent| parent.cooldown))),
    ] {
        if inherited != Some(value) {
            notes.push(format!("{name} {value}"));
        }
    }
    let intervals =
        |name: &str, list: &[Str]| (!list.is_empty()).then(|| format!("{name} {}", list.join(", ")));
    notes.extend(intervals("muted in", &route.mute_time_intervals));
    notes.extend(intervals("active in", &route.active_time_intervals));
    notes.extend(route.labels.iter().map(|(name, value)| format!("label {name}={value:?}")));
    notes
}
